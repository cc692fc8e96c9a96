/* SPDX-License-Identifier: GPL-2.0-or-later
 * ops: ops.def as data, for the checker, the printer and whoever else follows the table.
 */
#include "ir/build.h"

enum {
    TYPES_NONE = 1 << IR_NONE,
    TYPES_I32 = 1 << IR_I32,
    TYPES_I64 = 1 << IR_I64,
    TYPES_INT = TYPES_I32 | TYPES_I64,
    TYPES_FP = 1 << IR_F32 | 1 << IR_F64,
    TYPES_V128 = 1 << IR_V128,
    TYPES_ANY = TYPES_INT | TYPES_FP | TYPES_V128
};

const struct ir_op_info ir_op_info[IR_OPCODE_COUNT] = {
#define IR_OP(NAME, TEXT, T, RESULT, A, B, C, IMM, ATTR, EFFECTS, MEANING)                         \
    [IR_##NAME] = {.name = (TEXT),                                                                 \
                   .types = TYPES_##T,                                                             \
                   .result = K_##RESULT,                                                           \
                   .a = K_##A,                                                                     \
                   .b = K_##B,                                                                     \
                   .c = K_##C,                                                                     \
                   .imm = IMM_##IMM,                                                               \
                   .attr = ATTR_##ATTR,                                                            \
                   .effects = (EFFECTS),                                                           \
                   .meaning = (MEANING)},
#include "ir/ops.def"
#undef IR_OP
};

#define HAS(kind) ((kind) != K_NONE)
#define IS_IMM(imm)                                                                                \
    ((imm) == IMM_CONST || (imm) == IMM_SLOT || (imm) == IMM_DISP || (imm) == IMM_PC ||            \
     (imm) == IMM_N)
const uint8_t ir_op_form[IR_OPCODE_COUNT] = {
#define IR_OP(NAME, TEXT, T, RESULT, A, B, C, IMM, ATTR, EFFECTS, MEANING)                         \
    [IR_##NAME] =                                                                                  \
        (HAS(K_##A) ? FORM_A : 0) | (HAS(K_##B) ? FORM_B : 0) | (HAS(K_##C) ? FORM_C : 0) |        \
        (IMM_##IMM == IMM_X || IMM_##IMM == IMM_MEM || IMM_##IMM == IMM_HELPER ? FORM_X : 0) |     \
        (ATTR_##ATTR != ATTR_NONE ? FORM_ATTR : 0) | (IS_IMM(IMM_##IMM) ? FORM_IMM : 0) |          \
        (IMM_##IMM == IMM_CONST ? FORM_CONST : 0) | (((EFFECTS) & ~E_GET) == 0 ? FORM_GONE : 0),
#include "ir/ops.def"
#undef IR_OP
};

bool ir_slots_touch(const struct ir_slots slots[IR_SLOTS_MAX], uint32_t first, uint32_t end)
{
    bool any = true;

    for (unsigned i = 0; i < IR_SLOTS_MAX; i++) {
        if (slots[i].end != 0) {
            any = false;
            if (slots[i].first < end && first < slots[i].end) {
                return true;
            }
        }
    }
    return any;
}

enum ir_type ir_result_type(const struct ir_op *op)
{
    switch ((enum ir_operand_kind)ir_op_info[op->op].result) {
    case K_T:
    case K_R: return (enum ir_type)(op->type & IR_TYPE_MASK);
    case K_I64: return IR_I64;
    case K_I32: return IR_I32;
    case K_FLAGS: return IR_FLAGS;
    case K_V128: return IR_V128;
    case K_NONE:
    case K_X:
    case K_ADDRESS: break;
    }
    return IR_NONE;
}
