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

/* ---- lift_*.c ---- */

arm64_lift_fn arm64_lift_addsub_imm, arm64_lift_b, arm64_lift_nop;

/* ---- shorthands ---- */

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
}
static inline void sp_put(struct lift *l, const struct arm64_insn *i, unsigned r, ir_ref v)
{
    sp_put64(l, r, i->sf ? v : ir_un(l->b, IR_ZEXT, IR_I64, v));
}
static inline bool arm64_lift_has(const struct lift *l, uint32_t feature)
{
    return (((const struct arm64_model *)l->model)->features & feature) != 0;
}

/* Emits the exception and ends the block. */
void arm64_lift_raise(struct lift *l, uint32_t esr, uint64_t far);
void arm64_lift_undefined(struct lift *l);
/* False, and the exception emitted, if FP and SIMD are trapped: to be asked before anything else by every
 * instruction that uses V registers, FPCR or FPSR. */
bool arm64_lift_fp_on(struct lift *l);
/* Goes on at the next instruction after letting the engine look (IR_EXIT_*). */
void arm64_lift_leave(struct lift *l, uint8_t exit_attr);

/* MEM_* of an access of 2^size bytes in this mode. */
static inline uint32_t arm64_mem(const struct lift *l, unsigned size_log2)
{
    return size_log2 | (l->mode & MODE_BIG ? MEM_BIG : 0) |
           (l->mode & MODE_ALIGN ? MEM_ALIGN(size_log2) : 0) |
           (l->mode & MODE_UNTAG ? MEM_UNTAG : 0);
}

#include "isa/arm64/simd.h"

#endif
