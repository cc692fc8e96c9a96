/* SPDX-License-Identifier: GPL-2.0-or-later
 * device: `-device MODEL,PROPERTY=VALUE,...` into a thing of the configuration. Which models and properties
 * there are is said by the models themselves (bus/bus.h).
 */
#include <stdio.h>
#include <stdlib.h>

#include "dev/dev.h"
#include "options/internal.h"

static bool has_id(const struct machine_config *c, const char *id)
{
    for (size_t i = 0; i < c->things.count; i++) {
        if (strcmp(c->things.data[i].class, MODEL_CLASS) == 0 &&
            strcmp(c->things.data[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

/* Who has not been given a name is called by its model and a number. */
static void make_id(const struct machine_config *c, const struct model *m, struct machine_thing *t)
{
    unsigned n = 0;

    do {
        (void)snprintf(t->id, sizeof t->id, "%.19s%u", m->name, n++);
    } while (has_id(c, t->id));
}

static bool asks_for_help(const char *key, const char *value)
{
    return value == NULL && (strcmp(key, "help") == 0 || strcmp(key, "?") == 0);
}

static int take_property(struct options *o, const struct model *m, struct machine_thing *t,
                         const char *key, const char *value, struct error *e)
{
    if (asks_for_help(key, value)) {
        model_help(m, &o->list);
        return 0;
    }
    if (strcmp(key, MODEL_FILE) == 0 && model_takes_file(m)) {
        free(t->file.name);
        t->file.name = value != NULL && value[0] != '\0' ? base_strdup(value) : NULL;
        return 0;
    }
    return model_set(m, t, key, value != NULL ? value : "on", e);
}

static int take_properties(struct options *o, const struct model *m, struct machine_thing *t,
                           const char *rest, struct error *e)
{
    int result = 0;

    while (rest != NULL && result == 0) {
        char *key, *value;

        options_take_item(&rest, &key, &value);
        result = take_property(o, m, t, key, value, e);
        free(key);
        free(value);
    }
    if (result == 0 && t->id[0] != '\0' && has_id(&o->machine, t->id)) {
        result = error_set(e, "two devices are called '%s'", t->id);
    }
    return result;
}

static int take_model(struct options *o, const char *name, const char *rest, struct error *e)
{
    const struct model *m = model_find(dev_models, name);
    struct machine_thing t = {.class = MODEL_CLASS};

    if (m == NULL) {
        return error_set(e, "no model of a device is called '%s'; `help` lists them", name);
    }
    if (o->machine.things.count == MACHINE_THINGS_MAX) {
        return error_set(e, "more than %d things are asked for", MACHINE_THINGS_MAX);
    }
    thing_set_text(&t, "driver", m->name);
    if (take_properties(o, m, &t, rest, e) < 0) {
        thing_fini(&t);
        return -1;
    }
    if (t.id[0] == '\0') {
        make_id(&o->machine, m, &t);
    }
    vec_push(&o->machine.things, t);
    return 0;
}

int options_take_device(struct options *o, const char *v, struct error *e)
{
    const char *rest = v;
    char *key, *value;
    int result = 0;

    options_take_item(&rest, &key, &value);
    if (asks_for_help(key, value)) {
        model_list(dev_models, &o->list);
    } else if (value != NULL && strcmp(key, "driver") != 0) {
        result = error_set(e, "the name of a model comes first, not '%s='", key);
    } else {
        result = take_model(o, value != NULL ? value : key, rest, e);
    }
    free(key);
    free(value);
    return result < 0 ? error_prefix(e, "-device %.100s", v) : 0;
}
