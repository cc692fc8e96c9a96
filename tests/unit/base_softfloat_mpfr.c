/* SPDX-License-Identifier: GPL-2.0-or-later
 * base_softfloat_mpfr: softfloat against MPFR, all five formats in all six rounding modes, bits
 * and flags, tininess before and after rounding. MPFR computes with so many digits that only its
 * ternary value is needed for the rest; rounding to the format is then done on its integers
 * (mpfr_rint and friends), which shares nothing with softfloat's. NaN operands are left to
 * base_softfloat and base_softfloat_host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <mpfr.h>

#include "softfloat_cases.h"

enum { PRECISION = 400 };

/* ---- bits to MPFR and back ---- */

static void set_integer(mpfr_t r, u128 x)
{
    mpfr_set_ui(r, (unsigned long)(x >> 64), MPFR_RNDN);
    mpfr_mul_2ui(r, r, 64, MPFR_RNDN);
    mpfr_add_ui(r, r, (unsigned long)x, MPFR_RNDN);
}

static u128 get_integer(mpfr_t x)
{
    mpfr_t high;
    mpfr_init2(high, PRECISION);
    mpfr_div_2ui(high, x, 64, MPFR_RNDN);
    mpfr_floor(high, high);
    u128 hi = mpfr_get_ui(high, MPFR_RNDN);
    mpfr_mul_2ui(high, high, 64, MPFR_RNDN);
    mpfr_sub(high, x, high, MPFR_RNDN);
    u128 lo = mpfr_get_ui(high, MPFR_RNDN);
    mpfr_clear(high);
    return hi << 64 | lo;
}

/* False: a NaN, or no proper encoding. */
static bool set_bits(mpfr_t r, struct fp_format f, u128 bits)
{
    int exp = cases_exp(f, bits);
    u128 one = (u128)1 << f.frac_bits;
    u128 fraction = bits & (one - 1);
    bool negative = bits >> (f.frac_bits + f.one_bits + f.exp_bits) & 1;

    if (f.one_bits && (exp != 0) != ((bits & one) != 0)) {
        return false;
    }
    if (exp == fp_exp_mask(f)) {
        mpfr_set_inf(r, 1);
        if (fraction != 0) {
            return false;
        }
    } else {
        set_integer(r, exp == 0 ? fraction : fraction | one);
        mpfr_mul_2si(r, r, (exp == 0 ? 1 : exp) - fp_bias(f) - f.frac_bits, MPFR_RNDN);
    }
    mpfr_setsign(r, r, negative, MPFR_RNDN);
    return true;
}

/* An integer from x, whose fraction is all there; r is not x. */
static void round_integer(mpfr_t r, mpfr_t x, unsigned rounding)
{
    switch ((enum fp_rounding)rounding) {
    case FP_RNE: mpfr_rint(r, x, MPFR_RNDN); break;
    case FP_RTZ: mpfr_trunc(r, x); break;
    case FP_RDN: mpfr_floor(r, x); break;
    case FP_RUP: mpfr_ceil(r, x); break;
    case FP_RMM: mpfr_round(r, x); break;
    case FP_ODD:
        mpfr_trunc(r, x);
        if (!mpfr_equal_p(r, x)) {
            mpfr_t half;
            mpfr_init2(half, PRECISION);
            mpfr_div_2ui(half, r, 1, MPFR_RNDN);
            if (mpfr_integer_p(half)) {
                mpfr_add_si(r, r, mpfr_signbit(x) ? -1 : 1, MPFR_RNDN);
            }
            mpfr_clear(half);
        }
        break;
    }
}

/* After an operation rounded toward zero: puts something below the last place if digits were
 * lost, so that every later rounding sees them. */
static void keep_inexact(mpfr_t x, int ternary)
{
    if (ternary != 0) {
        mpfr_prec_round(x, PRECISION + 2, MPFR_RNDN);
        if (mpfr_signbit(x)) {
            mpfr_nextbelow(x);
        } else {
            mpfr_nextabove(x);
        }
    }
}

struct result {
    u128 bits;
    unsigned flags;
};

static struct result overflowed(struct fp_format f, unsigned rounding, bool negative)
{
    bool finite = rounding == FP_RTZ || rounding == FP_ODD || (rounding == FP_RUP && negative) ||
                  (rounding == FP_RDN && !negative);
    u128 one = (u128)1 << f.frac_bits;
    return (struct result){
        finite ? fp_assemble(f, negative, fp_exp_mask(f) - 1, one | (one - 1))
               : fp_assemble(f, negative, fp_exp_mask(f), one),
        FP_OF | FP_NX,
    };
}

/* Rounds x, which is neither 0 nor infinite nor a NaN. */
static struct result round_number(struct fp_format f, mpfr_t x, const struct fp_env *env)
{
    int p = f.frac_bits + 1, least = 1 - fp_bias(f);
    long exp = mpfr_get_exp(x) - 1;
    long last = (exp < least ? least : exp) - p + 1; /* the last place is 2^last */
    bool negative = mpfr_signbit(x), tiny = exp < least;
    struct result r = {0, 0};
    mpfr_t scaled, whole;

    mpfr_init2(scaled, PRECISION + 4);
    mpfr_init2(whole, PRECISION + 4);
    if (tiny && !env->tiny_before) {
        mpfr_mul_2si(scaled, x, p - 1 - exp, MPFR_RNDN);
        round_integer(whole, scaled, env->rounding);
        mpfr_mul_2si(whole, whole, exp - p + 1, MPFR_RNDN);
        tiny = mpfr_get_exp(whole) - 1 < least;
    }
    mpfr_mul_2si(scaled, x, -last, MPFR_RNDN);
    round_integer(whole, scaled, env->rounding);
    if (!mpfr_equal_p(whole, scaled)) {
        r.flags = tiny ? FP_NX | FP_UF : FP_NX;
    }
    mpfr_abs(whole, whole, MPFR_RNDN);
    u128 sig = get_integer(whole);
    mpfr_clear(scaled);
    mpfr_clear(whole);
    if (p < 128 && sig >> p != 0) {
        sig >>= 1;
        last++;
    }
    long biased = sig >> f.frac_bits == 0 ? 0 : last + p - 1 + fp_bias(f);
    if (biased >= fp_exp_mask(f)) {
        return overflowed(f, env->rounding, negative);
    }
    r.bits = fp_assemble(f, negative, (int)biased, sig);
    return r;
}

static struct result round_any(struct fp_format f, mpfr_t x, const struct fp_env *env)
{
    u128 one = (u128)1 << f.frac_bits;

    if (mpfr_nan_p(x)) {
        return (struct result){fp_assemble(f, 0, fp_exp_mask(f), one | one >> 1), FP_NV};
    }
    if (mpfr_inf_p(x)) {
        return (struct result){fp_assemble(f, mpfr_signbit(x) != 0, fp_exp_mask(f), one), 0};
    }
    if (mpfr_zero_p(x)) {
        return (struct result){fp_assemble(f, mpfr_signbit(x) != 0, 0, 0), 0};
    }
    return round_number(f, x, env);
}

/* ---- the operations ---- */

enum operation { ADD, SUB, MUL, DIV, REM, SQRT, FMA, ROUND, OPERATIONS };

static const char *const operation_names[] = {"add", "sub",  "mul", "div",
                                              "rem", "sqrt", "fma", "round_to_int"};

static int compute(enum operation op, mpfr_t r, mpfr_t *x, mpfr_rnd_t toward)
{
    switch (op) {
    case ADD: return mpfr_add(r, x[0], x[1], toward);
    case SUB: return mpfr_sub(r, x[0], x[1], toward);
    case MUL: return mpfr_mul(r, x[0], x[1], toward);
    case DIV: return mpfr_div(r, x[0], x[1], toward);
    case REM: return mpfr_remainder(r, x[0], x[1], toward);
    case SQRT: return mpfr_sqrt(r, x[0], toward);
    case FMA: return mpfr_fma(r, x[0], x[1], x[2], toward);
    case ROUND:
    case OPERATIONS: break;
    }
    return mpfr_set(r, x[0], toward);
}

static struct result expect(enum operation op, struct fp_format f, mpfr_t *x,
                            const struct fp_env *env)
{
    struct result r;
    mpfr_t exact;

    mpfr_init2(exact, PRECISION);
    mpfr_clear_flags();
    int ternary = compute(op, exact, x, MPFR_RNDZ);
    if (mpfr_zero_p(exact) && env->rounding == FP_RDN) {
        ternary = compute(op, exact, x, MPFR_RNDD); /* the sign of x - x */
    }
    unsigned flags = mpfr_divby0_p() ? FP_DZ : 0;
    if (op == ROUND && mpfr_number_p(exact) && !mpfr_zero_p(exact)) {
        bool negative = mpfr_signbit(exact);
        round_integer(exact, x[0], env->rounding);
        mpfr_setsign(exact, exact, negative, MPFR_RNDN);
        flags |= mpfr_equal_p(exact, x[0]) ? 0 : FP_NX;
    }
    keep_inexact(exact, ternary);
    r = round_any(f, exact, env);
    r.flags |= flags;
    mpfr_clear(exact);
    return r;
}

#define DEFINE_RUN(name, type)                                                                     \
    static u128 run_##name(enum operation op, const u128 x[3], struct fp_env *env)                 \
    {                                                                                              \
        type a = fp_make_##name(x[0]), b = fp_make_##name(x[1]);                                   \
        switch (op) {                                                                              \
        case ADD: return fp_bits_##name(name##_add(a, b, env));                                    \
        case SUB: return fp_bits_##name(name##_sub(a, b, env));                                    \
        case MUL: return fp_bits_##name(name##_mul(a, b, env));                                    \
        case DIV: return fp_bits_##name(name##_div(a, b, env));                                    \
        case REM: return fp_bits_##name(name##_rem(a, b, env));                                    \
        case SQRT: return fp_bits_##name(name##_sqrt(a, env));                                     \
        case FMA: return fp_bits_##name(FMA_##name(a, b, fp_make_##name(x[2]), env));              \
        case ROUND:                                                                                \
        case OPERATIONS: break;                                                                    \
        }                                                                                          \
        return fp_bits_##name(name##_round_to_int(a, true, env));                                  \
    }
#define FMA_f16(a, b, c, env)  f16_fma(a, b, c, env)
#define FMA_f32(a, b, c, env)  f32_fma(a, b, c, env)
#define FMA_f64(a, b, c, env)  f64_fma(a, b, c, env)
#define FMA_f80(a, b, c, env)  ((void)(c), f80_add(a, b, env)) /* there is none: never called */
#define FMA_f128(a, b, c, env) f128_fma(a, b, c, env)
FP_FORMATS(DEFINE_RUN)

/* ---- conversions ---- */

struct format {
    const char *name;
    struct fp_format shape;
    u128 (*run)(enum operation op, const u128 x[3], struct fp_env *env);
    u128 (*convert)(unsigned to, u128 x, struct fp_env *env);
    u128 (*to_int)(unsigned to, u128 x, enum fp_int_rule rule, struct fp_env *env);
    u128 (*from_int)(unsigned from, uint64_t x, struct fp_env *env);
};

#define CONVERT(from, to, number)                                                                  \
    if (which == number) {                                                                         \
        return fp_bits_##to(from##_to_##to(a, env));                                               \
    }
#define DEFINE_CONVERT(from, type, c1, c2, c3, c4)                                                 \
    static u128 convert_##from(unsigned which, u128 x, struct fp_env *env)                         \
    {                                                                                              \
        type a = fp_make_##from(x);                                                                \
        c1 c2 c3 c4 return x;                                                                      \
    }
DEFINE_CONVERT(f16, f16, CONVERT(f16, f32, 1), CONVERT(f16, f64, 2), CONVERT(f16, f80, 3),
               CONVERT(f16, f128, 4))
DEFINE_CONVERT(f32, f32, CONVERT(f32, f16, 0), CONVERT(f32, f64, 2), CONVERT(f32, f80, 3),
               CONVERT(f32, f128, 4))
DEFINE_CONVERT(f64, f64, CONVERT(f64, f16, 0), CONVERT(f64, f32, 1), CONVERT(f64, f80, 3),
               CONVERT(f64, f128, 4))
DEFINE_CONVERT(f80, struct f80, CONVERT(f80, f16, 0), CONVERT(f80, f32, 1), CONVERT(f80, f64, 2),
               CONVERT(f80, f128, 4))
DEFINE_CONVERT(f128, struct f128, CONVERT(f128, f16, 0), CONVERT(f128, f32, 1),
               CONVERT(f128, f64, 2), CONVERT(f128, f80, 3))

static const char *const int_names[] = {"i32", "u32", "i64", "u64"};

#define DEFINE_INT(name, type)                                                                     \
    static u128 to_int_##name(unsigned to, u128 x, enum fp_int_rule rule, struct fp_env *env)      \
    {                                                                                              \
        type a = fp_make_##name(x);                                                                \
        return to == 0   ? (uint64_t)name##_to_i32(a, rule, env)                                   \
               : to == 1 ? name##_to_u32(a, rule, env)                                             \
               : to == 2 ? (uint64_t)name##_to_i64(a, rule, env)                                   \
                         : name##_to_u64(a, rule, env);                                            \
    }                                                                                              \
    static u128 from_int_##name(unsigned from, uint64_t x, struct fp_env *env)                     \
    {                                                                                              \
        return fp_bits_##name(from == 0   ? i32_to_##name((int32_t)x, env)                         \
                              : from == 1 ? u32_to_##name((uint32_t)x, env)                        \
                              : from == 2 ? i64_to_##name((int64_t)x, env)                         \
                                          : u64_to_##name(x, env));                                \
    }
FP_FORMATS(DEFINE_INT)

#define FORMAT_ROW(name, type)                                                                     \
    {#name, FP_FORMAT_##name, run_##name, convert_##name, to_int_##name, from_int_##name},
static const struct format formats[] = {FP_FORMATS(FORMAT_ROW)};

/* The integer, two's complement in 64 bits. */
static struct result expect_int(unsigned to, mpfr_t x, enum fp_int_rule rule,
                                const struct fp_env *env)
{
    static const uint64_t max[4] = {INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};
    static const uint64_t min[4] = {(uint64_t)INT32_MIN, 0, (uint64_t)INT64_MIN, 0};
    static const uint64_t indefinite[4] = {(uint64_t)INT32_MIN, UINT32_MAX, (uint64_t)INT64_MIN,
                                           UINT64_MAX};
    struct result r = {0, FP_NV};
    mpfr_t whole;

    mpfr_init2(whole, PRECISION);
    if (mpfr_inf_p(x)) {
        mpfr_set(whole, x, MPFR_RNDN);
    } else {
        round_integer(whole, x, env->rounding);
    }
    bool low = to & 1 ? mpfr_cmp_ui(whole, 0) < 0 : mpfr_cmp_si(whole, (long)min[to]) < 0;
    bool high = mpfr_cmp_ui(whole, max[to]) > 0;
    if (low || high) {
        r.bits = rule == FP_INT_X86 ? indefinite[to] : low ? min[to] : max[to];
    } else {
        r.bits = to & 1 ? mpfr_get_ui(whole, MPFR_RNDN) : (uint64_t)mpfr_get_si(whole, MPFR_RNDN);
        r.flags = mpfr_equal_p(whole, x) ? 0 : FP_NX;
    }
    mpfr_clear(whole);
    return r;
}

/* ---- the comparison ---- */

struct run {
    struct cases cases;
    mpfr_t x[3];
    unsigned wrong;
    uint64_t agreed;
};

static void check(struct run *r, const char *what, const char *name, const u128 x[3],
                  const struct fp_env *env, u128 got, struct result expected)
{
    char text[5][40];

    if (got == expected.bits && (env->flags & ~FP_ID) == expected.flags) {
        r->agreed++;
        return;
    }
    r->wrong++;
    print_error("%s_%s(%s, %s, %s) rounding %u: %s flags %02x, MPFR %s %02x\n", what, name,
                cases_text(x[0], text[0]), cases_text(x[1], text[1]), cases_text(x[2], text[2]),
                env->rounding, cases_text(got, text[3]), env->flags & ~FP_ID,
                cases_text(expected.bits, text[4]), expected.flags);
}

static struct fp_env random_env(struct run *r)
{
    return (struct fp_env){.rounding = (uint8_t)cases_below(&r->cases, 6),
                           .tiny_before = (uint8_t)cases_below(&r->cases, 2)};
}

static void check_operations(struct run *r, const struct format *f, unsigned count)
{
    u128 x[3];

    for (unsigned op = ADD; op < OPERATIONS; op++) {
        bool absent = op == FMA && f->shape.one_bits;
        /* a remainder takes a step for each bit of quotient */
        unsigned cases = op == REM && f->shape.exp_bits == 15 ? count / 16 : count;
        for (unsigned i = 0; i < cases && r->wrong < 10 && !absent; i++) {
            struct fp_env env = random_env(r);
            cases_operands(&r->cases, f->shape, x);
            if (set_bits(r->x[0], f->shape, x[0]) && set_bits(r->x[1], f->shape, x[1]) &&
                set_bits(r->x[2], f->shape, x[2])) {
                struct result expected = expect((enum operation)op, f->shape, r->x, &env);
                u128 got = f->run((enum operation)op, x, &env);
                check(r, f->name, operation_names[op], x, &env, got, expected);
            }
        }
    }
}

static void check_conversions(struct run *r, const struct format *f, unsigned count)
{
    for (unsigned i = 0; i < count && r->wrong < 10; i++) {
        /* near a number that the other format ends at */
        unsigned to = cases_below(&r->cases, ARRAY_LEN(formats));
        struct fp_format other = formats[to].shape;
        int border = cases_below(&r->cases, 2) ? fp_bias(other) : -fp_bias(other);
        u128 x[3] = {cases_bits(&r->cases, f->shape, fp_bias(f->shape) + border)};
        if (!set_bits(r->x[0], f->shape, x[0])) {
            continue;
        }
        if (to < ARRAY_LEN(formats) && &formats[to] != f) {
            struct fp_env env = random_env(r);
            struct result expected = round_any(other, r->x[0], &env);
            u128 got = f->convert(to, x[0], &env);
            check(r, f->name, formats[to].name, x, &env, got, expected);
        }
        struct fp_env env = random_env(r);
        unsigned to_int = cases_below(&r->cases, 4);
        enum fp_int_rule rule = (enum fp_int_rule)cases_below(&r->cases, 3);
        x[0] = cases_bits(&r->cases, f->shape, fp_bias(f->shape) + (to_int & 2 ? 62 : 30));
        if (set_bits(r->x[0], f->shape, x[0])) {
            struct result expected = expect_int(to_int, r->x[0], rule, &env);
            u128 got = f->to_int(to_int, x[0], rule, &env);
            check(r, f->name, int_names[to_int], x, &env, got, expected);
        }
        env.flags = 0;
        uint64_t n = (uint64_t)cases_fraction(&r->cases, 64);
        n = to_int == 0 ? (uint64_t)(int32_t)n : to_int == 1 ? (uint32_t)n : n;
        if (to_int & 1) {
            mpfr_set_ui(r->x[0], n, MPFR_RNDN);
        } else {
            mpfr_set_si(r->x[0], (long)n, MPFR_RNDN);
        }
        struct result expected = round_any(f->shape, r->x[0], &env);
        x[0] = n;
        check(r, int_names[to_int], f->name, x, &env, f->from_int(to_int, n, &env), expected);
    }
}

static void test_format(void **state)
{
    const struct format *f = *state;
    struct run r = {.cases.seed = 2};
    unsigned count = cases_count(20000);

    for (int i = 0; i < 3; i++) {
        mpfr_init2(r.x[i], PRECISION);
    }
    check_operations(&r, f, count);
    check_conversions(&r, f, count);
    for (int i = 0; i < 3; i++) {
        mpfr_clear(r.x[i]);
    }
    mpfr_free_cache();
    print_message("%s: %" PRIu64 " cases agreed\n", f->name, r.agreed);
    assert_int_equal(r.wrong, 0);
    assert_true(r.agreed > count);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(formats)];

    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        tests[i] = (struct CMUnitTest){formats[i].name, test_format, NULL, NULL,
                                       (void *)(uintptr_t)&formats[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
