/* SPDX-License-Identifier: GPL-2.0-or-later
 * gicv3: after Arm's Generic Interrupt Controller Architecture Specification, version 3 (IHI 0069): the
 * distributor of 256 shared interrupts and the redistributors of up to 8 harts, in one security state
 * (GICD_CTLR.DS is 1) and with affinity routing alone. gicv3_cpu.c has the CPU interfaces, which harts
 * reach by system registers, gicv3_virtual.c those of their guests, gicv3_lpi.c and gicv3_its.c the message-signalled interrupts.
 * Left out: a second security state, legacy operation, 1-of-N routing, message-based SPIs, extended
 * ranges.
 */
#include "dev/arm/gicv3.h"

enum {
    GICD_CTLR = 0x000,
    GICD_TYPER = 0x004,
    GICD_IIDR = 0x008,
    GICD_TYPER2 = 0x00c,
    GICD_STATUSR = 0x010,
    GIC_IGROUPR = 0x080, /* these are of the redistributors' SGI frames as well */
    GIC_ISENABLER = 0x100,
    GIC_ICENABLER = 0x180,
    GIC_ISPENDR = 0x200,
    GIC_ICPENDR = 0x280,
    GIC_ISACTIVER = 0x300,
    GIC_ICACTIVER = 0x380,
    GIC_IPRIORITYR = 0x400,
    GICD_ITARGETSR = 0x800,
    GIC_ICFGR = 0xc00,
    GIC_IGRPMODR = 0xd00,
    GIC_NSACR = 0xe00,
    GICD_SGIR = 0xf00,
    GICD_END_OLD = 0xf30,
    GICD_IROUTER = 0x6000
};
enum {
    GICR_CTLR = 0x00,
    GICR_IIDR = 0x04,
    GICR_TYPER = 0x08,
    GICR_STATUSR = 0x10,
    GICR_WAKER = 0x14,
    GICR_PROPBASER = 0x70,
    GICR_PENDBASER = 0x78
};
enum { CTLR_ARE = 0x10, CTLR_DS = 0x40 };
#define TYPER_LPIS   (UINT32_C(1) << 17)
#define TYPER_IDBITS ((uint32_t)(GICV3_ID_BITS - 1) << 19)
#define TYPER_A3V    (UINT32_C(1) << 24)
#define TYPER_NO1N   (UINT32_C(1) << 25)
enum { GICR_TYPER_PLPIS = 1, GICR_TYPER_LAST = 0x10 };
enum { WAKER_PROCESSOR_SLEEP = 2, WAKER_CHILDREN_ASLEEP = 4 };
enum { IIDR_ARM = 0x43b, PART_DISTRIBUTOR = 0x92, PART_REDISTRIBUTOR = 0x93 };

#define SGI_BITS      0xffffu
#define PROPBASER_SET UINT64_C(0x070ffffffffff79f) /* caches, address, shareability, ID bits */
#define PENDBASER_SET UINT64_C(0x070fffffffff0f80)

static const struct field fields[] = {
    FIELD_ARRAY_MASK(struct gicv3, route, GICV3_AFFINITY),
    FIELD_ARRAY_MASK(struct gicv3, propbaser, PROPBASER_SET),
    FIELD_ARRAY_MASK(struct gicv3, pendbaser, PENDBASER_SET),
    FIELD_ARRAY(struct gicv3, its_baser),
    FIELD(struct gicv3, its_cbaser),
    FIELD_MASK(struct gicv3, its_cwriter, 0xfffe0),
    FIELD_MASK(struct gicv3, its_creadr, 0xfffe0),
    FIELD_ARRAY_MASK(struct gicv3, ich_lr, GICV3_ICH_LR),
    FIELD_ARRAY(struct gicv3, group),
    FIELD_ARRAY(struct gicv3, enable),
    FIELD_ARRAY(struct gicv3, latch),
    FIELD_ARRAY(struct gicv3, active),
    FIELD_ARRAY(struct gicv3, level),
    FIELD_ARRAY(struct gicv3, edge),
    FIELD_ARRAY(struct gicv3, ap0r),
    FIELD_ARRAY(struct gicv3, ap1r),
    FIELD_ARRAY_MAX(struct gicv3, lpi, (1 << GICV3_ID_BITS) - 1),
    FIELD_ARRAY_MASK(struct gicv3, ich_hcr, GICV3_ICH_HCR),
    FIELD_ARRAY_MASK(struct gicv3, ich_vmcr, GICV3_ICH_VMCR),
    FIELD_ARRAY(struct gicv3, ich_ap0r),
    FIELD_ARRAY(struct gicv3, ich_ap1r),
    FIELD_ARRAY(struct gicv3, priority),
    FIELD_ARRAY_MASK(struct gicv3, lpi_priority, 0xfc),
    FIELD_ARRAY_MASK(struct gicv3, pmr, 0xf8),
    FIELD_ARRAY_MAX(struct gicv3, bpr0, ICC_BPR_MAX),
    FIELD_ARRAY_MAX(struct gicv3, bpr1, ICC_BPR_MAX),
    FIELD_ARRAY_MASK(struct gicv3, ctlr, ICC_CTLR_KEPT),
    FIELD_ARRAY_MASK(struct gicv3, groups_on, GICV3_GROUPS),
    FIELD_ARRAY_BOOL(struct gicv3, lpis_on),
    FIELD_ARRAY_BOOL(struct gicv3, is_asleep),
    FIELD_MASK(struct gicv3, dist_ctlr, GICV3_GROUPS),
    FIELD_BOOL(struct gicv3, its_is_on),
    FIELD_ARRAY(struct gicv3, zero),
};

uint32_t gicv3_pending(const struct gicv3 *s, unsigned slot)
{
    return s->latch[slot] | (s->level[slot] & ~s->edge[slot]);
}

static void gicv3_line(struct device *d, uint32_t n, bool level)
{
    struct gicv3 *s = d->state;
    unsigned hart = n < GIC_SPIS ? 0 : (n - GIC_SPIS) / GIC_PRIVATE;
    unsigned intid = n < GIC_SPIS ? GIC_PRIVATE + n : (n - GIC_SPIS) % GIC_PRIVATE;
    unsigned slot = gicv3_slot(hart, intid / 32);
    uint32_t bit = UINT32_C(1) << intid % 32;

    must(hart < device_hart_count(d) && intid >= GICV3_SGIS);
    if (((s->level[slot] & bit) != 0) == level) {
        return;
    }
    s->level[slot] ^= bit;
    s->latch[slot] |= level ? bit & s->edge[slot] : 0;
    gicv3_update(d);
}

/* ---- registers that distributor and redistributors share --------------------------------------*/

static uint32_t read_bits(const struct gicv3 *s, unsigned slot, uint64_t at)
{
    switch (at & ~UINT64_C(0x7f)) {
    case GIC_IGROUPR: return s->group[slot];
    case GIC_ISENABLER:
    case GIC_ICENABLER: return s->enable[slot];
    case GIC_ISPENDR:
    case GIC_ICPENDR: return gicv3_pending(s, slot);
    default: return s->active[slot];
    }
}

static void write_bits(struct gicv3 *s, unsigned slot, uint64_t at, uint32_t value)
{
    switch (at & ~UINT64_C(0x7f)) {
    case GIC_IGROUPR: s->group[slot] = value; break;
    case GIC_ISENABLER: s->enable[slot] |= value; break;
    case GIC_ICENABLER: s->enable[slot] &= ~value; break;
    case GIC_ISPENDR: s->latch[slot] |= value; break;
    case GIC_ICPENDR: s->latch[slot] &= ~value; break;
    case GIC_ISACTIVER: s->active[slot] |= value; break;
    default: s->active[slot] &= ~value;
    }
}

/* 16 interrupts to a register, the upper or the lower half of a word; the lower of two bits is reserved. */
static uint32_t read_config(const struct gicv3 *s, unsigned slot, bool upper)
{
    uint32_t half = s->edge[slot] >> (upper ? 16 : 0), value = 0;

    for (unsigned i = 0; i < 16; i++) {
        value |= (half >> i & 1) << (2 * i + 1);
    }
    return value;
}

static void write_config(struct gicv3 *s, unsigned slot, bool upper, uint32_t value)
{
    for (unsigned i = 0; i < 16; i++) {
        s->edge[slot] =
            (uint32_t)bits_set(s->edge[slot], (upper ? 16u : 0u) + i, 1, value >> (2 * i + 1) & 1);
    }
}

/* One byte an interrupt. `intid` is that of the first one. */
static uint64_t read_priorities(const struct gicv3 *s, unsigned hart, unsigned intid, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size && intid + i < GIC_INTERRUPTS; i++) {
        value |= (uint64_t)s->priority[gicv3_byte(hart, intid + i)] << 8 * i;
    }
    return value;
}

static void write_priorities(struct gicv3 *s, unsigned hart, unsigned intid, unsigned size,
                             uint64_t value)
{
    for (unsigned i = 0; i < size && intid + i < GIC_INTERRUPTS; i++) {
        s->priority[gicv3_byte(hart, intid + i)] = (uint8_t)(value >> 8 * i);
    }
}

/* ---- the distributor --------------------------------------------------------------------------*/

/* Registers of private interrupts are in the redistributors; those behind the last are not there. */
static bool has_word(uint64_t word)
{
    return word > 0 && word < GICV3_WORDS;
}

static uint64_t *route_at(struct gicv3 *s, uint64_t at)
{
    uint64_t intid = (at - GICD_IROUTER) / 8;

    return at >= GICD_IROUTER && intid >= GIC_PRIVATE && intid < GIC_INTERRUPTS
               ? &s->route[intid - GIC_PRIVATE]
               : NULL;
}

static uint64_t dist_read_fixed(struct device *d, struct mem_access a)
{
    const struct gicv3 *s = d->state;

    switch (a.at) {
    case GICD_CTLR: return s->dist_ctlr | CTLR_ARE | CTLR_DS;
    case GICD_TYPER:
        return (GICV3_WORDS - 1) | (gicv3_has_its(d) ? TYPER_LPIS : 0) | TYPER_IDBITS | TYPER_A3V |
               TYPER_NO1N;
    case GICD_IIDR: return IIDR_ARM;
    case GICD_TYPER2:
    case GICD_STATUSR: return 0;
    default: return device_bad_read(d, a);
    }
}

static uint64_t dist_read(struct device *d, struct mem_access a)
{
    struct gicv3 *s = d->state;
    uint64_t word = a.at % 0x80 / 4;

    if (a.at >= GIC_IPRIORITYR && a.at < GICD_ITARGETSR && a.size <= 4) {
        unsigned intid = (unsigned)(a.at - GIC_IPRIORITYR);

        return intid < GIC_PRIVATE ? 0 : read_priorities(s, 0, intid, a.size);
    }
    if (route_at(s, a.at) != NULL && a.size >= 4) {
        return gicv3_part(*route_at(s, a.at), a);
    }
    if (a.size != 4) {
        return device_bad_read(d, a);
    }
    if (a.at >= GIC_IGROUPR && a.at < GIC_IPRIORITYR) {
        return has_word(word) ? read_bits(s, gicv3_slot(0, (unsigned)word), a.at) : 0;
    }
    if (a.at >= GIC_ICFGR && a.at < GIC_IGRPMODR) {
        word = (a.at - GIC_ICFGR) / 8;
        return has_word(word) ? read_config(s, gicv3_slot(0, (unsigned)word), (a.at & 4) != 0) : 0;
    }
    if (a.at >= GICV3_ID) {
        return gicv3_id(a.at, PART_DISTRIBUTOR);
    }
    /* Those of legacy operation, of the other security state, and routes of no interrupt. */
    return (a.at >= GICD_ITARGETSR && a.at < GICD_END_OLD) || a.at >= GICD_IROUTER
               ? 0
               : dist_read_fixed(d, a);
}

static void dist_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct gicv3 *s = d->state;
    uint64_t word = a.at % 0x80 / 4;
    uint64_t *route = route_at(s, a.at);

    if (a.at >= GIC_IPRIORITYR && a.at < GICD_ITARGETSR && a.size <= 4) {
        unsigned intid = (unsigned)(a.at - GIC_IPRIORITYR);

        if (intid >= GIC_PRIVATE) {
            write_priorities(s, 0, intid, a.size, value);
        }
    } else if (route != NULL && a.size >= 4) {
        *route = gicv3_merge(*route, a, value) & GICV3_AFFINITY;
    } else if (a.size != 4) {
        device_bad_write(d, a, value);
    } else if (a.at == GICD_CTLR) {
        s->dist_ctlr = value & GICV3_GROUPS;
    } else if (a.at >= GIC_IGROUPR && a.at < GIC_IPRIORITYR) {
        if (has_word(word)) {
            write_bits(s, gicv3_slot(0, (unsigned)word), a.at, (uint32_t)value);
        }
    } else if (a.at >= GIC_ICFGR && a.at < GIC_IGRPMODR) {
        word = (a.at - GIC_ICFGR) / 8;
        if (has_word(word)) {
            write_config(s, gicv3_slot(0, (unsigned)word), (a.at & 4) != 0, (uint32_t)value);
        }
    } else if (a.at < GICD_ITARGETSR || (a.at >= GICD_END_OLD && a.at < GICD_IROUTER)) {
        device_bad_write(d, a, value);
    }
}

/* ---- redistributors ---------------------------------------------------------------------------*/

static uint64_t redist_typer(const struct device *d, unsigned hart)
{
    return (uint64_t)hart << 32 | (uint64_t)hart << 8 |
           (hart + 1 == device_hart_count(d) ? GICR_TYPER_LAST : 0u) |
           (gicv3_has_its(d) ? GICR_TYPER_PLPIS : 0u);
}

static uint64_t redist_read(struct device *d, unsigned hart, struct mem_access a)
{
    const struct gicv3 *s = d->state;

    switch (a.at & ~UINT64_C(7)) {
    case GICR_TYPER: return gicv3_part(redist_typer(d, hart), a);
    case GICR_PROPBASER: return gicv3_part(s->propbaser[hart], a);
    case GICR_PENDBASER: return gicv3_part(s->pendbaser[hart], a);
    default: break;
    }
    if (a.size != 4) {
        return device_bad_read(d, a);
    }
    switch (a.at) {
    case GICR_CTLR: return s->lpis_on[hart];
    case GICR_IIDR: return IIDR_ARM;
    case GICR_STATUSR: return 0;
    case GICR_WAKER:
        return s->is_asleep[hart] != 0 ? WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP : 0;
    default: return a.at >= GICV3_ID ? gicv3_id(a.at, PART_REDISTRIBUTOR) : device_bad_read(d, a);
    }
}

/* What the tables' places were made from changes only while they are not in use. */
static void redist_write(struct device *d, unsigned hart, struct mem_access a, uint64_t value)
{
    struct gicv3 *s = d->state;
    uint64_t *prop = &s->propbaser[hart], *pend = &s->pendbaser[hart];

    switch (a.at & ~UINT64_C(7)) {
    case GICR_PROPBASER:
        *prop = s->lpis_on[hart] ? *prop : gicv3_merge(*prop, a, value) & PROPBASER_SET;
        return;
    case GICR_PENDBASER:
        *pend = s->lpis_on[hart] ? *pend : gicv3_merge(*pend, a, value) & PENDBASER_SET;
        return;
    default: break;
    }
    if (a.size == 4 && a.at == GICR_CTLR) {
        s->lpis_on[hart] = gicv3_has_its(d) && (value & 1) != 0;
        gicv3_lpi_look(d, hart);
    } else if (a.size == 4 && a.at == GICR_WAKER) {
        s->is_asleep[hart] = (value & WAKER_PROCESSOR_SLEEP) != 0;
    } else {
        device_bad_write(d, a, value);
    }
}

static uint64_t private_read(struct device *d, unsigned hart, struct mem_access a)
{
    const struct gicv3 *s = d->state;

    if (a.at >= GIC_IPRIORITYR && a.at < GIC_IPRIORITYR + GIC_PRIVATE && a.size <= 4) {
        return read_priorities(s, hart, (unsigned)(a.at - GIC_IPRIORITYR), a.size);
    }
    if (a.size != 4) {
        return device_bad_read(d, a);
    }
    if (a.at >= GIC_IGROUPR && a.at < GIC_IPRIORITYR) {
        return a.at % 0x80 == 0 ? read_bits(s, hart, a.at) : 0;
    }
    if (a.at == GIC_ICFGR || a.at == GIC_ICFGR + 4) {
        return read_config(s, hart, a.at != GIC_ICFGR);
    }
    return a.at == GIC_IGRPMODR || a.at == GIC_NSACR ? 0 : device_bad_read(d, a);
}

static void private_write(struct device *d, unsigned hart, struct mem_access a, uint64_t value)
{
    struct gicv3 *s = d->state;

    if (a.at >= GIC_IPRIORITYR && a.at < GIC_IPRIORITYR + GIC_PRIVATE && a.size <= 4) {
        write_priorities(s, hart, (unsigned)(a.at - GIC_IPRIORITYR), a.size, value);
    } else if (a.size != 4) {
        device_bad_write(d, a, value);
    } else if (a.at >= GIC_IGROUPR && a.at < GIC_IPRIORITYR) {
        if (a.at % 0x80 == 0) {
            write_bits(s, hart, a.at, (uint32_t)value);
        }
    } else if (a.at == GIC_ICFGR + 4) {
        write_config(s, hart, true, (uint32_t)value);
    } else if (a.at != GIC_ICFGR && a.at != GIC_IGRPMODR && a.at != GIC_NSACR) {
        device_bad_write(d, a, value);
    }
}

/* Which hart's, and which of its two frames; `a` then counts from the frame's beginning. False: none's. */
static bool find_frame(const struct device *d, struct mem_access *a, unsigned *hart,
                       bool *is_private)
{
    uint64_t frame = a->at / GICV3_FRAME;

    *hart = (unsigned)(frame / 2);
    *is_private = frame % 2 != 0;
    a->at %= GICV3_FRAME;
    return *hart < device_hart_count(d);
}

/* ---- windows ----------------------------------------------------------------------------------*/

static uint64_t gicv3_read(struct device *d, struct mem_access a)
{
    bool is_private;
    unsigned hart;

    if (a.window == GICV3_WINDOW_DISTRIBUTOR) {
        return dist_read(d, a);
    }
    if (a.window == GICV3_WINDOW_ITS) {
        return gicv3_its_read(d, a);
    }
    if (!find_frame(d, &a, &hart, &is_private)) {
        return device_bad_read(d, a);
    }
    return is_private ? private_read(d, hart, a) : redist_read(d, hart, a);
}

static void gicv3_write(struct device *d, struct mem_access a, uint64_t value)
{
    bool is_private;
    unsigned hart;

    if (a.window == GICV3_WINDOW_DISTRIBUTOR) {
        dist_write(d, a, value);
    } else if (a.window == GICV3_WINDOW_ITS) {
        gicv3_its_write(d, a, value);
    } else if (!find_frame(d, &a, &hart, &is_private)) {
        device_bad_write(d, a, value);
    } else if (is_private) {
        private_write(d, hart, a, value);
    } else {
        redist_write(d, hart, a, value);
    }
    gicv3_update(d);
}

/* ---- resets -----------------------------------------------------------------------------------*/

static void gicv3_reset(struct device *d)
{
    struct gicv3 *s = d->state;

    for (unsigned h = 0; h < MACHINE_HARTS_MAX; h++) {
        s->edge[h] = SGI_BITS;
        s->bpr0[h] = ICC_BPR0_LEAST;
        s->bpr1[h] = ICC_BPR1_LEAST;
        s->ich_vmcr[h] = GICV3_VMCR_RESET;
        s->is_asleep[h] = 1;
    }
    gicv3_update(d);
}

/* The outputs of a hart that was reset alone are down, and its CPU interface begins anew. */
static void gicv3_hart_reset(struct device *d, unsigned hart)
{
    struct gicv3 *s = d->state;

    s->level[hart] = 0;
    s->ap0r[hart] = s->ap1r[hart] = 0;
    s->pmr[hart] = s->ctlr[hart] = s->groups_on[hart] = 0;
    s->bpr0[hart] = ICC_BPR0_LEAST;
    s->bpr1[hart] = ICC_BPR1_LEAST;
    memset(&s->ich_lr[GICV3_LRS * hart], 0, GICV3_LRS * sizeof s->ich_lr[0]);
    s->ich_hcr[hart] = s->ich_ap0r[hart] = s->ich_ap1r[hart] = 0;
    s->ich_vmcr[hart] = GICV3_VMCR_RESET;
    gicv3_update(d);
}

const struct device_class gicv3 = {
    .name = "gicv3",
    .behaviour = 2,
    .windows = {[GICV3_WINDOW_DISTRIBUTOR] = {.bytes = GICV3_FRAME, .sizes = 1 | 2 | 4 | 8},
                [GICV3_WINDOW_REDISTRIBUTORS] = {.bytes = 2 * GICV3_FRAME * MACHINE_HARTS_MAX,
                                                 .sizes = 1 | 2 | 4 | 8},
                [GICV3_WINDOW_ITS] = {.bytes = 2 * GICV3_FRAME, .sizes = 2 | 4 | 8}},
    .state = FIELD_TABLE(struct gicv3, fields),
    .reset = gicv3_reset,
    .hart_reset = gicv3_hart_reset,
    .read = gicv3_read,
    .write = gicv3_write,
    .line = gicv3_line,
    .read_register = gicv3_cpu_read,
    .write_register = gicv3_cpu_write,
};
