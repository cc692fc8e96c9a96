/* SPDX-License-Identifier: GPL-2.0-or-later
 * drive: see drive.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dev/drive.h"

/* ---- what a configuration says ---- */

static const struct property_rule rules[] = {
    {.name = "format", .kind = PROPERTY_TEXT, .max = 15},
    {.name = "bytes", .kind = PROPERTY_NUMBER, .max = DISK_BYTES_MOST / 2},
    {.name = "readonly", .kind = PROPERTY_FLAG},
    {.name = "cd", .kind = PROPERTY_FLAG},
    {.name = "snapshot", .kind = PROPERTY_FLAG},
    {.name = "image", .kind = PROPERTY_TEXT, .max = MACHINE_NAME_MAX - 1},
};

static int check_drive(const struct machine_thing *t, struct error *e);

const struct thing_class drive_thing = {.name = DRIVE_CLASS,
                                        .rules = rules,
                                        .rule_count = ARRAY_LEN(rules),
                                        .file = THING_MAY_HAVE_FILE,
                                        .check = check_drive};
const struct thing_class drive_backing_thing = {.name = BACKING_CLASS, .file = THING_HAS_FILE};

bool drive_format(const char *name, enum disk_format *format)
{
    static const struct {
        const char *name;
        enum disk_format format;
    } formats[] = {{"", DISK_FORMAT_ANY}, {"raw", DISK_RAW}, {"qcow2", DISK_QCOW2}};

    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        if (strcmp(formats[i].name, name) == 0) {
            *format = formats[i].format;
            return true;
        }
    }
    return false;
}

static int check_drive(const struct machine_thing *t, struct error *e)
{
    struct thing_class plain = drive_thing;
    enum disk_format format;

    plain.check = NULL;
    if (thing_check(t, &plain, e) < 0) {
        return -1;
    }
    if ((t->file.name != NULL) == (thing_find(t, "image") != NULL) ||
        (t->file.name != NULL && !t->file.in_part)) {
        return error_set(e, "the drive `%s` has neither a file nor an image, or both", t->id);
    }
    if (!drive_format(thing_text(t, "format", ""), &format)) {
        return error_set(e, "the drive `%s` has the format %s, which is not there", t->id,
                         thing_text(t, "format", ""));
    }
    return thing_number(t, "bytes", 0) % DISK_SECTOR == 0
               ? 0
               : error_set(e, "the drive `%s` is no whole sectors long", t->id);
}

static const struct machine_thing *find(const struct machine_config *c, const char *class,
                                        const char *id, unsigned *number)
{
    for (size_t i = 0; i < c->things.count; i++) {
        if (strcmp(c->things.data[i].class, class) == 0 && strcmp(c->things.data[i].id, id) == 0) {
            *number = (unsigned)i;
            return &c->things.data[i];
        }
    }
    return NULL;
}

/* ---- opening ---- */

struct drive {
    struct disk *image; /* NULL: what was read of it is in */
    const struct machine_pieces *pieces;
    struct disk_overlay overlay;
    struct device *device;
    char id[MACHINE_NAME_MAX];
    unsigned file; /* its number in the configuration */
    uint64_t bytes;
    bool is_readonly, is_cd;
    bool reaches_file;   /* what is written goes to the image as well, */
    bool reaches_at_end; /* or what was written goes there once the machine is finished */
    uint8_t room[DRIVE_ROOM];
};

/* Files behind an image are those that the configuration names. */
struct behind {
    const struct machine_config *config;
    const char *id;
    unsigned depth;
};

static struct disk_bytes *open_behind(void *opaque, const char *path, struct error *e)
{
    struct behind *b = opaque;
    const struct machine_thing *t;
    char id[MACHINE_NAME_MAX + 16];
    unsigned number;

    (void)snprintf(id, sizeof id, "%s.%u", b->id, ++b->depth);
    t = find(b->config, BACKING_CLASS, id, &number);
    if (t == NULL || strcmp(t->file.name, path) != 0) {
        error_set(e, "%s: is behind the image of `%s`, and was not when it was recorded", path,
                  b->id);
        return NULL;
    }
    return disk_bytes_open(path, DISK_READS, e);
}

static void drop(void *what)
{
    struct drive *v = what;

    if (v->device != NULL) {
        disk_overlay_fini(&v->overlay);
    }
    if (v->image != NULL) {
        (void)disk_close(v->image, NULL);
    }
    free(v);
}

static int finish(void *what, struct error *e)
{
    struct drive *v = what;

    if (v->reaches_at_end && v->device != NULL) {
        return disk_overlay_commit(&v->overlay, v->image, e);
    }
    return v->reaches_file ? disk_flush(v->image, e) : 0;
}

struct disk *drive_open_image(const struct machine_config *c, const struct machine_thing *t,
                              bool is_writable, struct error *e)
{
    struct behind behind = {.config = c, .id = t->id};
    struct disk_options options = {
        .open = open_behind, .opaque = &behind, .is_writable = is_writable};
    struct disk_bytes *bytes;
    struct disk *image;
    uint64_t size = thing_number(t, "bytes", 0);

    must(drive_format(thing_text(t, "format", ""), &options.format)); /* it was checked */
    bytes = disk_bytes_open(t->file.name, is_writable ? DISK_WRITES : DISK_READS, e);
    image = bytes != NULL ? disk_open_bytes(bytes, &options, e) : NULL;
    if (image != NULL && disk_size(image) != size) {
        error_set(e, "%s: has changed since it was recorded: the disk has %llu bytes, and had %llu",
                  t->file.name, (unsigned long long)disk_size(image), (unsigned long long)size);
        (void)disk_close(image, NULL);
        return NULL;
    }
    return image;
}

static struct drive *open_drive(const struct plug *p, const struct machine_thing *t,
                                unsigned number, struct error *e)
{
    struct drive *v = base_alloc(1, sizeof(*v));
    bool writes;

    v->file = IMAGE_COUNT + number;
    v->bytes = thing_number(t, "bytes", 0);
    v->is_cd = thing_number(t, "cd", 0) != 0;
    v->is_readonly = v->is_cd || thing_number(t, "readonly", 0) != 0;
    v->pieces = t->file.pieces;
    memcpy(v->id, t->id, sizeof v->id);
    writes = p->config->writes_files && !v->is_readonly && thing_number(t, "snapshot", 0) == 0;
    v->reaches_file = writes && !p->config->writes_at_end;
    v->reaches_at_end = writes && p->config->writes_at_end;
    machine_keep(p->machine, &(struct machine_kept){.what = v, .finish = finish, .drop = drop});
    if (v->pieces == NULL) {
        v->image = drive_open_image(p->config, t, writes, e);
    }
    return v->pieces != NULL || v->image != NULL ? v : NULL;
}

/* Nobody before this one has the drive. */
static int check_alone(const struct plug *p, const char *id, struct error *e)
{
    for (const struct machine_thing *t = p->config->things.data; t != p->thing; t++) {
        const char *other =
            strcmp(t->class, MODEL_CLASS) == 0 ? thing_text(t, "drive", NULL) : NULL;

        if (other != NULL && strcmp(other, id) == 0) {
            return error_set(e, "the drive '%s' is that of `%s` already", id, t->id);
        }
    }
    return 0;
}

struct drive *drive_take(struct plug *p, struct error *e)
{
    const char *id = plug_text(p, "drive");
    const struct machine_thing *t = NULL;
    unsigned number = 0;

    if (id == NULL) {
        error_set(e, "it wants drive=ID, of a -drive if=none,id=ID");
        return NULL;
    }
    if (check_alone(p, id, e) < 0) {
        return NULL;
    }
    /* One that is only a name for another one: so often as there are things at most. */
    for (unsigned i = 0; i < MACHINE_THINGS_MAX; i++) {
        t = find(p->config, DRIVE_CLASS, id, &number);
        if (t == NULL || t->file.name != NULL) {
            break;
        }
        id = thing_text(t, "image", "");
    }
    if (t == NULL || t->file.name == NULL) {
        error_set(e, "no drive is called '%s'", id);
        return NULL;
    }
    return open_drive(p, t, number, e);
}

/* ---- using it ---- */

static int took(void *opaque, uint64_t cluster, uint64_t hash, struct error *e)
{
    struct drive *v = opaque;

    return v->reaches_file ? 0 : device_took(v->device, v->file, cluster, hash, e);
}

static int read_pieces(void *opaque, uint64_t at, void *bytes, size_t size, struct error *e)
{
    const struct drive *v = opaque;
    uint8_t *whole = base_alloc(DISK_READ_CLUSTER, 1);
    int result = v->pieces->read(v->pieces->opaque, at / DISK_READ_CLUSTER, whole, e);

    must(at % DISK_READ_CLUSTER == 0 && size <= DISK_READ_CLUSTER);
    memcpy(bytes, whole, size);
    free(whole);
    return result;
}

void drive_attach(struct drive *v, struct device *d)
{
    const struct disk_source source =
        v->pieces != NULL ? (struct disk_source){.read = read_pieces, .opaque = v, .size = v->bytes}
                          : disk_source_of(v->image);
    const struct disk_listener listener = {.read = took, .opaque = v};

    v->device = d;
    device_name_tree(d, v->id);
    disk_overlay_init(&v->overlay, device_tree(d), v->bytes, &source, &listener);
}

uint64_t drive_tree_bytes(const struct drive *v)
{
    uint64_t bytes = v != NULL ? disk_overlay_bytes(v->bytes) : 0;

    return bytes != 0 ? bytes : PAGE_SIZE;
}

uint64_t drive_bytes(const struct drive *v)
{
    return v->bytes;
}

bool drive_is_readonly(const struct drive *v)
{
    return v->is_readonly;
}

bool drive_is_cd(const struct drive *v)
{
    return v->is_cd;
}

bool drive_read(struct drive *v, uint64_t at, void *bytes, size_t size)
{
    struct error e;

    if (disk_overlay_read(&v->overlay, at, bytes, size, &e) < 0) {
        device_lose(v->device, e.text);
        return false;
    }
    device_dma_source(v->device, bytes, size, v->id, at);
    return true;
}

/* To the image: the host may have no room for it. */
static bool reached(struct drive *v, int result, const struct error *e)
{
    if (result < 0) {
        device_log(v->device, "%s", e->text);
    }
    return result == 0;
}

bool drive_write(struct drive *v, uint64_t at, const void *bytes, size_t size)
{
    struct error e;

    must(!v->is_readonly);
    disk_overlay_write(&v->overlay, at, bytes, size);
    device_tree_wrote(v->device, at, size);
    return !v->reaches_file || reached(v, disk_write(v->image, at, bytes, size, &e), &e);
}

bool drive_zero(struct drive *v, uint64_t at, uint64_t size, bool may_discard)
{
    struct error e;
    int result = 0;

    must(!v->is_readonly);
    disk_overlay_zero(&v->overlay, at, size);
    device_tree_wrote(v->device, at, size);
    if (v->reaches_file) {
        result = disk_zero(v->image, at, size, &e);
        result = result == 0 && may_discard ? disk_discard(v->image, at, size, &e) : result;
    }
    return reached(v, result, &e);
}

bool drive_flush(struct drive *v)
{
    struct error e;

    return !v->reaches_file || reached(v, disk_flush(v->image, &e), &e);
}

uint8_t *drive_room(struct drive *v)
{
    return v->room;
}

int drive_block_sizes(const struct plug *p, uint32_t *logical, uint32_t *physical, struct error *e)
{
    *logical = (uint32_t)plug_number(p, "logical_block_size");
    *physical = (uint32_t)plug_number(p, "physical_block_size");
    return is_pow2(*logical) && is_pow2(*physical)
               ? 0
               : error_set(e, "the size of a block is a power of two");
}
