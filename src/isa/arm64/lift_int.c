/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_int: data processing with immediates, after DDI 0487, C4.1.86.
 */
#include "isa/arm64/lift.h"

void arm64_lift_addsub_imm(struct lift *l, const struct arm64_insn *i)
{
    uint64_t imm = (uint64_t)i->imm << (i->sh ? 12 : 0);
    enum ir_opcode op = i->info->argument & ADDSUB_SUB ? IR_SUB : IR_ADD;

    sp_put(l, i, i->rd, ir_bini(l->b, op, x_type(i), sp_get(l, i, i->rn), imm));
}
