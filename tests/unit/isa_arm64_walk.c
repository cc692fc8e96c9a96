/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_arm64_walk: translation by tables of stage 1: halves, permissions, access flags, tags, AT.
 */
#include "isa_arm64_bench.h"

#define TABLES (RAM + 0x400000) /* levels 0 to 3, one table each, in both halves alike */
#define PAGE   (RAM + 0x500000)
#define UPPER  UINT64_C(0xffff070000003000)
#define LOWER  UINT64_C(0x0000070000003000)
#define AF     BIT64(10)

/* A page that EL0 and EL1 read and write, at both addresses, and all of RAM where it is. */
static struct bench *ready(uint64_t leaf)
{
    struct bench *b = bench_new(NULL, true);

    bench_store(b, TABLES + 8 * (LOWER >> 39 & 511), (TABLES + 0x1000) | 3);
    bench_store(b, TABLES, (TABLES + 0x4000) | 3);
    bench_store(b, TABLES + 0x4000 + 8 * 1, RAM | AF | 1); /* 1 GiB */
    bench_store(b, TABLES + 0x1000 + 8 * (LOWER >> 30 & 511), (TABLES + 0x2000) | 3);
    bench_store(b, TABLES + 0x2000 + 8 * (LOWER >> 21 & 511), (TABLES + 0x3000) | 3);
    bench_store(b, TABLES + 0x3000 + 8 * (LOWER >> 12 & 511), PAGE | leaf | 3);
    b->s->ttbr0[1] = b->s->ttbr1[1] = TABLES;
    b->s->tcr[1] = 16 | 16 << 16 | UINT64_C(2) << 30 | UINT64_C(5) << 32;
    b->s->sctlr[1] |= SCTLR_M;
    return b;
}

/* What `ldr x0, [x1]` or `str x0, [x1]` (or as EL0 would) does: 0, or the syndrome. */
enum { LDR = 0xf9400020, STR = 0xf9000020, LDTR = 0xf8400820 };
static uint32_t access_to(struct bench *b, uint32_t word, vaddr va)
{
    b->s->x[1] = va;
    b->s->esr[1] = 0;
    bench_one(b, word);
    return (uint32_t)b->s->esr[1];
}

static void test_halves(void **state)
{
    struct bench *b = ready(AF | BIT64(6));

    (void)state;
    b->s->x[0] = 0x1234;
    assert_int_equal(access_to(b, STR, UPPER + 8), 0);
    assert_int_equal(bench_load(b, PAGE + 8), 0x1234);
    b->s->x[0] = 0;
    assert_int_equal(access_to(b, LDR, LOWER + 8), 0);
    assert_int_equal(b->s->x[0], 0x1234);
    assert_int_equal(access_to(b, LDTR, UPPER + 8), 0);
    assert_int_equal(access_to(b, LDR, UPPER + 0x1000), 0x96000007);
    assert_int_equal(b->s->far[1], UPPER + 0x1000);
    assert_int_equal(access_to(b, STR, LOWER | BIT64(38)), 0x96000045);
    assert_int_equal(access_to(b, LDR, LOWER | BIT64(50)), 0x96000004);
    b->s->tcr[1] |= BIT64(23); /* EPD1 */
    assert_int_equal(access_to(b, LDR, UPPER), 0x96000004);
    bench_free(b);
}

static void test_permissions(void **state)
{
    struct bench *b = ready(AF | BIT64(7)); /* EL1 reads */

    (void)state;
    assert_int_equal(access_to(b, LDR, UPPER), 0);
    assert_int_equal(access_to(b, STR, UPPER), 0x9600004f);
    assert_int_equal(access_to(b, LDTR, UPPER), 0x9600000f);
    bench_free(b);
    b = ready(0);
    assert_int_equal(access_to(b, LDR, UPPER), 0x9600000b); /* access flag */
    bench_store(b, TABLES + 0x3000 + 8 * (LOWER >> 12 & 511), PAGE | AF | 3);
    assert_int_equal(access_to(b, LDR, UPPER), 0); /* no fence is needed */
    assert_int_equal(access_to(b, LDTR, UPPER), 0x9600000f);
    bench_free(b);
}

static void test_tags(void **state)
{
    struct bench *b = ready(AF);
    vaddr tagged = LOWER | UINT64_C(0x5a) << 56;

    (void)state;
    assert_int_equal(access_to(b, LDR, tagged), 0x96000004);
    assert_int_equal(b->s->far[1], tagged);
    b->s->tcr[1] |= BIT64(37); /* TBI0 */
    bench_store(b, PAGE, 77);
    assert_int_equal(access_to(b, LDR, tagged), 0);
    assert_int_equal(b->s->x[0], 77);
    assert_int_equal(access_to(b, LDR, UPPER ^ UINT64_C(0x5a) << 56), 0x96000004);
    b->s->tcr[1] |= BIT64(38); /* and TBI1 */
    assert_int_equal(access_to(b, LDR, UPPER ^ UINT64_C(0x5a) << 56), 0);
    bench_free(b);
}

static void test_at(void **state)
{
    struct bench *b = ready(AF | BIT64(7));

    (void)state;
    b->s->x[0] = UPPER + 0x18;
    bench_one(b, 0xd5087800); /* at s1e1r, x0 */
    assert_int_equal(b->s->par & bits_set(0, 12, 36, UINT64_MAX), PAGE);
    assert_int_equal(b->s->par & 1, 0);
    bench_one(b, 0xd5087820); /* at s1e1w, x0 */
    assert_int_equal(b->s->par & 0x7f, 0xf << 1 | 1);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_halves),
        cmocka_unit_test(test_permissions),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
