/* SPDX-License-Identifier: GPL-2.0-or-later
 * goldfish_rtc: nanoseconds since 1970, one alarm, one interrupt line. After the Goldfish virtual
 * hardware document of the Android emulator and the `google,goldfish-rtc` binding. The epoch comes
 * with the machine's configuration; afterwards time is virtual, so that a read is never an input.
 * An alarm set in the past fires at once. A machine reset forgets a time that the guest set.
 */
#include "dev/dev.h"

enum {
    TIME_LOW = 0x00,
    TIME_HIGH = 0x04,
    ALARM_LOW = 0x08,
    ALARM_HIGH = 0x0c,
    IRQ_ENABLED = 0x10,
    CLEAR_ALARM = 0x14,
    ALARM_STATUS = 0x18,
    CLEAR_INTERRUPT = 0x1c
};

struct rtc {
    tick alarm[1];
    uint64_t epoch_ns;   /* since 1970, at virtual time 0; moved by guest writes of the time */
    uint64_t alarm_ns;   /* since 1970 */
    uint32_t time_high;  /* latched by a read of TIME_LOW */
    uint32_t alarm_high; /* waits for a write of ALARM_LOW */
    uint8_t armed;
    uint8_t irq_enabled;
    uint8_t irq_pending;
    uint8_t zero[5];
};

static const struct field fields[] = {
    FIELD_ARRAY(struct rtc, alarm),      FIELD(struct rtc, epoch_ns),
    FIELD(struct rtc, alarm_ns),         FIELD(struct rtc, time_high),
    FIELD(struct rtc, alarm_high),       FIELD_BOOL(struct rtc, armed),
    FIELD_BOOL(struct rtc, irq_enabled), FIELD_BOOL(struct rtc, irq_pending),
    FIELD_ARRAY(struct rtc, zero),
};

static uint64_t rtc_now(struct device *d)
{
    const struct rtc *s = d->state;

    return s->epoch_ns + device_now_ns(d);
}

static void rtc_update_line(struct device *d)
{
    const struct rtc *s = d->state;

    device_set_line(d, 0, s->irq_enabled && s->irq_pending);
}

static void rtc_fire(struct device *d)
{
    struct rtc *s = d->state;

    s->armed = 0;
    s->irq_pending = 1;
    rtc_update_line(d);
}

/* Puts the alarm where alarm_ns is by the time of now. */
static void rtc_place_alarm(struct device *d)
{
    struct rtc *s = d->state;
    uint64_t now = rtc_now(d);
    uint64_t due;

    device_set_alarm(d, 0, TICK_NEVER);
    if (!s->armed) {
        return;
    }
    if (s->alarm_ns <= now) {
        rtc_fire(d);
    } else if (!__builtin_add_overflow(device_now_ns(d), s->alarm_ns - now, &due)) {
        device_set_alarm(d, 0, device_tick_at(d, due));
    }
}

/* Bits [pos, pos + 32) of the time become `value`; what they were made of keeps counting. */
static void rtc_set_time(struct device *d, unsigned pos, uint64_t value)
{
    struct rtc *s = d->state;
    uint64_t now = rtc_now(d);

    s->epoch_ns += bits_set(now, pos, 32, value) - now;
    rtc_place_alarm(d);
}

static void rtc_reset(struct device *d)
{
    const struct goldfish_rtc_config *config = d->config;
    struct rtc *s = d->state;

    s->epoch_ns = config->epoch_ns;
    device_set_line(d, 0, false);
}

/* Of an access of 8 bytes, the 4 at `offset`. */
static struct mem_access rtc_half(struct mem_access a, uint64_t offset)
{
    a.at += offset;
    a.size = 4;
    return a;
}

/* Eight bytes are two registers, the lower address first. */
static uint64_t rtc_read(struct device *d, struct mem_access a)
{
    struct rtc *s = d->state;
    uint64_t low;

    if (a.size == 8) {
        low = rtc_read(d, rtc_half(a, 0));
        return low | rtc_read(d, rtc_half(a, 4)) << 32;
    }
    switch (a.at) {
    case TIME_LOW: /* low first, then high: a pair is never torn */
        s->time_high = (uint32_t)(rtc_now(d) >> 32);
        return (uint32_t)rtc_now(d);
    case TIME_HIGH: return s->time_high;
    case ALARM_LOW: return (uint32_t)s->alarm_ns;
    case ALARM_HIGH: return s->alarm_ns >> 32;
    case IRQ_ENABLED: return s->irq_enabled;
    case ALARM_STATUS: return s->armed;
    default: return device_bad_read(d, a);
    }
}

static void rtc_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct rtc *s = d->state;

    if (a.size == 8) {
        rtc_write(d, rtc_half(a, 0), (uint32_t)value);
        rtc_write(d, rtc_half(a, 4), value >> 32);
        return;
    }
    switch (a.at) {
    case TIME_LOW: rtc_set_time(d, 0, value); break;
    case TIME_HIGH: rtc_set_time(d, 32, value); break;
    case ALARM_LOW: /* the high half comes first; this one arms */
        s->alarm_ns = (uint64_t)s->alarm_high << 32 | (uint32_t)value;
        s->armed = 1;
        rtc_place_alarm(d);
        break;
    case ALARM_HIGH: s->alarm_high = (uint32_t)value; break;
    case IRQ_ENABLED:
        s->irq_enabled = value & 1;
        rtc_update_line(d);
        break;
    case CLEAR_ALARM:
        s->armed = 0;
        rtc_place_alarm(d);
        break;
    case CLEAR_INTERRUPT:
        s->irq_pending = 0;
        rtc_update_line(d);
        break;
    default: device_bad_write(d, a, value);
    }
}

static void rtc_alarm(struct device *d, uint32_t i)
{
    (void)i;
    rtc_fire(d);
}

const struct device_class goldfish_rtc = {
    .name = "goldfish-rtc",
    .behaviour = 2,
    .windows = {{.bytes = 0x24, .sizes = 4 | 8}},
    .state = FIELD_TABLE(struct rtc, fields),
    .alarm_offset = offsetof(struct rtc, alarm),
    .alarm_count = 1,
    .output_lines = 1,
    .reset = rtc_reset,
    .read = rtc_read,
    .write = rtc_write,
    .alarm = rtc_alarm,
};
