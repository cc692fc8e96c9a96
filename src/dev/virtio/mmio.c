/* SPDX-License-Identifier: GPL-2.0-or-later
 * mmio: virtio over MMIO, after the Virtual I/O Device specification 1.2, 4.2: version 2, and version 1, the
 * legacy interface. Left out: shared memory regions, which read as absent.
 */
#include "dev/virtio/virtio.h"

enum {
    MAGIC_VALUE = 0x000,
    VERSION = 0x004,
    DEVICE_ID = 0x008,
    VENDOR_ID = 0x00c,
    DEVICE_FEATURES = 0x010,
    DEVICE_FEATURES_SEL = 0x014,
    DRIVER_FEATURES = 0x020,
    DRIVER_FEATURES_SEL = 0x024,
    GUEST_PAGE_SIZE = 0x028, /* legacy */
    QUEUE_SEL = 0x030,
    QUEUE_NUM_MAX = 0x034,
    QUEUE_NUM = 0x038,
    QUEUE_ALIGN = 0x03c, /* legacy */
    QUEUE_PFN = 0x040,   /* legacy */
    QUEUE_READY = 0x044,
    QUEUE_NOTIFY = 0x050,
    INTERRUPT_STATUS = 0x060,
    INTERRUPT_ACK = 0x064,
    STATUS = 0x070,
    QUEUE_DESC_LOW = 0x080,
    QUEUE_DESC_HIGH = 0x084,
    QUEUE_DRIVER_LOW = 0x090,
    QUEUE_DRIVER_HIGH = 0x094,
    QUEUE_DEVICE_LOW = 0x0a0,
    QUEUE_DEVICE_HIGH = 0x0a4,
    SHM_LEN_LOW = 0x0b0,
    SHM_BASE_HIGH = 0x0bc,
    CONFIG_GENERATION = 0x0fc,
    CONFIG = 0x100
};
#define MAGIC  UINT32_C(0x74726976) /* "virt" */
#define VENDOR UINT32_C(0x554d4551)

/* Over what a board may have there for slots without a device. */
void virtio_mmio_map(struct device *d)
{
    device_map_window(d, 0, d->base, MEM_BOTH, MEM_LEVEL_OVER);
}

/* ---- interrupts ---- */

static void set_isr(struct device *d, uint8_t isr)
{
    virtio_of(d)->isr = isr;
    device_set_line(d, 0, isr != 0);
}

static void queue_used(struct device *d, unsigned queue)
{
    (void)queue;
    set_isr(d, virtio_of(d)->isr | 1);
}

static void config_changed(struct device *d)
{
    set_isr(d, virtio_of(d)->isr | 2);
}

static void lower_line(struct device *d)
{
    device_set_line(d, 0, false);
}

static bool may_reach(const struct device *d)
{
    (void)d;
    return true;
}

const struct virtio_transport virtio_mmio = {.queue_used = queue_used,
                                             .config_changed = config_changed,
                                             .reset = lower_line,
                                             .may_reach = may_reach,
                                             .read = device_dma_read,
                                             .write = device_dma_write};

/* ---- registers ---- */

static uint64_t read_queue(struct device *d, struct mem_access a)
{
    const struct virtio *s = virtio_of(d);
    bool is_legacy = virtio_config_of(d)->is_legacy;
    unsigned q = s->queue_select;

    if (q >= virtio_queue_count(d)) {
        return 0;
    }
    switch (a.at) {
    case QUEUE_NUM_MAX: return virtio_class_of(d)->model->queue_size;
    case QUEUE_PFN:
        return is_legacy && s->enabled[q] && s->page_size != 0 ? s->descriptors[q] / s->page_size
                                                               : 0;
    case QUEUE_READY: return is_legacy ? 0 : s->enabled[q];
    default: return device_bad_read(d, a);
    }
}

static uint64_t read_register(struct device *d, struct mem_access a)
{
    const struct virtio *s = virtio_of(d);

    switch (a.at) {
    case MAGIC_VALUE: return MAGIC;
    case VERSION: return virtio_config_of(d)->is_legacy ? 1 : 2;
    case DEVICE_ID: return virtio_class_of(d)->model->number;
    case VENDOR_ID: return VENDOR;
    case DEVICE_FEATURES:
        return s->device_select > 1 ? 0 : bits_get(virtio_offers(d), s->device_select * 32, 32);
    case QUEUE_NUM_MAX:
    case QUEUE_PFN:
    case QUEUE_READY: return read_queue(d, a);
    case INTERRUPT_STATUS: return s->isr;
    case STATUS: return s->status;
    case CONFIG_GENERATION: return virtio_config_of(d)->is_legacy ? 0 : s->generation;
    default: break;
    }
    if (a.at >= SHM_LEN_LOW && a.at <= SHM_BASE_HIGH && a.at % 4 == 0) {
        return UINT32_MAX; /* of no such region */
    }
    return device_bad_read(d, a);
}

uint64_t virtio_mmio_read(struct device *d, struct mem_access a)
{
    if (a.at >= CONFIG) {
        return virtio_read_config(d, a.at - CONFIG, a.size);
    }
    return a.size == 4 ? read_register(d, a) : device_bad_read(d, a);
}

static void write_legacy(struct device *d, struct mem_access a, uint32_t value)
{
    struct virtio *s = virtio_of(d);
    unsigned q = s->queue_select;

    if (!virtio_config_of(d)->is_legacy) {
        device_bad_write(d, a, value);
        return;
    }
    switch (a.at) {
    case GUEST_PAGE_SIZE: s->page_size = value; break;
    case QUEUE_ALIGN:
        if (q < virtio_queue_count(d)) {
            s->align[q] = value;
        }
        break;
    case QUEUE_PFN: virtio_set_legacy_place(d, q, (uint64_t)value * s->page_size); break;
    default: break;
    }
}

static void write_modern(struct device *d, struct mem_access a, uint32_t value)
{
    struct virtio *s = virtio_of(d);
    uint64_t *area = virtio_area(d, (a.at - QUEUE_DESC_LOW) / 16);

    if (virtio_config_of(d)->is_legacy) {
        device_bad_write(d, a, value);
    } else if (a.at == QUEUE_READY) {
        virtio_enable_queue(d, s->queue_select, (value & 1) != 0);
    } else if (area != NULL) {
        *area = bits_set(*area, a.at % 8 * 8, 32, value);
    }
}

static void write_register(struct device *d, struct mem_access a, uint32_t value)
{
    struct virtio *s = virtio_of(d);

    switch (a.at) {
    case DEVICE_FEATURES_SEL: s->device_select = value; break;
    case DRIVER_FEATURES: virtio_set_driver_features(d, s->driver_select, value); break;
    case DRIVER_FEATURES_SEL: s->driver_select = value; break;
    case QUEUE_SEL: s->queue_select = (uint16_t)(value < UINT16_MAX ? value : UINT16_MAX); break;
    case QUEUE_NUM: virtio_set_queue_size(d, s->queue_select, value); break;
    case QUEUE_NOTIFY: virtio_driver_notifies(d, value); break;
    case INTERRUPT_ACK: set_isr(d, (uint8_t)(s->isr & ~value)); break;
    case STATUS: virtio_set_status(d, (uint8_t)value); break;
    case GUEST_PAGE_SIZE:
    case QUEUE_ALIGN:
    case QUEUE_PFN: write_legacy(d, a, value); break;
    case QUEUE_READY:
    case QUEUE_DESC_LOW:
    case QUEUE_DESC_HIGH:
    case QUEUE_DRIVER_LOW:
    case QUEUE_DRIVER_HIGH:
    case QUEUE_DEVICE_LOW:
    case QUEUE_DEVICE_HIGH: write_modern(d, a, value); break;
    case 0x0ac: break; /* SHMSel: there are none to choose from */
    default: device_bad_write(d, a, value);
    }
}

void virtio_mmio_write(struct device *d, struct mem_access a, uint64_t value)
{
    if (a.at >= CONFIG) {
        virtio_write_config(d, a.at - CONFIG, a.size, value);
    } else if (a.size == 4) {
        write_register(d, a, (uint32_t)value);
    } else {
        device_bad_write(d, a, value);
    }
}
