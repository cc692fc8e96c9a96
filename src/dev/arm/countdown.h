/* SPDX-License-Identifier: GPL-2.0-or-later
 * countdown: a counter of 32 bits that counts down at a clock of the board's, as several of Arm's timers
 * have one. Nothing is done while it counts: what it shows follows from when it was set.
 */
#ifndef DEV_ARM_COUNTDOWN_H
#define DEV_ARM_COUNTDOWN_H

#include "machine/device.h"

/* Where a device's state has it, and how it counts now. Times are counts of its clock. */
struct countdown {
    uint64_t *from;   /* when it was `*value`, and began with the next count */
    uint32_t *value;  /* what it shows, while it does not run */
    uint32_t divider; /* of the clock, at least 1 */
    uint32_t again;   /* what follows 0 */
    bool runs;
    bool stops; /* at 0 */
};

/* A clock of that frequency, which began with virtual time. */
uint64_t countdown_clock(const struct device *d, uint64_t hz);
/* The tick at which that clock reaches `count`. */
tick countdown_tick(const struct device *d, uint64_t hz, uint64_t count);
uint32_t countdown_get(const struct countdown *c, uint64_t now);
/* It shows `value`, and a count begins. */
void countdown_set(const struct countdown *c, uint64_t now, uint32_t value);
/* To be called before divider, again, runs or stops become others: it goes on from what it shows. */
void countdown_settle(const struct countdown *c, uint64_t now);
/* When it becomes 0 next; UINT64_MAX: never. */
uint64_t countdown_zero(const struct countdown *c, uint64_t now);

#endif
