/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/drive: disks that a configuration names, as devices use them: a base image that is only read, and an
 * overlay in the device's tree, which is state (docs/disks.md). The files are open as long as the machine
 * is there, and no state.
 */
#ifndef DEV_DRIVE_H
#define DEV_DRIVE_H

#include "bus/bus.h"
#include "disk/disk.h"
#include "machine/device.h"

/* Things of class `drive`: one for each, with its file, or with an `image` that is another one's id. And of
 * class `backing`: the files behind, ID.1 and so on. */
#define DRIVE_CLASS   "drive"
#define BACKING_CLASS "backing"
extern const struct thing_class drive_thing, drive_backing_thing;
/* As `format` has it: raw, qcow2, or empty for what the file begins with. False: there is no such format. */
bool drive_format(const char *name, enum disk_format *format);

/* The image of a drive, with the files behind it that the configuration names. NULL and a sentence: it cannot be
 * opened, or is another one than it was. */
struct disk *drive_open_image(const struct machine_config *c, const struct machine_thing *t,
                              bool is_writable, struct error *e);

/* Properties of a disk's model: the size of its blocks, 512 to 4096 bytes, */
#define DRIVE_BLOCK_PROPERTIES                                                                     \
    {.name = "logical_block_size",                                                                 \
     .value = MODEL_SIZE,                                                                          \
     .number = 512,                                                                                \
     .min = 512,                                                                                   \
     .max = 4096,                                                                                  \
     .help = "bytes"},                                                                             \
    {                                                                                              \
        .name = "physical_block_size", .value = MODEL_SIZE, .number = 512, .min = 512,             \
        .max = 4096, .help = "bytes"                                                               \
    }
/* and what was said of them. -1 and a sentence: one is no power of two. */
int drive_block_sizes(const struct plug *p, uint32_t *logical, uint32_t *physical, struct error *e);

struct drive;
/* The one that the device's property `drive` names, opened; the machine keeps it. NULL and a sentence: none is
 * named, it is another device's, its file cannot be opened or is another one than it was. */
struct drive *drive_take(struct plug *p, struct error *e);
/* Once the device was added: its tree, of drive_tree_bytes(), has what is written. */
void drive_attach(struct drive *v, struct device *d);
uint64_t drive_tree_bytes(const struct drive *v); /* v NULL: the least that a tree has */
uint64_t drive_bytes(const struct drive *v);      /* of content, whole sectors */
bool drive_is_readonly(const struct drive *v);
bool drive_is_cd(const struct drive *v);

/* Whole sectors, inside. False: the base cannot be read any more, or is not what it was. Then the machine stops
 * before its next step (device_lose()), so that whatever the device does now is seen by nobody. Of a drive whose
 * writes reach its file, false: they did not, all of them. */
bool drive_read(struct drive *v, uint64_t at, void *bytes, size_t size);
bool drive_write(struct drive *v, uint64_t at, const void *bytes, size_t size);
bool drive_zero(struct drive *v, uint64_t at, uint64_t size, bool may_discard);
bool drive_flush(struct drive *v);

/* Room for a device to move bytes through, of any content: the drive's, for one transfer at a time. */
enum { DRIVE_ROOM = 65536 };
uint8_t *drive_room(struct drive *v);

#endif
