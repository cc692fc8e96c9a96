/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_mul: multiplications, divisions, saturation and what works on halfwords and bytes of general
 * registers, after DDI 0406C, A4.4.3 to A4.4.8.
 */
#include "isa/arm32/lift.h"

void arm_lift_mul(struct lift *l, const struct arm_insn *i)
{
    ir_ref v = ir_bin(l->b, IR_MUL, IR_I32, r_get(l, i->rm), r_get(l, i->rs));

    if (i->s) {
        arm_put_nz(l, v);
    }
    r_put(l, i->rd, v);
}

void arm_lift_mla(struct lift *l, const struct arm_insn *i)
{
    ir_ref v = ir_bin(l->b, IR_MUL, IR_I32, r_get(l, i->rm), r_get(l, i->rs));

    v = ir_bin(l->b, IR_ADD, IR_I32, v, r_get(l, i->ra));
    if (i->s) {
        arm_put_nz(l, v);
    }
    r_put(l, i->rd, v);
}

void arm_lift_mls(struct lift *l, const struct arm_insn *i)
{
    ir_ref v = ir_bin(l->b, IR_MUL, IR_I32, r_get(l, i->rm), r_get(l, i->rs));

    r_put(l, i->rd, ir_bin(l->b, IR_SUB, IR_I32, r_get(l, i->ra), v));
}

static void put_long(struct lift *l, const struct arm_insn *i, ir_ref v)
{
    r_put_low(l, i->ra, v);
    r_put_low(l, i->rd, ir_bini(l->b, IR_SHR, IR_I64, v, 32));
}

static ir_ref get_long(struct lift *l, const struct arm_insn *i)
{
    return ir_bin(l->b, IR_OR, IR_I64, r_get64(l, i->ra),
                  ir_bini(l->b, IR_SHL, IR_I64, r_get64(l, i->rd), 32));
}

/* Argument: 1 adds, 2 is signed. */
void arm_lift_mull(struct lift *l, const struct arm_insn *i)
{
    ir_ref v = i->info->argument & 2
                   ? ir_bin(l->b, IR_MUL, IR_I64, r_sget64(l, i->rm), r_sget64(l, i->rs))
                   : ir_bin(l->b, IR_MUL, IR_I64, r_get64(l, i->rm), r_get64(l, i->rs));

    if (i->info->argument & 1) {
        v = ir_bin(l->b, IR_ADD, IR_I64, v, get_long(l, i));
    }
    if (i->s) {
        arm_put_nz64(l, v);
    }
    put_long(l, i, v);
}

void arm_lift_umaal(struct lift *l, const struct arm_insn *i)
{
    ir_ref v = ir_bin(l->b, IR_MUL, IR_I64, r_get64(l, i->rm), r_get64(l, i->rs));

    v = ir_bin(l->b, IR_ADD, IR_I64, v, r_get64(l, i->ra));
    put_long(l, i, ir_bin(l->b, IR_ADD, IR_I64, v, r_get64(l, i->rd)));
}

void arm_lift_div(struct lift *l, const struct arm_insn *i)
{
    r_put(l, i->rd,
          ir_bin(l->b, i->info->argument ? IR_DIVS : IR_DIVU, IR_I32, r_get(l, i->rm),
                 r_get(l, i->rs)));
}

/* ---- halfwords ---- */

/* A halfword of a register, sign-extended to 64 bits. */
static ir_ref half(struct lift *l, ir_ref v, bool top)
{
    return ir_un(l->b, IR_SEXT, IR_I64, ir_sextract(l->b, IR_I32, v, top ? 16 : 0, 16));
}

/* A sum of 64 bits that is too long for 32 sets Q. */
static void put_sum(struct lift *l, unsigned rd, ir_ref v)
{
    ir_ref low = ir_un(l->b, IR_TRUNC, IR_I32, v);

    arm_set_q(l, ir_bin(l->b, IR_NE, IR_I64, ir_un(l->b, IR_SEXT, IR_I64, low), v));
    r_put(l, rd, low);
}

static ir_ref product_xy(struct lift *l, const struct arm_insn *i)
{
    return ir_bin(l->b, IR_MUL, IR_I64, half(l, r_get(l, i->rm), i->b),
                  half(l, r_get(l, i->rs), i->a));
}

void arm_lift_smulxy(struct lift *l, const struct arm_insn *i)
{
    r_put_low(l, i->rd, product_xy(l, i));
}

void arm_lift_smlaxy(struct lift *l, const struct arm_insn *i)
{
    put_sum(l, i->rd, ir_bin(l->b, IR_ADD, IR_I64, product_xy(l, i), r_sget64(l, i->ra)));
}

void arm_lift_smlalxy(struct lift *l, const struct arm_insn *i)
{
    put_long(l, i, ir_bin(l->b, IR_ADD, IR_I64, product_xy(l, i), get_long(l, i)));
}

static ir_ref product_w(struct lift *l, const struct arm_insn *i)
{
    ir_ref v = ir_bin(l->b, IR_MUL, IR_I64, r_sget64(l, i->rm), half(l, r_get(l, i->rs), i->a));

    return ir_bini(l->b, IR_SAR, IR_I64, v, 16);
}

void arm_lift_smulw(struct lift *l, const struct arm_insn *i)
{
    r_put_low(l, i->rd, product_w(l, i));
}

void arm_lift_smlaw(struct lift *l, const struct arm_insn *i)
{
    put_sum(l, i->rd, ir_bin(l->b, IR_ADD, IR_I64, product_w(l, i), r_sget64(l, i->ra)));
}

void arm_lift_smlaw_t(struct lift *l, const struct arm_insn *i)
{
    if (i->ra == 15) {
        arm_lift_smulw(l, i);
    } else {
        arm_lift_smlaw(l, i);
    }
}

/* Both products of halfwords, added or subtracted; those of the second operand may change places. */
static ir_ref dual(struct lift *l, const struct arm_insn *i, bool swap)
{
    ir_ref x = r_get(l, i->rm), y = r_get(l, i->rs);
    ir_ref low = ir_bin(l->b, IR_MUL, IR_I64, half(l, x, false), half(l, y, swap));
    ir_ref high = ir_bin(l->b, IR_MUL, IR_I64, half(l, x, true), half(l, y, !swap));

    return ir_bin(l->b, i->info->argument ? IR_SUB : IR_ADD, IR_I64, low, high);
}

static void smlad(struct lift *l, const struct arm_insn *i, bool swap)
{
    ir_ref v = dual(l, i, swap);

    put_sum(l, i->rd, i->ra == 15 ? v : ir_bin(l->b, IR_ADD, IR_I64, v, r_sget64(l, i->ra)));
}

void arm_lift_smlad(struct lift *l, const struct arm_insn *i)
{
    smlad(l, i, i->b);
}

void arm_lift_smlad_t(struct lift *l, const struct arm_insn *i)
{
    smlad(l, i, i->a);
}

static void smlald(struct lift *l, const struct arm_insn *i, bool swap)
{
    put_long(l, i, ir_bin(l->b, IR_ADD, IR_I64, dual(l, i, swap), get_long(l, i)));
}

void arm_lift_smlald(struct lift *l, const struct arm_insn *i)
{
    smlald(l, i, i->b);
}

void arm_lift_smlald_t(struct lift *l, const struct arm_insn *i)
{
    smlald(l, i, i->a);
}

/* The high word of a product, added or subtracted, perhaps rounded. */
static void smmla(struct lift *l, const struct arm_insn *i, bool round)
{
    ir_ref v = ir_bin(l->b, IR_MUL, IR_I64, r_sget64(l, i->rm), r_sget64(l, i->rs));

    if (i->ra != 15 || i->info->argument) {
        ir_ref a = ir_bini(l->b, IR_SHL, IR_I64, r_get64(l, i->ra), 32);

        v = ir_bin(l->b, i->info->argument ? IR_SUB : IR_ADD, IR_I64, a, v);
    }
    if (round) {
        v = ir_bini(l->b, IR_ADD, IR_I64, v, UINT64_C(0x80000000));
    }
    r_put_low(l, i->rd, ir_bini(l->b, IR_SHR, IR_I64, v, 32));
}

void arm_lift_smmla(struct lift *l, const struct arm_insn *i)
{
    smmla(l, i, i->b);
}

void arm_lift_smmla_t(struct lift *l, const struct arm_insn *i)
{
    smmla(l, i, i->a);
}

/* ---- bytes ---- */

void arm_lift_usada(struct lift *l, const struct arm_insn *i)
{
    ir_ref v = ir_call(l->b, HELP_USAD8, r_get64(l, i->rm), r_get64(l, i->rs), IR_ABSENT);

    if (i->ra != 15) {
        v = ir_bin(l->b, IR_ADD, IR_I64, v, r_get64(l, i->ra));
    }
    r_put_low(l, i->rd, v);
}

void arm_lift_parallel(struct lift *l, const struct arm_insn *i)
{
    unsigned kind = i->info->argument >> 3;
    ir_ref v = ir_call(l->b, HELP_PARALLEL, r_get64(l, i->rn), r_get64(l, i->rm),
                       ir_const(l->b, IR_I64, i->info->argument));

    if (kind == 1 || kind == 5) { /* S and U say in GE how each part went */
        ir_put(l->b, IR_I32, ARM_SLOT(ge),
               ir_un(l->b, IR_TRUNC, IR_I32, ir_bini(l->b, IR_SHR, IR_I64, v, 32)));
    }
    r_put_low(l, i->rd, v);
}

void arm_lift_sel(struct lift *l, const struct arm_insn *i)
{
    ir_ref ge = ir_un(l->b, IR_ZEXT, IR_I64, ir_get(l->b, IR_I32, ARM_SLOT(ge)));

    r_put_low(l, i->rd, ir_call(l->b, HELP_SEL, r_get64(l, i->rn), r_get64(l, i->rm), ge));
}

void arm_lift_pkh(struct lift *l, const struct arm_insn *i)
{
    ir_ref carry = IR_ABSENT, n = r_get(l, i->rn);
    ir_ref m = arm_shift(l, r_get(l, i->rm), i->info->argument ? 2 : 0, i->amount, &carry);

    r_put(l, i->rd,
          i->info->argument ? ir_deposit(l->b, IR_I32, n, m, 0, 16)
                            : ir_deposit(l->b, IR_I32, m, n, 0, 16));
}

/* ---- saturation ---- */

/* A signed i64 between two bounds; Q is set where it was not. */
static ir_ref saturate(struct lift *l, ir_ref v, int64_t least, int64_t most)
{
    ir_ref in = ir_bini(l->b, IR_MINS, IR_I64, ir_bini(l->b, IR_MAXS, IR_I64, v, (uint64_t)least),
                        (uint64_t)most);

    arm_set_q(l, ir_bin(l->b, IR_NE, IR_I64, in, v));
    return in;
}

/* Argument: 1 subtracts, 2 doubles the second operand first, which may saturate, too. */
void arm_lift_qadd(struct lift *l, const struct arm_insn *i)
{
    ir_ref m = r_sget64(l, i->rm), n = r_sget64(l, i->rn);

    if (i->info->argument & 2) {
        n = saturate(l, ir_bini(l->b, IR_SHL, IR_I64, n, 1), INT32_MIN, INT32_MAX);
    }
    m = ir_bin(l->b, i->info->argument & 1 ? IR_SUB : IR_ADD, IR_I64, m, n);
    r_put_low(l, i->rd, saturate(l, m, INT32_MIN, INT32_MAX));
}

static ir_ref to_bits(struct lift *l, ir_ref v, bool is_unsigned, unsigned imm)
{
    return is_unsigned ? saturate(l, v, 0, (INT64_C(1) << imm) - 1)
                       : saturate(l, v, -(INT64_C(1) << imm), (INT64_C(1) << imm) - 1);
}

void arm_lift_sat(struct lift *l, const struct arm_insn *i)
{
    ir_ref carry = IR_ABSENT;
    ir_ref v = arm_shift(l, r_get(l, i->rm), i->type ? 2 : 0, i->amount, &carry);

    r_put_low(l, i->rd,
              to_bits(l, ir_un(l->b, IR_SEXT, IR_I64, v), i->info->argument, (unsigned)i->imm));
}

void arm_lift_sat16(struct lift *l, const struct arm_insn *i)
{
    ir_ref v = r_get(l, i->rm);
    ir_ref low = to_bits(l, half(l, v, false), i->info->argument, (unsigned)i->imm);
    ir_ref high = to_bits(l, half(l, v, true), i->info->argument, (unsigned)i->imm);

    r_put_low(l, i->rd,
              ir_deposit(l->b, IR_I64, ir_extract(l->b, IR_I64, low, 0, 16), high, 16, 16));
}
