/* SPDX-License-Identifier: GPL-2.0-or-later
 * net: the machine's side of a network: the rings of frames to and from its neighbour, the pair of sockets by
 * which the two wake each other and notice the other's end, and the thread that posts what comes.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/host.h"
#include "world/net_internal.h"
#include "world/world.h"

enum { RETRY_MS = 1, DRAIN_MS = 500, HEADER_BYTES = 14, FRAMES_AT_ONCE = 64 };

struct net {
    struct net_spec spec;
    struct net_shared *shared;
    pid_t neighbour; /* 0: none */
    int pair, wake_fd;
    struct host_thread *thread;
    struct net_events events;
    atomic_bool started, stopping;
    atomic_bool is_gone; /* the neighbour */
    _Atomic uint64_t in, out, dropped_in, dropped_out;

    struct net_ring leaving; /* the machine's thread's */

    /* the thread's */
    struct net_ring coming;
    uint8_t frame[NET_FRAME_MAX]; /* taken from there, not yet posted */
    size_t held;                  /* 0: none */
};

/* ---- waking ------------------------------------------------------------------------------------ */

void net_wake(int pair)
{
    (void)send(pair, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* full: it is awake already */
}

bool net_heard(int pair)
{
    char bytes[8];
    ssize_t count;

    do {
        count = recv(pair, bytes, sizeof bytes, MSG_DONTWAIT);
    } while (count > 0);
    return count < 0 && (errno == EAGAIN || errno == EINTR);
}

/* ---- from the machine ------------------------------------------------------------------------- */

void net_output(struct net *n, const uint8_t *frame, size_t count)
{
    if (count < HEADER_BYTES || count > NET_FRAME_MAX || !atomic_load(&n->started) ||
        atomic_load(&n->is_gone) || !net_ring_put(&n->leaving, frame, count)) {
        atomic_fetch_add(&n->dropped_out, 1);
        return;
    }
    atomic_fetch_add(&n->out, 1);
    if (net_ring_wakes(&n->leaving)) {
        net_wake(n->pair);
    }
}

/* ---- the thread ------------------------------------------------------------------------------- */

/* False: it was not taken, and is kept. */
static bool post_held(struct net *n)
{
    if (n->held == 0) {
        return true;
    }
    switch (n->events.post(n->events.opaque, n->frame, n->held)) {
    case NET_LATER: return false;
    case NET_NEVER: atomic_fetch_add(&n->dropped_in, 1); break;
    case NET_TAKEN: atomic_fetch_add(&n->in, 1); break;
    }
    n->held = 0;
    return true;
}

/* As many as are there and can be posted now; false: one is held. */
static bool post_frames(struct net *n)
{
    for (unsigned i = 0; i < FRAMES_AT_ONCE && post_held(n); i++) {
        int count = net_ring_take(&n->coming, n->frame);

        if (count == NET_RING_BROKEN) {
            atomic_store(&n->is_gone, true);
        }
        if (count <= 0) {
            return true;
        }
        n->held = (size_t)count;
    }
    return post_held(n);
}

static void serve(struct net *n)
{
    bool posted = post_frames(n);
    bool sleeps = !posted || net_ring_sleep(&n->coming) || atomic_load(&n->is_gone);
    struct pollfd p[] = {{.fd = n->wake_fd, .events = POLLIN},
                         {.fd = atomic_load(&n->is_gone) ? -1 : n->pair, .events = POLLIN}};

    if (net_ring_frees(&n->coming, NET_IN_HIGH)) {
        net_wake(n->pair);
    }
    if (!sleeps) {
        return;
    }
    if (poll(p, ARRAY_LEN(p), posted ? -1 : RETRY_MS) > 0 && p[1].revents != 0 &&
        !net_heard(n->pair)) {
        atomic_store(&n->is_gone, true); /* it died: the cable is cut, the machine goes on */
    }
    net_ring_awake(&n->coming);
}

static void *net_run(void *argument)
{
    struct net *n = argument;

    while (!atomic_load(&n->stopping)) {
        serve(n);
    }
    return NULL;
}

int net_start(struct net *n, const struct net_events *events, struct error *e)
{
    n->events = *events;
    n->thread = host_thread_start(net_run, n, e);
    atomic_store(&n->started, n->thread != NULL);
    return n->thread != NULL ? 0 : -1;
}

/* ---- the neighbour ---------------------------------------------------------------------------- */

/* Its first message says how it went. */
static int hear(struct net *n, struct error *e)
{
    char text[sizeof e->text];
    ssize_t count;

    do {
        count = recv(n->pair, text, sizeof text - 1, 0);
    } while (count < 0 && errno == EINTR);
    if (count == 1 && text[0] == '\0') {
        return 0;
    }
    if (count <= 0) {
        return error_set(e, "the process that was to serve it ended at once");
    }
    text[count] = '\0';
    return error_set(e, "%s", text);
}

static int start_neighbour(struct net *n, bool sandbox, struct error *e)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return error_set(e, "no pair of sockets from the host: %s", strerror(errno));
    }
    n->neighbour = fork();
    if (n->neighbour == 0) {
        neighbour_run(&n->spec, n->shared, ends[1], sandbox);
    }
    close(ends[1]);
    n->pair = ends[0];
    if (n->neighbour < 0) {
        n->neighbour = 0;
        return error_set(e, "no process from the host: %s", strerror(errno));
    }
    return hear(n, e);
}

struct net *net_open(const struct net_spec *spec, bool sandbox, struct error *e)
{
    struct net *n = base_alloc(1, sizeof(*n));

    n->spec = *spec;
    n->pair = -1;
    n->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    must(n->wake_fd >= 0);
    n->shared =
        mmap(NULL, sizeof(*n->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(n->shared != MAP_FAILED);
    n->coming = (struct net_ring){
        .shared = &n->shared->in, .bytes = n->shared->in_bytes, .size = NET_IN_MAX};
    n->leaving = (struct net_ring){
        .shared = &n->shared->out, .bytes = n->shared->out_bytes, .size = NET_OUT_MAX};
    if (start_neighbour(n, sandbox, e) < 0) {
        net_close(n);
        return NULL;
    }
    return n;
}

void net_get_counts(const struct net *n, struct net_counts *out)
{
    out->in = atomic_load(&n->in);
    out->out = atomic_load(&n->out);
    out->dropped_in = atomic_load(&n->dropped_in) + atomic_load(&n->shared->dropped_in);
    out->dropped_out = atomic_load(&n->dropped_out) + atomic_load(&n->shared->dropped_out);
    out->hung_up = atomic_load(&n->shared->hung_up);
    out->is_gone = atomic_load(&n->is_gone);
}

/* The last frames of a guest that powers off are heard, if somebody listens. */
static void drain(struct net *n)
{
    uint64_t until = wallclock_now_ns() + (uint64_t)DRAIN_MS * 1000000;

    while (!atomic_load(&n->is_gone) && net_ring_wait(&n->leaving, 1) &&
           wallclock_now_ns() < until) {
        struct pollfd p = {.fd = n->pair, .events = POLLIN};

        if (poll(&p, 1, 50) > 0 && !net_heard(n->pair)) {
            return;
        }
    }
}

static void stop(struct net *n)
{
    uint64_t one = 1;
    ssize_t count;

    atomic_store(&n->stopping, true);
    count = write(n->wake_fd, &one, sizeof(one));
    must(count == sizeof(one));
}

void net_close(struct net *n)
{
    if (n == NULL) {
        return;
    }
    if (n->thread != NULL) {
        stop(n);
        (void)host_thread_join(n->thread);
        drain(n);
    }
    if (n->pair >= 0) {
        close(n->pair);
    }
    while (n->neighbour > 0 && waitpid(n->neighbour, NULL, 0) < 0 && errno == EINTR) {
    }
    close(n->wake_fd);
    munmap(n->shared, sizeof(*n->shared));
    free(n);
}
