/* SPDX-License-Identifier: GPL-2.0-or-later
 * e1000: Intel's 82540EM, after the "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's
 * Manual", and what the 82574L shares with it: registers, the EEPROM, the PHY. The link is up where there
 * is a network. Left out: flow control, wake-up, manageability, 10 and 100 Mbit/s, split headers.
 */
#include "dev/net/e1000.h"

enum { WINDOW_MEMORY, WINDOW_IO };
enum { MEMORY_BYTES = 0x20000, IO_BYTES = 0x40 };
enum {
    AT_ICR = 0x00c0,
    AT_ICS = 0x00c8,
    AT_IMC = 0x00d8,
    AT_STATS = 0x4000,
    AT_MULTICAST = 0x5200,
    AT_ADDRESS = 0x5400,
    AT_VLANS = 0x5600,
    AT_HASH_TABLE = 0x5c00,
    AT_HASH_KEY = 0x5c80
};

enum chip { BOTH, OLD, EXPRESS };
/* Where registers are, and which of their bits a guest writes. */
static const struct {
    uint16_t at, older; /* `older`: the 82542's place for it, which is kept */
    uint8_t number;
    uint32_t writable;
    enum chip chip;
} places[] = {
    {0x0000, 0, R_CTRL, ~UINT32_C(0), BOTH},
    {0x0008, 0, R_STATUS, 0, BOTH},
    {0x0010, 0, R_EECD, 0x7f, BOTH},
    {0x0014, 0, R_EERD, 0, BOTH},
    {0x0018, 0, R_CTRL_EXT, ~UINT32_C(0), BOTH},
    {0x0020, 0, R_MDIC, 0, BOTH},
    {0x0028, 0, R_FCAL, ~UINT32_C(0), BOTH},
    {0x002c, 0, R_FCAH, 0xffff, BOTH},
    {0x0030, 0, R_FCT, 0xffff, BOTH},
    {0x0038, 0, R_VET, 0xffff, BOTH},
    {0x00c4, 0, R_ITR, 0xffff, BOTH},
    {0x00d0, 0, R_IMS, 0, BOTH},
    {0x0100, 0, R_RCTL, ~UINT32_C(0), BOTH},
    {0x0170, 0, R_FCTTV, 0xffff, BOTH},
    {0x0178, 0, R_TXCW, ~UINT32_C(0), BOTH},
    {0x0400, 0, R_TCTL, ~UINT32_C(0), BOTH},
    {0x0410, 0, R_TIPG, ~UINT32_C(0), BOTH},
    {0x0458, 0, R_AIT, 0xffff, BOTH},
    {0x0e00, 0, R_LEDCTL, ~UINT32_C(0), BOTH},
    {0x1000, 0, R_PBA, ~UINT32_C(0), BOTH},
    {0x2160, 0x0168, R_FCRTL, 0xfff8, BOTH},
    {0x2168, 0x0160, R_FCRTH, 0xfff8, BOTH},
    {0x2800, 0x0110, R_RDBAL, ~UINT32_C(15), BOTH},
    {0x2804, 0x0114, R_RDBAH, ~UINT32_C(0), BOTH},
    {0x2808, 0x0118, R_RDLEN, 0xfff80, BOTH},
    {0x2810, 0x0120, R_RDH, 0xffff, BOTH},
    {0x2818, 0x0128, R_RDT, 0xffff, BOTH},
    {0x2820, 0x0108, R_RDTR, 0xffff, BOTH},
    {0x2828, 0, R_RXDCTL, ~UINT32_C(0), BOTH},
    {0x282c, 0, R_RADV, 0xffff, BOTH},
    {0x3800, 0x0420, R_TDBAL, ~UINT32_C(15), BOTH},
    {0x3804, 0x0424, R_TDBAH, ~UINT32_C(0), BOTH},
    {0x3808, 0x0428, R_TDLEN, 0xfff80, BOTH},
    {0x3810, 0x0430, R_TDH, 0xffff, BOTH},
    {0x3818, 0x0438, R_TDT, 0xffff, BOTH},
    {0x3820, 0x0440, R_TIDV, 0xffff, BOTH},
    {0x3828, 0, R_TXDCTL, ~UINT32_C(0), BOTH},
    {0x382c, 0, R_TADV, 0xffff, BOTH},
    {0x5000, 0, R_RXCSUM, 0x3ff, OLD},
    {0x5000, 0, R_RXCSUM, 0xb7ff, EXPRESS},
    {0x5800, 0, R_WUC, 0xf, BOTH},
    {0x5808, 0, R_WUFC, ~UINT32_C(0), BOTH},
    {0x5820, 0, R_MANC, ~UINT32_C(0), BOTH},
    {0x001c, 0, R_FLA, ~UINT32_C(0), EXPRESS},
    {0x00dc, 0, R_EIAC, 0x01f00000, EXPRESS},
    {0x00e0, 0, R_IAM, ~UINT32_C(0), EXPRESS},
    {0x00e4, 0, R_IVAR, 0x800fffff, EXPRESS},
    {0x00e8, 0, R_EITR, 0xffff, EXPRESS},
    {0x00ec, 0, R_EITR + 1, 0xffff, EXPRESS},
    {0x00f0, 0, R_EITR + 2, 0xffff, EXPRESS},
    {0x00f4, 0, R_EITR + 3, 0xffff, EXPRESS},
    {0x00f8, 0, R_EITR + 4, 0xffff, EXPRESS},
    {0x0f00, 0, R_EXTCNF, ~UINT32_C(0), EXPRESS},
    {0x0f08, 0, R_EXTCNF_SIZE, ~UINT32_C(0), EXPRESS},
    {0x0f10, 0, R_POEMB, ~UINT32_C(0), EXPRESS},
    {0x1008, 0, R_PBS, ~UINT32_C(0), EXPRESS},
    {0x1010, 0, R_EEMNGCTL, 0, EXPRESS},
    {0x102c, 0, R_EEWR, 0, EXPRESS},
    {0x2900, 0, R_RDBAL1, ~UINT32_C(15), EXPRESS},
    {0x2904, 0, R_RDBAH1, ~UINT32_C(0), EXPRESS},
    {0x2908, 0, R_RDLEN1, 0xfff80, EXPRESS},
    {0x2910, 0, R_RDH1, 0xffff, EXPRESS},
    {0x2918, 0, R_RDT1, 0xffff, EXPRESS},
    {0x2928, 0, R_RXDCTL1, ~UINT32_C(0), EXPRESS},
    {0x3840, 0, R_TARC0, ~UINT32_C(0), EXPRESS},
    {0x3900, 0, R_TDBAL1, ~UINT32_C(15), EXPRESS},
    {0x3904, 0, R_TDBAH1, ~UINT32_C(0), EXPRESS},
    {0x3908, 0, R_TDLEN1, 0xfff80, EXPRESS},
    {0x3910, 0, R_TDH1, 0xffff, EXPRESS},
    {0x3918, 0, R_TDT1, 0xffff, EXPRESS},
    {0x3928, 0, R_TXDCTL1, ~UINT32_C(0), EXPRESS},
    {0x3940, 0, R_TARC1, ~UINT32_C(0), EXPRESS},
    {0x5008, 0, R_RFCTL, ~UINT32_C(0), EXPRESS},
    {0x5818, 0, R_MRQC, ~UINT32_C(0), EXPRESS},
    {0x5860, 0, R_MANC2H, ~UINT32_C(0), EXPRESS},
    {0x5b00, 0, R_GCR, ~UINT32_C(0), EXPRESS},
    {0x5b30, 0, R_FACTPS, 0, EXPRESS},
    {0x5b50, 0, R_SWSM, ~UINT32_C(0), EXPRESS},
    {0x5b54, 0, R_FWSM, 0, EXPRESS},
    {0x5b58, 0, R_SWSM2, ~UINT32_C(0), EXPRESS},
    {0x5b64, 0, R_GCR2, ~UINT32_C(0), EXPRESS},
    {0xb600, 0, R_SYSTIML, ~UINT32_C(0), EXPRESS},
    {0xb604, 0, R_SYSTIMH, ~UINT32_C(0), EXPRESS},
    {0xb608, 0, R_TIMINCA, ~UINT32_C(0), EXPRESS},
    {0xb614, 0, R_TSYNCTXCTL, 0x10, EXPRESS},
    {0xb620, 0, R_TSYNCRXCTL, 0x1e, EXPRESS},
    {0xb638, 0, R_RXUDP, ~UINT32_C(0), EXPRESS},
};

static const struct field fields[] = {E1000_FIELDS};

/* ---- counters ---------------------------------------------------------------------------------*/

void e1000_count(struct device *d, unsigned first, bool is_64, uint64_t more)
{
    struct e1000 *s = d->state;
    uint64_t sum = s->stats[first] + more;

    s->stats[first] = (uint32_t)sum;
    if (is_64) {
        s->stats[first + 1] += (uint32_t)(sum >> 32);
    }
}

/* ---- EEPROM: 5.3, a part of the Microwire kind with 64 words -----------------------------------*/

enum { EECD_CLOCK = 1, EECD_SELECT = 2, EECD_IN = 4, EECD_OUT = 8, EECD_REQUEST = 0x40 };
enum { EECD_GRANT = 0x80, EECD_PRESENT = 0x100, EECD_READ = 0x200 };

static void write_eecd(struct e1000 *s, uint32_t value)
{
    s->reg[R_EECD] = value & 0x7f;
    microwire_drive(&s->eeprom, (value & EECD_SELECT) != 0, (value & EECD_CLOCK) != 0,
                    (value & EECD_IN) != 0);
}

static uint32_t read_eecd(const struct e1000 *s, bool is_express)
{
    return (s->reg[R_EECD] & ~(uint32_t)EECD_OUT) | EECD_PRESENT | (is_express ? EECD_READ : 0) |
           (s->eeprom.out ? EECD_OUT : 0) | ((s->reg[R_EECD] & EECD_REQUEST) != 0 ? EECD_GRANT : 0);
}

/* The quick way: a word by its number. */
static void write_eerd(struct e1000 *s, uint32_t value, bool is_express)
{
    uint32_t place = (uint32_t)(is_express ? bits_get(value, 2, 14) : bits_get(value, 8, 8));

    s->reg[R_EERD] = value & (is_express ? 0xfffc : 0xff00);
    if ((value & 1) != 0) {
        s->reg[R_EERD] |= (is_express ? 2 : 0x10) |
                          (place < MICROWIRE_WORDS ? (uint32_t)s->eeprom.words[place] << 16 : 0);
    }
}

static void make_eeprom(struct e1000 *s, const uint8_t address[6], uint16_t device)
{
    uint16_t *words = s->eeprom.words, sum = 0;

    memset(words, 0, sizeof s->eeprom.words);
    for (unsigned i = 0; i < 3; i++) {
        words[i] = (uint16_t)bytes_get_le(address + 2 * (size_t)i, 2);
    }
    words[0x0a] = 0x4408; /* initialisation control 1: PCI identifiers are as they are */
    words[0x0b] = 0x1100;
    words[0x0c] = 0x8086;
    words[0x0d] = device;
    words[0x0e] = 0x8086;
    for (unsigned i = 0; i < MICROWIRE_WORDS - 1; i++) {
        sum = (uint16_t)(sum + words[i]);
    }
    words[MICROWIRE_WORDS - 1] = (uint16_t)(0xbaba - sum); /* 5.6.35 */
}

/* ---- PHY: IEEE 802.3, clause 22, and Marvell's 88E1011 -----------------------------------------*/

enum { PHY_CONTROL, PHY_STATUS, PHY_ID1, PHY_ID2, PHY_ADVERTISES, PHY_PARTNER, PHY_EXPANSION };
enum {
    PHY_1000_CONTROL = 9,
    PHY_1000_STATUS = 10,
    PHY_EXTENDED = 15,
    PHY_SPECIFIC_STATUS = 17,
    PHY_PAGE = 22
};

static void reset_phy(struct device *d)
{
    struct e1000 *s = d->state;
    bool is_up = d->port >= 0;

    memset(s->phy, 0, sizeof s->phy);
    s->phy[PHY_CONTROL] = 0x1140;
    s->phy[PHY_STATUS] = is_up ? 0x796d : 0x7949;
    s->phy[PHY_ID1] = 0x0141;
    s->phy[PHY_ID2] = e1000_is_express(d) ? 0x0cb1 : 0x0c20;
    s->phy[PHY_ADVERTISES] = 0x0de1;
    s->phy[PHY_PARTNER] = is_up ? 0x45e1 : 0;
    s->phy[PHY_EXPANSION] = is_up ? 1 : 0;
    s->phy[PHY_1000_CONTROL] = 0x0e00;
    s->phy[PHY_1000_STATUS] = is_up ? 0x3c00 : 0;
    s->phy[PHY_EXTENDED] = 0x3000;
    s->phy[PHY_SPECIFIC_STATUS] = is_up ? 0xac00 : 0;
}

static bool phy_is_writable(unsigned number)
{
    return number == PHY_CONTROL || number == PHY_ADVERTISES || number == PHY_1000_CONTROL ||
           number == 16 || number == 20 || number == 29 || number == 30;
}

static void write_mdic(struct device *d, uint32_t value)
{
    struct e1000 *s = d->state;
    unsigned number = (unsigned)bits_get(value, 16, 5), phy = (unsigned)bits_get(value, 21, 5);
    bool is_write = bits_get(value, 26, 2) == 1;
    bool is_paged =
        e1000_is_express(d) && number >= 16; /* on pages but the first there is nothing */

    s->reg[R_MDIC] = (value & 0x2fffffff) | UINT32_C(1) << 28; /* ready */
    if (phy != 1) {
        s->reg[R_MDIC] |= UINT32_C(1) << 30; /* nobody answers */
    } else if (is_paged && number == PHY_PAGE) {
        s->phy[number] = is_write ? (uint16_t)value : s->phy[number];
        s->reg[R_MDIC] = (s->reg[R_MDIC] & 0xffff0000) | s->phy[number];
    } else if (is_paged && s->phy[PHY_PAGE] != 0) {
        s->reg[R_MDIC] &= is_write ? UINT32_MAX : 0xffff0000;
    } else if (!is_write) {
        s->reg[R_MDIC] = (s->reg[R_MDIC] & 0xffff0000) | s->phy[number];
    } else if (number == PHY_CONTROL) { /* what restarts or resets is over at once */
        s->phy[number] = (uint16_t)(value & 0x7dff);
        e1000_cause(d, (value & 0x8200) != 0 ? CAUSE_LINK : 0);
    } else if (phy_is_writable(number)) {
        s->phy[number] = (uint16_t)value;
    }
    e1000_cause(d, (value >> 29 & 1) != 0 ? CAUSE_MDIO : 0);
}

/* ---- registers --------------------------------------------------------------------------------*/

static uint32_t status_of(const struct device *d)
{
    const struct e1000 *s = d->state;

    return STATUS_DUPLEX | STATUS_1000 | STATUS_ASD_1000 |
           (e1000_is_express(d) && (s->reg[R_CTRL] & CTRL_NO_MASTER) == 0 ? STATUS_MASTER : 0) |
           (d->port >= 0 && (s->reg[R_CTRL] & CTRL_LINK_UP) != 0 ? STATUS_LINK : 0);
}

/* As at power-on, but for what PCI knows and the EEPROM. */
static void reset_card(struct device *d)
{
    struct e1000 *s = d->state;
    const struct e1000_config *c = d->config;

    memset(s->reg, 0, sizeof s->reg);
    memset(s->multicast, 0, sizeof s->multicast);
    memset(s->vlans, 0, sizeof s->vlans);
    memset(s->address, 0, sizeof s->address);
    memset(s->stats, 0, sizeof s->stats);
    memset(s->context, 0, sizeof s->context);
    memset(s->segments, 0, sizeof s->segments);
    memset(s->hash_key, 0, sizeof s->hash_key);
    memset(s->hash_table, 0, sizeof s->hash_table);
    memset(s->quiet_until, 0, sizeof s->quiet_until);
    for (unsigned v = 0; v < E1000_VECTORS; v++) {
        device_set_alarm(d, v, TICK_NEVER);
    }
    microwire_drive(&s->eeprom, false, false, false);
    s->io_address = 0;
    s->reg[R_CTRL] = CTRL_LINK_UP | 0x201; /* 1000 Mbit/s, full duplex */
    s->reg[R_PBA] = 0x00100030;
    s->reg[R_VET] = 0x8100;
    s->reg[R_LEDCTL] = 0x07068302;
    s->address[0] = (uint32_t)bytes_get_le(c->card.address, 4);
    s->address[1] = (uint32_t)bytes_get_le(c->card.address + 4, 2) | UINT32_C(1) << 31;
    reset_phy(d);
    if (e1000_is_express(d)) {
        e1000e_reset(d);
    }
    pci_set_pin(d, false);
}

void e1000_power_on(struct device *d)
{
    const struct e1000_config *c = d->config;

    make_eeprom(d->state, c->card.address, pci_kind_of(d)->device);
    reset_card(d);
}

static int find_place(const struct device *d, uint64_t at)
{
    enum chip other = e1000_is_express(d) ? OLD : EXPRESS;

    for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
        if (places[i].chip == other) {
            continue;
        }
        if (places[i].at == at || (at != 0 && places[i].older == at)) {
            return (int)i;
        }
    }
    return -1;
}

/* A word of one of the tables; NULL: none is there. */
static uint32_t *table_at(struct e1000 *s, uint64_t at, bool is_express)
{
    if (is_express && at >= AT_HASH_KEY && at < AT_HASH_KEY + sizeof s->hash_key) {
        return &s->hash_key[(at - AT_HASH_KEY) / 4];
    }
    if (is_express && at >= AT_HASH_TABLE && at < AT_HASH_TABLE + sizeof s->hash_table) {
        return &s->hash_table[(at - AT_HASH_TABLE) / 4];
    }
    if (at >= AT_STATS && at < AT_STATS + sizeof s->stats) {
        return &s->stats[(at - AT_STATS) / 4];
    }
    if (at >= AT_MULTICAST && at < AT_MULTICAST + sizeof s->multicast) {
        return &s->multicast[(at - AT_MULTICAST) / 4];
    }
    if (at >= AT_ADDRESS && at < AT_ADDRESS + sizeof s->address) {
        return &s->address[(at - AT_ADDRESS) / 4];
    }
    if (at >= AT_VLANS && at < AT_VLANS + sizeof s->vlans) {
        return &s->vlans[(at - AT_VLANS) / 4];
    }
    return NULL;
}

/* Reading it takes it: bit 0 was 0 for whoever did so first. */
static uint32_t read_semaphore(struct e1000 *s)
{
    uint32_t value = s->reg[R_SWSM];

    s->reg[R_SWSM] |= 1;
    return value;
}

static uint32_t read_register(struct device *d, struct mem_access a)
{
    struct e1000 *s = d->state;
    uint64_t at = a.at & ~UINT64_C(3);
    uint32_t *word = table_at(s, at, e1000_is_express(d)), value;
    int place;

    if (word != NULL) {
        value = *word;
        if (at < AT_STATS + sizeof s->stats && at >= AT_STATS) {
            *word = 0;
        }
        return value;
    }
    if (at == AT_ICR) {
        return e1000_read_icr(d);
    }
    place = find_place(d, at);
    if (place < 0) {
        return (uint32_t)device_bad_read(d, a);
    }
    switch (places[place].number) {
    case R_STATUS: return status_of(d);
    case R_EECD: return read_eecd(s, e1000_is_express(d));
    case R_SWSM: return read_semaphore(s);
    case R_SYSTIML: return e1000e_read_time(d);
    default: return s->reg[places[place].number];
    }
}

static void write_place(struct device *d, unsigned place, uint32_t value)
{
    struct e1000 *s = d->state;
    unsigned number = places[place].number;

    switch (number) {
    case R_CTRL:
        if ((value & CTRL_RESET) != 0) {
            reset_card(d);
            return;
        }
        s->reg[R_CTRL] = value & ~(UINT32_C(1) << 31); /* the PHY's reset is over at once */
        return;
    case R_EECD: write_eecd(s, value); return;
    case R_EERD: write_eerd(s, value, e1000_is_express(d)); return;
    case R_EEWR: e1000e_write_nvm(s, value); return;
    case R_MDIC: write_mdic(d, value); return;
    case R_IMS: e1000_mask(d, value, 0); return;
    case R_CTRL_EXT: value &= e1000_is_express(d) ? ~(uint32_t)CTRL_EXT_RELOAD : UINT32_MAX; break;
    default: break;
    }
    s->reg[number] = value & places[place].writable;
    if (number == R_TDT || number == R_TCTL) {
        e1000_transmit(d, 0);
    }
    if (number == R_TDT1 || (number == R_TCTL && e1000_is_express(d))) {
        e1000_transmit(d, 1);
    }
    if (number == R_SYSTIMH || number == R_TIMINCA) {
        e1000e_set_time(d, (uint64_t)s->reg[R_SYSTIMH] << 32 | s->reg[R_SYSTIML]);
    }
}

static void write_register(struct device *d, struct mem_access a, uint32_t value)
{
    struct e1000 *s = d->state;
    uint64_t at = a.at & ~UINT64_C(3);
    uint32_t *word = table_at(s, at, e1000_is_express(d));
    int place = find_place(d, at);

    if (word != NULL) {
        *word = value;
    } else if (at == AT_ICR) {
        e1000_write_icr(d, value);
    } else if (at == AT_ICS) {
        e1000_cause(d, value & 0x7fffffff);
    } else if (at == AT_IMC) {
        e1000_mask(d, 0, value);
    } else if (place >= 0) {
        write_place(d, (unsigned)place, value);
    } else {
        device_bad_write(d, a, value);
    }
}

/* Registers by way of I/O addresses: where, and what. */
static uint64_t read_io(struct device *d, struct mem_access a)
{
    struct e1000 *s = d->state;

    if (a.at == 0) {
        return s->io_address;
    }
    a.at = s->io_address;
    return a.at < MEMORY_BYTES ? read_register(d, a) : device_bad_read(d, a);
}

static void write_io(struct device *d, struct mem_access a, uint64_t value)
{
    struct e1000 *s = d->state;

    if (a.at == 0) {
        s->io_address = (uint32_t)value;
        return;
    }
    a.at = s->io_address;
    if (a.at < MEMORY_BYTES) {
        write_register(d, a, (uint32_t)value);
    } else {
        device_bad_write(d, a, value);
    }
}

uint64_t e1000_read(struct device *d, struct mem_access a)
{
    return a.window == WINDOW_IO ? read_io(d, a) : read_register(d, a);
}

void e1000_write(struct device *d, struct mem_access a, uint64_t value)
{
    if (a.window == WINDOW_IO) {
        write_io(d, a, value);
    } else {
        write_register(d, a, (uint32_t)value);
    }
}

const struct device_class e1000 = {
    .name = "e1000",
    .behaviour = 3, /* 3: two queues, five vectors, of which it has one */
    .windows = {[WINDOW_MEMORY] = {.bytes = MEMORY_BYTES, .sizes = 4},
                [WINDOW_IO] = {.bytes = IO_BYTES, .sizes = 4}},
    .map = pci_map,
    .state = FIELD_TABLE(struct e1000, fields),
    .alarm_offset = offsetof(struct e1000, alarm),
    .alarm_count = E1000_VECTORS,
    .reset = pci_reset,
    .read = pci_read,
    .write = pci_write,
    .alarm = e1000_alarm,
    .input = e1000_input,
    .room = e1000_room,
    .message_max = FRAME_MAX,
    .check = pci_check,
};

static const struct pci_kind kind = {
    .vendor = 0x8086,
    .device = 0x100e,
    .subsystem_vendor = 0x1af4,
    .subsystem = 0x1100,
    .revision = 3,
    .class_code = 0x020000,
    .pin = 1,
    .state_offset = offsetof(struct e1000, pci),
    .bars = {{.bytes = MEMORY_BYTES}, {.bytes = IO_BYTES, .flags = PCI_BAR_IO}},
    .regions = {{.bar = 0, .number = WINDOW_MEMORY}, {.bar = 1, .number = WINDOW_IO}},
    .region_count = 2,
    .read = e1000_read,
    .write = e1000_write,
    .reset = e1000_power_on,
};

static int build(struct plug *p, struct error *e)
{
    struct e1000_config c = {.is_express = 0};
    char port[NET_PORT_ROOM];

    net_card_address(p, c.card.address);
    return pci_add(p, &e1000, &kind, &c, sizeof c, net_card_port(p, port), e) != NULL ? 0 : -1;
}

static const struct model_property properties[] = {PCI_PROPERTIES, NET_CARD_PROPERTIES};
const struct model e1000_model = {.name = "e1000",
                                  .alias = "e1000-82540em",
                                  .bus = BUS_PCI,
                                  .category = CATEGORY_NETWORK,
                                  .summary = "Intel 82540EM Gigabit Ethernet",
                                  .properties = properties,
                                  .property_count = ARRAY_LEN(properties),
                                  .build = build};
