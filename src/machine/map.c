/* SPDX-License-Identifier: GPL-2.0-or-later
 * map: the memory map as the devices want it. It follows from their states alone: so it is no state,
 * and whoever replaces states has it made again.
 */
#include "machine/internal.h"

struct mem *machine_space_of(struct device *d, unsigned window)
{
    return d->class->windows[window].is_io ? &d->machine->io : &d->machine->mem;
}

void machine_remap(struct machine *m)
{
    must(!m->mapping);
    m->mapping = true;
    mem_map_begin(&m->mem);
    mem_map_begin(&m->io);
    for (unsigned i = 0; i < m->device_count; i++) {
        struct device *d = m->devices[i];

        if (d->class->map != NULL) {
            d->class->map(d);
        }
    }
    m->mapping = false;
    mem_map_end(&m->mem);
    mem_map_end(&m->io);
}

void device_remap(struct device *d)
{
    machine_remap(d->machine);
}

void device_map_window(struct device *d, unsigned window, paddr base, enum mem_way ways,
                       enum mem_level level)
{
    must(d->machine->mapping && window < DEVICE_WINDOWS_MAX && d->wiring->windows[window] != NULL);
    mem_map_window(machine_space_of(d, window), base, d->wiring->windows[window], ways, level);
}

void device_map_storage(struct device *d, unsigned storage, paddr base, uint64_t offset,
                        uint64_t bytes, enum mem_way ways, enum mem_level level)
{
    must(d->machine->mapping && storage < DEVICE_STORAGES_MAX &&
         d->wiring->storages[storage] != NULL);
    mem_map_block(&d->machine->mem, base, d->wiring->storages[storage], offset, bytes, ways, level);
}
