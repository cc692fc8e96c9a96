/* SPDX-License-Identifier: GPL-2.0-or-later
 * none_pages: transports of virtio over MMIO, 4.2.2 of the Virtual I/O Device specification 1.2, a page from one to
 * the next, with no device behind any of them: a driver reads the device number 0 and goes on. No state.
 */
#include "dev/virtio/virtio.h"

enum { MAGIC_VALUE = 0x000, VERSION = 0x004, VENDOR_ID = 0x00c };
#define MAGIC     UINT32_C(0x74726976) /* "virt" */
#define VENDOR    UINT32_C(0x554d4551)
#define IS_LEGACY 1

struct none_pages {
    uint64_t zero; /* a state is never of no bytes */
};

static const struct field fields[] = {FIELD(struct none_pages, zero)};

static uint64_t none_pages_read(struct device *d, struct mem_access a)
{
    if (a.at % PAGE_SIZE >= VIRTIO_MMIO_BYTES) {
        return device_bad_read(d, a);
    }
    switch (a.at % PAGE_SIZE) {
    case MAGIC_VALUE: return MAGIC;
    case VERSION: return IS_LEGACY;
    case VENDOR_ID: return VENDOR;
    default: return 0; /* the device's number among them */
    }
}

static void none_pages_write(struct device *d, struct mem_access a, uint64_t value)
{
    device_bad_write(d, a, value);
}

const struct device_class virtio_none_pages = {
    .name = "virtio-none-pages",
    .behaviour = 1,
    .windows = {{.bytes = VIRTIO_NONE_PAGES * PAGE_SIZE, .sizes = 4}},
    .state = FIELD_TABLE(struct none_pages, fields),
    .read = none_pages_read,
    .write = none_pages_write,
};
