/* SPDX-License-Identifier: GPL-2.0-or-later
 * trap: exceptions enter and return, interrupts, CPSR with its banks of registers, and what code is lifted
 * for; after DDI 0406C, B1.
 */
#include "base/softfloat.h"
#include "isa/arm32/arm.h"

/* ---- banks ---- */

unsigned arm_bank(uint32_t mode)
{
    switch (mode) {
    case ARM_MODE_USR:
    case ARM_MODE_SYS: return BANK_USR;
    case ARM_MODE_FIQ: return BANK_FIQ;
    case ARM_MODE_IRQ: return BANK_IRQ;
    case ARM_MODE_SVC: return BANK_SVC;
    case ARM_MODE_ABT: return BANK_ABT;
    case ARM_MODE_UND: return BANK_UND;
    default: return ARM_BANKS;
    }
}

void arm_set_mode(struct arm *s, uint32_t mode)
{
    unsigned from = arm_bank(s->mode), to = arm_bank(mode);

    s->mode = mode;
    if (from == to) {
        return;
    }
    s->r13[from] = (uint32_t)s->r[13];
    s->r14[from] = (uint32_t)s->r[14];
    s->r[13] = s->r13[to];
    s->r[14] = s->r14[to];
    s->r13[to] = s->r14[to] = 0;
    if (from != BANK_FIQ && to != BANK_FIQ) {
        return;
    }
    for (unsigned i = 0; i < 5; i++) {
        uint32_t *away = from == BANK_FIQ ? &s->r8_fiq[i] : &s->r8_usr[i];
        uint32_t *here = to == BANK_FIQ ? &s->r8_fiq[i] : &s->r8_usr[i];

        *away = (uint32_t)s->r[8 + i];
        s->r[8 + i] = *here;
        *here = 0;
    }
}

uint32_t arm_get_user(const struct arm *s, unsigned r)
{
    if (r >= 13) {
        return arm_bank(s->mode) == BANK_USR ? (uint32_t)s->r[r]
               : r == 13                     ? s->r13[BANK_USR]
                                             : s->r14[BANK_USR];
    }
    return s->mode == ARM_MODE_FIQ && r >= 8 ? s->r8_usr[r - 8] : (uint32_t)s->r[r];
}

void arm_set_user(struct arm *s, unsigned r, uint32_t value)
{
    if (r >= 13 && arm_bank(s->mode) != BANK_USR) {
        *(r == 13 ? &s->r13[BANK_USR] : &s->r14[BANK_USR]) = value;
    } else if (r >= 8 && r < 13 && s->mode == ARM_MODE_FIQ) {
        s->r8_usr[r - 8] = value;
    } else {
        s->r[r] = value;
    }
}

/* ---- CPSR ---- */

uint32_t arm_cpsr(const struct arm *s)
{
    return s->mode | s->masks | arm_user_psr(&s->user);
}

void arm_set_cpsr(struct cpu *cpu, uint32_t value, uint32_t mask)
{
    struct arm *s = arm_of(cpu);

    arm_user_set_psr(&s->user, value, mask);
    value = (arm_cpsr(s) & ~mask) | (value & mask);
    s->masks = value & CPSR_MASKS;
    if (arm_bank(value & CPSR_M) != ARM_BANKS) {
        arm_set_mode(s, value & CPSR_M);
    }
    cpu->look = true;
}

uint64_t arm_return(struct cpu *cpu, uint32_t target, uint32_t cpsr)
{
    arm_set_cpsr(cpu, cpsr, UINT32_MAX);
    if ((arm_of(cpu)->local & MODE_T) == 0) { /* no IT blocks there */
        arm_of(cpu)->local = 0;
        return target & ~UINT32_C(3);
    }
    return target & ~UINT32_C(1);
}

/* ---- FPSCR ---- */

static const struct {
    uint8_t flag, bit;
} sticky[] = {{FP_NV, 0}, {FP_DZ, 1}, {FP_OF, 2}, {FP_UF, 3}, {FP_NX, 4}, {FP_ID, 7}};

uint32_t arm_get_fpscr(const struct arm *s)
{
    uint32_t v = s->fpcr | s->fpsr;

    for (size_t i = 0; i < ARRAY_LEN(sticky); i++) {
        v |= (s->hart.fp_flags & sticky[i].flag) != 0 ? UINT32_C(1) << sticky[i].bit : 0;
    }
    return v;
}

void arm_set_fpscr(struct arm *s, uint32_t value)
{
    s->fpcr = value & (FPSCR_ROUND | FPSCR_VECTORS);
    s->fpsr = value & (FPSCR_FLAGS | FPSCR_QC | FPSCR_STICKY);
    s->hart.fp_flags = 0;
}

/* ---- what code is lifted for ---- */

static uint32_t fp_mode(const struct cpu *cpu)
{
    const struct arm *s = arm_of(cpu);
    uint32_t access = s->cpacr >> 20 & 3, mode = 0;

    if (!arm_has(cpu, EXT_VFP) || access == 0 || (access == 1 && s->mode == ARM_MODE_USR)) {
        return 0;
    }
    mode = MODE_CP10 | (s->fpcr >> 22 & 0x1f) << MODE_FPSCR_POS;
    if ((s->fpexc & FPEXC_EN) != 0) {
        mode |= MODE_VFP | ((s->fpcr & FPSCR_VECTORS) != 0 ? MODE_VECTORS : 0);
        mode |= arm_has(cpu, EXT_NEON) && s->cpacr >> 31 == 0 ? MODE_NEON : 0;
    }
    return mode;
}

uint64_t arm_block_mode(const struct cpu *cpu)
{
    const struct arm *s = arm_of(cpu);
    uint32_t mode = s->local | fp_mode(cpu) | (s->big ? MODE_BIG : 0);

    /* Without translation all memory is strongly ordered, which must be accessed aligned. */
    mode |= (s->sctlr & SCTLR_A) != 0 || (s->sctlr & SCTLR_M) == 0 ? MODE_ALIGN : 0;
    mode |= s->mode != ARM_MODE_USR ? MODE_PRIVILEGED : 0;
    mode |= arm_bank(s->mode) != BANK_USR ? MODE_SPSR : 0;
    return mode;
}

/* ---- entering ---- */

enum vector {
    VECTOR_UNDEFINED = 4,
    VECTOR_SVC = 8,
    VECTOR_PREFETCH = 12,
    VECTOR_DATA = 16,
    VECTOR_IRQ = 24,
    VECTOR_FIQ = 28
};

static void enter(struct cpu *cpu, uint32_t mode, unsigned vector, uint32_t link, uint32_t masks)
{
    struct arm *s = arm_of(cpu);
    uint32_t cpsr = arm_cpsr(s);

    arm_set_mode(s, mode);
    s->spsr[arm_bank(mode)] = cpsr;
    s->r[14] = link;
    s->masks |= masks;
    s->local = (s->sctlr & SCTLR_TE) != 0 ? MODE_T : 0;
    s->big = (s->sctlr & SCTLR_EE) != 0;
    s->hart.pc = ((s->sctlr & SCTLR_V) != 0 ? UINT32_C(0xffff0000) : s->vbar) + vector;
    s->hart.waiting = 0;
    s->hart.reserved = 0;
}

void arm_raise_undefined(struct cpu *cpu)
{
    cpu_raise(cpu, FAULT_UNDEFINED, 0);
}

void arm_take_exception(struct cpu *cpu)
{
    struct arm *s = arm_of(cpu);
    struct fault f = cpu->fault;
    uint32_t pc = (uint32_t)s->hart.pc, size = (s->local & MODE_T) != 0 ? 2 : 4;

    cpu->fault = (struct fault){0};
    switch (f.cause) {
    case FAULT_SVC: /* what it returns to is the next instruction, with its IT state */
        s->local = (uint32_t)arm_it_advanced(s->local);
        enter(cpu, ARM_MODE_SVC, VECTOR_SVC, pc + size, CPSR_I);
        break;
    case FAULT_PREFETCH:
        s->ifsr = (uint32_t)f.value2;
        s->ifar = (uint32_t)f.value;
        enter(cpu, ARM_MODE_ABT, VECTOR_PREFETCH, pc + 4, CPSR_A | CPSR_I);
        break;
    case FAULT_DATA:
        s->dfsr = (uint32_t)f.value2;
        s->dfar = (uint32_t)f.value;
        enter(cpu, ARM_MODE_ABT, VECTOR_DATA, pc + 8, CPSR_A | CPSR_I);
        break;
    default: enter(cpu, ARM_MODE_UND, VECTOR_UNDEFINED, pc + size, CPSR_I);
    }
}

/* ---- interrupts ---- */

static bool is_due(const struct arm *s, unsigned pin, uint32_t mask)
{
    return (s->lines >> pin & 1) != 0 && (s->masks & mask) == 0;
}

bool arm_interrupt_pending(const struct cpu *cpu)
{
    const struct arm *s = arm_of(cpu);

    return is_due(s, ARM_PIN_FIQ, CPSR_F) || is_due(s, ARM_PIN_IRQ, CPSR_I);
}

bool arm_wakes(const struct cpu *cpu)
{
    return arm_of(cpu)->lines != 0;
}

void arm_take_interrupt(struct cpu *cpu)
{
    const struct arm *s = arm_of(cpu);
    uint32_t link = (uint32_t)s->hart.pc + 4;

    if (is_due(s, ARM_PIN_FIQ, CPSR_F)) {
        enter(cpu, ARM_MODE_FIQ, VECTOR_FIQ, link, CPSR_MASKS);
    } else {
        must(is_due(s, ARM_PIN_IRQ, CPSR_I));
        enter(cpu, ARM_MODE_IRQ, VECTOR_IRQ, link, CPSR_A | CPSR_I);
    }
}

void arm_set_line(struct cpu *cpu, unsigned pin, bool level)
{
    struct arm *s = arm_of(cpu);
    uint32_t lines;

    if (pin >= ARM_PIN_COUNT) {
        return;
    }
    lines = (uint32_t)bits_set(s->lines, pin, 1, level);
    if (lines != s->lines) {
        s->lines = lines;
        cpu->look = true;
    }
}

/* ---- beginning ---- */

void arm_begin(struct arm *s, const struct arm_model *m)
{
    s->mode = ARM_MODE_SVC;
    s->masks = CPSR_MASKS;
    s->sctlr = 0x00c50078;
    s->pmcr = m->pmcr;
    s->cntfrq = m->cnt_hz;
}

/* PSCI's CPU_ON: as after a reset, but for what the words say: where, in which instruction set, and R0. */
static void start(struct cpu *cpu, struct hart_words words)
{
    struct arm *s = arm_of(cpu);
    uint32_t lines = s->lines, number = s->number;
    uint64_t instructions = s->hart.instructions;

    memset(s->timer_ctl, 0, sizeof s->timer_ctl);
    arm_timers_changed(cpu, cpu_now(cpu));
    memset(s, 0, sizeof *s);
    s->number = number;
    s->lines = lines;
    s->hart.instructions = instructions;
    s->hart.stopped = 1; /* still: the machine changes it */
    arm_begin(s, cpu->model);
    s->hart.pc = (uint32_t)words.a & ~UINT32_C(1);
    s->local = (words.a & 1) != 0 ? MODE_T : 0;
    s->r[0] = (uint32_t)words.b;
}

enum platform_answer arm_message(struct cpu *cpu, enum hart_message what, struct hart_words words)
{
    switch (what) {
    case HART_START: start(cpu, words); return PLATFORM_DONE;
    case HART_STOP: return PLATFORM_DONE;
    case HART_KICK: arm_of(cpu)->hart.waiting = 0; return PLATFORM_DONE;
    case HART_RESET: break;
    }
    return PLATFORM_REFUSED;
}
