/* SPDX-License-Identifier: GPL-2.0-or-later
 * pl031: a real-time clock of seconds, after the technical reference manual of Arm's PrimeCell Real Time
 * Clock (PL031), DDI 0224. Its second is one of virtual time, and begins where a second of the
 * configuration's epoch does. A machine reset forgets a time that the guest set.
 */
#include "dev/arm.h"

enum {
    RTCDR = 0x00,
    RTCMR = 0x04,
    RTCLR = 0x08,
    RTCCR = 0x0c,
    RTCIMSC = 0x10,
    RTCRIS = 0x14,
    RTCMIS = 0x18,
    RTCICR = 0x1c,
    RTC_ID = 0xfe0, /* RTCPeriphID0 to 3, RTCPCellID0 to 3 */
    RTC_END = 0x1000
};
#define SECOND_NS UINT64_C(1000000000)

struct pl031 {
    tick alarm[1];
    uint64_t epoch_ns; /* since 1970, at virtual time 0; moved by guest writes of the time */
    uint32_t match;
    uint32_t load;
    uint8_t imsc;
    uint8_t ris;
    uint8_t zero[6];
};

static const struct field fields[] = {
    FIELD_ARRAY(struct pl031, alarm), FIELD(struct pl031, epoch_ns),  FIELD(struct pl031, match),
    FIELD(struct pl031, load),        FIELD_BOOL(struct pl031, imsc), FIELD_BOOL(struct pl031, ris),
    FIELD_ARRAY(struct pl031, zero),
};

static uint64_t now_ns(const struct device *d)
{
    const struct pl031 *s = d->state;

    return s->epoch_ns + device_now_ns(d);
}

static uint32_t seconds(const struct device *d)
{
    return (uint32_t)(now_ns(d) / SECOND_NS);
}

static void pl031_update_line(struct device *d)
{
    const struct pl031 *s = d->state;

    device_set_line(d, 0, s->ris & s->imsc);
}

/* At the beginning of the next second that is the one waited for; a second that is now has matched. */
static void place_alarm(struct device *d)
{
    struct pl031 *s = d->state;
    uint32_t left = s->match - seconds(d);
    uint64_t due;

    if (left == 0) {
        s->ris = 1;
        pl031_update_line(d);
        device_set_alarm(d, 0, TICK_NEVER);
        return;
    }
    due = left * SECOND_NS - now_ns(d) % SECOND_NS;
    device_set_alarm(d, 0, device_tick_at(d, device_now_ns(d) + due));
}

static void pl031_alarm(struct device *d, uint32_t i)
{
    struct pl031 *s = d->state;

    (void)i;
    s->ris = 1;
    pl031_update_line(d);
}

/* The counter begins a second of this number now. */
static void set_time(struct device *d, uint32_t value)
{
    struct pl031 *s = d->state;

    s->load = value;
    s->epoch_ns = value * SECOND_NS - device_now_ns(d);
    place_alarm(d);
}

static void pl031_reset(struct device *d)
{
    const struct pl031_config *config = d->config;
    struct pl031 *s = d->state;

    s->epoch_ns = config->epoch_ns;
}

static const uint8_t ids[] = {0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint64_t read_register(struct device *d, struct mem_access a)
{
    const struct pl031 *s = d->state;

    if (a.at >= RTC_ID) {
        return ids[(a.at - RTC_ID) / 4];
    }
    switch (a.at) {
    case RTCDR: return seconds(d);
    case RTCMR: return s->match;
    case RTCLR: return s->load;
    case RTCCR: return 1; /* it cannot be stopped */
    case RTCIMSC: return s->imsc;
    case RTCRIS: return s->ris;
    case RTCMIS: return s->ris & s->imsc;
    default: return device_bad_read(d, a);
    }
}

/* A narrower access has the lower part of the register: EFI firmware reads identities byte by byte. */
static uint64_t pl031_read(struct device *d, struct mem_access a)
{
    return bits_get(read_register(d, a), 0, 8 * a.size);
}

static void pl031_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct pl031 *s = d->state;

    switch (a.at) {
    case RTCMR:
        s->match = (uint32_t)value;
        place_alarm(d);
        break;
    case RTCLR: set_time(d, (uint32_t)value); break;
    case RTCCR: break;
    case RTCIMSC: s->imsc = value & 1; break;
    case RTCICR: s->ris &= (uint8_t)~value & 1; break;
    default: device_bad_write(d, a, value);
    }
    pl031_update_line(d);
}

const struct device_class pl031 = {
    .name = "pl031",
    .behaviour = 1,
    .windows = {{.bytes = RTC_END, .sizes = 1 | 2 | 4}},
    .state = FIELD_TABLE(struct pl031, fields),
    .alarm_offset = offsetof(struct pl031, alarm),
    .alarm_count = 1,
    .output_lines = 1,
    .reset = pl031_reset,
    .read = pl031_read,
    .write = pl031_write,
    .alarm = pl031_alarm,
};
