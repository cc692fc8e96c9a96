// SPDX-License-Identifier: GPL-2.0-or-later
// refused: accesses that devices, the boot ROM and places without anything refuse, or not: every size,
// aligned and askew by a byte, loads, stores, atomics and fetches. A number is what was read (v: some
// value); A is an access fault, M a misaligned one, - that it was done or dropped. QEMU 10.0 differs from
// this in what is askew where it can be made of smaller accesses, and in CLINT's msip by 8 bytes; 7.2
// (expected/refused.reference.txt) in more that is askew.
#include "riscv.h"

#define ROM 0x1000 // what is executed there starts the program

struct place {
    const char *name;
    uint64_t at;
    bool changes; // what is read there is not the same each time
};

static char letter(const struct trap_seen *t)
{
    switch (t->cause) {
    case CAUSE_LOAD_ACCESS:
    case CAUSE_STORE_ACCESS:
    case CAUSE_FETCH_ACCESS: return 'A';
    case CAUSE_LOAD_MISALIGNED:
    case CAUSE_STORE_MISALIGNED:
    case CAUSE_FETCH_MISALIGNED: return 'M';
    case CAUSE_NONE: return '-';
    default: return 'p';
    }
}

static uint64_t load(uint64_t at, unsigned size)
{
    uint64_t v = 0;
    switch (size) {
    case 1: __asm__ volatile("lbu %0, 0(%1)" : "+r"(v) : "r"(at) : "memory"); break;
    case 2: __asm__ volatile("lhu %0, 0(%1)" : "+r"(v) : "r"(at) : "memory"); break;
    case 4: __asm__ volatile("lwu %0, 0(%1)" : "+r"(v) : "r"(at) : "memory"); break;
    default: __asm__ volatile("ld %0, 0(%1)" : "+r"(v) : "r"(at) : "memory"); break;
    }
    return v;
}

static void store(uint64_t at, unsigned size, uint64_t v)
{
    switch (size) {
    case 1: __asm__ volatile("sb %0, 0(%1)" : : "r"(v), "r"(at) : "memory"); break;
    case 2: __asm__ volatile("sh %0, 0(%1)" : : "r"(v), "r"(at) : "memory"); break;
    case 4: __asm__ volatile("sw %0, 0(%1)" : : "r"(v), "r"(at) : "memory"); break;
    default: __asm__ volatile("sd %0, 0(%1)" : : "r"(v), "r"(at) : "memory"); break;
    }
}

static void say_load(const struct place *p, uint64_t at, unsigned size)
{
    trap_expect();
    uint64_t v = load(at, size);
    struct trap_seen t = trap_taken();
    if (t.cause != CAUSE_NONE) {
        say(" %c", letter(&t));
        CHECK(at % size != 0 || t.tval == at);
    } else if (p->changes) {
        say(" v");
    } else {
        say(" %lx", v);
    }
}

static void say_store(const struct place *p, uint64_t at, unsigned size)
{
    trap_expect();
    uint64_t old = load(p->at, 4); // what is stored is what is there, or 0
    (void)trap_taken();
    trap_expect();
    store(at, size, p->changes ? 0 : old);
    struct trap_seen t = trap_taken();
    say(" %c", letter(&t));
    CHECK(t.cause == CAUSE_NONE || at % size != 0 || t.tval == at);
}

static void atomics(uint64_t at)
{
    uint64_t v = 0;
    trap_expect();
    __asm__ volatile("amoor.w %0, zero, (%1)" : "+r"(v) : "r"(at) : "memory");
    struct trap_seen t = trap_taken();
    say(", amo %c", letter(&t));
    trap_expect();
    __asm__ volatile("lr.w %0, (%1)" : "+r"(v) : "r"(at) : "memory");
    t = trap_taken();
    say(", lr %c", letter(&t));
}

static void fetch(uint64_t at)
{
    trap_expect();
    ((void (*)(void))at)();
    struct trap_seen t = trap_taken();
    say(", fetch %c\n", letter(&t));
}

static void ask(const struct place *p)
{
    static const unsigned sizes[] = {1, 2, 4, 8};
    say("%s: load", p->name);
    for (unsigned i = 0; i < 4; i++) {
        say_load(p, p->at, sizes[i]);
    }
    say(" askew");
    for (unsigned i = 1; i < 4; i++) {
        say_load(p, p->at + 1, sizes[i]);
    }
    say(", store");
    for (unsigned i = 0; i < 4; i++) {
        say_store(p, p->at, sizes[i]);
    }
    say(" askew");
    for (unsigned i = 1; i < 4; i++) {
        say_store(p, p->at + 1, sizes[i]);
    }
    atomics(p->at);
    if (p->at != ROM) {
        fetch(p->at);
    }
}

void guest_main(void)
{
    static const struct place places[] = {
        {"nothing at 0", 0x0, false},
        {"behind the ROM", 0x10000, false},
        {"nothing", 0xff000, false},
        {"behind the RTC", 0x102000, false},
        {"far away", 0x18000000, false},
        {"finisher", 0x100000, false},
        {"finisher + 4", 0x100004, false},
        {"finisher, last", 0x100ff8, false},
        {"RTC time", 0x101000, true},
        {"RTC alarm high", 0x10100c, false},
        {"RTC alarm status", 0x101018, false},
        {"RTC, no register", 0x101020, false},
        {"RTC, last", 0x101ff8, false},
        {"CLINT msip", 0x2000000, false},
        {"CLINT msip + 4 * 100", 0x2000190, false},
        {"CLINT behind msip", 0x2003ff8, false},
        {"CLINT mtimecmp", 0x2004000, true},
        {"CLINT mtimecmp high", 0x2004004, true},
        {"CLINT behind mtimecmp", 0x2007ff8, false},
        {"CLINT mtime", 0x200bff8, true},
        {"CLINT mtime high", 0x200bffc, true},
        {"CLINT behind mtime", 0x200c000, false},
        {"behind the CLINT", 0x2010000, false},
        {"PLIC priority 0", 0xc000000, false},
        {"PLIC priority 1", 0xc000004, false},
        {"PLIC priority 200", 0xc000320, false},
        {"PLIC pending", 0xc001000, false},
        {"PLIC behind pending", 0xc001010, false},
        {"PLIC enable", 0xc002000, false},
        {"PLIC behind enable", 0xc010000, false},
        {"PLIC threshold", 0xc200000, false},
        {"PLIC claim", 0xc200004, false},
        {"PLIC behind a context", 0xc200008, false},
        {"UART MCR", 0x10000004, true},
        {"UART SCR", 0x10000007, true},
        {"UART, no register", 0x10000008, false},
        {"UART, last", 0x100000f8, false},
        {"behind the UART", 0x10000100, false},
    };
    for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
        ask(&places[i]);
    }
    static const struct place rom = {"ROM", ROM, true};
    uint64_t first = load(rom.at, 8);
    ask(&rom);
    store(rom.at, 8, ~first);
    __asm__ volatile("amoswap.d zero, zero, (%0)" : : "r"(rom.at) : "memory");
    say("\nROM %s\n", load(rom.at, 8) == first ? "is as it was" : "was changed");
}
