/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_access: instructions whose accesses have attributes that the others do not need: displacements,
 * other alignments, tags in addresses, loads for a store, accesses as somebody else.
 */
#include "toy_parts.h"

enum { WORD = 2 | MEM_BIG };
#define AS(class) ((uint32_t)(class) << MEM_AS_SHIFT)

/* An address of 64 bits with a tag, from rd, that is nobody's business. */
static ir_ref tagged(struct lift *l, unsigned d, unsigned s)
{
    ir_ref tag = ir_un(l->b, IR_ZEXT, IR_I64, toy_reg(l, d));

    return ir_bin(l->b, IR_OR, IR_I64, ir_un(l->b, IR_ZEXT, IR_I64, toy_reg(l, s)),
                  ir_bini(l->b, IR_SHL, IR_I64, tag, 56));
}

static void lift_increment(struct lift *l, unsigned d, unsigned s)
{
    ir_ref old = ir_ld(l->b, IR_I32, toy_reg(l, s), 0, WORD | MEM_FOR_WRITE);
    ir_ref sum = ir_bini(l->b, IR_ADD, IR_I32, old, 1);

    l->several = true;
    ir_st(l->b, IR_I32, toy_reg(l, s), 0, sum, WORD);
    toy_set_reg(l, d, sum);
}

static void access_lift(struct lift *l, uint8_t op)
{
    unsigned d = l->bytes[1] & 7, s = l->bytes[2] & 7;
    struct ir_build *b = l->b;
    ir_ref at = toy_reg(l, s);

    switch (op) {
    case TOY_LDD: toy_set_reg(l, d, ir_ld(b, IR_I32, at, (int8_t)l->bytes[3], WORD)); break;
    case TOY_STD: ir_st(b, IR_I32, at, (int8_t)l->bytes[3], toy_reg(l, d), WORD); break;
    case TOY_LD2: toy_set_reg(l, d, ir_ld(b, IR_I32, at, 0, WORD | MEM_ALIGN(1))); break;
    case TOY_INC: lift_increment(l, d, s); break;
    case TOY_LDT: toy_set_reg(l, d, ir_ld(b, IR_I32, tagged(l, d, s), 4, WORD | MEM_UNTAG)); break;
    case TOY_LDU: toy_set_reg(l, d, ir_ld(b, IR_I32, at, 0, WORD | AS(AS_USER))); break;
    case TOY_STU: ir_st(b, IR_I32, at, 0, toy_reg(l, d), WORD | AS(AS_USER)); break;
    case TOY_FETU:
        toy_set_reg(l, d,
                    ir_rmw(b, IR_I32, RMW_ADD, at, toy_reg(l, d), MEM_ALIGNED(2) | AS(AS_USER)));
        break;
    default: toy_set_reg(l, d, ir_ld(b, IR_I32, at, 0, WORD | AS(AS_SYSTEM))); /* TOY_LDS */
    }
}

static const uint8_t lengths[] = {4, 4, 3, 3, 3, 3, 3, 3, 3};
const struct toy_family toy_access_family = {
    .lengths = lengths, .count = ARRAY_LEN(lengths), .lift = access_lift};
