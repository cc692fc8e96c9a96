/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/arm: the timers of Versatile Express boards: SP804, the watchdog SP805, and those that are private to
 * Cortex-A9: when their counters are where, when their lines are up, and who resets.
 */
#include "dev/arm.h"

#include "dev_bench.h"

#define MICROSECOND UINT64_C(1000)
#define SECOND      UINT64_C(1000000000)

/* ---- SP804 ---- */

enum {
    LOAD = 0x00,
    VALUE = 0x04,
    CONTROL = 0x08,
    INT_CLR = 0x0c,
    RIS = 0x10,
    MIS = 0x14,
    BG_LOAD = 0x18
};
static const struct sp804_config mhz = {.clock_hz = 1000000};

static void test_sp804_periodic(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &sp804, &mhz, sizeof mhz, 1);
    assert_int_equal(bench_read(&b, CONTROL, 4), 0x20);
    bench_write(&b, LOAD, 4, 9);
    bench_write(&b, CONTROL, 4, 0xe2); /* 32 bits, periodic, with interrupts */
    bench_pass(&b, 9 * MICROSECOND - 1);
    assert_int_equal(bench_read(&b, VALUE, 4), 1);
    assert_false(bench_line(&b, SP804_LINE_BOTH));
    bench_pass(&b, 1);
    assert_int_equal(bench_read(&b, VALUE, 4), 0);
    assert_true(bench_line(&b, SP804_LINE_BOTH));
    assert_true(bench_line(&b, SP804_LINE_TIMER1));
    assert_false(bench_line(&b, SP804_LINE_TIMER2));
    bench_pass(&b, MICROSECOND);
    assert_int_equal(bench_read(&b, VALUE, 4), 9);
    bench_write(&b, INT_CLR, 4, 0);
    assert_false(bench_line(&b, SP804_LINE_BOTH));
    bench_write(&b, BG_LOAD, 4, 4); /* from the next time on */
    bench_pass(&b, 9 * MICROSECOND);
    assert_int_equal(bench_read(&b, RIS, 4), 1);
    bench_write(&b, INT_CLR, 4, 0);
    bench_pass(&b, 5 * MICROSECOND - 1);
    assert_int_equal(bench_read(&b, RIS, 4), 0);
    bench_pass(&b, 1);
    assert_int_equal(bench_read(&b, RIS, 4), 1);
    bench_write(&b, CONTROL, 4, 0xc2);
    assert_false(bench_line(&b, SP804_LINE_BOTH));
    assert_int_equal(bench_read(&b, MIS, 4), 0);
    assert_int_equal(b.complaints, 0);
    bench_close(&b);
}

static void test_sp804_modes(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &sp804, &mhz, sizeof mhz, 1);
    bench_write(&b, 0x20 + LOAD, 4, 0x10003); /* the second: 16 bits, free, by 16 */
    bench_write(&b, 0x20 + CONTROL, 4, 0xa4);
    bench_pass(&b, 3 * 16 * MICROSECOND);
    assert_true(bench_line(&b, SP804_LINE_TIMER2));
    assert_true(bench_line(&b, SP804_LINE_BOTH));
    bench_pass(&b, 16 * MICROSECOND);
    assert_int_equal(bench_read(&b, 0x20 + VALUE, 4), 0xffff);
    bench_write(&b, LOAD, 4, 5); /* the first: once */
    bench_write(&b, CONTROL, 4, 0xa3);
    bench_pass(&b, 5 * MICROSECOND);
    assert_true(bench_line(&b, SP804_LINE_TIMER1));
    bench_write(&b, INT_CLR, 4, 0);
    bench_pass(&b, SECOND);
    assert_int_equal(bench_read(&b, VALUE, 4), 0);
    assert_int_equal(bench_read(&b, RIS, 4), 0);
    bench_write(&b, CONTROL, 4, 0x23); /* a timer that does not run stands */
    bench_write(&b, LOAD, 4, 77);
    bench_pass(&b, SECOND);
    assert_int_equal(bench_read(&b, VALUE, 4), 77);
    assert_int_equal(bench_read(&b, 0xfe0, 4), 0x04);
    bench_write(&b, 0xf00, 4, 1);
    assert_int_equal(b.complaints, 1);
    bench_close(&b);
}

/* ---- SP805 ---- */

static void test_sp805(void **state)
{
    (void)state;
    const struct sp805_config config = {.clock_hz = 32768};
    struct bench b;

    bench_open(&b, &sp805, &config, sizeof config, 1);
    bench_write(&b, LOAD, 4, 32768 - 1);
    bench_write(&b, CONTROL, 4, 3);
    bench_pass(&b, SECOND);
    assert_true(bench_line(&b, 0));
    bench_write(&b, INT_CLR, 4, 1); /* somebody is there */
    assert_false(bench_line(&b, 0));
    assert_int_equal(bench_read(&b, VALUE, 4), 32767);
    bench_write(&b, 0xc00, 4, 0);
    assert_int_equal(bench_read(&b, 0xc00, 4), 1);
    bench_write(&b, CONTROL, 4, 0); /* locked: lost */
    assert_int_equal(bench_read(&b, CONTROL, 4), 3);
    bench_pass(&b, SECOND);
    assert_true(bench_line(&b, 0));
    assert_int_equal(bench_read(&b, 0xc00, 4), 1);
    bench_pass(&b, 2 * SECOND); /* nobody is: a reset */
    assert_int_equal(bench_read(&b, 0xc00, 4), 0);
    assert_int_equal(bench_read(&b, CONTROL, 4), 0);
    assert_int_equal(bench_read(&b, LOAD, 4), UINT32_MAX);
    bench_close(&b);
}

/* ---- Cortex-A9 ---- */

static const struct a9_timer_config peripheral = {.clock_hz = 100000000};

static void test_a9_timer(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &a9_timers, &peripheral, sizeof peripheral, 2);
    bench_write(&b, 0x00, 4, 99);
    bench_write(&b, 0x08, 4, 0x107); /* by 2, reloads, with interrupts */
    bench_pass(&b, 99 * 20 - 1);
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 1);
    assert_true(bench_line(&b, 0));
    assert_int_equal(bench_read(&b, 0x0c, 4), 1);
    bench_write(&b, 0x0c, 4, 1);
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 100 * 20);
    assert_true(bench_line(&b, 0));
    bench_write(&b, 0x08, 4, 0x104); /* stands */
    assert_int_equal(bench_read(&b, 0x04, 4), 0);
    for (unsigned i = 1; i < 4; i++) {
        assert_false(bench_line(&b, i)); /* nobody else's */
    }
    bench_write(&b, 0x10, 4, 1);
    assert_int_equal(b.complaints, 1);
    bench_close(&b);
}

static void test_a9_watchdog(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &a9_timers, &peripheral, sizeof peripheral, 1);
    bench_write(&b, 0x20, 4, 10);
    bench_write(&b, 0x28, 4, 5); /* as a timer */
    bench_pass(&b, 100);
    assert_true(bench_line(&b, 1));
    bench_write(&b, 0x2c, 4, 1);
    bench_write(&b, 0x28, 4, 9);
    bench_write(&b, 0x20, 4, 1000);
    bench_write(&b, 0x28, 4, 1); /* is a watchdog all the same ... */
    assert_int_equal(bench_read(&b, 0x28, 4), 9);
    bench_write(&b, 0x34, 4, 0x12345678);
    bench_write(&b, 0x34, 4, 0x87654321); /* ... until it hears this */
    assert_int_equal(bench_read(&b, 0x28, 4), 1);
    bench_write(&b, 0x28, 4, 9);
    bench_write(&b, 0x20, 4, 10);
    bench_pass(&b, 101);
    assert_int_equal(bench_read(&b, 0x28, 4), 0);
    assert_int_equal(bench_read(&b, 0x30, 4), 1); /* who did it */
    bench_close(&b);
}

static void test_a9_global(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &a9_global, &peripheral, sizeof peripheral, 2);
    bench_write(&b, 0x04, 4, 1);
    bench_write(&b, 0x00, 4, 0xfffffffe);
    bench_write(&b, 0x10, 4, 10);
    bench_write(&b, 0x14, 4, 2);
    bench_write(&b, 0x18, 4, 100);
    bench_write(&b, 0x08, 4, 0xf);
    bench_pass(&b, 20);
    assert_int_equal(bench_read(&b, 0x00, 4), 0);
    assert_int_equal(bench_read(&b, 0x04, 4), 2);
    bench_pass(&b, 99);
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 1);
    assert_true(bench_line(&b, 0));
    assert_false(bench_line(&b, 1));
    assert_int_equal(bench_read(&b, 0x10, 4), 110); /* it goes on by itself */
    bench_write(&b, 0x0c, 4, 1);
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 1000);
    assert_true(bench_line(&b, 0));
    bench_write(&b, 0x08, 4, 0xe);
    bench_pass(&b, 1000);
    assert_int_equal(bench_read(&b, 0x00, 4), 110);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sp804_periodic), cmocka_unit_test(test_sp804_modes),
        cmocka_unit_test(test_sp805),          cmocka_unit_test(test_a9_timer),
        cmocka_unit_test(test_a9_watchdog),    cmocka_unit_test(test_a9_global),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
