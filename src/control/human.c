/* SPDX-License-Identifier: GPL-2.0-or-later
 * human: the monitor for people: a prompt, a line, what it comes to. Names and arguments are the
 * reference's; numbers may be expressions (expression.c). A line becomes the same call as QMP's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "control/internal.h"

/* ---- showing ---- */

/* A terminal in raw mode wants both. */
void human_write(struct control_monitor *m, const char *text, size_t count)
{
    struct text out = {0};

    for (size_t i = 0; i < count; i++) {
        if (text[i] == '\n') {
            text_add_bytes(&out, "\r", 1);
        }
        text_add_bytes(&out, text + i, 1);
    }
    if (out.length > 0) {
        m->front.write(m->front.opaque, out.data, out.length);
    }
    text_fini(&out);
}

void human_connect(struct control_monitor *m)
{
    struct text line = {0};

    m->hart = 0;
    text_add(&line, "%s monitor - type 'help' for more information\n" HUMAN_PROMPT,
             m->control->options.program);
    human_write(m, line.data, line.length);
    text_fini(&line);
}

/* ---- arguments ---- */

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* A word, or what is in double quotes, where \" and \\ are meant. False: the quotes are not closed. */
static bool take_word(const char **at, struct text *word)
{
    const char *c = skip_blanks(*at);
    bool quoted = *c == '"';

    c += quoted;
    while (*c != '\0' && (quoted ? *c != '"' : *c != ' ' && *c != '\t')) {
        c += quoted && *c == '\\' && c[1] != '\0';
        text_add_bytes(word, c++, 1);
    }
    if (quoted && *c != '"') {
        return false;
    }
    *at = skip_blanks(c + quoted);
    return true;
}

static bool take_bool(const char **at, struct json_object **value)
{
    struct text word = {0};
    bool is_on, is_good;

    is_good = take_word(at, &word) && word.length > 0;
    is_on = is_good && strcmp(word.data, "on") == 0;
    is_good = is_good && (is_on || strcmp(word.data, "off") == 0);
    text_fini(&word);
    *value = is_good ? json_object_new_boolean(is_on) : NULL;
    return is_good;
}

/* *value NULL: it is not there, and need not be. False and an error. */
static bool take_argument(struct call *k, const struct argument *a, const char **at,
                          struct json_object **value)
{
    struct text word = {0};
    const char *rest;
    uint64_t number;
    bool is_good = true;

    *value = NULL;
    *at = skip_blanks(*at);
    if (a->kind == ARGUMENT_FORMAT && **at != '/') {
        return true;
    }
    if (**at == '\0') {
        return a->is_optional || call_fail(k, "'%s' wants %s: see `help %s`", k->command->human,
                                           a->name, k->command->human) != NULL;
    }
    switch (a->kind) {
    case ARGUMENT_NUMBER:
        rest = expression_parse(k->control, k->hart, *at, &number, &k->e);
        if (rest == NULL) {
            return false;
        }
        *at = skip_blanks(rest);
        *value = number > INT64_MAX ? json_object_new_uint64(number)
                                    : json_object_new_int64((int64_t)number);
        return true;
    case ARGUMENT_BOOL:
        return take_bool(at, value) || call_fail(k, "%s: on or off is wanted", a->name) != NULL;
    case ARGUMENT_LINE:
    case ARGUMENT_VALUE:
        *value = json_object_new_string(*at);
        *at += strlen(*at);
        return true;
    case ARGUMENT_TEXT:
    case ARGUMENT_FORMAT: break;
    }
    is_good = take_word(at, &word);
    *value = is_good ? json_object_new_string(word.length > 0 ? word.data : "") : NULL;
    text_fini(&word);
    return is_good || call_fail(k, "a quote is not closed") != NULL;
}

static bool take_arguments(struct call *k, const char *at)
{
    unsigned count = command_argument_count(k->command);

    k->arguments = json_object_new_object();
    for (unsigned i = 0; i < count; i++) {
        struct json_object *value;

        if (!take_argument(k, &k->command->arguments[i], &at, &value)) {
            return false;
        }
        if (value != NULL) {
            json_object_object_add(k->arguments, k->command->arguments[i].name, value);
        }
    }
    return *skip_blanks(at) == '\0' || call_fail(k, "'%s' is too much: see `help %s`",
                                                 skip_blanks(at), k->command->human) != NULL;
}

/* ---- a line ---- */

static void run_command(struct call *k, const char *rest, struct text *out)
{
    struct json_object *answer = take_arguments(k, rest) && call_check(k) ? call_run(k) : NULL;

    if (answer == NULL) {
        text_add(out, "Error: %s\n", k->e.text);
    } else if (k->command->show != NULL) {
        k->command->show(k, answer, out);
    }
    if (k->out.length > 0) {
        text_add_bytes(out, k->out.data, k->out.length);
    }
    json_object_put(answer);
}

bool human_run(struct control_monitor *m, const char *line, unsigned hart, bool at_rest,
               struct text *out)
{
    struct call k = {.control = m->control, .monitor = m, .hart = hart};
    const char *rest;

    line = skip_blanks(line);
    if (*line == '\0' || *line == '#') {
        return true;
    }
    k.command = command_of_line(line, &rest);
    if (k.command == NULL) {
        struct text word = {0};

        text_add_visible(&word, line, strcspn(line, " \t"), "");
        text_add(out, "unknown command: '%s'\n", word.data);
        text_fini(&word);
        return true;
    }
    if ((k.command->flags & COMMAND_MOVES) != 0 && !at_rest) {
        return false;
    }
    run_command(&k, rest, out);
    if (out->length > CONTROL_ANSWER_MAX) {
        out->length = CONTROL_ANSWER_MAX;
        text_add(out, "\n(the rest is left out: an answer is not longer)\n");
    }
    call_fini(&k);
    return true;
}

/* The line that was typed. False: it waits. */
static bool run_line(struct control_monitor *m, bool at_rest)
{
    struct text out = {0};
    bool done;

    m->is_busy = true;
    done = human_run(m, m->edit.line, m->hart, at_rest, &out);
    m->is_busy = false;
    if (done) {
        edit_next(&m->edit);
        if (!m->control->is_over) {
            text_add(&out, HUMAN_PROMPT);
        }
        human_write(m, out.data, out.length);
    }
    text_fini(&out);
    m->is_held = !done;
    return done;
}

size_t human_input(struct control_monitor *m, const char *bytes, size_t count, bool at_rest)
{
    size_t used = 0;

    if (m->is_held && (!at_rest || !run_line(m, true))) {
        return 0;
    }
    while (used < count && !m->is_held && !m->control->is_over) {
        struct text echo = {0};
        bool is_whole =
            edit_key(&m->edit, (uint8_t)bytes[used++], human_complete, HUMAN_PROMPT, &echo);

        if (echo.length > 0) {
            m->front.write(m->front.opaque, echo.data, echo.length);
        }
        text_fini(&echo);
        if (is_whole) {
            (void)run_line(m, at_rest);
        }
    }
    return used;
}
