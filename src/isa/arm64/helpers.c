/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers: the table of C functions that lifted blocks call, and those that raise exceptions.
 */
#include "isa/arm64/helpers.h"

uint64_t arm64_help_raise(struct cpu *cpu, uint64_t esr, uint64_t far, uint64_t unused)
{
    (void)unused;
    cpu_raise(cpu, (uint32_t)esr, far);
    return 0;
}

uint64_t arm64_help_undefined(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)a;
    (void)b;
    (void)c;
    arm64_raise_undefined(cpu);
    return 0;
}

uint64_t arm64_help_fp_trap(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    /* The condition of an A32 instruction is always there: "always", valid. */
    (void)a;
    (void)b;
    (void)c;
    arm64_raise(cpu, ESR(EC_FP, 0x1e00000), 0, arm64_fp_trap(cpu));
    return 0;
}

/* Slots: any; all but X and V; the flags of FP. */
#define SLOTS_ANY                                                                                  \
    {                                                                                              \
        {                                                                                          \
            0, 0                                                                                   \
        }                                                                                          \
    }
#define SLOTS_SYSTEM                                                                               \
    {                                                                                              \
        {offsetof(struct arm64, hart.reservation), offsetof(struct arm64, x)},                     \
        {                                                                                          \
            offsetof(struct arm64, flags), sizeof(struct arm64)                                    \
        }                                                                                          \
    }
#define SLOTS_FP_FLAGS                                                                             \
    {                                                                                              \
        {                                                                                          \
            offsetof(struct arm64, hart.fp_flags), offsetof(struct arm64, hart.fp_flags) + 1       \
        }                                                                                          \
    }
#define SLOTS_V                                                                                    \
    {                                                                                              \
        {offsetof(struct arm64, hart.fp_flags), offsetof(struct arm64, hart.fp_flags) + 1},        \
        {                                                                                          \
            offsetof(struct arm64, v), offsetof(struct arm64, flags)                               \
        }                                                                                          \
    }
#define SLOTS_V_QC                                                                                 \
    {                                                                                              \
        {offsetof(struct arm64, v), offsetof(struct arm64, flags)},                                \
        {                                                                                          \
            offsetof(struct arm64, fpsr), offsetof(struct arm64, fpsr) + 4                         \
        }                                                                                          \
    }
/* What reads FPCR notes flags, too. */
#define SLOTS_FPCR                                                                                 \
    {                                                                                              \
        {offsetof(struct arm64, hart.fp_flags), offsetof(struct arm64, hart.fp_flags) + 1},        \
        {                                                                                          \
            offsetof(struct arm64, fpcr), offsetof(struct arm64, fpcr) + 4                         \
        }                                                                                          \
    }

const struct ir_helper arm64_helpers[ARM64_HELPER_COUNT] = {
#define ARM64_HELPER(NAME, function, does, count, slots_read, slots_written)                       \
    [HELP_##NAME] = {.name = #NAME,                                                                \
                     .call = (function),                                                           \
                     .effects = (does),                                                            \
                     .argument_count = (count),                                                    \
                     .reads = slots_read,                                                          \
                     .writes = slots_written},
#include "isa/arm64/helpers.def"
#include "isa/arm64/helpers_simd.def"
#undef ARM64_HELPER
};
