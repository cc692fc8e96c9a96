/* SPDX-License-Identifier: GPL-2.0-or-later
 * trap: interrupts and exceptions enter M or S mode, after volume II, 3.1.6 to 3.1.15 and 4.1.
 * Interrupts are taken in the order MEI MSI MTI SEI SSI STI, those for M mode first.
 */
#include "isa/riscv/riscv.h"

/* Enabled interrupts that would be taken now; *to_s says where the first of them goes. */
static uint64_t takeable(const struct riscv *s, bool *to_s)
{
    uint64_t pending = riscv_mip(s) & s->mie;
    uint64_t for_m = pending & ~s->mideleg;
    uint64_t for_s = pending & s->mideleg;

    *to_s = false;
    if (s->priv == PRIV_M && (s->mstatus & MSTATUS_MIE) == 0) {
        return 0;
    }
    if (for_m != 0 || s->priv == PRIV_M) {
        return for_m;
    }
    *to_s = true;
    if (s->priv == PRIV_S && (s->mstatus & MSTATUS_SIE) == 0) {
        return 0;
    }
    return for_s;
}

bool riscv_interrupt_pending(const struct cpu *cpu)
{
    bool to_s;

    return takeable(riscv_of(cpu), &to_s) != 0;
}

bool riscv_wakes(const struct cpu *cpu)
{
    return (riscv_mip(riscv_of(cpu)) & riscv_of(cpu)->mie) != 0;
}

static void enter_m(struct riscv *s, uint64_t cause, uint64_t value)
{
    uint64_t status = s->mstatus & ~(MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP);

    status |= (s->mstatus & MSTATUS_MIE) != 0 ? MSTATUS_MPIE : 0;
    status |= (uint64_t)s->priv << MSTATUS_MPP_POS;
    s->mstatus = status;
    s->mepc = s->hart.pc;
    s->mcause = cause;
    s->mtval = value;
    s->priv = PRIV_M;
}

static void enter_s(struct riscv *s, uint64_t cause, uint64_t value)
{
    uint64_t status = s->mstatus & ~(MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP);

    status |= (s->mstatus & MSTATUS_SIE) != 0 ? MSTATUS_SPIE : 0;
    status |= s->priv == PRIV_S ? MSTATUS_SPP : 0;
    s->mstatus = status;
    s->sepc = s->hart.pc;
    s->scause = cause;
    s->stval = value;
    s->priv = PRIV_S;
}

static void enter(struct riscv *s, bool to_s, uint64_t cause, uint64_t value)
{
    uint64_t tvec = to_s ? s->stvec : s->mtvec;
    uint64_t interrupt = riscv_top_bit(s);
    bool vectored = (tvec & 1) != 0 && (cause & interrupt) != 0;

    if (to_s) {
        enter_s(s, cause, value);
    } else {
        enter_m(s, cause, value);
    }
    s->hart.pc =
        ((tvec & ~UINT64_C(3)) + (vectored ? 4 * (cause & ~interrupt) : 0)) & riscv_ones(s);
    s->hart.waiting = 0;
}

void riscv_take_interrupt(struct cpu *cpu)
{
    static const uint8_t order[] = {IRQ_MEI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI};
    struct riscv *s = riscv_of(cpu);
    bool to_s;
    uint64_t ready = takeable(s, &to_s);

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        if ((ready & IRQ_BIT(order[i])) != 0) {
            enter(s, to_s, riscv_top_bit(s) | order[i], 0);
            return;
        }
    }
}

void riscv_take_exception(struct cpu *cpu)
{
    struct riscv *s = riscv_of(cpu);
    struct fault f = cpu->fault;

    cpu->fault = (struct fault){0};
    enter(s, s->priv != PRIV_M && (s->medeleg >> f.cause & 1) != 0, f.cause, f.value);
}

void riscv_set_line(struct cpu *cpu, unsigned pin, bool level)
{
    struct riscv *s = riscv_of(cpu);
    uint64_t lines;

    if (pin >= 64 || (IRQ_PIN_BITS & IRQ_BIT(pin)) == 0) {
        return;
    }
    lines = bits_set(s->lines, pin, 1, level);
    if (lines != s->lines) {
        s->lines = lines;
        cpu->look = true;
    }
}

tick riscv_next_alarm(const struct cpu *cpu)
{
    const struct riscv *s = riscv_of(cpu);

    if ((s->menvcfg & ENVCFG_STCE) == 0 || s->stip != 0 || s->stimecmp == UINT64_MAX) {
        return TICK_NEVER;
    }
    return cpu->timer.when != NULL ? cpu->timer.when(cpu->timer.opaque, s->stimecmp) : s->stimecmp;
}

void riscv_alarm(struct cpu *cpu, tick now)
{
    riscv_update_stip(cpu, now);
    cpu->look = true;
}
