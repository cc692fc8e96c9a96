/* SPDX-License-Identifier: GPL-2.0-or-later
 * qcow2_make: new images. The header is written last: what is left when that is not come to is no image.
 */
#include <stdlib.h>

#include "disk/internal.h"

static int check_options(const struct qcow2_header *h, const struct disk_qcow2_options *o,
                         const char *name, struct error *e)
{
    unsigned bits = o->refcount_bits != 0 ? o->refcount_bits : 16;

    if (o->size > DISK_BYTES_MOST || o->size % DISK_SECTOR != 0) {
        return error_set(e, "%s: a disk cannot have %llu bytes", name, (unsigned long long)o->size);
    }
    if (h->version != 2 && h->version != 3) {
        return error_set(e, "%s: qcow2 of version %u cannot be made", name, h->version);
    }
    if (h->cluster_bits < DISK_CLUSTER_BITS_LEAST || h->cluster_bits > DISK_CLUSTER_BITS_MOST) {
        return error_set(e, "%s: clusters have 2^9 to 2^21 bytes, not 2^%u", name, h->cluster_bits);
    }
    if (!is_pow2(bits) || bits > 64 || (h->version == 2 && bits != 16)) {
        return error_set(e, "%s: reference counts of version %u cannot have %u bits", name,
                         h->version, bits);
    }
    if (o->is_extended && (h->version == 2 || h->cluster_bits < 14)) {
        return error_set(e, "%s: sub-clusters take version 3, and clusters of 16 KiB", name);
    }
    return 0;
}

static int fill_header(struct qcow2 *q, const struct disk_qcow2_options *o, struct error *e)
{
    static const char *const formats[] = {[DISK_RAW] = "raw", [DISK_QCOW2] = "qcow2"};
    struct qcow2_header *h = &q->header;
    uint64_t tables;

    h->version = o->version != 0 ? o->version : 3;
    h->cluster_bits = o->cluster_bits != 0 ? o->cluster_bits : 16;
    if (check_options(h, o, q->file->name, e) < 0) {
        return -1;
    }
    h->length = h->version == 2 ? 72 : QCOW2_HEADER_BYTES;
    h->size = o->size;
    h->count_order = (uint32_t)__builtin_ctz(o->refcount_bits != 0 ? o->refcount_bits : 16);
    h->incompatible = o->is_extended ? INCOMPATIBLE_EXTENDED : 0;
    if (o->backing != NULL) {
        h->backing = base_strdup(o->backing);
        h->backing_format =
            o->backing_format != DISK_FORMAT_ANY ? base_strdup(formats[o->backing_format]) : NULL;
    }
    q->cluster = UINT64_C(1) << h->cluster_bits;
    q->l2_bits = h->cluster_bits - (o->is_extended ? 4 : 3);
    tables = qcow2_l1_needed(q, o->size);
    if (tables > QCOW2_TABLE_MOST / 8) {
        return error_set(e, "%s: %llu bytes take greater clusters", q->file->name,
                         (unsigned long long)o->size);
    }
    h->l1_count = (uint32_t)(tables != 0 ? tables : 1);
    return 0;
}

static int write_zeros(struct qcow2 *q, uint64_t at, uint64_t bytes, struct error *e)
{
    uint8_t *zeros = base_alloc((size_t)bytes, 1);
    int result = bytes_write(q->file, at, zeros, (size_t)bytes, e);

    free(zeros);
    return result;
}

static int write_all(struct qcow2 *q, struct error *e)
{
    uint64_t l1_bytes = qcow2_clusters_of(q, q->header.l1_count * UINT64_C(8)) * q->cluster, at;
    uint8_t *first = base_alloc((size_t)q->cluster, 1);
    int result = -1;

    q->counts = base_alloc(1, sizeof(*q->counts));
    q->counts->table_room = q->cluster / 8;
    q->header.counts_clusters = 1;
    if (counts_take(q, 1, &at, e) == 0 && counts_take(q, 1, &q->header.counts_at, e) == 0 &&
        counts_take(q, l1_bytes / q->cluster, &q->header.l1_at, e) == 0 &&
        write_zeros(q, q->header.counts_at, q->cluster, e) == 0 &&
        write_zeros(q, q->header.l1_at, l1_bytes, e) == 0 && counts_write(q, e) == 0 &&
        qcow2_header_encode(&q->header, first, (size_t)q->cluster, e) == 0 &&
        bytes_sync(q->file, e) == 0) {
        result = bytes_write(q->file, 0, first, (size_t)q->cluster, e);
    }
    free(first);
    return result == 0 ? bytes_sync(q->file, e) : -1;
}

int disk_qcow2_make(struct disk_bytes *bytes, const struct disk_qcow2_options *options,
                    struct error *e)
{
    struct qcow2 q = {.file = bytes};
    int result = bytes->size == 0 ? fill_header(&q, options, e)
                                  : error_set(e, "%s: is not empty", bytes->name);

    if (result == 0) {
        result = write_all(&q, e);
    }
    counts_free(q.counts);
    qcow2_header_fini(&q.header);
    return result;
}
