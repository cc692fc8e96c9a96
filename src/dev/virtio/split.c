/* SPDX-License-Identifier: GPL-2.0-or-later
 * split: split virtqueues, after the Virtual I/O Device specification 1.2, 2.7: a table of descriptors, a ring
 * of chains that are available, and one of those that were used.
 */
#include "dev/virtio/virtio.h"

enum { NO_INTERRUPT = 1 };           /* flags of the available ring */
enum { RING = 4, USED_ELEMENT = 8 }; /* bytes before the rings; of an entry of the used one */

static bool read_16(const struct device *d, paddr at, uint16_t *value)
{
    uint8_t bytes[2];

    if (!virtio_memory_read(d, at, bytes, sizeof bytes)) {
        return false;
    }
    *value = (uint16_t)bytes_get_le(bytes, sizeof bytes);
    return true;
}

static bool write_16(struct device *d, paddr at, uint16_t value)
{
    uint8_t bytes[2];

    bytes_set_le(bytes, sizeof bytes, value);
    return virtio_memory_write(d, at, bytes, sizeof bytes);
}

/* ---- taking ---- */

struct descriptor {
    uint64_t at;
    uint32_t size;
    uint16_t flags, next;
};

static bool read_descriptor(struct device *d, paddr table, uint32_t number, struct descriptor *out)
{
    uint8_t bytes[16];

    if (!virtio_memory_read(d, table + UINT64_C(16) * number, bytes, sizeof bytes)) {
        return false;
    }
    *out = (struct descriptor){.at = bytes_get_le(bytes, 8),
                               .size = (uint32_t)bytes_get_le(bytes + 8, 4),
                               .flags = (uint16_t)bytes_get_le(bytes + 12, 2),
                               .next = (uint16_t)bytes_get_le(bytes + 14, 2)};
    return true;
}

/* A circle of descriptors ends when there are too many pieces. */
static bool walk(struct device *d, unsigned queue, uint16_t head, struct virtio_chain *c)
{
    const struct virtio *s = virtio_of(d);
    paddr table = s->descriptors[queue];
    uint32_t count = s->size[queue], number = head;
    bool is_indirect = false;

    for (;;) {
        struct descriptor x;

        if (number >= count || !read_descriptor(d, table, number, &x)) {
            return false;
        }
        if ((x.flags & VIRTIO_DESC_INDIRECT) != 0) {
            if (is_indirect || !virtio_has(d, VIRTIO_F_INDIRECT_DESC) || x.size == 0 ||
                x.size % 16 != 0 || (x.flags & VIRTIO_DESC_NEXT) != 0) {
                return false;
            }
            is_indirect = true;
            table = x.at;
            count = x.size / 16;
            number = 0;
            continue;
        }
        if (!virtio_add_piece(c, x.at, x.size, (x.flags & VIRTIO_DESC_WRITE) != 0)) {
            return false;
        }
        if ((x.flags & VIRTIO_DESC_NEXT) == 0) {
            return true;
        }
        number = x.next;
    }
}

/* How many chains wait; false: that makes no sense. */
static bool count_available(const struct device *d, unsigned queue, uint16_t *count)
{
    const struct virtio *s = virtio_of(d);
    uint16_t index;

    if (!read_16(d, s->driver_area[queue] + 2, &index)) {
        return false;
    }
    *count = (uint16_t)(index - s->taken[queue]);
    return *count <= s->size[queue];
}

bool virtio_split_has(const struct device *d, unsigned queue)
{
    uint16_t count;

    return count_available(d, queue, &count) && count != 0;
}

/* With EVENT_IDX the driver notifies when it makes the chain of this number available. */
static bool ask_for_notification(struct device *d, unsigned queue)
{
    const struct virtio *s = virtio_of(d);

    return !virtio_has(d, VIRTIO_F_EVENT_IDX) ||
           write_16(d, s->device_area[queue] + RING + (uint64_t)USED_ELEMENT * s->size[queue],
                    s->taken[queue]);
}

enum virtio_found virtio_split_take(struct device *d, unsigned queue, struct virtio_chain *c)
{
    struct virtio *s = virtio_of(d);
    unsigned place = s->taken[queue] & (s->size[queue] - 1u);
    uint16_t count, head;

    if (!count_available(d, queue, &count)) {
        return VIRTIO_BROKEN;
    }
    if (count == 0) {
        return ask_for_notification(d, queue) ? VIRTIO_NOTHING : VIRTIO_BROKEN;
    }
    if (!read_16(d, s->driver_area[queue] + RING + UINT64_C(2) * place, &head) ||
        !walk(d, queue, head, c)) {
        return VIRTIO_BROKEN;
    }
    c->id = head;
    c->slots = 1;
    s->taken[queue]++;
    return VIRTIO_FOUND;
}

/* ---- giving back ---- */

bool virtio_split_put(struct device *d, unsigned queue, struct virtio_ticket t, uint32_t written)
{
    struct virtio *s = virtio_of(d);
    uint8_t element[USED_ELEMENT];
    unsigned place = s->used[queue] & (s->size[queue] - 1u);

    bytes_set_le(element, 4, t.id);
    bytes_set_le(element + 4, 4, written);
    if (!virtio_memory_write(d, s->device_area[queue] + RING + (uint64_t)USED_ELEMENT * place,
                             element, sizeof element) ||
        !write_16(d, s->device_area[queue] + 2, (uint16_t)(s->used[queue] + 1))) {
        return false;
    }
    s->used[queue]++;
    return true;
}

bool virtio_split_wants_signal(struct device *d, unsigned queue)
{
    struct virtio *s = virtio_of(d);
    uint16_t now = s->used[queue], before = s->told[queue], event, flags;

    if (now == before) {
        return false;
    }
    if (!virtio_has(d, VIRTIO_F_EVENT_IDX)) {
        s->told[queue] = now;
        return !read_16(d, s->driver_area[queue], &flags) || (flags & NO_INTERRUPT) == 0;
    }
    if (!read_16(d, s->driver_area[queue] + RING + UINT64_C(2) * s->size[queue], &event)) {
        return true;
    }
    s->told[queue] = now;
    /* 2.7.7.2: it is among those that were put since. */
    return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}
