/* SPDX-License-Identifier: GPL-2.0-or-later
 * admin: the admin commands, after NVM Express 1.4, 5: queues are made and deleted, events are asked for.
 * Left out, and said to be: firmware, security, formatting, namespaces that are made by the guest, self-tests.
 */
#include "dev/nvme/nvme.h"

enum {
    OP_DELETE_SQ = 0x00,
    OP_CREATE_SQ = 0x01,
    OP_LOG = 0x02,
    OP_DELETE_CQ = 0x04,
    OP_CREATE_CQ = 0x05,
    OP_IDENTIFY = 0x06,
    OP_ABORT = 0x08,
    OP_SET_FEATURES = 0x09,
    OP_GET_FEATURES = 0x0a,
    OP_EVENT = 0x0c
};
enum { CONTIGUOUS = 1, INTERRUPTS = 2, SQ_ENTRY_SHIFT = 6, CQ_ENTRY_SHIFT = 4 };

/* ---- queues ---- */

/* What both kinds say of a new one: its number and size. */
static uint16_t check_new(const struct device *d, const struct nvme_command *c,
                          const uint16_t sizes[NVME_QUEUES], unsigned shift, unsigned said)
{
    const struct nvme *s = d->state;
    unsigned number = nvme_word(c, 10) & 0xffff, size = (nvme_word(c, 10) >> 16) + 1;
    uint64_t page = (uint64_t)NVME_PAGE << bits_get(s->cc, 7, 4);

    if (number == 0 || number > nvme_config_of(d)->pairs || sizes[number] != 0) {
        return NVME_BAD_QUEUE;
    }
    if (size < 2 || size > NVME_ENTRIES) {
        return NVME_BAD_QUEUE_SIZE;
    }
    if ((nvme_word(c, 11) & CONTIGUOUS) == 0 || said != shift) {
        return NVME_BAD_FIELD;
    }
    return bytes_get_le(c->bytes + 24, 8) % page == 0 ? NVME_OK : NVME_BAD_PRP;
}

static uint16_t create_cq(struct device *d, const struct nvme_command *c)
{
    struct nvme *s = d->state;
    unsigned number = nvme_word(c, 10) & 0xffff, vector = nvme_word(c, 11) >> 16;
    uint16_t status = check_new(d, c, s->cq_size, CQ_ENTRY_SHIFT, (unsigned)bits_get(s->cc, 20, 4));

    if (status != NVME_OK) {
        return status;
    }
    if (vector >= (pci_has_messages(d) ? pci_vector_count(d) : 1)) {
        return NVME_BAD_VECTOR;
    }
    s->cq_at[number] = bytes_get_le(c->bytes + 24, 8);
    s->cq_size[number] = (uint16_t)((nvme_word(c, 10) >> 16) + 1);
    s->cq_head[number] = s->cq_tail[number] = 0;
    s->cq_vector[number] = (uint16_t)vector;
    s->cq_phase[number] = 1;
    s->cq_interrupts[number] = (nvme_word(c, 11) & INTERRUPTS) != 0;
    return NVME_OK;
}

static uint16_t create_sq(struct device *d, const struct nvme_command *c)
{
    struct nvme *s = d->state;
    unsigned number = nvme_word(c, 10) & 0xffff, cq = nvme_word(c, 11) >> 16;
    uint16_t status = check_new(d, c, s->sq_size, SQ_ENTRY_SHIFT, (unsigned)bits_get(s->cc, 16, 4));

    if (cq == 0 || cq >= NVME_QUEUES || s->cq_size[cq] == 0) {
        return NVME_BAD_COMPLETION_QUEUE;
    }
    if (status != NVME_OK) {
        return status;
    }
    s->sq_at[number] = bytes_get_le(c->bytes + 24, 8);
    s->sq_size[number] = (uint16_t)((nvme_word(c, 10) >> 16) + 1);
    s->sq_head[number] = s->sq_tail[number] = 0;
    s->sq_cq[number] = (uint16_t)cq;
    return NVME_OK;
}

/* What is on its way is aborted by that, 5.6. */
static uint16_t delete_sq(struct device *d, const struct nvme_command *c)
{
    struct nvme *s = d->state;
    unsigned number = nvme_word(c, 10) & 0xffff;

    if (number == 0 || number >= NVME_QUEUES || s->sq_size[number] == 0) {
        return NVME_BAD_QUEUE;
    }
    nvme_drop(d, number);
    s->sq_size[number] = 0;
    return NVME_OK;
}

static uint16_t delete_cq(struct device *d, const struct nvme_command *c)
{
    struct nvme *s = d->state;
    unsigned number = nvme_word(c, 10) & 0xffff;

    if (number == 0 || number >= NVME_QUEUES || s->cq_size[number] == 0) {
        return NVME_BAD_QUEUE;
    }
    for (unsigned q = 0; q < NVME_QUEUES; q++) {
        if (s->sq_size[q] != 0 && s->sq_cq[q] == number) {
            return NVME_BAD_DELETION;
        }
    }
    s->cq_size[number] = 0;
    nvme_update_pin(d);
    return NVME_OK;
}

/* ---- events ---- */

static void forget_request(struct nvme *s, unsigned i)
{
    for (s->waiting_count--; i < s->waiting_count; i++) {
        s->waiting[i] = s->waiting[i + 1];
    }
    s->waiting[i] = 0;
}

/* An event that waits, and is not masked, answers the oldest request. */
void nvme_tell_events(struct device *d)
{
    struct nvme *s = d->state;

    for (unsigned type = 0; type < EVENT_TYPES; type++) {
        if (s->event[type] != 0 && (s->events_masked >> type & 1) == 0 && s->waiting_count != 0 &&
            s->pending < NVME_PENDING) {
            nvme_complete(d, 0, s->waiting[0], NVME_OK, s->event[type] & 0xffffff, 1000);
            forget_request(s, 0);
            s->event[type] = 0;
            s->events_masked |= (uint8_t)(1u << type);
        }
    }
}

void nvme_event(struct device *d, unsigned type, unsigned what, unsigned log)
{
    struct nvme *s = d->state;

    must(type < EVENT_TYPES);
    if ((s->csts & CSTS_READY) != 0) {
        s->event[type] = UINT32_C(1) << 31 | log << 16 | what << 8 | type; /* never 0 */
        nvme_tell_events(d);
    }
}

static uint16_t ask_for_event(struct device *d, const struct nvme_command *c)
{
    struct nvme *s = d->state;

    if (s->waiting_count == NVME_EVENTS) {
        return NVME_TOO_MANY_EVENTS;
    }
    s->waiting[s->waiting_count++] = nvme_cid(c);
    return NVME_LATER;
}

/* Commands are done at once, so that there is nothing to abort but requests for events. */
static uint16_t abort_one(struct device *d, struct nvme_command *c)
{
    struct nvme *s = d->state;
    unsigned queue = nvme_word(c, 10) & 0xffff, cid = nvme_word(c, 10) >> 16;

    c->result = 1; /* it was not aborted */
    for (unsigned i = 0; queue == 0 && i < s->waiting_count && s->pending + 1 < NVME_PENDING; i++) {
        if (s->waiting[i] == cid) {
            forget_request(s, i);
            nvme_complete(d, 0, (uint16_t)cid, NVME_ABORTED, 0, 1000);
            c->result = 0;
            break;
        }
    }
    return NVME_OK;
}

uint16_t nvme_admin(struct device *d, struct nvme_command *c)
{
    switch (c->bytes[0]) {
    case OP_DELETE_SQ: return delete_sq(d, c);
    case OP_CREATE_SQ: return create_sq(d, c);
    case OP_LOG: return nvme_log(d, c);
    case OP_DELETE_CQ: return delete_cq(d, c);
    case OP_CREATE_CQ: return create_cq(d, c);
    case OP_IDENTIFY: return nvme_identify(d, c);
    case OP_ABORT: return abort_one(d, c);
    case OP_SET_FEATURES: return nvme_set_feature(d, c);
    case OP_GET_FEATURES: return nvme_get_feature(d, c);
    case OP_EVENT: return ask_for_event(d, c);
    default: return NVME_BAD_OPCODE;
    }
}
