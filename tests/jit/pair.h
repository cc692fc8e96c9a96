/* SPDX-License-Identifier: GPL-2.0-or-later
 * pair: two tiny machines (tests/ir/tiny.h) with the same history: one runs blocks in the
 * interpreter, the other in generated code, and both must always be in the same state.
 */
#ifndef TESTS_JIT_PAIR_H
#define TESTS_JIT_PAIR_H

#include "../chance.h"
#include "../ir/tiny.h"
#include "jit/jit.h"

#define SUBJECT_BLOCKS 3

/* Blocks that may jump to each other, and where they start from. */
struct subject {
    struct ir_block *blocks[SUBJECT_BLOCKS];
    unsigned count;
    unsigned budget;        /* ticks */
    unsigned pins;          /* which of the pair's generators */
    uint64_t seed;          /* of state, memory and tables */
    const uint64_t *values; /* what slots begin with, besides chance */
    unsigned value_count;
};

#define PAIR_PINS  3
#define PAIR_HOSTS 5 /* fewer and fewer features of this one */
#define PAIR_JITS  (PAIR_PINS * PAIR_HOSTS)
enum ending {
    END_OUT,   /* at a pc that is no block's */
    END_LIMIT, /* not enough ticks left for the block */
    END_LOOK,
    END_YIELD,
    END_FAULT,
    END_HARD, /* an instruction for the interpreter */
    END_COUNT
};

struct pair {
    struct tiny a, b; /* interpreted, compiled */
    struct jit *jits[PAIR_JITS];
    struct jit_guest guests[PAIR_JITS];
    uint64_t endings[END_COUNT], instructions, compiled, refused, device_accesses;
    bool show; /* prints the code of each block */
};

/* Pinned slots are PAIR_SLOT(0).. : five, three, none, by generator modulo PAIR_PINS. */
#define PAIR_SLOT(i) (64u + 8u * (i))

void pair_init(struct pair *p);
void pair_fini(struct pair *p);
/* False with a sentence in `why` if the two differ. */
bool pair_run(struct pair *p, const struct subject *s, struct text *why);

#endif
