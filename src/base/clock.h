/* SPDX-License-Identifier: GPL-2.0-or-later
 * clock: virtual time as a pure function of the tick (docs/determinism.md). Part of machine state.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/base.h"

struct clock {
    uint64_t base_ns; /* virtual nanoseconds at base_tick */
    tick base_tick;
    uint64_t shift; /* one tick is 2^shift ns */
};

static inline uint64_t clock_ns(const struct clock *c, tick t)
{
    return c->base_ns + ((t - c->base_tick) << c->shift);
}

/* The first tick at which clock_ns() is at least `ns`, never before base_tick; saturates. */
static inline tick clock_tick_at(const struct clock *c, uint64_t ns)
{
    uint64_t d;
    if (ns <= c->base_ns) {
        return c->base_tick;
    }
    d = ns - c->base_ns;
    d = (d >> c->shift) + ((d & ((UINT64_C(1) << c->shift) - 1)) != 0);
    return d > TICK_NEVER - c->base_tick ? TICK_NEVER : c->base_tick + d;
}

#endif
