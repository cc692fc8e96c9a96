/* SPDX-License-Identifier: GPL-2.0-or-later
 * sp804: two timers, after the technical reference manual of Arm's Dual-Timer Module (SP804), DDI 0271.
 * Left out: the registers of integration tests.
 */
#include "dev/arm.h"
#include "dev/arm/countdown.h"

enum {
    TIMER_LOAD = 0x00,
    TIMER_VALUE = 0x04,
    TIMER_CONTROL = 0x08,
    TIMER_INT_CLR = 0x0c,
    TIMER_RIS = 0x10,
    TIMER_MIS = 0x14,
    TIMER_BG_LOAD = 0x18,
    TIMER_BYTES = 0x20, /* of each timer */
    TIMER_ID = 0xfe0,   /* TimerPeriphID0 to 3, TimerPCellID0 to 3 */
    TIMER_END = 0x1000
};
enum {
    CONTROL_ONE_SHOT = 0x01,
    CONTROL_32_BITS = 0x02,
    CONTROL_PRESCALE = 2, /* two bits there: 1, 16, 256 */
    CONTROL_INTERRUPTS = 0x20,
    CONTROL_PERIODIC = 0x40,
    CONTROL_ENABLE = 0x80,
    CONTROL_KEPT = 0xef
};
#define TIMERS 2

struct sp804 {
    tick alarm[TIMERS]; /* it becomes 0 */
    uint64_t from[TIMERS];
    uint32_t value[TIMERS];
    uint32_t load[TIMERS];
    uint8_t control[TIMERS];
    uint8_t ris[TIMERS];
    uint8_t zero[4];
};

static const struct field fields[] = {
    FIELD_ARRAY(struct sp804, alarm),
    FIELD_ARRAY(struct sp804, from),
    FIELD_ARRAY(struct sp804, value),
    FIELD_ARRAY(struct sp804, load),
    FIELD_ARRAY_MASK(struct sp804, control, CONTROL_KEPT),
    FIELD_ARRAY_BOOL(struct sp804, ris),
    FIELD_ARRAY(struct sp804, zero),
};

static uint32_t most(const struct sp804 *s, unsigned t)
{
    return (s->control[t] & CONTROL_32_BITS) != 0 ? UINT32_MAX : UINT16_MAX;
}

static struct countdown counter(struct sp804 *s, unsigned t)
{
    static const uint16_t dividers[] = {1, 16, 256, 256};
    bool periodic = (s->control[t] & CONTROL_PERIODIC) != 0;

    return (struct countdown){.from = &s->from[t],
                              .value = &s->value[t],
                              .divider = dividers[s->control[t] >> CONTROL_PRESCALE & 3],
                              .again = periodic ? s->load[t] & most(s, t) : most(s, t),
                              .runs = (s->control[t] & CONTROL_ENABLE) != 0,
                              .stops = (s->control[t] & CONTROL_ONE_SHOT) != 0};
}

static uint64_t clock_now(const struct device *d)
{
    const struct sp804_config *config = d->config;

    return countdown_clock(d, config->clock_hz);
}

static void drive(struct device *d)
{
    const struct sp804 *s = d->state;
    bool any = false;

    for (unsigned t = 0; t < TIMERS; t++) {
        bool up = s->ris[t] != 0 && (s->control[t] & CONTROL_INTERRUPTS) != 0;

        device_set_line(d, SP804_LINE_TIMER1 + t, up);
        any = any || up;
    }
    device_set_line(d, SP804_LINE_BOTH, any);
}

/* Once the interrupt is there, another 0 changes nothing. */
static void arm(struct device *d, unsigned t)
{
    const struct sp804_config *config = d->config;
    struct sp804 *s = d->state;
    const struct countdown c = counter(s, t);
    uint64_t at = s->ris[t] != 0 ? UINT64_MAX : countdown_zero(&c, clock_now(d));

    device_set_alarm(d, t, countdown_tick(d, config->clock_hz, at));
    drive(d);
}

static void sp804_alarm(struct device *d, uint32_t t)
{
    struct sp804 *s = d->state;

    s->ris[t] = 1;
    drive(d);
}

static void set_load(struct device *d, unsigned t, uint32_t value)
{
    struct sp804 *s = d->state;
    struct countdown c;

    s->load[t] = value;
    c = counter(s, t);
    countdown_set(&c, clock_now(d), value & most(s, t));
    s->ris[t] |= c.runs && (value & most(s, t)) == 0; /* by the manual at once */
}

/* Counters go on from what they show. */
static void set_control(struct device *d, unsigned t, uint8_t value)
{
    struct sp804 *s = d->state;
    struct countdown c = counter(s, t);

    countdown_settle(&c, clock_now(d));
    s->control[t] = value & CONTROL_KEPT;
    s->value[t] &= most(s, t);
}

static void set_background(struct device *d, unsigned t, uint32_t value)
{
    struct sp804 *s = d->state;
    struct countdown c = counter(s, t);

    countdown_settle(&c, clock_now(d));
    s->load[t] = value;
}

static const uint8_t ids[] = {0x04, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint64_t sp804_read(struct device *d, struct mem_access a)
{
    struct sp804 *s = d->state;
    unsigned t = a.at >= TIMER_BYTES;
    struct countdown c = counter(s, t);

    if (a.at >= TIMER_ID) {
        return ids[(a.at - TIMER_ID) / 4];
    }
    if (a.at >= TIMERS * TIMER_BYTES) {
        return device_bad_read(d, a);
    }
    switch (a.at % TIMER_BYTES) {
    case TIMER_LOAD:
    case TIMER_BG_LOAD: return s->load[t];
    case TIMER_VALUE: return countdown_get(&c, clock_now(d));
    case TIMER_CONTROL: return s->control[t];
    case TIMER_RIS: return s->ris[t];
    case TIMER_MIS: return s->ris[t] & s->control[t] >> 5;
    default: return device_bad_read(d, a);
    }
}

static void sp804_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct sp804 *s = d->state;
    unsigned t = a.at >= TIMER_BYTES;

    if (a.at >= TIMERS * TIMER_BYTES) {
        device_bad_write(d, a, value);
        return;
    }
    switch (a.at % TIMER_BYTES) {
    case TIMER_LOAD: set_load(d, t, (uint32_t)value); break;
    case TIMER_BG_LOAD: set_background(d, t, (uint32_t)value); break;
    case TIMER_CONTROL: set_control(d, t, (uint8_t)value); break;
    case TIMER_INT_CLR: s->ris[t] = 0; break;
    default: device_bad_write(d, a, value);
    }
    arm(d, t);
}

static void sp804_reset(struct device *d)
{
    struct sp804 *s = d->state;

    for (unsigned t = 0; t < TIMERS; t++) {
        s->control[t] = CONTROL_INTERRUPTS;
        s->value[t] = UINT32_MAX;
    }
}

const struct device_class sp804 = {
    .name = "sp804",
    .behaviour = 1,
    .windows = {{.bytes = TIMER_END, .sizes = 4}},
    .state = FIELD_TABLE(struct sp804, fields),
    .alarm_offset = offsetof(struct sp804, alarm),
    .alarm_count = TIMERS,
    .output_lines = 1 + TIMERS,
    .reset = sp804_reset,
    .read = sp804_read,
    .write = sp804_write,
    .alarm = sp804_alarm,
};
