/* SPDX-License-Identifier: GPL-2.0-or-later
 * write: the file being made (docs/journal.md), once it has begun (write_start.c). The machine's thread
 * puts inputs and witnesses into memory. A helper thread writes the images, while the machine runs
 * already, and then what waits: every FLUSH_MS, and whenever the machine is about to wait; where nothing
 * came, it moves the seal on. Bytes in the host's page cache survive kill -9; only END is forced to the
 * disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "journal/writer.h"

enum {
    FLUSH_MS = 50,       /* half of what docs/journal.md promises */
    WITNESS_BATCH = 16,  /* a chunk's head costs more than a witness, so they wait for company, */
    WITNESS_ROUNDS = 20, /* but not longer than this many flushes */
    READS_PIECE = 4096   /* entries of a chunk */
};

void writer_batch_add(struct batch *b, const struct input *in)
{
    inputs_add(&b->records, &b->end, in);
    b->count++;
    b->bytes += in->length;
}

void writer_batch_clear(struct batch *b)
{
    b->records.count = 0;
    b->count = b->bytes = 0;
    b->base = b->end;
}

void writer_fail(struct writer *w, const char *why)
{
    bool again;

    pthread_mutex_lock(&w->lock);
    again = atomic_load(&w->failed);
    if (!again) {
        (void)error_set(&w->failure, "%s", why);
        atomic_store(&w->failed, true);
    }
    pthread_cond_broadcast(&w->drained);
    pthread_mutex_unlock(&w->lock);
    if (!again && w->pace.wake != NULL) {
        w->pace.wake(w->pace.opaque);
    }
}

/* What the host says. */
static void host_fails(struct writer *w, const char *what, int error_number)
{
    struct error e;

    if (w->images_of != NULL) {
        error_set(&e, "%s: cannot %s: %s; there is no recording", w->path, what,
                  strerror(error_number));
    } else {
        error_set(&e, "%s: cannot %s: %s; it is good up to tick %" PRIu64, w->path, what,
                  strerror(error_number), w->sealed);
    }
    writer_fail(w, e.text);
}

/* ---- into the file --------------------------------------------------------------------------- */

/* 0, or what the host says. */
static int write_at(struct writer *w, const void *bytes, size_t count, uint64_t at)
{
    return host_write_all_at(w->fd, bytes, count, at) == count ? 0 : errno;
}

bool writer_append(struct writer *w, const byte_vec *chunks)
{
    int failed;

    if (atomic_load(&w->failed)) {
        return false;
    }
    failed = write_at(w, chunks->data, chunks->count, w->length);
    if (failed != 0) {
        /* Half of a chunk is taken back. Should that fail, too, readers pass over it. */
        (void)!ftruncate(w->fd, (off_t)w->length);
        host_fails(w, "write", failed);
        return false;
    }
    w->length += chunks->count;
    return true;
}

/* Two slots in turn: one of them is whole whenever the process dies. */
static void seal(struct writer *w, tick through)
{
    uint8_t bytes[SLOT_BYTES];
    struct slot s = {.sequence = w->slot_sequence + 1, .through = through, .length = w->length};
    int failed;

    if (atomic_load(&w->failed) || through <= w->sealed) {
        return;
    }
    slot_make(bytes, &s, w->chain);
    failed = write_at(w, bytes, sizeof(bytes), SLOT_AT + (s.sequence % 2) * SLOT_BYTES);
    if (failed != 0) {
        host_fails(w, "write", failed);
        return;
    }
    w->slot_sequence = s.sequence;
    w->sealed = through;
}

struct placed writer_add_inputs(struct writer *w, byte_vec *out, const struct batch *b,
                                tick through)
{
    struct placed p = {.backing = w->backing,
                       .offset = w->length + out->count,
                       .chain = w->chain,
                       .raw = (uint32_t)b->records.count,
                       .count = (uint32_t)b->count,
                       .bytes = b->bytes,
                       .base = b->base,
                       .end = b->end};
    byte_vec payload = {0};

    bytes_add_varint(&payload, b->count);
    bytes_add(&payload, b->records.data, b->records.count);
    bytes_add_varint(&payload, through - b->end);
    w->inputs_raw += payload.count;
    chunk_make(out, CHUNK_INPUTS, payload.data, payload.count, w->inputs_raw <= INPUTS_FREE,
               &w->chain);
    p.stored = (uint32_t)(w->length + out->count - p.offset);
    p.sum = w->chain;
    vec_fini(&payload);
    return p;
}

void writer_tell_place(struct writer *w, const struct placed *p)
{
    if (w->backing != NULL && p->count > 0) {
        pthread_mutex_lock(&w->lock);
        vec_push(&w->places, *p);
        pthread_mutex_unlock(&w->lock);
        atomic_store_explicit(&w->has_places, true, memory_order_release);
    }
}

void writer_add_witnesses(struct writer *w, byte_vec *out, const struct witness *list, size_t count)
{
    byte_vec payload = {0};

    for (size_t i = 0; i < count; i++) {
        witnesses_add(&payload, &w->last_witness, &list[i]);
    }
    chunk_make(out, CHUNK_WITNESS, payload.data, payload.count, false, &w->chain);
    vec_fini(&payload);
}

/* One for each run of entries of the same file. They are stored as they are: hashes do not pack, and a
 * reader's memory is bounded by what it reads. */
void writer_add_reads(struct writer *w, byte_vec *out, const struct noted_read *list, size_t count)
{
    for (size_t i = 0, end; i < count; i = end) {
        struct disk_read piece[READS_PIECE];
        byte_vec payload = {0};

        for (end = i; end < count && end - i < READS_PIECE && list[end].file == list[i].file;
             end++) {
            piece[end - i] = list[end].read;
        }
        reads_write(&payload, list[i].file, piece, end - i);
        chunk_make(out, CHUNK_READ, payload.data, payload.count, false, &w->chain);
        vec_fini(&payload);
    }
}

void writer_flush(struct writer *w, bool final)
{
    byte_vec out = {0};
    VEC(struct noted_read) reads = {0};
    struct batch inputs;
    struct placed placed = {0};
    VEC(struct witness) witnesses = {0};
    /* Read first: every input before it is pending or written. */
    tick through = atomic_load_explicit(&w->reached, memory_order_acquire);

    pthread_mutex_lock(&w->lock);
    inputs = w->pending;
    w->pending.records = (byte_vec){0};
    writer_batch_clear(&w->pending);
    memcpy(&reads, &w->reads, sizeof reads);
    memset(&w->reads, 0, sizeof w->reads);
    w->witness_rounds += w->witnesses.count > 0;
    if (w->witnesses.count > 0 &&
        (final || w->witnesses.count >= WITNESS_BATCH || w->witness_rounds >= WITNESS_ROUNDS)) {
        witnesses.data = w->witnesses.data;
        witnesses.count = w->witnesses.count;
        w->witnesses.data = NULL;
        w->witnesses.count = w->witnesses.room = 0;
        w->witness_rounds = 0;
    }
    pthread_cond_broadcast(&w->drained);
    pthread_mutex_unlock(&w->lock);

    through = through > inputs.end ? through : inputs.end;
    writer_add_reads(w, &out, reads.data, reads.count);
    if (inputs.count > 0) {
        placed = writer_add_inputs(w, &out, &inputs, through);
    }
    if (witnesses.count > 0) {
        writer_add_witnesses(w, &out, witnesses.data, witnesses.count);
    }
    if (out.count == 0 || writer_append(w, &out)) {
        writer_tell_place(w, &placed);
        seal(w, through);
    }
    vec_fini(&out);
    vec_fini(&inputs.records);
    vec_fini(&reads);
    free(witnesses.data);
}

void *writer_run(void *argument)
{
    struct writer *w = argument;
    bool stopping;

    if (w->images_of != NULL) {
        writer_write_images(w);
    }
    do {
        struct timespec until;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += FLUSH_MS * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_nsec -= 1000000000L;
            until.tv_sec++;
        }
        pthread_mutex_lock(&w->lock);
        while (!w->stopping && !w->hurry) {
            if (pthread_cond_timedwait(&w->wake, &w->lock, &until) == ETIMEDOUT) {
                break;
            }
        }
        w->hurry = false;
        stopping = w->stopping;
        pthread_mutex_unlock(&w->lock);
        writer_flush(w, false);
    } while (!stopping);
    return NULL;
}

/* ---- from the machine's thread --------------------------------------------------------------- */

void writer_input(struct writer *w, const struct input *in)
{
    pthread_mutex_lock(&w->lock);
    while (w->pending.records.count >= INPUTS_PIECE && !atomic_load(&w->failed)) {
        w->hurry = true;
        pthread_cond_signal(&w->wake);
        pthread_cond_wait(&w->drained, &w->lock);
    }
    writer_batch_add(&w->pending, in);
    pthread_mutex_unlock(&w->lock);
}

void writer_read(struct writer *w, unsigned file, const struct disk_read *x)
{
    const struct noted_read noted = {.file = file, .read = *x};

    pthread_mutex_lock(&w->lock);
    vec_push(&w->reads, noted);
    pthread_mutex_unlock(&w->lock);
}

void writer_tell_places(struct writer *w, struct tape *t)
{
    if (!atomic_load_explicit(&w->has_places, memory_order_acquire)) {
        return;
    }
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->places.count; i++) {
        tape_place(t, &w->places.data[i]);
    }
    w->places.count = 0;
    atomic_store(&w->has_places, false);
    pthread_mutex_unlock(&w->lock);
}

bool writer_is_readable(const struct writer *w)
{
    return w->backing != NULL;
}

void writer_witness(struct writer *w, const struct witness *x)
{
    pthread_mutex_lock(&w->lock);
    vec_push(&w->witnesses, *x);
    pthread_mutex_unlock(&w->lock);
}

void writer_reached(struct writer *w, tick t)
{
    atomic_store_explicit(&w->reached, t, memory_order_release);
}

void writer_hurry(struct writer *w)
{
    pthread_mutex_lock(&w->lock);
    if (w->pending.count > 0) {
        w->hurry = true;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
}

const char *writer_failure(const struct writer *w)
{
    return atomic_load_explicit(&w->failed, memory_order_acquire) ? w->failure.text : NULL;
}

uint64_t writer_bytes(const struct writer *w)
{
    return atomic_load(&w->length);
}

int writer_file(const struct writer *w)
{
    struct stat st;

    return fstat(w->fd, &st) == 0 && S_ISREG(st.st_mode) ? w->fd : -1;
}

/* ---- closing --------------------------------------------------------------------------------- */

static void stop_helper(struct writer *w)
{
    if (w->helper != NULL) {
        pthread_mutex_lock(&w->lock);
        w->stopping = true;
        pthread_cond_signal(&w->wake);
        pthread_mutex_unlock(&w->lock);
        (void)host_thread_join(w->helper);
        w->helper = NULL;
    }
}

/* Whoever deletes a recording that is being made is told at its end that there is none. */
static bool has_vanished(const struct writer *w)
{
    struct stat st;

    return fstat(w->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0;
}

bool writer_append_end(struct writer *w, const struct recording_end *end)
{
    byte_vec payload = {0};
    byte_vec out = {0};

    end_write(&payload, end);
    chunk_make(&out, CHUNK_END, payload.data, payload.count, true, &w->chain);
    if (writer_append(w, &out) && fdatasync(w->fd) != 0 && errno != EINVAL && errno != EROFS) {
        host_fails(w, "reach the disk", errno);
    }
    vec_fini(&payload);
    vec_fini(&out);
    return !atomic_load(&w->failed);
}

int writer_finish(struct writer *w, const struct recording_end *end, struct error *e)
{
    stop_helper(w);
    writer_flush(w, true);
    if (!writer_append_end(w, end)) {
        return error_set(e, "%s", w->failure.text);
    }
    return has_vanished(w) ? error_set(e,
                                       "%s: was deleted while it was being recorded; nothing is "
                                       "left of it",
                                       w->path)
                           : 0;
}

void writer_free(struct writer *w)
{
    if (w == NULL) {
        return;
    }
    stop_helper(w);
    if (w->backing != NULL) {
        backing_drop(w->backing);
    } else {
        close(w->fd);
    }
    free(w->path);
    vec_fini(&w->pending.records);
    vec_fini(&w->witnesses);
    vec_fini(&w->reads);
    vec_fini(&w->places);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
    pthread_cond_destroy(&w->drained);
    free(w);
}
