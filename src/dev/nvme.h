/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/nvme: disks by NVM Express on PCI, for the tables of classes and models. docs/devices.md says what there is
 * of it, and what is left out.
 */
#ifndef DEV_NVME_H
#define DEV_NVME_H

#include "bus/bus.h"
#include "machine/device.h"

/* The controller, and one more namespace of it. */
extern const struct device_class nvme, nvme_ns;
extern const struct model nvme_model, nvme_ns_model;

#endif
