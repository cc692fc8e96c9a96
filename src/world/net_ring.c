/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_ring: see net_ring.h. Each frame has its length in four bytes before it. Counters and flags are in one
 * order for all (sequentially consistent): who puts looks whether somebody sleeps after it has put, who sleeps
 * looks whether something is there after it has said that it sleeps; so one of the two sees the other.
 */
#include "world/net_ring.h"

enum { LENGTH_BYTES = 4 };

static void copy_in(struct net_ring *r, uint32_t at, const void *bytes, uint32_t count)
{
    uint32_t place = at & (r->size - 1);
    uint32_t first = r->size - place < count ? r->size - place : count;

    memcpy(r->bytes + place, bytes, first);
    memcpy(r->bytes, (const uint8_t *)bytes + first, count - first);
}

static void copy_out(const struct net_ring *r, uint32_t at, void *bytes, uint32_t count)
{
    uint32_t place = at & (r->size - 1);
    uint32_t first = r->size - place < count ? r->size - place : count;

    memcpy(bytes, r->bytes + place, first);
    memcpy((uint8_t *)bytes + first, r->bytes, count - first);
}

/* ---- who puts ---- */

uint32_t net_ring_waiting(const struct net_ring *r)
{
    uint32_t waiting = r->own - atomic_load(&r->shared->taken);

    return waiting <= r->size ? waiting : r->size; /* a count that cannot be leaves no room */
}

bool net_ring_put(struct net_ring *r, const void *frame, size_t count)
{
    uint32_t length = (uint32_t)count;

    must(count <= NET_FRAME_MAX);
    if (LENGTH_BYTES + length > r->size - net_ring_waiting(r)) {
        return false;
    }
    copy_in(r, r->own, &length, LENGTH_BYTES);
    copy_in(r, r->own + LENGTH_BYTES, frame, length);
    r->own += LENGTH_BYTES + length;
    atomic_store(&r->shared->put, r->own);
    return true;
}

bool net_ring_wakes(struct net_ring *r)
{
    return atomic_load(&r->shared->taker_sleeps) &&
           atomic_exchange(&r->shared->taker_sleeps, false);
}

bool net_ring_wait(struct net_ring *r, uint32_t below)
{
    if (net_ring_waiting(r) < below) {
        return false;
    }
    atomic_store(&r->shared->putter_waits, true);
    if (net_ring_waiting(r) >= below) {
        return true;
    }
    atomic_store(&r->shared->putter_waits, false);
    return false;
}

/* ---- who takes ---- */

int net_ring_take(struct net_ring *r, uint8_t *frame)
{
    uint32_t there = atomic_load(&r->shared->put) - r->own, length;

    if (there == 0) {
        return NET_RING_EMPTY;
    }
    if (there > r->size || there < LENGTH_BYTES) {
        return NET_RING_BROKEN;
    }
    copy_out(r, r->own, &length, LENGTH_BYTES);
    if (length == 0 || length > NET_FRAME_MAX || length > there - LENGTH_BYTES) {
        return NET_RING_BROKEN;
    }
    copy_out(r, r->own + LENGTH_BYTES, frame, length);
    r->own += LENGTH_BYTES + length;
    atomic_store(&r->shared->taken, r->own);
    return (int)length;
}

bool net_ring_sleep(struct net_ring *r)
{
    atomic_store(&r->shared->taker_sleeps, true);
    if (atomic_load(&r->shared->put) == r->own) {
        return true;
    }
    net_ring_awake(r);
    return false;
}

void net_ring_awake(struct net_ring *r)
{
    atomic_store(&r->shared->taker_sleeps, false);
}

bool net_ring_frees(struct net_ring *r, uint32_t below)
{
    return atomic_load(&r->shared->putter_waits) && atomic_load(&r->shared->put) - r->own < below &&
           atomic_exchange(&r->shared->putter_waits, false);
}
