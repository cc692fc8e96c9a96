/* SPDX-License-Identifier: GPL-2.0-or-later
 * gicv2m: a frame that makes message-signalled interrupts of a GICv2's shared ones, after Arm's Server Base
 * System Architecture 2.3 (DEN 0029), appendix I: a store of an interrupt's number raises its line for a
 * moment, which the distributor remembers if it takes it for edge-triggered.
 */
#include "dev/arm.h"

enum { MSI_TYPER = 0x008, MSI_SETSPI_NS = 0x040, MSI_IIDR = 0xfcc };
enum { IIDR_ARM = 0x43b, NUMBER_MASK = 0x3ff };

struct gicv2m {
    uint64_t zero; /* a state is never of no bytes */
};

static const struct field fields[] = {FIELD(struct gicv2m, zero)};

static uint32_t first_intid(const struct device *d)
{
    return ((const struct gicv2m_config *)d->config)->first_spi + GIC_PRIVATE;
}

static uint64_t gicv2m_read(struct device *d, struct mem_access a)
{
    switch (a.at) {
    case MSI_TYPER: return first_intid(d) << 16 | GICV2M_SPIS;
    case MSI_IIDR: return IIDR_ARM;
    default: return device_bad_read(d, a);
    }
}

static void gicv2m_write(struct device *d, struct mem_access a, uint64_t value)
{
    uint32_t n = (uint32_t)(value & NUMBER_MASK) - first_intid(d);

    if (a.at != MSI_SETSPI_NS || n >= GICV2M_SPIS) {
        device_bad_write(d, a, value);
        return;
    }
    device_set_line(d, n, true);
    device_set_line(d, n, false);
}

const struct device_class gicv2m = {
    .name = "gicv2m",
    .behaviour = 1,
    .windows = {{.bytes = 0x1000, .sizes = 4}},
    .state = FIELD_TABLE(struct gicv2m, fields),
    .output_lines = GICV2M_SPIS,
    .read = gicv2m_read,
    .write = gicv2m_write,
};
