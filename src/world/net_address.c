/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_address: sockets of what a -netdev names: connected, bound, or inherited.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "world/net_internal.h"

enum deed { DEED_CONNECT, DEED_BIND };

int net_set_nonblocking(int fd, struct error *e)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0
               ? 0
               : error_set(e, "descriptor %d: %s", fd, strerror(errno));
}

static int failed(int fd, const struct net_end *x, enum deed deed, struct error *e)
{
    int why = errno;

    if (fd >= 0) {
        close(fd);
    }
    return error_set(e, "%s%s%s: cannot %s: %s", x->host, x->port[0] != '\0' ? ":" : "", x->port,
                     deed == DEED_BIND ? "listen" : "connect", strerror(why));
}

static int unix_socket(const struct net_end *x, int type, enum deed deed, struct error *e)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd, result;

    if (strlen(x->host) >= sizeof a.sun_path) {
        return error_set(e, "%s: too long for a socket (%zu bytes at most)", x->host,
                         sizeof a.sun_path - 1);
    }
    memcpy(a.sun_path, x->host, strlen(x->host) + 1);
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (deed == DEED_BIND) {
        (void)unlink(x->host); /* what an earlier run left behind */
        result = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&a, sizeof a);
    } else {
        result = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&a, sizeof a);
    }
    return result == 0 ? fd : failed(fd, x, deed, e);
}

static int try_address(const struct addrinfo *a, enum deed deed)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    int on = 1, why;

    if (fd < 0) {
        return -1;
    }
    if (a->ai_socktype == SOCK_STREAM) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (deed == DEED_BIND) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    if ((deed == DEED_BIND ? bind(fd, a->ai_addr, a->ai_addrlen)
                           : connect(fd, a->ai_addr, a->ai_addrlen)) == 0) {
        return fd;
    }
    why = errno;
    close(fd);
    errno = why;
    return -1;
}

static int inet_socket(const struct net_end *x, int type, enum deed deed, struct error *e)
{
    const struct addrinfo hints = {.ai_socktype = type,
                                   .ai_flags = deed == DEED_BIND ? AI_PASSIVE : 0};
    struct addrinfo *list = NULL;
    int status = getaddrinfo(x->host[0] != '\0' ? x->host : NULL, x->port, &hints, &list);
    int fd = -1;

    if (status != 0) {
        return error_set(e, "%s:%s: %s", x->host, x->port, gai_strerror(status));
    }
    for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = try_address(a, deed);
    }
    freeaddrinfo(list);
    return fd >= 0 ? fd : failed(-1, x, deed, e);
}

static int make(const struct net_end *x, int type, enum deed deed, struct error *e)
{
    switch (x->kind) {
    case NET_END_INET: return inet_socket(x, type, deed, e);
    case NET_END_UNIX: return unix_socket(x, type, deed, e);
    case NET_END_FD: {
        int is = 0;
        socklen_t size = sizeof is;

        if (getsockopt(x->fd, SOL_SOCKET, SO_TYPE, &is, &size) != 0) {
            return error_set(e, "descriptor %d is no socket: %s", x->fd, strerror(errno));
        }
        return is == type ? x->fd
                          : error_set(e, "descriptor %d is a socket of another kind", x->fd);
    }
    case NET_END_NONE: break;
    }
    return error_set(e, "no address");
}

int net_connect(const struct net_end *to, int type, struct error *e)
{
    return make(to, type, DEED_CONNECT, e);
}

int net_bind(const struct net_end *at, int type, struct error *e)
{
    return make(at, type, DEED_BIND, e);
}
