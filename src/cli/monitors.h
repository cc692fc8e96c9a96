/* SPDX-License-Identifier: GPL-2.0-or-later
 * monitors: the monitors that the options name, tied to character devices. What comes from outside waits
 * here, bounded, until the machine's thread is at a place where it can be answered.
 */
#ifndef CLI_MONITORS_H
#define CLI_MONITORS_H

#include <pthread.h>

#include "cli/ports.h"
#include "control/control.h"

#define MONITORS_MAX (OPTIONS_MONITORS_MAX + PORTS_MAX)
/* What a client may have said that was not looked at yet. */
#define MONITOR_INPUT_MAX (64 * KIB)

struct monitors;
struct
    monitor_mark { /* at that place of what waits another client came; 0: the one there was has gone */
    size_t at;
    uint64_t client;
};
struct monitor_end {
    struct monitors *owner;
    struct serial *serial;
    bool is_shared; /* with a serial port, which closes it */
    bool is_qmp, is_pretty;
    char label[MACHINE_NAME_MAX + 16];
    struct control_monitor *monitor; /* NULL until monitors_attach() */
    uint64_t client;                 /* who is being answered */
    /* Under the lock. */
    struct text waiting;
    VEC(struct monitor_mark) marks;
};
struct monitors {
    pthread_mutex_t lock;
    int wake_fd;                     /* readable when there may be something to do */
    atomic_bool has_some;            /* as well */
    struct journal *_Atomic journal; /* of a live machine: called out of its run */
    struct control *control;
    struct monitor_end ends[MONITORS_MAX];
    unsigned count;
    bool is_open;
};

/* Opens what the options name. Zero-initialised before; -1 and a sentence. `tty` as serial_open() has it. */
int monitors_open(struct monitors *m, const struct options *o, struct tty *tty, struct error *e);
/* One more, for people, on a serial port that multiplexes: its events are the port's. */
struct monitor_end *monitors_share(struct monitors *m, struct serial *s, const char *name);
/* Input for one that is shared, on the port's thread: how much was taken. */
size_t monitors_type(struct monitor_end *end, const uint8_t *bytes, size_t count);
void monitors_show(struct monitor_end *end); /* the user has turned to it: a prompt */
/* From now on input is taken. `j` NULL: the machine is not live. */
int monitors_start(struct monitors *m, struct journal *j, struct error *e);
void monitors_switch(struct monitors *m, struct journal *j); /* as ports_switch() */
/* There is somebody to answer. */
void monitors_attach(struct monitors *m, struct control *c);
/* Something can be done; `at_rest` as control_input() has it. */
bool monitors_want(struct monitors *m, bool at_rest);
/* Some command waits for the machine to be at rest. */
bool monitors_hold(const struct monitors *m);
void monitors_work(struct monitors *m, bool at_rest);
/* Waits until something may be wanted, or one of the two descriptors (-1: none) is readable; at most so
 * long. */
void monitors_wait(struct monitors *m, int fd, int other, int timeout_ms);
/* For query-chardev. */
void monitors_list(struct monitors *m, void *to,
                   void (*add)(void *to, const struct control_chardev *c));
void monitors_close(struct monitors *m); /* before the ports */

#endif
