/* SPDX-License-Identifier: GPL-2.0-or-later
 * generate_flags: random operations on condition flags, for generate.c.
 */
#include "maker.h"

static enum ir_type integer(struct maker *m)
{
    return maker_chance(m, 50) ? IR_I64 : IR_I32;
}

/* Operands whose flags differ in more than chance would have it. */
static ir_ref second(struct maker *m, enum ir_type t, ir_ref a)
{
    return maker_chance(m, 15) ? a : maker_pick(m, t);
}

static ir_ref with_carry(struct maker *m, enum ir_opcode op)
{
    enum ir_type t = integer(m);
    ir_ref c = maker_pick(m, IR_FLAGS), a = maker_pick(m, t), b = second(m, t, a);

    return maker_add(m, maker_op(op, t, a, b, c));
}

ir_ref maker_flags(struct maker *m)
{
    enum ir_type t = integer(m);
    ir_ref a;

    switch (maker_roll(m, 8)) {
    case 0:
        return maker_add(m,
                         maker_op(IR_FUNPACK, IR_I64, maker_pick(m, IR_I64), IR_ABSENT, IR_ABSENT));
    case 1: return maker_add(m, maker_op(IR_LOGICF, t, maker_pick(m, t), IR_ABSENT, IR_ABSENT));
    case 2: return with_carry(m, maker_chance(m, 50) ? IR_ADCF : IR_SBBF);
    case 3: return with_carry(m, (enum ir_opcode)(IR_SHLF + maker_roll(m, 3)));
    default: break;
    }
    a = maker_pick(m, t);
    if (maker_chance(m, 40)) {
        return maker_add(m,
                         maker_imm(maker_chance(m, 50) ? IR_ADDF : IR_SUBF,
                                   (enum ir_type)(t | IR_IMM), a, IR_ABSENT, maker_number(m, t)));
    }
    return maker_add(
        m, maker_op(maker_chance(m, 50) ? IR_ADDF : IR_SUBF, t, a, second(m, t, a), IR_ABSENT));
}

void maker_flags_op(struct maker *m)
{
    struct ir_op o;
    enum ir_type t;
    ir_ref f, a, b;

    switch (maker_roll(m, 8)) {
    case 0:
    case 1: (void)maker_flags(m); return;
    case 2:
        (void)maker_add(m,
                        maker_op(IR_FPACK, IR_I64, maker_pick(m, IR_FLAGS), IR_ABSENT, IR_ABSENT));
        return;
    case 3: (void)with_carry(m, maker_chance(m, 50) ? IR_ADC : IR_SBB); return;
    default: break;
    }
    t = integer(m);
    a = maker_pick(m, t);
    b = maker_pick(m, t);
    f = maker_pick(m, IR_FLAGS);
    o = maker_op(IR_FCOND, IR_I64, f, IR_ABSENT, IR_ABSENT);
    o.attr = (uint8_t)maker_roll(m, 16);
    f = maker_add(m, o);
    if (maker_chance(m, 40)) {
        (void)maker_add(m, maker_op(IR_SELECT, t, a, b, f));
    }
}
