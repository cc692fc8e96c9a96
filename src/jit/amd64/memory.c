/* SPDX-License-Identifier: GPL-2.0-or-later
 * memory: loads and stores. Hot: hit and page crossing in one compare. Cold: the
 * C side tries; what it must not do (code in use, watched pages, devices not met before) ends the
 * block before the instruction.
 */
#include "jit/amd64/amd64.h"

#define READ_AT  ((int32_t)offsetof(struct space, read))
#define WRITE_AT ((int32_t)offsetof(struct space, write))
#define PHYS_AT  ((int32_t)offsetof(struct space, physical))

/* The address is not the sum of base and displacement as it stands. (One that may have a tag is taken for one
 * that has none: tables do not find the other, and then a stub takes it off.) */
static bool is_folded(uint32_t mem)
{
    return (mem & MEM_32) != 0;
}

/* rdx := the address, with its tag */
static void make_address(struct gen *g, unsigned base, int32_t disp, uint32_t mem)
{
    bool wide = !(mem & MEM_32);

    if (disp == 0) {
        emit_mov(g->e, wide, RDX, rm_reg(base));
    } else {
        emit_op(g->e, 0x8d, wide, RDX, rm_mem(base, disp)); /* lea */
    }
}

static void take_tag_off(struct gen *g)
{
    emit_shift_imm(g->e, SHIFT_SHL, true, RDX, 8);
    emit_shift_imm(g->e, SHIFT_SAR, true, RDX, 8);
}

/* The entry's tag or addend, rcx being its place in a table; of the space whose address is in it, too,
 * where that is not the current one. */
static struct rm entry(uint32_t mem, int32_t at)
{
    return MEM_AS(mem) == AS_CURRENT ? rm_sib(R14, RCX, 0, at) : rm_mem(RCX, at);
}

/* The address is in rdx, its lower half in `va`, too. Leaves rax = host address minus virtual address and
 * rcx = the entry's offset in its table; returns the jump taken on a miss. */
static uint32_t ask_table(struct gen *g, unsigned va, int32_t table, unsigned size, uint32_t mem)
{
    struct emit *e = g->e;

    if (g->j->has_bits) {
        emit_vex(e, OP_F2 | OP_0F3A | 0xf0, false, RCX, 0, rm_reg(va)); /* rorx */
        emit_byte(e, PAGE_BITS - 4);
    } else {
        emit_mov(e, false, RCX, rm_reg(va));
        emit_shift_imm(e, SHIFT_SHR, false, RCX, PAGE_BITS - 4);
    }
    emit_alu_imm(e, ALU_AND, false, rm_reg(RCX), (TLB_ENTRIES - 1) << 4);
    if (MEM_AS(mem) != AS_CURRENT) {
        emit_mov(e, true, RAX, rm_mem(RSP, FRAME_CPU));
        emit_alu(e, ALU_ADD, true, RCX,
                 rm_mem(RAX, (int64_t)(offsetof(struct cpu, as) + 8 * (size_t)MEM_AS(mem))));
    }
    emit_mov(e, true, RAX, entry(mem, table + 8));
    emit_alu(e, ALU_SUB, true, RDX, entry(mem, table));
    emit_alu_imm(e, ALU_CMP, true, rm_reg(RDX), (int32_t)(PAGE_SIZE - size));
    return emit_jcc(e, COND_A);
}

static uint32_t look_up(struct gen *g, unsigned base, int32_t disp, int32_t table, unsigned size,
                        uint32_t mem)
{
    make_address(g, base, disp, mem);
    /* the index need not wait for a copy */
    return ask_table(g, disp == 0 ? base : RDX, table, size, mem);
}

/* Loads whose addresses are mostly their own physical ones. */
static bool is_flat(const struct gen *g, uint32_t mem)
{
    return g->flat && MEM_AS(mem) == AS_CURRENT && (mem & (MEM_32 | MEM_UNTAG)) == 0;
}

/* What is to be done about look_up()'s miss before it is one. */
static uint32_t or_untagged(struct gen *g, unsigned base, int32_t disp, int32_t table,
                            unsigned size, uint32_t mem, uint32_t miss)
{
    struct stub *s;

    if (!(mem & MEM_UNTAG)) {
        return miss;
    }
    s = gen_stub(g, STUB_UNTAG, miss);
    s->back = g->e->at;
    s->base = (int8_t)base;
    s->reg = table == WRITE_AT;
    s->disp = disp;
    s->imm = size;
    return 0; /* the next stub is for that */
}

/* Without the tag: rax is such that its sum with the tagged address is the host's. */
static void untag_stub(struct gen *g, const struct stub *s, uint32_t mem)
{
    struct emit *e = g->e;
    uint32_t miss;

    make_address(g, (unsigned)s->base, s->disp, mem);
    take_tag_off(g);
    miss = ask_table(g, RDX, s->reg ? WRITE_AT : READ_AT, (unsigned)s->imm, mem);
    make_address(g, (unsigned)s->base, s->disp, mem);
    emit_alu(e, ALU_SUB, true, RAX, rm_reg(RDX));
    take_tag_off(g);
    emit_alu(e, ALU_ADD, true, RAX, rm_reg(RDX));
    emit_patch(e, emit_jmp(e), s->back);
    g->stubs[s - g->stubs + 1].site = miss;
}

/* As look_up() for a load that is flat: rax does not wait for the address. What is not there has its table asked by
 * a stub, which comes back with rax, or misses as look_up() would: the next stub is for that. */
static void look_up_flat(struct gen *g, unsigned base, int32_t disp, unsigned size, uint32_t mem)
{
    struct emit *e = g->e;
    struct stub *s;
    uint32_t miss;

    make_address(g, base, disp, mem);
    emit_alu(e, ALU_SUB, true, RDX, rm_mem(R14, offsetof(struct space, flat_first)));
    emit_mov(e, true, RAX, rm_mem(R14, offsetof(struct space, flat_addend)));
    emit_alu(e, ALU_CMP, true, RDX, rm_mem(R14, offsetof(struct space, flat_bytes)));
    miss = emit_jcc(e, COND_AE);
    s = gen_stub(g, STUB_FLAT, miss);
    s->back = e->at;
    s->base = (int8_t)base;
    s->disp = disp;
    s->imm = size;
}

static void flat_stub(struct gen *g, const struct stub *s, uint32_t mem)
{
    uint32_t miss = look_up(g, (unsigned)s->base, s->disp, READ_AT, (unsigned)s->imm, mem);

    emit_patch(g->e, emit_jmp(g->e), s->back);
    g->stubs[s - g->stubs + 1].site = miss;
}

/* After look_up(): the bytes. What was folded is made again, which costs less than keeping it. Uses
 * rdx. */
static struct rm found(struct gen *g, unsigned base, int32_t disp, uint32_t mem)
{
    if (!is_folded(mem)) {
        return rm_sib(base, RAX, 0, disp);
    }
    make_address(g, base, disp, mem);
    return rm_sib(RDX, RAX, 0, 0);
}

uint32_t gen_look_up(struct gen *g, unsigned base, uint32_t mem)
{
    uint32_t miss = look_up(g, base, 0, WRITE_AT, MEM_SIZE(mem), mem);

    emit_lea(g->e, RDX, found(g, base, 0, mem));
    return miss;
}

/* A misaligned address of an operation that must be aligned goes the cold way, and so does a store
 * that would have to set two marks. */
static uint32_t check_aligned(struct gen *g, const struct ir_op *o, unsigned base, int32_t disp)
{
    unsigned low = (unsigned)MEM_ALIGN_MASK(o->mem);

    if (g->j->guest.marks && o->op != IR_LD) {
        low |= MEM_SIZE(o->mem) - 1;
    }
    if (low == 0) {
        return 0;
    }
    emit_lea(g->e, RDX, rm_mem(base, disp));
    emit_op(g->e, 0xf6, false, 0, rm_reg(RDX)); /* test dl, imm8 */
    emit_byte(g->e, low);
    return emit_jcc(g->e, COND_NE);
}

/* ---- groups ---- */

static bool may_group(const struct ir_op *o)
{
    return (o->op == IR_LD || o->op == IR_ST) && MEM_ALIGN_LOG2(o->mem) == 0 &&
           o->disp <= INT32_MAX - GROUP_SPAN;
}

/* Whether the write table has to have the page. */
static bool is_write(const struct ir_op *o)
{
    return o->op != IR_LD || (o->mem & MEM_FOR_WRITE);
}

static bool may_be_slow(const struct ir_op *o)
{
    return (ir_op_info[o->op].effects & (E_LOAD | E_STORE | E_CALL)) != 0;
}

static bool join(struct group *group, uint32_t i, int32_t disp, int32_t size)
{
    int32_t lo = disp < group->lo ? disp : group->lo;
    int32_t hi = disp + size > group->hi ? disp + size : group->hi;

    if ((int64_t)hi - lo > GROUP_SPAN) {
        return false;
    }
    group->lo = lo;
    group->hi = hi;
    group->last = (uint16_t)i;
    group->count++;
    return true;
}

static void open_group(struct gen *g, uint32_t i, uint16_t rep)
{
    const struct ir_op *o = &g->block->ops[i];
    uint32_t k = g->group_count;

    if (k == GROUPS_MAX) {
        return;
    }
    g->groups[k] = (struct group){.rep = rep,
                                  .first = (uint16_t)i,
                                  .last = (uint16_t)i,
                                  .count = 1,
                                  .lo = o->disp,
                                  .hi = o->disp + (int32_t)MEM_SIZE(o->mem),
                                  .mem = o->mem & GROUP_MEM,
                                  .is_write = is_write(o),
                                  .slot = -1};
    g->values[i].group = (uint8_t)k;
    g->open_groups |= UINT32_C(1) << k;
    g->write_groups |= (uint32_t)is_write(o) << k;
    g->group_count++;
}

static void add_to_group(struct gen *g, uint32_t i)
{
    const struct ir_op *o = &g->block->ops[i];
    uint16_t rep = gen_rep(g, o->a);
    uint32_t open = g->open_groups & (is_write(o) ? g->write_groups : ~g->write_groups);

    for (; open != 0; open &= open - 1) {
        uint32_t k = (uint32_t)__builtin_ctz(open);
        if (g->groups[k].rep != rep || g->groups[k].mem != (o->mem & GROUP_MEM)) {
            continue;
        }
        if (join(&g->groups[k], i, o->disp, (int32_t)MEM_SIZE(o->mem))) {
            g->values[i].group = (uint8_t)k;
            return;
        }
        g->open_groups &= ~(UINT32_C(1) << k);
    }
    open_group(g, i, rep);
}

static void end_other_stores(struct gen *g, uint32_t i)
{
    uint8_t k = g->values[i].group;
    uint32_t its_own = k == NO_GROUP ? 0 : UINT32_C(1) << k;

    g->open_groups &= ~(g->write_groups & ~its_own);
}

/* What is mapped where, or what the block is to be left for, may be otherwise after the call. */
static bool helper_may_remap(const struct ir_helper *h)
{
    return (h->effects & (HELPER_WRITES | HELPER_MEMORY | HELPER_LOOKS)) != 0;
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
    uint32_t skip_end = UINT32_MAX, open_before = 0;

    g->open_groups = 0;
    g->write_groups = 0;
    for (uint32_t i = 0; i < g->block->op_count; i++) {
        const struct ir_op *o = &g->block->ops[i];

        if (i == skip_end) { /* a check that may be skipped over is none behind */
            g->open_groups &= open_before;
        }
        if (o->op == IR_SKIP_IF) {
            skip_end = i + 1 + (uint32_t)o->imm;
            open_before = g->open_groups;
        }
        if (!may_be_slow(o)) {
            continue;
        }
        if (may_group(o)) {
            add_to_group(g, i);
        }
        if (o->op == IR_CALL && helper_may_remap(&g->block->helpers[o->x])) {
            g->open_groups = 0;
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

/* ---- marks: as mem_mark() does; what rax holds is kept ---- */

/* rcx := where the mark of the bytes is, less the offset that is in rdx or will be */
static void find_mark(struct gen *g, struct rm at)
{
    emit_lea(g->e, RCX, at);
    emit_shift_imm(g->e, SHIFT_SHR, true, RCX, MARK_BITS);
}

static void set_mark(struct gen *g, int32_t further)
{
    emit_op(g->e, 0xc6, false, 0, rm_sib(RDX, RCX, 0, further));
    emit_byte(g->e, 1);
}

/* A store that is aligned: what is not goes the cold way, which marks by itself. */
static void mark_store(struct gen *g, unsigned size, struct rm at)
{
    if (g->j->guest.marks) {
        find_mark(g, at);
        emit_mov_imm(g->e, RDX, g->j->guest.marks_offset);
        set_mark(g, 0);
        if (size > 8) {
            set_mark(g, 1);
        }
    }
}

/* The bytes of an access, with rax as the group has it: the host's address for base 0; or, folded,
 * for displacement `lo`. */
static struct rm in_group(const struct group *group, unsigned base, int32_t disp)
{
    return is_folded(group->mem) ? rm_mem(RAX, disp - group->lo) : rm_sib(base, RAX, 0, disp);
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
    find_mark(g, in_group(group, base, group->lo));
    for (; left >= 4; left -= 4, at += 4) {
        emit_op(g->e, 0xc7, false, 0, rm_sib(RDX, RCX, 0, at));
        emit_32(g->e, 0x01010101);
    }
    for (; left > 0; left--, at++) {
        set_mark(g, at);
    }
    find_mark(g, in_group(group, base, group->hi - 1));
    set_mark(g, 0);
}

/* rax := what in_group() says, checked for the whole group at its first access. */
static void check_group(struct gen *g, const struct group *group, unsigned base)
{
    uint32_t again, miss;
    struct stub *s;

    if (g->i != group->first) {
        emit_mov(g->e, true, RAX, group_slot(group));
        return;
    }
    again = g->e->at;
    miss = 0;
    if (!group->is_write && is_flat(g, group->mem)) {
        look_up_flat(g, base, group->lo, (unsigned)(group->hi - group->lo), group->mem);
    } else {
        int32_t table = group->is_write ? WRITE_AT : READ_AT;
        unsigned size = (unsigned)(group->hi - group->lo);

        miss = look_up(g, base, group->lo, table, size, group->mem);
        miss = or_untagged(g, base, group->lo, table, size, group->mem, miss);
    }
    if (is_folded(group->mem)) {
        make_address(g, base, group->lo, group->mem);
        emit_lea(g->e, RAX, rm_sib(RDX, RAX, 0, 0));
    }
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
                 SITE_INFO((o->mem & GROUP_MEM) | is_write(o), gen_refund(g, o->insn)) |
                     SITE_MORE(s->imm));
    gen_call_thunk(g, g->j->group[s->keep]);
    emit_patch(e, emit_jmp(e), s->back);
}

/* ---- loads and stores ---- */

static bool is_big(const struct ir_op *o)
{
    return (o->mem & MEM_BIG) != 0 && MEM_SIZE(o->mem) > 1;
}

/* The bytes of a 2-, 4- or 8-byte integer in the opposite order; of 2, the others stay. */
static void reverse(struct gen *g, unsigned reg, unsigned size)
{
    if (size == 2) {
        emit_op(g->e, OP_66 | 0xc1, false, SHIFT_ROL, rm_reg(reg));
        emit_byte(g->e, 8);
    } else {
        emit_bswap(g->e, size == 8, reg);
    }
}

static void load_xmm(struct gen *g, const struct ir_op *o, unsigned dst, struct rm from)
{
    unsigned size = MEM_SIZE(o->mem);

    if (is_big(o) && size < 16) {
        emit_mov(g->e, size == 8, RCX, from);
        reverse(g, RCX, size);
        emit_op(g->e, OP_66 | OP_0F | 0x6e, size == 8, dst, rm_reg(RCX));
        return;
    }
    emit_op(g->e,
            OP_0F | 0x10 |
                (size == 4   ? (unsigned)OP_F3
                 : size == 8 ? (unsigned)OP_F2
                             : 0),
            false, dst, from);
    if (is_big(o)) {
        gen_xmm_reverse(g, dst);
    }
}

void gen_load_integer(struct gen *g, const struct ir_op *o, unsigned dst, struct rm from)
{
    unsigned size = MEM_SIZE(o->mem);
    bool is_signed = (o->mem & MEM_SIGNED) != 0, wide = (o->type & IR_TYPE_MASK) == IR_I64;
    unsigned extend = OP_0F | (is_signed ? 0xbeu : 0xb6u) | (size == 2);

    if (size < 4) {
        emit_op(g->e, extend, wide, dst, from);
    } else if (size == 4 && is_signed && !is_big(o)) {
        emit_op(g->e, 0x63, true, dst, from);
    } else {
        emit_mov(g->e, size == 8, dst, from);
    }
    if (!is_big(o)) {
        return;
    }
    reverse(g, dst, size);
    if (is_signed && size == 2) {
        emit_op(g->e, extend, wide, dst, rm_reg(dst));
    } else if (is_signed && size == 4) {
        emit_op(g->e, 0x63, true, dst, rm_reg(dst));
    }
}

static bool load(struct gen *g, const struct ir_op *o)
{
    unsigned type = o->type & IR_TYPE_MASK;
    bool in_xmm = type == IR_F32 || type == IR_F64 || type == IR_V128;
    unsigned base, dst;
    const struct group *group = group_of(g);
    uint32_t aligned = 0, miss = 0;
    struct stub *s;
    struct rm at;

    base = gen_reg(g, o->a);
    dst = in_xmm ? gen_dest_xmm(g) : gen_dest(g, IR_ABSENT);
    if (group) {
        check_group(g, group, base);
        at = in_group(group, base, o->disp);
    } else {
        aligned = check_aligned(g, o, base, o->disp);
        if (!is_write(o) && is_flat(g, o->mem)) {
            look_up_flat(g, base, o->disp, MEM_SIZE(o->mem), o->mem);
        } else {
            int32_t table = is_write(o) ? WRITE_AT : READ_AT;

            miss = look_up(g, base, o->disp, table, MEM_SIZE(o->mem), o->mem);
            miss = or_untagged(g, base, o->disp, table, MEM_SIZE(o->mem), o->mem, miss);
        }
        at = found(g, base, o->disp, o->mem);
    }
    if (in_xmm) {
        load_xmm(g, o, dst, at);
    } else {
        gen_load_integer(g, o, dst, at);
    }
    if (group) {
        return true;
    }
    s = gen_stub(g, STUB_LOAD, miss);
    s->site2 = aligned;
    s->back = g->e->at;
    s->base = (int8_t)base;
    s->disp = o->disp;
    s->reg = in_xmm ? -1 : (int8_t)dst;
    s->xmm = in_xmm ? (int8_t)dst : -1;
    return true;
}

/* Big-endian, of what is in no memory yet: by rcx, or xmm14. */
static void store_reversed(struct gen *g, const struct ir_op *o, struct rm to, int reg, int xmm,
                           uint64_t imm)
{
    unsigned size = MEM_SIZE(o->mem);

    if (size == 16) {
        gen_xmm_move(g, 14, (unsigned)xmm);
        gen_xmm_reverse(g, 14);
        emit_op(g->e, OP_0F | 0x11, false, 14, to);
        return;
    }
    if (xmm >= 0) {
        emit_op(g->e, OP_66 | OP_0F | 0x7e, size == 8, (unsigned)xmm, rm_reg(RCX));
    } else if (reg >= 0) {
        emit_mov(g->e, true, RCX, rm_reg((unsigned)reg));
    } else {
        emit_mov_imm(g->e, RCX, imm);
    }
    reverse(g, RCX, size);
    emit_op(g->e, size == 2 ? 0x89u | OP_66 : 0x89u, size == 8, RCX, to);
}

/* The value to be stored: a register, an xmm register, or a constant that fits. */
static void store_hot(struct gen *g, const struct ir_op *o, struct rm to, int reg, int xmm,
                      uint64_t imm)
{
    unsigned size = MEM_SIZE(o->mem);
    struct emit *e = g->e;

    if (is_big(o)) {
        store_reversed(g, o, to, reg, xmm, imm);
    } else if (xmm >= 0) {
        emit_op(e,
                OP_0F | 0x11 |
                    (size == 4   ? (unsigned)OP_F3
                     : size == 8 ? (unsigned)OP_F2
                                 : 0),
                false, (unsigned)xmm, to);
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
    unsigned type = o->type & IR_TYPE_MASK, size = MEM_SIZE(o->mem);
    bool conditional = o->op == IR_STC;
    int32_t disp = conditional ? 0 : o->disp;
    unsigned base;
    int reg = -1, xmm = -1;
    uint64_t imm = 0;
    const struct group *group = group_of(g);
    uint32_t skip = 0, aligned = 0, miss = 0;
    struct stub *s;
    struct rm at;

    base = gen_reg(g, o->a);
    if (type == IR_F32 || type == IR_F64 || type == IR_V128) {
        xmm = (int)gen_xmm(g, o->b);
    } else if (!gen_is_const(g, o->b, &imm) ||
               (size == 8 && (uint64_t)(int64_t)(int32_t)imm != imm)) {
        reg = (int)gen_reg(g, o->b);
    }
    if (conditional) {
        unsigned c = gen_reg(g, o->c);
        emit_op(g->e, 0x85, true, c, rm_reg(c));
        skip = emit_jcc(g->e, COND_E);
    }
    if (group) {
        check_group(g, group, base);
        store_hot(g, o, in_group(group, base, disp), reg, xmm, imm);
        return true;
    }
    aligned = check_aligned(g, o, base, disp);
    miss = look_up(g, base, disp, WRITE_AT, size, o->mem);
    miss = or_untagged(g, base, disp, WRITE_AT, size, o->mem, miss);
    at = found(g, base, disp, o->mem);
    store_hot(g, o, at, reg, xmm, imm);
    mark_store(g, size, at);
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
    uint32_t miss = look_up(g, base, 0, READ_AT, 1, 0);
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
    gen_call_thunk(g, g->j->physical[s->keep]);
    emit_mov(g->e, true, (unsigned)s->reg, rm_reg(RAX));
    emit_patch(g->e, emit_jmp(g->e), s->back);
}

uint64_t gen_site_info(const struct gen *g, const struct ir_op *o)
{
    return SITE_INFO(o->mem, gen_refund(g, o->insn));
}

/* What C would have to do to be done with the instruction whose load or store this is. */
static uint32_t rest_of(const struct gen *g, const struct ir_op *o)
{
    const struct ir_op *next = o + 1; /* there is one: the last is an exit */
    uint32_t length = g->block->insns[o->insn].length, slot = 0;

    if (o->op == IR_LD && next->op == IR_PUT && next->insn == o->insn &&
        next->a == o - g->block->ops) {
        if ((next->type & IR_TYPE_MASK) != IR_I64 || next->imm % 8 != 0 ||
            next->imm < sizeof(struct hart)) {
            return REST_MUCH;
        }
        slot = (uint32_t)next->imm / 8;
        next++;
    }
    return next->insn == o->insn || length > 15 || slot > 0xfff ? REST_MUCH : length << 12 | slot;
}

static void pass_stored(struct emit *e, const struct stub *s)
{
    if (s->xmm >= 0) {
        emit_op(e, OP_66 | OP_0F | 0xd6, false, (unsigned)s->xmm, rm_mem(RSP, FRAME_ARGS));
    } else if (s->reg >= 0) {
        emit_mov_to(e, true, rm_mem(RSP, FRAME_ARGS), (unsigned)s->reg);
    } else {
        emit_op(e, 0xc7, true, 0, rm_mem(RSP, FRAME_ARGS));
        emit_32(e, (uint32_t)s->imm);
    }
}

static void vector_stub(struct gen *g, const struct stub *s, const struct ir_op *o)
{
    struct emit *e = g->e;
    struct rm frame = rm_mem(RSP, FRAME_VECTORS);

    if (s->kind == STUB_STORE) {
        emit_op(e, OP_0F | 0x11, false, (unsigned)s->xmm, frame);
    }
    emit_mov_imm(e, RAX, gen_insn_pc(g, o->insn));
    emit_mov_imm(e, RCX, gen_site_info(g, o));
    gen_call_thunk(g, (s->kind == STUB_LOAD ? g->j->load_vector : g->j->store_vector)[s->keep]);
    if (s->kind == STUB_LOAD) {
        emit_op(e, OP_0F | 0x10, false, (unsigned)s->xmm, frame);
    }
}

void gen_memory_stub(struct gen *g, const struct stub *s)
{
    const struct ir_op *o = &g->block->ops[s->op];
    struct emit *e = g->e;

    if (s->kind == STUB_FLAT) {
        flat_stub(g, s, o->mem);
        return;
    }
    if (s->kind == STUB_UNTAG) {
        untag_stub(g, s, o->mem);
        return;
    }
    if (s->kind == STUB_GROUP) {
        group_stub(g, s, o);
        return;
    }
    if (s->kind == STUB_PHYS) {
        physical_stub(g, s);
        return;
    }
    emit_lea(e, RDX, rm_mem((unsigned)s->base, s->disp));
    if ((o->type & IR_TYPE_MASK) == IR_V128) {
        vector_stub(g, s, o);
        emit_patch(e, emit_jmp(e), s->back);
        return;
    }
    if (s->kind == STUB_STORE) {
        pass_stored(e, s);
    }
    emit_mov_imm(e, RAX, gen_insn_pc(g, o->insn));
    emit_mov_imm(e, RCX, gen_site_info(g, o) | SITE_MORE(rest_of(g, o)));
    gen_call_thunk(g, s->kind == STUB_LOAD ? g->j->load[s->keep] : g->j->store[s->keep]);
    if (s->kind == STUB_LOAD) {
        if (s->xmm >= 0) {
            emit_op(e, OP_66 | OP_0F | 0x6e, true, (unsigned)s->xmm, rm_reg(RAX));
        } else {
            emit_mov(e, true, (unsigned)s->reg, rm_reg(RAX));
        }
    }
    emit_patch(e, emit_jmp(e), s->back);
}

bool gen_memory(struct gen *g, const struct ir_op *o)
{
    switch (o->op) {
    case IR_LD: return load(g, o);
    case IR_ST:
    case IR_STC: return store(g, o);
    case IR_PHYS: return physical(g, o);
    case IR_RMW:
    case IR_CAS: return gen_rmw(g, o);
    default: return false;
    }
}
