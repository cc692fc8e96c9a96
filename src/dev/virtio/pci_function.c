/* SPDX-License-Identifier: GPL-2.0-or-later
 * pci_function: what a virtio device says it is on PCI, after the Virtual I/O Device specification 1.2, 4.1.2 and 4.1.4:
 * modern, transitional or legacy, its base addresses, and the capabilities that tell where registers are.
 */
#include "dev/virtio/virtio.h"

#define VENDOR        0x1af4
#define MODERN_DEVICE 0x1040 /* and the device's number */
#define MODERN_SYSTEM 0x1100

enum { BAR_LEGACY = 0, BAR_MSIX = 1, BAR_MODERN = 4 };
enum { MSIX_BYTES = 0x1000, MSIX_PENDING_AT = 0x800 };

/* ---- capabilities ---- */

enum { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_DEVICE = 4, CAP_WINDOW = 5 };
/* Offsets in a capability, behind its number and link; CAP_PIECE is a register of the last one. */
enum { CAP_BYTES = 14, CAP_LONG_BYTES = 18, CAP_AT = 6, CAP_LENGTH = 10, CAP_PIECE = 14 };
enum { EXTRA_WINDOW = 4, EXTRA_COUNT = 5 };

#define PART(kind, part, bytes, ...)                                                               \
    {                                                                                              \
        (bytes) + 2, (kind), BAR_MODERN, 0, 0, 0, 0, (part) << 4, 0, 0, 0, 0x10, 0, 0, __VA_ARGS__ \
    }
static const uint8_t cap_common[CAP_BYTES] = PART(CAP_COMMON, VIRTIO_PART_COMMON, CAP_BYTES, );
static const uint8_t cap_isr[CAP_BYTES] = PART(CAP_ISR, VIRTIO_PART_ISR, CAP_BYTES, );
static const uint8_t cap_device[CAP_BYTES] = PART(CAP_DEVICE, VIRTIO_PART_DEVICE, CAP_BYTES, );
static const uint8_t cap_notify[CAP_LONG_BYTES] =
    PART(CAP_NOTIFY, VIRTIO_PART_NOTIFY, CAP_LONG_BYTES, VIRTIO_NOTIFY_STEP, 0, 0, 0);
/* 4.1.4.9: a base address by way of configuration space, for firmware. */
static const uint8_t cap_window[CAP_LONG_BYTES] = {CAP_LONG_BYTES + 2, CAP_WINDOW};
static const uint8_t cap_window_masks[CAP_LONG_BYTES] = {
    0, 0, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static bool has_modern(const struct device *d)
{
    return pci_kind_of(d)->extra_count != 0;
}

/* What the last capability asks for, where an access of configuration space meets its data. */
static bool find_piece(const struct device *d, unsigned at, unsigned size, struct mem_access *a,
                       unsigned *data_at)
{
    const uint8_t *cap;

    if (!has_modern(d)) {
        return false;
    }
    *data_at = pci_extra_at(d, EXTRA_WINDOW) + 2 + CAP_PIECE;
    cap = pci_state_of(d)->config + *data_at - CAP_PIECE;
    *a = (struct mem_access){.window = VIRTIO_PCI_MODERN,
                             .at = bytes_get_le(cap + CAP_AT, 4),
                             .size = (uint8_t)bytes_get_le(cap + CAP_LENGTH, 1)};
    return at < *data_at + 4 && *data_at < at + size && cap[2] == BAR_MODERN &&
           bytes_get_le(cap + CAP_LENGTH, 4) <= 4 && is_pow2(a->size) && a->at % a->size == 0 &&
           a->at < VIRTIO_PARTS * VIRTIO_PART_BYTES;
}

static void config_reading(struct device *d, unsigned at, unsigned size)
{
    struct mem_access a;
    unsigned data_at;

    if (find_piece(d, at, size, &a, &data_at)) {
        bytes_set_le(pci_state_of(d)->config + data_at, 4, virtio_pci_read_modern(d, a));
    }
}

static void config_written(struct device *d, unsigned at, unsigned size)
{
    struct mem_access a;
    unsigned data_at;

    if (find_piece(d, at, size, &a, &data_at)) {
        virtio_pci_write_modern(d, a, bytes_get_le(pci_state_of(d)->config + data_at, a.size));
    }
    virtio_pci_update_pin(d); /* MSI-X may be on now, or off */
}

/* ---- building one ---- */

static bool ends_with(const struct plug *p, const char *ending)
{
    size_t size = strlen(p->model->name), end = strlen(ending);

    return size > end && strcmp(p->model->name + size - end, ending) == 0;
}

/* By its name, or as it was said. */
static bool is_named(const struct plug *p)
{
    return ends_with(p, VIRTIO_TRANSITIONAL); /* so does the other ending */
}

bool virtio_pci_is_modern(const struct plug *p)
{
    return is_named(p) || !plug_flag(p, "disable-modern");
}

bool virtio_pci_is_legacy(const struct plug *p)
{
    const char *disable;

    if (is_named(p)) {
        return !ends_with(p, VIRTIO_NON_TRANSITIONAL);
    }
    disable = plug_text(p, "disable-legacy");
    return strcmp(disable, "auto") == 0 ? !pci_is_behind_port(p) : strcmp(disable, "off") == 0;
}

static void add_modern(struct pci_kind *k)
{
    k->bars[BAR_MODERN] = (struct pci_bar){.bytes = UINT64_C(1) * VIRTIO_PARTS * VIRTIO_PART_BYTES,
                                           .flags = PCI_BAR_64 | PCI_BAR_PREFETCH};
    k->regions[k->region_count++] =
        (struct pci_region){.bar = BAR_MODERN, .number = VIRTIO_PCI_MODERN};
    k->extras[0] = (struct pci_extra){cap_common, NULL, sizeof cap_common, PCI_CAP_VENDOR};
    k->extras[1] = (struct pci_extra){cap_notify, NULL, sizeof cap_notify, PCI_CAP_VENDOR};
    k->extras[2] = (struct pci_extra){cap_isr, NULL, sizeof cap_isr, PCI_CAP_VENDOR};
    k->extras[3] = (struct pci_extra){cap_device, NULL, sizeof cap_device, PCI_CAP_VENDOR};
    k->extras[EXTRA_WINDOW] =
        (struct pci_extra){cap_window, cap_window_masks, sizeof cap_window, PCI_CAP_VENDOR};
    k->extra_count = EXTRA_COUNT;
}

static void add_legacy(struct pci_kind *k, const struct virtio_model *model)
{
    k->device = model->legacy_id;
    k->subsystem = (uint16_t)model->number;
    k->revision = 0;
    k->bars[BAR_LEGACY] = (struct pci_bar){.bytes = 0x100, .flags = PCI_BAR_IO};
    k->regions[k->region_count++] =
        (struct pci_region){.bar = BAR_LEGACY, .number = VIRTIO_PCI_LEGACY};
}

static void add_msix(struct pci_kind *k, unsigned vectors)
{
    k->msix = (struct pci_msix){.vectors = (uint16_t)vectors,
                                .table_window = VIRTIO_PCI_TABLE,
                                .pending_window = VIRTIO_PCI_PENDING};
    k->bars[BAR_MSIX] = (struct pci_bar){.bytes = MSIX_BYTES};
    k->regions[k->region_count++] =
        (struct pci_region){.bar = BAR_MSIX, .number = VIRTIO_PCI_TABLE};
    k->regions[k->region_count++] = (struct pci_region){
        .bar = BAR_MSIX, .number = VIRTIO_PCI_PENDING, .offset = MSIX_PENDING_AT};
}

struct device *virtio_pci_add(struct plug *p, const struct virtio_plan *plan, struct error *e)
{
    const struct virtio_model *model = plan->pci->model;
    unsigned vectors =
        plug_has(p, "vectors") ? (unsigned)plug_number(p, "vectors") : plan->queues + 1;
    struct pci_kind k = {.vendor = VENDOR,
                         .device = (uint16_t)(MODERN_DEVICE + model->number),
                         .subsystem_vendor = VENDOR,
                         .subsystem = MODERN_SYSTEM,
                         .class_code = model->class_code,
                         .revision = 1,
                         .pin = 1,
                         .state_offset = plan->pci->pci_offset,
                         .has_power = pci_is_behind_port(p),
                         .express = pci_is_behind_port(p) ? PCI_EXPRESS_DEVICE : PCI_NOT_EXPRESS,
                         .read = virtio_pci_read,
                         .write = virtio_pci_write,
                         .reset = virtio_reset,
                         .check = virtio_check,
                         .config_reading = config_reading,
                         .config_written = config_written};

    if (virtio_pci_is_modern(p)) {
        add_modern(&k);
    }
    if (virtio_pci_is_legacy(p)) {
        add_legacy(&k, model);
    }
    if (k.region_count == 0) {
        error_set(e, "disable-legacy=on and disable-modern=on leave no way to reach it");
        return NULL;
    }
    if (vectors != 0) {
        add_msix(&k, vectors);
    }
    return pci_add(p, &plan->pci->device, &k, plan->config, plan->config_size, plan->port_name, e);
}
