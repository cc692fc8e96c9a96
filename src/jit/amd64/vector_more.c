/* SPDX-License-Identifier: GPL-2.0-or-later
 * vector_more: operations on vectors beside plain arithmetic: saturating, narrowing and widening,
 * products of other widths, neighbours, masks, shifts by an amount that is not known. As in vector.c;
 * what is rare in guests and has no short way is C's.
 */
#include "jit/amd64/vector.h"

struct operands {
    unsigned a, b, x;
};

static struct operands two(struct gen *g, const struct ir_op *o)
{
    struct operands r = {.a = gen_xmm(g, o->a), .b = gen_xmm(g, o->b)};

    r.x = gen_dest_xmm(g);
    return r;
}

static void legacy(struct gen *g, unsigned op, unsigned to, unsigned from)
{
    emit_op(g->e, op, false, to, rm_reg(from));
}

/* Every bit of a lane of 32 or 64 bits becomes its top one. */
static void spread_sign(struct gen *g, unsigned log2, unsigned x)
{
    vec_shift(g, PSHIFTW + 1, 4, x, x, 31);
    if (log2 == 3) {
        vec_shuffle(g, PSHUFD, x, x, 0xf5);
    }
}

/* ---- saturation ---- */

/* Lanes of 32 and 64 bits: unsigned sums are too great where they are less than an operand, differences
 * too small where b is above a. */
static void saturate_unsigned(struct gen *g, const struct ir_op *o, struct operands r)
{
    unsigned add = o->attr == 3 ? PADDQ : PADDB + o->attr;

    if (o->op == IR_VADDSU) {
        gen_xmm_op(g, add, r.x, r.a, r.b);
        vec_above(g, o->attr, 14, r.a, r.x);
        legacy(g, POR, r.x, 14);
    } else {
        vec_above(g, o->attr, 14, r.b, r.a);
        gen_xmm_move(g, r.x, r.a);
        legacy(g, PSUBB + o->attr, r.x, r.b);
        legacy(g, PANDN, 14, r.x);
        gen_xmm_move(g, r.x, 14);
    }
}

/* Signed: beyond where the result's sign is wrong, and then the greatest number, or its complement if a
 * is negative. */
static void saturate_signed(struct gen *g, const struct ir_op *o, struct operands r)
{
    bool adds = o->op == IR_VADDSS;

    gen_xmm_move(g, 14, r.a);
    legacy(g, adds ? (o->attr == 3 ? PADDQ : PADDB + o->attr) : PSUBB + o->attr, 14, r.b);
    gen_xmm_move(g, 1, adds ? r.b : r.a);
    legacy(g, PXOR, 1, adds ? 14 : r.b);
    gen_xmm_move(g, 0, r.a);
    legacy(g, PXOR, 0, 14);
    legacy(g, PAND, 0, 1);
    spread_sign(g, o->attr, 0);
    gen_xmm_move(g, 15, r.a);
    spread_sign(g, o->attr, 15);
    vec_constant(g, 1, o->attr, UINT64_MAX >> (65 - (8u << o->attr)));
    legacy(g, PXOR, 15, 1);
    vec_choose(g, r.x, 0, 15, 14);
}

static void saturate(struct gen *g, const struct ir_op *o)
{
    static const unsigned direct[] = {[IR_VADDSU - IR_VADDSU] = OP_66 | OP_0F | 0xdc,
                                      [IR_VADDSS - IR_VADDSU] = OP_66 | OP_0F | 0xec,
                                      [IR_VSUBSU - IR_VADDSU] = OP_66 | OP_0F | 0xd8,
                                      [IR_VSUBSS - IR_VADDSU] = OP_66 | OP_0F | 0xe8};
    struct operands r = two(g, o);

    if (o->attr <= 1) {
        gen_xmm_op(g, direct[o->op - IR_VADDSU] + o->attr, r.x, r.a, r.b);
    } else if (o->op == IR_VADDSU || o->op == IR_VSUBSU) {
        saturate_unsigned(g, o, r);
    } else {
        saturate_signed(g, o, r);
    }
}

/* ---- one operand, averages, counts ---- */

static void absolute(struct gen *g, const struct ir_op *o)
{
    unsigned a = gen_xmm(g, o->a), x = gen_dest_xmm(g);

    if (o->attr < 3 && g->j->has_ssse3) {
        legacy(g, PABSB + o->attr, x, a);
        return;
    }
    if (o->attr < 2) { /* the lesser unsigned, the greater signed of a and -a */
        vec_zero(g, x);
        legacy(g, PSUBB + o->attr, x, a);
        legacy(g, o->attr == 0 ? PMINUB : PMAXSW, x, a);
        return;
    }
    gen_xmm_move(g, 0, a);
    spread_sign(g, o->attr, 0);
    gen_xmm_op(g, PXOR, x, a, 0);
    legacy(g, PSUBB + o->attr, x, 0);
}

/* (a | b) - ((a ^ b) >> 1) where there is no instruction. */
static void average(struct gen *g, const struct ir_op *o)
{
    struct operands r = two(g, o);

    if (o->attr <= 1) {
        gen_xmm_op(g, o->attr == 0 ? PAVGB : PAVGW, r.x, r.a, r.b);
        return;
    }
    gen_xmm_op(g, PXOR, 0, r.a, r.b);
    vec_shift(g, PSHIFTW + o->attr - 1u, 2, 0, 0, 1);
    gen_xmm_op(g, POR, r.x, r.a, r.b);
    legacy(g, PSUBB + o->attr, r.x, 0);
}

/* Sums of ever wider fields. */
static void count_ones(struct gen *g, const struct ir_op *o)
{
    unsigned a = gen_xmm(g, o->a), x = gen_dest_xmm(g);

    vec_shift(g, PSHIFTW, 2, 0, a, 1);
    vec_constant(g, 1, 0, 0x55);
    legacy(g, PAND, 0, 1);
    gen_xmm_op(g, PSUBB, x, a, 0);
    vec_constant(g, 1, 0, 0x33);
    vec_shift(g, PSHIFTW, 2, 0, x, 2);
    legacy(g, PAND, 0, 1);
    legacy(g, PAND, x, 1);
    legacy(g, PADDB, x, 0);
    vec_shift(g, PSHIFTW, 2, 0, x, 4);
    legacy(g, PADDB, x, 0);
    vec_constant(g, 1, 0, 0x0f);
    legacy(g, PAND, x, 1);
}

static void mask_of_signs(struct gen *g, const struct ir_op *o)
{
    static const unsigned moves[] = {PMOVMSKB, PMOVMSKB, MOVMSKPS, MOVMSKPS | OP_66};
    unsigned a = gen_xmm(g, o->a), dst = gen_dest(g, IR_ABSENT);

    if (o->attr == 1) { /* the bytes that keep the signs, and zeros */
        gen_xmm_move(g, 0, a);
        vec_zero(g, 1);
        legacy(g, PACKSSWB, 0, 1);
        a = 0;
    }
    legacy(g, moves[o->attr], dst, a);
}

/* ---- products ---- */

/* Even words by even words: the products' halves, or their sum with 0. */
static void even_words(struct gen *g, bool is_signed, struct operands r)
{
    if (is_signed) {
        vec_constant(g, 0, 2, 0xffff);
        legacy(g, PAND, 0, r.b);
        gen_xmm_op(g, PMADDWD, r.x, r.a, 0);
        return;
    }
    gen_xmm_op(g, PMULHUW, 0, r.a, r.b);
    vec_shift(g, PSHIFTW + 1, 6, 0, 0, 16);
    gen_xmm_op(g, PMULLW, r.x, r.a, r.b);
    vec_constant(g, 1, 2, 0xffff);
    legacy(g, PAND, r.x, 1);
    legacy(g, POR, r.x, 0);
}

static void even_bytes(struct gen *g, bool is_signed, struct operands r)
{
    if (is_signed) {
        vec_shift(g, PSHIFTW, 6, 0, r.b, 8);
        vec_shift(g, PSHIFTW, 4, 0, 0, 8);
        vec_shift(g, PSHIFTW, 6, r.x, r.a, 8);
        vec_shift(g, PSHIFTW, 4, r.x, r.x, 8);
    } else {
        vec_pool(g, 0, POOL_LOW8);
        gen_xmm_op(g, PAND, r.x, r.a, 0);
        legacy(g, PAND, 0, r.b);
    }
    legacy(g, PMULLW, r.x, 0);
}

static bool even_products(struct gen *g, const struct ir_op *o)
{
    bool is_signed = o->op == IR_VMULES;

    if (o->attr == 2 && is_signed && !g->j->has_sse41) {
        return vec_by_c(g, o);
    }
    struct operands r = two(g, o);
    switch (o->attr) {
    case 0: even_bytes(g, is_signed, r); break;
    case 1: even_words(g, is_signed, r); break;
    default: gen_xmm_op(g, is_signed ? PMULDQ : PMULUDQ, r.x, r.a, r.b); break;
    }
    return true;
}

/* Of lanes of 32 bits: the even products' high halves moved down, the odd ones' where they are. */
static void high_of_32(struct gen *g, unsigned multiply, struct operands r)
{
    vec_shift(g, PSHIFTQ, 2, 0, r.a, 32);
    vec_shift(g, PSHIFTQ, 2, 1, r.b, 32);
    legacy(g, multiply, 0, 1);
    vec_constant(g, 1, 3, UINT64_C(0xffffffff00000000));
    legacy(g, PAND, 0, 1);
    gen_xmm_op(g, multiply, r.x, r.a, r.b);
    vec_shift(g, PSHIFTQ, 2, r.x, r.x, 32);
    legacy(g, POR, r.x, 0);
}

static bool high_products(struct gen *g, const struct ir_op *o)
{
    bool is_signed = o->op == IR_VMULHS;

    if (o->attr == 0 || o->attr == 3 || (o->attr == 2 && is_signed && !g->j->has_sse41)) {
        return vec_by_c(g, o);
    }
    struct operands r = two(g, o);
    if (o->attr == 1) {
        gen_xmm_op(g, is_signed ? PMULHW : PMULHUW, r.x, r.a, r.b);
    } else {
        high_of_32(g, is_signed ? PMULDQ : PMULUDQ, r);
    }
    return true;
}

/* ---- widths ---- */

/* Even lanes of a, then of b, from lanes of half the width that are clean above. */
static bool narrow(struct gen *g, const struct ir_op *o)
{
    unsigned pack = o->attr == 1 ? PACKUSWB : PACKUSDW;

    if (o->attr == 2 && !g->j->has_sse41) {
        struct operands r = two(g, o); /* signs, which the signed pack keeps as they are */
        vec_shift(g, PSHIFTW + 1, 6, 0, r.b, 16);
        vec_shift(g, PSHIFTW + 1, 4, 0, 0, 16);
        vec_shift(g, PSHIFTW + 1, 6, r.x, r.a, 16);
        vec_shift(g, PSHIFTW + 1, 4, r.x, r.x, 16);
        legacy(g, PACKSSDW, r.x, 0);
        return true;
    }
    struct operands r = two(g, o);
    if (o->attr == 3) {
        vec_imm(g, SHUFPS, r.x, r.a, r.b, 0x88);
        return true;
    }
    vec_constant(g, 0, o->attr, o->attr == 1 ? 0xff : 0xffff);
    gen_xmm_op(g, PAND, r.x, r.a, 0);
    legacy(g, PAND, 0, r.b);
    legacy(g, pack, r.x, 0);
    return true;
}

/* Unsigned words: what is above 255 is taken off, then packed as signed. */
static void narrow_unsigned_words(struct gen *g, struct operands r)
{
    vec_pool(g, 1, POOL_LOW8);
    gen_xmm_op(g, PSUBUSW, 0, r.a, 1);
    gen_xmm_op(g, PSUBB + 1, r.x, r.a, 0);
    gen_xmm_op(g, PSUBUSW, 0, r.b, 1);
    gen_xmm_op(g, PSUBB + 1, 1, r.b, 0);
    legacy(g, PACKUSWB, r.x, 1);
}

static bool narrow_to_nearest(struct gen *g, const struct ir_op *o)
{
    struct operands r;

    if (o->attr == 3 || (o->attr == 2 && o->op != IR_VNARROWSS && !g->j->has_sse41)) {
        return vec_by_c(g, o);
    }
    r = two(g, o);
    if (o->op == IR_VNARROWSS) {
        gen_xmm_op(g, o->attr == 1 ? PACKSSWB : PACKSSDW, r.x, r.a, r.b);
    } else if (o->op == IR_VNARROWSU) {
        gen_xmm_op(g, o->attr == 1 ? PACKUSWB : PACKUSDW, r.x, r.a, r.b);
    } else if (o->attr == 1) {
        narrow_unsigned_words(g, r);
    } else {
        vec_constant(g, 0, 2, 0xffff);
        gen_xmm_op(g, PMINUD, r.x, r.a, 0);
        legacy(g, PMINUD, 0, r.b);
        legacy(g, PACKUSDW, r.x, 0);
    }
    return true;
}

static void widen(struct gen *g, const struct ir_op *o)
{
    unsigned a = gen_xmm(g, o->a), x = gen_dest_xmm(g);
    bool high = o->op == IR_VWIDHU || o->op == IR_VWIDHS;
    bool is_signed = o->op == IR_VWIDLS || o->op == IR_VWIDHS;
    unsigned unpack = (high ? PUNPCKHBW : PUNPCKLBW) + o->attr;

    if (!is_signed) {
        vec_zero(g, 0);
        gen_xmm_op(g, unpack, x, a, 0);
    } else if (o->attr == 2) {
        vec_shift(g, PSHIFTW + 1, 4, 0, a, 31);
        gen_xmm_op(g, unpack, x, a, 0);
    } else { /* twice, and the lower one shifted out */
        gen_xmm_op(g, unpack, x, a, a);
        vec_shift(g, PSHIFTW + o->attr, 4, x, x, 8u << o->attr);
    }
}

/* ---- neighbours ---- */

/* Even lanes and odd lanes, each packed, and added. */
static void pairwise(struct gen *g, const struct ir_op *o)
{
    struct operands r = two(g, o);

    switch (o->attr) {
    case 0:
        vec_pool(g, 0, POOL_LOW8);
        gen_xmm_op(g, PAND, r.x, r.a, 0);
        legacy(g, PAND, 0, r.b);
        legacy(g, PACKUSWB, r.x, 0);
        vec_shift(g, PSHIFTW, 2, 0, r.a, 8);
        vec_shift(g, PSHIFTW, 2, 1, r.b, 8);
        legacy(g, PACKUSWB, 0, 1);
        break;
    case 1:
        vec_shift(g, PSHIFTW + 1, 6, r.x, r.a, 16);
        vec_shift(g, PSHIFTW + 1, 4, r.x, r.x, 16);
        vec_shift(g, PSHIFTW + 1, 6, 0, r.b, 16);
        vec_shift(g, PSHIFTW + 1, 4, 0, 0, 16);
        legacy(g, PACKSSDW, r.x, 0);
        vec_shift(g, PSHIFTW + 1, 4, 0, r.a, 16);
        vec_shift(g, PSHIFTW + 1, 4, 1, r.b, 16);
        legacy(g, PACKSSDW, 0, 1);
        break;
    case 2:
        vec_imm(g, SHUFPS, r.x, r.a, r.b, 0x88);
        vec_imm(g, SHUFPS, 0, r.a, r.b, 0xdd);
        break;
    default:
        gen_xmm_op(g, PUNPCKLQDQ, r.x, r.a, r.b);
        gen_xmm_op(g, PUNPCKHQDQ, 0, r.a, r.b);
        break;
    }
    legacy(g, o->attr == 3 ? PADDQ : PADDB + o->attr, r.x, 0);
}

/* ---- shifts by an amount in a register, which the host takes as 64 bits ---- */

static bool shift_by(struct gen *g, const struct ir_op *o)
{
    static const unsigned first[] = {OP_66 | OP_0F | 0xf0, OP_66 | OP_0F | 0xd0,
                                     OP_66 | OP_0F | 0xe0};
    unsigned a, b, x;

    if (o->attr == 0) {
        return vec_by_c(g, o);
    }
    a = gen_xmm(g, o->a);
    b = gen_reg(g, o->b);
    x = gen_dest_xmm(g);
    if (o->op == IR_VSARB && o->attr == 3) { /* by 63 at most, with the top bit as in vector.c */
        emit_mov(g->e, true, RAX, rm_reg(b));
        emit_mov_imm(g->e, RCX, 63);
        emit_alu(g->e, ALU_CMP, true, RAX, rm_reg(RCX));
        emit_op(g->e, OP_0F | 0x47, true, RAX, rm_reg(RCX)); /* cmova */
        emit_op(g->e, MOVQ_TO_XMM, true, 0, rm_reg(RAX));
        vec_pool(g, 1, POOL_SIGN64);
        legacy(g, first[IR_VSHRB - IR_VSHLB] + 3, 1, 0);
        gen_xmm_op(g, first[IR_VSHRB - IR_VSHLB] + 3, x, a, 0);
        legacy(g, PXOR, x, 1);
        legacy(g, PSUBB + 3, x, 1);
        return true;
    }
    emit_op(g->e, MOVQ_TO_XMM, true, 0, rm_reg(b));
    gen_xmm_op(g, first[o->op - IR_VSHLB] + o->attr, x, a, 0);
    return true;
}

bool gen_vector_more(struct gen *g, const struct ir_op *o)
{
    struct operands r;

    switch (o->op) {
    case IR_VADDSU:
    case IR_VADDSS:
    case IR_VSUBSU:
    case IR_VSUBSS: saturate(g, o); return true;
    case IR_VABS: absolute(g, o); return true;
    case IR_VAVGU: average(g, o); return true;
    case IR_VPOPCNT: count_ones(g, o); return true;
    case IR_VGTU:
        r = two(g, o);
        vec_above(g, o->attr, r.x, r.a, r.b);
        return true;
    case IR_VMULHU:
    case IR_VMULHS: return high_products(g, o);
    case IR_VMULEU:
    case IR_VMULES: return even_products(g, o);
    case IR_VMADD:
        r = two(g, o);
        gen_xmm_op(g, PMADDWD, r.x, r.a, r.b);
        return true;
    case IR_VPADD: pairwise(g, o); return true;
    case IR_VNARROW: return narrow(g, o);
    case IR_VNARROWSS:
    case IR_VNARROWSU:
    case IR_VNARROWUU: return narrow_to_nearest(g, o);
    case IR_VWIDLU:
    case IR_VWIDLS:
    case IR_VWIDHU:
    case IR_VWIDHS: widen(g, o); return true;
    case IR_VMOVMSK: mask_of_signs(g, o); return true;
    case IR_VSHLB:
    case IR_VSHRB:
    case IR_VSARB: return shift_by(g, o);
    default: return gen_vector_fp(g, o);
    }
}
