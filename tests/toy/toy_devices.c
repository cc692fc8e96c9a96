/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_devices: the console and the counter of the made-up machine.
 */
#include "toy_parts.h"

/* ---- console: input FIFO with a line, output delayed by an alarm, a register that counts ---- */

struct console {
    tick alarm[2]; /* 0: the byte being sent leaves; 1: a clock that ticks by itself */
    uint32_t clock;
    uint32_t received;
    uint8_t fifo[16];
    uint8_t count;
    uint8_t sending, byte;
    uint8_t zero[5];
};

static const struct field console_fields[] = {
    FIELD_ARRAY(struct console, alarm), FIELD(struct console, clock),
    FIELD(struct console, received),    FIELD_ARRAY(struct console, fifo),
    FIELD(struct console, count),       FIELD(struct console, sending),
    FIELD(struct console, byte),        FIELD_ARRAY(struct console, zero),
};

#define CLOCK_TICKS 1733

static void console_reset(struct device *d)
{
    device_set_alarm(d, 1, device_now(d) + CLOCK_TICKS);
}

static uint64_t console_read(struct device *d, struct mem_access a)
{
    struct console *s = d->state;
    uint8_t byte;

    if (a.at == 4) {
        return s->count;
    }
    if (a.at != 0 || s->count == 0) {
        return 0;
    }
    byte = s->fifo[0];
    memmove(s->fifo, s->fifo + 1, sizeof s->fifo - 1);
    s->fifo[sizeof s->fifo - 1] = 0;
    s->count--;
    device_set_line(d, 0, s->count != 0);
    return byte;
}

static void console_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct console *s = d->state;

    if (a.at == 0 && !s->sending) { /* what comes while one is being sent is lost */
        s->sending = 1;
        s->byte = (uint8_t)value;
        device_set_alarm(d, 0, device_now(d) + 7);
    }
}

static void console_alarm(struct device *d, uint32_t i)
{
    struct console *s = d->state;

    if (i == 0) {
        s->sending = 0;
        device_output(d, &s->byte, 1);
    } else {
        s->clock++;
        device_set_alarm(d, 1, device_now(d) + CLOCK_TICKS);
    }
}

static void console_input(struct device *d, const uint8_t *bytes, uint32_t count)
{
    struct console *s = d->state;

    must(count <= sizeof s->fifo - s->count);
    memcpy(s->fifo + s->count, bytes, count);
    s->count = (uint8_t)(s->count + count);
    s->received += count;
    device_set_line(d, 0, s->count != 0);
}

static uint32_t console_room(const struct device *d)
{
    const struct console *s = d->state;

    return (uint32_t)sizeof s->fifo - s->count;
}

const struct device_class toy_console = {
    .name = "console",
    .windows = {{.bytes = 8, .sizes = 1 | 2 | 4}},
    .state = FIELD_TABLE(struct console, console_fields),
    .alarm_offset = offsetof(struct console, alarm),
    .alarm_count = 2,
    .output_lines = 1,
    .reset = console_reset,
    .read = console_read,
    .write = console_write,
    .alarm = console_alarm,
    .input = console_input,
    .room = console_room,
};

/* ---- counter: a word, and an alarm that raises the line of the last hart ---- */

struct counter {
    tick alarm[1];
    uint32_t value;
    uint8_t up;
    uint8_t zero[3];
};
static const struct field counter_fields[] = {
    FIELD_ARRAY(struct counter, alarm),
    FIELD(struct counter, value),
    FIELD(struct counter, up),
    FIELD_ARRAY(struct counter, zero),
};

static uint64_t counter_read(struct device *d, struct mem_access a)
{
    struct counter *s = d->state;

    if (a.at == 4) { /* reading it acknowledges */
        s->up = 0;
        device_set_line(d, 0, false);
    }
    return s->value;
}

static void counter_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct counter *s = d->state;

    if (a.at == 4) {
        /* The processor is big-endian, the bus is not. */
        device_set_alarm(d, 0, device_now(d) + (__builtin_bswap32((uint32_t)value) & 0xfff));
    } else {
        uint8_t bytes[4];

        s->value += (uint32_t)value;
        bytes_set_le(bytes, sizeof bytes, s->value);
        (void)device_dma_write(d, TOY_DMA, bytes, sizeof bytes);
    }
}

static void counter_alarm(struct device *d, uint32_t i)
{
    struct counter *s = d->state;

    (void)i;
    s->up = 1;
    device_set_line(d, 0, true);
    (void)device_dma_write(d, TOY_DMA + 4, &s->up, 1);
}

const struct device_class toy_counter = {
    .name = "counter",
    .windows = {{.bytes = 8, .sizes = 1 | 2 | 4}},
    .state = FIELD_TABLE(struct counter, counter_fields),
    .alarm_offset = offsetof(struct counter, alarm),
    .alarm_count = 1,
    .output_lines = 1,
    .read = counter_read,
    .write = counter_write,
    .alarm = counter_alarm,
};
