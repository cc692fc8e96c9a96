// SPDX-License-Identifier: GPL-2.0-or-later
// arith: additions, subtractions, logic, conditions and what they select (DDI 0487, C6.2), in 32 and 64 bits,
// with shifted and extended operands and carries, on all pairs of corner values and some random ones, against
// plain arithmetic with 128-bit integers; the results' checksum is the transcript.
#include "arm64.h"

static const uint64_t corners[] = {
    0,
    1,
    2,
    31,
    32,
    33,
    63,
    64,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x100000000,
    0x7fffffffffffffff,
    0x8000000000000000,
    0xffffffffffffffff,
    0xfffffffffffffffe,
    0xffffffff80000000,
    0xffffffff7fffffff,
    0x123456789abcdef0,
};

enum { V = 1, C = 2, Z = 4, N = 8 };

static uint64_t sum;

struct result {
    uint64_t value;
    unsigned flags;
};

static void expect(const char *what, struct result got, uint64_t value, unsigned flags)
{
    if (got.value != value || got.flags != flags) {
        say("%s: ", what);
    }
    CHECK_EQ(got.value, value);
    CHECK_EQ(got.flags, flags);
    sum = mix(sum, got.value + ((uint64_t)got.flags << 60));
}

// The instruction with all flags down before, or all up.
#define RUN(text, a, b, before)                                                                    \
    ({                                                                                             \
        struct result r_;                                                                          \
        uint64_t nzcv_;                                                                            \
        __asm__ volatile("msr nzcv, %4\n" text "\n mrs %1, nzcv"                                   \
                         : "=&r"(r_.value), "=&r"(nzcv_)                                           \
                         : "r"(a), "r"(b), "r"((uint64_t)(before) << 28)                           \
                         : "cc");                                                                  \
        r_.flags = (unsigned)(nzcv_ >> 28);                                                        \
        r_;                                                                                        \
    })

static uint64_t cut(uint64_t x, bool is_64)
{
    return is_64 ? x : (uint32_t)x;
}

static bool top(uint64_t x, bool is_64)
{
    return (x >> (is_64 ? 63 : 31) & 1) != 0;
}

// AddWithCarry of the manual.
static struct result add(uint64_t a, uint64_t b, unsigned carry, bool is_64)
{
    a = cut(a, is_64);
    b = cut(b, is_64);
    unsigned __int128 whole = (unsigned __int128)a + b + carry;
    uint64_t r = cut((uint64_t)whole, is_64);
    unsigned flags = top(r, is_64) ? N : 0;
    flags |= r == 0 ? Z : 0;
    flags |= whole != r ? C : 0;
    flags |= top(a, is_64) == top(b, is_64) && top(r, is_64) != top(a, is_64) ? V : 0;
    return (struct result){r, flags};
}

static struct result logic(uint64_t r, bool is_64)
{
    r = cut(r, is_64);
    return (struct result){r, (top(r, is_64) ? N : 0) | (r == 0 ? Z : 0)};
}

#define ADDS(text, a, b, x, y, carry, is_64)                                                       \
    do {                                                                                           \
        struct result want_ = add(x, y, carry, is_64);                                             \
        expect(text, RUN(text, a, b, (carry) == 2 ? 0 : 2), want_.value, want_.flags);             \
    } while (0)
#define PLAIN(text, a, b, value) expect(text, RUN(text, a, b, 9), value, 9)
#define LOGIC(text, a, b, x, is_64)                                                                \
    do {                                                                                           \
        struct result want_ = logic(x, is_64);                                                     \
        expect(text, RUN(text, a, b, 3), want_.value, want_.flags);                                \
    } while (0)

static void additions(uint64_t a, uint64_t b)
{
    ADDS("adds %0, %2, %3", a, b, a, b, 0, true);
    ADDS("adds %w0, %w2, %w3", a, b, a, b, 0, false);
    ADDS("subs %0, %2, %3", a, b, a, ~b, 1, true);
    ADDS("subs %w0, %w2, %w3", a, b, a, ~b, 1, false);
    PLAIN("add %0, %2, %3, lsl 7", a, b, a + (b << 7));
    PLAIN("sub %0, %2, %3, asr 13", a, b, a - (uint64_t)((int64_t)b >> 13));
    PLAIN("add %w0, %w2, %w3, lsr 31", a, b, (uint32_t)a + ((uint32_t)b >> 31));
    PLAIN("neg %0, %3", a, b, -b);
    PLAIN("add %0, %2, %w3, uxtb 3", a, b, a + (b & 0xff) * 8);
    PLAIN("add %0, %2, %w3, sxth 4", a, b, a + (uint64_t)(int64_t)(int16_t)b * 16);
    PLAIN("sub %0, %2, %w3, sxtw", a, b, a - (uint64_t)(int64_t)(int32_t)b);
    PLAIN("sub %0, %2, %w3, uxtw 2", a, b, a - (uint64_t)(uint32_t)b * 4);
    PLAIN("add %w0, %w2, %w3, sxtb 1", a, b, (uint32_t)(a + (uint64_t)(int64_t)(int8_t)b * 2));
    PLAIN("adc %0, %2, %3", a, b, a + b); // C is down
    PLAIN("sbc %0, %2, %3", a, b, a - b - 1);
    PLAIN("ngc %w0, %w3", a, b, (uint32_t)~b);
    struct result want = add(a, b, 1, true);
    expect("adcs", RUN("adcs %0, %2, %3", a, b, C), want.value, want.flags);
    want = add(a, ~b, 0, false);
    expect("sbcs", RUN("sbcs %w0, %w2, %w3", a, b, V), want.value, want.flags);
    want = add(a, ~b, 1, true);
    expect("sbcs", RUN("sbcs %0, %2, %3", a, b, C | N), want.value, want.flags);
}

static void immediates(uint64_t a)
{
    ADDS("adds %0, %2, 4095", a, a, a, 4095, 0, true);
    ADDS("subs %w0, %w2, 1", a, a, a, ~UINT64_C(1), 1, false);
    ADDS("subs %0, %2, 0x7ff000", a, a, a, ~UINT64_C(0x7ff000), 1, true);
    PLAIN("sub %0, %2, 0xabc", a, a, a - 0xabc);
    PLAIN("and %0, %2, 0x5555555555555555", a, a, a & UINT64_C(0x5555555555555555));
    PLAIN("orr %0, %2, 0xfffffffffffff", a, a, a | UINT64_C(0xfffffffffffff));
    PLAIN("eor %w0, %w2, 0xff00ff", a, a, (uint32_t)a ^ 0xff00ff);
    LOGIC("ands %0, %2, 0x8000000000000001", a, a, a & UINT64_C(0x8000000000000001), true);
    LOGIC("ands %w0, %w2, 0xfffffffe", a, a, a & 0xfffffffe, false);
    PLAIN("movz %0, 0xbeef, lsl 32", a, a, UINT64_C(0xbeef) << 32);
    PLAIN("movn %w0, 0x1234, lsl 16", a, a, 0xedcbffff);
    PLAIN("mov %0, %2\n movk %0, 0xc0de, lsl 48", a, a,
          (a & UINT64_C(0xffffffffffff)) | UINT64_C(0xc0de) << 48);
}

static void logical(uint64_t a, uint64_t b)
{
    PLAIN("and %0, %2, %3", a, b, a & b);
    PLAIN("bic %0, %2, %3, lsl 9", a, b, a & ~(b << 9));
    PLAIN("orr %0, %2, %3, lsr 17", a, b, a | b >> 17);
    PLAIN("orn %w0, %w2, %w3", a, b, (uint32_t)(a | ~b));
    PLAIN("eor %0, %2, %3, ror 5", a, b, a ^ (b >> 5 | b << 59));
    PLAIN("eon %w0, %w2, %w3, asr 3", a, b, (uint32_t)(a ^ ~(uint32_t)((int32_t)b >> 3)));
    LOGIC("ands %0, %2, %3", a, b, a & b, true);
    LOGIC("bics %w0, %w2, %w3", a, b, a & ~b, false);
    LOGIC("ands %w0, %w2, %w3, ror 30", a, b, a & ((uint32_t)b >> 30 | (uint32_t)b << 2), false);
}

static bool holds(unsigned condition, unsigned flags)
{
    bool n = flags & N, z = flags & Z, c = flags & C, v = flags & V;
    bool base[] = {z, c, n, v, c && !z, n == v, n == v && !z, true};
    return base[condition >> 1] != ((condition & 1) != 0 && condition != 15);
}

#define SELECT(name, number, flags)                                                                \
    do {                                                                                           \
        bool h_ = holds(number, flags);                                                            \
        uint64_t a_ = 0x1111, b_ = 0xffffffff;                                                     \
        expect("csel " name, RUN("csel %0, %2, %3, " name, a_, b_, flags), h_ ? a_ : b_, flags);   \
        expect("csinc " name, RUN("csinc %w0, %w2, %w3, " name, a_, b_, flags), h_ ? a_ : 0,       \
               flags);                                                                             \
        expect("csinv " name, RUN("csinv %0, %2, %3, " name, a_, b_, flags), h_ ? a_ : ~b_,        \
               flags);                                                                             \
        expect("csneg " name, RUN("csneg %0, %2, %3, " name, a_, b_, flags), h_ ? a_ : -b_,        \
               flags);                                                                             \
        unsigned then_ = h_ ? add(a_, ~b_, 1, true).flags : 5;                                     \
        expect("ccmp " name, RUN("mov %0, 0\n ccmp %2, %3, 5, " name, a_, b_, flags), 0, then_);   \
        then_ = h_ ? add(a_, 31, 0, false).flags : 10;                                             \
        expect("ccmn " name, RUN("mov %0, 0\n ccmn %w2, 31, 10, " name, a_, b_, flags), 0, then_); \
    } while (0)

static void conditions(unsigned flags)
{
    SELECT("eq", 0, flags);
    SELECT("ne", 1, flags);
    SELECT("cs", 2, flags);
    SELECT("cc", 3, flags);
    SELECT("mi", 4, flags);
    SELECT("pl", 5, flags);
    SELECT("vs", 6, flags);
    SELECT("vc", 7, flags);
    SELECT("hi", 8, flags);
    SELECT("ls", 9, flags);
    SELECT("ge", 10, flags);
    SELECT("lt", 11, flags);
    SELECT("gt", 12, flags);
    SELECT("le", 13, flags);
    SELECT("al", 14, flags);
    SELECT("nv", 15, flags);
}

void guest_main(void)
{
    uint64_t seed = 88172645463325252u;
    sum = 0;
    conditions(0);
    for (unsigned flags = 1; flags < 16; flags++) {
        conditions(flags);
    }
    say("conditions %016lx\n", sum);
    for (size_t i = 0; i < ARRAY_LEN(corners); i++) {
        immediates(corners[i]);
        for (size_t j = 0; j < ARRAY_LEN(corners); j++) {
            additions(corners[i], corners[j]);
            logical(corners[i], corners[j]);
        }
    }
    say("corners %016lx\n", sum);
    for (int i = 0; i < 100; i++) {
        uint64_t a = next_random(&seed);
        uint64_t b = next_random(&seed) >> (i & 63);
        additions(a, b);
        logical(a, b);
        immediates(b);
    }
    say("random %016lx\n", sum);
}
