// SPDX-License-Identifier: GPL-2.0-or-later
// bits: bit fields, shifts, reversals, counts, multiplications, divisions and CRC32 (DDI 0487, C6.2) on corner
// values and random ones: what follows easily by plain arithmetic, the rest as checksums.
#include "arm64.h"

static const uint64_t corners[] = {
    0,
    1,
    3,
    63,
    0x80,
    0x8000,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x7fffffffffffffff,
    0x8000000000000000,
    0xffffffffffffffff,
    0xffffffff80000000,
    0x123456789abcdef0,
};

static uint64_t sum;

#define OP(text, a, b, c)                                                                          \
    ({                                                                                             \
        uint64_t r_ = c;                                                                           \
        __asm__ volatile(text : "+&r"(r_) : "r"(a), "r"(b));                                       \
        sum = mix(sum, r_);                                                                        \
        r_;                                                                                        \
    })

static int64_t s(uint64_t x)
{
    return (int64_t)x;
}

static void fields(uint64_t a, uint64_t b)
{
    CHECK_EQ(OP("ubfx %0, %1, 7, 20", a, b, 0), a >> 7 & 0xfffff);
    CHECK_EQ(OP("sbfx %0, %1, 60, 4", a, b, 0), s(a) >> 60);
    CHECK_EQ(OP("ubfiz %w0, %w1, 9, 11", a, b, 0), (a & 0x7ff) << 9);
    CHECK_EQ(OP("sbfiz %0, %1, 30, 3", a, b, 0), s(a << 61) >> 31);
    CHECK_EQ(OP("bfi %0, %1, 12, 8", a, b, b), (b & ~UINT64_C(0xff000)) | (a & 0xff) << 12);
    CHECK_EQ(OP("bfxil %w0, %w1, 24, 8", a, b, b), ((uint32_t)b & ~0xffu) | (a >> 24 & 0xff));
    CHECK_EQ(OP("sxtb %0, %w1", a, b, 0), (uint64_t)(int64_t)(int8_t)a);
    CHECK_EQ(OP("sxth %w0, %w1", a, b, 0), (uint32_t)(int16_t)a);
    CHECK_EQ(OP("sxtw %0, %w1", a, b, 0), (uint64_t)(int64_t)(int32_t)a);
    CHECK_EQ(OP("uxth %w0, %w1", a, b, 0), (uint16_t)a);
    CHECK_EQ(OP("extr %0, %1, %2, 19", a, b, 0), b >> 19 | a << 45);
    CHECK_EQ(OP("extr %w0, %w1, %w2, 31", a, b, 0), (uint32_t)b >> 31 | (uint32_t)(a << 1));
    OP("ror %w0, %w1, 5", a, b, 0);
    OP("sbfm %0, %1, 40, 12", a, b, 0);
    OP("bfm %0, %1, 63, 63", a, b, b);
    OP("ubfm %w0, %w1, 31, 0", a, b, 0);
}

static void shifts(uint64_t a, uint64_t b)
{
    CHECK_EQ(OP("lsl %0, %1, %2", a, b, 0), a << (b & 63));
    CHECK_EQ(OP("lsr %0, %1, %2", a, b, 0), a >> (b & 63));
    CHECK_EQ(OP("asr %0, %1, %2", a, b, 0), s(a) >> (b & 63));
    CHECK_EQ(OP("lsl %w0, %w1, %w2", a, b, 0), (uint32_t)a << (b & 31));
    CHECK_EQ(OP("asr %w0, %w1, %w2", a, b, 0), (uint32_t)((int32_t)a >> (b & 31)));
    OP("ror %0, %1, %2", a, b, 0);
    OP("ror %w0, %w1, %w2", a, b, 0);
    OP("lsr %w0, %w1, %w2", a, b, 0);
    CHECK_EQ(OP("rev %0, %1", a, b, 0), __builtin_bswap64(a));
    CHECK_EQ(OP("rev %w0, %w1", a, b, 0), __builtin_bswap32((uint32_t)a));
    CHECK_EQ(OP("clz %0, %1", a, b, 0), a != 0 ? __builtin_clzll(a) : 64);
    CHECK_EQ(OP("cls %0, %1", a, b, 0), __builtin_clrsbll(s(a)));
    OP("rev16 %0, %1", a, b, 0);
    OP("rev16 %w0, %w1", a, b, 0);
    OP("rev32 %0, %1", a, b, 0);
    OP("rbit %0, %1", a, b, 0);
    OP("rbit %w0, %w1", a, b, 0);
    OP("clz %w0, %w1", a, b, 0);
    OP("cls %w0, %w1", a, b, 0);
}

static void products(uint64_t a, uint64_t b)
{
    __int128 wide = (__int128)s(a) * s(b);
    CHECK_EQ(OP("madd %0, %1, %2, %0", a, b, 7), a * b + 7);
    CHECK_EQ(OP("msub %w0, %w1, %w2, %w0", a, b, 7), (uint32_t)(7 - a * b));
    CHECK_EQ(OP("smulh %0, %1, %2", a, b, 0), (uint64_t)(wide >> 64));
    CHECK_EQ(OP("umulh %0, %1, %2", a, b, 0), (uint64_t)((unsigned __int128)a * b >> 64));
    CHECK_EQ(OP("smaddl %0, %w1, %w2, %0", a, b, a),
             a + (uint64_t)((int64_t)(int32_t)a * (int32_t)b));
    CHECK_EQ(OP("umsubl %0, %w1, %w2, %0", a, b, b), b - (uint64_t)(uint32_t)a * (uint32_t)b);
    CHECK_EQ(OP("udiv %0, %1, %2", a, b, 0), b != 0 ? a / b : 0);
    CHECK_EQ(OP("udiv %w0, %w1, %w2", a, b, 0), (uint32_t)b != 0 ? (uint32_t)a / (uint32_t)b : 0);
    bool over = a == UINT64_C(1) << 63 && b == UINT64_MAX;
    CHECK_EQ(OP("sdiv %0, %1, %2", a, b, 0), b == 0 ? 0 : over ? a : (uint64_t)(s(a) / s(b)));
    OP("sdiv %w0, %w1, %w2", a, b, 0);
}

static void sums(uint64_t a, uint64_t b)
{
    OP(".arch_extension crc\n crc32b %w0, %w1, %w2", a, b, 0);
    OP("crc32h %w0, %w1, %w2", a, b, 0);
    OP("crc32w %w0, %w1, %w2", a, b, 0);
    OP("crc32x %w0, %w1, %2", a, b, 0);
    OP("crc32cb %w0, %w1, %w2", a, b, 0);
    OP("crc32ch %w0, %w1, %w2", a, b, 0);
    OP("crc32cw %w0, %w1, %w2", a, b, 0);
    OP("crc32cx %w0, %w1, %2", a, b, 0);
}

static void (*const groups[])(uint64_t a, uint64_t b) = {fields, shifts, products, sums};
static const char *const names[] = {"fields", "shifts", "products", "sums"};

void guest_main(void)
{
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        uint64_t seed = 88172645463325252u;
        sum = 0;
        for (size_t i = 0; i < ARRAY_LEN(corners); i++) {
            for (size_t j = 0; j < ARRAY_LEN(corners); j++) {
                groups[g](corners[i], corners[j]);
            }
        }
        for (int i = 0; i < 150; i++) {
            uint64_t a = next_random(&seed);
            groups[g](a, next_random(&seed) >> (i & 63));
        }
        say("%s %016lx\n", names[g], sum);
    }
}
