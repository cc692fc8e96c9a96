/* SPDX-License-Identifier: GPL-2.0-or-later
 * serial_port: one port of a virtio console device (serial.c), which has the way in and out of the machine; and
 * what `-device` says of both.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dev/virtio/serial.h"

/* ---- a port ---- */

struct serial_port {
    uint64_t zero; /* all is in the controller; a state is never of no bytes */
};

static const struct field fields[] = {FIELD(struct serial_port, zero)};

static uint32_t port_room(const struct device *d)
{
    const struct virtio_serial_port_config *c = d->config;

    return virtio_serial_room(c->ports->controller, c->number);
}

static void port_input(struct device *d, const uint8_t *bytes, uint32_t count)
{
    const struct virtio_serial_port_config *c = d->config;

    virtio_serial_input(c->ports->controller, c->number, bytes, count);
}

const struct device_class virtio_serial_port = {
    .name = "virtio-serial-port",
    .behaviour = 1,
    .state = FIELD_TABLE(struct serial_port, fields),
    .input = port_input,
    .room = port_room,
};

/* The number that was asked for, or the first that is free: 0 is a console's, as drivers that know of one
 * port alone take that for one. -1 and a sentence. */
static int choose_number(const struct plug *p, const struct virtio_serial_ports *ports,
                         bool is_console, struct error *e)
{
    unsigned number = is_console ? 0 : 1;

    if (plug_has(p, "nr")) {
        number = (unsigned)plug_number(p, "nr");
        if (number >= ports->most) {
            return error_set(e, "nr is less than %u, the controller's max_ports", ports->most);
        }
        if (number == 0 && !is_console) {
            return error_set(e, "port 0 is a virtconsole's");
        }
        return ports->device[number] == NULL
                   ? (int)number
                   : error_set(e, "port %u of '%s' is taken", number, p->bus->name);
    }
    while (number < ports->most && ports->device[number] != NULL) {
        number++;
    }
    return number < ports->most ? (int)number
                                : error_set(e, "no port of '%s' is free%s", p->bus->name,
                                            is_console ? "" : "; port 0 is a virtconsole's");
}

static int build_port(struct plug *p, struct error *e)
{
    struct virtio_serial_ports *ports = p->bus->own;
    bool is_console = p->model == &virtconsole_model;
    int number = choose_number(p, ports, is_console, e);
    struct virtio_serial_port_config c = {
        .ports = ports, .number = (uint32_t)number, .is_console = is_console};
    const char *name = plug_text(p, "name"), *chardev = plug_text(p, "chardev");
    char port[MACHINE_NAME_MAX + 8];
    struct device *d;

    if (number < 0) {
        return -1;
    }
    (void)snprintf(c.name, sizeof c.name, "%s", name != NULL ? name : "");
    (void)snprintf(port, sizeof port, "chr-%s", chardev != NULL ? chardev : "");
    d = machine_add_device(p->machine, &virtio_serial_port, p->name, 0, &c, sizeof c,
                           chardev != NULL ? port : NULL, e);
    if (d == NULL) {
        return -1;
    }
    ports->device[number] = d;
    return 0;
}

static const struct model_property port_properties[] = {
    {.name = "chardev",
     .value = MODEL_TEXT,
     .max = MACHINE_NAME_MAX - 1,
     .help = "the character device behind it; without one nobody hears it"},
    {.name = "nr",
     .value = MODEL_NUMBER,
     .text = "the first that is free",
     .max = VIRTIO_SERIAL_PORTS_MAX - 1,
     .help = "its number"},
    {.name = "name",
     .value = MODEL_TEXT,
     .max = VIRTIO_SERIAL_NAME_MAX - 1,
     .help = "that the guest is told, such as org.qemu.guest_agent.0"},
};
const struct model virtconsole_model = {.name = "virtconsole",
                                        .bus = BUS_VIRTIO_SERIAL,
                                        .category = CATEGORY_INPUT,
                                        .summary = "a console, hvc0 and on in Linux",
                                        .properties = port_properties,
                                        .property_count = ARRAY_LEN(port_properties),
                                        .build = build_port};
const struct model virtserialport_model = {.name = "virtserialport",
                                           .bus = BUS_VIRTIO_SERIAL,
                                           .category = CATEGORY_INPUT,
                                           .summary = "a stream of bytes by name",
                                           .properties = port_properties,
                                           .property_count = ARRAY_LEN(port_properties),
                                           .build = build_port};

/* ---- the controller ---- */

static const struct model_property properties[] = {
    VIRTIO_PCI_PROPERTIES,
    VIRTIO_PROPERTIES,
    {.name = "max_ports",
     .value = MODEL_NUMBER,
     .number = VIRTIO_SERIAL_PORTS_MAX,
     .min = 1,
     .max = VIRTIO_SERIAL_PORTS_MAX,
     .help = "numbers of ports are below it"},
};

static int add_bus(const struct plug *p, struct virtio_serial_ports *ports, struct error *e)
{
    char name[2 * MACHINE_NAME_MAX];

    (void)snprintf(name, sizeof name, "%s.0", p->name);
    return buses_add(p->buses, BUS_VIRTIO_SERIAL, name, ports->most, ports, e) != NULL ? 0 : -1;
}

static int build(struct plug *p, struct error *e)
{
    struct virtio_serial_ports *ports = base_alloc(1, sizeof *ports);
    const struct virtio_serial_config config = {.virtio = virtio_config_from(p),
                                                .ports = ports,
                                                .most = (uint32_t)plug_number(p, "max_ports")};
    const struct virtio_plan plan = {.mmio = &virtio_serial_mmio,
                                     .pci = &virtio_serial_pci,
                                     .config = &config,
                                     .config_size = sizeof config,
                                     .queues = config.most == 1 ? 2 : 2 * config.most + 2};

    machine_keep(p->machine, &(struct machine_kept){.what = ports, .drop = free});
    ports->most = config.most;
    ports->controller = virtio_add(p, &plan, e);
    return ports->controller != NULL ? add_bus(p, ports, e) : -1;
}

const struct model virtio_serial_device = {.name = "virtio-serial-device",
                                           .bus = BUS_VIRTIO,
                                           .category = CATEGORY_INPUT,
                                           .summary = "consoles and named streams of bytes",
                                           VIRTIO_PROPERTIES_OF_MMIO(properties),
                                           .build = build};
const struct model virtio_serial_pci_models[VIRTIO_PCI_NAMES] =
    VIRTIO_PCI_MODELS("virtio-serial", properties, .category = CATEGORY_INPUT,
                      .summary = "consoles and named streams of bytes", .build = build);
