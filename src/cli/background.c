/* SPDX-License-Identifier: GPL-2.0-or-later
 * background: the index of a recording, made by a replay of its own in another thread while somebody
 * debugs already. Who ends before it is done has made none.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/side.h"
#include "host/host.h"

#define MARKS_KEPT 4 /* of no further use */

struct background {
    const struct options *options;
    const struct recording *recording;
    struct index_of of;
    char *path;
    struct index_builder *builder;
    uint64_t spacing;
    struct host_thread *thread;
    struct host_lock lock; /* guards the rest */
    bool done, unwanted;
    struct error problem; /* of `done`; empty: there is an index */
};

static bool is_unwanted(void *opaque, uint64_t done, uint64_t whole)
{
    struct background *b = opaque;
    bool unwanted;

    (void)done;
    (void)whole;
    host_lock_take(&b->lock);
    unwanted = b->unwanted;
    host_lock_give(&b->lock);
    return unwanted;
}

static void build(struct background *b, struct travel *t, struct error *e)
{
    struct travel_stop stop;

    travel_build_index(t, b->builder, &b->of, b->spacing);
    travel_set_poll(t, b, is_unwanted);
    stop = travel_seek(t, b->of.end);
    if (travel_index(t) == NULL) {
        error_set(e, "%s",
                  travel_index_problem(t) != NULL ? travel_index_problem(t)
                  : stop.why == TRAVEL_DIVERGED   ? "the replay differs from the recording"
                                                  : "it was not finished");
    }
}

static void *work(void *argument)
{
    struct background *b = argument;
    const struct travel_limits limits = {.spacing = b->spacing, .count = MARKS_KEPT};
    struct error e = {{0}};
    struct side side;

    if (side_open(&side, b->recording, b->options, &limits, &e) == 0) {
        build(b, side.travel, &e);
    } else {
        index_abandon(b->builder);
    }
    side_close(&side);
    host_lock_take(&b->lock);
    b->done = true;
    b->problem = e;
    host_lock_give(&b->lock);
    return NULL;
}

/* What travel asks, now and then. */
static struct index *ready(void *opaque, bool *over, struct error *e)
{
    struct background *b = opaque;
    struct index_place place;
    bool good;

    host_lock_take(&b->lock);
    *over = b->done;
    good = b->done && b->problem.text[0] == '\0';
    if (b->done && !good) {
        *e = b->problem;
    }
    host_lock_give(&b->lock);
    if (!good) {
        return NULL;
    }
    place = cli_index_place(b->options, b->path, NULL);
    return index_open(&place, &b->of, NULL, e);
}

static void end(void *opaque)
{
    struct background *b = opaque;

    host_lock_take(&b->lock);
    b->unwanted = true;
    host_lock_give(&b->lock);
    host_thread_join(b->thread);
    host_lock_fini(&b->lock);
    free(b->path);
    free(b);
}

bool cli_build_behind(struct travel *t, const struct options *o, const struct recording *r,
                      const char *path, const struct index_of *of, uint64_t spacing,
                      struct index_builder *builder)
{
    struct background *b = base_alloc(1, sizeof(*b));

    *b = (struct background){.options = o,
                             .recording = r,
                             .of = *of,
                             .path = base_strdup(path),
                             .builder = builder,
                             .spacing = spacing};
    host_lock_init(&b->lock);
    b->thread = host_thread_start(work, b, NULL);
    if (b->thread == NULL) {
        host_lock_fini(&b->lock);
        free(b->path);
        free(b);
        return false;
    }
    travel_await_index(t, &(struct travel_awaited){.opaque = b, .ready = ready, .end = end});
    return true;
}
