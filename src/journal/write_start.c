/* SPDX-License-Identifier: GPL-2.0-or-later
 * write_start: how the file of a recording is made, and what it begins with: its configuration, its
 * images and, if it is a branch, the past that it shares. A file that can be made without a name gets it
 * when it can be replayed, so that who looks finds all of it or nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/writer.h"

#define WITNESSES_PIECE 65536 /* of a branch's past, in one chunk */

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
        written = writer_append(w, &out);
    }
    vec_fini(&payload);
    vec_fini(&out);
    return written;
}

static bool append_batch(struct writer *w, struct batch *b, tick through)
{
    byte_vec out = {0};
    struct placed p = writer_add_inputs(w, &out, b, through);
    bool written = writer_append(w, &out);

    if (written) {
        writer_tell_place(w, &p);
    }
    writer_batch_clear(b);
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
        writer_batch_add(b, in);
        if (b->records.count >= INPUTS_PIECE) {
            written = append_batch(w, b, b->end);
        }
    }
    inputs_fini(&all);
    if (recording_lost(r) != NULL) {
        writer_fail(w, recording_lost(r));
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

        writer_add_witnesses(w, &out, &r->witnesses.data[i],
                             left < WITNESSES_PIECE ? left : WITNESSES_PIECE);
        written = writer_append(w, &out);
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
    written = writer_append(w, &out);
    vec_fini(&payload);
    vec_fini(&out);
    return written;
}

static bool append_images(struct writer *w, const struct recording *r)
{
    bool pack = images_bytes(r->config) <= images_most(r->config);
    bool written = true;

    for (unsigned i = 0; written && i < MACHINE_FILES_MAX; i++) {
        const struct machine_image *image = machine_config_get_file(r->config, i);

        if (r->notes[i].embedded && !image->in_part) {
            written = append_image(w, i, image, pack);
        }
    }
    return written;
}

/* All that was read, whenever: it is what it is at any tick. */
static bool append_past_reads(struct writer *w, const struct recording *r)
{
    bool written = true;

    for (unsigned file = 0; written && file < MACHINE_FILES_MAX; file++) {
        VEC(struct noted_read) list = {0};
        byte_vec out = {0};

        for (size_t i = 0; r->reads[file] != NULL && i < r->reads[file]->list.count; i++) {
            const struct noted_read x = {.file = file, .read = r->reads[file]->list.data[i]};

            vec_push(&list, x);
        }
        writer_add_reads(w, &out, list.data, list.count);
        written = out.count == 0 || writer_append(w, &out);
        vec_fini(&list);
        vec_fini(&out);
    }
    return written;
}

/* The bytes of what was read of one file, compared with what they were. */
static bool append_pieces_of(struct writer *w, const struct recording *r, unsigned file,
                             const struct pack_source *from)
{
    struct disk_read *list = reads_sorted(r->reads[file]);
    size_t count = r->reads[file]->list.count;
    uint8_t *bytes = base_alloc(DISK_READ_CLUSTER, 1);
    bool written = true;

    for (size_t i = 0; written && i < count; i++) {
        uint64_t cluster = list[i].cluster;
        byte_vec payload = {0}, out = {0};
        struct error e;

        if ((recording_holds(r, file) ? held_get(r, file, cluster, bytes, &e)
                                      : from->read(from->opaque, file, cluster, bytes, &e)) < 0 ||
            recording_compare_read(r, file, cluster, disk_read_hash(cluster, bytes), &e) < 0) {
            writer_fail(w, e.text);
            written = false;
            break;
        }
        held_write(&payload, file, cluster, bytes);
        chunk_make(&out, CHUNK_PIECE, payload.data, payload.count, true, &w->chain);
        written = writer_append(w, &out);
        vec_fini(&payload);
        vec_fini(&out);
    }
    free(bytes);
    free(list);
    return written;
}

static bool append_pieces(struct writer *w, const struct recording *r,
                          const struct pack_source *from)
{
    bool written = true;

    for (unsigned file = 0; written && file < MACHINE_FILES_MAX; file++) {
        if (r->reads[file] != NULL && (from != NULL || recording_holds(r, file))) {
            written = append_pieces_of(w, r, file, from);
        }
    }
    return written;
}

/* `from`: bytes of what was read and is in no recording yet; NULL: they stay where they are. */
static bool append_past(struct writer *w, const struct recording *r, const struct pack_source *from)
{
    return r->known == 0 || (append_past_reads(w, r) && append_pieces(w, r, from) &&
                             append_past_inputs(w, r) && append_past_witnesses(w, r));
}

/* A plain file is read again, if it may be. */
static int open_named(const char *path, bool force, bool is_other)
{
    int flags = O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
    int fd = is_other ? -1 : open(path, O_RDWR | flags, 0666);

    return fd >= 0 || (!is_other && errno != EACCES) ? fd : open(path, O_WRONLY | flags, 0666);
}

/* What exists and is no regular file (a device, a link) is written to where it is. */
static int open_new(const char *path, const struct journal_options *o, bool *nameless,
                    struct error *e)
{
    struct stat st;
    bool exists = lstat(path, &st) == 0;
    int fd = -1;

    if (exists && !o->force) {
        return error_set(e, "%s: exists already, and is not overwritten without --force", path);
    }
    if (!exists || (S_ISREG(st.st_mode) && access(path, W_OK) == 0)) {
        fd = o->file > 0 ? o->file : host_file_open_nameless(path);
    }
    *nameless = fd >= 0;
    if (fd < 0) {
        fd = open_named(path, o->force, exists && !S_ISREG(st.st_mode));
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

void writer_write_images(struct writer *w)
{
    struct error e;

    if (!append_images(w, w->images_of)) {
        remove_file(w);
    } else {
        writer_flush(w, false); /* a file that has its name holds what happened before it had it */
        if (w->nameless && publish(w->fd, w->path, w->force, &e) != 0) {
            writer_fail(w, e.text);
        }
    }
    images_are_done(w);
}

/* All at once: a branch's images are nobody's to wait for, and without images there is nothing to
 * be done behind the machine's back. */
static int write_start(struct writer *w, const struct recording *r, bool later, struct error *e)
{
    if (!append_start(w, r) || (!later && (!append_images(w, r) || !append_past(w, r, NULL)))) {
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

static struct writer *writer_new(const char *path, const struct recording *r,
                                 const struct journal_options *options, const struct pace *pace,
                                 struct error *e)
{
    struct writer *w;
    bool nameless;
    int fd;

    if (config_check(r->config, e) < 0 || (fd = open_new(path, options, &nameless, e)) < 0) {
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
    return w;
}

struct writer *writer_open(const char *path, const struct recording *r,
                           const struct journal_options *options, const struct pace *pace,
                           struct error *e)
{
    struct writer *w = writer_new(path, r, options, pace, e);
    bool later = !recording_is_by_reference(r) && !r->extra.is_branch;

    if (w == NULL) {
        return NULL;
    }
    if (write_start(w, r, later, e) == 0) {
        if (!later) {
            images_are_done(w);
        }
        w->helper = host_thread_start(writer_run, w, e);
    }
    if (w->helper == NULL) {
        remove_file(w);
        writer_free(w);
        return NULL;
    }
    return w;
}

int writer_pack(const char *path, const struct recording *r, const struct journal_options *options,
                const struct pack_source *from, struct error *e)
{
    struct writer *w = writer_new(path, r, options, NULL, e);
    int result = 0;

    if (w == NULL) {
        return -1;
    }
    if (!append_start(w, r) || !append_images(w, r) || !append_past(w, r, from) ||
        (r->ended && !writer_append_end(w, &r->end))) {
        result = error_set(e, "%s", w->failure.text);
    } else if (w->nameless) {
        result = publish(w->fd, path, options->force, e);
    }
    if (result < 0) {
        remove_file(w);
    }
    writer_free(w);
    return result;
}
