/* SPDX-License-Identifier: GPL-2.0-or-later
 * snapshots: see snapshots.h.
 */
#include "cli/snapshots.h"

#include <stdlib.h>

#include "dev/drive.h"
#include "disk/disk.h"
#include "world/world.h"

/* What follows the format's own extra data: a word by which ours are known, and the hash. */
static const uint8_t magic[8] = "REPRISE";
enum { HASH_AT = sizeof magic, MORE_BYTES = HASH_AT + 8 };

const char *snapshots_image(const struct machine_config *c)
{
    for (size_t i = 0; i < c->things.count; i++) {
        const struct machine_thing *t = &c->things.data[i];

        if (strcmp(t->class, DRIVE_CLASS) == 0 && t->file.name != NULL &&
            strcmp(thing_text(t, "format", ""), "qcow2") == 0 &&
            thing_number(t, "readonly", 0) == 0 && thing_number(t, "cd", 0) == 0 &&
            thing_number(t, "snapshot", 0) == 0) {
            return t->file.name;
        }
    }
    return NULL;
}

static struct disk *open_image(const char *image, const char *name, bool is_writable,
                               struct error *e)
{
    const struct disk_options options = {.format = DISK_QCOW2, .is_writable = is_writable};

    if (image == NULL) {
        error_set(e,
                  "no drive can hold the snapshot '%s': one in qcow2 is wanted that is neither "
                  "read-only nor snapshot=on",
                  name);
        return NULL;
    }
    return disk_open(image, &options, e);
}

static int delete_all(struct disk *d, const char *name, struct error *e)
{
    for (size_t i = 0; i < disk_snapshot_count(d);) {
        if (strcmp(disk_snapshot_at(d, i)->name, name) != 0) {
            i++;
        } else if (disk_snapshot_delete(d, i, e) < 0) {
            return -1;
        }
    }
    return 0;
}

static int close_image(struct disk *d, int result, struct error *e)
{
    return disk_close(d, result == 0 ? e : NULL) < 0 ? -1 : result;
}

int snapshots_save(const char *image, const char *name, struct machine *m, struct error *e)
{
    struct disk *d = open_image(image, name, true, e);
    uint64_t now_ns = wallclock_epoch_ns();
    struct disk_snapshot s = {.name = (char *)(uintptr_t)name,
                              .seconds = (uint32_t)(now_ns / 1000000000),
                              .ns = (uint32_t)(now_ns % 1000000000),
                              .guest_ns = machine_now_ns(m),
                              .icount = machine_now(m),
                              .more_bytes = MORE_BYTES};
    int result;

    if (d == NULL) {
        return -1;
    }
    memcpy(s.more, magic, sizeof magic);
    bytes_set_be(s.more + HASH_AT, 8, machine_hash(m));
    result = delete_all(d, name, e) < 0 ? -1 : disk_snapshot_make(d, &s, e);
    return close_image(d, result, e);
}

static int find(const struct disk *d, const char *image, const char *name,
                struct snapshot_place *place, struct error *e)
{
    size_t i = disk_snapshot_find(d, name);
    const struct disk_snapshot *s = i != SIZE_MAX ? disk_snapshot_at(d, i) : NULL;

    if (s == NULL) {
        return error_set(e, "%s: it has no snapshot '%s'", image, name);
    }
    if (s->more_bytes < MORE_BYTES || memcmp(s->more, magic, sizeof magic) != 0) {
        return error_set(
            e,
            "%s: its snapshot '%s' was made by another program, whose machines are not "
            "known here",
            image, name);
    }
    *place = (struct snapshot_place){.at = s->icount, .hash = bytes_get_be(s->more + HASH_AT, 8)};
    return 0;
}

int snapshots_find(const char *image, const char *name, struct snapshot_place *place,
                   struct error *e)
{
    struct disk *d = open_image(image, name, false, e);
    int result;

    if (d == NULL) {
        return -1;
    }
    result = find(d, image, name, place, e);
    return close_image(d, result, e);
}

int snapshots_check(const char *name, const struct snapshot_place *place, struct machine *m,
                    struct error *e)
{
    return machine_now(m) == place->at && machine_hash(m) == place->hash
               ? 0
               : error_set(e, "the snapshot '%s' is of another history than this recording", name);
}

int snapshots_delete(const char *image, const char *name, struct error *e)
{
    struct disk *d = open_image(image, name, true, e);
    int result;

    if (d == NULL) {
        return -1;
    }
    result = disk_snapshot_find(d, name) != SIZE_MAX
                 ? delete_all(d, name, e)
                 : error_set(e, "%s: it has no snapshot '%s'", image, name);
    return close_image(d, result, e);
}
