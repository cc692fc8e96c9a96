/* SPDX-License-Identifier: GPL-2.0-or-later
 * drive: disks on the command line, -drive, -blockdev, -hda and their like, into things of the
 * configuration; and what is known of their files before a machine is built: how large the disks are,
 * and which files are behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dev/drive.h"
#include "options/internal.h"

/* What one option says. */
struct asked {
    char id[MACHINE_NAME_MAX];
    char *file;
    char format[16], interface[16], image[MACHINE_NAME_MAX];
    struct flash_asked flash; /* if=pflash */
    bool readonly, cd, snapshot, snapshot_given;
    bool is_blkreplay, is_node; /* -blockdev */
};

static struct machine_thing *find_drive(struct machine_config *c, const char *id)
{
    for (size_t i = 0; i < c->things.count; i++) {
        if (strcmp(c->things.data[i].class, DRIVE_CLASS) == 0 &&
            strcmp(c->things.data[i].id, id) == 0) {
            return &c->things.data[i];
        }
    }
    return NULL;
}

/* ---- what is said ---- */

static int take_name(char *to, size_t room, const char *what, const char *value, struct error *e)
{
    return thing_id_is_good(value)
               ? options_copy_text(to, room, what, value, e)
               : error_set(e, "%s is up to %d letters, digits, '-', '_' and '.', not '%s'", what,
                           MACHINE_NAME_MAX - 1, value);
}

static int take_flag(bool *to, const char *key, const char *value, struct error *e)
{
    if (value != NULL && strcmp(value, "on") != 0 && strcmp(value, "off") != 0) {
        return error_set(e, "%s is on or off, not '%s'", key, value);
    }
    *to = value == NULL || strcmp(value, "on") == 0;
    return 0;
}

static int take_format(struct asked *a, const char *value, struct error *e)
{
    enum disk_format format;

    if (strcmp(value, "blkreplay") == 0) {
        a->is_blkreplay = true;
        return 0;
    }
    if (strcmp(value, "file") == 0 && a->is_node) {
        return options_copy_text(a->format, sizeof a->format, "driver", "raw", e);
    }
    if (value[0] == '\0' || !drive_format(value, &format)) {
        return error_set(e, "images of the format '%s' are not there: raw and qcow2 are", value);
    }
    return options_copy_text(a->format, sizeof a->format, "format", value, e);
}

/* Where the reference asks for a bus or a promise about the host's cache, and nothing depends on it. */
static bool is_passed_over(const char *key)
{
    static const char *const keys[] = {"cache",
                                       "aio",
                                       "discard",
                                       "detect-zeroes",
                                       "werror",
                                       "rerror",
                                       "bus",
                                       "file.driver",
                                       "copy-on-read",
                                       "cache.direct",
                                       "cache.no-flush",
                                       "auto-read-only",
                                       "file.locking",
                                       "file.aio",
                                       "locking",
                                       "l2-cache-size"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_one_of(const char *key, const char *a, const char *b)
{
    return strcmp(key, a) == 0 || strcmp(key, b) == 0;
}

static int take_media(struct asked *a, const char *value, struct error *e)
{
    a->cd = strcmp(value, "cdrom") == 0;
    return a->cd || strcmp(value, "disk") == 0
               ? 0
               : error_set(e, "media is disk or cdrom, not '%s'", value);
}

static int take_item(struct asked *a, const char *key, const char *value, struct error *e)
{
    const char *text = value != NULL ? value : "";

    if (is_one_of(key, "readonly", "read-only")) {
        return take_flag(&a->readonly, key, value, e);
    }
    if (strcmp(key, "snapshot") == 0) {
        a->snapshot_given = true;
        return take_flag(&a->snapshot, key, value, e);
    }
    if (value == NULL) {
        return error_set(e, "'%s' wants a value", key);
    }
    if (is_one_of(key, "id", "node-name")) {
        return take_name(a->id, sizeof a->id, key, text, e);
    }
    if (is_one_of(key, "format", "driver")) {
        return take_format(a, text, e);
    }
    if (strcmp(key, "image") == 0 || (strcmp(key, "file") == 0 && a->is_node)) {
        return take_name(a->image, sizeof a->image, key, text, e);
    }
    if (strcmp(key, "media") == 0) {
        return take_media(a, text, e);
    }
    if (strcmp(key, "if") == 0) {
        return options_copy_text(a->interface, sizeof a->interface, "if", text, e);
    }
    if (is_one_of(key, "file", "filename") || strcmp(key, "file.filename") == 0) {
        free(a->file);
        a->file = base_strdup(strncmp(text, "file:", 5) == 0 ? text + 5 : text);
        return 0;
    }
    if (is_one_of(key, "unit", "index")) {
        return options_take_flash_unit(&a->flash, key, text, e);
    }
    return is_passed_over(key) ? 0 : error_set(e, "there is no '%s'", key);
}

static int take_items(struct asked *a, const char *rest, struct error *e)
{
    int result = 0;

    if (rest[0] == '{') {
        return error_set(e, "JSON is not understood here; write driver=qcow2,node-name=...,"
                            "file.filename=...");
    }
    while (rest != NULL && result == 0) {
        char *key, *value;

        options_take_item(&rest, &key, &value);
        result = take_item(a, key, value, e);
        free(key);
        free(value);
    }
    return result;
}

/* ---- into the configuration ---- */

static int check_interface(const struct asked *a, struct error *e)
{
    static const char *const known[] = {"", "none", "virtio", "pflash"};

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(known[i], a->interface) == 0) {
            return 0;
        }
    }
    return error_set(e, "if=%s is not there: none, virtio and pflash are%s", a->interface,
                     strcmp(a->interface, "scsi") == 0
                         ? "; for SCSI say if=none,id=ID, and -device scsi-hd,drive=ID"
                         : "");
}

static int check_asked(const struct options *o, const struct asked *a, struct error *e)
{
    if (check_interface(a, e) < 0) {
        return -1;
    }
    if (o->machine.things.count + 2 > MACHINE_THINGS_MAX) {
        return error_set(e, "more than %d things are asked for", MACHINE_THINGS_MAX);
    }
    if ((a->file != NULL) == (a->image[0] != '\0')) {
        return error_set(e, a->file != NULL ? "there is a file, and another image besides"
                                            : "there is no file: say file=PATH");
    }
    if (a->is_blkreplay && a->image[0] == '\0') {
        return error_set(e, "blkreplay wants image=ID");
    }
    return 0;
}

/* A name of its own for one that has none. */
static void name_it(struct machine_config *c, struct asked *a)
{
    for (unsigned n = 0; a->id[0] == '\0'; n++) {
        char id[MACHINE_NAME_MAX];

        (void)snprintf(id, sizeof id, "%s%u", a->cd ? "cd" : "disk", n);
        if (find_drive(c, id) == NULL) {
            memcpy(a->id, id, sizeof id);
        }
    }
}

static int add_device(struct options *o, const struct asked *a, struct error *e)
{
    char text[2 * MACHINE_NAME_MAX + 64];

    (void)snprintf(text, sizeof text, "virtio-blk,drive=%s", a->id);
    return options_take_device(o, text, e);
}

static void set_common(struct machine_thing *t, const struct asked *a)
{
    if (a->format[0] != '\0') {
        thing_set_text(t, "format", a->format);
    }
    if (a->readonly) {
        thing_set_flag(t, "readonly", true);
    }
    if (a->snapshot_given) {
        thing_set_flag(t, "snapshot", a->snapshot);
    }
}

static int add_flash(struct options *o, struct asked *a, struct error *e)
{
    struct machine_thing *t;

    if (a->cd || a->image[0] != '\0') {
        return error_set(e, "flash is no CD, and has a file of its own");
    }
    t = options_add_flash(o, &a->flash, a->file, e);
    if (t == NULL) {
        return -1;
    }
    a->file = NULL;
    set_common(t, a);
    return 0;
}

static int add_drive(struct options *o, struct asked *a, struct error *e)
{
    struct machine_thing *t;

    if (check_asked(o, a, e) < 0) {
        return -1;
    }
    if (strcmp(a->interface, "pflash") == 0) {
        return add_flash(o, a, e);
    }
    if (a->id[0] != '\0' && find_drive(&o->machine, a->id) != NULL) {
        return error_set(e, "two drives are called '%s'", a->id);
    }
    name_it(&o->machine, a);
    t = machine_config_add_thing(&o->machine, DRIVE_CLASS, a->id);
    if (a->image[0] != '\0') {
        thing_set_text(t, "image", a->image);
    } else {
        t->file.name = a->file;
        t->file.in_part = true;
        a->file = NULL;
    }
    set_common(t, a);
    if (a->cd) {
        thing_set_flag(t, "cd", true);
    }
    return a->is_node || a->is_blkreplay || strcmp(a->interface, "none") == 0 ? 0
                                                                              : add_device(o, a, e);
}

static int take(struct options *o, struct asked *a, const char *option, const char *v,
                const char *items, struct error *e)
{
    int result = items != NULL ? take_items(a, items, e) : 0;

    if (result == 0) {
        result = add_drive(o, a, e);
    }
    free(a->file);
    return result < 0 ? error_prefix(e, "%s %.100s", option, v) : 0;
}

int options_take_drive(struct options *o, const char *v, struct error *e)
{
    return take(o, &(struct asked){.file = NULL}, "-drive", v, v, e);
}

int options_take_blockdev(struct options *o, const char *v, struct error *e)
{
    return take(o, &(struct asked){.is_node = true}, "-blockdev", v, v, e);
}

int options_take_hda(struct options *o, const char *v, struct error *e)
{
    return take(o, &(struct asked){.file = base_strdup(v)}, "-hda", v, NULL, e);
}

int options_take_cdrom(struct options *o, const char *v, struct error *e)
{
    return take(o, &(struct asked){.file = base_strdup(v), .cd = true}, "-cdrom", v, NULL, e);
}

/* ---- what is known of the files ---- */

/* Files that were opened behind an image, in their order. */
struct behind {
    VEC(char *) names;
};

static struct disk_bytes *open_behind(void *opaque, const char *path, struct error *e)
{
    struct behind *b = opaque;

    vec_push(&b->names, base_strdup(path));
    return disk_bytes_open(path, DISK_READS, e);
}

static int add_backing(struct machine_config *c, const char *id, const struct behind *b,
                       struct error *e)
{
    for (size_t i = 0; i < b->names.count; i++) {
        char name[MACHINE_NAME_MAX + 32];
        struct machine_thing *t;

        (void)snprintf(name, sizeof name, "%s.%zu", id, i + 1);
        if (c->things.count == MACHINE_THINGS_MAX || strlen(name) >= MACHINE_NAME_MAX) {
            return error_set(e, "there are too many files behind it, or its id is too long");
        }
        t = machine_config_add_thing(c, BACKING_CLASS, name);
        t->file.name = base_strdup(b->names.data[i]);
        t->file.in_part = true;
    }
    return 0;
}

/* A recording names the image wherever it is replayed. */
static void make_absolute(struct machine_image *file)
{
    char *folder = file->name[0] != '/' ? getcwd(NULL, 0) : NULL;
    struct text name = {0};

    if (folder != NULL) {
        text_add(&name, "%s/%s", folder, file->name);
        free(folder);
        free(file->name);
        file->name = base_strdup(name.data);
        text_fini(&name);
    }
}

static int look_at(struct machine_config *c, size_t number, struct error *e)
{
    struct machine_thing *t = &c->things.data[number];
    struct behind behind = {0};
    struct disk_options options = {.open = open_behind, .opaque = &behind};
    struct disk_bytes *bytes;
    struct disk *disk;
    int result = -1;

    must(drive_format(thing_text(t, "format", ""), &options.format));
    make_absolute(&t->file);
    bytes = disk_bytes_open(t->file.name, DISK_READS, e);
    disk = bytes != NULL ? disk_open_bytes(bytes, &options, e) : NULL;
    if (disk != NULL && disk_size(disk) > DISK_BYTES_MOST / 2) {
        error_set(e, "%s: the disk has %llu bytes, which is too much", t->file.name,
                  (unsigned long long)disk_size(disk));
    } else if (disk != NULL) {
        thing_set_number(t, "bytes", disk_size(disk));
        thing_set_text(t, "format", disk_format(disk) == DISK_QCOW2 ? "qcow2" : "raw");
        t->file.size = disk_size(disk);
        result = add_backing(c, t->id, &behind, e);
    }
    if (disk != NULL) {
        (void)disk_close(disk, NULL);
    }
    for (size_t i = 0; i < behind.names.count; i++) {
        free(behind.names.data[i]);
    }
    vec_fini(&behind.names);
    return result < 0 ? error_prefix(e, "-drive (%s)", c->things.data[number].id) : 0;
}

int options_read_drives(struct options *o, struct error *e)
{
    struct machine_config *c = &o->machine;
    size_t count = c->things.count; /* more are added at the end */

    for (size_t i = 0; i < count; i++) {
        struct machine_thing *t = &c->things.data[i];

        if (strcmp(t->class, DRIVE_CLASS) != 0 || t->file.name == NULL) {
            continue;
        }
        if (o->snapshot) {
            thing_set_flag(t, "snapshot", true);
        }
        if (look_at(c, i, e) < 0) {
            return -1;
        }
    }
    return 0;
}
