/* SPDX-License-Identifier: GPL-2.0-or-later
 * ports: the machine's serial ports, and its devices on character devices, tied to the world: files, terminals,
 * sockets.
 */
#ifndef CLI_PORTS_H
#define CLI_PORTS_H

#include <stdatomic.h>

#include "cli/nets.h"
#include "options/options.h"
#include "journal/journal.h"
#include "world/world.h"

struct ports;
struct monitors;
struct monitor_end;

struct port_end {
    struct ports *owner;
    struct serial *serial;
    char name[OPTIONS_CHARDEV_PORT_ROOM]; /* the machine's port: "serial0", "chr-ID" */
    int number;                           /* of it; -1 until ports_start */
    bool has_keys;                        /* Ctrl-A commands */
    struct monitor_end *monitor;          /* what Ctrl-A c turns to; NULL: there is none */
    atomic_bool to_monitor;               /* it has */
};
#define PORTS_MAX (MACHINE_SERIALS_MAX + OPTIONS_CHARDEVS_MAX)
struct ports {
    struct tty tty;
    struct journal *_Atomic journal; /* looked at by the threads that read */
    struct port_end ends[PORTS_MAX];
    unsigned count, serial_count; /* serial ports come first */
    struct nets nets;
};

/* Opens the back ends that the options name; the first is the terminal if none is named. Of networks only what is
 * written to, if the command is a replay. */
int ports_open(struct ports *p, const struct options *o, struct error *e);
/* Those with Ctrl-A commands share their place with a monitor for people. After ports_open(). */
void ports_share(struct ports *p, struct monitors *m);
/* Output of the machine goes here. */
struct sink ports_sink(struct ports *p);
/* From now on input is posted to the journal; NULL: it goes nowhere. Time began at `epoch_ns`. */
int ports_start(struct ports *p, struct journal *j, const struct machine *m, uint64_t epoch_ns,
                struct error *e);
/* The names of sockets that were made, which are to be removed at the end: PORTS_MAX of them at most. */
size_t ports_sockets(const struct ports *p, const char **names);
/* Input goes there from now on; the journal before it stays as long as the ports. */
void ports_switch(struct ports *p, struct journal *j);
/* Flushes, closes, puts the terminal back, says what was dropped. */
void ports_close(struct ports *p);

#endif
