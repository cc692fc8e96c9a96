/* SPDX-License-Identifier: GPL-2.0-or-later
 * bridge: buses behind a function: pci-bridge (PCI-to-PCI Bridge 1.2) and pcie-root-port, whose bus has one
 * slot. Left out: hot plug, and VGA's addresses.
 */
#include "bus/pci/internal.h"

struct pci_bridge {
    struct pci_state pci;
};

static const struct field fields[] = {PCI_FIELDS(struct pci_bridge, pci)};

const struct device_class pci_bridge = {
    .name = "pci-bridge",
    .behaviour = 2, /* 2: extended configuration space */
    .map = pci_map,
    .state = FIELD_TABLE(struct pci_bridge, fields),
    .reset = pci_reset,
    .read = pci_read,
    .write = pci_write,
    .check = pci_check,
};

const struct device_class pcie_root_port = {
    .name = "pcie-root-port",
    .behaviour = 2, /* 2: extended configuration space */
    .map = pci_map,
    .state = FIELD_TABLE(struct pci_bridge, fields),
    .reset = pci_reset,
    .read = pci_read,
    .write = pci_write,
    .check = pci_check,
};

/* Adds the bridge, and its bus by the device's name. */
static int build_bridge(const struct plug *p, const struct device_class *class,
                        const struct pci_kind *kind, unsigned first_slot, unsigned last_slot,
                        struct error *e)
{
    struct device *d = pci_add(p, class, kind, NULL, 0, NULL, e);
    struct pci_bus *bus;

    if (d == NULL) {
        return -1;
    }
    bus = base_alloc(1, sizeof(*bus));
    bus->host = pci_function_of(d)->bus->host;
    bus->bridge = d;
    bus->first_slot = first_slot;
    bus->last_slot = last_slot;
    pci_function_of(d)->secondary = bus; /* which frees it */
    return buses_add(p->buses, BUS_PCI, p->name, 8 * (last_slot - first_slot + 1), bus, e) != NULL
               ? 0
               : -1;
}

static int build_pci_bridge(struct plug *p, struct error *e)
{
    static const struct pci_kind kind = {
        .vendor = 0x1b36,
        .device = 0x0001,
        .class_code = 0x060400,
        .msi_vectors = 1,
        .has_power = true,
        .is_bridge = true,
    };

    return build_bridge(p, &pci_bridge, &kind, 1, 31, e);
}

static int build_root_port(struct plug *p, struct error *e)
{
    static const struct pci_kind kind = {
        .vendor = 0x1b36,
        .device = 0x000c,
        .class_code = 0x060400,
        .msi_vectors = 1,
        .has_power = true,
        .is_bridge = true,
        .pin = 1,
        .express = PCI_EXPRESS_ROOT_PORT,
        .has_error_reports = true,
    };

    if (plug_flag(p, "hotplug")) {
        return error_set(e, "hotplug=on: nothing is plugged in while a machine runs");
    }
    return build_bridge(p, &pcie_root_port, &kind, 0, 0, e);
}

static const struct model_property bridge_properties[] = {
    PCI_PROPERTIES,
    {.name = "chassis_nr", .value = MODEL_NUMBER, .max = 255, .help = "taken, and changes nothing"},
    {.name = "shpc",
     .value = MODEL_FLAG,
     .help = "taken, and changes nothing: there is no hot plug"},
    {.name = "msi",
     .value = MODEL_CHOICE,
     .text = "auto",
     .choices = "auto|on|off",
     .help = "taken, and changes nothing"},
};
const struct model pci_bridge_model = {.name = "pci-bridge",
                                       .bus = BUS_PCI,
                                       .category = CATEGORY_BRIDGE,
                                       .summary = "Standard PCI Bridge",
                                       .properties = bridge_properties,
                                       .property_count = ARRAY_LEN(bridge_properties),
                                       .build = build_pci_bridge};

static const struct model_property port_properties[] = {
    PCI_PROPERTIES,
    {.name = "chassis", .value = MODEL_NUMBER, .max = 255, .help = "taken, and changes nothing"},
    {.name = "slot", .value = MODEL_NUMBER, .max = 8191, .help = "taken, and changes nothing"},
    {.name = "port", .value = MODEL_NUMBER, .max = 255, .help = "taken, and changes nothing"},
    {.name = "hotplug", .value = MODEL_FLAG, .help = "off: there is none"},
};
const struct model pcie_root_port_model = {.name = "pcie-root-port",
                                           .bus = BUS_PCI,
                                           .category = CATEGORY_BRIDGE,
                                           .summary = "PCI Express Root Port",
                                           .properties = port_properties,
                                           .property_count = ARRAY_LEN(port_properties),
                                           .build = build_root_port};
