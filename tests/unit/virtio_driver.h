/* SPDX-License-Identifier: GPL-2.0-or-later
 * virtio_driver: a driver of virtio devices for tests, on the bench of dev_bench.h: over MMIO, the legacy
 * interface or version 2, or over PCI, by registers that are called as those; split or packed rings, with
 * buffers of a memory of its own.
 */
#ifndef VIRTIO_DRIVER_H
#define VIRTIO_DRIVER_H

#include "dev/virtio/virtio.h"
#include "dev_bench.h"
#include "virtio_driver_pci.h"

#define DRIVER_RAM       UINT64_C(0x80000000)
#define DRIVER_RAM_BYTES (8 * MIB)
#define DRIVER_QUEUE     8 /* descriptors of each ring */
#define DRIVER_STEP      UINT64_C(0x4000)
/* Where rings of a queue are; buffers are a test's own, from here on: */
#define DRIVER_BUFFERS (DRIVER_RAM + VIRTIO_QUEUES_MAX * DRIVER_STEP)

enum { R_VERSION = 4, R_NUMBER = 8, R_FEATURES = 0x10, R_FEATURES_SEL = 0x14, R_TAKEN = 0x20 };
enum {
    R_TAKEN_SEL = 0x24,
    R_PAGE = 0x28,
    R_SEL = 0x30,
    R_MOST = 0x34,
    R_SIZE = 0x38,
    R_PFN = 0x40
};
enum {
    R_READY = 0x44,
    R_NOTIFY = 0x50,
    R_ISR = 0x60,
    R_ACK = 0x64,
    R_STATUS = 0x70,
    R_CONFIG = 0x100
};

struct driver_queue {
    uint16_t free; /* the next descriptor: used in turn */
    uint16_t made, seen;
    bool wrap, seen_wrap;
};
enum driver_way { DRIVER_MMIO, DRIVER_MODERN, DRIVER_LEGACY }; /* the last two: over PCI */
struct driver {
    struct bench bench;
    enum driver_way way;
    uint64_t features;
    struct driver_queue queues[VIRTIO_QUEUES_MAX];
};
struct buffer {
    paddr at;
    uint32_t size;
    bool is_written;
};

static inline void ram_set(struct driver *d, paddr at, unsigned size, uint64_t value)
{
    uint8_t bytes[8];

    bytes_set_le(bytes, size, value);
    assert_true(mem_write_bytes(machine_mem(d->bench.machine), at, bytes, size));
}

static inline uint64_t ram_get(struct driver *d, paddr at, unsigned size)
{
    uint8_t bytes[8];

    assert_true(mem_read_bytes(machine_mem(d->bench.machine), at, bytes, size));
    return bytes_get_le(bytes, size);
}

static inline paddr queue_at(unsigned queue)
{
    return DRIVER_RAM + queue * DRIVER_STEP;
}

static inline bool driver_is_packed(const struct driver *d)
{
    return (d->features & VIRTIO_F_RING_PACKED) != 0;
}

/* Where the areas are: as the legacy interface has them. */
static inline paddr driver_area(unsigned queue)
{
    return queue_at(queue) + 16 * DRIVER_QUEUE;
}

static inline paddr device_area(unsigned queue)
{
    return queue_at(queue) + 0x1000;
}

static inline void driver_open(struct driver *d, const struct virtio_class *class,
                               const void *config, size_t config_size)
{
    struct error e;

    memset(d, 0, sizeof(*d));
    bench_open_unsealed(&d->bench, &class->device, config, config_size, 1);
    assert_int_equal(
        mem_add_block(machine_mem(d->bench.machine), "ram", DRIVER_RAM, DRIVER_RAM_BYTES, true, &e),
        0);
    assert_int_equal(machine_seal(d->bench.machine, &e), 0);
}

/* Over PCI: what is in the configuration, in which its own device is "d" at 04.0. */
static inline void driver_open_pci(struct driver *d, const struct machine_config *c,
                                   enum driver_way way)
{
    memset(d, 0, sizeof(*d));
    d->way = way;
    pci_open(&d->bench, c, DRIVER_RAM, DRIVER_RAM_BYTES);
}

static inline void driver_close(struct driver *d)
{
    bench_close(&d->bench);
}

static inline uint64_t reg_get(struct driver *d, uint64_t at)
{
    unsigned size = 4;
    paddr place;

    if (d->way == DRIVER_MMIO) {
        return bench_read(&d->bench, at, 4);
    }
    if (at == R_VERSION) {
        return d->way == DRIVER_LEGACY ? 1 : 2;
    }
    place = d->way == DRIVER_LEGACY ? legacy_register(&d->bench, at, &size)
                                    : modern_register(at, &size);
    return place != 0 ? at_get(&d->bench, place, size) : 0;
}

static inline void reg_set(struct driver *d, uint64_t at, uint64_t value)
{
    unsigned size = 4;
    paddr place;

    if (d->way == DRIVER_MMIO) {
        bench_write(&d->bench, at, 4, value);
        return;
    }
    place = d->way == DRIVER_LEGACY ? legacy_register(&d->bench, at, &size)
                                    : modern_register(at, &size);
    if (at == R_ACK) {
        (void)reg_get(d, R_ISR); /* that is what does it on PCI */
        return;
    }
    if (at == R_NOTIFY && d->way == DRIVER_MODERN) {
        place += 4 * (value & 0x3ff);
    }
    if (place != 0) {
        at_set(&d->bench, place, size, value);
    }
}

static inline bool driver_line(const struct driver *d)
{
    return bench_line(&d->bench, d->way == DRIVER_MMIO ? 0 : 32 + PCI_SLOT % 4);
}

static inline uint64_t driver_offered(struct driver *d)
{
    uint64_t low;

    reg_set(d, R_FEATURES_SEL, 0);
    low = reg_get(d, R_FEATURES);
    if (d->way == DRIVER_LEGACY) {
        return low; /* there are no more */
    }
    reg_set(d, R_FEATURES_SEL, 1);
    return low | reg_get(d, R_FEATURES) << 32;
}

static inline void driver_set_queue(struct driver *d, unsigned queue, bool is_legacy)
{
    const uint64_t areas[] = {queue_at(queue), driver_area(queue), device_area(queue)};

    reg_set(d, R_SEL, queue);
    assert_true(reg_get(d, R_MOST) != 0);
    reg_set(d, R_SIZE, reg_get(d, R_MOST) < DRIVER_QUEUE ? reg_get(d, R_MOST) : DRIVER_QUEUE);
    assert_int_equal(d->way == DRIVER_LEGACY ? reg_get(d, R_MOST) : DRIVER_QUEUE, DRIVER_QUEUE);
    d->queues[queue] = (struct driver_queue){.wrap = true, .seen_wrap = true};
    if (is_legacy) {
        reg_set(d, R_PFN, queue_at(queue) / 4096);
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        reg_set(d, 0x80 + 16 * i, areas[i] & UINT32_MAX);
        reg_set(d, 0x84 + 16 * i, areas[i] >> 32);
    }
    reg_set(d, R_READY, 1);
}

/* Takes what is offered of these features, and sets up so many queues. */
static inline void driver_start(struct driver *d, uint64_t features, unsigned queues)
{
    bool is_legacy = reg_get(d, R_VERSION) == 1;

    if (is_legacy) { /* as Linux does it: a reset leaves it */
        reg_set(d, R_PAGE, 4096);
    }
    reg_set(d, R_STATUS, 0);
    reg_set(d, R_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
    d->features = features & driver_offered(d);
    for (unsigned i = 0; i < (d->way == DRIVER_LEGACY ? 1 : 2); i++) {
        reg_set(d, R_TAKEN_SEL, i);
        reg_set(d, R_TAKEN, d->features >> 32 * i & UINT32_MAX);
    }
    if (!is_legacy) {
        reg_set(d, R_STATUS, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK);
        assert_true((reg_get(d, R_STATUS) & VIRTIO_FEATURES_OK) != 0);
    }
    for (unsigned q = 0; q < queues; q++) {
        for (uint64_t i = 0; i < DRIVER_STEP; i += 8) {
            ram_set(d, queue_at(q) + i, 8, 0);
        }
        driver_set_queue(d, q, is_legacy);
    }
    reg_set(d, R_STATUS, reg_get(d, R_STATUS) | VIRTIO_DRIVER_OK);
}

static inline void put_descriptor(struct driver *d, paddr at, const struct buffer *x,
                                  unsigned flags, unsigned next)
{
    ram_set(d, at, 8, x->at);
    ram_set(d, at + 8, 4, x->size);
    if (driver_is_packed(d)) {
        ram_set(d, at + 12, 2, next);
        ram_set(d, at + 14, 2, flags);
    } else {
        ram_set(d, at + 12, 2, flags);
        ram_set(d, at + 14, 2, next);
    }
}

/* Makes a chain of them available and returns its id; the driver has to notify yet. Each test uses fewer
 * descriptors at once than the ring has. */
static inline unsigned driver_put(struct driver *d, unsigned queue, const struct buffer *buffers,
                                  unsigned count)
{
    struct driver_queue *q = &d->queues[queue];
    unsigned id = q->free, first = q->free;
    bool first_wrap = q->wrap;

    for (unsigned i = 0; i < count; i++) {
        unsigned flags = (i + 1 < count ? VIRTIO_DESC_NEXT : 0) |
                         (buffers[i].is_written ? VIRTIO_DESC_WRITE : 0);
        paddr at = queue_at(queue) + 16 * q->free;
        unsigned next = (q->free + 1u) % DRIVER_QUEUE;

        if (driver_is_packed(d)) {
            flags |= q->wrap ? 0x80 : 0x8000;
            flags ^= i == 0 ? 0x8080 : 0; /* not yet: the first one last */
            put_descriptor(d, at, &buffers[i], flags, id);
            q->wrap ^= next == 0;
        } else {
            put_descriptor(d, at, &buffers[i], flags, next);
        }
        q->free = (uint16_t)next;
    }
    if (driver_is_packed(d)) {
        paddr flags_at = queue_at(queue) + 16 * first + 14;
        (void)first_wrap;
        ram_set(d, flags_at, 2, ram_get(d, flags_at, 2) ^ 0x8080);
    } else {
        ram_set(d, driver_area(queue) + 4 + 2 * (q->made % DRIVER_QUEUE), 2, id);
        q->made++;
        ram_set(d, driver_area(queue) + 2, 2, q->made);
    }
    return id;
}

static inline void driver_notify(struct driver *d, unsigned queue)
{
    reg_set(d, R_NOTIFY, queue);
}

/* The next chain that was used, of so many descriptors; false: there is none. */
static inline bool driver_get(struct driver *d, unsigned queue, unsigned slots, unsigned *id,
                              uint32_t *written)
{
    struct driver_queue *q = &d->queues[queue];
    paddr at;

    if (driver_is_packed(d)) {
        unsigned flags;

        at = queue_at(queue) + 16 * q->seen;
        flags = (unsigned)ram_get(d, at + 14, 2);
        if (((flags & 0x80) != 0) != q->seen_wrap || ((flags & 0x8000) != 0) != q->seen_wrap) {
            return false;
        }
        *id = (unsigned)ram_get(d, at + 12, 2);
        *written = (uint32_t)ram_get(d, at + 8, 4);
        q->seen_wrap ^= q->seen + slots >= DRIVER_QUEUE;
        q->seen = (uint16_t)((q->seen + slots) % DRIVER_QUEUE);
        return true;
    }
    if (q->seen == (uint16_t)ram_get(d, device_area(queue) + 2, 2)) {
        return false;
    }
    at = device_area(queue) + 4 + 8 * (q->seen % DRIVER_QUEUE);
    *id = (unsigned)ram_get(d, at, 4);
    *written = (uint32_t)ram_get(d, at + 4, 4);
    q->seen++;
    return true;
}

#endif
