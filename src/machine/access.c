/* SPDX-License-Identifier: GPL-2.0-or-later
 * access: what those outside this folder may know of a machine, of its devices' surroundings and of the
 * board's part in it. Nobody else knows what a struct machine looks like.
 */
#include "machine/internal.h"

/* ---- for those who run it --------------------------------------------------------------------- */

const struct machine_state *machine_state(const struct machine *m)
{
    return &m->state;
}

const struct isa *machine_isa(const struct machine *m)
{
    return m->isa;
}

unsigned machine_hart_count(const struct machine *m)
{
    return m->hart_count;
}

struct cpu *machine_cpu(struct machine *m, unsigned hart)
{
    must(hart < m->hart_count);
    return &m->cpus[hart];
}

struct mem *machine_mem(struct machine *m)
{
    return &m->mem;
}

struct engine *machine_engine(struct machine *m)
{
    return m->engine;
}

struct tree_pool *machine_pages(struct machine *m)
{
    return &m->pages;
}

unsigned machine_part_count(const struct machine *m)
{
    return m->part_count;
}

const struct machine_part *machine_part(const struct machine *m, unsigned number)
{
    must(number < m->part_count);
    return &m->parts[number];
}

bool machine_find_tree(const struct machine *m, const char *name, uint32_t *number,
                       struct live_tree **tree)
{
    for (unsigned by_part = 0; by_part < 2; by_part++) {
        for (unsigned i = 0; i < m->device_count; i++) {
            const struct device *d = m->devices[i];
            const char *called = by_part != 0 ? d->name : d->wiring->tree_name;

            if (d->wiring->tree != NULL && called != NULL && strcmp(called, name) == 0) {
                *number = i;
                *tree = d->wiring->tree;
                return true;
            }
        }
    }
    return false;
}

const char *machine_tree_part(const struct machine *m, uint32_t number)
{
    must(number < m->device_count);
    return m->devices[number]->name;
}

unsigned machine_port_count(const struct machine *m)
{
    return m->port_count;
}

const struct port *machine_port(const struct machine *m, unsigned number)
{
    must(number < m->port_count);
    return &m->ports[number];
}

const struct inlet *machine_inlet(const struct machine *m)
{
    return &m->inlet;
}

const struct machine_uses *machine_uses(const struct machine *m)
{
    return &m->uses;
}

bool machine_is_sealed(const struct machine *m)
{
    return m->sealed;
}

bool machine_is_running(const struct machine *m)
{
    return m->running != NULL;
}

void machine_set_inlet(struct machine *m, const struct inlet *inlet)
{
    m->inlet = *inlet;
}

void machine_set_log(struct machine *m, const struct machine_log *log)
{
    m->log = *log;
}

int machine_port_by_name(const struct machine *m, const char *name)
{
    for (unsigned i = 0; i < m->port_count; i++) {
        if (strcmp(m->ports[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* ---- for boards ------------------------------------------------------------------------------- */

void machine_set_board(struct machine *m, const struct machine_board *b)
{
    m->board = *b;
}

unsigned machine_device_count(const struct machine *m)
{
    return m->device_count;
}

struct device *machine_device(const struct machine *m, unsigned number)
{
    must(number < m->device_count);
    return m->devices[number];
}

/* ---- for devices ------------------------------------------------------------------------------ */

unsigned device_hart_count(const struct device *d)
{
    return d->machine->hart_count;
}

struct cpu *device_cpu(const struct device *d, unsigned hart)
{
    return machine_cpu(d->machine, hart);
}
