/* SPDX-License-Identifier: GPL-2.0-or-later
 * index/: what comes back is what was put in, whoever asks; and a file that is stale, foreign, half
 * there or damaged anywhere is answered with a sentence and never with another state.
 */
#include "host/host.h"
#include "index/index.h"
#include "../toy/toy.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MARKS 20

/* The last span ends where history does. */
static const struct index_of history = {.identity = UINT64_C(0xfedcba9876543210),
                                        .end = 100 + (MARKS - 1) * 431};
static const struct index_key our_key = {{1, 2, 3}}, other_key = {{4, 5, 6}};

struct fixture {
    char folder[40], path[64], recording[64];
    struct index_place place;
    struct machine *machine;
    struct checkpoint_store *store;
    tick at[MARKS];
    uint64_t hash[MARKS];
};

static void write_file(const char *path, const uint8_t *bytes, size_t count)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    fclose(out);
}

static void open_fixture(struct fixture *f)
{
    *f = (struct fixture){.folder = "/tmp/reprise-index-XXXXXX"};
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/a?b#%%.idx", f->folder);
    snprintf(f->recording, sizeof f->recording, "%s/a?b#%%", f->folder);
    f->place = (struct index_place){.path = f->path, .recording = f->recording, .key = &our_key};
    write_file(f->recording, (const uint8_t *)"a recording", 11);
    f->machine = toy_machine_at_0(2, toy_program);
    f->store = checkpoint_store_new(f->machine);
}

static void close_fixture(struct fixture *f)
{
    checkpoint_store_free(f->store);
    machine_free(f->machine);
    unlink(f->path);
    unlink(f->recording);
    assert_int_equal(rmdir(f->folder), 0); /* nothing else was left */
}

static void add(struct fixture *f, struct index_builder *b, unsigned i)
{
    const uint8_t footprint[3] = {(uint8_t)i, 2, 3};
    struct index_span span = {.from = machine_state(f->machine)->now,
                              .counts = {.inputs = i, .exceptions = 2 * i, .interrupts = 3},
                              .footprint = footprint,
                              .bytes = i % 4};
    struct checkpoint *c;

    if (i == 0) {
        span.from = 1;
    }
    assert_int_equal(machine_run(f->machine, 100 + i * 431, false), STOP_TICK);
    c = checkpoint_save(f->store);
    f->at[i] = machine_state(f->machine)->now;
    f->hash[i] = machine_hash(f->machine);
    span.to = f->at[i];
    index_add_line(b, f->at[i] - 1, "serial0", "a line\"'", 8);
    index_add(b, c, &span);
    checkpoint_drop(c);
}

static struct index *make(struct fixture *f)
{
    struct error e;
    struct index_builder *b = index_build(&f->place, &e);
    struct index *x;

    if (b == NULL) {
        fail_msg("%s", e.text);
    }
    for (unsigned i = 0; i < MARKS; i++) {
        add(f, b, i);
        assert_int_not_equal(access(f->path, F_OK), 0); /* not before it is whole */
    }
    x = index_finish(b, &history, &e);
    assert_non_null(x);
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
    struct machine *other = toy_machine_at_0(2, toy_program);
    struct checkpoint_store *store = checkpoint_store_new(other);
    struct index *own, *x;
    struct error e;
    uint64_t seed = 3, last;
    tick found;

    (void)state;
    open_fixture(&f);
    own = make(&f);
    x = index_open(&f.place, &history, NULL, &e);
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
    assert_null(index_open(&f.place, &history, &missing, &e));
    assert_true(missing);
    index_close(make(&f));
    other.identity++;
    assert_null(index_open(&f.place, &other, &missing, &e));
    assert_non_null(strstr(e.text, "another recording"));
    assert_false(missing);
    other = history;
    other.end++;
    assert_null(index_open(&f.place, &other, &missing, &e));
    close_fixture(&f);
}

/* One builds, the next goes without; what is abandoned leaves nothing. */
static void test_builders(void **state)
{
    const struct index_place nowhere = {.path = "/nowhere/at/all.idx", .key = &our_key};
    struct fixture f;
    struct error e;
    struct index_builder *b;

    (void)state;
    open_fixture(&f);
    b = index_build(&f.place, &e);
    assert_non_null(b);
    assert_null(index_build(&f.place, &e));
    assert_non_null(strstr(e.text, "another process"));
    add(&f, b, 0);
    index_abandon(b);
    assert_int_not_equal(access(f.path, F_OK), 0);
    b = index_build(&f.place, &e);
    assert_non_null(b);
    index_abandon(b);
    assert_null(index_build(&nowhere, &e));
    assert_true(strlen(e.text) > 10);
    close_fixture(&f);
}

static void check_file(const char *path, const void *bytes, size_t count)
{
    uint8_t *there;
    size_t size;

    assert_int_equal(host_file_read_all(path, MIB, &there, &size, NULL), 0);
    assert_int_equal(size, count);
    assert_memory_equal(there, bytes, count);
    free(there);
}

/* What is no plain file is neither read nor replaced, and a link leads nowhere. */
static void test_no_plain_file(void **state)
{
    static const char treasure[] = "somebody's treasure";
    char target[80], planted[80];
    struct fixture f;
    struct index_builder *b;
    struct error e;
    bool missing;

    (void)state;
    open_fixture(&f);
    snprintf(target, sizeof target, "%s/target", f.folder);
    snprintf(planted, sizeof planted, "%s.new", f.path);
    write_file(target, (const uint8_t *)treasure, sizeof treasure);
    assert_int_equal(symlink(target, planted), 0);
    index_close(make(&f)); /* the name is none of ours */
    unlink(f.path);
    for (unsigned kind = 0; kind < 3; kind++) {
        assert_int_equal(kind == 0   ? symlink(target, f.path)
                         : kind == 1 ? mkfifo(f.path, 0600)
                                     : mkdir(f.path, 0700),
                         0);
        assert_null(index_open(&f.place, &history, &missing, &e));
        assert_non_null(strstr(e.text, "no plain file"));
        assert_false(missing);
        assert_null(index_build(&f.place, &e));
        assert_non_null(strstr(e.text, "no plain file"));
        assert_int_equal(kind == 2 ? rmdir(f.path) : unlink(f.path), 0);
    }
    /* Put there while the index is made. */
    b = index_build(&f.place, &e);
    assert_non_null(b);
    assert_int_equal(symlink(target, f.path), 0);
    assert_null(index_finish(b, &history, &e));
    assert_int_equal(access(f.path, F_OK), 0);
    unlink(f.path);
    check_file(target, treasure, sizeof treasure);
    unlink(target);
    unlink(planted);
    close_fixture(&f);
}

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

    if (index_spans(x, &spans, check_span, &e) < 0) {
        assert_true(strlen(e.text) > 10);
        return false;
    }
    index_get_stats(x, &s);
    return spans == MARKS && s.lines == MARKS && s.checkpoints == MARKS;
}

/* Another user's is whole and says the right things, and is not believed unless one insists. */
static void test_foreign(void **state)
{
    struct index_place theirs;
    struct fixture f;
    struct index *x;
    struct error e;

    (void)state;
    open_fixture(&f);
    index_close(make(&f));
    theirs = f.place;
    theirs.key = &other_key;
    assert_null(index_open(&theirs, &history, NULL, &e));
    assert_non_null(strstr(e.text, "not made by this user"));
    theirs.trusted = true;
    x = index_open(&theirs, &history, NULL, &e);
    assert_non_null(x);
    assert_true(spans_are_right(x));
    index_close(x);
    close_fixture(&f);
}

/* A guest that prints without an end, with newlines and without, fills a share of the file only. */
static void test_too_many_lines(void **state)
{
    static char line[3 * INDEX_LINE_BYTES];
    const uint64_t most = INDEX_LINES_BYTES;
    struct index_stats s;
    struct fixture f;
    struct error e;
    struct index *x;

    (void)state;
    memset(line, 'x', sizeof line);
    for (unsigned kind = 0; kind < 2; kind++) {
        size_t length = kind == 0 ? sizeof line : 0;
        uint64_t given = kind == 0 ? 3 * most / sizeof line : most / 16;
        struct index_builder *b;

        open_fixture(&f);
        b = index_build(&f.place, &e);
        assert_non_null(b);
        for (uint64_t n = 0; n < given; n++) {
            index_add_line(b, n, "serial0", line, length);
        }
        for (unsigned i = 0; i < MARKS; i++) {
            add(&f, b, i);
        }
        x = index_finish(b, &history, &e);
        assert_non_null(x);
        index_get_stats(x, &s);
        assert_int_equal(s.lines + s.lines_left_out, given + MARKS);
        assert_true(s.lines_left_out >= MARKS && s.lines > 1000);
        assert_true(s.file_bytes < most + most / 2);
        index_close(x);
        close_fixture(&f);
    }
}

/* With a store that has to read everything: every checkpoint is right or refused. */
static bool all_right(const struct fixture *f)
{
    struct machine *m = toy_machine_at_0(2, toy_program);
    struct checkpoint_store *s = checkpoint_store_new(m);
    struct error e;
    struct index *x = index_open(&f->place, &history, NULL, &e);
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
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_stale_and_missing),
        cmocka_unit_test(test_builders),   cmocka_unit_test(test_no_plain_file),
        cmocka_unit_test(test_foreign),    cmocka_unit_test(test_too_many_lines),
        cmocka_unit_test(test_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
