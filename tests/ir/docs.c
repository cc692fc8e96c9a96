/* SPDX-License-Identifier: GPL-2.0-or-later
 * docs: the table of operations in docs/ir.md is made from ops.def: this prints it, or says whether
 * the file holds just this table between its two marks, and whether every block of IR in it is one.
 *
 *   ir-docs --print          the table
 *   ir-docs docs/ir.md       0 if it is there
 */
#include "ir/ir.h"

#include <stdio.h>
#include <stdlib.h>

static const char begin[] = "<!-- operations: made by ir-docs --print -->\n";
static const char end[] = "<!-- operations end -->\n";

static const char *types_text(uint8_t types)
{
    switch (types) {
    case 1 << IR_NONE: return "";
    case 1 << IR_I32: return "i32";
    case 1 << IR_I64: return "i64";
    case 1 << IR_I32 | 1 << IR_I64: return "i32 i64";
    case 1 << IR_F32 | 1 << IR_F64: return "f32 f64";
    case 1 << IR_V128: return "v128";
    default: return "all but flags";
    }
}

static const char *operand_text(uint8_t kind)
{
    static const char *const words[] = {
        [K_NONE] = "",     [K_T] = "T",         [K_R] = "T or imm",
        [K_I64] = "i64",   [K_I32] = "i32",     [K_FLAGS] = "flags",
        [K_V128] = "v128", [K_X] = "see right", [K_ADDRESS] = "address"};

    return words[kind];
}

static void add_row(const struct ir_op_info *o, struct text *out)
{
    static const char *const attributes[] = {
        [ATTR_NONE] = "", [ATTR_RMW] = "kind",  [ATTR_CC] = "cc",
        [ATTR_FP] = "fp", [ATTR_LANE] = "lane", [ATTR_EXIT] = "exit"};
    static const char *const effects[] = {"get",   "put",  "load", "store",
                                          "fault", "exit", "fp",   "call"};
    unsigned written = 0;

    text_add(out, "| %s | %s | %s |", o->name, types_text(o->types), operand_text(o->result));
    text_add(out, " %s | %s | %s |", operand_text(o->a), operand_text(o->b), operand_text(o->c));
    text_add(out, " %s |", attributes[o->attr]);
    for (unsigned i = 0; i < ARRAY_LEN(effects); i++) {
        if (o->effects >> i & 1) {
            text_add(out, "%s %s", written++ != 0 ? "," : "", effects[i]);
        }
    }
    text_add(out, " |");
    text_add(out, " ");
    for (const char *s = o->meaning; *s != '\0'; s++) {
        text_add(out, *s == '|' ? "\\%c" : "%c", *s);
    }
    text_add(out, " |\n");
}

/* Each part between ```ir and ``` parses and passes the checker. */
static bool examples_hold(const char *text)
{
    static const char fence[] = "```ir\n";
    bool hold = true;

    while ((text = strstr(text, fence)) != NULL) {
        const char *first = text + strlen(fence), *last = strstr(first, "```");
        struct text example = {0};
        struct error e;

        text = first;
        if (last == NULL) {
            printf("an example has no end\n");
            return false;
        }
        text_add_bytes(&example, first, (size_t)(last - first));
        struct ir_block *b = ir_parse(example.data, NULL, 0, &e);
        if (b == NULL || ir_check(b, 1024, &e) < 0) {
            printf("%s\n%s\n", e.text, example.data);
            hold = false;
        }
        free(b);
        text_fini(&example);
        text = last + 3;
    }
    return hold;
}

int main(int argc, char **argv)
{
    struct text table = {0};

    text_add(&table, "%s", begin);
    text_add(&table, "| operation | T | gives | a | b | c | attribute | effects | meaning |\n");
    text_add(&table, "|---|---|---|---|---|---|---|---|---|\n");
    for (unsigned i = 0; i < IR_OPCODE_COUNT; i++) {
        add_row(&ir_op_info[i], &table);
    }
    text_add(&table, "%s", end);
    if (argc != 2) {
        fprintf(stderr, "usage: ir-docs --print | FILE\n");
        return 2;
    }
    if (strcmp(argv[1], "--print") == 0) {
        printf("%s", table.data);
        return 0;
    }
    struct text file = {0};
    char piece[4096];
    size_t count;
    FILE *in = fopen(argv[1], "r");

    if (in == NULL) {
        perror(argv[1]);
        return 2;
    }
    while ((count = fread(piece, 1, sizeof(piece), in)) != 0) {
        text_add_bytes(&file, piece, count);
    }
    fclose(in);
    bool is_there = file.data != NULL && strstr(file.data, table.data) != NULL;
    if (!is_there) {
        printf("%s does not hold the table of operations as ops.def has it\n", argv[1]);
    }
    bool good = is_there && examples_hold(file.data);
    text_fini(&file);
    text_fini(&table);
    return !good;
}
