/* SPDX-License-Identifier: GPL-2.0-or-later
 * ram: where the RAM of a machine is, whatever board it has.
 */
#ifndef TESTS_RAM_H
#define TESTS_RAM_H

#include "machine/machine.h"

/* The first block of RAM. */
static inline const struct mem_block *first_ram(struct machine *m)
{
    const struct mem *mem = machine_mem(m);
    const struct mem_block *b = mem->blocks;

    while (!b->is_ram) {
        b++;
        must(b < mem->blocks + mem->block_count);
    }
    return b;
}

#endif
