/* SPDX-License-Identifier: GPL-2.0-or-later
 * test_finisher: SiFive's test device, the `sifive,test0` and `sifive,test1` of the device tree
 * bindings, also used as a syscon for power-off and reset. One register that is only written; a
 * value without a meaning is a guest error. It has no state.
 */
#include "dev/dev.h"

enum {
    FINISHER = 0x0,
    FINISHER_FAIL = 0x3333, /* bits 16 and up: the exit status */
    FINISHER_PASS = 0x5555,
    FINISHER_RESET = 0x7777
};

struct test_finisher {
    uint64_t zero; /* a state is never of no bytes */
};

static const struct field fields[] = {FIELD(struct test_finisher, zero)};

static uint64_t finisher_read(struct device *d, struct mem_access a)
{
    /* A syscon driver may read before it writes. */
    return a.at == FINISHER ? 0 : device_bad_read(d, a);
}

static void finisher_write(struct device *d, struct mem_access a, uint64_t value)
{
    if (a.at != FINISHER) {
        device_bad_write(d, a, value);
        return;
    }
    switch (value & 0xffff) {
    case FINISHER_FAIL:
        machine_power_off(d->machine, POWER_FAILED, (uint32_t)bits_get(value, 16, 16));
        break;
    case FINISHER_PASS: machine_power_off(d->machine, POWER_OFF, 0); break;
    case FINISHER_RESET: machine_request_reset(d->machine, RESET_WARM); break;
    default: device_bad_write(d, a, value);
    }
}

const struct device_class test_finisher = {
    .name = "test-finisher",
    .behaviour = 2,
    .windows = {{.bytes = 0x1000, .sizes = 2 | 4}},
    .state = FIELD_TABLE(struct test_finisher, fields),
    .read = finisher_read,
    .write = finisher_write,
};
