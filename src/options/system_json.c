/* SPDX-License-Identifier: GPL-2.0-or-later
 * system_json: values of options that are written as JSON objects, in the grammar with commas that
 * the tables know: {"driver": "x", "file": {"filename": "a,b"}} is x,file.filename=a,,b.
 */
#include <json-c/json.h>
#include <stdlib.h>

#include "options/internal.h"

enum { DEPTH_MOST = 8 };

/* What stands first, and all but a driver without its name. */
static const char *const heads[] = {"driver", "qom-type", "type", "backend"};

static const char *value_of(struct json_object *x)
{
    if (json_object_is_type(x, json_type_boolean)) {
        return json_object_get_boolean(x) ? "on" : "off";
    }
    return json_object_get_string(x);
}

static int add_object(struct text *out, struct json_object *object, const char *prefix, int depth,
                      const char *left_out, struct error *e)
{
    json_object_object_foreach(object, key, value)
    {
        int result = 0;

        if (left_out != NULL && strcmp(key, left_out) == 0) {
            continue;
        }
        if (key[0] == '\0' || strpbrk(key, ",=") != NULL) {
            return error_set(e, "'%s' is no name of a property", key);
        }
        if (value == NULL || json_object_is_type(value, json_type_array)) {
            return error_set(e, "'%s' is null or a list, which no property is", key);
        }
        if (json_object_is_type(value, json_type_object)) {
            struct text inner = {0};

            text_add(&inner, "%s%s.", prefix, key);
            result = depth == DEPTH_MOST ? error_set(e, "there are objects in objects, too deep")
                                         : add_object(out, value, inner.data, depth + 1, NULL, e);
            text_fini(&inner);
        } else {
            text_add(out, "%s%s%s=", out->length != 0 ? "," : "", prefix, key);
            options_add_doubled(out, value_of(value));
        }
        if (result < 0) {
            return -1;
        }
    }
    return 0;
}

char *options_flatten_json(const char *json, struct error *e)
{
    struct json_tokener *t = json_tokener_new();
    struct json_object *object = json_tokener_parse_ex(t, json, -1), *head = NULL;
    bool is_whole = json_tokener_get_error(t) == json_tokener_success &&
                    json[json_tokener_get_parse_end(t)] == '\0' &&
                    json_object_is_type(object, json_type_object);
    struct text out = {0};
    const char *first = NULL;
    int result = is_whole ? 0 : error_set(e, "what begins with '{' is no object of JSON");

    for (size_t i = 0; result == 0 && i < ARRAY_LEN(heads) && first == NULL; i++) {
        if (json_object_object_get_ex(object, heads[i], &head) &&
            json_object_is_type(head, json_type_string)) {
            first = heads[i];
            text_add(&out, i == 0 ? "driver=" : "%s", "");
            options_add_doubled(&out, json_object_get_string(head));
        }
    }
    if (result == 0) {
        result = add_object(&out, object, "", 0, first, e);
    }
    json_object_put(object);
    json_tokener_free(t);
    if (result == 0 && out.length == 0) {
        result = error_set(e, "there is nothing in it");
    }
    if (result < 0) {
        text_fini(&out);
    }
    return result == 0 ? out.data : NULL;
}
