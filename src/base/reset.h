/* SPDX-License-Identifier: GPL-2.0-or-later
 * reset: kinds of reset, and what of a plain state struct outlives them. A reset makes zeros of all
 * but that, and then the owner's own function sets what begins with another value.
 */
#ifndef BASE_RESET_H
#define BASE_RESET_H

#include "base/base.h"

/* Bits, so that sets of kinds can be named. */
enum reset_kind {
    RESET_WARM = 1,  /* the reset line of the whole machine, with power on */
    RESET_POWER = 2, /* power comes on: at the beginning, and after it was off for a moment */
    RESET_HART = 4   /* one hart alone: INIT, a hart taken out of service and put back */
};

/* A range of a state struct, whole fields of it. */
struct survivor {
    uint32_t offset, size; /* bytes */
    uint8_t resets;        /* the kinds that leave it as it is */
};
#define SURVIVOR(type, m, kinds)                                                                   \
    {                                                                                              \
        .offset = offsetof(type, m), .size = sizeof(((type *)0)->m), .resets = (kinds)             \
    }

/* Zeroes the state but for what survives a reset of that kind. */
void reset_clear(void *state, size_t state_size, const struct survivor *survivors, size_t count,
                 enum reset_kind kind);
/* Whether the byte at `offset` is of what survives it. */
bool reset_spares(const struct survivor *survivors, size_t count, uint32_t offset,
                  enum reset_kind kind);

#endif
