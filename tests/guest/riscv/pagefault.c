// SPDX-License-Identifier: GPL-2.0-or-later
// pagefault: address translation (Privileged ISA, sections 10.3 to 10.6): every combination of the
// permission bits of a leaf against every access, mode, SUM and MXR, by a model of the rules;
// superpages, bad addresses, accesses across pages, remapping, MPRV, Sv39 and Sv48. A and D bits:
// either a fault (Svade) or set by the walk (Svadu); where menvcfg.ADUE exists, both are chosen.
// Every change of a table is followed by sfence.vma: nothing else is defined.
#include "riscv.h"

enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };
enum { LOAD, STORE, FETCH };
#define ADUE   (UINT64_C(1) << 61)
#define WINDOW UINT64_C(0x40000000) /* where the tests map their pages */

typedef uint64_t table_page[512];
static table_page root __attribute__((aligned(4096)));
static table_page middle __attribute__((aligned(4096)));
static table_page leaves __attribute__((aligned(4096)));
static table_page top __attribute__((aligned(4096)));
static uint64_t frames[4][512] __attribute__((aligned(4096)));
static uint8_t stack[4096] __attribute__((aligned(16)));
static unsigned probes;
static bool walk_sets_ad;

static uint64_t entry(const void *physical, unsigned flags)
{
    return (uint64_t)physical >> 12 << 10 | flags;
}

static void fence(void)
{
    __asm__ volatile("sfence.vma" : : : "memory");
}

static __attribute__((noinline)) uint64_t load(uint64_t p)
{
    return *(volatile uint64_t *)p;
}

static __attribute__((noinline)) uint64_t store(uint64_t p)
{
    *(volatile uint64_t *)p = UINT64_C(0x0000808200008082);
    return 0;
}

static __attribute__((noinline)) uint64_t fetch(uint64_t p)
{
    return ((uint64_t(*)(uint64_t))p)(7);
}

static uint64_t (*const accesses[])(uint64_t) = {load, store, fetch};
static const uint64_t page_cause[] = {CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, CAUSE_FETCH_PAGE};

// The program itself lies in one gigapage, for the mode that is to run it.
static void map_program(unsigned mode)
{
    root[2] = entry((void *)0x80000000, V | R | W | X | A | D | (mode == MODE_U ? U : 0));
    fence();
}

static uint64_t result;
static struct trap_seen probe(unsigned mode, unsigned access, uint64_t p)
{
    probes++;
    trap_expect();
    result = run_in_mode(mode, accesses[access], p, stack + sizeof stack);
    return trap_taken();
}

static void expect(unsigned mode, unsigned access, uint64_t p, bool faults, uint64_t tval)
{
    struct trap_seen t = probe(mode, access, p);
    CHECK_EQ(t.cause, faults ? page_cause[access] : CAUSE_NONE);
    if (faults) {
        CHECK_EQ(t.tval, tval);
        CHECK(access != FETCH || t.epc == p);
    }
}

// The rules of section 10.3.2 for a leaf at the last level, but for A and D.
static bool is_permitted(unsigned pte, unsigned mode, unsigned access, bool sum, bool mxr)
{
    if ((pte & V) == 0 || (pte & (R | W)) == W || (pte & (R | W | X)) == 0) {
        return false;
    }
    if (mode == MODE_U ? (pte & U) == 0 : (pte & U) != 0 && (!sum || access == FETCH)) {
        return false;
    }
    switch (access) {
    case LOAD: return (pte & R) != 0 || (mxr && (pte & X) != 0);
    case STORE: return (pte & W) != 0;
    default: return (pte & X) != 0;
    }
}

static void one_leaf(unsigned pte, unsigned mode, unsigned access, bool sum, bool mxr)
{
    unsigned needs = access == STORE ? A | D : A;
    bool permitted = is_permitted(pte, mode, access, sum, mxr);
    bool faults = !permitted || (!walk_sets_ad && (pte & needs) != needs);
    leaves[0] = entry(frames[0], pte);
    fence();
    struct trap_seen t = probe(mode, access, WINDOW + 64);
    uint64_t want = faults ? page_cause[access] : CAUSE_NONE;
    // Bits that a walk set stay set; nothing else of the entry may change.
    uint64_t after = entry(frames[0], pte | (faults ? 0 : needs));
    if (t.cause != want || leaves[0] != after || (faults && t.tval != WINDOW + 64)) {
        say("pte 0x%x mode %u access %u sum %d mxr %d: cause 0x%lx pte 0x%lx tval 0x%lx\n", pte,
            mode, access, sum, mxr, t.cause, leaves[0], t.tval);
        CHECK(false);
    }
}

static void all_leaves(void)
{
    for (unsigned mode = MODE_U; mode <= MODE_S; mode++) {
        map_program(mode);
        for (unsigned set = 0; set < 4; set++) {
            bool sum = (set & 1) != 0;
            bool mxr = (set & 2) != 0;
            csr_clear(mstatus, MSTATUS_SUM | MSTATUS_MXR);
            csr_set(mstatus, (sum ? MSTATUS_SUM : 0) | (mxr ? MSTATUS_MXR : 0));
            for (unsigned pte = 0; pte < 256; pte++) {
                if ((pte & G) != 0 || ((pte & A) == 0 && (pte & D) != 0)) {
                    continue; // G means nothing here; D without A is nobody's
                }
                for (unsigned access = LOAD; access <= FETCH; access++) {
                    one_leaf(pte, mode, access, sum, mxr);
                }
            }
        }
    }
    csr_clear(mstatus, MSTATUS_SUM | MSTATUS_MXR);
}

static void accessed_and_dirty(void)
{
    csr_clear(CSR_MENVCFG, ADUE);
    leaves[0] = entry(frames[0], V | R | W | X);
    map_program(MODE_S);
    walk_sets_ad = probe(MODE_S, LOAD, WINDOW).cause == CAUSE_NONE;
    all_leaves();
    csr_set(CSR_MENVCFG, ADUE);
    if ((csr_read(CSR_MENVCFG) & ADUE) != 0) {
        CHECK(!walk_sets_ad); // ADUE was 0
        walk_sets_ad = true;
        leaves[0] = entry(frames[0], V | R | W | X);
        fence();
        CHECK_EQ(probe(MODE_S, STORE, WINDOW).cause, CAUSE_NONE);
        CHECK_EQ(leaves[0], entry(frames[0], V | R | W | X | A | D));
        csr_clear(CSR_MENVCFG, ADUE);
        probes--; // the transcript is that of machines without Svadu, too
    }
    say("leaves\n");
}

static void superpages(void)
{
    const unsigned all = V | R | W | X | A | D;
    frames[0][0] = 0x11;
    // 2 MiB at RAM's start: the frame is seen at its offset.
    middle[1] = entry((void *)0x80000000, all);
    fence();
    uint64_t p = WINDOW + 0x200000 + ((uint64_t)frames & 0x1fffff);
    expect(MODE_S, LOAD, p, false, 0);
    CHECK_EQ(result, 0x11);
    // One that is not aligned to its size faults, even for what it would permit.
    middle[1] = entry((void *)0x80001000, all);
    fence();
    expect(MODE_S, LOAD, p, true, p);
    expect(MODE_S, STORE, p, true, p);
    // A gigapage.
    root[3] = entry((void *)0x80000000, all);
    fence();
    expect(MODE_S, LOAD, (uint64_t)frames + 0x40000000, false, 0);
    CHECK_EQ(result, 0x11);
    root[3] = entry((void *)0x80200000, all);
    fence();
    expect(MODE_S, LOAD, (uint64_t)frames + 0x40000000, true, (uint64_t)frames + 0x40000000);
    root[3] = 0;
    // A pointer at the last level, one with reserved bits.
    leaves[1] = entry(frames[1], V);
    leaves[2] = entry(frames[2], all) | UINT64_C(1) << 58;
    fence();
    expect(MODE_S, LOAD, WINDOW + 0x1000, true, WINDOW + 0x1000);
    expect(MODE_S, LOAD, WINDOW + 0x2000, true, WINDOW + 0x2000);
    say("superpages\n");
}

static void addresses(void)
{
    // Bits 63 to 39 must equal bit 38.
    static const uint64_t bad[] = {UINT64_C(1) << 38, UINT64_C(1) << 63 | WINDOW,
                                   UINT64_C(0x8000000000) | WINDOW,
                                   UINT64_C(0xffffffbfffffffff) - 7};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        for (unsigned access = LOAD; access <= FETCH; access++) {
            expect(MODE_S, access, bad[i], true, bad[i]);
        }
    }
    // The upper half works: the last page of all.
    root[511] = entry(frames, 0) | V; // a pointer, replaced at once by a gigapage
    root[511] = entry((void *)0x80000000, V | R | W | X | A | D);
    fence();
    uint64_t high = UINT64_C(0xffffffffc0000000) + ((uint64_t)frames & 0x3fffffff);
    expect(MODE_S, LOAD, high, false, 0);
    CHECK_EQ(result, 0x11);
    root[511] = 0;
    fence();
    say("addresses\n");
}

static void across_pages(void)
{
    const unsigned all = V | R | W | X | A | D;
    leaves[0] = entry(frames[1], all);
    leaves[1] = entry(frames[0], all);
    leaves[2] = 0;
    fence();
    frames[1][511] = UINT64_C(0x8877665544332211);
    frames[0][0] = UINT64_C(0xffeeddccbbaa9900);
    expect(MODE_S, LOAD, WINDOW + 0xffd, false, 0);
    CHECK_EQ(result, UINT64_C(0xddccbbaa99008877) << 8 | 0x66);
    expect(MODE_S, STORE, WINDOW + 0xffc, false, 0);
    CHECK_EQ(frames[1][511], UINT64_C(0x0000808244332211));
    CHECK_EQ(frames[0][0], UINT64_C(0xffeeddcc00008082));
    // The second page is missing: the fault names its first byte, and nothing was written.
    frames[0][511] = 5;
    expect(MODE_S, LOAD, WINDOW + 0x1ffc, true, WINDOW + 0x2000);
    expect(MODE_S, STORE, WINDOW + 0x1ffc, true, WINDOW + 0x2000);
    CHECK_EQ(frames[0][511], 5);
    // So for an instruction: addi a0, a0, 0x7b with its second half on the next page.
    ((uint16_t *)frames[1])[2047] = 0x0513;
    ((uint16_t *)frames[0])[0] = 0x07b5;
    ((uint16_t *)frames[0])[1] = 0x8082;
    __asm__ volatile("fence.i");
    expect(MODE_S, FETCH, WINDOW + 0xffe, false, 0);
    CHECK_EQ(result, 7 + 0x7b);
    leaves[1] = 0;
    fence();
    trap_expect();
    run_in_mode(MODE_S, fetch, WINDOW + 0xffe, stack + sizeof stack);
    struct trap_seen t = trap_taken();
    CHECK_EQ(t.cause, CAUSE_FETCH_PAGE);
    CHECK_EQ(t.epc, WINDOW + 0xffe);
    CHECK_EQ(t.tval, WINDOW + 0x1000);
    say("across pages\n");
}

static void remapping(void)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < 4; i++) {
        frames[i][8] = 1000 + i;
    }
    for (unsigned i = 0; i < 40; i++) {
        leaves[i & 1] = entry(frames[(i * 3) & 3], V | R | W | A | D);
        // By address, by address space, or all at once.
        switch (i % 3) {
        case 0:
            __asm__ volatile("sfence.vma %0, zero" : : "r"(WINDOW + 0x1000 * (i & 1)) : "memory");
            break;
        case 1: __asm__ volatile("sfence.vma zero, %0" : : "r"(UINT64_C(0)) : "memory"); break;
        default: fence();
        }
        expect(MODE_S, LOAD, WINDOW + 0x1000 * (i & 1) + 64, false, 0);
        CHECK_EQ(result, 1000 + ((i * 3) & 3));
        sum += result;
    }
    say("remapping %lu\n", sum);
}

static void as_another_mode(void)
{
    leaves[0] = entry(frames[0], V | R | A);
    fence();
    frames[0][1] = 4711;
    uint64_t v;
    csr_clear(mstatus, MSTATUS_MPP);
    csr_set(mstatus, (uint64_t)MODE_S << 11);
    trap_expect();
    __asm__ volatile("csrs mstatus, %1\n ld %0, 8(%2)\n sd %0, 8(%2)\n csrc mstatus, %1"
                     : "=&r"(v)
                     : "r"(MSTATUS_MPRV), "r"(WINDOW)
                     : "memory");
    struct trap_seen t = trap_taken();
    CHECK_EQ(v, 4711);
    CHECK_EQ(t.cause, CAUSE_STORE_PAGE);
    CHECK_EQ(t.tval, WINDOW + 8);
    say("mprv %lu\n", v);
}

static void sv48(void)
{
    top[0] = entry(root, V);
    csr_write(satp, UINT64_C(9) << 60 | (uint64_t)top >> 12);
    CHECK_EQ(csr_read(satp) >> 60, 9);
    leaves[0] = entry(frames[3], V | R | W | A | D);
    fence();
    expect(MODE_S, LOAD, WINDOW + 64, false, 0);
    CHECK_EQ(result, 1003);
    expect(MODE_S, LOAD, UINT64_C(0x8000000000), true, UINT64_C(0x8000000000));
    expect(MODE_S, LOAD, UINT64_C(0x800000000000), true, UINT64_C(0x800000000000));
    // A page of 512 GiB: only the low one is backed by anything.
    top[1] = entry((void *)0, V | R | W | A | D);
    fence();
    expect(MODE_S, LOAD, UINT64_C(0x8000000000) + (uint64_t)&frames[3][8], false, 0);
    CHECK_EQ(result, 1003);
    // An unknown mode leaves satp as it is.
    uint64_t before = csr_read(satp);
    csr_write(satp, UINT64_C(5) << 60);
    CHECK_EQ(csr_read(satp), before);
    say("sv48\n");
}

void guest_main(void)
{
    root[0] = entry((void *)0, V | R | W | A | D); // devices
    root[1] = entry(middle, V);
    middle[0] = entry(leaves, V);
    frames[0][8] = UINT64_C(0x0000808200008082);
    csr_write(satp, UINT64_C(8) << 60 | (uint64_t)root >> 12);
    for (unsigned i = 0; i < 4; i++) {
        frames[i][8] = UINT64_C(0x0000808200008082); // two rets
    }
    __asm__ volatile("fence.i");
    accessed_and_dirty();
    superpages();
    addresses();
    across_pages();
    remapping();
    as_another_mode();
    sv48();
    csr_write(satp, 0);
    say("probes %u\n", probes);
}
