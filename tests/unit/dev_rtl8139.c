/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev/net/rtl8139: a driver's first steps with the chip, without a driver, in both of its ways: the EEPROM over its
 * wires, read and programmed, frames in and out, checksums and segments, filters, the timer, and a guest
 * that writes anything anywhere.
 */
#define CARD_BAR 4
#include "dev_card.h"

#define RX_RING (RAM + 0x1000)
#define TX_RING (RAM + 0x2000)
#define RX_DATA (RAM + 0x10000)
#define TX_DATA (RAM + 0x40000)
#define RING    8

enum { TSD = 0x10, TSAD = 0x20, DTCCR = 0x10, TNPDS = 0x20, THPDS = 0x28, RBSTART = 0x30 };
enum { CR = 0x37, CAPR = 0x38, CBR = 0x3a, IMR = 0x3c, ISR = 0x3e, TCR = 0x40, RCR = 0x44 };
enum { TCTR = 0x48, MPC = 0x4c, CR9346 = 0x50, CONFIG1 = 0x52, TIMER_INT = 0x54, MSR = 0x58 };
enum { TSAD_ALL = 0x60, BMCR = 0x62, BMSR = 0x64, TPPOLL = 0xd9, CPCR = 0xe0, RDSAR = 0xe4 };

static void reg_set(unsigned at, unsigned size, uint32_t value)
{
    set(BAR + at, size, value);
}

static uint32_t reg_get(unsigned at, unsigned size)
{
    return (uint32_t)get(BAR + at, size);
}

/* ---- the chip ----------------------------------------------------------------------------------*/

static void wire(unsigned lines)
{
    reg_set(CR9346, 1, 0x88 | lines);
    reg_set(CR9346, 1, 0x8c | lines);
}

static void say(unsigned bits, uint32_t command)
{
    for (unsigned i = bits; i-- > 0;) {
        wire((command >> i & 1) << 1);
    }
}

static uint16_t read_word(unsigned place)
{
    uint16_t word = 0;

    reg_set(CR9346, 1, 0x80);
    say(9, 6u << 6 | place);
    for (unsigned i = 0; i < 16; i++) {
        wire(0);
        word = (uint16_t)(word << 1 | (reg_get(CR9346, 1) & 1));
    }
    reg_set(CR9346, 1, 0);
    return word;
}

static void write_word(unsigned place, uint16_t word)
{
    reg_set(CR9346, 1, 0x80);
    say(9, 5u << 6 | place);
    say(16, word);
    reg_set(CR9346, 1, 0);
}

static void test_chip(void **state)
{
    (void)state;
    open_card("rtl8139", NULL, NULL);
    assert_int_equal(get(ECAM + SLOT, 4), 0x813910ec);
    assert_int_equal(get(ECAM + SLOT + 8, 1), 0x20);
    assert_int_equal(read_word(0), 0x8129);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(read_word(7 + i), bytes_get_le(mac + 2 * (size_t)i, 2));
        assert_int_equal(reg_get(2 * i, 2), bytes_get_le(mac + 2 * (size_t)i, 2));
    }
    /* Programmed only when that was allowed, and taken over when the chip is told to. */
    write_word(7, 0x1234);
    assert_int_equal(read_word(7), 0x5452);
    reg_set(CR9346, 1, 0x80);
    say(9, 0x130); /* allowed */
    reg_set(CR9346, 1, 0x80);
    write_word(7, 0x1234);
    assert_int_equal(read_word(7), 0x1234);
    assert_int_equal(reg_get(0, 2), 0x5452);
    reg_set(CR9346, 1, 0x40);
    assert_int_equal(reg_get(0, 2), 0x1234);
    assert_int_equal(reg_get(CR9346, 1) & 0xc0, 0);
    /* An address, only when the registers are unlocked. */
    reg_set(0, 4, 0xaaaaaaaa);
    assert_int_equal(reg_get(0, 2), 0x1234);
    reg_set(CR9346, 1, 0xc0);
    reg_set(0, 4, 0xaaaaaaaa);
    assert_int_equal(reg_get(0, 4), 0xaaaaaaaa);
    assert_int_equal(reg_get(MSR, 1) & 4, 0);
    assert_int_equal(reg_get(BMSR, 2) & 4, 4);
    assert_int_equal(reg_get(TCR, 4) >> 22, 0x1d2);
    reg_set(CR, 1, 0x10);
    assert_int_equal(reg_get(CR, 1), 1);
    assert_int_equal(reg_get(CAPR, 2), 0xfff0);
    assert_int_equal(reg_get(TSD + 4, 4), 0x2000);
    close_card();
    open_card("rtl8139", "cplus", "off");
    assert_int_equal(get(ECAM + SLOT + 8, 1), 0x10);
    assert_int_equal(reg_get(TCR, 4) >> 22, 0x1d0);
    reg_set(CPCR, 2, 3);
    assert_int_equal(reg_get(CPCR, 2), 0);
    close_card();
}

static void test_timer(void **state)
{
    (void)state;
    open_card("rtl8139", NULL, NULL);
    reg_set(IMR, 2, 0x4000);
    reg_set(TCTR, 4, 1);
    reg_set(TIMER_INT, 4, 100); /* of 30 ns */
    bench_pass(&b.bench, 2900);
    assert_false(pin());
    assert_in_range(reg_get(TCTR, 4), 96, 97);
    bench_pass(&b.bench, 200);
    assert_true(pin());
    reg_set(ISR, 2, 0x4000);
    assert_false(pin());
    close_card();
}

/* ---- the way of the RTL8139C ------------------------------------------------------------------*/

static void start_old(void)
{
    reg_set(CR, 1, 0x0c);
    reg_set(RBSTART, 4, (uint32_t)RX_DATA);
    reg_set(RCR, 4, 0x0a); /* 8 KiB, its own address and everybody's */
    reg_set(IMR, 2, 0x15);
}

static void test_old_out(void **state)
{
    uint8_t frame[1600];

    (void)state;
    open_card("rtl8139", "cplus", "off");
    start_old();
    for (unsigned i = 0; i < 20; i++) {
        size_t count = 60 + i * 70;

        make_frame(frame, count);
        put(TX_DATA + i % 4 * 2048, frame, count);
        reg_set(TSAD + i % 4 * 4, 4, (uint32_t)TX_DATA + i % 4 * 2048);
        reg_set(TSD + i % 4 * 4, 4, (uint32_t)count);
        assert_int_equal(b.count, i + 1);
        assert_int_equal(b.sizes[i], count);
        assert_memory_equal(b.sent[i], frame, count);
        assert_int_equal(reg_get(TSD + i % 4 * 4, 4) & 0xa000, 0xa000);
        assert_int_equal(reg_get(TSAD_ALL, 2) >> (12 + i % 4) & 1, 1);
        assert_true(pin());
        reg_set(ISR, 2, 4);
        assert_false(pin());
    }
    /* Written while it may not send: it goes when it may. */
    reg_set(CR, 1, 0x08);
    reg_set(TSD, 4, 60);
    assert_int_equal(b.count, 20);
    reg_set(CR, 1, 0x0c);
    assert_int_equal(b.count, 21);
    close_card();
}

/* As a driver does it: the place behind the frame, 16 less. */
static size_t take_old(unsigned *at, uint8_t *out)
{
    uint8_t header[4], ring[8192];
    size_t size;

    assert_int_equal(reg_get(CR, 1) & 1, 0);
    fetch(RX_DATA, ring, sizeof ring);
    for (unsigned i = 0; i < 4; i++) {
        header[i] = ring[(*at + i) % sizeof ring];
    }
    assert_int_equal(header[0] & 1, 1);
    size = (size_t)bytes_get_le(header + 2, 2) - 4;
    for (size_t i = 0; i < size; i++) {
        out[i] = ring[(*at + 4 + i) % sizeof ring];
    }
    *at = (*at + (unsigned)size + 8 + 3) & ~3u & 0xffff;
    *at %= sizeof ring;
    reg_set(CAPR, 2, (*at - 16) & 0xffff);
    return size;
}

static void test_old_in(void **state)
{
    uint8_t frame[5000], out[2000];
    unsigned at = 0, most;

    (void)state;
    open_card("rtl8139", "cplus", "off");
    assert_int_equal(machine_port_room(b.machine, b.port), 0);
    start_old();
    assert_int_equal(reg_get(CR, 1), 0x0d);
    for (unsigned i = 0; i < 40; i++) { /* around the ring several times */
        size_t count = 60 + i * 30;

        make_frame(frame, count);
        input(frame, count);
        assert_true(pin());
        assert_int_equal(take_old(&at, out), count);
        assert_memory_equal(out, frame, count);
        assert_int_equal(reg_get(CBR, 2), at);
        reg_set(ISR, 2, 1);
    }
    assert_int_equal(reg_get(CR, 1) & 1, 1);
    make_frame(frame, 100);
    frame[0] = 0x54; /* somebody else's */
    input(frame, 100);
    memset(frame, 0x33, 6); /* a group's */
    input(frame, 100);
    assert_int_equal(reg_get(CR, 1) & 1, 1);
    reg_set(RCR, 4, 0x0e);
    reg_set(8, 4, UINT32_MAX);
    reg_set(12, 4, UINT32_MAX);
    input(frame, 100);
    assert_int_equal(take_old(&at, out), 100);
    /* It fills up, and what has no room waits outside; what never has is thrown away. */
    assert_int_equal(machine_port_room(b.machine, b.port), FRAME_MAX);
    make_frame(frame, sizeof frame);
    input(frame, sizeof frame);
    assert_int_equal(reg_get(CR, 1) & 1, 1);
    for (most = 0; machine_port_room(b.machine, b.port) >= 1000; most++) {
        make_frame(frame, 1000);
        input(frame, 1000);
    }
    assert_int_equal(most, 8);
    for (unsigned i = 0; i < most; i++) {
        assert_int_equal(take_old(&at, out), 1000);
    }
    assert_int_equal(reg_get(CR, 1) & 1, 1);
    assert_int_equal(reg_get(MPC, 4), 0);
    close_card();
}

/* ---- the way of the RTL8139C+ -----------------------------------------------------------------*/

static void put_descriptor(paddr at, uint32_t first, uint32_t second, paddr to)
{
    uint8_t x[16];

    bytes_set_le(x, 4, first);
    bytes_set_le(x + 4, 4, second);
    bytes_set_le(x + 8, 8, to);
    put(at, x, sizeof x);
}

#define OWN  (1u << 31)
#define END  (1u << 30)
#define BOTH (3u << 28) /* first and last */

static void give(unsigned n)
{
    put_descriptor(RX_RING + n * 16u, OWN | (n == RING - 1 ? END : 0) | 1600, 0,
                   RX_DATA + n * 2048u);
}

static unsigned tail;

static void queue(uint32_t first, uint32_t second, paddr at, size_t size)
{
    put_descriptor(TX_RING + tail * 16u,
                   OWN | (tail == RING - 1 ? END : 0) | first | (uint32_t)size, second, at);
    tail = (tail + 1) % RING;
}

static void start_new(void)
{
    for (unsigned i = 0; i < RING; i++) {
        give(i);
        put_descriptor(TX_RING + i * 16u, 0, 0, 0);
    }
    tail = 0;
    reg_set(CR, 1, 0x10);
    reg_set(CPCR, 2, 0x63);
    reg_set(TNPDS, 4, (uint32_t)TX_RING);
    reg_set(TNPDS + 4, 4, 0);
    reg_set(RDSAR, 4, (uint32_t)RX_RING);
    reg_set(RDSAR + 4, 4, 0);
    reg_set(CR, 1, 0x0c);
    reg_set(RCR, 4, 0x0a);
    reg_set(IMR, 2, 0x5);
}

static void test_new_out(void **state)
{
    uint8_t frame[1600], x[4];

    (void)state;
    open_card("rtl8139", NULL, NULL);
    start_new();
    for (unsigned i = 0; i < 20; i++) {
        size_t count = 60 + i * 70, half = count / 2;

        make_frame(frame, count);
        put(TX_DATA, frame, count);
        queue(1u << 29, 0, TX_DATA, half);
        reg_set(TPPOLL, 1, 0x40);
        assert_int_equal(b.count, i); /* the rest is not there yet */
        queue(1u << 28, 0, TX_DATA + half, count - half);
        reg_set(TPPOLL, 1, 0x40);
        assert_int_equal(b.count, i + 1);
        assert_int_equal(b.sizes[i], count);
        assert_memory_equal(b.sent[i], frame, count);
        fetch(TX_RING + (tail + RING - 1) % RING * 16u, x, 4);
        assert_int_equal(bytes_get_le(x, 4) >> 31, 0);
        assert_true(pin());
        reg_set(ISR, 2, 0xffff);
    }
    make_frame(frame, 100);
    put(TX_DATA, frame, 100);
    queue(BOTH, 1u << 17 | 0x3412, TX_DATA, 100); /* a tag */
    reg_set(TPPOLL, 1, 0x40);
    assert_int_equal(b.sizes[20], 104);
    assert_memory_equal(b.sent[20] + 12, "\x81\x00\x12\x34", 4);
    close_card();
}

static void make_tcp(uint8_t *frame, size_t count)
{
    make_frame(frame, count);
    bytes_set_be(frame + 12, 2, 0x0800);
    frame[14] = 0x45;
    bytes_set_be(frame + 16, 2, count - 14);
    bytes_set_be(frame + 20, 2, 0x4000);
    frame[23] = 6;
    frame[46] = 0x50;
}

static void test_new_sums(void **state)
{
    static uint8_t frame[54 + 5000];
    uint8_t x[8];

    (void)state;
    open_card("rtl8139", NULL, NULL);
    start_new();
    make_tcp(frame, 500);
    put(TX_DATA, frame, 500);
    queue(BOTH | 5u << 16, 0, TX_DATA, 500);
    reg_set(TPPOLL, 1, 0x40);
    assert_int_equal(b.count, 1);
    assert_true(frame_is_proven(b.sent[0], 500));
    assert_int_equal(frame_sum(b.sent[0] + 14, 20, 0), 0xffff);
    make_tcp(frame, sizeof frame);
    put(TX_DATA, frame, sizeof frame);
    queue(BOTH | 1u << 27 | 1460u << 16, 0, TX_DATA, sizeof frame);
    reg_set(TPPOLL, 1, 0x40);
    assert_int_equal(b.count, 5);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(frame_is_proven(b.sent[i + 1], b.sizes[i + 1]));
        assert_memory_equal(b.sent[i + 1] + 54, frame + 54 + i * 1460u, b.sizes[i + 1] - 54);
    }
    /* The other way round: what came is proven, or is not. */
    input(b.sent[0], 500);
    fetch(RX_RING, x, 8);
    assert_int_equal(bytes_get_le(x, 4), BOTH | 1u << 25 | 1u << 16 | 504);
    b.sent[0][60]++;
    input(b.sent[0], 500);
    fetch(RX_RING + 16, x, 8);
    assert_int_equal(bytes_get_le(x, 4), BOTH | 1u << 25 | 1u << 16 | 1u << 13 | 504);
    close_card();
}

static void test_new_in(void **state)
{
    uint8_t frame[3000], bytes[3000], x[16];

    (void)state;
    open_card("rtl8139", NULL, NULL);
    start_new();
    for (unsigned i = 0; i < 30; i++) {
        size_t count = 60 + i * 40;

        make_frame(frame, count);
        input(frame, count);
        fetch(RX_RING + i % RING * 16u, x, 16);
        assert_int_equal(bytes_get_le(x, 4) >> 28, i % RING == RING - 1 ? 7 : 3);
        assert_int_equal(bytes_get_le(x, 2) & 0x1fff, count + 4);
        fetch(RX_DATA + i % RING * 2048u, bytes, count);
        assert_memory_equal(bytes, frame, count);
        give(i % RING);
    }
    /* A tag; two buffers. */
    make_frame(frame, sizeof frame);
    memcpy(frame + 12, "\x81\x00\x12\x34", 4);
    input(frame, sizeof frame);
    fetch(RX_RING + 30 % RING * 16u, x, 16);
    assert_int_equal(bytes_get_le(x, 4) >> 28, 2);
    fetch(RX_RING + 31 % RING * 16u, x, 16);
    assert_int_equal(bytes_get_le(x, 4) >> 28, 5);
    assert_int_equal(bytes_get_le(x, 2) & 0x1fff, sizeof frame);
    assert_int_equal(bytes_get_le(x + 4, 4), 0x13412);
    /* None left: it waits outside. */
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(machine_port_room(b.machine, b.port), FRAME_MAX);
        input(frame, 60);
    }
    assert_int_equal(machine_port_room(b.machine, b.port), 0);
    reg_set(DTCCR + 4, 4, 0);
    reg_set(DTCCR, 4, (uint32_t)TX_DATA | 8);
    assert_int_equal(reg_get(DTCCR, 4) & 8, 0);
    fetch(TX_DATA + 8, x, 8);
    assert_int_equal(bytes_get_le(x, 8), 37);
    close_card();
}

/* ---- nonsense ----------------------------------------------------------------------------------*/

static uint64_t steps = 20000;

static void disturb_rings(uint64_t *seed)
{
    for (unsigned n = 0; n < 4; n++) {
        put_descriptor(RX_RING + chance_next(seed) % RING * 16u, (uint32_t)chance_next(seed),
                       (uint32_t)chance_next(seed), RAM + chance_next(seed) % MIB);
        put_descriptor(TX_RING + chance_next(seed) % RING * 16u, (uint32_t)chance_next(seed),
                       (uint32_t)chance_next(seed),
                       chance_next(seed) % 4 == 0 ? BAR : RAM + chance_next(seed) % MIB);
    }
}

static void test_nonsense(void **state)
{
    static const uint8_t places[] = {TSD,       TSD + 4, TSAD, RBSTART, CR,   CAPR,
                                     IMR,       ISR,     TCR,  RCR,     TCTR, CR9346,
                                     TIMER_INT, TPPOLL,  CPCR, RDSAR,   BMCR, TNPDS};
    uint8_t frame[3000];
    uint64_t seed = 7;

    (void)state;
    open_card("rtl8139", NULL, NULL);
    for (uint64_t i = 0; i < steps; i++) {
        uint64_t chance = chance_next(&seed);
        unsigned size = 1u << chance % 3;
        uint64_t at = chance % 5 == 0 ? chance / 8 % 0x100 : places[chance / 8 % sizeof places];

        if (i % 100 == 0) {
            start_new();
        } else if (i % 100 == 50) {
            reg_set(CR, 1, 0x10);
            start_old();
        }
        disturb_rings(&seed);
        if (i % 16 == 7) {
            forge(&seed);
        }
        reg_set((unsigned)(at & ~(uint64_t)(size - 1)), size,
                (uint32_t)(chance_next(&seed) >> chance_next(&seed) % 32));
        (void)reg_get((unsigned)(chance_next(&seed) % 0x40) * 4, 4);
        reg_set(TPPOLL, 1, 0xc0);
        make_frame(frame, sizeof frame);
        if (machine_port_room(b.machine, b.port) > sizeof frame) {
            input(frame, 14 + chance_next(&seed) % (sizeof frame - 14));
        }
    }
    close_card();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chip),    cmocka_unit_test(test_timer),
        cmocka_unit_test(test_old_out), cmocka_unit_test(test_old_in),
        cmocka_unit_test(test_new_out), cmocka_unit_test(test_new_sums),
        cmocka_unit_test(test_new_in),  cmocka_unit_test(test_nonsense),
    };

    steps = argc > 1 ? strtoull(argv[1], NULL, 0) : steps;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
