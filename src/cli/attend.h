/* SPDX-License-Identifier: GPL-2.0-or-later
 * attend: drives a traveller's machine to its end while a debugger and monitors are attended to: each may
 * stop it, look at it and take it elsewhere in time, at any moment and without one's losing another's
 * answers.
 */
#ifndef CLI_ATTEND_H
#define CLI_ATTEND_H

#include "cli/monitors.h"
#include "cli/serve.h"

struct attend {
    struct server
        *server; /* with its traveller and branches; its listener may be closed: no debugger */
    struct monitors *monitors;
    struct control *control;
    struct ports *ports;          /* NULL: there are none */
    bool (*quits)(void *signals); /* a signal came */
    void *signals;
    bool in_command; /* a monitor's command is under way, perhaps a journey of its own */
};

/* What is the same for all: travel, program, clock, branches and character devices are filled in. */
void attend_init(struct attend *a, struct control_options *o);
void attend_fini(struct attend *a);
/* To the end of history, unless it is left before: somebody quits, or a replay differs. Returns the last
 * stop. */
struct travel_stop attend_run(struct attend *a);

#endif
