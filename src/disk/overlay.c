/* SPDX-License-Identifier: GPL-2.0-or-later
 * overlay: a disk whose base is only read. What a guest writes goes to a live tree, which is state: its
 * first part has the content, at the place that it has on the disk; the part behind it has a bit for each
 * sector, which says that the content is there. So a write of less than a page reads nothing of the base.
 *
 * What is read of the base passes through a few clusters that are kept, and each is compared with what is
 * known of it when it is read anew: nothing depends on whether it was kept.
 */
#include <stdlib.h>

#include "disk/internal.h"

static uint64_t map_at(const struct disk_overlay *o)
{
    return align_up(o->size, PAGE_SIZE);
}

static uint64_t map_bytes(uint64_t size)
{
    return align_up((size / DISK_SECTOR + 7) / 8, PAGE_SIZE);
}

uint64_t disk_overlay_bytes(uint64_t size)
{
    return align_up(size, PAGE_SIZE) + map_bytes(size);
}

void disk_overlay_init(struct disk_overlay *o, struct live_tree *tree, uint64_t size,
                       const struct disk_source *base, const struct disk_listener *listener)
{
    must(size % DISK_SECTOR == 0 && size <= DISK_BYTES_MOST / 2);
    must(tree->bytes >= disk_overlay_bytes(size));
    *o = (struct disk_overlay){.tree = tree, .size = size, .base = *base};
    if (listener != NULL) {
        o->listener = *listener;
    }
}

void disk_overlay_fini(struct disk_overlay *o)
{
    for (unsigned i = 0; i < DISK_KEPT_CLUSTERS; i++) {
        free(o->kept[i].bytes);
    }
    memset(o, 0, sizeof(*o));
}

/* ---- which sectors were written ---- */

static bool is_written(struct disk_overlay *o, uint64_t sector)
{
    uint8_t byte;

    live_tree_read(o->tree, map_at(o) + sector / 8, &byte, 1);
    return (byte >> sector % 8 & 1) != 0;
}

/* How many sectors from this one on, at most `most`, are alike, and whether they were written. */
static uint64_t alike(struct disk_overlay *o, uint64_t sector, uint64_t most, bool *written)
{
    uint64_t n = 1;
    uint8_t byte;

    *written = is_written(o, sector);
    while (n < most) {
        if ((sector + n) % 8 == 0 && most - n >= 8) {
            live_tree_read(o->tree, map_at(o) + (sector + n) / 8, &byte, 1);
            if (byte == (*written ? 0xff : 0)) {
                n += 8;
                continue;
            }
        }
        if (is_written(o, sector + n) != *written) {
            break;
        }
        n++;
    }
    return n;
}

static void set_bits(struct disk_overlay *o, uint64_t byte, uint8_t mask)
{
    uint8_t old, now;

    live_tree_read(o->tree, map_at(o) + byte, &old, 1);
    now = old | mask;
    if (now != old) { /* a page that is written is copied */
        live_tree_write(o->tree, map_at(o) + byte, &now, 1);
    }
}

static void set_written(struct disk_overlay *o, uint64_t sector, uint64_t count)
{
    static const uint8_t ones[PAGE_SIZE] = {[0 ... PAGE_SIZE - 1] = 0xff};

    for (; count != 0 && sector % 8 != 0; sector++, count--) {
        set_bits(o, sector / 8, (uint8_t)(1u << sector % 8));
    }
    while (count >= 8) {
        uint64_t n = count / 8 < sizeof ones ? count / 8 : sizeof ones;

        if (n == 1) {
            set_bits(o, sector / 8, 0xff);
        } else {
            live_tree_write(o->tree, map_at(o) + sector / 8, ones, (size_t)n);
        }
        sector += n * 8;
        count -= n * 8;
    }
    for (; count != 0; sector++, count--) {
        set_bits(o, sector / 8, (uint8_t)(1u << sector % 8));
    }
}

/* ---- the base ---- */

static int fill(struct disk_overlay *o, struct disk_kept *k, uint64_t cluster, struct error *e)
{
    uint64_t at = cluster * DISK_READ_CLUSTER;
    uint64_t there = o->base.size > at ? o->base.size - at : 0;
    size_t size = there < DISK_READ_CLUSTER ? (size_t)there : DISK_READ_CLUSTER;

    k->bytes = k->bytes != NULL ? k->bytes : base_alloc(DISK_READ_CLUSTER, 1);
    k->number = 0;
    memset(k->bytes + size, 0, DISK_READ_CLUSTER - size);
    if (o->base.read(o->base.opaque, at, k->bytes, size, e) < 0) {
        return -1;
    }
    if (o->listener.read != NULL &&
        o->listener.read(o->listener.opaque, cluster, disk_read_hash(cluster, k->bytes), e) < 0) {
        return -1;
    }
    k->number = cluster + 1;
    return 0;
}

static int read_base(struct disk_overlay *o, uint64_t at, uint8_t *bytes, uint64_t size,
                     struct error *e)
{
    while (size != 0) {
        uint64_t cluster = at / DISK_READ_CLUSTER, from = at % DISK_READ_CLUSTER;
        uint64_t n = DISK_READ_CLUSTER - from < size ? DISK_READ_CLUSTER - from : size;
        struct disk_kept *k = &o->kept[cluster % DISK_KEPT_CLUSTERS];

        if (at >= o->base.size) { /* the disk is larger than what it began with */
            memset(bytes, 0, (size_t)size);
            return 0;
        }
        if (k->number != cluster + 1 && fill(o, k, cluster, e) < 0) {
            return -1;
        }
        memcpy(bytes, k->bytes + from, (size_t)n);
        at += n;
        bytes += n;
        size -= n;
    }
    return 0;
}

/* ---- the disk ---- */

static void check_range(const struct disk_overlay *o, uint64_t at, uint64_t size)
{
    must(at % DISK_SECTOR == 0 && size % DISK_SECTOR == 0);
    must(at <= o->size && size <= o->size - at);
}

int disk_overlay_read(struct disk_overlay *o, uint64_t at, void *bytes, size_t size,
                      struct error *e)
{
    uint8_t *to = bytes;

    check_range(o, at, size);
    while (size != 0) {
        bool written;
        size_t n = (size_t)(alike(o, at / DISK_SECTOR, size / DISK_SECTOR, &written) * DISK_SECTOR);

        if (written) {
            live_tree_read(o->tree, at, to, n);
        } else if (read_base(o, at, to, n, e) < 0) {
            return -1;
        }
        at += n;
        to += n;
        size -= n;
    }
    return 0;
}

void disk_overlay_write(struct disk_overlay *o, uint64_t at, const void *bytes, size_t size)
{
    check_range(o, at, size);
    live_tree_write(o->tree, at, bytes, size);
    set_written(o, at / DISK_SECTOR, size / DISK_SECTOR);
}

void disk_overlay_zero(struct disk_overlay *o, uint64_t at, uint64_t size)
{
    check_range(o, at, size);
    live_tree_zero(o->tree, at, size);
    set_written(o, at / DISK_SECTOR, size / DISK_SECTOR);
}

/* ---- what was written, to an image ---- */

/* The first sector from `sector` on that was written; the disk's end if none was. Pages of the map that
 * are not there have no bits, and are passed at once. */
static uint64_t next_written(struct disk_overlay *o, uint64_t sector)
{
    const uint64_t sectors = o->size / DISK_SECTOR, per_page = PAGE_SIZE * 8;

    while (sector < sectors) {
        uint64_t page = (map_at(o) >> PAGE_BITS) + sector / per_page;
        uint8_t byte;

        if (tree_get(&o->tree->tree, (uint32_t)page) == NULL) {
            sector = (sector / per_page + 1) * per_page;
            continue;
        }
        live_tree_read(o->tree, map_at(o) + sector / 8, &byte, 1);
        if (byte == 0) {
            sector = (sector / 8 + 1) * 8;
        } else if ((byte >> sector % 8 & 1) != 0) {
            return sector;
        } else {
            sector++;
        }
    }
    return sectors;
}

int disk_overlay_commit(struct disk_overlay *o, struct disk *to, struct error *e)
{
    const uint64_t sectors = o->size / DISK_SECTOR;
    uint8_t *bytes = base_alloc(DISK_READ_CLUSTER, 1);
    int result = 0;

    must(disk_size(to) >= o->size);
    for (uint64_t s = next_written(o, 0); s < sectors && result == 0; s = next_written(o, s)) {
        uint64_t most = DISK_READ_CLUSTER / DISK_SECTOR, n;
        bool written;

        n = alike(o, s, most < sectors - s ? most : sectors - s, &written);
        live_tree_read(o->tree, s * DISK_SECTOR, bytes, (size_t)n * DISK_SECTOR);
        result = disk_write(to, s * DISK_SECTOR, bytes, (size_t)n * DISK_SECTOR, e);
        s += n;
    }
    free(bytes);
    return result < 0 ? -1 : disk_flush(to, e);
}

/* ---- sources ---- */

static int read_disk(void *opaque, uint64_t at, void *bytes, size_t size, struct error *e)
{
    return disk_read(opaque, at, bytes, size, e);
}

struct disk_source disk_source_of(struct disk *d)
{
    return (struct disk_source){.read = read_disk, .opaque = d, .size = d->size};
}
