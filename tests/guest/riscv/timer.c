// SPDX-License-Identifier: GPL-2.0-or-later
// timer: the CLINT's mtime and mtimecmp with machine timer interrupts, the time CSR, and Sstc's
// stimecmp with interrupts taken in supervisor mode (Privileged ISA, sections 3.2.1 and 16). Only
// counts are printed: when exactly an interrupt comes is the machine's business.
#include "riscv.h"

#define PERIOD UINT64_C(20000) /* 2 ms in ticks of mtime */

static volatile unsigned fired;
static volatile uint64_t next;
static uint8_t stack[4096] __attribute__((aligned(16)));

static void on_machine_timer(struct trap *t)
{
    if (t->cause != (CAUSE_INTERRUPT | IRQ_MTI)) {
        trap_default(t);
        return;
    }
    CHECK(CLINT_MTIME >= next);
    CHECK((csr_read(mip) >> IRQ_MTI & 1) == 1);
    fired++;
    next += PERIOD;
    CLINT_MTIMECMP(0) = next;
    // Withdrawn, unless the next one is due by now (the reference runs in real time).
    if ((csr_read(mip) >> IRQ_MTI & 1) != 0) {
        CHECK(CLINT_MTIME >= next);
    }
}

static void machine_timer(void)
{
    this_hart()->m_hook = on_machine_timer;
    next = CLINT_MTIME + PERIOD;
    CLINT_MTIMECMP(0) = next;
    csr_set(mie, 1u << IRQ_MTI);
    WAIT_UNTIL(fired >= 10);
    csr_clear(mstatus, MSTATUS_MIE);
    say("machine timer %u\n", fired);

    // Pending follows the comparison, enabled or not.
    csr_clear(mie, 1u << IRQ_MTI);
    CLINT_MTIMECMP(0) = 0;
    CHECK_EQ(csr_read(mip) >> IRQ_MTI & 1, 1);
    CLINT_MTIMECMP(0) = UINT64_MAX;
    CHECK_EQ(csr_read(mip) >> IRQ_MTI & 1, 0);

    // A busy loop is interrupted as well, not only wfi.
    fired = 0;
    next = CLINT_MTIME + PERIOD;
    CLINT_MTIMECMP(0) = next;
    csr_set(mie, 1u << IRQ_MTI);
    csr_set(mstatus, MSTATUS_MIE);
    while (fired < 3) {
    }
    csr_clear(mstatus, MSTATUS_MIE);
    csr_clear(mie, 1u << IRQ_MTI);
    CLINT_MTIMECMP(0) = UINT64_MAX;
    say("busy %u\n", fired);
}

static void time_csr(void)
{
    for (int i = 0; i < 100; i++) {
        uint64_t before = CLINT_MTIME;
        uint64_t t = csr_read(time);
        uint64_t after = CLINT_MTIME;
        CHECK(before <= t && t <= after);
    }
    // The two halves may be read as words.
    uint32_t low = *(volatile uint32_t *)0x200bff8;
    CHECK((uint32_t)CLINT_MTIME - low < TICKS_PER_SECOND);
    say("time\n");
}

static void on_supervisor_timer(struct trap *t)
{
    if (t->cause != (CAUSE_INTERRUPT | IRQ_STI)) {
        t->epc += 4;
        return;
    }
    fired++;
    next += PERIOD;
    csr_write(CSR_STIMECMP, next);
}

static uint64_t in_supervisor(uint64_t count)
{
    next = csr_read(time) + PERIOD;
    csr_write(CSR_STIMECMP, next);
    csr_set(sie, 1u << IRQ_STI);
    while (fired < count) {
        __asm__ volatile("wfi" : : : "memory"); // masked: wakes, is taken below
        csr_set(sstatus, MSTATUS_SIE);
        csr_clear(sstatus, MSTATUS_SIE);
    }
    csr_write(CSR_STIMECMP, UINT64_MAX);
    return csr_read(sip) >> IRQ_STI & 1;
}

static void supervisor_timer(void)
{
    fired = 0;
    this_hart()->m_hook = NULL;
    csr_set(CSR_MENVCFG, UINT64_C(1) << 63); // menvcfg.STCE
    CHECK_EQ(csr_read(CSR_MENVCFG) >> 63, 1);
    csr_set(mcounteren, 2);
    csr_write(mideleg, 1u << IRQ_STI);
    csr_write(stvec, trap_entry_s);
    csr_write(sscratch, 0);
    this_hart()->s_hook = on_supervisor_timer;
    CHECK_EQ(run_in_mode(MODE_S, in_supervisor, 8, stack + sizeof stack), 0);
    say("supervisor timer %u\n", fired);

    // Without STCE or without mcounteren.TM, stimecmp is not for supervisors.
    csr_clear(mcounteren, 2);
    fired = 0;
    trap_expect();
    run_in_mode(MODE_S, in_supervisor, 0, stack + sizeof stack);
    CHECK_EQ(trap_taken().cause, CAUSE_ILLEGAL);
    csr_clear(CSR_MENVCFG, UINT64_C(1) << 63);
}

void guest_main(void)
{
    machine_timer();
    time_csr();
    supervisor_timer();
}
