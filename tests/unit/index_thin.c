/* SPDX-License-Identifier: GPL-2.0-or-later
 * index_thin: an index with a bound keeps to it, by giving up checkpoints, more of them the longer ago
 * they are; those that stay are what they were, also where their pages had gone with another one and
 * came back.
 */
#include "index/index.h"
#include "../toy/toy.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MARKS 400
#define PAGES 40  /* each has its turn */
#define STEPS 50  /* between two checkpoints */
#define SAME  150 /* so many contents a page has, again and again */

static const struct index_key key = {{7}};

struct fixture {
    char folder[40], path[64];
    struct machine *machine;
    struct checkpoint_store *store;
    struct checkpoint *held[SAME]; /* keep what they know in memory, as a traveller's marks do */
    tick at[MARKS];
    uint64_t hash[MARKS];
};

static void open_fixture(struct fixture *f)
{
    *f = (struct fixture){.folder = "/tmp/reprise-thin-XXXXXX"};
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/a.idx", f->folder);
    f->machine = toy_machine_at_0(1, toy_program);
    f->store = checkpoint_store_new(f->machine);
}

static void close_fixture(struct fixture *f)
{
    for (unsigned i = 0; i < SAME; i++) {
        checkpoint_drop(f->held[i]);
    }
    checkpoint_store_free(f->store);
    machine_free(f->machine);
    unlink(f->path);
    assert_int_equal(rmdir(f->folder), 0);
}

/* Bytes that do not pack, some of them seen before. */
static void write_pages(struct machine *m, unsigned i)
{
    uint8_t page[PAGE_SIZE];
    uint64_t seed = i % SAME + 1;

    for (unsigned p = i % 5; p < PAGES; p += 5) {
        for (unsigned at = 0; at < PAGE_SIZE; at += 8) {
            bytes_set_le(page + at, 8, toy_random(&seed));
        }
        assert_true(mem_write_bytes(machine_mem(m), TOY_RAM + (uint64_t)(24 + p) * PAGE_SIZE, page,
                                    PAGE_SIZE));
    }
}

static void add(struct fixture *f, struct index_builder *b, unsigned i)
{
    struct index_span span = {.from = machine_state(f->machine)->now};
    struct checkpoint *c;

    write_pages(f->machine, i);
    assert_int_equal(machine_run(f->machine, span.from + STEPS, false), STOP_TICK);
    c = checkpoint_save(f->store);
    f->at[i] = machine_state(f->machine)->now;
    f->hash[i] = machine_hash(f->machine);
    span.to = f->at[i];
    index_add(b, c, &span);
    if (i < SAME) {
        f->held[i] = c;
    } else {
        checkpoint_drop(c);
    }
}

/* NULL and a sentence: it does not fit. */
static struct index *make(struct fixture *f, uint64_t most, struct error *e)
{
    struct index_builder *b =
        index_build(&(struct index_place){.path = f->path, .key = &key, .most_bytes = most}, e);

    assert_non_null(b);
    for (unsigned i = 0; i < MARKS; i++) {
        add(f, b, i);
    }
    return index_finish(b, &(struct index_of){.identity = 5, .end = f->at[MARKS - 1]}, e);
}

static uint64_t size_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return (uint64_t)st.st_size;
}

static void check_all(struct fixture *f, struct index *x)
{
    struct machine *other = toy_machine_at_0(1, toy_program);
    struct checkpoint_store *store = checkpoint_store_new(other);
    unsigned late = 0, early = 0, loaded = 0;
    struct index_stats stats;

    for (unsigned i = 0; i < MARKS; i++) {
        struct error e;
        struct checkpoint *c;
        tick found;

        if (!index_before(x, f->at[i], &found) || found != f->at[i]) {
            continue;
        }
        c = index_load(x, store, f->at[i], &e);
        assert_non_null(c);
        checkpoint_restore(store, c);
        checkpoint_drop(c);
        assert_true(machine_hash_slow(other) == f->hash[i]);
        loaded++;
        early += i < MARKS / 2;
        late += i >= MARKS / 2;
        assert_true(i != MARKS - 1 || found == f->at[i]); /* the last one stays */
    }
    index_get_stats(x, &stats);
    assert_int_equal(loaded, stats.checkpoints);
    print_message("%u of %u stay, %u of them in the later half\n", loaded, MARKS, late);
    assert_true(loaded < MARKS && loaded >= 10);
    assert_true(late > early && early >= 2);
    checkpoint_store_free(store);
    machine_free(other);
}

static void test_bound_holds(void **state)
{
    struct fixture f;
    struct error e;
    struct index *x;
    uint64_t whole;

    (void)state;
    open_fixture(&f);
    x = make(&f, 0, &e);
    assert_non_null(x);
    index_close(x);
    whole = size_of(f.path);
    close_fixture(&f);

    open_fixture(&f);
    x = make(&f, whole / 2, &e);
    assert_non_null(x);
    assert_true(size_of(f.path) <= whole / 2);
    check_all(&f, x);
    index_close(x);
    close_fixture(&f);
}

static void test_nothing_fits(void **state)
{
    struct fixture f;
    struct error e;

    (void)state;
    open_fixture(&f);
    assert_null(make(&f, 160 * KIB, &e));
    assert_non_null(strstr(e.text, "--index-size"));
    assert_int_not_equal(access(f.path, F_OK), 0);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound_holds),
        cmocka_unit_test(test_nothing_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
