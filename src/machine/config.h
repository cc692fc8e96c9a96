/* SPDX-License-Identifier: GPL-2.0-or-later
 * config: a machine as the user asked for it, complete: the journal's CONFIG chunk holds exactly
 * this, and a machine built twice from it is the same machine.
 */
#ifndef MACHINE_CONFIG_H
#define MACHINE_CONFIG_H

#include "base/base.h"
#include "machine/things.h"

/* Raised whenever some recording would be replayed to another state than it was recorded to, be it one
 * of the stored samples or not: same file, other machine. This number is for what all machines share;
 * struct isa, struct board and struct device_class each have their own. In format 1 all had this one,
 * which is why what was there then began with it; what came later began with 1. */
#define MACHINE_BEHAVIOUR 2

#define MACHINE_HARTS_MAX   8
#define MACHINE_DEVICES_MAX 64
#define MACHINE_PORTS_MAX   32
#define MACHINE_SERIALS_MAX 4
#define MACHINE_RAM_LEAST   (1 * MIB)
#define MACHINE_RAM_MOST    (64 * GIB) /* what is known of each page takes 3 per cent more */
#define MACHINE_QUANTUM     20000      /* ticks */
#define MACHINE_SHIFT_MAX   10
#define MACHINE_IMAGE_MAX   (2 * GIB)
#define MACHINE_TREE_MAX    (1 * MIB) /* a device tree */
/* Bytes of one input, which is a whole message where a port takes messages. */
#define INPUT_BYTES_MAX 65536

enum machine_image_role { IMAGE_BIOS, IMAGE_KERNEL, IMAGE_INITRD, IMAGE_DTB, IMAGE_COUNT };

struct machine_config {
    char arch[16];  /* riscv64 */
    char board[32]; /* virt */
    char cpu[256];  /* empty: the board's default */
    uint32_t hart_count;
    uint32_t serial_count; /* UARTs with a back end, at least as many as the board has */
    uint64_t ram_bytes;
    uint64_t quantum;              /* ticks a hart runs before the next one */
    uint64_t shift;                /* one tick is 2^shift virtual ns, 0..10 */
    uint64_t epoch_ns;             /* real-time clock at tick 0, since 1970 */
    uint64_t seed;                 /* of everything random in the machine */
    uint8_t no_reboot;             /* a guest reset ends the machine */
    uint8_t bios_none;             /* -bios none: no firmware at all */
    char append[MACHINE_TEXT_MAX]; /* kernel command line */
    struct machine_image images[IMAGE_COUNT];
    VEC(struct machine_thing) things; /* further ones, in the user's order */
    /* What guests write to files that are not `snapshot` reaches them: for one live machine without a
     * recording. In no recording. */
    bool writes_files;
    bool
        writes_at_end; /* they do when it is finished, as things are then: somebody may go back before */
    struct machine_uses uses; /* of a recording: what it was made with; else nothing, or what a
                                         machine that was built of it is made of */
};
/* All files that a configuration has: the images by their roles, then those of things. */
#define MACHINE_FILES_MAX (IMAGE_COUNT + MACHINE_THINGS_MAX)
/* NULL: there is none of this number. */
struct machine_image *machine_config_file(struct machine_config *c, unsigned number);
const struct machine_image *machine_config_get_file(const struct machine_config *c,
                                                    unsigned number);
/* A new one at the end of the list, without properties; good until the next is added. */
struct machine_thing *machine_config_add_thing(struct machine_config *c, const char *class,
                                               const char *id);

void machine_config_init(struct machine_config *c); /* defaults: 1 hart, 128 MiB, virt */
void machine_config_fini(struct machine_config *c);
/* From now on machines that are built from it hold its bytes instead of copying them. */
void machine_image_share(struct machine_image *image);
/* The bytes are let go; name, size and hash stay. */
void machine_image_drop(struct machine_image *image);
/* The images' sizes (of those that have names) are such as can be of use to a machine with this
 * much memory; to be asked before they are read. -1 and a sentence. */
int machine_config_check_images(const struct machine_config *c, struct error *e);
int machine_config_check_image(const struct machine_config *c, enum machine_image_role role,
                               uint64_t bytes, struct error *e);
/* Frees the images' bytes; names, sizes and hashes stay. No machine can be built from it then. */
void machine_config_drop_images(struct machine_config *c);

#endif
