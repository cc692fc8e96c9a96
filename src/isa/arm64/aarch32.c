/* SPDX-License-Identifier: GPL-2.0-or-later
 * aarch32: AArch32 state at EL0, after DDI 0487, G1 and D1.20: what the helpers that arm32's lifters call do
 * here, and the registers of CP14 and CP15 that EL0 may access. They are AArch64's system registers of the
 * same numbers, with the same rules; what they trap is told as an access to a coprocessor. Left out: what
 * AArch32 has at higher levels.
 */
#include "isa/arm64/helpers.h"
#include "isa/arm64/sysreg.h"

/* In syndromes: the condition is there, and "always": what did not hold traps nothing. */
#define ISS_ALWAYS UINT32_C(0x1e00000)

static uint32_t with_length(uint32_t esr, uint64_t length)
{
    return length == 2 ? esr & ~ESR_IL : esr;
}

/* ---- exceptions ---- */

uint64_t arm64_a32_raise(struct cpu *cpu, uint64_t fault, uint64_t value, uint64_t status)
{
    if (fault == FAULT_SVC) {
        arm64_raise(cpu, with_length(ESR(EC_SVC32, value), status), 0, 0);
    } else {
        arm64_raise_undefined(cpu);
    }
    return 0;
}

uint64_t arm64_a32_bkpt(struct cpu *cpu, uint64_t pc, uint64_t imm, uint64_t length)
{
    unsigned to = arm64_debug_target(cpu);

    (void)pc;
    arm64_raise(cpu, with_length(ESR(EC_BKPT32, imm), length), 0, to);
    return 0;
}

uint64_t arm64_a32_pc_alignment(struct cpu *cpu, uint64_t pc, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    arm64_raise(cpu, ESR(EC_PC_ALIGN, 0), pc, 0);
    return 0;
}

uint64_t arm64_a32_fp_off(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    return arm64_help_fp_trap(cpu, a, b, c);
}

uint64_t arm64_a32_watchpoint(struct cpu *cpu, uint64_t va, uint64_t bytes, uint64_t is_write)
{
    return arm64_help_watchpoint(cpu, va, bytes, is_write);
}

uint64_t arm64_a32_crypto(struct cpu *cpu, uint64_t bits, uint64_t op, uint64_t c)
{
    return arm64_help_crypto(cpu, bits, op, c);
}

uint64_t arm64_a32_wfi(struct cpu *cpu, uint64_t length, uint64_t b, uint64_t c)
{
    (void)arm64_help_wfi(cpu, 0, b, c);
    if (cpu->fault.raised) {
        cpu->fault.cause = with_length(cpu->fault.cause, length);
    }
    return 0;
}

/* What user code never calls. */
uint64_t arm64_a32_never(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)cpu;
    (void)a;
    (void)b;
    (void)c;
    must(false);
    return 0;
}

/* ---- CPSR and FPSCR ---- */

uint64_t arm64_a32_mrs(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)a;
    (void)b;
    (void)c;
    /* The state of execution, and what only syndromes show, reads as 0. */
    return arm64_pstate(arm64_of(cpu)) &
           ~(PSTATE_SS | PSTATE_IL | PSTATE32_T | PSTATE32_IT_LOW | PSTATE32_IT_HIGH);
}

uint64_t arm64_a32_msr(struct cpu *cpu, uint64_t value, uint64_t mask, uint64_t c)
{
    (void)c;
    arm_user_set_psr(
        &arm64_of(cpu)->user, (uint32_t)value,
        (uint32_t)(mask & ARM_USER_PSR & ~(PSTATE32_T | PSTATE32_IT_LOW | PSTATE32_IT_HIGH)));
    cpu->look = true;
    return 0;
}

#define SYS_FPCR ARM64_SYS(3, 3, 4, 4, 0)
#define SYS_FPSR ARM64_SYS(3, 3, 4, 4, 1)

static uint64_t read_plainly(struct cpu *cpu, unsigned number)
{
    unsigned index;
    const struct arm64_sysreg *r = arm64_sysreg_find(cpu->model, number, &index);

    return r != NULL ? arm64_sysreg_get(cpu, r, index) : 0;
}

static void write_plainly(struct cpu *cpu, unsigned number, uint64_t value)
{
    unsigned index;
    const struct arm64_sysreg *r = arm64_sysreg_find(cpu->model, number, &index);

    if (r != NULL) {
        arm64_sysreg_set(cpu, r, index, value);
    }
}

uint64_t arm64_a32_fpscr_read(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)a;
    (void)b;
    (void)c;
    return read_plainly(cpu, SYS_FPCR) | read_plainly(cpu, SYS_FPSR);
}

uint64_t arm64_a32_fpscr_write(struct cpu *cpu, uint64_t value, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    write_plainly(cpu, SYS_FPCR, value);
    write_plainly(cpu, SYS_FPSR, value);
    cpu->look = true;
    return 0;
}

/* ---- coprocessors ---- */

#define CP_M(number)   ((unsigned)((number) >> 4 & 15))
#define CP_N(number)   ((unsigned)((number) >> 8 & 15))
#define CP_OP1(number) ((unsigned)((number) >> 12 & 7))
#define CP_OP2(number) ((unsigned)((number)&7))
#define CP_OF(number)  ((unsigned)((number) >> 16 & 15))

/* The system register that one of 64 bits is; 0: none. */
static unsigned sys_of_64(uint32_t number)
{
    switch (number & 0xfffff) {
    case ARM_CP(15, 0, 0, 9, 0): return ARM64_SYS(3, 3, 9, 13, 0);  /* PMCCNTR */
    case ARM_CP(15, 0, 0, 14, 0): return ARM64_SYS(3, 3, 14, 0, 1); /* CNTPCT */
    case ARM_CP(15, 1, 0, 14, 0): return ARM64_SYS(3, 3, 14, 0, 2); /* CNTVCT */
    case ARM_CP(15, 2, 0, 14, 0): return ARM64_SYS(3, 3, 14, 2, 2); /* CNTP_CVAL */
    case ARM_CP(15, 3, 0, 14, 0): return ARM64_SYS(3, 3, 14, 3, 2); /* CNTV_CVAL */
    default: return 0;
    }
}

static unsigned sys_of_32(uint32_t number)
{
    unsigned m = CP_M(number), op2 = CP_OP2(number);

    if (CP_OF(number) == 14) { /* DBGDSCRint, DBGDTRRXint and DBGDTRTXint */
        bool is_dcc = number == ARM_CP(14, 0, 0, 1, 0) || number == ARM_CP(14, 0, 0, 5, 0);

        return is_dcc ? ARM64_SYS(2, 3, 0, m, 0) : 0;
    }
    if (CP_OP1(number) != 0) {
        return 0;
    }
    switch (CP_N(number)) {
    case 9: return m >= 12 && m <= 14 ? ARM64_SYS(3, 3, 9, m, op2) : 0;
    case 13: return m == 0 && (op2 == 2 || op2 == 3) ? ARM64_SYS(3, 3, 13, 0, op2) : 0;
    case 14:
        if (m >= 8 || (m == 0 && op2 == 0) || ((m == 2 || m == 3) && op2 < 2)) {
            return ARM64_SYS(3, 3, 14, m, op2);
        }
        return 0;
    default: return 0;
    }
}

static unsigned sys_of(uint32_t number)
{
    return (number & ARM_CP64) != 0 ? sys_of_64(number) : sys_of_32(number);
}

static unsigned register_in_syndrome(unsigned r)
{
    return r == 15 ? 31 : r;
}

static uint32_t cp_syndrome(uint64_t number, bool is_read)
{
    bool is_15 = CP_OF(number) == 15;
    uint32_t iss =
        ISS_ALWAYS | register_in_syndrome(ARM_CP_RT(number)) << 5 | CP_M(number) << 1 | is_read;

    if ((number & ARM_CP64) != 0) {
        iss |= CP_OP1(number) << 16 | register_in_syndrome(ARM_CP_RT2(number)) << 10;
        return ESR(is_15 ? EC_CP15_64 : EC_CP14_64, iss);
    }
    iss |= CP_OP2(number) << 17 | CP_OP1(number) << 14 | CP_N(number) << 10;
    return ESR(is_15 ? EC_CP15 : EC_CP14, iss);
}

/* What AArch64's access raised is told as this one. */
static void tell_as(struct cpu *cpu, uint64_t number, bool is_read)
{
    if (cpu->fault.raised && ESR_EC(cpu->fault.cause) == EC_SYSREG) {
        cpu->fault.cause = cp_syndrome(number, is_read);
    }
}

/* HSTR_EL2 traps by CRn, or by CRm of those of 64 bits. */
static bool is_trapped_by_number(struct cpu *cpu, uint64_t number, bool is_read)
{
    unsigned n = (number & ARM_CP64) != 0 ? CP_M(number) : CP_N(number);
    bool on = arm64_has(cpu, EXT_EL2) && arm64_regime(cpu, 0) == 1;

    if (!on || CP_OF(number) != 15 || n == 4 || n == 14 || !(arm64_of(cpu)->hstr >> n & 1)) {
        return false;
    }
    arm64_raise(cpu, cp_syndrome(number, is_read), 0, 2);
    return true;
}

/* CP15's barriers of Armv6: c7, c5, 4; c7, c10, 4 and 5. */
static bool is_barrier(uint32_t number)
{
    return number == ARM_CP(15, 0, 7, 5, 4) || number == ARM_CP(15, 0, 7, 10, 4) ||
           number == ARM_CP(15, 0, 7, 10, 5);
}

/* DBGDIDR, DBGDRAR, DBGDSAR: read-only, and trapped as the rest of the debugger's channel. */
static bool is_debug_id(uint32_t number)
{
    return number == ARM_CP(14, 0, 0, 0, 0) || number == ARM_CP(14, 0, 1, 0, 0) ||
           number == ARM_CP(14, 0, 2, 0, 0) || number == (ARM_CP64 | ARM_CP(14, 0, 0, 1, 0)) ||
           number == (ARM_CP64 | ARM_CP(14, 0, 0, 2, 0));
}

static uint64_t read_debug_id(struct cpu *cpu, uint64_t number)
{
    /* Who may is who may read MDCCSR_EL0. */
    (void)arm64_help_mrs(cpu, ARM64_SYS(2, 3, 0, 1, 0), 0, 0);
    tell_as(cpu, number, true);
    return (uint32_t)number == ARM_CP(14, 0, 0, 0, 0) ? arm64_model_of(cpu)->dbgdidr : 0;
}

uint64_t arm64_a32_cp_read(struct cpu *cpu, uint64_t number, uint64_t b, uint64_t c)
{
    unsigned sys = sys_of((uint32_t)number);
    uint64_t value;

    if (is_debug_id((uint32_t)number)) {
        return read_debug_id(cpu, number);
    }
    if (sys == 0) {
        arm64_raise_undefined(cpu);
        return 0;
    }
    if (is_trapped_by_number(cpu, number, true)) {
        return 0;
    }
    value = arm64_help_mrs(cpu, sys, b, c);
    tell_as(cpu, number, true);
    return (number & ARM_CP64) != 0 ? value : (uint32_t)value;
}

/* Of what has 64 bits the upper half stays as it is: TPIDR_EL0 and PMCCNTR_EL0. */
static uint64_t widened(struct cpu *cpu, unsigned sys, uint64_t value)
{
    bool is_wide = sys == ARM64_SYS(3, 3, 13, 0, 2) || sys == ARM64_SYS(3, 3, 9, 13, 0);

    return is_wide ? bits_set(read_plainly(cpu, sys), 0, 32, value) : (uint32_t)value;
}

uint64_t arm64_a32_cp_write(struct cpu *cpu, uint64_t number, uint64_t value, uint64_t c)
{
    const struct arm64 *s = arm64_of(cpu);
    unsigned sys = sys_of((uint32_t)number);

    if (is_barrier((uint32_t)number)) {
        if ((s->sctlr[arm64_regime(cpu, 0)] & SCTLR_CP15BEN) == 0) {
            arm64_raise_undefined(cpu);
        } else {
            (void)is_trapped_by_number(cpu, number, false);
        }
    } else if (sys == 0) {
        arm64_raise_undefined(cpu);
    } else if (!is_trapped_by_number(cpu, number, false)) {
        value = (number & ARM_CP64) != 0 ? value : widened(cpu, sys, value);
        (void)arm64_help_msr(cpu, sys, value, c);
        tell_as(cpu, number, false);
    }
    cpu->look = true;
    return 0;
}
