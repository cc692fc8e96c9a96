/* SPDX-License-Identifier: GPL-2.0-or-later
 * a9_timers: the private timer and the watchdog of each processor of a Cortex-A9 MPCore, after its technical
 * reference manual (DDI 0407), chapter 4.2. A hart sees its own; a device that asks sees those of the first.
 */
#include "dev/arm.h"
#include "dev/arm/countdown.h"

enum {
    TIMER_LOAD = 0x00,
    TIMER_COUNTER = 0x04,
    TIMER_CONTROL = 0x08,
    TIMER_STATUS = 0x0c,
    WATCHDOG_RESET_STATUS = 0x10, /* of the watchdog alone, as the next */
    WATCHDOG_DISABLE = 0x14,
    TIMER_BYTES = 0x20, /* of each */
    TIMERS_END = 0x40
};
enum {
    CONTROL_ENABLE = 1,
    CONTROL_RELOAD = 2,
    CONTROL_INTERRUPT = 4,
    CONTROL_WATCHDOG = 8,
    CONTROL_PRESCALE = 8, /* at that bit, 8 bits */
    CONTROL_TIMER_KEPT = 0xff07,
    CONTROL_WATCHDOG_KEPT = 0xff0f
};
#define DISABLE_FIRST  UINT32_C(0x12345678)
#define DISABLE_SECOND UINT32_C(0x87654321)
#define COUNTERS       (2 * MACHINE_HARTS_MAX) /* timer and watchdog of the first hart, and so on */
/* What the watchdog's mode is left by: how many of the two words came. */
enum { DISABLE_STEPS = 1 };

struct a9_timers {
    tick alarm[COUNTERS]; /* it becomes 0 */
    uint64_t from[COUNTERS];
    uint32_t value[COUNTERS];
    uint32_t load[COUNTERS];
    uint16_t control[COUNTERS];
    uint8_t event[COUNTERS];
    uint8_t reset_status[MACHINE_HARTS_MAX]; /* it was the watchdog that reset */
    uint8_t disable_step[MACHINE_HARTS_MAX];
};

static const struct field fields[] = {
    FIELD_ARRAY(struct a9_timers, alarm),
    FIELD_ARRAY(struct a9_timers, from),
    FIELD_ARRAY(struct a9_timers, value),
    FIELD_ARRAY(struct a9_timers, load),
    FIELD_ARRAY_MASK(struct a9_timers, control, CONTROL_WATCHDOG_KEPT),
    FIELD_ARRAY_BOOL(struct a9_timers, event),
    FIELD_ARRAY_BOOL(struct a9_timers, reset_status),
    FIELD_ARRAY_MAX(struct a9_timers, disable_step, DISABLE_STEPS),
};

static bool is_watchdog(unsigned n)
{
    return n % 2 != 0;
}

static struct countdown counter(struct a9_timers *s, unsigned n)
{
    return (struct countdown){.from = &s->from[n],
                              .value = &s->value[n],
                              .divider = 1u + (s->control[n] >> CONTROL_PRESCALE),
                              .again = s->load[n],
                              .runs = (s->control[n] & CONTROL_ENABLE) != 0,
                              .stops = (s->control[n] & CONTROL_RELOAD) == 0};
}

static uint64_t clock_now(const struct device *d)
{
    const struct a9_timer_config *config = d->config;

    return countdown_clock(d, config->clock_hz);
}

/* Once the event is there, another 0 changes nothing but for a watchdog's. */
static void arm(struct device *d, unsigned n)
{
    const struct a9_timer_config *config = d->config;
    struct a9_timers *s = d->state;
    const struct countdown c = counter(s, n);
    bool counts = s->event[n] == 0 || (s->control[n] & CONTROL_WATCHDOG) != 0;
    uint64_t at = counts ? countdown_zero(&c, clock_now(d)) : UINT64_MAX;

    device_set_alarm(d, n, countdown_tick(d, config->clock_hz, at));
    device_set_line(d, n,
                    s->event[n] != 0 && (s->control[n] & CONTROL_INTERRUPT) != 0 &&
                        (s->control[n] & CONTROL_WATCHDOG) == 0);
}

static void a9_timers_alarm(struct device *d, uint32_t n)
{
    struct a9_timers *s = d->state;

    if ((s->control[n] & CONTROL_WATCHDOG) != 0) {
        s->reset_status[n / 2] = 1;
        machine_request_reset(d->machine, RESET_WARM);
    } else {
        s->event[n] = 1;
    }
    arm(d, n);
}

/* ---- registers --------------------------------------------------------------------------------*/

static unsigned number_of(const struct device *d, struct mem_access a)
{
    unsigned hart = a.hart < 0 ? 0 : (unsigned)a.hart;

    must(hart < device_hart_count(d));
    return 2 * hart + (a.at >= TIMER_BYTES);
}

static uint64_t a9_timers_read(struct device *d, struct mem_access a)
{
    struct a9_timers *s = d->state;
    unsigned n = number_of(d, a);
    const struct countdown c = counter(s, n);

    switch (a.at % TIMER_BYTES) {
    case TIMER_LOAD: return s->load[n];
    case TIMER_COUNTER: return countdown_get(&c, clock_now(d));
    case TIMER_CONTROL: return s->control[n];
    case TIMER_STATUS: return s->event[n];
    case WATCHDOG_RESET_STATUS:
        return is_watchdog(n) ? s->reset_status[n / 2] : device_bad_read(d, a);
    case WATCHDOG_DISABLE: return is_watchdog(n) ? 0 : device_bad_read(d, a);
    default: return device_bad_read(d, a);
    }
}

/* The watchdog's mode can be entered, and is left by WATCHDOG_DISABLE alone. */
static void set_control(struct device *d, unsigned n, uint32_t value)
{
    struct a9_timers *s = d->state;
    struct countdown c = counter(s, n);
    uint32_t kept = is_watchdog(n) ? CONTROL_WATCHDOG_KEPT : CONTROL_TIMER_KEPT;

    countdown_settle(&c, clock_now(d));
    s->control[n] = (uint16_t)((value & kept) | (s->control[n] & CONTROL_WATCHDOG));
}

static void set_disable(struct a9_timers *s, unsigned n, uint32_t value)
{
    bool second = s->disable_step[n / 2] != 0;

    s->disable_step[n / 2] = value == DISABLE_FIRST;
    if (second && value == DISABLE_SECOND) {
        s->control[n] &= (uint16_t)~CONTROL_WATCHDOG;
    }
}

/* While a watchdog is one, its counter is that of the load register alone. */
static void set_counter(struct device *d, unsigned n, uint32_t value)
{
    struct a9_timers *s = d->state;
    struct countdown c = counter(s, n);

    if ((s->control[n] & CONTROL_WATCHDOG) == 0) {
        countdown_set(&c, clock_now(d), value);
    }
}

static void set_load(struct device *d, unsigned n, uint32_t value)
{
    struct a9_timers *s = d->state;
    struct countdown c;

    s->load[n] = value;
    c = counter(s, n);
    countdown_set(&c, clock_now(d), value);
}

static void a9_timers_write(struct device *d, struct mem_access a, uint64_t wide)
{
    struct a9_timers *s = d->state;
    unsigned n = number_of(d, a);
    uint64_t at = a.at % TIMER_BYTES;
    uint32_t value = (uint32_t)wide;

    if (!is_watchdog(n) && at > TIMER_STATUS) {
        device_bad_write(d, a, wide);
        return;
    }
    switch (at) {
    case TIMER_LOAD: set_load(d, n, value); break;
    case TIMER_COUNTER: set_counter(d, n, value); break;
    case TIMER_CONTROL: set_control(d, n, value); break;
    case TIMER_STATUS: s->event[n] &= (uint8_t)~value & 1; break;
    case WATCHDOG_RESET_STATUS: s->reset_status[n / 2] &= (uint8_t)~value & 1; break;
    case WATCHDOG_DISABLE: set_disable(s, n, value); break;
    default: device_bad_write(d, a, wide);
    }
    arm(d, n);
}

/* Who was reset by the watchdog can see it. */
static const struct survivor survivors[] = {
    SURVIVOR(struct a9_timers, reset_status, RESET_WARM),
};

const struct device_class a9_timers = {
    .name = "a9-timers",
    .behaviour = 1,
    .windows = {{.bytes = TIMERS_END, .sizes = 4}},
    .state = FIELD_TABLE(struct a9_timers, fields),
    .alarm_offset = offsetof(struct a9_timers, alarm),
    .alarm_count = COUNTERS,
    .output_lines = COUNTERS,
    .survivors = survivors,
    .survivor_count = ARRAY_LEN(survivors),
    .read = a9_timers_read,
    .write = a9_timers_write,
    .alarm = a9_timers_alarm,
};
