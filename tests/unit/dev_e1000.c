/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/net/e1000: a driver's first steps with the card, without a driver: the address over the EEPROM's wires,
 * frames by descriptors both ways, checksums and segments, filters, interrupts that are put off, and a
 * guest that writes anything anywhere.
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

/* ---- nonsense ----------------------------------------------------------------------------------*/

static void test_nonsense(void **state)
{
    static const uint16_t places[] = {RDBA,       RDBA + LEN,  RDBA + HEAD, RDBA + TAIL, TDBA,
                                      TDBA + LEN, TDBA + HEAD, TDBA + TAIL, RCTL,        TCTL,
                                      RDBA + 4,   TDBA + 4,    EECD,        EERD,        MDIC,
                                      CTRL,       IMS,         ICS,         ITR,         RXCSUM};
    uint8_t frame[3000];
    uint64_t seed = 7;

    (void)state;
    open_card("e1000", NULL, NULL);
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t chance = chance_next(&seed);
        uint64_t at =
            chance % 3 == 0 ? chance / 8 % 0x8000 * 4 : places[chance / 8 % ARRAY_LEN(places)];

        if (i % 500 == 0) {
            start_rings();
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chip),       cmocka_unit_test(test_in),
        cmocka_unit_test(test_out),        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_interrupts), cmocka_unit_test(test_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
