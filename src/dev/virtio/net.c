/* SPDX-License-Identifier: GPL-2.0-or-later
 * net: the network card of the Virtual I/O Device specification 1.2, 5.1. Frames come in by its port, one a
 * message, and leave by it. Large segments are cut here, in software; frames that come in are never
 * put together. Left out: RSS and hash reports, fragments of UDP, standby, notification coalescing.
 */
#include "dev/frame.h"
#include "dev/virtio/virtio.h"

#define F_CSUM                (UINT64_C(1) << 0)
#define F_GUEST_CSUM          (UINT64_C(1) << 1)
#define F_CTRL_GUEST_OFFLOADS (UINT64_C(1) << 2)
#define F_MTU                 (UINT64_C(1) << 3)
#define F_MAC                 (UINT64_C(1) << 5)
#define F_GSO                 (UINT64_C(1) << 6) /* of the legacy interface */
#define F_GUEST_TSO4          (UINT64_C(1) << 7)
#define F_GUEST_TSO6          (UINT64_C(1) << 8)
#define F_GUEST_ECN           (UINT64_C(1) << 9)
#define F_HOST_TSO4           (UINT64_C(1) << 11)
#define F_HOST_TSO6           (UINT64_C(1) << 12)
#define F_HOST_ECN            (UINT64_C(1) << 13)
#define F_MRG_RXBUF           (UINT64_C(1) << 15)
#define F_STATUS              (UINT64_C(1) << 16)
#define F_CTRL_VQ             (UINT64_C(1) << 17)
#define F_CTRL_RX             (UINT64_C(1) << 18)
#define F_CTRL_VLAN           (UINT64_C(1) << 19)
#define F_CTRL_RX_EXTRA       (UINT64_C(1) << 20)
#define F_GUEST_ANNOUNCE      (UINT64_C(1) << 21)
#define F_MQ                  (UINT64_C(1) << 22)
#define F_CTRL_MAC_ADDR       (UINT64_C(1) << 23)
#define F_HOST_USO            (UINT64_C(1) << 56)

/* The header before each frame, 5.1.6. */
enum { HEADER_SUMS = 1, HEADER_PROVEN = 2 };
enum { GSO_NONE = 0, GSO_TCPV4 = 1, GSO_TCPV6 = 4, GSO_UDP_L4 = 5, GSO_ECN = 0x80 };
enum { HEADER_SHORT = 10, HEADER_LONG = 12, HEADER_BUFFERS = 10 };

/* The control queue, 5.1.6.5. */
enum { CONTROL_RX, CONTROL_MAC, CONTROL_VLAN, CONTROL_ANNOUNCE, CONTROL_MQ, CONTROL_OFFLOADS };
enum { CONTROL_OK = 0, CONTROL_ERROR = 1 };

enum { STATUS_LINK_UP = 1, STATUS_ANNOUNCE = 2 };
enum { CONFIG_BYTES = 12, MERGED_MAX = 64 };

struct net {
    struct virtio virtio;
    struct frame_filter filter;
    uint64_t too_large; /* frames for which the driver's buffers were too small */
    uint16_t pairs;     /* of queues, in use */
    uint16_t status;
    uint8_t zero[4];
    VIRTIO_PCI_STATE;
};

static const struct field fields[] = {
    VIRTIO_FIELDS(struct net, virtio), FRAME_FILTER_FIELDS(struct net, filter),
    FIELD(struct net, too_large),      FIELD_MAX(struct net, pairs, VIRTIO_NET_PAIRS_MAX),
    FIELD(struct net, status),         FIELD_ARRAY(struct net, zero),
    VIRTIO_PCI_FIELDS(struct net)};

static const struct virtio_net_config *config_of(const struct device *d)
{
    return d->config;
}

static uint64_t net_features(const struct device *d)
{
    const struct virtio_net_config *c = config_of(d);
    uint64_t offered = F_CSUM | F_GUEST_CSUM | F_MAC | F_GUEST_TSO4 | F_GUEST_TSO6 | F_GUEST_ECN |
                       F_HOST_TSO4 | F_HOST_TSO6 | F_HOST_ECN | F_HOST_USO | F_MRG_RXBUF |
                       F_STATUS | F_CTRL_VQ | F_CTRL_RX | F_CTRL_VLAN | F_CTRL_RX_EXTRA |
                       F_GUEST_ANNOUNCE | F_CTRL_MAC_ADDR | F_CTRL_GUEST_OFFLOADS;

    offered |= virtio_is_legacy(d) ? F_GSO : 0;
    offered |= c->pairs > 1 ? F_MQ : 0;
    offered |= c->mtu != 0 ? F_MTU : 0;
    return offered & ~c->left_out;
}

static unsigned net_queues(const struct device *d)
{
    return 2u * config_of(d)->pairs + 1;
}

/* Without F_MQ there is one pair, and the control queue comes right after it. */
static unsigned control_queue(const struct device *d)
{
    return virtio_has(d, F_MQ) ? 2u * config_of(d)->pairs : 2;
}

static unsigned header_bytes(const struct device *d)
{
    return virtio_has(d, F_MRG_RXBUF) || virtio_has(d, VIRTIO_F_VERSION_1) ? HEADER_LONG
                                                                           : HEADER_SHORT;
}

/* ---- in ---- */

/* The same flow always goes to the same pair of queues. */
static unsigned choose_pair(const struct net *s, const uint8_t *frame, size_t count)
{
    struct frame_parts p;
    uint32_t mixed = 0;

    if (s->pairs <= 1 || !frame_find_parts(frame, count, &p)) {
        return 0;
    }
    mixed = p.is_ipv6 ? frame_sum(frame + p.l3 + 8, 32, 0) : frame_sum(frame + p.l3 + 12, 8, 0);
    if (!p.is_fragment && (p.protocol == 6 || p.protocol == 17) && count >= p.l4 + 4) {
        mixed += frame_sum(frame + p.l4, 4, 0);
    }
    return (mixed * UINT32_C(0x9e3779b1) >> 16) % s->pairs;
}

static uint32_t net_room(const struct device *d)
{
    const struct net *s = d->state;

    if ((s->virtio.status & VIRTIO_DRIVER_OK) == 0) {
        return 0;
    }
    for (unsigned pair = 0; pair < s->pairs; pair++) {
        if (!virtio_is_usable(d, 2 * pair) || !virtio_has_chain(d, 2 * pair)) {
            return 0;
        }
    }
    return FRAME_MAX;
}

/* Chains that were taken for one frame. */
struct merge {
    struct virtio_ticket tickets[MERGED_MAX];
    uint32_t written[MERGED_MAX];
    unsigned count;
};

/* Into as many chains as it takes; false: there are too few. The number of them is written into the
 * first one when it is known. */
static bool scatter_frame(struct device *d, unsigned queue, const uint8_t *bytes, size_t count,
                          struct merge *m)
{
    unsigned most = virtio_has(d, F_MRG_RXBUF) ? MERGED_MAX : 1;
    struct virtio_chain first, next;
    uint8_t number[2];
    size_t at = 0;

    m->count = 0;
    while (at < count && m->count < most) {
        struct virtio_chain *c = m->count == 0 ? &first : &next;
        size_t size;

        if (!virtio_take(d, queue, c)) {
            return false;
        }
        size = c->written_bytes < count - at ? (size_t)c->written_bytes : count - at;
        if (size == 0 || (m->count == 0 && size < header_bytes(d)) ||
            virtio_scatter(d, c, 0, bytes + at, size) != size) {
            return false;
        }
        m->tickets[m->count] = virtio_ticket_of(c);
        m->written[m->count++] = (uint32_t)size;
        at += size;
    }
    if (at < count) {
        return false;
    }
    bytes_set_le(number, 2, m->count);
    return header_bytes(d) == HEADER_SHORT ||
           virtio_scatter(d, &first, HEADER_BUFFERS, number, 2) == 2;
}

static void net_input(struct device *d, const uint8_t *frame, uint32_t count)
{
    struct net *s = d->state;
    uint8_t bytes[HEADER_LONG + FRAME_MAX];
    unsigned header = header_bytes(d), queue = 2 * choose_pair(s, frame, count);
    uint16_t taken = s->virtio.taken[queue];
    uint8_t taken_wrap = s->virtio.taken_wrap[queue];
    struct merge m;

    if (count > FRAME_MAX || !frame_is_heard(&s->filter, frame, count) ||
        !virtio_is_usable(d, queue)) {
        return;
    }
    memset(bytes, 0, header);
    if (virtio_has(d, F_GUEST_CSUM) && frame_is_proven(frame, count)) {
        bytes[0] = HEADER_PROVEN;
    }
    memcpy(bytes + header, frame, count);
    if (!scatter_frame(d, queue, bytes, header + count, &m)) {
        s->too_large++; /* the chains stay for a smaller one */
        s->virtio.taken[queue] = taken;
        s->virtio.taken_wrap[queue] = taken_wrap;
        return;
    }
    for (unsigned i = 0; i < m.count; i++) {
        virtio_put(d, queue, m.tickets[i], m.written[i]);
    }
    virtio_signal(d, queue);
}

/* ---- out ---- */

static void send_frame(struct device *d, uint8_t *bytes, size_t count, unsigned header)
{
    struct frame_work w = {.piece = (uint16_t)bytes_get_le(bytes + 4, 2),
                           .sums = (bytes[0] & HEADER_SUMS) != 0,
                           .from = (uint16_t)bytes_get_le(bytes + 6, 2),
                           .to = (uint16_t)bytes_get_le(bytes + 8, 2)};

    switch (bytes[1] & ~GSO_ECN) {
    case GSO_NONE: break;
    case GSO_TCPV4:
    case GSO_TCPV6: w.cut = FRAME_CUT_TCP; break;
    case GSO_UDP_L4: w.cut = FRAME_CUT_UDP; break;
    default: device_log(d, "guest error: frames of kind %u were never offered", bytes[1]); return;
    }
    if (!frame_send(d, bytes + header, count - header, &w)) {
        device_log(d, "guest error: a frame of %zu bytes that is not what its header says", count);
    }
}

static void transmit(struct device *d, unsigned queue)
{
    unsigned header = header_bytes(d);
    struct virtio_chain c;

    while (virtio_take(d, queue, &c)) {
        uint8_t bytes[HEADER_LONG + FRAME_MAX];
        size_t count = c.read_bytes < sizeof bytes + 1 ? (size_t)c.read_bytes : 0;

        if (count >= header + FRAME_HEADER && count <= header + FRAME_MAX &&
            virtio_gather(d, &c, 0, bytes, count) == count) {
            send_frame(d, bytes, count, header);
        }
        virtio_put(d, queue, virtio_ticket_of(&c), 0);
    }
    virtio_signal(d, queue);
}

/* ---- control ---- */

static bool set_rx_mode(struct net *s, uint8_t command, const uint8_t *data, size_t count)
{
    uint8_t *const modes[] = {&s->filter.promiscuous, &s->filter.all_multicast,
                              &s->filter.all_unicast, &s->filter.no_multicast,
                              &s->filter.no_unicast,  &s->filter.no_broadcast};

    if (command >= ARRAY_LEN(modes) || count != 1) {
        return false;
    }
    *modes[command] = data[0] != 0;
    return true;
}

/* A number of addresses, and they: the next list begins at *at then. Those for which there is no room are
 * counted as "more". */
static bool take_addresses(struct net *s, const uint8_t *data, size_t count, size_t *at,
                           uint32_t from, uint32_t *taken, uint8_t *overflows)
{
    uint64_t said;

    if (count - *at < 4) {
        return false;
    }
    said = bytes_get_le(data + *at, 4);
    *at += 4;
    if (said > (count - *at) / FRAME_ADDRESS) {
        return false;
    }
    *overflows = said > FRAME_TABLE_MAX - from;
    *taken = *overflows ? 0 : (uint32_t)said;
    memcpy(s->filter.table + from * FRAME_ADDRESS, data + *at, *taken * (size_t)FRAME_ADDRESS);
    *at += (size_t)said * FRAME_ADDRESS;
    return true;
}

static bool set_mac(struct net *s, uint8_t command, const uint8_t *data, size_t count)
{
    struct frame_filter *f = &s->filter;
    size_t at = 0;

    if (command == 1) {
        if (count != FRAME_ADDRESS) {
            return false;
        }
        memcpy(f->address, data, FRAME_ADDRESS);
        return true;
    }
    f->unicast_count = f->multicast_count = 0;
    return command == 0 &&
           take_addresses(s, data, count, &at, 0, &f->unicast_count, &f->unicast_overflows) &&
           take_addresses(s, data, count, &at, f->unicast_count, &f->multicast_count,
                          &f->multicast_overflows) &&
           at == count;
}

static bool set_vlan(struct net *s, uint8_t command, const uint8_t *data, size_t count)
{
    uint64_t vlan = count == 2 ? bytes_get_le(data, 2) : 4096;

    if (vlan >= 4096 || command > 1) {
        return false;
    }
    s->filter.vlans[vlan / 8] =
        (uint8_t)bits_set(s->filter.vlans[vlan / 8], vlan % 8, 1, command == 0);
    return true;
}

static bool set_pairs(struct device *d, uint8_t command, const uint8_t *data, size_t count)
{
    struct net *s = d->state;
    uint64_t pairs = count == 2 ? bytes_get_le(data, 2) : 0;

    if (command != 0 || !virtio_has(d, F_MQ) || pairs == 0 || pairs > config_of(d)->pairs) {
        return false;
    }
    s->pairs = (uint16_t)pairs;
    return true;
}

static bool obey(struct device *d, const uint8_t *bytes, size_t count)
{
    struct net *s = d->state;
    const uint8_t *data = bytes + 2;

    if (count < 2) {
        return false;
    }
    switch (bytes[0]) {
    case CONTROL_RX: return set_rx_mode(s, bytes[1], data, count - 2);
    case CONTROL_MAC: return set_mac(s, bytes[1], data, count - 2);
    case CONTROL_VLAN: return set_vlan(s, bytes[1], data, count - 2);
    case CONTROL_ANNOUNCE:
        s->status = (uint16_t)(s->status & ~STATUS_ANNOUNCE);
        return bytes[1] == 0;
    case CONTROL_MQ: return set_pairs(d, bytes[1], data, count - 2);
    /* Nothing is ever put together, whatever is allowed. */
    case CONTROL_OFFLOADS: return bytes[1] == 0 && count == 2 + 8;
    default: return false;
    }
}

static void control(struct device *d, unsigned queue)
{
    struct virtio_chain c;

    while (virtio_take(d, queue, &c)) {
        uint8_t bytes[2 + 8 + (2 * FRAME_TABLE_MAX + 4096) * FRAME_ADDRESS];
        uint8_t answer = CONTROL_ERROR;
        size_t count = c.read_bytes <= sizeof bytes ? (size_t)c.read_bytes : 0;

        if (count != 0 && virtio_gather(d, &c, 0, bytes, count) == count && obey(d, bytes, count)) {
            answer = CONTROL_OK;
        }
        virtio_put(d, queue, virtio_ticket_of(&c), (uint32_t)virtio_scatter(d, &c, 0, &answer, 1));
    }
    virtio_signal(d, queue);
}

static void net_notify(struct device *d, unsigned queue)
{
    if (queue == control_queue(d)) {
        if (virtio_has(d, F_CTRL_VQ)) {
            control(d, queue);
        }
    } else if (queue % 2 == 1 && queue < control_queue(d)) {
        transmit(d, queue);
    } /* new buffers for what comes in are looked for when something does */
}

/* ---- the rest ---- */

static void net_ready(struct device *d)
{
    struct net *s = d->state;

    /* A driver that cannot say what it wants to hear hears all. */
    s->filter.promiscuous = !virtio_has(d, F_CTRL_RX);
    s->filter.by_vlan = virtio_has(d, F_CTRL_VLAN);
}

static unsigned net_get_config(struct device *d, uint8_t bytes[VIRTIO_CONFIG_MAX])
{
    const struct net *s = d->state;
    const struct virtio_net_config *c = config_of(d);

    memcpy(bytes, s->filter.address, FRAME_ADDRESS);
    bytes_set_le(bytes + 6, 2, s->status);
    bytes_set_le(bytes + 8, 2, c->pairs);
    bytes_set_le(bytes + 10, 2, c->mtu);
    return CONFIG_BYTES;
}

/* Only the legacy interface lets a driver write its address there. */
static void net_set_config(struct device *d, unsigned at, unsigned size, uint64_t value)
{
    struct net *s = d->state;

    for (unsigned i = 0; i < size && at + i < FRAME_ADDRESS; i++) {
        if (!virtio_has(d, VIRTIO_F_VERSION_1)) {
            s->filter.address[at + i] = (uint8_t)(value >> 8 * i);
        }
    }
}

static void net_reset(struct device *d)
{
    struct net *s = d->state;

    memset(&s->filter, 0, sizeof s->filter);
    memcpy(s->filter.address, config_of(d)->address, FRAME_ADDRESS);
    s->filter.promiscuous = 1;
    s->pairs = 1;
    s->too_large = 0;
    s->status = d->port >= 0 ? STATUS_LINK_UP : 0;
}

/* The two lists share a table. */
static int net_check(const struct device *d, const void *state, struct error *e)
{
    const struct net *s = state;

    if (s->filter.unicast_count + s->filter.multicast_count > FRAME_TABLE_MAX) {
        return error_set(e, "%s: more addresses than there is room for", d->name);
    }
    if (s->pairs == 0 || s->pairs > config_of(d)->pairs) {
        return error_set(e, "%s: %u pairs of queues", d->name, s->pairs);
    }
    return 0;
}

static const struct virtio_model model = {.number = 1,
                                          .legacy_id = 0x1000,
                                          .class_code = 0x020000,
                                          .features = net_features,
                                          .queues = net_queues,
                                          .queue_size = 256,
                                          .get_config = net_get_config,
                                          .set_config = net_set_config,
                                          .ready = net_ready,
                                          .notify = net_notify,
                                          .reset = net_reset,
                                          .check = net_check};

#define NET_CLASS .behaviour = 1, .input = net_input, .room = net_room, .message_max = FRAME_MAX
const struct virtio_class virtio_net_mmio = {
    .device = {.name = "virtio-net-device", NET_CLASS, VIRTIO_MMIO_CLASS(struct net, fields)},
    .model = &model,
    .transport = &virtio_mmio,
};
const struct virtio_class virtio_net_pci = {
    .device = {.name = "virtio-net-pci", NET_CLASS, VIRTIO_PCI_CLASS(struct net, fields)},
    .model = &model,
    .transport = &virtio_pci,
    .pci_offset = offsetof(struct net, pci),
};
