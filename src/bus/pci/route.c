/* SPDX-License-Identifier: GPL-2.0-or-later
 * route: which function a configuration access is for, by the bridges' numbers of buses, and where a
 * processor finds what base addresses decode, by the bridges' windows and the host's. A base address
 * is reached where all of it is forwarded; one of 0, one that would wrap, and one outside is not.
 */
#include "bus/pci/internal.h"

/* ---- by number --------------------------------------------------------------------------------*/

unsigned pci_bus_number(const struct pci_bus *bus)
{
    return bus->bridge != NULL ? pci_get(bus->bridge, PCI_SECONDARY, 1) : 0;
}

static const struct pci_bus *find_bus(const struct pci_bus *bus, unsigned number)
{
    if (bus->bridge == NULL ? number == 0 : pci_bus_number(bus) == number) {
        return bus;
    }
    for (unsigned n = 0; n < PCI_FUNCTIONS; n++) {
        const struct device *d = bus->functions[n];
        const struct pci_bus *behind = d != NULL ? pci_function_of(d)->secondary : NULL;

        if (behind != NULL && pci_bus_number(behind) != 0 && pci_bus_number(behind) <= number &&
            number <= pci_get(d, PCI_SUBORDINATE, 1)) {
            return find_bus(behind, number);
        }
    }
    return NULL;
}

struct device *pci_find(const struct pci_bus *root, unsigned bus, unsigned number)
{
    const struct pci_bus *found = find_bus(root, bus);

    return found != NULL ? found->functions[number] : NULL;
}

/* ---- by address -------------------------------------------------------------------------------*/

static bool is_awake(const struct device *d)
{
    unsigned power = pci_function_of(d)->power;

    return power == 0 || (pci_get(d, power + 4, 1) & 3) == 0;
}

static bool is_between(uint64_t first, uint64_t last, uint64_t base, uint64_t limit)
{
    return first >= base && last <= limit;
}

static bool bridge_forwards(const struct device *b, bool is_io, uint64_t first, uint64_t last)
{
    if (!is_awake(b) || !pci_commands(b, is_io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)) {
        return false;
    }
    if (is_io) {
        return is_between(first, last, (pci_get(b, PCI_IO_BASE, 1) & 0xf0) << 8,
                          (pci_get(b, PCI_IO_LIMIT, 1) & 0xf0) << 8 | 0xfff);
    }
    return is_between(first, last, (pci_get(b, PCI_MEMORY_BASE, 2) & 0xfff0) << 16,
                      (pci_get(b, PCI_MEMORY_LIMIT, 2) & 0xfff0) << 16 | 0xfffff) ||
           is_between(first, last,
                      (uint64_t)pci_get(b, PCI_PREFETCH_BASE_HIGH, 4) << 32 |
                          (pci_get(b, PCI_PREFETCH_BASE, 2) & 0xfff0) << 16,
                      (uint64_t)pci_get(b, PCI_PREFETCH_LIMIT_HIGH, 4) << 32 |
                          (pci_get(b, PCI_PREFETCH_LIMIT, 2) & 0xfff0) << 16 | 0xfffff);
}

/* 0 <= first <= last. */
static bool host_forwards(const struct pci_host_config *h, bool is_io, uint64_t first,
                          uint64_t last, paddr *at)
{
    if (is_io) {
        *at = h->io + first;
        return last < h->io_bytes;
    }
    *at = first;
    return (first >= h->memory && last - h->memory < h->memory_bytes) ||
           (first >= h->high && last - h->high < h->high_bytes);
}

bool pci_route(const struct pci_function *f, bool is_io, uint64_t base, uint64_t bytes, paddr *at)
{
    const struct pci_bus *bus = f->bus;
    uint64_t last = base + (bytes - 1);

    if (last < base) {
        return false;
    }
    for (; bus->bridge != NULL; bus = pci_function_of(bus->bridge)->bus) {
        if (!bridge_forwards(bus->bridge, is_io, base, last)) {
            return false;
        }
    }
    return host_forwards(bus->host->config, is_io, base, last, at);
}

bool pci_bar_base(const struct device *d, unsigned bar, uint64_t *base)
{
    const struct pci_kind *k = pci_kind_of(d);
    const struct pci_bar *b = &k->bars[bar];
    bool is_io = (b->flags & PCI_BAR_IO) != 0;
    unsigned at = PCI_BAR0 + 4 * bar;

    if (b->bytes == 0 || !is_awake(d) ||
        !pci_commands(d, is_io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)) {
        return false;
    }
    if (bar == PCI_BAR_ROM) {
        at = k->is_bridge ? PCI_BRIDGE_ROM : PCI_ROM;
        if ((pci_get(d, at, 1) & 1) == 0) {
            return false;
        }
    }
    *base = pci_get(d, at, 4);
    if ((b->flags & PCI_BAR_64) != 0) {
        *base |= (uint64_t)pci_get(d, at + 4, 4) << 32;
    }
    *base &= ~(b->bytes - 1);
    return true; /* 0 is an address like any other: EFI firmware gives it to the first one in I/O space */
}

void pci_map(struct device *d)
{
    const struct pci_function *f = pci_function_of(d);

    for (unsigned i = 0; i < f->kind.region_count; i++) {
        const struct pci_region *r = &f->kind.regions[i];
        const struct pci_bar *b = &f->kind.bars[r->bar];
        enum mem_way ways = r->bar == PCI_BAR_ROM ? MEM_READS : MEM_BOTH;
        uint64_t base;
        paddr at;

        if (!pci_bar_base(d, r->bar, &base) ||
            !pci_route(f, (b->flags & PCI_BAR_IO) != 0, base, b->bytes, &at)) {
            continue;
        }
        if (r->bytes != 0) {
            device_map_storage(d, r->number, at + r->offset, 0, r->bytes, ways, MEM_LEVEL_FIXED);
        } else {
            device_map_window(d, r->number, at + r->offset, ways, MEM_LEVEL_FIXED);
        }
    }
}
