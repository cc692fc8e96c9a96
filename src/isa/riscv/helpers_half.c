/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers_half: the operations of half precision, and FCVTMOD.W.D: softfloat with RISC-V's rules.
 */
#include "isa/riscv/lift.h"

static uint64_t arithmetic(enum riscv_half what, const f16 h[3], struct fp_env *env)
{
    switch (what) {
    case HALF_ADD: return f16_add(h[0], h[1], env);
    case HALF_SUB: return f16_sub(h[0], h[1], env);
    case HALF_MUL: return f16_mul(h[0], h[1], env);
    case HALF_DIV: return f16_div(h[0], h[1], env);
    case HALF_SQRT: return f16_sqrt(h[0], env);
    case HALF_FMA: return f16_fma(h[0], h[1], h[2], env);
    case HALF_ROUND: return f16_round_to_int(h[0], false, env);
    case HALF_ROUNDNX: return f16_round_to_int(h[0], true, env);
    case HALF_MIN: return f16_min(h[0], h[1], env);
    case HALF_MAX: return f16_max(h[0], h[1], env);
    case HALF_MINM: return f16_min_arm(h[0], h[1], env);
    default: return f16_max_arm(h[0], h[1], env);
    }
}

static bool compare(enum riscv_half what, const f16 h[3], struct fp_env *env)
{
    switch (what) {
    case HALF_EQ: return f16_eq(h[0], h[1], env);
    case HALF_LT: return f16_lt(h[0], h[1], env);
    case HALF_LE: return f16_le(h[0], h[1], env);
    case HALF_LTQ: return f16_lt_quiet(h[0], h[1], env);
    default: return f16_le_quiet(h[0], h[1], env);
    }
}

/* Integers of 32 bits are sign-extended, as all W instructions do. */
static uint64_t convert(enum riscv_half what, uint64_t from, struct fp_env *env)
{
    switch (what) {
    case HALF_TO_W: return (uint64_t)(int64_t)f16_to_i32((f16)from, FP_INT_RISCV, env);
    case HALF_TO_WU: return bits_sext(f16_to_u32((f16)from, FP_INT_RISCV, env), 32);
    case HALF_TO_L: return (uint64_t)f16_to_i64((f16)from, FP_INT_RISCV, env);
    case HALF_TO_LU: return f16_to_u64((f16)from, FP_INT_RISCV, env);
    case HALF_TO_S: return f16_to_f32((f16)from, env);
    case HALF_TO_D: return f16_to_f64((f16)from, env);
    case HALF_OF_W: return i32_to_f16((int32_t)from, env);
    case HALF_OF_WU: return u32_to_f16((uint32_t)from, env);
    case HALF_OF_L: return i64_to_f16((int64_t)from, env);
    case HALF_OF_LU: return u64_to_f16(from, env);
    case HALF_OF_S: return f32_to_f16((f32)from, env);
    default: return f64_to_f16(from, env);
    }
}

static void note_flags(struct cpu *cpu, const struct fp_env *env)
{
    cpu->hart->fp_flags |= env->flags & (FP_ID - 1);
}

uint64_t riscv_help_half(struct cpu *cpu, uint64_t operands, uint64_t how, uint64_t unused)
{
    struct fp_env env = {.rounding = (uint8_t)(how >> 8), .nan_rule = FP_NAN_CANONICAL};
    const f16 h[3] = {(f16)operands, (f16)(operands >> 16), (f16)(operands >> 32)};
    enum riscv_half what = (enum riscv_half)(how & 0xff);
    uint64_t result;

    (void)unused;
    if (what >= HALF_TO_W) {
        result = convert(what, operands, &env);
    } else {
        result = what >= HALF_EQ ? compare(what, h, &env) : arithmetic(what, h, &env);
    }
    note_flags(cpu, &env);
    return result;
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

uint64_t riscv_help_fcvtmod(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    struct fp_env env = {.rounding = FP_RTZ, .nan_rule = FP_NAN_CANONICAL};

    (void)b;
    (void)c;
    (void)f64_to_i32(a, FP_INT_RISCV, &env);
    note_flags(cpu, &env);
    return bits_sext(modular(a), 32);
}
