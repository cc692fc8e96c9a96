/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift: a decoded instruction, the generated decoder, and what the lift_*.c files share. There is one
 * function per kind of operation, for A32 and T32, named in the last but one column of the tables.
 */
#ifndef ISA_ARM32_LIFT_H
#define ISA_ARM32_LIFT_H

#include "isa/arm32/arm.h"

/* The variants of the tables. */
enum { ARM_A32, ARM_A32_ALWAYS, ARM_T32 };

/* The generated decoder fills what the line's format names; all else is 0. */
struct arm_insn {
    const struct arm_insn_info *info;
    int64_t imm;
    uint32_t bits;
    uint16_t list; /* of registers */
    uint8_t length;
    uint8_t cond;
    uint8_t rd, rn, rm, rs, ra;
    uint8_t s;            /* sets flags; 2: outside of IT blocks */
    uint8_t type, amount; /* shifts */
    uint8_t p, u, w;      /* addresses: before, upwards, written back */
    uint8_t a, b;         /* for whatever else a format needs */
};

typedef void arm_lift_fn(struct lift *l, const struct arm_insn *i);

struct arm_insn_info {
    const char *name;
    const char *operands; /* as the tables have them */
    arm_lift_fn *lift;
    uint32_t argument;
    uint32_t extension; /* EXT_*; 0: always there */
};

/* false if the word is undefined; bits and length are set all the same. */
bool arm_decode(uint32_t w, unsigned variant, struct arm_insn *i);
const struct arm_insn_info *arm_insn_infos(size_t *count);
/* The instruction at `bytes`: false if more are needed; i->info is NULL if it is undefined. */
bool arm_decode_bytes(const uint8_t *bytes, unsigned available, bool thumb, struct arm_insn *i);

/* info->argument of some lift functions. */
enum {
    OP_AND,
    OP_EOR,
    OP_SUB,
    OP_RSB,
    OP_ADD,
    OP_ADC,
    OP_SBC,
    OP_RSC,
    OP_TST,
    OP_TEQ,
    OP_CMP,
    OP_CMN,
    OP_ORR,
    OP_MOV,
    OP_BIC,
    OP_MVN,
    OP_ORN
};
enum { REV, REV16, RBIT, REVSH, CLZ };
enum { LS_LOAD = 8, LS_SIGNED = 16, LS_REG = 32, LS_USER = 64, LS_RT2 = 128 };
#define LS(size, how)     ((size) | (how))
#define LS_SIZE(argument) ((argument)&3u)
/* Which of S, Q, SH, U, UQ, UH (1 to 7), and which of ADD16, ASX ... */
#define PAR(kind, op) ((kind) << 3 | (op))

/* ---- lift_*.c ---- */

arm_lift_fn arm_lift_dp_imm, arm_lift_dp_reg, arm_lift_dp_rsr, arm_lift_movw, arm_lift_movt,
    arm_lift_addw, arm_lift_bfx, arm_lift_bfi, arm_lift_rev, arm_lift_ext;
arm_lift_fn arm_lift_mul, arm_lift_mla, arm_lift_mls, arm_lift_umaal, arm_lift_mull,
    arm_lift_smlaxy, arm_lift_smulxy, arm_lift_smlalxy, arm_lift_smlaw, arm_lift_smulw,
    arm_lift_smlaw_t, arm_lift_smlad, arm_lift_smlad_t, arm_lift_smlald, arm_lift_smlald_t,
    arm_lift_smmla, arm_lift_smmla_t, arm_lift_div, arm_lift_usada;
arm_lift_fn arm_lift_crc, arm_lift_lda, arm_lift_stl;
arm_lift_fn arm_lift_qadd, arm_lift_parallel, arm_lift_pkh, arm_lift_sat, arm_lift_sat16,
    arm_lift_sel;
arm_lift_fn arm_lift_ls, arm_lift_lsd, arm_lift_strex, arm_lift_ldrex, arm_lift_clrex, arm_lift_ldm,
    arm_lift_ldm_user, arm_lift_ldm_t16, arm_lift_push, arm_lift_pop, arm_lift_srs, arm_lift_rfe;
arm_lift_fn arm_lift_b, arm_lift_bcond, arm_lift_b_t32, arm_lift_bl, arm_lift_blx, arm_lift_bx,
    arm_lift_cbz, arm_lift_tb, arm_lift_it;
arm_lift_fn arm_lift_svc, arm_lift_bkpt, arm_lift_hvc, arm_lift_hlt, arm_lift_hint, arm_lift_nop,
    arm_lift_udf, arm_lift_mrs, arm_lift_msr, arm_lift_cps, arm_lift_cps_t16, arm_lift_setend,
    arm_lift_barrier, arm_lift_mcr, arm_lift_mrc, arm_lift_mcrr, arm_lift_mrrc;

/* ---- shorthands ---- */

#define ARM_SLOT(member) ((uint32_t)offsetof(struct arm, member))
static inline uint32_t arm_r_slot(unsigned r)
{
    return (uint32_t)(offsetof(struct arm, r) + r * sizeof(uint64_t));
}
static inline bool is_thumb(const struct lift *l)
{
    return (l->mode & MODE_T) != 0;
}
static inline bool is_in_it(const struct lift *l)
{
    return MODE_IT(l->mode) != 0;
}
static inline ir_ref c32(struct lift *l, uint64_t v)
{
    return ir_const(l->b, IR_I32, (uint32_t)v);
}
/* R15 as instructions read it. */
static inline uint32_t pc_read(const struct lift *l)
{
    return (uint32_t)l->pc + (is_thumb(l) ? 4 : 8);
}
/* All registers are i32 here. */
static inline ir_ref r_get(struct lift *l, unsigned r)
{
    return r == 15 ? c32(l, pc_read(l))
                   : ir_un(l->b, IR_TRUNC, IR_I32, ir_get(l->b, IR_I64, arm_r_slot(r)));
}
/* Zero-extended. */
static inline ir_ref r_get64(struct lift *l, unsigned r)
{
    return r == 15 ? ir_const(l->b, IR_I64, pc_read(l)) : ir_get(l->b, IR_I64, arm_r_slot(r));
}
static inline ir_ref r_sget64(struct lift *l, unsigned r)
{
    return ir_un(l->b, IR_SEXT, IR_I64, r_get(l, r));
}
/* Not of R15. */
static inline void r_put(struct lift *l, unsigned r, ir_ref v)
{
    ir_put(l->b, IR_I64, arm_r_slot(r), ir_un(l->b, IR_ZEXT, IR_I64, v));
}
/* The low half of a 64-bit value. */
static inline void r_put_low(struct lift *l, unsigned r, ir_ref v)
{
    r_put(l, r, ir_un(l->b, IR_TRUNC, IR_I32, v));
}
static inline bool arm_lift_has(const struct lift *l, uint32_t feature)
{
    return (*(const uint32_t *)l->model & feature) != 0;
}
static inline vaddr next_pc(const struct lift *l)
{
    return (uint32_t)(l->pc + l->length);
}

/* Emits the exception and ends the block. */
void arm_lift_raise(struct lift *l, enum arm_fault fault, uint32_t value, uint32_t status);
void arm_lift_undefined(struct lift *l);
/* Floating point or Advanced SIMD is off. */
void arm_lift_fp_off(struct lift *l);
/* The state says from here on in what mode the next instruction is: behind all that may fault. Everything
 * that leaves calls one of those below, which do so. */
void arm_lift_commit(struct lift *l);
/* To the next instruction after letting the engine look (IR_EXIT_*). */
void arm_lift_leave(struct lift *l, uint8_t exit_attr);
/* To an address of the same instruction set. */
void arm_lift_go(struct lift *l, vaddr to);
/* There, if the i64 is not 0. */
void arm_lift_go_if(struct lift *l, ir_ref taken, vaddr to);
/* To the address that a value is: of the same instruction set, or of that which bit 0 says (BX). */
void arm_lift_branch(struct lift *l, ir_ref to);
void arm_lift_interwork(struct lift *l, ir_ref to);
/* To where a helper has set the state to: mode and all. `to` is of 64 bits. */
void arm_lift_return(struct lift *l, ir_ref to);

/* ---- flags: lift_int.c ---- */

/* 1 if the condition holds: of 64 bits. */
ir_ref arm_condition(struct lift *l, unsigned cond);
/* Sticky Q becomes 1 if the i64 is not 0, which is 0 or 1. */
void arm_set_q(struct lift *l, ir_ref bit);
/* C, as an i64. */
ir_ref arm_carry(struct lift *l);
/* All of them, as arm.flags has them. */
void arm_put_flags(struct lift *l, ir_ref word);
/* N and Z of a result; C, V stay. */
void arm_put_nz(struct lift *l, ir_ref result);
/* That of 64 bits. */
void arm_put_nz64(struct lift *l, ir_ref result);
/* A value shifted by a constant, as instructions encode it (LSR #0 is LSR #32 ...); its carry goes to
 * *carry, which stays IR_ABSENT if C does not change. */
ir_ref arm_shift(struct lift *l, ir_ref v, unsigned type, unsigned amount, ir_ref *carry);
/* The immediate of 12 bits that A32 or T32 encodes. False: C does not change. */
bool arm_expand(const struct lift *l, uint32_t imm12, uint32_t *value);

/* MEM_* of an access of 2^size bytes in this mode. */
static inline uint32_t arm_mem(const struct lift *l, unsigned size_log2)
{
    return size_log2 | (l->mode & MODE_BIG ? MEM_BIG : 0) |
           (l->mode & MODE_ALIGN ? MEM_ALIGN(size_log2) : 0);
}

/* ---- memory: all accesses go through these, for the guest's own watchpoints ---- */

static inline void arm_watch(struct lift *l, ir_ref at, int64_t disp, uint32_t mem, bool is_write)
{
    if (unlikely(l->mode & MODE_POINTS)) {
        at = ir_un(l->b, IR_ZEXT, IR_I64, ir_bini(l->b, IR_ADD, IR_I32, at, (uint64_t)disp));
        ir_call(l->b, HELP_WATCHPOINT, at, ir_const(l->b, IR_I64, MEM_SIZE(mem)),
                ir_const(l->b, IR_I64, is_write));
    }
}
static inline ir_ref arm_ld(struct lift *l, enum ir_type t, ir_ref at, int64_t disp, uint32_t mem)
{
    arm_watch(l, at, disp, mem, false);
    return ir_ld(l->b, t, at, disp, mem);
}
static inline void arm_st(struct lift *l, enum ir_type t, ir_ref at, int64_t disp, ir_ref v,
                          uint32_t mem)
{
    arm_watch(l, at, disp, mem, true);
    ir_st(l->b, t, at, disp, v, mem);
}

#endif
