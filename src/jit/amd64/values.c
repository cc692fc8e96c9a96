/* SPDX-License-Identifier: GPL-2.0-or-later
 * values: where each value of a block is: registers, spills, the guest's slots. A value that is
 * evicted is stored only if it cannot be had again: from its home, from another bank, as a constant.
 */
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

/* The first pin that some of the slot's `size` bytes lie in; -1: none. */
static int pin_in(const struct gen *g, uint64_t slot, unsigned size)
{
    for (uint64_t word = slot / 8; word <= (slot + size - 1) / 8 && word < SLOT_WORDS; word++) {
        if (g->j->pin_at[word] != NO_PIN) {
            return g->j->pin_at[word];
        }
    }
    return -1;
}

static unsigned type_of(const struct ir_op *o)
{
    return o->type & IR_TYPE_MASK;
}

static unsigned slot_size(const struct ir_op *o)
{
    unsigned type = type_of(o);

    return type == IR_V128 ? 16 : type == IR_I64 || type == IR_F64 ? 8 : 4;
}

/* The pin that the GET or PUT is of, if it is of the whole; -1: of none, or only in part. */
static int pin_of(const struct gen *g, const struct ir_op *o)
{
    int p = type_of(o) == IR_I64 ? pin_in(g, o->imm, 8) : -1;

    return p >= 0 && g->j->guest.pinned[p] == o->imm ? p : -1;
}

/* ---- registers ---- */

static struct rm spill_rm(int spill)
{
    return rm_mem(RSP, FRAME_SPILL + 8 * spill);
}

static bool is_vector(const struct gen *g, uint16_t v)
{
    return type_of(&g->block->ops[v]) == IR_V128;
}

/* Of spills: one, or two that begin at an even one. */
static uint64_t spill_bits(const struct gen *g, uint16_t v)
{
    return is_vector(g, v) ? 3 : 1;
}

static int take_spill(struct gen *g, uint16_t v)
{
    uint64_t bits = spill_bits(g, v);

    for (int s = 0; s < SPILLS; s += (int)bits - (int)(bits >> 1)) {
        if (!(g->spills & bits << s)) {
            g->spills |= bits << s;
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
        val->spill = (int8_t)take_spill(g, v);
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
        if (g->locked >> r & 1) {
            continue;
        }
        if (v == NO_VALUE) {
            return r;
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

unsigned gen_temp(struct gen *g)
{
    unsigned r = take_reg(g);

    g->locked |= UINT32_C(1) << r;
    return r;
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
    } else if (val->spill >= 0) {
        emit_mov(g->e, true, to, spill_rm(val->spill));
    } else {
        emit_op(g->e, OP_66 | OP_0F | 0x7e, true, (unsigned)val->xmm, rm_reg(to));
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

static void spill_xmm(struct gen *g, uint16_t v, unsigned x)
{
    emit_op(g->e, is_vector(g, v) ? OP_0F | 0x11 : OP_66 | OP_0F | 0xd6, false, x,
            spill_rm(g->values[v].spill));
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
        val->spill = (int8_t)take_spill(g, v);
        spill_xmm(g, v, best);
    }
    val->xmm = -1;
    g->xmm_owner[best] = NO_VALUE;
    return best;
}

/* The result of the current operation is not there yet. */
unsigned gen_live_xmm(const struct gen *g)
{
    unsigned keep = KEEP_NO_XMM;

    for (unsigned x = XMM_FIRST; x < XMM_FIRST + XMM_COUNT; x++) {
        uint16_t v = g->xmm_owner[x];

        if (v != NO_VALUE && v != g->i && g->values[v].last_use >= g->i) {
            unsigned wants = is_vector(g, v) ? KEEP_VECTORS : KEEP_HALVES;
            keep = wants > keep ? wants : keep;
        }
    }
    return keep;
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
        } else if (is_vector(g, v)) {
            emit_op(g->e, OP_0F | 0x10, false, x, spill_rm(val->spill));
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
        if (!g->needed[k]) {
            continue;
        }
        if (ops[k].op == IR_PUT && gen_rep(g, ops[k].a) == g->i) {
            int p = pin_of(g, &ops[k]);
            uint16_t old;
            if (p < 0) {
                if (pin_in(g, ops[k].imm, slot_size(&ops[k])) >= 0) {
                    return -1;
                }
                continue;
            }
            old = g->pin_value[p];
            return old == NO_VALUE || g->values[old].last_use <= g->i ? p : -1;
        }
        if ((info->effects & (E_FAULT | E_EXIT | E_CALL)) || ops[k].op == IR_GET ||
            (ops[k].op == IR_PUT && pin_in(g, ops[k].imm, slot_size(&ops[k])) >= 0)) {
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

void gen_release(struct gen *g, uint16_t v)
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
        g->spills &= ~(spill_bits(g, v) << val->spill);
        val->spill = -1;
    }
}

/* ---- slots ---- */

/* The value that lives only in a slot which is about to change must go elsewhere; it may be the
 * very one that is PUT there, in part. */
static void rescue_home(struct gen *g, uint64_t slot)
{
    uint16_t v = slot / 8 < ARRAY_LEN(g->holder) ? g->holder[slot / 8] : NO_VALUE;
    struct value *val;

    if (v == NO_VALUE) {
        return;
    }
    val = &g->values[v];
    g->holder[slot / 8] = NO_VALUE;
    if (val->last_use >= g->i && val->reg < 0 && val->xmm < 0 && val->spill < 0) {
        gen_reg(g, v);
    }
    val->home = -1;
}

/* Generated code and C change the flags between operations: such a slot is no value's home. */
static bool touches_fp_flags(uint64_t slot, unsigned size)
{
    return offsetof(struct hart, fp_flags) - slot < size;
}

static void set_home(struct gen *g, uint64_t slot, uint16_t v)
{
    struct value *val = &g->values[v];

    if (slot % 8 || slot / 8 >= ARRAY_LEN(g->holder) || touches_fp_flags(slot, 8) ||
        g->block->ops[v].op == IR_CONST) {
        return;
    }
    if (val->home >= 0) {
        g->holder[val->home / 8] = NO_VALUE;
    }
    val->home = (int32_t)slot;
    g->holder[slot / 8] = v;
}

/* A pin's old value has to be elsewhere before its register changes. */
static void leave_pin(struct gen *g, unsigned p)
{
    uint16_t old = g->pin_value[p];

    if (old != NO_VALUE && g->values[old].last_use >= g->i) {
        unsigned r = take_reg(g);
        emit_mov(g->e, true, r, rm_reg(pin_regs[p]));
        own(g, r, old);
    } else if (old != NO_VALUE) {
        g->values[old].reg = -1;
    }
    g->pin_value[p] = NO_VALUE;
}

/* The pins that lie in a slot, but not as a whole, are in memory while it is used there. */
static void store_pins(struct gen *g, uint64_t slot, unsigned size)
{
    for (uint64_t word = slot / 8; word <= (slot + size - 1) / 8 && word < SLOT_WORDS; word++) {
        if (g->j->pin_at[word] != NO_PIN) {
            emit_mov_to(g->e, true, gen_slot(g, 8 * word), pin_regs[g->j->pin_at[word]]);
        }
    }
}

static void leave_pins(struct gen *g, uint64_t slot, unsigned size)
{
    for (uint64_t word = slot / 8; word <= (slot + size - 1) / 8 && word < SLOT_WORDS; word++) {
        if (g->j->pin_at[word] != NO_PIN) {
            leave_pin(g, g->j->pin_at[word]);
        }
    }
}

static void load_pins(struct gen *g, uint64_t slot, unsigned size)
{
    for (uint64_t word = slot / 8; word <= (slot + size - 1) / 8 && word < SLOT_WORDS; word++) {
        if (g->j->pin_at[word] != NO_PIN) {
            emit_mov(g->e, true, pin_regs[g->j->pin_at[word]], gen_slot(g, 8 * word));
        }
    }
}

void gen_leave_slot(struct gen *g, const struct ir_op *put)
{
    for (uint64_t word = put->imm / 8; word <= (put->imm + slot_size(put) - 1) / 8; word++) {
        rescue_home(g, 8 * word);
    }
    g->locked = 0;
}

void gen_leave_put(struct gen *g, const struct ir_op *put)
{
    leave_pins(g, put->imm, slot_size(put));
    gen_leave_slot(g, put);
}

void gen_settle(struct gen *g, uint16_t v)
{
    struct value *val = &g->values[v];

    if (val->home >= 0 || val->spill >= 0 || g->block->ops[v].op == IR_CONST ||
        (val->reg >= 0 && val->pin != NO_PIN)) {
        return;
    }
    if (val->reg >= 0) {
        val->spill = (int8_t)take_spill(g, v);
        emit_mov_to(g->e, true, spill_rm(val->spill), (unsigned)val->reg);
    } else if (val->xmm >= 0) {
        val->spill = (int8_t)take_spill(g, v);
        spill_xmm(g, v, (unsigned)val->xmm);
    }
}

void gen_leave_slots(struct gen *g, const struct ir_slots *slots)
{
    for (uint32_t word = 0; word < SLOT_WORDS; word++) {
        uint8_t p = g->j->pin_at[word];

        if ((g->holder[word] == NO_VALUE && p == NO_PIN) ||
            !ir_slots_touch(slots, 8 * word, 8 * word + 8)) {
            continue;
        }
        rescue_home(g, 8 * word);
        if (p != NO_PIN) {
            leave_pin(g, p);
        }
        g->locked = 0; /* they are in nobody's way */
    }
}

void gen_load_slots(struct gen *g, const struct ir_slots *slots)
{
    for (unsigned p = 0; p < g->j->guest.pinned_count; p++) {
        uint32_t slot = g->j->guest.pinned[p];

        if (ir_slots_touch(slots, slot, slot + 8)) {
            emit_mov(g->e, true, pin_regs[p], gen_slot(g, slot));
        }
    }
}

static void get_pinned(struct gen *g, unsigned p)
{
    uint16_t old = g->pin_value[p];

    if (old != NO_VALUE && g->values[old].last_use > g->i) { /* a second name for one value */
        unsigned r = take_reg(g);
        emit_mov(g->e, true, r, rm_reg(pin_regs[p]));
        own(g, r, (uint16_t)g->i);
        return;
    }
    if (old != NO_VALUE) {
        g->values[old].reg = -1;
    }
    g->values[g->i].reg = (int8_t)pin_regs[p];
    g->values[g->i].pin = (uint8_t)p;
    g->pin_value[p] = (uint16_t)g->i;
}

/* movups, movss and movsd between an xmm register and memory; the store is one further. */
static unsigned xmm_load(unsigned type)
{
    return OP_0F | 0x10 | (type == IR_V128 ? 0 : type == IR_F32 ? (unsigned)OP_F3 : OP_F2);
}

void gen_get(struct gen *g, const struct ir_op *o)
{
    unsigned type = type_of(o), size = slot_size(o);
    int p = pin_of(g, o);

    if (touches_fp_flags(o->imm, size)) {
        gen_call_thunk(g, g->j->sync[gen_live_xmm(g)]);
    }
    if (p >= 0) {
        get_pinned(g, (unsigned)p);
        return;
    }
    if (pin_in(g, o->imm, size) >= 0) {
        store_pins(g, o->imm, size);
    } else if (o->imm % 8 == 0 && o->imm / 8 < ARRAY_LEN(g->holder) &&
               g->holder[o->imm / 8] == NO_VALUE && !touches_fp_flags(o->imm, 8) &&
               (type == IR_I64 || type == IR_F64)) {
        set_home(g, o->imm, (uint16_t)g->i);
        return;
    }
    if (type == IR_I32 || type == IR_I64) {
        unsigned r = take_reg(g);
        emit_mov(g->e, type == IR_I64, r, gen_slot(g, o->imm));
        own(g, r, (uint16_t)g->i);
    } else {
        unsigned x = gen_dest_xmm(g);
        emit_op(g->e, xmm_load(type), false, x, gen_slot(g, o->imm));
    }
}

static void put_pinned(struct gen *g, const struct ir_op *o, unsigned p)
{
    uint16_t v = gen_rep(g, o->a);
    struct value *val = &g->values[v];
    uint64_t imm;

    if (val->pin == p && val->reg >= 0) {
        return; /* computed there, or put back */
    }
    leave_pin(g, p);
    if (gen_is_const(g, o->a, &imm)) {
        emit_mov_imm(g->e, pin_regs[p], imm);
        return;
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
}

/* The slot's bytes in memory become the value. */
static void put_in_memory(struct gen *g, const struct ir_op *o)
{
    unsigned type = type_of(o);
    uint16_t v = gen_rep(g, o->a);
    bool wide = type == IR_I64 || type == IR_F64;
    uint64_t imm;

    if (type != IR_V128 && gen_is_const(g, o->a, &imm) &&
        (!wide || (uint64_t)(int64_t)(int32_t)imm == imm)) {
        emit_op(g->e, 0xc7, wide, 0, gen_slot(g, o->imm));
        emit_32(g->e, (uint32_t)imm);
    } else if (type == IR_V128 || (g->values[v].xmm >= 0 && g->values[v].reg < 0)) {
        unsigned x = gen_xmm(g, o->a);
        emit_op(g->e, xmm_load(type) + 1, false, x, gen_slot(g, o->imm));
    } else {
        emit_mov_to(g->e, wide, gen_slot(g, o->imm), gen_reg(g, o->a));
    }
}

void gen_put(struct gen *g, const struct ir_op *o)
{
    int p = pin_of(g, o);
    unsigned size = slot_size(o);
    uint16_t v = gen_rep(g, o->a);
    bool in_pin;

    if (p >= 0) {
        put_pinned(g, o, (unsigned)p);
        return;
    }
    if (touches_fp_flags(o->imm, size)) {
        gen_call_thunk(g, g->j->sync[gen_live_xmm(g)]);
    }
    in_pin = pin_in(g, o->imm, size) >= 0;
    if (in_pin) {
        store_pins(g, o->imm, size);
        leave_pins(g, o->imm, size);
    }
    if (size == 8 && g->values[v].home == (int64_t)o->imm) {
        return; /* it is there */
    }
    for (uint64_t word = o->imm / 8; word <= (o->imm + size - 1) / 8; word++) {
        rescue_home(g, 8 * word);
    }
    put_in_memory(g, o);
    if (in_pin) {
        load_pins(g, o->imm, size);
    } else if (size == 8 && !is_narrow(g, v)) {
        set_home(g, o->imm, v);
    }
}

/* ---- arguments of C ---- */

void gen_pass(struct gen *g, ir_ref v, unsigned n)
{
    struct rm to = rm_mem(RSP, FRAME_ARGS + 8 * (int)n);
    const struct value *val = v != IR_ABSENT ? &g->values[gen_rep(g, v)] : NULL;
    unsigned type = v != IR_ABSENT ? type_of(&g->block->ops[v]) : IR_NONE;
    uint64_t imm;

    if (!val) { /* C sees 0 */
        emit_op(g->e, 0xc7, true, 0, to);
        emit_32(g->e, 0);
    } else if (ir_result_type(&g->block->ops[v]) == IR_V128) {
        emit_op(g->e, OP_0F | 0x11, false, gen_xmm(g, v), rm_mem(RSP, FRAME_VECTORS + 16 * (int)n));
    } else if (gen_is_const(g, v, &imm)) {
        emit_mov_imm(g->e, RAX, imm);
        emit_mov_to(g->e, true, to, RAX);
    } else if (val->xmm >= 0 && val->reg < 0 && type == IR_F32) {
        /* what is above may be anything */
        emit_op(g->e, OP_66 | OP_0F | 0x7e, false, (unsigned)val->xmm, rm_reg(RAX));
        emit_mov_to(g->e, true, to, RAX);
    } else if (val->xmm >= 0 && val->reg < 0) {
        emit_op(g->e, OP_66 | OP_0F | 0xd6, false, (unsigned)val->xmm, to);
    } else if (type == IR_I32 || type == IR_F32) {
        gen_copy(g, RAX, v);
        emit_mov(g->e, false, RAX, rm_reg(RAX));
        emit_mov_to(g->e, true, to, RAX);
    } else {
        gen_copy(g, RAX, v);
        emit_mov_to(g->e, true, to, RAX);
    }
}
