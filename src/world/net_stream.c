/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_stream: frames over a stream socket, each after its length in four bytes, the highest first, as
 * QEMU's `socket` and `stream` have them. A server has one peer at a time, and the next one when that is
 * gone. Left out: connecting again.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world/net_internal.h"

enum { LENGTH_BYTES = 4 };
#define LEAVING_MAX ((size_t)262144)

struct stream {
    int listen_fd, fd; /* -1: none */
    size_t poll_listen, poll_fd;
    uint8_t in[LENGTH_BYTES + NET_FRAME_MAX];
    size_t in_bytes;
    uint8_t out[LEAVING_MAX + LENGTH_BYTES + NET_FRAME_MAX];
    size_t out_at, out_bytes;
};

static int stream_open(struct neighbour *n, struct confinement *c, struct error *e)
{
    const struct net_spec *s = n->spec;
    struct stream *x = base_alloc(1, sizeof(*x));

    n->own = x;
    x->listen_fd = x->fd = -1;
    if (!s->is_server) {
        x->fd = net_connect(&s->remote, SOCK_STREAM, e);
        return x->fd < 0 ? -1 : net_set_nonblocking(x->fd, e);
    }
    if (s->remote.kind == NET_END_FD) {
        return error_set(e, "a server has an address, not a descriptor");
    }
    x->listen_fd = net_bind(&s->remote, SOCK_STREAM, e);
    if (x->listen_fd < 0) {
        return -1;
    }
    if (listen(x->listen_fd, 1) != 0) {
        return error_set(e, "%s: cannot listen: %s", s->remote.host, strerror(errno));
    }
    if (s->remote.kind == NET_END_UNIX) { /* its name is removed at the end */
        char *folder = base_folder_of(s->remote.host);

        confine_allow(c, folder, CONFINE_REMOVE);
        free(folder);
    }
    return 0;
}

static void hang_up(struct neighbour *n, struct stream *x)
{
    atomic_fetch_add(&n->shared->hung_up, 1);
    close(x->fd);
    x->fd = -1;
    x->in_bytes = x->out_bytes = x->out_at = 0;
}

static void stream_prepare(struct neighbour *n, bool reads, int *timeout_ms)
{
    struct stream *x = n->own;

    (void)timeout_ms;
    x->poll_listen = neighbour_poll(n, x->fd < 0 ? x->listen_fd : -1, POLLIN);
    x->poll_fd = neighbour_poll(n, reads || x->out_bytes > 0 ? x->fd : -1,
                                (short)((reads ? POLLIN : 0) | (x->out_bytes > 0 ? POLLOUT : 0)));
}

/* Whole frames of what has come; false: it is no stream of frames. */
static bool take_frames(struct neighbour *n, struct stream *x)
{
    size_t at = 0;

    while (x->in_bytes - at >= LENGTH_BYTES) {
        uint64_t length = bytes_get_be(x->in + at, LENGTH_BYTES);

        if (length > NET_FRAME_MAX) {
            return false;
        }
        if (x->in_bytes - at < LENGTH_BYTES + length) {
            break;
        }
        neighbour_take(n, x->in + at + LENGTH_BYTES, (size_t)length);
        at += LENGTH_BYTES + (size_t)length;
    }
    memmove(x->in, x->in + at, x->in_bytes - at);
    x->in_bytes -= at;
    return true;
}

static void stream_read(struct neighbour *n, struct stream *x)
{
    ssize_t count = read(x->fd, x->in + x->in_bytes, sizeof x->in - x->in_bytes);

    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (count > 0) {
        x->in_bytes += (size_t)count;
    }
    if (count <= 0 || !take_frames(n, x)) {
        hang_up(n, x);
    }
}

static void stream_write(struct neighbour *n, struct stream *x)
{
    while (x->out_bytes > 0) {
        ssize_t sent = send(x->fd, x->out + x->out_at, x->out_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (sent <= 0) {
            hang_up(n, x);
            return;
        }
        x->out_at += (size_t)sent;
        x->out_bytes -= (size_t)sent;
    }
    x->out_at = 0;
}

static void stream_serve(struct neighbour *n)
{
    struct stream *x = n->own;
    short on_fd = n->polls.data[x->poll_fd].revents;

    if (x->fd >= 0 && (on_fd & (POLLIN | POLLHUP | POLLERR)) != 0) {
        stream_read(n, x);
    }
    if (x->fd >= 0) {
        stream_write(n, x);
    }
    if (x->fd < 0 && n->polls.data[x->poll_listen].revents != 0) {
        x->fd = accept4(x->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    }
}

static bool stream_has_room(struct neighbour *n)
{
    const struct stream *x = n->own;

    return x->fd < 0 || x->out_bytes < LEAVING_MAX;
}

static void stream_send(struct neighbour *n, const uint8_t *frame, size_t count)
{
    struct stream *x = n->own;

    if (x->fd < 0 || x->out_bytes >= LEAVING_MAX) {
        atomic_fetch_add(&n->shared->dropped_out, 1);
        return;
    }
    memmove(x->out, x->out + x->out_at, x->out_bytes);
    x->out_at = 0;
    bytes_set_be(x->out + x->out_bytes, LENGTH_BYTES, count);
    memcpy(x->out + x->out_bytes + LENGTH_BYTES, frame, count);
    x->out_bytes += LENGTH_BYTES + count;
    stream_write(n, x);
}

static void stream_close(struct neighbour *n)
{
    struct stream *x = n->own;

    if (x->fd >= 0) {
        stream_write(n, x);
    }
    if (n->spec->is_server && n->spec->remote.kind == NET_END_UNIX) {
        (void)unlink(n->spec->remote.host);
    }
}

const struct net_outside net_outside_stream = {
    .open = stream_open,
    .prepare = stream_prepare,
    .serve = stream_serve,
    .send = stream_send,
    .has_room = stream_has_room,
    .close = stream_close,
};
