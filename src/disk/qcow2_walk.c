/* SPDX-License-Identifier: GPL-2.0-or-later
 * qcow2_walk: all that an L1 table reaches, and looking at all of an image before it is written to: who
 * refers to which cluster. Counts are made afresh from that; what the file says of them is believed
 * only where it says more. An image of which two things are in one place is never written to.
 */
#include <stdlib.h>

#include "disk/internal.h"

int qcow2_walk(struct qcow2 *q, const uint64_t *l1, uint32_t count, qcow2_each *each, void *opaque,
               struct error *e)
{
    uint8_t *table = base_alloc((size_t)q->cluster, 1);
    int result = 0;

    for (uint32_t i = 0; i < count && result == 0; i++) {
        struct table t = {.index = i, .bytes = table};

        result = qcow2_l2_at(q, l1[i], &t.at, e);
        if (result < 0 || t.at == 0) {
            continue;
        }
        result = bytes_read(q->file, t.at, table, (size_t)q->cluster, e);
        if (result == 0) {
            result = each(q, &t, opaque, e);
        }
    }
    free(table);
    return result;
}

struct span qcow2_span_of(const struct qcow2 *q, uint64_t descriptor)
{
    if ((descriptor & QCOW2_PACKED) != 0) {
        struct packed p = qcow2_packed_of(q, descriptor);
        uint64_t first = p.at >> q->header.cluster_bits;

        return (struct span){first << q->header.cluster_bits,
                             ((p.at + p.length - 1) >> q->header.cluster_bits) - first + 1};
    }
    return (struct span){descriptor & QCOW2_OFFSET, (descriptor & QCOW2_OFFSET) != 0};
}

/* ---- who is where ---- */

enum kind {
    KIND_NONE,
    KIND_DATA,
    KIND_PACKED,
    KIND_L2,
    KIND_ALONE /* from here on: once only */,
    KIND_HEADER = KIND_ALONE,
    KIND_L1,
    KIND_TABLE,
    KIND_BLOCK,
    KIND_SNAPSHOTS
};

static const char *const kind_names[] = {
    [KIND_NONE] = "nothing",
    [KIND_DATA] = "content",
    [KIND_PACKED] = "compressed content",
    [KIND_L2] = "an L2 table",
    [KIND_HEADER] = "the header",
    [KIND_L1] = "an L1 table",
    [KIND_TABLE] = "the table of reference counts",
    [KIND_BLOCK] = "a block of reference counts",
    [KIND_SNAPSHOTS] = "the table of snapshots",
};

struct scan {
    uint8_t *kinds;   /* by cluster */
    uint32_t *walked; /* by cluster: the walk that met it last, as an L2 table */
    uint32_t walk;    /* from 1 */
};

static int claim(struct qcow2 *q, struct scan *s, uint64_t at, enum kind kind, struct error *e)
{
    uint64_t cluster = at >> q->header.cluster_bits;
    struct counts *c = q->counts;

    if (cluster >= c->of.count) {
        return qcow2_error(q, e, "%s at byte %llu is behind the end of the file", kind_names[kind],
                           (unsigned long long)at);
    }
    if (s->kinds[cluster] != KIND_NONE && (s->kinds[cluster] != kind || kind >= KIND_ALONE)) {
        return qcow2_error(q, e, "%s and %s overlap at byte %llu", kind_names[s->kinds[cluster]],
                           kind_names[kind], (unsigned long long)at);
    }
    s->kinds[cluster] = (uint8_t)kind;
    if (c->of.data[cluster] >= counts_most(q)) {
        return qcow2_error(q, e, "the cluster at byte %llu has more references than can be counted",
                           (unsigned long long)at);
    }
    c->of.data[cluster]++;
    return 0;
}

static int claim_range(struct qcow2 *q, struct scan *s, uint64_t at, uint64_t bytes, enum kind kind,
                       struct error *e)
{
    for (uint64_t done = 0; done < bytes; done += q->cluster) {
        if (claim(q, s, at + done, kind, e) < 0) {
            return -1;
        }
    }
    return 0;
}

static int claim_table(struct qcow2 *q, struct table *t, void *opaque, struct error *e)
{
    struct scan *s = opaque;

    if (claim(q, s, t->at, KIND_L2, e) < 0) {
        return -1;
    }
    if (s->walked[t->at >> q->header.cluster_bits] == s->walk) {
        return qcow2_error(q, e, "the L2 table at byte %llu is there twice",
                           (unsigned long long)t->at);
    }
    s->walked[t->at >> q->header.cluster_bits] = s->walk;
    for (uint64_t i = 0; i < q->cluster; i += q->entry_bytes) {
        struct entry x = qcow2_entry_of(q, t->bytes + i);
        enum kind kind = (x.descriptor & QCOW2_PACKED) != 0 ? KIND_PACKED : KIND_DATA;
        struct span span = qcow2_span_of(q, x.descriptor);

        if ((x.descriptor != 0 || x.bitmap != 0) &&
            (qcow2_check_entry(q, &x, e) < 0 ||
             claim_range(q, s, span.at, span.clusters * q->cluster, kind, e) < 0)) {
            return -1;
        }
    }
    return 0;
}

static int claim_l1(struct qcow2 *q, struct scan *s, uint64_t at, uint32_t count, struct error *e)
{
    uint64_t *l1;
    int result;

    if (count > QCOW2_TABLE_MOST / 8) {
        return qcow2_error(q, e, "an L1 table of %u entries is too long", count);
    }
    if (qcow2_read_table(q, "an L1 table", at, count, &l1, e) < 0) {
        return -1;
    }
    s->walk++;
    result = claim_range(q, s, at, (uint64_t)count * 8, KIND_L1, e);
    if (result == 0) {
        result = qcow2_walk(q, l1, count, claim_table, s, e);
    }
    free(l1);
    return result;
}

static int claim_all(struct qcow2 *q, struct scan *s, struct error *e)
{
    const struct qcow2_header *h = &q->header;
    const struct counts *c = q->counts;

    if (claim(q, s, 0, KIND_HEADER, e) < 0 ||
        claim_range(q, s, h->counts_at, h->counts_clusters * q->cluster, KIND_TABLE, e) < 0 ||
        claim_range(q, s, h->snapshots_at, q->snapshot_bytes, KIND_SNAPSHOTS, e) < 0) {
        return -1;
    }
    for (size_t i = 0; i < c->blocks.count; i++) {
        if (c->blocks.data[i] != 0 && claim(q, s, c->blocks.data[i], KIND_BLOCK, e) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < q->snapshots.count; i++) {
        const struct snapshot *p = &q->snapshots.data[i];

        if (claim_l1(q, s, p->l1_at, p->l1_count, e) < 0) {
            return -1;
        }
    }
    return claim_l1(q, s, h->l1_at, h->l1_count, e);
}

/* ---- what the file says of it ---- */

static uint64_t stored_count(const struct qcow2 *q, const uint8_t *block, uint64_t i)
{
    unsigned order = q->header.count_order;

    if (order >= 3) {
        return bytes_get_be(block + (i << (order - 3)), 1u << (order - 3));
    }
    return bits_get(block[i >> (3 - order)], (unsigned)(i << order) & 7, 1u << order);
}

static int compare_count(struct qcow2 *q, uint64_t cluster, uint64_t stored, struct error *e)
{
    struct counts *c = q->counts;
    uint64_t found = cluster < c->of.count ? c->of.data[cluster] : 0;

    if (stored == found) {
        return 0;
    }
    if (stored < found && (q->header.incompatible & INCOMPATIBLE_DIRTY) == 0) {
        return qcow2_error(q, e,
                           "the cluster at byte %llu has %llu references, but only %llu are "
                           "counted; qemu-img check -r all may repair that",
                           (unsigned long long)(cluster << q->header.cluster_bits),
                           (unsigned long long)found, (unsigned long long)stored);
    }
    if (stored > found && q->header.has_unknown && cluster < c->of.count) {
        /* It may belong to what is not looked at here. */
        c->of.data[cluster] = stored < UINT32_MAX ? (uint32_t)stored : UINT32_MAX;
        return 0;
    }
    counts_dirty(q, cluster);
    return 0;
}

static int compare_counts(struct qcow2 *q, struct error *e)
{
    uint64_t per_block = counts_per_block(q), count = q->counts->of.count;
    uint64_t blocks = q->counts->blocks.count, needed = (count + per_block - 1) / per_block;
    uint8_t *block = base_alloc((size_t)q->cluster, 1);
    int result = 0;

    for (uint64_t b = 0; b < (blocks > needed ? blocks : needed) && result == 0; b++) {
        uint64_t at = b < blocks ? q->counts->blocks.data[b] : 0;

        memset(block, 0, (size_t)q->cluster);
        if (at == 0 && b >= needed) {
            continue;
        }
        if (at != 0) {
            result = bytes_read(q->file, at, block, (size_t)q->cluster, e);
        }
        for (uint64_t i = 0; i < per_block && result == 0; i++) {
            result = compare_count(q, b * per_block + i, stored_count(q, block, i), e);
        }
    }
    free(block);
    return result;
}

static int read_blocks(struct qcow2 *q, struct error *e)
{
    uint64_t entries = q->header.counts_clusters * q->cluster / 8, *table;
    struct counts *c = q->counts;
    int result = 0;

    if (qcow2_read_table(q, "its table of reference counts", q->header.counts_at, entries, &table,
                         e) < 0) {
        return -1;
    }
    c->table_room = entries;
    while (entries > 0 && table[entries - 1] == 0) {
        entries--;
    }
    for (uint64_t i = 0; i < entries && result == 0; i++) {
        if (table[i] % q->cluster != 0) {
            result = qcow2_error(q, e, "an entry of its table of reference counts, 0x%llx, is none",
                                 (unsigned long long)table[i]);
        }
        vec_push(&c->blocks, table[i]);
        vec_push(&c->block_dirty, 0);
    }
    free(table);
    return result;
}

/* ---- before the first write ---- */

static int scan_all(struct qcow2 *q, struct error *e)
{
    struct counts *c = q->counts = base_alloc(1, sizeof(*c));
    uint64_t clusters = qcow2_clusters_of(q, q->file->size);
    struct scan s;
    int result;

    if (clusters > QCOW2_SCAN_MOST) {
        return qcow2_error(q, e, "has more clusters, %llu, than can be written to here",
                           (unsigned long long)clusters);
    }
    c->of.data = base_alloc((size_t)clusters + 1, sizeof(uint32_t));
    c->of.room = (size_t)clusters + 1;
    c->of.count = (size_t)clusters;
    for (uint64_t i = 0; i < (q->l1_count + 63) / 64; i++) {
        vec_push(&c->l1_sectors, 0);
    }
    if (read_blocks(q, e) < 0) {
        return -1;
    }
    s = (struct scan){.kinds = base_alloc((size_t)clusters + 1, 1),
                      .walked = base_alloc((size_t)clusters + 1, sizeof(uint32_t))};
    result = claim_all(q, &s, e);
    free(s.kinds);
    free(s.walked);
    return result < 0 ? -1 : compare_counts(q, e);
}

int qcow2_begin_writing(struct qcow2 *q, struct error *e)
{
    const uint64_t writing = ~(uint64_t)INCOMPATIBLE_DIRTY;
    uint8_t number[8];

    if ((q->header.incompatible & INCOMPATIBLE_CORRUPT) != 0) {
        return qcow2_error(q, e,
                           "is marked as corrupt, and so only read; qemu-img check -r all may "
                           "repair it");
    }
    if (scan_all(q, e) < 0) {
        return -1;
    }
    if (q->header.autoclear != 0) {
        bytes_set_be(number, 8, 0);
        if (bytes_write(q->file, HEADER_AUTOCLEAR, number, 8, e) < 0) {
            return -1;
        }
        q->header.autoclear = 0;
    }
    if ((q->header.incompatible & INCOMPATIBLE_DIRTY) != 0) {
        q->header.incompatible &= writing;
        bytes_set_be(number, 8, q->header.incompatible);
        if (counts_write(q, e) < 0 || bytes_sync(q->file, e) < 0 ||
            bytes_write(q->file, HEADER_INCOMPATIBLE, number, 8, e) < 0) {
            return -1;
        }
    }
    return bytes_sync(q->file, e);
}
