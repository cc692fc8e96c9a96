/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_timer: the generic timers of a hart, whatever its width.
 */
#include "isa/arm_timer.h"

/* Nanoseconds of one count. */
static uint64_t period_ns(uint64_t counter_hz)
{
    return 1000000000 / counter_hz;
}

uint64_t arm_system_counter(const struct cpu *cpu, uint64_t counter_hz, tick now)
{
    return (cpu->clock != NULL ? clock_ns(cpu->clock, now) : now) / period_ns(counter_hz);
}

/* What a timer sees of it. */
static uint64_t counter(const struct arm_timers *s, unsigned t, tick now)
{
    return arm_system_counter(s->cpu, s->counter_hz, now) - s->offset[t];
}

/* The first tick at which the system counter is at least `count`. */
static tick when(const struct arm_timers *s, uint64_t count)
{
    uint64_t period = period_ns(s->counter_hz);

    if (count > UINT64_MAX / period) {
        return TICK_NEVER;
    }
    return s->cpu->clock != NULL ? clock_tick_at(s->cpu->clock, count * period) : count * period;
}

bool arm_timer_due(const struct arm_timers *s, unsigned t, tick now)
{
    return (s->ctl[t] & ARM_TIMER_ENABLE) != 0 && counter(s, t, now) >= s->cval[t];
}

void arm_timers_drive(struct cpu *cpu, const struct arm_timers *s, tick now)
{
    for (unsigned t = 0; t < s->count; t++) {
        bool out = (s->ctl[t] & ARM_TIMER_IMASK) == 0 && arm_timer_due(s, t, now);

        if (out != ((*s->out >> t & 1) != 0)) {
            *s->out ^= UINT32_C(1) << t;
            if (cpu->platform != NULL) {
                cpu->platform->line(cpu, t, out);
            }
        }
    }
    cpu->look = true; /* the next alarm is another */
}

tick arm_timers_next(const struct arm_timers *s)
{
    tick next = TICK_NEVER;

    for (unsigned t = 0; t < s->count; t++) {
        tick at;

        if (s->ctl[t] != ARM_TIMER_ENABLE || (*s->out >> t & 1) != 0) {
            continue;
        }
        /* A sum that wraps is a time that has been, or is never reached. */
        at = s->cval[t] > UINT64_MAX - s->offset[t] ? TICK_NEVER
                                                    : when(s, s->cval[t] + s->offset[t]);
        next = at < next ? at : next;
    }
    return next;
}

/* ---- registers ---- */

uint64_t arm_timer_read(const struct arm_timers *s, unsigned t, enum arm_timer_register which)
{
    tick now = cpu_now(s->cpu);

    switch (which) {
    case ARM_TIMER_TVAL: return (s->cval[t] - counter(s, t, now)) & UINT32_MAX;
    case ARM_TIMER_CTL: return s->ctl[t] | (arm_timer_due(s, t, now) ? ARM_TIMER_ISTATUS : 0);
    default: return s->cval[t];
    }
}

void arm_timer_write(struct cpu *cpu, const struct arm_timers *s, unsigned t,
                     enum arm_timer_register which, uint64_t value)
{
    tick now = cpu_now(s->cpu);

    switch (which) {
    case ARM_TIMER_TVAL: s->cval[t] = counter(s, t, now) + bits_sext(value & UINT32_MAX, 32); break;
    case ARM_TIMER_CTL: s->ctl[t] = value & (ARM_TIMER_ENABLE | ARM_TIMER_IMASK); break;
    default: s->cval[t] = value; break;
    }
    arm_timers_drive(cpu, s, now);
}
