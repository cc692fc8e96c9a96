/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_timer: the generic timers, which Arm's processors of 32 and of 64 bits have alike, after DDI 0406C, B8, and DDI 0487,
 * D12. The system counter is virtual time; a timer's pin goes out to the interrupt controller, and is driven
 * when its level changes. Registers' names, privileges and traps are each instruction set's own.
 */
#ifndef ISA_ARM_TIMER_H
#define ISA_ARM_TIMER_H

#include "cpu/cpu.h"

#define ARM_TIMERS_MAX 8

enum { ARM_TIMER_ENABLE = 1, ARM_TIMER_IMASK = 2, ARM_TIMER_ISTATUS = 4 }; /* CTL */
enum arm_timer_register { ARM_TIMER_TVAL, ARM_TIMER_CTL, ARM_TIMER_CVAL };

/* Where a hart's state has its timers, and what they count by. Timer n drives the hart's output pin n. */
struct arm_timers {
    const struct cpu *cpu;
    uint64_t *cval;
    uint32_t *ctl; /* ENABLE and IMASK */
    uint32_t *out; /* what the pins say, a bit each */
    unsigned count;
    uint64_t counter_hz;             /* at most 1 GHz */
    uint64_t offset[ARM_TIMERS_MAX]; /* what is subtracted from the counter for a timer */
};

/* The system counter of a hart whose counters run at that frequency. */
uint64_t arm_system_counter(const struct cpu *cpu, uint64_t counter_hz, tick now);
/* Whether the timer's condition is met: ISTATUS while it is enabled. */
bool arm_timer_due(const struct arm_timers *s, unsigned t, tick now);
uint64_t arm_timer_read(const struct arm_timers *s, unsigned t, enum arm_timer_register which);
/* And drives the pins. */
void arm_timer_write(struct cpu *cpu, const struct arm_timers *s, unsigned t,
                     enum arm_timer_register which, uint64_t value);
/* Drives the pins: a register of the timers, or an offset, has changed, or time has passed. */
void arm_timers_drive(struct cpu *cpu, const struct arm_timers *s, tick now);
/* When a pin changes by itself next. */
tick arm_timers_next(const struct arm_timers *s);

#endif
