/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/virtio: negotiation and rings, by the simplest device: legacy and modern, over MMIO and PCI, split and packed,
 * with and without indirect tables and event indexes; and what a driver may not do.
 */
#include "virtio_driver.h"

static const struct virtio_rng_config modern = {.virtio = {.is_packed = 1}, .seed = 5};
static const struct virtio_rng_config legacy = {.virtio = {.is_legacy = 1}, .seed = 5};

#define SPLIT  VIRTIO_F_VERSION_1
#define PACKED (VIRTIO_F_VERSION_1 | VIRTIO_F_RING_PACKED)
#define ALL    (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)

/* Each interface and kind of ring. */
static const struct way {
    const struct virtio_rng_config *config; /* over MMIO */
    uint64_t features;
    enum driver_way way;
} ways[] = {{&legacy, 0, DRIVER_MMIO},
            {&legacy, ALL, DRIVER_MMIO},
            {&modern, SPLIT, DRIVER_MMIO},
            {&modern, PACKED, DRIVER_MMIO},
            {&modern, SPLIT | ALL, DRIVER_MMIO},
            {&modern, PACKED | ALL, DRIVER_MMIO},
            {NULL, 0, DRIVER_LEGACY},
            {NULL, ALL, DRIVER_LEGACY},
            {NULL, SPLIT, DRIVER_MODERN},
            {NULL, PACKED, DRIVER_MODERN},
            {NULL, SPLIT | ALL, DRIVER_MODERN},
            {NULL, PACKED | ALL, DRIVER_MODERN}};

static void open_pci(struct driver *d, enum driver_way way)
{
    struct machine_config c;
    struct machine_thing *t;

    machine_config_init(&c);
    t = machine_config_add_thing(&c, MODEL_CLASS, "d");
    thing_set_text(t, "driver", "virtio-rng-pci");
    thing_set_text(t, "addr", "4");
    thing_set_flag(t, "packed", true);
    driver_open_pci(d, &c, way);
    machine_config_fini(&c);
}

static void start(struct driver *d, const struct way *w)
{
    if (w->way == DRIVER_MMIO) {
        driver_open(d, &virtio_rng_mmio, w->config, sizeof *w->config);
    } else {
        open_pci(d, w->way);
    }
    driver_start(d, w->features, 1);
    assert_int_equal(d->features, w->features);
}

static uint64_t sum_of(struct driver *d, paddr at, unsigned size)
{
    uint8_t bytes[4096];

    assert_true(size <= sizeof bytes);
    assert_true(mem_read_bytes(machine_mem(d->bench.machine), at, bytes, size));
    return hash_bytes(bytes, size, 0);
}

/* Round and round, in chains of one to three buffers: all is filled, by the same bytes in each way. */
static void test_goes_round(void **state)
{
    (void)state;
    uint64_t sums[ARRAY_LEN(ways)];

    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        struct driver d;
        uint64_t sum = 0;

        start(&d, &ways[w]);
        for (unsigned i = 0; i < 200; i++) {
            struct buffer b[3] = {{DRIVER_BUFFERS, 64, true},
                                  {DRIVER_BUFFERS + 64, 100, true},
                                  {DRIVER_BUFFERS + 164, 4, true}};
            unsigned count = 1 + i % 3, id, got, bytes = count == 1 ? 64 : count == 2 ? 164 : 168;
            uint32_t written;

            id = driver_put(&d, 0, b, count);
            assert_false(driver_get(&d, 0, count, &got, &written));
            driver_notify(&d, 0);
            assert_true(driver_get(&d, 0, count, &got, &written));
            assert_int_equal(got, id);
            assert_int_equal(written, bytes);
            assert_false(driver_get(&d, 0, count, &got, &written));
            sum += sum_of(&d, DRIVER_BUFFERS, bytes) ^ i;
        }
        assert_int_equal(d.bench.complaints, 0);
        sums[w] = sum;
        driver_close(&d);
    }
    for (size_t w = 1; w < ARRAY_LEN(ways); w++) { /* seeds differ */
        assert_int_equal(sums[w], sums[ways[w].way == DRIVER_MMIO ? 0 : ARRAY_LEN(ways) - 1]);
    }
}

/* The line is up after the first chain and falls when that is acknowledged. */
static void test_interrupts(void **state)
{
    (void)state;
    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        struct buffer b = {DRIVER_BUFFERS, 8, true};
        bool has_event = (ways[w].features & VIRTIO_F_EVENT_IDX) != 0;
        struct driver d;

        start(&d, &ways[w]);
        if (has_event && driver_is_packed(&d)) { /* at the first descriptor, first round */
            ram_set(&d, driver_area(0), 4, 2u << 16 | 0x8000);
        }
        (void)driver_put(&d, 0, &b, 1);
        driver_notify(&d, 0);
        assert_true(driver_line(&d));
        assert_int_equal(reg_get(&d, R_ISR), 1);
        reg_set(&d, R_ACK, 1);
        assert_false(driver_line(&d));
        (void)driver_put(&d, 0, &b, 1);
        driver_notify(&d, 0);
        assert_int_equal(driver_line(&d), !has_event); /* the event is behind us */
        reg_set(&d, R_ACK, 1);
        /* Not wanted at all. */
        if (!has_event) {
            ram_set(&d, driver_area(0) + (driver_is_packed(&d) ? 2 : 0), 2, 1);
        } else { /* at the fourth chain from the beginning: not the third, but then */
            ram_set(&d, driver_area(0) + (driver_is_packed(&d) ? 0 : 4 + 2 * DRIVER_QUEUE), 2,
                    driver_is_packed(&d) ? 0x8003 : 3);
        }
        (void)driver_put(&d, 0, &b, 1);
        driver_notify(&d, 0);
        assert_false(driver_line(&d));
        (void)driver_put(&d, 0, &b, 1);
        driver_notify(&d, 0);
        assert_int_equal(driver_line(&d), has_event);
        driver_close(&d);
    }
}

/* With EVENT_IDX the device says at which chain it wants to be told. */
static void test_asks_for_notification(void **state)
{
    (void)state;
    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        struct buffer b = {DRIVER_BUFFERS, 8, true};
        struct driver d;

        if ((ways[w].features & VIRTIO_F_EVENT_IDX) == 0) {
            continue;
        }
        start(&d, &ways[w]);
        for (unsigned i = 0; i < 3; i++) {
            (void)driver_put(&d, 0, &b, 1);
        }
        driver_notify(&d, 0);
        if (driver_is_packed(&d)) {
            assert_int_equal(ram_get(&d, device_area(0), 4), 2u << 16 | 0x8003);
        } else {
            assert_int_equal(ram_get(&d, device_area(0) + 4 + 8 * DRIVER_QUEUE, 2), 3);
        }
        driver_close(&d);
    }
}

static void test_indirect(void **state)
{
    (void)state;
    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        const paddr table = DRIVER_BUFFERS + 0x1000;
        const struct buffer in[2] = {{DRIVER_BUFFERS, 10, true}, {DRIVER_BUFFERS + 10, 20, true}};
        struct buffer b = {table, 32, false};
        struct driver d;
        unsigned id;
        uint32_t written;

        start(&d, &ways[w]);
        put_descriptor(&d, table, &in[0],
                       VIRTIO_DESC_WRITE | (driver_is_packed(&d) ? 0 : VIRTIO_DESC_NEXT), 1);
        put_descriptor(&d, table + 16, &in[1], VIRTIO_DESC_WRITE, 0);
        (void)driver_put(&d, 0, &b, 1);
        /* It becomes one of a table. */
        ram_set(&d, queue_at(0) + (driver_is_packed(&d) ? 14 : 12), 2,
                VIRTIO_DESC_INDIRECT | (driver_is_packed(&d) ? 0x80 : 0));
        driver_notify(&d, 0);
        if ((ways[w].features & VIRTIO_F_INDIRECT_DESC) != 0) {
            assert_true(driver_get(&d, 0, 1, &id, &written));
            assert_int_equal(written, 30);
        } else {
            assert_false(driver_get(&d, 0, 1, &id, &written));
            assert_true((reg_get(&d, R_STATUS) & VIRTIO_NEEDS_RESET) != 0);
        }
        driver_close(&d);
    }
}

/* What makes no sense breaks it; a reset makes it whole. */
static void test_breaks(void **state)
{
    (void)state;
    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        for (unsigned what = 0; what < 5; what++) {
            struct buffer b[2] = {{DRIVER_BUFFERS, 8, true}, {DRIVER_BUFFERS, 8, true}};
            struct driver d;
            unsigned id;
            uint32_t written;

            start(&d, &ways[w]);
            if (driver_is_packed(&d) && what != 0 && what != 4) {
                driver_close(&d);
                continue;
            }
            b[1].is_written = what != 0; /* 0: to be read, behind one to be written */
            (void)driver_put(&d, 0, b, 2);
            if (what == 1) { /* a circle */
                ram_set(&d, queue_at(0) + 16 + 12, 2, VIRTIO_DESC_NEXT | VIRTIO_DESC_WRITE);
                ram_set(&d, queue_at(0) + 16 + 14, 2, 0);
            } else if (what == 2) { /* outside the table */
                ram_set(&d, queue_at(0) + 14, 2, DRIVER_QUEUE);
            } else if (what == 3) { /* more than the ring has */
                ram_set(&d, driver_area(0) + 2, 2, DRIVER_QUEUE + 1);
            } else if (what == 4) { /* longer than 4 GiB altogether, and not memory: not broken */
                ram_set(&d, queue_at(0), 8, UINT64_MAX - 3);
                ram_set(&d, queue_at(0) + 8, 4, UINT32_MAX);
            }
            driver_notify(&d, 0);
            if (what == 4) {
                assert_true(driver_get(&d, 0, 2, &id, &written));
                assert_int_equal(written, 0);
            } else {
                assert_false(driver_get(&d, 0, 2, &id, &written));
                assert_true((reg_get(&d, R_STATUS) & VIRTIO_NEEDS_RESET) != 0);
                driver_notify(&d, 0);
            }
            driver_start(&d, ways[w].features, 1);
            assert_true((reg_get(&d, R_STATUS) & VIRTIO_NEEDS_RESET) == 0);
            b[1].is_written = true;
            (void)driver_put(&d, 0, b, 2);
            driver_notify(&d, 0);
            assert_true(driver_get(&d, 0, 2, &id, &written));
            driver_close(&d);
        }
    }
}

/* Buffers and rings in windows of devices, its own among them, are not reached. */
static void test_reaches_memory_alone(void **state)
{
    (void)state;
    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        struct buffer b[2] = {{BENCH_BASE + R_STATUS, 4, true}, {DRIVER_BUFFERS, 8, true}};
        struct driver d;
        unsigned id;
        uint32_t written;

        start(&d, &ways[w]);
        (void)driver_put(&d, 0, b, 2);
        driver_notify(&d, 0);
        assert_true(driver_get(&d, 0, 2, &id, &written));
        assert_int_equal(written, 0);
        assert_true((reg_get(&d, R_STATUS) & VIRTIO_DRIVER_OK) != 0);
        driver_close(&d);
    }
}

static void test_negotiation(void **state)
{
    (void)state;
    struct driver d;

    driver_open(&d, &virtio_rng_mmio, &modern, sizeof modern);
    assert_int_equal(reg_get(&d, 0), 0x74726976);
    assert_int_equal(reg_get(&d, R_VERSION), 2);
    assert_int_equal(reg_get(&d, R_NUMBER), 4);
    assert_int_equal(driver_offered(&d), PACKED | ALL);
    reg_set(&d, R_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
    reg_set(&d, R_SEL, 0);
    reg_set(&d, R_SIZE, 8);
    reg_set(&d, R_READY, 1); /* too early */
    assert_int_equal(reg_get(&d, R_READY), 0);
    /* Without VERSION_1, and with what is not offered. */
    reg_set(&d, R_STATUS, VIRTIO_FEATURES_OK);
    assert_int_equal(reg_get(&d, R_STATUS), VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
    reg_set(&d, R_TAKEN_SEL, 1);
    reg_set(&d, R_TAKEN, 1);
    reg_set(&d, R_TAKEN_SEL, 0);
    reg_set(&d, R_TAKEN, 1);
    reg_set(&d, R_STATUS, VIRTIO_FEATURES_OK);
    assert_int_equal(reg_get(&d, R_STATUS), VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
    reg_set(&d, R_TAKEN, 0);
    reg_set(&d, R_STATUS, VIRTIO_FEATURES_OK);
    assert_int_equal(reg_get(&d, R_STATUS),
                     VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK);
    reg_set(&d, R_READY, 1);
    assert_int_equal(reg_get(&d, R_READY), 1);
    reg_set(&d, R_SIZE, 4); /* not while it is enabled */
    reg_set(&d, R_STATUS, 0);
    assert_int_equal(reg_get(&d, R_STATUS), 0);
    assert_int_equal(reg_get(&d, R_READY), 0);
    reg_set(&d, R_SEL, 1);
    assert_int_equal(reg_get(&d, R_MOST), 0);
    driver_close(&d);
    driver_open(&d, &virtio_rng_mmio, &legacy, sizeof legacy);
    assert_int_equal(reg_get(&d, R_VERSION), 1);
    assert_int_equal(driver_offered(&d), ALL | VIRTIO_F_ANY_LAYOUT);
    driver_close(&d);
}

/* Registers and rings of chance: nothing happens but what a guest may do to itself. The bytes of memory
 * outside of what it has are its host's, and a sanitizer's business. */
static void test_hostile(void **state)
{
    (void)state;
    const char *rounds_text = getenv("REPRISE_ROUNDS");
    unsigned rounds = rounds_text != NULL ? (unsigned)atoi(rounds_text) : 3000;
    uint64_t random = 1;

    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        struct driver d;

        start(&d, &ways[w]);
        for (unsigned i = 0; i < rounds; i++) {
            unsigned kind;

            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            kind = (unsigned)(random >> 60);
            if (kind == 0) {
                driver_start(&d, ways[w].features, 1);
            } else if (kind < 3) {
                reg_set(&d, random >> 20 & 0x1fc, random >> 32);
            } else if (kind < 10) { /* into the rings, small numbers mostly */
                ram_set(&d, queue_at(0) + (random >> 20 & 0x1ffe), 2,
                        random >> 33 & (kind % 2 ? 0xff : 0xffff));
            } else {
                ram_set(&d, queue_at(0) + (random >> 20 & 0xf0), 8,
                        DRIVER_BUFFERS + (random >> 40 & 0xffff));
                ram_set(&d, queue_at(0) + (random >> 20 & 0xf0) + 8, 4, random >> 45 & 0xfff);
                ram_set(&d, driver_area(0) + 2, 2, ram_get(&d, driver_area(0) + 2, 2) + 1);
                driver_notify(&d, 0);
            }
        }
        driver_close(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_round),
        cmocka_unit_test(test_interrupts),
        cmocka_unit_test(test_asks_for_notification),
        cmocka_unit_test(test_indirect),
        cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_reaches_memory_alone),
        cmocka_unit_test(test_negotiation),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
