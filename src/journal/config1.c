/* SPDX-License-Identifier: GPL-2.0-or-later
 * config1: CONFIG as format 1 had it: settings by number, and each image's name, size and hash. Only
 * ever read.
 */
#include <inttypes.h>

#include "journal/internal.h"

/* A setting that a reader does not know makes another machine, so it refuses; from OPTIONAL on it
 * would not, and passes over it. Those of config_settings[] have their numbers there. */
enum {
    TAG_PROGRAM = 1,
    TAG_BEHAVIOUR = 2,
    TAG_IMAGE = 16,
    TAG_OPTIONAL = 128,
    TAG_SKIPS_IDLE = TAG_OPTIONAL,
    TAG_ORIGIN
};

/* It is printed: nothing a terminal would obey. */
void note_text(const char *text, char *out, size_t room)
{
    size_t n = 0;

    for (; n < room - 1 && text[n] != '\0'; n++) {
        out[n] = text[n] >= 0x20 && text[n] < 0x7f ? text[n] : '?';
    }
    out[n] = '\0';
}

int setting_read(const struct config_setting *s, uint64_t number, const char *text,
                 struct machine_config *c, struct error *e)
{
    if (s->kind == PROPERTY_TEXT) {
        if (text == NULL || strlen(text) >= s->size) {
            return error_set(e, "its setting `%s` is no text of up to %u bytes", s->name,
                             s->size - 1);
        }
        memcpy((uint8_t *)c + s->offset, text, strlen(text) + 1);
        return 0;
    }
    if (number < s->min || number > s->max) {
        return error_set(e, "its setting `%s` is out of bounds", s->name);
    }
    setting_set(s, c, number);
    return 0;
}

/* With a zero at its end; NULL: there is one before. The caller's to free. */
static char *text_of(const uint8_t *bytes, size_t count)
{
    char *text;

    if (count > 0 && memchr(bytes, 0, count) != NULL) {
        return NULL;
    }
    text = base_alloc(count + 1, 1);
    memcpy(text, bytes, count);
    return text;
}

static int read_setting(const struct config_setting *s, const uint8_t *bytes, size_t count,
                        struct machine_config *c, struct error *e)
{
    struct cursor cur = {bytes, count, false};
    uint64_t x = 0;
    char *text = NULL;
    int result;

    if (s->kind == PROPERTY_TEXT) {
        text = text_of(bytes, count);
    } else {
        x = cursor_varint(&cur);
        if (cur.bad || cur.left != 0) {
            return error_set(e, "its setting `%s` is out of bounds", s->name);
        }
    }
    result = setting_read(s, x, text, c, e);
    free(text);
    return result;
}

static int read_image(const uint8_t *bytes, size_t count, struct machine_config *c,
                      struct image_note notes[MACHINE_FILES_MAX], struct error *e)
{
    struct cursor cur = {bytes, count, false};
    unsigned role = cursor_u8(&cur);
    uint8_t embedded = cursor_u8(&cur);
    uint64_t size = cursor_varint(&cur);
    uint64_t hash = cursor_u64(&cur);

    if (cur.bad || role >= IMAGE_COUNT || embedded > 1 || size > MACHINE_IMAGE_MAX ||
        c->images[role].name != NULL || cur.left >= MACHINE_TEXT_MAX ||
        (c->images[role].name = text_of(cur.at, cur.left)) == NULL) {
        return error_set(e, "what it says of an image makes no sense");
    }
    c->images[role].size = size;
    c->images[role].hash = hash;
    notes[role].embedded = embedded != 0;
    return 0;
}

/* One number for all that the machine is made of. */
static int read_behaviour(const uint8_t *bytes, size_t count, struct machine_config *c,
                          struct error *e)
{
    struct cursor cur = {bytes, count, false};
    uint64_t x = cursor_varint(&cur);

    if (cur.bad || cur.left != 0 || x == 0 || x > UINT32_MAX) {
        return error_set(e, "its behaviour number is damaged");
    }
    c->uses.everything = (uint32_t)x;
    return x == MACHINE_BEHAVIOUR
               ? 0
               : error_set(e,
                           "this recording needs machine behaviour %" PRIu64 " and this program "
                           "has %d: replay it with the version that made it",
                           x, MACHINE_BEHAVIOUR);
}

/* Nothing depends on these, so one that makes no sense is as good as unknown. */
static void read_optional(unsigned t, const uint8_t *bytes, size_t count, struct config_extra *x)
{
    struct cursor cur = {bytes, count, false};
    uint64_t number = cursor_varint(&cur);
    char *text;

    if (t == TAG_SKIPS_IDLE) {
        x->skips_idle = !cur.bad && number == 1;
    } else if (t == TAG_ORIGIN && !cur.bad && (text = text_of(cur.at, cur.left)) != NULL) {
        x->is_branch = true;
        x->origin.at = number;
        note_text(text, x->origin.name, sizeof(x->origin.name));
        free(text);
    }
}

static int read_tagged(unsigned t, const uint8_t *bytes, size_t count, struct machine_config *c,
                       struct config_extra *x, struct image_note notes[MACHINE_FILES_MAX],
                       struct error *e)
{
    char *text;

    switch (t) {
    case TAG_PROGRAM:
        text = text_of(bytes, count);
        note_text(text != NULL ? text : "", x->program, sizeof(x->program));
        free(text);
        return 0;
    case TAG_BEHAVIOUR: return read_behaviour(bytes, count, c, e);
    case TAG_IMAGE: return read_image(bytes, count, c, notes, e);
    default: break;
    }
    for (unsigned i = 0; i < CONFIG_SETTINGS; i++) {
        if (config_settings[i].number_1 == t) {
            return read_setting(&config_settings[i], bytes, count, c, e);
        }
    }
    if (t >= TAG_OPTIONAL) {
        read_optional(t, bytes, count, x);
        return 0;
    }
    return error_set(e, "it has a setting (number %u) that this program does not know", t);
}

int config_read_1(const uint8_t *bytes, size_t count, struct machine_config *c,
                  struct config_extra *x, struct image_note notes[MACHINE_FILES_MAX],
                  struct error *e)
{
    struct cursor cur = {bytes, count, false};
    bool seen[256] = {false};

    while (cur.left > 0) {
        unsigned t = cursor_u8(&cur);
        uint64_t n = cursor_varint(&cur);
        const uint8_t *value = cursor_bytes(&cur, n);
        if (value == NULL || (seen[t] && t != TAG_IMAGE)) {
            return error_set(e, "its configuration makes no sense");
        }
        seen[t] = true;
        if (read_tagged(t, value, (size_t)n, c, x, notes, e) != 0) {
            return -1;
        }
    }
    if (!seen[TAG_BEHAVIOUR]) {
        return error_set(e, "its configuration has no behaviour number");
    }
    for (unsigned i = 0; i < CONFIG_SETTINGS; i++) {
        if (config_settings[i].required && !seen[config_settings[i].number_1]) {
            return error_set(e, "its configuration lacks `%s`", config_settings[i].name);
        }
    }
    return machine_config_check_images(c, e);
}
