// SPDX-License-Identifier: GPL-2.0-or-later
// floats: floating point on scalars (DDI 0487, C7.2): single cases whose results and flags follow from IEEE 754 by
// hand, then each operation on all pairs of corner values in every rounding mode, with flush to zero and with
// default NaNs, as checksums; conversions, comparisons and selections. Only bits are handled here.
#include "arm64.h"

enum { IOC = 1, DZC = 2, OFC = 4, UFC = 8, IXC = 16, IDC = 128 };

static uint64_t sum;

struct result {
    uint64_t value, flags;
};

#define OP(text, a, b)                                                                             \
    ({                                                                                             \
        struct result r_;                                                                          \
        __asm__ volatile("msr fpsr, xzr\n fmov d1, %2\n fmov d2, %3\n fmov d0, d2\n" text          \
                         "\n fmov %0, d0\n mrs %1, fpsr"                                           \
                         : "=&r"(r_.value), "=&r"(r_.flags)                                        \
                         : "r"((uint64_t)(a)), "r"((uint64_t)(b))                                  \
                         : "v0", "v1", "v2", "x9", "cc");                                          \
        sum = mix(mix(sum, r_.value), r_.flags);                                                   \
        r_;                                                                                        \
    })
#define CASE(text, a, b, want, want_flags)                                                         \
    do {                                                                                           \
        struct result g_ = OP(text, a, b);                                                         \
        CHECK_EQ(g_.value, want);                                                                  \
        CHECK_EQ(g_.flags, want_flags);                                                            \
    } while (0)

#define ONE   UINT64_C(0x3ff0000000000000)
#define TWO   UINT64_C(0x4000000000000000)
#define INF   UINT64_C(0x7ff0000000000000)
#define NAN   UINT64_C(0x7ff8000000000000)
#define SNAN  UINT64_C(0x7ff0000000000001)
#define MAX   UINT64_C(0x7fefffffffffffff)
#define LEAST UINT64_C(0x0010000000000000)
#define TINY  UINT64_C(1)
#define SIGN  (UINT64_C(1) << 63)

static void by_hand(void)
{
    CASE("fadd d0, d1, d2", ONE, ONE, TWO, 0);
    CASE("fadd d0, d1, d2", ONE, TINY, ONE, IXC);
    CASE("fadd d0, d1, d2", MAX, MAX, INF, OFC | IXC);
    CASE("fsub d0, d1, d2", INF, INF, NAN, IOC);
    CASE("fsub d0, d1, d2", ONE, ONE, 0, 0);
    CASE("fmul d0, d1, d2", INF, 0, NAN, IOC);
    CASE("fmul d0, d1, d2", LEAST, TINY, 0, UFC | IXC);
    CASE("fdiv d0, d1, d2", ONE, 0, INF, DZC);
    CASE("fdiv d0, d1, d2", SIGN, 0, NAN, IOC);
    CASE("fsqrt d0, d1", ONE | SIGN, 0, NAN, IOC);
    CASE("fsqrt d0, d1", SIGN, 0, SIGN, 0);
    CASE("fadd d0, d1, d2", SNAN, ONE, SNAN | UINT64_C(1) << 51, IOC);
    CASE("fadd d0, d1, d2", ONE, NAN | 5, NAN | 5, 0);
    CASE("fmaxnm d0, d1, d2", NAN, ONE, ONE, 0);
    CASE("fmax d0, d1, d2", NAN, ONE, NAN, 0);
    CASE("fmin d0, d1, d2", 0, SIGN, SIGN, 0);
    CASE("fnmul d0, d1, d2", ONE, TWO, TWO | SIGN, 0);
    CASE("fcvt s0, d1", MAX, 0, 0x7f800000, OFC | IXC);
    CASE("fcvt d0, s1", 1, 0, UINT64_C(0x36a0000000000000), 0);
    CASE("fcvtzs x9, d1\n fmov d0, x9", INF, 0, INT64_MAX, IOC);
    CASE("fcvtzu x9, d1\n fmov d0, x9", ONE | SIGN, 0, 0, IOC);
    CASE("fcvtns w9, d1\n fmov d0, x9", UINT64_C(0x4004000000000000), 0, 2, IXC); // 2.5
    CASE("fcvtas w9, d1\n fmov d0, x9", UINT64_C(0x4004000000000000), 0, 3, IXC);
    CASE("fcvtms x9, d1\n fmov d0, x9", UINT64_C(0xc004000000000000), 0, (uint64_t)-3, IXC);
    CASE("frintx d0, d1", UINT64_C(0x3fe0000000000000), 0, 0, IXC);
    CASE("frintp d0, d1", UINT64_C(0x3fe0000000000000), 0, ONE, 0);
    CASE("fmov d0, 1.0", 0, 0, ONE, 0);
    CASE("fcmp d1, d2\n mrs x9, nzcv\n fmov d0, x9", ONE, TWO, 8u << 28, 0);
    CASE("fcmp d1, d2\n mrs x9, nzcv\n fmov d0, x9", ONE, NAN, 3u << 28, 0);
    CASE("fcmpe d1, d2\n mrs x9, nzcv\n fmov d0, x9", ONE, NAN, 3u << 28, IOC);
    CASE("fcmp d1, #0.0\n mrs x9, nzcv\n fmov d0, x9", SIGN, 0, 6u << 28, 0);
    CASE("fcmp d1, d1\n fccmp d1, d2, 9, ne\n mrs x9, nzcv\n fmov d0, x9", ONE, ONE, 9u << 28, 0);
    CASE("fcmp d1, d2\n fcsel d0, d1, d2, gt", TWO, ONE, TWO, 0);
    // Flush to zero, and default NaNs.
    write_sysreg(fpcr, 1 << 24);
    CASE("fadd d0, d1, d2", TINY, 0, 0, IDC);
    CASE("fmul d0, d1, d2", LEAST, UINT64_C(0x3fe0000000000000), 0, UFC);
    write_sysreg(fpcr, 1 << 25);
    CASE("fadd d0, d1, d2", ONE, NAN | 5, NAN, 0);
    write_sysreg(fpcr, 2 << 22); // down
    CASE("fsub d0, d1, d2", ONE, ONE, SIGN, 0);
    CASE("fadd d0, d1, d2", MAX, MAX, MAX, OFC | IXC);
    write_sysreg(fpcr, 0);
}

static void doubles(uint64_t a, uint64_t b)
{
    OP("fadd d0, d1, d2", a, b);
    OP("fsub d0, d1, d2", a, b);
    OP("fmul d0, d1, d2", a, b);
    OP("fdiv d0, d1, d2", a, b);
    OP("fmadd d0, d1, d2, d1", a, b);
    OP("fmsub d0, d1, d2, d2", a, b);
    OP("fnmadd d0, d1, d2, d1", a, b);
    OP("fnmsub d0, d1, d2, d2", a, b);
    OP("fmax d0, d1, d2", a, b);
    OP("fminnm d0, d1, d2", a, b);
    OP("fmulx d0, d1, d2", a, b);
    OP("fabd d0, d1, d2", a, b);
    OP("frecps d0, d1, d2", a, b);
    OP("frsqrts d0, d1, d2", a, b);
    OP("fcmge d0, d1, d2", a, b);
    OP("facgt d0, d1, d2", a, b);
    OP("fcmpe d1, d2\n mrs x9, nzcv\n fmov d0, x9", a, b);
}

static void singles(uint64_t a, uint64_t b)
{
    OP("fadd s0, s1, s2", a, b);
    OP("fmul s0, s1, s2", a, b);
    OP("fdiv s0, s1, s2", a, b);
    OP("fmadd s0, s1, s2, s1", a, b);
    OP("fnmsub s0, s1, s2, s2", a, b);
    OP("fmaxnm s0, s1, s2", a, b);
    OP("fcmp s1, s2\n mrs x9, nzcv\n fmov d0, x9", a, b);
}

static void alone(uint64_t a)
{
    OP("fsqrt d0, d1", a, 0);
    OP("fsqrt s0, s1", a, 0);
    OP("fabs d0, d1", a, 0);
    OP("fneg s0, s1", a, 0);
    OP("frintn d0, d1", a, 0);
    OP("frintm s0, s1", a, 0);
    OP("frintz d0, d1", a, 0);
    OP("frinta d0, d1", a, 0);
    OP("frinti d0, d1", a, 0);
    OP("frecpe d0, d1", a, 0);
    OP("frsqrte s0, s1", a, 0);
    OP("frecpx d0, d1", a, 0);
    OP("fcvt s0, d1", a, 0);
    OP("fcvt h0, d1", a, 0);
    OP("fcvt d0, s1", a, 0);
    OP("fcvt h0, s1", a, 0);
    OP("fcvt d0, h1", a, 0);
    OP("fcvt s0, h1", a, 0);
    OP("fcvtns x9, d1\n fmov d0, x9", a, 0);
    OP("fcvtpu w9, d1\n fmov d0, x9", a, 0);
    OP("fcvtzs w9, s1\n fmov d0, x9", a, 0);
    OP("fcvtau x9, s1\n fmov d0, x9", a, 0);
    OP("fcvtzu x9, d1, 13\n fmov d0, x9", a, 0);
    OP("fmov x9, d1\n scvtf d0, x9", a, 0);
    OP("fmov x9, d1\n ucvtf s0, x9", a, 0);
    OP("fmov x9, d1\n scvtf s0, w9, 7", a, 0);
    OP("fmov x9, d1\n ucvtf d0, x9, 64", a, 0);
}

static const uint64_t values[] = {
    0,
    SIGN,
    TINY,
    LEAST - 1,
    LEAST,
    ONE,
    TWO | SIGN,
    MAX,
    INF,
    INF | SIGN,
    NAN,
    SNAN | SIGN,
    0x3f800000,
    0xff7fffff,
    0x7f800001,
    0x00000001,
    0x41dfffffffc00000,
    0xc3e0000000000000,
    0x3fdfffffffffffff,
    0x47efffffe0000000,
    0x36a0000000000000,
    0x3c00,
    0x7bff,
    0x43f0000000000000,
};
static const uint64_t modes[] = {0,       1 << 22, 2 << 22,           3 << 22,
                                 1 << 24, 1 << 25, 1 << 24 | 2 << 22, 1 << 26};

void guest_main(void)
{
    by_hand();
    say("by hand %016lx\n", sum);
    for (size_t m = 0; m < ARRAY_LEN(modes); m++) {
        sum = 0;
        write_sysreg(fpcr, modes[m]);
        for (size_t i = 0; i < ARRAY_LEN(values); i++) {
            alone(values[i]);
            for (size_t j = 0; j < ARRAY_LEN(values); j++) {
                doubles(values[i], values[j]);
                singles(values[i], values[j]);
            }
        }
        write_sysreg(fpcr, 0);
        say("fpcr %08lx: %016lx\n", modes[m], sum);
    }
}
