/* SPDX-License-Identifier: GPL-2.0-or-later
 * lift_mem: loads and stores, after DDI 0406C, A4.6 and A4.7. Words of several, and pairs, have to be
 * aligned to words; exclusives to their size. A reservation is the physical address of the last exclusive
 * load; a store exclusive ends it whatever happens.
 */
#include "isa/arm32/lift.h"

#define RESERVATION ARM_SLOT(hart.reservation)
#define RESERVED    ARM_SLOT(hart.reserved)

/* ---- addresses ---- */

static ir_ref base_of(struct lift *l, unsigned rn)
{
    return rn == 15 ? c32(l, pc_read(l) & ~3u) : r_get(l, rn);
}

/* The address; what the base register becomes in *after. */
static ir_ref address(struct lift *l, const struct arm_insn *i, ir_ref *after)
{
    ir_ref base = base_of(l, i->rn), carry = IR_ABSENT;

    if (i->info->argument & LS_REG) {
        ir_ref by = arm_shift(l, r_get(l, i->rm), i->type, i->amount, &carry);

        *after = ir_bin(l->b, i->u ? IR_ADD : IR_SUB, IR_I32, base, by);
    } else {
        *after = ir_bini(l->b, i->u ? IR_ADD : IR_SUB, IR_I32, base, (uint64_t)i->imm);
    }
    return i->p ? *after : base;
}

static bool writes_back(const struct arm_insn *i)
{
    return !i->p || i->w;
}

/* LDRT and the like: in A32 post-indexed with W; in T32, where all post-indexed ones have W, an encoding of their
 * own. */
static uint32_t access_of(const struct lift *l, const struct arm_insn *i, unsigned size)
{
    bool as_user = i->info->argument & LS_USER || (!i->p && i->w && !is_thumb(l));

    return arm_mem(l, size) | (as_user ? AS_USER << MEM_AS_SHIFT : 0);
}

static void put_loaded(struct lift *l, unsigned rd, ir_ref v)
{
    if (rd == 15) {
        arm_lift_interwork(l, v);
    } else {
        r_put(l, rd, v);
    }
}

void arm_lift_ls(struct lift *l, const struct arm_insn *i)
{
    unsigned how = i->info->argument;
    uint32_t mem = access_of(l, i, LS_SIZE(how)) | (how & LS_SIGNED ? MEM_SIGNED : 0);
    ir_ref after, at, v;

    if (is_thumb(l) && !(how & LS_LOAD) && i->rn == 15) {
        arm_lift_undefined(l);
        return;
    }
    at = address(l, i, &after);
    if (how & LS_LOAD) {
        v = arm_ld(l, IR_I32, at, 0, mem);
    } else {
        arm_st(l, IR_I32, at, 0, r_get(l, i->rd), mem);
        v = IR_ABSENT;
    }
    if (writes_back(i)) {
        r_put(l, i->rn, after);
    }
    if (how & LS_LOAD) {
        put_loaded(l, i->rd, v);
    }
}

static unsigned second_of(const struct arm_insn *i)
{
    return i->info->argument & LS_RT2 ? i->ra : i->rd + 1u;
}

static ir_ref join(struct lift *l, unsigned r, unsigned r2)
{
    ir_ref x = r_get64(l, r), y = r_get64(l, r2);

    return l->mode & MODE_BIG ? ir_deposit(l->b, IR_I64, y, x, 32, 32)
                              : ir_deposit(l->b, IR_I64, x, y, 32, 32);
}

static void split(struct lift *l, unsigned r, unsigned r2, ir_ref v)
{
    ir_ref high = ir_bini(l->b, IR_SHR, IR_I64, v, 32);

    r_put_low(l, r, l->mode & MODE_BIG ? high : v);
    r_put_low(l, r2, l->mode & MODE_BIG ? v : high);
}

void arm_lift_lsd(struct lift *l, const struct arm_insn *i)
{
    uint32_t mem = (access_of(l, i, 3) & ~MEM_ALIGN(7)) | MEM_ALIGN(2);
    bool load = i->info->argument & LS_LOAD;
    ir_ref after, at, v = IR_ABSENT;

    if ((!(i->info->argument & LS_RT2) && (i->rd & 1)) || second_of(i) == 15) {
        arm_lift_undefined(l);
        return;
    }
    at = address(l, i, &after);
    if (load) {
        v = arm_ld(l, IR_I64, at, 0, mem);
    } else {
        arm_st(l, IR_I64, at, 0, join(l, i->rd, second_of(i)), mem);
    }
    if (writes_back(i)) {
        r_put(l, i->rn, after);
    }
    if (load) {
        split(l, i->rd, second_of(i), v);
    }
}

/* ---- exclusives ---- */

static ir_ref exclusive_address(struct lift *l, const struct arm_insn *i)
{
    return ir_bini(l->b, IR_ADD, IR_I32, r_get(l, i->rn), (uint64_t)i->imm);
}

static ir_ref physical(struct lift *l, ir_ref at)
{
    return ir_phys(l->b, ir_un(l->b, IR_ZEXT, IR_I64, at));
}

static uint32_t aligned(const struct lift *l, unsigned size)
{
    return arm_mem(l, size) | MEM_ALIGN(size);
}

void arm_lift_ldrex(struct lift *l, const struct arm_insn *i)
{
    unsigned size = LS_SIZE(i->info->argument);
    ir_ref at = exclusive_address(l, i);
    ir_ref v = arm_ld(l, size == 3 ? IR_I64 : IR_I32, at, 0, aligned(l, size));

    ir_put(l->b, IR_I64, RESERVATION, physical(l, at));
    ir_put(l->b, IR_I32, RESERVED, c32(l, 1));
    if (size == 3) {
        split(l, i->rd, second_of(i), v);
    } else {
        r_put(l, i->rd, v);
    }
}

static unsigned second_stored(const struct arm_insn *i)
{
    return i->info->argument & LS_RT2 ? i->ra : i->rm + 1u;
}

void arm_lift_strex(struct lift *l, const struct arm_insn *i)
{
    unsigned size = LS_SIZE(i->info->argument);
    ir_ref at = exclusive_address(l, i);
    ir_ref same = ir_bin(l->b, IR_EQ, IR_I64, physical(l, at), ir_get(l->b, IR_I64, RESERVATION));
    ir_ref valid = ir_bini(l->b, IR_NE, IR_I32, ir_get(l->b, IR_I32, RESERVED), 0);
    ir_ref holds = ir_bin(l->b, IR_AND, IR_I64, same, valid);
    ir_ref value = size == 3 ? join(l, i->rm, second_stored(i)) : r_get(l, i->rm);

    arm_watch(l, at, 0, aligned(l, size), true);
    ir_stc(l->b, size == 3 ? IR_I64 : IR_I32, at, value, holds, aligned(l, size));
    ir_put(l->b, IR_I32, RESERVED, c32(l, 0));
    r_put_low(l, i->rd, ir_bini(l->b, IR_XOR, IR_I64, holds, 1));
}

void arm_lift_clrex(struct lift *l, const struct arm_insn *i)
{
    (void)i;
    ir_put(l->b, IR_I32, RESERVED, c32(l, 0));
}

/* ---- several ---- */

struct several {
    unsigned list, rn;
    bool up, before, back, load, user; /* user: registers of user mode */
};

static ir_ref get_for(struct lift *l, const struct several *m, unsigned r)
{
    if (m->user && r >= 8 && r < 15) {
        return ir_un(l->b, IR_TRUNC, IR_I32,
                     ir_call(l->b, HELP_GET_USER, ir_const(l->b, IR_I64, r), IR_ABSENT, IR_ABSENT));
    }
    return r_get(l, r);
}

static void put_for(struct lift *l, const struct several *m, unsigned r, ir_ref v)
{
    if (m->user && r >= 8) {
        ir_call(l->b, HELP_SET_USER, ir_const(l->b, IR_I64, r), ir_un(l->b, IR_ZEXT, IR_I64, v),
                IR_ABSENT);
    } else {
        r_put(l, r, v);
    }
}

static void transfer(struct lift *l, const struct several *m, ir_ref first, ir_ref loaded[16])
{
    uint32_t mem = arm_mem(l, 2) | MEM_ALIGN(2);
    int64_t at = 0;

    for (unsigned r = 0; r < 16; r++) {
        if (!(m->list >> r & 1)) {
            continue;
        }
        if (m->load) {
            loaded[r] = arm_ld(l, IR_I32, first, at, mem);
        } else {
            arm_st(l, IR_I32, first, at, get_for(l, m, r), mem);
        }
        at += 4;
    }
}

/* All of it but what becomes of PC, whose value is the result. */
static ir_ref lift_several(struct lift *l, const struct several *m)
{
    unsigned count = (unsigned)__builtin_popcount(m->list);
    ir_ref base = r_get(l, m->rn), first, after, loaded[16];

    after = ir_bini(l->b, m->up ? IR_ADD : IR_SUB, IR_I32, base, 4 * count);
    first = m->up ? base : after;
    if (m->before == m->up) {
        first = ir_bini(l->b, IR_ADD, IR_I32, first, 4);
    }
    l->several |= count > 1;
    transfer(l, m, first, loaded);
    if (m->back && !(m->load && (m->list >> m->rn & 1))) {
        r_put(l, m->rn, after);
    }
    for (unsigned r = 0; m->load && r < 15; r++) {
        if (m->list >> r & 1) {
            put_for(l, m, r, loaded[r]);
        }
    }
    return m->load && m->list >> 15 ? loaded[15] : IR_ABSENT;
}

static void plain_several(struct lift *l, const struct several *m)
{
    ir_ref pc;

    if (m->list == 0 || m->rn == 15) {
        arm_lift_undefined(l);
        return;
    }
    pc = lift_several(l, m);
    if (pc != IR_ABSENT) {
        arm_lift_interwork(l, pc);
    }
}

void arm_lift_ldm(struct lift *l, const struct arm_insn *i)
{
    struct several m = {.list = i->list,
                        .rn = i->rn,
                        .up = i->u,
                        .before = i->p,
                        .back = i->w,
                        .load = i->info->argument & LS_LOAD};

    plain_several(l, &m);
}

void arm_lift_ldm_t16(struct lift *l, const struct arm_insn *i)
{
    struct several m = {.list = i->list,
                        .rn = i->rn,
                        .up = true,
                        .back = true,
                        .load = i->info->argument & LS_LOAD};

    plain_several(l, &m);
}

void arm_lift_push(struct lift *l, const struct arm_insn *i)
{
    struct several m = {.list = ((unsigned)i->imm & 0xff) | ((unsigned)i->imm >> 8) << 14,
                        .rn = 13,
                        .before = true,
                        .back = true};

    plain_several(l, &m);
}

void arm_lift_pop(struct lift *l, const struct arm_insn *i)
{
    struct several m = {.list = ((unsigned)i->imm & 0xff) | ((unsigned)i->imm >> 8) << 15,
                        .rn = 13,
                        .up = true,
                        .back = true,
                        .load = true};

    plain_several(l, &m);
}

/* With ^: registers of user mode, or with PC the return from an exception. */
void arm_lift_ldm_user(struct lift *l, const struct arm_insn *i)
{
    bool load = i->info->argument & LS_LOAD, returns = load && i->list >> 15;
    struct several m = {.list = i->list,
                        .rn = i->rn,
                        .up = i->u,
                        .before = i->p,
                        .back = i->w && returns,
                        .load = load,
                        .user = !returns};
    ir_ref pc;

    if (!(l->mode & MODE_PRIVILEGED) || (returns && !(l->mode & MODE_SPSR)) || m.list == 0 ||
        m.rn == 15) {
        arm_lift_undefined(l);
        return;
    }
    pc = lift_several(l, &m);
    if (returns) {
        arm_lift_return(
            l, ir_call(l->b, HELP_RETURN, ir_un(l->b, IR_ZEXT, IR_I64, pc), IR_ABSENT, IR_ABSENT));
    }
}

/* ---- exceptions' frames ---- */

/* The lower of two words below or above a base, which moves by 8. */
static ir_ref frame(struct lift *l, const struct arm_insn *i, ir_ref base, ir_ref *after)
{
    int at = i->u ? (i->p ? 4 : 0) : (i->p ? -8 : -4);

    *after = ir_bini(l->b, i->u ? IR_ADD : IR_SUB, IR_I32, base, 8);
    return ir_bini(l->b, IR_ADD, IR_I32, base, (uint64_t)at);
}

void arm_lift_srs(struct lift *l, const struct arm_insn *i)
{
    ir_ref mode = ir_const(l->b, IR_I64, (uint64_t)i->imm), base, first, after, spsr;
    uint32_t mem = arm_mem(l, 2) | MEM_ALIGN(2);

    if (!(l->mode & MODE_SPSR) || arm_bank((uint32_t)i->imm) == ARM_BANKS) {
        arm_lift_undefined(l);
        return;
    }
    base = ir_un(l->b, IR_TRUNC, IR_I32, ir_call(l->b, HELP_GET_SP, mode, IR_ABSENT, IR_ABSENT));
    spsr = ir_un(l->b, IR_TRUNC, IR_I32,
                 ir_call(l->b, HELP_MRS, ir_const(l->b, IR_I64, 1), IR_ABSENT, IR_ABSENT));
    first = frame(l, i, base, &after);
    l->several = true;
    arm_st(l, IR_I32, first, 0, r_get(l, 14), mem);
    arm_st(l, IR_I32, first, 4, spsr, mem);
    if (i->w) {
        ir_call(l->b, HELP_SET_SP, mode, ir_un(l->b, IR_ZEXT, IR_I64, after), IR_ABSENT);
    }
}

void arm_lift_rfe(struct lift *l, const struct arm_insn *i)
{
    ir_ref first, after, pc, cpsr;
    uint32_t mem = arm_mem(l, 2) | MEM_ALIGN(2);

    if (!(l->mode & MODE_PRIVILEGED) || i->rn == 15) {
        arm_lift_undefined(l);
        return;
    }
    first = frame(l, i, r_get(l, i->rn), &after);
    l->several = true;
    pc = arm_ld(l, IR_I32, first, 0, mem);
    cpsr = arm_ld(l, IR_I32, first, 4, mem);
    if (i->w) {
        r_put(l, i->rn, after);
    }
    arm_lift_return(l, ir_call(l->b, HELP_RFE, ir_un(l->b, IR_ZEXT, IR_I64, pc),
                               ir_un(l->b, IR_ZEXT, IR_I64, cpsr), IR_ABSENT));
}
