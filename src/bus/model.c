/* SPDX-License-Identifier: GPL-2.0-or-later
 * model: what can be plugged in, and what can be said of it: properties from the command line into a
 * configuration, the check of a configuration from elsewhere, and the lists that people ask for.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bus/bus.h"

const char *bus_kind_name(enum bus_kind kind)
{
    static const char *const names[BUS_KINDS] = {[BUS_SYSTEM] = "System",
                                                 [BUS_PCI] = "PCI",
                                                 [BUS_VIRTIO] = "virtio-bus",
                                                 [BUS_SCSI] = "SCSI",
                                                 [BUS_VIRTIO_SERIAL] = "virtio-serial-bus",
                                                 [BUS_NVME] = "nvme-bus"};

    return names[kind];
}

const struct model *model_find(model_table models, const char *name)
{
    for (size_t i = 0; models[i] != NULL; i++) {
        if (strcmp(models[i]->name, name) == 0 ||
            (models[i]->alias != NULL && strcmp(models[i]->alias, name) == 0)) {
            return models[i];
        }
    }
    return NULL;
}

static const struct model_property *find_property(const struct model *m, const char *name)
{
    for (size_t i = 0; i < m->property_count; i++) {
        if (strcmp(m->properties[i].name, name) == 0) {
            return &m->properties[i];
        }
    }
    return NULL;
}

/* ---- values -----------------------------------------------------------------------------------*/

static enum property_kind kind_of(const struct model_property *p)
{
    switch (p->value) {
    case MODEL_FLAG: return PROPERTY_FLAG;
    case MODEL_NUMBER:
    case MODEL_SIZE: return PROPERTY_NUMBER;
    default: return PROPERTY_TEXT;
    }
}

static bool parse_flag(const char *text, uint64_t *out)
{
    static const char *const yes[] = {"on", "yes", "true", "y"}, *const no[] = {"off", "no",
                                                                                "false", "n"};

    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *out = strcmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

/* Digits up to the first other character; false: there are none, or too many. */
static bool take_digits(const char **text, uint64_t *out)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = *text, *digit;
    uint64_t base = 10;

    *out = 0;
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
        base = 16;
        at += 2;
    }
    for (*text = at; *at != '\0'; at++) {
        char lower = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);

        digit = strchr(digits, lower);
        if (digit == NULL || (uint64_t)(digit - digits) >= base) {
            break;
        }
        if (*out > (UINT64_MAX - (uint64_t)(digit - digits)) / base) {
            return false;
        }
        *out = *out * base + (uint64_t)(digit - digits);
    }
    if (at == *text) {
        return false;
    }
    *text = at;
    return true;
}

static bool parse_number(const char *text, bool has_unit, uint64_t *out)
{
    static const char units[] = "BKMGT";
    unsigned shift = 0;
    uint64_t v;

    if (!take_digits(&text, &v)) {
        return false;
    }
    if (has_unit && *text != '\0') {
        char upper = (char)(*text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text);
        const char *unit = strchr(units, upper);

        shift = unit != NULL ? 10 * (unsigned)(unit - units) : 0;
        text += unit != NULL;
    }
    *out = v << shift;
    return *text == '\0' && *out >> shift == v;
}

static bool parse_mac(const char *text, uint8_t out[6])
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";

    if (strlen(text) != 17) {
        return false;
    }
    for (unsigned i = 0; i < 6; i++) {
        const char *high = strchr(digits, text[3 * i]), *low = strchr(digits, text[3 * i + 1]);

        if (high == NULL || low == NULL || (i < 5 && text[3 * i + 2] != ':')) {
            return false;
        }
        out[i] = (uint8_t)((high - digits) % 16 * 16 + (low - digits) % 16);
    }
    return true;
}

/* `text` is one of "a|b|c". */
static bool is_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);

    for (const char *at = choices; length != 0; at++) {
        size_t here = strcspn(at, "|");

        if (here == length && memcmp(at, text, length) == 0) {
            return true;
        }
        at += here;
        if (*at == '\0') {
            break;
        }
    }
    return false;
}

static bool text_is_good(const struct model_property *p, const char *text)
{
    uint8_t mac[6];

    switch (p->value) {
    case MODEL_CHOICE: return is_choice(p->choices, text);
    case MODEL_MAC: return parse_mac(text, mac);
    default: return strlen(text) <= (p->max != 0 ? p->max : MACHINE_TEXT_MAX - 1);
    }
}

static bool number_is_good(const struct model_property *p, uint64_t number)
{
    return p->value == MODEL_FLAG ? number <= 1
                                  : number >= p->min && (p->max == 0 || number <= p->max);
}

static int complain(const struct model *m, const struct model_property *p, struct error *e)
{
    switch (p->value) {
    case MODEL_FLAG: return error_set(e, "%s: %s is on or off", m->name, p->name);
    case MODEL_NUMBER:
    case MODEL_SIZE:
        return error_set(e, "%s: %s wants a %s from %llu to %llu", m->name, p->name,
                         p->value == MODEL_SIZE ? "size" : "number", (unsigned long long)p->min,
                         (unsigned long long)(p->max != 0 ? p->max : UINT64_MAX));
    case MODEL_CHOICE: return error_set(e, "%s: %s is one of %s", m->name, p->name, p->choices);
    case MODEL_MAC:
        return error_set(e, "%s: %s wants six bytes such as 52:54:00:12:34:56", m->name, p->name);
    default:
        return error_set(e, "%s: %s is longer than %llu bytes", m->name, p->name,
                         (unsigned long long)(p->max != 0 ? p->max : MACHINE_TEXT_MAX - 1));
    }
}

/* ---- from the command line --------------------------------------------------------------------*/

static int set_value(const struct model *m, const struct model_property *p, struct machine_thing *t,
                     const char *value, struct error *e)
{
    uint64_t number = 0;

    switch (kind_of(p)) {
    case PROPERTY_FLAG:
        if (!parse_flag(value, &number)) {
            return complain(m, p, e);
        }
        thing_set_flag(t, p->name, number != 0);
        return 0;
    case PROPERTY_NUMBER:
        if (!parse_number(value, p->value == MODEL_SIZE, &number) || !number_is_good(p, number)) {
            return complain(m, p, e);
        }
        thing_set_number(t, p->name, number);
        return 0;
    default:
        if (!text_is_good(p, value)) {
            return complain(m, p, e);
        }
        thing_set_text(t, p->name, value);
        return 0;
    }
}

int model_set(const struct model *m, struct machine_thing *t, const char *name, const char *value,
              struct error *e)
{
    const struct model_property *p = find_property(m, name);

    if (strcmp(name, "id") == 0) {
        if (!thing_id_is_good(value)) {
            return error_set(e, "%s: an id is up to %d letters, digits, '-', '_' and '.', not '%s'",
                             m->name, MACHINE_NAME_MAX - 1, value);
        }
        (void)snprintf(t->id, sizeof t->id, "%s", value);
        return 0;
    }
    if (strcmp(name, "bus") == 0) {
        if (strlen(value) >= MACHINE_NAME_MAX) {
            return error_set(e, "%s: no bus is called '%s'", m->name, value);
        }
        thing_set_text(t, "bus", value);
        return 0;
    }
    if (p == NULL) {
        return error_set(e, "%s has no property '%s'; `help` in its place lists them", m->name,
                         name);
    }
    if (thing_find(t, name) == NULL && t->properties.count == MACHINE_PROPERTIES_MAX) {
        return error_set(e, "%s: more than %d properties are said", m->name,
                         MACHINE_PROPERTIES_MAX);
    }
    return set_value(m, p, t, value, e);
}

/* ---- from a configuration ---------------------------------------------------------------------*/

static int check_property(const struct model *m, const struct machine_property *said,
                          struct error *e)
{
    const struct model_property *p = find_property(m, said->name);

    if (strcmp(said->name, "driver") == 0 || strcmp(said->name, "bus") == 0) {
        return said->kind == PROPERTY_TEXT && strlen(said->text) < MACHINE_NAME_MAX
                   ? 0
                   : error_set(e, "%s: its `%s` is no name", m->name, said->name);
    }
    if (p == NULL) {
        return error_set(e, "%s has no property `%s` that this program knows", m->name, said->name);
    }
    if (said->kind != kind_of(p)) {
        return error_set(e, "%s: the property `%s` is a %s, and not a %s", m->name, said->name,
                         property_kind_name(kind_of(p)), property_kind_name(said->kind));
    }
    return (said->kind == PROPERTY_TEXT ? text_is_good(p, said->text)
                                        : number_is_good(p, said->number))
               ? 0
               : complain(m, p, e);
}

bool model_takes_file(const struct model *m)
{
    for (size_t i = 0; i < m->property_count; i++) {
        if (strcmp(m->properties[i].name, MODEL_FILE) == 0) {
            return true;
        }
    }
    return false;
}

int model_check(model_table models, const struct machine_thing *t, struct error *e)
{
    const char *name = thing_text(t, "driver", "");
    const struct model *m = model_find(models, name);

    if (m == NULL) {
        return error_set(e, "no model of a device is called '%s'; `help` lists them", name);
    }
    for (size_t i = 0; i < t->properties.count; i++) {
        if (thing_find(t, t->properties.data[i].name) != &t->properties.data[i]) {
            return error_set(e, "%s has the property `%s` twice", m->name,
                             t->properties.data[i].name);
        }
        if (check_property(m, &t->properties.data[i], e) < 0) {
            return -1;
        }
    }
    if (t->file.name == NULL) {
        return 0;
    }
    if (!model_takes_file(m) || t->file.in_part) {
        return error_set(e, "%s has no such file", m->name);
    }
    return t->file.size != 0 && t->file.size <= MODEL_FILE_MAX
               ? 0
               : error_set(e, "%s has %llu bytes; an option ROM has 1 to %llu", t->file.name,
                           (unsigned long long)t->file.size, (unsigned long long)MODEL_FILE_MAX);
}

/* ---- lists ------------------------------------------------------------------------------------*/

void model_list(model_table models, struct text *out)
{
    static const char *const titles[CATEGORY_COUNT] = {
        [CATEGORY_BRIDGE] = "Controller/Bridge/Hub devices",
        [CATEGORY_STORAGE] = "Storage devices",
        [CATEGORY_NETWORK] = "Network devices",
        [CATEGORY_INPUT] = "Input devices",
        [CATEGORY_DISPLAY] = "Display devices",
        [CATEGORY_MISC] = "Misc devices",
    };

    for (unsigned c = 0; c < CATEGORY_COUNT; c++) {
        bool is_first = true;

        for (size_t i = 0; models[i] != NULL; i++) {
            const struct model *m = models[i];

            if (m->category != c) {
                continue;
            }
            if (is_first) {
                text_add(out, "%s%s:\n", out->length != 0 ? "\n" : "", titles[c]);
                is_first = false;
            }
            text_add(out, "name \"%s\", bus %s", m->name, bus_kind_name(m->bus));
            if (m->alias != NULL) {
                text_add(out, ", alias \"%s\"", m->alias);
            }
            text_add(out, ", desc \"%s\"\n", m->summary);
        }
    }
}

static void add_default(const struct model_property *p, struct text *out)
{
    switch (p->value) {
    case MODEL_FLAG: text_add(out, " (default: %s)", p->number != 0 ? "on" : "off"); break;
    case MODEL_NUMBER:
    case MODEL_SIZE:
        if (p->text == NULL) {
            text_add(out, " (default: %llu)", (unsigned long long)p->number);
            break;
        }
        /* fall through */
    default:
        if (p->text != NULL) {
            text_add(out, " (default: %s)", p->text);
        }
    }
}

void model_help(const struct model *m, struct text *out)
{
    static const char *const types[] = {
        [MODEL_FLAG] = "bool", [MODEL_NUMBER] = "number", [MODEL_SIZE] = "size",
        [MODEL_TEXT] = "str",  [MODEL_CHOICE] = "str",    [MODEL_MAC] = "str"};

    text_add(out, "%s options:\n", m->name);
    text_add(out, "  bus=<str> - the bus that it is plugged into, of kind %s\n",
             bus_kind_name(m->bus));
    text_add(out, "  id=<str> - its name\n");
    for (size_t i = 0; i < m->property_count; i++) {
        const struct model_property *p = &m->properties[i];

        if (p->help != NULL) {
            text_add(out, "  %s=<%s> - %s", p->name,
                     p->value == MODEL_CHOICE ? p->choices : types[p->value], p->help);
            add_default(p, out);
            text_add(out, "\n");
        }
    }
}
