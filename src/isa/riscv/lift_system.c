/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_system: CSRs, traps' returns, WFI, address-translation fences and cache-block operations,
 * after volume II and "RISC-V Base Cache Management Operation ISA Extensions" 1.0. Mode checks that
 * depend on more than block_mode() are in helpers.c and csr.c.
 */
#include "isa/riscv/lift.h"

static void csr(struct lift *l, const struct riscv_insn *i, ir_ref source, bool writes)
{
    ir_ref old = ir_call(l->b, HELP_CSR, ir_const(l->b, IR_I64, i->bits), source, IR_ABSENT);

    x_put64(l, i->rd, old);
    if (writes && !riscv_csr_write_is_quiet(i->csr)) {
        riscv_lift_leave(l, i, IR_EXIT_LOOK);
    }
}

/* CSRRS and CSRRC of x0 (or 0) do not write. */
static bool csr_writes(const struct riscv_insn *i)
{
    return bits_get(i->bits, 12, 2) == CSR_OP_WRITE || bits_get(i->bits, 15, 5) != 0;
}

void riscv_lift_csr(struct lift *l, const struct riscv_insn *i)
{
    csr(l, i, x_get64(l, i->rs1), csr_writes(i));
}

void riscv_lift_csri(struct lift *l, const struct riscv_insn *i)
{
    csr(l, i, ir_const(l->b, IR_I64, (uint64_t)i->imm), csr_writes(i));
}

void riscv_lift_xret(struct lift *l, const struct riscv_insn *i)
{
    ir_ref target =
        ir_call(l->b, i->info->argument, ir_const(l->b, IR_I64, i->bits), IR_ABSENT, IR_ABSENT);

    ir_exit_to(l->b, target, IR_EXIT_LOOK);
    l->ends = true;
}

void riscv_lift_wfi(struct lift *l, const struct riscv_insn *i)
{
    ir_call(l->b, HELP_WFI, ir_const(l->b, IR_I64, i->bits), IR_ABSENT, IR_ABSENT);
    riscv_lift_leave(l, i, IR_EXIT_LOOK | IR_EXIT_YIELD);
}

void riscv_lift_pause(struct lift *l, const struct riscv_insn *i)
{
    riscv_lift_leave(l, i, IR_EXIT_LOOK | IR_EXIT_YIELD);
}

/* Stores to code are seen at once anyway. */
void riscv_lift_fence_i(struct lift *l, const struct riscv_insn *i)
{
    riscv_lift_leave(l, i, IR_EXIT_LOOK);
}

/* Only the check of the privilege: what is cached of page tables is always coherent. */
void riscv_lift_fence_vma(struct lift *l, const struct riscv_insn *i)
{
    ir_call(l->b, i->info->argument, ir_const(l->b, IR_I64, i->bits), IR_ABSENT, IR_ABSENT);
    riscv_lift_leave(l, i, IR_EXIT_LOOK);
}

void riscv_lift_cbo(struct lift *l, const struct riscv_insn *i)
{
    l->several = true;
    ir_call(l->b, HELP_CBO, ir_const(l->b, IR_I64, i->bits), x_get64(l, i->rs1), IR_ABSENT);
}

void riscv_lift_cbo_zero(struct lift *l, const struct riscv_insn *i)
{
    ir_ref block =
        ir_bini(l->b, IR_AND, IR_I64, x_get64(l, i->rs1), ~(uint64_t)(CBO_BLOCK_BYTES - 1));
    ir_ref zero = ir_const(l->b, IR_I64, 0);

    l->several = true;
    ir_call(l->b, HELP_CBO_ZERO, ir_const(l->b, IR_I64, i->bits), x_get64(l, i->rs1), IR_ABSENT);
    /* A block lies in one page: no store faults that the helper has let through, unless a PMP
     * boundary cuts the block or there is no memory; then the zeros before it stand, and the
     * instruction can be run again. */
    for (int at = 0; at < CBO_BLOCK_BYTES; at += 8) {
        ir_st(l->b, IR_I64, block, at, zero, 3);
    }
}
