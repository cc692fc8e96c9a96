/* SPDX-License-Identifier: GPL-2.0-or-later
 * softfloat_int: rounding to integral values, and conversions to and from integers of 32 and 64
 * bits, for each format. After IEEE 754-2019 clauses 5.3.1, 5.4.1 and 5.8; what an integer that
 * does not exist looks like differs between architectures (enum fp_int_rule).
 */
#include "base/softfloat_num.h"

/* The magnitude of a FINITE number below 2^127, rounded to an integer. */
FP_INLINE u128 round_magnitude(struct fp_num n, unsigned rounding, bool *inexact)
{
    u128 whole = 0, rest = 1; /* less than one half, unless found to be more */

    if (n.exp >= 0) {
        whole = n.sig >> (127 - n.exp);
        rest = n.exp == 127 ? 0 : n.sig << (n.exp + 1);
    } else if (n.exp == -1) {
        rest = n.sig;
    }
    *inexact = rest != 0;
    if (rest != 0) {
        whole += fp_rounds_up(rounding, n.negative, whole & 1, rest);
    }
    return whole;
}

/* ---- to an integral value ---- */

FP_INLINE u128 round_to_int(struct fp_format f, u128 x, bool exact, struct fp_env *env)
{
    struct fp_num n = fp_operand(f, x, env);
    bool inexact;

    if (fp_is_nan(n)) {
        return fp_pack_rare(f, fp_nan1(n, env), env);
    }
    /* x87 notes a denormal here, SSE and AVX do not */
    fp_note_denormal(f.one_bits && n.denormal, env);
    if (n.kind != FP_KIND_FINITE) {
        return fp_pack_rare(f, n, env);
    }
    if (n.exp >= f.frac_bits) {
        return fp_pack_finite(f, n, env);
    }
    u128 whole = round_magnitude(n, env->rounding, &inexact);
    if (inexact && exact) {
        env->flags |= FP_NX;
    }
    if (whole == 0) {
        return fp_pack_rare(f, fp_zero(n.negative), env);
    }
    int zeros = fp_clz(whole);
    n.sig = whole << zeros;
    n.exp = 127 - zeros;
    return fp_pack_finite(f, n, env);
}

/* ---- to integers ---- */

/* Two's complement in the low bits of the answer. */
struct int_shape {
    uint64_t max;          /* the greatest value */
    uint64_t min_negative; /* the magnitude of the least one */
    uint64_t indefinite;
};

#define SHAPE_i32 ((struct int_shape){INT32_MAX, UINT64_C(1) << 31, UINT64_C(1) << 31})
#define SHAPE_u32 ((struct int_shape){UINT32_MAX, 0, UINT32_MAX})
#define SHAPE_i64 ((struct int_shape){INT64_MAX, UINT64_C(1) << 63, UINT64_C(1) << 63})
#define SHAPE_u64 ((struct int_shape){UINT64_MAX, 0, UINT64_MAX})

static uint64_t no_such_int(struct int_shape s, struct fp_num n, enum fp_int_rule rule,
                            struct fp_env *env)
{
    env->flags |= FP_NV;
    if (rule == FP_INT_X86) {
        return s.indefinite;
    }
    if (fp_is_nan(n)) {
        return rule == FP_INT_ARM ? 0 : s.max;
    }
    return n.negative ? -s.min_negative : s.max;
}

FP_INLINE uint64_t to_int(struct fp_format f, struct int_shape s, u128 x, enum fp_int_rule rule,
                          struct fp_env *env)
{
    struct fp_num n = fp_operand(f, x, env);
    bool inexact;

    if (n.kind == FP_KIND_ZERO) {
        return 0;
    }
    if (n.kind != FP_KIND_FINITE || n.exp > 63) {
        return no_such_int(s, n, rule, env);
    }
    u128 whole = round_magnitude(n, env->rounding, &inexact);
    if (whole > (n.negative ? s.min_negative : s.max)) {
        return no_such_int(s, n, rule, env);
    }
    if (inexact) {
        env->flags |= FP_NX;
    }
    return n.negative ? -(uint64_t)whole : (uint64_t)whole;
}

/* ---- from integers ---- */

FP_INLINE u128 from_int(struct fp_format f, uint64_t magnitude, bool negative, struct fp_env *env)
{
    if (magnitude == 0) {
        return fp_pack_rare(f, fp_zero(false), env);
    }
    int zeros = __builtin_clzll(magnitude);
    struct fp_num n = {
        .sig = (u128)magnitude << (64 + zeros),
        .exp = 63 - zeros,
        .kind = FP_KIND_FINITE,
        .negative = negative,
    };
    return fp_pack_finite(f, n, env);
}

FP_INLINE uint64_t magnitude_of(int64_t a)
{
    return a < 0 ? -(uint64_t)a : (uint64_t)a;
}

#define DEFINE_TO(name, type, shape, int_type)                                                     \
    int_type name##_to_##shape(type a, enum fp_int_rule rule, struct fp_env *env)                  \
    {                                                                                              \
        return (int_type)to_int(FP_FORMAT_##name, SHAPE_##shape, fp_bits_##name(a), rule, env);    \
    }

#define DEFINE_FROM(name, type, shape, int_type, magnitude, negative)                              \
    type shape##_to_##name(int_type a, struct fp_env *env)                                         \
    {                                                                                              \
        return fp_make_##name(from_int(FP_FORMAT_##name, magnitude, negative, env));               \
    }

#define DEFINE(name, type)                                                                         \
    type name##_round_to_int(type a, bool exact, struct fp_env *env)                               \
    {                                                                                              \
        return fp_make_##name(round_to_int(FP_FORMAT_##name, fp_bits_##name(a), exact, env));      \
    }                                                                                              \
    DEFINE_TO(name, type, i32, int32_t)                                                            \
    DEFINE_TO(name, type, u32, uint32_t)                                                           \
    DEFINE_TO(name, type, i64, int64_t)                                                            \
    DEFINE_TO(name, type, u64, uint64_t)                                                           \
    DEFINE_FROM(name, type, i32, int32_t, magnitude_of(a), a < 0)                                  \
    DEFINE_FROM(name, type, u32, uint32_t, a, false)                                               \
    DEFINE_FROM(name, type, i64, int64_t, magnitude_of(a), a < 0)                                  \
    DEFINE_FROM(name, type, u64, uint64_t, a, false)
FP_FORMATS(DEFINE)
