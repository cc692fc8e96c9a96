/* SPDX-License-Identifier: GPL-2.0-or-later
 * index/internal: the database's layout and what both its makers and its readers need, for this
 * folder only.
 */
#ifndef INDEX_INTERNAL_H
#define INDEX_INTERNAL_H

#include <sqlite3.h>

#include "index/index.h"

#define INDEX_APPLICATION 0x52724978 /* "RrIx", in the header of the database */
#define INDEX_SCHEMA      5          /* user_version */
#define PACK_LEVEL        (-3)       /* of zstd */

/* Before the footprint in the blob of a span, 8 bytes each: its end, inputs, exceptions and
 * interrupts. The columns that say the same are for people. */
#define SPAN_NUMBERS 4u

/* What a blob may be at most, as it lies in the file; states and a footprint, unpacked. */
#define BLOB_BYTES_MAX  (72 * MIB)
#define STATE_BYTES_MAX (64 * MIB)
#define SPAN_BYTES_MAX  (64 * MIB)
/* All footprints of an index together, unpacked: they are all in memory later. */
#define SPANS_BYTES_MAX (2 * GIB)
/* How many rows a table may have that is gone through from its beginning to its end. */
#define ROWS_MAX (UINT64_C(1) << 20)

/* ---- tables.c ---- */

enum kind { KIND_PAGE, KIND_NODE, KIND_CHECKPOINT, KIND_SPAN, KIND_LINE, KIND_HISTORY, KINDS };
struct table {
    const char *name, *sql; /* the statement that makes it, as SQLite keeps it */
};
extern const struct table index_tables[KINDS];

/* -1 and a sentence with what SQLite says of it. */
int index_says(sqlite3 *db, const char *path, struct error *e);
/* For reading: nothing but plain tables, of bounded size. Before the first statement. */
void index_set_limits(sqlite3 *db);
/* The database has exactly our tables: no views, triggers, indexes, virtual or other tables. */
int index_check_tables(sqlite3 *db, const char *path, struct error *e);

/* ---- thin.c: what goes when there is too much ---- */

struct thinner;
struct thinner *thinner_new(void);
void thinner_free(struct thinner *t); /* NULL is fine */
/* What an index is given, in that order: children before their node, the roots before the checkpoint. */
void thinner_add_page(struct thinner *t, uint64_t id);
void thinner_add_node(struct thinner *t, uint64_t id, const uint8_t *bytes);
void thinner_add_root(struct thinner *t, uint64_t id); /* of the checkpoint that is added next */
void thinner_add_checkpoint(struct thinner *t, tick at, uint64_t instructions);
/* How many of 64ths of the pieces that are there the last checkpoint alone needs. */
unsigned thinner_share_of_last(struct thinner *t);
/* It was never put: neither are the pieces that no other one needs. */
void thinner_drop_last(struct thinner *t);
/* Has not gone. */
bool thinner_has_page(const struct thinner *t, uint64_t id);
bool thinner_has_node(const struct thinner *t, uint64_t id);
/* Gives up checkpoints until half of the pieces that the last one can do without are gone, and tells
 * everything that goes. Returns how many checkpoints went. */
typedef void thinner_gone(void *opaque, enum kind kind, uint64_t id);
size_t thinner_thin(struct thinner *t, void *opaque, thinner_gone *gone);

/* ---- seal.c: the sums by which we know what we wrote ---- */

#define NONCE_BYTES 32u
#define SUM_BYTES   16u

/* The key of one file, made of the user's key and of what this file alone has. */
struct seal {
    uint8_t key[INDEX_KEY_BYTES];
};
void seal_init(struct seal *s, const struct index_key *key, const uint8_t nonce[NONCE_BYTES]);
/* Of the bytes as piece `id` of that kind. */
void seal_sum(const struct seal *s, enum kind kind, uint64_t id, const void *bytes, size_t count,
              uint8_t sum[SUM_BYTES]);
bool seal_is(const struct seal *s, enum kind kind, uint64_t id, const void *bytes, size_t count,
             const uint8_t sum[SUM_BYTES]);
void seal_nonce(uint8_t nonce[NONCE_BYTES]); /* by chance */

/* The one row of `history`, as it is sealed. */
struct history {
    struct index_of of;
    tick begin;                     /* of the first span */
    uint64_t checkpoints, spans;    /* how many there are */
    uint64_t pages, nodes;          /* for people */
    uint64_t lines, lines_left_out; /* the same */
    uint64_t footprint_bytes;       /* packed */
    struct span_counts counts;      /* of all spans */
    uint8_t nonce[NONCE_BYTES];
};
/* The columns in order, but for the nonce and the sum behind them. */
#define HISTORY_NUMBERS 13u
void history_numbers(struct history *h, uint64_t *numbers[HISTORY_NUMBERS]);
void history_sum(struct history *h, const struct seal *s, uint8_t sum[SUM_BYTES]);
bool history_is_sealed(struct history *h, const struct seal *s, const uint8_t sum[SUM_BYTES]);

/* ---- file.c ---- */

/* Opens for reading what is a plain file under that very name, no link. -1 and a sentence; *missing:
 * there is nothing. */
int index_file_open(const char *path, bool *missing, struct error *e);

/* A new file in the folder of `path`, without a name where the host has that; else under a name that
 * nobody knows, *name. -1 and a sentence if what has the name `path` is no plain file. */
int index_file_new(const char *path, char **name, struct error *e);
/* One that was reserved, emptied: -1 if it has a name by now. The caller's to close. */
int index_file_reuse(int reserved);
/* It is whole: on disk and under the name `path`, whose file it takes the place of. */
int index_file_publish(int fd, const char *name, const char *path, struct error *e);

/* A database in an open file; SQLite sees no names, makes no other files and takes no locks. The
 * descriptor stays the caller's, and outlives the database. */
int index_db_open(sqlite3 **db, int fd, bool writable);

#endif
