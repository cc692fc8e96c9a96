/* SPDX-License-Identifier: GPL-2.0-or-later
 * gdb: registers as GDB's features for Arm name and number them (GDB manual, "ARM Features"): those of the
 * core, of VFP with Advanced SIMD, which GDB makes S and Q registers of by itself; then in a feature of our own the banked
 * registers and those of CP15 that have a name. Those of the interrupt controller are no state of the hart.
 */
#include "isa/arm32/cp.h"

#define CORE   "org.gnu.gdb.arm.core"
#define VFP    "org.gnu.gdb.arm.vfp"
#define SYSTEM "org.reprise.arm.system"
enum { GDB_CPSR = 25, GDB_D0 = 26, GDB_FPSCR = GDB_D0 + 32, GDB_SYSTEM };

/* Registers of CP15 by their names in DDI 0406C, and the numbers that instructions have. */
#define P15(op1, n, m, op2) ARM_CP(15, op1, n, m, op2)
#define WIDE(op1, m)        (ARM_CP64 | ARM_CP(15, op1, 0, m, 0))
#define NAMED(X)                                                                                   \
    X(midr, 32, P15(0, 0, 0, 0))                                                                   \
    X(mpidr, 32, P15(0, 0, 0, 5))                                                                  \
    X(sctlr, 32, P15(0, 1, 0, 0))                                                                  \
    X(cpacr, 32, P15(0, 1, 0, 2))                                                                  \
    X(ttbr0, 64, WIDE(0, 2))                                                                       \
    X(ttbr1, 64, WIDE(1, 2))                                                                       \
    X(ttbcr, 32, P15(0, 2, 0, 2))                                                                  \
    X(dacr, 32, P15(0, 3, 0, 0))                                                                   \
    X(dfsr, 32, P15(0, 5, 0, 0))                                                                   \
    X(ifsr, 32, P15(0, 5, 0, 1))                                                                   \
    X(dfar, 32, P15(0, 6, 0, 0))                                                                   \
    X(ifar, 32, P15(0, 6, 0, 2))                                                                   \
    X(par, 64, WIDE(0, 7))                                                                         \
    X(prrr, 32, P15(0, 10, 2, 0))                                                                  \
    X(nmrr, 32, P15(0, 10, 2, 1))                                                                  \
    X(vbar, 32, P15(0, 12, 0, 0))                                                                  \
    X(contextidr, 32, P15(0, 13, 0, 1))                                                            \
    X(tpidrurw, 32, P15(0, 13, 0, 2))                                                              \
    X(tpidruro, 32, P15(0, 13, 0, 3))                                                              \
    X(tpidrprw, 32, P15(0, 13, 0, 4))                                                              \
    X(cntfrq, 32, P15(0, 14, 0, 0))                                                                \
    X(cntkctl, 32, P15(0, 14, 1, 0))                                                               \
    X(cntp_ctl, 32, P15(0, 14, 2, 1))                                                              \
    X(cntv_ctl, 32, P15(0, 14, 3, 1))                                                              \
    X(cntp_cval, 64, WIDE(2, 14))                                                                  \
    X(cntv_cval, 64, WIDE(3, 14))                                                                  \
    X(cntvct, 64, WIDE(1, 14))                                                                     \
    X(pmcr, 32, P15(0, 9, 12, 0))                                                                  \
    X(pmccntr, 32, P15(0, 9, 13, 0))
enum system_row {
#define ROW(name, bits, number) ROW_##name,
    NAMED(ROW)
#undef ROW
        SYSTEM_ROWS
};
static const uint32_t system_numbers[SYSTEM_ROWS] = {
#define ROW(name, bits, number) number,
    NAMED(ROW)
#undef ROW
};
/* Behind them SP, LR and SPSR of each bank but user mode's, in the order of BANK_*. */
enum { GDB_BANKED = GDB_SYSTEM + SYSTEM_ROWS, BANKED_EACH = 3 };

#define R(n)                                                                                       \
    {                                                                                              \
        "r" #n, CORE, "uint32", "general", 32, n                                                   \
    }
#define D(n)                                                                                       \
    {                                                                                              \
        "d" #n, VFP, "ieee_double", "float", 64, GDB_D0 + (n)                                      \
    }
#define D8(a, b, c, d, e, f, g, h) D(a), D(b), D(c), D(d), D(e), D(f), D(g), D(h)
#define SYSTEM_REGISTER(name, bits, number)                                                        \
    {#name, SYSTEM, "int", "system", bits, GDB_SYSTEM + ROW_##name},
#define BANKED(mode, bank)                                                                         \
    {"sp_" #mode, SYSTEM, "data_ptr", "system", 32, GDB_BANKED + ((bank)-1) * BANKED_EACH},        \
        {"lr_" #mode, SYSTEM, "int", "system", 32, GDB_BANKED + ((bank)-1) * BANKED_EACH + 1},     \
    {                                                                                              \
        "spsr_" #mode, SYSTEM, "int", "system", 32, GDB_BANKED + ((bank)-1) * BANKED_EACH + 2      \
    }

static const struct isa_register registers[] = {
    R(0),
    R(1),
    R(2),
    R(3),
    R(4),
    R(5),
    R(6),
    R(7),
    R(8),
    R(9),
    R(10),
    R(11),
    R(12),
    {"sp", CORE, "data_ptr", "general", 32, 13},
    {"lr", CORE, "int", "general", 32, 14},
    {"pc", CORE, "code_ptr", "general", 32, ARM_GDB_PC},
    {"cpsr", CORE, "int", "general", 32, GDB_CPSR},
    D8(0, 1, 2, 3, 4, 5, 6, 7),
    D8(8, 9, 10, 11, 12, 13, 14, 15),
    D8(16, 17, 18, 19, 20, 21, 22, 23),
    D8(24, 25, 26, 27, 28, 29, 30, 31),
    {"fpscr", VFP, "int", "float", 32, GDB_FPSCR},
    NAMED(SYSTEM_REGISTER) BANKED(fiq, BANK_FIQ),
    BANKED(irq, BANK_IRQ),
    BANKED(svc, BANK_SVC),
    BANKED(abt, BANK_ABT),
    BANKED(und, BANK_UND),
};

const struct isa_register *arm_gdb_registers(size_t *count)
{
    *count = ARRAY_LEN(registers);
    return registers;
}

static uint32_t banked(const struct arm *s, unsigned n)
{
    unsigned bank = n / BANKED_EACH + 1;
    bool here = arm_bank(s->mode) == bank;

    switch (n % BANKED_EACH) {
    case 0: return here ? (uint32_t)s->r[13] : s->r13[bank];
    case 1: return here ? (uint32_t)s->r[14] : s->r14[bank];
    default: return s->spsr[bank];
    }
}

bool arm_gdb_get(struct cpu *cpu, uint32_t number, uint8_t *value)
{
    const struct arm *s = arm_of(cpu);

    if (number >= GDB_BANKED) {
        bytes_set_le(value, 4, banked(s, number - GDB_BANKED));
    } else if (number >= GDB_SYSTEM) {
        uint32_t which = system_numbers[number - GDB_SYSTEM];
        uint64_t v;

        if (!arm_cp_peek(cpu, which, &v)) {
            return false;
        }
        bytes_set_le(value, (which & ARM_CP64) != 0 ? 8 : 4, v);
    } else if (number >= GDB_D0) {
        if (!arm_has(cpu, EXT_VFP)) {
            return false;
        }
        if (number == GDB_FPSCR) {
            bytes_set_le(value, 4, arm_get_fpscr(s));
        } else {
            bytes_set_le(value, 8, s->d[number - GDB_D0]);
        }
    } else if (number == GDB_CPSR) {
        bytes_set_le(value, 4, arm_cpsr(s));
    } else if (number <= ARM_GDB_PC) {
        bytes_set_le(value, 4, number == ARM_GDB_PC ? s->hart.pc : s->r[number]);
    } else {
        return false;
    }
    return true;
}

/* Of CPSR the condition flags and the instruction set: the rest is not a debugger's to change here, nor are registers
 * of the system. */
bool arm_gdb_set(struct cpu *cpu, uint32_t number, const uint8_t *value)
{
    struct arm *s = arm_of(cpu);
    uint32_t v = (uint32_t)bytes_get_le(value, 4);

    if (number == GDB_CPSR) {
        arm_set_cpsr(cpu, v, CPSR_N | CPSR_Z | CPSR_C | CPSR_V | CPSR_T);
    } else if (number == GDB_FPSCR && arm_has(cpu, EXT_VFP)) {
        arm_set_fpscr(s, v);
    } else if (number >= GDB_D0 && number < GDB_FPSCR && arm_has(cpu, EXT_VFP)) {
        s->d[number - GDB_D0] = bytes_get_le(value, 8);
    } else if (number < ARM_GDB_PC) {
        s->r[number] = v;
    } else if (number == ARM_GDB_PC) {
        s->hart.pc = v & ~UINT32_C(1);
    } else {
        return false;
    }
    return true;
}
