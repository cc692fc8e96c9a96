/* SPDX-License-Identifier: GPL-2.0-or-later
 * print: the text form of blocks; parse.c reads it back to the same bytes. The grammar is in
 * docs/ir.md. A block that check.c would refuse is still printed, as far as it has words.
 */
#include "ir/build.h"
#include "ir/words.h"

#include <inttypes.h>

/* Items of a line are separated by commas. */
struct line {
    struct text *out;
    bool any; /* an item was written */
};

static void item(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void item(struct line *l, const char *format, ...)
{
    va_list args;

    text_add(l->out, "%s", l->any ? ", " : " ");
    l->any = true;
    va_start(args, format);
    text_add_v(l->out, format, args);
    va_end(args);
}

static void word(struct line *l, const char *const words[], unsigned i)
{
    if (i < ir_word_count(words)) {
        item(l, "%s", words[i]);
    } else {
        item(l, "?%u", i);
    }
}

static void print_ref(struct line *l, ir_ref value)
{
    if (value == IR_ABSENT) {
        item(l, "-");
    } else {
        item(l, "v%u", value);
    }
}

/* Absent operands of a call are only written before present ones. */
static void print_call(struct line *l, const struct ir_block *b, const struct ir_op *o)
{
    const ir_ref operands[3] = {o->a, o->b, o->c};
    unsigned count = 3;

    if (o->x < b->helper_count) {
        item(l, "%s", b->helpers[o->x].name);
    } else {
        item(l, "#%" PRIu32, o->x);
    }
    while (count > 0 && operands[count - 1] == IR_ABSENT) {
        count--;
    }
    for (unsigned i = 0; i < count; i++) {
        print_ref(l, operands[i]);
    }
}

static void print_operands(struct line *l, const struct ir_op *o)
{
    const struct ir_op_info *info = &ir_op_info[o->op];

    if (info->a != K_NONE) {
        print_ref(l, o->a);
    }
    if (info->b == K_R && (o->type & IR_IMM)) {
        item(l, "0x%" PRIx64, o->imm);
    } else if (info->b != K_NONE) {
        print_ref(l, o->b);
    }
    if (info->c != K_NONE) {
        print_ref(l, o->c);
    }
}

static void print_n(struct line *l, const struct ir_op *o)
{
    if (o->op == IR_EXTRACT || o->op == IR_SEXTRACT) {
        item(l, "%u", (unsigned)(o->imm & 0xff));
        item(l, "%" PRIu64, o->imm >> 8);
    } else {
        item(l, "%" PRIu64, o->imm);
    }
}

static void print_vector_fp(struct line *l, const struct ir_op *o)
{
    unsigned number = IR_VF_NUMBER(o->x);

    item(l, "x%u", 1u << (IR_VF_LANE(o->x) & 7));
    switch (o->op) {
    case IR_VFMIN:
    case IR_VFMAX: word(l, ir_word_fminmax, number); break;
    case IR_VFCMP: word(l, ir_word_fcmp, number); break;
    case IR_VFROUND: item(l, "%u", number); break;
    case IR_VFCVT_FI:
    case IR_VFCVT_IF:
        item(l, "%s", number & 1 ? IR_WORD_SIGNED : IR_WORD_UNSIGNED);
        if (o->op == IR_VFCVT_FI) {
            word(l, ir_word_int_rule, number >> 1);
        }
        break;
    default: break;
    }
}

static void print_x(struct line *l, const struct ir_op *o)
{
    switch (o->op) {
    case IR_DEPOSIT:
        item(l, "%u", o->x & 0xff);
        item(l, "%u", o->x >> 8);
        break;
    case IR_FMIN:
    case IR_FMAX: word(l, ir_word_fminmax, o->x); break;
    case IR_FCMP: word(l, ir_word_fcmp, o->x); break;
    case IR_FCVT_IF:
    case IR_FCVT_FI:
        word(l, ir_word_type, o->x & 0xf);
        item(l, "%s", o->x & 0x10 ? IR_WORD_SIGNED : IR_WORD_UNSIGNED);
        word(l, ir_word_int_rule, o->x >> 5);
        break;
    case IR_VSET:
    case IR_FROUND:
    case IR_VEXT: item(l, "%" PRIu32, o->x); break;
    default: print_vector_fp(l, o); break;
    }
}

static void print_mem(struct line *l, uint32_t mem)
{
    unsigned align = MEM_ALIGN_LOG2(mem);

    item(l, "%c%u", mem & MEM_SIGNED ? 's' : 'u', MEM_SIZE(mem));
    if (mem & MEM_BIG) {
        item(l, IR_WORD_BIG);
    }
    if (align != 0 && align == (mem & MEM_SIZE_LOG2)) {
        item(l, IR_WORD_ALIGNED);
    } else if (align != 0) {
        word(l, ir_word_align, align);
    }
    if (MEM_AS(mem) != AS_CURRENT) {
        word(l, ir_word_as, MEM_AS(mem));
    }
    if (mem & MEM_32) {
        item(l, IR_WORD_32);
    }
    if (mem & MEM_UNTAG) {
        item(l, IR_WORD_UNTAG);
    }
    if (mem & MEM_FOR_WRITE) {
        item(l, IR_WORD_FOR_WRITE);
    }
}

static void print_imm(struct line *l, const struct ir_op *o)
{
    switch ((enum ir_imm_kind)ir_op_info[o->op].imm) {
    case IMM_CONST:
    case IMM_PC: item(l, "0x%" PRIx64, o->imm); break;
    case IMM_SLOT: item(l, "@%" PRIu64, o->imm); break;
    case IMM_DISP:
        item(l, "%" PRId32, o->disp);
        print_mem(l, o->mem);
        break;
    case IMM_MEM:
        if (o->op == IR_RMW) {
            word(l, ir_word_rmw, o->attr);
        }
        print_mem(l, o->mem);
        break;
    case IMM_N: print_n(l, o); break;
    case IMM_X: print_x(l, o); break;
    case IMM_NONE:
    case IMM_HELPER: break;
    }
}

static void print_fp(struct line *l, uint8_t attr)
{
    word(l, ir_word_rounding, attr & 7);
    word(l, ir_word_nan, attr >> 3 & 3);
    if (attr & IR_FP_TINY_BEFORE) {
        item(l, IR_WORD_TINY_BEFORE);
    }
    if (attr & IR_FP_FLUSH_INPUTS) {
        item(l, IR_WORD_FLUSH_INPUTS);
    }
    if (attr & IR_FP_FLUSH_OUTPUT) {
        item(l, IR_WORD_FLUSH_OUTPUT);
    }
}

static void print_exit(struct line *l, const struct ir_block *b, const struct ir_op *o)
{
    unsigned mode = IR_EXIT_MODE(o->attr);

    if (o->attr & IR_EXIT_LOOK) {
        item(l, IR_WORD_LOOK);
    }
    if (o->attr & IR_EXIT_YIELD) {
        item(l, IR_WORD_YIELD);
    }
    if (o->attr & IR_EXIT_ASK) {
        item(l, IR_WORD_ASK);
    }
    if (mode != 0 && mode < b->mode_count) {
        item(l, IR_WORD_MODE "0x%" PRIx32, b->modes[mode]);
    } else if (mode != 0) {
        item(l, "?%u", mode);
    }
}

static void print_attr(struct line *l, const struct ir_block *b, const struct ir_op *o)
{
    switch ((enum ir_attr_kind)ir_op_info[o->op].attr) {
    case ATTR_NONE:
    case ATTR_RMW: break; /* said already */
    case ATTR_CC: word(l, ir_word_cc, o->attr); break;
    case ATTR_FP: print_fp(l, o->attr); break;
    case ATTR_LANE: item(l, "x%u", 1u << (o->attr & 7)); break;
    case ATTR_EXIT: print_exit(l, b, o); break;
    }
}

static void print_op(const struct ir_block *b, uint32_t i, struct text *out)
{
    const struct ir_op *o = &b->ops[i];
    struct line l = {.out = out};
    unsigned type = o->type & IR_TYPE_MASK;

    text_add(out, "  ");
    if (o->op >= IR_OPCODE_COUNT) {
        text_add(out, "?%u\n", o->op);
        return;
    }
    if (ir_result_type(o) != IR_NONE) {
        text_add(out, "v%" PRIu32 " = ", i);
    }
    text_add(out, "%s", ir_op_info[o->op].name);
    if (type != IR_NONE) {
        text_add(out, ".%s", type < IR_TYPE_COUNT ? ir_word_type[type] : "?");
    }
    if (o->op == IR_CALL) {
        print_call(&l, b, o);
    } else {
        print_operands(&l, o);
        print_imm(&l, o);
    }
    print_attr(&l, b, o);
    text_add(out, "\n");
}

void ir_print(const struct ir_block *b, struct text *out)
{
    uint32_t op = 0;

    text_add(out, "block 0x%" PRIx64 "\n", b->pc);
    for (uint32_t i = 0; i < b->insn_count; i++) {
        uint32_t end = i + 1 < b->insn_count ? b->insns[i + 1].first_op : b->op_count;

        text_add(out, "insn 0x%x %u\n", b->insns[i].pc_offset, b->insns[i].length);
        for (; op < end && op < b->op_count; op++) {
            print_op(b, op, out);
        }
    }
}
