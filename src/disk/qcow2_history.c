/* SPDX-License-Identifier: GPL-2.0-or-later
 * qcow2_history: internal snapshots made, deleted and applied. The header is what switches from before to
 * after, by one write inside of a sector; all that the new one names is in the file before that, and what
 * only the old one named is freed after it. Flags that say "has one reference" are taken away before a
 * second one comes, and come back only when it has gone.
 */
#include <stdlib.h>

#include "disk/internal.h"

enum { ENTRY_BYTES = 40, EXTRA_BYTES = 24 };

/* ---- references ---- */

static int each_span(struct qcow2 *q, struct table *t, struct error *e,
                     int (*visit)(struct qcow2 *q, uint64_t at, struct error *e))
{
    int result = visit(q, t->at, e);

    for (uint64_t i = 0; i < q->cluster && result == 0; i += q->entry_bytes) {
        struct entry x = qcow2_entry_of(q, t->bytes + i);
        struct span s;

        if (qcow2_check_entry(q, &x, e) < 0) {
            return -1;
        }
        s = qcow2_span_of(q, x.descriptor);
        for (uint64_t n = 0; n < s.clusters && result == 0; n++) {
            result = visit(q, s.at + (n << q->header.cluster_bits), e);
        }
    }
    return result;
}

static int can_add(struct qcow2 *q, uint64_t at, struct error *e)
{
    return counts_get(q, at) < counts_most(q)
               ? 0
               : qcow2_error(q, e, "its counts of references have no room for another snapshot");
}

static int add(struct qcow2 *q, uint64_t at, struct error *e)
{
    if (can_add(q, at, e) < 0) {
        return -1;
    }
    counts_add(q, at);
    return 0;
}

static int drop(struct qcow2 *q, uint64_t at, struct error *e)
{
    (void)e;
    counts_drop(q, at);
    return 0;
}

static int each_can_add(struct qcow2 *q, struct table *t, void *opaque, struct error *e)
{
    (void)opaque;
    return each_span(q, t, e, can_add);
}

static int each_add(struct qcow2 *q, struct table *t, void *opaque, struct error *e)
{
    (void)opaque;
    return each_span(q, t, e, add);
}

static int each_drop(struct qcow2 *q, struct table *t, void *opaque, struct error *e)
{
    (void)opaque;
    return each_span(q, t, e, drop);
}

/* ---- flags ---- */

static uint64_t with_flag(const struct qcow2 *q, uint64_t number, bool may_have)
{
    uint64_t host = number & QCOW2_OFFSET;

    return may_have && host != 0 && counts_get(q, host) == 1 ? number | QCOW2_COPIED
                                                             : number & ~QCOW2_COPIED;
}

struct flags {
    uint64_t *l1;
    bool may_have; /* where the count is one */
};

static int each_flag(struct qcow2 *q, struct table *t, void *opaque, struct error *e)
{
    const struct flags *f = opaque;
    bool changed = false;

    f->l1[t->index] = with_flag(q, f->l1[t->index], f->may_have);
    for (uint64_t i = 0; i < q->cluster; i += q->entry_bytes) {
        struct entry x = qcow2_entry_of(q, t->bytes + i);
        uint64_t was = x.descriptor;

        if ((was & QCOW2_PACKED) == 0) {
            x.descriptor = with_flag(q, was, f->may_have);
        }
        if (x.descriptor != was) {
            qcow2_entry_put(q, t->bytes + i, &x);
            changed = true;
        }
    }
    return changed ? bytes_write(q->file, t->at, t->bytes, (size_t)q->cluster, e) : 0;
}

static int write_l1(struct qcow2 *q, const uint64_t *l1, uint32_t count, uint64_t at,
                    struct error *e)
{
    uint8_t *bytes = base_alloc((size_t)count + 1, 8);
    int result;

    for (uint32_t i = 0; i < count; i++) {
        bytes_set_be(bytes + i * UINT64_C(8), 8, l1[i]);
    }
    result = count != 0 ? bytes_write(q->file, at, bytes, count * UINT64_C(8), e) : 0;
    free(bytes);
    return result;
}

/* Of the active tables. Nothing of them is dirty. */
static int set_flags(struct qcow2 *q, bool may_have, struct error *e)
{
    struct flags f = {q->l1, may_have};

    qcow2_forget_slices(q);
    if (qcow2_walk(q, q->l1, q->l1_count, each_flag, &f, e) < 0 ||
        write_l1(q, q->l1, q->l1_count, q->header.l1_at, e) < 0) {
        return -1;
    }
    return bytes_sync(q->file, e);
}

/* ---- the table of snapshots ---- */

static size_t entry_bytes(const struct snapshot *s)
{
    return (size_t)align_up(
        ENTRY_BYTES + s->extra_length + strlen(s->shown.id) + strlen(s->shown.name), 8);
}

static uint8_t *encode_entry(const struct snapshot *s, uint8_t *b)
{
    size_t id = strlen(s->shown.id), name = strlen(s->shown.name);
    uint64_t state = s->shown.state_bytes;

    bytes_set_be(b, 8, s->l1_at);
    bytes_set_be(b + 8, 4, s->l1_count);
    bytes_set_be(b + 12, 2, id);
    bytes_set_be(b + 14, 2, name);
    bytes_set_be(b + 16, 4, s->shown.seconds);
    bytes_set_be(b + 20, 4, s->shown.ns);
    bytes_set_be(b + 24, 8, s->shown.guest_ns);
    bytes_set_be(b + 32, 4, state <= UINT32_MAX ? state : 0);
    bytes_set_be(b + 36, 4, s->extra_length);
    memcpy(b + ENTRY_BYTES, s->extra, s->extra_length);
    memcpy(b + ENTRY_BYTES + s->extra_length, s->shown.id, id);
    memcpy(b + ENTRY_BYTES + s->extra_length + id, s->shown.name, name);
    return b + entry_bytes(s);
}

struct written {
    uint64_t at, bytes;
    uint32_t count;
};

/* All snapshots but number `without`, and `more` (or NULL) behind them, to a new place. */
static int place_snapshots(struct qcow2 *q, size_t without, const struct snapshot *more,
                           struct written *w, struct error *e)
{
    *w = (struct written){.bytes = more != NULL ? entry_bytes(more) : 0, .count = more != NULL};
    for (size_t i = 0; i < q->snapshots.count; i++) {
        if (i != without) {
            w->bytes += entry_bytes(&q->snapshots.data[i]);
            w->count++;
        }
    }
    if (w->count > DISK_SNAPSHOTS_MOST) {
        return qcow2_error(q, e, "it has as many snapshots as are possible");
    }
    return w->bytes != 0 ? counts_take(q, qcow2_clusters_of(q, w->bytes), &w->at, e) : 0;
}

static int write_snapshots(struct qcow2 *q, size_t without, const struct snapshot *more,
                           const struct written *w, struct error *e)
{
    uint8_t *bytes = base_alloc((size_t)w->bytes + 1, 1), *to = bytes;
    int result;

    for (size_t i = 0; i < q->snapshots.count; i++) {
        if (i != without) {
            to = encode_entry(&q->snapshots.data[i], to);
        }
    }
    if (more != NULL) {
        to = encode_entry(more, to);
    }
    must(to == bytes + w->bytes);
    result = w->bytes != 0 ? bytes_write(q->file, w->at, bytes, (size_t)w->bytes, e) : 0;
    free(bytes);
    return result;
}

/* The header names what was written, and what it named before is dropped. */
static int switch_snapshots(struct qcow2 *q, const struct written *w, struct error *e)
{
    uint8_t header[12];

    bytes_set_be(header, 4, w->count);
    bytes_set_be(header + 4, 8, w->at);
    if (bytes_sync(q->file, e) < 0 ||
        bytes_write(q->file, HEADER_SNAPSHOTS, header, sizeof header, e) < 0 ||
        bytes_sync(q->file, e) < 0) {
        return -1;
    }
    counts_drop_range(q, q->header.snapshots_at, q->snapshot_bytes);
    q->header.snapshots_at = w->at;
    q->header.snapshot_count = w->count;
    q->snapshot_bytes = w->bytes;
    return 0;
}

static int free_dropped(struct qcow2 *q, struct error *e)
{
    counts_free_now(q);
    return counts_write(q, e) < 0 ? -1 : bytes_sync(q->file, e);
}

/* ---- make ---- */

static char *next_id(const struct qcow2 *q)
{
    unsigned long long most = 0;
    struct text t = {0};

    for (size_t i = 0; i < q->snapshots.count; i++) {
        unsigned long long n = strtoull(q->snapshots.data[i].shown.id, NULL, 10);

        most = n > most && n < UINT64_MAX ? n : most;
    }
    text_add(&t, "%llu", most + 1);
    return t.data;
}

static struct snapshot new_snapshot(const struct qcow2 *q, const struct disk_snapshot *like)
{
    struct snapshot s = {
        .shown = *like, .l1_count = q->l1_count, .extra_length = EXTRA_BYTES + like->more_bytes};

    must(like->more_bytes <= DISK_SNAPSHOT_MORE);

    s.shown.id = next_id(q);
    s.shown.name = base_strdup(like->name);
    s.shown.state_bytes = 0;
    s.shown.size = q->header.size;
    s.extra = base_alloc(s.extra_length, 1);
    bytes_set_be(s.extra + 8, 8, s.shown.size);
    bytes_set_be(s.extra + 16, 8, s.shown.icount);
    memcpy(s.extra + EXTRA_BYTES, like->more, like->more_bytes);
    return s;
}

static int make_it(struct qcow2 *q, struct snapshot *s, struct error *e)
{
    uint64_t l1_clusters = qcow2_clusters_of(q, q->l1_count * UINT64_C(8));
    struct written w;

    if (qcow2_walk(q, q->l1, q->l1_count, each_can_add, NULL, e) < 0 ||
        set_flags(q, false, e) < 0 || qcow2_walk(q, q->l1, q->l1_count, each_add, NULL, e) < 0) {
        return -1;
    }
    if ((l1_clusters != 0 && counts_take(q, l1_clusters, &s->l1_at, e) < 0) ||
        place_snapshots(q, SIZE_MAX, s, &w, e) < 0) {
        return -1;
    }
    if (write_l1(q, q->l1, q->l1_count, s->l1_at, e) < 0 ||
        write_snapshots(q, SIZE_MAX, s, &w, e) < 0 || counts_write(q, e) < 0 ||
        switch_snapshots(q, &w, e) < 0) {
        return -1;
    }
    vec_push(&q->snapshots, *s);
    *s = (struct snapshot){0};
    return free_dropped(q, e);
}

static void free_snapshot(struct snapshot *s)
{
    free(s->shown.id);
    free(s->shown.name);
    free(s->extra);
}

int qcow2_make_snapshot(struct qcow2 *q, const struct disk_snapshot *like, struct error *e)
{
    struct snapshot s;
    int result;

    if (strlen(like->name) > UINT16_MAX) {
        return qcow2_error(q, e, "a snapshot's name has at most 65535 bytes");
    }
    if (qcow2_flush(q, e) < 0) {
        return -1;
    }
    s = new_snapshot(q, like);
    result = make_it(q, &s, e);
    free_snapshot(&s);
    return result;
}

/* ---- delete ---- */

static int read_snapshot_l1(struct qcow2 *q, const struct snapshot *s, uint64_t **l1,
                            struct error *e)
{
    return qcow2_read_table(q, "an L1 table", s->l1_at, s->l1_count, l1, e);
}

static int delete_it(struct qcow2 *q, size_t i, const uint64_t *l1, struct error *e)
{
    struct snapshot *s = &q->snapshots.data[i];
    uint64_t l1_at = s->l1_at;
    uint32_t l1_count = s->l1_count;
    struct written w;

    if (place_snapshots(q, i, NULL, &w, e) < 0 || write_snapshots(q, i, NULL, &w, e) < 0 ||
        counts_write(q, e) < 0 || switch_snapshots(q, &w, e) < 0) {
        return -1;
    }
    free_snapshot(s);
    memmove(s, s + 1, (q->snapshots.count - i - 1) * sizeof(*s));
    q->snapshots.count--;
    counts_drop_range(q, l1_at, l1_count * UINT64_C(8));
    if (qcow2_walk(q, l1, l1_count, each_drop, NULL, e) < 0 || free_dropped(q, e) < 0) {
        return -1;
    }
    return set_flags(q, true, e);
}

int qcow2_delete_snapshot(struct qcow2 *q, size_t i, struct error *e)
{
    uint64_t *l1;
    int result;

    if (qcow2_flush(q, e) < 0 || read_snapshot_l1(q, &q->snapshots.data[i], &l1, e) < 0) {
        return -1;
    }
    result = delete_it(q, i, l1, e);
    free(l1);
    return result;
}

/* ---- apply ---- */

/* Size and L1 table are in one sector of the header, and are one write. */
static int switch_l1(struct qcow2 *q, uint64_t size, uint32_t count, uint64_t at, struct error *e)
{
    uint8_t header[24];

    bytes_set_be(header, 8, size);
    bytes_set_be(header + 8, 4, 0); /* not encrypted */
    bytes_set_be(header + 12, 4, count);
    bytes_set_be(header + 16, 8, at);
    if (bytes_sync(q->file, e) < 0 ||
        bytes_write(q->file, HEADER_SIZE, header, sizeof header, e) < 0) {
        return -1;
    }
    return bytes_sync(q->file, e);
}

static void use_l1(struct qcow2 *q, const struct snapshot *s, uint64_t *l1, uint64_t at)
{
    free(q->l1);
    q->l1 = l1;
    q->l1_count = q->header.l1_count = s->l1_count;
    q->header.l1_at = at;
    q->header.size = s->shown.size;
    q->size = align_up(s->shown.size, DISK_SECTOR);
    q->counts->l1_sectors.count = 0;
    for (uint32_t n = 0; n < (s->l1_count + 63) / 64; n++) {
        vec_push(&q->counts->l1_sectors, 0);
    }
}

/* *l1 is taken over when it is in use. */
static int apply_it(struct qcow2 *q, const struct snapshot *s, uint64_t **l1, struct error *e)
{
    uint64_t *old = q->l1, old_at = q->header.l1_at, at;
    uint32_t old_count = q->l1_count;
    struct flags f = {*l1, false};
    int result;

    qcow2_forget_slices(q);
    if (qcow2_walk(q, *l1, s->l1_count, each_can_add, NULL, e) < 0 ||
        qcow2_walk(q, *l1, s->l1_count, each_flag, &f, e) < 0 ||
        qcow2_walk(q, *l1, s->l1_count, each_add, NULL, e) < 0 ||
        counts_take(q, qcow2_clusters_of(q, s->l1_count * UINT64_C(8)), &at, e) < 0 ||
        write_l1(q, *l1, s->l1_count, at, e) < 0 || counts_write(q, e) < 0 ||
        switch_l1(q, s->shown.size, s->l1_count, at, e) < 0) {
        return -1;
    }
    q->l1 = NULL;
    use_l1(q, s, *l1, at);
    *l1 = NULL;
    counts_drop_range(q, old_at, old_count * UINT64_C(8));
    result = qcow2_walk(q, old, old_count, each_drop, NULL, e);
    free(old);
    return result < 0 ? -1 : free_dropped(q, e);
}

int qcow2_apply_snapshot(struct qcow2 *q, size_t i, struct error *e)
{
    const struct snapshot *s = &q->snapshots.data[i];
    uint64_t *l1;
    int result;

    if (s->l1_count == 0 || s->l1_count < qcow2_l1_needed(q, s->shown.size)) {
        return qcow2_error(q, e, "the L1 table of its snapshot '%s' does not fit its size",
                           s->shown.id);
    }
    if (qcow2_flush(q, e) < 0 || read_snapshot_l1(q, s, &l1, e) < 0) {
        return -1;
    }
    result = apply_it(q, s, &l1, e);
    free(l1);
    return result;
}
