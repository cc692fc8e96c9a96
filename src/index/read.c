/* SPDX-License-Identifier: GPL-2.0-or-later
 * read: an index that is complete, which never changes: opened as such, without locks, by as many
 * processes as like, from places that cannot be written, too. Nothing in it is believed: blobs have
 * sums, and what is damaged is said in a sentence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "index/internal.h"

/* Bounds the states of a checkpoint, unpacked. */
#define STATE_BYTES_MAX (64 * MIB)
/* And the footprint of a span. */
#define SPAN_BYTES_MAX (256 * MIB)

struct index {
    sqlite3 *db;
    char *path;
    struct stat file;
    sqlite3_stmt *page, *node, *checkpoint;
    ZSTD_DCtx *zstd;
    VEC(tick) ticks; /* of its checkpoints, rising */
};

/* ---- opening ---- */

/* As SQLite's names of files want it; "immutable": it never changes while it has its name. */
static void add_uri(struct text *out, const char *path)
{
    text_add(out, "file:%s", path[0] == '/' ? "//" : "");
    for (const char *p = path; *p != '\0'; p++) {
        if (*p == '?' || *p == '#' || *p == '%') {
            text_add(out, "%%%02x", (unsigned)*p);
        } else {
            text_add_bytes(out, p, 1);
        }
    }
    text_add(out, "?immutable=1");
}

static int number(struct index *x, const char *sql, sqlite3_int64 *out, struct error *e)
{
    sqlite3_stmt *s;
    int result = -1;

    if (sqlite3_prepare_v2(x->db, sql, -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW) {
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
    return 0;
}

static int check_history(struct index *x, const struct index_of *of, struct error *e)
{
    sqlite3_int64 identity, end;

    if (number(x, "SELECT identity FROM history", &identity, e) < 0 ||
        number(x, "SELECT ending FROM history", &end, e) < 0) {
        return -1;
    }
    if ((uint64_t)identity != of->identity || (tick)end != of->end) {
        return error_set(e,
                         "%s: it is the index of another recording, or of an older state of "
                         "this one",
                         x->path);
    }
    return 0;
}

static int read_ticks(struct index *x, const struct index_of *of, struct error *e)
{
    sqlite3_stmt *s;
    sqlite3_int64 count;
    int step = SQLITE_ERROR;

    if (number(x, "SELECT checkpoints FROM history", &count, e) < 0) {
        return -1;
    }
    if (sqlite3_prepare_v2(x->db, "SELECT tick FROM checkpoint ORDER BY tick", -1, &s, NULL) ==
        SQLITE_OK) {
        while ((step = sqlite3_step(s)) == SQLITE_ROW) {
            tick at = (tick)sqlite3_column_int64(s, 0);

            if (at > of->end || (x->ticks.count > 0 && at <= x->ticks.data[x->ticks.count - 1])) {
                break;
            }
            vec_push(&x->ticks, at);
        }
    }
    if (step != SQLITE_DONE) {
        index_says(x->db, x->path, e);
    }
    sqlite3_finalize(s);
    if (step == SQLITE_ROW || (step == SQLITE_DONE && x->ticks.count != (uint64_t)count)) {
        return error_set(e, "%s: damaged: its checkpoints are not what they were", x->path);
    }
    return step == SQLITE_DONE ? 0 : -1;
}

static int prepare(struct index *x, sqlite3_stmt **s, const char *sql, struct error *e)
{
    return sqlite3_prepare_v2(x->db, sql, -1, s, NULL) == SQLITE_OK ? 0
                                                                    : index_says(x->db, x->path, e);
}

static int open_it(struct index *x, const struct index_of *of, struct error *e)
{
    struct text uri = {0};
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, result;

    add_uri(&uri, x->path);
    result = sqlite3_open_v2(uri.data, &x->db, flags, NULL);
    text_fini(&uri);
    if (result != SQLITE_OK) {
        return index_says(x->db, x->path, e);
    }
    /* 16 MiB of its own pages; a malicious schema is to do nothing but fail. */
    (void)sqlite3_exec(x->db, "PRAGMA cache_size=-16384; PRAGMA trusted_schema=OFF", NULL, NULL,
                       NULL);
    if (check_kind(x, e) < 0 || check_history(x, of, e) < 0 || read_ticks(x, of, e) < 0 ||
        prepare(x, &x->page, "SELECT bytes FROM page WHERE id=?", e) < 0 ||
        prepare(x, &x->node, "SELECT bytes FROM node WHERE id=?", e) < 0 ||
        prepare(x, &x->checkpoint, "SELECT bytes FROM checkpoint WHERE tick=?", e) < 0) {
        return -1;
    }
    return 0;
}

struct index *index_open(const char *path, const struct index_of *of, bool *missing,
                         struct error *e)
{
    struct index *x = base_alloc(1, sizeof(*x));
    bool there = stat(path, &x->file) == 0;

    if (missing != NULL) {
        *missing = !there;
    }
    x->path = base_strdup(path);
    x->zstd = ZSTD_createDCtx();
    must(x->zstd != NULL);
    if (!there) {
        error_set(e, "%s: there is no index", path);
    }
    if (!there || open_it(x, of, e) < 0) {
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

/* Unpacks the blob of that row to `out`; -1 and a sentence. */
static int get_blob(struct index *x, sqlite3_stmt *s, uint64_t id, uint8_t *out, size_t room,
                    size_t *count, struct error *e)
{
    const uint8_t *packed;
    size_t size;
    int result = -1;

    sqlite3_bind_int64(s, 1, (sqlite3_int64)id);
    if (sqlite3_step(s) == SQLITE_ROW) {
        packed = sqlite3_column_blob(s, 0);
        size = (size_t)sqlite3_column_bytes(s, 0);
        if (packed != NULL && size > SUM_BYTES) {
            *count = ZSTD_decompressDCtx(x->zstd, out, room, packed, size - SUM_BYTES);
            if (!ZSTD_isError(*count) && hash_bytes(out, *count, PACKED_SEED + id) ==
                                             bytes_get_le(packed + size - SUM_BYTES, SUM_BYTES)) {
                result = 0;
            }
        }
    }
    sqlite3_reset(s);
    return result == 0 ? 0
                       : error_set(e, "%s: damaged at item %llu", x->path, (unsigned long long)id);
}

static int get_page(void *opaque, uint64_t id, uint8_t bytes[PAGE_SIZE], struct error *e)
{
    struct index *x = opaque;
    size_t count;

    if (get_blob(x, x->page, id, bytes, PAGE_SIZE, &count, e) < 0) {
        return -1;
    }
    return count == PAGE_SIZE ? 0
                              : error_set(e, "%s: damaged: a page of %zu bytes", x->path, count);
}

static int get_node(void *opaque, uint64_t id, uint8_t bytes[CHECKPOINT_NODE_BYTES], size_t *count,
                    struct error *e)
{
    struct index *x = opaque;

    return get_blob(x, x->node, id, bytes, CHECKPOINT_NODE_BYTES, count, e);
}

/* One row of `span`: its tick and its blob; false: damaged. `*bytes` is used again. */
static bool get_span(struct index *x, sqlite3_stmt *s, struct index_span *span, uint8_t **bytes)
{
    const uint8_t *packed = sqlite3_column_blob(s, 1);
    size_t size = (size_t)sqlite3_column_bytes(s, 1), count;
    unsigned long long whole;

    span->from = (tick)sqlite3_column_int64(s, 0);
    if (packed == NULL || size <= SUM_BYTES) {
        return false;
    }
    whole = ZSTD_getFrameContentSize(packed, size - SUM_BYTES);
    if (whole > SPAN_BYTES_MAX) { /* an error is a large number */
        return false;
    }
    *bytes = base_realloc(*bytes, whole + 1, 1);
    count = ZSTD_decompressDCtx(x->zstd, *bytes, whole, packed, size - SUM_BYTES);
    if (ZSTD_isError(count) || count < 8 * SPAN_NUMBERS ||
        hash_bytes(*bytes, count, PACKED_SEED + span->from) !=
            bytes_get_le(packed + size - SUM_BYTES, SUM_BYTES)) {
        return false;
    }
    span->to = bytes_get_le(*bytes, 8);
    span->counts = (struct span_counts){.inputs = bytes_get_le(*bytes + 8, 8),
                                        .exceptions = bytes_get_le(*bytes + 16, 8),
                                        .interrupts = bytes_get_le(*bytes + 24, 8)};
    span->footprint = *bytes + 8 * SPAN_NUMBERS;
    span->bytes = count - 8 * SPAN_NUMBERS;
    return span->to > span->from;
}

int index_spans(struct index *x, void *opaque,
                void (*each)(void *opaque, const struct index_span *span), struct error *e)
{
    sqlite3_stmt *s;
    uint8_t *bytes = NULL;
    tick from = 0;
    bool first = true;
    int step;

    if (prepare(x, &s, "SELECT tick, bytes FROM span ORDER BY tick", e) < 0) {
        return -1;
    }
    while ((step = sqlite3_step(s)) == SQLITE_ROW) {
        struct index_span span;

        if (!get_span(x, s, &span, &bytes) || (!first && span.from != from)) {
            break;
        }
        each(opaque, &span);
        from = span.to;
        first = false;
    }
    sqlite3_finalize(s);
    free(bytes);
    return step == SQLITE_DONE ? 0 : error_set(e, "%s: damaged: its spans", x->path);
}

/* So that the next one who replays makes a new one; unless somebody did already. */
static void remove_it(const struct index *x)
{
    struct stat now;

    if (stat(x->path, &now) == 0 && now.st_ino == x->file.st_ino && now.st_dev == x->file.st_dev) {
        unlink(x->path);
    }
}

/* The unpacked size is in the frame, which nobody vouches for: bounded. */
static struct checkpoint *load(struct index *x, struct checkpoint_store *s, tick at,
                               struct error *e)
{
    const struct checkpoint_shelf shelf = {.opaque = x, .page = get_page, .node = get_node};
    unsigned long long size = 0;
    struct checkpoint *c = NULL;
    uint8_t *state;
    size_t count;

    sqlite3_bind_int64(x->checkpoint, 1, (sqlite3_int64)at);
    if (sqlite3_step(x->checkpoint) == SQLITE_ROW) {
        size = ZSTD_getFrameContentSize(sqlite3_column_blob(x->checkpoint, 0),
                                        (size_t)sqlite3_column_bytes(x->checkpoint, 0));
    }
    sqlite3_reset(x->checkpoint);
    if (size == 0 || size > STATE_BYTES_MAX) { /* an error is a large number */
        error_set(e, "%s: damaged at tick %llu", x->path, (unsigned long long)at);
        return NULL;
    }
    state = base_alloc(size, 1);
    if (get_blob(x, x->checkpoint, at, state, size, &count, e) == 0) {
        c = checkpoint_get(s, state, count, &shelf, e);
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

int index_get_stats(struct index *x, struct index_stats *out, struct error *e)
{
    static const char *const sql[] = {
        "SELECT count(*) FROM page",       "SELECT count(*) FROM node",
        "SELECT count(*) FROM line",       "SELECT sum(length(bytes)) FROM span",
        "SELECT sum(inputs) FROM span",    "SELECT sum(exceptions) FROM span",
        "SELECT sum(interrupts) FROM span"};
    uint64_t *const to[] = {&out->pages,
                            &out->nodes,
                            &out->lines,
                            &out->footprint_bytes,
                            &out->counts.inputs,
                            &out->counts.exceptions,
                            &out->counts.interrupts};

    *out = (struct index_stats){.checkpoints = x->ticks.count,
                                .file_bytes = (uint64_t)x->file.st_size};
    for (unsigned i = 0; i < ARRAY_LEN(sql); i++) {
        sqlite3_int64 n;

        if (number(x, sql[i], &n, e) < 0) {
            return -1;
        }
        *to[i] = (uint64_t)n;
    }
    return 0;
}
