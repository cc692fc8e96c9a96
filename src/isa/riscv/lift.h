/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift: a decoded instruction, the generated decoder, and what the lift_*.c files share. There is
 * one function per kind of operation, named in the last but one column of insn.decode.
 */
#ifndef ISA_RISCV_LIFT_H
#define ISA_RISCV_LIFT_H

#include "base/softfloat.h"
#include "isa/riscv/riscv.h"

struct riscv_insn {
    const struct riscv_insn_info *info;
    int64_t imm;
    uint32_t bits;
    uint16_t csr;
    uint8_t length; /* bytes */
    uint8_t rd, rs1, rs2, rs3, rm;
};

typedef void riscv_lift_fn(struct lift *l, const struct riscv_insn *i);

struct riscv_insn_info {
    const char *name;
    const char *operands; /* as insn.decode has them */
    riscv_lift_fn *lift;
    uint32_t argument;
    uint32_t extension; /* 0: always there */
};

/* The variants of insn.decode, in its order. */
enum riscv_variant { RISCV_RV32, RISCV_RV64 };
/* The low 32 (or 16) bits at an instruction; false if it is none, with length and bits set. */
bool riscv_decode(uint32_t w, unsigned variant, struct riscv_insn *i);
const struct riscv_insn_info *riscv_insn_infos(size_t *count);

/* info->argument of some lift functions. */
enum { FMA_ADD, FMA_SUB, FMA_NSUB, FMA_NADD };
enum { SGNJ, SGNJN, SGNJX };
enum { CVT_W, CVT_WU, CVT_L, CVT_LU };
/* Half precision, which HELP_HALF computes: its second argument is one of these and, from bit 8,
 * the rounding. Its first one is up to three halves, the first one lowest, or what is converted. */
enum riscv_half {
    HALF_ADD,
    HALF_SUB,
    HALF_MUL,
    HALF_DIV,
    HALF_SQRT,
    HALF_FMA,
    HALF_ROUND,
    HALF_ROUNDNX,
    HALF_MIN,
    HALF_MAX,
    HALF_MINM,
    HALF_MAXM,
    HALF_EQ,
    HALF_LT,
    HALF_LE,
    HALF_LTQ,
    HALF_LEQ,
    HALF_TO_W,
    HALF_TO_WU,
    HALF_TO_L,
    HALF_TO_LU,
    HALF_TO_S,
    HALF_TO_D,
    HALF_OF_W,
    HALF_OF_WU,
    HALF_OF_L,
    HALF_OF_LU,
    HALF_OF_S,
    HALF_OF_D
};

riscv_lift_fn riscv_lift_illegal;
/* lift_i.c */
riscv_lift_fn riscv_lift_lui, riscv_lift_auipc, riscv_lift_jal, riscv_lift_jalr;
riscv_lift_fn riscv_lift_branch, riscv_lift_branch_swap, riscv_lift_load, riscv_lift_store;
riscv_lift_fn riscv_lift_alu, riscv_lift_alui, riscv_lift_aluw, riscv_lift_aluiw;
riscv_lift_fn riscv_lift_fence, riscv_lift_ecall, riscv_lift_ebreak;
/* lift_m.c */
riscv_lift_fn riscv_lift_div, riscv_lift_divw;
/* lift_a.c */
riscv_lift_fn riscv_lift_lr, riscv_lift_sc, riscv_lift_amow, riscv_lift_amod;
/* lift_fd.c */
riscv_lift_fn riscv_lift_fload, riscv_lift_fstore, riscv_lift_fma_s, riscv_lift_fma_d;
riscv_lift_fn riscv_lift_fbin_s, riscv_lift_fbin_d, riscv_lift_fsqrt_s, riscv_lift_fsqrt_d;
riscv_lift_fn riscv_lift_fsgnj_s, riscv_lift_fsgnj_d, riscv_lift_fminmax_s, riscv_lift_fminmax_d;
riscv_lift_fn riscv_lift_fcmp_s, riscv_lift_fcmp_d, riscv_lift_fclass;
riscv_lift_fn riscv_lift_fmv_x_w, riscv_lift_fmv_w_x, riscv_lift_fmv_x_d, riscv_lift_fmv_d_x;
riscv_lift_fn riscv_lift_fcvt_s_d, riscv_lift_fcvt_d_s, riscv_lift_fcvt_i_s, riscv_lift_fcvt_i_d;
riscv_lift_fn riscv_lift_fcvt_s_i, riscv_lift_fcvt_d_i;
riscv_lift_fn riscv_lift_fminmaxm_s, riscv_lift_fminmaxm_d, riscv_lift_fround_s;
riscv_lift_fn riscv_lift_fround_d, riscv_lift_fcvtmod, riscv_lift_fmvh_x_d, riscv_lift_fmvp_d_x;
/* lift_zfh.c */
riscv_lift_fn riscv_lift_fround_h, riscv_lift_fma_h, riscv_lift_fsgnj_h, riscv_lift_fchoose_h;
riscv_lift_fn riscv_lift_fcmp_h, riscv_lift_fmv_x_h, riscv_lift_fmv_h_x, riscv_lift_fcvt_s_h;
riscv_lift_fn riscv_lift_fcvt_d_h, riscv_lift_fcvt_h_s, riscv_lift_fcvt_h_d, riscv_lift_fcvt_i_h;
riscv_lift_fn riscv_lift_fcvt_h_i, riscv_lift_fli;
/* lift_zb.c */
riscv_lift_fn riscv_lift_sh_add, riscv_lift_sh_add_uw, riscv_lift_slli_uw, riscv_lift_xnor;
riscv_lift_fn riscv_lift_unary, riscv_lift_unaryw, riscv_lift_sext, riscv_lift_zext;
riscv_lift_fn riscv_lift_orc_b, riscv_lift_bit, riscv_lift_biti, riscv_lift_bext;
riscv_lift_fn riscv_lift_bexti, riscv_lift_pack, riscv_lift_packh, riscv_lift_packw;
riscv_lift_fn riscv_lift_zip, riscv_lift_unzip, riscv_lift_brev8, riscv_lift_clmul,
    riscv_lift_czero;
/* lift_system.c */
riscv_lift_fn riscv_lift_csr, riscv_lift_csri, riscv_lift_xret, riscv_lift_wfi, riscv_lift_pause;
riscv_lift_fn riscv_lift_fence_i, riscv_lift_fence_vma, riscv_lift_cbo, riscv_lift_cbo_zero;

/* ---- shorthands ---- */

static inline uint32_t x_slot(unsigned r)
{
    return (uint32_t)(offsetof(struct riscv, x) + r * sizeof(uint64_t));
}
static inline uint32_t f_slot(unsigned r)
{
    return (uint32_t)(offsetof(struct riscv, f) + r * sizeof(uint64_t));
}
static inline bool is_rv32(const struct lift *l)
{
    return (l->mode & MODE_RV32) != 0;
}
/* The type of an x register's value. */
static inline enum ir_type x_type(const struct lift *l)
{
    return is_rv32(l) ? IR_I32 : IR_I64;
}
/* An address that was computed here: it wraps at the end of the address space. */
static inline vaddr x_wrap(const struct lift *l, vaddr at)
{
    return is_rv32(l) ? (uint32_t)at : at;
}

/* Slots have 64 bits, so that harts of both widths are one state; RV32's values in them are
 * zero-extended, at every instruction boundary. */
static inline ir_ref x_get64(struct lift *l, unsigned r)
{
    return r == 0 ? ir_const(l->b, IR_I64, 0) : ir_get(l->b, IR_I64, x_slot(r));
}
/* The low 32 bits. */
static inline ir_ref x_get32(struct lift *l, unsigned r)
{
    return ir_un(l->b, IR_TRUNC, IR_I32, x_get64(l, r));
}
static inline ir_ref x_get(struct lift *l, unsigned r)
{
    return is_rv32(l) ? x_get32(l, r) : x_get64(l, r);
}
/* A value of x_type(). */
static inline void x_put(struct lift *l, unsigned r, ir_ref v)
{
    if (r != 0) {
        ir_put(l->b, IR_I64, x_slot(r), is_rv32(l) ? ir_un(l->b, IR_ZEXT, IR_I64, v) : v);
    }
}
/* An i64, of which RV32 takes the low half. */
static inline void x_put64(struct lift *l, unsigned r, ir_ref v)
{
    x_put(l, r, is_rv32(l) ? ir_un(l->b, IR_TRUNC, IR_I32, v) : v);
}
/* Sign-extends an i32, as all W instructions do. */
static inline void x_put32(struct lift *l, unsigned r, ir_ref v)
{
    x_put(l, r, is_rv32(l) ? v : ir_un(l->b, IR_SEXT, IR_I64, v));
}
/* Memory at x[r] + disp: on RV32 the sum wraps. */
static inline uint32_t x_attr(const struct lift *l, uint32_t attr)
{
    return is_rv32(l) ? attr | MEM_32 : attr;
}
static inline ir_ref x_load(struct lift *l, enum ir_type t, unsigned r, int64_t disp, uint32_t attr)
{
    return ir_ld(l->b, t, x_get64(l, r), disp, x_attr(l, attr));
}
static inline void x_store(struct lift *l, enum ir_type t, unsigned r, int64_t disp, ir_ref v,
                           uint32_t attr)
{
    ir_st(l->b, t, x_get64(l, r), disp, v, x_attr(l, attr));
}

/* ---- floating point: lift_fd.c ---- */

#define FP_ANY_ROUNDING IR_FP(FP_RNE, FP_NAN_CANONICAL)
/* False, and the exception emitted, if FP is off. */
bool riscv_fp_on(struct lift *l, const struct riscv_insn *i);
/* As riscv_fp_on(), and the operation's rounding and rule for NaNs; false if that is reserved. */
bool riscv_fp_rounds(struct lift *l, const struct riscv_insn *i, uint8_t *attr);
void riscv_fp_dirty(struct lift *l);
/* A register as F32 (the default NaN if it is not boxed) or F64. */
ir_ref riscv_f_get(struct lift *l, enum ir_type t, unsigned r);
void riscv_f_put(struct lift *l, enum ir_type t, unsigned r, ir_ref v);
/* The bits of a half as I64; the default NaN if it is not boxed. */
ir_ref riscv_h_bits(struct lift *l, unsigned r);

/* Emits the exception and ends the block. */
void riscv_lift_raise(struct lift *l, uint32_t cause, uint64_t value);
/* Goes on at the next instruction after letting the engine look. */
void riscv_lift_leave(struct lift *l, const struct riscv_insn *i, uint8_t exit_attr);

#endif
