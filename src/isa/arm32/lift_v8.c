/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_v8: what Armv8 adds to A32 and T32 for user code: accesses with acquire and release, checksums,
 * AES, SHA, products of 64 bits without carries; after DDI 0487, F5 and F6. Floating point's additions are in
 * lift_vfp.c.
 */
#include "isa/arm32/neon.h"

/* All accesses are in order anyway. */
void arm_lift_lda(struct lift *l, const struct arm_insn *i)
{
    unsigned size = i->info->argument;

    r_put(l, i->rd, arm_ld(l, IR_I32, r_get(l, i->rn), 0, arm_mem(l, size) | MEM_ALIGN(size)));
}

void arm_lift_stl(struct lift *l, const struct arm_insn *i)
{
    unsigned size = i->info->argument;

    arm_st(l, IR_I32, r_get(l, i->rn), 0, r_get(l, i->rm), arm_mem(l, size) | MEM_ALIGN(size));
}

void arm_lift_crc(struct lift *l, const struct arm_insn *i)
{
    r_put_low(l, i->rd,
              ir_call(l->b, HELP_CRC32, r_get64(l, i->rn), r_get64(l, i->rm),
                      ir_const(l->b, IR_I64, i->info->argument)));
}

/* ---- crypto: AArch64's operations on the same registers ---- */

/* V registers in the places of AArch64's encodings. */
static uint32_t encode(const struct arm_insn *i, unsigned n, unsigned m)
{
    return i->rd / 2u | n / 2 << 5 | m / 2 << 16;
}

static void call(struct lift *l, uint32_t bits, uint32_t op)
{
    ir_call(l->b, HELP_CRYPTO, ir_const(l->b, IR_I64, bits), ir_const(l->b, IR_I64, op), IR_ABSENT);
}

void arm_lift_neon_crypto_2(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, i->rd | i->rm)) {
        call(l, encode(i, i->rm, 0), i->info->argument);
    }
}

void arm_lift_neon_crypto_3(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, i->rd | i->rn | i->rm)) {
        call(l, encode(i, i->rn, i->rm), i->info->argument);
    }
}

/* Of D registers, which are halves of V: which of Vn's in bit 30, and whether Vm's is another in bit 31. */
void arm_lift_neon_pmull(struct lift *l, const struct arm_insn *i)
{
    if (arm_lift_neon_on(l, i->rd)) {
        call(l,
             encode(i, i->rn, i->rm) | (i->rn & 1u) << 30 | ((i->rn ^ i->rm) & UINT32_C(1)) << 31,
             CRYPTO_PMULL64);
    }
}
