/* SPDX-License-Identifier: GPL-2.0-or-later
 * packed: packed virtqueues, after the Virtual I/O Device specification 1.2, 2.8: one ring that both sides
 * write to, where two bits of a descriptor and a counter of each side's rounds say whose it is.
 */
#include "dev/virtio/virtio.h"

enum { AVAILABLE = 1 << 7, USED = 1 << 15 };                /* flags of a descriptor */
enum { EVENT_ENABLE = 0, EVENT_DISABLE = 1, EVENT_AT = 2 }; /* flags of an event suppression area */
enum { ENTRY = 16, EVENT_BYTES = 4, EVENT_WRAP = 1 << 15 };

struct entry {
    uint64_t at;
    uint32_t size;
    uint16_t id, flags;
};

static bool read_entry(const struct device *d, paddr table, uint32_t number, struct entry *out)
{
    uint8_t bytes[ENTRY];

    if (!virtio_memory_read(d, table + (uint64_t)ENTRY * number, bytes, sizeof bytes)) {
        return false;
    }
    *out = (struct entry){.at = bytes_get_le(bytes, 8),
                          .size = (uint32_t)bytes_get_le(bytes + 8, 4),
                          .id = (uint16_t)bytes_get_le(bytes + 12, 2),
                          .flags = (uint16_t)bytes_get_le(bytes + 14, 2)};
    return true;
}

static bool is_available(const struct entry *x, bool wrap)
{
    return ((x->flags & AVAILABLE) != 0) == wrap && ((x->flags & USED) != 0) != wrap;
}

/* A place in the ring, so many further on. */
static void advance(uint16_t *place, uint8_t *wrap, unsigned by, unsigned size)
{
    unsigned next = *place + by;

    if (next >= size) {
        next -= size;
        *wrap ^= 1;
    }
    *place = (uint16_t)next;
}

/* ---- taking ---- */

/* All descriptors of an indirect table are of the chain. */
static bool walk_table(struct device *d, const struct entry *table, struct virtio_chain *c)
{
    if (!virtio_has(d, VIRTIO_F_INDIRECT_DESC) || table->size == 0 || table->size % ENTRY != 0 ||
        (table->flags & VIRTIO_DESC_NEXT) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < table->size / ENTRY; i++) {
        struct entry x;

        if (!read_entry(d, table->at, i, &x) ||
            !virtio_add_piece(c, x.at, x.size, (x.flags & VIRTIO_DESC_WRITE) != 0)) {
            return false;
        }
    }
    return true;
}

static bool walk(struct device *d, unsigned queue, struct virtio_chain *c)
{
    const struct virtio *s = virtio_of(d);
    uint16_t place = s->taken[queue];
    uint8_t wrap = s->taken_wrap[queue];
    struct entry x;

    c->slots = 0;
    do {
        if (c->slots == s->size[queue] || !read_entry(d, s->descriptors[queue], place, &x)) {
            return false;
        }
        c->slots++;
        if ((x.flags & VIRTIO_DESC_INDIRECT) != 0) {
            if (c->slots != 1 || !walk_table(d, &x, c)) {
                return false;
            }
        } else if (!virtio_add_piece(c, x.at, x.size, (x.flags & VIRTIO_DESC_WRITE) != 0)) {
            return false;
        }
        advance(&place, &wrap, 1, s->size[queue]);
    } while ((x.flags & VIRTIO_DESC_NEXT) != 0);
    c->id = x.id;
    return true;
}

bool virtio_packed_has(const struct device *d, unsigned queue)
{
    const struct virtio *s = virtio_of(d);
    struct entry x;

    return read_entry(d, s->descriptors[queue], s->taken[queue], &x) &&
           is_available(&x, s->taken_wrap[queue]);
}

static bool write_event(struct device *d, unsigned queue, uint16_t place, uint16_t flags)
{
    uint8_t bytes[EVENT_BYTES];

    bytes_set_le(bytes, 2, place);
    bytes_set_le(bytes + 2, 2, flags);
    return virtio_memory_write(d, virtio_of(d)->device_area[queue], bytes, sizeof bytes);
}

/* The driver notifies when it makes the next descriptor available. */
static bool ask_for_notification(struct device *d, unsigned queue)
{
    const struct virtio *s = virtio_of(d);

    if (!virtio_has(d, VIRTIO_F_EVENT_IDX)) {
        return write_event(d, queue, 0, EVENT_ENABLE);
    }
    return write_event(d, queue, (uint16_t)(s->taken[queue] | s->taken_wrap[queue] << 15),
                       EVENT_AT);
}

enum virtio_found virtio_packed_take(struct device *d, unsigned queue, struct virtio_chain *c)
{
    struct virtio *s = virtio_of(d);
    struct entry x;

    if (!read_entry(d, s->descriptors[queue], s->taken[queue], &x)) {
        return VIRTIO_BROKEN;
    }
    if (!is_available(&x, s->taken_wrap[queue])) {
        return ask_for_notification(d, queue) ? VIRTIO_NOTHING : VIRTIO_BROKEN;
    }
    if (!walk(d, queue, c)) {
        return VIRTIO_BROKEN;
    }
    advance(&s->taken[queue], &s->taken_wrap[queue], c->slots, s->size[queue]);
    return VIRTIO_FOUND;
}

/* ---- giving back ---- */

bool virtio_packed_put(struct device *d, unsigned queue, struct virtio_ticket t, uint32_t written)
{
    struct virtio *s = virtio_of(d);
    paddr at = s->descriptors[queue] + (uint64_t)ENTRY * s->used[queue];
    uint16_t flags = written != 0 ? VIRTIO_DESC_WRITE : 0;
    uint8_t bytes[8]; /* size, id, flags */

    flags |= s->used_wrap[queue] ? AVAILABLE | USED : 0;
    bytes_set_le(bytes, 4, written);
    bytes_set_le(bytes + 4, 2, t.id);
    bytes_set_le(bytes + 6, 2, flags);
    if (t.slots == 0 || t.slots > s->size[queue] ||
        !virtio_memory_write(d, at + 8, bytes, sizeof bytes)) {
        return false;
    }
    advance(&s->used[queue], &s->used_wrap[queue], t.slots, s->size[queue]);
    return true;
}

/* How many descriptors a place is behind another one, as rounds say. */
static unsigned behind(uint16_t place, bool wrap, uint16_t other, bool other_wrap, unsigned size)
{
    return wrap == other_wrap ? (unsigned)(place - other) : (unsigned)(place + size - other);
}

bool virtio_packed_wants_signal(struct device *d, unsigned queue)
{
    struct virtio *s = virtio_of(d);
    uint16_t told = s->told[queue], event, flags;
    bool told_wrap = s->told_wrap[queue], event_wrap;
    unsigned since, until;
    uint8_t bytes[EVENT_BYTES];

    if (told == s->used[queue] && told_wrap == s->used_wrap[queue]) {
        return false;
    }
    s->told[queue] = s->used[queue];
    s->told_wrap[queue] = s->used_wrap[queue];
    if (!virtio_memory_read(d, s->driver_area[queue], bytes, sizeof bytes)) {
        return true;
    }
    event = (uint16_t)bytes_get_le(bytes, 2);
    flags = (uint16_t)bytes_get_le(bytes + 2, 2);
    if (flags != EVENT_AT || !virtio_has(d, VIRTIO_F_EVENT_IDX)) {
        return flags != EVENT_DISABLE;
    }
    event_wrap = (event & EVENT_WRAP) != 0;
    event &= EVENT_WRAP - 1;
    /* It is among those that were put since the driver was told. */
    since = behind(s->used[queue], s->used_wrap[queue], told, told_wrap, s->size[queue]);
    until = behind(event, event_wrap, told, told_wrap, s->size[queue]);
    return until < since;
}
