/* SPDX-License-Identifier: GPL-2.0-or-later
 * held: the bytes of what was read of files that are read in part, where a recording was packed. They stay in
 * the recording's file, a chunk for each 64 KiB, and are read when a machine wants them; where they are is kept
 * in memory. Each has the hash that a READ chunk before it says, so that what is kept is bounded by that.
 */
#include <inttypes.h>

#include "journal/tape.h"

struct held_place {
    uint64_t cluster;
    uint64_t at;     /* of its chunk in the file */
    uint64_t chain;  /* the sum before it */
    uint32_t stored; /* bytes, its head among them */
};

struct held {
    struct machine_pieces pieces;  /* by which machines read them */
    struct backing *backing;       /* held */
    VEC(struct held_place) places; /* by rising cluster */
    uint64_t stored;
    char *name; /* of the file, for sentences */
};

static const struct held_place *find(const struct held *h, uint64_t cluster)
{
    size_t low = 0, high = h->places.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (h->places.data[middle].cluster < cluster) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < h->places.count && h->places.data[low].cluster == cluster ? &h->places.data[low]
                                                                           : NULL;
}

/* What a payload says, filled up with zeros. */
static int decode(const uint8_t *payload, size_t count, uint64_t *file, uint64_t *cluster,
                  uint8_t bytes[DISK_READ_CLUSTER])
{
    struct cursor c = {payload, count, false};

    *file = cursor_varint(&c);
    *cluster = cursor_varint(&c);
    if (c.bad || c.left > DISK_READ_CLUSTER) {
        return -1;
    }
    memcpy(bytes, c.at, c.left);
    memset(bytes + c.left, 0, DISK_READ_CLUSTER - c.left);
    return 0;
}

static int load(const struct held *h, const struct held_place *p, uint8_t *bytes, struct error *e)
{
    uint8_t *stored = base_alloc(p->stored, 1), *payload = NULL;
    uint64_t chain = p->chain, file, cluster;
    size_t count, length;
    struct chunk c;
    int result = backing_read(h->backing, p->at, stored, p->stored, e);

    if (result == 0 &&
        (chunk_read(stored, p->stored, &chain, &c, &payload, &count, &length, e) != 0 ||
         decode(payload, count, &file, &cluster, bytes) != 0)) {
        result =
            error_set(e, "the recording was changed while it was in use, at byte %" PRIu64, p->at);
    }
    free(payload);
    free(stored);
    return result;
}

static int read_piece(void *opaque, uint64_t cluster, void *bytes, struct error *e)
{
    const struct held *h = opaque;
    const struct held_place *p = find(h, cluster);

    return p != NULL
               ? load(h, p, bytes, e)
               : error_set(e,
                           "%s: the recording holds what was read of it, and the 64 KiB at byte "
                           "%" PRIu64 " of the disk were not",
                           h->name, cluster * DISK_READ_CLUSTER);
}

static struct held *held_new(const struct machine_image *image, struct backing *backing)
{
    struct held *h = base_alloc(1, sizeof(*h));

    h->pieces = (struct machine_pieces){.read = read_piece, .opaque = h};
    h->backing = backing_hold(backing);
    h->name = base_strdup(image->name);
    return h;
}

void held_free(struct held *h)
{
    if (h != NULL) {
        backing_drop(h->backing);
        vec_fini(&h->places);
        free(h->name);
        free(h);
    }
}

void held_begin(struct recording *r, struct backing *backing)
{
    for (unsigned i = 0; i < MACHINE_FILES_MAX; i++) {
        struct machine_image *image = machine_config_file(r->config, i);

        if (image != NULL && image->in_part && r->notes[i].embedded) {
            r->held[i] = held_new(image, backing);
            image->pieces = &r->held[i]->pieces;
            r->extra.holds_pieces = true;
        }
    }
}

int held_read(const uint8_t *payload, size_t count, uint64_t at, uint64_t chain, size_t stored,
              struct recording *r)
{
    struct held_place p = {.at = at, .chain = chain, .stored = (uint32_t)stored};
    uint8_t *bytes = base_alloc(DISK_READ_CLUSTER, 1);
    uint64_t file;
    struct held *h = NULL;

    if (decode(payload, count, &file, &p.cluster, bytes) == 0 && file < MACHINE_FILES_MAX) {
        const struct disk_read *known =
            r->reads[file] != NULL ? disk_reads_find(r->reads[file], p.cluster) : NULL;

        h = known != NULL && known->hash == disk_read_hash(p.cluster, bytes) ? r->held[file] : NULL;
    }
    free(bytes);
    if (h == NULL ||
        (h->places.count > 0 && h->places.data[h->places.count - 1].cluster >= p.cluster)) {
        return -1;
    }
    vec_push(&h->places, p);
    h->stored += stored;
    return 0;
}

void held_write(byte_vec *out, unsigned file, uint64_t cluster,
                const uint8_t bytes[DISK_READ_CLUSTER])
{
    size_t count = DISK_READ_CLUSTER;

    while (count > 0 && bytes[count - 1] == 0) {
        count--;
    }
    bytes_add_varint(out, file);
    bytes_add_varint(out, cluster);
    bytes_add(out, bytes, count);
}

void recording_share_held(struct recording *r, const struct recording *from)
{
    for (unsigned i = 0; i < MACHINE_FILES_MAX; i++) {
        const struct held *h = from->held[i];

        if (h == NULL) {
            continue;
        }
        r->held[i] = held_new(machine_config_get_file(r->config, i), h->backing);
        for (size_t k = 0; k < h->places.count; k++) {
            vec_push(&r->held[i]->places, h->places.data[k]);
        }
        r->held[i]->stored = h->stored;
        r->notes[i].embedded = true;
    }
    r->extra.holds_pieces = from->extra.holds_pieces;
}

bool recording_holds(const struct recording *r, unsigned file)
{
    return r->held[file] != NULL;
}

int held_get(const struct recording *r, unsigned file, uint64_t cluster,
             uint8_t bytes[DISK_READ_CLUSTER], struct error *e)
{
    return read_piece(r->held[file], cluster, bytes, e);
}

void held_count(const struct recording *r, unsigned file, uint64_t *clusters, uint64_t *stored)
{
    *clusters = r->held[file] != NULL ? r->held[file]->places.count : 0;
    *stored = r->held[file] != NULL ? r->held[file]->stored : 0;
}
