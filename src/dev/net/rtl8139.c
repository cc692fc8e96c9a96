/* SPDX-License-Identifier: GPL-2.0-or-later
 * rtl8139: RealTek's Fast Ethernet controller, after the data sheets "RTL8139C" and "RTL8139C+": registers, the
 * EEPROM by its wires, the PHY's registers, the timer, interrupts. The link is up where there is a network.
 * Left out: wake-up, the CardBus tables, VPD, boot ROM by its wires, early interrupts, errors of a wire.
 */
#include "dev/net/rtl8139.h"

enum { WINDOW_IO, WINDOW_MEMORY };

/* The revision of the PCI function and of the chip: C+, C. */
enum { REVISION_PLUS = 0x20, REVISION_C = 0x10 };
#define CHIP_PLUS UINT32_C(0x74800000)
#define CHIP_C    UINT32_C(0x74000000)
#define CHIP_MASK UINT32_C(0x7cc00000)

enum { NS_EACH_COUNT = 30 }; /* of the timer: 33 MHz */
enum { WIRE_OUT = 1, WIRE_IN = 2, WIRE_CLOCK = 4, WIRE_SELECT = 8 };
enum { MODE = 0xc0, MODE_NORMAL = 0x00, MODE_LOAD = 0x40, MODE_PROGRAM = 0x80, MODE_WRITE = 0xc0 };
enum { BMCR_RESET = 0x8000, BMCR_RESTART = 0x0200, BMCR_DEFAULT = 0x3000 };
enum { POLL_SOFTWARE = 1, POLL_USUAL = 0x40, POLL_HIGH = 0x80 };
enum { DUMP = 8, DUMP_RESET = 1, COUNTS_BYTES = 64 };

/* Which bits a guest writes; those of the configuration only when CR9346 allows it. Where they are not here,
 * a place is read only. */
static const struct {
    uint8_t at, bytes, mask;
    bool is_locked;
} writable[] = {
    {IDR, 6, 0xff, true},      {MAR, 8, 0xff, false},     {TSD, 32, 0xff, false},
    {RBSTART, 4, 0xff, false}, {CR, 1, 0x0c, false},      {CAPR, 2, 0xff, false},
    {IMR, 2, 0xff, false},     {TCR, 1, 0xf1, false},     {TCR + 1, 1, 0x07, false},
    {TCR + 2, 1, 0x07, false}, {TCR + 3, 1, 0x03, false}, {RCR, 4, 0xff, false},
    {CR9346, 1, 0xce, false},  {CONFIG1, 1, 0xf0, true},  {TIMER_INT, 4, 0xff, false},
    {MSR, 1, 0xc0, false},     {CONFIG3, 1, 0xff, true},  {CONFIG4, 1, 0xff, true},
    {MULINT, 2, 0xff, false},  {BMCR, 2, 0xff, false},    {ANAR, 2, 0xff, false},
    {CSCR, 12, 0xff, false},   {CONFIG5, 1, 0xff, true},  {CPCR, 2, 0xff, false},
    {RDSAR, 8, 0xff, false},   {ETTHR, 1, 0xff, false},
};

static const struct field fields[] = {
    PCI_FIELDS(struct rtl8139, pci),
    FIELD_ARRAY(struct rtl8139, alarm),
    FIELD(struct rtl8139, timer_ns),
    FIELD_ARRAY(struct rtl8139, reg),
    FIELD_ARRAY_MAX(struct rtl8139, tx_at, 63),
    FIELD_MAX(struct rtl8139, rx_at, 63),
    FIELD_MAX(struct rtl8139, tx_next, 3),
    FIELD_ARRAY(struct rtl8139, zero),
    MICROWIRE_FIELDS(struct rtl8139, eeprom),
    FIELD(struct rtl8139, counts.tx),
    FIELD(struct rtl8139, counts.rx),
    FIELD(struct rtl8139, counts.rx_own),
    FIELD(struct rtl8139, counts.rx_broadcast),
    FIELD(struct rtl8139, counts.rx_multicast),
    FIELD(struct rtl8139, counts.missed),
};

static bool is_plus(const struct device *d)
{
    return ((const struct rtl8139_config *)d->config)->is_plus != 0;
}

/* Of sending the C+ way. */
static bool sends_by_ring(const struct device *d)
{
    return (rtl8139_get(d, CPCR, 2) & CPCR_TX) != 0;
}

/* ---- interrupts and the timer -----------------------------------------------------------------*/

static void show_causes(struct device *d)
{
    pci_set_pin(d, (rtl8139_get(d, ISR, 2) & rtl8139_get(d, IMR, 2)) != 0);
}

void rtl8139_cause(struct device *d, unsigned causes)
{
    rtl8139_set(d, ISR, 2, rtl8139_get(d, ISR, 2) | causes);
    show_causes(d);
}

static uint32_t timer_count(const struct device *d)
{
    const struct rtl8139 *s = d->state;

    return (uint32_t)((device_now_ns(d) - s->timer_ns) / NS_EACH_COUNT);
}

/* When the count is that of TIMER_INT the next time; it goes round in 128 seconds. */
static void arm_timer(struct device *d)
{
    const struct rtl8139 *s = d->state;
    uint32_t wanted = rtl8139_get(d, TIMER_INT, 4), left;
    uint64_t counts = (device_now_ns(d) - s->timer_ns) / NS_EACH_COUNT;

    if (wanted == 0) {
        device_set_alarm(d, 0, TICK_NEVER);
        return;
    }
    left = wanted - (uint32_t)counts;
    counts += left != 0 ? left : UINT64_C(1) << 32;
    device_set_alarm(d, 0, device_tick_at(d, s->timer_ns + counts * NS_EACH_COUNT));
}

static void timer_alarm(struct device *d, uint32_t i)
{
    (void)i;
    arm_timer(d);
    rtl8139_cause(d, CAUSE_TIMER);
}

/* ---- EEPROM -----------------------------------------------------------------------------------*/

enum { WORD_SIGNATURE, WORD_VENDOR, WORD_DEVICE, WORD_SUBSYSTEM_VENDOR, WORD_SUBSYSTEM };
enum { WORD_ADDRESS = 7, SIGNATURE = 0x8129 };

static void make_eeprom(struct device *d)
{
    struct rtl8139 *s = d->state;
    const struct rtl8139_config *c = d->config;
    const struct pci_kind *k = pci_kind_of(d);

    s->eeprom.words[WORD_SIGNATURE] = SIGNATURE;
    s->eeprom.words[WORD_VENDOR] = k->vendor;
    s->eeprom.words[WORD_DEVICE] = k->device;
    s->eeprom.words[WORD_SUBSYSTEM_VENDOR] = k->subsystem_vendor;
    s->eeprom.words[WORD_SUBSYSTEM] = k->subsystem;
    for (unsigned i = 0; i < 3; i++) {
        s->eeprom.words[WORD_ADDRESS + i] =
            (uint16_t)bytes_get_le(c->card.address + 2 * (size_t)i, 2);
    }
}

/* What the chip takes from it at a reset, or when it is told to. */
static void load_eeprom(struct device *d)
{
    struct rtl8139 *s = d->state;

    for (unsigned i = 0; i < 3; i++) {
        rtl8139_set(d, IDR + 2 * i, 2, s->eeprom.words[WORD_ADDRESS + i]);
    }
    rtl8139_set(d, CONFIG1, 1, 0x0c); /* both windows, and no driver yet */
    rtl8139_set(d, CONFIG3, 1, 0);
    rtl8139_set(d, CONFIG4, 1, 0);
    rtl8139_set(d, CONFIG5, 1, 0);
}

static void write_9346(struct device *d)
{
    struct rtl8139 *s = d->state;
    uint32_t value = rtl8139_get(d, CR9346, 1);

    switch (value & MODE) {
    case MODE_LOAD:
        load_eeprom(d);
        rtl8139_set(d, CR9346, 1, 0);
        break;
    case MODE_PROGRAM:
        microwire_drive(&s->eeprom, (value & WIRE_SELECT) != 0, (value & WIRE_CLOCK) != 0,
                        (value & WIRE_IN) != 0);
        break;
    default: microwire_drive(&s->eeprom, false, false, false); break;
    }
}

/* ---- the chip ---------------------------------------------------------------------------------*/

static void reset_phy(struct device *d)
{
    rtl8139_set(d, BMCR, 2, BMCR_DEFAULT);
    rtl8139_set(d, ANAR, 2, 0x05e1);
}

/* Whatever is between frames and the host; addresses and the configuration stay. */
static void reset_chip(struct device *d)
{
    struct rtl8139 *s = d->state;

    memset(s->reg + TSD, 0, TCTR - TSD);
    memset(s->reg + MPC, 0, 4);
    memset(s->reg + CPCR, 0, RTL8139_BYTES - CPCR);
    rtl8139_set(d, TPPOLL, 1, 0);
    for (unsigned i = 0; i < 4; i++) {
        rtl8139_set(d, TSD + 4 * i, 4, TSD_OWN);
    }
    rtl8139_set(d, CAPR, 2, 0xfff0);
    rtl8139_set(d, TIMER_INT, 4, 0);
    s->tx_at[0] = s->tx_at[1] = s->rx_at = s->tx_next = 0;
    arm_timer(d);
    show_causes(d);
}

static void reset_card(struct device *d)
{
    make_eeprom(d);
    load_eeprom(d);
    reset_chip(d);
    reset_phy(d);
}

static void put_count(uint8_t *bytes, unsigned at, unsigned size, uint64_t count)
{
    bytes_set_le(bytes + at, size, count);
}

static void write_dtccr(struct device *d)
{
    struct rtl8139 *s = d->state;
    uint32_t low = rtl8139_get(d, DTCCR, 4);
    uint8_t bytes[COUNTS_BYTES] = {0};

    if ((low & DUMP) != 0) {
        put_count(bytes, 0, 8, s->counts.tx);
        put_count(bytes, 8, 8, s->counts.rx);
        put_count(bytes, 28, 2, s->counts.missed);
        put_count(bytes, 40, 8, s->counts.rx_own);
        put_count(bytes, 48, 8, s->counts.rx_broadcast);
        put_count(bytes, 56, 4, s->counts.rx_multicast);
        (void)pci_memory_write(d, (paddr)rtl8139_get(d, DTCCR + 4, 4) << 32 | (low & ~63u), bytes,
                               sizeof bytes);
    }
    if ((low & DUMP_RESET) != 0) {
        memset(&s->counts, 0, sizeof s->counts);
    }
    rtl8139_set(d, DTCCR, 4, low & ~63u);
}

/* ---- registers are read -----------------------------------------------------------------------*/

/* Bits 12 to 15: sent; 0 to 3: the driver's. */
static uint16_t all_status(const struct device *d)
{
    uint16_t status = 0;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t one = rtl8139_get(d, TSD + 4 * i, 4);

        status |= (uint16_t)(((one & TSD_OK) != 0 ? 1u << (12 + i) : 0) |
                             ((one & TSD_OWN) != 0 ? 1u << i : 0));
    }
    return status;
}

/* Registers that are not as they were written. */
static uint64_t computed(const struct device *d, unsigned at, unsigned *first, unsigned *bytes)
{
    static const uint8_t firsts[][2] = {{CR, 1},     {CR9346, 1}, {TCR, 4},      {TCTR, 4},
                                        {MSR, 1},    {RERID, 1},  {TSAD_ALL, 2}, {BMSR, 2},
                                        {ANLPAR, 2}, {ANER, 2},   {CSCR, 2}};
    const struct rtl8139 *s = d->state;
    bool is_up = d->port >= 0;

    *bytes = 0;
    for (unsigned i = 0; i < ARRAY_LEN(firsts); i++) {
        if (at >= firsts[i][0] && at < firsts[i][0] + firsts[i][1]) {
            *first = firsts[i][0];
            *bytes = firsts[i][1];
        }
    }
    switch (*bytes != 0 ? *first : (unsigned)RTL8139_BYTES) {
    case CR: return s->reg[CR] | (rtl8139_is_empty(d) ? CR_EMPTY : 0);
    case CR9346: return (s->reg[CR9346] & ~(unsigned)WIRE_OUT) | s->eeprom.out;
    case TCR: return (rtl8139_get(d, TCR, 4) & ~CHIP_MASK) | (is_plus(d) ? CHIP_PLUS : CHIP_C);
    case TCTR: return timer_count(d);
    case MSR: return s->reg[MSR] | (is_up ? 0 : 1u << 2);
    case RERID: return is_plus(d) ? REVISION_PLUS : REVISION_C;
    case TSAD_ALL: return all_status(d);
    case BMSR: return is_up ? 0x782d : 0x7809;
    case ANLPAR: return is_up ? 0x45e1 : 0;
    case ANER: return is_up ? 1 : 0;
    case CSCR: return (rtl8139_get(d, CSCR, 2) & ~0x0400u) | (is_up ? 0x0400 : 0);
    default: return 0;
    }
}

static uint64_t rtl8139_read(struct device *d, struct mem_access a)
{
    const struct rtl8139 *s = d->state;
    uint64_t value = 0;

    for (unsigned i = 0; i < a.size; i++) {
        unsigned at = (unsigned)a.at + i, first, bytes;
        uint64_t whole = computed(d, at, &first, &bytes);
        uint8_t byte = bytes != 0 ? (uint8_t)(whole >> 8 * (at - first)) : s->reg[at];

        value |= (uint64_t)byte << 8 * i;
    }
    return value;
}

/* ---- and written ------------------------------------------------------------------------------*/

static uint8_t mask_of(const struct device *d, unsigned at)
{
    bool is_locked = (rtl8139_get(d, CR9346, 1) & MODE) != MODE_WRITE;

    for (unsigned i = 0; i < ARRAY_LEN(writable); i++) {
        if (at >= writable[i].at && at < (unsigned)writable[i].at + writable[i].bytes) {
            bool is_there = at < CPCR || at > ETTHR || is_plus(d);

            return is_there && !(is_locked && writable[i].is_locked) ? writable[i].mask : 0;
        }
    }
    return 0;
}

static bool covers(struct mem_access a, unsigned at, unsigned bytes)
{
    return a.at < at + bytes && at < a.at + a.size;
}

/* The driver's bits of TSD, which say that a frame is there; what they were otherwise is over. */
static void follow_tsd(struct device *d, struct mem_access a)
{
    for (unsigned i = 0; i < 4; i++) {
        if (covers(a, TSD + 4 * i, 4)) {
            rtl8139_set(d, TSD + 4 * i, 4, rtl8139_get(d, TSD + 4 * i, 4) & 0x003f3fff);
        }
    }
    rtl8139_transmit(d);
}

static void follow_cr(struct device *d, uint8_t before, bool resets)
{
    struct rtl8139 *s = d->state;
    uint8_t begins = (uint8_t)(rtl8139_get(d, CR, 1) & ~(unsigned)before);

    if (resets) {
        reset_chip(d);
        return;
    }
    if ((begins & CR_RX) != 0) {
        s->rx_at = 0;
    }
    if ((begins & CR_TX) != 0) {
        s->tx_at[0] = s->tx_at[1] = s->tx_next = 0;
        if (!sends_by_ring(d)) {
            rtl8139_transmit(d);
        }
    }
}

static void follow_poll(struct device *d, unsigned value)
{
    if (!is_plus(d)) {
        return;
    }
    if ((value & POLL_HIGH) != 0) {
        rtl8139_transmit_ring(d, true);
    }
    if ((value & POLL_USUAL) != 0) {
        rtl8139_transmit_ring(d, false);
    }
    if ((value & POLL_SOFTWARE) != 0) {
        rtl8139_cause(d, CAUSE_SOFTWARE);
    }
}

static void follow_timer(struct device *d, struct mem_access a)
{
    struct rtl8139 *s = d->state;

    if (covers(a, TCTR, 4)) {
        s->timer_ns = device_now_ns(d);
    }
    if (covers(a, TCTR, 4) || covers(a, TIMER_INT, 4)) {
        arm_timer(d);
    }
}

static void follow_bmcr(struct device *d)
{
    uint32_t value = rtl8139_get(d, BMCR, 2);

    if ((value & BMCR_RESET) != 0) {
        reset_phy(d);
    } else { /* what restarts is over at once */
        rtl8139_set(d, BMCR, 2, value & ~(uint32_t)BMCR_RESTART);
    }
}

static uint8_t byte_of(struct mem_access a, uint64_t value, unsigned at)
{
    return covers(a, at, 1) ? (uint8_t)(value >> 8 * (at - a.at)) : 0;
}

/* What follows from the bytes that are in their places now. */
static void follow(struct device *d, struct mem_access a, uint64_t value, uint8_t cr_before)
{
    if (covers(a, ISR, 2)) {
        uint32_t gone = byte_of(a, value, ISR) | (uint32_t)byte_of(a, value, ISR + 1) << 8;

        rtl8139_set(d, ISR, 2, rtl8139_get(d, ISR, 2) & ~gone);
    }
    if (covers(a, ISR, 2) || covers(a, IMR, 2)) {
        show_causes(d);
    }
    if (covers(a, CR9346, 1)) {
        write_9346(d);
    }
    if (covers(a, MPC, 4)) {
        rtl8139_set(d, MPC, 4, 0);
    }
    if (covers(a, BMCR, 2)) {
        follow_bmcr(d);
    }
    if (covers(a, RDSAR, 4)) {
        ((struct rtl8139 *)d->state)->rx_at = 0;
    }
    follow_timer(d, a);
    if (covers(a, CR, 1)) {
        follow_cr(d, cr_before, (byte_of(a, value, CR) & CR_RESET) != 0);
    }
    if (covers(a, TSD, 16) && !sends_by_ring(d)) {
        follow_tsd(d, a);
    } else if (covers(a, DTCCR, 4)) {
        write_dtccr(d);
    }
    if (covers(a, TPPOLL, 1)) {
        follow_poll(d, byte_of(a, value, TPPOLL));
    }
}

static void rtl8139_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct rtl8139 *s = d->state;
    uint8_t cr = s->reg[CR];

    for (unsigned i = 0; i < a.size; i++) {
        uint8_t mask = mask_of(d, (unsigned)a.at + i), *byte = &s->reg[a.at + i];

        *byte = (uint8_t)((*byte & ~mask) | (value >> 8 * i & mask));
    }
    follow(d, a, value, cr);
}

const struct device_class rtl8139 = {
    .name = "rtl8139",
    .behaviour = 1,
    .windows = {[WINDOW_IO] = {.bytes = RTL8139_BYTES, .sizes = 1 | 2 | 4, .splits = true},
                [WINDOW_MEMORY] = {.bytes = RTL8139_BYTES, .sizes = 1 | 2 | 4, .splits = true}},
    .map = pci_map,
    .state = FIELD_TABLE(struct rtl8139, fields),
    .alarm_offset = offsetof(struct rtl8139, alarm),
    .alarm_count = 1,
    .reset = pci_reset,
    .read = pci_read,
    .write = pci_write,
    .alarm = timer_alarm,
    .input = rtl8139_input,
    .room = rtl8139_room,
    .message_max = FRAME_MAX,
    .check = pci_check,
};

static int build(struct plug *p, struct error *e)
{
    struct pci_kind kind = {
        .vendor = 0x10ec,
        .device = 0x8139,
        .subsystem_vendor = 0x1af4,
        .subsystem = 0x1100,
        .revision = REVISION_PLUS,
        .class_code = 0x020000,
        .pin = 1,
        .state_offset = offsetof(struct rtl8139, pci),
        .bars = {{.bytes = RTL8139_BYTES, .flags = PCI_BAR_IO}, {.bytes = RTL8139_BYTES}},
        .regions = {{.bar = 0, .number = WINDOW_IO}, {.bar = 1, .number = WINDOW_MEMORY}},
        .region_count = 2,
        .has_power = true,
        .read = rtl8139_read,
        .write = rtl8139_write,
        .reset = reset_card,
    };
    struct rtl8139_config c = {.is_plus = plug_flag(p, "cplus")};
    char port[NET_PORT_ROOM];

    if (!c.is_plus) {
        kind.revision = REVISION_C;
    }
    net_card_address(p, c.card.address);
    return pci_add(p, &rtl8139, &kind, &c, sizeof c, net_card_port(p, port), e) != NULL ? 0 : -1;
}

static const struct model_property properties[] = {
    PCI_PROPERTIES,
    NET_CARD_PROPERTIES,
    {.name = "cplus",
     .value = MODEL_FLAG,
     .number = 1,
     .help = "an RTL8139C+; off: an RTL8139C, which knows no descriptors"},
};
const struct model rtl8139_model = {.name = "rtl8139",
                                    .bus = BUS_PCI,
                                    .category = CATEGORY_NETWORK,
                                    .summary = "RealTek RTL8139C+ Fast Ethernet",
                                    .properties = properties,
                                    .property_count = ARRAY_LEN(properties),
                                    .build = build};
