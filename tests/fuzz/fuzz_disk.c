/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_disk: an image whose bytes are the data, over files that are the same data if it names one. What is
 * accepted for reading is read; what is accepted for writing is written to, and has that afterwards, is
 * accepted again, and takes, applies and loses snapshots.
 */
#include <stdlib.h>

#include "../chance.h"
#include "../disk/logged.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECE = 40000 };

struct input {
    const uint8_t *data;
    size_t size;
    uint64_t seed;
};

static struct disk_bytes *open_same(void *opaque, const char *path, struct error *e)
{
    const struct input *in = opaque;

    (void)e;
    return disk_bytes_of_memory(in->data, in->size, path);
}

static struct disk *open_it(struct input *in, struct disk_bytes *b, bool is_writable,
                            const char *snapshot)
{
    struct disk_options how = {.format = DISK_QCOW2,
                               .is_writable = is_writable,
                               .snapshot = snapshot,
                               .open = open_same,
                               .opaque = in};
    struct error e = {{0}};
    struct disk *d = disk_open_bytes(b, &how, &e);

    must(d != NULL || e.text[0] != 0);
    return d;
}

static uint64_t draw_range(struct input *in, const struct disk *d, size_t *size)
{
    uint64_t at = chance_next(&in->seed) % 4 == 0 ? 0 : chance_next(&in->seed);

    at = disk_size(d) != 0 ? align_down(at % disk_size(d), DISK_SECTOR) : 0;
    *size = (size_t)(chance_next(&in->seed) % PIECE);
    if (*size > disk_size(d) - at) {
        *size = (size_t)(disk_size(d) - at);
    }
    return at;
}

static void read_some(struct input *in, struct disk *d)
{
    static uint8_t bytes[PIECE];

    for (unsigned i = 0; i < 8; i++) {
        size_t size;
        uint64_t at = draw_range(in, d, &size);
        struct error e;

        (void)disk_read(d, at, bytes, size, &e);
    }
}

static void read_all(struct input *in)
{
    struct disk *d = open_it(in, open_same(in, "image", NULL), false, NULL);
    char *ids[3] = {NULL};

    if (d == NULL) {
        return;
    }
    read_some(in, d);
    for (size_t i = 0; i < ARRAY_LEN(ids) && i < disk_snapshot_count(d); i++) {
        ids[i] = base_strdup(disk_snapshot_at(d, i)->id);
    }
    (void)disk_close(d, NULL);
    for (size_t i = 0; i < ARRAY_LEN(ids) && ids[i] != NULL; i++) {
        struct disk *s = open_it(in, open_same(in, "image", NULL), false, ids[i]);

        if (s != NULL) {
            read_some(in, s);
            (void)disk_close(s, NULL);
        }
        free(ids[i]);
    }
}

/* What can fail here is what is read of files behind, or packed clusters that are damaged. */
static bool write_some(struct input *in, struct disk *d)
{
    static uint8_t bytes[PIECE], again[PIECE];
    struct error e;

    for (unsigned i = 0; i < 6; i++) {
        size_t size;
        uint64_t at = draw_range(in, d, &size), what = chance_next(&in->seed) % 4;

        memset(bytes, what < 2 ? (int)i + 1 : 0, size);
        if ((what < 2    ? disk_write(d, at, bytes, size, &e)
             : what == 2 ? disk_zero(d, at, size, &e)
                         : disk_discard(d, at, size, &e)) < 0) {
            return false;
        }
        if (what != 3) {
            must(disk_read(d, at, again, size, &e) == 0 && memcmp(bytes, again, size) == 0);
        }
    }
    return disk_flush(d, &e) == 0;
}

static void change_all(struct input *in)
{
    struct disk_snapshot like = {.name = (char *)(uintptr_t) "fuzz", .icount = 7};
    struct logged file = {.size = in->size, .room = in->size};
    struct disk *d;
    struct error e;
    bool good = true;

    file.bytes = base_alloc(in->size + 1, 1);
    file.synced = base_alloc(in->size + 1, 1);
    memcpy(file.bytes, in->data, in->size);
    d = open_it(in, logged_bytes(&file, "image"), true, NULL);
    if (d == NULL) {
        logged_fini(&file);
        return;
    }
    for (unsigned round = 0; round < 2; round++) {
        size_t n = disk_snapshot_count(d);

        good = good && write_some(in, d);
        if (!good) {
            break;
        }
        if (disk_snapshot_make(d, &like, &e) == 0) {
            must(disk_snapshot_count(d) == n + 1);
        }
        if (n != 0 && chance_next(&in->seed) % 2 == 0) {
            (void)disk_snapshot_apply(d, chance_next(&in->seed) % n, &e);
        }
        if (n != 0 && chance_next(&in->seed) % 2 == 0) {
            (void)disk_snapshot_delete(d, chance_next(&in->seed) % n, &e);
        }
    }
    if (disk_close(d, &e) == 0 && good) {
        d = open_it(in, logged_bytes(&file, "image"), true, NULL);
        must(d != NULL);
        (void)disk_close(d, &e);
    }
    logged_fini(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size, hash_bytes(data, size, 1)};

    read_all(&in);
    change_all(&in);
    return 0;
}
