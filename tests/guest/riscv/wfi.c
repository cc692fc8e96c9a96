// SPDX-License-Identifier: GPL-2.0-or-later
// wfi: what ends it (Privileged ISA, section 3.3.3): a pending and enabled interrupt, taken or
// masked by mstatus; one that is pending already; a delegated one. And TW, which makes it illegal
// for supervisors. That a wfi may also end for no reason is allowed for everywhere.
#include "riscv.h"

static volatile xword taken_epc;
static volatile unsigned taken;
static uint8_t stack[4096] __attribute__((aligned(16)));

static void on_trap(struct trap *t)
{
    if ((t->cause & CAUSE_INTERRUPT) == 0) {
        trap_default(t);
        return;
    }
    CHECK(t->cause == (CAUSE_INTERRUPT | IRQ_MTI) || t->cause == (CAUSE_INTERRUPT | IRQ_MSI));
    taken++;
    taken_epc = t->epc;
    CLINT_MTIMECMP(0) = UINT64_MAX;
    CLINT_MSIP(0) = 0;
}

// Masked by mstatus.MIE: execution goes on behind the wfi, no trap.
static void masked(void)
{
    CLINT_MTIMECMP(0) = CLINT_MTIME + 20000;
    csr_write(mie, 1u << IRQ_MTI);
    while ((csr_read(mip) >> IRQ_MTI & 1) == 0) {
        __asm__ volatile("wfi");
    }
    CHECK_EQ(taken, 0);
    // Still pending: wfi does not wait, however often.
    for (int i = 0; i < 100; i++) {
        __asm__ volatile("wfi");
    }
    CLINT_MTIMECMP(0) = UINT64_MAX;
    say("masked\n");
}

// Taken: the trap returns to the instruction after the wfi.
static void enabled(void)
{
    xword after;
    CLINT_MTIMECMP(0) = CLINT_MTIME + 20000;
    __asm__ volatile("la %0, 1f\n csrsi mstatus, 8\n"
                     "2: wfi\n1: lw t0, %1\n beqz t0, 2b\n csrci mstatus, 8"
                     : "=&r"(after)
                     : "m"(taken)
                     : "t0", "memory");
    CHECK_EQ(taken, 1);
    // Had it come just before the wfi or after the load, the loop would have ended all the same.
    CHECK(taken_epc >= after - 4 && taken_epc <= after + 12);
    say("taken %u\n", taken);
}

// A source that is pending but not enabled in mie does not count; the timer does.
static void not_enabled(void)
{
    CLINT_MSIP(0) = 1;
    xword until = CLINT_MTIME + 20000;
    CLINT_MTIMECMP(0) = until;
    csr_write(mie, 1u << IRQ_MTI);
    unsigned wakes = 0;
    while (CLINT_MTIME < until) {
        __asm__ volatile("wfi");
        wakes++;
    }
    CHECK(wakes < 100); // a wfi that never sleeps would need thousands
    CLINT_MTIMECMP(0) = UINT64_MAX;
    csr_write(mie, 1u << IRQ_MSI);
    __asm__ volatile("wfi");
    csr_set(mstatus, MSTATUS_MIE);
    csr_clear(mstatus, MSTATUS_MIE);
    CHECK_EQ(taken, 2);
    csr_write(mie, 0);
    say("not enabled\n");
}

static xword sleep_in_supervisor(xword arg)
{
    csr_write(sie, 1u << IRQ_SSI); // sstatus.SIE stays off: wakes, is not taken
    __asm__ volatile("wfi");
    csr_write(sip, 0);
    return arg + 1;
}

static void in_supervisor(void)
{
    csr_write(mideleg, 1u << IRQ_SSI);
    csr_write(mip, 1u << IRQ_SSI);
    CHECK_EQ(run_in_mode(MODE_S, sleep_in_supervisor, 41, stack + sizeof stack), 42);
    CHECK_EQ(csr_read(mip) >> IRQ_SSI & 1, 0);
    csr_write(mip, 1u << IRQ_SSI);
    csr_set(mstatus, MSTATUS_TW);
    trap_expect();
    CHECK_EQ(run_in_mode(MODE_S, sleep_in_supervisor, 41, stack + sizeof stack), 42);
    struct trap_seen t = trap_taken();
    CHECK_EQ(t.cause, CAUSE_ILLEGAL);
    CHECK_EQ(t.count, 1);
    csr_clear(mstatus, MSTATUS_TW);
    say("supervisor\n");
}

void guest_main(void)
{
    this_hart()->m_hook = on_trap;
    masked();
    enabled();
    not_enabled();
    in_supervisor();
}
