/* SPDX-License-Identifier: GPL-2.0-or-later
 * power: the end of a machine and its resets. Devices, boards and whoever debugs ask for them; they
 * happen when the current instruction is done.
 */
#ifndef MACHINE_POWER_H
#define MACHINE_POWER_H

#include "base/base.h"
#include "base/reset.h"

struct machine;

enum machine_power { POWER_ON, POWER_OFF, POWER_FAILED /* with exit_status */, POWER_RESET_END };

void machine_power_off(struct machine *m, enum machine_power how, uint32_t exit_status);
/* The kind is RESET_WARM or RESET_POWER. Only RAM's content differs where no device makes a
 * difference: power off takes it. */
void machine_request_reset(struct machine *m, enum reset_kind kind);
/* Of one hart alone, RESET_HART. */
void machine_request_hart_reset(struct machine *m, unsigned hart);

#endif
