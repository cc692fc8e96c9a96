/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/scsi: disks and CD drives that understand SCSI's commands, whatever carries those: buses of them for host
 * adapters, and one command done. docs/storage.md says which there are, by which documents.
 *
 * A unit is a device of its own, with its disk. It knows no addresses, queues or interrupts: who carries
 * commands says where a command's data is.
 */
#ifndef DEV_SCSI_H
#define DEV_SCSI_H

#include "bus/bus.h"
#include "machine/device.h"

#define SCSI_UNITS_MAX   32 /* of a bus */
#define SCSI_CDB_BYTES   16 /* of a command; those that are longer are not understood */
#define SCSI_SENSE_BYTES 18
#define SCSI_ROOM        65536

enum { SCSI_GOOD = 0x00, SCSI_CHECK_CONDITION = 0x02 };

/* ---- one command ---- */

/* Where its data is: `at` is inside of what there is. False: it is no memory, and nothing more is moved. */
struct scsi_data {
    bool (*gather)(void *opaque, uint64_t at, void *bytes, size_t size);
    bool (*scatter)(void *opaque, uint64_t at, const void *bytes, size_t size);
    void *opaque;
    uint64_t out_bytes, in_bytes; /* how much there is to be read, to be written */
};
struct scsi_command {
    uint8_t cdb[SCSI_CDB_BYTES];
    struct scsi_data data;
    uint8_t *room; /* SCSI_ROOM bytes, for whatever is in between */
    /* The answer. */
    uint8_t status;
    uint8_t sense[SCSI_SENSE_BYTES]; /* with SCSI_CHECK_CONDITION */
    bool is_overrun;                 /* there was more data than memory for it: nothing was done */
    bool is_lost;                    /* data is in no memory */
    uint64_t moved;                  /* bytes of data */
};
/* Does all of it. The unit is one of scsi_hd or scsi_cd. */
void scsi_do(struct device *unit, struct scsi_command *c);
/* It was reset by whoever carries commands, and tells so at the next one. */
void scsi_reset_unit(struct device *unit);

/* ---- buses ---- */

struct scsi_bus {
    unsigned max_target, max_lun;
    unsigned count;
    struct {
        struct device *unit;
        uint16_t target, lun;
    } places[SCSI_UNITS_MAX];
};
/* A bus for a host adapter that is being built, by the name of `p` with ".0" behind it; the machine keeps it.
 * NULL and a sentence. */
struct scsi_bus *scsi_bus_add(struct plug *p, unsigned max_target, unsigned max_lun,
                              struct error *e);
struct device *scsi_find(const struct scsi_bus *b, unsigned target, unsigned lun); /* or NULL */
bool scsi_has_target(const struct scsi_bus *b, unsigned target);
/* By address: a target that is there answers for units that are not. False: no such target. */
bool scsi_do_at(const struct scsi_bus *b, unsigned target, unsigned lun, struct scsi_command *c);

/* ---- units ---- */

extern const struct device_class scsi_hd, scsi_cd;
extern const struct model scsi_hd_model, scsi_cd_model;

#endif
