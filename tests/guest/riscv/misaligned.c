// SPDX-License-Identifier: GPL-2.0-or-later
// misaligned: loads and stores of every width at every offset, within a line, across lines and
// across pages, integer and floating point. The board supports them in "hardware" (as the
// reference does); bytes must come out as if written one by one.
#include "riscv.h"

static uint8_t memory[3 * 4096] __attribute__((aligned(4096)));
static uint64_t sum;

static uint64_t expected(const uint8_t *p, unsigned size)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < size; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

#define LOAD(name, p)                                                                              \
    ({                                                                                             \
        uint64_t r_;                                                                               \
        __asm__ volatile(name " %0, 0(%1)" : "=r"(r_) : "r"(p) : "memory");                        \
        r_;                                                                                        \
    })
#define STORE(name, p, v)                                                                          \
    __asm__ volatile(name " %1, 0(%0)" : : "r"(p), "r"((uint64_t)(v)) : "memory")

static void at(uint8_t *p, uint64_t v)
{
    CHECK_EQ(LOAD("lhu", p), expected(p, 2));
    CHECK_EQ(LOAD("lh", p), (int64_t)(int16_t)expected(p, 2));
    CHECK_EQ(LOAD("lwu", p), expected(p, 4));
    CHECK_EQ(LOAD("lw", p), (int64_t)(int32_t)expected(p, 4));
    CHECK_EQ(LOAD("ld", p), expected(p, 8));
    STORE("sh", p, v);
    CHECK_EQ(expected(p, 2), v & 0xffff);
    STORE("sw", p, v >> 7);
    CHECK_EQ(expected(p, 4), (uint32_t)(v >> 7));
    STORE("sd", p, ~v);
    CHECK_EQ(expected(p, 8), ~v);
    uint64_t r;
    __asm__ volatile("fld ft0, 0(%1)\n fsd ft0, 1(%1)\n fmv.x.d %0, ft0"
                     : "=r"(r)
                     : "r"(p)
                     : "ft0", "memory");
    CHECK_EQ(r, ~v);
    CHECK_EQ(expected(p + 1, 8), ~v);
    __asm__ volatile("flw ft0, 3(%1)\n fsw ft0, 0(%1)\n fmv.x.w %0, ft0"
                     : "=r"(r)
                     : "r"(p)
                     : "ft0", "memory");
    CHECK_EQ(expected(p, 4), (uint32_t)r);
    sum = mix(sum, expected(p, 8));
}

void guest_main(void)
{
    uint64_t seed = 1234567;
    for (size_t i = 0; i < sizeof memory; i++) {
        memory[i] = (uint8_t)(i * 37 + (i >> 8));
    }
    for (unsigned around = 64; around <= 8192; around = around == 64 ? 4096 : around + 4096) {
        for (unsigned offset = 0; offset < 16; offset++) {
            at(&memory[around - 8 + offset], next_random(&seed));
        }
    }
    say("values %016lx\nmemory %08x\n", sum, crc32(0, memory + 4000, 4400));
}
