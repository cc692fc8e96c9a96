/* SPDX-License-Identifier: GPL-2.0-or-later
 * schema: query-qmp-schema, made of the table of commands: what a program may ask for, and with what. What
 * an answer is made of is told as any object or list.
 */
#include <stdio.h>

#include "control/internal.h"

static const char *const events[] = {"POWERDOWN", "RESET", "RESUME", "SHUTDOWN", "STOP"};

static struct json_object *entry(struct json_object *list, const char *name, const char *meta)
{
    struct json_object *o = json_object_new_object();

    json_add_text(o, "name", name);
    json_add_text(o, "meta-type", meta);
    json_object_array_add(list, o);
    return o;
}

static void add_builtins(struct json_object *list)
{
    static const struct {
        const char *name, *json;
    } builtins[] = {
        {"str", "string"}, {"int", "int"}, {"bool", "boolean"}, {"any", "value"}, {"null", "null"}};

    for (size_t i = 0; i < ARRAY_LEN(builtins); i++) {
        json_add_text(entry(list, builtins[i].name, "builtin"), "json-type", builtins[i].json);
    }
    json_add_text(entry(list, "[any]", "array"), "element-type", "any");
    json_object_object_add(entry(list, "q_empty", "object"), "members", json_object_new_array());
}

static const char *type_of(enum argument_kind kind)
{
    switch (kind) {
    case ARGUMENT_NUMBER: return "int";
    case ARGUMENT_BOOL: return "bool";
    case ARGUMENT_VALUE: return "any";
    case ARGUMENT_TEXT:
    case ARGUMENT_LINE:
    case ARGUMENT_FORMAT: break;
    }
    return "str";
}

/* The type of its arguments, which is `name`. */
static void add_arguments(struct json_object *list, const char *name, const struct command *d)
{
    struct json_object *members = json_object_new_array();

    for (unsigned i = 0; i < command_argument_count(d); i++) {
        struct json_object *m = json_object_new_object();

        json_add_text(m, "name", d->arguments[i].name);
        json_add_text(m, "type", type_of(d->arguments[i].kind));
        if (d->arguments[i].is_optional) {
            json_object_object_add(m, "default", NULL);
        }
        json_object_array_add(members, m);
    }
    json_object_object_add(entry(list, name, "object"), "members", members);
}

struct json_object *run_schema(struct call *k)
{
    struct json_object *list = json_object_new_array();

    (void)k;
    add_builtins(list);
    for (size_t i = 0; i < control_command_count; i++) {
        const struct command *d = &control_commands[i];
        struct json_object *o;
        char name[64] = "q_empty";

        if (d->qmp == NULL || d->run == NULL) {
            continue;
        }
        o = entry(list, d->qmp, "command");
        if (command_argument_count(d) > 0) {
            snprintf(name, sizeof name, "q_obj_%s-arg", d->qmp);
            add_arguments(list, name, d);
        }
        json_add_text(o, "arg-type", name);
        json_add_text(o, "ret-type", (d->flags & COMMAND_LIST) != 0 ? "[any]" : "any");
        json_add_bool(o, "allow-oob", false);
    }
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        json_add_text(entry(list, events[i], "event"), "arg-type", "q_empty");
    }
    return list;
}

struct json_object *run_events(struct call *k)
{
    struct json_object *list = json_object_new_array();

    (void)k;
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        struct json_object *o = json_object_new_object();

        json_add_text(o, "name", events[i]);
        json_object_array_add(list, o);
    }
    return list;
}
