/* SPDX-License-Identifier: GPL-2.0-or-later
 * serve: GDB's server, wired to a socket and to a traveller; for `debug` and for `-gdb`.
 */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

#include "cli/branch.h"
#include "cli/console.h"
#include "gdb/gdb.h"
#include "journal/journal.h"
#include "world/world.h"

struct monitors;
/* Others who attend to the same machine; all zero: nobody does. */
struct attended {
    void *opaque;
    struct monitors *monitors;
    void (*at_prompt)(void *opaque); /* the machine is at rest: it may be moved */
    bool (*wanted)(void *opaque);    /* as struct gdb_options has them */
    void (*moves)(void *opaque, bool goes);
    tick (*until)(void *opaque);
};

struct server {
    struct listener listener;
    struct travel *travel;
    struct branches *branches; /* of the traveller */
    bool shares_terminal;      /* gdb's user reads our stderr */
    bool shows_console;        /* through the client: server_sink() */
    bool safe_console;         /* and what a terminal would obey is spelled out */
    struct safe_text safe;
    struct gdb_session *session;       /* its own: of the client there is */
    bool (*interrupted)(void *opaque); /* as in gdb_options; NULL: never */
    bool (*quit)(void *opaque);        /* a signal came, the gdb that was started is gone ... */
    void *opaque;
    struct attended attended;
};

/* What the guest prints goes to the client there is. */
struct sink server_sink(struct server *s);

/* Talks to the client that listener_wait() found, until it is done; drops it. */
enum gdb_end serve_client(struct server *s);

#endif
