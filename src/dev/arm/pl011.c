/* SPDX-License-Identifier: GPL-2.0-or-later
 * pl011: a serial port with FIFOs of 16 bytes, after the technical reference manual of Arm's PrimeCell
 * UART (PL011), r1p4 (DDI 0183). Bytes leave at once, so that the transmitter is always empty; those
 * that come in never are more than there is room for, so that only loopback can overrun. It works whether or not
 * it is enabled, as programs that know only emulators rely on that.
 * Left out: parity, framing and break errors, word lengths (a byte is always 8 bits), IrDA, DMA, flow
 * control by hardware, and modem lines outside of loopback.
 */
#include "dev/arm.h"

enum {
    UARTDR = 0x00,
    UARTRSR = 0x04, /* write: UARTECR */
    UARTFR = 0x18,
    UARTILPR = 0x20,
    UARTIBRD = 0x24,
    UARTFBRD = 0x28,
    UARTLCR_H = 0x2c,
    UARTCR = 0x30,
    UARTIFLS = 0x34,
    UARTIMSC = 0x38,
    UARTRIS = 0x3c,
    UARTMIS = 0x40,
    UARTICR = 0x44,
    UARTDMACR = 0x48,
    UART_ID = 0xfe0, /* UARTPeriphID0 to 3, UARTPCellID0 to 3 */
    UART_END = 0x1000
};
enum {
    FR_CTS = 1,
    FR_DSR = 2,
    FR_DCD = 4,
    FR_RXFE = 0x10,
    FR_RXFF = 0x40,
    FR_TXFE = 0x80,
    FR_RI = 0x100
};
enum { LCR_STP2 = 8, LCR_FEN = 0x10, LCR_PEN = 2, LCR_WLEN = 5 /* at bit 5 */, LCR_KEPT = 0xff };
enum {
    CR_LBE = 0x80,
    CR_TXE = 0x100,
    CR_RXE = 0x200,
    CR_DTR = 0x400,
    CR_RTS = 0x800,
    CR_OUT1 = 0x1000,
    CR_OUT2 = 0x2000,
    CR_KEPT = 0xff87
};
enum {
    INT_MODEM = 0xf,
    INT_RX = 0x10,
    INT_TX = 0x20,
    INT_RT = 0x40,
    INT_OE = 0x400,
    INT_ALL = 0x7ff
};
enum { RSR_OE = 8, DR_OE = 0x800, IFLS_KEPT = 0x3f, IFLS_RESET = 0x12, IFLS_RX = 3 /* at bit 3 */ };
enum { DMACR_KEPT = 7, ILPR_KEPT = 0xff, FBRD_KEPT = 0x3f };

#define FIFO_BYTES      16
#define TIMEOUT_PERIODS 32 /* bits without a new byte */

struct pl011 {
    tick alarm[1];          /* the receiver has been idle for 32 bits */
    uint8_t rx[FIFO_BYTES]; /* a ring */
    uint16_t ibrd;
    uint16_t cr;
    uint16_t imsc;
    uint16_t ris;
    uint8_t rx_first;
    uint8_t rx_count;
    uint8_t rsr;
    uint8_t ilpr;
    uint8_t fbrd;
    uint8_t lcr_h;
    uint8_t ifls;
    uint8_t dmacr;
};

static const struct field fields[] = {
    FIELD_ARRAY(struct pl011, alarm),
    FIELD_ARRAY(struct pl011, rx),
    FIELD(struct pl011, ibrd),
    FIELD_MASK(struct pl011, cr, CR_KEPT),
    FIELD_MASK(struct pl011, imsc, INT_ALL),
    FIELD_MASK(struct pl011, ris, INT_ALL),
    FIELD_MAX(struct pl011, rx_first, FIFO_BYTES - 1),
    FIELD_MAX(struct pl011, rx_count, FIFO_BYTES),
    FIELD_MASK(struct pl011, rsr, RSR_OE),
    FIELD_MASK(struct pl011, ilpr, ILPR_KEPT),
    FIELD_MASK(struct pl011, fbrd, FBRD_KEPT),
    FIELD_MASK(struct pl011, lcr_h, LCR_KEPT),
    FIELD_MASK(struct pl011, ifls, IFLS_KEPT),
    FIELD_MASK(struct pl011, dmacr, DMACR_KEPT),
};

static void pl011_update_line(struct device *d)
{
    const struct pl011 *s = d->state;

    device_set_line(d, 0, (s->ris & s->imsc) != 0);
}

/* ---- the receiver -----------------------------------------------------------------------------*/

static unsigned rx_depth(const struct pl011 *s)
{
    return (s->lcr_h & LCR_FEN) != 0 ? FIFO_BYTES : 1;
}

static int pl011_check(const struct device *d, const void *state, struct error *e)
{
    const struct pl011 *s = state;

    (void)d;
    return s->rx_count <= rx_depth(s)
               ? 0
               : error_set(e, "rx_count is %u: there is room for %u", s->rx_count, rx_depth(s));
}

/* So many bytes make an interrupt: an eighth, a quarter, a half, three quarters, seven eighths. */
static unsigned rx_trigger(const struct pl011 *s)
{
    static const uint8_t levels[8] = {2, 4, 8, 12, 14, 14, 14, 14};

    return (s->lcr_h & LCR_FEN) != 0 ? levels[s->ifls >> IFLS_RX & 7] : 1;
}

static uint64_t timeout_ns(const struct device *d)
{
    const struct pl011_config *config = d->config;
    const struct pl011 *s = d->state;
    uint64_t divisor = (uint64_t)s->ibrd * 64 + s->fbrd; /* in 64ths of 16 clocks */

    /* Divisor 0 stops a real chip's baud rate generator; here it counts as the least. */
    return TIMEOUT_PERIODS * 16 * (divisor != 0 ? divisor : 64) * 1000000000 / 64 /
           config->clock_hz;
}

/* A byte came or went: the silence counts from here, and the interrupt follows the level. */
static void rx_changed(struct device *d)
{
    struct pl011 *s = d->state;
    bool counts = (s->lcr_h & LCR_FEN) != 0 && s->rx_count != 0;

    if (s->rx_count < rx_trigger(s)) {
        s->ris &= (uint16_t)~INT_RX;
    }
    if (s->rx_count == 0) {
        s->ris &= (uint16_t)~INT_RT;
    }
    device_set_alarm(d, 0,
                     counts ? device_tick_at(d, device_now_ns(d) + timeout_ns(d)) : TICK_NEVER);
}

static void rx_put(struct device *d, uint8_t byte)
{
    struct pl011 *s = d->state;

    if (s->rx_count == rx_depth(s)) {
        s->rsr |= RSR_OE;
        s->ris |= INT_OE;
        return;
    }
    s->rx[(s->rx_first + s->rx_count) % FIFO_BYTES] = byte;
    s->rx_count++;
    rx_changed(d);
    if (s->rx_count >= rx_trigger(s)) {
        s->ris |= INT_RX;
    }
}

static uint32_t rx_take(struct device *d)
{
    struct pl011 *s = d->state;
    uint32_t value = s->rx[s->rx_first];

    if (s->rx_count != 0) {
        s->rx_count--;
        s->rx_first = (uint8_t)((s->rx_first + 1) % FIFO_BYTES);
        value |= (s->rsr & RSR_OE) != 0 ? DR_OE : 0u;
        rx_changed(d);
    }
    return value;
}

static void pl011_input(struct device *d, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        rx_put(d, bytes[i]);
    }
    pl011_update_line(d);
}

static uint32_t pl011_room(const struct device *d)
{
    const struct pl011 *s = d->state;

    /* In loopback the receiver hears only the transmitter: what comes in waits outside. */
    return (s->cr & CR_LBE) != 0 ? 0 : rx_depth(s) - s->rx_count;
}

static void pl011_alarm(struct device *d, uint32_t i)
{
    struct pl011 *s = d->state;

    (void)i;
    s->ris |= INT_RT;
    pl011_update_line(d);
}

/* ---- the rest ---------------------------------------------------------------------------------*/

static void transmit(struct device *d, uint8_t byte)
{
    struct pl011 *s = d->state;

    if ((s->cr & CR_LBE) != 0) {
        rx_put(d, byte);
    } else {
        device_output(d, &byte, 1);
    }
    s->ris |= INT_TX; /* it has left already: the FIFO is as empty as can be */
}

/* The modem lines: those of CR in loopback; outside, nobody is there. */
static uint32_t modem_flags(const struct pl011 *s)
{
    if ((s->cr & CR_LBE) == 0) {
        return 0;
    }
    return ((s->cr & CR_RTS) != 0 ? FR_CTS : 0u) | ((s->cr & CR_DTR) != 0 ? FR_DSR : 0u) |
           ((s->cr & CR_OUT1) != 0 ? FR_DCD : 0u) | ((s->cr & CR_OUT2) != 0 ? FR_RI : 0u);
}

static uint32_t flags(const struct pl011 *s)
{
    return FR_TXFE | (s->rx_count == 0 ? FR_RXFE : 0u) |
           (s->rx_count == rx_depth(s) ? FR_RXFF : 0u) | modem_flags(s);
}

/* Each modem line that changes has an interrupt: RI, CTS, DCD, DSR from bit 0 on. */
static void set_cr(struct pl011 *s, uint16_t value)
{
    uint32_t before = modem_flags(s), changed;

    s->cr = value & CR_KEPT;
    changed = before ^ modem_flags(s);
    s->ris |= (uint16_t)(((changed & FR_RI) != 0 ? 1u : 0u) | ((changed & FR_CTS) != 0 ? 2u : 0u) |
                         ((changed & FR_DCD) != 0 ? 4u : 0u) | ((changed & FR_DSR) != 0 ? 8u : 0u));
}

/* Switching the FIFOs on or off empties them. */
static void set_lcr_h(struct device *d, uint8_t value)
{
    struct pl011 *s = d->state;
    bool clears = ((s->lcr_h ^ value) & LCR_FEN) != 0;

    s->lcr_h = value;
    if (clears) {
        memset(s->rx, 0, sizeof s->rx);
        s->rx_first = 0;
        s->rx_count = 0;
        rx_changed(d);
    }
}

static void pl011_reset(struct device *d)
{
    struct pl011 *s = d->state;

    s->cr = CR_TXE | CR_RXE;
    s->ifls = IFLS_RESET;
}

static const uint8_t ids[] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint64_t read_register(struct device *d, struct mem_access a)
{
    struct pl011 *s = d->state;
    uint64_t value;

    if (a.at >= UART_ID && a.at % 4 == 0) {
        return ids[(a.at - UART_ID) / 4];
    }
    switch (a.at) {
    case UARTDR:
        value = rx_take(d);
        pl011_update_line(d);
        return value;
    case UARTRSR: return s->rsr;
    case UARTFR: return flags(s);
    case UARTILPR: return s->ilpr;
    case UARTIBRD: return s->ibrd;
    case UARTFBRD: return s->fbrd;
    case UARTLCR_H: return s->lcr_h;
    case UARTCR: return s->cr;
    case UARTIFLS: return s->ifls;
    case UARTIMSC: return s->imsc;
    case UARTRIS: return s->ris;
    case UARTMIS: return s->ris & s->imsc;
    case UARTDMACR: return s->dmacr;
    default: return device_bad_read(d, a);
    }
}

/* A narrower access has the lower part of the register. */
static uint64_t pl011_read(struct device *d, struct mem_access a)
{
    return bits_get(read_register(d, a), 0, 8 * a.size);
}

static void pl011_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct pl011 *s = d->state;

    switch (a.at) {
    case UARTDR: transmit(d, (uint8_t)value); break;
    case UARTRSR: s->rsr = 0; break;
    case UARTILPR: s->ilpr = (uint8_t)value; break;
    case UARTIBRD: s->ibrd = (uint16_t)value; break;
    case UARTFBRD: s->fbrd = value & FBRD_KEPT; break;
    case UARTLCR_H: set_lcr_h(d, (uint8_t)value); break;
    case UARTCR: set_cr(s, (uint16_t)value); break;
    case UARTIFLS:
        s->ifls = value & IFLS_KEPT;
        rx_changed(d);
        break;
    case UARTIMSC: s->imsc = value & INT_ALL; break;
    case UARTICR: s->ris &= (uint16_t)~value; break;
    case UARTDMACR: s->dmacr = value & DMACR_KEPT; break;
    case UARTFR: break;
    default: device_bad_write(d, a, value);
    }
    pl011_update_line(d);
}

const struct device_class pl011 = {
    .name = "pl011",
    .behaviour = 1,
    .windows = {{.bytes = UART_END, .sizes = 1 | 2 | 4}},
    .state = FIELD_TABLE(struct pl011, fields),
    .alarm_offset = offsetof(struct pl011, alarm),
    .alarm_count = 1,
    .output_lines = 1,
    .reset = pl011_reset,
    .read = pl011_read,
    .write = pl011_write,
    .alarm = pl011_alarm,
    .input = pl011_input,
    .room = pl011_room,
    .check = pl011_check,
};
