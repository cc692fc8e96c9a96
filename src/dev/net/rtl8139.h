/* SPDX-License-Identifier: GPL-2.0-or-later
 * rtl8139: what the files of RealTek's Fast Ethernet controller share, after the data sheets of the RTL8139C
 * and RTL8139C+; private to dev/net/.
 */
#ifndef DEV_NET_RTL8139_H
#define DEV_NET_RTL8139_H

#include "bus/pci.h"
#include "dev/frame.h"
#include "dev/net.h"
#include "dev/net/microwire.h"

/* Registers, by their places. */
enum {
    IDR = 0x00,   /* 6 bytes: its address */
    MAR = 0x08,   /* 8 bytes: multicast addresses, by hash */
    TSD = 0x10,   /* 4 of 4 bytes: sizes and status of what is sent, the C way */
    TSAD = 0x20,  /* 4 of 4 bytes: where it is */
    DTCCR = 0x10, /* the C+ way: where counters are dumped, */
    TNPDS = 0x20, /* and the rings of descriptors, the usual one and */
    THPDS = 0x28, /* that of high priority: 8 bytes each */
    RBSTART = 0x30,
    ERBCR = 0x34,
    ERSR = 0x36,
    CR = 0x37,
    CAPR = 0x38,
    CBR = 0x3a,
    IMR = 0x3c,
    ISR = 0x3e,
    TCR = 0x40,
    RCR = 0x44,
    TCTR = 0x48,
    MPC = 0x4c,
    CR9346 = 0x50,
    CONFIG0 = 0x51,
    CONFIG1 = 0x52,
    TIMER_INT = 0x54,
    MSR = 0x58,
    CONFIG3 = 0x59,
    CONFIG4 = 0x5a,
    MULINT = 0x5c,
    RERID = 0x5e,
    TSAD_ALL = 0x60,
    BMCR = 0x62,
    BMSR = 0x64,
    ANAR = 0x66,
    ANLPAR = 0x68,
    ANER = 0x6a,
    CSCR = 0x74,
    CONFIG5 = 0xd8,
    TPPOLL = 0xd9,
    CPCR = 0xe0,
    RDSAR = 0xe4,
    ETTHR = 0xec,
    RTL8139_BYTES = 0x100
};
enum { CR_EMPTY = 1, CR_TX = 4, CR_RX = 8, CR_RESET = 0x10 };
/* Causes of interrupts. */
enum {
    CAUSE_RX = 1 << 0,
    CAUSE_TX = 1 << 2,
    CAUSE_RX_NO_ROOM = 1 << 4,
    CAUSE_LINK = 1 << 5,
    CAUSE_TX_EMPTY = 1 << 7,
    CAUSE_SOFTWARE = 1 << 8,
    CAUSE_TIMER = 1 << 14
};
enum { CPCR_TX = 1, CPCR_RX = 2, CPCR_SUMS = 0x20, CPCR_VLAN = 0x40 };
#define TSD_SIZE UINT32_C(0x1fff)
#define TSD_OWN  (UINT32_C(1) << 13) /* it is the driver's: the frame was sent, or never was one */
#define TSD_OK   (UINT32_C(1) << 15)
#define LOOPBACK (UINT32_C(3) << 17) /* of TCR */

struct rtl8139_config {
    struct net_card_config card;
    uint8_t is_plus; /* an RTL8139C+ */
    uint8_t zero;
};

/* As they are dumped: data sheet of the C+, "tally counters"; what cannot happen here has none. */
struct rtl8139_counts {
    uint64_t tx, rx, rx_own, rx_broadcast;
    uint32_t rx_multicast, missed;
};

struct rtl8139 {
    struct pci_state pci;
    tick alarm[1];              /* TIMER_INT */
    uint64_t timer_ns;          /* when TCTR was 0 */
    uint8_t reg[RTL8139_BYTES]; /* all that are as they were written, little-endian */
    uint8_t tx_at[2], rx_at;    /* descriptors of the C+ rings: usual, high priority; received */
    uint8_t tx_next;            /* which TSD is the next one */
    uint8_t zero[4];
    struct microwire eeprom;
    struct rtl8139_counts counts;
};

static inline uint32_t rtl8139_get(const struct device *d, unsigned at, unsigned size)
{
    return (uint32_t)bytes_get_le(((const struct rtl8139 *)d->state)->reg + at, size);
}
static inline void rtl8139_set(struct device *d, unsigned at, unsigned size, uint32_t value)
{
    bytes_set_le(((struct rtl8139 *)d->state)->reg + at, size, value);
}

/* rtl8139.c */
void rtl8139_cause(struct device *d, unsigned causes);
/* rtl8139_ring.c: what waits in TSD is sent; what is in a C+ ring is, too. */
void rtl8139_transmit(struct device *d);
void rtl8139_transmit_ring(struct device *d, bool is_high);
void rtl8139_input(struct device *d, const uint8_t *frame, uint32_t count);
uint32_t rtl8139_room(const struct device *d);
bool rtl8139_is_empty(const struct device *d); /* the C way's ring */

#endif
