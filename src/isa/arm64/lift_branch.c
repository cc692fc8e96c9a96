/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_branch: branches, calls, returns and returns from exceptions, after DDI 0487, C4.1.88.
 */
#include "isa/arm64/lift.h"

void arm64_lift_b(struct lift *l, const struct arm64_insn *i)
{
    arm64_lift_jump(l, l->pc + (uint64_t)i->imm);
}

void arm64_lift_bl(struct lift *l, const struct arm64_insn *i)
{
    x_put64(l, 30, ir_const(l->b, IR_I64, l->pc + 4));
    arm64_lift_jump(l, l->pc + (uint64_t)i->imm);
}

void arm64_lift_bcond(struct lift *l, const struct arm64_insn *i)
{
    if (i->cond >= 14) {
        arm64_lift_jump(l, l->pc + (uint64_t)i->imm);
    } else {
        arm64_lift_jump_if(l, arm64_condition(l, i->cond), l->pc + (uint64_t)i->imm);
    }
}

void arm64_lift_cbz(struct lift *l, const struct arm64_insn *i)
{
    ir_ref taken =
        ir_bini(l->b, (enum ir_opcode)i->info->argument, x_type(i), x_get(l, i, i->rd), 0);

    arm64_lift_jump_if(l, taken, l->pc + (uint64_t)i->imm);
}

void arm64_lift_tbz(struct lift *l, const struct arm64_insn *i)
{
    ir_ref bit = ir_bini(l->b, IR_AND, IR_I64, x_get64(l, i->rd), UINT64_C(1) << i->imms);

    arm64_lift_jump_if(l, ir_bini(l->b, (enum ir_opcode)i->info->argument, IR_I64, bit, 0),
                       l->pc + (uint64_t)i->imm);
}

void arm64_lift_br(struct lift *l, const struct arm64_insn *i)
{
    ir_ref target = x_get64(l, i->rn);

    if (i->info->argument == BR_CALL) {
        x_put64(l, 30, ir_const(l->b, IR_I64, l->pc + 4));
    }
    arm64_lift_jump_to(l, target, 0);
}

void arm64_lift_eret(struct lift *l, const struct arm64_insn *i)
{
    ir_ref target;

    if (MODE_EL(l->mode) == 0) {
        arm64_lift_undefined(l);
        return;
    }
    target =
        ir_call(l->b, HELP_ERET, ir_const(l->b, IR_I64, i->info->argument), IR_ABSENT, IR_ABSENT);
    ir_exit_to(l->b, target, IR_EXIT_LOOK | IR_EXIT_ASK);
    l->ends = true;
}
