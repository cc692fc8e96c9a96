/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/virtio/blk.c: what is written is read, over split and packed rings and several queues; a request is given back
 * after its latency; bounds, a base of which only sectors that were not written are seen, a disk that is only
 * read; and rings of chance over a real disk.
 */
#include <unistd.h>

#include "sector_image.h"
#include "virtio_driver.h"

enum { SECTORS = 300, HEADER = DRIVER_BUFFERS, STATUS = DRIVER_BUFFERS + 16 };
#define DATA (DRIVER_BUFFERS + 0x1000)

static char path[256];

/* A disk whose sector n is full of n, and a driver of it. */
struct rig {
    struct driver driver;
    struct machine_config config;
    struct buses buses;
    struct virtio_slot slot;
};

static void make_image(void)
{
    make_sector_image(path, sizeof path, "blk", SECTORS);
}

/* On the bench, whose own device it replaces. */
static void open_rig(struct rig *r, bool is_modern, bool is_packed, const char *property,
                     uint64_t value)
{
    struct driver *d = &r->driver;
    struct machine_thing *drive, *device;
    struct error e = {""};

    memset(r, 0, sizeof *r);
    make_image();
    drive = machine_config_add_thing(&r->config, DRIVE_CLASS, "hd0");
    drive->file.name = base_strdup(path);
    drive->file.in_part = true;
    thing_set_text(drive, "format", "raw");
    thing_set_number(drive, "bytes", SECTORS * 512);
    if (strcmp(property, "readonly") == 0) {
        thing_set_flag(drive, "readonly", value != 0);
    }
    thing_set_flag(machine_config_add_thing(&r->config, VIRTIO_MMIO_CLASS_NAME, "virtio-mmio"),
                   "force-legacy", !is_modern);
    device = machine_config_add_thing(&r->config, MODEL_CLASS, "disk");
    thing_set_text(device, "driver", "virtio-blk-device");
    thing_set_text(device, "drive", "hd0");
    thing_set_text(device, "serial", "a serial number");
    thing_set_flag(device, "packed", is_packed);
    if (strcmp(property, "num-queues") == 0) {
        thing_set_number(device, "num-queues", value);
    }
    bench_open_unsealed(&d->bench, &scratch, NULL, 0, 1);
    assert_int_equal(
        mem_add_block(machine_mem(d->bench.machine), "ram", DRIVER_RAM, DRIVER_RAM_BYTES, true, &e),
        0);
    buses_init(&r->buses, d->bench.machine, &r->config);
    r->slot = (struct virtio_slot){BENCH_BASE, d->bench.lamp, 0};
    assert_non_null(buses_add(&r->buses, BUS_VIRTIO, "slot", 1, &r->slot, &e));
    if (buses_plug(&r->buses, (const struct model *const[]){&virtio_blk_device, NULL}, &e) < 0) {
        fail_msg("%s", e.text);
    }
    d->bench.device = machine_device(d->bench.machine, 2);
    assert_int_equal(machine_seal(d->bench.machine, &e), 0);
}

static void close_rig(struct rig *r)
{
    driver_close(&r->driver);
    buses_fini(&r->buses);
    for (size_t i = 0; i < r->config.things.count; i++) {
        thing_fini(&r->config.things.data[i]);
    }
    vec_fini(&r->config.things);
    remove(path);
}

/* Issues a request; false: it was not given back at once, nor in the next 100 us. */
static unsigned request(struct driver *d, unsigned queue, uint32_t type, uint64_t sector,
                        uint32_t size, uint32_t *written)
{
    struct buffer b[3] = {
        {HEADER, 16, false}, {DATA, size, type == 0 || type == 8}, {STATUS, 1, true}};
    unsigned id, got, count = size != 0 ? 3 : 2;

    if (size == 0) {
        b[1] = b[2];
    }
    ram_set(d, HEADER, 4, type);
    ram_set(d, HEADER + 8, 8, sector);
    ram_set(d, STATUS, 1, 0xff);
    id = driver_put(d, queue, b, count);
    driver_notify(d, queue);
    assert_false(driver_get(d, queue, count, &got, written)); /* it takes time */
    bench_pass(&d->bench, 4999);
    assert_false(driver_get(d, queue, count, &got, written));
    bench_pass(&d->bench, 100000);
    assert_true(driver_get(d, queue, count, &got, written));
    assert_int_equal(got, id);
    return (unsigned)ram_get(d, STATUS, 1);
}

static void fill(struct driver *d, uint32_t size, uint8_t with)
{
    for (uint32_t i = 0; i < size; i++) {
        ram_set(d, DATA + i, 1, with);
    }
}

static void test_reads_and_writes(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 3; way++) {
        struct rig r;
        struct driver *d = &r.driver;
        uint32_t written;

        open_rig(&r, way > 0, way > 1, "", 0);
        driver_start(d, UINT64_MAX & ~VIRTIO_F_EVENT_IDX & ~(way > 1 ? 0 : VIRTIO_F_RING_PACKED),
                     1);
        assert_int_equal(driver_is_packed(d), way > 1);
        assert_int_equal(bench_read(&d->bench, R_CONFIG, 4), SECTORS);
        assert_int_equal(request(d, 0, 0, 7, 1024, &written), 0);
        assert_int_equal(written, 1025);
        assert_int_equal(ram_get(d, DATA, 1), 8);
        assert_int_equal(ram_get(d, DATA + 1023, 1), 9);
        fill(d, 512, 0xab);
        assert_int_equal(request(d, 0, 1, 8, 512, &written), 0);
        assert_int_equal(request(d, 0, 0, 7, 1536, &written), 0);
        assert_int_equal(ram_get(d, DATA + 511, 1), 8);
        assert_int_equal(ram_get(d, DATA + 512, 1), 0xab);
        assert_int_equal(ram_get(d, DATA + 1024, 1), 10);
        assert_int_equal(request(d, 0, 4, 0, 0, &written), 0); /* flush */
        assert_int_equal(request(d, 0, 8, 0, 20, &written), 0);
        assert_int_equal(ram_get(d, DATA, 8), bytes_get_le("a serial", 8));
        /* Zeroing and discarding. */
        ram_set(d, DATA, 8, 7);
        ram_set(d, DATA + 8, 8, 1);
        assert_int_equal(request(d, 0, 13, 0, 16, &written), 0);
        ram_set(d, DATA, 8, 9);
        ram_set(d, DATA + 8, 8, 1);
        assert_int_equal(request(d, 0, 11, 0, 16, &written), 0);
        assert_int_equal(request(d, 0, 0, 7, 1536, &written), 0);
        assert_int_equal(ram_get(d, DATA, 8), 0);
        assert_int_equal(ram_get(d, DATA + 512, 1), 0xab);
        assert_int_equal(ram_get(d, DATA + 1024, 8), 0);
        /* Nothing of that is in the file. */
        close_rig(&r);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    struct rig r;
    struct driver *d = &r.driver;
    uint32_t written;

    open_rig(&r, true, false, "", 0);
    driver_start(d, VIRTIO_F_VERSION_1, 1);
    assert_int_equal(request(d, 0, 0, SECTORS - 1, 512, &written), 0);
    assert_int_equal(request(d, 0, 0, SECTORS - 1, 1024, &written), 1);
    assert_int_equal(request(d, 0, 0, SECTORS, 512, &written), 1);
    assert_int_equal(request(d, 0, 1, UINT64_MAX, 512, &written), 1);
    assert_int_equal(request(d, 0, 1, UINT64_MAX / 512, 512, &written), 1);
    assert_int_equal(request(d, 0, 0, 0, 100, &written), 1);
    assert_int_equal(request(d, 0, 77, 0, 512, &written), 2);
    ram_set(d, DATA, 8, SECTORS);
    ram_set(d, DATA + 8, 8, 1);
    assert_int_equal(request(d, 0, 11, 0, 16, &written), 1);
    ram_set(d, DATA, 8, 0);
    ram_set(d, DATA + 8, 8, UINT32_MAX);
    assert_int_equal(request(d, 0, 13, 0, 16, &written), 1);
    assert_int_equal(request(d, 0, 13, 0, 15, &written), 1);
    close_rig(&r);
}

static void test_readonly(void **state)
{
    (void)state;
    struct rig r;
    struct driver *d = &r.driver;
    uint32_t written;

    open_rig(&r, true, false, "readonly", 1);
    driver_start(d, UINT64_MAX & ~VIRTIO_F_EVENT_IDX, 1);
    assert_true((d->features & 1u << 5) != 0);
    assert_int_equal(request(d, 0, 1, 0, 512, &written), 1);
    assert_int_equal(request(d, 0, 0, 0, 512, &written), 0);
    assert_int_equal(ram_get(d, DATA, 1), 1);
    close_rig(&r);
}

static void test_queues(void **state)
{
    (void)state;
    struct rig r;
    struct driver *d = &r.driver;
    uint32_t written;

    open_rig(&r, true, false, "num-queues", 4);
    driver_start(d, UINT64_MAX & ~VIRTIO_F_EVENT_IDX, 4);
    assert_int_equal(bench_read(&d->bench, R_CONFIG + 34, 2), 4);
    for (unsigned q = 0; q < 4; q++) {
        fill(d, 512, (uint8_t)(q + 100));
        assert_int_equal(request(d, q, 1, q, 512, &written), 0);
    }
    assert_int_equal(request(d, 1, 0, 0, 2048, &written), 0);
    for (unsigned q = 0; q < 4; q++) {
        assert_int_equal(ram_get(d, DATA + 512 * q, 1), q + 100);
    }
    close_rig(&r);
}

/* What is on its way is dropped by a reset, and the disk keeps what was written through one. */
static void test_reset(void **state)
{
    (void)state;
    struct rig r;
    struct driver *d = &r.driver;
    struct buffer b[3] = {{HEADER, 16, false}, {DATA, 512, true}, {STATUS, 1, true}};
    unsigned id;
    uint32_t written;

    open_rig(&r, true, false, "", 0);
    driver_start(d, VIRTIO_F_VERSION_1, 1);
    fill(d, 512, 0x55);
    assert_int_equal(request(d, 0, 1, 3, 512, &written), 0);
    ram_set(d, HEADER, 8, 0);
    (void)driver_put(d, 0, b, 3);
    driver_notify(d, 0);
    driver_start(d, VIRTIO_F_VERSION_1, 1);
    bench_pass(&d->bench, 100000);
    assert_false(driver_get(d, 0, 3, &id, &written));
    machine_request_reset(d->bench.machine, RESET_POWER);
    bench_pass(&d->bench, 1);
    driver_start(d, VIRTIO_F_VERSION_1, 1);
    assert_int_equal(request(d, 0, 0, 3, 512, &written), 0);
    assert_int_equal(ram_get(d, DATA, 1), 0x55);
    close_rig(&r);
}

static int changed(void *opaque, unsigned file, uint64_t cluster, uint64_t hash, struct error *e)
{
    (void)opaque;
    (void)hash;
    assert_int_equal(file, IMAGE_COUNT);
    return cluster == 0 ? 0 : error_set(e, "cluster %u has changed", (unsigned)cluster);
}

static void lost(void *opaque, const char *why)
{
    (void)snprintf(opaque, 64, "%s", why);
}

static enum inlet_answer quiet(void *opaque, tick now, struct input *in, tick *ask_again)
{
    (void)opaque;
    (void)now;
    (void)in;
    *ask_again = TICK_NEVER;
    return INLET_QUIET;
}

static tick idle(void *opaque, tick now, tick event)
{
    (void)opaque;
    (void)now;
    return event;
}

/* A base that is not what it was stops the machine before its next step, until it is put back. */
static void test_base_changes(void **state)
{
    (void)state;
    struct rig r;
    struct driver *d = &r.driver;
    char why[64] = "";
    const struct inlet inlet = {
        .opaque = why, .next = quiet, .idle = idle, .took = changed, .lost = lost};
    struct machine *m;
    uint32_t written;
    tick now;

    open_rig(&r, true, false, "", 0);
    m = d->bench.machine;
    machine_set_inlet(m, &inlet);
    driver_start(d, VIRTIO_F_VERSION_1, 1);
    assert_int_equal(request(d, 0, 0, 127, 512, &written), 0);
    ram_set(d, HEADER + 8, 8, 128);
    (void)driver_put(
        d, 0, (struct buffer[]){{HEADER, 16, false}, {DATA, 512, true}, {STATUS, 1, true}}, 3);
    driver_notify(d, 0);
    assert_string_equal(why, "cluster 1 has changed");
    now = machine_now(m);
    assert_int_equal(machine_run(m, now + 10, false), STOP_LOST);
    assert_int_equal(machine_run(m, now + 10, false), STOP_LOST);
    assert_int_equal(machine_now(m), now);
    assert_int_equal(ram_get(d, DATA, 1), 127 % 251 + 1); /* the guest has none of it */
    machine_replaced(m);
    assert_int_equal(machine_run(m, now + 10, false), STOP_TICK);
    close_rig(&r);
}

/* Rings and headers of chance. */
static void test_hostile(void **state)
{
    (void)state;
    const char *rounds_text = getenv("REPRISE_ROUNDS");
    unsigned rounds = rounds_text != NULL ? (unsigned)atoi(rounds_text) : 4000;
    uint64_t random = 7;

    for (unsigned way = 0; way < 3; way++) {
        const uint64_t features = way > 1 ? UINT64_MAX : UINT64_MAX & ~VIRTIO_F_RING_PACKED;
        struct rig r;
        struct driver *d = &r.driver;

        open_rig(&r, way > 0, way > 1, "num-queues", 2);
        for (unsigned i = 0; i < rounds; i++) {
            struct buffer b[3] = {{HEADER, 16, false}, {DATA, 0, false}, {STATUS, 1, true}};

            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            if (i % 50 == 0) {
                driver_start(d, features, 2);
            }
            ram_set(d, HEADER, 4, random >> 20 & 15);
            ram_set(d, HEADER + 8, 8, random >> 30 & 511);
            ram_set(d, DATA + (random >> 12 & 0x3f8), 8, random >> 50);
            b[1].at = (random >> 24 & 7) == 0 ? random << 20 : DATA + (random >> 33 & 0xffff);
            b[1].size = (uint32_t)(random >> 40 & 0x3fff);
            b[1].is_written = (random >> 25 & 1) != 0;
            b[0].size = (random >> 58) == 0 ? 5 : 16;
            (void)driver_put(d, i % 2, b, 1 + (unsigned)(random % 3));
            if ((random >> 55 & 3) == 0) {
                ram_set(d, queue_at(i % 2) + (random >> 20 & 0x7e), 2, random >> 33 & 0xff);
            }
            driver_notify(d, i % 2);
            if (i % 7 == 0) {
                bench_pass(&d->bench, 20000);
            }
        }
        close_rig(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_and_writes),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_readonly),
        cmocka_unit_test(test_queues),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_base_changes),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
