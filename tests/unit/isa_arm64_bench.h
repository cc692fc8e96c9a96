/* SPDX-License-Identifier: GPL-2.0-or-later
 * isa_arm64_bench: one AArch64 hart with 16 MiB of RAM and the engine, for tests of isa/arm64. No
 * devices; a tick is a nanosecond. What runs is interpreted, or compiled.
 */
#ifndef TESTS_UNIT_ISA_ARM64_BENCH_H
#define TESTS_UNIT_ISA_ARM64_BENCH_H

#include "isa/arm64/arm64.h"

#define RAM     UINT64_C(0x40000000)
#define VECTORS (RAM + 0x10000) /* VBAR_EL1 */

#define BENCH_ISA   isa_aarch64
#define BENCH_STATE struct arm64
#define BENCH_MODEL struct arm64_model
#include "isa_bench.h"

static inline struct bench *bench_new(const char *cpu_option, bool compiled)
{
    struct bench *b = bench_begin(cpu_option);

    b->s->vbar[1] = VECTORS;
    if (compiled) {
        bench_compile(b);
    }
    return b;
}

#endif
