/* SPDX-License-Identifier: GPL-2.0-or-later
 * sunk: PUTs of packed flags that are done in cold stubs only (needed.c). Where the operands are that
 * the flags are made of is noted when the stub is begun, and their registers are kept until then. All
 * are made before any is stored, as an operand may live in the slot of another.
 */
#include "jit/amd64/amd64.h"

/* Arm's C after a subtraction is the opposite of the IR's: packed flags, and then a bit turned. */
static uint8_t turned_bits(const struct ir_op *value)
{
    return value->op == IR_XOR && (value->type & IR_IMM) && value->imm < 128 ? (uint8_t)value->imm
                                                                             : 0;
}

ir_ref gen_sunk_flags(const struct gen *g, const struct ir_op *put)
{
    const struct ir_op *value = &g->block->ops[put->a], *flags;

    if (turned_bits(value) != 0) {
        value = &g->block->ops[value->a];
    }
    flags = value->op == IR_FPACK ? &g->block->ops[value->a] : NULL;

    if (flags && (flags->op == IR_ADDF || flags->op == IR_SUBF || flags->op == IR_LOGICF)) {
        return value->a;
    }
    return IR_ABSENT;
}

ir_ref gen_sunk_value(const struct gen *g, uint16_t sunk)
{
    return gen_sunk_flags(g, &g->block->ops[g->sunk[sunk].put]);
}

static struct place place_of(const struct gen *g, ir_ref ref)
{
    uint16_t v = gen_rep(g, ref);
    const struct value *val = &g->values[v];

    if (val->reg >= 0) {
        return (struct place){.kind = PLACE_REG, .number = val->reg};
    }
    if (val->xmm >= 0) {
        return (struct place){.kind = PLACE_XMM, .number = val->xmm};
    }
    if (val->home >= 0) {
        return (struct place){.kind = PLACE_SLOT, .number = val->home};
    }
    if (val->spill >= 0) {
        return (struct place){.kind = PLACE_SPILL, .number = val->spill};
    }
    must(g->block->ops[v].op == IR_CONST);
    return (struct place){.kind = PLACE_CONST, .imm = g->block->ops[v].imm};
}

void gen_note_sunk(struct gen *g, struct stub *s)
{
    s->first_sunk = (uint16_t)g->noted_count;
    for (uint16_t k = g->sunk_at[g->i]; k != NO_SUNK; k = g->sunk[k].next) {
        const struct ir_op *put = &g->block->ops[g->sunk[k].put];
        const struct ir_op *flags = &g->block->ops[gen_sunk_value(g, k)];
        struct noted *n = &g->noted[g->noted_count];

        if (g->noted_count == NOTED_MAX) {
            g->failed = true;
            return;
        }
        *n = (struct noted){.slot = (uint32_t)put->imm,
                            .turned = turned_bits(&g->block->ops[put->a]),
                            .flags = flags,
                            .a = place_of(g, flags->a)};
        if (flags->b != IR_ABSENT) {
            n->b = place_of(g, flags->b);
        }
        g->noted_count++;
        s->sunk_count++;
    }
}

/* ---- in the stub: rax and rdx ---- */

static struct rm place_rm(const struct gen *g, const struct place *p)
{
    return p->kind == PLACE_SPILL ? rm_mem(RSP, FRAME_SPILL + 8 * p->number)
                                  : gen_slot(g, (uint64_t)p->number);
}

static void to_reg(struct gen *g, unsigned to, const struct place *p, bool wide)
{
    switch (p->kind) {
    case PLACE_REG: emit_mov(g->e, wide, to, rm_reg((unsigned)p->number)); break;
    case PLACE_XMM:
        emit_op(g->e, OP_66 | OP_0F | 0x7e, wide, (unsigned)p->number, rm_reg(to));
        break;
    case PLACE_CONST: emit_mov_imm(g->e, to, p->imm); break;
    case PLACE_SLOT:
    case PLACE_SPILL: emit_mov(g->e, wide, to, place_rm(g, p)); break;
    }
}

static void pack_flags(struct gen *g, const struct noted *n)
{
    const struct ir_op *f = n->flags;
    bool wide = gen_is_wide(f);

    to_reg(g, RAX, &n->a, wide);
    if (f->op == IR_LOGICF) {
        emit_op(g->e, 0x85, wide, RAX, rm_reg(RAX));
    } else {
        if (f->type & IR_IMM) {
            emit_mov_imm(g->e, RDX, f->imm);
        } else {
            to_reg(g, RDX, &n->b, wide);
        }
        emit_alu(g->e, f->op == IR_SUBF ? ALU_CMP : ALU_ADD, wide, RAX, rm_reg(RDX));
    }
    gen_pop_flags(g, RAX, f);
    if (n->turned != 0) {
        emit_alu_imm(g->e, ALU_XOR, false, rm_reg(RAX), n->turned);
    }
}

void gen_sunk_puts(struct gen *g, const struct stub *s)
{
    const struct noted *noted = &g->noted[s->first_sunk];

    for (unsigned k = 0; k < s->sunk_count; k++) {
        pack_flags(g, &noted[k]);
        emit_mov_to(g->e, true, rm_mem(RSP, FRAME_ARGS + 8 * (int)k), RAX);
    }
    for (unsigned k = 0; k < s->sunk_count; k++) {
        emit_mov(g->e, true, RAX, rm_mem(RSP, FRAME_ARGS + 8 * (int)k));
        emit_mov_to(g->e, true, gen_slot(g, noted[k].slot), RAX);
    }
}
