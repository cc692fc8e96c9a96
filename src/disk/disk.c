/* SPDX-License-Identifier: GPL-2.0-or-later
 * disk: an image, whatever its format, and those behind it. A file behind a qcow2 image is named in it:
 * relative to the folder that the image is in, or absolute. It is opened for reading, in the format that
 * the image says it has. Left out: names that begin with a protocol or are JSON.
 */
#include <stdlib.h>

#include "disk/internal.h"

/* ---- the file behind ---- */

static enum disk_format format_of(const char *said, const char *name, struct error *e)
{
    if (said == NULL) {
        return DISK_FORMAT_ANY;
    }
    if (strcmp(said, "raw") == 0 || strcmp(said, "file") == 0) {
        return DISK_RAW;
    }
    if (strcmp(said, "qcow2") == 0) {
        return DISK_QCOW2;
    }
    error_set(e, "%s: the file behind it is of the format '%s', which is not known here", name,
              said);
    return DISK_FORMAT_ANY;
}

/* The path; NULL: it is none. The caller's to free(). */
static char *path_behind(const char *name, const char *said, struct error *e)
{
    const char *colon = strchr(said, ':'), *slash = strchr(said, '/');
    struct text t = {0};
    char *folder;

    if (colon != NULL && (slash == NULL || colon < slash)) {
        if (strncmp(said, "file:", 5) != 0) {
            error_set(e, "%s: what is behind it, '%s', is not a file's name", name, said);
            return NULL;
        }
        said += 5;
    }
    if (said[0] == '/') {
        return base_strdup(said);
    }
    folder = base_folder_of(name);
    text_add(&t, "%s%s", folder, said);
    free(folder);
    return t.data;
}

static struct disk *open_behind(const struct disk *d, const struct disk_options *options,
                                unsigned depth, struct error *e)
{
    const struct qcow2_header *h = &d->qcow2->header;
    struct disk_options next = {.open = options->open, .opaque = options->opaque};
    struct error unknown = {{0}};
    struct disk_bytes *file;
    char *path;

    next.format = format_of(h->backing_format, d->file->name, &unknown);
    if (unknown.text[0] != 0) {
        error_set(e, "%s", unknown.text);
        return NULL;
    }
    if (depth + 1 >= DISK_CHAIN_MOST) {
        error_set(e, "%s: is behind %u others, and names one more; are they a circle?",
                  d->file->name, depth);
        return NULL;
    }
    path = path_behind(d->file->name, h->backing, e);
    if (path == NULL) {
        return NULL;
    }
    file =
        next.open != NULL ? next.open(next.opaque, path, e) : disk_bytes_open(path, DISK_READS, e);
    free(path);
    return file != NULL ? disk_open_chained(file, &next, depth + 1, e) : NULL;
}

/* ---- open and close ---- */

static int open_qcow2(struct disk *d, const struct disk_options *options, unsigned depth,
                      struct error *e)
{
    d->qcow2 = qcow2_open(d->file, options->snapshot, e);
    if (d->qcow2 == NULL) {
        return -1;
    }
    d->size = d->qcow2->size;
    if (d->qcow2->header.backing != NULL) {
        d->backing = open_behind(d, options, depth, e);
        if (d->backing == NULL) {
            return -1;
        }
        d->qcow2->backing = d->backing;
    }
    return options->is_writable ? qcow2_begin_writing(d->qcow2, e) : 0;
}

static int no_snapshots(const struct disk *d, struct error *e)
{
    return error_set(e, "%s: is a raw image, which has no snapshots", d->file->name);
}

static int open_raw(struct disk *d, const struct disk_options *options, struct error *e)
{
    if (d->file->size > DISK_BYTES_MOST) {
        return error_set(e, "%s: has %llu bytes, which is too much for a disk", d->file->name,
                         (unsigned long long)d->file->size);
    }
    if (options->snapshot != NULL) {
        return no_snapshots(d, e);
    }
    d->size = align_up(d->file->size, DISK_SECTOR);
    return 0;
}

static void free_disk(struct disk *d)
{
    while (d != NULL) {
        struct disk *next = d->backing;

        if (d->qcow2 != NULL) {
            qcow2_close(d->qcow2);
        }
        disk_bytes_close(d->file);
        free(d);
        d = next;
    }
}

struct disk *disk_open_chained(struct disk_bytes *bytes, const struct disk_options *options,
                               unsigned depth, struct error *e)
{
    struct disk *d = base_alloc(1, sizeof(*d));
    bool is_qcow2 =
        options->format == DISK_QCOW2 || (options->format == DISK_FORMAT_ANY && qcow2_is(bytes));
    int result;

    must(!options->is_writable || options->snapshot == NULL);
    d->file = bytes;
    d->is_writable = options->is_writable;
    result = is_qcow2 ? open_qcow2(d, options, depth, e) : open_raw(d, options, e);
    if (result < 0) {
        free_disk(d);
        return NULL;
    }
    return d;
}

struct disk *disk_open_bytes(struct disk_bytes *bytes, const struct disk_options *options,
                             struct error *e)
{
    return disk_open_chained(bytes, options, 0, e);
}

struct disk *disk_open(const char *path, const struct disk_options *options, struct error *e)
{
    struct disk_bytes *bytes = options->is_writable    ? disk_bytes_open(path, DISK_WRITES, e)
                               : options->open != NULL ? options->open(options->opaque, path, e)
                                                       : disk_bytes_open(path, DISK_READS, e);

    return bytes != NULL ? disk_open_bytes(bytes, options, e) : NULL;
}

int disk_close(struct disk *d, struct error *e)
{
    int result = d->is_writable ? disk_flush(d, e) : 0;

    free_disk(d);
    return result;
}

/* ---- content ---- */

uint64_t disk_size(const struct disk *d)
{
    return d->size;
}

enum disk_format disk_format(const struct disk *d)
{
    return d->qcow2 != NULL ? DISK_QCOW2 : DISK_RAW;
}

const char *disk_name(const struct disk *d)
{
    return d->file->name;
}

const struct disk *disk_backing(const struct disk *d)
{
    return d->backing;
}

static void check_range(const struct disk *d, uint64_t at, uint64_t size)
{
    must(at <= d->size && size <= d->size - at);
}

int disk_read(struct disk *d, uint64_t at, void *bytes, size_t size, struct error *e)
{
    check_range(d, at, size);
    return d->qcow2 != NULL ? qcow2_read(d->qcow2, at, bytes, size, e)
                            : bytes_read(d->file, at, bytes, size, e);
}

int disk_read_padded(struct disk *d, uint64_t at, void *bytes, size_t size, struct error *e)
{
    uint64_t there = d != NULL && at < d->size ? d->size - at : 0;
    size_t inside = size < there ? size : (size_t)there;

    memset((uint8_t *)bytes + inside, 0, size - inside);
    return inside != 0 ? disk_read(d, at, bytes, inside, e) : 0;
}

int disk_write(struct disk *d, uint64_t at, const void *bytes, size_t size, struct error *e)
{
    must(d->is_writable);
    check_range(d, at, size);
    return d->qcow2 != NULL ? qcow2_write(d->qcow2, at, bytes, size, e)
                            : bytes_write(d->file, at, bytes, size, e);
}

static int zero_raw(struct disk *d, uint64_t at, uint64_t size, struct error *e)
{
    static const uint8_t zeros[65536];

    while (size != 0) {
        size_t piece = size < sizeof zeros ? (size_t)size : sizeof zeros;

        if (bytes_write(d->file, at, zeros, piece, e) < 0) {
            return -1;
        }
        at += piece;
        size -= piece;
    }
    return 0;
}

int disk_zero(struct disk *d, uint64_t at, uint64_t size, struct error *e)
{
    must(d->is_writable);
    check_range(d, at, size);
    return d->qcow2 != NULL ? qcow2_zero(d->qcow2, at, size, e) : zero_raw(d, at, size, e);
}

int disk_discard(struct disk *d, uint64_t at, uint64_t size, struct error *e)
{
    must(d->is_writable);
    check_range(d, at, size);
    return d->qcow2 != NULL ? qcow2_discard(d->qcow2, at, size, e) : 0;
}

int disk_flush(struct disk *d, struct error *e)
{
    must(d->is_writable);
    return d->qcow2 != NULL ? qcow2_flush(d->qcow2, e) : bytes_sync(d->file, e);
}

/* ---- snapshots ---- */

size_t disk_snapshot_count(const struct disk *d)
{
    return d->qcow2 != NULL ? d->qcow2->snapshots.count : 0;
}

const struct disk_snapshot *disk_snapshot_at(const struct disk *d, size_t i)
{
    must(i < disk_snapshot_count(d));
    return &d->qcow2->snapshots.data[i].shown;
}

size_t disk_snapshot_find(const struct disk *d, const char *id_or_name)
{
    return d->qcow2 != NULL ? qcow2_find_snapshot(d->qcow2, id_or_name) : SIZE_MAX;
}

int disk_snapshot_make(struct disk *d, const struct disk_snapshot *like, struct error *e)
{
    must(d->is_writable);
    return d->qcow2 != NULL ? qcow2_make_snapshot(d->qcow2, like, e) : no_snapshots(d, e);
}

int disk_snapshot_delete(struct disk *d, size_t i, struct error *e)
{
    must(d->is_writable && i < disk_snapshot_count(d));
    return qcow2_delete_snapshot(d->qcow2, i, e);
}

int disk_snapshot_apply(struct disk *d, size_t i, struct error *e)
{
    int result;

    must(d->is_writable && i < disk_snapshot_count(d));
    result = qcow2_apply_snapshot(d->qcow2, i, e);
    d->size = d->qcow2->size;
    return result;
}
