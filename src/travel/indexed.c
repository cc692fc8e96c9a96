/* SPDX-License-Identifier: GPL-2.0-or-later
 * indexed: travel and the index beside a recording. Its checkpoints become marks where one is
 * nearer than those in memory; where there is no index, the first journey to the end makes one.
 */
#include <stdlib.h>

#include "travel/internal.h"

/* There is one at most: what a store got of one index is known by that one's ids. */
static void take_index(struct travel *t, struct index *x)
{
    must(t->lends == NULL);
    t->index = t->lends = x;
    if (x != NULL) {
        index_lend(x);
    }
}

void travel_use_index(struct travel *t, struct index *x)
{
    must(t->source.run_live == NULL && t->index == NULL && t->builder == NULL);
    take_index(t, x);
    if (travel_load_spans(t, x, &t->index_problem) < 0) {
        travel_drop_index(t);
    }
}

void travel_build_index(struct travel *t, struct index_builder *b, const struct index_of *of,
                        uint64_t spacing)
{
    must(t->index == NULL && t->builder == NULL && (of == NULL) == travel_is_open(t));
    t->builder = b;
    if (of != NULL) {
        t->index_of = *of;
    }
    if (travel_chart(t, spacing, true, &t->index_problem) < 0) {
        travel_drop_index(t);
    }
}

int travel_finish_index(struct travel *t, const struct index_of *of, struct error *e)
{
    if (t->builder != NULL && travel_now(t) == of->end &&
        (t->source.grows || travel_at_live_edge(t))) {
        struct index *x;

        t->index_of = *of; /* it is known now where the last span ends */
        travel_end_span(t);
        x = index_finish(t->builder, of, e);
        t->builder = NULL;
        index_close(x);
        return x != NULL ? 0 : -1;
    }
    return error_set(e, "%s",
                     travel_index_problem(t) != NULL ? travel_index_problem(t)
                                                     : "history went on without an index");
}

void travel_await_index(struct travel *t, const struct travel_awaited *awaited)
{
    must(t->source.run_live == NULL && t->index == NULL && t->builder == NULL);
    t->awaited = *awaited;
}

void travel_end_awaiting(struct travel *t)
{
    if (t->awaited.ready != NULL) {
        t->awaited.end(t->awaited.opaque);
        t->awaited = (struct travel_awaited){0};
    }
}

void travel_look_for_index(struct travel *t)
{
    struct index *x;
    bool over = false;

    if (likely(t->awaited.ready == NULL)) {
        return;
    }
    x = t->awaited.ready(t->awaited.opaque, &over, &t->index_problem);
    if (over) {
        travel_end_awaiting(t);
    }
    if (x != NULL) {
        travel_end_chart(t);
        travel_free_spans(t);
        travel_use_index(t, x);
        travel_ready_helpers(t);
    }
}

const char *travel_index_problem(const struct travel *t)
{
    return t->index_problem.text[0] != '\0' ? t->index_problem.text : NULL;
}

struct index *travel_index(const struct travel *t)
{
    return t->index;
}

/* It stays open for what is lent of it. */
void travel_drop_index(struct travel *t)
{
    index_abandon(t->builder);
    t->index = NULL;
    t->builder = NULL;
}

/* The trail before the end, where debuggers begin: a step back from there is not to cost a replay of what may be
 * a whole span. */
static void feed_trail(struct travel *t, const struct index_span *span)
{
    for (size_t i = 0; i < t->marks.count; i++) {
        const struct mark *m = &t->marks.data[i];

        if (m->at > span->from && m->at < span->to) {
            index_add(t->builder, m->checkpoint, NULL);
        }
    }
}

void travel_feed_index(struct travel *t, const struct index_span *span)
{
    struct checkpoint *c;

    if (t->builder == NULL) {
        return;
    }
    if (span->to == t->index_of.end) {
        feed_trail(t, span);
    }
    c = checkpoint_save(t->store);
    index_add(t->builder, c, span);
    checkpoint_drop(c);
    if (!travel_is_open(t) && span->to == t->index_of.end) {
        take_index(t, index_finish(t->builder, &t->index_of, &t->index_problem));
        t->builder = NULL;
    }
}

/* The checkpoint becomes a mark; what is too much was thinned before, so that this one stays. */
static bool load_mark(struct travel *t, tick at)
{
    struct checkpoint *c = index_load(t->index, t->store, at, &t->index_problem);

    if (c == NULL) {
        travel_drop_index(t);
        return false;
    }
    travel_insert_mark(t, at, checkpoint_instructions(c), c);
    t->stats.loaded++;
    return true;
}

const struct mark *travel_nearest(struct travel *t, tick at, tick enough)
{
    tick mark = travel_mark_before(t, at)->at, indexed;
    tick last = t->shared != 0 && t->shared < at ? t->shared : at;

    if (t->index != NULL && index_before(t->index, last, &indexed) && indexed > mark &&
        indexed > enough) {
        (void)load_mark(t, indexed);
    }
    return travel_mark_before(t, at);
}
