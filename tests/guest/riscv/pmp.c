// SPDX-License-Identifier: GPL-2.0-or-later
// pmp: physical memory protection (Privileged ISA, section 3.7): NAPOT, NA4 and TOR regions, each
// permission for each access from supervisor and user mode, priority of the lowest entry, MPRV,
// and locked entries, which bind machine mode too.
#include "riscv.h"

enum { R = 1, W = 2, X = 4, TOR = 1 << 3, NA4 = 2 << 3, NAPOT = 3 << 3, LOCK = 0x80 };

static uint64_t area[2048] __attribute__((aligned(16384))); // 16 KiB
static uint8_t stack[4096] __attribute__((aligned(16)));
static unsigned probes;

static void set_cfg(unsigned entry, unsigned cfg)
{
    uint64_t shift = 8 * (entry & 7);
    if (entry < 8) {
        uint64_t v = csr_read(pmpcfg0);
        csr_write(pmpcfg0, (v & ~(UINT64_C(0xff) << shift)) | (uint64_t)cfg << shift);
    } else {
        uint64_t v = csr_read(pmpcfg2);
        csr_write(pmpcfg2, (v & ~(UINT64_C(0xff) << shift)) | (uint64_t)cfg << shift);
    }
    __asm__ volatile("sfence.vma" : : : "memory");
}

static uint64_t napot(const void *p, uint64_t size)
{
    return ((uint64_t)p | (size / 2 - 1)) >> 2;
}

static __attribute__((noinline)) uint64_t load(uint64_t p)
{
    return *(volatile uint64_t *)p;
}

static __attribute__((noinline)) uint64_t store(uint64_t p)
{
    *(volatile uint64_t *)p = UINT64_C(0x0000808200008082); // two rets, each way one looks at it
    return 0;
}

static __attribute__((noinline)) uint64_t fetch(uint64_t p)
{
    ((void (*)(void))p)();
    return 0;
}

static struct trap_seen probe(unsigned mode, uint64_t (*fn)(uint64_t), const void *p)
{
    probes++;
    trap_expect();
    run_in_mode(mode, fn, (uint64_t)p, stack + sizeof stack);
    return trap_taken();
}

static void expect(unsigned mode, const void *p, unsigned allowed)
{
    struct trap_seen t = probe(mode, load, p);
    CHECK_EQ(t.cause, allowed & R ? CAUSE_NONE : CAUSE_LOAD_ACCESS);
    CHECK(allowed & R || t.tval == (uint64_t)p);
    t = probe(mode, store, p);
    CHECK_EQ(t.cause, allowed & W ? CAUSE_NONE : CAUSE_STORE_ACCESS);
    CHECK(allowed & W || t.tval == (uint64_t)p);
    t = probe(mode, fetch, p);
    CHECK_EQ(t.cause, allowed & X ? CAUSE_NONE : CAUSE_FETCH_ACCESS);
    CHECK(allowed & X || t.tval == (uint64_t)p);
}

static void permissions(void)
{
    static const unsigned all[] = {0, R, X, R | W, R | X, R | W | X};
    csr_write(pmpaddr1, napot(area, 4096));
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        set_cfg(1, NAPOT | all[i]);
        expect(MODE_S, area + 16, all[i]);
        expect(MODE_U, area + 16, all[i]);
        expect(MODE_U, area + 511, all[i]);
        expect(MODE_U, area + 512, R | W | X); // just behind it
        area[16] = area[16] + 0;               // machine mode is free
    }
    set_cfg(1, 0);
    say("permissions\n");
}

static void shapes(void)
{
    // TOR: from pmpaddr1 up to, not including, pmpaddr2.
    csr_write(pmpaddr1, (uint64_t)&area[512] >> 2);
    csr_write(pmpaddr2, (uint64_t)&area[1024] >> 2);
    set_cfg(2, TOR | R);
    expect(MODE_U, &area[511], R | W | X);
    expect(MODE_U, &area[512], R);
    expect(MODE_U, &area[1023], R);
    expect(MODE_U, &area[1024], R | W | X);
    // The lowest entry that matches decides, even if a later one forbids.
    csr_write(pmpaddr0, napot(&area[512], 64));
    set_cfg(0, NAPOT | R | W | X);
    expect(MODE_U, &area[513], R | W | X);
    expect(MODE_U, &area[520], R);
    set_cfg(0, 0);
    set_cfg(2, 0);
    // An access that lies in an entry only with some of its bytes fails, whatever it permits.
    csr_write(pmpaddr1, (uint64_t)&area[8] >> 2);
    set_cfg(1, NA4 | R | W | X);
    CHECK_EQ(probe(MODE_U, load, &area[8]).cause, CAUSE_LOAD_ACCESS);
    CHECK_EQ(probe(MODE_U, store, &area[8]).cause, CAUSE_STORE_ACCESS);
    set_cfg(1, 0);
    say("shapes\n");
}

static void as_another_mode(void)
{
    csr_write(pmpaddr1, napot(area, 4096));
    set_cfg(1, NAPOT | R);
    trap_expect();
    csr_clear(mstatus, MSTATUS_MPP);
    csr_set(mstatus, MSTATUS_MPRV);
    *(volatile uint64_t *)area = 5; // as user mode would; the trap clears nothing by itself
    csr_clear(mstatus, MSTATUS_MPRV);
    struct trap_seen t = trap_taken();
    CHECK_EQ(t.cause, CAUSE_STORE_ACCESS);
    CHECK_EQ(t.tval, (uint64_t)area);
    set_cfg(1, 0);
    say("mprv\n");
}

static void locked(void)
{
    csr_write(pmpaddr3, napot(&area[1024], 4096));
    set_cfg(3, NAPOT | LOCK | R);
    trap_expect();
    *(volatile uint64_t *)&area[1024] = 5;
    CHECK_EQ(trap_taken().cause, CAUSE_STORE_ACCESS);
    CHECK_EQ(area[1025], area[1025]);
    // It cannot be changed again: neither configuration nor address.
    uint64_t address = csr_read(pmpaddr3);
    set_cfg(3, 0);
    csr_write(pmpaddr3, 0);
    CHECK_EQ(csr_read(pmpcfg0) >> 24 & 0xff, NAPOT | LOCK | R);
    CHECK_EQ(csr_read(pmpaddr3), address);
    say("locked\n");
}

void guest_main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(area); i++) {
        area[i] = UINT64_C(0x0000808200008082);
    }
    __asm__ volatile("fence.i");
    csr_write(pmpaddr15, UINT64_MAX >> 10);
    set_cfg(15, NAPOT | R | W | X); // everything, last
    set_cfg(0, 0);
    permissions();
    shapes();
    as_another_mode();
    locked();
    say("probes %u\n", probes);
}
