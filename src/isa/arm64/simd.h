/* SPDX-License-Identifier: GPL-2.0-or-later
 * simd: what the files of floating point, Advanced SIMD and cryptography share: the names of
 * operations in simd.decode, the fields of its encodings, and the helpers that compute what the IR has
 * no operation for. A helper gets the encoding and works on the V registers; a lifter calls it for what
 * is rare, and whatever is lifted to IR instead does the same.
 */
#ifndef ISA_ARM64_SIMD_H
#define ISA_ARM64_SIMD_H

#include "base/softfloat.h"
#include "isa/arm64/lift.h"
#include "isa/arm_simd.h"
#include "isa/arm_vector.h"

/* Floating point, scalar: info->argument of f_1, f_2, f_3. */
enum f1_op {
    F1_ABS,
    F1_NEG,
    F1_SQRT,
    F1_RINTN,
    F1_RINTP,
    F1_RINTM,
    F1_RINTZ,
    F1_RINTA,
    F1_RINTX,
    F1_RINTI,
    F1_RINT32Z,
    F1_RINT32X,
    F1_RINT64Z,
    F1_RINT64X
};
enum f2_op { F2_MUL, F2_DIV, F2_ADD, F2_SUB, F2_MAX, F2_MIN, F2_MAXNM, F2_MINNM, F2_NMUL };
enum f3_op { F3_MADD, F3_MSUB, F3_NMADD, F3_NMSUB };
#define FCMP_E    1u
#define FCMP_ZERO 2u

/* Loads and stores: info->argument. */
#define V_SIZE(log2)               (log2)
#define V_SIZE_OF(x)               ((x)&0xfu)
#define V_MULTIPLE(structure, all) ((structure) << 4 | (all) << 8)
#define V_SINGLE(log2, structure)  ((log2) | (structure) << 4)
#define V_STRUCTURE(x)             ((x) >> 4 & 0xfu)
#define V_COUNT(x)                 ((x) >> 8 & 0xfu)
#define V_POST                     0x1000u
#define V_AT_MASK                  0x30u /* of those that are not structures */
#define V_AT_OFFSET                0x00u
#define V_AT_POST                  0x10u
#define V_AT_PRE                   0x20u

/* ---- fields of encodings ---- */

/* By element: which register and lane, of 16, 32 and 64 bits. */
static inline unsigned simd_element_register(uint32_t w, unsigned log2)
{
    return log2 == 1 ? w >> 16 & 15 : simd_rm(w);
}
static inline unsigned simd_element_index(uint32_t w, unsigned log2)
{
    unsigned h = w >> 11 & 1, l = w >> 21 & 1, m = w >> 20 & 1;

    return log2 == 1 ? h << 2 | l << 1 | m : log2 == 2 ? h << 1 | l : h;
}

/* ---- registers ---- */

static inline struct simd_reg simd_read(const struct cpu *cpu, unsigned r)
{
    const struct arm64 *s = arm64_of(cpu);

    return (struct simd_reg){{s->v[2 * r], s->v[2 * r + 1]}};
}
static inline void simd_write(struct cpu *cpu, unsigned r, struct simd_reg x)
{
    struct arm64 *s = arm64_of(cpu);

    s->v[2 * r] = x.d[0];
    s->v[2 * r + 1] = x.d[1];
}
/* The element that an encoding names, in every lane. */
static inline struct simd_reg simd_element(const struct cpu *cpu, uint32_t w, unsigned log2)
{
    struct simd_reg from = simd_read(cpu, simd_element_register(w, log2)), to = {{0, 0}};

    for (unsigned i = 0; i < 16u >> log2; i++) {
        simd_set(&to, log2, i, simd_get(&from, log2, simd_element_index(w, log2)));
    }
    return to;
}

/* ---- the environment of floating point ---- */

/* FPCR's bits in MODE_FPCR(). */
#define FPCR_AHP BIT64(26)
/* FPSR.QC */
#define SIMD_QC UINT32_C(0x08000000)

/* ---- arguments of helpers: see helpers_simd.def ---- */

/* Of a conversion between formats: log2 of their bytes, and whether it rounds to odd. */
#define FCVT_HOW(from, to, odd) ((uint64_t)(from) | (uint64_t)(to) << 2 | (uint64_t)(odd) << 4)
/* To and from fixed point: log2 of the format's bytes, the integer, and the rounding. */
#define FIXED_HOW(log2, width, is_signed, point, rounding)                                         \
    ((uint64_t)(log2) | (uint64_t)(width) << 8 | (uint64_t)(is_signed) << 16 |                     \
     (uint64_t)(point) << 24 | (uint64_t)(rounding) << 32)

/* ---- what the lift_*.c files of FP and SIMD share ---- */

/* The attributes of an operation of the IR on singles or doubles, by FPCR. */
static inline uint8_t simd_fp_attr(const struct lift *l)
{
    unsigned fpcr = MODE_FPCR(l->mode);
    unsigned rule = fpcr & MODE_FPCR_DN ? FP_NAN_CANONICAL : FP_NAN_ARM;

    return (uint8_t)(IR_FP(simd_rounding(fpcr), rule) | IR_FP_TINY_BEFORE |
                     (fpcr & MODE_FPCR_FZ ? IR_FP_FLUSH_INPUTS | IR_FP_FLUSH_OUTPUT : 0));
}

/* The slot of V register r, and of its high half. */
static inline uint32_t v_slot(unsigned r)
{
    return (uint32_t)(offsetof(struct arm64, v) + r * 2 * sizeof(uint64_t));
}
static inline ir_ref v_get(struct lift *l, unsigned r)
{
    return ir_get(l->b, IR_V128, v_slot(r));
}
static inline void v_put(struct lift *l, unsigned r, ir_ref v)
{
    ir_put(l->b, IR_V128, v_slot(r), v);
}
/* A number of 32 or 64 bits, above which the register becomes zero. What is put last is what is known
 * best to whoever reads it next. */
static inline void v_put_scalar(struct lift *l, enum ir_type t, unsigned r, ir_ref v)
{
    uint32_t slot = v_slot(r);

    ir_put(l->b, IR_I64, slot + 8, ir_const(l->b, IR_I64, 0));
    if (t == IR_I32 || t == IR_F32) {
        ir_put(l->b, IR_I32, slot + 4, ir_const(l->b, IR_I32, 0));
    }
    ir_put(l->b, t, slot, v);
}

/* The register becomes v, or its low half and zero. */
static inline void v_put_q(struct lift *l, unsigned r, bool q, ir_ref v)
{
    v_put(l, r, q ? v : v_halves(l, v, v_const(l, 0)));
}
/* The element that an encoding names, in every lane. */
static inline ir_ref v_get_element(struct lift *l, uint32_t w, unsigned log2)
{
    ir_ref from = v_get(l, simd_element_register(w, log2));

    return v_1(l, IR_VDUP, log2, v_lane(l, log2, from, simd_element_index(w, log2)));
}
/* FPSR.QC is set if any bit of the vector is. */
void arm64_note_saturation(struct lift *l, ir_ref differences);
/* By the helper, which gets the encoding and the operation. */
void arm64_call_simd(struct lift *l, const struct arm64_insn *i, uint32_t op);

/* lift_simd.c */
arm64_lift_fn arm64_lift_v_same, arm64_lift_v_same_element, arm64_lift_v_misc, arm64_lift_v_shift;
arm64_lift_fn arm64_lift_v_add_pair;
/* lift_simd_wide.c */
arm64_lift_fn arm64_lift_v_long, arm64_lift_v_long_element, arm64_lift_v_high, arm64_lift_v_narrow;
arm64_lift_fn arm64_lift_v_long_pair, arm64_lift_v_across, arm64_lift_v_shift_narrow;
arm64_lift_fn arm64_lift_v_shift_long, arm64_lift_v_shll, arm64_lift_v_dot;
arm64_lift_fn arm64_lift_v_dot_element;
/* lift_simd_move.c */
arm64_lift_fn arm64_lift_v_logic, arm64_lift_v_logic4, arm64_lift_v_xar, arm64_lift_v_permute;
arm64_lift_fn arm64_lift_v_extract, arm64_lift_v_table, arm64_lift_v_dup_element;
arm64_lift_fn arm64_lift_v_dup_scalar, arm64_lift_v_dup_general, arm64_lift_v_insert_general;
arm64_lift_fn arm64_lift_v_insert_element, arm64_lift_v_umov, arm64_lift_v_smov;
arm64_lift_fn arm64_lift_v_immediate, arm64_lift_v_immediate_logic;
/* lift_simd_mem.c */
arm64_lift_fn arm64_lift_v_load_literal, arm64_lift_v_load, arm64_lift_v_store;
arm64_lift_fn arm64_lift_v_load_index, arm64_lift_v_store_index, arm64_lift_v_load_pair;
arm64_lift_fn arm64_lift_v_store_pair, arm64_lift_v_load_multiple, arm64_lift_v_store_multiple;
arm64_lift_fn arm64_lift_v_load_single, arm64_lift_v_store_single, arm64_lift_v_load_replicate;
/* lift_fp.c */
arm64_lift_fn arm64_lift_f_move, arm64_lift_f_1, arm64_lift_f_2, arm64_lift_f_3;
arm64_lift_fn arm64_lift_f_compare, arm64_lift_f_ccmp, arm64_lift_f_select, arm64_lift_f_immediate;
/* lift_fp_convert.c */
arm64_lift_fn arm64_lift_f_convert, arm64_lift_f_to_int, arm64_lift_f_of_int;
arm64_lift_fn arm64_lift_f_to_fixed, arm64_lift_f_of_fixed, arm64_lift_f_to_general;
arm64_lift_fn arm64_lift_f_of_general, arm64_lift_f_javascript;
/* lift_fv.c */
arm64_lift_fn arm64_lift_fv_same, arm64_lift_fv_element, arm64_lift_fv_misc, arm64_lift_fv_pair;
arm64_lift_fn arm64_lift_fv_across, arm64_lift_fv_narrow, arm64_lift_fv_narrow_odd;
arm64_lift_fn arm64_lift_fv_long, arm64_lift_fv_fixed, arm64_lift_fv_complex;
/* lift_crypto.c */
arm64_lift_fn arm64_lift_crypto, arm64_lift_v_pmull;

#endif
