/* SPDX-License-Identifier: GPL-2.0-or-later
 * inbox: where world/ posts what it has, from any thread, and where it waits until the machine's
 * thread asks and the port has room. Bounded; in order for each port; no tick is known in here.
 */
#include "journal/internal.h"

struct message {
    struct message *next;
    uint32_t length, taken;
    uint16_t port;
    uint8_t data[];
};

enum { PIECE = 4096 }; /* bytes of a stream kept together */

void inbox_init(struct inbox *b)
{
    must(pthread_mutex_init(&b->lock, NULL) == 0);
    b->first = NULL;
    b->last = &b->first;
    b->bytes = 0;
    atomic_init(&b->waiting, false);
}

void inbox_fini(struct inbox *b)
{
    struct message *next;

    for (struct message *m = b->first; m != NULL; m = next) {
        next = m->next;
        free(m);
    }
    pthread_mutex_destroy(&b->lock);
}

static void add_message(struct inbox *b, uint16_t port, const uint8_t *bytes, uint32_t count)
{
    struct message *m = base_alloc(1, sizeof(*m) + count);

    m->port = port;
    m->length = count;
    memcpy(m->data, bytes, count);
    *b->last = m;
    b->last = &m->next;
    b->bytes += count;
}

size_t inbox_post(struct inbox *b, uint16_t port, const void *bytes, size_t count)
{
    const uint8_t *at = bytes;

    must(port < MACHINE_PORTS_MAX);
    if (port == POKE_PORT && count > INPUT_BYTES_MAX) {
        return 0;
    }
    pthread_mutex_lock(&b->lock);
    if (count > JOURNAL_INBOX_MAX - b->bytes) {
        count = port == POKE_PORT ? 0 : (size_t)(JOURNAL_INBOX_MAX - b->bytes);
    }
    for (size_t left = count; left > 0;) {
        size_t n = port == POKE_PORT || left < PIECE ? left : PIECE;
        add_message(b, port, at, (uint32_t)n);
        at += n;
        left -= n;
    }
    if (count > 0) {
        atomic_store_explicit(&b->waiting, true, memory_order_release);
    }
    pthread_mutex_unlock(&b->lock);
    return count;
}

static void unlink_message(struct inbox *b, struct message **link)
{
    struct message *m = *link;

    *link = m->next;
    if (b->last == &m->next) {
        b->last = link;
    }
    atomic_store_explicit(&b->waiting, b->first != NULL, memory_order_release);
    free(m);
}

bool inbox_take(struct inbox *b, struct machine *m, uint16_t *port, uint8_t *out, uint32_t *length)
{
    uint64_t full = 0; /* ports whose first message cannot go: the later ones stay behind it */
    bool found = false;
    struct message **link;

    pthread_mutex_lock(&b->lock);
    for (link = &b->first; *link != NULL && !found;) {
        struct message *x = *link;
        uint32_t left = x->length - x->taken;
        uint32_t room = machine_port_room(m, x->port);
        if ((full >> x->port & 1) != 0 || room == 0 || (x->port == POKE_PORT && room < left)) {
            full |= UINT64_C(1) << x->port;
            link = &x->next;
            continue;
        }
        found = true;
        if (out != NULL) {
            *length = left < room ? left : room;
            *port = x->port;
            memcpy(out, x->data + x->taken, *length);
            x->taken += *length;
            b->bytes -= *length;
            if (x->taken == x->length) {
                unlink_message(b, link);
            }
        }
    }
    pthread_mutex_unlock(&b->lock);
    return found;
}
