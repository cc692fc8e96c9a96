/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers_vfp: floating point that the lifter does not turn into IR: formats of half precision, fixed
 * point, FPSCR. After DDI 0406C, A2.7 and A7.5.
 */
#include "isa/arm32/helpers.h"
#include "isa/arm32/vfp.h"

uint64_t arm_help_fpscr_read(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)a;
    (void)b;
    (void)c;
    return arm_get_fpscr(arm_of(cpu));
}

uint64_t arm_help_fpscr_write(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)b;
    (void)c;
    arm_set_fpscr(arm_of(cpu), (uint32_t)a);
    return 0;
}

/* The bits a by VFP_HOW(). What is no float any more is extended to 64 bits by its sign. */
uint64_t arm_help_vfp_fixed(struct cpu *cpu, uint64_t a, uint64_t how, uint64_t c)
{
    struct fp_env env = simd_env((unsigned)(how >> 32), false);
    struct fp_fixed fixed = {.width = (uint8_t)(how >> 8),
                             .is_signed = how >> 16 & 1,
                             .fraction_bits = (uint8_t)(how >> 24)};
    unsigned log2 = how & 0xff;

    (void)c;
    if (how >> 17 & 1) {
        env.rounding = FP_RTZ;
        a = arm_fp_to_fixed(log2, a, fixed, &env);
        a = fixed.is_signed ? bits_sext(a, fixed.width) : a;
    } else {
        env.rounding = FP_RNE;
        a = arm_fp_of_fixed(log2, a, fixed, &env);
    }
    simd_note(cpu, &env, false);
    return a;
}

/* Between half precision and the format that VFP_HOW() says. */
uint64_t arm_help_vfp_half(struct cpu *cpu, uint64_t a, uint64_t how, uint64_t c)
{
    struct fp_env env = simd_env((unsigned)(how >> 32), false);
    bool to_half = how >> 17 & 1, alternative = how >> 32 & MODE_FPCR_AHP;
    unsigned log2 = how & 0xff;

    (void)c;
    a = arm_fp_convert(to_half ? log2 : 1, to_half ? 1 : log2, a, alternative, &env);
    simd_note(cpu, &env, !to_half);
    return a;
}
