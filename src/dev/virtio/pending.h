/* SPDX-License-Identifier: GPL-2.0-or-later
 * pending: chains that were worked on and are given back when a virtual latency is over, in the order of
 * their ticks, then of their issue. Part of a model's state, whose alarm 0 it has.
 */
#ifndef DEV_VIRTIO_PENDING_H
#define DEV_VIRTIO_PENDING_H

#include "dev/virtio/virtio.h"

#define VIRTIO_PENDING_MAX 128

struct virtio_pending {
    tick due[VIRTIO_PENDING_MAX]; /* in the order of issue */
    uint32_t written[VIRTIO_PENDING_MAX];
    uint16_t id[VIRTIO_PENDING_MAX];
    uint16_t slots[VIRTIO_PENDING_MAX];
    uint8_t queue[VIRTIO_PENDING_MAX];
    uint32_t count;
    uint32_t zero;
};
#define VIRTIO_PENDING_FIELDS(type, p)                                                             \
    FIELD_ARRAY(type, p.due), FIELD_ARRAY(type, p.written), FIELD_ARRAY(type, p.id),               \
        FIELD_ARRAY(type, p.slots), FIELD_ARRAY_MAX(type, p.queue, VIRTIO_QUEUES_MAX - 1),         \
        FIELD_MAX(type, p.count, VIRTIO_PENDING_MAX), FIELD(type, p.zero)

static inline bool virtio_pending_is_full(const struct virtio_pending *p)
{
    return p->count == VIRTIO_PENDING_MAX;
}
/* It is not full. Given back `ns` after now. */
void virtio_pending_add(struct device *d, struct virtio_pending *p, unsigned queue,
                        struct virtio_ticket t, uint32_t written, uint64_t ns);
/* The device's alarm: gives back what is due, and interrupts the driver. */
void virtio_pending_alarm(struct device *d, struct virtio_pending *p);
void virtio_pending_clear(struct device *d, struct virtio_pending *p);

#endif
