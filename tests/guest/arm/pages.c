// SPDX-License-Identifier: GPL-2.0-or-later
// pages: translation (DDI 0406C, B3): by short descriptors permissions of pages, domains, the access flag, large pages,
// supersections, both bases; ATS1C*; then the same addresses by long descriptors.
#include "arm.h"

#define WINDOW 0x80000000u
static uint32_t frame[2][1024] __attribute__((aligned(4096)));
static uint8_t stack[4096] __attribute__((aligned(16)));
#define TOP (stack + sizeof stack)

static uint32_t load(uint32_t va)
{
    return *(volatile uint32_t *)va;
}
static uint32_t store(uint32_t va)
{
    *(volatile uint32_t *)va = 0x600d;
    return 0;
}

// What happens as each of both: "-" for nothing, else the status.
static void look(const char *what, uint32_t va)
{
    say("%s:", what);
    for (unsigned i = 0; i < 4; i++) {
        trap_expect();
        if (i < 2) {
            (i == 0 ? load : store)(va);
        } else {
            run_as_user(i == 2 ? load : store, va, TOP);
        }
        struct trap_seen seen = trap_taken();
        if (seen.count == 0) {
            say(" -");
        } else {
            CHECK_EQ(seen.address, va);
            say(" %x", seen.status);
        }
    }
    say("\n");
}

static void permissions(void)
{
    static const uint8_t aps[] = {0, 1, 2, 3, 5, 7};
    uint32_t *entry = page_entry(WINDOW);
    for (unsigned i = 0; i < ARRAY_LEN(aps); i++) {
        *entry = (uint32_t)frame | PAGE | PAGE_NORMAL | PAGE_AP(aps[i]);
        tables_changed();
        say("AP %u", aps[i]);
        look("", WINDOW + 16);
    }
    *entry = 0;
    tables_changed();
    look("no page", WINDOW);
    look("no table", WINDOW + 0x10000000);
}

static void domains(void)
{
    table_1[WINDOW >> 20] |= 1 << 5; // domain 1
    *page_entry(WINDOW) = (uint32_t)frame | PAGE | PAGE_NORMAL | PAGE_AP(AP_KERNEL_READS);
    for (unsigned kind = 0; kind < 4; kind++) {
        write_cp15(0, c3, c0, 0, 1 | kind << 2);
        tables_changed();
        say("domain %u", kind);
        look("", WINDOW);
    }
    write_cp15(0, c3, c0, 0, 1);
    table_1[WINDOW >> 20] &= ~(15u << 5);
}

// SCTLR.AFE: AP[0] is the access flag.
static void access_flag(void)
{
    uint32_t sctlr = read_cp15(0, c1, c0, 0);
    uint32_t *entry = page_entry(WINDOW);
    // The flag is clear nowhere in what the program itself runs in, whose AP is 3 or 7.
    write_cp15(0, c1, c0, 0, sctlr | 1u << 29);
    for (unsigned ap = 0; ap < 8; ap++) {
        *entry = (uint32_t)frame | PAGE | PAGE_NORMAL | PAGE_AP(ap);
        tables_changed();
        say("AFE, AP %u", ap);
        look("", WINDOW + 4);
    }
    write_cp15(0, c1, c0, 0, sctlr);
    tables_changed();
}

static void sizes(void)
{
    uint32_t large = 0x40600000; // RAM behind the program
    for (unsigned i = 0; i < 16; i++) {
        page_entry(WINDOW + 0x10000)[i] =
            large | 1 | 3u << 2 | PAGE_AP(AP_ALL); // 64 KiB, executable
    }
    for (unsigned i = 0; i < 16; i++) {
        table_1[0x900 + i] = 0x41000000 | SECTION | 1u << 18 | SECTION_NORMAL | SECTION_AP(AP_ALL);
    }
    tables_changed();
    *(volatile uint32_t *)0x4060abcc = 0x1234;
    CHECK_EQ(load(WINDOW + 0x1abcc), 0x1234);
    *(volatile uint32_t *)0x41abcde0 = 0x5678;
    CHECK_EQ(load(0x90abcde0), 0x5678);
    write_cp15(0, c7, c8, 0, WINDOW + 0x1abcc);
    say("large %08x", read_cp15(0, c7, c4, 0) & 0xfffff001);
    write_cp15(0, c7, c8, 0, 0x90abcde0);
    say(" super %08x", read_cp15(0, c7, c4, 0) & 0xff000003);
    write_cp15(0, c7, c8, 3, 0x9000000); // a write by user mode
    say(" denied %x", read_cp15(0, c7, c4, 0) & 0x7f);
    write_cp15(0, c7, c8, 0, 0xf0000000);
    say(" nowhere %x\n", read_cp15(0, c7, c4, 0) & 0x7f);
}

// TTBCR.N: the upper part by TTBR1.
static void two_bases(void)
{
    write_cp15(0, c2, c0, 1, (uint32_t)table_1);
    write_cp15(0, c2, c0, 2, 1); // from 0x80000000 on
    tables_changed();
    CHECK_EQ(load(WINDOW + 0x1abcc), 0x1234);
    write_cp15(0, c2, c0, 2, 0x21); // PD1, which is the security extensions'
    tables_changed();
    look("PD1", WINDOW + 0x1abcc);
    write_cp15(0, c2, c0, 2, 0);
    tables_changed();
}

/* ---- long descriptors ---- */

static uint64_t first[4] __attribute__((aligned(32)));
static uint64_t second[4][512] __attribute__((aligned(4096)));
static uint64_t third[512] __attribute__((aligned(4096)));

#define LONG_DEVICE (UINT64_C(1) | 1u << 10 | UINT64_C(1) << 54)
#define LONG_RAM    (UINT64_C(1) | 1u << 2 | 1u << 6 | 3u << 8 | 1u << 10)

static void go_long(void)
{
    for (uint64_t i = 0; i < 2048; i++) {
        uint64_t at = i << 21;
        second[i >> 9][i & 511] = i < 512 ? at | LONG_DEVICE : i < 1024 ? at | LONG_RAM : 0;
    }
    second[2][0] = (uint32_t)third | 3;
    for (unsigned i = 0; i < 4; i++) {
        first[i] = (uint32_t)second[i] | 3;
    }
    memory_barrier();
    // Off in between: TTBR0's format changes with TTBCR.EAE.
    __asm__ volatile(
        "cpsid aif\n"
        "mrc p15, 0, r4, c1, c0, 0\n bic r4, r4, #1\n mcr p15, 0, r4, c1, c0, 0\n isb\n"
        "mov r5, #0\n mcrr p15, 0, %0, r5, c2\n"
        "mcr p15, 0, %1, c2, c0, 2\n mcr p15, 0, %2, c10, c2, 0\n"
        "mcr p15, 0, r5, c8, c7, 0\n dsb\n isb\n"
        "orr r4, r4, #1\n mcr p15, 0, r4, c1, c0, 0\n isb\n"
        :
        : "r"(first), "r"(0x80003500), "r"(0x44ff00 | 0x04)
        : "r4", "r5", "memory");
}

static void by_long_descriptors(void)
{
    go_long();
    for (unsigned ap = 0; ap < 4; ap++) {
        third[0] = (uint32_t)frame | UINT64_C(3) | 1u << 2 | ap << 6 | 3u << 8 | 1u << 10;
        tables_changed();
        say("long, AP %u", ap);
        look("", WINDOW + 8);
    }
    third[0] &= ~(UINT64_C(1) << 10);
    tables_changed();
    look("long, no access flag", WINDOW + 8);
    look("long, no page", WINDOW + 0x1000);
    look("long, no block", WINDOW + 0x200000);
    third[0] |= 1u << 10;
    second[2][0] |= UINT64_C(1) << 61; // APTable: not for user mode
    tables_changed();
    look("long, APTable", WINDOW + 8);
    second[2][0] &= ~(UINT64_C(1) << 61);
    second[2][0] |= UINT64_C(1) << 62; // read-only
    tables_changed();
    look("long, read-only", WINDOW + 8);
    write_cp15(0, c7, c8, 0, WINDOW + 8);
    CHECK_EQ(read_cp15_wide(0, c7) & 0xfffffff001, (uint32_t)frame);
}

void guest_main(void)
{
    permissions();
    domains();
    access_flag();
    sizes();
    two_bases();
    by_long_descriptors();
}
