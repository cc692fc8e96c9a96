/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_fp_convert: scalar floating point to and from other formats, integers, fixed point, and general
 * registers. After the Arm Architecture Reference Manual for A-profile, C7.2.
 */
#include "isa/arm64/simd.h"

/* log2 of the bytes of a format by its two bits. */
static unsigned log2_of(unsigned ftype)
{
    return ftype == 3 ? 1 : 2 + (ftype & 1);
}

static enum ir_type type_of(unsigned log2)
{
    return log2 == 3 ? IR_F64 : IR_F32;
}

static ir_ref get_bits(struct lift *l, unsigned log2, unsigned r)
{
    return ir_bini(l->b, IR_AND, IR_I64, ir_get(l->b, IR_I64, v_slot(r)), simd_mask(8u << log2));
}

static ir_ref fpcr(struct lift *l)
{
    return ir_const(l->b, IR_I64, MODE_FPCR(l->mode));
}

void arm64_lift_f_convert(struct lift *l, const struct arm64_insn *i)
{
    unsigned from = log2_of(simd_size(i->bits)), to = log2_of(i->bits >> 15 & 3);
    ir_ref v;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (from == 1 || to == 1) {
        v = ir_call(l->b, HELP_FCVT, get_bits(l, from, i->rn),
                    ir_const(l->b, IR_I64, FCVT_HOW(from, to, false)), IR_ABSENT);
        v_put_scalar(l, IR_I64, i->rd, v);
    } else {
        v = ir_get(l->b, type_of(from), v_slot(i->rn));
        v_put_scalar(
            l, type_of(to), i->rd,
            ir_fp(l->b, IR_FCVT_FF, type_of(to), simd_fp_attr(l), 0, v, IR_ABSENT, IR_ABSENT));
    }
}

/* ---- integers: sf is bit 31, and bit 16 says unsigned ---- */

static bool is_wide(const struct arm64_insn *i)
{
    return i->bits >> 31;
}

static bool is_signed(const struct arm64_insn *i)
{
    return !(i->bits >> 16 & 1);
}

static void put_general(struct lift *l, const struct arm64_insn *i, ir_ref v64)
{
    x_put64(l, i->rd, v64);
}

static ir_ref fixed_how(struct lift *l, const struct arm64_insn *i, unsigned point,
                        unsigned rounding)
{
    unsigned log2 = log2_of(simd_size(i->bits));

    return ir_const(l->b, IR_I64,
                    FIXED_HOW(log2, is_wide(i) ? 64 : 32, is_signed(i), point, rounding));
}

void arm64_lift_f_to_int(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = log2_of(simd_size(i->bits)), rounding = i->info->argument;
    enum ir_type from = type_of(log2), to = is_wide(i) ? IR_I64 : IR_I32;
    ir_ref v;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (log2 == 1) {
        put_general(l, i,
                    ir_call(l->b, HELP_TO_FIXED, get_bits(l, log2, i->rn),
                            fixed_how(l, i, 0, rounding), fpcr(l)));
        return;
    }
    v = ir_fp(l->b, IR_FCVT_FI, to, (uint8_t)((simd_fp_attr(l) & ~7u) | rounding),
              IR_CVT(from, is_signed(i), FP_INT_ARM), ir_get(l->b, from, v_slot(i->rn)), IR_ABSENT,
              IR_ABSENT);
    put_general(l, i, to == IR_I64 ? v : ir_un(l->b, IR_ZEXT, IR_I64, v));
}

void arm64_lift_f_of_int(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = log2_of(simd_size(i->bits));
    enum ir_type to = type_of(log2), from = is_wide(i) ? IR_I64 : IR_I32;
    ir_ref v;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (log2 == 1) {
        v = ir_call(l->b, HELP_OF_FIXED, x_get64(l, i->rn), fixed_how(l, i, 0, 0), fpcr(l));
        v_put_scalar(l, IR_I64, i->rd, v);
        return;
    }
    v = from == IR_I64 ? x_get64(l, i->rn) : x_get32(l, i->rn);
    v_put_scalar(l, to, i->rd,
                 ir_fp(l->b, IR_FCVT_IF, to, simd_fp_attr(l), IR_CVT(from, is_signed(i), 0), v,
                       IR_ABSENT, IR_ABSENT));
}

/* ---- fixed point ---- */

static unsigned point_of(const struct arm64_insn *i)
{
    return 64 - (i->bits >> 10 & 63);
}

void arm64_lift_f_to_fixed(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        put_general(l, i,
                    ir_call(l->b, HELP_TO_FIXED, get_bits(l, log2_of(simd_size(i->bits)), i->rn),
                            fixed_how(l, i, point_of(i), FP_RTZ), fpcr(l)));
    }
}

void arm64_lift_f_of_fixed(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        v_put_scalar(l, IR_I64, i->rd,
                     ir_call(l->b, HELP_OF_FIXED, x_get64(l, i->rn),
                             fixed_how(l, i, point_of(i), 0), fpcr(l)));
    }
}

/* ---- bits: the argument is log2 of their bytes, or 4 for the high half of a register ---- */

void arm64_lift_f_to_general(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = i->info->argument;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (log2 == 2) {
        x_put32(l, i->rd, ir_get(l->b, IR_I32, v_slot(i->rn)));
    } else if (log2 == 1) {
        x_put64(l, i->rd, get_bits(l, 1, i->rn));
    } else {
        x_put64(l, i->rd, ir_get(l->b, IR_I64, v_slot(i->rn) + (log2 == 4 ? 8 : 0)));
    }
}

void arm64_lift_f_of_general(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = i->info->argument;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (log2 == 4) {
        ir_put(l->b, IR_I64, v_slot(i->rd) + 8, x_get64(l, i->rn));
    } else if (log2 == 2) {
        v_put_scalar(l, IR_I32, i->rd, x_get32(l, i->rn));
    } else {
        ir_ref v = x_get64(l, i->rn);
        v_put_scalar(l, IR_I64, i->rd,
                     log2 == 1 ? ir_bini(l->b, IR_AND, IR_I64, v, UINT16_MAX) : v);
    }
}

/* FJCVTZS; Z says whether nothing was lost. */
void arm64_lift_f_javascript(struct lift *l, const struct arm64_insn *i)
{
    ir_ref v, exact;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    v = ir_call(l->b, HELP_JAVASCRIPT, ir_get(l->b, IR_I64, v_slot(i->rn)), fpcr(l), IR_ABSENT);
    exact = ir_bini(l->b, IR_SHR, IR_I64, v, 32);
    x_put64(l, i->rd, ir_bini(l->b, IR_AND, IR_I64, v, UINT32_MAX));
    arm64_put_flags_word(l, ir_bini(l->b, IR_SHL, IR_I64, exact, 6));
}
