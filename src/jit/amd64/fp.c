/* SPDX-License-Identifier: GPL-2.0-or-later
 * fp: floating point on the host's units where they do exactly what the IR says: round to nearest,
 * canonical NaNs (a NaN result goes the cold way), tininess after rounding. The sticky flags
 * gather in MXCSR. Everything else is softfloat's, by a call.
 */
#include "base/softfloat.h"
#include "jit/amd64/amd64.h"

static bool is_double(const struct ir_op *o)
{
    return (o->type & IR_TYPE_MASK) == IR_F64;
}

static unsigned scalar(const struct ir_op *o)
{
    return (is_double(o) ? OP_F2 : OP_F3) | OP_0F;
}

static bool host_rounds(const struct gen *g, const struct ir_op *o)
{
    return !g->j->guest.softfloat && o->attr == IR_FP(FP_RNE, FP_NAN_CANONICAL);
}

static void compare_xmm(struct gen *g, const struct ir_op *o, bool signals, unsigned a, unsigned b)
{
    emit_op(g->e, (is_double(o) ? (unsigned)OP_66 : 0) | OP_0F | (signals ? 0x2fu : 0x2eu), false,
            a, rm_reg(b));
}

/* A NaN becomes the canonical one. */
static struct stub *fix_nan(struct gen *g, const struct ir_op *o, unsigned x)
{
    struct stub *s;
    uint32_t site;

    compare_xmm(g, o, false, x, x);
    site = emit_jcc(g->e, COND_P);
    s = gen_stub(g, STUB_NAN, site);
    s->back = g->e->at;
    s->xmm = (int8_t)x;
    return s;
}

/* All operands to C, the answer from rax. */
static bool by_softfloat(struct gen *g, const struct ir_op *o)
{
    unsigned type = o->type & IR_TYPE_MASK;

    gen_pass(g, o->a, 0);
    if (ir_op_info[o->op].b != K_NONE) {
        gen_pass(g, o->b, 1);
    }
    if (ir_op_info[o->op].c != K_NONE) {
        gen_pass(g, o->c, 2);
    }
    emit_mov_imm(g->e, RDX, gen_keep_op(g, o));
    gen_call_thunk(g, g->j->fp[gen_live_xmm(g)]);
    if ((type == IR_F32 || type == IR_F64) && o->op != IR_FCMP) {
        emit_op(g->e, OP_66 | OP_0F | 0x6e, true, gen_dest_xmm(g), rm_reg(RAX));
    } else {
        emit_mov(g->e, true, gen_dest(g, IR_ABSENT), rm_reg(RAX));
    }
    return true;
}

static bool binary(struct gen *g, const struct ir_op *o, unsigned op)
{
    unsigned a, b, x;

    if (!host_rounds(g, o)) {
        return by_softfloat(g, o);
    }
    a = gen_xmm(g, o->a);
    b = gen_xmm(g, o->b);
    x = gen_dest_xmm(g);
    gen_xmm_op(g, scalar(o) | op, x, a, b);
    fix_nan(g, o, x);
    return true;
}

static bool square_root(struct gen *g, const struct ir_op *o)
{
    unsigned a, x;

    if (!host_rounds(g, o)) {
        return by_softfloat(g, o);
    }
    a = gen_xmm(g, o->a);
    x = gen_dest_xmm(g);
    gen_xmm_op(g, scalar(o) | 0x51, x, a, a);
    fix_nan(g, o, x);
    return true;
}

static bool fused(struct gen *g, const struct ir_op *o)
{
    unsigned a, b, c, x;

    if (!host_rounds(g, o) || !g->j->has_fma) {
        return by_softfloat(g, o);
    }
    a = gen_xmm(g, o->a);
    b = gen_xmm(g, o->b);
    c = gen_xmm(g, o->c);
    x = gen_dest_xmm(g);
    gen_xmm_move(g, x, a);
    /* vfmadd213: x = b * x + c */
    emit_vex(g->e, OP_66 | OP_0F38 | 0xa9, is_double(o), x, b, rm_reg(c));
    /* x86 does not call 0 * inf + qNaN invalid, the IR does: a NaN is softfloat's. */
    struct stub *s = fix_nan(g, o, x);
    s->kind = STUB_FMA;
    s->imm = gen_keep_op(g, o);
    s->base = (int8_t)a;
    s->reg = (int8_t)b;
    s->disp = (int32_t)c;
    return true;
}

static void set_al(struct gen *g, enum cond c, unsigned reg)
{
    emit_op(g->e, OP_0F | OP_BYTE | 0x90u | c, false, 0, rm_reg(reg));
}

static bool compare(struct gen *g, const struct ir_op *o)
{
    unsigned a = gen_xmm(g, o->a), b = gen_xmm(g, o->b), dst;
    bool equal = o->x == FCMP_EQ || o->x == FCMP_EQ_SIGNALING;
    bool signals = o->x == FCMP_EQ_SIGNALING || o->x == FCMP_LT || o->x == FCMP_LE;

    /* other NaN rules are of ISAs that see FP_ID, which is not taken from MXCSR */
    if (g->j->guest.softfloat || (o->attr & (IR_FP_FLUSH_INPUTS | IR_FP_FLUSH_OUTPUT)) ||
        (o->attr >> 3 & 3) != FP_NAN_CANONICAL) {
        return by_softfloat(g, o);
    }
    if (equal || o->x == FCMP_UNORDERED) {
        compare_xmm(g, o, signals, a, b);
    } else {
        compare_xmm(g, o, signals, b, a); /* a < b is b above a; unordered is below */
    }
    dst = gen_dest(g, IR_ABSENT);
    if (equal) {
        set_al(g, COND_NP, RAX);
        set_al(g, COND_E, RCX);
        emit_alu(g->e, ALU_AND, false, RAX, rm_reg(RCX));
    } else if (o->x == FCMP_UNORDERED) {
        set_al(g, COND_P, RAX);
    } else {
        set_al(g, o->x == FCMP_LT || o->x == FCMP_LT_QUIET ? COND_A : COND_AE, RAX);
    }
    emit_op(g->e, OP_0F | OP_BYTE | 0xb6, false, dst, rm_reg(RAX));
    return true;
}

static bool sign(struct gen *g, const struct ir_op *o)
{
    bool negates = o->op == IR_FNEG;
    uint64_t bit = is_double(o) ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
    unsigned a = gen_xmm(g, o->a), x = gen_dest_xmm(g);

    emit_mov_imm(g->e, RAX, negates ? bit : bit - 1);
    emit_op(g->e, OP_66 | OP_0F | 0x6e, true, 0, rm_reg(RAX));
    gen_xmm_op(g, OP_66 | OP_0F | (negates ? 0x57u : 0x54u), x, a, 0);
    return true;
}

static bool between_formats(struct gen *g, const struct ir_op *o)
{
    unsigned a, x;

    if (!host_rounds(g, o)) {
        return by_softfloat(g, o);
    }
    a = gen_xmm(g, o->a);
    x = gen_dest_xmm(g);
    gen_xmm_op(g, (is_double(o) ? OP_F3 : OP_F2) | OP_0F | 0x5a, x, a, a);
    fix_nan(g, o, x);
    return true;
}

static bool from_integer(struct gen *g, const struct ir_op *o)
{
    bool wide = (o->x & 0xf) == IR_I64, is_signed = o->x >> 4 & 1;
    unsigned x, r;

    if (!host_rounds(g, o) || (wide && !is_signed)) {
        return by_softfloat(g, o);
    }
    r = gen_reg(g, o->a);
    if (!is_signed) {
        emit_mov(g->e, false, RAX, rm_reg(r));
        r = RAX;
        wide = true;
    }
    x = gen_dest_xmm(g);
    emit_op(g->e, OP_0F | 0x57, false, x, rm_reg(x)); /* no false dependency */
    emit_op(g->e, scalar(o) | 0x2a, wide, x, rm_reg(r));
    return true;
}

/* cvttsd2si and relatives give the smallest integer for what does not fit: then C decides. Its
 * flags are ORed to those that were raised: the same. */
static bool to_integer(struct gen *g, const struct ir_op *o)
{
    bool from_double = (o->x & 0xf) == IR_F64, is_signed = o->x >> 4 & 1;
    bool wide = (o->type & IR_TYPE_MASK) == IR_I64;
    unsigned rounding = o->attr & 7, a, dst;
    struct stub *s;
    uint32_t site;

    if (g->j->guest.softfloat || !is_signed || (rounding != FP_RTZ && rounding != FP_RNE) ||
        (o->attr & ~7) != IR_FP(0, FP_NAN_CANONICAL)) {
        return by_softfloat(g, o);
    }
    a = gen_xmm(g, o->a);
    dst = gen_dest(g, IR_ABSENT);
    emit_op(g->e, (from_double ? OP_F2 : OP_F3) | OP_0F | (rounding == FP_RTZ ? 0x2cu : 0x2du),
            wide, dst, rm_reg(a));
    if (wide) {
        emit_mov_imm(g->e, RAX, UINT64_C(1) << 63);
        emit_alu(g->e, ALU_CMP, true, dst, rm_reg(RAX));
    } else {
        emit_alu_imm(g->e, ALU_CMP, false, rm_reg(dst), INT32_MIN);
    }
    site = emit_jcc(g->e, COND_E);
    s = gen_stub(g, STUB_FP, site);
    s->imm = gen_keep_op(g, o);
    s->back = g->e->at;
    s->reg = (int8_t)dst;
    s->xmm = (int8_t)a;
    return true;
}

void gen_fp_stub(struct gen *g, const struct stub *s)
{
    const struct ir_op *o = &g->block->ops[s->op];

    if (s->kind == STUB_NAN) {
        emit_mov_imm(g->e, RAX, is_double(o) ? UINT64_C(0x7ff8000000000000) : UINT64_C(0x7fc00000));
        emit_op(g->e, OP_66 | OP_0F | 0x6e, true, (unsigned)s->xmm, rm_reg(RAX));
    } else if (s->kind == STUB_FMA) {
        const unsigned operands[3] = {(unsigned)s->base, (unsigned)s->reg, (unsigned)s->disp};
        for (int n = 0; n < 3; n++) {
            emit_op(g->e, OP_66 | OP_0F | 0xd6, false, operands[n],
                    rm_mem(RSP, FRAME_ARGS + 8 * n));
        }
        emit_mov_imm(g->e, RDX, s->imm);
        gen_call_thunk(g, g->j->fp[s->keep]);
        emit_op(g->e, OP_66 | OP_0F | 0x6e, true, (unsigned)s->xmm, rm_reg(RAX));
    } else {
        emit_op(g->e, OP_66 | OP_0F | 0xd6, false, (unsigned)s->xmm, rm_mem(RSP, FRAME_ARGS));
        emit_mov_imm(g->e, RDX, s->imm);
        gen_call_thunk(g, g->j->fp[s->keep]);
        emit_mov(g->e, true, (unsigned)s->reg, rm_reg(RAX));
    }
    emit_patch(g->e, emit_jmp(g->e), s->back);
}

bool gen_fp(struct gen *g, const struct ir_op *o)
{
    switch (o->op) {
    case IR_FADD: return binary(g, o, 0x58);
    case IR_FSUB: return binary(g, o, 0x5c);
    case IR_FMUL: return binary(g, o, 0x59);
    case IR_FDIV: return binary(g, o, 0x5e);
    case IR_FSQRT: return square_root(g, o);
    case IR_FMA: return fused(g, o);
    case IR_FCMP: return compare(g, o);
    case IR_FNEG:
    case IR_FABS: return sign(g, o);
    case IR_FCVT_FF: return between_formats(g, o);
    case IR_FCVT_IF: return from_integer(g, o);
    case IR_FCVT_FI: return to_integer(g, o);
    case IR_FMIN:
    case IR_FMAX:
    case IR_FROUND: return by_softfloat(g, o);
    case IR_FFROMI: {
        struct rm a = gen_rm(g, o->a);
        emit_op(g->e, OP_66 | OP_0F | 0x6e, is_double(o), gen_dest_xmm(g), a);
        return true;
    }
    case IR_FTOI: {
        unsigned a = gen_xmm(g, o->a);
        emit_op(g->e, OP_66 | OP_0F | 0x7e, (o->type & IR_TYPE_MASK) == IR_I64, a,
                rm_reg(gen_dest(g, IR_ABSENT)));
        return true;
    }
    default: return false;
    }
}
