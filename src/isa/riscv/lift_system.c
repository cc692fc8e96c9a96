/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_system: CSRs, traps' returns, WFI, address-translation fences and cache-block operations,
 * after volume II and "RISC-V Base Cache Management Operation ISA Extensions" 1.0. Mode checks that
 * depend on more than block_mode() are in helpers.c and csr.c.
 */
#include "isa/riscv/lift.h"

static bool of_timer(unsigned number)
{
    return number == 0x14d || number == 0x15d || number == 0x30a ||
           number == 0x31a; /* stimecmp(h), menvcfg(h) */
}

/* What traps keep for their handlers is nothing but memory, for those who may: no helper is needed where
 * all of it is read and written. The state's offset; 0: another. */
static uint32_t trap_slot(const struct lift *l, unsigned number)
{
    if (is_rv32(l) || MODE_PRIV(l->mode) < (number >> 8 & 3)) {
        return 0;
    }
    switch (number) {
    case 0x140: return (uint32_t)offsetof(struct riscv, sscratch);
    case 0x141: return (uint32_t)offsetof(struct riscv, sepc);
    case 0x142: return (uint32_t)offsetof(struct riscv, scause);
    case 0x143: return (uint32_t)offsetof(struct riscv, stval);
    case 0x340: return (uint32_t)offsetof(struct riscv, mscratch);
    case 0x341: return (uint32_t)offsetof(struct riscv, mepc);
    case 0x342: return (uint32_t)offsetof(struct riscv, mcause);
    case 0x343: return (uint32_t)offsetof(struct riscv, mtval);
    default: return 0;
    }
}

static void trap_csr(struct lift *l, const struct riscv_insn *i, uint32_t slot, ir_ref source,
                     bool writes)
{
    unsigned op = (unsigned)bits_get(i->bits, 12, 2);
    ir_ref old = ir_get(l->b, IR_I64, slot);

    if (op == CSR_OP_SET) {
        source = ir_bin(l->b, IR_OR, IR_I64, old, source);
    } else if (op == CSR_OP_CLEAR) {
        source = ir_bin(l->b, IR_ANDN, IR_I64, old, source);
    }
    if (writes) {
        bool is_pc = (i->csr & 0xff) == 0x41;
        ir_put(l->b, IR_I64, slot,
               is_pc ? ir_bini(l->b, IR_AND, IR_I64, source, ~UINT64_C(1)) : source);
    }
    x_put(l, i->rd, old);
}

static void csr(struct lift *l, const struct riscv_insn *i, ir_ref source, bool writes)
{
    uint32_t slot = trap_slot(l, i->csr), helper = of_timer(i->csr) ? HELP_CSR_TIMER : HELP_CSR;
    ir_ref old;

    if (slot != 0) {
        trap_csr(l, i, slot, source, writes);
        return;
    }
    old = ir_call(l->b, helper, ir_const(l->b, IR_I64, i->bits), source, IR_ABSENT);
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
    riscv_lift_leave(l, i, IR_EXIT_YIELD);
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
