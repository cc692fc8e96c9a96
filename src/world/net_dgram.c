/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_dgram: a frame a datagram: to one peer, by UDP or between two sockets of the file system, or to
 * a multicast group, of which one's own frames are not heard. And tap: a frame a read. Whoever sends here
 * does not wait: what the guest has no room for is dropped.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "world/net_internal.h"

enum { FRAMES_AT_ONCE = 64 };

struct dgram {
    int in_fd, out_fd;
    size_t poll_in;
    bool is_tap;
    struct sockaddr_storage to; /* family 0: what the socket is connected to */
    socklen_t to_bytes;
    struct sockaddr_in self; /* of multicast */
};

/* ---- a group ---------------------------------------------------------------------------------- */

static int group_address(const struct net_end *x, struct sockaddr_in *a, struct error *e)
{
    *a = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(x->port))};
    if (inet_pton(AF_INET, x->host, &a->sin_addr) != 1 ||
        !IN_MULTICAST(ntohl(a->sin_addr.s_addr))) {
        return error_set(e, "%s is no multicast group (224.0.0.0 to 239.255.255.255)", x->host);
    }
    return 0;
}

/* One socket hears the group; another one, whose address tells one's own frames, speaks to it. */
static int open_group(const struct net_spec *s, struct dgram *x, struct error *e)
{
    struct sockaddr_in group, self = {.sin_family = AF_INET};
    struct ip_mreq member = {0};
    socklen_t size = sizeof x->self;
    int on = 1;

    if (group_address(&s->remote, &group, e) < 0) {
        return -1;
    }
    if (s->local.host[0] != '\0' && inet_pton(AF_INET, s->local.host, &member.imr_interface) != 1) {
        return error_set(e, "localaddr=%s is no IPv4 address", s->local.host);
    }
    member.imr_multiaddr = group.sin_addr;
    self.sin_addr = member.imr_interface;
    x->in_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    x->out_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (x->in_fd < 0 || x->out_fd < 0 ||
        setsockopt(x->in_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(x->in_fd, (struct sockaddr *)&group, sizeof group) != 0 ||
        setsockopt(x->in_fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof member) != 0 ||
        bind(x->out_fd, (struct sockaddr *)&self, sizeof self) != 0 ||
        setsockopt(x->out_fd, IPPROTO_IP, IP_MULTICAST_LOOP, &on, sizeof on) != 0 ||
        (s->local.host[0] != '\0' &&
         setsockopt(x->out_fd, IPPROTO_IP, IP_MULTICAST_IF, &member.imr_interface,
                    sizeof member.imr_interface) != 0) ||
        connect(x->out_fd, (struct sockaddr *)&group, sizeof group) != 0 ||
        getsockname(x->out_fd, (struct sockaddr *)&x->self, &size) != 0) {
        return error_set(e, "%s:%s: cannot join the group: %s", s->remote.host, s->remote.port,
                         strerror(errno));
    }
    return 0;
}

/* ---- a peer ----------------------------------------------------------------------------------- */

static int peer_address(const struct net_end *x, struct dgram *d, struct error *e)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct sockaddr_un *u = (struct sockaddr_un *)&d->to;
    struct addrinfo *list = NULL;
    int status;

    if (x->kind == NET_END_UNIX) {
        if (strlen(x->host) >= sizeof u->sun_path) {
            return error_set(e, "%s: too long for a socket (%zu bytes at most)", x->host,
                             sizeof u->sun_path - 1);
        }
        u->sun_family = AF_UNIX;
        memcpy(u->sun_path, x->host, strlen(x->host) + 1);
        d->to_bytes = sizeof(*u);
        return 0;
    }
    status = getaddrinfo(x->host[0] != '\0' ? x->host : NULL, x->port, &hints, &list);
    if (status != 0) {
        return error_set(e, "%s:%s: %s", x->host, x->port, gai_strerror(status));
    }
    memcpy(&d->to, list->ai_addr, list->ai_addrlen);
    d->to_bytes = list->ai_addrlen;
    freeaddrinfo(list);
    return 0;
}

static int open_peer(const struct net_spec *s, struct dgram *x, struct confinement *c,
                     struct error *e)
{
    if (s->local.kind == NET_END_FD) { /* connected already, or of no use */
        x->in_fd = x->out_fd = net_connect(&s->local, SOCK_DGRAM, e);
        return x->in_fd < 0 ? -1 : net_set_nonblocking(x->in_fd, e);
    }
    if (peer_address(&s->remote, x, e) < 0) {
        return -1;
    }
    x->in_fd = x->out_fd = net_bind(&s->local, SOCK_DGRAM, e);
    if (x->in_fd < 0) {
        return -1;
    }
    if (s->local.kind == NET_END_UNIX) {
        char *folder = base_folder_of(s->local.host);

        confine_allow(c, folder, CONFINE_REMOVE);
        free(folder);
    }
    return net_set_nonblocking(x->in_fd, e);
}

static int dgram_open(struct neighbour *n, struct confinement *c, struct error *e)
{
    struct dgram *x = base_alloc(1, sizeof(*x));

    n->own = x;
    return n->spec->is_mcast ? open_group(n->spec, x, e) : open_peer(n->spec, x, c, e);
}

/* ---- tap -------------------------------------------------------------------------------------- */

static int tap_open(struct neighbour *n, struct confinement *c, struct error *e)
{
    struct dgram *x = base_alloc(1, sizeof(*x));
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};

    (void)c;
    n->own = x;
    x->is_tap = true;
    x->in_fd = x->out_fd = n->spec->tap_fd;
    if (n->spec->tap_fd < 0) {
        x->in_fd = x->out_fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
        if (x->in_fd < 0) {
            return error_set(e, "/dev/net/tun: %s", strerror(errno));
        }
        snprintf(request.ifr_name, sizeof request.ifr_name, "%s", n->spec->ifname);
        if (ioctl(x->in_fd, TUNSETIFF, &request) != 0) {
            return error_set(e, "interface '%s': %s", n->spec->ifname, strerror(errno));
        }
    }
    return net_set_nonblocking(x->in_fd, e);
}

/* ---- both ------------------------------------------------------------------------------------- */

static void dgram_prepare(struct neighbour *n, bool reads, int *timeout_ms)
{
    struct dgram *x = n->own;

    (void)reads;
    (void)timeout_ms;
    x->poll_in = neighbour_poll(n, x->in_fd, POLLIN);
}

static ssize_t receive(struct dgram *x, uint8_t *frame, size_t room)
{
    struct sockaddr_in from = {0};
    socklen_t size = sizeof from;
    ssize_t count;

    if (x->is_tap) {
        return read(x->in_fd, frame, room);
    }
    if (x->self.sin_family == 0) {
        return recv(x->in_fd, frame, room, 0);
    }
    count = recvfrom(x->in_fd, frame, room, 0, (struct sockaddr *)&from, &size);
    return count > 0 && from.sin_port == x->self.sin_port &&
                   (from.sin_addr.s_addr == x->self.sin_addr.s_addr)
               ? 0
               : count;
}

static void dgram_serve(struct neighbour *n)
{
    static uint8_t frame[NET_FRAME_MAX + 1];
    struct dgram *x = n->own;

    if (n->polls.data[x->poll_in].revents == 0) {
        return;
    }
    for (unsigned i = 0; i < FRAMES_AT_ONCE; i++) {
        ssize_t count = receive(x, frame, sizeof frame);

        if (count > 0) {
            neighbour_take(n, frame, (size_t)count);
        } else if (count < 0) {
            return; /* nothing there; or the peer is not, which may change */
        }
    }
}

static void dgram_send(struct neighbour *n, const uint8_t *frame, size_t count)
{
    struct dgram *x = n->own;
    ssize_t sent;

    if (x->is_tap) {
        sent = write(x->out_fd, frame, count);
    } else if (x->to.ss_family != 0) {
        sent =
            sendto(x->out_fd, frame, count, MSG_NOSIGNAL, (struct sockaddr *)&x->to, x->to_bytes);
    } else {
        sent = send(x->out_fd, frame, count, MSG_NOSIGNAL);
    }
    if (sent < 0) {
        atomic_fetch_add(&n->shared->dropped_out, 1);
    }
}

static void dgram_close(struct neighbour *n)
{
    if (!n->spec->is_mcast && n->spec->local.kind == NET_END_UNIX) {
        (void)unlink(n->spec->local.host);
    }
}

const struct net_outside net_outside_dgram = {
    .open = dgram_open,
    .prepare = dgram_prepare,
    .serve = dgram_serve,
    .send = dgram_send,
    .close = dgram_close,
};

const struct net_outside net_outside_tap = {
    .open = tap_open,
    .prepare = dgram_prepare,
    .serve = dgram_serve,
    .send = dgram_send,
};
