/* SPDX-License-Identifier: GPL-2.0-or-later
 * qcow2: opening and closing an image of that format: the tables that its header names, within bounds.
 * Whoever only reads looks at tables below those when they are needed, and at counts never.
 */
#include <stdlib.h>

#include "disk/internal.h"

int qcow2_error(const struct qcow2 *q, struct error *e, const char *format, ...)
{
    if (e != NULL) {
        struct text t = {0};
        va_list args;

        va_start(args, format);
        text_add_v(&t, format, args);
        va_end(args);
        error_set(e, "%s: %s", q->file->name, t.data);
        text_fini(&t);
    }
    return -1;
}

uint64_t qcow2_clusters_of(const struct qcow2 *q, uint64_t bytes)
{
    return (bytes >> q->header.cluster_bits) + ((bytes & (q->cluster - 1)) != 0);
}

uint64_t qcow2_l1_needed(const struct qcow2 *q, uint64_t size)
{
    return (qcow2_clusters_of(q, size) + (UINT64_C(1) << q->l2_bits) - 1) >> q->l2_bits;
}

/* ---- tables ---- */

int qcow2_read_table(const struct qcow2 *q, const char *what, uint64_t at, uint64_t count,
                     uint64_t **table, struct error *e)
{
    uint8_t *bytes;

    *table = NULL;
    if (count == 0) {
        return 0;
    }
    if (at % q->cluster != 0 || at == 0 || at > q->file->size || count > UINT32_MAX ||
        count * 8 > q->file->size - at) {
        return qcow2_error(q, e, "%s at byte %llu, with %llu entries, is not inside the file", what,
                           (unsigned long long)at, (unsigned long long)count);
    }
    bytes = base_alloc((size_t)count, 8);
    if (bytes_read(q->file, at, bytes, (size_t)count * 8, e) < 0) {
        free(bytes);
        return -1;
    }
    *table = base_alloc((size_t)count, 8);
    for (uint64_t i = 0; i < count; i++) {
        (*table)[i] = bytes_get_be(bytes + i * 8, 8);
    }
    free(bytes);
    return 0;
}

static int read_l1(struct qcow2 *q, uint64_t at, uint32_t count, uint64_t size, struct error *e)
{
    if (count > QCOW2_TABLE_MOST / 8 || count < qcow2_l1_needed(q, size)) {
        return qcow2_error(q, e, "its L1 table of %u entries does not fit %llu bytes of content",
                           count, (unsigned long long)size);
    }
    q->l1_count = count;
    q->size = align_up(size, DISK_SECTOR);
    return qcow2_read_table(q, "its L1 table", at, count, &q->l1, e);
}

struct range {
    const char *name;
    uint64_t at, bytes;
};

/* What the header names are things of their own. */
static int check_apart(const struct qcow2 *q, struct error *e)
{
    const struct qcow2_header *h = &q->header;
    const struct range ranges[] = {
        {"header", 0, 1},
        {"L1 table", h->l1_at, (uint64_t)h->l1_count * 8},
        {"table of reference counts", h->counts_at, (uint64_t)h->counts_clusters * q->cluster},
        {"table of snapshots", h->snapshots_at, h->snapshot_count != 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        for (size_t j = 0; j < i; j++) {
            const struct range *a = &ranges[i], *b = &ranges[j];

            if (a->bytes != 0 && b->bytes != 0 && a->at < b->at + b->bytes &&
                b->at < a->at + a->bytes) {
                return qcow2_error(q, e, "its %s and its %s overlap", b->name, a->name);
            }
        }
    }
    return 0;
}

/* ---- open and close ---- */

static int check_sizes(const struct qcow2 *q, struct error *e)
{
    const struct qcow2_header *h = &q->header;

    if (h->counts_at % q->cluster != 0 || h->counts_at > INT64_MAX ||
        h->counts_clusters > QCOW2_COUNTS_MOST / q->cluster + 1) {
        return qcow2_error(q, e,
                           "its table of reference counts cannot have %u clusters at byte %llu",
                           h->counts_clusters, (unsigned long long)h->counts_at);
    }
    if (h->l1_at > INT64_MAX || h->snapshots_at > INT64_MAX) {
        return qcow2_error(q, e, "its tables are beyond any file");
    }
    return check_apart(q, e);
}

static int use_snapshot(struct qcow2 *q, const char *wanted, struct error *e)
{
    size_t i = qcow2_find_snapshot(q, wanted);

    if (i == SIZE_MAX) {
        return qcow2_error(q, e, "has no snapshot '%s'", wanted);
    }
    return read_l1(q, q->snapshots.data[i].l1_at, q->snapshots.data[i].l1_count,
                   q->snapshots.data[i].shown.size, e);
}

static int open_tables(struct qcow2 *q, const char *snapshot, struct error *e)
{
    const struct qcow2_header *h = &q->header;

    q->cluster = UINT64_C(1) << h->cluster_bits;
    q->is_extended = (h->incompatible & INCOMPATIBLE_EXTENDED) != 0;
    q->entry_bytes = q->is_extended ? 16 : 8;
    q->l2_bits = h->cluster_bits - (q->is_extended ? 4 : 3);
    q->piece = q->is_extended ? q->cluster / QCOW2_SUBCLUSTERS : q->cluster;
    if (check_sizes(q, e) < 0 || qcow2_read_snapshots(q, e) < 0) {
        return -1;
    }
    return snapshot != NULL ? use_snapshot(q, snapshot, e)
                            : read_l1(q, h->l1_at, h->l1_count, h->size, e);
}

struct qcow2 *qcow2_open(struct disk_bytes *file, const char *snapshot, struct error *e)
{
    struct qcow2 *q = base_alloc(1, sizeof(*q));

    q->file = file;
    if (qcow2_header_read(file, &q->header, e) < 0 || open_tables(q, snapshot, e) < 0) {
        qcow2_close(q);
        return NULL;
    }
    return q;
}

void qcow2_close(struct qcow2 *q)
{
    for (unsigned set = 0; set < SLICE_SETS; set++) {
        for (unsigned way = 0; way < SLICE_WAYS; way++) {
            free(q->slices[set][way].bytes);
        }
    }
    counts_free(q->counts);
    qcow2_drop_snapshots(q);
    qcow2_header_fini(&q->header);
    free(q->l1);
    free(q->unpacked);
    free(q);
}
