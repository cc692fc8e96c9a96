/* SPDX-License-Identifier: GPL-2.0-or-later
 * registry: the table of boards, and finding the one that a configuration means.
 */
#include "board/internal.h"
#include "dev/dev.h"
#include "dev/virtio.h"

#include <stdio.h>

const struct board board_registry[] = {
    {.arch = "riscv64",
     .name = "virt",
     .summary = "RISC-V VirtIO board",
     .behaviour = 2,
     .serial_count = 1,
     .firmware = riscv64_firmware,
     .firmware_missing = riscv64_firmware_missing,
     .build = riscv_virt_build},
    {.arch = "riscv32",
     .name = "virt",
     .summary = "RISC-V VirtIO board",
     .behaviour = 1,
     .serial_count = 1,
     .firmware = riscv32_firmware,
     .firmware_missing = riscv32_firmware_missing,
     .build = riscv_virt_build},
    {.arch = "aarch64",
     .name = "virt",
     .summary = "Arm VirtIO board",
     .behaviour = 1,
     .serial_count = 1,
     .things = arm_virt_things,
     .thing_count = ARM_VIRT_THINGS,
     .build = arm_virt_build},
    {.arch = "arm",
     .name = "virt",
     .summary = "Arm VirtIO board",
     .behaviour = 1,
     .serial_count = 1,
     .things = arm_virt_things,
     .thing_count = ARM_VIRT_THINGS,
     .build = arm_virt_build},
    {.arch = "arm",
     .name = "vexpress-a9",
     .summary = "Versatile Express for Cortex-A9",
     .behaviour = 1,
     .serial_count = 4,
     .things = vexpress_things,
     .thing_count = VEXPRESS_THINGS,
     .build = vexpress_a9_build},
    {.arch = "arm",
     .name = "vexpress-a15",
     .summary = "Versatile Express for Cortex-A15",
     .behaviour = 1,
     .serial_count = 4,
     .things = vexpress_things,
     .thing_count = VEXPRESS_THINGS,
     .build = vexpress_a15_build},
};
const size_t board_registry_count = ARRAY_LEN(board_registry);

const struct board *board_by_name(const char *arch, const char *name)
{
    for (size_t i = 0; i < board_registry_count; i++) {
        if (strcmp(board_registry[i].arch, arch) == 0 &&
            strcmp(board_registry[i].name, name) == 0) {
            return &board_registry[i];
        }
    }
    return NULL;
}

/* `arch` NULL: no header says, nor -arch. */
static int board_unknown(const char *arch, const char *name, struct error *e)
{
    for (size_t i = 0; i < board_registry_count; i++) {
        if (arch == NULL || strcmp(board_registry[i].arch, arch) == 0) {
            return error_set(e, "-M: no board is called \"%s\"; for %s there is %s", name,
                             board_registry[i].arch, board_registry[i].name);
        }
    }
    return error_set(
        e,
        "the guest's architecture is %s, which is not there; aarch64, arm, riscv64 and riscv32 are",
        arch);
}

/* What every board knows of. */
static const struct thing_class *const common_things[] = {&dev_thing, &drive_thing,
                                                          &drive_backing_thing, &virtio_mmio_thing};
#define THING_CLASSES_MAX 16

static int check_things(const struct machine_config *c, const struct board *board, struct error *e)
{
    const struct thing_class *all[THING_CLASSES_MAX];
    size_t count = 0;

    must(ARRAY_LEN(common_things) + board->thing_count <= THING_CLASSES_MAX);
    for (size_t i = 0; i < ARRAY_LEN(common_things); i++) {
        all[count++] = common_things[i];
    }
    for (size_t i = 0; i < board->thing_count; i++) {
        all[count++] = board->things[i];
    }
    return things_check(c->things.data, c->things.count, all, count, e);
}

int board_check_things(const struct machine_config *c, struct error *e)
{
    const struct board *board = board_by_name(c->arch, c->board);

    return board == NULL ? 0 : check_things(c, board, e);
}

/* What the configuration lists is known, and a recording was made with this board as it is. */
static struct machine *build_checked(const struct board *board, const struct machine_config *c,
                                     const struct isa *isa, struct error *e)
{
    struct machine *m;
    char name[MACHINE_NAME_MAX];

    (void)snprintf(name, sizeof name, "%s/%s", board->arch, board->name);
    if (uses_check(&c->uses, "board", name, board->behaviour, e) < 0 ||
        check_things(c, board, e) < 0) {
        return NULL;
    }
    m = board->build(c, isa, e);
    if (m != NULL && machine_use(m, "board", name, board->behaviour, e) < 0) {
        machine_free(m);
        return NULL;
    }
    return m;
}

struct machine *board_build(const struct machine_config *c, struct error *e)
{
    const struct board *board;
    const struct isa *isa;
    const char *arch = c->arch[0] != '\0' ? c->arch : board_arch_of(c);

    board = arch != NULL ? board_by_name(arch, c->board) : NULL;
    isa = board != NULL ? isa_by_name(arch) : NULL;
    if (isa == NULL) {
        board_unknown(arch, c->board, e);
        return NULL;
    }
    return build_checked(board, c, isa, e);
}

/* ---- which architecture ------------------------------------------------------------------------*/

#define HEADER_BYTES 1024 /* holds every mark looked for */

static bool has_mark(const uint8_t *data, uint64_t size, uint64_t at, const char *mark)
{
    return size >= at + strlen(mark) && memcmp(data + at, mark, strlen(mark)) == 0;
}

/* By e_machine and EI_CLASS of the ELF specification and its supplements. */
static const char *arch_of_elf(const uint8_t *data, uint64_t size)
{
    static const struct {
        unsigned machine;
        const char *narrow, *wide;
    } machines[] = {
        {3, "i386", NULL},      {40, "arm", NULL},           {62, NULL, "x86_64"},
        {183, NULL, "aarch64"}, {243, "riscv32", "riscv64"},
    };
    unsigned machine = elf_machine_of(data, size);

    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        if (machines[i].machine == machine) {
            return data[4] == 2 ? machines[i].wide : machines[i].narrow;
        }
    }
    return NULL;
}

static const char *arch_of_bytes(const uint8_t *data, uint64_t size)
{
    if (elf_is(data, size)) {
        return arch_of_elf(data, size);
    }
    if (has_mark(data, size, 56, "RSC\x05")) {
        return "riscv64";
    }
    if (has_mark(data, size, 56, "ARM\x64")) {
        return "aarch64";
    }
    if (has_mark(data, size, 36, "\x18\x28\x6f\x01")) { /* zImage */
        return "arm";
    }
    if (has_mark(data, size, 0x202, "HdrS")) {
        return "x86_64";
    }
    return NULL;
}

/* That of the first board by this name; NULL if there is none. */
static const char *arch_of_board(const char *name)
{
    for (size_t i = 0; i < board_registry_count; i++) {
        if (strcmp(board_registry[i].name, name) == 0) {
            return board_registry[i].arch;
        }
    }
    return NULL;
}

const char *board_arch_of(const struct machine_config *c)
{
    static const enum machine_image_role roles[] = {IMAGE_KERNEL, IMAGE_BIOS};

    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        const struct machine_image *image = &c->images[roles[i]];
        const char *arch = NULL;
        uint8_t head[HEADER_BYTES];

        if (image->data == NULL) {
            continue;
        }
        if (gzip_is(image->data, image->size)) {
            uint64_t got = gzip_peek(image->data, image->size, head, sizeof head);
            arch = arch_of_bytes(head, got);
        } else {
            arch = arch_of_bytes(image->data, image->size);
        }
        if (arch != NULL) {
            return arch;
        }
    }
    return arch_of_board(c->board);
}
