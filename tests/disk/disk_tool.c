/* SPDX-License-Identifier: GPL-2.0-or-later
 * disk_tool: images made, read and changed by our code, for tests that compare it with another's.
 *     disk_tool make FILE SIZE [cluster=BITS] [version=N] [refcount=BITS] [extended] [backing=NAME] [of=FORMAT]
 *     disk_tool read FILE OUT [SNAPSHOT]     all of its content, as a raw image
 *     disk_tool info FILE                    size, format, snapshots, and those behind it
 *     disk_tool edit FILE                    what stdin says, a line each:
 *         write AT SIZE SEED, zero AT SIZE, discard AT SIZE, flush, snapshot NAME ICOUNT, delete ID, apply ID
 *     disk_tool crash FOLDER SEED            a load; what a crash at each write would leave, a file each
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "load.h"
#include "logged.h"

static _Noreturn void fail(const struct error *e)
{
    fprintf(stderr, "disk_tool: %s\n", e->text);
    exit(1);
}

static _Noreturn void usage(void)
{
    fprintf(stderr, "disk_tool: see the head of its source\n");
    exit(2);
}

static struct disk *must_open(const char *path, bool is_writable, const char *snapshot)
{
    struct disk_options how = {.is_writable = is_writable, .snapshot = snapshot};
    struct error e;
    struct disk *d = disk_open(path, &how, &e);

    if (d == NULL) {
        fail(&e);
    }
    return d;
}

/* ---- make ---- */

static void take_word(struct disk_qcow2_options *o, const char *word)
{
    const char *value = strchr(word, '=');

    value = value != NULL ? value + 1 : "";
    if (strncmp(word, "cluster=", 8) == 0) {
        o->cluster_bits = (unsigned)strtoul(value, NULL, 10);
    } else if (strncmp(word, "version=", 8) == 0) {
        o->version = (unsigned)strtoul(value, NULL, 10);
    } else if (strncmp(word, "refcount=", 9) == 0) {
        o->refcount_bits = (unsigned)strtoul(value, NULL, 10);
    } else if (strcmp(word, "extended") == 0) {
        o->is_extended = true;
    } else if (strncmp(word, "backing=", 8) == 0) {
        o->backing = value;
    } else if (strncmp(word, "of=", 3) == 0) {
        o->backing_format = strcmp(value, "raw") == 0 ? DISK_RAW : DISK_QCOW2;
    } else {
        usage();
    }
}

static int make(int argc, char **argv)
{
    struct disk_qcow2_options o = {.size = strtoull(argv[3], NULL, 10)};
    struct disk_bytes *b;
    struct error e;

    for (int i = 4; i < argc; i++) {
        take_word(&o, argv[i]);
    }
    b = disk_bytes_open(argv[2], DISK_MAKES, &e);
    if (b == NULL || disk_qcow2_make(b, &o, &e) < 0) {
        fail(&e);
    }
    disk_bytes_close(b);
    return 0;
}

/* ---- read, info ---- */

static int read_out(int argc, char **argv)
{
    static uint8_t bytes[1 << 20];
    struct disk *d = must_open(argv[2], false, argc > 4 ? argv[4] : NULL);
    FILE *out = fopen(argv[3], "wb");
    struct error e;

    if (out == NULL) {
        usage();
    }
    for (uint64_t at = 0; at < disk_size(d); at += sizeof bytes) {
        uint64_t left = disk_size(d) - at;
        size_t n = left < sizeof bytes ? (size_t)left : sizeof bytes;

        if (disk_read(d, at, bytes, n, &e) < 0) {
            fail(&e);
        }
        must(fwrite(bytes, 1, n, out) == n);
    }
    must(fclose(out) == 0 && disk_close(d, &e) == 0);
    return 0;
}

static int info(int argc, char **argv)
{
    struct disk *d = must_open(argv[2], false, NULL);

    (void)argc;
    for (const struct disk *b = d; b != NULL; b = disk_backing(b)) {
        printf("%s %llu %s\n", disk_format(b) == DISK_RAW ? "raw" : "qcow2",
               (unsigned long long)disk_size(b), disk_name(b));
        for (size_t i = 0; i < disk_snapshot_count(b); i++) {
            const struct disk_snapshot *s = disk_snapshot_at(b, i);

            printf("snapshot %s %s %llu %lld\n", s->id, s->name, (unsigned long long)s->size,
                   (long long)s->icount);
        }
    }
    return disk_close(d, NULL);
}

/* ---- edit ---- */

static int write_pattern(struct disk *d, uint64_t at, uint64_t size, uint64_t seed, struct error *e)
{
    uint8_t *bytes = base_alloc((size_t)size, 1);
    int result;

    memset(bytes, (int)seed & 0xff, (size_t)size);
    for (uint64_t i = 0; i + 8 <= size; i += DISK_SECTOR) {
        bytes_set_le(bytes + i, 8, seed);
    }
    result = disk_write(d, at, bytes, (size_t)size, e);
    free(bytes);
    return result;
}

static int edit_one(struct disk *d, const char *line, struct error *e)
{
    char verb[16], name[128];
    unsigned long long a, b, c;
    struct disk_snapshot like = {.name = name, .seconds = 1700000000, .ns = 5, .guest_ns = 6};

    if (sscanf(line, "write %llu %llu %llu", &a, &b, &c) == 3) {
        return write_pattern(d, a, b, c, e);
    }
    if (sscanf(line, "zero %llu %llu", &a, &b) == 2) {
        return disk_zero(d, a, b, e);
    }
    if (sscanf(line, "discard %llu %llu", &a, &b) == 2) {
        return disk_discard(d, a, b, e);
    }
    if (sscanf(line, "snapshot %127s %llu", name, &a) == 2) {
        like.icount = a;
        return disk_snapshot_make(d, &like, e);
    }
    if (sscanf(line, "%15s %127s", verb, name) == 2) {
        size_t i = disk_snapshot_find(d, name);

        if (i == SIZE_MAX) {
            return error_set(e, "there is no snapshot %s", name);
        }
        return verb[0] == 'd' ? disk_snapshot_delete(d, i, e) : disk_snapshot_apply(d, i, e);
    }
    return disk_flush(d, e);
}

static int edit(int argc, char **argv)
{
    struct disk *d = must_open(argv[2], true, NULL);
    char line[256];
    struct error e;

    (void)argc;
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (edit_one(d, line, &e) < 0) {
            fail(&e);
        }
    }
    if (disk_close(d, &e) < 0) {
        fail(&e);
    }
    return 0;
}

/* ---- crash ---- */

struct crash {
    struct logged image;
    const char *folder;
    uint64_t seed;
};

static void put_file(const struct crash *c, const char *how, const uint8_t *bytes, size_t size)
{
    char path[512];
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s-%06llu.qcow2", c->folder, how,
                   (unsigned long long)c->image.writes);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    must(fd >= 0 && host_write_all(fd, bytes, size) == size);
    close(fd);
}

static void crash_here(void *opaque)
{
    struct crash *c = opaque;
    uint8_t *bytes;
    size_t size;

    bytes = logged_after_kill(&c->image, &size);
    put_file(c, "killed", bytes, size);
    free(bytes);
    bytes = logged_after_power(&c->image, &c->seed, &size);
    put_file(c, "power", bytes, size);
    free(bytes);
}

static int crash(int argc, char **argv)
{
    struct crash c = {.folder = argv[2], .seed = strtoull(argv[3], NULL, 10)};
    const unsigned shapes[][2] = {{9, false}, {12, false}, {14, true}};
    const unsigned *shape = shapes[c.seed % ARRAY_LEN(shapes)];
    struct disk_qcow2_options o = {
        .size = 128 * KIB, .cluster_bits = shape[0], .is_extended = shape[1]};
    struct disk_options how = {.format = DISK_QCOW2, .is_writable = true};
    struct disk_bytes *b = logged_bytes(&c.image, "image");
    struct disk *d;
    struct load l;
    struct error e;

    (void)argc;
    if (disk_qcow2_make(b, &o, &e) < 0) {
        fail(&e);
    }
    d = disk_open_bytes(b, &how, &e);
    must(d != NULL);
    load_init(&l, d, c.seed);
    l.makes_snapshots = true;
    c.image.wrote = crash_here;
    c.image.opaque = &c;
    if (load_play(&l, 40, &e) < 0 || disk_close(d, &e) < 0) {
        fail(&e);
    }
    load_fini(&l);
    logged_fini(&c.image);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int words;
        int (*run)(int argc, char **argv);
    } verbs[] = {
        {"make", 4, make}, {"read", 4, read_out}, {"info", 3, info},
        {"edit", 3, edit}, {"crash", 4, crash},
    };

    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (argc >= verbs[i].words && strcmp(argv[1], verbs[i].name) == 0) {
            return verbs[i].run(argc, argv);
        }
    }
    usage();
}
