/* SPDX-License-Identifier: GPL-2.0-or-later
 * serial: what is behind a guest's serial port. Output comes from the machine's thread; input is
 * read by a thread of the port's own, which also serves a socket, a pseudo-terminal, a named pipe. Files and what
 * stdout is may make the machine wait in host time, and say so; all others never do. Opening and connecting is
 * serial_open.c.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world/internal.h"

enum { READ_BYTES = 4096, RETRY_MS = 5, DRAIN_MS = 2000, PATIENCE_MS = 1000, LOOK_MS = 100 };

/* ---- output ---------------------------------------------------------------------------------- */

/* Until there is room for as much as a pipe takes whole. */
static void wait_for_reader(struct serial *s)
{
    struct pollfd p = {.fd = s->out_fd, .events = POLLOUT};

    if (!s->told && poll(&p, 1, PATIENCE_MS) == 0) {
        s->told = true;
        if (s->events.waits != NULL) {
            s->events.waits(s->events.opaque);
        }
    }
    (void)poll(&p, 1, -1);
}

/* Blocking descriptors, or not (a shared terminal). */
static void write_all(struct serial *s, const uint8_t *bytes, size_t count)
{
    size_t done = 0;

    do {
        size_t n = count - done < PIPE_BUF ? count - done : PIPE_BUF;
        size_t written;

        wait_for_reader(s);
        errno = 0;
        written = host_write_all(s->out_fd, bytes + done, n);
        done += written;
        if (written < n && errno != EAGAIN) {
            break;
        }
    } while (done < count);
    if (done < count) { /* nobody reads any more, or the disk is full: the guest goes on */
        int none = 0;

        (void)atomic_compare_exchange_strong(&s->problem, &none, errno);
        atomic_fetch_add(&s->dropped, count - done);
    }
}

static void wake(struct serial *s)
{
    uint64_t one = 1;
    ssize_t n = write(s->wake_fd, &one, sizeof(one));

    (void)n; /* full: awake already */
}

/* `client` 0: whoever is there. */
static void queue_add(struct serial *s, uint64_t client, const uint8_t *bytes, size_t count)
{
    size_t taken;

    pthread_mutex_lock(&s->lock);
    taken = s->connected && (client == 0 || client == s->client) ? SERIAL_QUEUE_MAX - s->queued : 0;
    taken = taken < count ? taken : count;
    for (size_t left = taken; left > 0;) {
        size_t at = (s->queue_at + s->queued) % SERIAL_QUEUE_MAX;
        size_t n = SERIAL_QUEUE_MAX - at < left ? SERIAL_QUEUE_MAX - at : left;
        memcpy(s->queue + at, bytes, n);
        bytes += n;
        left -= n;
        s->queued += n;
    }
    pthread_mutex_unlock(&s->lock);
    atomic_fetch_add(&s->dropped, count - taken);
    s->unflushed = true;
}

void serial_output_to(struct serial *s, uint64_t client, const uint8_t *bytes, size_t count)
{
    if (s == NULL) {
        return; /* closed: the machine may end with words that nobody hears */
    }
    if (s->is_queued) {
        queue_add(s, client, bytes, count);
    } else if (s->out_fd >= 0) {
        if (count > sizeof(s->buffer) - s->buffered) {
            serial_flush(s);
        }
        if (count > sizeof(s->buffer)) {
            write_all(s, bytes, count);
            return;
        }
        memcpy(s->buffer + s->buffered, bytes, count);
        s->buffered += count;
    }
}

void serial_output(struct serial *s, const uint8_t *bytes, size_t count)
{
    serial_output_to(s, 0, bytes, count);
}

size_t serial_room(struct serial *s)
{
    size_t room = SIZE_MAX;

    if (s->is_queued) {
        pthread_mutex_lock(&s->lock);
        room = SERIAL_QUEUE_MAX - s->queued;
        pthread_mutex_unlock(&s->lock);
    }
    return room;
}

void serial_flush(struct serial *s)
{
    if (s == NULL) {
        return;
    }
    if (s->is_queued && s->unflushed) {
        s->unflushed = false;
        wake(s);
    } else if (s->buffered > 0) {
        size_t n = s->buffered;
        s->buffered = 0;
        write_all(s, s->buffer, n);
    }
}

uint64_t serial_dropped(const struct serial *s)
{
    return atomic_load(&s->dropped);
}

int serial_problem(const struct serial *s)
{
    return atomic_load(&s->problem);
}

/* ---- input ----------------------------------------------------------------------------------- */

/* Posts what is held. False: some was not taken, and is kept. */
static bool post_held(struct serial *s)
{
    size_t taken = 0;

    if (s->held > 0) {
        taken = s->events.post(s->events.opaque, s->hold + s->hold_at, s->held);
        s->hold_at += taken;
        s->held -= taken;
    }
    return s->held == 0;
}

static void hold(struct serial *s, const uint8_t *bytes, size_t count)
{
    must(s->held + count <= sizeof(s->hold));
    memmove(s->hold, s->hold + s->hold_at, s->held);
    s->hold_at = 0;
    memcpy(s->hold + s->held, bytes, count);
    s->held += count;
}

/* Commands are obeyed even while the guest takes nothing. */
static void take_input(struct serial *s, const uint8_t *bytes, size_t count)
{
    if (!s->keys) {
        hold(s, bytes, count);
        return;
    }
    while (count > 0) {
        uint8_t out[READ_BYTES];
        enum tty_command command;
        size_t n;
        size_t used = tty_keys_take(&s->key_state, bytes, count, out, &n, &command);

        hold(s, out, n);
        if (command != TTY_NONE && s->events.command != NULL) {
            (void)post_held(s); /* what was typed before it may be for somebody else */
            s->events.command(s->events.opaque, command);
        }
        bytes += used;
        count -= used;
    }
}

static void tell_client(struct serial *s, uint64_t number)
{
    if (s->events.client != NULL) {
        s->events.client(s->events.opaque, number);
    }
}

/* Nobody is there any more. A socket is closed; a pseudo-terminal and a named pipe stay. */
static void disconnect(struct serial *s)
{
    int fd = s->in_fd;

    pthread_mutex_lock(&s->lock);
    s->connected = false;
    atomic_fetch_add(&s->dropped, s->queued);
    s->queued = 0;
    if (s->is_socket) {
        s->in_fd = s->out_fd = -1;
    }
    pthread_mutex_unlock(&s->lock);
    if (s->is_socket) {
        close(fd);
    }
    tell_client(s, 0);
}

static void read_input(struct serial *s)
{
    uint8_t bytes[READ_BYTES];
    ssize_t n = read(s->in_fd, bytes, sizeof(bytes));

    if (n > 0) {
        take_input(s, bytes, (size_t)n);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        if (s->is_queued) {
            disconnect(s);
        } else {
            s->in_fd = -1; /* the end of stdin is not the end of the machine */
        }
    }
}

/* ---- what is queued -------------------------------------------------------------------------- */

static void send_queue(struct serial *s)
{
    bool broken = false;

    pthread_mutex_lock(&s->lock);
    while (s->queued > 0) {
        size_t n = SERIAL_QUEUE_MAX - s->queue_at;
        n = n < s->queued ? n : s->queued;
        ssize_t sent = s->is_socket
                           ? send(s->out_fd, s->queue + s->queue_at, n, MSG_DONTWAIT | MSG_NOSIGNAL)
                           : write(s->out_fd, s->queue + s->queue_at, n);
        if (sent <= 0) {
            broken = sent < 0 && errno != EAGAIN && errno != EINTR;
            break;
        }
        s->queue_at = (s->queue_at + (size_t)sent) % SERIAL_QUEUE_MAX;
        s->queued -= (size_t)sent;
    }
    pthread_mutex_unlock(&s->lock);
    if (broken) {
        disconnect(s);
    }
}

static bool has_queue(struct serial *s)
{
    bool some;

    pthread_mutex_lock(&s->lock);
    some = s->queued > 0 && s->connected;
    pthread_mutex_unlock(&s->lock);
    return some;
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* Whether somebody has the other end of a pseudo-terminal open is to be looked at: nothing tells. */
static void look_at_terminal(struct serial *s)
{
    struct pollfd p = {.fd = s->in_fd, .events = POLLIN};
    bool is_open = poll(&p, 1, 0) >= 0 && (p.revents & POLLHUP) == 0;

    if (s->connected && !is_open) {
        disconnect(s);
    }
    if (is_open && !s->connected) {
        pthread_mutex_lock(&s->lock);
        s->connected = true;
        s->client++;
        pthread_mutex_unlock(&s->lock);
        tell_client(s, s->client);
    }
}

enum { POLL_WAKE, POLL_IN, POLL_OUT, POLL_LISTEN, POLL_COUNT };

static void serve(struct serial *s)
{
    bool room = post_held(s) || s->held <= sizeof(s->hold) - READ_BYTES;
    bool is_away = s->is_pty && !s->connected;
    struct pollfd p[POLL_COUNT] = {
        [POLL_WAKE] = {.fd = s->wake_fd, .events = POLLIN},
        /* Only a terminal is read while the guest takes nothing: Ctrl-A x has to work. */
        [POLL_IN] = {.fd = !is_away && (s->held == 0 || (s->keys && room)) ? s->in_fd : -1,
                     .events = POLLIN},
        [POLL_OUT] = {.fd = has_queue(s) ? s->out_fd : -1, .events = POLLOUT},
        [POLL_LISTEN] = {.fd = s->in_fd < 0 ? s->listen_fd : -1, .events = POLLIN},
    };

    if (poll(p, POLL_COUNT, s->held > 0 ? RETRY_MS : is_away ? LOOK_MS : -1) < 0) {
        return;
    }
    if (s->is_pty) {
        look_at_terminal(s);
    }
    if (p[POLL_WAKE].revents != 0) {
        uint64_t count;
        ssize_t n = read(s->wake_fd, &count, sizeof(count));
        (void)n;
    }
    if (p[POLL_OUT].revents != 0 && s->out_fd >= 0) {
        send_queue(s);
    }
    if (p[POLL_IN].revents != 0 && s->in_fd >= 0) {
        read_input(s);
    }
    if (p[POLL_LISTEN].revents != 0 && s->in_fd < 0) {
        serial_accept(s);
        tell_client(s, s->client);
    }
}

static void *serial_run(void *argument)
{
    struct serial *s = argument;

    while (!atomic_load(&s->stopping)) {
        serve(s);
    }
    return NULL;
}

int serial_start(struct serial *s, const struct serial_events *events, struct error *e)
{
    s->events = *events;
    if (s->client != 0) {
        tell_client(s, s->client);
    }
    if (s->in_fd < 0 && s->listen_fd < 0) {
        return 0; /* output only */
    }
    s->thread = host_thread_start(serial_run, s, e);
    return s->thread != NULL ? 0 : -1;
}

/* ---- closing --------------------------------------------------------------------------------- */

static void drain(struct serial *s)
{
    struct pollfd p = {.fd = s->out_fd, .events = POLLOUT};
    uint64_t until = wallclock_now_ns() + (uint64_t)DRAIN_MS * 1000000;

    while (has_queue(s) && wallclock_now_ns() < until) {
        if (poll(&p, 1, 50) > 0) {
            send_queue(s);
        }
    }
}

void serial_close(struct serial *s)
{
    if (s == NULL) {
        return;
    }
    serial_flush(s);
    if (s->thread != NULL) {
        atomic_store(&s->stopping, true);
        wake(s);
        (void)host_thread_join(s->thread);
    }
    if (s->is_queued) {
        drain(s);
    }
    if (s->tty != NULL) {
        tty_restore(s->tty);
    }
    serial_shut(s);
}
