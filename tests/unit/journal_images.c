/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_images: embedding images is off the machine's path: a thread of the journal's packs them
 * while the machine runs already, and what is recorded meanwhile comes after them. A recording that
 * is killed, or whose disk is full, before they are all in it leaves no file behind.
 */
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "host/host.h"
#include "journal_fake.h"

enum { KERNEL_BYTES = 8 << 20, KILLS = 12 };

static char path[256];
static struct machine_config config;
static uint8_t *kernel;

static int setup(void **state)
{
    struct machine_image *image = &config.images[IMAGE_KERNEL];

    (void)state;
    fake_path(path, sizeof(path), "images");
    fake_config(&config);
    kernel = base_alloc(KERNEL_BYTES, 1);
    for (size_t i = 0; i < KERNEL_BYTES; i += 8) { /* half of it can be packed */
        bytes_set_le(kernel + i, 8, hash_bytes(&i, sizeof(i), 5) & UINT64_C(0xffffffff));
    }
    image->data = kernel;
    image->size = KERNEL_BYTES;
    image->hash = hash_bytes(kernel, KERNEL_BYTES, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove(path);
    free(kernel);
    return 0;
}

static uint64_t cpu_ns(clockid_t clock)
{
    struct timespec t;

    assert_int_equal(clock_gettime(clock, &t), 0);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static void count_call(void *opaque)
{
    atomic_fetch_add((atomic_int *)opaque, 1);
}

/* From opening to closing, the machine's thread does a small part of the work, and all that was typed
 * before the images were in the file is there. */
static void test_machine_does_not_wait(void **state)
{
    struct fake f;
    struct fake_world w = {.posts = fake_typed, .count = ARRAY_LEN(fake_typed)};
    struct pace pace = fake_pace(&w);
    atomic_int done = 0;
    struct journal_options o = {.images_done = {.opaque = &done, .call = count_call}};
    uint64_t thread = cpu_ns(CLOCK_THREAD_CPUTIME_ID), all = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    struct error e;
    struct journal *j = journal_record(path, &config, &o, &pace, NULL, &e);
    struct recording *r;

    (void)state;
    assert_non_null(j);
    w.journal = j;
    fake_init(&f, 5000000, 3000);
    journal_attach(j, &f.m);
    assert_int_equal(journal_drive(j, &f.m, TICK_NEVER, false), JOURNAL_END);
    thread = cpu_ns(CLOCK_THREAD_CPUTIME_ID) - thread;
    all = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - all;
    assert_int_equal(atomic_load(&done), 1); /* the end is behind them */
    journal_close(j);
    assert_int_equal(atomic_load(&done), 1);
    assert_true(thread < all / 2);

    r = recording_open(path, &e);
    assert_non_null(r);
    assert_null(recording_problem(r));
    assert_non_null(recording_end(r));
    assert_true(recording_input_count(r) >= 4);
    assert_memory_equal(recording_config(r)->images[IMAGE_KERNEL].data, kernel, KERNEL_BYTES);
    recording_close(r);
}

static _Noreturn void child(void)
{
    struct fake f;
    struct fake_world w = {0};
    struct pace pace = fake_pace(&w);
    struct journal *j = journal_record(path, &config, NULL, &pace, NULL, NULL);

    must(j != NULL);
    fake_init(&f, 100000, 100000);
    journal_attach(j, &f.m);
    (void)journal_drive(j, &f.m, TICK_NEVER, false);
    _exit(9);
}

/* At moments before, while and after the file gets its name. */
static void test_killed_before_they_are_whole(void **state)
{
    unsigned without = 0, with = 0;

    (void)state;
    for (unsigned i = 0; i < KILLS || (with == 0 && i < 100 * KILLS); i++) {
        const struct timespec pause = {0, (long)i * 3000000 % 1000000000};
        struct error e;
        struct recording *r;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
            child();
        }
        nanosleep(&pause, NULL);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        if (access(path, F_OK) != 0) {
            without++;
            continue;
        }
        with++;
        r = recording_open(path, &e);
        assert_non_null(r);
        assert_null(recording_problem(r));
        recording_close(r);
        remove(path);
    }
    assert_true(without > 0 && with > 0);
}

/* A full disk, played by a limit on file sizes. */
static void test_no_room_for_them(void **state)
{
    struct fake f;
    struct fake_world w = {0};
    struct pace pace = fake_pace(&w);
    struct rlimit unlimited, limit;
    struct journal *j;
    enum journal_stop s = JOURNAL_TICK;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    limit = unlimited;
    limit.rlim_cur = 1 << 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    j = journal_record(path, &config, NULL, &pace, NULL, NULL);
    assert_non_null(j);
    fake_init(&f, 1000, 1000);
    journal_attach(j, &f.m);
    while (s == JOURNAL_TICK) {
        s = journal_drive(j, &f.m, f.m.state.now + 10000, false);
    }
    assert_int_equal(s, JOURNAL_LOST);
    assert_non_null(strstr(journal_problem(j), path));
    assert_non_null(strstr(journal_problem(j), "there is no recording"));
    journal_close(j);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        TEST(test_machine_does_not_wait),
        TEST(test_killed_before_they_are_whole),
        TEST(test_no_room_for_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
