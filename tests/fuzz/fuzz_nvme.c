/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_nvme: a driver of an NVM Express controller with two namespaces that does what it likes. The first bytes of an input
 * say how the controller was set up, the others are steps: commands of all kinds in any of four pairs of queues, most of
 * them such as a driver makes, lists of pages, doorbells, registers, configuration space, resets.
 */
#include "dev/nvme.h"
#include "guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BAR    UINT64_C(0x40200000)
#define ECAM   (GUEST_ECAM + GUEST_SLOT)
#define QUEUES UINT64_C(0x80010000) /* a page for each: submissions, then completions */
#define LISTS  UINT64_C(0x80020000) /* two pages of entries, in one piece */
#define DATA   UINT64_C(0x80040000)

enum { STEPS_MOST = 256, PAIRS = 4, ENTRIES = 16, PAGE = 4096 };
enum { CC = 0x14, AQA = 0x24, ASQ = 0x28, ACQ = 0x30, DOORBELLS = 0x1000, TABLE = 0x2000 };
enum { CREATE_SQ = 1, CREATE_CQ = 5 };

struct driver {
    struct guest guest;
    uint16_t tail[PAIRS], cid;
    bool has_messages;
};

static uint64_t take(struct driver *g, unsigned bytes)
{
    return guest_take(&g->guest, bytes);
}

static void store(struct driver *g, paddr at, unsigned size, uint64_t value)
{
    guest_store(&g->guest, at, size, value);
}

enum { READ_ONLY = 1, SMALL_TRANSFERS = 2, FEW_QUEUES = 4, LARGE_BLOCKS = 8, KINDS = 16 };

static void add_devices(struct machine_config *c, unsigned kind)
{
    struct machine_thing *t;

    (void)guest_add_drive(c, "d0");
    thing_set_flag(guest_add_drive(c, "d1"), "readonly", (kind & READ_ONLY) != 0);
    t = guest_add(c, MODEL_CLASS, "disk", "nvme");
    thing_set_text(t, "drive", "d0");
    thing_set_text(t, "serial", "fuzz");
    thing_set_number(t, "mdts", (kind & SMALL_TRANSFERS) != 0 ? 1 : 7);
    thing_set_number(t, "max_ioqpairs", (kind & FEW_QUEUES) != 0 ? 2 : 64);
    t = guest_add(c, MODEL_CLASS, "more", "nvme-ns");
    thing_set_text(t, "drive", "d1");
    thing_set_number(t, "logical_block_size", (kind & LARGE_BLOCKS) != 0 ? 4096 : 512);
}

/* ---- commands ---------------------------------------------------------------------------------*/

struct command {
    uint32_t words[16];
};

static void put_pointer(struct command *c, unsigned word, uint64_t at)
{
    c->words[word] = (uint32_t)at;
    c->words[word + 1] = (uint32_t)(at >> 32);
}

/* In the queue; told if so. */
static void submit(struct driver *g, unsigned queue, const struct command *c, bool is_told)
{
    paddr at = QUEUES + (uint64_t)queue * PAGE + g->tail[queue] * UINT64_C(64);

    for (unsigned i = 0; i < ARRAY_LEN(c->words); i++) {
        store(g, at + UINT64_C(4) * i, 4, c->words[i]);
    }
    g->tail[queue] = (uint16_t)((g->tail[queue] + 1) % ENTRIES);
    if (is_told) {
        store(g, BAR + DOORBELLS + UINT64_C(8) * queue, 4, g->tail[queue]);
    }
}

/* What completes is heard, so that queues do not stay full. */
static void hear(struct driver *g)
{
    for (unsigned q = 0; q < PAIRS; q++) {
        store(g, BAR + DOORBELLS + UINT64_C(8) * q + 4, 4, take(g, 1) % ENTRIES);
    }
}

static void make_queue(struct driver *g, unsigned op, unsigned queue, uint32_t how)
{
    struct command c = {{op, 0}};

    put_pointer(&c, 6, QUEUES + (queue + (op == CREATE_CQ ? PAIRS : 0)) * (uint64_t)PAGE);
    c.words[10] = (ENTRIES - 1) << 16 | queue;
    c.words[11] = how;
    submit(g, 0, &c, true);
}

static void start(struct driver *g)
{
    unsigned how = (unsigned)take(g, 1);

    store(g, ECAM + 0x10, 4, BAR);
    store(g, ECAM + 0x14, 4, 0);
    store(g, ECAM + 0x04, 2, 7);
    store(g, BAR + CC, 4, 0);
    memset(g->tail, 0, sizeof g->tail);
    store(g, BAR + AQA, 4, (ENTRIES - 1) << 16 | (ENTRIES - 1));
    store(g, BAR + ASQ, 8, QUEUES);
    store(g, BAR + ACQ, 8, QUEUES + PAIRS * (uint64_t)PAGE);
    store(g, BAR + CC, 4, 0x00460001 | ((how & 64) != 0 ? (how & 7) << 7 : 0));
    for (unsigned q = 1; q < PAIRS; q++) {
        make_queue(g, CREATE_CQ, q, 3 | (g->has_messages ? q << 16 : 0));
        make_queue(g, CREATE_SQ, q, ((how >> 3 & 3) == q ? 1 : q) << 16 | 1);
    }
    guest_pass(&g->guest, 20000);
    for (unsigned q = 0; q < PAIRS; q++) {
        store(g, BAR + DOORBELLS + UINT64_C(8) * q + 4, 4, q == 0 ? 2 * (PAIRS - 1) : 0);
    }
}

/* Somewhere in the data, in the lists, or anywhere. */
static uint64_t place(struct driver *g)
{
    unsigned what = (unsigned)take(g, 1);

    switch (what >> 5) {
    case 0: return DATA + (what & 31) * UINT64_C(64);
    case 1: return LISTS + (what & 31) * UINT64_C(256);
    case 2: return LISTS + PAGE - (what & 31) * UINT64_C(8);
    case 3: return (what & 31) == 31 ? take(g, 8) : QUEUES + (what & 31) * (uint64_t)PAGE / 2;
    default: return DATA + (what & 127) * (uint64_t)PAGE;
    }
}

/* Small, most of the time. */
static uint32_t number(struct driver *g)
{
    unsigned what = (unsigned)take(g, 1);

    return what < 0xc0 ? what : (uint32_t)take(g, (what & 3) + 1) << (what >> 2 & 15);
}

static void make_command(struct driver *g)
{
    static const uint8_t ops[2][16] = {
        {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 6, 2, 9, 10, 0x0d, 0x80}, /* of the admin queue */
        {0, 1, 2, 4, 5, 8, 9, 12, 1, 2, 1, 2, 5, 8, 9, 0xff},
    };
    unsigned what = (unsigned)take(g, 1), queue = what % PAIRS;
    unsigned op = (what >> 2 & 31) < 31 ? ops[queue != 0][take(g, 1) % 16] : (unsigned)take(g, 2);
    struct command c = {{op | (uint32_t)++g->cid << 16, 0}};

    c.words[1] = (what & 128) != 0 ? number(g) : (uint32_t)take(g, 1) % 4;
    put_pointer(&c, 6, place(g));
    put_pointer(&c, 8, place(g));
    for (unsigned i = 10; i < ARRAY_LEN(c.words); i++) {
        c.words[i] = number(g);
    }
    submit(g, queue, &c, (what & 0x7c) != 0x40);
}

/* Reads and writes that make sense, but for the pages. */
static void make_transfer(struct driver *g)
{
    unsigned what = (unsigned)take(g, 1), queue = 1 + what % (PAIRS - 1);
    struct command c = {{1 + (what >> 6 & 1) + (uint32_t)(++g->cid << 16), 1 + (what >> 5 & 1)}};

    put_pointer(&c, 6, place(g));
    put_pointer(&c, 8, place(g));
    c.words[10] = (uint32_t)take(g, 1);
    c.words[12] = (uint32_t)take(g, 1) | (what >> 7) << 30;
    submit(g, queue, &c, true);
}

/* ---- steps ------------------------------------------------------------------------------------*/

static void make_list(struct driver *g)
{
    paddr at = LISTS + take(g, 1) * 64;
    unsigned count = 1 + (unsigned)take(g, 1) % 16;

    for (unsigned i = 0; i < count; i++) {
        store(g, at + UINT64_C(8) * i, 8, place(g));
    }
}

static void any_register(struct driver *g)
{
    static const paddr bases[] = {BAR,  BAR + DOORBELLS, BAR + TABLE, BAR + 0x3000,
                                  ECAM, ECAM + 0x40,     BAR,         ECAM};
    unsigned what = (unsigned)take(g, 1), size = 1u << (what >> 6) % 4;
    paddr at = bases[what % 8] + (take(g, 1) & ~(uint64_t)(size - 1));

    store(g, at, size, take(g, size));
    (void)guest_load(&g->guest, at, size);
}

/* On, by its capability, wherever that is. */
static void switch_messages(struct driver *g)
{
    paddr at = ECAM + (guest_load(&g->guest, ECAM + 0x34, 1) & 0xfc);

    for (unsigned i = 0; i < 8 && guest_load(&g->guest, at, 1) != 0x11; i++) {
        at = ECAM + (guest_load(&g->guest, at + 1, 1) & 0xfc);
    }
    g->has_messages = take(g, 1) % 2 == 0;
    store(g, at + 2, 2, g->has_messages ? 0x8000 : 0);
    for (unsigned i = 0; i < PAIRS && g->has_messages; i++) {
        store(g, BAR + TABLE + UINT64_C(16) * i, 8, DATA + UINT64_C(4) * i);
        store(g, BAR + TABLE + UINT64_C(16) * i + 8, 8, i);
    }
}

static void step(struct driver *g)
{
    switch (take(g, 1) % 16) {
    case 0: start(g); break;
    case 1: any_register(g); break;
    case 2: store(g, BAR + DOORBELLS + take(g, 1) % 32 * 4, 4, take(g, 1) % 20); break;
    case 3: guest_pass(&g->guest, 1 + take(g, 2)); break;
    case 4: guest_fill(&g->guest, DATA + take(g, 1) * 64, (unsigned)take(g, 1) % 32); break;
    case 5: make_list(g); break;
    case 6: switch_messages(g); break;
    case 7: hear(g); break;
    case 8: guest_fill(&g->guest, QUEUES + take(g, 2) % (2 * PAIRS * PAGE) / 8 * 8, 8); break;
    case 9:
    case 10:
    case 11: make_transfer(g); break;
    default: make_command(g);
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
