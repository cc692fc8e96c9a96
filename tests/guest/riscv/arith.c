// SPDX-License-Identifier: GPL-2.0-or-later
// arith: every register-register and register-immediate instruction of RV64I and M (Unprivileged
// ISA, chapters 2, 4 and 13) on all pairs of corner values and some random ones, against plain
// arithmetic on 128-bit integers; the results' checksum is the transcript.
#include "riscv.h"

static const uint64_t corners[] = {
    0,
    1,
    2,
    3,
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

static uint64_t sum;

static int64_t s(uint64_t x)
{
    return (int64_t)x;
}

static uint64_t word(uint64_t x)
{
    return (uint64_t)(int64_t)(int32_t)x;
}

#define OP2(name, a, b)                                                                            \
    ({                                                                                             \
        uint64_t r_;                                                                               \
        __asm__ volatile(name " %0, %1, %2" : "=r"(r_) : "r"(a), "r"(b));                          \
        r_;                                                                                        \
    })
#define OPI(name, a, imm)                                                                          \
    ({                                                                                             \
        uint64_t r_;                                                                               \
        __asm__ volatile(name " %0, %1, %2" : "=r"(r_) : "r"(a), "i"(imm));                        \
        r_;                                                                                        \
    })
#define EXPECT(got, want)                                                                          \
    do {                                                                                           \
        uint64_t g_ = (got);                                                                       \
        CHECK_EQ(g_, want);                                                                        \
        sum = mix(sum, g_);                                                                        \
    } while (0)

static void base_ops(uint64_t a, uint64_t b)
{
    EXPECT(OP2("add", a, b), a + b);
    EXPECT(OP2("sub", a, b), a - b);
    EXPECT(OP2("and", a, b), a & b);
    EXPECT(OP2("or", a, b), a | b);
    EXPECT(OP2("xor", a, b), a ^ b);
    EXPECT(OP2("slt", a, b), s(a) < s(b));
    EXPECT(OP2("sltu", a, b), a < b);
    EXPECT(OP2("sll", a, b), a << (b & 63));
    EXPECT(OP2("srl", a, b), a >> (b & 63));
    EXPECT(OP2("sra", a, b), s(a) >> (b & 63));
    EXPECT(OP2("addw", a, b), word(a + b));
    EXPECT(OP2("subw", a, b), word(a - b));
    EXPECT(OP2("sllw", a, b), word((uint32_t)a << (b & 31)));
    EXPECT(OP2("srlw", a, b), word((uint32_t)a >> (b & 31)));
    EXPECT(OP2("sraw", a, b), (int64_t)((int32_t)a >> (b & 31)));
}

// Section 13.2: no traps; division by zero gives all ones and the dividend, overflow the dividend
// and 0.
static void mul_div(uint64_t a, uint64_t b)
{
    __int128 sa = s(a);
    __int128 sb = s(b);
    bool over = a == UINT64_C(1) << 63 && b == UINT64_MAX;
    EXPECT(OP2("mul", a, b), a * b);
    EXPECT(OP2("mulh", a, b), (uint64_t)((sa * sb) >> 64));
    EXPECT(OP2("mulhsu", a, b), (uint64_t)((sa * (__int128)b) >> 64));
    EXPECT(OP2("mulhu", a, b), (uint64_t)(((unsigned __int128)a * b) >> 64));
    EXPECT(OP2("mulw", a, b), word(a * b));
    EXPECT(OP2("div", a, b), b == 0 ? UINT64_MAX : over ? a : (uint64_t)(s(a) / s(b)));
    EXPECT(OP2("rem", a, b), b == 0 ? a : over ? 0 : (uint64_t)(s(a) % s(b)));
    EXPECT(OP2("divu", a, b), b == 0 ? UINT64_MAX : a / b);
    EXPECT(OP2("remu", a, b), b == 0 ? a : a % b);

    int64_t wa = (int32_t)a;
    int64_t wb = (int32_t)b;
    uint32_t ua = (uint32_t)a;
    uint32_t ub = (uint32_t)b;
    EXPECT(OP2("divw", a, b), wb == 0 ? UINT64_MAX : word((uint64_t)(wa / wb)));
    EXPECT(OP2("remw", a, b), wb == 0 ? (uint64_t)wa : word((uint64_t)(wa % wb)));
    EXPECT(OP2("divuw", a, b), ub == 0 ? UINT64_MAX : word(ua / ub));
    EXPECT(OP2("remuw", a, b), ub == 0 ? word(ua) : word(ua % ub));
}

static void immediates(uint64_t a)
{
    EXPECT(OPI("addi", a, 2047), a + 2047);
    EXPECT(OPI("addi", a, -2048), a - 2048);
    EXPECT(OPI("addiw", a, -1), word(a - 1));
    EXPECT(OPI("addiw", a, 2047), word(a + 2047));
    EXPECT(OPI("andi", a, -16), a & ~UINT64_C(15));
    EXPECT(OPI("ori", a, -2048), a | UINT64_C(0xfffffffffffff800));
    EXPECT(OPI("xori", a, -1), ~a);
    EXPECT(OPI("slti", a, -5), s(a) < -5);
    EXPECT(OPI("slti", a, 5), s(a) < 5);
    EXPECT(OPI("sltiu", a, 1), a < 1);
    EXPECT(OPI("sltiu", a, -1), a < UINT64_MAX);
    EXPECT(OPI("slli", a, 0), a);
    EXPECT(OPI("slli", a, 63), a << 63);
    EXPECT(OPI("srli", a, 33), a >> 33);
    EXPECT(OPI("srai", a, 63), s(a) >> 63);
    EXPECT(OPI("slliw", a, 31), word((uint32_t)a << 31));
    EXPECT(OPI("srliw", a, 0), word(a));
    EXPECT(OPI("srliw", a, 31), (uint32_t)a >> 31);
    EXPECT(OPI("sraiw", a, 31), (int64_t)((int32_t)a >> 31));
}

#define TAKEN(name, a, b)                                                                          \
    ({                                                                                             \
        uint64_t r_ = 1;                                                                           \
        __asm__ volatile(name " %1, %2, 1f\n li %0, 0\n1:" : "+r"(r_) : "r"(a), "r"(b));           \
        r_;                                                                                        \
    })

static void branches(uint64_t a, uint64_t b)
{
    EXPECT(TAKEN("beq", a, b), a == b);
    EXPECT(TAKEN("bne", a, b), a != b);
    EXPECT(TAKEN("blt", a, b), s(a) < s(b));
    EXPECT(TAKEN("bge", a, b), s(a) >= s(b));
    EXPECT(TAKEN("bltu", a, b), a < b);
    EXPECT(TAKEN("bgeu", a, b), a >= b);
}

// Loads extend, stores cut; lui, auipc and jalr compute what the text says; x0 stays 0.
static void the_rest(void)
{
    static uint64_t cell[2];
    uint64_t r;
    cell[0] = UINT64_C(0x8182838485868788);
#define LOAD(name)                                                                                 \
    ({                                                                                             \
        __asm__ volatile(name " %0, 0(%1)" : "=r"(r) : "r"(cell) : "memory");                      \
        r;                                                                                         \
    })
    EXPECT(LOAD("lb"), UINT64_C(0xffffffffffffff88));
    EXPECT(LOAD("lbu"), 0x88);
    EXPECT(LOAD("lh"), UINT64_C(0xffffffffffff8788));
    EXPECT(LOAD("lhu"), 0x8788);
    EXPECT(LOAD("lw"), UINT64_C(0xffffffff85868788));
    EXPECT(LOAD("lwu"), UINT64_C(0x85868788));
    EXPECT(LOAD("ld"), cell[0]);
    __asm__ volatile("sb %1, 1(%0)\n sh %1, 2(%0)\n sw %1, 4(%0)"
                     :
                     : "r"(cell), "r"(UINT64_C(0x1122334455667799))
                     : "memory");
    EXPECT(cell[0], UINT64_C(0x5566779977999988));
    __asm__ volatile("lui %0, 0x80000" : "=r"(r));
    EXPECT(r, UINT64_C(0xffffffff80000000));
    uint64_t pc;
    __asm__ volatile(".option push\n .option norvc\n1: auipc %0, 0xfffff\n la %1, 1b\n .option pop"
                     : "=r"(r), "=r"(pc));
    EXPECT(r - pc, UINT64_C(0xfffffffffffff000));
    // The target is read before the link register is written, and its lowest bit is dropped.
    __asm__ volatile("la %0, 1f\n addi %0, %0, 1\n .option push\n .option norvc\n"
                     "jalr %0, 0(%0)\n.option pop\n li %0, 0\n1:\n la %1, 1b"
                     : "=&r"(r), "=&r"(pc));
    EXPECT(pc - r, 2); // one compressed li between the link and the target
    __asm__ volatile("li t0, 5\n add x0, t0, t0\n mv %0, x0" : "=r"(r) : : "t0");
    EXPECT(r, 0);
}

void guest_main(void)
{
    uint64_t seed = 88172645463325252u;
    for (size_t i = 0; i < ARRAY_LEN(corners); i++) {
        immediates(corners[i]);
        for (size_t j = 0; j < ARRAY_LEN(corners); j++) {
            base_ops(corners[i], corners[j]);
            mul_div(corners[i], corners[j]);
            branches(corners[i], corners[j]);
        }
    }
    say("corners %016lx\n", sum);
    for (int i = 0; i < 100; i++) {
        uint64_t a = next_random(&seed);
        uint64_t b = next_random(&seed) >> (i & 63);
        base_ops(a, b);
        mul_div(a, b);
        immediates(b);
    }
    say("random %016lx\n", sum);
    the_rest();
    say("rest %016lx\n", sum);
}
