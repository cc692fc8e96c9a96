/* SPDX-License-Identifier: GPL-2.0-or-later
 * pl061: eight general-purpose pins, after the technical reference manual of Arm's PrimeCell
 * General Purpose Input/Output (PL061), DDI 0190: direction, data with the mask in the address, interrupts by
 * level, by either edge or by one.
 * Left out: what hardware control (GPIOAFSEL) would do.
 */
#include "dev/arm.h"

enum {
    GPIODATA = 0x000, /* bits 9 to 2 of the address say which pins */
    GPIODIR = 0x400,  /* 1: an output */
    GPIOIS = 0x404,   /* 1: level, 0: edge */
    GPIOIBE = 0x408,  /* both edges */
    GPIOIEV = 0x40c,  /* high level, rising edge */
    GPIOIE = 0x410,
    GPIORIS = 0x414,
    GPIOMIS = 0x418,
    GPIOIC = 0x41c,
    GPIOAFSEL = 0x420,
    GPIO_ID = 0xfe0, /* GPIOPeriphID0 to 3, GPIOPCellID0 to 3 */
    GPIO_END = 0x1000
};
#define PINS 8

struct pl061 {
    uint8_t inputs; /* levels from outside */
    uint8_t data;   /* what was written */
    uint8_t dir;
    uint8_t is;
    uint8_t ibe;
    uint8_t iev;
    uint8_t ie;
    uint8_t edges; /* interrupts by edges that were not cleared */
    uint8_t afsel;
    uint8_t zero[7];
};

static const struct field fields[] = {
    FIELD(struct pl061, inputs),     FIELD(struct pl061, data),  FIELD(struct pl061, dir),
    FIELD(struct pl061, is),         FIELD(struct pl061, ibe),   FIELD(struct pl061, iev),
    FIELD(struct pl061, ie),         FIELD(struct pl061, edges), FIELD(struct pl061, afsel),
    FIELD_ARRAY(struct pl061, zero),
};

static uint8_t pins(const struct pl061 *s)
{
    return (uint8_t)((s->inputs & ~s->dir) | (s->data & s->dir));
}

static uint8_t raw_interrupts(const struct pl061 *s)
{
    unsigned at_level = ~(pins(s) ^ s->iev);

    return (uint8_t)((at_level & s->is) | (s->edges & ~s->is));
}

static void drive(struct device *d)
{
    const struct pl061 *s = d->state;

    device_set_line(d, PL061_LINE_INTERRUPT, (raw_interrupts(s) & s->ie) != 0);
    for (unsigned i = 0; i < PINS; i++) {
        device_set_line(d, PL061_LINE_PIN0 + i, (s->data & s->dir) >> i & 1);
    }
}

/* Pins were as in `before`. */
static void changed(struct device *d, uint8_t before)
{
    struct pl061 *s = d->state;
    unsigned now = pins(s), edges = now ^ before;

    s->edges |= (uint8_t)(edges & ~s->is & (s->ibe | ~(now ^ s->iev)));
    drive(d);
}

static void pl061_line(struct device *d, uint32_t n, bool level)
{
    struct pl061 *s = d->state;
    uint8_t before = pins(s);

    must(n < PINS);
    s->inputs = (uint8_t)bits_set(s->inputs, n, 1, level);
    changed(d, before);
}

static const uint8_t ids[] = {0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint64_t pl061_read(struct device *d, struct mem_access a)
{
    const struct pl061 *s = d->state;

    if (a.at < GPIODIR) {
        return pins(s) & a.at >> 2;
    }
    if (a.at >= GPIO_ID) {
        return ids[(a.at - GPIO_ID) / 4];
    }
    switch (a.at) {
    case GPIODIR: return s->dir;
    case GPIOIS: return s->is;
    case GPIOIBE: return s->ibe;
    case GPIOIEV: return s->iev;
    case GPIOIE: return s->ie;
    case GPIORIS: return raw_interrupts(s);
    case GPIOMIS: return raw_interrupts(s) & s->ie;
    case GPIOAFSEL: return s->afsel;
    default: return device_bad_read(d, a);
    }
}

static void pl061_write(struct device *d, struct mem_access a, uint64_t wide)
{
    struct pl061 *s = d->state;
    uint8_t before = pins(s), value = (uint8_t)wide;

    if (a.at < GPIODIR) {
        uint8_t mask = (uint8_t)(a.at >> 2) & s->dir;

        s->data = (uint8_t)((s->data & ~mask) | (value & mask));
        changed(d, before);
        return;
    }
    switch (a.at) {
    case GPIODIR: s->dir = value; break;
    case GPIOIS: s->is = value; break;
    case GPIOIBE: s->ibe = value; break;
    case GPIOIEV: s->iev = value; break;
    case GPIOIE: s->ie = value; break;
    case GPIOIC: s->edges &= (uint8_t)~value; break;
    case GPIOAFSEL: s->afsel = value; break;
    default: device_bad_write(d, a, wide);
    }
    drive(d);
}

const struct device_class pl061 = {
    .name = "pl061",
    .behaviour = 1,
    .windows = {{.bytes = GPIO_END, .sizes = 1 | 2 | 4}},
    .state = FIELD_TABLE(struct pl061, fields),
    .output_lines = 1 + PINS,
    .read = pl061_read,
    .write = pl061_write,
    .line = pl061_line,
};
