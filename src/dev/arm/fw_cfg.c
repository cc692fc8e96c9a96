/* SPDX-License-Identifier: GPL-2.0-or-later
 * fw_cfg: what firmware asks of the board, after the reference's public specification of its
 * "firmware configuration device": items chosen by a number, read byte by byte or by DMA. Registers are
 * big-endian but for the data. What items hold never changes; it lies in the device's storage, where the board put
 * it. A directory names those that are files.
 * Left out: writing items, which no item of ours allows.
 */
#include "dev/arm.h"

enum { DATA = 0x00, SELECTOR = 0x08, DMA_HIGH = 0x10, DMA_LOW = 0x14, END = 0x18 };
enum {
    CONTROL_ERROR = 1,
    CONTROL_READ = 2,
    CONTROL_SKIP = 4,
    CONTROL_SELECT = 8,
    CONTROL_WRITE = 16
};
#define SIGNATURE UINT64_C(0x51454d5520434647) /* says that there is DMA */
#define CHUNK     4096
#define DMA_MOST  (256 * MIB) /* bytes of one request */

struct fw_cfg {
    uint64_t dma_at; /* the upper half waits for the lower */
    uint32_t offset; /* in the item */
    uint16_t key;
    uint8_t zero[2];
};

static const struct field fields[] = {
    FIELD(struct fw_cfg, dma_at),
    FIELD(struct fw_cfg, offset),
    FIELD(struct fw_cfg, key),
    FIELD_ARRAY(struct fw_cfg, zero),
};

/* NULL: there is none of that number. */
static const struct fw_cfg_item *item_of(const struct device *d)
{
    const struct fw_cfg_config *config = d->config;
    const struct fw_cfg *s = d->state;

    for (unsigned i = 0; i < config->count; i++) {
        if (config->items[i].key == s->key) {
            return &config->items[i];
        }
    }
    return NULL;
}

/* The next bytes of the item; behind its end, and of none, they are 0. */
static void take(struct device *d, uint8_t *bytes, uint32_t size)
{
    const struct fw_cfg_item *item = item_of(d);
    struct fw_cfg *s = d->state;
    uint32_t left = item != NULL && s->offset < item->size ? item->size - s->offset : 0;
    uint32_t there = size < left ? size : left;

    memset(bytes, 0, size);
    if (there != 0) {
        must(device_storage_read(d, 0, (uint64_t)item->at + s->offset, bytes, there));
        s->offset += there;
    }
}

static void skip(struct device *d, uint32_t size)
{
    const struct fw_cfg_item *item = item_of(d);
    struct fw_cfg *s = d->state;
    uint32_t left = item != NULL && s->offset < item->size ? item->size - s->offset : 0;

    s->offset += size < left ? size : left;
}

static bool read_to(struct device *d, paddr to, uint32_t size)
{
    uint8_t bytes[CHUNK];

    if (size > DMA_MOST) {
        return false;
    }
    while (size != 0) {
        uint32_t piece = size < CHUNK ? size : CHUNK;

        take(d, bytes, piece);
        if (!device_dma_write(d, to, bytes, piece)) {
            return false;
        }
        to += piece;
        size -= piece;
    }
    return true;
}

/* A request in memory: what, how many bytes, to where; what it says becomes 0, or an error. */
static void run_request(struct device *d)
{
    struct fw_cfg *s = d->state;
    uint8_t request[16];
    uint32_t control, length;
    bool done = true;

    if (!device_dma_read(d, s->dma_at, request, sizeof request)) {
        return;
    }
    control = (uint32_t)bytes_get_be(request, 4);
    length = (uint32_t)bytes_get_be(request + 4, 4);
    if ((control & CONTROL_SELECT) != 0) {
        s->key = (uint16_t)(control >> 16);
        s->offset = 0;
    }
    if ((control & CONTROL_READ) != 0) {
        done = read_to(d, bytes_get_be(request + 8, 8), length);
    } else if ((control & CONTROL_WRITE) != 0) {
        done = false;
    } else if ((control & CONTROL_SKIP) != 0) {
        skip(d, length);
    }
    bytes_set_be(request, 4, done ? 0 : CONTROL_ERROR);
    (void)device_dma_write(d, s->dma_at, request, 4);
}

static uint64_t fw_cfg_read(struct device *d, struct mem_access a)
{
    uint8_t bytes[8];

    if (a.at == DATA) {
        take(d, bytes, a.size);
        return bytes_get_le(bytes, a.size);
    }
    if (a.at >= DMA_HIGH) {
        bytes_set_be(bytes, 8, SIGNATURE);
        return bytes_get_le(bytes + a.at % 8, a.at % 8 + a.size <= 8 ? a.size : 1);
    }
    return device_bad_read(d, a);
}

static uint64_t big(uint64_t value, unsigned size)
{
    uint8_t bytes[8];

    bytes_set_le(bytes, size, value);
    return bytes_get_be(bytes, size);
}

static void fw_cfg_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct fw_cfg *s = d->state;

    if (a.at == SELECTOR && a.size == 2) {
        s->key = (uint16_t)big(value, 2);
        s->offset = 0;
    } else if (a.at == DMA_HIGH && a.size == 4) {
        s->dma_at = big(value, 4) << 32;
    } else if ((a.at == DMA_LOW && a.size == 4) || (a.at == DMA_HIGH && a.size == 8)) {
        s->dma_at = (a.size == 8 ? 0 : s->dma_at) | big(value, a.size);
        run_request(d);
        s->dma_at = 0;
    } else {
        device_bad_write(d, a, value);
    }
}

const struct device_class fw_cfg = {
    .name = "fw-cfg",
    .behaviour = 1,
    .windows = {{.bytes = END, .sizes = 1 | 2 | 4 | 8}},
    .state = FIELD_TABLE(struct fw_cfg, fields),
    .read = fw_cfg_read,
    .write = fw_cfg_write,
};
