/* SPDX-License-Identifier: GPL-2.0-or-later
 * read: an index that is complete, which never changes: opened as such, without locks, by as many
 * processes as like, from places that cannot be written, too. Nothing in it is believed before its
 * sum was right; the tables are ours, statements are bounded, and so is what is unpacked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "index/internal.h"

/* How often the progress handler is called (of SQLite's own small steps), and how often that may be
 * for one statement: for those that find a row, and those that go through a table. */
#define STEPS_EACH 1000
#define FIND_CALLS 200
#define SCAN_CALLS (ROWS_MAX / 20)

struct index {
    sqlite3 *db;
    char *path;
    int fd;
    struct stat file;
    bool trusted;
    bool lends;          /* index_lend() */
    uint64_t calls_left; /* of the progress handler */
    struct seal seal;
    struct history history;
    sqlite3_stmt *page, *node, *checkpoint;
    ZSTD_DCtx *zstd;
    VEC(tick) ticks; /* of its checkpoints, rising */
};

/* ---- opening ---- */

/* Of SQLite: not 0 ends the statement. */
static int progress(void *opaque)
{
    struct index *x = opaque;

    if (x->calls_left == 0) {
        return 1;
    }
    x->calls_left--;
    return 0;
}

static int prepare(struct index *x, sqlite3_stmt **s, const char *sql, struct error *e)
{
    x->calls_left = FIND_CALLS;
    return sqlite3_prepare_v2(x->db, sql, -1, s, NULL) == SQLITE_OK ? 0
                                                                    : index_says(x->db, x->path, e);
}

static int number(struct index *x, const char *sql, sqlite3_int64 *out, struct error *e)
{
    sqlite3_stmt *s;
    int result = -1;

    if (prepare(x, &s, sql, e) < 0) {
        return -1;
    }
    if (sqlite3_step(s) == SQLITE_ROW) {
        *out = sqlite3_column_int64(s, 0);
        result = 0;
    } else {
        index_says(x->db, x->path, e);
    }
    sqlite3_finalize(s);
    return result;
}

static int check_kind(struct index *x, struct error *e)
{
    sqlite3_int64 application, schema, pages, page_size;

    if (number(x, "PRAGMA application_id", &application, e) < 0 ||
        number(x, "PRAGMA user_version", &schema, e) < 0) {
        return -1;
    }
    if (application != INDEX_APPLICATION) {
        return error_set(e, "%s: it is no index of a recording", x->path);
    }
    if (schema != INDEX_SCHEMA) {
        return error_set(e, "%s: it has format %lld, this program reads %d", x->path,
                         (long long)schema, INDEX_SCHEMA);
    }
    if (number(x, "PRAGMA page_count", &pages, e) < 0 ||
        number(x, "PRAGMA page_size", &page_size, e) < 0) {
        return -1;
    }
    if (pages * page_size != (sqlite3_int64)x->file.st_size) {
        return error_set(e, "%s: damaged: cut off", x->path);
    }
    return index_check_tables(x->db, x->path, e);
}

/* A column that is a blob of exactly so many bytes; NULL: it is not. */
static const uint8_t *blob_of(sqlite3_stmt *s, int column, size_t bytes)
{
    if (sqlite3_column_type(s, column) != SQLITE_BLOB ||
        (size_t)sqlite3_column_bytes(s, column) != bytes) {
        return NULL;
    }
    return sqlite3_column_blob(s, column);
}

/* False: it is damaged. *sealed: this user's key made it. */
static bool take_history(struct index *x, sqlite3_stmt *s, const struct index_key *key,
                         bool *sealed)
{
    const uint8_t *nonce = blob_of(s, HISTORY_NUMBERS, NONCE_BYTES);
    const uint8_t *sum = blob_of(s, HISTORY_NUMBERS + 1, SUM_BYTES);
    uint64_t *numbers[HISTORY_NUMBERS];

    if (nonce == NULL || sum == NULL) {
        return false;
    }
    history_numbers(&x->history, numbers);
    for (int i = 0; i < (int)HISTORY_NUMBERS; i++) {
        if (sqlite3_column_type(s, i) != SQLITE_INTEGER) {
            return false;
        }
        *numbers[i] = (uint64_t)sqlite3_column_int64(s, i);
    }
    memcpy(x->history.nonce, nonce, NONCE_BYTES);
    seal_init(&x->seal, key, nonce);
    *sealed = history_is_sealed(&x->history, &x->seal, sum);
    return x->history.checkpoints <= ROWS_MAX && x->history.spans <= ROWS_MAX;
}

static int check_history(struct index *x, const struct index_place *place,
                         const struct index_of *of, struct error *e)
{
    const struct index_of *has = &x->history.of;
    bool good = false, sealed = false;
    sqlite3_stmt *s;

    if (prepare(x, &s, "SELECT * FROM history", e) < 0) {
        return -1;
    }
    if (sqlite3_step(s) == SQLITE_ROW) {
        good = take_history(x, s, place->key, &sealed) && sqlite3_step(s) == SQLITE_DONE;
    }
    sqlite3_finalize(s);
    if (!good) {
        return error_set(e, "%s: damaged: it does not say of what it is the index", x->path);
    }
    if (!sealed && !x->trusted) {
        return error_set(e, "%s: it was not made by this user, so nothing in it is believed",
                         x->path);
    }
    if (has->identity != of->identity || has->end != of->end) {
        return error_set(e,
                         "%s: it is the index of another recording, or of an older state of "
                         "this one",
                         x->path);
    }
    x->trusted = x->trusted && !sealed;
    return 0;
}

static int read_ticks(struct index *x, const struct index_of *of, struct error *e)
{
    sqlite3_stmt *s;
    int step;

    if (prepare(x, &s, "SELECT tick FROM checkpoint ORDER BY tick", e) < 0) {
        return -1;
    }
    x->calls_left = SCAN_CALLS;
    while ((step = sqlite3_step(s)) == SQLITE_ROW) {
        tick at = (tick)sqlite3_column_int64(s, 0);

        if (at > of->end || x->ticks.count == x->history.checkpoints ||
            (x->ticks.count > 0 && at <= x->ticks.data[x->ticks.count - 1])) {
            break;
        }
        vec_push(&x->ticks, at);
    }
    if (step != SQLITE_DONE) {
        index_says(x->db, x->path, e);
    }
    sqlite3_finalize(s);
    if (step == SQLITE_ROW || (step == SQLITE_DONE && x->ticks.count != x->history.checkpoints)) {
        return error_set(e, "%s: damaged: its checkpoints are not what they were", x->path);
    }
    return step == SQLITE_DONE ? 0 : -1;
}

static int open_it(struct index *x, const struct index_place *place, const struct index_of *of,
                   struct error *e)
{
    if (fstat(x->fd, &x->file) != 0 || index_db_open(&x->db, x->fd, false) != SQLITE_OK) {
        return index_says(x->db, x->path, e);
    }
    index_set_limits(x->db);
    x->calls_left = FIND_CALLS;
    sqlite3_progress_handler(x->db, STEPS_EACH, progress, x);
    /* 16 MiB of its own pages. */
    if (sqlite3_exec(x->db,
                     "PRAGMA cache_size=-16384; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0",
                     NULL, NULL, NULL) != SQLITE_OK) {
        return index_says(x->db, x->path, e);
    }
    if (check_kind(x, e) < 0 || check_history(x, place, of, e) < 0 || read_ticks(x, of, e) < 0 ||
        prepare(x, &x->page, "SELECT bytes FROM page WHERE id=?", e) < 0 ||
        prepare(x, &x->node, "SELECT bytes FROM node WHERE id=?", e) < 0 ||
        prepare(x, &x->checkpoint, "SELECT bytes FROM checkpoint WHERE tick=?", e) < 0) {
        return -1;
    }
    return 0;
}

struct index *index_open(const struct index_place *place, const struct index_of *of, bool *missing,
                         struct error *e)
{
    struct index *x;
    bool none;
    int fd = index_file_open(place->path, &none, e);

    if (missing != NULL) {
        *missing = none;
    }
    if (fd < 0) {
        return NULL;
    }
    x = base_alloc(1, sizeof(*x));
    x->path = base_strdup(place->path);
    x->fd = fd;
    x->trusted = place->trusted;
    x->zstd = ZSTD_createDCtx();
    must(x->zstd != NULL);
    if (open_it(x, place, of, e) < 0) {
        index_close(x);
        return NULL;
    }
    return x;
}

void index_close(struct index *x)
{
    if (x == NULL) {
        return;
    }
    sqlite3_finalize(x->page);
    sqlite3_finalize(x->node);
    sqlite3_finalize(x->checkpoint);
    sqlite3_close(x->db);
    close(x->fd);
    ZSTD_freeDCtx(x->zstd);
    vec_fini(&x->ticks);
    free(x->path);
    free(x);
}

/* ---- asking ---- */

bool index_before(const struct index *x, tick at, tick *found)
{
    size_t low = 0, high = x->ticks.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (x->ticks.data[middle] <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low > 0) {
        *found = x->ticks.data[low - 1];
    }
    return low > 0;
}

/* The packed bytes of a column and how many; NULL: it is no blob of ours. */
static const uint8_t *sealed_blob(struct index *x, sqlite3_stmt *s, int column, enum kind kind,
                                  uint64_t id, size_t *count)
{
    const uint8_t *packed =
        sqlite3_column_type(s, column) == SQLITE_BLOB ? sqlite3_column_blob(s, column) : NULL;
    size_t size = (size_t)sqlite3_column_bytes(s, column);

    if (packed == NULL || size <= SUM_BYTES) {
        return NULL;
    }
    *count = size - SUM_BYTES;
    return x->trusted || seal_is(&x->seal, kind, id, packed, *count, packed + *count) ? packed
                                                                                      : NULL;
}

/* Unpacks the blob of that row to `out`; -1 and a sentence. */
static int get_blob(struct index *x, enum kind kind, uint64_t id, uint8_t *out, size_t room,
                    size_t *count, struct error *e)
{
    sqlite3_stmt *s = kind == KIND_PAGE ? x->page : x->node;
    const uint8_t *packed;
    size_t size;
    int result = -1;

    sqlite3_bind_int64(s, 1, (sqlite3_int64)id);
    x->calls_left = FIND_CALLS;
    if (sqlite3_step(s) == SQLITE_ROW && (packed = sealed_blob(x, s, 0, kind, id, &size)) != NULL) {
        *count = ZSTD_decompressDCtx(x->zstd, out, room, packed, size);
        result = ZSTD_isError(*count) ? -1 : 0;
    }
    sqlite3_reset(s);
    return result == 0 ? 0
                       : error_set(e, "%s: damaged at item %llu", x->path, (unsigned long long)id);
}

/* Unpacks a blob whose size only its frame says, which is bounded. *out is made larger if it has to
 * be. False: it is damaged, or larger than `most`. */
static bool unpack_any(struct index *x, const uint8_t *packed, size_t size, size_t most,
                       uint8_t **out, size_t *count)
{
    unsigned long long whole = ZSTD_getFrameContentSize(packed, size);

    if (whole > most) { /* an error is a large number */
        return false;
    }
    *out = base_realloc(*out, whole + 1, 1);
    *count = ZSTD_decompressDCtx(x->zstd, *out, whole, packed, size);
    return !ZSTD_isError(*count);
}

static int get_page(void *opaque, uint64_t id, uint8_t bytes[PAGE_SIZE], struct error *e)
{
    struct index *x = opaque;
    size_t count;

    if (get_blob(x, KIND_PAGE, id, bytes, PAGE_SIZE, &count, e) < 0) {
        return -1;
    }
    return count == PAGE_SIZE ? 0
                              : error_set(e, "%s: damaged: a page of %zu bytes", x->path, count);
}

static int get_node(void *opaque, uint64_t id, uint8_t bytes[CHECKPOINT_NODE_BYTES], size_t *count,
                    struct error *e)
{
    struct index *x = opaque;

    return get_blob(x, KIND_NODE, id, bytes, CHECKPOINT_NODE_BYTES, count, e);
}

/* One row of `span`: its tick and its blob; false: damaged. `*bytes` is used again. */
static bool get_span(struct index *x, sqlite3_stmt *s, struct index_span *span, uint8_t **bytes)
{
    const uint8_t *packed;
    size_t size, count;

    span->from = (tick)sqlite3_column_int64(s, 0);
    packed = sealed_blob(x, s, 1, KIND_SPAN, span->from, &size);
    if (packed == NULL || !unpack_any(x, packed, size, SPAN_BYTES_MAX, bytes, &count) ||
        count < 8 * SPAN_NUMBERS) {
        return false;
    }
    span->to = bytes_get_le(*bytes, 8);
    span->counts = (struct span_counts){.inputs = bytes_get_le(*bytes + 8, 8),
                                        .exceptions = bytes_get_le(*bytes + 16, 8),
                                        .interrupts = bytes_get_le(*bytes + 24, 8)};
    span->footprint = *bytes + 8 * SPAN_NUMBERS;
    span->bytes = count - 8 * SPAN_NUMBERS;
    return span->to > span->from && span->to <= x->history.of.end;
}

/* They follow each other without gaps, from where history began to its end, and none is missing. */
int index_spans(struct index *x, void *opaque,
                void (*each)(void *opaque, const struct index_span *span), struct error *e)
{
    sqlite3_stmt *s;
    uint8_t *bytes = NULL;
    uint64_t count = 0, total = 0;
    tick next = x->history.begin;
    int step;

    if (prepare(x, &s, "SELECT tick, bytes FROM span ORDER BY tick", e) < 0) {
        return -1;
    }
    x->calls_left = SCAN_CALLS;
    while ((step = sqlite3_step(s)) == SQLITE_ROW) {
        struct index_span span;

        if (count == x->history.spans || !get_span(x, s, &span, &bytes) || span.from != next ||
            (total += span.bytes) > SPANS_BYTES_MAX) {
            break;
        }
        each(opaque, &span);
        next = span.to;
        count++;
    }
    sqlite3_finalize(s);
    free(bytes);
    return step == SQLITE_DONE && count == x->history.spans &&
                   (count == 0 || next == x->history.of.end)
               ? 0
               : error_set(e, "%s: damaged: its spans", x->path);
}

/* So that the next one who replays makes a new one; unless somebody did already. */
static void remove_it(const struct index *x)
{
    struct stat now;

    if (lstat(x->path, &now) == 0 && now.st_ino == x->file.st_ino && now.st_dev == x->file.st_dev) {
        unlink(x->path);
    }
}

static int lend_page(void *opaque, uint64_t id, uint8_t bytes[PAGE_SIZE], struct error *e)
{
    int result = get_page(opaque, id, bytes, e);

    if (result < 0) {
        remove_it(opaque);
    }
    return result;
}

void index_lend(struct index *x)
{
    x->lends = true;
}

static struct checkpoint *load(struct index *x, struct checkpoint_store *s, tick at,
                               struct error *e)
{
    const struct checkpoint_shelf shelf = {
        .opaque = x, .page = get_page, .node = get_node, .lent = x->lends ? lend_page : NULL};
    struct checkpoint *c = NULL;
    uint8_t *state = NULL;
    const uint8_t *packed;
    size_t size, count;
    bool good;

    sqlite3_bind_int64(x->checkpoint, 1, (sqlite3_int64)at);
    x->calls_left = FIND_CALLS;
    good = sqlite3_step(x->checkpoint) == SQLITE_ROW &&
           (packed = sealed_blob(x, x->checkpoint, 0, KIND_CHECKPOINT, at, &size)) != NULL &&
           unpack_any(x, packed, size, STATE_BYTES_MAX, &state, &count);
    sqlite3_reset(x->checkpoint);
    if (good) {
        c = checkpoint_get(s, state, count, &shelf, e);
    } else {
        error_set(e, "%s: damaged at tick %llu", x->path, (unsigned long long)at);
    }
    free(state);
    if (c != NULL && checkpoint_tick(c) != at) {
        checkpoint_drop(c);
        c = NULL;
        error_set(e, "%s: damaged: a checkpoint of another tick", x->path);
    }
    return c;
}

struct checkpoint *index_load(struct index *x, struct checkpoint_store *s, tick at, struct error *e)
{
    struct checkpoint *c = load(x, s, at, e);

    if (c == NULL) {
        remove_it(x);
    }
    return c;
}

void index_get_stats(const struct index *x, struct index_stats *out)
{
    const struct history *h = &x->history;

    *out = (struct index_stats){.checkpoints = x->ticks.count,
                                .last = x->ticks.count > 0 ? x->ticks.data[x->ticks.count - 1] : 0,
                                .pages = h->pages,
                                .nodes = h->nodes,
                                .lines = h->lines,
                                .file_bytes = (uint64_t)x->file.st_size,
                                .lines_left_out = h->lines_left_out,
                                .footprint_bytes = h->footprint_bytes,
                                .counts = h->counts};
}
