/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/arm/pl011.c: what Linux and firmware do with it, and the manual's rules: FIFOs and their triggers,
 * the time-out, overrun in loopback, interrupts and their clearing.
 */
#include "dev/arm.h"

#include "dev_bench.h"

enum {
    DR = 0,
    RSR = 4,
    FR = 0x18,
    IBRD = 0x24,
    FBRD = 0x28,
    LCR_H = 0x2c,
    CR = 0x30,
    IFLS = 0x34,
    IMSC = 0x38,
    RIS = 0x3c,
    MIS = 0x40,
    ICR = 0x44
};
enum { RX = 0x10, TX = 0x20, RT = 0x40, OE = 0x400, FEN = 0x10 };

static void open_uart(struct bench *b)
{
    const struct pl011_config config = {.clock_hz = 24000000};

    bench_open(b, &pl011, &config, sizeof config, 1);
}

static void test_output(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    assert_int_equal(bench_read(&b, FR, 4), 0x90); /* both FIFOs are empty */
    bench_write(&b, DR, 1, 'A');
    bench_write(&b, DR, 4, 'B');
    assert_int_equal(b.sent_count, 2);
    assert_memory_equal(b.sent, "AB", 2);
    assert_int_equal(bench_read(&b, RIS, 4), TX);
    assert_false(bench_line(&b, 0));
    bench_write(&b, IMSC, 4, TX);
    assert_true(bench_line(&b, 0));
    bench_write(&b, ICR, 4, TX);
    assert_false(bench_line(&b, 0));
    bench_write(&b, DR, 1, 'C'); /* it has left at once: again */
    assert_true(bench_line(&b, 0));
    bench_close(&b);
}

static void test_input(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    bench_write(&b, IMSC, 4, RX | RT);
    assert_int_equal(pl011.room(b.device), 1);
    bench_input(&b, "x", 1);
    assert_int_equal(pl011.room(b.device), 0);
    assert_int_equal(bench_read(&b, FR, 4), 0xc0);
    assert_true(bench_line(&b, 0));
    assert_int_equal(bench_read(&b, DR, 4), 'x');
    assert_false(bench_line(&b, 0));
    bench_write(&b, LCR_H, 4, 0x70);
    assert_int_equal(pl011.room(b.device), 16);
    for (unsigned i = 0; i < 5; i++) { /* 2, 4, 8, 12, 14 of 16 */
        static const unsigned triggers[] = {2, 4, 8, 12, 14};

        bench_write(&b, IFLS, 4, i << 3);
        bench_input(&b, "abcdefghijklmn", triggers[i] - 1);
        assert_false(bench_line(&b, 0));
        bench_input(&b, "z", 1);
        assert_int_equal(bench_read(&b, MIS, 4), RX);
        for (unsigned n = triggers[i]; n > 1; n--) {
            (void)bench_read(&b, DR, 4);
            assert_false(bench_line(&b, 0));
        }
        assert_int_equal(bench_read(&b, DR, 1), 'z');
    }
    bench_close(&b);
}

/* 32 bits of silence, at 115200 baud. */
static void test_timeout(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    bench_write(&b, IMSC, 4, RX | RT);
    bench_write(&b, IBRD, 4, 13);
    bench_write(&b, FBRD, 4, 1);
    bench_write(&b, LCR_H, 4, 0x70);
    bench_input(&b, "ab", 2);
    bench_pass(&b, 277600);
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 100);
    assert_int_equal(bench_read(&b, MIS, 4), RT);
    (void)bench_read(&b, DR, 4);
    assert_true(bench_line(&b, 0)); /* until all is read, or it is cleared */
    (void)bench_read(&b, DR, 4);
    assert_false(bench_line(&b, 0));
    bench_input(&b, "c", 1);
    bench_pass(&b, 277700);
    assert_true(bench_line(&b, 0));
    bench_write(&b, ICR, 4, RT);
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 1000000);
    assert_false(bench_line(&b, 0));
    bench_close(&b);
}

static void test_loopback(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    bench_write(&b, CR, 4, 0x381 | 0x3c00);
    assert_int_equal(bench_read(&b, FR, 4) & 0x107, 0x107);
    assert_int_equal(bench_read(&b, RIS, 4), 0xf);
    assert_int_equal(pl011.room(b.device), 0);
    bench_write(&b, DR, 4, 'p');
    bench_write(&b, DR, 4, 'q'); /* one too many */
    assert_int_equal(b.sent_count, 0);
    assert_int_equal(bench_read(&b, RIS, 4) & OE, OE);
    assert_int_equal(bench_read(&b, RSR, 4), 8);
    assert_int_equal(bench_read(&b, DR, 4), 0x800 | 'p');
    bench_write(&b, RSR, 4, 0);
    assert_int_equal(bench_read(&b, RSR, 4), 0);
    bench_close(&b);
}

static void test_identity(void **state)
{
    (void)state;
    static const uint8_t ids[] = {0x11, 0x10, 0x14, 0, 0x0d, 0xf0, 0x05, 0xb1};
    struct bench b;

    open_uart(&b);
    for (unsigned i = 0; i < ARRAY_LEN(ids); i++) {
        assert_int_equal(bench_read(&b, 0xfe0 + 4 * i, 4), ids[i]);
    }
    assert_int_equal(bench_read(&b, CR, 4), 0x300);
    assert_int_equal(bench_read(&b, IFLS, 4), 0x12);
    bench_write(&b, CR, 4, 0xffff);
    assert_int_equal(bench_read(&b, CR, 4), 0xff87);
    assert_int_equal(b.complaints, 0);
    (void)bench_read(&b, 0x800, 4);
    bench_write(&b, 0x800, 4, 0);
    assert_int_equal(b.complaints, 2);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output),   cmocka_unit_test(test_input),
        cmocka_unit_test(test_timeout),  cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
