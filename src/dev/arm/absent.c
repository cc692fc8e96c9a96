/* SPDX-License-Identifier: GPL-2.0-or-later
 * absent: what answers where a board has nothing, or a chip that is left out: reads give 0, writes are
 * lost, and neither is a fault. It lies below all that is there, over the first 4 GiB. No state.
 */
#include "dev/arm.h"

struct absent {
    uint64_t zero; /* a state is never of no bytes */
};

static const struct field fields[] = {FIELD(struct absent, zero)};

static uint64_t absent_read(struct device *d, struct mem_access a)
{
    (void)d;
    (void)a;
    return 0;
}

static void absent_write(struct device *d, struct mem_access a, uint64_t value)
{
    (void)d;
    (void)a;
    (void)value;
}

static void absent_map(struct device *d)
{
    device_map_window(d, 0, 0, MEM_BOTH, MEM_LEVEL_UNDER);
}

const struct device_class absent = {
    .name = "absent",
    .behaviour = 1,
    .windows = {{.bytes = 4 * GIB, .sizes = 1 | 2 | 4 | 8}},
    .map = absent_map,
    .state = FIELD_TABLE(struct absent, fields),
    .read = absent_read,
    .write = absent_write,
};
