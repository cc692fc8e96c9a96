/* SPDX-License-Identifier: GPL-2.0-or-later
 * blob: the bytes of files that are part of a machine: pieces of those that are embedded, and reading
 * the others by their names.
 */
#include <inttypes.h>

#include "host/host.h"
#include "journal/internal.h"

uint64_t images_bytes(const struct machine_config *c)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < MACHINE_FILES_MAX; i++) {
        const struct machine_image *file = machine_config_get_file(c, i);

        bytes += file != NULL && !file->in_part ? file->size : 0;
    }
    return bytes;
}

/* Flash lies beside the memory, and most of its files is zeros. */
uint64_t images_most(const struct machine_config *c)
{
    return c->ram_bytes + 128 * MIB;
}

/* Grown by what is there, not by what the configuration claims. */
static void keep_piece(struct machine_image *image, struct image_note *note, const uint8_t *bytes,
                       size_t count)
{
    if (note->room - note->loaded < count) {
        uint64_t room =
            note->room * 2 > note->loaded + count ? note->room * 2 : note->loaded + count;

        note->room = room < image->size ? room : image->size;
        image->data = base_realloc(image->data, (size_t)note->room, 1);
    }
    memcpy(image->data + note->loaded, bytes, count);
}

int blob_read(const uint8_t *bytes, size_t count, size_t stored, bool keep, struct recording *r,
              struct error *e)
{
    struct machine_config *c = r->config;
    struct image_note *notes = r->notes;
    struct cursor cur = {bytes, count, false};
    unsigned role = cursor_u8(&cur);
    uint64_t offset = cursor_varint(&cur);
    struct machine_image *file = machine_config_file(c, role);

    if (cur.bad || file == NULL || file->in_part || !notes[role].embedded || cur.left == 0 ||
        offset != notes[role].loaded || cur.left > file->size - offset) {
        return error_set(e, "a piece of an embedded file is not where it belongs");
    }
    r->blob_bytes += stored;
    r->blobs_loaded += cur.left;
    if (r->blobs_loaded > images_most(c) && r->blobs_loaded > r->blob_bytes) {
        return error_set(e,
                         "its embedded files unpack to more than the machine's memory and flash, "
                         "%" PRIu64 " MiB, and more than is stored of them",
                         images_most(c) / MIB);
    }
    if (keep) {
        keep_piece(file, &notes[role], cur.at, cur.left);
    }
    notes[role].loaded += cur.left;
    return 0;
}

/* A plain file of just the size that is stated: no other is read. */
static int image_by_name(struct machine_image *image, const char *role, struct error *e)
{
    struct host_file file;
    uint64_t size;
    int result = 0;

    if (host_file_open(&file, image->name, e) != 0) {
        return error_prefix(e, "the recording names its %s and does not hold it", role);
    }
    size = file.size;
    if (size == image->size) {
        image->data = base_alloc((size_t)size, 1);
        result = host_file_read_at(&file, 0, image->data, (size_t)size, e);
    }
    host_file_close(&file);
    if (result == 0 &&
        (size != image->size || hash_bytes(image->data, (size_t)size, 0) != image->hash)) {
        return error_set(e,
                         "%s: the %s has changed since it was recorded (%" PRIu64
                         " bytes now, %" PRIu64 " then)",
                         image->name, role, size, image->size);
    }
    return result;
}

static void share_images(struct machine_config *c)
{
    for (unsigned i = 0; i < MACHINE_FILES_MAX; i++) {
        struct machine_image *file = machine_config_file(c, i);

        if (file != NULL) {
            machine_image_share(file);
        }
    }
}

int images_complete(struct machine_config *c, struct image_note notes[MACHINE_FILES_MAX],
                    bool by_name, struct error *e)
{
    for (unsigned i = 0; i < MACHINE_FILES_MAX; i++) {
        struct machine_image *image = machine_config_file(c, i);
        const char *role = config_file_role(c, i);
        if (image == NULL || image->in_part) {
            continue;
        }
        if (notes[i].embedded) {
            if (notes[i].loaded != image->size ||
                hash_bytes(image->data, image->size, 0) != image->hash) {
                return error_set(e, "its embedded %s (%s) is not all there", role, image->name);
            }
            if (image->data == NULL) { /* an empty file was given all the same */
                image->data = base_alloc(1, 1);
            }
        } else if (!by_name) {
            return error_set(e, "its %s (%s) is not embedded", role, image->name);
        } else if (image_by_name(image, role, e) != 0) {
            return -1;
        }
    }
    share_images(c);
    return 0;
}
