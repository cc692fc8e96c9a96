/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_arm64_simd: floating point, Advanced SIMD and cryptography of AArch64. What is lifted to IR is
 * compared with the helpers, which compute the same lane by lane and are what rare instructions call; AES
 * and SHA with the examples of FIPS 197 and FIPS 180. Against the reference: tests/diff/arm64_random.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../chance.h"
#include "engine/engine.h"
#include "isa/arm64/helpers.h"
#include "isa/arm64/simd.h"

#define RAM       UINT64_C(0x40000000)
#define RAM_BYTES (1 * MIB)
#define WORDS     150000

struct bench {
    struct mem mem;
    struct cpu cpu;
    struct arm64 state;
    struct arm64_model model;
    struct engine *engine;
    tick now;
};

static struct bench *bench_new(void)
{
    struct bench *b = base_alloc(1, sizeof(*b));
    struct isa_options options = {.cpu = "max", .hart_count = 1};
    struct error e;

    assert_int_equal(isa_aarch64.make_model(&b->model, &options, &e), 0);
    isa_aarch64.reset(&b->state, &b->model, &options);
    b->state.cpacr = 3u << 20;
    mem_init(&b->mem);
    assert_int_equal(mem_add_block(&b->mem, "ram", RAM, RAM_BYTES, true, &e), 0);
    cpu_init(&b->cpu, &b->state, &b->mem);
    b->cpu.isa = &isa_aarch64;
    b->cpu.mmu = &isa_aarch64.mmu;
    b->cpu.model = &b->model;
    b->engine = engine_new(&b->mem, &b->cpu, 1);
    return b;
}

static void bench_free(struct bench *b)
{
    engine_free(b->engine);
    cpu_fini(&b->cpu);
    mem_fini(&b->mem);
    free(b);
}

/* One instruction; false if it raised an exception. */
static bool try_step(struct bench *b, uint32_t word)
{
    uint8_t bytes[4];
    uint64_t ran;

    bytes_set_le(bytes, 4, word);
    assert_true(mem_write_bytes(&b->mem, RAM, bytes, 4));
    engine_forget(b->engine);
    b->state.hart.pc = RAM;
    (void)engine_run(b->engine, &b->cpu, b->now, 1, &ran);
    b->now += ran;
    return b->state.hart.pc == RAM + 4;
}

static void step(struct bench *b, uint32_t word)
{
    assert_true(try_step(b, word));
}

/* ---- lifted, and by helpers ---- */

struct by_helper {
    arm64_lift_fn *lift;
    uint32_t flags; /* ORed to the line's argument */
    bool fp;
};

static const struct by_helper kinds[] = {
    {arm64_lift_v_same, 0, false},         {arm64_lift_v_same_element, SIMD_ELEMENT, false},
    {arm64_lift_v_misc, 0, false},         {arm64_lift_v_shift, 0, false},
    {arm64_lift_v_long, 0, false},         {arm64_lift_v_long_element, SIMD_ELEMENT, false},
    {arm64_lift_v_high, 0, false},         {arm64_lift_v_narrow, 0, false},
    {arm64_lift_v_long_pair, 0, false},    {arm64_lift_v_across, 0, false},
    {arm64_lift_v_shift_narrow, 0, false}, {arm64_lift_v_shift_long, 0, false},
    {arm64_lift_fv_same, 0, true},         {arm64_lift_fv_element, FV_ELEMENT, true},
    {arm64_lift_fv_misc, 0, true},         {arm64_lift_fv_pair, FV_ACROSS, true},
};

static const struct by_helper *kind_of(const struct arm64_insn *i)
{
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        if (kinds[k].lift == i->info->lift) {
            return &kinds[k];
        }
    }
    return NULL;
}

/* Bytes, halves, singles and doubles that are borders, and any. */
static uint64_t interesting(uint64_t *seed)
{
    static const uint64_t some[] = {0,
                                    UINT64_MAX,
                                    UINT64_C(0x8000000000000000),
                                    UINT64_C(0x80007fff00018000),
                                    UINT64_C(0x7fffffff80000000),
                                    UINT64_C(0x80ff7f0100817ffe),
                                    UINT64_C(0x0008f8ff10f00140),
                                    UINT64_C(0x3f800000bf800001),
                                    UINT64_C(0x7f8000007fc00001),
                                    UINT64_C(0x7f80000100800000),
                                    UINT64_C(0x007fffff3f7fffff),
                                    UINT64_C(0x7ff0000000000001),
                                    UINT64_C(0x000fffffffffffff),
                                    UINT64_C(0x3ff0000000000001),
                                    UINT64_C(0x7c0103ff3c007bff)};
    uint64_t r = chance_next(seed);

    return r % 3 == 0 ? chance_next(seed) : some[(r >> 8) % ARRAY_LEN(some)];
}

static const uint32_t fpcrs[] = {0,        0,        0,        1u << 22, 2u << 22,
                                 3u << 22, 1u << 24, 1u << 25, 1u << 19, (1u << 24) | (1u << 19)};

static void lifted_is_what_helpers_do(void **state)
{
    struct bench *b = bench_new();
    uint64_t seed = 20, compared = 0;

    (void)state;
    for (unsigned n = 0; n < WORDS; n++) {
        uint32_t word = (uint32_t)chance_next(&seed);
        struct arm64_insn i;
        const struct by_helper *kind;

        word = (word & ~(UINT32_C(1) << 31)) | 7u << 25;
        kind = arm64_decode(word, &i) ? kind_of(&i) : NULL;
        if (kind == NULL) {
            continue;
        }
        for (unsigned k = 0; k < 64; k++) {
            b->state.v[k] = interesting(&seed);
        }
        b->state.fpcr = fpcrs[chance_next(&seed) % ARRAY_LEN(fpcrs)];
        b->state.fpsr = 0;
        b->state.hart.fp_flags = 0;
        struct arm64 before = b->state;
        step(b, word);
        struct arm64 after = b->state;
        b->state = before;
        if (kind->fp) {
            arm64_help_fv(&b->cpu, word, i.info->argument | kind->flags, before.fpcr >> 19 & 0x7f);
        } else {
            arm64_help_simd(&b->cpu, word, i.info->argument | kind->flags, 0);
        }
        if (memcmp(after.v, b->state.v, sizeof after.v) != 0 || after.fpsr != b->state.fpsr ||
            after.hart.fp_flags != b->state.hart.fp_flags) {
            fail_msg("%08x %s: lifted and helper differ; FPCR %x", word, i.info->name, before.fpcr);
        }
        compared++;
    }
    assert_true(compared > WORDS / 20);
    bench_free(b);
}

/* ---- memory, big-endian: as if the bytes of each element were the other way round ---- */

#define WINDOW     UINT64_C(0x10000) /* from RAM on */
#define WINDOW_LEN 8192u

/* log2 of the bytes that one element has in memory; -1: no load or store of V registers. */
static int element_of(const struct arm64_insn *i)
{
    static arm64_lift_fn *const of_argument[] = {
        arm64_lift_v_load,        arm64_lift_v_load_pair,   arm64_lift_v_load_index,
        arm64_lift_v_store,       arm64_lift_v_store_pair,  arm64_lift_v_store_index,
        arm64_lift_v_load_single, arm64_lift_v_store_single};
    static arm64_lift_fn *const of_bits[] = {
        arm64_lift_v_load_multiple, arm64_lift_v_load_replicate, arm64_lift_v_store_multiple};

    for (size_t k = 0; k < ARRAY_LEN(of_argument); k++) {
        if (of_argument[k] == i->info->lift) {
            return (int)V_SIZE_OF(i->info->argument);
        }
    }
    for (size_t k = 0; k < ARRAY_LEN(of_bits); k++) {
        if (of_bits[k] == i->info->lift) {
            return (int)(i->bits >> 10 & 3);
        }
    }
    return -1;
}

static void turn_round(uint8_t *to, const uint8_t *from, int log2)
{
    for (unsigned k = 0; k < WINDOW_LEN; k++) {
        to[k ^ ((1u << log2) - 1)] = from[k];
    }
}

static void big_endian_turns_elements_round(void **state)
{
    struct bench *b = bench_new();
    const struct arm64 start = b->state;
    uint8_t little[WINDOW_LEN], big[WINDOW_LEN], turned[WINDOW_LEN];
    unsigned compared = 0;
    uint64_t seed = 30;

    (void)state;
    for (unsigned n = 0; n < WORDS; n++) {
        uint32_t word = (uint32_t)chance_next(&seed);
        struct arm64 results[2];
        struct arm64_insn i;
        bool done[2];
        int log2;

        word = (word & ~(UINT32_C(0x0a000000) | 31u << 5)) | UINT32_C(0x04000000); /* x1 */
        word |= (chance_next(&seed) & 1 ? UINT32_C(0x08000000) : 0) | 1u << 5;
        log2 = arm64_decode(word, &i) ? element_of(&i) : -1;
        if (log2 < 0 || i.imm % (1 << log2) != 0 || i.imm > 3900 || i.imm < -3900) {
            continue;
        }
        for (unsigned k = 0; k < WINDOW_LEN; k++) {
            little[k] = (uint8_t)(chance_next(&seed) >> 32);
        }
        turn_round(big, little, log2);
        for (unsigned is_big = 0; is_big < 2; is_big++) {
            b->state = start;
            b->state.sctlr[1] |= is_big ? BIT64(25) : 0; /* EE */
            for (unsigned k = 0; k < 31; k++) {
                b->state.x[k] = k == 1 ? RAM + WINDOW + WINDOW_LEN / 2 : 16;
            }
            for (unsigned k = 0; k < 64; k++) {
                b->state.v[k] = k * UINT64_C(0x9e3779b97f4a7c15);
            }
            mem_write_bytes(&b->mem, RAM + WINDOW, is_big ? big : little, WINDOW_LEN);
            done[is_big] = try_step(b, word); /* not where the index is the base or leads away */
            results[is_big] = b->state;
            mem_read_bytes(&b->mem, RAM + WINDOW, is_big ? big : little, WINDOW_LEN);
        }
        assert_int_equal(done[0], done[1]);
        turn_round(turned, little, log2);
        if (done[0] && (memcmp(results[0].v, results[1].v, sizeof start.v) != 0 ||
                        memcmp(results[0].x, results[1].x, sizeof start.x) != 0 ||
                        memcmp(turned, big, WINDOW_LEN) != 0)) {
            fail_msg("%08x %s: not the same, turned round", word, i.info->name);
        }
        compared += done[0];
    }
    assert_true(compared > WORDS / 20);
    bench_free(b);
}

/* ---- cryptography ---- */

/* vd, vn, vm */
static uint32_t regs(uint32_t word, unsigned d, unsigned n, unsigned m)
{
    return word | m << 16 | n << 5 | d;
}
static uint32_t aes(unsigned opcode, unsigned d, unsigned n)
{
    return regs(0x4e280800 | opcode << 12, d, n, 0);
}
enum { AESE = 4, AESD, AESMC, AESIMC };

static void set(struct bench *b, unsigned r, const void *bytes)
{
    memcpy(&b->state.v[2 * r], bytes, 16);
}

/* FIPS 197, appendix B: v0 the block, v1 to v11 the round keys. */
static void aes_is_fips_197(void **state)
{
    static const uint8_t keys[11][16] = {{0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab,
                                          0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c},
                                         {0xa0, 0xfa, 0xfe, 0x17, 0x88, 0x54, 0x2c, 0xb1, 0x23,
                                          0xa3, 0x39, 0x39, 0x2a, 0x6c, 0x76, 0x05},
                                         {0xf2, 0xc2, 0x95, 0xf2, 0x7a, 0x96, 0xb9, 0x43, 0x59,
                                          0x35, 0x80, 0x7a, 0x73, 0x59, 0xf6, 0x7f},
                                         {0x3d, 0x80, 0x47, 0x7d, 0x47, 0x16, 0xfe, 0x3e, 0x1e,
                                          0x23, 0x7e, 0x44, 0x6d, 0x7a, 0x88, 0x3b},
                                         {0xef, 0x44, 0xa5, 0x41, 0xa8, 0x52, 0x5b, 0x7f, 0xb6,
                                          0x71, 0x25, 0x3b, 0xdb, 0x0b, 0xad, 0x00},
                                         {0xd4, 0xd1, 0xc6, 0xf8, 0x7c, 0x83, 0x9d, 0x87, 0xca,
                                          0xf2, 0xb8, 0xbc, 0x11, 0xf9, 0x15, 0xbc},
                                         {0x6d, 0x88, 0xa3, 0x7a, 0x11, 0x0b, 0x3e, 0xfd, 0xdb,
                                          0xf9, 0x86, 0x41, 0xca, 0x00, 0x93, 0xfd},
                                         {0x4e, 0x54, 0xf7, 0x0e, 0x5f, 0x5f, 0xc9, 0xf3, 0x84,
                                          0xa6, 0x4f, 0xb2, 0x4e, 0xa6, 0xdc, 0x4f},
                                         {0xea, 0xd2, 0x73, 0x21, 0xb5, 0x8d, 0xba, 0xd2, 0x31,
                                          0x2b, 0xf5, 0x60, 0x7f, 0x8d, 0x29, 0x2f},
                                         {0xac, 0x77, 0x66, 0xf3, 0x19, 0xfa, 0xdc, 0x21, 0x28,
                                          0xd1, 0x29, 0x41, 0x57, 0x5c, 0x00, 0x6e},
                                         {0xd0, 0x14, 0xf9, 0xa8, 0xc9, 0xee, 0x25, 0x89, 0xe1,
                                          0x3f, 0x0c, 0xc8, 0xb6, 0x63, 0x0c, 0xa6}};
    static const uint8_t plain[16] = {0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d,
                                      0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34};
    static const uint8_t cipher[16] = {0x39, 0x25, 0x84, 0x1d, 0x02, 0xdc, 0x09, 0xfb,
                                       0xdc, 0x11, 0x85, 0x97, 0x19, 0x6a, 0x0b, 0x32};
    struct bench *b = bench_new();

    (void)state;
    for (unsigned k = 0; k < 11; k++) {
        set(b, k + 1, keys[k]);
    }
    set(b, 0, plain);
    for (unsigned k = 1; k <= 9; k++) {
        step(b, aes(AESE, 0, k));
        step(b, aes(AESMC, 0, 0));
    }
    step(b, aes(AESE, 0, 10));
    step(b, regs(0x6e201c00, 0, 0, 11)); /* eor */
    assert_memory_equal(b->state.v, cipher, 16);
    /* and back, with round keys made for the equivalent inverse cipher */
    step(b, aes(AESD, 0, 11));
    for (unsigned k = 10; k >= 2; k--) {
        step(b, aes(AESIMC, 0, 0));
        step(b, aes(AESIMC, 12, k));
        step(b, aes(AESD, 0, 12));
    }
    step(b, regs(0x6e201c00, 0, 0, 1));
    assert_memory_equal(b->state.v, plain, 16);
    bench_free(b);
}

static uint32_t cube_root_fraction(unsigned n)
{
    static const uint32_t k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2};

    return k[n];
}

/* The block of "abc", as words: v4 to v7. */
static void set_abc(struct bench *b)
{
    static const uint32_t block[16] = {[0] = 0x61626380, [15] = 24};

    for (unsigned k = 0; k < 4; k++) {
        set(b, 4 + k, block + 4 * k);
    }
}

/* FIPS 180-2, appendix B.1: v0, v1 the hash; v2 a copy of v0; v3 words and constants. */
static void sha256_is_fips_180(void **state)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    static const uint32_t digest[8] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                                       0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
    struct bench *b = bench_new();
    uint32_t got[8];

    (void)state;
    set(b, 0, start);
    set(b, 1, start + 4);
    set_abc(b);
    for (unsigned k = 0; k < 16; k++) {
        unsigned w = 4 + k % 4;
        uint32_t constants[4];

        for (unsigned n = 0; n < 4; n++) {
            constants[n] = cube_root_fraction(4 * k + n);
        }
        set(b, 3, constants);
        step(b, regs(0x4ea08400, 3, 3, w)); /* add */
        memcpy(&b->state.v[4], &b->state.v[0], 16);
        step(b, regs(0x5e004000, 0, 1, 3));               /* sha256h */
        step(b, regs(0x5e005000, 1, 2, 3));               /* sha256h2 */
        step(b, regs(0x5e282800, w, 4 + (k + 1) % 4, 0)); /* sha256su0, su1: the words 16 on */
        step(b, regs(0x5e006000, w, 4 + (k + 2) % 4, 4 + (k + 3) % 4));
    }
    memcpy(got, b->state.v, sizeof got);
    for (unsigned n = 0; n < 8; n++) {
        assert_int_equal(got[n] + start[n], digest[n]);
    }
    bench_free(b);
}

/* FIPS 180-2, appendix A.1: v0 the hash, v1 and v2 its fifth word. */
static void sha1_is_fips_180(void **state)
{
    static const uint32_t start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    static const uint32_t digest[5] = {0xa9993e36, 0x4706816a, 0xba3e2571, 0x7850c26c, 0x9cd0d89d};
    static const uint32_t constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    static const uint32_t rounds[4] = {0x5e000000, 0x5e001000, 0x5e002000, 0x5e001000};
    struct bench *b = bench_new();
    uint32_t got[4];

    (void)state;
    set(b, 0, start);
    b->state.v[2] = start[4];
    set_abc(b);
    for (unsigned k = 0; k < 20; k++) {
        unsigned w = 4 + k % 4, e = 1 + k % 2;
        const uint64_t both = constants[k / 5] * UINT64_C(0x100000001);
        const uint64_t all[2] = {both, both};

        set(b, 3, all);
        step(b, regs(0x4ea08400, 3, 3, w));
        step(b, regs(0x5e280800, 3 - e, 0, 0)); /* sha1h: the next fifth word */
        step(b, regs(rounds[k / 5], 0, e, 3));  /* sha1c, sha1p, sha1m, sha1p */
        step(b, regs(0x5e003000, w, 4 + (k + 1) % 4, 4 + (k + 2) % 4)); /* sha1su0, su1 */
        step(b, regs(0x5e281800, w, 4 + (k + 3) % 4, 0));
    }
    memcpy(got, b->state.v, sizeof got);
    for (unsigned n = 0; n < 4; n++) {
        assert_int_equal(got[n] + start[n], digest[n]);
    }
    assert_int_equal((uint32_t)b->state.v[2] + start[4], digest[4]);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lifted_is_what_helpers_do),
        cmocka_unit_test(big_endian_turns_elements_round),
        cmocka_unit_test(aes_is_fips_197),
        cmocka_unit_test(sha256_is_fips_180),
        cmocka_unit_test(sha1_is_fips_180),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
