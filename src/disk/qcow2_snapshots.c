/* SPDX-License-Identifier: GPL-2.0-or-later
 * qcow2_snapshots: the table of internal snapshots, read. Its entries have parts of any length, and each
 * says its own; all of it together is bounded.
 */
#include <stdlib.h>

#include "disk/internal.h"

#define EXTRA_MOST 1024       /* bytes of an entry that are for future extensions */
#define TABLE_MOST (64 * MIB) /* bytes of all entries */

/* Bytes of an entry without its parts; and where things are in it. */
enum { ENTRY_BYTES = 40, EXTRA_STATE = 0, EXTRA_SIZE = 8, EXTRA_ICOUNT = 16, EXTRA_KNOWN = 24 };

static int take(const struct qcow2 *q, uint64_t *at, void *bytes, size_t count, struct error *e)
{
    if (*at > q->file->size || count > q->file->size - *at ||
        *at + count - q->header.snapshots_at > TABLE_MOST) {
        return qcow2_error(q, e, "its table of snapshots is not inside the file");
    }
    if (bytes_read(q->file, *at, bytes, count, e) < 0) {
        return -1;
    }
    *at += count;
    return 0;
}

static int take_string(const struct qcow2 *q, uint64_t *at, size_t length, char **s,
                       struct error *e)
{
    *s = base_alloc(length + 1, 1);
    return take(q, at, *s, length, e);
}

static void use_extra(struct snapshot *s)
{
    if (s->extra_length >= EXTRA_STATE + 8) {
        s->shown.state_bytes = bytes_get_be(s->extra + EXTRA_STATE, 8);
    }
    if (s->extra_length >= EXTRA_SIZE + 8) {
        s->shown.size = bytes_get_be(s->extra + EXTRA_SIZE, 8);
    }
    if (s->extra_length >= EXTRA_ICOUNT + 8) {
        s->shown.icount = bytes_get_be(s->extra + EXTRA_ICOUNT, 8);
    }
    if (s->extra_length > EXTRA_KNOWN && s->extra_length <= EXTRA_KNOWN + DISK_SNAPSHOT_MORE) {
        s->shown.more_bytes = s->extra_length - EXTRA_KNOWN;
        memcpy(s->shown.more, s->extra + EXTRA_KNOWN, s->shown.more_bytes);
    }
}

static int read_one(const struct qcow2 *q, uint64_t *at, struct snapshot *s, struct error *e)
{
    uint8_t b[ENTRY_BYTES];
    size_t id, name;

    if (take(q, at, b, sizeof b, e) < 0) {
        return -1;
    }
    s->l1_at = bytes_get_be(b, 8);
    s->l1_count = (uint32_t)bytes_get_be(b + 8, 4);
    id = (size_t)bytes_get_be(b + 12, 2);
    name = (size_t)bytes_get_be(b + 14, 2);
    s->shown.seconds = (uint32_t)bytes_get_be(b + 16, 4);
    s->shown.ns = (uint32_t)bytes_get_be(b + 20, 4);
    s->shown.guest_ns = bytes_get_be(b + 24, 8);
    s->shown.state_bytes = bytes_get_be(b + 32, 4);
    s->extra_length = (uint32_t)bytes_get_be(b + 36, 4);
    s->shown.size = q->header.size;
    s->shown.icount = DISK_NO_ICOUNT;
    if (s->extra_length > EXTRA_MOST) {
        return qcow2_error(q, e, "a snapshot of it says %u bytes that are not known here",
                           s->extra_length);
    }
    s->extra = base_alloc(s->extra_length + 1, 1);
    if (take(q, at, s->extra, s->extra_length, e) < 0 ||
        take_string(q, at, id, &s->shown.id, e) < 0 ||
        take_string(q, at, name, &s->shown.name, e) < 0) {
        return -1;
    }
    use_extra(s);
    *at = align_up(*at, 8);
    return s->shown.size <= DISK_BYTES_MOST
               ? 0
               : qcow2_error(q, e, "its snapshot '%s' says that it has %llu bytes of content",
                             s->shown.id, (unsigned long long)s->shown.size);
}

int qcow2_read_snapshots(struct qcow2 *q, struct error *e)
{
    uint64_t at = q->header.snapshots_at;

    if (q->header.snapshot_count > DISK_SNAPSHOTS_MOST || at % q->cluster != 0) {
        return qcow2_error(q, e, "it cannot have %u snapshots in a table at byte %llu",
                           q->header.snapshot_count, (unsigned long long)at);
    }
    for (uint32_t i = 0; i < q->header.snapshot_count; i++) {
        struct snapshot s = {0};
        int result = read_one(q, &at, &s, e);

        vec_push(&q->snapshots,
                 s); /* even if only some of it is there: it is freed with the others */
        if (result < 0) {
            return -1;
        }
    }
    q->snapshot_bytes = at - q->header.snapshots_at;
    return 0;
}

void qcow2_drop_snapshots(struct qcow2 *q)
{
    for (size_t i = 0; i < q->snapshots.count; i++) {
        free(q->snapshots.data[i].shown.id);
        free(q->snapshots.data[i].shown.name);
        free(q->snapshots.data[i].extra);
    }
    vec_fini(&q->snapshots);
}

size_t qcow2_find_snapshot(const struct qcow2 *q, const char *id_or_name)
{
    size_t by_name = SIZE_MAX;

    for (size_t i = q->snapshots.count; i-- > 0;) {
        const struct disk_snapshot *s = &q->snapshots.data[i].shown;

        if (strcmp(s->id, id_or_name) == 0) {
            return i;
        }
        by_name = strcmp(s->name, id_or_name) == 0 ? i : by_name;
    }
    return by_name;
}
