/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_crypto: AES, SHA, and products of 64 bits without carries: calls of helpers. What of SHA-3 is
 * plain logic is in lift_simd_move.c.
 */
#include "isa/arm64/simd.h"

static void call(struct lift *l, const struct arm64_insn *i, enum crypto_op op)
{
    if (arm64_lift_fp_on(l)) {
        ir_call(l->b, HELP_CRYPTO, ir_const(l->b, IR_I64, i->bits), ir_const(l->b, IR_I64, op),
                IR_ABSENT);
    }
}

void arm64_lift_crypto(struct lift *l, const struct arm64_insn *i)
{
    call(l, i, (enum crypto_op)i->info->argument);
}

void arm64_lift_v_pmull(struct lift *l, const struct arm64_insn *i)
{
    call(l, i, CRYPTO_PMULL64);
}
