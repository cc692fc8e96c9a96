/* SPDX-License-Identifier: GPL-2.0-or-later
 * base_softfloat: what neither the host nor MPFR can tell about softfloat: the NaN rules of RISC-V
 * and Arm, minimum and maximum, integers that do not exist, classes, flushing as Arm does it, and
 * hard cases worked out by hand from IEEE 754-2019 and the architectures' manuals.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "softfloat_cases.h"

#define ONE    UINT64_C(0x3ff0000000000000)
#define INF    UINT64_C(0x7ff0000000000000)
#define QNAN   UINT64_C(0x7ff8000000000000)
#define SNAN   UINT64_C(0x7ff0000000000001)
#define QNAN_5 UINT64_C(0xfff8000000000005) /* payload 5, negative */
#define QNAN_6 UINT64_C(0x7ff8000000000006)
#define SNAN_7 UINT64_C(0xfff0000000000007)
#define SNAN_8 UINT64_C(0x7ff0000000000008)
#define QUIET  UINT64_C(0x0008000000000000)
#define SIGN   UINT64_C(0x8000000000000000)
#define MAX    UINT64_C(0x7fefffffffffffff)
#define LEAST  UINT64_C(0x0010000000000000) /* the least normal number */
#define DENORM UINT64_C(0x000fffffffffffff) /* the greatest denormal one */

typedef f64 binary(f64 a, f64 b, struct fp_env *env);

static struct fp_env env_of(enum fp_nan_rule rule)
{
    return (struct fp_env){.nan_rule = (uint8_t)rule};
}

/* ---- binary operations on f64 ---- */

struct row {
    binary *function;
    struct fp_env env; /* its flags are the expected ones */
    f64 a, b, expected;
};

#define RISCV(r, f)                                                                                \
    {                                                                                              \
        .rounding = (r), .nan_rule = FP_NAN_CANONICAL, .flags = (f)                                \
    }
#define ARM(f)                                                                                     \
    {                                                                                              \
        .nan_rule = FP_NAN_ARM, .tiny_before = 1, .flags = (f)                                     \
    }
#define X86(f)                                                                                     \
    {                                                                                              \
        .nan_rule = FP_NAN_X86, .flags = (f)                                                       \
    }
#define ARM_FLUSH(f)                                                                               \
    {                                                                                              \
        .nan_rule = FP_NAN_ARM, .tiny_before = 1, .flush_inputs = 1, .flush_output = 1,            \
        .flags = (f)                                                                               \
    }

static const struct row rows[] = {
    /* the NaN that comes out */
    {f64_add, RISCV(FP_RNE, 0), QNAN_5, ONE, QNAN},
    {f64_add, RISCV(FP_RNE, FP_NV), ONE, SNAN_7, QNAN},
    {f64_add, ARM(0), QNAN_5, QNAN_6, QNAN_5},
    {f64_add, ARM(0), ONE, QNAN_6, QNAN_6},
    {f64_add, ARM(FP_NV), QNAN_5, SNAN_7, SNAN_7 | QUIET},
    {f64_add, ARM(FP_NV), SNAN_8, SNAN_7, SNAN_8 | QUIET},
    {f64_sub, ARM(0), ONE, QNAN_5, QNAN_5},
    {f64_add, X86(FP_NV), QNAN_5, SNAN_7, QNAN_5},
    {f64_add, X86(FP_NV), SNAN_7, QNAN_5, SNAN_7 | QUIET},
    {f64_sub, RISCV(FP_RNE, FP_NV), INF, INF, QNAN},
    {f64_sub, ARM(FP_NV), INF, INF, QNAN},
    {f64_sub, X86(FP_NV), INF, INF, QNAN | SIGN},
    {f64_mul, RISCV(FP_RNE, FP_NV), 0, INF | SIGN, QNAN},
    {f64_div, RISCV(FP_RNE, FP_NV), 0, SIGN, QNAN},
    {f64_div, RISCV(FP_RNE, FP_NV), INF, INF, QNAN},
    {f64_div, RISCV(FP_RNE, FP_DZ), ONE, SIGN, INF | SIGN},
    {f64_div, RISCV(FP_RNE, 0), INF, SIGN, INF | SIGN},
    {f64_rem, RISCV(FP_RNE, FP_NV), INF, ONE, QNAN},
    {f64_rem, RISCV(FP_RNE, FP_NV), ONE, 0, QNAN},
    {f64_rem, RISCV(FP_RNE, 0), ONE, INF, ONE},
    /* zeros */
    {f64_sub, RISCV(FP_RNE, 0), ONE, ONE, 0},
    {f64_sub, RISCV(FP_RDN, 0), ONE, ONE, SIGN},
    {f64_add, RISCV(FP_RDN, 0), 0, SIGN, SIGN},
    {f64_add, RISCV(FP_RDN, 0), SIGN, SIGN, SIGN},
    {f64_add, RISCV(FP_RUP, 0), SIGN, SIGN, SIGN},
    /* ties: 1 + 2^-53 is halfway to the next number, 1 + 3 * 2^-53 too */
    {f64_add, RISCV(FP_RNE, FP_NX), ONE, UINT64_C(0x3ca0000000000000), ONE},
    {f64_add, RISCV(FP_RMM, FP_NX), ONE, UINT64_C(0x3ca0000000000000), ONE + 1},
    {f64_sub, RISCV(FP_RMM, FP_NX), ONE | SIGN, UINT64_C(0x3ca0000000000000), (ONE + 1) | SIGN},
    {f64_add, RISCV(FP_RMM, FP_NX), ONE, UINT64_C(0x3c9fffffffffffff), ONE},
    {f64_add, RISCV(FP_ODD, FP_NX), ONE, 1, ONE + 1},
    {f64_add, RISCV(FP_ODD, FP_NX), ONE + 1, 1, ONE + 1},
    {f64_add, RISCV(FP_RNE, FP_NX), ONE + 1, UINT64_C(0x3ca0000000000000), ONE + 2},
    /* overflow */
    {f64_add, RISCV(FP_RNE, FP_OF | FP_NX), MAX, MAX, INF},
    {f64_add, RISCV(FP_RTZ, FP_OF | FP_NX), MAX, MAX, MAX},
    {f64_add, RISCV(FP_RDN, FP_OF | FP_NX), MAX, MAX, MAX},
    {f64_add, RISCV(FP_RDN, FP_OF | FP_NX), MAX | SIGN, MAX | SIGN, INF | SIGN},
    {f64_add, RISCV(FP_RUP, FP_OF | FP_NX), MAX | SIGN, MAX | SIGN, MAX | SIGN},
    {f64_add, RISCV(FP_RMM, FP_OF | FP_NX), MAX, MAX, INF},
    {f64_add, RISCV(FP_ODD, FP_OF | FP_NX), MAX, MAX, MAX},
    /* underflow. (1 - 2^-53) * LEAST needs no rounding if exponents have no end: tiny by both
     * rules, though it becomes LEAST. (1 + 2^-52) * DENORM = (1 - 2^-104) * LEAST would be rounded
     * to LEAST even then: tiny before rounding only. */
    {f64_mul, RISCV(FP_RNE, FP_UF | FP_NX), UINT64_C(0x3fefffffffffffff), LEAST, LEAST},
    {f64_mul, RISCV(FP_RNE, FP_NX), ONE + 1, DENORM, LEAST},
    {f64_mul, ARM(FP_UF | FP_NX), ONE + 1, DENORM, LEAST},
    {f64_mul, RISCV(FP_RNE, FP_UF | FP_NX), 1, UINT64_C(0x3fe0000000000000), 0},
    {f64_mul, RISCV(FP_RUP, FP_UF | FP_NX), 1, 1, 1},
    {f64_mul, RISCV(FP_RNE, 0), 2, UINT64_C(0x3fe0000000000000), 1},
    /* flushing, as Arm does it: underflow without inexact, the sign stays */
    {f64_mul, ARM_FLUSH(FP_UF), LEAST | SIGN, UINT64_C(0x3fe0000000000000), SIGN},
    {f64_add, ARM_FLUSH(FP_ID), DENORM, ONE, ONE},
    {f64_add, ARM_FLUSH(FP_ID), DENORM, 0, 0},
    {f64_add, ARM_FLUSH(FP_ID), DENORM, QNAN_5, QNAN_5},
    /* minimum and maximum */
    {f64_min, RISCV(FP_RNE, 0), 0, SIGN, SIGN},
    {f64_min, RISCV(FP_RNE, 0), SIGN, 0, SIGN},
    {f64_max, RISCV(FP_RNE, 0), 0, SIGN, 0},
    {f64_max, RISCV(FP_RNE, 0), SIGN, 0, 0},
    {f64_min, RISCV(FP_RNE, 0), QNAN_5, ONE, ONE},
    {f64_min, RISCV(FP_RNE, FP_NV), SNAN, ONE, ONE},
    {f64_max, RISCV(FP_RNE, FP_NV), ONE, SNAN, ONE},
    {f64_max, RISCV(FP_RNE, 0), QNAN_5, QNAN_6, QNAN},
    {f64_max, RISCV(FP_RNE, FP_NV), QNAN_5, SNAN_7, QNAN},
    {f64_min, RISCV(FP_RNE, 0), INF | SIGN, MAX | SIGN, INF | SIGN},
    {f64_min_x86, X86(0), 0, SIGN, SIGN},
    {f64_min_x86, X86(0), SIGN, 0, 0},
    {f64_min_x86, X86(FP_NV), QNAN_5, ONE, ONE},
    {f64_min_x86, X86(FP_NV), ONE, SNAN_7, SNAN_7},
    {f64_min_arm, ARM(0), QNAN_5, ONE, QNAN_5},
    {f64_max_arm, ARM(FP_NV), QNAN_5, SNAN_7, SNAN_7 | QUIET},
    {f64_min_arm, ARM(0), 0, SIGN, SIGN},
    {f64_min_num_arm, ARM(0), QNAN_5, ONE, ONE},
    {f64_max_num_arm, ARM(0), ONE, QNAN_5, ONE},
    {f64_min_num_arm, ARM(FP_NV), SNAN_7, ONE, SNAN_7 | QUIET},
    {f64_min_num_arm, ARM(0), QNAN_6, QNAN_5, QNAN_6},
    {f64_min_arm, ARM_FLUSH(FP_ID), DENORM | SIGN, ONE, SIGN},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fp_env env = rows[i].env;
        env.flags = 0;
        f64 got = rows[i].function(rows[i].a, rows[i].b, &env);
        /* a denormal operand is only of interest where it is flushed */
        unsigned flags = env.flush_inputs ? env.flags : env.flags & ~(unsigned)FP_ID;
        if (got != rows[i].expected || flags != rows[i].env.flags) {
            fail_msg("row %zu: %016" PRIx64 " flags %02x instead of %016" PRIx64 " %02x", i, got,
                     flags, rows[i].expected, rows[i].env.flags);
        }
    }
}

/* ---- fused multiply-add ---- */

static void test_fma_nan(void **state)
{
    static const struct {
        enum fp_nan_rule rule;
        f64 a, b, c, expected;
        unsigned flags;
    } fma_rows[] = {
        {FP_NAN_CANONICAL, INF, 0, QNAN_5, QNAN, FP_NV},
        {FP_NAN_ARM, INF, 0, QNAN_5, QNAN, FP_NV},
        {FP_NAN_ARM, INF, 0, SNAN_7, SNAN_7 | QUIET, FP_NV},
        {FP_NAN_X86, INF, 0, QNAN_5, QNAN_5, 0},
        {FP_NAN_X86, INF, 0, ONE, QNAN | SIGN, FP_NV},
        {FP_NAN_ARM, QNAN_5, ONE, QNAN_6, QNAN_6, 0},
        {FP_NAN_ARM, QNAN_5, QNAN_6, ONE, QNAN_5, 0},
        {FP_NAN_ARM, QNAN_5, SNAN_7, QNAN_6, SNAN_7 | QUIET, FP_NV},
        {FP_NAN_ARM, SNAN_7, SNAN_8, QNAN_6, SNAN_7 | QUIET, FP_NV},
        {FP_NAN_ARM, SNAN_7, ONE, SNAN_8, SNAN_8 | QUIET, FP_NV},
        {FP_NAN_X86, QNAN_5, ONE, QNAN_6, QNAN_5, 0},
        {FP_NAN_CANONICAL, INF, ONE, INF | SIGN, QNAN, FP_NV},
        {FP_NAN_CANONICAL, ONE, ONE, INF | SIGN, INF | SIGN, 0},
        {FP_NAN_CANONICAL, 0, ONE, ONE, ONE, 0},
        {FP_NAN_CANONICAL, 0, ONE | SIGN, SIGN, SIGN, 0},
        {FP_NAN_CANONICAL, 0, ONE, SIGN, 0, 0},
        {FP_NAN_CANONICAL, ONE, ONE, ONE | SIGN, 0, 0},
        /* (1 + 2^-52)^2 - (1 + 2^-51) = 2^-104: only there if the product was not rounded */
        {FP_NAN_CANONICAL, ONE + 1, ONE + 1, (ONE + 2) | SIGN, UINT64_C(0x3970000000000000), 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fma_rows); i++) {
        struct fp_env env = env_of(fma_rows[i].rule);
        f64 got = f64_fma(fma_rows[i].a, fma_rows[i].b, fma_rows[i].c, &env);
        if (got != fma_rows[i].expected || env.flags != fma_rows[i].flags) {
            fail_msg("row %zu: %016" PRIx64 " flags %02x", i, got, env.flags);
        }
    }
}

/* ---- comparisons and classes ---- */

static void test_compare(void **state)
{
    struct fp_env env = env_of(FP_NAN_CANONICAL);

    (void)state;
    assert_true(f64_eq(0, SIGN, &env));
    assert_true(f64_le(SIGN, 0, &env));
    assert_false(f64_lt(SIGN, 0, &env));
    assert_true(f64_lt(INF | SIGN, MAX | SIGN, &env));
    assert_false(f64_eq(QNAN, QNAN, &env));
    assert_false(f64_lt_quiet(QNAN, ONE, &env));
    assert_false(f64_le_quiet(ONE, QNAN, &env));
    assert_int_equal(f64_compare(ONE, QNAN, false, &env), FP_UNORDERED);
    assert_int_equal(env.flags, 0);

    bool (*const signals[])(f64, f64, struct fp_env *) = {f64_lt, f64_le, f64_eq_signaling};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        env.flags = 0;
        assert_false(signals[i](QNAN, ONE, &env));
        assert_int_equal(env.flags, FP_NV);
    }
    bool (*const quiet[])(f64, f64, struct fp_env *) = {f64_eq, f64_lt_quiet, f64_le_quiet};
    for (size_t i = 0; i < ARRAY_LEN(quiet); i++) {
        env.flags = 0;
        assert_false(quiet[i](ONE, SNAN, &env));
        assert_int_equal(env.flags, FP_NV);
    }
}

static void test_class(void **state)
{
    static const f64 of_bit[10] = {INF | SIGN, ONE | SIGN, DENORM | SIGN, SIGN, 0,
                                   DENORM,     ONE,        INF,           SNAN, QNAN};
    struct fp_env env = env_of(FP_NAN_ARM);

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(f64_class(of_bit[i]), 1u << i);
        assert_int_equal(f64_is_nan(of_bit[i]), i >= 8);
        assert_int_equal(f64_is_snan(of_bit[i]), i == 8);
        if (i != 8) { /* a conversion quietens */
            assert_int_equal(f128_class(f64_to_f128(of_bit[i], &env)), i == 2   ? 1u << 1
                                                                       : i == 5 ? 1u << 6
                                                                                : 1u << i);
        }
    }
    assert_int_equal(f16_class(0x0001), 1u << 5);
    assert_int_equal(f16_class(0x7c01), 1u << 8);
    assert_int_equal(f32_class(0xff800000), 1u << 0);
    assert_int_equal(f80_class((struct f80){1, 0}), 1u << 5);
    assert_int_equal(f80_class((struct f80){UINT64_C(1) << 63, 0x7fff}), 1u << 7);
    /* an unnormal, a pseudo-infinity */
    assert_true(f80_is_snan((struct f80){1, 0x3fff}));
    assert_true(f80_is_nan((struct f80){0, 0x7fff}));
}

/* ---- conversions ---- */

static void test_no_such_int(void **state)
{
    static const struct {
        f64 a;
        int32_t i32[3]; /* by RISC-V, Arm, x86 */
        uint64_t u64[3];
    } int_rows[] = {
        {QNAN_5, {INT32_MAX, 0, INT32_MIN}, {UINT64_MAX, 0, UINT64_MAX}},
        {INF, {INT32_MAX, INT32_MAX, INT32_MIN}, {UINT64_MAX, UINT64_MAX, UINT64_MAX}},
        {INF | SIGN, {INT32_MIN, INT32_MIN, INT32_MIN}, {0, 0, UINT64_MAX}},
        {MAX, {INT32_MAX, INT32_MAX, INT32_MIN}, {UINT64_MAX, UINT64_MAX, UINT64_MAX}},
        {MAX | SIGN, {INT32_MIN, INT32_MIN, INT32_MIN}, {0, 0, UINT64_MAX}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(int_rows); i++) {
        for (int rule = FP_INT_RISCV; rule <= FP_INT_X86; rule++) {
            struct fp_env env = env_of(FP_NAN_CANONICAL);
            assert_int_equal(f64_to_i32(int_rows[i].a, (enum fp_int_rule)rule, &env),
                             int_rows[i].i32[rule]);
            assert_int_equal(env.flags, FP_NV);
            env.flags = 0;
            assert_int_equal(f64_to_u64(int_rows[i].a, (enum fp_int_rule)rule, &env),
                             int_rows[i].u64[rule]);
            assert_int_equal(env.flags, FP_NV);
        }
    }
    /* -0.5 is no error for an unsigned integer if it rounds to 0 */
    struct fp_env env = env_of(FP_NAN_CANONICAL);
    assert_int_equal(f64_to_u32(UINT64_C(0xbfe0000000000000), FP_INT_RISCV, &env), 0);
    assert_int_equal(env.flags, FP_NX);
    env = (struct fp_env){.rounding = FP_RDN};
    assert_int_equal(f64_to_u32(UINT64_C(0xbfe0000000000000), FP_INT_RISCV, &env), 0);
    assert_int_equal(env.flags, FP_NV);
}

static void test_convert(void **state)
{
    struct fp_env env = env_of(FP_NAN_ARM);

    (void)state;
    /* the payload keeps its top */
    assert_int_equal(f64_to_f32(UINT64_C(0xfffa000020000001), &env), 0xffd00001);
    assert_int_equal(f32_to_f64(0xffd00001, &env), UINT64_C(0xfffa000020000000));
    assert_int_equal(env.flags, 0);
    assert_int_equal(f64_to_f32(SNAN, &env), 0x7fc00000);
    assert_int_equal(env.flags, FP_NV);
    env = env_of(FP_NAN_CANONICAL);
    assert_int_equal(f64_to_f32(UINT64_C(0xfffa000020000001), &env), 0x7fc00000);
    assert_int_equal(env.flags, 0);
    /* the least f16 is 2^-24; 65520 is half way past the greatest */
    assert_int_equal(f32_to_f16(0x33800000, &env), 1);
    assert_int_equal(env.flags, 0);
    assert_int_equal(f32_to_f16(0x477fefff, &env), 0x7bff);
    assert_int_equal(env.flags, FP_NX);
    assert_int_equal(f32_to_f16(0x477ff000, &env), 0x7c00);
    assert_int_equal(env.flags, FP_NX | FP_OF);
    /* an integer needs more than 24 and 53 bits, but not more than 64 */
    env = env_of(FP_NAN_CANONICAL);
    assert_int_equal(u64_to_f80(UINT64_MAX, &env).significand, UINT64_MAX);
    assert_int_equal(i64_to_f80(INT64_MIN, &env).sign_exponent, 0x8000 | (0x3fff + 63));
    assert_int_equal(env.flags, 0);
    assert_int_equal(u64_to_f64(UINT64_MAX, &env), UINT64_C(0x43f0000000000000));
    assert_int_equal(env.flags, FP_NX);
}

/* Round to odd at more than twice the precision, and then once more, is the same as rounding once:
 * what round to odd is for. */
static void test_odd_then_nearest(void **state)
{
    struct cases c = {.seed = 3};
    unsigned count = cases_count(20000);

    (void)state;
    for (unsigned i = 0; i < count; i++) {
        f64 a = (f64)cases_bits(&c, FP_FORMAT_f64, 1023);
        f64 b = (f64)cases_bits(&c, FP_FORMAT_f64, cases_exp(FP_FORMAT_f64, a));
        struct fp_env odd = {.rounding = FP_ODD}, near = {.rounding = FP_RNE}, once = near;
        struct f128 sum = f128_add(f64_to_f128(a, &odd), f64_to_f128(b, &odd), &odd);
        assert_int_equal(f128_to_f64(sum, &near), f64_add(a, b, &once));
        struct f128 ratio = f128_div(f64_to_f128(a, &odd), f64_to_f128(b, &odd), &odd);
        assert_int_equal(f128_to_f64(ratio, &near), f64_div(a, b, &once));
        f16 x = (f16)cases_bits(&c, FP_FORMAT_f16, 15), y = (f16)cases_bits(&c, FP_FORMAT_f16, 15);
        f16 z = (f16)cases_bits(&c, FP_FORMAT_f16, 15);
        f64 fused = f64_fma(f16_to_f64(x, &odd), f16_to_f64(y, &odd), f16_to_f64(z, &odd), &odd);
        assert_int_equal(f64_to_f16(fused, &near), f16_fma(x, y, z, &once));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_fma_nan),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_class),
        cmocka_unit_test(test_no_such_int),
        cmocka_unit_test(test_convert),
        cmocka_unit_test(test_odd_then_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
