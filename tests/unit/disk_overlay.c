/* SPDX-License-Identifier: GPL-2.0-or-later
 * disk/: the overlay of a machine's disk against a plain array, through saves and restores, with most pages in
 * a file; what was read of the base, and a base that changed; and writing it all to an image.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "../chance.h"
#include "disk/disk.h"

#include <cmocka.h>

enum { SECTORS = 3000, BASE_BYTES = 2500 * DISK_SECTOR + 100, SAVES = 5 };
#define BYTES (SECTORS * (uint64_t)DISK_SECTOR)

struct world {
    struct tree_pool pool;
    struct host_scratch file;
    struct live_tree tree;
    struct disk_reads *reads;
    struct disk_overlay overlay;
    uint8_t *base; /* changes in tests */
    uint64_t base_reads;
    uint8_t *now; /* what the disk should have */
    struct page_tree saved[SAVES];
    uint8_t *then[SAVES]; /* NULL: nothing was saved there */
    uint64_t seed;
};

static int read_base(void *opaque, uint64_t at, void *bytes, size_t size, struct error *e)
{
    struct world *w = opaque;

    (void)e;
    assert_int_equal(at % DISK_READ_CLUSTER, 0);
    assert_true(size <= DISK_READ_CLUSTER && at + size <= BASE_BYTES);
    memcpy(bytes, w->base + at, size);
    w->base_reads++;
    return 0;
}

static void start_overlay(struct world *w)
{
    const struct disk_source base = {read_base, w, BASE_BYTES};

    struct disk_listener listener = disk_listener_of(w->reads);

    disk_overlay_init(&w->overlay, &w->tree, BYTES, &base, &listener);
}

static void world_init(struct world *w, uint64_t seed)
{
    struct error e;

    *w = (struct world){.seed = seed};
    tree_pool_init(&w->pool);
    assert_int_equal(host_scratch_open(&w->file, "/tmp", &e), 0);
    tree_pool_spill(&w->pool, &w->file, 30);
    live_tree_init(&w->tree, &w->pool, disk_overlay_bytes(BYTES));
    w->base = base_alloc(BASE_BYTES, 1);
    w->now = base_alloc(BYTES, 1);
    for (size_t i = 0; i < BASE_BYTES; i += 4) {
        bytes_set_le(w->base + i, 4, i + 1);
    }
    memcpy(w->now, w->base, BASE_BYTES);
    w->reads = disk_reads_new("base.raw");
    start_overlay(w);
}

static void world_fini(struct world *w)
{
    for (unsigned i = 0; i < SAVES; i++) {
        tree_drop(&w->pool, &w->saved[i]);
        free(w->then[i]);
    }
    disk_overlay_fini(&w->overlay);
    disk_reads_free(w->reads);
    live_tree_fini(&w->tree);
    tree_pool_fini(&w->pool); /* which insists that nothing is left */
    host_scratch_close(&w->file);
    free(w->base);
    free(w->now);
}

static uint64_t draw(struct world *w, uint64_t below)
{
    return chance_next(&w->seed) % below;
}

static void draw_range(struct world *w, uint64_t *at, size_t *size)
{
    uint64_t sector = draw(w, SECTORS), most = draw(w, 4) == 0 ? 700 : 12, n = 1 + draw(w, most);

    *at = sector * DISK_SECTOR;
    *size = (size_t)((n < SECTORS - sector ? n : SECTORS - sector) * DISK_SECTOR);
}

static void check_range(struct world *w, uint64_t at, size_t size)
{
    uint8_t *bytes = base_alloc(size, 1);
    struct error e;

    if (disk_overlay_read(&w->overlay, at, bytes, size, &e) < 0) {
        fail_msg("%s", e.text);
    }
    assert_memory_equal(bytes, w->now + at, size);
    free(bytes);
}

static void change_some(struct world *w)
{
    uint64_t at;
    size_t size;

    draw_range(w, &at, &size);
    if (draw(w, 4) == 0) {
        disk_overlay_zero(&w->overlay, at, size);
        memset(w->now + at, 0, size);
        return;
    }
    for (size_t i = 0; i < size; i += 8) {
        bytes_set_le(w->now + at + i, 8, chance_next(&w->seed));
    }
    disk_overlay_write(&w->overlay, at, w->now + at, size);
}

static void save_or_restore(struct world *w)
{
    unsigned i = (unsigned)draw(w, SAVES);

    if (w->then[i] == NULL || draw(w, 2) == 0) {
        tree_drop(&w->pool, &w->saved[i]);
        w->saved[i] = live_tree_save(&w->tree);
        w->then[i] = w->then[i] != NULL ? w->then[i] : base_alloc(BYTES, 1);
        memcpy(w->then[i], w->now, BYTES);
    } else {
        live_tree_restore(&w->tree, w->saved[i]);
        memcpy(w->now, w->then[i], BYTES);
    }
}

/* Whatever is kept of the base can be forgotten. */
static void forget(struct world *w)
{
    disk_overlay_fini(&w->overlay);
    start_overlay(w);
}

static void play(struct world *w, unsigned steps)
{
    for (unsigned i = 0; i < steps; i++) {
        uint64_t at;
        size_t size;

        switch (draw(w, 20)) {
        case 0: save_or_restore(w); break;
        case 1: forget(w); break;
        default: change_some(w);
        }
        draw_range(w, &at, &size);
        check_range(w, at, size);
    }
    check_range(w, 0, BYTES);
    assert_true(live_tree_hash(&w->tree) == live_tree_hash_slow(&w->tree));
}

static void test_against_an_array(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct world w;

        world_init(&w, seed);
        play(&w, 1500);
        assert_true(w.pool.spilled > 100);
        world_fini(&w);
    }
}

/* A write reads nothing of the base; a cluster is named once, with what all of it hashes to. */
static void test_reads(void **state)
{
    static const uint8_t ones[3 * DISK_SECTOR] = {1};
    uint8_t last[DISK_READ_CLUSTER] = {0};
    const uint64_t end = BASE_BYTES / DISK_READ_CLUSTER;
    struct world w;

    (void)state;
    world_init(&w, 1);
    disk_overlay_write(&w.overlay, 5 * DISK_SECTOR, ones, sizeof ones);
    memcpy(w.now + 5 * DISK_SECTOR, ones, sizeof ones);
    check_range(&w, 5 * DISK_SECTOR, sizeof ones);
    assert_int_equal(w.base_reads, 0);
    assert_int_equal(w.reads->list.count, 0);
    check_range(&w, 4 * DISK_SECTOR, 2 * DISK_SECTOR);
    check_range(&w, 20 * DISK_SECTOR, DISK_SECTOR);
    assert_int_equal(w.base_reads, 1); /* the rest was kept */
    check_range(&w, end * DISK_READ_CLUSTER, DISK_SECTOR);
    forget(&w);
    check_range(&w, 0, DISK_SECTOR);
    assert_int_equal(w.base_reads, 3);
    assert_int_equal(w.reads->list.count, 2);
    assert_int_equal(w.reads->list.data[0].cluster, 0);
    assert_true(w.reads->list.data[0].hash == disk_read_hash(0, w.base));
    memcpy(last, w.base + end * DISK_READ_CLUSTER, BASE_BYTES % DISK_READ_CLUSTER);
    assert_int_equal(w.reads->list.data[1].cluster, end);
    assert_true(w.reads->list.data[1].hash == disk_read_hash(end, last));
    assert_null(disk_reads_find(w.reads, 1));
    /* Behind the base's end are zeros, of which nothing is named. */
    check_range(&w, (SECTORS - 2) * DISK_SECTOR, 2 * DISK_SECTOR);
    assert_int_equal(w.reads->list.count, 2);
    world_fini(&w);
}

static void test_changed_base(void **state)
{
    uint8_t bytes[DISK_SECTOR];
    struct error e;
    struct world w;

    (void)state;
    world_init(&w, 1);
    check_range(&w, 3 * DISK_READ_CLUSTER, DISK_SECTOR);
    w.base[3 * DISK_READ_CLUSTER + 60000] ^= 1;
    check_range(&w, 3 * DISK_READ_CLUSTER, DISK_SECTOR); /* which was kept */
    forget(&w);
    for (unsigned i = 0; i < 2; i++) { /* and again: it is not believed the second time */
        assert_int_equal(
            disk_overlay_read(&w.overlay, 3 * DISK_READ_CLUSTER, bytes, sizeof bytes, &e), -1);
        assert_non_null(strstr(e.text, "base.raw: has changed"));
        assert_non_null(strstr(e.text, "at byte 196608"));
    }
    check_range(&w, 4 * DISK_READ_CLUSTER, DISK_SECTOR);
    world_fini(&w);
}

/* Many clusters, known by their numbers. */
static void test_many_reads(void **state)
{
    struct disk_reads *r = disk_reads_new("base");
    struct error e;

    (void)state;
    for (uint64_t i = 0; i < 100000; i++) {
        assert_int_equal(disk_reads_note(r, i * 7919, i, &e), 0);
    }
    for (uint64_t i = 0; i < 100000; i++) {
        assert_true(disk_reads_find(r, i * 7919)->hash == i);
        assert_null(disk_reads_find(r, i * 7919 + 1));
        assert_int_equal(disk_reads_note(r, i * 7919, i, &e), 0);
    }
    assert_int_equal(r->list.count, 100000);
    assert_int_equal(disk_reads_note(r, 7919, 5, &e), -1);
    disk_reads_free(r);
}

/* What was written reaches an image, and nothing else does. */
static void test_commit(void **state)
{
    struct disk_options how = {.format = DISK_RAW, .is_writable = true};
    uint8_t *bytes = base_alloc(BYTES, 1);
    struct error e;
    struct disk *d;
    struct world w;

    (void)state;
    world_init(&w, 9);
    for (unsigned i = 0; i < 40; i++) {
        change_some(&w);
    }
    memcpy(bytes, w.base, BASE_BYTES);
    d = disk_open_bytes(disk_bytes_of_memory(bytes, BYTES, "image"), &how, &e);
    assert_non_null(d);
    assert_int_equal(disk_overlay_commit(&w.overlay, d, &e), 0);
    assert_int_equal(w.base_reads, 0);
    assert_int_equal(disk_read(d, 0, bytes, BYTES, &e), 0);
    assert_memory_equal(bytes, w.now, BYTES);
    assert_int_equal(disk_close(d, &e), 0);
    free(bytes);
    world_fini(&w);
}

/* All of a large disk becomes zeros, which takes a map of bits and nothing else. */
static void test_large_zero(void **state)
{
    const uint64_t size = 64 * GIB;
    const struct disk_source none = {0};
    struct disk_overlay o;
    struct live_tree t;
    struct tree_pool p;
    uint8_t bytes[DISK_SECTOR];
    struct error e;

    (void)state;
    tree_pool_init(&p);
    live_tree_init(&t, &p, disk_overlay_bytes(size));
    disk_overlay_init(&o, &t, size, &none, NULL);
    memset(bytes, 7, sizeof bytes);
    disk_overlay_write(&o, 5 * GIB, bytes, sizeof bytes);
    disk_overlay_zero(&o, 0, size);
    assert_int_equal(disk_overlay_read(&o, 5 * GIB, bytes, sizeof bytes, &e), 0);
    assert_int_equal(bytes[0], 0);
    (void)live_tree_hash(&t);
    assert_int_equal(tree_pages(&t.tree), size / DISK_SECTOR / 8 / PAGE_SIZE);
    disk_overlay_fini(&o);
    live_tree_fini(&t);
    tree_pool_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_an_array), cmocka_unit_test(test_reads),
        cmocka_unit_test(test_changed_base),     cmocka_unit_test(test_many_reads),
        cmocka_unit_test(test_commit),           cmocka_unit_test(test_large_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
