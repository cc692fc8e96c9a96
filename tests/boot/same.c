/* SPDX-License-Identifier: GPL-2.0-or-later
 * same: the invariants (docs/determinism.md) over a window of a real recording, with its disks and
 * networks: whatever is done to a machine there, it has the hashes of a first, plain run. Every run but the
 * first begins from that one's checkpoint, read as bytes into a new machine.
 *
 *   same RECORDING PERMILLE TICKS [SLOW [SEED]]
 * The window begins at so many thousandths of the recording and has so many ticks; what is slow (interpreting,
 * a code cache of three blocks, asking at every step) does the first SLOW of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../chance.h"
#include "board/board.h"
#include "jit/jit.h"
#include "travel/travel.h"

enum { SAMPLES = 16 };

struct window {
    const struct recording *recording;
    tick from, ticks, slow;
    tick at[SAMPLES]; /* rising; the last is the end */
    uint64_t hash[SAMPLES];
    struct text checkpoint; /* at `from` */
    uint64_t seed;
    unsigned compared, failed;
};

struct run {
    struct machine *machine;
    struct travel_recording source;
    struct travel *travel;
};

static struct machine *build(const struct window *w, bool jit)
{
    struct error e;
    struct machine *m = board_build(recording_config(w->recording), &e);

    if (m == NULL || (jit && jit_supported() && engine_use_jit(machine_engine(m), true, &e) < 0)) {
        fprintf(stderr, "same: %s\n", e.text);
        exit(1);
    }
    return m;
}

/* History begins where the machine stands. */
static void begin(struct run *r, const struct window *w)
{
    struct travel_source source = travel_of_recording(&r->source, w->recording, NULL);

    r->travel = travel_new(r->machine, &source, NULL);
}

static void restore(struct run *r, const struct window *w)
{
    struct checkpoint_store *s = checkpoint_store_new(r->machine);
    struct error e;
    struct checkpoint *c = checkpoint_read(s, w->checkpoint.data, w->checkpoint.length, &e);

    if (c == NULL) {
        fprintf(stderr, "same: %s\n", e.text);
        exit(1);
    }
    checkpoint_restore(s, c);
    checkpoint_drop(c);
    checkpoint_store_free(s);
    begin(r, w);
}

static void end(struct run *r)
{
    travel_free(r->travel);
    travel_recording_fini(&r->source);
    machine_free(r->machine);
}

static void go(struct run *r, tick to)
{
    struct travel_stop stop = travel_seek(r->travel, to);

    if (stop.why != TRAVEL_ARRIVED) {
        fprintf(stderr, "same: tick %" PRIu64 " is not reached: %d at tick %" PRIu64 "\n", to,
                (int)stop.why, stop.at);
        exit(1);
    }
}

static void compare(struct window *w, const struct run *r, unsigned i, const char *what)
{
    w->compared++;
    if (machine_hash(r->machine) != w->hash[i]) {
        printf("FAILED %s: another state at tick %" PRIu64 "\n", what, w->at[i]);
        w->failed++;
    }
}

/* The plain run: goes there, and says what is right. */
static void first_run(struct window *w)
{
    struct run r = {.machine = build(w, true)};
    struct checkpoint_store *s;
    struct checkpoint *c;

    begin(&r, w);
    go(&r, w->from);
    travel_free(r.travel);
    travel_recording_fini(&r.source);
    s = checkpoint_store_new(r.machine);
    c = checkpoint_save(s);
    checkpoint_write(c, &w->checkpoint);
    checkpoint_drop(c);
    checkpoint_store_free(s);
    begin(&r, w);
    for (unsigned i = 0; i < SAMPLES; i++) {
        go(&r, w->at[i]);
        w->hash[i] = machine_hash(r.machine);
    }
    w->compared++;
    if (machine_hash_slow(r.machine) != w->hash[SAMPLES - 1]) {
        printf("FAILED the hash that is kept up is not that of the state\n");
        w->failed++;
    }
    end(&r);
}

static uint64_t draw(struct window *w, uint64_t below)
{
    return chance_next(&w->seed) % below;
}

/* Between two samples something is done at random ticks; some of them follow at once. */
static void in_pieces(struct window *w, const char *what, struct run *r, tick until,
                      void (*between)(struct run *r))
{
    for (unsigned i = 0; i < SAMPLES && w->at[i] <= until; i++) {
        for (tick now = travel_now(r->travel); now < w->at[i]; now = travel_now(r->travel)) {
            tick step = 1 + draw(w, draw(w, 3) == 0 ? 40 : w->ticks / SAMPLES / 8 + 1);

            go(r, step < w->at[i] - now ? now + step : w->at[i]);
            if (between != NULL) {
                between(r);
            }
        }
        compare(w, r, i, what);
    }
    end(r);
}

static void forget(struct run *r)
{
    machine_forget(r->machine);
}

static void pieces(struct window *w, const char *what, bool jit, tick until, size_t blocks,
                   void (*between)(struct run *r))
{
    struct run r = {.machine = build(w, jit)};

    if (blocks != 0) {
        engine_set_cache_limit(machine_engine(r.machine), blocks);
    }
    restore(&r, w);
    in_pieces(w, what, &r, until, between);
}

/* To samples in any order: back by checkpoints, forwards by running. */
static void to_and_fro(struct window *w)
{
    struct run r = {.machine = build(w, true)};

    restore(&r, w);
    for (unsigned n = 0; n < 2 * SAMPLES; n++) {
        unsigned i = (unsigned)draw(w, SAMPLES);

        go(&r, w->at[i]);
        compare(w, &r, i, "to and fro");
    }
    end(&r);
}

static bool never(void *opaque, struct machine *m, const struct probe_hit *hit)
{
    (void)m, (void)hit;
    ++*(uint64_t *)opaque;
    return false;
}

/* Everything is asked, and nobody stops. */
static void watched(struct window *w)
{
    struct run r = {.machine = build(w, true)};
    struct probe probes[3] = {
        {.kind = PROBE_STEP, .hart = 0},
        {.kind = PROBE_WATCH_ACCESS, .hart = PROBE_ANY_HART, .at = 0, .size = UINT64_MAX},
        {.kind = PROBE_TREE, .hart = PROBE_ANY_HART, .at = 0, .size = UINT64_MAX}};
    uint64_t met = 0;
    struct travel_probes set = {
        .probes = probes, .count = ARRAY_LEN(probes), .opaque = &met, .wanted = never};

    restore(&r, w);
    for (unsigned i = 0; i < SAMPLES && w->at[i] <= w->from + w->slow; i++) {
        struct travel_stop stop = travel_run_forward(r.travel, w->at[i], &set, false);

        if (stop.why != TRAVEL_ARRIVED) {
            printf("FAILED watched: %d at tick %" PRIu64 "\n", (int)stop.why, stop.at);
            w->failed++;
        }
        compare(w, &r, i, "watched");
    }
    if (met == 0) {
        printf("FAILED nothing was met\n");
        w->failed++;
    }
    end(&r);
}

static int by_tick(const void *a, const void *b)
{
    const tick *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Half of the samples are where the slow ones get to. */
static void choose_samples(struct window *w)
{
    for (unsigned i = 0; i < SAMPLES; i++) {
        w->at[i] = w->from + 1 + draw(w, i < SAMPLES / 2 ? w->slow : w->ticks);
    }
    w->at[0] = w->from + w->ticks;
    qsort(w->at, SAMPLES, sizeof(w->at[0]), by_tick);
}

int main(int argc, char **argv)
{
    struct window w = {.seed = argc > 5 ? strtoull(argv[5], NULL, 0) : 1};
    struct recording *r;
    struct error e;

    if (argc < 4) {
        fprintf(stderr, "same: RECORDING PERMILLE TICKS [SLOW [SEED]]\n");
        return 1;
    }
    r = recording_open(argv[1], &e);
    if (r == NULL) {
        fprintf(stderr, "same: %s\n", e.text);
        return 1;
    }
    w.recording = r;
    w.from = recording_known(r) / 1000 * strtoull(argv[2], NULL, 0);
    w.ticks = strtoull(argv[3], NULL, 0);
    w.slow = argc > 4 ? strtoull(argv[4], NULL, 0) : w.ticks / 8;
    if (w.ticks == 0 || w.slow == 0 || w.slow > w.ticks || w.ticks > recording_known(r) - w.from) {
        fprintf(stderr, "same: the window is not inside the recording\n");
        return 1;
    }
    choose_samples(&w);
    first_run(&w);
    pieces(&w, "again, from a checkpoint, in pieces", true, w.from + w.ticks, 0, NULL);
    pieces(&w, "forgetting", true, w.from + w.ticks, 0, forget);
    pieces(&w, "interpreted", false, w.from + w.slow, 0, NULL);
    pieces(&w, "a small cache", true, w.from + w.slow, 3, NULL);
    to_and_fro(&w);
    watched(&w);
    printf("%u hashes compared from tick %" PRIu64 " to %" PRIu64 ", %u differ\n", w.compared,
           w.from, w.from + w.ticks, w.failed);
    text_fini(&w.checkpoint);
    recording_close(r);
    return w.failed > 0;
}
