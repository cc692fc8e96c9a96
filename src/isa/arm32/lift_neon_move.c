/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_neon_move: what Advanced SIMD moves without arithmetic: logic, immediates, permutations, tables,
 * copies of lanes. After DDI 0406C, A7.4.
 */
#include "isa/arm32/neon.h"

static unsigned if_pair(const struct arm_insn *i, unsigned registers)
{
    return i->a ? registers : 0;
}

static ir_ref logic(struct lift *l, const struct arm_insn *i, ir_ref n, ir_ref m)
{
    switch (i->info->argument) {
    case SIMD_AND: return v_2(l, IR_VAND, 0, n, m);
    case SIMD_BIC: return v_2(l, IR_VANDN, 0, n, m);
    case SIMD_ORR: return i->rn == i->rm ? n : v_2(l, IR_VOR, 0, n, m);
    case SIMD_ORN: return v_2(l, IR_VOR, 0, n, v_not(l, m));
    case SIMD_EOR: return v_2(l, IR_VXOR, 0, n, m);
    case SIMD_BSL: return v_chosen(l, neon_get(l, i->rd, i->a), m, n);
    case SIMD_BIT: return v_chosen(l, m, neon_get(l, i->rd, i->a), n);
    default: return v_chosen(l, m, n, neon_get(l, i->rd, i->a)); /* BIF */
    }
}

void arm_lift_neon_logic(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, if_pair(i, i->rd | i->rn | i->rm))) {
        neon_put(l, i->rd, i->a, logic(l, i, neon_get(l, i->rn, i->a), neon_get(l, i->rm, i->a)));
    }
}

/* The immediate in AArch64's places, where bit 29 is op. */
void arm_lift_neon_imm(struct lift *l, const struct arm_insn *i)
{
    uint32_t imm8 = (uint32_t)i->imm, op = i->bits >> 5 & 1, cmode = i->bits >> 8 & 15;
    uint64_t value = simd_expand_imm(op << 29 | (imm8 >> 5) << 16 | cmode << 12 | (imm8 & 31) << 5);
    ir_ref v;

    if (!arm_lift_neon_on(l, if_pair(i, i->rd))) {
        return;
    }
    v = v_const(l, i->info->argument == NEON_MVN ? ~value : value);
    if (i->info->argument == NEON_ORR || i->info->argument == NEON_BIC) {
        v = v_2(l, i->info->argument == NEON_ORR ? IR_VOR : IR_VANDN, 0, neon_get(l, i->rd, i->a),
                v);
    }
    neon_put(l, i->rd, i->a, v);
}

void arm_lift_neon_dup(struct lift *l, const struct arm_insn *i)
{
    unsigned log2 = i->info->argument;
    ir_ref lane;

    if (arm_lift_neon_on(l, if_pair(i, i->rd))) {
        lane = v_lane(l, log2, neon_get(l, i->rm, false), (unsigned)i->b >> (log2 + 1));
        neon_put(l, i->rd, i->a, v_1(l, IR_VDUP, log2, lane));
    }
}

/* ---- permutations ---- */

void arm_lift_neon_swap(struct lift *l, const struct arm_insn *i)
{
    ir_ref d, m;

    if (arm_lift_neon_on(l, if_pair(i, i->rd | i->rm))) {
        d = neon_get(l, i->rd, i->a);
        m = neon_get(l, i->rm, i->a);
        neon_put(l, i->rd, i->a, m);
        neon_put(l, i->rm, i->a, d);
    }
}

/* VTRN, VUZP, VZIP: both registers become what AArch64 has two instructions for, which are neighbours. */
void arm_lift_neon_permute(struct lift *l, const struct arm_insn *i)
{
    enum simd_op op = SIMD_OP(i->info->argument);
    ir_ref d, m, first, second;

    if (arm_lift_neon_on(l, if_pair(i, i->rd | i->rm))) {
        d = neon_get(l, i->rd, i->a);
        m = neon_get(l, i->rm, i->a);
        first = v_permuted(l, op, i->b, i->a, d, m);
        second = v_permuted(l, (enum simd_op)(op + 1), i->b, i->a, d, m);
        neon_put(l, i->rd, i->a, first);
        neon_put(l, i->rm, i->a, second);
    }
}

void arm_lift_neon_ext(struct lift *l, const struct arm_insn *i)
{
    ir_ref n, m;

    if (!arm_lift_neon_on(l, if_pair(i, i->rd | i->rn | i->rm))) {
        return;
    }
    n = neon_get(l, i->rn, i->a);
    m = neon_get(l, i->rm, i->a);
    if (!i->a) {
        n = m = v_halves(l, n, m);
    }
    neon_put(l, i->rd, i->a, v_bytes(l, n, m, (unsigned)i->imm));
}

/* A table of one to four D registers, two in a vector. */
void arm_lift_neon_table(struct lift *l, const struct arm_insn *i)
{
    unsigned count = i->a + 1u;
    ir_ref index, beyond, r = IR_ABSENT;

    if (!arm_lift_neon_on(l, i->rn + count > 32)) {
        return;
    }
    index = neon_get(l, i->rm, false);
    for (unsigned k = 0; k < count; k += 2) {
        ir_ref at = k == 0 ? index : v_2(l, IR_VSUB, 0, index, v_splat(l, 0, 8 * k));
        ir_ref part = v_2(l, IR_VTBL, 0, neon_get(l, i->rn + k, k + 1 < count), at);
        r = k == 0 ? part : v_2(l, IR_VOR, 0, r, part);
    }
    if (i->info->argument) { /* VTBX: what is not in it stays */
        beyond = v_2(l, IR_VGTU, 0, index, v_splat(l, 0, 8 * count - 1));
        r = v_2(l, IR_VOR, 0, r, v_2(l, IR_VAND, 0, neon_get(l, i->rd, false), beyond));
    }
    neon_put(l, i->rd, false, r);
}
