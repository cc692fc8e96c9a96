/* SPDX-License-Identifier: GPL-2.0-or-later
 * timer: the generic timers of AArch64, as isa/arm_timer.h has them, after DDI 0487, D12.
 */
#include "isa/arm64/arm64.h"
#include "isa/arm_timer.h"

uint64_t arm64_counter(const struct cpu *cpu, tick now)
{
    return arm_system_counter(cpu, arm64_model_of(cpu)->cnt_hz, now);
}

uint64_t arm64_virtual_counter(const struct cpu *cpu, tick now)
{
    const struct arm64 *s = arm64_of(cpu);
    bool of_host = s->el == 2 ? (arm64_hcr(cpu) & HCR_E2H) != 0 : s->el == 0 && arm64_is_host(cpu);

    return arm64_counter(cpu, now) - (of_host ? 0 : s->cntvoff);
}

static struct arm_timers timers_of(const struct cpu *cpu)
{
    struct arm64 *s = arm64_of(cpu);
    struct arm_timers all = {.cpu = cpu,
                             .cval = s->cval,
                             .ctl = s->timer_ctl,
                             .out = &s->timer_out,
                             .count = ARM64_TIMERS,
                             .counter_hz = arm64_model_of(cpu)->cnt_hz};

    all.offset[TIMER_V] = s->cntvoff;
    return all;
}

void arm64_timers_changed(struct cpu *cpu, tick now)
{
    const struct arm_timers all = timers_of(cpu);

    arm_timers_drive(cpu, &all, now);
}

tick arm64_next_alarm(const struct cpu *cpu)
{
    const struct arm_timers all = timers_of(cpu);

    tick next = arm_timers_next(&all), overflow = arm64_pmu_next(arm64_of(cpu));

    return overflow < next ? overflow : next;
}

void arm64_alarm(struct cpu *cpu, tick now)
{
    arm64_pmu_alarm(cpu, now);
    arm64_timers_changed(cpu, now);
}

uint64_t arm64_timer_get(const struct cpu *cpu, enum arm64_timer t, unsigned reg)
{
    const struct arm_timers all = timers_of(cpu);

    return arm_timer_read(&all, t, (enum arm_timer_register)reg);
}

void arm64_timer_set(struct cpu *cpu, enum arm64_timer t, unsigned reg, uint64_t value)
{
    const struct arm_timers all = timers_of(cpu);

    arm_timer_write(cpu, &all, t, (enum arm_timer_register)reg, value);
}
