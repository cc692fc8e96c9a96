/* SPDX-License-Identifier: GPL-2.0-or-later
 * rtl8139_ring: frames out and in, each in the two ways that the chip knows: of the RTL8139C, four registers
 * and one buffer that is a ring of bytes; of the RTL8139C+, rings of at most 64 descriptors. A frame that
 * is in several descriptors leaves when all of them are there; until then none of them is taken. Rings and
 * buffers have to be in memory: so the chip cannot be made to work on itself.
 */
#include "dev/net/rtl8139.h"

enum { CHECK_SEQUENCE = 4, FRAME_LEAST = 60, HEADER = 4, DESCRIPTOR = 16, RING_MOST = 64 };
/* The C way: more is not heard. */
enum { RING_FRAME_MOST = 4096 };

enum { RCR_ALL = 1, RCR_OWN = 2, RCR_MULTICAST = 4, RCR_BROADCAST = 8, RCR_WRAP = 0x80 };
/* In the header before a frame. */
enum { HEARD_OK = 1, HEARD_BROADCAST = 1 << 13, HEARD_OWN = 1 << 14, HEARD_MULTICAST = 1 << 15 };

/* A descriptor's first word. */
#define OWN       (UINT32_C(1) << 31)
#define RING_END  (UINT32_C(1) << 30)
#define FIRST     (UINT32_C(1) << 29)
#define LAST      (UINT32_C(1) << 28)
#define CUT       (UINT32_C(1) << 27)
#define SUM_IP    (UINT32_C(1) << 18)
#define SUM_L4    (UINT32_C(3) << 16)
#define TX_STATUS UINT32_C(0x02ff0000)
#define RX_SIZE   UINT32_C(0x1fff)
/* Of a received one. */
#define RX_MULTICAST (UINT32_C(1) << 26)
#define RX_OWN       (UINT32_C(1) << 25)
#define RX_BROADCAST (UINT32_C(1) << 24)
#define RX_BAD_IP    (UINT32_C(1) << 15)
#define RX_BAD_UDP   (UINT32_C(1) << 14)
#define RX_BAD_TCP   (UINT32_C(1) << 13)
/* The second word. */
#define TX_TAG (UINT32_C(1) << 17)
#define RX_TAG (UINT32_C(1) << 16)

/* ---- out, the C way ---------------------------------------------------------------------------*/

static void leave(struct device *d, uint8_t *frame, size_t count, const struct frame_work *w)
{
    struct rtl8139 *s = d->state;

    if ((rtl8139_get(d, TCR, 4) & LOOPBACK) == LOOPBACK) {
        if (rtl8139_room(d) >= count) {
            rtl8139_input(d, frame, (uint32_t)count);
        }
    } else if (!frame_send(d, frame, count, w)) {
        device_log(d, "guest error: a frame of %zu bytes that cannot be sent", count);
        return;
    }
    s->counts.tx++;
}

void rtl8139_transmit(struct device *d)
{
    struct rtl8139 *s = d->state;
    uint8_t frame[TSD_SIZE + 1];
    const struct frame_work w = {0};

    for (unsigned n = 0; n < 4 && (rtl8139_get(d, CR, 1) & CR_TX) != 0; n++) {
        unsigned at = TSD + 4u * s->tx_next;
        uint32_t status = rtl8139_get(d, at, 4), size = status & TSD_SIZE;

        if ((status & TSD_OWN) != 0) {
            return;
        }
        rtl8139_set(d, at, 4, status | TSD_OWN | TSD_OK);
        if (pci_memory_read(d, rtl8139_get(d, TSAD + 4u * s->tx_next, 4), frame, size)) {
            leave(d, frame, size, &w);
        }
        s->tx_next = (uint8_t)((s->tx_next + 1) % 4);
        rtl8139_cause(d, CAUSE_TX);
    }
}

/* ---- out, the C+ way --------------------------------------------------------------------------*/

static paddr ring_at(const struct device *d, unsigned place, unsigned n)
{
    paddr base = (paddr)rtl8139_get(d, place + 4, 4) << 32 | (rtl8139_get(d, place, 4) & ~255u);

    return base + (paddr)n * DESCRIPTOR;
}

static unsigned behind(unsigned n, const uint8_t *x)
{
    return (bytes_get_le(x, 4) & RING_END) != 0 ? 0 : (n + 1) % RING_MOST;
}

/* How many descriptors from that one on make a frame; 0: it is not all there. */
static unsigned next_run(struct device *d, unsigned place, unsigned n)
{
    for (unsigned run = 1; run <= RING_MOST; run++) {
        uint8_t x[DESCRIPTOR];

        if (!pci_memory_read(d, ring_at(d, place, n), x, sizeof x) ||
            (bytes_get_le(x, 4) & OWN) == 0) {
            return 0;
        }
        if ((bytes_get_le(x, 4) & LAST) != 0) {
            return run;
        }
        n = behind(n, x);
    }
    return 0;
}

struct leaving {
    uint8_t bytes[FRAME_MAX + FRAME_VLAN_TAG];
    size_t count;
    bool is_bad;
    uint32_t first, tag; /* words of the first descriptor */
};

static void send_frame(struct device *d, struct leaving *f)
{
    struct frame_work w = {0};

    if (f->is_bad || f->count < FRAME_HEADER) {
        device_log(d, "guest error: a frame of %zu bytes that is not in memory", f->count);
        return;
    }
    if ((f->first & CUT) != 0) {
        w.cut = FRAME_CUT_TCP;
        w.piece = (uint16_t)bits_get(f->first, 16, 11);
    } else {
        frame_put_sums(f->bytes, f->count, (f->first & SUM_IP) != 0, (f->first & SUM_L4) != 0);
    }
    if ((f->tag & TX_TAG) != 0) {
        memmove(f->bytes + 16, f->bytes + 12, f->count - 12);
        bytes_set_be(f->bytes + 12, 2, 0x8100);
        bytes_set_le(f->bytes + 14, 2, f->tag & 0xffff); /* its bytes are the wire's */
        f->count += FRAME_VLAN_TAG;
    }
    leave(d, f->bytes, f->count, &w);
}

/* Takes one descriptor, and gives it back; returns the next one's number. */
static unsigned take_one(struct device *d, struct leaving *f, unsigned place, unsigned n,
                         bool is_first)
{
    paddr at = ring_at(d, place, n);
    uint8_t x[DESCRIPTOR];
    size_t size;

    if (!pci_memory_read(d, at, x, sizeof x)) {
        f->is_bad = true;
        return (n + 1) % RING_MOST;
    }
    if (is_first) {
        f->first = (uint32_t)bytes_get_le(x, 4);
        f->tag = (uint32_t)bytes_get_le(x + 4, 4);
    }
    size = (size_t)bytes_get_le(x, 2);
    if (size > FRAME_MAX - f->count ||
        !pci_memory_read(d, bytes_get_le(x + 8, 8), f->bytes + f->count, size)) {
        f->is_bad = true;
    } else {
        f->count += size;
    }
    bytes_set_le(x, 4, bytes_get_le(x, 4) & ~(OWN | TX_STATUS));
    (void)pci_memory_write(d, at, x, 4);
    return behind(n, x);
}

void rtl8139_transmit_ring(struct device *d, bool is_high)
{
    struct rtl8139 *s = d->state;
    unsigned place = is_high ? THPDS : TNPDS, left = RING_MOST, run;
    struct leaving f;

    if ((rtl8139_get(d, CR, 1) & CR_TX) == 0 || (rtl8139_get(d, CPCR, 2) & CPCR_TX) == 0) {
        return;
    }
    while (left > 0 && (run = next_run(d, place, s->tx_at[is_high])) != 0) {
        f.count = 0;
        f.is_bad = false;
        f.first = f.tag = 0;
        for (unsigned n = 0; n < run; n++) {
            s->tx_at[is_high] = (uint8_t)take_one(d, &f, place, s->tx_at[is_high], n == 0);
        }
        send_frame(d, &f);
        left -= run < left ? run : left;
        rtl8139_cause(d, CAUSE_TX);
    }
    rtl8139_cause(d, CAUSE_TX_EMPTY);
}

/* ---- which frames are heard -------------------------------------------------------------------*/

enum heard { HEARD_NOT, HEARD_ALL, HEARD_ONE, HEARD_GROUP, HEARD_EVERYBODY };

/* The upper six bits of the check sequence of the address. */
static unsigned hash_of(const uint8_t *address)
{
    uint32_t crc = UINT32_MAX;

    for (unsigned i = 0; i < FRAME_ADDRESS; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bool carry = (crc >> 31 ^ (uint32_t)address[i] >> bit) & 1;

            crc = crc << 1 ^ (carry ? UINT32_C(0x04c11db7) : 0);
        }
    }
    return crc >> 26;
}

static enum heard how_heard(const struct device *d, const uint8_t *frame)
{
    static const uint8_t everybody[FRAME_ADDRESS] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const struct rtl8139 *s = d->state;
    uint32_t rcr = rtl8139_get(d, RCR, 4);
    unsigned hash;

    if (memcmp(frame, everybody, FRAME_ADDRESS) == 0) {
        return (rcr & RCR_BROADCAST) != 0 ? HEARD_EVERYBODY
               : (rcr & RCR_ALL) != 0     ? HEARD_ALL
                                          : HEARD_NOT;
    }
    if ((frame[0] & 1) != 0) {
        hash = hash_of(frame);
        if ((rcr & RCR_MULTICAST) != 0 && (s->reg[MAR + hash / 8] >> hash % 8 & 1) != 0) {
            return HEARD_GROUP;
        }
    } else if ((rcr & RCR_OWN) != 0 && memcmp(frame, s->reg + IDR, FRAME_ADDRESS) == 0) {
        return HEARD_ONE;
    }
    return (rcr & RCR_ALL) != 0 ? HEARD_ALL : HEARD_NOT;
}

static void count_frame(struct rtl8139 *s, enum heard heard)
{
    s->counts.rx++;
    s->counts.rx_own += heard == HEARD_ONE;
    s->counts.rx_broadcast += heard == HEARD_EVERYBODY;
    s->counts.rx_multicast += heard == HEARD_GROUP;
}

static void miss(struct device *d)
{
    struct rtl8139 *s = d->state;

    s->counts.missed++;
    rtl8139_set(d, MPC, 3, (rtl8139_get(d, MPC, 3) + 1) & 0xffffff);
    rtl8139_cause(d, CAUSE_RX_NO_ROOM);
}

/* ---- in, the C way ----------------------------------------------------------------------------*/

static unsigned ring_bytes(const struct device *d)
{
    return 8192u << bits_get(rtl8139_get(d, RCR, 4), 11, 2);
}

/* The driver's place is 16 bytes behind, and those of the bytes that are not read yet. */
static unsigned used_bytes(const struct device *d)
{
    unsigned from = rtl8139_get(d, CAPR, 2) + 16, to = rtl8139_get(d, CBR, 2);

    return (to - from) % ring_bytes(d);
}

bool rtl8139_is_empty(const struct device *d)
{
    return used_bytes(d) == 0;
}

/* The ring's end is none if the driver has room behind it, unless the ring is as large as places go. */
static void put_bytes(struct device *d, unsigned at, const uint8_t *bytes, size_t size)
{
    unsigned ring = ring_bytes(d);
    paddr base = rtl8139_get(d, RBSTART, 4);
    size_t first = size;

    if ((rtl8139_get(d, RCR, 4) & RCR_WRAP) == 0 || ring == 65536) {
        first = ring - at < size ? ring - at : size;
    }
    (void)pci_memory_write(d, base + at, bytes, first);
    (void)pci_memory_write(d, base, bytes + first, size - first);
}

static void put_frame(struct device *d, const uint8_t *frame, size_t count, enum heard heard)
{
    static const unsigned status[] = {[HEARD_ALL] = 0,
                                      [HEARD_ONE] = HEARD_OWN,
                                      [HEARD_GROUP] = HEARD_MULTICAST,
                                      [HEARD_EVERYBODY] = HEARD_BROADCAST};
    uint8_t bytes[HEADER + RING_FRAME_MOST + CHECK_SEQUENCE + 3] = {0};
    size_t padded = count < FRAME_LEAST ? FRAME_LEAST : count,
           size = (HEADER + padded + CHECK_SEQUENCE + 3) & ~(size_t)3;
    unsigned at = rtl8139_get(d, CBR, 2) % ring_bytes(d);

    if (count > RING_FRAME_MOST) {
        return;
    }
    if (size >= ring_bytes(d) - used_bytes(d)) { /* full would be as empty */
        miss(d);
        return;
    }
    bytes_set_le(bytes, 2, HEARD_OK | status[heard]);
    bytes_set_le(bytes + 2, 2, padded + CHECK_SEQUENCE);
    memcpy(bytes + HEADER, frame, count);
    put_bytes(d, at, bytes, size);
    rtl8139_set(d, CBR, 2, (at + (unsigned)size) % ring_bytes(d));
    count_frame(d->state, heard);
    rtl8139_cause(d, CAUSE_RX);
}

/* ---- in, the C+ way ---------------------------------------------------------------------------*/

/* A received frame, as its last descriptor says it. */
static uint32_t sums_of(const struct device *d, const uint8_t *frame, size_t count)
{
    struct frame_parts p;
    uint32_t status;
    bool is_tcp;

    if ((rtl8139_get(d, CPCR, 2) & CPCR_SUMS) == 0 || !frame_find_parts(frame, count, &p) ||
        p.is_ipv6) {
        return 0;
    }
    status = frame_sum(frame + p.l3, p.l4 - p.l3, 0) != 0xffff ? RX_BAD_IP : 0;
    is_tcp = p.protocol == 6;
    if (p.is_fragment || (!is_tcp && p.protocol != 17)) {
        return status | UINT32_C(3) << 16;
    }
    if (!frame_is_proven(frame, count)) {
        status |= is_tcp ? RX_BAD_TCP : RX_BAD_UDP;
    }
    return status | (is_tcp ? UINT32_C(1) : UINT32_C(2)) << 16;
}

static bool read_own(const struct device *d, unsigned n, uint8_t x[DESCRIPTOR])
{
    return pci_memory_read(d, ring_at(d, RDSAR, n), x, DESCRIPTOR) &&
           (bytes_get_le(x, 4) & OWN) != 0;
}

/* There are enough descriptors for so many bytes. */
static bool have_room(const struct device *d, size_t count)
{
    const struct rtl8139 *s = d->state;
    unsigned n = s->rx_at;
    size_t room = 0;

    for (unsigned i = 0; i < RING_MOST && room < count; i++) {
        uint8_t x[DESCRIPTOR];

        if (!read_own(d, n, x)) {
            return false;
        }
        room += bytes_get_le(x, 4) & RX_SIZE;
        n = behind(n, x);
    }
    return room >= count;
}

static void fill_descriptors(struct device *d, const uint8_t *bytes, size_t count, uint32_t status,
                             uint32_t tag)
{
    struct rtl8139 *s = d->state;

    size_t at = 0;

    for (unsigned n = 0; n < RING_MOST && at < count; n++) {
        paddr place = ring_at(d, RDSAR, s->rx_at);
        uint8_t x[DESCRIPTOR];
        uint32_t word;
        size_t size;

        if (!read_own(d, s->rx_at, x)) { /* a buffer lay over it */
            return;
        }
        size = (size_t)bytes_get_le(x, 4) & RX_SIZE;
        size = size < count - at ? size : count - at;
        (void)pci_memory_write(d, bytes_get_le(x + 8, 8), bytes + at, size);
        word = (uint32_t)bytes_get_le(x, 4) & RING_END;
        word |= at == 0 ? FIRST : 0;
        at += size;
        word |= at == count ? LAST | status | ((uint32_t)count & RX_SIZE) : (uint32_t)size;
        s->rx_at = (uint8_t)behind(s->rx_at, x);
        bytes_set_le(x, 4, word);
        bytes_set_le(x + 4, 4, at == count ? tag : 0);
        (void)pci_memory_write(d, place, x, 8);
    }
}

static void fill_frame(struct device *d, const uint8_t *frame, size_t count, enum heard heard)
{
    static const uint32_t how[] = {[HEARD_ALL] = 0,
                                   [HEARD_ONE] = RX_OWN,
                                   [HEARD_GROUP] = RX_MULTICAST,
                                   [HEARD_EVERYBODY] = RX_BROADCAST};
    uint8_t bytes[RX_SIZE + 1] = {0};
    uint32_t status = how[heard] | sums_of(d, frame, count), tag = 0;

    if (count + CHECK_SEQUENCE > RX_SIZE) {
        return;
    }
    memcpy(bytes, frame, count);
    if ((rtl8139_get(d, CPCR, 2) & CPCR_VLAN) != 0 && count >= FRAME_HEADER + FRAME_VLAN_TAG &&
        bytes_get_be(frame + 12, 2) == 0x8100) {
        tag = RX_TAG | (uint32_t)bytes_get_le(frame + 14, 2);
        count -= FRAME_VLAN_TAG;
        memcpy(bytes + 12, frame + 16, count - 12);
        memset(bytes + count, 0, FRAME_VLAN_TAG);
    }
    count = (count < FRAME_LEAST ? FRAME_LEAST : count) + CHECK_SEQUENCE;
    if (!have_room(d, count)) {
        miss(d);
        return;
    }
    fill_descriptors(d, bytes, count, status, tag);
    count_frame(d->state, heard);
    rtl8139_cause(d, CAUSE_RX);
}

/* ---- in ---------------------------------------------------------------------------------------*/

uint32_t rtl8139_room(const struct device *d)
{
    const struct rtl8139 *s = d->state;
    unsigned free;
    uint8_t x[4];

    if ((rtl8139_get(d, CR, 1) & CR_RX) == 0) {
        return 0;
    }
    if ((rtl8139_get(d, CPCR, 2) & CPCR_RX) != 0) {
        return pci_memory_read(d, ring_at(d, RDSAR, s->rx_at), x, sizeof x) &&
                       (bytes_get_le(x, 4) & OWN) != 0
                   ? FRAME_MAX
                   : 0;
    }
    free = ring_bytes(d) - used_bytes(d);
    if (free >= RING_FRAME_MOST + 2 * HEADER + CHECK_SEQUENCE) {
        return FRAME_MAX; /* one that is longer is not heard */
    }
    return free > FRAME_LEAST + 2 * HEADER + CHECK_SEQUENCE ? free - 2 * HEADER - CHECK_SEQUENCE
                                                            : 0;
}

void rtl8139_input(struct device *d, const uint8_t *frame, uint32_t count)
{
    enum heard heard = count >= FRAME_HEADER ? how_heard(d, frame) : HEARD_NOT;

    if (heard == HEARD_NOT) {
        return;
    }
    if ((rtl8139_get(d, CPCR, 2) & CPCR_RX) != 0) {
        fill_frame(d, frame, count, heard);
    } else {
        put_frame(d, frame, count, heard);
    }
}
