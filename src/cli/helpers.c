/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers: machines of their own for searches that all cores share, each made when first wanted.
 */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/side.h"
#include "host/host.h"

/* Each has the guest's memory once more. */
#define HELPERS_MAX 7
/* In its own memory; it goes by the index. */
#define MARKS_KEPT 8

struct helpers {
    const struct options *options;
    const struct recording *recording;
    struct index_of of;
    char *index_path;
    struct side each[HELPERS_MAX];
};

/* In the helper's thread. Without an index there is nothing to share. */
static struct travel *make(void *opaque, unsigned number)
{
    const struct travel_limits limits = {.count = MARKS_KEPT};
    struct helpers *h = opaque;
    struct side *one = &h->each[number];
    const struct index_place place = cli_index_place(h->options, h->index_path, NULL);
    struct index *x = index_open(&place, &h->of, NULL, NULL);

    if (x == NULL) {
        return NULL;
    }
    if (side_open(one, h->recording, h->options, &limits, NULL) < 0) {
        index_close(x);
        return NULL;
    }
    travel_use_index(one->travel, x);
    return one->travel;
}

static void release(void *opaque, unsigned number)
{
    struct helpers *h = opaque;

    side_close(&h->each[number]);
}

static void close_all(void *opaque)
{
    struct helpers *h = opaque;

    free(h->index_path);
    free(h);
}

void cli_share_searches(struct travel *t, const struct options *o, const struct recording *r,
                        const char *index_path, const struct index_of *of, bool early)
{
    unsigned count = host_cpu_count() - 1;
    struct helpers *h;

    if (count == 0) {
        return;
    }
    h = base_alloc(1, sizeof(*h));
    *h = (struct helpers){.options = o, .recording = r, .of = *of};
    h->index_path = base_strdup(index_path);
    travel_set_helpers(t,
                       &(struct travel_helpers){.count = count < HELPERS_MAX ? count : HELPERS_MAX,
                                                .early = early,
                                                .opaque = h,
                                                .make = make,
                                                .release = release,
                                                .close = close_all});
}
