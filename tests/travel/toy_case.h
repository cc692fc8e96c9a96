/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_case: one program of the made-up processor with inputs, and what travel/ says of it, by the oracle.
 */
#ifndef TESTS_TRAVEL_TOY_CASE_H
#define TESTS_TRAVEL_TOY_CASE_H

#include "../toy/toy.h"
#include "oracle.h"

#define TOY_CASE_INPUTS_MAX 80

struct toy_case {
    unsigned harts;
    uint64_t quantum;
    uint8_t code[8192];
    size_t size;
    unsigned input_count;
    struct oracle_input inputs[TOY_CASE_INPUTS_MAX];
};

/* When the input after one at `at` comes, drawn by x: one step later, or so that all are spread over the
 * time until `end`. */
static inline tick toy_case_later(const struct toy_case *c, tick at, tick end, uint64_t x)
{
    return at + (x % 3 == 0 ? 1 : 1 + (x >> 8) % (end / c->input_count * 2));
}

/* As many random bytes as the input has. */
static inline void toy_case_fill(struct oracle_input *in, uint64_t *seed)
{
    for (unsigned k = 0; k < in->length; k++) {
        in->data[k] = (uint8_t)(toy_random(seed) >> 16);
    }
}

/* It is a poke of memory instead: the low bytes of x. */
static inline void toy_case_poke(struct oracle_input *in, paddr at, uint64_t x, uint32_t size)
{
    in->port = POKE_PORT;
    in->length = (uint8_t)poke_encode(in->data, POKE_MEMORY, 0, at, &x, size);
}

/* So many questions, without an index and with one. */
static inline bool toy_case_agrees(struct toy_case *c, const char *name,
                                   struct machine *(*build)(void *opaque), tick end,
                                   unsigned questions, uint64_t seed)
{
    /* Small, so that everything is thinned all the time. */
    const struct travel_limits limits = {.spacing = 500, .bytes = 1, .count = 14};
    struct oracle_case o = {.name = name,
                            .opaque = c,
                            .build = build,
                            .inputs = c->inputs,
                            .input_count = c->input_count,
                            .end = end,
                            .interrupts = seed % 2 == 0};

    if (!oracle_agrees(&o, &limits, questions, seed)) {
        return false;
    }
    o.indexed = true;
    return oracle_agrees(&o, &limits, questions, seed + 1);
}

#endif
