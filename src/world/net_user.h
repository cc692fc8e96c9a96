/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_user: what `-netdev user` says, as addresses; private to world/.
 */
#ifndef WORLD_NET_USER_H
#define WORLD_NET_USER_H

#include <netinet/in.h>

#include "world/net_internal.h"

struct user_hostfwd {
    bool is_udp;
    struct in_addr host, guest; /* 0: any; the first that asks for an address */
    int host_port, guest_port;
};
struct user_guestfwd {
    struct in_addr server;
    int port;
    const char *command, *path; /* one of these, in the specification, or */
    struct net_end to;          /* this */
};
struct user_plan {
    struct in_addr net, mask, host, dns, dhcpstart;
    struct in6_addr net6, host6, dns6;
    uint8_t net6_bits;
    struct user_hostfwd hostfwd[NET_FORWARDS_MAX];
    struct user_guestfwd guestfwd[NET_FORWARDS_MAX];
};
/* Texts of the specification are borrowed. -1 and a sentence. */
int user_plan_make(const struct net_user_spec *u, struct user_plan *p, struct error *e);

#endif
