/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_int_misc: conditional compare and select, products, quotients, reversals, checksums, and what
 * FEAT_FlagM adds, after DDI 0487, C4.1.89.
 */
#include "isa/arm64/lift.h"

/* ---- conditions ---- */

static void compare_if(struct lift *l, const struct arm64_insn *i, ir_ref y)
{
    bool sub = i->info->argument & ADDSUB_SUB;
    ir_ref x = x_get(l, i, i->rn), holds = arm64_condition(l, i->cond);
    ir_ref flags = ir_bin(l->b, sub ? IR_SUBF : IR_ADDF, x_type(i), x, y);
    ir_ref word = ir_un(l->b, IR_FPACK, IR_I64, flags);

    if (sub) {
        word = ir_bini(l->b, IR_XOR, IR_I64, word, IR_FLAG_C);
    }
    arm64_put_flags_word(
        l, ir_select(l->b, IR_I64, holds, word, ir_const(l->b, IR_I64, arm64_flags_word(i->nzcv))));
}

void arm64_lift_ccmp(struct lift *l, const struct arm64_insn *i)
{
    compare_if(l, i, x_get(l, i, i->rm));
}

void arm64_lift_ccmpi(struct lift *l, const struct arm64_insn *i)
{
    compare_if(l, i, ir_const(l->b, x_type(i), (uint64_t)i->imm));
}

void arm64_lift_csel(struct lift *l, const struct arm64_insn *i)
{
    enum ir_type t = x_type(i);
    ir_ref holds, x = x_get(l, i, i->rn), y = x_get(l, i, i->rm);

    if (i->info->argument == CSINC && i->rn == 31 && i->rm == 31 && i->cond < 14) { /* CSET */
        x_put64(l, i->rd, arm64_condition(l, i->cond ^ 1u));
        return;
    }
    holds = arm64_condition(l, i->cond);
    switch (i->info->argument) {
    case CSINC: y = ir_bini(l->b, IR_ADD, t, y, 1); break;
    case CSINV: y = ir_bini(l->b, IR_XOR, t, y, UINT64_MAX); break;
    case CSNEG: y = ir_bin(l->b, IR_SUB, t, ir_const(l->b, t, 0), y); break;
    default: break;
    }
    x_put(l, i, i->rd, ir_select(l->b, t, holds, x, y));
}

/* ---- FEAT_FlagM ---- */

static ir_ref flags_word(struct lift *l)
{
    return ir_get(l->b, IR_I64, ARM64_SLOT(flags));
}

/* The bits of `mask` become those of a value of 0 or 1. */
static ir_ref set_flag(struct lift *l, ir_ref word, unsigned pos, ir_ref bit)
{
    return ir_deposit(l->b, IR_I64, word, bit, pos, 1);
}

enum { POS_C = 0, POS_Z = 6, POS_N = 7, POS_V = 11 };

void arm64_lift_rmif(struct lift *l, const struct arm64_insn *i)
{
    static const uint8_t places[] = {POS_V, POS_C, POS_Z, POS_N};
    ir_ref v = ir_bini(l->b, IR_ROTR, IR_I64, x_get64(l, i->rn), i->imms), word = flags_word(l);

    for (unsigned n = 0; n < 4; n++) {
        if (i->nzcv >> n & 1) {
            word = set_flag(l, word, places[n], ir_extract(l->b, IR_I64, v, n, 1));
        }
    }
    arm64_put_flags_word(l, word);
}

void arm64_lift_setf(struct lift *l, const struct arm64_insn *i)
{
    unsigned bits = i->info->argument;
    ir_ref v = x_get64(l, i->rn), word = flags_word(l);
    ir_ref low = ir_extract(l->b, IR_I64, v, 0, bits);
    ir_ref sign = ir_extract(l->b, IR_I64, v, bits - 1, 1);

    word = set_flag(l, word, POS_N, sign);
    word = set_flag(l, word, POS_Z, ir_bini(l->b, IR_EQ, IR_I64, low, 0));
    word = set_flag(l, word, POS_V,
                    ir_bin(l->b, IR_XOR, IR_I64, ir_extract(l->b, IR_I64, v, bits, 1), sign));
    arm64_put_flags_word(l, word);
}

void arm64_lift_cfinv(struct lift *l, const struct arm64_insn *i)
{
    (void)i;
    arm64_put_flags_word(l, ir_bini(l->b, IR_XOR, IR_I64, flags_word(l), IR_FLAG_C));
}

static ir_ref flag(struct lift *l, unsigned pos)
{
    return ir_extract(l->b, IR_I64, flags_word(l), pos, 1);
}

static void put_nzcv(struct lift *l, ir_ref n, ir_ref z, ir_ref c, ir_ref v)
{
    ir_ref word = ir_const(l->b, IR_I64, 0);

    word = set_flag(l, word, POS_N, n);
    word = set_flag(l, word, POS_Z, z);
    word = set_flag(l, word, POS_C, c);
    word = set_flag(l, word, POS_V, v);
    arm64_put_flags_word(l, word);
}

void arm64_lift_xaflag(struct lift *l, const struct arm64_insn *i)
{
    ir_ref c = flag(l, POS_C), z = flag(l, POS_Z);
    ir_ref not_c = ir_bini(l->b, IR_XOR, IR_I64, c, 1);
    ir_ref not_z = ir_bini(l->b, IR_XOR, IR_I64, z, 1);

    (void)i;
    put_nzcv(l, ir_bin(l->b, IR_AND, IR_I64, not_c, not_z), ir_bin(l->b, IR_AND, IR_I64, c, z),
             ir_bin(l->b, IR_OR, IR_I64, c, z), ir_bin(l->b, IR_AND, IR_I64, not_c, z));
}

void arm64_lift_axflag(struct lift *l, const struct arm64_insn *i)
{
    ir_ref c = flag(l, POS_C), z = flag(l, POS_Z), v = flag(l, POS_V);
    ir_ref zero = ir_const(l->b, IR_I64, 0);

    (void)i;
    put_nzcv(l, zero, ir_bin(l->b, IR_OR, IR_I64, z, v), ir_bin(l->b, IR_ANDN, IR_I64, c, v), zero);
}

/* ---- one operand ---- */

/* Bits that are `distance` apart change places, all over the word. */
static ir_ref swap_bits(struct lift *l, enum ir_type t, ir_ref v, unsigned distance, uint64_t mask)
{
    ir_ref down = ir_bini(l->b, IR_AND, t, ir_bini(l->b, IR_SHR, t, v, distance), mask);
    ir_ref up = ir_bini(l->b, IR_SHL, t, ir_bini(l->b, IR_AND, t, v, mask), distance);

    return ir_bin(l->b, IR_OR, t, down, up);
}

static ir_ref reverse_bits(struct lift *l, enum ir_type t, ir_ref v)
{
    v = ir_un(l->b, IR_BSWAP, t, v);
    v = swap_bits(l, t, v, 4, UINT64_C(0x0f0f0f0f0f0f0f0f));
    v = swap_bits(l, t, v, 2, UINT64_C(0x3333333333333333));
    return swap_bits(l, t, v, 1, UINT64_C(0x5555555555555555));
}

/* Leading bits that are as the highest, which is not counted. */
static ir_ref leading_signs(struct lift *l, enum ir_type t, ir_ref v)
{
    unsigned width = t == IR_I64 ? 64 : 32;
    ir_ref changes = ir_bin(l->b, IR_XOR, t, v, ir_bini(l->b, IR_SAR, t, v, width - 1));

    return ir_bini(l->b, IR_SUB, t, ir_un(l->b, IR_CLZ, t, changes), 1);
}

void arm64_lift_r1(struct lift *l, const struct arm64_insn *i)
{
    enum ir_type t = x_type(i);
    ir_ref v = x_get(l, i, i->rn);

    switch (i->info->argument) {
    case R1_RBIT: v = reverse_bits(l, t, v); break;
    case R1_REV16: v = swap_bits(l, t, v, 8, UINT64_C(0x00ff00ff00ff00ff)); break;
    case R1_REV32: v = ir_bini(l->b, IR_ROTR, IR_I64, ir_un(l->b, IR_BSWAP, IR_I64, v), 32); break;
    case R1_REV: v = ir_un(l->b, IR_BSWAP, t, v); break;
    case R1_CLZ: v = ir_un(l->b, IR_CLZ, t, v); break;
    default: v = leading_signs(l, t, v); break;
    }
    x_put(l, i, i->rd, v);
}

/* ---- two and three operands ---- */

void arm64_lift_r2(struct lift *l, const struct arm64_insn *i)
{
    x_put(l, i, i->rd,
          ir_bin(l->b, (enum ir_opcode)i->info->argument, x_type(i), x_get(l, i, i->rn),
                 x_get(l, i, i->rm)));
}

void arm64_lift_madd(struct lift *l, const struct arm64_insn *i)
{
    enum ir_type t = x_type(i);
    ir_ref product = ir_bin(l->b, IR_MUL, t, x_get(l, i, i->rn), x_get(l, i, i->rm));

    x_put(l, i, i->rd,
          ir_bin(l->b, (enum ir_opcode)i->info->argument, t, x_get(l, i, i->ra), product));
}

static ir_ref widened(struct lift *l, unsigned r, bool is_signed)
{
    return is_signed ? ir_sextract(l->b, IR_I64, x_get64(l, r), 0, 32)
                     : ir_extract(l->b, IR_I64, x_get64(l, r), 0, 32);
}

void arm64_lift_maddl(struct lift *l, const struct arm64_insn *i)
{
    bool is_signed = i->info->argument & MADDL_S;
    ir_ref product =
        ir_bin(l->b, IR_MUL, IR_I64, widened(l, i->rn, is_signed), widened(l, i->rm, is_signed));

    x_put64(l, i->rd,
            ir_bin(l->b, i->info->argument & MADDL_SUB ? IR_SUB : IR_ADD, IR_I64, x_get64(l, i->ra),
                   product));
}

void arm64_lift_mulh(struct lift *l, const struct arm64_insn *i)
{
    x_put64(l, i->rd,
            ir_bin(l->b, (enum ir_opcode)i->info->argument, IR_I64, x_get64(l, i->rn),
                   x_get64(l, i->rm)));
}

void arm64_lift_crc(struct lift *l, const struct arm64_insn *i)
{
    x_put64(l, i->rd,
            ir_call(l->b, HELP_CRC32, ir_extract(l->b, IR_I64, x_get64(l, i->rn), 0, 32),
                    x_get64(l, i->rm), ir_const(l->b, IR_I64, i->info->argument)));
}
