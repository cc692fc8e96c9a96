/* SPDX-License-Identifier: GPL-2.0-or-later
 * disks: commands about disks, off the configuration: what a guest has written is the machine's own.
 */
#include "bus/bus.h"
#include "control/internal.h"
#include "dev/drive.h"

/* Which device has the drive; NULL: none. */
static const struct machine_thing *user_of(const struct machine_config *c, const char *drive)
{
    for (size_t i = 0; i < c->things.count; i++) {
        const struct machine_thing *t = &c->things.data[i];
        const char *id = strcmp(t->class, MODEL_CLASS) == 0 ? thing_text(t, "drive", NULL) : NULL;

        if (id != NULL && strcmp(id, drive) == 0) {
            return t;
        }
    }
    return NULL;
}

static bool is_flag(const struct machine_thing *t, const char *name)
{
    return thing_number(t, name, 0) != 0;
}

static struct json_object *describe_image(const struct machine_thing *t)
{
    struct json_object *image = json_object_new_object();

    json_add_text(image, "filename", t->file.name != NULL ? t->file.name : "");
    json_add_text(image, "format", thing_text(t, "format", "raw"));
    json_add_int(image, "virtual-size", (int64_t)thing_number(t, "bytes", t->file.size));
    return image;
}

static struct json_object *describe_node(const struct machine_thing *t)
{
    struct json_object *o = json_object_new_object();

    json_add_text(o, "node-name", t->id);
    json_add_text(o, "file", t->file.name != NULL ? t->file.name : "");
    json_add_text(o, "drv", thing_text(t, "format", "raw"));
    json_add_bool(o, "ro",
                  is_flag(t, "readonly") || is_flag(t, "cd") ||
                      strcmp(t->class, BACKING_CLASS) == 0);
    json_add_bool(o, "encrypted", false);
    json_object_object_add(o, "image", describe_image(t));
    return o;
}

struct json_object *run_block(struct call *k)
{
    const struct machine_config *c = k->control->options.config;
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < c->things.count; i++) {
        const struct machine_thing *t = &c->things.data[i], *user;
        struct json_object *o;

        if (strcmp(t->class, DRIVE_CLASS) != 0 || t->file.name == NULL) {
            continue;
        }
        user = user_of(c, t->id);
        o = json_object_new_object();
        json_add_text(o, "device", t->id);
        json_add_bool(o, "locked", false);
        json_add_bool(o, "removable", is_flag(t, "cd"));
        json_object_object_add(o, "inserted", describe_node(t));
        if (user != NULL) {
            json_add_text(o, "qdev", user->id);
        }
        json_add_text(o, "type", "unknown");
        json_object_array_add(list, o);
    }
    return list;
}

void show_block(struct call *k, struct json_object *answer, struct text *out)
{
    (void)k;
    for (size_t i = 0; i < json_object_array_length(answer); i++) {
        struct json_object *o = json_object_array_get_idx(answer, i);
        struct json_object *in = json_object_object_get(o, "inserted");
        const char *user = json_get_text(o, "qdev");

        text_add(out, "%s: %s (%s%s)\n", json_get_text(o, "device"), json_get_text(in, "file"),
                 json_get_text(in, "drv"), json_get_bool(in, "ro") ? ", read-only" : "");
        if (user != NULL) {
            text_add(out, "    Attached to:      %s\n", user);
        }
    }
}

struct json_object *run_block_nodes(struct call *k)
{
    const struct machine_config *c = k->control->options.config;
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < c->things.count; i++) {
        const struct machine_thing *t = &c->things.data[i];

        if ((strcmp(t->class, DRIVE_CLASS) == 0 || strcmp(t->class, BACKING_CLASS) == 0) &&
            t->file.name != NULL) {
            json_object_array_add(list, describe_node(t));
        }
    }
    return list;
}
