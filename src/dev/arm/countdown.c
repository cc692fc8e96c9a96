/* SPDX-License-Identifier: GPL-2.0-or-later
 * countdown: counters that count down: see countdown.h.
 */
#include "dev/arm/countdown.h"

#define SECOND_NS UINT64_C(1000000000)

uint64_t countdown_clock(const struct device *d, uint64_t hz)
{
    uint64_t ns = device_now_ns(d);

    return ns / SECOND_NS * hz + ns % SECOND_NS * hz / SECOND_NS;
}

tick countdown_tick(const struct device *d, uint64_t hz, uint64_t count)
{
    uint64_t seconds = count / hz;

    if (seconds >= UINT64_MAX / SECOND_NS - 1) {
        return TICK_NEVER;
    }
    return device_tick_at(d, seconds * SECOND_NS + (count % hz * SECOND_NS + hz - 1) / hz);
}

uint32_t countdown_get(const struct countdown *c, uint64_t now)
{
    uint64_t counts;

    if (!c->runs) {
        return *c->value;
    }
    counts = (now - *c->from) / c->divider;
    if (counts <= *c->value) {
        return (uint32_t)(*c->value - counts);
    }
    counts -= UINT64_C(1) + *c->value;
    return c->stops ? 0 : (uint32_t)(c->again - counts % (UINT64_C(1) + c->again));
}

void countdown_set(const struct countdown *c, uint64_t now, uint32_t value)
{
    *c->value = value;
    *c->from = now;
}

void countdown_settle(const struct countdown *c, uint64_t now)
{
    if (c->runs) {
        *c->value = countdown_get(c, now);
        *c->from = now - (now - *c->from) % c->divider;
    } else {
        *c->from = now;
    }
}

uint64_t countdown_zero(const struct countdown *c, uint64_t now)
{
    uint64_t value = countdown_get(c, now), counts = value;

    if (!c->runs || (value == 0 && c->stops)) {
        return UINT64_MAX;
    }
    if (value == 0) {
        counts = UINT64_C(1) + c->again;
    }
    return now - (now - *c->from) % c->divider + counts * c->divider;
}
