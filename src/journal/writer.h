/* SPDX-License-Identifier: GPL-2.0-or-later
 * writer: the file that is being made, for the two files that make it: write_start.c makes it and what
 * it begins with, write.c adds what happens.
 */
#ifndef JOURNAL_WRITER_H
#define JOURNAL_WRITER_H

#include "host/host.h"
#include "journal/tape.h"

/* Some inputs that enter one after the other. */
struct batch {
    byte_vec records;
    uint64_t count, bytes;
    tick base, end; /* the ticks after the input before them, and after the last of them */
};

/* Of a file that is read in part. */
struct noted_read {
    unsigned file;
    struct disk_read read;
};

struct writer {
    int fd;
    struct backing *backing; /* of it; NULL: what is written cannot be read again */
    char *path;
    bool force;
    struct pace pace;
    struct journal_images_done images_done;

    /* The helper's, and of whoever runs while there is no helper. */
    const struct recording *images_of; /* whose images are still to be written; NULL: none are */
    bool nameless;                     /* nobody else can see the file yet */
    _Atomic uint64_t length;           /* bytes of valid chunks in the file */
    uint64_t chain;
    uint64_t slot_sequence;
    tick sealed;
    uint64_t inputs_raw; /* bytes of INPUTS chunks, before packing */
    struct witness last_witness;
    unsigned witness_rounds;

    struct host_thread *helper;
    pthread_mutex_t lock;
    pthread_cond_t wake;    /* to the helper */
    pthread_cond_t drained; /* to the machine */
    bool stopping, hurry;   /* all below: under the lock */
    struct batch pending;
    VEC(struct witness) witnesses;
    VEC(struct noted_read) reads;
    VEC(struct placed) places; /* that the tape has not been told of */
    struct error failure;      /* if `failed` */

    _Atomic tick reached;
    atomic_bool failed, has_places;
};

/* ---- write.c ---- */

void writer_batch_add(struct batch *b, const struct input *in);
/* The next batch begins where this one ended. */
void writer_batch_clear(struct batch *b);
/* Nothing is written any more. The first sentence is the one that is told. */
void writer_fail(struct writer *w, const char *why);
/* Whole chunks at the end of the file; false: it has failed, now or before. */
bool writer_append(struct writer *w, const byte_vec *chunks);
/* A chunk of inputs, and one of witnesses, at the end of `out`, which goes to the end of the file. */
struct placed writer_add_inputs(struct writer *w, byte_vec *out, const struct batch *b,
                                tick through);
void writer_add_witnesses(struct writer *w, byte_vec *out, const struct witness *list,
                          size_t count);
/* Chunks of what was read, at the end of `out`. */
void writer_add_reads(struct writer *w, byte_vec *out, const struct noted_read *list, size_t count);
/* That chunk of inputs is in the file. */
void writer_tell_place(struct writer *w, const struct placed *p);
/* Writes what is pending, and how far history is known; `final`: all of it. */
void writer_flush(struct writer *w, bool final);
/* END, and all is on the disk. False: it has failed, now or before. */
bool writer_append_end(struct writer *w, const struct recording_end *end);
/* The helper's thread. */
void *writer_run(void *argument);

/* ---- write_start.c ---- */

/* By the helper, while the machine starts: all that is recorded meanwhile waits in memory. */
void writer_write_images(struct writer *w);

#endif
