/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_window: the inputs of a recording are read piece by piece, forwards and from any tick, while
 * it is made too; what is kept of them in memory is little; a file that changes while it is in use
 * is noticed, and nothing wrong is handed out.
 */
#include <fcntl.h>

#include "journal_fake.h"

#include "../chance.h"
#include "journal/tape.h"

enum { COUNT = 6000, LONGEST = 2000 };

static char path[256];
static struct input all[COUNT]; /* as they were written */
static uint8_t pool[LONGEST + COUNT];
static byte_vec file;

static void draw_inputs(void)
{
    uint64_t state = 7;
    tick at = 3;

    for (size_t i = 0; i < sizeof(pool); i++) {
        pool[i] = (uint8_t)chance_next(&state);
    }
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t x = chance_next(&state);

        all[i] = (struct input){.at = at,
                                .port = (uint16_t)(x % 3),
                                .length = (uint32_t)((x >> 8) % 16 == 0 ? 0 : (x >> 16) % LONGEST),
                                .data = pool + i};
        at += x >> 60 == 0 ? 1 : 1 + (x >> 40) % 3000;
    }
}

/* Chunks of all sizes, witnesses between them. */
static void make_file(void)
{
    struct machine_config config;
    const struct config_extra extra = {.program = "test"};
    uint8_t header[HEADER_BYTES];
    uint64_t chain = header_make(header), state = 5;
    byte_vec payload = {0}, records = {0};
    struct witness last = {0};
    tick base = 0;

    fake_config(&config);
    memset(config.images, 0, sizeof(config.images));
    bytes_add(&file, header, sizeof(header));
    config_write(&payload, &config, &extra, false);
    chunk_make(&file, CHUNK_CONFIG, payload.data, payload.count, true, &chain);
    for (size_t i = 0; i < COUNT;) {
        size_t n = 1 + chance_next(&state) % (chance_next(&state) % 8 == 0 ? 900 : 20), count = 0;

        records.count = payload.count = 0;
        for (; count < n && i < COUNT; count++) {
            inputs_add(&records, &base, &all[i++]);
        }
        bytes_add_varint(&payload, count);
        bytes_add(&payload, records.data, records.count);
        bytes_add_varint(&payload, 0);
        /* Overlapping bytes pack well, and no reader unpacks all that much. */
        chunk_make(&file, CHUNK_INPUTS, payload.data, payload.count, n % 2 == 0, &chain);
        if (n % 3 == 0) {
            struct witness w = {base, base / 2, i};

            payload.count = 0;
            witnesses_add(&payload, &last, &w);
            chunk_make(&file, CHUNK_WITNESS, payload.data, payload.count, false, &chain);
        }
    }
    vec_fini(&payload);
    vec_fini(&records);
}

static void store(void)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(file.data, 1, file.count, f), file.count);
    assert_int_equal(fclose(f), 0);
}

static struct recording *open_stored(void)
{
    struct error e = {{0}};
    struct recording *r;

    store();
    r = recording_open(path, &e);
    assert_string_equal(e.text, "");
    assert_null(recording_problem(r));
    assert_int_equal(recording_input_count(r), COUNT);
    return r;
}

static int setup(void **state)
{
    (void)state;
    fake_path(path, sizeof(path), "window");
    draw_inputs();
    make_file();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vec_fini(&file);
    remove(path);
    return 0;
}

static void check_same(const struct input *in, size_t i)
{
    assert_non_null(in);
    assert_int_equal(in->at, all[i].at);
    assert_int_equal(in->port, all[i].port);
    assert_int_equal(in->length, all[i].length);
    assert_memory_equal(in->data, all[i].data, in->length);
}

static size_t first_at(tick t)
{
    size_t i = 0;

    while (i < COUNT && all[i].at < t) {
        i++;
    }
    return i;
}

/* Several ways through one recording, each at its own place. */
static void check_ways(const struct recording *r)
{
    struct inputs ways[3];
    uint64_t state = 11, bytes = 0;

    for (unsigned w = 0; w < 3; w++) {
        inputs_init(&ways[w], r);
    }
    for (size_t i = 0; i < COUNT; i++) {
        check_same(inputs_peek(&ways[0]), i);
        assert_int_equal(inputs_bytes(&ways[0]), bytes);
        bytes += all[i].length;
        inputs_pass(&ways[0]);
    }
    assert_null(inputs_peek(&ways[0]));
    assert_int_equal(inputs_bytes(&ways[0]), bytes);
    for (unsigned k = 0; k < 800; k++) {
        struct inputs *x = &ways[k % 3];
        uint64_t y = chance_next(&state);
        tick t = y % 4 == 0 ? all[(y >> 8) % COUNT].at + (y >> 40) % 2
                            : (y >> 8) % (all[COUNT - 1].at + 1000);
        size_t i = first_at(t);

        inputs_seek(x, t);
        assert_int_equal(x->next, i);
        for (uint64_t n = (y >> 50) % 40; n > 0 && i < COUNT; n--) {
            check_same(inputs_peek(x), i++);
            inputs_pass(x);
        }
        if (i < COUNT) {
            check_same(inputs_peek(x), i);
        } else {
            assert_null(inputs_peek(x));
        }
    }
    for (unsigned w = 0; w < 3; w++) {
        inputs_fini(&ways[w]);
    }
}

/* A piece is a quarter of a MiB or so: what is kept of the inputs is an index of them. */
static void test_file(void **state)
{
    struct recording *r = open_stored();

    (void)state;
    assert_true(file.count > 2 * MIB);
    assert_true(r->tape->pieces.count > 4);
    assert_true(r->tape->pieces.count <= file.count / PIECE_SPAN + 8);
    assert_int_equal(r->tape->tail.room, 0);
    check_ways(r);
    recording_close(r);
}

static void test_memory(void **state)
{
    struct error e;
    struct recording *r = recording_parse(file.data, file.count, "memory", false, &e);

    (void)state;
    assert_non_null(r);
    check_ways(r);
    recording_close(r);
}

/* The same inputs, cut otherwise, are the same history. */
static void test_digest(void **state)
{
    struct recording *r = open_stored();
    struct tape t = {0};

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        tape_add_input(&t, &all[i]);
    }
    assert_true(tape_digest(&t) == tape_digest(r->tape));
    assert_int_equal(t.count, r->tape->count);
    assert_memory_equal(t.ports, r->tape->ports, sizeof(t.ports));
    assert_true(t.pieces.count > 2 && t.tail.count < PIECE_RAW);
    tape_fini(&t);
    recording_close(r);
}

/* Of a tape, up to any tick: pieces are shared, the rest is the copy's own. */
static void test_copy(void **state)
{
    struct recording *r = open_stored();
    struct machine_config config;
    struct error e;

    (void)state;
    fake_config(&config);
    for (tick at = 0; at < all[COUNT - 1].at + 4000; at += all[COUNT - 1].at / 9) {
        struct recording *copy = recording_new_live(&config);
        size_t n = first_at(at);
        struct inputs x;

        assert_int_equal(tape_copy(copy->tape, r, at, &e), 0);
        assert_int_equal(recording_input_count(copy), n);
        assert_int_equal(recording_inputs_before(copy, at), n);
        inputs_init(&x, copy);
        for (size_t i = 0; i < n; i++, inputs_pass(&x)) {
            check_same(inputs_peek(&x), i);
        }
        assert_null(inputs_peek(&x));
        assert_int_equal(recording_port_inputs(copy, 0) + recording_port_inputs(copy, 1) +
                             recording_port_inputs(copy, 2),
                         n);
        inputs_fini(&x);
        recording_close(copy);
    }
    recording_close(r);
}

/* What is read again is what was read at first, or nothing. */
static void check_lost(struct recording *r, const char *words)
{
    struct replay replay;
    struct input in;
    struct inputs x;
    tick ask_again;
    size_t i = 0;

    inputs_init(&x, r);
    for (const struct input *got; (got = inputs_peek(&x)) != NULL; inputs_pass(&x)) {
        check_same(got, i++);
    }
    assert_true(i < COUNT);
    assert_non_null(recording_lost(r));
    assert_non_null(strstr(recording_lost(r), words));
    inputs_fini(&x);
    replay_init(&replay, r, all[COUNT / 2].at, NULL);
    assert_int_equal(replay_inlet(&replay).next(&replay, all[COUNT / 2].at, &in, &ask_again),
                     INLET_END);
    replay_fini(&replay);
}

static void test_changed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        struct recording *r = open_stored();
        size_t at = 4096 + i * ((file.count - 8192) / 40);
        int fd = open(path, O_WRONLY);
        uint8_t byte = (uint8_t)(file.data[at] ^ (1 << i % 8));

        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
        close(fd);
        check_lost(r, "changed while it was in use");
        recording_close(r);
    }
}

static void test_cut_off(void **state)
{
    struct recording *r = open_stored();

    (void)state;
    assert_int_equal(truncate(path, (off_t)file.count / 2), 0);
    check_lost(r, "cut off while it was in use");
    recording_close(r);
}

/* A journal whose file changes under it stops, and says why. */
static void test_replay_of_changed(void **state)
{
    const struct journal_options options = {.skip_witnesses = true}; /* they are made up */
    struct error e;
    struct journal *j;
    struct fake f;

    (void)state;
    store();
    j = journal_replay(path, &options, NULL, &e);
    assert_non_null(j);
    assert_int_equal(truncate(path, (off_t)file.count / 2), 0);
    fake_init(&f, 5000, 3000);
    f.lenient = true;
    journal_attach(j, &f.m);
    assert_int_equal(journal_drive(j, &f.m, TICK_NEVER, false), JOURNAL_LOST);
    assert_non_null(strstr(journal_problem(j), "cut off"));
    assert_int_equal(journal_drive(j, &f.m, TICK_NEVER, false), JOURNAL_LOST);
    journal_close(j);
}

/* While it is made: more enters than is ever kept in memory, and all of it can be gone back to. */
static void test_live(void **state)
{
    struct machine_config config;
    struct error e;
    struct journal_options o = {.by_reference = true, .force = true};
    struct journal *j;
    const struct recording *r;
    struct fake f;
    uint64_t posted = 0;
    struct inputs x;

    (void)state;
    fake_config(&config);
    j = journal_record(path, &config, &o, NULL, NULL, &e);
    r = journal_recording(j);
    assert_non_null(j);
    fake_init(&f, 5000, 5000);
    f.lenient = true;
    journal_attach(j, &f.m);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(journal_post(j, POKE_PORT, pool + i, LONGEST), LONGEST);
        posted++;
        assert_int_equal(journal_drive(j, &f.m, f.m.state.now + 20000, false), JOURNAL_TICK);
        assert_true(r->tape->tail.count <= 4 * MIB);
    }
    assert_int_equal(recording_input_count(r), posted);
    assert_true(r->tape->pieces.count > 2);
    inputs_init(&x, r);
    for (unsigned i = 0; i < COUNT; i++, inputs_pass(&x)) {
        const struct input *in = inputs_peek(&x);

        assert_true(in != NULL && in->length == LONGEST);
        assert_memory_equal(in->data, pool + i, LONGEST);
    }
    assert_null(inputs_peek(&x));
    inputs_fini(&x);
    journal_close(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),    cmocka_unit_test(test_memory),
        cmocka_unit_test(test_digest),  cmocka_unit_test(test_copy),
        cmocka_unit_test(test_changed), cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_live),    cmocka_unit_test(test_replay_of_changed),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
