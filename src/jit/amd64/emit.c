/* SPDX-License-Identifier: GPL-2.0-or-later
 * emit: see emit.h.
 */
#include "jit/amd64/emit.h"

void emit_byte(struct emit *e, unsigned byte)
{
    if (unlikely(e->at >= e->limit)) {
        e->full = true;
        return;
    }
    e->base[e->at++] = (uint8_t)byte;
}

void emit_32(struct emit *e, uint32_t v)
{
    if (unlikely(e->limit - e->at < 4)) {
        e->full = true;
        return;
    }
    bytes_set_le(e->base + e->at, 4, v);
    e->at += 4;
}

void emit_64(struct emit *e, uint64_t v)
{
    emit_32(e, (uint32_t)v);
    emit_32(e, (uint32_t)(v >> 32));
}

static bool fits_8(int64_t v)
{
    return v >= -128 && v <= 127;
}

/* ModRM, SIB and displacement. */
static void emit_modrm(struct emit *e, unsigned reg, struct rm rm)
{
    unsigned r = (reg & 7) << 3;
    unsigned mod, low;

    if (!rm.is_memory) {
        emit_byte(e, 0xc0 | r | (rm.base & 7u));
        return;
    }
    /* base RBP and R13 without displacement would mean something else */
    mod = rm.disp == 0 && (rm.base & 7) != RBP ? 0 : fits_8(rm.disp) ? 0x40 : 0x80;
    low = rm.index != NO_REG || (rm.base & 7) == RSP ? 4 : rm.base & 7u;
    emit_byte(e, mod | r | low);
    if (low == 4) {
        unsigned index = rm.index == NO_REG ? 4 : rm.index & 7u;
        emit_byte(e, (unsigned)rm.scale_log2 << 6 | index << 3 | (rm.base & 7u));
    }
    if (mod == 0x40) {
        emit_byte(e, (uint8_t)rm.disp);
    } else if (mod == 0x80) {
        emit_32(e, (uint32_t)rm.disp);
    }
}

static unsigned high(unsigned r)
{
    return r == NO_REG ? 0 : r >> 3 & 1;
}

void emit_op(struct emit *e, unsigned op, bool wide, unsigned reg, struct rm rm)
{
    unsigned rex = (wide ? 8u : 0) | high(reg) << 2 | high(rm.index) << 1 | high(rm.base);

    switch (op & 0x3000) {
    case OP_66: emit_byte(e, 0x66); break;
    case OP_F3: emit_byte(e, 0xf3); break;
    case OP_F2: emit_byte(e, 0xf2); break;
    default: break;
    }
    if ((op & OP_BYTE) && (reg >= RSP || (!rm.is_memory && rm.base >= RSP))) {
        rex |= 0x40;
    }
    if (rex) {
        emit_byte(e, 0x40 | rex);
    }
    switch (op & 0x300) {
    case OP_0F: emit_byte(e, 0x0f); break;
    case OP_0F38:
        emit_byte(e, 0x0f);
        emit_byte(e, 0x38);
        break;
    case OP_0F3A:
        emit_byte(e, 0x0f);
        emit_byte(e, 0x3a);
        break;
    default: break;
    }
    emit_byte(e, op & 0xff);
    emit_modrm(e, reg, rm);
}

void emit_vex(struct emit *e, unsigned op, bool wide, unsigned reg, unsigned vvvv, struct rm rm)
{
    static const uint8_t pp[4] = {0, 1, 2, 3};
    unsigned map = (op >> 8 & 3), prefix = pp[op >> 12 & 3];

    emit_byte(e, 0xc4);
    emit_byte(e,
              (~high(reg) & 1) << 7 | (~high(rm.index) & 1) << 6 | (~high(rm.base) & 1) << 5 | map);
    emit_byte(e, (wide ? 0x80u : 0) | (~vvvv & 15) << 3 | prefix);
    emit_byte(e, op & 0xff);
    emit_modrm(e, reg, rm);
}

void emit_alu(struct emit *e, enum alu op, bool wide, unsigned reg, struct rm rm)
{
    emit_op(e, (unsigned)op << 3 | 3, wide, reg, rm);
}

void emit_alu_imm(struct emit *e, enum alu op, bool wide, struct rm rm, int32_t imm)
{
    if (fits_8(imm)) {
        emit_op(e, 0x83, wide, op, rm);
        emit_byte(e, (uint8_t)imm);
    } else {
        emit_op(e, 0x81, wide, op, rm);
        emit_32(e, (uint32_t)imm);
    }
}

void emit_mov(struct emit *e, bool wide, unsigned reg, struct rm rm)
{
    emit_op(e, 0x8b, wide, reg, rm);
}

void emit_mov_to(struct emit *e, bool wide, struct rm rm, unsigned reg)
{
    emit_op(e, 0x89, wide, reg, rm);
}

void emit_mov_imm(struct emit *e, unsigned reg, uint64_t imm)
{
    if (imm <= UINT32_MAX) {
        if (reg >= R8) {
            emit_byte(e, 0x41);
        }
        emit_byte(e, 0xb8 | (reg & 7));
        emit_32(e, (uint32_t)imm);
    } else if ((uint64_t)(int64_t)(int32_t)imm == imm) {
        emit_op(e, 0xc7, true, 0, rm_reg(reg));
        emit_32(e, (uint32_t)imm);
    } else {
        emit_byte(e, reg >= R8 ? 0x49 : 0x48);
        emit_byte(e, 0xb8 | (reg & 7));
        emit_64(e, imm);
    }
}

void emit_lea(struct emit *e, unsigned reg, struct rm rm)
{
    emit_op(e, 0x8d, true, reg, rm);
}

void emit_shift_imm(struct emit *e, enum shift op, bool wide, unsigned reg, unsigned amount)
{
    emit_op(e, 0xc1, wide, op, rm_reg(reg));
    emit_byte(e, amount);
}

void emit_shift_cl(struct emit *e, enum shift op, bool wide, unsigned reg)
{
    emit_op(e, 0xd3, wide, op, rm_reg(reg));
}

uint32_t emit_jcc(struct emit *e, enum cond cond)
{
    emit_byte(e, 0x0f);
    emit_byte(e, 0x80u | cond);
    emit_32(e, 0);
    return e->at - 4;
}

uint32_t emit_jmp(struct emit *e)
{
    emit_byte(e, 0xe9);
    emit_32(e, 0);
    return e->at - 4;
}

uint32_t emit_call(struct emit *e)
{
    emit_byte(e, 0xe8);
    emit_32(e, 0);
    return e->at - 4;
}

void emit_patch(struct emit *e, uint32_t site, uint32_t target)
{
    if (!e->full) {
        bytes_set_le(e->base + site, 4, target - (site + 4));
    }
}
