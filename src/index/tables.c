/* SPDX-License-Identifier: GPL-2.0-or-later
 * tables: what an index may be made of. SQLite is told to bound everything, and a database that has
 * anything but our plain tables is refused before a row of it is looked at.
 */
#include <stdio.h>

#include "index/internal.h"

const struct table index_tables[KINDS] = {
    [KIND_PAGE] = {"page", "CREATE TABLE page(id INTEGER PRIMARY KEY, bytes BLOB)"},
    [KIND_NODE] = {"node", "CREATE TABLE node(id INTEGER PRIMARY KEY, bytes BLOB)"},
    [KIND_CHECKPOINT] = {"checkpoint",
                         "CREATE TABLE checkpoint(tick INTEGER PRIMARY KEY, bytes BLOB)"},
    [KIND_SPAN] = {"span", "CREATE TABLE span(tick INTEGER PRIMARY KEY, ending INTEGER,"
                           " inputs INTEGER, exceptions INTEGER, interrupts INTEGER, bytes BLOB)"},
    [KIND_LINE] = {"line", "CREATE TABLE line(tick INTEGER, port TEXT, text TEXT)"},
    [KIND_HISTORY] = {"history",
                      "CREATE TABLE history(identity INTEGER, ending INTEGER, begin INTEGER,"
                      " checkpoints INTEGER, spans INTEGER, pages INTEGER, nodes INTEGER,"
                      " lines INTEGER, lines_left_out INTEGER, footprint_bytes INTEGER,"
                      " inputs INTEGER, exceptions INTEGER, interrupts INTEGER,"
                      " nonce BLOB, sum BLOB)"},
};

int index_says(sqlite3 *db, const char *path, struct error *e)
{
    return error_set(e, "%s: %s", path, db != NULL ? sqlite3_errmsg(db) : "out of memory");
}

void index_set_limits(sqlite3 *db)
{
    static const struct {
        int which, most;
    } limits[] = {
        {SQLITE_LIMIT_LENGTH, (int)BLOB_BYTES_MAX},
        {SQLITE_LIMIT_SQL_LENGTH, 1024},
        {SQLITE_LIMIT_COLUMN, 16},
        {SQLITE_LIMIT_EXPR_DEPTH, 16},
        {SQLITE_LIMIT_COMPOUND_SELECT, 1},
        {SQLITE_LIMIT_VDBE_OP, 512},
        {SQLITE_LIMIT_FUNCTION_ARG, 2},
        {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1},
        {SQLITE_LIMIT_VARIABLE_NUMBER, 16},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 0},
        {SQLITE_LIMIT_WORKER_THREADS, 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        sqlite3_limit(db, limits[i].which, limits[i].most);
    }
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0, NULL);
}

static bool text_is(sqlite3_stmt *s, int column, const char *text)
{
    return sqlite3_column_type(s, column) == SQLITE_TEXT &&
           strcmp((const char *)sqlite3_column_text(s, column), text) == 0;
}

static bool row_is(sqlite3_stmt *s, const struct table *t)
{
    return text_is(s, 0, "table") && text_is(s, 1, t->name) && text_is(s, 2, t->name) &&
           text_is(s, 3, t->sql);
}

int index_check_tables(sqlite3 *db, const char *path, struct error *e)
{
    sqlite3_stmt *s;
    unsigned count = 0;
    int step;

    if (sqlite3_prepare_v2(db, "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid",
                           -1, &s, NULL) != SQLITE_OK) {
        return index_says(db, path, e);
    }
    while ((step = sqlite3_step(s)) == SQLITE_ROW) {
        if (count == KINDS || !row_is(s, &index_tables[count])) {
            break;
        }
        count++;
    }
    if (step != SQLITE_ROW && step != SQLITE_DONE) {
        index_says(db, path, e);
    }
    sqlite3_finalize(s);
    if (step == SQLITE_ROW || (step == SQLITE_DONE && count != KINDS)) {
        return error_set(e, "%s: damaged: its tables are not those of an index", path);
    }
    return step == SQLITE_DONE ? 0 : -1;
}
