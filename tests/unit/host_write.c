/* SPDX-License-Identifier: GPL-2.0-or-later
 * host/write.c: all bytes arrive in spite of signals and short writes; where the host takes no more, the
 * count and errno say so.
 */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 251 * 12000 };

static volatile sig_atomic_t interruptions;

static void on_alarm(int number)
{
    (void)number;
    interruptions = interruptions + 1;
}

/* What came through a pipe, and how much of it is as it should be. */
struct drain {
    int from;
    size_t good;
};

static void *drain(void *argument)
{
    struct drain *d = argument;
    uint8_t bytes[5000];
    ssize_t n;

    while ((n = read(d->from, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR)) {
        for (ssize_t i = 0; i < n; i++) {
            d->good += bytes[i] == (uint8_t)(d->good % 251);
        }
    }
    return NULL;
}

/* The pipe holds less than is written at once, while a timer interrupts the call again and again. */
static void test_interrupted(void **state)
{
    const struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    const struct sigaction a = {.sa_handler = on_alarm};
    uint8_t *bytes = base_alloc(MANY, 1);
    struct host_thread *t;
    struct drain d = {0};
    struct error e;
    size_t sent = 0;
    int ends[2];

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        bytes[i] = (uint8_t)(i % 251);
    }
    assert_int_equal(pipe(ends), 0);
    d.from = ends[0];
    t = host_thread_start(drain, &d, &e);
    assert_non_null(t);
    assert_int_equal(sigaction(SIGALRM, &a, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    do { /* until it has been interrupted at all */
        assert_int_equal(host_write_all(ends[1], bytes, MANY), MANY);
        sent += MANY;
    } while (interruptions < 20);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    close(ends[1]);
    host_thread_join(t);
    assert_int_equal(d.good, sent);
    close(ends[0]);
    free(bytes);
}

static void test_no_more(void **state)
{
    static uint8_t bytes[MANY];
    size_t some;
    int ends[2], full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void)state;
    assert_true(full >= 0);
    assert_int_equal(host_write_all(full, bytes, 10), 0);
    assert_int_equal(errno, ENOSPC);
    close(full);
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    some = host_write_all(ends[1], bytes, MANY);
    assert_true(some > 0 && some < MANY && errno == EAGAIN);
    assert_int_equal(host_write_all(ends[1], bytes, 0), 0);
    close(ends[0]);
    close(ends[1]);
}

static void test_at_a_place(void **state)
{
    struct host_scratch s;
    struct error e;
    uint8_t back[8] = {0};

    (void)state;
    assert_int_equal(host_scratch_open(&s, ".", &e), 0);
    assert_int_equal(host_write_all_at(s.descriptor, "abcd", 4, 4), 4);
    assert_int_equal(host_write_all_at(s.descriptor, "ab", 2, 0), 2);
    assert_int_equal(host_scratch_read(&s, 0, back, sizeof back, &e), 0);
    assert_memory_equal(back, "ab\0\0abcd", 8);
    assert_int_equal(host_write_all_at(s.descriptor, "ab", 2, INT64_MAX), 0);
    assert_int_equal(errno, EFBIG);
    assert_int_equal(host_write_all_at(s.descriptor, "ab", 2, UINT64_MAX), 0);
    host_scratch_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_no_more),
        cmocka_unit_test(test_at_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
