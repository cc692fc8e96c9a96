/* SPDX-License-Identifier: GPL-2.0-or-later
 * control: monitors of a running, recorded or replayed machine, over a traveller: QMP for programs, after
 * the reference emulator's protocol, and a line for people, with the same commands out of one table. No
 * socket, no thread and no clock in here: bytes come and go through whoever wires it up (cli/), on the
 * thread that drives the machine. docs/monitor.md lists the commands and what is left out.
 *
 * What a monitor reads never disturbs the machine; what it changes enters through a port, as all else does.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include "base/base.h"
#include "machine/config.h"
#include "travel/travel.h"

struct control;         /* all monitors of one machine */
struct control_monitor; /* one of them */

/* A character device, for query-chardev. */
struct control_chardev {
    const char *label, *filename; /* "serial0", "unix:/tmp/s,server=on" */
    bool is_open;                 /* somebody is at its other end */
};

struct control_options {
    struct travel *travel;               /* borrowed */
    const struct machine_config *config; /* of its machine; borrowed */
    const char *program;                 /* "reprise 0.1.0" */
    const char *mode;                    /* what query-replay says: "none", "record", "play" */
    const char *file;                    /* the recording's name; NULL: there is none */
    const char *name;                    /* of the machine; NULL: it has none */
    const char *uuid;                    /* the same */
    bool starts_paused;
    bool keeps_past; /* one can go back in time */
    bool saves;      /* memsave may make files */
    /* All of these are called on the machine's thread. */
    void *opaque;
    uint64_t (*epoch_us)(void *opaque); /* the host's, since 1970: for events; NULL: 0 */
    /* The machine's history is to end, and with it the program. */
    void (*quit)(void *opaque);
    /* Makes a branch at the cursor, as struct gdb_options has it. NULL: there are none. */
    int (*branch)(void *opaque, struct text *said, struct error *e);
    /* Calls add() for each character device; NULL: there are none. */
    void (*chardevs)(void *opaque, void *to,
                     void (*add)(void *to, const struct control_chardev *c));
    /* Another client holds the machine (a debugger): why nobody else may move it; NULL: none does. */
    const char *(*holder)(void *opaque);
};

/* Strings are borrowed as long as it lives. */
struct control *control_new(const struct control_options *o);
void control_free(struct control *c); /* with its monitors; NULL is fine */

/* ---- monitors ---- */

struct control_front {
    void *opaque;
    /* To the client that control_connect() told of last. Nothing waits for a client that does not read:
     * who wires it up stops giving input when there is no room for answers. */
    void (*write)(void *opaque, const void *bytes, size_t count);
    bool is_qmp;
    bool is_pretty; /* QMP in lines, for people */
};
/* One answer is no longer, whatever is asked for. */
#define CONTROL_ANSWER_MAX (UINT64_C(512) * KIB)

struct control_monitor *control_add(struct control *c, const struct control_front *f);
/* A client is there: it is greeted, and nothing is left of the one before. */
void control_connect(struct control_monitor *m);
void control_disconnect(struct control_monitor *m);
/* What the client said. Returns how many bytes were taken: fewer than all when a command waits for the
 * machine to be at rest (control_is_held()), and then it is called again, even without any. `at_rest`: the
 * machine is between two journeys, so it may be moved. */
size_t control_input(struct control_monitor *m, const void *bytes, size_t count, bool at_rest);
bool control_is_held(const struct control_monitor *m);
bool control_is_busy(const struct control_monitor *m); /* in the middle of a command */

/* ---- whoever drives the machine asks and tells ---- */

bool control_is_running(const struct control *c); /* else it is stopped, and stays so */
bool control_is_over(const struct control *c);    /* somebody said `quit` */
/* Where a run that leads forwards is to stop, if it comes there: replay-break's place, or TICK_NEVER. */
tick control_until(const struct control *c);
/* Between two journeys: does what was asked for and goes on after its answer (replay-seek). True if the
 * machine was moved. */
bool control_act(struct control *c);
enum control_why {
    CONTROL_PAUSED,   /* somebody stopped it; or replay-break's place was reached */
    CONTROL_DEBUGGER, /* a debugger stopped it */
    CONTROL_ENDED     /* history is over; the machine is still there */
};
/* The machine goes, or has stopped, not because a monitor asked for it. Events tell. */
void control_tell_going(struct control *c);
void control_tell_stopped(struct control *c, enum control_why why);
/* The program ends. `guest`: the guest wanted it; `reason` in QMP's words ("guest-shutdown"). Once. */
void control_tell_shutdown(struct control *c, bool guest, const char *reason);

#endif
