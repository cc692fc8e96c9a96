/* SPDX-License-Identifier: GPL-2.0-or-later
 * nvme: what the files of the NVM Express controller share, after the NVM Express Base Specification 1.4.
 * A command is done when it is fetched, and its completion is posted a fixed virtual time later.
 * Queues, lists and buffers lie in memory only, not in windows of devices: so the controller is never
 * entered while it is at work. Private to dev/nvme/.
 */
#ifndef DEV_NVME_NVME_H
#define DEV_NVME_NVME_H

#include "bus/pci.h"
#include "dev/drive.h"
#include "dev/nvme.h"

#define NVME_QUEUES      65 /* of each kind: the admin queue is number 0 */
#define NVME_ENTRIES     2048
#define NVME_PENDING     256 /* commands on their way at once */
#define NVME_EVENTS      4   /* requests for events that wait at once */
#define NVME_SPACES      16
#define NVME_COMMAND     64 /* bytes */
#define NVME_COMPLETION  16
#define NVME_PAGE        4096 /* the least that a guest may choose */
#define NVME_MDTS        7    /* at most so many pages, as a power of two, pass in a command */
#define NVME_DATA_BYTES  (NVME_PAGE << NVME_MDTS)
#define NVME_PIECES      ((1 << NVME_MDTS) + 1)
#define NVME_SERIAL      20
#define NVME_TEMPERATURE 323 /* kelvins, always */

/* ---- wiring ---- */

struct nvme_space {
    struct drive *drive; /* NULL: it is not there */
    uint64_t eui64;      /* 0: it has none */
    uint8_t uuid[16];
    uint8_t shift; /* of a block's bytes */
};
struct nvme_spaces {
    struct nvme_space list[NVME_SPACES]; /* by number, from 1 */
    unsigned highest;                    /* number of one that is there; 0: none is */
};
struct nvme_config {
    struct nvme_spaces *spaces; /* the machine keeps it */
    struct drive *drive;        /* of the controller's own tree; NULL: it has none */
    uint32_t pairs;             /* of I/O queues, at least 1 */
    uint32_t mdts;
    char serial[NVME_SERIAL + 1];
};

struct nvme_space_config { /* of a namespace that is a device of its own */
    struct drive *drive;
};
extern const struct pci_kind nvme_kind; /* nvme.c */

/* ---- state ---- */

/* Features, 5.21.1, by their numbers. */
enum nvme_feature {
    FEATURE_ARBITRATION = 0x1,
    FEATURE_POWER = 0x2,
    FEATURE_TEMPERATURE = 0x4,
    FEATURE_RECOVERY = 0x5,
    FEATURE_CACHE = 0x6,
    FEATURE_QUEUES = 0x7,
    FEATURE_COALESCING = 0x8,
    FEATURE_VECTOR = 0x9,
    FEATURE_ATOMICITY = 0xa,
    FEATURE_EVENTS = 0xb,
    FEATURE_COUNT
};
/* Events wait by type, 5.2: one of each, until the guest has read the log that it names. */
enum { EVENT_ERROR, EVENT_HEALTH, EVENT_TYPES };

struct nvme {
    struct pci_state pci;
    tick alarm[1];
    uint64_t asq, acq; /* of the admin queue, as the guest wrote it */
    uint64_t sq_at[NVME_QUEUES], cq_at[NVME_QUEUES];
    uint64_t reads, writes, sectors_read, sectors_written; /* as the health log has them */
    tick due[NVME_PENDING];
    uint32_t result[NVME_PENDING];
    uint32_t cc, csts, aqa, interrupts_masked, pending;
    uint32_t feature[FEATURE_COUNT];
    uint32_t threshold_low;                        /* of the temperature; the other is a feature */
    uint32_t uncoalesced[(NVME_QUEUES + 31) / 32]; /* vectors */
    uint32_t event[EVENT_TYPES];                   /* 0: none waits */
    uint16_t sq_size[NVME_QUEUES];                 /* entries; 0: there is no such queue */
    uint16_t sq_head[NVME_QUEUES], sq_tail[NVME_QUEUES];
    uint16_t sq_cq[NVME_QUEUES]; /* its completion queue */
    uint16_t cq_size[NVME_QUEUES];
    uint16_t cq_head[NVME_QUEUES], cq_tail[NVME_QUEUES];
    uint16_t cq_vector[NVME_QUEUES];
    uint16_t cid[NVME_PENDING], status[NVME_PENDING], queue[NVME_PENDING];
    uint16_t waiting[NVME_EVENTS]; /* requests for events: their numbers */
    uint8_t cq_phase[NVME_QUEUES], cq_interrupts[NVME_QUEUES];
    uint8_t waiting_count;
    uint8_t events_masked; /* a bit for each type: told, and its log not read yet */
    uint8_t turn;          /* the queue that is served first */
    uint8_t zero[7];
};

enum { CC_ENABLE = 1, CSTS_READY = 1, CSTS_FATAL = 2 };

/* ---- status codes: type in bits 8 to 10, code in 0 to 7 ---- */

enum {
    NVME_OK = 0,
    NVME_BAD_OPCODE = 0x001,
    NVME_BAD_FIELD = 0x002,
    NVME_BAD_TRANSFER = 0x004,
    NVME_ABORTED = 0x007,
    NVME_BAD_SPACE = 0x00b,
    NVME_BAD_PRP = 0x013,
    NVME_PROTECTED = 0x020,
    NVME_OUT_OF_RANGE = 0x080,
    NVME_BAD_COMPLETION_QUEUE = 0x100,
    NVME_BAD_QUEUE = 0x101,
    NVME_BAD_QUEUE_SIZE = 0x102,
    NVME_TOO_MANY_EVENTS = 0x105,
    NVME_BAD_VECTOR = 0x108,
    NVME_BAD_LOG = 0x109,
    NVME_BAD_DELETION = 0x10c,
    NVME_NOT_SAVED = 0x10d,
    NVME_NOT_CHANGEABLE = 0x10e,
    NVME_WRITE_FAULT = 0x280,
    NVME_READ_FAULT = 0x281,
    NVME_DIFFERENT = 0x285,
    NVME_LATER = 0xffff /* no completion is posted now */
};

/* A command, while it is done. */
struct nvme_command {
    uint8_t bytes[NVME_COMMAND];
    unsigned queue;
    uint32_t result; /* the completion's first word */
    uint64_t moved;  /* bytes, of what it costs */
    uint8_t *room;   /* NVME_PAGE * 16 bytes, for whatever is in between */
};
#define NVME_ROOM (NVME_PAGE * 16)
static inline uint32_t nvme_word(const struct nvme_command *c, unsigned n)
{
    return (uint32_t)bytes_get_le(c->bytes + 4 * (size_t)n, 4);
}
static inline uint16_t nvme_cid(const struct nvme_command *c)
{
    return (uint16_t)bytes_get_le(c->bytes + 2, 2);
}
static inline const struct nvme_config *nvme_config_of(const struct device *d)
{
    return d->config;
}

/* ---- queue.c ---- */

/* Takes commands as long as there is room for them. */
void nvme_fetch(struct device *d);
/* Completions that are due are posted, and the guest is interrupted. */
void nvme_post(struct device *d);
/* One more completion; there is room for it. */
void nvme_complete(struct device *d, unsigned queue, uint16_t cid, uint16_t status, uint32_t result,
                   uint64_t ns);
/* Those of that submission queue are dropped. */
void nvme_drop(struct device *d, unsigned queue);
void nvme_update_pin(struct device *d);

/* ---- data.c: buffers of a guest, by PRP entries ---- */

struct nvme_data {
    unsigned count;
    uint64_t bytes;
    struct {
        paddr at;
        uint64_t size;
    } pieces[NVME_PIECES];
};
/* Of memory alone; false, and nothing done, if it is none. */
bool nvme_memory_read(struct device *d, paddr at, void *bytes, uint64_t size);
bool nvme_memory_write(struct device *d, paddr at, const void *bytes, uint64_t size);
/* Those of a command: at most NVME_DATA_BYTES. A status code. */
uint16_t nvme_map(struct device *d, const struct nvme_command *c, uint64_t size,
                  struct nvme_data *data);
/* [at, at + size) of the data, which is inside. */
uint16_t nvme_gather(struct device *d, const struct nvme_data *data, uint64_t at, void *bytes,
                     uint64_t size);
uint16_t nvme_scatter(struct device *d, const struct nvme_data *data, uint64_t at,
                      const void *bytes, uint64_t size);
/* A page or less to the guest, of which it wants the first `wanted` bytes. */
uint16_t nvme_answer(struct device *d, const struct nvme_command *c, const void *bytes,
                     uint64_t size);

/* ---- admin.c, features.c, identify.c, io.c: a status code, or NVME_LATER ---- */

uint16_t nvme_admin(struct device *d, struct nvme_command *c);
uint16_t nvme_io(struct device *d, struct nvme_command *c);
uint16_t nvme_identify(struct device *d, const struct nvme_command *c);
uint16_t nvme_log(struct device *d, const struct nvme_command *c);
uint16_t nvme_get_feature(struct device *d, struct nvme_command *c);
uint16_t nvme_set_feature(struct device *d, struct nvme_command *c);
void nvme_reset_features(struct nvme *s);
/* The namespace of that number; NULL: none is there. */
const struct nvme_space *nvme_space(const struct device *d, uint32_t number);
/* Something of that type happened, of which that log page tells more. */
void nvme_event(struct device *d, unsigned type, unsigned what, unsigned log);
void nvme_tell_events(struct device *d);
bool nvme_flush(struct device *d); /* all namespaces */

#endif
