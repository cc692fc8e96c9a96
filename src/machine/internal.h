/* SPDX-License-Identifier: GPL-2.0-or-later
 * machine/internal: shared by the files of this folder.
 */
#ifndef MACHINE_INTERNAL_H
#define MACHINE_INTERNAL_H

#include "machine/machine.h"

extern const struct field_table machine_state_table;

/* device.c */
tick *device_alarms(const struct device *d);
/* Zeroes its state and disarms its alarms, but for what survives. */
void device_clear(struct device *d, enum reset_kind kind);
/* A hart's pin changes, whoever drives it. */
void machine_set_pin(struct machine *m, unsigned hart, unsigned pin, bool level);

/* run.c: who writes to memory from now on, where it is no instruction; NULL: nobody. */
void machine_writes(struct machine *m, const char *who);

/* reset.c: the first reset, with memory as it was built. And what was asked for during the last step,
 * if anything was. */
void machine_power_on(struct machine *m, enum reset_kind kind);
void machine_reset_requested(struct machine *m);

/* map.c: which of the two spaces a window lies in. */
struct mem *machine_space_of(struct device *d, unsigned window);

/* platform.c */
extern const struct cpu_platform machine_platform;

/* lines.c: levels of all outputs, a bit each, by device; where any of them meet. */
struct lines_state {
    uint64_t level[MACHINE_DEVICES_MAX];
};
extern const struct field_table lines_table;
/* A place where outputs meet. */
struct junction {
    struct wire to;
    uint64_t sources[MACHINE_DEVICES_MAX]; /* a bit for each output, by device */
};
/* All is connected: finds where outputs meet, and makes m->lines if any do. */
void lines_seal(struct machine *m);
void lines_free(struct machine *m);
void lines_clear(struct machine *m); /* all are down */
int lines_check(const struct machine *m, const struct lines_state *s, struct error *e);

#endif
