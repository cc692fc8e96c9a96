/* SPDX-License-Identifier: GPL-2.0-or-later
 * qcow2_map: from a place on the disk to one in the file, through L1 and L2 tables, and reading by it. L2
 * tables are looked at in slices, of which some are kept. Each entry is checked when it is used: it may
 * name any place, but inside the file, and aligned.
 */
#include <stdlib.h>

#include "disk/internal.h"

/* ---- slices of L2 tables ---- */

static uint64_t slice_bytes(const struct qcow2 *q)
{
    return q->cluster < SLICE_BYTES ? q->cluster : SLICE_BYTES;
}

/* One that is not dirty, by a hand that passes those used since it came by last; NULL: all are dirty. */
static struct slice *find_victim(struct qcow2 *q, struct slice *set)
{
    for (unsigned i = 0; i < 2 * SLICE_WAYS; i++) {
        struct slice *s = &set[q->hand++ % SLICE_WAYS];

        if (s->is_dirty) {
            continue;
        }
        if (!s->is_used) {
            return s;
        }
        s->is_used = false;
    }
    return NULL;
}

int qcow2_slice(struct qcow2 *q, uint64_t at, struct slice **slice, struct error *e)
{
    uint64_t size = slice_bytes(q), start = align_down(at, size);
    uint64_t number = start / size;
    struct slice *set = q->slices[(number ^ number >> 6) % SLICE_SETS], *s;

    for (unsigned way = 0; way < SLICE_WAYS; way++) {
        if (set[way].at == start) {
            set[way].is_used = true;
            *slice = &set[way];
            return 0;
        }
    }
    s = find_victim(q, set);
    if (s == NULL) {
        if (qcow2_settle(q, e) < 0) {
            return -1;
        }
        s = find_victim(q, set);
    }
    must(s != NULL);
    s->bytes = s->bytes != NULL ? s->bytes : base_alloc((size_t)size, 1);
    s->at = 0;
    if (bytes_read(q->file, start, s->bytes, (size_t)size, e) < 0) {
        return -1;
    }
    s->at = start;
    s->is_used = true;
    *slice = s;
    return 0;
}

void qcow2_forget_slices(struct qcow2 *q)
{
    for (unsigned set = 0; set < SLICE_SETS; set++) {
        for (unsigned way = 0; way < SLICE_WAYS; way++) {
            must(!q->slices[set][way].is_dirty);
            q->slices[set][way].at = 0;
        }
    }
}

/* ---- entries ---- */

int qcow2_l2_at(const struct qcow2 *q, uint64_t l1_entry, uint64_t *at, struct error *e)
{
    *at = l1_entry & QCOW2_OFFSET;
    if (*at % q->cluster != 0 || (l1_entry & ~(QCOW2_OFFSET | QCOW2_COPIED)) != 0 ||
        *at >= q->file->size) {
        return qcow2_error(q, e, "an entry of its L1 table, 0x%llx, names no L2 table of the file",
                           (unsigned long long)l1_entry);
    }
    return 0;
}

struct entry qcow2_entry_of(const struct qcow2 *q, const uint8_t *l2_bytes)
{
    return (struct entry){.descriptor = bytes_get_be(l2_bytes, 8),
                          .bitmap = q->is_extended ? bytes_get_be(l2_bytes + 8, 8) : 0};
}

void qcow2_entry_put(const struct qcow2 *q, uint8_t *l2_bytes, const struct entry *x)
{
    bytes_set_be(l2_bytes, 8, x->descriptor);
    if (q->is_extended) {
        bytes_set_be(l2_bytes + 8, 8, x->bitmap);
    }
}

static bool has_data(const struct qcow2 *q, const struct entry *x)
{
    return q->is_extended ? (uint32_t)x->bitmap != 0 : (x->descriptor & QCOW2_OFFSET) != 0;
}

int qcow2_check_entry(const struct qcow2 *q, const struct entry *x, struct error *e)
{
    uint64_t host = x->descriptor & QCOW2_OFFSET, allowed = QCOW2_OFFSET | QCOW2_COPIED;
    bool good;

    if ((x->descriptor & QCOW2_PACKED) != 0) {
        struct packed p = qcow2_packed_of(q, x->descriptor);

        good = p.at >= q->cluster && p.at < q->file->size && p.at < QCOW2_HOST_MOST &&
               (x->descriptor & QCOW2_COPIED) == 0;
    } else {
        if (q->header.version >= 3 && !q->is_extended) {
            allowed |= QCOW2_ZERO;
        }
        good = (x->descriptor & ~allowed) == 0 && host % q->cluster == 0 && host < q->file->size &&
               (host != 0 || !has_data(q, x)) && ((uint32_t)x->bitmap & x->bitmap >> 32) == 0;
    }
    return good ? 0
                : qcow2_error(q, e, "an entry of an L2 table, 0x%llx, names no cluster of the file",
                              (unsigned long long)x->descriptor);
}

enum state qcow2_state_of(const struct qcow2 *q, const struct entry *x, unsigned piece)
{
    if ((x->descriptor & QCOW2_PACKED) != 0) {
        return STATE_PACKED;
    }
    if (q->is_extended) {
        return (x->bitmap >> piece & 1) != 0          ? STATE_DATA
               : (x->bitmap >> (32 + piece) & 1) != 0 ? STATE_ZERO
                                                      : STATE_ABSENT;
    }
    if ((x->descriptor & QCOW2_ZERO) != 0) {
        return STATE_ZERO;
    }
    return (x->descriptor & QCOW2_OFFSET) != 0 ? STATE_DATA : STATE_ABSENT;
}

/* ---- runs ---- */

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The entry of a cluster whose L2 table there is. */
static int read_entry(struct qcow2 *q, uint64_t cluster, uint64_t l2, struct entry *x,
                      struct error *e)
{
    uint64_t at = l2 + bits_get(cluster, 0, q->l2_bits) * q->entry_bytes;
    struct slice *s;

    if (qcow2_slice(q, at, &s, e) < 0) {
        return -1;
    }
    *x = qcow2_entry_of(q, s->bytes + (at - s->at));
    return qcow2_check_entry(q, x, e);
}

/* What one piece is. */
static int map_piece(struct qcow2 *q, uint64_t at, struct run *r, struct error *e)
{
    uint64_t cluster = at >> q->header.cluster_bits, in_cluster = at & (q->cluster - 1), l2;
    uint64_t l1_entry = q->l1[cluster >> q->l2_bits];
    struct entry x;

    if (l1_entry == 0) {
        uint64_t table = q->cluster << q->l2_bits;

        *r = (struct run){.state = STATE_ABSENT, .length = table - (at & (table - 1))};
        return 0;
    }
    if (qcow2_l2_at(q, l1_entry, &l2, e) < 0) {
        return -1;
    }
    if (l2 == 0) {
        *r = (struct run){.state = STATE_ABSENT, .length = q->cluster - in_cluster};
        return 0;
    }
    if (read_entry(q, cluster, l2, &x, e) < 0) {
        return -1;
    }
    r->state = qcow2_state_of(q, &x, (unsigned)(in_cluster / q->piece));
    r->length = q->piece - (at & (q->piece - 1));
    r->host = r->state == STATE_DATA     ? (x.descriptor & QCOW2_OFFSET) + in_cluster
              : r->state == STATE_PACKED ? x.descriptor
                                         : 0;
    if (r->state == STATE_PACKED) {
        r->length = q->cluster - in_cluster;
    }
    return 0;
}

int qcow2_map(struct qcow2 *q, uint64_t at, uint64_t most, struct run *run, struct error *e)
{
    if (map_piece(q, at, run, e) < 0) {
        return -1;
    }
    while (run->length < most && run->state != STATE_PACKED) {
        struct run next;

        if (map_piece(q, at + run->length, &next, e) < 0) {
            return -1;
        }
        if (next.state != run->state ||
            (run->state == STATE_DATA && next.host != run->host + run->length)) {
            break;
        }
        run->length += next.length;
    }
    run->length = smaller(run->length, most);
    return 0;
}

int qcow2_read(struct qcow2 *q, uint64_t at, uint8_t *bytes, size_t size, struct error *e)
{
    while (size != 0) {
        const uint8_t *cluster;
        struct run r;
        int result = 0;

        if (qcow2_map(q, at, size, &r, e) < 0) {
            return -1;
        }
        switch (r.state) {
        case STATE_ABSENT:
            result = disk_read_padded(q->backing, at, bytes, (size_t)r.length, e);
            break;
        case STATE_ZERO: memset(bytes, 0, (size_t)r.length); break;
        case STATE_DATA: result = bytes_read(q->file, r.host, bytes, (size_t)r.length, e); break;
        case STATE_PACKED:
            result = qcow2_unpack(q, r.host, &cluster, e);
            if (result == 0) {
                memcpy(bytes, cluster + (at & (q->cluster - 1)), (size_t)r.length);
            }
            break;
        }
        if (result < 0) {
            return -1;
        }
        at += r.length;
        bytes += r.length;
        size -= (size_t)r.length;
    }
    return 0;
}
