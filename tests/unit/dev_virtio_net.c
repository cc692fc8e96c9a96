/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/virtio/net: frames in and out by each interface and kind of ring; merged buffers; checksums and
 * segments made in software; filters; the control queue; several pairs; and a driver that makes no sense.
 */
#include "../chance.h"
#include "dev/frame.h"
#include "virtio_driver.h"

#define MAC_BYTES                                                                                  \
    {                                                                                              \
        0x52, 0x54, 0, 0x12, 0x34, 0x56                                                            \
    }
static const struct virtio_net_config modern = {
    .virtio = {.is_packed = 1}, .address = MAC_BYTES, .pairs = 1};
static const struct virtio_net_config legacy = {
    .virtio = {.is_legacy = 1}, .address = MAC_BYTES, .pairs = 1};
static const struct virtio_net_config several = {
    .virtio = {.is_packed = 1}, .address = MAC_BYTES, .pairs = 3, .mtu = 1400};
static const uint8_t mac[6] = MAC_BYTES, other[6] = {0x52, 0x54, 0, 9, 9, 9},
                     group[6] = {1, 0, 0x5e, 0, 0, 5};

#define V1       VIRTIO_F_VERSION_1
#define PACKED   (V1 | VIRTIO_F_RING_PACKED)
#define BIT(n)   (UINT64_C(1) << (n))
#define CONTROLS (BIT(17) | BIT(18) | BIT(19) | BIT(20) | BIT(22) | BIT(23))
#define MERGED   BIT(15)

#define IN  0
#define OUT 1

static struct { /* what left */
    uint8_t bytes[80][FRAME_MAX];
    size_t sizes[80];
    size_t count;
} sent;

static void keep(void *opaque, tick now, uint16_t port, const uint8_t *bytes, size_t count)
{
    (void)opaque;
    (void)now;
    (void)port;
    assert_true(sent.count < ARRAY_LEN(sent.sizes) && count <= FRAME_MAX);
    memcpy(sent.bytes[sent.count], bytes, count);
    sent.sizes[sent.count++] = count;
}

static void start(struct driver *d, const struct virtio_net_config *c, uint64_t features,
                  unsigned queues)
{
    struct inlet inlet;

    driver_open(d, &virtio_net_mmio, c, sizeof *c);
    inlet = *machine_inlet(d->bench.machine);
    inlet.output = keep;
    machine_set_inlet(d->bench.machine, &inlet);
    driver_start(d, features, queues);
    assert_int_equal(d->features, features);
    sent.count = 0;
}

static unsigned header_of(const struct driver *d)
{
    return (d->features & (V1 | MERGED)) != 0 ? 12 : 10;
}

static void make_frame(uint8_t *frame, size_t count, const uint8_t *to)
{
    for (size_t i = 0; i < count; i++) {
        frame[i] = (uint8_t)(i * 5 + count);
    }
    memcpy(frame, to, 6);
    memcpy(frame + 6, other, 6);
    bytes_set_be(frame + 12, 2, 0x88b5);
}

/* A header of this kind and the frame, in one buffer. */
static void transmit(struct driver *d, unsigned queue, const uint8_t header[10],
                     const uint8_t *frame, size_t count)
{
    unsigned h = header_of(d), id;
    struct buffer b = {DRIVER_BUFFERS, (uint32_t)(h + count), false};
    struct mem *m = machine_mem(d->bench.machine);
    uint8_t bytes[12] = {0};
    uint32_t written;

    memcpy(bytes, header, 10);
    assert_true(mem_write_bytes(m, b.at, bytes, h));
    assert_true(mem_write_bytes(m, b.at + h, frame, count));
    driver_put(d, queue, &b, 1);
    driver_notify(d, queue);
    assert_true(driver_get(d, queue, 1, &id, &written));
    assert_int_equal(written, 0);
}

static const uint8_t plain[10];

static uint64_t chance_below(uint64_t *seed, uint64_t limit)
{
    return chance_next(seed) % limit;
}

/* ---- both ways --------------------------------------------------------------------------------- */

static void test_both_ways(void **state)
{
    static const struct {
        const struct virtio_net_config *config;
        uint64_t features;
    } ways[] = {{&legacy, 0},      {&legacy, MERGED},      {&modern, V1},
                {&modern, PACKED}, {&modern, V1 | MERGED}, {&modern, PACKED | MERGED}};
    uint8_t frame[1514], bytes[2000];

    (void)state;
    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        struct driver d;

        start(&d, ways[w].config, ways[w].features, 2);
        assert_int_equal(machine_port_room(d.bench.machine, (uint16_t)d.bench.device->port), 0);
        for (unsigned i = 0; i < 40; i++) {
            size_t count = 14 + i * 37;
            struct buffer b = {DRIVER_BUFFERS + 0x10000, 2000, true};
            unsigned id, h = header_of(&d);
            uint32_t written;

            make_frame(frame, count, mac);
            driver_put(&d, IN, &b, 1);
            bench_input(&d.bench, frame, (uint32_t)count);
            assert_true(driver_get(&d, IN, 1, &id, &written));
            assert_int_equal(written, h + count);
            assert_true(mem_read_bytes(machine_mem(d.bench.machine), b.at, bytes, h + count));
            assert_memory_equal(bytes + h, frame, count);
            assert_int_equal(h == 12 ? bytes_get_le(bytes + 10, 2) : 1, 1);
            transmit(&d, OUT, plain, frame, count);
            assert_int_equal(sent.count, i + 1);
            assert_int_equal(sent.sizes[i], count);
            assert_memory_equal(sent.bytes[i], frame, count);
        }
        assert_int_equal(d.bench.complaints, 0);
        driver_close(&d);
    }
}

/* A frame in as many buffers as it takes; one for which they do not suffice takes none. */
static void test_merged(void **state)
{
    static const uint64_t kinds[] = {V1 | MERGED, PACKED | MERGED};
    uint8_t frame[400], bytes[412];

    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        struct driver d;
        unsigned id, ids[4];
        uint32_t written, expected[] = {100, 100, 100, 412 - 300};

        start(&d, &modern, kinds[k], 2);
        make_frame(frame, sizeof frame, mac);
        for (unsigned i = 0; i < 3; i++) {
            ids[i] = driver_put(&d, IN, &(struct buffer){DRIVER_BUFFERS + i * 1000, 100, true}, 1);
        }
        bench_input(&d.bench, frame, sizeof frame);
        assert_false(driver_get(&d, IN, 1, &id, &written));
        ids[3] = driver_put(&d, IN, &(struct buffer){DRIVER_BUFFERS + 3000, 500, true}, 1);
        bench_input(&d.bench, frame, sizeof frame);
        for (unsigned i = 0; i < 4; i++) {
            assert_true(driver_get(&d, IN, 1, &id, &written));
            assert_int_equal(id, ids[i]);
            assert_int_equal(written, expected[i]);
            assert_true(mem_read_bytes(machine_mem(d.bench.machine), DRIVER_BUFFERS + i * 1000,
                                       bytes + i * 100, written));
        }
        assert_int_equal(bytes_get_le(bytes + 10, 2), 4);
        assert_memory_equal(bytes + 12, frame, sizeof frame);
        assert_false(driver_get(&d, IN, 1, &id, &written));
        driver_close(&d);
    }
}

/* ---- offloads ---------------------------------------------------------------------------------- */

/* IPv4 or IPv6 with TCP or UDP, of this much payload; checksums are wrong. */
static size_t make_packet(uint8_t *frame, bool is_ipv6, bool is_udp, size_t payload)
{
    size_t l3 = 14, l4 = l3 + (is_ipv6 ? 40 : 20), header = is_udp ? 8 : 32, count;

    count = l4 + header + payload;
    make_frame(frame, count, other);
    bytes_set_be(frame + 12, 2, is_ipv6 ? 0x86dd : 0x0800);
    if (is_ipv6) {
        frame[l3] = 0x60;
        bytes_set_be(frame + l3 + 4, 2, header + payload);
        frame[l3 + 6] = is_udp ? 17 : 6;
    } else {
        frame[l3] = 0x45;
        bytes_set_be(frame + l3 + 2, 2, 20 + header + payload);
        bytes_set_be(frame + l3 + 4, 2, 0xfffe); /* goes round */
        bytes_set_be(frame + l3 + 6, 2, 0x4000);
        frame[l3 + 9] = is_udp ? 17 : 6;
    }
    if (is_udp) {
        bytes_set_be(frame + l4 + 4, 2, 8 + payload);
    } else {
        bytes_set_be(frame + l4 + 4, 4, UINT32_C(0xffffff00)); /* goes round, too */
        frame[l4 + 12] = 0x80;
        frame[l4 + 13] = 0x80 | 0x10 | 0x08 | 0x01; /* CWR, ACK, PSH, FIN */
    }
    return count;
}

/* Each piece is one that a stack would take, and together they are what was sent. */
static void check_pieces(const uint8_t *whole, size_t count, bool is_ipv6, bool is_udp, size_t mss)
{
    size_t l4 = 14 + (is_ipv6 ? 40u : 20u), header = l4 + (is_udp ? 8 : 32), at = 0;

    for (size_t i = 0; i < sent.count; i++) {
        const uint8_t *p = sent.bytes[i];
        size_t payload = sent.sizes[i] - header;
        bool is_last = i + 1 == sent.count;

        assert_true(frame_is_proven(p, sent.sizes[i]));
        assert_true(payload == mss || (is_last && payload <= mss));
        assert_memory_equal(p + header, whole + header + at, payload);
        if (!is_ipv6) {
            assert_int_equal(frame_sum(p + 14, 20, 0), 0xffff);
            assert_int_equal(bytes_get_be(p + 16, 2), sent.sizes[i] - 14);
            assert_int_equal(bytes_get_be(p + 18, 2), (0xfffe + i) & 0xffff);
        }
        if (!is_udp) {
            unsigned flags = 0x10 | (i == 0 ? 0x80 : 0) | (is_last ? 0x09 : 0);

            assert_int_equal(bytes_get_be(p + l4 + 4, 4), (uint32_t)(UINT32_C(0xffffff00) + at));
            assert_int_equal(p[l4 + 13], flags);
        }
        at += payload;
    }
    assert_int_equal(at, count - header);
}

static void test_segments(void **state)
{
    static uint8_t frame[FRAME_MAX];
    uint64_t features = V1 | BIT(0) | BIT(11) | BIT(12) | BIT(56);
    struct driver d;

    (void)state;
    start(&d, &modern, features, 2);
    for (unsigned kind = 0; kind < 4; kind++) {
        bool is_ipv6 = (kind & 1) != 0, is_udp = (kind & 2) != 0;
        const size_t payloads[] = {1, 99, 100, 101, 5000, 60000};

        for (size_t i = 0; i < ARRAY_LEN(payloads); i++) {
            size_t mss = payloads[i] > 10000 ? 1448 : 100;
            size_t count = make_packet(frame, is_ipv6, is_udp, payloads[i]);
            uint8_t header[10] = {1, is_udp ? 5 : is_ipv6 ? 4 : 1};

            bytes_set_le(header + 4, 2, mss);
            bytes_set_le(header + 6, 2, is_ipv6 ? 54 : 34);
            bytes_set_le(header + 8, 2, is_udp ? 6 : 16);
            sent.count = 0;
            transmit(&d, OUT, header, frame, count);
            assert_int_equal(sent.count, (payloads[i] + mss - 1) / mss);
            check_pieces(frame, count, is_ipv6, is_udp, mss);
        }
    }
    assert_int_equal(d.bench.complaints, 0);
    driver_close(&d);
}

/* The driver leaves the sum of the addresses in the place of the checksum. */
static void test_checksum(void **state)
{
    uint8_t frame[200], header[10] = {1};
    struct driver d;

    (void)state;
    start(&d, &modern, V1 | BIT(0) | BIT(1), 2);
    for (unsigned kind = 0; kind < 4; kind++) {
        bool is_ipv6 = (kind & 1) != 0, is_udp = (kind & 2) != 0;
        size_t count = make_packet(frame, is_ipv6, is_udp, 51), l4 = is_ipv6 ? 54 : 34;
        struct buffer b = {DRIVER_BUFFERS + 0x10000, 2000, true};
        uint16_t pseudo = frame_sum(frame + (is_ipv6 ? 22 : 26), is_ipv6 ? 32 : 8,
                                    (uint32_t)(count - l4) + (is_udp ? 17 : 6));
        uint32_t written;
        unsigned id;

        bytes_set_be(frame + l4 + (is_udp ? 6 : 16), 2, pseudo);
        bytes_set_le(header + 6, 2, l4);
        bytes_set_le(header + 8, 2, is_udp ? 6 : 16);
        assert_false(frame_is_proven(frame, count));
        transmit(&d, OUT, header, frame, count);
        assert_true(frame_is_proven(sent.bytes[kind], count));
        /* And what comes in is said to be right only if it is. */
        for (unsigned wrong = 0; wrong < 2; wrong++) {
            memcpy(frame, sent.bytes[kind], count);
            memcpy(frame, mac, 6);
            frame[count - 1] ^= (uint8_t)wrong;
            driver_put(&d, IN, &b, 1);
            bench_input(&d.bench, frame, (uint32_t)count);
            assert_true(driver_get(&d, IN, 1, &id, &written));
            assert_int_equal(ram_get(&d, b.at, 1), wrong ? 0 : 2);
        }
    }
    driver_close(&d);
}

/* ---- control ----------------------------------------------------------------------------------- */

static bool control(struct driver *d, unsigned queue, unsigned class, unsigned command,
                    const void *data, uint32_t count)
{
    struct buffer b[2] = {{DRIVER_BUFFERS + 0x20000, 2 + count, false},
                          {DRIVER_BUFFERS + 0x40000, 1, true}};
    const uint8_t first[2] = {(uint8_t) class, (uint8_t)command};
    struct mem *m = machine_mem(d->bench.machine);
    unsigned id;
    uint32_t written;

    assert_true(mem_write_bytes(m, b[0].at, first, 2));
    assert_true(count == 0 || mem_write_bytes(m, b[0].at + 2, data, count));
    ram_set(d, b[1].at, 1, 77);
    driver_put(d, queue, b, 2);
    driver_notify(d, queue);
    assert_true(driver_get(d, queue, 2, &id, &written));
    assert_int_equal(written, 1);
    assert_true(ram_get(d, b[1].at, 1) <= 1);
    return ram_get(d, b[1].at, 1) == 0;
}

/* Whether it comes in, and by which queue; -1: it does not. */
static int hears(struct driver *d, const uint8_t *to, unsigned queues, unsigned flow)
{
    uint8_t frame[60];
    unsigned id;
    uint32_t written;

    make_packet(frame, false, true, 18);
    memcpy(frame, to, 6);
    frame[35] = (uint8_t)flow;
    bench_input(&d->bench, frame, sizeof frame);
    for (unsigned q = 0; q < queues; q += 2) {
        if (driver_get(d, q, 1, &id, &written)) {
            driver_put(d, q, &(struct buffer){DRIVER_BUFFERS + 0x1000 * q, 2000, true}, 1);
            return (int)q;
        }
    }
    return -1;
}

static void test_filters(void **state)
{
    static const uint8_t all[6] = {255, 255, 255, 255, 255, 255};
    uint8_t table[8 + 12] = {1}, on = 1, off = 0, many[4 + 6 * 100 + 4] = {0};
    struct driver d;

    (void)state;
    start(&d, &modern, V1 | (CONTROLS & ~BIT(22)), 3);
    driver_put(&d, IN, &(struct buffer){DRIVER_BUFFERS, 2000, true}, 1);
    assert_int_equal(hears(&d, mac, 1, 0), 0);
    assert_int_equal(hears(&d, all, 1, 0), 0);
    assert_int_equal(hears(&d, other, 1, 0), -1);
    assert_int_equal(hears(&d, group, 1, 0), -1);
    assert_true(control(&d, 2, 0, 0, &on, 1)); /* promiscuous */
    assert_int_equal(hears(&d, other, 1, 0), 0);
    assert_true(control(&d, 2, 0, 0, &off, 1));
    memcpy(table + 4, other, 6);
    table[10] = 1;
    memcpy(table + 14, group, 6);
    assert_true(control(&d, 2, 1, 0, table, 20));
    assert_int_equal(hears(&d, other, 1, 0), 0);
    assert_int_equal(hears(&d, group, 1, 0), 0);
    assert_false(control(&d, 2, 1, 0, table, 19)); /* cut off: the lists are empty then */
    assert_int_equal(hears(&d, group, 1, 0), -1);
    many[0] = 100;
    assert_true(control(&d, 2, 1, 0, many, sizeof many)); /* no room: like all */
    assert_int_equal(hears(&d, other, 1, 0), 0);
    assert_true(control(&d, 2, 0, 5, &on, 1)); /* no broadcast */
    assert_int_equal(hears(&d, all, 1, 0), -1);
    assert_true(control(&d, 2, 1, 1, other, 6));
    assert_int_equal(hears(&d, mac, 1, 0), 0); /* there were more unicast ones */
    assert_int_equal(bench_read(&d.bench, R_CONFIG + 3, 1), 9);
    assert_false(control(&d, 2, 0, 9, &on, 1));
    assert_false(control(&d, 2, 4, 0, "\1\0", 2));
    assert_false(control(&d, 2, 9, 0, &on, 1));
    driver_close(&d);
}

/* Flows go to the pairs that are in use; each is always found in the same. */
static void test_pairs(void **state)
{
    struct driver d;
    unsigned seen = 0;

    (void)state;
    start(&d, &several, PACKED | CONTROLS | BIT(3) | BIT(5) | BIT(16), 7);
    assert_int_equal(bench_read(&d.bench, R_CONFIG + 6, 2), 1); /* the link is up */
    assert_int_equal(bench_read(&d.bench, R_CONFIG + 8, 2), 3);
    assert_int_equal(bench_read(&d.bench, R_CONFIG + 10, 2), 1400);
    for (unsigned q = 0; q < 6; q += 2) {
        driver_put(&d, q, &(struct buffer){DRIVER_BUFFERS + 0x1000 * q, 2000, true}, 1);
    }
    assert_int_equal(hears(&d, mac, 6, 1), 0);
    assert_false(control(&d, 6, 4, 0, "\4\0", 2));
    assert_false(control(&d, 6, 4, 0, "\0\0", 2));
    assert_true(control(&d, 6, 4, 0, "\3\0", 2));
    for (unsigned flow = 0; flow < 40; flow++) {
        int q = hears(&d, mac, 6, flow);

        assert_true(q >= 0 && hears(&d, mac, 6, flow) == q);
        seen |= 1u << q;
    }
    assert_int_equal(seen, 1 | 4 | 16);
    transmit(&d, 5, plain, sent.bytes[0], 60);
    assert_int_equal(sent.count, 1);
    driver_close(&d);
}

/* ---- nonsense ---------------------------------------------------------------------------------- */

static void test_nonsense(void **state)
{
    static uint8_t frame[FRAME_MAX];
    struct driver d;
    uint64_t seed = 20;

    (void)state;
    start(&d, &modern, V1 | BIT(0) | BIT(11) | BIT(12) | BIT(56) | (CONTROLS & ~BIT(22)), 3);
    for (unsigned i = 0; i < 3000; i++) {
        size_t count = make_packet(frame, (i & 1) != 0, (i & 2) != 0, 40);
        uint8_t header[10];

        for (unsigned n = 0; n < 10; n++) {
            header[n] = (uint8_t)chance_below(&seed, n < 2 ? 8 : 256);
        }
        for (unsigned n = 0; n < 3; n++) {
            frame[12 + chance_below(&seed, 60)] = (uint8_t)chance_below(&seed, 256);
        }
        if (i % 3 != 0) {
            header[5] = header[7] = header[9] = 0; /* smaller numbers are less often refused */
        }
        sent.count = 0;
        transmit(&d, OUT, header, frame, 14 + chance_below(&seed, (uint64_t)count - 13));
        for (size_t s = 0; s < sent.count; s++) {
            assert_true(sent.sizes[s] >= 14 && sent.sizes[s] <= count);
        }
        (void)control(&d, 2, (unsigned)chance_below(&seed, 7), (unsigned)chance_below(&seed, 3),
                      frame, (uint32_t)chance_below(&seed, 100));
    }
    driver_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways), cmocka_unit_test(test_merged),
        cmocka_unit_test(test_segments),  cmocka_unit_test(test_checksum),
        cmocka_unit_test(test_filters),   cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
