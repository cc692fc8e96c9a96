/* SPDX-License-Identifier: GPL-2.0-or-later
 * virtio_none: up to 32 transports of virtio over MMIO, after the Virtual I/O Device specification 1.2, 4.2.2,
 * in the legacy interface, with no device behind any of them: a driver reads the device number 0 and goes
 * on. It has no state.
 */
#include "dev/arm.h"

enum { MAGIC_VALUE = 0x000, VERSION = 0x004, DEVICE_ID = 0x008, VENDOR_ID = 0x00c };
#define MAGIC     UINT32_C(0x74726976) /* "virt" */
#define VENDOR    UINT32_C(0x554d4551)
#define IS_LEGACY 1

struct virtio_none {
    uint64_t zero; /* a state is never of no bytes */
};

static const struct field fields[] = {FIELD(struct virtio_none, zero)};

/* As long as the number is 0, no other register has a meaning; reading one is not an error. */
static uint64_t virtio_none_read(struct device *d, struct mem_access a)
{
    (void)d;
    switch (a.at % VIRTIO_NONE_BYTES) {
    case MAGIC_VALUE: return MAGIC;
    case VERSION: return IS_LEGACY;
    case VENDOR_ID: return VENDOR;
    default: return 0; /* DEVICE_ID among them */
    }
}

static void virtio_none_write(struct device *d, struct mem_access a, uint64_t value)
{
    device_bad_write(d, a, value);
}

static uint64_t virtio_none_window_bytes(const struct device *d, unsigned window)
{
    const struct virtio_none_config *config = d->config;
    bool is_fewer = config != NULL && config->count < VIRTIO_NONE_COUNT;

    (void)window;
    return (is_fewer ? config->count : VIRTIO_NONE_COUNT) * (uint64_t)VIRTIO_NONE_BYTES;
}

const struct device_class virtio_none = {
    .name = "virtio-none",
    .behaviour = 1,
    .windows = {{.bytes = VIRTIO_NONE_COUNT * VIRTIO_NONE_BYTES, .sizes = 4}},
    .window_bytes = virtio_none_window_bytes,
    .state = FIELD_TABLE(struct virtio_none, fields),
    .read = virtio_none_read,
    .write = virtio_none_write,
};
