/* SPDX-License-Identifier: GPL-2.0-or-later
 * disk/: qcow2 images written by loads that look like chance, against a plain array: all geometries, over
 * a file behind, with snapshots; killed and without power at every write; on a full host.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "../chance.h"
#include "../disk/load.h"
#include "../disk/logged.h"

#include <cmocka.h>

/* ---- an image in memory, over one of so many bytes ---- */

struct world {
    struct logged image;
    uint8_t *behind;
    size_t behind_size;
    struct disk_qcow2_options options;
    struct load load;
    uint64_t seed, checks;
};

static struct disk_bytes *open_behind(void *opaque, const char *path, struct error *e)
{
    const struct world *w = opaque;

    assert_string_equal(path, "somewhere/behind.raw");
    (void)e;
    return disk_bytes_of_memory(w->behind, w->behind_size, path);
}

static struct disk *open_of(struct world *w, struct disk_bytes *bytes, bool is_writable,
                            const char *snapshot, struct error *e)
{
    struct disk_options how = {.format = DISK_QCOW2,
                               .is_writable = is_writable,
                               .snapshot = snapshot,
                               .open = open_behind,
                               .opaque = w};

    return disk_open_bytes(bytes, &how, e);
}

static struct disk *open_world(struct world *w)
{
    struct error e;
    struct disk *d = open_of(w, logged_bytes(&w->image, "somewhere/image"), true, NULL, &e);

    if (d == NULL) {
        fail_msg("%s", e.text);
    }
    return d;
}

static void world_init(struct world *w, const struct disk_qcow2_options *o, uint64_t behind,
                       uint64_t seed)
{
    struct disk_bytes *b;
    struct error e;

    *w = (struct world){.options = *o, .seed = seed, .behind_size = (size_t)behind * DISK_SECTOR};
    if (behind != 0) {
        w->options.backing = "behind.raw";
        w->options.backing_format = DISK_RAW;
        w->behind = base_alloc(w->behind_size, 1);
    }
    b = logged_bytes(&w->image, "somewhere/image");
    if (disk_qcow2_make(b, &w->options, &e) < 0) {
        fail_msg("%s", e.text);
    }
    disk_bytes_close(b);
    for (uint32_t i = 0; i < behind; i++) {
        load_fill(w->behind + i * DISK_SECTOR, i + 1000000);
    }
    load_init(&w->load, open_world(w), seed);
    for (uint32_t i = 0; i < behind && i < w->load.sectors; i++) {
        w->load.now[i] = i + 1000000;
    }
}

static void world_fini(struct world *w)
{
    load_fini(&w->load);
    logged_fini(&w->image);
    free(w->behind);
}

static void must_work(int result, const struct error *e)
{
    if (result < 0) {
        fail_msg("%s", e->text);
    }
}

static struct disk *open_again(void *opaque, const char *snapshot, struct error *e)
{
    struct world *w = opaque;

    return open_of(w, logged_bytes(&w->image, "somewhere/image"), false, snapshot, e);
}

/* Closed and opened again, it is the same, and counts are as they should be. */
static void reopen(struct world *w)
{
    struct error e;

    must_work(disk_close(w->load.disk, &e), &e);
    w->load.disk = open_world(w);
    must_work(load_check(&w->load, w->load.disk, &e), &e);
    must_work(load_check_snapshots(&w->load, open_again, w, &e), &e);
}

static const struct disk_qcow2_options shapes[] = {
    {.size = 300 * KIB, .cluster_bits = 9},
    {.size = 300 * KIB, .cluster_bits = 9, .version = 2},
    {.size = 1 * MIB + 512, .cluster_bits = 12, .refcount_bits = 64},
    {.size = 1 * MIB, .cluster_bits = 12, .refcount_bits = 4},
    {.size = 2 * MIB + 3 * KIB, .cluster_bits = 14, .is_extended = true},
    {.size = 3 * MIB, .cluster_bits = 16, .is_extended = true, .refcount_bits = 8},
    {.size = 3 * MIB + 512},
    {.size = 5 * MIB, .cluster_bits = 21},
};

static void test_loads(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2 * ARRAY_LEN(shapes); i++) {
        const struct disk_qcow2_options *o = &shapes[i / 2];
        struct error e;
        struct world w;

        world_init(&w, o, i % 2 != 0 ? o->size / DISK_SECTOR * 2 / 3 : 0, 100 + i);
        w.load.makes_snapshots = true;
        for (unsigned round = 0; round < 6; round++) {
            must_work(load_play(&w.load, 150, &e), &e);
            must_work(load_check(&w.load, w.load.disk, &e), &e);
            reopen(&w);
        }
        must_work(disk_close(w.load.disk, &e), &e);
        world_fini(&w);
    }
}

/* ---- crashes ---- */

/* What is left opens for reading, has what was flushed, and opens for writing: no cluster has more
 * references than are counted. */
static void check_left(struct world *w, uint8_t *bytes, size_t size, const char *how)
{
    struct load l = w->load;
    struct error e;
    struct disk *d =
        open_of(w, disk_bytes_of_memory(bytes, size, "somewhere/left"), false, NULL, &e);

    if (d == NULL || load_check_crashed(&l, d, &e) < 0) {
        fail_msg("%s, after write %llu: %s", how, (unsigned long long)w->image.writes, e.text);
    }
    (void)disk_close(d, NULL);
    d = open_of(w, disk_bytes_of_memory(bytes, size, "somewhere/left"), true, NULL, &e);
    if (d == NULL || load_check_crashed(&l, d, &e) < 0) {
        fail_msg("%s, after write %llu, written to: %s", how, (unsigned long long)w->image.writes,
                 e.text);
    }
    must_work(disk_close(d, &e), &e);
    free(bytes);
    w->checks++;
}

static void crash_here(void *opaque)
{
    struct world *w = opaque;
    uint8_t *bytes;
    size_t size;

    bytes = logged_after_kill(&w->image, &size);
    check_left(w, bytes, size, "killed");
    for (unsigned i = 0; i < 2; i++) {
        bytes = logged_after_power(&w->image, &w->seed, &size);
        check_left(w, bytes, size, "without power");
    }
}

static void test_crashes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        static const struct disk_qcow2_options small[] = {
            {.size = 96 * KIB, .cluster_bits = 9},
            {.size = 160 * KIB, .cluster_bits = 12},
            {.size = 256 * KIB, .cluster_bits = 14, .is_extended = true},
        };
        const struct disk_qcow2_options *o = &small[i / 2];
        struct error e;
        struct world w;

        world_init(&w, o, i % 2 != 0 ? o->size / DISK_SECTOR / 2 : 0, i);
        w.load.makes_snapshots = true;
        w.image.wrote = crash_here;
        w.image.opaque = &w;
        must_work(load_play(&w.load, 60, &e), &e);
        w.image.wrote = NULL;
        assert_true(w.checks > 200);
        reopen(&w);
        must_work(disk_close(w.load.disk, &e), &e);
        world_fini(&w);
    }
}

/* A host that has no more room: a sentence, and what was flushed is there. */
static void test_full_host(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        struct error e = {{0}};
        struct world w;

        world_init(&w, &shapes[i % ARRAY_LEN(shapes)], i % 2 * 50, i);
        w.image.room_most = w.image.size + chance_next(&w.seed) % (400 * KIB);
        w.load.makes_snapshots = true;
        if (load_play(&w.load, 400, &e) < 0) {
            uint8_t *bytes;
            size_t size;

            assert_string_equal(e.text, "the disk is full");
            (void)disk_close(w.load.disk, &e);
            bytes = logged_after_kill(&w.image, &size);
            check_left(&w, bytes, size, "full");
        } else {
            (void)disk_close(w.load.disk, &e);
        }
        world_fini(&w);
    }
}

/* The first entry of the first L2 table, in the file. */
static uint8_t *first_entry(struct world *w)
{
    uint64_t l1 = bytes_get_be(w->image.bytes + 40, 8);

    return w->image.bytes + (bytes_get_be(w->image.bytes + l1, 8) & UINT64_C(0x00fffffffffffe00));
}

/* An entry that is damaged behind our back is an error of zeroing, too, not taken for zeros; an image with pieces of a
 * cluster that is nowhere is only read. */
static void test_damaged_entries(void **state)
{
    static const struct disk_qcow2_options extended = {
        .size = 256 * KIB, .cluster_bits = 14, .is_extended = true};
    uint8_t sector[DISK_SECTOR] = {1};
    struct error e;
    struct world w;

    (void)state;
    world_init(&w, &extended, 0, 1);
    must_work(disk_write(w.load.disk, 0, sector, sizeof sector, &e), &e);
    must_work(disk_close(w.load.disk, &e), &e);
    w.load.disk = open_world(&w);
    bytes_set_be(first_entry(&w), 8, 0);
    assert_int_equal(disk_zero(w.load.disk, 512, 512, &e), -1);
    assert_non_null(strstr(e.text, "names no cluster of the file"));
    (void)disk_close(w.load.disk, &e);
    assert_null(open_of(&w, logged_bytes(&w.image, "somewhere/image"), true, NULL, &e));
    assert_non_null(strstr(e.text, "names no cluster of the file"));
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loads),
        cmocka_unit_test(test_crashes),
        cmocka_unit_test(test_full_host),
        cmocka_unit_test(test_damaged_entries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
