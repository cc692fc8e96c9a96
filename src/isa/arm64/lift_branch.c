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

/* ---- pointer authentication ---- */

static ir_ref pauth(struct lift *l, ir_ref pointer, ir_ref modifier, unsigned how)
{
    return ir_call(l->b, HELP_PAUTH, pointer, modifier, ir_const(l->b, IR_I64, how));
}

void arm64_lift_pauth(struct lift *l, const struct arm64_insn *i)
{
    unsigned how = i->info->argument;
    ir_ref modifier =
        (how & (PAUTH_ZERO | PAC_STRIP)) != 0 ? ir_const(l->b, IR_I64, 0) : sp_get64(l, i->rn);

    x_put64(l, i->rd, pauth(l, x_get64(l, i->rd), modifier, how & ~(unsigned)PAUTH_ZERO));
}

void arm64_lift_pacga(struct lift *l, const struct arm64_insn *i)
{
    x_put64(l, i->rd, pauth(l, x_get64(l, i->rn), sp_get64(l, i->rm), KEY_GA));
}

bool arm64_lift_pauth_hint(struct lift *l, unsigned hint)
{
    enum { XPACLRI = 7 };
    bool of_17 = hint >= 8 && hint <= 14;
    unsigned how, reg = of_17 ? 17 : 30;
    ir_ref modifier;

    if (!arm64_lift_has(l, EXT_PAUTH) ||
        (hint != XPACLRI && !(of_17 && (hint & 1) == 0) && (hint < 24 || hint > 31))) {
        return false;
    }
    how = hint == XPACLRI ? PAC_STRIP
                          : (hint & 2 ? KEY_IB : KEY_IA) | (hint & 4 ? (unsigned)PAC_CHECK : 0);
    modifier = hint == XPACLRI || (hint >= 24 && (hint & 1) == 0) ? ir_const(l->b, IR_I64, 0)
               : of_17                                            ? x_get64(l, 16)
                                                                  : sp_get64(l, 31);
    x_put64(l, reg, pauth(l, x_get64(l, reg), modifier, how));
    return true;
}

/* ---- branches to registers ---- */

static ir_ref checked(struct lift *l, const struct arm64_insn *i, ir_ref target)
{
    unsigned how = i->info->argument;
    ir_ref modifier = (how & BR_ZERO) != 0        ? ir_const(l->b, IR_I64, 0)
                      : (how & BR_KIND) == BR_RET ? sp_get64(l, 31)
                                                  : sp_get64(l, i->rm);

    if ((how & BR_CHECKS) == 0) {
        return target;
    }
    return pauth(l, target, modifier, (how & BR_KEY_B ? KEY_IB : KEY_IA) | (unsigned)PAC_CHECK);
}

void arm64_lift_br(struct lift *l, const struct arm64_insn *i)
{
    unsigned kind = i->info->argument & BR_KIND;
    bool by_lr = kind == BR_RET && (i->info->argument & BR_CHECKS) != 0;
    ir_ref target = checked(l, i, x_get64(l, by_lr ? 30 : i->rn));

    if (kind == BR_CALL) {
        x_put64(l, 30, ir_const(l->b, IR_I64, l->pc + 4));
    }
    if (kind == BR_RET || !arm64_lift_has(l, EXT_BTI)) {
        arm64_lift_jump_to(l, target, 0);
    } else if (kind == BR_CALL || i->rn == 16 || i->rn == 17) {
        arm64_lift_jump_typed(l, target, ir_const(l->b, IR_I64, kind == BR_CALL ? 2 : 1));
    } else {
        arm64_lift_jump_typed(
            l, target,
            ir_call(l->b, HELP_BTYPE, ir_const(l->b, IR_I64, l->pc), IR_ABSENT, IR_ABSENT));
    }
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
