/* SPDX-License-Identifier: GPL-2.0-or-later
 * branch: new histories that leave a recording, or a live machine's past, where a debugger changes
 * something: which file each goes to, and which one the traveller is in.
 */
#ifndef CLI_BRANCH_H
#define CLI_BRANCH_H

#include "options/options.h"
#include "journal/journal.h"
#include "travel/travel.h"

struct branches {
    /* Given; all borrowed. */
    const struct options *options;
    struct travel *travel;
    const char *file; /* names are made of it; NULL: branches are kept in memory only */
    struct pace pace;
    struct sink sink;
    void *opaque;
    /* A branch is live from now on; the journal before it, if any, is about to end. May be NULL. */
    void (*switched)(void *opaque, struct journal *now);

    const struct recording *recording; /* given: what is replayed; unused while live */
    struct journal *live;              /* given if the machine is live; NULL: it is not */

    /* Its own: all zero at first. */
    char *name;      /* of the history there is; NULL: `file` */
    char *next_name; /* asked for; NULL: the first that is free */
    VEC(struct journal *) over;
    struct travel_live live_storage;
    struct travel_recording recording_storage;
};

/* Makes a branch at the cursor; a live history is ended where it has got to. `said` gets a line.
 * -1 and a sentence, and nothing happened. */
int branches_fork(struct branches *b, struct text *said, struct error *e);
/* Whether one could be made, as far as that can be known before. -1 and a sentence. */
int branches_may_fork(const struct branches *b, struct error *e);
/* What the next one is to be called; "": leave it. `said` gets what is planned. */
int branches_name(struct branches *b, const char *name, struct text *said, struct error *e);
/* A live history ends where it has got to, and is a recording from then on, in which the cursor
 * stays where it is. Does nothing if none is live. */
void branches_end(struct branches *b);
/* After the traveller is gone; not the live journal, if there still is one. */
void branches_fini(struct branches *b);

#endif
