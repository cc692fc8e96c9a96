/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_record: a history is written and read back: ticks, inputs, witnesses, output, end; what
 * is refused; what happens when the disk is full or the replay is not the same machine.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "journal_fake.h"

static char path[256];
static struct machine_config config;

static int setup(void **state)
{
    (void)state;
    fake_path(path, sizeof(path), "record");
    fake_config(&config);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove(path);
    return 0;
}

/* Runs `f` live until the world quits; returns the stop. */
static enum journal_stop live(struct journal *j, struct fake *f, struct fake_world *w, tick piece)
{
    enum journal_stop s;
    tick to = 0;

    w->journal = j;
    journal_attach(j, &f->m);
    do {
        to += piece;
        s = journal_drive(j, &f->m, to, false);
    } while (s == JOURNAL_TICK);
    return s;
}

static void record(struct fake *f, struct fake_console *console, tick piece, bool by_reference)
{
    struct fake_world w = {.posts = fake_typed, .count = ARRAY_LEN(fake_typed)};
    struct pace pace = fake_pace(&w);
    struct sink sink = {.opaque = console, .output = fake_output};
    struct journal_options o = {.program = "test 1", .by_reference = by_reference};
    struct error e;
    struct journal *j = journal_record(path, &config, &o, &pace, &sink, &e);

    assert_non_null(j);
    assert_int_equal(live(j, f, &w, piece), JOURNAL_END);
    assert_int_equal(journal_why(j), END_QUIT);
    assert_int_equal(w.next, ARRAY_LEN(fake_typed));
    journal_close(j);
}

static enum journal_stop replay(struct fake *f, struct fake_console *console, tick piece,
                                struct divergence *d, struct journal_stats *stats)
{
    struct sink sink = {.opaque = console, .output = fake_output};
    struct error e;
    struct journal *j = journal_replay(path, NULL, &sink, &e);
    enum journal_stop s;
    tick to = 0;

    assert_non_null(j);
    journal_attach(j, &f->m);
    do {
        to += piece;
        s = journal_drive(j, &f->m, to, false);
    } while (s == JOURNAL_TICK);
    assert_int_equal(journal_drive(j, &f->m, to, false), s); /* and again */
    if (s == JOURNAL_DIVERGED) {
        assert_non_null(journal_divergence(j));
        *d = *journal_divergence(j);
    }
    journal_stats(j, stats);
    journal_close(j);
    return s;
}

static void test_same_history(void **state)
{
    struct fake a, b;
    struct fake_console out_a = {{0}}, out_b = {{0}};
    struct journal_stats stats;
    struct divergence d;

    (void)state;
    fake_init(&a, 5000, 3000);
    record(&a, &out_a, TICK_NEVER, false);
    assert_memory_equal(out_a.text.data, "HELLO", 5);
    assert_int_equal(out_a.text.length, 5 + 7 + 49 + 13);
    for (tick piece = 7001; piece != 0; piece = piece == TICK_NEVER ? 0 : TICK_NEVER) {
        fake_init(&b, 5000, 3000);
        assert_int_equal(replay(&b, &out_b, piece, &d, &stats), JOURNAL_END);
        assert_int_equal(b.m.state.now, a.m.state.now);
        assert_int_equal(machine_hash(&b.m), machine_hash(&a.m));
        assert_int_equal(out_b.text.length, out_a.text.length);
        assert_memory_equal(out_b.text.data, out_a.text.data, out_a.text.length);
        assert_true(stats.witnesses >= 3);
        assert_int_equal(stats.input_bytes, 5 + 7 + 49 + 13);
        text_fini(&out_b.text);
    }
    text_fini(&out_a.text);
}

static void test_chunks_make_the_same_file(void **state)
{
    struct fake a;
    struct fake_console out = {{0}};
    struct error e;
    struct recording *r[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        fake_init(&a, 5000, 3000);
        record(&a, &out, i == 0 ? TICK_NEVER : 1000003, false);
        r[i] = recording_open(path, &e);
        assert_non_null(r[i]);
        assert_null(recording_problem(r[i]));
        remove(path);
    }
    assert_int_equal(recording_known(r[0]), recording_known(r[1]));
    assert_int_equal(recording_end(r[0])->last.hash, recording_end(r[1])->last.hash);
    assert_int_equal(recording_witness_count(r[0]), recording_witness_count(r[1]));
    assert_int_equal(recording_input_count(r[0]), recording_input_count(r[1]));
    for (size_t i = 0; i < recording_input_count(r[0]); i++) {
        struct input x, y;
        input_of(r[0], i, &x);
        input_of(r[1], i, &y);
        assert_int_equal(x.at, y.at);
        assert_int_equal(x.length, y.length);
        assert_memory_equal(x.data, y.data, x.length);
        assert_int_equal(recording_inputs_before(r[0], x.at), i);
        assert_int_equal(recording_inputs_before(r[0], x.at + 1), i + 1);
    }
    recording_close(r[0]);
    recording_close(r[1]);
    text_fini(&out.text);
}

/* While idle, an input gets idle start + elapsed time; the fake's clock stands still while busy. */
static void test_stamps_follow_the_clock(void **state)
{
    struct fake f;
    struct fake_world w = {.posts = (const struct fake_post[]){{700, "x"}, {5000, NULL}},
                           .count = 2};
    struct pace pace = fake_pace(&w);
    struct error e;
    struct journal *j = journal_run(&config, &pace, NULL, &e);
    struct input in;

    (void)state;
    fake_init(&f, 1000000, 100);
    assert_int_equal(live(j, &f, &w, TICK_NEVER), JOURNAL_END);
    assert_int_equal(recording_input_count(journal_recording(j)), 1);
    input_of(journal_recording(j), 0, &in);
    assert_int_equal(in.at, 100 + 700);
    /* Idle again 101 ticks later; quit 4300 ns after that. */
    assert_int_equal(f.m.state.now, 801 + 100 + 4300);
    assert_int_equal(journal_why(j), END_QUIT);
    journal_close(j);
}

static void test_fault_is_bracketed(void **state)
{
    struct fake a, b;
    struct fake_console out = {{0}};
    struct journal_stats stats;
    struct divergence d = {0};
    struct error e;
    struct recording *r;
    tick fault = 50000000;
    size_t i;

    (void)state;
    fake_init(&a, 5000, 3000);
    record(&a, &out, TICK_NEVER, false);
    r = recording_open(path, &e);
    i = recording_witness_at(r, fault);
    assert_true(i > 0 && i < recording_witness_count(r));
    fake_init(&b, 5000, 3000);
    b.fault_at = fault;
    assert_int_equal(replay(&b, &out, TICK_NEVER, &d, &stats), JOURNAL_DIVERGED);
    assert_int_equal(d.good, recording_witness(r, i - 1).at);
    assert_int_equal(d.bad, recording_witness(r, i).at);
    assert_int_equal(d.recorded.hash, recording_witness(r, i).hash);
    assert_int_not_equal(d.replayed.hash, d.recorded.hash);
    assert_true(strlen(d.text) > 20);

    /* The guest stops early: also told. */
    fake_init(&b, 5000, 3000);
    b.off_at = 1000;
    assert_int_equal(replay(&b, &out, TICK_NEVER, &d, &stats), JOURNAL_DIVERGED);
    assert_int_equal(d.good, 0);
    recording_close(r);
    text_fini(&out.text);
}

static void test_power_off_ends_both(void **state)
{
    struct fake a, b;
    struct fake_console out = {{0}};
    struct fake_world w = {0};
    struct pace pace = fake_pace(&w);
    struct journal_stats stats;
    struct divergence d;
    struct error e;
    struct journal *j = journal_record(path, &config, NULL, &pace, NULL, &e);
    struct recording *r;
    struct recording_info info;

    (void)state;
    fake_init(&a, 5000, 3000);
    a.off_at = 44444;
    assert_int_equal(live(j, &a, &w, TICK_NEVER), JOURNAL_END);
    assert_int_equal(journal_why(j), END_POWER_OFF);
    journal_close(j);
    fake_init(&b, 5000, 3000);
    b.off_at = 44444;
    assert_int_equal(replay(&b, &out, TICK_NEVER, &d, &stats), JOURNAL_END);

    r = recording_open_for_info(path, &e);
    recording_get_info(r, &info);
    assert_int_equal(info.ticks, 44444);
    assert_true(info.complete);
    assert_string_equal(info.ended, "power-off");
    assert_string_equal(info.arch, "riscv64");
    assert_string_equal(info.append, "console=ttyS0 quiet");
    assert_int_equal(info.file_count, 2);
    assert_string_equal(info.files[1].name, "Image");
    assert_true(info.files[1].embedded);
    assert_int_equal(info.instructions, a.m.state.instructions);
    assert_int_equal(info.epoch_ns, config.epoch_ns);
    assert_int_equal(info.seed, config.seed);
    assert_int_equal(info.witnesses, 1);
    assert_true(info.blob_bytes > 0 && info.blob_bytes < info.recording_bytes);
    assert_true(info.recording_bytes - info.blob_bytes < 1024);
    recording_close(r);
}

static void test_idling_costs_no_bytes(void **state)
{
    struct fake f;
    struct fake_world w = {.posts = (const struct fake_post[]){{UINT64_C(600000000000), NULL}},
                           .count = 1};
    struct pace pace = fake_pace(&w);
    struct error e;
    struct journal_options o = {.by_reference = true};
    struct journal *j = journal_record(path, &config, &o, &pace, NULL, &e);
    struct stat st;

    (void)state;
    fake_init(&f, 100000000, 1000); /* ten minutes of ten alarms a second */
    assert_int_equal(live(j, &f, &w, TICK_NEVER), JOURNAL_END);
    journal_close(j);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < 600);
    assert_true(f.asked < 100000);
}

static void test_overwriting_needs_force(void **state)
{
    struct error e;
    struct journal_options force = {.force = true};
    struct journal *j = journal_record(path, &config, NULL, NULL, NULL, &e);

    (void)state;
    assert_non_null(j);
    journal_close(j);
    assert_null(journal_record(path, &config, NULL, NULL, NULL, &e));
    assert_non_null(strstr(e.text, "--force"));
    j = journal_record(path, &config, &force, NULL, NULL, &e);
    assert_non_null(j);
    journal_close(j);
    assert_null(journal_record("/nonexistent/x.rr", &config, NULL, NULL, NULL, &e));
    assert_null(journal_replay("/nonexistent/x.rr", NULL, NULL, &e));
}

static void write_file(const char *name, const void *bytes, size_t count)
{
    FILE *f = fopen(name, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, count, f), count);
    assert_int_equal(fclose(f), 0);
}

static void test_by_reference(void **state)
{
    char bios[256], kernel[256];
    struct error e;
    struct journal_options o = {.by_reference = true};
    struct journal *j;
    struct recording *r;
    uint8_t changed;

    (void)state;
    config.images[IMAGE_BIOS].name = (char *)(uintptr_t)fake_path(bios, sizeof(bios), "bios");
    config.images[IMAGE_KERNEL].name = (char *)(uintptr_t)fake_path(kernel, sizeof(kernel), "kern");
    j = journal_record(path, &config, &o, NULL, NULL, &e);
    assert_non_null(j);
    journal_close(j);

    assert_null(recording_open(path, &e)); /* the files are not there */
    assert_non_null(strstr(e.text, bios));
    write_file(bios, config.images[IMAGE_BIOS].data, config.images[IMAGE_BIOS].size);
    write_file(kernel, config.images[IMAGE_KERNEL].data, config.images[IMAGE_KERNEL].size);
    r = recording_open(path, &e);
    assert_non_null(r);
    assert_memory_equal(recording_config(r)->images[IMAGE_KERNEL].data,
                        config.images[IMAGE_KERNEL].data, config.images[IMAGE_KERNEL].size);
    recording_close(r);

    changed = config.images[IMAGE_KERNEL].data[500] ^ 1;
    FILE *f = fopen(kernel, "r+");
    assert_int_equal(fseek(f, 500, SEEK_SET), 0);
    assert_int_equal(fputc(changed, f), changed);
    fclose(f);
    assert_null(recording_open(path, &e));
    assert_non_null(strstr(e.text, "changed"));
    assert_non_null(strstr(e.text, kernel));
    remove(bios);
    remove(kernel);
}

/* A full disk, played by a limit on file sizes. */
static void test_full_disk(void **state)
{
    struct fake f;
    struct fake_world w = {0};
    struct pace pace = fake_pace(&w);
    struct rlimit unlimited, limit;
    struct error e;
    struct journal_options o = {.by_reference = true};
    struct journal *j;
    struct recording *r;
    struct journal_stats before, after;
    char line[4096];
    enum journal_stop s = JOURNAL_TICK;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    limit = unlimited;
    limit.rlim_cur = 20000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    j = journal_record(path, &config, &o, &pace, NULL, &e);
    assert_non_null(j);
    fake_init(&f, 1000, 1000);
    w.journal = j;
    journal_attach(j, &f.m);
    /* Something small first, until it is in the file; then too much. */
    journal_stats(j, &before);
    (void)journal_post(j, FAKE_PORT, "small", 5);
    do {
        s = journal_drive(j, &f.m, f.m.state.now + 1000, false);
        journal_stats(j, &after);
    } while (s == JOURNAL_TICK && after.file_bytes == before.file_bytes);
    for (unsigned i = 0; i < 4000 && s == JOURNAL_TICK; i++) {
        for (size_t n = 0; n < sizeof(line); n++) { /* does not compress */
            line[n] = (char)hash_bytes(&n, sizeof(n), i);
        }
        (void)journal_post(j, FAKE_PORT, line, sizeof(line));
        s = journal_drive(j, &f.m, f.m.state.now + 200000, false);
    }
    assert_int_equal(s, JOURNAL_LOST);
    assert_non_null(strstr(journal_problem(j), path));
    journal_close(j);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    /* What was written is good. */
    r = recording_open_for_info(path, &e);
    assert_non_null(r);
    assert_null(recording_problem(r));
    assert_null(recording_end(r));
    assert_true(recording_known(r) > 0);
    assert_true(recording_input_count(r) > 0);
    recording_close(r);
    /* Not even the start fits: there is no file afterwards. */
    remove(path);
    limit.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_null(journal_record(path, &config, &o, &pace, NULL, &e));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* Pokes are whole and pass a port that is full; what a port has no room for waits, in order. */
static void test_room(void **state)
{
    struct fake f;
    struct fake_world w = {0};
    struct pace pace = fake_pace(&w);
    struct error e;
    struct journal *j = journal_run(&config, &pace, NULL, &e);
    const struct recording *r = journal_recording(j);
    uint8_t poke[300] = {1};
    struct input in;

    (void)state;
    fake_init(&f, 10000, 10000);
    w.journal = j;
    journal_attach(j, &f.m);
    assert_int_equal(journal_post(j, FAKE_PORT, "0123456789abcdefghij", 20), 20);
    assert_int_equal(journal_post(j, POKE_PORT, poke, sizeof(poke)), sizeof(poke));
    assert_int_equal(journal_drive(j, &f.m, 5000, false), JOURNAL_TICK);
    assert_int_equal(recording_input_count(r), 2);
    input_of(r, 0, &in);
    assert_int_equal(in.length, FAKE_FIFO);
    input_of(r, 1, &in);
    assert_int_equal(in.port, POKE_PORT);
    assert_int_equal(in.length, sizeof(poke));
    assert_int_equal(journal_drive(j, &f.m, 5000000, false), JOURNAL_TICK);
    assert_int_equal(recording_input_count(r), 3);
    input_of(r, 2, &in);
    assert_memory_equal(in.data, "ghij", 4);
    assert_int_equal(recording_port_inputs(r, FAKE_PORT), 2);
    assert_int_equal(recording_port_inputs(r, POKE_PORT), 1);
    assert_int_equal(recording_port_inputs(r, 7), 0);

    /* The bound. */
    uint8_t *much = base_alloc(2 * JOURNAL_INBOX_MAX, 1);
    assert_int_equal(journal_post(j, FAKE_PORT, much, 2 * JOURNAL_INBOX_MAX), JOURNAL_INBOX_MAX);
    assert_int_equal(journal_post(j, FAKE_PORT, much, 1), 0);
    assert_int_equal(journal_post(j, POKE_PORT, poke, sizeof(poke)), sizeof(poke));
    free(much);
    journal_close(j);
}

/* A debugger goes back while the machine is live, comes forward again, and goes on. */
static void test_back_to_the_live_edge(void **state)
{
    struct fake live_one, past;
    struct fake_world w = {.posts = fake_typed, .count = ARRAY_LEN(fake_typed)};
    struct pace pace = fake_pace(&w);
    struct error e;
    struct journal *j = journal_run(&config, &pace, NULL, &e);
    struct replay replay;
    struct inlet inlet;
    tick edge;

    (void)state;
    fake_init(&live_one, 5000, 3000);
    w.journal = j;
    journal_attach(j, &live_one.m);
    assert_int_equal(journal_drive(j, &live_one.m, 40000000, false), JOURNAL_TICK);
    edge = live_one.m.state.now;
    assert_int_equal(recording_known(journal_recording(j)), edge);
    assert_true(recording_input_count(journal_recording(j)) > 2);

    fake_init(&past, 5000, 3000);
    replay_init(&replay, journal_recording(j), 0, NULL);
    inlet = replay_inlet(&replay);
    machine_set_inlet(&past.m, &inlet);
    assert_int_equal(machine_run(&past.m, 10000000, false), STOP_TICK);
    struct fake checkpoint = past;
    assert_int_equal(machine_run(&past.m, TICK_NEVER, false), STOP_END);
    assert_int_equal(past.m.state.now, edge);
    assert_int_equal(machine_hash(&past.m), machine_hash(&live_one.m));

    past = checkpoint; /* restored */
    replay_seek(&replay, past.m.state.now);
    assert_int_equal(machine_run(&past.m, edge, false), STOP_TICK);
    assert_int_equal(machine_hash(&past.m), machine_hash(&live_one.m));

    assert_int_equal(journal_drive(j, &live_one.m, TICK_NEVER, false), JOURNAL_END);
    past.m.inlet = inlet;
    assert_int_equal(machine_run(&past.m, TICK_NEVER, false), STOP_END);
    assert_int_equal(machine_hash(&past.m), machine_hash(&live_one.m));
    replay_fini(&replay);
    journal_close(j);
}

static void test_sleep_off(void **state)
{
    struct fake f;
    struct pace pace = {0};
    struct error e;
    struct journal *j = journal_run(&config, &pace, NULL, &e);

    (void)state;
    fake_init(&f, UINT64_C(1) << 40, 1000);
    journal_attach(j, &f.m);
    assert_int_equal(journal_drive(j, &f.m, UINT64_C(1) << 50, false), JOURNAL_TICK);
    assert_int_equal(f.m.state.now, UINT64_C(1) << 50);
    f.alarm = TICK_NEVER; /* nothing can ever happen */
    f.busy_until = 0;
    assert_int_equal(journal_drive(j, &f.m, TICK_NEVER, false), JOURNAL_END);
    assert_int_equal(journal_why(j), END_IDLE);
    journal_close(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        TEST(test_same_history),
        TEST(test_chunks_make_the_same_file),
        TEST(test_stamps_follow_the_clock),
        TEST(test_fault_is_bracketed),
        TEST(test_power_off_ends_both),
        TEST(test_idling_costs_no_bytes),
        TEST(test_overwriting_needs_force),
        TEST(test_by_reference),
        TEST(test_full_disk),
        TEST(test_room),
        TEST(test_back_to_the_live_edge),
        TEST(test_sleep_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
