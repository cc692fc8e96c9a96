/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/test_finisher.c: the three words that end or reset a machine, in both widths, and no others.
 */
#include "dev_bench.h"

static enum stop write_and_run(struct bench *b, unsigned size, uint32_t value)
{
    bench_write(b, 0, size, value);
    return machine_run(b->machine, machine_now(b->machine) + 1, false);
}

static void test_power_off(void **state)
{
    (void)state;
    for (unsigned size = 2; size <= 4; size += 2) {
        struct bench b;

        bench_open(&b, &test_finisher, NULL, 0, 1);
        assert_int_equal(write_and_run(&b, size, 0x5555), STOP_POWER);
        assert_int_equal(machine_state(b.machine)->power, POWER_OFF);
        bench_close(&b);
    }
}

static void test_failure(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &test_finisher, NULL, 0, 1);
    assert_int_equal(write_and_run(&b, 4, UINT32_C(42) << 16 | 0x3333), STOP_POWER);
    assert_int_equal(machine_state(b.machine)->power, POWER_FAILED);
    assert_int_equal(machine_state(b.machine)->exit_status, 42);
    bench_close(&b);
}

static void test_reset(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &test_finisher, NULL, 0, 1);
    bench_write(&b, 0, 4, 0x7777);
    assert_int_equal(machine_state(b.machine)->reset_requested, 1);
    bench_pass(&b, 1);
    assert_int_equal(machine_state(b.machine)->reset_requested, 0);
    bench_close(&b);
}

static void test_other_words(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &test_finisher, NULL, 0, 1);
    assert_int_equal(write_and_run(&b, 4, 0), STOP_TICK);
    assert_int_equal(write_and_run(&b, 4, 0x5556), STOP_TICK);
    bench_write(&b, 4, 4, 0x5555);
    bench_write(&b, 0, 1, 0x55);
    assert_int_equal(bench_read(&b, 0, 4), 0);
    assert_int_equal(machine_state(b.machine)->power, POWER_ON);
    assert_int_equal(b.complaints, 4);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_off),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_other_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
