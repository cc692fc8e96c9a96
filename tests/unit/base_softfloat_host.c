/* SPDX-License-Identifier: GPL-2.0-or-later
 * base_softfloat_host: softfloat against the host's own units: SSE2, FMA and F16C for f16, f32 and
 * f64, x87 for f80, bits and all six flags, in the four rounding modes those have, with and without
 * flushing. Only on x86-64 hosts; elsewhere there is base_softfloat_mpfr.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "softfloat_cases.h"

#ifdef __x86_64__

typedef u128 host_function(const u128 x[3], uint32_t *control);
typedef u128 soft_function(const u128 x[3], struct fp_env *env);

struct operation {
    const char *name;
    struct fp_format format;
    host_function *host;
    soft_function *soft;
    bool needs_fma, needs_f16c, keeps_denormals, no_id;
};

/* ---- the host's side ---- */

#define SSE(name, body)                                                                            \
    static u128 sse_##name(const u128 x[3], uint32_t *control)                                     \
    {                                                                                              \
        uint64_t r = 0, a = (uint64_t)x[0], b = (uint64_t)x[1], c = (uint64_t)x[2];                \
        uint32_t before;                                                                           \
        __asm__ volatile("stmxcsr %[before]\n\tldmxcsr %[control]\n\t"                             \
                         "movq %[a], %%xmm0\n\tmovq %[b], %%xmm1\n\tmovq %[c], %%xmm2\n\t" body    \
                         "\n\tstmxcsr %[control]\n\tldmxcsr %[before]"                             \
                         : [r] "+&r"(r), [control] "+m"(*control), [before] "=m"(before)           \
                         : [a] "r"(a), [b] "r"(b), [c] "r"(c)                                      \
                         : "xmm0", "xmm1", "xmm2", "cc");                                          \
        return r;                                                                                  \
    }

#define SSE_D(name, insn) SSE(f64_##name, insn " %%xmm1, %%xmm0\n\tmovq %%xmm0, %[r]")
#define SSE_S(name, insn) SSE(f32_##name, insn " %%xmm1, %%xmm0\n\tmovd %%xmm0, %k[r]")

SSE_D(add, "addsd")
SSE_D(sub, "subsd")
SSE_D(mul, "mulsd")
SSE_D(div, "divsd")
SSE_D(min, "minsd")
SSE_D(max, "maxsd")
SSE_S(add, "addss")
SSE_S(sub, "subss")
SSE_S(mul, "mulss")
SSE_S(div, "divss")
SSE_S(min, "minss")
SSE_S(max, "maxss")
SSE(f64_sqrt, "sqrtsd %%xmm0, %%xmm0\n\tmovq %%xmm0, %[r]")
SSE(f32_sqrt, "sqrtss %%xmm0, %%xmm0\n\tmovd %%xmm0, %k[r]")
SSE(f64_fma, "vfmadd132sd %%xmm1, %%xmm2, %%xmm0\n\tmovq %%xmm0, %[r]")
SSE(f32_fma, "vfmadd132ss %%xmm1, %%xmm2, %%xmm0\n\tmovd %%xmm0, %k[r]")
SSE(f64_round_exact, "roundsd $4, %%xmm0, %%xmm0\n\tmovq %%xmm0, %[r]")
SSE(f64_round, "roundsd $12, %%xmm0, %%xmm0\n\tmovq %%xmm0, %[r]")
SSE(f32_round_exact, "roundss $4, %%xmm0, %%xmm0\n\tmovd %%xmm0, %k[r]")
SSE(f32_round, "roundss $12, %%xmm0, %%xmm0\n\tmovd %%xmm0, %k[r]")
SSE(f64_to_i32, "cvtsd2si %%xmm0, %k[r]")
SSE(f64_to_i64, "cvtsd2si %%xmm0, %[r]")
SSE(f32_to_i32, "cvtss2si %%xmm0, %k[r]")
SSE(f32_to_i64, "cvtss2si %%xmm0, %[r]")
SSE(i32_to_f64, "cvtsi2sd %k[a], %%xmm0\n\tmovq %%xmm0, %[r]")
SSE(i64_to_f64, "cvtsi2sd %[a], %%xmm0\n\tmovq %%xmm0, %[r]")
SSE(i32_to_f32, "cvtsi2ss %k[a], %%xmm0\n\tmovd %%xmm0, %k[r]")
SSE(i64_to_f32, "cvtsi2ss %[a], %%xmm0\n\tmovd %%xmm0, %k[r]")
SSE(f64_to_f32, "cvtsd2ss %%xmm0, %%xmm0\n\tmovd %%xmm0, %k[r]")
SSE(f32_to_f64, "cvtss2sd %%xmm0, %%xmm0\n\tmovq %%xmm0, %[r]")
SSE(f32_to_f16, "vcvtps2ph $4, %%xmm0, %%xmm0\n\tmovq %%xmm0, %[r]\n\tmovzwl %w[r], %k[r]")
SSE(f16_to_f32, "vcvtph2ps %%xmm0, %%xmm0\n\tmovd %%xmm0, %k[r]")
/* ZF 1, PF 2, CF 4 */
#define FLAGS_TO_R "\n\tpushfq\n\tpop %[r]\n\tand $0x45, %k[r]"
SSE(f64_compare, "comisd %%xmm1, %%xmm0" FLAGS_TO_R)
SSE(f64_compare_quiet, "ucomisd %%xmm1, %%xmm0" FLAGS_TO_R)
SSE(f32_compare, "comiss %%xmm1, %%xmm0" FLAGS_TO_R)
SSE(f32_compare_quiet, "ucomiss %%xmm1, %%xmm0" FLAGS_TO_R)

#define X87(name, result, body)                                                                    \
    static u128 x87_##name(const u128 x[3], uint32_t *control)                                     \
    {                                                                                              \
        u128 a = x[0], b = x[1], r = 0;                                                            \
        uint16_t word = (uint16_t)(0x37f | (*control >> 13 & 3) << 10), status;                    \
        __asm__ volatile("fninit\n\tfldcw %[word]\n\t" body "\n\tfnstsw %[status]\n\tfninit"       \
                         : [r] "+m"(r), [status] "=m"(status)                                      \
                         : [word] "m"(word), [a] "m"(a), [b] "m"(b)                                \
                         : "cc", "memory", "rax", "st", "st(1)", "st(2)", "st(3)", "st(4)",        \
                           "st(5)", "st(6)", "st(7)");                                             \
        *control |= status & 63;                                                                   \
        return r & (((u128)1 << (result)) - 1);                                                    \
    }
#define X87_2(name, insn)                                                                          \
    X87(name, 80, "fldt %[b]\n\tfldt %[a]\n\t" insn " %%st(1), %%st\n\tfstpt %[r]")

X87_2(f80_add, "fadd")
X87_2(f80_sub, "fsub")
X87_2(f80_mul, "fmul")
X87_2(f80_div, "fdiv")
X87(f80_sqrt, 80, "fldt %[a]\n\tfsqrt\n\tfstpt %[r]")
X87(f80_round, 80, "fldt %[a]\n\tfrndint\n\tfstpt %[r]")
X87(f80_rem, 80,
    "fldt %[b]\n\tfldt %[a]\n1:\n\tfprem1\n\tfnstsw %%ax\n\ttestw $0x400, %%ax\n\tjnz 1b\n\t"
    "fstpt %[r]")
X87(f80_to_f32, 32, "fldt %[a]\n\tfstps %[r]")
X87(f80_to_f64, 64, "fldt %[a]\n\tfstpl %[r]")
X87(f32_to_f80, 80, "flds %[a]\n\tfstpt %[r]")
X87(f64_to_f80, 80, "fldl %[a]\n\tfstpt %[r]")
X87(f80_to_i32, 32, "fldt %[a]\n\tfistpl %[r]")
X87(f80_to_i64, 64, "fldt %[a]\n\tfistpll %[r]")
X87(i64_to_f80, 80, "fildll %[a]\n\tfstpt %[r]")
X87(f80_compare, 32,
    "fldt %[b]\n\tfldt %[a]\n\tfcomi %%st(1), %%st\n\tpushfq\n\tpopq %%rax\n\tandl $0x45, %%eax\n\t"
    "movl %%eax, %[r]")
X87(f80_compare_quiet, 32,
    "fldt %[b]\n\tfldt %[a]\n\tfucomi %%st(1), %%st\n\tpushfq\n\tpopq %%rax\n\tandl $0x45, "
    "%%eax\n\t"
    "movl %%eax, %[r]")

/* ---- softfloat's side ---- */

static u128 flags_of(enum fp_order order)
{
    return order == FP_UNORDERED ? 0x45 : order == FP_EQUAL ? 0x40 : order == FP_LESS ? 1 : 0;
}

#define SOFT(name, expression)                                                                     \
    static u128 soft_##name(const u128 x[3], struct fp_env *env)                                   \
    {                                                                                              \
        return expression;                                                                         \
    }
#define A(f)          fp_make_##f(x[0])
#define B(f)          fp_make_##f(x[1])
#define C(f)          fp_make_##f(x[2])
#define SOFT_2(f, op) SOFT(f##_##op, fp_bits_##f(f##_##op(A(f), B(f), env)))
#define SOFT_ALL(f)                                                                                \
    SOFT_2(f, add)                                                                                 \
    SOFT_2(f, sub)                                                                                 \
    SOFT_2(f, mul)                                                                                 \
    SOFT_2(f, div)                                                                                 \
    SOFT(f##_sqrt, fp_bits_##f(f##_sqrt(A(f), env)))                                               \
    SOFT(f##_round_exact, fp_bits_##f(f##_round_to_int(A(f), true, env)))                          \
    SOFT(f##_to_i32, (uint32_t)f##_to_i32(A(f), FP_INT_X86, env))                                  \
    SOFT(f##_to_i64, (uint64_t)f##_to_i64(A(f), FP_INT_X86, env))                                  \
    SOFT(i64_to_##f, fp_bits_##f(i64_to_##f((int64_t)x[0], env)))                                  \
    SOFT(f##_compare, flags_of(f##_compare(A(f), B(f), true, env)))                                \
    SOFT(f##_compare_quiet, flags_of(f##_compare(A(f), B(f), false, env)))
#define SOFT_SSE(f)                                                                                \
    SOFT_ALL(f)                                                                                    \
    SOFT_2(f, min_x86)                                                                             \
    SOFT_2(f, max_x86)                                                                             \
    SOFT(f##_round, fp_bits_##f(f##_round_to_int(A(f), false, env)))                               \
    SOFT(i32_to_##f, fp_bits_##f(i32_to_##f((int32_t)x[0], env)))
SOFT_SSE(f32)
SOFT_SSE(f64)
SOFT_ALL(f80)
SOFT_2(f80, rem)
SOFT(f32_fma, f32_fma(A(f32), B(f32), C(f32), env))
SOFT(f64_fma, f64_fma(A(f64), B(f64), C(f64), env))
SOFT(f32_to_f16, f32_to_f16(A(f32), env))
SOFT(f32_to_f64, f32_to_f64(A(f32), env))
SOFT(f32_to_f80, fp_bits_f80(f32_to_f80(A(f32), env)))
SOFT(f64_to_f32, f64_to_f32(A(f64), env))
SOFT(f64_to_f80, fp_bits_f80(f64_to_f80(A(f64), env)))
SOFT(f80_to_f32, f80_to_f32(A(f80), env))
SOFT(f80_to_f64, f80_to_f64(A(f80), env))
SOFT(f16_to_f32, f16_to_f32(A(f16), env))

/* ---- the comparison ---- */

#define SSE_OP(f, op)                                                                              \
    {                                                                                              \
#f "_" #op, FP_FORMAT_##f, sse_##f##_##op, soft_##f##_##op, 0, 0, 0, 0                     \
    }
#define INT_OP(f, op)                                                                              \
    {                                                                                              \
#op "_to_" #f, FP_FORMAT_f64, sse_##op##_to_##f, soft_##op##_to_##f, 0, 0, 0, 0            \
    }

static const struct operation sse_operations[] = {
    SSE_OP(f32, add),
    SSE_OP(f32, sub),
    SSE_OP(f32, mul),
    SSE_OP(f32, div),
    SSE_OP(f32, sqrt),
    SSE_OP(f32, compare),
    SSE_OP(f32, to_f64),
    SSE_OP(f32, compare_quiet),
    SSE_OP(f64, add),
    SSE_OP(f64, sub),
    SSE_OP(f64, mul),
    SSE_OP(f64, div),
    SSE_OP(f64, sqrt),
    SSE_OP(f64, compare),
    SSE_OP(f64, to_f32),
    SSE_OP(f64, compare_quiet),
    INT_OP(f32, i32),
    INT_OP(f32, i64),
    INT_OP(f64, i32),
    INT_OP(f64, i64),
    {"f32_min", FP_FORMAT_f32, sse_f32_min, soft_f32_min_x86, .no_id = false},
    {"f32_max", FP_FORMAT_f32, sse_f32_max, soft_f32_max_x86, .no_id = false},
    {"f64_min", FP_FORMAT_f64, sse_f64_min, soft_f64_min_x86, .no_id = false},
    {"f64_max", FP_FORMAT_f64, sse_f64_max, soft_f64_max_x86, .no_id = false},
    {"f32_fma", FP_FORMAT_f32, sse_f32_fma, soft_f32_fma, .needs_fma = true},
    {"f64_fma", FP_FORMAT_f64, sse_f64_fma, soft_f64_fma, .needs_fma = true},
    {"f32_round", FP_FORMAT_f32, sse_f32_round, soft_f32_round, .no_id = false},
    {"f32_round_exact", FP_FORMAT_f32, sse_f32_round_exact, soft_f32_round_exact, .no_id = false},
    {"f64_round", FP_FORMAT_f64, sse_f64_round, soft_f64_round, .no_id = false},
    {"f64_round_exact", FP_FORMAT_f64, sse_f64_round_exact, soft_f64_round_exact, .no_id = false},
    {"f32_to_i32", FP_FORMAT_f32, sse_f32_to_i32, soft_f32_to_i32, .no_id = false},
    {"f32_to_i64", FP_FORMAT_f32, sse_f32_to_i64, soft_f32_to_i64, .no_id = false},
    {"f64_to_i32", FP_FORMAT_f64, sse_f64_to_i32, soft_f64_to_i32, .no_id = false},
    {"f64_to_i64", FP_FORMAT_f64, sse_f64_to_i64, soft_f64_to_i64, .no_id = false},
    {"f16_to_f32", FP_FORMAT_f16, sse_f16_to_f32, soft_f16_to_f32, .needs_f16c = true,
     .keeps_denormals = true},
    {"f32_to_f16", FP_FORMAT_f32, sse_f32_to_f16, soft_f32_to_f16, .needs_f16c = true,
     .keeps_denormals = true},
};

#define X87_OP(f, op)                                                                              \
    {                                                                                              \
#f "_" #op, FP_FORMAT_##f, x87_##f##_##op, soft_##f##_##op, 0, 0, 0, 0                     \
    }

static const struct operation x87_operations[] = {
    X87_OP(f80, add),
    X87_OP(f80, sub),
    X87_OP(f80, mul),
    X87_OP(f80, div),
    X87_OP(f80, sqrt),
    /* the loop of partial remainders may meet a denormal that is not an operand */
    {"f80_rem", FP_FORMAT_f80, x87_f80_rem, soft_f80_rem, .no_id = true},
    X87_OP(f80, to_f32),
    X87_OP(f80, to_f64),
    X87_OP(f32, to_f80),
    X87_OP(f64, to_f80),
    X87_OP(f80, compare),
    X87_OP(f80, compare_quiet),
    {"f80_round", FP_FORMAT_f80, x87_f80_round, soft_f80_round_exact, 0, 0, 0, 0},
    {"f80_to_i32", FP_FORMAT_f80, x87_f80_to_i32, soft_f80_to_i32, .no_id = true},
    {"f80_to_i64", FP_FORMAT_f80, x87_f80_to_i64, soft_f80_to_i64, .no_id = true},
    {"i64_to_f80", FP_FORMAT_f64, x87_i64_to_f80, soft_i64_to_f80, 0, 0, 0, 0},
};

/* MXCSR's and the status word's order of flags. */
static unsigned x86_flags(unsigned flags)
{
    static const uint8_t order[6] = {FP_NV, FP_ID, FP_DZ, FP_OF, FP_UF, FP_NX};
    unsigned r = 0;
    for (unsigned i = 0; i < 6; i++) {
        r |= (flags & order[i]) ? 1u << i : 0;
    }
    return r;
}

static bool agrees(const struct operation *o, const u128 x[3], unsigned rounding, bool ftz,
                   bool daz)
{
    static const uint8_t control_of[4] = {[FP_RNE] = 0, [FP_RTZ] = 3, [FP_RDN] = 1, [FP_RUP] = 2};
    struct fp_env env = {
        .rounding = (uint8_t)rounding,
        .nan_rule = FP_NAN_X86,
        .flush_output = ftz && !o->keeps_denormals,
        .flush_inputs = daz && !(o->keeps_denormals && o->format.exp_bits == 5),
    };
    uint32_t control =
        0x1f80u | (uint32_t)control_of[rounding] << 13 | (uint32_t)ftz << 15 | (uint32_t)daz << 6;
    u128 expected = o->host(x, &control);
    u128 got = o->soft(x, &env);
    unsigned ignored = daz || o->no_id || o->needs_f16c ? 2 : 0;
    char text[5][40];

    if (expected != got || (control & 63 & ~ignored) != (x86_flags(env.flags) & ~ignored)) {
        print_error("%s(%s, %s, %s) rounding %u ftz %d daz %d: %s flags %02x, host %s %02x\n",
                    o->name, cases_text(x[0], text[0]), cases_text(x[1], text[1]),
                    cases_text(x[2], text[2]), rounding, ftz, daz, cases_text(got, text[3]),
                    x86_flags(env.flags), cases_text(expected, text[4]), control & 63);
        return false;
    }
    return true;
}

/* The number of differences. */
static unsigned compare_operation(const struct operation *o, bool flushes)
{
    struct cases c = {.seed = 1};
    unsigned count = cases_count(20000);
    unsigned wrong = 0;
    u128 x[3];

    for (unsigned i = 0; i < count && wrong < 5; i++) {
        cases_operands(&c, o->format, x);
        unsigned how = flushes && i % 4 == 3 ? 1 + cases_below(&c, 3) : 0;
        wrong += !agrees(o, x, i & 3, how & 1, how & 2);
    }
    print_message("%s: %u cases\n", o->name, count);
    return wrong;
}

static void test_sse(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sse_operations); i++) {
        const struct operation *o = &sse_operations[i];
        /* clang cannot ask for F16C; every CPU with AVX2 has it */
        if ((o->needs_fma && !__builtin_cpu_supports("fma")) ||
            (o->needs_f16c && !__builtin_cpu_supports("avx2"))) {
            print_message("%s: not on this host\n", o->name);
            continue;
        }
        wrong += compare_operation(o, true);
    }
    assert_int_equal(wrong, 0);
}

static void test_x87(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(x87_operations); i++) {
        wrong += compare_operation(&x87_operations[i], false);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sse),
        cmocka_unit_test(test_x87),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    puts("skipped: the host's floating point is not x86's");
    return 77;
}

#endif
