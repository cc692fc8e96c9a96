/* SPDX-License-Identifier: GPL-2.0-or-later
 * json: what is said in JSON, spaced as the reference spaces it: scripts compare lines.
 */
#include "control/internal.h"

static void begin_line(unsigned indent, unsigned depth, struct text *out)
{
    if (indent > 0) {
        text_add(out, "\n%*s", (int)(indent * depth), "");
    }
}

static void write_value(struct json_object *o, unsigned indent, unsigned depth, struct text *out);

static void write_object(struct json_object *o, unsigned indent, unsigned depth, struct text *out)
{
    const char *between = indent > 0 ? "," : ", ";
    bool is_first = true;

    text_add(out, "{");
    json_object_object_foreach(o, key, value)
    {
        struct json_object *name = json_object_new_string(key);

        text_add(out, "%s", is_first ? "" : between);
        is_first = false;
        begin_line(indent, depth + 1, out);
        write_value(name, 0, 0, out);
        text_add(out, ": ");
        write_value(value, indent, depth + 1, out);
        json_object_put(name);
    }
    if (!is_first) {
        begin_line(indent, depth, out);
    }
    text_add(out, "}");
}

static void write_array(struct json_object *o, unsigned indent, unsigned depth, struct text *out)
{
    size_t count = json_object_array_length(o);

    text_add(out, "[");
    for (size_t i = 0; i < count; i++) {
        text_add(out, "%s", i == 0 ? "" : indent > 0 ? "," : ", ");
        begin_line(indent, depth + 1, out);
        write_value(json_object_array_get_idx(o, i), indent, depth + 1, out);
    }
    if (count > 0) {
        begin_line(indent, depth, out);
    }
    text_add(out, "]");
}

static void write_value(struct json_object *o, unsigned indent, unsigned depth, struct text *out)
{
    if (json_object_is_type(o, json_type_object)) {
        write_object(o, indent, depth, out);
    } else if (json_object_is_type(o, json_type_array)) {
        write_array(o, indent, depth, out);
    } else {
        text_add(out, "%s",
                 json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
                                                       JSON_C_TO_STRING_NOSLASHESCAPE));
    }
}

void json_write(struct json_object *o, unsigned indent, struct text *out)
{
    write_value(o, indent, 0, out);
}

struct json_object *json_text(const char *text)
{
    struct text seen = {0};
    struct json_object *o;

    text_add_visible(&seen, text, strlen(text), "\n\r\t");
    o = json_object_new_string_len(seen.length > 0 ? seen.data : "", (int)seen.length);
    text_fini(&seen);
    return o;
}

void json_add_text(struct json_object *o, const char *key, const char *text)
{
    json_object_object_add(o, key, json_text(text));
}

void json_add_int(struct json_object *o, const char *key, int64_t value)
{
    json_object_object_add(o, key, json_object_new_int64(value));
}

void json_add_bool(struct json_object *o, const char *key, bool value)
{
    json_object_object_add(o, key, json_object_new_boolean(value));
}

const char *json_get_text(struct json_object *o, const char *key)
{
    struct json_object *value = json_object_object_get(o, key);

    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

int64_t json_get_int(struct json_object *o, const char *key)
{
    struct json_object *value = json_object_object_get(o, key);

    return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;
}

bool json_get_bool(struct json_object *o, const char *key)
{
    struct json_object *value = json_object_object_get(o, key);

    return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}
