/* SPDX-License-Identifier: GPL-2.0-or-later
 * sp805: a watchdog, after the technical reference manual of Arm's Watchdog Module (SP805), DDI 0270: its
 * counter at 0 raises the interrupt, and resets the machine when the interrupt is there already.
 * Left out: the registers of integration tests.
 */
#include "dev/arm.h"
#include "dev/arm/countdown.h"

enum {
    WDOG_LOAD = 0x00,
    WDOG_VALUE = 0x04,
    WDOG_CONTROL = 0x08,
    WDOG_INT_CLR = 0x0c,
    WDOG_RIS = 0x10,
    WDOG_MIS = 0x14,
    WDOG_LOCK = 0xc00,
    WDOG_ID = 0xfe0, /* WdogPeriphID0 to 3, WdogPCellID0 to 3 */
    WDOG_END = 0x1000
};
enum { CONTROL_INTEN = 1, CONTROL_RESEN = 2, CONTROL_KEPT = 3 };
#define UNLOCK UINT32_C(0x1acce551)

struct sp805 {
    tick alarm[1]; /* the counter becomes 0 */
    uint64_t from;
    uint32_t value;
    uint32_t load;
    uint8_t control;
    uint8_t ris;
    uint8_t locked;
    uint8_t zero[5];
};

static const struct field fields[] = {
    FIELD_ARRAY(struct sp805, alarm),
    FIELD(struct sp805, from),
    FIELD(struct sp805, value),
    FIELD(struct sp805, load),
    FIELD_MASK(struct sp805, control, CONTROL_KEPT),
    FIELD_BOOL(struct sp805, ris),
    FIELD_BOOL(struct sp805, locked),
    FIELD_ARRAY(struct sp805, zero),
};

static struct countdown counter(struct sp805 *s)
{
    return (struct countdown){.from = &s->from,
                              .value = &s->value,
                              .divider = 1,
                              .again = s->load,
                              .runs = (s->control & CONTROL_INTEN) != 0};
}

static uint64_t clock_now(const struct device *d)
{
    const struct sp805_config *config = d->config;

    return countdown_clock(d, config->clock_hz);
}

static void arm(struct device *d)
{
    const struct sp805_config *config = d->config;
    struct sp805 *s = d->state;
    const struct countdown c = counter(s);

    device_set_alarm(d, 0, countdown_tick(d, config->clock_hz, countdown_zero(&c, clock_now(d))));
    device_set_line(d, 0, s->ris & s->control & CONTROL_INTEN);
}

static void sp805_alarm(struct device *d, uint32_t i)
{
    struct sp805 *s = d->state;

    (void)i;
    if (s->ris != 0 && (s->control & CONTROL_RESEN) != 0) {
        machine_request_reset(d->machine, RESET_WARM);
    }
    s->ris = 1;
    arm(d);
}

static void set_control(struct device *d, uint8_t value)
{
    struct sp805 *s = d->state;
    struct countdown c = counter(s);
    bool ran = c.runs;

    countdown_settle(&c, clock_now(d));
    s->control = value & CONTROL_KEPT;
    if (!ran && (s->control & CONTROL_INTEN) != 0) { /* enabling begins anew */
        countdown_set(&c, clock_now(d), s->load);
    }
}

static const uint8_t ids[] = {0x05, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint64_t sp805_read(struct device *d, struct mem_access a)
{
    struct sp805 *s = d->state;
    const struct countdown c = counter(s);

    if (a.at >= WDOG_ID) {
        return ids[(a.at - WDOG_ID) / 4];
    }
    switch (a.at) {
    case WDOG_LOAD: return s->load;
    case WDOG_VALUE: return countdown_get(&c, clock_now(d));
    case WDOG_CONTROL: return s->control;
    case WDOG_RIS: return s->ris;
    case WDOG_MIS: return s->ris & s->control & CONTROL_INTEN;
    case WDOG_LOCK: return s->locked;
    default: return device_bad_read(d, a);
    }
}

/* What is written while it is locked is lost. */
static void sp805_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct sp805 *s = d->state;
    const struct countdown c = counter(s);

    if (a.at == WDOG_LOCK) {
        s->locked = value != UNLOCK;
        return;
    }
    if (s->locked != 0) {
        return;
    }
    switch (a.at) {
    case WDOG_LOAD:
        s->load = (uint32_t)value;
        countdown_set(&c, clock_now(d), s->load);
        break;
    case WDOG_CONTROL: set_control(d, (uint8_t)value); break;
    case WDOG_INT_CLR:
        s->ris = 0;
        countdown_set(&c, clock_now(d), s->load);
        break;
    default: device_bad_write(d, a, value);
    }
    arm(d);
}

static void sp805_reset(struct device *d)
{
    struct sp805 *s = d->state;

    s->load = UINT32_MAX;
    s->value = UINT32_MAX;
}

const struct device_class sp805 = {
    .name = "sp805",
    .behaviour = 1,
    .windows = {{.bytes = WDOG_END, .sizes = 4}},
    .state = FIELD_TABLE(struct sp805, fields),
    .alarm_offset = offsetof(struct sp805, alarm),
    .alarm_count = 1,
    .output_lines = 1,
    .reset = sp805_reset,
    .read = sp805_read,
    .write = sp805_write,
    .alarm = sp805_alarm,
};
