/* SPDX-License-Identifier: GPL-2.0-or-later
 * load: see load.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../chance.h"
#include "load.h"

void load_init(struct load *l, struct disk *d, uint64_t seed)
{
    *l = (struct load){.disk = d, .seed = seed, .sectors = disk_size(d) / DISK_SECTOR};
    l->now = base_alloc((size_t)l->sectors + 1, sizeof(uint32_t));
}

void load_fini(struct load *l)
{
    for (unsigned i = 0; i < LOAD_SNAPSHOTS; i++) {
        free(l->snapshots[i]);
        free(l->names[i]);
    }
    vec_fini(&l->since);
    free(l->now);
}

void load_fill(uint8_t sector[DISK_SECTOR], uint32_t value)
{
    uint64_t state = value;

    memset(sector, 0, DISK_SECTOR);
    for (unsigned i = 0; value != 0 && i < DISK_SECTOR; i += 8) {
        /* Half of it is alike, so that it can be compressed. */
        bytes_set_le(sector + i, 8, i % 16 == 0 ? chance_next(&state) : value);
    }
}

static uint64_t draw(struct load *l, uint64_t below)
{
    return chance_next(&l->seed) % below;
}

static void become(struct load *l, uint64_t sector, uint32_t value)
{
    struct load_old old = {(uint32_t)sector, l->now[sector]};

    vec_push(&l->since, old);
    l->now[sector] = value;
}

/* ---- operations ---- */

/* Mostly few sectors, so that clusters are written to in part; within the disk. */
static void draw_range(struct load *l, uint64_t *sector, uint64_t *count)
{
    uint64_t most = draw(l, 4) == 0 ? 300 : 9;

    *sector = draw(l, l->sectors);
    *count = 1 + draw(l, most);
    if (draw(l, 4) == 0) {
        *sector = align_down(*sector, 128);
        *count = align_up(*count, 128);
    }
    *count = *count < l->sectors - *sector ? *count : l->sectors - *sector;
}

static int write_some(struct load *l, struct error *e)
{
    uint64_t sector, count;
    uint8_t *bytes;
    int result;

    draw_range(l, &sector, &count);
    bytes = base_alloc((size_t)count, DISK_SECTOR);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t value = draw(l, 16) == 0 ? 0 : ++l->last_value;

        load_fill(bytes + i * DISK_SECTOR, value);
        become(l, sector + i, value); /* before it is tried: it may be there after a failure */
    }
    result = disk_write(l->disk, sector * DISK_SECTOR, bytes, (size_t)count * DISK_SECTOR, e);
    free(bytes);
    return result;
}

static int zero_some(struct load *l, struct error *e)
{
    uint64_t sector, count;

    draw_range(l, &sector, &count);
    for (uint64_t i = 0; i < count; i++) {
        become(l, sector + i, 0);
    }
    return disk_zero(l->disk, sector * DISK_SECTOR, count * DISK_SECTOR, e);
}

/* What became zeros is up to the image. */
static int discard_some(struct load *l, struct error *e)
{
    static const uint8_t zeros[DISK_SECTOR];
    uint64_t sector, count;

    draw_range(l, &sector, &count);
    for (uint64_t i = 0; i < count; i++) {
        struct load_old may = {(uint32_t)(sector + i), 0};

        vec_push(&l->since, may);
    }
    if (disk_discard(l->disk, sector * DISK_SECTOR, count * DISK_SECTOR, e) < 0) {
        return -1;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint8_t bytes[DISK_SECTOR];

        if (disk_read(l->disk, (sector + i) * DISK_SECTOR, bytes, sizeof bytes, e) < 0) {
            return -1;
        }
        if (memcmp(bytes, zeros, sizeof bytes) == 0) {
            become(l, sector + i, 0);
        }
    }
    return 0;
}

static int make_or_delete(struct load *l, unsigned i, struct error *e)
{
    char name[32];
    struct disk_snapshot like = {.name = name, .seconds = 1700000000, .icount = l->made + 1};

    if (l->names[i] != NULL) {
        size_t n = disk_snapshot_find(l->disk, l->names[i]);

        must(n != SIZE_MAX);
        free(l->names[i]);
        free(l->snapshots[i]);
        l->names[i] = NULL;
        l->snapshots[i] = NULL;
        return disk_snapshot_delete(l->disk, n, e);
    }
    (void)snprintf(name, sizeof name, "s%llu", (unsigned long long)++l->made);
    if (disk_snapshot_make(l->disk, &like, e) < 0) {
        return -1;
    }
    l->since.count = 0;
    l->names[i] = base_strdup(name);
    l->snapshots[i] = base_alloc((size_t)l->sectors, sizeof(uint32_t));
    memcpy(l->snapshots[i], l->now, (size_t)l->sectors * sizeof(uint32_t));
    return 0;
}

static int use_snapshot(struct load *l, struct error *e)
{
    unsigned i = (unsigned)draw(l, LOAD_SNAPSHOTS);

    if (l->names[i] == NULL || draw(l, 3) != 0) {
        return make_or_delete(l, i, e);
    }
    for (uint64_t s = 0; s < l->sectors; s++) {
        if (l->now[s] != l->snapshots[i][s]) {
            become(l, s, l->snapshots[i][s]);
        }
    }
    return disk_snapshot_apply(l->disk, disk_snapshot_find(l->disk, l->names[i]), e);
}

static int one(struct load *l, struct error *e)
{
    switch (draw(l, 16)) {
    case 0:
    case 1: return zero_some(l, e);
    case 2: return discard_some(l, e);
    case 3:
        if (disk_flush(l->disk, e) < 0) {
            return -1;
        }
        l->since.count = 0;
        return 0;
    case 4: return l->makes_snapshots ? use_snapshot(l, e) : 0;
    default: return write_some(l, e);
    }
}

int load_play(struct load *l, unsigned operations, struct error *e)
{
    for (unsigned i = 0; i < operations; i++) {
        if (one(l, e) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- checks ---- */

static int read_all(struct load *l, struct disk *d, uint8_t **bytes, struct error *e)
{
    uint64_t size = l->sectors * DISK_SECTOR;

    if (disk_size(d) != size) {
        return error_set(e, "%llu bytes became %llu", (unsigned long long)size,
                         (unsigned long long)disk_size(d));
    }
    *bytes = base_alloc((size_t)size + 1, 1);
    if (disk_read(d, 0, *bytes, (size_t)size, e) < 0) {
        free(*bytes);
        return -1;
    }
    return 0;
}

static bool has(const uint8_t *bytes, uint64_t sector, uint32_t value)
{
    uint8_t should[DISK_SECTOR];

    load_fill(should, value);
    return memcmp(bytes + sector * DISK_SECTOR, should, DISK_SECTOR) == 0;
}

static int check_values(struct load *l, struct disk *d, const uint32_t *values, const char *what,
                        struct error *e)
{
    uint8_t *bytes;
    int result = 0;

    if (read_all(l, d, &bytes, e) < 0) {
        return -1;
    }
    for (uint64_t s = 0; s < l->sectors && result == 0; s++) {
        if (!has(bytes, s, values[s])) {
            result = error_set(e, "%s: sector %llu has not value %u", what, (unsigned long long)s,
                               values[s]);
        }
    }
    free(bytes);
    return result;
}

int load_check(struct load *l, struct disk *d, struct error *e)
{
    return check_values(l, d, l->now, "the disk", e);
}

int load_check_snapshots(struct load *l, load_open *open, void *opaque, struct error *e)
{
    for (unsigned i = 0; i < LOAD_SNAPSHOTS; i++) {
        struct disk *s;
        int result;

        if (l->names[i] == NULL) {
            continue;
        }
        s = open(opaque, l->names[i], e);
        if (s == NULL) {
            return -1;
        }
        result = check_values(l, s, l->snapshots[i], l->names[i], e);
        (void)disk_close(s, NULL);
        if (result < 0) {
            return -1;
        }
    }
    return 0;
}

static bool may_have(const struct load *l, const uint8_t *bytes, uint64_t sector)
{
    if (has(bytes, sector, l->now[sector])) {
        return true;
    }
    for (size_t i = 0; i < l->since.count; i++) {
        if (l->since.data[i].sector == sector && has(bytes, sector, l->since.data[i].value)) {
            return true;
        }
    }
    return false;
}

int load_check_crashed(struct load *l, struct disk *d, struct error *e)
{
    uint8_t *bytes;
    int result = 0;

    if (read_all(l, d, &bytes, e) < 0) {
        return -1;
    }
    for (uint64_t s = 0; s < l->sectors && result == 0; s++) {
        if (!may_have(l, bytes, s)) {
            result = error_set(e, "sector %llu lost what was flushed (now value %u)",
                               (unsigned long long)s, l->now[s]);
        }
    }
    free(bytes);
    return result;
}
