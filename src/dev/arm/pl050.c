/* SPDX-License-Identifier: GPL-2.0-or-later
 * pl050: an interface for a keyboard or a mouse, after the technical reference manual of Arm's PrimeCell
 * PS2 Keyboard/Mouse Interface (PL050), DDI 0143, with nothing plugged into it: both of its wires are up, bytes
 * to be sent leave at once and are lost, and none ever comes.
 */
#include "dev/arm.h"

enum {
    KMICR = 0x00,
    KMISTAT = 0x04,
    KMIDATA = 0x08,
    KMICLKDIV = 0x0c,
    KMIIR = 0x10,
    KMI_ID = 0xfe0, /* KMIPeriphID0 to 3, KMIPCellID0 to 3 */
    KMI_END = 0x1000
};
enum { CR_ENABLE = 4, CR_TX_INTERRUPT = 8, CR_KEPT = 0x3f };
enum { STAT_DATA = 1, STAT_CLOCK = 2, STAT_TX_EMPTY = 0x40 };
enum { IR_TX = 2 };
enum { CLKDIV_KEPT = 15 };

struct pl050 {
    uint8_t cr;
    uint8_t clkdiv;
    uint8_t zero[6];
};

static const struct field fields[] = {
    FIELD_MASK(struct pl050, cr, CR_KEPT),
    FIELD_MASK(struct pl050, clkdiv, CLKDIV_KEPT),
    FIELD_ARRAY(struct pl050, zero),
};

/* The transmitter is always empty. */
static bool interrupts(const struct pl050 *s)
{
    return (s->cr & (CR_ENABLE | CR_TX_INTERRUPT)) == (CR_ENABLE | CR_TX_INTERRUPT);
}

static const uint8_t ids[] = {0x50, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint64_t pl050_read(struct device *d, struct mem_access a)
{
    const struct pl050 *s = d->state;

    if (a.at >= KMI_ID) {
        return ids[(a.at - KMI_ID) / 4];
    }
    switch (a.at) {
    case KMICR: return s->cr;
    case KMISTAT: return STAT_DATA | STAT_CLOCK | STAT_TX_EMPTY;
    case KMIDATA: return 0;
    case KMICLKDIV: return s->clkdiv;
    case KMIIR: return interrupts(s) ? IR_TX : 0;
    default: return device_bad_read(d, a);
    }
}

static void pl050_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct pl050 *s = d->state;

    switch (a.at) {
    case KMICR: s->cr = value & CR_KEPT; break;
    case KMIDATA: break;
    case KMICLKDIV: s->clkdiv = value & CLKDIV_KEPT; break;
    default: device_bad_write(d, a, value);
    }
    device_set_line(d, 0, interrupts(s));
}

const struct device_class pl050 = {
    .name = "pl050",
    .behaviour = 1,
    .windows = {{.bytes = KMI_END, .sizes = 1 | 2 | 4}},
    .state = FIELD_TABLE(struct pl050, fields),
    .output_lines = 1,
    .read = pl050_read,
    .write = pl050_write,
};
