// SPDX-License-Identifier: GPL-2.0-or-later
// pmu: counters of cycles, instructions and software; their overflows and the interrupt of these.
#include "arm64.h"

enum { IRQ_PMU = 23, EVENT_SW_INCR = 0, EVENT_INSTRUCTIONS = 8, EVENT_CYCLES = 0x11, CYCLES = 31 };
#define HERE (at_el2() ? 1u << 27 : 0) // EL2 counts only what says so

static volatile unsigned interrupts;
static volatile uint64_t seen;
HOOK static void on_interrupt(struct trap *t)
{
    if (!TRAP_IS_IRQ(t)) {
        trap_default(t);
        return;
    }
    unsigned irq = gic_acknowledge();
    CHECK_EQ(irq, IRQ_PMU);
    seen = read_sysreg(pmovsclr_el0);
    write_sysreg(pmovsclr_el0, seen);
    interrupts++;
    gic_end(irq);
}

// From `value` on until the counter overflows once; none is lost, and none comes without being enabled.
static void overflow(const char *what, unsigned n, uint64_t value)
{
    interrupts = 0;
    if (n == CYCLES) {
        write_sysreg(pmccntr_el0, value);
    } else {
        write_sysreg(pmselr_el0, n);
        write_sysreg(pmxevtyper_el0, EVENT_CYCLES | HERE);
        write_sysreg(pmxevcntr_el0, value);
    }
    write_sysreg(pmintenset_el1, 1u << n);
    write_sysreg(pmcntenset_el0, 1u << n);
    uint64_t before = read_sysreg(pmccntr_el0);
    irq_on();
    while (interrupts == 0) {
    }
    irq_off();
    CHECK_EQ(interrupts, 1);
    CHECK_EQ(seen, 1u << n);
    write_sysreg(pmcntenclr_el0, 1u << n);
    write_sysreg(pmintenclr_el1, 1u << n);
    uint64_t after = n == CYCLES ? read_sysreg(pmccntr_el0) : read_sysreg(pmevcntr0_el0);
    CHECK((after & 0xffffffff) < 400 && (n != CYCLES || (uint32_t)before > (uint32_t)after));
    say("%s overflows\n", what);
}

static uint8_t stack[4096] __attribute__((aligned(16)));

// Instructions, which stop once at the limit, and go on from 0.
static void instructions(void)
{
    write_sysreg(pmcr_el0, 1 | 2 | 4);
    write_sysreg(pmevtyper0_el0, EVENT_INSTRUCTIONS | HERE);
    write_sysreg(pmevcntr0_el0, 0xffff0000);
    write_sysreg(pmintenset_el1, 1);
    write_sysreg(pmcntenset_el0, 1);
    interrupts = 0;
    irq_on();
    while (interrupts == 0) {
    }
    irq_off();
    CHECK_EQ(interrupts, 1);
    CHECK_EQ(seen, 1);
    CHECK(read_sysreg(pmevcntr0_el0) < 400);
    write_sysreg(pmcntenclr_el0, 1);
    write_sysreg(pmintenclr_el1, 1);
    say("instructions overflow\n");
}

static uint64_t loop(uint64_t n)
{
    __asm__ volatile("1: subs %0, %0, 1\n b.ne 1b" : "+r"(n) : : "cc");
    return n;
}

// One counter for each level, and one for both; 10000 instructions at EL0.
static void filters(void)
{
    write_sysreg(pmevtyper0_el0, EVENT_INSTRUCTIONS | HERE | 1u << 30);
    write_sysreg(pmevtyper1_el0, EVENT_INSTRUCTIONS | 1u << 31);
    write_sysreg(pmevtyper2_el0, EVENT_INSTRUCTIONS | HERE);
    write_sysreg(pmevtyper3_el0, EVENT_CYCLES | 1u << 31);
    write_sysreg(pmevtyper4_el0, EVENT_INSTRUCTIONS | 1u << 31 | 1u << 30);
    write_sysreg(pmcr_el0, 1 | 2 | 4);
    write_sysreg(pmcntenset_el0, 31);
    run_at_el0(loop, 5000, stack + sizeof stack);
    write_sysreg(pmcntenclr_el0, 31);
    uint64_t here = read_sysreg(pmevcntr0_el0), there = read_sysreg(pmevcntr1_el0);
    CHECK(there >= 10000 && there < 10040);
    CHECK(here >= 10 && here < 400);
    CHECK_EQ(read_sysreg(pmevcntr2_el0), here + there);
    CHECK(read_sysreg(pmevcntr3_el0) >= there && read_sysreg(pmevcntr3_el0) < 10040);
    CHECK_EQ(read_sysreg(pmevcntr4_el0), 0);
    // What EL0 counts overflows there.
    write_sysreg(pmevcntr1_el0, 0xfffffc00);
    write_sysreg(pmintenset_el1, 2);
    write_sysreg(pmcntenset_el0, 2);
    interrupts = 0;
    loop(5000);
    CHECK(!gic_pending(IRQ_PMU));
    run_at_el0(loop, 5000, stack + sizeof stack);
    CHECK(gic_pending(IRQ_PMU));
    CHECK_EQ(read_sysreg(pmovsclr_el0), 2);
    write_sysreg(pmcntenclr_el0, 2);
    write_sysreg(pmintenclr_el1, 2);
    write_sysreg(pmovsclr_el0, 2);
    say("filters\n");
}

void guest_main(void)
{
    this_hart()->hook = on_interrupt;
    gic_enable(IRQ_PMU);
    write_sysreg(pmccfiltr_el0, HERE);
    write_sysreg(pmcr_el0, 1 | 2 | 4 | 0x40); // on, all 0, cycles of 64 bits
    overflow("cycles", CYCLES, -1000l);
    overflow("event", 0, 0xffffff00);
    write_sysreg(pmcr_el0, 1);
    overflow("cycles of 32 bits", CYCLES, 0xffffff00);
    instructions();
    filters();
    write_sysreg(pmcr_el0, 1);

    write_sysreg(pmevtyper0_el0, EVENT_SW_INCR | HERE);
    write_sysreg(pmevcntr0_el0, 0xfffffffe);
    write_sysreg(pmcntenset_el0, 1);
    write_sysreg(pmswinc_el0, 1);
    CHECK_EQ(read_sysreg(pmovsset_el0), 0);
    write_sysreg(pmswinc_el0, 1);
    CHECK_EQ(read_sysreg(pmovsset_el0), 1);
    CHECK(!gic_pending(IRQ_PMU));
    write_sysreg(pmintenset_el1, 1);
    CHECK(gic_pending(IRQ_PMU));
    write_sysreg(pmcr_el0, 0);
    CHECK(!gic_pending(IRQ_PMU));
}
