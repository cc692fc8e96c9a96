/* SPDX-License-Identifier: GPL-2.0-or-later
 * check: states that come from a file, before they become a machine's. Single fields by their tables'
 * rules, then what fields say of each other and of what the machine was built as. The code that
 * runs on them asks nothing again.
 */
#include <stdlib.h>

#include "machine/internal.h"

static int check_machine(const struct machine *m, const struct machine_state *s, struct error *e)
{
    if (s->current >= m->hart_count) {
        return error_set(e, "current is %u: there are %u harts", s->current, m->hart_count);
    }
    if (s->quantum_left > m->quantum) {
        return error_set(e, "quantum_left is %llu, more than the quantum of %llu",
                         (unsigned long long)s->quantum_left, (unsigned long long)m->quantum);
    }
    if (s->instructions > s->now) {
        return error_set(e, "instructions is %llu: more than ticks, %llu",
                         (unsigned long long)s->instructions, (unsigned long long)s->now);
    }
    if (s->hart_resets >> m->hart_count != 0) {
        return error_set(e, "hart_resets is 0x%x: there are %u harts", s->hart_resets,
                         m->hart_count);
    }
    return machine_check_clock(&s->clock, s->now, e);
}

static int check_hart(const struct machine *m, unsigned hart, const void *state, struct error *e)
{
    const struct hart *s = state;

    if (s->pc % m->isa->insn_align != 0) {
        return error_set(e, "hart.pc is 0x%llx: no multiple of %u", (unsigned long long)s->pc,
                         m->isa->insn_align);
    }
    return m->isa->check != NULL ? m->isa->check(&m->cpus[hart], state, e) : 0;
}

/* What the part's own code has to say. Parts are the machine, the harts, the
 * devices, then lines that meet, if any do. */
static int check_part(const struct machine *m, unsigned part, const void *state, struct error *e)
{
    const struct device *d;

    if (part == 0) {
        return check_machine(m, state, e);
    }
    if (part <= m->hart_count) {
        return check_hart(m, part - 1, state, e);
    }
    if (part > m->hart_count + m->device_count) {
        return lines_check(m, state, e);
    }
    d = m->devices[part - 1 - m->hart_count];
    must(m->parts[part].state == d->state);
    return d->class->check != NULL ? d->class->check(d, state, e) : 0;
}

static size_t largest_state(const struct machine *m)
{
    size_t most = 0;

    for (unsigned i = 0; i < m->part_count; i++) {
        most = m->parts[i].table->state_size > most ? m->parts[i].table->state_size : most;
    }
    return most;
}

/* All that harts retired is what the machine counted. */
static int check_instructions(uint64_t counted, uint64_t retired, struct error *e)
{
    return counted == retired
               ? 0
               : error_set(e, "machine: instructions is %llu, but the harts retired %llu",
                           (unsigned long long)counted, (unsigned long long)retired);
}

int machine_check_states(const struct machine *m, const void *states, struct error *e)
{
    const uint8_t *at = states;
    uint64_t counted = 0, retired = 0;
    /* Aligned, as the parts behind each other are not. */
    void *state = base_alloc(largest_state(m), 1);
    int result = 0;

    for (unsigned i = 0; i < m->part_count && result == 0; i++) {
        const struct machine_part *part = &m->parts[i];

        memcpy(state, at, part->table->state_size);
        at += part->table->state_size;
        result = field_check(part->table, state, e);
        if (result == 0) {
            result = check_part(m, i, state, e);
        }
        if (result < 0) {
            error_prefix(e, "%s", part->name);
        } else if (i == 0) {
            counted = ((const struct machine_state *)state)->instructions;
        } else if (i <= m->hart_count) {
            retired += ((const struct hart *)state)->instructions;
        }
    }
    free(state);
    return result < 0 ? -1 : check_instructions(counted, retired, e);
}
