/* SPDX-License-Identifier: GPL-2.0-or-later
 * reads: what a machine read of files that are too large to be embedded, or hashed as a whole: a hash for
 * each 64 KiB of what is on a disk, at its first read. Such a file is no port and its content no input: it is a
 * fact that does not change, and whoever replays is told where it did.
 */
#include <inttypes.h>

#include "journal/internal.h"

static const struct machine_image *file_of(const struct recording *r, unsigned file)
{
    const struct machine_image *image = machine_config_get_file(r->config, file);

    must(image != NULL && image->in_part);
    return image;
}

int recording_compare_read(const struct recording *r, unsigned file, uint64_t cluster,
                           uint64_t hash, struct error *e)
{
    const struct disk_read *known =
        r->reads[file] != NULL ? disk_reads_find(r->reads[file], cluster) : NULL;

    return known == NULL || known->hash == hash
               ? 0
               : error_set(e,
                           "%s: has changed since it was recorded: the 64 KiB at byte %" PRIu64
                           " of the disk are not what they were",
                           file_of(r, file)->name, cluster * DISK_READ_CLUSTER);
}

int recording_note_read(struct recording *r, unsigned file, uint64_t cluster, uint64_t hash,
                        struct error *e)
{
    size_t before;

    if (r->reads[file] == NULL) {
        r->reads[file] = disk_reads_new(file_of(r, file)->name);
    }
    before = r->reads[file]->list.count;
    if (disk_reads_note(r->reads[file], cluster, hash, e) < 0) {
        return -1;
    }
    return r->reads[file]->list.count != before;
}

void recording_copy_reads(struct recording *r, const struct recording *from)
{
    for (unsigned file = 0; file < MACHINE_FILES_MAX; file++) {
        for (size_t i = 0; from->reads[file] != NULL && i < from->reads[file]->list.count; i++) {
            const struct disk_read *x = &from->reads[file]->list.data[i];

            must(recording_note_read(r, file, x->cluster, x->hash, NULL) == 1);
        }
    }
}

static int by_cluster(const void *a, const void *b)
{
    const struct disk_read *x = a, *y = b;

    return x->cluster < y->cluster ? -1 : x->cluster > y->cluster;
}

struct disk_read *reads_sorted(const struct disk_reads *r)
{
    struct disk_read *list = base_alloc(r->list.count + 1, sizeof(*list));

    memcpy(list, r->list.data, r->list.count * sizeof(*list));
    qsort(list, r->list.count, sizeof(*list), by_cluster);
    return list;
}

/* ---- the payload of READ ---- */

void reads_write(byte_vec *out, unsigned file, const struct disk_read *list, size_t count)
{
    bytes_add_varint(out, file);
    for (size_t i = 0; i < count; i++) {
        bytes_add_varint(out, list[i].cluster);
        bytes_add_u64(out, list[i].hash);
    }
}

int reads_read(struct cursor *c, struct recording *r)
{
    uint64_t file = cursor_varint(c);
    const struct machine_image *image =
        file < MACHINE_FILES_MAX ? machine_config_get_file(r->config, (unsigned)file) : NULL;

    if (c->bad || image == NULL || !image->in_part) {
        return -1;
    }
    while (c->left > 0) {
        uint64_t cluster = cursor_varint(c);
        uint64_t hash = cursor_u64(c);

        /* Each is said once. */
        if (c->bad || cluster >= DISK_BYTES_MOST / DISK_READ_CLUSTER ||
            recording_note_read(r, (unsigned)file, cluster, hash, NULL) != 1) {
            return -1;
        }
    }
    return 0;
}
