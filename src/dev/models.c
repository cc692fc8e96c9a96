/* SPDX-License-Identifier: GPL-2.0-or-later
 * models: the table of what can be plugged in (bus/bus.h).
 */
#include "bus/pci.h"
#include "dev/dev.h"
#include "dev/net.h"
#include "dev/nvme.h"
#include "dev/scsi.h"
#include "dev/virtio.h"

const struct model *const dev_models[] = {
    &pci_bridge_model,
    &pcie_root_port_model,
    &pci_scratch_model,
    &e1000_model,
    &rtl8139_model,
    &e1000e_model,
    &virtio_rng_device,
    &virtio_blk_device,
    &virtio_net_device,
    &virtio_rng_pci_models[0],
    &virtio_rng_pci_models[1],
    &virtio_rng_pci_models[2],
    &virtio_blk_pci_models[0],
    &virtio_blk_pci_models[1],
    &virtio_blk_pci_models[2],
    &virtio_net_pci_models[0],
    &virtio_net_pci_models[1],
    &virtio_net_pci_models[2],
    &nvme_model,
    &nvme_ns_model,
    &virtio_scsi_device,
    &virtio_scsi_pci_models[0],
    &virtio_scsi_pci_models[1],
    &virtio_scsi_pci_models[2],
    &scsi_hd_model,
    &scsi_cd_model,
    &virtio_serial_device,
    &virtio_serial_pci_models[0],
    &virtio_serial_pci_models[1],
    &virtio_serial_pci_models[2],
    &virtconsole_model,
    &virtserialport_model,
    NULL,
};

static int check_thing(const struct machine_thing *t, struct error *e)
{
    return model_check(dev_models, t, e) < 0 ? error_prefix(e, "-device %s", t->id) : 0;
}

const struct thing_class dev_thing = {.name = MODEL_CLASS, .check = check_thing};
