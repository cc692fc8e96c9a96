/* SPDX-License-Identifier: GPL-2.0-or-later
 * daemon: -daemonize and -pidfile: a process that goes to the background once its machine is ready.
 */
#ifndef CLI_DAEMON_H
#define CLI_DAEMON_H

#include "base/base.h"

struct daemon {
    int ready_fd; /* whoever started us waits for a byte of it; 0: nobody does */
    int null_fd;
};

/* Goes on in another process, in a session of its own; the first one waits for its word, and ends as it says: never
 * comes back. While there is only one thread. -1 and a sentence. */
int daemon_begin(struct daemon *d, struct error *e);
/* The machine is ready: the first process ends well, and what is printed from now on is lost. Does nothing
 * if there is none. */
void daemon_ready(struct daemon *d);

/* Writes our number to a file, and keeps it locked as long as we are there: a second one that names it
 * is refused. -1 and a sentence. */
int pidfile_write(const char *path, struct error *e);

#endif
