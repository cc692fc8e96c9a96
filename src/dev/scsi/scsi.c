/* SPDX-License-Identifier: GPL-2.0-or-later
 * scsi: a command is looked at, done and answered, after SPC-4: what all units have, sense data, unit
 * attentions; and buses, with targets that answer for units that are not there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dev/scsi/scsi.h"

enum {
    TEST_UNIT_READY = 0x00,
    REQUEST_SENSE = 0x03,
    INQUIRY = 0x12,
    MODE_SELECT_6 = 0x15,
    RESERVE_6 = 0x16,
    RELEASE_6 = 0x17,
    MODE_SENSE_6 = 0x1a,
    START_STOP = 0x1b,
    PREVENT_REMOVAL = 0x1e,
    GET_CONFIGURATION = 0x46,
    GET_EVENTS = 0x4a,
    MODE_SELECT_10 = 0x55,
    MODE_SENSE_10 = 0x5a,
    REPORT_LUNS = 0xa0
};

/* ---- answers ---- */

static void make_sense(uint8_t bytes[SCSI_SENSE_BYTES], uint32_t sense)
{
    memset(bytes, 0, SCSI_SENSE_BYTES);
    bytes[0] = 0x70; /* of this command, in the fixed format */
    bytes[2] = (uint8_t)(sense >> 16);
    bytes[7] = SCSI_SENSE_BYTES - 8;
    bytes[12] = (uint8_t)(sense >> 8);
    bytes[13] = (uint8_t)sense;
}

void scsi_fail(struct scsi_command *c, uint32_t sense)
{
    c->status = SCSI_CHECK_CONDITION;
    make_sense(c->sense, sense);
}

void scsi_answer(struct scsi_command *c, uint64_t size, uint64_t allotted)
{
    must(size <= SCSI_ROOM);
    size = size < allotted ? size : allotted;
    size = size < c->data.in_bytes ? size : c->data.in_bytes;
    if (size != 0 && !c->data.scatter(c->data.opaque, 0, c->room, (size_t)size)) {
        c->is_lost = true;
    } else {
        c->moved = size;
    }
}

bool scsi_take(struct scsi_command *c, uint64_t size)
{
    if (size > SCSI_ROOM) {
        scsi_fail(c, SENSE_BAD_LENGTH);
        return false;
    }
    if (size > c->data.out_bytes) {
        c->is_overrun = true;
        return false;
    }
    c->is_lost = size != 0 && !c->data.gather(c->data.opaque, 0, c->room, (size_t)size);
    c->moved = c->is_lost ? 0 : size;
    return !c->is_lost;
}

/* ---- what all have ---- */

uint64_t scsi_blocks(const struct device *unit)
{
    const struct scsi_unit_config *u = scsi_config(unit);
    const struct scsi_state *s = unit->state;

    return u->drive != NULL && !s->is_open ? drive_bytes(u->drive) / u->block : 0;
}

static void request_sense(struct device *unit, struct scsi_command *c)
{
    struct scsi_state *s = unit->state;
    uint32_t sense = s->sense;

    if (sense == 0 && s->attention != 0) {
        sense = UINT32_C(6) << 16 | s->attention;
        s->attention = 0;
    }
    s->sense = 0;
    if ((c->cdb[1] & 1) != 0) { /* in the format with descriptors, of which there are none */
        memset(c->room, 0, 8);
        c->room[0] = 0x72;
        c->room[1] = (uint8_t)(sense >> 16);
        c->room[2] = (uint8_t)(sense >> 8);
        c->room[3] = (uint8_t)sense;
        scsi_answer(c, 8, c->cdb[4]);
        return;
    }
    make_sense(c->room, sense);
    scsi_answer(c, SCSI_SENSE_BYTES, c->cdb[4]);
}

/* A tray that is open has no medium; a unit that was stopped wants to be started. False: not ready. */
static bool check_ready(const struct device *unit, struct scsi_command *c)
{
    const struct scsi_state *s = unit->state;

    if (s->is_open) {
        scsi_fail(c, SENSE_TRAY_OPEN);
    } else if (scsi_config(unit)->drive == NULL) {
        scsi_fail(c, SENSE_NO_MEDIUM);
    } else if (s->is_stopped) {
        scsi_fail(c, SENSE_BECOMING_READY);
    }
    return c->status == SCSI_GOOD;
}

static void start_stop(struct device *unit, struct scsi_command *c)
{
    const struct scsi_unit_config *u = scsi_config(unit);
    struct scsi_state *s = unit->state;
    bool starts = (c->cdb[4] & 1) != 0, moves = (c->cdb[4] & 2) != 0;

    if ((c->cdb[4] & 0xf0) != 0) {
        return; /* power conditions: all are the same to it */
    }
    if (!starts && u->drive != NULL && !drive_flush(u->drive)) {
        scsi_fail(c, SENSE_WRITE_ERROR);
        return;
    }
    if (!u->is_cd || !moves) {
        s->is_stopped = !starts;
    } else if (!starts && s->is_locked) {
        scsi_fail(c, SENSE_LOCKED);
    } else if (s->is_open == starts) {
        s->is_open = !starts;
        s->is_stopped = 0;
        s->media_event = starts ? 2 : 3; /* a new medium, one that was taken away */
        s->attention = starts && u->drive != NULL ? ATTENTION_CHANGED : s->attention;
    }
}

/* ---- a command ---- */

static void do_common(struct device *unit, struct scsi_command *c)
{
    struct scsi_state *s = unit->state;

    switch (c->cdb[0]) {
    case TEST_UNIT_READY: (void)check_ready(unit, c); return;
    case REQUEST_SENSE: request_sense(unit, c); return;
    case INQUIRY: scsi_inquiry(unit, c); return;
    case REPORT_LUNS:
        scsi_report_luns(scsi_config(unit)->bus, scsi_config(unit)->target, c);
        return;
    case MODE_SENSE_6:
    case MODE_SENSE_10: scsi_mode_sense(unit, c, c->cdb[0] == MODE_SENSE_10); return;
    case MODE_SELECT_6:
    case MODE_SELECT_10: scsi_mode_select(unit, c, c->cdb[0] == MODE_SELECT_10); return;
    case RESERVE_6:
    case RELEASE_6: return; /* there is nobody else */
    case START_STOP: start_stop(unit, c); return;
    case PREVENT_REMOVAL: s->is_locked = c->cdb[4] & 1; return;
    default: break;
    }
    if (scsi_config(unit)->is_cd && scsi_do_cd(unit, c)) {
        return;
    }
    if (check_ready(unit, c) && !scsi_do_block(unit, c)) {
        scsi_fail(c, SENSE_BAD_OPCODE);
    }
}

/* Commands that are done though there is something to be told first, SPC-4, 5.14. */
static bool goes_first(uint8_t operation)
{
    return operation == INQUIRY || operation == REPORT_LUNS || operation == REQUEST_SENSE ||
           operation == GET_CONFIGURATION || operation == GET_EVENTS;
}

void scsi_do(struct device *unit, struct scsi_command *c)
{
    struct scsi_state *s = unit->state;

    c->status = SCSI_GOOD;
    c->is_overrun = c->is_lost = false;
    c->moved = 0;
    if (s->attention != 0 && !goes_first(c->cdb[0])) {
        scsi_fail(c, UINT32_C(6) << 16 | s->attention);
        s->attention = 0;
    } else {
        if (!goes_first(c->cdb[0])) {
            s->sense = 0;
        }
        do_common(unit, c);
    }
    if (c->status == SCSI_CHECK_CONDITION) {
        s->sense = (uint32_t)c->sense[2] << 16 | (uint32_t)c->sense[12] << 8 | c->sense[13];
    }
}

void scsi_reset_unit(struct device *unit)
{
    struct scsi_state *s = unit->state;

    s->sense = 0;
    s->is_locked = s->is_stopped = s->writes_through = 0;
    s->attention = ATTENTION_RESET;
}

/* ---- buses ---- */

struct scsi_bus *scsi_bus_add(struct plug *p, unsigned max_target, unsigned max_lun,
                              struct error *e)
{
    struct scsi_bus *b = base_alloc(1, sizeof(*b));
    char name[MACHINE_NAME_MAX + 2];

    b->max_target = max_target;
    b->max_lun = max_lun;
    machine_keep(p->machine, &(struct machine_kept){.what = b, .drop = free});
    (void)snprintf(name, sizeof name, "%s.0", p->name);
    return buses_add(p->buses, BUS_SCSI, name, SCSI_UNITS_MAX, b, e) != NULL ? b : NULL;
}

struct device *scsi_find(const struct scsi_bus *b, unsigned target, unsigned lun)
{
    for (unsigned i = 0; i < b->count; i++) {
        if (b->places[i].target == target && b->places[i].lun == lun) {
            return b->places[i].unit;
        }
    }
    return NULL;
}

bool scsi_has_target(const struct scsi_bus *b, unsigned target)
{
    for (unsigned i = 0; i < b->count; i++) {
        if (b->places[i].target == target) {
            return true;
        }
    }
    return false;
}

/* For a unit that is not there, SPC-4, 5.6 and 6.4. */
static void do_absent(const struct scsi_bus *b, unsigned target, struct scsi_command *c)
{
    switch (c->cdb[0]) {
    case REPORT_LUNS: scsi_report_luns(b, target, c); break;
    case INQUIRY:
        memset(c->room, 0, 36);
        c->room[0] = 0x7f; /* nothing is there, nor can be */
        c->room[2] = 5;
        c->room[3] = 2;
        c->room[4] = 31;
        scsi_answer(c, 36, scsi_field(c, 3, 2));
        break;
    case REQUEST_SENSE:
        make_sense(c->room, SENSE_BAD_UNIT);
        scsi_answer(c, SCSI_SENSE_BYTES, c->cdb[4]);
        break;
    default: scsi_fail(c, SENSE_BAD_UNIT);
    }
}

bool scsi_do_at(const struct scsi_bus *b, unsigned target, unsigned lun, struct scsi_command *c)
{
    struct device *unit = scsi_find(b, target, lun);

    if (unit != NULL) {
        scsi_do(unit, c);
        return true;
    }
    c->status = SCSI_GOOD;
    c->is_overrun = c->is_lost = false;
    c->moved = 0;
    if (!scsi_has_target(b, target)) {
        return false;
    }
    do_absent(b, target, c);
    return true;
}
