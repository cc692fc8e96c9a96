/* SPDX-License-Identifier: GPL-2.0-or-later
 * pci: what functions of PCI share, after the PCI Local Bus specification 3.0, PCI-to-PCI Bridge 1.2 and
 * PCI Express 3.0: configuration space, base addresses that move, interrupts by pin and by message,
 * bridges, and who may reach memory. A function is a device whose class has pci_map(), pci_read(),
 * pci_write(), pci_reset() and pci_check(), whose state has a `struct pci_state`, and which is described
 * by a `struct pci_kind`; docs/devices.md shows one of 40 lines.
 * Left out: hot plug, errors that happen, I/O addresses of 32 bits.
 */
#ifndef BUS_PCI_H
#define BUS_PCI_H

#include "bus/bus.h"

/* Registers of configuration space. */
enum {
    PCI_VENDOR = 0x00,
    PCI_DEVICE = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION = 0x08,
    PCI_CLASS = 0x09, /* 3 bytes */
    PCI_HEADER_TYPE = 0x0e,
    PCI_BAR0 = 0x10,
    PCI_SUBSYSTEM_VENDOR = 0x2c,
    PCI_SUBSYSTEM = 0x2e,
    PCI_ROM = 0x30,
    PCI_CAPABILITIES = 0x34,
    PCI_INTERRUPT_LINE = 0x3c,
    PCI_INTERRUPT_PIN = 0x3d,
    /* of bridges */
    PCI_SECONDARY = 0x19,
    PCI_SUBORDINATE = 0x1a,
    PCI_IO_BASE = 0x1c,
    PCI_IO_LIMIT = 0x1d,
    PCI_MEMORY_BASE = 0x20,
    PCI_MEMORY_LIMIT = 0x22,
    PCI_PREFETCH_BASE = 0x24,
    PCI_PREFETCH_LIMIT = 0x26,
    PCI_PREFETCH_BASE_HIGH = 0x28,
    PCI_PREFETCH_LIMIT_HIGH = 0x2c,
    PCI_BRIDGE_ROM = 0x38,
    PCI_BRIDGE_CONTROL = 0x3e
};
enum {
    PCI_COMMAND_IO = 1,
    PCI_COMMAND_MEMORY = 2,
    PCI_COMMAND_MASTER = 4,
    PCI_COMMAND_NO_PIN = 0x400
};
enum {
    PCI_CAP_POWER = 0x01,
    PCI_CAP_MSI = 0x05,
    PCI_CAP_VENDOR = 0x09,
    PCI_CAP_EXPRESS = 0x10,
    PCI_CAP_MSIX = 0x11
};
enum { PCI_EXTENDED_ERRORS = 0x0001, PCI_EXTENDED_SERIAL = 0x0003 };

#define PCI_CONFIG_BYTES 512 /* of 4 KiB: behind these all is 0 */
#define PCI_EXTENDED     256 /* where the capabilities of PCI Express begin */
#define PCI_VECTORS_MAX  72  /* of MSI-X */
#define PCI_BARS         7   /* the last is the option ROM's */
#define PCI_BAR_ROM      6
#define PCI_REGIONS_MAX  12
#define PCI_EXTRAS_MAX   8

/* State: a member of each function's. */
struct pci_state {
    uint8_t config[PCI_CONFIG_BYTES];
    uint32_t msix_table[4 * PCI_VECTORS_MAX]; /* address, its upper half, data, masked */
    uint32_t msix_pending[(PCI_VECTORS_MAX + 31) / 32];
    uint8_t pin_is_up; /* the function asks for its pin, whether or not it may use it */
    uint8_t zero[3];
};
/* `p`: the path of it in the state. */
#define PCI_FIELDS(type, p)                                                                        \
    FIELD_ARRAY(type, p.config), FIELD_ARRAY(type, p.msix_table),                                  \
        FIELD_ARRAY(type, p.msix_pending), FIELD_BOOL(type, p.pin_is_up),                          \
        FIELD_ARRAY(type, p.zero)

enum { PCI_BAR_IO = 1, PCI_BAR_64 = 4, PCI_BAR_PREFETCH = 8 };
struct pci_bar {
    uint64_t bytes; /* a power of two, 16 or more (I/O: 4); 0: there is none */
    uint8_t flags;
};
/* A part of what a base address decodes: a window of the device's class, or of one of its storages. */
struct pci_region {
    uint64_t offset; /* from the base address */
    uint64_t bytes;  /* of a storage, whole pages; 0: it is a window */
    uint8_t bar;
    uint8_t number; /* of the window or storage */
};
/* A capability that the core knows nothing of. */
struct pci_extra {
    const uint8_t *bytes; /* behind its number and link */
    const uint8_t *masks; /* bits that a guest may write, as many; NULL: none */
    uint8_t count;
    uint8_t number; /* PCI_CAP_VENDOR */
};
/* Windows of the class, of 4 and 8 bytes, for the table (16 bytes a vector) and the pending bits (8 bytes
 * for 64 of them); they are among the regions, too. */
struct pci_msix {
    uint16_t vectors; /* 0: there is none */
    uint8_t table_window, pending_window;
};
enum pci_express { PCI_NOT_EXPRESS, PCI_EXPRESS_DEVICE, PCI_EXPRESS_ROOT_PORT };

/* What a function is. It is copied when the function is added: properties may change one before that. */
struct pci_kind {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t class_code; /* base class, sub-class, interface */
    uint8_t revision;
    uint8_t pin;           /* 1 to 4: INTA to INTD; 0: it has none */
    uint32_t state_offset; /* of the `struct pci_state` */
    struct pci_bar bars[PCI_BARS];
    struct pci_region regions[PCI_REGIONS_MAX]; /* the last has neither window nor bytes in use */
    uint8_t region_count;
    struct pci_msix msix;
    uint8_t msi_vectors; /* 0, 1, 2, 4, ... 32 */
    bool has_power;      /* the power management capability: D0 and D3hot */
    bool is_bridge;
    uint8_t express; /* enum pci_express */
    /* For a function on a bus of PCI Express: the guest may reset it alone; it has the registers for reports
     * of errors, of which there are none; its serial number (0: none). */
    bool has_function_reset, has_error_reports;
    uint64_t serial;
    struct pci_extra extras[PCI_EXTRAS_MAX];
    uint8_t extra_count;
    /* As those of struct device_class, for what is the device's own. Any may be NULL. */
    uint64_t (*read)(struct device *d, struct mem_access a);
    void (*write)(struct device *d, struct mem_access a, uint64_t value);
    void (*reset)(struct device *d);
    int (*check)(const struct device *d, const void *state, struct error *e);
    /* The guest is about to read there, and has written there, in configuration space. */
    void (*config_reading)(struct device *d, unsigned at, unsigned size);
    void (*config_written)(struct device *d, unsigned at, unsigned size);
};

/* ---- for classes: device_class has these ---- */

void pci_map(struct device *d);
uint64_t pci_read(struct device *d, struct mem_access a);
void pci_write(struct device *d, struct mem_access a, uint64_t value);
void pci_reset(struct device *d);
int pci_check(const struct device *d, const void *state, struct error *e);

/* ---- for those who look ---- */

/* A function as the guest has set it up. False: the device is none. */
struct pci_description {
    unsigned bus, slot, function;
    unsigned secondary, subordinate; /* buses of a bridge; 0: it is none */
    struct {
        uint64_t base; /* as far as it is decoded; else UINT64_MAX */
        uint64_t bytes;
        uint8_t flags; /* PCI_BAR_IO ... */
    } bars[PCI_BARS];  /* bytes 0: there is none */
};
bool pci_describe(const struct device *d, struct pci_description *out);

/* ---- for devices ---- */

struct pci_state *pci_state_of(const struct device *d);
const struct pci_kind *pci_kind_of(const struct device *d);
/* Where a capability lies in configuration space; the n-th extra one. */
unsigned pci_extra_at(const struct device *d, unsigned n);
/* The pin, however often it is said. It reaches the interrupt controller unless the guest has forbidden it. */
void pci_set_pin(struct device *d, bool level);
/* The guest takes interrupts by message; then pci_send() sends them, and the pin is of no use. */
bool pci_has_messages(const struct device *d);
bool pci_has_msix(const struct device *d);
unsigned pci_vector_count(const struct device *d); /* that the guest has allotted */
/* A vector that is masked pends until it is not; one that is not there is a guest's error. */
void pci_send(struct device *d, unsigned vector);
/* It may be a master, and so may all bridges on the way: without that there are no messages and no DMA. */
bool pci_may_reach(const struct device *d);
/* DMA, by the function's number. False, and nothing done, where there is no memory or the guest does not
 * let the function reach it. */
bool pci_dma_read(struct device *d, paddr at, void *bytes, uint64_t size);
bool pci_dma_write(struct device *d, paddr at, const void *bytes, uint64_t size);
/* The same where all of it is memory: reaching it enters no device, so that no guest can make a device
 * work on itself. */
bool pci_memory_read(const struct device *d, paddr at, void *bytes, uint64_t size);
bool pci_memory_write(struct device *d, paddr at, const void *bytes, uint64_t size);

/* ---- for models ---- */

/* A model's properties begin with these. */
#define PCI_PROPERTIES                                                                             \
    {.name = "addr",                                                                               \
     .value = MODEL_TEXT,                                                                          \
     .max = 7,                                                                                     \
     .help = "slot and function, hexadecimal, such as 06.0 or 06"},                                \
        {.name = "rombar",                                                                         \
         .value = MODEL_NUMBER,                                                                    \
         .number = 1,                                                                              \
         .max = 1,                                                                                 \
         .help = "0: the option ROM is not to be seen"},                                           \
        {.name = MODEL_FILE, .value = MODEL_TEXT, .help = "the file of its option ROM"},           \
    {                                                                                              \
        .name = "multifunction", .value = MODEL_FLAG, .help = "more functions may share its slot"  \
    }
/* Adds the function to the bus that the plug leads to. NULL and a sentence. */
struct device *pci_add(const struct plug *p, const struct device_class *class,
                       const struct pci_kind *kind, const void *config, size_t config_size,
                       const char *port_name, struct error *e);
/* The plug leads to a bus behind a port of PCI Express, and not to the host's own or a bridge's. */
bool pci_is_behind_port(const struct plug *p);
/* The function's option ROM, its storage of that number, behind PCI_BAR_ROM: a block without an address,
 * of the size of that base address. -1 and a sentence. */
int pci_add_rom(struct device *d, unsigned storage, const void *bytes, uint64_t size,
                struct error *e);

/* ---- for boards ---- */

struct pci_host_config {
    paddr ecam; /* 1 MiB for each bus */
    uint64_t ecam_bytes;
    paddr memory; /* where PCI's addresses are the processor's */
    uint64_t memory_bytes;
    paddr high; /* more of it, above 4 GiB */
    uint64_t high_bytes;
    paddr io; /* PCI's I/O address 0 */
    uint64_t io_bytes;
};
#define PCI_PINS 4
/* pci-host-ecam-generic, with the bus pcie.0 and the host bridge at 00.0. Its lines 0 to 3 are those of
 * slot 0's pins, and turn with the slot. NULL and a sentence. */
struct device *pci_host_add(struct buses *b, const struct pci_host_config *config, struct error *e);

extern const struct device_class pci_host, pci_host_bridge, pci_bridge, pcie_root_port;
extern const struct model pci_bridge_model, pcie_root_port_model;

#endif
