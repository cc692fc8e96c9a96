/* SPDX-License-Identifier: GPL-2.0-or-later
 * e1000: what the files of Intel's Gigabit Ethernet controller share, after the "PCI/PCI-X Family of Gigabit
 * Ethernet Controllers Software Developer's Manual"; private to dev/net/.
 */
#ifndef DEV_NET_E1000_H
#define DEV_NET_E1000_H

#include "bus/pci.h"
#include "dev/frame.h"
#include "dev/net.h"
#include "dev/net/microwire.h"

/* Registers that have a place of their own; where they are is in e1000.c's table. */
enum e1000_register {
    R_CTRL,
    R_STATUS,
    R_EECD,
    R_EERD,
    R_CTRL_EXT,
    R_MDIC,
    R_FCAL,
    R_FCAH,
    R_FCT,
    R_VET,
    R_ICR,
    R_ITR,
    R_IMS,
    R_RCTL,
    R_FCTTV,
    R_TXCW,
    R_TCTL,
    R_TIPG,
    R_AIT,
    R_LEDCTL,
    R_PBA,
    R_FCRTL,
    R_FCRTH,
    R_RDBAL,
    R_RDBAH,
    R_RDLEN,
    R_RDH,
    R_RDT,
    R_RDTR,
    R_RXDCTL,
    R_RADV,
    R_TDBAL,
    R_TDBAH,
    R_TDLEN,
    R_TDH,
    R_TDT,
    R_TIDV,
    R_TXDCTL,
    R_TADV,
    R_RXCSUM,
    R_WUC,
    R_WUFC,
    R_WUS,
    R_MANC,
    R_COUNT
};
enum { CTRL_RESET = 1 << 26, CTRL_LINK_UP = 1 << 6, CTRL_VLAN = 1 << 30 };
enum { STATUS_DUPLEX = 1, STATUS_LINK = 2, STATUS_1000 = 0x80, STATUS_ASD_1000 = 0x200 };
/* Causes of interrupts. */
enum {
    CAUSE_TX_WRITTEN = 0x01,
    CAUSE_TX_EMPTY = 0x02,
    CAUSE_LINK = 0x04,
    CAUSE_RX_FEW = 0x10,
    CAUSE_RX = 0x80,
    CAUSE_MDIO = 0x200
};
/* Statistics, counted by the hardware and cleared when they are read; as places from 0x4000 on. */
enum {
    STAT_MISSED = 0x10 / 4,
    STAT_RX = 0x74 / 4,
    STAT_RX_BROADCAST = 0x78 / 4,
    STAT_RX_MULTICAST = 0x7c / 4,
    STAT_TX = 0x80 / 4,
    STAT_RX_BYTES = 0x88 / 4, /* two words each */
    STAT_TX_BYTES = 0x90 / 4,
    STAT_RX_ALL_BYTES = 0xc0 / 4,
    STAT_TX_ALL_BYTES = 0xc8 / 4,
    STAT_RX_ALL = 0xd0 / 4,
    STAT_TX_ALL = 0xd4 / 4,
    STAT_COUNT = 0x100 / 4
};
#define E1000_RING_MAX 4096 /* descriptors: 64 KiB */

/* What a descriptor of context says of those that follow it. */
struct e1000_context {
    uint16_t ip_end, l4_end, piece;
    uint8_t ip_from, ip_to, l4_from, l4_to;
    uint8_t header, is_tcp;
};

struct e1000 {
    struct pci_state pci;
    tick alarm[1]; /* an interrupt that was put off */
    tick quiet_until;
    uint32_t reg[R_COUNT];
    uint32_t multicast[128], vlans[128], address[32], stats[STAT_COUNT];
    struct microwire eeprom;
    uint16_t phy[32];
    uint32_t io_address;
    struct e1000_context context, segments; /* of checksums; of frames that are cut */
    uint8_t zero[4];
};

/* e1000_ring.c */
void e1000_transmit(struct device *d);
void e1000_input(struct device *d, const uint8_t *frame, uint32_t count);
uint32_t e1000_room(const struct device *d);
/* e1000.c */
void e1000_cause(struct device *d, uint32_t causes);
void e1000_count(struct device *d, unsigned first, bool is_64, uint64_t more);

#endif
