/* SPDX-License-Identifier: GPL-2.0-or-later
 * divert: the machine is led aside for a while, to try what history does not know: a function that a
 * debugger calls, a change that may yet be taken back. Nothing that happens there is history: no mark
 * is left, no witness compared, nothing charted, and coming back is one checkpoint restored.
 */
#include <stdlib.h>

#include "travel/internal.h"

/* Ticks between two questions whether to give up. */
#define PIECE (UINT64_C(1) << 16)

/* ---- the inlet there ---- */

static enum inlet_answer aside_next(void *opaque, tick now, struct input *in, tick *ask_again)
{
    struct diversion *d = opaque;

    *ask_again = TICK_NEVER;
    if (!d->is_posted) {
        return INLET_QUIET;
    }
    *in = (struct input){.at = now,
                         .port = POKE_PORT,
                         .length = (uint32_t)d->posted.length,
                         .data = (const uint8_t *)d->posted.data};
    d->is_posted = false; /* the bytes stay until the next post */
    d->taken++;
    return INLET_INPUT;
}

static tick aside_idle(void *opaque, tick now, tick event)
{
    (void)opaque;
    (void)now;
    return event;
}

static void aside_output(void *opaque, tick now, uint16_t port, const uint8_t *bytes, size_t count)
{
    struct diversion *d = opaque;

    if (d->sink.output != NULL) {
        d->sink.output(d->sink.opaque, now, port, bytes, count);
    }
}

static int aside_took(void *opaque, unsigned file, uint64_t cluster, uint64_t hash, struct error *e)
{
    const struct diversion *d = opaque;
    const struct inlet *from = d->history;

    return from->took != NULL ? from->took(from->opaque, file, cluster, hash, e) : 0;
}

/* ---- there and back ---- */

void travel_divert(struct travel *t, const struct sink *sink)
{
    struct diversion *d = &t->diversion;
    const struct inlet inlet = {.opaque = d,
                                .next = aside_next,
                                .idle = aside_idle,
                                .output = aside_output,
                                .took = aside_took};

    must(d->from == NULL && !travel_at_live_edge(t));
    *d = (struct diversion){.from = checkpoint_save(t->store),
                            .sink = *sink,
                            .history = &t->source.inlet,
                            .has_reported = t->has_reported,
                            .reported = t->reported,
                            .taken = travel_taken(t, POKE_PORT)};
    machine_set_inlet(t->machine, &inlet);
}

bool travel_is_diverted(const struct travel *t)
{
    return t->diversion.from != NULL;
}

void travel_return(struct travel *t)
{
    struct diversion *d = &t->diversion;
    tick there = machine_state(t->machine)->now;

    must(d->from != NULL);
    checkpoint_restore(t->store, d->from);
    checkpoint_drop(d->from);
    d->from = NULL;
    text_fini(&d->posted);
    travel_set_inlet(t);
    t->source.moved(t->source.opaque, there, machine_state(t->machine)->now);
    t->has_reported = d->has_reported;
    t->reported = d->reported;
}

size_t travel_post_aside(struct travel *t, uint16_t port, const void *bytes, size_t count)
{
    struct diversion *d = &t->diversion;

    if (port != POKE_PORT || d->is_posted || count > INPUT_BYTES_MAX) {
        return 0;
    }
    d->posted.length = 0;
    text_add_bytes(&d->posted, bytes, count);
    d->is_posted = true;
    return count;
}

enum travel_why travel_drive_aside(struct travel *t, tick until, bool skip_here)
{
    struct machine *m = t->machine;
    tick start = machine_state(m)->now;

    while (machine_state(m)->now < until) {
        tick end = until - machine_state(m)->now > PIECE ? machine_state(m)->now + PIECE : until;
        enum stop stop = machine_run(m, end, skip_here && machine_state(m)->now == start);

        if (stop == STOP_PROBE) {
            return travel_met(t);
        }
        if (stop != STOP_TICK) {
            return stop == STOP_POWER ? TRAVEL_POWER : TRAVEL_END;
        }
        if (machine_state(m)->now < until && t->poll != NULL &&
            t->poll(t->poll_opaque, machine_state(m)->now - start, 0)) {
            return TRAVEL_INTERRUPTED;
        }
    }
    return TRAVEL_ARRIVED;
}
