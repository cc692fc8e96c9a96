/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/goldfish_rtc.c: the time is the epoch and virtual time, read without tearing; the alarm comes
 * at its nanosecond, also when the guest moves the time.
 */
#include "dev_bench.h"

enum {
    TIME_LOW,
    TIME_HIGH = 4,
    ALARM_LOW = 8,
    ALARM_HIGH = 12,
    IRQ_ENABLED = 16,
    CLEAR_ALARM = 20,
    ALARM_STATUS = 24,
    CLEAR_INTERRUPT = 28
};

/* Just below a carry into the high half. */
#define EPOCH ((UINT64_C(0x17a0b000) << 32) - 500)

static void open_rtc(struct bench *b)
{
    const struct goldfish_rtc_config config = {.epoch_ns = EPOCH};

    bench_open(b, &goldfish_rtc, &config, sizeof config, 1);
}

static uint64_t now(struct bench *b)
{
    uint64_t low = bench_read(b, TIME_LOW, 4);

    return bench_read(b, TIME_HIGH, 4) << 32 | low;
}

static void set_alarm(struct bench *b, uint64_t at)
{
    bench_write(b, ALARM_HIGH, 4, at >> 32);
    bench_write(b, ALARM_LOW, 4, (uint32_t)at);
}

static void test_time(void **state)
{
    (void)state;
    struct bench b;
    uint64_t low;

    open_rtc(&b);
    assert_int_equal(now(&b), EPOCH);
    bench_pass(&b, 499);
    assert_int_equal(now(&b), EPOCH + 499);
    assert_int_equal(bench_read(&b, TIME_LOW, 8), EPOCH + 499); /* both at once */
    low = bench_read(&b, TIME_LOW, 4);
    bench_pass(&b, 100); /* the carry comes between the two reads */
    assert_int_equal(bench_read(&b, TIME_HIGH, 4) << 32 | low, EPOCH + 499);
    assert_int_equal(now(&b), EPOCH + 599);
    bench_close(&b);
}

static void test_set_time(void **state)
{
    (void)state;
    struct bench b;

    open_rtc(&b);
    bench_pass(&b, 1000);
    bench_write(&b, TIME_HIGH, 4, 1);
    bench_write(&b, TIME_LOW, 4, 2);
    assert_int_equal(now(&b), (UINT64_C(1) << 32) + 2);
    bench_pass(&b, 10);
    assert_int_equal(now(&b), (UINT64_C(1) << 32) + 12);
    bench_close(&b);
}

static void test_alarm(void **state)
{
    (void)state;
    struct bench b;

    open_rtc(&b);
    bench_write(&b, IRQ_ENABLED, 4, 1);
    set_alarm(&b, EPOCH + 1000);
    assert_int_equal(bench_read(&b, ALARM_STATUS, 4), 1);
    assert_int_equal(bench_read(&b, ALARM_HIGH, 4) << 32 | bench_read(&b, ALARM_LOW, 4),
                     EPOCH + 1000);
    bench_pass(&b, 999);
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 1);
    assert_true(bench_line(&b, 0));
    assert_int_equal(bench_read(&b, ALARM_STATUS, 4), 0);
    bench_write(&b, CLEAR_INTERRUPT, 4, 1);
    assert_false(bench_line(&b, 0));
    set_alarm(&b, now(&b)); /* no later than now: at once */
    assert_true(bench_line(&b, 0));
    bench_write(&b, CLEAR_INTERRUPT, 4, 1);
    set_alarm(&b, EPOCH);
    assert_true(bench_line(&b, 0));
    bench_write(&b, IRQ_ENABLED, 4, 0);
    assert_false(bench_line(&b, 0));
    bench_write(&b, IRQ_ENABLED, 4, 1);
    assert_true(bench_line(&b, 0));
    bench_close(&b);
}

static void test_alarm_is_cleared(void **state)
{
    (void)state;
    struct bench b;

    open_rtc(&b);
    bench_write(&b, IRQ_ENABLED, 4, 1);
    set_alarm(&b, EPOCH + 1000);
    bench_write(&b, CLEAR_ALARM, 4, 1);
    assert_int_equal(bench_read(&b, ALARM_STATUS, 4), 0);
    bench_pass(&b, 2000);
    assert_false(bench_line(&b, 0));
    set_alarm(&b, UINT64_MAX); /* beyond all ticks */
    bench_pass(&b, 2000);
    assert_false(bench_line(&b, 0));
    bench_close(&b);
}

static void test_alarm_follows_the_time(void **state)
{
    (void)state;
    struct bench b;

    open_rtc(&b);
    bench_write(&b, IRQ_ENABLED, 4, 1);
    bench_write(&b, TIME_HIGH, 4, 0);
    bench_write(&b, TIME_LOW, 4, 0);
    set_alarm(&b, 1000000);
    bench_write(&b, TIME_LOW, 4, 999000);
    bench_pass(&b, 999);
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 1);
    assert_true(bench_line(&b, 0));
    bench_close(&b);
}

/* The epoch is the configuration's again, and time has gone on. */
static void test_reset(void **state)
{
    (void)state;
    struct bench b;

    open_rtc(&b);
    bench_write(&b, TIME_HIGH, 4, 0);
    bench_write(&b, IRQ_ENABLED, 4, 1);
    set_alarm(&b, 0);
    assert_true(bench_line(&b, 0));
    machine_request_reset(b.machine, RESET_WARM);
    bench_pass(&b, 100);
    assert_false(bench_line(&b, 0));
    assert_int_equal(now(&b), EPOCH + 100);
    bench_close(&b);
}

static void test_guest_errors(void **state)
{
    (void)state;
    struct bench b;

    open_rtc(&b);
    (void)bench_read(&b, CLEAR_ALARM, 4);
    (void)bench_read(&b, 0x20, 4);
    bench_write(&b, ALARM_STATUS, 4, 1);
    assert_int_equal(b.complaints, 3);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_set_time),
        cmocka_unit_test(test_alarm),
        cmocka_unit_test(test_alarm_is_cleared),
        cmocka_unit_test(test_alarm_follows_the_time),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_guest_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
