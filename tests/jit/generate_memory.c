/* SPDX-License-Identifier: GPL-2.0-or-later
 * generate_memory: random accesses to the tiny machine's memory, of all sizes and attributes. An
 * address is a sum that mem_address() makes sense of: whole, with rubbish above 32 bits, or tagged.
 */
#include "maker.h"

static ir_ref constant(struct maker *m, uint64_t value)
{
    return maker_add(m, maker_imm(IR_CONST, IR_I64, IR_ABSENT, IR_ABSENT, value));
}

static ir_ref with(struct maker *m, enum ir_opcode op, ir_ref x, uint64_t imm)
{
    return maker_add(m, maker_imm(op, (enum ir_type)(IR_I64 | IR_IMM), x, IR_ABSENT, imm));
}

/* An i64, and what is to be added to it. */
static ir_ref new_address(struct maker *m, uint64_t *disp)
{
    static const vaddr places[] = {TINY_RAM,    TINY_RAM,       TINY_RAM, TINY_RAM,
                                   TINY_ALIAS,  TINY_READ_ONLY, TINY_ROM, TINY_NOTHING,
                                   TINY_DEVICE, TINY_DEVICE,    TINY_RAM, 0x12345000};
    vaddr base = places[maker_roll(m, maker_chance(m, 85) ? 5 : ARRAY_LEN(places))];
    unsigned mask = base == TINY_DEVICE ? 0xfff : 0x3fff;
    ir_ref x;

    *disp = maker_chance(m, 30) ? 0 : (uint64_t)(maker_roll(m, 4096)) - 2048;
    if (maker_chance(m, 2)) {
        *disp = bits_sext(chance_next(&m->rng) >> maker_roll(m, 40), 32);
    }
    if (maker_chance(m, 12)) { /* at the end of a page, or over it */
        base += 0x1000 * maker_roll(m, 6) + 0xff0 + maker_roll(m, 20);
        return constant(m, base - *disp);
    }
    x = with(m, IR_AND, maker_pick(m, IR_I64), maker_chance(m, 70) ? mask & ~7u : mask);
    return with(m, IR_ADD, x, base - (maker_chance(m, 90) ? *disp : 0));
}

/* Where it is kept as a base, another form of it may be. */
static ir_ref formed(struct maker *m, ir_ref at, uint32_t *mem, uint32_t *less)
{
    *mem = 0;
    *less = 0;
    if (maker_chance(m, 25)) {
        *mem = MEM_32;
        *less = maker_chance(m, 50) ? (uint32_t)chance_next(&m->rng) : 0;
        at = with(m, IR_ADD, at, *less);
        if (maker_chance(m, 60)) {
            at = with(m, IR_OR, at, chance_next(&m->rng) << 32);
        }
        return maker_add(m, maker_op(IR_TRUNC, IR_I32, at, IR_ABSENT, IR_ABSENT));
    }
    if (maker_chance(m, 15)) {
        *mem = MEM_UNTAG;
        return with(m, IR_XOR, at, chance_next(&m->rng) << 56);
    }
    return at;
}

/* An address, and what is to be added to it; its attributes go to *mem. */
static ir_ref address(struct maker *m, uint64_t *disp, uint32_t *mem)
{
    unsigned i = (unsigned)maker_roll(m, ARRAY_LEN(m->bases));
    uint32_t less;
    ir_ref at;

    if (m->base_count && maker_chance(m, 60)) {
        i %= m->base_count;
        *disp =
            maker_chance(m, 80) ? 8 * maker_roll(m, 16) : (uint64_t)(maker_roll(m, 4096)) - 2048;
        *disp += maker_chance(m, 10) ? maker_roll(m, 8) : 0;
        *disp = bits_sext(*disp - m->bases[i].less, 32);
        *mem = m->bases[i].mem;
        return m->bases[i].at;
    }
    at = formed(m, new_address(m, disp), mem, &less);
    if (m->base_count < ARRAY_LEN(m->bases)) {
        i = m->base_count++;
    }
    m->bases[i].at = at;
    m->bases[i].mem = *mem;
    m->bases[i].less = less;
    *disp = bits_sext(*disp - less, 32);
    return at;
}

static uint32_t mem_attr(struct maker *m, enum ir_type t, bool may_sign)
{
    unsigned most = t == IR_V128 ? 4 : t == IR_I64 || t == IR_F64 ? 3 : 2;
    unsigned rare = 1 + m->percent[MIX_MEMORY] / 2;
    bool is_int = t == IR_I32 || t == IR_I64;
    uint32_t mem = is_int && maker_chance(m, 70) ? (uint32_t)maker_roll(m, most + 1) : most;

    if (is_int && may_sign && maker_chance(m, 40)) {
        mem |= MEM_SIGNED;
    }
    if (maker_chance(m, 15)) {
        mem |= MEM_ALIGN(maker_chance(m, 60) ? mem & MEM_SIZE_LOG2 : maker_roll(m, 5));
    }
    if (maker_chance(m, rare)) {
        mem |= MEM_BIG;
    }
    if (maker_chance(m, rare / 2 + 1)) {
        mem |= (uint32_t)(AS_USER + maker_roll(m, AS_DEBUG - AS_USER)) << MEM_AS_SHIFT;
    }
    return mem;
}

static struct ir_op cas(struct maker *m, enum ir_type t, ir_ref at, uint32_t form)
{
    struct ir_op o = maker_op(IR_CAS, t, at, maker_pick(m, t), IR_ABSENT);

    o.c = maker_pick(m, t);
    o.mem = mem_attr(m, t, true) | form;
    if (MEM_ALIGN_LOG2(o.mem) < (o.mem & MEM_SIZE_LOG2)) {
        o.mem = (o.mem & ~MEM_ALIGN(7)) | MEM_ALIGN(o.mem & MEM_SIZE_LOG2);
    }
    if (maker_chance(m, 50)) { /* one that finds what it expects */
        struct ir_op before = maker_imm(IR_LD, t, at, IR_ABSENT, 0);

        before.mem = o.mem;
        o.b = maker_add(m, before);
    }
    return o;
}

/* A load, a store, and those of the other kinds that have no displacement. */
static struct ir_op access_at(struct maker *m, enum ir_type t, ir_ref at, uint64_t disp,
                              uint32_t form)
{
    unsigned kind = (unsigned)maker_roll(m, 96);
    struct ir_op o;

    if (kind < 50) {
        o = maker_imm(IR_LD, t, at, IR_ABSENT, 0);
        o.disp = (int32_t)disp;
        o.mem = mem_attr(m, t, true) | (maker_chance(m, 15) ? MEM_FOR_WRITE : 0);
    } else if (kind < 80) {
        o = maker_imm(IR_ST, t, at, maker_pick(m, t), 0);
        o.disp = (int32_t)disp;
        o.mem = mem_attr(m, t, false);
    } else if (kind < 88) {
        o = maker_op(IR_STC, t, at, maker_pick(m, t), IR_ABSENT);
        o.c = maker_pick(m, IR_I64);
        o.mem = mem_attr(m, t, false);
    } else {
        t = t == IR_I32 || t == IR_F32 ? IR_I32 : IR_I64;
        o = maker_op(IR_RMW, t, at, maker_pick(m, t), IR_ABSENT);
        o.attr = (uint8_t)maker_roll(m, 11);
        o.mem = mem_attr(m, t, true);
        if (maker_chance(m, 90)) {
            o.mem = (o.mem & ~MEM_ALIGN(7)) | MEM_ALIGN(o.mem & MEM_SIZE_LOG2);
        }
    }
    o.mem |= form;
    return o;
}

static struct ir_op call(struct maker *m)
{
    ir_ref value = maker_pick(m, IR_I64), other = maker_pick(m, IR_I64);
    struct ir_op o = maker_op(IR_CALL, IR_I64, value, other, IR_ABSENT);
    uint64_t disp;

    o.x = HELP_RAISE;
    if (maker_chance(m, 50 + m->percent[MIX_CALLS] / 2)) {
        o.a = new_address(m, &disp);
        o.b = new_address(m, &disp);
        o.x = HELP_COPY;
    }
    return o;
}

void maker_memory_op(struct maker *m)
{
    static const enum ir_type types[] = {IR_I64, IR_I64, IR_I32, IR_F64, IR_F32};
    enum ir_type t = types[maker_roll(m, ARRAY_LEN(types))];
    uint64_t disp;
    uint32_t form;
    ir_ref at;

    if (maker_chance(m, m->percent[MIX_VECTOR])) {
        t = IR_V128;
    }
    if (maker_chance(m, 2 + m->percent[MIX_CALLS] / 2)) {
        (void)maker_add(m, call(m));
        return;
    }
    at = address(m, &disp, &form);
    if (maker_chance(m, 1 + m->percent[MIX_MEMORY] / 3)) {
        (void)maker_add(m, cas(m, t, at, form));
    } else if (form == 0 && maker_chance(m, 2)) {
        (void)maker_add(m, maker_op(IR_PHYS, IR_I64, at, IR_ABSENT, IR_ABSENT));
    } else {
        (void)maker_add(m, access_at(m, t, at, disp, form));
    }
}
