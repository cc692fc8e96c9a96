/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/arm/semihost.c: output, handles, clocks and the exit status, with blocks of arguments that are where
 * they say or nowhere. The made-up processor's hart maps its memory as it is.
 */
#include "dev/arm.h"

#include "../toy/toy_state.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BLOCK   (TOY_RAM + 0x100)
#define TEXT    (TOY_RAM + 0x200)
#define NOWHERE UINT64_C(0x700000)

struct bench {
    struct machine *machine;
    struct device *device;
};

/* Its console is RAM: the last byte that left is there. */
#define CONSOLE (TOY_RAM + 0x300)

static void open_bench(struct bench *b)
{
    const struct semihost_config config = {.console = CONSOLE, .epoch_ns = 5000000000};
    struct machine_config c;
    struct error e;

    machine_config_init(&c);
    b->machine = machine_new(&c, &toy_isa, &e);
    assert_non_null(b->machine);
    b->device =
        machine_add_device(b->machine, &semihost, "semihost", 0, &config, sizeof config, NULL, &e);
    assert_non_null(b->device);
    assert_int_equal(mem_add_block(machine_mem(b->machine), "ram", TOY_RAM, 0x10000, true, &e), 0);
    assert_int_equal(machine_seal(b->machine, &e), 0);
}

static uint64_t ask(struct bench *b, uint64_t operation, uint64_t at)
{
    struct platform_call call = {.service = SERVICE_SEMIHOSTING, .words = {operation, at}};
    struct cpu *cpu = machine_cpu(b->machine, 0);

    assert_int_equal(cpu->platform->call(cpu, &call), PLATFORM_DONE);
    return call.words[0];
}

static uint64_t ask3(struct bench *b, uint64_t operation, uint64_t x, uint64_t y, uint64_t z)
{
    uint8_t bytes[24];

    bytes_set_le(bytes, 8, x);
    bytes_set_le(bytes + 8, 8, y);
    bytes_set_le(bytes + 16, 8, z);
    assert_true(mem_write_bytes(machine_mem(b->machine), BLOCK, bytes, sizeof bytes));
    return ask(b, operation, BLOCK);
}

static char last(struct bench *b)
{
    char byte = 0;

    assert_true(mem_read_bytes(machine_mem(b->machine), CONSOLE, &byte, 1));
    return byte;
}

static void put_text(struct bench *b, const char *text)
{
    assert_true(mem_write_bytes(machine_mem(b->machine), TEXT, text, strlen(text) + 1));
}

static void test_output(void **state)
{
    (void)state;
    struct bench b;

    open_bench(&b);
    put_text(&b, "abc");
    assert_int_equal(ask(&b, 0x03, TEXT), 0);
    assert_int_equal(last(&b), 'a');
    assert_int_equal(ask(&b, 0x04, TEXT), 0);
    assert_int_equal(last(&b), 'c');
    assert_int_equal(ask3(&b, 0x05, 2, TEXT, 2), 0);
    assert_int_equal(last(&b), 'b');
    assert_int_equal(ask3(&b, 0x05, 1, TEXT, 2), UINT64_MAX); /* not to be written to */
    assert_int_equal(ask3(&b, 0x05, 2, NOWHERE, 2), 2);       /* nothing was */
    assert_int_equal(ask(&b, 0x05, NOWHERE), UINT64_MAX);
    assert_int_equal(ask3(&b, 0x05, 2, TEXT, UINT64_MAX), UINT64_MAX - (0x10000 - 0x200));
    assert_int_equal(ask(&b, 0x04, NOWHERE), 0);
    machine_free(b.machine);
}

static void test_handles(void **state)
{
    (void)state;
    struct bench b;

    open_bench(&b);
    put_text(&b, ":tt");
    assert_int_equal(ask3(&b, 0x01, TEXT, 0, 3), 1);
    assert_int_equal(ask3(&b, 0x01, TEXT, 4, 3), 2);
    assert_int_equal(ask3(&b, 0x09, 2, 0, 0), 1);
    assert_int_equal(ask3(&b, 0x06, 1, TEXT, 10), 10);
    put_text(&b, "/etc/passwd");
    assert_int_equal(ask3(&b, 0x01, TEXT, 0, 11), UINT64_MAX);
    assert_int_equal(ask3(&b, 0x09, 3, 0, 0), 0);
    assert_int_equal(ask3(&b, 0x02, 3, 0, 0), UINT64_MAX);
    assert_int_equal(ask3(&b, 0x08, UINT64_MAX, 0, 0), 1);
    assert_int_equal(ask(&b, 0x12, BLOCK), UINT64_MAX); /* SYS_SYSTEM */
    assert_int_equal(ask(&b, 0x11, 0), 5);
    assert_int_equal(ask(&b, 0x31, 0), 1000000000);
    machine_free(b.machine);
}

static void test_exit(void **state)
{
    (void)state;
    struct bench b;

    open_bench(&b);
    (void)ask3(&b, 0x18, 0x20026, 7, 0);
    assert_int_equal(machine_state(b.machine)->power, POWER_FAILED);
    assert_int_equal(machine_state(b.machine)->exit_status, 7);
    (void)ask3(&b, 0x20, 0x20026, 0, 0);
    assert_int_equal(machine_state(b.machine)->power, POWER_OFF);
    (void)ask3(&b, 0x18, 0x20023, 0, 0); /* another reason than that it ended */
    assert_int_equal(machine_state(b.machine)->power, POWER_FAILED);
    assert_int_equal(machine_state(b.machine)->exit_status, 1);
    machine_free(b.machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_handles),
        cmocka_unit_test(test_exit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
