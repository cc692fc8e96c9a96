/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/net/e1000: a driver's first steps with the cards, without a driver: the address over the EEPROM's wires,
 * frames by descriptors both ways, checksums and segments, filters, interrupts that are put off, by pin and
 * by five vectors, hashes, and a guest that writes anything anywhere.
 */
#define CARD_BAR 0
#include "dev_card.h"

#define RX_RING (RAM + 0x1000)
#define TX_RING (RAM + 0x2000)
#define RX_DATA (RAM + 0x10000)
#define TX_DATA (RAM + 0x40000)
#define RING    8

enum { CTRL = 0, STATUS = 8, EECD = 0x10, EERD = 0x14, MDIC = 0x20, ICR = 0xc0, ITR = 0xc4 };
enum { ICS = 0xc8, IMS = 0xd0, IMC = 0xd8, RCTL = 0x100, TCTL = 0x400, RXCSUM = 0x5000 };
enum { RDBA = 0x2800, TDBA = 0x3800, LEN = 8, HEAD = 16, TAIL = 24 };

static void reg_set(uint64_t at, uint32_t value)
{
    set(BAR + at, 4, value);
}

static uint32_t reg_get(uint64_t at)
{
    return (uint32_t)get(BAR + at, 4);
}

static void start_rings(void)
{
    uint8_t x[16] = {0};

    for (unsigned i = 0; i < RING; i++) {
        bytes_set_le(x, 8, RX_DATA + i * 2048u);
        put(RX_RING + i * 16u, x, 16);
    }
    reg_set(RDBA, (uint32_t)RX_RING);
    reg_set(RDBA + LEN, RING * 16);
    reg_set(RDBA + HEAD, 0);
    reg_set(RDBA + TAIL, RING - 1);
    reg_set(RCTL, 0x8002 | 1 << 26); /* on, broadcast, no check sequence */
    reg_set(TDBA, (uint32_t)TX_RING);
    reg_set(TDBA + LEN, RING * 16);
    reg_set(TDBA + HEAD, 0);
    reg_set(TDBA + TAIL, 0);
    reg_set(TCTL, 2);
}

/* ---- the chip ----------------------------------------------------------------------------------*/

static void wire(uint32_t lines)
{
    reg_set(EECD, lines);
    reg_set(EECD, lines | 1);
    reg_set(EECD, lines);
}

static uint16_t read_word(unsigned place)
{
    uint32_t command = 6u << 6 | place;
    uint16_t word = 0;

    reg_set(EECD, 2);
    for (int i = 8; i >= 0; i--) {
        wire(2 | (command >> i & 1) << 2);
    }
    for (unsigned i = 0; i < 16; i++) {
        reg_set(EECD, 3);
        word = (uint16_t)(word << 1 | (reg_get(EECD) >> 3 & 1));
        reg_set(EECD, 2);
    }
    reg_set(EECD, 0);
    return word;
}

static void test_chip(void **state)
{
    uint16_t sum = 0;

    (void)state;
    open_card("e1000", NULL, NULL);
    assert_int_equal(get(ECAM + SLOT, 4), 0x100e8086);
    for (unsigned i = 0; i < 64; i++) {
        uint16_t word = read_word(i);

        sum = (uint16_t)(sum + word);
        reg_set(EERD, i << 8 | 1);
        assert_int_equal(reg_get(EERD), (uint32_t)word << 16 | i << 8 | 0x10);
        if (i < 3) {
            assert_int_equal(word, bytes_get_le(mac + 2 * (size_t)i, 2));
        }
    }
    assert_int_equal(sum, 0xbaba);
    assert_int_equal(reg_get(STATUS) & 2, 2);
    reg_set(MDIC, 2u << 26 | 1u << 21 | 2u << 16);
    assert_int_equal(reg_get(MDIC) & 0xffff, 0x0141);
    reg_set(CTRL, 1u << 26);
    assert_int_equal(reg_get(CTRL) >> 26 & 1, 0);
    close_card();
}

/* ---- frames ------------------------------------------------------------------------------------*/

static void test_in(void **state)
{
    uint8_t frame[5000], bytes[5000], x[16];

    (void)state;
    open_card("e1000", NULL, NULL);
    assert_int_equal(machine_port_room(b.machine, b.port), 0);
    start_rings();
    assert_true(machine_port_room(b.machine, b.port) >= 1514);
    for (unsigned i = 0; i < 30; i++) {
        size_t count = 60 + i * 40;

        make_frame(frame, count);
        input(frame, count);
        fetch(RX_RING + i % RING * 16u, x, 16);
        assert_int_equal(x[12] & 3, 3);
        assert_int_equal(bytes_get_le(x + 8, 2), count);
        fetch(RX_DATA + i % RING * 2048u, bytes, count);
        assert_memory_equal(bytes, frame, count);
        reg_set(RDBA + TAIL, i % RING);
    }
    frame[0] = 0x54; /* somebody else's */
    input(frame, 60);
    assert_int_equal(reg_get(RDBA + HEAD), 30 % RING);
    reg_set(RCTL, reg_get(RCTL) | 8);
    input(frame, 60);
    assert_int_equal(reg_get(RDBA + HEAD), 31 % RING);
    /* A long one in three buffers, if long ones are heard. */
    reg_set(RDBA + TAIL, 30 % RING);
    make_frame(frame, sizeof frame);
    input(frame, sizeof frame);
    assert_int_equal(reg_get(RDBA + HEAD), 31 % RING);
    reg_set(RCTL, reg_get(RCTL) | 32);
    input(frame, sizeof frame);
    assert_int_equal(reg_get(RDBA + HEAD), 34 % RING);
    fetch(RX_RING + 33 % RING * 16u, x, 16);
    assert_int_equal(bytes_get_le(x + 8, 2), sizeof frame - 4096);
    assert_int_equal(x[12] & 3, 3);
    /* No room at last: it waits outside. */
    reg_set(RDBA + TAIL, 34 % RING);
    assert_int_equal(machine_port_room(b.machine, b.port), 0);
    assert_int_equal(reg_get(0x4074), 32);
    assert_int_equal(reg_get(0x4074), 0); /* it was read */
    close_card();
}

static unsigned tail;

static void queue(const uint8_t x[16])
{
    put(TX_RING + tail * 16u, x, 16);
    tail = (tail + 1) % RING;
}

static void data(paddr at, size_t size, unsigned command, unsigned options)
{
    uint8_t x[16] = {0};

    bytes_set_le(x, 8, at);
    bytes_set_le(x + 8, 4, size | ((command & 0x20) != 0 ? 1u << 20 : 0));
    x[11] = (uint8_t)command;
    x[13] = (uint8_t)options;
    queue(x);
}

static void test_out(void **state)
{
    uint8_t frame[3000], x[16];

    (void)state;
    open_card("e1000", NULL, NULL);
    start_rings();
    tail = 0;
    for (unsigned i = 0; i < 20; i++) {
        size_t count = 60 + i * 50, half = count / 2;

        make_frame(frame, count);
        put(TX_DATA, frame, count);
        data(TX_DATA, half, 0, 0);
        reg_set(TDBA + TAIL, tail);
        assert_int_equal(b.count, i); /* the rest is not there yet */
        data(TX_DATA + half, count - half, 9, 0);
        reg_set(TDBA + TAIL, tail);
        assert_int_equal(b.count, i + 1);
        assert_int_equal(b.sizes[i], count);
        assert_memory_equal(b.sent[i], frame, count);
        fetch(TX_RING + (tail + RING - 1) % RING * 16u, x, 16);
        assert_int_equal(x[12], 1);
        assert_int_equal(reg_get(TDBA + HEAD), tail);
    }
    close_card();
}

/* As Linux leaves it: no length, and the sum of addresses and protocol. */
static void test_segments(void **state)
{
    static uint8_t frame[54 + 5000];
    uint8_t x[16] = {0};

    (void)state;
    open_card("e1000", NULL, NULL);
    start_rings();
    tail = 0;
    make_frame(frame, sizeof frame);
    bytes_set_be(frame + 12, 2, 0x0800);
    frame[14] = 0x45;
    bytes_set_be(frame + 16, 2, 0);
    bytes_set_be(frame + 20, 2, 0x4000);
    frame[23] = 6;
    frame[46] = 0x50;
    put(TX_DATA, frame, sizeof frame);
    x[0] = 14;
    x[1] = 24;
    bytes_set_le(x + 2, 2, 33);
    x[4] = 34;
    x[5] = 50;
    bytes_set_le(x + 6, 2, 0);
    bytes_set_le(x + 8, 4, 5000);
    x[11] = 0x20 | 7; /* TCP, IPv4, cut */
    x[13] = 54;
    bytes_set_le(x + 14, 2, 1460);
    queue(x);
    data(TX_DATA, 54, 0x20 | 4, 3);
    data(TX_DATA + 54, 5000, 0x20 | 4 | 1 | 8, 3);
    reg_set(TDBA + TAIL, tail);
    assert_int_equal(b.count, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(b.sizes[i], 54 + (i < 3 ? 1460 : 5000 - 3 * 1460));
        assert_true(frame_is_proven(b.sent[i], b.sizes[i]));
        assert_memory_equal(b.sent[i] + 54, frame + 54 + i * 1460u, b.sizes[i] - 54);
    }
    /* The same without cutting: a checksum alone. */
    x[11] = 0x20 | 3;
    queue(x);
    bytes_set_be(frame + 16, 2, 1040);
    bytes_set_be(frame + 24, 2, 0);
    bytes_set_be(frame + 50, 2, frame_sum(frame + 26, 8, 6 + 1020));
    put(TX_DATA, frame, 1054);
    data(TX_DATA, 1054, 0x20 | 1, 3);
    reg_set(TDBA + TAIL, tail);
    assert_int_equal(b.count, 5);
    assert_true(frame_is_proven(b.sent[4], 1054));
    assert_int_equal(frame_sum(b.sent[4] + 14, 20, 0), 0xffff);
    close_card();
}

/* ---- interrupts --------------------------------------------------------------------------------*/

static void test_interrupts(void **state)
{
    (void)state;
    open_card("e1000", NULL, NULL);
    reg_set(ICS, 4);
    assert_false(pin());
    reg_set(IMS, 4);
    assert_true(pin());
    assert_int_equal(reg_get(ICR), 0x80000004);
    assert_false(pin());
    assert_int_equal(reg_get(ICR), 0);
    reg_set(ITR, 4); /* 1024 ns from one to the next */
    reg_set(ICS, 4);
    assert_true(pin());
    (void)reg_get(ICR);
    bench_pass(&b.bench, 10);
    reg_set(ICS, 4);
    assert_false(pin());
    bench_pass(&b.bench, 1000);
    assert_false(pin());
    bench_pass(&b.bench, 20);
    assert_true(pin());
    reg_set(IMC, 4);
    assert_false(pin());
    close_card();
}

/* ---- the 82574L --------------------------------------------------------------------------------*/

enum { EERD_AT = 0x14, CTRL_EXT = 0x18, EIAC = 0xdc, IAM = 0xe0, IVAR = 0xe4, EITR = 0xe8 };
enum { RFCTL = 0x5008, MRQC = 0x5818, HASH_TABLE = 0x5c00, HASH_KEY = 0x5c80, SWSM = 0x5b50 };
enum { SYSTIML = 0xb600, SYSTIMH = 0xb604, TIMINCA = 0xb608 };
#define TABLE    (BAR + 0x100000)
#define MESSAGES (RAM + 0x80000)

static void test_express_chip(void **state)
{
    uint16_t sum = 0;
    uint64_t before;

    (void)state;
    open_card("e1000e", NULL, NULL);
    assert_int_equal(get(ECAM + SLOT, 4), 0x10d38086);
    for (unsigned i = 0; i < 64; i++) {
        reg_set(EERD_AT, i << 2 | 1);
        assert_int_equal(reg_get(EERD_AT) & 0xffff, i << 2 | 2);
        sum = (uint16_t)(sum + (reg_get(EERD_AT) >> 16));
    }
    assert_int_equal(sum, 0xbaba);
    reg_set(MDIC, 2u << 26 | 1u << 21 | 3u << 16);
    assert_int_equal(reg_get(MDIC) & 0xffff, 0x0cb1);
    reg_set(MDIC, 1u << 26 | 1u << 21 | 22u << 16 | 5); /* another page */
    reg_set(MDIC, 2u << 26 | 1u << 21 | 17u << 16);
    assert_int_equal(reg_get(MDIC) & 0xffff, 0);
    assert_int_equal(reg_get(STATUS) >> 19 & 1, 1);
    reg_set(CTRL, reg_get(CTRL) | 4);
    assert_int_equal(reg_get(STATUS) >> 19 & 1, 0);
    assert_int_equal(reg_get(SWSM) & 1, 0);
    assert_int_equal(reg_get(SWSM) & 1, 1);
    /* 25 MHz, in units that make it nanoseconds. */
    reg_set(TIMINCA, 1u << 24 | 40);
    before = reg_get(SYSTIML);
    bench_pass(&b.bench, 400);
    assert_in_range(reg_get(SYSTIML) - before, 400, 440);
    /* The serial number is the address. */
    assert_int_equal(get(ECAM + SLOT + 0x14c, 4), 0xff123456);
    assert_int_equal(get(ECAM + SLOT + 0x150, 4), 0x525400ff);
    close_card();
}

static const uint8_t key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

/* The flow of the published example: 66.9.149.187:2794 to 161.142.100.80:1766. */
static void make_flow(uint8_t *frame, size_t count, uint8_t protocol)
{
    make_frame(frame, count);
    memset(frame + 14, 0, count - 14);
    bytes_set_be(frame + 12, 2, 0x0800);
    frame[14] = 0x45;
    bytes_set_be(frame + 16, 2, count - 14);
    frame[23] = protocol;
    memcpy(frame + 26, "\x42\x09\x95\xbb\xa1\x8e\x64\x50", 8);
    bytes_set_be(frame + 34, 2, 2794);
    bytes_set_be(frame + 36, 2, 1766);
    frame[46] = 0x50;
}

static void test_hash(void **state)
{
    static const struct {
        uint8_t protocol;
        uint32_t hash, kind;
    } cases[] = {{6, 0x51ccc178, 1}, {17, 0x323e8fc2, 2}};
    uint8_t frame[100], x[16];

    (void)state;
    open_card("e1000e", NULL, NULL);
    start_rings();
    reg_set(RFCTL, 0x8000);
    reg_set(RXCSUM, 0x2000);
    reg_set(MRQC, 0x00370001);
    for (unsigned i = 0; i < 10; i++) {
        reg_set(HASH_KEY + 4 * i, (uint32_t)bytes_get_le(key + 4 * (size_t)i, 4));
    }
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        make_flow(frame, sizeof frame, cases[i].protocol);
        input(frame, sizeof frame);
        fetch(RX_RING + i * 16u, x, 16);
        assert_int_equal(bytes_get_le(x, 4), cases[i].kind);
        assert_int_equal(bytes_get_le(x + 4, 4), cases[i].hash);
        assert_int_equal(bytes_get_le(x + 8, 4) & 3, 3);
        assert_int_equal(bytes_get_le(x + 12, 2), sizeof frame);
    }
    /* The other queue, which has no ring: then all wait, as nobody knows where the next one goes. */
    for (unsigned i = 0; i < 32; i++) {
        reg_set(HASH_TABLE + 4 * i, 0x80808080);
    }
    assert_int_equal(machine_port_room(b.machine, b.port), 0);
    put(RX_RING + 0x800, "\0\0\7\x80\0\0\0", 8);
    reg_set(RDBA + 0x100, (uint32_t)RX_RING + 0x800);
    reg_set(RDBA + 0x100 + LEN, 128);
    reg_set(RDBA + 0x100 + TAIL, 2);
    reg_set(IMS, 1u << 21);
    make_flow(frame, sizeof frame, 6);
    input(frame, sizeof frame);
    fetch(RX_RING + 0x800, x, 16);
    assert_int_equal(bytes_get_le(x, 4), 0x101);
    assert_true(pin());
    close_card();
}

static uint32_t message(unsigned v)
{
    uint8_t x[4], zeros[4] = {0};

    fetch(MESSAGES + v * 4u, x, 4);
    put(MESSAGES + v * 4u, zeros, 4);
    return (uint32_t)bytes_get_le(x, 4);
}

static void start_vectors(void)
{
    unsigned at = (unsigned)get(ECAM + SLOT + PCI_CAPABILITIES, 1);

    while (get(ECAM + SLOT + at, 1) != PCI_CAP_MSIX) {
        at = (unsigned)get(ECAM + SLOT + at + 1, 1);
    }
    set(ECAM + SLOT + PCI_BAR0 + 12, 4, (uint32_t)TABLE);
    for (unsigned v = 0; v < 5; v++) {
        set(TABLE + v * 16u, 4, (uint32_t)MESSAGES + v * 4);
        set(TABLE + v * 16u + 8, 4, 100 + v);
        set(TABLE + v * 16u + 12, 4, 0);
    }
    set(ECAM + SLOT + at + 2, 2, 0x8000);
}

/* As Linux sets it up: one for what comes in, one for what leaves, one for the rest. */
static void test_vectors(void **state)
{
    uint8_t frame[100];

    (void)state;
    open_card("e1000e", NULL, NULL);
    start_rings();
    start_vectors();
    tail = 0;
    reg_set(IVAR, 0x800a0908);
    reg_set(IAM, UINT32_MAX);
    reg_set(EIAC, 0x00500000);
    reg_set(CTRL_EXT, 1u << 24);
    reg_set(IMS, 0x01500004);
    make_frame(frame, sizeof frame);
    input(frame, sizeof frame);
    assert_int_equal(message(0), 100);
    assert_int_equal(message(1), 0);
    assert_int_equal(reg_get(IMS) >> 20 & 1, 0); /* it masked itself, */
    input(frame, sizeof frame);
    assert_int_equal(message(0), 0);
    reg_set(IMS, 1u << 20); /* and what came meanwhile is told of when that is over */
    assert_int_equal(message(0), 100);
    put(TX_DATA, frame, sizeof frame);
    data(TX_DATA, sizeof frame, 9, 0);
    reg_set(TDBA + TAIL, tail);
    assert_int_equal(message(1), 101);
    reg_set(ICS, 4);
    assert_int_equal(message(2), 102);
    assert_int_equal(reg_get(ICR) & 0x01000004, 0x01000004);
    assert_false(pin());
    /* Not more often than each microsecond. */
    reg_set(EITR, 4);
    reg_set(IMS, 1u << 20);
    input(frame, sizeof frame);
    assert_int_equal(message(0), 100);
    reg_set(IMS, 1u << 20);
    input(frame, sizeof frame);
    assert_int_equal(message(0), 0);
    bench_pass(&b.bench, 1100);
    assert_int_equal(message(0), 100);
    close_card();
}

/* By pin, the card masks itself when the cause is read. */
static void test_self_masking(void **state)
{
    (void)state;
    open_card("e1000e", NULL, NULL);
    reg_set(IAM, UINT32_MAX);
    reg_set(CTRL_EXT, 1u << 27);
    reg_set(IMS, 4);
    reg_set(ICS, 2);
    assert_int_equal(reg_get(ICR), 2); /* nobody was told of it: it stays */
    assert_int_equal(reg_get(ICR), 2);
    reg_set(ICS, 4);
    assert_true(pin());
    assert_int_equal(reg_get(ICR), 0x81000006);
    assert_false(pin());
    assert_int_equal(reg_get(IMS), 0);
    assert_int_equal(reg_get(ICR), 0);
    close_card();
}

/* ---- nonsense ----------------------------------------------------------------------------------*/

static uint64_t steps = 20000;

static void write_anything(const char *driver)
{
    static const uint16_t places[] = {RDBA,
                                      RDBA + LEN,
                                      RDBA + HEAD,
                                      RDBA + TAIL,
                                      TDBA,
                                      TDBA + LEN,
                                      TDBA + HEAD,
                                      TDBA + TAIL,
                                      RCTL,
                                      TCTL,
                                      RDBA + 4,
                                      TDBA + 4,
                                      EECD,
                                      EERD,
                                      MDIC,
                                      CTRL,
                                      IMS,
                                      ICS,
                                      ITR,
                                      RXCSUM,
                                      RFCTL,
                                      MRQC,
                                      IVAR,
                                      EITR,
                                      HASH_TABLE,
                                      CTRL_EXT,
                                      TDBA + 0x100 + TAIL,
                                      RDBA + 0x100 + TAIL,
                                      RDBA + 0x100 + LEN,
                                      TDBA + 0x100 + LEN};
    uint8_t frame[3000];
    uint64_t seed = 7;

    open_card(driver, NULL, NULL);
    for (uint64_t i = 0; i < steps; i++) {
        uint64_t chance = chance_next(&seed);
        uint64_t at =
            chance % 3 == 0 ? chance / 8 % 0x8000 * 4 : places[chance / 8 % ARRAY_LEN(places)];

        if (i % 500 == 0) {
            start_rings();
        }
        if (i % 16 == 7) {
            forge(&seed);
        }
        for (unsigned n = 0; n < 8; n++) {
            uint64_t x = chance_next(&seed);

            put(TX_RING + chance_next(&seed) % (RING * 16 - 8), &x, 8);
            put(RX_RING + chance_next(&seed) % (RING * 16 - 8), &x, 8);
        }
        reg_set(at, (uint32_t)(chance_next(&seed) >> chance_next(&seed) % 32));
        (void)reg_get(chance_next(&seed) % 0x8000 * 4);
        reg_set(TDBA + TAIL, (uint32_t)(chance_next(&seed) % RING));
        make_frame(frame, sizeof frame);
        if (machine_port_room(b.machine, b.port) > 0) {
            input(frame, 14 + chance_next(&seed) % (sizeof frame - 14));
        }
    }
    close_card();
}

static void test_nonsense(void **state)
{
    (void)state;
    write_anything("e1000");
    write_anything("e1000e");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chip),         cmocka_unit_test(test_in),
        cmocka_unit_test(test_out),          cmocka_unit_test(test_segments),
        cmocka_unit_test(test_interrupts),   cmocka_unit_test(test_express_chip),
        cmocka_unit_test(test_hash),         cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_self_masking), cmocka_unit_test(test_nonsense),
    };

    steps = argc > 1 ? strtoull(argv[1], NULL, 0) : steps;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
