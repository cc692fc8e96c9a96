/* SPDX-License-Identifier: GPL-2.0-or-later
 * lines: how interrupt lines are connected. An output of a device may go to several places, and
 * several outputs may meet at one place, an input of a device or a pin of a hart: it is up while any
 * of them is. Where outputs meet, their levels are state, in a part of its own that a machine has
 * only then; else the only level there is is the receiver's.
 */
#include <stdlib.h>

#include "machine/internal.h"

static const struct field lines_fields[] = {
    FIELD_ARRAY(struct lines_state, level),
};
const struct field_table lines_table = FIELD_TABLE(struct lines_state, lines_fields);

/* ---- wiring ---- */

static void add_wire(struct device *from, uint32_t line, struct wire w)
{
    struct device_line *l = &from->wiring->lines[line];

    must(!from->machine->sealed && line < from->class->output_lines);
    vec_push(&l->wires, w);
}

void machine_connect(struct device *from, uint32_t line, struct device *to, uint32_t input)
{
    must(to->class->line);
    add_wire(from, line, (struct wire){.device = to, .hart = -1, .input = input});
}

void machine_connect_hart(struct device *from, uint32_t line, unsigned hart, uint32_t pin)
{
    must(hart < from->machine->hart_count);
    add_wire(from, line, (struct wire){.hart = (int)hart, .input = pin});
}

static bool same_place(const struct wire *a, const struct wire *b)
{
    return a->device == b->device && a->hart == b->hart && a->input == b->input;
}

/* The other outputs that meet `w`, which comes from `line` of `from`; the place itself with them. */
static void join(struct machine *m, struct junction *j, const struct wire *w)
{
    for (unsigned i = 0; i < m->device_count; i++) {
        const struct device *d = m->devices[i];

        for (uint32_t n = 0; n < d->class->output_lines; n++) {
            for (size_t k = 0; k < d->wiring->lines[n].wires.count; k++) {
                struct wire *other = &d->wiring->lines[n].wires.data[k];

                if (same_place(other, w)) {
                    j->sources[i] |= UINT64_C(1) << n;
                    other->junction = j;
                }
            }
        }
    }
}

static unsigned count_wires_to(const struct machine *m, const struct wire *w)
{
    unsigned count = 0;

    for (unsigned i = 0; i < m->device_count; i++) {
        const struct device *d = m->devices[i];

        for (uint32_t n = 0; n < d->class->output_lines; n++) {
            for (size_t k = 0; k < d->wiring->lines[n].wires.count; k++) {
                count += same_place(&d->wiring->lines[n].wires.data[k], w);
            }
        }
    }
    return count;
}

void lines_seal(struct machine *m)
{
    for (unsigned i = 0; i < m->device_count; i++) {
        const struct device *d = m->devices[i];

        for (uint32_t n = 0; n < d->class->output_lines; n++) {
            for (size_t k = 0; k < d->wiring->lines[n].wires.count; k++) {
                const struct wire *w = &d->wiring->lines[n].wires.data[k];

                if (w->junction == NULL && count_wires_to(m, w) > 1) {
                    struct junction *j = base_alloc(1, sizeof(*j));

                    j->to = *w;
                    join(m, j, w);
                    vec_push(&m->junctions, j);
                }
            }
        }
    }
    if (m->junctions.count != 0) {
        m->lines = base_alloc(1, sizeof(*m->lines));
    }
}

void lines_free(struct machine *m)
{
    for (size_t i = 0; i < m->junctions.count; i++) {
        free(m->junctions.data[i]);
    }
    vec_fini(&m->junctions);
    free(m->lines);
}

/* ---- levels ---- */

static void drive(struct machine *m, const struct wire *w, bool level)
{
    if (w->device != NULL) {
        w->device->class->line(w->device, w->input, level);
    } else {
        machine_set_pin(m, (unsigned)w->hart, w->input, level);
    }
}

static bool any_is_up(const struct machine *m, const struct junction *j)
{
    for (unsigned i = 0; i < m->device_count; i++) {
        if ((m->lines->level[i] & j->sources[i]) != 0) {
            return true;
        }
    }
    return false;
}

void device_set_line(struct device *d, uint32_t n, bool level)
{
    struct machine *m = d->machine;

    must(n < d->class->output_lines);
    if (m->lines != NULL) {
        m->lines->level[d->number] = bits_set(m->lines->level[d->number], n, 1, level);
    }
    for (size_t i = 0; i < d->wiring->lines[n].wires.count; i++) {
        const struct wire *w = &d->wiring->lines[n].wires.data[i];

        drive(m, w, w->junction != NULL ? any_is_up(m, w->junction) : level);
    }
}

void lines_clear(struct machine *m)
{
    if (m->lines != NULL) {
        memset(m->lines, 0, sizeof(*m->lines));
    }
}

/* ---- states from elsewhere ---- */

int lines_check(const struct machine *m, const struct lines_state *s, struct error *e)
{
    for (unsigned i = 0; i < ARRAY_LEN(s->level); i++) {
        uint32_t count = i < m->device_count ? m->devices[i]->class->output_lines : 0;
        uint64_t there = count != 0 ? UINT64_MAX >> (64 - count) : 0;

        if ((s->level[i] & ~there) != 0) {
            return error_set(e, "level[%u] is 0x%llx: there are %u lines", i,
                             (unsigned long long)s->level[i], count);
        }
    }
    return 0;
}
