/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/scsi and dev/virtio/scsi.c: a disk and a CD drive behind a host of virtio: what they say of themselves, reads and
 * writes of every length of command, unmapping, modes, attentions, sense, a tray; bounds; task management; and
 * commands of chance.
 */
#include <limits.h>
#include <unistd.h>

#include "../chance.h"
#include "dev/scsi.h"
#include "sector_image.h"
#include "virtio_driver.h"

enum { SECTORS = 3000, SENSE = 96, CDB = 32, IN_FROM = 12 + SENSE };
#define REQUEST  (DRIVER_BUFFERS)
#define RESPONSE (DRIVER_BUFFERS + 0x200)
#define DATA     (DRIVER_BUFFERS + 0x1000)
enum { DISK = 0, CD = 1, NOBODY = 9 }; /* targets */

static char path[256];

static struct {
    struct driver driver;
    struct machine_config config;
    struct buses buses;
    struct virtio_slot slot;
} r;

/* Sector n is full of n. */
static void make_image(void)
{
    make_sector_image(path, sizeof path, "scsi", SECTORS);
}

static void add_unit(const char *id, const char *model, const char *drive, bool is_cd)
{
    struct machine_thing *t = machine_config_add_thing(&r.config, DRIVE_CLASS, drive);

    t->file.name = base_strdup(path);
    t->file.in_part = true;
    thing_set_text(t, "format", "raw");
    thing_set_number(t, "bytes", SECTORS * 512);
    thing_set_flag(t, "cd", is_cd);
    t = machine_config_add_thing(&r.config, MODEL_CLASS, id);
    thing_set_text(t, "driver", model);
    thing_set_text(t, "drive", drive);
    thing_set_text(t, "serial", "a serial number");
}

static void open_rig(void)
{
    static const struct model *const models[] = {&virtio_scsi_device, &scsi_hd_model,
                                                 &scsi_cd_model, NULL};
    struct driver *d = &r.driver;
    struct error e = {""};

    memset(&r, 0, sizeof r);
    make_image();
    thing_set_flag(machine_config_add_thing(&r.config, VIRTIO_MMIO_CLASS_NAME, "virtio-mmio"),
                   "force-legacy", false);
    thing_set_text(machine_config_add_thing(&r.config, MODEL_CLASS, "host"), "driver",
                   "virtio-scsi-device");
    add_unit("disk", "scsi-hd", "d0", false);
    add_unit("disc", "scsi-cd", "d1", true);
    bench_open_unsealed(&d->bench, &scratch, NULL, 0, 1);
    assert_int_equal(
        mem_add_block(machine_mem(d->bench.machine), "ram", DRIVER_RAM, DRIVER_RAM_BYTES, true, &e),
        0);
    buses_init(&r.buses, d->bench.machine, &r.config);
    r.slot = (struct virtio_slot){BENCH_BASE, d->bench.lamp, 0};
    assert_non_null(buses_add(&r.buses, BUS_VIRTIO, "slot", 1, &r.slot, &e));
    if (buses_plug(&r.buses, models, &e) < 0) {
        fail_msg("%s", e.text);
    }
    d->bench.device = machine_device(d->bench.machine, 2);
    assert_int_equal(machine_seal(d->bench.machine, &e), 0);
    driver_start(d, VIRTIO_F_VERSION_1, 3);
}

static void close_rig(void)
{
    driver_close(&r.driver);
    buses_fini(&r.buses);
    for (size_t i = 0; i < r.config.things.count; i++) {
        thing_fini(&r.config.things.data[i]);
    }
    vec_fini(&r.config.things);
    remove(path);
}

/* ---- a driver ---------------------------------------------------------------------------------*/

struct answer {
    unsigned response, status; /* and key, code and qualifier of its sense */
    uint32_t sense, written, left;
};

static struct answer finish(unsigned queue, unsigned id, unsigned count)
{
    struct driver *d = &r.driver;
    struct answer a;
    unsigned got;

    assert_false(driver_get(d, queue, count, &got, &a.written)); /* it takes time */
    bench_pass(&d->bench, 4999);
    assert_false(driver_get(d, queue, count, &got, &a.written));
    bench_pass(&d->bench, 300000);
    assert_true(driver_get(d, queue, count, &got, &a.written));
    assert_int_equal(got, id);
    a.left = (uint32_t)ram_get(d, RESPONSE + 4, 4);
    a.status = (unsigned)ram_get(d, RESPONSE + 10, 1);
    a.response = (unsigned)ram_get(d, RESPONSE + 11, 1);
    a.sense = ram_get(d, RESPONSE, 4) == 0
                  ? 0
                  : (uint32_t)(ram_get(d, RESPONSE + 14, 1) << 16 |
                               ram_get(d, RESPONSE + 24, 1) << 8 | ram_get(d, RESPONSE + 25, 1));
    return a;
}

static void put_address(paddr at, unsigned target, unsigned lun)
{
    ram_set(&r.driver, at, 8, 1 | target << 8 | (lun >> 8 | 0x40) << 16 | (lun & 0xff) << 24);
}

/* `bytes`: of data at DATA, to the disk or from it. */
static struct answer run(unsigned target, unsigned lun, const uint8_t cdb[16], uint32_t bytes,
                         bool is_out)
{
    struct driver *d = &r.driver;
    struct buffer b[3] = {{REQUEST, 19 + CDB, false}};
    unsigned count = 1, id;

    for (unsigned i = 0; i < 0x100; i += 8) {
        ram_set(d, REQUEST + i, 8, 0);
        ram_set(d, RESPONSE + i, 8, UINT64_MAX);
    }
    put_address(REQUEST, target, lun);
    assert_true(mem_write_bytes(machine_mem(d->bench.machine), REQUEST + 19, cdb, 16));
    if (bytes != 0 && is_out) {
        b[count++] = (struct buffer){DATA, bytes, false};
    }
    b[count++] = (struct buffer){RESPONSE, IN_FROM, true};
    if (bytes != 0 && !is_out) {
        b[count++] = (struct buffer){DATA, bytes, true};
    }
    id = driver_put(d, 2, b, count);
    driver_notify(d, 2);
    return finish(2, id, count);
}

#define CDB_OF(...) ((const uint8_t[16]){__VA_ARGS__})

static void good(unsigned target, const uint8_t cdb[16], uint32_t bytes, bool is_out)
{
    struct answer a = run(target, 0, cdb, bytes, is_out);

    assert_int_equal(a.response, 0);
    assert_int_equal(a.status, 0);
    assert_int_equal(a.left, 0);
    assert_int_equal(a.written, IN_FROM + (is_out ? 0 : bytes));
}

static void bad(unsigned target, const uint8_t cdb[16], uint32_t bytes, bool is_out, uint32_t sense)
{
    struct answer a = run(target, 0, cdb, bytes, is_out);

    assert_int_equal(a.response, 0);
    assert_int_equal(a.status, 2);
    assert_int_equal(a.sense, sense);
}

/* What is told first, at power-on. */
static void hear(void)
{
    for (unsigned t = DISK; t <= CD; t++) {
        bad(t, CDB_OF(0), 0, false, 0x62900);
        good(t, CDB_OF(0), 0, false);
    }
}

static uint64_t at(unsigned place, unsigned size)
{
    uint8_t bytes[8];

    assert_true(mem_read_bytes(machine_mem(r.driver.bench.machine), DATA + place, bytes, size));
    return bytes_get_be(bytes, size);
}

static void set(unsigned place, unsigned size, uint64_t value)
{
    uint8_t bytes[8];

    bytes_set_be(bytes, size, value);
    assert_true(mem_write_bytes(machine_mem(r.driver.bench.machine), DATA + place, bytes, size));
}

static void check_sectors(unsigned sector, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(at(512 * i, 1), (sector + i) % 251 + 1);
        assert_int_equal(at(512 * i + 511, 1), (sector + i) % 251 + 1);
    }
}

/* ---- tests ------------------------------------------------------------------------------------*/

static void test_inquiry(void **state)
{
    struct answer a;

    (void)state;
    open_rig();
    good(DISK, CDB_OF(0x12, 0, 0, 0, 36), 36, false); /* before an attention */
    assert_int_equal(at(0, 4), 0x00000512);
    assert_int_equal(at(8, 8), bytes_get_be("REPRISE ", 8));
    hear();
    good(CD, CDB_OF(0x12, 0, 0, 0, 36), 36, false);
    assert_int_equal(at(0, 2), 0x0580);
    good(DISK, CDB_OF(0x12, 1, 0, 0, 10), 10, false);
    assert_int_equal(at(2, 8), UINT64_C(0x0006008083b0b1b2));
    good(DISK, CDB_OF(0x12, 1, 0x80, 0, 19), 19, false);
    assert_int_equal(at(4, 8), bytes_get_be("a serial", 8));
    good(DISK, CDB_OF(0x12, 1, 0xb0, 0, 64), 64, false);
    assert_int_equal(at(20, 4), 0x200000);
    bad(CD, CDB_OF(0x12, 1, 0xb0, 0, 64), 64, false, 0x52400);
    good(DISK, CDB_OF(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16), 16, false);
    assert_int_equal(at(0, 8), UINT64_C(0x800000000));
    /* A unit, and a target, that are not there. */
    a = run(DISK, 5, CDB_OF(0x12, 0, 0, 0, 36), 36, false);
    assert_int_equal(a.status, 0);
    assert_int_equal(at(0, 1), 0x7f);
    a = run(DISK, 5, CDB_OF(0), 0, false);
    assert_int_equal(a.sense, 0x52500);
    a = run(NOBODY, 0, CDB_OF(0), 0, false);
    assert_int_equal(a.response, 3);
    close_rig();
}

static void test_reads_and_writes(void **state)
{
    (void)state;
    open_rig();
    hear();
    good(DISK, CDB_OF(0x25), 8, false);
    assert_int_equal(at(0, 8), (uint64_t)(SECTORS - 1) << 32 | 512);
    good(DISK, CDB_OF(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32), 32, false);
    assert_int_equal(at(0, 8), SECTORS - 1);
    assert_int_equal(at(14, 1), 0xc0);
    good(DISK, CDB_OF(0x08, 0, 0, 7, 3), 1536, false);
    check_sectors(7, 3);
    good(DISK, CDB_OF(0x28, 0, 0, 0, 0, 9, 0, 0, 2), 1024, false);
    check_sectors(9, 2);
    good(DISK, CDB_OF(0xa8, 0, 0, 0, 0, 11, 0, 0, 0, 2), 1024, false);
    check_sectors(11, 2);
    good(DISK, CDB_OF(0x88, 0, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 1, 0), 256 * 512, false);
    check_sectors(260, 256);
    for (unsigned i = 0; i < 4; i++) { /* of 6, 10, 12 and 16 bytes */
        static const uint8_t writes[4][16] = {{0x0a, 0, 0, 20, 1},
                                              {0x2a, 8, 0, 0, 0, 21, 0, 0, 1},
                                              {0xaa, 0, 0, 0, 0, 22, 0, 0, 0, 1},
                                              {0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 1}};
        set(0, 8, 0x1000 + i);
        good(DISK, writes[i], 512, true);
    }
    good(DISK, CDB_OF(0x28, 0, 0, 0, 0, 19, 0, 0, 6), 3072, false);
    check_sectors(19, 1);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(at(512 * (i + 1), 8), 0x1000 + i);
    }
    assert_int_equal(at(512 * 5, 1), 24 + 1);
    good(DISK, CDB_OF(0x35), 0, false);
    good(DISK, CDB_OF(0x91), 0, false);
    /* Unmapping, and writing the same. */
    set(0, 8, UINT64_C(0x0016001000000000));
    set(8, 8, 30);
    set(16, 8, UINT64_C(0x200000000));
    good(DISK, CDB_OF(0x42, 0, 0, 0, 0, 0, 0, 0, 24), 24, true);
    set(0, 8, 0x77);
    good(DISK, CDB_OF(0x93, 0, 0, 0, 0, 0, 0, 0, 0, 33, 0, 0, 0, 2), 512, true);
    good(DISK, CDB_OF(0x93, 1, 0, 0, 0, 0, 0, 0, 0, 36, 0, 0, 0, 1), 0, true);
    good(DISK, CDB_OF(0x28, 0, 0, 0, 0, 29, 0, 0, 9), 9 * 512, false);
    for (unsigned i = 0; i < 9; i++) {
        unsigned n = 29 + i;
        bool is_zero = n == 30 || n == 31 || n == 36, is_same = n == 33 || n == 34;

        assert_int_equal(at(512 * i + 7, 1), is_zero ? 0 : is_same ? 0x77 : n % 251 + 1);
    }
    close_rig();
}

static void test_bounds(void **state)
{
    struct answer a;

    (void)state;
    open_rig();
    hear();
    good(DISK, CDB_OF(0x28, 0, 0, 0, 0x0b, 0xb7, 0, 0, 1), 512, false); /* the last */
    bad(DISK, CDB_OF(0x28, 0, 0, 0, 0x0b, 0xb7, 0, 0, 2), 1024, false, 0x52100);
    bad(DISK, CDB_OF(0x2a, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 1), 512, true, 0x52100);
    bad(DISK, CDB_OF(0x88, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255), 512,
        false, 0x52100);
    bad(DISK, CDB_OF(0x28, 0x20, 0, 0, 0, 0, 0, 0, 1), 512, false, 0x52400);
    bad(DISK, CDB_OF(0xfe), 0, false, 0x52000);
    bad(DISK, CDB_OF(0x93, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1), 0, true, 0x52400);
    set(0, 8, UINT64_C(0x0016001000000000));
    set(8, 8, SECTORS);
    set(16, 8, UINT64_C(0x100000000));
    bad(DISK, CDB_OF(0x42, 0, 0, 0, 0, 0, 0, 0, 24), 24, true, 0x52100);
    bad(CD, CDB_OF(0x2a, 0, 0, 0, 0, 0, 0, 0, 1), 2048, true, 0x52000);
    a = run(DISK, 0, CDB_OF(0x28, 0, 0, 0, 0, 0, 0, 0, 2), 512, false); /* no room for it */
    assert_int_equal(a.response, 1);
    a = run(DISK, 0, CDB_OF(0x2a, 0, 0, 0, 0, 0, 0, 0, 2), 512, true);
    assert_int_equal(a.response, 1);
    a = run(DISK, 0, CDB_OF(0x12, 0, 0, 0, 20), 100, false); /* less than there is room for */
    assert_int_equal(a.left, 80);
    assert_int_equal(a.written, IN_FROM + 20);
    close_rig();
}

static void test_modes(void **state)
{
    (void)state;
    open_rig();
    hear();
    good(DISK, CDB_OF(0x1a, 8, 8, 0, 24), 24, false);
    assert_int_equal(at(0, 8), UINT64_C(0x1700100008120400));
    set(6, 1, 0); /* no cache */
    set(0, 4, 0);
    good(DISK, CDB_OF(0x15, 0x10, 0, 0, 24), 24, true);
    good(DISK, CDB_OF(0x5a, 8, 8, 0, 0, 0, 0, 0, 28), 28, false);
    assert_int_equal(at(10, 1), 0);
    set(0, 8, 0);
    set(5, 1, 7); /* a page of a wrong size */
    bad(DISK, CDB_OF(0x15, 0x10, 0, 0, 24), 24, true, 0x52600);
    bad(DISK, CDB_OF(0x1a, 0, 0x3e, 0, 255), 255, false, 0x52400);
    bad(DISK, CDB_OF(0x1a, 0, 0xff, 0, 255), 255, false, 0x53900);
    /* Stopped, and started again; sense that was asked for. */
    good(DISK, CDB_OF(0x1b, 0, 0, 0, 0), 0, false);
    bad(DISK, CDB_OF(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 512, false, 0x20402);
    good(DISK, CDB_OF(0x03, 0, 0, 0, 18), 18, false);
    assert_int_equal(at(0, 8), UINT64_C(0x700002000000000a));
    assert_int_equal(at(12, 2), 0x0402);
    good(DISK, CDB_OF(0x1b, 0, 0, 0, 1), 0, false);
    good(DISK, CDB_OF(0), 0, false);
    close_rig();
}

static void test_cd(void **state)
{
    (void)state;
    open_rig();
    hear();
    good(CD, CDB_OF(0x25), 8, false);
    assert_int_equal(at(0, 8), (uint64_t)(SECTORS / 4 - 1) << 32 | 2048);
    good(CD, CDB_OF(0x28, 0, 0, 0, 0, 3, 0, 0, 2), 4096, false);
    check_sectors(12, 8);
    good(CD, CDB_OF(0x43, 0, 0, 0, 0, 0, 0, 0, 20), 20, false);
    assert_int_equal(at(0, 8), UINT64_C(0x0012010100140100));
    assert_int_equal(at(12, 8), UINT64_C(0x0014aa00) << 32 | SECTORS / 4);
    good(CD, CDB_OF(0x46, 0, 0, 0, 0, 0, 0, 0, 8), 8, false);
    assert_int_equal(at(6, 2), 8);
    good(CD, CDB_OF(0x1e, 0, 0, 0, 1), 0, false); /* locked */
    bad(CD, CDB_OF(0x1b, 0, 0, 0, 2), 0, false, 0x55302);
    good(CD, CDB_OF(0x1e, 0, 0, 0, 0), 0, false);
    good(CD, CDB_OF(0x1b, 0, 0, 0, 2), 0, false); /* out */
    bad(CD, CDB_OF(0x28, 0, 0, 0, 0, 3, 0, 0, 1), 2048, false, 0x23a02);
    good(CD, CDB_OF(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), 8, false);
    assert_int_equal(at(4, 2), 0x0301);
    good(CD, CDB_OF(0x1b, 0, 0, 0, 3), 0, false); /* in */
    bad(CD, CDB_OF(0), 0, false, 0x62800);
    good(CD, CDB_OF(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), 8, false);
    assert_int_equal(at(4, 2), 0x0202);
    good(CD, CDB_OF(0x28, 0, 0, 0, 0, 3, 0, 0, 1), 2048, false);
    close_rig();
}

static unsigned manage(unsigned type, unsigned subtype, unsigned target)
{
    struct driver *d = &r.driver;
    struct buffer b[2] = {{REQUEST, 24, false}, {DATA, type == 0 ? 1 : 5, true}};
    uint32_t written;
    unsigned id, got;

    ram_set(d, REQUEST, 8, (uint64_t)subtype << 32 | type);
    put_address(REQUEST + 8, target, 0);
    id = driver_put(d, 0, b, 2);
    driver_notify(d, 0);
    bench_pass(&d->bench, 100000);
    assert_true(driver_get(d, 0, 2, &got, &written));
    assert_int_equal(got, id);
    assert_int_equal(written, b[1].size);
    return (unsigned)at(0, 1);
}

static void test_management(void **state)
{
    (void)state;
    open_rig();
    hear();
    assert_int_equal(manage(0, 5, DISK), 0); /* a unit's reset */
    bad(DISK, CDB_OF(0), 0, false, 0x62903);
    good(DISK, CDB_OF(0), 0, false);
    assert_int_equal(manage(0, 5, NOBODY), 12);
    assert_int_equal(manage(0, 4, CD), 0); /* a target's */
    bad(CD, CDB_OF(0), 0, false, 0x62903);
    assert_int_equal(manage(0, 0, DISK), 0); /* aborts what is done already */
    assert_int_equal(manage(0, 77, DISK), 11);
    assert_int_equal(manage(1, 0, DISK), 0);
    close_rig();
}

/* Commands of chance, of some that there are, with buffers that are right, small, or no memory. */
static void test_hostile(void **state)
{
    static const uint8_t known[] = {0x00, 0x03, 0x08, 0x0a, 0x12, 0x15, 0x1a, 0x1b, 0x1e,
                                    0x25, 0x28, 0x2a, 0x2f, 0x35, 0x41, 0x42, 0x43, 0x46,
                                    0x4a, 0x51, 0x55, 0x5a, 0x88, 0x8a, 0x8f, 0x91, 0x93,
                                    0x9e, 0xa0, 0xa8, 0xaa, 0xbb, 0xbd};
    struct driver *d = &r.driver;
    uint64_t seed = 1;

    (void)state;
    open_rig();
    for (unsigned n = 0; n < 20000; n++) {
        uint64_t x = chance_next(&seed), y = chance_next(&seed);
        struct buffer b[3] = {{REQUEST, x % 97 == 0 ? 30 : 19 + CDB, false},
                              {DATA, (uint32_t)(y & 0x1fff), (x >> 7 & 1) != 0},
                              {RESPONSE, x % 89 == 0 ? 50 : IN_FROM, true}};
        unsigned queue = x % 31 == 0 ? 0 : 2;

        if (n % 500 == 0 || (reg_get(d, R_STATUS) & VIRTIO_NEEDS_RESET) != 0) {
            driver_start(d, VIRTIO_F_VERSION_1, 3);
        }
        for (unsigned i = 0; i < 24; i++) {
            ram_set(d, REQUEST + 19 + i, 1, chance_next(&seed) & (i < 6 || i % 5 == 0 ? 0x1f : 3));
            ram_set(d, DATA + i, 1, chance_next(&seed) & 0x1f);
        }
        ram_set(d, REQUEST + 19, 1, x % 23 == 0 ? y : known[x % ARRAY_LEN(known)]);
        put_address(REQUEST, (unsigned)(x >> 8 & 1), x % 41 == 0);
        if (b[1].is_written) { /* its place is behind the response */
            struct buffer swapped = b[1];
            b[1] = b[2];
            b[2] = swapped;
        }
        if (x % 61 == 0) {
            b[x % 3].at = x >> 9;
        }
        (void)driver_put(d, queue, b, 3);
        driver_notify(d, queue);
        bench_pass(&d->bench, 30000);
        if (x % 53 == 0) {
            bench_write(&d->bench, R_CONFIG + 20 + (x >> 10 & 4), 4, x >> 12 & 0x1ff);
        }
    }
    close_rig();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inquiry), cmocka_unit_test(test_reads_and_writes),
        cmocka_unit_test(test_bounds),  cmocka_unit_test(test_modes),
        cmocka_unit_test(test_cd),      cmocka_unit_test(test_management),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
