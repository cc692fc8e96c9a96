/* SPDX-License-Identifier: GPL-2.0-or-later
 * softfloat_num: what the softfloat_*.c files share: a number taken apart, the shape of each
 * format, taking apart and putting together with rounding. After IEEE 754-2019; for f80 after
 * Intel's manual, volume 1, chapter 8. The functions are forced inline, so that a constant
 * `struct fp_format` makes one specialised copy for each format; what is rare is called.
 */
#ifndef BASE_SOFTFLOAT_NUM_H
#define BASE_SOFTFLOAT_NUM_H

#include "base/softfloat.h"

#define FP_INLINE static inline __attribute__((always_inline))

__extension__ typedef unsigned __int128 u128;

#define FP_TOP   ((u128)1 << 127)
#define FP_QUIET ((u128)1 << 126) /* the quiet bit of a NaN's significand */

enum fp_kind {
    FP_KIND_ZERO,
    FP_KIND_FINITE, /* and not zero */
    FP_KIND_INF,
    FP_KIND_QNAN, /* this and all after it are NaNs */
    FP_KIND_SNAN,
    FP_KIND_INVALID, /* f80: integer bit clear where it must be set */
};

/* FINITE: the value is sig * 2^(exp - 127), and bit 127 of sig is set, so 2^exp <= value. Before
 * rounding, bit 0 may stand for any non-zero remainder below it ("sticky"): each format leaves at
 * least 15 bits between its last place and bit 0.
 * NaN: the fraction stands in sig as a finite number's does. */
struct fp_num {
    u128 sig;
    int32_t exp;
    uint8_t kind;
    uint8_t negative;
    uint8_t denormal; /* was one in its format */
};

struct fp_format {
    int frac_bits; /* below the integer bit */
    int exp_bits;
    int one_bits; /* 1: the integer bit is stored (f80) */
};

#define FP_FORMAT_f16  ((struct fp_format){10, 5, 0})
#define FP_FORMAT_f32  ((struct fp_format){23, 8, 0})
#define FP_FORMAT_f64  ((struct fp_format){52, 11, 0})
#define FP_FORMAT_f80  ((struct fp_format){63, 15, 1})
#define FP_FORMAT_f128 ((struct fp_format){112, 15, 0})

/* X(name, type) for each format. */
#define FP_FORMATS(X)                                                                              \
    X(f16, f16)                                                                                    \
    X(f32, f32)                                                                                    \
    X(f64, f64)                                                                                    \
    X(f80, struct f80)                                                                             \
    X(f128, struct f128)

/* ---- bits of a format as one integer, and back ---- */

FP_INLINE u128 fp_bits_f16(f16 a)
{
    return a;
}
FP_INLINE u128 fp_bits_f32(f32 a)
{
    return a;
}
FP_INLINE u128 fp_bits_f64(f64 a)
{
    return a;
}
FP_INLINE u128 fp_bits_f80(struct f80 a)
{
    return (u128)a.sign_exponent << 64 | a.significand;
}
FP_INLINE u128 fp_bits_f128(struct f128 a)
{
    return (u128)a.hi << 64 | a.lo;
}
FP_INLINE f16 fp_make_f16(u128 bits)
{
    return (f16)bits;
}
FP_INLINE f32 fp_make_f32(u128 bits)
{
    return (f32)bits;
}
FP_INLINE f64 fp_make_f64(u128 bits)
{
    return (f64)bits;
}
FP_INLINE struct f80 fp_make_f80(u128 bits)
{
    return (struct f80){.significand = (uint64_t)bits, .sign_exponent = (uint16_t)(bits >> 64)};
}
FP_INLINE struct f128 fp_make_f128(u128 bits)
{
    return (struct f128){.lo = (uint64_t)bits, .hi = (uint64_t)(bits >> 64)};
}

/* ---- integers ---- */

/* x must not be 0. */
FP_INLINE int fp_clz(u128 x)
{
    uint64_t hi = (uint64_t)(x >> 64);
    return hi != 0 ? __builtin_clzll(hi) : 64 + __builtin_clzll((uint64_t)x);
}

/* x >> count, with bit 0 set if any bit that fell out was; count >= 0. */
FP_INLINE u128 fp_shift_sticky(u128 x, int count)
{
    if (count == 0) {
        return x;
    }
    if (unlikely(count > 127)) {
        return x != 0;
    }
    return x >> count | ((x << (128 - count)) != 0);
}

/* ---- the shape of a format ---- */

FP_INLINE int fp_bias(struct fp_format f)
{
    return (1 << (f.exp_bits - 1)) - 1;
}
FP_INLINE int fp_exp_mask(struct fp_format f)
{
    return (1 << f.exp_bits) - 1;
}
/* `sig` has the integer bit at frac_bits; it is dropped unless the format stores it. */
FP_INLINE u128 fp_assemble(struct fp_format f, bool negative, int biased, u128 sig)
{
    int exp_at = f.frac_bits + f.one_bits;
    sig &= ((u128)1 << exp_at) - 1;
    return (u128)negative << (exp_at + f.exp_bits) | (u128)(unsigned)biased << exp_at | sig;
}

/* A copy member by member. Around calls of what is rare it makes gcc keep the members of the number
 * in registers on the other path: three times as fast. */
FP_INLINE struct fp_num fp_copy(struct fp_num n)
{
    return (struct fp_num){
        .sig = n.sig, .exp = n.exp, .kind = n.kind, .negative = n.negative, .denormal = n.denormal};
}

/* ---- softfloat_num.c: what is rare ---- */

struct fp_num fp_unpack_rare(struct fp_format f, u128 bits);
u128 fp_pack_rare(struct fp_format f, struct fp_num n, const struct fp_env *env);
u128 fp_pack_tiny(struct fp_format f, bool negative, int exp, u128 sig, struct fp_env *env);
u128 fp_pack_overflow(struct fp_format f, bool negative, struct fp_env *env);

/* The default NaN, raising FP_NV. */
struct fp_num fp_invalid(struct fp_env *env);
/* The NaN result of an operation, at least one of whose operands is a NaN. */
struct fp_num fp_nan1(struct fp_num a, struct fp_env *env);
struct fp_num fp_nan2(struct fp_format f, struct fp_num a, struct fp_num b, struct fp_env *env);
struct fp_num fp_nan3(struct fp_num a, struct fp_num b, struct fp_num c, struct fp_env *env);

/* ---- taking apart ---- */

FP_INLINE struct fp_num fp_unpack(struct fp_format f, u128 bits)
{
    int exp_at = f.frac_bits + f.one_bits;
    int biased = (int)(bits >> exp_at) & fp_exp_mask(f);
    u128 sig = bits << (127 - f.frac_bits);

    if (unlikely((unsigned)biased - 1 >= (unsigned)fp_exp_mask(f) - 1) ||
        (f.one_bits && !(sig & FP_TOP))) {
        return fp_copy(fp_unpack_rare(f, bits));
    }
    return (struct fp_num){
        .sig = sig | FP_TOP,
        .exp = biased - fp_bias(f),
        .kind = FP_KIND_FINITE,
        .negative = (uint8_t)(bits >> (exp_at + f.exp_bits)) & 1,
    };
}

/* An operand: denormals are zeros if the environment says so. */
FP_INLINE struct fp_num fp_operand(struct fp_format f, u128 bits, struct fp_env *env)
{
    struct fp_num n = fp_unpack(f, bits);
    if (unlikely(n.denormal) && env->flush_inputs) {
        env->flags |= FP_ID;
        n.kind = FP_KIND_ZERO;
        n.denormal = false;
    }
    return n;
}

FP_INLINE bool fp_is_nan(struct fp_num n)
{
    return n.kind >= FP_KIND_QNAN;
}
FP_INLINE bool fp_is_snan(struct fp_num n)
{
    return n.kind >= FP_KIND_SNAN;
}
FP_INLINE void fp_note_denormal(bool denormal, struct fp_env *env)
{
    if (unlikely(denormal)) {
        env->flags |= FP_ID;
    }
}
FP_INLINE struct fp_num fp_zero(bool negative)
{
    return (struct fp_num){.kind = FP_KIND_ZERO, .negative = negative};
}
FP_INLINE struct fp_num fp_inf(bool negative)
{
    return (struct fp_num){.kind = FP_KIND_INF, .negative = negative};
}

/* ---- putting together ---- */

/* Whether a magnitude grows by one last place: `odd` is its last bit, and `rest`, which is not 0,
 * the fraction below that bit, moved up so that FP_TOP is one half. */
FP_INLINE bool fp_rounds_up(unsigned rounding, bool negative, bool odd, u128 rest)
{
    switch ((enum fp_rounding)rounding) {
    case FP_RNE: return rest > FP_TOP || (rest == FP_TOP && odd);
    case FP_RMM: return rest >= FP_TOP;
    case FP_RDN: return negative;
    case FP_RUP: return !negative;
    case FP_ODD: return !odd;
    case FP_RTZ: break;
    }
    return false;
}

/* Rounds a FINITE number into the format. */
FP_INLINE u128 fp_pack_finite(struct fp_format f, struct fp_num n, struct fp_env *env)
{
    int biased = n.exp + fp_bias(f);
    u128 kept = n.sig >> (127 - f.frac_bits);
    u128 rest = n.sig << (f.frac_bits + 1);

    if (unlikely(biased < 1)) {
        return fp_pack_tiny(f, n.negative, n.exp, n.sig, env);
    }
    if (rest != 0) {
        env->flags |= FP_NX;
        kept += fp_rounds_up(env->rounding, n.negative, kept & 1, rest);
        if (unlikely(kept >> (f.frac_bits + 1) != 0)) {
            kept >>= 1;
            biased++;
        }
    }
    if (unlikely(biased >= fp_exp_mask(f))) {
        return fp_pack_overflow(f, n.negative, env);
    }
    return fp_assemble(f, n.negative, biased, kept);
}

FP_INLINE u128 fp_pack(struct fp_format f, struct fp_num n, struct fp_env *env)
{
    if (likely(n.kind == FP_KIND_FINITE)) {
        return fp_pack_finite(f, n, env);
    }
    return fp_pack_rare(f, fp_copy(n), env);
}

/* ---- arithmetic that more than one file needs ---- */

/* The sum of two FINITE numbers, not yet rounded. */
FP_INLINE struct fp_num fp_add_finite(struct fp_num a, struct fp_num b, const struct fp_env *env)
{
    if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) {
        struct fp_num greater = b;
        b = a;
        a = greater;
    }
    u128 small = fp_shift_sticky(b.sig, a.exp - b.exp);
    if (a.negative == b.negative) {
        u128 sum = a.sig + small;
        if (sum < small) {
            sum = FP_TOP | sum >> 1 | (sum & 1);
            a.exp++;
        }
        a.sig = sum;
        return a;
    }
    a.sig -= small;
    if (unlikely(a.sig == 0)) {
        return fp_zero(env->rounding == FP_RDN);
    }
    int zeros = fp_clz(a.sig);
    a.sig <<= zeros;
    a.exp -= zeros;
    return a;
}

/* The sum where at least one is not FINITE, and none is a NaN. */
struct fp_num fp_add_rare(struct fp_num a, struct fp_num b, struct fp_env *env);

/* The 256-bit product; bit 127 of *hi may be clear when that of x and y is set. */
FP_INLINE void fp_multiply_wide(u128 x, u128 y, u128 *hi, u128 *lo)
{
    uint64_t x1 = (uint64_t)(x >> 64), x0 = (uint64_t)x;
    uint64_t y1 = (uint64_t)(y >> 64), y0 = (uint64_t)y;
    u128 low = (u128)x0 * y0;
    u128 middle = (u128)x1 * y0 + (low >> 64);
    u128 other = (u128)x0 * y1 + (uint64_t)middle;

    *lo = other << 64 | (uint64_t)low;
    *hi = (u128)x1 * y1 + (middle >> 64) + (other >> 64);
}

/* The product of two FINITE numbers, not yet rounded; exact up to f80. */
FP_INLINE struct fp_num fp_mul_finite(struct fp_format f, struct fp_num a, struct fp_num b)
{
    u128 hi, lo = 0;
    if (f.frac_bits <= 63) {
        hi = (u128)(uint64_t)(a.sig >> 64) * (uint64_t)(b.sig >> 64);
    } else {
        fp_multiply_wide(a.sig, b.sig, &hi, &lo);
    }
    int zeros = !(hi & FP_TOP);
    /* f128: the bit that the shift drops from lo stays in its sticky part */
    return (struct fp_num){
        .sig = (f.frac_bits <= 63) ? hi << zeros : hi << zeros | (lo != 0),
        .exp = a.exp + b.exp + 1 - zeros,
        .kind = FP_KIND_FINITE,
        .negative = a.negative ^ b.negative,
    };
}

/* The product where at least one is not FINITE, and none is a NaN. */
struct fp_num fp_mul_rare(struct fp_num a, struct fp_num b, struct fp_env *env);

#endif
