/* SPDX-License-Identifier: GPL-2.0-or-later
 * e1000_irq: causes of interrupts, and how they get to the processor: by the pin, by one message, or by the
 * 82574L's five vectors of MSI-X (10.2.4 and 7.4 of its data sheet); no more often than ITR and EITR allow.
 */
#include "dev/net/e1000.h"

/* By IVAR four bits each, from this cause on: a vector, and whether there is one. */
enum { IVAR_FIRST = 20, IVAR_CAUSES = 5, IVAR_VALID = 8 };
enum { NS_EACH = 256 }; /* of ITR and EITR */

/* It is quiet for so long from now on. */
static void keep_quiet(struct device *d, unsigned v, uint32_t interval)
{
    struct e1000 *s = d->state;

    if (interval != 0) {
        s->quiet_until[v] =
            device_tick_at(d, device_now_ns(d) + (uint64_t)(interval & 0xffff) * NS_EACH);
    }
}

static bool is_put_off(struct device *d, unsigned v)
{
    struct e1000 *s = d->state;

    if (device_now(d) >= s->quiet_until[v]) {
        return false;
    }
    device_set_alarm(d, v, s->quiet_until[v]);
    return true;
}

/* ---- one interrupt for all --------------------------------------------------------------------*/

static void show_one(struct device *d)
{
    struct e1000 *s = d->state;

    if ((s->reg[R_ICR] & s->reg[R_IMS]) == 0) {
        pci_set_pin(d, false);
        return;
    }
    if (is_put_off(d, 0)) {
        return;
    }
    keep_quiet(d, 0, s->reg[R_ITR]);
    if (pci_has_messages(d)) {
        pci_set_pin(d, false);
        pci_send(d, 0);
    } else {
        pci_set_pin(d, true);
    }
}

/* ---- one for each -----------------------------------------------------------------------------*/

static uint32_t causes_of(const struct e1000 *s, unsigned v)
{
    uint32_t causes = 0;

    for (unsigned i = 0; i < IVAR_CAUSES; i++) {
        uint32_t entry = s->reg[R_IVAR] >> 4 * i & 15;

        if (entry == (IVAR_VALID | v)) {
            causes |= UINT32_C(1) << (IVAR_FIRST + i);
        }
    }
    return causes;
}

static void show_vector(struct device *d, unsigned v)
{
    struct e1000 *s = d->state;
    uint32_t causes = causes_of(s, v) & s->reg[R_ICR] & s->reg[R_IMS];

    if (causes == 0 || is_put_off(d, v)) {
        return;
    }
    keep_quiet(d, v, s->reg[R_EITR + v]);
    s->reg[R_ICR] &= ~(causes & s->reg[R_EIAC]);
    if ((s->reg[R_CTRL_EXT] & CTRL_EXT_MASKS_VECTORS) != 0) {
        s->reg[R_IMS] &= ~(causes & s->reg[R_IAM]);
    }
    pci_send(d, v);
}

/* ---- both -------------------------------------------------------------------------------------*/

void e1000_show_causes(struct device *d, uint32_t before)
{
    struct e1000 *s = d->state;
    uint32_t new = s->reg[R_ICR] & s->reg[R_IMS] & ~before;

    if (!pci_has_msix(d)) {
        if (before == 0 || !pci_has_messages(d)) {
            show_one(d);
        }
        return;
    }
    pci_set_pin(d, false);
    for (unsigned v = 0; v < E1000_VECTORS; v++) {
        if ((causes_of(s, v) & new) != 0) {
            show_vector(d, v);
        }
    }
}

void e1000_alarm(struct device *d, uint32_t i)
{
    if (pci_has_msix(d)) {
        show_vector(d, i);
    } else {
        show_one(d);
    }
}

void e1000_cause(struct device *d, uint32_t causes)
{
    struct e1000 *s = d->state;
    uint32_t before = s->reg[R_ICR] & s->reg[R_IMS];

    if (!e1000_is_express(d)) {
        causes &= CAUSES_OLD;
    } else if ((causes & (CAUSE_LINK | CAUSE_MDIO)) != 0) {
        causes |= CAUSE_OTHER;
    }
    s->reg[R_ICR] |= causes;
    if (causes != 0 && (before == 0 || pci_has_msix(d))) {
        e1000_show_causes(d, before);
    }
}

/* The 82574L keeps causes that nobody was told of, and masks itself where it is told to. */
uint32_t e1000_read_icr(struct device *d)
{
    struct e1000 *s = d->state;
    uint32_t causes = s->reg[R_ICR], shown = causes & s->reg[R_IMS];
    bool keeps = e1000_is_express(d) && !pci_has_msix(d) && shown == 0 && s->reg[R_IMS] != 0;

    if (shown != 0) {
        causes |= UINT32_C(1) << 31;
    }
    if (e1000_is_express(d) && shown != 0 && (s->reg[R_CTRL_EXT] & CTRL_EXT_MASKS) != 0) {
        s->reg[R_IMS] &= ~s->reg[R_IAM];
    }
    if (!keeps) {
        s->reg[R_ICR] = 0;
    }
    e1000_show_causes(d, shown);
    return causes;
}

void e1000_write_icr(struct device *d, uint32_t value)
{
    struct e1000 *s = d->state;
    uint32_t shown = s->reg[R_ICR] & s->reg[R_IMS];

    s->reg[R_ICR] &= ~value;
    if (e1000_is_express(d) && shown != 0 && (s->reg[R_CTRL_EXT] & CTRL_EXT_MASKS) != 0) {
        s->reg[R_IMS] &= ~s->reg[R_IAM];
    }
    e1000_show_causes(d, shown);
}

void e1000_mask(struct device *d, uint32_t set, uint32_t clear)
{
    struct e1000 *s = d->state;
    uint32_t shown = s->reg[R_ICR] & s->reg[R_IMS];

    s->reg[R_IMS] = (s->reg[R_IMS] | set) & ~clear;
    e1000_show_causes(d, shown);
}
