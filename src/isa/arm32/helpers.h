/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers: the functions of helpers.def.
 */
#ifndef ISA_ARM32_HELPERS_H
#define ISA_ARM32_HELPERS_H

#include "isa/arm32/arm.h"

#define ARM_HELPER(NAME, function, ...)                                                            \
    uint64_t function(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c);
#define ARM_HELPER_OWN(NAME, what, ...) ARM_HELPER(NAME, arm_help_##what)
#define ARM_HELPER_SYSTEM               ARM_HELPER
#include "isa/arm_helpers.def"
#undef ARM_HELPER
#undef ARM_HELPER_OWN
#undef ARM_HELPER_SYSTEM

#endif
