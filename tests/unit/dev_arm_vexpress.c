/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/arm: the other chips of Versatile Express boards: the system registers, what has nothing plugged in, the level 2
 * cache, the interrupt controller of Cortex-A9.
 */
#include "dev/arm.h"

#include "dev_bench.h"

#define SECOND UINT64_C(1000000000)

/* ---- system registers ---- */

enum { FLAGS = 0x30, NVFLAGS = 0x38, CFGDATA = 0xa0, CFGCTRL = 0xa4, CFGSTAT = 0xa8 };
static const struct vexpress_sysreg_config tile = {.processor_id = 0x0c000191,
                                                   .clock_count = 2,
                                                   .voltage_count = 1,
                                                   .clocks = {45000000, 23750000},
                                                   .voltages = {900000}};

static uint64_t ask(struct bench *b, uint32_t ctrl)
{
    bench_write(b, CFGCTRL, 4, UINT32_C(0x80000000) | ctrl);
    assert_int_equal(bench_read(b, CFGSTAT, 4), 1);
    return bench_read(b, CFGDATA, 4);
}

static void assert_nobody(struct bench *b, uint32_t ctrl)
{
    bench_write(b, CFGCTRL, 4, UINT32_C(0x80000000) | ctrl);
    assert_int_equal(bench_read(b, CFGSTAT, 4), 3);
}

static void test_sysreg(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &vexpress_sysreg, &tile, sizeof tile, 1);
    assert_int_equal(bench_read(&b, 0x00, 4), 0x1190f500);
    assert_int_equal(bench_read(&b, 0x84, 4), 0x0c000191);
    bench_write(&b, FLAGS, 4, 0x60008000);
    bench_write(&b, FLAGS, 4, 0x11);
    bench_write(&b, FLAGS + 4, 4, 0x8000);
    assert_int_equal(bench_read(&b, FLAGS, 4), 0x60000011);
    bench_pass(&b, SECOND);
    assert_int_equal(bench_read(&b, 0x5c, 4), 24000000);
    assert_int_equal(bench_read(&b, 0x24, 4), 100);
    assert_int_equal(ask(&b, 0x00100001), 23750000); /* the motherboard's oscillator 1 */
    assert_int_equal(ask(&b, 0x00110000), 45000000); /* the tile's 0 */
    bench_write(&b, CFGDATA, 4, 50000000);
    (void)ask(&b, 0x40110000);
    bench_write(&b, CFGDATA, 4, 0);
    assert_int_equal(ask(&b, 0x00110000), 50000000);
    assert_int_equal(ask(&b, 0x00210000), 900000);
    assert_nobody(&b, 0x00110002); /* no such oscillator, site, position, supply, function */
    assert_nobody(&b, 0x00120000);
    assert_nobody(&b, 0x00111000);
    assert_nobody(&b, 0x00210001);
    assert_nobody(&b, 0x00e00000);
    bench_write(&b, CFGCTRL, 4, 0x40800000); /* not begun */
    assert_int_equal(machine_state(b.machine)->power, POWER_ON);
    bench_close(&b);
}

static void test_sysreg_power(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &vexpress_sysreg, &tile, sizeof tile, 1);
    bench_write(&b, FLAGS, 4, 1);
    bench_write(&b, NVFLAGS, 4, 2);
    bench_write(&b, CFGCTRL, 4, 0xc0900000); /* reboot */
    bench_pass(&b, 2);
    assert_int_equal(bench_read(&b, FLAGS, 4), 0);
    assert_int_equal(bench_read(&b, NVFLAGS, 4), 2);
    bench_write(&b, CFGCTRL, 4, 0xc0800000); /* shut down */
    (void)machine_run(b.machine, machine_now(b.machine) + 2, false);
    assert_int_equal(machine_state(b.machine)->power, POWER_OFF);
    bench_close(&b);
}

/* ---- what has nothing plugged in ---- */

static void test_keyboard(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &pl050, NULL, 0, 1);
    assert_int_equal(bench_read(&b, 0x04, 4), 0x43);
    bench_write(&b, 0x00, 4, 0x14); /* no interrupts of the transmitter */
    assert_false(bench_line(&b, 0));
    bench_write(&b, 0x00, 4, 0x1c);
    assert_true(bench_line(&b, 0));
    assert_int_equal(bench_read(&b, 0x10, 4), 2);
    bench_write(&b, 0x08, 4, 0xff);
    assert_int_equal(bench_read(&b, 0x04, 4), 0x43);
    assert_int_equal(bench_read(&b, 0xfe0, 4), 0x50);
    bench_close(&b);
}

static void test_cards(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &pl181, NULL, 0, 1);
    bench_write(&b, 0x3c, 4, 0x84);
    bench_write(&b, 0x0c, 4, 0x400); /* GO_IDLE wants no answer */
    assert_int_equal(bench_read(&b, 0x34, 4) & 0x7ff, 0x80);
    assert_true(bench_line(&b, 0));
    bench_write(&b, 0x38, 4, 0x80);
    assert_false(bench_line(&b, 0));
    bench_write(&b, 0x40, 4, 0x4);
    bench_write(&b, 0x0c, 4, 0x448); /* SEND_IF_COND does */
    assert_int_equal(bench_read(&b, 0x34, 4) & 0x7ff, 0x04);
    assert_true(bench_line(&b, 0));
    assert_true(bench_line(&b, 1));
    assert_int_equal(bench_read(&b, 0x0c, 4), 0x48);
    bench_write(&b, 0x2c, 4, 3);
    assert_int_equal(bench_read(&b, 0x34, 4) & 0x7ff, 0x0c);
    bench_close(&b);
}

static void test_display(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &pl111, NULL, 0, 1);
    bench_write(&b, 0x10, 4, 0x4c000000);
    bench_write(&b, 0x18, 4, 0x82b);
    bench_write(&b, 0x1c, 4, 0xffff);
    bench_write(&b, 0x3fc, 4, 0x12345678);
    assert_int_equal(bench_read(&b, 0x2c, 4), 0x4c000000);
    assert_int_equal(bench_read(&b, 0x18, 4), 0x82b);
    assert_int_equal(bench_read(&b, 0x1c, 4), 0x1e);
    assert_int_equal(bench_read(&b, 0x3fc, 4), 0x12345678);
    assert_int_equal(bench_read(&b, 0x20, 4), 0);
    assert_int_equal(b.complaints, 0);
    (void)bench_read(&b, 0x400, 4);
    assert_int_equal(b.complaints, 1);
    bench_close(&b);
}

static void test_cache(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &pl310, NULL, 0, 1);
    assert_int_equal(bench_read(&b, 0x000, 4), 0x410000c8);
    assert_int_equal(bench_read(&b, 0x104, 4), 0x02020000);
    bench_write(&b, 0x100, 4, 3);
    assert_int_equal(bench_read(&b, 0x100, 4), 1);
    bench_write(&b, 0x77c, 4, 0xffff); /* invalidated, at once */
    assert_int_equal(bench_read(&b, 0x77c, 4), 0);
    assert_int_equal(bench_read(&b, 0x730, 4), 0);
    assert_int_equal(b.complaints, 0);
    bench_close(&b);
}

/* ---- what is private to Cortex-A9 ---- */

static void test_scu(void **state)
{
    (void)state;
    struct bench b;

    bench_open(&b, &a9_scu, NULL, 0, 4);
    assert_int_equal(bench_read(&b, 0x04, 4), 0xf3);
    bench_write(&b, 0x00, 4, 1);
    bench_write(&b, 0x0a, 1, 2); /* the power of the third alone */
    assert_int_equal(bench_read(&b, 0x08, 4), 0x00020000);
    assert_int_equal(bench_read(&b, 0x0a, 1), 2);
    assert_int_equal(bench_read(&b, 0x00, 4), 1);
    bench_close(&b);
}

static void test_a9_gic(void **state)
{
    (void)state;
    const struct gicv2_config config = {.is_a9 = 1, .spis = 64};
    struct mem_window *cpu;
    struct error e;
    struct bench b;

    bench_open_unsealed(&b, &gicv2, &config, sizeof config, 2);
    assert_int_equal(machine_place_window(b.device, 1, BENCH_BASE + 0x2000, &e), 0);
    assert_int_equal(machine_seal(b.machine, &e), 0);
    assert_int_equal(bench_read(&b, 0x004, 4), 0x22); /* 96 interrupts of 2 harts */
    bench_write(&b, 0x10c, 4, UINT32_MAX);            /* none of these is there */
    assert_int_equal(bench_read(&b, 0x10c, 4), 0);
    bench_write(&b, 0x45c, 4, UINT32_MAX);
    assert_int_equal(bench_read(&b, 0x45c, 4), 0xf8f8f8f8); /* the last; 32 priorities */
    bench_write(&b, 0x460, 4, UINT32_MAX);
    assert_int_equal(bench_read(&b, 0x460, 4), 0);
    cpu = bench_window_at(b.machine, BENCH_BASE + 0x2000);
    cpu->write(cpu->opaque, mem_access_to(cpu, 0x04, 4, 1), 0xff);
    assert_int_equal(cpu->read(cpu->opaque, mem_access_to(cpu, 0x04, 4, 1)), 0xf8);
    assert_int_equal(cpu->read(cpu->opaque, mem_access_to(cpu, 0xfc, 4, 1)), 0x3901243b);
    assert_null(bench_window_at(b.machine, BENCH_BASE + 0x2100));
    bench_close(&b);
}

static void test_absent(void **state)
{
    (void)state;
    struct error e;
    struct bench b;

    bench_open_unsealed(&b, &absent, NULL, 0, 1);
    assert_int_equal(
        mem_add_block(machine_mem(b.machine), "ram", BENCH_BASE, 4 * PAGE_SIZE, true, &e), 0);
    assert_int_equal(machine_seal(b.machine, &e), 0);
    assert_null(bench_window_at(b.machine, BENCH_BASE)); /* below all that is there */
    assert_int_equal(bench_read(&b, 4 * PAGE_SIZE, 4), 0);
    bench_write(&b, 4 * PAGE_SIZE, 1, 1);
    assert_non_null(bench_window_at(b.machine, 0));
    assert_non_null(bench_window_at(b.machine, UINT32_MAX));
    assert_null(bench_window_at(b.machine, 4 * GIB));
    assert_int_equal(b.complaints, 0);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sysreg),   cmocka_unit_test(test_sysreg_power),
        cmocka_unit_test(test_keyboard), cmocka_unit_test(test_cards),
        cmocka_unit_test(test_display),  cmocka_unit_test(test_cache),
        cmocka_unit_test(test_scu),      cmocka_unit_test(test_a9_gic),
        cmocka_unit_test(test_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
