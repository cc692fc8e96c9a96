/* SPDX-License-Identifier: GPL-2.0-or-later
 * emit: see emit.h.
 */
#include "jit/amd64/emit.h"

/* Where an instruction goes; NULL if the buffer is full. What is behind the cursor may be written as
 * far as EMIT_ROOM, which saves asking how long the instruction is. */
static inline uint8_t *begin(struct emit *e)
{
    if (unlikely(e->at + EMIT_ROOM > e->limit)) {
        e->full = true;
        return NULL;
    }
    return e->base + e->at;
}

static inline void end(struct emit *e, const uint8_t *p)
{
    e->at = (uint32_t)(p - e->base);
}

void emit_byte(struct emit *e, unsigned byte)
{
    uint8_t *p = begin(e);

    if (p) {
        *p = (uint8_t)byte;
        e->at++;
    }
}

void emit_32(struct emit *e, uint32_t v)
{
    uint8_t *p = begin(e);

    if (p) {
        memcpy(p, &v, 4);
        e->at += 4;
    }
}

void emit_64(struct emit *e, uint64_t v)
{
    uint8_t *p = begin(e);

    if (p) {
        memcpy(p, &v, 8);
        e->at += 8;
    }
}

static inline bool fits_8(int64_t v)
{
    return v >= -128 && v <= 127;
}

/* ModRM, SIB and displacement: at most 6 bytes. */
static inline uint8_t *put_modrm(uint8_t *p, unsigned reg, struct rm rm)
{
    unsigned r = (reg & 7) << 3, low = rm.base & 7u, mod;

    if (!rm.is_memory) {
        *p++ = (uint8_t)(0xc0 | r | low);
        return p;
    }
    /* base RBP and R13 without displacement would mean something else */
    mod = rm.disp == 0 && low != RBP ? 0 : fits_8(rm.disp) ? 0x40 : 0x80;
    if (rm.index != NO_REG || low == RSP) {
        unsigned index = rm.index == NO_REG ? 4 : rm.index & 7u;
        *p++ = (uint8_t)(mod | r | 4);
        *p++ = (uint8_t)((unsigned)rm.scale_log2 << 6 | index << 3 | low);
    } else {
        *p++ = (uint8_t)(mod | r | low);
    }
    memcpy(p, &rm.disp, 4);
    return p + (mod >> 7) * 4 + (mod >> 6 & 1);
}

static inline unsigned high(unsigned r) /* of NO_REG: 0 */
{
    return r >> 3 & 1;
}

/* The common instructions are made of copies in which `op` is known; at most 11 bytes. */
__attribute__((always_inline)) static inline uint8_t *put_op(uint8_t *p, unsigned op, bool wide,
                                                             unsigned reg, struct rm rm)
{
    static const uint8_t prefixes[4] = {0, 0x66, 0xf3, 0xf2};
    unsigned rex = (wide ? 8u : 0) | high(reg) << 2 | high(rm.index) << 1 | high(rm.base);

    *p = prefixes[op >> 12 & 3];
    p += (op & 0x3000) != 0;
    if ((op & OP_BYTE) && (reg >= RSP || (!rm.is_memory && rm.base >= RSP))) {
        rex |= 0x40;
    }
    *p = (uint8_t)(0x40 | rex);
    p += rex != 0;
    if (op & 0x300) {
        *p++ = 0x0f;
        *p = (op & 0x300) == OP_0F38 ? 0x38 : 0x3a;
        p += (op & 0x300) != OP_0F;
    }
    *p++ = (uint8_t)op;
    return put_modrm(p, reg, rm);
}

void emit_op(struct emit *e, unsigned op, bool wide, unsigned reg, struct rm rm)
{
    uint8_t *p = begin(e);

    if (likely(p)) {
        end(e, put_op(p, op, wide, reg, rm));
    }
}

void emit_vex(struct emit *e, unsigned op, bool wide, unsigned reg, unsigned vvvv, struct rm rm)
{
    unsigned map = (op >> 8 & 3), prefix = op >> 12 & 3;
    uint8_t *p = begin(e);

    if (unlikely(!p)) {
        return;
    }
    *p++ = 0xc4;
    *p++ = (uint8_t)((~high(reg) & 1) << 7 | (~high(rm.index) & 1) << 6 |
                     (~high(rm.base) & 1) << 5 | map);
    *p++ = (uint8_t)((wide ? 0x80u : 0) | (~vvvv & 15) << 3 | prefix);
    *p++ = (uint8_t)op;
    end(e, put_modrm(p, reg, rm));
}

void emit_alu(struct emit *e, enum alu op, bool wide, unsigned reg, struct rm rm)
{
    emit_op(e, (unsigned)op << 3 | 3, wide, reg, rm);
}

void emit_alu_imm(struct emit *e, enum alu op, bool wide, struct rm rm, int32_t imm)
{
    uint8_t *p = begin(e);

    if (unlikely(!p)) {
        return;
    }
    p = put_op(p, fits_8(imm) ? 0x83 : 0x81, wide, op, rm);
    memcpy(p, &imm, 4); /* at most 15 bytes */
    end(e, p + (fits_8(imm) ? 1 : 4));
}

void emit_mov(struct emit *e, bool wide, unsigned reg, struct rm rm)
{
    uint8_t *p = begin(e);

    if (likely(p)) {
        end(e, put_op(p, 0x8b, wide, reg, rm));
    }
}

void emit_mov_to(struct emit *e, bool wide, struct rm rm, unsigned reg)
{
    uint8_t *p = begin(e);

    if (likely(p)) {
        end(e, put_op(p, 0x89, wide, reg, rm));
    }
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

void emit_bswap(struct emit *e, bool wide, unsigned reg)
{
    emit_byte(e, (wide ? 0x48u : 0x40u) | (reg >= R8));
    emit_byte(e, 0x0f);
    emit_byte(e, 0xc8 | (reg & 7));
}

void emit_load_const(struct emit *e, unsigned xmm, uint32_t target)
{
    if (xmm >= 8) {
        emit_byte(e, 0x44);
    }
    emit_byte(e, 0x0f);
    emit_byte(e, 0x28);
    emit_byte(e, 5 | (xmm & 7) << 3); /* relative to the next instruction */
    emit_32(e, target - (e->at + 4));
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
        uint32_t by = target - (site + 4);
        memcpy(e->base + site, &by, 4);
    }
}
