/* SPDX-License-Identifier: GPL-2.0-or-later
 * travel_live: going back while a machine is still being recorded. The past is what it was, going
 * forwards again leads to the live edge and on from there, output comes once, and what was written
 * down in the end replays to the same states.
 */
#include "travel/travel.h"
#include "../toy/toy.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define HARTS   2
#define END_MAX 40000

struct seen {
    uint64_t hash[END_MAX]; /* H(t) as it was when first met; 0: not looked at */
    struct text output;
};

static void take_output(void *opaque, tick at, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct text *out = opaque;

    for (size_t i = 0; i < count; i++) {
        text_add(out, "%llu:%u:%02x\n", (unsigned long long)at, port, bytes[i]);
    }
}

static void check_hash(struct seen *seen, struct machine *m)
{
    uint64_t hash = machine_hash(m);

    assert_true(machine_state(m)->now < END_MAX);
    if (seen->hash[machine_state(m)->now] == 0) {
        seen->hash[machine_state(m)->now] = hash;
    }
    assert_true(seen->hash[machine_state(m)->now] == hash);
}

/* Some ticks of new history, with input now and then. */
static void go_on(struct travel *t, struct journal *j, uint64_t *seed)
{
    uint64_t x = toy_random(seed);
    tick edge = travel_end(t), until = edge + 1 + (x >> 8) % 400;
    struct travel_stop stop;

    if (x >> 62 == 0) {
        (void)journal_post(j, 1, &x, 1 + (x >> 20) % 4);
    }
    stop = travel_run_forward(t, until, NULL, false);
    assert_int_equal(stop.why, TRAVEL_ARRIVED);
    assert_int_equal(stop.at, until);
    assert_int_equal(travel_end(t), until);
    assert_true(travel_at_live_edge(t));
}

static void go_back(struct travel *t, struct seen *seen, uint64_t *seed)
{
    struct machine *m = travel_machine(t);
    tick edge = travel_end(t);
    uint64_t x = toy_random(seed);
    tick to = (x >> 8) % (edge + 1);
    struct travel_stop stop;

    switch (x >> 62) {
    case 0: stop = travel_seek(t, to); break;
    case 1:
        stop = travel_reverse_step(t, x & 1);
        assert_true(stop.why == TRAVEL_ARRIVED || stop.why == TRAVEL_BEGIN);
        check_hash(seen, m);
        stop = travel_reverse_step(t, x & 1);
        break;
    case 2: {
        const struct probe p = {
            .kind = PROBE_WATCH_ACCESS, .hart = PROBE_ANY_HART, .at = TOY_CONSOLE, .size = 4};
        const struct travel_probes probes = {.probes = &p, .count = 1, .client_steps = true};

        stop = travel_reverse_continue(t, &probes);
        break;
    }
    default: stop = travel_seek(t, edge + 50); assert_int_equal(stop.why, TRAVEL_END);
    }
    assert_true(stop.why != TRAVEL_INTERRUPTED && stop.why != TRAVEL_DIVERGED);
    assert_int_equal(travel_end(t), edge);
    check_hash(seen, m);
}

static void live(struct journal *j, struct seen *seen, uint64_t seed)
{
    const struct travel_limits limits = {.spacing = 400, .count = 12};
    struct machine *m = toy_machine_at_0(HARTS, toy_program);
    struct travel_live storage;
    struct travel_source source;
    struct travel *t;
    tick edge;

    journal_attach(j, m);
    source = travel_of_journal(&storage, j);
    t = travel_new(m, &source, &limits);
    assert_true(travel_is_live(t) && travel_at_live_edge(t));
    while (travel_end(t) < END_MAX - 1000) {
        go_on(t, j, &seed);
        check_hash(seen, m);
        for (uint64_t i = (toy_random(&seed) >> 20) % 4; i > 0; i--) {
            go_back(t, seen, &seed);
        }
    }
    go_back(t, seen, &seed);
    edge = travel_end(t);
    travel_free(t); /* wherever it is */
    travel_live_fini(&storage);
    assert_int_equal(machine_state(m)->now, edge);
    assert_int_equal(journal_drive(j, m, edge + 77, false), JOURNAL_TICK);
    check_hash(seen, m);
    assert_int_equal(journal_finish(j, END_QUIT, NULL), 0);
    machine_free(m);
}

/* The file that came out of it, on a machine that never went back. */
static void replay(const char *path, struct seen *seen)
{
    struct error e = {{0}};
    struct recording *r = recording_open(path, &e);
    struct text output = {0};
    const struct sink sink = {.opaque = &output, .output = take_output};
    struct machine *m = toy_machine_at_0(HARTS, toy_program);
    struct travel_recording storage;
    struct travel_source source;
    struct travel *t;
    struct travel_stop stop;

    assert_string_equal(e.text, "");
    assert_non_null(r);
    source = travel_of_recording(&storage, r, &sink);
    t = travel_new(m, &source, NULL);
    for (tick at = 0; at < recording_known(r); at++) {
        if (seen->hash[at] != 0) {
            assert_int_equal(travel_seek(t, at).why, TRAVEL_ARRIVED);
            check_hash(seen, m);
        }
    }
    stop = travel_run_forward(t, TICK_NEVER, NULL, false);
    assert_int_equal(stop.why, TRAVEL_END);
    assert_int_equal(stop.at, recording_known(r));
    assert_true(travel_get_stats(t).witnesses > 0); /* the final state at least */
    assert_true(output.length > 0);
    assert_int_equal(output.length, seen->output.length);
    assert_string_equal(output.data, seen->output.data);
    travel_free(t);
    travel_recording_fini(&storage);
    machine_free(m);
    recording_close(r);
    text_fini(&output);
}

static void test_live(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct seen *seen = base_alloc(1, sizeof(*seen));
        const struct sink sink = {.opaque = &seen->output, .output = take_output};
        const struct journal_options options = {.force = true};
        const struct pace pace = {0};
        struct machine_config config;
        char path[] = "/tmp/travel-live-XXXXXX";
        int fd = mkstemp(path);
        struct error e = {{0}};
        struct journal *j;

        assert_true(fd >= 0);
        close(fd);
        machine_config_init(&config);
        j = journal_record(path, &config, &options, &pace, &sink, &e);
        assert_string_equal(e.text, "");
        assert_non_null(j);
        live(j, seen, seed);
        journal_close(j);
        replay(path, seen);
        machine_config_fini(&config);
        unlink(path);
        text_fini(&seen->output);
        free(seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_live)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
