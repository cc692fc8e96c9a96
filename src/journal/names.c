/* SPDX-License-Identifier: GPL-2.0-or-later
 * names: which files a recording names without holding them, read off its configuration alone, which
 * is the first chunk. Nothing else is looked at. And where they are now.
 */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "journal/internal.h"

/* The header and the first chunk; *size: how many bytes they have. */
static uint8_t *read_start(const struct host_file *f, size_t *size, struct error *e)
{
    uint8_t head[CHUNK_HEADER_BYTES];
    uint8_t *bytes;

    if (host_file_read_at(f, HEADER_BYTES, head, sizeof head, e) < 0) {
        return NULL;
    }
    *size = HEADER_BYTES + CHUNK_HEADER_BYTES + (size_t)bytes_get_le(head + 4, 4);
    if (*size > f->size || *size > 2 * CHUNK_RAW_MAX) {
        error_set(e, "%s: its configuration cannot be read", f->path);
        return NULL;
    }
    bytes = base_alloc(*size, 1);
    if (host_file_read_at(f, 0, bytes, *size, e) < 0) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

static int read_config(const uint8_t *bytes, size_t size, struct recording *r, struct error *e)
{
    struct chunk c;
    uint8_t *payload;
    size_t count, stored;
    uint64_t chain;
    int result = -1;

    if (header_check(bytes, size, &chain, e) == 0 &&
        chunk_read(bytes + HEADER_BYTES, size - HEADER_BYTES, &chain, &c, &payload, &count, &stored,
                   e) == 0) {
        result = c.type == CHUNK_CONFIG ? config_read(header_format(bytes), payload, count,
                                                      r->config, &r->extra, r->notes, e)
                                        : error_set(e, "its configuration is not where it belongs");
        free(payload);
    }
    return result;
}

static bool is_there(const char *name)
{
    struct host_file f;
    struct error e;
    bool opens = host_file_open(&f, name, &e) == 0;

    if (opens) {
        host_file_close(&f);
    }
    return opens;
}

char *recording_place_of(const char *name, const char *recording)
{
    const char *slash = strrchr(name, '/');
    char *folder = base_folder_of(recording), *place;
    struct text beside = {0};

    text_add(&beside, "%s%s", folder, slash != NULL ? slash + 1 : name);
    place = base_strdup(!is_there(name) && is_there(beside.data) ? beside.data : name);
    text_fini(&beside);
    free(folder);
    return place;
}

void names_settle(struct recording *r, const char *path)
{
    for (unsigned i = 0; i < MACHINE_FILES_MAX; i++) {
        struct machine_image *file = machine_config_file(r->config, i);

        if (file != NULL && file->name != NULL && !r->notes[i].embedded) {
            char *place = recording_place_of(file->name, path);

            free(file->name);
            file->name = place;
        }
    }
}

int recording_names(const char *path, void *opaque, void (*take)(void *opaque, const char *name),
                    struct error *e)
{
    struct recording *r = recording_new();
    struct host_file f;
    uint8_t *bytes = NULL;
    size_t size;
    int result = host_file_open(&f, path, e);

    r->config = base_alloc(1, sizeof(*r->config));
    if (result == 0) {
        bytes = read_start(&f, &size, e);
        host_file_close(&f);
        result = bytes != NULL ? read_config(bytes, size, r, e) : -1;
        free(bytes);
    }
    for (unsigned i = 0; result == 0 && i < MACHINE_FILES_MAX; i++) {
        const struct machine_image *file = machine_config_get_file(r->config, i);

        if (file != NULL && !r->notes[i].embedded) {
            take(opaque, file->name);
        }
    }
    recording_close(r);
    return result;
}
