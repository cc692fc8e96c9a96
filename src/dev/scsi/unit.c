/* SPDX-License-Identifier: GPL-2.0-or-later
 * unit: disks and CD drives on a bus of SCSI, `-device scsi-hd` and `-device scsi-cd`: what is said of them, where they
 * are, their state.
 */
#include <stdio.h>

#include "dev/scsi/scsi.h"

static const struct field fields[] = {
    FIELD(struct scsi_state, sense),
    FIELD(struct scsi_state, attention),
    FIELD_BOOL(struct scsi_state, is_stopped),
    FIELD_BOOL(struct scsi_state, is_locked),
    FIELD_BOOL(struct scsi_state, is_open),
    FIELD_BOOL(struct scsi_state, writes_through),
    FIELD_MAX(struct scsi_state, media_event, 3),
    FIELD_ARRAY(struct scsi_state, zero),
};

static void unit_map(struct device *d)
{
    (void)d; /* it has no registers */
}

static void unit_reset(struct device *d)
{
    struct scsi_state *s = d->state;

    s->attention = ATTENTION_POWER;
}

static uint64_t unit_tree_bytes(const struct device *d)
{
    return drive_tree_bytes(scsi_config(d)->drive);
}

/* A disk has no tray. */
static int unit_check(const struct device *d, const void *state, struct error *e)
{
    const struct scsi_state *s = state;

    return s->is_open && !scsi_config(d)->is_cd ? error_set(e, "is_open is 1: a disk has no tray")
                                                : 0;
}

#define UNIT_CLASS                                                                                 \
    .behaviour = 1, .state = FIELD_TABLE(struct scsi_state, fields), .map = unit_map,              \
    .reset = unit_reset, .tree_bytes = unit_tree_bytes, .tree_resets = RESET_WARM | RESET_POWER,   \
    .check = unit_check
const struct device_class scsi_hd = {.name = "scsi-hd", UNIT_CLASS};
const struct device_class scsi_cd = {.name = "scsi-cd", UNIT_CLASS};

/* ---- what is said of one ---- */

/* All of them have these. */
#define UNIT_PROPERTIES                                                                            \
    {.name = "drive", .value = MODEL_TEXT, .max = MACHINE_NAME_MAX - 1, .help = "the drive's id"}, \
        {.name = "scsi-id", .value = MODEL_NUMBER, .max = 255, .help = "its target's number"},     \
        {.name = "lun", .value = MODEL_NUMBER, .max = 16383, .help = "its number there"},          \
        {.name = "channel", .value = MODEL_NUMBER, .max = 0},                                      \
        {.name = "serial", .value = MODEL_TEXT, .max = SCSI_SERIAL, .help = "its serial number"},  \
        {.name = "device_id", .value = MODEL_TEXT, .max = SCSI_SERIAL},                            \
        {.name = "vendor", .value = MODEL_TEXT, .text = "REPRISE", .max = 8},                      \
        {.name = "ver", .value = MODEL_TEXT, .text = "1.0", .max = 4},                             \
        {.name = "wwn", .value = MODEL_NUMBER, .help = "its 64-bit name; 0: none"},                \
        {.name = "write-cache", .value = MODEL_CHOICE, .text = "auto", .choices = "auto|on|off"},  \
    {                                                                                              \
        .name = "bootindex", .value = MODEL_NUMBER                                                 \
    }

static const struct model_property hd_properties[] = {
    UNIT_PROPERTIES,
    {.name = "product", .value = MODEL_TEXT, .text = "DISK", .max = 16},
    DRIVE_BLOCK_PROPERTIES,
    {.name = "removable", .value = MODEL_FLAG},
    {.name = "dpofua", .value = MODEL_FLAG, .number = 1},
    {.name = "rotation_rate", .value = MODEL_NUMBER, .max = 65535, .help = "1: it does not turn"},
};
static const struct model_property cd_properties[] = {
    UNIT_PROPERTIES,
    {.name = "product", .value = MODEL_TEXT, .text = "CD-ROM", .max = 16},
};

static void put_text(char *to, const char *text)
{
    if (text != NULL) { /* its length was checked */
        memcpy(to, text, strlen(text) + 1);
    }
}

static int set_sizes(const struct plug *p, struct scsi_unit_config *u, struct error *e)
{
    uint32_t physical;

    if (drive_block_sizes(p, &u->block, &physical, e) < 0) {
        return -1;
    }
    while ((u->block << u->physical_exponent) < physical) {
        u->physical_exponent++;
    }
    u->is_removable = plug_flag(p, "removable");
    u->has_dpofua = plug_flag(p, "dpofua");
    u->rotation = (uint32_t)plug_number(p, "rotation_rate");
    return 0;
}

/* The target and number that it has: those that were said, or the first target that is free. */
static int choose_place(const struct plug *p, const struct scsi_bus *b, struct scsi_unit_config *u,
                        struct error *e)
{
    unsigned target = (unsigned)plug_number(p, "scsi-id"), lun = (unsigned)plug_number(p, "lun");

    if (!plug_has(p, "scsi-id")) {
        while (target <= b->max_target && (plug_has(p, "lun") ? scsi_find(b, target, lun) != NULL
                                                              : scsi_has_target(b, target))) {
            target++;
        }
    }
    if (target > b->max_target || lun > b->max_lun) {
        return error_set(e, "scsi-id is at most %u there, and lun %u", b->max_target, b->max_lun);
    }
    if (scsi_find(b, target, lun) != NULL) {
        return error_set(e, "scsi-id %u with lun %u is taken by '%s'", target, lun,
                         scsi_find(b, target, lun)->name);
    }
    u->target = (uint16_t)target;
    u->lun = (uint16_t)lun;
    return 0;
}

static int add_unit(struct plug *p, const struct device_class *class, struct scsi_unit_config *u,
                    struct error *e)
{
    struct scsi_bus *b = p->bus->own;
    struct device *d;

    put_text(u->serial, plug_text(p, "serial"));
    put_text(u->vendor, plug_text(p, "vendor"));
    put_text(u->product, plug_text(p, "product"));
    put_text(u->version, plug_text(p, "ver"));
    put_text(u->id, plug_has(p, "device_id") ? plug_text(p, "device_id") : p->name);
    u->wwn = plug_number(p, "wwn");
    u->bus = b;
    if (choose_place(p, b, u, e) < 0) {
        return -1;
    }
    d = machine_add_device(p->machine, class, p->name, 0, u, sizeof *u, NULL, e);
    if (d == NULL) {
        return -1;
    }
    if (u->drive != NULL) {
        drive_attach(u->drive, d);
    }
    must(b->count < SCSI_UNITS_MAX); /* the bus has no more room than that */
    b->places[b->count].unit = d;
    b->places[b->count].target = u->target;
    b->places[b->count++].lun = u->lun;
    return 0;
}

static int build_hd(struct plug *p, struct error *e)
{
    struct scsi_unit_config u = {0};

    u.drive = drive_take(p, e);
    if (u.drive == NULL || set_sizes(p, &u, e) < 0) {
        return -1;
    }
    if (drive_is_cd(u.drive)) {
        return error_set(e, "the drive is a CD's: it wants scsi-cd");
    }
    return add_unit(p, &scsi_hd, &u, e);
}

static int build_cd(struct plug *p, struct error *e)
{
    struct scsi_unit_config u = {.block = 2048, .is_cd = 1, .is_removable = 1};

    if (plug_has(p, "drive") && (u.drive = drive_take(p, e)) == NULL) {
        return -1;
    }
    return add_unit(p, &scsi_cd, &u, e);
}

const struct model scsi_hd_model = {.name = "scsi-hd",
                                    .bus = BUS_SCSI,
                                    .category = CATEGORY_STORAGE,
                                    .summary = "SCSI disk",
                                    .properties = hd_properties,
                                    .property_count = ARRAY_LEN(hd_properties),
                                    .build = build_hd};
const struct model scsi_cd_model = {.name = "scsi-cd",
                                    .bus = BUS_SCSI,
                                    .category = CATEGORY_STORAGE,
                                    .summary = "SCSI CD or DVD drive",
                                    .properties = cd_properties,
                                    .property_count = ARRAY_LEN(cd_properties),
                                    .build = build_cd};
