/* SPDX-License-Identifier: GPL-2.0-or-later
 * a9_scu: the snoop control unit of a Cortex-A9 MPCore, after its technical reference manual (DDI 0407),
 * chapter 2. Caches are always coherent here: it says how many processors there are, and keeps the rest.
 */
#include "dev/arm.h"

enum {
    SCU_CONTROL = 0x00,
    SCU_CONFIG = 0x04,
    SCU_POWER = 0x08, /* a byte a processor */
    SCU_INVALIDATE = 0x0c,
    SCU_FILTER_START = 0x40,
    SCU_FILTER_END = 0x44,
    SCU_SAC = 0x50,
    SCU_SNSAC = 0x54,
    SCU_END = 0x100
};
#define FILTER_KEPT UINT32_C(0xfff00000)
enum { CONTROL_KEPT = 0x7f, POWER_KEPT = 0x03030303, SAC_KEPT = 0xfff };

struct a9_scu {
    uint32_t control;
    uint32_t power;
    uint32_t filter[2];
    uint32_t access[2];
};

static const struct field fields[] = {
    FIELD_MASK(struct a9_scu, control, CONTROL_KEPT),
    FIELD_MASK(struct a9_scu, power, POWER_KEPT),
    FIELD_ARRAY_MASK(struct a9_scu, filter, FILTER_KEPT),
    FIELD_ARRAY_MASK(struct a9_scu, access, SAC_KEPT),
};

/* Their number, and that all take part in coherency. */
static uint32_t configuration(const struct device *d)
{
    unsigned harts = device_hart_count(d);

    return ((1u << harts) - 1) << 4 | (harts - 1);
}

static uint64_t read_register(struct device *d, struct mem_access a)
{
    const struct a9_scu *s = d->state;

    switch (a.at & ~UINT64_C(3)) {
    case SCU_CONTROL: return s->control;
    case SCU_CONFIG: return configuration(d);
    case SCU_POWER: return s->power;
    case SCU_INVALIDATE: return 0;
    case SCU_FILTER_START: return s->filter[0];
    case SCU_FILTER_END: return s->filter[1];
    case SCU_SAC: return s->access[0];
    case SCU_SNSAC: return s->access[1];
    default: return device_bad_read(d, a);
    }
}

static uint64_t a9_scu_read(struct device *d, struct mem_access a)
{
    return bits_get(read_register(d, a) >> 8 * (a.at & 3), 0, 8 * a.size);
}

static void a9_scu_write(struct device *d, struct mem_access a, uint64_t wide)
{
    struct a9_scu *s = d->state;
    unsigned shift = 8 * (unsigned)(a.at & 3);
    uint32_t mask = (uint32_t)bits_set(0, 0, 8 * a.size, UINT64_MAX) << shift;
    uint32_t value = (uint32_t)wide << shift;

    switch (a.at & ~UINT64_C(3)) {
    case SCU_CONTROL: s->control = ((s->control & ~mask) | (value & mask)) & CONTROL_KEPT; break;
    case SCU_POWER: s->power = ((s->power & ~mask) | (value & mask)) & POWER_KEPT; break;
    case SCU_INVALIDATE: break;
    case SCU_FILTER_START: s->filter[0] = value & FILTER_KEPT; break;
    case SCU_FILTER_END: s->filter[1] = value & FILTER_KEPT; break;
    case SCU_SAC: s->access[0] = value & SAC_KEPT; break;
    case SCU_SNSAC: s->access[1] = value & SAC_KEPT; break;
    default: device_bad_write(d, a, wide);
    }
}

static void a9_scu_reset(struct device *d)
{
    struct a9_scu *s = d->state;

    for (unsigned i = 0; i < ARRAY_LEN(s->access); i++) {
        s->access[i] = i == 0 ? 0xf : 0;
    }
}

const struct device_class a9_scu = {
    .name = "a9-scu",
    .behaviour = 1,
    .windows = {{.bytes = SCU_END, .sizes = 1 | 2 | 4}},
    .state = FIELD_TABLE(struct a9_scu, fields),
    .reset = a9_scu_reset,
    .read = a9_scu_read,
    .write = a9_scu_write,
};
