/* SPDX-License-Identifier: GPL-2.0-or-later
 * scsi: the SCSI host of the Virtual I/O Device specification 1.2, 5.6: commands for the units on its bus
 * (dev/scsi.h), over several queues, with task management. A command is done when it is found and is given
 * back a fixed virtual time later. Left out: events, of which there are none, and protection information.
 */
#include <stdlib.h>

#include "dev/scsi.h"
#include "dev/virtio/pending.h"

/* Virtual time that a command takes: for itself, and a nanosecond for so many bytes. */
#define REQUEST_NS   5000
#define BYTES_PER_NS 4

enum { QUEUE_CONTROL, QUEUE_EVENTS, QUEUE_FIRST };
enum { QUEUE_SIZE = 256, SEGMENTS = QUEUE_SIZE - 2, SECTORS_MOST = 0xffff };
enum { HEADER_BYTES = 19, RESPONSE_BYTES = 12, SENSE_BYTES = 96, CDB_BYTES = 32 };
enum { SENSE_SIZE_AT = 20, CDB_SIZE_AT = 24, CONFIG_BYTES = 36, SIZE_MOST = 252 };
enum { TARGETS = 256, LUNS = 16384 };
/* What becomes of a command, 5.6.6.1.1. */
enum {
    S_OK = 0,
    S_OVERRUN = 1,
    S_BAD_TARGET = 3,
    S_FAILURE = 9,
    S_DONE = 0,
    S_REJECTED = 11,
    S_NO_UNIT = 12
};
enum { T_MANAGE = 0, T_ASK_EVENTS = 1, T_SUBSCRIBE = 2 };
enum { M_ABORT = 0, M_ABORT_SET = 1, M_CLEAR_ACA = 2, M_CLEAR_SET = 3 };
enum { M_NEXUS_RESET = 4, M_RESET = 5, M_QUERY = 6, M_QUERY_SET = 7 };

struct scsi {
    struct virtio virtio;
    tick alarm[1];
    struct virtio_pending pending;
    uint32_t sense_size, cdb_size; /* as the driver wants them */
    VIRTIO_PCI_STATE;
};

static const struct field fields[] = {
    VIRTIO_FIELDS(struct scsi, virtio),          FIELD_ARRAY(struct scsi, alarm),
    VIRTIO_PENDING_FIELDS(struct scsi, pending), FIELD_MAX(struct scsi, sense_size, SIZE_MOST),
    FIELD_MAX(struct scsi, cdb_size, SIZE_MOST), VIRTIO_PCI_FIELDS(struct scsi),
};

static const struct virtio_scsi_config *config_of(const struct device *d)
{
    return d->config;
}

/* A unit's address, 5.6.6.1: false if it is none of this bus. */
static bool parse_address(const uint8_t lun[8], unsigned *target, unsigned *unit)
{
    *target = lun[1];
    *unit = (unsigned)bytes_get_be(lun + 2, 2) & (LUNS - 1);
    return lun[0] == 1;
}

/* ---- commands ---- */

struct request {
    struct device *d;
    const struct virtio_chain *chain;
    uint64_t out_at, in_at; /* where data begins in the buffers */
    struct scsi_command command;
};

static bool gather(void *opaque, uint64_t at, void *bytes, size_t size)
{
    struct request *r = opaque;

    return virtio_gather(r->d, r->chain, r->out_at + at, bytes, size) == size;
}

static bool scatter(void *opaque, uint64_t at, const void *bytes, size_t size)
{
    struct request *r = opaque;

    return virtio_scatter(r->d, r->chain, r->in_at + at, bytes, size) == size;
}

static uint8_t do_command(struct device *d, struct request *r, const uint8_t *header)
{
    struct scsi_command *c = &r->command;
    unsigned target, unit;

    if (!parse_address(header, &target, &unit) || !scsi_do_at(config_of(d)->bus, target, unit, c)) {
        return S_BAD_TARGET;
    }
    return c->is_overrun ? S_OVERRUN : c->is_lost ? S_FAILURE : S_OK;
}

static void answer(struct device *d, struct request *r, uint8_t response)
{
    const struct scsi *s = d->state;
    const struct scsi_command *c = &r->command;
    uint64_t wanted = c->data.in_bytes != 0 ? c->data.in_bytes : c->data.out_bytes;
    uint8_t bytes[RESPONSE_BYTES + SIZE_MOST] = {0};
    uint32_t sense = 0;

    if (response == S_OK && c->status == SCSI_CHECK_CONDITION) {
        sense = s->sense_size < SCSI_SENSE_BYTES ? s->sense_size : SCSI_SENSE_BYTES;
        memcpy(bytes + RESPONSE_BYTES, c->sense, sense);
    }
    bytes_set_le(bytes, 4, sense);
    bytes_set_le(bytes + 4, 4, wanted > c->moved ? wanted - c->moved : 0);
    bytes[10] = response == S_OK ? c->status : 0;
    bytes[11] = response;
    (void)virtio_scatter(d, r->chain, 0, bytes, RESPONSE_BYTES + s->sense_size);
}

static void take_command(struct device *d, unsigned queue, const struct virtio_chain *chain,
                         uint8_t *room)
{
    struct scsi *s = d->state;
    struct request r = {.d = d,
                        .chain = chain,
                        .out_at = HEADER_BYTES + s->cdb_size,
                        .in_at = RESPONSE_BYTES + s->sense_size};
    struct scsi_command *c = &r.command;
    uint8_t header[HEADER_BYTES + SIZE_MOST] = {0};
    uint8_t response;

    if (chain->read_bytes < r.out_at || chain->written_bytes < r.in_at ||
        chain->written_bytes > UINT32_MAX ||
        virtio_gather(d, chain, 0, header, (size_t)r.out_at) != r.out_at) {
        virtio_break(d, "a command without a header or a place for its response");
        return;
    }
    memcpy(c->cdb, header + HEADER_BYTES, SCSI_CDB_BYTES); /* one that is shorter has zeros */
    c->room = room;
    c->data = (struct scsi_data){.gather = gather,
                                 .scatter = scatter,
                                 .opaque = &r,
                                 .out_bytes = chain->read_bytes - r.out_at,
                                 .in_bytes = chain->written_bytes - r.in_at};
    response = do_command(d, &r, header);
    answer(d, &r, response);
    virtio_pending_add(d, &s->pending, queue, virtio_ticket_of(chain),
                       (uint32_t)(r.in_at + (c->data.in_bytes != 0 ? c->moved : 0)),
                       REQUEST_NS + c->moved / BYTES_PER_NS);
}

/* ---- task management ---- */

/* Commands are done when they are found: what is aborted is over, and given back before the answer is. */
static uint8_t manage(struct device *d, const uint8_t *request)
{
    const struct scsi_bus *bus = config_of(d)->bus;
    unsigned target, lun;
    struct device *unit;

    if (!parse_address(request + 8, &target, &lun)) {
        return S_NO_UNIT;
    }
    unit = scsi_find(bus, target, lun);
    switch (bytes_get_le(request + 4, 4)) {
    case M_RESET:
        if (unit != NULL) {
            scsi_reset_unit(unit);
        }
        return unit != NULL ? S_DONE : S_NO_UNIT;
    case M_NEXUS_RESET:
        for (unsigned i = 0; i < bus->count; i++) {
            if (bus->places[i].target == target) {
                scsi_reset_unit(bus->places[i].unit);
            }
        }
        return scsi_has_target(bus, target) ? S_DONE : S_BAD_TARGET;
    case M_ABORT:
    case M_ABORT_SET:
    case M_CLEAR_SET:
    case M_QUERY:
    case M_QUERY_SET: return unit != NULL ? S_DONE : S_NO_UNIT;
    default: return S_REJECTED;
    }
}

static uint64_t ns_until_all_are_done(const struct device *d)
{
    const struct scsi *s = d->state;
    uint64_t now = device_now_ns(d), last = now;

    for (unsigned i = 0; i < s->pending.count; i++) {
        uint64_t ns = device_ns_at(d, s->pending.due[i]);

        last = ns > last ? ns : last;
    }
    return last - now;
}

static void take_control(struct device *d, const struct virtio_chain *chain)
{
    struct scsi *s = d->state;
    uint8_t request[24] = {0}, response[5] = {0};
    size_t size = 1, given;
    uint32_t type;

    given = virtio_gather(d, chain, 0, request, sizeof request);
    type = (uint32_t)bytes_get_le(request, 4);
    if (given < 4 || (type == T_MANAGE && given < sizeof request) || chain->written_bytes == 0) {
        virtio_break(d, "a control request without its parts");
        return;
    }
    if (type == T_MANAGE) {
        response[0] = manage(d, request);
    } else if (type == T_ASK_EVENTS || type == T_SUBSCRIBE) {
        size = sizeof response; /* of no events, and that is fine */
    } else {
        response[0] = S_FAILURE;
    }
    size = virtio_scatter(d, chain, 0, response, size);
    virtio_pending_add(d, &s->pending, QUEUE_CONTROL, virtio_ticket_of(chain), (uint32_t)size,
                       ns_until_all_are_done(d) + REQUEST_NS);
}

/* ---- queues ---- */

static void scsi_notify(struct device *d, unsigned queue)
{
    struct scsi *s = d->state;
    uint8_t *room;
    struct virtio_chain c;

    if (queue == QUEUE_EVENTS) {
        return; /* its buffers wait for what never happens */
    }
    room = base_alloc(SCSI_ROOM, 1);
    while (!virtio_pending_is_full(&s->pending) && virtio_take(d, queue, &c)) {
        if (queue == QUEUE_CONTROL) {
            take_control(d, &c);
        } else {
            take_command(d, queue, &c, room);
        }
    }
    free(room);
}

static void scsi_alarm(struct device *d, uint32_t i)
{
    struct scsi *s = d->state;
    bool was_full = virtio_pending_is_full(&s->pending);

    (void)i;
    virtio_pending_alarm(d, &s->pending);
    for (unsigned q = 0; was_full && q < virtio_queue_count(d); q++) {
        scsi_notify(d, q); /* what waited until there was room */
    }
}

/* ---- configuration ---- */

static unsigned scsi_queues(const struct device *d)
{
    return QUEUE_FIRST + config_of(d)->queues;
}

static unsigned scsi_get_config(struct device *d, uint8_t bytes[VIRTIO_CONFIG_MAX])
{
    const struct scsi *s = d->state;

    bytes_set_le(bytes, 4, config_of(d)->queues);
    bytes_set_le(bytes + 4, 4, SEGMENTS);
    bytes_set_le(bytes + 8, 4, SECTORS_MOST);
    bytes_set_le(bytes + 12, 4, 128); /* commands for a unit at once */
    bytes_set_le(bytes + 16, 4, 16);  /* of an event */
    bytes_set_le(bytes + SENSE_SIZE_AT, 4, s->sense_size);
    bytes_set_le(bytes + CDB_SIZE_AT, 4, s->cdb_size);
    bytes_set_le(bytes + 30, 2, TARGETS - 1);
    bytes_set_le(bytes + 32, 4, LUNS - 1);
    return CONFIG_BYTES;
}

static void scsi_set_config(struct device *d, unsigned at, unsigned size, uint64_t value)
{
    struct scsi *s = d->state;
    uint32_t *what = at == SENSE_SIZE_AT ? &s->sense_size : at == CDB_SIZE_AT ? &s->cdb_size : NULL;

    if (what == NULL || size != 4 || value > SIZE_MOST) {
        device_log(d, "guest error: %llu at %u of its configuration", (unsigned long long)value,
                   at);
        return;
    }
    *what = (uint32_t)value;
}

static void scsi_reset(struct device *d)
{
    struct scsi *s = d->state;

    virtio_pending_clear(d, &s->pending);
    s->sense_size = SENSE_BYTES;
    s->cdb_size = CDB_BYTES;
}

static const struct virtio_model model = {.number = 8,
                                          .legacy_id = 0x1004,
                                          .class_code = 0x010000,
                                          .queues = scsi_queues,
                                          .queue_size = QUEUE_SIZE,
                                          .get_config = scsi_get_config,
                                          .set_config = scsi_set_config,
                                          .notify = scsi_notify,
                                          .reset = scsi_reset};

#define SCSI_CLASS                                                                                 \
    .behaviour = 1, .alarm_offset = offsetof(struct scsi, alarm), .alarm_count = 1,                \
    .alarm = scsi_alarm
const struct virtio_class virtio_scsi_mmio = {
    .device = {.name = "virtio-scsi-device", SCSI_CLASS, VIRTIO_MMIO_CLASS(struct scsi, fields)},
    .model = &model,
    .transport = &virtio_mmio,
};
const struct virtio_class virtio_scsi_pci = {
    .device = {.name = "virtio-scsi-pci", SCSI_CLASS, VIRTIO_PCI_CLASS(struct scsi, fields)},
    .model = &model,
    .transport = &virtio_pci,
    .pci_offset = offsetof(struct scsi, pci),
};

/* ---- what `-device` says of it ---- */

static const struct model_property properties[] = {
    VIRTIO_PCI_PROPERTIES,
    VIRTIO_PROPERTIES,
    {.name = "num_queues",
     .value = MODEL_NUMBER,
     .number = 1,
     .min = 1,
     .max = VIRTIO_QUEUES_MAX - QUEUE_FIRST,
     .help = "of commands"},
    {.name = "hotplug", .value = MODEL_FLAG, .number = 1},
    {.name = "param_change", .value = MODEL_FLAG, .number = 1},
    {.name = "iothread", .value = MODEL_TEXT},
};

static int build(struct plug *p, struct error *e)
{
    struct virtio_scsi_config config = {.virtio = virtio_config_from(p),
                                        .queues = (uint32_t)plug_number(p, "num_queues")};

    const struct virtio_plan plan = {.mmio = &virtio_scsi_mmio,
                                     .pci = &virtio_scsi_pci,
                                     .config = &config,
                                     .config_size = sizeof config,
                                     .queues = QUEUE_FIRST + config.queues};

    config.bus = scsi_bus_add(p, TARGETS - 1, LUNS - 1, e);
    return config.bus != NULL && virtio_add(p, &plan, e) != NULL ? 0 : -1;
}

const struct model virtio_scsi_device = {.name = "virtio-scsi-device",
                                         .bus = BUS_VIRTIO,
                                         .category = CATEGORY_STORAGE,
                                         .summary = "a host of SCSI's disks and CD drives",
                                         VIRTIO_PROPERTIES_OF_MMIO(properties),
                                         .build = build};
const struct model virtio_scsi_pci_models[VIRTIO_PCI_NAMES] =
    VIRTIO_PCI_MODELS("virtio-scsi", properties, .category = CATEGORY_STORAGE,
                      .summary = "a host of SCSI's disks and CD drives", .build = build);
