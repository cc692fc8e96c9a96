/* SPDX-License-Identifier: GPL-2.0-or-later
 * check: whether a block keeps the rules of ir.h and ops.def. What passes can be run by every tier
 * without further questions: references, slots, numbers and attributes are all in range. Whether it
 * means what its guest instructions mean is not something that can be seen here.
 */
#include "ir/build.h"
#include "ir/words.h"

#include "base/softfloat.h"

#include <inttypes.h>

struct checker {
    const struct ir_block *b;
    size_t state_size;
    struct error *e;
    uint32_t i;        /* the operation at hand */
    uint32_t skip_end; /* of the last SKIP_IF: what it goes to */
    uint16_t
        skipped_to[IR_BLOCK_OPS_MAX]; /* where values that may be skipped over end; 0: nowhere */
};

static int wrong(const struct checker *c, const char *what)
{
    return error_set(c->e, "operation %" PRIu32 " (%s): %s", c->i,
                     ir_op_info[c->b->ops[c->i].op].name, what);
}

/* ---- operands ---- */

static enum ir_type type_of(const struct checker *c, ir_ref value)
{
    return value < c->i ? ir_result_type(&c->b->ops[value]) : IR_NONE;
}

/* The type an operand of kind X must have; IR_NONE: any that fits into 64 bits. */
static enum ir_type free_type(const struct ir_op *o)
{
    unsigned type = o->type & IR_TYPE_MASK;

    switch (o->op) {
    case IR_FCVT_FF: return type == IR_F32 ? IR_F64 : IR_F32;
    case IR_FCVT_IF:
    case IR_FCVT_FI: return (enum ir_type)(o->x & 0xf);
    case IR_FFROMI: return type == IR_F32 ? IR_I32 : IR_I64;
    case IR_FTOI: return type == IR_I32 ? IR_F32 : IR_F64;
    default: return IR_NONE;
    }
}

static int check_free(const struct checker *c, const struct ir_op *o, ir_ref value)
{
    enum ir_type type = type_of(c, value), wanted = free_type(o);

    if (o->op == IR_CALL) {
        if (value != IR_ABSENT && (type == IR_NONE || type == IR_V128 || type == IR_FLAGS)) {
            return wrong(c, "an argument is no earlier value of 64 bits");
        }
        return 0;
    }
    return type == wanted && type != IR_NONE ? 0 : wrong(c, "an operand has another type");
}

static int check_operand(const struct checker *c, const struct ir_op *o, unsigned kind,
                         ir_ref value)
{
    static const uint8_t types[] = {[K_NONE] = IR_NONE,
                                    [K_I64] = IR_I64,
                                    [K_I32] = IR_I32,
                                    [K_FLAGS] = IR_FLAGS,
                                    [K_V128] = IR_V128};
    unsigned wanted;

    if (kind == K_X) {
        return check_free(c, o, value);
    }
    if (kind == K_ADDRESS) {
        kind = (o->mem & MEM_32) && type_of(c, value) == IR_I32 ? K_I32 : K_I64;
    }
    if (kind == K_NONE) {
        return value == IR_ABSENT ? 0 : wrong(c, "it has an operand too many");
    }
    wanted = kind == K_T || kind == K_R ? o->type & IR_TYPE_MASK : types[kind];
    if (value >= c->i) {
        return wrong(c, "an operand is no earlier operation");
    }
    return type_of(c, value) == wanted ? 0 : wrong(c, "an operand has another type");
}

/* Whether the value is there, whatever was skipped over. */
static bool is_done(const struct checker *c, ir_ref value)
{
    return value >= c->i || c->skipped_to[value] == 0 || c->i < c->skipped_to[value];
}

static int check_operands(const struct checker *c, const struct ir_op *o)
{
    const struct ir_op_info *info = &ir_op_info[o->op];
    unsigned b = o->type & IR_IMM ? K_NONE : info->b;

    if (check_operand(c, o, info->a, o->a) < 0 || check_operand(c, o, b, o->b) < 0) {
        return -1;
    }
    if (!is_done(c, o->a) || !is_done(c, o->b)) {
        return wrong(c, "an operand may have been skipped over");
    }
    if (ir_has_imm(o)) {
        return 0;
    }
    if (info->c != K_NONE && !is_done(c, o->c)) {
        return wrong(c, "an operand may have been skipped over");
    }
    if (o->d != IR_ABSENT || (!ir_has_x(o) && o->x != 0)) {
        return wrong(c, "an unused member has a value");
    }
    return check_operand(c, o, info->c, o->c);
}

/* ---- numbers ---- */

static bool field_fits(const struct ir_op *o, uint64_t pos_len)
{
    uint64_t pos = pos_len & 0xff, len = pos_len >> 8;

    return len >= 1 && len <= 64 && pos + len <= ir_type_width(o->type);
}

static bool conversion_fits(const struct ir_op *o)
{
    unsigned other = o->x & 0xf;
    bool types = o->op == IR_FCVT_IF ? other == IR_I32 || other == IR_I64
                                     : other == IR_F32 || other == IR_F64;

    return types && o->x >> 5 <= FP_INT_X86;
}

static bool vector_fp_fits(const struct ir_op *o)
{
    unsigned lane = IR_VF_LANE(o->x), number = IR_VF_NUMBER(o->x), most = 0;

    switch (o->op) {
    case IR_VFMIN:
    case IR_VFMAX: most = ir_word_count(ir_word_fminmax) - 1; break;
    case IR_VFCMP: most = ir_word_count(ir_word_fcmp) - 1; break;
    case IR_VFROUND:
    case IR_VFCVT_IF: most = 1; break;
    case IR_VFCVT_FI: most = IR_VF_CVT(true, FP_INT_X86); break;
    default: break;
    }
    return (lane == 2 || lane == 3) && number <= most;
}

static bool x_fits(const struct ir_op *o)
{
    switch (o->op) {
    case IR_DEPOSIT: return field_fits(o, o->x);
    case IR_FMIN:
    case IR_FMAX: return o->x < ir_word_count(ir_word_fminmax);
    case IR_FCMP: return o->x < ir_word_count(ir_word_fcmp);
    case IR_FROUND: return o->x <= 1;
    case IR_FCVT_IF:
    case IR_FCVT_FI: return conversion_fits(o);
    case IR_VSET: return o->x < 16u >> (o->attr & 3);
    case IR_VEXT: return o->x < 17;
    default: return vector_fp_fits(o);
    }
}

static bool n_fits(const struct ir_op *o)
{
    switch (o->op) {
    case IR_EXTRACT:
    case IR_SEXTRACT: return field_fits(o, o->imm);
    case IR_VGET: return o->imm < 16u >> (o->attr & 3);
    case IR_VSHL:
    case IR_VSHR:
    case IR_VSAR: return o->imm <= UINT8_MAX;
    case IR_SKIP_IF: return o->imm < IR_BLOCK_OPS_MAX;
    default: return false;
    }
}

/* A slot lies in the state, and not on what is not kept up inside a block. */
static bool slot_fits(const struct checker *c, const struct ir_op *o)
{
    unsigned size = ir_type_size(o->type);

    return o->imm >= offsetof(struct hart, reservation) && o->imm <= c->state_size &&
           size <= c->state_size - o->imm;
}

/* Integers may be narrower in memory than in the value; the others are moved whole. */
static bool mem_fits(const struct ir_op *o)
{
    unsigned size = MEM_SIZE(o->mem), type = o->type & IR_TYPE_MASK;
    bool extends = o->op == IR_LD || o->op == IR_RMW || o->op == IR_CAS;

    if ((o->mem & ~MEM_ALL) || MEM_AS(o->mem) >= AS_DEBUG || MEM_ALIGN_LOG2(o->mem) > 5 ||
        (o->mem & (MEM_32 | MEM_UNTAG)) == (MEM_32 | MEM_UNTAG) ||
        ((o->mem & MEM_FOR_WRITE) && o->op != IR_LD)) {
        return false;
    }
    if (type != IR_I32 && type != IR_I64) {
        return size == ir_type_size(type) && !(o->mem & MEM_SIGNED);
    }
    return size <= ir_type_size(type) && (extends || !(o->mem & MEM_SIGNED));
}

static int check_imm(const struct checker *c, const struct ir_op *o)
{
    bool narrow = ir_type_width(o->type) == 32;

    switch ((enum ir_imm_kind)ir_op_info[o->op].imm) {
    case IMM_CONST:
        return narrow && o->imm > UINT32_MAX ? wrong(c, "the constant has more than 32 bits") : 0;
    case IMM_NONE:
        return (o->type & IR_IMM) && narrow && o->imm > UINT32_MAX
                   ? wrong(c, "the immediate has more than 32 bits")
                   : 0;
    case IMM_SLOT: return slot_fits(c, o) ? 0 : wrong(c, "the slot is not the state's");
    case IMM_HELPER: return o->x < c->b->helper_count ? 0 : wrong(c, "there is no such helper");
    case IMM_N: return n_fits(o) ? 0 : wrong(c, "its number is out of range");
    case IMM_X: return x_fits(o) ? 0 : wrong(c, "its number is out of range");
    case IMM_DISP:
    case IMM_MEM: return mem_fits(o) ? 0 : wrong(c, "its memory operand does not fit its type");
    case IMM_PC: break;
    }
    return 0;
}

/* ---- attributes ---- */

/* What widens needs lanes that can be twice as wide, what narrows others. */
static bool lanes_fit(const struct ir_op *o)
{
    switch (o->op) {
    case IR_VNARROW:
    case IR_VNARROWSS:
    case IR_VNARROWSU:
    case IR_VNARROWUU: return o->attr >= 1 && o->attr <= 3;
    case IR_VWIDLU:
    case IR_VWIDLS:
    case IR_VWIDHU:
    case IR_VWIDHS:
    case IR_VMULEU:
    case IR_VMULES: return o->attr <= 2;
    default: return o->attr <= 3;
    }
}

/* Each exit has one mode. */
static bool exit_fits(const struct checker *c, const struct ir_op *o)
{
    unsigned mode = IR_EXIT_MODE(o->attr);

    if (o->attr & 8 || ((o->attr & IR_EXIT_ASK) && mode != 0)) {
        return false;
    }
    if (o->op == IR_EXIT_TO_MODE) {
        return mode == 0 && !(o->attr & IR_EXIT_ASK);
    }
    return mode < c->b->mode_count;
}

static int check_attr(const struct checker *c, const struct ir_op *o)
{
    switch ((enum ir_attr_kind)ir_op_info[o->op].attr) {
    case ATTR_NONE: return o->attr == 0 ? 0 : wrong(c, "it has an attribute");
    case ATTR_RMW:
        return o->attr < ir_word_count(ir_word_rmw) ? 0 : wrong(c, "there is no such kind");
    case ATTR_CC: return o->attr <= CC_G ? 0 : wrong(c, "there is no such condition");
    case ATTR_FP:
        return (o->attr & 7) <= FP_ODD && (o->attr >> 3 & 3) <= FP_NAN_ARM
                   ? 0
                   : wrong(c, "there is no such rounding or NaN rule");
    case ATTR_LANE: return lanes_fit(o) ? 0 : wrong(c, "there are no such lanes");
    case ATTR_EXIT: return exit_fits(c, o) ? 0 : wrong(c, "there is no such exit");
    }
    return 0;
}

/* ---- operations and the block ---- */

static int check_type(const struct checker *c, const struct ir_op *o)
{
    const struct ir_op_info *info = &ir_op_info[o->op];
    unsigned type = o->type & IR_TYPE_MASK;

    if (type >= IR_TYPE_COUNT || o->type > (IR_IMM | IR_TYPE_MASK) || !(info->types >> type & 1)) {
        return wrong(c, "it has no such type");
    }
    if ((o->type & IR_IMM) && info->b != K_R) {
        return wrong(c, "it takes no immediate");
    }
    return 0;
}

/* What is skipped over is of one instruction, in the block, and no other SKIP_IF. */
static int check_skip(struct checker *c, const struct ir_op *o)
{
    uint64_t end = c->i + 1 + o->imm;

    if (c->i < c->skip_end) {
        return wrong(c, "it is skipped over by another");
    }
    if (end >= c->b->op_count) {
        return wrong(c, "it leads out of the block");
    }
    for (uint64_t k = c->i + 1; k < end; k++) {
        if (c->b->ops[k].insn != o->insn) {
            return wrong(c, "it leads over another instruction");
        }
        c->skipped_to[k] = (uint16_t)end;
    }
    c->skip_end = (uint32_t)end;
    return 0;
}

static int check_op(struct checker *c)
{
    const struct ir_op *o = &c->b->ops[c->i];
    bool is_end = ir_ends(o), is_last = c->i + 1 == c->b->op_count;

    if (check_type(c, o) < 0 || check_attr(c, o) < 0 || check_imm(c, o) < 0 ||
        check_operands(c, o) < 0) {
        return -1;
    }
    if (o->op == IR_SKIP_IF && check_skip(c, o) < 0) {
        return -1;
    }
    if (is_end != is_last && !(is_end && c->i + 1 == c->skip_end)) {
        return wrong(c, is_end ? "operations follow an exit" : "the block ends without an exit");
    }
    return 0;
}

/* Every operation is the instruction's in whose range it stands. */
static int check_insns(const struct ir_block *b, struct error *e)
{
    uint32_t op = 0;

    for (uint32_t i = 0; i < b->insn_count; i++) {
        uint32_t end = i + 1 < b->insn_count ? b->insns[i + 1].first_op : b->op_count;

        if (b->insns[i].first_op != op || end < op || end > b->op_count) {
            return error_set(e, "instruction %" PRIu32 " begins at the wrong operation", i);
        }
        for (; op < end; op++) {
            if (b->ops[op].insn != i) {
                return error_set(e, "operation %" PRIu32 " names the wrong instruction", op);
            }
        }
    }
    return 0;
}

int ir_check(const struct ir_block *b, size_t state_size, struct error *e)
{
    struct checker c = {.b = b, .state_size = state_size, .e = e};

    if (b->insn_count == 0 || b->insn_count > IR_BLOCK_INSNS_MAX) {
        return error_set(e, "the block has %" PRIu32 " instructions", b->insn_count);
    }
    if (b->op_count == 0 || b->op_count > IR_BLOCK_OPS_MAX) {
        return error_set(e, "the block has %" PRIu32 " operations", b->op_count);
    }
    if (b->mode_count < 1 || b->mode_count > IR_MODES_MAX || b->modes[0] != 0) {
        return error_set(e, "the block has %" PRIu32 " modes, the first 0x%" PRIx32, b->mode_count,
                         b->modes[0]);
    }
    for (c.i = 0; c.i < b->op_count; c.i++) {
        if (b->ops[c.i].op >= IR_OPCODE_COUNT) {
            return error_set(e, "operation %" PRIu32 " is number %u, which there is not", c.i,
                             b->ops[c.i].op);
        }
        if (check_op(&c) < 0) {
            return -1;
        }
    }
    return check_insns(b, e);
}
