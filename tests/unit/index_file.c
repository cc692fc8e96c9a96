/* SPDX-License-Identifier: GPL-2.0-or-later
 * index/: what comes back is what was put in, whoever asks; and a file that is stale, foreign, half
 * there or damaged anywhere is answered with a sentence and never with another state.
 */
#include "index/index.h"
#include "toy_isa.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define MARKS 20

static const struct index_of history = {.identity = UINT64_C(0xfedcba9876543210), .end = 9000};

struct fixture {
    char folder[40], path[64], new_path[72];
    struct machine *machine;
    struct checkpoint_store *store;
    tick at[MARKS];
    uint64_t hash[MARKS];
};

static struct machine *new_machine(void)
{
    static const size_t room = 8192;
    uint8_t *code = base_alloc(room, 1);
    struct machine *m = toy_machine(2, 97, code, toy_program(code, room));

    free(code);
    assert_int_equal(machine_run(m, 0, false), STOP_TICK);
    return m;
}

static void open_fixture(struct fixture *f)
{
    *f = (struct fixture){.folder = "/tmp/reprise-index-XXXXXX"};
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/a?b#%%.idx", f->folder);
    snprintf(f->new_path, sizeof f->new_path, "%s.new", f->path);
    f->machine = new_machine();
    f->store = checkpoint_store_new(f->machine);
}

static void close_fixture(struct fixture *f)
{
    checkpoint_store_free(f->store);
    machine_free(f->machine);
    unlink(f->path);
    assert_int_equal(rmdir(f->folder), 0); /* nothing else was left */
}

static void add(struct fixture *f, struct index_builder *b, unsigned i)
{
    const uint8_t footprint[3] = {(uint8_t)i, 2, 3};
    struct index_span span = {.from = f->machine->state.now,
                              .counts = {.inputs = i, .exceptions = 2 * i, .interrupts = 3},
                              .footprint = footprint,
                              .bytes = i % 4};
    struct checkpoint *c;

    if (i == 0) {
        span.from = 1;
    }
    assert_int_equal(machine_run(f->machine, 100 + i * 431, false), STOP_TICK);
    c = checkpoint_save(f->store);
    f->at[i] = f->machine->state.now;
    f->hash[i] = machine_hash(f->machine);
    span.to = f->at[i];
    index_add_line(b, f->at[i] - 1, "serial0", "a line\"'", 8);
    index_add(b, c, &span);
    checkpoint_drop(c);
}

static struct index *make(struct fixture *f)
{
    struct error e;
    struct index_builder *b = index_build(f->path, &e);
    struct index *x;

    assert_non_null(b);
    for (unsigned i = 0; i < MARKS; i++) {
        add(f, b, i);
        assert_int_not_equal(access(f->path, F_OK), 0); /* not before it is whole */
    }
    x = index_finish(b, &history, &e);
    assert_non_null(x);
    assert_int_not_equal(access(f->new_path, F_OK), 0);
    return x;
}

/* Loads checkpoint i into a machine. False: a sentence. Never another state. */
static bool goes_to(struct index *x, struct checkpoint_store *s, struct machine *m,
                    const struct fixture *f, unsigned i)
{
    struct error e;
    struct checkpoint *c = index_load(x, s, f->at[i], &e);

    if (c == NULL) {
        assert_true(strlen(e.text) > 10);
        return false;
    }
    assert_int_equal(checkpoint_tick(c), f->at[i]);
    checkpoint_restore(s, c);
    checkpoint_drop(c);
    assert_true(machine_hash(m) == f->hash[i]);
    assert_true(machine_hash_slow(m) == f->hash[i]);
    return true;
}

/* By the store that made it, and by one that knows nothing yet, in any order. */
static void test_round_trip(void **state)
{
    struct fixture f;
    struct machine *other = new_machine();
    struct checkpoint_store *store = checkpoint_store_new(other);
    struct index *own, *x;
    struct error e;
    uint64_t seed = 3, last;
    tick found;

    (void)state;
    open_fixture(&f);
    own = make(&f);
    x = index_open(f.path, &history, NULL, &e);
    assert_non_null(x);
    assert_int_equal(machine_run(f.machine, 20000, false), STOP_TICK);
    last = machine_hash(f.machine);
    for (unsigned n = 0; n < 200; n++) {
        unsigned i = (unsigned)(toy_random(&seed) >> 20) % MARKS;

        assert_true(goes_to(x, store, other, &f, i));
        assert_true(goes_to(own, f.store, f.machine, &f, MARKS - 1 - i));
        if (n % 20 == 0) {
            assert_int_equal(machine_run(other, 20000, false), STOP_TICK);
            assert_true(machine_hash(other) == last);
        }
    }
    assert_false(index_before(x, f.at[0] - 1, &found));
    assert_true(index_before(x, f.at[3] - 1, &found) && found == f.at[2]);
    assert_true(index_before(x, f.at[3], &found) && found == f.at[3]);
    assert_true(index_before(x, TICK_NEVER, &found) && found == f.at[MARKS - 1]);
    index_close(x);
    index_close(own);
    checkpoint_store_free(store);
    machine_free(other);
    close_fixture(&f);
}

static void test_stale_and_missing(void **state)
{
    struct index_of other = history;
    struct fixture f;
    struct error e;
    bool missing;

    (void)state;
    open_fixture(&f);
    assert_null(index_open(f.path, &history, &missing, &e));
    assert_true(missing);
    index_close(make(&f));
    other.identity++;
    assert_null(index_open(f.path, &other, &missing, &e));
    assert_non_null(strstr(e.text, "another recording"));
    assert_false(missing);
    other = history;
    other.end++;
    assert_null(index_open(f.path, &other, &missing, &e));
    close_fixture(&f);
}

/* One builds, the next goes without; what a killed one left is in nobody's way. */
static void test_builders(void **state)
{
    struct fixture f;
    struct error e;
    struct index_builder *b;
    FILE *left;

    (void)state;
    open_fixture(&f);
    left = fopen(f.new_path, "w");
    assert_non_null(left);
    fputs("half of an index", left);
    fclose(left);
    b = index_build(f.path, &e);
    assert_non_null(b);
    assert_null(index_build(f.path, &e));
    assert_non_null(strstr(e.text, "another process"));
    add(&f, b, 0);
    index_abandon(b);
    assert_int_not_equal(access(f.new_path, F_OK), 0);
    assert_int_not_equal(access(f.path, F_OK), 0);
    assert_null(index_build("/nowhere/at/all.idx", &e));
    assert_true(strlen(e.text) > 10);
    close_fixture(&f);
}

static void write_file(const char *path, const uint8_t *bytes, size_t count)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    fclose(out);
}

/* With a store that has to read everything: every checkpoint is right or refused. */
static void check_span(void *opaque, const struct index_span *span)
{
    unsigned *i = opaque;

    assert_int_equal(span->from, *i == 0 ? 1 : 100 + (*i - 1) * 431);
    assert_int_equal(span->to, 100 + *i * 431);
    assert_int_equal(span->bytes, *i % 4);
    assert_true(span->bytes == 0 || span->footprint[0] == *i);
    (*i)++;
}

static bool spans_are_right(struct index *x)
{
    struct error e;
    struct index_stats s;
    unsigned spans = 0;

    if (index_spans(x, &spans, check_span, &e) < 0 || index_get_stats(x, &s, &e) < 0) {
        assert_true(strlen(e.text) > 10);
        return false;
    }
    return spans == MARKS && s.lines == MARKS && s.checkpoints == MARKS;
}

static bool all_right(const struct fixture *f)
{
    struct machine *m = new_machine();
    struct checkpoint_store *s = checkpoint_store_new(m);
    struct error e;
    struct index *x = index_open(f->path, &history, NULL, &e);
    bool right = x != NULL && spans_are_right(x);
    bool spans = right;

    for (unsigned i = 0; i < MARKS && right; i++) {
        right = goes_to(x, s, m, f, MARKS - 1 - i);
    }
    if (spans && !right) {
        assert_int_not_equal(access(f->path, F_OK), 0); /* removed */
    }
    index_close(x);
    checkpoint_store_free(s);
    machine_free(m);
    return right;
}

static void test_damage(void **state)
{
    struct fixture f;
    uint8_t *bytes;
    size_t count;
    unsigned refused = 0;
    uint64_t seed = 9;
    FILE *in;

    (void)state;
    open_fixture(&f);
    index_close(make(&f));
    in = fopen(f.path, "r");
    assert_non_null(in);
    bytes = base_alloc(4 * MIB, 1);
    count = fread(bytes, 1, 4 * MIB, in);
    fclose(in);
    assert_true(count > 0 && count < 4 * MIB);
    assert_true(all_right(&f));
    for (unsigned n = 0; n < 150; n++) {
        size_t at = (size_t)((toy_random(&seed) >> 11) % count);
        uint8_t old = bytes[at];

        bytes[at] ^= (uint8_t)(1u << (toy_random(&seed) >> 30) % 8);
        write_file(f.path, bytes, count);
        refused += !all_right(&f);
        bytes[at] = old;
    }
    assert_true(refused > 20); /* much of the rest is free space and headers */
    for (size_t part = 0; part < 16; part++) {
        write_file(f.path, bytes, count * part / 16);
        assert_false(all_right(&f));
    }
    free(bytes);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_stale_and_missing),
        cmocka_unit_test(test_builders),
        cmocka_unit_test(test_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
