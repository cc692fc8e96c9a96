/* SPDX-License-Identifier: GPL-2.0-or-later
 * neon: what the files of Advanced SIMD share: arguments of neon.decode's lines, and registers. Lanes are
 * computed by isa/arm_simd.h, whose encodings are AArch64's: they are made of those of A32.
 */
#ifndef ISA_ARM32_NEON_H
#define ISA_ARM32_NEON_H

#include "isa/arm32/vfp.h"
#include "isa/arm_vector.h"

/* info->argument of some lift functions. */
enum { NEON_MOV, NEON_MVN, NEON_ORR, NEON_BIC };
enum { NEON_TO_HALF, NEON_OF_HALF };
/* So many registers take turns, of so many in all, which are so far apart. */
#define NEON_MULTIPLE(structure, count, apart) ((structure) | (count) << 4 | (apart) << 8)
#define NEON_STRUCTURE(argument)               ((argument)&15u)
#define NEON_COUNT(argument)                   ((argument) >> 4 & 15u)
#define NEON_APART(argument)                   ((argument) >> 8 & 15u)

/* What helpers get: D registers; the index of an element of Dm; whether two registers are written. */
#define NEON_REGS(d, n, m, index, pair)                                                            \
    ((uint64_t)(d) | (uint64_t)(n) << 8 | (uint64_t)(m) << 16 | (uint64_t)(index) << 24 |          \
     (uint64_t)(pair) << 32)

/* The standard FPSCR, which Advanced SIMD goes by, as simd_env() takes it. */
#define NEON_FPCR (MODE_FPCR_FZ | MODE_FPCR_DN)

/* False: an exception was emitted, because Advanced SIMD is off, or one of the registers that are to be
 * pairs is odd: `pairs` is an OR of their numbers. */
bool arm_lift_neon_on(struct lift *l, unsigned pairs);

/* Dr, or with `pair` it and the next: what is not there is zero. */
static inline ir_ref neon_get(struct lift *l, unsigned r, bool pair)
{
    if (pair) {
        return ir_get(l->b, IR_V128, d_slot(r));
    }
    return v_2(l, IR_VCONST, 0, ir_get(l->b, IR_I64, d_slot(r)), ir_const(l->b, IR_I64, 0));
}
static inline void neon_put(struct lift *l, unsigned r, bool pair, ir_ref v)
{
    if (pair) {
        ir_put(l->b, IR_V128, d_slot(r), v);
    } else {
        ir_put(l->b, IR_I64, d_slot(r), v_lane(l, 3, v, 0));
    }
}

/* lift_neon.c */
arm_lift_fn arm_lift_neon_same, arm_lift_neon_same_element, arm_lift_neon_long, arm_lift_neon_wide;
arm_lift_fn arm_lift_neon_long_element, arm_lift_neon_high, arm_lift_neon_shift;
arm_lift_fn arm_lift_neon_shift_narrow, arm_lift_neon_shift_long, arm_lift_neon_misc;
arm_lift_fn arm_lift_neon_narrow, arm_lift_neon_shll, arm_lift_neon_fv_same, arm_lift_neon_fv_misc;
arm_lift_fn arm_lift_neon_fv_element, arm_lift_neon_fv_fixed, arm_lift_neon_half;
/* lift_v8.c */
arm_lift_fn arm_lift_neon_crypto_2, arm_lift_neon_crypto_3, arm_lift_neon_pmull;
/* lift_neon_move.c */
arm_lift_fn arm_lift_neon_logic, arm_lift_neon_imm, arm_lift_neon_swap, arm_lift_neon_permute;
arm_lift_fn arm_lift_neon_ext, arm_lift_neon_table, arm_lift_neon_dup;
/* lift_neon_mem.c: loads and stores of elements of 2^log2 bytes, `count` of them, which are one lane of as many
 * registers or each all lanes of `per_value` ones; the registers are so far apart. The address is aligned to 2^align
 * bytes, 0: not said. False: there is no such instruction. */
struct arm_neon_lane {
    unsigned log2, count, per_value, apart, align;
    unsigned index; /* of the lane */
};
bool arm_neon_lane(const struct arm_insn *i, struct arm_neon_lane *k);
bool arm_neon_all_lanes(const struct arm_insn *i, struct arm_neon_lane *k);
/* The number of the last register: one that does not exist is unpredictable. */
unsigned arm_neon_last(const struct arm_insn *i, const struct arm_neon_lane *k);
arm_lift_fn arm_lift_neon_multiple, arm_lift_neon_lane, arm_lift_neon_all_lanes;

#endif
