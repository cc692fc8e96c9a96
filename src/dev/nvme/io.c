/* SPDX-License-Identifier: GPL-2.0-or-later
 * io: the commands of the NVM command set, after NVM Express 1.4, 6: flush, write, read, compare, write zeroes,
 * dataset management, verify. Left out: uncorrectable writes, reservations, protection information.
 */
#include "dev/nvme/nvme.h"

enum {
    OP_FLUSH = 0x00,
    OP_WRITE = 0x01,
    OP_READ = 0x02,
    OP_COMPARE = 0x05,
    OP_WRITE_ZEROES = 0x08,
    OP_DATASET = 0x09,
    OP_VERIFY = 0x0c
};
enum { FORCE_ACCESS = 1 << 30, DEALLOCATE = 1 << 25, RANGE_BYTES = 16 };

const struct nvme_space *nvme_space(const struct device *d, uint32_t number)
{
    const struct nvme_spaces *all = nvme_config_of(d)->spaces;

    return number >= 1 && number <= all->highest && all->list[number - 1].drive != NULL
               ? &all->list[number - 1]
               : NULL;
}

bool nvme_flush(struct device *d)
{
    const struct nvme_spaces *all = nvme_config_of(d)->spaces;
    bool result = true;

    for (unsigned i = 0; i < all->highest; i++) {
        if (all->list[i].drive != NULL && !drive_flush(all->list[i].drive)) {
            result = false;
        }
    }
    return result;
}

static bool is_inside(const struct nvme_space *n, uint64_t block, uint64_t count)
{
    uint64_t all = drive_bytes(n->drive) >> n->shift;

    return block <= all && count <= all - block;
}

/* Bytes of the disk, and what of memory they are. */
struct transfer {
    const struct nvme_space *space;
    uint64_t at, bytes;
    struct nvme_data data;
};

static uint16_t start(struct device *d, const struct nvme_command *c, const struct nvme_space *n,
                      bool has_data, struct transfer *t)
{
    uint64_t block = bytes_get_le(c->bytes + 40, 8), count = (nvme_word(c, 12) & 0xffff) + 1;

    t->space = n;
    if (has_data && count << n->shift > (uint64_t)NVME_PAGE << nvme_config_of(d)->mdts) {
        return NVME_BAD_FIELD;
    }
    if (!is_inside(n, block, count)) {
        return NVME_OUT_OF_RANGE;
    }
    t->at = block << n->shift;
    t->bytes = count << n->shift;
    return has_data ? nvme_map(d, c, t->bytes, &t->data) : NVME_OK;
}

static uint64_t piece_of(const struct transfer *t, uint64_t done)
{
    return t->bytes - done < NVME_ROOM ? t->bytes - done : NVME_ROOM;
}

static uint16_t do_read(struct device *d, struct nvme_command *c, const struct nvme_space *n)
{
    struct nvme *s = d->state;
    struct transfer t;
    uint16_t status = start(d, c, n, true, &t);

    for (uint64_t done = 0, size; status == NVME_OK && done < t.bytes; done += size) {
        size = piece_of(&t, done);
        status = drive_read(n->drive, t.at + done, c->room, (size_t)size)
                     ? nvme_scatter(d, &t.data, done, c->room, size)
                     : NVME_READ_FAULT;
    }
    if (status == NVME_OK) {
        s->reads++;
        s->sectors_read += t.bytes / DISK_SECTOR;
        c->moved = t.bytes;
    }
    return status;
}

/* What was written is on the disk before the command is over, if the guest wants that. */
static uint16_t finish_write(struct device *d, const struct nvme_command *c,
                             const struct nvme_space *n)
{
    const struct nvme *s = d->state;
    bool waits = (nvme_word(c, 12) & FORCE_ACCESS) != 0 || (s->feature[FEATURE_CACHE] & 1) == 0;

    return !waits || drive_flush(n->drive) ? NVME_OK : NVME_WRITE_FAULT;
}

static uint16_t do_write(struct device *d, struct nvme_command *c, const struct nvme_space *n)
{
    struct nvme *s = d->state;
    struct transfer t;
    uint16_t status = start(d, c, n, true, &t);

    for (uint64_t done = 0, size; status == NVME_OK && done < t.bytes; done += size) {
        size = piece_of(&t, done);
        status = nvme_gather(d, &t.data, done, c->room, size);
        if (status == NVME_OK && !drive_write(n->drive, t.at + done, c->room, (size_t)size)) {
            status = NVME_WRITE_FAULT;
        }
    }
    if (status != NVME_OK) {
        return status;
    }
    s->writes++;
    s->sectors_written += t.bytes / DISK_SECTOR;
    c->moved = t.bytes;
    return finish_write(d, c, n);
}

static uint16_t do_compare(struct device *d, struct nvme_command *c, const struct nvme_space *n)
{
    struct transfer t;
    uint16_t status = start(d, c, n, true, &t);
    uint8_t *theirs = c->room, *ours = c->room + NVME_ROOM / 2;

    for (uint64_t done = 0, size; status == NVME_OK && done < t.bytes; done += size) {
        size = piece_of(&t, done) < NVME_ROOM / 2 ? piece_of(&t, done) : NVME_ROOM / 2;
        status = drive_read(n->drive, t.at + done, ours, (size_t)size)
                     ? nvme_gather(d, &t.data, done, theirs, size)
                     : NVME_READ_FAULT;
        if (status == NVME_OK && memcmp(theirs, ours, (size_t)size) != 0) {
            status = NVME_DIFFERENT;
        }
    }
    c->moved = status == NVME_OK ? t.bytes : 0;
    return status;
}

static uint16_t do_zeroes(struct device *d, const struct nvme_command *c,
                          const struct nvme_space *n)
{
    struct transfer t;
    uint16_t status = start(d, c, n, false, &t);

    if (status != NVME_OK) {
        return status;
    }
    if (!drive_zero(n->drive, t.at, t.bytes, (nvme_word(c, 12) & DEALLOCATE) != 0)) {
        return NVME_WRITE_FAULT;
    }
    return finish_write(d, c, n);
}

/* Of what the guest may say of ranges, one thing is heard: that they are of no use any more. */
static uint16_t do_dataset(struct device *d, struct nvme_command *c, const struct nvme_space *n)
{
    uint64_t count = (nvme_word(c, 10) & 0xff) + 1;
    struct nvme_data data;
    uint16_t status = nvme_map(d, c, count * RANGE_BYTES, &data);

    if (status == NVME_OK) {
        status = nvme_gather(d, &data, 0, c->room, count * RANGE_BYTES);
    }
    for (uint64_t i = 0; i < count && status == NVME_OK; i++) {
        const uint8_t *range = c->room + i * RANGE_BYTES;
        uint64_t blocks = bytes_get_le(range + 4, 4), block = bytes_get_le(range + 8, 8);

        if (!is_inside(n, block, blocks)) {
            status = NVME_OUT_OF_RANGE;
        } else if ((nvme_word(c, 11) & 4) != 0 &&
                   !drive_zero(n->drive, block << n->shift, blocks << n->shift, true)) {
            status = NVME_WRITE_FAULT;
        }
    }
    return status;
}

static uint16_t do_verify(struct device *d, const struct nvme_command *c,
                          const struct nvme_space *n)
{
    struct transfer t;

    return start(d, c, n, false, &t);
}

static bool is_write(unsigned op)
{
    return op == OP_WRITE || op == OP_WRITE_ZEROES || op == OP_DATASET;
}

uint16_t nvme_io(struct device *d, struct nvme_command *c)
{
    uint32_t number = nvme_word(c, 1);
    const struct nvme_space *n = nvme_space(d, number);
    unsigned op = c->bytes[0];

    if (op == OP_FLUSH && number == UINT32_MAX) {
        return nvme_flush(d) ? NVME_OK : NVME_WRITE_FAULT;
    }
    if (n == NULL) {
        return number == 0 || number > NVME_SPACES ? NVME_BAD_SPACE : NVME_BAD_FIELD;
    }
    if (is_write(op) && drive_is_readonly(n->drive)) {
        return NVME_PROTECTED;
    }
    switch (op) {
    case OP_FLUSH: return drive_flush(n->drive) ? NVME_OK : NVME_WRITE_FAULT;
    case OP_WRITE: return do_write(d, c, n);
    case OP_READ: return do_read(d, c, n);
    case OP_COMPARE: return do_compare(d, c, n);
    case OP_WRITE_ZEROES: return do_zeroes(d, c, n);
    case OP_DATASET: return do_dataset(d, c, n);
    case OP_VERIFY: return do_verify(d, c, n);
    default: return NVME_BAD_OPCODE;
    }
}
