/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift: from bytes to IR, one instruction at a time; see lift.h. What each kind of instruction
 * means is in lift_*.c.
 */
#include "isa/riscv/lift.h"

void riscv_lift_raise(struct lift *l, uint32_t cause, uint64_t value)
{
    ir_call(l->b, HELP_RAISE, ir_const(l->b, IR_I64, cause), ir_const(l->b, IR_I64, value),
            IR_ABSENT);
    /* Never reached, but every block ends in an exit. */
    ir_exit(l->b, l->pc, IR_EXIT_LOOK);
    l->ends = true;
}

void riscv_lift_leave(struct lift *l, const struct riscv_insn *i, uint8_t exit_attr)
{
    ir_exit(l->b, x_wrap(l, l->pc + i->length), exit_attr);
    l->ends = true;
}

void riscv_lift_illegal(struct lift *l, const struct riscv_insn *i)
{
    riscv_lift_raise(l, CAUSE_ILLEGAL, i->bits);
}

bool riscv_lift(struct lift *l)
{
    struct riscv_insn i;
    unsigned length;

    if (l->available < 2) {
        return false;
    }
    length = (l->bytes[0] & 3) == 3 ? 4 : 2;
    if (l->available < length) {
        return false;
    }
    l->length = length;
    l->ends = false;
    if (!riscv_decode((uint32_t)bytes_get_le(l->bytes, length),
                      is_rv32(l) ? RISCV_RV32 : RISCV_RV64, &i) ||
        (i.info->extension != 0 && (i.info->extension & MODE_EXT(l->mode)) == 0)) {
        riscv_lift_illegal(l, &i);
    } else {
        i.info->lift(l, &i);
    }
    if (!l->ends && x_wrap(l, l->pc + length) == 0) {
        ir_exit(l->b, 0, 0); /* the address space ends: what follows is at its beginning */
        l->ends = true;
    }
    return true;
}
