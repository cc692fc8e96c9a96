// SPDX-License-Identifier: GPL-2.0-or-later
// fp: the F and D extensions (Unprivileged ISA, chapters 20 and 21). A table of single cases whose
// results and flags follow from IEEE 754 by hand; then every operation in every rounding mode on
// all pairs of corner values, as checksums. Only bit patterns are handled: the C code has no
// floating-point type. Also NaN boxing, fclass, conversions, and FS = off.
#include "riscv.h"

enum { RNE, RTZ, RDN, RUP, RMM };
enum { NX = 1, UF = 2, OF = 4, DZ = 8, NV = 16 };

#define SET_RM(rm) csr_write(frm, rm)
#define FLAGS()                                                                                    \
    ({                                                                                             \
        uint64_t f_;                                                                               \
        __asm__ volatile("fsflags %0, zero" : "=r"(f_));                                           \
        f_;                                                                                        \
    })

// One C function per instruction; everything passes through integer registers, so that the
// 64 bits of a single-precision result (with its boxing) are seen. "dyn" rounding throughout.
#define D3(fn, name)                                                                               \
    static uint64_t fn(uint64_t a, uint64_t b)                                                     \
    {                                                                                              \
        uint64_t r;                                                                                \
        __asm__ volatile("fmv.d.x ft0, %1\n fmv.d.x ft1, %2\n" name                                \
                         " ft2, ft0, ft1\n fmv.x.d %0, ft2"                                        \
                         : "=r"(r)                                                                 \
                         : "r"(a), "r"(b)                                                          \
                         : "ft0", "ft1", "ft2");                                                   \
        return r;                                                                                  \
    }
#define D2(fn, name)                                                                               \
    static uint64_t fn(uint64_t a, uint64_t b)                                                     \
    {                                                                                              \
        uint64_t r;                                                                                \
        (void)b;                                                                                   \
        __asm__ volatile("fmv.d.x ft0, %1\n" name " ft2, ft0\n fmv.x.d %0, ft2"                    \
                         : "=r"(r)                                                                 \
                         : "r"(a)                                                                  \
                         : "ft0", "ft2");                                                          \
        return r;                                                                                  \
    }
#define COMPARE(fn, name)                                                                          \
    static uint64_t fn(uint64_t a, uint64_t b)                                                     \
    {                                                                                              \
        uint64_t r;                                                                                \
        __asm__ volatile("fmv.d.x ft0, %1\n fmv.d.x ft1, %2\n" name " %0, ft0, ft1"                \
                         : "=r"(r)                                                                 \
                         : "r"(a), "r"(b)                                                          \
                         : "ft0", "ft1");                                                          \
        return r;                                                                                  \
    }
#define TO_INT(fn, name)                                                                           \
    static uint64_t fn(uint64_t a, uint64_t b)                                                     \
    {                                                                                              \
        uint64_t r;                                                                                \
        (void)b;                                                                                   \
        __asm__ volatile("fmv.d.x ft0, %1\n" name : "=r"(r) : "r"(a) : "ft0");                     \
        return r;                                                                                  \
    }
#define FROM_INT(fn, name)                                                                         \
    static uint64_t fn(uint64_t a, uint64_t b)                                                     \
    {                                                                                              \
        uint64_t r;                                                                                \
        (void)b;                                                                                   \
        __asm__ volatile(name "\n fmv.x.d %0, ft2" : "=r"(r) : "r"(a) : "ft2");                    \
        return r;                                                                                  \
    }
// a*b + c with c = b's neighbour in the table would need three loops: c is a with its halves
// swapped, which meets specials and ordinary numbers alike.
#define FMA(fn, name)                                                                              \
    static uint64_t fn(uint64_t a, uint64_t b)                                                     \
    {                                                                                              \
        uint64_t r;                                                                                \
        __asm__ volatile("fmv.d.x ft0, %1\n fmv.d.x ft1, %2\n fmv.d.x ft3, %3\n" name              \
                         " ft2, ft0, ft1, ft3\n fmv.x.d %0, ft2"                                   \
                         : "=r"(r)                                                                 \
                         : "r"(a), "r"(b), "r"(third(a, b))                                        \
                         : "ft0", "ft1", "ft2", "ft3");                                            \
        return r;                                                                                  \
    }

static uint64_t fma_third;
static uint64_t third(uint64_t a, uint64_t b)
{
    return fma_third != 0 ? fma_third : (a ^ UINT64_C(1) << 63) + (b & 3);
}

// The layout: clang-format takes calls without a semicolon for one long declaration.
// clang-format off
D3(fadd_d, "fadd.d")
D3(fsub_d, "fsub.d")
D3(fmul_d, "fmul.d")
D3(fdiv_d, "fdiv.d")
D3(fmin_d, "fmin.d")
D3(fmax_d, "fmax.d")
D2(fsqrt_d, "fsqrt.d")
D3(fsgnj_d, "fsgnj.d")
D3(fsgnjn_d, "fsgnjn.d")
D3(fsgnjx_d, "fsgnjx.d")
D3(fadd_s, "fadd.s")
D3(fsub_s, "fsub.s")
D3(fmul_s, "fmul.s")
D3(fdiv_s, "fdiv.s")
D3(fmin_s, "fmin.s")
D3(fmax_s, "fmax.s")
D2(fsqrt_s, "fsqrt.s")
D3(fsgnj_s, "fsgnj.s")
D3(fsgnjn_s, "fsgnjn.s")
D3(fsgnjx_s, "fsgnjx.s")
COMPARE(feq_d, "feq.d")
COMPARE(flt_d, "flt.d")
COMPARE(fle_d, "fle.d")
COMPARE(feq_s, "feq.s")
COMPARE(flt_s, "flt.s")
COMPARE(fle_s, "fle.s")
FMA(fmadd_d, "fmadd.d")
FMA(fmsub_d, "fmsub.d")
FMA(fnmadd_d, "fnmadd.d")
FMA(fnmsub_d, "fnmsub.d")
FMA(fmadd_s, "fmadd.s")
FMA(fmsub_s, "fmsub.s")
FMA(fnmadd_s, "fnmadd.s")
FMA(fnmsub_s, "fnmsub.s")
D2(fcvt_s_d, "fcvt.s.d")
D2(fcvt_d_s, "fcvt.d.s")
TO_INT(fclass_d, "fclass.d %0, ft0")
TO_INT(fclass_s, "fclass.s %0, ft0")
TO_INT(fcvt_w_d, "fcvt.w.d %0, ft0, dyn")
TO_INT(fcvt_wu_d, "fcvt.wu.d %0, ft0, dyn")
TO_INT(fcvt_l_d, "fcvt.l.d %0, ft0, dyn")
TO_INT(fcvt_lu_d, "fcvt.lu.d %0, ft0, dyn")
TO_INT(fcvt_w_s, "fcvt.w.s %0, ft0, dyn")
TO_INT(fcvt_wu_s, "fcvt.wu.s %0, ft0, dyn")
TO_INT(fcvt_l_s, "fcvt.l.s %0, ft0, dyn")
TO_INT(fcvt_lu_s, "fcvt.lu.s %0, ft0, dyn")
TO_INT(fmv_x_w, "fmv.x.w %0, ft0")
FROM_INT(fmv_w_x, "fmv.w.x ft2, %1")
FROM_INT(fcvt_d_w, "fcvt.d.w ft2, %1")
FROM_INT(fcvt_d_wu, "fcvt.d.wu ft2, %1")
FROM_INT(fcvt_d_l, "fcvt.d.l ft2, %1, dyn")
FROM_INT(fcvt_d_lu, "fcvt.d.lu ft2, %1, dyn")
FROM_INT(fcvt_s_w, "fcvt.s.w ft2, %1, dyn")
FROM_INT(fcvt_s_wu, "fcvt.s.wu ft2, %1, dyn")
FROM_INT(fcvt_s_l, "fcvt.s.l ft2, %1, dyn")
FROM_INT(fcvt_s_lu, "fcvt.s.lu ft2, %1, dyn")
// clang-format on

typedef uint64_t operation(uint64_t a, uint64_t b);

#define BOX(x)  (UINT64_C(0xffffffff00000000) | (x))
#define D_ONE   UINT64_C(0x3ff0000000000000)
#define D_TWO   UINT64_C(0x4000000000000000)
#define D_THREE UINT64_C(0x4008000000000000)
#define D_INF   UINT64_C(0x7ff0000000000000)
#define D_NAN   UINT64_C(0x7ff8000000000000)
#define D_SNAN  UINT64_C(0x7ff0000000000001)
#define D_MAX   UINT64_C(0x7fefffffffffffff)
#define D_MIN   UINT64_C(0x0010000000000000) /* the smallest normal number */
#define D_TINY  UINT64_C(0x0000000000000001)
#define D_NEG   UINT64_C(0x8000000000000000)
#define S_ONE   BOX(0x3f800000)
#define S_NAN   BOX(0x7fc00000)
#define S_THREE BOX(0x40400000)

struct one {
    operation *op;
    uint64_t a, b;
    unsigned rm;
    uint64_t want;
    unsigned flags;
};

static const struct one table[] = {
    {fadd_d, D_ONE, D_ONE, RNE, D_TWO, 0},
    {fadd_d, D_ONE, D_TINY, RNE, D_ONE, NX},
    {fadd_d, D_ONE, D_TINY, RUP, D_ONE + 1, NX},
    {fadd_d, D_MAX, D_MAX, RNE, D_INF, OF | NX},
    {fadd_d, D_MAX, D_MAX, RTZ, D_MAX, OF | NX},
    {fadd_d, D_INF, D_NEG | D_INF, RNE, D_NAN, NV},
    {fsub_d, D_ONE, D_ONE, RNE, 0, 0},
    {fsub_d, D_ONE, D_ONE, RDN, D_NEG, 0},
    {fmul_d, D_MIN, D_MIN, RNE, 0, UF | NX},
    {fmul_d, D_MIN, D_MIN, RUP, D_TINY, UF | NX},
    // Tininess is seen after rounding: the largest product below D_MIN that rounds up to it
    // raises no underflow.
    {fmul_d, D_MIN, D_ONE - 1, RNE, D_MIN, UF | NX},
    {fmul_d, D_MIN + 1, D_ONE - 1, RNE, D_MIN, NX},
    {fmul_d, D_INF, 0, RNE, D_NAN, NV},
    {fdiv_d, D_ONE, D_THREE, RNE, UINT64_C(0x3fd5555555555555), NX},
    {fdiv_d, D_ONE, D_THREE, RUP, UINT64_C(0x3fd5555555555556), NX},
    {fdiv_d, D_ONE, D_NEG, RNE, D_NEG | D_INF, DZ},
    {fdiv_d, 0, 0, RNE, D_NAN, NV},
    {fsqrt_d, D_TWO, 0, RNE, UINT64_C(0x3ff6a09e667f3bcd), NX},
    {fsqrt_d, D_TWO, 0, RTZ, UINT64_C(0x3ff6a09e667f3bcc), NX},
    {fsqrt_d, D_NEG, 0, RNE, D_NEG, 0},
    {fsqrt_d, D_NEG | D_ONE, 0, RNE, D_NAN, NV},
    {fmin_d, 0, D_NEG, RNE, D_NEG, 0},
    {fmax_d, D_NEG, 0, RNE, 0, 0},
    {fmin_d, D_NAN, D_ONE, RNE, D_ONE, 0},
    {fmin_d, D_SNAN, D_ONE, RNE, D_ONE, NV},
    {fmax_d, D_NAN | 5, D_NAN | 9, RNE, D_NAN, 0},
    {feq_d, D_NAN, D_ONE, RNE, 0, 0},
    {feq_d, D_SNAN, D_ONE, RNE, 0, NV},
    {flt_d, D_NAN, D_ONE, RNE, 0, NV},
    {fle_d, D_NEG, 0, RNE, 1, 0},
    {fadd_d, D_NAN | 123, D_ONE, RNE, D_NAN, 0},
    {fadd_d, D_SNAN, D_ONE, RNE, D_NAN, NV},
    {fcvt_w_d, D_NAN, 0, RNE, 0x7fffffff, NV},
    {fcvt_w_d, D_NEG | D_INF, 0, RNE, UINT64_C(0xffffffff80000000), NV},
    {fcvt_wu_d, D_NEG | D_ONE, 0, RTZ, 0, NV},
    {fcvt_wu_d, UINT64_C(0xbfe0000000000000), 0, RTZ, 0, NX},
    {fcvt_wu_d, UINT64_C(0x41efffffffe00000), 0, RTZ, UINT64_MAX, 0}, // 2^32-1 is sign-extended
    {fcvt_l_d, UINT64_C(0x43e0000000000000), 0, RTZ, INT64_MAX, NV},
    {fcvt_lu_d, UINT64_C(0x43e0000000000000), 0, RTZ, UINT64_C(1) << 63, 0},
    {fcvt_w_d, UINT64_C(0x4004000000000000), 0, RNE, 2, NX}, // 2.5
    {fcvt_w_d, UINT64_C(0x4004000000000000), 0, RMM, 3, NX},
    {fcvt_w_d, UINT64_C(0xc004000000000000), 0, RDN, (uint64_t)-3, NX},
    {fcvt_s_d, D_MAX, 0, RNE, BOX(0x7f800000), OF | NX},
    {fcvt_s_d, D_SNAN, 0, RNE, S_NAN, NV},
    {fcvt_s_d, D_TINY, 0, RUP, BOX(1), UF | NX},
    {fcvt_d_s, BOX(1), 0, RNE, UINT64_C(0x36a0000000000000), 0},
    {fcvt_d_lu, UINT64_MAX, 0, RNE, UINT64_C(0x43f0000000000000), NX},
    {fcvt_d_lu, UINT64_MAX, 0, RTZ, UINT64_C(0x43efffffffffffff), NX},
    {fcvt_s_w, UINT64_C(0x12345678fffffff9), 0, RNE, BOX(0xc0e00000), 0}, // -7
    // Single precision reads a register that is not boxed as the canonical NaN.
    {fadd_s, UINT64_C(0x3f800000), S_ONE, RNE, S_NAN, 0},
    {fadd_s, S_ONE, S_ONE, RNE, BOX(0x40000000), 0},
    {fsgnj_s, UINT64_C(0x00000000bf800000), S_ONE, RNE, S_NAN, 0},
    {fmin_s, UINT64_C(0x1234567812345678), S_ONE, RNE, S_ONE, 0},
    {fdiv_s, S_ONE, S_THREE, RNE, BOX(0x3eaaaaab), NX},
    {fsqrt_s, BOX(0x40000000), 0, RUP, BOX(0x3fb504f4), NX},
    {fclass_s, UINT64_C(0x3f800000), 0, RNE, 1 << 9, 0},
    {fmv_x_w, UINT64_C(0x12345678bf800000), 0, RNE, UINT64_C(0xffffffffbf800000), 0},
    {fmv_w_x, UINT64_C(0x123456783f800000), 0, RNE, S_ONE, 0},
    {fclass_d, D_NEG | D_INF, 0, RNE, 1 << 0, 0},
    {fclass_d, D_NEG | D_ONE, 0, RNE, 1 << 1, 0},
    {fclass_d, D_NEG | D_TINY, 0, RNE, 1 << 2, 0},
    {fclass_d, D_NEG, 0, RNE, 1 << 3, 0},
    {fclass_d, 0, 0, RNE, 1 << 4, 0},
    {fclass_d, D_TINY, 0, RNE, 1 << 5, 0},
    {fclass_d, D_ONE, 0, RNE, 1 << 6, 0},
    {fclass_d, D_INF, 0, RNE, 1 << 7, 0},
    {fclass_d, D_SNAN, 0, RNE, 1 << 8, 0},
    {fclass_d, D_NAN, 0, RNE, 1 << 9, 0},
};

static void single_cases(void)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        const struct one *t = &table[i];
        SET_RM(t->rm);
        FLAGS();
        uint64_t got = t->op(t->a, t->b);
        uint64_t flags = FLAGS();
        if (got != t->want || flags != t->flags) {
            say("case %lu: 0x%lx flags 0x%lx\n", (uint64_t)i, got, flags);
            CHECK(false);
        }
    }
    SET_RM(RNE);
    say("cases %u\n", (unsigned)ARRAY_LEN(table));
}

// Inf * 0 + NaN raises NV even for a quiet NaN; the fused result differs from the rounded product.
static void fused(void)
{
    FLAGS();
    fma_third = D_NAN;
    CHECK_EQ(fmadd_d(D_INF, 0), D_NAN);
    CHECK_EQ(FLAGS(), NV);
    fma_third = D_NEG | D_ONE;
    CHECK_EQ(fmadd_d(D_ONE + 1, D_ONE - 1), UINT64_C(0x3c9ffffffffffffe));
    CHECK_EQ(FLAGS(), 0);
    CHECK_EQ(fnmadd_d(D_ONE, D_ONE), 0); // -1 + 1, and +0 when rounding to nearest
    CHECK_EQ(fnmsub_d(D_ONE, D_ONE), D_NEG | D_TWO);
    fma_third = 0;
    FLAGS();
}

static const uint64_t corners_d[] = {
    0,
    D_NEG,
    D_ONE,
    D_NEG | D_ONE,
    D_ONE + 1,
    D_ONE - 1,
    D_TWO,
    D_THREE,
    D_INF,
    D_NEG | D_INF,
    D_NAN,
    D_SNAN,
    D_MAX,
    D_NEG | D_MAX,
    D_MIN,
    D_MIN - 1,
    D_TINY,
    D_NEG | D_TINY,
    0x7fe0000000000000,
    0x41dfffffffc00000,
    0x41e0000000000000,
    0xc1e0000000000000,
    0x43e0000000000000,
    0x43dfffffffffffff,
    0x3fe0000000000000,
    0xbff8000000000000,
    0x36a0000000000000,
    0x47efffffe0000000,
    0x123456789abcdef0,
};
static const uint64_t corners_s[] = {
    BOX(0),          BOX(0x80000000), S_ONE,           BOX(0xbf800000), BOX(0x3f800001),
    BOX(0x3f7fffff), BOX(0x40000000), S_THREE,         BOX(0x7f800000), BOX(0xff800000),
    S_NAN,           BOX(0x7f800001), BOX(0x7f7fffff), BOX(0xff7fffff), BOX(0x00800000),
    BOX(0x007fffff), BOX(1),          BOX(0x80000001), BOX(0x4effffff), BOX(0x4f000000),
    BOX(0xcf000000), BOX(0x5f000000), BOX(0x3f000000), BOX(0xbfc00000), BOX(0x12345678),
    0x3f800000,
};

struct family {
    const char *name;
    operation *op;
    bool is_single;
    bool is_unary;
};
static const struct family families[] = {
    {"fadd.d", fadd_d, false, false},      {"fsub.d", fsub_d, false, false},
    {"fmul.d", fmul_d, false, false},      {"fdiv.d", fdiv_d, false, false},
    {"fmin.d", fmin_d, false, false},      {"fmax.d", fmax_d, false, false},
    {"fsgnj.d", fsgnj_d, false, false},    {"fsgnjn.d", fsgnjn_d, false, false},
    {"fsgnjx.d", fsgnjx_d, false, false},  {"feq.d", feq_d, false, false},
    {"flt.d", flt_d, false, false},        {"fle.d", fle_d, false, false},
    {"fmadd.d", fmadd_d, false, false},    {"fmsub.d", fmsub_d, false, false},
    {"fnmadd.d", fnmadd_d, false, false},  {"fnmsub.d", fnmsub_d, false, false},
    {"fsqrt.d", fsqrt_d, false, true},     {"fcvt.s.d", fcvt_s_d, false, true},
    {"fclass.d", fclass_d, false, true},   {"fcvt.w.d", fcvt_w_d, false, true},
    {"fcvt.wu.d", fcvt_wu_d, false, true}, {"fcvt.l.d", fcvt_l_d, false, true},
    {"fcvt.lu.d", fcvt_lu_d, false, true}, {"fcvt.d.w", fcvt_d_w, false, true},
    {"fcvt.d.wu", fcvt_d_wu, false, true}, {"fcvt.d.l", fcvt_d_l, false, true},
    {"fcvt.d.lu", fcvt_d_lu, false, true}, {"fcvt.s.w", fcvt_s_w, false, true},
    {"fcvt.s.wu", fcvt_s_wu, false, true}, {"fcvt.s.l", fcvt_s_l, false, true},
    {"fcvt.s.lu", fcvt_s_lu, false, true}, {"fadd.s", fadd_s, true, false},
    {"fsub.s", fsub_s, true, false},       {"fmul.s", fmul_s, true, false},
    {"fdiv.s", fdiv_s, true, false},       {"fmin.s", fmin_s, true, false},
    {"fmax.s", fmax_s, true, false},       {"fsgnj.s", fsgnj_s, true, false},
    {"fsgnjn.s", fsgnjn_s, true, false},   {"fsgnjx.s", fsgnjx_s, true, false},
    {"feq.s", feq_s, true, false},         {"flt.s", flt_s, true, false},
    {"fle.s", fle_s, true, false},         {"fmadd.s", fmadd_s, true, false},
    {"fmsub.s", fmsub_s, true, false},     {"fnmadd.s", fnmadd_s, true, false},
    {"fnmsub.s", fnmsub_s, true, false},   {"fsqrt.s", fsqrt_s, true, true},
    {"fcvt.d.s", fcvt_d_s, true, true},    {"fclass.s", fclass_s, true, true},
    {"fcvt.w.s", fcvt_w_s, true, true},    {"fcvt.wu.s", fcvt_wu_s, true, true},
    {"fcvt.l.s", fcvt_l_s, true, true},    {"fcvt.lu.s", fcvt_lu_s, true, true},
};

static void sweep(const struct family *f)
{
    const uint64_t *v = f->is_single ? corners_s : corners_d;
    size_t n = f->is_single ? ARRAY_LEN(corners_s) : ARRAY_LEN(corners_d);
    uint64_t sum = 0;
    for (unsigned rm = RNE; rm <= RMM; rm++) {
        SET_RM(rm);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < (f->is_unary ? 1 : n); j++) {
                sum = mix(sum, f->op(v[i], v[j]));
                sum = mix(sum, FLAGS());
            }
        }
    }
    SET_RM(RNE);
    say("%s %016lx\n", f->name, sum);
}

// A reserved rounding mode in frm makes a "dyn" instruction illegal, not fsgnj; fcsr, frm and
// fflags are views of one register.
static void control(void)
{
    csr_write(fcsr, 0xff);
    CHECK_EQ(csr_read(frm), 7);
    CHECK_EQ(csr_read(fflags), 0x1f);
    trap_expect();
    fadd_d(D_ONE, D_ONE);
    CHECK_EQ(trap_taken().cause, CAUSE_ILLEGAL);
    CHECK_EQ(fsgnj_d(D_ONE, D_NEG), D_NEG | D_ONE);
    csr_write(frm, RUP);
    CHECK_EQ(csr_read(fcsr), RUP << 5 | 0x1f);
    csr_write(fcsr, 0);
}

// FS = off: every floating-point instruction and CSR is illegal; an instruction that changes a
// register makes FS dirty (3) and sets SD.
static void status(void)
{
    csr_clear(mstatus, MSTATUS_FS);
    trap_expect();
    __asm__ volatile("fadd.d ft0, ft0, ft0");
    CHECK_EQ(trap_taken().cause, CAUSE_ILLEGAL);
    trap_expect();
    __asm__ volatile("fld ft0, 0(sp)");
    CHECK_EQ(trap_taken().cause, CAUSE_ILLEGAL);
    trap_expect();
    __asm__ volatile("csrr t0, fcsr" : : : "t0");
    CHECK_EQ(trap_taken().cause, CAUSE_ILLEGAL);
    CHECK_EQ(csr_read(mstatus) >> 63, 0);
    csr_set(mstatus, UINT64_C(1) << 13);
    __asm__ volatile("fmv.d.x ft0, zero" : : : "ft0");
    CHECK_EQ(csr_read(mstatus) >> 13 & 3, 3);
    CHECK_EQ(csr_read(mstatus) >> 63, 1);
}

void guest_main(void)
{
    single_cases();
    fused();
    control();
    status();
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        sweep(&families[i]);
    }
}
