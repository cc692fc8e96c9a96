/* SPDX-License-Identifier: GPL-2.0-or-later
 * forge: see forge.h.
 */
#include "forge.h"

#include <stdio.h>
#include <stdlib.h>

#include <zstd.h>

#include "../chance.h"
#include "index/internal.h"

#define NODE_SEED  UINT64_C(0x70696563) /* of the sums in nodes and states: docs/checkpoints.md */
#define VALUES     4
#define BOMB_BYTES (80 * MIB)

struct piece {
    uint8_t *bytes;
    size_t count;
};

static uint64_t chance(struct forge *f, uint64_t below)
{
    return chance_next(&f->seed) % below;
}

/* ---- the database ---- */

static void write_file(const struct forge *f, const uint8_t *bytes, size_t count)
{
    FILE *out;

    (void)remove(f->path); /* whoever has it open keeps what it was */
    out = fopen(f->path, "w");
    must(out != NULL && fwrite(bytes, 1, count, out) == count && fclose(out) == 0);
}

static sqlite3 *open_copy(const struct forge *f)
{
    sqlite3 *db;

    write_file(f, f->honest, f->honest_size);
    must(sqlite3_open(f->path, &db) == SQLITE_OK);
    must(sqlite3_exec(db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL, NULL) ==
         SQLITE_OK);
    return db;
}

/* What cannot be done to this database is not done. */
static void run(sqlite3 *db, const char *sql)
{
    (void)sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s;
    int64_t result = 0;

    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
        result = sqlite3_column_int64(s, 0);
    }
    sqlite3_finalize(s);
    return result;
}

static const char *const id_names[] = {"id", "id", "tick", "tick"}; /* by enum kind */

static int64_t some_row(struct forge *f, sqlite3 *db, enum kind kind)
{
    char sql[160];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", index_tables[kind].name);
    snprintf(sql, sizeof sql, "SELECT %s FROM %s LIMIT 1 OFFSET %llu", id_names[kind],
             index_tables[kind].name, (unsigned long long)chance(f, (uint64_t)ask(db, sql) + 1));
    return ask(db, sql);
}

/* ---- pieces ---- */

static void seal_of(const struct forge *f, sqlite3 *db, struct seal *seal)
{
    uint8_t nonce[NONCE_BYTES] = {0};
    sqlite3_stmt *s;

    if (sqlite3_prepare_v2(db, "SELECT nonce FROM history", -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW && sqlite3_column_bytes(s, 0) == (int)NONCE_BYTES) {
        memcpy(nonce, sqlite3_column_blob(s, 0), NONCE_BYTES);
    }
    sqlite3_finalize(s);
    seal_init(seal, f->key, nonce);
}

static struct piece get_piece(sqlite3 *db, enum kind kind, int64_t id)
{
    struct piece p = {.bytes = base_alloc(1, 1)};
    char sql[128];
    sqlite3_stmt *s;

    snprintf(sql, sizeof sql, "SELECT bytes FROM %s WHERE %s=%lld", index_tables[kind].name,
             id_names[kind], (long long)id);
    must(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK);
    if (sqlite3_step(s) == SQLITE_ROW) {
        const uint8_t *packed = sqlite3_column_blob(s, 0);
        size_t size = (size_t)sqlite3_column_bytes(s, 0) - SUM_BYTES;
        unsigned long long whole = ZSTD_getFrameContentSize(packed, size);

        must(whole < 64 * MIB);
        p.bytes = base_realloc(p.bytes, whole + 1, 1);
        p.count = ZSTD_decompress(p.bytes, whole, packed, size);
        must(!ZSTD_isError(p.count));
    }
    sqlite3_finalize(s);
    return p;
}

static void put_piece(const struct forge *f, sqlite3 *db, enum kind kind, int64_t id,
                      const struct piece *p)
{
    size_t room = ZSTD_compressBound(p->count) + SUM_BYTES;
    uint8_t *packed = base_alloc(room, 1);
    size_t size = ZSTD_compress(packed, room, p->bytes, p->count, 1);
    struct seal seal;
    char sql[128];
    sqlite3_stmt *s;

    seal_of(f, db, &seal);
    seal_sum(&seal, kind, (uint64_t)id, packed, size, packed + size);
    snprintf(sql, sizeof sql, "UPDATE %s SET bytes=? WHERE %s=%lld", index_tables[kind].name,
             id_names[kind], (long long)id);
    must(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK);
    sqlite3_bind_blob64(s, 1, packed, size + SUM_BYTES, SQLITE_STATIC);
    (void)sqlite3_step(s);
    sqlite3_finalize(s);
    free(packed);
}

/* The sum that a node or a state has in itself. */
static void sum_inside(struct piece *p, uint64_t id)
{
    if (p->count >= 8) {
        bytes_set_le(p->bytes + p->count - 8, 8,
                     hash_bytes(p->bytes, p->count - 8, NODE_SEED + id));
    }
}

static uint64_t extreme(struct forge *f, uint64_t which, unsigned bytes)
{
    uint64_t top = UINT64_C(1) << (8 * bytes - 1);

    return which == 0   ? top - 1
           : which == 1 ? top
           : which == 2 ? UINT64_MAX
                        : chance_next(&f->seed);
}

/* Some bytes of it are others. */
static void spoil(struct forge *f, struct piece *p)
{
    for (uint64_t n = 1 + chance(f, 4); n > 0 && p->count > 0; n--) {
        size_t at = (size_t)chance(f, p->count);
        unsigned size = 1u << chance(f, 4);

        if (size <= p->count - at) {
            bytes_set_le(p->bytes + at, size, extreme(f, chance(f, VALUES), size));
        }
    }
}

/* ---- elements of states ---- */

uint64_t forge_element_count(const struct forge *f)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < machine_part_count(f->like); i++) {
        for (size_t k = 0; k < machine_part(f->like, i)->table->field_count; k++) {
            count += machine_part(f->like, i)->table->fields[k].count;
        }
    }
    return count * VALUES;
}

/* Where element n is in the bytes of a state, as docs/checkpoints.md has them. */
static size_t place_of(struct forge *f, uint64_t n, const struct field **field, uint32_t *index)
{
    size_t at = 4 + 8 + 8 + 4; /* version, tick, instructions, parts */

    for (unsigned i = 0; i < machine_part_count(f->like); i++) {
        const struct machine_part *part = machine_part(f->like, i);

        at += 1 + strlen(part->name) + 4;
        for (size_t k = 0; k < part->table->field_count; k++) {
            *field = &part->table->fields[k];
            at += 1 + strlen((*field)->name) + 1 + 4;
            if (n < (*field)->count) {
                *index = (uint32_t)n;
                snprintf(f->what, sizeof f->what, "%s.%s[%u]", part->name, (*field)->name, *index);
                return at + (size_t)n * (*field)->element_size;
            }
            n -= (*field)->count;
            at += (size_t)(*field)->count * (*field)->element_size;
        }
    }
    must(!"there is no such element");
    return 0;
}

static void set_element(struct forge *f, struct piece *p, uint64_t n)
{
    const struct field *field;
    uint32_t index;
    size_t at = place_of(f, n / VALUES, &field, &index);
    uint64_t value = extreme(f, n % VALUES, field->element_size);
    size_t length = strlen(f->what);

    must(at + field->element_size <= p->count);
    bytes_set_le(p->bytes + at, field->element_size, value);
    snprintf(f->what + length, sizeof f->what - length, " = 0x%llx", (unsigned long long)value);
}

void forge_element(struct forge *f, uint64_t n)
{
    sqlite3 *db = open_copy(f);
    int64_t row = some_row(f, db, KIND_CHECKPOINT);
    struct piece p;

    row = row != 0 ? row : ask(db, "SELECT max(tick) FROM checkpoint");
    p = get_piece(db, KIND_CHECKPOINT, row);
    set_element(f, &p, n);
    sum_inside(&p, 0);
    put_piece(f, db, KIND_CHECKPOINT, row, &p);
    free(p.bytes);
    sqlite3_close(db);
}

/* ---- anything else ---- */

/* So that it says again what there is. */
static void seal_history(struct forge *f, sqlite3 *db, bool count_again)
{
    struct history h = {.begin = 0};
    uint64_t *numbers[HISTORY_NUMBERS];
    uint8_t sum[SUM_BYTES];
    struct seal seal;
    sqlite3_stmt *s;

    if (count_again) {
        run(db, "UPDATE history SET checkpoints=(SELECT count(*) FROM checkpoint),"
                " spans=(SELECT count(*) FROM span), begin=(SELECT min(tick) FROM span)");
    }
    if (sqlite3_prepare_v2(db, "SELECT * FROM history", -1, &s, NULL) != SQLITE_OK) {
        return;
    }
    history_numbers(&h, numbers);
    if (sqlite3_step(s) == SQLITE_ROW) {
        for (int i = 0; i < (int)HISTORY_NUMBERS; i++) {
            *numbers[i] = (uint64_t)sqlite3_column_int64(s, i);
        }
    }
    sqlite3_finalize(s);
    seal_of(f, db, &seal);
    history_sum(&h, &seal, sum);
    if (sqlite3_prepare_v2(db, "UPDATE history SET sum=?", -1, &s, NULL) == SQLITE_OK) {
        sqlite3_bind_blob(s, 1, sum, SUM_BYTES, SQLITE_STATIC);
        (void)sqlite3_step(s);
        sqlite3_finalize(s);
    }
}

static void forge_piece(struct forge *f, sqlite3 *db)
{
    enum kind kind = (enum kind)chance(f, KIND_SPAN + 1);
    int64_t row = some_row(f, db, kind);
    struct piece p = get_piece(db, kind, row);

    snprintf(f->what, sizeof f->what, "bytes of %s %lld", index_tables[kind].name, (long long)row);
    if (kind == KIND_SPAN && chance(f, 3) == 0 && p.count > 32) {
        memset(p.bytes + 32, 0, p.count - 32); /* nothing happened there */
    } else if (kind == KIND_SPAN && chance(f, 20) == 0) {
        p.count = BOMB_BYTES;
        p.bytes = base_realloc(p.bytes, p.count, 1);
        memset(p.bytes, (int)chance(f, 2), p.count);
    } else if (chance(f, 4) == 0) {
        p.count = (size_t)chance(f, p.count + 1);
    } else {
        spoil(f, &p);
    }
    if (kind == KIND_NODE || kind == KIND_CHECKPOINT) {
        sum_inside(&p, kind == KIND_NODE ? (uint64_t)row : 0);
    }
    put_piece(f, db, kind, row, &p);
    free(p.bytes);
}

static void forge_rows(struct forge *f, sqlite3 *db)
{
    enum kind kind = (enum kind)chance(f, KIND_SPAN + 1);
    const char *table = index_tables[kind].name, *id = id_names[kind];
    long long a = some_row(f, db, kind), b = some_row(f, db, kind);
    char sql[400];

    switch (chance(f, 6)) {
    case 0: snprintf(sql, sizeof sql, "DELETE FROM %s WHERE %s=%lld", table, id, a); break;
    case 1: snprintf(sql, sizeof sql, "DELETE FROM %s", table); break;
    case 2:
        snprintf(sql, sizeof sql,
                 "CREATE TEMP TABLE t AS SELECT * FROM %s WHERE %s=%lld;"
                 "UPDATE t SET %s=%lld; INSERT INTO %s SELECT * FROM t",
                 table, id, a, id, a + 1, table);
        break;
    case 3:
        snprintf(sql, sizeof sql,
                 "CREATE TEMP TABLE t AS SELECT * FROM %s WHERE %s=%lld;"
                 "UPDATE %s SET bytes=(SELECT bytes FROM %s WHERE %s=%lld) WHERE %s=%lld;"
                 "UPDATE %s SET bytes=(SELECT bytes FROM t) WHERE %s=%lld",
                 table, id, a, table, table, id, b, id, a, table, id, b);
        break;
    case 4:
        snprintf(sql, sizeof sql, "UPDATE %s SET %s=%lld WHERE %s=%lld", table, id,
                 (long long)extreme(f, chance(f, VALUES), 8), id, a);
        break;
    default:
        snprintf(sql, sizeof sql, "INSERT INTO history SELECT * FROM history"); /* twice */
        break;
    }
    run(db, sql);
    snprintf(f->what, sizeof f->what, "rows: %.140s", sql);
    if (chance(f, 2) == 0) {
        seal_history(f, db, true);
    }
}

static void forge_history(struct forge *f, sqlite3 *db)
{
    static const char *const columns[] = {"begin", "checkpoints",    "spans",           "pages",
                                          "lines", "lines_left_out", "footprint_bytes", "inputs"};
    char sql[160];

    snprintf(sql, sizeof sql, "UPDATE history SET %s=%lld", columns[chance(f, ARRAY_LEN(columns))],
             (long long)extreme(f, chance(f, VALUES), 1u << chance(f, 4)));
    run(db, sql);
    seal_history(f, db, false);
    snprintf(f->what, sizeof f->what, "%s", sql);
}

#define ENDLESS "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT "

static void forge_schema(struct forge *f, sqlite3 *db)
{
    static const char *const all[] = {
        "DROP TABLE span; CREATE VIEW span AS " ENDLESS
        "x AS tick, x AS ending, 0 AS inputs, 0 AS exceptions, 0 AS interrupts, x AS bytes FROM c",
        "DROP TABLE page; CREATE VIEW page AS " ENDLESS "x AS id, x AS bytes FROM c",
        "DROP TABLE node; CREATE VIEW node AS " ENDLESS "x AS id, x AS bytes FROM c",
        "DROP TABLE checkpoint; CREATE VIEW checkpoint AS " ENDLESS "x AS tick, x AS bytes FROM c",
        "ALTER TABLE history RENAME TO h; CREATE VIEW history AS SELECT * FROM h",
        "CREATE VIEW more AS " ENDLESS "x FROM c",
        "CREATE TRIGGER t AFTER INSERT ON line BEGIN DELETE FROM page; END",
        "CREATE INDEX i ON span(ending)",
        "CREATE INDEX i ON span(abs(ending))",
        "CREATE VIRTUAL TABLE more USING fts5(x)",
        "DROP TABLE line; CREATE VIRTUAL TABLE line USING fts3(tick, port, text)",
        "CREATE VIRTUAL TABLE more USING rtree(a, b, c)",
        "DROP TABLE page",
        "DROP TABLE node",
        "DROP TABLE checkpoint",
        "DROP TABLE span",
        "DROP TABLE line",
        "DROP TABLE history",
        "ALTER TABLE page ADD COLUMN more",
        "ALTER TABLE history ADD COLUMN more AS (randomblob(100000000))",
        "CREATE TABLE more(x)",
        "ALTER TABLE span RENAME TO spam",
        "ALTER TABLE node RENAME TO t; CREATE TABLE node(id INTEGER PRIMARY KEY, bytes BLOB) "
        "WITHOUT"
        " ROWID; INSERT INTO node SELECT * FROM t; DROP TABLE t",
        "PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage=1 WHERE name='page'",
        "PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage=0 WHERE name='span'",
        "PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage=99999999 WHERE name='node'",
        "PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage=(SELECT rootpage FROM"
        " sqlite_master WHERE name='span') WHERE name='checkpoint'",
        "PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql='CREATE TABLE page(id INTEGER"
        " PRIMARY KEY, bytes BLOB DEFAULT (randomblob(1000000000)))' WHERE name='page'",
        "PRAGMA writable_schema=ON; UPDATE sqlite_master SET type='view' WHERE name='page'",
        "PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql=NULL WHERE name='page'",
        "PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql=sql||zeroblob(100000)",
        "PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql='CREATE' WHERE name='history'",
        "PRAGMA user_version=2",
        "PRAGMA application_id=7",
        "PRAGMA page_size=512; VACUUM",
        "PRAGMA auto_vacuum=FULL; VACUUM",
        "PRAGMA encoding='UTF-16'; VACUUM",
        "PRAGMA journal_mode=WAL",
        "UPDATE page SET bytes=NULL",
        "UPDATE node SET bytes='text'",
        "UPDATE checkpoint SET bytes=1.5",
        "UPDATE span SET bytes=zeroblob(length(bytes))",
        "UPDATE span SET bytes=zeroblob(80000000) WHERE tick=(SELECT max(tick) FROM span)",
        "UPDATE checkpoint SET bytes=zeroblob(15)",
        "UPDATE history SET nonce=NULL",
        "UPDATE history SET nonce='text', sum=x''",
        "UPDATE history SET identity='7', ending='x'",
        "UPDATE span SET ending=NULL, inputs='x'",
        "INSERT INTO history(identity) VALUES(NULL)",
    };
    const char *sql = all[chance(f, ARRAY_LEN(all))];

    run(db, sql);
    snprintf(f->what, sizeof f->what, "%.150s", sql);
    if (chance(f, 2) == 0) {
        seal_history(f, db, false); /* counting what a view gives would take for ever */
    }
}

/* The bytes of the file, whatever they mean. */
static void forge_file(struct forge *f)
{
    uint8_t *bytes = base_alloc(f->honest_size + 16384, 1);
    size_t size = f->honest_size;
    uint64_t how = chance(f, 8);

    memcpy(bytes, f->honest, size);
    if (how == 0) {
        size = (size_t)chance(f, size);
    } else if (how == 1) {
        size += 16384;
    } else {
        struct piece p = {.bytes = bytes, .count = how < 4 ? 100 : size};

        /* A database page at once, sometimes: its cells and pointers. */
        if (how == 4) {
            p.bytes += (size_t)chance(f, size / 16384) * 16384;
            p.count = 64;
        }
        spoil(f, &p);
    }
    write_file(f, bytes, size);
    snprintf(f->what, sizeof f->what, "bytes of the file, in way %llu", (unsigned long long)how);
    free(bytes);
}

void forge_any(struct forge *f)
{
    static void (*const ways[])(struct forge * f, sqlite3 * db) = {
        forge_piece, forge_piece, forge_piece, forge_rows, forge_rows, forge_history, forge_schema};
    uint64_t way = chance(f, ARRAY_LEN(ways) + 2);
    sqlite3 *db;

    if (way >= ARRAY_LEN(ways)) {
        forge_file(f);
        return;
    }
    db = open_copy(f);
    ways[way](f, db);
    sqlite3_close(db);
}
