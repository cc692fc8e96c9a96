/* SPDX-License-Identifier: GPL-2.0-or-later
 * rmw: read-modify-write and compare-and-swap. Harts take turns, so plain instructions do. Aligned
 * integers in a page that the write table has are done here; the rest is C's.
 */
#include "jit/amd64/amd64.h"

/* ---- by C ---- */

static void by_c(struct gen *g, const struct ir_op *o)
{
    gen_pass(g, o->a, 0);
    gen_pass(g, o->b, 1);
    if (o->op == IR_CAS) {
        gen_pass(g, o->c, 2);
    }
    emit_mov_imm(g->e, RAX, gen_insn_pc(g, o->insn));
    emit_mov_imm(g->e, RDX, gen_keep_op(g, o));
    emit_mov_imm(g->e, RCX, gen_site_info(g, o));
    gen_call_thunk(g, g->j->rmw[gen_live_xmm(g)]);
    switch (o->type & IR_TYPE_MASK) {
    case IR_V128:
        emit_op(g->e, OP_0F | 0x10, false, gen_dest_xmm(g), rm_mem(RSP, FRAME_VECTORS));
        break;
    case IR_F32:
    case IR_F64: emit_op(g->e, OP_66 | OP_0F | 0x6e, true, gen_dest_xmm(g), rm_reg(RAX)); break;
    default: emit_mov(g->e, true, gen_dest(g, IR_ABSENT), rm_reg(RAX)); break;
    }
}

void gen_rmw_stub(struct gen *g, const struct stub *s)
{
    const struct ir_op *o = &g->block->ops[s->op];
    const int32_t operands[3] = {s->base, s->reg, s->disp};

    for (int n = 0; n < (o->op == IR_CAS ? 3 : 2); n++) {
        emit_mov_to(g->e, true, rm_mem(RSP, FRAME_ARGS + 8 * n), (unsigned)operands[n]);
    }
    emit_mov_imm(g->e, RAX, gen_insn_pc(g, o->insn));
    emit_mov_imm(g->e, RDX, s->imm);
    emit_mov_imm(g->e, RCX, gen_site_info(g, o));
    gen_call_thunk(g, g->j->rmw[s->keep]);
    emit_mov(g->e, true, (unsigned)s->xmm, rm_reg(RAX));
    emit_patch(g->e, emit_jmp(g->e), s->back);
}

/* ---- here: rdx is the host's address, rcx the old value ---- */

static bool is_min_or_max(const struct ir_op *o)
{
    return o->op == IR_RMW && o->attr >= RMW_MINS && o->attr <= RMW_MAXU;
}

/* Marks of what is written are C's part, as are bytes in the other order. */
bool gen_rmw_is_plain(const struct gen *g, const struct ir_op *o)
{
    unsigned type = o->type & IR_TYPE_MASK, size = MEM_SIZE(o->mem);

    return (type == IR_I32 || type == IR_I64) && !(o->mem & MEM_BIG) && !g->j->guest.marks &&
           (size >= 4 || !is_min_or_max(o));
}

static void put_back(struct gen *g, unsigned size, unsigned reg)
{
    unsigned op = size == 1 ? 0x88u | OP_BYTE : size == 2 ? 0x89u | OP_66 : 0x89u;

    emit_op(g->e, op, size == 8, reg, rm_mem(RDX, 0));
}

static void swap_if_equal(struct gen *g, unsigned size, unsigned expected, unsigned desired)
{
    unsigned op = size == 1 ? 0x3au | OP_BYTE : size == 2 ? 0x3bu | OP_66 : 0x3bu;
    uint32_t other;

    emit_op(g->e, op, size == 8, RCX, rm_reg(expected));
    other = gen_short_jcc(g, COND_NE);
    put_back(g, size, desired);
    gen_short_here(g, other);
}

static void choose(struct gen *g, enum ir_rmw kind, bool wide, unsigned b)
{
    static const uint8_t take_b[] = {[RMW_MINS - RMW_MINS] = COND_GE,
                                     [RMW_MAXS - RMW_MINS] = COND_LE,
                                     [RMW_MINU - RMW_MINS] = COND_AE,
                                     [RMW_MAXU - RMW_MINS] = COND_BE};

    emit_mov(g->e, true, RAX, rm_reg(RCX));
    emit_alu(g->e, ALU_CMP, wide, RCX, rm_reg(b));
    emit_op(g->e, OP_0F | 0x40u | take_b[kind - RMW_MINS], true, RAX, rm_reg(b));
}

/* rax := what is to be there; only its low bytes count. */
static void modify(struct gen *g, const struct ir_op *o, unsigned b)
{
    static const uint8_t alu[] = {[RMW_ADD] = ALU_ADD, [RMW_AND] = ALU_AND,  [RMW_OR] = ALU_OR,
                                  [RMW_XOR] = ALU_XOR, [RMW_ANDN] = ALU_AND, [RMW_RSUB] = ALU_SUB};

    if (is_min_or_max(o)) {
        choose(g, (enum ir_rmw)o->attr, MEM_SIZE(o->mem) == 8, b);
    } else if (o->attr == RMW_RSUB) {
        emit_mov(g->e, true, RAX, rm_reg(RCX));
        emit_alu(g->e, ALU_SUB, true, RAX, rm_reg(b));
    } else {
        emit_mov(g->e, true, RAX, rm_reg(b));
        if (o->attr == RMW_ANDN) {
            emit_op(g->e, 0xf7, true, 2, rm_reg(RAX)); /* not */
        }
        if (o->attr != RMW_SWAP) {
            emit_alu(g->e, (enum alu)alu[o->attr], true, RAX, rm_reg(RCX));
        }
    }
}

bool gen_rmw(struct gen *g, const struct ir_op *o)
{
    unsigned base, b, c = 0, dst, size = MEM_SIZE(o->mem);
    unsigned low = (unsigned)MEM_ALIGN_MASK(o->mem) | (size - 1);
    uint32_t misaligned = 0, miss;
    struct stub *s;

    if (!gen_rmw_is_plain(g, o)) {
        by_c(g, o);
        return true;
    }
    base = gen_reg(g, o->a);
    b = gen_reg(g, o->b);
    if (o->op == IR_CAS) {
        c = gen_reg(g, o->c);
    }
    dst = gen_dest(g, IR_ABSENT); /* written last: it may be a register that an operand dies in */
    if (low != 0) {
        emit_op(g->e, 0xf6 | OP_BYTE, false, 0, rm_reg(base)); /* test, imm8 */
        emit_byte(g->e, low);
        misaligned = emit_jcc(g->e, COND_NE);
    }
    miss = gen_look_up(g, base, o->mem);
    gen_load_integer(g, o, RCX, rm_mem(RDX, 0));
    if (o->op == IR_CAS) {
        swap_if_equal(g, size, b, c);
    } else {
        modify(g, o, b);
        put_back(g, size, RAX);
    }
    emit_mov(g->e, true, dst, rm_reg(RCX));
    s = gen_stub(g, STUB_RMW, miss);
    s->site2 = misaligned;
    s->back = g->e->at;
    s->base = (int8_t)base;
    s->reg = (int8_t)b;
    s->disp = (int32_t)c;
    s->xmm = (int8_t)dst;
    s->imm = gen_keep_op(g, o);
    return true;
}
