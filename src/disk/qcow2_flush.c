/* SPDX-License-Identifier: GPL-2.0-or-later
 * qcow2_flush: what was changed, into the file, in this order, with a barrier before each step:
 *   1. content, and new L2 tables, which nothing refers to (written when they are made);
 *   2. counts that grew: from here on the new clusters are lost at worst, and found by a check;
 *   3. L2 tables; 4. the L1 table: old content becomes new content, entry by entry;
 *   5. counts of what is not referred to any more, which is used again only from here on.
 * A cluster that has one reference is written in place, as a disk is. So whatever is written last, the image
 * has each sector as it was flushed, or as it was written after that.
 */
#include <stdlib.h>

#include "disk/internal.h"

void qcow2_l1_put(struct qcow2 *q, uint64_t index, uint64_t entry)
{
    q->l1[index] = entry;
    q->counts->l1_sectors.data[index / 64] = 1;
    q->counts->l1_dirty = true;
}

static int write_slices(struct qcow2 *q, struct error *e)
{
    uint64_t size = q->cluster < SLICE_BYTES ? q->cluster : SLICE_BYTES;

    for (unsigned set = 0; set < SLICE_SETS; set++) {
        for (unsigned way = 0; way < SLICE_WAYS; way++) {
            struct slice *s = &q->slices[set][way];

            if (s->is_dirty) {
                if (bytes_write(q->file, s->at, s->bytes, (size_t)size, e) < 0) {
                    return -1;
                }
                s->is_dirty = false;
            }
        }
    }
    q->counts->l2_dirty = false;
    return 0;
}

static int write_l1(struct qcow2 *q, struct error *e)
{
    struct counts *c = q->counts;

    for (uint32_t first = 0; first < q->l1_count; first += 64) {
        uint32_t n = q->l1_count - first < 64 ? q->l1_count - first : 64;
        uint8_t bytes[DISK_SECTOR];

        if (c->l1_sectors.data[first / 64]) {
            for (uint32_t i = 0; i < n; i++) {
                bytes_set_be(bytes + i * 8, 8, q->l1[first + i]);
            }
            if (bytes_write(q->file, q->header.l1_at + first * UINT64_C(8), bytes, n * 8, e) < 0) {
                return -1;
            }
            c->l1_sectors.data[first / 64] = 0;
        }
    }
    c->l1_dirty = false;
    return 0;
}

int qcow2_settle(struct qcow2 *q, struct error *e)
{
    struct counts *c = q->counts;

    if (counts_write(q, e) < 0) {
        return -1;
    }
    if (c->l2_dirty && (bytes_sync(q->file, e) < 0 || write_slices(q, e) < 0)) {
        return -1;
    }
    if (c->l1_dirty && (bytes_sync(q->file, e) < 0 || write_l1(q, e) < 0)) {
        return -1;
    }
    if (c->freed.count != 0) {
        if (bytes_sync(q->file, e) < 0) {
            return -1;
        }
        counts_free_now(q);
    }
    return 0;
}

int qcow2_flush(struct qcow2 *q, struct error *e)
{
    if (qcow2_settle(q, e) < 0 || bytes_sync(q->file, e) < 0) {
        return -1;
    }
    return counts_write(q, e); /* what was freed: nobody waits for that to be on the disk */
}
