/* SPDX-License-Identifier: GPL-2.0-or-later
 * simd: the lift functions and helpers of floating point, SIMD and cryptography.
 */
#ifndef ISA_ARM64_SIMD_H
#define ISA_ARM64_SIMD_H

#include "isa/arm64/lift.h"

#endif
