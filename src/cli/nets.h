/* SPDX-License-Identifier: GPL-2.0-or-later
 * nets: the machine's network cards tied to the world, and files of the frames that pass.
 */
#ifndef CLI_NETS_H
#define CLI_NETS_H

#include "journal/journal.h"
#include "options/options.h"
#include "world/net.h"

struct nets;
struct net_tie {
    struct nets *owner;
    struct net *net;
    int port; /* the machine's; -1 until nets_start(), or for ever */
};
struct net_dump {
    struct pcap *file;
    const char *name;
    int port;
};
struct nets {
    struct journal *_Atomic *journal; /* where frames go; looked at by the threads that read */
    const struct options *options;
    const struct machine *machine;
    uint64_t epoch_ns;
    struct net_tie ties[OPTIONS_NETS_MAX];
    struct net_dump dumps[OPTIONS_DUMPS_MAX];
    uint32_t tie_count, dump_count;
};

/* Makes the neighbours that -netdev asks for, while there is one thread and nothing is confined. */
int nets_open(struct nets *n, const struct options *o, struct error *e);
/* Opens the files of -object filter-dump, also before that. */
int nets_open_dumps(struct nets *n, const struct options *o, struct error *e);
/* From now on nets_output() and nets_input() dump what passes this machine's cards. */
int nets_watch(struct nets *n, const struct machine *m, uint64_t epoch_ns, struct error *e);
/* From now on frames are posted. */
int nets_start(struct nets *n, struct journal *_Atomic *journal, struct error *e);
void nets_output(struct nets *n, uint16_t port, const uint8_t *frame, size_t count);
void nets_input(struct nets *n, uint16_t port, const uint8_t *frame, size_t count);
/* Says what was dropped and what could not be written. Any number of times. */
void nets_close(struct nets *n);

#endif
