/* SPDX-License-Identifier: GPL-2.0-or-later
 * config: defaults and ownership. See config.h.
 */
#include "machine/config.h"

#include <stdio.h>
#include <stdlib.h>

void machine_config_init(struct machine_config *c)
{
    memset(c, 0, sizeof(*c));
    memcpy(c->board, "virt", sizeof "virt");
    c->hart_count = 1;
    c->serial_count = 1;
    c->ram_bytes = 128 * MIB;
    c->quantum = MACHINE_QUANTUM;
}

void machine_image_share(struct machine_image *image)
{
    if (image->data != NULL && image->shared == NULL) {
        image->shared = shared_bytes_new(image->data, image->size);
    }
}

void machine_image_drop(struct machine_image *image)
{
    if (image->shared != NULL) {
        shared_bytes_drop(image->shared);
    } else {
        free(image->data);
    }
    image->shared = NULL;
    image->data = NULL;
}

void machine_config_fini(struct machine_config *c)
{
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        free(c->images[i].name);
        machine_image_drop(&c->images[i]);
    }
    for (size_t i = 0; i < c->things.count; i++) {
        thing_fini(&c->things.data[i]);
    }
    vec_fini(&c->things);
    memset(c, 0, sizeof(*c));
}

const struct machine_image *machine_config_get_file(const struct machine_config *c, unsigned number)
{
    const struct machine_image *file = NULL;

    if (number < IMAGE_COUNT) {
        file = &c->images[number];
    } else if (number - IMAGE_COUNT < c->things.count) {
        file = &c->things.data[number - IMAGE_COUNT].file;
    }
    return file != NULL && file->name != NULL ? file : NULL;
}

struct machine_image *machine_config_file(struct machine_config *c, unsigned number)
{
    return (struct machine_image *)(uintptr_t)machine_config_get_file(c, number);
}

struct machine_thing *machine_config_add_thing(struct machine_config *c, const char *class,
                                               const char *id)
{
    struct machine_thing t = {0};

    must(c->things.count < MACHINE_THINGS_MAX);
    (void)snprintf(t.class, sizeof(t.class), "%s", class);
    (void)snprintf(t.id, sizeof(t.id), "%s", id);
    vec_push(&c->things, t);
    return &c->things.data[c->things.count - 1];
}

int machine_config_check_image(const struct machine_config *c, enum machine_image_role role,
                               uint64_t bytes, struct error *e)
{
    static const char *const names[IMAGE_COUNT] = {[IMAGE_BIOS] = "firmware",
                                                   [IMAGE_KERNEL] = "kernel",
                                                   [IMAGE_INITRD] = "initial RAM disk",
                                                   [IMAGE_DTB] = "device tree"};
    const char *name = c->images[role].name;

    if (role == IMAGE_DTB && bytes > MACHINE_TREE_MAX) {
        return error_set(e, "%s %s: it has %llu bytes, and 1 MiB is the most", names[role], name,
                         (unsigned long long)bytes);
    }
    if (role == IMAGE_INITRD && bytes > c->ram_bytes) {
        return error_set(e,
                         "%s %s: it has %llu bytes, and the machine %llu MiB of memory: more (-m) "
                         "may help",
                         names[role], name, (unsigned long long)bytes,
                         (unsigned long long)(c->ram_bytes / MIB));
    }
    if (bytes > MACHINE_IMAGE_MAX) { /* ELF files may be larger than the memory */
        return error_set(e, "%s %s: it has %llu bytes, and 2 GiB are the most", names[role], name,
                         (unsigned long long)bytes);
    }
    return 0;
}

int machine_config_check_images(const struct machine_config *c, struct error *e)
{
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        if (c->images[i].name != NULL &&
            machine_config_check_image(c, (enum machine_image_role)i, c->images[i].size, e) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < c->things.count; i++) {
        const struct machine_image *file = &c->things.data[i].file;

        if (file->name != NULL && !file->in_part && file->size > MACHINE_IMAGE_MAX) {
            return error_set(e, "%s %s: it has %llu bytes, and 2 GiB are the most",
                             c->things.data[i].id, file->name, (unsigned long long)file->size);
        }
    }
    return 0;
}

void machine_config_drop_images(struct machine_config *c)
{
    for (unsigned i = 0; i < MACHINE_FILES_MAX; i++) {
        struct machine_image *file = machine_config_file(c, i);

        if (file != NULL) {
            machine_image_drop(file);
        }
    }
}
