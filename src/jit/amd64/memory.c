/* SPDX-License-Identifier: GPL-2.0-or-later
 * memory: loads, stores and read-modify-write. Hot: hit and page crossing in one compare. Cold: the
 * C side tries; what it must not do (code in use, watched pages, devices not met before) ends the
 * block before the instruction. And the calls of helpers, which are alike.
 */
#include "jit/amd64/amd64.h"

#define READ_AT  ((int32_t)offsetof(struct space, read))
#define WRITE_AT ((int32_t)offsetof(struct space, write))
#define PHYS_AT  ((int32_t)offsetof(struct space, physical))

/* Leaves rax = host address minus virtual address and rcx = the entry's offset in its table; returns
 * the jump taken on a miss. */
static uint32_t look_up(struct gen *g, unsigned base, int32_t disp, int32_t table, unsigned size)
{
    struct emit *e = g->e;
    unsigned va = RDX;

    if (disp == 0) { /* the index need not wait for the copy */
        emit_mov(e, true, RDX, rm_reg(base));
        va = base;
    } else {
        emit_lea(e, RDX, rm_mem(base, disp));
    }
    if (g->j->has_bmi2) {
        emit_vex(e, OP_F2 | OP_0F3A | 0xf0, false, RCX, 0, rm_reg(va)); /* rorx */
        emit_byte(e, PAGE_BITS - 4);
    } else {
        emit_mov(e, false, RCX, rm_reg(va));
        emit_shift_imm(e, SHIFT_SHR, false, RCX, PAGE_BITS - 4);
    }
    emit_alu_imm(e, ALU_AND, false, rm_reg(RCX), (TLB_ENTRIES - 1) << 4);
    emit_mov(e, true, RAX, rm_sib(R14, RCX, 0, table + 8));
    emit_alu(e, ALU_SUB, true, RDX, rm_sib(R14, RCX, 0, table));
    emit_alu_imm(e, ALU_CMP, true, rm_reg(RDX), (int32_t)(PAGE_SIZE - size));
    return emit_jcc(e, COND_A);
}

/* The register and the displacement that make the address. One that does not fit, as a constant
 * base leaves it, is added first. */
static unsigned address(struct gen *g, const struct ir_op *o, int32_t *disp)
{
    unsigned base, sum;

    *disp = (int32_t)o->imm;
    if ((uint64_t)(int64_t)*disp == o->imm) {
        return gen_reg(g, o->a);
    }
    *disp = 0;
    sum = gen_temp(g);
    emit_mov_imm(g->e, sum, o->imm);
    base = gen_reg(g, o->a);
    emit_alu(g->e, ALU_ADD, true, sum, rm_reg(base));
    return sum;
}

/* Stores that are marked have one mark only. */
static bool must_align(const struct gen *g, const struct ir_op *o)
{
    return (o->attr & MEM_ALIGNED) != 0 || (g->j->guest.marks && o->op != IR_LD);
}

/* A misaligned address of an operation that must be aligned goes the cold way. */
static uint32_t check_aligned(struct gen *g, const struct ir_op *o, unsigned base, int32_t disp)
{
    unsigned size = MEM_SIZE(o->attr);

    if (!must_align(g, o) || size == 1) {
        return 0;
    }
    emit_lea(g->e, RDX, rm_mem(base, disp));
    emit_op(g->e, 0xf6, false, 0, rm_reg(RDX)); /* test dl, imm8 */
    emit_byte(g->e, size - 1);
    return emit_jcc(g->e, COND_NE);
}

/* ---- groups ---- */

static bool may_group(const struct ir_op *o)
{
    return (o->op == IR_LD || o->op == IR_ST) && !(o->attr & MEM_ALIGNED) &&
           (uint64_t)(int64_t)(int32_t)o->imm == o->imm;
}

static bool may_be_slow(const struct ir_op *o)
{
    return (ir_op_info[o->op].effects & (E_LOAD | E_STORE | E_CALL)) != 0;
}

static bool join(struct group *group, uint32_t i, int32_t disp, int32_t size)
{
    int32_t lo = disp < group->lo ? disp : group->lo;
    int32_t hi = disp + size > group->hi ? disp + size : group->hi;

    if (hi - lo > GROUP_SPAN) {
        return false;
    }
    group->lo = lo;
    group->hi = hi;
    group->last = (uint16_t)i;
    group->count++;
    return true;
}

static void open_group(struct gen *g, uint32_t i, uint16_t rep, bool is_write)
{
    const struct ir_op *o = &g->block->ops[i];
    int32_t disp = (int32_t)o->imm;
    uint32_t k = g->group_count;

    if (k == GROUPS_MAX) {
        return;
    }
    g->groups[k] = (struct group){.rep = rep,
                                  .first = (uint16_t)i,
                                  .last = (uint16_t)i,
                                  .count = 1,
                                  .lo = disp,
                                  .hi = disp + (int32_t)MEM_SIZE(o->attr),
                                  .is_write = is_write,
                                  .slot = -1};
    g->values[i].group = (uint8_t)k;
    g->open_groups |= UINT32_C(1) << k;
    g->write_groups |= (uint32_t)is_write << k;
    g->group_count++;
}

static void add_to_group(struct gen *g, uint32_t i)
{
    const struct ir_op *o = &g->block->ops[i];
    bool is_write = o->op == IR_ST;
    uint16_t rep = gen_rep(g, o->a);
    uint32_t open = g->open_groups & (is_write ? g->write_groups : ~g->write_groups);

    for (; open != 0; open &= open - 1) {
        uint32_t k = (uint32_t)__builtin_ctz(open);
        if (g->groups[k].rep != rep) {
            continue;
        }
        if (join(&g->groups[k], i, (int32_t)o->imm, (int32_t)MEM_SIZE(o->attr))) {
            g->values[i].group = (uint8_t)k;
            return;
        }
        g->open_groups &= ~(UINT32_C(1) << k);
    }
    open_group(g, i, rep, is_write);
}

static void end_other_stores(struct gen *g, uint32_t i)
{
    uint8_t k = g->values[i].group;
    uint32_t its_own = k == NO_GROUP ? 0 : UINT32_C(1) << k;

    g->open_groups &= ~(g->write_groups & ~its_own);
}

static void give_slots(struct gen *g)
{
    uint16_t free_from[GROUP_SLOTS] = {0};

    for (uint32_t k = 0; k < g->group_count; k++) {
        struct group *group = &g->groups[k];
        for (int s = 0; s < GROUP_SLOTS && group->count > 1 && group->slot < 0; s++) {
            if (free_from[s] <= group->first) {
                group->slot = (int8_t)s;
                free_from[s] = (uint16_t)(group->last + 1u);
            }
        }
    }
}

void gen_find_groups(struct gen *g)
{
    g->open_groups = 0;
    g->write_groups = 0;
    for (uint32_t i = 0; i < g->block->op_count; i++) {
        const struct ir_op *o = &g->block->ops[i];
        if (!may_be_slow(o)) {
            continue;
        }
        if (may_group(o)) {
            add_to_group(g, i);
        }
        end_other_stores(g, i);
    }
    give_slots(g);
}

/* The group that the current operation is checked with; NULL: alone. */
static const struct group *group_of(const struct gen *g)
{
    uint8_t k = g->values[g->i].group;
    return k != NO_GROUP && g->groups[k].slot >= 0 ? &g->groups[k] : NULL;
}

static struct rm group_slot(const struct group *group)
{
    return rm_mem(RSP, FRAME_GROUPS + 8 * group->slot);
}

/* ---- marks: as mem_mark() does; rax = host address minus virtual address, which is kept ---- */

/* rcx := where the mark is, less what is in rdx */
static void find_mark(struct gen *g, unsigned base, int32_t disp)
{
    emit_lea(g->e, RCX, rm_sib(base, RAX, 0, disp));
    emit_shift_imm(g->e, SHIFT_SHR, true, RCX, MARK_BITS);
}

static void set_mark(struct gen *g, int32_t further)
{
    emit_op(g->e, 0xc6, false, 0, rm_sib(RDX, RCX, 0, further));
    emit_byte(g->e, 1);
}

/* A store that is aligned: what is not goes the cold way, which marks by itself. */
static void mark_store(struct gen *g, unsigned base, int32_t disp)
{
    if (g->j->guest.marks) {
        emit_mov_imm(g->e, RDX, g->j->guest.marks_offset);
        find_mark(g, base, disp);
        set_mark(g, 0);
    }
}

/* All that the group may store, at its first access. It may begin in the middle of eight bytes: then
 * its last byte is in the next. */
static void mark_group(struct gen *g, const struct group *group, unsigned base)
{
    int32_t left = (group->hi - group->lo + 7) >> MARK_BITS, at = 0;

    if (!g->j->guest.marks || !group->is_write) {
        return;
    }
    emit_mov_imm(g->e, RDX, g->j->guest.marks_offset);
    find_mark(g, base, group->lo);
    for (; left >= 4; left -= 4, at += 4) {
        emit_op(g->e, 0xc7, false, 0, rm_sib(RDX, RCX, 0, at));
        emit_32(g->e, 0x01010101);
    }
    for (; left > 0; left--, at++) {
        set_mark(g, at);
    }
    find_mark(g, base, group->hi - 1);
    set_mark(g, 0);
}

/* rax := host address minus virtual address, checked for the whole group at its first access. */
static void check_group(struct gen *g, const struct group *group, unsigned base)
{
    uint32_t again, miss;
    struct stub *s;

    if (g->i != group->first) {
        emit_mov(g->e, true, RAX, group_slot(group));
        return;
    }
    again = g->e->at;
    miss = look_up(g, base, group->lo, group->is_write ? WRITE_AT : READ_AT,
                   (unsigned)(group->hi - group->lo));
    s = gen_stub(g, STUB_GROUP, miss);
    s->back = again;
    s->base = (int8_t)base;
    s->disp = group->lo;
    s->imm = (uint64_t)(group->hi - group->lo);
    emit_mov_to(g->e, true, group_slot(group), RAX);
    mark_group(g, group, base);
}

static void group_stub(struct gen *g, const struct stub *s, const struct ir_op *o)
{
    struct emit *e = g->e;

    emit_lea(e, RDX, rm_mem((unsigned)s->base, s->disp));
    emit_mov_imm(e, RAX, gen_insn_pc(g, o->insn));
    emit_op(e, 0xc7, false, 0, rm_mem(RSP, FRAME_SITE));
    emit_32(e, g->entry);
    emit_mov_imm(e, RCX,
                 SITE_INFO(o->op == IR_ST, gen_refund(g, o->insn)) | (uint32_t)s->imm << 16);
    gen_call_thunk(g, g->j->group[g->has_fp]);
    emit_patch(e, emit_jmp(e), s->back);
}

/* ---- loads and stores ---- */

static bool load(struct gen *g, const struct ir_op *o)
{
    unsigned type = o->type & IR_TYPE_MASK, size = MEM_SIZE(o->attr);
    bool is_fp = type == IR_F32 || type == IR_F64;
    int32_t disp;
    unsigned base, dst;
    const struct group *group = group_of(g);
    uint32_t aligned = 0, miss = 0;
    struct stub *s;
    struct rm from;

    base = address(g, o, &disp);
    dst = is_fp ? gen_dest_xmm(g) : gen_dest(g, IR_ABSENT);
    if (group) {
        check_group(g, group, base);
    } else {
        aligned = check_aligned(g, o, base, disp);
        miss = look_up(g, base, disp, READ_AT, size);
    }
    from = rm_sib(base, RAX, 0, disp);
    if (is_fp) {
        emit_op(g->e, (size == 4 ? OP_F3 : OP_F2) | OP_0F | 0x10, false, dst, from);
    } else if (size == 8) {
        emit_mov(g->e, true, dst, from);
    } else if (size == 4) {
        if (o->attr & MEM_SIGNED) {
            emit_op(g->e, 0x63, true, dst, from);
        } else {
            emit_mov(g->e, false, dst, from);
        }
    } else {
        emit_op(g->e, OP_0F | (o->attr & MEM_SIGNED ? 0xbeu : 0xb6u) | (size == 2), type == IR_I64,
                dst, from);
    }
    if (group) {
        return true;
    }
    s = gen_stub(g, STUB_LOAD, miss);
    s->site2 = aligned;
    s->back = g->e->at;
    s->base = (int8_t)base;
    s->disp = disp;
    s->reg = is_fp ? -1 : (int8_t)dst;
    s->xmm = is_fp ? (int8_t)dst : -1;
    return true;
}

/* The value to be stored: a register, an xmm register, or a constant that fits. */
static void store_hot(struct gen *g, const struct ir_op *o, struct rm to, int reg, int xmm,
                      uint64_t imm)
{
    unsigned size = MEM_SIZE(o->attr);
    struct emit *e = g->e;

    if (xmm >= 0) {
        emit_op(e, (size == 4 ? OP_F3 : OP_F2) | OP_0F | 0x11, false, (unsigned)xmm, to);
    } else if (reg >= 0) {
        unsigned op = size == 1 ? 0x88u | OP_BYTE : size == 2 ? 0x89u | OP_66 : 0x89u;
        emit_op(e, op, size == 8, (unsigned)reg, to);
    } else if (size == 1) {
        emit_op(e, 0xc6, false, 0, to);
        emit_byte(e, (uint8_t)imm);
    } else if (size == 2) {
        emit_op(e, 0xc7 | OP_66, false, 0, to);
        emit_byte(e, (uint8_t)imm);
        emit_byte(e, (uint8_t)(imm >> 8));
    } else {
        emit_op(e, 0xc7, size == 8, 0, to);
        emit_32(e, (uint32_t)imm);
    }
}

static bool store(struct gen *g, const struct ir_op *o)
{
    unsigned type = o->type & IR_TYPE_MASK, size = MEM_SIZE(o->attr);
    bool conditional = o->op == IR_STC;
    int32_t disp = 0;
    unsigned base;
    int reg = -1, xmm = -1;
    uint64_t imm = 0;
    const struct group *group = group_of(g);
    uint32_t skip = 0, aligned = 0, miss = 0;
    struct stub *s;

    base = conditional ? gen_reg(g, o->a) : address(g, o, &disp);
    if (gen_is_const(g, o->b, &imm) && (size < 8 || (uint64_t)(int64_t)(int32_t)imm == imm)) {
        reg = -1;
    } else if (type == IR_F32 || type == IR_F64) {
        xmm = (int)gen_xmm(g, o->b);
    } else {
        reg = (int)gen_reg(g, o->b);
    }
    if (conditional) {
        unsigned c = gen_reg(g, o->c);
        emit_op(g->e, 0x85, true, c, rm_reg(c));
        skip = emit_jcc(g->e, COND_E);
    }
    if (group) {
        check_group(g, group, base);
        store_hot(g, o, rm_sib(base, RAX, 0, disp), reg, xmm, imm);
        return true;
    }
    aligned = check_aligned(g, o, base, disp);
    miss = look_up(g, base, disp, WRITE_AT, size);
    store_hot(g, o, rm_sib(base, RAX, 0, disp), reg, xmm, imm);
    mark_store(g, base, disp);
    s = gen_stub(g, STUB_STORE, miss);
    s->site2 = aligned;
    s->back = g->e->at;
    s->base = (int8_t)base;
    s->disp = disp;
    s->reg = (int8_t)reg;
    s->xmm = (int8_t)xmm;
    s->imm = imm;
    if (skip) {
        emit_patch(g->e, skip, g->e->at);
    }
    return true;
}

static bool physical(struct gen *g, const struct ir_op *o)
{
    unsigned base = gen_reg(g, o->a), dst = gen_dest(g, IR_ABSENT);
    uint32_t miss = look_up(g, base, 0, READ_AT, 1);
    struct stub *s;

    emit_shift_imm(g->e, SHIFT_SHR, false, RCX, 1); /* entries of 8 bytes, not 16 */
    emit_mov(g->e, true, RAX, rm_sib(R14, RCX, 0, PHYS_AT));
    emit_lea(g->e, dst, rm_sib(RAX, base, 0, 0));
    s = gen_stub(g, STUB_PHYS, miss);
    s->back = g->e->at;
    s->base = (int8_t)base;
    s->reg = (int8_t)dst;
    return true;
}

static void physical_stub(struct gen *g, const struct stub *s)
{
    emit_mov(g->e, true, RDX, rm_reg((unsigned)s->base));
    gen_call_thunk(g, g->j->physical[g->has_fp]);
    emit_mov(g->e, true, (unsigned)s->reg, rm_reg(RAX));
    emit_patch(g->e, emit_jmp(g->e), s->back);
}

static uint32_t site_info(const struct gen *g, const struct ir_op *o)
{
    return SITE_INFO(o->attr, gen_refund(g, o->insn));
}

/* What C would have to do to be done with the instruction whose load or store this is. */
static uint32_t rest_of(const struct gen *g, const struct ir_op *o)
{
    const struct ir_op *next = o + 1; /* there is one: the last is an exit */
    uint32_t length = g->block->insns[o->insn].length, slot = 0;

    if (o->op == IR_LD && next->op == IR_PUT && next->a == o - g->block->ops) {
        if ((next->type & IR_TYPE_MASK) != IR_I64 || next->imm % 8 != 0 ||
            next->imm < sizeof(struct hart)) {
            return REST_MUCH;
        }
        slot = (uint32_t)next->imm / 8;
        next++;
    }
    return next->insn == o->insn || length > 15 || slot > 0xfff ? REST_MUCH : length << 12 | slot;
}

void gen_memory_stub(struct gen *g, const struct stub *s)
{
    const struct ir_op *o = &g->block->ops[s->op];
    struct emit *e = g->e;

    if (s->kind == STUB_GROUP) {
        group_stub(g, s, o);
        return;
    }
    if (s->kind == STUB_PHYS) {
        physical_stub(g, s);
        return;
    }
    emit_lea(e, RDX, rm_mem((unsigned)s->base, s->disp));
    if (s->kind == STUB_STORE) {
        if (s->xmm >= 0) {
            emit_op(e, OP_66 | OP_0F | 0xd6, false, (unsigned)s->xmm, rm_mem(RSP, FRAME_ARGS));
        } else if (s->reg >= 0) {
            emit_mov_to(e, true, rm_mem(RSP, FRAME_ARGS), (unsigned)s->reg);
        } else {
            emit_op(e, 0xc7, true, 0, rm_mem(RSP, FRAME_ARGS));
            emit_32(e, (uint32_t)s->imm);
        }
    }
    emit_mov_imm(e, RAX, gen_insn_pc(g, o->insn));
    emit_mov_imm(e, RCX, site_info(g, o) | rest_of(g, o) << 16);
    gen_call_thunk(g, s->kind == STUB_LOAD ? g->j->load[g->has_fp] : g->j->store[g->has_fp]);
    if (s->kind == STUB_LOAD) {
        if (s->xmm >= 0) {
            emit_op(e, OP_66 | OP_0F | 0x6e, true, (unsigned)s->xmm, rm_reg(RAX));
        } else {
            emit_mov(e, true, (unsigned)s->reg, rm_reg(RAX));
        }
    }
    emit_patch(e, emit_jmp(e), s->back);
}

/* ---- calls of C: values in FRAME_ARGS ---- */

static void pass(struct gen *g, ir_ref v, unsigned n)
{
    struct rm to = rm_mem(RSP, FRAME_ARGS + 8 * (int)n);
    uint64_t imm;

    if (v == IR_ABSENT) { /* C sees 0 */
        emit_op(g->e, 0xc7, true, 0, to);
        emit_32(g->e, 0);
        return;
    }
    if (gen_is_const(g, v, &imm)) {
        emit_mov_imm(g->e, RAX, imm);
        emit_mov_to(g->e, true, to, RAX);
    } else if (g->values[gen_rep(g, v)].xmm >= 0 &&
               (g->block->ops[v].type & IR_TYPE_MASK) ==
                   IR_F32) { /* what is above may be anything */
        emit_op(g->e, OP_66 | OP_0F | 0x7e, false, gen_xmm(g, v), rm_reg(RAX));
        emit_mov_to(g->e, true, to, RAX);
    } else if (g->values[gen_rep(g, v)].xmm >= 0) {
        emit_op(g->e, OP_66 | OP_0F | 0xd6, false, gen_xmm(g, v), to);
    } else {
        unsigned r = gen_reg(g, v);
        if ((g->block->ops[v].type & IR_TYPE_MASK) == IR_I32) { /* C sees it zero-extended */
            emit_mov(g->e, false, RAX, rm_reg(r));
            r = RAX;
        }
        emit_mov_to(g->e, true, to, r);
    }
}

static bool call_helper(struct gen *g, const struct ir_op *o)
{
    unsigned dst;

    const ir_ref arguments[3] = {o->a, o->b, o->c};

    for (unsigned n = 0; n < g->block->helpers[o->x].argument_count; n++) {
        pass(g, arguments[n], n);
    }
    dst = gen_dest(g, IR_ABSENT);
    emit_mov_imm(g->e, RAX, gen_insn_pc(g, o->insn));
    emit_mov_imm(g->e, RDX, (uint64_t)(uintptr_t)&g->block->helpers[o->x]);
    emit_mov_imm(g->e, RCX, site_info(g, o));
    gen_call_thunk(g, g->j->call[g->has_fp]);
    emit_mov(g->e, true, dst, rm_reg(RAX));
    return true;
}

static bool read_modify_write(struct gen *g, const struct ir_op *o)
{
    unsigned dst;

    pass(g, o->a, 0);
    pass(g, o->b, 1);
    dst = gen_dest(g, IR_ABSENT);
    emit_mov_imm(g->e, RAX, gen_insn_pc(g, o->insn));
    emit_mov_imm(g->e, RDX, gen_keep_op(g, o));
    emit_mov_imm(g->e, RCX, site_info(g, o));
    gen_call_thunk(g, g->j->rmw[g->has_fp]);
    emit_mov(g->e, true, dst, rm_reg(RAX));
    return true;
}

bool gen_memory(struct gen *g, const struct ir_op *o)
{
    switch (o->op) {
    case IR_LD: return load(g, o);
    case IR_ST:
    case IR_STC: return store(g, o);
    case IR_PHYS: return physical(g, o);
    case IR_CALL: return call_helper(g, o);
    case IR_RMW: return read_modify_write(g, o);
    default: return false;
    }
}
