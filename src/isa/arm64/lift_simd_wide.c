/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_simd_wide: integer operations of Advanced SIMD whose result has lanes of another width than their
 * operands, across all lanes, and dot products. What is rare is a call of a helper. After the Arm
 * Architecture Reference Manual for A-profile, C7.2.
 */
#include "isa/arm64/simd.h"

/* The low or the high lanes of n, twice as wide. */
static ir_ref widened(struct lift *l, unsigned log2, ir_ref n, bool high, bool is_signed)
{
    enum ir_opcode op = is_signed ? (high ? IR_VWIDHS : IR_VWIDLS) : (high ? IR_VWIDHU : IR_VWIDLU);

    return v_1(l, op, log2, n);
}

/* Even lanes of vectors in which each lane of the half stands twice: there is an operation for these. */
static ir_ref products(struct lift *l, unsigned log2, ir_ref n, ir_ref m, bool high, bool is_signed)
{
    enum ir_opcode zip = high ? IR_VZIPHI : IR_VZIPLO;

    if (log2 < 2) {
        return v_2(l, IR_VMUL, log2 + 1, widened(l, log2, n, high, is_signed),
                   widened(l, log2, m, high, is_signed));
    }
    return v_2(l, is_signed ? IR_VMULES : IR_VMULEU, 2, v_2(l, zip, 2, n, n), v_2(l, zip, 2, m, m));
}

static ir_ref difference(struct lift *l, unsigned log2, ir_ref n, ir_ref m, bool high,
                         bool is_signed)
{
    ir_ref greater = v_2(l, is_signed ? IR_VMAXS : IR_VMAXU, log2, n, m);
    ir_ref lesser = v_2(l, is_signed ? IR_VMINS : IR_VMINU, log2, n, m);

    return widened(l, log2, v_2(l, IR_VSUB, log2, greater, lesser), high, false);
}

/* Signed and unsigned forms are neighbours; *is_signed says which, and gives the signed one. */
static enum simd_op signed_form(enum simd_op op, bool *is_signed)
{
    unsigned first = op >= SIMD_SADDW ? SIMD_SADDW : SIMD_SADDL;

    *is_signed = (op - first) % 2 == 0;
    return *is_signed ? op : (enum simd_op)(op - 1);
}

static void long_operation(struct lift *l, const struct arm64_insn *i, enum simd_op op, ir_ref m)
{
    unsigned log2 = simd_size(i->bits), d = simd_rd(i->bits);
    bool high = simd_q(i->bits), is_signed;
    ir_ref n = v_get(l, simd_rn(i->bits)), r;
    enum ir_opcode combine = IR_VADD;

    op = signed_form(op, &is_signed);
    switch (op) {
    case SIMD_SSUBL:
    case SIMD_SSUBW:
    case SIMD_SMLSL: combine = IR_VSUB; break;
    default: break;
    }
    switch (op) {
    case SIMD_SADDL:
    case SIMD_SSUBL:
        n = widened(l, log2, n, high, is_signed);
        r = v_2(l, combine, log2 + 1, n, widened(l, log2, m, high, is_signed));
        break;
    case SIMD_SADDW:
    case SIMD_SSUBW: r = v_2(l, combine, log2 + 1, n, widened(l, log2, m, high, is_signed)); break;
    case SIMD_SABAL:
    case SIMD_SABDL: r = difference(l, log2, n, m, high, is_signed); break;
    default: r = products(l, log2, n, m, high, is_signed); break;
    }
    if (op == SIMD_SABAL || op == SIMD_SMLAL || op == SIMD_SMLSL) {
        r = v_2(l, combine, log2 + 1, v_get(l, d), r);
    }
    v_put(l, d, r);
}

static bool is_rare(enum simd_op op)
{
    return op >= SIMD_SQDMLAL && op <= SIMD_PMULL;
}

void arm64_lift_v_long(struct lift *l, const struct arm64_insn *i)
{
    enum simd_op op = SIMD_OP(i->info->argument);

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (is_rare(op)) {
        arm64_call_simd(l, i, op);
    } else {
        long_operation(l, i, op, v_get(l, simd_rm(i->bits)));
    }
}

void arm64_lift_v_long_element(struct lift *l, const struct arm64_insn *i)
{
    enum simd_op op = SIMD_OP(i->info->argument);

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (is_rare(op)) {
        arm64_call_simd(l, i, op | SIMD_ELEMENT);
    } else {
        long_operation(l, i, op, v_get_element(l, i->bits, simd_size(i->bits)));
    }
}

/* ---- narrower results ---- */

/* v is narrow, twice: into the low half of the register, or into its high half alone. */
static void put_narrow(struct lift *l, const struct arm64_insn *i, ir_ref v)
{
    unsigned d = simd_rd(i->bits);

    v_put(l, d, simd_q(i->bits) ? v_halves(l, v_get(l, d), v) : v_halves(l, v, v_const(l, 0)));
}

void arm64_lift_v_high(struct lift *l, const struct arm64_insn *i)
{
    enum simd_op op = SIMD_OP(i->info->argument);
    unsigned log2 = simd_size(i->bits), width = 8u << log2;
    bool adds = op == SIMD_ADDHN || op == SIMD_RADDHN;
    ir_ref r;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    r = v_2(l, adds ? IR_VADD : IR_VSUB, log2 + 1, v_get(l, simd_rn(i->bits)),
            v_get(l, simd_rm(i->bits)));
    if (op == SIMD_RADDHN || op == SIMD_RSUBHN) {
        r = v_2(l, IR_VADD, log2 + 1, r, v_splat(l, log2 + 1, UINT64_C(1) << (width - 1)));
    }
    r = v_shift(l, IR_VSHR, log2 + 1, r, width);
    put_narrow(l, i, v_2(l, IR_VNARROW, log2 + 1, r, r));
}

/* What is narrowed to the nearest number and widened again is what it was, unless it did not fit. */
static ir_ref to_nearest(struct lift *l, enum simd_op op, unsigned log2, ir_ref n)
{
    static const uint8_t ops[] = {IR_VNARROWSS, IR_VNARROWSU, IR_VNARROWUU};
    ir_ref r = v_2(l, (enum ir_opcode)ops[op - SIMD_SQXTN], log2 + 1, n, n);
    ir_ref back = widened(l, log2, r, false, op == SIMD_SQXTN);

    arm64_note_saturation(l, v_2(l, IR_VXOR, 0, back, n));
    return r;
}

void arm64_lift_v_narrow(struct lift *l, const struct arm64_insn *i)
{
    enum simd_op op = SIMD_OP(i->info->argument);
    unsigned log2 = simd_size(i->bits);
    ir_ref n;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (simd_scalar(i->bits)) {
        arm64_call_simd(l, i, op);
        return;
    }
    n = v_get(l, simd_rn(i->bits));
    put_narrow(l, i,
               op == SIMD_XTN ? v_2(l, IR_VNARROW, log2 + 1, n, n) : to_nearest(l, op, log2, n));
}

void arm64_lift_v_shift_narrow(struct lift *l, const struct arm64_insn *i)
{
    enum simd_op op = SIMD_OP(i->info->argument);
    unsigned log2 = simd_shift_size(i->bits), amount = simd_shift_right(i->bits);
    ir_ref n;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    if (op != SIMD_SHRN && op != SIMD_RSHRN) {
        arm64_call_simd(l, i, op);
        return;
    }
    n = v_get(l, simd_rn(i->bits));
    if (op == SIMD_RSHRN) {
        n = v_2(l, IR_VADD, log2 + 1, n, v_splat(l, log2 + 1, UINT64_C(1) << (amount - 1)));
    }
    n = v_shift(l, IR_VSHR, log2 + 1, n, amount);
    put_narrow(l, i, v_2(l, IR_VNARROW, log2 + 1, n, n));
}

/* ---- wider results of one operand ---- */

void arm64_lift_v_shift_long(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = simd_shift_size(i->bits), amount = simd_shift_left(i->bits);
    ir_ref r;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    r = widened(l, log2, v_get(l, simd_rn(i->bits)), simd_q(i->bits),
                i->info->argument == SIMD_SSHLL);
    v_put(l, simd_rd(i->bits), amount == 0 ? r : v_shift(l, IR_VSHL, log2 + 1, r, amount));
}

/* By the whole width of the lanes. */
void arm64_lift_v_shll(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = simd_size(i->bits);
    ir_ref r;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    r = widened(l, log2, v_get(l, simd_rn(i->bits)), simd_q(i->bits), false);
    v_put(l, simd_rd(i->bits), v_shift(l, IR_VSHL, log2 + 1, r, 8u << log2));
}

static ir_ref long_pairs(struct lift *l, unsigned log2, ir_ref n, bool is_signed)
{
    unsigned width = 8u << log2;
    ir_ref even, odd;

    if (is_signed) {
        even = v_shift(l, IR_VSHL, log2 + 1, n, width);
        even = v_shift(l, IR_VSAR, log2 + 1, even, width);
        odd = v_shift(l, IR_VSAR, log2 + 1, n, width);
    } else {
        even = v_2(l, IR_VAND, 0, n, v_splat(l, log2 + 1, simd_mask(width)));
        odd = v_shift(l, IR_VSHR, log2 + 1, n, width);
    }
    return v_2(l, IR_VADD, log2 + 1, even, odd);
}

void arm64_lift_v_long_pair(struct lift *l, const struct arm64_insn *i)
{
    enum simd_op op = SIMD_OP(i->info->argument);
    unsigned log2 = simd_size(i->bits), d = simd_rd(i->bits);
    ir_ref r;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    r = long_pairs(l, log2, v_get(l, simd_rn(i->bits)), op == SIMD_SADDLP || op == SIMD_SADALP);
    if (op == SIMD_SADALP || op == SIMD_UADALP) {
        r = v_2(l, IR_VADD, log2 + 1, v_get(l, d), r);
    }
    v_put_q(l, d, simd_q(i->bits), r);
}

/* ---- across lanes ---- */

/* Halves are combined with halves, in 2^log2 bytes at last; only lane 0 is of interest then. */
static ir_ref folded(struct lift *l, enum ir_opcode op, unsigned log2, ir_ref n, unsigned bytes)
{
    for (bytes /= 2; bytes >= 1u << log2; bytes /= 2) {
        n = v_2(l, op, log2, n, v_bytes(l, n, n, bytes));
    }
    return n;
}

void arm64_lift_v_across(struct lift *l, const struct arm64_insn *i)
{
    static const uint8_t ops[] = {IR_VADD,  IR_VADD,  IR_VMAXS, IR_VMAXU,
                                  IR_VMINS, IR_VMINU, IR_VADD};
    enum simd_op op = SIMD_OP(i->info->argument);
    unsigned log2 = simd_size(i->bits);
    ir_ref n;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    n = v_get(l, simd_rn(i->bits));
    if (op == SIMD_SADDLV || op == SIMD_UADDLV) {
        n = long_pairs(l, log2++, n, op == SIMD_SADDLV);
    }
    n = folded(l, (enum ir_opcode)ops[op - SIMD_SADDLV], log2, n, simd_q(i->bits) ? 16 : 8);
    v_put_scalar(l, IR_I64, simd_rd(i->bits), v_lane(l, log2, n, 0));
}

/* ---- dot products ---- */

/* Bytes as numbers of 16 bits, of which pairs are multiplied and added; neighbours of these again. */
static void dot(struct lift *l, const struct arm64_insn *i, ir_ref m)
{
    bool is_signed = i->info->argument == 0;
    unsigned d = simd_rd(i->bits);
    ir_ref n = v_get(l, simd_rn(i->bits));
    ir_ref low =
        v_2(l, IR_VMADD, 0, widened(l, 0, n, false, is_signed), widened(l, 0, m, false, is_signed));
    ir_ref high =
        v_2(l, IR_VMADD, 0, widened(l, 0, n, true, is_signed), widened(l, 0, m, true, is_signed));

    v_put_q(l, d, simd_q(i->bits), v_2(l, IR_VADD, 2, v_get(l, d), v_2(l, IR_VPADD, 2, low, high)));
}

void arm64_lift_v_dot(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        dot(l, i, v_get(l, simd_rm(i->bits)));
    }
}

void arm64_lift_v_dot_element(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        dot(l, i, v_get_element(l, i->bits, 2));
    }
}
