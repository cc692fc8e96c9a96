/* SPDX-License-Identifier: GPL-2.0-or-later
 * softfloat_arm: what only Arm has: estimates and steps of reciprocals, FMULX, FRECPX, fixed-point
 * numbers, rounding to what fits an integer, alternative half precision. After the pseudocode of the
 * Arm Architecture Reference Manual for A-profile: FPRecipEstimate, FPRSqrtEstimate,
 * FPRecipStepFused, FPRSqrtStepFused, FPMulX, FPRecpX, FPToFixed, FixedToFP, FPRoundIntN,
 * FPConvert. Not here: what FPCR.AH changes.
 */
#include "base/softfloat_num.h"

/* ---- multiplication ---- */

static struct fp_num power_of_two(int exp, bool negative)
{
    return (struct fp_num){.sig = FP_TOP, .exp = exp, .kind = FP_KIND_FINITE, .negative = negative};
}

static bool is_zero_by_infinity(struct fp_num a, struct fp_num b)
{
    return (a.kind == FP_KIND_INF && b.kind == FP_KIND_ZERO) ||
           (a.kind == FP_KIND_ZERO && b.kind == FP_KIND_INF);
}

static struct fp_num product(struct fp_format f, struct fp_num a, struct fp_num b,
                             struct fp_env *env)
{
    if (a.kind == FP_KIND_FINITE && b.kind == FP_KIND_FINITE) {
        return fp_mul_finite(f, a, b);
    }
    return fp_mul_rare(a, b, env);
}

static u128 multiply_extended(struct fp_format f, u128 x, u128 y, struct fp_env *env)
{
    struct fp_num a = fp_operand(f, x, env), b = fp_operand(f, y, env);

    if (fp_is_nan(a) || fp_is_nan(b)) {
        return fp_pack_rare(f, fp_nan2(f, a, b, env), env);
    }
    if (is_zero_by_infinity(a, b)) {
        return fp_pack_finite(f, power_of_two(1, a.negative ^ b.negative), env);
    }
    return fp_pack(f, product(f, a, b, env), env);
}

/* (c - a * b) * 2^scale, rounded once; `of_nothing` is that of 0 * infinity. */
static u128 step(struct fp_format f, u128 x, u128 y, struct fp_num c, int scale,
                 struct fp_num of_nothing, struct fp_env *env)
{
    struct fp_num a = fp_operand(f, x, env), b = fp_operand(f, y, env), r;

    a.negative ^= 1; /* before the NaNs, whose sign is changed, too */
    if (fp_is_nan(a) || fp_is_nan(b)) {
        return fp_pack_rare(f, fp_nan2(f, a, b, env), env);
    }
    if (is_zero_by_infinity(a, b)) {
        return fp_pack_finite(f, of_nothing, env);
    }
    r = product(f, a, b, env);
    if (r.kind == FP_KIND_INF) {
        return fp_pack_rare(f, r, env);
    }
    r = r.kind == FP_KIND_ZERO ? c : fp_add_finite(r, c, env);
    r.exp += scale;
    return fp_pack(f, r, env);
}

static u128 reciprocal_step(struct fp_format f, u128 x, u128 y, struct fp_env *env)
{
    struct fp_num two = power_of_two(1, false);

    return step(f, x, y, two, 0, two, env);
}

static u128 root_step(struct fp_format f, u128 x, u128 y, struct fp_env *env)
{
    struct fp_num three = power_of_two(1, false), half_of_it;

    three.sig |= FP_QUIET; /* the bit below the top one */
    half_of_it = three;
    half_of_it.exp = 0;
    return step(f, x, y, three, -1, half_of_it, env);
}

/* ---- estimates: 9 bits in, 8 bits out ---- */

uint32_t fp_recip_estimate9(uint32_t a)
{
    uint32_t b = (1u << 19) / (a * 2 + 1);

    return (b + 1) / 2;
}

uint32_t fp_rsqrt_estimate9(uint32_t a)
{
    uint32_t b = 512;

    a = a < 256 ? a * 2 + 1 : ((a >> 1 << 1) + 1) * 2;
    while ((uint64_t)a * (b + 1) * (b + 1) < 1u << 28) {
        b++;
    }
    return (b + 1) / 2;
}

/* The 8 bits below the integer bit, moved down. */
static uint32_t top_fraction(u128 sig)
{
    return (uint32_t)(sig >> 119) & 0xff;
}

static u128 estimate_result(struct fp_format f, bool negative, int biased, uint32_t estimate)
{
    u128 sig = (u128)(estimate | 0x100) << f.frac_bits >> 8;

    if (biased < 1) { /* the integer bit becomes one of the fraction; none below it is lost */
        sig >>= 1 - biased;
        biased = 0;
    }
    return fp_assemble(f, negative, biased, sig);
}

static u128 reciprocal_estimate(struct fp_format f, u128 x, struct fp_env *env)
{
    struct fp_num a = fp_operand(f, x, env);

    if (fp_is_nan(a)) {
        return fp_pack_rare(f, fp_nan1(a, env), env);
    }
    if (a.kind == FP_KIND_INF) {
        return fp_pack_rare(f, fp_zero(a.negative), env);
    }
    if (a.kind == FP_KIND_ZERO) {
        env->flags |= FP_DZ;
        return fp_pack_rare(f, fp_inf(a.negative), env);
    }
    if (a.exp < -fp_bias(f) - 1) {
        return fp_pack_overflow(f, a.negative, env);
    }
    if (env->flush_output && a.exp >= fp_bias(f) - 1) {
        env->flags |= FP_UF;
        return fp_pack_rare(f, fp_zero(a.negative), env);
    }
    return estimate_result(f, a.negative, fp_bias(f) - 1 - a.exp,
                           fp_recip_estimate9(0x100 | top_fraction(a.sig)) & 0xff);
}

static u128 root_estimate(struct fp_format f, u128 x, struct fp_env *env)
{
    struct fp_num a = fp_operand(f, x, env);
    bool odd;

    if (fp_is_nan(a)) {
        return fp_pack_rare(f, fp_nan1(a, env), env);
    }
    if (a.kind == FP_KIND_ZERO) {
        env->flags |= FP_DZ;
        return fp_pack_rare(f, fp_inf(a.negative), env);
    }
    if (a.negative) {
        return fp_pack_rare(f, fp_invalid(env), env);
    }
    if (a.kind == FP_KIND_INF) {
        return fp_pack_rare(f, fp_zero(false), env);
    }
    odd = a.exp & 1;
    uint32_t scaled = odd ? 0x100 | top_fraction(a.sig) : 0x80 | top_fraction(a.sig) >> 1;
    return estimate_result(f, false, fp_bias(f) - 1 - (a.exp - odd) / 2,
                           fp_rsqrt_estimate9(scaled) & 0xff);
}

static u128 reciprocal_exponent(struct fp_format f, u128 x, struct fp_env *env)
{
    struct fp_num a = fp_operand(f, x, env);
    int biased = (int)(x >> f.frac_bits) & fp_exp_mask(f);

    if (fp_is_nan(a)) {
        return fp_pack_rare(f, fp_nan1(a, env), env);
    }
    biased = biased == 0 ? fp_exp_mask(f) - 1 : fp_exp_mask(f) ^ biased;
    return fp_assemble(f, a.negative, biased, 0);
}

/* ---- fixed point ---- */

/* A FINITE number of less than 2^64 as an integer; what falls out is noted in *inexact. */
static u128 whole_of(struct fp_num n, unsigned rounding, bool *inexact)
{
    u128 whole = n.exp >= 0 ? n.sig >> (127 - n.exp) : 0;
    u128 rest = n.exp >= 0 ? n.sig << (n.exp + 1) : n.exp == -1 ? n.sig : 1;

    *inexact = rest != 0;
    if (rest != 0) {
        whole += fp_rounds_up(rounding, n.negative, whole & 1, rest);
    }
    return whole;
}

static uint64_t to_fixed(struct fp_format f, u128 x, struct fp_fixed to, struct fp_env *env)
{
    struct fp_num n = fp_operand(f, x, env);
    uint64_t mask = UINT64_MAX >> (64 - to.width);
    uint64_t greatest = to.is_signed ? mask >> 1 : mask;
    uint64_t least = to.is_signed ? greatest + 1 : 0; /* its magnitude */
    bool inexact;

    if (n.kind == FP_KIND_ZERO) {
        return 0;
    }
    n.exp += (int)to.fraction_bits;
    if (n.kind == FP_KIND_FINITE && n.exp <= 63) {
        u128 whole = whole_of(n, env->rounding, &inexact);
        if (whole <= (n.negative ? least : greatest)) {
            env->flags |= inexact ? FP_NX : 0;
            return (n.negative ? -(uint64_t)whole : (uint64_t)whole) & mask;
        }
    }
    env->flags |= FP_NV;
    if (fp_is_nan(n)) {
        return 0;
    }
    return (n.negative ? -least : greatest) & mask;
}

static u128 of_fixed(struct fp_format f, uint64_t a, struct fp_fixed from, struct fp_env *env)
{
    struct fp_num n = {.kind = FP_KIND_FINITE};
    int zeros;

    a <<= 64 - from.width;
    n.negative = from.is_signed && a >> 63 != 0;
    a = from.is_signed ? (uint64_t)((int64_t)a >> (64 - from.width)) : a >> (64 - from.width);
    a = n.negative ? -a : a;
    if (a == 0) {
        return fp_pack_rare(f, fp_zero(false), env);
    }
    zeros = __builtin_clzll(a);
    n.sig = (u128)a << (64 + zeros);
    n.exp = 63 - zeros - (int)from.fraction_bits;
    return fp_pack_finite(f, n, env);
}

/* To an integral value of `bits` bits; what has none is the least of them. */
static u128 round_to_bits(struct fp_format f, u128 x, unsigned bits, struct fp_env *env)
{
    struct fp_num n = fp_operand(f, x, env);
    bool inexact = false;
    u128 whole = 0;

    if (n.kind == FP_KIND_ZERO) {
        return fp_pack_rare(f, n, env);
    }
    if (n.kind == FP_KIND_FINITE && n.exp <= 63) {
        whole = whole_of(n, env->rounding, &inexact);
    }
    if (n.kind != FP_KIND_FINITE || n.exp > 63 || whole > ((u128)1 << (bits - 1)) - !n.negative) {
        env->flags |= FP_NV;
        return fp_assemble(f, true, fp_bias(f) + (int)bits - 1, 0);
    }
    env->flags |= inexact ? FP_NX : 0;
    if (whole == 0) {
        return fp_pack_rare(f, fp_zero(n.negative), env);
    }
    int zeros = fp_clz(whole);
    n.sig = whole << zeros;
    n.exp = 127 - zeros;
    return fp_pack_finite(f, n, env);
}

/* ---- alternative half precision: the greatest exponent is one of numbers ---- */

static struct fp_num unpack_alternative(f16 a)
{
    struct fp_num n;

    if ((a >> 10 & 0x1f) != 0x1f) {
        return fp_unpack(FP_FORMAT_f16, a);
    }
    n = power_of_two(16, a >> 15);
    n.sig |= (u128)(a & 0x3ff) << 117;
    return n;
}

static f16 pack_alternative(struct fp_num n, struct fp_env *env)
{
    const struct fp_format f = FP_FORMAT_f16;
    int biased = n.exp + fp_bias(f);
    u128 kept = n.sig >> (127 - f.frac_bits), rest = n.sig << (f.frac_bits + 1);

    if (n.kind == FP_KIND_ZERO) {
        return (f16)(n.negative << 15);
    }
    if (n.kind != FP_KIND_FINITE) {
        env->flags |= FP_NV;
        return (f16)(n.negative << 15 | (n.kind == FP_KIND_INF ? 0x7fff : 0));
    }
    if (biased < 1) {
        return (f16)fp_pack_tiny(f, n.negative, n.exp, n.sig, env);
    }
    if (rest != 0) {
        kept += fp_rounds_up(env->rounding, n.negative, kept & 1, rest);
        if (kept >> (f.frac_bits + 1) != 0) {
            kept >>= 1;
            biased++;
        }
    }
    if (biased > fp_exp_mask(f)) {
        env->flags |= FP_NV; /* and not inexact */
        return (f16)(n.negative << 15 | 0x7fff);
    }
    env->flags |= rest != 0 ? FP_NX : 0;
    return (f16)fp_assemble(f, n.negative, biased, kept);
}

f32 f16alt_to_f32(f16 a, struct fp_env *env)
{
    return (f32)fp_pack(FP_FORMAT_f32, unpack_alternative(a), env);
}

f64 f16alt_to_f64(f16 a, struct fp_env *env)
{
    return (f64)fp_pack(FP_FORMAT_f64, unpack_alternative(a), env);
}

f16 f32_to_f16alt(f32 a, struct fp_env *env)
{
    return pack_alternative(fp_operand(FP_FORMAT_f32, a, env), env);
}

f16 f64_to_f16alt(f64 a, struct fp_env *env)
{
    return pack_alternative(fp_operand(FP_FORMAT_f64, a, env), env);
}

/* ---- the formats ---- */

#define DEFINE_1(name, function, of)                                                               \
    name name##_##function(name a, struct fp_env *env)                                             \
    {                                                                                              \
        return (name)of(FP_FORMAT_##name, a, env);                                                 \
    }
#define DEFINE_2(name, function, of)                                                               \
    name name##_##function(name a, name b, struct fp_env *env)                                     \
    {                                                                                              \
        return (name)of(FP_FORMAT_##name, a, b, env);                                              \
    }
#define DEFINE(name)                                                                               \
    DEFINE_1(name, recip_estimate, reciprocal_estimate)                                            \
    DEFINE_1(name, rsqrt_estimate, root_estimate)                                                  \
    DEFINE_1(name, recip_exponent, reciprocal_exponent)                                            \
    DEFINE_2(name, recip_step, reciprocal_step)                                                    \
    DEFINE_2(name, rsqrt_step, root_step)                                                          \
    DEFINE_2(name, mulx, multiply_extended)                                                        \
    uint64_t name##_to_fixed(name a, struct fp_fixed to, struct fp_env *env)                       \
    {                                                                                              \
        return to_fixed(FP_FORMAT_##name, a, to, env);                                             \
    }                                                                                              \
    name fixed_to_##name(uint64_t a, struct fp_fixed from, struct fp_env *env)                     \
    {                                                                                              \
        return (name)of_fixed(FP_FORMAT_##name, a, from, env);                                     \
    }                                                                                              \
    name name##_round_to_bits(name a, unsigned bits, struct fp_env *env)                           \
    {                                                                                              \
        return (name)round_to_bits(FP_FORMAT_##name, a, bits, env);                                \
    }
DEFINE(f16)
DEFINE(f32)
DEFINE(f64)
