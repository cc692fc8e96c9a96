/* SPDX-License-Identifier: GPL-2.0-or-later
 * softfloat: IEEE 754-2019 binary arithmetic that never asks the host's FPU, so that every host
 * gives the same bits and the same flags. Values are bit patterns in integers.
 */
#ifndef BASE_SOFTFLOAT_H
#define BASE_SOFTFLOAT_H

#include "base/base.h"

/* Rounding, in RISC-V's encoding (RISC-V unprivileged, "frm"). */
enum fp_rounding { FP_RNE, FP_RTZ, FP_RDN, FP_RUP, FP_RMM, FP_ODD };

/* Sticky flags, in RISC-V's order; FP_ID (a denormal operand was met) is for x86 and Arm. */
enum { FP_NX = 1, FP_UF = 2, FP_OF = 4, FP_DZ = 8, FP_NV = 16, FP_ID = 32 };

/* What a NaN result looks like. */
enum fp_nan_rule {
    FP_NAN_CANONICAL, /* RISC-V, Arm's FPCR.DN: always the default positive quiet NaN */
    FP_NAN_X86,       /* first operand if NaN, else second, quietened; default NaN is negative */
    FP_NAN_ARM,       /* a signalling operand first, then the first quiet one; default positive */
};

/* The environment of one operation; flags are only ever OR-ed into. */
struct fp_env {
    uint8_t rounding;     /* enum fp_rounding */
    uint8_t nan_rule;     /* enum fp_nan_rule */
    uint8_t tiny_before;  /* tininess before rounding (Arm); 0: after (RISC-V, x86) */
    uint8_t flush_inputs; /* denormal operands count as zeros, raising FP_ID */
    uint8_t flush_output; /* tiny results become zeros: FP_UF, and FP_NX unless tiny_before */
    uint8_t flags;
};

typedef uint16_t f16;
typedef uint32_t f32;
typedef uint64_t f64;
struct f80 {
    uint64_t significand; /* explicit integer bit on top */
    uint16_t sign_exponent;
};
struct f128 {
    uint64_t lo, hi;
};

/* The answer of a conversion to an integer that has no such value (always FP_NV, never FP_NX). */
enum fp_int_rule {
    FP_INT_RISCV, /* saturates; a NaN gives the greatest integer */
    FP_INT_ARM,   /* saturates; a NaN gives 0 */
    FP_INT_X86,   /* the indefinite integer: 1 << (n-1) if signed, all ones if unsigned */
};

enum fp_order { FP_LESS = -1, FP_EQUAL = 0, FP_GREATER = 1, FP_UNORDERED = 2 };

/* The functions, the same for each format: f64_add, f128_sqrt, i32_to_f16, f80_to_u64...
 *
 * All are pure but for env->flags, hold no state, allocate nothing and accept any bits (f80's
 * unnormals, pseudo-infinities and pseudo-NaNs count as invalid: FP_NV and the default NaN, as on
 * every x87 since the 387). FP_ID is raised for a denormal operand whether it is flushed or not
 * (not flushed: only if no NaN and no other exception of the operands comes first, as on x86);
 * guests that have no such flag mask it away. So does x86 with DAZ set, and for ROUNDSS, VCVTPH2PS
 * and VCVTPS2PH, which do not look. Storing an f80 in another format does not raise it.
 *
 * add sub mul div fma sqrt
 *              fma is a * b + c, rounded once. inf * 0 + quiet NaN raises FP_NV except by
 *              FP_NAN_X86. Arm looks at the addend's NaN first, x86 at a, b, c in this order; f80
 *              by FP_NAN_X86 takes the NaN of the greater significand, as x87 does.
 * rem          IEEE remainder: a - b * n with n = a / b rounded to nearest, ties to even; exact.
 * round_to_int to an integral value in env->rounding; FP_NX only if `exact` is set.
 * to_i32 ...   in env->rounding; out of range and NaN by the rule.
 * eq lt le     eq is quiet (only a signalling NaN raises FP_NV), lt and le are signalling;
 *              eq_signaling, lt_quiet and le_quiet are the others. All false if unordered.
 * compare      the four-way answer; any NaN raises FP_NV if `signaling`, else signalling NaNs do.
 * min max      RISC-V F 2.2: minimumNumber and maximumNumber of IEEE 754-2019; -0 < +0, a NaN
 *              loses against a number, two NaNs give the default NaN.
 * min_x86 ...  MINSS and MAXSS: b unless a is less (greater); any NaN raises FP_NV.
 * min_arm ...  FMIN and FMAX: a NaN wins; -0 < +0.
 * min_num_arm  FMINNM and FMAXNM: a quiet NaN loses against a number; else as min_arm.
 * class        RISC-V's fclass: one of bits 0 to 9 (f80's invalid encodings: signalling NaN).
 * is_nan is_snan  no flags; f80's invalid encodings are both. */
#define FP_DECLARE(name, type)                                                                     \
    type name##_add(type a, type b, struct fp_env *env);                                           \
    type name##_sub(type a, type b, struct fp_env *env);                                           \
    type name##_mul(type a, type b, struct fp_env *env);                                           \
    type name##_div(type a, type b, struct fp_env *env);                                           \
    type name##_rem(type a, type b, struct fp_env *env);                                           \
    type name##_sqrt(type a, struct fp_env *env);                                                  \
    type name##_round_to_int(type a, bool exact, struct fp_env *env);                              \
    int32_t name##_to_i32(type a, enum fp_int_rule rule, struct fp_env *env);                      \
    uint32_t name##_to_u32(type a, enum fp_int_rule rule, struct fp_env *env);                     \
    int64_t name##_to_i64(type a, enum fp_int_rule rule, struct fp_env *env);                      \
    uint64_t name##_to_u64(type a, enum fp_int_rule rule, struct fp_env *env);                     \
    type i32_to_##name(int32_t a, struct fp_env *env);                                             \
    type u32_to_##name(uint32_t a, struct fp_env *env);                                            \
    type i64_to_##name(int64_t a, struct fp_env *env);                                             \
    type u64_to_##name(uint64_t a, struct fp_env *env);                                            \
    bool name##_eq(type a, type b, struct fp_env *env);                                            \
    bool name##_lt(type a, type b, struct fp_env *env);                                            \
    bool name##_le(type a, type b, struct fp_env *env);                                            \
    bool name##_eq_signaling(type a, type b, struct fp_env *env);                                  \
    bool name##_lt_quiet(type a, type b, struct fp_env *env);                                      \
    bool name##_le_quiet(type a, type b, struct fp_env *env);                                      \
    enum fp_order name##_compare(type a, type b, bool signaling, struct fp_env *env);              \
    type name##_min(type a, type b, struct fp_env *env);                                           \
    type name##_max(type a, type b, struct fp_env *env);                                           \
    type name##_min_x86(type a, type b, struct fp_env *env);                                       \
    type name##_max_x86(type a, type b, struct fp_env *env);                                       \
    type name##_min_arm(type a, type b, struct fp_env *env);                                       \
    type name##_max_arm(type a, type b, struct fp_env *env);                                       \
    type name##_min_num_arm(type a, type b, struct fp_env *env);                                   \
    type name##_max_num_arm(type a, type b, struct fp_env *env);                                   \
    unsigned name##_class(type a);                                                                 \
    bool name##_is_nan(type a);                                                                    \
    bool name##_is_snan(type a)

FP_DECLARE(f16, f16);
FP_DECLARE(f32, f32);
FP_DECLARE(f64, f64);
FP_DECLARE(f80, struct f80);
FP_DECLARE(f128, struct f128);
#undef FP_DECLARE

f16 f16_fma(f16 a, f16 b, f16 c, struct fp_env *env);
f32 f32_fma(f32 a, f32 b, f32 c, struct fp_env *env);
f64 f64_fma(f64 a, f64 b, f64 c, struct fp_env *env);
struct f128 f128_fma(struct f128 a, struct f128 b, struct f128 c, struct fp_env *env);

/* From each format to each other: rounded by env; a NaN keeps the top of its payload unless by
 * FP_NAN_CANONICAL, and is quietened. */
f32 f16_to_f32(f16 a, struct fp_env *env);
f64 f16_to_f64(f16 a, struct fp_env *env);
struct f80 f16_to_f80(f16 a, struct fp_env *env);
struct f128 f16_to_f128(f16 a, struct fp_env *env);
f16 f32_to_f16(f32 a, struct fp_env *env);
f64 f32_to_f64(f32 a, struct fp_env *env);
struct f80 f32_to_f80(f32 a, struct fp_env *env);
struct f128 f32_to_f128(f32 a, struct fp_env *env);
f16 f64_to_f16(f64 a, struct fp_env *env);
f32 f64_to_f32(f64 a, struct fp_env *env);
struct f80 f64_to_f80(f64 a, struct fp_env *env);
struct f128 f64_to_f128(f64 a, struct fp_env *env);
f16 f80_to_f16(struct f80 a, struct fp_env *env);
f32 f80_to_f32(struct f80 a, struct fp_env *env);
f64 f80_to_f64(struct f80 a, struct fp_env *env);
struct f128 f80_to_f128(struct f80 a, struct fp_env *env);
f16 f128_to_f16(struct f128 a, struct fp_env *env);
f32 f128_to_f32(struct f128 a, struct fp_env *env);
f64 f128_to_f64(struct f128 a, struct fp_env *env);
struct f80 f128_to_f80(struct f128 a, struct fp_env *env);

/* ---- Arm's own ---- */

/* An integer of `width` bits, of which the low fraction_bits are behind the point. */
struct fp_fixed {
    uint8_t width; /* 16, 32 or 64 */
    uint8_t is_signed;
    uint8_t fraction_bits; /* at most width */
};

/* recip_estimate rsqrt_estimate  FRECPE and FRSQRTE, of 8 bits
 * recip_exponent  FRECPX
 * recip_step      FRECPS: 2 - a * b, rounded once; 0 * inf counts as 0 and raises nothing
 * rsqrt_step      FRSQRTS: (3 - a * b) / 2, likewise
 * mulx            a * b, but 0 * inf is 2 with the product's sign
 * to_fixed        in env->rounding, zero-extended; by FP_INT_ARM
 * fixed_to        the low `width` bits of an integer
 * round_to_bits   FRINT32 and FRINT64: to an integral value in env->rounding, raising FP_NX; what no
 *                 signed integer of so many bits has is the least one, raising FP_NV */
#define FP_DECLARE(name)                                                                           \
    name name##_recip_estimate(name a, struct fp_env *env);                                        \
    name name##_rsqrt_estimate(name a, struct fp_env *env);                                        \
    name name##_recip_exponent(name a, struct fp_env *env);                                        \
    name name##_recip_step(name a, name b, struct fp_env *env);                                    \
    name name##_rsqrt_step(name a, name b, struct fp_env *env);                                    \
    name name##_mulx(name a, name b, struct fp_env *env);                                          \
    uint64_t name##_to_fixed(name a, struct fp_fixed to, struct fp_env *env);                      \
    name fixed_to_##name(uint64_t a, struct fp_fixed from, struct fp_env *env);                    \
    name name##_round_to_bits(name a, unsigned bits, struct fp_env *env)

FP_DECLARE(f16);
FP_DECLARE(f32);
FP_DECLARE(f64);
#undef FP_DECLARE

/* Alternative half precision (FPCR.AHP): no infinities, no NaNs. What is too great becomes the
 * greatest number, a NaN zero, raising FP_NV. */
f32 f16alt_to_f32(f16 a, struct fp_env *env);
f64 f16alt_to_f64(f16 a, struct fp_env *env);
f16 f32_to_f16alt(f32 a, struct fp_env *env);
f16 f64_to_f16alt(f64 a, struct fp_env *env);

/* RecipEstimate: of 256 to 511, and RecipSqrtEstimate: of 128 to 511; both give 256 to 511. */
uint32_t fp_recip_estimate9(uint32_t a);
uint32_t fp_rsqrt_estimate9(uint32_t a);

#endif
