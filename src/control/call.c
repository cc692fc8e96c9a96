/* SPDX-License-Identifier: GPL-2.0-or-later
 * call: one command, while it is done: its arguments against the table, and its answer.
 */
#include "control/internal.h"

struct json_object *call_fail(struct call *k, const char *format, ...)
{
    struct text sentence = {0};
    va_list args;

    va_start(args, format);
    text_add_v(&sentence, format, args);
    va_end(args);
    (void)error_set(&k->e, "%s", sentence.data);
    text_fini(&sentence);
    return NULL;
}

unsigned command_argument_count(const struct command *d)
{
    unsigned n = 0;

    while (n < ARGUMENTS_MAX && d->arguments[n].name != NULL) {
        n++;
    }
    return n;
}

static struct json_object *find(struct call *k, const char *name)
{
    return k->arguments != NULL ? json_object_object_get(k->arguments, name) : NULL;
}

bool call_has(struct call *k, const char *name)
{
    return find(k, name) != NULL;
}

uint64_t call_number(struct call *k, const char *name, uint64_t otherwise)
{
    struct json_object *o = find(k, name);

    if (o == NULL) {
        return otherwise;
    }
    /* What is below 0 is so modulo 2^64, as addresses are. */
    return json_object_get_int64(o) < 0 ? (uint64_t)json_object_get_int64(o)
                                        : json_object_get_uint64(o);
}

const char *call_text(struct call *k, const char *name)
{
    struct json_object *o = find(k, name);

    return o != NULL ? json_object_get_string(o) : NULL;
}

bool call_bool(struct call *k, const char *name)
{
    struct json_object *o = find(k, name);

    return o != NULL && json_object_get_boolean(o);
}

/* What is expected instead; NULL: it is of its kind. */
static const char *wrong_kind(const struct argument *a, struct json_object *o)
{
    switch (a->kind) {
    case ARGUMENT_NUMBER: return json_object_is_type(o, json_type_int) ? NULL : "integer";
    case ARGUMENT_BOOL: return json_object_is_type(o, json_type_boolean) ? NULL : "boolean";
    case ARGUMENT_VALUE: return NULL;
    case ARGUMENT_TEXT:
    case ARGUMENT_LINE:
    case ARGUMENT_FORMAT: break;
    }
    return json_object_is_type(o, json_type_string) ? NULL : "string";
}

static bool check_one(struct call *k, const struct argument *a)
{
    struct json_object *o = find(k, a->name);
    const char *wanted;

    if (o == NULL && !a->is_optional) {
        (void)call_fail(k, "Parameter '%s' is missing", a->name);
        return false;
    }
    wanted = o != NULL ? wrong_kind(a, o) : NULL;
    if (wanted != NULL) {
        (void)call_fail(k, "Invalid parameter type for '%s', expected: %s", a->name, wanted);
        return false;
    }
    if (o != NULL && json_object_is_type(o, json_type_string) &&
        strlen(json_object_get_string(o)) != (size_t)json_object_get_string_len(o)) {
        (void)call_fail(k, "Parameter '%s' has a character of no text in it", a->name);
        return false;
    }
    return true;
}

bool call_check(struct call *k)
{
    unsigned count = command_argument_count(k->command);

    for (unsigned i = 0; i < count; i++) {
        if (!check_one(k, &k->command->arguments[i])) {
            return false;
        }
    }
    if (k->arguments == NULL) {
        return true;
    }
    json_object_object_foreach(k->arguments, key, value)
    {
        unsigned i = 0;

        (void)value;
        while (i < count && strcmp(k->command->arguments[i].name, key) != 0) {
            i++;
        }
        if (i == count) {
            (void)call_fail(k, "Parameter '%.64s' is unexpected", key);
            return false;
        }
    }
    return true;
}

bool call_moves(struct call *k)
{
    const struct command *d = k->command;
    const char *line = d->run == run_human ? call_text(k, "command-line") : NULL, *rest;

    if (line != NULL) {
        d = command_of_line(line + strspn(line, " \t"), &rest);
    }
    return d != NULL && (d->flags & COMMAND_MOVES) != 0;
}

struct json_object *call_run(struct call *k)
{
    const char *holder;

    if (k->command->run == NULL) {
        return call_fail(k, "%s", k->command->refused);
    }
    holder = (k->command->flags & COMMAND_MOVES) != 0 ? control_holder(k->control) : NULL;
    return holder != NULL ? call_fail(k, "%s", holder) : k->command->run(k);
}

void call_fini(struct call *k)
{
    json_object_put(k->arguments);
    text_fini(&k->out);
}
