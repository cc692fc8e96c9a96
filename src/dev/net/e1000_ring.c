/* SPDX-License-Identifier: GPL-2.0-or-later
 * e1000_ring: descriptors in and out: 3.2 and 3.3 of the manual, and those of the 82574L, 7.1 and 7.2 of its data
 * sheet, which may be longer when they are given back and tell a hash of the flow. A frame leaves when all of its descriptors
 * are there; until then none of them is taken.
 */
#include "dev/net/e1000.h"

enum { DESCRIPTOR = 16, CHECK_SEQUENCE = 4, FRAME_LEAST = 60 };

/* Receive control. */
enum {
    RCTL_ENABLE = 1 << 1,
    RCTL_UNICAST = 1 << 3,
    RCTL_MULTICAST = 1 << 4,
    RCTL_LONG = 1 << 5,
    RCTL_BROADCAST = 1 << 15,
    RCTL_VLAN = 1 << 18,
    RCTL_LARGE = 1 << 25,
    RCTL_STRIP = 1 << 26
};
enum { TCTL_ENABLE = 1 << 1 };
enum { RXCSUM_SUMS = 0x300 };
enum { RFCTL_EXTENDED = 0x8000 };

/* A received frame's descriptor. */
enum { RX_DONE = 1, RX_END = 2, RX_NO_SUMS = 4, RX_VLAN = 8, RX_L4 = 0x20, RX_IP = 0x40 };

/* Of one to be sent. */
enum { TX_END = 1, TX_SUM_OR_CUT = 4, TX_REPORT = 8, TX_EXTENDED = 0x20, TX_VLAN = 0x40 };
enum { TX_DONE = 1 };
enum { OPTION_IP = 1, OPTION_L4 = 2 };
enum { KIND_CONTEXT = 0, KIND_DATA = 1 };

/* A ring is named by the first of its registers. */
static uint32_t ring_count(const struct e1000 *s, unsigned ring)
{
    uint32_t count = s->reg[ring + RING_LENGTH] / DESCRIPTOR;

    return count < E1000_RING_MAX ? count : E1000_RING_MAX;
}

static paddr ring_at(const struct e1000 *s, unsigned ring, uint32_t n)
{
    return ((paddr)s->reg[ring + RING_UPPER] << 32 | s->reg[ring]) + (paddr)n * DESCRIPTOR;
}

/* ---- out --------------------------------------------------------------------------------------*/

/* A frame on its way out, and what is to be done with it. */
struct leaving {
    uint8_t bytes[FRAME_MAX + FRAME_VLAN_TAG];
    size_t count;
    bool is_cut, is_too_long;
    uint8_t options;
    bool sums; /* as the first descriptor says it of old: */
    uint8_t sum_from, sum_to;
    bool has_vlan;
    uint16_t vlan;
};

static void take_context(struct e1000 *s, unsigned queue, const uint8_t *x)
{
    uint8_t command = x[11];
    struct e1000_context *c =
        (command & TX_SUM_OR_CUT) != 0 ? &s->segments[queue] : &s->context[queue];

    *c = (struct e1000_context){.ip_from = x[0],
                                .ip_to = x[1],
                                .ip_end = (uint16_t)bytes_get_le(x + 2, 2),
                                .l4_from = x[4],
                                .l4_to = x[5],
                                .l4_end = (uint16_t)bytes_get_le(x + 6, 2),
                                .header = x[13],
                                .piece = (uint16_t)bytes_get_le(x + 14, 2),
                                .is_tcp = command & 1};
}

static void put_sum(struct leaving *f, size_t from, size_t end, size_t to)
{
    end = end == 0 || end + 1 > f->count ? f->count : end + 1;
    if (from < end && to + 2 <= f->count) {
        uint16_t sum = (uint16_t)~frame_sum(f->bytes + from, end - from, 0);

        bytes_set_be(f->bytes + to, 2, sum);
    }
}

static void add_vlan(struct e1000 *s, struct leaving *f)
{
    if (!f->has_vlan || f->count < FRAME_HEADER) {
        return;
    }
    memmove(f->bytes + 16, f->bytes + 12, f->count - 12);
    bytes_set_be(f->bytes + 12, 2, s->reg[R_VET] & 0xffff);
    bytes_set_be(f->bytes + 14, 2, f->vlan);
    f->count += FRAME_VLAN_TAG;
}

static void send_frame(struct device *d, unsigned queue, struct leaving *f)
{
    struct e1000 *s = d->state;
    const struct e1000_context *c = &s->context[queue];
    struct frame_work w = {0};

    if (f->is_too_long || f->count < FRAME_HEADER) {
        return;
    }
    if (f->is_cut) {
        w.cut = s->segments[queue].is_tcp ? FRAME_CUT_TCP : FRAME_CUT_UDP;
        w.piece = s->segments[queue].piece;
    } else {
        if (f->sums) {
            put_sum(f, f->sum_from, 0, f->sum_to);
        }
        if ((f->options & OPTION_L4) != 0) {
            put_sum(f, c->l4_from, c->l4_end, c->l4_to);
        }
        if ((f->options & OPTION_IP) != 0) {
            put_sum(f, c->ip_from, c->ip_end, c->ip_to);
        }
    }
    add_vlan(s, f);
    if (!frame_send(d, f->bytes, f->count, &w)) {
        device_log(d, "guest error: a segment of %zu bytes that cannot be cut", f->count);
        return;
    }
    e1000_count(d, STAT_TX, false, 1);
    e1000_count(d, STAT_TX_ALL, false, 1);
    e1000_count(d, STAT_TX_BYTES, true, f->count + CHECK_SEQUENCE);
    e1000_count(d, STAT_TX_ALL_BYTES, true, f->count + CHECK_SEQUENCE);
}

static void take_data(struct device *d, struct leaving *f, const uint8_t *x, bool is_first)
{
    const struct e1000 *s = d->state;
    bool is_extended = (x[11] & TX_EXTENDED) != 0;
    size_t size = (size_t)bytes_get_le(x + 8, 4) & (is_extended ? 0xfffff : 0xffff);

    if (is_first) {
        f->is_cut = is_extended && (x[11] & TX_SUM_OR_CUT) != 0;
        f->options = is_extended ? x[13] : 0;
        f->sums = !is_extended && (x[11] & TX_SUM_OR_CUT) != 0;
        f->sum_from = x[13];
        f->sum_to = x[10];
    }
    if ((x[11] & TX_VLAN) != 0 && (s->reg[R_CTRL] & CTRL_VLAN) != 0) {
        f->has_vlan = true;
        f->vlan = (uint16_t)bytes_get_le(x + 14, 2);
    }
    if (size > FRAME_MAX - f->count ||
        !pci_dma_read(d, bytes_get_le(x, 8), f->bytes + f->count, size)) {
        f->is_too_long = true;
        return;
    }
    f->count += size;
}

static bool is_context(const uint8_t *x)
{
    return (x[11] & TX_EXTENDED) != 0 && (x[10] >> 4) == KIND_CONTEXT;
}

/* How many descriptors from the head on make the next frame or context; 0: it is not all there. */
static uint32_t next_run(struct device *d, unsigned ring, uint32_t count)
{
    const struct e1000 *s = d->state;
    uint32_t head = s->reg[ring + RING_HEAD], n = 0;

    while ((head + n) % count != s->reg[ring + RING_TAIL] && n < count) {
        uint8_t x[DESCRIPTOR];

        if (!pci_dma_read(d, ring_at(s, ring, (head + n) % count), x, sizeof x)) {
            return 0;
        }
        n++;
        if ((n == 1 && is_context(x)) || (!is_context(x) && (x[11] & TX_END) != 0)) {
            return n;
        }
    }
    return 0;
}

/* Takes them; true: the driver wants to hear of it. */
static bool take_run(struct device *d, unsigned queue, uint32_t run, uint32_t count)
{
    struct e1000 *s = d->state;
    unsigned ring = queue == 0 ? R_TDBAL : R_TDBAL1;
    struct leaving f;
    bool reports = false, is_first = true;

    f.count = 0;
    f.is_cut = f.is_too_long = f.sums = f.has_vlan = false;
    f.options = 0;
    for (uint32_t n = 0; n < run; n++) {
        paddr at = ring_at(s, ring, s->reg[ring + RING_HEAD]);
        uint8_t x[DESCRIPTOR];

        s->reg[ring + RING_HEAD] = (s->reg[ring + RING_HEAD] + 1) % count;
        if (!pci_dma_read(d, at, x, sizeof x)) {
            return reports;
        }
        if (is_context(x)) {
            take_context(s, queue, x);
        } else {
            take_data(d, &f, x, is_first);
            is_first = false;
        }
        if ((x[11] & TX_REPORT) != 0) {
            x[12] |= TX_DONE;
            (void)pci_dma_write(d, at + 12, x + 12, 1);
            reports = true;
        }
    }
    if (!is_first) {
        send_frame(d, queue, &f);
    }
    return reports;
}

void e1000_transmit(struct device *d, unsigned queue)
{
    struct e1000 *s = d->state;
    unsigned ring = queue == 0 ? R_TDBAL : R_TDBAL1;
    const uint32_t *head = &s->reg[ring + RING_HEAD], *tail = &s->reg[ring + RING_TAIL];
    uint32_t count = ring_count(s, ring), causes = 0, run, left = E1000_RING_MAX;

    if ((s->reg[R_TCTL] & TCTL_ENABLE) == 0 || count == 0 || *head >= count || *tail >= count) {
        return;
    }
    while (left > 0 && (run = next_run(d, ring, count)) != 0) {
        causes |= take_run(d, queue, run, count) ? CAUSE_TX_WRITTEN | CAUSE_TX_QUEUE << queue : 0;
        left -= run < left ? run : left;
    }
    if (*head == *tail) {
        causes |= CAUSE_TX_EMPTY;
    }
    e1000_cause(d, causes);
}

/* ---- in ---------------------------------------------------------------------------------------*/

static uint32_t free_count(const struct e1000 *s, unsigned ring)
{
    uint32_t count = ring_count(s, ring), head = s->reg[ring + RING_HEAD],
             tail = s->reg[ring + RING_TAIL];

    if ((s->reg[R_RCTL] & RCTL_ENABLE) == 0 || count == 0 || head >= count || tail >= count) {
        return 0;
    }
    return (tail + count - head) % count;
}

uint32_t e1000_room(const struct device *d)
{
    const struct e1000 *s = d->state;
    bool has_two = e1000_is_express(d) && e1000e_has_two_queues(s);

    return free_count(s, R_RDBAL) != 0 && (!has_two || free_count(s, R_RDBAL1) != 0) ? FRAME_MAX
                                                                                     : 0;
}

static size_t buffer_bytes(const struct e1000 *s)
{
    size_t size = (size_t)2048 >> bits_get(s->reg[R_RCTL], 16, 2);

    return (s->reg[R_RCTL] & RCTL_LARGE) != 0 && size < 2048 ? size * 16 : size;
}

static bool is_in_multicast_table(const struct e1000 *s, const uint8_t *to)
{
    static const unsigned shifts[] = {4, 3, 2, 0};
    unsigned hash = (unsigned)(to[5] << 8 | to[4]) >> shifts[bits_get(s->reg[R_RCTL], 12, 2)];

    return bits_get(s->multicast[(hash >> 5) & 127], hash & 31, 1) != 0;
}

static bool is_own_address(const struct e1000 *s, const uint8_t *to)
{
    for (unsigned i = 0; i < ARRAY_LEN(s->address); i += 2) {
        uint8_t own[8];

        bytes_set_le(own, 4, s->address[i]);
        bytes_set_le(own + 4, 4, s->address[i + 1]);
        if ((own[7] & 0x80) != 0 && memcmp(own, to, FRAME_ADDRESS) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_tagged(const struct e1000 *s, const uint8_t *frame, size_t count)
{
    return count >= FRAME_HEADER + FRAME_VLAN_TAG &&
           bytes_get_be(frame + 12, 2) == (s->reg[R_VET] & 0xffff);
}

static bool is_heard(const struct e1000 *s, const uint8_t *frame, size_t count)
{
    static const uint8_t everybody[FRAME_ADDRESS] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint32_t rctl = s->reg[R_RCTL];

    if (is_tagged(s, frame, count) && (rctl & RCTL_VLAN) != 0) {
        unsigned vlan = (unsigned)bytes_get_be(frame + 14, 2) & 0xfff;

        if (bits_get(s->vlans[vlan >> 5], vlan & 31, 1) == 0) {
            return false;
        }
    }
    if (memcmp(frame, everybody, FRAME_ADDRESS) == 0) {
        return (rctl & RCTL_BROADCAST) != 0;
    }
    if ((frame[0] & 1) != 0) {
        return (rctl & RCTL_MULTICAST) != 0 || is_in_multicast_table(s, frame);
    }
    return (rctl & RCTL_UNICAST) != 0 || is_own_address(s, frame);
}

static uint8_t sums_of(const struct e1000 *s, const uint8_t *frame, size_t count)
{
    struct frame_parts p;

    if ((s->reg[R_RXCSUM] & RXCSUM_SUMS) != RXCSUM_SUMS || !frame_is_proven(frame, count) ||
        !frame_find_parts(frame, count, &p) ||
        (!p.is_ipv6 && frame_sum(frame + p.l3, p.l4 - p.l3, 0) != 0xffff)) {
        return RX_NO_SUMS; /* the driver looks for itself */
    }
    return p.is_ipv6 ? RX_L4 : RX_L4 | RX_IP;
}

static void count_frame(struct device *d, const uint8_t *frame, size_t count)
{
    static const uint8_t everybody[FRAME_ADDRESS] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    e1000_count(d, STAT_RX, false, 1);
    e1000_count(d, STAT_RX_ALL, false, 1);
    e1000_count(d, STAT_RX_BYTES, true, count);
    e1000_count(d, STAT_RX_ALL_BYTES, true, count);
    if (memcmp(frame, everybody, FRAME_ADDRESS) == 0) {
        e1000_count(d, STAT_RX_BROADCAST, false, 1);
    } else if ((frame[0] & 1) != 0) {
        e1000_count(d, STAT_RX_MULTICAST, false, 1);
    }
}

/* What is told of a received frame. */
struct arrived {
    uint8_t status;
    uint16_t vlan;
    uint32_t hash;
    unsigned hash_kind, queue;
};

/* As a driver of old finds it, or one that has asked for the longer kind. */
static void write_back(struct device *d, paddr at, uint8_t *x, size_t size, const struct arrived *f,
                       bool is_last)
{
    struct e1000 *s = d->state;
    uint8_t status = (uint8_t)(is_last ? f->status | RX_END : RX_DONE);

    if (e1000_is_express(d) && (s->reg[R_RFCTL] & RFCTL_EXTENDED) != 0) {
        bytes_set_le(x, 4, f->hash_kind | f->queue << 8);
        bytes_set_le(x + 4, 4, f->hash);
        bytes_set_le(x + 8, 4, status);
        bytes_set_le(x + 12, 2, size);
    } else {
        bytes_set_le(x + 8, 2, size);
        bytes_set_le(x + 10, 2, 0);
        x[12] = status;
        x[13] = 0;
    }
    bytes_set_le(x + 14, 2, is_last ? f->vlan : 0);
    (void)pci_dma_write(d, at, x, DESCRIPTOR);
}

/* One descriptor's part of it. */
static void fill_one(struct device *d, unsigned ring, const uint8_t *bytes, size_t size,
                     const struct arrived *f, bool is_last)
{
    struct e1000 *s = d->state;
    paddr at = ring_at(s, ring, s->reg[ring + RING_HEAD]);
    uint8_t x[DESCRIPTOR];

    if (pci_dma_read(d, at, x, sizeof x)) {
        paddr buffer = bytes_get_le(x, 8);

        if (buffer != 0) { /* 0: none, by 3.2.2 */
            (void)pci_dma_write(d, buffer, bytes, size);
        }
        write_back(d, at, x, size, f, is_last);
    }
    s->reg[ring + RING_HEAD] = (s->reg[ring + RING_HEAD] + 1) % E1000_RING_MAX;
    if (s->reg[ring + RING_HEAD] >= ring_count(s, ring)) {
        s->reg[ring + RING_HEAD] = 0;
    }
}

/* Takes the tag out of it, if there is one and the driver wants that; returns what is left. */
static size_t take_tag(const struct e1000 *s, uint8_t *bytes, size_t count, struct arrived *f)
{
    if ((s->reg[R_CTRL] & CTRL_VLAN) == 0 || !is_tagged(s, bytes, count)) {
        return count;
    }
    f->vlan = (uint16_t)bytes_get_be(bytes + 14, 2);
    f->status |= RX_VLAN;
    memmove(bytes + 12, bytes + 16, count - 16);
    return count - FRAME_VLAN_TAG;
}

/* To its length on a wire, with a check sequence if the driver wants one: zeros, as no wire has damaged it. */
static size_t pad(const struct e1000 *s, uint8_t *bytes, size_t count)
{
    if (count < FRAME_LEAST) {
        memset(bytes + count, 0, FRAME_LEAST - count);
        count = FRAME_LEAST;
    }
    if ((s->reg[R_RCTL] & RCTL_STRIP) == 0) {
        memset(bytes + count, 0, CHECK_SEQUENCE);
        count += CHECK_SEQUENCE;
    }
    return count;
}

static void fill(struct device *d, const uint8_t *bytes, size_t count, const struct arrived *f)
{
    struct e1000 *s = d->state;
    unsigned ring = f->queue == 0 ? R_RDBAL : R_RDBAL1;
    size_t size = buffer_bytes(s);
    uint32_t causes = CAUSE_RX | CAUSE_RX_QUEUE << f->queue;

    if ((count + size - 1) / size > free_count(s, ring)) {
        e1000_count(d, STAT_MISSED, false, 1);
        return;
    }
    count_frame(d, bytes, count);
    for (size_t at = 0; at < count; at += size) {
        bool is_last = count - at <= size;

        fill_one(d, ring, bytes + at, is_last ? count - at : size, f, is_last);
    }
    if (free_count(s, ring) <= ring_count(s, ring) >> (1 + bits_get(s->reg[R_RCTL], 8, 2))) {
        causes |= CAUSE_RX_FEW;
    }
    e1000_cause(d, causes);
}

void e1000_input(struct device *d, const uint8_t *frame, uint32_t length)
{
    struct e1000 *s = d->state;
    uint8_t bytes[FRAME_MAX + FRAME_LEAST + CHECK_SEQUENCE];
    size_t count = length, most;
    struct arrived f = {0};

    most = (s->reg[R_RCTL] & RCTL_LONG) != 0 ? 16384 - CHECK_SEQUENCE : 1518;
    if (count < FRAME_HEADER || count > most || !is_heard(s, frame, count)) {
        return;
    }
    f.status = (uint8_t)(RX_DONE | sums_of(s, frame, count));
    if (e1000_is_express(d)) {
        f.hash = e1000e_hash(s, frame, count, &f.hash_kind);
        f.queue = e1000e_queue(s, f.hash, f.hash_kind);
    }
    memcpy(bytes, frame, count);
    count = take_tag(s, bytes, count, &f);
    fill(d, bytes, pad(s, bytes, count), &f);
}
