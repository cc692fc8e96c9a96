/* SPDX-License-Identifier: GPL-2.0-or-later
 * aside: changes in the past. Nobody says at the first of them what they are for: a client that calls
 * a function writes to memory and registers, goes on, and puts the registers back; one whose user
 * changes a variable writes the same way. So the machine is led aside, beside history, and what the
 * changes were becomes clear when the client goes on: either a call, and then all of it is dropped
 * when the registers are what they were before, or the beginning of another history, a branch, in
 * which the changes are made once more.
 */
#include <stdlib.h>

#include "gdb/internal.h"

static void show(void *opaque, tick at, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct gdb_session *s = opaque;

    if (s->options.aside.output != NULL) {
        s->options.aside.output(s->options.aside.opaque, at, port, bytes, count);
    } else {
        gdb_session_output(s, port, bytes, count);
    }
}

/* The registers that a client puts back after a call, of the hart it is about. */
static void read_saved(struct gdb_session *s, unsigned hart, struct text *out)
{
    unsigned selected = s->hart;

    out->length = 0;
    s->hart = hart;
    for (size_t i = 0; i < s->register_count; i++) {
        uint8_t value[GDB_REGISTER_MAX];

        if (gdb_register_is_saved(s->registers[i].description) &&
            gdb_register_get(s, &s->registers[i], value)) {
            text_add_bytes(out, value, s->registers[i].description->bits / 8);
        }
    }
    s->hart = selected;
}

static bool are_put_back(struct gdb_session *s)
{
    struct text now = {0};
    bool same;

    read_saved(s, s->aside.hart, &now);
    same = now.length == s->aside.registers.length &&
           memcmp(now.data, s->aside.registers.data, now.length) == 0;
    text_fini(&now);
    return same;
}

static void drop_changes(struct gdb_session *s)
{
    for (size_t i = 0; i < s->aside.changes.count; i++) {
        free(s->aside.changes.data[i].bytes);
    }
    s->aside.changes.count = 0;
}

bool gdb_aside_begin(struct gdb_session *s, struct error *e)
{
    const struct sink sink = {.opaque = s, .output = show};

    if (gdb_may_branch(s, e) < 0) {
        return false;
    }
    s->aside.told = s->told;
    s->aside.is_call = false;
    s->aside.hart = s->hart;
    read_saved(s, s->hart, &s->aside.registers);
    travel_divert(s->travel, &sink);
    return true;
}

void gdb_aside_changed(struct gdb_session *s, enum poke_kind kind, uint64_t where, const void *data,
                       uint32_t size)
{
    struct gdb_change change = {
        .kind = kind, .hart = s->hart, .where = where, .size = size, .bytes = NULL};

    if (!travel_is_diverted(s->travel)) {
        return;
    }
    if (!s->aside.is_call) {
        change.bytes = base_alloc(size + 1, 1);
        memcpy(change.bytes, data, size);
        vec_push(&s->aside.changes, change);
    } else if (kind == POKE_REGISTER && are_put_back(s)) {
        gdb_aside_drop(s);
    }
}

void gdb_aside_drop(struct gdb_session *s)
{
    if (travel_is_diverted(s->travel)) {
        travel_return(s->travel);
        s->told = s->aside.told;
        drop_changes(s);
    }
}

/* ---- what is it? ---- */

/* A word of the machine, as an address. */
static bool holds(const struct gdb_session *s, const uint8_t *bytes, uint32_t size, uint64_t word)
{
    unsigned width = s->pc->bits / 8;

    for (uint32_t i = 0; i + width <= size; i++) {
        if (bytes_get_le(bytes + i, width) == word) {
            return true;
        }
    }
    return false;
}

/* By the very first change: what the user had changed before a call stays, and so does the call. */
static bool was_written_first(struct gdb_session *s, vaddr at)
{
    const struct gdb_change *c = &s->aside.changes.data[0];
    paddr where;

    return s->aside.changes.count != 0 && c->kind == POKE_MEMORY &&
           cpu_debug_translate(gdb_cpu(s), at, &where) && where >= c->where &&
           where - c->where < c->size;
}

/* As a return address is: by a register other than the pc, or on the stack. */
static bool was_given(const struct gdb_session *s, vaddr at)
{
    for (size_t i = 0; i < s->aside.changes.count; i++) {
        const struct gdb_change *c = &s->aside.changes.data[i];

        if (!(c->kind == POKE_REGISTER && c->where == s->pc->number) &&
            holds(s, c->bytes, c->size, at)) {
            return true;
        }
    }
    return false;
}

/* GDB calls a function so that it returns to a breakpoint of GDB's, at a place on the stack that it
 * writes before anything else (ON_STACK in its architectures). */
static bool is_call(struct gdb_session *s)
{
    for (size_t i = 0; i < s->points.count; i++) {
        const struct gdb_breakpoint *p = &s->points.data[i];

        if (!gdb_is_watch(p->kind) && s->pc != NULL && was_written_first(s, p->at) &&
            was_given(s, p->at)) {
            return true;
        }
    }
    return false;
}

/* ---- making it so ---- */

/* Each once more, in the branch that begins here. */
static bool change_again(struct gdb_session *s, struct error *e)
{
    unsigned selected = s->hart;
    bool all = true;

    for (size_t i = 0; i < s->aside.changes.count && all; i++) {
        const struct gdb_change *c = &s->aside.changes.data[i];

        s->hart = c->hart;
        all = gdb_poke_now(s, c->kind, c->where, c->bytes, c->size, e);
    }
    s->hart = selected;
    return all;
}

bool gdb_aside_settle(struct gdb_session *s, struct error *e)
{
    struct text said = {0};
    bool good;

    if (!travel_is_diverted(s->travel)) {
        return true;
    }
    travel_return(s->travel);
    s->told = s->aside.told;
    good = s->aside.is_call || (gdb_branch(s, &said, e) == 0 && change_again(s, e));
    if (s->aside.is_call) {
        text_add(&said, "The call is given up, and what it changed is as before.\n");
    }
    text_add_bytes(&s->note, said.data, said.length);
    text_fini(&said);
    drop_changes(s);
    return good;
}

bool gdb_aside_goes_on(struct gdb_session *s, struct error *e)
{
    if (!travel_is_diverted(s->travel) || s->aside.is_call) {
        return true;
    }
    s->aside.is_call = is_call(s);
    if (s->aside.is_call) {
        drop_changes(s);
        return true;
    }
    return gdb_aside_settle(s, e);
}

bool gdb_is_calling(const struct gdb_session *s)
{
    return travel_is_diverted(s->travel) && s->aside.is_call;
}

void gdb_aside_fini(struct gdb_session *s)
{
    gdb_aside_drop(s);
    vec_fini(&s->aside.changes);
    text_fini(&s->aside.registers);
}
