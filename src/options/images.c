/* SPDX-License-Identifier: GPL-2.0-or-later
 * images: from names on the command line to a complete machine_config: bytes and hashes of the
 * files, the default firmware, the architecture, the epoch and the seed. After this nothing of the
 * host matters any more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "board/board.h"
#include "bus/bus.h"
#include "dev/flash.h"
#include "host/host.h"
#include "isa/isa.h"
#include "options/internal.h"
#include "world/world.h"

/* What is larger than the memory is of no use to the machine, unless most of it is not for loading. */
static bool is_elf(const char *path)
{
    struct host_file file;
    char magic[4] = {0};
    bool is = false;

    if (host_file_open(&file, path, NULL) == 0) {
        is = file.size >= sizeof magic &&
             host_file_read_at(&file, 0, magic, sizeof magic, NULL) == 0 &&
             memcmp(magic, "\177ELF", sizeof magic) == 0;
        host_file_close(&file);
    }
    return is;
}

/* A file's size is known before a byte of it is read; a pipe's is bounded. */
static int check_size(const struct machine_config *c, enum machine_image_role role, struct error *e)
{
    const char *name = c->images[role].name;
    struct stat st;

    if (stat(name, &st) != 0 || !S_ISREG(st.st_mode)) {
        return 0;
    }
    if (machine_config_check_image(c, role, (uint64_t)st.st_size, e) < 0) {
        return -1;
    }
    return (uint64_t)st.st_size <= c->ram_bytes || is_elf(name)
               ? 0
               : error_set(e,
                           "%s: it has %llu bytes, and the machine %llu MiB of memory: more (-m) "
                           "may help",
                           name, (unsigned long long)st.st_size,
                           (unsigned long long)(c->ram_bytes / MIB));
}

static int read_image(struct machine_config *c, enum machine_image_role role, const char *option,
                      struct error *e)
{
    struct machine_image *image = &c->images[role];
    size_t size;

    if (!image->name) {
        return 0;
    }
    if (check_size(c, role, e) < 0 ||
        host_file_read_all(image->name, MACHINE_IMAGE_MAX, &image->data, &size, e) < 0) {
        return error_prefix(e, "%s", option);
    }
    image->size = size;
    image->hash = hash_bytes(image->data, size, 0);
    machine_image_share(image);
    return 0;
}

/* The first of the places where distributions put the board's firmware. */
static int find_firmware(struct options *o, const struct board *board, struct error *e)
{
    for (const char *const *path = board->firmware; *path != NULL; path++) {
        if (access(*path, R_OK) == 0) {
            o->machine.images[IMAGE_BIOS].name = base_strdup(*path);
            return 0;
        }
    }
    return error_set(e, "%s; or name one with -bios, or run the kernel alone with -bios none",
                     board->firmware_missing);
}

static void take_epoch_and_seed(struct machine_config *c)
{
    if (c->epoch_ns == UINT64_MAX) {
        c->epoch_ns = wallclock_epoch_ns();
    }
    if (c->seed == UINT64_MAX) {
        c->seed = entropy_seed();
    }
}

/* `-cpu max` becomes what it is short for, so that a recording says it. */
static int expand_cpu(struct machine_config *c, struct error *e)
{
    const struct isa *isa = isa_by_name(c->arch);
    struct text full = {0};
    int result = 0;

    if (strncmp(c->cpu, "max", 3) != 0 || (c->cpu[3] != '\0' && c->cpu[3] != ',') || isa == NULL ||
        isa->max_cpu == NULL) {
        return 0;
    }
    text_add(&full, "%s%s", isa->max_cpu, c->cpu + 3);
    if (full.length >= sizeof c->cpu) {
        result = error_set(e,
                           "-cpu: \"max\" stands for %s, and with the rest that is longer than "
                           "%zu bytes",
                           isa->max_cpu, sizeof c->cpu - 1);
    } else {
        memcpy(c->cpu, full.data, full.length + 1);
    }
    text_fini(&full);
    return result;
}

/* What -M says of the board beside its name is something that this board knows. */
static int check_board(const struct machine_config *c, const struct board *board, struct error *e)
{
    const struct machine_thing *t = NULL;

    for (size_t i = 0; i < c->things.count; i++) {
        t = strcmp(c->things.data[i].class, "board") == 0 ? &c->things.data[i] : t;
    }
    if (t == NULL || board == NULL) {
        return 0; /* of a board that is not there board_build() says so */
    }
    for (size_t i = 0; i < board->thing_count; i++) {
        if (strcmp(board->things[i]->name, "board") == 0) {
            return thing_check(t, board->things[i], e) < 0 ? error_prefix(e, "-M %s", c->board) : 0;
        }
    }
    return error_set(e, "-M %s: the board of %s has no properties, and no `%s`", c->board,
                     board->arch, t->properties.data[0].name);
}

/* Files of what -device plugs in, option ROMs. */
static int read_roms(struct machine_config *c, struct error *e)
{
    for (size_t i = 0; i < c->things.count; i++) {
        struct machine_thing *t = &c->things.data[i];
        size_t size;

        if (strcmp(t->class, MODEL_CLASS) != 0 || t->file.name == NULL) {
            continue;
        }
        if (host_file_read_all(t->file.name, MODEL_FILE_MAX, &t->file.data, &size, e) < 0) {
            return error_prefix(e, "-device %s", t->id);
        }
        t->file.size = size;
        t->file.hash = hash_bytes(t->file.data, size, 0);
        machine_image_share(&t->file);
    }
    return 0;
}

int options_read_images(struct options *o, struct error *e)
{
    static const char *const names[IMAGE_COUNT] = {[IMAGE_BIOS] = "-bios",
                                                   [IMAGE_KERNEL] = "-kernel",
                                                   [IMAGE_INITRD] = "-initrd",
                                                   [IMAGE_DTB] = "-dtb"};
    struct machine_config *c = &o->machine;
    const struct board *board;

    if (!c->images[IMAGE_KERNEL].name && !c->images[IMAGE_BIOS].name && flash_find(c, 0) == NULL) {
        return error_set(e, "nothing to run: give -kernel or -bios");
    }
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        if (read_image(c, (enum machine_image_role)i, names[i], e) < 0) {
            return -1;
        }
    }
    if (!o->arch_given) {
        const char *arch = board_arch_of(c);
        /* Where nothing says, the board is unknown: board_build() has the sentence. */
        snprintf(c->arch, sizeof c->arch, "%s", arch ? arch : "");
    }
    if (expand_cpu(c, e) < 0) {
        return -1;
    }
    board = board_by_name(c->arch, c->board);
    if (check_board(c, board, e) < 0) {
        return -1;
    }
    if (!o->bios_given && !c->images[IMAGE_BIOS].name && board != NULL && board->firmware) {
        if (find_firmware(o, board, e) < 0 || read_image(c, IMAGE_BIOS, names[IMAGE_BIOS], e) < 0) {
            return -1;
        }
    }
    if (options_read_flash(o, board, e) < 0 || read_roms(c, e) < 0) {
        return -1;
    }
    take_epoch_and_seed(c);
    return options_read_drives(o, e);
}
