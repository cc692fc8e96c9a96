/* SPDX-License-Identifier: GPL-2.0-or-later
 * scsi: what the files of SCSI's commands share, after SPC-4, SBC-3 and MMC-6. Private to dev/scsi/.
 */
#ifndef DEV_SCSI_SCSI_H
#define DEV_SCSI_SCSI_H

#include "dev/drive.h"
#include "dev/scsi.h"

#define SCSI_SERIAL 36

/* ---- wiring and state of a unit ---- */

struct scsi_unit_config {
    struct drive *drive;        /* NULL: a CD drive without a disc */
    const struct scsi_bus *bus; /* to which it belongs */
    uint16_t target, lun;
    uint32_t block;             /* bytes, a power of two */
    uint32_t physical_exponent; /* a physical block is so often doubled */
    uint32_t rotation;          /* per minute; 1: it does not turn, 0: nothing is said */
    uint64_t wwn;               /* 0: none */
    uint8_t is_cd, is_removable, has_dpofua;
    char serial[SCSI_SERIAL + 1], vendor[9], product[17], version[5];
    char id[SCSI_SERIAL + 1]; /* by which it is identified if it has no other name */
};

struct scsi_state {
    uint32_t sense;                         /* key, code and qualifier, of REQUEST SENSE; 0: none */
    uint32_t attention;                     /* code and qualifier to be told; 0: none */
    uint8_t is_stopped, is_locked, is_open; /* its tray */
    uint8_t writes_through;
    uint8_t media_event; /* of a CD's: a code of MMC-6, 6.6.2 */
    uint8_t zero[3];
};
static inline const struct scsi_unit_config *scsi_config(const struct device *unit)
{
    return unit->config;
}

/* ---- answers ---- */

/* Sense keys with codes and qualifiers behind them: 0xKCCQQ. */
enum {
    SENSE_BECOMING_READY = 0x20402, /* it wants to be started */
    SENSE_NO_MEDIUM = 0x23a00,
    SENSE_TRAY_OPEN = 0x23a02,
    SENSE_WRITE_ERROR = 0x30c00,
    SENSE_READ_ERROR = 0x31100,
    SENSE_BAD_OPCODE = 0x52000,
    SENSE_OUT_OF_RANGE = 0x52100,
    SENSE_BAD_FIELD = 0x52400,
    SENSE_BAD_UNIT = 0x52500,
    SENSE_BAD_PARAMETER = 0x52600,
    SENSE_BAD_LENGTH = 0x51a00,
    SENSE_LOCKED = 0x55302,
    SENSE_PROTECTED = 0x72700,
    SENSE_DIFFERENT = 0xe1d00
};
enum { ATTENTION_CHANGED = 0x2800, ATTENTION_POWER = 0x2900, ATTENTION_RESET = 0x2903 };

void scsi_fail(struct scsi_command *c, uint32_t sense);
/* The first bytes of c->room, as many as the guest allotted and has memory for. */
void scsi_answer(struct scsi_command *c, uint64_t size, uint64_t allotted);
/* The bytes of a parameter list into c->room; false: they are not there, which was said. */
bool scsi_take(struct scsi_command *c, uint64_t size);
static inline uint64_t scsi_field(const struct scsi_command *c, unsigned at, unsigned size)
{
    return bytes_get_be(c->cdb + at, size);
}
/* How many blocks there are; 0: no medium. */
uint64_t scsi_blocks(const struct device *unit);

/* ---- commands ---- */

void scsi_inquiry(const struct device *unit, struct scsi_command *c); /* inquiry.c */
void scsi_report_luns(const struct scsi_bus *b, unsigned target, struct scsi_command *c);
void scsi_mode_sense(const struct device *unit, struct scsi_command *c, bool is_10); /* mode.c */
void scsi_mode_select(struct device *unit, struct scsi_command *c, bool is_10);
/* block.c; false: it is no such command. */
bool scsi_do_block(struct device *unit, struct scsi_command *c);
bool scsi_do_cd(struct device *unit, struct scsi_command *c); /* cd.c */

#endif
