/* SPDX-License-Identifier: GPL-2.0-or-later
 * blk: the block device of the Virtual I/O Device specification 1.2, 5.2: reads, writes, flush, discard,
 * zeroing and the serial number, over several queues. A request is done when it is found and is given back a
 * fixed virtual time later. Left out: lifetimes, secure erase, zones, SCSI commands of the legacy interface.
 */
#include "dev/virtio/pending.h"

/* Virtual time that a request takes: for itself, and a nanosecond for so many bytes. */
#define REQUEST_NS   5000
#define BYTES_PER_NS 4

#define BLK_F_SEG_MAX      (UINT64_C(1) << 2)
#define BLK_F_RO           (UINT64_C(1) << 5)
#define BLK_F_BLK_SIZE     (UINT64_C(1) << 6)
#define BLK_F_FLUSH        (UINT64_C(1) << 9)
#define BLK_F_TOPOLOGY     (UINT64_C(1) << 10)
#define BLK_F_CONFIG_WCE   (UINT64_C(1) << 11)
#define BLK_F_MQ           (UINT64_C(1) << 12)
#define BLK_F_DISCARD      (UINT64_C(1) << 13)
#define BLK_F_WRITE_ZEROES (UINT64_C(1) << 14)

enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };
enum { HEADER_BYTES = 16, RANGE_BYTES = 16, RANGES_MOST = 32, QUEUE_SIZE = 256 };
enum { CONFIG_BYTES = 60, WRITEBACK_AT = 32 };
#define RANGE_SECTORS_MOST UINT32_C(0x400000) /* 2 GiB */

struct blk {
    struct virtio virtio;
    tick alarm[1];
    struct virtio_pending pending;
    uint8_t writeback;
    uint8_t zero[7];
    VIRTIO_PCI_STATE;
};

static const struct field fields[] = {
    VIRTIO_FIELDS(struct blk, virtio),
    FIELD_ARRAY(struct blk, alarm),
    VIRTIO_PENDING_FIELDS(struct blk, pending),
    FIELD_BOOL(struct blk, writeback),
    FIELD_ARRAY(struct blk, zero),
    VIRTIO_PCI_FIELDS(struct blk),
};

static const struct virtio_blk_config *config_of(const struct device *d)
{
    return d->config;
}

/* ---- requests ---- */

struct request {
    const struct virtio_chain *chain;
    uint32_t type;
    uint64_t at; /* bytes into the disk */
    uint8_t *piece;
    uint64_t moved;   /* bytes, of what it costs */
    uint32_t written; /* into the driver's buffers, the status not counted */
};

static bool is_inside(const struct device *d, uint64_t sector, uint64_t size)
{
    uint64_t all = drive_bytes(config_of(d)->drive);

    return size % DISK_SECTOR == 0 && sector <= all / DISK_SECTOR &&
           size <= all - sector * DISK_SECTOR;
}

static uint8_t do_read(struct device *d, struct request *r)
{
    uint64_t size = r->chain->written_bytes - 1;

    if (!is_inside(d, r->at, size)) {
        return S_IOERR;
    }
    for (uint64_t done = 0; done < size;) {
        size_t n = size - done < DRIVE_ROOM ? (size_t)(size - done) : DRIVE_ROOM;

        if (!drive_read(config_of(d)->drive, r->at * DISK_SECTOR + done, r->piece, n) ||
            virtio_scatter(d, r->chain, done, r->piece, n) != n) {
            return S_IOERR;
        }
        done += n;
        r->written = (uint32_t)done;
    }
    r->moved = size;
    return S_OK;
}

static uint8_t do_write(struct device *d, struct request *r)
{
    uint64_t size = r->chain->read_bytes - HEADER_BYTES;
    struct drive *drive = config_of(d)->drive;
    const struct blk *s = d->state;

    if (!is_inside(d, r->at, size) || drive_is_readonly(drive)) {
        return S_IOERR;
    }
    for (uint64_t done = 0; done < size;) {
        size_t n = size - done < DRIVE_ROOM ? (size_t)(size - done) : DRIVE_ROOM;

        if (virtio_gather(d, r->chain, HEADER_BYTES + done, r->piece, n) != n ||
            !drive_write(drive, r->at * DISK_SECTOR + done, r->piece, n)) {
            return S_IOERR;
        }
        done += n;
    }
    r->moved = size;
    return s->writeback || drive_flush(drive) ? S_OK : S_IOERR;
}

static uint8_t do_id(struct device *d, struct request *r)
{
    uint8_t id[VIRTIO_BLK_ID_BYTES];
    size_t n =
        r->chain->written_bytes - 1 < sizeof id ? (size_t)(r->chain->written_bytes - 1) : sizeof id;

    memcpy(id, config_of(d)->serial, sizeof id);
    r->written = (uint32_t)virtio_scatter(d, r->chain, 0, id, n);
    return r->written == n ? S_OK : S_IOERR;
}

static uint8_t do_range(struct device *d, const struct request *r, const uint8_t *range)
{
    uint64_t sector = bytes_get_le(range, 8), count = bytes_get_le(range + 8, 4);
    uint32_t flags = (uint32_t)bytes_get_le(range + 12, 4);
    bool may_discard = r->type == T_DISCARD || (flags & 1) != 0;

    if ((flags & (r->type == T_DISCARD ? UINT32_MAX : ~UINT32_C(1))) != 0) {
        return S_UNSUPP;
    }
    if (count > RANGE_SECTORS_MOST || !is_inside(d, sector, count * DISK_SECTOR)) {
        return S_IOERR;
    }
    return drive_zero(config_of(d)->drive, sector * DISK_SECTOR, count * DISK_SECTOR, may_discard)
               ? S_OK
               : S_IOERR;
}

static uint8_t do_ranges(struct device *d, struct request *r)
{
    uint64_t size = r->chain->read_bytes - HEADER_BYTES;
    uint8_t ranges[RANGES_MOST * RANGE_BYTES], status = S_OK;

    if (drive_is_readonly(config_of(d)->drive) || size == 0 || size % RANGE_BYTES != 0 ||
        size > sizeof ranges ||
        virtio_gather(d, r->chain, HEADER_BYTES, ranges, (size_t)size) != size) {
        return S_IOERR;
    }
    for (size_t i = 0; i < size && status == S_OK; i += RANGE_BYTES) {
        status = do_range(d, r, ranges + i);
    }
    return status;
}

static uint8_t do_request(struct device *d, struct request *r)
{
    switch (r->type) {
    case T_IN: return do_read(d, r);
    case T_OUT: return do_write(d, r);
    case T_FLUSH: return drive_flush(config_of(d)->drive) ? S_OK : S_IOERR;
    case T_GET_ID: return do_id(d, r);
    case T_DISCARD:
    case T_WRITE_ZEROES: return do_ranges(d, r);
    default: return S_UNSUPP;
    }
}

static void take_request(struct device *d, unsigned queue, const struct virtio_chain *c)
{
    struct blk *s = d->state;
    struct request r = {.chain = c, .piece = drive_room(config_of(d)->drive)};
    uint8_t header[HEADER_BYTES], status;

    if (c->written_bytes == 0 || c->written_bytes > UINT32_MAX ||
        virtio_gather(d, c, 0, header, sizeof header) != sizeof header) {
        virtio_break(d, "a request without a header or a place for its status");
        return;
    }
    r.type = (uint32_t)bytes_get_le(header, 4);
    r.at = bytes_get_le(header + 8, 8);
    status = do_request(d, &r);
    (void)virtio_scatter(d, c, c->written_bytes - 1, &status, 1);
    /* A driver may look at no more than was written from the first byte on. */
    virtio_pending_add(d, &s->pending, queue, virtio_ticket_of(c),
                       r.written == c->written_bytes - 1 ? r.written + 1 : r.written,
                       REQUEST_NS + r.moved / BYTES_PER_NS);
}

static void blk_notify(struct device *d, unsigned queue)
{
    struct blk *s = d->state;
    struct virtio_chain c;

    while (!virtio_pending_is_full(&s->pending) && virtio_take(d, queue, &c)) {
        take_request(d, queue, &c);
    }
}

static void blk_alarm(struct device *d, uint32_t i)
{
    struct blk *s = d->state;
    bool was_full = virtio_pending_is_full(&s->pending);

    (void)i;
    virtio_pending_alarm(d, &s->pending);
    for (unsigned q = 0; was_full && q < virtio_queue_count(d); q++) {
        blk_notify(d, q); /* what waited until there was room */
    }
}

/* ---- configuration ---- */

static uint64_t blk_features(const struct device *d)
{
    const struct virtio_blk_config *c = config_of(d);
    uint64_t features = BLK_F_SEG_MAX | BLK_F_BLK_SIZE | BLK_F_FLUSH | BLK_F_TOPOLOGY;

    features |= drive_is_readonly(c->drive) ? BLK_F_RO
                                            : BLK_F_CONFIG_WCE | BLK_F_DISCARD | BLK_F_WRITE_ZEROES;
    return features | (c->queues > 1 ? BLK_F_MQ : 0);
}

static unsigned blk_queues(const struct device *d)
{
    return config_of(d)->queues;
}

static unsigned blk_get_config(struct device *d, uint8_t bytes[VIRTIO_CONFIG_MAX])
{
    const struct virtio_blk_config *c = config_of(d);
    const struct blk *s = d->state;
    unsigned exponent = 0;

    while (c->logical_block << exponent < c->physical_block) {
        exponent++;
    }
    bytes_set_le(bytes, 8, drive_bytes(c->drive) / DISK_SECTOR);
    bytes_set_le(bytes + 12, 4, QUEUE_SIZE - 2);
    bytes_set_le(bytes + 20, 4, c->logical_block);
    bytes[24] = (uint8_t)exponent;
    bytes[WRITEBACK_AT] = s->writeback;
    bytes_set_le(bytes + 34, 2, c->queues);
    bytes_set_le(bytes + 36, 4, RANGE_SECTORS_MOST);
    bytes_set_le(bytes + 40, 4, RANGES_MOST);
    bytes_set_le(bytes + 44, 4, c->logical_block / DISK_SECTOR);
    bytes_set_le(bytes + 48, 4, RANGE_SECTORS_MOST);
    bytes_set_le(bytes + 52, 4, RANGES_MOST);
    bytes[56] = 1; /* zeroing may discard */
    return CONFIG_BYTES;
}

static void blk_set_config(struct device *d, unsigned at, unsigned size, uint64_t value)
{
    struct blk *s = d->state;

    if (at == WRITEBACK_AT && size == 1 && virtio_has(d, BLK_F_CONFIG_WCE)) {
        s->writeback = value != 0;
    }
}

static void blk_reset(struct device *d)
{
    struct blk *s = d->state;

    virtio_pending_clear(d, &s->pending);
    s->writeback = 1;
}

static uint64_t blk_tree_bytes(const struct device *d)
{
    return drive_tree_bytes(config_of(d)->drive);
}

static const struct virtio_model model = {.number = 2,
                                          .legacy_id = 0x1001,
                                          .class_code = 0x010000,
                                          .features = blk_features,
                                          .queues = blk_queues,
                                          .queue_size = QUEUE_SIZE,
                                          .get_config = blk_get_config,
                                          .set_config = blk_set_config,
                                          .notify = blk_notify,
                                          .reset = blk_reset};

#define BLK_CLASS                                                                                  \
    .behaviour = 1, .tree_bytes = blk_tree_bytes, .tree_resets = RESET_WARM | RESET_POWER,         \
    .alarm_offset = offsetof(struct blk, alarm), .alarm_count = 1, .alarm = blk_alarm
const struct virtio_class virtio_blk_mmio = {
    .device = {.name = "virtio-blk-device", BLK_CLASS, VIRTIO_MMIO_CLASS(struct blk, fields)},
    .model = &model,
    .transport = &virtio_mmio,
};
const struct virtio_class virtio_blk_pci = {
    .device = {.name = "virtio-blk-pci", BLK_CLASS, VIRTIO_PCI_CLASS(struct blk, fields)},
    .model = &model,
    .transport = &virtio_pci,
    .pci_offset = offsetof(struct blk, pci),
};
