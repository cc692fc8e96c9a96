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
        return fp_pack_rare(f, fp_nan2(f, a, b, env), env);
    }
    b.negative ^= subtract; /* after the NaNs, whose signs stay */
    return fp_pack(f, fp_add_rare(a, b, env), env);
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
        return fp_pack_rare(f, fp_nan2(f, a, b, env), env);
    }
    return fp_pack_rare(f, fp_mul_rare(a, b, env), env);
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

/* The 256-bit x >> count with a sticky bit 0. */
static void shift_wide_sticky(u128 *hi, u128 *lo, int count)
{
    bool sticky = false;

    if (count >= 128) {
        sticky = *lo != 0;
        *lo = *hi;
        *hi = 0;
        count -= 128;
    }
    if (count >= 128) {
        *lo = *lo != 0 || sticky;
        return;
    }
    if (count > 0) {
        sticky |= *lo << (128 - count) != 0;
        *lo = *lo >> count | *hi << (128 - count);
        *hi >>= count;
    }
    *lo |= sticky;
}

/* f128: the product has 226 bits, so the sum is made in 256. */
static struct fp_num fma_wide(struct fp_num a, struct fp_num b, struct fp_num c,
                              const struct fp_env *env)
{
    u128 hi, lo, c_hi = c.sig, c_lo = 0;
    int exp = a.exp + b.exp + 1;
    bool negative = a.negative ^ b.negative;

    fp_multiply_wide(a.sig, b.sig, &hi, &lo);
    if (!(hi & FP_TOP)) {
        hi = hi << 1 | lo >> 127;
        lo <<= 1;
        exp--;
    }
    if (exp < c.exp || (exp == c.exp && hi < c_hi)) {
        c_hi = hi;
        c_lo = lo;
        hi = c.sig;
        lo = 0;
        int other = exp;
        exp = c.exp;
        c.exp = other;
        bool other_negative = negative;
        negative = c.negative;
        c.negative = other_negative;
    }
    shift_wide_sticky(&c_hi, &c_lo, exp - c.exp);
    if (negative == c.negative) {
        lo += c_lo;
        u128 sum = hi + c_hi;
        bool carry = sum < hi;
        sum += lo < c_lo;
        carry |= sum < (u128)(lo < c_lo);
        hi = sum;
        if (carry) {
            lo = (lo != 0) | (hi & 1);
            hi = FP_TOP | hi >> 1;
            exp++;
        }
    } else {
        hi -= c_hi + (lo < c_lo);
        lo -= c_lo;
        if (hi == 0 && lo == 0) {
            return fp_zero(env->rounding == FP_RDN);
        }
        int zeros = hi != 0 ? fp_clz(hi) : 128 + fp_clz(lo);
        if (zeros >= 128) {
            hi = lo << (zeros - 128);
            lo = 0;
        } else if (zeros > 0) {
            hi = hi << zeros | lo >> (128 - zeros);
            lo <<= zeros;
        }
        exp -= zeros;
    }
    return (struct fp_num){
        .sig = hi | (lo != 0), .exp = exp, .kind = FP_KIND_FINITE, .negative = negative};
}

static struct fp_num fma_rare(struct fp_num a, struct fp_num b, struct fp_num c,
                              struct fp_env *env)
{
    bool product_finite = a.kind == FP_KIND_FINITE && b.kind == FP_KIND_FINITE;
    struct fp_num product = {.kind = FP_KIND_INF, .negative = a.negative ^ b.negative};

    if (!product_finite) {
        uint8_t flags = env->flags;
        product = fp_mul_rare(a, b, env);
        if (fp_is_nan(product)) {
            return product;
        }
        env->flags = flags;
    } else if (c.kind == FP_KIND_ZERO) {
        return product; /* the caller has it: only told apart by its kind */
    }
    product.denormal = a.denormal | b.denormal;
    return fp_add_rare(product, c, env);
}

FP_INLINE u128 fma(struct fp_format f, u128 x, u128 y, u128 z, struct fp_env *env)
{
    struct fp_num a = fp_operand(f, x, env);
    struct fp_num b = fp_operand(f, y, env);
    struct fp_num c = fp_operand(f, z, env);
    bool denormal = a.denormal | b.denormal | c.denormal;

    if (likely(a.kind == FP_KIND_FINITE && b.kind == FP_KIND_FINITE)) {
        if (likely(c.kind == FP_KIND_FINITE)) {
            fp_note_denormal(denormal, env);
            if (f.frac_bits > 60) {
                return fp_pack(f, fma_wide(a, b, c, env), env);
            }
            return fp_pack(f, fp_add_finite(fp_mul_finite(f, a, b), c, env), env);
        }
        if (c.kind == FP_KIND_ZERO) {
            fp_note_denormal(denormal, env);
            return fp_pack_finite(f, fp_mul_finite(f, a, b), env);
        }
    }
    if (fp_is_nan(a) || fp_is_nan(b) || fp_is_nan(c)) {
        return fp_pack_rare(f, fma_nan(a, b, c, env), env);
    }
    return fp_pack(f, fma_rare(a, b, c, env), env);
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
        return fp_make_##name(fma(FP_FORMAT_##name, fp_bits_##name(a), fp_bits_##name(b),          \
                                  fp_bits_##name(c), env));                                        \
    }
DEFINE_FMA(f16, f16)
DEFINE_FMA(f32, f32)
DEFINE_FMA(f64, f64)
DEFINE_FMA(f128, struct f128)
