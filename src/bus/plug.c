/* SPDX-License-Identifier: GPL-2.0-or-later
 * plug: the buses of a machine that is being built, and plugging the configuration's devices into them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bus/bus.h"

void buses_init(struct buses *b, struct machine *m, const struct machine_config *c)
{
    *b = (struct buses){.machine = m, .config = c};
}

void buses_fini(struct buses *b)
{
    for (size_t i = 0; i < b->list.count; i++) {
        free(b->list.data[i]);
    }
    vec_fini(&b->list);
}

static struct bus *find_bus(const struct buses *b, const char *name)
{
    for (size_t i = 0; i < b->list.count; i++) {
        if (strcmp(b->list.data[i]->name, name) == 0) {
            return b->list.data[i];
        }
    }
    return NULL;
}

struct bus *buses_add(struct buses *b, enum bus_kind kind, const char *name, unsigned room,
                      void *own, struct error *e)
{
    struct bus *bus;

    if (find_bus(b, name) != NULL) {
        error_set(e, "two buses are called '%s'", name);
        return NULL;
    }
    bus = base_alloc(1, sizeof(*bus));
    *bus = (struct bus){.kind = kind, .room = room, .own = own};
    (void)snprintf(bus->name, sizeof bus->name, "%s", name);
    vec_push(&b->list, bus);
    return bus;
}

static const struct model *model_of(const struct machine_thing *t, model_table models)
{
    return strcmp(t->class, MODEL_CLASS) == 0 ? model_find(models, thing_text(t, "driver", ""))
                                              : NULL;
}

bool buses_want(const struct machine_config *c, model_table models, enum bus_kind kind)
{
    for (size_t i = 0; i < c->things.count; i++) {
        const struct model *m = model_of(&c->things.data[i], models);

        if (m != NULL && m->bus == kind) {
            return true;
        }
    }
    return false;
}

/* The bus that was named, or the first of its kind with room. */
static struct bus *choose_bus(struct plug *p, struct error *e)
{
    const char *name = thing_text(p->thing, "bus", NULL);
    const char *kind = bus_kind_name(p->model->bus);
    struct bus *named = name != NULL ? find_bus(p->buses, name) : NULL;
    bool is_there = false;

    if (name != NULL && named == NULL) {
        error_set(e, "this machine has no bus '%s'", name);
        return NULL;
    }
    if (named != NULL && named->kind != p->model->bus) {
        error_set(e, "the bus '%s' is of kind %s, and it wants one of kind %s", name,
                  bus_kind_name(named->kind), kind);
        return NULL;
    }
    if (named != NULL && named->room == 0) {
        error_set(e, "the bus '%s' is full", name);
        return NULL;
    }
    for (size_t i = 0; named == NULL && i < p->buses->list.count; i++) {
        struct bus *bus = p->buses->list.data[i];

        is_there = is_there || bus->kind == p->model->bus;
        named = bus->kind == p->model->bus && bus->room != 0 ? bus : NULL;
    }
    if (named == NULL) {
        error_set(e,
                  is_there ? "every bus of kind %s is full" : "this machine has no bus of kind %s",
                  kind);
    }
    return named;
}

/* A name that leads nowhere else. */
static int choose_name(struct plug *p, struct error *e)
{
    struct machine *m = p->machine;

    (void)snprintf(p->name, sizeof p->name, "%s", p->thing->id);
    if (strlen(p->name) >= sizeof(((struct device *)0)->name)) {
        return error_set(e, "its id is longer than %zu bytes",
                         sizeof(((struct device *)0)->name) - 1);
    }
    for (unsigned i = 0; i < machine_device_count(m); i++) {
        if (strcmp(machine_device(m, i)->name, p->name) == 0) {
            return error_set(e, "the machine has another device of that name");
        }
    }
    return 0;
}

static int plug_one(struct buses *b, const struct model *m, const struct machine_thing *t,
                    struct error *e)
{
    struct plug p = {
        .model = m, .thing = t, .machine = b->machine, .config = b->config, .buses = b};

    if (choose_name(&p, e) < 0 || (p.bus = choose_bus(&p, e)) == NULL) {
        return -1;
    }
    p.bus->room--;
    return m->build(&p, e);
}

int buses_plug(struct buses *b, model_table models, struct error *e)
{
    for (size_t i = 0; i < b->config->things.count; i++) {
        const struct machine_thing *t = &b->config->things.data[i];
        const struct model *m = model_of(t, models);

        if (strcmp(t->class, MODEL_CLASS) == 0 &&
            (model_check(models, t, e) < 0 || plug_one(b, m, t, e) < 0)) {
            return error_prefix(e, "-device %s (%s)", thing_text(t, "driver", "?"), t->id);
        }
    }
    return 0;
}

/* ---- one device -------------------------------------------------------------------------------*/

static const struct model_property *property_of(const struct plug *p, const char *name)
{
    for (size_t i = 0; i < p->model->property_count; i++) {
        if (strcmp(p->model->properties[i].name, name) == 0) {
            return &p->model->properties[i];
        }
    }
    must(false);
    return NULL;
}

bool plug_has(const struct plug *p, const char *name)
{
    return thing_find(p->thing, name) != NULL;
}

uint64_t plug_number(const struct plug *p, const char *name)
{
    return thing_number(p->thing, name, property_of(p, name)->number);
}

bool plug_flag(const struct plug *p, const char *name)
{
    return plug_number(p, name) != 0;
}

const char *plug_text(const struct plug *p, const char *name)
{
    return thing_text(p->thing, name, property_of(p, name)->text);
}

bool plug_mac(const struct plug *p, const char *name, uint8_t out[6])
{
    const char *text = plug_text(p, name);

    for (unsigned i = 0; text != NULL && i < 6; i++) { /* it was checked */
        out[i] = (uint8_t)strtoul(text + 3 * (size_t)i, NULL, 16);
    }
    return text != NULL;
}
