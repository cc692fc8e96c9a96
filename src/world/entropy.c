/* SPDX-License-Identifier: GPL-2.0-or-later
 * entropy: chance, once: the seed that a machine's configuration carries. Everything random in the
 * machine follows from it.
 */
#include <sys/random.h>

#include "world/world.h"

uint64_t entropy_seed(void)
{
    uint64_t seed;

    while (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        /* Interrupted before the host had any: at boot only. */
    }
    return seed;
}
