/* SPDX-License-Identifier: GPL-2.0-or-later
 * logged: see logged.h.
 */
#include <stdlib.h>

#include "../chance.h"
#include "logged.h"

static int read_logged(void *opaque, uint64_t at, void *bytes, size_t count, struct error *e)
{
    const struct logged *l = opaque;

    (void)e;
    memcpy(bytes, l->bytes + at, count);
    return 0;
}

static int write_logged(void *opaque, uint64_t at, const void *bytes, size_t count, struct error *e)
{
    struct logged *l = opaque;
    size_t end = (size_t)at + count;

    if (l->room_most != 0 && end > l->room_most) {
        return error_set(e, "the disk is full");
    }
    if (end > l->room) {
        l->bytes = base_realloc(l->bytes, 2 * end, 1);
        l->synced = base_realloc(l->synced, 2 * end, 1);
        memset(l->bytes + l->room, 0, 2 * end - l->room);
        memset(l->synced + l->room, 0, 2 * end - l->room);
        l->room = 2 * end;
    }
    memcpy(l->bytes + at, bytes, count);
    l->size = end > l->size ? end : l->size;
    for (uint64_t sector = at / DISK_SECTOR; sector * DISK_SECTOR < end; sector++) {
        vec_push(&l->since, sector);
    }
    l->writes++;
    if (l->wrote != NULL) {
        l->wrote(l->opaque);
    }
    return 0;
}

static int sync_logged(void *opaque, struct error *e)
{
    struct logged *l = opaque;

    (void)e;
    for (size_t i = 0; i < l->since.count; i++) {
        uint64_t at = l->since.data[i] * DISK_SECTOR;

        memcpy(l->synced + at, l->bytes + at,
               l->room - at < DISK_SECTOR ? l->room - at : DISK_SECTOR);
    }
    l->since.count = 0;
    l->synced_size = l->size;
    l->syncs++;
    return 0;
}

static void close_logged(void *opaque)
{
    (void)opaque;
}

struct disk_bytes *logged_bytes(struct logged *l, const char *name)
{
    static const struct disk_bytes_class class = {read_logged, write_logged, sync_logged,
                                                  close_logged};

    return disk_bytes_new(&class, l, l->size, name);
}

void logged_fini(struct logged *l)
{
    free(l->bytes);
    free(l->synced);
    vec_fini(&l->since);
}

uint8_t *logged_after_kill(const struct logged *l, size_t *size)
{
    uint8_t *copy = base_alloc(l->size + 1, 1);

    memcpy(copy, l->bytes, l->size);
    *size = l->size;
    return copy;
}

uint8_t *logged_after_power(const struct logged *l, uint64_t *seed, size_t *size)
{
    uint8_t *copy = base_alloc(l->room + DISK_SECTOR, 1);

    memcpy(copy, l->synced, l->synced_size);
    *size = l->synced_size;
    for (size_t i = 0; i < l->since.count; i++) {
        size_t at = (size_t)l->since.data[i] * DISK_SECTOR;
        size_t n = l->size - at < DISK_SECTOR ? l->size - at : DISK_SECTOR;

        if ((chance_next(seed) & 1) != 0) {
            memcpy(copy + at, l->bytes + at, n);
            *size = at + n > *size ? at + n : *size;
        }
    }
    return copy;
}
