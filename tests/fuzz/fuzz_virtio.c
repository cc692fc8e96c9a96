/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_virtio: drivers of virtio devices that do what they like: each device over MMIO and PCI, modern and legacy, split
 * and packed, indirect tables and event indexes. An input is what a guest does: the first bytes say which device
 * it has and how it is reached, the others are steps, most of which are such as a driver makes, with a wrong
 * number here and there. At the end the states are ones that a checkpoint may have.
 */
#include "dev/virtio.h"
#include "guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RINGS (GUEST_RAM + 0x100000)
#define STEP  UINT64_C(0x2000) /* from one queue's ring to the next one's */
#define DATA  (GUEST_RAM + 0x140000)
#define ECAM  (GUEST_ECAM + GUEST_SLOT)
#define IO    (GUEST_IO + 0x1000)
#define MSIX  UINT64_C(0x40100000)
#define MEM   UINT64_C(0x40200000)
#define MMIO  UINT64_C(0x10008000)

enum { RNG, BLK, NET, SERIAL, SCSI, DEVICES };
enum { STEPS_MOST = 512, QUEUES = 6 };
static const char *const models[DEVICES][2] = {{"virtio-rng-pci", "virtio-rng-device"},
                                               {"virtio-blk-pci", "virtio-blk-device"},
                                               {"virtio-net-pci", "virtio-net-device"},
                                               {"virtio-serial-pci", "virtio-serial-device"},
                                               {"virtio-scsi-pci", "virtio-scsi-device"}};

struct driver {
    struct guest guest;
    bool on_pci, is_legacy, is_packed;
    uint8_t queue_size;
    uint16_t made[QUEUES], place[QUEUES]; /* chains that were made; the next descriptor */
    bool wrap[QUEUES];
};

static uint64_t take(struct driver *g, unsigned bytes)
{
    return guest_take(&g->guest, bytes);
}

static void store(struct driver *g, paddr at, unsigned size, uint64_t value)
{
    guest_store(&g->guest, at, size, value);
}

static uint64_t load(struct driver *g, paddr at, unsigned size)
{
    return guest_load(&g->guest, at, size);
}

/* ---- the machine ------------------------------------------------------------------------------*/

enum { ON_PCI = 8, IS_LEGACY = 16, IS_PACKED = 32 }; /* in a kind, above the device */

static void add_device(struct machine_config *c, unsigned kind)
{
    unsigned device = kind % ON_PCI;
    bool on_pci = (kind & ON_PCI) != 0;
    struct machine_thing *t;

    if (!on_pci) {
        thing_set_flag(guest_add(c, VIRTIO_MMIO_CLASS_NAME, "virtio-mmio", NULL), "force-legacy",
                       (kind & IS_LEGACY) != 0);
    }
    if (device == BLK || device == SCSI) {
        (void)guest_add_drive(c, "hd");
    }
    t = guest_add(c, MODEL_CLASS, "d", models[device][!on_pci]);
    thing_set_flag(t, "packed", (kind & IS_PACKED) != 0);
    if (device == BLK) {
        thing_set_text(t, "drive", "hd");
        thing_set_number(t, "num-queues", 2);
    } else if (device == NET) {
        thing_set_text(t, "netdev", "n");
        thing_set_flag(t, "mq", true);
        thing_set_number(t, "queue-pairs", 2);
    } else if (device == SCSI) {
        thing_set_text(guest_add(c, MODEL_CLASS, "disk", "scsi-hd"), "drive", "hd");
    } else if (device == SERIAL) {
        thing_set_text(guest_add(c, MODEL_CLASS, "con", "virtconsole"), "chardev", "a");
        thing_set_text(guest_add(c, MODEL_CLASS, "str", "virtserialport"), "chardev", "b");
    }
}

/* ---- registers: of version 2 over MMIO, and where PCI has them -----------------------------------*/

enum { STATUS = 0x70, NOTIFY = 0x50, SELECT = 0x30 };

static void set_register(struct driver *g, uint64_t at, uint64_t value)
{
    static const struct {
        uint16_t mmio, modern, legacy, size;
    } table[] = {{0x14, 0x00, 0, 4},    {0x24, 0x08, 0, 4},    {0x20, 0x0c, 0x04, 4},
                 {0x70, 0x14, 0x12, 1}, {0x30, 0x16, 0x0e, 2}, {0x38, 0x18, 0, 2},
                 {0x44, 0x1c, 0, 2},    {0x80, 0x20, 0, 4},    {0x84, 0x24, 0, 4},
                 {0x90, 0x28, 0, 4},    {0x94, 0x2c, 0, 4},    {0xa0, 0x30, 0, 4},
                 {0xa4, 0x34, 0, 4},    {0x40, 0, 0x08, 4},    {0x50, 0x3000, 0x10, 2}};

    if (!g->on_pci) {
        store(g, MMIO + at, 4, value);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (table[i].mmio == at && g->is_legacy && table[i].legacy != 0) {
            store(g, IO + table[i].legacy, table[i].size, value);
        } else if (table[i].mmio == at && !g->is_legacy && (table[i].modern != 0 || at == 0x14)) {
            store(g, MEM + table[i].modern + (at == NOTIFY ? 4 * (value & 0x3ff) : 0),
                  table[i].size, value);
        }
    }
}

static uint64_t offered(struct driver *g)
{
    paddr at = !g->on_pci ? MMIO + 0x10 : g->is_legacy ? IO : MEM + 4;
    uint64_t low;

    set_register(g, 0x14, 0);
    low = load(g, at, 4);
    if (g->is_legacy) {
        return low;
    }
    set_register(g, 0x14, 1);
    return low | load(g, at, 4) << 32;
}

static paddr ring(unsigned queue)
{
    return RINGS + queue * STEP;
}

static paddr driver_area(const struct driver *g, unsigned queue)
{
    return ring(queue) + UINT64_C(16) * g->queue_size;
}

static void set_queue(struct driver *g, unsigned queue)
{
    const uint64_t areas[] = {ring(queue), driver_area(g, queue), ring(queue) + 0x1000};

    set_register(g, SELECT, queue);
    set_register(g, 0x38, g->queue_size);
    for (unsigned i = 0; i < 3; i++) {
        set_register(g, 0x80 + 16 * i, areas[i] & UINT32_MAX);
        set_register(g, 0x84 + 16 * i, areas[i] >> 32);
    }
    set_register(g, g->is_legacy ? 0x40 : 0x44, g->is_legacy ? ring(queue) / 4096 : 1);
    g->made[queue] = g->place[queue] = 0;
    g->wrap[queue] = true;
}

static void enumerate(struct driver *g)
{
    store(g, ECAM + 0x10, 4, 0x1000);
    store(g, ECAM + 0x14, 4, MSIX);
    store(g, ECAM + 0x20, 4, MEM);
    store(g, ECAM + 0x24, 4, 0);
    store(g, ECAM + 0x04, 2, 7);
}

/* With the features that are offered but for some, and queues of a size that the input says. */
static void start(struct driver *g)
{
    uint64_t without = take(g, 1) * UINT64_C(0x0000040104010101), features;

    g->queue_size = (uint8_t)(8u << take(g, 1) % 4);
    if (g->on_pci) {
        enumerate(g);
    }
    store(g, MMIO + 0x28, g->on_pci ? 0 : 4, 4096);
    set_register(g, STATUS, 0);
    set_register(g, STATUS, 3);
    features = offered(g) & ~(without & ~(UINT64_C(1) << 32));
    g->is_packed = (features >> 34 & 1) != 0;
    for (unsigned i = 0; i < 2; i++) {
        set_register(g, 0x24, i);
        set_register(g, 0x20, features >> 32 * i & UINT32_MAX);
    }
    set_register(g, STATUS, 0xb);
    for (unsigned q = 0; q < QUEUES; q++) {
        set_queue(g, q);
    }
    set_register(g, STATUS, 0xf);
}

/* ---- steps ------------------------------------------------------------------------------------*/

static void put_descriptor(struct driver *g, paddr at, unsigned next, bool is_last,
                           unsigned wrap_flags)
{
    unsigned kind = (unsigned)take(g, 1);
    uint64_t place = DATA + take(g, 1) * 64;
    uint32_t bytes = (uint32_t)take(g, 1);
    unsigned flags = (is_last ? 0 : 1u) | (kind & 6u) | wrap_flags;

    bytes <<= kind >> 6 == 3 ? 8 : 0;
    store(g, at, 8, (kind & 0x38) == 0x38 ? place << (kind >> 6) * 8 : place);
    store(g, at + 8, 4, bytes);
    store(g, at + 12, 2, g->is_packed ? next : flags);
    store(g, at + 14, 2, g->is_packed ? flags : next);
}

/* A chain of one to four descriptors, made available. */
static void make_chain(struct driver *g)
{
    unsigned what = (unsigned)take(g, 1), q = what % QUEUES, count = 1 + what / 64;
    unsigned first = g->place[q];

    for (unsigned i = 0; i < count; i++) {
        unsigned flags = g->wrap[q] ? 0x80 : 0x8000;

        put_descriptor(g, ring(q) + UINT64_C(16) * g->place[q], g->place[q] + 1u, i + 1 == count,
                       g->is_packed ? flags : 0);
        g->place[q] = (uint16_t)((g->place[q] + 1) % g->queue_size);
        g->wrap[q] ^= g->place[q] == 0;
    }
    store(g, driver_area(g, q) + 4 + 2 * (g->made[q] % g->queue_size), 2, first);
    if (!g->is_packed) {
        store(g, driver_area(g, q) + 2, 2, ++g->made[q]);
    }
    set_register(g, NOTIFY, q);
}

/* Descriptors among the data, for a descriptor that is indirect. */
static void make_table(struct driver *g)
{
    paddr at = DATA + take(g, 1) * 64;
    unsigned count = 1 + (unsigned)take(g, 1) % 4;

    for (unsigned i = 0; i < count; i++) {
        put_descriptor(g, at + UINT64_C(16) * i, i + 1, i + 1 == count, 0);
    }
}

static void fill_data(struct driver *g)
{
    paddr at = DATA + take(g, 1) * 64;
    unsigned count = (unsigned)take(g, 1) % 32;

    for (unsigned i = 0; i < count; i++) {
        store(g, at + i, 1, take(g, 1));
    }
}

static void spoil_ring(struct driver *g)
{
    unsigned q = (unsigned)take(g, 1) % QUEUES;
    paddr at = ring(q) + take(g, 2) % STEP / 2 * 2;

    store(g, at, 2, take(g, 2));
}

static void any_register(struct driver *g)
{
    static const paddr bases[] = {MEM, IO, MSIX, ECAM, MMIO, MEM + 0x2000, MEM + 0x3000, ECAM};
    unsigned what = (unsigned)take(g, 1), size = 1u << (what >> 6) % 4;
    paddr at = bases[what % 8] + (take(g, 1) & ~(uint64_t)(size - 1));

    store(g, at, size, take(g, size));
    (void)load(g, at, size);
}

/* Bytes at one of the device's ports, as many as it has room for. */
static void bring_input(struct driver *g)
{
    static uint8_t bytes[600];
    struct machine *m = g->guest.m;
    unsigned port = (unsigned)take(g, 1), count = (unsigned)take(g, 2) % sizeof bytes;

    for (unsigned i = 0; i < machine_device_count(m); i++) {
        const struct device *d = machine_device(m, i);
        uint32_t room = d->port >= 0 ? d->class->room(d) : 0;

        if (room == 0 || strcmp(d->name, "uart0") == 0 || port-- % 2 != 0) {
            continue;
        }
        for (unsigned n = 0; n < count && n < 64; n++) {
            bytes[n] = (uint8_t)take(g, 1);
        }
        (void)guest_bring(&g->guest, (unsigned)d->port, bytes, count < room ? count : room);
        return;
    }
}

static void step(struct driver *g)
{
    switch (take(g, 1) % 12) {
    case 0: start(g); break;
    case 1: spoil_ring(g); break;
    case 2: any_register(g); break;
    case 3: set_register(g, NOTIFY, take(g, 1)); break;
    case 4: guest_pass(&g->guest, 1 + take(g, 2)); break;
    case 5: bring_input(g); break;
    case 6: fill_data(g); break;
    case 7: make_table(g); break;
    default: make_chain(g);
    }
}

/* ---- as a whole -------------------------------------------------------------------------------*/

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct driver g = {.guest = {.at = data, .end = data + size}};
    unsigned what = (unsigned)take(&g, 1);
    unsigned device = (what & 32) != 0 ? SCSI : what % SCSI;

    g.on_pci = (what & 4) != 0;
    g.is_legacy = (what & 8) != 0;
    guest_start(&g.guest,
                device | (g.on_pci ? ON_PCI : 0) | (g.is_legacy ? IS_LEGACY : 0) |
                    ((what & 16) != 0 ? IS_PACKED : 0),
                add_device);
    start(&g);
    for (unsigned i = 0; i < STEPS_MOST && g.guest.at < g.guest.end; i++) {
        step(&g);
    }
    guest_end(&g.guest);
    return 0;
}
