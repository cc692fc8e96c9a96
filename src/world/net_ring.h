/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_ring: frames from one process to another in memory that both see; private to world/. One side puts,
 * the other takes, and neither needs the host for it, but for waking one who sleeps. What the other side says
 * is not believed: each keeps its own place for itself, and all that is read is bounded first.
 */
#ifndef WORLD_NET_RING_H
#define WORLD_NET_RING_H

#include <stdatomic.h>

#include "world/net.h"

/* In the memory that both see: how many bytes were put and taken in all, modulo 2^32. */
struct net_ring_shared {
    _Atomic uint32_t put, taken;
    atomic_bool taker_sleeps, putter_waits;
};

/* One side of it. */
struct net_ring {
    struct net_ring_shared *shared;
    uint8_t *bytes;
    uint32_t size; /* a power of two */
    uint32_t own;  /* what this side has put, or taken */
};

/* ---- who puts ---- */

/* False: it has no room. */
bool net_ring_put(struct net_ring *r, const void *frame, size_t count);
/* After frames were put: the other side sleeps, and is to be woken. Once for each sleep. */
bool net_ring_wakes(struct net_ring *r);
/* Bytes that wait, lengths included. */
uint32_t net_ring_waiting(const struct net_ring *r);
/* True: `below` bytes or more wait, and the other side will say so when there are fewer. */
bool net_ring_wait(struct net_ring *r, uint32_t below);

/* ---- who takes ---- */

enum {
    NET_RING_EMPTY = 0,
    NET_RING_BROKEN = -1
}; /* the last: the other side does not keep to the rules */
/* The next frame's size; the frame has room for NET_FRAME_MAX bytes. */
int net_ring_take(struct net_ring *r, uint8_t *frame);
/* True: nothing is there, and the other side will wake this one when something is. */
bool net_ring_sleep(struct net_ring *r);
/* Awake again, by whatever. */
void net_ring_awake(struct net_ring *r);
/* After frames were taken: the other side waits until fewer than `below` bytes wait, and is to be told. */
bool net_ring_frees(struct net_ring *r, uint32_t below);

#endif
