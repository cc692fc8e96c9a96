/* SPDX-License-Identifier: GPL-2.0-or-later
 * listen: a socket that takes one client at a time, for GDB. Everything happens on the caller's
 * thread; there is no buffer.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "world/world.h"

bool tcp_port_is_valid(const char *port)
{
    size_t digits = strspn(port, "0123456789");

    /* The resolver would take it modulo 2^16. */
    return port[0] != '\0' && (port[digits] != '\0' || (digits <= 5 && atoi(port) <= 65535));
}

static int bind_unix(struct listener *l, const char *path, struct error *e)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    if (path[0] == '\0') { /* a name would be made up, and nobody told */
        return error_set(e, "unix: wants the path of a socket");
    }
    if (strlen(path) >= sizeof(a.sun_path)) {
        return error_set(e, "%s: too long for a socket (%zu bytes at most)", path,
                         sizeof(a.sun_path) - 1);
    }
    memcpy(a.sun_path, path, strlen(path) + 1);
    l->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->listen_fd < 0 || bind(l->listen_fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
        return error_set(e, "%s: %s", path, strerror(errno));
    }
    memcpy(l->path, path, strlen(path) + 1);
    return 0;
}

static int bind_tcp(struct listener *l, const char *host, const char *port, struct error *e)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *list = NULL;
    int on = 1, status = getaddrinfo(host[0] ? host : "127.0.0.1", port, &hints, &list);

    if (status != 0) {
        return error_set(e, "%s:%s: %s", host, port, gai_strerror(status));
    }
    l->listen_fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->listen_fd >= 0) {
        (void)setsockopt(l->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    if (l->listen_fd < 0 || bind(l->listen_fd, list->ai_addr, list->ai_addrlen) < 0) {
        error_set(e, "%s:%s: %s", host, port, strerror(errno));
        freeaddrinfo(list);
        return -1;
    }
    freeaddrinfo(list);
    return 0;
}

int listener_bind(struct listener *l, const char *address, struct error *e)
{
    char text[256], *port;

    *l = (struct listener){.listen_fd = -1, .client_fd = -1};
    if (strncmp(address, "unix:", 5) == 0) {
        return bind_unix(l, address + 5, e);
    }
    if (strncmp(address, "tcp:", 4) == 0) {
        address += 4;
    }
    if (strlen(address) >= sizeof(text)) {
        return error_set(e, "'%s' is not an address to listen at", address);
    }
    memcpy(text, address, strlen(address) + 1);
    text[strcspn(text, ",")] = '\0'; /* ,server,nowait: as it is anyway */
    port = strrchr(text, ':');
    if (!port || !port[1]) {
        return error_set(e, "'%s' is not an address to listen at: [HOST]:PORT or unix:PATH",
                         address);
    }
    *port = '\0';
    if (!tcp_port_is_valid(port + 1)) {
        return error_set(e, "'%s' is no port to listen at: a name, or a number up to 65535",
                         port + 1);
    }
    return bind_tcp(l, text, port + 1, e);
}

/* A few may wait: one of them is served, the others are told to come again. */
int listener_start(struct listener *l, struct error *e)
{
    return listen(l->listen_fd, 4) == 0 ? 0 : error_set(e, "cannot listen: %s", strerror(errno));
}

int listener_open(struct listener *l, const char *address, struct error *e)
{
    return listener_bind(l, address, e) < 0 ? -1 : listener_start(l, e);
}

/* The descriptor stays open until the next one comes: closing it while the client still sends would
 * take back what it has not read yet. */
void listener_refuse_others(struct listener *l, const void *bytes, size_t count)
{
    struct pollfd p = {.fd = l->listen_fd, .events = POLLIN};
    int fd;

    while (l->client_fd >= 0 && poll(&p, 1, 0) > 0) {
        fd = accept4(l->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            return;
        }
        (void)send(fd, bytes, count, MSG_NOSIGNAL);
        (void)shutdown(fd, SHUT_WR);
        if (l->refused_fd > 0) {
            close(l->refused_fd);
        }
        l->refused_fd = fd;
    }
}

void listener_drop(struct listener *l)
{
    if (l->client_fd >= 0) {
        close(l->client_fd);
        l->client_fd = -1;
    }
}

void listener_close(struct listener *l)
{
    listener_drop(l);
    if (l->refused_fd > 0) {
        close(l->refused_fd);
        l->refused_fd = 0;
    }
    if (l->listen_fd >= 0) {
        close(l->listen_fd);
        l->listen_fd = -1;
    }
    if (l->path[0]) {
        unlink(l->path);
        l->path[0] = '\0';
    }
}

bool listener_wait(struct listener *l, int timeout_ms)
{
    struct pollfd p = {.fd = l->listen_fd, .events = POLLIN};
    int on = 1;

    if (l->client_fd >= 0) {
        return true;
    }
    if (poll(&p, 1, timeout_ms) <= 0) {
        return false;
    }
    l->client_fd = accept4(l->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (l->client_fd >= 0) {
        (void)setsockopt(l->client_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    return l->client_fd >= 0;
}

int listener_read(struct listener *l, void *bytes, size_t room, int timeout_ms)
{
    struct pollfd p = {.fd = l->client_fd, .events = POLLIN};
    ssize_t n;

    if (l->client_fd < 0) {
        return -1;
    }
    if (poll(&p, 1, timeout_ms) <= 0) {
        return 0;
    }
    n = read(l->client_fd, bytes, room < 65536 ? room : 65536);
    return n > 0 ? (int)n : n < 0 && errno == EINTR ? 0 : -1;
}

int listener_write(struct listener *l, const void *bytes, size_t count)
{
    const uint8_t *b = bytes;

    while (count > 0) {
        ssize_t n = send(l->client_fd, b, count, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return -1;
        }
        b += n;
        count -= (size_t)n;
    }
    return 0;
}
