/* SPDX-License-Identifier: GPL-2.0-or-later
 * chip: one device with storage of its own beside 1 MiB of RAM, for fuzz targets that drive it by what a bus
 * carries: each step is a few bytes of the input.
 */
#ifndef FUZZ_CHIP_H
#define FUZZ_CHIP_H

#include "../toy/toy_state.h"
#include "machine/build.h"

#define CHIP_BASE      UINT64_C(0x10000000)
#define CHIP_RAM       UINT64_C(0x80000000)
#define CHIP_RAM_BYTES MIB

struct chip {
    struct machine *machine;
    struct device *device;
    const struct mem_block *storage;
};

static inline void chip_open(struct chip *c, const struct device_class *class, const void *config,
                             size_t config_size, uint64_t storage_bytes)
{
    struct machine_config m;
    struct mem_block *storage;
    struct error e;

    machine_config_init(&m);
    c->machine = machine_new(&m, &toy_isa, &e);
    must(c->machine != NULL);
    c->device =
        machine_add_device(c->machine, class, "chip", CHIP_BASE, config, config_size, NULL, &e);
    storage = mem_add_storage(machine_mem(c->machine), "storage", storage_bytes, false, &e);
    must(c->device != NULL && storage != NULL);
    c->storage = storage;
    machine_give_storage(c->device, 0, storage);
    must(mem_add_block(machine_mem(c->machine), "ram", CHIP_RAM, CHIP_RAM_BYTES, true, &e) == 0);
    must(machine_seal(c->machine, &e) == 0);
}

/* Its state is one that it would take from elsewhere. */
static inline void chip_check(const struct chip *c)
{
    const struct device *d = c->device;
    struct error e;

    must(field_check(&d->class->state, d->state, &e) == 0);
    must(d->class->check == NULL || d->class->check(d, d->state, &e) == 0);
}

#endif
