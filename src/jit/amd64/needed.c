/* SPDX-License-Identifier: GPL-2.0-or-later
 * needed: which operations have to be done at all, and where, from the last to the first. A PUT has to
 * be seen done wherever the block is left. One that another overwrites with no way out between the two
 * is none, and neither is what only it wanted. One of packed flags with ways out between that lead
 * through cold stubs sinks: flags that a later instruction sets again are packed in those, where
 * somebody looks, and not in hot code. (Other PUTs cost a store; keeping their values for the stubs
 * costs registers, and was not worth it on riscv64.)
 */
#include "jit/amd64/amd64.h"

#define OVERWRITTEN_MAX 12
#define EXITS_MAX       4 /* a PUT sinks into at most so many */

struct overwritten { /* [first, end) of the state is by a later PUT */
    struct ir_slots slots;
    uint16_t exits[EXITS_MAX]; /* stubs between here and it */
    unsigned exit_count;
};

struct finder {
    struct gen *g;
    struct overwritten list[OVERWRITTEN_MAX];
    unsigned count;
};

static struct ir_slots slots_of(const struct ir_op *o)
{
    unsigned type = o->type & IR_TYPE_MASK;
    unsigned size = type == IR_V128 ? 16 : type == IR_I64 || type == IR_F64 ? 8 : 4;

    return (struct ir_slots){(uint32_t)o->imm, (uint32_t)o->imm + size};
}

static void drop(struct finder *f, unsigned k)
{
    f->list[k] = f->list[--f->count];
}

static bool meet(struct ir_slots a, struct ir_slots b)
{
    return a.first < b.end && b.first < a.end;
}

static void is_read(struct finder *f, struct ir_slots s)
{
    for (unsigned k = 0; k < f->count;) {
        if (meet(f->list[k].slots, s)) {
            drop(f, k);
        } else {
            k++;
        }
    }
}

/* Operation i may leave, through stubs. */
static void may_leave(struct finder *f, uint32_t i)
{
    for (unsigned k = 0; k < f->count;) {
        struct overwritten *w = &f->list[k];

        if (w->exit_count == EXITS_MAX) {
            drop(f, k);
        } else {
            w->exits[w->exit_count++] = (uint16_t)i;
            k++;
        }
    }
}

static void need(struct gen *g, ir_ref v)
{
    if (v != IR_ABSENT) {
        g->needed[v] = true;
    }
}

static unsigned count_at(const struct gen *g, uint16_t op)
{
    unsigned count = 0;

    for (uint16_t k = g->sunk_at[op]; k != NO_SUNK; k = g->sunk[k].next) {
        count++;
    }
    return count;
}

/* The PUT is done in the stubs of its exits. */
static bool sink(struct finder *f, uint32_t i, const struct overwritten *w)
{
    struct gen *g = f->g;
    const struct ir_op *o = &g->block->ops[i];

    if (gen_sunk_flags(g, o) == IR_ABSENT || g->sunk_count + w->exit_count > SUNK_MAX) {
        return false;
    }
    for (unsigned k = 0; k < w->exit_count; k++) {
        if (count_at(g, w->exits[k]) == SUNK_AT_ONE) {
            return false;
        }
    }
    for (unsigned k = 0; k < w->exit_count; k++) {
        g->sunk[g->sunk_count] = (struct sunk){.put = (uint16_t)i, .next = g->sunk_at[w->exits[k]]};
        g->sunk_at[w->exits[k]] = (uint16_t)(g->sunk_count++);
    }
    need(g, gen_sunk_flags(g, o));
    return true;
}

static bool is_pinned(const struct gen *g, struct ir_slots s)
{
    for (uint32_t word = s.first / 8; word <= (s.end - 1) / 8 && word < SLOT_WORDS; word++) {
        if (g->j->pin_at[word] != NO_PIN) {
            return true;
        }
    }
    return false;
}

/* Whether the PUT is to be done where it stands. What is of every hart is written by others, too. */
static bool put_is_needed(struct finder *f, uint32_t i)
{
    struct ir_slots s = slots_of(&f->g->block->ops[i]);
    bool mine = s.first >= sizeof(struct hart), done = false;

    for (unsigned k = 0; k < f->count && !done; k++) {
        const struct overwritten *w = &f->list[k];
        bool same = w->slots.first == s.first && w->slots.end == s.end;

        if (mine && w->exit_count == 0 && w->slots.first <= s.first && s.end <= w->slots.end) {
            return false;
        }
        done = mine && same && !is_pinned(f->g, s) && sink(f, i, w);
    }
    is_read(f, s); /* parts of it by others are not in order any more */
    if (f->count < OVERWRITTEN_MAX) {
        f->list[f->count++] = (struct overwritten){.slots = s};
    }
    return !done;
}

static bool is_needed(struct finder *f, uint32_t i)
{
    const struct gen *g = f->g;
    const struct ir_op *o = &g->block->ops[i];
    unsigned effects = ir_op_info[o->op].effects;

    if (o->op == IR_PUT) {
        return put_is_needed(f, i);
    }
    if ((effects & ~(unsigned)E_GET) == 0 && !g->needed[i]) {
        return false;
    }
    if (effects & E_GET) {
        is_read(f, slots_of(o));
    } else if (o->op == IR_EXIT_IF || o->op == IR_LD || o->op == IR_ST || o->op == IR_STC ||
               ((o->op == IR_RMW || o->op == IR_CAS) && gen_rmw_is_plain(g, o))) {
        may_leave(f, i);
    } else if (effects & (E_LOAD | E_STORE | E_FAULT | E_EXIT | E_CALL)) {
        f->count = 0;
    }
    return true;
}

/* A look is taken behind the instruction, after PUTs that follow the call. */
static bool leaves_later(const struct ir_block *b, const struct ir_op *o)
{
    return o->op == IR_CALL && (b->helpers[o->x].effects & (HELPER_LOOKS | HELPER_MEMORY));
}

void gen_find_needed(struct gen *g)
{
    const struct ir_block *b = g->block;
    struct finder f = {.g = g};
    bool any_leaves_later = false, is_skip_end[IR_BLOCK_OPS_MAX];

    memset(g->needed, 0, b->op_count * sizeof g->needed[0]);
    memset(g->sunk_at, 0xff, b->op_count * sizeof g->sunk_at[0]);
    g->sunk_count = 0;
    for (uint32_t i = 0; i < b->op_count; i++) {
        any_leaves_later |= leaves_later(b, &b->ops[i]);
        is_skip_end[i] = false;
    }
    for (uint32_t i = 0; i < b->op_count; i++) {
        if (b->ops[i].op == IR_SKIP_IF) {
            is_skip_end[i + 1 + b->ops[i].imm] = true;
        }
    }
    for (uint32_t i = b->op_count; i-- > 0;) {
        const struct ir_op *o = &b->ops[i];

        if (any_leaves_later) {
            f.count = 0;
        }
        if (i + 1 < b->op_count && is_skip_end[i + 1]) {
            f.count = 0; /* what is done behind is done on another way, too */
        }
        if (is_needed(&f, i)) {
            g->needed[i] = true;
            need(g, o->a);
            need(g, o->b);
            need(g, gen_operand_c(o));
        } else {
            g->needed[i] = false;
        }
    }
}
