/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/nvme: a driver's way through an NVM Express controller, without a driver: starting it, what it says of itself,
 * queues, reads and writes by every form of PRP entries, namespaces, features, events, completions that wait
 * for room, interrupts by pin and message, refusals; and a guest that writes anything anywhere.
 */
#include <limits.h>
#include <unistd.h>

#include "../chance.h"
#include "bus/pci.h"
#include "dev/drive.h"
#include "dev_bench.h"
#include "registers.h"
#include "sector_image.h"

#define ECAM UINT64_C(0x30000000)
#define BAR  UINT64_C(0x40000000)
#define RAM  UINT64_C(0x80000000)
#define SLOT (UINT64_C(1) << 15) /* 1.0 */

#define ASQ   (RAM + 0x1000)
#define ACQ   (RAM + 0x2000)
#define IOSQ  (RAM + 0x3000)
#define IOCQ  (RAM + 0x4000)
#define LISTS (RAM + 0x8000)
#define DATA  (RAM + 0x100000)
enum { RAM_BYTES = 4 * MIB, ENTRIES = 8, BLOCKS = 3000, MAILBOX = 0x500 };

enum { CAP = 0, VS = 8, INTMS = 0xc, INTMC = 0x10, CC = 0x14, CSTS = 0x1c, AQA = 0x24 };
enum { R_ASQ = 0x28, R_ACQ = 0x30, DOORBELL = 0x1000, TABLE = 0x2000 };
#define CC_ON UINT32_C(0x00460001)

static char path[256];

static struct {
    struct bench bench;
    struct machine_config config;
    struct machine *machine;
    uint32_t tail[2], head[2]; /* of the admin queue and the first other one */
    unsigned phase[2], next_cid;
} b;

static void set(uint64_t at, unsigned size, uint64_t value)
{
    register_write(b.machine, at, size, value);
}

static uint64_t get(uint64_t at, unsigned size)
{
    return register_read(b.machine, at, size);
}

static void reg_set(uint64_t at, uint32_t value)
{
    set(BAR + at, 4, value);
}

static uint32_t reg_get(uint64_t at)
{
    return (uint32_t)get(BAR + at, 4);
}

static void put(paddr at, unsigned size, uint64_t value)
{
    uint8_t bytes[8];

    bytes_set_le(bytes, size, value);
    assert_true(mem_write_bytes(machine_mem(b.machine), at, bytes, size));
}

static uint64_t fetch(paddr at, unsigned size)
{
    uint8_t bytes[8];

    assert_true(mem_read_bytes(machine_mem(b.machine), at, bytes, size));
    return bytes_get_le(bytes, size);
}

static bool pin(void)
{
    for (unsigned n = 0; n < PCI_PINS; n++) {
        if (bench_line(&b.bench, 32 + n)) {
            return true;
        }
    }
    return false;
}

/* ---- the machine ------------------------------------------------------------------------------*/

static void add_drive(const char *id, bool is_readonly)
{
    struct machine_thing *t = machine_config_add_thing(&b.config, DRIVE_CLASS, id);

    t->file.name = base_strdup(path);
    t->file.in_part = true;
    thing_set_text(t, "format", "raw");
    thing_set_number(t, "bytes", BLOCKS * 512);
    thing_set_flag(t, "readonly", is_readonly);
}

static struct machine_thing *add_model(const char *id, const char *driver, const char *drive)
{
    struct machine_thing *t = machine_config_add_thing(&b.config, MODEL_CLASS, id);

    thing_set_text(t, "driver", driver);
    thing_set_text(t, "drive", drive);
    return t;
}

static void plug(void)
{
    static const struct pci_host_config host = {.ecam = ECAM,
                                                .ecam_bytes = 256 * MIB,
                                                .memory = BAR,
                                                .memory_bytes = 256 * MIB,
                                                .high = UINT64_C(0x400000000),
                                                .high_bytes = 1 * GIB,
                                                .io = 0x3000000,
                                                .io_bytes = 64 * KIB};
    struct buses buses;
    struct error e = {""};
    struct device *d;

    buses_init(&buses, b.machine, &b.config);
    d = pci_host_add(&buses, &host, &e);
    assert_non_null(d);
    for (unsigned n = 0; n < PCI_PINS; n++) {
        machine_connect(d, n, b.bench.lamp, 32 + n);
    }
    if (buses_plug(&buses, dev_models, &e) < 0 || machine_seal(b.machine, &e) < 0) {
        fail_msg("%s", e.text);
    }
    buses_fini(&buses);
}

static void open_disk(void)
{
    struct machine_thing *t;
    struct error e;

    memset(&b, 0, sizeof b);
    make_sector_image(path, sizeof path, "nvme", BLOCKS);
    machine_config_init(&b.config);
    add_drive("d0", false);
    add_drive("d1", true);
    thing_set_text(add_model("disk", "nvme", "d0"), "serial", "a number");
    t = add_model("more", "nvme-ns", "d1");
    thing_set_number(t, "nsid", 3);
    thing_set_number(t, "logical_block_size", 4096);
    thing_set_number(t, "eui64", UINT64_C(0x0102030405060708));
    bench_open_unsealed(&b.bench, &scratch, NULL, 0, 1);
    b.machine = b.bench.machine;
    assert_int_equal(mem_add_block(machine_mem(b.machine), "ram", RAM, RAM_BYTES, true, &e), 0);
    plug();
    set(ECAM + SLOT + PCI_BAR0, 4, (uint32_t)BAR);
    set(ECAM + SLOT + PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void close_disk(void)
{
    machine_config_fini(&b.config);
    bench_close(&b.bench);
    remove(path);
}

/* ---- a driver ---------------------------------------------------------------------------------*/

struct command {
    unsigned op;
    uint32_t space;
    paddr first, second;
    uint32_t words[6]; /* from word 10 on */
};

/* Puts it into a queue without telling. */
static unsigned submit(unsigned queue, const struct command *c)
{
    paddr at = (queue == 0 ? ASQ : IOSQ) + b.tail[queue] * 64;
    unsigned cid = ++b.next_cid;

    put(at, 4, c->op | cid << 16);
    put(at + 4, 4, c->space);
    put(at + 24, 8, c->first);
    put(at + 32, 8, c->second);
    for (unsigned i = 0; i < 6; i++) {
        put(at + 40 + 4 * i, 4, c->words[i]);
    }
    b.tail[queue] = (b.tail[queue] + 1) % ENTRIES;
    return cid;
}

static void ring(unsigned queue)
{
    reg_set(DOORBELL + 8 * queue, b.tail[queue]);
}

/* The next completion: its status, type and code; UINT_MAX: there is none. */
static unsigned take(unsigned queue, unsigned *cid, uint32_t *result)
{
    paddr at = (queue == 0 ? ACQ : IOCQ) + b.head[queue] * 16;
    uint64_t last = fetch(at + 12, 4);

    if ((last >> 16 & 1) == b.phase[queue]) {
        return UINT_MAX;
    }
    *result = (uint32_t)fetch(at, 4);
    assert_int_equal(fetch(at + 10, 2), queue);
    *cid = (unsigned)last & 0xffff;
    b.head[queue] = (b.head[queue] + 1) % ENTRIES;
    b.phase[queue] ^= b.head[queue] == 0;
    reg_set(DOORBELL + 8 * queue + 4, b.head[queue]);
    return (unsigned)(last >> 17 & 0x7ff);
}

static unsigned run(unsigned queue, const struct command *c, uint32_t *result)
{
    unsigned cid = submit(queue, c), got, status;
    uint32_t word;

    result = result != NULL ? result : &word;
    ring(queue);
    assert_int_equal(take(queue, &got, result), UINT_MAX); /* it takes time */
    bench_pass(&b.bench, 4999);
    assert_int_equal(take(queue, &got, result), UINT_MAX);
    assert_false(pin());
    bench_pass(&b.bench, 200000);
    status = take(queue, &got, result);
    assert_int_equal(got, cid);
    return status;
}

static void start(void)
{
    for (paddr at = ASQ; at < LISTS; at += 8) {
        put(at, 8, 0);
    }
    memset(b.tail, 0, sizeof b.tail);
    memset(b.head, 0, sizeof b.head);
    memset(b.phase, 0, sizeof b.phase);
    reg_set(AQA, (ENTRIES - 1) << 16 | (ENTRIES - 1));
    set(BAR + R_ASQ, 8, ASQ);
    reg_set(R_ACQ, (uint32_t)ACQ);
    reg_set(R_ACQ + 4, (uint32_t)(ACQ >> 32));
    assert_int_equal(reg_get(CSTS), 0);
    reg_set(CC, CC_ON);
    assert_int_equal(reg_get(CSTS), 1);
}

static unsigned make_queue(unsigned op, paddr at, uint32_t how)
{
    return run(0, &(struct command){.op = op, .first = at, .words = {(ENTRIES - 1) << 16 | 1, how}},
               NULL);
}

static void start_queues(void)
{
    start();
    assert_int_equal(make_queue(1, IOSQ, 1 << 16 | 1), 0x100); /* its completion queue first */
    assert_int_equal(make_queue(5, IOCQ, 3), 0);
    assert_int_equal(make_queue(1, IOSQ, 1 << 16 | 1), 0);
}

static struct command transfer(unsigned op, uint32_t block, unsigned blocks, paddr first,
                               paddr second)
{
    return (struct command){
        .op = op, .space = 1, .first = first, .second = second, .words = {block, 0, blocks - 1}};
}

static void check_blocks(paddr at, unsigned block, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(fetch(at + 512 * i, 1), (block + i) % 251 + 1);
        assert_int_equal(fetch(at + 512 * i + 511, 1), (block + i) % 251 + 1);
    }
}

/* ---- tests ------------------------------------------------------------------------------------*/

static void test_identify(void **state)
{
    struct command c = {.op = 6, .first = DATA, .second = DATA + 4096, .words = {1}};

    (void)state;
    open_disk();
    assert_int_equal(get(BAR + CAP, 8) & 0x1ffff, 0x107ff);
    assert_int_equal(reg_get(VS), 0x10400);
    start();
    assert_int_equal(run(0, &c, NULL), 0);
    assert_int_equal(fetch(DATA + 4, 8), bytes_get_le("a number", 8));
    assert_int_equal(fetch(DATA + 23, 1), ' ');
    assert_int_equal(fetch(DATA + 516, 4), 16);
    assert_int_equal(fetch(DATA + 77, 1), 7);
    c.words[0] = 2; /* which namespaces there are */
    assert_int_equal(run(0, &c, NULL), 0);
    assert_int_equal(fetch(DATA, 8), UINT64_C(0x300000001));
    assert_int_equal(fetch(DATA + 8, 8), 0);
    c.words[0] = 0;
    c.space = 1;
    c.first = DATA + 0x40; /* over a page's end */
    c.second = DATA + 0x8000;
    put(DATA + 0x8000 + 0x3f, 1, 7);
    assert_int_equal(run(0, &c, NULL), 0);
    assert_int_equal(fetch(DATA + 0x40, 8), BLOCKS);
    assert_int_equal(fetch(DATA + 0x40 + 130, 1), 9);
    assert_int_equal(fetch(DATA + 0x8000 + 0x3f, 1), 0);
    c.space = 3;
    assert_int_equal(run(0, &c, NULL), 0);
    assert_int_equal(fetch(DATA + 0x40, 8), BLOCKS / 8);
    assert_int_equal(fetch(DATA + 0x40 + 99, 1), 1); /* only read */
    assert_int_equal(fetch(DATA + 0x40 + 120, 8), UINT64_C(0x0807060504030201));
    c.space = 2;
    assert_int_equal(run(0, &c, NULL), 0);
    assert_int_equal(fetch(DATA + 0x40, 8), 0);
    c.space = 17;
    assert_int_equal(run(0, &c, NULL), 0x00b);
    c.words[0] = 0x77;
    assert_int_equal(run(0, &c, NULL), 2);
    close_disk();
}

static void test_reads_and_writes(void **state)
{
    struct command c;

    (void)state;
    open_disk();
    start_queues();
    c = transfer(2, 7, 3, DATA + 0x200, 0);
    assert_int_equal(run(1, &c, NULL), 0);
    check_blocks(DATA + 0x200, 7, 3);
    c = transfer(2, 100, 12, DATA + 0x800, DATA + 0x10000); /* two pages */
    assert_int_equal(run(1, &c, NULL), 0);
    check_blocks(DATA + 0x800, 100, 4);
    check_blocks(DATA + 0x10000, 104, 8);
    c = transfer(2, 100, 13, DATA + 0x800, LISTS + 0xff0); /* a list that ends with its page */
    put(LISTS + 0xff0, 8, DATA + 0x20000);
    put(LISTS + 0xff8, 8, DATA + 0x30000);
    assert_int_equal(run(1, &c, NULL), 0);
    check_blocks(DATA + 0x20000, 104, 8);
    check_blocks(DATA + 0x30000, 112, 1);
    /* 512 KiB, the most that passes, by a list that goes on in another page. */
    put(LISTS + 0xff8, 8, LISTS + 0x2000);
    for (unsigned i = 0; i < 127; i++) {
        put(i == 0 ? LISTS + 0xff0 : LISTS + 0x2000 + 8 * (i - 1), 8,
            DATA + 0x100000 + 4096 * (uint64_t)(126 - i));
    }
    c = transfer(2, 1000, 1024, DATA, LISTS + 0xff0);
    assert_int_equal(run(1, &c, NULL), 0);
    check_blocks(DATA, 1000, 8);
    for (unsigned i = 0; i < 127; i++) {
        check_blocks(DATA + 0x100000 + 4096 * (uint64_t)(126 - i), 1008 + 8 * i, 8);
    }
    c.words[2] = 1024;
    assert_int_equal(run(1, &c, NULL), 2);
    /* What is written is read, and compared. */
    for (unsigned i = 0; i < 1024; i += 8) {
        put(DATA + i, 8, 0x1122334455667788 + i);
    }
    c = transfer(1, 8, 2, DATA, 0);
    assert_int_equal(run(1, &c, NULL), 0);
    c = transfer(2, 7, 4, DATA + 0x1000, 0);
    assert_int_equal(run(1, &c, NULL), 0);
    check_blocks(DATA + 0x1000, 7, 1);
    check_blocks(DATA + 0x1600, 10, 1);
    assert_int_equal(fetch(DATA + 0x1200 + 1016, 8), 0x1122334455667788 + 1016);
    c = transfer(5, 8, 2, DATA, 0);
    assert_int_equal(run(1, &c, NULL), 0);
    put(DATA + 1000, 1, 0);
    assert_int_equal(run(1, &c, NULL), 0x285);
    c = transfer(0, 0, 1, 0, 0); /* flush */
    assert_int_equal(run(1, &c, NULL), 0);
    c.space = UINT32_MAX;
    assert_int_equal(run(1, &c, NULL), 0);
    close_disk();
}

static void test_zeroes(void **state)
{
    struct command c;

    (void)state;
    open_disk();
    start_queues();
    c = transfer(8, 20, 2, 0, 0);
    assert_int_equal(run(1, &c, NULL), 0);
    put(DATA + 4, 4, 1); /* two ranges: 24, and 26 and 27 */
    put(DATA + 8, 8, 24);
    put(DATA + 20, 4, 2);
    put(DATA + 24, 8, 26);
    c = (struct command){.op = 9, .space = 1, .first = DATA, .words = {1, 4}};
    assert_int_equal(run(1, &c, NULL), 0);
    c = transfer(2, 19, 10, DATA + 0x1000, DATA + 0x2000);
    assert_int_equal(run(1, &c, NULL), 0);
    for (unsigned i = 0; i < 10; i++) {
        bool is_zero = i == 1 || i == 2 || i == 5 || i == 7 || i == 8;

        assert_int_equal(fetch(DATA + 0x1000 + 512 * i, 1), is_zero ? 0 : (19 + i) % 251 + 1);
    }
    put(DATA + 8, 8, BLOCKS);
    c = (struct command){.op = 9, .space = 1, .first = DATA, .words = {1, 4}};
    assert_int_equal(run(1, &c, NULL), 0x080);
    close_disk();
}

static void test_refusals(void **state)
{
    struct command c;

    (void)state;
    open_disk();
    start_queues();
    c = transfer(2, BLOCKS - 1, 1, DATA, 0);
    assert_int_equal(run(1, &c, NULL), 0);
    c.words[2] = 1;
    assert_int_equal(run(1, &c, NULL), 0x080);
    c = transfer(2, UINT32_MAX, 1, DATA, 0);
    c.words[1] = UINT32_MAX;
    assert_int_equal(run(1, &c, NULL), 0x080);
    c = transfer(2, 0, 1, DATA + 2, 0); /* not aligned */
    assert_int_equal(run(1, &c, NULL), 0x013);
    c = transfer(2, 0, 16, DATA, DATA + 0x1200);
    assert_int_equal(run(1, &c, NULL), 0x013);
    c = transfer(2, 0, 64, DATA, LISTS + 4);
    assert_int_equal(run(1, &c, NULL), 0x013);
    c = transfer(2, 0, 1, RAM + RAM_BYTES, 0); /* no memory */
    assert_int_equal(run(1, &c, NULL), 0x004);
    c = transfer(1, 0, 1, BAR, 0); /* its own registers */
    assert_int_equal(run(1, &c, NULL), 0x004);
    c = transfer(2, 0, 64, DATA, BAR + DOORBELL);
    assert_int_equal(run(1, &c, NULL), 0x004);
    c = transfer(1, 0, 8, DATA, 0);
    c.space = 3; /* only read */
    assert_int_equal(run(1, &c, NULL), 0x020);
    c.op = 2;
    c.words[2] = 0;
    assert_int_equal(run(1, &c, NULL), 0);
    assert_int_equal(fetch(DATA + 4095, 1), 8);
    c.space = 2;
    assert_int_equal(run(1, &c, NULL), 2);
    c.space = 0;
    assert_int_equal(run(1, &c, NULL), 0x00b);
    c = transfer(0x4000 | 2, 0, 1, DATA, 0); /* a list of scatter and gather */
    assert_int_equal(run(1, &c, NULL), 2);
    c = transfer(0x55, 0, 1, DATA, 0);
    assert_int_equal(run(1, &c, NULL), 1);
    close_disk();
}

static void test_queues(void **state)
{
    struct command c = {.op = 4, .words = {1}};
    uint32_t result;
    unsigned cid;

    (void)state;
    open_disk();
    start_queues();
    assert_int_equal(make_queue(5, IOCQ, 3), 0x101); /* it is there */
    assert_int_equal(run(0, &c, NULL), 0x10c);       /* somebody completes to it */
    c = (struct command){.op = 5, .first = IOCQ, .words = {UINT32_C(7) << 16 | 2, 2}};
    assert_int_equal(run(0, &c, NULL), 2); /* not contiguous */
    c.words[1] = 3 | UINT32_C(1) << 16;
    assert_int_equal(run(0, &c, NULL), 0x108);
    c.words[0] = UINT32_C(2048) << 16 | 2;
    assert_int_equal(run(0, &c, NULL), 0x102);
    c.words[0] = UINT32_C(7) << 16 | 65;
    assert_int_equal(run(0, &c, NULL), 0x101);
    /* Completions that find no room wait until there is some. */
    c = transfer(2, 0, 1, DATA, 0);
    for (unsigned n = 0; n < 2; n++) {
        for (unsigned i = 0; i < 5; i++) {
            (void)submit(1, &c);
        }
        ring(1);
        bench_pass(&b.bench, 100000);
    }
    assert_true(pin());
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(take(1, &cid, &result), 0);
    }
    assert_int_equal(take(1, &cid, &result), UINT_MAX);
    assert_false(pin());
    /* Deleting a queue drops what is on its way. */
    (void)submit(1, &c);
    ring(1);
    c = (struct command){.op = 0, .words = {1}};
    (void)submit(0, &c);
    ring(0);
    bench_pass(&b.bench, 100000);
    assert_int_equal(take(0, &cid, &result), 0);
    assert_int_equal(take(1, &cid, &result), UINT_MAX);
    c.op = 4;
    assert_int_equal(run(0, &c, NULL), 0);
    assert_int_equal(run(0, &c, NULL), 0x101);
    close_disk();
}

static void test_features(void **state)
{
    struct command c = {.op = 9, .words = {7, 0x000f000f}};
    uint32_t result;

    (void)state;
    open_disk();
    start();
    assert_int_equal(run(0, &c, &result), 0);
    assert_int_equal(result, 0x003f003f);
    c = (struct command){.op = 9, .words = {6, 0}};
    assert_int_equal(run(0, &c, NULL), 0);
    c.op = 10;
    assert_int_equal(run(0, &c, &result), 0);
    assert_int_equal(result, 0);
    c.words[0] = 0x106; /* the default */
    assert_int_equal(run(0, &c, &result), 0);
    assert_int_equal(result, 1);
    c.words[0] = 0x55;
    assert_int_equal(run(0, &c, NULL), 2);
    c = (struct command){.op = 9, .words = {UINT32_C(1) << 31 | 6, 0}};
    assert_int_equal(run(0, &c, NULL), 0x10d);
    c = (struct command){.op = 9, .words = {9, 0x10003}};
    assert_int_equal(run(0, &c, NULL), 0);
    c = (struct command){.op = 10, .words = {9, 3}};
    assert_int_equal(run(0, &c, &result), 0);
    assert_int_equal(result, 0x10003);
    /* Logs. */
    c = (struct command){.op = 2, .space = UINT32_MAX, .first = DATA, .words = {127 << 16 | 2}};
    assert_int_equal(run(0, &c, NULL), 0);
    assert_int_equal(fetch(DATA + 1, 2), 323);
    c.words[0] = 0x77;
    assert_int_equal(run(0, &c, NULL), 0x109);
    /* A reset forgets. */
    reg_set(CC, 0);
    assert_int_equal(reg_get(CSTS), 0);
    start();
    c = (struct command){.op = 10, .words = {6}};
    assert_int_equal(run(0, &c, &result), 0);
    assert_int_equal(result, 1);
    close_disk();
}

static void test_events(void **state)
{
    struct command ask = {.op = 12}, c;
    unsigned cid, first;
    uint32_t result;

    (void)state;
    open_disk();
    start();
    for (unsigned i = 0; i < 5; i++) {
        first = submit(0, &ask);
        ring(0);
        bench_pass(&b.bench, 100000);
        assert_int_equal(take(0, &cid, &result), i < 4 ? UINT_MAX : 0x105);
    }
    reg_set(DOORBELL + 8 * 9, 1); /* there is no such queue */
    reg_set(DOORBELL, ENTRIES);   /* nor such an entry: waits until the log was read */
    bench_pass(&b.bench, 100000);
    assert_int_equal(take(0, &cid, &result), 0);
    assert_int_equal(cid, first - 4);
    assert_int_equal(result, 0x010000);
    assert_int_equal(take(0, &cid, &result), UINT_MAX);
    c = (struct command){.op = 2, .first = DATA, .words = {15 << 16 | 1}};
    cid = submit(0, &c);
    ring(0);
    bench_pass(&b.bench, 100000);
    assert_int_equal(take(0, &cid, &result), 0);
    assert_int_equal(cid, first - 3);
    assert_int_equal(result, 0x010100);
    assert_int_equal(take(0, &cid, &result), 0);
    /* One is aborted; what is done already is not. */
    c = (struct command){.op = 8, .words = {(first - 1) << 16}};
    cid = submit(0, &c);
    ring(0);
    bench_pass(&b.bench, 100000);
    assert_int_equal(take(0, &cid, &result), 7);
    assert_int_equal(cid, first - 1);
    assert_int_equal(take(0, &cid, &result), 0);
    assert_int_equal(result, 0);
    assert_int_equal(run(0, &c, &result), 0);
    assert_int_equal(result, 1);
    /* It is warmer than the guest likes. */
    c = (struct command){.op = 9, .words = {11, 2}};
    assert_int_equal(run(0, &c, NULL), 0);
    c.words[0] = 4;
    c.words[1] = 300;
    (void)submit(0, &c);
    ring(0);
    bench_pass(&b.bench, 100000);
    assert_int_equal(take(0, &cid, &result), 0);
    assert_int_equal(result, 0x020101);
    assert_int_equal(take(0, &cid, &result), 0);
    close_disk();
}

static void test_interrupts(void **state)
{
    struct command c = {.op = 10, .words = {7}};
    unsigned cid, msix = 0;
    uint32_t result;

    (void)state;
    open_disk();
    start();
    (void)submit(0, &c);
    reg_set(INTMS, 1);
    ring(0);
    bench_pass(&b.bench, 100000);
    assert_false(pin());
    reg_set(INTMC, 1);
    assert_true(pin());
    assert_int_equal(take(0, &cid, &result), 0);
    assert_false(pin());
    for (uint64_t at = get(ECAM + SLOT + 0x34, 1); at != 0; at = get(ECAM + SLOT + at + 1, 1)) {
        msix = get(ECAM + SLOT + at, 1) == PCI_CAP_MSIX ? (unsigned)at : msix;
    }
    assert_int_not_equal(msix, 0);
    set(BAR + TABLE, 4, RAM + MAILBOX);
    set(BAR + TABLE + 4, 4, 0);
    set(BAR + TABLE + 8, 4, 0x77);
    set(BAR + TABLE + 12, 4, 0);
    set(ECAM + SLOT + msix + 2, 2, 0x8000);
    assert_int_equal(run(0, &c, NULL), 0);
    assert_false(pin());
    assert_int_equal(fetch(RAM + MAILBOX, 4), 0x77);
    put(RAM + MAILBOX, 4, 0);
    /* A message that rings the controller's own doorbell. */
    set(BAR + TABLE, 4, BAR + DOORBELL + 4);
    set(BAR + TABLE + 8, 4, 3);
    (void)submit(0, &c);
    ring(0);
    bench_pass(&b.bench, 100000);
    close_disk();
}

/* By its capability of PCI Express, 6.6.2; its base address is set anew. */
static void reset_function(void)
{
    uint64_t at = ECAM + SLOT + get(ECAM + SLOT + PCI_CAPABILITIES, 1);

    while (get(at, 1) != PCI_CAP_EXPRESS) {
        assert_int_not_equal(get(at + 1, 1), 0);
        at = ECAM + SLOT + get(at + 1, 1);
    }
    assert_int_equal(get(at + 4, 4) >> 28 & 1, 1);
    set(at + 8, 2, 0x8000);
    assert_int_equal(get(ECAM + SLOT + PCI_COMMAND, 2), 0);
    set(ECAM + SLOT + PCI_BAR0, 4, (uint32_t)BAR);
    set(ECAM + SLOT + PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void test_stop(void **state)
{
    struct command c = transfer(2, 0, 1, DATA, 0);
    unsigned cid;
    uint32_t result;

    (void)state;
    open_disk();
    start_queues();
    put(DATA, 8, 0x55);
    c = transfer(1, 5, 1, DATA, 0);
    assert_int_equal(run(1, &c, NULL), 0);
    reg_set(CC, CC_ON | 15 << 7); /* not while it is on */
    assert_int_equal(reg_get(CC), CC_ON);
    (void)submit(1, &c);
    ring(1);
    reg_set(CC, CC_ON | 1 << 14); /* shut down */
    assert_int_equal(reg_get(CSTS), 1 | 2 << 2);
    reg_set(CC, 0);
    assert_int_equal(reg_get(CSTS), 0);
    bench_pass(&b.bench, 100000);
    assert_int_equal(take(1, &cid, &result), UINT_MAX);
    start_queues();
    (void)submit(1, &c);
    ring(1);
    reset_function();
    bench_pass(&b.bench, 100000);
    assert_int_equal(reg_get(CC) | reg_get(CSTS), 0);
    assert_int_equal(fetch(IOCQ + 12, 4) >> 16 & 1, 0); /* what was on its way is gone */
    reg_set(CC, CC_ON | 7 << 7);                        /* pages of 512 KiB */
    assert_int_equal(reg_get(CSTS), 2);
    reg_set(CC, 0);
    machine_request_reset(b.machine, RESET_POWER);
    bench_pass(&b.bench, 1);
    set(ECAM + SLOT + PCI_BAR0, 4, (uint32_t)BAR);
    set(ECAM + SLOT + PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    assert_int_equal(reg_get(CC), 0);
    start_queues();
    c = transfer(2, 5, 1, DATA + 0x1000, 0); /* the disk keeps what was written */
    assert_int_equal(run(1, &c, NULL), 0);
    assert_int_equal(fetch(DATA + 0x1000, 8), 0x55);
    close_disk();
}

/* ---- chance -----------------------------------------------------------------------------------*/

static paddr some_place(uint64_t x)
{
    static const paddr places[] = {DATA, DATA + 0x20, LISTS, LISTS + 0xff8, ASQ, IOCQ, BAR, 0};

    return x % 16 == 15 ? x : places[x % 8] + (x % 5 == 0 ? x >> 8 & 0xff8 : 0);
}

static void chance_command(uint64_t *seed, unsigned queue)
{
    static const uint8_t admin[] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12}, io[] = {0, 1, 2, 5, 8, 9, 12};
    uint64_t x = chance_next(seed), y = chance_next(seed);
    struct command c = {.op = queue == 0 ? admin[x % ARRAY_LEN(admin)] : io[x % ARRAY_LEN(io)],
                        .space = (uint32_t)(x >> 20 & 3),
                        .first = some_place(x >> 8),
                        .second = some_place(x >> 24)};

    for (unsigned i = 0; i < 6; i++) {
        c.words[i] = (uint32_t)(chance_next(seed) & ((y >> i & 1) != 0 ? 0x000f00ff : 0x3ff));
    }
    c.op = x >> 58 == 0 ? (unsigned)(y & 0xffff) : c.op;
    put(LISTS + (y >> 8 & 0x1ff8), 8, some_place(y >> 16));
    (void)submit(queue, &c);
}

static void test_hostile(void **state)
{
    (void)state;
    open_disk();
    for (uint64_t seed = 1, n = 0; n < 40000; n++) {
        uint64_t x = chance_next(&seed);

        if (n % 2000 == 0) {
            reg_set(CC, 0);
            reg_set(CC, 0);
            start_queues();
        }
        switch (x % 8) {
        case 0: reg_set(DOORBELL + (x >> 8 & 0x3c), (uint32_t)(x >> 20 & 15)); break;
        case 1:
            if ((x >> 8 & 63) == 0) {
                set(BAR + (x >> 16 & 0x3c), (x >> 30 & 1) != 0 ? 4 : 8, chance_next(&seed));
            }
            break;
        case 2: bench_pass(&b.bench, 3000); break;
        case 3: (void)get(BAR + (x >> 8 & 0x1ffc), 4); break;
        case 4: reg_set(DOORBELL + 4 + (x >> 8 & 8), (uint32_t)(x >> 20 & 7)); break;
        default: chance_command(&seed, x >> 8 & 1); ring(x >> 8 & 1);
        }
    }
    close_disk();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identify), cmocka_unit_test(test_reads_and_writes),
        cmocka_unit_test(test_zeroes),   cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_queues),   cmocka_unit_test(test_features),
        cmocka_unit_test(test_events),   cmocka_unit_test(test_interrupts),
        cmocka_unit_test(test_stop),     cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
