/* SPDX-License-Identifier: GPL-2.0-or-later
 * rng: the entropy device of the Virtual I/O Device specification 1.2, 5.4. What a driver gets follows from
 * the machine's seed: SplitMix64, whose state is the device's. So it is the same in every replay, and
 * not for secrets of others.
 */
#include "dev/virtio/virtio.h"

#define PIECE 4096 /* bytes made at once; a chain of any size is filled */
#define MOST  (1 * MIB)

struct rng {
    struct virtio virtio;
    uint64_t random;
    VIRTIO_PCI_STATE;
};

static const struct field fields[] = {VIRTIO_FIELDS(struct rng, virtio), FIELD(struct rng, random),
                                      VIRTIO_PCI_FIELDS(struct rng)};

static uint64_t next_random(struct rng *s)
{
    uint64_t x = s->random += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint32_t fill(struct device *d, const struct virtio_chain *c)
{
    uint64_t size = c->written_bytes < MOST ? c->written_bytes : MOST, at = 0;

    while (at < size) {
        uint8_t bytes[PIECE];
        size_t piece = size - at < PIECE ? (size_t)(size - at) : PIECE, done;

        for (size_t i = 0; i < PIECE; i += 8) {
            bytes_set_le(bytes + i, 8, next_random(d->state));
        }
        done = virtio_scatter(d, c, at, bytes, piece);
        at += done;
        if (done < piece) {
            break;
        }
    }
    return (uint32_t)at;
}

static void rng_notify(struct device *d, unsigned queue)
{
    struct virtio_chain c;

    while (virtio_take(d, queue, &c)) {
        virtio_put(d, queue, virtio_ticket_of(&c), fill(d, &c));
    }
    virtio_signal(d, queue);
}

static unsigned rng_queues(const struct device *d)
{
    (void)d;
    return 1;
}

/* Resets leave it as it is, or each boot would get the same again. */
static const struct survivor survivors[] = {
    SURVIVOR(struct rng, random, RESET_WARM | RESET_POWER),
};

static void rng_reset(struct device *d)
{
    struct rng *s = d->state;
    const struct virtio_rng_config *c = d->config;

    s->random = s->random != 0 ? s->random : c->seed;
}

static const struct virtio_model model = {.number = 4,
                                          .legacy_id = 0x1005,
                                          .class_code = 0x00ff00,
                                          .queues = rng_queues,
                                          .queue_size = 8,
                                          .notify = rng_notify,
                                          .reset = rng_reset};

#define RNG_CLASS .behaviour = 1, .survivors = survivors, .survivor_count = ARRAY_LEN(survivors)
const struct virtio_class virtio_rng_mmio = {
    .device = {.name = "virtio-rng-device", RNG_CLASS, VIRTIO_MMIO_CLASS(struct rng, fields)},
    .model = &model,
    .transport = &virtio_mmio,
};
const struct virtio_class virtio_rng_pci = {
    .device = {.name = "virtio-rng-pci", RNG_CLASS, VIRTIO_PCI_CLASS(struct rng, fields)},
    .model = &model,
    .transport = &virtio_pci,
    .pci_offset = offsetof(struct rng, pci),
};
