/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/arm: the small chips of Arm's boards: the clock PL031, the pins PL061, the power button, and virtio's
 * empty transports.
 */
#include "dev/arm.h"

#include "dev_bench.h"

#define SECOND UINT64_C(1000000000)

/* ---- PL031 ---- */

static void test_clock(void **state)
{
    (void)state;
    const struct pl031_config config = {.epoch_ns = 1000 * SECOND + SECOND / 4};
    struct bench b;

    bench_open(&b, &pl031, &config, sizeof config, 1);
    assert_int_equal(bench_read(&b, 0x00, 4), 1000);
    bench_pass(&b, SECOND / 4 * 3 - 1);
    assert_int_equal(bench_read(&b, 0x00, 4), 1000);
    bench_pass(&b, 1);
    assert_int_equal(bench_read(&b, 0x00, 4), 1001);
    bench_write(&b, 0x08, 4, 5000000); /* another time, from now on */
    assert_int_equal(bench_read(&b, 0x08, 4), 5000000);
    bench_pass(&b, SECOND - 1);
    assert_int_equal(bench_read(&b, 0x00, 4), 5000000);
    bench_pass(&b, 1);
    assert_int_equal(bench_read(&b, 0x00, 4), 5000001);
    assert_int_equal(bench_read(&b, 0x0c, 4), 1);
    assert_int_equal(bench_read(&b, 0xfe0, 4), 0x31);
    bench_close(&b);
}

static void test_match(void **state)
{
    (void)state;
    const struct pl031_config config = {.epoch_ns = 1000 * SECOND + SECOND / 4};
    struct bench b;

    bench_open(&b, &pl031, &config, sizeof config, 1);
    bench_write(&b, 0x10, 4, 1);
    bench_write(&b, 0x04, 4, 1002);
    bench_pass(&b, SECOND / 4 * 7 - 1);
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 1);
    assert_true(bench_line(&b, 0));
    assert_int_equal(bench_read(&b, 0x14, 4), 1);
    assert_int_equal(bench_read(&b, 0x18, 4), 1);
    bench_write(&b, 0x10, 4, 0);
    assert_false(bench_line(&b, 0));
    assert_int_equal(bench_read(&b, 0x18, 4), 0);
    bench_write(&b, 0x10, 4, 1);
    bench_write(&b, 0x1c, 4, 1);
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 5 * SECOND);
    assert_false(bench_line(&b, 0));
    bench_write(&b, 0x04, 4, 1007); /* this very second */
    assert_true(bench_line(&b, 0));
    assert_int_equal(b.complaints, 0);
    (void)bench_read(&b, 0x1c, 4);
    bench_write(&b, 0x00, 4, 1);
    assert_int_equal(b.complaints, 2);
    bench_close(&b);
}

/* ---- PL061 ---- */

enum {
    DIR = 0x400,
    IS = 0x404,
    IBE = 0x408,
    IEV = 0x40c,
    IE = 0x410,
    G_RIS = 0x414,
    G_MIS = 0x418,
    IC = 0x41c
};

static void test_data(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &pl061, NULL, 0, 1);
    bench_write(&b, DIR, 4, 0x0f);
    bench_write(&b, 0x3fc, 4, 0xff);
    assert_int_equal(bench_read(&b, 0x3fc, 4), 0x0f);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(bench_line(&b, PL061_LINE_PIN0 + i), i < 4);
    }
    bench_write(&b, 2 << 2, 4, 0); /* pin 1 alone */
    assert_int_equal(bench_read(&b, 0x3fc, 4), 0x0d);
    pl061.line(b.device, 6, true);
    pl061.line(b.device, 0, false); /* an output's level is its own */
    assert_int_equal(bench_read(&b, 0x3fc, 4), 0x4d);
    assert_int_equal(bench_read(&b, 0x40 << 2, 4), 0x40);
    assert_int_equal(bench_read(&b, 0xfe0, 4), 0x61);
    bench_close(&b);
}

static void test_interrupts(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &pl061, NULL, 0, 1);
    bench_write(&b, IE, 4, 0xff);
    bench_write(&b, IEV, 4, 0x01); /* 0 by rising edges, the others by falling ones */
    bench_write(&b, IBE, 4, 0x04); /* 2 by both */
    bench_write(&b, IC, 4, 0xff);
    pl061.line(b.device, 0, true);
    assert_true(bench_line(&b, 0));
    assert_int_equal(bench_read(&b, G_MIS, 4), 1);
    pl061.line(b.device, 0, false);
    assert_true(bench_line(&b, 0)); /* it is remembered */
    bench_write(&b, IC, 4, 1);
    assert_false(bench_line(&b, 0));
    pl061.line(b.device, 1, true);
    assert_int_equal(bench_read(&b, G_RIS, 4), 0);
    pl061.line(b.device, 1, false);
    assert_int_equal(bench_read(&b, G_RIS, 4), 2);
    pl061.line(b.device, 2, true);
    assert_int_equal(bench_read(&b, G_RIS, 4), 6);
    bench_write(&b, IC, 4, 6);
    pl061.line(b.device, 2, false);
    assert_int_equal(bench_read(&b, G_RIS, 4), 4);
    bench_write(&b, IC, 4, 4);
    bench_write(&b, IEV, 4, 0x08);
    bench_write(&b, IS, 4, 0x08); /* by its level: high */
    pl061.line(b.device, 3, true);
    assert_true(bench_line(&b, 0));
    bench_write(&b, IC, 4, 8);
    assert_true(bench_line(&b, 0));
    bench_write(&b, IE, 4, 0xf7);
    assert_false(bench_line(&b, 0));
    bench_write(&b, IE, 4, 0xff);
    pl061.line(b.device, 3, false);
    assert_false(bench_line(&b, 0));
    bench_close(&b);
}

/* ---- the others ---- */

static void test_key(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &gpio_key, NULL, 0, 1);
    gpio_key_press(b.device);
    assert_true(bench_line(&b, 0));
    bench_pass(&b, 50000000);
    gpio_key_press(b.device); /* once more: it is held longer */
    bench_pass(&b, 99999999);
    assert_true(bench_line(&b, 0));
    bench_pass(&b, 1);
    assert_false(bench_line(&b, 0));
    bench_close(&b);
}

static void test_transports(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &virtio_none, NULL, 0, 1);
    for (unsigned i = 0; i < VIRTIO_NONE_COUNT; i++) {
        assert_int_equal(bench_read(&b, VIRTIO_NONE_BYTES * i, 4), 0x74726976);
        assert_int_equal(bench_read(&b, VIRTIO_NONE_BYTES * i + 4, 4), 1);
        assert_int_equal(bench_read(&b, VIRTIO_NONE_BYTES * i + 8, 4), 0);
    }
    assert_int_equal(b.complaints, 0);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock), cmocka_unit_test(test_match),
        cmocka_unit_test(test_data),  cmocka_unit_test(test_interrupts),
        cmocka_unit_test(test_key),   cmocka_unit_test(test_transports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
