/* SPDX-License-Identifier: GPL-2.0-or-later
 * qmp: the monitor for programs, after the reference's specification of its protocol: a greeting,
 * capabilities to be negotiated (there are none: commands are not taken out of their order), commands with
 * their ids, one answer in one line each, and events with the host's time.
 */
#include <stdlib.h>

#include "control/internal.h"

/* The protocol's numbers, for those who choose by them what they may ask. */
enum { VERSION_MAJOR = 10, VERSION_MINOR = 0, VERSION_MICRO = 0 };

static void send(struct control_monitor *m, struct json_object *o)
{
    struct text line = {0};

    json_write(o, m->front.is_pretty ? 4 : 0, &line);
    text_add(&line, "\r\n");
    m->front.write(m->front.opaque, line.data, line.length);
    text_fini(&line);
    json_object_put(o);
}

/* ---- what is said unasked ---- */

struct json_object *qmp_version(const struct control *c)
{
    struct json_object *o = json_object_new_object(), *numbers = json_object_new_object();

    json_add_int(numbers, "micro", VERSION_MICRO);
    json_add_int(numbers, "minor", VERSION_MINOR);
    json_add_int(numbers, "major", VERSION_MAJOR);
    json_object_object_add(o, "qemu", numbers);
    json_add_text(o, "package", c->options.program);
    return o;
}

void qmp_connect(struct control_monitor *m)
{
    struct json_object *o = json_object_new_object(), *greeting = json_object_new_object();

    json_object_object_add(greeting, "version", qmp_version(m->control));
    json_object_object_add(greeting, "capabilities", json_object_new_array());
    json_object_object_add(o, "QMP", greeting);
    frame_reset(&m->frame);
    send(m, o);
}

void control_event(struct control *c, const char *name, struct json_object *data)
{
    uint64_t us = c->options.epoch_us != NULL ? c->options.epoch_us(c->options.opaque) : 0;

    for (size_t i = 0; i < c->monitors.count; i++) {
        struct control_monitor *m = c->monitors.data[i];
        struct json_object *o, *time;

        if (!m->front.is_qmp || !m->is_negotiated || !m->is_connected) {
            continue;
        }
        o = json_object_new_object();
        time = json_object_new_object();
        json_add_int(time, "seconds", (int64_t)(us / 1000000));
        json_add_int(time, "microseconds", (int64_t)(us % 1000000));
        json_object_object_add(o, "timestamp", time);
        json_add_text(o, "event", name);
        if (data != NULL) {
            json_object_object_add(o, "data", json_object_get(data));
        }
        send(m, o);
    }
    json_object_put(data);
}

/* ---- answers ---- */

/* `id` NULL: it had none. */
static void answer(struct control_monitor *m, struct json_object *id, const char *key,
                   struct json_object *value)
{
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, key, value);
    if (id != NULL) {
        json_object_object_add(o, "id", json_object_get(id));
    }
    send(m, o);
}

static void refuse(struct control_monitor *m, struct json_object *id, const char *class,
                   const char *sentence)
{
    struct json_object *error = json_object_new_object();

    json_add_text(error, "class", class != NULL ? class : "GenericError");
    json_add_text(error, "desc", sentence);
    answer(m, id, "error", error);
}

/* ---- one command ---- */

/* What it is made of is what the protocol allows. NULL and a sentence. */
static const char *check_members(struct json_object *o, struct error *e)
{
    struct json_object *execute = json_object_object_get(o, "execute");

    json_object_object_foreach(o, key, value)
    {
        if (strcmp(key, "execute") == 0 && !json_object_is_type(value, json_type_string)) {
            error_set(e, "QMP input member 'execute' must be a string");
            return NULL;
        }
        if (strcmp(key, "arguments") == 0 && !json_object_is_type(value, json_type_object)) {
            error_set(e, "QMP input member 'arguments' must be an object");
            return NULL;
        }
        if (strcmp(key, "execute") != 0 && strcmp(key, "arguments") != 0 &&
            strcmp(key, "id") != 0) {
            error_set(e, "QMP input member '%.64s' is unexpected", key);
            return NULL;
        }
    }
    if (execute == NULL) {
        error_set(e, "QMP input lacks member 'execute'");
        return NULL;
    }
    return json_object_get_string(execute);
}

static const struct command *find_command(struct control_monitor *m, const char *name,
                                          struct error *e)
{
    const struct command *d = command_of_qmp(name);
    bool negotiates = d != NULL && (d->flags & COMMAND_EARLY) != 0;

    if (!m->is_negotiated && !negotiates) {
        error_set(e, "Expecting capabilities negotiation with 'qmp_capabilities'");
        return NULL;
    }
    if (d == NULL) {
        error_set(e, "The command %.64s has not been found", name);
        return NULL;
    }
    if (m->is_negotiated && negotiates) {
        error_set(e, "Capabilities negotiation is complete: the command %s is not taken again",
                  name);
        return NULL;
    }
    return d;
}

/* False: it wants the machine at rest, and nothing was done. */
static bool execute(struct control_monitor *m, struct json_object *o, bool at_rest)
{
    struct json_object *id = json_object_object_get(o, "id"), *result;
    struct call k = {.control = m->control, .monitor = m, .hart = m->hart};
    const char *name = check_members(o, &k.e);

    if (name == NULL) {
        refuse(m, id, NULL, k.e.text);
        return true;
    }
    k.command = find_command(m, name, &k.e);
    if (k.command == NULL) {
        refuse(m, id, "CommandNotFound", k.e.text);
        return true;
    }
    k.arguments = json_object_get(json_object_object_get(o, "arguments"));
    if (!at_rest && call_moves(&k)) {
        call_fini(&k);
        return false;
    }
    m->is_busy = true;
    result = call_check(&k) ? call_run(&k) : NULL;
    m->is_busy = false;
    if (result != NULL) {
        answer(m, id, "return", result);
    } else {
        refuse(m, id, k.class, k.e.text);
    }
    call_fini(&k);
    return true;
}

/* ---- the stream ---- */

static struct json_object *parse(const struct text *bytes, const char **why)
{
    struct json_tokener *t = json_tokener_new_ex(FRAME_DEPTH_MAX + 2);
    struct json_object *o;

    must(t != NULL);
    json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    o = json_tokener_parse_ex(t, bytes->data, (int)bytes->length + 1);
    if (o == NULL) {
        *why = json_tokener_error_desc(json_tokener_get_error(t));
    }
    json_tokener_free(t);
    return o;
}

static void take_value(struct control_monitor *m, bool at_rest)
{
    const char *why = "";
    struct json_object *o = parse(&m->frame.bytes, &why);
    struct error e;

    frame_reset(&m->frame);
    if (o == NULL) {
        error_set(&e, "JSON parse error, %s", why);
        refuse(m, NULL, NULL, e.text);
    } else if (!json_object_is_type(o, json_type_object)) {
        refuse(m, NULL, NULL, "QMP input must be a JSON object");
    } else if (!execute(m, o, at_rest)) {
        m->waiting = json_object_get(o);
        m->is_held = true;
    }
    json_object_put(o);
}

size_t qmp_input(struct control_monitor *m, const char *bytes, size_t count, bool at_rest)
{
    size_t used = 0;

    if (m->is_held) {
        struct json_object *o = m->waiting;

        if (!at_rest) {
            return 0;
        }
        m->is_held = false;
        m->waiting = NULL;
        must(execute(m, o, true));
        json_object_put(o);
    }
    while (used < count && !m->is_held && !m->control->is_over) {
        const char *why;

        switch (frame_take(&m->frame, bytes[used++], &why)) {
        case FRAME_MORE: break;
        case FRAME_BAD: refuse(m, NULL, NULL, why); break;
        case FRAME_WHOLE: take_value(m, at_rest); break;
        }
    }
    return used;
}
