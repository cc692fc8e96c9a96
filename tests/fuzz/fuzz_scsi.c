/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_scsi: commands for a disk and a CD drive on a bus of SCSI, behind virtio's host over MMIO. The rings are as a driver
 * makes them (fuzz_virtio spoils those); what is in requests is the input's: commands of all lengths, most of which there
 * are, parameters, places and sizes of buffers, addresses, task management, resets, the host's configuration.
 */
#include "dev/scsi.h"
#include "dev/virtio.h"
#include "guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MMIO     UINT64_C(0x10008000)
#define RINGS    UINT64_C(0x80100000)
#define RING     UINT64_C(0x2000) /* from one queue's to the next one's */
#define REQUESTS UINT64_C(0x80110000)
#define ANSWERS  UINT64_C(0x80120000)
#define DATA     UINT64_C(0x80130000)

enum { STEPS_MOST = 256, QUEUES = 3, DESCRIPTORS = 16, CDB = 32, CONTROL = 0, REQUEST = 2 };
enum { SELECT = 0x30, SIZE = 0x38, READY = 0x44, NOTIFY = 0x50, STATUS = 0x70, AREAS = 0x80 };
enum { WRITTEN = 2, NEXT = 1, ANSWER_BYTES = 108, REQUEST_BYTES = 19 + CDB };

struct driver {
    struct guest guest;
    uint16_t made[QUEUES], place[QUEUES];
};

static uint64_t take(struct driver *g, unsigned bytes)
{
    return guest_take(&g->guest, bytes);
}

static void store(struct driver *g, paddr at, unsigned size, uint64_t value)
{
    guest_store(&g->guest, at, size, value);
}

enum { READ_ONLY = 1, LARGE_BLOCKS = 2, REMOVABLE = 4, NO_DISC = 8, KINDS = 16 };

static void add_devices(struct machine_config *c, unsigned kind)
{
    struct machine_thing *t;

    thing_set_flag(guest_add(c, VIRTIO_MMIO_CLASS_NAME, "virtio-mmio", NULL), "force-legacy",
                   false);
    thing_set_flag(guest_add_drive(c, "d0"), "readonly", (kind & READ_ONLY) != 0);
    thing_set_flag(guest_add_drive(c, "d1"), "cd", true);
    (void)guest_add(c, MODEL_CLASS, "host", "virtio-scsi-device");
    t = guest_add(c, MODEL_CLASS, "disk", "scsi-hd");
    thing_set_text(t, "drive", "d0");
    thing_set_number(t, "logical_block_size", (kind & LARGE_BLOCKS) != 0 ? 4096 : 512);
    thing_set_number(t, "physical_block_size", 4096);
    thing_set_flag(t, "removable", (kind & REMOVABLE) != 0);
    t = guest_add(c, MODEL_CLASS, "disc", "scsi-cd");
    if ((kind & NO_DISC) == 0) {
        thing_set_text(t, "drive", "d1");
    }
}

static paddr ring(unsigned queue)
{
    return RINGS + queue * RING;
}

static void start(struct driver *g)
{
    store(g, MMIO + STATUS, 4, 0);
    store(g, MMIO + STATUS, 4, 3);
    store(g, MMIO + 0x24, 4, 1);
    store(g, MMIO + 0x20, 4, 1);
    store(g, MMIO + STATUS, 4, 0xb);
    for (unsigned q = 0; q < QUEUES; q++) {
        const uint64_t areas[] = {ring(q), ring(q) + 0x800, ring(q) + 0x1000};

        store(g, MMIO + SELECT, 4, q);
        store(g, MMIO + SIZE, 4, DESCRIPTORS);
        for (unsigned i = 0; i < ARRAY_LEN(areas); i++) {
            store(g, MMIO + AREAS + UINT64_C(16) * i, 4, areas[i]);
        }
        store(g, ring(q) + 0x800, 4, 0);
        store(g, MMIO + READY, 4, 1);
        g->made[q] = g->place[q] = 0;
    }
    store(g, MMIO + STATUS, 4, 0xf);
}

/* ---- requests ---------------------------------------------------------------------------------*/

static void put_piece(struct driver *g, unsigned queue, paddr at, uint64_t size, unsigned flags)
{
    paddr d = ring(queue) + UINT64_C(16) * g->place[queue];
    unsigned next = (g->place[queue] + 1u) % DESCRIPTORS;

    store(g, d, 8, at);
    store(g, d + 8, 4, size);
    store(g, d + 12, 4, flags | next << 16);
    g->place[queue] = (uint16_t)next;
}

static void offer(struct driver *g, unsigned queue, unsigned first)
{
    store(g, ring(queue) + 0x804 + UINT64_C(2) * (g->made[queue] % DESCRIPTORS), 2, first);
    store(g, ring(queue) + 0x802, 2, ++g->made[queue]);
    store(g, MMIO + NOTIFY, 4, queue);
}

/* The places of data: a few bytes of the input say how many and how large. */
static void put_data(struct driver *g, unsigned what, unsigned flags, unsigned also)
{
    for (unsigned i = 0; i < (what & 3); i++) {
        unsigned how = (unsigned)take(g, 1);
        paddr at = DATA + take(g, 1) * 0x80;
        uint64_t size = take(g, 1) << ((how & 3) * 4);

        put_piece(g, REQUEST, how >= 0xfe ? take(g, 8) : at, how == 0xfd ? take(g, 4) : size,
                  flags | (i + 1 < (what & 3) ? NEXT : also));
    }
}

static void put_address(struct driver *g, paddr at, unsigned what)
{
    uint64_t address = 1 | (what & 1) << 8 | UINT64_C(0x40) << 16;

    store(g, at, 8,
          what >= 0xf0   ? take(g, 8)
          : what >= 0xe0 ? address | (what & 15) << 24
                         : address);
}

/* A command that there is, or any; its bytes are zeros where the input does not say otherwise. */
static void put_cdb(struct driver *g, paddr at)
{
    static const uint8_t known[] = {0x00, 0x03, 0x04, 0x08, 0x0a, 0x12, 0x15, 0x16, 0x17, 0x1a,
                                    0x1b, 0x1e, 0x25, 0x28, 0x2a, 0x2b, 0x2e, 0x2f, 0x35, 0x41,
                                    0x42, 0x43, 0x46, 0x4a, 0x51, 0x55, 0x56, 0x57, 0x5a, 0x88,
                                    0x8a, 0x8e, 0x8f, 0x91, 0x93, 0x9e, 0xa0, 0xa8, 0xaa, 0xae,
                                    0xaf, 0xbb, 0xbd, 0x28, 0x2a, 0x88, 0x8a, 0x42};
    unsigned op = (unsigned)take(g, 1), given = (unsigned)take(g, 2);

    store(g, at, 1, op < 0xf0 ? known[op % ARRAY_LEN(known)] : take(g, 1));
    for (unsigned i = 1; i < CDB; i++) {
        store(g, at + i, 1, (given >> i % 16 & 1) != 0 ? take(g, 1) : 0);
    }
}

static void make_request(struct driver *g)
{
    unsigned first = g->place[REQUEST], what = (unsigned)take(g, 1), reads = what >> 2;
    paddr at = REQUESTS + first * UINT64_C(64), answer = ANSWERS + first * UINT64_C(128);

    put_address(g, at, (unsigned)take(g, 1));
    put_cdb(g, at + 19);
    put_piece(g, REQUEST, at, what >= 0xf0 ? take(g, 1) : REQUEST_BYTES, NEXT);
    put_data(g, what, 0, NEXT);
    put_piece(g, REQUEST, answer, what >= 0xf8 ? take(g, 1) : ANSWER_BYTES,
              WRITTEN | ((reads & 3) != 0 ? NEXT : 0));
    put_data(g, reads, WRITTEN, 0);
    offer(g, REQUEST, first);
}

static void make_control(struct driver *g)
{
    unsigned first = g->place[CONTROL], what = (unsigned)take(g, 1);
    paddr at = REQUESTS + first * UINT64_C(64);

    store(g, at, 4, what >> 6 != 3 ? what & 1 : take(g, 4));
    store(g, at + 4, 4, take(g, 1) % 9);
    put_address(g, at + 8, (unsigned)take(g, 1));
    put_piece(g, CONTROL, at, what % 16 == 15 ? take(g, 1) : 24, NEXT);
    put_piece(g, CONTROL, ANSWERS, what % 16 == 14 ? take(g, 1) : 5, WRITTEN);
    offer(g, CONTROL, first);
}

/* ---- steps ------------------------------------------------------------------------------------*/

/* The sizes of sense data and commands: what a driver may write of the configuration. */
static void set_sizes(struct driver *g)
{
    unsigned what = (unsigned)take(g, 1);

    store(g, MMIO + 0x100 + (what & 0x3f) / 4 * 4, 4, what >= 0xc0 ? take(g, 4) : CDB);
    store(g, MMIO + 0x114, 4, what >= 0x80 ? take(g, 1) : 96);
}

static void step(struct driver *g)
{
    switch (take(g, 1) % 16) {
    case 0: start(g); break;
    case 1: make_control(g); break;
    case 2: set_sizes(g); break;
    case 3:
    case 4:
    case 5: guest_pass(&g->guest, 1 + take(g, 2)); break;
    case 6:
    case 7: guest_fill(&g->guest, DATA + take(g, 1) * 0x80, (unsigned)take(g, 1) % 64); break;
    default: make_request(g);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct driver g = {.guest = {.at = data, .end = data + size}};

    guest_start(&g.guest, (unsigned)take(&g, 1) % KINDS, add_devices);
    start(&g);
    for (unsigned i = 0; i < STEPS_MOST && g.guest.at < g.guest.end; i++) {
        step(&g);
    }
    guest_end(&g.guest);
    return 0;
}
