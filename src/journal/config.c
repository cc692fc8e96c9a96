/* SPDX-License-Identifier: GPL-2.0-or-later
 * config: the machine as built, in the file: CONFIG is a list of things {class, id, properties, file}
 * (docs/journal.md). Some classes are members of struct machine_config, or tell people and programs
 * about the recording; all others become the configuration's things, which whoever builds the machine
 * knows. Nothing of the host is in it but the names as the user wrote them. config1.c reads format 1.
 */
#include <inttypes.h>
#include <stdio.h>

#include "journal/internal.h"

/* ---- what is a member, by class and property -------------------------------------------------- */

#define MEMBER(m)                                                                                  \
    (uint32_t) offsetof(struct machine_config, m), sizeof(((struct machine_config *)0)->m)
const struct config_setting config_settings[CONFIG_SETTINGS] = {
    {"machine", "arch", PROPERTY_TEXT, MEMBER(arch), true, 0, 0, 3},
    {"machine", "board", PROPERTY_TEXT, MEMBER(board), true, 0, 0, 4},
    {"machine", "serials", PROPERTY_NUMBER, MEMBER(serial_count), true, 0, MACHINE_SERIALS_MAX, 7},
    {"machine", "quantum", PROPERTY_NUMBER, MEMBER(quantum), true, 1, UINT64_C(1) << 48, 9},
    {"machine", "shift", PROPERTY_NUMBER, MEMBER(shift), true, 0, 10, 10},
    {"machine", "epoch", PROPERTY_NUMBER, MEMBER(epoch_ns), true, 0, UINT64_MAX, 11},
    {"machine", "seed", PROPERTY_NUMBER, MEMBER(seed), true, 0, UINT64_MAX, 12},
    {"machine", "no-reboot", PROPERTY_FLAG, MEMBER(no_reboot), true, 0, 1, 13},
    {"machine", "no-firmware", PROPERTY_FLAG, MEMBER(bios_none), true, 0, 1, 14},
    {"machine", "append", PROPERTY_TEXT, MEMBER(append), false, 0, 0, 15},
    {"cpu", "model", PROPERTY_TEXT, MEMBER(cpu), false, 0, 0, 5},
    {"cpu", "harts", PROPERTY_NUMBER, MEMBER(hart_count), true, 1, MACHINE_HARTS_MAX, 6},
    {"memory", "bytes", PROPERTY_NUMBER, MEMBER(ram_bytes), true, 0, UINT64_C(1) << 52, 8},
};

static const char *const role_names[IMAGE_COUNT] = {[IMAGE_BIOS] = "bios",
                                                    [IMAGE_KERNEL] = "kernel",
                                                    [IMAGE_INITRD] = "initrd",
                                                    [IMAGE_DTB] = "dtb"};

const char *config_file_role(const struct machine_config *c, unsigned number)
{
    if (number < IMAGE_COUNT) {
        return role_names[number];
    }
    return number - IMAGE_COUNT < c->things.count ? c->things.data[number - IMAGE_COUNT].id
                                                  : "file";
}

uint64_t setting_get(const struct config_setting *s, const struct machine_config *c)
{
    const uint8_t *at = (const uint8_t *)c + s->offset;
    uint64_t u64;
    uint32_t u32;

    switch (s->size) {
    case 1: return *at;
    case 4: memcpy(&u32, at, sizeof(u32)); return u32;
    default: memcpy(&u64, at, sizeof(u64)); return u64;
    }
}

void setting_set(const struct config_setting *s, struct machine_config *c, uint64_t x)
{
    uint8_t *at = (uint8_t *)c + s->offset;
    uint32_t u32 = (uint32_t)x;

    switch (s->size) {
    case 1: *at = (uint8_t)x; break;
    case 4: memcpy(at, &u32, sizeof(u32)); break;
    default: memcpy(at, &x, sizeof(x)); break;
    }
}

/* ---- a thing, both ways ------------------------------------------------------------------------ */

enum { FILE_NONE, FILE_EMBEDDED, FILE_BY_REFERENCE, FILE_IN_PART, FILE_HELD_IN_PART };

static void add_text(byte_vec *out, const char *text)
{
    bytes_add_varint(out, strlen(text));
    bytes_add(out, text, strlen(text));
}

void thing_write(byte_vec *out, const struct machine_thing *t, bool embedded)
{
    add_text(out, t->class);
    add_text(out, t->id);
    bytes_add_varint(out, t->properties.count);
    for (size_t i = 0; i < t->properties.count; i++) {
        const struct machine_property *p = &t->properties.data[i];

        add_text(out, p->name);
        bytes_add_u8(out, (uint8_t)p->kind);
        if (p->kind == PROPERTY_TEXT) {
            add_text(out, p->text);
        } else {
            bytes_add_varint(out, p->number);
        }
    }
    if (t->file.name == NULL) {
        bytes_add_u8(out, FILE_NONE);
        return;
    }
    if (t->file.in_part) {
        bytes_add_u8(out, embedded ? FILE_HELD_IN_PART : FILE_IN_PART);
    } else {
        bytes_add_u8(out, embedded ? FILE_EMBEDDED : FILE_BY_REFERENCE);
    }
    bytes_add_varint(out, t->file.size);
    bytes_add_u64(out, t->file.hash);
    add_text(out, t->file.name);
}

/* Up to room - 1 bytes without a zero among them. */
static bool read_text(struct cursor *c, char *out, size_t room)
{
    uint64_t count = cursor_varint(c);
    const uint8_t *bytes = cursor_bytes(c, count);

    if (bytes == NULL || count >= room || memchr(bytes, 0, (size_t)count) != NULL) {
        return false;
    }
    memcpy(out, bytes, (size_t)count);
    out[count] = '\0';
    return true;
}

static bool read_property(struct cursor *c, struct machine_property *p)
{
    char *text;

    if (!read_text(c, p->name, sizeof(p->name)) || !thing_name_is_good(p->name)) {
        return false;
    }
    p->kind = (enum property_kind)cursor_u8(c);
    if ((unsigned)p->kind >= PROPERTY_KIND_COUNT) {
        return false;
    }
    if (p->kind != PROPERTY_TEXT) {
        p->number = cursor_varint(c);
        return !c->bad && (p->kind != PROPERTY_FLAG || p->number <= 1);
    }
    text = base_alloc(MACHINE_TEXT_MAX, 1);
    if (!read_text(c, text, MACHINE_TEXT_MAX)) {
        free(text);
        return false;
    }
    p->text = base_realloc(text, strlen(text) + 1, 1);
    return true;
}

static bool read_file(struct cursor *c, struct machine_image *file, bool *embedded)
{
    uint8_t how = cursor_u8(c);
    char *name;

    *embedded = how == FILE_EMBEDDED || how == FILE_HELD_IN_PART;
    if (how == FILE_NONE || c->bad) {
        return !c->bad;
    }
    file->size = cursor_varint(c);
    file->hash = cursor_u64(c);
    file->in_part = how == FILE_IN_PART || how == FILE_HELD_IN_PART;
    name = base_alloc(MACHINE_TEXT_MAX, 1);
    if (how > FILE_HELD_IN_PART || c->bad || (!file->in_part && file->size > MACHINE_IMAGE_MAX) ||
        !read_text(c, name, MACHINE_TEXT_MAX)) {
        free(name);
        return false;
    }
    file->name = base_realloc(name, strlen(name) + 1, 1);
    return true;
}

bool thing_read(struct cursor *c, struct machine_thing *t, bool *embedded)
{
    uint64_t count;

    *t = (struct machine_thing){0};
    if (!read_text(c, t->class, sizeof(t->class)) || !thing_name_is_good(t->class) ||
        !read_text(c, t->id, sizeof(t->id)) || (t->id[0] != '\0' && !thing_id_is_good(t->id))) {
        return false;
    }
    count = cursor_varint(c);
    if (c->bad || count > MACHINE_PROPERTIES_MAX) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        struct machine_property p = {0};

        if (!read_property(c, &p)) {
            return false;
        }
        vec_push(&t->properties, p);
    }
    return read_file(c, &t->file, embedded);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void write_thing(byte_vec *out, struct machine_thing *t)
{
    thing_write(out, t, false);
    thing_fini(t);
}

static struct machine_thing named(const char *class)
{
    struct machine_thing t = {0};

    (void)snprintf(t.class, sizeof(t.class), "%s", class);
    return t;
}

static void write_note(byte_vec *out, const struct config_extra *x)
{
    struct machine_thing t = named("note");

    thing_set_text(&t, "program", x->program);
    if (x->skips_idle) {
        thing_set_flag(&t, "skips-idle", true);
    }
    if (x->is_branch) {
        thing_set_number(&t, "branch-at", x->origin.at);
        thing_set_text(&t, "branch-of", x->origin.name);
    }
    write_thing(out, &t);
}

static void write_use(byte_vec *out, const char *kind, const char *name, uint32_t behaviour)
{
    struct machine_thing t = named("behaviour");

    thing_set_text(&t, "of", kind);
    thing_set_text(&t, "name", name);
    thing_set_number(&t, "number", behaviour);
    write_thing(out, &t);
}

static void write_uses(byte_vec *out, const struct machine_uses *u)
{
    if (u->everything != 0) {
        write_use(out, "everything", "", u->everything);
    } else if (uses_find(u, "machine", "core") == NULL) {
        write_use(out, "machine", "core", MACHINE_BEHAVIOUR);
    }
    for (uint32_t i = 0; i < u->count; i++) {
        write_use(out, u->list[i].kind, u->list[i].name, u->list[i].behaviour);
    }
}

static void write_settings(byte_vec *out, const struct machine_config *c, const char *class)
{
    struct machine_thing t = named(class);

    for (unsigned i = 0; i < CONFIG_SETTINGS; i++) {
        const struct config_setting *s = &config_settings[i];

        if (strcmp(s->class, class) != 0) {
            continue;
        }
        if (s->kind == PROPERTY_TEXT) {
            thing_set_text(&t, s->name, (const char *)c + s->offset);
        } else if (s->kind == PROPERTY_FLAG) {
            thing_set_flag(&t, s->name, setting_get(s, c) != 0);
        } else {
            thing_set_number(&t, s->name, setting_get(s, c));
        }
    }
    write_thing(out, &t);
}

static bool is_reserved(const char *class)
{
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        if (strcmp(class, role_names[i]) == 0) {
            return true;
        }
    }
    for (unsigned i = 0; i < CONFIG_SETTINGS; i++) {
        if (strcmp(class, config_settings[i].class) == 0) {
            return true;
        }
    }
    return strcmp(class, "note") == 0 || strcmp(class, "behaviour") == 0;
}

int config_check(const struct machine_config *c, struct error *e)
{
    for (size_t i = 0; i < c->things.count; i++) {
        const struct machine_thing *t = &c->things.data[i];

        if (is_reserved(t->class) || !thing_name_is_good(t->class) || !thing_id_is_good(t->id)) {
            return error_set(e, "a thing `%s` (%s) cannot be recorded: it would be read as another",
                             t->class, t->id);
        }
    }
    return 0;
}

void config_write(byte_vec *out, const struct machine_config *c, const struct config_extra *x,
                  bool by_reference)
{
    write_note(out, x);
    write_uses(out, x->uses != NULL ? x->uses : &c->uses);
    write_settings(out, c, "machine");
    write_settings(out, c, "cpu");
    write_settings(out, c, "memory");
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        struct machine_thing t = named(role_names[i]);

        t.file = c->images[i]; /* borrowed */
        if (t.file.name != NULL) {
            thing_write(out, &t, !by_reference);
        }
    }
    for (size_t i = 0; i < c->things.count; i++) {
        const struct machine_thing *t = &c->things.data[i];

        thing_write(out, t, t->file.in_part ? x->holds_pieces : !by_reference);
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Where the list is read into. */
struct listing {
    struct machine_config *config;
    struct config_extra *extra;
    struct image_note *notes;
    bool noted;
    bool set[CONFIG_SETTINGS];
};

/* Nothing depends on these, so one that makes no sense, or is unknown, is passed over. */
static int take_note(struct listing *l, const struct machine_thing *t, struct error *e)
{
    struct config_extra *x = l->extra;

    if (l->noted) {
        return error_set(e, "its configuration has the thing `note` twice");
    }
    l->noted = true;
    note_text(thing_text(t, "program", ""), x->program, sizeof(x->program));
    x->skips_idle = thing_number(t, "skips-idle", 0) == 1;
    if (thing_find(t, "branch-at") != NULL) {
        x->is_branch = true;
        x->origin.at = thing_number(t, "branch-at", 0);
        note_text(thing_text(t, "branch-of", ""), x->origin.name, sizeof(x->origin.name));
    }
    return 0;
}

static int take_use(struct listing *l, const struct machine_thing *t, struct error *e)
{
    static const struct property_rule rules[] = {
        {"of", PROPERTY_TEXT, true, 0, MACHINE_NAME_MAX - 1},
        {"name", PROPERTY_TEXT, true, 0, MACHINE_NAME_MAX - 1},
        {"number", PROPERTY_NUMBER, true, 0, UINT32_MAX},
    };
    static const struct thing_class class = {"behaviour", rules, ARRAY_LEN(rules),
                                             THING_HAS_NO_FILE, NULL};
    struct machine_uses *u = &l->config->uses;
    const char *of, *name;
    uint32_t number;

    if (thing_check(t, &class, e) < 0) {
        return -1;
    }
    of = thing_text(t, "of", "");
    name = thing_text(t, "name", "");
    number = (uint32_t)thing_number(t, "number", 0);
    if (uses_find(u, of, name) != NULL || u->count == MACHINE_USES_MAX || u->everything != 0) {
        return error_set(e, "its configuration has the behaviour of the %s `%s` twice, or too many",
                         of, name);
    }
    if (strcmp(of, "everything") == 0) {
        u->everything = number;
        return u->count == 0 ? 0 : error_set(e, "its configuration says twice how all behaves");
    }
    uses_add(u, of, name, number);
    return 0;
}

static int take_setting(struct listing *l, const struct machine_thing *t,
                        const struct machine_property *p, struct error *e)
{
    for (unsigned i = 0; i < CONFIG_SETTINGS; i++) {
        const struct config_setting *s = &config_settings[i];

        if (strcmp(s->class, t->class) != 0 || strcmp(s->name, p->name) != 0) {
            continue;
        }
        if (l->set[i]) {
            return error_set(e, "its `%s` has the property `%s` twice", t->class, p->name);
        }
        l->set[i] = true;
        if (p->kind != s->kind) {
            return error_set(e, "the property `%s` of its `%s` is a %s, and not a %s", p->name,
                             t->class, property_kind_name(s->kind), property_kind_name(p->kind));
        }
        return setting_read(s, p->number, p->text, l->config, e);
    }
    return error_set(e, "its `%s` has a property `%s` that this program does not know", t->class,
                     p->name);
}

static int take_settings(struct listing *l, const struct machine_thing *t, struct error *e)
{
    if (t->file.name != NULL || t->id[0] != '\0') {
        return error_set(e, "its `%s` has an id or a file", t->class);
    }
    for (size_t i = 0; i < t->properties.count; i++) {
        if (take_setting(l, t, &t->properties.data[i], e) < 0) {
            return -1;
        }
    }
    return 0;
}

static int take_image(struct listing *l, struct machine_thing *t, unsigned role, bool embedded,
                      struct error *e)
{
    struct machine_image *image = &l->config->images[role];

    if (image->name != NULL || t->file.name == NULL || t->file.in_part || t->properties.count > 0 ||
        t->id[0] != '\0') {
        return error_set(e, "what it says of its %s makes no sense", t->class);
    }
    *image = t->file;
    t->file = (struct machine_image){0};
    l->notes[role].embedded = embedded;
    return 0;
}

static int take_other(struct listing *l, struct machine_thing *t, bool embedded, struct error *e)
{
    struct machine_config *c = l->config;

    if (c->things.count == MACHINE_THINGS_MAX) {
        return error_set(e, "its configuration lists more than %d things", MACHINE_THINGS_MAX);
    }
    if (t->id[0] == '\0') {
        return error_set(e, "its configuration has a `%s` without an id", t->class);
    }
    for (size_t i = 0; i < c->things.count; i++) {
        if (strcmp(c->things.data[i].id, t->id) == 0 &&
            strcmp(c->things.data[i].class, t->class) == 0) {
            return error_set(e, "its configuration has two things that are called `%s`", t->id);
        }
    }
    for (size_t i = 0; i < t->properties.count; i++) {
        if (thing_find(t, t->properties.data[i].name) != &t->properties.data[i]) {
            return error_set(e, "its `%s` (%s) has the property `%s` twice", t->class, t->id,
                             t->properties.data[i].name);
        }
    }
    l->notes[IMAGE_COUNT + c->things.count].embedded = embedded;
    vec_push(&c->things, *t);
    *t = (struct machine_thing){0};
    return 0;
}

static int take_thing(struct listing *l, struct machine_thing *t, bool embedded, struct error *e)
{
    if (strcmp(t->class, "note") == 0) {
        return take_note(l, t, e);
    }
    if (strcmp(t->class, "behaviour") == 0) {
        return take_use(l, t, e);
    }
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        if (strcmp(t->class, role_names[i]) == 0) {
            return take_image(l, t, i, embedded, e);
        }
    }
    for (unsigned i = 0; i < CONFIG_SETTINGS; i++) {
        if (strcmp(t->class, config_settings[i].class) == 0) {
            return take_settings(l, t, e);
        }
    }
    return take_other(l, t, embedded, e);
}

/* What every machine has is there. */
static int check_complete(const struct listing *l, struct error *e)
{
    const struct machine_uses *u = &l->config->uses;
    const struct machine_use *core = uses_find(u, "machine", "core");
    uint32_t needed = u->everything != 0 ? u->everything : core != NULL ? core->behaviour : 0;

    if (needed == 0) {
        return error_set(e, "its configuration has no behaviour number");
    }
    if (uses_check(u, "machine", "core", MACHINE_BEHAVIOUR, e) < 0) {
        return -1;
    }
    for (unsigned i = 0; i < CONFIG_SETTINGS; i++) {
        if (config_settings[i].required && !l->set[i]) {
            return error_set(e, "its `%s` lacks the property `%s`", config_settings[i].class,
                             config_settings[i].name);
        }
    }
    return machine_config_check_images(l->config, e);
}

static int read_list(const uint8_t *bytes, size_t count, struct listing *l, struct error *e)
{
    struct cursor cur = {bytes, count, false};

    while (cur.left > 0) {
        struct machine_thing t;
        bool embedded = false, is_read = thing_read(&cur, &t, &embedded);
        int result = is_read ? take_thing(l, &t, embedded, e)
                             : error_set(e, "its configuration makes no sense");

        thing_fini(&t); /* what was not taken over */
        if (result < 0) {
            return -1;
        }
    }
    return check_complete(l, e);
}

int config_read(unsigned format, const uint8_t *bytes, size_t count, struct machine_config *c,
                struct config_extra *x, struct image_note notes[MACHINE_FILES_MAX], struct error *e)
{
    struct listing l = {.config = c, .extra = x, .notes = notes};

    memset(c, 0, sizeof(*c));
    return format == 1 ? config_read_1(bytes, count, c, x, notes, e)
                       : read_list(bytes, count, &l, e);
}
