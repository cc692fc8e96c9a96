/* SPDX-License-Identifier: GPL-2.0-or-later
 * timer: the generic timers of EL1 alone, as isa/arm_timer.h has them, after DDI 0406C, B8.
 */
#include "isa/arm32/arm.h"

static struct arm_timers timers_of(const struct cpu *cpu)
{
    struct arm *s = arm_of(cpu);

    return (struct arm_timers){.cpu = cpu,
                               .cval = s->cval,
                               .ctl = s->timer_ctl,
                               .out = &s->timer_out,
                               .count = ARM_TIMERS,
                               .counter_hz = arm_model_of(cpu)->cnt_hz};
}

uint64_t arm_counter(const struct cpu *cpu, tick now)
{
    return arm_system_counter(cpu, arm_model_of(cpu)->cnt_hz, now);
}

void arm_timers_changed(struct cpu *cpu, tick now)
{
    const struct arm_timers all = timers_of(cpu);

    arm_timers_drive(cpu, &all, now);
}

tick arm_next_alarm(const struct cpu *cpu)
{
    const struct arm_timers all = timers_of(cpu);

    return arm_timers_next(&all);
}

void arm_alarm(struct cpu *cpu, tick now)
{
    arm_timers_changed(cpu, now);
}

uint64_t arm_timer_get(const struct cpu *cpu, enum arm_timer t, enum arm_timer_register which)
{
    const struct arm_timers all = timers_of(cpu);

    return arm_timer_read(&all, t, which);
}

void arm_timer_set(struct cpu *cpu, enum arm_timer t, enum arm_timer_register which, uint64_t value)
{
    const struct arm_timers all = timers_of(cpu);

    arm_timer_write(cpu, &all, t, which, value);
}
