/* SPDX-License-Identifier: GPL-2.0-or-later
 * guest_machine: the machine that a guest program of tests wants, where it is not the default: `--cpu CPU`
 * and `--board PROPERTY=VALUE`, as of `-cpu` and `-M virt,...`; "on" is a flag; `--disk FILE`, a raw image as a disk of
 * virtio-mmio, or `--nvme FILE`, behind NVM Express.
 */
#ifndef TESTS_GUEST_MACHINE_H
#define TESTS_GUEST_MACHINE_H

#include <sys/stat.h>

#include "dev/drive.h"
#include "machine/machine.h"

static inline void guest_machine_add_disk(struct machine_config *c, const char *model,
                                          const char *path)
{
    struct machine_thing *t = machine_config_add_thing(c, DRIVE_CLASS, "hd0");
    struct stat st;

    must(stat(path, &st) == 0);
    t->file = (struct machine_image){
        .name = base_strdup(path), .in_part = true, .size = (uint64_t)st.st_size};
    thing_set_text(t, "format", "raw");
    thing_set_number(t, "bytes", (uint64_t)st.st_size);
    t = machine_config_add_thing(c, MODEL_CLASS, "disk");
    thing_set_text(t, "driver", model);
    thing_set_text(t, "drive", "hd0");
    if (strcmp(model, "nvme") == 0) {
        thing_set_text(t, "serial", "0");
    }
}

/* False: it is none of the options. */
static inline bool guest_machine_option(struct machine_config *c, const char *option,
                                        const char *value)
{
    const char *equals = strchr(value, '=');
    struct machine_thing *board;
    char name[32];

    if (strcmp(option, "--cpu") == 0) {
        snprintf(c->cpu, sizeof c->cpu, "%s", value);
        return true;
    }
    if (strcmp(option, "--disk") == 0 || strcmp(option, "--nvme") == 0) {
        guest_machine_add_disk(c, option[2] == 'd' ? "virtio-blk-device" : "nvme", value);
        return true;
    }
    if (strcmp(option, "--board") != 0 || equals == NULL) {
        return false;
    }
    snprintf(name, sizeof name, "%.*s", (int)(equals - value), value);
    board =
        c->things.count != 0 ? &c->things.data[0] : machine_config_add_thing(c, "board", "board");
    if (strcmp(equals + 1, "on") == 0) {
        thing_set_flag(board, name, true);
    } else {
        thing_set_text(board, name, equals + 1);
    }
    return true;
}

#endif
