/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_virtio: drivers of virtio devices that do what they like: each device over MMIO and PCI, modern and legacy, split
 * and packed, indirect tables and event indexes. An input is what a guest does: the first bytes say which device
 * it has and how it is reached, the others are steps, most of which are such as a driver makes, with a wrong
 * number here and there. At the end the states are ones that a checkpoint may have.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "board/board.h"
#include "bus/bus.h"
#include "dev/drive.h"
#include "dev/virtio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAM   UINT64_C(0x80000000)
#define RINGS (RAM + 0x100000)
#define STEP  UINT64_C(0x2000) /* from one queue's ring to the next one's */
#define DATA  (RAM + 0x140000)
#define ECAM  UINT64_C(0x30008000) /* of the slot 1 */
#define IO    UINT64_C(0x3001000)
#define MSIX  UINT64_C(0x40100000)
#define MEM   UINT64_C(0x40200000)
#define MMIO  UINT64_C(0x10008000)

enum { RNG, BLK, NET, SERIAL, SCSI, DEVICES };
enum { STEPS_MOST = 512, DISK_BYTES = 1 << 20, QUEUES = 6 };
static const char *const models[DEVICES][2] = {{"virtio-rng-pci", "virtio-rng-device"},
                                               {"virtio-blk-pci", "virtio-blk-device"},
                                               {"virtio-net-pci", "virtio-net-device"},
                                               {"virtio-serial-pci", "virtio-serial-device"},
                                               {"virtio-scsi-pci", "virtio-scsi-device"}};

struct guest {
    struct machine *m;
    const uint8_t *at, *end;
    bool on_pci, is_legacy, is_packed;
    uint8_t queue_size;
    uint16_t made[QUEUES], place[QUEUES]; /* chains that were made; the next descriptor */
    bool wrap[QUEUES];
    struct input input;
    bool has_input;
};

static uint64_t take(struct guest *g, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes && g->at < g->end; i++) {
        value |= (uint64_t)*g->at++ << 8 * i;
    }
    return value;
}

/* ---- the machine ------------------------------------------------------------------------------*/

static const char *image_name(void)
{
    static char name[256];
    const char *folder = getenv("TMPDIR");
    int fd;

    if (name[0] == '\0') {
        (void)snprintf(name, sizeof name, "%s/reprise-fuzz-XXXXXX",
                       folder != NULL ? folder : "/tmp");
        fd = mkstemp(name);
        must(fd >= 0 && ftruncate(fd, DISK_BYTES) == 0);
        close(fd);
    }
    return name;
}

static void remove_disk(void)
{
    (void)unlink(image_name());
}

static struct machine_thing *add(struct machine_config *c, const char *class, const char *id,
                                 const char *driver)
{
    struct machine_thing *t = machine_config_add_thing(c, class, id);

    if (driver != NULL) {
        thing_set_text(t, "driver", driver);
    }
    return t;
}

static void add_device(struct machine_config *c, unsigned device, bool on_pci, bool is_packed,
                       bool is_legacy)
{
    struct machine_thing *t;

    if (!on_pci) {
        thing_set_flag(add(c, VIRTIO_MMIO_CLASS_NAME, "virtio-mmio", NULL), "force-legacy",
                       is_legacy);
    }
    if (device == BLK || device == SCSI) {
        t = add(c, DRIVE_CLASS, "hd", NULL);
        t->file.name = base_strdup(image_name());
        t->file.in_part = true;
        thing_set_text(t, "format", "raw");
        thing_set_number(t, "bytes", DISK_BYTES);
    }
    t = add(c, MODEL_CLASS, "d", models[device][!on_pci]);
    thing_set_flag(t, "packed", is_packed);
    if (device == BLK) {
        thing_set_text(t, "drive", "hd");
        thing_set_number(t, "num-queues", 2);
    } else if (device == NET) {
        thing_set_text(t, "netdev", "n");
        thing_set_flag(t, "mq", true);
        thing_set_number(t, "queue-pairs", 2);
    } else if (device == SCSI) {
        thing_set_text(add(c, MODEL_CLASS, "disk", "scsi-hd"), "drive", "hd");
    } else if (device == SERIAL) {
        thing_set_text(add(c, MODEL_CLASS, "con", "virtconsole"), "chardev", "a");
        thing_set_text(add(c, MODEL_CLASS, "str", "virtserialport"), "chardev", "b");
    }
}

/* Waits for ever. */
static const uint8_t program[] = {0x73, 0x00, 0x50, 0x10, 0x6f, 0xf0, 0xdf, 0xff};

static struct machine *make_machine(unsigned device, bool on_pci, bool is_packed, bool is_legacy)
{
    struct machine_config c;
    struct machine *m;
    struct error e = {""};

    machine_config_init(&c);
    (void)snprintf(c.arch, sizeof c.arch, "riscv64");
    c.ram_bytes = 2 * MIB;
    c.bios_none = 1;
    c.images[IMAGE_KERNEL].name = base_strdup("kernel");
    c.images[IMAGE_KERNEL].data = base_alloc(sizeof program, 1);
    memcpy(c.images[IMAGE_KERNEL].data, program, sizeof program);
    c.images[IMAGE_KERNEL].size = sizeof program;
    add_device(&c, device, on_pci, is_packed, is_legacy);
    m = board_build(&c, &e);
    if (m == NULL) {
        (void)fprintf(stderr, "%s\n", e.text);
        abort();
    }
    machine_config_fini(&c);
    return m;
}

/* ---- the guest's hands ------------------------------------------------------------------------*/

static void store(struct guest *g, paddr at, unsigned size, uint64_t value)
{
    struct mem_place p = mem_find(machine_mem(g->m), at, true);
    uint8_t bytes[8];

    if (p.window != NULL && (p.window->sizes & size) != 0) {
        p.window->write(p.window->opaque, mem_access_to(p.window, p.at, size, 0), value);
    } else if (p.block != NULL) {
        bytes_set_le(bytes, sizeof bytes, value);
        (void)mem_bus_write(machine_mem(g->m), at, bytes, size);
    }
}

static uint64_t load(struct guest *g, paddr at, unsigned size)
{
    struct mem_place p = mem_find(machine_mem(g->m), at, false);
    uint8_t bytes[8] = {0};

    if (p.window != NULL && (p.window->sizes & size) != 0) {
        return p.window->read(p.window->opaque, mem_access_to(p.window, p.at, size, 0));
    }
    if (p.block != NULL) {
        (void)mem_read_bytes(machine_mem(g->m), at, bytes, size);
    }
    return bytes_get_le(bytes, size);
}

static enum inlet_answer next_input(void *opaque, tick now, struct input *in, tick *ask_again)
{
    struct guest *g = opaque;

    *ask_again = TICK_NEVER;
    if (!g->has_input) {
        return INLET_QUIET;
    }
    g->has_input = false;
    *in = g->input;
    in->at = now;
    return INLET_INPUT;
}

static tick idle(void *opaque, tick now, tick event)
{
    (void)opaque;
    (void)now;
    return event;
}

static void output(void *opaque, tick now, uint16_t port, const uint8_t *bytes, size_t count)
{
    (void)opaque;
    (void)now;
    (void)port;
    (void)bytes;
    (void)count;
}

static void pass(struct guest *g, uint64_t ticks)
{
    (void)machine_run(g->m, machine_now(g->m) + ticks, false);
}

/* ---- registers: of version 2 over MMIO, and where PCI has them -----------------------------------*/

enum { STATUS = 0x70, NOTIFY = 0x50, SELECT = 0x30 };

static void set_register(struct guest *g, uint64_t at, uint64_t value)
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

static uint64_t offered(struct guest *g)
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

static paddr driver_area(const struct guest *g, unsigned queue)
{
    return ring(queue) + UINT64_C(16) * g->queue_size;
}

static void set_queue(struct guest *g, unsigned queue)
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

static void enumerate(struct guest *g)
{
    store(g, ECAM + 0x10, 4, 0x1000);
    store(g, ECAM + 0x14, 4, MSIX);
    store(g, ECAM + 0x20, 4, MEM);
    store(g, ECAM + 0x24, 4, 0);
    store(g, ECAM + 0x04, 2, 7);
}

/* With the features that are offered but for some, and queues of a size that the input says. */
static void start(struct guest *g)
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

static void put_descriptor(struct guest *g, paddr at, unsigned next, bool is_last,
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
static void make_chain(struct guest *g)
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
static void make_table(struct guest *g)
{
    paddr at = DATA + take(g, 1) * 64;
    unsigned count = 1 + (unsigned)take(g, 1) % 4;

    for (unsigned i = 0; i < count; i++) {
        put_descriptor(g, at + UINT64_C(16) * i, i + 1, i + 1 == count, 0);
    }
}

static void fill_data(struct guest *g)
{
    paddr at = DATA + take(g, 1) * 64;
    unsigned count = (unsigned)take(g, 1) % 32;

    for (unsigned i = 0; i < count; i++) {
        store(g, at + i, 1, take(g, 1));
    }
}

static void spoil_ring(struct guest *g)
{
    unsigned q = (unsigned)take(g, 1) % QUEUES;
    paddr at = ring(q) + take(g, 2) % STEP / 2 * 2;

    store(g, at, 2, take(g, 2));
}

static void any_register(struct guest *g)
{
    static const paddr bases[] = {MEM, IO, MSIX, ECAM, MMIO, MEM + 0x2000, MEM + 0x3000, ECAM};
    unsigned what = (unsigned)take(g, 1), size = 1u << (what >> 6) % 4;
    paddr at = bases[what % 8] + (take(g, 1) & ~(uint64_t)(size - 1));

    store(g, at, size, take(g, size));
    (void)load(g, at, size);
}

/* Bytes at one of the device's ports, as many as it has room for. */
static void bring_input(struct guest *g)
{
    static uint8_t bytes[600];
    unsigned port = (unsigned)take(g, 1), count = (unsigned)take(g, 2) % sizeof bytes;

    for (unsigned i = 0; i < machine_device_count(g->m); i++) {
        const struct device *d = machine_device(g->m, i);
        uint32_t room = d->port >= 0 ? d->class->room(d) : 0;

        if (room == 0 || strcmp(d->name, "uart0") == 0 || port-- % 2 != 0) {
            continue;
        }
        for (unsigned n = 0; n < count && n < 64; n++) {
            bytes[n] = (uint8_t)take(g, 1);
        }
        g->input = (struct input){
            .port = (uint16_t)d->port, .length = count < room ? count : room, .data = bytes};
        g->has_input = true;
        pass(g, 1);
        return;
    }
}

static void step(struct guest *g)
{
    switch (take(g, 1) % 12) {
    case 0: start(g); break;
    case 1: spoil_ring(g); break;
    case 2: any_register(g); break;
    case 3: set_register(g, NOTIFY, take(g, 1)); break;
    case 4: pass(g, 1 + take(g, 2)); break;
    case 5: bring_input(g); break;
    case 6: fill_data(g); break;
    case 7: make_table(g); break;
    default: make_chain(g);
    }
}

/* ---- as a whole -------------------------------------------------------------------------------*/

static void check_states(const struct machine *m)
{
    struct text all = {0};
    struct error e = {""};

    for (unsigned i = 0; i < machine_part_count(m); i++) {
        const struct machine_part *part = machine_part(m, i);

        text_add_bytes(&all, part->state, part->table->state_size);
    }
    if (machine_check_states(m, all.data, &e) < 0) {
        (void)fprintf(stderr, "a state that no checkpoint may have: %s\n", e.text);
        abort();
    }
    text_fini(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct guest g = {.at = data, .end = data + size};
    unsigned what = (unsigned)take(&g, 1);
    static bool has_disk;

    if (!has_disk) {
        has_disk = true;
        (void)image_name();
        (void)atexit(remove_disk);
    }
    g.on_pci = (what & 4) != 0;
    g.is_legacy = (what & 8) != 0;
    g.m = make_machine((what & 32) != 0 ? SCSI : what % SCSI, g.on_pci, (what & 16) != 0,
                       g.is_legacy);
    machine_set_inlet(
        g.m, &(struct inlet){.opaque = &g, .next = next_input, .idle = idle, .output = output});
    start(&g);
    for (unsigned i = 0; i < STEPS_MOST && g.at < g.end; i++) {
        step(&g);
    }
    pass(&g, 20000);
    check_states(g.m);
    machine_free(g.m);
    return 0;
}
