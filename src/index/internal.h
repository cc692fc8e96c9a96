/* SPDX-License-Identifier: GPL-2.0-or-later
 * index/internal: the database's layout, for this folder only.
 */
#ifndef INDEX_INTERNAL_H
#define INDEX_INTERNAL_H

#include <sqlite3.h>

#include "index/index.h"

#define INDEX_APPLICATION 0x52724978 /* "RrIx", in the header of the database */
#define INDEX_SCHEMA      2          /* user_version */

/* A blob: a zstd frame and the sum of what is in it, seeded by the id. */
#define PACKED_SEED UINT64_C(0x7061636b)
#define SUM_BYTES   8u
#define PACK_LEVEL  (-3)

/* Before the footprint in the blob of a span, 8 bytes each: its end, inputs, exceptions and
 * interrupts. The columns that say the same are for people. */
#define SPAN_NUMBERS 4u

/* -1 and a sentence with what SQLite says of it. */
int index_says(sqlite3 *db, const char *path, struct error *e);

#endif
