/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_user: what AArch32's unprivileged instructions touch of a hart, the same for processors that have
 * nothing else (isa/arm32) and for those of AArch64 that run it at EL0 (isa/arm64): the lifters of arm32
 * and most of their helpers serve both. docs/decisions says why it is done so.
 */
#ifndef ISA_ARM_USER_H
#define ISA_ARM_USER_H

#include "isa/isa.h"

/* The beginning of both states. AArch64's names for r and d are x and v. */
struct arm_user {
    struct hart hart;
    uint64_t r[32]; /* R0 to R14 are the first 15: 32 bits each in AArch32 state */
    uint64_t d
        [64]; /* D0 to D31 are the first 32: Q registers are pairs, S registers halves of the first 16 */
    /* Condition flags in the places of the IR's packed word (IR_FLAG_*): N is S, V is O; C is Arm's own,
     * so the opposite of the IR's after a subtraction. Other bits are what the IR left there. */
    uint64_t flags;
    uint32_t fpcr, fpsr; /* FPSCR is both; FPSR without what hart.fp_flags still has */
    uint32_t local;      /* T and IT, as the block mode has them */
    uint32_t q, ge, big;
    uint32_t ss,
        stepped; /* software step: PSTATE.SS, and whether the instruction before was done by it */
};

/* What both have in block_mode(). Local ones: ITSTATE, then T; in AArch64 state another one lies there. */
#define MODE_LOCAL_POS 16
#define MODE_LOCAL     UINT32_C(0x1ff0000)
#define MODE_IT_POS    MODE_LOCAL_POS
#define MODE_IT(m)     ((m) >> MODE_IT_POS & 0xff)
#define MODE_T         UINT32_C(0x1000000)
#define MODE_STEP      UINT32_C(0x8000000) /* software step is on ... */
#define MODE_STEPS     UINT32_C(0x10000000) /* ... and an instruction is to be done first (PSTATE.SS) */
#define MODE_POINTS    UINT32_C(0x20000000) /* the guest has breakpoints or watchpoints */
#define MODE_IL        UINT32_C(0x40000000) /* the illegal execution state */
#define MODE_A32       UINT32_C(0x80000000) /* at EL0 of a processor of AArch64: AArch32 state */

/* Features of AArch32: the first word of the model that lifters are given. */
enum {
    A32_DIV = 1 << 0, /* SDIV and UDIV, in A32 and T32 */
    A32_LPAE = 1 << 1,
    A32_TIMER = 1 << 2, /* generic timers */
    A32_VFP = 1 << 3,
    A32_NEON = 1 << 4,
    A32_FMA = 1 << 5, /* VFPv4 and NEONv2 */
    A32_V8 = 1 << 6,
    A32_CRC32 = 1 << 7,
    A32_AES = 1 << 8,
    A32_PMULL = 1 << 9,
    A32_SHA1 = 1 << 10,
    A32_SHA256 = 1 << 11
};

/* A fault's cause in arm32, and what lifters of both raise. Its value is the address, its value2 the status as
 * DFSR or IFSR will have it; of FAULT_SVC the number of the call and the instruction's length. */
enum arm_fault { FAULT_UNDEFINED, FAULT_SVC, FAULT_PREFETCH, FAULT_DATA };

/* A register of CP14 or CP15 by its numbers; of 64 bits (MCRR, MRRC): opc1 and CRm. Lifters say in the upper
 * half which general registers the access is of. */
#define ARM_CP(cp, opc1, crn, crm, opc2)                                                           \
    ((uint32_t)(cp) << 16 | (uint32_t)(opc1) << 12 | (uint32_t)(crn) << 8 | (uint32_t)(crm) << 4 | \
     (uint32_t)(opc2))
#define ARM_CP64             UINT32_C(0x100000)
#define ARM_CP_WITH(rt, rt2) ((uint64_t)(rt) << 32 | (uint64_t)(rt2) << 40)
#define ARM_CP_RT(number)    ((unsigned)((number) >> 32) & 15)
#define ARM_CP_RT2(number)   ((unsigned)((number) >> 40) & 15)

/* ---- isa/arm32 for both ---- */

/* An instruction of A32 or T32, as l->mode says. */
bool arm_lift(struct lift *l);
unsigned arm_disassemble(const uint8_t *bytes, unsigned available, vaddr pc, uint64_t mode,
                         struct text *out);
/* block_mode() of user code in AArch32 state, but for what the two processors have for themselves. */
enum { A32_FP_ON = 1, A32_ALIGNED = 2, A32_NO_SETEND = 4, A32_SHORT_IT = 8 };
uint32_t arm_user_mode(const struct arm_user *u, unsigned how);
/* Bits of CPSR that are user code's: NZCV, Q, GE, E, T, IT. */
#define ARM_USER_PSR UINT32_C(0xfe0ffe20)
uint32_t arm_user_psr(const struct arm_user *u);
/* Of `mask` alone. */
void arm_user_set_psr(struct arm_user *u, uint32_t value, uint32_t mask);
/* ITAdvance() of `local`, and of a block's mode. */
uint64_t arm_it_advanced(uint64_t mode);

static inline struct arm_user *arm_user_of(const struct cpu *cpu)
{
    return cpu->state;
}

#endif
