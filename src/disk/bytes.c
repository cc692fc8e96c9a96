/* SPDX-License-Identifier: GPL-2.0-or-later
 * bytes: where the bytes of an image are: a file of the host, or memory.
 */
#include <stdlib.h>

#include "disk/internal.h"

struct disk_bytes *disk_bytes_new(const struct disk_bytes_class *class, void *opaque, uint64_t size,
                                  const char *name)
{
    struct disk_bytes *b = base_alloc(1, sizeof(*b));

    *b = (struct disk_bytes){
        .class = class, .opaque = opaque, .size = size, .name = base_strdup(name)};
    return b;
}

void disk_bytes_close(struct disk_bytes *b)
{
    if (b != NULL) {
        b->class->close(b->opaque);
        free(b->name);
        free(b);
    }
}

int bytes_read(const struct disk_bytes *b, uint64_t at, void *bytes, size_t count, struct error *e)
{
    uint64_t there = at < b->size ? b->size - at : 0;
    size_t inside = count < there ? count : (size_t)there;

    memset((uint8_t *)bytes + inside, 0, count - inside);
    return inside != 0 ? b->class->read(b->opaque, at, bytes, inside, e) : 0;
}

int bytes_write(struct disk_bytes *b, uint64_t at, const void *bytes, size_t count, struct error *e)
{
    b->is_unsynced = true;
    if (b->class->write(b->opaque, at, bytes, count, e) < 0) {
        return -1;
    }
    if (at + count > b->size) {
        b->size = at + count;
    }
    return 0;
}

int bytes_sync(struct disk_bytes *b, struct error *e)
{
    if (b->is_unsynced && b->class->sync(b->opaque, e) < 0) {
        return -1;
    }
    b->is_unsynced = false;
    return 0;
}

/* ---- a file ---- */

static int file_read(void *opaque, uint64_t at, void *bytes, size_t count, struct error *e)
{
    return host_file_read_at(opaque, at, bytes, count, e);
}

static int file_write(void *opaque, uint64_t at, const void *bytes, size_t count, struct error *e)
{
    return host_file_write_at(opaque, at, bytes, count, e);
}

static int file_sync(void *opaque, struct error *e)
{
    return host_file_sync(opaque, e);
}

static void file_close(void *opaque)
{
    host_file_close(opaque);
    free(opaque);
}

static const struct disk_bytes_class file_class = {file_read, file_write, file_sync, file_close};
static const struct disk_bytes_class read_only_class = {.read = file_read, .close = file_close};

struct disk_bytes *disk_bytes_open(const char *path, enum disk_access access, struct error *e)
{
    struct host_file *f = base_alloc(1, sizeof(*f));
    int result = access == DISK_READS    ? host_file_open(f, path, e)
                 : access == DISK_WRITES ? host_file_update(f, path, e)
                                         : host_file_make(f, path, e);

    if (result < 0) {
        free(f);
        return NULL;
    }
    return disk_bytes_new(access == DISK_READS ? &read_only_class : &file_class, f, f->size, path);
}

/* ---- memory ---- */

struct memory {
    uint8_t *bytes;
    size_t size, room;
};

static int memory_read(void *opaque, uint64_t at, void *bytes, size_t count, struct error *e)
{
    const struct memory *m = opaque;

    (void)e;
    memcpy(bytes, m->bytes + at, count);
    return 0;
}

static int memory_write(void *opaque, uint64_t at, const void *bytes, size_t count, struct error *e)
{
    struct memory *m = opaque;

    if (at > SIZE_MAX / 4 || count > SIZE_MAX / 4) {
        return error_set(e, "memory has no room for byte %llu", (unsigned long long)at);
    }
    if (at + count > m->room) {
        m->room = 2 * ((size_t)at + count);
        m->bytes = base_realloc(m->bytes, m->room, 1);
    }
    if (at + count > m->size) {
        memset(m->bytes + m->size, 0, (size_t)at + count - m->size);
        m->size = (size_t)at + count;
    }
    memcpy(m->bytes + at, bytes, count);
    return 0;
}

static int memory_sync(void *opaque, struct error *e)
{
    (void)opaque;
    (void)e;
    return 0;
}

static void memory_close(void *opaque)
{
    struct memory *m = opaque;

    free(m->bytes);
    free(m);
}

static const struct disk_bytes_class memory_class = {memory_read, memory_write, memory_sync,
                                                     memory_close};

struct disk_bytes *disk_bytes_of_memory(const void *bytes, size_t count, const char *name)
{
    struct memory *m = base_alloc(1, sizeof(*m));

    *m = (struct memory){base_alloc(count + 1, 1), count, count};
    if (count != 0) {
        memcpy(m->bytes, bytes, count);
    }
    return disk_bytes_new(&memory_class, m, count, name);
}
