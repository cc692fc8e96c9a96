/* SPDX-License-Identifier: GPL-2.0-or-later
 * queue: commands are fetched from submission queues, completions are posted to completion queues when
 * they are due, and the guest is interrupted, after NVM Express 1.4, 4.1, 4.6 and 7.5.
 */
#include <stdlib.h>

#include "dev/nvme/nvme.h"

/* Virtual time that a command takes: for itself, and a nanosecond for so many bytes. */
#define COMMAND_NS   5000
#define BYTES_PER_NS 4

/* ---- interrupts ---- */

static bool has_entries(const struct nvme *s, unsigned queue)
{
    return s->cq_size[queue] != 0 && s->cq_head[queue] != s->cq_tail[queue];
}

/* Up as long as a queue has something for the guest, unless it has masked that. */
void nvme_update_pin(struct device *d)
{
    const struct nvme *s = d->state;
    bool level = false;

    for (unsigned q = 0; q < NVME_QUEUES && !level; q++) {
        level = has_entries(s, q) && s->cq_interrupts[q] && s->cq_vector[q] < 32 &&
                (s->interrupts_masked >> s->cq_vector[q] & 1) == 0;
    }
    pci_set_pin(d, level && !pci_has_messages(d));
}

static void interrupt(struct device *d, const uint8_t posted[NVME_QUEUES])
{
    const struct nvme *s = d->state;

    if (!pci_has_messages(d)) {
        nvme_update_pin(d);
        return;
    }
    for (unsigned q = 0; q < NVME_QUEUES; q++) {
        if (posted[q] && s->cq_interrupts[q]) {
            pci_send(d, s->cq_vector[q]);
        }
    }
}

/* ---- completions ---- */

static bool is_full(const struct nvme *s, unsigned queue)
{
    return (s->cq_tail[queue] + 1) % s->cq_size[queue] == s->cq_head[queue];
}

/* Of those that wait for time alone: one that finds its queue full is posted when the guest has made room. */
static void arm(struct device *d)
{
    const struct nvme *s = d->state;
    tick now = device_now(d), soonest = TICK_NEVER;

    for (unsigned i = 0; i < s->pending; i++) {
        if (s->due[i] > now && s->due[i] < soonest) {
            soonest = s->due[i];
        }
    }
    if (soonest != device_alarm(d, 0)) {
        device_set_alarm(d, 0, soonest);
    }
}

void nvme_complete(struct device *d, unsigned queue, uint16_t cid, uint16_t status, uint32_t result,
                   uint64_t ns)
{
    struct nvme *s = d->state;
    unsigned i = s->pending;

    must(i < NVME_PENDING && queue < NVME_QUEUES);
    s->due[i] = device_tick_at(d, device_now_ns(d) + ns);
    s->due[i] += s->due[i] <= device_now(d);
    s->cid[i] = cid;
    s->status[i] = status;
    s->result[i] = result;
    s->queue[i] = (uint16_t)queue;
    s->pending++;
    if (s->due[i] < device_alarm(d, 0)) {
        device_set_alarm(d, 0, s->due[i]);
    }
}

static void take_out(struct nvme *s, unsigned i)
{
    unsigned behind = --s->pending - i;

    memmove(&s->due[i], &s->due[i + 1], behind * sizeof s->due[0]);
    memmove(&s->cid[i], &s->cid[i + 1], behind * sizeof s->cid[0]);
    memmove(&s->status[i], &s->status[i + 1], behind * sizeof s->status[0]);
    memmove(&s->result[i], &s->result[i + 1], behind * sizeof s->result[0]);
    memmove(&s->queue[i], &s->queue[i + 1], behind * sizeof s->queue[0]);
    i = s->pending; /* what is not used is zero */
    s->due[i] = 0;
    s->cid[i] = s->status[i] = s->queue[i] = 0;
    s->result[i] = 0;
}

void nvme_drop(struct device *d, unsigned queue)
{
    struct nvme *s = d->state;

    for (unsigned i = 0; i < s->pending;) {
        if (s->queue[i] == queue) {
            take_out(s, i);
        } else {
            i++;
        }
    }
    arm(d);
}

/* The soonest that is due and finds room; NVME_PENDING: there is none. */
static unsigned next_due(const struct nvme *s, tick now)
{
    unsigned best = NVME_PENDING;

    for (unsigned i = 0; i < s->pending; i++) {
        if (s->due[i] <= now && (best == NVME_PENDING || s->due[i] < s->due[best]) &&
            !is_full(s, s->sq_cq[s->queue[i]])) {
            best = i;
        }
    }
    return best;
}

static void post_one(struct device *d, unsigned i)
{
    struct nvme *s = d->state;
    unsigned sq = s->queue[i], cq = s->sq_cq[sq];
    uint8_t entry[NVME_COMPLETION] = {0};
    uint16_t status = s->status[i];

    bytes_set_le(entry, 4, s->result[i]);
    bytes_set_le(entry + 8, 2, s->sq_head[sq]);
    bytes_set_le(entry + 10, 2, sq);
    bytes_set_le(entry + 12, 2, s->cid[i]);
    /* What failed would fail again. */
    bytes_set_le(entry + 14, 2,
                 (uint64_t)s->cq_phase[cq] | (uint64_t)status << 1 |
                     (status != NVME_OK && status != NVME_ABORTED ? 0x8000 : 0));
    if (!nvme_memory_write(d, s->cq_at[cq] + (uint64_t)s->cq_tail[cq] * NVME_COMPLETION, entry,
                           sizeof entry)) {
        device_log(d, "guest error: completion queue %u is not in memory", cq);
        s->csts |= CSTS_FATAL;
    }
    s->cq_tail[cq] = (uint16_t)((s->cq_tail[cq] + 1) % s->cq_size[cq]);
    s->cq_phase[cq] ^= s->cq_tail[cq] == 0;
}

void nvme_post(struct device *d)
{
    struct nvme *s = d->state;
    uint8_t posted[NVME_QUEUES] = {0};
    bool is_any = false, was_full = s->pending == NVME_PENDING;

    for (unsigned i; (i = next_due(s, device_now(d))) != NVME_PENDING; is_any = true) {
        posted[s->sq_cq[s->queue[i]]] = 1;
        post_one(d, i);
        take_out(s, i);
    }
    arm(d);
    if (is_any && was_full) {
        nvme_fetch(d);
    }
    if (is_any) {
        interrupt(d, posted); /* last: a message may reach the controller itself */
    }
}

/* ---- commands ---- */

static void do_command(struct device *d, unsigned queue, uint8_t *room)
{
    struct nvme *s = d->state;
    struct nvme_command c = {.queue = queue, .room = room};
    uint16_t status;

    if (!nvme_memory_read(d, s->sq_at[queue] + (uint64_t)s->sq_head[queue] * NVME_COMMAND, c.bytes,
                          sizeof c.bytes)) {
        device_log(d, "guest error: submission queue %u is not in memory", queue);
        s->csts |= CSTS_FATAL;
        return;
    }
    s->sq_head[queue] = (uint16_t)((s->sq_head[queue] + 1) % s->sq_size[queue]);
    if ((nvme_word(&c, 0) & 0xc300) != 0) { /* fused, or by scatter and gather lists */
        status = NVME_BAD_FIELD;
    } else {
        status = queue == 0 ? nvme_admin(d, &c) : nvme_io(d, &c);
    }
    if (status != NVME_LATER) {
        nvme_complete(d, queue, nvme_cid(&c), status, c.result,
                      COMMAND_NS + c.moved / BYTES_PER_NS);
    }
}

static bool can_fetch(const struct nvme *s, unsigned queue)
{
    return s->sq_size[queue] != 0 && s->sq_head[queue] != s->sq_tail[queue] &&
           s->pending < NVME_PENDING && (s->csts & (CSTS_READY | CSTS_FATAL)) == CSTS_READY;
}

void nvme_fetch(struct device *d)
{
    struct nvme *s = d->state;
    uint8_t *room = NULL;

    /* Queues take turns at being first, so that a flood in one starves none. */
    for (unsigned n = 0; n < NVME_QUEUES; n++) {
        unsigned q = (s->turn + n) % NVME_QUEUES;

        while (can_fetch(s, q)) {
            room = room != NULL ? room : base_alloc(NVME_ROOM, 1);
            do_command(d, q, room);
        }
    }
    if (s->pending == NVME_PENDING) {
        s->turn = (uint8_t)((s->turn + 1) % NVME_QUEUES);
    }
    free(room);
    nvme_tell_events(d);
}
