/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers_simd: Advanced SIMD and floating point that the lifter does not turn into IR: from registers
 * by encodings to isa/arm_simd.h, and back.
 */
#include "isa/arm64/helpers.h"
#include "isa/arm64/simd.h"

static struct simd_operands operands(struct cpu *cpu, uint32_t w, bool element, unsigned log2)
{
    return (struct simd_operands){.n = simd_read(cpu, simd_rn(w)),
                                  .m = element ? simd_element(cpu, w, log2)
                                               : simd_read(cpu, simd_rm(w)),
                                  .d = simd_read(cpu, simd_rd(w))};
}

uint64_t arm64_help_simd(struct cpu *cpu, uint64_t bits, uint64_t op, uint64_t unused)
{
    uint32_t w = (uint32_t)bits;
    struct simd_operands o = operands(cpu, w, op & SIMD_ELEMENT, arm_simd_log2(w, SIMD_OP(op)));
    bool saturated = false;

    (void)unused;
    simd_write(cpu, simd_rd(w), arm_simd_compute(w, SIMD_OP(op), &o, &saturated));
    if (saturated) {
        arm64_of(cpu)->fpsr |= SIMD_QC;
    }
    return 0;
}

uint64_t arm64_help_fv(struct cpu *cpu, uint64_t bits, uint64_t op, uint64_t fpcr)
{
    uint32_t w = (uint32_t)bits;
    unsigned log2 = arm_fv_log2(w, (uint32_t)op);
    struct simd_operands o = operands(cpu, w, op & FV_ELEMENT, log2);
    struct fp_env env = simd_env((unsigned)fpcr, log2 == 1);

    simd_write(cpu, simd_rd(w), arm_fv_compute(w, (uint32_t)op, &o, &env));
    simd_note(cpu, &env, log2 == 1);
    return 0;
}

/* ---- scalars ---- */

static uint64_t negated(uint64_t half)
{
    return half ^ 0x8000;
}

uint64_t arm64_help_half(struct cpu *cpu, uint64_t bits, uint64_t op, uint64_t fpcr)
{
    static const uint8_t f1[] = {
        [F1_ABS] = FV_ABS,     [F1_NEG] = FV_NEG,     [F1_SQRT] = FV_SQRT,   [F1_RINTN] = FV_RINTN,
        [F1_RINTP] = FV_RINTP, [F1_RINTM] = FV_RINTM, [F1_RINTZ] = FV_RINTZ, [F1_RINTA] = FV_RINTA,
        [F1_RINTX] = FV_RINTX, [F1_RINTI] = FV_RINTI};
    static const uint8_t f2[] = {[F2_MUL] = FV_MUL,     [F2_DIV] = FV_DIV,     [F2_ADD] = FV_ADD,
                                 [F2_SUB] = FV_SUB,     [F2_MAX] = FV_MAX,     [F2_MIN] = FV_MIN,
                                 [F2_MAXNM] = FV_MAXNM, [F2_MINNM] = FV_MINNM, [F2_NMUL] = FV_MUL};
    uint32_t w = (uint32_t)bits;
    struct fp_env env = simd_env((unsigned)fpcr, true);
    uint64_t n = simd_read(cpu, simd_rn(w)).d[0] & UINT16_MAX;
    uint64_t m = simd_read(cpu, simd_rm(w)).d[0] & UINT16_MAX;
    uint64_t a = simd_read(cpu, simd_ra(w)).d[0] & UINT16_MAX, r;

    if (op < 16) {
        r = arm_fv_lane1(f1[op], 1, n, &env);
    } else if (op < 32) {
        r = arm_fv_lane3(f2[op - 16], 1, n, m, 0, &env);
        r = op - 16 == F2_NMUL ? negated(r) : r;
    } else {
        op -= 32;
        n = op == F3_MSUB || op == F3_NMADD ? negated(n) : n;
        r = arm_fp_fused(1, n, m, op >= F3_NMADD ? negated(a) : a, &env);
    }
    simd_write(cpu, simd_rd(w), (struct simd_reg){{r, 0}});
    simd_note(cpu, &env, true);
    return 0;
}

uint64_t arm64_help_round_bits(struct cpu *cpu, uint64_t a, uint64_t how, uint64_t fpcr)
{
    struct fp_env env = simd_env((unsigned)fpcr, false);

    env.rounding = (uint8_t)(how >> 16);
    a = arm_fp_to_bits((unsigned)how & 0xff, a, (unsigned)how >> 8 & 0xff, &env);
    simd_note(cpu, &env, false);
    return a;
}

uint64_t arm64_help_fcvt(struct cpu *cpu, uint64_t a, uint64_t how, uint64_t unused)
{
    uint32_t fpcr = arm64_of(cpu)->fpcr;
    struct fp_env env = simd_env(fpcr >> 19 & 0x7f, false);
    unsigned from = how & 3, to = how >> 2 & 3;
    uint64_t r;

    (void)unused;
    if (how >> 4 & 1) {
        env.rounding = FP_ODD;
    }
    r = arm_fp_convert(from, to, a, fpcr & FPCR_AHP, &env);
    simd_note(cpu, &env, from == 1);
    return r;
}

static struct fp_fixed fixed_of(uint64_t how)
{
    return (struct fp_fixed){.width = (uint8_t)(how >> 8),
                             .is_signed = how >> 16 & 1,
                             .fraction_bits = (uint8_t)(how >> 24)};
}

uint64_t arm64_help_to_fixed(struct cpu *cpu, uint64_t a, uint64_t how, uint64_t fpcr)
{
    unsigned log2 = how & 0xff;
    struct fp_env env = simd_env((unsigned)fpcr, log2 == 1);

    env.rounding = (uint8_t)(how >> 32);
    a = arm_fp_to_fixed(log2, a, fixed_of(how), &env);
    simd_note(cpu, &env, log2 == 1);
    return a;
}

uint64_t arm64_help_of_fixed(struct cpu *cpu, uint64_t a, uint64_t how, uint64_t fpcr)
{
    unsigned log2 = how & 0xff;
    struct fp_env env = simd_env((unsigned)fpcr, log2 == 1);

    a = arm_fp_of_fixed(log2, a, fixed_of(how), &env);
    simd_note(cpu, &env, log2 == 1);
    return a;
}

uint64_t arm64_help_compare_half(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t how)
{
    struct fp_env env = simd_env((unsigned)how >> 8, true);
    enum fp_order order = f16_compare((f16)a, (f16)b, how & FCMP_E, &env);

    simd_note(cpu, &env, true);
    switch (order) {
    case FP_LESS: return IR_FLAG_S;
    case FP_EQUAL: return IR_FLAG_Z | IR_FLAG_C;
    case FP_GREATER: return IR_FLAG_C;
    default: return IR_FLAG_C | IR_FLAG_O;
    }
}

/* The low 32 bits of the integer that a double is when cut, whatever its size. */
static uint32_t modular(f64 a)
{
    int exponent = (int)bits_get(a, 52, 11) - 1023;
    uint64_t significand = UINT64_C(1) << 52 | bits_get(a, 0, 52);
    uint64_t v = 0;

    if (exponent >= 0 && exponent <= 52) {
        v = significand >> (52 - exponent);
    } else if (exponent > 52 && exponent < 52 + 32) {
        v = significand << (exponent - 52);
    }
    return (uint32_t)(a >> 63 != 0 ? -v : v);
}

/* Z says that the conversion is exact: -0, and denormals even when flushed, are not. */
uint64_t arm64_help_javascript(struct cpu *cpu, uint64_t a, uint64_t fpcr, uint64_t unused)
{
    struct fp_env env = simd_env((unsigned)fpcr, false);
    bool exact;

    (void)unused;
    env.rounding = FP_RTZ;
    (void)f64_to_i32(a, FP_INT_ARM, &env);
    exact = (env.flags & (FP_NV | FP_NX)) == 0 && a != UINT64_C(1) << 63 &&
            !(bits_get(a, 52, 11) == 0 && a != 0);
    simd_note(cpu, &env, false);
    return modular(a) | (uint64_t)exact << 32;
}
