/* SPDX-License-Identifier: GPL-2.0-or-later
 * pending: see pending.h.
 */
#include "dev/virtio/pending.h"

static void arm(struct device *d, const struct virtio_pending *p)
{
    tick soonest = TICK_NEVER;

    for (uint32_t i = 0; i < p->count; i++) {
        soonest = p->due[i] < soonest ? p->due[i] : soonest;
    }
    if (soonest == TICK_NEVER || soonest != device_alarm(d, 0)) {
        device_set_alarm(d, 0, soonest);
    }
}

void virtio_pending_add(struct device *d, struct virtio_pending *p, unsigned queue,
                        struct virtio_ticket t, uint32_t written, uint64_t ns)
{
    uint32_t i = p->count;

    must(!virtio_pending_is_full(p) && queue < VIRTIO_QUEUES_MAX);
    p->due[i] = device_tick_at(d, device_now_ns(d) + ns);
    p->written[i] = written;
    p->id[i] = t.id;
    p->slots[i] = t.slots;
    p->queue[i] = (uint8_t)queue;
    p->count++;
    arm(d, p);
}

static void take_out(struct virtio_pending *p, uint32_t i)
{
    for (p->count--; i < p->count; i++) {
        p->due[i] = p->due[i + 1];
        p->written[i] = p->written[i + 1];
        p->id[i] = p->id[i + 1];
        p->slots[i] = p->slots[i + 1];
        p->queue[i] = p->queue[i + 1];
    }
    p->due[i] = 0; /* what is not used is zero, whatever was there */
    p->written[i] = 0;
    p->id[i] = p->slots[i] = 0;
    p->queue[i] = 0;
}

/* The soonest of those that are due; UINT32_MAX: there is none. */
static uint32_t next_due(const struct virtio_pending *p, tick now)
{
    uint32_t best = UINT32_MAX;

    for (uint32_t i = 0; i < p->count; i++) {
        if (p->due[i] <= now && (best == UINT32_MAX || p->due[i] < p->due[best])) {
            best = i;
        }
    }
    return best;
}

void virtio_pending_alarm(struct device *d, struct virtio_pending *p)
{
    uint32_t queues = 0;

    for (uint32_t i; (i = next_due(p, device_now(d))) != UINT32_MAX;) {
        struct virtio_ticket t = {p->id[i], p->slots[i]};
        uint32_t written = p->written[i];
        unsigned queue = p->queue[i];

        /* Out first: what is told to the driver may reach, and reset, this very device. */
        take_out(p, i);
        virtio_put(d, queue, t, written);
        queues |= 1u << queue;
    }
    for (unsigned q = 0; q < VIRTIO_QUEUES_MAX; q++) {
        if ((queues >> q & 1) != 0) {
            virtio_signal(d, q);
        }
    }
    arm(d, p);
}

void virtio_pending_clear(struct device *d, struct virtio_pending *p)
{
    memset(p, 0, sizeof(*p));
    device_set_alarm(d, 0, TICK_NEVER);
}
