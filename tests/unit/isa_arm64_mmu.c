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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_halves)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
