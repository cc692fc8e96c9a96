/* SPDX-License-Identifier: GPL-2.0-or-later
 * model: what `-device nvme` and `-device nvme-ns` say: a controller, with a disk or without, and more disks
 * of it.
 */
#include <stdlib.h>

#include "dev/nvme/nvme.h"

#define BLOCK_PROPERTIES                                                                           \
    {.name = "drive", .value = MODEL_TEXT, .max = MACHINE_NAME_MAX - 1, .help = "the drive's id"}, \
        DRIVE_BLOCK_PROPERTIES,                                                                    \
        {.name = "write-cache", .value = MODEL_CHOICE, .text = "auto", .choices = "auto|on|off"},  \
    {                                                                                              \
        .name = "bootindex", .value = MODEL_NUMBER                                                 \
    }

static int get_shift(const struct plug *p, uint8_t *shift, struct error *e)
{
    uint32_t block, physical;

    if (drive_block_sizes(p, &block, &physical, e) < 0) {
        return -1;
    }
    *shift = (uint8_t)__builtin_ctz(block);
    return 0;
}

/* A number that is the same for the same names. */
static void make_uuid(const char *controller, unsigned number, uint8_t uuid[16])
{
    bytes_set_be(uuid, 8, hash_bytes(controller, strlen(controller), number));
    bytes_set_be(uuid + 8, 8, hash_bytes(controller, strlen(controller), number + 0x100));
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static void put_space(struct nvme_spaces *all, unsigned number, const struct nvme_space *n,
                      const char *controller)
{
    all->list[number - 1] = *n;
    make_uuid(controller, number, all->list[number - 1].uuid);
    all->highest = number > all->highest ? number : all->highest;
}

/* ---- the controller ---- */

static const struct model_property properties[] = {
    PCI_PROPERTIES,
    BLOCK_PROPERTIES,
    {.name = "serial", .value = MODEL_TEXT, .max = NVME_SERIAL, .help = "its number: required"},
    {.name = "max_ioqpairs",
     .value = MODEL_NUMBER,
     .number = NVME_QUEUES - 1,
     .min = 1,
     .max = NVME_QUEUES - 1,
     .help = "queues for reading and writing"},
    {.name = "msix_qsize",
     .value = MODEL_NUMBER,
     .number = NVME_QUEUES,
     .min = 1,
     .max = NVME_QUEUES,
     .help = "vectors of MSI-X"},
    {.name = "mdts",
     .value = MODEL_NUMBER,
     .number = NVME_MDTS,
     .min = 1,
     .max = NVME_MDTS,
     .help = "bytes of a command at most: 4096, so often doubled"},
    {.name = "use-intel-id", .value = MODEL_FLAG, .help = "it calls itself one of Intel's"},
};

static int start_config(struct plug *p, struct nvme_config *c, struct nvme_space *first,
                        struct error *e)
{
    const char *serial = plug_text(p, "serial");

    if (serial == NULL) {
        return error_set(e, "it wants serial=TEXT");
    }
    *c = (struct nvme_config){.pairs = (uint32_t)plug_number(p, "max_ioqpairs"),
                              .mdts = (uint32_t)plug_number(p, "mdts")};
    memcpy(c->serial, serial, strlen(serial));
    if (plug_has(p, "drive")) {
        if (get_shift(p, &first->shift, e) < 0 || (c->drive = drive_take(p, e)) == NULL) {
            return -1;
        }
        first->drive = c->drive;
    }
    return 0;
}

static int build(struct plug *p, struct error *e)
{
    struct nvme_config c;
    struct nvme_space first = {0};
    struct pci_kind kind = nvme_kind;
    struct device *d;

    if (start_config(p, &c, &first, e) < 0) {
        return -1;
    }
    if (plug_flag(p, "use-intel-id")) {
        kind.vendor = 0x8086;
        kind.device = 0x5845;
    }
    kind.msix.vectors = (uint16_t)plug_number(p, "msix_qsize");
    c.spaces = base_alloc(1, sizeof(*c.spaces));
    machine_keep(p->machine, &(struct machine_kept){.what = c.spaces, .drop = free});
    if (c.drive != NULL) {
        put_space(c.spaces, 1, &first, c.serial);
    }
    d = pci_add(p, &nvme, &kind, &c, sizeof c, NULL, e);
    if (d == NULL) {
        return -1;
    }
    if (c.drive != NULL) {
        drive_attach(c.drive, d);
    }
    return buses_add(p->buses, BUS_NVME, p->name, NVME_SPACES, d, e) != NULL ? 0 : -1;
}

const struct model nvme_model = {.name = "nvme",
                                 .bus = BUS_PCI,
                                 .category = CATEGORY_STORAGE,
                                 .summary = "NVM Express controller",
                                 .properties = properties,
                                 .property_count = ARRAY_LEN(properties),
                                 .build = build};

/* ---- a namespace ---- */

static const struct model_property space_properties[] = {
    BLOCK_PROPERTIES,
    {.name = "nsid",
     .value = MODEL_NUMBER,
     .max = NVME_SPACES,
     .help = "its number; 0: the next one that is free"},
    {.name = "eui64", .value = MODEL_NUMBER, .help = "its 64-bit identifier; 0: none"},
    {.name = "shared", .value = MODEL_FLAG, .number = 1},
};

static int choose_number(const struct plug *p, const struct nvme_spaces *all, struct error *e)
{
    unsigned number = (unsigned)plug_number(p, "nsid");

    for (unsigned n = 1; number == 0 && n <= NVME_SPACES; n++) {
        number = all->list[n - 1].drive == NULL ? n : 0;
    }
    if (number == 0) {
        return error_set(e, "all %d namespaces are taken", NVME_SPACES);
    }
    return all->list[number - 1].drive == NULL
               ? (int)number
               : error_set(e, "the namespace %u is there already", number);
}

static int build_space(struct plug *p, struct error *e)
{
    const struct device *controller = p->bus->own;
    const struct nvme_config *c = nvme_config_of(controller);
    struct nvme_space n = {.eui64 = plug_number(p, "eui64")};
    struct nvme_space_config config;
    struct device *d;
    int number = choose_number(p, c->spaces, e);

    if (number < 0 || get_shift(p, &n.shift, e) < 0 || (n.drive = drive_take(p, e)) == NULL) {
        return -1;
    }
    config.drive = n.drive;
    d = machine_add_device(p->machine, &nvme_ns, p->name, 0, &config, sizeof config, NULL, e);
    if (d == NULL) {
        return -1;
    }
    drive_attach(n.drive, d);
    put_space(c->spaces, (unsigned)number, &n, c->serial);
    return 0;
}

const struct model nvme_ns_model = {.name = "nvme-ns",
                                    .bus = BUS_NVME,
                                    .category = CATEGORY_STORAGE,
                                    .summary = "a namespace of an NVM Express controller",
                                    .properties = space_properties,
                                    .property_count = ARRAY_LEN(space_properties),
                                    .build = build_space};
