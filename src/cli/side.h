/* SPDX-License-Identifier: GPL-2.0-or-later
 * side: a traveller over a recording on a machine of its own, as every command has one, or two; and
 * what is said while it is on its way.
 */
#ifndef CLI_SIDE_H
#define CLI_SIDE_H

#include "options/options.h"
#include "travel/travel.h"

struct side {
    struct machine *machine;
    struct travel_recording source;
    struct travel *travel;
};

/* At the beginning; recording and options last as long, limits may be NULL. -1 and a sentence: then
 * there is nothing to close, which may be done all the same. */
int side_open(struct side *s, const struct recording *r, const struct options *o,
              const struct travel_limits *limits, struct error *e);
void side_close(struct side *s);
/* At the end of a command: the exit status, which is another one if the recording was lost meanwhile;
 * that is said then. NULL: there is none. */
int side_lost(const struct recording *r, int status);

/* "reprise: DOING: 12%" on stderr, in place of what was there; and taking it away again. */
void progress_print(const char *doing, uint64_t done, uint64_t whole);
void progress_clear(void);
/* While the traveller is on its way: the same on a terminal; and a signal ends the journey, which is
 * TRAVEL_INTERRUPTED then. Between begin and end it stays where it is in memory. */
struct progress {
    struct travel *travel;
    const char *doing; /* may change on the way */
    bool show;
    const char *shown; /* last, and */
    int percent;
};
void progress_begin(struct progress *p, struct travel *t, const char *doing);
void progress_end(struct progress *p);

/* Says that a journey to tick `to` was interrupted, where, and what follows (`so`); returns the exit
 * status. */
int side_interrupted(const struct travel *t, tick to, const char *so);

/* Says that the replay differs at that tick; returns the exit status. */
int side_differs(tick at);

#endif
