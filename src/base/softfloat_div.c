/* SPDX-License-Identifier: GPL-2.0-or-later
 * softfloat_div: division, square root and IEEE remainder for each format, by integer division
 * and digit by digit. After IEEE 754-2019 clauses 5.3.1 and 5.4.1. Not here: x87's partial
 * remainders, which stop half way.
 */
#include "base/softfloat_num.h"

/* (x << 64) / y for x < y, and what is left of x; y has bit 63 set. */
FP_INLINE uint64_t divide_digit(uint64_t *x, uint64_t y)
{
    u128 dividend = (u128)*x << 64;
    uint64_t q = (uint64_t)(dividend / y);
    *x = (uint64_t)(dividend - (u128)q * y);
    return q;
}

/* x / y with a sticky bit 0, for x < y, bit by bit; `bits` of quotient from bit 127 on. */
FP_INLINE u128 divide_bits(u128 x, u128 y, int bits)
{
    u128 q = 0;

    for (int i = 0; i < bits; i++) {
        bool carry = x >> 127 != 0;
        x <<= 1;
        q <<= 1;
        if (carry || x >= y) {
            x -= y;
            q |= 1;
        }
    }
    return q << (128 - bits) | (x != 0);
}

FP_INLINE struct fp_num div_finite(struct fp_format f, struct fp_num a, struct fp_num b)
{
    struct fp_num r = {.kind = FP_KIND_FINITE, .negative = a.negative ^ b.negative};
    bool less = a.sig < b.sig;

    /* every format leaves bit 0 of a's significand free, at worst */
    r.exp = a.exp - b.exp - less;
    if (f.frac_bits > 63) {
        r.sig = divide_bits(less ? a.sig : a.sig >> 1, b.sig, f.frac_bits + 3);
        return r;
    }
    uint64_t y = (uint64_t)(b.sig >> 64);
    if (f.frac_bits <= 30) {
        /* 32 bits of quotient will do, and one native division */
        uint64_t x = (uint64_t)(a.sig >> 64) >> !less;
        uint64_t q = x / (y >> 32);
        r.sig = (u128)q << 96 | (x != q * (y >> 32));
        return r;
    }
    uint64_t x = (uint64_t)(a.sig >> 64);
    uint64_t odd = less ? 0 : x << 63;
    if (!less) {
        x >>= 1;
    }
    /* x:odd / y: the bit that the halving dropped is in `odd` */
    u128 dividend = (u128)x << 64 | odd;
    uint64_t q = (uint64_t)(dividend / y);
    uint64_t left = (uint64_t)(dividend - (u128)q * y);
    r.sig = (u128)q << 64;
    r.sig |= f.frac_bits > 60 ? divide_digit(&left, y) : 0;
    r.sig |= left != 0;
    return r;
}

/* At least one operand is not FINITE. */
static struct fp_num div_rare(struct fp_format f, struct fp_num a, struct fp_num b,
                              struct fp_env *env)
{
    bool negative = a.negative ^ b.negative;

    if (fp_is_nan(a) || fp_is_nan(b)) {
        return fp_nan2(f, a, b, env);
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
    return fp_pack_rare(f, div_rare(f, a, b, env), env);
}

/* ---- square root ---- */

/* The root of x * 2^-126, 1 <= that < 4, with `bits` of root from bit 127 on and a sticky bit 0:
 * two bits of x for one bit of root, as on paper. */
FP_INLINE u128 root_bits(u128 x, int bits)
{
    u128 root = 0, left = 0;

    for (int i = 0; i < bits; i++) {
        u128 trial = root << 2 | 1;
        left = left << 2 | x >> 126;
        x <<= 2;
        root <<= 1;
        if (left >= trial) {
            left -= trial;
            root |= 1;
        }
    }
    return root << (128 - bits) | ((left | x) != 0);
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
    a.sig = root_bits(odd ? a.sig : a.sig >> 1, f.frac_bits + 3);
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
        return fp_nan2(f, a, b, env);
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
