/* SPDX-License-Identifier: GPL-2.0-or-later
 * virtio: what every virtio device shares, after the Virtual I/O Device specification 1.2: negotiation,
 * virtqueues (split and packed), interrupts. A device is a *model* (what it does with buffers) behind a
 * *transport* (how a driver reaches it). Nothing that a driver says is believed before it was looked
 * at: a ring that makes no sense breaks the device, which then waits to be reset, and nobody else.
 *
 * Rings, descriptors and buffers lie in memory only, not in windows of devices. So no device is entered
 * while it is at work on its own rings.
 */
#ifndef DEV_VIRTIO_VIRTIO_H
#define DEV_VIRTIO_VIRTIO_H

#include "bus/pci.h"
#include "dev/virtio.h"

#define VIRTIO_QUEUES_MAX 16
#define VIRTIO_SIZE_MAX   1024 /* descriptors of a ring */
#define VIRTIO_PIECES_MAX 1024 /* descriptors of a chain, those of an indirect table included */
#define VIRTIO_CONFIG_MAX 256  /* bytes of a model's configuration */

/* Bits of a device's status, 2.1. */
enum {
    VIRTIO_ACKNOWLEDGE = 1,
    VIRTIO_DRIVER = 2,
    VIRTIO_DRIVER_OK = 4,
    VIRTIO_FEATURES_OK = 8,
    VIRTIO_NEEDS_RESET = 64,
    VIRTIO_FAILED = 128
};
/* Features of rings and transports, 6. */
#define VIRTIO_F_ANY_LAYOUT    (UINT64_C(1) << 27) /* of the legacy interface */
#define VIRTIO_F_INDIRECT_DESC (UINT64_C(1) << 28)
#define VIRTIO_F_EVENT_IDX     (UINT64_C(1) << 29)
#define VIRTIO_F_VERSION_1     (UINT64_C(1) << 32)
#define VIRTIO_F_RING_PACKED   (UINT64_C(1) << 34)

/* State: the first member of each model's. Arrays are by queue. */
struct virtio {
    uint64_t driver_features;                /* those of the offered ones that the driver took */
    uint64_t descriptors[VIRTIO_QUEUES_MAX]; /* where the three areas of a queue are */
    uint64_t driver_area[VIRTIO_QUEUES_MAX];
    uint64_t device_area[VIRTIO_QUEUES_MAX];
    uint32_t device_select, driver_select; /* which 32 bits of the features a register shows */
    uint32_t generation;                   /* of the configuration */
    uint32_t page_size;                    /* of the legacy interface, as is: */
    uint32_t align[VIRTIO_QUEUES_MAX];
    uint16_t size[VIRTIO_QUEUES_MAX];   /* descriptors; 0: not set */
    uint16_t vector[VIRTIO_QUEUES_MAX]; /* of MSI-X, where a transport has it */
    /* Where the next chain is taken and the next used one is put. Split: counted without end; packed:
     * places in the ring, with the wrap counters below. */
    uint16_t taken[VIRTIO_QUEUES_MAX];
    uint16_t used[VIRTIO_QUEUES_MAX];
    uint16_t
        told[VIRTIO_QUEUES_MAX]; /* `used` when the driver was interrupted last, as it counts */
    uint16_t queue_select;
    uint16_t config_vector;
    uint8_t enabled[VIRTIO_QUEUES_MAX];
    uint8_t taken_wrap[VIRTIO_QUEUES_MAX];
    uint8_t used_wrap[VIRTIO_QUEUES_MAX];
    uint8_t told_wrap[VIRTIO_QUEUES_MAX];
    uint8_t status;
    uint8_t isr;           /* 1: a queue has something, 2: the configuration changed */
    uint8_t speaks_legacy; /* the driver of a transitional device took the legacy interface */
    uint8_t zero;
};
/* `v`: the path of it in the state. */
#define VIRTIO_FIELDS(type, v)                                                                     \
    FIELD(type, v.driver_features), FIELD_ARRAY(type, v.descriptors),                              \
        FIELD_ARRAY(type, v.driver_area), FIELD_ARRAY(type, v.device_area),                        \
        FIELD(type, v.device_select), FIELD(type, v.driver_select), FIELD(type, v.generation),     \
        FIELD(type, v.page_size), FIELD_ARRAY(type, v.align),                                      \
        FIELD_ARRAY_MAX(type, v.size, VIRTIO_SIZE_MAX), FIELD_ARRAY(type, v.vector),               \
        FIELD_ARRAY(type, v.taken), FIELD_ARRAY(type, v.used), FIELD_ARRAY(type, v.told),          \
        FIELD(type, v.queue_select), FIELD(type, v.config_vector),                                 \
        FIELD_ARRAY_BOOL(type, v.enabled), FIELD_ARRAY_BOOL(type, v.taken_wrap),                   \
        FIELD_ARRAY_BOOL(type, v.used_wrap), FIELD_ARRAY_BOOL(type, v.told_wrap),                  \
        FIELD(type, v.status), FIELD_MASK(type, v.isr, 3), FIELD_BOOL(type, v.speaks_legacy),      \
        FIELD(type, v.zero)

/* What a device does, whatever the transport. Functions may be NULL where it has no such thing. */
struct virtio_model {
    uint32_t number;                              /* 5: the device's number */
    uint16_t legacy_id;                           /* of a transitional device on PCI, 4.1.2.1 */
    uint32_t class_code;                          /* on PCI */
    uint64_t (*features)(const struct device *d); /* that it offers, beside those of rings */
    unsigned (*queues)(const struct device *d);   /* how many, at most VIRTIO_QUEUES_MAX */
    uint16_t queue_size;                          /* descriptors at most, a power of two */
    /* Its configuration as it is now; returns how many bytes, at most VIRTIO_CONFIG_MAX. */
    unsigned (*get_config)(struct device *d, uint8_t bytes[VIRTIO_CONFIG_MAX]);
    /* The driver writes there; it is inside. */
    void (*set_config)(struct device *d, unsigned at, unsigned size, uint64_t value);
    void (*ready)(struct device *d); /* DRIVER_OK was set */
    void (*notify)(struct device *d,
                   unsigned queue); /* there may be new chains in an enabled queue */
    /* The driver, or power, resets: all but `struct virtio` becomes as at power-on. */
    void (*reset)(struct device *d);
    /* What no field's rule says of the model's own part of a state from elsewhere. */
    int (*check)(const struct device *d, const void *state, struct error *e);
};

/* How a driver is told, and how the device reaches memory. */
struct virtio_transport {
    void (*queue_used)(struct device *d, unsigned queue);
    void (*config_changed)(struct device *d);
    void (*reset)(struct device *d); /* `struct virtio` has been cleared */
    /* The driver lets the device reach memory; until then its queues stand still. */
    bool (*may_reach)(const struct device *d);
    bool (*read)(struct device *d, paddr at, void *bytes, uint64_t size);
    bool (*write)(struct device *d, paddr at, const void *bytes, uint64_t size);
};

static inline const struct virtio_class *virtio_class_of(const struct device *d)
{
    return (const struct virtio_class *)(const void *)d->class;
}
static inline struct virtio *virtio_of(const struct device *d)
{
    return d->state;
}
static inline const struct virtio_config *virtio_config_of(const struct device *d)
{
    return d->config;
}

/* ---- negotiation: virtio.c; for transports ---- */

/* The driver speaks the legacy interface: it could not do otherwise, or chose to. */
static inline bool virtio_is_legacy(const struct device *d)
{
    return virtio_config_of(d)->is_legacy != 0 || virtio_of(d)->speaks_legacy != 0;
}
/* The driver of a transitional device uses one interface or the other; it may change its mind until it has
 * settled for features or a queue. */
void virtio_speak(struct device *d, bool legacy);
uint64_t virtio_offers(const struct device *d);            /* all features that a driver may take */
bool virtio_has(const struct device *d, uint64_t feature); /* the driver took it */
unsigned virtio_queue_count(const struct device *d);
void virtio_set_driver_features(struct device *d, unsigned word, uint32_t bits);
void virtio_set_status(struct device *d, uint8_t status); /* 0 resets it */
/* Where the selected queue has its descriptors (0), the driver's area (1), the device's (2); NULL: there is no such
 * area, or no such queue. */
uint64_t *virtio_area(struct device *d, uint64_t n);
void virtio_set_queue_size(struct device *d, unsigned queue, uint64_t size);
void virtio_enable_queue(struct device *d, unsigned queue, bool enabled);
/* All three areas by the place of the first, as the legacy interface has them; 0: the queue is disabled. */
void virtio_set_legacy_place(struct device *d, unsigned queue, uint64_t at);
void virtio_driver_notifies(struct device *d, uint64_t queue); /* any number */
/* It is there, set up, and the device is not broken: 0 <= queue < VIRTIO_QUEUES_MAX. */
bool virtio_is_usable(const struct device *d, unsigned queue);
uint64_t virtio_read_config(struct device *d, uint64_t at, unsigned size);
void virtio_write_config(struct device *d, uint64_t at, unsigned size, uint64_t value);
void virtio_reset(struct device *d); /* also the class's reset() */
/* The class's check(): what no field's rule says. */
int virtio_check(const struct device *d, const void *state, struct error *e);

/* ---- chains: chain.c, split.c, packed.c; for models ---- */

struct virtio_piece {
    paddr at;
    uint32_t size;
    bool is_written; /* by the device */
};
/* Buffers that a driver made available together: first those that the device reads. */
struct virtio_chain {
    uint16_t id;    /* by which the driver knows it */
    uint16_t slots; /* descriptors that it takes in a packed ring */
    unsigned count, read_count;
    uint64_t read_bytes, written_bytes; /* how many there are to be read, to be written */
    struct virtio_piece pieces[VIRTIO_PIECES_MAX];
};
/* What is needed to give it back. */
struct virtio_ticket {
    uint16_t id, slots;
};
static inline struct virtio_ticket virtio_ticket_of(const struct virtio_chain *c)
{
    return (struct virtio_ticket){c->id, c->slots};
}

/* The next chain of an enabled queue; false: there is none now, and the driver tells when there is; or the
 * device is broken. */
bool virtio_take(struct device *d, unsigned queue, struct virtio_chain *c);
/* Whether one could be taken: a function of state and memory alone. */
bool virtio_has_chain(const struct device *d, unsigned queue);
/* How many bytes the next one has to be written to; 0: it makes no sense, or has none. A function of state and memory
 * alone. virtio_has_chain(). */
uint64_t virtio_next_room(const struct device *d, unsigned queue);
/* To and from the buffers: `at` bytes into all those that the device reads, or writes, as far as they
 * go. Returns how many bytes; fewer than there are buffers for if something is not memory. */
size_t virtio_gather(struct device *d, const struct virtio_chain *c, uint64_t at, void *bytes,
                     size_t size);
size_t virtio_scatter(struct device *d, const struct virtio_chain *c, uint64_t at,
                      const void *bytes, size_t size);
/* Gives it back, with so many bytes written from its first one on. */
void virtio_put(struct device *d, unsigned queue, struct virtio_ticket t, uint32_t written);
/* Chains were put: the driver is interrupted if it wants to be. */
void virtio_signal(struct device *d, unsigned queue);
void virtio_config_changed(struct device *d);
/* The driver did what makes no sense: the device stops, and says so, until it is reset. */
void virtio_break(struct device *d, const char *why);

/* ---- shared by chain.c, split.c, packed.c ---- */

bool virtio_memory_read(const struct device *d, paddr at, void *bytes, uint64_t size);
bool virtio_memory_write(struct device *d, paddr at, const void *bytes, uint64_t size);
enum { VIRTIO_DESC_NEXT = 1, VIRTIO_DESC_WRITE = 2, VIRTIO_DESC_INDIRECT = 4 };
/* One more piece; false: too many, or one to be read behind one to be written. */
bool virtio_add_piece(struct virtio_chain *c, paddr at, uint32_t size, bool is_written);
enum virtio_found { VIRTIO_FOUND, VIRTIO_NOTHING, VIRTIO_BROKEN };
enum virtio_found virtio_split_take(struct device *d, unsigned queue, struct virtio_chain *c);
bool virtio_split_has(const struct device *d, unsigned queue);
bool virtio_split_put(struct device *d, unsigned queue, struct virtio_ticket t, uint32_t written);
bool virtio_split_wants_signal(struct device *d, unsigned queue);
enum virtio_found virtio_packed_take(struct device *d, unsigned queue, struct virtio_chain *c);
bool virtio_packed_has(const struct device *d, unsigned queue);
bool virtio_packed_put(struct device *d, unsigned queue, struct virtio_ticket t, uint32_t written);
bool virtio_packed_wants_signal(struct device *d, unsigned queue);

/* ---- virtio over MMIO: mmio.c ---- */

extern const struct virtio_transport virtio_mmio;
void virtio_mmio_map(struct device *d);
uint64_t virtio_mmio_read(struct device *d, struct mem_access a);
void virtio_mmio_write(struct device *d, struct mem_access a, uint64_t value);
/* The members of a class behind it, but for its name and what its model needs. Its state is what lies
 * before the part of PCI, which is the last one of `type`. */
#define VIRTIO_MMIO_CLASS(type, all)                                                               \
    .windows = {{.bytes = VIRTIO_MMIO_BYTES, .sizes = 1 | 2 | 4}}, .map = virtio_mmio_map,         \
    .state = {.fields = all,                                                                       \
              .field_count = ARRAY_LEN(all) - VIRTIO_PCI_FIELD_COUNT(type),                        \
              .state_size = offsetof(type, pci)},                                                  \
    .output_lines = 1, .reset = virtio_reset, .read = virtio_mmio_read,                            \
    .write = virtio_mmio_write, .check = virtio_check

/* ---- virtio over PCI: pci.c, pci_function.c ---- */

#define VIRTIO_VECTORS_MAX 32

extern const struct virtio_transport virtio_pci;
/* State: the last member, `pci`, of each model's that may be on PCI. */
#define VIRTIO_PCI_STATE        struct pci_state pci
#define VIRTIO_PCI_FIELDS(type) PCI_FIELDS(type, pci)
#define VIRTIO_PCI_FIELD_COUNT(type)                                                               \
    (sizeof((const struct field[]){VIRTIO_PCI_FIELDS(type)}) / sizeof(struct field))
enum { VIRTIO_PCI_MODERN, VIRTIO_PCI_LEGACY, VIRTIO_PCI_TABLE, VIRTIO_PCI_PENDING }; /* windows */
#define VIRTIO_PCI_CLASS(type, all)                                                                \
    .windows = {[VIRTIO_PCI_MODERN] = {.bytes = VIRTIO_PARTS * VIRTIO_PART_BYTES,                  \
                                       .sizes = 1 | 2 | 4,                                         \
                                       .splits = true},                                            \
                [VIRTIO_PCI_LEGACY] = {.bytes = 0x100, .sizes = 1 | 2 | 4, .splits = true},        \
                [VIRTIO_PCI_TABLE] = {.bytes = UINT64_C(16) * VIRTIO_VECTORS_MAX, .sizes = 4 | 8}, \
                [VIRTIO_PCI_PENDING] = {.bytes = 8, .sizes = 4 | 8}},                              \
    .map = pci_map, .state = FIELD_TABLE(type, all), .reset = pci_reset, .read = pci_read,         \
    .write = pci_write, .check = pci_check

/* Shared by the two: the window of the modern interface has these parts, a page each. */
enum { VIRTIO_PART_COMMON, VIRTIO_PART_ISR, VIRTIO_PART_DEVICE, VIRTIO_PART_NOTIFY, VIRTIO_PARTS };
enum { VIRTIO_PART_BYTES = 0x1000, VIRTIO_NOTIFY_STEP = 4 };
uint64_t virtio_pci_read_modern(struct device *d, struct mem_access a);
void virtio_pci_write_modern(struct device *d, struct mem_access a, uint64_t value);
uint64_t virtio_pci_read(struct device *d, struct mem_access a); /* of both windows of registers */
void virtio_pci_write(struct device *d, struct mem_access a, uint64_t value);
void virtio_pci_update_pin(struct device *d); /* MSI-X is on now, or off */

/* ---- building one: models.c ---- */

/* The properties of a model on PCI, before VIRTIO_PROPERTIES and its own ones. A model over MMIO has the same
 * but for these. */
#define VIRTIO_PCI_PROPERTIES                                                                      \
    {.name = "disable-legacy",                                                                     \
     .value = MODEL_CHOICE,                                                                        \
     .text = "auto",                                                                               \
     .choices = "auto|on|off",                                                                     \
     .help = "no legacy interface; auto: none behind a port of PCI Express"},                      \
        {.name = "disable-modern", .value = MODEL_FLAG, .help = "the legacy interface alone"},     \
        PCI_PROPERTIES,                                                                            \
    {                                                                                              \
        .name = "vectors", .value = MODEL_NUMBER, .text = "one for each queue, and one",           \
        .max = VIRTIO_VECTORS_MAX, .help = "of MSI-X; 0: it has none"                              \
    }
#define VIRTIO_PCI_PROPERTY_COUNT                                                                  \
    (sizeof((const struct model_property[]){VIRTIO_PCI_PROPERTIES}) / sizeof(struct model_property))
/* The properties of a model in `all`, of which the first are those of PCI. */
#define VIRTIO_PROPERTIES_OF_MMIO(all)                                                             \
    .properties = (all) + VIRTIO_PCI_PROPERTY_COUNT,                                               \
    .property_count = ARRAY_LEN(all) - VIRTIO_PCI_PROPERTY_COUNT
/* A model on PCI by its three names, the latter two of which say which interfaces it has: a table of
 * VIRTIO_PCI_NAMES. `stem` is a string, what follows the properties are the other members. */
#define VIRTIO_INTERFACE_PROPERTIES 2 /* the first of VIRTIO_PCI_PROPERTIES */
#define VIRTIO_PCI_MODELS(stem, all, ...)                                                          \
    {                                                                                              \
        {.name = stem "-pci",                                                                      \
         .alias = stem,                                                                            \
         .bus = BUS_PCI,                                                                           \
         .properties = (all),                                                                      \
         .property_count = ARRAY_LEN(all),                                                         \
         __VA_ARGS__},                                                                             \
            {.name = stem "-pci" VIRTIO_TRANSITIONAL,                                              \
             .bus = BUS_PCI,                                                                       \
             .properties = (all) + VIRTIO_INTERFACE_PROPERTIES,                                    \
             .property_count = ARRAY_LEN(all) - VIRTIO_INTERFACE_PROPERTIES,                       \
             __VA_ARGS__},                                                                         \
        {                                                                                          \
            .name = stem "-pci" VIRTIO_NON_TRANSITIONAL, .bus = BUS_PCI,                           \
            .properties = (all) + VIRTIO_INTERFACE_PROPERTIES,                                     \
            .property_count = ARRAY_LEN(all) - VIRTIO_INTERFACE_PROPERTIES, __VA_ARGS__            \
        }                                                                                          \
    }
#define VIRTIO_TRANSITIONAL     "-transitional"
#define VIRTIO_NON_TRANSITIONAL "-non-transitional"
/* What all virtio devices may be told. */
#define VIRTIO_PROPERTIES                                                                          \
    {.name = "packed", .value = MODEL_FLAG, .help = "packed rings are offered"},                   \
        {.name = "event_idx", .value = MODEL_FLAG, .number = 1},                                   \
    {                                                                                              \
        .name = "indirect_desc", .value = MODEL_FLAG, .number = 1                                  \
    }
/* By the model's bus; the plug's own for `is_legacy`. */
struct virtio_config virtio_config_from(const struct plug *p);
struct virtio_plan {
    const struct virtio_class *mmio, *pci; /* the same model behind either */
    const void *config;                    /* begins with virtio_config_from() */
    size_t config_size;
    unsigned queues;
    const char *port_name; /* NULL: it has none */
};
/* Adds it where the plug leads: into a slot of MMIO, or onto PCI. NULL and a sentence. */
struct device *virtio_add(struct plug *p, const struct virtio_plan *plan, struct error *e);
/* The part of PCI of these two. */
bool virtio_pci_is_modern(const struct plug *p);
bool virtio_pci_is_legacy(const struct plug *p);
struct device *virtio_pci_add(struct plug *p, const struct virtio_plan *plan, struct error *e);

#endif
