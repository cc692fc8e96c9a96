/* SPDX-License-Identifier: GPL-2.0-or-later
 * cd: what a drive of CDs and DVDs has of its own, after MMC-6: its configuration, events of its medium, the
 * table of contents of a disc with one track of data. Left out: writing, audio, regions, structures of DVDs.
 */
#include "dev/scsi/scsi.h"

enum {
    READ_TOC = 0x43,
    GET_CONFIGURATION = 0x46,
    GET_EVENTS = 0x4a,
    READ_DISC_INFORMATION = 0x51,
    SET_SPEED = 0xbb,
    MECHANISM_STATUS = 0xbd
};
enum { PROFILE_NONE = 0, PROFILE_CD = 0x08, PROFILE_DVD = 0x10 };
#define CD_BLOCKS (80 * 60 * 75) /* more is a DVD */
enum { LEAD_OUT = 0xaa, DATA_TRACK = 0x14, CONFIGURATION_BYTES = 8 + 12 + 12 + 8 };

/* Minutes, seconds and frames, or a block's number. */
static void put_place(uint8_t *p, uint64_t block, bool is_msf)
{
    if (is_msf) {
        block += 150;
        p[0] = 0;
        p[1] = (uint8_t)(block / 75 / 60);
        p[2] = (uint8_t)(block / 75 % 60);
        p[3] = (uint8_t)(block % 75);
    } else {
        bytes_set_be(p, 4, block);
    }
}

static size_t add_track(uint8_t *p, uint8_t number, uint64_t block, bool is_msf)
{
    p[1] = DATA_TRACK;
    p[2] = number;
    put_place(p + 4, block, is_msf);
    return 8;
}

static void read_toc(const struct device *unit, struct scsi_command *c)
{
    bool is_msf = (c->cdb[1] & 2) != 0;
    unsigned format = c->cdb[2] & 15, from = c->cdb[6];
    uint8_t *p = c->room;
    size_t size = 4;

    format = format == 0 ? c->cdb[9] >> 6 : format; /* where old drivers say it */
    if (scsi_blocks(unit) == 0) {
        scsi_fail(c, SENSE_NO_MEDIUM);
        return;
    }
    if (format > 1 || (format == 0 && from > 1 && from != LEAD_OUT)) {
        scsi_fail(c, SENSE_BAD_FIELD);
        return;
    }
    memset(p, 0, 64);
    p[2] = p[3] = 1; /* the first track, or session, and the last */
    size += format == 1 || from <= 1 ? add_track(p + size, 1, 0, is_msf) : 0;
    size += format == 0 ? add_track(p + size, LEAD_OUT, scsi_blocks(unit), is_msf) : 0;
    bytes_set_be(p, 2, size - 2);
    scsi_answer(c, size, scsi_field(c, 7, 2));
}

static unsigned profile_of(const struct device *unit)
{
    uint64_t blocks = scsi_blocks(unit);

    return blocks == 0 ? PROFILE_NONE : blocks > CD_BLOCKS ? PROFILE_DVD : PROFILE_CD;
}

/* Which kinds of discs it takes, and which one is in; what the drive itself is. */
static void get_configuration(const struct device *unit, struct scsi_command *c)
{
    uint8_t *p = c->room;
    unsigned profile = profile_of(unit);

    memset(p, 0, CONFIGURATION_BYTES);
    bytes_set_be(p, 4, CONFIGURATION_BYTES - 4);
    bytes_set_be(p + 6, 2, profile);
    p[10] = 0x03; /* feature 0, of profiles: always there */
    p[11] = 8;
    bytes_set_be(p + 12, 2, PROFILE_DVD);
    p[14] = profile == PROFILE_DVD;
    bytes_set_be(p + 16, 2, PROFILE_CD);
    p[18] = profile == PROFILE_CD;
    bytes_set_be(p + 20, 2, 1); /* the core: by SCSI */
    p[22] = 0x0b;
    p[23] = 8;
    bytes_set_be(p + 24, 4, 1);
    p[28] = 1;
    bytes_set_be(p + 32, 2, 3); /* a tray that can be locked */
    p[34] = 0x03;
    p[35] = 4;
    p[36] = 0x39;
    scsi_answer(c, CONFIGURATION_BYTES, scsi_field(c, 7, 2));
}

static void get_events(struct device *unit, struct scsi_command *c)
{
    struct scsi_state *s = unit->state;
    uint8_t *p = c->room;
    bool has_media = (c->cdb[4] & 0x10) != 0;

    if ((c->cdb[1] & 1) == 0) {
        scsi_fail(c, SENSE_BAD_FIELD); /* nobody is told later */
        return;
    }
    memset(p, 0, 8);
    p[3] = 0x10; /* of its medium */
    if (!has_media) {
        p[1] = 2;
        p[2] = 0x80;
        scsi_answer(c, 4, scsi_field(c, 7, 2));
        return;
    }
    p[1] = 6;
    p[2] = 4;
    p[4] = s->media_event;
    p[5] = (uint8_t)((s->is_open ? 1 : 0) | (scsi_blocks(unit) != 0 ? 2 : 0));
    s->media_event = 0;
    scsi_answer(c, 8, scsi_field(c, 7, 2));
}

static void disc_information(const struct device *unit, struct scsi_command *c)
{
    uint8_t *p = c->room;

    if (scsi_blocks(unit) == 0) {
        scsi_fail(c, SENSE_NO_MEDIUM);
        return;
    }
    memset(p, 0, 34);
    p[1] = 32;
    p[2] = 0x0e;                   /* finished */
    p[3] = p[4] = p[5] = p[6] = 1; /* tracks and sessions */
    p[7] = 0x20;
    scsi_answer(c, 34, scsi_field(c, 7, 2));
}

bool scsi_do_cd(struct device *unit, struct scsi_command *c)
{
    const struct scsi_state *s = unit->state;

    switch (c->cdb[0]) {
    case READ_TOC: read_toc(unit, c); return true;
    case GET_CONFIGURATION: get_configuration(unit, c); return true;
    case GET_EVENTS: get_events(unit, c); return true;
    case READ_DISC_INFORMATION: disc_information(unit, c); return true;
    case SET_SPEED: return true;
    case MECHANISM_STATUS:
        memset(c->room, 0, 8);
        c->room[1] = s->is_open ? 0x10 : 0;
        scsi_answer(c, 8, scsi_field(c, 8, 2));
        return true;
    default: return false;
    }
}
