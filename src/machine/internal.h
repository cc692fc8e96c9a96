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

/* build.c */
void machine_reset(struct machine *m);

#endif
