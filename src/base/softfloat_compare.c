/* SPDX-License-Identifier: GPL-2.0-or-later
 * softfloat_compare: comparisons, minimum and maximum by three architectures, and classes, for
 * each format. After IEEE 754-2019 clauses 5.11 and 9.6, RISC-V F 2.2, Intel's MINSS and MAXSS,
 * and Arm's FPMin and FPMinNum.
 */
#include "base/softfloat_num.h"

FP_INLINE enum fp_order order_magnitudes(struct fp_num a, struct fp_num b)
{
    if (a.kind != b.kind) { /* ZERO < FINITE < INF, in the order of the enum */
        return a.kind < b.kind ? FP_LESS : FP_GREATER;
    }
    if (a.kind != FP_KIND_FINITE || (a.exp == b.exp && a.sig == b.sig)) {
        return FP_EQUAL;
    }
    return a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig) ? FP_LESS : FP_GREATER;
}

/* Neither is a NaN; -0 = +0 unless zeros_differ. */
FP_INLINE enum fp_order order_numbers(struct fp_num a, struct fp_num b, bool zeros_differ)
{
    if (a.negative != b.negative) {
        if (a.kind == FP_KIND_ZERO && b.kind == FP_KIND_ZERO && !zeros_differ) {
            return FP_EQUAL;
        }
        return a.negative ? FP_LESS : FP_GREATER;
    }
    return a.negative ? order_magnitudes(b, a) : order_magnitudes(a, b);
}

FP_INLINE enum fp_order compare(struct fp_format f, u128 x, u128 y, bool signaling,
                                struct fp_env *env)
{
    struct fp_num a = fp_operand(f, x, env);
    struct fp_num b = fp_operand(f, y, env);

    if (unlikely(fp_is_nan(a) || fp_is_nan(b))) {
        if (signaling || fp_is_snan(a) || fp_is_snan(b)) {
            env->flags |= FP_NV;
        }
        return FP_UNORDERED;
    }
    fp_note_denormal(a.denormal | b.denormal, env);
    return order_numbers(a, b, false);
}

/* ---- minimum and maximum ---- */

enum min_rule { MIN_RISCV, MIN_X86, MIN_ARM, MIN_NUM_ARM };

/* 0 or 1: which operand is the result; -1: the default NaN; -2: the NaN by env->nan_rule. At least
 * one is a NaN. */
static int choose_nan(struct fp_num a, struct fp_num b, enum min_rule rule, struct fp_env *env)
{
    bool signaling = fp_is_snan(a) || fp_is_snan(b);

    if (signaling || rule == MIN_X86) {
        env->flags |= FP_NV;
    }
    if (rule == MIN_X86) {
        return 1;
    }
    if (rule == MIN_ARM || (rule == MIN_NUM_ARM && signaling)) {
        return -2;
    }
    if (fp_is_nan(a) && fp_is_nan(b)) {
        return rule == MIN_NUM_ARM ? -2 : -1;
    }
    return fp_is_nan(a) ? 1 : 0;
}

FP_INLINE u128 min_max(struct fp_format f, u128 x, u128 y, bool max, enum min_rule rule,
                       struct fp_env *env)
{
    struct fp_num a = fp_operand(f, x, env);
    struct fp_num b = fp_operand(f, y, env);
    int chosen;

    if (unlikely(fp_is_nan(a) || fp_is_nan(b))) {
        chosen = choose_nan(a, b, rule, env);
        if (chosen == -1) {
            struct fp_num nan = {
                .sig = FP_TOP | FP_QUIET,
                .kind = FP_KIND_QNAN,
                .negative = env->nan_rule == FP_NAN_X86,
            };
            return fp_pack_rare(f, nan, env);
        }
        if (chosen == -2) {
            return fp_pack_rare(f, fp_nan2(f, a, b, env), env);
        }
    } else {
        enum fp_order order = order_numbers(a, b, rule != MIN_X86);
        fp_note_denormal(a.denormal | b.denormal, env);
        chosen = order != (max ? FP_GREATER : FP_LESS);
    }
    /* the operand's own bits, unless it was flushed */
    struct fp_num n = chosen ? b : a;
    return n.kind == FP_KIND_ZERO ? fp_assemble(f, n.negative, 0, 0) : chosen ? y : x;
}

/* ---- classes ---- */

FP_INLINE unsigned classify(struct fp_format f, u128 x)
{
    struct fp_num n = fp_unpack(f, x);
    unsigned bit;

    if (fp_is_nan(n)) {
        return fp_is_snan(n) ? 1u << 8 : 1u << 9;
    }
    if (n.kind == FP_KIND_INF) {
        bit = 0;
    } else if (n.kind == FP_KIND_ZERO) {
        bit = 3;
    } else {
        bit = n.denormal ? 2 : 1;
    }
    return 1u << (n.negative ? bit : 7 - bit);
}

/* ---- the formats ---- */

#define DEFINE_TEST(name, type, test, order_is, signaling)                                         \
    bool name##_##test(type a, type b, struct fp_env *env)                                         \
    {                                                                                              \
        enum fp_order order =                                                                      \
            compare(FP_FORMAT_##name, fp_bits_##name(a), fp_bits_##name(b), signaling, env);       \
        return order_is;                                                                           \
    }

#define DEFINE_MIN(name, type, function, max, rule)                                                \
    type name##_##function(type a, type b, struct fp_env *env)                                     \
    {                                                                                              \
        return fp_make_##name(                                                                     \
            min_max(FP_FORMAT_##name, fp_bits_##name(a), fp_bits_##name(b), max, rule, env));      \
    }

#define DEFINE(name, type)                                                                         \
    DEFINE_TEST(name, type, eq, order == FP_EQUAL, false)                                          \
    DEFINE_TEST(name, type, lt, order == FP_LESS, true)                                            \
    DEFINE_TEST(name, type, le, order <= FP_EQUAL, true)                                           \
    DEFINE_TEST(name, type, eq_signaling, order == FP_EQUAL, true)                                 \
    DEFINE_TEST(name, type, lt_quiet, order == FP_LESS, false)                                     \
    DEFINE_TEST(name, type, le_quiet, order <= FP_EQUAL, false)                                    \
    enum fp_order name##_compare(type a, type b, bool signaling, struct fp_env *env)               \
    {                                                                                              \
        return compare(FP_FORMAT_##name, fp_bits_##name(a), fp_bits_##name(b), signaling, env);    \
    }                                                                                              \
    DEFINE_MIN(name, type, min, false, MIN_RISCV)                                                  \
    DEFINE_MIN(name, type, max, true, MIN_RISCV)                                                   \
    DEFINE_MIN(name, type, min_x86, false, MIN_X86)                                                \
    DEFINE_MIN(name, type, max_x86, true, MIN_X86)                                                 \
    DEFINE_MIN(name, type, min_arm, false, MIN_ARM)                                                \
    DEFINE_MIN(name, type, max_arm, true, MIN_ARM)                                                 \
    DEFINE_MIN(name, type, min_num_arm, false, MIN_NUM_ARM)                                        \
    DEFINE_MIN(name, type, max_num_arm, true, MIN_NUM_ARM)                                         \
    unsigned name##_class(type a)                                                                  \
    {                                                                                              \
        return classify(FP_FORMAT_##name, fp_bits_##name(a));                                      \
    }                                                                                              \
    bool name##_is_nan(type a)                                                                     \
    {                                                                                              \
        return fp_is_nan(fp_unpack(FP_FORMAT_##name, fp_bits_##name(a)));                          \
    }                                                                                              \
    bool name##_is_snan(type a)                                                                    \
    {                                                                                              \
        return fp_is_snan(fp_unpack(FP_FORMAT_##name, fp_bits_##name(a)));                         \
    }
FP_FORMATS(DEFINE)
