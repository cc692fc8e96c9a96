/* SPDX-License-Identifier: GPL-2.0-or-later
 * parse: reads the text form of blocks, by the grammar in docs/ir.md: what print.c writes, and for
 * people also comments, blank lines, names of their own for values, and names for slots. It says
 * which line is wrong; whether the block makes sense is for check.c.
 */
#include "ir/build.h"
#include "ir/words.h"

#include <stdlib.h>

enum { LINE_MAX_BYTES = 256, ITEMS_MAX = 12, NAME_MAX_BYTES = 32, SLOTS_MAX = 256 };

struct name {
    char text[NAME_MAX_BYTES];
    uint32_t number;
};

struct parser {
    struct ir_build b;
    bool has_block;
    struct name values[IR_BLOCK_OPS_MAX];
    uint32_t value_count;
    struct name slots[SLOTS_MAX];
    uint32_t slot_count;
    /* the line at hand: an operation's items, and the next to be taken */
    char line[LINE_MAX_BYTES];
    char *items[ITEMS_MAX];
    unsigned item_count, next;
    struct error *e;
};

/* ---- words and numbers ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(const char *s)
{
    size_t length = strlen(s);

    if (length == 0 || length >= NAME_MAX_BYTES || is_digit(s[0])) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!is_name_char(s[i])) {
            return false;
        }
    }
    return true;
}

static int digit_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* Decimal or 0x..., perhaps negative (modulo 2^64). */
static bool number(const char *s, uint64_t *out)
{
    bool negative = *s == '-';
    uint64_t base = 10, value = 0;

    s += negative;
    if (s[0] == '0' && s[1] == 'x') {
        base = 16;
        s += 2;
    }
    if (*s == '\0') {
        return false;
    }
    for (; *s != '\0'; s++) {
        uint64_t digit = (uint64_t)digit_value(*s);

        if (digit >= base || value > (UINT64_MAX - digit) / base) {
            return false;
        }
        value = value * base + digit;
    }
    *out = negative ? -value : value;
    return true;
}

/* Without white space at its ends. */
static char *trimmed(char *s)
{
    size_t length;

    while (is_space(*s)) {
        s++;
    }
    length = strlen(s);
    while (length > 0 && is_space(s[length - 1])) {
        length--;
    }
    s[length] = '\0';
    return s;
}

static bool find_name(const struct name *names, uint32_t count, const char *text, uint32_t *out)
{
    for (uint32_t i = count; i-- > 0;) {
        if (strcmp(names[i].text, text) == 0) {
            *out = names[i].number;
            return true;
        }
    }
    return false;
}

static int add_name(struct parser *p, struct name *names, uint32_t *count, uint32_t room,
                    const char *text, uint32_t value)
{
    uint32_t other;

    if (!is_name(text)) {
        return error_set(p->e, "'%s' is no name", text);
    }
    if (find_name(names, *count, text, &other)) {
        return error_set(p->e, "'%s' is defined already", text);
    }
    if (*count == room) {
        return error_set(p->e, "there is no room for another name");
    }
    memcpy(names[*count].text, text, strlen(text) + 1);
    names[(*count)++].number = value;
    return 0;
}

/* ---- items ---- */

static const char *peek(const struct parser *p)
{
    return p->next < p->item_count ? p->items[p->next] : "";
}

static const char *take(struct parser *p, const char *what)
{
    if (p->next == p->item_count) {
        error_set(p->e, "%s is missing", what);
        return NULL;
    }
    return p->items[p->next++];
}

static int take_number(struct parser *p, const char *what, uint64_t max, uint64_t *out)
{
    const char *s = take(p, what);

    if (s == NULL) {
        return -1;
    }
    if (!number(s, out) || *out > max) {
        return error_set(p->e, "%s: '%s' is no such number", what, s);
    }
    return 0;
}

static int take_word(struct parser *p, const char *what, const char *const words[], uint32_t *out)
{
    const char *s = take(p, what);
    int found;

    if (s == NULL) {
        return -1;
    }
    found = ir_word_find(words, s);
    if (found < 0) {
        return error_set(p->e, "%s: '%s' is not one", what, s);
    }
    *out = (uint32_t)found;
    return 0;
}

static bool take_flag(struct parser *p, const char *flag)
{
    bool is_there = strcmp(peek(p), flag) == 0;

    p->next += is_there;
    return is_there;
}

static int take_ref(struct parser *p, bool may_be_absent, ir_ref *out)
{
    const char *s = take(p, "an operand");
    uint32_t value;

    if (s == NULL) {
        return -1;
    }
    if (may_be_absent && strcmp(s, "-") == 0) {
        *out = IR_ABSENT;
        return 0;
    }
    if (!find_name(p->values, p->value_count, s, &value)) {
        return error_set(p->e, "there is no value '%s' yet", s);
    }
    *out = (ir_ref)value;
    return 0;
}

static int take_slot(struct parser *p, uint64_t *out)
{
    const char *s = take(p, "a slot");
    uint32_t slot;

    if (s == NULL) {
        return -1;
    }
    if (s[0] != '@') {
        return error_set(p->e, "'%s' is no slot: those begin with @", s);
    }
    if (find_name(p->slots, p->slot_count, s + 1, &slot)) {
        *out = slot;
        return 0;
    }
    if (!number(s + 1, out) || *out > UINT32_MAX) {
        return error_set(p->e, "there is no slot '%s'", s);
    }
    return 0;
}

/* ---- the parts of an operation ---- */

static int parse_operands(struct parser *p, struct ir_op *o)
{
    const struct ir_op_info *info = &ir_op_info[o->op];

    if (info->a != K_NONE && take_ref(p, false, &o->a) < 0) {
        return -1;
    }
    if (info->b == K_R && (is_digit(peek(p)[0]) || peek(p)[0] == '-')) {
        o->type |= IR_IMM;
        return take_number(p, "the immediate", UINT64_MAX, &o->imm);
    }
    if (info->b != K_NONE && take_ref(p, false, &o->b) < 0) {
        return -1;
    }
    return info->c != K_NONE ? take_ref(p, false, &o->c) : 0;
}

static int parse_call(struct parser *p, struct ir_op *o)
{
    ir_ref *const operands[3] = {&o->a, &o->b, &o->c};
    const char *s = take(p, "a helper");

    if (s == NULL) {
        return -1;
    }
    for (o->x = 0; o->x < p->b.helper_count; o->x++) {
        if (strcmp(p->b.helpers[o->x].name, s) == 0) {
            break;
        }
    }
    if (o->x == p->b.helper_count) {
        return error_set(p->e, "there is no helper '%s'", s);
    }
    for (unsigned i = 0; i < 3; i++) {
        *operands[i] = IR_ABSENT;
        if (p->next < p->item_count && take_ref(p, true, operands[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

/* pos, len */
static int parse_field(struct parser *p, uint64_t *pos_len)
{
    uint64_t pos, len;

    if (take_number(p, "the position", 63, &pos) < 0 ||
        take_number(p, "the length", 64, &len) < 0) {
        return -1;
    }
    *pos_len = pos | len << 8;
    return 0;
}

static int take_sign(struct parser *p, bool *is_signed)
{
    *is_signed = take_flag(p, IR_WORD_SIGNED);
    if (!*is_signed && !take_flag(p, IR_WORD_UNSIGNED)) {
        return error_set(p->e, "it is neither signed nor unsigned");
    }
    return 0;
}

static int parse_conversion(struct parser *p, struct ir_op *o)
{
    uint32_t type = 0, rule = 0;
    bool is_signed = false;

    if (take_word(p, "the other type", ir_word_type, &type) < 0 || take_sign(p, &is_signed) < 0) {
        return -1;
    }
    if (take_word(p, "the rule for integers", ir_word_int_rule, &rule) < 0) {
        return -1;
    }
    o->x = IR_CVT(type, is_signed, rule);
    return 0;
}

static const char *const lane_words[] = {"x1", "x2", "x4", "x8", NULL};

/* IR_VF: the lanes' size, and what the operation has besides. */
static int parse_vector_fp(struct parser *p, struct ir_op *o)
{
    uint32_t lane = 0, number = 0;
    uint64_t exact = 0;
    bool is_signed = false;

    if (take_word(p, "the lanes' size", lane_words, &lane) < 0) {
        return -1;
    }
    switch (o->op) {
    case IR_VFMIN:
    case IR_VFMAX:
        if (take_word(p, "the rule", ir_word_fminmax, &number) < 0) {
            return -1;
        }
        break;
    case IR_VFCMP:
        if (take_word(p, "the comparison", ir_word_fcmp, &number) < 0) {
            return -1;
        }
        break;
    case IR_VFROUND:
        if (take_number(p, "the number", 1, &exact) < 0) {
            return -1;
        }
        number = (uint32_t)exact;
        break;
    case IR_VFCVT_IF:
    case IR_VFCVT_FI:
        if (take_sign(p, &is_signed) < 0 ||
            (o->op == IR_VFCVT_FI &&
             take_word(p, "the rule for integers", ir_word_int_rule, &number) < 0)) {
            return -1;
        }
        number = IR_VF_CVT(is_signed, number);
        break;
    default: break;
    }
    o->x = IR_VF(lane, number);
    return 0;
}

static int parse_x(struct parser *p, struct ir_op *o)
{
    uint64_t value;

    if (o->op >= IR_VFADD) {
        return parse_vector_fp(p, o);
    }

    switch (o->op) {
    case IR_DEPOSIT:
        if (parse_field(p, &value) < 0) {
            return -1;
        }
        o->x = (uint32_t)value;
        return 0;
    case IR_FMIN:
    case IR_FMAX: return take_word(p, "the rule", ir_word_fminmax, &o->x);
    case IR_FCMP: return take_word(p, "the comparison", ir_word_fcmp, &o->x);
    case IR_FCVT_IF:
    case IR_FCVT_FI: return parse_conversion(p, o);
    default:
        if (take_number(p, "the number", UINT32_MAX, &value) < 0) {
            return -1;
        }
        o->x = (uint32_t)value;
        return 0;
    }
}

/* The word's index, if the next item is one of them and not the first. */
static uint32_t take_choice(struct parser *p, const char *const words[])
{
    int found = ir_word_find(words, peek(p));

    p->next += found > 0;
    return found > 0 ? (uint32_t)found : 0;
}

static int parse_mem(struct parser *p, uint32_t *mem)
{
    static const char *const sizes[] = {"u1", "u2", "u4", "u8", "u16", ",",   ",",
                                        ",",  "s1", "s2", "s4", "s8",  "s16", NULL};

    /* The list is laid out so that an index is MEM_SIGNED and MEM_SIZE_LOG2; no item is a comma. */
    if (take_word(p, "the size", sizes, mem) < 0) {
        return -1;
    }
    *mem |= take_flag(p, IR_WORD_BIG) ? MEM_BIG : 0;
    *mem |= take_flag(p, IR_WORD_ALIGNED) ? MEM_ALIGN(*mem & MEM_SIZE_LOG2)
                                          : MEM_ALIGN(take_choice(p, ir_word_align));
    *mem |= take_choice(p, ir_word_as) << MEM_AS_SHIFT;
    *mem |= take_flag(p, IR_WORD_32) ? MEM_32 : 0;
    *mem |= take_flag(p, IR_WORD_UNTAG) ? MEM_UNTAG : 0;
    *mem |= take_flag(p, IR_WORD_FOR_WRITE) ? MEM_FOR_WRITE : 0;
    return 0;
}

static int parse_displacement(struct parser *p, int32_t *out)
{
    uint64_t value;

    if (take_number(p, "the displacement", UINT64_MAX, &value) < 0) {
        return -1;
    }
    *out = (int32_t)value;
    if ((uint64_t)(int64_t)*out != value) {
        return error_set(p->e, "the displacement has more than 32 bits");
    }
    return 0;
}

static int parse_imm(struct parser *p, struct ir_op *o)
{
    uint32_t word = 0;

    switch ((enum ir_imm_kind)ir_op_info[o->op].imm) {
    case IMM_CONST: return take_number(p, "the constant", UINT64_MAX, &o->imm);
    case IMM_PC: return take_number(p, "the address", UINT64_MAX, &o->imm);
    case IMM_DISP: return parse_displacement(p, &o->disp) < 0 ? -1 : parse_mem(p, &o->mem);
    case IMM_MEM:
        if (o->op == IR_RMW) {
            if (take_word(p, "the kind", ir_word_rmw, &word) < 0) {
                return -1;
            }
            o->attr = (uint8_t)word;
        }
        return parse_mem(p, &o->mem);
    case IMM_SLOT: return take_slot(p, &o->imm);
    case IMM_N:
        return o->op == IR_EXTRACT || o->op == IR_SEXTRACT
                   ? parse_field(p, &o->imm)
                   : take_number(p, "the number", UINT64_MAX, &o->imm);
    case IMM_X: return parse_x(p, o);
    case IMM_NONE:
    case IMM_HELPER: break;
    }
    return 0;
}

static int parse_fp(struct parser *p, uint8_t *attr)
{
    uint32_t rounding = 0, nan_rule = 0;

    if (take_word(p, "the rounding", ir_word_rounding, &rounding) < 0 ||
        take_word(p, "the NaN rule", ir_word_nan, &nan_rule) < 0) {
        return -1;
    }
    *attr = IR_FP(rounding, nan_rule);
    *attr |= take_flag(p, IR_WORD_TINY_BEFORE) ? IR_FP_TINY_BEFORE : 0;
    *attr |= take_flag(p, IR_WORD_FLUSH_INPUTS) ? IR_FP_FLUSH_INPUTS : 0;
    *attr |= take_flag(p, IR_WORD_FLUSH_OUTPUT) ? IR_FP_FLUSH_OUTPUT : 0;
    return 0;
}

static int parse_exit(struct parser *p, struct ir_op *o)
{
    uint64_t mode = 0;

    o->attr |= take_flag(p, IR_WORD_LOOK) ? IR_EXIT_LOOK : 0;
    o->attr |= take_flag(p, IR_WORD_YIELD) ? IR_EXIT_YIELD : 0;
    o->attr |= take_flag(p, IR_WORD_ASK) ? IR_EXIT_ASK : 0;
    if (strncmp(peek(p), IR_WORD_MODE, strlen(IR_WORD_MODE)) == 0) {
        if (!number(p->items[p->next] + strlen(IR_WORD_MODE), &mode) || mode > UINT32_MAX) {
            return error_set(p->e, "'%s' names no mode", peek(p));
        }
        p->next++;
    }
    ir_build_mode(&p->b, (uint32_t)mode);
    if (p->b.overflow) {
        return error_set(p->e, "the block has more than %d modes", IR_MODES_MAX);
    }
    o->attr |= IR_EXIT_IN_MODE(p->b.mode);
    return 0;
}

static int parse_attr(struct parser *p, struct ir_op *o)
{
    uint32_t word = 0;

    switch ((enum ir_attr_kind)ir_op_info[o->op].attr) {
    case ATTR_NONE:
    case ATTR_RMW: return 0; /* taken already */
    case ATTR_FP: return parse_fp(p, &o->attr);
    case ATTR_CC:
    case ATTR_LANE:
        if (ir_op_info[o->op].attr == ATTR_CC
                ? take_word(p, "the condition", ir_word_cc, &word) < 0
                : take_word(p, "the lanes' size", lane_words, &word) < 0) {
            return -1;
        }
        o->attr = (uint8_t)word;
        return 0;
    case ATTR_EXIT: return parse_exit(p, o);
    }
    return 0;
}

/* ---- lines ---- */

/* "add.i64" */
static int parse_mnemonic(struct parser *p, char *s, struct ir_op *o)
{
    char *dot = strchr(s, '.');
    int type = IR_NONE;

    if (dot != NULL) {
        *dot = '\0';
        type = ir_word_find(ir_word_type, dot + 1);
        if (type <= IR_NONE) {
            return error_set(p->e, "'%s' is no type", dot + 1);
        }
    }
    for (unsigned i = 0; i < IR_OPCODE_COUNT; i++) {
        if (strcmp(ir_op_info[i].name, s) == 0) {
            *o = (struct ir_op){.op = (uint8_t)i, .type = (uint8_t)type};
            return 0;
        }
    }
    return error_set(p->e, "there is no operation '%s'", s);
}

/* Cuts the rest of a line at its commas. */
static int split_items(struct parser *p, char *s)
{
    p->item_count = 0;
    p->next = 0;
    s = trimmed(s);
    if (*s == '\0') {
        return 0;
    }
    for (;;) {
        char *comma = strchr(s, ',');

        if (p->item_count == ITEMS_MAX) {
            return error_set(p->e, "there are too many items");
        }
        if (comma != NULL) {
            *comma = '\0';
        }
        p->items[p->item_count++] = trimmed(s);
        if (comma == NULL) {
            return 0;
        }
        s = comma + 1;
    }
}

static int parse_op(struct parser *p, const char *result, char *mnemonic, char *rest)
{
    struct ir_op o;
    ir_ref value;

    if (p->b.insn_count == 0) {
        return error_set(p->e, "an operation stands before the first insn");
    }
    if (parse_mnemonic(p, mnemonic, &o) < 0 || split_items(p, rest) < 0 ||
        (o.op == IR_CALL ? parse_call(p, &o) : parse_operands(p, &o)) < 0 || parse_imm(p, &o) < 0 ||
        parse_attr(p, &o) < 0) {
        return -1;
    }
    if (p->next != p->item_count) {
        return error_set(p->e, "'%s' is one item too many", peek(p));
    }
    if ((result != NULL) != (ir_result_type(&o) != IR_NONE)) {
        return error_set(p->e, "%s has %s result", ir_op_info[o.op].name,
                         result != NULL ? "no" : "a");
    }
    value = ir_emit(&p->b, o);
    if (p->b.overflow) {
        return error_set(p->e, "the block has more than %d operations", IR_BLOCK_OPS_MAX);
    }
    return result == NULL
               ? 0
               : add_name(p, p->values, &p->value_count, IR_BLOCK_OPS_MAX, result, value);
}

/* The first word of s ends with a NUL; returns what follows. */
static char *cut_word(char *s)
{
    while (*s != '\0' && !is_space(*s)) {
        s++;
    }
    if (*s != '\0') {
        *s++ = '\0';
    }
    return trimmed(s);
}

static int parse_block(struct parser *p, char *rest)
{
    uint64_t pc;

    if (p->has_block) {
        return error_set(p->e, "there is a block already");
    }
    if (!number(rest, &pc)) {
        return error_set(p->e, "'%s' is no address", rest);
    }
    ir_build_start(&p->b, pc, p->b.helpers, p->b.helper_count);
    p->has_block = true;
    return 0;
}

static int parse_insn(struct parser *p, char *rest)
{
    char *second = cut_word(rest);
    uint64_t offset, length;

    if (!p->has_block) {
        return error_set(p->e, "an insn stands before the block");
    }
    if (!number(rest, &offset) || !number(second, &length) || offset > UINT16_MAX ||
        length > UINT8_MAX) {
        return error_set(p->e, "an insn has an offset and a length");
    }
    ir_build_insn(&p->b, (uint32_t)offset);
    if (p->b.overflow) {
        return error_set(p->e, "the block has more than %d instructions", IR_BLOCK_INSNS_MAX);
    }
    ir_build_insn_length(&p->b, (unsigned)length);
    return 0;
}

static int parse_slot(struct parser *p, char *rest)
{
    char *second = cut_word(rest);
    uint64_t offset;

    if (!number(second, &offset) || offset > UINT32_MAX) {
        return error_set(p->e, "a slot has a name and an offset");
    }
    return add_name(p, p->slots, &p->slot_count, SLOTS_MAX, rest, (uint32_t)offset);
}

static int parse_line(struct parser *p)
{
    char *comment = strchr(p->line, '#'), *s, *rest, *equals;

    if (comment != NULL) {
        *comment = '\0';
    }
    s = trimmed(p->line);
    if (*s == '\0') {
        return 0;
    }
    equals = strchr(s, '=');
    if (equals != NULL) {
        *equals = '\0';
        rest = trimmed(equals + 1);
        equals = cut_word(rest);
        return parse_op(p, trimmed(s), rest, equals);
    }
    rest = cut_word(s);
    if (strcmp(s, "block") == 0) {
        return parse_block(p, rest);
    }
    if (strcmp(s, "insn") == 0) {
        return parse_insn(p, rest);
    }
    if (strcmp(s, "slot") == 0) {
        return parse_slot(p, rest);
    }
    return parse_op(p, NULL, s, rest);
}

static int parse_lines(struct parser *p, const char *text)
{
    for (unsigned line = 1; *text != '\0'; line++) {
        size_t length = strcspn(text, "\n");

        if (length >= sizeof(p->line)) {
            return error_set(p->e, "line %u: it is too long", line);
        }
        memcpy(p->line, text, length);
        p->line[length] = '\0';
        if (parse_line(p) < 0) {
            return error_prefix(p->e, "line %u", line);
        }
        text += length + (text[length] != '\0');
    }
    return p->has_block ? 0 : error_set(p->e, "there is no block");
}

struct ir_block *ir_parse(const char *text, const struct ir_helper *helpers, uint32_t helper_count,
                          struct error *e)
{
    struct parser *p = base_alloc(1, sizeof(*p));
    struct ir_block *block = NULL;

    p->e = e;
    p->b.helpers = helpers;
    p->b.helper_count = helper_count;
    if (parse_lines(p, text) == 0) {
        block = ir_build_finish(&p->b);
    }
    free(p);
    return block;
}
