/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa/arm64/mmu.c: which addresses each of the two halves translates: by the bits above the size that
 * TCR_EL1 says, whatever the highest bit below them.
 */
#include "isa_arm64_bench.h"

#define TABLE0 (RAM + 0x100000)
#define TABLE1 (RAM + 0x101000)

/* Both halves have 2^48 bytes; entry 0 and the last of each first table lead to 1 GiB at `RAM`. */
static struct bench *open_halves(void)
{
    struct bench *b = bench_new(NULL, false);
    static const uint16_t entries[] = {0, 511};

    for (unsigned i = 0; i < ARRAY_LEN(entries); i++) {
        uint8_t table[8], block[8];

        bytes_set_le(table, 8, TABLE1 | 3);
        bytes_set_le(block, 8, RAM | 0x401); /* accessed */
        assert_true(mem_write_bytes(&b->mem, TABLE0 + 8 * entries[i], table, 8));
        assert_true(mem_write_bytes(&b->mem, TABLE1 + 8 * entries[i], block, 8));
    }
    b->s->tcr[1] = 16 | 16 << 16 | UINT64_C(2) << 30 | UINT64_C(5) << 32;
    b->s->ttbr0[1] = b->s->ttbr1[1] = TABLE0;
    b->s->sctlr[1] |= 1;
    cpu_select_space(&b->cpu, isa_aarch64.lifter.block_mode(&b->cpu));
    return b;
}

static bool translates(struct bench *b, vaddr va)
{
    struct translation t;
    bool done = isa_aarch64.mmu.translate(&b->cpu, va, ACCESS_READ, AS_CURRENT, &t);

    b->cpu.fault.raised = false;
    return done && t.at == RAM + (va & 0x3fffffff);
}

static void test_halves(void **state)
{
    (void)state;
    struct bench *b = open_halves();

    assert_true(translates(b, UINT64_C(0x0000000000001008)));
    assert_true(translates(b, UINT64_C(0x0000ffffffffe008))); /* the last of the lower half */
    assert_true(translates(b, UINT64_C(0xffff000000001008))); /* the first of the upper half */
    assert_true(translates(b, UINT64_C(0xffffffffffffe008)));
    assert_false(translates(b, UINT64_C(0x0001000000001008)));
    assert_false(translates(b, UINT64_C(0xfffeffffffffe008)));
    assert_false(translates(b, UINT64_C(0x007f000000001008)));
    assert_false(translates(b, UINT64_C(0x0000800000001008))); /* no entry leads there */
    bench_free(b);
}

/* SCTLR_EL1.EE turns the bytes of descriptors round, too, and those that a walk updates. */
static void test_big_endian(void **state)
{
    (void)state;
    struct bench *b = open_halves();
    uint8_t table[8], block[8];

    bytes_set_be(table, 8, TABLE1 | 3);
    bytes_set_be(block, 8, RAM | 0x401);
    assert_true(mem_write_bytes(&b->mem, TABLE0, table, 8));
    assert_true(mem_write_bytes(&b->mem, TABLE1, block, 8));
    assert_false(translates(b, 0x1008));
    b->s->sctlr[1] |= SCTLR_EE;
    cpu_select_space(&b->cpu, isa_aarch64.lifter.block_mode(&b->cpu));
    assert_true(translates(b, 0x1008));
    assert_false(translates(b, UINT64_C(0xffffffffffffe008))); /* these are as before */
    bench_free(b);
}

#define TABLE2 (RAM + 0x102000)

static bool fetches(struct bench *b, unsigned el)
{
    struct translation t;
    bool done;

    arm64_set_el(b->s, el, el != 0);
    cpu_select_space(&b->cpu, isa_aarch64.lifter.block_mode(&b->cpu));
    done = isa_aarch64.mmu.translate(&b->cpu, RAM, ACCESS_FETCH, AS_CURRENT, &t);
    b->cpu.fault.raised = false;
    return done && t.executable;
}

/* XN of stage 2, with translation of stage 1 off: 2^39 bytes in tables of 4 KiB from level 1 on. */
static void test_stage2_execution(void **state)
{
    (void)state;
    static const bool expected[4][2] = {{true, true}, {true, false}, {false, false}, {false, true}};
    struct bench *b = bench_new("neoverse-n1,el2=on", false);

    b->s->hcr = HCR_VM | HCR_RW;
    b->s->vtcr = 25 | 1 << 6 | 2 << 16;
    b->s->vttbr = TABLE2;
    for (unsigned xn = 0; xn < 4; xn++) {
        uint8_t block[8];

        bytes_set_le(block, 8, RAM | 0x4c1 | (uint64_t)xn << 53);
        assert_true(mem_write_bytes(&b->mem, TABLE2 + 8 * (RAM >> 30), block, 8));
        assert_int_equal(fetches(b, 0), expected[xn][0]);
        assert_int_equal(fetches(b, 1), expected[xn][1]);
    }
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_halves),
                                       cmocka_unit_test(test_big_endian),
                                       cmocka_unit_test(test_stage2_execution)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
