/* SPDX-License-Identifier: GPL-2.0-or-later
 * fp: floating point on the host's units where they do exactly what the IR says: round to nearest, nothing
 * flushed. What may differ goes the cold way: NaN results, which become canonical or are softfloat's, by
 * Arm's rule; and under `tiny_before` the least normal number, which the host may have reached by rounding
 * up without calling that an underflow. The sticky flags gather in MXCSR. Everything else is softfloat's,
 * by a call.
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

bool gen_fp_on_host(const struct gen *g, const struct ir_op *o)
{
    /* x86's NaN rule is of an ISA that sees FP_ID, which is not taken from MXCSR. */
    return !g->j->guest.softfloat && (o->attr & (IR_FP_FLUSH_INPUTS | IR_FP_FLUSH_OUTPUT)) == 0 &&
           (o->attr >> 3 & 3) != FP_NAN_X86;
}

bool gen_fp_to_nearest(const struct gen *g, const struct ir_op *o)
{
    return gen_fp_on_host(g, o) && (o->attr & 7) == FP_RNE;
}

bool gen_fp_is_canonical(const struct ir_op *o)
{
    return (o->attr >> 3 & 3) == FP_NAN_CANONICAL;
}

/* What is tiny before it is rounded is not so after it only if it becomes the least normal number. Sums,
 * roots and what is widened are never tiny and inexact; quotients are never so near below a power of 2. */
static bool may_reach_normal(const struct ir_op *o)
{
    return (o->attr & IR_FP_TINY_BEFORE) != 0 &&
           (o->op == IR_FMUL || o->op == IR_FMA || (o->op == IR_FCVT_FF && !is_double(o)));
}

static void compare_xmm(struct gen *g, const struct ir_op *o, bool signals, unsigned a, unsigned b)
{
    emit_op(g->e, (is_double(o) ? (unsigned)OP_66 : 0) | OP_0F | (signals ? 0x2fu : 0x2eu), false,
            a, rm_reg(b));
}

static int8_t operand_xmm(struct gen *g, ir_ref v, unsigned kind)
{
    return kind != K_NONE ? (int8_t)gen_xmm(g, v) : -1;
}

/* At `site` the whole operation is done again by softfloat, whose flags are ORed to some of the same. The
 * operands' registers are kept until here. */
static void redo(struct gen *g, const struct ir_op *o, uint32_t site, unsigned x)
{
    const struct ir_op_info *info = &ir_op_info[o->op];
    struct stub *s = gen_stub(g, STUB_FP_REDO, site);

    s->back = g->e->at;
    s->xmm = (int8_t)x;
    s->imm = gen_keep_op(g, o);
    s->base = operand_xmm(g, o->a, info->a);
    s->reg = operand_xmm(g, o->b, info->b);
    s->disp = operand_xmm(g, o->c, info->c);
}

/* The result in x, as the IR has it. Exponents of 0, 1, and all ones are looked at in the stub. */
static void finish(struct gen *g, const struct ir_op *o, unsigned x)
{
    uint32_t site;

    if (may_reach_normal(o)) {
        emit_op(g->e, OP_66 | OP_0F | 0x7e, is_double(o), x, rm_reg(RAX));
        emit_shift_imm(g->e, SHIFT_SHR, is_double(o), RAX, is_double(o) ? 52 : 23);
        emit_alu_imm(g->e, ALU_ADD, false, rm_reg(RAX), 1);
        emit_byte(g->e, 0xa9); /* test eax, imm32 */
        emit_32(g->e, is_double(o) ? 0x7fc : 0xfc);
        redo(g, o, emit_jcc(g->e, COND_E), x);
        return;
    }
    compare_xmm(g, o, false, x, x);
    site = emit_jcc(g->e, COND_P);
    if (gen_fp_is_canonical(o) && o->op != IR_FMA) {
        struct stub *s = gen_stub(g, STUB_NAN, site);
        s->back = g->e->at;
        s->xmm = (int8_t)x;
    } else { /* x86 does not call 0 * inf + qNaN invalid, the IR does: FMA's NaNs are softfloat's */
        redo(g, o, site, x);
    }
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

    if (!gen_fp_to_nearest(g, o)) {
        return by_softfloat(g, o);
    }
    a = gen_xmm(g, o->a);
    b = gen_xmm(g, o->b);
    x = gen_dest_xmm(g);
    gen_xmm_op(g, scalar(o) | op, x, a, b);
    finish(g, o, x);
    return true;
}

static bool square_root(struct gen *g, const struct ir_op *o)
{
    unsigned a, x;

    if (!gen_fp_to_nearest(g, o)) {
        return by_softfloat(g, o);
    }
    a = gen_xmm(g, o->a);
    x = gen_dest_xmm(g);
    gen_xmm_op(g, scalar(o) | 0x51, x, a, a);
    finish(g, o, x);
    return true;
}

static bool fused(struct gen *g, const struct ir_op *o)
{
    unsigned a, b, c, x;

    if (!gen_fp_to_nearest(g, o) || !g->j->has_fma) {
        return by_softfloat(g, o);
    }
    a = gen_xmm(g, o->a);
    b = gen_xmm(g, o->b);
    c = gen_xmm(g, o->c);
    x = gen_dest_xmm(g);
    gen_xmm_move(g, x, a);
    /* vfmadd213: x = b * x + c */
    emit_vex(g->e, OP_66 | OP_0F38 | 0xa9, is_double(o), x, b, rm_reg(c));
    finish(g, o, x);
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

    if (!gen_fp_on_host(g, o)) {
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

    if (!gen_fp_to_nearest(g, o)) {
        return by_softfloat(g, o);
    }
    a = gen_xmm(g, o->a);
    x = gen_dest_xmm(g);
    gen_xmm_op(g, (is_double(o) ? OP_F3 : OP_F2) | OP_0F | 0x5a, x, a, a);
    finish(g, o, x);
    return true;
}

/* Numbers from 2^63 on are C's. */
static bool from_integer(struct gen *g, const struct ir_op *o)
{
    bool wide = (o->x & 0xf) == IR_I64, is_signed = o->x >> 4 & 1;
    uint32_t site = 0;
    unsigned x, r;

    if (!gen_fp_to_nearest(g, o)) {
        return by_softfloat(g, o);
    }
    r = gen_reg(g, o->a);
    x = gen_dest_xmm(g);
    if (!is_signed && wide) {
        emit_op(g->e, 0x85, true, r, rm_reg(r));
        site = emit_jcc(g->e, COND_S);
    } else if (!is_signed) {
        emit_mov(g->e, false, RAX, rm_reg(r));
        r = RAX;
        wide = true;
    }
    emit_op(g->e, OP_0F | 0x57, false, x, rm_reg(x)); /* no false dependency */
    emit_op(g->e, scalar(o) | 0x2a, wide, x, rm_reg(r));
    if (site != 0) {
        struct stub *s = gen_stub(g, STUB_FP_OF, site);
        s->back = g->e->at;
        s->imm = gen_keep_op(g, o);
        s->reg = (int8_t)r;
        s->xmm = (int8_t)x;
    }
    return true;
}

static void by_c(struct gen *g, const struct ir_op *o, uint32_t site, uint32_t site2, unsigned a,
                 unsigned dst)
{
    struct stub *s = gen_stub(g, STUB_FP, site);

    s->site2 = site2;
    s->imm = gen_keep_op(g, o);
    s->back = g->e->at;
    s->reg = (int8_t)dst;
    s->xmm = (int8_t)a;
}

/* To an unsigned integer, cut: what is not negative and below 2^32 (2^63) is converted as a signed one of
 * 64 bits. It is looked at first, as the host would call it inexact what is beyond and only invalid. */
static bool to_unsigned(struct gen *g, const struct ir_op *o)
{
    bool from_double = (o->x & 0xf) == IR_F64, wide = (o->type & IR_TYPE_MASK) == IR_I64;
    unsigned prefix = from_double ? (unsigned)OP_66 : 0, log2 = wide ? 63 : 32, a, dst;
    uint32_t beyond, below;

    a = gen_xmm(g, o->a);
    dst = gen_dest(g, IR_ABSENT);
    emit_mov_imm(g->e, RAX, from_double ? (uint64_t)(1023 + log2) << 52 : (127 + log2) << 23);
    emit_op(g->e, OP_66 | OP_0F | 0x6e, true, 0, rm_reg(RAX));
    emit_op(g->e, prefix | OP_0F | 0x2e, false, 0, rm_reg(a)); /* a NaN is beyond, too */
    beyond = emit_jcc(g->e, COND_BE);
    emit_op(g->e, prefix | OP_0F | 0x50, false, RAX, rm_reg(a)); /* movmsk */
    emit_byte(g->e, 0xa8);                                       /* test al, 1 */
    emit_byte(g->e, 1);
    below = emit_jcc(g->e, COND_NE);
    emit_op(g->e, (from_double ? OP_F2 : OP_F3) | OP_0F | 0x2c, true, dst, rm_reg(a));
    by_c(g, o, beyond, below, a, dst);
    return true;
}

/* cvttsd2si and relatives give the smallest integer for what does not fit: then C decides. Its
 * flags are ORed to those that were raised: the same. */
static bool to_integer(struct gen *g, const struct ir_op *o)
{
    bool from_double = (o->x & 0xf) == IR_F64, is_signed = o->x >> 4 & 1;
    bool wide = (o->type & IR_TYPE_MASK) == IR_I64;
    unsigned rounding = o->attr & 7, a, dst;

    if (!gen_fp_on_host(g, o) || (rounding != FP_RTZ && (rounding != FP_RNE || !is_signed))) {
        return by_softfloat(g, o);
    }
    if (!is_signed) {
        return to_unsigned(g, o);
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
    by_c(g, o, emit_jcc(g->e, COND_E), 0, a, dst);
    return true;
}

/* The host's minimum is its second operand if that is not greater, so both ways round differ for zeros
 * alone, of which the negative one is the less. NaNs are C's before the host sees them. */
static bool min_max(struct gen *g, const struct ir_op *o)
{
    bool max = o->op == IR_FMAX;
    unsigned a, b, x, op = scalar(o) | (max ? 0x5fu : 0x5du);
    uint32_t site;

    if (!gen_fp_on_host(g, o) || o->x == FMINMAX_X86) {
        return by_softfloat(g, o);
    }
    a = gen_xmm(g, o->a);
    b = gen_xmm(g, o->b);
    x = gen_dest_xmm(g);
    compare_xmm(g, o, false, a, b);
    site = emit_jcc(g->e, COND_P);
    gen_xmm_op(g, op, x, a, b);
    gen_xmm_op(g, op, 0, b, a);
    emit_op(g->e, OP_0F | (max ? 0x54u : 0x56u), false, x, rm_reg(0));
    redo(g, o, site, x);
    return true;
}

static bool to_integral(struct gen *g, const struct ir_op *o)
{
    static const uint8_t modes[] = {[FP_RNE] = 0, [FP_RTZ] = 3, [FP_RDN] = 1, [FP_RUP] = 2};
    unsigned a, x;

    if (!gen_fp_on_host(g, o) || !g->j->has_sse41 || (o->attr & 7) > FP_RUP) {
        return by_softfloat(g, o);
    }
    a = gen_xmm(g, o->a);
    x = gen_dest_xmm(g);
    gen_xmm_move(g, x, a); /* no false dependency */
    emit_op(g->e, OP_66 | OP_0F3A | (is_double(o) ? 0x0bu : 0x0au), false, x, rm_reg(a));
    emit_byte(g->e, modes[o->attr & 7] | (o->x ? 0u : 8u)); /* 8: never inexact */
    finish(g, o, x);
    return true;
}

/* A result that is neither a NaN nor the least normal number is left as it is. */
static void leave_if_usual(struct gen *g, const struct stub *s, const struct ir_op *o)
{
    unsigned x = (unsigned)s->xmm;
    uint32_t from;

    if (!may_reach_normal(o)) {
        return;
    }
    compare_xmm(g, o, false, x, x);
    from = gen_short_jcc(g, COND_P);
    emit_op(g->e, OP_66 | OP_0F | 0x7e, is_double(o), x, rm_reg(RAX));
    emit_alu(g->e, ALU_ADD, is_double(o), RAX, rm_reg(RAX)); /* without the sign */
    emit_mov_imm(g->e, RCX, is_double(o) ? UINT64_C(2) << 52 : UINT64_C(2) << 23);
    emit_alu(g->e, ALU_CMP, is_double(o), RAX, rm_reg(RCX));
    emit_patch(g->e, emit_jcc(g->e, COND_NE), s->back);
    gen_short_here(g, from);
}

static void redo_stub(struct gen *g, const struct stub *s, const struct ir_op *o)
{
    const int32_t operands[3] = {s->base, s->reg, s->disp};

    leave_if_usual(g, s, o);
    for (int n = 0; n < 3; n++) {
        if (operands[n] >= 0) {
            emit_op(g->e, OP_66 | OP_0F | 0xd6, false, (unsigned)operands[n],
                    rm_mem(RSP, FRAME_ARGS + 8 * n));
        }
    }
    emit_mov_imm(g->e, RDX, s->imm);
    gen_call_thunk(g, g->j->fp[s->keep]);
    emit_op(g->e, OP_66 | OP_0F | 0x6e, true, (unsigned)s->xmm, rm_reg(RAX));
}

void gen_fp_stub(struct gen *g, const struct stub *s)
{
    const struct ir_op *o = &g->block->ops[s->op];

    if (s->kind == STUB_NAN) {
        emit_mov_imm(g->e, RAX, is_double(o) ? UINT64_C(0x7ff8000000000000) : UINT64_C(0x7fc00000));
        emit_op(g->e, OP_66 | OP_0F | 0x6e, true, (unsigned)s->xmm, rm_reg(RAX));
    } else if (s->kind == STUB_FP_REDO) {
        redo_stub(g, s, o);
    } else if (s->kind == STUB_FP_OF) {
        emit_mov_to(g->e, true, rm_mem(RSP, FRAME_ARGS), (unsigned)s->reg);
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
    case IR_FMAX: return min_max(g, o);
    case IR_FROUND: return to_integral(g, o);
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
