/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_simd: integer operations of Advanced SIMD whose operands and result have lanes of one width. What
 * compilers emit and libraries use for strings becomes IR; all else is a call of a helper. After the Arm
 * Architecture Reference Manual for A-profile, C7.2.
 */
#include "isa/arm64/simd.h"

void arm64_call_simd(struct lift *l, const struct arm64_insn *i, uint32_t op)
{
    ir_call(l->b, HELP_SIMD, ir_const(l->b, IR_I64, i->bits), ir_const(l->b, IR_I64, op),
            IR_ABSENT);
}

void arm64_note_saturation(struct lift *l, ir_ref differences)
{
    ir_ref any =
        ir_bin(l->b, IR_OR, IR_I64, v_lane(l, 3, differences, 0), v_lane(l, 3, differences, 1));
    ir_ref qc = ir_bini(l->b, IR_SHL, IR_I64, ir_bini(l->b, IR_NE, IR_I64, any, 0), 27);
    ir_ref fpsr = ir_get(l->b, IR_I32, ARM64_SLOT(fpsr));

    ir_put(l->b, IR_I32, ARM64_SLOT(fpsr),
           ir_bin(l->b, IR_OR, IR_I32, fpsr, ir_un(l->b, IR_TRUNC, IR_I32, qc)));
}

/* ---- three operands ---- */

static ir_ref saturating(struct lift *l, const struct v_operands *o, enum ir_opcode op, bool adds)
{
    ir_ref r = v_2(l, op, o->log2, o->n, o->m);
    ir_ref lost = v_2(l, IR_VXOR, 0, r, v_2(l, adds ? IR_VADD : IR_VSUB, o->log2, o->n, o->m));

    arm64_note_saturation(l, o->q ? lost : v_halves(l, lost, v_const(l, 0)));
    return r;
}

static ir_ref arithmetic(struct lift *l, const struct v_operands *o, enum simd_op op)
{
    switch (op) {
    case SIMD_SQADD: return saturating(l, o, IR_VADDSS, true);
    case SIMD_UQADD: return saturating(l, o, IR_VADDSU, true);
    case SIMD_SQSUB: return saturating(l, o, IR_VSUBSS, false);
    case SIMD_UQSUB: return saturating(l, o, IR_VSUBSU, false);
    default: return v_arithmetic(l, o, op);
    }
}

/* Those of which there is no arithmetic() or that need d are told apart before anything is emitted. */
static bool is_lifted(enum simd_op op)
{
    switch (op) {
    case SIMD_SHSUB:
    case SIMD_UHSUB:
    case SIMD_PMUL:
    case SIMD_SQDMULH:
    case SIMD_SQRDMULH:
    case SIMD_SQRDMLAH:
    case SIMD_SQRDMLSH: return false;
    default: return op < SIMD_SSHL_REG || op > SIMD_UQRSHL_REG;
    }
}

static void same(struct lift *l, const struct arm64_insn *i, uint32_t argument)
{
    enum simd_op op = SIMD_OP(argument);
    struct v_operands o = {.log2 = simd_size(i->bits), .q = simd_q(i->bits), .d = IR_ABSENT};
    bool scalar = simd_scalar(i->bits);

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (!is_lifted(op) || (scalar && o.log2 != 3)) {
        arm64_call_simd(l, i, argument);
        return;
    }
    o.q = o.q && !scalar;
    o.n = v_get(l, simd_rn(i->bits));
    o.m = argument & SIMD_ELEMENT ? v_get_element(l, i->bits, o.log2) : v_get(l, simd_rm(i->bits));
    if (v_uses_d(op)) {
        o.d = v_get(l, simd_rd(i->bits));
    }
    v_put_q(l, simd_rd(i->bits), o.q, arithmetic(l, &o, op));
}

void arm64_lift_v_same(struct lift *l, const struct arm64_insn *i)
{
    same(l, i, i->info->argument);
}

void arm64_lift_v_same_element(struct lift *l, const struct arm64_insn *i)
{
    same(l, i, i->info->argument | SIMD_ELEMENT);
}

/* ADDP of a pair to a scalar. */
void arm64_lift_v_add_pair(struct lift *l, const struct arm64_insn *i)
{
    ir_ref n;

    if (arm64_lift_fp_on(l)) {
        n = v_get(l, simd_rn(i->bits));
        v_put_scalar(l, IR_I64, simd_rd(i->bits),
                     ir_bin(l->b, IR_ADD, IR_I64, v_lane(l, 3, n, 0), v_lane(l, 3, n, 1)));
    }
}

/* ---- one operand ---- */

/* Lanes of 2^log2 bytes in the opposite order in groups. */
static ir_ref reversed(struct lift *l, unsigned log2, unsigned group, ir_ref n)
{
    uint64_t half[2] = {0, 0};

    for (unsigned b = 0; b < 16; b++) {
        unsigned from = b ^ (group - 1) ^ ((1u << log2) - 1);
        half[b / 8] |= (uint64_t)from << b % 8 * 8;
    }
    return v_2(
        l, IR_VTBL, 0, n,
        v_2(l, IR_VCONST, 0, ir_const(l->b, IR_I64, half[0]), ir_const(l->b, IR_I64, half[1])));
}

/* Each nibble by a table, in the other nibble's place. */
static ir_ref reversed_bits(struct lift *l, ir_ref n)
{
    ir_ref low_table = v_2(l, IR_VCONST, 0, ir_const(l->b, IR_I64, UINT64_C(0x0e060a020c040800)),
                           ir_const(l->b, IR_I64, UINT64_C(0x0f070b030d050901)));
    ir_ref high_table = v_2(l, IR_VCONST, 0, ir_const(l->b, IR_I64, UINT64_C(0xe060a020c0408000)),
                            ir_const(l->b, IR_I64, UINT64_C(0xf070b030d0509010)));
    ir_ref low = v_2(l, IR_VAND, 0, n, v_splat(l, 0, 0x0f));
    ir_ref high = v_shift(l, IR_VSHR, 0, n, 4);

    return v_2(l, IR_VOR, 0, v_2(l, IR_VTBL, 0, high_table, low),
               v_2(l, IR_VTBL, 0, low_table, high));
}

static ir_ref one(struct lift *l, enum simd_op op, unsigned log2, ir_ref n)
{
    ir_ref zero = v_const(l, 0);

    switch (op) {
    case SIMD_CNT: return v_1(l, IR_VPOPCNT, 0, n);
    case SIMD_NOT: return v_not(l, n);
    case SIMD_RBIT: return reversed_bits(l, n);
    case SIMD_ABS: return v_1(l, IR_VABS, log2, n);
    case SIMD_NEG: return v_2(l, IR_VSUB, log2, zero, n);
    case SIMD_CMGT0: return v_2(l, IR_VGTS, log2, n, zero);
    case SIMD_CMEQ0: return v_2(l, IR_VEQ, log2, n, zero);
    case SIMD_CMLT0: return v_2(l, IR_VGTS, log2, zero, n);
    case SIMD_CMGE0: return v_not(l, v_2(l, IR_VGTS, log2, zero, n));
    case SIMD_CMLE0: return v_not(l, v_2(l, IR_VGTS, log2, n, zero));
    case SIMD_REV64: return reversed(l, log2, 8, n);
    case SIMD_REV32: return reversed(l, log2, 4, n);
    default: return reversed(l, log2, 2, n);
    }
}

void arm64_lift_v_misc(struct lift *l, const struct arm64_insn *i)
{
    enum simd_op op = SIMD_OP(i->info->argument);
    unsigned log2 = simd_size(i->bits);
    bool scalar = simd_scalar(i->bits);

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    switch (op) {
    case SIMD_SUQADD:
    case SIMD_USQADD:
    case SIMD_CLS:
    case SIMD_CLZ:
    case SIMD_SQABS:
    case SIMD_SQNEG:
    case SIMD_URECPE:
    case SIMD_URSQRTE: arm64_call_simd(l, i, op); return;
    default: break;
    }
    v_put_q(l, simd_rd(i->bits), simd_q(i->bits) && !scalar,
            one(l, op, log2, v_get(l, simd_rn(i->bits))));
}

/* ---- shifts by an immediate ---- */

/* To the right; rounding adds the last bit that falls out. */
static ir_ref shift_right(struct lift *l, unsigned log2, ir_ref n, unsigned amount, bool is_signed,
                          bool rounds)
{
    ir_ref r = v_shift(l, is_signed ? IR_VSAR : IR_VSHR, log2, n, amount);

    if (rounds) {
        ir_ref last = v_shift(l, IR_VSHR, log2, n, amount - 1);
        r = v_2(l, IR_VADD, log2, r, v_2(l, IR_VAND, 0, last, v_splat(l, log2, 1)));
    }
    return r;
}

/* n, where mask is set, and else d. */
static ir_ref inserted(struct lift *l, unsigned log2, ir_ref n, ir_ref d, uint64_t mask)
{
    return v_2(l, IR_VOR, 0, n, v_2(l, IR_VANDN, 0, d, v_splat(l, log2, mask)));
}

static ir_ref shifted(struct lift *l, const struct arm64_insn *i, enum simd_op op, unsigned log2)
{
    unsigned left = simd_shift_left(i->bits), right = simd_shift_right(i->bits);
    ir_ref n = v_get(l, simd_rn(i->bits)), r;
    uint64_t mask = simd_mask(8u << log2);

    switch (op) {
    case SIMD_SHL: return v_shift(l, IR_VSHL, log2, n, left);
    case SIMD_SLI:
        return inserted(l, log2, v_shift(l, IR_VSHL, log2, n, left), v_get(l, simd_rd(i->bits)),
                        mask << left);
    case SIMD_SRI:
        return inserted(l, log2, v_shift(l, IR_VSHR, log2, n, right), v_get(l, simd_rd(i->bits)),
                        right > 63 ? 0 : mask >> right);
    case SIMD_SSHR:
    case SIMD_SSRA: r = shift_right(l, log2, n, right, true, false); break;
    case SIMD_SRSHR:
    case SIMD_SRSRA: r = shift_right(l, log2, n, right, true, true); break;
    case SIMD_USHR:
    case SIMD_USRA: r = shift_right(l, log2, n, right, false, false); break;
    default: r = shift_right(l, log2, n, right, false, true); break;
    }
    if (op == SIMD_SSRA || op == SIMD_SRSRA || op == SIMD_USRA || op == SIMD_URSRA) {
        r = v_2(l, IR_VADD, log2, v_get(l, simd_rd(i->bits)), r);
    }
    return r;
}

void arm64_lift_v_shift(struct lift *l, const struct arm64_insn *i)
{
    enum simd_op op = SIMD_OP(i->info->argument);

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (op == SIMD_SQSHL || op == SIMD_UQSHL || op == SIMD_SQSHLU) {
        arm64_call_simd(l, i, op);
        return;
    }
    v_put_q(l, simd_rd(i->bits), simd_q(i->bits) && !simd_scalar(i->bits),
            shifted(l, i, op, simd_shift_size(i->bits)));
}
