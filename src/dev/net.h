/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/net: network cards on PCI, for the tables of classes and models. docs/networks.md says what each is,
 * by which document, and what is left out. Those of virtio are in dev/virtio.h.
 */
#ifndef DEV_NET_H
#define DEV_NET_H

#include "bus/bus.h"

struct net_card_config {
    uint8_t address[6];
};
/* Properties that all network cards have beside those of their bus. */
#define NET_CARD_PROPERTIES                                                                        \
    {.name = "mac", .value = MODEL_MAC, .help = "its address; by default one made of a number"},   \
        {.name = "netdev", .value = MODEL_TEXT, .max = 31, .help = "the network that it is on"},   \
    {                                                                                              \
        .name = "bootindex", .value = MODEL_NUMBER, .max = 255                                     \
    }
/* What was said, or 52:54:00:12:34:56 and on, by the order of cards in the configuration. */
void net_card_address(const struct plug *p, uint8_t address[6]);
/* The name of its port, in `name`; NULL: it is on no network. */
#define NET_PORT_ROOM 40
const char *net_card_port(const struct plug *p, char name[NET_PORT_ROOM]);

/* e1000.c: Intel's 82540EM. */
extern const struct device_class e1000;
extern const struct model e1000_model;

/* e1000e.c: Intel's 82574L. */
extern const struct device_class e1000e;
extern const struct model e1000e_model;
/* rtl8139.c: RealTek's RTL8139C and RTL8139C+. */
extern const struct device_class rtl8139;
extern const struct model rtl8139_model;

#endif
