/* SPDX-License-Identifier: GPL-2.0-or-later
 * chance: numbers that look like chance and are the same every time, for tests. SplitMix64, after
 * Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
 */
#ifndef TESTS_CHANCE_H
#define TESTS_CHANCE_H

#include <stdint.h>

/* Any seed will do, 0 included. */
static inline uint64_t chance_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

#endif
