/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers: the functions of helpers.def and helpers_simd.def.
 */
#ifndef ISA_ARM64_HELPERS_H
#define ISA_ARM64_HELPERS_H

#include "isa/arm64/arm64.h"

/* arm32's, and what this folder has of their list (aarch32.c). */
#define ARM_HELPER(NAME, function, ...)                                                            \
    uint64_t function(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c);
#define ARM_HELPER_OWN(NAME, what, ...) ARM_HELPER(NAME, arm64_a32_##what)
#define ARM_HELPER_SYSTEM(...)
#include "isa/arm_helpers.def"
#undef ARM_HELPER
#undef ARM_HELPER_OWN
#undef ARM_HELPER_SYSTEM
uint64_t arm64_a32_never(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c);

#define ARM64_HELPER(NAME, function, ...)                                                          \
    uint64_t function(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c);
#include "isa/arm64/helpers.def"
#include "isa/arm64/helpers_simd.def"
#undef ARM64_HELPER

#endif
