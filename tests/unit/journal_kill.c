/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_kill: kill -9 at random moments, busy and idle. Each file replays to a tick that the
 * machine had got to at most 200 ms before, and every input of that time is in it.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "host/host.h"
#include "journal_fake.h"
#include "world/world.h"

enum { KILLS = 20, MARKS = 1 << 16, LAG_MS = 200 };

/* Written by the child, read after its death. */
struct diary {
    _Atomic uint64_t count;
    struct {
        uint64_t ns;
        tick at;
        uint64_t inputs; /* posted and delivered so far */
    } marks[MARKS];
};

static char path[256];
static struct diary *diary;

static void mark(struct journal *j)
{
    uint64_t i = diary->count;

    if (i < MARKS) {
        diary->marks[i].ns = wallclock_now_ns();
        diary->marks[i].at = recording_known(journal_recording(j));
        diary->marks[i].inputs = recording_input_count(journal_recording(j));
        diary->count = i + 1;
    }
}

/* The wait of the world, with a mark after each. */
struct marking {
    struct pace real;
    struct journal *journal;
};
static uint64_t marking_now(void *opaque)
{
    struct marking *k = opaque;

    if (k->journal != NULL) {
        mark(k->journal);
    }
    return k->real.now_ns(k->real.opaque);
}
static void marking_wait(void *opaque, uint64_t until)
{
    struct marking *k = opaque;

    k->real.wait(k->real.opaque, until);
}
static void marking_wake(void *opaque)
{
    struct marking *k = opaque;

    k->real.wake(k->real.opaque);
}

static void *type(void *argument)
{
    struct journal *j = argument;

    for (unsigned i = 0;; i++) {
        char line[16];
        struct timespec pause = {0, 3000000 + i % 7 * 1000000};
        size_t n = (size_t)snprintf(line, sizeof(line), "line %u\n", i);
        (void)journal_post(j, FAKE_PORT, line, n);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static _Noreturn void child(bool idles, bool types)
{
    struct machine_config config;
    struct wallclock clock;
    struct error e;
    struct fake f;
    struct marking k = {0};
    struct pace pace = {
        .opaque = &k, .now_ns = marking_now, .wait = marking_wait, .wake = marking_wake};
    struct journal *j;

    alarm(20);
    fake_config(&config);
    must(wallclock_init(&clock, &e) == 0);
    k.real = wallclock_pace(&clock, true);
    j = journal_record(path, &config, NULL, &pace, NULL, &e);
    must(j != NULL);
    k.journal = j;
    if (idles) {
        fake_init(&f, types ? 50000000 : UINT64_C(1) << 60, 1000);
    } else {
        fake_init(&f, 100000, 100000);
    }
    journal_attach(j, &f.m);
    if (types) {
        must(host_thread_start(type, j, &e) != NULL);
    }
    (void)journal_drive(j, &f.m, TICK_NEVER, false);
    _exit(9);
}

/* However long a busy host takes to start a process, and to write its images. */
static void wait_for_first_mark(void)
{
    const struct timespec moment = {0, 1000000};

    for (unsigned i = 0; diary->count == 0 || access(path, F_OK) != 0; i++) {
        assert_true(i < 20000);
        nanosleep(&moment, NULL);
    }
}

/* Returns how late the seal was, in ms. */
static uint64_t kill_once(unsigned i)
{
    struct timespec pause = {0, 100000000 + (long)(hash_bytes(&i, sizeof(i), 1) % 400000000)};
    struct error e = {{0}};
    struct recording *r;
    struct fake f;
    struct replay replay;
    struct inlet inlet;
    uint64_t killed_ns, lag, n;
    pid_t pid;

    remove(path);
    memset(diary, 0, sizeof(*diary));
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        child(i % 2 == 0, i % 4 < 2);
    }
    wait_for_first_mark();
    nanosleep(&pause, NULL);
    killed_ns = wallclock_now_ns();
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    r = recording_open(path, &e);
    if (r == NULL) {
        fail_msg("%s", e.text);
    }
    assert_null(recording_end(r));
    n = diary->count;
    while (n > 0 && diary->marks[n - 1].at > recording_known(r)) {
        n--;
    }
    /* The next mark after that tick was the first that is not covered. */
    lag = n < diary->count && diary->marks[n].ns < killed_ns ? killed_ns - diary->marks[n].ns : 0;
    assert_true(n == 0 || recording_input_count(r) >= diary->marks[n - 1].inputs);

    fake_init(&f, i % 2 == 0 ? (i % 4 < 2 ? 50000000 : UINT64_C(1) << 60) : 100000,
              i % 2 == 0 ? 1000 : 100000);
    replay_init(&replay, r, 0, NULL);
    inlet = replay_inlet(&replay);
    machine_set_inlet(&f.m, &inlet);
    for (size_t w = 0; w < recording_witness_count(r); w++) {
        struct witness x = recording_witness(r, w);
        assert_int_equal(machine_run(&f.m, x.at, false), STOP_TICK);
        assert_true(machine_hash(&f.m) == x.hash);
    }
    assert_int_equal(machine_run(&f.m, TICK_NEVER, false), STOP_END);
    assert_int_equal(f.m.state.now, recording_known(r));
    replay_fini(&replay);
    recording_close(r);
    return lag / 1000000;
}

static void test_kill_9(void **state)
{
    uint64_t worst = 0;
    unsigned late = 0;

    (void)state;
    for (unsigned i = 0; i < KILLS; i++) {
        uint64_t ms = kill_once(i);
        worst = ms > worst ? ms : worst;
        late += ms > LAG_MS;
    }
    print_message("worst lag of the seal: %u ms\n", (unsigned)worst);
    /* A host that is busy with other things may be late once; our own slowness would be always. */
    assert_true(late <= KILLS / 10);
    assert_true(worst <= 10 * LAG_MS);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill_9)};

    diary = mmap(NULL, sizeof(*diary), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(diary != MAP_FAILED);
    fake_path(path, sizeof(path), "kill");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
