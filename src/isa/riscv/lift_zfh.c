/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_zfh: half precision and the constants of Zfa, after "Zfh" and "Zfa" of volume I. The IR has no
 * type for halves: helpers compute them with softfloat, and what only moves bits is lifted. Halves
 * live NaN-boxed in 64-bit registers.
 */
#include "isa/riscv/lift.h"

#define H_BOX         UINT64_C(0xffffffffffff0000)
#define H_DEFAULT_NAN 0x7e00
#define H_SIGN        0x8000

ir_ref riscv_h_bits(struct lift *l, unsigned r)
{
    ir_ref raw = ir_get(l->b, IR_I64, f_slot(r));
    ir_ref boxed = ir_bin(l->b, IR_LEU, IR_I64, ir_const(l->b, IR_I64, H_BOX), raw);

    return ir_select(l->b, IR_I64, boxed, ir_extract(l->b, IR_I64, raw, 0, 16),
                     ir_const(l->b, IR_I64, H_DEFAULT_NAN));
}

/* The low 16 bits of `bits`; the others are 0. */
static void h_put_bits(struct lift *l, unsigned r, ir_ref bits)
{
    riscv_fp_dirty(l);
    ir_put(l->b, IR_I64, f_slot(r), ir_bini(l->b, IR_OR, IR_I64, bits, H_BOX));
}

/* The instructions of half precision that Zfa adds want Zfh as well. */
static bool h_on(struct lift *l, const struct riscv_insn *i)
{
    if (i->info->extension == EXT_ZFA && (MODE_EXT(l->mode) & EXT_ZFH) == 0) {
        riscv_lift_illegal(l, i);
        return false;
    }
    return riscv_fp_on(l, i);
}

static bool h_rounds(struct lift *l, const struct riscv_insn *i, unsigned *rounding)
{
    uint8_t attr;

    if (!h_on(l, i) || !riscv_fp_rounds(l, i, &attr)) {
        return false;
    }
    *rounding = attr & 7;
    return true;
}

static ir_ref half(struct lift *l, unsigned what, unsigned rounding, ir_ref operands)
{
    return ir_call(l->b, HELP_HALF, operands, ir_const(l->b, IR_I64, what | rounding << 8),
                   IR_ABSENT);
}

/* Two halves, or three, in a word. */
static ir_ref pair(struct lift *l, unsigned low, unsigned high)
{
    return ir_deposit(l->b, IR_I64, riscv_h_bits(l, low), riscv_h_bits(l, high), 16, 16);
}

/* ---- arithmetic ---- */

void riscv_lift_fround_h(struct lift *l, const struct riscv_insn *i)
{
    unsigned rounding;

    if (h_rounds(l, i, &rounding)) {
        h_put_bits(l, i->rd, half(l, i->info->argument, rounding, pair(l, i->rs1, i->rs2)));
    }
}

void riscv_lift_fma_h(struct lift *l, const struct riscv_insn *i)
{
    uint32_t kind = i->info->argument;
    uint64_t negate = 0;
    unsigned rounding;
    ir_ref all;

    if (!h_rounds(l, i, &rounding)) {
        return;
    }
    all = ir_deposit(l->b, IR_I64, pair(l, i->rs1, i->rs2), riscv_h_bits(l, i->rs3), 32, 16);
    negate |= kind == FMA_NSUB || kind == FMA_NADD ? H_SIGN : 0;
    negate |= kind == FMA_SUB || kind == FMA_NADD ? (uint64_t)H_SIGN << 32 : 0;
    all = ir_bini(l->b, IR_XOR, IR_I64, all, negate);
    h_put_bits(l, i->rd, half(l, HALF_FMA, rounding, all));
}

void riscv_lift_fsgnj_h(struct lift *l, const struct riscv_insn *i)
{
    ir_ref a, b;

    if (!h_on(l, i)) {
        return;
    }
    a = riscv_h_bits(l, i->rs1);
    b = riscv_h_bits(l, i->rs2);
    if (i->info->argument == SGNJX) {
        a = ir_bin(l->b, IR_XOR, IR_I64, a, ir_bini(l->b, IR_AND, IR_I64, b, H_SIGN));
    } else {
        if (i->info->argument == SGNJN) {
            b = ir_bini(l->b, IR_XOR, IR_I64, b, H_SIGN);
        }
        a = ir_deposit(l->b, IR_I64, b, a, 0, 15);
    }
    h_put_bits(l, i->rd, a);
}

/* Minimum and maximum, which do not round. */
void riscv_lift_fchoose_h(struct lift *l, const struct riscv_insn *i)
{
    if (h_on(l, i)) {
        h_put_bits(l, i->rd, half(l, i->info->argument, FP_RNE, pair(l, i->rs1, i->rs2)));
    }
}

void riscv_lift_fcmp_h(struct lift *l, const struct riscv_insn *i)
{
    if (h_on(l, i)) {
        ir_ref v = half(l, i->info->argument, FP_RNE, pair(l, i->rs1, i->rs2));

        riscv_fp_dirty(l);
        x_put64(l, i->rd, v);
    }
}

/* ---- moves and constants ---- */

void riscv_lift_fmv_x_h(struct lift *l, const struct riscv_insn *i)
{
    if (h_on(l, i)) {
        x_put64(l, i->rd, ir_sextract(l->b, IR_I64, ir_get(l->b, IR_I64, f_slot(i->rs1)), 0, 16));
    }
}

void riscv_lift_fmv_h_x(struct lift *l, const struct riscv_insn *i)
{
    if (h_on(l, i)) {
        h_put_bits(l, i->rd, ir_extract(l->b, IR_I64, x_get64(l, i->rs1), 0, 16));
    }
}

/* Zfa's constants as doubles, but for the second, the least normal number of each format. */
static const uint64_t constants[32] = {
    UINT64_C(0xbff) << 52,  0,
    UINT64_C(0x3ef) << 52,  UINT64_C(0x3f0) << 52,
    UINT64_C(0x3f7) << 52,  UINT64_C(0x3f8) << 52,
    UINT64_C(0x3fb) << 52,  UINT64_C(0x3fc) << 52,
    UINT64_C(0x3fd) << 52,  UINT64_C(0x3fd4) << 48,
    UINT64_C(0x3fd8) << 48, UINT64_C(0x3fdc) << 48,
    UINT64_C(0x3fe) << 52,  UINT64_C(0x3fe4) << 48,
    UINT64_C(0x3fe8) << 48, UINT64_C(0x3fec) << 48,
    UINT64_C(0x3ff) << 52,  UINT64_C(0x3ff4) << 48,
    UINT64_C(0x3ff8) << 48, UINT64_C(0x3ffc) << 48,
    UINT64_C(0x400) << 52,  UINT64_C(0x4004) << 48,
    UINT64_C(0x4008) << 48, UINT64_C(0x401) << 52,
    UINT64_C(0x402) << 52,  UINT64_C(0x403) << 52,
    UINT64_C(0x406) << 52,  UINT64_C(0x407) << 52,
    UINT64_C(0x40e) << 52,  UINT64_C(0x40f) << 52,
    UINT64_C(0x7ff) << 52,  UINT64_C(0x7ff8) << 48,
};

static uint64_t fli_bits(unsigned which, unsigned size)
{
    struct fp_env env = {.rounding = FP_RNE, .nan_rule = FP_NAN_CANONICAL};

    switch (size) {
    case 1: return H_BOX | (which == 1 ? 0x0400 : f64_to_f16(constants[which], &env));
    case 2:
        return ~(uint64_t)UINT32_MAX |
               (which == 1 ? UINT32_C(0x00800000) : f64_to_f32(constants[which], &env));
    default: return which == 1 ? UINT64_C(1) << 52 : constants[which];
    }
}

void riscv_lift_fli(struct lift *l, const struct riscv_insn *i)
{
    if (i->info->argument == 1 && (MODE_EXT(l->mode) & (EXT_ZFH | EXT_ZFHMIN)) == 0) {
        riscv_lift_illegal(l, i);
    } else if (riscv_fp_on(l, i)) {
        riscv_fp_dirty(l);
        ir_put(l->b, IR_I64, f_slot(i->rd),
               ir_const(l->b, IR_I64, fli_bits((unsigned)i->imm, i->info->argument)));
    }
}

/* ---- conversions ---- */

void riscv_lift_fcvt_s_h(struct lift *l, const struct riscv_insn *i)
{
    unsigned rounding;

    if (h_rounds(l, i, &rounding)) {
        ir_ref v = half(l, HALF_TO_S, rounding, riscv_h_bits(l, i->rs1));

        riscv_f_put(l, IR_F32, i->rd,
                    ir_un(l->b, IR_FFROMI, IR_F32, ir_un(l->b, IR_TRUNC, IR_I32, v)));
    }
}

void riscv_lift_fcvt_d_h(struct lift *l, const struct riscv_insn *i)
{
    unsigned rounding;

    if (h_rounds(l, i, &rounding)) {
        ir_ref v = half(l, HALF_TO_D, rounding, riscv_h_bits(l, i->rs1));

        riscv_fp_dirty(l);
        ir_put(l->b, IR_I64, f_slot(i->rd), v);
    }
}

void riscv_lift_fcvt_h_s(struct lift *l, const struct riscv_insn *i)
{
    unsigned rounding;

    if (h_rounds(l, i, &rounding)) {
        ir_ref bits = ir_un(l->b, IR_FTOI, IR_I32, riscv_f_get(l, IR_F32, i->rs1));

        h_put_bits(l, i->rd, half(l, HALF_OF_S, rounding, ir_un(l->b, IR_ZEXT, IR_I64, bits)));
    }
}

void riscv_lift_fcvt_h_d(struct lift *l, const struct riscv_insn *i)
{
    unsigned rounding;

    if (h_rounds(l, i, &rounding)) {
        h_put_bits(l, i->rd, half(l, HALF_OF_D, rounding, ir_get(l->b, IR_I64, f_slot(i->rs1))));
    }
}

void riscv_lift_fcvt_i_h(struct lift *l, const struct riscv_insn *i)
{
    unsigned rounding;

    if (h_rounds(l, i, &rounding)) {
        ir_ref v = half(l, i->info->argument, rounding, riscv_h_bits(l, i->rs1));

        riscv_fp_dirty(l);
        x_put64(l, i->rd, v);
    }
}

void riscv_lift_fcvt_h_i(struct lift *l, const struct riscv_insn *i)
{
    unsigned rounding;

    if (h_rounds(l, i, &rounding)) {
        h_put_bits(l, i->rd, half(l, i->info->argument, rounding, x_get64(l, i->rs1)));
    }
}
