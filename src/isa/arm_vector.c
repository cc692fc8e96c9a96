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
