/* SPDX-License-Identifier: GPL-2.0-or-later
 * codegen: one pass over a block: where each value is, blocks' entries, exits and ends.
 */
#include <stdlib.h>

#include "jit/amd64/amd64.h"

const uint8_t pin_regs[PIN_REGS] = {RBX, RSI, RDI, R8, R9};
const uint8_t free_regs[FREE_REGS] = {R10, R11, R12, R13};

const struct ir_op *gen_op(const struct gen *g)
{
    return &g->block->ops[g->i];
}

uint16_t gen_rep(const struct gen *g, ir_ref v)
{
    return g->values[v].rep;
}

bool gen_is_const(const struct gen *g, ir_ref v, uint64_t *imm)
{
    const struct ir_op *o = &g->block->ops[gen_rep(g, v)];
    if (o->op != IR_CONST) {
        return false;
    }
    *imm = g->block->ops[v].type == IR_I32 ? (uint32_t)o->imm : o->imm;
    return true;
}

struct rm gen_slot(const struct gen *g, uint64_t offset)
{
    (void)g;
    return rm_mem(RBP, (int64_t)offset - STATE_BIAS);
}

static int pin_of(const struct gen *g, uint64_t slot)
{
    for (unsigned p = 0; p < g->j->guest.pinned_count; p++) {
        if (slot - g->j->guest.pinned[p] < 8 || g->j->guest.pinned[p] - slot < 8) {
            return (int)p;
        }
    }
    return -1;
}

/* ---- registers ---- */

static struct rm spill_rm(int spill)
{
    return rm_mem(RSP, FRAME_SPILL + 8 * spill);
}

static int take_spill(struct gen *g)
{
    for (int s = 0; s < SPILLS; s++) {
        if (!(g->spills >> s & 1)) {
            g->spills |= UINT32_C(1) << s;
            return s;
        }
    }
    g->failed = true;
    return 0;
}

static bool can_be_had_again(const struct gen *g, uint16_t v)
{
    const struct value *val = &g->values[v];
    return val->home >= 0 || val->spill >= 0 || val->xmm >= 0 || g->block->ops[v].op == IR_CONST;
}

static void evict(struct gen *g, unsigned r)
{
    uint16_t v = g->owner[r];
    struct value *val = &g->values[v];

    if (!can_be_had_again(g, v)) {
        val->spill = (int8_t)take_spill(g);
        emit_mov_to(g->e, true, spill_rm(val->spill), r);
    }
    val->reg = -1;
    g->owner[r] = NO_VALUE;
}

/* A free register, by evicting what is used last if need be. */
static unsigned take_reg(struct gen *g)
{
    unsigned best = NO_REG;
    unsigned best_score = 0;

    for (unsigned k = 0; k < FREE_REGS; k++) {
        unsigned r = free_regs[k];
        uint16_t v = g->owner[r];
        unsigned score;
        if (v == NO_VALUE) {
            return r;
        }
        if (g->locked >> r & 1) {
            continue;
        }
        score = g->values[v].last_use + (can_be_had_again(g, v) ? 2000u : 1u);
        if (score > best_score) {
            best = r;
            best_score = score;
        }
    }
    if (best == NO_REG) {
        g->failed = true;
        return free_regs[0];
    }
    evict(g, best);
    return best;
}

static void own(struct gen *g, unsigned r, uint16_t v)
{
    g->owner[r] = v;
    g->values[v].reg = (int8_t)r;
    g->values[v].pin = NO_PIN;
    g->locked |= UINT32_C(1) << r;
}

static bool is_narrow(const struct gen *g, uint16_t v)
{
    unsigned t = g->block->ops[v].type & IR_TYPE_MASK;
    return t == IR_I32 || t == IR_F32;
}

unsigned gen_reg(struct gen *g, ir_ref ref)
{
    uint16_t v = gen_rep(g, ref);
    struct value *val = &g->values[v];
    const struct ir_op *o = &g->block->ops[v];
    unsigned r;

    if (val->reg >= 0) {
        g->locked |= UINT32_C(1) << val->reg;
        return (unsigned)val->reg;
    }
    r = take_reg(g);
    if (val->home >= 0) {
        emit_mov(g->e, !is_narrow(g, v), r, gen_slot(g, (uint64_t)val->home));
    } else if (val->spill >= 0) {
        emit_mov(g->e, true, r, spill_rm(val->spill));
    } else if (val->xmm >= 0) {
        emit_op(g->e, OP_66 | OP_0F | 0x7e, !is_narrow(g, v), (unsigned)val->xmm, rm_reg(r));
    } else {
        must(o->op == IR_CONST);
        emit_mov_imm(g->e, r, o->imm);
    }
    own(g, r, v);
    return r;
}

void gen_copy(struct gen *g, unsigned to, ir_ref ref)
{
    uint16_t v = gen_rep(g, ref);
    const struct value *val = &g->values[v];

    if (val->reg >= 0) {
        emit_mov(g->e, true, to, rm_reg((unsigned)val->reg));
    } else if (val->home >= 0) {
        emit_mov(g->e, !is_narrow(g, v), to, gen_slot(g, (uint64_t)val->home));
    } else if (g->block->ops[v].op == IR_CONST) {
        emit_mov_imm(g->e, to, g->block->ops[v].imm);
    } else {
        emit_mov(g->e, true, to, rm_reg(gen_reg(g, ref)));
    }
}

struct rm gen_rm(struct gen *g, ir_ref ref)
{
    uint16_t v = gen_rep(g, ref);
    const struct value *val = &g->values[v];

    if (val->reg < 0 && val->last_use <= g->i && val->home >= 0) {
        return gen_slot(g, (uint64_t)val->home);
    }
    return rm_reg(gen_reg(g, ref));
}

static unsigned take_xmm(struct gen *g)
{
    unsigned best = XMM_FIRST;
    unsigned best_score = 0;

    for (unsigned x = XMM_FIRST; x < XMM_FIRST + XMM_COUNT; x++) {
        uint16_t v = g->xmm_owner[x];
        if (v == NO_VALUE) {
            return x;
        }
        if (!(g->xmm_locked >> x & 1) && g->values[v].last_use + 1u > best_score) {
            best = x;
            best_score = g->values[v].last_use + 1u;
        }
    }
    uint16_t v = g->xmm_owner[best];
    struct value *val = &g->values[v];
    if (val->home < 0 && val->spill < 0 && val->reg < 0) {
        val->spill = (int8_t)take_spill(g);
        emit_op(g->e, OP_66 | OP_0F | 0xd6, false, best, spill_rm(val->spill));
    }
    val->xmm = -1;
    g->xmm_owner[best] = NO_VALUE;
    return best;
}

unsigned gen_xmm(struct gen *g, ir_ref ref)
{
    uint16_t v = gen_rep(g, ref);
    struct value *val = &g->values[v];
    unsigned x;

    if (val->xmm < 0) {
        x = take_xmm(g);
        if (val->reg >= 0) {
            emit_op(g->e, OP_66 | OP_0F | 0x6e, !is_narrow(g, v), x, rm_reg((unsigned)val->reg));
        } else if (val->home >= 0 || val->spill >= 0) {
            emit_op(g->e, (is_narrow(g, v) ? OP_F3 : OP_F2) | OP_0F | 0x10, false, x,
                    val->home >= 0 ? gen_slot(g, (uint64_t)val->home) : spill_rm(val->spill));
        } else {
            emit_mov_imm(g->e, RAX, g->block->ops[v].imm);
            emit_op(g->e, OP_66 | OP_0F | 0x6e, true, x, rm_reg(RAX));
        }
        val->xmm = (int8_t)x;
        g->xmm_owner[x] = v;
    }
    g->xmm_locked |= UINT32_C(1) << val->xmm;
    return (unsigned)val->xmm;
}

unsigned gen_dest_xmm(struct gen *g)
{
    unsigned x = take_xmm(g);

    g->values[g->i].xmm = (int8_t)x;
    g->xmm_owner[x] = (uint16_t)g->i;
    g->xmm_locked |= UINT32_C(1) << x;
    return x;
}

/* The pin that the current result is PUT to later in this instruction, if its register may hold it
 * from now on: nothing in between may leave or read the old value. */
static int pin_ahead(const struct gen *g)
{
    const struct ir_op *ops = g->block->ops;

    for (uint32_t k = g->i + 1; k < g->block->op_count && ops[k].insn == ops[g->i].insn; k++) {
        const struct ir_op_info *info = &ir_op_info[ops[k].op];
        if (ops[k].op == IR_PUT && gen_rep(g, ops[k].a) == g->i) {
            int p = pin_of(g, ops[k].imm);
            uint16_t old;
            if (p < 0) {
                continue;
            }
            old = g->pin_value[p];
            return old == NO_VALUE || g->values[old].last_use <= g->i ? p : -1;
        }
        if ((info->effects & (E_FAULT | E_EXIT | E_CALL)) || ops[k].op == IR_GET ||
            (ops[k].op == IR_PUT && pin_of(g, ops[k].imm) >= 0)) {
            return -1;
        }
    }
    return -1;
}

unsigned gen_dest(struct gen *g, ir_ref reuse)
{
    int p = pin_ahead(g);
    unsigned r;

    if (p >= 0) {
        uint16_t old = g->pin_value[p];
        if (old != NO_VALUE) { /* it dies here; its register still holds it until written */
            g->values[old].reg = -1;
        }
        r = pin_regs[p];
        g->values[g->i].reg = (int8_t)r;
        g->values[g->i].pin = (uint8_t)p;
        g->pin_value[p] = (uint16_t)g->i;
        return r;
    }
    if (reuse != IR_ABSENT) {
        struct value *val = &g->values[gen_rep(g, reuse)];
        if (val->reg >= 0 && val->pin == NO_PIN && val->last_use <= g->i &&
            g->owner[val->reg] == gen_rep(g, reuse)) {
            r = (unsigned)val->reg;
            val->reg = -1;
            own(g, r, (uint16_t)g->i);
            return r;
        }
    }
    r = take_reg(g);
    own(g, r, (uint16_t)g->i);
    return r;
}

static void release(struct gen *g, uint16_t v)
{
    struct value *val = &g->values[v];

    if (val->last_use > g->i) {
        return;
    }
    if (val->reg >= 0 && val->pin == NO_PIN) {
        g->owner[val->reg] = NO_VALUE;
        val->reg = -1;
    }
    if (val->xmm >= 0) {
        g->xmm_owner[val->xmm] = NO_VALUE;
        val->xmm = -1;
    }
    if (val->spill >= 0) {
        g->spills &= ~(UINT32_C(1) << val->spill);
        val->spill = -1;
    }
}

/* ---- slots ---- */

/* The value that lives only in a slot which is about to change must go elsewhere. */
static void rescue_home(struct gen *g, uint64_t slot, uint16_t except)
{
    uint16_t v = slot / 8 < ARRAY_LEN(g->holder) ? g->holder[slot / 8] : NO_VALUE;
    struct value *val;

    if (v == NO_VALUE) {
        return;
    }
    val = &g->values[v];
    g->holder[slot / 8] = NO_VALUE;
    if (v != except && val->last_use > g->i && val->reg < 0 && val->xmm < 0 && val->spill < 0) {
        gen_reg(g, v);
    }
    val->home = -1;
}

static void set_home(struct gen *g, uint64_t slot, uint16_t v)
{
    struct value *val = &g->values[v];

    if (slot % 8 || slot / 8 >= ARRAY_LEN(g->holder) || g->block->ops[v].op == IR_CONST) {
        return;
    }
    if (val->home >= 0) {
        g->holder[val->home / 8] = NO_VALUE;
    }
    val->home = (int32_t)slot;
    g->holder[slot / 8] = v;
}

static bool touches_fp_flags(uint64_t slot)
{
    return slot / 8 == offsetof(struct hart, fp_flags) / 8;
}

static bool gen_get(struct gen *g, const struct ir_op *o)
{
    int p = pin_of(g, o->imm);
    unsigned type = o->type & IR_TYPE_MASK;
    struct value *val = &g->values[g->i];

    if (type == IR_V128) {
        return false;
    }
    if (touches_fp_flags(o->imm)) {
        gen_call_thunk(g, g->j->sync);
    }
    if (p >= 0) {
        uint16_t old = g->pin_value[p];
        if (type != IR_I64 || o->imm != g->j->guest.pinned[p]) {
            return false;
        }
        if (old != NO_VALUE && g->values[old].last_use > g->i) { /* a second name for one value */
            unsigned r = take_reg(g);
            emit_mov(g->e, true, r, rm_reg(pin_regs[p]));
            own(g, r, (uint16_t)g->i);
            return true;
        }
        if (old != NO_VALUE) {
            g->values[old].reg = -1;
        }
        val->reg = (int8_t)pin_regs[p];
        val->pin = (uint8_t)p;
        g->pin_value[p] = (uint16_t)g->i;
        return true;
    }
    if (o->imm % 8 == 0 && o->imm / 8 < ARRAY_LEN(g->holder) && g->holder[o->imm / 8] == NO_VALUE &&
        (type == IR_I64 || type == IR_F64)) {
        set_home(g, o->imm, (uint16_t)g->i);
        return true;
    }
    if (type == IR_F32 || type == IR_F64) {
        unsigned x = gen_dest_xmm(g);
        emit_op(g->e, (type == IR_F32 ? OP_F3 : OP_F2) | OP_0F | 0x10, false, x,
                gen_slot(g, o->imm));
    } else {
        unsigned r = take_reg(g);
        emit_mov(g->e, type == IR_I64, r, gen_slot(g, o->imm));
        own(g, r, (uint16_t)g->i);
    }
    return true;
}

static bool put_pinned(struct gen *g, const struct ir_op *o, unsigned p)
{
    uint16_t v = gen_rep(g, o->a), old = g->pin_value[p];
    struct value *val = &g->values[v];
    uint64_t imm;

    if ((o->type & IR_TYPE_MASK) != IR_I64 || o->imm != g->j->guest.pinned[p]) {
        return false;
    }
    if (val->pin == p && val->reg >= 0) {
        return true; /* computed there, or put back */
    }
    if (old != NO_VALUE && g->values[old].last_use > g->i) {
        unsigned r = take_reg(g);
        emit_mov(g->e, true, r, rm_reg(pin_regs[p]));
        own(g, r, old);
    } else if (old != NO_VALUE) {
        g->values[old].reg = -1;
    }
    g->pin_value[p] = NO_VALUE;
    if (gen_is_const(g, o->a, &imm)) {
        emit_mov_imm(g->e, pin_regs[p], imm);
        return true;
    }
    if (val->reg >= 0) {
        emit_mov(g->e, true, pin_regs[p], rm_reg((unsigned)val->reg));
    } else if (val->xmm >= 0) {
        emit_op(g->e, OP_66 | OP_0F | 0x7e, true, (unsigned)val->xmm, rm_reg(pin_regs[p]));
    } else {
        emit_mov(g->e, true, pin_regs[p],
                 val->home >= 0 ? gen_slot(g, (uint64_t)val->home) : spill_rm(val->spill));
    }
    if (val->reg < 0 || val->pin == NO_PIN) { /* from now on it is read from there */
        if (val->reg >= 0) {
            g->owner[val->reg] = NO_VALUE;
        }
        val->reg = (int8_t)pin_regs[p];
        val->pin = (uint8_t)p;
        g->pin_value[p] = v;
    }
    return true;
}

static bool gen_put(struct gen *g, const struct ir_op *o)
{
    int p = pin_of(g, o->imm);
    unsigned type = o->type & IR_TYPE_MASK;
    uint16_t v = gen_rep(g, o->a);
    bool wide = type == IR_I64 || type == IR_F64;
    uint64_t imm;

    if (type == IR_V128) {
        return false;
    }
    if (p >= 0) {
        return put_pinned(g, o, (unsigned)p);
    }
    if (touches_fp_flags(o->imm)) {
        gen_call_thunk(g, g->j->sync);
    }
    if (wide && g->values[v].home == (int64_t)o->imm) {
        return true; /* it is there */
    }
    rescue_home(g, o->imm, v);
    if (gen_is_const(g, o->a, &imm) && (!wide || (uint64_t)(int64_t)(int32_t)imm == imm)) {
        emit_op(g->e, 0xc7, wide, 0, gen_slot(g, o->imm));
        emit_32(g->e, (uint32_t)imm);
        return true;
    }
    if (g->values[v].xmm >= 0 && g->values[v].reg < 0) {
        emit_op(g->e, (wide ? OP_F2 : OP_F3) | OP_0F | 0x11, false, (unsigned)g->values[v].xmm,
                gen_slot(g, o->imm));
    } else {
        emit_mov_to(g->e, wide, gen_slot(g, o->imm), gen_reg(g, o->a));
    }
    if (wide && !is_narrow(g, v)) {
        set_home(g, o->imm, v);
    }
    return true;
}

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
    *s = (struct stub){
        .kind = kind, .site = site, .op = (uint16_t)g->i, .base = -1, .reg = -1, .xmm = -1};
    return s;
}

void gen_set_pc(struct gen *g, vaddr pc)
{
    struct rm slot = gen_slot(g, offsetof(struct hart, pc));

    if ((uint64_t)(int64_t)(int32_t)pc == pc) {
        emit_op(g->e, 0xc7, true, 0, slot);
        emit_32(g->e, (uint32_t)pc);
    } else {
        emit_mov_imm(g->e, RAX, pc);
        emit_mov_to(g->e, true, slot, RAX);
    }
}

void gen_jump_to_thunk(struct gen *g, uint32_t thunk)
{
    emit_patch(g->e, emit_jmp(g->e), thunk);
}

void gen_call_thunk(struct gen *g, uint32_t thunk)
{
    emit_patch(g->e, emit_call(g->e), thunk);
}

static void give_back(struct gen *g, uint32_t ticks)
{
    if (ticks) {
        emit_alu_imm(g->e, ALU_ADD, true, rm_reg(R15), (int32_t)ticks);
    }
}

#define JUMP_AT ((int32_t)offsetof(struct space, jump))

/* To a constant pc in another page, or anywhere: through the jump cache. rax holds the pc. */
static void jump_by_cache(struct gen *g, bool constant, vaddr pc)
{
    struct rm tag, block;

    if (constant) {
        int32_t at = JUMP_AT + (int32_t)((pc >> 1) & (JUMP_ENTRIES - 1)) * 16;
        tag = rm_mem(R14, at);
        block = rm_mem(R14, at + 8);
    } else {
        emit_mov(g->e, false, RCX, rm_reg(RAX));
        emit_alu_imm(g->e, ALU_AND, false, rm_reg(RCX), (JUMP_ENTRIES - 1) << 1);
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

/* The way out of a constant exit, after the ticks were given back. */
static void leave_to(struct gen *g, vaddr pc, unsigned attr)
{
    if (attr & (IR_EXIT_LOOK | IR_EXIT_YIELD)) {
        gen_set_pc(g, pc);
        emit_mov_imm(g->e, RAX, attr & IR_EXIT_YIELD ? JIT_YIELD : JIT_LOOK);
        gen_jump_to_thunk(g, g->j->leave);
    } else if (in_page(g, pc)) {
        /* Not linked yet: jumps to the next instruction, which asks for it. */
        uint32_t site = emit_jmp(g->e);
        emit_patch(g->e, site, g->e->at);
        gen_set_pc(g, pc);
        emit_mov_imm(g->e, RCX, site);
        gen_jump_to_thunk(g, g->j->link);
    } else {
        emit_mov_imm(g->e, RAX, pc);
        jump_by_cache(g, true, pc);
    }
}

/* A jump in hot code whose target is a cold stub at first; linking patches the hot jump. */
static void exit_direct(struct gen *g, vaddr pc, unsigned attr)
{
    if (!(attr & (IR_EXIT_LOOK | IR_EXIT_YIELD)) && in_page(g, pc)) {
        uint32_t site = emit_jmp(g->e);
        struct stub *s = gen_stub(g, STUB_EXIT, site);
        s->imm = pc;
        s->disp = -1; /* nothing to give back; the site itself is linked */
    } else {
        leave_to(g, pc, attr);
    }
}

static void exit_if(struct gen *g, const struct ir_op *o)
{
    enum cond c = gen_condition(g, o->a);
    struct stub *s = gen_stub(g, STUB_EXIT, emit_jcc(g->e, c));

    s->imm = o->imm;
    s->disp = (int32_t)gen_refund(g, o->insn + 1u);
    s->base = (int8_t)o->attr;
}

static bool gen_exit(struct gen *g, const struct ir_op *o)
{
    uint64_t pc;

    switch (o->op) {
    case IR_EXIT: exit_direct(g, o->imm, o->attr); return true;
    case IR_EXIT_IF: exit_if(g, o); return true;
    default: break;
    }
    if (gen_is_const(g, o->a, &pc)) {
        exit_direct(g, pc, o->attr);
        return true;
    }
    emit_mov(g->e, true, RAX, gen_rm(g, o->a));
    if (o->attr & (IR_EXIT_LOOK | IR_EXIT_YIELD)) {
        emit_mov_to(g->e, true, gen_slot(g, offsetof(struct hart, pc)), RAX);
        emit_mov_imm(g->e, RAX, o->attr & IR_EXIT_YIELD ? JIT_YIELD : JIT_LOOK);
        gen_jump_to_thunk(g, g->j->leave);
    } else {
        jump_by_cache(g, false, 0);
    }
    return true;
}

static void exit_stub(struct gen *g, const struct stub *s)
{
    if (s->disp < 0) { /* from exit_direct: the hot jump is the site */
        gen_set_pc(g, s->imm);
        emit_mov_imm(g->e, RCX, s->site);
        gen_jump_to_thunk(g, g->j->link);
        return;
    }
    give_back(g, (uint32_t)s->disp);
    if (s->disp == 0 && !(s->base & (IR_EXIT_LOOK | IR_EXIT_YIELD)) && in_page(g, s->imm)) {
        gen_set_pc(g, s->imm);
        emit_mov_imm(g->e, RCX, s->site);
        gen_jump_to_thunk(g, g->j->link);
        return;
    }
    leave_to(g, s->imm, (unsigned)s->base);
}

/* Everything from instruction `insn` on is not translated: the interpreter takes it there. */
static void gen_hard(struct gen *g, unsigned insn)
{
    give_back(g, gen_refund(g, insn));
    gen_set_pc(g, gen_insn_pc(g, insn));
    emit_mov_imm(g->e, RAX, JIT_HARD);
    gen_jump_to_thunk(g, g->j->leave);
}

static void limit_stub(struct gen *g)
{
    give_back(g, g->block->insn_count);
    gen_set_pc(g, g->block->pc);
    emit_mov_imm(g->e, RAX, JIT_LOOKUP);
    gen_jump_to_thunk(g, g->j->leave);
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
        switch (s->kind) {
        case STUB_LOAD:
        case STUB_STORE: gen_memory_stub(g, s); break;
        case STUB_EXIT: exit_stub(g, s); break;
        case STUB_NAN:
        case STUB_FMA:
        case STUB_FP: gen_fp_stub(g, s); break;
        case STUB_LIMIT: limit_stub(g); break;
        case STUB_HARD: gen_hard(g, g->block->ops[s->op].insn); break;
        }
    }
}

/* ---- the passes ---- */

static void use(struct gen *g, ir_ref v, uint32_t at)
{
    struct value *val = &g->values[g->values[v].rep];

    val->uses++;
    if (val->last_use < at) {
        val->last_use = (uint16_t)at;
    }
}

static void use_operands(struct gen *g, const struct ir_op *o, uint32_t at)
{
    const struct ir_op_info *info = &ir_op_info[o->op];

    if (info->a != K_NONE && o->a != IR_ABSENT) {
        use(g, o->a, at);
    }
    if (info->b != K_NONE && !(o->type & IR_IMM) && o->b != IR_ABSENT) {
        use(g, o->b, at);
    }
    if (info->c != K_NONE && o->c != IR_ABSENT) {
        use(g, o->c, at);
    }
}

/* Who uses what, and which compares are made where they are used. */
static void analyse(struct gen *g)
{
    const struct ir_block *b = g->block;

    for (uint32_t i = 0; i < b->op_count; i++) {
        const struct ir_op *o = &b->ops[i];
        g->values[i] = (struct value){.rep = (uint16_t)i,
                                      .fused = NO_VALUE,
                                      .reg = -1,
                                      .xmm = -1,
                                      .pin = NO_PIN,
                                      .spill = -1,
                                      .home = -1};
        if (o->op == IR_TRUNC && b->ops[g->values[o->a].rep].op != IR_CONST) {
            g->values[i].rep = g->values[o->a].rep;
        }
        use_operands(g, o, i);
    }
    for (uint32_t i = 0; i + 1 < b->op_count; i++) {
        const struct ir_op *o = &b->ops[i], *n = &b->ops[i + 1];
        if (gen_can_fuse(o) && g->values[i].uses == 1 &&
            ((n->op == IR_EXIT_IF && n->a == i) || (n->op == IR_SELECT && n->c == i))) {
            g->values[i].fused = (uint16_t)(i + 1);
            use_operands(g, o, i + 1);
        }
    }
    memset(g->owner, 0xff, sizeof g->owner);
    memset(g->xmm_owner, 0xff, sizeof g->xmm_owner);
    memset(g->pin_value, 0xff, sizeof g->pin_value);
    memset(g->holder, 0xff, sizeof g->holder);
    g->spills = 0;
    g->stub_count = 0;
    g->failed = false;
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
    case IR_GET: return gen_get(g, o);
    case IR_PUT: return gen_put(g, o);
    case IR_EXIT:
    case IR_EXIT_IF:
    case IR_EXIT_TO: return gen_exit(g, o);
    default: return gen_integer(g, o) || gen_memory(g, o) || gen_fp(g, o);
    }
}

static void release_operands(struct gen *g, const struct ir_op *o)
{
    const struct ir_op_info *info = &ir_op_info[o->op];

    if (info->a != K_NONE && o->a != IR_ABSENT) {
        release(g, gen_rep(g, o->a));
    }
    if (info->b != K_NONE && !(o->type & IR_IMM) && o->b != IR_ABSENT) {
        release(g, gen_rep(g, o->b));
    }
    if (info->c != K_NONE && o->c != IR_ABSENT) {
        release(g, gen_rep(g, o->c));
    }
}

/* A fused compare's operands die with their user. */
static void release_fused(struct gen *g, const struct ir_op *o)
{
    if (g->i > 0 && g->values[g->i - 1].fused == g->i) {
        release_operands(g, &g->block->ops[g->i - 1]);
    }
    release_operands(g, o);
}

/* True: the whole block; false: up to an instruction that is left to the interpreter. */
static bool gen_block(struct gen *g)
{
    const struct ir_block *b = g->block;

    for (g->i = 0; g->i < b->op_count; g->i++) {
        const struct ir_op *o = &b->ops[g->i];
        g->locked = 0;
        g->xmm_locked = 0;
        if (g->values[g->i].fused != NO_VALUE) {
            continue;
        }
        if (!gen_one(g, o) || g->failed) {
            return false;
        }
        release_fused(g, o);
        if (g->values[g->i].uses == 0) {
            g->values[g->i].last_use = (uint16_t)g->i;
            release(g, (uint16_t)g->i);
        }
    }
    return true;
}

/* Whether every operation of the instruction can be translated at all, seen beforehand, so that no
 * half of one is emitted. */
static bool op_is_known(const struct jit *j, const struct ir_block *b, const struct ir_op *o)
{
    unsigned type = o->type & IR_TYPE_MASK;

    if (type == IR_V128 || type == IR_FLAGS || o->op >= IR_VCONST) {
        return false;
    }
    switch (o->op) {
    case IR_CALL: {
        unsigned effects = b->helpers[o->x].effects;
        return effects == HELPER_PURE || effects == HELPER_READS || effects == HELPER_FAULTS;
    }
    case IR_ADDF:
    case IR_SUBF:
    case IR_ADCF:
    case IR_SBBF:
    case IR_LOGICF:
    case IR_SHLF:
    case IR_SHRF:
    case IR_SARF:
    case IR_ADC:
    case IR_SBB:
    case IR_FCOND:
    case IR_FPACK:
    case IR_FUNPACK:
    case IR_CAS: return false;
    case IR_LD:
    case IR_ST:
    case IR_STC:
    case IR_RMW:
        return MEM_AS(o->attr) == AS_CURRENT && !(o->attr & MEM_BIG) && MEM_SIZE(o->attr) <= 8;
    case IR_CLZ:
    case IR_CTZ: return j->has_lzcnt && j->has_bmi2;
    case IR_POPCNT: return j->has_popcnt;
    default: return true;
    }
}

static unsigned known_insns(const struct jit *j, const struct ir_block *b)
{
    for (uint32_t i = 0; i < b->op_count; i++) {
        if (!op_is_known(j, b, &b->ops[i])) {
            return b->ops[i].insn;
        }
    }
    return b->insn_count;
}

static bool gen_code(struct gen *g, const struct ir_block *b)
{
    g->block = b;
    analyse(g);
    g->i = 0;
    g->entry = g->e->at;
    emit_alu_imm(g->e, ALU_SUB, true, rm_reg(R15), (int32_t)b->insn_count);
    (void)gen_stub(g, STUB_LIMIT, emit_jcc(g->e, COND_S));
    return gen_block(g);
}

/* The block's first `insns` instructions as a block of their own, then the interpreter. */
static bool gen_prefix(struct gen *g, const struct ir_block *b, unsigned insns)
{
    struct ir_block part = *b; /* borrowed by g until the stubs are made */

    part.insn_count = insns;
    part.op_count = b->insns[insns].first_op;
    if (!gen_code(g, &part)) {
        return false;
    }
    /* behind the last instruction of the part */
    gen_set_pc(g, b->pc + b->insns[insns].pc_offset);
    emit_mov_imm(g->e, RAX, JIT_HARD);
    gen_jump_to_thunk(g, g->j->leave);
    g->j->hot = g->e->at;
    g->e->at = g->j->cold;
    g->e->limit = (uint32_t)g->j->memory.size;
    make_stubs(g);
    return true;
}

const void *jit_compile(struct jit *j, const struct ir_block *b, bool *full)
{
    struct gen *g = j->gen;
    unsigned insns = known_insns(j, b);
    uint32_t hot = j->hot;
    bool done;

    *full = false;
    if (insns == 0) {
        return NULL;
    }
    g->e->at = j->hot;
    g->e->limit = j->cold_start;
    g->e->full = false;
    j->last_hot = j->hot;
    j->last_cold = j->cold;
    if (insns == b->insn_count) {
        done = gen_code(g, b);
        if (done) {
            j->hot = g->e->at;
            g->e->at = j->cold;
            g->e->limit = (uint32_t)j->memory.size;
            make_stubs(g);
        }
    } else {
        done = gen_prefix(g, b, insns);
    }
    if (g->e->full || !done || g->failed) {
        *full = g->e->full;
        j->hot = hot;
        return NULL;
    }
    j->cold = g->e->at;
    return j->memory.exec + g->entry;
}
