/* SPDX-License-Identifier: GPL-2.0-or-later
 * logged: bytes of an image in memory that tell of each write, and what a crash would leave of it: after a
 * killed process all that was written; after a loss of power what was there at the last barrier, and of
 * what was written since, sector by sector, chance decides.
 */
#ifndef TESTS_DISK_LOGGED_H
#define TESTS_DISK_LOGGED_H

#include "disk/disk.h"

struct logged {
    uint8_t *bytes, *synced;
    size_t size, synced_size, room;
    VEC(uint64_t) since; /* sectors written since the last barrier */
    uint64_t writes, syncs;
    uint64_t room_most;          /* bytes: a write beyond fails; 0: none does */
    void (*wrote)(void *opaque); /* after each write; NULL: nobody asks */
    void *opaque;
};
/* The bytes belong to `l`, which outlives them. */
struct disk_bytes *logged_bytes(struct logged *l, const char *name);
void logged_fini(struct logged *l);
/* What is left. The caller's to free(). */
uint8_t *logged_after_kill(const struct logged *l, size_t *size);
uint8_t *logged_after_power(const struct logged *l, uint64_t *seed, size_t *size);

#endif
