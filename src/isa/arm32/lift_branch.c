/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_branch: branches and IT, after DDI 0406C, A4.3.
 */
#include "isa/arm32/lift.h"

/* Taken if the condition holds, which it is no instruction's but this one's. */
static void go_if(struct lift *l, unsigned cond, vaddr to)
{
    if (cond >= 14) {
        arm_lift_go(l, to);
        return;
    }
    arm_lift_go_if(l, arm_condition(l, cond), to);
}

void arm_lift_b(struct lift *l, const struct arm_insn *i)
{
    go_if(l, i->cond, pc_read(l) + (uint64_t)i->imm);
}

void arm_lift_bcond(struct lift *l, const struct arm_insn *i)
{
    if (is_thumb(l) && (i->length == 2 ? i->bits >> 8 & 15 : i->bits >> 22 & 15) >= 14) {
        arm_lift_undefined(l);
        return;
    }
    go_if(l, i->cond, pc_read(l) + (uint64_t)i->imm);
}

static void link(struct lift *l)
{
    r_put(l, 14, c32(l, next_pc(l) | is_thumb(l)));
}

void arm_lift_bl(struct lift *l, const struct arm_insn *i)
{
    link(l);
    arm_lift_go(l, pc_read(l) + (uint64_t)i->imm);
}

/* To the other instruction set. */
static void switch_to(struct lift *l, uint32_t to)
{
    uint64_t next = l->next_mode;

    link(l);
    l->next_mode = (l->mode ^ MODE_T) & ~(UINT64_C(0xff) << MODE_IT_POS);
    arm_lift_go(l, to);
    l->next_mode = next; /* where the condition does not hold */
}

void arm_lift_blx(struct lift *l, const struct arm_insn *i)
{
    switch_to(l, pc_read(l) + (uint32_t)i->imm);
}

/* B, BL and BLX of T32, whose bits J1 and J2 are two of the offset, turned by its sign. */
void arm_lift_b_t32(struct lift *l, const struct arm_insn *i)
{
    uint32_t raw = (uint32_t)i->imm, sign = raw >> 23 & 1, to;

    raw ^= sign ? 0 : 3u << 21;
    to = pc_read(l) + (uint32_t)(bits_sext(raw, 24) << 1);
    switch (i->info->argument) {
    case 0: arm_lift_go(l, to); break;
    case 1:
        link(l);
        arm_lift_go(l, to);
        break;
    default: switch_to(l, to & ~3u);
    }
}

void arm_lift_bx(struct lift *l, const struct arm_insn *i)
{
    ir_ref to = r_get(l, i->rm);

    if (i->info->argument) {
        link(l);
    }
    arm_lift_interwork(l, to);
}

void arm_lift_cbz(struct lift *l, const struct arm_insn *i)
{
    ir_ref taken = ir_bini(l->b, i->a ? IR_NE : IR_EQ, IR_I32, r_get(l, i->rn), 0);

    arm_lift_go_if(l, taken, pc_read(l) + (uint64_t)i->imm);
}

void arm_lift_tb(struct lift *l, const struct arm_insn *i)
{
    ir_ref m = r_get(l, i->rm), at, v;

    m = i->a ? ir_bini(l->b, IR_SHL, IR_I32, m, 1) : m;
    at = ir_bin(l->b, IR_ADD, IR_I32, r_get(l, i->rn), m);
    v = arm_ld(l, IR_I32, at, 0, arm_mem(l, i->a));
    v = ir_bini(l->b, IR_ADD, IR_I32, ir_bini(l->b, IR_SHL, IR_I32, v, 1), pc_read(l));
    arm_lift_branch(l, v);
}

void arm_lift_it(struct lift *l, const struct arm_insn *i)
{
    l->next_mode |= (uint32_t)i->imm << MODE_IT_POS;
}
