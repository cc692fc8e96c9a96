/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_post: several threads post while the machine runs and waits in real time; every byte
 * arrives once and in its order, the file says the same as memory, and a quit from another thread
 * ends it all. Worth most under the thread sanitizer.
 */
#include <sched.h>
#include <stdatomic.h>

#include "host/host.h"
#include "journal_fake.h"
#include "world/world.h"

enum { POSTERS = 3, POSTS = 300 };

struct poster {
    struct journal *journal;
    uint8_t name;
};

/* Pokes are whole messages {name, sequence}; the first poster types on the serial port. */
static void *post_all(void *argument)
{
    const struct poster *p = argument;

    for (unsigned i = 0; i < POSTS; i++) {
        uint8_t message[3] = {p->name, (uint8_t)i, (uint8_t)(i >> 8)};
        uint16_t port = p->name == 0 ? FAKE_PORT : POKE_PORT;
        while (journal_post(p->journal, port, message, sizeof(message)) == 0) {
        }
    }
    return NULL;
}

struct quitter {
    struct journal *journal;
    struct host_thread *posters[POSTERS];
    atomic_size_t echoed;
};

static void count_echo(void *opaque, tick at, uint16_t port, const uint8_t *bytes, size_t count)
{
    (void)at;
    (void)port;
    (void)bytes;
    atomic_fetch_add((atomic_size_t *)opaque, count);
}

static void *quit_after(void *argument)
{
    struct quitter *q = argument;

    for (unsigned i = 0; i < POSTERS; i++) {
        (void)host_thread_join(q->posters[i]);
    }
    /* When the guest has echoed a last byte, it has got all that was posted before. */
    assert_int_equal(journal_post(q->journal, FAKE_PORT, "!", 1), 1);
    while (atomic_load(&q->echoed) < 3 * POSTS + 1) {
        sched_yield();
    }
    journal_post_quit(q->journal, END_SIGNAL);
    return NULL;
}

static void check_inputs(const struct recording *r)
{
    unsigned next[POSTERS] = {0};
    uint8_t typed[3 * POSTS + 1];
    size_t typed_count = 0;
    tick before = 0;

    for (size_t i = 0; i < recording_input_count(r); i++) {
        struct input in;
        input_of(r, i, &in);
        assert_true(i == 0 || in.at > before);
        before = in.at;
        if (in.port == FAKE_PORT) {
            memcpy(typed + typed_count, in.data, in.length);
            typed_count += in.length;
            continue;
        }
        assert_int_equal(in.length, 3);
        assert_true(in.data[0] > 0 && in.data[0] < POSTERS);
        assert_int_equal(in.data[1] | in.data[2] << 8, next[in.data[0]]++);
    }
    assert_int_equal(typed_count, sizeof(typed));
    for (unsigned i = 0; i < POSTS; i++) {
        assert_int_equal(typed[3 * i], 0);
        assert_int_equal(typed[3 * i + 1] | typed[3 * i + 2] << 8, i);
    }
    for (unsigned i = 1; i < POSTERS; i++) {
        assert_int_equal(next[i], POSTS);
    }
}

static void test_posters(void **state)
{
    char path[256];
    struct machine_config config;
    struct wallclock clock;
    struct error e;
    struct fake f;
    struct pace pace;
    struct poster posters[POSTERS];
    struct quitter q = {.echoed = 0};
    struct sink sink = {.opaque = &q.echoed, .output = count_echo};
    struct host_thread *t;
    struct recording *r;

    (void)state;
    fake_config(&config);
    fake_path(path, sizeof(path), "post");
    assert_int_equal(wallclock_init(&clock, &e), 0);
    pace = wallclock_pace(&clock, true);
    q.journal = journal_record(path, &config, NULL, &pace, &sink, &e);
    assert_non_null(q.journal);
    fake_init(&f, 300000, 100000);
    journal_attach(q.journal, &f.m);
    for (unsigned i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){q.journal, (uint8_t)i};
        q.posters[i] = host_thread_start(post_all, &posters[i], &e);
        assert_non_null(q.posters[i]);
    }
    t = host_thread_start(quit_after, &q, &e);
    assert_int_equal(journal_drive(q.journal, &f.m, TICK_NEVER, false), JOURNAL_END);
    assert_int_equal(journal_why(q.journal), END_SIGNAL);
    (void)host_thread_join(t);
    check_inputs(journal_recording(q.journal));
    journal_close(q.journal);
    wallclock_fini(&clock);

    r = recording_open(path, &e);
    assert_non_null(r);
    assert_null(recording_problem(r));
    check_inputs(r);
    assert_int_equal(recording_end(r)->last.hash, machine_hash(&f.m));
    recording_close(r);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_posters)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
