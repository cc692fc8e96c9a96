/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_internal: what the files of a network's neighbour share; private to world/.
 */
#ifndef WORLD_NET_INTERNAL_H
#define WORLD_NET_INTERNAL_H

#include <poll.h>
#include <stdatomic.h>

#include "confine/confine.h"
#include "world/net_ring.h"

/* Bytes of frames that may wait for the guest, and for the neighbour. */
#define NET_IN_MAX  (UINT32_C(1) << 20)
#define NET_OUT_MAX (UINT32_C(1) << 22)
/* While more wait for the guest, nothing is read of an outside that can wait itself. */
#define NET_IN_HIGH (UINT32_C(1) << 18)

/* In memory that both processes see. */
struct net_shared {
    _Atomic uint64_t dropped_in, dropped_out, hung_up;
    struct net_ring_shared in, out;
    uint8_t in_bytes[NET_IN_MAX], out_bytes[NET_OUT_MAX];
};
/* Wakes whoever waits at the other end of the pair. */
void net_wake(int pair);
/* Takes what net_wake() sent; false: the other process is gone. */
bool net_heard(int pair);

struct neighbour;

/* One way to be outside. */
struct net_outside {
    /* Opens what the specification names, and allows what is needed later. */
    int (*open)(struct neighbour *n, struct confinement *c, struct error *e);
    /* Adds what it waits for by neighbour_poll(); shortens *timeout_ms. `reads` false: the guest is far
     * behind, nothing that can wait is to be read. */
    void (*prepare)(struct neighbour *n, bool reads, int *timeout_ms);
    /* After the wait. */
    void (*serve)(struct neighbour *n);
    /* A frame of the guest's. */
    void (*send)(struct neighbour *n, const uint8_t *frame, size_t count);
    /* False: no frame of the guest's can be taken now. May be NULL. */
    bool (*has_room)(struct neighbour *n);
    void (*close)(struct neighbour *n);
};
extern const struct net_outside net_outside_none, net_outside_user, net_outside_stream,
    net_outside_dgram, net_outside_tap;

/* net_neighbour.c: the process. */
struct neighbour {
    const struct net_spec *spec;
    const struct net_outside *outside;
    struct net_shared *shared;
    void *own; /* the outside's */
    int pair;
    VEC(struct pollfd) polls;
    struct net_ring in, out;      /* to the guest, and from it */
    uint8_t frame[NET_FRAME_MAX]; /* the guest's, in hand */
};
/* Never returns: serves until the other process closes the pair. The first message over it is one zero
 * byte, or the sentence that says what was wrong; all others only wake. */
_Noreturn void neighbour_run(const struct net_spec *spec, struct net_shared *shared, int pair,
                             bool sandbox);
/* For prepare(): returns the place to look at in serve(). */
size_t neighbour_poll(struct neighbour *n, int fd, short events);
/* A frame for the guest; dropped and counted if too many wait, or if it is none. */
void neighbour_take(struct neighbour *n, const uint8_t *frame, size_t count);

/* net_address.c: sockets of a specification, before the confinement. -1 and a sentence. */
int net_connect(const struct net_end *to, int type, struct error *e);
int net_bind(const struct net_end *at, int type, struct error *e);
int net_set_nonblocking(int fd, struct error *e);

/* net_user.c: whether what was written can be meant. */
int net_user_check(const struct net_user_spec *u, struct error *e);

#endif
