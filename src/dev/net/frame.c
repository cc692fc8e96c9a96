/* SPDX-License-Identifier: GPL-2.0-or-later
 * frame: see dev/frame.h. Left out: UDP in fragments (UFO), tunnels, IPv6 extension headers, which are passed
 * as they are.
 */
#include "dev/frame.h"

enum { TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_VLAN = 0x8100, TYPE_QINQ = 0x88a8 };
enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };
enum { IPV4_LEAST = 20, IPV6_HEADER = 40, TCP_LEAST = 20, UDP_HEADER = 8 };
enum { TCP_FIN = 0x01, TCP_PSH = 0x08, TCP_CWR = 0x80 };

/* ---- checksums ---- */

uint16_t frame_sum(const uint8_t *bytes, size_t count, uint32_t start)
{
    uint64_t sum = start;
    size_t i = 0;

    for (; i + 4 <= count; i += 4) {
        sum += bytes_get_be(bytes + i, 4); /* 2^16 is 1 in this arithmetic */
    }
    if (i + 2 <= count) {
        sum += bytes_get_be(bytes + i, 2);
        i += 2;
    }
    if (i < count) {
        sum += (uint64_t)bytes[i] << 8;
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

bool frame_find_parts(const uint8_t *frame, size_t count, struct frame_parts *out)
{
    size_t at = FRAME_HEADER - 2;
    uint64_t type, length;

    *out = (struct frame_parts){0};
    if (count < FRAME_HEADER) {
        return false;
    }
    type = bytes_get_be(frame + at, 2);
    for (unsigned tags = 0; (type == TYPE_VLAN || type == TYPE_QINQ) && tags < 2; tags++) {
        at += FRAME_VLAN_TAG;
        if (count < at + 2) {
            return false;
        }
        type = bytes_get_be(frame + at, 2);
    }
    out->l3 = at + 2;
    if (type == TYPE_IPV4 && count >= out->l3 + IPV4_LEAST && frame[out->l3] >> 4 == 4) {
        size_t header = (frame[out->l3] & 15u) * 4;

        length = bytes_get_be(frame + out->l3 + 2, 2);
        out->l4 = out->l3 + header;
        out->protocol = frame[out->l3 + 9];
        out->is_fragment = (bytes_get_be(frame + out->l3 + 6, 2) & 0x3fff) != 0;
        if (header < IPV4_LEAST) {
            return false;
        }
    } else if (type == TYPE_IPV6 && count >= out->l3 + IPV6_HEADER && frame[out->l3] >> 4 == 6) {
        length = IPV6_HEADER + bytes_get_be(frame + out->l3 + 4, 2);
        out->l4 = out->l3 + IPV6_HEADER;
        out->protocol = frame[out->l3 + 6];
        out->is_ipv6 = true;
    } else {
        return false;
    }
    out->end = out->l3 + (size_t)length; /* 0 of a large segment that is still to be cut */
    return out->l4 <= count;
}

/* Of the addresses, protocol and length that a checksum of TCP or UDP covers beside its own bytes. */
static uint32_t pseudo_sum(const uint8_t *frame, const struct frame_parts *p, size_t length)
{
    uint32_t sum = (uint32_t)(p->protocol + (length & 0xffff) + (length >> 16));

    return p->is_ipv6 ? frame_sum(frame + p->l3 + 8, 32, sum)
                      : frame_sum(frame + p->l3 + 12, 8, sum);
}

static size_t sum_place(uint8_t protocol)
{
    return protocol == PROTOCOL_TCP ? 16 : 6;
}

bool frame_is_proven(const uint8_t *frame, size_t count)
{
    struct frame_parts p;
    size_t least;

    if (!frame_find_parts(frame, count, &p) || p.is_fragment || p.end > count ||
        (p.protocol != PROTOCOL_TCP && p.protocol != PROTOCOL_UDP)) {
        return false;
    }
    least = p.protocol == PROTOCOL_TCP ? TCP_LEAST : UDP_HEADER;
    if (p.end < p.l4 + least ||
        (p.protocol == PROTOCOL_UDP && bytes_get_be(frame + p.l4 + 6, 2) == 0)) {
        return false;
    }
    return frame_sum(frame + p.l4, p.end - p.l4, pseudo_sum(frame, &p, p.end - p.l4)) == 0xffff;
}

void frame_put_sums(uint8_t *frame, size_t count, bool ip, bool l4)
{
    struct frame_parts p;
    size_t to;
    uint16_t sum;

    if (!frame_find_parts(frame, count, &p)) {
        return;
    }
    if (ip && !p.is_ipv6) {
        bytes_set_be(frame + p.l3 + 10, 2, 0);
        bytes_set_be(frame + p.l3 + 10, 2, (uint16_t)~frame_sum(frame + p.l3, p.l4 - p.l3, 0));
    }
    to = p.l4 + sum_place(p.protocol);
    if (!l4 || p.is_fragment || (p.protocol != PROTOCOL_TCP && p.protocol != PROTOCOL_UDP) ||
        p.end > count || to + 2 > p.end) {
        return;
    }
    bytes_set_be(frame + to, 2, 0);
    sum = (uint16_t)~frame_sum(frame + p.l4, p.end - p.l4, pseudo_sum(frame, &p, p.end - p.l4));
    bytes_set_be(frame + to, 2, sum == 0 && p.protocol == PROTOCOL_UDP ? 0xffff : sum);
}

/* ---- one into several ---- */

struct cutting {
    struct frame_parts parts;
    size_t header; /* bytes that each piece begins with */
    uint16_t ip_number;
    uint32_t sequence;
    uint8_t flags; /* of TCP */
};

static void finish_ip(uint8_t *frame, const struct cutting *c, size_t count, size_t number)
{
    uint8_t *ip = frame + c->parts.l3;

    if (c->parts.is_ipv6) {
        bytes_set_be(ip + 4, 2, count - c->parts.l4);
        return;
    }
    bytes_set_be(ip + 2, 2, count - c->parts.l3);
    bytes_set_be(ip + 4, 2, (c->ip_number + number) & 0xffff);
    bytes_set_be(ip + 10, 2, 0);
    bytes_set_be(ip + 10, 2, (uint16_t)~frame_sum(ip, c->parts.l4 - c->parts.l3, 0));
}

static void finish_l4(uint8_t *frame, const struct cutting *c, size_t count, size_t at,
                      bool is_first, bool is_last)
{
    const struct frame_parts *p = &c->parts;
    uint8_t *l4 = frame + p->l4;
    size_t length = count - p->l4;
    uint16_t sum;

    if (p->protocol == PROTOCOL_TCP) {
        bytes_set_be(l4 + 4, 4, (uint32_t)(c->sequence + at));
        l4[13] =
            (uint8_t)(c->flags & ~((is_first ? 0 : TCP_CWR) | (is_last ? 0 : TCP_FIN | TCP_PSH)));
    } else {
        bytes_set_be(l4 + 4, 2, length);
    }
    bytes_set_be(l4 + sum_place(p->protocol), 2, 0);
    sum = (uint16_t)~frame_sum(l4, length, pseudo_sum(frame, p, length));
    if (sum == 0 && p->protocol == PROTOCOL_UDP) {
        sum = 0xffff; /* 0 would say that there is none */
    }
    bytes_set_be(l4 + sum_place(p->protocol), 2, sum);
}

static bool prepare_cut(const uint8_t *frame, size_t count, const struct frame_work *w,
                        struct cutting *c)
{
    struct frame_parts *p = &c->parts;
    uint8_t wanted = w->cut == FRAME_CUT_TCP ? PROTOCOL_TCP : PROTOCOL_UDP;

    if (w->piece == 0 || !frame_find_parts(frame, count, p) || p->protocol != wanted ||
        p->is_fragment || count < p->l4 + (wanted == PROTOCOL_TCP ? TCP_LEAST : UDP_HEADER)) {
        return false;
    }
    c->header = p->l4 + (wanted == PROTOCOL_TCP ? (frame[p->l4 + 12] >> 4) * 4u : UDP_HEADER);
    if (count < c->header || (wanted == PROTOCOL_TCP && c->header < p->l4 + TCP_LEAST)) {
        return false;
    }
    c->ip_number = p->is_ipv6 ? 0 : (uint16_t)bytes_get_be(frame + p->l3 + 4, 2);
    c->sequence = wanted == PROTOCOL_TCP ? (uint32_t)bytes_get_be(frame + p->l4 + 4, 4) : 0;
    c->flags = wanted == PROTOCOL_TCP ? frame[p->l4 + 13] : 0;
    return true;
}

static bool send_cut(struct device *d, const uint8_t *frame, size_t count,
                     const struct frame_work *w)
{
    uint8_t piece[FRAME_MAX];
    struct cutting c;
    size_t payload, at = 0;

    if (!prepare_cut(frame, count, w, &c)) {
        return false;
    }
    payload = count - c.header;
    memcpy(piece, frame, c.header);
    for (size_t number = 0; at < payload || number == 0; number++) {
        size_t size = payload - at < w->piece ? payload - at : w->piece;

        if (c.header + size > sizeof piece) {
            return false;
        }
        memcpy(piece + c.header, frame + c.header + at, size);
        finish_ip(piece, &c, c.header + size, number);
        finish_l4(piece, &c, c.header + size, at, number == 0, at + size == payload);
        device_output(d, piece, c.header + size);
        at += size;
    }
    return true;
}

bool frame_send(struct device *d, uint8_t *frame, size_t count, const struct frame_work *w)
{
    uint16_t sum;

    if (count < FRAME_HEADER || count > FRAME_MAX) {
        return false;
    }
    if (w->cut != FRAME_WHOLE) {
        return send_cut(d, frame, count, w);
    }
    if (w->sums) {
        size_t to = (size_t)w->from + w->to;

        if (w->from >= count || to + 2 > count) {
            return false;
        }
        sum = (uint16_t)~frame_sum(frame + w->from, count - w->from, 0);
        bytes_set_be(frame + to, 2, sum == 0 && w->to == 6 ? 0xffff : sum);
    }
    device_output(d, frame, count);
    return true;
}

/* ---- which frames a card hears ---- */

static bool is_in_table(const struct frame_filter *f, uint32_t from, uint32_t count,
                        const uint8_t *address)
{
    for (uint32_t i = from; i < from + count && i < FRAME_TABLE_MAX; i++) {
        if (memcmp(f->table + i * FRAME_ADDRESS, address, FRAME_ADDRESS) == 0) {
            return true;
        }
    }
    return false;
}

bool frame_is_heard(const struct frame_filter *f, const uint8_t *frame, size_t count)
{
    static const uint8_t everybody[FRAME_ADDRESS] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    if (count < FRAME_HEADER) {
        return false;
    }
    if (f->promiscuous) {
        return true;
    }
    if (f->by_vlan && count >= FRAME_HEADER + FRAME_VLAN_TAG &&
        bytes_get_be(frame + 12, 2) == TYPE_VLAN) {
        uint64_t vlan = bytes_get_be(frame + 14, 2) & 0xfff;

        if ((f->vlans[vlan / 8] >> vlan % 8 & 1) == 0) {
            return false;
        }
    }
    if (memcmp(frame, everybody, FRAME_ADDRESS) == 0) {
        return !f->no_broadcast;
    }
    if ((frame[0] & 1) != 0) {
        return !f->no_multicast && (f->all_multicast || f->multicast_overflows ||
                                    is_in_table(f, f->unicast_count, f->multicast_count, frame));
    }
    return !f->no_unicast && (f->all_unicast || f->unicast_overflows ||
                              memcmp(frame, f->address, FRAME_ADDRESS) == 0 ||
                              is_in_table(f, 0, f->unicast_count, frame));
}
