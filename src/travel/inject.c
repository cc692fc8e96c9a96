/* SPDX-License-Identifier: GPL-2.0-or-later
 * inject: one-bit faults at a chosen tick, for showing that the search for differences names them.
 * A fault belongs to history as this traveller tells it: going back before it and forwards again
 * meets it again.
 */
#include "travel/internal.h"

tick travel_next_injection(const struct travel *t, tick after)
{
    tick next = TICK_NEVER;

    for (size_t i = 0; i < t->injections.count; i++) {
        tick at = t->injections.data[i].at;

        if (at > after && at < next) {
            next = at;
        }
    }
    return next;
}

static void flip_memory(struct mem *mem, haddr at, unsigned bit)
{
    struct mem_block *b = mem_block_of(mem, at);

    must(b != NULL);
    mem_before_write(mem, b, at, 1);
    *mem_host(b, at) ^= (uint8_t)(1u << bit);
}

static void flip_tree(struct live_tree *tree, uint64_t at, unsigned bit)
{
    uint8_t byte;

    live_tree_read(tree, at, &byte, 1);
    byte ^= (uint8_t)(1u << bit);
    live_tree_write(tree, at, &byte, 1);
}

static void apply(struct machine *m, const struct injection *x)
{
    void *state;

    if (x->part < 0) {
        flip_memory(machine_mem(m), x->index, x->bit);
        return;
    }
    if (x->field == NULL) {
        flip_tree(machine_part(m, x->part)->tree, x->index, x->bit);
        return;
    }
    state = machine_part(m, x->part)->state;
    field_set(x->field, state, (uint32_t)x->index,
              field_get(x->field, state, (uint32_t)x->index) ^ UINT64_C(1) << x->bit);
}

void travel_apply_injections(struct travel *t)
{
    struct machine *m = t->machine;
    bool any = false;

    for (size_t i = 0; i < t->injections.count; i++) {
        if (t->injections.data[i].at == machine_state(m)->now) {
            apply(m, &t->injections.data[i]);
            any = true;
        }
    }
    if (any) {
        machine_forget(m);
    }
}

static int find_part(const struct machine *m, const char *name)
{
    for (unsigned i = 0; i < machine_part_count(m); i++) {
        if (strcmp(machine_part(m, i)->name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static const struct field *find_field(const struct field_table *table, const char *name)
{
    for (size_t i = 0; i < table->field_count; i++) {
        if (strcmp(table->fields[i].name, name) == 0) {
            return &table->fields[i];
        }
    }
    return NULL;
}

/* The machine's own tick, hart number and clock rate are what everything else is reckoned by: with
 * one of them wrong there would be no machine left to compare. */
static bool is_sacred(const struct machine *m, int part, const struct field *f)
{
    return machine_part(m, part)->state == machine_state(m) &&
           (strcmp(f->name, "now") == 0 || strcmp(f->name, "current") == 0 ||
            strncmp(f->name, "clock.", 6) == 0);
}

static int find_target(struct machine *m, const char *part, const char *field, struct injection *x,
                       struct error *e)
{
    if (field == NULL) {
        x->part = -1;
        if (strcmp(part, "ram") != 0 || mem_block_of(machine_mem(m), x->index) == NULL ||
            x->bit >= 8) {
            return error_set(e, "no bit %u of a byte at 0x%llx in \"%s\"", x->bit,
                             (unsigned long long)x->index, part);
        }
        return 0;
    }
    x->part = find_part(m, part);
    if (x->part < 0) {
        return error_set(e, "the machine has no part \"%s\"", part);
    }
    if (machine_part(m, x->part)->tree != NULL && strcmp(field, TRAVEL_TREE) == 0) {
        return x->index < machine_part(m, x->part)->tree->bytes && x->bit < 8
                   ? 0
                   : error_set(e, "\"%s\" has no bit %u of byte 0x%llx of its tree", part, x->bit,
                               (unsigned long long)x->index);
    }
    x->field = find_field(machine_part(m, x->part)->table, field);
    if (x->field == NULL || is_sacred(m, x->part, x->field)) {
        return error_set(e, "\"%s\" has no field \"%s\" that may be changed", part, field);
    }
    if (x->index >= x->field->count || x->bit >= x->field->element_size * 8u) {
        return error_set(e, "\"%s.%s\" has no bit %u of element %llu", part, field, x->bit,
                         (unsigned long long)x->index);
    }
    return 0;
}

int travel_inject(struct travel *t, tick at, const char *part, const char *field, uint64_t index,
                  unsigned bit, struct error *e)
{
    struct injection x = {.at = at, .index = index, .bit = bit};
    tick now = machine_state(t->machine)->now;
    bool verify = t->verify;

    if (find_target(t->machine, part, field, &x, e) < 0) {
        return -1;
    }
    if (at <= t->begin) {
        return error_set(e, "a fault comes after tick %llu, where history begins",
                         (unsigned long long)t->begin);
    }
    travel_drop_index(t);
    t->verify = false; /* what differs now is for the next journey to find */
    if (now >= at) {
        (void)travel_go(t, at - 1);
    }
    travel_drop_marks_from(t, at);
    if (t->verified >= at) { /* what was compared from there on says nothing any more */
        t->verified = at - 1;
        t->good = t->good < at ? t->good : at - 1;
    }
    vec_push(&t->injections, x);
    (void)travel_go(t, now);
    t->verify = verify;
    return 0;
}
