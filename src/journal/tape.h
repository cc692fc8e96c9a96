/* SPDX-License-Identifier: GPL-2.0-or-later
 * tape: where the inputs of a recording are. None are kept in memory: a list of pieces says which of
 * them are where in the file (or, of a recording that has none, in memory, packed), and the tail
 * holds the last ones, which are in no piece yet. window.c reads them back.
 */
#ifndef JOURNAL_TAPE_H
#define JOURNAL_TAPE_H

#include "journal/internal.h"

/* What chunks are read from again: a file, or bytes in memory. Held by every piece that lies in it,
 * and by whoever opened it. */
struct backing {
    atomic_uint holders;
    int fd;         /* -1: memory */
    bool owns_fd;   /* closed when nobody holds it */
    uint8_t *bytes; /* owned, if fd is -1 */
    uint64_t count; /* of them */
};
struct backing *backing_of_file(int fd, bool owns_fd);
struct backing *backing_of_memory(uint8_t *bytes, uint64_t count); /* takes the bytes over */
struct backing *backing_hold(struct backing *b);
void backing_drop(struct backing *b); /* NULL is fine */
/* -1 and a sentence if they are not there any more. */
int backing_read(const struct backing *b, uint64_t offset, uint8_t *out, size_t count,
                 struct error *e);

/* So much is read at once, if there is so much: a piece takes no further chunk then. Either bound is
 * passed by one chunk at most. */
#define PIECE_SPAN (256 * KIB) /* bytes of the file */
#define PIECE_RAW  (1 * MIB)   /* bytes of records */

/* Some INPUTS chunks that follow each other, with other chunks between them perhaps. */
struct piece {
    struct backing *backing; /* held */
    uint64_t offset;         /* of the first chunk */
    uint64_t chain;          /* the sum before it, */
    uint64_t sum;            /* and that of the last one */
    uint64_t first;          /* number of the first input */
    uint64_t first_byte;     /* how many bytes the inputs before it have */
    tick base;               /* the tick after the input before it */
    uint32_t span;           /* bytes from the first chunk to the end of the last */
    uint32_t raw;            /* bytes of records */
    uint32_t count;          /* inputs */
};

/* What the payload of an INPUTS chunk says. */
struct records {
    const uint8_t *data; /* {delta, port, length, bytes}, as docs/journal.md has them */
    size_t length;       /* bytes of it */
    uint64_t count;      /* inputs */
    uint64_t bytes;      /* that enter */
    tick base;           /* after the last one */
    tick through;        /* as far as the chunk says that nothing else came */
    uint64_t ports[MACHINE_PORTS_MAX];
};

/* Where a chunk of inputs is. */
struct placed {
    struct backing *backing; /* borrowed */
    uint64_t offset, chain, sum;
    uint32_t stored; /* bytes, its head among them */
    uint32_t raw, count;
    uint64_t bytes;
    tick base, end; /* the ticks after the input before it, and after its last one */
};

struct tape {
    VEC(struct piece) pieces;
    uint64_t count;                    /* inputs, those of the tail among them */
    uint64_t bytes;                    /* of them */
    uint64_t ports[MACHINE_PORTS_MAX]; /* how many each port has */
    tick base;                         /* the tick after the last one */
    XXH3_state_t *digest; /* of all records, however they are cut into chunks; NULL: none came */

    byte_vec tail;       /* records */
    uint64_t tail_first; /* number of its first input */
    uint64_t tail_byte;  /* bytes of the inputs before it */
    tick tail_base;
    uint64_t cleared_byte; /* after tape_clear(): of the inputs that were placed since */
    bool is_filed;         /* the writer will say where the tail is: tape_place() */
    bool is_dropped;       /* nobody will read any of it */
};
void tape_fini(struct tape *t);

/* Inputs that were read at this place. They begin at t->base. */
void tape_add_chunk(struct tape *t, const struct placed *p, const struct records *r);
/* One that enters now. */
void tape_add_input(struct tape *t, const struct input *in);
/* The first records that were in the tail, or (after tape_clear()) nowhere, are in the file now. */
void tape_place(struct tape *t, const struct placed *p);
/* Everything will be placed once more. */
void tape_clear(struct tape *t);
/* To an empty tape, all that entered before tick `at`: its pieces are shared. -1 and a sentence if
 * they cannot be read any more. */
int tape_copy(struct tape *t, const struct recording *from, tick at, struct error *e);
uint64_t tape_digest(const struct tape *t);

/* ---- window.c: reading them back ------------------------------------------------------------- */

/* Goes through `count` records; where each 256th begins is noted in `w` (may be NULL). False: they
 * make no sense, or go on behind the cursor's end. */
struct window;
bool records_scan(struct cursor *c, uint64_t count, tick base, struct records *out,
                  struct window *w);
/* A whole payload. False: it makes no sense. */
bool records_read(const uint8_t *payload, size_t size, tick base, struct records *out,
                  struct window *w);
/* The records of a piece, into a window of the caller's. -1 and a sentence if the file is not what it
 * was. */
struct window *window_new(void);
void window_free(struct window *w);
int window_load(struct window *w, const struct piece *p, struct records *out, struct error *e);

#endif
