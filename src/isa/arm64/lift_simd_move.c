/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_simd_move: what Advanced SIMD moves without arithmetic: logic, immediates, copies of lanes,
 * permutations and tables. After the Arm Architecture Reference Manual for A-profile, C7.2.
 */
#include "isa/arm64/simd.h"

/* ---- logic ---- */

static ir_ref logic(struct lift *l, const struct arm64_insn *i, ir_ref n, ir_ref m)
{
    unsigned d = simd_rd(i->bits);

    switch (i->info->argument) {
    case SIMD_AND: return v_2(l, IR_VAND, 0, n, m);
    case SIMD_BIC: return v_2(l, IR_VANDN, 0, n, m);
    case SIMD_ORR: return n == m ? n : v_2(l, IR_VOR, 0, n, m);
    case SIMD_ORN: return v_2(l, IR_VOR, 0, n, v_not(l, m));
    case SIMD_EOR: return v_2(l, IR_VXOR, 0, n, m);
    case SIMD_BSL: return v_chosen(l, v_get(l, d), m, n);
    case SIMD_BIT: return v_chosen(l, m, v_get(l, d), n);
    default: return v_chosen(l, m, n, v_get(l, d)); /* BIF */
    }
}

void arm64_lift_v_logic(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        v_put_q(l, simd_rd(i->bits), simd_q(i->bits),
                logic(l, i, v_get(l, simd_rn(i->bits)), v_get(l, simd_rm(i->bits))));
    }
}

/* EOR3, BCAX */
void arm64_lift_v_logic4(struct lift *l, const struct arm64_insn *i)
{
    enum ir_opcode op = i->info->argument == SIMD_EOR3 ? IR_VXOR : IR_VANDN;

    if (arm64_lift_fp_on(l)) {
        ir_ref x = v_2(l, op, 0, v_get(l, simd_rm(i->bits)), v_get(l, simd_ra(i->bits)));
        v_put(l, simd_rd(i->bits), v_2(l, IR_VXOR, 0, v_get(l, simd_rn(i->bits)), x));
    }
}

void arm64_lift_v_xar(struct lift *l, const struct arm64_insn *i)
{
    unsigned amount = i->bits >> 10 & 63;
    ir_ref x;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    x = v_2(l, IR_VXOR, 0, v_get(l, simd_rn(i->bits)), v_get(l, simd_rm(i->bits)));
    if (amount != 0) {
        x = v_2(l, IR_VOR, 0, v_shift(l, IR_VSHR, 3, x, amount),
                v_shift(l, IR_VSHL, 3, x, 64 - amount));
    }
    v_put(l, simd_rd(i->bits), x);
}

/* ---- immediates ---- */

/* MVNI inverts; 64-bit MOVI and FMOV have op set and do not. */
void arm64_lift_v_immediate(struct lift *l, const struct arm64_insn *i)
{
    uint64_t value = simd_expand_imm(i->bits);
    unsigned cmode = i->bits >> 12 & 15;

    if ((i->bits >> 29 & 1) && cmode < 14) {
        value = ~value;
    }
    if (arm64_lift_fp_on(l)) {
        ir_ref c = ir_const(l->b, IR_I64, value);
        ir_ref high = simd_q(i->bits) ? c : ir_const(l->b, IR_I64, 0);
        v_put(l, simd_rd(i->bits), v_2(l, IR_VCONST, 0, c, high));
    }
}

/* ORR and BIC */
void arm64_lift_v_immediate_logic(struct lift *l, const struct arm64_insn *i)
{
    unsigned d = simd_rd(i->bits);
    enum ir_opcode op = i->bits >> 29 & 1 ? IR_VANDN : IR_VOR;

    if (arm64_lift_fp_on(l)) {
        v_put_q(l, d, simd_q(i->bits),
                v_2(l, op, 0, v_get(l, d), v_const(l, simd_expand_imm(i->bits))));
    }
}

/* ---- copies of lanes: the argument is log2 of their bytes ---- */

/* imm5 says the lane by what is above its lowest bit that is set; imm4 of a source is cut. */
static unsigned index5(const struct arm64_insn *i)
{
    return (i->bits >> 16 & 31) >> (i->info->argument + 1);
}

static unsigned index4(const struct arm64_insn *i)
{
    return (i->bits >> 11 & 15) >> i->info->argument;
}

void arm64_lift_v_dup_element(struct lift *l, const struct arm64_insn *i)
{
    unsigned log2 = i->info->argument;

    if (arm64_lift_fp_on(l)) {
        ir_ref lane = v_lane(l, log2, v_get(l, simd_rn(i->bits)), index5(i));
        v_put_q(l, simd_rd(i->bits), simd_q(i->bits), v_1(l, IR_VDUP, log2, lane));
    }
}

void arm64_lift_v_dup_scalar(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        v_put_scalar(l, IR_I64, simd_rd(i->bits),
                     v_lane(l, i->info->argument, v_get(l, simd_rn(i->bits)), index5(i)));
    }
}

void arm64_lift_v_dup_general(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        v_put_q(l, simd_rd(i->bits), simd_q(i->bits),
                v_1(l, IR_VDUP, i->info->argument, x_get64(l, simd_rn(i->bits))));
    }
}

void arm64_lift_v_insert_general(struct lift *l, const struct arm64_insn *i)
{
    unsigned d = simd_rd(i->bits);

    if (arm64_lift_fp_on(l)) {
        v_put(l, d,
              v_with_lane(l, i->info->argument, v_get(l, d), index5(i),
                          x_get64(l, simd_rn(i->bits))));
    }
}

void arm64_lift_v_insert_element(struct lift *l, const struct arm64_insn *i)
{
    unsigned d = simd_rd(i->bits), log2 = i->info->argument;

    if (arm64_lift_fp_on(l)) {
        ir_ref lane = v_lane(l, log2, v_get(l, simd_rn(i->bits)), index4(i));
        v_put(l, d, v_with_lane(l, log2, v_get(l, d), index5(i), lane));
    }
}

/* A lane of 64 bits is had without the vector. */
static ir_ref lane_of(struct lift *l, const struct arm64_insn *i)
{
    unsigned n = simd_rn(i->bits), log2 = i->info->argument;

    if (log2 == 3) {
        return ir_get(l->b, IR_I64, v_slot(n) + 8 * index5(i));
    }
    return v_lane(l, log2, v_get(l, n), index5(i));
}

void arm64_lift_v_umov(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        x_put64(l, simd_rd(i->bits), lane_of(l, i));
    }
}

void arm64_lift_v_smov(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        ir_ref v = ir_sextract(l->b, IR_I64, lane_of(l, i), 0, 8u << i->info->argument);

        if (!simd_q(i->bits)) {
            v = ir_bini(l->b, IR_AND, IR_I64, v, UINT32_MAX);
        }
        x_put64(l, simd_rd(i->bits), v);
    }
}

/* ---- permutations ---- */

void arm64_lift_v_permute(struct lift *l, const struct arm64_insn *i)
{
    if (arm64_lift_fp_on(l)) {
        v_put_q(l, simd_rd(i->bits), simd_q(i->bits),
                v_permuted(l, SIMD_OP(i->info->argument), simd_size(i->bits), simd_q(i->bits),
                           v_get(l, simd_rn(i->bits)), v_get(l, simd_rm(i->bits))));
    }
}

void arm64_lift_v_extract(struct lift *l, const struct arm64_insn *i)
{
    unsigned from = i->bits >> 11 & 15;
    ir_ref n, m;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    n = v_get(l, simd_rn(i->bits));
    m = v_get(l, simd_rm(i->bits));
    if (!simd_q(i->bits)) {
        n = m = v_halves(l, n, m);
    }
    v_put_q(l, simd_rd(i->bits), simd_q(i->bits), v_bytes(l, n, m, from));
}

/* ---- tables of one to four registers ---- */

void arm64_lift_v_table(struct lift *l, const struct arm64_insn *i)
{
    unsigned registers = (i->bits >> 13 & 3) + 1, d = simd_rd(i->bits);
    bool extends = i->info->argument;
    ir_ref index, r = IR_ABSENT;

    if (!arm64_lift_fp_on(l)) {
        return;
    }
    index = v_get(l, simd_rm(i->bits));
    for (unsigned k = 0; k < registers; k++) {
        ir_ref at = k == 0 ? index : v_2(l, IR_VSUB, 0, index, v_splat(l, 0, 16 * k));
        ir_ref part = v_2(l, IR_VTBL, 0, v_get(l, (simd_rn(i->bits) + k) & 31), at);
        r = k == 0 ? part : v_2(l, IR_VOR, 0, r, part);
    }
    if (extends) {
        ir_ref beyond = v_2(l, IR_VGTU, 0, index, v_splat(l, 0, 16 * registers - 1));
        r = v_2(l, IR_VOR, 0, r, v_2(l, IR_VAND, 0, v_get(l, d), beyond));
    }
    v_put_q(l, d, simd_q(i->bits), r);
}
