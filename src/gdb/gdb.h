/* SPDX-License-Identifier: GPL-2.0-or-later
 * gdb: GDB's remote serial protocol (GDB manual, appendix "Remote Protocol"), over a traveller: it
 * talks, and asks travel/ for everything that moves. No socket in here: bytes come and go through
 * a stream that cli/ wires up. docs/gdb.md lists the packets and what is left out.
 */
#ifndef GDB_GDB_H
#define GDB_GDB_H

#include "base/base.h"
#include "travel/travel.h"

/* Where the client is. Functions are called on the thread that serves, never at once. */
struct gdb_stream {
    void *opaque;
    /* Waits for bytes, at most `timeout_ms` (0: look only; -1: for ever). Returns how many were put
     * into `bytes`, 0 when the time is over (or a signal came), -1 when the client is gone. */
    int (*read)(void *opaque, void *bytes, size_t room, int timeout_ms);
    /* All of it; -1 when the client is gone. */
    int (*write)(void *opaque, const void *bytes, size_t count);
};

struct gdb_options {
    void *opaque; /* of the functions below */
    /* The client wants to change something where no new history is made: makes a branch at the
     * cursor, so that afterwards it is at the live edge of one (travel_change_source). `said` gets
     * what the client should be told, lines or nothing. -1 and a sentence, and nothing happened.
     * NULL: a change is refused there. */
    int (*branch)(void *opaque, struct text *said, struct error *e);
    /* Whether it could be made, as far as that can be known before: -1 and a sentence. NULL: yes. */
    int (*may_branch)(void *opaque, struct error *e);
    /* What the next branch is to be called; "": leave it. `said` gets a line about the next one and
     * the one there is. -1 and a sentence if that name cannot be. Set if branch is. */
    int (*name_branch)(void *opaque, const char *name, struct text *said, struct error *e);
    /* A sentence for whoever runs the server, when there is no client to tell. NULL: nobody. */
    void (*say)(void *opaque, const char *sentence);
    /* Output beside history, of a function that the client calls, goes there first and comes back
     * by gdb_session_output(). `output` NULL: straight there. */
    struct sink aside;
    bool shows_console; /* gdb_session_output() is called with all output of a live machine */
    /* The host's clock in milliseconds, from whenever. With one, long ways are told of while they last,
     * and what waits for an answer is kept alive. NULL: silence. */
    uint64_t (*now_ms)(void *opaque);
    /* True once for each time that the user, who shares our terminal, pressed Ctrl-C: ends the journey
     * under way, as a byte 0x03 does. NULL: never. */
    bool (*interrupted)(void *opaque);
    /* For others who attend to the machine. Asked during journeys: true ends the one under way, as a byte
     * 0x03 does. NULL: never. */
    bool (*wanted)(void *opaque);
    void (*moves)(void *opaque,
                  bool goes);    /* a journey that the client asked for begins, has ended */
    tick (*until)(void *opaque); /* one that leads forwards ends there at the latest */
    /* Asked now and then while waiting for the client and during journeys: true ends the serving
     * (a signal came). NULL: never. */
    bool (*quit)(void *opaque);
};

enum gdb_end {
    GDB_DETACHED,     /* D: the machine may run on */
    GDB_KILLED,       /* k, vKill: it is not wanted any more */
    GDB_DISCONNECTED, /* the stream ended, in the middle of something perhaps */
    GDB_STRANGER,     /* what it said first is not how a debugger begins; say() was told */
    GDB_QUIT          /* quit() said so */
};

/* extension.py, GDB's own part: what follows `python` and a newline. */
extern const char gdb_extension[];

struct gdb_session;

/* The traveller is borrowed until gdb_session_free, and its poll function is taken while serving.
 * Options are copied (NULL: none). */
struct gdb_session *gdb_session_new(struct travel *t, const struct gdb_options *o);
void gdb_session_free(struct gdb_session *s);

/* Output of a live machine, on the thread that serves: shown to the client as it asked for
 * (`monitor console`), as soon as the protocol allows. Flush: nothing more may come for a while. */
void gdb_session_output(struct gdb_session *s, uint16_t port, const uint8_t *bytes, size_t count);
void gdb_session_flush(struct gdb_session *s);

/* Talks to one client until it is done with us. Journeys happen inside, also live ones; afterwards
 * the cursor stays where the client left it, and no probe is left in the machine. May be called
 * again for the next client: breakpoints are dropped in between. */
enum gdb_end gdb_session_serve(struct gdb_session *s, const struct gdb_stream *stream);

#endif
