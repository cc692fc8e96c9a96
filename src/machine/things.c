/* SPDX-License-Identifier: GPL-2.0-or-later
 * things: see things.h.
 */
#include "machine/things.h"

#include <stdio.h>
#include <stdlib.h>

const char *property_kind_name(enum property_kind kind)
{
    static const char *const names[PROPERTY_KIND_COUNT] = {
        [PROPERTY_NUMBER] = "number", [PROPERTY_TEXT] = "text", [PROPERTY_FLAG] = "flag"};

    return (unsigned)kind < PROPERTY_KIND_COUNT ? names[kind] : "nothing known";
}

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-_."

static bool is_of(const char *name, const char *characters)
{
    size_t length = strlen(name);

    return length > 0 && length < MACHINE_NAME_MAX && strspn(name, characters) == length;
}

bool thing_name_is_good(const char *name)
{
    return is_of(name, NAME_CHARACTERS);
}

bool thing_id_is_good(const char *id)
{
    return is_of(id, NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

/* ---- properties ---- */

const struct machine_property *thing_find(const struct machine_thing *t, const char *name)
{
    for (size_t i = 0; i < t->properties.count; i++) {
        if (strcmp(t->properties.data[i].name, name) == 0) {
            return &t->properties.data[i];
        }
    }
    return NULL;
}

static struct machine_property *place_for(struct machine_thing *t, const char *name,
                                          enum property_kind kind)
{
    struct machine_property *p = (struct machine_property *)(uintptr_t)thing_find(t, name);

    if (p == NULL) {
        must(strlen(name) < MACHINE_NAME_MAX && t->properties.count < MACHINE_PROPERTIES_MAX);
        vec_push(&t->properties, (struct machine_property){0});
        p = &t->properties.data[t->properties.count - 1];
        (void)snprintf(p->name, sizeof(p->name), "%s", name);
    }
    free(p->text);
    p->text = NULL;
    p->kind = kind;
    p->number = 0;
    return p;
}

void thing_set_number(struct machine_thing *t, const char *name, uint64_t number)
{
    place_for(t, name, PROPERTY_NUMBER)->number = number;
}

void thing_set_flag(struct machine_thing *t, const char *name, bool flag)
{
    place_for(t, name, PROPERTY_FLAG)->number = flag;
}

void thing_set_text(struct machine_thing *t, const char *name, const char *text)
{
    place_for(t, name, PROPERTY_TEXT)->text = base_strdup(text);
}

uint64_t thing_number(const struct machine_thing *t, const char *name, uint64_t otherwise)
{
    const struct machine_property *p = thing_find(t, name);

    return p != NULL ? p->number : otherwise;
}

const char *thing_text(const struct machine_thing *t, const char *name, const char *otherwise)
{
    const struct machine_property *p = thing_find(t, name);

    return p != NULL && p->text != NULL ? p->text : otherwise;
}

void thing_fini(struct machine_thing *t)
{
    for (size_t i = 0; i < t->properties.count; i++) {
        free(t->properties.data[i].text);
    }
    vec_fini(&t->properties);
    free(t->file.name);
    if (t->file.shared != NULL) {
        shared_bytes_drop(t->file.shared);
    } else {
        free(t->file.data);
    }
    memset(t, 0, sizeof(*t));
}

/* ---- checking ---- */

static const struct property_rule *rule_of(const struct thing_class *class, const char *name)
{
    for (size_t i = 0; i < class->rule_count; i++) {
        if (strcmp(class->rules[i].name, name) == 0) {
            return &class->rules[i];
        }
    }
    return NULL;
}

/* "`messages` (frames0)", for sentences. */
static const char *name_of(const struct machine_thing *t, char *room, size_t size)
{
    (void)snprintf(room, size, t->id[0] != '\0' ? "`%s` (%s)" : "`%s`%s", t->class, t->id);
    return room;
}

static int check_property(const struct machine_thing *t, const struct machine_property *p,
                          const struct property_rule *rule, struct error *e)
{
    char name[80];
    uint64_t most = rule != NULL && rule->max == 0 ? MACHINE_TEXT_MAX - 1
                    : rule != NULL                 ? rule->max
                                                   : 0;

    (void)name_of(t, name, sizeof(name));
    if (rule == NULL) {
        return error_set(e, "%s has no property `%s` that this program knows", name, p->name);
    }
    if (p->kind != rule->kind) {
        return error_set(e, "the property `%s` of %s is a %s, and not a %s", p->name, name,
                         property_kind_name(rule->kind), property_kind_name(p->kind));
    }
    if (p->kind == PROPERTY_NUMBER && (p->number < rule->min || p->number > rule->max)) {
        return error_set(e, "the property `%s` of %s is out of bounds: %llu", p->name, name,
                         (unsigned long long)p->number);
    }
    if (p->kind == PROPERTY_TEXT && strlen(p->text) > most) {
        return error_set(e, "the property `%s` of %s is no text of up to %llu bytes", p->name, name,
                         (unsigned long long)most);
    }
    return 0;
}

int thing_check(const struct machine_thing *t, const struct thing_class *class, struct error *e)
{
    char name[80];

    (void)name_of(t, name, sizeof(name));
    for (size_t i = 0; i < t->properties.count; i++) {
        const struct machine_property *p = &t->properties.data[i];

        if (thing_find(t, p->name) != p) {
            return error_set(e, "%s has the property `%s` twice", name, p->name);
        }
        if (check_property(t, p, rule_of(class, p->name), e) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < class->rule_count; i++) {
        if (class->rules[i].required && thing_find(t, class->rules[i].name) == NULL) {
            return error_set(e, "%s lacks the property `%s`", name, class->rules[i].name);
        }
    }
    if (t->file.name != NULL && class->file == THING_HAS_NO_FILE) {
        return error_set(e, "%s has no file", name);
    }
    if (t->file.name == NULL && class->file == THING_HAS_FILE) {
        return error_set(e, "%s lacks its file", name);
    }
    return 0;
}

int things_check(const struct machine_thing *things, size_t count,
                 const struct thing_class *const *classes, size_t class_count, struct error *e)
{
    for (size_t i = 0; i < count; i++) {
        const struct thing_class *class = NULL;

        for (size_t k = 0; k < class_count && class == NULL; k++) {
            class = strcmp(classes[k]->name, things[i].class) == 0 ? classes[k] : NULL;
        }
        if (class == NULL) {
            return error_set(e, "this program knows no `%s` (%s)", things[i].class, things[i].id);
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(things[k].id, things[i].id) == 0 &&
                strcmp(things[k].class, things[i].class) == 0) {
                return error_set(e, "two things are called `%s`", things[i].id);
            }
        }
        if (!thing_id_is_good(things[i].id)) {
            return error_set(e, "a `%s` without a name, or a bad one", things[i].class);
        }
        if ((class->check != NULL ? class->check(&things[i], e)
                                  : thing_check(&things[i], class, e)) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- what a machine is made of ---- */

const struct machine_use *uses_find(const struct machine_uses *u, const char *kind,
                                    const char *name)
{
    for (uint32_t i = 0; i < u->count; i++) {
        if (strcmp(u->list[i].kind, kind) == 0 && strcmp(u->list[i].name, name) == 0) {
            return &u->list[i];
        }
    }
    return NULL;
}

void uses_add(struct machine_uses *u, const char *kind, const char *name, uint32_t behaviour)
{
    if (uses_find(u, kind, name) == NULL) {
        struct machine_use *use = &u->list[u->count];

        must(u->count < MACHINE_USES_MAX);
        u->count++;
        (void)snprintf(use->kind, sizeof(use->kind), "%s", kind);
        (void)snprintf(use->name, sizeof(use->name), "%s", name);
        use->behaviour = behaviour;
    }
}

static bool has_kind(const struct machine_uses *u, const char *kind)
{
    for (uint32_t i = 0; i < u->count; i++) {
        if (strcmp(u->list[i].kind, kind) == 0) {
            return true;
        }
    }
    return false;
}

int uses_check(const struct machine_uses *recorded, const char *kind, const char *name,
               uint32_t behaviour, struct error *e)
{
    const struct machine_use *use = uses_find(recorded, kind, name);
    uint32_t needed = recorded->everything != 0 ? recorded->everything
                      : use != NULL             ? use->behaviour
                                                : 0;

    if (recorded->everything == 0 && !has_kind(recorded, kind)) {
        return 0; /* a new machine, or nobody said */
    }
    if (recorded->everything == 0 && use == NULL) {
        return error_set(e,
                         "this recording was made without the %s `%s`, which this program has in "
                         "the machine: replay it with the version that made it",
                         kind, name);
    }
    if (needed != behaviour) {
        return error_set(e,
                         "this recording needs behaviour %u of the %s `%s`, and this program has "
                         "%u: replay it with the version that made it",
                         needed, kind, name, behaviour);
    }
    return 0;
}

int uses_check_all(const struct machine_uses *recorded, const struct machine_uses *used,
                   struct error *e)
{
    for (uint32_t i = 0; i < recorded->count; i++) {
        const struct machine_use *use = &recorded->list[i];

        if (strcmp(use->kind, "board") != 0 && uses_find(used, use->kind, use->name) == NULL) {
            return error_set(e,
                             "this recording uses the %s `%s`, which this program's machine has "
                             "not: replay it with the version that made it",
                             use->kind, use->name);
        }
    }
    return 0;
}
