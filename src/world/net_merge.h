/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_merge: puts segments of one TCP connection together that follow each other; private to world/. A guest's card
 * cuts what its driver gave it, as a wire wants that; libslirp takes a frame of any size, writes to its socket and
 * acknowledges once for each, so that fewer frames are less work, in the guest as well. After RFC 791 and RFC 9293.
 */
#ifndef WORLD_NET_MERGE_H
#define WORLD_NET_MERGE_H

#include "world/net.h"

/* Bytes of a frame that was put together, at most. */
enum { NET_MERGE_MAX = 65000 };

struct net_merge {
    void *opaque;
    void (*send)(void *opaque, const uint8_t *frame, size_t count);
    uint8_t frame
        [NET_MERGE_MAX]; /* what is held; its sums and lengths are those of its first segment */
    size_t count;        /* 0: none is */
    uint32_t next;       /* the sequence number that goes on from there */
    uint32_t sum;        /* of the bytes behind the headers, not folded */
    bool was_merged;
};

/* Sends it, or holds it until net_merge_flush(), or until one comes that does not go on from it: the order stays. */
void net_merge_add(struct net_merge *m, const uint8_t *frame, size_t count);
void net_merge_flush(struct net_merge *m);

#endif
