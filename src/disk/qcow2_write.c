/* SPDX-License-Identifier: GPL-2.0-or-later
 * qcow2_write: content. What is the image's alone is written in place; else a new cluster gets what was
 * there before, of the image or of what is behind it, and what is new. Tables change in memory, and go to
 * the file by qcow2_flush.c.
 */
#include <stdlib.h>

#include "disk/internal.h"

void qcow2_drop_data(struct qcow2 *q, uint64_t descriptor)
{
    struct span s = qcow2_span_of(q, descriptor);

    counts_drop_range(q, s.at, s.clusters * q->cluster);
}

/* ---- L2 tables ---- */

/* A slice that was kept of what was there before is not of what is there now. */
static void forget_cluster(struct qcow2 *q, uint64_t at)
{
    for (unsigned set = 0; set < SLICE_SETS; set++) {
        for (unsigned way = 0; way < SLICE_WAYS; way++) {
            struct slice *s = &q->slices[set][way];

            if (s->at != 0 && align_down(s->at, q->cluster) == at) {
                must(!s->is_dirty);
                s->at = 0;
            }
        }
    }
}

/* An L2 table that is the image's own, a copy of `old` (0: empty). */
static int new_l2(struct qcow2 *q, uint64_t index, uint64_t old, uint64_t *at, struct error *e)
{
    uint8_t *bytes = base_alloc((size_t)q->cluster, 1);
    int result = 0;

    if (old != 0) { /* which is shared, so that no slice of it is dirty */
        result = bytes_read(q->file, old, bytes, (size_t)q->cluster, e);
    }
    if (result == 0) {
        result = counts_take(q, 1, at, e);
    }
    if (result == 0) {
        forget_cluster(q, *at);
        result = bytes_write(q->file, *at, bytes, (size_t)q->cluster, e);
        if (result < 0) {
            counts_drop(q, *at);
        }
    }
    free(bytes);
    if (result == 0) {
        qcow2_l1_put(q, index, *at | QCOW2_COPIED);
        if (old != 0) {
            counts_drop(q, old);
        }
    }
    return result;
}

/* Where the entry of a cluster is, in a table that may be changed. */
static int own_entry(struct qcow2 *q, uint64_t cluster, uint64_t *at, struct error *e)
{
    uint64_t index = cluster >> q->l2_bits, l2;

    if (qcow2_l2_at(q, q->l1[index], &l2, e) < 0) {
        return -1;
    }
    if ((l2 == 0 || counts_get(q, l2) != 1) && new_l2(q, index, l2, &l2, e) < 0) {
        return -1;
    }
    *at = l2 + bits_get(cluster, 0, q->l2_bits) * q->entry_bytes;
    return 0;
}

static int get_entry(struct qcow2 *q, uint64_t at, struct entry *x, struct error *e)
{
    struct slice *s;

    if (qcow2_slice(q, at, &s, e) < 0) {
        return -1;
    }
    *x = qcow2_entry_of(q, s->bytes + (at - s->at));
    return qcow2_check_entry(q, x, e);
}

static int put_entry(struct qcow2 *q, uint64_t at, const struct entry *x, struct error *e)
{
    struct slice *s;

    if (qcow2_slice(q, at, &s, e) < 0) {
        return -1;
    }
    qcow2_entry_put(q, s->bytes + (at - s->at), x);
    s->is_dirty = true;
    q->counts->l2_dirty = true;
    return 0;
}

/* ---- content ---- */

/* Bytes of a cluster; NULL is zeros. */
struct change {
    uint64_t cluster;
    uint64_t from, to; /* in the cluster */
    const uint8_t *bytes;
};

static void put_bytes(uint8_t *to, const struct change *c)
{
    if (c->bytes != NULL) {
        memcpy(to, c->bytes, (size_t)(c->to - c->from));
    } else {
        memset(to, 0, (size_t)(c->to - c->from));
    }
}

/* [from, to) of the file's cluster `host` becomes what is there now, with the change. */
static int write_composed(struct qcow2 *q, uint64_t host, uint64_t from, uint64_t to,
                          const struct change *c, struct error *e)
{
    uint64_t start = c->cluster << q->header.cluster_bits, there = q->size - start;
    uint8_t *bytes;
    int result = 0;

    if (c->bytes != NULL && c->from == from && c->to == to) {
        return bytes_write(q->file, host + from, c->bytes, (size_t)(to - from), e);
    }
    bytes = base_alloc((size_t)(to - from), 1);
    there = there < to ? there : to;
    if ((c->from != from || c->to < there) && from < there) {
        result = qcow2_read(q, start + from, bytes, (size_t)(there - from), e);
    }
    if (result == 0) {
        put_bytes(bytes + (c->from - from), c);
        result = bytes_write(q->file, host + from, bytes, (size_t)(to - from), e);
    }
    free(bytes);
    return result;
}

static uint64_t pieces_mask(const struct qcow2 *q, uint64_t from, uint64_t to)
{
    unsigned first = (unsigned)(from / q->piece), end = (unsigned)((to + q->piece - 1) / q->piece);

    return bits_set(0, first, end - first, UINT64_MAX);
}

static bool all_data(const struct qcow2 *q, const struct entry *x, const struct change *c)
{
    for (uint64_t at = align_down(c->from, q->piece); at < c->to; at += q->piece) {
        if (qcow2_state_of(q, x, (unsigned)(at / q->piece)) != STATE_DATA) {
            return false;
        }
    }
    return true;
}

static bool any_data(const struct qcow2 *q, const struct entry *x)
{
    return (x->descriptor & QCOW2_PACKED) != 0 ||
           (q->is_extended ? (uint32_t)x->bitmap != 0 : qcow2_state_of(q, x, 0) == STATE_DATA);
}

/* What is behind the entry's cluster is changed, and the entry with it. */
static int change_entry(struct qcow2 *q, struct entry *x, const struct change *c, bool is_own,
                        struct error *e)
{
    uint64_t from = align_down(c->from, q->piece), to = align_up(c->to, q->piece), touched;
    uint64_t host = x->descriptor & QCOW2_OFFSET, old = x->descriptor;

    if (!is_own && any_data(q, x)) {
        from = 0;
        to = q->cluster;
    }
    if (!is_own && counts_take(q, 1, &host, e) < 0) {
        return -1;
    }
    if (write_composed(q, host, from, to, c, e) < 0) {
        if (!is_own) {
            counts_drop(q, host);
        }
        return -1;
    }
    x->descriptor = host | QCOW2_COPIED;
    if (q->is_extended) {
        touched = pieces_mask(q, from, to);
        x->bitmap = (old & QCOW2_PACKED) != 0 ? touched : (x->bitmap & ~(touched << 32)) | touched;
    }
    return 0;
}

static int write_in_cluster(struct qcow2 *q, const struct change *c, struct error *e)
{
    uint64_t at, host, old;
    struct entry x;
    bool is_own;

    if (own_entry(q, c->cluster, &at, e) < 0 || get_entry(q, at, &x, e) < 0) {
        return -1;
    }
    old = x.descriptor;
    host = old & QCOW2_OFFSET;
    is_own = (x.descriptor & QCOW2_PACKED) == 0 && host != 0 && counts_get(q, host) == 1;
    if (is_own && all_data(q, &x, c)) {
        return write_composed(q, host, c->from, c->to, c, e);
    }
    if (change_entry(q, &x, c, is_own, e) < 0 || put_entry(q, at, &x, e) < 0) {
        return -1;
    }
    if (!is_own) {
        qcow2_drop_data(q, old);
    }
    return 0;
}

/* The next change of a range, which moves on. */
static struct change next_change(const struct qcow2 *q, uint64_t *at, uint64_t *size)
{
    struct change c = {.cluster = *at >> q->header.cluster_bits, .from = *at & (q->cluster - 1)};
    uint64_t room = q->cluster - c.from, n = *size < room ? *size : room;

    c.to = c.from + n;
    *at += n;
    *size -= n;
    return c;
}

int qcow2_write(struct qcow2 *q, uint64_t at, const uint8_t *bytes, size_t size, struct error *e)
{
    uint64_t left = size;

    while (left != 0) {
        struct change c = next_change(q, &at, &left);

        c.bytes = bytes;
        if (write_in_cluster(q, &c, e) < 0) {
            return -1;
        }
        bytes += c.to - c.from;
    }
    return 0;
}

/* ---- zeros ---- */

static bool is_whole(const struct qcow2 *q, const struct change *c)
{
    uint64_t start = c->cluster << q->header.cluster_bits;

    return c->from == 0 && (c->to == q->cluster || start + c->to >= q->size);
}

static bool has_behind(const struct qcow2 *q, const struct change *c)
{
    return q->backing != NULL && disk_size(q->backing) > c->cluster << q->header.cluster_bits;
}

/* It reads as zeros already, all of it. */
static int reads_zeros(struct qcow2 *q, const struct change *c, bool *yes, struct error *e)
{
    uint64_t at = (c->cluster << q->header.cluster_bits) + c->from, left = c->to - c->from;

    *yes = true;
    while (left != 0 && *yes) {
        struct run r;

        if (qcow2_map(q, at, left, &r, e) < 0) {
            return -1;
        }
        *yes = r.state == STATE_ZERO || (r.state == STATE_ABSENT && !has_behind(q, c));
        at += r.length;
        left -= r.length;
    }
    return 0;
}

/* The cluster loses what it has, and reads as zeros by its entry alone. */
static int empty_cluster(struct qcow2 *q, const struct change *c, struct error *e)
{
    struct entry x, zero = {0};
    uint64_t at;

    if (own_entry(q, c->cluster, &at, e) < 0 || get_entry(q, at, &x, e) < 0) {
        return -1;
    }
    if (has_behind(q, c)) {
        zero.descriptor = q->is_extended ? 0 : QCOW2_ZERO;
        zero.bitmap = q->is_extended ? UINT64_C(0xffffffff) << 32 : 0;
    }
    if (put_entry(q, at, &zero, e) < 0) {
        return -1;
    }
    qcow2_drop_data(q, x.descriptor);
    return 0;
}

static int zero_in_cluster(struct qcow2 *q, const struct change *c, bool may_leave, struct error *e)
{
    bool already, can_empty = is_whole(q, c) && (q->header.version >= 3 || !has_behind(q, c));

    if (may_leave && !can_empty) {
        return 0;
    }
    if (reads_zeros(q, c, &already, e) < 0) {
        return -1;
    }
    if (already) {
        return 0;
    }
    return can_empty ? empty_cluster(q, c, e) : write_in_cluster(q, c, e);
}

static int zero_range(struct qcow2 *q, uint64_t at, uint64_t size, bool may_leave, struct error *e)
{
    while (size != 0) {
        struct change c = next_change(q, &at, &size);

        if (zero_in_cluster(q, &c, may_leave, e) < 0) {
            return -1;
        }
    }
    return 0;
}

int qcow2_zero(struct qcow2 *q, uint64_t at, uint64_t size, struct error *e)
{
    return zero_range(q, at, size, false, e);
}

int qcow2_discard(struct qcow2 *q, uint64_t at, uint64_t size, struct error *e)
{
    return zero_range(q, at, size, true, e);
}
