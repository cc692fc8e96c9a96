/* SPDX-License-Identifier: GPL-2.0-or-later
 * chain: buffers that a driver gave, whatever kind of ring they came by: taking them, their bytes, giving
 * them back, and interrupting the driver. After the Virtual I/O Device specification 1.2, 2.6.
 */
#include "dev/virtio/virtio.h"

/* Const here, as nothing of the device's changes: what is read is memory's, and it is asked for before. */
bool virtio_memory_read(const struct device *d, paddr at, void *bytes, uint64_t size)
{
    struct device *mutable = (struct device *)(uintptr_t)d;

    return device_dma_is_memory(d, at, size) &&
           virtio_class_of(d)->transport->read(mutable, at, bytes, size);
}

bool virtio_memory_write(struct device *d, paddr at, const void *bytes, uint64_t size)
{
    return device_dma_is_memory(d, at, size) &&
           virtio_class_of(d)->transport->write(d, at, bytes, size);
}

bool virtio_add_piece(struct virtio_chain *c, paddr at, uint32_t size, bool is_written)
{
    if (c->count == VIRTIO_PIECES_MAX || (!is_written && c->read_count != c->count)) {
        return false;
    }
    c->pieces[c->count++] = (struct virtio_piece){.at = at, .size = size, .is_written = is_written};
    if (is_written) {
        c->written_bytes += size;
    } else {
        c->read_count = c->count;
        c->read_bytes += size;
    }
    return true;
}

bool virtio_take(struct device *d, unsigned queue, struct virtio_chain *c)
{
    enum virtio_found found;

    must(queue < VIRTIO_QUEUES_MAX);
    if (!virtio_is_usable(d, queue)) {
        return false;
    }
    c->count = c->read_count = 0;
    c->read_bytes = c->written_bytes = 0;
    found = virtio_has(d, VIRTIO_F_RING_PACKED) ? virtio_packed_take(d, queue, c)
                                                : virtio_split_take(d, queue, c);
    if (found == VIRTIO_BROKEN) {
        virtio_break(d, "a queue's descriptors make no sense");
    }
    return found == VIRTIO_FOUND;
}

bool virtio_has_chain(const struct device *d, unsigned queue)
{
    must(queue < VIRTIO_QUEUES_MAX);
    return virtio_is_usable(d, queue) &&
           (virtio_has(d, VIRTIO_F_RING_PACKED) ? virtio_packed_has(d, queue)
                                                : virtio_split_has(d, queue));
}

uint64_t virtio_next_room(const struct device *d, unsigned queue)
{
    struct device *mutable = (struct device *)(uintptr_t)d;
    struct virtio *s = virtio_of(d);
    uint16_t taken = s->taken[queue];
    uint8_t wrap = s->taken_wrap[queue];
    struct virtio_chain c;
    enum virtio_found found;

    must(queue < VIRTIO_QUEUES_MAX);
    c.count = c.read_count = 0;
    c.read_bytes = c.written_bytes = 0;
    found = virtio_has(d, VIRTIO_F_RING_PACKED) ? virtio_packed_take(mutable, queue, &c)
                                                : virtio_split_take(mutable, queue, &c);
    s->taken[queue] = taken;
    s->taken_wrap[queue] = wrap;
    return found == VIRTIO_FOUND ? c.written_bytes : 0;
}

/* ---- bytes ---- */

/* One of the two is NULL. */
static size_t copy(struct device *d, const struct virtio_piece *pieces, unsigned count, uint64_t at,
                   uint8_t *to, const uint8_t *from, size_t size)
{
    size_t done = 0;

    for (unsigned i = 0; i < count && done < size; i++) {
        const struct virtio_piece *p = &pieces[i];
        uint64_t left = p->size;

        if (at >= left) {
            at -= left;
            continue;
        }
        left = left - at < size - done ? left - at : size - done;
        if (to != NULL ? !virtio_memory_read(d, p->at + at, to + done, left)
                       : !virtio_memory_write(d, p->at + at, from + done, left)) {
            device_log(d, "guest error: no memory at 0x%llx", (unsigned long long)(p->at + at));
            break;
        }
        done += (size_t)left;
        at = 0;
    }
    return done;
}

size_t virtio_gather(struct device *d, const struct virtio_chain *c, uint64_t at, void *bytes,
                     size_t size)
{
    return copy(d, c->pieces, c->read_count, at, bytes, NULL, size);
}

size_t virtio_scatter(struct device *d, const struct virtio_chain *c, uint64_t at,
                      const void *bytes, size_t size)
{
    return copy(d, c->pieces + c->read_count, c->count - c->read_count, at, NULL, bytes, size);
}

/* ---- giving back ---- */

void virtio_put(struct device *d, unsigned queue, struct virtio_ticket t, uint32_t written)
{
    must(queue < VIRTIO_QUEUES_MAX);
    if (!virtio_is_usable(d, queue)) {
        return; /* it was disabled, or is broken */
    }
    if (!(virtio_has(d, VIRTIO_F_RING_PACKED) ? virtio_packed_put(d, queue, t, written)
                                              : virtio_split_put(d, queue, t, written))) {
        virtio_break(d, "a queue's used ring is not in memory");
    }
}

void virtio_signal(struct device *d, unsigned queue)
{
    must(queue < VIRTIO_QUEUES_MAX);
    if (virtio_is_usable(d, queue) &&
        (virtio_has(d, VIRTIO_F_RING_PACKED) ? virtio_packed_wants_signal(d, queue)
                                             : virtio_split_wants_signal(d, queue))) {
        virtio_class_of(d)->transport->queue_used(d, queue);
    }
}
