/* SPDX-License-Identifier: GPL-2.0-or-later
 * breakpoints: Z and z packets. All kinds are probes, which leave no trace in the machine; so
 * software and hardware breakpoints are the same, and there is no lack of either. Conditions of
 * breakpoints are looked at here (agent.c); commands are left to the client.
 */
#include <stdlib.h>

#include "gdb/internal.h"

/* A watched range is asked about page by page. */
#define WATCH_MAX (UINT64_C(1) * MIB)

bool gdb_is_watch(enum gdb_point kind)
{
    return kind >= POINT_WRITE;
}

/* ---- conditions ---- */

static void drop_conditions(struct gdb_breakpoint *p)
{
    for (size_t i = 0; i < p->conditions.count; i++) {
        gdb_agent_free(p->conditions.data[i]);
    }
    vec_fini(&p->conditions);
}

/* "Xlength,bytes"; false with a refusal made. */
static bool take_condition(struct gdb_session *s, struct gdb_args *a, struct gdb_breakpoint *p)
{
    struct gdb_agent *agent = NULL;
    uint64_t length;
    uint8_t *bytes;
    struct error e;

    if (!gdb_take(a, 'X') || !gdb_take_hex(a, &length) || !gdb_take(a, ',') ||
        length > gdb_left(a) / 2) {
        gdb_refuse(s, "Malformed conditions.");
        return false;
    }
    if (p->conditions.count == GDB_CONDITIONS_MAX) {
        gdb_refuse(s, "No more than %d conditions.", GDB_CONDITIONS_MAX);
        return false;
    }
    bytes = base_alloc((size_t)length + 1, 1);
    if (gdb_take_bytes(a, bytes, (size_t)length) != (ptrdiff_t)length) {
        gdb_refuse(s, "Malformed conditions.");
    } else if ((agent = gdb_agent_new(machine_isa(s->machine), bytes, (size_t)length, &e)) ==
               NULL) {
        gdb_refuse(s, "%s", e.text);
    } else {
        vec_push(&p->conditions, agent);
    }
    free(bytes);
    return agent != NULL;
}

/* ";X3,220127" for each, the ';' at least before the first. False with a refusal made. */
static bool take_conditions(struct gdb_session *s, struct gdb_args *a, struct gdb_breakpoint *p)
{
    bool first = true;

    while (gdb_left(a) != 0) {
        if (!gdb_take(a, ';') && first) {
            gdb_refuse(s, "Malformed Z packet.");
            return false;
        }
        if (gdb_take_word(a, "cmds:")) {
            gdb_refuse(s, "Breakpoints have no commands here.");
            return false;
        }
        if (gdb_is_watch(p->kind)) {
            gdb_refuse(s, "Watchpoints have no conditions here.");
            return false;
        }
        if (!take_condition(s, a, p)) {
            return false;
        }
        first = false;
    }
    return true;
}

bool gdb_point_holds(const struct gdb_breakpoint *p, struct machine *m, const struct probe_hit *h)
{
    for (size_t i = 0; i < p->conditions.count; i++) {
        uint64_t value;

        if (!gdb_agent_run(p->conditions.data[i], m, h->hart, &value) || value != 0) {
            return true;
        }
    }
    return p->conditions.count == 0;
}

/* ---- packets ---- */

/* "kind,address,length". False with an answer made: empty for a kind that is not known. */
static bool take_point(struct gdb_session *s, struct gdb_args *a, struct gdb_breakpoint *p)
{
    uint64_t kind;

    *p = (struct gdb_breakpoint){0};
    if (!gdb_take_hex(a, &kind)) {
        gdb_refuse(s, "Malformed Z packet.");
        return false;
    }
    if (kind > POINT_ACCESS) {
        return false;
    }
    p->kind = (enum gdb_point)kind;
    if (!gdb_take(a, ',') || !gdb_take_hex(a, &p->at) || !gdb_take(a, ',') ||
        !gdb_take_hex(a, &p->size)) {
        gdb_refuse(s, "Malformed Z packet.");
        return false;
    }
    if (!gdb_is_watch(p->kind)) {
        p->size = 0; /* the length of the trap instruction: there is none */
    } else if (p->size == 0 || p->size > WATCH_MAX || p->at + (p->size - 1) < p->at) {
        gdb_refuse(s, "A watchpoint is 1 byte to 1 MiB long.");
        return false;
    }
    return true;
}

static size_t find(const struct gdb_session *s, const struct gdb_breakpoint *p)
{
    for (size_t i = 0; i < s->points.count; i++) {
        const struct gdb_breakpoint *q = &s->points.data[i];

        if (q->kind == p->kind && q->at == p->at && q->size == p->size && q->tree == p->tree) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Breakpoints are first: one and a watchpoint met by the same step count as the breakpoint. */
bool gdb_add_point(struct gdb_session *s, const struct gdb_breakpoint *p)
{
    size_t i = s->points.count;

    if (i == GDB_BREAKPOINTS_MAX) {
        return false;
    }
    vec_push(&s->points, *p);
    for (; i > 0 && s->points.data[i - 1].kind > p->kind; i--) {
        s->points.data[i] = s->points.data[i - 1];
    }
    s->points.data[i] = *p;
    return true;
}

/* One that is there already gets the new conditions, or none. */
void gdb_insert_point(struct gdb_session *s, struct gdb_args *a)
{
    struct gdb_breakpoint p;
    size_t i;

    if (!take_point(s, a, &p) || !take_conditions(s, a, &p)) {
        drop_conditions(&p);
        return;
    }
    i = find(s, &p);
    if (i != SIZE_MAX) {
        drop_conditions(&s->points.data[i]);
        s->points.data[i] = p;
    } else if (!gdb_add_point(s, &p)) {
        drop_conditions(&p);
        gdb_refuse(s, "No more than %d breakpoints.", GDB_BREAKPOINTS_MAX);
        return;
    }
    gdb_ok(s);
}

/* Removing what is not there is no mistake: a packet may come twice. */
void gdb_remove_point(struct gdb_session *s, struct gdb_args *a)
{
    struct gdb_breakpoint p;
    size_t i;

    if (!take_point(s, a, &p)) {
        return;
    }
    if (gdb_left(a) != 0) {
        gdb_refuse(s, "Malformed z packet.");
        return;
    }
    i = find(s, &p);
    if (i != SIZE_MAX) {
        drop_conditions(&s->points.data[i]);
        memmove(&s->points.data[i], &s->points.data[i + 1], (s->points.count - i - 1) * sizeof(p));
        s->points.count--;
    }
    gdb_ok(s);
}

void gdb_drop_points(struct gdb_session *s, enum gdb_point kind)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->points.count; i++) {
        if (s->points.data[i].kind == kind) {
            drop_conditions(&s->points.data[i]);
        } else {
            s->points.data[kept++] = s->points.data[i];
        }
    }
    s->points.count = kept;
}

bool gdb_hart_counts(uint32_t harts, const struct probe_hit *h)
{
    return h->hart == PROBE_ANY_HART || (harts >> h->hart & 1) != 0;
}

void gdb_remove_points(struct gdb_session *s)
{
    for (size_t i = 0; i < s->points.count; i++) {
        drop_conditions(&s->points.data[i]);
    }
    s->points.count = 0;
}

struct probe *gdb_make_probes(const struct gdb_session *s)
{
    static const enum probe_kind kinds[] = {
        [POINT_SOFTWARE] = PROBE_BREAK,      [POINT_HARDWARE] = PROBE_BREAK,
        [POINT_WRITE] = PROBE_WATCH_WRITE,   [POINT_READ] = PROBE_WATCH_READ,
        [POINT_ACCESS] = PROBE_WATCH_ACCESS, [POINT_DISK] = PROBE_TREE};
    struct probe *probes = base_alloc(s->points.count + 1, sizeof(*probes));

    for (size_t i = 0; i < s->points.count; i++) {
        const struct gdb_breakpoint *p = &s->points.data[i];

        probes[i] = (struct probe){.kind = kinds[p->kind],
                                   .hart = PROBE_ANY_HART,
                                   .at = p->at,
                                   .size = p->size,
                                   .tree = p->tree};
    }
    return probes;
}
