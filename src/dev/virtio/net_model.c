/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_model: what `-device virtio-net-device` says of a network card (net.c).
 */
#include "dev/net.h"
#include "dev/virtio/virtio.h"

/* Features by the names that they have on command lines: on unless they are switched off. */
static const struct {
    const char *name;
    unsigned bit;
} switches[] = {{"csum", 0},           {"guest_csum", 1},     {"guest_tso4", 7},
                {"guest_tso6", 8},     {"guest_ecn", 9},      {"host_tso4", 11},
                {"host_tso6", 12},     {"host_ecn", 13},      {"mrg_rxbuf", 15},
                {"status", 16},        {"ctrl_vq", 17},       {"ctrl_rx", 18},
                {"ctrl_vlan", 19},     {"ctrl_rx_extra", 20}, {"guest_announce", 21},
                {"ctrl_mac_addr", 23}, {"host_uso", 56}};

#define SWITCH(feature)                                                                            \
    {                                                                                              \
        .name = feature, .value = MODEL_FLAG, .number = 1                                          \
    }
static const struct model_property properties[] = {
    VIRTIO_PCI_PROPERTIES,
    VIRTIO_PROPERTIES,
    NET_CARD_PROPERTIES,
    {.name = "mq", .value = MODEL_FLAG, .help = "several pairs of queues"},
    {.name = "queue-pairs",
     .value = MODEL_NUMBER,
     .number = VIRTIO_NET_PAIRS_MAX,
     .min = 1,
     .max = VIRTIO_NET_PAIRS_MAX,
     .help = "how many pairs, with mq=on"},
    {.name = "host_mtu",
     .value = MODEL_NUMBER,
     .max = 65535,
     .help = "bytes of a packet that the driver is told; 0: nothing is said"},
    SWITCH("csum"),
    SWITCH("guest_csum"),
    SWITCH("guest_tso4"),
    SWITCH("guest_tso6"),
    SWITCH("guest_ecn"),
    SWITCH("host_tso4"),
    SWITCH("host_tso6"),
    SWITCH("host_ecn"),
    SWITCH("mrg_rxbuf"),
    SWITCH("status"),
    SWITCH("ctrl_vq"),
    SWITCH("ctrl_rx"),
    SWITCH("ctrl_vlan"),
    SWITCH("ctrl_rx_extra"),
    SWITCH("guest_announce"),
    SWITCH("ctrl_mac_addr"),
    SWITCH("host_uso"),
};

static int build(struct plug *p, struct error *e)
{
    struct virtio_net_config c = {
        .virtio = virtio_config_from(p),
        .pairs = (uint16_t)(plug_flag(p, "mq") ? plug_number(p, "queue-pairs") : 1),
        .mtu = (uint16_t)plug_number(p, "host_mtu")};
    char port[NET_PORT_ROOM];
    const struct virtio_plan plan = {.mmio = &virtio_net_mmio,
                                     .pci = &virtio_net_pci,
                                     .config = &c,
                                     .config_size = sizeof c,
                                     .queues = 2u * c.pairs + 1,
                                     .port_name = net_card_port(p, port)};

    for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
        c.left_out |= plug_flag(p, switches[i].name) ? 0 : UINT64_C(1) << switches[i].bit;
    }
    net_card_address(p, c.address);
    return virtio_add(p, &plan, e) != NULL ? 0 : -1;
}

const struct model virtio_net_device = {.name = "virtio-net-device",
                                        .bus = BUS_VIRTIO,
                                        .category = CATEGORY_NETWORK,
                                        .summary = "a network card",
                                        VIRTIO_PROPERTIES_OF_MMIO(properties),
                                        .build = build};
const struct model virtio_net_pci_models[VIRTIO_PCI_NAMES] =
    VIRTIO_PCI_MODELS("virtio-net", properties, .category = CATEGORY_NETWORK,
                      .summary = "a network card", .build = build);
