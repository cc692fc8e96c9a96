/* SPDX-License-Identifier: GPL-2.0-or-later
 * gicv3_cpu: the CPU interfaces of a GICv3 (IHI 0069, chapters 4.8 and 12.2), by system registers: which
 * interrupt is signalled, acknowledging, priority drop and deactivation, software-generated interrupts. 32
 * levels of priority, all of which preempt. Registers are numbered as MRS and MSR encode them.
 */
#include "dev/arm/gicv3.h"

#define SYS(op0, op1, crn, crm, op2) ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
enum {
    ICC_PMR = SYS(3, 0, 4, 6, 0),
    ICC_IAR0 = SYS(3, 0, 12, 8, 0),
    ICC_EOIR0 = SYS(3, 0, 12, 8, 1),
    ICC_HPPIR0 = SYS(3, 0, 12, 8, 2),
    ICC_BPR0 = SYS(3, 0, 12, 8, 3),
    ICC_AP0R0 = SYS(3, 0, 12, 8, 4),
    ICC_AP1R0 = SYS(3, 0, 12, 9, 0),
    ICC_DIR = SYS(3, 0, 12, 11, 1),
    ICC_RPR = SYS(3, 0, 12, 11, 3),
    ICC_SGI1R = SYS(3, 0, 12, 11, 5),
    ICC_ASGI1R = SYS(3, 0, 12, 11, 6),
    ICC_SGI0R = SYS(3, 0, 12, 11, 7),
    ICC_IAR1 = SYS(3, 0, 12, 12, 0),
    ICC_EOIR1 = SYS(3, 0, 12, 12, 1),
    ICC_HPPIR1 = SYS(3, 0, 12, 12, 2),
    ICC_BPR1 = SYS(3, 0, 12, 12, 3),
    ICC_CTLR = SYS(3, 0, 12, 12, 4),
    ICC_SRE = SYS(3, 0, 12, 12, 5),
    ICC_IGRPEN0 = SYS(3, 0, 12, 12, 6),
    ICC_IGRPEN1 = SYS(3, 0, 12, 12, 7),
    ICC_SRE_EL2 = SYS(3, 4, 12, 9, 5)
};
enum { PRIORITY_BITS = 5, PRIORITY_MASK = 0xf8, RPR_IDLE = 0xff };
#define CTLR_FIXED ((PRIORITY_BITS - 1) << 8 | 1 << 15 /* all of the affinity counts */)
enum { SRE_SRE = 7 /* with its bypasses off: the only way */, SRE_EL2_ENABLE = 8 };
#define INTID_MASK UINT64_C(0xffffff)

struct best {
    uint32_t intid; /* GICV3_SPURIOUS: none */
    unsigned priority;
    bool is_group1;
};

/* ---- which one --------------------------------------------------------------------------------*/

/* Of the interrupts of a word, those of groups that are on. */
static uint32_t candidates(const struct gicv3 *s, unsigned hart, unsigned slot)
{
    unsigned groups = s->dist_ctlr & s->groups_on[hart];
    uint32_t bits = gicv3_pending(s, slot) & s->enable[slot] & ~s->active[slot];

    bits &= (groups & GICV3_GROUP0) != 0 ? UINT32_MAX : s->group[slot];
    bits &= (groups & GICV3_GROUP1) != 0 ? UINT32_MAX : ~s->group[slot];
    return bits;
}

static void consider_lpi(const struct gicv3 *s, unsigned hart, struct best *best)
{
    bool is_on = (s->dist_ctlr & s->groups_on[hart] & GICV3_GROUP1) != 0;

    if (s->lpi[hart] != 0 && is_on && s->lpi_priority[hart] < best->priority) {
        *best = (struct best){
            .intid = s->lpi[hart], .priority = s->lpi_priority[hart], .is_group1 = true};
    }
}

/* The most urgent interrupt that waits for the hart, the least number among equals, whether or not it is
 * urgent enough. */
static struct best find_best(const struct gicv3 *s, unsigned hart)
{
    struct best best = {.intid = GICV3_SPURIOUS, .priority = GICV3_IDLE};

    for (unsigned word = 0; word < GICV3_WORDS; word++) {
        unsigned slot = gicv3_slot(hart, word);
        uint32_t bits = candidates(s, hart, slot);

        for (; bits != 0; bits &= bits - 1) {
            unsigned bit = (unsigned)__builtin_ctz(bits), intid = 32 * word + bit;
            unsigned priority = s->priority[gicv3_byte(hart, intid)];

            if (priority < best.priority && (word == 0 || s->route[intid - GIC_PRIVATE] == hart)) {
                best.intid = intid;
                best.priority = priority;
                best.is_group1 = s->group[slot] >> bit & 1;
            }
        }
    }
    consider_lpi(s, hart, &best);
    return best;
}

/* The part of a priority that preempts: group 1 has a binary point of its own, which means one bit
 * more. */
static unsigned group_priority(const struct gicv3 *s, unsigned hart, const struct best *b)
{
    bool own = b->is_group1 && (s->ctlr[hart] & ICC_CTLR_CBPR) == 0;
    unsigned shift = own ? s->bpr1[hart] : s->bpr0[hart] + 1u;

    return b->priority & PRIORITY_MASK & (0xffu << shift);
}

static unsigned running_priority(const struct gicv3 *s, unsigned hart)
{
    uint32_t active = s->ap0r[hart] | s->ap1r[hart];

    return active == 0 ? GICV3_IDLE : (unsigned)__builtin_ctz(active) << (8 - PRIORITY_BITS);
}

static bool is_urgent(const struct gicv3 *s, unsigned hart, const struct best *b)
{
    return b->priority < s->pmr[hart] && group_priority(s, hart, b) < running_priority(s, hart);
}

void gicv3_update(struct device *d)
{
    const struct gicv3 *s = d->state;

    gicv3_virtual_update(d); /* first, as one of its results is an interrupt */
    for (unsigned h = 0; h < device_hart_count(d); h++) {
        struct best b = find_best(s, h);
        bool is_on = b.intid != GICV3_SPURIOUS && is_urgent(s, h, &b);

        device_set_hart_pin(d, h, ARM_PIN_IRQ, is_on && b.is_group1);
        device_set_hart_pin(d, h, ARM_PIN_FIQ, is_on && !b.is_group1);
    }
}

/* ---- acknowledging and ending -----------------------------------------------------------------*/

static uint32_t acknowledge(struct device *d, unsigned hart, bool group1)
{
    struct gicv3 *s = d->state;
    struct best b = find_best(s, hart);
    unsigned level;

    if (b.intid == GICV3_SPURIOUS || b.is_group1 != group1 || !is_urgent(s, hart, &b)) {
        return GICV3_SPURIOUS;
    }
    level = group_priority(s, hart, &b) >> (8 - PRIORITY_BITS);
    *(group1 ? &s->ap1r[hart] : &s->ap0r[hart]) |= UINT32_C(1) << level;
    if (b.intid >= GICV3_FIRST_LPI) {
        gicv3_lpi_set(d, hart, b.intid, false);
    } else {
        unsigned slot = gicv3_slot(hart, b.intid / 32);

        s->active[slot] |= UINT32_C(1) << b.intid % 32;
        s->latch[slot] &= ~(UINT32_C(1) << b.intid % 32);
    }
    gicv3_update(d);
    return b.intid;
}

static uint32_t highest_pending(const struct gicv3 *s, unsigned hart, bool group1)
{
    struct best b = find_best(s, hart);

    return b.is_group1 == group1 ? b.intid : GICV3_SPURIOUS;
}

void gicv3_deactivate(struct gicv3 *s, unsigned hart, uint64_t intid)
{
    if (intid < GIC_INTERRUPTS) {
        s->active[gicv3_slot(hart, (unsigned)intid / 32)] &= ~(UINT32_C(1) << intid % 32);
    }
}

static void end_interrupt(struct gicv3 *s, unsigned hart, uint64_t intid, bool group1)
{
    uint32_t *active = group1 ? &s->ap1r[hart] : &s->ap0r[hart];

    if (intid >= GIC_INTERRUPTS && intid < GICV3_FIRST_LPI) {
        return; /* a spurious one */
    }
    *active &= *active - 1;
    if ((s->ctlr[hart] & ICC_CTLR_EOIMODE) == 0) {
        gicv3_deactivate(s, hart, intid);
    }
}

/* To all harts but this one, or to those of a list of 16 affinities of level 0. */
static void send_sgi(struct device *d, unsigned hart, uint64_t value, bool group1)
{
    struct gicv3 *s = d->state;
    uint64_t cluster = bits_get(value, 16, 8) | bits_get(value, 32, 8) | bits_get(value, 48, 8) |
                       bits_get(value, 44, 4);
    uint32_t bit = UINT32_C(1) << bits_get(value, 24, 4);
    bool to_others = bits_get(value, 40, 1) != 0;

    for (unsigned h = 0; h < device_hart_count(d); h++) {
        bool is_meant = to_others ? h != hart : cluster == 0 && (value >> h & 1) != 0;

        if (is_meant && ((s->group[h] & bit) != 0) == group1) {
            s->latch[h] |= bit;
        }
    }
}

/* ---- registers --------------------------------------------------------------------------------*/

static bool is_of_hypervisor(uint32_t number)
{
    return (number >> 11 & 7) == 4 && number != ICC_SRE_EL2;
}

enum platform_answer gicv3_cpu_read(struct device *d, unsigned hart, uint32_t number,
                                    uint64_t *value)
{
    const struct gicv3 *s = d->state;
    unsigned running = running_priority(s, hart);

    if ((number & GICV3_OF_GUEST) != 0 || is_of_hypervisor(number)) {
        return gicv3_virtual_read(d, hart, number & ~GICV3_OF_GUEST, value);
    }
    switch (number) {
    case ICC_PMR: *value = s->pmr[hart]; break;
    case ICC_IAR0: *value = acknowledge(d, hart, false); break;
    case ICC_IAR1: *value = acknowledge(d, hart, true); break;
    case ICC_HPPIR0: *value = highest_pending(s, hart, false); break;
    case ICC_HPPIR1: *value = highest_pending(s, hart, true); break;
    case ICC_BPR0: *value = s->bpr0[hart]; break;
    case ICC_BPR1:
        *value = (s->ctlr[hart] & ICC_CTLR_CBPR) == 0 ? s->bpr1[hart]
                 : s->bpr0[hart] < ICC_BPR_MAX        ? s->bpr0[hart] + 1u
                                                      : ICC_BPR_MAX;
        break;
    case ICC_AP0R0: *value = s->ap0r[hart]; break;
    case ICC_AP1R0: *value = s->ap1r[hart]; break;
    case ICC_RPR: *value = running == GICV3_IDLE ? RPR_IDLE : running; break;
    case ICC_CTLR: *value = s->ctlr[hart] | CTLR_FIXED; break;
    case ICC_SRE: *value = SRE_SRE; break;
    case ICC_SRE_EL2: *value = SRE_SRE | SRE_EL2_ENABLE; break;
    case ICC_IGRPEN0: *value = (s->groups_on[hart] & GICV3_GROUP0) != 0; break;
    case ICC_IGRPEN1: *value = (s->groups_on[hart] & GICV3_GROUP1) != 0; break;
    default: return PLATFORM_NOBODY;
    }
    return PLATFORM_DONE;
}

static uint8_t between(uint64_t value, uint8_t least)
{
    value &= ICC_BPR_MAX;
    return value < least ? least : (uint8_t)value;
}

enum platform_answer gicv3_cpu_write(struct device *d, unsigned hart, uint32_t number,
                                     uint64_t value)
{
    struct gicv3 *s = d->state;

    if ((number & GICV3_OF_GUEST) != 0 || is_of_hypervisor(number)) {
        return gicv3_virtual_write(d, hart, number & ~GICV3_OF_GUEST, value);
    }
    switch (number) {
    case ICC_PMR: s->pmr[hart] = value & PRIORITY_MASK; break;
    case ICC_EOIR0: end_interrupt(s, hart, value & INTID_MASK, false); break;
    case ICC_EOIR1: end_interrupt(s, hart, value & INTID_MASK, true); break;
    case ICC_DIR: gicv3_deactivate(s, hart, value & INTID_MASK); break;
    case ICC_BPR0: s->bpr0[hart] = between(value, ICC_BPR0_LEAST); break;
    case ICC_BPR1:
        if ((s->ctlr[hart] & ICC_CTLR_CBPR) == 0) {
            s->bpr1[hart] = between(value, ICC_BPR1_LEAST);
        }
        break;
    case ICC_AP0R0: s->ap0r[hart] = (uint32_t)value; break;
    case ICC_AP1R0: s->ap1r[hart] = (uint32_t)value; break;
    case ICC_SGI0R: send_sgi(d, hart, value, false); break;
    case ICC_SGI1R: send_sgi(d, hart, value, true); break;
    case ICC_ASGI1R: send_sgi(d, hart, value, false); break;
    case ICC_CTLR: s->ctlr[hart] = value & ICC_CTLR_KEPT; break;
    case ICC_SRE:
    case ICC_SRE_EL2: break; /* there is no other way than this */
    case ICC_IGRPEN0:
        s->groups_on[hart] = (uint8_t)bits_set(s->groups_on[hart], 0, 1, value);
        break;
    case ICC_IGRPEN1:
        s->groups_on[hart] = (uint8_t)bits_set(s->groups_on[hart], 1, 1, value);
        break;
    default: return PLATFORM_NOBODY;
    }
    gicv3_update(d);
    return PLATFORM_DONE;
}
