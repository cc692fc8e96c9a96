// SPDX-License-Identifier: GPL-2.0-or-later
// memory: loads and stores (DDI 0487, C6.2): widths and extensions, the ways to form an address, pairs, literals,
// V registers and structures, misaligned ones also across pages, acquire and release, exclusives; branches of
// all kinds are in between, as far as addresses are what they are about.
#include "arm64.h"

#define PAGE UINT64_C(4096)

static uint8_t bytes[3 * 4096] __attribute__((aligned(4096)));
static uint64_t sum;

static void fill(void)
{
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 151 + (i >> 8) * 7 + 3);
    }
}

// By single bytes, which is what the others are compared with.
static uint64_t peek(const uint8_t *at, unsigned size)
{
    uint64_t x = 0;
    for (unsigned i = size; i-- > 0;) {
        x = x << 8 | *(const volatile uint8_t *)(at + i);
    }
    return x;
}

#define LOAD(text, base, index)                                                                    \
    ({                                                                                             \
        uint64_t r_;                                                                               \
        __asm__ volatile(text : "=&r"(r_) : "r"(base), "r"((uint64_t)(index)) : "memory");         \
        sum = mix(sum, r_);                                                                        \
        r_;                                                                                        \
    })
#define STORE(text, base, value) __asm__ volatile(text : : "r"(value), "r"(base) : "memory")

static void widths(uint8_t *p)
{
    CHECK_EQ(LOAD("ldrb %w0, [%1]", p, 0), peek(p, 1));
    CHECK_EQ(LOAD("ldrh %w0, [%1]", p, 0), peek(p, 2));
    CHECK_EQ(LOAD("ldr %w0, [%1]", p, 0), peek(p, 4));
    CHECK_EQ(LOAD("ldr %0, [%1]", p, 0), peek(p, 8));
    CHECK_EQ(LOAD("ldrsb %0, [%1]", p, 0), (uint64_t)(int64_t)(int8_t)peek(p, 1));
    CHECK_EQ(LOAD("ldrsb %w0, [%1]", p, 0), (uint32_t)(int8_t)peek(p, 1));
    CHECK_EQ(LOAD("ldrsh %0, [%1]", p, 0), (uint64_t)(int64_t)(int16_t)peek(p, 2));
    CHECK_EQ(LOAD("ldrsh %w0, [%1]", p, 0), (uint32_t)(int16_t)peek(p, 2));
    CHECK_EQ(LOAD("ldrsw %0, [%1]", p, 0), (uint64_t)(int64_t)(int32_t)peek(p, 4));
    uint64_t value = UINT64_C(0x8182838485868788);
    STORE("str %0, [%1]", p, value);
    CHECK_EQ(peek(p, 8), value);
    STORE("str %w0, [%1, 1]", p, ~value);
    CHECK_EQ(peek(p + 1, 4), (uint32_t)~value);
    STORE("strh %w0, [%1, 3]", p, value);
    CHECK_EQ(peek(p + 3, 2), 0x8788);
    STORE("strb %w0, [%1, 7]", p, value);
    CHECK_EQ(peek(p + 7, 1), 0x88);
}

static void addresses(uint8_t *p)
{
    uint64_t minus = (uint64_t)-24;
    CHECK_EQ(LOAD("ldr %0, [%1, 32]", p, 0), peek(p + 32, 8));
    CHECK_EQ(LOAD("ldr %w0, [%1, 8188]", p - 8000, 0), peek(p + 188, 4));
    CHECK_EQ(LOAD("ldur %0, [%1, -255]", p + 256, 0), peek(p + 1, 8));
    CHECK_EQ(LOAD("ldr %0, [%1, %2]", p, minus), peek(p - 24, 8));
    CHECK_EQ(LOAD("ldr %0, [%1, %2, lsl 3]", p, 3), peek(p + 24, 8));
    CHECK_EQ(LOAD("ldr %w0, [%1, %w2, sxtw 2]", p, 0xfffffffe), peek(p - 8, 4));
    CHECK_EQ(LOAD("ldrh %w0, [%1, %w2, uxtw 1]", p, UINT64_C(0xaaaaaaaa00000005)), peek(p + 10, 2));
    CHECK_EQ(LOAD("ldrb %w0, [%1, %2, sxtx]", p, 6), peek(p + 6, 1));
    uint64_t base = (uint64_t)p, r;
    __asm__ volatile("ldr %0, [%1], 16" : "=&r"(r), "+r"(base) : : "memory");
    CHECK_EQ(r, peek(p, 8));
    CHECK_EQ(base, (uint64_t)p + 16);
    __asm__ volatile("ldrsh %0, [%1, -9]!" : "=&r"(r), "+r"(base) : : "memory");
    CHECK_EQ(r, (uint64_t)(int64_t)(int16_t)peek(p + 7, 2));
    CHECK_EQ(base, (uint64_t)p + 7);
    __asm__ volatile("str %w0, [%1], -7" : : "r"(r), "r"(base) : "memory");
    CHECK_EQ(peek(p + 7, 4), (uint32_t)r);
    // Literals, and what is near the pc.
    __asm__ volatile("ldr %0, 1f\n b 2f\n 1: .quad 0x1122334455667788\n2:" : "=r"(r));
    CHECK_EQ(r, UINT64_C(0x1122334455667788));
    __asm__ volatile("ldrsw %0, 1f\n b 2f\n 1: .word 0x87654321\n2:" : "=r"(r));
    CHECK_EQ(r, UINT64_C(0xffffffff87654321));
}

static void pairs(uint8_t *p)
{
    uint64_t a, b, base = (uint64_t)p;
    __asm__ volatile("ldp %0, %1, [%2, 40]" : "=&r"(a), "=&r"(b) : "r"(p) : "memory");
    CHECK_EQ(a, peek(p + 40, 8));
    CHECK_EQ(b, peek(p + 48, 8));
    __asm__ volatile("ldpsw %0, %1, [%2, -8]" : "=&r"(a), "=&r"(b) : "r"(p) : "memory");
    CHECK_EQ(a, (uint64_t)(int64_t)(int32_t)peek(p - 8, 4));
    CHECK_EQ(b, (uint64_t)(int64_t)(int32_t)peek(p - 4, 4));
    __asm__ volatile("ldp %w0, %w1, [%2], 8" : "=&r"(a), "=&r"(b), "+r"(base) : : "memory");
    CHECK_EQ(a | b << 32, peek(p, 8));
    __asm__ volatile("stp %0, %1, [%2, -24]!" : : "r"(a), "r"(b), "r"(base) : "memory");
    CHECK_EQ(peek(p - 16, 8), a);
    CHECK_EQ(peek(p - 8, 8), b);
    __asm__ volatile(
        "ldnp q1, q2, [%2, 32]\n umov %0, v1.d[1]\n umov %1, v2.d[0]\n stp q2, q1, [%2]"
        : "=&r"(a), "=&r"(b)
        : "r"(p)
        : "v1", "v2", "memory");
    CHECK_EQ(a, peek(p + 40, 8));
    CHECK_EQ(b, peek(p + 48, 8));
    CHECK_EQ(peek(p + 24, 8), a);
}

static void structures(uint8_t *p)
{
    uint64_t base = (uint64_t)p;
    __asm__ volatile(
        "ld3 {v0.8b, v1.8b, v2.8b}, [%0]\n st3 {v0.8b, v1.8b, v2.8b}, [%0]\n"
        "ld4 {v0.4s - v3.4s}, [%0], 64\n st1 {v3.4s}, [%0]\n ld1 {v0.h}[5], [%0], 2\n"
        "ld2 {v1.2d, v2.2d}, [%0]\n st2 {v1.d, v2.d}[1], [%0], 16\n ld1r {v3.8h}, [%0]\n"
        "st4 {v0.16b - v3.16b}, [%0]\n ld1 {v0.16b - v3.16b}, [%0]\n str b3, [%0, 3]\n"
        "str h2, [%0, 6]\n ldr s1, [%0, 4]\n ldr d0, [%0, 9]\n stur q1, [%0, -5]\n"
        "str d0, [%0], 8"
        : "+r"(base)
        :
        : "v0", "v1", "v2", "v3", "memory");
    CHECK_EQ(base, (uint64_t)p + 64 + 2 + 16 + 8);
    sum = mix(sum, crc32(0, p - 16, 192));
}

static void ordered(uint8_t *p)
{
    uint64_t *at = (uint64_t *)((uint64_t)p & ~UINT64_C(63));
    uint64_t a, b, status;
    CHECK_EQ(LOAD("ldar %0, [%1]", at, 0), at[0]);
    CHECK_EQ(LOAD("ldarb %w0, [%1]", at, 0), at[0] & 0xff);
    STORE("stlr %w0, [%1]", at, at[1]);
    CHECK_EQ(at[0] & 0xffffffff, at[1] & 0xffffffff);
    __asm__ volatile("ldxr %0, [%2]\n add %0, %0, 1\n stxr %w1, %0, [%2]"
                     : "=&r"(a), "=&r"(status)
                     : "r"(at)
                     : "memory");
    CHECK_EQ(status, 0);
    CHECK_EQ(at[0], a);
    // The reservation is gone.
    __asm__ volatile("stxr %w0, %1, [%2]" : "=&r"(status) : "r"(a + 5), "r"(at) : "memory");
    CHECK_EQ(status, 1);
    CHECK_EQ(at[0], a);
    __asm__ volatile("ldaxrh %w0, [%2]\n clrex\n stlxrh %w1, wzr, [%2]"
                     : "=&r"(a), "=&r"(status)
                     : "r"(at)
                     : "memory");
    CHECK_EQ(status, 1);
    __asm__ volatile("ldxp %0, %1, [%3]\n stlxp %w2, %1, %0, [%3]"
                     : "=&r"(a), "=&r"(b), "=&r"(status)
                     : "r"(at)
                     : "memory");
    CHECK_EQ(status, 0);
    CHECK_EQ(at[0], b);
    CHECK_EQ(at[1], a);
    sum = mix(mix(sum, a), b);
}

// A misaligned exclusive faults, and so does any access where SCTLR says so.
static void misaligned(uint8_t *p)
{
    uint64_t sctlr = read_sysreg(sctlr_el1), r;
    trap_expect();
    __asm__ volatile("ldxr %0, [%1]" : "=r"(r) : "r"(p + 1) : "memory");
    struct trap_seen seen = trap_taken();
    CHECK_EQ(ESR_EC(seen.esr), EC_DATA_SAME);
    CHECK_EQ(ESR_DFSC(seen.esr), 0x21);
    CHECK_EQ(seen.far, (uint64_t)p + 1);
    write_sysreg(sctlr_el1, sctlr | 2);
    trap_expect();
    __asm__ volatile("strh wzr, [%0]" : : "r"(p + 3) : "memory");
    seen = trap_taken();
    write_sysreg(sctlr_el1, sctlr);
    CHECK_EQ(ESR_DFSC(seen.esr), 0x21);
    CHECK_EQ(seen.esr & ESR_WNR, ESR_WNR);
    CHECK_EQ(seen.far, (uint64_t)p + 3);
    say("misaligned %x\n", ESR_DFSC(seen.esr));
}

// The second page of an access is not there: nothing of it is stored.
static void across(void)
{
    uint8_t *edge = bytes + 2 * PAGE;
    uint64_t *entry = page_entry((uint64_t)edge), old = *entry, before = peek(edge - 8, 8);
    *entry = 0;
    tables_changed();
    trap_expect();
    STORE("str %0, [%1]", edge - 3, UINT64_C(0x1234567812345678));
    struct trap_seen seen = trap_taken();
    CHECK_EQ(seen.count, 1);
    CHECK_EQ(ESR_DFSC(seen.esr), 7);
    CHECK_EQ(seen.far, (uint64_t)edge);
    CHECK_EQ(peek(edge - 8, 8), before);
    *entry = old;
    tables_changed();
    STORE("str %0, [%1]", edge - 3, before);
    CHECK_EQ(peek(edge - 3, 8), before);
    say("across %x\n", ESR_DFSC(seen.esr));
}

void guest_main(void)
{
    static const unsigned places[] = {0,    64,        1,        3,        7,
                                      1000, 4096 - 64, 4096 - 7, 4096 - 1, 4096 - 66};
    fill();
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        uint8_t *p = bytes + PAGE - 256 + places[i];
        widths(p);
        addresses(p);
        pairs(p);
        structures(p);
        ordered(p);
    }
    say("memory %016lx %08x\n", sum, crc32(0, bytes, sizeof bytes));
    misaligned(bytes + 64);
    across();
}
