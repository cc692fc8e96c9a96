/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/frame: Ethernet frames, as far as network cards have to know what is in them: checksums (RFC 1071),
 * one large segment cut into several (IEEE 802.3, RFC 791, 768, 8200, 9293), and which frames a card is
 * to hear. Nothing that a guest says of a frame is believed before it was looked at.
 */
#ifndef DEV_FRAME_H
#define DEV_FRAME_H

#include "base/field.h"
#include "machine/device.h"

enum { FRAME_ADDRESS = 6, FRAME_HEADER = 14, FRAME_VLAN_TAG = 4 };
#define FRAME_MAX ((size_t)65535) /* bytes of a frame, without its check sequence */

/* ---- checksums ---- */

/* Ones' complement sum of big-endian words, folded to 16 bits; `start` is the sum so far. */
uint16_t frame_sum(const uint8_t *bytes, size_t count, uint32_t start);
/* Where the parts of a frame with IPv4 or IPv6 in it begin, the latter without extension headers. */
struct frame_parts {
    size_t l3, l4;    /* offsets */
    size_t end;       /* of what IP says it has, which may be anywhere; l4 is in the frame */
    uint8_t protocol; /* 6: TCP, 17: UDP */
    bool is_ipv6, is_fragment;
};
bool frame_find_parts(const uint8_t *frame, size_t count, struct frame_parts *out);
/* TCP or UDP whose checksum is right. */
bool frame_is_proven(const uint8_t *frame, size_t count);
/* Writes those that are asked for, of the header of IPv4 and of TCP or UDP, where the frame has such. */
void frame_put_sums(uint8_t *frame, size_t count, bool ip, bool l4);

/* ---- what a card is asked to do with a frame on its way out ---- */

enum frame_cut { FRAME_WHOLE, FRAME_CUT_TCP, FRAME_CUT_UDP };
struct frame_work {
    enum frame_cut cut;
    uint16_t piece; /* bytes of payload in each that it is cut into */
    /* The sum of what is at `from` and behind it goes to `from` + `to`; cuts compute their own. */
    bool sums;
    uint16_t from, to;
};
/* Does it, in place, and sends what comes of it; false: it cannot be meant so, and nothing was sent. At most
 * FRAME_MAX bytes; each piece has one at least. */
bool frame_send(struct device *d, uint8_t *frame, size_t count, const struct frame_work *w);

/* ---- which frames a card hears ---- */

#define FRAME_TABLE_MAX 64 /* addresses, more of which are like all */
/* State. */
struct frame_filter {
    uint8_t address[FRAME_ADDRESS];
    uint8_t promiscuous, all_multicast, all_unicast; /* 0 or 1, as is: */
    uint8_t no_multicast, no_unicast, no_broadcast;
    uint8_t unicast_overflows, multicast_overflows; /* there were more than have room */
    uint8_t by_vlan;                                /* those that are tagged are looked up */
    uint8_t zero[1];
    uint32_t unicast_count, multicast_count;        /* together at most FRAME_TABLE_MAX */
    uint8_t table[FRAME_TABLE_MAX * FRAME_ADDRESS]; /* unicast ones first */
    uint8_t vlans[512];
};
#define FRAME_FILTER_FIELDS(type, f)                                                               \
    FIELD_ARRAY(type, f.address), FIELD_BOOL(type, f.promiscuous),                                 \
        FIELD_BOOL(type, f.all_multicast), FIELD_BOOL(type, f.all_unicast),                        \
        FIELD_BOOL(type, f.no_multicast), FIELD_BOOL(type, f.no_unicast),                          \
        FIELD_BOOL(type, f.no_broadcast), FIELD_BOOL(type, f.unicast_overflows),                   \
        FIELD_BOOL(type, f.multicast_overflows), FIELD_BOOL(type, f.by_vlan),                      \
        FIELD_ARRAY(type, f.zero), FIELD_MAX(type, f.unicast_count, FRAME_TABLE_MAX),              \
        FIELD_MAX(type, f.multicast_count, FRAME_TABLE_MAX), FIELD_ARRAY(type, f.table),           \
        FIELD_ARRAY(type, f.vlans)
bool frame_is_heard(const struct frame_filter *f, const uint8_t *frame, size_t count);

#endif
