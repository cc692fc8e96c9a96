/* SPDX-License-Identifier: GPL-2.0-or-later
 * disk/internal: shared by the files of this folder.
 */
#ifndef DISK_INTERNAL_H
#define DISK_INTERNAL_H

#include "disk/disk.h"

/* ---- bytes.c ---- */

struct disk_bytes {
    const struct disk_bytes_class *class;
    void *opaque;
    uint64_t size; /* now */
    char *name;
    bool is_unsynced; /* written to since the last barrier */
};
/* What is behind the end reads as zeros. */
int bytes_read(const struct disk_bytes *b, uint64_t at, void *bytes, size_t count, struct error *e);
int bytes_write(struct disk_bytes *b, uint64_t at, const void *bytes, size_t count,
                struct error *e);
int bytes_sync(struct disk_bytes *b, struct error *e);

/* ---- disk.c ---- */

struct disk {
    struct disk_bytes *file;
    struct qcow2 *qcow2; /* NULL: raw */
    uint64_t size;       /* bytes of content */
    struct disk *backing;
    bool is_writable;
};
/* As disk_read(), of which what is behind the disk's end is zeros; NULL is a disk of no bytes. */
int disk_read_padded(struct disk *d, uint64_t at, void *bytes, size_t size, struct error *e);
struct disk *disk_open_chained(struct disk_bytes *bytes, const struct disk_options *options,
                               unsigned depth, struct error *e);

/* ---- qcow2_header.c ---- */

#define QCOW2_MAGIC        0x514649fbu
#define QCOW2_TABLE_MOST   (32 * MIB)          /* bytes of an L1 table */
#define QCOW2_COUNTS_MOST  (8 * MIB)           /* bytes of a table of counts */
#define QCOW2_HOST_MOST    (UINT64_C(1) << 56) /* bytes of a file that entries can name */
#define QCOW2_NAME_MOST    1023                /* bytes of a backing file's name */
#define QCOW2_OFFSET       UINT64_C(0x00fffffffffffe00)
#define QCOW2_COPIED       (UINT64_C(1) << 63)
#define QCOW2_PACKED       (UINT64_C(1) << 62)
#define QCOW2_ZERO         UINT64_C(1)
#define QCOW2_SUBCLUSTERS  32
#define QCOW2_HEADER_BYTES 112 /* that we write, for version 3 */

enum {
    INCOMPATIBLE_DIRTY = 1,
    INCOMPATIBLE_CORRUPT = 2,
    INCOMPATIBLE_DATA_FILE = 4,
    INCOMPATIBLE_PACKING = 8,
    INCOMPATIBLE_EXTENDED = 16
};
enum { PACKING_ZLIB, PACKING_ZSTD };
/* Where fields are in a header. */
enum {
    HEADER_BACKING = 8,
    HEADER_SIZE = 24,
    HEADER_L1 = 36,
    HEADER_COUNTS = 48,
    HEADER_SNAPSHOTS = 60,
    HEADER_INCOMPATIBLE = 72,
    HEADER_AUTOCLEAR = 88,
};

struct qcow2_header {
    uint32_t version, length;
    uint32_t cluster_bits;
    uint64_t size;
    uint64_t backing_at;
    uint32_t backing_length;
    uint32_t l1_count;
    uint64_t l1_at;
    uint64_t counts_at; /* the table of blocks of reference counts */
    uint32_t counts_clusters;
    uint32_t snapshot_count;
    uint64_t snapshots_at;
    uint64_t incompatible, compatible, autoclear;
    uint32_t count_order; /* a count has 2^this bits */
    uint8_t packing;
    char *backing;        /* its name, or NULL */
    char *backing_format; /* as it is said, or NULL */
    bool has_unknown;     /* extensions that may own clusters */
};
bool qcow2_is(const struct disk_bytes *file);
/* All but the tables that it names has been looked at. */
int qcow2_header_read(const struct disk_bytes *file, struct qcow2_header *h, struct error *e);
void qcow2_header_fini(struct qcow2_header *h);
/* What a new image begins with: `room` bytes, the first cluster or a part of it. */
int qcow2_header_encode(const struct qcow2_header *h, uint8_t *bytes, size_t room, struct error *e);

/* ---- qcow2.c: an open image ---- */

/* A piece of an L2 table. */
struct slice {
    uint64_t at; /* in the file; 0: none */
    bool is_dirty, is_used;
    uint8_t *bytes;
};
enum { SLICE_BYTES = 4096, SLICE_SETS = 64, SLICE_WAYS = 4 };

struct snapshot {
    struct disk_snapshot shown;
    uint64_t l1_at;
    uint32_t l1_count;
    uint8_t *extra; /* all of it, as it was found */
    uint32_t extra_length;
};

struct qcow2 {
    struct disk_bytes *file; /* borrowed, as is what is behind it: */
    struct disk *backing;
    struct qcow2_header header;
    uint64_t cluster; /* bytes */
    uint64_t piece;   /* bytes that have a state of their own: a cluster or sub-cluster */
    unsigned entry_bytes, l2_bits;
    bool is_extended;
    uint64_t size; /* bytes of content */

    uint64_t *l1;
    uint32_t l1_count;
    VEC(struct snapshot) snapshots;
    uint64_t snapshot_bytes; /* that their table takes */
    struct slice slices[SLICE_SETS][SLICE_WAYS];
    unsigned hand;

    uint64_t unpacked_entry; /* 0: none */
    uint8_t *unpacked;       /* a cluster; NULL before the first */
    struct counts *counts;   /* NULL: it is only read */
};
struct qcow2 *qcow2_open(struct disk_bytes *file, const char *snapshot, struct error *e);
/* Looks at all of the tables, and repairs what may be: see qcow2_scan.c. */
int qcow2_begin_writing(struct qcow2 *q, struct error *e);
void qcow2_close(struct qcow2 *q);
uint64_t qcow2_clusters_of(const struct qcow2 *q, uint64_t bytes);
uint64_t qcow2_l1_needed(const struct qcow2 *q, uint64_t size); /* entries */
/* "FILE: sentence" */
int qcow2_error(const struct qcow2 *q, struct error *e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A table of big-endian numbers, `count` of them, inside the file, behind the header, aligned. */
int qcow2_read_table(const struct qcow2 *q, const char *what, uint64_t at, uint64_t count,
                     uint64_t **table, struct error *e);

/* ---- qcow2_map.c ---- */

/* An L2 entry. */
struct entry {
    uint64_t descriptor;
    uint64_t bitmap; /* of sub-clusters; 0 without them */
};
enum state { STATE_ABSENT, STATE_ZERO, STATE_DATA, STATE_PACKED };
struct run {
    enum state state;
    uint64_t host;   /* where STATE_DATA is in the file; the descriptor of STATE_PACKED */
    uint64_t length; /* bytes */
};
/* What is at `at`, for up to `most` bytes that are alike. */
int qcow2_map(struct qcow2 *q, uint64_t at, uint64_t most, struct run *run, struct error *e);
int qcow2_read(struct qcow2 *q, uint64_t at, uint8_t *bytes, size_t size, struct error *e);
/* The L2 table of an entry in L1, 0 if there is none. */
int qcow2_l2_at(const struct qcow2 *q, uint64_t l1_entry, uint64_t *at, struct error *e);
/* Descriptor and bitmap are as the format has them, of clusters that the file has. */
int qcow2_check_entry(const struct qcow2 *q, const struct entry *x, struct error *e);
struct entry qcow2_entry_of(const struct qcow2 *q, const uint8_t *l2_bytes);
void qcow2_entry_put(const struct qcow2 *q, uint8_t *l2_bytes, const struct entry *x);
enum state qcow2_state_of(const struct qcow2 *q, const struct entry *x, unsigned piece);
/* The slice that has this place of the file. Making room may write the dirty ones, in order. */
int qcow2_slice(struct qcow2 *q, uint64_t at, struct slice **slice, struct error *e);
void qcow2_forget_slices(struct qcow2 *q);

/* ---- qcow2_unpack.c ---- */

struct packed {
    uint64_t at;
    uint64_t length; /* bytes, at most: rounded up to sectors */
};
struct packed qcow2_packed_of(const struct qcow2 *q, uint64_t descriptor);
/* The cluster's bytes, until the next call. */
int qcow2_unpack(struct qcow2 *q, uint64_t descriptor, const uint8_t **bytes, struct error *e);

/* ---- qcow2_snapshots.c ---- */

int qcow2_read_snapshots(struct qcow2 *q, struct error *e);
void qcow2_drop_snapshots(struct qcow2 *q);
size_t qcow2_find_snapshot(const struct qcow2 *q, const char *id_or_name); /* or SIZE_MAX */

/* ---- qcow2_history.c: making, deleting and applying them ---- */

int qcow2_make_snapshot(struct qcow2 *q, const struct disk_snapshot *like, struct error *e);
int qcow2_delete_snapshot(struct qcow2 *q, size_t i, struct error *e);
int qcow2_apply_snapshot(struct qcow2 *q, size_t i, struct error *e);

/* ---- qcow2_counts.c: references to clusters, and free ones ---- */

/* What is meant to be in the file. A cluster that is not referred to any more stays counted until the file
 * does not refer to it either: until then it waits in `freed`. */
struct counts {
    VEC(uint32_t) of;         /* by cluster */
    VEC(uint64_t) blocks;     /* where each block of counts is; 0: nowhere */
    VEC(uint8_t) block_dirty; /* by block */
    uint64_t table_room;      /* entries that the table in the file has room for */
    bool is_table_new;        /* its place is not in the header yet */
    VEC(uint64_t) new_blocks; /* that the table in the file does not have yet */
    VEC(uint64_t) freed;      /* clusters, once for each reference */
    uint64_t first_free;      /* no cluster before it is free */
    bool is_dirty;            /* some block is */
    bool l1_dirty, l2_dirty;
    VEC(uint8_t) l1_sectors; /* dirty ones of the L1 table, of 512 bytes */
};
void counts_free(struct counts *c);
uint64_t counts_most(const struct qcow2 *q); /* that a count can have */
uint32_t counts_get(const struct qcow2 *q, uint64_t at);
/* So many clusters one after the other, each with a count of 1. */
int counts_take(struct qcow2 *q, uint64_t clusters, uint64_t *at, struct error *e);
void counts_add(struct qcow2 *q, uint64_t at);
/* One reference less to it, once the file does not have it any more. */
void counts_drop(struct qcow2 *q, uint64_t at);
void counts_drop_range(struct qcow2 *q, uint64_t at, uint64_t bytes);
/* The block that has this cluster's count is to be written. */
void counts_dirty(struct qcow2 *q, uint64_t cluster);
uint64_t counts_per_block(const struct qcow2 *q);
/* Puts the counts into the file, where they are behind no barrier yet. */
int counts_write(struct qcow2 *q, struct error *e);
/* The file does not refer to what was dropped any more, and will not after a loss of power either. */
void counts_free_now(struct qcow2 *q);

/* ---- qcow2_walk.c ---- */

struct table {
    uint32_t index; /* in L1 */
    uint64_t at;
    uint8_t *bytes; /* a cluster; may be changed, which stays in memory */
};
typedef int qcow2_each(struct qcow2 *q, struct table *t, void *opaque, struct error *e);
/* Each L2 table of an L1 table, as it is in the file, until one call fails. */
int qcow2_walk(struct qcow2 *q, const uint64_t *l1, uint32_t count, qcow2_each *each, void *opaque,
               struct error *e);
/* The clusters that a descriptor refers to: none to some. */
struct span {
    uint64_t at, clusters;
};
struct span qcow2_span_of(const struct qcow2 *q, uint64_t descriptor);
#define QCOW2_SCAN_MOST (UINT64_C(1) << 28) /* clusters of a file that is written to */

/* ---- qcow2_flush.c ---- */

/* All that was changed, in an order in which each moment leaves an image that can be repaired. */
int qcow2_settle(struct qcow2 *q, struct error *e);
int qcow2_flush(struct qcow2 *q, struct error *e);
void qcow2_l1_put(struct qcow2 *q, uint64_t index, uint64_t entry);

/* ---- qcow2_write.c ---- */

int qcow2_write(struct qcow2 *q, uint64_t at, const uint8_t *bytes, size_t size, struct error *e);
int qcow2_zero(struct qcow2 *q, uint64_t at, uint64_t size, struct error *e);
int qcow2_discard(struct qcow2 *q, uint64_t at, uint64_t size, struct error *e);
/* One reference less to what a descriptor names. */
void qcow2_drop_data(struct qcow2 *q, uint64_t descriptor);

#endif
