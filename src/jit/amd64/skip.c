/* SPDX-License-Identifier: GPL-2.0-or-later
 * skip: SKIP_IF, the only way on inside a block that is not the next operation. Before the jump each
 * value that is wanted behind gets a place that what is skipped over leaves alone; where the two ways
 * meet it is in the places that it has on both.
 */
#include "jit/amd64/amd64.h"

static bool is_wanted_behind(const struct gen *g, uint32_t v, uint32_t end)
{
    return gen_rep(g, (ir_ref)v) == v && g->values[v].last_use >= end && g->values[v].uses != 0;
}

/* No value lives in a slot that changes, nor in the register of one. */
static void leave_what_changes(struct gen *g, uint32_t end)
{
    for (uint32_t k = g->i + 1; k < end; k++) {
        const struct ir_op *o = &g->block->ops[k];

        if (o->op == IR_PUT && g->needed[k]) {
            gen_leave_put(g, o);
        } else if (o->op == IR_CALL && (g->block->helpers[o->x].effects & HELPER_WRITES)) {
            gen_leave_slots(g, g->block->helpers[o->x].writes);
        }
    }
}

void gen_skip(struct gen *g, const struct ir_op *o)
{
    struct skip *s = &g->skip;
    enum cond c;

    s->at = g->i;
    s->end = g->i + 1 + (uint32_t)o->imm;
    leave_what_changes(g, s->end);
    for (uint32_t v = 0; v < g->i; v++) {
        if (is_wanted_behind(g, v, s->end)) {
            gen_settle(g, (uint16_t)v);
        }
    }
    g->locked = 0;
    c = gen_condition(g, o->a);
    s->site = emit_jcc(g->e, c);
    s->active = true;
    s->spills = g->spills;
    memcpy(s->pin_value, g->pin_value, sizeof s->pin_value);
    memcpy(s->values, g->values, g->i * sizeof s->values[0]);
}

/* A register holds the value on both ways if it does at their ends: whatever moved it there. */
static void meet(struct gen *g, uint32_t v)
{
    const struct value *was = &g->skip.values[v];
    struct value *val = &g->values[v];

    if (val->reg != was->reg || val->pin != was->pin) {
        val->reg = -1;
        val->pin = NO_PIN;
    }
    if (val->xmm != was->xmm) {
        val->xmm = -1;
    }
    val->home = was->home;
    val->spill = was->spill;
    if (val->reg >= 0 && val->pin != NO_PIN) {
        g->pin_value[val->pin] = (uint16_t)v;
    } else if (val->reg >= 0) {
        g->owner[val->reg] = (uint16_t)v;
    }
    if (val->xmm >= 0) {
        g->xmm_owner[val->xmm] = (uint16_t)v;
    }
    if (val->home >= 0) {
        g->holder[val->home / 8] = (uint16_t)v;
    }
    must(g->failed || val->reg >= 0 || val->xmm >= 0 || val->home >= 0 || val->spill >= 0 ||
         g->block->ops[v].op == IR_CONST);
}

static bool has_place(const struct value *val)
{
    return val->reg >= 0 || val->xmm >= 0 || val->home >= 0 || val->spill >= 0;
}

void gen_skip_end(struct gen *g)
{
    struct skip *s = &g->skip;

    emit_patch(g->e, s->site, g->e->at);
    s->active = false;
    g->flags = IR_ABSENT;
    g->locked = 0;
    g->xmm_locked = 0;
    memset(g->owner, 0xff, sizeof g->owner);
    memset(g->xmm_owner, 0xff, sizeof g->xmm_owner);
    memset(g->pin_value, 0xff, sizeof g->pin_value);
    memset(g->holder, 0xff, sizeof g->holder);
    g->spills = 0;
    for (uint32_t v = 0; v < s->end; v++) {
        struct value *val = &g->values[v];

        if (v < s->at && is_wanted_behind(g, v, s->end) && has_place(&s->values[v])) {
            meet(g, v);
            if (val->spill >= 0) {
                g->spills |= (uint64_t)((g->block->ops[v].type & IR_TYPE_MASK) == IR_V128 ? 3 : 1)
                             << val->spill;
            }
        } else { /* nobody wants it any more */
            val->reg = val->xmm = val->spill = -1;
            val->home = -1;
            val->pin = NO_PIN;
        }
    }
}
