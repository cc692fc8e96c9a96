/* SPDX-License-Identifier: GPL-2.0-or-later
 * scratch: the smallest possible device, made to be copied: a word that remembers, and a timer that
 * raises a line. After docs/devices.md; no real chip, so nothing is left out.
 */
#include "dev/dev.h"

enum {
    VALUE = 0x0, /* what was written last */
    DELAY = 0x4, /* write: the line rises after so many ns; 0 stops the timer. Read: 0 */
    STATUS = 0x8 /* bit 0: the line is up; writing 1 to it lowers it */
};

struct scratch { /* state: all of it, and no pointers */
    tick alarm[1];
    uint32_t value;
    uint8_t pending;
    uint8_t zero[3];
};

static const struct field fields[] = {
    FIELD_ARRAY(struct scratch, alarm),
    FIELD(struct scratch, value),
    FIELD_BOOL(struct scratch, pending),
    FIELD_ARRAY(struct scratch, zero),
};

static void scratch_reset(struct device *d)
{
    device_set_line(d, 0, false);
}

static uint64_t scratch_read(struct device *d, struct mem_access a)
{
    struct scratch *s = d->state;

    switch (a.at) {
    case VALUE: return s->value;
    case DELAY: return 0;
    case STATUS: return s->pending;
    default: return device_bad_read(d, a);
    }
}

static void scratch_set_pending(struct device *d, bool pending)
{
    struct scratch *s = d->state;

    s->pending = pending;
    device_set_line(d, 0, pending);
}

static void scratch_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct scratch *s = d->state;

    switch (a.at) {
    case VALUE: s->value = (uint32_t)value; break;
    case DELAY:
        device_set_alarm(d, 0,
                         value == 0 ? TICK_NEVER : device_tick_at(d, device_now_ns(d) + value));
        break;
    case STATUS:
        if ((value & 1) != 0) {
            scratch_set_pending(d, false);
        }
        break;
    default: device_bad_write(d, a, value);
    }
}

static void scratch_alarm(struct device *d, uint32_t i)
{
    (void)i;
    scratch_set_pending(d, true);
}

const struct device_class scratch = {
    .name = "scratch",
    .behaviour = 2,
    .windows = {{.bytes = 0x1000, .sizes = 4}},
    .state = FIELD_TABLE(struct scratch, fields),
    .alarm_offset = offsetof(struct scratch, alarm),
    .alarm_count = 1,
    .output_lines = 1,
    .reset = scratch_reset,
    .read = scratch_read,
    .write = scratch_write,
    .alarm = scratch_alarm,
};
