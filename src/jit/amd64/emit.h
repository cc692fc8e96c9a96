/* SPDX-License-Identifier: GPL-2.0-or-later
 * emit: x86-64 instructions as bytes, after the Intel SDM volume 2. Two cursors: hot code and cold
 * stubs. A buffer that is full swallows what follows and says so once at the end.
 */
#ifndef JIT_AMD64_EMIT_H
#define JIT_AMD64_EMIT_H

#include "base/base.h"

enum reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, NO_REG };

#define EMIT_ROOM 16 /* bytes: the buffer is full when fewer are left */

struct emit {
    uint8_t *base;  /* where bytes are written */
    uint32_t at;    /* the current cursor: offset from base */
    uint32_t limit; /* it stops there */
    bool full;
};

/* An operand of ModRM: a register, or memory at base + index*scale + disp. */
struct rm {
    uint8_t is_memory;
    uint8_t base, index, scale_log2; /* index NO_REG: none; base of a register operand: it */
    int32_t disp;
};
static inline struct rm rm_reg(unsigned r)
{
    return (struct rm){.base = (uint8_t)r, .index = NO_REG};
}
static inline struct rm rm_mem(unsigned base, int64_t disp)
{
    return (struct rm){
        .is_memory = 1, .base = (uint8_t)base, .index = NO_REG, .disp = (int32_t)disp};
}
static inline struct rm rm_sib(unsigned base, unsigned index, unsigned scale_log2, int64_t disp)
{
    return (struct rm){.is_memory = 1,
                       .base = (uint8_t)base,
                       .index = (uint8_t)index,
                       .scale_log2 = (uint8_t)scale_log2,
                       .disp = (int32_t)disp};
}

/* Opcodes carry their map and mandatory prefix: bits 0..7 the byte, then flags. */
enum {
    OP_0F = 0x100,   /* two-byte map */
    OP_0F38 = 0x200, /* three-byte maps */
    OP_0F3A = 0x300,
    OP_66 = 0x1000,
    OP_F3 = 0x2000,
    OP_F2 = 0x3000,
    OP_BYTE = 0x4000 /* an 8-bit operation: SIL, DIL need REX */
};

void emit_byte(struct emit *e, unsigned byte);
void emit_32(struct emit *e, uint32_t v);
void emit_64(struct emit *e, uint64_t v);
/* op reg, rm; wide: REX.W. */
void emit_op(struct emit *e, unsigned op, bool wide, unsigned reg, struct rm rm);
/* VEX: op reg, vvvv, rm. */
void emit_vex(struct emit *e, unsigned op, bool wide, unsigned reg, unsigned vvvv, struct rm rm);

/* The arithmetic group: add or adc sbb and sub xor cmp, as in its opcode extension. */
enum alu { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
void emit_alu(struct emit *e, enum alu op, bool wide, unsigned reg, struct rm rm); /* reg op= rm */
void emit_alu_imm(struct emit *e, enum alu op, bool wide, struct rm rm, int32_t imm);
void emit_mov(struct emit *e, bool wide, unsigned reg, struct rm rm);
void emit_mov_to(struct emit *e, bool wide, struct rm rm, unsigned reg);
/* The shortest way to put a constant into a register; changes no flag. */
void emit_mov_imm(struct emit *e, unsigned reg, uint64_t imm);
void emit_lea(struct emit *e, unsigned reg, struct rm rm);
void emit_bswap(struct emit *e, bool wide, unsigned reg);
/* movaps of the 16 bytes at `target`, an offset like those of emit_patch(). */
void emit_load_const(struct emit *e, unsigned xmm, uint32_t target);
enum shift { SHIFT_ROL, SHIFT_ROR, SHIFT_SHL = 4, SHIFT_SHR, SHIFT_SAR = 7 };
void emit_shift_imm(struct emit *e, enum shift op, bool wide, unsigned reg, unsigned amount);
void emit_shift_cl(struct emit *e, enum shift op, bool wide, unsigned reg);

enum cond {
    COND_O,
    COND_NO,
    COND_B,
    COND_AE,
    COND_E,
    COND_NE,
    COND_BE,
    COND_A,
    COND_S,
    COND_NS,
    COND_P,
    COND_NP,
    COND_L,
    COND_GE,
    COND_LE,
    COND_G
};
/* Jumps with a 32-bit displacement to be set by emit_patch(); return where it is. */
uint32_t emit_jcc(struct emit *e, enum cond cond);
uint32_t emit_jmp(struct emit *e);
uint32_t emit_call(struct emit *e);
void emit_patch(struct emit *e, uint32_t site, uint32_t target);

#endif
