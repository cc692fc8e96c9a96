/* SPDX-License-Identifier: GPL-2.0-or-later
 * grammar: how values are written: numbers, sizes, places in time, lists with commas.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "options/internal.h"

int options_parse_range(const char *what, const char *s, uint64_t least, uint64_t most,
                        uint64_t *out, struct error *e)
{
    char *end;
    unsigned long long v;

    errno = 0;
    v = strtoull(s, &end, 0);
    if (end == s || *end || errno || s[0] == '-' || v < least || v > most) {
        return error_set(e, "%s wants a number from %llu to %llu, not '%s'", what,
                         (unsigned long long)least, (unsigned long long)most, s);
    }
    *out = v;
    return 0;
}

int options_parse_number(const char *what, const char *s, uint64_t most, uint64_t *out,
                         struct error *e)
{
    return options_parse_range(what, s, 0, most, out, e);
}

int options_parse_size(const char *s, uint64_t *bytes, struct error *e)
{
    char *end;
    unsigned long long v;
    uint64_t unit = MIB;

    errno = 0;
    v = strtoull(s, &end, 10);
    switch (*end) {
    case 'B':
    case 'b':
        unit = 1;
        end++;
        break;
    case 'K':
    case 'k':
        unit = KIB;
        end++;
        break;
    case 'M':
    case 'm':
        unit = MIB;
        end++;
        break;
    case 'G':
    case 'g':
        unit = GIB;
        end++;
        break;
    default: break;
    }
    if (end == s || *end || errno || s[0] == '-' || v == 0 || v > UINT64_MAX / unit) {
        return error_set(e, "'%s' is not a size such as 512M or 2G", s);
    }
    *bytes = v * unit;
    return 0;
}

int options_copy_text(char *to, size_t room, const char *what, const char *s, struct error *e)
{
    if (strlen(s) >= room) {
        return error_set(e, "%s is longer than %zu bytes", what, room - 1);
    }
    memcpy(to, s, strlen(s) + 1);
    return 0;
}

const char *options_next_item(const char *list, char *key, char *value, size_t room)
{
    size_t length = strcspn(list, ",");
    const char *equals = memchr(list, '=', length);
    size_t key_length = equals ? (size_t)(equals - list) : 0;

    snprintf(key, room, "%.*s", (int)key_length, list);
    if (equals) {
        snprintf(value, room, "%.*s", (int)(length - key_length - 1), equals + 1);
    } else {
        snprintf(value, room, "%.*s", (int)length, list);
    }
    return list[length] ? list + length + 1 : NULL;
}

void options_take_item(const char **list, char **key, char **value)
{
    const char *at = *list;
    char *text = base_alloc(strlen(at) + 1, 1), *equals;
    size_t length = 0;

    while (*at != '\0' && (*at != ',' || at[1] == ',')) {
        at += *at == ',';
        text[length++] = *at++;
    }
    text[length] = '\0';
    *list = *at == ',' ? at + 1 : NULL;
    equals = strchr(text, '=');
    *value = equals != NULL ? base_strdup(equals + 1) : NULL;
    if (equals != NULL) {
        *equals = '\0';
    }
    *key = text;
}

void options_add_doubled(struct text *out, const char *value)
{
    for (; *value != '\0'; value++) {
        text_add(out, *value == ',' ? ",," : "%c", *value);
    }
}

int options_parse_place(const char *text, const char *what, tick end, tick *at, struct error *e)
{
    size_t length = strlen(text);
    char *rest;

    if (strcmp(text, "end") == 0) {
        *at = end;
        return 0;
    }
    if (length > 1 && text[length - 1] == '%') {
        double share = strtod(text, &rest);

        if (rest != text + length - 1 || !(share >= 0 && share <= 100)) {
            return error_set(e, "%s wants a share from 0%% to 100%%, not '%s'", what, text);
        }
        *at = (tick)((double)end * share / 100);
        return 0;
    }
    return options_parse_number(what, text, end, at, e);
}
