/* SPDX-License-Identifier: GPL-2.0-or-later
 * disk: what is on a disk: images (raw, and qcow2 after its published specification, versions 2 and 3)
 * with the files behind them, and the overlay that a guest's writes go to. Content only: no device and
 * no request is known here, and what comes back depends on nothing but the files. Nothing that an image
 * says is believed before it was looked at; docs/disks.md has the rules.
 *
 * One thread at a time uses a disk, an overlay, and all that belongs to it.
 */
#ifndef DISK_DISK_H
#define DISK_DISK_H

#include "base/base.h"
#include "tree/tree.h"

#define DISK_SECTOR     512            /* bytes */
#define DISK_BYTES_MOST LIVE_TREE_MOST /* of content */
#define DISK_CHAIN_MOST 64             /* files, each behind the one before it */

/* ---- bytes.c: the bytes of one file -------------------------------------------------------------- */

struct disk_bytes;
struct disk_bytes_class {
    /* [at, at + count) is inside. */
    int (*read)(void *opaque, uint64_t at, void *bytes, size_t count, struct error *e);
    /* A write behind the end moves it, with zeros between. NULL: nobody writes. */
    int (*write)(void *opaque, uint64_t at, const void *bytes, size_t count, struct error *e);
    /* A barrier: what was written before is on the disk after it. */
    int (*sync)(void *opaque, struct error *e);
    void (*close)(void *opaque);
};
/* `size` is what the file has; `name` is copied, for sentences, and what relative names in an image begin
 * from. */
struct disk_bytes *disk_bytes_new(const struct disk_bytes_class *class, void *opaque, uint64_t size,
                                  const char *name);
/* A plain file of the host. A second writer of one is refused. */
enum disk_access { DISK_READS, DISK_WRITES, DISK_MAKES /* it does not exist before */ };
struct disk_bytes *disk_bytes_open(const char *path, enum disk_access access, struct error *e);
/* A copy of the bytes, in memory; may be written to. */
struct disk_bytes *disk_bytes_of_memory(const void *bytes, size_t count, const char *name);
void disk_bytes_close(struct disk_bytes *b);

/* ---- disk.c -------------------------------------------------------------------------------------- */

enum disk_format {
    DISK_FORMAT_ANY, /* qcow2 if it begins as such, else raw */
    DISK_RAW,
    DISK_QCOW2,
};

/* How an image, and those behind it, are opened. */
struct disk_options {
    enum disk_format format;
    bool is_writable;
    /* NULL, or the number or else the name of an internal snapshot to be read; not together with
     * is_writable. */
    const char *snapshot;
    /* Opens the file of that path for reading; NULL: the host's. */
    struct disk_bytes *(*open)(void *opaque, const char *path, struct error *e);
    void *opaque;
};

struct disk;
/* NULL and a sentence that begins with the file at fault. The second takes the bytes over, even then. */
struct disk *disk_open(const char *path, const struct disk_options *options, struct error *e);
struct disk *disk_open_bytes(struct disk_bytes *bytes, const struct disk_options *options,
                             struct error *e);
/* Flushes first, if it was written to; what was not flushed before an error may be lost. */
int disk_close(struct disk *d, struct error *e);

uint64_t disk_size(const struct disk *d); /* bytes of content, a multiple of DISK_SECTOR */
enum disk_format disk_format(const struct disk *d);
const char *disk_name(const struct disk *d);
const struct disk *disk_backing(const struct disk *d); /* NULL: there is none */

/* [at, at + size) is inside. */
int disk_read(struct disk *d, uint64_t at, void *bytes, size_t size, struct error *e);
int disk_write(struct disk *d, uint64_t at, const void *bytes, size_t size, struct error *e);
/* The range becomes zeros. Discarding lets whole clusters of it become zeros, if that takes less room, and
 * leaves the rest as it is. */
int disk_zero(struct disk *d, uint64_t at, uint64_t size, struct error *e);
int disk_discard(struct disk *d, uint64_t at, uint64_t size, struct error *e);
/* What was written before is there whatever happens after. */
int disk_flush(struct disk *d, struct error *e);

/* ---- qcow2: images of that format ------------------------------------------------------------------- */

#define DISK_CLUSTER_BITS_LEAST 9
#define DISK_CLUSTER_BITS_MOST  21
#define DISK_SNAPSHOTS_MOST     65536

struct disk_qcow2_options {
    uint64_t size;          /* bytes, a multiple of DISK_SECTOR, at most DISK_BYTES_MOST */
    unsigned version;       /* 2 or 3; 0: 3 */
    unsigned cluster_bits;  /* 0: 16 */
    unsigned refcount_bits; /* a power of two, at most 64; 0: 16 */
    bool
        is_extended; /* L2 entries with 32 sub-clusters each: version 3, clusters of 16 KiB or more */
    const char *backing; /* as it is written into the image; NULL: none */
    enum disk_format backing_format;
};
/* Makes an empty image of the (empty) bytes, which stay the caller's. */
int disk_qcow2_make(struct disk_bytes *bytes, const struct disk_qcow2_options *options,
                    struct error *e);

#define DISK_SNAPSHOT_MORE 32

/* An internal snapshot. */
struct disk_snapshot {
    char *id, *name;      /* of any bytes but NUL */
    uint32_t seconds;     /* since 1970, and */
    uint32_t ns;          /* the part of one */
    uint64_t guest_ns;    /* that the guest had run */
    uint64_t state_bytes; /* of a machine's state that is saved with it; 0: none is */
    uint64_t size;        /* bytes of the disk */
    uint64_t icount;      /* instructions; DISK_NO_ICOUNT: it does not say */
    /* What whoever made it had to say besides, behind all that the format knows; what is longer is not ours, and
     * is kept. */
    uint8_t more[DISK_SNAPSHOT_MORE];
    uint32_t more_bytes;
};
#define DISK_NO_ICOUNT UINT64_MAX
size_t disk_snapshot_count(const struct disk *d); /* 0 for other formats */
const struct disk_snapshot *disk_snapshot_at(const struct disk *d, size_t i);
/* By number, else by name; SIZE_MAX: there is none. */
size_t disk_snapshot_find(const struct disk *d, const char *id_or_name);
/* Of what is there now. `like` gives name, times, icount and `more`; the rest of it is not looked at. All three
 * are flushes as well, and after an error the image is as before or can be repaired. */
int disk_snapshot_make(struct disk *d, const struct disk_snapshot *like, struct error *e);
int disk_snapshot_delete(struct disk *d, size_t i, struct error *e);
/* The disk becomes what it was then, its size as well. */
int disk_snapshot_apply(struct disk *d, size_t i, struct error *e);

/* ---- reads.c: what was taken of a base ------------------------------------------------------------- */

#define DISK_READ_CLUSTER 65536 /* bytes, whatever the image has */

struct disk_read {
    uint64_t cluster; /* its number on the disk */
    uint64_t hash;    /* disk_read_hash() */
};
/* No state: what was read stays read when the machine goes back. */
struct disk_reads {
    VEC(struct disk_read)
    list; /* in the order of first reads: those behind a place are new since then */
    uint32_t *slots;
    size_t slot_count;
    char *name; /* of the base, for sentences */
};
struct disk_reads *disk_reads_new(const char *name);
void disk_reads_free(struct disk_reads *r); /* NULL is fine */
/* Of all 65536 bytes; what is behind the base's end are zeros. */
uint64_t disk_read_hash(uint64_t cluster, const uint8_t bytes[DISK_READ_CLUSTER]);
/* The cluster has this hash: it becomes known, or -1 with the file and the place if another one is. */
int disk_reads_note(struct disk_reads *r, uint64_t cluster, uint64_t hash, struct error *e);
const struct disk_read *disk_reads_find(const struct disk_reads *r, uint64_t cluster); /* or NULL */

/* Who is told what is read of a base, each time: -1 and a sentence if it is not what it was. */
struct disk_listener {
    int (*read)(void *opaque, uint64_t cluster, uint64_t hash, struct error *e);
    void *opaque;
};
struct disk_listener disk_listener_of(struct disk_reads *r);

/* ---- overlay.c: a disk of a machine ----------------------------------------------------------------- */

/* Where the base comes from: an image, or what a recording has of one. Clusters of it are asked for,
 * aligned, and what there is of a last one. */
struct disk_source {
    int (*read)(void *opaque, uint64_t at, void *bytes, size_t size, struct error *e);
    void *opaque;
    uint64_t size; /* bytes; behind them a disk that is larger has zeros */
};
struct disk_source disk_source_of(struct disk *d);

/* Kept of the base: a cache, and no state. */
#define DISK_KEPT_CLUSTERS 64
struct disk_kept {
    uint64_t number; /* of the cluster, from 1; 0: none */
    uint8_t *bytes;
};

struct disk_overlay {
    struct live_tree *tree; /* borrowed: all there is of state */
    uint64_t size;          /* bytes of the disk */
    struct disk_source base;
    struct disk_listener listener;
    struct disk_kept kept[DISK_KEPT_CLUSTERS];
};
/* Bytes of the tree that a disk of so many bytes takes. */
uint64_t disk_overlay_bytes(uint64_t size);
/* A tree of zeros is a disk that nobody wrote to. The size is at most half of DISK_BYTES_MOST; `listener`
 * NULL: nobody is told. */
void disk_overlay_init(struct disk_overlay *o, struct live_tree *tree, uint64_t size,
                       const struct disk_source *base, const struct disk_listener *listener);
void disk_overlay_fini(struct disk_overlay *o);
/* Whole sectors, inside. Only a read can fail: the base cannot be read, or is not what it was. */
int disk_overlay_read(struct disk_overlay *o, uint64_t at, void *bytes, size_t size,
                      struct error *e);
void disk_overlay_write(struct disk_overlay *o, uint64_t at, const void *bytes, size_t size);
/* Discarded sectors are zeros, too: what a guest reads is the same each time. */
void disk_overlay_zero(struct disk_overlay *o, uint64_t at, uint64_t size);
/* Writes all that was written to an image that is at least as large, and flushes it. */
int disk_overlay_commit(struct disk_overlay *o, struct disk *to, struct error *e);

#endif
