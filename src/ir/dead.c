/* SPDX-License-Identifier: GPL-2.0-or-later
 * dead: removes pure operations, reads of state and calls of pure helpers whose value nobody
 * uses; loads stay, as they may fault. The others close up, so that values get new numbers.
 */
#include "ir/build.h"

static bool is_removable(const struct ir_build *b, const struct ir_op *o)
{
    if (o->op == IR_CALL) {
        return o->x < b->helper_count && b->helpers[o->x].effects == HELPER_PURE;
    }
    return (ir_op_form[o->op] & FORM_GONE) != 0;
}

/* Absent and impossible references are greater than any operation's. Returns the first operation
 * that nobody uses, or op_count. */
static uint32_t mark_used(const struct ir_build *b, bool *used)
{
    uint32_t first = b->op_count;

    for (uint32_t i = b->op_count; i-- > 0;) {
        const struct ir_op *o = &b->ops[i];

        if (!used[i]) {
            if (is_removable(b, o)) {
                first = i;
                continue;
            }
            used[i] = true;
        }
        if (o->a < i) {
            used[o->a] = true;
        }
        if (o->b < i) {
            used[o->b] = true;
        }
        if ((ir_op_form[o->op] & FORM_C) && !ir_has_imm(o) && o->c < i) {
            used[o->c] = true;
        }
    }
    return first;
}

static void move_ref(ir_ref *ref, uint32_t i, const ir_ref *moved)
{
    if (*ref < i) {
        *ref = moved[*ref];
    }
}

/* A SKIP_IF that is kept, until what it skips over is moved. */
struct skip {
    struct ir_op *op;
    uint32_t kept; /* its new number */
    uint32_t end;  /* the old number of what it goes to; 0: there is none */
};

static void meet_skip(struct skip *s, struct ir_op *o, uint32_t i, uint32_t kept)
{
    if (o->op == IR_SKIP_IF) {
        *s = (struct skip){.op = o, .kept = kept, .end = i + 1 + (uint32_t)o->imm};
    }
}

static void end_skip(struct skip *s, uint32_t i, uint32_t kept)
{
    if (s->end == i && s->op != NULL) {
        s->op->imm = kept - s->kept - 1;
        s->op = NULL;
    }
}

/* From the first dead operation on. */
static void close_up(struct ir_build *b, const bool *used, uint32_t first)
{
    struct skip skip = {.op = NULL};
    ir_ref moved[IR_BLOCK_OPS_MAX];
    uint32_t kept = first, insn = b->ops[first].insn + 1u;

    for (uint32_t i = 0; i < first; i++) {
        moved[i] = (ir_ref)i;
        end_skip(&skip, i, i);
        meet_skip(&skip, &b->ops[i], i, i);
    }
    for (uint32_t i = first; i < b->op_count; i++) {
        struct ir_op *o = &b->ops[i];

        for (; insn < b->insn_count && b->insns[insn].first_op == i; insn++) {
            b->insns[insn].first_op = (uint16_t)kept;
        }
        moved[i] = (ir_ref)kept;
        end_skip(&skip, i, kept);
        if (!used[i]) {
            continue;
        }
        move_ref(&o->a, i, moved);
        move_ref(&o->b, i, moved);
        if (!ir_has_imm(o)) {
            move_ref(&o->c, i, moved);
        }
        b->ops[kept] = *o;
        meet_skip(&skip, &b->ops[kept], i, kept);
        kept++;
    }
    for (; insn < b->insn_count; insn++) {
        b->insns[insn].first_op = (uint16_t)kept;
    }
    b->op_count = kept;
}

void ir_dead(struct ir_build *b)
{
    bool used[IR_BLOCK_OPS_MAX];
    uint32_t first;

    memset(used, 0, b->op_count);
    first = mark_used(b, used);
    if (first < b->op_count) {
        close_up(b, used, first);
    }
    b->known_mask = 0; /* their values' numbers are gone */
}
