/* SPDX-License-Identifier: GPL-2.0-or-later
 * softfloat_add: addition, subtraction, multiplication and fused multiply-add for each format.
 * After IEEE 754-2019 clause 5.4.1; signs of zero sums after 6.3.
 */
#include "base/softfloat_num.h"

FP_INLINE u128 add(struct fp_format f, u128 x, u128 y, bool subtract, struct fp_env *env)
{
    struct fp_num a = fp_operand(f, x, env);
    struct fp_num b = fp_operand(f, y, env);

    if (likely(a.kind == FP_KIND_FINITE && b.kind == FP_KIND_FINITE)) {
        fp_note_denormal(a.denormal | b.denormal, env);
        b.negative ^= subtract;
        return fp_pack(f, fp_add_finite(a, b, env), env);
    }
    if (fp_is_nan(a) || fp_is_nan(b)) {
        return fp_pack_rare(f, fp_nan2(f, fp_copy(a), fp_copy(b), env), env);
    }
    b.negative ^= subtract; /* after the NaNs, whose signs stay */
    return fp_pack(f, fp_copy(fp_add_rare(fp_copy(a), fp_copy(b), env)), env);
}

FP_INLINE u128 mul(struct fp_format f, u128 x, u128 y, struct fp_env *env)
{
    struct fp_num a = fp_operand(f, x, env);
    struct fp_num b = fp_operand(f, y, env);

    if (likely(a.kind == FP_KIND_FINITE && b.kind == FP_KIND_FINITE)) {
        fp_note_denormal(a.denormal | b.denormal, env);
        return fp_pack_finite(f, fp_mul_finite(f, a, b), env);
    }
    if (fp_is_nan(a) || fp_is_nan(b)) {
        return fp_pack_rare(f, fp_nan2(f, fp_copy(a), fp_copy(b), env), env);
    }
    return fp_pack_rare(f, fp_mul_rare(fp_copy(a), fp_copy(b), env), env);
}

/* ---- fused multiply-add ---- */

static struct fp_num fma_nan(struct fp_num a, struct fp_num b, struct fp_num c, struct fp_env *env)
{
    bool product_invalid = (a.kind == FP_KIND_INF && b.kind == FP_KIND_ZERO) ||
                           (a.kind == FP_KIND_ZERO && b.kind == FP_KIND_INF);

    if (product_invalid && env->nan_rule != FP_NAN_X86) {
        env->flags |= FP_NV;
        if (!fp_is_snan(c)) {
            return fp_invalid(env);
        }
    }
    return fp_nan3(a, b, c, env);
}

/* A FINITE number with 256 bits of significand. */
struct wide {
    u128 hi, lo;
    int32_t exp;
    bool negative;
};

static struct wide wide_shift_sticky(struct wide x, int count)
{
    u128 lost = 0;

    if (count >= 128) {
        lost = x.lo;
        x.lo = x.hi;
        x.hi = 0;
        count -= 128;
    }
    if (count >= 128) {
        lost |= x.lo;
        x.lo = 0;
    } else if (count > 0) {
        lost |= x.lo << (128 - count);
        x.lo = x.lo >> count | x.hi << (128 - count);
        x.hi >>= count;
    }
    x.lo |= lost != 0;
    return x;
}

/* Moves bit 255 to its place; x is not 0. */
static struct wide wide_normalise(struct wide x)
{
    int zeros = x.hi != 0 ? fp_clz(x.hi) : 128 + fp_clz(x.lo);

    x.exp -= zeros;
    if (zeros >= 128) {
        x.hi = x.lo << (zeros - 128);
        x.lo = 0;
    } else if (zeros > 0) {
        x.hi = x.hi << zeros | x.lo >> (128 - zeros);
        x.lo <<= zeros;
    }
    return x;
}

/* f128: the product has 226 bits, so the sum is made in 256. */
static struct fp_num fma_wide(struct fp_num a, struct fp_num b, struct fp_num c,
                              const struct fp_env *env)
{
    struct wide x = {.exp = a.exp + b.exp + 1, .negative = a.negative ^ b.negative};
    struct wide y = {.hi = c.sig, .exp = c.exp, .negative = c.negative};

    fp_multiply_wide(a.sig, b.sig, &x.hi, &x.lo);
    x = wide_normalise(x);
    if (x.exp < y.exp || (x.exp == y.exp && x.hi < y.hi)) {
        struct wide greater = y;
        y = x;
        x = greater;
    }
    y = wide_shift_sticky(y, x.exp - y.exp);
    if (x.negative == y.negative) {
        u128 lo = x.lo + y.lo;
        u128 hi = x.hi + y.hi;
        bool carry = hi < x.hi;
        hi += lo < x.lo;
        carry |= hi < (u128)(lo < x.lo);
        x.hi = hi;
        x.lo = lo;
        if (carry) {
            x = wide_shift_sticky(x, 1);
            x.hi |= FP_TOP;
            x.exp++;
        }
    } else {
        x.hi -= y.hi + (x.lo < y.lo);
        x.lo -= y.lo;
        if (x.hi == 0 && x.lo == 0) {
            return fp_zero(env->rounding == FP_RDN);
        }
        x = wide_normalise(x);
    }
    return (struct fp_num){
        .sig = x.hi | (x.lo != 0), .exp = x.exp, .kind = FP_KIND_FINITE, .negative = x.negative};
}

/* At least one operand is zero or infinite, but not c alone zero; none is a NaN. */
static struct fp_num fma_rare(struct fp_num a, struct fp_num b, struct fp_num c, struct fp_env *env)
{
    struct fp_num product = {.kind = FP_KIND_FINITE};

    if (a.kind != FP_KIND_FINITE || b.kind != FP_KIND_FINITE) {
        uint8_t flags = env->flags;
        product = fp_mul_rare(a, b, env);
        if (fp_is_nan(product)) {
            return product;
        }
        env->flags = flags; /* a denormal is noted by the sum, unless that is invalid */
    }
    product.denormal = a.denormal | b.denormal;
    return fp_add_rare(product, c, env);
}

FP_INLINE u128 multiply_add(struct fp_format f, u128 x, u128 y, u128 z, struct fp_env *env)
{
    struct fp_num a = fp_operand(f, x, env);
    struct fp_num b = fp_operand(f, y, env);
    struct fp_num c = fp_operand(f, z, env);
    bool denormal = a.denormal | b.denormal | c.denormal;

    if (likely(a.kind == FP_KIND_FINITE && b.kind == FP_KIND_FINITE)) {
        if (likely(c.kind == FP_KIND_FINITE)) {
            fp_note_denormal(denormal, env);
            if (f.frac_bits > 60) {
                return fp_pack(f, fp_copy(fma_wide(fp_copy(a), fp_copy(b), fp_copy(c), env)), env);
            }
            return fp_pack(f, fp_add_finite(fp_mul_finite(f, a, b), c, env), env);
        }
        if (c.kind == FP_KIND_ZERO) {
            fp_note_denormal(denormal, env);
            return fp_pack_finite(f, fp_mul_finite(f, a, b), env);
        }
    }
    if (fp_is_nan(a) || fp_is_nan(b) || fp_is_nan(c)) {
        return fp_pack_rare(f, fma_nan(fp_copy(a), fp_copy(b), fp_copy(c), env), env);
    }
    return fp_pack(f, fp_copy(fma_rare(fp_copy(a), fp_copy(b), fp_copy(c), env)), env);
}

/* ---- the formats ---- */

#define DEFINE(name, type)                                                                         \
    type name##_add(type a, type b, struct fp_env *env)                                            \
    {                                                                                              \
        return fp_make_##name(                                                                     \
            add(FP_FORMAT_##name, fp_bits_##name(a), fp_bits_##name(b), false, env));              \
    }                                                                                              \
    type name##_sub(type a, type b, struct fp_env *env)                                            \
    {                                                                                              \
        return fp_make_##name(                                                                     \
            add(FP_FORMAT_##name, fp_bits_##name(a), fp_bits_##name(b), true, env));               \
    }                                                                                              \
    type name##_mul(type a, type b, struct fp_env *env)                                            \
    {                                                                                              \
        return fp_make_##name(mul(FP_FORMAT_##name, fp_bits_##name(a), fp_bits_##name(b), env));   \
    }
FP_FORMATS(DEFINE)

#define DEFINE_FMA(name, type)                                                                     \
    type name##_fma(type a, type b, type c, struct fp_env *env)                                    \
    {                                                                                              \
        return fp_make_##name(multiply_add(FP_FORMAT_##name, fp_bits_##name(a), fp_bits_##name(b), \
                                           fp_bits_##name(c), env));                               \
    }
DEFINE_FMA(f16, f16)
DEFINE_FMA(f32, f32)
DEFINE_FMA(f64, f64)
DEFINE_FMA(f128, struct f128)
