/* SPDX-License-Identifier: GPL-2.0-or-later
 * maker: what the files that make random blocks share.
 */
#ifndef TESTS_JIT_MAKER_H
#define TESTS_JIT_MAKER_H

#include "generate.h"

/* In the order of tiny_helpers. */
enum { HELP_SUM, HELP_NOW, HELP_POKE, HELP_RAISE, HELP_LOOK, HELP_F80_ADD, HELP_MOVE, HELP_COPY };

struct maker {
    uint64_t rng;
    struct ir_op ops[IR_BLOCK_OPS_MAX];
    struct ir_insn insns[IR_BLOCK_INSNS_MAX];
    uint32_t op_count, insn_count;
    vaddr targets[8];            /* of exits */
    unsigned pressure;           /* how far back operands are taken from */
    unsigned percent[MIX_COUNT]; /* how many operations are of a kind */
    struct {                     /* addresses that were made: several accesses at one */
        ir_ref at;
        uint32_t mem;  /* MEM_* by which the sum becomes an address */
        uint32_t less; /* what a displacement has to be less by */
    } bases[4];
    unsigned base_count;
    ir_ref values[IR_TYPE_COUNT][IR_BLOCK_OPS_MAX];
    unsigned value_count[IR_TYPE_COUNT];
};

uint64_t maker_roll(struct maker *m, uint64_t n); /* 0..n-1 */
bool maker_chance(struct maker *m, unsigned percent);
uint64_t maker_number(struct maker *m, enum ir_type t);
uint64_t maker_float(struct maker *m); /* bits of an f64, or of an f32 alone */
ir_ref maker_add(struct maker *m, struct ir_op o);
struct ir_op maker_op(enum ir_opcode op, enum ir_type t, ir_ref a, ir_ref b, ir_ref c);
struct ir_op maker_imm(enum ir_opcode op, enum ir_type t, ir_ref a, ir_ref b, uint64_t imm);
/* A value of the type: an earlier one, or a new one. */
ir_ref maker_pick(struct maker *m, enum ir_type t);
uint8_t maker_fp_attr(struct maker *m);

/* generate_memory.c, generate_vector.c, generate_flags.c */
void maker_memory_op(struct maker *m);          /* or a call that may fault */
void maker_vector_op(struct maker *m, bool fp); /* fp: flags may be raised */
ir_ref maker_vector(struct maker *m);           /* a new one of what there is */
void maker_flags_op(struct maker *m);
ir_ref maker_flags(struct maker *m);

#endif
