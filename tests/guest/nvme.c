// SPDX-License-Identifier: GPL-2.0-or-later
// nvme: a guest with an NVM Express controller in slot 1 of PCI and a disk of 512 KiB behind it (NVM Express 1.4): reads all
// of it, several commands at a time and of many lengths, by PRP entries and lists; writes sectors of chance, some twice,
// zeroes and deallocates some, compares, and finds what a copy in memory says. Each completion sends a message, a
// store to RAM. Between rounds it sleeps for as long as commands take, so that one may be on its way at any tick.
#include "guest.h"

#ifdef __riscv
#define PCI_ECAM   0x30000000
#define PCI_MEMORY 0x40000000
static void map_ecam(void)
{
}
#else
#include "arm64.h"
#define PCI_ECAM   0x4010000000
#define PCI_MEMORY 0x10000000
// The boot code maps the first two GiB; this is far above.
static void map_ecam(void)
{
    table_1[PCI_ECAM >> 30] =
        (PCI_ECAM & ~UINT64_C(0x3fffffff)) | PTE_BLOCK | PTE_DEVICE | PTE_AF | PTE_PXN | PTE_UXN;
    tables_changed();
}
#endif

#define REG(size, at) (*(volatile uint##size##_t *)(uintptr_t)(at))
#define CONFIG(at)    (PCI_ECAM + (UINT64_C(1) << 15) + (at))
#define BAR           PCI_MEMORY
enum { CAP = 0, CC = 0x14, CSTS = 0x1c, AQA = 0x24, ASQ = 0x28, ACQ = 0x30, DOORBELLS = 0x1000 };
enum { TABLE = 0x2000, VECTOR = 1, ENTRIES = 16, PAGE = 4096, SECTORS = 1024, AT_ONCE = 4 };
enum { FLUSH = 0, WRITE = 1, READ = 2, COMPARE = 5, ZEROES = 8, RANGES = 9 };
enum { CREATE_SQ = 1, CREATE_CQ = 5, IDENTIFY = 6, DIFFERENT = 0x285 };

struct completion {
    uint32_t result, zero;
    uint16_t head, queue, cid, status;
};
// Of the admin queue and the other one.
static struct queue {
    uint32_t commands[ENTRIES][16];
    struct completion completions[ENTRIES] __attribute__((aligned(PAGE)));
} queues[2] __attribute__((aligned(PAGE)));
static unsigned tail[2], head[2], phase[2];
static uint64_t lists[AT_ONCE][PAGE / 8] __attribute__((aligned(PAGE)));
static uint64_t copy[SECTORS * 64], found[SECTORS * 64];
static uint8_t page[PAGE] __attribute__((aligned(PAGE)));
static volatile uint32_t mailbox;
static uint64_t seed = 9;

static void find(void)
{
    map_ecam();
    CHECK_EQ(REG(32, CONFIG(8)) >> 8, 0x010802);
    REG(32, CONFIG(0x10)) = BAR;
    REG(32, CONFIG(0x14)) = 0;
    REG(16, CONFIG(4)) = 6; // memory, master
    unsigned at = REG(8, CONFIG(0x34));
    while (at != 0 && REG(8, CONFIG(at)) != 0x11) {
        at = REG(8, CONFIG(at + 1));
    }
    CHECK(at != 0);
    REG(16, CONFIG(at + 2)) = 0x8000;
    for (unsigned i = 0; i <= VECTOR; i++) {
        REG(32, BAR + TABLE + 16 * i) = (uint32_t)(uintptr_t)&mailbox;
        REG(32, BAR + TABLE + 16 * i + 4) = (uint32_t)((uint64_t)(uintptr_t)&mailbox >> 32);
        REG(32, BAR + TABLE + 16 * i + 8) = 0x700 + i;
        REG(32, BAR + TABLE + 16 * i + 12) = 0;
    }
}

// A command in the queue, of which the caller sets the words that are not the same for all.
static uint32_t *put(unsigned q, unsigned cid, unsigned op, uint64_t first, uint64_t second)
{
    uint32_t *c = queues[q].commands[tail[q]];
    memset(c, 0, 64);
    c[0] = op | cid << 16;
    c[1] = q;
    c[6] = (uint32_t)first;
    c[7] = (uint32_t)(first >> 32);
    c[8] = (uint32_t)second;
    c[9] = (uint32_t)(second >> 32);
    tail[q] = (tail[q] + 1) % ENTRIES;
    return c;
}

// All that was put is told, and waited for; each ends with that status.
static void go(unsigned q, unsigned count, unsigned status)
{
    mailbox = 0;
    memory_barrier();
    REG(32, BAR + DOORBELLS + 8 * q) = tail[q];
    while (count > 0) {
        volatile struct completion *c = &queues[q].completions[head[q]];
        if ((c->status & 1) == phase[q]) {
            sleep_until_ns(clock_ns() + 3000);
            continue;
        }
        CHECK_EQ(c->status >> 1 & 0x7ff, status);
        CHECK_EQ(c->queue, q);
        head[q] = (head[q] + 1) % ENTRIES;
        phase[q] ^= head[q] == 0;
        REG(32, BAR + DOORBELLS + 8 * q + 4) = head[q];
        count--;
    }
    memory_barrier();
    CHECK_EQ(mailbox, 0x700 + q);
}

static void start(void)
{
    REG(32, BAR + CC) = 0;
    REG(32, BAR + AQA) = (ENTRIES - 1) << 16 | (ENTRIES - 1);
    REG(64, BAR + ASQ) = (uintptr_t)queues[0].commands;
    REG(64, BAR + ACQ) = (uintptr_t)queues[0].completions;
    REG(32, BAR + CC) = 0x00460001;
    CHECK_EQ(REG(32, BAR + CSTS), 1);
    put(0, 0, IDENTIFY, (uintptr_t)page, 0)[1] = 1; // the namespace
    go(0, 1, 0);
    CHECK_EQ(REG(64, page), SECTORS);
    uint32_t *c = put(0, 1, CREATE_CQ, (uintptr_t)queues[1].completions, 0);
    c[10] = (ENTRIES - 1) << 16 | 1;
    c[11] = VECTOR << 16 | 3;
    go(0, 1, 0);
    c = put(0, 2, CREATE_SQ, (uintptr_t)queues[1].commands, 0);
    c[10] = (ENTRIES - 1) << 16 | 1;
    c[11] = 1 << 16 | 1;
    go(0, 1, 0);
}

// Sectors to memory or from it, wherever they are in its pages; the n-th command at once.
static void transfer(unsigned n, unsigned op, unsigned sector, const void *data, unsigned count)
{
    uint64_t at = (uintptr_t)data, end = at + (uint64_t)count * 512, second = 0;
    uint64_t next = at / PAGE * PAGE + PAGE;
    if (end > next + PAGE) {
        for (unsigned i = 0; next + (uint64_t)i * PAGE < end; i++) {
            lists[n][i] = next + (uint64_t)i * PAGE;
        }
        second = (uintptr_t)lists[n];
    } else if (end > next) {
        second = next;
    }
    uint32_t *c = put(1, n, op, at, second);
    c[10] = sector;
    c[12] = count - 1;
}

static void read_all(uint64_t *to)
{
    unsigned sector = 0, round = 0;
    while (sector < SECTORS) {
        unsigned count = 0;
        for (; count < AT_ONCE && sector < SECTORS; count++) {
            unsigned length = 1 + (unsigned)(next_random(&seed) % (++round % 5 == 0 ? 128 : 24));
            length = length < SECTORS - sector ? length : SECTORS - sector;
            transfer(count, READ, sector, to + (size_t)sector * 64, length);
            sector += length;
        }
        go(1, count, 0);
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
        transfer(0, WRITE, sector, copy + (size_t)sector * 64, length);
        go(1, 1, 0);
        transfer(0, COMPARE, sector, copy + (size_t)sector * 64, length);
        go(1, 1, 0);
        if (i % 16 == 15) {
            put(1, 0, FLUSH, 0, 0);
            go(1, 1, 0);
        }
    }
    transfer(0, COMPARE, 1, copy, 1);
    go(1, 1, DIFFERENT);
}

static void zero_some(void)
{
    for (unsigned i = 0; i < 10; i++) {
        unsigned sector = (unsigned)(next_random(&seed) % (SECTORS - 30)),
                 count = 1 + (unsigned)(next_random(&seed) % 30);
        for (unsigned k = 0; k < count * 64; k++) {
            copy[(size_t)sector * 64 + k] = 0;
        }
        if (i % 2 == 0) {
            uint32_t *c = put(1, 0, ZEROES, 0, 0);
            c[10] = sector;
            c[12] = count - 1;
        } else {
            REG(32, page) = 0;
            REG(32, page + 4) = count;
            REG(64, page + 8) = sector;
            put(1, 0, RANGES, (uintptr_t)page, 0)[11] = 4; // one of them, deallocated
        }
        go(1, 1, 0);
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
