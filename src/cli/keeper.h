/* SPDX-License-Identifier: GPL-2.0-or-later
 * keeper: a small process beside a command, made before the command reads anything from outside. It
 * does what the command, once it is confined, may not do itself: it starts gdb, and it takes away
 * the sockets' names when the command is over, however that came about.
 */
#ifndef CLI_KEEPER_H
#define CLI_KEEPER_H

#include <sys/types.h>

#include "base/base.h"

struct keeper {
    pid_t pid; /* 0: there is none, or it is over; all zero is that, too */
    int pipe;  /* when it is closed, the keeper ends what it started, tidies up, and ends */
    int status;
};

/* All borrowed, and copied with the process. */
struct keeper_job {
    const char *const *sockets; /* names to remove at the end */
    size_t socket_count;
    const char *folder; /* then removed, if it is empty; NULL: none */
    void *opaque;
    /* Runs in a process of its own after keeper_start_program(); replaces it, or ends it. */
    void (*exec)(void *opaque, const char *word);
};

/* While there is only one thread. -1 and a sentence. */
int keeper_open(struct keeper *k, const struct keeper_job *job, struct error *e);
/* Runs job->exec with `word`, of which only letters, digits and -_.: arrive, 63 at most. */
int keeper_start_program(struct keeper *k, const char *word, struct error *e);
/* Is the program that was started over? Does not wait; says no where there is no keeper. */
bool keeper_is_over(struct keeper *k);
/* Waits for the program's end. A signal that arrives meanwhile ends the program. Returns its status
 * as waitpid() gives it. */
int keeper_wait(struct keeper *k);
/* Ends the program, if it still runs, and waits until everything is tidy. Any number of times. */
void keeper_close(struct keeper *k);

#endif
