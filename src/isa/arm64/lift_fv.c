/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_fv: floating point by lanes, and the scalar forms of the same encodings. Singles and doubles are
 * the IR's; half precision, estimates, steps, fixed point and complex numbers are calls of a helper.
 * After the Arm Architecture Reference Manual for A-profile, C7.2.
 */
#include "isa/arm64/simd.h"

static void call(struct lift *l, const struct arm64_insn *i, uint32_t op)
{
    ir_call(l->b, HELP_FV, ir_const(l->b, IR_I64, i->bits), ir_const(l->b, IR_I64, op),
            ir_const(l->b, IR_I64, MODE_FPCR(l->mode)));
}

/* What an instruction works on: vectors, or scalars of a floating-point type. */
struct shape {
    unsigned log2;
    bool scalar, q;
    enum ir_type t; /* of scalars */
};

static struct shape shape_of(const struct arm64_insn *i)
{
    bool is_double = i->bits >> 22 & 1;

    return (struct shape){.log2 = is_double ? 3 : 2,
                          .scalar = simd_scalar(i->bits),
                          .q = simd_q(i->bits) && !simd_scalar(i->bits),
                          .t = is_double ? IR_F64 : IR_F32};
}

/* An operand. Lanes that are not there are zeros, of which nothing is heard, or ones, to divide by. */
static ir_ref operand(struct lift *l, const struct shape *s, ir_ref v, bool divides)
{
    return s->q ? v : v_halves(l, v, v_const(l, divides ? UINT64_C(0x3f8000003f800000) : 0));
}

static ir_ref get(struct lift *l, const struct shape *s, unsigned r)
{
    return s->scalar ? ir_get(l->b, s->t, v_slot(r)) : operand(l, s, v_get(l, r), false);
}

static void put(struct lift *l, const struct shape *s, unsigned r, ir_ref v)
{
    if (s->scalar) {
        v_put_scalar(l, s->t, r, v);
    } else {
        v_put_q(l, r, s->q, v);
    }
}

static ir_ref fp(struct lift *l, const struct shape *s, enum ir_opcode scalar, unsigned number,
                 uint8_t attr, ir_ref a, ir_ref b, ir_ref c)
{
    static const uint8_t vectors[] = {
        [IR_FADD - IR_FADD] = IR_VFADD,   [IR_FSUB - IR_FADD] = IR_VFSUB,
        [IR_FMUL - IR_FADD] = IR_VFMUL,   [IR_FDIV - IR_FADD] = IR_VFDIV,
        [IR_FSQRT - IR_FADD] = IR_VFSQRT, [IR_FMA - IR_FADD] = IR_VFMA,
        [IR_FMIN - IR_FADD] = IR_VFMIN,   [IR_FMAX - IR_FADD] = IR_VFMAX,
        [IR_FCMP - IR_FADD] = IR_VFCMP,   [IR_FROUND - IR_FADD] = IR_VFROUND};

    if (s->scalar) {
        return ir_fp(l->b, scalar, s->t, attr, number, a, b, c);
    }
    return ir_fp(l->b, (enum ir_opcode)vectors[scalar - IR_FADD], IR_V128, attr,
                 IR_VF(s->log2, number), a, b, c);
}

static ir_ref negated(struct lift *l, const struct shape *s, ir_ref a)
{
    if (s->scalar) {
        return ir_un(l->b, IR_FNEG, s->t, a);
    }
    return v_2(l, IR_VXOR, 0, a, v_splat(l, s->log2, UINT64_C(1) << ((8u << s->log2) - 1)));
}

static ir_ref magnitude(struct lift *l, const struct shape *s, ir_ref a)
{
    if (s->scalar) {
        return ir_un(l->b, IR_FABS, s->t, a);
    }
    return v_2(l, IR_VAND, 0, a, v_splat(l, s->log2, simd_mask((8u << s->log2) - 1)));
}

/* Of scalars the answer is 1 or 0, and becomes all ones of its width. */
static ir_ref compare(struct lift *l, const struct shape *s, enum ir_fcmp kind, ir_ref a, ir_ref b)
{
    ir_ref v = fp(l, s, IR_FCMP, kind, simd_fp_attr(l), a, b, IR_ABSENT), zero;

    if (!s->scalar) {
        return v;
    }
    zero = ir_const(l->b, IR_I64, 0);
    v = ir_bin(l->b, IR_SUB, IR_I64, zero, v);
    if (s->t == IR_F64) {
        return ir_un(l->b, IR_FFROMI, IR_F64, v);
    }
    return ir_un(l->b, IR_FFROMI, IR_F32, ir_un(l->b, IR_TRUNC, IR_I32, v));
}

/* ---- three operands ---- */

static ir_ref minimum(struct lift *l, const struct shape *s, unsigned op, ir_ref n, ir_ref m)
{
    bool max = op == FV_MAX || op == FV_MAXNM;
    unsigned rule = op == FV_MAX || op == FV_MIN ? FMINMAX_ARM : FMINMAX_ARM_NUMBER;

    return fp(l, s, max ? IR_FMAX : IR_FMIN, rule, simd_fp_attr(l), n, m, IR_ABSENT);
}

static ir_ref three(struct lift *l, const struct shape *s, unsigned op, ir_ref n, ir_ref m,
                    unsigned d)
{
    uint8_t attr = simd_fp_attr(l);

    switch (op) {
    case FV_ADD: return fp(l, s, IR_FADD, 0, attr, n, m, IR_ABSENT);
    case FV_SUB: return fp(l, s, IR_FSUB, 0, attr, n, m, IR_ABSENT);
    case FV_MUL: return fp(l, s, IR_FMUL, 0, attr, n, m, IR_ABSENT);
    case FV_DIV: return fp(l, s, IR_FDIV, 0, attr, n, operand(l, s, m, true), IR_ABSENT);
    case FV_MAX:
    case FV_MIN:
    case FV_MAXNM:
    case FV_MINNM: return minimum(l, s, op, n, m);
    case FV_MLA: return fp(l, s, IR_FMA, 0, attr, n, m, get(l, s, d));
    case FV_MLS: return fp(l, s, IR_FMA, 0, attr, negated(l, s, n), m, get(l, s, d));
    case FV_ABD: return magnitude(l, s, fp(l, s, IR_FSUB, 0, attr, n, m, IR_ABSENT));
    case FV_CMEQ: return compare(l, s, FCMP_EQ, n, m);
    case FV_CMGE: return compare(l, s, FCMP_LE, m, n);
    case FV_CMGT: return compare(l, s, FCMP_LT, m, n);
    case FV_ACGE: return compare(l, s, FCMP_LE, magnitude(l, s, m), magnitude(l, s, n));
    default: return compare(l, s, FCMP_LT, magnitude(l, s, m), magnitude(l, s, n));
    }
}

static unsigned unpaired(unsigned op)
{
    static const uint8_t of[] = {FV_ADD, FV_MAX, FV_MIN, FV_MAXNM, FV_MINNM};

    return of[op - FV_ADDP];
}

/* Even and odd lanes of n, then of m, are brought together first. */
static void pairwise(struct lift *l, const struct arm64_insn *i, const struct shape *s)
{
    ir_ref n = v_get(l, i->rn), m = v_get(l, i->rm), even, odd;

    if (!s->q) {
        n = m = v_halves(l, n, m);
    }
    if (s->log2 == 3) {
        even = v_2(l, IR_VZIPLO, 3, n, m);
        odd = v_2(l, IR_VZIPHI, 3, n, m);
    } else {
        even = v_2(l, IR_VNARROW, 3, n, m);
        odd = v_2(l, IR_VNARROW, 3, v_shift(l, IR_VSHR, 3, n, 32), v_shift(l, IR_VSHR, 3, m, 32));
    }
    put(l, s, i->rd,
        three(l, s, unpaired(FV_OP(i->info->argument)), operand(l, s, even, false),
              operand(l, s, odd, false), i->rd));
}

static bool by_helper(uint32_t argument)
{
    unsigned op = FV_OP(argument);

    return (argument & FV_HALF) || op == FV_MULX || op == FV_RECPS || op == FV_RSQRTS;
}

void arm64_lift_fv_same(struct lift *l, const struct arm64_insn *i)
{
    struct shape s = shape_of(i);
    unsigned op = FV_OP(i->info->argument);

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (by_helper(i->info->argument)) {
        call(l, i, i->info->argument);
    } else if (op >= FV_ADDP) {
        pairwise(l, i, &s);
    } else {
        put(l, &s, i->rd, three(l, &s, op, get(l, &s, i->rn), get(l, &s, i->rm), i->rd));
    }
}

void arm64_lift_fv_element(struct lift *l, const struct arm64_insn *i)
{
    struct shape s = shape_of(i);
    uint32_t op = i->info->argument;
    ir_ref m;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (by_helper(op)) {
        call(l, i, op | FV_ELEMENT);
        return;
    }
    if (s.scalar) {
        m = ir_get(l->b, s.t, v_slot(i->rm) + (simd_element_index(i->bits, s.log2) << s.log2));
    } else {
        m = operand(l, &s, v_get_element(l, i->bits, s.log2), false);
    }
    put(l, &s, i->rd, three(l, &s, FV_OP(op), get(l, &s, i->rn), m, i->rd));
}

/* ---- a pair to a scalar, all lanes to a scalar ---- */

void arm64_lift_fv_pair(struct lift *l, const struct arm64_insn *i)
{
    struct shape s = shape_of(i);
    ir_ref first, second;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (i->info->argument & FV_HALF) {
        call(l, i, i->info->argument | FV_ACROSS);
        return;
    }
    first = ir_get(l->b, s.t, v_slot(i->rn));
    second = ir_get(l->b, s.t, v_slot(i->rn) + (1u << s.log2));
    put(l, &s, i->rd, three(l, &s, FV_OP(i->info->argument), first, second, i->rd));
}

void arm64_lift_fv_across(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        call(l, i, i->info->argument | FV_ACROSS);
    }
}

/* ---- one operand ---- */

static const uint8_t roundings[] = {FP_RNE, FP_RUP, FP_RDN, FP_RTZ, FP_RMM};

static uint8_t with_rounding(const struct lift *l, unsigned rounding)
{
    return (uint8_t)((simd_fp_attr(l) & ~7u) | rounding);
}

static ir_ref integral(struct lift *l, const struct shape *s, unsigned op, ir_ref n)
{
    uint8_t attr = op <= FV_RINTA ? with_rounding(l, roundings[op - FV_RINTN]) : simd_fp_attr(l);

    return fp(l, s, IR_FROUND, op == FV_RINTX, attr, n, IR_ABSENT, IR_ABSENT);
}

/* Integers of the same size as the numbers. */
static ir_ref to_integers(struct lift *l, const struct shape *s, unsigned op, ir_ref n)
{
    uint8_t attr = with_rounding(l, roundings[(op - FV_CVTNS) / 2]);
    bool is_signed = (op - FV_CVTNS) % 2 == 0;
    enum ir_type to = s->log2 == 3 ? IR_I64 : IR_I32;

    if (!s->scalar) {
        return ir_fp(l->b, IR_VFCVT_FI, IR_V128, attr,
                     IR_VF(s->log2, IR_VF_CVT(is_signed, FP_INT_ARM)), n, IR_ABSENT, IR_ABSENT);
    }
    n = ir_fp(l->b, IR_FCVT_FI, to, attr, IR_CVT(s->t, is_signed, FP_INT_ARM), n, IR_ABSENT,
              IR_ABSENT);
    return ir_un(l->b, IR_FFROMI, s->t, n);
}

static ir_ref of_integers(struct lift *l, const struct shape *s, bool is_signed, ir_ref n)
{
    enum ir_type from = s->log2 == 3 ? IR_I64 : IR_I32;

    if (!s->scalar) {
        return ir_fp(l->b, IR_VFCVT_IF, IR_V128, simd_fp_attr(l),
                     IR_VF(s->log2, IR_VF_CVT(is_signed, 0)), n, IR_ABSENT, IR_ABSENT);
    }
    return ir_fp(l->b, IR_FCVT_IF, s->t, simd_fp_attr(l), IR_CVT(from, is_signed, 0),
                 ir_un(l->b, IR_FTOI, from, n), IR_ABSENT, IR_ABSENT);
}

static ir_ref zero_of(struct lift *l, const struct shape *s)
{
    if (!s->scalar) {
        return v_const(l, 0);
    }
    return ir_un(l->b, IR_FFROMI, s->t, ir_const(l->b, s->t == IR_F64 ? IR_I64 : IR_I32, 0));
}

static ir_ref one(struct lift *l, const struct shape *s, unsigned op, ir_ref n)
{
    if (op >= FV_RINTN && op <= FV_RINTI) {
        return integral(l, s, op, n);
    }
    if (op >= FV_CVTNS && op <= FV_CVTAU) {
        return to_integers(l, s, op, n);
    }
    switch (op) {
    case FV_ABS: return magnitude(l, s, n);
    case FV_NEG: return negated(l, s, n);
    case FV_SQRT: return fp(l, s, IR_FSQRT, 0, simd_fp_attr(l), n, IR_ABSENT, IR_ABSENT);
    case FV_CMGT0: return compare(l, s, FCMP_LT, zero_of(l, s), n);
    case FV_CMEQ0: return compare(l, s, FCMP_EQ, n, zero_of(l, s));
    case FV_CMLT0: return compare(l, s, FCMP_LT, n, zero_of(l, s));
    case FV_CMGE0: return compare(l, s, FCMP_LE, zero_of(l, s), n);
    case FV_CMLE0: return compare(l, s, FCMP_LE, n, zero_of(l, s));
    default: return of_integers(l, s, op == FV_SCVTF, n);
    }
}

void arm64_lift_fv_misc(struct lift *l, const struct arm64_insn *i)
{
    struct shape s = shape_of(i);
    unsigned op = FV_OP(i->info->argument);
    bool rare = (op >= FV_RINT32Z && op <= FV_RINT64X) || (op >= FV_RECPE && op <= FV_RECPX);

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (rare || (i->info->argument & FV_HALF)) {
        call(l, i, i->info->argument);
    } else {
        put(l, &s, i->rd, one(l, &s, op, get(l, &s, i->rn)));
    }
}

/* ---- between widths ---- */

/* Halves of 16 bits are converted one by one. */
static ir_ref convert_lanes(struct lift *l, ir_ref v, unsigned from, unsigned to, unsigned first,
                            ir_ref into, unsigned into_first)
{
    for (unsigned k = 0; k < 4; k++) {
        ir_ref lane = ir_call(l->b, HELP_FCVT, v_lane(l, from, v, first + k),
                              ir_const(l->b, IR_I64, FCVT_HOW(from, to, false)), IR_ABSENT);
        into = v_with_lane(l, to, into, into_first + k, lane);
    }
    return into;
}

void arm64_lift_fv_long(struct lift *l, const struct arm64_insn *i)
{
    bool high = simd_q(i->bits);
    ir_ref n;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    n = v_get(l, i->rn);
    if (!(i->bits >> 22 & 1)) {
        v_put(l, i->rd, convert_lanes(l, n, 1, 2, high ? 4 : 0, v_const(l, 0), 0));
        return;
    }
    n = high ? v_bytes(l, n, n, 8) : n;
    v_put(l, i->rd, ir_fp(l->b, IR_VFWIDEN, IR_V128, simd_fp_attr(l), 0, n, IR_ABSENT, IR_ABSENT));
}

static void narrow(struct lift *l, const struct arm64_insn *i, uint8_t attr)
{
    ir_ref v = ir_fp(l->b, IR_VFNARROW, IR_V128, attr, 0, v_get(l, i->rn), IR_ABSENT, IR_ABSENT);

    v_put(l, i->rd, simd_q(i->bits) ? v_halves(l, v_get(l, i->rd), v) : v);
}

void arm64_lift_fv_narrow(struct lift *l, const struct arm64_insn *i)
{
    bool high = simd_q(i->bits);

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (i->bits >> 22 & 1) {
        narrow(l, i, simd_fp_attr(l));
    } else {
        v_put(l, i->rd,
              convert_lanes(l, v_get(l, i->rn), 2, 1, 0, high ? v_get(l, i->rd) : v_const(l, 0),
                            high ? 4 : 0));
    }
}

/* FCVTXN */
void arm64_lift_fv_narrow_odd(struct lift *l, const struct arm64_insn *i)
{
    uint8_t attr = with_rounding(l, FP_ODD);

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (!simd_scalar(i->bits)) {
        narrow(l, i, attr);
    } else {
        v_put_scalar(l, IR_F32, i->rd,
                     ir_fp(l->b, IR_FCVT_FF, IR_F32, attr, 0, ir_get(l->b, IR_F64, v_slot(i->rn)),
                           IR_ABSENT, IR_ABSENT));
    }
}

/* ---- fixed point, complex numbers ---- */

void arm64_lift_fv_fixed(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        call(l, i, i->info->argument);
    }
}

void arm64_lift_fv_complex(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        call(l, i, i->info->argument);
    }
}
