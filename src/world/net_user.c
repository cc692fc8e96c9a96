/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_user: a network of the user's own behind the guest, by libslirp: what the guest sends becomes
 * sockets of this process. Runs in the neighbour, on the host's clock. Left out: SMB.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <slirp/libslirp.h>

#include "world/net_merge.h"
#include "world/net_user.h"
#include "world/world.h"

#define GUESTFWD_WAITING_MAX 65536
enum { CONFIG_VERSION = 4 }; /* of libslirp 4.7, which Debian 12 has */

struct user_timer {
    struct user_timer *next;
    SlirpTimerCb call;
    void *opaque;
    int64_t due_ms; /* INT64_MAX: not armed */
};

/* guestfwd to TCP: one connection, for whoever connects in the guest. */
struct user_channel {
    struct user *user;
    const struct user_guestfwd *forward;
    int fd; /* -1: over */
    size_t poll;
    uint8_t out[GUESTFWD_WAITING_MAX];
    size_t out_bytes;
};

struct user {
    struct neighbour *neighbour;
    Slirp *slirp;
    struct user_plan plan;
    struct user_timer *timers;
    struct user_channel *channels[NET_FORWARDS_MAX];
    size_t channel_count;
    bool filled; /* libslirp was asked what to wait for */
    struct net_merge merge;
};

/* ---- what libslirp asks ------------------------------------------------------------------------ */

static ssize_t send_packet(const void *frame, size_t count, void *opaque)
{
    struct user *u = opaque;

    neighbour_take(u->neighbour, frame, count);
    return (ssize_t)count;
}

static void guest_error(const char *message, void *opaque)
{
    (void)message; /* the guest is wrong: that is its own affair */
    (void)opaque;
}

static int64_t clock_get_ns(void *opaque)
{
    (void)opaque;
    return (int64_t)wallclock_now_ns();
}

static void *timer_new(SlirpTimerCb call, void *call_opaque, void *opaque)
{
    struct user *u = opaque;
    struct user_timer *t = base_alloc(1, sizeof(*t));

    *t = (struct user_timer){
        .next = u->timers, .call = call, .opaque = call_opaque, .due_ms = INT64_MAX};
    u->timers = t;
    return t;
}

static void timer_free(void *timer, void *opaque)
{
    struct user *u = opaque;

    for (struct user_timer **at = &u->timers; *at != NULL; at = &(*at)->next) {
        if (*at == timer) {
            *at = (*at)->next;
            free(timer);
            return;
        }
    }
}

static void timer_mod(void *timer, int64_t due_ms, void *opaque)
{
    struct user_timer *t = timer;

    (void)opaque;
    t->due_ms = due_ms;
}

static void ignore_fd(int fd, void *opaque)
{
    (void)fd;
    (void)opaque; /* they are asked for before each wait */
}

static void notify(void *opaque)
{
    (void)opaque; /* there is one thread */
}

static const SlirpCb callbacks = {
    .send_packet = send_packet,
    .guest_error = guest_error,
    .clock_get_ns = clock_get_ns,
    .timer_new = timer_new,
    .timer_free = timer_free,
    .timer_mod = timer_mod,
    .register_poll_fd = ignore_fd,
    .unregister_poll_fd = ignore_fd,
    .notify = notify,
};

/* ---- guestfwd --------------------------------------------------------------------------------- */

static void channel_send(struct user_channel *c)
{
    while (c->fd >= 0 && c->out_bytes > 0) {
        ssize_t sent = send(c->fd, c->out, c->out_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (sent <= 0) {
            close(c->fd);
            c->fd = -1;
            return;
        }
        c->out_bytes -= (size_t)sent;
        memmove(c->out, c->out + sent, c->out_bytes);
    }
}

/* What the guest wrote. Fewer than `count`: the rest stays with libslirp. */
static ssize_t channel_take(const void *bytes, size_t count, void *opaque)
{
    struct user_channel *c = opaque;
    size_t room = sizeof c->out - c->out_bytes;
    size_t taken = count < room ? count : room;

    if (c->fd < 0) {
        return (ssize_t)count; /* nobody is there any more */
    }
    memcpy(c->out + c->out_bytes, bytes, taken);
    c->out_bytes += taken;
    channel_send(c);
    return (ssize_t)taken;
}

static void channel_serve(struct user_channel *c)
{
    uint8_t bytes[16384];
    size_t room = slirp_socket_can_recv(c->user->slirp, c->forward->server, c->forward->port);
    ssize_t count;

    channel_send(c);
    if (c->fd < 0 || room == 0) {
        return;
    }
    count = recv(c->fd, bytes, room < sizeof bytes ? room : sizeof bytes, MSG_DONTWAIT);
    if (count > 0) {
        slirp_socket_recv(c->user->slirp, c->forward->server, c->forward->port, bytes, (int)count);
    } else if (count == 0) {
        close(c->fd);
        c->fd = -1;
    }
}

static int open_channel(struct user *u, struct user_guestfwd *f, struct error *e)
{
    struct user_channel *c = base_alloc(1, sizeof(*c));

    u->channels[u->channel_count++] = c;
    *c = (struct user_channel){.user = u, .forward = f};
    c->fd = net_connect(&f->to, SOCK_STREAM, e);
    if (c->fd < 0) {
        return -1;
    }
    return slirp_add_guestfwd(u->slirp, channel_take, c, &f->server, f->port) == 0
               ? net_set_nonblocking(c->fd, e)
               : -1;
}

/* ---- its beginning ---------------------------------------------------------------------------- */

static int add_guestfwd(struct user *u, uint32_t i, struct confinement *c, struct error *e)
{
    struct user_guestfwd *f = &u->plan.guestfwd[i];
    int result;

    error_set(e, "libslirp does not take it: is the address the host's or the name server's?");
    if (f->command != NULL) {
        c->is_void = true; /* the program is the user's, and does what it likes */
        result = slirp_add_exec(u->slirp, f->command, &f->server, f->port);
    } else if (f->path != NULL) {
        confine_allow(c, f->path, CONFINE_READ | CONFINE_WRITE);
        result = slirp_add_unix(u->slirp, f->path, &f->server, f->port);
    } else {
        result = open_channel(u, f, e);
    }
    return result == 0 ? 0 : error_prefix(e, "guestfwd=%s", u->neighbour->spec->user.guestfwd[i]);
}

static int add_forwards(struct user *u, struct confinement *c, struct error *e)
{
    const struct net_user_spec *s = &u->neighbour->spec->user;

    for (uint32_t i = 0; i < s->hostfwd_count; i++) {
        const struct user_hostfwd *f = &u->plan.hostfwd[i];

        errno = 0;
        if (slirp_add_hostfwd(u->slirp, f->is_udp, f->host, f->host_port, f->guest, f->guest_port) <
            0) {
            return error_set(e, "hostfwd=%s: the port cannot be had: %s", s->hostfwd[i],
                             strerror(errno));
        }
    }
    for (uint32_t i = 0; i < s->guestfwd_count; i++) {
        if (add_guestfwd(u, i, c, e) < 0) {
            return -1;
        }
    }
    return 0;
}

static const char *text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static void user_input(void *opaque, const uint8_t *frame, size_t count)
{
    struct user *u = opaque;

    slirp_input(u->slirp, frame, (int)count);
}

static int user_open(struct neighbour *n, struct confinement *c, struct error *e)
{
    static const char *searches[NET_SEARCHES_MAX + 1];
    const struct net_user_spec *s = &n->spec->user;
    struct user *u = base_alloc(1, sizeof(*u));

    u->neighbour = n;
    u->merge.opaque = u;
    u->merge.send = user_input;
    n->own = u;
    if (user_plan_make(s, &u->plan, e) < 0) {
        return -1;
    }
    for (uint32_t i = 0; i < s->dnssearch_count; i++) {
        searches[i] = s->dnssearch[i];
    }
    const SlirpConfig config = {
        .version = CONFIG_VERSION,
        .restricted = s->is_restricted,
        .in_enabled = !s->no_ipv4,
        .vnetwork = u->plan.net,
        .vnetmask = u->plan.mask,
        .vhost = u->plan.host,
        .in6_enabled = !s->no_ipv6,
        .vprefix_addr6 = u->plan.net6,
        .vprefix_len = u->plan.net6_bits,
        .vhost6 = u->plan.host6,
        .vhostname = text_or_null(s->hostname),
        .tftp_server_name = text_or_null(s->tftp_server_name),
        .tftp_path = text_or_null(s->tftp),
        .bootfile = text_or_null(s->bootfile),
        .vdhcp_start = u->plan.dhcpstart,
        .vnameserver = u->plan.dns,
        .vnameserver6 = u->plan.dns6,
        .vdnssearch = s->dnssearch_count > 0 ? searches : NULL,
        .vdomainname = text_or_null(s->domainname),
    };
    u->slirp = slirp_new(&config, &callbacks, u);
    if (u->slirp == NULL) {
        return error_set(e, "libslirp does not take this network");
    }
    confine_allow(c, "/etc/resolv.conf", CONFINE_READ);
    if (s->tftp[0] != '\0') {
        confine_allow(c, s->tftp, CONFINE_READ);
    }
    return add_forwards(u, c, e);
}

/* ---- the loop --------------------------------------------------------------------------------- */

static const struct {
    int slirp;
    short host;
} event_pairs[] = {{SLIRP_POLL_IN, POLLIN},
                   {SLIRP_POLL_OUT, POLLOUT},
                   {SLIRP_POLL_PRI, POLLPRI},
                   {SLIRP_POLL_ERR, POLLERR},
                   {SLIRP_POLL_HUP, POLLHUP}};

static int add_poll(int fd, int events, void *opaque)
{
    struct user *u = opaque;
    short wanted = 0;

    for (size_t i = 0; i < ARRAY_LEN(event_pairs); i++) {
        wanted = (short)(wanted | (events & event_pairs[i].slirp ? event_pairs[i].host : 0));
    }
    return (int)neighbour_poll(u->neighbour, fd, wanted);
}

static int get_events(int index, void *opaque)
{
    struct user *u = opaque;
    int events = 0;

    if (index < 0 || (size_t)index >= u->neighbour->polls.count) {
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(event_pairs); i++) {
        events |= u->neighbour->polls.data[index].revents & event_pairs[i].host
                      ? event_pairs[i].slirp
                      : 0;
    }
    return events;
}

static int64_t now_ms(void)
{
    return (int64_t)(wallclock_now_ns() / 1000000);
}

static void user_prepare(struct neighbour *n, bool reads, int *timeout_ms)
{
    struct user *u = n->own;
    uint32_t timeout = UINT32_MAX;

    u->filled = reads;
    if (reads) {
        slirp_pollfds_fill(u->slirp, &timeout, add_poll, u);
    }
    for (size_t i = 0; i < u->channel_count; i++) {
        struct user_channel *c = u->channels[i];
        bool takes =
            reads && slirp_socket_can_recv(u->slirp, c->forward->server, c->forward->port) > 0;

        c->poll = neighbour_poll(n, takes || c->out_bytes > 0 ? c->fd : -1,
                                 (short)((takes ? POLLIN : 0) | (c->out_bytes > 0 ? POLLOUT : 0)));
    }
    for (const struct user_timer *t = u->timers; t != NULL; t = t->next) {
        int64_t left = t->due_ms == INT64_MAX ? INT64_MAX : t->due_ms - now_ms();

        if (left < (int64_t)timeout) {
            timeout = left > 0 ? (uint32_t)left : 0;
        }
    }
    *timeout_ms = timeout > INT32_MAX ? -1 : (int)timeout;
}

/* A timer may free itself, or others. */
static void fire_timers(struct user *u)
{
    int64_t now = now_ms();

    for (;;) {
        struct user_timer *t = u->timers;

        while (t != NULL && t->due_ms > now) {
            t = t->next;
        }
        if (t == NULL) {
            return;
        }
        t->due_ms = INT64_MAX;
        t->call(t->opaque);
    }
}

static void user_serve(struct neighbour *n)
{
    struct user *u = n->own;

    net_merge_flush(&u->merge); /* what came with the last frames */
    if (u->filled) {
        slirp_pollfds_poll(u->slirp, 0, get_events, u);
    }
    for (size_t i = 0; i < u->channel_count; i++) {
        if (n->polls.data[u->channels[i]->poll].revents != 0) {
            channel_serve(u->channels[i]);
        }
    }
    fire_timers(u);
}

static void user_send(struct neighbour *n, const uint8_t *frame, size_t count)
{
    struct user *u = n->own;

    net_merge_add(&u->merge, frame, count);
}

static void user_close(struct neighbour *n)
{
    struct user *u = n->own;

    net_merge_flush(&u->merge);
    slirp_cleanup(u->slirp);
}

const struct net_outside net_outside_user = {
    .open = user_open,
    .prepare = user_prepare,
    .serve = user_serve,
    .send = user_send,
    .close = user_close,
};
