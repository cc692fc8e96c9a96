/* SPDX-License-Identifier: GPL-2.0-or-later
 * dead: removes pure operations, reads of state and calls of pure helpers whose value nobody
 * uses; loads stay, as they may fault. The others close up, so that values get new numbers.
 */
#include "ir/build.h"

static bool is_removable(const struct ir_build *b, const struct ir_op *o)
{
    unsigned effects = ir_op_info[o->op].effects;

    if (effects & E_CALL) {
        return o->x < b->helper_count && b->helpers[o->x].effects == HELPER_PURE;
    }
    return (effects & ~E_GET) == 0;
}

/* The references an operation has; returns how many. */
static unsigned operands(struct ir_op *o, ir_ref *out[3])
{
    unsigned count = 0;

    out[count++] = &o->a;
    out[count++] = &o->b;
    if (!ir_has_imm(o)) {
        out[count++] = &o->c;
    }
    return count;
}

static void mark_used(struct ir_build *b, bool used[IR_BLOCK_OPS_MAX])
{
    for (uint32_t i = b->op_count; i-- > 0;) {
        ir_ref *refs[3];
        unsigned count = operands(&b->ops[i], refs);

        if (!used[i] && is_removable(b, &b->ops[i])) {
            continue;
        }
        used[i] = true;
        for (unsigned k = 0; k < count; k++) {
            if (*refs[k] < i) {
                used[*refs[k]] = true;
            }
        }
    }
}

void ir_dead(struct ir_build *b)
{
    bool used[IR_BLOCK_OPS_MAX] = {false};
    ir_ref moved[IR_BLOCK_OPS_MAX];
    uint32_t kept = 0, insn = 0;

    mark_used(b, used);
    for (uint32_t i = 0; i < b->op_count; i++) {
        ir_ref *refs[3];

        for (; insn < b->insn_count && b->insns[insn].first_op == i; insn++) {
            b->insns[insn].first_op = (uint16_t)kept;
        }
        moved[i] = (ir_ref)kept;
        if (!used[i]) {
            continue;
        }
        unsigned count = operands(&b->ops[i], refs);
        for (unsigned k = 0; k < count; k++) {
            if (*refs[k] < i) {
                *refs[k] = moved[*refs[k]];
            }
        }
        b->ops[kept++] = b->ops[i];
    }
    for (; insn < b->insn_count; insn++) {
        b->insns[insn].first_op = (uint16_t)kept;
    }
    b->op_count = kept;
    b->known_count = 0; /* their values' numbers are gone */
}
