/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers_neon: Advanced SIMD that the lifter does not turn into IR: from registers to isa/arm_simd.h, and
 * back.
 */
#include "isa/arm32/helpers.h"
#include "isa/arm32/neon.h"

static unsigned field(uint64_t regs, unsigned at)
{
    return regs >> at & 31;
}

/* Two registers: of an operand of one nobody looks at the second. */
static struct simd_reg read(const struct arm_user *s, unsigned r)
{
    return (struct simd_reg){{s->d[r], s->d[(r + 1) & 31]}};
}

static void write(struct arm_user *s, uint64_t regs, struct simd_reg x)
{
    unsigned d = field(regs, 0);

    s->d[d] = x.d[0];
    if (regs >> 32 & 1) {
        s->d[(d + 1) & 31] = x.d[1];
    }
}

/* n, m and d; m may be an element, in every lane. */
static struct simd_operands operands(const struct arm_user *s, uint64_t regs, bool element,
                                     unsigned log2)
{
    struct simd_operands o = {
        .n = read(s, field(regs, 8)), .m = read(s, field(regs, 16)), .d = read(s, field(regs, 0))};
    uint64_t value = simd_get(&o.m, log2, field(regs, 24));

    for (unsigned i = 0; element && i < 16u >> log2; i++) {
        simd_set(&o.m, log2, i, value);
    }
    return o;
}

uint64_t arm_help_neon(struct cpu *cpu, uint64_t bits, uint64_t op, uint64_t regs)
{
    struct arm_user *s = arm_user_of(cpu);
    uint32_t w = (uint32_t)bits;
    struct simd_operands o = operands(s, regs, op & SIMD_ELEMENT, arm_simd_log2(w, SIMD_OP(op)));
    bool saturated = false;

    write(s, regs, arm_simd_compute(w, SIMD_OP(op), &o, &saturated));
    if (saturated) {
        s->fpsr |= FPSCR_QC;
    }
    return 0;
}

uint64_t arm_help_neon_fv(struct cpu *cpu, uint64_t bits, uint64_t op, uint64_t regs)
{
    uint32_t w = (uint32_t)bits;
    struct simd_operands o = operands(arm_user_of(cpu), regs, op & FV_ELEMENT, 2);
    struct fp_env env = simd_env(NEON_FPCR, false);

    write(arm_user_of(cpu), regs, arm_fv_compute(w, (uint32_t)op, &o, &env));
    simd_note(cpu, &env, false);
    return 0;
}

uint64_t arm_help_neon_half(struct cpu *cpu, uint64_t op, uint64_t regs, uint64_t alternative)
{
    struct simd_reg m = read(arm_user_of(cpu), field(regs, 16)), d = {{0, 0}};
    unsigned from = op == NEON_TO_HALF ? 2 : 1, to = 3 - from;

    for (unsigned i = 0; i < 4; i++) {
        struct fp_env env = simd_env(NEON_FPCR, false);

        simd_set(&d, to, i,
                 arm_fp_convert(from, to, simd_get(&m, from, i), alternative != 0, &env));
        simd_note(cpu, &env, from == 1);
    }
    write(arm_user_of(cpu), regs, d);
    return 0;
}
