/* SPDX-License-Identifier: GPL-2.0-or-later
 * serve: GDB's server, wired to a socket and to a traveller; for `debug` and for `-gdb`.
 */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

#include "gdb/gdb.h"
#include "journal/journal.h"
#include "world/world.h"

struct server {
    struct listener listener;
    struct travel *travel;
    struct journal *journal;    /* live only; NULL for a recording */
    bool (*quit)(void *opaque); /* a signal came, the gdb that was started is gone ... */
    void *opaque;
};

/* Talks to the client that listener_wait() found, until it is done; drops it. */
enum gdb_end serve_client(struct server *s);

/* A live machine with -gdb: runs it to its end, and serves whoever connects in between; with
 * `paused` it waits for the first client. */
void serve_live(struct server *s, bool paused);

#endif
