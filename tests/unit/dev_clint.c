/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/clint.c: time runs at 10 MHz of virtual time; each hart's timer rises and falls exactly when
 * mtime passes its mtimecmp, whoever moved which; and what the harts read as `time` agrees.
 */
#include "dev_bench.h"

enum { MTIMECMP = 0x4000, MTIME = 0xbff8 };

static void open_clint(struct bench *b, unsigned harts)
{
    bench_open(b, &clint, NULL, 0, harts);
    clint_attach(b->device);
}

static bool mti(const struct bench *b, unsigned hart)
{
    return bench_pin(b, hart, RISCV_PIN_MTI);
}

static void test_software_interrupts(void **state)
{
    (void)state;
    struct bench b;

    open_clint(&b, 3);
    for (unsigned h = 0; h < 3; h++) {
        bench_write(&b, 4 * h, 4, UINT32_MAX);
        assert_int_equal(bench_read(&b, 4 * h, 4), 1);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(bench_pin(&b, i, RISCV_PIN_MSI), i == h);
        }
        bench_write(&b, 4 * h, 4, 0xfffffffe);
        assert_false(bench_pin(&b, h, RISCV_PIN_MSI));
    }
    assert_int_equal(b.complaints, 0);
    bench_write(&b, 12, 4, 1); /* there is no fourth hart */
    assert_int_equal(b.complaints, 1);
    bench_close(&b);
}

static void test_time_runs(void **state)
{
    (void)state;
    struct bench b;

    open_clint(&b, 1);
    assert_int_equal(bench_read(&b, MTIME, 8), 0);
    bench_pass(&b, 99);
    assert_int_equal(bench_read(&b, MTIME, 8), 0);
    bench_pass(&b, 1);
    assert_int_equal(bench_read(&b, MTIME, 8), 1);
    bench_pass(&b, 1000000);
    assert_int_equal(bench_read(&b, MTIME, 8), 10001);
    bench_close(&b);
}

static void test_timer(void **state)
{
    (void)state;
    struct bench b;

    open_clint(&b, 2);
    assert_false(mti(&b, 0));
    bench_write(&b, MTIMECMP + 8, 8, 50); /* hart 1 */
    bench_pass(&b, 4999);
    assert_false(mti(&b, 1));
    bench_pass(&b, 1);
    assert_true(mti(&b, 1));
    assert_false(mti(&b, 0));
    bench_write(&b, MTIMECMP + 8, 8, 51);
    assert_false(mti(&b, 1));
    bench_pass(&b, 100);
    assert_true(mti(&b, 1));
    bench_write(&b, MTIMECMP + 8, 8, 0);
    assert_true(mti(&b, 1));
    bench_write(&b, MTIMECMP + 8, 8, UINT64_MAX);
    assert_false(mti(&b, 1));
    assert_int_equal(device_alarm(b.device, 1), TICK_NEVER);
    bench_close(&b);
}

static void test_halves(void **state)
{
    (void)state;
    struct bench b;

    open_clint(&b, 1);
    bench_write(&b, MTIMECMP, 4, 0x89abcdef);
    bench_write(&b, MTIMECMP + 4, 4, 0x01234567);
    assert_int_equal(bench_read(&b, MTIMECMP, 8), 0x0123456789abcdef);
    assert_int_equal(bench_read(&b, MTIMECMP + 4, 4), 0x01234567);
    bench_write(&b, MTIME + 4, 4, 7);
    assert_int_equal(bench_read(&b, MTIME, 8), UINT64_C(7) << 32);
    bench_write(&b, MTIME, 4, 9);
    assert_int_equal(bench_read(&b, MTIME, 8), (UINT64_C(7) << 32) + 9);
    bench_close(&b);
}

/* Moving mtime moves what is due; wrapping round ends it. */
static void test_time_is_set(void **state)
{
    (void)state;
    struct bench b;

    open_clint(&b, 1);
    bench_write(&b, MTIMECMP, 8, 1000);
    bench_write(&b, MTIME, 8, 990);
    bench_pass(&b, 999);
    assert_false(mti(&b, 0));
    bench_pass(&b, 1);
    assert_true(mti(&b, 0));
    bench_write(&b, MTIME, 8, 0); /* back */
    assert_false(mti(&b, 0));
    bench_write(&b, MTIME, 8, UINT64_MAX - 9);
    assert_true(mti(&b, 0));
    bench_pass(&b, 999);
    assert_true(mti(&b, 0));
    bench_pass(&b, 1);
    assert_int_equal(bench_read(&b, MTIME, 8), 0);
    assert_false(mti(&b, 0));
    bench_pass(&b, 100000);
    assert_true(mti(&b, 0));
    bench_close(&b);
}

/* The harts' view: read() at when(v) is v or more, and one tick before less. */
static void test_harts_time(void **state)
{
    (void)state;
    static const uint64_t moved[] = {0, 5, 12345, UINT64_C(1) << 40};
    struct bench b;

    open_clint(&b, 1);
    bench_pass(&b, 777);
    for (size_t i = 0; i < ARRAY_LEN(moved); i++) {
        const struct cpu *cpu = machine_cpu(b.machine, 0);
        uint64_t now;

        bench_write(&b, MTIME, 8, moved[i]);
        now = cpu->timer.read(cpu->timer.opaque, machine_now(b.machine));
        assert_int_equal(now, bench_read(&b, MTIME, 8));
        for (uint64_t v = now + 1; v < now + 100; v++) {
            tick t = cpu->timer.when(cpu->timer.opaque, v);
            assert_true(t > machine_now(b.machine));
            assert_int_equal(cpu->timer.read(cpu->timer.opaque, t), v);
            assert_int_equal(cpu->timer.read(cpu->timer.opaque, t - 1), v - 1);
        }
        assert_true(cpu->timer.when(cpu->timer.opaque, now) <= machine_now(b.machine));
        assert_true(cpu->timer.when(cpu->timer.opaque, 0) <= machine_now(b.machine));
        assert_int_equal(cpu->timer.when(cpu->timer.opaque, UINT64_MAX), TICK_NEVER);
    }
    bench_close(&b);
}

static void test_reset(void **state)
{
    (void)state;
    struct bench b;

    open_clint(&b, 2);
    bench_write(&b, 4, 4, 1);
    bench_write(&b, MTIMECMP, 8, 3);
    bench_pass(&b, 12345);
    assert_true(mti(&b, 0));
    machine_request_reset(b.machine, RESET_WARM);
    bench_pass(&b, 1000);
    assert_int_equal(bench_read(&b, MTIME, 8), 10);
    assert_int_equal(bench_read(&b, 4, 4), 0);
    assert_false(mti(&b, 0));
    assert_false(bench_pin(&b, 1, RISCV_PIN_MSI));
    bench_close(&b);
}

static void test_guest_errors(void **state)
{
    (void)state;
    struct bench b;

    open_clint(&b, 1);
    assert_int_equal(bench_read(&b, 4, 4), 0);
    assert_int_equal(bench_read(&b, 0, 8), 0);
    assert_int_equal(bench_read(&b, MTIMECMP + 2, 4), 0);
    assert_int_equal(bench_read(&b, MTIMECMP + 8, 8), 0);
    assert_int_equal(bench_read(&b, MTIME - 8, 8), 0);
    bench_write(&b, MTIME + 4, 8, 1);
    bench_write(&b, MTIMECMP + 4, 8, 1);
    (void)bench_read(&b, MTIME - 4, 4);
    bench_write(&b, MTIME - 4, 4, 1);
    assert_null(bench_window_at(b.machine, BENCH_BASE + MTIME + 8));
    bench_write(&b, MTIMECMP + 8, 8, 1); /* there is one hart */
    bench_write(&b, MTIMECMP - 4, 4, 1);
    assert_int_equal(b.complaints, 11);
    assert_int_equal(bench_read(&b, MTIME, 8), 0);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_software_interrupts),
        cmocka_unit_test(test_time_runs),
        cmocka_unit_test(test_timer),
        cmocka_unit_test(test_halves),
        cmocka_unit_test(test_time_is_set),
        cmocka_unit_test(test_harts_time),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_guest_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
