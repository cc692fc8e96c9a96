/* SPDX-License-Identifier: GPL-2.0-or-later
 * codegen: one pass over a block: its entry, its operations in order, its exits, then the stubs.
 * All operations are translated; a block whose values are too many is left to the interpreter.
 */
#include <stdlib.h>

#include "jit/amd64/amd64.h"

/* ---- leaving ---- */

vaddr gen_insn_pc(const struct gen *g, unsigned insn)
{
    return g->block->pc + g->block->insns[insn].pc_offset;
}

uint32_t gen_refund(const struct gen *g, unsigned insn)
{
    return g->block->insn_count - insn;
}

struct stub *gen_stub(struct gen *g, enum stub_kind kind, uint32_t site)
{
    struct stub *s = &g->stubs[g->stub_count < STUBS_MAX ? g->stub_count : STUBS_MAX - 1];

    if (g->stub_count == STUBS_MAX) {
        g->failed = true;
    } else {
        g->stub_count++;
    }
    *s = (struct stub){.kind = kind,
                       .site = site,
                       .op = (uint16_t)g->i,
                       .base = -1,
                       .reg = -1,
                       .xmm = -1,
                       .keep = (uint8_t)gen_live_xmm(g)};
    if (kind == STUB_GROUP || kind == STUB_LOAD || kind == STUB_STORE || kind == STUB_RMW ||
        kind == STUB_EXIT) {
        gen_note_sunk(g, s);
    }
    return s;
}

static void set_pc(struct gen *g, vaddr pc)
{
    emit_mov_imm(g->e, RAX, pc);
    emit_mov_to(g->e, true, gen_slot(g, offsetof(struct hart, pc)), RAX);
}

void gen_jump_to_thunk(struct gen *g, uint32_t thunk)
{
    emit_patch(g->e, emit_jmp(g->e), thunk);
}

/* 16 bytes behind the cold code so far; 0 if it is full. */
static uint32_t keep(struct gen *g, const void *bytes)
{
    struct jit *j = g->j;
    uint32_t at = (uint32_t)align_up(j->cold, 16);

    if (at + 16 > j->memory.size) {
        g->e->full = true;
        return 0;
    }
    memcpy(j->memory.write + at, bytes, 16);
    j->cold = at + 16;
    return at;
}

uint64_t gen_keep_op(struct gen *g, const struct ir_op *o)
{
    return (uint64_t)(uintptr_t)(g->j->memory.exec + keep(g, o));
}

uint32_t gen_keep_const(struct gen *g, const uint64_t value[2])
{
    return keep(g, value);
}

void gen_call_thunk(struct gen *g, uint32_t thunk)
{
    emit_patch(g->e, emit_call(g->e), thunk);
    g->flags = IR_ABSENT;
}

static void give_back(struct gen *g, uint32_t ticks)
{
    if (ticks) {
        emit_alu_imm(g->e, ALU_ADD, true, rm_reg(R15), (int32_t)ticks);
    }
}

#define JUMP_AT ((int32_t)offsetof(struct space, jump))

/* The mode that an exit goes to: a constant, a value, or not known. */
struct exit_mode {
    bool ask;
    bool is_value; /* in rdx */
    uint32_t constant;
};

static struct exit_mode mode_of(const struct gen *g, const struct ir_op *o)
{
    return (struct exit_mode){.ask = (o->attr & IR_EXIT_ASK) != 0,
                              .is_value = o->op == IR_EXIT_TO_MODE,
                              .constant = g->block->modes[IR_EXIT_MODE(o->attr)]};
}

/* To a constant pc in another page, or anywhere: through the jump cache. rax holds the pc. */
static void jump_by_cache(struct gen *g, bool constant, vaddr pc, struct exit_mode mode)
{
    unsigned shift = g->j->guest.modes != 0 ? (unsigned)__builtin_ctz(g->j->guest.modes) : 0;
    uint32_t variant = (mode.constant & g->j->guest.modes) >> shift;
    struct rm tag, block;

    if (mode.ask) {
        gen_jump_to_thunk(g, g->j->lookup_rax);
        return;
    }
    if (constant && !mode.is_value) {
        int32_t at = JUMP_AT + (int32_t)(jump_index(pc) ^ variant) * 16;
        tag = rm_mem(R14, at);
        block = rm_mem(R14, at + 8);
    } else {
        emit_mov(g->e, false, RCX, rm_reg(RAX));
        emit_shift_imm(g->e, SHIFT_SHR, false, RCX, JUMP_FOLD);
        emit_alu(g->e, ALU_XOR, false, RCX, rm_reg(RAX));
        emit_alu_imm(g->e, ALU_AND, false, rm_reg(RCX), (JUMP_ENTRIES - 1) << 1);
        if (mode.is_value) {
            emit_alu_imm(g->e, ALU_AND, false, rm_reg(RDX), (int32_t)g->j->guest.modes);
            if (shift > 1) {
                emit_shift_imm(g->e, SHIFT_SHR, false, RDX, shift - 1);
            } else if (shift == 0) {
                emit_shift_imm(g->e, SHIFT_SHL, false, RDX, 1);
            }
            emit_alu(g->e, ALU_XOR, false, RCX, rm_reg(RDX));
        } else if (variant != 0) {
            emit_alu_imm(g->e, ALU_XOR, false, rm_reg(RCX), (int32_t)(variant << 1));
        }
        tag = rm_sib(R14, RCX, 3, JUMP_AT);
        block = rm_sib(R14, RCX, 3, JUMP_AT + 8);
    }
    emit_alu(g->e, ALU_CMP, true, RAX, tag);
    emit_patch(g->e, emit_jcc(g->e, COND_NE), g->j->lookup_rax);
    emit_mov(g->e, true, RCX, block);
    emit_op(g->e, 0xff, false, 4, rm_mem(RCX, 0));
}

static bool in_page(const struct gen *g, vaddr pc)
{
    return ((pc ^ g->block->pc) & ~(PAGE_SIZE - 1)) == 0;
}

/* How an exit to a constant goes to the engine: LOOK, YIELD, or neither where a hart is alone. */
static unsigned engine_attr(const struct gen *g, unsigned attr)
{
    attr &= IR_EXIT_LOOK | IR_EXIT_YIELD;
    return attr == IR_EXIT_YIELD && g->j->guest.alone ? 0 : attr;
}

static bool may_link(const struct gen *g, vaddr pc, unsigned attr)
{
    return engine_attr(g, attr) == 0 && (attr & IR_EXIT_ASK) == 0 && in_page(g, pc);
}

/* Of an exit that goes on for that reason, after the ticks were given back. */
static void note_yield(struct gen *g, unsigned attr)
{
    if ((attr & IR_EXIT_YIELD) && engine_attr(g, attr) == 0) {
        emit_mov(g->e, true, RDX, rm_mem(RSP, FRAME_CONTEXT));
        emit_mov_to(g->e, true, rm_mem(RDX, offsetof(struct context, yielded)), R15);
    }
}

/* hart.pc is set. Who only looks may come back. */
static void leave_for_engine(struct gen *g, unsigned attr)
{
    if (attr & IR_EXIT_YIELD) {
        emit_mov_imm(g->e, RAX, JIT_YIELD);
        gen_jump_to_thunk(g, g->j->leave);
    } else {
        gen_jump_to_thunk(g, g->j->look);
    }
}

/* The way out of a constant exit, after the ticks were given back. */
static void leave_to(struct gen *g, vaddr pc, const struct ir_op *o, unsigned attr)
{
    if (engine_attr(g, attr) != 0) {
        set_pc(g, pc);
        leave_for_engine(g, attr);
    } else if (may_link(g, pc, attr)) {
        /* Not linked yet: jumps to the next instruction, which asks for it. */
        uint32_t site = emit_jmp(g->e);
        emit_patch(g->e, site, g->e->at);
        emit_mov_imm(g->e, RAX, pc);
        emit_mov_imm(g->e, RCX, site);
        gen_jump_to_thunk(g, g->j->link);
    } else {
        emit_mov_imm(g->e, RAX, pc);
        jump_by_cache(g, true, pc, mode_of(g, o));
    }
}

static void exit_by_stub(struct gen *g, const struct ir_op *o, vaddr pc, uint32_t site)
{
    struct stub *s = gen_stub(g, STUB_EXIT, site);

    s->imm = pc;
    s->disp = (int32_t)gen_refund(g, o->insn + 1u);
    s->attr = o->attr;
    s->reg = g->looks;
}

/* A jump in hot code whose target is a cold stub at first; linking patches the hot jump. */
static void exit_direct(struct gen *g, const struct ir_op *o, vaddr pc)
{
    if (o->insn + 1u < g->block->insn_count) { /* it may be skipped over: the block goes on */
        exit_by_stub(g, o, pc, emit_jmp(g->e));
        return;
    }
    note_yield(g, o->attr);
    if (g->looks && engine_attr(g, o->attr) == 0) {
        gen_leave_if_look(g, g->block->insn_count - 1u, pc);
    }
    if (may_link(g, pc, o->attr)) {
        uint32_t site = emit_jmp(g->e);
        struct stub *s = gen_stub(g, STUB_EXIT, site);
        s->imm = pc;
        s->disp = -1; /* nothing to give back; the site itself is linked */
    } else {
        leave_to(g, pc, o, o->attr);
    }
}

static void exit_if(struct gen *g, const struct ir_op *o)
{
    enum cond c = gen_condition(g, o->a);

    exit_by_stub(g, o, o->imm, emit_jcc(g->e, c));
}

/* As leave_to(), but for the engine if it has to look. */
static void leave_to_or_look(struct gen *g, vaddr pc, const struct ir_op *o)
{
    uint32_t plain;

    gen_compare_look(g);
    plain = emit_jcc(g->e, COND_E);
    leave_to(g, pc, o, IR_EXIT_LOOK);
    emit_patch(g->e, plain, g->e->at);
    leave_to(g, pc, o, o->attr);
}

/* The pc in rax. */
static void exit_to_look_or_cache(struct gen *g, struct exit_mode mode)
{
    uint32_t plain;

    emit_mov_to(g->e, true, gen_slot(g, offsetof(struct hart, pc)), RAX);
    gen_compare_look(g);
    plain = emit_jcc(g->e, COND_E);
    leave_for_engine(g, IR_EXIT_LOOK);
    emit_patch(g->e, plain, g->e->at);
    jump_by_cache(g, false, 0, mode);
}

static bool gen_exit(struct gen *g, const struct ir_op *o)
{
    struct exit_mode mode = mode_of(g, o);
    uint64_t pc;

    switch (o->op) {
    case IR_EXIT: exit_direct(g, o, o->imm); return true;
    case IR_EXIT_IF: exit_if(g, o); return true;
    default: break;
    }
    if (!mode.is_value && gen_is_const(g, o->a, &pc)) {
        exit_direct(g, o, pc);
        return true;
    }
    give_back(g, gen_refund(g, o->insn + 1u)); /* it may be skipped over */
    if (mode.is_value) {
        gen_copy(g, RDX, o->b);
    }
    emit_mov(g->e, true, RAX, gen_rm(g, o->a));
    if (o->attr & (IR_EXIT_LOOK | IR_EXIT_YIELD)) {
        emit_mov_to(g->e, true, gen_slot(g, offsetof(struct hart, pc)), RAX);
        leave_for_engine(g, o->attr);
    } else if (g->looks) {
        exit_to_look_or_cache(g, mode);
    } else {
        jump_by_cache(g, false, 0, mode);
    }
    return true;
}

static void exit_stub(struct gen *g, const struct stub *s)
{
    const struct ir_op *o = &g->block->ops[s->op];

    if (s->disp < 0) { /* from exit_direct: the hot jump is the site */
        emit_mov_imm(g->e, RAX, s->imm);
        emit_mov_imm(g->e, RCX, s->site);
        gen_jump_to_thunk(g, g->j->link);
        return;
    }
    give_back(g, (uint32_t)s->disp);
    note_yield(g, s->attr);
    if (s->reg > 0 && engine_attr(g, s->attr) == 0) {
        leave_to_or_look(g, s->imm, o);
        return;
    }
    /* what the stub stores is not to be jumped over */
    if (s->disp == 0 && s->sunk_count == 0 && (s->attr & IR_EXIT_YIELD) == 0 &&
        may_link(g, s->imm, s->attr)) {
        emit_mov_imm(g->e, RAX, s->imm);
        emit_mov_imm(g->e, RCX, s->site);
        gen_jump_to_thunk(g, g->j->link);
        return;
    }
    leave_to(g, s->imm, o, s->attr);
}

static void limit_stub(struct gen *g)
{
    give_back(g, g->block->insn_count);
    emit_mov_imm(g->e, RAX, g->block->pc);
    gen_jump_to_thunk(g, g->j->lookup_rax);
}

static void make_stubs(struct gen *g)
{
    for (uint32_t k = 0; k < g->stub_count; k++) {
        const struct stub *s = &g->stubs[k];
        g->i = s->op;
        emit_patch(g->e, s->site, g->e->at);
        if (s->site2) {
            emit_patch(g->e, s->site2, g->e->at);
        }
        gen_sunk_puts(g, s);
        switch (s->kind) {
        case STUB_FLAT:
        case STUB_UNTAG:
        case STUB_GROUP:
        case STUB_LOAD:
        case STUB_STORE:
        case STUB_PHYS: gen_memory_stub(g, s); break;
        case STUB_RMW: gen_rmw_stub(g, s); break;
        case STUB_EXIT: exit_stub(g, s); break;
        case STUB_NAN:
        case STUB_FP_REDO:
        case STUB_FP:
        case STUB_FP_OF: gen_fp_stub(g, s); break;
        case STUB_VECTOR_NAN:
        case STUB_VECTOR_REDO: gen_vector_stub(g, s); break;
        case STUB_LIMIT: limit_stub(g); break;
        }
    }
}

/* ---- the passes ---- */

#define SELECTS_MAX 128 /* in a block; more are made without their compares */

ir_ref gen_operand_c(const struct ir_op *o)
{
    return ir_op_info[o->op].c != K_NONE ? o->c : IR_ABSENT;
}

static void use_value(struct gen *g, ir_ref v, uint32_t at)
{
    if (v != IR_ABSENT) {
        struct value *val = &g->values[g->values[v].rep];

        val->uses++;
        val->last_use = (uint16_t)at; /* they come in order */
    }
}

/* Flags that are made of their operands when somebody wants them: who uses them uses those. */
static const struct ir_op *lazy(const struct gen *g, ir_ref v)
{
    const struct ir_op *o = v != IR_ABSENT ? &g->block->ops[v] : NULL;

    return o && gen_flags_are_lazy(o) ? o : NULL;
}

static void use(struct gen *g, ir_ref v, uint32_t at)
{
    const struct ir_op *flags = lazy(g, v);

    use_value(g, v, at);
    if (flags) {
        use_value(g, flags->a, at);
        use_value(g, flags->b, at);
    }
}

static void use_operands(struct gen *g, const struct ir_op *o, uint32_t at)
{
    use(g, o->a, at);
    use(g, o->b, at);
    use(g, gen_operand_c(o), at);
}

/* What stubs of the operation store is not overwritten in hot code before the next. */
static void use_sunk(struct gen *g, uint32_t i)
{
    for (uint16_t k = g->sunk_at[i]; k != NO_SUNK; k = g->sunk[k].next) {
        use(g, gen_sunk_value(g, k), i + 1);
    }
}

static void use_later(struct gen *g, ir_ref v, uint32_t i)
{
    if (v != IR_ABSENT && g->values[g->values[v].rep].last_use == i) {
        g->values[g->values[v].rep].last_use = (uint16_t)(i + 1);
    }
}

/* An addend of a sum that LEA shifts by the way. */
static bool is_scaled(const struct ir_op *o, const struct ir_op *sum, uint32_t i)
{
    return o->op == IR_SHL && (o->type & IR_IMM) && o->imm >= 1 && o->imm <= 3 &&
           sum->op == IR_ADD && !(sum->type & IR_IMM) && sum->b == i && sum->a != i &&
           (o->type & IR_TYPE_MASK) == (sum->type & IR_TYPE_MASK);
}

/* Bits that TEST or BT looks at. */
static bool is_tested(const struct ir_op *o, const struct ir_op *compare, uint32_t i)
{
    return o->op == IR_AND && (o->type & IR_IMM) && gen_can_test(o->imm) &&
           (compare->op == IR_EQ || compare->op == IR_NE) && (compare->type & IR_IMM) &&
           compare->imm == 0 && compare->a == i;
}

static bool may_have_fused(const struct ir_op *o)
{
    return o->op == IR_EXIT_IF || o->op == IR_SKIP_IF || o->op == IR_SELECT || o->op == IR_XOR ||
           o->op == IR_ADD || o->op == IR_EQ || o->op == IR_NE;
}

/* The compare just before the exit or the select that it is for, if nobody else wants it, is made
 * there; and so are flags that are packed and turned, and what is shifted and added. */
static void fuse(struct gen *g, uint32_t i)
{
    const struct ir_op *o = &g->block->ops[i], *n = o + 1;

    if (g->values[i].uses != 1) {
        return;
    }
    if ((gen_can_fuse(o) && (((n->op == IR_EXIT_IF || n->op == IR_SKIP_IF) && n->a == i) ||
                             (n->op == IR_SELECT && n->c == i))) ||
        gen_flags_turn(g, i + 1) || is_scaled(o, n, i) || is_tested(o, n, i)) {
        g->values[i].fused = (uint16_t)(i + 1);
        const struct ir_op *flags = lazy(g, o->a);

        if (g->values[o->a].fused == i) {
            use_later(g, g->block->ops[o->a].a, i);
        }
        use_later(g, o->a, i);
        use_later(g, o->b, i);
        if (flags) {
            use_later(g, flags->a, i);
            use_later(g, flags->b, i);
        }
    }
}

/* Who uses what, and which compares are made where they are used. */
static void analyse(struct gen *g)
{
    static const struct value fresh = {.fused = NO_VALUE,
                                       .reg = -1,
                                       .xmm = -1,
                                       .pin = NO_PIN,
                                       .spill = -1,
                                       .group = NO_GROUP,
                                       .home = -1};
    const struct ir_block *b = g->block;
    uint16_t users[SELECTS_MAX]; /* of compares, perhaps */
    uint32_t user_count = 0;

    g->has_flags = false;
    g->flags = IR_ABSENT;
    gen_find_needed(g);
    for (uint32_t i = 0; i < b->op_count; i++) {
        const struct ir_op *o = &b->ops[i];
        g->values[i] = fresh;
        g->values[i].rep = (uint16_t)i;
        if (o->op == IR_TRUNC && b->ops[g->values[o->a].rep].op != IR_CONST) {
            g->values[i].rep = g->values[o->a].rep;
        }
        if (o->op == IR_FPACK && !gen_flags_are_lazy(&b->ops[o->a])) {
            g->values[i].rep = o->a;
        }
        g->has_flags |= gen_flags_are_lazy(o);
        if (!g->needed[i]) {
            continue;
        }
        use_operands(g, o, i);
        use_sunk(g, i);
        if (may_have_fused(o) && i > 0 && user_count < SELECTS_MAX) {
            users[user_count++] = (uint16_t)i;
        }
    }
    for (uint32_t k = 0; k < user_count; k++) {
        fuse(g, users[k] - 1u);
    }
    g->group_count = 0;
    if (g->grouped) {
        gen_find_groups(g);
    }
    memset(g->owner, 0xff, sizeof g->owner);
    memset(g->xmm_owner, 0xff, sizeof g->xmm_owner);
    memset(g->pin_value, 0xff, sizeof g->pin_value);
    memset(g->holder, 0xff, sizeof g->holder);
    g->spills = 0;
    g->stub_count = 0;
    g->noted_count = 0;
    g->looks = false;
    g->failed = false;
    g->skip.active = false;
}

static bool gen_one(struct gen *g, const struct ir_op *o)
{
    switch (o->op) {
    case IR_CONST: return true;
    case IR_TRUNC:
        if (gen_rep(g, (ir_ref)g->i) != g->i) {
            return true;
        }
        return gen_integer(g, o);
    case IR_GET: gen_get(g, o); return true;
    case IR_PUT: gen_put(g, o); return true;
    case IR_EXIT:
    case IR_EXIT_IF:
    case IR_EXIT_TO:
    case IR_EXIT_TO_MODE: return gen_exit(g, o);
    case IR_SKIP_IF: gen_skip(g, o); return true;
    case IR_CALL: return gen_call(g, o);
    default:
        return gen_integer(g, o) || gen_flags(g, o) || gen_memory(g, o) || gen_fp(g, o) ||
               gen_vector(g, o);
    }
}

static void release(struct gen *g, ir_ref v)
{
    if (v != IR_ABSENT) {
        gen_release(g, gen_rep(g, v));
    }
}

static void release_all(struct gen *g, ir_ref v)
{
    const struct ir_op *flags = lazy(g, v);

    release(g, v);
    if (flags) {
        release(g, flags->a);
        release(g, flags->b);
    }
}

static void release_operands(struct gen *g, const struct ir_op *o)
{
    release_all(g, o->a);
    release_all(g, o->b);
    release_all(g, gen_operand_c(o));
}

/* What was fused dies with its user, operands and all. */
static void release_fused(struct gen *g, const struct ir_op *o)
{
    for (uint32_t k = g->i; k > 0 && g->values[k - 1].fused == k; k--) {
        release_operands(g, &g->block->ops[k - 1]);
    }
    release_operands(g, o);
}

/* The instruction before is done. */
static void begin_insn(struct gen *g, unsigned before)
{
    if (g->looks) {
        gen_leave_if_look(g, before, gen_insn_pc(g, before + 1u));
        g->flags = IR_ABSENT;
        g->looks = false;
    }
}

/* Of the operation before: its stubs are done with. */
static void release_sunk(struct gen *g)
{
    for (uint16_t k = g->i > 0 ? g->sunk_at[g->i - 1] : NO_SUNK; k != NO_SUNK;
         k = g->sunk[k].next) {
        release_all(g, gen_sunk_value(g, k));
    }
}

static bool gen_step(struct gen *g, const struct ir_op *o)
{
    g->locked = 0;
    g->xmm_locked = 0;
    g->flags_kept = gen_flags_survive(o);
    if (o->op != IR_EXIT_IF) { /* its stubs come back, and may have changed these */
        for (uint16_t k = g->sunk_at[g->i]; k != NO_SUNK; k = g->sunk[k].next) {
            gen_leave_slot(g, &g->block->ops[g->sunk[k].put]);
        }
    }
    if (!gen_one(g, o) || g->failed) {
        return false;
    }
    if (!g->flags_kept) {
        g->flags = IR_ABSENT;
    }
    release_fused(g, o);
    if (g->values[g->i].uses == 0) {
        g->values[g->i].last_use = (uint16_t)g->i;
        gen_release(g, (uint16_t)g->i);
    }
    return true;
}

/* False: registers or room did not do. */
static bool gen_block(struct gen *g)
{
    const struct ir_block *b = g->block;

    for (g->i = 0; g->i < b->op_count; g->i++) {
        const struct ir_op *o = &b->ops[g->i];

        if (g->skip.active && g->i == g->skip.end) {
            gen_skip_end(g);
        }
        if (g->i > 0 && o->insn != o[-1].insn) {
            begin_insn(g, o[-1].insn);
        }
        if (g->needed[g->i] && g->values[g->i].fused == NO_VALUE && !gen_step(g, o)) {
            return false;
        }
        release_sunk(g);
    }
    return true;
}

/* No value is in a register yet. */
static void gen_probe(struct gen *g)
{
    emit_mov_imm(g->e, RAX, g->probe->argument);
    emit_mov_to(g->e, true, rm_mem(RSP, FRAME_ARGS), RAX);
    emit_mov_imm(g->e, RAX, g->block->pc);
    emit_mov_imm(g->e, RDX, (uint64_t)(uintptr_t)g->probe->helper);
    emit_mov_imm(g->e, RCX, SITE_INFO(0, g->block->insn_count));
    gen_call_thunk(g, g->j->call[0]);
}

static bool gen_code(struct gen *g, const struct ir_block *b)
{
    g->block = b;
    analyse(g);
    g->i = 0;
    g->entry = g->e->at;
    emit_alu_imm(g->e, ALU_SUB, true, rm_reg(R15), (int32_t)b->insn_count);
    (void)gen_stub(g, STUB_LIMIT, emit_jcc(g->e, COND_S));
    if (g->probe) {
        gen_probe(g);
    }
    return gen_block(g);
}

const void *jit_compile(struct jit *j, const struct ir_block *b, unsigned how,
                        const struct jit_probe *probe, bool *full)
{
    struct gen *g = j->gen;
    uint32_t hot = j->hot;

    *full = false;
    g->grouped = (how & JIT_GROUPED) != 0;
    g->flat = (how & JIT_FLAT) != 0;
    g->probe = probe;
    g->e->at = j->hot;
    g->e->limit = j->cold_start;
    g->e->full = false;
    j->last_hot = j->hot;
    j->last_cold = j->cold;
    if (gen_code(g, b)) {
        j->hot = g->e->at;
        g->e->at = j->cold;
        g->e->limit = (uint32_t)j->memory.size;
        make_stubs(g);
    } else {
        g->failed = true;
    }
    if (g->e->full || g->failed) {
        *full = g->e->full;
        j->hot = hot;
        j->cold = j->last_cold;
        return NULL;
    }
    j->cold = g->e->at;
    return j->memory.exec + g->entry;
}
