/* SPDX-License-Identifier: GPL-2.0-or-later
 * rate: virtual time goes on from here with another rate. The clock does not jump; what was to happen at some
 * time still does.
 */
#include "machine/internal.h"

/* An alarm rings at the time for which it was set, or at the first tick after it. */
static tick move_alarm(const struct clock *before, const struct clock *after, tick alarm)
{
    if (alarm == TICK_NEVER ||
        alarm - before->base_tick > (UINT64_MAX - before->base_ns) >> before->shift) {
        return TICK_NEVER; /* a time that never comes */
    }
    return clock_tick_at(after, clock_ns(before, alarm));
}

/* What a device keeps in ticks besides (when a request that it works on is done) stays a tick. */
void machine_set_rate(struct machine *m, uint64_t shift)
{
    const struct clock before = m->state.clock;
    tick now = m->state.now;

    must(m->running == NULL && shift <= MACHINE_SHIFT_MAX);
    m->state.clock =
        (struct clock){.base_ns = clock_ns(&before, now), .base_tick = now, .shift = shift};
    for (unsigned i = 0; i < m->device_count; i++) {
        tick *alarms = device_alarms(m->devices[i]);

        for (uint32_t n = 0; n < m->devices[i]->class->alarm_count; n++) {
            alarms[n] = move_alarm(&before, &m->state.clock, alarms[n]);
        }
    }
}

int machine_check_clock(const struct clock *c, tick now, struct error *e)
{
    uint64_t most = c->base_tick <= UINT64_MAX >> MACHINE_SHIFT_MAX
                        ? c->base_tick << MACHINE_SHIFT_MAX
                        : UINT64_MAX;

    if (c->shift > MACHINE_SHIFT_MAX || c->base_tick > now || c->base_ns > most) {
        return error_set(e,
                         "its clock (%llu ns at tick %llu, shift %llu) is none that there could be "
                         "at tick %llu",
                         (unsigned long long)c->base_ns, (unsigned long long)c->base_tick,
                         (unsigned long long)c->shift, (unsigned long long)now);
    }
    return 0;
}
