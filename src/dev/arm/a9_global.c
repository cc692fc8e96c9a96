/* SPDX-License-Identifier: GPL-2.0-or-later
 * a9_global: the global timer of a Cortex-A9 MPCore, after its technical reference manual (DDI 0407),
 * chapter 4.4: one counter of 64 bits that all processors see, and a comparator for each. A hart sees its own
 * comparator; a device that asks sees that of the first.
 */
#include "dev/arm.h"
#include "dev/arm/countdown.h"

enum {
    GLOBAL_COUNT_LOW = 0x00,
    GLOBAL_COUNT_HIGH = 0x04,
    GLOBAL_CONTROL = 0x08,
    GLOBAL_STATUS = 0x0c,
    GLOBAL_COMPARE_LOW = 0x10,
    GLOBAL_COMPARE_HIGH = 0x14,
    GLOBAL_INCREMENT = 0x18,
    GLOBAL_END = 0x20
};
enum {
    CONTROL_ENABLE = 1,  /* of all, as the prescaler */
    CONTROL_COMPARE = 2, /* of each, as the next two */
    CONTROL_INTERRUPT = 4,
    CONTROL_INCREMENT = 8,
    CONTROL_OWN = 0xe,
    CONTROL_PRESCALE = 8 /* at that bit, 8 bits */
};

struct a9_global {
    tick alarm[MACHINE_HARTS_MAX]; /* the counter reaches the comparator */
    uint64_t from; /* the clock's count at which the counter was `value`, while it runs */
    uint64_t value;
    uint64_t compare[MACHINE_HARTS_MAX];
    uint32_t increment[MACHINE_HARTS_MAX];
    uint8_t control[MACHINE_HARTS_MAX];
    uint8_t event[MACHINE_HARTS_MAX];
    uint8_t enable;
    uint8_t prescale;
    uint8_t zero[6];
};

static const struct field fields[] = {
    FIELD_ARRAY(struct a9_global, alarm),
    FIELD(struct a9_global, from),
    FIELD(struct a9_global, value),
    FIELD_ARRAY(struct a9_global, compare),
    FIELD_ARRAY(struct a9_global, increment),
    FIELD_ARRAY_MASK(struct a9_global, control, CONTROL_OWN),
    FIELD_ARRAY_BOOL(struct a9_global, event),
    FIELD_BOOL(struct a9_global, enable),
    FIELD(struct a9_global, prescale),
    FIELD_ARRAY(struct a9_global, zero),
};

static uint64_t clock_now(const struct device *d)
{
    const struct a9_timer_config *config = d->config;

    return countdown_clock(d, config->clock_hz);
}

static unsigned divider(const struct a9_global *s)
{
    return 1u + s->prescale;
}

static uint64_t count(const struct device *d)
{
    const struct a9_global *s = d->state;

    return s->enable != 0 ? s->value + (clock_now(d) - s->from) / divider(s) : s->value;
}

/* The comparator is reached; one that goes on by itself goes beyond the counter. */
static void reach(struct a9_global *s, unsigned hart, uint64_t now)
{
    uint64_t step = s->increment[hart];

    s->event[hart] = 1;
    if ((s->control[hart] & CONTROL_INCREMENT) != 0 && step != 0) {
        s->compare[hart] += ((now - s->compare[hart]) / step + 1) * step;
    }
}

static bool compares(const struct a9_global *s, unsigned hart)
{
    return s->enable != 0 && (s->control[hart] & CONTROL_COMPARE) != 0;
}

/* When the counter becomes what it is compared with; an event that is there already is waited for only
 * where the comparator goes on. */
static void arm(struct device *d, unsigned hart)
{
    const struct a9_timer_config *config = d->config;
    struct a9_global *s = d->state;
    uint64_t now = count(d), left, clocks;

    if (compares(s, hart) && s->event[hart] == 0 && now >= s->compare[hart]) {
        reach(s, hart, now);
    }
    device_set_line(d, hart, s->event[hart] != 0 && (s->control[hart] & CONTROL_INTERRUPT) != 0);
    left = s->compare[hart] - s->value;
    if (!compares(s, hart) || now >= s->compare[hart] ||
        __builtin_mul_overflow(left, (uint64_t)divider(s), &clocks) ||
        __builtin_add_overflow(clocks, s->from, &clocks)) {
        device_set_alarm(d, hart, TICK_NEVER);
        return;
    }
    device_set_alarm(d, hart, countdown_tick(d, config->clock_hz, clocks));
}

static void arm_all(struct device *d)
{
    for (unsigned hart = 0; hart < device_hart_count(d); hart++) {
        arm(d, hart);
    }
}

static void a9_global_alarm(struct device *d, uint32_t hart)
{
    struct a9_global *s = d->state;

    reach(s, hart, count(d));
    arm(d, hart);
}

/* ---- registers --------------------------------------------------------------------------------*/

static unsigned hart_of(const struct device *d, struct mem_access a)
{
    unsigned hart = a.hart < 0 ? 0 : (unsigned)a.hart;

    must(hart < device_hart_count(d));
    return hart;
}

static uint64_t a9_global_read(struct device *d, struct mem_access a)
{
    const struct a9_global *s = d->state;
    unsigned hart = hart_of(d, a);

    switch (a.at) {
    case GLOBAL_COUNT_LOW: return (uint32_t)count(d);
    case GLOBAL_COUNT_HIGH: return count(d) >> 32;
    case GLOBAL_CONTROL:
        return (uint32_t)s->prescale << CONTROL_PRESCALE | s->control[hart] | s->enable;
    case GLOBAL_STATUS: return s->event[hart];
    case GLOBAL_COMPARE_LOW: return (uint32_t)s->compare[hart];
    case GLOBAL_COMPARE_HIGH: return s->compare[hart] >> 32;
    case GLOBAL_INCREMENT: return s->increment[hart];
    default: return device_bad_read(d, a);
    }
}

/* The counter goes on from what it shows. */
static void set_control(struct device *d, unsigned hart, uint32_t value)
{
    struct a9_global *s = d->state;
    uint64_t now = clock_now(d), shown = count(d);

    s->from = s->enable != 0 ? now - (now - s->from) % divider(s) : now;
    s->value = shown;
    s->enable = value & CONTROL_ENABLE;
    s->control[hart] = value & CONTROL_OWN;
    s->prescale = (uint8_t)(value >> CONTROL_PRESCALE);
}

static void set_count(struct device *d, unsigned first, uint32_t value)
{
    struct a9_global *s = d->state;

    s->value = bits_set(count(d), first, 32, value);
    s->from = clock_now(d);
}

static void a9_global_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct a9_global *s = d->state;
    unsigned hart = hart_of(d, a);

    switch (a.at) {
    case GLOBAL_COUNT_LOW: set_count(d, 0, (uint32_t)value); break;
    case GLOBAL_COUNT_HIGH: set_count(d, 32, (uint32_t)value); break;
    case GLOBAL_CONTROL: set_control(d, hart, (uint32_t)value); break;
    case GLOBAL_STATUS: s->event[hart] &= (uint8_t)~value & 1; break;
    case GLOBAL_COMPARE_LOW: s->compare[hart] = bits_set(s->compare[hart], 0, 32, value); break;
    case GLOBAL_COMPARE_HIGH: s->compare[hart] = bits_set(s->compare[hart], 32, 32, value); break;
    case GLOBAL_INCREMENT: s->increment[hart] = (uint32_t)value; break;
    default: device_bad_write(d, a, value);
    }
    arm_all(d);
}

const struct device_class a9_global = {
    .name = "a9-global-timer",
    .behaviour = 1,
    .windows = {{.bytes = GLOBAL_END, .sizes = 4}},
    .state = FIELD_TABLE(struct a9_global, fields),
    .alarm_offset = offsetof(struct a9_global, alarm),
    .alarm_count = MACHINE_HARTS_MAX,
    .output_lines = MACHINE_HARTS_MAX,
    .read = a9_global_read,
    .write = a9_global_write,
    .alarm = a9_global_alarm,
};
