/* SPDX-License-Identifier: GPL-2.0-or-later
 * branch: history goes on from the cursor as another source has it. What was kept of the time
 * before stays good, as it is the same time; what came after the cursor is forgotten here, and is
 * in the other recording.
 */
#include "travel/internal.h"

bool travel_is_sound(const struct travel *t)
{
    return !t->diverged || t->bad > machine_state(t->machine)->now;
}

/* An index that is not complete never will be; of one that is, later checkpoints are passed by. */
static void cut_index(struct travel *t, tick now)
{
    index_abandon(t->builder);
    t->builder = NULL;
    if (now == t->begin) {
        travel_drop_index(t);
    } else if (t->shared == 0 || t->shared > now) {
        t->shared = now;
    }
}

/* The span that holds the cursor ends here: its notes say too much, which only costs time. New
 * history is not charted. */
static void cut_spans(struct travel *t, tick now)
{
    while (t->spans.count > 0 && t->spans.data[t->spans.count - 1].from >= now) {
        travel_drop_last_span(t);
    }
    if (t->spans.count > 0 && t->spans.data[t->spans.count - 1].to > now) {
        t->spans.data[t->spans.count - 1].to = now;
    }
    travel_end_chart(t);
}

void travel_change_source(struct travel *t, const struct travel_source *source)
{
    tick now = machine_state(t->machine)->now;

    must(travel_is_sound(t));
    travel_free_helpers(t); /* they are in the other history, */
    travel_end_awaiting(t); /* and so is that */
    cut_index(t, now);
    cut_spans(t, now);
    travel_drop_marks_from(t, now + 1);
    t->source = *source;
    t->furthest = now;
    t->verified = t->verified < now ? t->verified : now;
    t->good = t->good < now ? t->good : now;
    t->diverged = false;
    travel_set_inlet(t);
    t->source.moved(t->source.opaque, now, now);
    must(t->source.end(t->source.opaque) >= now);
}

void travel_visit_edge(struct travel *t, void *opaque, void (*there)(void *opaque))
{
    bool (*poll)(void *opaque, uint64_t done, uint64_t whole) = t->poll;
    tick now = machine_state(t->machine)->now, edge = travel_end(t);
    bool verify = t->verify;

    must(t->source.run_live != NULL);
    t->poll = NULL;
    t->verify = false;
    must(travel_go(t, edge) == TRAVEL_ARRIVED);
    there(opaque);
    must(machine_state(t->machine)->now == edge && travel_go(t, now) == TRAVEL_ARRIVED);
    t->poll = poll;
    t->verify = verify;
}
