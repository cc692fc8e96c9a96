/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift: from bytes to IR, one instruction at a time; see lift.h. What each kind of instruction means is
 * in lift_*.c.
 */
#include "isa/arm64/lift.h"

static void end_raised(struct lift *l)
{
    /* Never reached, but every block ends in an exit. */
    ir_exit(l->b, l->pc, IR_EXIT_LOOK | IR_EXIT_ASK);
    l->ends = true;
}

void arm64_lift_raise(struct lift *l, uint32_t esr, uint64_t far)
{
    ir_call(l->b, HELP_RAISE, ir_const(l->b, IR_I64, esr), ir_const(l->b, IR_I64, far), IR_ABSENT);
    end_raised(l);
}

void arm64_lift_undefined(struct lift *l)
{
    ir_call(l->b, HELP_UNDEFINED, IR_ABSENT, IR_ABSENT, IR_ABSENT);
    end_raised(l);
}

bool arm64_lift_fp_on(struct lift *l)
{
    if ((l->mode & MODE_FP) != 0) {
        return true;
    }
    ir_call(l->b, HELP_FP_TRAP, IR_ABSENT, IR_ABSENT, IR_ABSENT);
    end_raised(l);
    return false;
}

void arm64_lift_leave(struct lift *l, uint8_t exit_attr)
{
    ir_exit(l->b, l->pc + 4, exit_attr);
    l->ends = true;
}

bool arm64_lift(struct lift *l)
{
    struct arm64_insn i;

    if (l->available < 4) {
        return false;
    }
    l->length = 4;
    l->ends = false;
    if (!arm64_decode((uint32_t)bytes_get_le(l->bytes, 4), &i) ||
        (i.info->extension != 0 && !arm64_lift_has(l, i.info->extension))) {
        arm64_lift_undefined(l);
    } else {
        i.info->lift(l, &i);
    }
    return true;
}
