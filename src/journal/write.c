/* SPDX-License-Identifier: GPL-2.0-or-later
 * write: the file being made (docs/journal.md). The machine's thread puts inputs and witnesses into
 * memory; a helper thread packs the images while the machine starts already, gives the file its name
 * when they are all in it, and from then on writes what waits every FLUSH_MS and whenever the machine
 * is about to wait, and moves the seal on where nothing came. Bytes in the host's page cache survive
 * kill -9; only END is forced to the disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/host.h"
#include "journal/tape.h"

enum {
    FLUSH_MS = 50,       /* half of what docs/journal.md promises */
    WITNESS_BATCH = 16,  /* a chunk's head costs more than a witness, so they wait for company, */
    WITNESS_ROUNDS = 20, /* but not longer than this many flushes */
    WITNESSES_PIECE = 65536 /* of a branch's past, in one chunk */
};

/* Some inputs that enter one after the other. */
struct batch {
    byte_vec records;
    uint64_t count, bytes;
    tick base, end; /* the ticks after the input before them, and after the last of them */
};

static void batch_add(struct batch *b, const struct input *in)
{
    inputs_add(&b->records, &b->end, in);
    b->count++;
    b->bytes += in->length;
}

/* The next batch begins where this one ended. */
static void batch_clear(struct batch *b)
{
    b->records.count = 0;
    b->count = b->bytes = 0;
    b->base = b->end;
}

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
    VEC(struct placed) places; /* that the tape has not been told of */
    struct error failure;      /* if `failed` */

    _Atomic tick reached;
    atomic_bool failed, has_places;
};

/* The first sentence is the one that is told. */
static void writer_fail_as(struct writer *w, const char *why)
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

static void writer_fail(struct writer *w, const char *what, int error_number)
{
    struct error e;

    if (w->images_of != NULL) {
        error_set(&e, "%s: cannot %s: %s; there is no recording", w->path, what,
                  strerror(error_number));
    } else {
        error_set(&e, "%s: cannot %s: %s; it is good up to tick %" PRIu64, w->path, what,
                  strerror(error_number), w->sealed);
    }
    writer_fail_as(w, e.text);
}

/* ---- into the file --------------------------------------------------------------------------- */

/* 0, or what the host says. */
static int write_at(struct writer *w, const void *bytes, size_t count, uint64_t at)
{
    return host_write_all_at(w->fd, bytes, count, at) == count ? 0 : errno;
}

/* Whole chunks at the end. */
static bool append(struct writer *w, const byte_vec *chunks)
{
    int failed;

    if (atomic_load(&w->failed)) {
        return false;
    }
    failed = write_at(w, chunks->data, chunks->count, w->length);
    if (failed != 0) {
        /* Half of a chunk would only be passed over; if this fails too, it is. */
        if (ftruncate(w->fd, (off_t)w->length) != 0) {
            failed = failed != 0 ? failed : errno;
        }
        writer_fail(w, "write", failed);
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
        writer_fail(w, "write", failed);
        return;
    }
    w->slot_sequence = s.sequence;
    w->sealed = through;
}

/* At the end of `out`, which goes to the end of the file. */
static struct placed add_inputs_chunk(struct writer *w, byte_vec *out, const struct batch *b,
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

/* It is in the file. */
static void tell_place(struct writer *w, const struct placed *p)
{
    if (w->backing != NULL && p->count > 0) {
        pthread_mutex_lock(&w->lock);
        vec_push(&w->places, *p);
        pthread_mutex_unlock(&w->lock);
        atomic_store_explicit(&w->has_places, true, memory_order_release);
    }
}

static void add_witness_chunk(struct writer *w, byte_vec *out, const struct witness *list,
                              size_t count)
{
    byte_vec payload = {0};

    for (size_t i = 0; i < count; i++) {
        witnesses_add(&payload, &w->last_witness, &list[i]);
    }
    chunk_make(out, CHUNK_WITNESS, payload.data, payload.count, false, &w->chain);
    vec_fini(&payload);
}

/* Writes what is pending, and how far history is known. */
static void flush(struct writer *w, bool final)
{
    byte_vec out = {0};
    struct batch inputs;
    struct placed placed = {0};
    VEC(struct witness) witnesses = {0};
    /* Read first: every input before it is pending or written. */
    tick through = atomic_load_explicit(&w->reached, memory_order_acquire);

    pthread_mutex_lock(&w->lock);
    inputs = w->pending;
    w->pending.records = (byte_vec){0};
    batch_clear(&w->pending);
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
    if (inputs.count > 0) {
        placed = add_inputs_chunk(w, &out, &inputs, through);
    }
    if (witnesses.count > 0) {
        add_witness_chunk(w, &out, witnesses.data, witnesses.count);
    }
    if (out.count == 0 || append(w, &out)) {
        tell_place(w, &placed);
        seal(w, through);
    }
    vec_fini(&out);
    vec_fini(&inputs.records);
    free(witnesses.data);
}

static void write_images(struct writer *w);

static void *helper_run(void *argument)
{
    struct writer *w = argument;
    bool stopping;

    if (w->images_of != NULL) {
        write_images(w);
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
        flush(w, false);
    } while (!stopping);
    return NULL;
}

/* ---- opening --------------------------------------------------------------------------------- */

static bool append_image(struct writer *w, unsigned role, const struct machine_image *image,
                         bool pack)
{
    byte_vec payload = {0};
    byte_vec out = {0};
    bool written = true;

    for (uint64_t at = 0; written && at < image->size; at += BLOB_PIECE) {
        uint64_t n = image->size - at < BLOB_PIECE ? image->size - at : BLOB_PIECE;

        payload.count = out.count = 0;
        bytes_add_u8(&payload, (uint8_t)role);
        bytes_add_varint(&payload, at);
        bytes_add(&payload, image->data + at, n);
        chunk_make(&out, CHUNK_BLOB, payload.data, payload.count, pack, &w->chain);
        written = append(w, &out);
    }
    vec_fini(&payload);
    vec_fini(&out);
    return written;
}

static bool append_batch(struct writer *w, struct batch *b, tick through)
{
    byte_vec out = {0};
    struct placed p = add_inputs_chunk(w, &out, b, through);
    bool written = append(w, &out);

    if (written) {
        tell_place(w, &p);
    }
    batch_clear(b);
    vec_fini(&out);
    return written;
}

/* The inputs of a branch's past, and how far that is known. */
static bool append_past_inputs(struct writer *w, const struct recording *r)
{
    struct batch *b = &w->pending; /* nobody else is there yet */
    struct inputs all;
    const struct input *in;
    bool written = true;

    inputs_init(&all, r);
    for (; written && (in = inputs_peek(&all)) != NULL; inputs_pass(&all)) {
        batch_add(b, in);
        if (b->records.count >= INPUTS_PIECE) {
            written = append_batch(w, b, b->end);
        }
    }
    inputs_fini(&all);
    if (recording_lost(r) != NULL) {
        writer_fail_as(w, recording_lost(r));
    }
    written = written && append_batch(w, b, r->known);
    w->sealed = r->known;
    atomic_store(&w->reached, r->known);
    return written;
}

static bool append_past_witnesses(struct writer *w, const struct recording *r)
{
    bool written = true;

    for (size_t i = 0; written && i < r->witnesses.count; i += WITNESSES_PIECE) {
        size_t left = r->witnesses.count - i;
        byte_vec out = {0};

        add_witness_chunk(w, &out, &r->witnesses.data[i],
                          left < WITNESSES_PIECE ? left : WITNESSES_PIECE);
        written = append(w, &out);
        vec_fini(&out);
    }
    return written;
}

static bool append_start(struct writer *w, const struct recording *r)
{
    uint8_t header[HEADER_BYTES];
    byte_vec payload = {0};
    byte_vec out = {0};
    bool written;

    w->chain = header_make(header);
    bytes_add(&out, header, sizeof(header));
    config_write(&payload, r->config, &r->extra, recording_is_by_reference(r));
    chunk_make(&out, CHUNK_CONFIG, payload.data, payload.count, true, &w->chain);
    written = append(w, &out);
    vec_fini(&payload);
    vec_fini(&out);
    return written;
}

static bool append_images(struct writer *w, const struct recording *r)
{
    /* A reader believes no file that unpacks to more than the memory. */
    bool pack = images_bytes(r->config) <= r->config->ram_bytes;
    bool written = true;

    for (unsigned i = 0; written && i < MACHINE_FILES_MAX; i++) {
        if (r->notes[i].embedded) {
            written = append_image(w, i, machine_config_get_file(r->config, i), pack);
        }
    }
    return written;
}

static bool append_past(struct writer *w, const struct recording *r)
{
    return r->known == 0 || (append_past_inputs(w, r) && append_past_witnesses(w, r));
}

/* A file without a name in the folder of `path`; -1 where the host has no such thing. */
static int open_nameless(const char *path)
{
    char *folder = base_folder_of(path);
    int fd = -1;

    if (access("/proc/self/fd", X_OK) == 0) {
        fd = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
    }
    free(folder);
    return fd;
}

/* A plain file is read again, if it may be. */
static int open_named(const char *path, bool force, bool is_other)
{
    int flags = O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
    int fd = is_other ? -1 : open(path, O_RDWR | flags, 0666);

    return fd >= 0 || (!is_other && errno != EACCES) ? fd : open(path, O_WRONLY | flags, 0666);
}

/* What exists and is no regular file (a device, a link) is written to where it is. */
static int open_new(const char *path, bool force, bool *nameless, struct error *e)
{
    struct stat st;
    bool exists = lstat(path, &st) == 0;
    int fd = -1;

    if (exists && !force) {
        return error_set(e, "%s: exists already, and is not overwritten without --force", path);
    }
    if (!exists || (S_ISREG(st.st_mode) && access(path, W_OK) == 0)) {
        fd = open_nameless(path);
    }
    *nameless = fd >= 0;
    if (fd < 0) {
        fd = open_named(path, force, exists && !S_ISREG(st.st_mode));
    }
    return fd >= 0 ? fd : error_set(e, "%s: cannot be made: %s", path, strerror(errno));
}

/* From now on it can be replayed, so it gets its name; a kill before leaves nothing behind, and the
 * file it replaces alone. */
static int publish(int fd, const char *path, bool force, struct error *e)
{
    char self[64];

    (void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
    if (force) {
        (void)unlink(path);
    }
    if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) != 0) {
        return error_set(e, "%s: cannot be made: %s", path, strerror(errno));
    }
    return 0;
}

static void init_shared(struct writer *w)
{
    pthread_condattr_t monotonic;

    must(pthread_condattr_init(&monotonic) == 0);
    must(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    must(pthread_mutex_init(&w->lock, NULL) == 0);
    must(pthread_cond_init(&w->wake, &monotonic) == 0);
    must(pthread_cond_init(&w->drained, NULL) == 0);
    pthread_condattr_destroy(&monotonic);
}

/* Nothing can be replayed from it: if it has a name, that goes. */
static void remove_file(struct writer *w)
{
    struct stat st;

    if (!w->nameless && fstat(w->fd, &st) == 0 && S_ISREG(st.st_mode)) {
        (void)unlink(w->path);
    }
}

static void images_are_done(struct writer *w)
{
    w->images_of = NULL;
    if (w->images_done.call != NULL) {
        w->images_done.call(w->images_done.opaque);
    }
}

/* By the helper, while the machine starts: all that is recorded meanwhile waits in memory. */
static void write_images(struct writer *w)
{
    struct error e;

    if (!append_images(w, w->images_of)) {
        remove_file(w);
    } else {
        flush(w, false); /* a file that has its name holds what happened before it had it */
        if (w->nameless && publish(w->fd, w->path, w->force, &e) != 0) {
            writer_fail_as(w, e.text);
        }
    }
    images_are_done(w);
}

/* All at once: a branch's images are nobody's to wait for, and without images there is nothing to
 * be done behind the machine's back. */
static int write_start(struct writer *w, const struct recording *r, bool later, struct error *e)
{
    if (!append_start(w, r) || (!later && (!append_images(w, r) || !append_past(w, r)))) {
        return error_set(e, "%s", w->failure.text);
    }
    if (!later && w->nameless) {
        if (publish(w->fd, w->path, w->force, e) != 0) {
            return -1;
        }
        w->nameless = false;
    }
    return 0;
}

static bool can_be_read(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
}

struct writer *writer_open(const char *path, const struct recording *r,
                           const struct journal_options *options, const struct pace *pace,
                           struct error *e)
{
    struct writer *w;
    bool nameless, later = !recording_is_by_reference(r) && !r->extra.is_branch;
    int fd = open_new(path, options->force, &nameless, e);

    if (fd < 0) {
        return NULL;
    }
    w = base_alloc(1, sizeof(*w));
    w->fd = fd;
    w->backing = can_be_read(fd) ? backing_of_file(fd, true) : NULL;
    w->path = base_strdup(path);
    w->force = options->force;
    w->nameless = nameless;
    w->images_done = options->images_done;
    if (pace != NULL) {
        w->pace = *pace;
    }
    init_shared(w);
    w->images_of = r;
    if (write_start(w, r, later, e) == 0) {
        if (!later) {
            images_are_done(w);
        }
        w->helper = host_thread_start(helper_run, w, e);
    }
    if (w->helper == NULL) {
        remove_file(w);
        writer_free(w);
        return NULL;
    }
    return w;
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
    batch_add(&w->pending, in);
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

int writer_finish(struct writer *w, const struct recording_end *end, struct error *e)
{
    byte_vec payload = {0};
    byte_vec out = {0};

    stop_helper(w);
    flush(w, true);
    end_write(&payload, end);
    chunk_make(&out, CHUNK_END, payload.data, payload.count, true, &w->chain);
    if (append(w, &out) && fdatasync(w->fd) != 0 && errno != EINVAL && errno != EROFS) {
        writer_fail(w, "reach the disk", errno);
    }
    vec_fini(&payload);
    vec_fini(&out);
    if (atomic_load(&w->failed)) {
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
    vec_fini(&w->places);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
    pthread_cond_destroy(&w->drained);
    free(w);
}
