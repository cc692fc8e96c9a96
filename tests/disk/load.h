/* SPDX-License-Identifier: GPL-2.0-or-later
 * load: a load on a disk that looks like chance, beside a plain array that says what should be there, and
 * what may be there after a crash: of each sector what it had at the last flush, or got since.
 */
#ifndef TESTS_DISK_LOAD_H
#define TESTS_DISK_LOAD_H

#include "disk/disk.h"

#define LOAD_SNAPSHOTS 3

/* A sector's content is chosen by a number: 0 is zeros. */
struct load_old {
    uint32_t sector, value;
};

struct load {
    struct disk *disk;
    uint64_t seed;
    uint64_t sectors;
    uint32_t *now; /* by sector */
    uint32_t last_value;
    VEC(struct load_old) since; /* the last flush: what sectors had before they were changed */
    bool makes_snapshots;
    uint32_t *snapshots[LOAD_SNAPSHOTS]; /* what each has */
    char *names[LOAD_SNAPSHOTS];
    uint64_t made; /* snapshots ever */
};

/* The disk's content is zeros, or the caller puts what it is into `now`. */
void load_init(struct load *l, struct disk *d, uint64_t seed);
void load_fini(struct load *l); /* the disk stays open */
/* What a sector with that value has. */
void load_fill(uint8_t sector[DISK_SECTOR], uint32_t value);
/* So many operations; -1 when one fails. */
int load_play(struct load *l, unsigned operations, struct error *e);
/* All of it reads as it should; an error says where it does not. */
int load_check(struct load *l, struct disk *d, struct error *e);
/* So does each snapshot of the disk that `open` opens. */
typedef struct disk *load_open(void *opaque, const char *snapshot, struct error *e);
int load_check_snapshots(struct load *l, load_open *open, void *opaque, struct error *e);
/* Each sector has one of the values that it may have after a crash now. */
int load_check_crashed(struct load *l, struct disk *d, struct error *e);

#endif
