/* SPDX-License-Identifier: GPL-2.0-or-later
 * serial_open: makes a serial port's outside from its specification: opens, connects, listens.
 * A server takes one client at a time, and the next one when that is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "world/internal.h"

static void set_connected(struct serial *s, int fd)
{
    int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* fails on unix: fine */
    pthread_mutex_lock(&s->lock);
    s->in_fd = s->out_fd = fd;
    s->connected = true;
    s->client++;
    pthread_mutex_unlock(&s->lock);
}

void serial_accept(struct serial *s)
{
    int fd;

    do {
        fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    if (fd >= 0) {
        set_connected(s, fd);
    }
}

static int unix_address(struct sockaddr_un *a, const char *path, struct error *e)
{
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(a->sun_path)) {
        return error_set(e, "%s: too long for a socket (%zu bytes at most)", path,
                         sizeof(a->sun_path) - 1);
    }
    memcpy(a->sun_path, path, strlen(path) + 1);
    return 0;
}

static int open_unix(struct serial *s, const struct serial_spec *spec, struct error *e)
{
    struct sockaddr_un address;
    int fd;

    if (unix_address(&address, spec->path, e) != 0) {
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return error_set(e, "%s: no socket: %s", spec->path, strerror(errno));
    }
    if (!spec->is_server) {
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
            (void)error_set(e, "%s: cannot connect: %s", spec->path, strerror(errno));
            close(fd);
            return -1;
        }
        set_connected(s, fd);
        return 0;
    }
    (void)unlink(spec->path); /* what an earlier run left behind */
    s->listen_fd = fd;        /* closed by serial_shut() from here on */
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1) != 0) {
        return error_set(e, "%s: cannot listen: %s", spec->path, strerror(errno));
    }
    s->unlink_path = base_strdup(spec->path);
    return 0;
}

/* One address of several: 0 if it serves. */
static int try_tcp(struct serial *s, const struct addrinfo *a, bool is_server)
{
    int on = 1;
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);

    if (fd < 0) {
        return -1;
    }
    if (is_server) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, 1) == 0) {
            s->listen_fd = fd;
            return 0;
        }
    } else if (connect(fd, a->ai_addr, a->ai_addrlen) == 0) {
        set_connected(s, fd);
        return 0;
    }
    on = errno;
    close(fd);
    errno = on;
    return -1;
}

static int open_tcp(struct serial *s, const struct serial_spec *spec, struct error *e)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = spec->is_server ? AI_PASSIVE : 0};
    const char *host = spec->path[0] != '\0' ? spec->path : NULL;
    struct addrinfo *list;
    int failed = getaddrinfo(host, spec->port, &hints, &list);

    if (failed != 0) {
        return error_set(e, "tcp:%s:%s: %s", spec->path, spec->port, gai_strerror(failed));
    }
    failed = -1;
    for (const struct addrinfo *a = list; a != NULL && failed != 0; a = a->ai_next) {
        failed = try_tcp(s, a, spec->is_server);
    }
    if (failed != 0) {
        (void)error_set(e, "tcp:%s:%s: cannot %s: %s", spec->path, spec->port,
                        spec->is_server ? "listen" : "connect", strerror(errno));
    }
    freeaddrinfo(list);
    return failed;
}

static int open_file(struct serial *s, const struct serial_spec *spec, struct error *e)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (spec->appends ? O_APPEND : O_TRUNC);

    s->out_fd = open(spec->path, flags, 0666);
    if (s->out_fd < 0) {
        return error_set(e, "%s: cannot be written: %s", spec->path, strerror(errno));
    }
    s->owns_fds = true;
    s->client = 1;
    return 0;
}

/* ---- named pipes ------------------------------------------------------------------------------ */

/* Both ways, so that it opens while nobody is at the other end, and never ends. */
static int open_pipe_end(const char *path, const char *ending)
{
    char name[sizeof(((struct serial_spec *)0)->path) + 8];

    (void)snprintf(name, sizeof name, "%s%s", path, ending);
    return open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static int open_pipe(struct serial *s, const struct serial_spec *spec, struct error *e)
{
    s->owns_fds = s->is_queued = s->connected = true;
    s->client = 1;
    s->queue = base_alloc(SERIAL_QUEUE_MAX, 1);
    s->in_fd = open_pipe_end(spec->path, ".in");
    s->out_fd = open_pipe_end(spec->path, ".out");
    if (s->in_fd >= 0 && s->out_fd >= 0) {
        return 0;
    }
    if (s->in_fd >= 0 || s->out_fd >= 0) {
        return error_set(e, "%s.%s: cannot be opened: %s", spec->path, s->in_fd < 0 ? "in" : "out",
                         strerror(errno));
    }
    s->in_fd = s->out_fd = open_pipe_end(spec->path, "");
    return s->in_fd >= 0 ? 0
                         : error_set(e, "%s: cannot be opened, nor %s.in and %s.out: %s",
                                     spec->path, spec->path, spec->path, strerror(errno));
}

/* ---- pseudo-terminals ------------------------------------------------------------------------- */

/* Raw from the beginning; and its other end was open once, so that one sees when it is not. */
static int settle_terminal(const char *name)
{
    int fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios t;

    if (fd < 0) {
        return -1;
    }
    if (tcgetattr(fd, &t) == 0) {
        cfmakeraw(&t);
        (void)tcsetattr(fd, TCSANOW, &t);
    }
    close(fd);
    return 0;
}

static int open_pty(struct serial *s, struct error *e)
{
    char name[64];

    s->owns_fds = s->is_queued = s->is_pty = true;
    s->queue = base_alloc(SERIAL_QUEUE_MAX, 1);
    s->in_fd = s->out_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (s->in_fd < 0 || grantpt(s->in_fd) != 0 || unlockpt(s->in_fd) != 0 ||
        ptsname_r(s->in_fd, name, sizeof name) != 0 || settle_terminal(name) != 0 ||
        fcntl(s->in_fd, F_SETFL, O_RDWR | O_NONBLOCK) != 0) {
        return error_set(e, "no pseudo-terminal: %s", strerror(errno));
    }
    s->terminal = base_strdup(name);
    return 0;
}

/* A socket that our parent made: it is at the other end of it; or, of a server, whoever connects will be. */
static int open_fd(struct serial *s, const struct serial_spec *spec, struct error *e)
{
    int fd = atoi(spec->port), type, listens;
    socklen_t size = sizeof type;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) {
        return error_set(e, "fd=%d is no open stream socket", fd);
    }
    if (spec->is_server != (listens != 0)) {
        return error_set(
            e, "fd=%d: with server=on a socket that listens is wanted, else one that is connected",
            fd);
    }
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (spec->is_server) {
        s->listen_fd = fd;
    } else {
        set_connected(s, fd);
    }
    return 0;
}

static int open_socket(struct serial *s, const struct serial_spec *spec, struct error *e)
{
    s->is_socket = s->is_queued = s->owns_fds = true;
    s->queue = base_alloc(SERIAL_QUEUE_MAX, 1);
    if ((spec->kind == SERIAL_FD     ? open_fd(s, spec, e)
         : spec->kind == SERIAL_UNIX ? open_unix(s, spec, e)
                                     : open_tcp(s, spec, e)) != 0) {
        return -1;
    }
    if (spec->is_server && spec->waits) {
        serial_accept(s);
    }
    return 0;
}

static int open_kind(struct serial *s, const struct serial_spec *spec, struct tty *tty,
                     struct error *e)
{
    s->keys = spec->keys;
    switch (spec->kind) {
    case SERIAL_NULL: return 0;
    case SERIAL_FILE: return open_file(s, spec, e);
    case SERIAL_PIPE: return open_pipe(s, spec, e);
    case SERIAL_PTY: return open_pty(s, e);
    case SERIAL_UNIX:
    case SERIAL_FD:
    case SERIAL_TCP: return open_socket(s, spec, e);
    case SERIAL_STDIO:
        s->in_fd = STDIN_FILENO;
        s->out_fd = STDOUT_FILENO;
        s->tty = tty;
        s->client = 1;
        if (tty != NULL) {
            tty_make_raw(tty, STDIN_FILENO, !spec->keys);
        }
        return 0;
    }
    return error_set(e, "an unknown kind of serial port");
}

struct serial *serial_open(const struct serial_spec *spec, struct tty *tty, struct error *e)
{
    struct serial *s = base_alloc(1, sizeof(*s));

    s->listen_fd = s->in_fd = s->out_fd = -1;
    must(pthread_mutex_init(&s->lock, NULL) == 0);
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    must(s->wake_fd >= 0);
    signal(SIGPIPE, SIG_IGN); /* a reader that is gone is an error of write(), not our end */
    if (open_kind(s, spec, tty, e) != 0) {
        serial_shut(s);
        return NULL;
    }
    return s;
}

const char *serial_terminal(const struct serial *s)
{
    return s->terminal;
}

const char *serial_socket(const struct serial *s)
{
    return s->unlink_path;
}

void serial_shut(struct serial *s)
{
    if (s->owns_fds && s->in_fd >= 0 && s->in_fd != s->out_fd) {
        close(s->in_fd);
    }
    if (s->owns_fds && s->out_fd >= 0) {
        close(s->out_fd);
    }
    if (s->listen_fd >= 0) {
        close(s->listen_fd);
    }
    if (s->unlink_path != NULL) {
        (void)unlink(s->unlink_path);
    }
    close(s->wake_fd);
    pthread_mutex_destroy(&s->lock);
    free(s->unlink_path);
    free(s->terminal);
    free(s->queue);
    free(s);
}
