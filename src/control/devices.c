/* SPDX-License-Identifier: GPL-2.0-or-later
 * devices: commands about devices: the board's and those that were plugged in.
 */
#include "bus/bus.h"
#include "bus/pci.h"
#include "control/internal.h"
#include "machine/build.h"

struct json_object *run_memory_size(struct call *k)
{
    struct json_object *o = json_object_new_object();

    json_add_int(o, "base-memory", (int64_t)k->control->options.config->ram_bytes);
    text_add(&k->out, "base memory: %llu\n", (ull)k->control->options.config->ram_bytes);
    return o;
}

/* ---- character devices ---- */

static void add_chardev(void *to, const struct control_chardev *c)
{
    struct json_object *o = json_object_new_object();

    json_add_bool(o, "frontend-open", true);
    json_add_text(o, "label", c->label);
    json_add_text(o, "filename", c->filename);
    json_object_array_add(to, o);
}

struct json_object *run_chardevs(struct call *k)
{
    const struct control_options *o = &k->control->options;
    struct json_object *list = json_object_new_array();

    if (o->chardevs != NULL) {
        o->chardevs(o->opaque, list, add_chardev);
    }
    return list;
}

void show_chardevs(struct call *k, struct json_object *answer, struct text *out)
{
    (void)k;
    for (size_t i = 0; i < json_object_array_length(answer); i++) {
        struct json_object *o = json_object_array_get_idx(answer, i);

        text_add(out, "%s: filename=%s\n", json_get_text(o, "label"), json_get_text(o, "filename"));
    }
}

/* ---- PCI ---- */

static struct json_object *describe_bars(const struct pci_description *p)
{
    struct json_object *list = json_object_new_array();

    for (unsigned i = 0; i < PCI_BARS; i++) {
        struct json_object *o;
        bool is_io = (p->bars[i].flags & PCI_BAR_IO) != 0;

        if (p->bars[i].bytes == 0) {
            continue;
        }
        o = json_object_new_object();
        json_add_int(o, "bar", i);
        json_add_text(o, "type", is_io ? "io" : "memory");
        json_add_int(o, "address", (int64_t)p->bars[i].base);
        json_add_int(o, "size", (int64_t)p->bars[i].bytes);
        if (!is_io) {
            json_add_bool(o, "prefetch", (p->bars[i].flags & PCI_BAR_PREFETCH) != 0);
            json_add_bool(o, "mem_type_64", (p->bars[i].flags & PCI_BAR_64) != 0);
        }
        json_object_array_add(list, o);
    }
    return list;
}

static struct json_object *describe_function(const struct device *d,
                                             const struct pci_description *p)
{
    const uint8_t *config = pci_state_of(d)->config;
    struct json_object *o = json_object_new_object(), *class = json_object_new_object(),
                       *id = json_object_new_object();

    json_add_int(o, "bus", p->bus);
    json_add_int(o, "slot", p->slot);
    json_add_int(o, "function", p->function);
    json_add_int(class, "class", (int64_t)bytes_get_le(config + PCI_CLASS + 1, 2));
    json_object_object_add(o, "class_info", class);
    json_add_int(id, "vendor", (int64_t)bytes_get_le(config + PCI_VENDOR, 2));
    json_add_int(id, "device", (int64_t)bytes_get_le(config + PCI_DEVICE, 2));
    json_object_object_add(o, "id", id);
    if (config[PCI_INTERRUPT_PIN] != 0) {
        json_add_int(o, "irq", config[PCI_INTERRUPT_LINE]);
        json_add_int(o, "irq_pin", config[PCI_INTERRUPT_PIN]);
    }
    json_add_text(o, "qdev_id", d->name);
    json_object_object_add(o, "regions", describe_bars(p));
    if (p->secondary != 0) {
        struct json_object *bridge = json_object_new_object(), *bus = json_object_new_object();

        json_add_int(bus, "number", p->bus);
        json_add_int(bus, "secondary", p->secondary);
        json_add_int(bus, "subordinate", p->subordinate);
        json_object_object_add(bridge, "bus", bus);
        json_object_object_add(o, "pci_bridge", bridge);
    }
    return o;
}

struct json_object *run_pci(struct call *k)
{
    struct machine *m = k->control->machine;
    struct json_object *list = json_object_new_array(), *devices = json_object_new_array(), *bus;

    for (unsigned i = 0; i < machine_device_count(m); i++) {
        const struct device *d = machine_device(m, i);
        struct pci_description p;

        if (pci_describe(d, &p)) {
            json_object_array_add(devices, describe_function(d, &p));
        }
    }
    if (json_object_array_length(devices) == 0) {
        json_object_put(devices);
        return list;
    }
    bus = json_object_new_object();
    json_add_int(bus, "bus", 0);
    json_object_object_add(bus, "devices", devices);
    json_object_array_add(list, bus);
    return list;
}

static void show_region(struct json_object *r, struct text *out)
{
    const char *type = json_get_text(r, "type");
    ull base = (ull)json_get_int(r, "address"), size = (ull)json_get_int(r, "size");

    text_add(out, "      BAR%u: %s", (unsigned)json_get_int(r, "bar"),
             strcmp(type, "io") == 0           ? "I/O"
             : json_get_bool(r, "mem_type_64") ? "64 bit memory"
                                               : "32 bit memory");
    if (base == UINT64_MAX) {
        text_add(out, " of 0x%llx bytes, not decoded\n", size);
    } else {
        text_add(out, " at 0x%08llx [0x%08llx]\n", base, base + size - 1);
    }
}

void show_pci(struct call *k, struct json_object *answer, struct text *out)
{
    struct json_object *bus = json_object_array_get_idx(answer, 0), *devices;

    (void)k;
    devices = bus != NULL ? json_object_object_get(bus, "devices") : NULL;
    if (devices == NULL) {
        text_add(out, "PCI not supported\n");
        return;
    }
    for (size_t i = 0; i < json_object_array_length(devices); i++) {
        struct json_object *o = json_object_array_get_idx(devices, i);
        struct json_object *id = json_object_object_get(o, "id");
        struct json_object *regions = json_object_object_get(o, "regions");

        text_add(out, "  Bus %2d, device %3d, function %d:\n", (int)json_get_int(o, "bus"),
                 (int)json_get_int(o, "slot"), (int)json_get_int(o, "function"));
        text_add(out, "    Class %04d: PCI device %04x:%04x\n",
                 (int)json_get_int(json_object_object_get(o, "class_info"), "class"),
                 (unsigned)json_get_int(id, "vendor"), (unsigned)json_get_int(id, "device"));
        for (size_t n = 0; n < json_object_array_length(regions); n++) {
            show_region(json_object_array_get_idx(regions, n), out);
        }
        text_add(out, "      id \"%s\"\n", json_get_text(o, "qdev_id"));
    }
}

/* ---- what was asked for ---- */

static void add_property(const struct machine_property *p, struct text *out)
{
    text_add(out, "        %s = ", p->name);
    switch (p->kind) {
    case PROPERTY_NUMBER: text_add(out, "%llu (0x%llx)\n", (ull)p->number, (ull)p->number); break;
    case PROPERTY_FLAG: text_add(out, "%s\n", p->number != 0 ? "true" : "false"); break;
    case PROPERTY_TEXT:
    case PROPERTY_KIND_COUNT:
        text_add(out, "\"");
        text_add_visible(out, p->text, strlen(p->text), "");
        text_add(out, "\"\n");
        break;
    }
}

struct json_object *run_qtree(struct call *k)
{
    struct machine *m = k->control->machine;
    const struct machine_config *c = k->control->options.config;

    text_add(&k->out, "bus: main-system-bus\n");
    for (unsigned i = 0; i < machine_device_count(m); i++) {
        const struct device *d = machine_device(m, i);

        text_add(&k->out, "  dev: %s, id \"%s\"\n", d->class->name, d->name);
        for (size_t n = 0; n < c->things.count; n++) {
            const struct machine_thing *t = &c->things.data[n];

            for (size_t p = 0; strcmp(t->class, MODEL_CLASS) == 0 && strcmp(t->id, d->name) == 0 &&
                               p < t->properties.count;
                 p++) {
                add_property(&t->properties.data[p], &k->out);
            }
        }
        if (d->base != 0) {
            text_add(&k->out, "        mmio %016llx\n", (ull)d->base);
        }
    }
    return call_done();
}

struct json_object *run_network(struct call *k)
{
    const struct machine_config *c = k->control->options.config;

    for (size_t i = 0; i < c->things.count; i++) {
        const struct machine_thing *t = &c->things.data[i];
        const char *net = strcmp(t->class, MODEL_CLASS) == 0 ? thing_text(t, "netdev", NULL) : NULL;

        if (net != NULL) {
            const char *address = thing_text(t, "mac", NULL);

            text_add(&k->out, "%s: model=%s%s%s\n \\ %s\n", t->id, thing_text(t, "driver", ""),
                     address != NULL ? ",macaddr=" : "", address != NULL ? address : "", net);
        }
    }
    return call_done();
}
