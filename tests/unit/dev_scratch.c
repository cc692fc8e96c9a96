/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/scratch.c: the model of a device test. What was written is read; the line rises exactly when
 * the timer says, and falls when told.
 */
#include "dev_bench.h"

static void test_remembers(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &scratch, NULL, 0, 1);
    assert_int_equal(bench_read(&b, 0, 4), 0);
    bench_write(&b, 0, 4, 0x12345678);
    assert_int_equal(bench_read(&b, 0, 4), 0x12345678);
    assert_int_equal(b.complaints, 0);
    bench_close(&b);
}

static void test_timer(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &scratch, NULL, 0, 1);
    bench_write(&b, 4, 4, 1000);
    bench_pass(&b, 999);
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 1);
    assert_true(bench_line(&b, 0));
    assert_int_equal(bench_read(&b, 8, 4), 1);
    bench_write(&b, 8, 4, 1);
    assert_false(bench_line(&b, 0));
    bench_write(&b, 4, 4, 10); /* armed, and stopped again */
    bench_write(&b, 4, 4, 0);
    bench_pass(&b, 100);
    assert_false(bench_line(&b, 0));
    bench_close(&b);
}

static void test_reset(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &scratch, NULL, 0, 1);
    bench_write(&b, 0, 4, 7);
    bench_write(&b, 4, 4, 1);
    bench_pass(&b, 1);
    assert_true(bench_line(&b, 0));
    machine_request_reset(b.machine, RESET_WARM);
    bench_pass(&b, 1);
    assert_int_equal(bench_read(&b, 0, 4), 0);
    assert_false(bench_line(&b, 0));
    bench_close(&b);
}

static void test_guest_errors(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &scratch, NULL, 0, 1);
    assert_int_equal(bench_read(&b, 0xc, 4), 0);
    assert_int_equal(bench_read(&b, 0, 2), 0);
    bench_write(&b, 0xc, 4, 1);
    bench_write(&b, 0, 8, 1);
    assert_int_equal(b.complaints, 4);
    assert_int_equal(bench_read(&b, 0, 4), 0);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remembers),
        cmocka_unit_test(test_timer),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_guest_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
