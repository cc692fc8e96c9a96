/* SPDX-License-Identifier: GPL-2.0-or-later
 * vector_fp: floating point by lanes, on the host's units where fp.c would use them for scalars, with the
 * same exceptions; the flags of all lanes gather in MXCSR. Everything else is softfloat's, lane by lane, by
 * a call.
 */
#include "base/softfloat.h"
#include "jit/amd64/vector.h"

static bool is_double(const struct ir_op *o)
{
    return IR_VF_LANE(o->x) == 3;
}

static unsigned packed(bool wide, unsigned op)
{
    return (wide ? (unsigned)OP_66 : 0) | OP_0F | op;
}

/* A jump that is taken if any lane of x is a NaN; xmm0 is all ones there. */
static uint32_t jump_if_nan(struct gen *g, bool wide, unsigned x)
{
    vec_imm(g, packed(wide, 0xc2), 0, x, x, 3); /* cmpunord */
    emit_op(g->e, packed(wide, 0x50), false, RAX, rm_reg(0));
    emit_op(g->e, 0x85, false, RAX, rm_reg(RAX));
    return emit_jcc(g->e, COND_NE);
}

/* Where the host's result may be wrong: the whole operation by C, whose flags are then ORed to some of
 * the same. The operands' registers are kept until here. */
static void redo(struct gen *g, const struct ir_op *o, uint32_t site, unsigned x)
{
    struct stub *s = gen_stub(g, STUB_VECTOR_REDO, site);

    s->back = g->e->at;
    s->xmm = (int8_t)x;
    s->imm = gen_keep_op(g, o);
    s->base = (int8_t)gen_xmm(g, o->a);
    s->reg = ir_op_info[o->op].b != K_NONE ? (int8_t)gen_xmm(g, o->b) : -1;
    s->disp = ir_op_info[o->op].c != K_NONE ? (int32_t)gen_xmm(g, o->c) : -1;
}

/* As may_reach_normal() of fp.c. */
static bool may_reach_normal(const struct ir_op *o)
{
    return (o->attr & IR_FP_TINY_BEFORE) != 0 &&
           (o->op == IR_VFMUL || o->op == IR_VFMA || o->op == IR_VFNARROW);
}

/* A jump that is taken if any lane of x is a NaN or the least normal number. */
static uint32_t jump_if_rare(struct gen *g, bool wide, unsigned x)
{
    uint64_t least = wide ? UINT64_C(1) << 52 : UINT64_C(1) << 23;

    vec_constant(g, 0, wide ? 3 : 2, INT64_MAX >> (wide ? 0 : 32));
    emit_op(g->e, PAND, false, 0, rm_reg(x));
    vec_constant(g, 1, wide ? 3 : 2, least);
    vec_imm(g, packed(wide, 0xc2), 1, 1, 0, 0); /* cmpeq */
    vec_imm(g, packed(wide, 0xc2), 0, 0, 0, 3); /* cmpunord */
    emit_op(g->e, POR, false, 0, rm_reg(1));
    emit_op(g->e, packed(wide, 0x50), false, RAX, rm_reg(0));
    emit_op(g->e, 0x85, false, RAX, rm_reg(RAX));
    return emit_jcc(g->e, COND_NE);
}

/* The result in x, with lanes of either width, as the IR has it. */
static void finish(struct gen *g, const struct ir_op *o, bool wide, unsigned x)
{
    uint32_t site = may_reach_normal(o) ? jump_if_rare(g, wide, x) : jump_if_nan(g, wide, x);

    if (may_reach_normal(o) || !gen_fp_is_canonical(o) || o->op == IR_VFMA) {
        redo(g, o, site, x); /* FMA: 0 * inf + qNaN, see fp.c */
    } else {
        struct stub *s = gen_stub(g, STUB_VECTOR_NAN, site);
        s->back = g->e->at;
        s->xmm = (int8_t)x;
        s->disp = wide;
    }
}

static void nan_stub(struct gen *g, const struct stub *s)
{
    unsigned x = (unsigned)s->xmm;

    emit_mov_imm(g->e, RAX, s->disp ? UINT64_C(0x7ff8000000000000) : UINT64_C(0x7fc000007fc00000));
    emit_op(g->e, MOVQ_TO_XMM, true, 1, rm_reg(RAX));
    emit_op(g->e, PUNPCKLQDQ, false, 1, rm_reg(1));
    emit_op(g->e, PAND, false, 1, rm_reg(0));
    emit_op(g->e, PANDN, false, 0, rm_reg(x));
    emit_op(g->e, POR, false, 0, rm_reg(1));
    gen_xmm_move(g, x, 0);
}

void gen_vector_stub(struct gen *g, const struct stub *s)
{
    const int32_t operands[3] = {s->base, s->reg, s->disp};

    if (s->kind == STUB_VECTOR_NAN) {
        nan_stub(g, s);
    } else {
        for (int n = 0; n < 3; n++) {
            if (operands[n] >= 0) {
                emit_op(g->e, OP_0F | 0x11, false, (unsigned)operands[n],
                        rm_mem(RSP, FRAME_VECTORS + 16 * n));
            }
        }
        emit_mov_imm(g->e, RDX, s->imm);
        gen_call_thunk(g, g->j->vector[s->keep]);
        emit_op(g->e, MOVUPS, false, (unsigned)s->xmm, rm_mem(RSP, FRAME_VECTORS));
    }
    emit_patch(g->e, emit_jmp(g->e), s->back);
}

/* ---- the operations; false: not the host's ---- */

static bool binary(struct gen *g, const struct ir_op *o, unsigned op)
{
    unsigned a, b, x;

    if (!gen_fp_to_nearest(g, o)) {
        return false;
    }
    a = gen_xmm(g, o->a);
    b = gen_xmm(g, o->b);
    x = gen_dest_xmm(g);
    gen_xmm_op(g, packed(is_double(o), op), x, a, b);
    finish(g, o, is_double(o), x);
    return true;
}

/* Of one operand, with a result of lanes of either width. */
static bool unary(struct gen *g, const struct ir_op *o, unsigned op, bool wide)
{
    unsigned a, x;

    if (!gen_fp_to_nearest(g, o)) {
        return false;
    }
    a = gen_xmm(g, o->a);
    x = gen_dest_xmm(g);
    emit_op(g->e, op, false, x, rm_reg(a));
    finish(g, o, wide, x);
    return true;
}

static bool fused(struct gen *g, const struct ir_op *o)
{
    unsigned a, b, c, x;

    if (!gen_fp_to_nearest(g, o) || !g->j->has_fma) {
        return false;
    }
    a = gen_xmm(g, o->a);
    b = gen_xmm(g, o->b);
    c = gen_xmm(g, o->c);
    x = gen_dest_xmm(g);
    gen_xmm_move(g, x, a);
    /* vfmadd213: x = b * x + c */
    emit_vex(g->e, OP_66 | OP_0F38 | 0xa8, is_double(o), x, b, rm_reg(c));
    finish(g, o, is_double(o), x);
    return true;
}

static bool compare(struct gen *g, const struct ir_op *o)
{
    static const uint8_t predicates[] = {[FCMP_EQ] = 0,          [FCMP_LT] = 1,
                                         [FCMP_LE] = 2,          [FCMP_EQ_SIGNALING] = 0x10,
                                         [FCMP_LT_QUIET] = 0x11, [FCMP_LE_QUIET] = 0x12,
                                         [FCMP_UNORDERED] = 3};
    unsigned predicate = predicates[IR_VF_NUMBER(o->x)], a, b;

    if (!gen_fp_on_host(g, o) || (predicate > 7 && !g->j->has_avx)) {
        return false;
    }
    a = gen_xmm(g, o->a);
    b = gen_xmm(g, o->b);
    vec_imm(g, packed(is_double(o), 0xc2), gen_dest_xmm(g), a, b, predicate);
    return true;
}

static bool round_to_integral(struct gen *g, const struct ir_op *o)
{
    static const uint8_t modes[] = {[FP_RNE] = 0, [FP_RTZ] = 3, [FP_RDN] = 1, [FP_RUP] = 2};
    unsigned a, x;

    if (!gen_fp_on_host(g, o) || !g->j->has_sse41 || (o->attr & 7) > FP_RUP) {
        return false;
    }
    a = gen_xmm(g, o->a);
    x = gen_dest_xmm(g);
    vec_shuffle(g, OP_66 | OP_0F3A | (is_double(o) ? 0x09u : 0x08u), x, a,
                modes[o->attr & 7] | (IR_VF_NUMBER(o->x) ? 0u : 8u)); /* 8: never inexact */
    finish(g, o, is_double(o), x);
    return true;
}

static bool from_integers(struct gen *g, const struct ir_op *o)
{
    unsigned a, x;

    if (!gen_fp_to_nearest(g, o) || is_double(o) || !(IR_VF_NUMBER(o->x) & 1)) {
        return false;
    }
    a = gen_xmm(g, o->a);
    x = gen_dest_xmm(g);
    emit_op(g->e, OP_0F | 0x5b, false, x, rm_reg(a)); /* cvtdq2ps */
    return true;
}

/* The host's answer to what does not fit is the least integer: then C decides. */
static bool to_integers(struct gen *g, const struct ir_op *o)
{
    unsigned rounding = o->attr & 7, a, x;

    if (!gen_fp_on_host(g, o) || is_double(o) || !(IR_VF_NUMBER(o->x) & 1) ||
        (rounding != FP_RTZ && rounding != FP_RNE)) {
        return false;
    }
    a = gen_xmm(g, o->a);
    x = gen_dest_xmm(g);
    emit_op(g->e, (rounding == FP_RTZ ? OP_F3 : OP_66) | OP_0F | 0x5b, false, x, rm_reg(a));
    vec_pool(g, 0, POOL_SIGN32);
    emit_op(g->e, PCMPEQB + 2, false, 0, rm_reg(x));
    emit_op(g->e, MOVMSKPS, false, RAX, rm_reg(0));
    emit_op(g->e, 0x85, false, RAX, rm_reg(RAX));
    redo(g, o, emit_jcc(g->e, COND_NE), x);
    return true;
}

/* As fp.c's: what holds NaNs is C's before the host's minimum sees it. */
static bool min_max(struct gen *g, const struct ir_op *o)
{
    bool max = o->op == IR_VFMAX, wide = is_double(o);
    unsigned a, b, x, op = packed(wide, max ? 0x5f : 0x5d);
    uint32_t site;

    if (!gen_fp_on_host(g, o) || IR_VF_NUMBER(o->x) == FMINMAX_X86) {
        return false;
    }
    a = gen_xmm(g, o->a);
    b = gen_xmm(g, o->b);
    x = gen_dest_xmm(g);
    vec_imm(g, packed(wide, 0xc2), 0, a, b, 3); /* cmpunord */
    emit_op(g->e, packed(wide, 0x50), false, RAX, rm_reg(0));
    emit_op(g->e, 0x85, false, RAX, rm_reg(RAX));
    site = emit_jcc(g->e, COND_NE);
    gen_xmm_op(g, op, x, a, b);
    gen_xmm_op(g, op, 0, b, a);
    emit_op(g->e, max ? PAND : POR, false, x, rm_reg(0));
    redo(g, o, site, x);
    return true;
}

static bool on_host(struct gen *g, const struct ir_op *o)
{
    switch (o->op) {
    case IR_VFADD: return binary(g, o, 0x58);
    case IR_VFSUB: return binary(g, o, 0x5c);
    case IR_VFMUL: return binary(g, o, 0x59);
    case IR_VFDIV: return binary(g, o, 0x5e);
    case IR_VFSQRT: return unary(g, o, packed(is_double(o), 0x51), is_double(o));
    case IR_VFMA: return fused(g, o);
    case IR_VFCMP: return compare(g, o);
    case IR_VFROUND: return round_to_integral(g, o);
    case IR_VFCVT_IF: return from_integers(g, o);
    case IR_VFCVT_FI: return to_integers(g, o);
    case IR_VFWIDEN: return unary(g, o, OP_0F | 0x5a, true);
    case IR_VFNARROW: return unary(g, o, OP_66 | OP_0F | 0x5a, false);
    case IR_VFMIN:
    case IR_VFMAX: return min_max(g, o);
    default: return false;
    }
}

bool gen_vector_fp(struct gen *g, const struct ir_op *o)
{
    return ir_op_info[o->op].attr == ATTR_FP && (on_host(g, o) || vec_by_c(g, o));
}
