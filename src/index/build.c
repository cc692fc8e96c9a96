/* SPDX-License-Identifier: GPL-2.0-or-later
 * build: a new index, without a name until it is whole. The recording is locked meanwhile, so that
 * one process builds and others go on without. A thread compresses, seals and writes; the machine's
 * thread only copies what is new.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <zstd.h>

#include "host/host.h"
#include "index/internal.h"

#define FILE_PAGE_BYTES 16384u
#define FILE_PAGE_TEXT  "16384"
#define BATCHES_MAX     8 /* that wait for the thread: the machine waits then */

#define LINE_OVERHEAD 32   /* bytes of the file that a line takes beside its text, about */
#define RECORD_BYTES  16u  /* before the bytes: kind and length of 4, id of 8 */
#define KIND_GONE     256u /* added to the kind: that piece goes */
/* Thinned from here on, in 64ths of the bound: the rest is for what lies half empty in the file. */
#define FULL_64THS 56
/* What is packed takes so many 64ths of what it was, as long as nobody knows. */
#define PACKED_64THS 24

/* What one checkpoint brought. */
struct batch {
    struct batch *next;
    struct text gone; /* what goes before */
    struct text records;
};

struct index_builder {
    char *path;
    char *name; /* of the new file; NULL: it has none */
    struct index_key key;
    int fd, lock_fd;
    sqlite3 *db;
    struct seal seal;

    struct host_thread *thread;
    struct host_lock lock; /* guards the next eleven */
    struct host_event changed;
    struct batch *first, **last;
    unsigned waiting;
    bool busy;                        /* with one that waits no more */
    uint64_t waiting_bytes;           /* of those that wait, unpacked, and of that one */
    uint64_t used_bytes, most_bytes;  /* of the file */
    uint64_t raw_bytes, packed_bytes; /* of what was written */
    bool closing;
    struct error why; /* of `failed` */
    bool failed;

    /* The machine's thread. */
    struct text records, gone;
    uint64_t least_bound; /* most_bytes without trees, if they count */
    bool and_trees;
    bool is_full; /* no more checkpoints */
    uint64_t lines_bytes, spans_bytes;
    struct thinner *thinner; /* NULL: there is no bound */
    struct history history;  /* grows; the builder's thread counts pages and nodes */

    /* The builder's thread. */
    ZSTD_CCtx *zstd;
    sqlite3_stmt *insert[KIND_LINE + 1], *remove[KIND_CHECKPOINT + 1];
    uint8_t *packed;
    size_t packed_room;
    uint64_t packed_now; /* by the batch at hand */
};

static void batch_free(struct batch *batch)
{
    text_fini(&batch->gone);
    text_fini(&batch->records);
    free(batch);
}

/* ---- the builder's thread ---- */

static int run_insert(struct index_builder *b, sqlite3_stmt *s, struct error *e)
{
    if (sqlite3_step(s) != SQLITE_DONE) {
        return index_says(b->db, b->path, e);
    }
    sqlite3_reset(s);
    return 0;
}

/* "port" and a zero, then the text. */
static int insert_line(struct index_builder *b, uint64_t at, const uint8_t *bytes, size_t count,
                       struct error *e)
{
    sqlite3_stmt *s = b->insert[KIND_LINE];
    size_t name = strlen((const char *)bytes);

    sqlite3_bind_int64(s, 1, (sqlite3_int64)at);
    sqlite3_bind_text64(s, 2, (const char *)bytes, name, SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_text64(s, 3, (const char *)bytes + name + 1, count - name - 1, SQLITE_STATIC,
                        SQLITE_UTF8);
    return run_insert(b, s, e);
}

static int insert(struct index_builder *b, enum kind kind, uint64_t id, const uint8_t *bytes,
                  size_t count, struct error *e)
{
    sqlite3_stmt *s = b->insert[kind];
    size_t room, packed;

    sqlite3_bind_int64(s, 1, (sqlite3_int64)id);
    if (kind == KIND_LINE) {
        return insert_line(b, id, bytes, count, e);
    }
    if (kind == KIND_SPAN) {
        for (unsigned i = 0; i < SPAN_NUMBERS; i++) {
            sqlite3_bind_int64(s, (int)i + 3, (sqlite3_int64)bytes_get_le(bytes + 8 * i, 8));
        }
    }
    room = ZSTD_compressBound(count) + SUM_BYTES;
    if (room > b->packed_room) {
        b->packed = base_realloc(b->packed, room, 1);
        b->packed_room = room;
    }
    packed = ZSTD_compress2(b->zstd, b->packed, room - SUM_BYTES, bytes, count);
    must(!ZSTD_isError(packed));
    seal_sum(&b->seal, kind, id, b->packed, packed, b->packed + packed);
    sqlite3_bind_blob64(s, 2, b->packed, packed + SUM_BYTES, SQLITE_STATIC);
    b->packed_now += packed;
    b->history.pages += kind == KIND_PAGE;
    b->history.nodes += kind == KIND_NODE;
    b->history.footprint_bytes += kind == KIND_SPAN ? packed : 0;
    return run_insert(b, s, e);
}

static int remove_piece(struct index_builder *b, enum kind kind, uint64_t id, struct error *e)
{
    sqlite3_bind_int64(b->remove[kind], 1, (sqlite3_int64)id);
    b->history.pages -= kind == KIND_PAGE;
    b->history.nodes -= kind == KIND_NODE;
    return run_insert(b, b->remove[kind], e);
}

static int ask_number(struct index_builder *b, const char *sql, uint64_t *out, struct error *e)
{
    sqlite3_stmt *s;
    int result = -1;

    if (sqlite3_prepare_v2(b->db, sql, -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW) {
        *out = (uint64_t)sqlite3_column_int64(s, 0);
        result = 0;
    } else {
        index_says(b->db, b->path, e);
    }
    sqlite3_finalize(s);
    return result;
}

static int too_small(const struct index_builder *b, uint64_t most, struct error *e)
{
    return error_set(e, "%s: no index of this recording fits into %llu bytes (--index-size)",
                     b->path, (unsigned long long)most);
}

/* Of the file as it will be; what is free in it does not count as used, but is in it. */
static int measure(struct index_builder *b, size_t written, struct error *e)
{
    uint64_t pages, unused, most;

    if (ask_number(b, "PRAGMA page_count", &pages, e) < 0 ||
        ask_number(b, "PRAGMA freelist_count", &unused, e) < 0) {
        return -1;
    }
    host_lock_take(&b->lock);
    most = b->most_bytes;
    host_lock_give(&b->lock);
    if (most != 0 && pages * FILE_PAGE_BYTES > most) {
        return too_small(b, most, e);
    }
    host_lock_take(&b->lock);
    b->used_bytes = (pages - unused) * FILE_PAGE_BYTES;
    b->raw_bytes += written;
    b->packed_bytes += b->packed_now;
    b->packed_now = 0;
    b->waiting_bytes -= written;
    b->busy = false;
    host_event_wake_all(&b->changed);
    host_lock_give(&b->lock);
    return 0;
}

static int insert_batch(struct index_builder *b, const struct text *t, struct error *e)
{
    const uint8_t *bytes = (const uint8_t *)t->data;

    for (size_t at = 0; at < t->length;) {
        unsigned kind = (unsigned)bytes_get_le(bytes + at, 4);
        size_t count = (size_t)bytes_get_le(bytes + at + 4, 4);
        uint64_t id = bytes_get_le(bytes + at + 8, 8);

        at += RECORD_BYTES;
        if (kind >= KIND_GONE ? remove_piece(b, (enum kind)(kind - KIND_GONE), id, e) < 0
                              : insert(b, (enum kind)kind, id, bytes + at, count, e) < 0) {
            return -1;
        }
        at += count;
    }
    return 0;
}

static struct batch *next_batch(struct index_builder *b)
{
    struct batch *batch;

    host_lock_take(&b->lock);
    while (b->first == NULL && !b->closing && !b->failed) {
        host_event_wait(&b->changed, &b->lock);
    }
    batch = b->failed ? NULL : b->first;
    if (batch != NULL) {
        b->first = batch->next;
        b->last = b->first != NULL ? b->last : &b->first;
        b->waiting--;
        b->busy = true;
        host_event_wake_all(&b->changed);
    }
    host_lock_give(&b->lock);
    return batch;
}

static void *work(void *argument)
{
    struct index_builder *b = argument;
    struct batch *batch;
    struct error e;

    while ((batch = next_batch(b)) != NULL) {
        bool failed = insert_batch(b, &batch->gone, &e) < 0 ||
                      insert_batch(b, &batch->records, &e) < 0 ||
                      measure(b, batch->records.length, &e) < 0;

        batch_free(batch);
        if (failed) {
            host_lock_take(&b->lock);
            b->failed = true;
            b->why = e;
            host_event_wake_all(&b->changed);
            host_lock_give(&b->lock);
            break;
        }
    }
    return NULL;
}

/* ---- making the file ---- */

/* The lock is on the recording, which is there already: nothing is made that could be in somebody's
 * way, and a link can at worst point it to a file that is locked for a while. */
static int take_lock(struct index_builder *b, const char *recording, struct error *e)
{
    if (recording == NULL) {
        return 0;
    }
    b->lock_fd = open(recording, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (b->lock_fd < 0 && errno == ENOENT) {
        return 0; /* being made, and nobody else knows of it yet */
    }
    if (b->lock_fd < 0) {
        return error_set(e, "%s: %s", recording, strerror(errno));
    }
    if (flock(b->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return error_set(e, "%s: %s", b->path,
                         errno == EWOULDBLOCK ? "another process is building it" : strerror(errno));
    }
    return 0;
}

static int run_sql(struct index_builder *b, const char *sql, struct error *e)
{
    return sqlite3_exec(b->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                   : index_says(b->db, b->path, e);
}

static int make_tables(struct index_builder *b, struct error *e)
{
    static const char *const inserts[KIND_LINE + 1] = {
        [KIND_PAGE] = "INSERT INTO page VALUES(?,?)",
        [KIND_NODE] = "INSERT INTO node VALUES(?,?)",
        [KIND_CHECKPOINT] = "INSERT INTO checkpoint VALUES(?,?)",
        [KIND_SPAN] = "INSERT INTO span VALUES(?1,?3,?4,?5,?6,?2)",
        [KIND_LINE] = "INSERT INTO line VALUES(?,?,?)"};

    static const char *const removes[KIND_CHECKPOINT + 1] = {
        [KIND_PAGE] = "DELETE FROM page WHERE id=?",
        [KIND_NODE] = "DELETE FROM node WHERE id=?",
        [KIND_CHECKPOINT] = "DELETE FROM checkpoint WHERE tick=?"};

    if (run_sql(b, "BEGIN", e) < 0) {
        return -1;
    }
    for (unsigned i = 0; i < KINDS; i++) {
        if (run_sql(b, index_tables[i].sql, e) < 0) {
            return -1;
        }
    }
    for (unsigned i = 0; i < ARRAY_LEN(inserts); i++) {
        if (sqlite3_prepare_v2(b->db, inserts[i], -1, &b->insert[i], NULL) != SQLITE_OK) {
            return index_says(b->db, b->path, e);
        }
    }
    for (unsigned i = 0; i < ARRAY_LEN(removes); i++) {
        if (sqlite3_prepare_v2(b->db, removes[i], -1, &b->remove[i], NULL) != SQLITE_OK) {
            return index_says(b->db, b->path, e);
        }
    }
    return 0;
}

/* Nothing is synchronised or journalled: the file is nobody's until it has its name. */
static int make_file(struct index_builder *b, int reserved, struct error *e)
{
    char sql[128];

    b->fd = reserved > 0 ? index_file_reuse(reserved) : -1;
    if (b->fd < 0 && (b->fd = index_file_new(b->path, &b->name, e)) < 0) {
        return -1;
    }
    if (index_db_open(&b->db, b->fd, true) != SQLITE_OK) {
        return index_says(b->db, b->path, e);
    }
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d", INDEX_APPLICATION,
             INDEX_SCHEMA);
    if (run_sql(b,
                "PRAGMA page_size=" FILE_PAGE_TEXT
                "; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
                "PRAGMA locking_mode=EXCLUSIVE; PRAGMA temp_store=MEMORY",
                e) < 0 ||
        run_sql(b, sql, e) < 0) {
        return -1;
    }
    return make_tables(b, e);
}

struct index_builder *index_build(const struct index_place *place, struct error *e)
{
    struct index_builder *b = base_alloc(1, sizeof(*b));

    b->path = base_strdup(place->path);
    b->key = *place->key;
    b->fd = b->lock_fd = -1;
    b->last = &b->first;
    b->most_bytes = b->least_bound = place->most_bytes;
    b->and_trees = place->and_trees && place->most_bytes != 0;
    b->thinner = place->most_bytes != 0 ? thinner_new() : NULL;
    host_lock_init(&b->lock);
    host_event_init(&b->changed);
    seal_nonce(b->history.nonce);
    seal_init(&b->seal, &b->key, b->history.nonce);
    b->zstd = ZSTD_createCCtx();
    must(b->zstd != NULL);
    /* With a checksum of its own, for those who read it without the key. */
    must(!ZSTD_isError(ZSTD_CCtx_setParameter(b->zstd, ZSTD_c_compressionLevel, PACK_LEVEL)) &&
         !ZSTD_isError(ZSTD_CCtx_setParameter(b->zstd, ZSTD_c_checksumFlag, 1)));
    if (take_lock(b, place->recording, e) < 0 || make_file(b, place->file, e) < 0 ||
        (b->thread = host_thread_start(work, b, e)) == NULL) {
        index_abandon(b);
        return NULL;
    }
    return b;
}

/* ---- the machine's thread ---- */

static void add_record(struct text *to, unsigned kind, uint64_t id, const void *bytes, size_t count)
{
    uint8_t head[RECORD_BYTES];

    bytes_set_le(head, 4, kind);
    bytes_set_le(head + 4, 4, count);
    bytes_set_le(head + 8, 8, id);
    text_add_bytes(to, head, sizeof head);
    text_add_bytes(to, bytes, count);
}

static void take_page(void *opaque, uint64_t id, const uint8_t *bytes)
{
    struct index_builder *b = opaque;

    add_record(&b->records, KIND_PAGE, id, bytes, PAGE_SIZE);
    if (b->thinner != NULL) {
        thinner_add_page(b->thinner, id);
    }
}

static void take_node(void *opaque, uint64_t id, const uint8_t *bytes, size_t count)
{
    struct index_builder *b = opaque;

    add_record(&b->records, KIND_NODE, id, bytes, count);
    if (b->thinner != NULL) {
        thinner_add_node(b->thinner, id, bytes);
    }
}

static void take_root(void *opaque, uint64_t id)
{
    struct index_builder *b = opaque;

    if (b->thinner != NULL) {
        thinner_add_root(b->thinner, id);
    }
}

static bool has_page(void *opaque, uint64_t id)
{
    const struct index_builder *b = opaque;

    return b->thinner == NULL || thinner_has_page(b->thinner, id);
}

static bool has_node(void *opaque, uint64_t id)
{
    const struct index_builder *b = opaque;

    return b->thinner == NULL || thinner_has_node(b->thinner, id);
}

static void piece_gone(void *opaque, enum kind kind, uint64_t id)
{
    struct index_builder *b = opaque;

    add_record(&b->gone, kind + KIND_GONE, id, "", 0);
}

/* The bound grows with what devices have. */
static void take_trees(struct index_builder *b, const struct checkpoint *c)
{
    uint64_t most = b->least_bound + 2 * checkpoint_tree_bytes(c);

    if (b->and_trees && most > b->most_bytes) {
        host_lock_take(&b->lock);
        b->most_bytes = most;
        host_lock_give(&b->lock);
    }
}

/* Before `coming` bytes more are written, unpacked, with the last checkpoint among them or not. All that
 * waits is written first where it might matter: only then is it known what the file takes. False: that
 * checkpoint is too large. */
static bool make_room(struct index_builder *b, size_t coming, bool has_checkpoint)
{
    const uint64_t full = b->most_bytes / 64 * FULL_64THS;
    uint64_t expected;

    if (b->thinner == NULL) {
        return true;
    }
    host_lock_take(&b->lock);
    while (!b->failed && (b->waiting > 0 || b->busy) &&
           b->used_bytes + b->waiting_bytes + coming >= full) {
        host_event_wait(&b->changed, &b->lock);
    }
    expected = b->raw_bytes != 0
                   ? (uint64_t)((double)b->packed_bytes / (double)b->raw_bytes * (double)coming)
                   : coming / 64 * PACKED_64THS;
    expected += b->used_bytes;
    host_lock_give(&b->lock);
    if (expected < full) {
        return true;
    }
    if (has_checkpoint && expected / 64 * thinner_share_of_last(b->thinner) >= full / 4 * 3) {
        return false;
    }
    b->history.checkpoints -= thinner_thin(b->thinner, b, piece_gone);
    return true;
}

/* What may be `most` is no more than that part of a file that is bounded. */
static uint64_t bounded(const struct index_builder *b, uint64_t most, unsigned part)
{
    return b->most_bytes != 0 && b->most_bytes / part < most ? b->most_bytes / part : most;
}

/* A footprint that is too large is left out: nothing is known of that span then. */
static void add_span(struct index_builder *b, const struct index_span *span)
{
    const uint64_t numbers[SPAN_NUMBERS] = {span->to, span->counts.inputs, span->counts.exceptions,
                                            span->counts.interrupts};
    uint8_t head[8 * SPAN_NUMBERS];
    struct text bytes = {0};

    for (unsigned i = 0; i < SPAN_NUMBERS; i++) {
        bytes_set_le(head + 8 * i, 8, numbers[i]);
    }
    text_add_bytes(&bytes, head, sizeof head);
    if (span->bytes <= SPAN_BYTES_MAX - sizeof head &&
        b->spans_bytes + span->bytes <= bounded(b, SPANS_BYTES_MAX, 2)) {
        text_add_bytes(&bytes, span->footprint, span->bytes);
        b->spans_bytes += span->bytes;
    }
    add_record(&b->records, KIND_SPAN, span->from, bytes.data, bytes.length);
    text_fini(&bytes);
}

void index_add_line(struct index_builder *b, tick at, const char *port, const char *text,
                    size_t count)
{
    struct text bytes = {0};

    count = count < INDEX_LINE_BYTES ? count : INDEX_LINE_BYTES;
    if (b->lines_bytes + count + LINE_OVERHEAD > bounded(b, INDEX_LINES_BYTES, 8)) {
        b->history.lines_left_out++;
        return;
    }
    b->lines_bytes += count + LINE_OVERHEAD;
    b->history.lines++;
    text_add_bytes(&bytes, port, strlen(port) + 1);
    text_add_bytes(&bytes, text, count);
    add_record(&b->records, KIND_LINE, at, bytes.data, bytes.length);
    text_fini(&bytes);
}

static void count_span(struct history *h, const struct index_span *span)
{
    if (h->spans == 0) {
        h->begin = span->from;
    }
    h->spans++;
    h->counts.inputs += span->counts.inputs;
    h->counts.exceptions += span->counts.exceptions;
    h->counts.interrupts += span->counts.interrupts;
}

/* Without a bound, or where it fits, the checkpoint is in the records now. */
static void add_checkpoint(struct index_builder *b, struct checkpoint *c)
{
    const struct checkpoint_sink sink = {.opaque = b,
                                         .page = take_page,
                                         .node = take_node,
                                         .root = take_root,
                                         .has_page = has_page,
                                         .has_node = has_node};
    size_t before = b->records.length;
    struct text rest = {0};

    take_trees(b, c);
    checkpoint_put(c, &sink, &rest);
    if (b->thinner != NULL) {
        thinner_add_checkpoint(b->thinner, checkpoint_tick(c), checkpoint_instructions(c));
    }
    add_record(&b->records, KIND_CHECKPOINT, checkpoint_tick(c), rest.data, rest.length);
    text_fini(&rest);
    b->history.checkpoints++;
    if (!make_room(b, b->records.length, true)) {
        b->is_full = true;
        b->records.length = before;
        thinner_drop_last(b->thinner);
        b->history.checkpoints--;
    }
}

void index_add(struct index_builder *b, struct checkpoint *c, const struct index_span *span)
{
    struct batch *batch = base_alloc(1, sizeof(*batch));

    if (!b->is_full) {
        add_checkpoint(b, c);
    }
    if (span != NULL) {
        add_span(b, span);
        count_span(&b->history, span);
    }
    if (b->is_full) {
        (void)make_room(b, b->records.length, false);
    }
    batch->gone = b->gone;
    batch->records = b->records;
    b->gone = b->records = (struct text){0};
    host_lock_take(&b->lock);
    while (b->waiting >= BATCHES_MAX && !b->failed) {
        host_event_wait(&b->changed, &b->lock);
    }
    if (b->failed) { /* nobody takes it any more */
        batch_free(batch);
    } else {
        *b->last = batch;
        b->last = &batch->next;
        b->waiting++;
        b->waiting_bytes += batch->records.length;
        host_event_wake_all(&b->changed);
    }
    host_lock_give(&b->lock);
}

/* ---- the end ---- */

static void end_thread(struct index_builder *b)
{
    if (b->thread == NULL) {
        return;
    }
    host_lock_take(&b->lock);
    b->closing = true;
    host_event_wake_all(&b->changed);
    host_lock_give(&b->lock);
    host_thread_join(b->thread);
    b->thread = NULL;
}

static void finalize(struct index_builder *b)
{
    for (unsigned i = 0; i < ARRAY_LEN(b->insert); i++) {
        sqlite3_finalize(b->insert[i]);
        b->insert[i] = NULL;
    }
    for (unsigned i = 0; i < ARRAY_LEN(b->remove); i++) {
        sqlite3_finalize(b->remove[i]);
        b->remove[i] = NULL;
    }
}

static void builder_free(struct index_builder *b)
{
    while (b->first != NULL) {
        struct batch *next = b->first->next;

        batch_free(b->first);
        b->first = next;
    }
    if (b->fd >= 0) {
        close(b->fd);
    }
    if (b->lock_fd >= 0) {
        close(b->lock_fd);
    }
    host_event_fini(&b->changed);
    host_lock_fini(&b->lock);
    ZSTD_freeCCtx(b->zstd);
    text_fini(&b->gone);
    text_fini(&b->records);
    thinner_free(b->thinner);
    free(b->packed);
    free(b->name);
    free(b->path);
    free(b);
}

void index_abandon(struct index_builder *b)
{
    if (b == NULL) {
        return;
    }
    host_lock_take(&b->lock);
    b->failed = true; /* nothing more is to be written */
    host_lock_give(&b->lock);
    end_thread(b);
    finalize(b);
    sqlite3_close(b->db);
    if (b->name != NULL) {
        unlink(b->name);
    }
    builder_free(b);
}

static int write_history(struct index_builder *b, const struct index_of *of, struct error *e)
{
    uint64_t *numbers[HISTORY_NUMBERS];
    uint8_t sum[SUM_BYTES];
    sqlite3_stmt *s;
    int result;

    b->history.of = *of;
    history_numbers(&b->history, numbers);
    history_sum(&b->history, &b->seal, sum);
    if (sqlite3_prepare_v2(b->db, "INSERT INTO history VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", -1,
                           &s, NULL) != SQLITE_OK) {
        return index_says(b->db, b->path, e);
    }
    for (unsigned i = 0; i < HISTORY_NUMBERS; i++) {
        sqlite3_bind_int64(s, (int)i + 1, (sqlite3_int64)*numbers[i]);
    }
    sqlite3_bind_blob(s, HISTORY_NUMBERS + 1, b->history.nonce, NONCE_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob(s, HISTORY_NUMBERS + 2, sum, SUM_BYTES, SQLITE_STATIC);
    result = run_insert(b, s, e);
    sqlite3_finalize(s);
    return result;
}

/* On disk and under its name. */
static int publish(struct index_builder *b, const struct index_of *of, struct error *e)
{
    finalize(b);
    if (write_history(b, of, e) < 0 || run_sql(b, "COMMIT", e) < 0) {
        return -1;
    }
    sqlite3_close(b->db);
    b->db = NULL;
    if (index_file_publish(b->fd, b->name, b->path, e) < 0) {
        return -1;
    }
    free(b->name);
    b->name = NULL;
    return 0;
}

struct index *index_finish(struct index_builder *b, const struct index_of *of, struct error *e)
{
    struct index *x;

    end_thread(b);
    if (!b->failed && b->is_full && b->history.checkpoints == 0) {
        b->failed = true;
        too_small(b, b->most_bytes, &b->why);
    }
    if (b->failed) {
        *e = b->why;
        index_abandon(b);
        return NULL;
    }
    if (publish(b, of, e) < 0) {
        index_abandon(b);
        return NULL;
    }
    x = index_open(&(struct index_place){.path = b->path, .key = &b->key}, of, NULL, e);
    builder_free(b);
    return x;
}
