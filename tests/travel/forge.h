/* SPDX-License-Identifier: GPL-2.0-or-later
 * forge: makes forged indexes out of an honest one, as somebody would who knows the format and has
 * the key it was made with, or one of their own.
 */
#ifndef TESTS_TRAVEL_FORGE_H
#define TESTS_TRAVEL_FORGE_H

#include "index/index.h"
#include "machine/machine.h"

struct forge {
    const char *path;      /* of the forged file */
    const uint8_t *honest; /* the bytes of the honest one, and whose key made it */
    size_t honest_size;
    const struct index_key *key; /* sums are made with it; the honest one's: they are right */
    const struct machine *like;  /* a machine of that history */
    uint64_t seed;
    char what[160]; /* what was done, for people */
};

/* How many ways there are to set one element of one part to an extreme. */
uint64_t forge_element_count(const struct forge *f);
/* Number n of them, in some checkpoint. */
void forge_element(struct forge *f, uint64_t n);
/* Anything else, by chance. */
void forge_any(struct forge *f);

#endif
