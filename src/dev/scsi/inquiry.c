/* SPDX-License-Identifier: GPL-2.0-or-later
 * inquiry: what a unit says of itself: INQUIRY with the pages of vital product data (SPC-4, 7.8; SBC-3, 6.6),
 * and REPORT LUNS.
 */
#include "dev/scsi/scsi.h"

enum {
    VPD_PAGES = 0x00,
    VPD_SERIAL = 0x80,
    VPD_IDS = 0x83,
    VPD_LIMITS = 0xb0,
    VPD_MEDIUM = 0xb1,
    VPD_PROVISIONING = 0xb2
};
enum { TYPE_DISK = 0x00, TYPE_CD = 0x05 };

static size_t add_text(uint8_t *to, size_t room, const char *text)
{
    size_t count = strlen(text) < room ? strlen(text) : room;

    memset(to, ' ', room);
    memcpy(to, text, count);
    return room;
}

static uint64_t make_standard(const struct scsi_unit_config *u, uint8_t *p)
{
    p[1] = u->is_removable ? 0x80 : 0;
    p[2] = 5;    /* SPC-3 */
    p[3] = 0x12; /* units by the whole of an address; the format of this */
    p[4] = 36 - 5;
    p[7] = 0x02; /* commands may wait in queues */
    (void)add_text(p + 8, 8, u->vendor);
    (void)add_text(p + 16, 16, u->product);
    (void)add_text(p + 32, 4, u->version);
    return 36;
}

/* One descriptor of the page of identifiers. */
static size_t add_id(uint8_t *p, uint8_t code, uint8_t type, const void *bytes, size_t count)
{
    p[0] = code;
    p[1] = type;
    p[3] = (uint8_t)count;
    memcpy(p + 4, bytes, count);
    return 4 + count;
}

static uint64_t make_ids(const struct scsi_unit_config *u, uint8_t *p)
{
    const char *name = u->serial[0] != '\0' ? u->serial : u->id;
    uint8_t wwn[8];
    size_t size = 4;

    bytes_set_be(wwn, sizeof wwn, u->wwn);
    size += name[0] != '\0' ? add_id(p + size, 2, 0, name, strlen(name)) : 0;
    size += u->wwn != 0 ? add_id(p + size, 1, 3, wwn, sizeof wwn) : 0;
    return size;
}

/* SBC-3, 6.6.4: how much a command may ask for; what is discarded at once, and how it lies. */
static uint64_t make_limits(const struct scsi_unit_config *u, uint8_t *p)
{
    p[4] = 1;                          /* WRITE SAME of no blocks means none */
    bytes_set_be(p + 8, 4, 0x10000);   /* blocks of a transfer */
    bytes_set_be(p + 20, 4, 0x200000); /* of UNMAP */
    bytes_set_be(p + 24, 4, 255);      /* ranges of it */
    bytes_set_be(p + 28, 4, 4096 / u->block > 1 ? 4096 / u->block : 1);
    bytes_set_be(p + 36, 8, 0x10000); /* of WRITE SAME */
    return 64;
}

/* The size of the page; 0: there is none of that number. All is zero at first. */
static uint64_t make_page(const struct scsi_unit_config *u, uint8_t number, uint8_t *p)
{
    static const uint8_t disk[] = {VPD_PAGES,  VPD_SERIAL, VPD_IDS,
                                   VPD_LIMITS, VPD_MEDIUM, VPD_PROVISIONING};
    size_t count = u->is_cd ? 3 : ARRAY_LEN(disk);

    switch (number) {
    case VPD_PAGES: memcpy(p + 4, disk, count); return 4 + count;
    case VPD_SERIAL: memcpy(p + 4, u->serial, strlen(u->serial)); return 4 + strlen(u->serial);
    case VPD_IDS: return make_ids(u, p);
    default: break;
    }
    if (u->is_cd) {
        return 0;
    }
    switch (number) {
    case VPD_LIMITS: return make_limits(u, p);
    case VPD_MEDIUM: bytes_set_be(p + 4, 2, u->rotation); return 64;
    case VPD_PROVISIONING:
        p[5] = 0xe4; /* by UNMAP and both forms of WRITE SAME; they read as zeros */
        p[6] = 2;    /* thin */
        return 8;
    default: return 0;
    }
}

void scsi_inquiry(const struct device *unit, struct scsi_command *c)
{
    const struct scsi_unit_config *u = scsi_config(unit);
    bool is_page = (c->cdb[1] & 1) != 0;
    uint64_t size;

    memset(c->room, 0, 256);
    if (is_page) {
        size = make_page(u, c->cdb[2], c->room);
        c->room[1] = c->cdb[2];
        bytes_set_be(c->room + 2, 2, size - 4);
    } else {
        size = c->cdb[2] == 0 ? make_standard(u, c->room) : 0;
    }
    if (size == 0) {
        scsi_fail(c, SENSE_BAD_FIELD);
        return;
    }
    c->room[0] = u->is_cd ? TYPE_CD : TYPE_DISK;
    scsi_answer(c, size, scsi_field(c, 3, 2));
}

void scsi_report_luns(const struct scsi_bus *b, unsigned target, struct scsi_command *c)
{
    uint64_t size = 8;
    bool has_zero = scsi_find(b, target, 0) != NULL;

    if (scsi_field(c, 6, 4) < 16 || c->cdb[2] > 2) {
        scsi_fail(c, SENSE_BAD_FIELD);
        return;
    }
    memset(c->room, 0, 8 + 8 * (SCSI_UNITS_MAX + 1));
    size += !has_zero ? 8 : 0; /* unit 0 always answers */
    for (unsigned i = 0; i < b->count; i++) {
        unsigned lun = b->places[i].lun;

        if (b->places[i].target == target) {
            bytes_set_be(c->room + size, 2, lun < 256 ? lun : lun | 0x4000);
            size += 8;
        }
    }
    bytes_set_be(c->room, 4, size - 8);
    scsi_answer(c, size, scsi_field(c, 6, 4));
}
