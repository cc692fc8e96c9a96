/* SPDX-License-Identifier: GPL-2.0-or-later
 * models: the virtio devices that `-device` names (bus/bus.h): their properties, and how they are built.
 */
#include "dev/drive.h"
#include "dev/virtio/virtio.h"

const struct thing_class virtio_mmio_thing = {
    .name = VIRTIO_MMIO_CLASS_NAME,
    .rules = (const struct property_rule[]){{.name = "force-legacy", .kind = PROPERTY_FLAG}},
    .rule_count = 1};

struct virtio_config virtio_config_from(const struct plug *p)
{
    const struct machine_config *c = p->config;
    bool on_pci = p->model->bus == BUS_PCI;
    struct virtio_config v = {.is_legacy = on_pci ? !virtio_pci_is_modern(p) : true,
                              .is_packed = plug_flag(p, "packed")};

    v.without = (plug_flag(p, "event_idx") ? 0 : VIRTIO_F_EVENT_IDX) |
                (plug_flag(p, "indirect_desc") ? 0 : VIRTIO_F_INDIRECT_DESC);
    for (size_t i = 0; i < c->things.count && !on_pci; i++) {
        if (strcmp(c->things.data[i].class, VIRTIO_MMIO_CLASS_NAME) == 0) {
            v.is_legacy = thing_number(&c->things.data[i], "force-legacy", 1) != 0;
        }
    }
    return v;
}

static struct device *add_to_slot(struct plug *p, const struct virtio_plan *plan, struct error *e)
{
    const struct virtio_slot *slot = p->bus->own;
    struct device *d = machine_add_device(p->machine, &plan->mmio->device, p->name, slot->at,
                                          plan->config, plan->config_size, plan->port_name, e);

    if (d != NULL) {
        machine_connect(d, 0, slot->interrupts, slot->input);
    }
    return d;
}

struct device *virtio_add(struct plug *p, const struct virtio_plan *plan, struct error *e)
{
    return p->model->bus == BUS_PCI ? virtio_pci_add(p, plan, e) : add_to_slot(p, plan, e);
}

/* ---- entropy ---- */

static const struct model_property rng_properties[] = {
    VIRTIO_PCI_PROPERTIES,
    VIRTIO_PROPERTIES,
    {.name = "rng", .value = MODEL_TEXT, .help = "accepted: the seed is the machine's"},
    {.name = "max-bytes", .value = MODEL_NUMBER},
    {.name = "period", .value = MODEL_NUMBER},
};

static int build_rng(struct plug *p, struct error *e)
{
    const struct virtio_rng_config config = {
        .virtio = virtio_config_from(p),
        .seed = hash_bytes(p->name, strlen(p->name), p->config->seed) | 1};

    const struct virtio_plan plan = {.mmio = &virtio_rng_mmio,
                                     .pci = &virtio_rng_pci,
                                     .config = &config,
                                     .config_size = sizeof config,
                                     .queues = 1};

    return virtio_add(p, &plan, e) != NULL ? 0 : -1;
}

const struct model virtio_rng_device = {.name = "virtio-rng-device",
                                        .bus = BUS_VIRTIO,
                                        .category = CATEGORY_MISC,
                                        .summary = "entropy from the machine's seed",
                                        VIRTIO_PROPERTIES_OF_MMIO(rng_properties),
                                        .build = build_rng};
const struct model virtio_rng_pci_models[VIRTIO_PCI_NAMES] =
    VIRTIO_PCI_MODELS("virtio-rng", rng_properties, .category = CATEGORY_MISC,
                      .summary = "entropy from the machine's seed", .build = build_rng);

/* ---- disks ---- */

static const struct model_property blk_properties[] = {
    VIRTIO_PCI_PROPERTIES,
    VIRTIO_PROPERTIES,
    {.name = "drive", .value = MODEL_TEXT, .max = MACHINE_NAME_MAX - 1, .help = "the drive's id"},
    {.name = "serial", .value = MODEL_TEXT, .max = VIRTIO_BLK_ID_BYTES, .help = "its number"},
    {.name = "num-queues",
     .value = MODEL_NUMBER,
     .number = 1,
     .min = 1,
     .max = VIRTIO_QUEUES_MAX,
     .help = "how many"},
    DRIVE_BLOCK_PROPERTIES,
    {.name = "bootindex", .value = MODEL_NUMBER},
    {.name = "write-cache", .value = MODEL_CHOICE, .text = "auto", .choices = "auto|on|off"},
    {.name = "scsi", .value = MODEL_FLAG},
};

static int build_blk(struct plug *p, struct error *e)
{
    struct virtio_blk_config config = {
        .virtio = virtio_config_from(p),
        .queues = (uint32_t)plug_number(p, "num-queues"),
    };
    const struct virtio_plan plan = {.mmio = &virtio_blk_mmio,
                                     .pci = &virtio_blk_pci,
                                     .config = &config,
                                     .config_size = sizeof config,
                                     .queues = config.queues};
    const char *serial = plug_text(p, "serial");
    struct device *d;

    if (drive_block_sizes(p, &config.logical_block, &config.physical_block, e) < 0 ||
        (config.drive = drive_take(p, e)) == NULL) {
        return -1;
    }
    if (serial != NULL) {
        memcpy(config.serial, serial, strlen(serial));
    }
    d = virtio_add(p, &plan, e);
    if (d == NULL) {
        return -1;
    }
    drive_attach(config.drive, d);
    return 0;
}

const struct model virtio_blk_device = {.name = "virtio-blk-device",
                                        .bus = BUS_VIRTIO,
                                        .category = CATEGORY_STORAGE,
                                        .summary = "a disk",
                                        VIRTIO_PROPERTIES_OF_MMIO(blk_properties),
                                        .build = build_blk};
const struct model virtio_blk_pci_models[VIRTIO_PCI_NAMES] =
    VIRTIO_PCI_MODELS("virtio-blk", blk_properties, .category = CATEGORY_STORAGE,
                      .summary = "a disk", .build = build_blk);
