/* SPDX-License-Identifier: GPL-2.0-or-later
 * e1000e: Intel's 82574L, after its data sheet, as far as it differs from the 82540EM: PCI Express, five vectors
 * of MSI-X, words written to its memory, hashes of flows and two queues for what comes in, a clock. Left out:
 * header splitting, time stamps of frames, the flash memory, management, LTR.
 */
#include "dev/net/e1000.h"

enum { WINDOW_MEMORY, WINDOW_IO, WINDOW_TABLE, WINDOW_PENDING };
static const struct field fields[] = {E1000_FIELDS};

enum { MEMORY_BYTES = 0x20000, FLASH_BYTES = 0x20000, IO_BYTES = 0x20, MSIX_BYTES = 0x4000 };

/* ---- the chip ---------------------------------------------------------------------------------*/

void e1000e_reset(struct device *d)
{
    struct e1000 *s = d->state;

    s->reg[R_PBA] = 0x00140014;
    s->reg[R_EEMNGCTL] = 0x00040000; /* the configuration was loaded */
    s->reg[R_TARC0] = s->reg[R_TARC1] = 0x403;
    s->reg[R_RXDCTL] = s->reg[R_RXDCTL1] = 0x01000000;
    s->reg[R_TXDCTL] = s->reg[R_TXDCTL1] = 0x00400000;
    e1000e_set_time(d, 0);
}

void e1000e_write_nvm(struct e1000 *s, uint32_t value)
{
    uint32_t place = (uint32_t)bits_get(value, 2, 14);

    s->reg[R_EEWR] = (value & ~3u) | 2;
    if ((value & 1) != 0 && place < MICROWIRE_WORDS) {
        s->eeprom.words[place] = (uint16_t)(value >> 16);
    }
}

/* Each so many periods of 40 ns it goes on by so much. */
static uint64_t time_now(const struct device *d)
{
    const struct e1000 *s = d->state;
    uint64_t period = bits_get(s->reg[R_TIMINCA], 24, 8), more = bits_get(s->reg[R_TIMINCA], 0, 24);

    return period == 0 ? s->time_base
                       : s->time_base + (device_now_ns(d) - s->time_ns) / (40 * period) * more;
}

uint32_t e1000e_read_time(struct device *d)
{
    struct e1000 *s = d->state;
    uint64_t now = time_now(d);

    s->reg[R_SYSTIML] = (uint32_t)now;
    s->reg[R_SYSTIMH] = (uint32_t)(now >> 32);
    return (uint32_t)now;
}

void e1000e_set_time(struct device *d, uint64_t value)
{
    struct e1000 *s = d->state;

    s->time_base = value;
    s->time_ns = device_now_ns(d);
}

/* ---- flows: 7.1.11 ----------------------------------------------------------------------------*/

enum { MRQC_HASHES = 1, MRQC_TCP4 = 1 << 16, MRQC_IPV4 = 1 << 17, MRQC_TCP6 = 1 << 18 };
enum { MRQC_IPV6 = 1 << 20, RXCSUM_TELLS_HASH = 1 << 13 };
enum { KIND_NONE, KIND_TCP4, KIND_IPV4, KIND_TCP6, KIND_IPV6 = 5 };

static bool has_hashes(const struct e1000 *s)
{
    return (s->reg[R_MRQC] & 3) == MRQC_HASHES && (s->reg[R_RXCSUM] & RXCSUM_TELLS_HASH) != 0;
}

bool e1000e_has_two_queues(const struct e1000 *s)
{
    uint32_t entries = 0;

    for (size_t i = 0; i < ARRAY_LEN(s->hash_table); i++) {
        entries |= s->hash_table[i];
    }
    return has_hashes(s) && (entries & 0x80808080) != 0;
}

/* The key is turned by one bit for each bit of the flow, and its upper 32 are added for each one that is set. */
static uint32_t hash_bits(const struct e1000 *s, const uint8_t *bytes, size_t count)
{
    uint8_t key[sizeof s->hash_key];
    uint32_t window, hash = 0;

    for (size_t i = 0; i < ARRAY_LEN(s->hash_key); i++) {
        bytes_set_le(key + 4 * i, 4, s->hash_key[i]);
    }
    window = (uint32_t)bytes_get_be(key, 4);
    for (size_t i = 0; i < count; i++) {
        uint8_t next = i + 4 < sizeof key ? key[i + 4] : 0;

        for (unsigned bit = 8; bit-- > 0;) {
            hash ^= (bytes[i] >> bit & 1) != 0 ? window : 0;
            window = window << 1 | (next >> bit & 1u);
        }
    }
    return hash;
}

uint32_t e1000e_hash(const struct e1000 *s, const uint8_t *frame, size_t count, unsigned *kind)
{
    uint32_t parts = s->reg[R_MRQC];
    struct frame_parts p;
    size_t addresses;
    uint8_t flow[36];
    bool has_ports;

    *kind = KIND_NONE;
    if (!has_hashes(s) || !frame_find_parts(frame, count, &p)) {
        return 0;
    }
    addresses = p.is_ipv6 ? 32 : 8;
    memcpy(flow, frame + p.l3 + (p.is_ipv6 ? 8 : 12), addresses);
    has_ports = p.protocol == 6 && !p.is_fragment && p.l4 + 4 <= count;
    if (has_ports && (parts & (p.is_ipv6 ? MRQC_TCP6 : MRQC_TCP4)) != 0) {
        *kind = p.is_ipv6 ? KIND_TCP6 : KIND_TCP4;
        memcpy(flow + addresses, frame + p.l4, 4);
        return hash_bits(s, flow, addresses + 4);
    }
    if ((parts & (p.is_ipv6 ? MRQC_IPV6 : MRQC_IPV4)) != 0) {
        *kind = p.is_ipv6 ? KIND_IPV6 : KIND_IPV4;
        return hash_bits(s, flow, addresses);
    }
    return 0;
}

unsigned e1000e_queue(const struct e1000 *s, uint32_t hash, unsigned kind)
{
    if (kind == KIND_NONE) {
        return 0;
    }
    return s->hash_table[(hash & 127) / 4] >> (8 * (hash & 3) + 7) & 1;
}

/* ---- the model --------------------------------------------------------------------------------*/

const struct device_class e1000e = {
    .name = "e1000e",
    .behaviour = 1,
    .windows = {[WINDOW_MEMORY] = {.bytes = MEMORY_BYTES, .sizes = 4},
                [WINDOW_IO] = {.bytes = IO_BYTES, .sizes = 4},
                [WINDOW_TABLE] = {.bytes = 16 * E1000_VECTORS, .sizes = 4 | 8},
                [WINDOW_PENDING] = {.bytes = 8, .sizes = 4 | 8}},
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

static int build(struct plug *p, struct error *e)
{
    struct pci_kind kind = {
        .vendor = 0x8086,
        .device = 0x10d3,
        .subsystem_vendor = 0x8086,
        .class_code = 0x020000,
        .pin = 1,
        .state_offset = offsetof(struct e1000, pci),
        .bars = {{.bytes = MEMORY_BYTES},
                 {.bytes = FLASH_BYTES},
                 {.bytes = IO_BYTES, .flags = PCI_BAR_IO},
                 {.bytes = MSIX_BYTES}},
        .regions = {{.bar = 0, .number = WINDOW_MEMORY},
                    {.bar = 2, .number = WINDOW_IO},
                    {.bar = 3, .number = WINDOW_TABLE},
                    {.bar = 3, .number = WINDOW_PENDING, .offset = 0x2000}},
        .region_count = 4,
        .msix = {.vectors = E1000_VECTORS,
                 .table_window = WINDOW_TABLE,
                 .pending_window = WINDOW_PENDING},
        .msi_vectors = 1,
        .has_power = true,
        .express = PCI_EXPRESS_DEVICE,
        .has_error_reports = true,
        .read = e1000_read,
        .write = e1000_write,
        .reset = e1000_power_on,
    };
    struct e1000_config c = {.is_express = 1};
    char port[NET_PORT_ROOM];

    net_card_address(p, c.card.address);
    kind.serial = bytes_get_be(c.card.address, 3) << 40 | UINT64_C(0xffff) << 24 |
                  bytes_get_be(c.card.address + 3, 3);
    return pci_add(p, &e1000e, &kind, &c, sizeof c, net_card_port(p, port), e) != NULL ? 0 : -1;
}

static const struct model_property properties[] = {PCI_PROPERTIES, NET_CARD_PROPERTIES};
const struct model e1000e_model = {.name = "e1000e",
                                   .bus = BUS_PCI,
                                   .category = CATEGORY_NETWORK,
                                   .summary = "Intel 82574L Gigabit Ethernet",
                                   .properties = properties,
                                   .property_count = ARRAY_LEN(properties),
                                   .build = build};
