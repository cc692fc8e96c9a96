/* SPDX-License-Identifier: GPL-2.0-or-later
 * softfloat_div: division, square root and IEEE remainder for each format, by integer division
 * and digit by digit. After IEEE 754-2019 clauses 5.3.1 and 5.4.1. Not here: x87's partial
 * remainders, which stop half way.
 */
#include "base/softfloat_num.h"

/* 64 bits of (x << 64) / y for x < y, and what is left of x; bit 127 of y is set. The quotient by
 * y's upper half is at most 2 too great (Knuth, volume 2, 4.3.1, theorem B). */
FP_INLINE uint64_t divide_digit(u128 *x, u128 y)
{
    uint64_t y1 = (uint64_t)(y >> 64), y0 = (uint64_t)y;
    uint64_t q = (uint64_t)(*x >> 64) < y1 ? (uint64_t)(*x / y1) : UINT64_MAX;
    u128 left = *x - (u128)q * y1;
    u128 owed = (u128)q * y0;

    while (left >> 64 == 0 && left << 64 < owed) {
        q--;
        left += y1;
        owed -= y0;
    }
    *x = (left << 64) - owed;
    return q;
}

FP_INLINE struct fp_num div_finite(struct fp_format f, struct fp_num a, struct fp_num b)
{
    struct fp_num r = {.kind = FP_KIND_FINITE, .negative = a.negative ^ b.negative};
    bool less = a.sig < b.sig;
    u128 x = a.sig >> !less; /* < b.sig; no format has used the bit that falls out */

    r.exp = a.exp - b.exp - less;
    if (f.frac_bits > 60) {
        r.sig = (u128)divide_digit(&x, b.sig) << 64;
        r.sig |= divide_digit(&x, b.sig);
        r.sig |= x != 0;
    } else if (f.frac_bits > 30) {
        uint64_t y = (uint64_t)(b.sig >> 64); /* the rest of it is 0 */
        uint64_t q = (uint64_t)(x / y);
        r.sig = (u128)q << 64 | (x != (u128)q * y);
    } else {
        /* 32 bits of quotient will do, by a narrower division */
        uint64_t x1 = (uint64_t)(x >> 64), y1 = (uint64_t)(b.sig >> 96);
        uint64_t q = x1 / y1;
        r.sig = (u128)q << 96 | (x1 != q * y1);
    }
    return r;
}

/* At least one operand is not FINITE. */
static struct fp_num div_rare(struct fp_format f, struct fp_num a, struct fp_num b,
                              struct fp_env *env)
{
    bool negative = a.negative ^ b.negative;

    if (fp_is_nan(a) || fp_is_nan(b)) {
        return fp_nan2(f, fp_copy(a), fp_copy(b), env);
    }
    if (a.kind == b.kind) {
        return fp_invalid(env);
    }
    if (b.kind == FP_KIND_ZERO && a.kind == FP_KIND_FINITE) {
        env->flags |= FP_DZ; /* goes before FP_ID */
        return fp_inf(negative);
    }
    fp_note_denormal(a.denormal || b.denormal, env);
    if (a.kind == FP_KIND_INF || b.kind == FP_KIND_ZERO) {
        return fp_inf(negative);
    }
    return fp_zero(negative);
}

FP_INLINE u128 divide(struct fp_format f, u128 x, u128 y, struct fp_env *env)
{
    struct fp_num a = fp_operand(f, x, env);
    struct fp_num b = fp_operand(f, y, env);

    if (likely(a.kind == FP_KIND_FINITE && b.kind == FP_KIND_FINITE)) {
        fp_note_denormal(a.denormal | b.denormal, env);
        return fp_pack_finite(f, div_finite(f, a, b), env);
    }
    return fp_pack_rare(f, div_rare(f, fp_copy(a), fp_copy(b), env), env);
}

/* ---- square root ---- */

/* The root of x * 2^-126, 1 <= that < 4, with `bits` of root from bit 127 on and a sticky bit 0:
 * two bits of x for one bit of root, as on paper. Which it is of 0 and 1 no host can foresee, so
 * there is no branch. Nothing of x may be left: it has no more than 2 * bits bits. */
FP_INLINE u128 root_bits(u128 x, int bits)
{
    u128 root = 0, left = 0;

    for (int i = 0; i < bits; i++) {
        u128 trial = root << 2 | 1;
        left = left << 2 | x >> 126;
        x <<= 2;
        bool one = left >= trial;
        left -= trial & -(u128)one;
        root = root << 1 | one;
    }
    return root << (128 - bits) | (left != 0);
}

/* The same where 64 bits are enough for all but x: bits <= 61. */
FP_INLINE u128 root_bits_narrow(u128 x, int bits)
{
    uint64_t root = 0, left = 0;

    for (int i = 0; i < bits; i++) {
        uint64_t trial = root << 2 | 1;
        left = left << 2 | (uint64_t)(x >> 126);
        x <<= 2;
        bool one = left >= trial;
        left -= trial & -(uint64_t)one;
        root = root << 1 | one;
    }
    return (u128)root << (128 - bits) | (left != 0);
}

FP_INLINE u128 square_root(struct fp_format f, u128 x, struct fp_env *env)
{
    struct fp_num a = fp_operand(f, x, env);

    if (fp_is_nan(a)) {
        return fp_pack_rare(f, fp_nan1(a, env), env);
    }
    if (a.kind == FP_KIND_ZERO) {
        return fp_pack_rare(f, a, env);
    }
    if (a.negative) {
        return fp_pack_rare(f, fp_invalid(env), env);
    }
    fp_note_denormal(a.denormal, env);
    if (a.kind == FP_KIND_INF) {
        return fp_pack_rare(f, a, env);
    }
    bool odd = a.exp & 1;
    u128 radicand = odd ? a.sig : a.sig >> 1;
    a.sig = f.frac_bits < 58 ? root_bits_narrow(radicand, f.frac_bits + 3)
                             : root_bits(radicand, f.frac_bits + 3);
    a.exp = (a.exp - odd) / 2;
    return fp_pack_finite(f, a, env);
}

/* ---- remainder ---- */

/* One step for each bit of quotient: up to 32 thousand of them for f80 and f128. */
static struct fp_num rem_finite(struct fp_num a, struct fp_num b)
{
    u128 left = a.sig >> 1, y = b.sig >> 1;
    bool odd = false; /* the last bit of the quotient */

    if (a.exp < b.exp - 1) {
        return a;
    }
    if (a.exp == b.exp - 1) {
        left >>= 1;
    }
    for (int i = a.exp - b.exp; i >= 0; i--) {
        odd = left >= y;
        if (odd) {
            left -= y;
        }
        if (i > 0) {
            left <<= 1;
        }
    }
    /* left < y: nearer to y than to 0? */
    if (left << 1 > y || (left << 1 == y && odd)) {
        left = y - left;
        a.negative ^= 1;
    }
    if (left == 0) {
        return fp_zero(a.negative);
    }
    int zeros = fp_clz(left);
    a.sig = left << zeros;
    a.exp = b.exp + 1 - zeros;
    return a;
}

static struct fp_num remainder_of(struct fp_format f, struct fp_num a, struct fp_num b,
                                  struct fp_env *env)
{
    if (fp_is_nan(a) || fp_is_nan(b)) {
        return fp_nan2(f, fp_copy(a), fp_copy(b), env);
    }
    if (a.kind == FP_KIND_INF || b.kind == FP_KIND_ZERO) {
        return fp_invalid(env);
    }
    fp_note_denormal(a.denormal || b.denormal, env);
    if (a.kind == FP_KIND_ZERO || b.kind == FP_KIND_INF) {
        return a;
    }
    return rem_finite(a, b);
}

#define DEFINE(name, type)                                                                         \
    type name##_div(type a, type b, struct fp_env *env)                                            \
    {                                                                                              \
        return fp_make_##name(                                                                     \
            divide(FP_FORMAT_##name, fp_bits_##name(a), fp_bits_##name(b), env));                  \
    }                                                                                              \
    type name##_sqrt(type a, struct fp_env *env)                                                   \
    {                                                                                              \
        return fp_make_##name(square_root(FP_FORMAT_##name, fp_bits_##name(a), env));              \
    }                                                                                              \
    type name##_rem(type a, type b, struct fp_env *env)                                            \
    {                                                                                              \
        struct fp_num x = fp_operand(FP_FORMAT_##name, fp_bits_##name(a), env);                    \
        struct fp_num y = fp_operand(FP_FORMAT_##name, fp_bits_##name(b), env);                    \
        struct fp_num r = remainder_of(FP_FORMAT_##name, x, y, env);                               \
        return fp_make_##name(fp_pack(FP_FORMAT_##name, r, env));                                  \
    }
FP_FORMATS(DEFINE)
