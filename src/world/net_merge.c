/* SPDX-License-Identifier: GPL-2.0-or-later
 * net_merge: see net_merge.h. Only plain segments are held: IPv4 and TCP without options, no fragments, no
 * flags but ACK and PSH. The sum of a segment's bytes is what its own checksum says that it is, so nothing is
 * added up twice, and what was wrong before is wrong after.
 */
#include "world/net_merge.h"

enum { L3 = 14, L4 = 34, DATA = 54 }; /* where headers and data begin */
enum { IP_LENGTH = L3 + 2, IP_FRAGMENT = L3 + 6, IP_SUM = L3 + 10, IP_SOURCE = L3 + 12 };
enum { TCP_SEQUENCE = L4 + 4, TCP_FLAGS = L4 + 13, TCP_SUM = L4 + 16, TCP_URGENT = L4 + 18 };
enum { FLAG_PSH = 8, FLAG_ACK = 16, PROTOCOL_TCP = 6 };

static uint32_t fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum & 0xffff) + (sum >> 16);
}

static uint32_t sum_of(const uint8_t *bytes, size_t count)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < count; i += 2) {
        sum += (uint32_t)bytes_get_be(bytes + i, 2);
    }
    return sum;
}

/* Of what a TCP checksum is about besides the data: addresses, protocol, length, and the header. */
static uint32_t sum_of_heads(const uint8_t *frame, size_t count)
{
    return sum_of(frame + IP_SOURCE, 8) + PROTOCOL_TCP + (uint32_t)(count - L4) +
           sum_of(frame + L4, DATA - L4);
}

static uint32_t sum_of_data(const uint8_t *frame, size_t count)
{
    return fold(~fold(sum_of_heads(frame, count)) & 0xffff);
}

static bool is_plain(const uint8_t *frame, size_t count)
{
    return count > DATA && count <= NET_MERGE_MAX && bytes_get_be(frame + 12, 2) == 0x0800 &&
           frame[L3] == 0x45 && bytes_get_be(frame + IP_LENGTH, 2) == count - L3 &&
           (bytes_get_be(frame + IP_FRAGMENT, 2) & 0x3fff) == 0 && frame[L3 + 9] == PROTOCOL_TCP &&
           fold(sum_of(frame + L3, L4 - L3)) == 0xffff && frame[L4 + 12] == 0x50 &&
           (frame[TCP_FLAGS] & ~FLAG_PSH) == FLAG_ACK && bytes_get_be(frame + TCP_URGENT, 2) == 0;
}

/* All but lengths, numbers of packets, sums, the sequence number and PSH is the same. */
static bool goes_on(const struct net_merge *m, const uint8_t *frame, size_t count)
{
    return m->count != 0 && count - DATA <= NET_MERGE_MAX - m->count &&
           memcmp(m->frame, frame, IP_LENGTH) == 0 &&
           memcmp(m->frame + IP_FRAGMENT, frame + IP_FRAGMENT, IP_SUM - IP_FRAGMENT) == 0 &&
           memcmp(m->frame + IP_SOURCE, frame + IP_SOURCE, TCP_SEQUENCE - IP_SOURCE) == 0 &&
           bytes_get_be(frame + TCP_SEQUENCE, 4) == m->next &&
           memcmp(m->frame + TCP_SEQUENCE + 4, frame + TCP_SEQUENCE + 4, 5) == 0 &&
           memcmp(m->frame + TCP_FLAGS + 1, frame + TCP_FLAGS + 1, 2) == 0;
}

static void hold(struct net_merge *m, const uint8_t *frame, size_t count)
{
    memcpy(m->frame, frame, count);
    m->count = count;
    m->next = (uint32_t)bytes_get_be(frame + TCP_SEQUENCE, 4) + (uint32_t)(count - DATA);
    m->sum = sum_of_data(frame, count);
    m->was_merged = false;
}

static void append(struct net_merge *m, const uint8_t *frame, size_t count)
{
    uint32_t sum = sum_of_data(frame, count);

    /* Behind an odd number of bytes, high and low ones change places. */
    m->sum += m->count % 2 != 0 ? (sum & 0xff) << 8 | sum >> 8 : sum;
    memcpy(m->frame + m->count, frame + DATA, count - DATA);
    m->count += count - DATA;
    m->next += (uint32_t)(count - DATA);
    m->frame[TCP_FLAGS] |= frame[TCP_FLAGS];
    m->was_merged = true;
}

static void set_sums(struct net_merge *m)
{
    uint8_t *f = m->frame;

    bytes_set_be(f + IP_LENGTH, 2, m->count - L3);
    bytes_set_be(f + IP_SUM, 2, 0);
    bytes_set_be(f + IP_SUM, 2, ~fold(sum_of(f + L3, L4 - L3)) & 0xffff);
    bytes_set_be(f + TCP_SUM, 2, 0);
    bytes_set_be(f + TCP_SUM, 2, ~fold(fold(sum_of_heads(f, m->count)) + fold(m->sum)) & 0xffff);
}

void net_merge_flush(struct net_merge *m)
{
    size_t count = m->count;

    if (count != 0) {
        if (m->was_merged) {
            set_sums(m);
        }
        m->count = 0;
        m->send(m->opaque, m->frame, count);
    }
}

void net_merge_add(struct net_merge *m, const uint8_t *frame, size_t count)
{
    if (!is_plain(frame, count)) {
        net_merge_flush(m);
        m->send(m->opaque, frame, count);
    } else if (goes_on(m, frame, count)) {
        append(m, frame, count);
    } else {
        net_merge_flush(m);
        hold(m, frame, count);
    }
}
