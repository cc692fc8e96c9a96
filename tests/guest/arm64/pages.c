// SPDX-License-Identifier: GPL-2.0-or-later
// pages: translation: permissions of both levels, access flag, PAN by LDTR, levels of faults, ASIDs and global
// entries, contiguous memory through other addresses, AT, what TLBI forgets, tags, tables for 16K and 64K granules.
#include "arm64.h"

#define PAGE UINT64_C(4096)
#define VA   UINT64_C(0x4000000000) /* beyond what is mapped, in the 39 bits that there are */

static uint8_t stack[4096] __attribute__((aligned(16)));
static uint64_t data[2][512] __attribute__((aligned(4096)));
#define TOP (stack + sizeof stack)

static __attribute__((noipa)) uint64_t load(uint64_t at)
{
    uint64_t value;
    __asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(at) : "memory");
    return value;
}
static uint64_t store(uint64_t at)
{
    __asm__ volatile("str %0, [%0]" : : "r"(at) : "memory");
    return 0;
}
static uint64_t load_as_el0(uint64_t at)
{
    uint64_t value;
    __asm__ volatile("ldtr %0, [%1]" : "=r"(value) : "r"(at) : "memory");
    return value;
}
static uint64_t call(uint64_t at)
{
    __asm__ volatile("mov x9, x30\n blr %0\n mov x30, x9" : "+r"(at) : : "x9", "x30", "memory");
    return 0;
}

/* Syndrome of fn(at), 0 if it does not fault. */
static uint64_t syndrome(uint64_t (*fn)(uint64_t), uint64_t at, bool at_el0)
{
    trap_expect();
    if (at_el0) {
        run_at_el0(fn, at, TOP);
    } else {
        fn(at);
    }
    struct trap_seen seen = trap_taken();
    if (seen.count == 0) {
        return 0;
    }
    CHECK_EQ(seen.far, at);
    CHECK_EQ(ESR_EC(seen.esr) & 1, !at_el0);
    return ESR_ISS(seen.esr) & 0x7f;
}

static void set(uint64_t va, uint64_t entry)
{
    *page_entry(va) = entry;
    tables_changed();
}

// Loads and stores at both levels, for each AP, with AF and without.
static void permissions(void)
{
    for (unsigned ap = 0; ap < 4; ap++) {
        set(VA, (uint64_t)data[0] | PTE_PAGE | PTE_NORMAL | PTE_AF | PTE_UXN | PTE_PXN | ap << 6);
        say("ap %u:", ap);
        for (unsigned who = 0; who < 2; who++) {
            say(" %02lx %02lx", syndrome(load, VA, who), syndrome(store, VA, who));
        }
        say(" %02lx %02lx\n", syndrome(load_as_el0, VA, false), syndrome(call, VA, false));
    }
    set(VA, (uint64_t)data[0] | PTE_PAGE | PTE_DATA);
    set(VA, ((uint64_t)data[0] | PTE_PAGE | PTE_DATA) & ~PTE_AF);
    say("no access flag: %02lx\n", syndrome(load, VA, false));
}

static void levels(void)
{
    set(VA, 0);
    say("levels: %02lx", syndrome(load, VA, false));
    say(" %02lx", syndrome(load, VA + (UINT64_C(2) << 20), false));
    say(" %02lx", syndrome(load, VA - PAGE, false));
    say(" %02lx", syndrome(load, UINT64_C(1) << 39, false));
    say(" %02lx\n", syndrome(store, UINT64_C(0xffffff8000000000), false));
    set(VA, (uint64_t)data[0] | PTE_DATA | 1); // reserved at this level
    say("reserved: %02lx\n", syndrome(load, VA, false));
    set(VA, UINT64_C(0x800000000000) | PTE_PAGE | PTE_DATA); // beyond the output size
    say("size: %02lx\n", syndrome(load, VA, false));
}

static uint64_t at_s1e1r(uint64_t va)
{
    __asm__ volatile("at s1e1r, %0\n isb" : : "r"(va) : "memory");
    return read_sysreg(par_el1);
}

static void translations(void)
{
    data[0][0] = 0x1111;
    data[1][0] = 0x2222;
    set(VA, (uint64_t)data[0] | PTE_PAGE | PTE_DATA);
    CHECK_EQ(load(VA), 0x1111);
    CHECK_EQ(at_s1e1r(VA + 8) & UINT64_C(0xfffffffff001), (uint64_t)data[0]);
    CHECK_EQ(at_s1e1r(VA + PAGE * 512) & 0x7f, 0x0d | 0x00); // F, level 2
    *page_entry(VA) = (uint64_t)data[1] | PTE_PAGE | PTE_DATA;
    __asm__ volatile("dsb ish\n tlbi vaae1is, %0\n dsb ish\n isb" : : "r"(VA >> 12) : "memory");
    CHECK_EQ(load(VA), 0x2222);
    // The top byte is a tag when TCR says so.
    uint64_t tcr = read_sysreg(tcr_el1);
    uint64_t tagged = VA | UINT64_C(0xa5) << 56;
    CHECK(syndrome(load, tagged, false) != 0);
    write_sysreg(tcr_el1, tcr | UINT64_C(1) << 37);
    CHECK_EQ(load(tagged), 0x2222);
    write_sysreg(tcr_el1, tcr);
    say("translations\n");
}

// Entries that are not global are of one ASID.
static void address_spaces(void)
{
    uint64_t ttbr = read_sysreg(ttbr0_el1);
    uint64_t entry = PTE_PAGE | PTE_DATA | PTE_NOT_GLOBAL;
    set(VA, (uint64_t)data[0] | entry);
    write_sysreg(ttbr0_el1, ttbr | UINT64_C(1) << 48);
    CHECK_EQ(load(VA), 0x1111);
    write_sysreg(ttbr0_el1, ttbr | UINT64_C(2) << 48);
    *page_entry(VA) = (uint64_t)data[1] | entry;
    __asm__ volatile("dsb ish\n tlbi aside1is, %0\n dsb ish\n isb"
                     :
                     : "r"(UINT64_C(2) << 48)
                     : "memory");
    CHECK_EQ(load(VA), 0x2222);
    __asm__ volatile("tlbi aside1is, %0\n dsb ish\n isb" : : "r"(UINT64_C(1) << 48) : "memory");
    write_sysreg(ttbr0_el1, ttbr | UINT64_C(1) << 48);
    CHECK_EQ(load(VA), 0x2222);
    write_sysreg(ttbr0_el1, ttbr);
    tables_changed();
    say("address spaces\n");
}

static uint64_t other_1[2048] __attribute__((aligned(65536)));
static uint64_t other_2[8192] __attribute__((aligned(65536)));

// Other tables of another shape: nothing is translated while one of the registers is old.
static void switch_tables(uint64_t root, uint64_t tcr)
{
    uint64_t sctlr = read_sysreg(sctlr_el1);
    __asm__ volatile(
        "msr sctlr_el1, %2\n isb\n msr ttbr0_el1, %0\n msr tcr_el1, %1\n isb\n tlbi vmalle1\n"
        "dsb ish\n isb\n msr sctlr_el1, %3\n isb"
        :
        : "r"(root), "r"(tcr), "r"(sctlr & ~UINT64_C(1)), "r"(sctlr)
        : "memory");
}

// All of memory by blocks of another granule, in 36 bits: 16K has blocks of 32 MiB, 64K of 512 MiB.
static void granule(unsigned tg, unsigned bits, unsigned block)
{
    uint64_t tcr = read_sysreg(tcr_el1);
    unsigned entries = 1u << (bits - 3);
    uint64_t flags = PTE_BLOCK | PTE_NORMAL | PTE_SHARED | PTE_AF;
    for (uint64_t i = 0; i < entries; i++) {
        uint64_t at = i << block;
        other_2[i] = at < 0x40000000 ? at | PTE_BLOCK | PTE_AF : at < 0x80000000 ? at | flags : 0;
    }
    other_1[0] = (uint64_t)other_2 | 3;
    uint64_t ttbr = read_sysreg(ttbr0_el1);
    bool by_two = bits == 11; // 16K: levels 2 and 3 of 36 bits begin at level 2
    uint64_t root = by_two || bits == 13 ? (uint64_t)other_2 : (uint64_t)other_1;
    uint64_t value = (tcr & ~UINT64_C(0xc03f)) | (uint64_t)tg << 14 | 28;
    switch_tables(root, value);
    uint64_t got = data[1][0];
    uint64_t fault = syndrome(load, UINT64_C(0x80000000), false);
    switch_tables(ttbr, tcr);
    CHECK_EQ(got, 0x2222);
    say("granule of 2^%u: fault %02lx\n", bits + 3, fault);
}

void guest_main(void)
{
    permissions();
    levels();
    translations();
    address_spaces();
    if ((read_sysreg(id_aa64mmfr0_el1) >> 20 & 15) != 0) {
        granule(2, 11, 25);
    } else {
        say("granule of 2^14: fault 06\n");
    }
    granule(1, 13, 29);
}
