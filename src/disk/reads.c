/* SPDX-License-Identifier: GPL-2.0-or-later
 * reads: what was taken of a base, by cluster: a hash of each, in the order of first reads. The same code
 * runs whether that becomes known now or was known before; a hash that differs from the one known is a
 * base that has changed.
 */
#include <stdlib.h>

#include "disk/internal.h"

struct disk_reads *disk_reads_new(const char *name)
{
    struct disk_reads *r = base_alloc(1, sizeof(*r));

    r->name = base_strdup(name);
    return r;
}

void disk_reads_free(struct disk_reads *r)
{
    if (r != NULL) {
        vec_fini(&r->list);
        free(r->slots);
        free(r->name);
        free(r);
    }
}

uint64_t disk_read_hash(uint64_t cluster, const uint8_t bytes[DISK_READ_CLUSTER])
{
    return hash_bytes(bytes, DISK_READ_CLUSTER, cluster);
}

/* ---- an open-addressed table of places in the list, from 1 ---- */

static size_t first_slot(const struct disk_reads *r, uint64_t cluster)
{
    return (size_t)((cluster * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (r->slot_count - 1);
}

static uint32_t *find_slot(const struct disk_reads *r, uint64_t cluster)
{
    size_t i = first_slot(r, cluster);

    while (r->slots[i] != 0 && r->list.data[r->slots[i] - 1].cluster != cluster) {
        i = (i + 1) & (r->slot_count - 1);
    }
    return &r->slots[i];
}

static void grow(struct disk_reads *r)
{
    free(r->slots);
    r->slot_count = r->slot_count != 0 ? 2 * r->slot_count : 1024;
    r->slots = base_alloc(r->slot_count, sizeof(*r->slots));
    for (size_t i = 0; i < r->list.count; i++) {
        *find_slot(r, r->list.data[i].cluster) = (uint32_t)(i + 1);
    }
}

const struct disk_read *disk_reads_find(const struct disk_reads *r, uint64_t cluster)
{
    uint32_t place = r->slot_count != 0 ? *find_slot(r, cluster) : 0;

    return place != 0 ? &r->list.data[place - 1] : NULL;
}

int disk_reads_note(struct disk_reads *r, uint64_t cluster, uint64_t hash, struct error *e)
{
    const struct disk_read *known = disk_reads_find(r, cluster);
    struct disk_read new = {cluster, hash};

    if (known != NULL) {
        return known->hash == hash
                   ? 0
                   : error_set(e,
                               "%s: has changed since it was read first: the 64 KiB at byte %llu "
                               "are not what they were",
                               r->name, (unsigned long long)(cluster * DISK_READ_CLUSTER));
    }
    must(r->list.count < UINT32_MAX - 1);
    if (2 * (r->list.count + 1) > r->slot_count) {
        grow(r);
    }
    vec_push(&r->list, new);
    *find_slot(r, cluster) = (uint32_t)r->list.count;
    return 0;
}

static int note(void *opaque, uint64_t cluster, uint64_t hash, struct error *e)
{
    return disk_reads_note(opaque, cluster, hash, e);
}

struct disk_listener disk_listener_of(struct disk_reads *r)
{
    return (struct disk_listener){.read = note, .opaque = r};
}
