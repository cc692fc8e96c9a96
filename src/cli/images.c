/* SPDX-License-Identifier: GPL-2.0-or-later
 * images: from names on the command line to a complete machine_config: bytes and hashes of the
 * files, the default firmware, the architecture, the epoch and the seed. After this nothing of the
 * host matters any more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "board/board.h"
#include "cli/cli.h"
#include "host/host.h"
#include "world/world.h"

#define IMAGE_BYTES_MAX (UINT64_C(4) * GIB)

/* Where distributions put OpenSBI's firmware with dynamic information. */
static const char *const firmware_paths[] = {
    "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin",
    "/usr/share/opensbi/lp64/generic/firmware/fw_dynamic.bin",
    "/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin",
};

static int read_image(struct machine_image *image, const char *option, struct error *e)
{
    size_t size;

    if (!image->name) {
        return 0;
    }
    if (host_file_read_all(image->name, IMAGE_BYTES_MAX, &image->data, &size, e) < 0) {
        return error_prefix(e, "%s", option);
    }
    image->size = size;
    image->hash = hash_bytes(image->data, size, 0);
    return 0;
}

static int find_firmware(struct options *o, struct error *e)
{
    if (o->bios_given || o->machine.images[IMAGE_BIOS].name) {
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(firmware_paths); i++) {
        if (access(firmware_paths[i], R_OK) == 0) {
            o->machine.images[IMAGE_BIOS].name = base_strdup(firmware_paths[i]);
            return 0;
        }
    }
    return error_set(e,
                     "no OpenSBI firmware (fw_dynamic.bin) found: install the package 'opensbi', "
                     "or name one with -bios, or run the kernel alone with -bios none");
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

int images_read(struct options *o, struct error *e)
{
    static const char *const names[IMAGE_COUNT] = {[IMAGE_BIOS] = "-bios",
                                                   [IMAGE_KERNEL] = "-kernel",
                                                   [IMAGE_INITRD] = "-initrd",
                                                   [IMAGE_DTB] = "-dtb"};
    struct machine_config *c = &o->machine;

    if (!c->images[IMAGE_KERNEL].name && !c->images[IMAGE_BIOS].name) {
        return error_set(e, "nothing to run: give -kernel or -bios");
    }
    if (find_firmware(o, e) < 0) {
        return -1;
    }
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        if (read_image(&c->images[i], names[i], e) < 0) {
            return -1;
        }
    }
    if (!o->arch_given) {
        const char *arch = board_arch_of(c);
        /* Where nothing says, the board is unknown: board_build() has the sentence. */
        snprintf(c->arch, sizeof c->arch, "%s", arch ? arch : "");
    }
    take_epoch_and_seed(c);
    return 0;
}
