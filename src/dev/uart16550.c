/* SPDX-License-Identifier: GPL-2.0-or-later
 * uart16550: a serial port with 16-byte FIFOs, after the data sheet of National Semiconductor's
 * PC16550D. Bytes leave at once, so that the transmitter is always empty; received bytes come with
 * the input, never more at once than there is room for, so that only loopback can overrun.
 * Left out: parity, framing and break errors, word lengths (a byte is always 8 bits), DMA modes,
 * changes of the modem lines from outside.
 */
#include "dev/dev.h"

enum {
    RBR = 0, /* read; THR: write; DLL while LCR_DLAB */
    IER = 1, /* DLM while LCR_DLAB */
    IIR = 2, /* read; FCR: write */
    LCR = 3,
    MCR = 4,
    LSR = 5,
    MSR = 6,
    SCR = 7
};
enum { IER_RDA = 1, IER_THRE = 2, IER_RLS = 4, IER_MS = 8, IER_MASK = 15 };
enum {
    IIR_MS = 0x0,
    IIR_NONE = 0x1,
    IIR_THRE = 0x2,
    IIR_RDA = 0x4,
    IIR_RLS = 0x6,
    IIR_TIMEOUT = 0xc,
    IIR_FIFOS = 0xc0
};
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2, FCR_KEPT = 0xc9 };
enum { LCR_LENGTH = 3, LCR_STOP = 4, LCR_PARITY = 8, LCR_DLAB = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 16, MCR_MASK = 31 };
enum { LSR_DR = 1, LSR_OE = 2, LSR_ERRORS = 0x1e, LSR_THRE = 0x20, LSR_TEMT = 0x40 };
enum { MSR_DELTAS = 15, MSR_TERI = 4, MSR_CTS = 16, MSR_DSR = 32, MSR_RI = 64, MSR_DCD = 128 };

#define FIFO_BYTES 16

struct uart {
    tick alarm[1]; /* the receiver has been idle for four characters */
    uint16_t divisor;
    uint8_t rx[FIFO_BYTES]; /* a ring */
    uint8_t rx_first;
    uint8_t rx_count;
    uint8_t ier;
    uint8_t fcr;
    uint8_t lcr;
    uint8_t mcr;
    uint8_t errors; /* the error bits of LSR */
    uint8_t msr;
    uint8_t scr;
    uint8_t rx_timeout;   /* the time-out interrupt is pending */
    uint8_t thre_pending; /* the transmitter interrupt is pending, whether enabled or not */
    uint8_t zero[3];
};

static const struct field fields[] = {
    FIELD_ARRAY(struct uart, alarm),
    FIELD(struct uart, divisor),
    FIELD_ARRAY(struct uart, rx),
    FIELD_MAX(struct uart, rx_first, FIFO_BYTES - 1),
    FIELD_MAX(struct uart, rx_count, FIFO_BYTES),
    FIELD_MASK(struct uart, ier, IER_MASK),
    FIELD_MASK(struct uart, fcr, FCR_KEPT),
    FIELD(struct uart, lcr),
    FIELD_MASK(struct uart, mcr, MCR_MASK),
    FIELD_MASK(struct uart, errors, LSR_ERRORS),
    FIELD(struct uart, msr),
    FIELD(struct uart, scr),
    FIELD_BOOL(struct uart, rx_timeout),
    FIELD_BOOL(struct uart, thre_pending),
    FIELD_ARRAY(struct uart, zero),
};

/* ---- interrupts -------------------------------------------------------------------------------*/

static uint8_t rx_trigger(const struct uart *s)
{
    static const uint8_t levels[4] = {1, 4, 8, 14};

    return (s->fcr & FCR_ENABLE) != 0 ? levels[s->fcr >> 6] : 1;
}

/* What IIR says, by the data sheet's priorities. */
static uint8_t uart_cause(const struct uart *s)
{
    if ((s->ier & IER_RLS) != 0 && s->errors != 0) {
        return IIR_RLS;
    }
    if ((s->ier & IER_RDA) != 0 && s->rx_count >= rx_trigger(s)) {
        return IIR_RDA;
    }
    if ((s->ier & IER_RDA) != 0 && s->rx_timeout) {
        return IIR_TIMEOUT;
    }
    if ((s->ier & IER_THRE) != 0 && s->thre_pending) {
        return IIR_THRE;
    }
    if ((s->ier & IER_MS) != 0 && (s->msr & MSR_DELTAS) != 0) {
        return IIR_MS;
    }
    return IIR_NONE;
}

static void uart_update_line(struct device *d)
{
    device_set_line(d, 0, uart_cause(d->state) != IIR_NONE);
}

/* ---- the receiver -----------------------------------------------------------------------------*/

static uint8_t rx_depth(const struct uart *s)
{
    return (s->fcr & FCR_ENABLE) != 0 ? FIFO_BYTES : 1;
}

static int uart_check(const struct device *d, const void *state, struct error *e)
{
    const struct uart *s = state;

    (void)d;
    return s->rx_count <= rx_depth(s)
               ? 0
               : error_set(e, "rx_count is %u: there is room for %u", s->rx_count, rx_depth(s));
}

static uint64_t character_ns(const struct device *d)
{
    const struct uart16550_config *config = d->config;
    const struct uart *s = d->state;
    /* A start bit, 5 to 8 data bits, a parity bit or none, 1 or 2 stop bits. */
    uint64_t bits = 7 + (uint64_t)(s->lcr & LCR_LENGTH) + ((s->lcr & LCR_PARITY) != 0) +
                    ((s->lcr & LCR_STOP) != 0);
    /* Divisor 0 stops a real chip's baud rate generator; here it counts as the greatest. */
    uint64_t divisor = s->divisor != 0 ? s->divisor : 0x10000;

    return bits * 16 * divisor * 1000000000 / config->clock_hz;
}

/* A byte came or went: the four characters of silence count from here. */
static void rx_restart_timeout(struct device *d)
{
    struct uart *s = d->state;
    bool counts = (s->fcr & FCR_ENABLE) != 0 && s->rx_count != 0;

    s->rx_timeout = 0;
    device_set_alarm(
        d, 0, counts ? device_tick_at(d, device_now_ns(d) + 4 * character_ns(d)) : TICK_NEVER);
}

static void rx_clear(struct device *d)
{
    struct uart *s = d->state;

    memset(s->rx, 0, sizeof(s->rx));
    s->rx_first = 0;
    s->rx_count = 0;
    rx_restart_timeout(d);
}

static void rx_put(struct device *d, uint8_t byte)
{
    struct uart *s = d->state;

    if (s->rx_count < rx_depth(s)) {
        s->rx[(s->rx_first + s->rx_count) % FIFO_BYTES] = byte;
        s->rx_count++;
    } else {
        s->errors |= LSR_OE;
        if ((s->fcr & FCR_ENABLE) == 0) { /* the new byte wins; in a FIFO it is lost */
            s->rx[s->rx_first] = byte;
        }
    }
    rx_restart_timeout(d);
}

static uint8_t rx_take(struct device *d)
{
    struct uart *s = d->state;
    uint8_t byte = s->rx[s->rx_first];

    if (s->rx_count != 0) {
        s->rx_count--;
        if (s->rx_count != 0) {
            s->rx_first = (uint8_t)((s->rx_first + 1) % FIFO_BYTES);
        }
        rx_restart_timeout(d);
        uart_update_line(d);
    }
    return byte; /* an empty receiver shows its last byte again */
}

static void uart_input(struct device *d, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        rx_put(d, bytes[i]);
    }
    uart_update_line(d);
}

static uint32_t uart_room(const struct device *d)
{
    const struct uart *s = d->state;

    /* In loopback the receiver hears only the transmitter: what comes in waits outside. */
    return (s->mcr & MCR_LOOP) != 0 ? 0 : (uint32_t)(rx_depth(s) - s->rx_count);
}

static void uart_alarm(struct device *d, uint32_t i)
{
    struct uart *s = d->state;

    (void)i;
    s->rx_timeout = 1;
    uart_update_line(d);
}

/* ---- the rest ---------------------------------------------------------------------------------*/

static void uart_transmit(struct device *d, uint8_t byte)
{
    struct uart *s = d->state;

    if ((s->mcr & MCR_LOOP) != 0) {
        rx_put(d, byte);
    } else {
        device_output(d, &byte, 1);
    }
    s->thre_pending = 1; /* it has left already */
    uart_update_line(d);
}

/* The modem lines follow MCR in loopback; outside, a ready modem is there and never changes. */
static void uart_update_modem(struct device *d)
{
    struct uart *s = d->state;
    unsigned lines = MSR_CTS | MSR_DSR | MSR_DCD;
    unsigned changed;

    if ((s->mcr & MCR_LOOP) != 0) {
        lines =
            ((s->mcr & MCR_RTS) != 0 ? MSR_CTS : 0u) | ((s->mcr & MCR_DTR) != 0 ? MSR_DSR : 0u) |
            ((s->mcr & MCR_OUT1) != 0 ? MSR_RI : 0u) | ((s->mcr & MCR_OUT2) != 0 ? MSR_DCD : 0u);
    }
    changed = (s->msr ^ lines) >> 4;
    if ((lines & MSR_RI) != 0) { /* only its trailing edge counts */
        changed &= ~(unsigned)MSR_TERI;
    }
    s->msr = (uint8_t)(lines | (s->msr & MSR_DELTAS) | changed);
}

static void uart_set_fcr(struct device *d, uint8_t value)
{
    struct uart *s = d->state;

    if (((s->fcr ^ value) & FCR_ENABLE) != 0 || (value & FCR_CLEAR_RX) != 0) {
        /* The mode is that of after, as it says whether the silence counts. */
        s->fcr = (uint8_t)((s->fcr & ~FCR_ENABLE) | (value & FCR_ENABLE));
        rx_clear(d);
    }
    /* The other bits are taken only together with the enable bit. */
    s->fcr = (value & FCR_ENABLE) != 0 ? value & FCR_KEPT : 0;
}

static void uart_set_ier(struct device *d, uint8_t value)
{
    struct uart *s = d->state;

    /* Enabling it while the transmitter is empty is a reason of its own. */
    if ((value & ~s->ier & IER_THRE) != 0) {
        s->thre_pending = 1;
    }
    s->ier = value & IER_MASK;
}

static void uart_reset(struct device *d)
{
    struct uart *s = d->state;

    s->msr = MSR_CTS | MSR_DSR | MSR_DCD;
    device_set_line(d, 0, false);
}

static uint64_t uart_read(struct device *d, struct mem_access a)
{
    struct uart *s = d->state;
    bool dlab = (s->lcr & LCR_DLAB) != 0;
    uint8_t value;

    switch (a.at) {
    case RBR: return dlab ? s->divisor & 0xff : rx_take(d);
    case IER: return dlab ? s->divisor >> 8 : s->ier;
    case IIR:
        value = uart_cause(s);
        if (value == IIR_THRE) {
            s->thre_pending = 0;
        }
        value |= (s->fcr & FCR_ENABLE) != 0 ? IIR_FIFOS : 0;
        break;
    case LCR: return s->lcr;
    case MCR: return s->mcr;
    case LSR:
        value = LSR_THRE | LSR_TEMT | s->errors | (s->rx_count != 0 ? LSR_DR : 0);
        s->errors = 0;
        break;
    case MSR:
        value = s->msr;
        s->msr &= (uint8_t)~MSR_DELTAS;
        break;
    case SCR: return s->scr;
    default: return device_bad_read(d, a);
    }
    uart_update_line(d);
    return value;
}

static void uart_write(struct device *d, struct mem_access a, uint64_t wide)
{
    struct uart *s = d->state;
    bool dlab = (s->lcr & LCR_DLAB) != 0;
    uint8_t value = (uint8_t)wide; /* a wider store reaches only the register it names */

    switch (a.at) {
    case RBR:
        if (dlab) {
            s->divisor = (uint16_t)bits_set(s->divisor, 0, 8, value);
        } else {
            uart_transmit(d, value);
        }
        break;
    case IER:
        if (dlab) {
            s->divisor = (uint16_t)bits_set(s->divisor, 8, 8, value);
        } else {
            uart_set_ier(d, value);
        }
        break;
    case IIR: uart_set_fcr(d, value); break;
    case LCR: s->lcr = value; break;
    case MCR:
        s->mcr = value & MCR_MASK;
        uart_update_modem(d);
        break;
    case LSR: /* for tests at the factory */
    case MSR: break;
    case SCR: s->scr = value; break;
    default: device_bad_write(d, a, wide);
    }
    uart_update_line(d);
}

const struct device_class uart16550 = {
    .name = "uart16550",
    .behaviour = 2,
    .windows = {{.bytes = 8, .sizes = 1 | 2 | 4 | 8}},
    .state = FIELD_TABLE(struct uart, fields),
    .alarm_offset = offsetof(struct uart, alarm),
    .alarm_count = 1,
    .output_lines = 1,
    .reset = uart_reset,
    .read = uart_read,
    .write = uart_write,
    .alarm = uart_alarm,
    .input = uart_input,
    .room = uart_room,
    .check = uart_check,
};
