/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_branch: branches, after DDI 0487, C4.1.88.
 */
#include "isa/arm64/lift.h"

void arm64_lift_b(struct lift *l, const struct arm64_insn *i)
{
    ir_exit(l->b, l->pc + (uint64_t)i->imm, 0);
    l->ends = true;
}

void arm64_lift_nop(struct lift *l, const struct arm64_insn *i)
{
    (void)l;
    (void)i;
}
