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

static inline struct arm_user *arm_user_of(const struct cpu *cpu)
{
    return cpu->state;
}

#endif
