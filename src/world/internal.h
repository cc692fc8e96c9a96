/* SPDX-License-Identifier: GPL-2.0-or-later
 * internal: what serial.c and serial_open.c share; private to world/.
 */
#ifndef WORLD_INTERNAL_H
#define WORLD_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "host/host.h"
#include "world/world.h"

#define SERIAL_QUEUE_MAX ((size_t)1048576) /* bytes a socket may be behind */

struct serial {
    bool is_queued; /* what is written is kept for who reads slowly, and dropped beyond a bound */
    bool is_socket, is_pty, keys, owns_fds;
    char *unlink_path; /* of a listening unix socket */
    char *terminal;    /* of a pseudo-terminal */
    struct tty *tty;
    int listen_fd;
    int in_fd,
        out_fd; /* -1: none. Sockets and pseudo-terminals: the same; changed by the port's thread,
                          out_fd and `connected` under the lock */
    int wake_fd;
    struct host_thread *thread;
    atomic_bool stopping;
    _Atomic uint64_t dropped;
    atomic_int problem; /* errno of the first write that failed */
    struct serial_events events;
    struct tty_keys key_state;

    /* the machine's thread */
    uint8_t buffer[4096];
    size_t buffered;
    bool unflushed, told; /* that it waits */

    /* what is queued: under the lock */
    pthread_mutex_t lock;
    bool connected;
    uint64_t client; /* how often somebody connected */
    uint8_t *queue;  /* SERIAL_QUEUE_MAX, a ring */
    size_t queue_at, queued;

    /* the port's thread: read, not yet taken */
    uint8_t hold[65536];
    size_t hold_at, held;
};

void serial_accept(struct serial *s); /* whoever has knocked; closes other callers' hopes */
void serial_shut(struct serial *s);   /* closes and frees; no thread runs any more */

#endif
