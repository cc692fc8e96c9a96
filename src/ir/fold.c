/* SPDX-License-Identifier: GPL-2.0-or-later
 * fold: the integer half of the builder. Constants are computed at once, a constant second operand
 * becomes an immediate, and what arithmetic makes trivial is not emitted. Only pure operations are
 * ever left out.
 */
#include "ir/build.h"
#include "ir/eval.h"

/* Constants are looked for this far back before another is made. */
enum { CONST_REACH = 32 };

ir_ref ir_const(struct ir_build *b, enum ir_type t, uint64_t value)
{
    value &= eval_mask(ir_type_width(t));
    for (uint32_t i = b->op_count; i-- > b->const_floor && b->op_count - i <= CONST_REACH;) {
        if (b->ops[i].op == IR_CONST && b->ops[i].type == t && b->ops[i].imm == value) {
            return (ir_ref)i;
        }
    }
    return ir_emit(b, (struct ir_op){.op = IR_CONST, .type = (uint8_t)t, .imm = value});
}

static bool is_commutative(enum ir_opcode op)
{
    switch ((unsigned)op) {
    case IR_ADD:
    case IR_MUL:
    case IR_MULHU:
    case IR_MULHS:
    case IR_AND:
    case IR_OR:
    case IR_XOR:
    case IR_EQ:
    case IR_NE:
    case IR_MINU:
    case IR_MAXU:
    case IR_MINS:
    case IR_MAXS:
    case IR_ADDF: return true;
    default: return false;
    }
}

static enum ir_type result_type(enum ir_opcode op, enum ir_type t)
{
    struct ir_op o = {.op = (uint8_t)op, .type = (uint8_t)t};

    return ir_result_type(&o);
}

/* x op x; absent if that is nothing simple. */
static ir_ref fold_same(struct ir_build *b, enum ir_opcode op, enum ir_type t, ir_ref x)
{
    switch ((unsigned)op) {
    case IR_SUB:
    case IR_XOR:
    case IR_ANDN: return ir_const(b, t, 0);
    case IR_ORN: return ir_const(b, t, UINT64_MAX);
    case IR_AND:
    case IR_OR:
    case IR_MINU:
    case IR_MAXU:
    case IR_MINS:
    case IR_MAXS: return x;
    case IR_EQ:
    case IR_LEU:
    case IR_LES: return ir_const(b, IR_I64, 1);
    case IR_NE:
    case IR_LTU:
    case IR_LTS: return ir_const(b, IR_I64, 0);
    default: return IR_ABSENT;
    }
}

/* x op imm where imm is the operation's neutral or absorbing element; absent if it is neither. */
static ir_ref fold_neutral(struct ir_build *b, enum ir_opcode op, enum ir_type t, ir_ref x,
                           uint64_t imm)
{
    uint64_t ones = eval_mask(ir_type_width(t));

    switch ((unsigned)op) {
    case IR_ADD:
    case IR_SUB:
    case IR_XOR:
    case IR_ANDN: return imm == 0 ? x : IR_ABSENT;
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
    case IR_ROTL:
    case IR_ROTR: return imm % ir_type_width(t) == 0 ? x : IR_ABSENT;
    case IR_OR:
        if (imm == ones) {
            return ir_const(b, t, ones);
        }
        return imm == 0 ? x : IR_ABSENT;
    case IR_AND:
        if (imm == 0) {
            return ir_const(b, t, 0);
        }
        return imm == ones ? x : IR_ABSENT;
    case IR_MUL:
        if (imm == 0) {
            return ir_const(b, t, 0);
        }
        return imm == 1 ? x : IR_ABSENT;
    case IR_LTU: return imm == 0 ? ir_const(b, IR_I64, 0) : IR_ABSENT;
    default: return IR_ABSENT;
    }
}

/* x op imm as another operation that code generators like better. */
static ir_ref fold_other(struct ir_build *b, enum ir_opcode op, enum ir_type t, ir_ref x,
                         uint64_t imm)
{
    const struct ir_op *o = ir_maker(b, x);
    uint64_t ones = eval_mask(ir_type_width(t));

    switch ((unsigned)op) {
    case IR_SUB: return ir_bini(b, IR_ADD, t, x, -imm & ones);
    case IR_ANDN: return ir_bini(b, IR_AND, t, x, ~imm & ones);
    case IR_ORN: return ir_bini(b, IR_OR, t, x, ~imm & ones);
    case IR_MUL:
        if (is_pow2(imm)) {
            return ir_bini(b, IR_SHL, t, x, (unsigned)__builtin_ctzll(imm));
        }
        break;
    case IR_ADD:
        if (o != NULL && o->op == IR_ADD && o->type == (t | IR_IMM)) {
            return ir_bini(b, IR_ADD, t, o->a, (o->imm + imm) & ones);
        }
        break;
    case IR_XOR:
        if (o != NULL && o->op == IR_XOR && o->type == (t | IR_IMM)) {
            return ir_bini(b, IR_XOR, t, o->a, o->imm ^ imm);
        }
        break;
    default: break;
    }
    return IR_ABSENT;
}

ir_ref ir_bini(struct ir_build *b, enum ir_opcode op, enum ir_type t, ir_ref x, uint64_t imm)
{
    uint64_t value;
    ir_ref folded;
    enum ir_type result = result_type(op, t);

    imm &= eval_mask(ir_type_width(t));
    if (ir_op_info[op].b != K_R) {
        return ir_emit(
            b, (struct ir_op){
                   .op = (uint8_t)op, .type = (uint8_t)t, .a = x, .b = ir_const(b, t, imm)});
    }
    if (result != IR_FLAGS && ir_is_const(b, x, &value)) {
        return ir_const(b, result, eval_2(op, ir_type_width(t), value, imm));
    }
    folded = fold_neutral(b, op, t, x, imm);
    if (folded == IR_ABSENT) {
        folded = fold_other(b, op, t, x, imm);
    }
    if (folded != IR_ABSENT) {
        return folded;
    }
    return ir_emit(
        b, (struct ir_op){.op = (uint8_t)op, .type = (uint8_t)(t | IR_IMM), .a = x, .imm = imm});
}

ir_ref ir_bin(struct ir_build *b, enum ir_opcode op, enum ir_type t, ir_ref x, ir_ref y)
{
    uint64_t value;
    ir_ref folded = IR_ABSENT;

    if (ir_op_info[op].b == K_R) {
        if (ir_is_const(b, y, &value)) {
            return ir_bini(b, op, t, x, value);
        }
        if (is_commutative(op) && ir_is_const(b, x, &value)) {
            return ir_bini(b, op, t, y, value);
        }
        if (x == y) {
            folded = fold_same(b, op, t, x);
        }
    }
    if (folded != IR_ABSENT) {
        return folded;
    }
    return ir_emit(b, (struct ir_op){.op = (uint8_t)op, .type = (uint8_t)t, .a = x, .b = y});
}

/* A change of width of something that was made by one. */
static ir_ref fold_width(struct ir_build *b, enum ir_opcode op, const struct ir_op *o)
{
    bool is_low_part =
        (o->op == IR_EXTRACT || o->op == IR_SEXTRACT) && (o->imm & 0xff) == 0 && o->imm >> 8 >= 32;

    if (op == IR_TRUNC && (o->op == IR_ZEXT || o->op == IR_SEXT)) {
        return o->a;
    }
    if (op == IR_TRUNC && is_low_part) {
        return ir_un(b, IR_TRUNC, IR_I32, o->a);
    }
    if (op == IR_SEXT && o->op == IR_TRUNC) {
        return ir_sextract(b, IR_I64, o->a, 0, 32);
    }
    if (op == IR_ZEXT && o->op == IR_TRUNC) {
        return ir_extract(b, IR_I64, o->a, 0, 32);
    }
    return IR_ABSENT;
}

ir_ref ir_un(struct ir_build *b, enum ir_opcode op, enum ir_type t, ir_ref x)
{
    const struct ir_op *o = ir_maker(b, x);
    bool folds = op == IR_ZEXT || op == IR_SEXT || op == IR_TRUNC;
    ir_ref folded = IR_ABSENT;

    if (op == IR_FUNPACK && o != NULL && o->op == IR_FPACK) {
        return o->a;
    }
    if (o != NULL && o->op == IR_CONST) {
        if (folds || op == IR_CLZ || op == IR_CTZ || op == IR_POPCNT || op == IR_BSWAP) {
            return ir_const(b, result_type(op, t), eval_1(op, ir_type_width(t), o->imm, 0));
        }
    } else if (o != NULL && folds) {
        folded = fold_width(b, op, o);
    }
    if (folded != IR_ABSENT) {
        return folded;
    }
    return ir_emit(b, (struct ir_op){.op = (uint8_t)op, .type = (uint8_t)t, .a = x});
}

static ir_ref emit_part(struct ir_build *b, enum ir_opcode op, enum ir_type t, ir_ref x,
                        unsigned pos, unsigned len)
{
    unsigned width = ir_type_width(t);
    uint64_t value;

    must(len >= 1 && pos + len <= width);
    if (len == width) {
        return x;
    }
    if (ir_is_const(b, x, &value)) {
        return ir_const(b, t, eval_1(op, width, value, pos | (uint64_t)len << 8));
    }
    return ir_emit(
        b, (struct ir_op){
               .op = (uint8_t)op, .type = (uint8_t)t, .a = x, .imm = pos | (uint64_t)len << 8});
}

ir_ref ir_extract(struct ir_build *b, enum ir_type t, ir_ref x, unsigned pos, unsigned len)
{
    return emit_part(b, IR_EXTRACT, t, x, pos, len);
}

ir_ref ir_sextract(struct ir_build *b, enum ir_type t, ir_ref x, unsigned pos, unsigned len)
{
    return emit_part(b, IR_SEXTRACT, t, x, pos, len);
}

ir_ref ir_deposit(struct ir_build *b, enum ir_type t, ir_ref x, ir_ref y, unsigned pos,
                  unsigned len)
{
    unsigned width = ir_type_width(t);
    uint32_t pos_len = pos | len << 8;
    uint64_t p, q;

    must(len >= 1 && pos + len <= width);
    if (len == width) {
        return y;
    }
    if (ir_is_const(b, x, &p) && ir_is_const(b, y, &q)) {
        return ir_const(b, t, eval_deposit(p, q, pos_len));
    }
    return ir_emit(
        b, (struct ir_op){.op = IR_DEPOSIT, .type = (uint8_t)t, .a = x, .b = y, .x = pos_len});
}

ir_ref ir_select(struct ir_build *b, enum ir_type t, ir_ref cond, ir_ref yes, ir_ref no)
{
    uint64_t value;

    if (ir_is_const(b, cond, &value)) {
        return value != 0 ? yes : no;
    }
    if (yes == no) {
        return yes;
    }
    return ir_emit(
        b, (struct ir_op){.op = IR_SELECT, .type = (uint8_t)t, .a = yes, .b = no, .c = cond});
}
