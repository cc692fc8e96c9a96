/* SPDX-License-Identifier: GPL-2.0-or-later
 * nvme: the registers of an NVM Express controller, after NVM Express 1.4, 3: capabilities, starting and
 * stopping, doorbells, interrupts by pin, by MSI-X. Left out: controller memory, resets of the subsystem,
 * boot partitions, which the capabilities say.
 */
#include "dev/nvme/nvme.h"

enum { REGISTERS, TABLE, PENDING_BITS }; /* windows */
enum {
    CAP = 0x00,
    VS = 0x08,
    INTMS = 0x0c,
    INTMC = 0x10,
    CC = 0x14,
    CSTS = 0x1c,
    NSSR = 0x20,
    AQA = 0x24,
    ASQ = 0x28,
    ACQ = 0x30,
    DOORBELLS = 0x1000,
    DOORBELLS_END = DOORBELLS + 8 * NVME_QUEUES
};
#define VERSION UINT32_C(0x00010400)
/* Contiguous queues of so many entries, 7.5 s to get ready, the NVM command set, pages of 4 to 64 KiB. */
#define CAPABILITIES                                                                               \
    ((uint64_t)(NVME_ENTRIES - 1) | UINT64_C(1) << 16 | UINT64_C(15) << 24 | UINT64_C(1) << 37 |   \
     UINT64_C(4) << 52)
#define CC_KNOWN UINT32_C(0x00fffff1)
#define CC_FIXED UINT32_C(0x00003ff0) /* commands, pages, arbitration */
enum { PAGE_MOST = 4, SHUTDOWN_DONE = 2 << 2, SHUTDOWN_ANY = 3 << 2 };

static const struct field fields[] = {
    PCI_FIELDS(struct nvme, pci),
    FIELD_ARRAY(struct nvme, alarm),
    FIELD(struct nvme, asq),
    FIELD(struct nvme, acq),
    FIELD_ARRAY(struct nvme, sq_at),
    FIELD_ARRAY(struct nvme, cq_at),
    FIELD(struct nvme, reads),
    FIELD(struct nvme, writes),
    FIELD(struct nvme, sectors_read),
    FIELD(struct nvme, sectors_written),
    FIELD_ARRAY(struct nvme, due),
    FIELD_ARRAY(struct nvme, result),
    FIELD_MASK(struct nvme, cc, CC_KNOWN),
    FIELD_MASK(struct nvme, csts, CSTS_READY | CSTS_FATAL | SHUTDOWN_ANY),
    FIELD_MASK(struct nvme, aqa, 0x0fff0fff),
    FIELD(struct nvme, interrupts_masked),
    FIELD_MAX(struct nvme, pending, NVME_PENDING),
    FIELD_ARRAY(struct nvme, feature),
    FIELD(struct nvme, threshold_low),
    FIELD_ARRAY(struct nvme, uncoalesced),
    FIELD_ARRAY(struct nvme, event),
    FIELD_ARRAY_MAX(struct nvme, sq_size, NVME_ENTRIES * 2),
    FIELD_ARRAY(struct nvme, sq_head),
    FIELD_ARRAY(struct nvme, sq_tail),
    FIELD_ARRAY_MAX(struct nvme, sq_cq, NVME_QUEUES - 1),
    FIELD_ARRAY_MAX(struct nvme, cq_size, NVME_ENTRIES * 2),
    FIELD_ARRAY(struct nvme, cq_head),
    FIELD_ARRAY(struct nvme, cq_tail),
    FIELD_ARRAY(struct nvme, cq_vector),
    FIELD_ARRAY(struct nvme, cid),
    FIELD_ARRAY(struct nvme, status),
    FIELD_ARRAY_MAX(struct nvme, queue, NVME_QUEUES - 1),
    FIELD_ARRAY(struct nvme, waiting),
    FIELD_ARRAY_BOOL(struct nvme, cq_phase),
    FIELD_ARRAY_BOOL(struct nvme, cq_interrupts),
    FIELD_MAX(struct nvme, waiting_count, NVME_EVENTS),
    FIELD_MASK(struct nvme, events_masked, (1 << EVENT_TYPES) - 1),
    FIELD_MAX(struct nvme, turn, NVME_QUEUES - 1),
    FIELD_ARRAY(struct nvme, zero),
};

/* ---- starting and stopping ---- */

/* All queues go, with what is on its way; the admin queue's registers stay, 7.3.2. */
static void stop(struct device *d)
{
    struct nvme *s = d->state;

    memset(s->sq_size, 0, sizeof s->sq_size);
    memset(s->cq_size, 0, sizeof s->cq_size);
    for (unsigned q = 0; q < NVME_QUEUES; q++) {
        nvme_drop(d, q);
    }
    memset(s->event, 0, sizeof s->event);
    memset(s->waiting, 0, sizeof s->waiting);
    s->waiting_count = s->events_masked = 0;
    s->interrupts_masked = 0;
    s->csts = 0;
    nvme_reset_features(s);
    nvme_update_pin(d);
}

static void start(struct device *d)
{
    struct nvme *s = d->state;
    unsigned submissions = (s->aqa & 0xfff) + 1, completions = (s->aqa >> 16 & 0xfff) + 1;

    if (submissions < 2 || completions < 2 || bits_get(s->cc, 7, 4) > PAGE_MOST ||
        bits_get(s->cc, 4, 3) != 0 || bits_get(s->cc, 11, 3) != 0 || s->asq % NVME_PAGE != 0 ||
        s->acq % NVME_PAGE != 0) {
        device_log(d, "guest error: it cannot be started as CC 0x%x and AQA 0x%x say", s->cc,
                   s->aqa);
        s->csts = CSTS_FATAL;
        return;
    }
    s->sq_at[0] = s->asq;
    s->sq_size[0] = (uint16_t)submissions;
    s->sq_head[0] = s->sq_tail[0] = s->sq_cq[0] = 0;
    s->cq_at[0] = s->acq;
    s->cq_size[0] = (uint16_t)completions;
    s->cq_head[0] = s->cq_tail[0] = s->cq_vector[0] = 0;
    s->cq_phase[0] = s->cq_interrupts[0] = 1;
    s->csts = CSTS_READY;
}

static void write_cc(struct device *d, uint32_t value)
{
    struct nvme *s = d->state;
    uint32_t before = s->cc;

    if ((before & value & CC_ENABLE) != 0) { /* 3.1.5: they are changed only while it is off */
        value = (value & ~CC_FIXED) | (before & CC_FIXED);
    }
    s->cc = value & CC_KNOWN;
    if ((before & ~value & CC_ENABLE) != 0) {
        stop(d);
    } else if ((value & ~before & CC_ENABLE) != 0) {
        start(d);
    }
    if (bits_get(value, 14, 2) == 0) {
        s->csts &= ~(uint32_t)SHUTDOWN_ANY;
    } else if ((s->csts & SHUTDOWN_ANY) == 0) { /* over at once: nothing waits in a cache */
        s->csts |= nvme_flush(d) ? SHUTDOWN_DONE : CSTS_FATAL;
    }
}

static void reset(struct device *d)
{
    nvme_reset_features(d->state);
}

/* ---- doorbells ---- */

enum { BAD_REGISTER = 0, BAD_VALUE = 1, ERROR_LOG = 1 };

static void ring(struct device *d, uint64_t at, uint32_t value)
{
    struct nvme *s = d->state;
    unsigned n = (unsigned)(at - DOORBELLS) / 4, q = n / 2;
    bool is_completion = n % 2 != 0;
    uint16_t size = is_completion ? s->cq_size[q] : s->sq_size[q];

    if (size == 0 || value >= size) {
        device_log(d, "guest error: doorbell of %s queue %u, which has %u entries: %u",
                   is_completion ? "completion" : "submission", q, size, value);
        nvme_event(d, EVENT_ERROR, size == 0 ? BAD_REGISTER : BAD_VALUE, ERROR_LOG);
    } else if (is_completion) {
        s->cq_head[q] = (uint16_t)value;
        nvme_update_pin(d);
        nvme_post(d); /* one that waited for room */
    } else {
        s->sq_tail[q] = (uint16_t)value;
        nvme_fetch(d);
    }
}

/* ---- registers ---- */

static uint32_t read_word(struct device *d, struct mem_access a)
{
    const struct nvme *s = d->state;

    switch (a.at) {
    case CAP: return (uint32_t)CAPABILITIES;
    case CAP + 4: return (uint32_t)(CAPABILITIES >> 32);
    case VS: return VERSION;
    case INTMS:
    case INTMC: return s->interrupts_masked;
    case CC: return s->cc;
    case CSTS: return s->csts;
    case AQA: return s->aqa;
    case ASQ: return (uint32_t)s->asq;
    case ASQ + 4: return (uint32_t)(s->asq >> 32);
    case ACQ: return (uint32_t)s->acq;
    case ACQ + 4: return (uint32_t)(s->acq >> 32);
    default: break;
    }
    /* What the capabilities say is not there, and doorbells, of which nothing is read. */
    return a.at == NSSR || (a.at >= ACQ + 8 && a.at < DOORBELLS_END)
               ? 0
               : (uint32_t)device_bad_read(d, a);
}

static uint64_t nvme_read(struct device *d, struct mem_access a)
{
    struct mem_access high = a;

    if (a.size == 4) {
        return read_word(d, a);
    }
    high.at += 4;
    return read_word(d, a) | (uint64_t)read_word(d, high) << 32;
}

static void write_address(struct device *d, uint64_t *address, unsigned shift, uint32_t value)
{
    const struct nvme *s = d->state;

    if ((s->cc & CC_ENABLE) == 0) { /* it is taken when the controller starts */
        *address = bits_set(*address, shift, 32, value);
    }
}

static void write_word(struct device *d, struct mem_access a, uint32_t value)
{
    struct nvme *s = d->state;

    if (a.at >= DOORBELLS && a.at < DOORBELLS_END) {
        ring(d, a.at, value);
        return;
    }
    switch (a.at) {
    case INTMS:
    case INTMC:
        s->interrupts_masked =
            a.at == INTMS ? s->interrupts_masked | value : s->interrupts_masked & ~value;
        nvme_update_pin(d);
        break;
    case CC: write_cc(d, value); break;
    case NSSR: break;
    case AQA: s->aqa = value & 0x0fff0fff; break;
    case ASQ: write_address(d, &s->asq, 0, value); break;
    case ASQ + 4: write_address(d, &s->asq, 32, value); break;
    case ACQ: write_address(d, &s->acq, 0, value); break;
    case ACQ + 4: write_address(d, &s->acq, 32, value); break;
    default: device_bad_write(d, a, value);
    }
}

static void nvme_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct mem_access high = a;

    write_word(d, a, (uint32_t)value);
    if (a.size == 8) {
        high.at += 4;
        write_word(d, high, (uint32_t)(value >> 32));
    }
}

static void nvme_alarm(struct device *d, uint32_t i)
{
    (void)i;
    nvme_post(d);
}

/* Interrupts by message were switched on or off. */
static void config_written(struct device *d, unsigned at, unsigned size)
{
    (void)at;
    (void)size;
    nvme_update_pin(d);
}

/* ---- a state from elsewhere ---- */

static int check_queue(const struct nvme *s, unsigned q, struct error *e)
{
    if (s->sq_size[q] != 0 && (s->sq_head[q] >= s->sq_size[q] || s->sq_tail[q] >= s->sq_size[q] ||
                               s->cq_size[s->sq_cq[q]] == 0)) {
        return error_set(e, "submission queue %u is at %u and %u of %u entries, for queue %u", q,
                         s->sq_head[q], s->sq_tail[q], s->sq_size[q], s->sq_cq[q]);
    }
    if (s->cq_size[q] != 0 && (s->cq_head[q] >= s->cq_size[q] || s->cq_tail[q] >= s->cq_size[q])) {
        return error_set(e, "completion queue %u is at %u and %u of %u entries", q, s->cq_head[q],
                         s->cq_tail[q], s->cq_size[q]);
    }
    return 0;
}

static int check(const struct device *d, const void *state, struct error *e)
{
    const struct nvme *s = state;

    (void)d;
    for (unsigned q = 0; q < NVME_QUEUES; q++) {
        if (check_queue(s, q, e) < 0) {
            return -1;
        }
    }
    for (unsigned i = 0; i < s->pending; i++) {
        if (s->sq_size[s->queue[i]] == 0) {
            return error_set(e, "queue[%u] is %u: there is no such queue", i, s->queue[i]);
        }
    }
    if ((s->csts & CSTS_READY) != 0 && bits_get(s->cc, 7, 4) > PAGE_MOST) {
        return error_set(e, "cc is 0x%x: its pages are too large", s->cc);
    }
    return 0;
}

static uint64_t tree_bytes(const struct device *d)
{
    return drive_tree_bytes(nvme_config_of(d)->drive);
}

const struct device_class nvme = {
    .name = "nvme",
    .behaviour = 2, /* 2: resets as a function; the size of pages stays while it is on */
    .windows = {[REGISTERS] = {.bytes = 0x2000, .sizes = 4 | 8},
                [TABLE] = {.bytes = 0x1000, .sizes = 4 | 8},
                [PENDING_BITS] = {.bytes = 0x1000, .sizes = 4 | 8}},
    .map = pci_map,
    .state = FIELD_TABLE(struct nvme, fields),
    .alarm_offset = offsetof(struct nvme, alarm),
    .alarm_count = 1,
    .tree_bytes = tree_bytes,
    .tree_resets = RESET_WARM | RESET_POWER,
    .reset = pci_reset,
    .read = pci_read,
    .write = pci_write,
    .alarm = nvme_alarm,
    .check = pci_check,
};

const struct pci_kind nvme_kind = {
    .vendor = 0x1b36,
    .device = 0x0010,
    .subsystem_vendor = 0x1af4,
    .subsystem = 0x1100,
    .revision = 2,
    .class_code = 0x010802,
    .pin = 1,
    .state_offset = offsetof(struct nvme, pci),
    .bars = {{.bytes = 0x4000, .flags = PCI_BAR_64}},
    .regions = {{.bar = 0, .number = REGISTERS},
                {.bar = 0, .number = TABLE, .offset = 0x2000},
                {.bar = 0, .number = PENDING_BITS, .offset = 0x3000}},
    .region_count = 3,
    .msix = {.vectors = NVME_QUEUES, .table_window = TABLE, .pending_window = PENDING_BITS},
    .has_power = true,
    .has_function_reset = true,
    .express = PCI_EXPRESS_DEVICE,
    .read = nvme_read,
    .write = nvme_write,
    .reset = reset,
    .check = check,
    .config_written = config_written,
};

/* ---- a namespace of its own ---- */

struct lone_space {
    uint64_t zero; /* a disk is all that there is of it */
};
static const struct field space_fields[] = {FIELD_MAX(struct lone_space, zero, 0)};

static uint64_t space_tree_bytes(const struct device *d)
{
    const struct nvme_space_config *c = d->config;

    return drive_tree_bytes(c->drive);
}

static void space_map(struct device *d)
{
    (void)d; /* it has no registers */
}

const struct device_class nvme_ns = {
    .name = "nvme-ns",
    .behaviour = 1,
    .state = FIELD_TABLE(struct lone_space, space_fields),
    .map = space_map,
    .tree_bytes = space_tree_bytes,
    .tree_resets = RESET_WARM | RESET_POWER,
};
