/* SPDX-License-Identifier: GPL-2.0-or-later
 * gicv2: what the distributor and the CPU interfaces share: see gicv2.c.
 */
#ifndef DEV_ARM_GICV2_H
#define DEV_ARM_GICV2_H

#include "dev/arm.h"

enum { GICV2_WINDOW_DISTRIBUTOR, GICV2_WINDOW_CPU };
enum { GICV2_A9_CPU_BYTES = 0x100 };
enum { GIC_GROUP0 = 1, GIC_GROUP1 = 2, GIC_GROUPS = 3 };
enum {
    GICC_CTLR_ACKCTL = 0x4,
    GICC_CTLR_FIQEN = 0x8,
    GICC_CTLR_CBPR = 0x10,
    GICC_CTLR_EOIMODE = 0x200,
    GICC_CTLR_KEPT = 0x3ff
};
enum { GICC_BPR_MAX = 7, GICC_ABPR_LEAST = 1 };
enum { GIC_SPURIOUS_GROUP1 = 1022, GIC_SPURIOUS = 1023 };

#define GIC_SGIS    16
#define GICV2_WORDS (GIC_INTERRUPTS / 32)
/* Word 0 is banked, one for each hart; then the others. */
#define GICV2_SLOTS (MACHINE_HARTS_MAX + GICV2_WORDS - 1)
#define GICV2_BYTES (GIC_PRIVATE * MACHINE_HARTS_MAX + GIC_SPIS)
#define GICV2_APRS  4 /* words of 32 priorities, of 128 groups of two */

struct gicv2 {
    uint32_t group[GICV2_SLOTS];
    uint32_t enable[GICV2_SLOTS];
    uint32_t latch[GICV2_SLOTS]; /* an edge came, or it was set pending; of all but SGIs */
    uint32_t active[GICV2_SLOTS];
    uint32_t level[GICV2_SLOTS];                  /* of the inputs */
    uint32_t edge[GICV2_SLOTS];                   /* it is edge-triggered, else its level counts */
    uint32_t apr[MACHINE_HARTS_MAX * GICV2_APRS]; /* active priorities of group 0 */
    uint32_t nsapr[MACHINE_HARTS_MAX * GICV2_APRS]; /* of group 1 */
    uint8_t priority[GICV2_BYTES];
    uint8_t target[GIC_SPIS];                       /* harts, a bit each */
    uint8_t sgi_from[MACHINE_HARTS_MAX * GIC_SGIS]; /* harts that sent it, and wait to be served */
    uint16_t ctlr[MACHINE_HARTS_MAX];
    uint8_t pmr[MACHINE_HARTS_MAX];
    uint8_t bpr[MACHINE_HARTS_MAX];
    uint8_t abpr[MACHINE_HARTS_MAX];
    uint8_t dist_ctlr;
    uint8_t zero[3];
};

static inline unsigned gicv2_slot(unsigned hart, unsigned word)
{
    return word == 0 ? hart : MACHINE_HARTS_MAX + word - 1;
}
/* The place of an interrupt's byte in `priority`. */
static inline unsigned gicv2_byte(unsigned hart, unsigned intid)
{
    return intid < GIC_PRIVATE ? GIC_PRIVATE * hart + intid
                               : GIC_PRIVATE * MACHINE_HARTS_MAX + intid - GIC_PRIVATE;
}

/* What the board says of it; NULL: a GICv2 with all that it can have. */
static inline const struct gicv2_config *gicv2_config_of(const struct device *d)
{
    return d->config;
}
/* Cortex-A9's, which is of architecture 1 and has 32 priorities. */
static inline bool gicv2_is_a9(const struct device *d)
{
    const struct gicv2_config *config = gicv2_config_of(d);

    return config != NULL && config->is_a9 != 0;
}
/* The bits of a priority that are there. */
static inline uint8_t gicv2_priority_bits(const struct device *d)
{
    return gicv2_is_a9(d) ? 0xf8 : 0xff;
}

/* A word of interrupts that are pending, for a hart. */
uint32_t gicv2_pending(const struct gicv2 *s, unsigned hart, unsigned word);

/* gicv2_cpu.c: drives the harts' pins from the state. */
void gicv2_update(struct device *d);
uint64_t gicv2_cpu_read(struct device *d, unsigned hart, struct mem_access a);
void gicv2_cpu_write(struct device *d, unsigned hart, struct mem_access a, uint32_t value);

#endif
