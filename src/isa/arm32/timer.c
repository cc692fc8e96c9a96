/* SPDX-License-Identifier: GPL-2.0-or-later
 * timer: the generic timers, after DDI 0406C, B8. The system counter is virtual time; a timer's pin goes
 * out to the interrupt controller, and is driven when its level changes.
 */
#include "isa/arm32/arm.h"

enum { CTL_ENABLE = 1, CTL_IMASK = 2 };

/* Nanoseconds of one count: counters that are faster than 1 GHz there are none of. */
static uint64_t period_ns(const struct cpu *cpu)
{
    return 1000000000 / arm_model_of(cpu)->cnt_hz;
}

uint64_t arm_counter(const struct cpu *cpu, tick now)
{
    return (cpu->clock != NULL ? clock_ns(cpu->clock, now) : now) / period_ns(cpu);
}

/* The first tick at which the counter is at least `count`. */
static tick when(const struct cpu *cpu, uint64_t count)
{
    uint64_t period = period_ns(cpu);

    if (count > UINT64_MAX / period) {
        return TICK_NEVER;
    }
    return cpu->clock != NULL ? clock_tick_at(cpu->clock, count * period) : count * period;
}

bool arm_timer_is_due(const struct cpu *cpu, enum arm_timer t, tick now)
{
    const struct arm *s = arm_of(cpu);

    return (s->timer_ctl[t] & CTL_ENABLE) != 0 && arm_counter(cpu, now) >= s->cval[t];
}

void arm_timers_changed(struct cpu *cpu, tick now)
{
    struct arm *s = arm_of(cpu);

    for (unsigned t = 0; t < ARM_TIMERS; t++) {
        bool out =
            (s->timer_ctl[t] & CTL_IMASK) == 0 && arm_timer_is_due(cpu, (enum arm_timer)t, now);

        if (out != ((s->timer_out >> t & 1) != 0)) {
            s->timer_out ^= UINT32_C(1) << t;
            cpu->look = true;
            if (cpu->platform != NULL) {
                cpu->platform->line(cpu, t, out);
            }
        }
    }
    cpu->look = true; /* the next alarm is another */
}

tick arm_next_alarm(const struct cpu *cpu)
{
    const struct arm *s = arm_of(cpu);
    tick next = TICK_NEVER;

    for (unsigned t = 0; t < ARM_TIMERS; t++) {
        tick at;

        if (s->timer_ctl[t] != CTL_ENABLE || (s->timer_out >> t & 1) != 0) {
            continue;
        }
        at = when(cpu, s->cval[t]);
        next = at < next ? at : next;
    }
    return next;
}

void arm_alarm(struct cpu *cpu, tick now)
{
    arm_timers_changed(cpu, now);
}
