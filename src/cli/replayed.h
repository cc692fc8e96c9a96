/* SPDX-License-Identifier: GPL-2.0-or-later
 * replayed: `reprise replay` where a debugger or monitors attend to it.
 */
#ifndef CLI_REPLAYED_H
#define CLI_REPLAYED_H

#include "cli/cli.h"
#include "cli/ports.h"

static inline bool replayed_is_wanted(const struct options *o)
{
    return o->gdb != NULL || o->monitor_count > 0;
}
struct replayed;
/* Its sockets, before the process is confined; `ports` are the caller's (NULL: there are none). NULL and a
 * sentence. */
struct replayed *replayed_open(const struct options *o, struct ports *ports, struct error *e);
/* Reads the recording and builds its machine; output goes to the sink. -1 and a sentence. */
int replayed_build(struct replayed *r, const struct sink *sink, struct error *e);
struct machine *replayed_machine(struct replayed *r);
const struct recording *replayed_recording(const struct replayed *r);
void replayed_seek(struct replayed *r, tick at); /* before it runs */
/* To the end; says what came of it, and returns the exit status. */
int replayed_run(struct replayed *r);
void replayed_close(struct replayed *r); /* NULL is fine */

#endif
