/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_branch: a history that begins as another did and goes on differently. It replays by
 * itself, agrees with its parent up to the fork and has nothing of what came there after it; the
 * parent's file stays what it was.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "host/host.h"
#include "journal_fake.h"

enum { PERIOD = 5000, BUSY = 3000 };

static char path[256], branch_path[256], third_path[256];
static struct machine_config config;

static int setup(void **state)
{
    (void)state;
    fake_path(path, sizeof(path), "parent");
    fake_path(branch_path, sizeof(branch_path), "branch");
    fake_path(third_path, sizeof(third_path), "third");
    fake_config(&config);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove(path);
    remove(branch_path);
    remove(third_path);
    return 0;
}

static struct fake *fake_new(void)
{
    struct fake *f = base_alloc(1, sizeof(*f));

    fake_init(f, PERIOD, BUSY);
    return f;
}

/* ---- the parent ---- */

static void record_parent(bool by_reference)
{
    struct fake_world w = {.posts = fake_typed, .count = ARRAY_LEN(fake_typed)};
    struct pace pace = fake_pace(&w);
    const struct journal_options o = {.by_reference = by_reference, .skips_idle = true};
    struct error e;
    struct journal *j;
    struct fake f;

    fake_init(&f, PERIOD, BUSY);
    j = journal_record(path, &config, &o, &pace, NULL, &e);
    assert_non_null(j);
    w.journal = j;
    journal_attach(j, &f.m);
    assert_int_equal(journal_drive(j, &f.m, TICK_NEVER, false), JOURNAL_END);
    journal_close(j);
}

static struct recording *open_recording(const char *name)
{
    struct error e = {{0}};
    struct recording *r = recording_open(name, &e);

    assert_string_equal(e.text, "");
    assert_non_null(r);
    assert_null(recording_problem(r));
    return r;
}

static uint64_t file_hash(const char *name)
{
    struct error e;
    uint8_t *bytes;
    size_t size;
    uint64_t hash;

    assert_int_equal(host_file_read_all(name, 64 * MIB, &bytes, &size, &e), 0);
    hash = hash_bytes(bytes, size, 0);
    free(bytes);
    return hash;
}

/* ---- branching ---- */

/* A machine that stands at tick `at` of the recording. */
static void bring_to(struct fake *f, struct replay *replay, const struct recording *r, tick at)
{
    struct inlet inlet;

    fake_init(f, PERIOD, BUSY);
    replay_init(replay, r, 0, NULL);
    inlet = replay_inlet(replay);
    machine_set_inlet(&f->m, &inlet);
    if (at > 0) {
        (void)machine_run(&f->m, at, false);
    }
    replay_fini(replay);
    assert_int_equal(f->m.state.now, at);
}

static struct journal *start_branch(const char *name, struct fake *f, const struct recording *r,
                                    const struct fake_console *console, const struct pace *pace)
{
    const struct journal_branch from = {
        .parent = r, .parent_name = path, .machine = &f->m, .again = &fake_new()->m};
    const struct sink sink = {.opaque = (void *)(uintptr_t)console, .output = fake_output};
    struct error e = {{0}};
    struct journal *j = journal_branch(name, &from, NULL, pace, console ? &sink : NULL, &e);
    struct inlet inlet;

    assert_string_equal(e.text, "");
    assert_non_null(j);
    assert_int_equal(recording_known(journal_recording(j)), f->m.state.now);
    inlet = journal_inlet(j);
    machine_set_inlet(&f->m, &inlet);
    return j;
}

/* Replays the file to its end; the hash there. */
static uint64_t replay_whole(const char *name, struct fake_console *console)
{
    const struct sink sink = {.opaque = console, .output = fake_output};
    struct error e = {{0}};
    struct journal *j = journal_replay(name, NULL, console ? &sink : NULL, &e);
    enum journal_stop stop;
    struct fake f;
    uint64_t hash;

    assert_string_equal(e.text, "");
    fake_init(&f, PERIOD, BUSY);
    journal_attach(j, &f.m);
    stop = journal_drive(j, &f.m, TICK_NEVER, false);
    if (stop == JOURNAL_DIVERGED) {
        fail_msg("%s", journal_divergence(j)->text);
    }
    assert_int_equal(stop, JOURNAL_END);
    assert_int_equal(f.m.state.now, recording_known(journal_recording(j)));
    hash = machine_hash(&f.m);
    journal_close(j);
    return hash;
}

static void check_shared(const struct recording *a, const struct recording *b, tick at)
{
    size_t n = recording_inputs_before(a, at);

    assert_int_equal(recording_inputs_before(b, at), n);
    for (size_t i = 0; i < n; i++) {
        struct input x, y;

        input_of(a, i, &x);
        input_of(b, i, &y);
        assert_int_equal(x.at, y.at);
        assert_int_equal(x.port, y.port);
        assert_int_equal(x.length, y.length);
        assert_memory_equal(x.data, y.data, x.length);
    }
    n = recording_witness_at(a, at + 1);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(recording_witness(a, i).at, recording_witness(b, i).at);
        assert_int_equal(recording_witness(a, i).hash, recording_witness(b, i).hash);
    }
    if (at > 0) {
        assert_int_equal(recording_witness(b, recording_witness_at(b, at)).at, at);
    }
}

/* Branches at `at`, types, lives on; the branch is a whole recording that knows its parent. */
static void branch_at(const struct recording *r, tick at, const char *name)
{
    static const struct fake_post later[] = {{1000, "other"}, {20000000, NULL}};
    struct fake_world w = {.posts = later, .count = ARRAY_LEN(later)};
    struct pace pace = fake_pace(&w);
    struct fake_console live = {{0}}, again = {{0}};
    unsigned frees = fake_frees;
    struct replay replay;
    struct recording *b;
    struct recording_info info;
    struct journal *j;
    struct fake f;
    uint64_t hash;
    struct input in;

    remove(name);
    bring_to(&f, &replay, r, at);
    j = start_branch(name, &f, r, &live, &pace);
    w.journal = j;
    assert_int_equal(journal_post(j, FAKE_PORT, "x", 1), 1);
    assert_int_equal(journal_drive(j, &f.m, TICK_NEVER, false), JOURNAL_END);
    assert_int_equal(journal_why(j), END_QUIT);
    hash = machine_hash(&f.m);
    journal_close(j);
    assert_int_equal(fake_frees, frees + 1);

    assert_int_equal(replay_whole(name, &again), hash);
    assert_true(again.text.length >= live.text.length && live.text.length > 0);
    assert_memory_equal(again.text.data + again.text.length - live.text.length, live.text.data,
                        live.text.length);
    b = open_recording(name);
    check_shared(r, b, at);
    assert_int_equal(recording_input_count(b), recording_inputs_before(r, at) + 2);
    input_of(b, recording_inputs_before(r, at), &in);
    assert_int_equal(in.at, at + (machine_port_room(&f.m, FAKE_PORT) == 0));
    assert_true(recording_skips_idle(b) == recording_skips_idle(r));
    assert_int_equal(recording_origin(b)->at, at);
    assert_string_equal(recording_origin(b)->name, path);
    assert_non_null(recording_end(b));
    recording_get_info(b, &info);
    assert_true(info.complete && info.origin == recording_origin(b));
    for (size_t i = 0; i < info.file_count; i++) {
        assert_true(info.files[i].embedded);
    }
    recording_close(b);
    text_fini(&live.text);
    text_fini(&again.text);
}

/* The fork between two inputs, at one, just after one, at a witness, at both ends. */
static void test_branch_anywhere(void **state)
{
    struct recording *r;
    uint64_t file, final;
    struct input in;

    (void)state;
    record_parent(false);
    file = file_hash(path);
    final = replay_whole(path, NULL);
    r = open_recording(path);
    assert_true(recording_input_count(r) > 4 && recording_witness_count(r) > 1);
    branch_at(r, 0, branch_path);
    branch_at(r, 1, branch_path);
    input_of(r, 2, &in);
    branch_at(r, in.at, branch_path);
    branch_at(r, in.at + 1, branch_path);
    branch_at(r, in.at + 12345, branch_path);
    branch_at(r, recording_witness(r, 1).at, branch_path);
    branch_at(r, recording_known(r), branch_path);
    recording_close(r);
    assert_int_equal(file_hash(path), file);
    assert_int_equal(replay_whole(path, NULL), final);
}

static void test_branch_of_a_branch(void **state)
{
    struct recording *r, *b, *c;
    struct input in;
    uint64_t file;

    (void)state;
    record_parent(false);
    r = open_recording(path);
    input_of(r, 2, &in);
    branch_at(r, in.at, branch_path);
    file = file_hash(branch_path);
    b = open_recording(branch_path);
    branch_at(b, recording_known(b) - 777, third_path); /* in the new part */
    c = open_recording(third_path);
    check_shared(r, c, in.at);
    recording_close(c);
    branch_at(b, in.at - 5, third_path); /* in the shared one */
    recording_close(b);
    recording_close(r);
    assert_int_equal(file_hash(branch_path), file);
}

/* Right after the call, before anything ran: the file is good to the fork. */
static void test_killed_at_once(void **state)
{
    struct recording *r, *b;
    struct replay replay;
    struct fake f;
    struct input in;
    pid_t pid;
    int status;
    tick at;

    (void)state;
    record_parent(false);
    r = open_recording(path);
    input_of(r, 3, &in);
    at = in.at + 100;
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        bring_to(&f, &replay, r, at);
        (void)start_branch(branch_path, &f, r, NULL, NULL);
        (void)raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    b = open_recording(branch_path);
    assert_int_equal(recording_known(b), at);
    assert_null(recording_end(b));
    check_shared(r, b, at);
    recording_close(b);
    bring_to(&f, &replay, r, at);
    assert_int_equal(replay_whole(branch_path, NULL), machine_hash(&f.m));
    recording_close(r);
}

static void test_by_reference(void **state)
{
    struct recording *r, *b;
    struct recording_info info;
    struct replay replay;
    struct journal *j;
    struct fake f;
    struct error e;

    (void)state;
    record_parent(true);
    r = recording_open_for_info(path, &e);
    assert_non_null(r);
    for (unsigned i = 0; i < IMAGE_COUNT; i++) { /* as if found on the host */
        const struct machine_image *image = &config.images[i];

        if (image->name != NULL) {
            struct machine_image *to =
                &((struct machine_config *)(uintptr_t)recording_config(r))->images[i];

            to->data = base_alloc(image->size, 1);
            memcpy(to->data, image->data, image->size);
        }
    }
    bring_to(&f, &replay, r, 5000000);
    j = start_branch(branch_path, &f, r, NULL, NULL);
    journal_close(j);
    recording_close(r);
    b = recording_open_for_info(branch_path, &e);
    assert_non_null(b);
    recording_get_info(b, &info);
    assert_int_equal(info.file_count, 2);
    assert_true(!info.files[0].embedded && !info.files[1].embedded && info.blob_bytes == 0);
    recording_close(b);
}

static void test_refusals(void **state)
{
    struct recording *r;
    struct replay replay;
    struct fake f;
    struct journal_branch from = {.machine = &f.m};
    struct error e = {{0}};
    uint64_t file;
    unsigned frees = fake_frees;

    (void)state;
    record_parent(false);
    file = file_hash(path);
    from.parent = r = open_recording(path);
    bring_to(&f, &replay, r, recording_witness(r, 1).at);
    /* Its own parent, a folder that is not there. */
    from.again = &fake_new()->m;
    assert_null(journal_branch(path, &from, NULL, NULL, NULL, &e));
    assert_non_null(strstr(e.text, "exists"));
    from.again = &fake_new()->m;
    assert_null(journal_branch("/nowhere/a.rr", &from, NULL, NULL, NULL, &e));
    assert_non_null(strstr(e.text, "/nowhere/a.rr"));
    /* A state that the parent never was in. */
    f.sum ^= 1;
    from.again = &fake_new()->m;
    assert_null(journal_branch(branch_path, &from, NULL, NULL, NULL, &e));
    assert_non_null(strstr(e.text, "not what happened"));
    assert_int_not_equal(access(branch_path, F_OK), 0);
    assert_int_equal(fake_frees, frees + 3);
    recording_close(r);
    assert_int_equal(file_hash(path), file);
}

/* Where no witness says so, the second machine finds out. */
static void test_wrong_state_is_noticed(void **state)
{
    struct recording *r;
    struct replay replay;
    struct journal *j;
    struct fake f;

    (void)state;
    record_parent(false);
    r = open_recording(path);
    bring_to(&f, &replay, r, recording_witness(r, 1).at + 1000);
    f.sum ^= 1;
    j = start_branch(branch_path, &f, r, NULL, NULL);
    while (journal_drive(j, &f.m, f.m.state.now + 100000, false) == JOURNAL_TICK) {
    }
    assert_non_null(journal_problem(j));
    assert_non_null(strstr(journal_problem(j), "does not replay"));
    journal_close(j);
    recording_close(r);
}

/* The host's clock has gone far meanwhile; a line comes 700 ns after the branch begins. */
static void test_no_time_leaks_in(void **state)
{
    const uint64_t far = UINT64_C(1000000000000);
    const struct fake_post later[] = {{far + 700, "x"}, {far + 100000, NULL}};
    struct fake_world w = {.ns = far, .posts = later, .count = ARRAY_LEN(later)};
    struct pace pace = fake_pace(&w);
    const tick at = 20000000;
    const tick naps = 300000; /* idle time is waited for when it adds up to 0.1 ms */
    struct recording *r;
    struct replay replay;
    struct journal *j;
    struct fake f;
    struct input in;

    (void)state;
    record_parent(false);
    r = open_recording(path);
    bring_to(&f, &replay, r, at);
    j = start_branch(branch_path, &f, r, NULL, &pace);
    w.journal = j;
    assert_int_equal(journal_drive(j, &f.m, TICK_NEVER, false), JOURNAL_END);
    input_of(journal_recording(j), recording_inputs_before(r, at), &in);
    assert_true(in.at >= at + 700 && in.at <= at + naps);
    assert_true(f.m.state.now <= at + 2 * naps);
    journal_close(j);
    recording_close(r);
}

/* A branch of a machine that runs without a file, into none. */
static void test_in_memory(void **state)
{
    struct fake_world w = {.posts = fake_typed, .count = ARRAY_LEN(fake_typed)};
    struct pace pace = fake_pace(&w);
    struct error e;
    struct journal *j = journal_run(&config, &pace, NULL, &e), *b;
    struct replay replay;
    struct fake f, at;

    (void)state;
    fake_init(&f, PERIOD, BUSY);
    w.journal = j;
    journal_attach(j, &f.m);
    assert_int_equal(journal_drive(j, &f.m, TICK_NEVER, false), JOURNAL_END);
    bring_to(&at, &replay, journal_recording(j), 9000000);
    b = start_branch(NULL, &at, journal_recording(j), NULL, NULL);
    journal_close(j);
    assert_int_equal(journal_drive(b, &at.m, 10000000, false), JOURNAL_TICK);
    assert_int_equal(journal_finish(b, END_QUIT, &e), 0);
    assert_int_equal(recording_end(journal_recording(b))->output_count, 1);
    journal_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_branch_anywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(test_branch_of_a_branch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_by_reference, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_state_is_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_time_leaks_in, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_memory, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
