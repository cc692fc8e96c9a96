/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/virtio: virtio devices, for boards. docs/virtio.md says what each is, and what is left out.
 */
#ifndef DEV_VIRTIO_H
#define DEV_VIRTIO_H

#include "bus/bus.h"
#include "dev/drive.h"
#include "machine/device.h"

#define VIRTIO_MMIO_BYTES 0x200 /* of a transport's registers */

/* What the config of each of them begins with. */
struct virtio_config {
    uint32_t
        is_legacy; /* 0 or 1: over MMIO, the legacy interface (version 1) instead of version 2 */
    uint32_t is_packed; /* 0 or 1: packed rings are offered */
    uint64_t without;   /* features that are not offered, whatever it could do */
};

/* A class of devices: a model, whose business it is what happens, behind a transport. */
struct virtio_class {
    struct device_class device;
    const struct virtio_model *model;
    const struct virtio_transport *transport;
    uint32_t pci_offset; /* of the part of PCI in the state, where it is on PCI */
};

/* none_pages.c: eight transports without a device, each at the begin of a page; devices lie over them. */
#define VIRTIO_NONE_PAGES 8
extern const struct device_class virtio_none_pages;

/* rng.c: bytes for the guest's entropy, which follow from the seed. */
struct virtio_rng_config {
    struct virtio_config virtio;
    uint64_t seed;
};
extern const struct virtio_class virtio_rng_mmio, virtio_rng_pci;

/* net.c: a network card. Without a port its link is down. */
#define VIRTIO_NET_PAIRS_MAX 7
struct virtio_net_config {
    struct virtio_config virtio;
    uint64_t left_out; /* features that are not offered */
    uint8_t address[6];
    uint16_t pairs; /* of queues, 1 to VIRTIO_NET_PAIRS_MAX */
    uint16_t mtu;   /* 0: nothing is said of it */
};
extern const struct virtio_class virtio_net_mmio, virtio_net_pci;

/* blk.c: a disk. */
#define VIRTIO_BLK_ID_BYTES 20
struct virtio_blk_config {
    struct virtio_config virtio;
    struct drive *drive;                    /* drive_attach() it, when the device was added */
    uint32_t queues;                        /* at least 1 */
    uint32_t logical_block, physical_block; /* bytes, powers of two */
    char serial[VIRTIO_BLK_ID_BYTES];       /* zeros at its end, if it is shorter */
};
extern const struct virtio_class virtio_blk_mmio, virtio_blk_pci;

/* scsi.c: a host of SCSI (dev/scsi.h). */
struct scsi_bus;
struct virtio_scsi_config {
    struct virtio_config virtio;
    struct scsi_bus *bus; /* the machine keeps it */
    uint32_t queues;      /* of commands, at least 1 */
};
extern const struct virtio_class virtio_scsi_mmio, virtio_scsi_pci;
extern const struct model virtio_scsi_device;
/* serial.c, serial_port.c: a controller of consoles and streams, and a port of it. */
extern const struct virtio_class virtio_serial_mmio, virtio_serial_pci;
extern const struct device_class virtio_serial_port;

/* ---- models.c: what `-device` names ---- */

/* A board's place for a device over MMIO: the `own` of a bus of kind BUS_VIRTIO. */
struct virtio_slot {
    paddr at;
    struct device *interrupts; /* whose input is up while the device interrupts */
    uint32_t input;
};
/* The thing that says which interface they have, if it is there: `force-legacy`, true by default. */
#define VIRTIO_MMIO_CLASS_NAME "virtio-mmio"
extern const struct thing_class virtio_mmio_thing;
extern const struct model virtio_rng_device, virtio_blk_device;
extern const struct model virtio_net_device;    /* net_model.c */
extern const struct model virtio_serial_device; /* serial_port.c */
/* The same on PCI, with the endings -transitional and -non-transitional as well. */
#define VIRTIO_PCI_NAMES 3
extern const struct model virtio_rng_pci_models[VIRTIO_PCI_NAMES];
extern const struct model virtio_blk_pci_models[VIRTIO_PCI_NAMES];
extern const struct model virtio_net_pci_models[VIRTIO_PCI_NAMES];
extern const struct model virtio_scsi_pci_models[VIRTIO_PCI_NAMES];
extern const struct model virtio_serial_pci_models[VIRTIO_PCI_NAMES];
extern const struct model virtconsole_model, virtserialport_model;

#endif
