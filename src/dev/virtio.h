/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/virtio: virtio devices, for boards. docs/virtio.md says what each is, and what is left out.
 */
#ifndef DEV_VIRTIO_H
#define DEV_VIRTIO_H

#include "machine/device.h"

#define VIRTIO_MMIO_BYTES 0x200 /* of a transport's registers */

/* What the config of each of them begins with. */
struct virtio_config {
    uint32_t
        is_legacy; /* 0 or 1: over MMIO, the legacy interface (version 1) instead of version 2 */
    uint32_t is_packed; /* 0 or 1: packed rings are offered */
};

/* A class of devices: a model, whose business it is what happens, behind a transport. */
struct virtio_class {
    struct device_class device;
    const struct virtio_model *model;
    const struct virtio_transport *transport;
};

/* rng.c: bytes for the guest's entropy, which follow from the seed. */
struct virtio_rng_config {
    struct virtio_config virtio;
    uint64_t seed;
};
extern const struct virtio_class virtio_rng_mmio;

/* net.c: a network card. Without a port its link is down. */
#define VIRTIO_NET_PAIRS_MAX 7
struct virtio_net_config {
    struct virtio_config virtio;
    uint64_t left_out; /* features that are not offered */
    uint8_t address[6];
    uint16_t pairs; /* of queues, 1 to VIRTIO_NET_PAIRS_MAX */
    uint16_t mtu;   /* 0: nothing is said of it */
};
extern const struct virtio_class virtio_net_mmio;

#endif
