/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_vfp: arithmetic, compares and conversions of floating point, after DDI 0406C, A7.5. Singles and
 * doubles are the IR's, with FPSCR's rules, which are part of block_mode(); what it has no operation for
 * is a helper's. Short vectors (FPSCR.LEN and STRIDE) are undefined, as on the CPUs that there are.
 */
#include "isa/arm32/vfp.h"

bool arm_lift_vfp_on(struct lift *l)
{
    if (!(l->mode & MODE_VFP)) {
        arm_lift_fp_off(l);
        return false;
    }
    return true;
}

/* Of an operation that would be one on short vectors by FPSCR. */
static bool scalar_on(struct lift *l)
{
    if (l->mode & MODE_VECTORS) {
        arm_lift_undefined(l);
        return false;
    }
    return arm_lift_vfp_on(l);
}

static bool is_double(const struct arm_insn *i)
{
    return (i->info->argument & VFP_D) != 0;
}

static enum ir_type type_of(const struct arm_insn *i)
{
    return is_double(i) ? IR_F64 : IR_F32;
}

static uint32_t slot_of(const struct arm_insn *i, unsigned r)
{
    return is_double(i) ? d_slot(r) : s_slot(r);
}

static ir_ref get(struct lift *l, const struct arm_insn *i, unsigned r)
{
    return ir_get(l->b, type_of(i), slot_of(i, r));
}

static void put(struct lift *l, const struct arm_insn *i, ir_ref v)
{
    ir_put(l->b, type_of(i), slot_of(i, i->rd), v);
}

static uint8_t attributes(const struct lift *l)
{
    unsigned fpcr = vfp_fpcr(l);

    return (
        uint8_t)(IR_FP(simd_rounding(fpcr), fpcr & MODE_FPCR_DN ? FP_NAN_CANONICAL : FP_NAN_ARM) |
                 IR_FP_TINY_BEFORE |
                 (fpcr & MODE_FPCR_FZ ? IR_FP_FLUSH_INPUTS | IR_FP_FLUSH_OUTPUT : 0));
}

static ir_ref operate(struct lift *l, enum ir_opcode op, enum ir_type t, ir_ref a, ir_ref b)
{
    return ir_fp(l->b, op, t, attributes(l), 0, a, b, IR_ABSENT);
}

static ir_ref negate_if(struct lift *l, bool wanted, enum ir_type t, ir_ref v)
{
    return wanted ? ir_un(l->b, IR_FNEG, t, v) : v;
}

/* ---- arithmetic ---- */

/* d = (-)d + (-)(n * m), where product and sum are rounded each, or at once. */
void arm_lift_vfp_3(struct lift *l, const struct arm_insn *i)
{
    unsigned op = VFP_OP(i->info->argument);
    bool minus_d = op == VFP_NMLA || op == VFP_NMLS || op == VFP_FNMA || op == VFP_FNMS;
    bool minus_n = op == VFP_MLS || op == VFP_NMLA || op == VFP_FNMA || op == VFP_FMS;
    enum ir_type t = type_of(i);
    ir_ref n, d;

    if (!scalar_on(l)) {
        return;
    }
    n = get(l, i, i->rn);
    d = negate_if(l, minus_d, t, get(l, i, i->rd));
    if (op >= VFP_FNMS) {
        n = negate_if(l, minus_n, t, n);
        put(l, i, ir_fp(l->b, IR_FMA, t, attributes(l), 0, n, get(l, i, i->rm), d));
    } else {
        n = negate_if(l, minus_n, t, operate(l, IR_FMUL, t, n, get(l, i, i->rm)));
        put(l, i, operate(l, IR_FADD, t, d, n));
    }
}

void arm_lift_vfp_2(struct lift *l, const struct arm_insn *i)
{
    unsigned op = VFP_OP(i->info->argument);
    enum ir_type t = type_of(i);
    enum ir_opcode code = op == VFP_ADD   ? IR_FADD
                          : op == VFP_SUB ? IR_FSUB
                          : op == VFP_DIV ? IR_FDIV
                                          : IR_FMUL;

    if (scalar_on(l)) {
        put(l, i,
            negate_if(l, op == VFP_NMUL, t,
                      operate(l, code, t, get(l, i, i->rn), get(l, i, i->rm))));
    }
}

void arm_lift_vfp_1(struct lift *l, const struct arm_insn *i)
{
    enum ir_type t = type_of(i), bits = is_double(i) ? IR_I64 : IR_I32;
    ir_ref v;

    if (!scalar_on(l)) {
        return;
    }
    switch (i->info->argument & ~VFP_D) {
    case VFP_MOV:
        ir_put(l->b, bits, slot_of(i, i->rd), ir_get(l->b, bits, slot_of(i, i->rm)));
        return;
    case VFP_ABS: v = ir_un(l->b, IR_FABS, t, get(l, i, i->rm)); break;
    case VFP_NEG: v = ir_un(l->b, IR_FNEG, t, get(l, i, i->rm)); break;
    default: v = operate(l, IR_FSQRT, t, get(l, i, i->rm), IR_ABSENT); break;
    }
    put(l, i, v);
}

void arm_lift_vfp_imm(struct lift *l, const struct arm_insn *i)
{
    enum ir_type bits = is_double(i) ? IR_I64 : IR_I32;

    if (scalar_on(l)) {
        ir_put(l->b, bits, slot_of(i, i->rd),
               ir_const(l->b, bits, simd_expand_fp((unsigned)i->imm, is_double(i) ? 3 : 2)));
    }
}

/* ---- compares ---- */

/* FPSCR gets N: less; Z: equal; C: not less; V: unordered. */
void arm_lift_vfp_compare(struct lift *l, const struct arm_insn *i)
{
    bool signals = i->info->argument & VFP_E;
    enum ir_type t = type_of(i), bits = is_double(i) ? IR_I64 : IR_I32;
    ir_ref n, m, less, equal, unordered, flags;

    if (!arm_lift_vfp_on(l)) {
        return;
    }
    n = get(l, i, i->rd);
    m = i->info->argument & VFP_ZERO ? ir_un(l->b, IR_FFROMI, t, ir_const(l->b, bits, 0))
                                     : get(l, i, i->rm);
    less =
        ir_fp(l->b, IR_FCMP, t, attributes(l), signals ? FCMP_LT : FCMP_LT_QUIET, n, m, IR_ABSENT);
    equal = ir_fp(l->b, IR_FCMP, t, attributes(l), FCMP_EQ, n, m, IR_ABSENT);
    unordered = ir_fp(l->b, IR_FCMP, t, attributes(l), FCMP_UNORDERED, n, m, IR_ABSENT);
    flags = ir_bini(l->b, IR_SHL, IR_I64, less, 31);
    flags = ir_bin(l->b, IR_OR, IR_I64, flags, ir_bini(l->b, IR_SHL, IR_I64, equal, 30));
    less = ir_bini(l->b, IR_XOR, IR_I64, less, 1);
    flags = ir_bin(l->b, IR_OR, IR_I64, flags, ir_bini(l->b, IR_SHL, IR_I64, less, 29));
    flags = ir_bin(l->b, IR_OR, IR_I64, flags, ir_bini(l->b, IR_SHL, IR_I64, unordered, 28));
    ir_put(
        l->b, IR_I32, ARM_SLOT(fpsr),
        ir_bin(l->b, IR_OR, IR_I32, ir_un(l->b, IR_TRUNC, IR_I32, flags),
               ir_bini(l->b, IR_AND, IR_I32, ir_get(l->b, IR_I32, ARM_SLOT(fpsr)), ~FPSCR_FLAGS)));
}

/* ---- conversions ---- */

void arm_lift_vfp_format(struct lift *l, const struct arm_insn *i)
{
    ir_ref v;

    if (arm_lift_vfp_on(l)) {
        v = is_double(i) ? ir_get(l->b, IR_F32, s_slot(i->rm))
                         : ir_get(l->b, IR_F64, d_slot(i->rm));
        put(l, i, operate(l, IR_FCVT_FF, type_of(i), v, IR_ABSENT));
    }
}

void arm_lift_vfp_of_int(struct lift *l, const struct arm_insn *i)
{
    bool is_signed = i->info->argument & VFP_SIGNED;

    if (arm_lift_vfp_on(l)) {
        put(l, i,
            ir_fp(l->b, IR_FCVT_IF, type_of(i), attributes(l), IR_CVT(IR_I32, is_signed, 0),
                  ir_get(l->b, IR_I32, s_slot(i->rm)), IR_ABSENT, IR_ABSENT));
    }
}

void arm_lift_vfp_to_int(struct lift *l, const struct arm_insn *i)
{
    bool is_signed = i->info->argument & VFP_SIGNED;
    uint8_t attr = attributes(l);

    if (!arm_lift_vfp_on(l)) {
        return;
    }
    if (i->info->argument & VFP_CUT) {
        attr = (uint8_t)((attr & ~7u) | FP_RTZ);
    }
    ir_put(l->b, IR_I32, s_slot(i->rd),
           ir_fp(l->b, IR_FCVT_FI, IR_I32, attr, IR_CVT(type_of(i), is_signed, FP_INT_ARM),
                 get(l, i, i->rm), IR_ABSENT, IR_ABSENT));
}

/* The register itself becomes the other format of its number. */
void arm_lift_vfp_fixed(struct lift *l, const struct arm_insn *i)
{
    enum ir_type bits = is_double(i) ? IR_I64 : IR_I32;
    uint32_t slot = slot_of(i, i->rd), width = i->a ? 32 : 16;
    bool to = i->info->argument & VFP_TO;
    ir_ref v;

    if (!arm_lift_vfp_on(l)) {
        return;
    }
    if ((unsigned)i->imm > width) { /* unpredictable: it would have a point above its bits */
        arm_lift_undefined(l);
        return;
    }
    v = ir_get(l->b, bits, slot);
    v = is_double(i) ? v : ir_un(l->b, IR_ZEXT, IR_I64, v);
    v = ir_call(l->b, HELP_VFP_FIXED, v,
                ir_const(l->b, IR_I64,
                         VFP_HOW(is_double(i) ? 3 : 2, width, i->b == 0, to,
                                 width - (unsigned)i->imm, vfp_fpcr(l))),
                IR_ABSENT);
    ir_put(l->b, bits, slot, is_double(i) ? v : ir_un(l->b, IR_TRUNC, IR_I32, v));
}

void arm_lift_vfp_half(struct lift *l, const struct arm_insn *i)
{
    bool to_half = i->info->argument & VFP_TO;
    unsigned at = i->info->argument & VFP_TOP ? 16 : 0;
    ir_ref v;

    if (!arm_lift_vfp_on(l)) {
        return;
    }
    v = ir_un(l->b, IR_ZEXT, IR_I64, ir_get(l->b, IR_I32, s_slot(i->rm)));
    if (!to_half) {
        v = ir_bini(l->b, IR_AND, IR_I64, ir_bini(l->b, IR_SHR, IR_I64, v, at), UINT16_MAX);
    }
    v = ir_call(l->b, HELP_VFP_HALF, v,
                ir_const(l->b, IR_I64, VFP_HOW(2, 0, false, to_half, 0, vfp_fpcr(l))), IR_ABSENT);
    v = ir_un(l->b, IR_TRUNC, IR_I32, v);
    if (to_half) {
        v = ir_deposit(l->b, IR_I32, ir_get(l->b, IR_I32, s_slot(i->rd)), v, at, 16);
    }
    ir_put(l->b, IR_I32, s_slot(i->rd), v);
}

/* Between half and double precision. */
void arm_lift_vfp_half_double(struct lift *l, const struct arm_insn *i)
{
    bool to_half = i->info->argument & VFP_TO;
    unsigned at = i->info->argument & VFP_TOP ? 16 : 0;
    ir_ref v, how = ir_const(l->b, IR_I64, VFP_HOW(3, 0, false, to_half, 0, vfp_fpcr(l)));

    if (!arm_lift_vfp_on(l)) {
        return;
    }
    if (to_half) {
        v = ir_call(l->b, HELP_VFP_HALF, ir_get(l->b, IR_I64, d_slot(i->rm)), how, IR_ABSENT);
        v = ir_un(l->b, IR_TRUNC, IR_I32, v);
        v = ir_deposit(l->b, IR_I32, ir_get(l->b, IR_I32, s_slot(i->rd)), v, at, 16);
        ir_put(l->b, IR_I32, s_slot(i->rd), v);
        return;
    }
    v = ir_un(l->b, IR_ZEXT, IR_I64, ir_get(l->b, IR_I32, s_slot(i->rm)));
    v = ir_bini(l->b, IR_AND, IR_I64, ir_bini(l->b, IR_SHR, IR_I64, v, at), UINT16_MAX);
    ir_put(l->b, IR_I64, d_slot(i->rd), ir_call(l->b, HELP_VFP_HALF, v, how, IR_ABSENT));
}

/* ---- Armv8 ---- */

void arm_lift_vfp_sel(struct lift *l, const struct arm_insn *i)
{
    static const uint8_t conditions[] = {0, 6, 10, 12}; /* EQ, VS, GE, GT */
    enum ir_type bits = is_double(i) ? IR_I64 : IR_I32;

    if (arm_lift_vfp_on(l)) {
        ir_ref holds = arm_condition(l, conditions[VFP_OP(i->info->argument) & 3]);

        ir_put(l->b, bits, slot_of(i, i->rd),
               ir_select(l->b, bits, holds, ir_get(l->b, bits, slot_of(i, i->rn)),
                         ir_get(l->b, bits, slot_of(i, i->rm))));
    }
}

void arm_lift_vfp_maxnm(struct lift *l, const struct arm_insn *i)
{
    enum ir_opcode op = VFP_OP(i->info->argument) ? IR_FMIN : IR_FMAX;

    if (scalar_on(l)) {
        put(l, i,
            ir_fp(l->b, op, type_of(i), attributes(l), FMINMAX_ARM_NUMBER, get(l, i, i->rn),
                  get(l, i, i->rm), IR_ABSENT));
    }
}

static uint8_t rounded(const struct lift *l, unsigned by)
{
    static const uint8_t roundings[] = {FP_RMM, FP_RNE, FP_RUP, FP_RDN, FP_RTZ};

    return by < ARRAY_LEN(roundings) ? (uint8_t)((attributes(l) & ~7u) | roundings[by])
                                     : attributes(l);
}

void arm_lift_vfp_round(struct lift *l, const struct arm_insn *i)
{
    unsigned by = VFP_OP(i->info->argument);

    if (arm_lift_vfp_on(l)) {
        put(l, i,
            ir_fp(l->b, IR_FROUND, type_of(i), rounded(l, by), by == VFP_ROUND_X, get(l, i, i->rm),
                  IR_ABSENT, IR_ABSENT));
    }
}

void arm_lift_vfp_to_int_by(struct lift *l, const struct arm_insn *i)
{
    bool is_signed = i->info->argument & VFP_SIGNED;

    if (arm_lift_vfp_on(l)) {
        ir_put(l->b, IR_I32, s_slot(i->rd),
               ir_fp(l->b, IR_FCVT_FI, IR_I32, rounded(l, VFP_OP(i->info->argument)),
                     IR_CVT(type_of(i), is_signed, FP_INT_ARM), get(l, i, i->rm), IR_ABSENT,
                     IR_ABSENT));
    }
}
