/* SPDX-License-Identifier: GPL-2.0-or-later
 * system_ini: -readconfig FILE: `[device "id"]` and lines `name = "value"` below it are as if
 * -device had been given with these properties. Lines that begin with # are remarks.
 */
#include <stdlib.h>

#include "host/host.h"
#include "options/internal.h"

#define FILE_MOST (1 * MIB)

/* Names of sections, and the options that they stand for. */
static const struct {
    const char *section, *option;
} sections[] = {
    {"blockdev", "-blockdev"},
    {"chardev", "-chardev"},
    {"device", "-device"},
    {"drive", "-drive"},
    {"icount", "-icount"},
    {"machine", "-machine"},
    {"memory", "-m"},
    {"mon", "-mon"},
    {"name", "-name"},
    {"net", "-net"},
    {"netdev", "-netdev"},
    {"object", "-object"},
    {"rtc", "-rtc"},
    {"smp-opts", "-smp"},
    {"semihosting-config", "-semihosting-config"},
};
/* What the option's value begins with, without a name. */
static const char *const heads[] = {"type", "backend", "qom-type", "driver"};

struct section {
    const char *option; /* NULL: none has begun */
    struct text head, rest;
};

static const struct option_entry *find(const char *option)
{
    for (size_t i = 0; i < options_of_system_machine.count; i++) {
        if (strcmp(options_of_system_machine.entries[i].name, option) == 0) {
            return &options_of_system_machine.entries[i];
        }
    }
    for (size_t i = 0; i < options_of_system_host.count; i++) {
        if (strcmp(options_of_system_host.entries[i].name, option) == 0) {
            return &options_of_system_host.entries[i];
        }
    }
    return options_find(COMMAND_RUN, option);
}

static int end_section(struct options *o, struct section *s, struct error *e)
{
    struct text value = {0};
    int result = 0;

    if (s->option != NULL && s->head.length + s->rest.length != 0) {
        text_add(&value, "%s%s", s->head.length != 0 ? s->head.data : "",
                 s->rest.length == 0   ? ""
                 : s->head.length != 0 ? s->rest.data
                                       : s->rest.data + 1);
        result = find(s->option)->take(o, options_own(o, value.data), e);
    }
    text_fini(&s->head);
    text_fini(&s->rest);
    return result;
}

/* `[name]` or `[name "id"]`; the brackets are cut off. */
static int begin_section(struct section *s, char *line, struct error *e)
{
    char *quote = strchr(line, '"'), *end = quote != NULL ? strchr(quote + 1, '"') : NULL;
    size_t length = strcspn(line, " \t\"");

    if (quote != NULL && end == NULL) {
        return error_set(e, "the id has no second quotation mark");
    }
    *s = (struct section){0};
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        if (strlen(sections[i].section) == length &&
            memcmp(sections[i].section, line, length) == 0) {
            s->option = sections[i].option;
        }
    }
    if (s->option == NULL) {
        return error_set(e, "[%.*s] is no section here", (int)length, line);
    }
    if (quote != NULL) {
        *end = '\0';
        text_add(&s->rest, ",%s=", strcmp(s->option, "-blockdev") == 0 ? "node-name" : "id");
        options_add_doubled(&s->rest, quote + 1);
    }
    return 0;
}

static bool is_head(const struct section *s, const char *key)
{
    if (strcmp(s->option, "-blockdev") == 0 || strcmp(s->option, "-drive") == 0) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        if (strcmp(heads[i], key) == 0) {
            return true;
        }
    }
    return false;
}

/* `key = "value"`. */
static int take_line(struct section *s, char *line, struct error *e)
{
    size_t length = strcspn(line, " \t=");
    char *quote = strchr(line, '"'), *end = quote != NULL ? strrchr(quote + 1, '"') : NULL;

    if (s->option == NULL) {
        return error_set(e, "there is no section before it");
    }
    if (length == 0 || end == NULL || strchr(line, '=') == NULL || strchr(line, '=') > quote) {
        return error_set(e, "it is not of the form name = \"value\"");
    }
    line[length] = '\0';
    *end = '\0';
    if (strchr(line, ',') != NULL) {
        return error_set(e, "'%s' is no name of a property", line);
    }
    if (is_head(s, line)) {
        text_fini(&s->head);
        options_add_doubled(&s->head, quote + 1);
    } else {
        text_add(&s->rest, ",%s=", line);
        options_add_doubled(&s->rest, quote + 1);
    }
    return 0;
}

static int take_any_line(struct options *o, struct section *s, char *line, struct error *e)
{
    size_t length;

    line += strspn(line, " \t\r");
    length = strlen(line);
    while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL) {
        line[--length] = '\0';
    }
    if (line[0] == '\0' || line[0] == '#') {
        return 0;
    }
    if (line[0] != '[') {
        return take_line(s, line, e);
    }
    if (line[length - 1] != ']') {
        return error_set(e, "the section's name has no second bracket");
    }
    line[length - 1] = '\0';
    return end_section(o, s, e) < 0 ? -1 : begin_section(s, line + 1, e);
}

int options_take_config_text(struct options *o, const char *path, char *text, struct error *e)
{
    struct section s = {0};
    unsigned number = 0;
    int result = 0;

    for (char *line = text; line != NULL && result == 0;) {
        char *end = strchr(line, '\n');

        if (end != NULL) {
            *end++ = '\0';
        }
        number++;
        result = take_any_line(o, &s, line, e);
        line = end;
    }
    if (result == 0) {
        result = end_section(o, &s, e);
    }
    text_fini(&s.head);
    text_fini(&s.rest);
    return result < 0 ? error_prefix(e, "-readconfig %s, line %u", path, number) : 0;
}

int options_take_readconfig(struct options *o, const char *path, struct error *e)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    char *text;
    int result;

    if (host_file_read_all(path, FILE_MOST, &bytes, &size, e) < 0) {
        return error_prefix(e, "-readconfig");
    }
    text = base_alloc(size + 1, 1);
    memcpy(text, bytes, size);
    free(bytes);
    result = options_take_config_text(o, path, text, e);
    free(text);
    return result;
}
