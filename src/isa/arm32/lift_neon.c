/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_neon: arithmetic of Advanced SIMD, after DDI 0406C, A7.4. An encoding like AArch64's says Q, size and
 * amounts to isa/arm_simd.h.
 */
#include "isa/arm32/neon.h"

bool arm_lift_neon_on(struct lift *l, unsigned pairs)
{
    if (pairs & 1) {
        arm_lift_undefined(l);
        return false;
    }
    if (!(l->mode & MODE_NEON)) {
        arm_lift_fp_off(l);
        return false;
    }
    return true;
}

static unsigned if_pair(bool pair, unsigned registers)
{
    return pair ? registers : 0;
}

static uint32_t encode(bool q, unsigned size)
{
    return (uint32_t)q << 30 | size << 22;
}

static uint32_t encode_shift(bool q, const struct arm_insn *i)
{
    return (uint32_t)q << 30 | (uint32_t)i->imm << 16;
}

static void call(struct lift *l, enum arm_helper helper, uint32_t w, uint32_t op, uint64_t regs)
{
    ir_call(l->b, helper, ir_const(l->b, IR_I64, w), ir_const(l->b, IR_I64, op),
            ir_const(l->b, IR_I64, regs));
}

/* An element of 16 or 32 bits: where it is. */
static uint64_t element_regs(const struct arm_insn *i, unsigned log2, bool pair)
{
    unsigned m = i->rm & (log2 == 1 ? 7 : 15);
    unsigned index = log2 == 1 ? (i->rm >> 4 & 1) << 1 | (i->rm >> 3 & 1) : i->rm >> 4 & 1u;

    return NEON_REGS(i->rd, i->rn, m, index, pair);
}

/* ---- lanes of one width ---- */

/* Which of them are IR: not those that are rare or set QC. */
static bool is_lifted(enum simd_op op)
{
    return (op >= SIMD_SMAX && op <= SIMD_MUL) || (op >= SIMD_SMAXP && op <= SIMD_ADDP) ||
           op == SIMD_SHADD || op == SIMD_UHADD || op == SIMD_SRHADD || op == SIMD_URHADD;
}

void arm_lift_neon_same(struct lift *l, const struct arm_insn *i)
{
    enum simd_op op = SIMD_OP(i->info->argument);
    bool shifts = op >= SIMD_SSHL_REG && op <= SIMD_UQRSHL_REG; /* m is shifted by n */
    struct v_operands o = {.log2 = i->b, .q = i->a, .d = IR_ABSENT};

    if (!arm_lift_neon_on(l, if_pair(i->a, i->rd | i->rn | i->rm))) {
        return;
    }
    if (!is_lifted(op)) {
        call(l, HELP_NEON, encode(i->a, i->b), op,
             NEON_REGS(i->rd, shifts ? i->rm : i->rn, shifts ? i->rn : i->rm, 0, i->a));
        return;
    }
    o.n = neon_get(l, i->rn, i->a);
    o.m = neon_get(l, i->rm, i->a);
    if (v_uses_d(op)) {
        o.d = neon_get(l, i->rd, i->a);
    }
    neon_put(l, i->rd, i->a, v_arithmetic(l, &o, op));
}

void arm_lift_neon_same_element(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, if_pair(i->a, i->rd | i->rn))) {
        call(l, HELP_NEON, encode(i->a, i->b), i->info->argument | SIMD_ELEMENT,
             element_regs(i, i->b, i->a));
    }
}

void arm_lift_neon_misc(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, if_pair(i->a, i->rd | i->rm))) {
        call(l, HELP_NEON, encode(i->a, i->b), i->info->argument,
             NEON_REGS(i->rd, i->rm, 0, 0, i->a));
    }
}

void arm_lift_neon_shift(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, if_pair(i->a, i->rd | i->rm))) {
        call(l, HELP_NEON, encode_shift(i->a, i), i->info->argument,
             NEON_REGS(i->rd, i->rm, 0, 0, i->a));
    }
}

/* ---- lanes of two widths ---- */

static void wider(struct lift *l, const struct arm_insn *i, unsigned pairs)
{
    if (arm_lift_neon_on(l, pairs)) {
        call(l, HELP_NEON, encode(false, i->b), i->info->argument,
             NEON_REGS(i->rd, i->rn, i->rm, 0, true));
    }
}

void arm_lift_neon_long(struct lift *l, const struct arm_insn *i)
{
    wider(l, i, i->rd);
}

void arm_lift_neon_wide(struct lift *l, const struct arm_insn *i)
{
    wider(l, i, i->rd | i->rn);
}

void arm_lift_neon_long_element(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, i->rd)) {
        call(l, HELP_NEON, encode(false, i->b), i->info->argument | SIMD_ELEMENT,
             element_regs(i, i->b, true));
    }
}

void arm_lift_neon_shift_long(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, i->rd)) {
        call(l, HELP_NEON, encode_shift(false, i), i->info->argument,
             NEON_REGS(i->rd, i->rm, 0, 0, true));
    }
}

/* By the whole width of the lanes. */
void arm_lift_neon_shll(struct lift *l, const struct arm_insn *i)
{
    ir_ref v;

    if (arm_lift_neon_on(l, i->rd)) {
        v = v_1(l, IR_VWIDLU, i->b, neon_get(l, i->rm, false));
        neon_put(l, i->rd, true, v_shift(l, IR_VSHL, i->b + 1u, v, 8u << i->b));
    }
}

void arm_lift_neon_high(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, i->rn | i->rm)) {
        call(l, HELP_NEON, encode(false, i->b), i->info->argument,
             NEON_REGS(i->rd, i->rn, i->rm, 0, false));
    }
}

void arm_lift_neon_narrow(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, i->rm)) {
        call(l, HELP_NEON, encode(false, i->b), i->info->argument,
             NEON_REGS(i->rd, i->rm, 0, 0, false));
    }
}

void arm_lift_neon_shift_narrow(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, i->rm)) {
        call(l, HELP_NEON, encode_shift(false, i), i->info->argument,
             NEON_REGS(i->rd, i->rm, 0, 0, false));
    }
}

/* ---- single precision ---- */

/* IR_OPCODE_COUNT: a helper's. */
static enum ir_opcode fv_opcode(unsigned op)
{
    switch (op) {
    case FV_ADD: return IR_VFADD;
    case FV_SUB: return IR_VFSUB;
    case FV_MUL: return IR_VFMUL;
    default: return IR_OPCODE_COUNT;
    }
}

void arm_lift_neon_fv_same(struct lift *l, const struct arm_insn *i)
{
    enum ir_opcode op = fv_opcode(i->info->argument);
    const uint8_t attr = IR_FP(FP_RNE, FP_NAN_CANONICAL) | IR_FP_TINY_BEFORE | IR_FP_FLUSH_INPUTS |
                         IR_FP_FLUSH_OUTPUT;

    if (!arm_lift_neon_on(l, if_pair(i->a, i->rd | i->rn | i->rm))) {
        return;
    }
    if (op == IR_OPCODE_COUNT) {
        call(l, HELP_NEON_FV, encode(i->a, 0), i->info->argument,
             NEON_REGS(i->rd, i->rn, i->rm, 0, i->a));
        return;
    }
    neon_put(l, i->rd, i->a,
             ir_fp(l->b, op, IR_V128, attr, IR_VF(2, 0), neon_get(l, i->rn, i->a),
                   neon_get(l, i->rm, i->a), IR_ABSENT));
}

void arm_lift_neon_fv_element(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, if_pair(i->a, i->rd | i->rn))) {
        call(l, HELP_NEON_FV, encode(i->a, 0), i->info->argument | FV_ELEMENT,
             element_regs(i, 2, i->a));
    }
}

void arm_lift_neon_fv_misc(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, if_pair(i->a, i->rd | i->rm))) {
        call(l, HELP_NEON_FV, encode(i->a, 0), i->info->argument,
             NEON_REGS(i->rd, i->rm, 0, 0, i->a));
    }
}

void arm_lift_neon_fv_fixed(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, if_pair(i->a, i->rd | i->rm))) {
        call(l, HELP_NEON_FV, encode_shift(i->a, i), i->info->argument,
             NEON_REGS(i->rd, i->rm, 0, 0, i->a));
    }
}

void arm_lift_neon_half(struct lift *l, const struct arm_insn *i)
{
    uint32_t op = i->info->argument;

    if (arm_lift_neon_on(l, op == NEON_TO_HALF ? i->rm : i->rd)) {
        ir_call(l->b, HELP_NEON_HALF, ir_const(l->b, IR_I64, op),
                ir_const(l->b, IR_I64, NEON_REGS(i->rd, 0, i->rm, 0, op == NEON_OF_HALF)),
                ir_const(l->b, IR_I64, (vfp_fpcr(l) & MODE_FPCR_AHP) != 0));
    }
}
