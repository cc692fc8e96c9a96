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

/* ---- to the guest ----------------------------------------------------------------------------- */

static void ring_put(struct neighbour *n, const void *bytes, size_t count)
{
    size_t at = (n->waiting_at + n->waiting_bytes) % NET_WAITING_MAX;
    size_t first = NET_WAITING_MAX - at < count ? NET_WAITING_MAX - at : count;

    memcpy(n->waiting + at, bytes, first);
    memcpy(n->waiting, (const uint8_t *)bytes + first, count - first);
    n->waiting_bytes += count;
}

static void ring_get(const struct neighbour *n, size_t from, void *bytes, size_t count)
{
    size_t at = (n->waiting_at + from) % NET_WAITING_MAX;
    size_t first = NET_WAITING_MAX - at < count ? NET_WAITING_MAX - at : count;

    memcpy(bytes, n->waiting + at, first);
    memcpy((uint8_t *)bytes + first, n->waiting, count - first);
}

void neighbour_take(struct neighbour *n, const uint8_t *frame, size_t count)
{
    uint32_t length = (uint32_t)count;

    if (count < HEADER_BYTES || count > NET_FRAME_MAX ||
        count + sizeof length > NET_WAITING_MAX - n->waiting_bytes) {
        atomic_fetch_add(&n->shared->dropped_in, 1);
        return;
    }
    ring_put(n, &length, sizeof length);
    ring_put(n, frame, count);
}

/* As many as the other process takes now. */
static void pass_on(struct neighbour *n)
{
    static uint8_t frame[NET_FRAME_MAX];

    while (n->waiting_bytes > 0) {
        uint32_t length;

        ring_get(n, 0, &length, sizeof length);
        must(length <= sizeof frame);
        ring_get(n, sizeof length, frame, length);
        if (send(n->pair, frame, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
            return; /* full; or gone, which reading says */
        }
        n->waiting_at = (n->waiting_at + sizeof length + length) % NET_WAITING_MAX;
        n->waiting_bytes -= sizeof length + length;
    }
}

/* ---- from the guest --------------------------------------------------------------------------- */

static void take_from_guest(struct neighbour *n)
{
    static uint8_t frame[NET_FRAME_MAX + 1];

    for (unsigned i = 0; i < FRAMES_AT_ONCE; i++) {
        ssize_t count = recv(n->pair, frame, sizeof frame, MSG_DONTWAIT);

        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
            if (n->outside->close != NULL) {
                n->outside->close(n);
            }
            _exit(0); /* the machine is gone */
        }
        if (count < 0) {
            return;
        }
        if (n->outside->send != NULL) {
            n->outside->send(n, frame, (size_t)count);
        }
        if (n->outside->has_room != NULL && !n->outside->has_room(n)) {
            return;
        }
    }
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
    bool takes = o->has_room == NULL || o->has_room(n);
    int timeout_ms = -1;
    size_t pair;

    n->polls.count = 0;
    /* Without events the end of the other process is seen all the same. */
    pair = neighbour_poll(n, n->pair,
                          (short)((takes ? POLLIN : 0) | (n->waiting_bytes > 0 ? POLLOUT : 0)));
    if (o->prepare != NULL) {
        o->prepare(n, n->waiting_bytes < NET_WAITING_HIGH, &timeout_ms);
    }
    if (poll(n->polls.data, (nfds_t)n->polls.count, timeout_ms) < 0 && errno != EINTR) {
        _exit(1);
    }
    if (n->polls.data[pair].revents & (POLLIN | POLLHUP | POLLERR)) {
        take_from_guest(n);
    }
    if (o->serve != NULL) {
        o->serve(n);
    }
    pass_on(n);
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
    struct neighbour n = {
        .spec = spec, .outside = outsides[spec->kind], .shared = shared, .pair = pair};
    struct error e;

    set_signals();
    close_others(&n);
    n.waiting = base_alloc(NET_WAITING_MAX, 1);
    if (begin(&n, sandbox, &e) < 0) {
        (void)send(pair, e.text, strlen(e.text), MSG_NOSIGNAL);
        _exit(1);
    }
    (void)send(pair, "", 1, MSG_NOSIGNAL);
    for (;;) {
        serve(&n);
    }
}
