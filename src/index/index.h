/* SPDX-License-Identifier: GPL-2.0-or-later
 * index: checkpoints of a whole recording in a file beside it, FILE.rr.idx, so that every tick is
 * one short replay away in a new process, too. A SQLite database; only this folder knows. It can
 * be deleted at any time; one that is stale, somebody else's, or damaged is as good as none: every
 * piece of it has a sum that only the user's own key makes. docs/index.md has the tables and rules.
 */
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include "base/base.h"
#include "checkpoint/checkpoint.h"

/* What happened in a stretch of history. */
struct span_counts {
    uint64_t inputs, exceptions, interrupts;
};
/* A stretch of history between two checkpoints: the steps at [from, to). */
struct index_span {
    tick from, to;
    struct span_counts counts;
    const uint8_t *footprint; /* what code did: engine_take_footprint() */
    size_t bytes;
};

/* Which history an index is of: one that says otherwise is stale or foreign. */
struct index_of {
    uint64_t identity; /* a hash of all that makes the history what it is */
    tick end;          /* where it ends */
};

/* The user's own: whoever has it can make what we believe. */
#define INDEX_KEY_BYTES 32
struct index_key {
    uint8_t bytes[INDEX_KEY_BYTES];
};
/* Where an index lies and whose it is. What is pointed at is copied. */
struct index_place {
    const char *path;      /* FILE.rr.idx */
    const char *recording; /* FILE.rr, which is locked by who builds; NULL: nobody else can be */
    const struct index_key *key;
    uint64_t most_bytes; /* of a file that is built; 0: as many as it takes */
    bool and_trees;      /* and twice as many as the trees of devices have at some checkpoint */
    /* What host_file_open_nameless(path) gave before this process gave up making files: what is built
     * in it gets the name. The caller's to close, after the builder's end. 0: the builder makes one. */
    int file;
    bool trusted; /* one that another key made is believed as well: what it says may be wrong */
};

/* ---- reading: read.c ---- */

/* A complete index, open for reading; one thread. The file may be replaced or deleted meanwhile. */
struct index;
/* NULL and a sentence: there is none (then *missing), or it is of no use. */
struct index *index_open(const struct index_place *place, const struct index_of *of, bool *missing,
                         struct error *e);
void index_close(struct index *x); /* NULL is fine */

/* The latest checkpoint at or before `at`; false: none. */
bool index_before(const struct index *x, tick at, tick *found);
/* The checkpoint at that very tick, with one reference. NULL and a sentence if it is damaged: the
 * file is removed then, and what was got before stays good. The store is the same in all calls. */
struct checkpoint *index_load(struct index *x, struct checkpoint_store *s, tick at,
                              struct error *e);

/* From now on pages of devices' trees are read when a device looks at them: checkpoint_end_lending() before the
 * index is closed. One that is damaged ends the program then, and the file is removed. */
void index_lend(struct index *x);

/* Tells all spans, by rising tick; each begins where the one before ends. */
int index_spans(struct index *x, void *opaque,
                void (*each)(void *opaque, const struct index_span *span), struct error *e);

struct index_stats {
    uint64_t checkpoints, pages, nodes, lines, file_bytes;
    tick last;                /* checkpoint: later ones would not fit, if it is not the end */
    uint64_t lines_left_out;  /* there were too many */
    uint64_t footprint_bytes; /* packed */
    struct span_counts counts;
};
void index_get_stats(const struct index *x, struct index_stats *out);

/* ---- building: build.c ---- */

/* Becomes the file when it is complete; until then it has no name. Work is done by a thread of its
 * own. NULL and a sentence if another process is at it, the place cannot be written, or what is there
 * is no plain file. */
struct index_builder;
struct index_builder *index_build(const struct index_place *place, struct error *e);
/* With a bound, checkpoints are given up again before the file passes it, more of them the longer ago
 * they are; one that alone would take three quarters of it is left out, and so are all after it.
 * By rising tick, all of one store, which has given nothing to an index before. The span is what
 * lies between this checkpoint and the one before with a span, or the beginning; its bytes are copied. NULL: the
 * checkpoint lies inside the span that is added next. */
void index_add(struct index_builder *b, struct checkpoint *c, const struct index_span *span);
/* A line of output, of the span that is added next. Cut to INDEX_LINE_BYTES; left out, and counted,
 * when all lines together would be more than INDEX_LINES_BYTES of the file. */
#define INDEX_LINE_BYTES  4096u
#define INDEX_LINES_BYTES (16 * MIB)
void index_add_line(struct index_builder *b, tick at, const char *port, const char *text,
                    size_t count);
/* Waits for the thread and puts the file in its place, as the index of that history: what
 * index_open() would give, for the same store. NULL and a sentence if that failed. The builder is
 * gone in any case. */
struct index *index_finish(struct index_builder *b, const struct index_of *of, struct error *e);
/* Leaves nothing behind. NULL is fine. */
void index_abandon(struct index_builder *b);

#endif
