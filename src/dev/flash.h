/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/flash: what banks of flash hold where a configuration names a file for them (`-drive if=pflash`). The
 * file is part of the machine as a firmware is: all of it is read before the machine is built, and a recording
 * has it. What the guest writes is the machine's own, and reaches the file where disks would (docs/disks.md).
 */
#ifndef DEV_FLASH_H
#define DEV_FLASH_H

#include "disk/disk.h"
#include "machine/build.h"

/* Things of class `flash`: at most one for each unit, its whole file, and `format` as drives have it. */
#define FLASH_CLASS      "flash"
#define FLASH_UNITS      2          /* code, variables */
#define FLASH_BYTES_MOST (64 * MIB) /* of the largest bank that a board has */
extern const struct thing_class flash_thing;
const char *flash_name(unsigned unit); /* its id, and that of the bank's device */
/* NULL: nothing is said of this unit. */
const struct machine_thing *flash_find(const struct machine_config *c, unsigned unit);

struct flash;
/* What the bank of `bytes` holds at first, laid into the storage `b`. The machine keeps it. NULL and a
 * sentence: it has another size, or its file cannot be opened for what is to be written. */
struct flash *flash_open(struct machine *m, const struct machine_config *c,
                         const struct machine_thing *t, const struct mem_block *b, uint64_t bytes,
                         struct error *e);
bool flash_is_readonly(const struct flash *f);
/* Whole sectors, inside: the guest changed them. Where the file takes them not, that is logged, as the bank has no
 * way to say it. */
void flash_wrote(struct flash *f, struct device *d, uint64_t at, const void *bytes, size_t size);

#endif
