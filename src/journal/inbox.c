/* SPDX-License-Identifier: GPL-2.0-or-later
 * inbox: where world/ posts what it has, from any thread, and where it waits until the machine's
 * thread asks and the port has room. Each port has a queue of its own, bounded and in order; no tick
 * is known in here.
 */
#include "journal/internal.h"

struct message {
    struct message *next;
    uint32_t length, taken;
    uint32_t room;  /* for more bytes of a stream */
    uint64_t order; /* of posting, over all ports */
    uint8_t data[];
};

enum { STREAM_PIECE = 4096 }; /* bytes of a stream kept together */

void inbox_init(struct inbox *b)
{
    memset(b, 0, sizeof(*b));
    must(pthread_mutex_init(&b->lock, NULL) == 0);
    atomic_init(&b->waiting, false);
}

void inbox_fini(struct inbox *b)
{
    for (unsigned p = 0; p < MACHINE_PORTS_MAX; p++) {
        struct message *next;

        for (struct message *m = b->queues[p].first; m != NULL; m = next) {
            next = m->next;
            free(m);
        }
    }
    pthread_mutex_destroy(&b->lock);
}

/* ---- posting --------------------------------------------------------------------------------- */

static struct message *add_message(struct inbox *b, struct inbox_queue *q, uint32_t room)
{
    struct message *m = base_alloc(1, sizeof(*m) + room);

    m->room = room;
    m->order = ++b->posted;
    if (q->last != NULL) {
        q->last->next = m;
    } else {
        q->first = m;
    }
    q->last = m;
    return m;
}

static void add_bytes(struct inbox_queue *q, struct message *m, const uint8_t *bytes,
                      uint32_t count)
{
    if (count != 0) { /* a message may be of no bytes, and then of no place */
        memcpy(m->data + m->length, bytes, count);
    }
    m->length += count;
    q->cost += count;
}

/* What was posted in small pieces is kept in large ones. */
static void add_stream(struct inbox *b, struct inbox_queue *q, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        struct message *m = q->last;
        size_t n;

        if (m == NULL || m->length == m->room) {
            m = add_message(b, q, STREAM_PIECE);
        }
        n = m->room - m->length < count ? m->room - m->length : count;
        add_bytes(q, m, bytes, (uint32_t)n);
        bytes += n;
        count -= n;
    }
}

size_t inbox_post(struct inbox *b, uint16_t port, const void *bytes, size_t count)
{
    struct inbox_queue *q = &b->queues[port];
    size_t room;

    pthread_mutex_lock(&b->lock);
    room = (size_t)(JOURNAL_INBOX_MAX - q->cost);
    count = count < room ? count : room;
    add_stream(b, q, bytes, count);
    if (count > 0) {
        atomic_store_explicit(&b->waiting, true, memory_order_release);
    }
    pthread_mutex_unlock(&b->lock);
    return count;
}

bool inbox_post_message(struct inbox *b, uint16_t port, const void *bytes, uint32_t count)
{
    struct inbox_queue *q = &b->queues[port];
    /* Many small ones are no way to more memory. */
    size_t cost = count + sizeof(struct message);
    bool fits;

    pthread_mutex_lock(&b->lock);
    fits = cost <= JOURNAL_INBOX_MAX - q->cost;
    if (fits) {
        struct message *m = add_message(b, q, count);

        add_bytes(q, m, bytes, count);
        q->cost += sizeof(*m);
        atomic_store_explicit(&b->waiting, true, memory_order_release);
    }
    pthread_mutex_unlock(&b->lock);
    return fits;
}

/* ---- taking ---------------------------------------------------------------------------------- */

/* How many bytes of its first message the port takes now; false: none can go. */
static bool can_go(const struct inbox_queue *q, const struct machine *m, uint16_t port,
                   uint32_t *count)
{
    const struct message *x = q->first;
    uint32_t room, left;

    if (x == NULL) {
        return false;
    }
    room = machine_port_room(m, port);
    if (room == 0) { /* none goes, also none of no bytes; or there is no such port */
        return false;
    }
    left = x->length - x->taken;
    if (machine_port(m, port)->message_max > 0) { /* whole, or not at all */
        *count = left;
        return room >= left;
    }
    *count = left < room ? left : room;
    return true;
}

/* The port that was served longest ago comes first; of those that never were, that with the oldest
 * message. So a flood on one of them holds up the others by one input at most. */
static bool goes_before(const struct inbox_queue *a, const struct inbox_queue *b)
{
    return a->served != b->served ? a->served < b->served : a->first->order < b->first->order;
}

static void take(struct inbox *b, struct inbox_queue *q, bool is_stream, uint8_t *out,
                 uint32_t count)
{
    struct message *x = q->first;

    if (count > 0) {
        memcpy(out, x->data + x->taken, count);
    }
    x->taken += count;
    q->cost -= count;
    q->served = ++b->taken;
    if (x->taken == x->length) {
        q->cost -= is_stream ? 0 : sizeof(*x);
        q->first = x->next;
        q->last = q->first != NULL ? q->last : NULL;
        free(x);
    }
}

static bool is_empty(const struct inbox *b)
{
    for (unsigned p = 0; p < MACHINE_PORTS_MAX; p++) {
        if (b->queues[p].first != NULL) {
            return false;
        }
    }
    return true;
}

bool inbox_take(struct inbox *b, struct machine *m, uint16_t *port, uint8_t *out, uint32_t *length)
{
    struct inbox_queue *best = NULL;
    uint32_t count = 0;

    pthread_mutex_lock(&b->lock);
    for (uint16_t p = 0; p < MACHINE_PORTS_MAX; p++) {
        struct inbox_queue *q = &b->queues[p];
        uint32_t n;

        if (can_go(q, m, p, &n) && (best == NULL || goes_before(q, best))) {
            best = q;
            count = n;
        }
    }
    if (best != NULL && out != NULL) {
        *port = (uint16_t)(best - b->queues);
        *length = count;
        take(b, best, machine_port(m, *port)->message_max == 0, out, count);
        atomic_store_explicit(&b->waiting, !is_empty(b), memory_order_release);
    }
    pthread_mutex_unlock(&b->lock);
    return best != NULL;
}
