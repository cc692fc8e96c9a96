/* SPDX-License-Identifier: GPL-2.0-or-later
 * net: the machine's side of a network: the pair of sockets that leads to its neighbour, the thread
 * that reads and writes it, and what waits for that.
 */
#include <errno.h>
#include <pthread.h>
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
#define QUEUE_MAX ((size_t)4194304)

struct net {
    struct net_spec spec;
    struct net_shared *shared;
    pid_t neighbour; /* 0: none */
    int pair, wake_fd;
    struct host_thread *thread;
    struct net_events events;
    atomic_bool stopping, sleeps;
    atomic_bool is_gone; /* the neighbour */
    _Atomic uint64_t in, out, dropped_in, dropped_out;

    /* under the lock: a ring of frames, a length of four bytes before each */
    pthread_mutex_t lock;
    uint8_t *queue;
    size_t queue_at, queued;

    /* the thread's */
    uint8_t frame[NET_FRAME_MAX + 1]; /* read, not yet taken */
    size_t held;                      /* 0: none */
    uint8_t leaving[NET_FRAME_MAX];
    size_t leaving_bytes; /* 0: none */
};

/* ---- from the machine ------------------------------------------------------------------------- */

static void queue_put(struct net *n, const void *bytes, size_t count)
{
    size_t at = (n->queue_at + n->queued) % QUEUE_MAX;
    size_t first = QUEUE_MAX - at < count ? QUEUE_MAX - at : count;

    memcpy(n->queue + at, bytes, first);
    memcpy(n->queue, (const uint8_t *)bytes + first, count - first);
    n->queued += count;
}

static void queue_get(struct net *n, void *bytes, size_t count)
{
    size_t first = QUEUE_MAX - n->queue_at < count ? QUEUE_MAX - n->queue_at : count;

    memcpy(bytes, n->queue + n->queue_at, first);
    memcpy((uint8_t *)bytes + first, n->queue, count - first);
    n->queue_at = (n->queue_at + count) % QUEUE_MAX;
    n->queued -= count;
}

static void wake(struct net *n)
{
    uint64_t one = 1;
    ssize_t count = write(n->wake_fd, &one, sizeof(one));

    (void)count; /* full: awake already */
}

void net_output(struct net *n, const uint8_t *frame, size_t count)
{
    uint32_t length = (uint32_t)count;
    bool fits;

    pthread_mutex_lock(&n->lock);
    fits = count >= HEADER_BYTES && count <= NET_FRAME_MAX && n->thread != NULL &&
           count + sizeof length <= QUEUE_MAX - n->queued;
    if (fits) {
        queue_put(n, &length, sizeof length);
        queue_put(n, frame, count);
    }
    pthread_mutex_unlock(&n->lock);
    if (!fits) {
        atomic_fetch_add(&n->dropped_out, 1);
    } else if (atomic_exchange(&n->sleeps, false)) {
        wake(n);
    }
}

/* ---- the thread ------------------------------------------------------------------------------- */

static bool take_next(struct net *n)
{
    uint32_t length = 0;

    pthread_mutex_lock(&n->lock);
    if (n->queued > 0) {
        queue_get(n, &length, sizeof length);
        queue_get(n, n->leaving, length);
    }
    pthread_mutex_unlock(&n->lock);
    n->leaving_bytes = length;
    return length > 0;
}

/* As many as the neighbour takes now. */
static void send_queue(struct net *n)
{
    while (n->leaving_bytes > 0 || take_next(n)) {
        ssize_t sent = send(n->pair, n->leaving, n->leaving_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        atomic_fetch_add(sent < 0 ? &n->dropped_out : &n->out, 1);
        n->leaving_bytes = 0;
    }
}

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

static void read_frames(struct net *n)
{
    for (unsigned i = 0; i < FRAMES_AT_ONCE && post_held(n); i++) {
        ssize_t count = recv(n->pair, n->frame, sizeof n->frame, MSG_DONTWAIT);

        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
            atomic_store(&n->is_gone, true); /* it died: the cable is cut, the machine goes on */
            return;
        }
        if (count < 0) {
            return;
        }
        n->held = (size_t)count;
    }
}

static void serve(struct net *n)
{
    bool posted = post_held(n);
    struct pollfd p[] = {
        {.fd = n->wake_fd, .events = POLLIN},
        {.fd = atomic_load(&n->is_gone) || (!posted && n->leaving_bytes == 0) ? -1 : n->pair,
         .events = (short)((posted ? POLLIN : 0) | (n->leaving_bytes > 0 ? POLLOUT : 0))}};

    if (n->leaving_bytes == 0) {
        atomic_store(&n->sleeps, true);
        send_queue(n); /* what came before that was set */
        p[1].events = (short)(p[1].events | (n->leaving_bytes > 0 ? POLLOUT : 0));
    }
    if (poll(p, ARRAY_LEN(p), posted ? -1 : RETRY_MS) < 0) {
        return;
    }
    atomic_store(&n->sleeps, false);
    if (p[0].revents != 0) {
        uint64_t count;
        ssize_t got = read(n->wake_fd, &count, sizeof(count));
        (void)got;
    }
    if (p[1].revents & (POLLIN | POLLHUP | POLLERR)) {
        read_frames(n);
    }
    send_queue(n);
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
    struct host_thread *thread;

    n->events = *events;
    thread = host_thread_start(net_run, n, e);
    pthread_mutex_lock(&n->lock);
    n->thread = thread;
    pthread_mutex_unlock(&n->lock);
    return thread != NULL ? 0 : -1;
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
    must(pthread_mutex_init(&n->lock, NULL) == 0);
    n->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    must(n->wake_fd >= 0);
    n->queue = base_alloc(QUEUE_MAX, 1);
    n->shared =
        mmap(NULL, sizeof(*n->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(n->shared != MAP_FAILED);
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

static bool is_drained(struct net *n)
{
    bool is;

    pthread_mutex_lock(&n->lock);
    is = n->queued == 0;
    pthread_mutex_unlock(&n->lock);
    return is;
}

/* The last frames of a guest that powers off are heard, if somebody listens. */
static void drain(struct net *n)
{
    uint64_t until = wallclock_now_ns() + (uint64_t)DRAIN_MS * 1000000;

    send_queue(n);
    while ((!is_drained(n) || n->leaving_bytes > 0) && !atomic_load(&n->is_gone) &&
           wallclock_now_ns() < until) {
        struct pollfd p = {.fd = n->pair, .events = POLLOUT};

        (void)poll(&p, 1, 50);
        send_queue(n);
    }
}

void net_close(struct net *n)
{
    if (n == NULL) {
        return;
    }
    if (n->thread != NULL) {
        atomic_store(&n->stopping, true);
        wake(n);
        (void)host_thread_join(n->thread);
        drain(n);
    }
    if (n->pair >= 0) {
        close(n->pair);
    }
    while (n->neighbour > 0 && waitpid(n->neighbour, NULL, 0) < 0 && errno == EINTR) {
    }
    close(n->wake_fd);
    pthread_mutex_destroy(&n->lock);
    munmap(n->shared, sizeof(*n->shared));
    free(n->queue);
    free(n);
}
