/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine/internal: shared by the files of this folder.
 */
#ifndef MACHINE_INTERNAL_H
#define MACHINE_INTERNAL_H

#include "machine/machine.h"

extern const struct field_table machine_state_table;

/* device.c */
tick *device_alarms(const struct device *d);
void device_reset(struct device *d);

/* run.c: who writes to memory from now on, where it is no instruction; NULL: nobody. */
void machine_writes(struct machine *m, const char *who);

/* build.c */
void machine_reset(struct machine *m);

#endif
