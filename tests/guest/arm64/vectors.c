// SPDX-License-Identifier: GPL-2.0-or-later
// vectors: Advanced SIMD (DDI 0487, C7.2): arithmetic, comparisons, shifts, permutations, widths, pairs, reductions,
// floating point on lanes, tables, structures, AES, SHA and polynomial products: each instruction on vectors
// of corner lanes and of random ones, as checksums with the saturation flag. Bits alone are handled here.
#include "arm64.h"

typedef struct {
    uint64_t d[2];
} vector;

static vector v[4]; // the operands: v0 and v3 are sources and destinations as well
static uint64_t sum;

static void take(uint64_t fpsr)
{
    for (unsigned i = 0; i < 4; i++) {
        sum = mix(mix(sum, v[i].d[0]), v[i].d[1]);
    }
    sum = mix(sum, fpsr);
}

#define OP(text)                                                                                   \
    do {                                                                                           \
        uint64_t fpsr_;                                                                            \
        vector keep_[4];                                                                           \
        memcpy(keep_, v, sizeof v);                                                                \
        __asm__ volatile(                                                                          \
            ".arch armv8-a+crypto\n msr fpsr, xzr\n ld1 {v0.16b - v3.16b}, [%1]\n" text            \
            "\n st1 {v0.16b - v3.16b}, [%1]\n mrs %0, fpsr"                                        \
            : "=&r"(fpsr_)                                                                         \
            : "r"(v)                                                                               \
            : "v0", "v1", "v2", "v3", "memory");                                                   \
        take(fpsr_);                                                                               \
        memcpy(v, keep_, sizeof v);                                                                \
    } while (0)
#define LANES3(name)                                                                               \
    OP(name " v0.16b, v1.16b, v2.16b");                                                            \
    OP(name " v0.4h, v1.4h, v2.4h");                                                               \
    OP(name " v0.4s, v1.4s, v2.4s")
#define LANES3D(name)                                                                              \
    LANES3(name);                                                                                  \
    OP(name " v0.2d, v1.2d, v2.2d")
#define LONG3(name)                                                                                \
    OP(name " v0.8h, v1.8b, v2.8b");                                                               \
    OP(name "2 v0.4s, v1.8h, v2.8h");                                                              \
    OP(name " v0.2d, v1.2s, v2.2s")
#define FLOAT3(name)                                                                               \
    OP(name " v0.4s, v1.4s, v2.4s");                                                               \
    OP(name " v0.2s, v1.2s, v2.2s");                                                               \
    OP(name " v0.2d, v1.2d, v2.2d")
#define FLOAT2(name)                                                                               \
    OP(name " v0.4s, v1.4s");                                                                      \
    OP(name " v0.2d, v1.2d")

static void arithmetic(void)
{
    LANES3D("add");
    LANES3D("sub");
    LANES3D("sqadd");
    LANES3D("uqadd");
    LANES3D("sqsub");
    LANES3D("uqsub");
    LANES3("shadd");
    LANES3("urhadd");
    LANES3("uhsub");
    LANES3("smax");
    LANES3("umin");
    LANES3("sabd");
    LANES3("uaba");
    LANES3("mul");
    LANES3("mla");
    LANES3("mls");
    LANES3D("cmgt");
    LANES3D("cmhi");
    LANES3D("cmge");
    LANES3D("cmtst");
    LANES3D("cmeq");
    OP("sqdmulh v0.8h, v1.8h, v2.8h");
    OP("sqrdmulh v0.4s, v1.4s, v2.4s");
    OP("sqdmulh v0.4s, v1.4s, v2.s[3]");
    OP("mul v0.8h, v1.8h, v2.h[7]");
    OP("pmul v0.16b, v1.16b, v2.16b");
    OP("sqabs v0.4s, v1.4s");
    OP("sqneg v0.16b, v1.16b");
    OP("abs v0.2d, v1.2d");
    OP("suqadd v0.8h, v1.8h");
    OP("usqadd v0.4s, v1.4s");
    OP("cnt v0.16b, v1.16b");
    OP("cls v0.8h, v1.8h");
    OP("clz v0.4s, v1.4s");
}

static void logic(void)
{
    OP("and v0.16b, v1.16b, v2.16b");
    OP("bic v0.8b, v1.8b, v2.8b");
    OP("orn v0.16b, v1.16b, v2.16b");
    OP("eor v0.16b, v1.16b, v2.16b");
    OP("bsl v0.16b, v1.16b, v2.16b");
    OP("bit v0.16b, v1.16b, v2.16b");
    OP("bif v0.8b, v1.8b, v2.8b");
    OP("mvn v0.16b, v1.16b");
    OP("rbit v0.16b, v1.16b");
    OP("movi v0.4s, 0x5a, msl 8");
    OP("orr v0.8h, 0x81, lsl 8");
    OP("bic v0.4s, 0x7f, lsl 24");
    OP("movi v0.2d, 0xff00ff0000ff00ff");
}

static void shifts(void)
{
    LANES3D("sshl");
    LANES3D("urshl");
    LANES3D("sqshl");
    LANES3D("uqrshl");
    OP("shl v0.16b, v1.16b, 7");
    OP("sshr v0.8h, v1.8h, 16");
    OP("urshr v0.4s, v1.4s, 1");
    OP("ssra v0.2d, v1.2d, 33");
    OP("ursra v0.8b, v1.8b, 8");
    OP("sri v0.4s, v1.4s, 5");
    OP("sli v0.8h, v1.8h, 11");
    OP("sqshlu v0.4s, v1.4s, 3");
    OP("sqshl v0.16b, v1.16b, 2");
    OP("shrn v0.8b, v1.8h, 3");
    OP("rshrn2 v0.8h, v1.4s, 16");
    OP("sqshrn v0.2s, v1.2d, 20");
    OP("uqrshrn2 v0.16b, v1.8h, 1");
    OP("sqshrun v0.4h, v1.4s, 9");
    OP("sqrshrun2 v0.4s, v1.2d, 32");
    OP("sshll v0.8h, v1.8b, 3");
    OP("ushll2 v0.2d, v1.4s, 31");
}

static void widths(void)
{
    LONG3("saddl");
    LONG3("usubl");
    LONG3("smull");
    LONG3("umlal");
    LONG3("smlsl");
    LONG3("uabal");
    LONG3("sabdl");
    OP("saddw v0.8h, v1.8h, v2.8b");
    OP("usubw2 v0.2d, v1.2d, v2.4s");
    OP("addhn v0.8b, v1.8h, v2.8h");
    OP("rsubhn2 v0.4s, v1.2d, v2.2d");
    OP("sqdmull v0.4s, v1.4h, v2.4h");
    OP("sqdmlal2 v0.2d, v1.4s, v2.4s");
    OP("sqdmlsl v0.4s, v1.4h, v2.h[5]");
    OP("xtn v0.8b, v1.8h");
    OP("sqxtn2 v0.8h, v1.4s");
    OP("uqxtn v0.2s, v1.2d");
    OP("sqxtun v0.4h, v1.4s");
    OP("shll v0.8h, v1.8b, 8");
    OP("saddlp v0.8h, v1.16b");
    OP("uadalp v0.2d, v1.4s");
    LANES3("addp");
    LANES3("smaxp");
    LANES3("uminp");
    OP("addv b0, v1.16b");
    OP("saddlv s0, v1.8h");
    OP("umaxv h0, v1.8h");
    OP("sminv s0, v1.4s");
    OP("addp d0, v1.2d");
}

static void permutations(void)
{
    LANES3D("zip1");
    LANES3D("zip2");
    LANES3D("uzp1");
    LANES3D("uzp2");
    LANES3D("trn1");
    LANES3D("trn2");
    OP("ext v0.16b, v1.16b, v2.16b, 11");
    OP("ext v0.8b, v1.8b, v2.8b, 3");
    OP("rev64 v0.16b, v1.16b");
    OP("rev32 v0.8h, v1.8h");
    OP("rev16 v0.8b, v1.8b");
    OP("dup v0.8h, v1.h[6]");
    OP("ins v0.s[1], v1.s[3]");
    OP("movi v3.16b, 15\n and v3.16b, v2.16b, v3.16b\n tbl v0.16b, {v1.16b}, v3.16b");
    OP("movi v3.16b, 63\n and v3.16b, v2.16b, v3.16b\n tbl v0.16b, {v1.16b, v2.16b}, v3.16b");
    OP("movi v3.16b, 63\n and v3.16b, v0.16b, v3.16b\n tbx v0.8b, {v0.16b, v1.16b, v2.16b}, v3.8b");
    OP("umov w9, v1.b[13]\n dup v0.4s, w9");
    OP("smov x9, v1.h[2]\n mov v0.d[1], x9");
}

static void floats(void)
{
    FLOAT3("fadd");
    FLOAT3("fsub");
    FLOAT3("fmul");
    FLOAT3("fdiv");
    FLOAT3("fmla");
    FLOAT3("fmls");
    FLOAT3("fmax");
    FLOAT3("fminnm");
    FLOAT3("fmulx");
    FLOAT3("fabd");
    FLOAT3("faddp");
    FLOAT3("fmaxnmp");
    FLOAT3("fcmeq");
    FLOAT3("fcmge");
    FLOAT3("facgt");
    FLOAT3("frecps");
    FLOAT3("frsqrts");
    FLOAT2("fsqrt");
    FLOAT2("frinti");
    FLOAT2("frintx");
    FLOAT2("frinta");
    FLOAT2("fcvtzs");
    FLOAT2("fcvtau");
    FLOAT2("fcvtns");
    FLOAT2("scvtf");
    FLOAT2("ucvtf");
    FLOAT2("frecpe");
    FLOAT2("frsqrte");
    OP("fmul v0.4s, v1.4s, v2.s[1]");
    OP("fmla v0.2d, v1.2d, v2.d[1]");
    OP("fcvtl v0.4s, v1.4h");
    OP("fcvtl2 v0.2d, v1.4s");
    OP("fcvtn v0.2s, v1.2d");
    OP("fcvtn2 v0.8h, v1.4s");
    OP("fcvtxn v0.2s, v1.2d");
    OP("fmaxv s0, v1.4s");
    OP("fminnmv s0, v1.4s");
    OP("fcvtzu v0.4s, v1.4s, 12");
    OP("scvtf v0.2d, v1.2d, 40");
    OP("fcmlt v0.4s, v1.4s, 0.0");
    OP("urecpe v0.4s, v1.4s");
    OP("ursqrte v0.4s, v1.4s");
}

static void ciphers(void)
{
    OP("aese v0.16b, v1.16b");
    OP("aesd v0.16b, v1.16b");
    OP("aesmc v0.16b, v1.16b");
    OP("aesimc v0.16b, v1.16b");
    OP("sha1c q0, s1, v2.4s");
    OP("sha1p q0, s1, v2.4s");
    OP("sha1m q0, s1, v2.4s");
    OP("sha1h s0, s1");
    OP("sha1su0 v0.4s, v1.4s, v2.4s");
    OP("sha1su1 v0.4s, v1.4s");
    OP("sha256h q0, q1, v2.4s");
    OP("sha256h2 q0, q1, v2.4s");
    OP("sha256su0 v0.4s, v1.4s");
    OP("sha256su1 v0.4s, v1.4s, v2.4s");
    OP("pmull v0.8h, v1.8b, v2.8b");
    OP("pmull2 v0.1q, v1.2d, v2.2d");
}

static void (*const groups[])(void) = {arithmetic,   logic,  shifts, widths,
                                       permutations, floats, ciphers};
static const char *const names[] = {"arithmetic",   "logic",  "shifts", "widths",
                                    "permutations", "floats", "ciphers"};

// Lanes that are awkward, as integers and as floats of three sizes.
static const uint32_t lanes[] = {0,          0xffffffff, 0x80000000, 0x7fffffff, 0x80008000,
                                 0x7fff7fff, 0x3f800000, 0xff800000, 0x7fc00001, 0x7f800001,
                                 0x00800000, 0x807fffff, 0x7ff00000, 0x3ff00000, 0xfff80000,
                                 0x7f7f8081, 0x3c007bff, 0x4effffff};

static void fill(uint64_t *seed)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t x = next_random(seed);
        if ((x >> 60 & 1) != 0) {
            x = lanes[(x & 0xff) % ARRAY_LEN(lanes)] |
                (uint64_t)lanes[(x >> 8 & 0xff) % ARRAY_LEN(lanes)] << 32;
        }
        v[i / 2].d[i % 2] = x;
    }
}

// How FPCR says that floats are treated.
static const uint64_t modes[] = {0, 1 << 22, 2 << 22, 3 << 22, 1 << 24, 1 << 25, 3 << 24};

void guest_main(void)
{
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        uint64_t seed = 88172645463325252u;
        sum = 0;
        for (unsigned i = 0; i < 14; i++) {
            uint64_t fpcr = modes[i % ARRAY_LEN(modes)];
            fill(&seed);
            __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
            groups[g]();
        }
        __asm__ volatile("msr fpcr, xzr");
        say("%s %016lx\n", names[g], sum);
    }
}
