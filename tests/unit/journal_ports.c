/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_ports: a port takes a stream or messages. A message arrives whole, as one input, or waits; one
 * that the port never takes is answered so. Each port has an inbox of its own: a flood on one of them
 * holds up no other, and what waits is bounded.
 */
#include "journal_fake.h"

static struct machine_config config;

struct bench {
    struct journal *j;
    struct fake f;
    const struct recording *r;
};

static void begin(struct bench *b)
{
    struct error e;

    fake_config(&config);
    b->j = journal_run(&config, &(struct pace){0}, NULL, &e);
    b->r = journal_recording(b->j);
    fake_init(&b->f, 1000000, 1000000);
    b->f.frame_room = FAKE_FRAME_MAX;
    journal_attach(b->j, &b->f.m);
}

static void run(struct bench *b, uint64_t ticks)
{
    assert_int_equal(journal_drive(b->j, &b->f.m, b->f.m.state.now + ticks, false), JOURNAL_TICK);
}

static void check_input(const struct bench *b, uint64_t i, uint16_t port, const void *bytes,
                        uint32_t length)
{
    struct input in;

    input_of(b->r, i, &in);
    assert_int_equal(in.port, port);
    assert_int_equal(in.length, length);
    assert_memory_equal(in.data, bytes, length);
}

/* Longer than a piece of a stream, with some of no bytes among them. */
static void test_whole(void **state)
{
    static uint8_t bytes[FAKE_FRAME_MAX];
    const uint32_t lengths[] = {9000, 0, 1, FAKE_FRAME_MAX, 0, 4097};
    struct bench b;

    (void)state;
    begin(&b);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 7 >> 2);
    }
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        assert_int_equal(journal_post_message(b.j, FAKE_FRAMES, bytes + i % 3, lengths[i]), POSTED);
    }
    run(&b, 100000);
    assert_int_equal(recording_input_count(b.r), ARRAY_LEN(lengths));
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        check_input(&b, i, FAKE_FRAMES, bytes + i % 3, lengths[i]);
    }
    journal_close(b.j);
}

static void test_waits(void **state)
{
    uint8_t bytes[200] = {1, 2, 3};
    struct bench b;

    (void)state;
    begin(&b);
    b.f.frame_room = 199; /* of the next one */
    assert_int_equal(journal_post_message(b.j, FAKE_FRAMES, bytes, 200), POSTED);
    assert_int_equal(journal_post_message(b.j, FAKE_FRAMES, bytes, 10), POSTED); /* behind it */
    run(&b, 200000);
    assert_int_equal(recording_input_count(b.r), 0);
    b.f.frame_room = 0; /* nor does one of no bytes come in now */
    assert_int_equal(journal_post_message(b.j, FAKE_FRAMES, bytes, 0), POSTED);
    run(&b, 200000);
    assert_int_equal(recording_input_count(b.r), 0);
    b.f.frame_room = 200;
    run(&b, 200000);
    assert_int_equal(recording_input_count(b.r), 3);
    check_input(&b, 0, FAKE_FRAMES, bytes, 200);
    check_input(&b, 1, FAKE_FRAMES, bytes, 10);
    check_input(&b, 2, FAKE_FRAMES, bytes, 0);
    journal_close(b.j);
}

static void test_never(void **state)
{
    static uint8_t bytes[INPUT_BYTES_MAX + 1];
    struct bench b;

    (void)state;
    begin(&b);
    assert_int_equal(journal_post_message(b.j, FAKE_FRAMES, bytes, FAKE_FRAME_MAX + 1), POST_NEVER);
    assert_int_equal(journal_post(b.j, FAKE_FRAMES, bytes, FAKE_FRAME_MAX + 1), 0);
    assert_int_equal(journal_post_message(b.j, FAKE_PORT, bytes, 1), POST_NEVER); /* a stream */
    assert_int_equal(journal_post_message(b.j, 7, bytes, 1), POST_NEVER); /* nothing there */
    (void)journal_post(b.j, 7, bytes, 1);                                 /* waits for ever */
    assert_int_equal(journal_post_message(b.j, POKE_PORT, bytes, INPUT_BYTES_MAX + 1), POST_NEVER);
    assert_int_equal(journal_post_message(b.j, POKE_PORT, bytes, INPUT_BYTES_MAX), POSTED);
    run(&b, 100000);
    assert_int_equal(recording_input_count(b.r), 1);
    journal_close(b.j);
}

/* A port that is full, and goes on taking as fast as it can, lets the others in between. */
static void test_flood(void **state)
{
    uint8_t *much = base_alloc(JOURNAL_INBOX_MAX, 1);
    uint16_t ports[8];
    struct bench b;

    (void)state;
    begin(&b);
    while (journal_post_message(b.j, FAKE_FRAMES, much, 500) == POSTED) {
    }
    assert_int_equal(journal_post_message(b.j, FAKE_FRAMES, much, 500), POST_LATER);
    assert_int_equal(journal_post(b.j, FAKE_PORT, "typed", 5), 5);
    assert_int_equal(journal_post(b.j, POKE_PORT, "poke", 4), 4);
    assert_int_equal(journal_post(b.j, POKE_PORT, "more", 4), 4);
    run(&b, 8);
    assert_int_equal(recording_input_count(b.r), 8);
    for (unsigned i = 0; i < 8; i++) {
        struct input in;

        input_of(b.r, i, &in);
        ports[i] = in.port;
    }
    /* The oldest first, then each in its turn. */
    assert_memory_equal(ports, ((const uint16_t[]){2, 1, 0, 2, 0, 2, 2, 2}), sizeof(ports));
    free(much);
    journal_close(b.j);
}

/* Of many small messages, too; a stream in small pieces is kept as one. */
static void test_bound(void **state)
{
    struct bench b;
    uint64_t messages = 0, bytes = 0;

    (void)state;
    begin(&b);
    b.f.frame_room = 0;
    while (journal_post_message(b.j, FAKE_FRAMES, NULL, 0) == POSTED) {
        messages++;
    }
    assert_true(messages > 10000 && messages <= JOURNAL_INBOX_MAX / 16);
    while (journal_post(b.j, FAKE_PORT, "x", 1) == 1) {
        bytes++;
    }
    assert_int_equal(bytes, JOURNAL_INBOX_MAX);
    b.f.frame_room = 1;
    run(&b, messages + 10000);
    assert_int_equal(recording_port_inputs(b.r, FAKE_FRAMES), messages);
    assert_int_equal(journal_post_message(b.j, FAKE_FRAMES, "y", 1), POSTED);
    journal_close(b.j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole), cmocka_unit_test(test_waits), cmocka_unit_test(test_never),
        cmocka_unit_test(test_flood), cmocka_unit_test(test_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
