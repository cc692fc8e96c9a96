/* SPDX-License-Identifier: GPL-2.0-or-later
 * vfp: what the files of floating point share: arguments of vfp.decode's lines, slots of registers, and
 * FPSCR's rules for operations.
 */
#ifndef ISA_ARM32_VFP_H
#define ISA_ARM32_VFP_H

#include "isa/arm32/lift.h"
#include "isa/arm_simd.h"

/* info->argument: an operation or less, and these. */
enum {
    VFP_MLA,
    VFP_MLS,
    VFP_NMLS,
    VFP_NMLA,
    VFP_FNMS,
    VFP_FNMA,
    VFP_FMA,
    VFP_FMS,
    VFP_MUL,
    VFP_NMUL,
    VFP_ADD,
    VFP_SUB,
    VFP_DIV,
    VFP_MOV,
    VFP_ABS,
    VFP_NEG,
    VFP_SQRT
};
/* How values are rounded to integers: R and X by FPSCR, of which X says when it was inexact. */
enum { VFP_ROUND_A, VFP_ROUND_N, VFP_ROUND_P, VFP_ROUND_M, VFP_ROUND_Z, VFP_ROUND_R, VFP_ROUND_X };
#define VFP_OP(argument) ((argument)&15u)
#define VFP_D            0x20u /* double precision */
#define VFP_TO           0x40u /* to the other side: a general register, a fixed format, from memory */
#define VFP_SIGNED       0x80u  /* an integer */
#define VFP_CUT          0x100u /* towards zero, whatever FPSCR says */
#define VFP_E            0x200u /* compares: quiet NaNs are invalid, too */
#define VFP_ZERO         0x400u
#define VFP_TOP          0x800u /* the upper half of a single */

static inline uint32_t s_slot(unsigned s)
{
    return (uint32_t)(offsetof(struct arm, d) + s * sizeof(uint32_t));
}
static inline uint32_t d_slot(unsigned d)
{
    return (uint32_t)(offsetof(struct arm, d) + d * sizeof(uint64_t));
}
/* FPSCR as simd_env() takes it. */
static inline unsigned vfp_fpcr(const struct lift *l)
{
    return MODE_FPSCR(l->mode) << MODE_FPCR_RMODE;
}
/* False: an exception was emitted, because floating point is off. */
bool arm_lift_vfp_on(struct lift *l);

/* helpers: HELP_VFP_FIXED and HELP_VFP_HALF. The format's log2, the integer, the way, and FPSCR. */
#define VFP_HOW(log2, width, is_signed, to, point, fpcr)                                           \
    ((uint64_t)(log2) | (uint64_t)(width) << 8 | (uint64_t)(is_signed) << 16 |                     \
     (uint64_t)(to) << 17 | (uint64_t)(point) << 24 | (uint64_t)(fpcr) << 32)

/* lift_vfp.c */
arm_lift_fn arm_lift_vfp_3, arm_lift_vfp_2, arm_lift_vfp_1, arm_lift_vfp_imm, arm_lift_vfp_compare;
arm_lift_fn arm_lift_vfp_half, arm_lift_vfp_format, arm_lift_vfp_of_int, arm_lift_vfp_to_int;
arm_lift_fn arm_lift_vfp_fixed;
arm_lift_fn arm_lift_vfp_sel, arm_lift_vfp_maxnm, arm_lift_vfp_round, arm_lift_vfp_to_int_by;
arm_lift_fn arm_lift_vfp_half_double;
/* lift_vfp_move.c */
arm_lift_fn arm_lift_vfp_core, arm_lift_vfp_core_pair, arm_lift_vfp_element, arm_lift_vfp_dup;
arm_lift_fn arm_lift_vfp_vmrs, arm_lift_vfp_vmsr, arm_lift_vfp_ls, arm_lift_vfp_several;

#endif
