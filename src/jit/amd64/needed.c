/* SPDX-License-Identifier: GPL-2.0-or-later
 * needed: which operations have to be done at all, from the last to the first. A PUT has to be seen
 * done wherever the block may be left; so one that another overwrites first, with no way out between
 * the two, is none, and neither is what only it wanted: flags that the next instruction sets again are
 * never packed.
 */
#include "jit/amd64/amd64.h"

#define OVERWRITTEN_MAX 12

struct overwritten { /* [first, end) of the state, before anybody can look */
    struct ir_slots slots[OVERWRITTEN_MAX];
    unsigned count;
};

static struct ir_slots slots_of(const struct ir_op *o)
{
    unsigned type = o->type & IR_TYPE_MASK;
    unsigned size = type == IR_V128 ? 16 : type == IR_I64 || type == IR_F64 ? 8 : 4;

    return (struct ir_slots){(uint32_t)o->imm, (uint32_t)o->imm + size};
}

/* What is of every hart is written by others, too. */
static bool is_overwritten(const struct overwritten *w, struct ir_slots s)
{
    for (unsigned i = 0; i < w->count && s.first >= sizeof(struct hart); i++) {
        if (w->slots[i].first <= s.first && s.end <= w->slots[i].end) {
            return true;
        }
    }
    return false;
}

static void overwrite(struct overwritten *w, struct ir_slots s)
{
    if (w->count < OVERWRITTEN_MAX) {
        w->slots[w->count++] = s;
    }
}

static void is_read(struct overwritten *w, struct ir_slots s)
{
    for (unsigned i = 0; i < w->count;) {
        if (w->slots[i].first < s.end && s.first < w->slots[i].end) {
            w->slots[i] = w->slots[--w->count];
        } else {
            i++;
        }
    }
}

/* A look is taken behind the instruction, after PUTs that follow the call. */
static bool leaves_later(const struct ir_block *b, const struct ir_op *o)
{
    return o->op == IR_CALL && (b->helpers[o->x].effects & (HELPER_LOOKS | HELPER_MEMORY));
}

static void need(struct gen *g, ir_ref v)
{
    if (v != IR_ABSENT) {
        g->needed[v] = true;
    }
}

static bool is_needed(struct gen *g, uint32_t i, struct overwritten *w)
{
    const struct ir_op *o = &g->block->ops[i];
    unsigned effects = ir_op_info[o->op].effects;

    if (o->op == IR_PUT) {
        if (is_overwritten(w, slots_of(o))) {
            return false;
        }
        overwrite(w, slots_of(o));
        return true;
    }
    if ((effects & ~(unsigned)E_GET) == 0 && !g->needed[i]) {
        return false;
    }
    if (effects & E_GET) {
        is_read(w, slots_of(o));
    } else if (effects & (E_LOAD | E_STORE | E_FAULT | E_EXIT | E_CALL)) {
        w->count = 0;
    }
    return true;
}

void gen_find_needed(struct gen *g)
{
    const struct ir_block *b = g->block;
    struct overwritten w = {.count = 0};
    bool any_leaves_later = false;

    memset(g->needed, 0, b->op_count * sizeof g->needed[0]);
    for (uint32_t i = 0; i < b->op_count; i++) {
        any_leaves_later |= leaves_later(b, &b->ops[i]);
    }
    for (uint32_t i = b->op_count; i-- > 0;) {
        const struct ir_op *o = &b->ops[i];

        if (any_leaves_later) {
            w.count = 0;
        }
        g->needed[i] = is_needed(g, i, &w);
        if (g->needed[i]) {
            need(g, o->a);
            need(g, o->b);
            need(g, gen_operand_c(o));
        }
    }
}
