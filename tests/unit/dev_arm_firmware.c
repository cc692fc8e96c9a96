/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/arm/cfi_flash.c and fw_cfg.c: what firmware and drivers do with them: query, identity, programming by
 * words and buffers, erasing, what outlives resets; items by bytes and by DMA, and requests that make no sense.
 */
#include "dev/arm.h"

#include "dev_bench.h"

#define RAM       UINT64_C(0x80000000)
#define RAM_BYTES MIB

/* With storage of the device's own, and RAM for DMA. */
static void open_with(struct bench *b, const struct device_class *class, const void *config,
                      size_t config_size, uint64_t bytes)
{
    struct mem_block *storage;
    struct error e;

    bench_open_unsealed(b, class, config, config_size, 1);
    storage = mem_add_storage(machine_mem(b->machine), "storage", bytes, false, &e);
    assert_non_null(storage);
    machine_give_storage(b->device, 0, storage);
    assert_int_equal(mem_add_block(machine_mem(b->machine), "ram", RAM, RAM_BYTES, true, &e), 0);
    assert_int_equal(machine_seal(b->machine, &e), 0);
}

/* ---- flash ------------------------------------------------------------------------------------*/

static void put(struct bench *b, uint64_t at, uint32_t value)
{
    uint8_t bytes[4];

    bytes_set_le(bytes, 4, value);
    assert_true(mem_bus_write(machine_mem(b->machine), BENCH_BASE + at, bytes, 4));
}

static uint32_t get(struct bench *b, uint64_t at)
{
    uint8_t bytes[4];

    assert_true(mem_bus_read(machine_mem(b->machine), BENCH_BASE + at, bytes, 4));
    return (uint32_t)bytes_get_le(bytes, 4);
}

static bool is_memory(struct bench *b)
{
    return mem_find(machine_mem(b->machine), BENCH_BASE, false).block != NULL;
}

static void test_identity(void **state)
{
    (void)state;
    struct bench b;

    open_with(&b, &cfi_flash, NULL, 0, CFI_FLASH_BYTES);
    assert_true(is_memory(&b));
    put(&b, 0x55 * 4, 0x980098);
    assert_false(is_memory(&b));
    assert_int_equal(get(&b, 0x10 * 4), 0x510051);
    assert_int_equal(get(&b, 0x11 * 4), 0x520052);
    assert_int_equal(get(&b, 0x12 * 4), 0x590059);
    assert_int_equal(get(&b, 0x13 * 4), 0x010001); /* Intel's commands */
    assert_int_equal(get(&b, 0x15 * 4), 0x310031); /* their table */
    assert_int_equal(get(&b, 0x27 * 4) & 0xff, 25);
    assert_int_equal(get(&b, 0x2a * 4) & 0xff, 10);
    assert_int_equal(get(&b, 0x2c * 4) & 0xff, 1);
    assert_int_equal(get(&b, 0x2d * 4) & 0xff, 0xff);
    assert_int_equal(get(&b, 0x2f * 4) & 0xff, 0);
    assert_int_equal(get(&b, 0x30 * 4) & 0xff, 2);
    assert_int_equal(get(&b, 0x31 * 4) & 0xff, 'P');
    put(&b, 0, 0x900090);
    assert_int_equal(get(&b, 0), 0x890089);
    assert_int_equal(get(&b, 4), 0x180018);
    put(&b, 0, 0xff00ff);
    assert_true(is_memory(&b));
    assert_int_equal(get(&b, 0), 0);
    assert_int_equal(b.complaints, 0);
    put(&b, 0, 0x330033); /* no command */
    assert_int_equal(b.complaints, 1);
    bench_close(&b);
}

static void test_erase_and_program(void **state)
{
    (void)state;
    struct bench b;

    open_with(&b, &cfi_flash, NULL, 0, CFI_FLASH_BYTES);
    put(&b, 0x40010, 0x200020);
    put(&b, 0x40010, 0xd000d0);
    assert_int_equal(get(&b, 0x40010), 0x800080);
    put(&b, 0, 0xff00ff);
    assert_int_equal(get(&b, 0x3fffc), 0); /* that block alone */
    assert_int_equal(get(&b, 0x40000), 0xffffffff);
    assert_int_equal(get(&b, 0x7fffc), 0xffffffff);
    assert_int_equal(get(&b, 0x80000), 0);
    put(&b, 0x40100, 0x400040);
    put(&b, 0x40100, 0x12345678);
    assert_int_equal(get(&b, 0), 0x800080);
    put(&b, 0x40100, 0x400040); /* bits only become 0 */
    put(&b, 0x40100, 0xff00ffff);
    put(&b, 0, 0xff00ff);
    assert_int_equal(get(&b, 0x40100), 0x12005678);
    put(&b, 0x40000, 0x200020); /* not confirmed */
    put(&b, 0x40000, 0xff00ff);
    assert_int_equal(get(&b, 0), 0xb000b0);
    put(&b, 0, 0x500050);
    assert_int_equal(get(&b, 0x40100), 0x12005678);
    bench_close(&b);
}

static void test_buffer(void **state)
{
    (void)state;
    struct bench b;

    open_with(&b, &cfi_flash, NULL, 0, CFI_FLASH_BYTES);
    put(&b, 0, 0x200020);
    put(&b, 0, 0xd000d0);
    put(&b, 0x840, 0xe800e8);
    assert_int_equal(get(&b, 0x840) & 0x80, 0x80); /* there is one */
    put(&b, 0x840, 0x20002);
    put(&b, 0x840, 0x11111111);
    put(&b, 0x844, 0x22222222);
    put(&b, 0x848, 0x33333333);
    put(&b, 0x840, 0xd000d0);
    assert_int_equal(get(&b, 0), 0x800080);
    put(&b, 0, 0xff00ff);
    assert_int_equal(get(&b, 0x83c), 0xffffffff);
    assert_int_equal(get(&b, 0x844), 0x22222222);
    assert_int_equal(get(&b, 0x84c), 0xffffffff);
    put(&b, 0, 0xe800e8); /* more than a buffer holds */
    put(&b, 0, 0x2000200);
    assert_int_equal(get(&b, 0), 0x900090);
    put(&b, 0, 0x500050);
    put(&b, 0, 0xe800e8); /* a word that is not of it */
    put(&b, 0, 0);
    put(&b, 0x800, 0);
    assert_int_equal(get(&b, 0), 0x900090);
    put(&b, 0, 0x500050);
    assert_int_equal(get(&b, 0x800), 0xffffffff);
    bench_close(&b);
}

/* The mode is forgotten, what it holds is not, and a state that makes no sense is refused. */
static void test_resets(void **state)
{
    (void)state;
    uint8_t forged[4096];
    struct error e;
    struct bench b;

    open_with(&b, &cfi_flash, NULL, 0, CFI_FLASH_BYTES);
    put(&b, 0, 0x200020);
    put(&b, 0, 0xd000d0);
    for (unsigned i = 0; i < 2; i++) {
        machine_request_reset(b.machine, i == 0 ? RESET_WARM : RESET_POWER);
        bench_pass(&b, 2);
        assert_true(is_memory(&b));
        assert_int_equal(get(&b, 0x3fffc), 0xffffffff);
        put(&b, 0, 0x700070);
    }
    memcpy(forged, b.device->state, cfi_flash.state.state_size);
    assert_int_equal(cfi_flash.check(b.device, forged, &e), 0);
    forged[0] = 4; /* buffer_at */
    assert_int_equal(cfi_flash.check(b.device, forged, &e), -1);
    bench_close(&b);
}

/* ---- fw_cfg -----------------------------------------------------------------------------------*/

static const char text[] = "what it holds, which is longer than a word";

static void open_fw_cfg(struct bench *b)
{
    const struct fw_cfg_config config = {
        .items = {{.at = 0, .size = 4, .key = 0}, {.at = 8, .size = sizeof text, .key = 0x15}},
        .count = 2};

    open_with(b, &fw_cfg, &config, sizeof config, 4096);
    assert_true(device_storage_write(b->device, 0, 0, "QEMU", 4));
    assert_true(device_storage_write(b->device, 0, 8, text, sizeof text));
    assert_false(device_storage_write(b->device, 0, 4090, text, sizeof text));
}

static void test_bytes(void **state)
{
    (void)state;
    struct bench b;

    open_fw_cfg(&b);
    assert_int_equal(bench_read(&b, 0, 4), 0x554d4551);
    assert_int_equal(bench_read(&b, 0, 1), 0); /* behind its end */
    bench_write(&b, 8, 2, 0x1500);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(bench_read(&b, 0, 1), (unsigned char)text[i]);
    }
    assert_int_equal(bench_read(&b, 0, 8), bytes_get_le((const uint8_t *)text + 3, 8));
    bench_write(&b, 8, 2, 0x7700); /* there is no such item */
    assert_int_equal(bench_read(&b, 0, 8), 0);
    assert_int_equal(bench_read(&b, 16, 8), 0x47464320554d4551);
    bench_close(&b);
}

static uint32_t request(struct bench *b, uint32_t control, uint32_t length, paddr to)
{
    struct mem *m = machine_mem(b->machine);
    uint8_t bytes[16];

    bytes_set_be(bytes, 4, control);
    bytes_set_be(bytes + 4, 4, length);
    bytes_set_be(bytes + 8, 8, to);
    assert_true(mem_write_bytes(m, RAM, bytes, sizeof bytes));
    bytes_set_be(bytes, 8, RAM);
    bench_write(b, 16, 4, bytes_get_le(bytes, 4));
    bench_write(b, 20, 4, bytes_get_le(bytes + 4, 4));
    assert_true(mem_read_bytes(m, RAM, bytes, 4));
    return (uint32_t)bytes_get_be(bytes, 4);
}

static void test_dma(void **state)
{
    (void)state;
    uint8_t got[sizeof text + 4];
    struct bench b;

    open_fw_cfg(&b);
    assert_int_equal(request(&b, 0x15u << 16 | 8 | 2, sizeof got, RAM + 0x1000), 0);
    assert_true(mem_read_bytes(machine_mem(b.machine), RAM + 0x1000, got, sizeof got));
    assert_memory_equal(got, text, sizeof text);
    assert_int_equal(got[sizeof text], 0);
    assert_int_equal(request(&b, 0x15u << 16 | 8, 0, 0), 0);
    assert_int_equal(request(&b, 4, 5, 0), 0); /* skips */
    assert_int_equal(request(&b, 2, 4, RAM + 0x1000), 0);
    assert_true(mem_read_bytes(machine_mem(b.machine), RAM + 0x1000, got, 4));
    assert_memory_equal(got, text + 5, 4);
    assert_int_equal(request(&b, 16, 4, RAM + 0x1000), 1);   /* nothing can be written */
    assert_int_equal(request(&b, 2, 4, RAM + RAM_BYTES), 1); /* nothing is there */
    assert_int_equal(request(&b, 2, UINT32_MAX, RAM), 1);    /* too much */
    assert_int_equal(request(&b, 4, UINT32_MAX, 0), 0);      /* to its end */
    assert_int_equal(bench_read(&b, 0, 4), 0);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity), cmocka_unit_test(test_erase_and_program),
        cmocka_unit_test(test_buffer),   cmocka_unit_test(test_resets),
        cmocka_unit_test(test_bytes),    cmocka_unit_test(test_dma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
