/* SPDX-License-Identifier: GPL-2.0-or-later
 * snapshots: names for places in a history, kept in the user's qcow2 image: internal snapshots of it that say how
 * many ticks the machine had run, as qemu-img lists them, and that hold its state's hash. The state itself is in the
 * recording, where each tick can be gone to.
 */
#ifndef CLI_SNAPSHOTS_H
#define CLI_SNAPSHOTS_H

#include "machine/config.h"
#include "machine/machine.h"

/* The image that they are in: of the first drive in qcow2 that is neither only read nor snapshot=on. NULL: there is
 * none. */
const char *snapshots_image(const struct machine_config *c);

/* All of these: -1 and a sentence. `image` NULL is one. */

/* Of the machine as it stands; one of that name is replaced. */
int snapshots_save(const char *image, const char *name, struct machine *m, struct error *e);
struct snapshot_place {
    tick at;
    uint64_t hash; /* of the machine's state there */
};
/* One that another program made has no state that is known here. */
int snapshots_find(const char *image, const char *name, struct snapshot_place *place,
                   struct error *e);
/* The machine, which stands at the place, is the one that was saved. */
int snapshots_check(const char *name, const struct snapshot_place *place, struct machine *m,
                    struct error *e);
int snapshots_delete(const char *image, const char *name, struct error *e);

#endif
