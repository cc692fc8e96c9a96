/* SPDX-License-Identifier: GPL-2.0-or-later
 * travel/internal: the traveller, for this folder only.
 */
#ifndef TRAVEL_INTERNAL_H
#define TRAVEL_INTERNAL_H

#include "travel/travel.h"

/* A checkpoint kept, by rising tick. */
struct mark {
    tick at;
    uint64_t cost; /* travel_cost() at it: how far apart marks are in host time, roughly */
    struct checkpoint *checkpoint;
};

struct injection {
    tick at;
    int part;                  /* index in the machine; -1: RAM */
    const struct field *field; /* NULL: of its tree */
    uint64_t index;            /* element, or the home of a byte, or byte of the tree */
    unsigned bit;
};

struct seen_input {
    tick at;
    uint64_t hash; /* of port and bytes */
    uint32_t length;
    uint16_t port;
};

/* Output that is not a line yet. */
struct line {
    tick at;
    struct text text;
};

/* What a search has come to, in the order in which going backwards meets it: a later position
 * first, at one position the later step first. */
struct place {
    tick position; /* where to stand */
    tick step;     /* the tick of the step that is meant */
};

/* A search backwards, and what it has found. */
struct backward {
    struct travel *travel; /* whose machine it is */
    struct machine *machine;
    const struct travel_probes *probes;
    struct place before; /* only what is met before this counts */
    bool found;
    struct place place; /* the last one met */
    struct probe_hit hit;
    uint64_t hits;
    tick searched; /* from here on, up to where it began, nothing else counts */
};

/* divert.c: what lies beside history. */
struct diversion {
    struct checkpoint *from; /* where it was led aside; NULL: it is not */
    struct sink sink;
    const struct inlet *history; /* for files, which are the same as ever */
    struct text posted;          /* for POKE_PORT, the last one */
    bool is_posted;              /* and not taken yet */
    uint64_t taken;
    bool has_reported; /* of the traveller, there */
    struct place reported;
};

struct parallel;
struct helping;

struct travel {
    struct machine *machine;
    struct travel_source source;
    struct inlet passed; /* what the machine's inlet passes everything on to */
    struct travel_limits limits;
    struct checkpoint_store *store;
    VEC(struct mark) marks; /* the first one, at `begin`, is never dropped */
    tick begin;
    tick furthest; /* output before it was shown; for a live source its edge */

    void *poll_opaque;
    bool (*poll)(void *opaque, uint64_t done, uint64_t whole);
    tick asked_from;      /* where the journey under way began, */
    uint64_t asked_whole; /* and how long it is; 0: nobody knows */
    uint64_t met;         /* probes, on all journeys */
    bool gave_up;         /* poll() said so while a probe was met */

    tick verified; /* witnesses up to here were compared */
    tick good;     /* the last one that was equal */
    tick bad;      /* the one that was not, if `diverged` */

    struct place reported; /* see has_reported */

    tick idle_from, idle_to; /* the last time that all harts waited */

    struct seen_input last_input; /* that entered, for naming steps; at TICK_NEVER: none */
    VEC(struct seen_input) noted; /* all that entered since `note_inputs`, for comparing */
    VEC(struct injection) injections;
    struct travel_stats stats;

    struct index *index; /* NULL: none */
    struct index
        *lends;  /* what marks and the machine have pages of; the same, or one that is of no use
                            for anything else; NULL: none */
    tick shared; /* what the index says of later ticks is another history's; 0: all is this one's */
    struct index_builder *builder; /* NULL: none is being made, */
    struct index_of index_of;      /* of this; not if live */
    struct travel_awaited awaited; /* `ready` NULL: nothing is */
    struct error index_problem;

    /* spans.c: from `begin` on, each where the one before ends. */
    VEC(struct index_span) spans; /* footprints are owned */
    bool charting;                /* notes are taken, of all that ran since `charted` at least */
    uint64_t span_spacing;
    tick charted;                  /* where the last span ends, */
    uint64_t charted_instructions; /* and what was retired until there */
    uint64_t charted_spans;        /* how many they are */
    struct span_counts counts;     /* since then */
    struct line lines[MACHINE_PORTS_MAX];

    /* scan.c: travellers of their own threads, in the same history; made when first wanted. */
    struct travel_helpers help;
    struct travel **helpers;
    struct helping *helping;         /* their threads; NULL: none run */
    const struct parallel *scanning; /* its part of a search by several; NULL: none */
    size_t scanned;                  /* which part */

    struct diversion diversion;

    bool is_live; /* the machine has the source's live inlet */
    bool muted;   /* the machine is before `furthest` */
    bool verify;
    bool diverged;
    bool has_reported; /* the last call was a reverse-continue, which stopped for `reported` */
    bool note_inputs;
};

/* travel.c: the machine gets the source's inlet for known history, or the live one. */
void travel_set_inlet(struct travel *t);
void travel_go_live(struct travel *t);
struct travel_stop travel_stopped(const struct travel *t, enum travel_why why);
/* Nobody knows yet where history ends. */
static inline bool travel_is_open(const struct travel *t)
{
    return t->source.run_live != NULL || t->source.grows;
}

/* timeline.c */
uint64_t travel_cost(const struct travel *t);
/* The latest mark at or before tick `at`; there is one for every tick >= begin. */
const struct mark *travel_mark_before(const struct travel *t, tick at);
void travel_restore(struct travel *t, const struct mark *mark);
void travel_drop_marks_from(struct travel *t, tick at);

/* A checkpoint that came from elsewhere becomes a mark, and is the traveller's. */
void travel_insert_mark(struct travel *t, tick at, uint64_t instructions, struct checkpoint *c);

/* spans.c */
int travel_load_spans(struct travel *t, struct index *x, struct error *e);
void travel_free_spans(struct travel *t);
void travel_drop_last_span(struct travel *t);
/* No more notes are taken; what there is stays. */
void travel_end_chart(struct travel *t);
/* Between two pieces of a journey: is a span at its end? */
void travel_feed_chart(struct travel *t);
/* It is, if anything was gone through since the last one. */
void travel_end_span(struct travel *t);
/* What it may cost until then, at least 1; UINT64_MAX if history is not charted here. */
uint64_t travel_span_left(const struct travel *t);
void travel_count_output(struct travel *t, tick at, uint16_t port, const uint8_t *bytes,
                         size_t count);
/* The latest tick u <= until for which the step before u may meet one of the probes; `begin` if
 * none can. */
tick travel_skip_back(struct travel *t, tick until, const struct travel_probes *probes);
/* Where the span that has the step before `until` begins; `begin` if there is none. */
tick travel_span_before(const struct travel *t, tick until);

/* indexed.c: as travel_mark_before(), from the index if it has a later one; not if that is at
 * `enough` or before: the cursor is there. */
const struct mark *travel_nearest(struct travel *t, tick at, tick enough);
/* A span of history has ended here and now. */
void travel_feed_index(struct travel *t, const struct index_span *span);
void travel_drop_index(struct travel *t);
/* At the beginning of a journey: is there one now? */
void travel_look_for_index(struct travel *t);
void travel_end_awaiting(struct travel *t);

/* drive.c: forwards in pieces */
enum travel_drive {
    DRIVE_SKIP_HERE = 1, /* probes are not asked about the first step */
    DRIVE_TRAIL = 2,     /* leave marks shortly before `until`: it is the place to go to */
    DRIVE_NO_MARKS = 4   /* leave none on the way: the index has enough, and nobody stays here */
};
/* To tick `until` or to a probe that says stop (the set is in the machine), leaving marks.
 * TRAVEL_ARRIVED, _HIT, _END, _POWER, _INTERRUPTED or _DIVERGED. */
enum travel_why travel_drive(struct travel *t, tick until, unsigned flags);
/* At each probe that is met: true if the journey is to be given up, which is asked now and then: where
 * much is met, a piece takes long. It is TRAVEL_INTERRUPTED then. */
bool travel_gives_up(struct travel *t);
/* What a stop at a probe means. */
enum travel_why travel_met(struct travel *t);
/* Puts the cursor to a tick within history by the shortest way. */
enum travel_why travel_go(struct travel *t, tick to);

/* search.c */
/* Whether the place to stand at for that probe is behind the step that met it. */
bool travel_stops_behind(const struct travel_probes *p, uint32_t probe, bool back);

/* scan.c: replays history before `until`, the latest part first, with the probes in place. Leaves
 * the cursor anywhere. TRAVEL_ARRIVED: found, or there is nothing before. */
enum travel_why travel_scan(struct travel *t, struct backward *b, tick until);
/* Another part has what makes this one useless. */
bool travel_scan_is_over(const struct travel *t);
void travel_free_helpers(struct travel *t);
/* There is an index now: those that are wanted early are made. */
void travel_ready_helpers(struct travel *t);

/* divert.c: as travel_post() and travel_drive(), beside history. */
size_t travel_post_aside(struct travel *t, uint16_t port, const void *bytes, size_t count);
enum travel_why travel_drive_aside(struct travel *t, tick until, bool skip_here);

/* inject.c */
tick travel_next_injection(const struct travel *t, tick after);
void travel_apply_injections(struct travel *t);

#endif
