/* SPDX-License-Identifier: GPL-2.0-or-later
 * Live trees as state of a machine: a program writes all over a device's tree, tells harts things and
 * resets; chunks, forgetting, compiling, checkpoints in memory, as bytes and in an index, thinned or
 * not, all lead to the same; and what is not the same is named.
 */
#include "../toy/toy_state.h"
#include "index/index.h"
#include "jit/jit.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { MARKS = 60, APART = 331, END = MARKS * APART };

static struct live_tree *tree_of(const struct machine *m)
{
    for (unsigned i = 0; i < machine_part_count(m); i++) {
        if (machine_part(m, i)->tree != NULL) {
            assert_string_equal(machine_part(m, i)->name, "vault");
            return machine_part(m, i)->tree;
        }
    }
    fail();
    return NULL;
}

/* The same in one go, in pieces, with everything forgotten all the time, and compiled. */
static void test_invariants(void **state)
{
    (void)state;
    for (unsigned harts = 1; harts <= 3; harts++) {
        struct machine *whole = toy_machine_at_0(harts, toy_state_program),
                       *pieces = toy_machine_at_0(harts, toy_state_program);
        struct machine *forgets = toy_machine_at_0(harts, toy_state_program),
                       *code = toy_machine_at_0(harts, toy_state_program);
        uint64_t seed = harts;

        if (jit_supported()) {
            must(engine_use_jit(machine_engine(code), true, NULL) == 0);
        }
        for (tick t = 0; t < END; t += 1 + toy_random(&seed) % 400) {
            while (machine_state(pieces)->now < t) {
                toy_run_to(pieces, machine_state(pieces)->now + 1 + (toy_random(&seed) >> 20) % 20);
            }
            t = machine_state(pieces)->now;
            toy_run_to(whole, t);
            toy_run_to(forgets, t);
            toy_run_to(code, t);
            machine_forget(forgets);
            assert_true(machine_hash_slow(whole) == machine_hash_slow(pieces));
            assert_true(machine_hash(whole) == machine_hash(forgets));
            assert_true(machine_hash(whole) == machine_hash(code));
            assert_true(machine_hash(whole) == machine_hash_slow(whole));
        }
        assert_true(tree_pages(&tree_of(whole)->tree) > 40);
        machine_free(whole);
        machine_free(pieces);
        machine_free(forgets);
        machine_free(code);
    }
}

/* ---- checkpoints ---- */

struct marks {
    struct machine *machine;
    struct checkpoint_store *store;
    struct checkpoint *c[MARKS];
    uint64_t hash[MARKS];
};

static void make_marks(struct marks *x, unsigned harts)
{
    x->machine = toy_machine_at_0(harts, toy_state_program);
    x->store = checkpoint_store_new(x->machine);
    for (unsigned i = 0; i < MARKS; i++) {
        toy_run_to(x->machine, i * APART);
        x->c[i] = checkpoint_save(x->store);
        x->hash[i] = machine_hash(x->machine);
    }
}

static void drop_marks(struct marks *x)
{
    for (unsigned i = 0; i < MARKS; i++) {
        checkpoint_drop(x->c[i]);
    }
    checkpoint_store_free(x->store);
    machine_free(x->machine);
}

static void test_restore(void **state)
{
    struct marks x;
    uint64_t seed = 5;

    (void)state;
    make_marks(&x, 2);
    for (unsigned n = 0; n < 300; n++) {
        unsigned i = (unsigned)(toy_random(&seed) >> 20) % (MARKS - 1);

        checkpoint_restore(x.store, x.c[i]);
        assert_true(machine_hash(x.machine) == x.hash[i]);
        assert_true(machine_hash_slow(x.machine) == x.hash[i]);
        toy_run_to(x.machine, (i + 1) * APART);
        assert_true(machine_hash(x.machine) == x.hash[i + 1]);
    }
    drop_marks(&x);
}

/* With nearly all pages in a file. */
static void test_restore_spilled(void **state)
{
    struct host_scratch file;
    struct error e;
    struct marks x;
    uint64_t seed = 6;

    (void)state;
    assert_int_equal(host_scratch_open(&file, "/tmp", &e), 0);
    make_marks(&x, 2);
    tree_pool_spill(machine_pages(x.machine), &file, 16);
    for (unsigned n = 0; n < 100; n++) {
        unsigned i = (unsigned)(toy_random(&seed) >> 20) % (MARKS - 1);

        checkpoint_restore(x.store, x.c[i]);
        assert_true(machine_hash_slow(x.machine) == x.hash[i]);
        toy_run_to(x.machine, (i + 1) * APART);
        assert_true(machine_hash(x.machine) == x.hash[i + 1]);
    }
    assert_true(machine_pages(x.machine)->resident < 100 &&
                machine_pages(x.machine)->fetched > 100);
    drop_marks(&x);
    host_scratch_close(&file);
}

/* What the tree holds anyway is not the checkpoints'. */
static void test_accounting(void **state)
{
    struct machine *m = toy_machine_at_0(1, toy_state_program);
    struct checkpoint_store *s = checkpoint_store_new(m);
    struct live_tree *t = tree_of(m);
    struct checkpoint *a, *b;
    uint64_t before, alone, both;

    (void)state;
    a = checkpoint_save(s);
    before = checkpoint_store_bytes(s);
    for (uint64_t i = 1; i <= 500; i++) {
        live_tree_write(t, i * 3 * PAGE_SIZE, &i, sizeof i);
    }
    checkpoint_drop(a);
    a = checkpoint_save(s);
    alone = checkpoint_store_bytes(s);
    assert_true(alone < before + 500 * PAGE_SIZE / 4);
    for (uint64_t i = 1; i <= 500; i++) {
        live_tree_write(t, i * 3 * PAGE_SIZE, "x", 1);
    }
    b = checkpoint_save(s);
    both = checkpoint_store_bytes(s);
    assert_true(both > alone + 500 * PAGE_SIZE); /* now the first one has pages of its own */
    checkpoint_drop(a);
    assert_true(checkpoint_store_bytes(s) < alone + PAGE_SIZE);
    checkpoint_drop(b);
    checkpoint_store_free(s);
    machine_free(m);
}

/* ---- as bytes ---- */

static void test_bytes(void **state)
{
    struct machine *other = toy_machine_at_0(2, toy_state_program);
    struct checkpoint_store *s = checkpoint_store_new(other);
    struct marks x;

    (void)state;
    make_marks(&x, 2);
    for (unsigned i = 0; i < MARKS - 1; i += 7) {
        struct text one = {0}, two = {0};
        struct checkpoint *c;
        struct error e = {{0}};

        checkpoint_write(x.c[i], &one);
        c = checkpoint_read(s, one.data, one.length, &e);
        assert_string_equal(e.text, "");
        checkpoint_write(c, &two);
        assert_int_equal(one.length, two.length);
        assert_memory_equal(one.data, two.data, one.length);
        checkpoint_restore(s, c);
        checkpoint_drop(c);
        assert_true(machine_hash_slow(other) == x.hash[i]);
        toy_run_to(other, (i + 1) * APART);
        assert_true(machine_hash(other) == x.hash[i + 1]);
        text_fini(&one);
        text_fini(&two);
    }
    drop_marks(&x);
    checkpoint_store_free(s);
    machine_free(other);
}

/* Other bytes of pages and their table: refused, or the machine runs on from them. */
static void test_forged_bytes(void **state)
{
    struct machine *other = toy_machine_at_0(2, toy_state_program);
    struct checkpoint_store *s = checkpoint_store_new(other);
    unsigned refused = 0, of_tree = 0;
    struct text good = {0};
    struct marks x;
    uint64_t seed = 9;

    (void)state;
    make_marks(&x, 2);
    checkpoint_write(x.c[MARKS - 1], &good);
    for (unsigned i = 0; i < 1500; i++) {
        uint8_t *bytes = base_alloc(good.length, 1);
        struct error e = {{0}};
        struct checkpoint *c;

        memcpy(bytes, good.data, good.length);
        for (unsigned k = 0; k < 3; k++) { /* the tree's groups come last */
            uint64_t r = toy_random(&seed);
            size_t span = r >> 63 ? good.length / 3 : 600;

            bytes[good.length - 9 - (r >> 8) % span] = (uint8_t)(r >> 50);
        }
        bytes_set_le(bytes + good.length - 8, 8, hash_bytes(bytes, good.length - 8, 0));
        c = checkpoint_read(s, bytes, good.length, &e);
        assert_true((c == NULL) == (e.text[0] != '\0'));
        of_tree += strstr(e.text, "of vault") != NULL;
        refused += c == NULL;
        if (c != NULL) {
            checkpoint_restore(s, c);
            toy_run_to(other, machine_now(other) + 50);
            checkpoint_drop(c);
        }
        free(bytes);
    }
    assert_true(refused > 500 && of_tree > 50);
    text_fini(&good);
    drop_marks(&x);
    checkpoint_store_free(s);
    machine_free(other);
}

/* ---- in an index ---- */

static const struct index_key key = {{3}};

static struct index *make_index(struct marks *x, const char *path, uint64_t most, bool and_trees)
{
    const struct index_place place = {
        .path = path, .key = &key, .most_bytes = most, .and_trees = and_trees};
    struct index_builder *b;
    struct index *made;
    struct error e;

    b = index_build(&place, &e);
    assert_non_null(b);
    for (unsigned i = 1; i < MARKS; i++) {
        const struct index_span span = {.from = (i - 1) * APART, .to = i * APART};

        index_add(b, x->c[i], &span);
    }
    made = index_finish(b, &(struct index_of){.identity = 1, .end = (MARKS - 1) * APART}, &e);
    if (made == NULL) {
        fail_msg("%s", e.text);
    }
    return made;
}

static unsigned check_index(struct index *in, const struct marks *x)
{
    struct machine *other = toy_machine_at_0(2, toy_state_program);
    struct checkpoint_store *s = checkpoint_store_new(other);
    unsigned there = 0;
    uint64_t seed = 4;

    for (unsigned n = 0; n < 3 * MARKS; n++) {
        unsigned i = 1 + (unsigned)(toy_random(&seed) >> 20) % (MARKS - 1);
        struct checkpoint *c;
        struct error e;
        tick found;

        if (!index_before(in, i * APART, &found) || found != i * APART) {
            continue;
        }
        c = index_load(in, s, found, &e);
        if (c == NULL) {
            fail_msg("%s", e.text);
        }
        checkpoint_restore(s, c);
        checkpoint_drop(c);
        assert_true(machine_hash_slow(other) == x->hash[i]);
        there++;
    }
    checkpoint_store_free(s);
    machine_free(other);
    return there;
}

/* Pages of the tree are read when they are looked at; a few stay in memory, and what goes is read again. */
static void check_lending(struct index *in, const struct marks *x)
{
    struct machine *other = toy_machine_at_0(2, toy_state_program);
    struct checkpoint_store *s = checkpoint_store_new(other);
    struct host_scratch file;
    struct checkpoint *c;
    uint64_t seed = 6, fetched;
    struct error e;
    tick last;

    assert_int_equal(host_scratch_open(&file, "/tmp", &e), 0);
    tree_pool_spill(machine_pages(other), &file, 20);
    index_lend(in);
    assert_true(index_before(in, TICK_NEVER, &last));
    fetched = machine_pages(other)->fetched;
    c = index_load(in, s, last, &e);
    assert_non_null(c);
    checkpoint_restore(s, c);
    assert_true(tree_pages(&tree_of(other)->tree) > 40);
    assert_true(machine_hash(other) == x->hash[last / APART]);
    assert_true(machine_pages(other)->fetched <= fetched + tree_pages(&tree_of(other)->tree) / 4);
    for (unsigned n = 0; n < 100; n++) {
        unsigned i = (unsigned)(toy_random(&seed) >> 20) % (MARKS - 1);
        struct checkpoint *d;
        tick found;

        if (!index_before(in, i * APART, &found)) {
            continue;
        }
        d = index_load(in, s, found, &e);
        assert_non_null(d);
        checkpoint_restore(s, d);
        checkpoint_drop(d);
        assert_true(machine_hash(other) == x->hash[found / APART]);
        assert_true(machine_hash_slow(other) == x->hash[found / APART]);
        toy_run_to(other, found + APART);
        assert_true(machine_hash(other) == x->hash[found / APART + 1]);
    }
    checkpoint_restore(s, c);
    assert_true(machine_hash_slow(other) == x->hash[last / APART]);
    checkpoint_drop(c);
    checkpoint_end_lending(s);
    checkpoint_store_free(s);
    machine_free(other);
    host_scratch_close(&file);
}

/* Where later checkpoints do not fit, the first ones are there; where trees do not count, all are. */
static void check_bounds(const char *path, uint64_t whole)
{
    for (unsigned and_trees = 0; and_trees < 2; and_trees++) {
        uint64_t most = whole / 16 * 10;
        struct index_stats stats;
        struct index *in;
        struct marks x;

        make_marks(&x, 2);
        in = make_index(&x, path, most, and_trees != 0);
        index_get_stats(in, &stats);
        assert_true(check_index(in, &x) > 0);
        if (and_trees != 0) {
            most += 2 * checkpoint_tree_bytes(x.c[MARKS - 1]);
            assert_int_equal(stats.checkpoints, MARKS - 1);
        }
        assert_true((stats.last == (MARKS - 1) * APART) == (and_trees != 0));
        assert_true(stats.file_bytes <= most);
        index_close(in);
        drop_marks(&x);
    }
}

static void test_index(void **state)
{
    char folder[] = "/tmp/reprise-tree-XXXXXX", path[64];
    struct index_stats all, thinned;
    struct marks x;
    struct index *in;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.idx", folder);
    make_marks(&x, 2);
    in = make_index(&x, path, 0, false);
    index_get_stats(in, &all);
    assert_int_equal(all.checkpoints, MARKS - 1);
    assert_int_equal(check_index(in, &x), 3 * MARKS);
    check_lending(in, &x);
    index_close(in);
    drop_marks(&x);

    make_marks(&x, 2); /* a store gives to one index only */
    in = make_index(&x, path, all.file_bytes / 8 * 7, false);
    index_get_stats(in, &thinned);
    assert_true(thinned.checkpoints < all.checkpoints && thinned.pages < all.pages);
    print_message("%u of %u stay\n", (unsigned)thinned.checkpoints, MARKS - 1);
    assert_true(check_index(in, &x) > 5);
    index_close(in);
    drop_marks(&x);
    check_bounds(path, all.file_bytes);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- differences ---- */

static void test_difference(void **state)
{
    struct machine *a = toy_machine_at_0(2, toy_state_program),
                   *b = toy_machine_at_0(2, toy_state_program);
    struct machine_difference d;
    uint64_t seed = 8;

    (void)state;
    toy_run_to(a, 5000);
    toy_run_to(b, 5000);
    assert_false(machine_first_difference(a, b, &d));
    for (unsigned i = 0; i < 50; i++) {
        uint64_t at = (toy_random(&seed) >> 10) % TOY_VAULT_BYTES;
        char where[40];
        uint8_t byte, other;

        live_tree_read(tree_of(a), at, &byte, 1);
        other = (uint8_t)(byte ^ 0x40);
        live_tree_write(tree_of(a), at, &other, 1);
        assert_true(machine_hash(a) != machine_hash(b));
        assert_true(machine_first_difference(a, b, &d));
        snprintf(where, sizeof where, "vault+0x%llx", (unsigned long long)align_down(at, 8));
        assert_string_equal(d.where, where);
        assert_true((d.a ^ d.b) == UINT64_C(0x40) << 8 * (at % 8));
        live_tree_write(tree_of(a), at, &byte, 1);
        assert_true(machine_hash(a) == machine_hash(b));
    }
    machine_free(a);
    machine_free(b);
}

/* A device that asks for too much, or for nothing. */
static uint64_t bad_bytes(const struct device *d)
{
    return *(const uint64_t *)d->config;
}

static void test_bad_size(void **state)
{
    static const uint64_t sizes[] = {0, LIVE_TREE_MOST + 1, UINT64_MAX};
    struct device_class class = toy_vault;
    struct machine_config config;

    (void)state;
    class.tree_bytes = bad_bytes;
    machine_config_init(&config);
    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
        struct error e = {{0}};
        struct machine *m = machine_new(&config, &toy_isa, &e);

        assert_non_null(m);
        assert_null(machine_add_device(m, &class, "big", 0, &sizes[i], sizeof sizes[i], NULL, &e));
        assert_non_null(strstr(e.text, "big: it would hold"));
        machine_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invariants),      cmocka_unit_test(test_restore),
        cmocka_unit_test(test_restore_spilled), cmocka_unit_test(test_accounting),
        cmocka_unit_test(test_bytes),           cmocka_unit_test(test_forged_bytes),
        cmocka_unit_test(test_index),           cmocka_unit_test(test_difference),
        cmocka_unit_test(test_bad_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
