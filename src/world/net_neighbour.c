/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_neighbour: the process that has a network's sockets. It carries frames between the machine's
 * process and one outside, and keeps a bounded number of them while the guest is behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world/net_internal.h"

enum { FRAMES_AT_ONCE = 64, HEADER_BYTES = 14 };

static const struct net_outside *const outsides[NET_KIND_COUNT] = {
    [NET_NONE] = &net_outside_none,     [NET_USER] = &net_outside_user,
    [NET_STREAM] = &net_outside_stream, [NET_DGRAM] = &net_outside_dgram,
    [NET_TAP] = &net_outside_tap,
};

const struct net_outside net_outside_none = {0}; /* a cable that leads nowhere */

/* ---- to the guest and from it ------------------------------------------------------------------ */

void neighbour_take(struct neighbour *n, const uint8_t *frame, size_t count)
{
    if (count < HEADER_BYTES || count > NET_FRAME_MAX || !net_ring_put(&n->in, frame, count)) {
        atomic_fetch_add(&n->shared->dropped_in, 1);
    }
}

static bool has_room(struct neighbour *n)
{
    return n->outside->has_room == NULL || n->outside->has_room(n);
}

/* At most so many frames; false: there are no more, or they have to wait. */
static bool take_from_guest(struct neighbour *n, unsigned most)
{
    while (most-- > 0) {
        int count = has_room(n) ? net_ring_take(&n->out, n->frame) : NET_RING_EMPTY;

        if (count == NET_RING_BROKEN) {
            _exit(1);
        }
        if (count == NET_RING_EMPTY) {
            return false;
        }
        if (n->outside->send != NULL) {
            n->outside->send(n, n->frame, (size_t)count);
        }
    }
    return true;
}

static _Noreturn void leave(struct neighbour *n)
{
    while (take_from_guest(n, FRAMES_AT_ONCE)) {
    }
    if (n->outside->close != NULL) {
        n->outside->close(n);
    }
    _exit(0);
}

/* ---- the loop --------------------------------------------------------------------------------- */

size_t neighbour_poll(struct neighbour *n, int fd, short events)
{
    vec_push(&n->polls, ((struct pollfd){.fd = fd, .events = events}));
    return n->polls.count - 1;
}

static void serve(struct neighbour *n)
{
    const struct net_outside *o = n->outside;
    bool takes = has_room(n), sleeps = !takes || net_ring_sleep(&n->out), wakes;
    int timeout_ms = -1;
    size_t pair;

    n->polls.count = 0;
    pair = neighbour_poll(n, n->pair, POLLIN);
    if (o->prepare != NULL) {
        o->prepare(n, !net_ring_wait(&n->in, NET_IN_HIGH), &timeout_ms);
    }
    if (poll(n->polls.data, (nfds_t)n->polls.count, sleeps ? timeout_ms : 0) < 0 &&
        errno != EINTR) {
        _exit(1);
    }
    net_ring_awake(&n->out);
    if (n->polls.data[pair].revents != 0 && !net_heard(n->pair)) {
        leave(n);
    }
    (void)take_from_guest(n, FRAMES_AT_ONCE);
    if (o->serve != NULL) {
        o->serve(n);
    }
    wakes = net_ring_wakes(&n->in);
    if (net_ring_frees(&n->out, 1) || wakes) { /* either is to be asked */
        net_wake(n->pair);
    }
}

/* ---- its beginning ---------------------------------------------------------------------------- */

static void set_signals(void)
{
    static const int ignored[] = {SIGINT, SIGQUIT, SIGHUP, SIGPIPE, SIGTSTP, SIGTTOU};

    /* What is meant for everybody at the terminal ends the machine, and that ends this process. */
    for (size_t i = 0; i < ARRAY_LEN(ignored); i++) {
        signal(ignored[i], SIG_IGN);
    }
    signal(SIGTERM, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
}

static bool is_inherited(const struct net_spec *s, int fd)
{
    return fd == s->tap_fd || fd == s->local.fd || fd == s->remote.fd;
}

/* Nothing of the machine's is held open, nor its standard output, of which somebody waits for the end. */
static void close_others(const struct neighbour *n)
{
    int nothing = open("/dev/null", O_RDWR);

    (void)dup2(nothing, STDIN_FILENO);
    (void)dup2(nothing, STDOUT_FILENO);
    for (int fd = STDERR_FILENO + 1; fd < 1024; fd++) {
        if (fd != n->pair && !is_inherited(n->spec, fd)) {
            close(fd);
        }
    }
    (void)close_range(1024, ~0u, 0);
}

static int begin(struct neighbour *n, bool sandbox, struct error *e)
{
    struct confinement c = {.connects = true, .accepts = true};
    const struct confine_kernel kernel = confine_kernel();
    int result = n->outside->open != NULL ? n->outside->open(n, &c, e) : 0;

    if (result == 0 && sandbox && (kernel.landlock > 0 || kernel.seccomp) && !c.is_void) {
        result = confine_enter(&c, e);
    }
    confinement_fini(&c);
    return result;
}

_Noreturn void neighbour_run(const struct net_spec *spec, struct net_shared *shared, int pair,
                             bool sandbox)
{
    static struct neighbour n;
    struct error e;

    n = (struct neighbour){
        .spec = spec,
        .outside = outsides[spec->kind],
        .shared = shared,
        .pair = pair,
        .in = {.shared = &shared->in, .bytes = shared->in_bytes, .size = NET_IN_MAX},
        .out = {.shared = &shared->out, .bytes = shared->out_bytes, .size = NET_OUT_MAX}};

    set_signals();
    close_others(&n);
    if (begin(&n, sandbox, &e) < 0) {
        (void)send(pair, e.text, strlen(e.text), MSG_NOSIGNAL);
        _exit(1);
    }
    (void)send(pair, "", 1, MSG_NOSIGNAL);
    for (;;) {
        serve(&n);
    }
}
