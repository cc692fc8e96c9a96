/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_vector: operations of the IR on vectors, in short words, for the lifters of both widths of Arm.
 */
#ifndef ISA_ARM_VECTOR_H
#define ISA_ARM_VECTOR_H

#include "isa/arm_simd.h"
#include "isa/isa.h"

/* Operations on vectors: lanes of 2^log2 bytes. */
static inline ir_ref v_2(struct lift *l, enum ir_opcode op, unsigned log2, ir_ref a, ir_ref b)
{
    return ir_emit(
        l->b,
        (struct ir_op){.op = (uint8_t)op, .type = IR_V128, .attr = (uint8_t)log2, .a = a, .b = b});
}
static inline ir_ref v_1(struct lift *l, enum ir_opcode op, unsigned log2, ir_ref a)
{
    return v_2(l, op, log2, a, IR_ABSENT);
}
static inline ir_ref v_shift(struct lift *l, enum ir_opcode op, unsigned log2, ir_ref a, unsigned n)
{
    return ir_emit(
        l->b, (struct ir_op){
                  .op = (uint8_t)op, .type = IR_V128, .attr = (uint8_t)log2, .a = a, .imm = n});
}
/* Bytes [n, n+16) of b:a. */
static inline ir_ref v_bytes(struct lift *l, ir_ref a, ir_ref b, unsigned n)
{
    return ir_emit(l->b, (struct ir_op){.op = IR_VEXT, .type = IR_V128, .a = a, .b = b, .x = n});
}
static inline ir_ref v_lane(struct lift *l, unsigned log2, ir_ref a, unsigned i)
{
    return ir_emit(
        l->b,
        (struct ir_op){.op = IR_VGET, .type = IR_I64, .attr = (uint8_t)log2, .a = a, .imm = i});
}
static inline ir_ref v_with_lane(struct lift *l, unsigned log2, ir_ref a, unsigned i, ir_ref value)
{
    return ir_emit(
        l->b,
        (struct ir_op){
            .op = IR_VSET, .type = IR_V128, .attr = (uint8_t)log2, .a = a, .b = value, .x = i});
}
/* Every half of the vector is this. */
static inline ir_ref v_const(struct lift *l, uint64_t half)
{
    ir_ref c = ir_const(l->b, IR_I64, half);

    return v_2(l, IR_VCONST, 0, c, c);
}
/* Every lane is this. */
static inline ir_ref v_splat(struct lift *l, unsigned log2, uint64_t lane)
{
    static const uint64_t ones[4] = {UINT64_C(0x0101010101010101), UINT64_C(0x0001000100010001),
                                     UINT64_C(0x0000000100000001), 1};

    return v_const(l, ones[log2] * (lane & simd_mask(8u << log2)));
}
static inline ir_ref v_not(struct lift *l, ir_ref a)
{
    return v_2(l, IR_VXOR, 0, a, v_const(l, UINT64_MAX));
}
/* The low halves of a and b, a lower. */
static inline ir_ref v_halves(struct lift *l, ir_ref a, ir_ref b)
{
    return v_2(l, IR_VZIPLO, 3, a, b);
}
/* b where mask is set, else a. */
static inline ir_ref v_chosen(struct lift *l, ir_ref mask, ir_ref a, ir_ref b)
{
    return v_2(l, IR_VXOR, 0, a, v_2(l, IR_VAND, 0, v_2(l, IR_VXOR, 0, a, b), mask));
}

/* ---- arm_vector.c ---- */

/* A vector that has bytes from `count` others: `of` says for each place vector * 16 + byte, or 0xff: zero. */
ir_ref v_assembled(struct lift *l, const ir_ref *from, unsigned count, const uint8_t of[16]);
/* The constant of the modified immediates, one half of the register (AdvSIMDExpandImm). */
uint64_t simd_expand_imm(uint32_t w);
/* TRN1, UZP1, ZIP1 and so on of vectors of 16 bytes, or of 8 as low halves. */
ir_ref v_permuted(struct lift *l, enum simd_op op, unsigned log2, bool q, ir_ref n, ir_ref m);

/* What three-operand instructions work on; d is looked at if v_uses_d(). */
struct v_operands {
    unsigned log2;
    bool q; /* else vectors have 8 bytes; so have scalars */
    ir_ref n, m, d;
};
static inline bool v_uses_d(enum simd_op op)
{
    return op == SIMD_SABA || op == SIMD_UABA || op == SIMD_MLA || op == SIMD_MLS;
}
/* Those up to SIMD_ADDP that neither shift nor saturate, but for SHSUB, UHSUB and PMUL. */
ir_ref v_arithmetic(struct lift *l, const struct v_operands *o, enum simd_op op);

#endif
