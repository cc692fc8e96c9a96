/* SPDX-License-Identifier: GPL-2.0-or-later
 * index: makes the index beside a recording by replaying it once, and gives travel the one there
 * is. See docs/index.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/say.h"
#include "cli/side.h"
#include "host/host.h"
#include "index/index.h"
#include "world/world.h"

/* Pages of a recording that is indexed are of no further use in memory. */
#define MARKS_KEPT 4
/* Instructions from one checkpoint to the next; more, if that makes too many. */
#define SPACING (UINT64_C(24) << 20)
#define SPANS   4096

static char *index_path(const char *recording)
{
    struct text path = {0};

    text_add(&path, "%s.idx", recording);
    return path.data;
}

static struct index_of index_of(const struct recording *r)
{
    return (struct index_of){.identity = recording_identity(r), .end = recording_known(r)};
}

/* Of a recording whose length is known. */
static uint64_t spacing_for(const struct recording *r)
{
    struct recording_info info;

    recording_get_info(r, &info);
    return info.instructions / SPANS > SPACING ? info.instructions / SPANS : SPACING;
}

int cli_find_index_key(struct options *o, struct error *e)
{
    struct error why;

    if (userkey_get(o->index_key.bytes, &why) < 0) {
        userkey_by_chance(o->index_key.bytes);
        return error_set(e, "%s; an index made now is of use to this process only", why.text);
    }
    return 0;
}

void cli_take_index_key(struct options *o)
{
    struct error e;

    if (cli_find_index_key(o, &e) < 0) {
        say("%s", e.text);
    }
}

#define INDEX_BYTES GIB /* unless --index-size says something else */

struct index_place cli_index_place(const struct options *o, const char *path, const char *recording)
{
    return (struct index_place){.most_bytes = o->index_bytes != 0 ? o->index_bytes : INDEX_BYTES,
                                .and_trees = o->index_bytes == 0,
                                .path = path,
                                .recording = recording,
                                .key = &o->index_key,
                                .file = o->index_file,
                                .trusted = o->trust_index};
}

/* The index there is; NULL: none, and if that needs saying it was said. *missing: not even a bad one. */
static struct index *open_old(const struct index_place *place, const struct index_of *of,
                              bool *missing)
{
    struct error e;
    struct index *x = index_open(place, of, missing, &e);

    if (x == NULL && !*missing) {
        say("%s; making a new one", e.text);
    }
    return x;
}

void cli_use_index(struct travel *t, const struct options *o, const struct recording *r,
                   bool behind)
{
    const struct index_of of = index_of(r);
    char *path = index_path(o->files[0]);
    const struct index_place place = cli_index_place(o, path, o->files[0]);
    bool missing;
    struct index *x = open_old(&place, &of, &missing);
    struct error e;
    struct index_builder *b = NULL;
    uint64_t spacing = spacing_for(r);

    if (x != NULL) {
        travel_use_index(t, x);
    } else if (of.end > travel_begin(t)) {
        b = index_build(&place, &e); /* NULL: somebody else makes it, or nobody can */
        if (b == NULL) {
            if (!missing) {
                say("going on without an index: %s", e.text);
            }
            (void)travel_chart(t, 0, false, NULL);
        } else if (!behind || host_cpu_count() == 1 ||
                   !cli_build_behind(t, o, r, path, &of, spacing, b)) {
            travel_build_index(t, b, &of, spacing);
        }
    }
    cli_share_searches(t, o, r, path, &of, behind);
    free(path);
}

/* ---- behind a recording that is being made ---- */

int cli_start_index(struct travel *t, const struct options *o, const char *recording, int file,
                    struct error *e)
{
    char *path = index_path(recording), self[64];
    const struct index_place place = cli_index_place(o, path, self);
    struct index_builder *b;

    snprintf(self, sizeof self, "/proc/self/fd/%d", file); /* it may have no name yet */
    b = index_build(&place, e);
    free(path);
    if (b == NULL) {
        return -1;
    }
    travel_build_index(t, b, NULL, 0);
    return 0;
}

int cli_finish_index(struct travel *t, const struct recording *r, struct error *e)
{
    const struct index_of of = index_of(r);

    return travel_finish_index(t, &of, e);
}

/* ---- reprise index ---- */

struct indexing {
    const struct options *options;
    char *path;
    struct recording *recording;
    struct side side;
};

static int report(const struct indexing *x, struct index *index)
{
    struct index_stats s;

    index_get_stats(index, &s);
    say("%s: %llu checkpoints of %llu ticks, %llu pages, %llu bytes", x->path,
        (unsigned long long)s.checkpoints, (unsigned long long)recording_known(x->recording),
        (unsigned long long)s.pages, (unsigned long long)s.file_bytes);
    if (s.last < recording_known(x->recording)) {
        say("%s: what lies behind tick %llu is too large for checkpoints in it (--index-size)",
            x->path, (unsigned long long)s.last);
    }
    if (s.lines_left_out > 0) {
        say("%s: the guest printed too much for an index: the last %llu lines are left out",
            x->path, (unsigned long long)s.lines_left_out);
    }
    return EXIT_FINE;
}

static int replay_once(struct indexing *x, struct index_builder *b, const struct index_of *of,
                       uint64_t spacing, struct error *e)
{
    struct travel *t = x->side.travel;
    struct progress progress;
    struct travel_stop stop;

    travel_build_index(t, b, of, spacing);
    progress_begin(&progress, t, "indexing");
    stop = travel_seek(t, of->end);
    progress_end(&progress);
    if (stop.why == TRAVEL_DIVERGED) {
        return side_differs(stop.at);
    }
    if (stop.why == TRAVEL_INTERRUPTED) {
        return side_interrupted(t, of->end, "no index was made");
    }
    if (travel_index(t) == NULL) {
        const char *problem = travel_index_problem(t);

        error_set(e, "%s", problem != NULL ? problem : "the replay did not come to its end");
        return cli_fail(e);
    }
    return report(x, travel_index(t));
}

static int make(struct indexing *x, struct error *e)
{
    const struct index_of of = index_of(x->recording);
    const struct travel_limits limits = {.spacing = spacing_for(x->recording), .count = MARKS_KEPT};
    const struct index_place place = cli_index_place(x->options, x->path, x->options->files[0]);
    bool missing;
    struct index *old = open_old(&place, &of, &missing);
    struct index_builder *b;
    int status;

    if (old != NULL) {
        status = report(x, old);
        index_close(old);
        return status;
    }
    if (of.end == 0) {
        error_set(e, "%s ends at tick 0: there is nothing to index", x->options->files[0]);
        return cli_fail(e);
    }
    if (side_open(&x->side, x->recording, x->options, &limits, e) < 0 ||
        (b = index_build(&place, e)) == NULL) {
        return cli_fail(e);
    }
    return replay_once(x, b, &of, limits.spacing, e);
}

int command_index(struct options *o)
{
    struct indexing x = {.options = o};
    struct error e;
    int status;

    if (cli_confine(o, false, NULL, &e) < 0) {
        return cli_fail(&e);
    }
    x.recording = recording_open(o->files[0], &e);
    if (x.recording == NULL) {
        return cli_fail(&e);
    }
    if (recording_problem(x.recording) != NULL) {
        say("%s", recording_problem(x.recording));
    }
    x.path = index_path(o->files[0]);
    status = make(&x, &e);
    side_close(&x.side);
    status = side_lost(x.recording, status);
    recording_close(x.recording);
    free(x.path);
    return status;
}
