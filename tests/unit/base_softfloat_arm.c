/* SPDX-License-Identifier: GPL-2.0-or-later
 * base_softfloat_arm: what only Arm has of softfloat: answers worked out by hand from the manual's
 * pseudocode, and identities that tie the rest to operations which other tests compare with the host
 * and MPFR.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "softfloat_cases.h"

#define CASES 20000

static struct fp_env arm(unsigned rounding)
{
    return (struct fp_env){.rounding = (uint8_t)rounding, .nan_rule = FP_NAN_ARM, .tiny_before = 1};
}

/* ---- estimates ---- */

struct estimate {
    f32 a, recip, rsqrt;
    uint8_t recip_flags, rsqrt_flags;
};

static const struct estimate estimates[] = {
    {0x3f800000, 0x3f7f8000, 0x3f7f8000, 0, 0}, /* 1 */
    {0x40000000, 0x3eff8000, 0x3f348000, 0, 0}, /* 2 */
    {0x40800000, 0x3e7f8000, 0x3eff8000, 0, 0}, /* 4 */
    {0x40400000, 0x3eaa8000, 0x3f138000, 0, 0}, /* 3 */
    {0xbf800000, 0xbf7f8000, 0x7fc00000, 0, FP_NV},
    {0x00000000, 0x7f800000, 0x7f800000, FP_DZ, FP_DZ},
    {0x80000000, 0xff800000, 0xff800000, FP_DZ, FP_DZ},
    {0x7f800000, 0x00000000, 0x00000000, 0, 0},
    {0xff800000, 0x80000000, 0x7fc00000, 0, FP_NV},
    {0x7f800001, 0x7fc00001, 0x7fc00001, FP_NV, FP_NV},
    {0xffc00005, 0xffc00005, 0xffc00005, 0, 0},
    {0x00400000, 0x7eff8000, 0x5f348000, 0, 0},             /* 2^-127 */
    {0x7f000000, 0x003fe000, 0x1fb48000, 0, 0},             /* 2^127 */
    {0x00100000, 0x7f800000, 0x5fb48000, FP_OF | FP_NX, 0}, /* 2^-129 */
};

static void test_estimates(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(estimates); i++) {
        const struct estimate *e = &estimates[i];
        struct fp_env env = arm(FP_RNE);

        assert_int_equal(f32_recip_estimate(e->a, &env), e->recip);
        assert_int_equal(env.flags & ~FP_ID, e->recip_flags);
        env.flags = 0;
        assert_int_equal(f32_rsqrt_estimate(e->a, &env), e->rsqrt);
        assert_int_equal(env.flags & ~FP_ID, e->rsqrt_flags);
    }
}

/* The error of an estimate is less than 1/256 of it (of 1/2^8 relative, as the manual promises),
 * asked without a division: a * estimate is near 1. */
static void test_estimates_are_near(void **state)
{
    struct cases c = {.seed = 7};

    (void)state;
    for (unsigned i = 0; i < cases_count(CASES); i++) {
        struct fp_env env = arm(FP_RNE);
        f64 a = (cases_random(&c) >> 12) | (uint64_t)(1023 - 100 + cases_below(&c, 200)) << 52;
        f64 x = f64_recip_estimate(a, &env);
        f64 y = f64_rsqrt_estimate(a, &env);
        f64 one = UINT64_C(0x3ff0000000000000), bound = UINT64_C(0x3f70000000000000);

        f64 e1 = f64_sub(f64_mul(a, x, &env), one, &env) & INT64_MAX;
        f64 e2 = f64_sub(f64_mul(f64_mul(a, y, &env), y, &env), one, &env) & INT64_MAX;
        assert_true(f64_lt(e1, bound, &env));
        assert_true(f64_lt(e2, f64_add(bound, bound, &env), &env));
    }
}

/* ---- steps: identities with fma ---- */

#define SIGN UINT64_C(0x8000000000000000)
#define TWO  UINT64_C(0x4000000000000000)
#define INF  UINT64_C(0x7ff0000000000000)

static void test_steps(void **state)
{
    struct cases c = {.seed = 11};
    const f64 one_half = UINT64_C(0x3ff8000000000000), half = UINT64_C(0x3fe0000000000000);

    (void)state;
    for (unsigned i = 0; i < cases_count(CASES); i++) {
        unsigned rounding = cases_below(&c, 4);
        struct fp_env e1 = arm(rounding), e2 = e1, e3 = e1, e4 = e1, scratch = e1;
        f64 a = (cases_random(&c) >> 12) | (uint64_t)(1023 - 40 + cases_below(&c, 80)) << 52;
        f64 b = (cases_random(&c) >> 12) | (uint64_t)(1023 - 40 + cases_below(&c, 80)) << 52;

        a ^= cases_random(&c) & SIGN;
        assert_int_equal(f64_recip_step(a, b, &e1), f64_fma(a ^ SIGN, b, TWO, &e2));
        assert_int_equal(e1.flags, e2.flags);
        f64 halved = f64_mul(a ^ SIGN, half, &scratch);
        assert_int_equal(f64_rsqrt_step(a, b, &e3), f64_fma(halved, b, one_half, &e4));
        assert_int_equal(e3.flags, e4.flags);
    }
}

static void test_rare_products(void **state)
{
    struct fp_env e = arm(FP_RNE);

    (void)state;
    assert_int_equal(f64_recip_step(0, INF, &e), TWO);
    assert_int_equal(f64_rsqrt_step(INF, 0, &e), UINT64_C(0x3ff8000000000000));
    assert_int_equal(f64_mulx(INF, 0, &e), TWO);
    assert_int_equal(f64_mulx(INF | SIGN, 0, &e), TWO | SIGN);
    assert_int_equal(f64_recip_step(INF, INF, &e), INF | SIGN);
    assert_int_equal(e.flags, 0);
    assert_int_equal(f64_recip_step(INF | 1, 0, &e), INF | SIGN | UINT64_C(0x8000000000001));
    assert_int_equal(e.flags, FP_NV);
    e.flags = 0;
    assert_int_equal(f64_recip_exponent(TWO, &e), UINT64_C(0x3ff0000000000000));
    assert_int_equal(f64_recip_exponent(SIGN, &e), UINT64_C(0xffe0000000000000));
    assert_int_equal(f64_recip_exponent(INF, &e), 0);
    assert_int_equal(e.flags, 0);
}

/* ---- fixed point ---- */

static void test_fixed(void **state)
{
    struct cases c = {.seed = 13};

    (void)state;
    for (unsigned i = 0; i < cases_count(CASES); i++) {
        unsigned rounding = cases_below(&c, 5), fraction = cases_below(&c, 33);
        struct fp_env e1 = arm(rounding), e2 = e1, scratch = e1;
        f64 scale = (uint64_t)(1023 + fraction) << 52, back = (uint64_t)(1023 - fraction) << 52;
        f64 a = (cases_random(&c) >> 12) | (uint64_t)(1023 - 70 + cases_below(&c, 140)) << 52;
        struct fp_fixed f32s = {32, 1, (uint8_t)fraction}, f64u = {64, 0, (uint8_t)fraction};

        a ^= cases_random(&c) & SIGN;
        f64 scaled = f64_mul(a, scale, &scratch);
        assert_int_equal(f64_to_fixed(a, f32s, &e1), (uint32_t)f64_to_i32(scaled, FP_INT_ARM, &e2));
        assert_int_equal(e1.flags, e2.flags);
        e1.flags = e2.flags = 0;
        assert_int_equal(f64_to_fixed(a, f64u, &e1), f64_to_u64(scaled, FP_INT_ARM, &e2));
        assert_int_equal(e1.flags, e2.flags);
        e1.flags = e2.flags = 0;
        assert_int_equal(fixed_to_f64(a, f64u, &e1), f64_mul(u64_to_f64(a, &e2), back, &scratch));
        assert_int_equal(e1.flags, e2.flags);
    }
    struct fp_env e = arm(FP_RTZ);
    assert_int_equal(f16_to_fixed(0x7bff, (struct fp_fixed){16, 1, 0}, &e), 0x7fff);
    assert_int_equal(f16_to_fixed(0xfbff, (struct fp_fixed){16, 1, 0}, &e), 0x8000);
    assert_int_equal(e.flags, FP_NV);
    assert_int_equal(fixed_to_f16(0xffff, (struct fp_fixed){16, 1, 0}, &e), 0xbc00);
    assert_int_equal(f64_to_fixed(INF | 2, (struct fp_fixed){64, 1, 0}, &e), 0);
}

static void test_round_to_bits(void **state)
{
    struct cases c = {.seed = 17};

    (void)state;
    for (unsigned i = 0; i < cases_count(CASES); i++) {
        unsigned rounding = cases_below(&c, 4);
        struct fp_env e1 = arm(rounding), e2 = e1, e3 = e1;
        f64 a = (cases_random(&c) >> 12) | (uint64_t)(1023 - 4 + cases_below(&c, 42)) << 52;

        a ^= cases_random(&c) & SIGN;
        f64_to_i32(a, FP_INT_ARM, &e2);
        f64 r = f64_round_to_bits(a, 32, &e1);
        assert_int_equal(e1.flags, e2.flags);
        assert_int_equal(r, e2.flags & FP_NV ? UINT64_C(0xc1e0000000000000)
                                             : f64_round_to_int(a, true, &e3));
    }
    struct fp_env e = arm(FP_RNE);
    assert_int_equal(f32_round_to_bits(0x7fc00000, 64, &e), 0xdf000000);
    assert_int_equal(f32_round_to_bits(0xff800000, 32, &e), 0xcf000000);
    assert_int_equal(e.flags, FP_NV);
    e.flags = 0;
    assert_int_equal(f32_round_to_bits(0xcf000000, 32, &e), 0xcf000000); /* -2^31 has one */
    assert_int_equal(f32_round_to_bits(SIGN >> 32, 32, &e), SIGN >> 32);
    assert_int_equal(e.flags, 0);
}

/* ---- alternative half precision ---- */

static void test_alternative_half(void **state)
{
    (void)state;
    for (unsigned h = 0; h <= UINT16_MAX; h++) {
        struct fp_env e = arm(FP_RNE);
        f32 s = f16alt_to_f32((f16)h, &e);

        if ((h >> 10 & 0x1f) != 0x1f) {
            assert_int_equal(s, f16_to_f32((f16)h, &e));
        }
        assert_int_equal(f32_to_f16alt(s, &e), h);
        assert_int_equal(f64_to_f16alt(f16alt_to_f64((f16)h, &e), &e), h);
        assert_int_equal(e.flags & ~FP_ID, 0);
    }
    struct fp_env e = arm(FP_RNE);
    assert_int_equal(f16alt_to_f32(0x7c00, &e), 0x47800000); /* 65536 */
    assert_int_equal(f16alt_to_f32(0xffff, &e), 0xc7ffe000); /* -131008 */
    assert_int_equal(e.flags, 0);
    assert_int_equal(f32_to_f16alt(0x7f800000, &e), 0x7fff);
    assert_int_equal(f32_to_f16alt(0xffc00000, &e), 0x8000);
    assert_int_equal(f32_to_f16alt(0xc7fff000, &e), 0xffff); /* rounds to 2^17 */
    assert_int_equal(e.flags, FP_NV);
    e.flags = 0;
    assert_int_equal(f32_to_f16alt(0x47800001, &e), 0x7c00);
    assert_int_equal(e.flags, FP_NX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_estimates),
        cmocka_unit_test(test_estimates_are_near),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_rare_products),
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_round_to_bits),
        cmocka_unit_test(test_alternative_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
