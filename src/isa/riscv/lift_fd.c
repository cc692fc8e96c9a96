/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_fd: single and double precision, after volume I, chapters 11 and 12. Singles live NaN-boxed
 * in 64-bit registers. The rounding mode is known when lifting: frm is part of block_mode().
 * fflags is hart.fp_flags. Every instruction that may write a register or a flag makes FS dirty.
 */
#include "isa/riscv/lift.h"

#define BOX          UINT64_C(0xffffffff00000000)
#define H_BOX        UINT64_C(0xffffffffffff0000)
#define DEFAULT_NAN  UINT64_C(0x7fc00000)
#define RM_DYNAMIC   7
#define RM_VALID_MAX 4

bool riscv_fp_on(struct lift *l, const struct riscv_insn *i)
{
    if ((l->mode & MODE_FS_ON) == 0) {
        riscv_lift_illegal(l, i);
        return false;
    }
    return true;
}

bool riscv_fp_rounds(struct lift *l, const struct riscv_insn *i, uint8_t *attr)
{
    unsigned rm = i->rm == RM_DYNAMIC ? MODE_FRM(l->mode) : i->rm;

    if ((l->mode & MODE_FS_ON) == 0 || rm > RM_VALID_MAX) {
        riscv_lift_illegal(l, i);
        return false;
    }
    *attr = IR_FP(rm, FP_NAN_CANONICAL);
    return true;
}

void riscv_fp_dirty(struct lift *l)
{
    if ((l->mode & MODE_FS_DIRTY) == 0) {
        ir_put(l->b, IR_I32, (uint32_t)offsetof(struct riscv, fs),
               ir_const(l->b, IR_I32, FS_DIRTY));
    }
}

/* The bits of a single; the default NaN if it is not boxed. */
static ir_ref s_bits(struct lift *l, unsigned r)
{
    ir_ref raw = ir_get(l->b, IR_I64, f_slot(r));
    ir_ref boxed = ir_bini(l->b, IR_EQ, IR_I64, ir_bini(l->b, IR_SHR, IR_I64, raw, 32), UINT32_MAX);

    return ir_select(l->b, IR_I32, boxed, ir_un(l->b, IR_TRUNC, IR_I32, raw),
                     ir_const(l->b, IR_I32, DEFAULT_NAN));
}

static void s_put_bits(struct lift *l, unsigned r, ir_ref bits32)
{
    ir_ref wide = ir_un(l->b, IR_ZEXT, IR_I64, bits32);

    riscv_fp_dirty(l);
    ir_put(l->b, IR_I64, f_slot(r), ir_bini(l->b, IR_OR, IR_I64, wide, BOX));
}

ir_ref riscv_f_get(struct lift *l, enum ir_type t, unsigned r)
{
    return t == IR_F32 ? ir_un(l->b, IR_FFROMI, IR_F32, s_bits(l, r))
                       : ir_get(l->b, IR_F64, f_slot(r));
}

void riscv_f_put(struct lift *l, enum ir_type t, unsigned r, ir_ref v)
{
    if (t == IR_F32) {
        s_put_bits(l, r, ir_un(l->b, IR_FTOI, IR_I32, v));
    } else {
        riscv_fp_dirty(l);
        ir_put(l->b, IR_F64, f_slot(r), v);
    }
}

/* ---- loads, stores, moves ---- */

void riscv_lift_fload(struct lift *l, const struct riscv_insn *i)
{
    uint8_t size = (uint8_t)i->info->argument;
    ir_ref v;

    if (!riscv_fp_on(l, i)) {
        return;
    }
    v = x_load(l, IR_I64, i->rs1, i->imm, size);
    if (size < 3) {
        v = ir_bini(l->b, IR_OR, IR_I64, v, size == 2 ? BOX : H_BOX);
    }
    riscv_fp_dirty(l);
    ir_put(l->b, IR_I64, f_slot(i->rd), v);
}

void riscv_lift_fstore(struct lift *l, const struct riscv_insn *i)
{
    if (riscv_fp_on(l, i)) {
        x_store(l, IR_I64, i->rs1, i->imm, ir_get(l->b, IR_I64, f_slot(i->rs2)),
                (uint8_t)i->info->argument);
    }
}

void riscv_lift_fmv_x_w(struct lift *l, const struct riscv_insn *i)
{
    if (riscv_fp_on(l, i)) {
        x_put64(l, i->rd, ir_sextract(l->b, IR_I64, ir_get(l->b, IR_I64, f_slot(i->rs1)), 0, 32));
    }
}

void riscv_lift_fmv_w_x(struct lift *l, const struct riscv_insn *i)
{
    if (riscv_fp_on(l, i)) {
        s_put_bits(l, i->rd, x_get32(l, i->rs1));
    }
}

void riscv_lift_fmv_x_d(struct lift *l, const struct riscv_insn *i)
{
    if (riscv_fp_on(l, i)) {
        x_put(l, i->rd, ir_get(l->b, IR_I64, f_slot(i->rs1)));
    }
}

void riscv_lift_fmv_d_x(struct lift *l, const struct riscv_insn *i)
{
    if (riscv_fp_on(l, i)) {
        riscv_fp_dirty(l);
        ir_put(l->b, IR_I64, f_slot(i->rd), x_get(l, i->rs1));
    }
}

/* The magnitude of a with a sign made from b's. */
static ir_ref sign_inject(struct lift *l, enum ir_type t, unsigned kind, ir_ref a, ir_ref b)
{
    unsigned sign = t == IR_I32 ? 31 : 63;

    if (kind == SGNJX) {
        return ir_bin(l->b, IR_XOR, t, a, ir_bini(l->b, IR_AND, t, b, UINT64_C(1) << sign));
    }
    if (kind == SGNJN) {
        b = ir_bini(l->b, IR_XOR, t, b, UINT64_C(1) << sign);
    }
    return ir_deposit(l->b, t, b, a, 0, sign);
}

void riscv_lift_fsgnj_s(struct lift *l, const struct riscv_insn *i)
{
    if (riscv_fp_on(l, i)) {
        s_put_bits(l, i->rd,
                   sign_inject(l, IR_I32, i->info->argument, s_bits(l, i->rs1), s_bits(l, i->rs2)));
    }
}

void riscv_lift_fsgnj_d(struct lift *l, const struct riscv_insn *i)
{
    if (riscv_fp_on(l, i)) {
        ir_ref v = sign_inject(l, IR_I64, i->info->argument, ir_get(l->b, IR_I64, f_slot(i->rs1)),
                               ir_get(l->b, IR_I64, f_slot(i->rs2)));
        riscv_fp_dirty(l);
        ir_put(l->b, IR_I64, f_slot(i->rd), v);
    }
}

/* ---- arithmetic ---- */

static void binary(struct lift *l, const struct riscv_insn *i, enum ir_type t)
{
    uint8_t attr;

    if (riscv_fp_rounds(l, i, &attr)) {
        riscv_f_put(l, t, i->rd,
                    ir_fp(l->b, (enum ir_opcode)i->info->argument, t, attr, 0,
                          riscv_f_get(l, t, i->rs1), riscv_f_get(l, t, i->rs2), IR_ABSENT));
    }
}

void riscv_lift_fbin_s(struct lift *l, const struct riscv_insn *i)
{
    binary(l, i, IR_F32);
}

void riscv_lift_fbin_d(struct lift *l, const struct riscv_insn *i)
{
    binary(l, i, IR_F64);
}

static void square_root(struct lift *l, const struct riscv_insn *i, enum ir_type t)
{
    uint8_t attr;

    if (riscv_fp_rounds(l, i, &attr)) {
        riscv_f_put(
            l, t, i->rd,
            ir_fp(l->b, IR_FSQRT, t, attr, 0, riscv_f_get(l, t, i->rs1), IR_ABSENT, IR_ABSENT));
    }
}

void riscv_lift_fsqrt_s(struct lift *l, const struct riscv_insn *i)
{
    square_root(l, i, IR_F32);
}

void riscv_lift_fsqrt_d(struct lift *l, const struct riscv_insn *i)
{
    square_root(l, i, IR_F64);
}

static void fused(struct lift *l, const struct riscv_insn *i, enum ir_type t)
{
    uint32_t kind = i->info->argument;
    uint8_t attr;
    ir_ref a, b, c;

    if (!riscv_fp_rounds(l, i, &attr)) {
        return;
    }
    a = riscv_f_get(l, t, i->rs1);
    b = riscv_f_get(l, t, i->rs2);
    c = riscv_f_get(l, t, i->rs3);
    if (kind == FMA_NSUB || kind == FMA_NADD) {
        a = ir_un(l->b, IR_FNEG, t, a);
    }
    if (kind == FMA_SUB || kind == FMA_NADD) {
        c = ir_un(l->b, IR_FNEG, t, c);
    }
    riscv_f_put(l, t, i->rd, ir_fp(l->b, IR_FMA, t, attr, 0, a, b, c));
}

void riscv_lift_fma_s(struct lift *l, const struct riscv_insn *i)
{
    fused(l, i, IR_F32);
}

void riscv_lift_fma_d(struct lift *l, const struct riscv_insn *i)
{
    fused(l, i, IR_F64);
}

static void min_max(struct lift *l, const struct riscv_insn *i, enum ir_type t,
                    enum ir_fminmax rule)
{
    if (riscv_fp_on(l, i)) {
        riscv_f_put(l, t, i->rd,
                    ir_fp(l->b, (enum ir_opcode)i->info->argument, t, FP_ANY_ROUNDING, rule,
                          riscv_f_get(l, t, i->rs1), riscv_f_get(l, t, i->rs2), IR_ABSENT));
    }
}

void riscv_lift_fminmax_s(struct lift *l, const struct riscv_insn *i)
{
    min_max(l, i, IR_F32, FMINMAX_NUMBER);
}

void riscv_lift_fminmax_d(struct lift *l, const struct riscv_insn *i)
{
    min_max(l, i, IR_F64, FMINMAX_NUMBER);
}

/* Zfa's: a NaN wins. With the canonical NaN that is Arm's rule. */
void riscv_lift_fminmaxm_s(struct lift *l, const struct riscv_insn *i)
{
    min_max(l, i, IR_F32, FMINMAX_ARM);
}

void riscv_lift_fminmaxm_d(struct lift *l, const struct riscv_insn *i)
{
    min_max(l, i, IR_F64, FMINMAX_ARM);
}

static void round_to_integral(struct lift *l, const struct riscv_insn *i, enum ir_type t)
{
    uint8_t attr;

    if (riscv_fp_rounds(l, i, &attr)) {
        riscv_f_put(l, t, i->rd,
                    ir_fp(l->b, IR_FROUND, t, attr, i->info->argument, riscv_f_get(l, t, i->rs1),
                          IR_ABSENT, IR_ABSENT));
    }
}

void riscv_lift_fround_s(struct lift *l, const struct riscv_insn *i)
{
    round_to_integral(l, i, IR_F32);
}

void riscv_lift_fround_d(struct lift *l, const struct riscv_insn *i)
{
    round_to_integral(l, i, IR_F64);
}

static void compare(struct lift *l, const struct riscv_insn *i, enum ir_type t)
{
    ir_ref v;

    if (riscv_fp_on(l, i)) {
        v = ir_fp(l->b, IR_FCMP, t, FP_ANY_ROUNDING, i->info->argument, riscv_f_get(l, t, i->rs1),
                  riscv_f_get(l, t, i->rs2), IR_ABSENT);
        riscv_fp_dirty(l);
        x_put64(l, i->rd, v);
    }
}

void riscv_lift_fcmp_s(struct lift *l, const struct riscv_insn *i)
{
    compare(l, i, IR_F32);
}

void riscv_lift_fcmp_d(struct lift *l, const struct riscv_insn *i)
{
    compare(l, i, IR_F64);
}

void riscv_lift_fclass(struct lift *l, const struct riscv_insn *i)
{
    ir_ref bits;

    if (riscv_fp_on(l, i)) {
        switch (i->info->argument) {
        case HELP_FCLASS_H: bits = riscv_h_bits(l, i->rs1); break;
        case HELP_FCLASS_S: bits = ir_un(l->b, IR_ZEXT, IR_I64, s_bits(l, i->rs1)); break;
        default: bits = ir_get(l->b, IR_I64, f_slot(i->rs1)); break;
        }
        x_put64(l, i->rd, ir_call(l->b, i->info->argument, bits, IR_ABSENT, IR_ABSENT));
    }
}

/* ---- conversions ---- */

void riscv_lift_fcvt_s_d(struct lift *l, const struct riscv_insn *i)
{
    uint8_t attr;

    if (riscv_fp_rounds(l, i, &attr)) {
        riscv_f_put(l, IR_F32, i->rd,
                    ir_fp(l->b, IR_FCVT_FF, IR_F32, attr, 0, riscv_f_get(l, IR_F64, i->rs1),
                          IR_ABSENT, IR_ABSENT));
    }
}

void riscv_lift_fcvt_d_s(struct lift *l, const struct riscv_insn *i)
{
    uint8_t attr;

    if (riscv_fp_rounds(l, i, &attr)) {
        riscv_f_put(l, IR_F64, i->rd,
                    ir_fp(l->b, IR_FCVT_FF, IR_F64, attr, 0, riscv_f_get(l, IR_F32, i->rs1),
                          IR_ABSENT, IR_ABSENT));
    }
}

static void to_integer(struct lift *l, const struct riscv_insn *i, enum ir_type from)
{
    uint32_t kind = i->info->argument;
    enum ir_type to = kind == CVT_W || kind == CVT_WU ? IR_I32 : IR_I64;
    bool is_signed = kind == CVT_W || kind == CVT_L;
    uint8_t attr;
    ir_ref v;

    if (!riscv_fp_rounds(l, i, &attr)) {
        return;
    }
    v = ir_fp(l->b, IR_FCVT_FI, to, attr, IR_CVT(from, is_signed, FP_INT_RISCV),
              riscv_f_get(l, from, i->rs1), IR_ABSENT, IR_ABSENT);
    riscv_fp_dirty(l);
    if (to == IR_I32) {
        x_put32(l, i->rd, v);
    } else {
        x_put(l, i->rd, v);
    }
}

void riscv_lift_fcvt_i_s(struct lift *l, const struct riscv_insn *i)
{
    to_integer(l, i, IR_F32);
}

void riscv_lift_fcvt_i_d(struct lift *l, const struct riscv_insn *i)
{
    to_integer(l, i, IR_F64);
}

static void from_integer(struct lift *l, const struct riscv_insn *i, enum ir_type to)
{
    uint32_t kind = i->info->argument;
    enum ir_type from = kind == CVT_W || kind == CVT_WU ? IR_I32 : IR_I64;
    bool is_signed = kind == CVT_W || kind == CVT_L;
    uint8_t attr;
    ir_ref v;

    if (!riscv_fp_rounds(l, i, &attr)) {
        return;
    }
    v = from == IR_I32 ? x_get32(l, i->rs1) : x_get(l, i->rs1);
    riscv_f_put(
        l, to, i->rd,
        ir_fp(l->b, IR_FCVT_IF, to, attr, IR_CVT(from, is_signed, 0), v, IR_ABSENT, IR_ABSENT));
}

void riscv_lift_fcvt_s_i(struct lift *l, const struct riscv_insn *i)
{
    from_integer(l, i, IR_F32);
}

void riscv_lift_fcvt_d_i(struct lift *l, const struct riscv_insn *i)
{
    from_integer(l, i, IR_F64);
}

/* FCVTMOD.W.D, which can only be encoded to round towards zero: the flags are FCVT.W.D's. */
void riscv_lift_fcvtmod(struct lift *l, const struct riscv_insn *i)
{
    if (riscv_fp_on(l, i)) {
        ir_ref v =
            ir_call(l->b, HELP_FCVTMOD, ir_get(l->b, IR_I64, f_slot(i->rs1)), IR_ABSENT, IR_ABSENT);
        riscv_fp_dirty(l);
        x_put64(l, i->rd, v);
    }
}

/* ---- Zfa's moves of doubles between pairs of x registers, on RV32 ---- */

void riscv_lift_fmvh_x_d(struct lift *l, const struct riscv_insn *i)
{
    if (riscv_fp_on(l, i)) {
        x_put64(l, i->rd, ir_bini(l->b, IR_SHR, IR_I64, ir_get(l->b, IR_I64, f_slot(i->rs1)), 32));
    }
}

void riscv_lift_fmvp_d_x(struct lift *l, const struct riscv_insn *i)
{
    if (riscv_fp_on(l, i)) {
        riscv_fp_dirty(l);
        ir_put(l->b, IR_I64, f_slot(i->rd),
               ir_deposit(l->b, IR_I64, x_get64(l, i->rs1), x_get64(l, i->rs2), 32, 32));
    }
}
