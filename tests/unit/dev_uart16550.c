/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/uart16550.c: the rules of the PC16550D data sheet that drivers lean on: which interrupt IIR
 * names and what takes it back, FIFO depths and trigger levels, the silence that counts as an end,
 * loopback, the divisor latch.
 */
#include "dev_bench.h"

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR };
enum { FCR = IIR, THR = RBR, DLL = RBR, DLM = IER };

static void open_uart(struct bench *b)
{
    const struct uart16550_config config = {.clock_hz = 3686400};

    bench_open(b, &uart16550, &config, sizeof config, 1);
}

static unsigned get(struct bench *b, unsigned reg)
{
    return (unsigned)bench_read(b, reg, 1);
}

static void set(struct bench *b, unsigned reg, unsigned value)
{
    bench_write(b, reg, 1, value);
}

static void set_divisor(struct bench *b, unsigned divisor)
{
    set(b, LCR, 0x83);
    set(b, DLL, divisor & 0xff);
    set(b, DLM, divisor >> 8);
    assert_int_equal(get(b, DLL), divisor & 0xff);
    assert_int_equal(get(b, DLM), divisor >> 8);
    set(b, LCR, 0x03);
}

static uint32_t room(const struct bench *b)
{
    return machine_port_room(b->machine, (uint16_t)b->device->port);
}

static void test_after_reset(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    assert_int_equal(get(&b, IER), 0);
    assert_int_equal(get(&b, IIR), 0x01);
    assert_int_equal(get(&b, LCR), 0);
    assert_int_equal(get(&b, MCR), 0);
    assert_int_equal(get(&b, LSR), 0x60);
    assert_int_equal(get(&b, MSR), 0xb0);
    assert_false(bench_line(&b, 0));
    assert_int_equal(room(&b), 1);
    bench_close(&b);
}

static void test_registers(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    set(&b, SCR, 0xa5);
    set(&b, IER, 0xff);
    set(&b, MCR, 0xef);
    set_divisor(&b, 0x1234);
    assert_int_equal(get(&b, SCR), 0xa5);
    assert_int_equal(get(&b, IER), 0x0f); /* the divisor latch hid it, and left it alone */
    assert_int_equal(get(&b, MCR), 0x0f);
    assert_int_equal(b.sent_count, 0);
    assert_null(bench_window_at(b.machine, BENCH_BASE + 8)); /* there is nothing else */
    assert_int_equal(b.complaints, 0);
    bench_close(&b);
}

static void test_output(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    set(&b, THR, 'h');
    set(&b, THR, 'i');
    bench_write(&b, THR, 4, 0x414243); /* one register, whatever the width */
    assert_int_equal(b.sent_count, 3);
    assert_memory_equal(b.sent, "hiC", 3);
    assert_int_equal(get(&b, LSR), 0x60);
    bench_close(&b);
}

/* The transmitter's interrupt: raised by being empty after a byte and by being enabled, taken back
 * by the read of IIR that names it. */
static void test_thre(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    set(&b, IER, 2);
    assert_true(bench_line(&b, 0));
    assert_int_equal(get(&b, IIR), 0x02);
    assert_false(bench_line(&b, 0));
    assert_int_equal(get(&b, IIR), 0x01);
    set(&b, IER, 2); /* was on: no edge, no interrupt */
    assert_false(bench_line(&b, 0));
    set(&b, THR, 'x');
    assert_true(bench_line(&b, 0));
    assert_int_equal(get(&b, IIR), 0x02);
    assert_false(bench_line(&b, 0));
    set(&b, IER, 0);
    set(&b, THR, 'x');
    assert_false(bench_line(&b, 0));
    assert_int_equal(get(&b, IIR), 0x01);
    set(&b, IER, 2);
    assert_true(bench_line(&b, 0));
    assert_int_equal(get(&b, IIR), 0x02); /* switched on again: said again */
    assert_int_equal(get(&b, IIR), 0x01);
    set(&b, IER, 0);
    set(&b, IER, 2);
    assert_int_equal(get(&b, IIR), 0x02);
    set(&b, THR, 'z');
    set(&b, IER, 3); /* a received byte is named first, and leaves the other pending */
    bench_input(&b, "y", 1);
    assert_int_equal(get(&b, IIR), 0x04);
    assert_int_equal(get(&b, RBR), 'y');
    assert_int_equal(get(&b, IIR), 0x02);
    bench_close(&b);
}

static void test_receive_without_fifo(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    set(&b, IER, 1);
    bench_input(&b, "a", 1);
    assert_int_equal(room(&b), 0);
    assert_true(bench_line(&b, 0));
    assert_int_equal(get(&b, IIR), 0x04);
    assert_int_equal(get(&b, LSR), 0x61);
    assert_int_equal(get(&b, RBR), 'a');
    assert_false(bench_line(&b, 0));
    assert_int_equal(get(&b, LSR), 0x60);
    assert_int_equal(get(&b, RBR), 'a'); /* nothing there: the last one again */
    assert_int_equal(room(&b), 1);
    bench_close(&b);
}

static void test_fifo_triggers(void **state)
{
    (void)state;
    static const unsigned levels[4] = {1, 4, 8, 14};
    struct bench b;

    open_uart(&b);
    set_divisor(&b, 0xffff); /* the silence is long */
    set(&b, IER, 1);
    for (unsigned i = 0; i < 4; i++) {
        set(&b, FCR, i << 6 | 7);
        assert_int_equal(room(&b), 16);
        assert_int_equal(get(&b, IIR), 0xc1);
        for (unsigned n = 1; n <= 16; n++) {
            bench_input(&b, &"0123456789abcdef"[n - 1], 1);
            assert_int_equal(room(&b), 16 - n);
            assert_int_equal(bench_line(&b, 0), n >= levels[i]);
            assert_int_equal(get(&b, IIR), n >= levels[i] ? 0xc4 : 0xc1);
        }
        for (unsigned n = 16; n-- > 0;) {
            assert_int_equal(get(&b, RBR), "fedcba9876543210"[n]);
            assert_int_equal(bench_line(&b, 0), n >= levels[i]);
        }
    }
    bench_close(&b);
}

/* 16 bytes at once go round the ring. */
static void test_fifo_wraps(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    set(&b, FCR, 1);
    bench_input(&b, "xyz", 3);
    for (unsigned i = 0; i < 3; i++) {
        (void)get(&b, RBR);
    }
    bench_input(&b, "0123456789abcdef", 16);
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(get(&b, RBR), "0123456789abcdef"[i]);
    }
    bench_close(&b);
}

static void test_fifo_clear(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    set(&b, FCR, 1);
    bench_input(&b, "abc", 3);
    set(&b, FCR, 0x03);
    assert_int_equal(get(&b, LSR), 0x60);
    bench_input(&b, "abc", 3);
    set(&b, FCR, 0); /* a change of mode clears, too */
    assert_int_equal(get(&b, LSR), 0x60);
    assert_int_equal(get(&b, IIR), 0x01);
    bench_close(&b);
}

/* Four characters of 10 bits at 115200 baud: 347 222 ns. */
static void test_timeout(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    set_divisor(&b, 2);
    set(&b, FCR, 0xc1);
    set(&b, IER, 1);
    bench_input(&b, "ab", 2);
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 300000);
    bench_input(&b, "c", 1); /* starts the silence again */
    bench_pass(&b, 347000);
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 300);
    assert_true(bench_line(&b, 0));
    assert_int_equal(get(&b, IIR), 0xcc);
    assert_int_equal(get(&b, RBR), 'a'); /* takes it back, and two are left */
    assert_false(bench_line(&b, 0));
    bench_pass(&b, 347300);
    assert_int_equal(get(&b, IIR), 0xcc);
    (void)get(&b, RBR);
    (void)get(&b, RBR);
    bench_pass(&b, 1000000);
    assert_false(bench_line(&b, 0));
    bench_close(&b);
}

/* 12 bits with parity and a second stop bit, 7 with five data bits. */
static void test_timeout_follows_the_format(void **state)
{
    (void)state;
    static const struct {
        unsigned lcr, bits;
    } cases[] = {{0x03, 10}, {0x07, 11}, {0x0b, 11}, {0x1f, 12}, {0x00, 7}, {0x02, 9}};
    struct bench b;

    open_uart(&b);
    set_divisor(&b, 0x102);
    set(&b, IER, 1);
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t ns = cases[i].bits * UINT64_C(16) * 0x102 * 1000000000 / 3686400 * 4;

        set(&b, FCR, 0xc3);
        set(&b, LCR, cases[i].lcr);
        bench_input(&b, "a", 1); /* takes the tick, and the silence starts before it ends */
        bench_pass(&b, ns - 10);
        assert_false(bench_line(&b, 0));
        bench_pass(&b, 20);
        assert_true(bench_line(&b, 0));
        set(&b, FCR, 0xc3); /* clearing takes it back for good */
        assert_false(bench_line(&b, 0));
        bench_pass(&b, 2 * ns);
        assert_false(bench_line(&b, 0));
    }
    bench_close(&b);
}

static void test_reset(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    set_divisor(&b, 1);
    set(&b, FCR, 1);
    set(&b, IER, 1);
    bench_input(&b, "abc", 3);
    assert_true(bench_line(&b, 0));
    machine_request_reset(b.machine, RESET_WARM);
    bench_pass(&b, 1000000);
    assert_false(bench_line(&b, 0));
    assert_int_equal(get(&b, LSR), 0x60);
    assert_int_equal(get(&b, IIR), 0x01);
    bench_close(&b);
}

static void test_loopback(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    set(&b, FCR, 1);
    set(&b, MCR, 0x10);
    assert_int_equal(room(&b), 0);
    assert_int_equal(get(&b, MSR) & 0xf0, 0);
    set(&b, THR, 'q');
    assert_int_equal(b.sent_count, 0);
    assert_int_equal(get(&b, LSR), 0x61);
    assert_int_equal(get(&b, RBR), 'q');
    for (unsigned i = 0; i < 16; i++) { /* what 8250 drivers probe: DTR RTS OUT1 OUT2 */
        set(&b, MCR, 0x10 | i);
        assert_int_equal(get(&b, MSR) >> 4, (i & 2) >> 1 | (i & 1) << 1 | (i & 4) | (i & 8));
    }
    for (unsigned i = 0; i < 17; i++) {
        set(&b, THR, 'A' + i);
    }
    assert_int_equal(get(&b, LSR), 0x63); /* overrun */
    assert_int_equal(get(&b, LSR), 0x61);
    assert_int_equal(get(&b, RBR), 'A');
    set(&b, MCR, 0);
    assert_int_equal(get(&b, MSR) & 0xf0, 0xb0);
    assert_int_equal(room(&b), 1);
    bench_close(&b);
}

static void test_modem_and_line_interrupts(void **state)
{
    (void)state;
    struct bench b;

    open_uart(&b);
    set(&b, IER, 0x0c);
    set(&b, MCR, 0x10); /* CTS, DSR and DCD fall */
    assert_true(bench_line(&b, 0));
    assert_int_equal(get(&b, IIR), 0x00);
    assert_int_equal(get(&b, MSR), 0x0b);
    assert_false(bench_line(&b, 0));
    set(&b, MCR, 0x14);
    assert_false(bench_line(&b, 0)); /* RI rises: nothing */
    set(&b, MCR, 0x10);
    assert_int_equal(get(&b, MSR), 0x04); /* falls: TERI */
    set(&b, THR, '1');
    set(&b, THR, '2');
    assert_int_equal(get(&b, IIR), 0x06);
    assert_int_equal(get(&b, LSR), 0x63);
    assert_false(bench_line(&b, 0));
    assert_int_equal(get(&b, RBR), '2'); /* without FIFOs the newer byte wins */
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_reset),
        cmocka_unit_test(test_registers),
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_thre),
        cmocka_unit_test(test_receive_without_fifo),
        cmocka_unit_test(test_fifo_triggers),
        cmocka_unit_test(test_fifo_wraps),
        cmocka_unit_test(test_fifo_clear),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_timeout_follows_the_format),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_modem_and_line_interrupts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
