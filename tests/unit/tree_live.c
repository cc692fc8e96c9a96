/* SPDX-License-Identifier: GPL-2.0-or-later
 * tree/: a live tree against a plain array, through saves and restores in any order; what it costs;
 * and the same with nearly all of its pages in a file.
 */
#include "../chance.h"
#include "tree/tree.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PAGES = 300, SAVES = 12 };
#define BYTES (PAGES * PAGE_SIZE)

struct model {
    struct tree_pool pool;
    struct live_tree tree;
    uint8_t *bytes; /* what it should hold */
    struct page_tree saved[SAVES];
    uint8_t *then[SAVES]; /* NULL: nothing was saved there */
    uint64_t seed;
};

static void model_init(struct model *m, uint64_t seed)
{
    *m = (struct model){.seed = seed};
    tree_pool_init(&m->pool);
    live_tree_init(&m->tree, &m->pool, BYTES);
    m->bytes = base_alloc(BYTES, 1);
}

static void model_fini(struct model *m)
{
    for (unsigned i = 0; i < SAVES; i++) {
        tree_drop(&m->pool, &m->saved[i]);
        free(m->then[i]);
    }
    free(m->bytes);
    live_tree_fini(&m->tree);
    tree_pool_fini(&m->pool); /* which insists that nothing is left */
}

static uint64_t draw(struct model *m, uint64_t below)
{
    return chance_next(&m->seed) % below;
}

static uint64_t sum_of(const uint8_t *bytes)
{
    uint64_t sum = 0;

    for (uint64_t at = 0; at < BYTES; at += PAGE_SIZE) {
        sum += mem_hash_bytes(at, bytes + at);
    }
    return sum;
}

/* Few values, so that pages become equal to earlier ones, and zero again. */
static void write_some(struct model *m)
{
    uint8_t bytes[3 * PAGE_SIZE];
    size_t size = draw(m, 4) == 0 ? 1 + draw(m, sizeof bytes) : 1 + draw(m, 16);
    uint64_t at = draw(m, BYTES - size);

    if (draw(m, 3) == 0) { /* a whole page */
        at = align_down(at, PAGE_SIZE);
        size = PAGE_SIZE;
    }
    memset(bytes, (int)draw(m, 3), size);
    live_tree_write(&m->tree, at, bytes, size);
    memcpy(m->bytes + at, bytes, size);
}

static void zero_some(struct model *m)
{
    uint64_t at = draw(m, BYTES), size = 1 + draw(m, 5 * PAGE_SIZE);

    size = size < BYTES - at ? size : BYTES - at;
    live_tree_zero(&m->tree, at, size);
    memset(m->bytes + at, 0, size);
}

static void check_some(struct model *m)
{
    uint8_t bytes[2 * PAGE_SIZE];
    size_t size = 1 + draw(m, sizeof bytes);
    uint64_t at = draw(m, BYTES - size);

    live_tree_read(&m->tree, at, bytes, size);
    assert_memory_equal(bytes, m->bytes + at, size);
}

static void check_hash(struct model *m)
{
    uint64_t sum = sum_of(m->bytes);
    uint32_t pages = 0;

    assert_true(live_tree_hash(&m->tree) == sum);
    assert_true(live_tree_hash_slow(&m->tree) == sum);
    for (uint64_t at = 0; at < BYTES; at += PAGE_SIZE) {
        pages += mem_hash_bytes(at, m->bytes + at) != 0;
    }
    assert_int_equal(tree_pages(&m->tree.tree), pages);
}

static void save_or_restore(struct model *m)
{
    unsigned i = (unsigned)draw(m, SAVES);

    if (m->then[i] == NULL || draw(m, 2) == 0) {
        tree_drop(&m->pool, &m->saved[i]);
        m->saved[i] = live_tree_save(&m->tree);
        m->then[i] = m->then[i] != NULL ? m->then[i] : base_alloc(BYTES, 1);
        memcpy(m->then[i], m->bytes, BYTES);
    } else {
        live_tree_restore(&m->tree, m->saved[i]);
        memcpy(m->bytes, m->then[i], BYTES);
    }
}

static void play(struct model *m, unsigned steps)
{
    for (unsigned n = 0; n < steps; n++) {
        switch (draw(m, 40)) {
        case 0: check_hash(m); break;
        case 1:
        case 2: save_or_restore(m); break;
        case 3:
            if (draw(m, 20) == 0) {
                live_tree_clear(&m->tree);
                memset(m->bytes, 0, BYTES);
            }
            break;
        case 4: zero_some(m); break;
        default: write_some(m); check_some(m);
        }
    }
    check_hash(m);
}

static void test_against_an_array(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct model m;

        model_init(&m, seed);
        play(&m, 4000);
        model_fini(&m);
    }
}

static void test_spilled(void **state)
{
    struct host_scratch file;
    struct error e;

    (void)state;
    for (uint64_t seed = 11; seed <= 13; seed++) {
        struct model m;

        assert_int_equal(host_scratch_open(&file, "/tmp", &e), 0);
        model_init(&m, seed);
        tree_pool_spill(&m.pool, &file, 20);
        play(&m, 4000);
        (void)live_tree_hash(&m.tree);
        assert_true(m.pool.spilled > 1000 && m.pool.fetched > 1000);
        model_fini(&m);
        host_scratch_close(&file);
    }
}

/* Bounds hold once pages are not written any more, and places in the file are used again. */
static void test_bound(void **state)
{
    struct host_scratch file;
    uint8_t bytes[PAGE_SIZE];
    struct model m;
    struct error e;

    (void)state;
    assert_int_equal(host_scratch_open(&file, "/tmp", &e), 0);
    model_init(&m, 3);
    tree_pool_spill(&m.pool, &file, 32);
    for (unsigned round = 0; round < 20; round++) {
        for (uint64_t at = 0; at < BYTES; at += PAGE_SIZE) {
            memset(bytes, (int)(round + 1), sizeof bytes);
            live_tree_write(&m.tree, at, bytes, sizeof bytes);
        }
        (void)live_tree_hash(&m.tree);
        live_tree_read(&m.tree, 0, bytes, 1);
        live_tree_read(&m.tree, BYTES / 2, bytes, 1);
        assert_true(m.pool.resident <= 34); /* and those that were just read */
    }
    for (uint64_t at = 0; at < BYTES; at += PAGE_SIZE) {
        live_tree_read(&m.tree, at + 7, bytes, 1);
        assert_int_equal(bytes[0], 20);
    }
    assert_true(m.pool.resident <= 32);
    assert_true(m.pool.next_place <= 2 * PAGES + 1);
    model_fini(&m);
    host_scratch_close(&file);
}

/* A file that takes nothing: all stays in memory, and nothing is lost. */
static void test_full_file(void **state)
{
    struct host_scratch file = {.descriptor = -1};
    struct model m;

    (void)state;
    model_init(&m, 21);
    tree_pool_spill(&m.pool, &file, 4);
    play(&m, 1500);
    assert_int_equal(m.pool.spilled, 0);
    model_fini(&m);
}

/* Saving costs the paths to what was written, whatever there is. */
static void test_cost(void **state)
{
    struct tree_pool pool;
    struct live_tree t;
    struct page_tree first, second;
    size_t nodes, pages;

    (void)state;
    tree_pool_init(&pool);
    live_tree_init(&t, &pool, 4 * GIB);
    for (uint64_t i = 0; i < 20000; i++) {
        live_tree_write(&t, i * 52 * PAGE_SIZE, &i, sizeof i);
    }
    first = live_tree_save(&t);
    nodes = pool.node_count;
    pages = pool.page_count;
    assert_int_equal(pages, 19999); /* the first one is zero */
    second = live_tree_save(&t);
    assert_ptr_equal(first.root, second.root);
    assert_int_equal(pool.node_count, nodes);
    tree_drop(&pool, &second);
    live_tree_write(&t, 3 * GIB, "x", 1);
    second = live_tree_save(&t);
    assert_int_equal(pool.page_count, pages + 1);
    assert_true(pool.node_count <= nodes + 4);
    assert_true(pool.page_count * TREE_PAGE_BYTES < tree_pool_bytes(&pool));
    tree_drop(&pool, &first);
    tree_drop(&pool, &second);
    live_tree_fini(&t);
    tree_pool_fini(&pool);
}

/* Two trees of two pools. */
static void test_first_difference(void **state)
{
    struct model a, b;
    uint32_t page;

    (void)state;
    model_init(&a, 5);
    model_init(&b, 5);
    for (unsigned i = 0; i < 200; i++) {
        write_some(&a);
        write_some(&b);
    }
    (void)live_tree_hash(&a.tree);
    (void)live_tree_hash(&b.tree);
    assert_false(tree_first_difference(&a.tree.tree, &b.tree.tree, &page));
    for (unsigned i = 0; i < 200; i++) {
        uint64_t at = draw(&a, BYTES);
        uint8_t old = a.bytes[at], byte = (uint8_t)(old + 1 + draw(&a, 200));

        live_tree_write(&a.tree, at, &byte, 1);
        (void)live_tree_hash(&a.tree);
        assert_true(tree_first_difference(&a.tree.tree, &b.tree.tree, &page));
        assert_int_equal(page, at >> PAGE_BITS);
        live_tree_write(&a.tree, at, &old, 1);
    }
    model_fini(&a);
    model_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_an_array),
        cmocka_unit_test(test_spilled),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_full_file),
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_first_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
