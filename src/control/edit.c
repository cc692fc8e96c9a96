/* SPDX-License-Identifier: GPL-2.0-or-later
 * edit: a line that a person types at a terminal, raw, with the keys that people's fingers know from other
 * lines: arrows, Ctrl-A E B F D K U W P N, Home, End, Delete, Tab. A program that sends whole lines is
 * served the same way.
 */
#include <stdio.h>
#include <stdlib.h>

#include "control/internal.h"

#define CTRL(letter) ((letter) - 'A' + 1)
enum { ESCAPE = 27, RUBOUT = 127 };
enum { PLAIN, AFTER_ESCAPE, IN_SEQUENCE, ONE_MORE };

static void redraw(const struct edit *e, const char *prompt, struct text *echo)
{
    text_add(echo, "\r%s%.*s\x1b[K", prompt, (int)e->length, e->line);
    if (e->cursor < e->length) {
        text_add(echo, "\x1b[%zuD", e->length - e->cursor);
    }
}

static void insert(struct edit *e, const char *bytes, size_t count, const char *prompt,
                   struct text *echo)
{
    if (count > LINE_BYTES_MAX - e->length) {
        text_add(echo, "\a");
        return;
    }
    memmove(e->line + e->cursor + count, e->line + e->cursor, e->length - e->cursor);
    memcpy(e->line + e->cursor, bytes, count);
    e->length += count;
    e->cursor += count;
    if (e->cursor == e->length) {
        text_add_bytes(echo, bytes, count);
    } else {
        redraw(e, prompt, echo);
    }
}

static void cut(struct edit *e, size_t from, size_t to)
{
    memmove(e->line + from, e->line + to, e->length - to);
    e->length -= to - from;
    e->cursor = from;
}

static void cut_word(struct edit *e)
{
    size_t from = e->cursor;

    while (from > 0 && e->line[from - 1] == ' ') {
        from--;
    }
    while (from > 0 && e->line[from - 1] != ' ') {
        from--;
    }
    cut(e, from, e->cursor);
}

/* ---- history ---- */

static void replace(struct edit *e, const char *line)
{
    e->length = e->cursor = strlen(line);
    memcpy(e->line, line, e->length);
}

static void older(struct edit *e)
{
    if (e->history_at == 0) {
        return;
    }
    if (e->history_at == e->history_count) {
        free(e->draft);
        e->line[e->length] = '\0';
        e->draft = base_strdup(e->line);
    }
    replace(e, e->history[--e->history_at]);
}

static void newer(struct edit *e)
{
    if (e->history_at == e->history_count) {
        return;
    }
    e->history_at++;
    replace(e, e->history_at < e->history_count ? e->history[e->history_at]
               : e->draft != NULL               ? e->draft
                                                : "");
}

static void remember(struct edit *e)
{
    if (e->length == 0 ||
        (e->history_count > 0 && strcmp(e->history[e->history_count - 1], e->line) == 0)) {
        return;
    }
    if (e->history_count == HISTORY_LINES) {
        free(e->history[0]);
        memmove(e->history, e->history + 1, (HISTORY_LINES - 1) * sizeof(e->history[0]));
        e->history_count--;
    }
    e->history[e->history_count++] = base_strdup(e->line);
}

/* ---- completion ---- */

static void complete_line(struct edit *e, edit_complete *complete, const char *prompt,
                          struct text *echo)
{
    char *words[COMPLETIONS_MAX];
    size_t count, common, begin = e->cursor;

    e->line[e->length] = '\0';
    while (begin > 0 && e->line[begin - 1] != ' ') {
        begin--;
    }
    count = complete != NULL ? complete(e->line, e->cursor, words, COMPLETIONS_MAX) : 0;
    common = count > 0 ? strlen(words[0]) : 0;
    for (size_t i = 1; i < count; i++) {
        size_t n = 0;

        while (n < common && words[i][n] == words[0][n]) {
            n++;
        }
        common = n;
    }
    if (common > e->cursor - begin) {
        insert(e, words[0] + (e->cursor - begin), common - (e->cursor - begin), prompt, echo);
    } else if (count > 1) {
        text_add(echo, "\r\n");
        for (size_t i = 0; i < count; i++) {
            text_add(echo, "%s%s", words[i], i + 1 < count ? "  " : "\r\n");
        }
        redraw(e, prompt, echo);
    }
    if (count == 1 && e->cursor == e->length) {
        insert(e, " ", 1, prompt, echo);
    }
    for (size_t i = 0; i < count; i++) {
        free(words[i]);
    }
}

/* ---- keys ---- */

static bool control_key(struct edit *e, uint8_t key)
{
    switch (key) {
    case CTRL('A'): e->cursor = 0; return true;
    case CTRL('E'): e->cursor = e->length; return true;
    case CTRL('B'): e->cursor -= e->cursor > 0; return true;
    case CTRL('F'): e->cursor += e->cursor < e->length; return true;
    case CTRL('K'): e->length = e->cursor; return true;
    case CTRL('U'): cut(e, 0, e->cursor); return true;
    case CTRL('W'): cut_word(e); return true;
    case CTRL('P'): older(e); return true;
    case CTRL('N'): newer(e); return true;
    case CTRL('L'): return true;
    case CTRL('C'): e->length = e->cursor = 0; return true;
    case CTRL('D'):
        if (e->cursor < e->length) {
            cut(e, e->cursor, e->cursor + 1);
        }
        return true;
    case CTRL('H'):
    case RUBOUT:
        if (e->cursor > 0) {
            cut(e, e->cursor - 1, e->cursor);
        }
        return true;
    default: return false;
    }
}

/* The end of ESC [ NUMBER KEY, or ESC O KEY, as the key that does the same. */
static uint8_t key_of_sequence(uint8_t key, unsigned number)
{
    switch (key) {
    case 'A': return CTRL('P');
    case 'B': return CTRL('N');
    case 'C': return CTRL('F');
    case 'D': return CTRL('B');
    case 'H': return CTRL('A');
    case 'F': return CTRL('E');
    case '~':
        return number == 3                  ? CTRL('D')
               : number == 1 || number == 7 ? CTRL('A')
               : number == 4 || number == 8 ? CTRL('E')
                                            : 0;
    default: return 0;
    }
}

/* True: the key was part of a sequence; *key is what it came to, or 0. */
static bool take_escape(struct edit *e, uint8_t *key)
{
    uint8_t k = *key;

    *key = 0;
    switch (e->escape) {
    case PLAIN:
        *key = k;
        e->escape = k == ESCAPE ? AFTER_ESCAPE : PLAIN;
        e->number = 0;
        return k == ESCAPE;
    case AFTER_ESCAPE:
        e->escape = k == '[' ? IN_SEQUENCE : k == 'O' ? ONE_MORE : PLAIN;
        return true;
    case IN_SEQUENCE:
        if (k >= '0' && k <= '9') {
            e->number = e->number < 100 ? e->number * 10 + (k - '0') : e->number;
            return true;
        }
        if (k == ';') {
            return true;
        }
        break;
    default: break;
    }
    e->escape = PLAIN;
    *key = key_of_sequence(k, e->number);
    return true;
}

bool edit_key(struct edit *e, uint8_t key, edit_complete *complete, const char *prompt,
              struct text *echo)
{
    bool was_return = e->was_return;
    char byte;

    e->was_return = key == '\r';
    if (key == '\n' && was_return) {
        return false;
    }
    if (take_escape(e, &key) && (key == 0 || key == ESCAPE)) {
        return false;
    }
    byte = (char)key;
    if (key == '\r' || key == '\n') {
        e->line[e->length] = '\0';
        text_add(echo, "\r\n");
        remember(e);
        return true;
    }
    if (key == '\t') {
        complete_line(e, complete, prompt, echo);
    } else if (control_key(e, key)) {
        redraw(e, prompt, echo);
    } else if (key >= ' ') {
        insert(e, &byte, 1, prompt, echo);
    }
    return false;
}

void edit_next(struct edit *e)
{
    e->length = e->cursor = 0;
    e->line[0] = '\0';
    e->escape = PLAIN;
    e->history_at = e->history_count;
    free(e->draft);
    e->draft = NULL;
}

void edit_fini(struct edit *e)
{
    for (unsigned i = 0; i < e->history_count; i++) {
        free(e->history[i]);
    }
    e->history_count = 0;
    free(e->draft);
    e->draft = NULL;
}
