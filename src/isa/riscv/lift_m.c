/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_m: division, after volume I, chapter 7. The other instructions of M are IR operations as
 * they are: a remainder by zero is the dividend, and the overflow wraps.
 */
#include "isa/riscv/lift.h"

static ir_ref divide(struct lift *l, enum ir_opcode op, enum ir_type t, ir_ref a, ir_ref b)
{
    ir_ref quotient = ir_bin(l->b, op, t, a, b);
    ir_ref is_zero = ir_bini(l->b, IR_EQ, t, b, 0);
    uint64_t ones = t == IR_I32 ? UINT32_MAX : UINT64_MAX;

    return ir_select(l->b, t, is_zero, ir_const(l->b, t, ones), quotient);
}

void riscv_lift_div(struct lift *l, const struct riscv_insn *i)
{
    if (i->rd != 0) {
        x_put(l, i->rd,
              divide(l, (enum ir_opcode)i->info->argument, x_type(l), x_get(l, i->rs1),
                     x_get(l, i->rs2)));
    }
}

void riscv_lift_divw(struct lift *l, const struct riscv_insn *i)
{
    if (i->rd != 0) {
        x_put32(l, i->rd,
                divide(l, (enum ir_opcode)i->info->argument, IR_I32, x_get32(l, i->rs1),
                       x_get32(l, i->rs2)));
    }
}
