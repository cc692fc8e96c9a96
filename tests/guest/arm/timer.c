// SPDX-License-Identifier: GPL-2.0-or-later
// timer: the generic timers, virtual and physical, with their interrupts; TVAL against CVAL, ISTATUS and
// IMASK; what user mode may read of them. Only counts are printed: when exactly an interrupt comes is the
// machine's business.
#include "arm.h"

#define CTL_ENABLE  1
#define CTL_IMASK   2
#define CTL_ISTATUS 4

static volatile unsigned fired;
static volatile uint64_t next, period;
static uint8_t stack[4096] __attribute__((aligned(16)));

static void on_virtual(struct trap *t)
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
    CHECK(read_cp15_wide(1, c14) >= next);
    CHECK_EQ(read_cp15(0, c14, c3, 1), CTL_ENABLE | CTL_ISTATUS);
    fired++;
    next += period;
    write_cp15_wide(3, c14, next);
    gic_end(irq);
}

static void on_physical(struct trap *t)
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
    write_cp15(0, c14, c2, 0, period);
    gic_end(irq);
}

static void virtual_timer(void)
{
    this_hart()->hook = on_virtual;
    gic_enable(IRQ_VIRTUAL_TIMER);
    next = read_cp15_wide(1, c14) + period;
    write_cp15_wide(3, c14, next);
    write_cp15(0, c14, c3, 1, CTL_ENABLE);
    WAIT_UNTIL(fired >= 10);
    irq_off();
    say("virtual timer\n");

    // A busy loop is interrupted as well, not only WFI.
    fired = 0;
    next = read_cp15_wide(1, c14) + period;
    write_cp15_wide(3, c14, next);
    irq_on();
    while (fired < 3) {
    }
    irq_off();
    write_cp15(0, c14, c3, 1, 0);
    say("busy\n");
}

static void physical_timer(void)
{
    fired = 0;
    this_hart()->hook = on_physical;
    gic_enable(IRQ_PHYSICAL_TIMER);
    write_cp15(0, c14, c2, 0, period);
    write_cp15(0, c14, c2, 1, CTL_ENABLE);
    WAIT_UNTIL(fired >= 5);
    irq_off();
    write_cp15(0, c14, c2, 1, 0);
    gic_disable(IRQ_PHYSICAL_TIMER);
    say("physical timer\n");
}

// Status and pin follow the comparison.
static void conditions(void)
{
    uint64_t far = UINT64_C(1) << 60;
    this_hart()->hook = NULL;
    write_cp15_wide(3, c14, 0);
    CHECK_EQ(read_cp15(0, c14, c3, 1) & CTL_ENABLE, 0);
    CHECK(!gic_pending(IRQ_VIRTUAL_TIMER));
    write_cp15(0, c14, c3, 1, CTL_ENABLE | CTL_IMASK);
    CHECK_EQ(read_cp15(0, c14, c3, 1), CTL_ENABLE | CTL_IMASK | CTL_ISTATUS);
    CHECK(!gic_pending(IRQ_VIRTUAL_TIMER));
    write_cp15(0, c14, c3, 1, CTL_ENABLE);
    CHECK(gic_pending(IRQ_VIRTUAL_TIMER));
    write_cp15_wide(3, c14, far);
    CHECK_EQ(read_cp15(0, c14, c3, 1), CTL_ENABLE);
    CHECK(!gic_pending(IRQ_VIRTUAL_TIMER));
    // TVAL is signed: what is left, as 32 bits.
    write_cp15(0, c14, c3, 0, 0xffffffff); // one ago
    CHECK_EQ(read_cp15(0, c14, c3, 1), CTL_ENABLE | CTL_ISTATUS);
    write_cp15(0, c14, c3, 0, 0x7fffffff);
    uint64_t left = read_cp15(0, c14, c3, 0);
    CHECK(left <= 0x7fffffff && left > 0x40000000);
    uint64_t cval = read_cp15_wide(3, c14);
    CHECK(cval - read_cp15_wide(1, c14) <= 0x7fffffff);
    write_cp15(0, c14, c3, 1, 0);
}

static uint32_t read_counter(uint32_t arg)
{
    (void)arg;
    return (uint32_t)(read_cp15_wide(1, c14) >> 8);
}

static uint32_t read_virtual_ctl(uint32_t arg)
{
    (void)arg;
    return read_cp15(0, c14, c3, 1);
}

// CNTKCTL says what user mode may.
static void from_user_mode(void)
{
    void *top = stack + sizeof stack;
    write_cp15(0, c14, c1, 0, 2); // PL0VCTEN
    uint32_t before = (uint32_t)(read_cp15_wide(1, c14) >> 8);
    CHECK(run_as_user(read_counter, 0, top) >= before);
    trap_expect();
    run_as_user(read_virtual_ctl, 0, top);
    struct trap_seen seen = trap_taken();
    CHECK_EQ(seen.count, 1);
    CHECK_EQ(seen.vector, VECTOR_UNDEFINED);
    write_cp15(0, c14, c1, 0, 0);
    trap_expect();
    run_as_user(read_counter, 0, top);
    seen = trap_taken();
    CHECK_EQ(seen.count, 1);
    CHECK_EQ(seen.vector, VECTOR_UNDEFINED);
    write_cp15(0, c14, c1, 0, 1 << 8); // PL0VTEN
    CHECK_EQ(run_as_user(read_virtual_ctl, 0, top), 0);
    say("user mode\n");
}

void guest_main(void)
{
    CHECK(read_cp15(0, c14, c0, 0) >= 1000000);
    period = read_cp15(0, c14, c0, 0) / 500;
    virtual_timer();
    physical_timer();
    conditions();
    from_user_mode();
}
