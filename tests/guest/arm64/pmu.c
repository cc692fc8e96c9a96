// SPDX-License-Identifier: GPL-2.0-or-later
// pmu: counters of cycles, instructions and software; their overflows and the interrupt of these.
#include "arm64.h"

enum { IRQ_PMU = 23, EVENT_SW_INCR = 0, EVENT_CYCLES = 0x11, CYCLES = 31 };

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
        write_sysreg(pmxevtyper_el0, EVENT_CYCLES);
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

void guest_main(void)
{
    this_hart()->hook = on_interrupt;
    gic_enable(IRQ_PMU);
    write_sysreg(pmcr_el0, 1 | 2 | 4 | 0x40); // on, all 0, cycles of 64 bits
    overflow("cycles", CYCLES, -1000l);
    overflow("event", 0, 0xffffff00);
    write_sysreg(pmcr_el0, 1);
    overflow("cycles of 32 bits", CYCLES, 0xffffff00);

    write_sysreg(pmevtyper0_el0, EVENT_SW_INCR);
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
