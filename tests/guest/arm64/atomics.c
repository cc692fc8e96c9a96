// SPDX-License-Identifier: GPL-2.0-or-later
// atomics: LSE (FEAT_LSE: LD<op>, ST<op>, SWP, CAS, CASP in all widths and orders) and exclusives, by one hart against
// plain arithmetic and by all harts at once; RCpc loads where the processor has them. Wants a processor that
// has LSE: neoverse-n1.
#include "arm64.h"

enum { ROUNDS = 400 };

static uint64_t sum;
static uint64_t cell[4] __attribute__((aligned(64)));
static volatile uint64_t total, locked, guarded;
static volatile unsigned ready;

#define ARCH ".arch armv8.1-a\n"
#define RMW(name, width, old, operand)                                                             \
    ({                                                                                             \
        uint64_t r_;                                                                               \
        cell[0] = old;                                                                             \
        __asm__ volatile(ARCH name " %" width "1, %" width "0, [%2]"                               \
                         : "=&r"(r_)                                                               \
                         : "r"((uint64_t)(operand)), "r"(cell)                                     \
                         : "memory");                                                              \
        sum = mix(mix(sum, r_), cell[0]);                                                          \
        r_;                                                                                        \
    })
// 64 and 32 bits: what was there, and what is there now.
#define WIDE(name, a, b, x)                                                                        \
    do {                                                                                           \
        CHECK_EQ(RMW(name, "", a, b), a);                                                          \
        CHECK_EQ(cell[0], x);                                                                      \
    } while (0)

static int64_t s(uint64_t x)
{
    return (int64_t)x;
}

static void operations(uint64_t a, uint64_t b)
{
    WIDE("ldadd", a, b, a + b);
    WIDE("ldaddal", a, b, a + b);
    WIDE("ldclra", a, b, a & ~b);
    WIDE("ldeorl", a, b, a ^ b);
    WIDE("ldset", a, b, a | b);
    WIDE("ldsmax", a, b, s(a) > s(b) ? a : b);
    WIDE("ldsminal", a, b, s(a) < s(b) ? a : b);
    WIDE("ldumaxa", a, b, a > b ? a : b);
    WIDE("ldumin", a, b, a < b ? a : b);
    WIDE("swpal", a, b, b);
    CHECK_EQ(RMW("ldadd", "w", a, b), (uint32_t)a);
    CHECK_EQ(cell[0], (a & ~UINT64_C(0xffffffff)) | (uint32_t)(a + b));
    CHECK_EQ(RMW("ldaddlb", "w", a, b), (uint8_t)a);
    CHECK_EQ(cell[0], (a & ~UINT64_C(0xff)) | (uint8_t)(a + b));
    CHECK_EQ(RMW("ldsmaxah", "w", a, b), (uint16_t)a);
    RMW("ldsminb", "w", a, b);
    RMW("lduminlh", "w", a, b);
    RMW("ldumax", "w", a, b);
    RMW("swpb", "w", a, b);
    cell[0] = a;
    __asm__ volatile(ARCH "stadd %0, [%1]\n steorlb %w0, [%1]" : : "r"(b), "r"(cell) : "memory");
    CHECK_EQ(cell[0], (a + b) ^ (b & 0xff));
}

static void comparing(uint64_t a, uint64_t b)
{
    uint64_t expected = b;
    cell[0] = a;
    __asm__ volatile(ARCH "casal %0, %1, [%2]" : "+&r"(expected) : "r"(~a), "r"(cell) : "memory");
    CHECK_EQ(expected, a);
    CHECK_EQ(cell[0], a == b ? ~a : a);
    expected = a;
    cell[0] = a;
    __asm__ volatile(ARCH "cash %w0, %w1, [%2]" : "+&r"(expected) : "r"(b), "r"(cell) : "memory");
    CHECK_EQ(expected, a & 0xffff);
    CHECK_EQ(cell[0], (a & ~UINT64_C(0xffff)) | (b & 0xffff));
    register uint64_t x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = b,
                         x3 __asm__("x3") = ~a;
    cell[0] = a;
    cell[1] = b;
    __asm__ volatile(ARCH "caspal x0, x1, x2, x3, [%4]"
                     : "+r"(x0), "+r"(x1)
                     : "r"(x2), "r"(x3), "r"(cell)
                     : "memory");
    uint64_t low = x0, high = x1; // before a call takes the registers
    CHECK_EQ(low, a);
    CHECK_EQ(high, b);
    CHECK_EQ(cell[0], b);
    CHECK_EQ(cell[1], ~a);
    x0 = a + 1;
    x1 = b;
    x2 = b;
    x3 = ~a;
    __asm__ volatile(ARCH "casp w0, w1, w2, w3, [%4]"
                     : "+r"(x0), "+r"(x1)
                     : "r"(x2), "r"(x3), "r"(cell)
                     : "memory");
    low = x0;
    high = x1;
    CHECK_EQ(low, (uint32_t)b);
    CHECK_EQ(high, b >> 32);
    sum = mix(mix(sum, cell[0]), cell[1]);
}

// All of them add by LSE, and by exclusives under a lock taken by CAS.
static void everybody(uint64_t by)
{
    __asm__ volatile(ARCH "stadd %w0, [%1]" : : "r"(1), "r"(&ready) : "memory");
    while (ready < hart_count()) {
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t old, status;
        __asm__ volatile(ARCH "ldaddal %1, %0, [%2]" : "=r"(old) : "r"(by), "r"(&total) : "memory");
        do {
            old = 0;
            __asm__ volatile(ARCH "casa %0, %1, [%2]"
                             : "+&r"(old)
                             : "r"(by), "r"(&locked)
                             : "memory");
        } while (old != 0);
        uint64_t seen = guarded;
        do {
            __asm__ volatile("ldaxr %0, [%2]\n add %0, %0, 1\n stlxr %w1, %0, [%2]"
                             : "=&r"(old), "=&r"(status)
                             : "r"(&guarded)
                             : "memory");
        } while (status != 0);
        CHECK_EQ(guarded, seen + 1);
        __asm__ volatile("stlr xzr, [%0]" : : "r"(&locked) : "memory");
    }
}

void guest_main(void)
{
    static const uint64_t values[] = {0,
                                      1,
                                      0x7f,
                                      0x80,
                                      0xffff,
                                      0x80000000,
                                      UINT64_MAX,
                                      UINT64_C(1) << 63,
                                      UINT64_C(0x123456789abcdef0)};
    if ((read_sysreg(id_aa64isar0_el1) >> 20 & 15) != 2) {
        say("there is no LSE\n");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        for (size_t j = 0; j < ARRAY_LEN(values); j++) {
            operations(values[i], values[j]);
            comparing(values[i], values[j]);
        }
    }
    say("operations %016lx\n", sum);
    unsigned n = hart_count();
    for (unsigned h = 1; h < n; h++) {
        hart_start(h, everybody, h + 1);
    }
    everybody(1);
    for (unsigned h = 1; h < n; h++) {
        hart_wait(h);
    }
    CHECK_EQ(total, ROUNDS * n * (n + 1) / 2);
    CHECK_EQ(guarded, ROUNDS * n);
    say("everybody\n");
}
