/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_fp: scalar floating point: arithmetic, compares, moves. Singles and doubles are the IR's, with
 * Arm's rules by FPCR, which is part of block_mode(); half precision is a call of a helper. After the Arm
 * Architecture Reference Manual for A-profile, C7.2. FPSR's flags are hart.fp_flags.
 */
#include "isa/arm64/simd.h"

enum { FTYPE_S, FTYPE_D, FTYPE_H = 3 };

static ir_ref get(struct lift *l, enum ir_type t, unsigned r)
{
    return ir_get(l->b, t, v_slot(r));
}

static enum ir_type type_of(const struct arm64_insn *i)
{
    return simd_size(i->bits) == FTYPE_D ? IR_F64 : IR_F32;
}

static bool is_half(const struct arm64_insn *i)
{
    return simd_size(i->bits) == FTYPE_H;
}

/* The low bits of a register as an integer that keeps them all. */
static ir_ref get_bits(struct lift *l, const struct arm64_insn *i, unsigned r)
{
    ir_ref v = ir_get(l->b, IR_I64, v_slot(r));

    return is_half(i) ? ir_bini(l->b, IR_AND, IR_I64, v, UINT16_MAX) : v;
}

static void call_half(struct lift *l, const struct arm64_insn *i, unsigned op)
{
    ir_call(l->b, HELP_HALF, ir_const(l->b, IR_I64, i->bits), ir_const(l->b, IR_I64, op),
            ir_const(l->b, IR_I64, MODE_FPCR(l->mode)));
}

/* ---- moves ---- */

void arm64_lift_f_move(struct lift *l, const struct arm64_insn *i)
{
    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (is_half(i)) {
        v_put_scalar(l, IR_I64, i->rd, get_bits(l, i, i->rn));
    } else {
        v_put_scalar(l, type_of(i), i->rd, get(l, type_of(i), i->rn));
    }
}

void arm64_lift_f_immediate(struct lift *l, const struct arm64_insn *i)
{
    unsigned imm8 = i->bits >> 13 & 0xff;
    unsigned log2 = is_half(i) ? 1 : type_of(i) == IR_F64 ? 3 : 2;

    if (arm64_lift_fp_on(l)) {
        v_put_scalar(l, IR_I64, i->rd, ir_const(l->b, IR_I64, simd_expand_fp(imm8, log2)));
    }
}

void arm64_lift_f_select(struct lift *l, const struct arm64_insn *i)
{
    ir_ref holds, v;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    holds = arm64_condition(l, i->bits >> 12 & 15);
    if (is_half(i)) {
        v = ir_select(l->b, IR_I64, holds, get_bits(l, i, i->rn), get_bits(l, i, i->rm));
        v_put_scalar(l, IR_I64, i->rd, v);
    } else {
        v = ir_select(l->b, type_of(i), holds, get(l, type_of(i), i->rn),
                      get(l, type_of(i), i->rm));
        v_put_scalar(l, type_of(i), i->rd, v);
    }
}

/* ---- arithmetic ---- */

static ir_ref integral(struct lift *l, enum ir_type t, unsigned op, ir_ref n)
{
    static const uint8_t roundings[] = {FP_RNE, FP_RUP, FP_RDN, FP_RTZ, FP_RMM};
    uint8_t attr = simd_fp_attr(l);

    if (op <= F1_RINTA) {
        attr = (uint8_t)((attr & ~7u) | roundings[op - F1_RINTN]);
    }
    return ir_fp(l->b, IR_FROUND, t, attr, op == F1_RINTX, n, IR_ABSENT, IR_ABSENT);
}

/* FRINT32 and FRINT64: by a helper, which takes and gives bits. */
static void round_to_bits(struct lift *l, const struct arm64_insn *i, unsigned op)
{
    bool is_double = type_of(i) == IR_F64;
    bool to_zero = op == F1_RINT32Z || op == F1_RINT64Z;
    unsigned rounding = to_zero ? FP_RTZ : simd_rounding(MODE_FPCR(l->mode));
    unsigned how = (is_double ? 3u : 2u) | (op <= F1_RINT32X ? 32u : 64u) << 8 | rounding << 16;
    ir_ref n = get_bits(l, i, i->rn);

    if (!is_double) {
        n = ir_bini(l->b, IR_AND, IR_I64, n, UINT32_MAX);
    }
    v_put_scalar(l, IR_I64, i->rd,
                 ir_call(l->b, HELP_ROUND_BITS, n, ir_const(l->b, IR_I64, how),
                         ir_const(l->b, IR_I64, MODE_FPCR(l->mode))));
}

void arm64_lift_f_1(struct lift *l, const struct arm64_insn *i)
{
    unsigned op = i->info->argument;
    enum ir_type t = type_of(i);
    ir_ref n;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (is_half(i)) {
        call_half(l, i, op);
        return;
    }
    if (op >= F1_RINT32Z) {
        round_to_bits(l, i, op);
        return;
    }
    n = get(l, t, i->rn);
    switch (op) {
    case F1_ABS: n = ir_un(l->b, IR_FABS, t, n); break;
    case F1_NEG: n = ir_un(l->b, IR_FNEG, t, n); break;
    case F1_SQRT: n = ir_fp(l->b, IR_FSQRT, t, simd_fp_attr(l), 0, n, IR_ABSENT, IR_ABSENT); break;
    default: n = integral(l, t, op, n); break;
    }
    v_put_scalar(l, t, i->rd, n);
}

void arm64_lift_f_2(struct lift *l, const struct arm64_insn *i)
{
    static const struct {
        uint8_t op, x;
    } ops[] = {[F2_MUL] = {IR_FMUL, 0},
               [F2_DIV] = {IR_FDIV, 0},
               [F2_ADD] = {IR_FADD, 0},
               [F2_SUB] = {IR_FSUB, 0},
               [F2_MAX] = {IR_FMAX, FMINMAX_ARM},
               [F2_MIN] = {IR_FMIN, FMINMAX_ARM},
               [F2_MAXNM] = {IR_FMAX, FMINMAX_ARM_NUMBER},
               [F2_MINNM] = {IR_FMIN, FMINMAX_ARM_NUMBER},
               [F2_NMUL] = {IR_FMUL, 0}};
    unsigned op = i->info->argument;
    enum ir_type t = type_of(i);
    ir_ref v;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (is_half(i)) {
        call_half(l, i, 16 + op);
        return;
    }
    v = ir_fp(l->b, (enum ir_opcode)ops[op].op, t, simd_fp_attr(l), ops[op].x, get(l, t, i->rn),
              get(l, t, i->rm), IR_ABSENT);
    v_put_scalar(l, t, i->rd, op == F2_NMUL ? ir_un(l->b, IR_FNEG, t, v) : v);
}

void arm64_lift_f_3(struct lift *l, const struct arm64_insn *i)
{
    unsigned op = i->info->argument;
    enum ir_type t = type_of(i);
    ir_ref n, a;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (is_half(i)) {
        call_half(l, i, 32 + op);
        return;
    }
    n = get(l, t, i->rn);
    a = get(l, t, i->ra);
    n = op == F3_MSUB || op == F3_NMADD ? ir_un(l->b, IR_FNEG, t, n) : n;
    a = op >= F3_NMADD ? ir_un(l->b, IR_FNEG, t, a) : a;
    v_put_scalar(l, t, i->rd, ir_fp(l->b, IR_FMA, t, simd_fp_attr(l), 0, n, get(l, t, i->rm), a));
}

/* ---- compares ---- */

/* N: less; Z: equal; C: not less; V: unordered. */
static ir_ref nzcv_of(struct lift *l, enum ir_type t, ir_ref n, ir_ref m, bool signals)
{
    uint8_t attr = simd_fp_attr(l);
    ir_ref less = ir_fp(l->b, IR_FCMP, t, attr, signals ? FCMP_LT : FCMP_LT_QUIET, n, m, IR_ABSENT);
    ir_ref equal = ir_fp(l->b, IR_FCMP, t, attr, FCMP_EQ, n, m, IR_ABSENT);
    ir_ref unordered = ir_fp(l->b, IR_FCMP, t, attr, FCMP_UNORDERED, n, m, IR_ABSENT);
    ir_ref flags = ir_bini(l->b, IR_XOR, IR_I64, less, IR_FLAG_C);

    _Static_assert(IR_FLAG_S == 1 << 7 && IR_FLAG_Z == 1 << 6 && IR_FLAG_O == 1 << 11, "places");
    flags = ir_bin(l->b, IR_OR, IR_I64, flags, ir_bini(l->b, IR_SHL, IR_I64, less, 7));
    flags = ir_bin(l->b, IR_OR, IR_I64, flags, ir_bini(l->b, IR_SHL, IR_I64, equal, 6));
    return ir_bin(l->b, IR_OR, IR_I64, flags, ir_bini(l->b, IR_SHL, IR_I64, unordered, 11));
}

static ir_ref compare(struct lift *l, const struct arm64_insn *i)
{
    bool with_zero = i->info->argument & FCMP_ZERO, signals = i->info->argument & FCMP_E;
    enum ir_type t = type_of(i);
    ir_ref zero = ir_const(l->b, t == IR_F64 ? IR_I64 : IR_I32, 0), m;

    if (is_half(i)) {
        m = with_zero ? ir_const(l->b, IR_I64, 0) : get_bits(l, i, i->rm);
        return ir_call(l->b, HELP_FCMP_HALF, get_bits(l, i, i->rn), m,
                       ir_const(l->b, IR_I64, (signals ? FCMP_E : 0) | MODE_FPCR(l->mode) << 8));
    }
    m = with_zero ? ir_un(l->b, IR_FFROMI, t, zero) : get(l, t, i->rm);
    return nzcv_of(l, t, get(l, t, i->rn), m, signals);
}

void arm64_lift_f_compare(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        arm64_put_flags_word(l, compare(l, i));
    }
}

/* Where the condition does not hold nothing is compared, and no flag of FPSR raised. */
void arm64_lift_f_ccmp(struct lift *l, const struct arm64_insn *i)
{
    ir_ref fails, skip;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    fails = ir_bini(l->b, IR_XOR, IR_I64, arm64_condition(l, i->bits >> 12 & 15), 1);
    arm64_put_flags_word(l, ir_const(l->b, IR_I64, arm64_flags_word(i->bits & 15)));
    skip = ir_skip_if(l->b, fails);
    arm64_put_flags_word(l, compare(l, i));
    ir_skip_end(l->b, skip);
}
