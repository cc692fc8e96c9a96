/* SPDX-License-Identifier: GPL-2.0-or-later
 * gicv2_cpu: the CPU interfaces of a GICv2 (IHI 0048B, chapters 3 and 4.4): which interrupt is signalled,
 * acknowledging, priority drop and deactivation. What is running is known by the active priorities
 * registers alone.
 */
#include "dev/arm/gicv2.h"

enum {
    GICC_CTLR = 0x00,
    GICC_PMR = 0x04,
    GICC_BPR = 0x08,
    GICC_IAR = 0x0c,
    GICC_EOIR = 0x10,
    GICC_RPR = 0x14,
    GICC_HPPIR = 0x18,
    GICC_ABPR = 0x1c,
    GICC_AIAR = 0x20,
    GICC_AEOIR = 0x24,
    GICC_AHPPIR = 0x28,
    GICC_APR = 0xd0,
    GICC_NSAPR = 0xe0,
    GICC_IIDR = 0xfc,
    GICC_DIR = 0x1000
};
enum { IIDR_GICV2_ARM = 0x2043b, IIDR_A9 = 0x3901243b };
enum { PRIORITY_IDLE = 0x100, RPR_IDLE = 0xff };

struct best {
    unsigned intid; /* GIC_SPURIOUS: none */
    unsigned priority;
    bool is_group1;
};

/* Of the interrupts of a word that wait for the hart, those of groups that are on. */
static uint32_t candidates(const struct gicv2 *s, unsigned hart, unsigned word)
{
    unsigned slot = gicv2_slot(hart, word), groups = s->dist_ctlr & s->ctlr[hart];
    uint32_t bits = gicv2_pending(s, hart, word) & s->enable[slot] & ~s->active[slot];

    bits &= (groups & GIC_GROUP0) != 0 ? UINT32_MAX : s->group[slot];
    bits &= (groups & GIC_GROUP1) != 0 ? UINT32_MAX : ~s->group[slot];
    return bits;
}

/* The most urgent interrupt that waits for the hart, the least number among equals, whether or not it is
 * urgent enough. */
static struct best find_best(const struct gicv2 *s, unsigned hart)
{
    struct best best = {.intid = GIC_SPURIOUS, .priority = PRIORITY_IDLE};

    for (unsigned word = 0; word < GICV2_WORDS; word++) {
        uint32_t bits = candidates(s, hart, word);

        for (; bits != 0; bits &= bits - 1) {
            unsigned bit = (unsigned)__builtin_ctz(bits), intid = 32 * word + bit;
            unsigned priority = s->priority[gicv2_byte(hart, intid)];

            if (priority < best.priority &&
                (word == 0 || (s->target[intid - GIC_PRIVATE] >> hart & 1) != 0)) {
                best.intid = intid;
                best.priority = priority;
                best.is_group1 = s->group[gicv2_slot(hart, word)] >> bit & 1;
            }
        }
    }
    return best;
}

/* ---- priorities -------------------------------------------------------------------------------*/

/* The part of a priority that preempts: group 1 has a binary point of its own, which means one bit
 * more. */
static unsigned group_priority(const struct gicv2 *s, unsigned hart, const struct best *b)
{
    bool own = b->is_group1 && (s->ctlr[hart] & GICC_CTLR_CBPR) == 0;
    unsigned shift = own ? s->abpr[hart] : s->bpr[hart] + 1u;

    return b->priority & (0xffu << shift);
}

/* The lowest bit of four words, as a priority. */
static unsigned first_active(const uint32_t *aprs)
{
    for (unsigned i = 0; i < GICV2_APRS; i++) {
        if (aprs[i] != 0) {
            return (32 * i + (unsigned)__builtin_ctz(aprs[i])) << 1;
        }
    }
    return PRIORITY_IDLE;
}

static unsigned running_priority(const struct gicv2 *s, unsigned hart)
{
    unsigned a = first_active(s->apr + GICV2_APRS * hart);
    unsigned b = first_active(s->nsapr + GICV2_APRS * hart);

    return a < b ? a : b;
}

static bool is_urgent(const struct gicv2 *s, unsigned hart, const struct best *b)
{
    return b->priority < s->pmr[hart] && group_priority(s, hart, b) < running_priority(s, hart);
}

void gicv2_update(struct device *d)
{
    const struct gicv2 *s = d->state;

    for (unsigned h = 0; h < device_hart_count(d); h++) {
        struct best b = find_best(s, h);
        bool is_on = b.intid != GIC_SPURIOUS && is_urgent(s, h, &b);
        bool is_fiq = !b.is_group1 && (s->ctlr[h] & GICC_CTLR_FIQEN) != 0;

        device_set_hart_pin(d, h, ARM_PIN_IRQ, is_on && !is_fiq);
        device_set_hart_pin(d, h, ARM_PIN_FIQ, is_on && is_fiq);
    }
}

/* ---- acknowledging ----------------------------------------------------------------------------*/

/* What the register of one group says instead of the number of an interrupt of the other; `any`: it is that of
 * group 0, which may have group 1's as well (AckCtl). */
static unsigned visible(const struct gicv2 *s, unsigned hart, const struct best *b, bool is_alias)
{
    if (b->intid == GIC_SPURIOUS || b->is_group1 == is_alias) {
        return b->intid;
    }
    if (is_alias) {
        return GIC_SPURIOUS;
    }
    return (s->ctlr[hart] & GICC_CTLR_ACKCTL) != 0 ? b->intid : GIC_SPURIOUS_GROUP1;
}

/* An SGI's number comes with the hart that sent it: the least of them. */
static uint32_t with_sender(const struct gicv2 *s, unsigned hart, unsigned intid)
{
    uint8_t from = intid < GIC_SGIS ? s->sgi_from[hart * GIC_SGIS + intid] : 0;

    return from != 0 ? intid | (uint32_t)__builtin_ctz(from) << 10 : intid;
}

static uint32_t acknowledge(struct device *d, unsigned hart, bool is_alias)
{
    struct gicv2 *s = d->state;
    struct best b = find_best(s, hart);
    unsigned slot, bit, level;
    uint32_t answer;

    if (b.intid == GIC_SPURIOUS || !is_urgent(s, hart, &b)) {
        return GIC_SPURIOUS;
    }
    if (visible(s, hart, &b, is_alias) != b.intid) {
        return visible(s, hart, &b, is_alias);
    }
    answer = with_sender(s, hart, b.intid);
    slot = gicv2_slot(hart, b.intid / 32);
    bit = 1u << b.intid % 32;
    s->active[slot] |= bit;
    s->latch[slot] &= ~bit;
    if (b.intid < GIC_SGIS) {
        uint8_t *from = &s->sgi_from[hart * GIC_SGIS + b.intid];

        *from &= (uint8_t)(*from - 1);
    }
    level = group_priority(s, hart, &b) >> 1;
    (b.is_group1 ? s->nsapr : s->apr)[GICV2_APRS * hart + level / 32] |= 1u << level % 32;
    gicv2_update(d);
    return answer;
}

static uint32_t highest_pending(const struct gicv2 *s, unsigned hart, bool is_alias)
{
    struct best b = find_best(s, hart);

    return with_sender(s, hart, visible(s, hart, &b, is_alias));
}

/* ---- the end of an interrupt ------------------------------------------------------------------*/

static void drop_priority(uint32_t *aprs)
{
    for (unsigned i = 0; i < GICV2_APRS; i++) {
        if (aprs[i] != 0) {
            aprs[i] &= aprs[i] - 1;
            return;
        }
    }
}

static void deactivate(struct gicv2 *s, unsigned hart, unsigned intid)
{
    if (intid < GIC_INTERRUPTS) {
        s->active[gicv2_slot(hart, intid / 32)] &= ~(1u << intid % 32);
    }
}

static void end_interrupt(struct gicv2 *s, unsigned hart, unsigned intid)
{
    if (intid >= GIC_INTERRUPTS) {
        return; /* a spurious one */
    }
    drop_priority(
        ((s->group[gicv2_slot(hart, intid / 32)] >> intid % 32 & 1) != 0 ? s->nsapr : s->apr) +
        GICV2_APRS * hart);
    if ((s->ctlr[hart] & GICC_CTLR_EOIMODE) == 0) {
        deactivate(s, hart, intid);
    }
}

/* ---- registers --------------------------------------------------------------------------------*/

/* The word behind an active priorities register; NULL: it is none. */
static uint32_t *active_priorities(struct gicv2 *s, unsigned hart, uint64_t at)
{
    unsigned word = (unsigned)(at % 16 / 4);

    switch (at & ~UINT64_C(15)) {
    case GICC_APR: return &s->apr[GICV2_APRS * hart + word];
    case GICC_NSAPR: return &s->nsapr[GICV2_APRS * hart + word];
    default: return NULL;
    }
}

uint64_t gicv2_cpu_read(struct device *d, unsigned hart, struct mem_access a)
{
    struct gicv2 *s = d->state;
    const uint32_t *word = active_priorities(s, hart, a.at);
    unsigned running = running_priority(s, hart);

    switch (a.at) {
    case GICC_CTLR: return s->ctlr[hart];
    case GICC_PMR: return s->pmr[hart];
    case GICC_BPR: return s->bpr[hart];
    case GICC_IAR: return acknowledge(d, hart, false);
    case GICC_RPR: return running == PRIORITY_IDLE ? RPR_IDLE : running;
    case GICC_HPPIR: return highest_pending(s, hart, false);
    case GICC_ABPR: return s->abpr[hart];
    case GICC_AIAR: return acknowledge(d, hart, true);
    case GICC_AHPPIR: return highest_pending(s, hart, true);
    case GICC_IIDR: return gicv2_is_a9(d) ? IIDR_A9 : IIDR_GICV2_ARM;
    default: return word != NULL ? *word : device_bad_read(d, a);
    }
}

static uint8_t at_least(uint32_t value, uint32_t least)
{
    return (uint8_t)(value < least ? least : value);
}

void gicv2_cpu_write(struct device *d, unsigned hart, struct mem_access a, uint32_t value)
{
    struct gicv2 *s = d->state;
    uint32_t *word = active_priorities(s, hart, a.at);

    switch (a.at) {
    case GICC_CTLR: s->ctlr[hart] = value & GICC_CTLR_KEPT; break;
    case GICC_PMR: s->pmr[hart] = (uint8_t)value & gicv2_priority_bits(d); break;
    case GICC_BPR: s->bpr[hart] = value & GICC_BPR_MAX; break;
    case GICC_ABPR: s->abpr[hart] = at_least(value & GICC_BPR_MAX, GICC_ABPR_LEAST); break;
    case GICC_EOIR:
    case GICC_AEOIR: end_interrupt(s, hart, value & 0x3ff); break;
    case GICC_DIR: deactivate(s, hart, value & 0x3ff); break;
    default:
        if (word != NULL) {
            *word = value;
        } else {
            device_bad_write(d, a, value);
        }
    }
}
