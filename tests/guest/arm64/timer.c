// SPDX-License-Identifier: GPL-2.0-or-later
// timer: the generic timers of EL1, virtual and physical, with their interrupts; TVAL against CVAL, ISTATUS and
// IMASK; what EL0 may read of them. Only counts are printed: when exactly an interrupt comes is the
// machine's business.
#include "arm64.h"

#define CTL_ENABLE  1
#define CTL_IMASK   2
#define CTL_ISTATUS 4

static volatile unsigned fired;
static volatile uint64_t next, period;
static uint8_t stack[4096] __attribute__((aligned(16)));

HOOK static void on_virtual(struct trap *t)
{
    if (!TRAP_IS_IRQ(t)) {
        trap_default(t);
        return;
    }
    unsigned irq = gic_acknowledge();
    if (irq >= 1020) {
        return;
    }
    CHECK_EQ(irq, IRQ_VIRTUAL_TIMER);
    CHECK(read_sysreg(cntvct_el0) >= next);
    CHECK_EQ(read_sysreg(cntv_ctl_el0), CTL_ENABLE | CTL_ISTATUS);
    fired++;
    next += period;
    write_sysreg(cntv_cval_el0, next);
    gic_end(irq);
}

HOOK static void on_physical(struct trap *t)
{
    if (!TRAP_IS_IRQ(t)) {
        trap_default(t);
        return;
    }
    unsigned irq = gic_acknowledge();
    if (irq >= 1020) {
        return;
    }
    CHECK_EQ(irq, IRQ_PHYSICAL_TIMER);
    fired++;
    write_sysreg(cntp_tval_el0, period);
    gic_end(irq);
}

static void virtual_timer(void)
{
    this_hart()->hook = on_virtual;
    gic_enable(IRQ_VIRTUAL_TIMER);
    next = read_sysreg(cntvct_el0) + period;
    write_sysreg(cntv_cval_el0, next);
    write_sysreg(cntv_ctl_el0, CTL_ENABLE);
    WAIT_UNTIL(fired >= 10);
    irq_off();
    say("virtual timer\n");

    // A busy loop is interrupted as well, not only WFI.
    fired = 0;
    next = read_sysreg(cntvct_el0) + period;
    write_sysreg(cntv_cval_el0, next);
    irq_on();
    while (fired < 3) {
    }
    irq_off();
    write_sysreg(cntv_ctl_el0, 0);
    say("busy\n");
}

static void physical_timer(void)
{
    fired = 0;
    this_hart()->hook = on_physical;
    gic_enable(IRQ_PHYSICAL_TIMER);
    write_sysreg(cntp_tval_el0, period);
    write_sysreg(cntp_ctl_el0, CTL_ENABLE);
    WAIT_UNTIL(fired >= 5);
    irq_off();
    write_sysreg(cntp_ctl_el0, 0);
    gic_disable(IRQ_PHYSICAL_TIMER);
    say("physical timer\n");
}

// Status and pin follow the comparison.
static void conditions(void)
{
    uint64_t far = UINT64_C(1) << 60;
    this_hart()->hook = NULL;
    write_sysreg(cntv_cval_el0, 0);
    CHECK_EQ(read_sysreg(cntv_ctl_el0) & CTL_ENABLE, 0);
    CHECK(!gic_pending(IRQ_VIRTUAL_TIMER));
    write_sysreg(cntv_ctl_el0, CTL_ENABLE | CTL_IMASK);
    CHECK_EQ(read_sysreg(cntv_ctl_el0), CTL_ENABLE | CTL_IMASK | CTL_ISTATUS);
    CHECK(!gic_pending(IRQ_VIRTUAL_TIMER));
    write_sysreg(cntv_ctl_el0, CTL_ENABLE);
    CHECK(gic_pending(IRQ_VIRTUAL_TIMER));
    write_sysreg(cntv_cval_el0, far);
    CHECK_EQ(read_sysreg(cntv_ctl_el0), CTL_ENABLE);
    CHECK(!gic_pending(IRQ_VIRTUAL_TIMER));
    // TVAL is signed: what is left, as 32 bits.
    write_sysreg(cntv_tval_el0, 0xffffffff); // one ago
    CHECK_EQ(read_sysreg(cntv_ctl_el0), CTL_ENABLE | CTL_ISTATUS);
    write_sysreg(cntv_tval_el0, 0x7fffffff);
    uint64_t left = read_sysreg(cntv_tval_el0);
    CHECK(left <= 0x7fffffff && left > 0x40000000);
    uint64_t cval = read_sysreg(cntv_cval_el0);
    CHECK(cval - read_sysreg(cntvct_el0) <= 0x7fffffff);
    write_sysreg(cntv_ctl_el0, 0);
}

static uint64_t read_counter(uint64_t arg)
{
    uint64_t value;
    (void)arg;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
    return value;
}

static uint64_t read_virtual_ctl(uint64_t arg)
{
    uint64_t value;
    (void)arg;
    __asm__ volatile("mrs %0, cntv_ctl_el0" : "=r"(value));
    return value;
}

// CNTKCTL_EL1 says what EL0 may.
static void from_el0(void)
{
    void *top = stack + sizeof stack;
    write_sysreg(cntkctl_el1, 2); // EL0VCTEN
    uint64_t before = read_sysreg(cntvct_el0);
    CHECK(run_at_el0(read_counter, 0, top) >= before);
    trap_expect();
    run_at_el0(read_virtual_ctl, 0, top);
    struct trap_seen seen = trap_taken();
    CHECK_EQ(seen.count, 1);
    CHECK_EQ(ESR_EC(seen.esr), EC_SYSREG);
    write_sysreg(cntkctl_el1, 0);
    trap_expect();
    run_at_el0(read_counter, 0, top);
    seen = trap_taken();
    CHECK_EQ(seen.count, 1);
    CHECK_EQ(ESR_EC(seen.esr), EC_SYSREG);
    write_sysreg(cntkctl_el1, 1 << 8); // EL0VTEN
    CHECK_EQ(run_at_el0(read_virtual_ctl, 0, top), 0);
    say("EL0\n");
}

void guest_main(void)
{
    CHECK(read_sysreg(cntfrq_el0) >= 1000000);
    period = read_sysreg(cntfrq_el0) / 500;
    virtual_timer();
    physical_timer();
    conditions();
    from_el0();
}
