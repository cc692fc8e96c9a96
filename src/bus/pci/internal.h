/* SPDX-License-Identifier: GPL-2.0-or-later
 * bus/pci/internal: how functions, buses and bridges know each other; none of it is state.
 */
#ifndef BUS_PCI_INTERNAL_H
#define BUS_PCI_INTERNAL_H

#include "bus/pci.h"

#define PCI_FUNCTIONS 256 /* of a bus: 32 slots of 8 */

struct pci_bus {
    struct device *host;
    struct device *bridge; /* that it hangs on; NULL: the host */
    struct device *functions[PCI_FUNCTIONS];
    unsigned first_slot, last_slot; /* that devices may take */
};

/* A function's links. */
struct pci_function {
    struct pci_kind kind;
    struct pci_bus *bus;
    struct pci_bus *secondary;          /* of a bridge: its own */
    uint8_t number;                     /* slot * 8 + function */
    uint8_t image[PCI_CONFIG_BYTES];    /* configuration space after a reset */
    uint8_t writable[PCI_CONFIG_BYTES]; /* bits that the guest sets */
    uint8_t clears[PCI_CONFIG_BYTES];   /* bits that it clears by writing 1 */
    uint8_t changes[PCI_CONFIG_BYTES];  /* bits that the function itself changes, too */
    uint8_t msi, msix, power, express;  /* where these capabilities are; 0: there is none */
    bool can_reset;                     /* by a bit of the capability of PCI Express */
    uint8_t extras[PCI_EXTRAS_MAX];
};

static inline struct pci_function *pci_function_of(const struct device *d)
{
    return d->links;
}
/* A register of configuration space. */
static inline uint32_t pci_get(const struct device *d, unsigned at, unsigned size)
{
    return (uint32_t)bytes_get_le(pci_state_of(d)->config + at, size);
}
static inline bool pci_commands(const struct device *d, unsigned bits)
{
    return (pci_get(d, PCI_COMMAND, 2) & bits) == bits;
}

/* image.c: what configuration space is made of. */
void pci_make_image(struct pci_function *f);

/* config.c: the guest reads and writes it; `at` and `size` are inside. */
uint32_t pci_config_read(struct device *d, unsigned at, unsigned size);
void pci_config_write(struct device *d, unsigned at, unsigned size, uint32_t value);

/* route.c: the number of a bus; the function at a place, NULL: none. */
unsigned pci_bus_number(const struct pci_bus *bus);
struct device *pci_find(const struct pci_bus *root, unsigned bus, unsigned number);
/* The processor's address of a range of PCI's, if all bridges on the way forward it. */
bool pci_route(const struct pci_function *f, bool is_io, uint64_t base, uint64_t bytes, paddr *at);
/* Where the base address of a function is; false: it is not decoded. */
bool pci_bar_base(const struct device *d, unsigned bar, uint64_t *base);

/* message.c: drives the host's lines from all pins; messages that pend and may be sent are sent. */
void pci_update_pins(struct device *host);
void pci_update_messages(struct device *d);
uint64_t pci_msix_read(struct device *d, struct mem_access a);
void pci_msix_write(struct device *d, struct mem_access a, uint64_t value);

/* add.c */
struct device *pci_add_function(struct machine *m, struct pci_bus *bus, unsigned number,
                                const struct device_class *class, const struct pci_kind *kind,
                                const char *name, const void *config, size_t config_size,
                                const char *port_name, struct error *e);

/* host.c */
struct pci_host_links {
    struct pci_bus *root;
};

#endif
