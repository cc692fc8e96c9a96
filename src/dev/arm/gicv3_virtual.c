/* SPDX-License-Identifier: GPL-2.0-or-later
 * gicv3_virtual: the virtualization of a GICv3's CPU interface (IHI 0069, chapters 6 and 12.4): what a
 * hypervisor writes into list registers (ICH_*) its guest takes as interrupts, ends and masks (ICV_*, by
 * the numbers of ICC_*). Four list registers, 32 levels of priority. The maintenance interrupt is private
 * interrupt 25. Left out: virtual LPIs of a GICv4, which a hypervisor puts into list registers.
 */
#include "dev/arm/gicv3.h"

#define SYS(op0, op1, crn, crm, op2) ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
enum {
    ICV_PMR = SYS(3, 0, 4, 6, 0),
    ICV_IAR0 = SYS(3, 0, 12, 8, 0),
    ICV_EOIR0 = SYS(3, 0, 12, 8, 1),
    ICV_HPPIR0 = SYS(3, 0, 12, 8, 2),
    ICV_BPR0 = SYS(3, 0, 12, 8, 3),
    ICV_AP0R0 = SYS(3, 0, 12, 8, 4),
    ICV_AP1R0 = SYS(3, 0, 12, 9, 0),
    ICV_DIR = SYS(3, 0, 12, 11, 1),
    ICV_RPR = SYS(3, 0, 12, 11, 3),
    ICV_SGI1R = SYS(3, 0, 12, 11, 5),
    ICV_ASGI1R = SYS(3, 0, 12, 11, 6),
    ICV_SGI0R = SYS(3, 0, 12, 11, 7),
    ICV_IAR1 = SYS(3, 0, 12, 12, 0),
    ICV_EOIR1 = SYS(3, 0, 12, 12, 1),
    ICV_HPPIR1 = SYS(3, 0, 12, 12, 2),
    ICV_BPR1 = SYS(3, 0, 12, 12, 3),
    ICV_CTLR = SYS(3, 0, 12, 12, 4),
    ICV_IGRPEN0 = SYS(3, 0, 12, 12, 6),
    ICV_IGRPEN1 = SYS(3, 0, 12, 12, 7),
    ICH_AP0R0 = SYS(3, 4, 12, 8, 0),
    ICH_AP1R0 = SYS(3, 4, 12, 9, 0),
    ICH_HCR = SYS(3, 4, 12, 11, 0),
    ICH_VTR = SYS(3, 4, 12, 11, 1),
    ICH_MISR = SYS(3, 4, 12, 11, 2),
    ICH_EISR = SYS(3, 4, 12, 11, 3),
    ICH_ELRSR = SYS(3, 4, 12, 11, 5),
    ICH_VMCR = SYS(3, 4, 12, 11, 7),
    ICH_LR0 = SYS(3, 4, 12, 12, 0)
};
enum { HCR_EN = 1, HCR_UIE = 2, HCR_LRENPIE = 4, HCR_NPIE = 8 };
enum { HCR_TC = 1 << 10, HCR_TALL0 = 1 << 11, HCR_TALL1 = 1 << 12, HCR_TDIR = 1 << 14 };
#define HCR_COUNT_POS 27
enum { VMCR_CBPR = 1 << 4, VMCR_EOIM = 1 << 9, VMCR_BPR1_POS = 18, VMCR_BPR0_POS = 21 };
#define VMCR_PMR_POS 24
enum { LR_PENDING = 1, LR_ACTIVE = 2 };
#define LR_STATE_POS 62
#define LR_HW        (UINT64_C(1) << 61)
#define LR_GROUP1    (UINT64_C(1) << 60)
#define LR_EOI       (UINT64_C(1) << 41)
/* 5 bits of priority and of preemption, 16 of INTIDs, all of the affinity counts, no GICv4. */
#define VTR        (UINT32_C(4) << 29 | UINT32_C(4) << 26 | 1 << 21 | 1 << 20 | (GICV3_LRS - 1))
#define CTLR_FIXED (4u << 8 | 1u << 15)
enum { MAINTENANCE = 25, IDLE_RPR = 0xff };

static uint64_t *lr_of(struct gicv3 *s, unsigned hart, unsigned n)
{
    return &s->ich_lr[GICV3_LRS * hart + n];
}

static unsigned state_of(uint64_t lr)
{
    return (unsigned)(lr >> LR_STATE_POS);
}

static unsigned priority_of(uint64_t lr)
{
    return (unsigned)(lr >> 48) & 0xf8;
}

static unsigned pmr_of(const struct gicv3 *s, unsigned hart)
{
    return s->ich_vmcr[hart] >> VMCR_PMR_POS;
}

static unsigned bpr0_of(const struct gicv3 *s, unsigned hart)
{
    return s->ich_vmcr[hart] >> VMCR_BPR0_POS & 7;
}

/* As a guest reads it. */
static unsigned bpr1_of(const struct gicv3 *s, unsigned hart)
{
    if ((s->ich_vmcr[hart] & VMCR_CBPR) == 0) {
        return s->ich_vmcr[hart] >> VMCR_BPR1_POS & 7;
    }
    return bpr0_of(s, hart) < ICC_BPR_MAX ? bpr0_of(s, hart) + 1 : ICC_BPR_MAX;
}

/* ---- which one ---- */

/* The list register with the most urgent interrupt that pends, of groups that are on; -1: none. */
static int find_best(struct gicv3 *s, unsigned hart)
{
    unsigned most = GICV3_IDLE;
    int best = -1;

    for (unsigned n = 0; (s->ich_hcr[hart] & HCR_EN) != 0 && n < GICV3_LRS; n++) {
        uint64_t lr = *lr_of(s, hart, n);
        unsigned group = (lr & LR_GROUP1) != 0 ? GICV3_GROUP1 : GICV3_GROUP0;

        if (state_of(lr) == LR_PENDING && (s->ich_vmcr[hart] & group) != 0 &&
            priority_of(lr) < most) {
            most = priority_of(lr);
            best = (int)n;
        }
    }
    return best;
}

static unsigned group_priority(const struct gicv3 *s, unsigned hart, uint64_t lr)
{
    bool own = (lr & LR_GROUP1) != 0 && (s->ich_vmcr[hart] & VMCR_CBPR) == 0;
    unsigned shift = own ? s->ich_vmcr[hart] >> VMCR_BPR1_POS & 7 : bpr0_of(s, hart) + 1;

    return priority_of(lr) & (0xffu << shift);
}

static unsigned running_priority(const struct gicv3 *s, unsigned hart)
{
    uint32_t active = s->ich_ap0r[hart] | s->ich_ap1r[hart];

    return active == 0 ? GICV3_IDLE : (unsigned)__builtin_ctz(active) << 3;
}

static bool is_urgent(const struct gicv3 *s, unsigned hart, uint64_t lr)
{
    return priority_of(lr) < pmr_of(s, hart) &&
           group_priority(s, hart, lr) < running_priority(s, hart);
}

/* ---- maintenance ---- */

static uint32_t ended(struct gicv3 *s, unsigned hart)
{
    uint32_t bits = 0;

    for (unsigned n = 0; n < GICV3_LRS; n++) {
        uint64_t lr = *lr_of(s, hart, n);

        bits |= (uint32_t)(state_of(lr) == 0 && (lr & (LR_HW | LR_EOI)) == LR_EOI) << n;
    }
    return bits;
}

static uint32_t empty(struct gicv3 *s, unsigned hart)
{
    uint32_t bits = 0;

    for (unsigned n = 0; n < GICV3_LRS; n++) {
        uint64_t lr = *lr_of(s, hart, n);

        bits |= (uint32_t)(state_of(lr) == 0 && ((lr & LR_HW) != 0 || (lr & LR_EOI) == 0)) << n;
    }
    return bits;
}

static uint32_t maintenance(struct gicv3 *s, unsigned hart)
{
    uint32_t hcr = s->ich_hcr[hart], vmcr = s->ich_vmcr[hart], bits = ended(s, hart) != 0;
    unsigned valid = 0;
    bool pends = false;

    for (unsigned n = 0; n < GICV3_LRS; n++) {
        valid += state_of(*lr_of(s, hart, n)) != 0;
        pends |= state_of(*lr_of(s, hart, n)) == LR_PENDING;
    }
    bits |= (hcr & HCR_UIE) != 0 && valid < 2 ? 2 : 0;
    bits |= (hcr & HCR_LRENPIE) != 0 && hcr >> HCR_COUNT_POS != 0 ? 4 : 0;
    bits |= (hcr & HCR_NPIE) != 0 && !pends ? 8 : 0;
    for (unsigned group = 0; group < 2; group++) {
        bool on = (vmcr >> group & 1) != 0;

        bits |= hcr & (on ? 0x10u : 0x20u) << 2 * group;
    }
    return bits;
}

void gicv3_virtual_update(struct device *d)
{
    struct gicv3 *s = d->state;

    for (unsigned h = 0; h < device_hart_count(d); h++) {
        bool due = (s->ich_hcr[h] & HCR_EN) != 0 && maintenance(s, h) != 0;
        int best = find_best(s, h);
        uint64_t lr = best >= 0 ? *lr_of(s, h, (unsigned)best) : 0;
        bool is_on = best >= 0 && is_urgent(s, h, lr);

        s->level[h] = (uint32_t)bits_set(s->level[h], MAINTENANCE, 1, due);
        device_set_hart_pin(d, h, ARM_PIN_VIRQ, is_on && (lr & LR_GROUP1) != 0);
        device_set_hart_pin(d, h, ARM_PIN_VFIQ, is_on && (lr & LR_GROUP1) == 0);
    }
}

/* ---- what a guest does ---- */

static uint32_t acknowledge(struct gicv3 *s, unsigned hart, bool group1)
{
    int best = find_best(s, hart);
    uint64_t *lr;

    if (best < 0) {
        return GICV3_SPURIOUS;
    }
    lr = lr_of(s, hart, (unsigned)best);
    if (((*lr & LR_GROUP1) != 0) != group1 || !is_urgent(s, hart, *lr)) {
        return GICV3_SPURIOUS;
    }
    *(group1 ? &s->ich_ap1r[hart] : &s->ich_ap0r[hart]) |= UINT32_C(1)
                                                           << (group_priority(s, hart, *lr) >> 3);
    *lr = bits_set(*lr, LR_STATE_POS, 2, (uint32_t)*lr < GICV3_FIRST_LPI ? LR_ACTIVE : 0);
    return (uint32_t)*lr;
}

static uint32_t highest_pending(struct gicv3 *s, unsigned hart, bool group1)
{
    int best = find_best(s, hart);
    uint64_t lr = best >= 0 ? *lr_of(s, hart, (unsigned)best) : 0;

    return best >= 0 && ((lr & LR_GROUP1) != 0) == group1 ? (uint32_t)lr : GICV3_SPURIOUS;
}

/* What is in no list register is counted, so that the hypervisor hears of it. */
static void deactivate(struct gicv3 *s, unsigned hart, uint32_t intid)
{
    for (unsigned n = 0; n < GICV3_LRS; n++) {
        uint64_t *lr = lr_of(s, hart, n);

        if ((state_of(*lr) & LR_ACTIVE) != 0 && (uint32_t)*lr == intid) {
            *lr &= ~((uint64_t)LR_ACTIVE << LR_STATE_POS);
            if ((*lr & LR_HW) != 0) {
                gicv3_deactivate(s, hart, bits_get(*lr, 32, 10));
            }
            return;
        }
    }
    s->ich_hcr[hart] += UINT32_C(1) << HCR_COUNT_POS;
}

static void end_interrupt(struct gicv3 *s, unsigned hart, uint64_t value, bool group1)
{
    uint32_t *active = group1 ? &s->ich_ap1r[hart] : &s->ich_ap0r[hart];
    uint32_t intid = value & 0xffffff;

    if (intid >= 1020 && intid < GICV3_FIRST_LPI) {
        return; /* a spurious one */
    }
    *active &= *active - 1;
    if ((s->ich_vmcr[hart] & VMCR_EOIM) == 0 && intid < GICV3_FIRST_LPI) {
        deactivate(s, hart, intid);
    }
}

/* ---- registers ---- */

/* Of ICH_HCR_EL2, the bit that traps this register of a guest's to the hypervisor; 0: none does. */
static uint32_t trap_of(uint32_t number)
{
    switch (number) {
    case ICV_IAR0:
    case ICV_EOIR0:
    case ICV_HPPIR0:
    case ICV_BPR0:
    case ICV_AP0R0:
    case ICV_IGRPEN0: return HCR_TALL0;
    case ICV_IAR1:
    case ICV_EOIR1:
    case ICV_HPPIR1:
    case ICV_BPR1:
    case ICV_AP1R0:
    case ICV_IGRPEN1: return HCR_TALL1;
    case ICV_DIR: return HCR_TC | HCR_TDIR;
    case ICV_PMR:
    case ICV_CTLR:
    case ICV_RPR: return HCR_TC;
    default: return 0;
    }
}

static enum platform_answer guest_read(struct gicv3 *s, unsigned hart, uint32_t number,
                                       uint64_t *value)
{
    uint32_t vmcr = s->ich_vmcr[hart];
    unsigned running = running_priority(s, hart);

    switch (number) {
    case ICV_PMR: *value = pmr_of(s, hart); break;
    case ICV_IAR0: *value = acknowledge(s, hart, false); break;
    case ICV_IAR1: *value = acknowledge(s, hart, true); break;
    case ICV_HPPIR0: *value = highest_pending(s, hart, false); break;
    case ICV_HPPIR1: *value = highest_pending(s, hart, true); break;
    case ICV_BPR0: *value = bpr0_of(s, hart); break;
    case ICV_BPR1: *value = bpr1_of(s, hart); break;
    case ICV_AP0R0: *value = s->ich_ap0r[hart]; break;
    case ICV_AP1R0: *value = s->ich_ap1r[hart]; break;
    case ICV_RPR: *value = running == GICV3_IDLE ? IDLE_RPR : running; break;
    case ICV_CTLR:
        *value = CTLR_FIXED | ((vmcr & VMCR_CBPR) != 0) | ((vmcr & VMCR_EOIM) != 0 ? 2u : 0);
        break;
    case ICV_IGRPEN0: *value = vmcr & 1; break;
    case ICV_IGRPEN1: *value = vmcr >> 1 & 1; break;
    default: return PLATFORM_NOBODY;
    }
    return PLATFORM_DONE;
}

static void set_vmcr(struct gicv3 *s, unsigned hart, unsigned pos, unsigned bits, uint64_t value)
{
    s->ich_vmcr[hart] = (uint32_t)bits_set(s->ich_vmcr[hart], pos, bits, value);
}

static uint64_t at_least(uint64_t value, uint64_t least)
{
    value &= ICC_BPR_MAX;
    return value < least ? least : value;
}

static enum platform_answer guest_write(struct gicv3 *s, unsigned hart, uint32_t number,
                                        uint64_t value)
{
    switch (number) {
    case ICV_PMR: set_vmcr(s, hart, VMCR_PMR_POS, 8, value & 0xf8); break;
    case ICV_EOIR0: end_interrupt(s, hart, value, false); break;
    case ICV_EOIR1: end_interrupt(s, hart, value, true); break;
    case ICV_DIR:
        if ((s->ich_vmcr[hart] & VMCR_EOIM) != 0) {
            deactivate(s, hart, value & 0xffffff);
        }
        break;
    case ICV_BPR0: set_vmcr(s, hart, VMCR_BPR0_POS, 3, at_least(value, ICC_BPR0_LEAST)); break;
    case ICV_BPR1:
        if ((s->ich_vmcr[hart] & VMCR_CBPR) == 0) {
            set_vmcr(s, hart, VMCR_BPR1_POS, 3, at_least(value, ICC_BPR1_LEAST));
        }
        break;
    case ICV_AP0R0: s->ich_ap0r[hart] = (uint32_t)value; break;
    case ICV_AP1R0: s->ich_ap1r[hart] = (uint32_t)value; break;
    case ICV_CTLR:
        set_vmcr(s, hart, 4, 1, value & 1);
        set_vmcr(s, hart, 9, 1, value >> 1 & 1);
        break;
    case ICV_IGRPEN0: set_vmcr(s, hart, 0, 1, value & 1); break;
    case ICV_IGRPEN1: set_vmcr(s, hart, 1, 1, value & 1); break;
    default: return PLATFORM_NOBODY;
    }
    return PLATFORM_DONE;
}

static enum platform_answer host_read(struct gicv3 *s, unsigned hart, uint32_t number,
                                      uint64_t *value)
{
    switch (number) {
    case ICH_AP0R0: *value = s->ich_ap0r[hart]; break;
    case ICH_AP1R0: *value = s->ich_ap1r[hart]; break;
    case ICH_HCR: *value = s->ich_hcr[hart]; break;
    case ICH_VTR: *value = VTR; break;
    case ICH_MISR: *value = maintenance(s, hart); break;
    case ICH_EISR: *value = ended(s, hart); break;
    case ICH_ELRSR: *value = empty(s, hart); break;
    case ICH_VMCR: *value = s->ich_vmcr[hart]; break;
    default:
        if (number < ICH_LR0 || number >= ICH_LR0 + GICV3_LRS) {
            return PLATFORM_NOBODY;
        }
        *value = *lr_of(s, hart, number - ICH_LR0);
        break;
    }
    return PLATFORM_DONE;
}

static enum platform_answer host_write(struct gicv3 *s, unsigned hart, uint32_t number,
                                       uint64_t value)
{
    switch (number) {
    case ICH_AP0R0: s->ich_ap0r[hart] = (uint32_t)value; break;
    case ICH_AP1R0: s->ich_ap1r[hart] = (uint32_t)value; break;
    case ICH_HCR: s->ich_hcr[hart] = (uint32_t)value & GICV3_ICH_HCR; break;
    case ICH_VMCR:
        value = bits_set(value, VMCR_BPR0_POS, 3, at_least(value >> VMCR_BPR0_POS, ICC_BPR0_LEAST));
        value = bits_set(value, VMCR_BPR1_POS, 3, at_least(value >> VMCR_BPR1_POS, ICC_BPR1_LEAST));
        s->ich_vmcr[hart] = ((uint32_t)value & GICV3_ICH_VMCR) | GICV3_VFIQEN;
        break;
    default:
        if (number < ICH_LR0 || number >= ICH_LR0 + GICV3_LRS) {
            return PLATFORM_NOBODY;
        }
        *lr_of(s, hart, number - ICH_LR0) = value & GICV3_ICH_LR;
        break;
    }
    return PLATFORM_DONE;
}

static bool is_of_host(uint32_t number)
{
    return (number >> 11 & 7) == 4;
}

/* Those that send SGIs, which a guest has no own of. */
static bool is_refused(const struct gicv3 *s, unsigned hart, uint32_t number)
{
    return (s->ich_hcr[hart] & trap_of(number)) != 0 || number == ICV_SGI0R ||
           number == ICV_SGI1R || number == ICV_ASGI1R;
}

enum platform_answer gicv3_virtual_read(struct device *d, unsigned hart, uint32_t number,
                                        uint64_t *value)
{
    struct gicv3 *s = d->state;
    enum platform_answer answer;

    if (is_of_host(number)) {
        return host_read(s, hart, number, value);
    }
    if (is_refused(s, hart, number)) {
        return PLATFORM_REFUSED;
    }
    answer = guest_read(s, hart, number, value);
    gicv3_update(d); /* it may have been an acknowledgement */
    return answer;
}

enum platform_answer gicv3_virtual_write(struct device *d, unsigned hart, uint32_t number,
                                         uint64_t value)
{
    struct gicv3 *s = d->state;
    enum platform_answer answer;

    if (!is_of_host(number) && is_refused(s, hart, number)) {
        return PLATFORM_REFUSED;
    }
    answer = is_of_host(number) ? host_write(s, hart, number, value)
                                : guest_write(s, hart, number, value);
    gicv3_update(d);
    return answer;
}
