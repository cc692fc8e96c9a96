/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_card: drivers of the network cards that are no virtio devices, and frames for all of them. The first byte of an input
 * says which card there is; the others are steps: rings set up anew, descriptors, registers, frames that come in
 * and frames to be sent, of all protocols that a card looks at, with wrong bytes here and there; and what cards share
 * (dev/frame.h), asked of frames directly. No frame that leaves is longer than the one that it was made of.
 */
#include "dev/frame.h"
#include "dev/net.h"
#include "guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BAR     UINT64_C(0x40200000)
#define TABLE   UINT64_C(0x40300000) /* of MSI-X */
#define IO      (GUEST_IO + 0x1000)
#define ECAM    (GUEST_ECAM + GUEST_SLOT)
#define RX_RING UINT64_C(0x80010000)
#define TX_RING UINT64_C(0x80012000)
#define RX_DATA UINT64_C(0x80020000)
#define TX_DATA UINT64_C(0x80100000)

enum { E1000, E1000E, CPLUS, OLD, CARDS };
enum { STEPS_MOST = 256, RING = 16, DESCRIPTOR = 16, PLACE = 0x2000 };

struct driver {
    struct guest guest;
    unsigned card;
    uint16_t port;
    unsigned tail;
    uint8_t frame[FRAME_MAX];
};

static uint64_t take(struct driver *g, unsigned bytes)
{
    return guest_take(&g->guest, bytes);
}

static void store(struct driver *g, paddr at, unsigned size, uint64_t value)
{
    guest_store(&g->guest, at, size, value);
}

static void reg_set(struct driver *g, uint64_t at, unsigned size, uint64_t value)
{
    store(g, BAR + at, size, value);
}

static bool is_intel(const struct driver *g)
{
    return g->card == E1000 || g->card == E1000E;
}

static void add_card(struct machine_config *c, unsigned card)
{
    static const char *const models[CARDS] = {"e1000", "e1000e", "rtl8139", "rtl8139"};
    struct machine_thing *t = guest_add(c, MODEL_CLASS, "card", models[card]);

    thing_set_text(t, "netdev", "n");
    if (card == OLD) {
        thing_set_flag(t, "cplus", false);
    }
}

/* ---- setting up -------------------------------------------------------------------------------*/

static void put_receivers(struct driver *g)
{
    for (unsigned i = 0; i < RING; i++) {
        paddr at = RX_RING + (uint64_t)DESCRIPTOR * i, buffer = RX_DATA + (uint64_t)PLACE * i;

        if (is_intel(g)) {
            store(g, at, 8, buffer);
            store(g, at + 8, 8, 0);
        } else {
            store(g, at, 8, UINT64_C(0x80001000) | (i + 1 == RING ? 1u << 30 : 0));
            store(g, at + 8, 8, buffer);
        }
    }
}

static void start_intel(struct driver *g, unsigned how)
{
    static const uint32_t bases[] = {0x2800, 0x3800};

    for (unsigned i = 0; i < 2; i++) {
        reg_set(g, bases[i], 4, i == 0 ? RX_RING : TX_RING);
        reg_set(g, bases[i] + 4, 4, 0);
        reg_set(g, bases[i] + 8, 4, RING * DESCRIPTOR);
        reg_set(g, bases[i] + 16, 4, 0);
        reg_set(g, bases[i] + 24, 4, i == 0 ? RING - 1 : 0);
    }
    reg_set(g, 0x5000, 4, take(g, 2));                      /* RXCSUM */
    reg_set(g, 0x5008, 4, (how & 4) << 13);                 /* RFCTL: longer descriptors */
    reg_set(g, 0x5818, 4, (how & 8) != 0 ? take(g, 3) : 0); /* MRQC */
    reg_set(g, 0x0d0, 4, UINT32_MAX);
    reg_set(g, 0x100, 4, 0x801a | (how & 3) << 16 | (how & 0xf0) << 21); /* RCTL: all frames */
    reg_set(g, 0x400, 4, 0xa);
}

static void start_realtek(struct driver *g, unsigned how)
{
    bool is_new = g->card == CPLUS && (how & 1) == 0;

    reg_set(g, 0x37, 1, 0x10);
    reg_set(g, 0xe0, 2, is_new ? 0x23 | (how & 0x40) : 0);
    reg_set(g, 0x20, 4, TX_RING + (is_new ? 0 : 0x1000));
    reg_set(g, 0x24, 4, 0);
    reg_set(g, 0xe4, 4, RX_RING);
    reg_set(g, 0xe8, 4, 0);
    reg_set(g, 0x30, 4, RX_DATA);
    reg_set(g, 0x37, 1, 0x0c);
    reg_set(g, 0x44, 4, 0x3f | (how & 6) << 10 | (how & 8) << 4);
    reg_set(g, 0x40, 4, (how & 0x30) << 13);
    reg_set(g, 0x3c, 2, 0xffff);
}

static void start(struct driver *g)
{
    unsigned how = (unsigned)take(g, 1);

    store(g, ECAM + 0x10, 4, is_intel(g) ? BAR : 0x1000);
    store(g, ECAM + 0x14, 4, is_intel(g) ? 0x1000 : BAR);
    store(g, ECAM + 0x1c, 4, TABLE);
    store(g, ECAM + 0x04, 2, 7);
    g->tail = 0;
    put_receivers(g);
    if (is_intel(g)) {
        start_intel(g, how);
    } else {
        start_realtek(g, how);
    }
}

/* ---- frames -----------------------------------------------------------------------------------*/

static size_t put_l4(uint8_t *at, unsigned kind)
{
    at[0] = at[2] = 0x10;
    if ((kind & 1) != 0) { /* UDP */
        bytes_set_be(at + 4, 2, 8);
        return 8;
    }
    at[12] = (uint8_t)((5 + (kind >> 1 & 3) * 3) << 4);
    at[13] = 0x99;
    return 20 + (kind >> 1 & 3) * UINT64_C(12);
}

/* IPv4 or IPv6 with options or headers between, TCP or UDP; returns where the payload is. */
static size_t put_ip(uint8_t *at, unsigned kind, size_t count)
{
    uint8_t protocol = (kind & 1) != 0 ? 17 : 6;
    size_t l4 = (kind & 8) != 0 ? 40 : 20;

    if ((kind & 8) != 0) {
        at[0] = 0x60;
        bytes_set_be(at + 4, 2, (count - 40) & 0xffff);
        at[6] = protocol;
        if ((kind & 16) != 0) {
            at[6] = (kind & 32) != 0 ? 0 : 44;
            at[40] = protocol;
            l4 += 8;
        }
    } else {
        l4 += (kind & 16) >> 2;
        at[0] = (uint8_t)(0x40 | l4 / 4);
        bytes_set_be(at + 2, 2, count & 0xffff);
        bytes_set_be(at + 6, 2, (kind & 32) != 0 ? 0x2000 : 0);
        at[9] = protocol;
    }
    return l4 + put_l4(at + l4, kind);
}

/* One of up to 4 KiB, sometimes as long as may be, with some bytes of the input in it. */
static size_t make_frame(struct driver *g)
{
    static const uint8_t to[3][6] = {{0x52, 0x54, 0, 0x12, 0x34, 0x56},
                                     {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                                     {1, 0, 0x5e, 0, 0, 1}};
    unsigned kind = (unsigned)take(g, 1), length = (unsigned)take(g, 2), spoilt;
    size_t count = length >= 0xf000 ? length : 14 + length % 4096, at = 12;

    memset(g->frame, 0x5a, count < 256 ? 256 : count);
    memcpy(g->frame, to[length % 3], 6);
    if ((kind & 64) != 0) {
        bytes_set_be(g->frame + 12, 4, 0x81000000 | length);
        at += 4;
    }
    bytes_set_be(g->frame + at, 2, (kind & 8) != 0 ? 0x86dd : 0x0800);
    (void)put_ip(g->frame + at + 2, kind, count > at + 2 ? count - at - 2 : 0);
    spoilt = (unsigned)take(g, 1) % 8;
    for (unsigned i = 0; i < spoilt; i++) {
        unsigned place = (unsigned)take(g, 1);

        g->frame[place] = (uint8_t)take(g, 1);
    }
    return count;
}

static void bring_frame(struct driver *g)
{
    static uint8_t kept[FRAME_MAX];
    size_t count = make_frame(g);

    memcpy(kept, g->frame, count);
    (void)guest_bring(&g->guest, g->port, kept, (unsigned)count);
}

/* What all cards ask of a frame. */
static void look_at_frame(struct driver *g)
{
    size_t count = make_frame(g);
    struct frame_work w = {.cut = (enum frame_cut)(take(g, 1) % 3),
                           .piece = (uint16_t)(take(g, 1) << take(g, 1) % 8)};
    struct frame_parts parts;
    struct device *d = NULL;

    if (frame_find_parts(g->frame, count, &parts)) {
        must(parts.l3 >= FRAME_HEADER && parts.l4 > parts.l3 && parts.l4 <= count);
    }
    (void)frame_is_proven(g->frame, count);
    frame_put_sums(g->frame, count, true, true);
    w.sums = take(g, 1) % 2 != 0;
    w.from = (uint16_t)take(g, 2);
    w.to = (uint16_t)take(g, 1);
    for (unsigned i = 0; i < machine_device_count(g->guest.m) && d == NULL; i++) {
        d = machine_device(g->guest.m, i)->port == g->port ? machine_device(g->guest.m, i) : NULL;
    }
    must(d != NULL);
    if (w.cut == FRAME_WHOLE || w.piece > count / 64) {
        (void)frame_send(d, g->frame, count, &w);
    }
}

/* ---- sending ----------------------------------------------------------------------------------*/

static void put_frame(struct driver *g)
{
    size_t count = make_frame(g);

    count = count < 4096 ? count : 4096;
    (void)mem_bus_write(machine_mem(g->guest.m), TX_DATA + take(g, 1) % 16 * PLACE, g->frame,
                        count);
}

static void tell(struct driver *g)
{
    if (is_intel(g)) {
        reg_set(g, 0x3818, 4, g->tail);
    } else {
        reg_set(g, 0xd9, 1, 0x40);
    }
}

/* Of context, data, or the old kind; for RealTek's, one that is first, last, large, or in between. */
static void put_sender(struct driver *g)
{
    unsigned what = (unsigned)take(g, 1), count = (unsigned)take(g, 2) % 5000;
    paddr at = TX_RING + (uint64_t)DESCRIPTOR * g->tail;
    paddr buffer = TX_DATA + take(g, 1) % 16 * PLACE;

    if (is_intel(g) && what % 4 == 0) {
        for (unsigned i = 0; i < 8; i++) {
            store(g, at + i, 1, take(g, 1));
        }
        store(g, at + 8, 4, UINT32_C(0x20000000) | (what & 0xf0) << 20 | count);
        store(g, at + 12, 4, take(g, 4));
    } else if (is_intel(g)) {
        store(g, at, 8, what >= 0xf0 ? take(g, 8) : buffer);
        store(g, at + 8, 4,
              (what % 4 == 1 ? 0 : UINT32_C(0x20100000)) | (what & 0xfcu) << 22 | count);
        store(g, at + 12, 4, take(g, 2));
    } else {
        store(g, at, 4,
              UINT32_C(0x80000000) | (g->tail + 1 == RING ? 1u << 30 : 0) | (what & 0x3fu) << 24 |
                  (uint32_t)take(g, 1) << 16 | count);
        store(g, at + 4, 4, (what & 0x40) != 0 ? take(g, 3) : 0);
        store(g, at + 8, 8, what >= 0xf0 ? take(g, 8) : buffer);
    }
    g->tail = (g->tail + 1) % RING;
    if (what % 8 != 7) {
        tell(g);
    }
}

/* The RTL8139's other way: four registers. */
static void send_old(struct driver *g)
{
    unsigned what = (unsigned)take(g, 1), slot = what % 4 * 4;

    reg_set(g, 0x20 + slot, 4, what >= 0xf0 ? take(g, 4) : TX_DATA + take(g, 1) % 16 * PLACE);
    reg_set(g, 0x10 + slot, 4, take(g, 2));
    reg_set(g, 0x38, 2, take(g, 2));
}

/* ---- steps ------------------------------------------------------------------------------------*/

static void any_register(struct driver *g)
{
    static const uint16_t intel[] = {
        0x0000, 0x0010, 0x0014, 0x0018, 0x0020, 0x00c0, 0x00c4, 0x00c8, 0x00d0, 0x00d8, 0x00dc,
        0x00e4, 0x00e8, 0x0100, 0x0400, 0x2800, 0x2808, 0x2810, 0x2818, 0x2908, 0x2910, 0x2918,
        0x3808, 0x3810, 0x3818, 0x3908, 0x3910, 0x3918, 0x5000, 0x5008, 0x5818, 0x5c00};
    unsigned what = (unsigned)take(g, 1), size = is_intel(g) ? 4 : 1u << (what >> 6) % 3;
    uint64_t at;

    if (is_intel(g)) {
        at = what < 0xe0 ? intel[what % ARRAY_LEN(intel)] : take(g, 2) * 4;
    } else {
        at = take(g, 1) & ~(uint64_t)(size - 1);
    }
    reg_set(g, at, size, take(g, size));
    (void)guest_load(&g->guest, BAR + at, size);
}

static void any_place(struct driver *g)
{
    static const paddr bases[] = {ECAM, ECAM + 0x80, IO, TABLE, TABLE + 0x2000, ECAM, IO, TABLE};
    unsigned what = (unsigned)take(g, 1), size = 1u << (what >> 6) % 4;
    paddr at = bases[what % 8] + (take(g, 1) & ~(uint64_t)(size - 1));

    store(g, at, size, take(g, size));
    (void)guest_load(&g->guest, at, size);
}

static void step(struct driver *g)
{
    switch (take(g, 1) % 16) {
    case 0: start(g); break;
    case 1:
    case 2: any_register(g); break;
    case 3: any_place(g); break;
    case 4: guest_pass(&g->guest, 1 + take(g, 2)); break;
    case 5:
        guest_fill(&g->guest, RX_RING + take(g, 2) % 0x1000 * 8, (unsigned)take(g, 1) % 16);
        break;
    case 6:
    case 7: put_frame(g); break;
    case 8:
    case 9: bring_frame(g); break;
    case 10: look_at_frame(g); break;
    case 11:
        if (!is_intel(g)) {
            send_old(g);
            break;
        }
        /* fall through */
    default: put_sender(g);
    }
}

static void check_output(void *opaque, tick now, uint16_t port, const uint8_t *bytes, size_t count)
{
    const struct driver *g = opaque;

    (void)now;
    (void)bytes;
    must(port != g->port || (count >= FRAME_HEADER && count <= FRAME_MAX));
}

static enum inlet_answer next_input(void *opaque, tick now, struct input *in, tick *ask_again)
{
    struct driver *g = opaque;

    return guest_next_input(&g->guest, now, in, ask_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct driver g;

    g = (struct driver){.guest = {.at = data, .end = data + size}};
    g.card = (unsigned)take(&g, 1) % CARDS;
    guest_start(&g.guest, g.card, add_card);
    g.port = (uint16_t)machine_port_by_name(g.guest.m, "net-n");
    machine_set_inlet(g.guest.m, &(struct inlet){.opaque = &g,
                                                 .next = next_input,
                                                 .idle = guest_idle,
                                                 .output = check_output});
    start(&g);
    for (unsigned i = 0; i < STEPS_MOST && g.guest.at < g.guest.end; i++) {
        step(&g);
    }
    guest_end(&g.guest);
    return 0;
}
