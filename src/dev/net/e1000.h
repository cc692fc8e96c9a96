/* SPDX-License-Identifier: GPL-2.0-or-later
 * e1000: what the files of Intel's Gigabit Ethernet controllers share: the 82540EM, after the "PCI/PCI-X Family of
 * Gigabit Ethernet Controllers Software Developer's Manual", and the 82574L, after its data sheet, which is called
 * express here; private to dev/net/.
 */
#ifndef DEV_NET_E1000_H
#define DEV_NET_E1000_H

#include "bus/pci.h"
#include "dev/frame.h"
#include "dev/net.h"
#include "dev/net/microwire.h"

/* Registers that have a place of their own; where they are is in e1000.c's table. A ring's are in this order:
 * its address, the upper half of that, its length, head and tail. */
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
    /* of the 82574L alone */
    R_FLA,
    R_EIAC,
    R_IAM,
    R_IVAR,
    R_EITR,
    R_EITR_LAST = R_EITR + 4,
    R_EXTCNF,
    R_EXTCNF_SIZE,
    R_POEMB,
    R_PBS,
    R_EEMNGCTL,
    R_EEWR,
    R_RDBAL1,
    R_RDBAH1,
    R_RDLEN1,
    R_RDH1,
    R_RDT1,
    R_RXDCTL1,
    R_TARC0,
    R_TDBAL1,
    R_TDBAH1,
    R_TDLEN1,
    R_TDH1,
    R_TDT1,
    R_TXDCTL1,
    R_TARC1,
    R_RFCTL,
    R_MRQC,
    R_MANC2H,
    R_GCR,
    R_FACTPS,
    R_SWSM,
    R_FWSM,
    R_SWSM2,
    R_GCR2,
    R_SYSTIML,
    R_SYSTIMH,
    R_TIMINCA,
    R_TSYNCTXCTL,
    R_TSYNCRXCTL,
    R_RXUDP,
    R_COUNT
};
enum { RING_UPPER = 1, RING_LENGTH, RING_HEAD, RING_TAIL };
enum { CTRL_NO_MASTER = 4, CTRL_RESET = 1 << 26, CTRL_LINK_UP = 1 << 6, CTRL_VLAN = 1 << 30 };
enum { CTRL_EXT_RELOAD = 1 << 13, CTRL_EXT_MASKS_VECTORS = 1 << 24, CTRL_EXT_MASKS = 1 << 27 };
enum {
    STATUS_DUPLEX = 1,
    STATUS_LINK = 2,
    STATUS_1000 = 0x80,
    STATUS_ASD_1000 = 0x200,
    STATUS_MASTER = 1 << 19
};
/* Causes of interrupts. */
enum {
    CAUSE_TX_WRITTEN = 0x01,
    CAUSE_TX_EMPTY = 0x02,
    CAUSE_LINK = 0x04,
    CAUSE_RX_FEW = 0x10,
    CAUSE_RX = 0x80,
    CAUSE_MDIO = 0x200,
    CAUSES_OLD = 0x1ffff,
    CAUSE_RX_QUEUE = 1 << 20, /* and the next one */
    CAUSE_TX_QUEUE = 1 << 22, /* and the next one */
    CAUSE_OTHER = 1 << 24
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
    STAT_COUNT = 0x128 / 4
};
#define E1000_VECTORS  5 /* of MSI-X */
#define E1000_QUEUES   2
#define E1000_RING_MAX 4096 /* descriptors: 64 KiB */

/* What a descriptor of context says of those that follow it. */
struct e1000_context {
    uint16_t ip_end, l4_end, piece;
    uint8_t ip_from, ip_to, l4_from, l4_to;
    uint8_t header, is_tcp;
};

struct e1000_config {
    struct net_card_config card;
    uint8_t is_express; /* an 82574L */
    uint8_t zero;
};

struct e1000 {
    struct pci_state pci;
    tick alarm[E1000_VECTORS]; /* interrupts that were put off; the first one is that of all */
    tick quiet_until[E1000_VECTORS];
    uint64_t time_base, time_ns; /* the clock's value, and when it had that */
    uint32_t reg[R_COUNT];
    uint32_t multicast[128], vlans[128], address[32], stats[STAT_COUNT];
    uint32_t hash_key[10], hash_table[32];
    struct microwire eeprom;
    uint16_t phy[32];
    uint32_t io_address;
    struct e1000_context context[E1000_QUEUES];  /* of checksums */
    struct e1000_context segments[E1000_QUEUES]; /* of frames that are cut */
    uint8_t zero[4];
};

#define E1000_CONTEXT_FIELDS(c)                                                                    \
    FIELD(struct e1000, c.ip_end), FIELD(struct e1000, c.l4_end), FIELD(struct e1000, c.piece),    \
        FIELD(struct e1000, c.ip_from), FIELD(struct e1000, c.ip_to),                              \
        FIELD(struct e1000, c.l4_from), FIELD(struct e1000, c.l4_to),                              \
        FIELD(struct e1000, c.header), FIELD(struct e1000, c.is_tcp)
#define E1000_FIELDS                                                                               \
    PCI_FIELDS(struct e1000, pci), FIELD_ARRAY(struct e1000, alarm),                               \
        FIELD_ARRAY(struct e1000, quiet_until), FIELD(struct e1000, time_base),                    \
        FIELD(struct e1000, time_ns), FIELD_ARRAY(struct e1000, reg),                              \
        FIELD_ARRAY(struct e1000, multicast), FIELD_ARRAY(struct e1000, vlans),                    \
        FIELD_ARRAY(struct e1000, address), FIELD_ARRAY(struct e1000, stats),                      \
        FIELD_ARRAY(struct e1000, hash_key), FIELD_ARRAY(struct e1000, hash_table),                \
        MICROWIRE_FIELDS(struct e1000, eeprom), FIELD_ARRAY(struct e1000, phy),                    \
        FIELD(struct e1000, io_address), E1000_CONTEXT_FIELDS(context[0]),                         \
        E1000_CONTEXT_FIELDS(context[1]), E1000_CONTEXT_FIELDS(segments[0]),                       \
        E1000_CONTEXT_FIELDS(segments[1]), FIELD_ARRAY(struct e1000, zero)

static inline bool e1000_is_express(const struct device *d)
{
    return ((const struct e1000_config *)d->config)->is_express != 0;
}

/* e1000_ring.c */
void e1000_transmit(struct device *d, unsigned queue);
void e1000_input(struct device *d, const uint8_t *frame, uint32_t count);
uint32_t e1000_room(const struct device *d);
/* e1000_irq.c: something happened; what is to be seen by the processor changed, and was `before`. */
void e1000_cause(struct device *d, uint32_t causes);
void e1000_show_causes(struct device *d, uint32_t before);
void e1000_alarm(struct device *d, uint32_t i);
uint32_t e1000_read_icr(struct device *d);
void e1000_write_icr(struct device *d, uint32_t value);
void e1000_mask(struct device *d, uint32_t set, uint32_t clear); /* bits of IMS */
/* e1000e.c: what the 82574L has of its own. */
void e1000e_reset(struct device *d);
void e1000e_write_nvm(struct e1000 *s, uint32_t value); /* EEWR */
uint32_t e1000e_read_time(struct device *d);            /* SYSTIML, which keeps the upper half */
void e1000e_set_time(struct device *d, uint64_t value); /* from now on it counts anew */
/* The hash of a frame's flow, and by which of its parts; 0: by none. The queue for such a one. */
uint32_t e1000e_hash(const struct e1000 *s, const uint8_t *frame, size_t count, unsigned *kind);
unsigned e1000e_queue(const struct e1000 *s, uint32_t hash, unsigned kind);
bool e1000e_has_two_queues(const struct e1000 *s); /* for frames that come in */
/* e1000.c */
uint64_t e1000_read(struct device *d, struct mem_access a);
void e1000_write(struct device *d, struct mem_access a, uint64_t value);
void e1000_power_on(struct device *d);
void e1000_count(struct device *d, unsigned first, bool is_64, uint64_t more);

#endif
