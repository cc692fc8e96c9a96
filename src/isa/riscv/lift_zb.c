/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_zb: Zba, Zbb, Zbc and Zbs, after "RISC-V Bit-Manipulation ISA-extensions" 1.0, Zbkb, after
 * "RISC-V Cryptography Extensions" 1.0, and Zicond. Those that are one IR operation are lifted by
 * lift_i.c.
 */
#include "isa/riscv/lift.h"

static ir_ref zext32(struct lift *l, unsigned r)
{
    return ir_un(l->b, IR_ZEXT, IR_I64, x_get32(l, r));
}

void riscv_lift_sh_add(struct lift *l, const struct riscv_insn *i)
{
    ir_ref shifted = ir_bini(l->b, IR_SHL, x_type(l), x_get(l, i->rs1), i->info->argument);

    x_put(l, i->rd, ir_bin(l->b, IR_ADD, x_type(l), shifted, x_get(l, i->rs2)));
}

void riscv_lift_sh_add_uw(struct lift *l, const struct riscv_insn *i)
{
    ir_ref shifted = ir_bini(l->b, IR_SHL, IR_I64, zext32(l, i->rs1), i->info->argument);

    x_put(l, i->rd, ir_bin(l->b, IR_ADD, IR_I64, shifted, x_get(l, i->rs2)));
}

void riscv_lift_slli_uw(struct lift *l, const struct riscv_insn *i)
{
    x_put(l, i->rd, ir_bini(l->b, IR_SHL, IR_I64, zext32(l, i->rs1), (uint64_t)i->imm));
}

void riscv_lift_xnor(struct lift *l, const struct riscv_insn *i)
{
    ir_ref x = ir_bin(l->b, IR_XOR, x_type(l), x_get(l, i->rs1), x_get(l, i->rs2));

    x_put(l, i->rd, ir_bini(l->b, IR_XOR, x_type(l), x, UINT64_MAX));
}

void riscv_lift_unary(struct lift *l, const struct riscv_insn *i)
{
    x_put(l, i->rd, ir_un(l->b, (enum ir_opcode)i->info->argument, x_type(l), x_get(l, i->rs1)));
}

void riscv_lift_unaryw(struct lift *l, const struct riscv_insn *i)
{
    x_put32(l, i->rd, ir_un(l->b, (enum ir_opcode)i->info->argument, IR_I32, x_get32(l, i->rs1)));
}

void riscv_lift_sext(struct lift *l, const struct riscv_insn *i)
{
    x_put(l, i->rd, ir_sextract(l->b, x_type(l), x_get(l, i->rs1), 0, i->info->argument));
}

void riscv_lift_zext(struct lift *l, const struct riscv_insn *i)
{
    x_put(l, i->rd, ir_extract(l->b, x_type(l), x_get(l, i->rs1), 0, i->info->argument));
}

/* Each byte that is not zero becomes 0xff. */
void riscv_lift_orc_b(struct lift *l, const struct riscv_insn *i)
{
    const uint64_t low7 = UINT64_C(0x7f7f7f7f7f7f7f7f);
    ir_ref x = x_get(l, i->rs1);
    ir_ref carry =
        ir_bini(l->b, IR_ADD, x_type(l), ir_bini(l->b, IR_AND, x_type(l), x, low7), low7);
    /* The top bit of each byte says whether the byte is not zero. */
    ir_ref top = ir_bini(l->b, IR_AND, x_type(l), ir_bin(l->b, IR_OR, x_type(l), carry, x), ~low7);
    ir_ref twice = ir_bini(l->b, IR_SHL, x_type(l), top, 1);

    x_put(l, i->rd,
          ir_bin(l->b, IR_SUB, x_type(l), twice, ir_bini(l->b, IR_SHR, x_type(l), top, 7)));
}

void riscv_lift_bit(struct lift *l, const struct riscv_insn *i)
{
    ir_ref bit = ir_bin(l->b, IR_SHL, x_type(l), ir_const(l->b, x_type(l), 1), x_get(l, i->rs2));

    x_put(l, i->rd,
          ir_bin(l->b, (enum ir_opcode)i->info->argument, x_type(l), x_get(l, i->rs1), bit));
}

void riscv_lift_biti(struct lift *l, const struct riscv_insn *i)
{
    x_put(l, i->rd,
          ir_bini(l->b, (enum ir_opcode)i->info->argument, x_type(l), x_get(l, i->rs1),
                  UINT64_C(1) << i->imm));
}

void riscv_lift_bext(struct lift *l, const struct riscv_insn *i)
{
    ir_ref x = ir_bin(l->b, IR_SHR, x_type(l), x_get(l, i->rs1), x_get(l, i->rs2));

    x_put(l, i->rd, ir_bini(l->b, IR_AND, x_type(l), x, 1));
}

void riscv_lift_bexti(struct lift *l, const struct riscv_insn *i)
{
    x_put(l, i->rd, ir_extract(l->b, x_type(l), x_get(l, i->rs1), (unsigned)i->imm, 1));
}

/* ---- Zbkb ---- */

/* The low halves of two registers. */
void riscv_lift_pack(struct lift *l, const struct riscv_insn *i)
{
    unsigned half = is_rv32(l) ? 16 : 32;

    x_put(l, i->rd, ir_deposit(l->b, x_type(l), x_get(l, i->rs1), x_get(l, i->rs2), half, half));
}

void riscv_lift_packh(struct lift *l, const struct riscv_insn *i)
{
    ir_ref low = ir_extract(l->b, x_type(l), x_get(l, i->rs1), 0, 8);

    x_put(l, i->rd, ir_deposit(l->b, x_type(l), low, x_get(l, i->rs2), 8, 8));
}

void riscv_lift_packw(struct lift *l, const struct riscv_insn *i)
{
    x_put32(l, i->rd, ir_deposit(l->b, IR_I32, x_get32(l, i->rs1), x_get32(l, i->rs2), 16, 16));
}

/* Both bits of each pair, then of each four and each eight, change places. */
void riscv_lift_brev8(struct lift *l, const struct riscv_insn *i)
{
    static const uint64_t low[] = {UINT64_C(0x5555555555555555), UINT64_C(0x3333333333333333),
                                   UINT64_C(0x0f0f0f0f0f0f0f0f)};
    enum ir_type t = x_type(l);
    ir_ref x = x_get(l, i->rs1);

    for (unsigned step = 0; step < ARRAY_LEN(low); step++) {
        uint64_t by = UINT64_C(1) << step;
        ir_ref up = ir_bini(l->b, IR_SHL, t, ir_bini(l->b, IR_AND, t, x, low[step]), by);
        ir_ref down = ir_bini(l->b, IR_AND, t, ir_bini(l->b, IR_SHR, t, x, by), low[step]);

        x = ir_bin(l->b, IR_OR, t, up, down);
    }
    x_put(l, i->rd, x);
}

/* The bits under `mask` and those `by` places above change places. */
static ir_ref swap_bits(struct lift *l, ir_ref x, uint32_t mask, unsigned by)
{
    ir_ref moved = ir_bini(l->b, IR_SHR, IR_I32, x, by);
    ir_ref differ = ir_bini(l->b, IR_AND, IR_I32, ir_bin(l->b, IR_XOR, IR_I32, moved, x), mask);

    x = ir_bin(l->b, IR_XOR, IR_I32, x, differ);
    return ir_bin(l->b, IR_XOR, IR_I32, x, ir_bini(l->b, IR_SHL, IR_I32, differ, by));
}

static const struct {
    uint32_t mask;
    unsigned by;
} shuffles[] = {{0x0000ff00, 8}, {0x00f000f0, 4}, {0x0c0c0c0c, 2}, {0x22222222, 1}};

/* RV32: the bits of the low half go to even places, those of the high half to odd ones. */
void riscv_lift_zip(struct lift *l, const struct riscv_insn *i)
{
    ir_ref x = x_get(l, i->rs1);

    for (unsigned step = 0; step < ARRAY_LEN(shuffles); step++) {
        x = swap_bits(l, x, shuffles[step].mask, shuffles[step].by);
    }
    x_put(l, i->rd, x);
}

void riscv_lift_unzip(struct lift *l, const struct riscv_insn *i)
{
    ir_ref x = x_get(l, i->rs1);

    for (unsigned step = ARRAY_LEN(shuffles); step-- > 0;) {
        x = swap_bits(l, x, shuffles[step].mask, shuffles[step].by);
    }
    x_put(l, i->rd, x);
}

/* ---- Zbc, Zicond ---- */

/* RV32's product has 64 bits, of which each instruction takes 32. */
static ir_ref narrow_product(struct lift *l, const struct riscv_insn *i)
{
    ir_ref product = ir_call(l->b, HELP_CLMUL, x_get64(l, i->rs1), x_get64(l, i->rs2), IR_ABSENT);

    switch (i->info->argument) {
    case HELP_CLMULH: return ir_bini(l->b, IR_SHR, IR_I64, product, 32);
    case HELP_CLMULR: return ir_bini(l->b, IR_SHR, IR_I64, product, 31);
    default: return product;
    }
}

void riscv_lift_clmul(struct lift *l, const struct riscv_insn *i)
{
    x_put64(l, i->rd,
            is_rv32(l) ? narrow_product(l, i)
                       : ir_call(l->b, i->info->argument, x_get64(l, i->rs1), x_get64(l, i->rs2),
                                 IR_ABSENT));
}

/* rs1 where rs2 compares so with zero, else 0. */
void riscv_lift_czero(struct lift *l, const struct riscv_insn *i)
{
    ir_ref keeps = ir_bini(l->b, (enum ir_opcode)i->info->argument, x_type(l), x_get(l, i->rs2), 0);

    x_put(l, i->rd,
          ir_select(l->b, x_type(l), keeps, x_get(l, i->rs1), ir_const(l->b, x_type(l), 0)));
}
