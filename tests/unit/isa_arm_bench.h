/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_arm_bench: one 32-bit Arm hart with 16 MiB of RAM and the engine, for tests of isa/arm. No
 * devices; a tick is a nanosecond. What runs is interpreted, or compiled.
 */
#ifndef TESTS_UNIT_ISA_ARM_BENCH_H
#define TESTS_UNIT_ISA_ARM_BENCH_H

#include "isa/arm32/arm.h"

#define RAM     UINT64_C(0x40000000)
#define VECTORS (RAM + 0x10000) /* VBAR */

#define BENCH_ISA   isa_arm
#define BENCH_STATE struct arm
#define BENCH_MODEL struct arm_model
#include "isa_bench.h"

static inline struct bench *bench_new(const char *cpu_option, bool compiled)
{
    struct bench *b = bench_begin(cpu_option);

    b->s->vbar = VECTORS;
    if (compiled) {
        bench_compile(b);
    }
    return b;
}

#endif
