/* SPDX-License-Identifier: GPL-2.0-or-later
 * sysreg: the table of system registers and system instructions.
 */
#ifndef ISA_ARM64_SYSREG_H
#define ISA_ARM64_SYSREG_H

#include "isa/arm64/arm64.h"

/* The number of a register as instructions have it, without Rt. */
#define ARM64_SYS(op0, op1, n, m, op2)                                                             \
    ((uint16_t)((op0) << 14 | (op1) << 11 | (n) << 7 | (m) << 3 | (op2)))
#define SYS_OP0(number) ((number) >> 14)
#define SYS_OP1(number) ((number) >> 11 & 7)
#define SYS_N(number)   ((number) >> 7 & 15)
#define SYS_M(number)   ((number) >> 3 & 15)
#define SYS_OP2(number) ((number)&7)

/* Of a register. */
enum {
    SYS_EL0_READ = 1, /* EL0 may, as far as its trap function lets it */
    SYS_EL0_WRITE = 2,
    SYS_READ_ONLY = 4,
    SYS_WRITE_ONLY = 8,
    SYS_QUIET = 16, /* writes change nothing that the engine or the lifter watches */
    SYS_LOOKS = 32, /* accesses may reach devices, or change when the next alarm is */
    SYS_VM = 64,    /* HCR_EL2.TVM and TRVM trap it */
    SYS_ID3 = 128,  /* HCR_EL2.TID3 traps it */
    SYS_NEEDS_EL2 = 256,
    /* Of the processors of Armv8.0 alone: of AArch32 at EL1, which is left out, and of their caches. */
    SYS_V80 = 512,
    SYS_FP = 1024,       /* CPACR and the like trap it as FP */
    SYS_NEEDS_E2H = 2048 /* HCR_EL2.E2H */
};

/* In a number that devices are told: the access is a guest's of a hypervisor, at EL1. */
#define ARM64_GIC_OF_GUEST UINT32_C(0x10000)

/* What an access traps to. */
#define SYS_UNDEFINED 15u

struct arm64_sysreg {
    uint16_t number;
    uint16_t count; /* several, of consecutive op2 and then CRm; 0: one */
    const char *name;
    uint32_t flags;
    uint32_t feature; /* EXT_*; 0: always there */
    uint32_t slot;    /* of 64 bits, of the first one; 0: none */
    uint32_t zero;
    uint64_t mask;                                                /* bits that writes reach */
    uint64_t (*get)(const struct cpu *cpu, unsigned index);       /* NULL: the slot, or 0 */
    void (*set)(struct cpu *cpu, unsigned index, uint64_t value); /* NULL: the slot, or ignored */
    /* The level that an access from EL0 or EL1 is trapped to, 0: none, or SYS_UNDEFINED. May be NULL. */
    unsigned (*trap)(const struct cpu *cpu, bool is_write);
};

extern const struct arm64_sysreg *const arm64_sysreg_tables[];
extern const size_t arm64_sysreg_table_counts[];
#define ARM64_SYSREG_TABLES 3

/* NULL if this CPU has no register of that number; *index: which of several. */
const struct arm64_sysreg *arm64_sysreg_find(const struct arm64_model *m, unsigned number,
                                             unsigned *index);
/* With HCR_EL2.E2H EL2 has other names for registers of EL1 and the timers of EL0: the number for one of those, 0 if it has
 * none; and the row of such a number. */
unsigned arm64_sysreg_el12(unsigned number);
const struct arm64_sysreg *arm64_sysreg_find_el12(const struct arm64_model *m, unsigned number,
                                                  unsigned *index);
/* Whether devices are asked for it: the CPU interface of an interrupt controller. */
bool arm64_sysreg_is_gic(unsigned number);
/* Whether a system instruction does nothing at EL1 and above, where no hypervisor may ask for it. */
bool arm64_is_nothing(const struct arm64_model *m, unsigned number);
/* Without permission checks, for debuggers. */
uint64_t arm64_sysreg_get(const struct cpu *cpu, const struct arm64_sysreg *r, unsigned index);
void arm64_sysreg_set(struct cpu *cpu, const struct arm64_sysreg *r, unsigned index,
                      uint64_t value);

uint32_t arm64_get_fpsr(const struct arm64 *s);
uint64_t arm64_get_rmr(const struct cpu *cpu, unsigned index); /* of the highest level */
void arm64_set_fpsr(struct arm64 *s, uint32_t value);

/* sysreg_el1.c, sysreg_el2.c, pmu.c: the tables */
#define ARM64_SYSREGS_EL1 0
extern const struct arm64_sysreg arm64_sysregs_el1[], arm64_sysregs_el2[], arm64_sysregs_pmu[];
extern const size_t arm64_sysregs_el1_count, arm64_sysregs_el2_count, arm64_sysregs_pmu_count;

#define SYS_SLOT(member) ((uint32_t)offsetof(struct arm64, member))
/* A register that is nothing but a member of the state. */
#define PLAIN(op0, op1, n, m, op2, text, member, does)                                             \
    {                                                                                              \
        .number = ARM64_SYS(op0, op1, n, m, op2), .name = (text), .flags = (does),                 \
        .slot = SYS_SLOT(member), .mask = UINT64_MAX                                               \
    }
#define CALLS(op0, op1, n, m, op2, text, does, getter, setter, trapper)                            \
    {                                                                                              \
        .number = ARM64_SYS(op0, op1, n, m, op2), .name = (text), .flags = (does),                 \
        .get = (getter), .set = (setter), .trap = (trapper)                                        \
    }
#define ZERO(op0, op1, n, m, op2, text, does)                                                      \
    {                                                                                              \
        .number = ARM64_SYS(op0, op1, n, m, op2), .name = (text), .flags = (does)                  \
    }

#endif
