/* SPDX-License-Identifier: GPL-2.0-or-later
 * virtio_driver_pci: the registers that virtio_driver.h speaks of, where a device on PCI has them: by its modern
 * interface, or by the legacy one. The device is at 04.0, or behind a root port there.
 */
#ifndef VIRTIO_DRIVER_PCI_H
#define VIRTIO_DRIVER_PCI_H

#include "bus/pci.h"
#include "dev_bench.h"

#define PCI_ECAM   UINT64_C(0x30000000)
#define PCI_MEMORY UINT64_C(0x40000000)
#define PCI_HIGH   UINT64_C(0x400000000)
#define PCI_IO     UINT64_C(0x3000000)
#define PCI_SLOT   4
/* Where the driver puts them. */
#define MSIX_AT   (PCI_MEMORY + 0x100000)
#define MODERN_AT (PCI_MEMORY + 0x200000)
#define LEGACY_AT (PCI_IO + 0x1000)
#define FLOOR     UINT64_C(0x20000000) /* who takes messages */

static const struct pci_host_config pci_config = {.ecam = PCI_ECAM,
                                                  .ecam_bytes = 256 * MIB,
                                                  .memory = PCI_MEMORY,
                                                  .memory_bytes = 256 * MIB,
                                                  .high = PCI_HIGH,
                                                  .high_bytes = 1 * GIB,
                                                  .io = PCI_IO,
                                                  .io_bytes = 64 * KIB};

struct floor {
    uint64_t count, last; /* how many messages; the last one's place and data */
};

static const struct field floor_fields[] = {FIELD(struct floor, count), FIELD(struct floor, last)};

static void floor_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct floor *s = d->state;

    s->count++;
    s->last = a.at << 32 | value;
}

static const struct device_class floor_class = {
    .name = "floor",
    .behaviour = 1,
    .windows = {{.bytes = 0x1000, .sizes = 4}},
    .state = FIELD_TABLE(struct floor, floor_fields),
    .write = floor_write,
};

static inline uint64_t at_get(struct bench *b, paddr at, unsigned size)
{
    struct mem_window *w = bench_window_at(b->machine, at);

    assert_non_null(w);
    return w->read(w->opaque,
                   mem_access_to(w, mem_find(machine_mem(b->machine), at, false).at, size, 0));
}

static inline void at_set(struct bench *b, paddr at, unsigned size, uint64_t value)
{
    struct mem_window *w = bench_window_at(b->machine, at);

    assert_non_null(w);
    w->write(w->opaque, mem_access_to(w, mem_find(machine_mem(b->machine), at, true).at, size, 0),
             value);
}

static inline paddr config_at(unsigned bus, unsigned slot, unsigned at)
{
    return PCI_ECAM + (bus << 20 | slot << 15 | at);
}

/* Where the function is: behind the root port, if there is one at its slot. */
static inline paddr function_at(struct bench *b, unsigned at)
{
    bool is_port = at_get(b, config_at(0, PCI_SLOT, PCI_HEADER_TYPE), 1) == 1;

    return is_port ? config_at(1, 0, at) : config_at(0, PCI_SLOT, at);
}

/* The n-th capability of this number; 0: there are fewer. */
static inline unsigned capability(struct bench *b, unsigned number, unsigned n)
{
    unsigned at = (unsigned)at_get(b, function_at(b, PCI_CAPABILITIES), 1);

    for (unsigned i = 0; i < 48 && at != 0; i++) {
        if (at_get(b, function_at(b, at), 1) == number && n-- == 0) {
            return at;
        }
        at = (unsigned)at_get(b, function_at(b, at + 1), 1);
    }
    return 0;
}

/* As firmware does it. */
static inline void pci_enumerate(struct bench *b)
{
    if (at_get(b, config_at(0, PCI_SLOT, PCI_HEADER_TYPE), 1) == 1) {
        at_set(b, config_at(0, PCI_SLOT, PCI_SECONDARY), 1, 1);
        at_set(b, config_at(0, PCI_SLOT, PCI_SUBORDINATE), 1, 1);
        at_set(b, config_at(0, PCI_SLOT, PCI_MEMORY_BASE), 2, PCI_MEMORY >> 16);
        at_set(b, config_at(0, PCI_SLOT, PCI_MEMORY_LIMIT), 2, (PCI_MEMORY >> 16) + 0x40);
        at_set(b, config_at(0, PCI_SLOT, PCI_COMMAND), 2, 7);
    }
    at_set(b, function_at(b, PCI_BAR0), 4, LEGACY_AT - PCI_IO);
    at_set(b, function_at(b, PCI_BAR0 + 4), 4, MSIX_AT);
    at_set(b, function_at(b, PCI_BAR0 + 16), 4, MODERN_AT);
    at_set(b, function_at(b, PCI_BAR0 + 20), 4, 0);
    at_set(b, function_at(b, PCI_COMMAND), 2, 7);
}

/* A machine with RAM, a host of PCI, and what is in the configuration: the model "d" at 04.0, its pin the
 * lamp's line 0. */
static inline void pci_open(struct bench *b, const struct machine_config *c, paddr ram,
                            uint64_t ram_bytes)
{
    struct buses buses;
    struct device *host;
    struct error e = {""};

    bench_open_unsealed(b, &scratch, NULL, 0, 1);
    assert_int_equal(mem_add_block(machine_mem(b->machine), "ram", ram, ram_bytes, true, &e), 0);
    assert_non_null(
        machine_add_device(b->machine, &floor_class, "floor", FLOOR, NULL, 0, NULL, &e));
    buses_init(&buses, b->machine, c);
    host = pci_host_add(&buses, &pci_config, &e);
    assert_non_null(host);
    for (unsigned n = 0; n < PCI_PINS; n++) {
        machine_connect(host, n, b->lamp, 32 + n);
    }
    if (buses_plug(&buses, dev_models, &e) < 0) {
        fail_msg("%s", e.text);
    }
    buses_fini(&buses);
    assert_int_equal(machine_seal(b->machine, &e), 0);
    for (unsigned i = 0; i < machine_device_count(b->machine); i++) {
        if (strcmp(machine_device(b->machine, i)->name, "d") == 0) {
            b->device = machine_device(b->machine, i);
        }
    }
    pci_enumerate(b);
}

static inline const struct floor *floor_of(const struct bench *b)
{
    for (unsigned i = 0; i < machine_device_count(b->machine); i++) {
        if (strcmp(machine_device(b->machine, i)->name, "floor") == 0) {
            return machine_device(b->machine, i)->state;
        }
    }
    return NULL;
}

/* Vector v of MSI-X goes to FLOOR + 4 v, with 0x100 + v; none is masked. */
static inline void pci_take_messages(struct bench *b)
{
    unsigned at = capability(b, PCI_CAP_MSIX, 0);
    unsigned vectors = (unsigned)(at_get(b, function_at(b, at + 2), 2) & 0x7ff) + 1;

    for (unsigned v = 0; v < vectors; v++) {
        at_set(b, MSIX_AT + 16 * v, 4, FLOOR + 4 * v);
        at_set(b, MSIX_AT + 16 * v + 4, 4, 0);
        at_set(b, MSIX_AT + 16 * v + 8, 4, 0x100 + v);
        at_set(b, MSIX_AT + 16 * v + 12, 4, 0);
    }
    at_set(b, function_at(b, at + 2), 2, 0x8000);
}

/* ---- registers of version 2 over MMIO, there --------------------------------------------------*/

/* Place and size; 0: there is no such register. */
static inline paddr modern_register(uint64_t at, unsigned *size)
{
    static const struct {
        uint16_t mmio, pci, size;
    } table[] = {{0x14, 0x00, 4},   {0x10, 0x04, 4},  {0x24, 0x08, 4}, {0x20, 0x0c, 4},
                 {0x70, 0x14, 1},   {0xfc, 0x15, 1},  {0x30, 0x16, 2}, {0x34, 0x18, 2},
                 {0x38, 0x18, 2},   {0x44, 0x1c, 2},  {0x80, 0x20, 4}, {0x84, 0x24, 4},
                 {0x90, 0x28, 4},   {0x94, 0x2c, 4},  {0xa0, 0x30, 4}, {0xa4, 0x34, 4},
                 {0x60, 0x1000, 1}, {0x50, 0x3000, 2}};

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (table[i].mmio == at) {
            *size = table[i].size;
            return MODERN_AT + table[i].pci;
        }
    }
    return at >= 0x100 ? MODERN_AT + 0x2000 + (at - 0x100) : 0;
}

static inline paddr legacy_register(struct bench *b, uint64_t at, unsigned *size)
{
    static const struct {
        uint16_t mmio, pci, size;
    } table[] = {{0x10, 0x00, 4}, {0x20, 0x04, 4}, {0x40, 0x08, 4}, {0x34, 0x0c, 2},
                 {0x30, 0x0e, 2}, {0x50, 0x10, 2}, {0x70, 0x12, 1}, {0x60, 0x13, 1}};
    unsigned msix = capability(b, PCI_CAP_MSIX, 0);
    bool has_vectors = msix != 0 && (at_get(b, function_at(b, msix + 2), 2) & 0x8000) != 0;

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (table[i].mmio == at) {
            *size = table[i].size;
            return LEGACY_AT + table[i].pci;
        }
    }
    return at >= 0x100 && at < 0x180 ? LEGACY_AT + (has_vectors ? 0x18 : 0x14) + (at - 0x100) : 0;
}

#endif
