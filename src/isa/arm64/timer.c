/* SPDX-License-Identifier: GPL-2.0-or-later
 * timer: the generic timers, after DDI 0487, D12. The system counter is virtual time; a timer's pin goes
 * out to the interrupt controller, and is driven when its level changes.
 */
#include "isa/arm64/arm64.h"

enum { CTL_ENABLE = 1, CTL_IMASK = 2 };

/* Nanoseconds of one count: counters that are faster than 1 GHz there are none of. */
static uint64_t period_ns(const struct cpu *cpu)
{
    return 1000000000 / arm64_model_of(cpu)->cnt_hz;
}

uint64_t arm64_counter(const struct cpu *cpu, tick now)
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

uint64_t arm64_timer_offset(const struct cpu *cpu, enum arm64_timer t)
{
    return t == TIMER_V ? arm64_of(cpu)->cntvoff : 0;
}

bool arm64_timer_is_due(const struct cpu *cpu, enum arm64_timer t, tick now)
{
    const struct arm64 *s = arm64_of(cpu);

    return (s->timer_ctl[t] & CTL_ENABLE) != 0 &&
           arm64_counter(cpu, now) - arm64_timer_offset(cpu, t) >= s->cval[t];
}

void arm64_timers_changed(struct cpu *cpu, tick now)
{
    struct arm64 *s = arm64_of(cpu);

    for (unsigned t = 0; t < ARM64_TIMERS; t++) {
        bool out =
            (s->timer_ctl[t] & CTL_IMASK) == 0 && arm64_timer_is_due(cpu, (enum arm64_timer)t, now);

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

tick arm64_next_alarm(const struct cpu *cpu)
{
    const struct arm64 *s = arm64_of(cpu);
    tick next = TICK_NEVER;

    for (unsigned t = 0; t < ARM64_TIMERS; t++) {
        uint64_t offset = arm64_timer_offset(cpu, (enum arm64_timer)t);
        tick at;

        if (s->timer_ctl[t] != CTL_ENABLE || (s->timer_out >> t & 1) != 0) {
            continue;
        }
        /* A sum that wraps is a time that has been, or is never reached. */
        at = s->cval[t] > UINT64_MAX - offset ? TICK_NEVER : when(cpu, s->cval[t] + offset);
        next = at < next ? at : next;
    }
    return next;
}

void arm64_alarm(struct cpu *cpu, tick now)
{
    arm64_timers_changed(cpu, now);
}

/* ---- registers ---- */

enum { REG_TVAL, REG_CTL, REG_CVAL };

uint64_t arm64_timer_get(const struct cpu *cpu, enum arm64_timer t, unsigned reg)
{
    const struct arm64 *s = arm64_of(cpu);
    tick now = cpu_now(cpu);

    switch (reg) {
    case REG_TVAL:
        return (s->cval[t] - (arm64_counter(cpu, now) - arm64_timer_offset(cpu, t))) & UINT32_MAX;
    case REG_CTL: return s->timer_ctl[t] | (arm64_timer_is_due(cpu, t, now) ? 4 : 0);
    default: return s->cval[t];
    }
}

void arm64_timer_set(struct cpu *cpu, enum arm64_timer t, unsigned reg, uint64_t value)
{
    struct arm64 *s = arm64_of(cpu);
    tick now = cpu_now(cpu);

    switch (reg) {
    case REG_TVAL:
        s->cval[t] = arm64_counter(cpu, now) - arm64_timer_offset(cpu, t) +
                     bits_sext(value & UINT32_MAX, 32);
        break;
    case REG_CTL: s->timer_ctl[t] = value & (CTL_ENABLE | CTL_IMASK); break;
    default: s->cval[t] = value; break;
    }
    arm64_timers_changed(cpu, now);
}
