/* SPDX-License-Identifier: GPL-2.0-or-later
 * cp: what a register of coprocessors 14 and 15 is, and what the files that implement some share.
 */
#ifndef ISA_ARM32_CP_H
#define ISA_ARM32_CP_H

#include "isa/arm32/arm.h"

enum { R_USER = 1, R_NONE = 2 /* user mode may read; nobody may */ };
enum { W_MASK, W_NEVER, W_IGNORED, W_CALL, W_USER = 8 /* beside: user mode may write */ };

typedef uint64_t read_fn(struct cpu *cpu, uint32_t number);
typedef void write_fn(struct cpu *cpu, uint32_t number, uint64_t value);

struct cp_register {
    uint32_t number;
    uint32_t any;     /* bits of the number that may be anything */
    uint8_t may_read; /* R_* */
    uint8_t write;    /* W_* */
    uint16_t slot;    /* of the state, in bytes; 0: none */
    uint16_t model;   /* of the model, + 1 */
    uint32_t mask;    /* what of it can be written */
    uint32_t needs;   /* EXT_* */
    read_fn *get;
    write_fn *set;
};

static inline bool arm_is_user(const struct cpu *cpu)
{
    return arm_of(cpu)->mode == ARM_MODE_USR;
}
/* The access is undefined; returns 0, which nobody reads. */
static inline uint64_t arm_cp_trapped(struct cpu *cpu)
{
    arm_raise_undefined(cpu);
    return 0;
}

/* pmu.c: c9, c12 to c14, by their numbers. */
uint64_t arm_pmu_read(struct cpu *cpu, uint32_t number);
void arm_pmu_write(struct cpu *cpu, uint32_t number, uint64_t value);

#endif
