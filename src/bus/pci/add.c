/* SPDX-License-Identifier: GPL-2.0-or-later
 * add: a function is put on a bus: in the slot that was asked for, or the first one that is free.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bus/pci/internal.h"

static void fini_function(void *links)
{
    struct pci_function *f = links;

    free(f->secondary);
    free(f);
}

struct device *pci_add_function(struct machine *m, struct pci_bus *bus, unsigned number,
                                const struct device_class *class, const struct pci_kind *kind,
                                const char *name, const void *config, size_t config_size,
                                const char *port_name, struct error *e)
{
    struct device *d = machine_add_device(m, class, name, 0, config, config_size, port_name, e);
    struct pci_function *f;

    if (d == NULL) {
        return NULL;
    }
    f = base_alloc(1, sizeof(*f));
    f->kind = *kind;
    f->bus = bus;
    f->number = (uint8_t)number;
    pci_make_image(f);
    machine_give_links(d, f, fini_function);
    bus->functions[number] = d;
    return d;
}

/* ---- slots ------------------------------------------------------------------------------------*/

static const char *hex_digits(const char *text, unsigned *out)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *from = text;

    for (*out = 0; *text != '\0' && strchr(digits, *text) != NULL; text++) {
        *out = *out * 16 + (unsigned)(strchr(digits, *text) - digits) % 16;
    }
    return text != from && text - from <= 4 ? text : NULL;
}

/* "SLOT" or "SLOT.FUNCTION", hexadecimal. */
static bool parse_place(const char *text, unsigned *slot, unsigned *function)
{
    const char *at;

    *function = 0;
    text += text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 2 : 0;
    at = hex_digits(text, slot);
    if (at != NULL && *at == '.') {
        at = hex_digits(at + 1, function);
    }
    return at != NULL && *at == '\0' && *function < 8;
}

static bool is_free(const struct pci_bus *bus, unsigned slot)
{
    for (unsigned n = 0; n < 8; n++) {
        if (bus->functions[8 * slot + n] != NULL) {
            return false;
        }
    }
    return true;
}

/* The first slot with nothing in it; -1 and a sentence. */
static int choose_slot(const struct plug *p, const struct pci_bus *bus, struct error *e)
{
    for (unsigned slot = bus->first_slot; slot <= bus->last_slot; slot++) {
        if (is_free(bus, slot)) {
            return (int)slot;
        }
    }
    return error_set(e, "no slot of the bus '%s' is free", p->bus->name);
}

/* The number of the function; -1 and a sentence. */
static int choose_number(const struct plug *p, const struct pci_bus *bus, struct error *e)
{
    const char *place = plug_text(p, "addr");
    unsigned slot, function;
    const struct device *first;
    int chosen;

    if (place == NULL) {
        chosen = choose_slot(p, bus, e);
        return chosen < 0 ? -1 : 8 * chosen;
    }
    if (!parse_place(place, &slot, &function)) {
        return error_set(e, "addr wants a slot and a function such as 06.0 or 06, not '%s'", place);
    }
    if (slot < bus->first_slot || slot > bus->last_slot) {
        return error_set(e, "the bus '%s' has slots 0x%x to 0x%x, and not 0x%x", p->bus->name,
                         bus->first_slot, bus->last_slot, slot);
    }
    if (bus->functions[8 * slot + function] != NULL) {
        return error_set(e, "%02x.%x of the bus '%s' is taken by '%s'", slot, function,
                         p->bus->name, bus->functions[8 * slot + function]->name);
    }
    first = bus->functions[8 * slot];
    if (function != 0 && first != NULL &&
        (pci_function_of(first)->image[PCI_HEADER_TYPE] & 0x80) == 0) {
        return error_set(e,
                         "the slot 0x%x of the bus '%s' has one function, '%s'; give it "
                         "multifunction=on",
                         slot, p->bus->name, first->name);
    }
    return (int)(8 * slot + function);
}

/* Of the file that was named for it, as a guest's firmware finds it. */
enum { ROM_STORAGE = DEVICE_STORAGES_MAX - 1, ROM_LEAST = 4096 };

static bool add_rom_bar(struct pci_kind *k, uint64_t size)
{
    uint64_t bytes = ROM_LEAST;

    while (bytes < size) {
        bytes *= 2;
    }
    if (k->bars[PCI_BAR_ROM].bytes != 0 || k->region_count == PCI_REGIONS_MAX) {
        return false;
    }
    k->bars[PCI_BAR_ROM].bytes = bytes;
    k->regions[k->region_count++] =
        (struct pci_region){.bar = PCI_BAR_ROM, .number = ROM_STORAGE, .bytes = bytes};
    return true;
}

struct device *pci_add(const struct plug *p, const struct device_class *class,
                       const struct pci_kind *kind, const void *config, size_t config_size,
                       const char *port_name, struct error *e)
{
    struct pci_bus *bus = p->bus->own;
    int number = choose_number(p, bus, e);
    const struct machine_image *rom = &p->thing->file;
    bool has_rom = rom->name != NULL && plug_number(p, "rombar") != 0;
    struct pci_kind with = *kind;
    struct device *d;

    if (number < 0) {
        return NULL;
    }
    if (has_rom && !add_rom_bar(&with, rom->size)) {
        error_set(e, "there is no place for an option ROM beside its own");
        return NULL;
    }
    d = pci_add_function(p->machine, bus, (unsigned)number, class, &with, p->name, config,
                         config_size, port_name, e);
    if (d != NULL && has_rom && pci_add_rom(d, ROM_STORAGE, rom->data, rom->size, e) < 0) {
        return NULL;
    }
    if (d != NULL && plug_flag(p, "multifunction")) {
        pci_function_of(d)->image[PCI_HEADER_TYPE] |= 0x80;
    }
    return d;
}

bool pci_is_behind_port(const struct plug *p)
{
    const struct pci_bus *bus = p->bus->own;

    return bus->bridge != NULL && pci_kind_of(bus->bridge)->express == PCI_EXPRESS_ROOT_PORT;
}

int pci_add_rom(struct device *d, unsigned storage, const void *bytes, uint64_t size,
                struct error *e)
{
    const struct pci_bar *b = &pci_kind_of(d)->bars[PCI_BAR_ROM];
    struct mem_block *block;

    if (size > b->bytes) {
        return error_set(e, "an option ROM of %llu bytes, and there is room for %llu",
                         (unsigned long long)size, (unsigned long long)b->bytes);
    }
    block = mem_add_storage(machine_mem(d->machine), d->name, b->bytes, false, e);
    if (block == NULL) {
        return -1;
    }
    machine_give_storage(d, storage, block);
    return machine_add_load(d->machine, block->home, bytes, size, e);
}
