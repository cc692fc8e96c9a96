// SPDX-License-Identifier: GPL-2.0-or-later
// disk: a guest with a virtio-blk disk of 512 KiB in a slot of its board (Virtual I/O Device specification 1.2, 2.7,
// 4.2 and 5.2; the legacy interface too): reads all of it, several requests at a time and of many lengths, writes
// sectors of chance, some twice, zeroes and discards some, and finds what a copy in memory says. Between rounds it
// sleeps for as long as requests take, so that one may be on its way at any tick.
#include "guest.h"

#ifdef __riscv
enum { SLOTS_AT = 0x10001000, SLOT_STEP = 0x1000, SLOTS = 8 };
#else
enum { SLOTS_AT = 0x0a000000, SLOT_STEP = 0x200, SLOTS = 32 };
#endif

enum {
    MAGIC = 0,
    VERSION = 4,
    DEVICE = 8,
    FEATURES = 0x10,
    FEATURES_SEL = 0x14,
    TAKEN = 0x20,
    TAKEN_SEL = 0x24
};
enum {
    PAGE = 0x28,
    SEL = 0x30,
    SIZE = 0x38,
    ALIGN = 0x3c,
    PFN = 0x40,
    READY = 0x44,
    NOTIFY = 0x50,
    STATUS = 0x70
};
enum { DESC_LOW = 0x80, DRIVER_LOW = 0x90, DEVICE_LOW = 0xa0, CONFIG = 0x100 };
enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_DISCARD = 11, T_ZERO = 13 };
enum { QUEUE = 32, SECTORS = 1024, AT_ONCE = 4 };

struct descriptor {
    uint64_t at;
    uint32_t bytes;
    uint16_t flags, next;
};
static struct {
    struct descriptor desc[QUEUE];
    struct {
        uint16_t flags, index, ring[QUEUE];
    } driver;
    struct {
        uint16_t flags, index;
        struct {
            uint32_t id, written;
        } ring[QUEUE];
    } device __attribute__((aligned(4096)));
} queue __attribute__((aligned(4096)));
static struct {
    uint32_t type, zero;
    uint64_t sector;
} header[AT_ONCE];
static volatile uint8_t status[AT_ONCE];
static uint64_t copy[SECTORS * 64], found[SECTORS * 64];
static struct {
    uint64_t sector;
    uint32_t count, flags;
} range;
static uintptr_t slot;
static uint16_t made;
static uint64_t seed = 9;

static volatile uint32_t *reg(unsigned at)
{
    return (volatile uint32_t *)(slot + at);
}

static void find(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        slot = SLOTS_AT + SLOT_STEP * (uintptr_t)i;
        if (*reg(MAGIC) == 0x74726976 && *reg(DEVICE) == 2) {
            return;
        }
    }
    CHECK(!"there is no disk");
    guest_finish();
}

static void put_address(unsigned at, const void *what)
{
    *reg(at) = (uint32_t)(uintptr_t)what;
    *reg(at + 4) = (uint32_t)((uint64_t)(uintptr_t)what >> 32);
}

static void start(void)
{
    bool legacy = *reg(VERSION) == 1;
    *reg(STATUS) = 0;
    *reg(STATUS) = 1;
    *reg(STATUS) = 3;
    *reg(FEATURES_SEL) = 0;
    CHECK((*reg(FEATURES) & 1u << 9) != 0); // flush
    *reg(TAKEN_SEL) = 0;
    *reg(TAKEN) = 1u << 9 | 1u << 13 | 1u << 14;
    if (!legacy) {
        *reg(TAKEN_SEL) = 1;
        *reg(TAKEN) = 1; // version 1
        *reg(STATUS) = 11;
    }
    *reg(SEL) = 0;
    *reg(SIZE) = QUEUE;
    if (legacy) {
        *reg(PAGE) = 4096;
        *reg(ALIGN) = 4096;
        *reg(PFN) = (uint32_t)((uintptr_t)&queue >> 12);
        *reg(STATUS) = 7;
    } else {
        put_address(DESC_LOW, queue.desc);
        put_address(DRIVER_LOW, &queue.driver);
        put_address(DEVICE_LOW, &queue.device);
        *reg(READY) = 1;
        *reg(STATUS) = 15;
    }
    CHECK_EQ(*reg(CONFIG), SECTORS);
}

static void put(unsigned i, uint32_t type, uint64_t sector, void *data, uint32_t bytes)
{
    uint16_t first = (uint16_t)(3 * i);
    header[i].type = type;
    header[i].sector = sector;
    status[i] = 0xff;
    queue.desc[first] =
        (struct descriptor){(uintptr_t)&header[i], 16, 1, (uint16_t)(first + (bytes != 0 ? 1 : 2))};
    queue.desc[first + 1] =
        (struct descriptor){(uintptr_t)data, bytes, type == T_IN ? 3 : 1, (uint16_t)(first + 2)};
    queue.desc[first + 2] = (struct descriptor){(uintptr_t)&status[i], 1, 2, 0};
    queue.driver.ring[made++ % QUEUE] = first;
}

// All that was put is issued, and waited for.
static void go(unsigned count)
{
    memory_barrier();
    *(volatile uint16_t *)&queue.driver.index = made;
    memory_barrier();
    *reg(NOTIFY) = 0;
    while (*(volatile uint16_t *)&queue.device.index != made) {
        sleep_until_ns(clock_ns() + 3000);
    }
    memory_barrier();
    for (unsigned i = 0; i < count; i++) {
        CHECK_EQ(status[i], 0);
    }
}

// Where it belongs in `to`.
static void read_all(uint64_t *to)
{
    unsigned sector = 0, round = 0;
    while (sector < SECTORS) {
        unsigned count = 0;
        for (; count < AT_ONCE && sector < SECTORS; count++) {
            unsigned length = 1 + (unsigned)(next_random(&seed) % (++round % 5 == 0 ? 128 : 24));
            length = length < SECTORS - sector ? length : SECTORS - sector;
            put(count, T_IN, sector, to + (size_t)sector * 64, length * 512);
            sector += length;
        }
        go(count);
    }
}

static uint64_t sum_of(const uint64_t *of)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < SECTORS * 64; i++) {
        sum = mix(sum, of[i]);
    }
    return sum;
}

static void write_some(void)
{
    for (unsigned i = 0; i < 60; i++) {
        unsigned sector = (unsigned)(next_random(&seed) % (SECTORS - 40)),
                 length = 1 + (unsigned)(next_random(&seed) % 40);
        for (unsigned k = 0; k < length * 64; k++) {
            copy[(size_t)sector * 64 + k] = next_random(&seed);
        }
        put(0, T_OUT, sector, copy + (size_t)sector * 64, length * 512);
        go(1);
        if (i % 16 == 15) {
            put(0, T_FLUSH, 0, NULL, 0);
            go(1);
        }
    }
}

static void zero_some(void)
{
    for (unsigned i = 0; i < 10; i++) {
        range.sector = next_random(&seed) % (SECTORS - 30);
        range.count = 1 + (uint32_t)(next_random(&seed) % 30);
        for (unsigned k = 0; k < range.count * 64; k++) {
            copy[(size_t)range.sector * 64 + k] = 0;
        }
        put(0, i % 2 == 0 ? T_ZERO : T_DISCARD, 0, &range, sizeof range);
        go(1);
    }
}

void guest_main(void)
{
    find();
    start();
    read_all(copy);
    say("read %lx\n", sum_of(copy));
    write_some();
    zero_some();
    read_all(found);
    CHECK_EQ(sum_of(found), sum_of(copy));
    say("wrote %lx\n", sum_of(copy));
}
