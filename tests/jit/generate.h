/* SPDX-License-Identifier: GPL-2.0-or-later
 * generate: random blocks of IR that obey its rules, for the tiny machine.
 */
#ifndef TESTS_JIT_GENERATE_H
#define TESTS_JIT_GENERATE_H

#include "pair.h"

/* What there may be more of than of integers. */
enum { MIX_VECTOR, MIX_FLAGS, MIX_MEMORY, MIX_CALLS, MIX_COUNT };
extern const char *const generate_mixes[]; /* their names, then NULL */

/* A subject of one to three blocks that jump to each other and elsewhere. The blocks are the
 * caller's to free. The same seed and mix (-1: any) give the same subject. */
void generate_subject(uint64_t seed, int mix, struct subject *s);
/* The block without operation `op`, or NULL: something uses it, or nothing would be left. */
struct ir_block *block_without(const struct ir_block *b, uint32_t op);
/* The block with operation `op`, an integer value, replaced by a constant; NULL if it is none. */
struct ir_block *block_with_constant(const struct ir_block *b, uint32_t op, uint64_t value);
struct ir_block *block_copy(const struct ir_block *b);

#endif
