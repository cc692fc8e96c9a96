/* SPDX-License-Identifier: GPL-2.0-or-later
 * build: what the files of the builder share; private to ir/.
 */
#ifndef IR_BUILD_H
#define IR_BUILD_H

#include "ir/ir.h"

unsigned ir_type_size(unsigned type); /* bytes of a slot; 0 for none and flags */

static inline unsigned ir_type_width(unsigned type) /* of the integers: bits */
{
    return (type & IR_TYPE_MASK) == IR_I32 ? 32 : 64;
}

/* The operation that made a value; NULL for an absent or impossible reference. */
static inline const struct ir_op *ir_maker(const struct ir_build *b, ir_ref value)
{
    return value < b->op_count ? &b->ops[value] : NULL;
}

static inline bool ir_is_const(const struct ir_build *b, ir_ref value, uint64_t *out)
{
    const struct ir_op *o = ir_maker(b, value);

    if (o == NULL || o->op != IR_CONST) {
        return false;
    }
    *out = o->imm;
    return true;
}

/* What an operation has of which members: ops.def once more, for whoever asks often. */
enum {
    FORM_A = 1,
    FORM_B = 2, /* unless the type says IR_IMM */
    FORM_C = 4,
    FORM_X = 8,
    FORM_ATTR = 16,
    FORM_IMM = 32,   /* always */
    FORM_CONST = 64, /* imm is a number of the operation's type */
    FORM_GONE = 128  /* nobody misses it when its value is not used */
};
extern const uint8_t ir_op_form[IR_OPCODE_COUNT];

/* True if ir_op.imm is one 64-bit number; else c, d and x stand there. */
static inline bool ir_has_imm(const struct ir_op *op)
{
    return (ir_op_form[op->op] & FORM_IMM) != 0 || (op->type & IR_IMM) != 0;
}

static inline bool ir_has_x(const struct ir_op *op)
{
    return (ir_op_form[op->op] & FORM_X) != 0;
}

#endif
