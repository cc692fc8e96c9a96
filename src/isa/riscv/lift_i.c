/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_i: the base integer instructions, after volume I, chapters 2 and 5. Loads and stores may be
 * misaligned. All fences are empty: harts take turns on one thread.
 */
#include "isa/riscv/lift.h"

void riscv_lift_lui(struct lift *l, const struct riscv_insn *i)
{
    x_put(l, i->rd, ir_const(l->b, x_type(l), (uint64_t)i->imm));
}

void riscv_lift_auipc(struct lift *l, const struct riscv_insn *i)
{
    x_put(l, i->rd, ir_const(l->b, x_type(l), l->pc + (uint64_t)i->imm));
}

void riscv_lift_jal(struct lift *l, const struct riscv_insn *i)
{
    x_put(l, i->rd, ir_const(l->b, x_type(l), x_wrap(l, l->pc + i->length)));
    ir_exit(l->b, x_wrap(l, l->pc + (uint64_t)i->imm), 0);
    l->ends = true;
}

void riscv_lift_jalr(struct lift *l, const struct riscv_insn *i)
{
    ir_ref target = ir_bini(l->b, IR_ADD, x_type(l), x_get(l, i->rs1), (uint64_t)i->imm);

    target = ir_bini(l->b, IR_AND, x_type(l), target, ~UINT64_C(1));
    x_put(l, i->rd, ir_const(l->b, x_type(l), x_wrap(l, l->pc + i->length)));
    ir_exit_to(l->b, is_rv32(l) ? ir_un(l->b, IR_ZEXT, IR_I64, target) : target, 0);
    l->ends = true;
}

void riscv_lift_branch(struct lift *l, const struct riscv_insn *i)
{
    ir_ref taken = ir_bin(l->b, (enum ir_opcode)i->info->argument, x_type(l), x_get(l, i->rs1),
                          x_get(l, i->rs2));

    ir_exit_if(l->b, taken, x_wrap(l, l->pc + (uint64_t)i->imm));
}

/* a >= b is b <= a. */
void riscv_lift_branch_swap(struct lift *l, const struct riscv_insn *i)
{
    ir_ref taken = ir_bin(l->b, (enum ir_opcode)i->info->argument, x_type(l), x_get(l, i->rs2),
                          x_get(l, i->rs1));

    ir_exit_if(l->b, taken, x_wrap(l, l->pc + (uint64_t)i->imm));
}

void riscv_lift_load(struct lift *l, const struct riscv_insn *i)
{
    x_put(l, i->rd, x_load(l, x_type(l), i->rs1, i->imm, (uint8_t)i->info->argument));
}

void riscv_lift_store(struct lift *l, const struct riscv_insn *i)
{
    x_store(l, x_type(l), i->rs1, i->imm, x_get(l, i->rs2), (uint8_t)i->info->argument);
}

/* A comparison is an i64 whatever it compares. */
static void put_result(struct lift *l, unsigned r, enum ir_opcode op, ir_ref v)
{
    if (op == IR_LTU || op == IR_LTS) {
        x_put64(l, r, v);
    } else {
        x_put(l, r, v);
    }
}

void riscv_lift_alu(struct lift *l, const struct riscv_insn *i)
{
    enum ir_opcode op = (enum ir_opcode)i->info->argument;

    if (i->rd != 0) {
        put_result(l, i->rd, op, ir_bin(l->b, op, x_type(l), x_get(l, i->rs1), x_get(l, i->rs2)));
    }
}

void riscv_lift_alui(struct lift *l, const struct riscv_insn *i)
{
    enum ir_opcode op = (enum ir_opcode)i->info->argument;

    if (i->rd != 0) {
        put_result(l, i->rd, op, ir_bini(l->b, op, x_type(l), x_get(l, i->rs1), (uint64_t)i->imm));
    }
}

void riscv_lift_aluw(struct lift *l, const struct riscv_insn *i)
{
    if (i->rd != 0) {
        x_put32(l, i->rd,
                ir_bin(l->b, (enum ir_opcode)i->info->argument, IR_I32, x_get32(l, i->rs1),
                       x_get32(l, i->rs2)));
    }
}

void riscv_lift_aluiw(struct lift *l, const struct riscv_insn *i)
{
    if (i->rd != 0) {
        x_put32(l, i->rd,
                ir_bini(l->b, (enum ir_opcode)i->info->argument, IR_I32, x_get32(l, i->rs1),
                        (uint32_t)i->imm));
    }
}

void riscv_lift_fence(struct lift *l, const struct riscv_insn *i)
{
    (void)l;
    (void)i;
}

void riscv_lift_ecall(struct lift *l, const struct riscv_insn *i)
{
    (void)i;
    riscv_lift_raise(l, CAUSE_ECALL_U + MODE_PRIV(l->mode), 0);
}

void riscv_lift_ebreak(struct lift *l, const struct riscv_insn *i)
{
    (void)i;
    riscv_lift_raise(l, CAUSE_BREAKPOINT, 0); /* xtval may also be pc; the reference says 0 */
}
