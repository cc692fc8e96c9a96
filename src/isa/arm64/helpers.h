/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers: the functions of helpers.def and helpers_simd.def.
 */
#ifndef ISA_ARM64_HELPERS_H
#define ISA_ARM64_HELPERS_H

#include "isa/arm64/arm64.h"

#define ARM64_HELPER(NAME, function, ...)                                                          \
    uint64_t function(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c);
#include "isa/arm64/helpers.def"
#include "isa/arm64/helpers_simd.def"
#undef ARM64_HELPER

#endif
