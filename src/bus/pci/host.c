/* SPDX-License-Identifier: GPL-2.0-or-later
 * host: the generic host of PCI Express, by the device tree binding "pci-host-ecam-generic": configuration
 * space in memory (PCI Express 3.0, 7.2.2), windows of memory and of I/O addresses, four lines. What nobody
 * decodes reads as ones. And the host bridge, a function without anything that is at 00.0.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bus/pci/internal.h"

enum { WINDOW_ECAM, WINDOW_MEMORY, WINDOW_HIGH, WINDOW_IO };

struct pci_host {
    uint64_t zero; /* all is in the functions; a state is never of no bytes */
};

static const struct field fields[] = {FIELD(struct pci_host, zero)};

static uint64_t host_window_bytes(const struct device *d, unsigned window)
{
    const struct pci_host_config *c = d->config;
    const uint64_t bytes[] = {c->ecam_bytes, c->memory_bytes, c->high_bytes, c->io_bytes};

    return bytes[window];
}

static void host_map(struct device *d)
{
    const struct pci_host_config *c = d->config;
    const paddr base[] = {c->ecam, c->memory, c->high, c->io};

    for (unsigned w = WINDOW_ECAM; w <= WINDOW_IO; w++) {
        device_map_window(d, w, base[w], MEM_BOTH,
                          w == WINDOW_ECAM ? MEM_LEVEL_FIXED : MEM_LEVEL_UNDER);
    }
}

static struct device *function_at(struct device *d, uint64_t at)
{
    const struct pci_host_links *links = d->links;

    return pci_find(links->root, (unsigned)(at >> 20), (unsigned)(at >> 12 & 0xff));
}

static uint64_t host_read(struct device *d, struct mem_access a)
{
    unsigned at = (unsigned)(a.at & 0xfff);
    struct device *function = a.window == WINDOW_ECAM ? function_at(d, a.at) : NULL;

    if (function == NULL) {
        return UINT64_MAX >> (64 - 8 * a.size);
    }
    return at < PCI_CONFIG_BYTES ? pci_config_read(function, at, a.size) : 0;
}

static void host_write(struct device *d, struct mem_access a, uint64_t value)
{
    unsigned at = (unsigned)(a.at & 0xfff);
    struct device *function = a.window == WINDOW_ECAM ? function_at(d, a.at) : NULL;

    if (function != NULL && at < PCI_CONFIG_BYTES) {
        pci_config_write(function, at, a.size, (uint32_t)value);
    }
}

const struct device_class pci_host = {
    .name = "pci-host-ecam-generic",
    .behaviour = 2, /* 2: I/O and memory at address 0 of the bus */
    .windows = {{.bytes = 1, .sizes = 1 | 2 | 4, .splits = true},
                {.bytes = 1, .sizes = 1 | 2 | 4 | 8, .splits = true},
                {.bytes = 1, .sizes = 1 | 2 | 4 | 8, .splits = true},
                {.bytes = 1, .sizes = 1 | 2 | 4 | 8, .splits = true}},
    .window_bytes = host_window_bytes,
    .map = host_map,
    .state = FIELD_TABLE(struct pci_host, fields),
    .output_lines = PCI_PINS,
    .read = host_read,
    .write = host_write,
};

/* ---- the host bridge --------------------------------------------------------------------------*/

struct pci_host_bridge {
    struct pci_state pci;
};

static const struct field bridge_fields[] = {PCI_FIELDS(struct pci_host_bridge, pci)};

const struct device_class pci_host_bridge = {
    .name = "pci-host-bridge",
    .behaviour = 2, /* 2: extended configuration space */
    .map = pci_map,
    .state = FIELD_TABLE(struct pci_host_bridge, bridge_fields),
    .reset = pci_reset,
    .read = pci_read,
    .write = pci_write,
    .check = pci_check,
};

static const struct pci_kind bridge_kind = {
    .vendor = 0x1b36,
    .device = 0x0008,
    .subsystem_vendor = 0x1af4,
    .subsystem = 0x1100,
    .class_code = 0x060000,
};

/* ---- all together -----------------------------------------------------------------------------*/

static void fini_host(void *links)
{
    struct pci_host_links *l = links;

    free(l->root);
    free(l);
}

struct device *pci_host_add(struct buses *b, const struct pci_host_config *config, struct error *e)
{
    struct device *host =
        machine_add_device(b->machine, &pci_host, "pcie", 0, config, sizeof *config, NULL, e);
    struct pci_host_links *links;

    if (host == NULL) {
        return NULL;
    }
    links = base_alloc(1, sizeof(*links));
    links->root = base_alloc(1, sizeof(*links->root));
    links->root->host = host;
    links->root->last_slot = 31;
    machine_give_links(host, links, fini_host);
    if (pci_add_function(b->machine, links->root, 0, &pci_host_bridge, &bridge_kind,
                         "pcie.host-bridge", NULL, 0, NULL, e) == NULL ||
        buses_add(b, BUS_PCI, "pcie.0", PCI_FUNCTIONS - 1, links->root, e) == NULL) {
        return NULL;
    }
    return host;
}
