/* SPDX-License-Identifier: GPL-2.0-or-later
 * gpio_key: a key at a general-purpose pin, such as a power button: pressed from outside, and let go a
 * tenth of a second later. Its line is up while it is held down.
 */
#include "dev/arm.h"

#define HELD_NS UINT64_C(100000000)

struct gpio_key {
    tick alarm[1]; /* it is let go */
};

static const struct field fields[] = {FIELD_ARRAY(struct gpio_key, alarm)};

void gpio_key_press(struct device *d)
{
    device_set_line(d, 0, true);
    device_set_alarm(d, 0, device_tick_at(d, device_now_ns(d) + HELD_NS));
}

static void gpio_key_alarm(struct device *d, uint32_t i)
{
    (void)i;
    device_set_line(d, 0, false);
}

const struct device_class gpio_key = {
    .name = "gpio-key",
    .behaviour = 1,
    .state = FIELD_TABLE(struct gpio_key, fields),
    .alarm_offset = offsetof(struct gpio_key, alarm),
    .alarm_count = 1,
    .output_lines = 1,
    .alarm = gpio_key_alarm,
};
