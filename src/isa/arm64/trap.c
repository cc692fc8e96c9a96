/* SPDX-License-Identifier: GPL-2.0-or-later
 * trap: exceptions enter EL1 or EL2 and return, after DDI 0487, D1.3; interrupts and where they are
 * routed; PSTATE; what code is lifted for.
 */
#include "isa/arm64/arm64.h"

/* ---- levels ---- */

/* With TGE there is no EL1 that could be trapped, nor virtual interrupts; without E2H, interrupts are all EL2's, and with it
 * EL0 is not what a hypervisor would trap. */
#define HCR_LOST_BY_TGE                                                                            \
    (HCR_SWIO | HCR_PTW | HCR_VF | HCR_VI | HCR_VSE | HCR_FB | HCR_TID1 | HCR_TID3 | HCR_TSC |     \
     HCR_TACR | HCR_TSW | HCR_TTLB | HCR_TVM | HCR_HCD | HCR_TRVM | HCR_TLOR)
#define HCR_LOST_BY_HOST                                                                           \
    (HCR_VM | HCR_FMO | HCR_IMO | HCR_AMO | HCR_BSU | HCR_DC | HCR_TWI | HCR_TWE | HCR_TID0 |      \
     HCR_TID2 | HCR_TPC | HCR_TPU | HCR_TDZ | HCR_CD | HCR_ID)

uint64_t arm64_hcr(const struct cpu *cpu)
{
    uint64_t hcr = arm64_of(cpu)->hcr;

    if (!arm64_has(cpu, EXT_EL2)) {
        return 0;
    }
    if ((hcr & HCR_TGE) == 0) {
        return hcr;
    }
    hcr = (hcr & HCR_E2H) != 0 ? hcr & ~HCR_LOST_BY_HOST : hcr | HCR_FMO | HCR_IMO | HCR_AMO;
    return hcr & ~HCR_LOST_BY_TGE;
}

bool arm64_is_host(const struct cpu *cpu)
{
    return (arm64_hcr(cpu) & HCR_HOST) == HCR_HOST;
}

unsigned arm64_regime(const struct cpu *cpu, unsigned el)
{
    return el != 0 ? el & 3 : arm64_is_host(cpu) ? 2 : 1; /* even of a level that a fault made */
}

/* ---- PSTATE ---- */

static uint64_t pstate_32(const struct arm64 *s)
{
    uint64_t p = arm_user_psr(&s->user) | s->daif | PSTATE_A32;

    p |= s->dit ? PSTATE_DIT : 0;
    p |= s->ssbs ? PSTATE32_SSBS : 0;
    p |= s->pan ? PSTATE_PAN : 0;
    p |= s->ss ? PSTATE_SS : 0;
    p |= s->il ? PSTATE_IL : 0;
    return p;
}

uint64_t arm64_pstate(const struct arm64 *s)
{
    if (s->a32) {
        return pstate_32(s);
    }
    uint64_t p = s->daif | (s->el << 2) | s->spsel | (uint64_t)s->btype << PSTATE_BTYPE_POS;

    p |= (s->flags & IR_FLAG_S) != 0 ? PSTATE_N : 0;
    p |= (s->flags & IR_FLAG_Z) != 0 ? PSTATE_Z : 0;
    p |= (s->flags & IR_FLAG_C) != 0 ? PSTATE_C : 0;
    p |= (s->flags & IR_FLAG_O) != 0 ? PSTATE_V : 0;
    p |= s->dit ? PSTATE_DIT : 0;
    p |= s->uao ? PSTATE_UAO : 0;
    p |= s->pan ? PSTATE_PAN : 0;
    p |= s->ss ? PSTATE_SS : 0;
    p |= s->il ? PSTATE_IL : 0;
    p |= s->ssbs ? PSTATE_SSBS : 0;
    return p;
}

void arm64_set_nzcv(struct arm64 *s, uint64_t pstate)
{
    s->flags =
        ((pstate & PSTATE_N) != 0 ? IR_FLAG_S : 0) | ((pstate & PSTATE_Z) != 0 ? IR_FLAG_Z : 0) |
        ((pstate & PSTATE_C) != 0 ? IR_FLAG_C : 0) | ((pstate & PSTATE_V) != 0 ? IR_FLAG_O : 0);
}

void arm64_set_el(struct arm64 *s, unsigned el, unsigned spsel)
{
    s->sp[s->spsel ? s->el : 0] = s->x[31];
    s->el = el;
    s->spsel = spsel;
    s->x[31] = s->sp[spsel ? el : 0];
    s->sp[spsel ? el : 0] = 0;
}

/* ---- debug exceptions ---- */

unsigned arm64_debug_target(const struct cpu *cpu)
{
    bool to_2 = (arm64_hcr(cpu) & HCR_TGE) != 0 ||
                (arm64_has(cpu, EXT_EL2) && (arm64_of(cpu)->mdcr2 & BIT64(8)) != 0);

    return to_2 ? 2 : 1;
}

static bool debug_is_on_at(const struct cpu *cpu, unsigned el, bool masked)
{
    const struct arm64 *s = arm64_of(cpu);
    unsigned target = arm64_debug_target(cpu);

    if (s->oslock || (s->osdlr & 1) != 0 || target < el) {
        return false;
    }
    return target > el || ((s->mdscr & MDSCR_KDE) != 0 && !masked);
}

bool arm64_debug_is_on(const struct cpu *cpu)
{
    const struct arm64 *s = arm64_of(cpu);

    return debug_is_on_at(cpu, s->el, (s->daif & DAIF_D) != 0);
}

/* ---- what code is lifted for ---- */

unsigned arm64_fp_trap(const struct cpu *cpu)
{
    const struct arm64 *s = arm64_of(cpu);
    bool e2h = (arm64_hcr(cpu) & HCR_E2H) != 0;

    if (s->el < 2 && !arm64_is_host(cpu)) {
        unsigned fpen = (unsigned)(s->cpacr >> 20 & 3);

        if ((fpen & 1) == 0 || (fpen == 1 && s->el == 0)) {
            return s->el == 0 && (arm64_hcr(cpu) & HCR_TGE) != 0 ? 2 : 1;
        }
    }
    if (arm64_has(cpu, EXT_EL2)) {
        if (e2h) {
            unsigned fpen = (unsigned)(s->cptr2 >> 20 & 3);

            if ((fpen & 1) == 0 || (fpen == 1 && s->el == 0 && arm64_is_host(cpu))) {
                return 2;
            }
        } else if ((s->cptr2 & BIT64(10)) != 0) {
            return 2;
        }
    }
    return 0;
}

static uint32_t debug_mode(const struct cpu *cpu)
{
    const struct arm64 *s = arm64_of(cpu);
    uint32_t mode = 0;

    if ((s->mdscr & (MDSCR_SS | MDSCR_MDE)) == 0 || !arm64_debug_is_on(cpu)) {
        return 0;
    }
    if ((s->mdscr & MDSCR_SS) != 0) {
        mode |= MODE_STEP | (s->ss ? MODE_STEPS : 0);
    }
    for (unsigned i = 0; (s->mdscr & MDSCR_MDE) != 0 && i < ARM64_BREAKPOINTS; i++) {
        mode |= (s->bcr[i] & 1) != 0 ? MODE_POINTS : 0;
    }
    for (unsigned i = 0; (s->mdscr & MDSCR_MDE) != 0 && i < ARM64_WATCHPOINTS; i++) {
        mode |= (s->wcr[i] & 1) != 0 ? MODE_POINTS : 0;
    }
    return mode;
}

static uint32_t memory_mode(const struct cpu *cpu, unsigned regime)
{
    const struct arm64 *s = arm64_of(cpu);
    uint64_t sctlr = s->sctlr[regime], tcr = s->tcr[regime];
    bool two = regime == 1 || (regime == 2 && (arm64_hcr(cpu) & HCR_E2H) != 0);
    bool off = (sctlr & SCTLR_M) == 0 && !(regime == 1 && (arm64_hcr(cpu) & HCR_DC) != 0);
    uint32_t mode = (sctlr & (s->el == 0 ? SCTLR_E0E : SCTLR_EE)) != 0 ? MODE_BIG : 0;

    /* Without translation all memory is a device's, which must be accessed aligned. */
    mode |= (sctlr & SCTLR_A) != 0 || off ? MODE_ALIGN : 0;
    mode |= two && (tcr >> 37 & 3) == 3 ? MODE_UNTAG : 0;
    mode |= (s->el == 1 || (s->el == 2 && arm64_is_host(cpu))) && !s->uao ? MODE_UNPRIV : 0;
    if ((tcr >> (two ? 37 : 20) & 1) != 0 && (!two || (tcr >> 51 & 1) == 0)) {
        mode |= MODE_TAG0;
    }
    if (two && (tcr >> 38 & 1) != 0 && (tcr >> 52 & 1) == 0) {
        mode |= MODE_TAG1;
    }
    if ((s->el != 0 || (sctlr & SCTLR_DZE) != 0) &&
        (s->el > 1 || (arm64_hcr(cpu) & HCR_TDZ) == 0)) {
        mode |= MODE_ZVA;
    }
    mode |= s->spsel ? MODE_SPSEL : 0;
    mode |= (sctlr & (s->el == 0 ? SCTLR_SA0 : SCTLR_SA)) != 0 ? MODE_SP : 0;
    return mode;
}

static uint32_t mode_32(const struct cpu *cpu)
{
    const struct arm64 *s = arm64_of(cpu);
    uint64_t sctlr = s->sctlr[arm64_regime(cpu, 0)];
    unsigned how = arm64_fp_trap(cpu) == 0 ? A32_FP_ON : 0;

    how |= (memory_mode(cpu, arm64_regime(cpu, 0)) & MODE_ALIGN) != 0 ? A32_ALIGNED : 0;
    how |= (sctlr & SCTLR_SED) != 0 ? A32_NO_SETEND : 0;
    how |= (sctlr & SCTLR_ITD) != 0 ? A32_SHORT_IT : 0;
    return MODE_A32 | arm_user_mode(&s->user, how) | debug_mode(cpu) | (s->il ? MODE_IL : 0);
}

uint64_t arm64_block_mode(const struct cpu *cpu)
{
    const struct arm64 *s = arm64_of(cpu);
    unsigned level = s->el == 2 && (arm64_hcr(cpu) & HCR_E2H) != 0 ? MODE_HOST : s->el;

    if (unlikely(s->a32)) {
        return mode_32(cpu);
    }
    return level | memory_mode(cpu, arm64_regime(cpu, s->el)) | debug_mode(cpu) |
           (arm64_fp_trap(cpu) == 0 ? MODE_FP : 0) | (s->il ? MODE_IL : 0) |
           ((s->fpcr >> 19 & 1) | (s->fpcr >> 22 & 0x1f) << 1) << MODE_FPCR_POS |
           s->btype << MODE_BTYPE_POS;
}

/* ---- entering ---- */

void arm64_raise(struct cpu *cpu, uint32_t esr, uint64_t far, unsigned to)
{
    cpu_raise(cpu, esr, far);
    cpu->fault.value2 = to;
}

void arm64_raise_undefined(struct cpu *cpu)
{
    arm64_raise(cpu, ESR(EC_UNKNOWN, 0), 0, 0);
}

static void enter(struct cpu *cpu, unsigned to, unsigned offset)
{
    struct arm64 *s = arm64_of(cpu);
    uint64_t sctlr;
    bool below_32;

    /* Whether the level below `to` is in AArch32 state: only EL0 ever is. */
    below_32 = s->a32 && (to == 1 || (to == 2 && arm64_regime(cpu, 0) == 2));
    offset += s->el < to ? (below_32 ? 0x600 : 0x400) : s->spsel ? 0x200 : 0;
    s->spsr[to] = arm64_pstate(s);
    s->elr[to] = s->hart.pc;
    s->hart.waiting = 0;
    arm64_pmu_level(cpu, to);
    arm64_set_el(s, to, 1);
    sctlr = s->sctlr[to];
    s->daif = DAIF_ALL;
    s->il = s->ss = s->stepped = s->uao = s->btype = s->dit = 0;
    s->a32 = s->local = s->q = s->ge = s->big = 0;
    if (arm64_has(cpu, EXT_PAN) && (sctlr & SCTLR_SPAN) == 0 &&
        (to == 1 || (to == 2 && arm64_is_host(cpu)))) {
        s->pan = 1;
    }
    if (arm64_has(cpu, EXT_SSBS)) {
        s->ssbs = (sctlr & SCTLR_DSSBS) != 0;
    }
    s->hart.pc = (s->vbar[to] & ~UINT64_C(0x7ff)) + offset;
}

/* Aborts and the like have two classes: from a lower level and from that which takes it. */
static bool has_two_classes(unsigned ec)
{
    return ec == EC_INSN_ABORT || ec == EC_DATA_ABORT || ec == EC_BREAKPOINT || ec == EC_STEP ||
           ec == EC_WATCHPOINT;
}

static bool has_address(unsigned ec)
{
    return ec == EC_INSN_ABORT || ec == EC_DATA_ABORT || ec == EC_PC_ALIGN || ec == EC_WATCHPOINT;
}

void arm64_take_exception(struct cpu *cpu)
{
    struct arm64 *s = arm64_of(cpu);
    struct fault f = cpu->fault;
    unsigned ec = ESR_EC(f.cause), to = f.value2 & 3;

    cpu->fault = (struct fault){0};
    f.cause = arm64_abort_syndrome(cpu, f.cause, f.value);
    if (to == 0) {
        to = s->el != 0 ? s->el : (arm64_hcr(cpu) & HCR_TGE) != 0 ? 2 : 1;
    }
    if (ec == EC_SVC || ec == EC_HVC) {
        s->hart.pc += 4;         /* but an SMC that a hypervisor traps is not done */
    } else if (ec == EC_SVC32) { /* its return is to the next instruction, with its IT state */
        s->hart.pc = (uint32_t)(s->hart.pc + ((f.cause & ESR_IL) != 0 ? 4 : 2));
        s->local = (uint32_t)arm_it_advanced(s->local);
    }
    if (has_two_classes(ec) && to == s->el) {
        f.cause += 1u << ESR_EC_POS;
    }
    if (has_address(ec)) {
        s->far[to] = f.value;
    }
    if ((f.value2 & FAULT_HAS_IPA) != 0) {
        s->hpfar = f.value2 >> FAULT_IPA_POS << 4;
    }
    s->esr[to] = f.cause;
    enter(cpu, to, 0);
}

/* ---- interrupts ---- */

/* Where a physical interrupt goes, of those that the bit routes. */
static unsigned target_of(const struct cpu *cpu, uint64_t hcr_bit)
{
    return (arm64_hcr(cpu) & (hcr_bit | HCR_TGE)) != 0 ? 2 : 1;
}

static bool is_taken(const struct cpu *cpu, unsigned to, uint32_t mask)
{
    const struct arm64 *s = arm64_of(cpu);

    if (to < s->el) {
        return false;
    }
    return (to > s->el && to != 1 && !(to == 2 && arm64_is_host(cpu))) || (s->daif & mask) == 0;
}

/* The level that takes an interrupt now, 0: none; *offset: of its vector. */
static unsigned find_interrupt(const struct cpu *cpu, unsigned *offset)
{
    const struct arm64 *s = arm64_of(cpu);
    uint64_t hcr = arm64_hcr(cpu);
    unsigned to;

    *offset = 0x100;
    to = target_of(cpu, HCR_FMO);
    if ((s->lines >> ARM64_PIN_FIQ & 1) != 0 && is_taken(cpu, to, DAIF_F)) {
        return to;
    }
    *offset = 0x80;
    to = target_of(cpu, HCR_IMO);
    if ((s->lines >> ARM64_PIN_IRQ & 1) != 0 && is_taken(cpu, to, DAIF_I)) {
        return to;
    }
    if (hcr == 0 || s->el > 1 || (hcr & HCR_TGE) != 0) {
        return 0;
    }
    if ((hcr & HCR_IMO) != 0 && (s->daif & DAIF_I) == 0 &&
        ((hcr & HCR_VI) != 0 || (s->lines >> ARM64_PIN_VIRQ & 1) != 0)) {
        return 1;
    }
    *offset = 0x100;
    if ((hcr & HCR_FMO) != 0 && (s->daif & DAIF_F) == 0 &&
        ((hcr & HCR_VF) != 0 || (s->lines >> ARM64_PIN_VFIQ & 1) != 0)) {
        return 1;
    }
    return 0;
}

bool arm64_interrupt_pending(const struct cpu *cpu)
{
    const struct arm64 *s = arm64_of(cpu);
    unsigned offset;

    return (s->lines != 0 || (s->hcr & (HCR_VI | HCR_VF)) != 0) &&
           find_interrupt(cpu, &offset) != 0;
}

bool arm64_wakes(const struct cpu *cpu)
{
    return arm64_of(cpu)->lines != 0 || (arm64_hcr(cpu) & (HCR_VI | HCR_VF)) != 0;
}

void arm64_take_interrupt(struct cpu *cpu)
{
    unsigned offset, to = find_interrupt(cpu, &offset);

    must(to != 0);
    enter(cpu, to, offset);
}

void arm64_set_line(struct cpu *cpu, unsigned pin, bool level)
{
    struct arm64 *s = arm64_of(cpu);
    uint32_t lines;

    if (pin >= ARM64_PIN_COUNT) {
        return;
    }
    lines = (uint32_t)bits_set(s->lines, pin, 1, level);
    if (lines != s->lines) {
        s->lines = lines;
        cpu->look = true;
    }
}

/* ---- returning ---- */

/* What SPSR names is no state that this hart can be in, or that may be entered from here. */
static bool is_illegal(const struct cpu *cpu, uint64_t spsr)
{
    const struct arm64 *s = arm64_of(cpu);
    unsigned el = (unsigned)(spsr >> 2 & 3);

    if ((spsr & PSTATE_A32) != 0) { /* to user mode alone */
        return (spsr & 15) != 0 || !arm64_has_a32(cpu);
    }
    if ((spsr & 2) != 0 || el > s->el || !arm64_has_el(cpu, el) || (el == 0 && (spsr & 1) != 0)) {
        return true;
    }
    return el == 1 && (arm64_hcr(cpu) & HCR_TGE) != 0;
}

/* Whether PSTATE.SS becomes that of SPSR. */
static bool takes_step(const struct cpu *cpu, unsigned el, bool masked)
{
    return (arm64_of(cpu)->mdscr & MDSCR_SS) != 0 && !arm64_debug_is_on(cpu) &&
           debug_is_on_at(cpu, el, masked);
}

/* The rest of a return to AArch32 state; where it goes on. */
static uint64_t return_to_32(struct cpu *cpu, uint64_t spsr, uint64_t target)
{
    struct arm64 *s = arm64_of(cpu);
    unsigned it = (unsigned)((spsr >> 25 & 3) | (spsr >> 10 & 0x3f) << 2);
    bool itd;

    s->daif &= ~DAIF_D; /* there is none */
    s->ssbs = arm64_has(cpu, EXT_SSBS) && (spsr & PSTATE32_SSBS) != 0;
    s->uao = s->btype = 0;
    arm64_pmu_level(cpu, 0);
    arm64_set_el(s, 0, 0);
    s->a32 = 1;
    itd = (s->sctlr[arm64_regime(cpu, 0)] & SCTLR_ITD) != 0;
    /* IT's bits that are reserved, or what there are no blocks in, do not come back. */
    if (s->il || (it & 15) == 0 || (spsr & PSTATE32_T) == 0 || (itd && (it & 7) != 0)) {
        spsr &= ~(PSTATE32_IT_LOW | PSTATE32_IT_HIGH);
    }
    arm_user_set_psr(&s->user, (uint32_t)spsr, ARM_USER_PSR);
    for (unsigned r = 0; r < 15; r++) {
        s->x[r] = (uint32_t)s->x[r];
    }
    return (uint32_t)target & ((spsr & PSTATE32_T) != 0 ? ~UINT32_C(1) : ~UINT32_C(3));
}

uint64_t arm64_eret(struct cpu *cpu, uint64_t target)
{
    struct arm64 *s = arm64_of(cpu);
    uint64_t spsr = s->spsr[s->el & 3];
    unsigned el = (unsigned)(spsr >> 2 & 3);
    bool illegal = is_illegal(cpu, spsr);

    el = !illegal && (spsr & PSTATE_A32) != 0 ? 0 : el;
    s->ss = (spsr & PSTATE_SS) != 0 && !illegal && takes_step(cpu, el, (spsr & DAIF_D) != 0);
    arm64_set_nzcv(s, spsr);
    s->daif = (uint32_t)spsr & DAIF_ALL;
    s->il = illegal || (spsr & PSTATE_IL) != 0;
    s->dit = arm64_has(cpu, EXT_DIT) && (spsr & PSTATE_DIT) != 0;
    s->hart.reserved = 0;
    if (!illegal) {
        s->pan = arm64_has(cpu, EXT_PAN) && (spsr & PSTATE_PAN) != 0;
        if ((spsr & PSTATE_A32) != 0) {
            return return_to_32(cpu, spsr, target);
        }
        s->uao = arm64_has(cpu, EXT_UAO) && (spsr & PSTATE_UAO) != 0;
        s->ssbs = arm64_has(cpu, EXT_SSBS) && (spsr & PSTATE_SSBS) != 0;
        s->btype = arm64_has(cpu, EXT_BTI) ? (uint32_t)(spsr >> PSTATE_BTYPE_POS & 3) : 0;
        arm64_pmu_level(cpu, el);
        arm64_set_el(s, el, (unsigned)spsr & 1);
    }
    return target;
}

/* ---- beginning ---- */

void arm64_begin(struct arm64 *s, const struct arm64_model *m)
{
    unsigned top = (m->features & EXT_EL2) != 0 ? 2 : 1;

    s->el = top;
    s->spsel = 1;
    s->daif = DAIF_ALL;
    for (unsigned el = 1; el <= top; el++) {
        s->sctlr[el] = el > 1 ? 0x30c50830 : m->sctlr != 0 ? m->sctlr : 0x00c50838;
    }
    s->oslock = 1;
    s->pmcr = m->pmcr;
    s->vpidr = m->midr;
    s->vmpidr = BIT64(31) | s->number;
    if ((m->features & EXT_EL2) != 0 && (m->id[ID_PFR0] >> 4 & 15) == 1) {
        s->hcr = HCR_RW; /* EL1 has AArch64 alone */
    }
    if (top == 2) {
        s->mdcr2 = ARM64_EVENT_COUNTERS; /* HPMN */
        s->cnthctl = 3;                  /* EL1 may ask for the counter and the timer */
    }
}

/* Each hart has numbers of its own; the state is never 0. */
void arm64_seed_random(struct arm64 *s, uint64_t seed)
{
    uint64_t words[2] = {seed, s->number};

    s->rndr = hash_bytes(words, sizeof words, 0) | 1;
}

/* PSCI's CPU_ON: as after a reset, but for what the words say: where, and X0. */
static void start(struct cpu *cpu, struct hart_words words)
{
    struct arm64 *s = arm64_of(cpu);
    uint32_t lines = s->lines, number = s->number;
    uint64_t instructions = s->hart.instructions, rndr = s->rndr;

    memset(s->timer_ctl, 0, sizeof s->timer_ctl);
    arm64_timers_changed(cpu, cpu_now(cpu));
    arm64_pmu_stop(cpu);
    memset(s, 0, sizeof *s);
    s->number = number;
    s->lines = lines;
    s->rndr = rndr;
    s->hart.instructions = instructions;
    s->hart.stopped = 1; /* still: the machine changes it */
    arm64_begin(s, cpu->model);
    s->hcr = s->el == 2 ? HCR_RW : 0;
    s->hart.pc = words.a;
    s->x[0] = words.b;
}

enum platform_answer arm64_message(struct cpu *cpu, enum hart_message what, struct hart_words words)
{
    switch (what) {
    case HART_START: start(cpu, words); return PLATFORM_DONE;
    case HART_STOP: return PLATFORM_DONE;
    case HART_KICK: arm64_of(cpu)->hart.waiting = 0; return PLATFORM_DONE;
    case HART_RESET: break;
    }
    return PLATFORM_REFUSED;
}
