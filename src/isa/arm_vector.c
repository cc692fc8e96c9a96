/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_vector: see arm_vector.h.
 */
#include "isa/arm_vector.h"

/* The bytes of `from` that belong into a vector, by the table: others are 0. */
static ir_ref gathered(struct lift *l, ir_ref from, const uint8_t table[16])
{
    uint64_t half[2] = {0, 0};

    for (unsigned b = 0; b < 16; b++) {
        half[b / 8] |= (uint64_t)table[b] << b % 8 * 8;
    }
    return v_2(
        l, IR_VTBL, 0, from,
        v_2(l, IR_VCONST, 0, ir_const(l->b, IR_I64, half[0]), ir_const(l->b, IR_I64, half[1])));
}

ir_ref v_assembled(struct lift *l, const ir_ref *from, unsigned count, const uint8_t of[16])
{
    ir_ref r = IR_ABSENT;

    for (unsigned k = 0; k < count; k++) {
        uint8_t table[16];
        bool any = false, plain = true;

        for (unsigned b = 0; b < 16; b++) {
            bool here = of[b] != 0xff && of[b] / 16 == k;
            table[b] = here ? of[b] % 16 : 0xff;
            any |= here;
            plain &= here && table[b] == b;
        }
        if (plain) {
            return from[k];
        }
        if (any) {
            ir_ref part = gathered(l, from[k], table);
            r = r == IR_ABSENT ? part : v_2(l, IR_VOR, 0, r, part);
        }
    }
    return r;
}

/* ---- immediates ---- */

/* The bits of imm8, each as a byte. */
static uint64_t spread_bits(unsigned imm8)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < 8; i++) {
        r |= imm8 >> i & 1 ? UINT64_C(0xff) << 8 * i : 0;
    }
    return r;
}

uint64_t simd_expand_imm(uint32_t w)
{
    const uint64_t words = UINT64_C(0x0000000100000001), halves = UINT64_C(0x0001000100010001);
    unsigned imm8 = (w >> 16 & 7) << 5 | (w >> 5 & 31), cmode = w >> 12 & 15;
    bool op = w >> 29 & 1, o2 = w >> 11 & 1;

    switch (cmode >> 1) {
    case 0:
    case 1:
    case 2:
    case 3: return ((uint64_t)imm8 << 8 * (cmode >> 1)) * words;
    case 4:
    case 5: return ((uint64_t)imm8 << 8 * (cmode >> 1 & 1)) * halves;
    case 6: return (cmode & 1 ? (uint64_t)imm8 << 16 | 0xffff : (uint64_t)imm8 << 8 | 0xff) * words;
    default: break;
    }
    if ((cmode & 1) == 0) {
        return op ? spread_bits(imm8) : imm8 * UINT64_C(0x0101010101010101);
    }
    if (op) {
        return simd_expand_fp(imm8, 3);
    }
    return o2 ? simd_expand_fp(imm8, 1) * halves : simd_expand_fp(imm8, 2) * words;
}

/* ---- permutations ---- */

/* Lanes a of even places and those of b behind each; `odd`: of odd places. */
static ir_ref transposed(struct lift *l, unsigned log2, ir_ref n, ir_ref m, bool odd)
{
    unsigned width = 8u << log2;
    ir_ref mask;

    if (log2 == 3) {
        return v_2(l, odd ? IR_VZIPHI : IR_VZIPLO, 3, n, m);
    }
    mask = v_splat(l, log2 + 1, simd_mask(width));
    if (odd) {
        return v_2(l, IR_VOR, 0, v_shift(l, IR_VSHR, log2 + 1, n, width),
                   v_2(l, IR_VANDN, 0, m, mask));
    }
    return v_2(l, IR_VOR, 0, v_2(l, IR_VAND, 0, n, mask), v_shift(l, IR_VSHL, log2 + 1, m, width));
}

/* All lanes of even (odd) places, of n and then of m. */
static ir_ref unzipped(struct lift *l, unsigned log2, ir_ref n, ir_ref m, bool odd)
{
    unsigned width = 8u << log2;

    if (log2 == 3) {
        return v_2(l, odd ? IR_VZIPHI : IR_VZIPLO, 3, n, m);
    }
    if (odd) {
        n = v_shift(l, IR_VSHR, log2 + 1, n, width);
        m = v_shift(l, IR_VSHR, log2 + 1, m, width);
    }
    return v_2(l, IR_VNARROW, log2 + 1, n, m);
}

ir_ref v_permuted(struct lift *l, enum simd_op op, unsigned log2, bool q, ir_ref n, ir_ref m)
{
    ir_ref both;

    switch (op) {
    case SIMD_TRN1:
    case SIMD_TRN2: return transposed(l, log2, n, m, op == SIMD_TRN2);
    case SIMD_UZP1:
    case SIMD_UZP2:
        both = q ? IR_ABSENT : v_halves(l, n, m);
        return unzipped(l, log2, q ? n : both, q ? m : both, op == SIMD_UZP2);
    default: break;
    }
    if (q) {
        return v_2(l, op == SIMD_ZIP1 ? IR_VZIPLO : IR_VZIPHI, log2, n, m);
    }
    both = v_2(l, IR_VZIPLO, log2, n, m); /* both halves' lanes */
    return op == SIMD_ZIP1 ? both : v_bytes(l, both, both, 8);
}

/* ---- three operands of one shape ---- */

/* (a + b) / 2, rounded up or down. */
static ir_ref halving(struct lift *l, const struct v_operands *o, bool is_signed, bool rounds)
{
    ir_ref sign = v_splat(l, o->log2, UINT64_C(1) << ((8u << o->log2) - 1)), n = o->n, m = o->m, r;

    if (is_signed) {
        n = v_2(l, IR_VXOR, 0, n, sign);
        m = v_2(l, IR_VXOR, 0, m, sign);
    }
    r = v_2(l, IR_VAVGU, o->log2, n, m);
    if (!rounds) {
        ir_ref odd = v_2(l, IR_VAND, 0, v_2(l, IR_VXOR, 0, n, m), v_splat(l, o->log2, 1));
        r = v_2(l, IR_VSUB, o->log2, r, odd);
    }
    return is_signed ? v_2(l, IR_VXOR, 0, r, sign) : r;
}

static ir_ref difference(struct lift *l, const struct v_operands *o, bool is_signed)
{
    ir_ref greater = v_2(l, is_signed ? IR_VMAXS : IR_VMAXU, o->log2, o->n, o->m);
    ir_ref lesser = v_2(l, is_signed ? IR_VMINS : IR_VMINU, o->log2, o->n, o->m);

    return v_2(l, IR_VSUB, o->log2, greater, lesser);
}

/* IR_ABSENT: not one of these. */
static ir_ref compare(struct lift *l, const struct v_operands *o, enum simd_op op)
{
    switch (op) {
    case SIMD_CMGT: return v_2(l, IR_VGTS, o->log2, o->n, o->m);
    case SIMD_CMHI: return v_2(l, IR_VGTU, o->log2, o->n, o->m);
    case SIMD_CMGE:
        if (o->log2 == 3) {
            return v_not(l, v_2(l, IR_VGTS, 3, o->m, o->n));
        }
        return v_2(l, IR_VEQ, o->log2, v_2(l, IR_VMAXS, o->log2, o->n, o->m), o->n);
    case SIMD_CMHS:
        if (o->log2 == 3) {
            return v_not(l, v_2(l, IR_VGTU, 3, o->m, o->n));
        }
        return v_2(l, IR_VEQ, o->log2, v_2(l, IR_VMAXU, o->log2, o->n, o->m), o->n);
    case SIMD_CMTST:
        return v_not(l, v_2(l, IR_VEQ, o->log2, v_2(l, IR_VAND, 0, o->n, o->m), v_const(l, 0)));
    case SIMD_CMEQ: return v_2(l, IR_VEQ, o->log2, o->n, o->m);
    default: return IR_ABSENT;
    }
}

/* Neighbours of n and m, of which even and odd ones are brought together first. */
static ir_ref pairwise(struct lift *l, const struct v_operands *o, enum simd_op op)
{
    static const uint8_t ops[] = {IR_VMAXS, IR_VMAXU, IR_VMINS, IR_VMINU};
    ir_ref n = o->n, m = o->m, even, odd;
    unsigned width = 8u << o->log2;

    if (!o->q) {
        n = m = v_halves(l, n, m);
    }
    if (op == SIMD_ADDP) {
        return v_2(l, IR_VPADD, o->log2, n, m);
    }
    even = v_2(l, IR_VNARROW, o->log2 + 1, n, m);
    odd = v_2(l, IR_VNARROW, o->log2 + 1, v_shift(l, IR_VSHR, o->log2 + 1, n, width),
              v_shift(l, IR_VSHR, o->log2 + 1, m, width));
    return v_2(l, (enum ir_opcode)ops[op - SIMD_SMAXP], o->log2, even, odd);
}

ir_ref v_arithmetic(struct lift *l, const struct v_operands *o, enum simd_op op)
{
    switch (op) {
    case SIMD_SHADD:
    case SIMD_UHADD: return halving(l, o, op == SIMD_SHADD, false);
    case SIMD_SRHADD:
    case SIMD_URHADD: return halving(l, o, op == SIMD_SRHADD, true);
    case SIMD_SMAX: return v_2(l, IR_VMAXS, o->log2, o->n, o->m);
    case SIMD_UMAX: return v_2(l, IR_VMAXU, o->log2, o->n, o->m);
    case SIMD_SMIN: return v_2(l, IR_VMINS, o->log2, o->n, o->m);
    case SIMD_UMIN: return v_2(l, IR_VMINU, o->log2, o->n, o->m);
    case SIMD_SABD:
    case SIMD_UABD: return difference(l, o, op == SIMD_SABD);
    case SIMD_SABA:
    case SIMD_UABA: return v_2(l, IR_VADD, o->log2, o->d, difference(l, o, op == SIMD_SABA));
    case SIMD_ADD: return v_2(l, IR_VADD, o->log2, o->n, o->m);
    case SIMD_SUB: return v_2(l, IR_VSUB, o->log2, o->n, o->m);
    case SIMD_MUL: return v_2(l, IR_VMUL, o->log2, o->n, o->m);
    case SIMD_MLA: return v_2(l, IR_VADD, o->log2, o->d, v_2(l, IR_VMUL, o->log2, o->n, o->m));
    case SIMD_MLS: return v_2(l, IR_VSUB, o->log2, o->d, v_2(l, IR_VMUL, o->log2, o->n, o->m));
    case SIMD_SMAXP:
    case SIMD_UMAXP:
    case SIMD_SMINP:
    case SIMD_UMINP:
    case SIMD_ADDP: return pairwise(l, o, op);
    default: return compare(l, o, op);
    }
}
