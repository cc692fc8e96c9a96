// SPDX-License-Identifier: GPL-2.0-or-later
// compressed: the C extension (Unprivileged ISA, chapter 16): instructions of each format by name
// with their corner immediates, and instructions of 4 bytes that lie across a page boundary,
// reached by falling in and by jumping.
#include "riscv.h"

static uint64_t sum;

#define EXPECT(got, want)                                                                          \
    do {                                                                                           \
        uint64_t g_ = (got);                                                                       \
        CHECK_EQ(g_, want);                                                                        \
        sum = mix(sum, g_);                                                                        \
    } while (0)

// s0 in, s0 out; s1 is a second operand.
#define RUN(text, a, b)                                                                            \
    ({                                                                                             \
        register uint64_t x_ __asm__("s1") = (a);                                                  \
        register uint64_t y_ __asm__("a4") = (b);                                                  \
        __asm__ volatile(text : "+r"(x_), "+r"(y_) : : "memory", "ra", "t0", "t1");                \
        x_;                                                                                        \
    })

static uint64_t cells[40];

static void registers_and_immediates(void)
{
    const uint64_t a = UINT64_C(0x8000000080000001);
    EXPECT(RUN("c.li s1, -32", 0, 0), (uint64_t)-32);
    EXPECT(RUN("c.li s1, 31", 0, 0), 31);
    EXPECT(RUN("c.lui s1, 0xfffe0", 0, 0), UINT64_C(0xfffffffffffe0000));
    EXPECT(RUN("c.lui s1, 31", 0, 0), 31 << 12);
    EXPECT(RUN("c.addi s1, -32", a, 0), a - 32);
    EXPECT(RUN("c.addiw s1, 31", 0x7fffffff, 0), UINT64_C(0xffffffff8000001e));
    EXPECT(RUN("c.addiw s1, 0", a, 0), UINT64_C(0xffffffff80000001));
    EXPECT(RUN("c.slli s1, 63", a, 0), UINT64_C(1) << 63);
    EXPECT(RUN("c.srli s1, 63", a, 0), 1);
    EXPECT(RUN("c.srai s1, 63", a, 0), UINT64_MAX);
    EXPECT(RUN("c.andi s1, -2", a, 0), a - 1);
    EXPECT(RUN("c.mv s1, a4", a, 5), 5);
    EXPECT(RUN("c.add s1, a4", a, 5), a + 5);
    EXPECT(RUN("c.sub s1, a4", a, 5), a - 5);
    EXPECT(RUN("c.and s1, a4", a, 5), 1);
    EXPECT(RUN("c.or s1, a4", a, 4), a | 4);
    EXPECT(RUN("c.xor s1, a4", a, 5), a ^ 5);
    EXPECT(RUN("c.addw s1, a4", 0x7fffffff, 1), UINT64_C(0xffffffff80000000));
    EXPECT(RUN("c.subw s1, a4", 0, 1), UINT64_MAX);
    EXPECT(RUN("mv t0, sp\n c.addi4spn s1, sp, 1020\n sub s1, s1, t0", 0, 0), 1020);
    EXPECT(RUN("mv t0, sp\n c.addi16sp sp, -512\n sub s1, t0, sp\n c.addi16sp sp, 496\n"
               "c.addi16sp sp, 16",
               0, 0),
           512);
}

static void memory(void)
{
    uint64_t p = (uint64_t)cells;
    for (unsigned i = 0; i < ARRAY_LEN(cells); i++) {
        cells[i] = UINT64_C(0xfedcba9876543210) + i;
    }
    EXPECT(RUN("c.ld s1, 248(a4)", 0, p), cells[31]);
    EXPECT(RUN("c.lw s1, 124(a4)", 0, p), 0xfffffffffedcba98);
    EXPECT(RUN("c.ld a4, 0(s1)\n c.mv s1, a4", p, 0), cells[0]);
    RUN("c.sd s1, 8(a4)", 77, p);
    RUN("c.sw s1, 16(a4)", 78, p);
    EXPECT(cells[1], 77);
    EXPECT(cells[2], UINT64_C(0xfedcba980000004e));
    EXPECT(RUN("c.fld fa0, 24(a4)\n c.fsd fa0, 32(a4)\n c.ld s1, 32(a4)", 0, p), cells[3]);
    EXPECT(RUN("c.addi16sp sp, -512\n c.sdsp a4, 504(sp)\n c.ldsp s1, 504(sp)\n"
               "c.swsp a4, 252(sp)\n c.lwsp t0, 252(sp)\n c.fldsp fa0, 504(sp)\n"
               "c.fsdsp fa0, 0(sp)\n c.ldsp t1, 0(sp)\n c.add s1, t0\n c.add s1, t1\n"
               "c.addi16sp sp, 496\n c.addi16sp sp, 16",
               0, UINT64_C(0x180000000)),
           UINT64_C(0x180000000) * 2 + UINT64_C(0xffffffff80000000));
}

static void control(void)
{
    EXPECT(RUN("c.beqz s1, 1f\n c.li s1, 9\n1:", 0, 0), 0);
    EXPECT(RUN("c.beqz s1, 1f\n c.li s1, 9\n1:", 1, 0), 9);
    EXPECT(RUN("c.bnez s1, 1f\n c.li s1, 9\n1:", 5, 0), 5);
    EXPECT(RUN("c.j 1f\n c.li s1, 9\n1:", 4, 0), 4);
    EXPECT(RUN("la t0, 1f\n c.jr t0\n c.li s1, 9\n1:", 4, 0), 4);
    // The link of a compressed call is the next 2 bytes.
    EXPECT(RUN("la t0, 1f\n c.jalr t0\n2: c.li s1, 9\n1: la t1, 2b\n sub s1, t1, ra", 4, 0), 0);
    trap_expect();
    __asm__ volatile(".option push\n.option rvc\n c.ebreak\n.option pop");
    CHECK_EQ(trap_taken().cause, CAUSE_BREAKPOINT);
    // All zeros is defined to be illegal, and so are reserved encodings.
    trap_expect();
    __asm__ volatile(".half 0");
    CHECK_EQ(trap_taken().cause, CAUSE_ILLEGAL);
    trap_expect();
    __asm__ volatile(".half 0x4002"); // c.lwsp x0
    CHECK_EQ(trap_taken().cause, CAUSE_ILLEGAL);
    trap_expect();
    __asm__ volatile(".half 0x2005"); // c.addiw x0
    CHECK_EQ(trap_taken().cause, CAUSE_ILLEGAL);
}

// Writes a function whose 4-byte addi starts 2 bytes before the page's end.
static uint16_t pages[2][2048] __attribute__((aligned(4096)));

static void across_pages(void)
{
    uint16_t *p = &pages[0][2045];
    p[0] = 0x0505; // c.addi a0, 1
    p[1] = 0x0513; // addi a0, a0, 0x7b: low half on this page
    p[2] = 0x07b5; // high half on the next
    p[3] = 0x8082; // c.jr ra
    __asm__ volatile("fence.i" : : : "memory");
    uint64_t (*fall_in)(uint64_t) = (uint64_t(*)(uint64_t))(void *)p;
    uint64_t (*jump_in)(uint64_t) = (uint64_t(*)(uint64_t))(void *)(p + 1);
    EXPECT(fall_in(1000), 1000 + 1 + 0x7b);
    EXPECT(jump_in(1000), 1000 + 0x7b);
    // Only the half on the second page changes.
    p[2] = 0xfff5;
    __asm__ volatile("fence.i" : : : "memory");
    EXPECT(fall_in(1000), 1000);
    // Only the half on the first: now c.addi a0,1 twice, then what the second page begins with.
    p[1] = 0x0505;
    p[2] = 0x0505;
    __asm__ volatile("fence.i" : : : "memory");
    EXPECT(fall_in(1000), 1003);
}

void guest_main(void)
{
    registers_and_immediates();
    memory();
    control();
    across_pages();
    say("sum %016lx\n", sum);
}
