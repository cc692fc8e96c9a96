/* SPDX-License-Identifier: GPL-2.0-or-later
 * host/thread.c: threads run and are joined, locks exclude, events wake, signals stay outside.
 */
#include "host/host.h"

#include <setjmp.h>
#include <signal.h>

#include <cmocka.h>

struct shared {
    struct host_lock lock;
    struct host_event changed;
    unsigned turn;
    uint64_t sum;
};

struct worker {
    struct shared *shared;
    unsigned index;
};

enum { WORKERS = 4, ROUNDS = 200 };

/* Takes its turn ROUNDS times, strictly after its neighbour. */
static void *take_turns(void *argument)
{
    struct worker *w = argument;
    struct shared *s = w->shared;

    for (unsigned i = 0; i < ROUNDS; i++) {
        host_lock_take(&s->lock);
        while (s->turn % WORKERS != w->index) {
            host_event_wait(&s->changed, &s->lock);
        }
        s->sum = s->sum * 31 + w->index;
        s->turn++;
        host_event_wake_all(&s->changed);
        host_lock_give(&s->lock);
    }
    return w;
}

static void test_turns(void **state)
{
    (void)state;
    struct shared s = {.turn = 0};
    struct worker workers[WORKERS];
    struct host_thread *threads[WORKERS];
    struct error e = {""};
    uint64_t sum = 0;

    host_lock_init(&s.lock);
    host_event_init(&s.changed);
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){&s, i};
        threads[i] = host_thread_start(take_turns, &workers[i], &e);
        assert_non_null(threads[i]);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_ptr_equal(host_thread_join(threads[i]), &workers[i]);
    }
    for (unsigned i = 0; i < WORKERS * ROUNDS; i++) {
        sum = sum * 31 + i % WORKERS;
    }
    assert_int_equal(s.turn, WORKERS * ROUNDS);
    assert_int_equal(s.sum, sum);
    host_event_fini(&s.changed);
    host_lock_fini(&s.lock);
}

static void *read_mask(void *argument)
{
    return pthread_sigmask(SIG_BLOCK, NULL, argument) == 0 ? argument : NULL;
}

static void test_signals_stay_outside(void **state)
{
    (void)state;
    sigset_t before, inside, after;
    struct error e = {""};

    sigemptyset(&inside);
    assert_non_null(read_mask(&before));
    struct host_thread *t = host_thread_start(read_mask, &inside, &e);
    assert_non_null(t);
    assert_ptr_equal(host_thread_join(t), &inside);
    assert_non_null(read_mask(&after));
    assert_int_equal(sigismember(&inside, SIGINT), 1);
    assert_int_equal(sigismember(&inside, SIGTERM), 1);
    assert_int_equal(sigismember(&after, SIGINT), sigismember(&before, SIGINT));
}

static void test_cpus(void **state)
{
    (void)state;
    assert_true(host_cpu_count() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_signals_stay_outside),
        cmocka_unit_test(test_cpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
