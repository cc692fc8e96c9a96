/* SPDX-License-Identifier: GPL-2.0-or-later
 * source: where history comes from: a finished recording, or a journal whose machine still runs.
 * Known history is always read back by a replay over the recording in memory; a live machine gets
 * the journal's own inlet only at the very edge.
 */
#include "travel/travel.h"

/* An idle guest waits in host time: no longer than this without the user being asked. */
#define PATIENCE_NS (UINT64_C(1) << 27)

static bool witness_after(const struct recording *r, tick after, tick *at, uint64_t *hash)
{
    size_t i = after != TICK_NEVER ? recording_witness_at(r, after + 1) : SIZE_MAX;

    if (i >= recording_witness_count(r)) {
        return false;
    }
    *at = recording_witness(r, i).at;
    *hash = recording_witness(r, i).hash;
    return true;
}

/* ---- a recording ---- */

static void recording_moved(void *opaque, tick from, tick to)
{
    struct travel_recording *s = opaque;

    (void)from;
    replay_seek(&s->replay, to);
}

static tick recording_edge(void *opaque)
{
    struct travel_recording *s = opaque;

    return recording_known(s->replay.inputs.recording);
}

/* The final state is a witness too. */
static bool recording_next_witness(void *opaque, tick after, tick *at, uint64_t *hash)
{
    struct travel_recording *s = opaque;
    const struct recording_end *end = recording_end(s->replay.inputs.recording);

    if (witness_after(s->replay.inputs.recording, after, at, hash)) {
        return true;
    }
    if (end == NULL || end->last.at <= after) {
        return false;
    }
    *at = end->last.at;
    *hash = end->last.hash;
    return true;
}

struct travel_source travel_of_recording(struct travel_recording *storage,
                                         const struct recording *r, const struct sink *sink)
{
    *storage = (struct travel_recording){0};
    if (sink != NULL) {
        storage->sink = *sink;
    }
    replay_init(&storage->replay, r, 0, sink != NULL ? &storage->sink : NULL);
    return (struct travel_source){.opaque = storage,
                                  .inlet = replay_inlet(&storage->replay),
                                  .moved = recording_moved,
                                  .end = recording_edge,
                                  .witness = recording_next_witness,
                                  .grows = recording_grows(r)};
}

void travel_recording_fini(struct travel_recording *storage)
{
    replay_fini(&storage->replay);
}

/* ---- a live journal ---- */

static void live_moved(void *opaque, tick from, tick to)
{
    struct travel_live *s = opaque;

    (void)from;
    replay_seek(&s->replay, to);
}

static tick live_edge(void *opaque)
{
    struct travel_live *s = opaque;

    return recording_known(s->replay.inputs.recording);
}

static bool live_witness(void *opaque, tick after, tick *at, uint64_t *hash)
{
    struct travel_live *s = opaque;

    return witness_after(s->replay.inputs.recording, after, at, hash);
}

static void live_go(void *opaque, struct machine *m)
{
    struct travel_live *s = opaque;
    const struct inlet inlet = journal_inlet(s->journal);

    machine_set_inlet(m, &inlet);
}

static enum stop live_run(void *opaque, struct machine *m, tick until, bool skip_probes_now)
{
    struct travel_live *s = opaque;
    uint64_t most = PATIENCE_NS >> machine_state(m)->clock.shift;

    until = until - machine_state(m)->now > most ? machine_state(m)->now + most : until;
    switch (journal_drive(s->journal, m, until, skip_probes_now)) {
    case JOURNAL_TICK: return STOP_TICK;
    case JOURNAL_PROBE: return STOP_PROBE;
    case JOURNAL_END:
    case JOURNAL_DIVERGED:
    case JOURNAL_LOST: break;
    }
    return machine_state(m)->power != POWER_ON ? STOP_POWER : STOP_END;
}

static size_t live_post(void *opaque, uint16_t port, const void *bytes, size_t count)
{
    struct travel_live *s = opaque;

    return journal_post(s->journal, port, bytes, count);
}

static uint64_t live_taken(void *opaque, uint16_t port)
{
    struct travel_live *s = opaque;

    return recording_port_inputs(s->replay.inputs.recording, port);
}

struct travel_source travel_of_journal(struct travel_live *storage, struct journal *j)
{
    *storage = (struct travel_live){.journal = j};
    replay_init(&storage->replay, journal_recording(j), 0, NULL);
    return (struct travel_source){.opaque = storage,
                                  .inlet = replay_inlet(&storage->replay),
                                  .moved = live_moved,
                                  .end = live_edge,
                                  .witness = live_witness,
                                  .go_live = live_go,
                                  .run_live = live_run,
                                  .post = live_post,
                                  .taken = live_taken};
}

void travel_live_fini(struct travel_live *storage)
{
    replay_fini(&storage->replay);
}
