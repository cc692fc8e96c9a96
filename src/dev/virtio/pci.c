/* SPDX-License-Identifier: GPL-2.0-or-later
 * pci: virtio over PCI, after the Virtual I/O Device specification 1.2, 4.1: the registers of the modern interface, in
 * memory, and of the legacy one, in I/O addresses; interrupts: a message for each queue and for the
 * configuration, or a pin. pci_function.c is what such a function says it is. Left out: shared memory, resets
 * of single queues, notification data.
 */
#include "dev/virtio/virtio.h"

#define NO_VECTOR   UINT16_MAX
#define LEGACY_PAGE 4096

/* Registers, 4.1.4.3. */
enum {
    DEVICE_FEATURE_SELECT = 0x00,
    DEVICE_FEATURE = 0x04,
    DRIVER_FEATURE_SELECT = 0x08,
    DRIVER_FEATURE = 0x0c,
    CONFIG_MSIX_VECTOR = 0x10,
    NUM_QUEUES = 0x12,
    DEVICE_STATUS = 0x14,
    CONFIG_GENERATION = 0x15,
    QUEUE_SELECT = 0x16,
    QUEUE_SIZE = 0x18,
    QUEUE_MSIX_VECTOR = 0x1a,
    QUEUE_ENABLE = 0x1c,
    QUEUE_NOTIFY_OFF = 0x1e,
    QUEUE_DESC = 0x20,
    QUEUE_DRIVER = 0x28,
    QUEUE_DEVICE = 0x30
};
/* Of the legacy interface, 4.1.4.10. */
enum {
    LEGACY_DEVICE_FEATURES = 0x00,
    LEGACY_DRIVER_FEATURES = 0x04,
    LEGACY_QUEUE_ADDRESS = 0x08,
    LEGACY_QUEUE_SIZE = 0x0c,
    LEGACY_QUEUE_SELECT = 0x0e,
    LEGACY_QUEUE_NOTIFY = 0x10,
    LEGACY_STATUS = 0x12,
    LEGACY_ISR = 0x13,
    LEGACY_CONFIG_VECTOR = 0x14, /* these two while MSI-X is on; the configuration follows */
    LEGACY_QUEUE_VECTOR = 0x16
};

/* ---- interrupts ---- */

void virtio_pci_update_pin(struct device *d)
{
    pci_set_pin(d, virtio_of(d)->isr != 0 && !pci_has_msix(d));
}

static void tell(struct device *d, uint8_t isr, uint16_t vector)
{
    struct virtio *s = virtio_of(d);

    if (!pci_has_msix(d)) {
        s->isr |= isr;
        virtio_pci_update_pin(d);
    } else if (vector != NO_VECTOR) {
        pci_send(d, vector);
    }
}

static void queue_used(struct device *d, unsigned queue)
{
    tell(d, 1, virtio_of(d)->vector[queue]);
}

static void config_changed(struct device *d)
{
    tell(d, 2, virtio_of(d)->config_vector);
}

/* Reading it acknowledges. */
static uint8_t take_isr(struct device *d)
{
    uint8_t isr = virtio_of(d)->isr;

    virtio_of(d)->isr = 0;
    virtio_pci_update_pin(d);
    return isr;
}

static void set_vector(struct device *d, uint16_t *vector, uint64_t value)
{
    *vector = value < pci_kind_of(d)->msix.vectors ? (uint16_t)value : NO_VECTOR;
}

/* ---- what a reset leaves ---- */

static void reset(struct device *d)
{
    struct virtio *s = virtio_of(d);

    for (unsigned q = 0; q < virtio_queue_count(d); q++) {
        s->size[q] = virtio_class_of(d)->model->queue_size;
    }
    virtio_pci_update_pin(d);
}

const struct virtio_transport virtio_pci = {.queue_used = queue_used,
                                            .config_changed = config_changed,
                                            .reset = reset,
                                            .may_reach = pci_may_reach,
                                            .read = pci_dma_read,
                                            .write = pci_dma_write};

/* ---- the modern interface ---- */

/* Bytes of the register there; 0: there is none. */
static unsigned register_bytes(uint64_t at)
{
    if (at == DEVICE_STATUS || at == CONFIG_GENERATION) {
        return 1;
    }
    if (at >= CONFIG_MSIX_VECTOR && at < QUEUE_DESC) {
        return at % 2 == 0 ? 2 : 0;
    }
    return at < QUEUE_DEVICE + 8 && at % 4 == 0 ? 4 : 0;
}

static uint64_t read_of_queue(struct device *d, uint64_t at)
{
    const struct virtio *s = virtio_of(d);
    unsigned q = s->queue_select;
    const uint64_t *area = virtio_area(d, (at - QUEUE_DESC) / 8);

    if (q >= virtio_queue_count(d)) {
        return at == QUEUE_MSIX_VECTOR ? NO_VECTOR : 0;
    }
    switch (at) {
    case QUEUE_SIZE: return s->size[q];
    case QUEUE_MSIX_VECTOR: return s->vector[q];
    case QUEUE_ENABLE: return s->enabled[q];
    case QUEUE_NOTIFY_OFF: return q;
    default: return area != NULL ? bits_get(*area, at % 8 * 8, 32) : 0;
    }
}

static uint64_t read_common(struct device *d, uint64_t at)
{
    const struct virtio *s = virtio_of(d);

    switch (at) {
    case DEVICE_FEATURE_SELECT: return s->device_select;
    case DEVICE_FEATURE:
        return s->device_select > 1 ? 0 : bits_get(virtio_offers(d), s->device_select * 32, 32);
    case DRIVER_FEATURE_SELECT: return s->driver_select;
    case DRIVER_FEATURE:
        return s->driver_select > 1 ? 0 : bits_get(s->driver_features, s->driver_select * 32, 32);
    case CONFIG_MSIX_VECTOR: return s->config_vector;
    case NUM_QUEUES: return virtio_queue_count(d);
    case DEVICE_STATUS: return s->status;
    case CONFIG_GENERATION: return s->generation & 0xff;
    case QUEUE_SELECT: return s->queue_select;
    default: return read_of_queue(d, at);
    }
}

static void write_of_queue(struct device *d, uint64_t at, uint64_t value)
{
    struct virtio *s = virtio_of(d);
    unsigned q = s->queue_select;
    uint64_t *area = virtio_area(d, (at - QUEUE_DESC) / 8);

    if (q >= virtio_queue_count(d)) {
        device_log(d, "guest error: there is no queue %u", q);
        return;
    }
    switch (at) {
    case QUEUE_SIZE: virtio_set_queue_size(d, q, value); break;
    case QUEUE_MSIX_VECTOR: set_vector(d, &s->vector[q], value); break;
    case QUEUE_ENABLE:
        if (value == 1) { /* 4.1.4.3.2: nothing else is ever written */
            virtio_enable_queue(d, q, true);
        }
        break;
    default:
        if (area != NULL && !s->enabled[q]) {
            *area = bits_set(*area, at % 8 * 8, 32, value);
        }
    }
}

static void write_common(struct device *d, uint64_t at, uint64_t value)
{
    struct virtio *s = virtio_of(d);

    switch (at) {
    case DEVICE_FEATURE_SELECT: s->device_select = (uint32_t)value; break;
    case DRIVER_FEATURE_SELECT: s->driver_select = (uint32_t)value; break;
    case DRIVER_FEATURE: virtio_set_driver_features(d, s->driver_select, (uint32_t)value); break;
    case CONFIG_MSIX_VECTOR: set_vector(d, &s->config_vector, value); break;
    case DEVICE_STATUS: virtio_set_status(d, (uint8_t)value); break;
    case QUEUE_SELECT: s->queue_select = (uint16_t)value; break;
    case DEVICE_FEATURE:
    case NUM_QUEUES:
    case CONFIG_GENERATION:
    case QUEUE_NOTIFY_OFF: break; /* they are read alone */
    default: write_of_queue(d, at, value);
    }
}

uint64_t virtio_pci_read_modern(struct device *d, struct mem_access a)
{
    uint64_t at = a.at % VIRTIO_PART_BYTES;

    switch (a.at / VIRTIO_PART_BYTES) {
    case VIRTIO_PART_COMMON:
        if (a.size != register_bytes(at)) {
            return device_bad_read(d, a);
        }
        virtio_speak(d, false);
        return read_common(d, at);
    case VIRTIO_PART_ISR: return at == 0 ? take_isr(d) : 0;
    case VIRTIO_PART_DEVICE: return virtio_read_config(d, at, a.size);
    default: return 0; /* of a notification */
    }
}

void virtio_pci_write_modern(struct device *d, struct mem_access a, uint64_t value)
{
    uint64_t at = a.at % VIRTIO_PART_BYTES;

    switch (a.at / VIRTIO_PART_BYTES) {
    case VIRTIO_PART_COMMON:
        if (a.size != register_bytes(at)) {
            device_bad_write(d, a, value);
            return;
        }
        virtio_speak(d, false);
        write_common(d, at, value);
        break;
    case VIRTIO_PART_DEVICE: virtio_write_config(d, at, a.size, value); break;
    case VIRTIO_PART_NOTIFY: virtio_driver_notifies(d, at / VIRTIO_NOTIFY_STEP); break;
    default: device_bad_write(d, a, value);
    }
}

/* ---- the legacy interface ---- */

static uint64_t legacy_config_at(const struct device *d)
{
    return pci_has_msix(d) ? LEGACY_QUEUE_VECTOR + 2 : LEGACY_CONFIG_VECTOR;
}

static unsigned legacy_bytes(uint64_t at)
{
    if (at == LEGACY_STATUS || at == LEGACY_ISR) {
        return 1;
    }
    return at < LEGACY_QUEUE_SIZE ? 4 : 2;
}

static uint64_t read_legacy_register(struct device *d, uint64_t at)
{
    const struct virtio *s = virtio_of(d);
    unsigned q = s->queue_select;
    bool is_there = q < virtio_queue_count(d);

    switch (at) {
    case LEGACY_DEVICE_FEATURES: return (uint32_t)virtio_offers(d);
    case LEGACY_DRIVER_FEATURES: return (uint32_t)s->driver_features;
    case LEGACY_QUEUE_ADDRESS:
        return is_there && s->enabled[q] ? (uint32_t)(s->descriptors[q] / LEGACY_PAGE) : 0;
    case LEGACY_QUEUE_SIZE: return is_there ? s->size[q] : 0;
    case LEGACY_QUEUE_SELECT: return q;
    case LEGACY_STATUS: return s->status;
    case LEGACY_ISR: return take_isr(d);
    case LEGACY_CONFIG_VECTOR: return s->config_vector;
    case LEGACY_QUEUE_VECTOR: return is_there ? s->vector[q] : NO_VECTOR;
    default: return 0;
    }
}

static uint64_t read_legacy(struct device *d, struct mem_access a)
{
    if (a.at >= legacy_config_at(d)) {
        return virtio_read_config(d, a.at - legacy_config_at(d), a.size);
    }
    if (a.size != legacy_bytes(a.at)) {
        return device_bad_read(d, a);
    }
    virtio_speak(d, true);
    return read_legacy_register(d, a.at);
}

static void write_legacy_register(struct device *d, uint64_t at, uint64_t value)
{
    struct virtio *s = virtio_of(d);
    unsigned q = s->queue_select;

    switch (at) {
    case LEGACY_DRIVER_FEATURES: virtio_set_driver_features(d, 0, (uint32_t)value); break;
    case LEGACY_QUEUE_ADDRESS: virtio_set_legacy_place(d, q, value * LEGACY_PAGE); break;
    case LEGACY_QUEUE_SELECT: s->queue_select = (uint16_t)value; break;
    case LEGACY_QUEUE_NOTIFY: virtio_driver_notifies(d, value); break;
    case LEGACY_STATUS: virtio_set_status(d, (uint8_t)value); break;
    case LEGACY_CONFIG_VECTOR: set_vector(d, &s->config_vector, value); break;
    case LEGACY_QUEUE_VECTOR:
        if (q < virtio_queue_count(d)) {
            set_vector(d, &s->vector[q], value);
        }
        break;
    default: break; /* it is read alone */
    }
}

static void write_legacy(struct device *d, struct mem_access a, uint64_t value)
{
    if (a.at >= legacy_config_at(d)) {
        virtio_write_config(d, a.at - legacy_config_at(d), a.size, value);
        return;
    }
    if (a.size != legacy_bytes(a.at)) {
        device_bad_write(d, a, value);
        return;
    }
    virtio_speak(d, true);
    write_legacy_register(d, a.at, value);
}

/* ---- both ---- */

uint64_t virtio_pci_read(struct device *d, struct mem_access a)
{
    return a.window == VIRTIO_PCI_MODERN ? virtio_pci_read_modern(d, a) : read_legacy(d, a);
}

void virtio_pci_write(struct device *d, struct mem_access a, uint64_t value)
{
    if (a.window == VIRTIO_PCI_MODERN) {
        virtio_pci_write_modern(d, a, value);
    } else {
        write_legacy(d, a, value);
    }
}
