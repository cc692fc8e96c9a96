/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_a: atomics, after volume I, chapter 8. Must be naturally aligned. A reservation is the
 * physical address of the last LR, of either size; SC ends it whatever happens. The aq and rl bits
 * ask for nothing more than harts that take turns give.
 */
#include "isa/riscv/lift.h"

#define RESERVATION ((uint32_t)offsetof(struct riscv, hart.reservation))
#define RESERVED    ((uint32_t)offsetof(struct riscv, hart.reserved))

void riscv_lift_lr(struct lift *l, const struct riscv_insn *i)
{
    ir_ref address = x_get64(l, i->rs1);
    ir_ref value = ir_ld(l->b, x_type(l), address, 0, MEM_ALIGNED(i->info->argument) | MEM_SIGNED);

    ir_put(l->b, IR_I64, RESERVATION, ir_phys(l->b, address));
    ir_put(l->b, IR_I32, RESERVED, ir_const(l->b, IR_I32, 1));
    x_put(l, i->rd, value);
}

void riscv_lift_sc(struct lift *l, const struct riscv_insn *i)
{
    unsigned size = MEM_SIZE(i->info->argument);
    ir_ref address = x_get64(l, i->rs1);
    ir_ref same =
        ir_bin(l->b, IR_EQ, IR_I64, ir_phys(l->b, address), ir_get(l->b, IR_I64, RESERVATION));
    ir_ref valid = ir_bini(l->b, IR_NE, IR_I32, ir_get(l->b, IR_I32, RESERVED), 0);
    ir_ref holds = ir_bin(l->b, IR_AND, IR_I64, same, valid);
    /* A misaligned address faults though no reservation can match it: let it try. */
    ir_ref misaligned = ir_bini(l->b, IR_AND, IR_I64, address, size - 1);

    ir_stc(l->b, x_type(l), address, x_get(l, i->rs2),
           ir_bin(l->b, IR_OR, IR_I64, holds, misaligned), MEM_ALIGNED(i->info->argument));
    ir_put(l->b, IR_I32, RESERVED, ir_const(l->b, IR_I32, 0));
    x_put64(l, i->rd, ir_bini(l->b, IR_XOR, IR_I64, holds, 1));
}

void riscv_lift_amow(struct lift *l, const struct riscv_insn *i)
{
    ir_ref old = ir_rmw(l->b, IR_I32, (enum ir_rmw)i->info->argument, x_get64(l, i->rs1),
                        x_get32(l, i->rs2), MEM_ALIGNED(2));

    x_put32(l, i->rd, old);
}

void riscv_lift_amod(struct lift *l, const struct riscv_insn *i)
{
    x_put(l, i->rd,
          ir_rmw(l->b, IR_I64, (enum ir_rmw)i->info->argument, x_get64(l, i->rs1), x_get(l, i->rs2),
                 MEM_ALIGNED(3)));
}
