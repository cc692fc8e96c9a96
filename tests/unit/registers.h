/* SPDX-License-Identifier: GPL-2.0-or-later
 * registers: a device's registers in a machine of the tests, as a hart reaches them by their physical address.
 */
#ifndef REGISTERS_H
#define REGISTERS_H

#include "machine/machine.h"

/* Where no register is, nothing happens. */
static inline void register_write(struct machine *m, uint64_t at, unsigned size, uint64_t value)
{
    struct mem_place p = mem_find(machine_mem(m), at, true);

    if (p.window != NULL) {
        p.window->write(p.window->opaque, mem_access_to(p.window, p.at, size, 0), value);
    }
}

/* 0 where none is. */
static inline uint64_t register_read(struct machine *m, uint64_t at, unsigned size)
{
    struct mem_place p = mem_find(machine_mem(m), at, false);

    return p.window != NULL
               ? p.window->read(p.window->opaque, mem_access_to(p.window, p.at, size, 0))
               : 0;
}

#endif
