/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift: a decoded instruction, the generated decoder, and what the lift_*.c files share. There is one
 * function per kind of operation, named in the last but one column of insn.decode and simd.decode.
 */
#ifndef ISA_ARM64_LIFT_H
#define ISA_ARM64_LIFT_H

#include "isa/arm64/arm64.h"

/* The generated decoder fills what the line's format names; all else is 0. */
struct arm64_insn {
    const struct arm64_insn_info *info;
    int64_t imm;
    uint32_t bits;
    uint16_t sys;              /* op0 op1 CRn CRm op2 of a system register: see ARM64_SYS */
    uint8_t length;            /* 4 */
    uint8_t rd, rn, rm, ra;    /* rd is Rt, too; ra Rt2 */
    uint8_t rs;                /* of exclusives and atomics */
    uint8_t sf;                /* 1: 64 bits */
    uint8_t sh, type, amount;  /* shifts */
    uint8_t option;            /* extension */
    uint8_t cond, nzcv;        /* conditions */
    uint8_t immr, imms, n, hw; /* bit fields, MOVZ */
    uint8_t size, opc, s;      /* memory */
    uint8_t q, u, h, l, m;     /* SIMD */
    uint8_t a, b;              /* for whatever else a format needs */
};

typedef void arm64_lift_fn(struct lift *l, const struct arm64_insn *i);

struct arm64_insn_info {
    const char *name;
    const char *operands; /* as the tables have them */
    arm64_lift_fn *lift;
    uint32_t argument;
    uint32_t extension; /* EXT_*; 0: always there */
};

/* false if the word is unallocated; bits and length are set all the same. */
bool arm64_decode(uint32_t w, struct arm64_insn *i);
const struct arm64_insn_info *arm64_insn_infos(size_t *count);

/* info->argument of some lift functions. */
enum { ADDSUB_ADD = 0, ADDSUB_SUB = 1, ADDSUB_FLAGS = 2 };
enum { LOGIC_AND, LOGIC_OR, LOGIC_XOR, LOGIC_NOT = 4, LOGIC_FLAGS = 8 };
enum { MOVW_N, MOVW_Z, MOVW_K };
enum { BF_S, BF_I, BF_U };
enum { CSEL, CSINC, CSINV, CSNEG };
enum { R1_RBIT, R1_REV16, R1_REV32, R1_REV, R1_CLZ, R1_CLS };
enum { CRC_C = 4 };
enum { MADDL_S = 1, MADDL_SUB = 2 };
/* With a check of the address: by which key, and with the modifier 0. */
enum { BR_JUMP, BR_CALL, BR_RET, BR_KIND = 3, BR_CHECKS = 4, BR_KEY_B = 8, BR_ZERO = 16 };
/* Of authenticated loads: key B, and the address is written back. */
enum { LDRA_KEY_B = 1, LDRA_PRE = 2 };
/* Of one pointer: PAC_*, and the modifier 0. */
enum { PAUTH_ZERO = 32 };
/* Loads and stores: log2 of the bytes, and these. */
enum {
    LS_SIZE = 3,
    LS_STORE = 4,
    LS_SIGNED = 8,
    LS_64 = 16, /* extends to 64 bits */
    LS_PRE = 32,
    LS_POST = 64,
    LS_UNPRIV = 128,
    LS_ORDERED = 256
};

/* ---- lift_*.c ---- */

/* lift_int.c, lift_int_misc.c */
arm64_lift_fn arm64_lift_adr, arm64_lift_addsub_imm, arm64_lift_addsub_sh, arm64_lift_addsub_ex;
arm64_lift_fn arm64_lift_adc, arm64_lift_logic_imm, arm64_lift_logic_sh, arm64_lift_movw;
arm64_lift_fn arm64_lift_bitfield, arm64_lift_extr;
arm64_lift_fn arm64_lift_ccmp, arm64_lift_ccmpi, arm64_lift_csel, arm64_lift_rmif, arm64_lift_setf;
arm64_lift_fn arm64_lift_cfinv, arm64_lift_xaflag, arm64_lift_axflag;
arm64_lift_fn arm64_lift_r1, arm64_lift_r2, arm64_lift_crc, arm64_lift_madd, arm64_lift_maddl;
arm64_lift_fn arm64_lift_mulh;
/* lift_branch.c */
arm64_lift_fn arm64_lift_b, arm64_lift_bl, arm64_lift_bcond, arm64_lift_cbz, arm64_lift_tbz;
arm64_lift_fn arm64_lift_br, arm64_lift_eret, arm64_lift_pauth, arm64_lift_pacga;
/* Hints of PAuth; false if it is another one. */
bool arm64_lift_pauth_hint(struct lift *l, unsigned hint);
/* lift_system.c */
arm64_lift_fn arm64_lift_svc, arm64_lift_hvc, arm64_lift_smc, arm64_lift_brk, arm64_lift_hlt;
arm64_lift_fn arm64_lift_msr_imm, arm64_lift_hint, arm64_lift_clrex, arm64_lift_sys;
arm64_lift_fn arm64_lift_msr, arm64_lift_mrs, arm64_lift_nop;
/* lift_mem.c */
arm64_lift_fn arm64_lift_ls_u, arm64_lift_ls_s, arm64_lift_ls_r, arm64_lift_ls_lit;
arm64_lift_fn arm64_lift_ls_pair, arm64_lift_ldra;
/* lift_atomic.c */
arm64_lift_fn arm64_lift_ldxr, arm64_lift_stxr, arm64_lift_ldxp, arm64_lift_stxp, arm64_lift_ldar;
arm64_lift_fn arm64_lift_stlr, arm64_lift_cas, arm64_lift_casp, arm64_lift_atomic;

/* ---- shorthands ---- */

/* What lift.known says: of which kind of operation the flags are, and that SP is aligned. */
enum { KNOWN_NOTHING, KNOWN_SUB, KNOWN_ADD, KNOWN_FLAGS = 3, KNOWN_SP = 4 };

static inline uint32_t arm64_x_slot(unsigned r)
{
    return (uint32_t)(offsetof(struct arm64, x) + r * sizeof(uint64_t));
}
/* Of V register r, or of its high half. */
static inline uint32_t arm64_v_slot(unsigned r)
{
    return (uint32_t)(offsetof(struct arm64, v) + 2 * r * sizeof(uint64_t));
}
#define ARM64_SLOT(member) ((uint32_t)offsetof(struct arm64, member))

static inline enum ir_type x_type(const struct arm64_insn *i)
{
    return i->sf ? IR_I64 : IR_I32;
}
/* Register r where 31 is zero: all of it, its low half, or as wide as the instruction says. */
static inline ir_ref x_get64(struct lift *l, unsigned r)
{
    return r == 31 ? ir_const(l->b, IR_I64, 0) : ir_get(l->b, IR_I64, arm64_x_slot(r));
}
static inline ir_ref x_get32(struct lift *l, unsigned r)
{
    return ir_un(l->b, IR_TRUNC, IR_I32, x_get64(l, r));
}
static inline ir_ref x_get(struct lift *l, const struct arm64_insn *i, unsigned r)
{
    return i->sf ? x_get64(l, r) : x_get32(l, r);
}
static inline void x_put64(struct lift *l, unsigned r, ir_ref v)
{
    if (r != 31) {
        ir_put(l->b, IR_I64, arm64_x_slot(r), v);
    }
}
/* The upper half becomes zero. */
static inline void x_put32(struct lift *l, unsigned r, ir_ref v)
{
    x_put64(l, r, ir_un(l->b, IR_ZEXT, IR_I64, v));
}
static inline void x_put(struct lift *l, const struct arm64_insn *i, unsigned r, ir_ref v)
{
    if (i->sf) {
        x_put64(l, r, v);
    } else {
        x_put32(l, r, v);
    }
}
/* Where 31 is SP. */
static inline ir_ref sp_get64(struct lift *l, unsigned r)
{
    return ir_get(l->b, IR_I64, arm64_x_slot(r));
}
static inline ir_ref sp_get(struct lift *l, const struct arm64_insn *i, unsigned r)
{
    ir_ref v = sp_get64(l, r);

    return i->sf ? v : ir_un(l->b, IR_TRUNC, IR_I32, v);
}
static inline void sp_put64(struct lift *l, unsigned r, ir_ref v)
{
    ir_put(l->b, IR_I64, arm64_x_slot(r), v);
    l->known &= r == 31 ? ~(uint64_t)KNOWN_SP : UINT64_MAX;
}
/* X or SP + imm: what is known to be aligned to 16 bytes may stay so. */
static inline void sp_put_sum(struct lift *l, unsigned r, ir_ref base, uint64_t imm)
{
    uint64_t known = l->known;

    sp_put64(l, r, ir_bini(l->b, IR_ADD, IR_I64, base, imm));
    l->known = imm % 16 == 0 ? known : l->known;
}
static inline void sp_put(struct lift *l, const struct arm64_insn *i, unsigned r, ir_ref v)
{
    sp_put64(l, r, i->sf ? v : ir_un(l->b, IR_ZEXT, IR_I64, v));
}
static inline bool arm64_lift_has(const struct lift *l, uint32_t feature)
{
    return (((const struct arm64_model *)l->model)->features & feature) != 0;
}

/* ---- condition flags: lift_int.c ---- */

/* NZCV becomes the flags of an addition or of a result, or of a subtraction (whose C is Arm's then). */
void arm64_put_add_flags(struct lift *l, ir_ref flags);
void arm64_put_sub_flags(struct lift *l, ir_ref flags);
/* NZCV as the word in the state: IR_FLAG_*, C as Arm has it. */
void arm64_put_flags_word(struct lift *l, ir_ref word);
/* The word's value for NZCV in four bits. */
uint64_t arm64_flags_word(unsigned nzcv);
/* 1 if the condition holds, else 0. */
ir_ref arm64_condition(struct lift *l, unsigned cond);

/* Emits the exception and ends the block. */
void arm64_lift_raise(struct lift *l, uint32_t esr, uint64_t far);
void arm64_lift_undefined(struct lift *l);
/* False, and the exception emitted, if FP and SIMD are trapped: to be asked before anything else by every
 * instruction that uses V registers, FPCR or FPSR. */
bool arm64_lift_fp_on(struct lift *l);
/* What ends an instruction in the state: behind everything of it that may fault. Doing it twice is no harm. */
void arm64_lift_done(struct lift *l);
/* Goes on at the next instruction after letting the engine look (IR_EXIT_*). */
void arm64_lift_leave(struct lift *l, uint8_t exit_attr);
/* Ends of an instruction by a jump: to a constant, to a value, and to a constant if `cond` is not 0. */
void arm64_lift_jump(struct lift *l, vaddr target);
void arm64_lift_jump_to(struct lift *l, ir_ref target, uint8_t exit_attr);
/* By BR and BLR: to code that may ask whether it is a branch's target; BTYPE is an i64. */
void arm64_lift_jump_typed(struct lift *l, ir_ref target, ir_ref btype);
void arm64_lift_jump_if(struct lift *l, ir_ref cond, vaddr target);
/* The base register of an access: SP has to be aligned to 16 bytes where SCTLR says so. */
ir_ref arm64_lift_base(struct lift *l, unsigned rn);
/* Before an access of `bytes` at base + disp, by every instruction that makes one: the guest's own
 * watchpoints. */
void arm64_lift_watch(struct lift *l, ir_ref base, int64_t disp, unsigned bytes, bool is_write);
/* The offset of a register-offset address, before it is shifted by `amount`: X or W, extended. */
ir_ref arm64_extended(struct lift *l, const struct arm64_insn *i);
/* A bit mask of immediates; false if it is reserved. */
bool arm64_bit_mask(unsigned sf, unsigned n, unsigned imms, unsigned immr, uint64_t *mask);

/* MEM_* of an access of 2^size bytes in this mode. */
static inline uint32_t arm64_mem(const struct lift *l, unsigned size_log2)
{
    return size_log2 | (l->mode & MODE_BIG ? MEM_BIG : 0) |
           (l->mode & MODE_ALIGN ? MEM_ALIGN(size_log2) : 0) |
           (l->mode & MODE_UNTAG ? MEM_UNTAG : 0);
}

#include "isa/arm64/simd.h"

#endif
