/* SPDX-License-Identifier: GPL-2.0-or-later
 * block: reading and writing, after SBC-3, 5: of 6, 10, 12 and 16 bytes; capacity, caches, unmapping, writing
 * the same. Left out: protection information, compare and write, formatting.
 */
#include "dev/scsi/scsi.h"

enum {
    READ_6 = 0x08,
    WRITE_6 = 0x0a,
    READ_CAPACITY_10 = 0x25,
    READ_10 = 0x28,
    WRITE_10 = 0x2a,
    SEEK_10 = 0x2b,
    WRITE_VERIFY_10 = 0x2e,
    VERIFY_10 = 0x2f,
    SYNCHRONIZE_10 = 0x35,
    WRITE_SAME_10 = 0x41,
    UNMAP = 0x42,
    READ_16 = 0x88,
    WRITE_16 = 0x8a,
    WRITE_VERIFY_16 = 0x8e,
    VERIFY_16 = 0x8f,
    SYNCHRONIZE_16 = 0x91,
    WRITE_SAME_16 = 0x93,
    SERVICE_IN_16 = 0x9e,
    READ_12 = 0xa8,
    WRITE_12 = 0xaa,
    VERIFY_12 = 0xaf
};
enum { READ_CAPACITY_16 = 0x10, FORCE_ACCESS = 0x08, UNMAP_BIT = 0x08, NO_DATA = 0x01 };
#define UNMAP_BLOCKS 0x200000
#define SAME_BLOCKS  0x10000

struct range {
    uint64_t block, count;
};

/* Where the command's address and length are, by its size. */
static struct range range_of(const struct scsi_command *c)
{
    switch (c->cdb[0] >> 5) {
    case 0: return (struct range){scsi_field(c, 1, 3) & 0x1fffff, c->cdb[4] != 0 ? c->cdb[4] : 256};
    case 4: return (struct range){scsi_field(c, 2, 8), scsi_field(c, 10, 4)};
    case 5: return (struct range){scsi_field(c, 2, 4), scsi_field(c, 6, 4)};
    default: return (struct range){scsi_field(c, 2, 4), scsi_field(c, 7, 2)};
    }
}

static bool is_inside(const struct device *unit, const struct range *r)
{
    uint64_t all = scsi_blocks(unit);

    return r->block <= all && r->count <= all - r->block;
}

/* It is, and may be written to; false: that was said. */
static bool check_range(const struct device *unit, struct scsi_command *c, const struct range *r,
                        bool is_write)
{
    if (is_write && drive_is_readonly(scsi_config(unit)->drive)) {
        scsi_fail(c, SENSE_PROTECTED);
    } else if (!is_inside(unit, r)) {
        scsi_fail(c, SENSE_OUT_OF_RANGE);
    }
    return c->status == SCSI_GOOD;
}

static void read_blocks(struct device *unit, struct scsi_command *c)
{
    const struct scsi_unit_config *u = scsi_config(unit);
    struct range r = range_of(c);
    uint64_t size, n;

    if ((c->cdb[0] >> 5 != 0 && (c->cdb[1] & 0xe0) != 0) || !check_range(unit, c, &r, false)) {
        if (c->status == SCSI_GOOD) {
            scsi_fail(c, SENSE_BAD_FIELD); /* protection information */
        }
        return;
    }
    size = r.count * u->block;
    if (size > c->data.in_bytes) {
        c->is_overrun = true;
        return;
    }
    for (; c->moved < size && !c->is_lost; c->moved += c->is_lost ? 0 : n) {
        n = size - c->moved < SCSI_ROOM ? size - c->moved : SCSI_ROOM;
        if (!drive_read(u->drive, r.block * u->block + c->moved, c->room, (size_t)n)) {
            scsi_fail(c, SENSE_READ_ERROR);
            return;
        }
        c->is_lost = !c->data.scatter(c->data.opaque, c->moved, c->room, (size_t)n);
    }
}

static void finish_write(struct device *unit, struct scsi_command *c, bool is_forced)
{
    const struct scsi_state *s = unit->state;

    if ((is_forced || s->writes_through) && !drive_flush(scsi_config(unit)->drive)) {
        scsi_fail(c, SENSE_WRITE_ERROR);
    }
}

static void write_blocks(struct device *unit, struct scsi_command *c)
{
    const struct scsi_unit_config *u = scsi_config(unit);
    struct range r = range_of(c);
    uint64_t size, n;

    if (!check_range(unit, c, &r, true)) {
        return;
    }
    size = r.count * u->block;
    if (size > c->data.out_bytes) {
        c->is_overrun = true;
        return;
    }
    for (; c->moved < size; c->moved += n) {
        n = size - c->moved < SCSI_ROOM ? size - c->moved : SCSI_ROOM;
        if (!c->data.gather(c->data.opaque, c->moved, c->room, (size_t)n)) {
            c->is_lost = true;
            return;
        }
        if (!drive_write(u->drive, r.block * u->block + c->moved, c->room, (size_t)n)) {
            scsi_fail(c, SENSE_WRITE_ERROR);
            return;
        }
    }
    finish_write(unit, c, c->cdb[0] >> 5 != 0 && (c->cdb[1] & FORCE_ACCESS) != 0);
}

/* What is on the disk can be read: only if the guest sends bytes is there something to compare. */
static void verify(struct device *unit, struct scsi_command *c)
{
    const struct scsi_unit_config *u = scsi_config(unit);
    struct range r = range_of(c);
    uint64_t size = r.count * u->block, n;

    if (!check_range(unit, c, &r, false) || (c->cdb[1] & 0x06) == 0) {
        return;
    }
    if ((c->cdb[1] & 0x06) != 0x02 || size > c->data.out_bytes) {
        scsi_fail(c, SENSE_BAD_FIELD);
        return;
    }
    for (; c->moved < size; c->moved += n) {
        uint8_t *ours = c->room + SCSI_ROOM / 2;

        n = size - c->moved < SCSI_ROOM / 2 ? size - c->moved : SCSI_ROOM / 2;
        if (!drive_read(u->drive, r.block * u->block + c->moved, ours, (size_t)n)) {
            scsi_fail(c, SENSE_READ_ERROR);
            return;
        }
        if (!c->data.gather(c->data.opaque, c->moved, c->room, (size_t)n)) {
            c->is_lost = true;
            return;
        }
        if (memcmp(c->room, ours, (size_t)n) != 0) {
            scsi_fail(c, SENSE_DIFFERENT);
            return;
        }
    }
}

/* ---- zeros ---- */

static void zero(struct device *unit, struct scsi_command *c, const struct range *r, bool discards)
{
    const struct scsi_unit_config *u = scsi_config(unit);

    if (!drive_zero(u->drive, r->block * u->block, r->count * u->block, discards)) {
        scsi_fail(c, SENSE_WRITE_ERROR);
    }
}

static void unmap(struct device *unit, struct scsi_command *c)
{
    uint64_t size = scsi_field(c, 7, 2), ranges;

    if (size != 0 && size < 8) {
        scsi_fail(c, SENSE_BAD_LENGTH);
        return;
    }
    if (!scsi_take(c, size) || size == 0) {
        return;
    }
    ranges = bytes_get_be(c->room + 2, 2);
    if (ranges > size - 8) {
        scsi_fail(c, SENSE_BAD_PARAMETER);
        return;
    }
    for (uint64_t at = 8; at + 16 <= 8 + ranges && c->status == SCSI_GOOD; at += 16) {
        struct range r = {bytes_get_be(c->room + at, 8), bytes_get_be(c->room + at + 8, 4)};

        if (r.count > UNMAP_BLOCKS) {
            scsi_fail(c, SENSE_BAD_PARAMETER);
        } else if (check_range(unit, c, &r, true)) {
            zero(unit, c, &r, true);
        }
    }
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static void write_pattern(struct device *unit, struct scsi_command *c, const struct range *r)
{
    const struct scsi_unit_config *u = scsi_config(unit);
    uint64_t size = r->count * u->block, n;

    for (size_t at = u->block; at < SCSI_ROOM; at += u->block) {
        memcpy(c->room + at, c->room, u->block);
    }
    for (uint64_t done = 0; done < size; done += n) {
        n = size - done < SCSI_ROOM ? size - done : SCSI_ROOM;
        if (!drive_write(u->drive, r->block * u->block + done, c->room, (size_t)n)) {
            scsi_fail(c, SENSE_WRITE_ERROR);
            return;
        }
    }
}

static void write_same(struct device *unit, struct scsi_command *c)
{
    const struct scsi_unit_config *u = scsi_config(unit);
    struct range r = range_of(c);
    bool has_data = c->cdb[0] != WRITE_SAME_16 || (c->cdb[1] & NO_DATA) == 0;

    if (r.count == 0 || r.count > SAME_BLOCKS || (c->cdb[1] & 0x16) != 0) {
        scsi_fail(c, SENSE_BAD_FIELD);
        return;
    }
    if (!check_range(unit, c, &r, true) || (has_data && !scsi_take(c, u->block))) {
        return;
    }
    if (!has_data || is_zero(c->room, u->block)) {
        zero(unit, c, &r, (c->cdb[1] & UNMAP_BIT) != 0);
    } else {
        write_pattern(unit, c, &r);
    }
    if (c->status == SCSI_GOOD) {
        finish_write(unit, c, false);
    }
}

/* ---- capacity ---- */

static void capacity_10(const struct device *unit, struct scsi_command *c)
{
    uint64_t all = scsi_blocks(unit);

    bytes_set_be(c->room, 4, all - 1 < UINT32_MAX ? all - 1 : UINT32_MAX);
    bytes_set_be(c->room + 4, 4, scsi_config(unit)->block);
    scsi_answer(c, 8, 8);
}

static void capacity_16(const struct device *unit, struct scsi_command *c)
{
    const struct scsi_unit_config *u = scsi_config(unit);

    if ((c->cdb[1] & 31) != READ_CAPACITY_16) {
        scsi_fail(c, SENSE_BAD_OPCODE);
        return;
    }
    memset(c->room, 0, 32);
    bytes_set_be(c->room, 8, scsi_blocks(unit) - 1);
    bytes_set_be(c->room + 8, 4, u->block);
    c->room[13] = (uint8_t)u->physical_exponent;
    c->room[14] = u->is_cd ? 0 : 0xc0; /* thin, and what was unmapped reads as zeros */
    scsi_answer(c, 32, scsi_field(c, 10, 4));
}

static void synchronize(struct device *unit, struct scsi_command *c)
{
    if (!drive_flush(scsi_config(unit)->drive)) {
        scsi_fail(c, SENSE_WRITE_ERROR);
    }
}

/* What only a disk does. */
static bool do_disk(struct device *unit, struct scsi_command *c)
{
    switch (c->cdb[0]) {
    case WRITE_6:
    case WRITE_10:
    case WRITE_12:
    case WRITE_16:
    case WRITE_VERIFY_10:
    case WRITE_VERIFY_16: write_blocks(unit, c); return true;
    case WRITE_SAME_10:
    case WRITE_SAME_16: write_same(unit, c); return true;
    case UNMAP: unmap(unit, c); return true;
    default: return false;
    }
}

bool scsi_do_block(struct device *unit, struct scsi_command *c)
{
    if (scsi_blocks(unit) == 0) {
        scsi_fail(c, SENSE_NO_MEDIUM); /* nothing is on it */
        return true;
    }
    switch (c->cdb[0]) {
    case READ_6:
    case READ_10:
    case READ_12:
    case READ_16: read_blocks(unit, c); return true;
    case READ_CAPACITY_10: capacity_10(unit, c); return true;
    case SERVICE_IN_16: capacity_16(unit, c); return true;
    case SEEK_10: return true;
    case VERIFY_10:
    case VERIFY_12:
    case VERIFY_16: verify(unit, c); return true;
    case SYNCHRONIZE_10:
    case SYNCHRONIZE_16: synchronize(unit, c); return true;
    default: return !scsi_config(unit)->is_cd && do_disk(unit, c);
    }
}
