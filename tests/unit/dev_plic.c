/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/plic.c: the PLIC specification's rules, one test each: who is best, what a claim and a
 * completion do, what a gateway lets through, and to which hart it goes.
 */
#include "dev_bench.h"

enum { PENDING = 0x1000, ENABLE = 0x2000, CONTEXT = 0x200000 };

static void open_plic(struct bench *b, unsigned harts)
{
    bench_open(b, &plic, NULL, 0, harts);
}

static void set_priority(struct bench *b, unsigned source, unsigned priority)
{
    bench_write(b, 4 * source, 4, priority);
}

static void enable(struct bench *b, unsigned context, unsigned source)
{
    uint64_t at = ENABLE + 0x80 * context + 4 * (source / 32);

    bench_write(b, at, 4, bench_read(b, at, 4) | UINT64_C(1) << source % 32);
}

static void line(struct bench *b, unsigned source, bool level)
{
    plic.line(b->device, source, level);
}

static bool is_pending(struct bench *b, unsigned source)
{
    return bits_get(bench_read(b, PENDING + 4 * (source / 32), 4), source % 32, 1) != 0;
}

static unsigned claim(struct bench *b, unsigned context)
{
    return (unsigned)bench_read(b, CONTEXT + 0x1000 * context + 4, 4);
}

static void complete(struct bench *b, unsigned context, unsigned source)
{
    bench_write(b, CONTEXT + 0x1000 * context + 4, 4, source);
}

static void set_threshold(struct bench *b, unsigned context, unsigned threshold)
{
    bench_write(b, CONTEXT + 0x1000 * context, 4, threshold);
}

static bool mei(const struct bench *b, unsigned hart)
{
    return bench_pin(b, hart, RISCV_PIN_MEI);
}

static bool sei(const struct bench *b, unsigned hart)
{
    return bench_pin(b, hart, RISCV_PIN_SEI);
}

static void test_one_interrupt(void **state)
{
    (void)state;
    struct bench b;

    open_plic(&b, 1);
    set_priority(&b, 10, 1);
    enable(&b, 1, 10);
    line(&b, 10, true);
    assert_true(sei(&b, 0));
    assert_false(mei(&b, 0));
    assert_true(is_pending(&b, 10));
    assert_int_equal(claim(&b, 1), 10);
    assert_false(sei(&b, 0));
    assert_false(is_pending(&b, 10));
    assert_int_equal(claim(&b, 1), 0);
    line(&b, 10, false);
    complete(&b, 1, 10);
    assert_false(sei(&b, 0));
    bench_close(&b);
}

/* Line still up at completion: again. Line down before the claim: the request stays. */
static void test_gateway(void **state)
{
    (void)state;
    struct bench b;

    open_plic(&b, 1);
    set_priority(&b, 3, 1);
    enable(&b, 0, 3);
    line(&b, 3, true);
    assert_int_equal(claim(&b, 0), 3);
    line(&b, 3, true);
    assert_false(mei(&b, 0));
    complete(&b, 0, 3);
    assert_true(mei(&b, 0));
    line(&b, 3, false);
    assert_true(mei(&b, 0));
    assert_int_equal(claim(&b, 0), 3);
    line(&b, 3, true); /* rises while in service: nothing until it is completed */
    line(&b, 3, false);
    complete(&b, 0, 3);
    assert_false(mei(&b, 0));
    bench_close(&b);
}

static void test_order(void **state)
{
    (void)state;
    static const unsigned sources[] = {96, 33, 64, 1, 31, 32};
    static const unsigned expected[] = {64, 32, 33, 96, 1, 31};
    static const unsigned priorities[] = {5, 6, 7, 2, 2, 6};
    struct bench b;

    open_plic(&b, 1);
    for (unsigned i = 0; i < ARRAY_LEN(sources); i++) {
        set_priority(&b, sources[i], priorities[i]);
        enable(&b, 1, sources[i]);
        line(&b, sources[i], true);
    }
    for (unsigned i = 0; i < ARRAY_LEN(expected); i++) {
        assert_true(sei(&b, 0));
        assert_int_equal(claim(&b, 1), expected[i]);
    }
    assert_false(sei(&b, 0));
    bench_close(&b);
}

static void test_threshold_and_priority(void **state)
{
    (void)state;
    struct bench b;

    open_plic(&b, 1);
    enable(&b, 0, 5);
    line(&b, 5, true);
    assert_false(mei(&b, 0)); /* priority 0 never interrupts */
    assert_int_equal(claim(&b, 0), 0);
    for (unsigned threshold = 0; threshold < 8; threshold++) {
        set_threshold(&b, 0, threshold);
        for (unsigned priority = 0; priority < 8; priority++) {
            set_priority(&b, 5, priority);
            assert_int_equal(mei(&b, 0), priority > threshold);
        }
    }
    set_threshold(&b, 0, 0xff);
    assert_int_equal(bench_read(&b, CONTEXT, 4), 7);
    assert_int_equal(claim(&b, 0), 5); /* a claim does not look at the threshold */
    bench_close(&b);
}

static void test_contexts(void **state)
{
    (void)state;
    struct bench b;

    open_plic(&b, MACHINE_HARTS_MAX);
    for (unsigned c = 0; c < 2 * MACHINE_HARTS_MAX; c++) {
        set_priority(&b, 1 + c, 1);
        enable(&b, c, 1 + c);
        line(&b, 1 + c, true);
        for (unsigned h = 0; h < MACHINE_HARTS_MAX; h++) {
            assert_int_equal(mei(&b, h), c == 2 * h);
            assert_int_equal(sei(&b, h), c == 2 * h + 1);
        }
        assert_int_equal(claim(&b, c), 1 + c);
    }
    for (unsigned c = 0; c < 2 * MACHINE_HARTS_MAX; c++) { /* in another word of the enables */
        set_priority(&b, 70 + c, 1);
        enable(&b, c, 70 + c);
        line(&b, 70 + c, true);
        assert_int_equal(claim(&b, c), 70 + c);
        complete(&b, c, 70 + c);
        assert_int_equal(claim(&b, c), 70 + c);
    }
    assert_int_equal(b.complaints, 0);
    bench_close(&b);
}

/* Two contexts see one request: who claims first has it. */
static void test_shared_source(void **state)
{
    (void)state;
    struct bench b;

    open_plic(&b, 2);
    set_priority(&b, 7, 1);
    enable(&b, 1, 7);
    enable(&b, 3, 7);
    line(&b, 7, true);
    assert_true(sei(&b, 0) && sei(&b, 1));
    assert_int_equal(claim(&b, 3), 7);
    assert_false(sei(&b, 0) || sei(&b, 1));
    assert_int_equal(claim(&b, 1), 0);
    complete(&b, 0, 7); /* not enabled there: ignored */
    assert_false(sei(&b, 0) || sei(&b, 1));
    complete(&b, 1, 7); /* enabled: any such context may */
    assert_true(sei(&b, 0) && sei(&b, 1));
    bench_close(&b);
}

static void test_hardwired(void **state)
{
    (void)state;
    struct bench b;

    open_plic(&b, 1);
    set_priority(&b, 0, 7);
    assert_int_equal(bench_read(&b, 0, 4), 0);
    set_priority(&b, 96, 0xff);
    assert_int_equal(bench_read(&b, 4 * 96, 4), 7);
    for (unsigned w = 0; w < 4; w++) {
        static const uint64_t real[] = {0xfffffffe, 0xffffffff, 0xffffffff, 1};
        bench_write(&b, ENABLE + 4 * w, 4, UINT32_MAX);
        assert_int_equal(bench_read(&b, ENABLE + 4 * w, 4), real[w]);
    }
    assert_int_equal(b.complaints, 0);
    (void)bench_read(&b, 4 * 97, 4);
    (void)bench_read(&b, ENABLE + 16, 4);
    (void)bench_read(&b, ENABLE + 0x80 * 2, 4); /* the contexts end at 2 harts' worth */
    (void)bench_read(&b, CONTEXT + 0x1000 * 2, 4);
    (void)bench_read(&b, CONTEXT + 0x1000 * 2 + 4, 4);
    (void)bench_read(&b, CONTEXT + 8, 4);
    (void)bench_read(&b, PENDING + 16, 4);
    (void)bench_read(&b, ENABLE + 2, 4);
    bench_write(&b, PENDING, 4, 2);
    complete(&b, 0, 97); /* nonsense, and ignored */
    complete(&b, 0, 0xffffffff);
    assert_int_equal(b.complaints, 9);
    assert_false(is_pending(&b, 1));
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_interrupt), cmocka_unit_test(test_gateway),
        cmocka_unit_test(test_order),         cmocka_unit_test(test_threshold_and_priority),
        cmocka_unit_test(test_contexts),      cmocka_unit_test(test_shared_source),
        cmocka_unit_test(test_hardwired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
