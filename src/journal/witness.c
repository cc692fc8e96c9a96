/* SPDX-License-Identifier: GPL-2.0-or-later
 * witness: drives the machine from witness to witness. Live, a state hash is made every SPACING
 * instructions or so and written down; replaying, it is made at the ticks that the file names and
 * compared. Also how a history ends, and what is said when it is not the one that was recorded.
 * Finding the first field that differs needs checkpoints, and is travel/'s.
 */
#include <inttypes.h>
#include <stdio.h>

#include "journal/internal.h"

/* The spacing doubles three times after FIRST_AFTER each, so that short recordings have some and long ones pay
 * under 1 % for them, and again whenever DOUBLE_AFTER more were made, so a recording of n instructions has
 * about DOUBLE_AFTER * log2(n / SPACING / DOUBLE_AFTER) of them, 13 bytes each. */
enum { SPACING = 1 << 24, FIRST_AFTER = 2, DOUBLE_AFTER = 128 };
#define SPACING_MAX (UINT64_C(1) << 56) /* years */

static struct witness witness_of(struct machine *m)
{
    return (struct witness){.at = machine_state(m)->now,
                            .instructions = machine_state(m)->instructions,
                            .hash = machine_hash(m)};
}

static tick later(tick t, uint64_t by)
{
    return t < TICK_NEVER - by ? t + by : TICK_NEVER;
}

/* Where the replay has to stop next. */
static void aim_at_next(struct journal *j)
{
    const struct recording *r = j->recording;

    j->piece_end = j->next_witness < r->witnesses.count && !j->skip_witnesses
                       ? r->witnesses.data[j->next_witness].at
                       : TICK_NEVER;
}

static void count_witness(struct journal *j)
{
    unsigned most = j->spacing < 8 * SPACING ? FIRST_AFTER : DOUBLE_AFTER;

    if (++j->at_spacing == most && j->spacing < SPACING_MAX) {
        j->at_spacing = 0;
        j->spacing *= 2;
    }
}

void witness_start(struct journal *j)
{
    const struct recording *r = j->recording;

    j->spacing = SPACING;
    j->at_spacing = 0;
    for (size_t i = 0; i < r->witnesses.count && j->mode == MODE_LIVE; i++) { /* a branch's */
        count_witness(j);
        j->witnessed = r->witnesses.data[i].instructions;
    }
    if (j->mode == MODE_REPLAY) {
        aim_at_next(j);
    } else {
        j->piece_end = j->writer != NULL ? later(j->recording->known, j->spacing) : TICK_NEVER;
    }
}

static enum journal_stop conclude(struct journal *j, enum journal_stop verdict,
                                  enum journal_end why)
{
    j->over = true;
    j->verdict = verdict;
    j->why = why;
    return verdict;
}

/* ---- output digests -------------------------------------------------------------------------- */

static size_t digests(const struct journal *j, struct output_digest out[MACHINE_PORTS_MAX])
{
    size_t count = 0;

    for (unsigned p = 0; p < MACHINE_PORTS_MAX; p++) {
        if (j->outputs[p].state != NULL) {
            out[count++] = (struct output_digest){.port = (uint16_t)p,
                                                  .bytes = j->outputs[p].bytes,
                                                  .hash = XXH3_64bits_digest(j->outputs[p].state)};
        }
    }
    return count;
}

/* ---- live ------------------------------------------------------------------------------------ */

/* At the end of a piece. The guest may have idled through it: then the next piece will do. */
static void make_witness(struct journal *j, struct machine *m)
{
    if (machine_state(m)->instructions - j->witnessed >= j->spacing / 2 &&
        j->recording->witnesses.count < WITNESSES_MAX) {
        struct witness w = witness_of(m);

        vec_push(&j->recording->witnesses, w);
        writer_witness(j->writer, &w);
        j->witnessed = w.instructions;
        j->stats.witnesses++;
        count_witness(j);
    }
    j->piece_end = later(machine_state(m)->now, j->spacing);
}

static enum journal_end why_of_power(const struct machine *m)
{
    switch ((enum machine_power)machine_state(m)->power) {
    case POWER_OFF: return END_POWER_OFF;
    case POWER_FAILED: return END_FAILED;
    case POWER_RESET_END: return END_RESET;
    case POWER_ON: break;
    }
    return END_IDLE;
}

static enum journal_stop lost(struct journal *j, const char *why)
{
    (void)error_set(&j->problem, "%s", why);
    return conclude(j, JOURNAL_LOST, END_NONE);
}

static enum journal_stop end_live(struct journal *j, struct machine *m, enum journal_end why)
{
    struct recording *r = j->recording;
    struct error e;

    stamp_reached(j, machine_state(m)->now);
    if (past_settle(j, true, &e) != 0) {
        return lost(j, e.text);
    }
    r->end = (struct recording_end){
        .why = why, .exit_status = machine_state(m)->exit_status, .last = witness_of(m)};
    r->end.output_count = digests(j, r->end.outputs);
    r->ended = true;
    j->stats.witnesses++;
    if (j->writer != NULL && writer_finish(j->writer, &r->end, &e) != 0) {
        return lost(j, e.text);
    }
    return conclude(j, JOURNAL_END, why);
}

/* True when the drive is over, with *result. */
static bool after_live(struct journal *j, struct machine *m, enum stop stop, tick until,
                       enum journal_stop *result)
{
    enum journal_end quit = (enum journal_end)atomic_load(&j->quit);

    struct error e;

    if (stop == STOP_LOST) { /* the last step is no part of the history */
        *result = conclude(j, JOURNAL_LOST, END_NONE);
        return true;
    }
    stamp_reached(j, machine_state(m)->now);
    if (past_settle(j, false, &e) != 0) {
        *result = lost(j, e.text);
        return true;
    }
    if (j->writer != NULL && writer_failure(j->writer) != NULL) {
        *result = lost(j, writer_failure(j->writer));
        return true;
    }
    switch (stop) {
    case STOP_PROBE: *result = JOURNAL_PROBE; return true;
    case STOP_POWER: *result = end_live(j, m, why_of_power(m)); return true;
    case STOP_END:
        *result = quit == END_NONE && !j->idle_for_ever && atomic_exchange(&j->called, false)
                      ? JOURNAL_TICK
                      : end_live(j, m, quit != END_NONE ? quit : END_IDLE);
        return true;
    case STOP_TICK:
    case STOP_LOST: break;
    }
    if (machine_state(m)->now >= j->piece_end) {
        make_witness(j, m);
    }
    *result = JOURNAL_TICK;
    return machine_state(m)->now >= until;
}

/* ---- replaying ------------------------------------------------------------------------------- */

static enum journal_stop diverged(struct journal *j, const struct witness *recorded,
                                  const struct witness *replayed, const char *how)
{
    struct divergence *d = &j->divergence;

    d->good = j->good;
    d->bad = recorded->at;
    d->recorded = *recorded;
    d->replayed = *replayed;
    (void)snprintf(d->text, sizeof(d->text),
                   "the replay differs from the recording at tick %" PRIu64
                   " or before (it agreed at tick %" PRIu64 "): %s",
                   replayed->at < recorded->at ? replayed->at : recorded->at, j->good, how);
    return conclude(j, JOURNAL_DIVERGED, END_NONE);
}

/* JOURNAL_TICK if they agree. */
static enum journal_stop compare(struct journal *j, struct machine *m,
                                 const struct witness *recorded)
{
    struct witness replayed = witness_of(m);
    char how[128];

    j->stats.witnesses++;
    if (replayed.instructions != recorded->instructions) {
        (void)snprintf(how, sizeof(how), "%" PRIu64 " instructions instead of %" PRIu64,
                       replayed.instructions, recorded->instructions);
        return diverged(j, recorded, &replayed, how);
    }
    if (replayed.hash != recorded->hash) {
        (void)snprintf(how, sizeof(how),
                       "the state's hash is %016" PRIx64 " instead of %016" PRIx64, replayed.hash,
                       recorded->hash);
        return diverged(j, recorded, &replayed, how);
    }
    j->good = recorded->at;
    return JOURNAL_TICK;
}

static enum journal_stop compare_outputs(struct journal *j, struct machine *m)
{
    const struct recording_end *end = &j->recording->end;
    struct output_digest got[MACHINE_PORTS_MAX];
    size_t count = digests(j, got);
    char how[128];

    for (size_t i = 0; i < count || i < end->output_count; i++) {
        uint16_t port = i < count ? got[i].port : end->outputs[i].port;
        if (i < count && i < end->output_count && got[i].port == end->outputs[i].port &&
            got[i].bytes == end->outputs[i].bytes && got[i].hash == end->outputs[i].hash) {
            continue;
        }
        struct witness replayed = witness_of(m);
        (void)snprintf(how, sizeof(how), "the states agree, but not the output of port %s",
                       port < machine_port_count(m) ? machine_port(m, port)->name : "?");
        return diverged(j, &end->last, &replayed, how);
    }
    return JOURNAL_TICK;
}

/* The machine is where the recording ends, or ended before it. */
static enum journal_stop end_replay(struct journal *j, struct machine *m)
{
    const struct recording *r = j->recording;
    enum journal_stop result = JOURNAL_TICK;

    if (machine_state(m)->now < r->known) {
        struct witness recorded = {.at = r->known};
        struct witness replayed = witness_of(m);
        if (r->ended) {
            recorded = r->end.last;
        }
        return diverged(j, &recorded, &replayed, "the machine stopped before the recording's end");
    }
    if (r->ended) {
        result = compare(j, m, &r->end.last);
        if (result == JOURNAL_TICK) {
            result = compare_outputs(j, m);
        }
    }
    return result != JOURNAL_TICK ? result : conclude(j, JOURNAL_END, r->end.why);
}

static bool after_replay(struct journal *j, struct machine *m, enum stop stop, tick until,
                         enum journal_stop *result)
{
    if (stop == STOP_PROBE) {
        *result = JOURNAL_PROBE;
        return true;
    }
    if (stop != STOP_LOST && machine_state(m)->now == j->piece_end) {
        *result = compare(j, m, &j->recording->witnesses.data[j->next_witness]);
        if (*result != JOURNAL_TICK) {
            return true;
        }
        j->next_witness++;
        aim_at_next(j);
    }
    if (recording_lost(j->recording) != NULL) {
        *result = lost(j, recording_lost(j->recording));
        return true;
    }
    if (stop != STOP_TICK || machine_state(m)->now >= j->recording->known) {
        *result = end_replay(j, m);
        return true;
    }
    *result = JOURNAL_TICK;
    return machine_state(m)->now >= until;
}

/* ---- both ------------------------------------------------------------------------------------ */

enum journal_stop journal_drive(struct journal *j, struct machine *m, tick until,
                                bool skip_probes_now)
{
    enum journal_stop result = JOURNAL_TICK;

    must(m == j->machine);
    j->driven_from = machine_state(m)->now;
    j->leaves = false;
    for (;;) {
        enum journal_end quit = (enum journal_end)atomic_load(&j->quit);
        bool done;
        enum stop stop;

        if (j->over) {
            return j->verdict;
        }
        if (j->mode == MODE_REPLAY && quit != END_NONE) {
            return conclude(j, JOURNAL_END, quit);
        }
        stop = machine_run(m, until < j->piece_end ? until : j->piece_end, skip_probes_now);
        skip_probes_now = false;
        journal_flush(j);
        done = j->mode == MODE_REPLAY ? after_replay(j, m, stop, until, &result)
                                      : after_live(j, m, stop, until, &result);
        if (done) {
            return result;
        }
    }
}

int journal_finish(struct journal *j, enum journal_end why, struct error *e)
{
    must(why > END_NONE && why < END_COUNT);
    if (!j->over && j->mode == MODE_LIVE && j->machine != NULL) {
        (void)end_live(j, j->machine, why);
    }
    if (j->over && j->verdict == JOURNAL_LOST) {
        return error_set(e, "%s", j->problem.text);
    }
    return 0;
}
