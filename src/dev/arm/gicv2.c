/* SPDX-License-Identifier: GPL-2.0-or-later
 * gicv2: after Arm's Generic Interrupt Controller Architecture Specification, version 2.0 (IHI 0048B):
 * a distributor of 256 shared interrupts and the CPU interfaces of up to 8 harts, with both groups and 256
 * priorities. gicv2_cpu.c has the CPU interfaces.
 * Left out: the Security Extensions, the Virtualization Extensions (GICH, GICV), GICD_NSACR.
 */
#include "dev/arm/gicv2.h"

enum {
    GICD_CTLR = 0x000,
    GICD_TYPER = 0x004,
    GICD_IIDR = 0x008,
    GICD_IGROUPR = 0x080,
    GICD_ISENABLER = 0x100,
    GICD_ICENABLER = 0x180,
    GICD_ISPENDR = 0x200,
    GICD_ICPENDR = 0x280,
    GICD_ISACTIVER = 0x300,
    GICD_ICACTIVER = 0x380,
    GICD_IPRIORITYR = 0x400, /* a byte an interrupt, as the next */
    GICD_ITARGETSR = 0x800,
    GICD_ICFGR = 0xc00, /* two bits an interrupt */
    GICD_NSACR = 0xe00,
    GICD_SGIR = 0xf00,
    GICD_CPENDSGIR = 0xf10, /* a byte an SGI */
    GICD_SPENDSGIR = 0xf20,
    GICD_ID = 0xfd0, /* ICPIDR4 to 7, 0 to 3, ICCIDR0 to 3 */
    GICD_END = 0x1000
};
enum { IIDR_ARM = 0x43b, IIDR_A9 = 0x0102043b };
enum { SGIR_TO_LIST, SGIR_TO_OTHERS, SGIR_TO_SELF };

#define SGI_BITS     0xffffu
#define PRIVATE_BITS UINT32_MAX

/* FIELD_ARRAY of the words of one kind. */
#define WORDS_FIELD(m) FIELD_ARRAY(struct gicv2, m)

static const struct field fields[] = {
    WORDS_FIELD(group),
    WORDS_FIELD(enable),
    WORDS_FIELD(latch),
    WORDS_FIELD(active),
    WORDS_FIELD(level),
    WORDS_FIELD(edge),
    FIELD_ARRAY(struct gicv2, apr),
    FIELD_ARRAY(struct gicv2, nsapr),
    FIELD_ARRAY(struct gicv2, priority),
    FIELD_ARRAY(struct gicv2, target),
    FIELD_ARRAY(struct gicv2, sgi_from),
    FIELD_ARRAY_MASK(struct gicv2, ctlr, GICC_CTLR_KEPT),
    FIELD_ARRAY(struct gicv2, pmr),
    FIELD_ARRAY_MAX(struct gicv2, bpr, GICC_BPR_MAX),
    FIELD_ARRAY_MAX(struct gicv2, abpr, GICC_BPR_MAX),
    FIELD_MASK(struct gicv2, dist_ctlr, GIC_GROUPS),
    FIELD_ARRAY(struct gicv2, zero),
};

/* ---- what is pending --------------------------------------------------------------------------*/

static uint32_t sgis_pending(const struct gicv2 *s, unsigned hart)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < GIC_SGIS; i++) {
        bits |= (uint32_t)(s->sgi_from[hart * GIC_SGIS + i] != 0) << i;
    }
    return bits;
}

uint32_t gicv2_pending(const struct gicv2 *s, unsigned hart, unsigned word)
{
    unsigned at = gicv2_slot(hart, word);
    uint32_t bits = s->latch[at] | (s->level[at] & ~s->edge[at]);

    return word == 0 ? (bits & ~SGI_BITS) | sgis_pending(s, hart) : bits;
}

/* A hart's input rises or falls. */
static void gicv2_line(struct device *d, uint32_t n, bool level)
{
    struct gicv2 *s = d->state;
    unsigned hart = n < GIC_SPIS ? 0 : (n - GIC_SPIS) / GIC_PRIVATE;
    unsigned intid = n < GIC_SPIS ? GIC_PRIVATE + n : (n - GIC_SPIS) % GIC_PRIVATE;
    unsigned at = gicv2_slot(hart, intid / 32);
    uint32_t bit = UINT32_C(1) << intid % 32;

    must(hart < device_hart_count(d) && intid >= GIC_SGIS);
    if (((s->level[at] & bit) != 0) == level) {
        return;
    }
    s->level[at] ^= bit;
    s->latch[at] |= level ? bit & s->edge[at] : 0;
    gicv2_update(d);
}

/* ---- registers with a bit an interrupt --------------------------------------------------------*/

static unsigned interrupts(const struct device *d)
{
    const struct gicv2_config *config = gicv2_config_of(d);

    return GIC_PRIVATE + (config != NULL && config->spis <= GIC_SPIS ? config->spis : GIC_SPIS);
}

/* The hart whose registers an access reaches: DMA has those of the first. */
static unsigned bank_of(struct mem_access a)
{
    return a.hart < 0 ? 0 : (unsigned)a.hart;
}

static uint32_t read_bits(const struct gicv2 *s, unsigned hart, uint64_t at)
{
    unsigned word = (unsigned)(at % 0x80 / 4), slot = gicv2_slot(hart, word);

    switch (at & ~UINT64_C(0x7f)) {
    case GICD_IGROUPR: return s->group[slot];
    case GICD_ISENABLER:
    case GICD_ICENABLER: return s->enable[slot];
    case GICD_ISPENDR:
    case GICD_ICPENDR: return gicv2_pending(s, hart, word);
    default: return s->active[slot];
    }
}

/* SGIs are always enabled, and pend by registers of their own. */
static void write_bits(struct gicv2 *s, unsigned hart, uint64_t at, uint32_t value)
{
    unsigned word = (unsigned)(at % 0x80 / 4), slot = gicv2_slot(hart, word);
    uint32_t no_sgis = word == 0 ? value & ~SGI_BITS : value;

    switch (at & ~UINT64_C(0x7f)) {
    case GICD_IGROUPR: s->group[slot] = value; break;
    case GICD_ISENABLER: s->enable[slot] |= value; break;
    case GICD_ICENABLER: s->enable[slot] &= ~no_sgis; break;
    case GICD_ISPENDR: s->latch[slot] |= no_sgis; break;
    case GICD_ICPENDR: s->latch[slot] &= ~no_sgis; break;
    case GICD_ISACTIVER: s->active[slot] |= value; break;
    default: s->active[slot] &= ~value;
    }
}

/* ---- registers with bytes or two bits an interrupt --------------------------------------------*/

static bool has_bytes(uint64_t at)
{
    return (at >= GICD_IPRIORITYR && at < GICD_ICFGR) || (at >= GICD_CPENDSGIR && at < GICD_ID);
}

static uint8_t all_harts(const struct device *d)
{
    return (uint8_t)((1u << device_hart_count(d)) - 1);
}

static uint8_t read_byte(const struct device *d, unsigned hart, uint64_t at)
{
    const struct gicv2 *s = d->state;
    unsigned intid = (unsigned)(at % 0x400);

    if (at >= GICD_CPENDSGIR) {
        return s->sgi_from[hart * GIC_SGIS + at % 16];
    }
    if (intid >= interrupts(d)) {
        return 0;
    }
    if (at < GICD_ITARGETSR) {
        return s->priority[gicv2_byte(hart, intid)];
    }
    if (device_hart_count(d) == 1) {
        return 0; /* where there is no choice, the registers are not there */
    }
    return intid < GIC_PRIVATE ? (uint8_t)(1u << hart) : s->target[intid - GIC_PRIVATE];
}

static void write_byte(struct device *d, unsigned hart, uint64_t at, uint8_t value)
{
    struct gicv2 *s = d->state;
    unsigned intid = (unsigned)(at % 0x400);

    if (at >= GICD_CPENDSGIR) {
        uint8_t *from = &s->sgi_from[hart * GIC_SGIS + at % 16];

        *from = (uint8_t)(at < GICD_SPENDSGIR ? *from & ~value : *from | (value & all_harts(d)));
    } else if (intid >= interrupts(d)) {
        return;
    } else if (at < GICD_ITARGETSR) {
        s->priority[gicv2_byte(hart, intid)] = value & gicv2_priority_bits(d);
    } else if (intid >= GIC_PRIVATE && device_hart_count(d) > 1) {
        s->target[intid - GIC_PRIVATE] = value & all_harts(d);
    }
}

/* 16 interrupts to a register; the lower of the two bits is reserved. */
static uint32_t read_config(const struct gicv2 *s, unsigned hart, uint64_t at)
{
    unsigned first = (unsigned)(at - GICD_ICFGR) * 4;
    uint32_t half = s->edge[gicv2_slot(hart, first / 32)] >> first % 32, value = 0;

    for (unsigned i = 0; i < 16; i++) {
        value |= (half >> i & 1) << (2 * i + 1);
    }
    return value;
}

static void write_config(struct gicv2 *s, unsigned hart, uint64_t at, uint32_t value)
{
    unsigned first = (unsigned)(at - GICD_ICFGR) * 4;
    uint32_t *edge = &s->edge[gicv2_slot(hart, first / 32)];

    for (unsigned i = 0; i < 16; i++) {
        *edge = (uint32_t)bits_set(*edge, first % 32 + i, 1, value >> (2 * i + 1) & 1);
    }
    if (first < GIC_PRIVATE) {
        *edge |= SGI_BITS;
    }
}

/* ---- the distributor --------------------------------------------------------------------------*/

static void send_sgi(struct device *d, unsigned hart, uint32_t value)
{
    struct gicv2 *s = d->state;
    unsigned self = 1u << hart, to = 0;

    switch (bits_get(value, 24, 2)) {
    case SGIR_TO_LIST: to = (unsigned)bits_get(value, 16, 8); break;
    case SGIR_TO_OTHERS: to = ~self; break;
    case SGIR_TO_SELF: to = self; break;
    default: break;
    }
    for (unsigned h = 0; h < device_hart_count(d); h++) {
        if (to >> h & 1) {
            s->sgi_from[h * GIC_SGIS + value % GIC_SGIS] |= (uint8_t)self;
        }
    }
}

static const uint8_t ids[] = {0x04, 0, 0, 0, 0x90, 0xb4, 0x2b, 0, 0x0d, 0xf0, 0x05, 0xb1};
static const uint8_t ids_a9[] = {0x04, 0, 0, 0, 0x90, 0xb3, 0x1b, 0, 0x0d, 0xf0, 0x05, 0xb1};

static uint64_t read_register(struct device *d, struct mem_access a)
{
    const struct gicv2 *s = d->state;
    unsigned hart = bank_of(a);

    switch (a.at) {
    case GICD_CTLR: return s->dist_ctlr;
    case GICD_TYPER: return (device_hart_count(d) - 1) << 5 | (interrupts(d) / 32 - 1);
    case GICD_IIDR: return gicv2_is_a9(d) ? IIDR_A9 : IIDR_ARM;
    default: break;
    }
    if (a.at >= GICD_IGROUPR && a.at < GICD_IPRIORITYR) {
        return a.at % 0x80 * 8 < interrupts(d) ? read_bits(s, hart, a.at) : 0;
    }
    if (a.at >= GICD_ICFGR && a.at < GICD_NSACR) {
        return (a.at - GICD_ICFGR) * 4 < interrupts(d) ? read_config(s, hart, a.at) : 0;
    }
    if (a.at >= GICD_ID) {
        return (gicv2_is_a9(d) ? ids_a9 : ids)[(a.at - GICD_ID) / 4];
    }
    return a.at >= GICD_NSACR && a.at < GICD_SGIR ? 0 : device_bad_read(d, a);
}

static void write_register(struct device *d, struct mem_access a, uint64_t value)
{
    struct gicv2 *s = d->state;
    unsigned hart = bank_of(a);

    if (a.at == GICD_CTLR) {
        s->dist_ctlr = value & GIC_GROUPS;
    } else if (a.at >= GICD_IGROUPR && a.at < GICD_IPRIORITYR) {
        if (a.at % 0x80 * 8 < interrupts(d)) {
            write_bits(s, hart, a.at, (uint32_t)value);
        }
    } else if (a.at >= GICD_ICFGR && a.at < GICD_NSACR) {
        if ((a.at - GICD_ICFGR) * 4 < interrupts(d)) {
            write_config(s, hart, a.at, (uint32_t)value);
        }
    } else if (a.at == GICD_SGIR) {
        send_sgi(d, hart, (uint32_t)value);
    } else if (a.at < GICD_NSACR || a.at > GICD_SGIR) {
        device_bad_write(d, a, value);
    }
}

static uint64_t gicv2_read(struct device *d, struct mem_access a)
{
    uint64_t value = 0;

    if (a.window == GICV2_WINDOW_CPU) {
        return gicv2_cpu_read(d, bank_of(a), a);
    }
    if (has_bytes(a.at)) {
        for (unsigned i = 0; i < a.size; i++) {
            value |= (uint64_t)read_byte(d, bank_of(a), a.at + i) << 8 * i;
        }
        return value;
    }
    return a.size == 4 ? read_register(d, a) : device_bad_read(d, a);
}

static void gicv2_write(struct device *d, struct mem_access a, uint64_t value)
{
    if (a.window == GICV2_WINDOW_CPU) {
        gicv2_cpu_write(d, bank_of(a), a, (uint32_t)value);
    } else if (has_bytes(a.at)) {
        for (unsigned i = 0; i < a.size; i++) {
            write_byte(d, bank_of(a), a.at + i, (uint8_t)(value >> 8 * i));
        }
    } else if (a.size == 4) {
        write_register(d, a, value);
    } else {
        device_bad_write(d, a, value);
    }
    gicv2_update(d);
}

/* ---- resets -----------------------------------------------------------------------------------*/

static void gicv2_reset(struct device *d)
{
    struct gicv2 *s = d->state;

    for (unsigned h = 0; h < MACHINE_HARTS_MAX; h++) {
        s->enable[h] = SGI_BITS;
        s->edge[h] = SGI_BITS;
        s->abpr[h] = GICC_ABPR_LEAST;
    }
    for (unsigned i = 0; i < GIC_SPIS && device_hart_count(d) == 1; i++) {
        s->target[i] = 1;
    }
    gicv2_update(d);
}

static uint64_t gicv2_window_bytes(const struct device *d, unsigned window)
{
    return window == GICV2_WINDOW_CPU && gicv2_is_a9(d) ? GICV2_A9_CPU_BYTES
                                                        : gicv2.windows[window].bytes;
}

/* The outputs of a hart that was reset alone are down. */
static void gicv2_hart_reset(struct device *d, unsigned hart)
{
    struct gicv2 *s = d->state;

    s->level[gicv2_slot(hart, 0)] = 0;
    gicv2_update(d);
}

const struct device_class gicv2 = {
    .name = "gicv2",
    .behaviour = 1,
    .windows = {[GICV2_WINDOW_DISTRIBUTOR] = {.bytes = GICD_END,
                                              .sizes = 1 | 2 | 4,
                                              .splits = true},
                [GICV2_WINDOW_CPU] = {.bytes = 0x2000, .sizes = 4, .splits = true}},
    .window_bytes = gicv2_window_bytes,
    .state = FIELD_TABLE(struct gicv2, fields),
    .reset = gicv2_reset,
    .hart_reset = gicv2_hart_reset,
    .read = gicv2_read,
    .write = gicv2_write,
    .line = gicv2_line,
};
