/* SPDX-License-Identifier: GPL-2.0-or-later
 * qcow2_counts: how many references each cluster of the file has, which are free, and putting that into the
 * file. Counts are in memory, whole: blocks of them are written from there. A block that is new is in the
 * file before the table names it, and a table before the header does.
 */
#include <stdlib.h>

#include "disk/internal.h"

void counts_free(struct counts *c)
{
    if (c != NULL) {
        vec_fini(&c->of);
        vec_fini(&c->blocks);
        vec_fini(&c->block_dirty);
        vec_fini(&c->new_blocks);
        vec_fini(&c->freed);
        vec_fini(&c->l1_sectors);
        free(c);
    }
}

uint64_t counts_most(const struct qcow2 *q)
{
    return q->header.count_order >= 5 ? UINT32_MAX
                                      : (UINT64_C(1) << (1u << q->header.count_order)) - 1;
}

uint64_t counts_per_block(const struct qcow2 *q)
{
    return (q->cluster * 8) >> q->header.count_order;
}

uint32_t counts_get(const struct qcow2 *q, uint64_t at)
{
    uint64_t cluster = at >> q->header.cluster_bits;

    return cluster < q->counts->of.count ? q->counts->of.data[cluster] : 0;
}

void counts_dirty(struct qcow2 *q, uint64_t cluster)
{
    uint64_t block = cluster / counts_per_block(q);
    struct counts *c = q->counts;

    while (c->blocks.count <= block) {
        vec_push(&c->blocks, 0);
    }
    while (c->block_dirty.count < c->blocks.count) {
        vec_push(&c->block_dirty, 0);
    }
    c->block_dirty.data[block] = 1;
    c->is_dirty = true;
}

/* ---- taking and dropping ---- */

static void set_count(struct qcow2 *q, uint64_t cluster, uint32_t count)
{
    q->counts->of.data[cluster] = count;
    counts_dirty(q, cluster);
}

/* The first of so many free clusters; those behind the last one that is known are all free. */
static uint64_t find_free(const struct counts *c, uint64_t clusters)
{
    uint64_t start = c->first_free;

    for (uint64_t i = start; i < c->of.count && i - start < clusters; i++) {
        if (c->of.data[i] != 0) {
            start = i + 1;
        }
    }
    return start;
}

int counts_take(struct qcow2 *q, uint64_t clusters, uint64_t *at, struct error *e)
{
    struct counts *c = q->counts;
    uint64_t start, most = QCOW2_COUNTS_MOST / 8 * counts_per_block(q);

    while (c->first_free < c->of.count && c->of.data[c->first_free] != 0) {
        c->first_free++;
    }
    start = find_free(c, clusters);
    if (start + clusters > most || start + clusters > QCOW2_HOST_MOST >> q->header.cluster_bits) {
        return qcow2_error(q, e, "is full: its counts have no room for more clusters");
    }
    while (c->of.count < start + clusters) {
        vec_push(&c->of, 0);
    }
    for (uint64_t i = start; i < start + clusters; i++) {
        set_count(q, i, 1);
    }
    *at = start << q->header.cluster_bits;
    return 0;
}

void counts_add(struct qcow2 *q, uint64_t at)
{
    uint64_t cluster = at >> q->header.cluster_bits;

    must(cluster < q->counts->of.count && q->counts->of.data[cluster] < counts_most(q));
    set_count(q, cluster, q->counts->of.data[cluster] + 1);
}

void counts_drop(struct qcow2 *q, uint64_t at)
{
    vec_push(&q->counts->freed, at >> q->header.cluster_bits);
}

void counts_drop_range(struct qcow2 *q, uint64_t at, uint64_t bytes)
{
    for (uint64_t i = 0; i < qcow2_clusters_of(q, bytes); i++) {
        counts_drop(q, at + (i << q->header.cluster_bits));
    }
}

void counts_free_now(struct qcow2 *q)
{
    struct counts *c = q->counts;

    for (size_t i = 0; i < c->freed.count; i++) {
        uint64_t cluster = c->freed.data[i];

        must(cluster < c->of.count && c->of.data[cluster] != 0);
        set_count(q, cluster, c->of.data[cluster] - 1);
        if (c->of.data[cluster] == 0 && cluster < c->first_free) {
            c->first_free = cluster;
        }
    }
    c->freed.count = 0;
}

/* ---- into the file ---- */

/* The table takes half as much again as it needs, where it moves to. */
static int move_table(struct qcow2 *q, struct error *e)
{
    struct counts *c = q->counts;
    uint64_t bytes = (c->blocks.count + c->blocks.count / 2) * 8, clusters, at;

    bytes = bytes < QCOW2_COUNTS_MOST ? bytes : QCOW2_COUNTS_MOST;
    clusters = qcow2_clusters_of(q, bytes);
    if (counts_take(q, clusters, &at, e) < 0) {
        return -1;
    }
    counts_drop_range(q, q->header.counts_at, q->header.counts_clusters * q->cluster);
    q->header.counts_at = at;
    q->header.counts_clusters = (uint32_t)clusters;
    c->table_room = clusters * q->cluster / 8;
    c->is_table_new = true;
    return 0;
}

/* Each block that has something to say has a place, which may make more of them. */
static int place_blocks(struct qcow2 *q, struct error *e)
{
    struct counts *c = q->counts;
    bool changed;

    do {
        changed = false;
        for (uint64_t i = 0; i < c->blocks.count; i++) {
            uint64_t at;

            if (!c->block_dirty.data[i] || c->blocks.data[i] != 0) {
                continue;
            }
            if (counts_take(q, 1, &at, e) < 0) {
                return -1;
            }
            c->blocks.data[i] = at;
            vec_push(&c->new_blocks, i);
            changed = true;
        }
        if (c->blocks.count > c->table_room) {
            if (move_table(q, e) < 0) {
                return -1;
            }
            changed = true;
        }
    } while (changed);
    return 0;
}

static void encode_block(const struct qcow2 *q, uint64_t block, uint8_t *bytes)
{
    const struct counts *c = q->counts;
    unsigned order = q->header.count_order;
    uint64_t per_block = counts_per_block(q), first = block * per_block;

    memset(bytes, 0, (size_t)q->cluster);
    for (uint64_t i = 0; i < per_block && first + i < c->of.count; i++) {
        uint64_t count = c->of.data[first + i];

        if (order >= 3) {
            bytes_set_be(bytes + (i << (order - 3)), 1u << (order - 3), count);
        } else {
            bytes[i >> (3 - order)] |= (uint8_t)(count << ((i << order) & 7));
        }
    }
}

static int write_blocks(struct qcow2 *q, struct error *e)
{
    struct counts *c = q->counts;
    uint8_t *bytes = base_alloc((size_t)q->cluster, 1);
    int result = 0;

    for (uint64_t i = 0; i < c->block_dirty.count && result == 0; i++) {
        if (c->block_dirty.data[i]) {
            encode_block(q, i, bytes);
            result = bytes_write(q->file, c->blocks.data[i], bytes, (size_t)q->cluster, e);
            c->block_dirty.data[i] = result < 0;
        }
    }
    free(bytes);
    return result;
}

static int write_whole_table(struct qcow2 *q, struct error *e)
{
    struct counts *c = q->counts;
    uint8_t *bytes = base_alloc(c->table_room, 8);
    uint8_t header[12];
    int result;

    for (uint64_t i = 0; i < c->blocks.count; i++) {
        bytes_set_be(bytes + i * 8, 8, c->blocks.data[i]);
    }
    result = bytes_write(q->file, q->header.counts_at, bytes, c->table_room * 8, e);
    free(bytes);
    bytes_set_be(header, 8, q->header.counts_at);
    bytes_set_be(header + 8, 4, q->header.counts_clusters);
    if (result < 0 || bytes_sync(q->file, e) < 0 ||
        bytes_write(q->file, HEADER_COUNTS, header, sizeof header, e) < 0) {
        return -1;
    }
    return bytes_sync(q->file, e);
}

static int write_entries(struct qcow2 *q, struct error *e)
{
    struct counts *c = q->counts;

    for (size_t i = 0; i < c->new_blocks.count; i++) {
        uint64_t block = c->new_blocks.data[i];
        uint8_t entry[8];

        bytes_set_be(entry, 8, c->blocks.data[block]);
        if (bytes_write(q->file, q->header.counts_at + block * 8, entry, 8, e) < 0) {
            return -1;
        }
    }
    return 0;
}

int counts_write(struct qcow2 *q, struct error *e)
{
    struct counts *c = q->counts;

    if (!c->is_dirty) {
        return 0;
    }
    if (place_blocks(q, e) < 0 || write_blocks(q, e) < 0) {
        return -1;
    }
    if (c->is_table_new || c->new_blocks.count != 0) {
        if (bytes_sync(q->file, e) < 0 ||
            (c->is_table_new ? write_whole_table(q, e) : write_entries(q, e)) < 0) {
            return -1;
        }
    }
    c->new_blocks.count = 0;
    c->is_table_new = c->is_dirty = false;
    return 0;
}
