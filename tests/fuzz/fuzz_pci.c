/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_pci: configuration space of a tree of PCI, written and read anyhow: a function on the host's bus, a root port with
 * one behind it, a bridge with one behind it, disks and cards among them. Steps are such as firmware makes (bus numbers,
 * windows, base addresses, capabilities switched on, resets), and such as nobody makes; between them what base addresses
 * decode is used, functions reach memory, send messages, and time passes.
 */
#include "bus/pci.h"
#include "guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MOST = 256 };
#define MEMORY UINT64_C(0x40000000)
#define HIGH   UINT64_C(0x400000000)
#define DATA   UINT64_C(0x80100000)

static uint64_t take(struct guest *g, unsigned bytes)
{
    return guest_take(g, bytes);
}

static void plug(struct machine_config *c, const char *id, const char *driver, const char *bus)
{
    struct machine_thing *t = guest_add(c, MODEL_CLASS, id, driver);

    if (bus != NULL) {
        thing_set_text(t, "bus", bus);
    }
}

static void add_devices(struct machine_config *c, unsigned kind)
{
    struct machine_thing *t;

    (void)kind;
    (void)guest_add_drive(c, "d0");
    plug(c, "a", "pci-scratch", NULL);
    plug(c, "port", "pcie-root-port", NULL);
    plug(c, "b", "pci-scratch", "port");
    t = guest_add(c, MODEL_CLASS, "bridge", "pci-bridge");
    thing_set_number(t, "chassis_nr", 1);
    plug(c, "c", "pci-scratch", "bridge");
    plug(c, "rng", "virtio-rng-pci", "bridge");
    plug(c, "card", "e1000e", NULL);
    t = guest_add(c, MODEL_CLASS, "disk", "nvme");
    thing_set_text(t, "drive", "d0");
    thing_set_text(t, "serial", "fuzz");
    plug(c, "rng2", "virtio-rng-pci", NULL);
}

/* ---- steps ------------------------------------------------------------------------------------*/

/* One that is there as enumerated below, or any. */
static paddr function(struct guest *g)
{
    static const uint16_t places[16] = {0x008, 0x010, 0x018, 0x020, 0x028, 0x030, 0x100, 0x200,
                                        0x208, 0x008, 0x100, 0x200, 0x010, 0x018, 0x000, 0x101};
    unsigned what = (unsigned)take(g, 1);

    return GUEST_ECAM + ((what < 0xf0 ? places[what % 16] : take(g, 2)) << 12);
}

static void write_config(struct guest *g)
{
    unsigned what = (unsigned)take(g, 1), size = 1u << what % 3;
    paddr f = function(g), at = take(g, (what & 0xc0) == 0xc0 ? 2 : 1) & 0xfff & ~(paddr)(size - 1);

    guest_store(g, f + at, size, take(g, (what & 8) != 0 ? size : 1));
    (void)guest_load(g, f + at, size);
}

/* As firmware does it, with numbers of the input. */
static void set_bridge(struct guest *g)
{
    unsigned what = (unsigned)take(g, 1);
    paddr f = GUEST_ECAM + (what % 2 == 0 ? 0x10000 : 0x18000);
    uint64_t from = take(g, 1), high = take(g, 1) & 7;

    guest_store(g, f + PCI_SECONDARY - 1, 1, 0);
    guest_store(g, f + PCI_SECONDARY, 2,
                (what & 2) != 0 ? take(g, 2) : (1 + what % 2) * UINT64_C(0x101));
    guest_store(g, f + PCI_MEMORY_BASE, 4, 0x4000 + (from << 4) + (0x40f0 + (from << 4)) * 0x10000);
    guest_store(g, f + PCI_PREFETCH_BASE, 4, 0xfff10001 | from << 4);
    guest_store(g, f + PCI_PREFETCH_BASE_HIGH, 4, high);
    guest_store(g, f + PCI_PREFETCH_LIMIT_HIGH, 4, high + (what >> 7));
    guest_store(g, f + PCI_IO_BASE, 2, 0x1000 + (from & 0xf) * 0x1010);
    guest_store(g, f + PCI_BRIDGE_CONTROL, 2, (what & 0x40) != 0 ? take(g, 2) : 0);
    guest_store(g, f + PCI_COMMAND, 2, 7);
}

static void set_bars(struct guest *g)
{
    unsigned what = (unsigned)take(g, 1);
    paddr f = function(g);

    for (unsigned i = 0; i < 6; i++) {
        if ((what >> i & 1) != 0) {
            uint64_t at = take(g, 1);

            guest_store(g, f + PCI_BAR0 + UINT64_C(4) * i, 4,
                        (what & 0x40) != 0 ? MEMORY + (at << 16) : at << 8);
        }
    }
    guest_store(g, f + PCI_COMMAND, 2, (what & 0x80) != 0 ? take(g, 2) : 7);
}

/* On: a message, or all of them, to memory or anywhere. */
static void set_capability(struct guest *g)
{
    unsigned what = (unsigned)take(g, 1);
    paddr f = function(g), at = f + (guest_load(g, f + PCI_CAPABILITIES, 1) & 0xfc);

    for (unsigned i = 0; i < what % 8; i++) {
        at = f + (guest_load(g, at + 1, 1) & 0xfc);
    }
    switch (guest_load(g, at, 1)) {
    case PCI_CAP_MSI:
        guest_store(g, at + 4, 4, DATA + (take(g, 1) << ((what & 0x80) != 0 ? 20 : 2)));
        guest_store(g, at + 8, 4, (what & 0x40) != 0 ? take(g, 4) : 0);
        guest_store(g, at + 12, 2, take(g, 1));
        guest_store(g, at + 2, 2, 1 | (what & 0x38) << 1);
        break;
    case PCI_CAP_MSIX: guest_store(g, at + 2, 2, (what & 0xc0) << 8); break;
    case PCI_CAP_POWER: guest_store(g, at + 4, 2, what >> 6); break;
    case PCI_CAP_EXPRESS: guest_store(g, at + 8, 2, (what & 0x80) << 8 | take(g, 1)); break;
    default: guest_store(g, at + (what >> 4), 1, take(g, 1)); break;
    }
}

/* Wherever a base address may be. */
static void use(struct guest *g)
{
    unsigned what = (unsigned)take(g, 1), size = 1u << what % 4;
    uint64_t where = take(g, 2);
    paddr at = (what & 0xc0) == 0      ? MEMORY + (where << 8)
               : (what & 0xc0) == 0x40 ? HIGH + (where << 16)
               : (what & 0xc0) == 0x80 ? GUEST_IO + where
                                       : MEMORY + (where & 0xff) * 0x10000 + (where >> 8) * 4;

    at &= ~(paddr)(size - 1);
    guest_store(g, at, size, take(g, (what & 0x20) != 0 ? size : 1));
    (void)guest_load(g, at, size);
}

/* A function's registers, whatever its first base address says: its timer, its copier. */
static void work(struct guest *g)
{
    unsigned what = (unsigned)take(g, 1);
    paddr f = function(g), at = guest_load(g, f + PCI_BAR0, 4) & ~UINT64_C(0xf);

    if (at < MEMORY) {
        return;
    }
    guest_store(g, at + 0x0c, 4, what & 31);
    guest_store(g, at + 0x10, 8, DATA + (what & 0xf0));
    guest_store(g, at + 0x18, 8, (what & 0x80) != 0 ? MEMORY + (take(g, 2) << 12) : DATA + 0x800);
    guest_store(g, at + 0x20, 4, take(g, 2));
    guest_store(g, at + 0x04, 4, take(g, 1));
}

static void step(struct guest *g)
{
    switch (take(g, 1) % 12) {
    case 0:
    case 1: write_config(g); break;
    case 2:
    case 3: set_bars(g); break;
    case 4: set_bridge(g); break;
    case 5: set_capability(g); break;
    case 6: guest_pass(g, 1 + take(g, 1) * 16); break;
    case 7:
    case 8: work(g); break;
    case 9: guest_fill(g, DATA + take(g, 1) * 8, (unsigned)take(g, 1) % 32); break;
    default: use(g);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct guest g = {.at = data, .end = data + size};

    guest_start(&g, 0, add_devices);
    for (unsigned i = 0; i < STEPS_MOST && g.at < g.end; i++) {
        step(&g);
    }
    guest_end(&g);
    return 0;
}
