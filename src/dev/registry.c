/* SPDX-License-Identifier: GPL-2.0-or-later
 * registry: the table of device classes. Append: the order of this table is what lists and tests
 * walk. The order of ties at a tick is another one, that in which a board adds its devices.
 */
#include "bus/pci.h"
#include "dev/arm.h"
#include "dev/dev.h"
#include "dev/net.h"
#include "dev/nvme.h"
#include "dev/scsi.h"
#include "dev/virtio.h"

const struct device_class *const dev_registry[] = {
    &scratch,
    &uart16550,
    &clint,
    &plic,
    &test_finisher,
    &goldfish_rtc,
    &gicv2,
    &pl011,
    &pl031,
    &pl061,
    &gpio_key,
    &virtio_none,
    &psci,
    &gicv3,
    &cfi_flash,
    &fw_cfg,
    &semihost,
    &absent,
    &sp804,
    &sp805,
    &pl050,
    &pl111,
    &pl181,
    &pl310,
    &vexpress_sysreg,
    &a9_scu,
    &a9_global,
    &a9_timers,
    &virtio_rng_mmio.device,
    &virtio_net_mmio.device,
    &gicv2m,
    &pci_host,
    &pci_host_bridge,
    &pci_bridge,
    &pcie_root_port,
    &pci_scratch,
    &e1000,
    &rtl8139,
    &e1000e,
    &virtio_blk_mmio.device,
    &virtio_none_pages,
    &virtio_rng_pci.device,
    &virtio_blk_pci.device,
    &virtio_net_pci.device,
    &nvme,
    &nvme_ns,
    &virtio_scsi_mmio.device,
    &virtio_scsi_pci.device,
    &scsi_hd,
    &scsi_cd,
    &virtio_serial_mmio.device,
    &virtio_serial_pci.device,
    &virtio_serial_port,
};
const size_t dev_registry_count = ARRAY_LEN(dev_registry);

const struct device_class *dev_by_name(const char *name)
{
    for (size_t i = 0; i < dev_registry_count; i++) {
        if (strcmp(dev_registry[i]->name, name) == 0) {
            return dev_registry[i];
        }
    }
    return NULL;
}
