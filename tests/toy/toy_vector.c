/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_vector: two registers of 16 bytes, whose bytes in memory are in the processor's order, which is
 * big-endian as everything of it.
 */
#include "toy_parts.h"

static uint32_t slot(unsigned v)
{
    return (uint32_t)(offsetof(struct toy, v) + (v & 1) * sizeof(((struct toy *)NULL)->v[0]));
}

static ir_ref get(struct lift *l, unsigned v)
{
    return ir_get(l->b, IR_V128, slot(v));
}

static ir_ref by_lanes(struct lift *l, enum ir_opcode op, unsigned lane, ir_ref x, ir_ref y)
{
    return ir_emit(
        l->b,
        (struct ir_op){.op = (uint8_t)op, .type = IR_V128, .attr = (uint8_t)lane, .a = x, .b = y});
}

static void vector_lift(struct lift *l, uint8_t op)
{
    struct ir_build *b = l->b;
    unsigned d = l->bytes[1], s = l->bytes[2];
    ir_ref value;

    switch (op) {
    case TOY_VLD: value = ir_ld(b, IR_V128, toy_address(l, s), 0, 4 | MEM_BIG); break;
    case TOY_VST: ir_st(b, IR_V128, toy_address(l, s), 0, get(l, d), 4 | MEM_BIG); return;
    case TOY_VADDB: value = by_lanes(l, IR_VADD, 0, get(l, d), get(l, s)); break;
    case TOY_VSATH: value = by_lanes(l, IR_VSUBSS, 1, get(l, d), get(l, s)); break;
    case TOY_VMULW: value = by_lanes(l, IR_VMUL, 2, get(l, d), get(l, s)); break;
    case TOY_VZIP: value = by_lanes(l, IR_VZIPLO, 0, get(l, d), get(l, s)); break;
    case TOY_VDUP: value = by_lanes(l, IR_VDUP, 2, toy_address(l, s), IR_ABSENT); break;
    default: /* TOY_VSUM: the masks of the sign bits */
        value = by_lanes(l, IR_VMOVMSK, 0, get(l, s), IR_ABSENT);
        b->ops[value].type = IR_I64;
        toy_set_reg(l, d, ir_un(b, IR_TRUNC, IR_I32, value));
        return;
    }
    ir_put(b, IR_V128, slot(d), value);
}

static void vector_random(struct toy_assembler *a, uint8_t op, uint64_t x)
{
    unsigned s = x >> 16 & 7;

    if (op == TOY_VLD || op == TOY_VST) { /* code, too, and across pages */
        toy_ldi(a, s, (uint32_t)(TOY_RAM + (x >> 24) % 0x14000));
    }
    toy_op2(a, op, x >> 8 & 7, s);
}

static const uint8_t vector_lengths[] = {3, 3, 3, 3, 3, 3, 3, 3};

const struct toy_family toy_vector_family = {.lengths = vector_lengths,
                                             .count = ARRAY_LEN(vector_lengths),
                                             .lift = vector_lift,
                                             .random = vector_random};
