/* SPDX-License-Identifier: GPL-2.0-or-later
 * ops: integer operations. i32 values may have anything above bit 31 in their registers: every
 * operation on them is a 32-bit one, and ZEXT and SEXT clean up.
 */
#include "jit/amd64/amd64.h"

bool gen_is_wide(const struct ir_op *o)
{
    return (o->type & IR_TYPE_MASK) == IR_I64;
}

bool gen_operand_b(const struct gen *g, const struct ir_op *o, uint64_t *imm)
{
    if (o->type & IR_IMM) {
        *imm = gen_is_wide(o) ? o->imm : (uint64_t)(int64_t)(int32_t)o->imm;
        return true;
    }
    if (gen_is_const(g, o->b, imm)) {
        *imm = gen_is_wide(o) ? *imm : (uint64_t)(int64_t)(int32_t)*imm;
        return true;
    }
    return false;
}

static bool fits_32(uint64_t imm)
{
    return (uint64_t)(int64_t)(int32_t)imm == imm;
}

static void alu_with(struct gen *g, const struct ir_op *o, enum alu op, bool commutes, ir_ref twin)
{
    bool wide = gen_is_wide(o);
    uint64_t imm;
    unsigned a, dst, b;
    struct rm rb;

    if (gen_operand_b(g, o, &imm) && fits_32(imm)) {
        struct rm ra = gen_rm(g, o->a);
        dst = gen_dest(g, o->a);
        if (!ra.is_memory && ra.base != dst && (op == ALU_ADD || op == ALU_SUB) &&
            twin == IR_ABSENT && imm != UINT64_C(0xffffffff80000000)) {
            emit_op(g->e, 0x8d, wide, dst,
                    rm_mem(ra.base, op == ALU_ADD ? (int64_t)imm : -(int64_t)imm));
            return;
        }
        if (ra.is_memory || ra.base != dst) {
            emit_mov(g->e, wide, dst, ra);
        }
        emit_alu_imm(g->e, op, wide, rm_reg(dst), (int32_t)imm);
        return;
    }
    a = gen_reg(g, o->a);
    if (o->type & IR_IMM) {
        emit_mov_imm(g->e, RCX, o->imm);
        rb = rm_reg(RCX);
    } else {
        rb = gen_rm(g, o->b);
    }
    dst = gen_dest(g, o->a);
    b = rb.is_memory ? NO_REG : rb.base;
    if (dst == b && dst != a) {
        if (commutes) {
            emit_alu(g->e, op, wide, dst, rm_reg(a));
            return;
        }
        emit_mov(g->e, wide, RAX, rm_reg(a));
        emit_alu(g->e, op, wide, RAX, rb);
        emit_mov(g->e, wide, dst, rm_reg(RAX));
        return;
    }
    if (dst != a && b != NO_REG && op == ALU_ADD && twin == IR_ABSENT) {
        emit_op(g->e, 0x8d, wide, dst, rm_sib(a, b, 0, 0));
        return;
    }
    if (dst != a) {
        emit_mov(g->e, wide, dst, rm_reg(a));
    }
    emit_alu(g->e, op, wide, dst, rb);
}

static bool is_fused_at(const struct gen *g, ir_ref v, uint32_t user)
{
    return v != IR_ABSENT && g->values[v].fused == user;
}

static bool is_fused(const struct gen *g, ir_ref v)
{
    return is_fused_at(g, v, g->i);
}

/* a + (b << 1, 2 or 3), the shift being no value of its own */
static void add_scaled(struct gen *g, const struct ir_op *o)
{
    const struct ir_op *scaled = &g->block->ops[o->b];
    unsigned a = gen_reg(g, o->a), b = gen_reg(g, scaled->a);
    unsigned dst = gen_dest(g, o->a);

    emit_op(g->e, 0x8d, gen_is_wide(o), dst, rm_sib(a, b, (unsigned)scaled->imm, 0));
}

/* add, sub, and, or, xor; their flags are kept if somebody wants them. */
static void alu(struct gen *g, const struct ir_op *o, enum alu op, bool commutes)
{
    ir_ref twin = gen_flags_twin(g, o);

    if (is_fused(g, o->b)) {
        add_scaled(g, o);
        return;
    }
    if (is_fused(g, o->a)) {
        gen_turned_flags(g, o);
        return;
    }

    alu_with(g, o, op, commutes, twin);
    if (twin != IR_ABSENT) {
        gen_flags_are(g, twin);
    }
}

/* b in a register, constants too. */
static unsigned b_reg(struct gen *g, const struct ir_op *o, unsigned scratch)
{
    if (o->type & IR_IMM) {
        emit_mov_imm(g->e, scratch, gen_is_wide(o) ? o->imm : (uint32_t)o->imm);
        return scratch;
    }
    return gen_reg(g, o->b);
}

/* andn, orn: a op ~b */
static void alu_not(struct gen *g, const struct ir_op *o, enum alu op)
{
    unsigned a = gen_reg(g, o->a), b = b_reg(g, o, RCX);
    unsigned dst = gen_dest(g, IR_ABSENT);

    emit_mov(g->e, true, RAX, rm_reg(b));
    emit_op(g->e, 0xf7, true, 2, rm_reg(RAX)); /* not */
    emit_alu(g->e, op, true, RAX, rm_reg(a));
    emit_mov(g->e, gen_is_wide(o), dst, rm_reg(RAX));
}

static void multiply(struct gen *g, const struct ir_op *o)
{
    unsigned a = gen_reg(g, o->a), b = b_reg(g, o, RCX);
    unsigned dst = gen_dest(g, o->a);

    if (dst == b) {
        emit_op(g->e, OP_0F | 0xaf, gen_is_wide(o), dst, rm_reg(a));
        return;
    }
    if (dst != a) {
        emit_mov(g->e, true, dst, rm_reg(a));
    }
    emit_op(g->e, OP_0F | 0xaf, gen_is_wide(o), dst, rm_reg(b));
}

static void multiply_high(struct gen *g, const struct ir_op *o)
{
    unsigned a = gen_reg(g, o->a), b = b_reg(g, o, RCX);
    unsigned dst = gen_dest(g, IR_ABSENT);

    emit_mov(g->e, true, RAX, rm_reg(a));
    emit_op(g->e, 0xf7, gen_is_wide(o), o->op == IR_MULHS ? 5 : 4, rm_reg(b));
    if (o->op == IR_MULHSU) { /* unsigned product, less b where a is negative */
        emit_mov(g->e, true, RAX, rm_reg(a));
        emit_shift_imm(g->e, SHIFT_SAR, gen_is_wide(o), RAX, gen_is_wide(o) ? 63 : 31);
        emit_alu(g->e, ALU_AND, gen_is_wide(o), RAX, rm_reg(b));
        emit_alu(g->e, ALU_SUB, gen_is_wide(o), RDX, rm_reg(RAX));
    }
    emit_mov(g->e, gen_is_wide(o), dst, rm_reg(RDX));
}

uint32_t gen_short_jcc(struct gen *g, enum cond c)
{
    emit_byte(g->e, 0x70u | c);
    emit_byte(g->e, 0);
    return g->e->at;
}

void gen_short_here(struct gen *g, uint32_t from)
{
    if (!g->e->full) {
        g->e->base[from - 1] = (uint8_t)(g->e->at - from);
    }
}

/* b == 0: quotient 0, remainder a; b == -1: quotient -a, remainder 0, so that nothing traps. */
static void divide(struct gen *g, const struct ir_op *o)
{
    bool wide = gen_is_wide(o), is_signed = o->op == IR_DIVS || o->op == IR_REMS;
    bool remainder = o->op == IR_REMU || o->op == IR_REMS;
    unsigned a = gen_reg(g, o->a), b = b_reg(g, o, RCX);
    unsigned dst = gen_dest(g, IR_ABSENT);
    uint32_t zero, one = 0, end1, end2 = 0;

    emit_mov(g->e, true, RAX, rm_reg(a));
    emit_op(g->e, 0x85, wide, b, rm_reg(b)); /* test */
    zero = gen_short_jcc(g, COND_E);
    if (is_signed) {
        emit_alu_imm(g->e, ALU_CMP, wide, rm_reg(b), -1);
        one = gen_short_jcc(g, COND_E);
        if (wide) {
            emit_byte(g->e, 0x48);
        }
        emit_byte(g->e, 0x99); /* cdq, cqo */
        emit_op(g->e, 0xf7, wide, 7, rm_reg(b));
    } else {
        emit_alu(g->e, ALU_XOR, false, RDX, rm_reg(RDX));
        emit_op(g->e, 0xf7, wide, 6, rm_reg(b));
    }
    emit_byte(g->e, 0xeb);
    emit_byte(g->e, 0);
    end1 = g->e->at;
    if (is_signed) {
        gen_short_here(g, one);
        emit_op(g->e, 0xf7, wide, 3, rm_reg(RAX)); /* neg */
        emit_alu(g->e, ALU_XOR, false, RDX, rm_reg(RDX));
        emit_byte(g->e, 0xeb);
        emit_byte(g->e, 0);
        end2 = g->e->at;
    }
    gen_short_here(g, zero);
    emit_mov(g->e, true, RDX, rm_reg(RAX));
    emit_alu(g->e, ALU_XOR, false, RAX, rm_reg(RAX));
    gen_short_here(g, end1);
    if (is_signed) {
        gen_short_here(g, end2);
    }
    emit_mov(g->e, wide, dst, rm_reg(remainder ? RDX : RAX));
}

static void shift(struct gen *g, const struct ir_op *o)
{
    bool wide = gen_is_wide(o), rotates = o->op == IR_ROTL || o->op == IR_ROTR;
    enum shift op = o->op == IR_SHL    ? SHIFT_SHL
                    : o->op == IR_SHR  ? SHIFT_SHR
                    : o->op == IR_SAR  ? SHIFT_SAR
                    : o->op == IR_ROTL ? SHIFT_ROL
                                       : SHIFT_ROR;
    uint64_t imm;

    if (gen_operand_b(g, o, &imm)) {
        struct rm a = gen_rm(g, o->a);
        unsigned dst = gen_dest(g, o->a);
        if (a.is_memory || a.base != dst) {
            emit_mov(g->e, wide, dst, a);
        }
        emit_shift_imm(g->e, op, wide, dst, (unsigned)imm & (wide ? 63 : 31));
        return;
    }
    unsigned a = gen_reg(g, o->a), b = gen_reg(g, o->b);
    if (g->j->has_bits && !rotates) {
        unsigned dst = gen_dest(g, IR_ABSENT);
        unsigned prefix = op == SHIFT_SHL ? OP_66 : op == SHIFT_SHR ? OP_F2 : OP_F3;
        emit_vex(g->e, prefix | OP_0F38 | 0xf7, wide, dst, b, rm_reg(a));
        return;
    }
    unsigned dst = gen_dest(g, IR_ABSENT);
    emit_mov(g->e, false, RCX, rm_reg(b));
    emit_mov(g->e, true, RAX, rm_reg(a));
    emit_shift_cl(g->e, op, wide, RAX);
    emit_mov(g->e, wide, dst, rm_reg(RAX));
}

static void extract(struct gen *g, const struct ir_op *o)
{
    bool wide = gen_is_wide(o), is_signed = o->op == IR_SEXTRACT;
    unsigned pos = o->imm & 0xff, len = o->imm >> 8 & 0xff, width = wide ? 64 : 32;
    struct rm a = gen_rm(g, o->a);
    unsigned dst = gen_dest(g, o->a);

    if (pos == 0 && (len == 8 || len == 16)) {
        emit_op(g->e, OP_0F | (is_signed ? 0xbeu : 0xb6u) | (len == 16) | (len == 8 ? OP_BYTE : 0u),
                wide, dst, a);
        return;
    }
    if (pos == 0 && len == 32 && wide) {
        if (is_signed) {
            emit_op(g->e, 0x63, true, dst, a);
        } else {
            emit_mov(g->e, false, dst, a);
        }
        return;
    }
    if (a.is_memory || a.base != dst) {
        emit_mov(g->e, wide, dst, a);
    }
    if (pos + len < width) {
        if (!is_signed && pos == 0 && len < 32) {
            emit_alu_imm(g->e, ALU_AND, false, rm_reg(dst), (int32_t)((UINT32_C(1) << len) - 1));
            return;
        }
        emit_shift_imm(g->e, SHIFT_SHL, wide, dst, width - pos - len);
    }
    if (len < width) {
        emit_shift_imm(g->e, is_signed ? SHIFT_SAR : SHIFT_SHR, wide, dst, width - len);
    }
}

static void deposit(struct gen *g, const struct ir_op *o)
{
    unsigned pos = o->x & 0xff, len = o->x >> 8 & 0xff, width = gen_is_wide(o) ? 64 : 32;
    uint64_t mask = (UINT64_MAX >> (64 - len)) << pos;
    unsigned a = gen_reg(g, o->a), b = gen_reg(g, o->b);
    unsigned dst = gen_dest(g, IR_ABSENT);

    emit_mov(g->e, true, RAX, rm_reg(b));
    if (pos) {
        emit_shift_imm(g->e, SHIFT_SHL, true, RAX, pos);
    }
    emit_mov_imm(g->e, RCX, mask);
    emit_alu(g->e, ALU_AND, true, RAX, rm_reg(RCX));
    emit_op(g->e, 0xf7, true, 2, rm_reg(RCX)); /* not */
    emit_alu(g->e, ALU_AND, true, RCX, rm_reg(a));
    emit_alu(g->e, ALU_OR, true, RAX, rm_reg(RCX));
    emit_mov(g->e, width == 64, dst, rm_reg(RAX));
}

/* ---- compares ---- */

bool gen_can_fuse(const struct ir_op *o)
{
    return (o->op >= IR_EQ && o->op <= IR_LES) || o->op == IR_FCOND;
}

bool gen_can_test(uint64_t mask)
{
    return mask <= INT32_MAX || is_pow2(mask);
}

/* The operation masks bits that are compared with 0. */
static enum cond test_mask(struct gen *g, const struct ir_op *o, bool is_equal)
{
    struct rm a = gen_rm(g, o->a);

    if (o->imm <= INT32_MAX) {
        emit_op(g->e, 0xf7, false, 0, a); /* test */
        emit_32(g->e, (uint32_t)o->imm);
        return is_equal ? COND_E : COND_NE;
    }
    emit_op(g->e, OP_0F | 0xba, gen_is_wide(o), 4, a); /* bt */
    emit_byte(g->e, (unsigned)__builtin_ctzll(o->imm));
    return is_equal ? COND_AE : COND_B;
}

static enum cond compare(struct gen *g, const struct ir_op *o)
{
    static const uint8_t conds[] = {[IR_EQ - IR_EQ] = COND_E,  [IR_NE - IR_EQ] = COND_NE,
                                    [IR_LTU - IR_EQ] = COND_B, [IR_LEU - IR_EQ] = COND_BE,
                                    [IR_LTS - IR_EQ] = COND_L, [IR_LES - IR_EQ] = COND_LE};
    bool wide = gen_is_wide(o);
    uint64_t imm;

    if (is_fused_at(g, o->a, (uint32_t)(o - g->block->ops))) {
        return test_mask(g, &g->block->ops[o->a], o->op == IR_EQ);
    }
    if (gen_operand_b(g, o, &imm) && fits_32(imm)) {
        if (imm == 0 && (o->op == IR_EQ || o->op == IR_NE)) {
            unsigned a = gen_reg(g, o->a);
            emit_op(g->e, 0x85, wide, a, rm_reg(a));
        } else {
            emit_alu_imm(g->e, ALU_CMP, wide, gen_rm(g, o->a), (int32_t)imm);
        }
    } else if (o->type & IR_IMM) {
        unsigned a = gen_reg(g, o->a);
        emit_mov_imm(g->e, RCX, o->imm);
        emit_alu(g->e, ALU_CMP, wide, a, rm_reg(RCX));
    } else {
        unsigned a = gen_reg(g, o->a);
        emit_alu(g->e, ALU_CMP, wide, a, gen_rm(g, o->b));
    }
    return (enum cond)conds[o->op - IR_EQ];
}

enum cond gen_condition(struct gen *g, ir_ref v)
{
    const struct value *val = &g->values[v];

    if (val->fused != NO_VALUE) {
        const struct ir_op *o = &g->block->ops[v];
        return o->op == IR_FCOND ? gen_flags_condition(g, o) : compare(g, o);
    }
    unsigned r = gen_reg(g, v);
    emit_op(g->e, 0x85, true, r, rm_reg(r));
    return COND_NE;
}

static void set_condition(struct gen *g, const struct ir_op *o)
{
    enum cond c = compare(g, o);
    unsigned dst = gen_dest(g, IR_ABSENT); /* may spill; moves change no flag */

    emit_op(g->e, OP_0F | OP_BYTE | 0x90u | c, false, 0, rm_reg(RAX));
    emit_op(g->e, OP_0F | OP_BYTE | 0xb6, false, dst, rm_reg(RAX));
}

static void min_max(struct gen *g, const struct ir_op *o)
{
    static const uint8_t take_b[] = {[IR_MINU - IR_MINU] = COND_A,
                                     [IR_MAXU - IR_MINU] = COND_B,
                                     [IR_MINS - IR_MINU] = COND_G,
                                     [IR_MAXS - IR_MINU] = COND_L};
    unsigned a = gen_reg(g, o->a), b = b_reg(g, o, RCX);
    unsigned dst = gen_dest(g, IR_ABSENT);

    emit_mov(g->e, true, RAX, rm_reg(a));
    emit_alu(g->e, ALU_CMP, gen_is_wide(o), RAX, rm_reg(b));
    emit_op(g->e, OP_0F | 0x40u | take_b[o->op - IR_MINU], true, RAX, rm_reg(b));
    emit_mov(g->e, gen_is_wide(o), dst, rm_reg(RAX));
}

static bool select_value(struct gen *g, const struct ir_op *o)
{
    unsigned type = o->type & IR_TYPE_MASK;
    unsigned a, b, dst;
    enum cond c;

    if (type != IR_I32 && type != IR_I64) {
        gen_vector_select(g, o);
        return true;
    }
    c = gen_condition(g, o->c);
    g->locked = 0;        /* what was compared is in nobody's way */
    a = gen_reg(g, o->a); /* moves change no flag */
    b = gen_reg(g, o->b);
    dst = gen_dest(g, o->b);
    if (dst == a && dst != b) {
        emit_op(g->e, OP_0F | 0x40u | (c ^ 1u), true, dst, rm_reg(b));
        return true;
    }
    if (dst != b) {
        emit_mov(g->e, true, dst, rm_reg(b));
    }
    emit_op(g->e, OP_0F | 0x40u | c, true, dst, rm_reg(a));
    return true;
}

/* rax = rax >> by & mask; rcx holds the mask afterwards. */
static void shift_and_mask(struct gen *g, unsigned by, uint64_t mask)
{
    emit_mov_imm(g->e, RCX, mask);
    if (by) {
        emit_shift_imm(g->e, SHIFT_SHR, true, RAX, by);
    }
    emit_alu(g->e, ALU_AND, true, RAX, rm_reg(RCX));
}

/* Sums of ever wider fields, then of all bytes by a product. */
static void count_ones(struct gen *g, unsigned dst)
{
    struct emit *e = g->e;

    emit_mov(e, true, RDX, rm_reg(RAX));
    shift_and_mask(g, 1, UINT64_C(0x5555555555555555));
    emit_alu(e, ALU_SUB, true, RDX, rm_reg(RAX));
    emit_mov(e, true, RAX, rm_reg(RDX));
    shift_and_mask(g, 2, UINT64_C(0x3333333333333333));
    emit_alu(e, ALU_AND, true, RDX, rm_reg(RCX));
    emit_alu(e, ALU_ADD, true, RDX, rm_reg(RAX));
    emit_mov(e, true, RAX, rm_reg(RDX));
    emit_shift_imm(e, SHIFT_SHR, true, RAX, 4);
    emit_alu(e, ALU_ADD, true, RAX, rm_reg(RDX));
    shift_and_mask(g, 0, UINT64_C(0x0f0f0f0f0f0f0f0f));
    emit_mov_imm(e, RCX, UINT64_C(0x0101010101010101));
    emit_op(e, OP_0F | 0xaf, true, RAX, rm_reg(RCX));
    emit_shift_imm(e, SHIFT_SHR, true, RAX, 56);
    emit_mov(e, false, dst, rm_reg(RAX));
}

/* CLZ, CTZ and POPCNT where the host has none. */
static void count_bits(struct gen *g, const struct ir_op *o, unsigned dst, struct rm a)
{
    bool wide = gen_is_wide(o);
    unsigned width = wide ? 64 : 32;

    if (o->op == IR_POPCNT) {
        emit_mov(g->e, wide, RAX, a);
        count_ones(g, dst);
        return;
    }
    emit_op(g->e, OP_0F | (o->op == IR_CLZ ? 0xbdu : 0xbcu), wide, RAX, a); /* bsr, bsf: Z of 0 */
    emit_mov_imm(g->e, RCX, o->op == IR_CLZ ? 2 * width - 1 : width);
    emit_op(g->e, OP_0F | 0x44, true, RAX, rm_reg(RCX));
    if (o->op == IR_CLZ) {
        emit_alu_imm(g->e, ALU_XOR, false, rm_reg(RAX), (int32_t)width - 1);
    }
    emit_mov(g->e, false, dst, rm_reg(RAX));
}

static void unary(struct gen *g, const struct ir_op *o)
{
    bool wide = gen_is_wide(o);
    struct rm a = gen_rm(g, o->a);
    unsigned dst = gen_dest(g, o->a);

    if (!g->j->has_bits && o->op >= IR_CLZ && o->op <= IR_POPCNT) {
        count_bits(g, o, dst, a);
        return;
    }
    switch (o->op) {
    case IR_CLZ: emit_op(g->e, OP_F3 | OP_0F | 0xbd, wide, dst, a); break;
    case IR_CTZ: emit_op(g->e, OP_F3 | OP_0F | 0xbc, wide, dst, a); break;
    case IR_POPCNT: emit_op(g->e, OP_F3 | OP_0F | 0xb8, wide, dst, a); break;
    case IR_SEXT: emit_op(g->e, 0x63, true, dst, a); break;
    case IR_ZEXT:
    case IR_TRUNC: emit_mov(g->e, false, dst, a); break;
    default: /* BSWAP */
        emit_mov(g->e, wide, dst, a);
        emit_bswap(g->e, wide, dst);
        break;
    }
}

bool gen_integer(struct gen *g, const struct ir_op *o)
{
    switch (o->op) {
    case IR_ADD: alu(g, o, ALU_ADD, true); return true;
    case IR_SUB: alu(g, o, ALU_SUB, false); return true;
    case IR_AND: alu(g, o, ALU_AND, true); return true;
    case IR_OR: alu(g, o, ALU_OR, true); return true;
    case IR_XOR: alu(g, o, ALU_XOR, true); return true;
    case IR_ANDN: alu_not(g, o, ALU_AND); return true;
    case IR_ORN: alu_not(g, o, ALU_OR); return true;
    case IR_MUL: multiply(g, o); return true;
    case IR_MULHU:
    case IR_MULHS:
    case IR_MULHSU: multiply_high(g, o); return true;
    case IR_DIVU:
    case IR_DIVS:
    case IR_REMU:
    case IR_REMS: divide(g, o); return true;
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
    case IR_ROTL:
    case IR_ROTR: shift(g, o); return true;
    case IR_EXTRACT:
    case IR_SEXTRACT: extract(g, o); return true;
    case IR_DEPOSIT: deposit(g, o); return true;
    case IR_EQ:
    case IR_NE:
    case IR_LTU:
    case IR_LEU:
    case IR_LTS:
    case IR_LES: set_condition(g, o); return true;
    case IR_MINU:
    case IR_MAXU:
    case IR_MINS:
    case IR_MAXS: min_max(g, o); return true;
    case IR_SELECT: return select_value(g, o);
    case IR_CLZ:
    case IR_CTZ:
    case IR_POPCNT:
    case IR_BSWAP:
    case IR_ZEXT:
    case IR_SEXT:
    case IR_TRUNC: unary(g, o); return true;
    default: return false;
    }
}
