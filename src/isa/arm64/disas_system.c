/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas_system: system registers, operations, hints and barriers as text.
 */
#include "isa/arm64/disas.h"

/* Registers and numbers with what stands before them. */
static void put_name(struct text *out, const char *name)
{
    text_add(out, "%s\t", name);
}

static void put_comma(struct text *out)
{
    text_add(out, ", ");
}

static void put_next(struct text *out, unsigned r, bool wide)
{
    put_comma(out);
    arm64_print_x(out, r, wide);
}

#define NUMBER(op0, op1, n, m, op2) ((op0) << 14 | (op1) << 11 | (n) << 7 | (m) << 3 | (op2))

static const struct {
    uint16_t number; /* op0 op1 CRn CRm op2 */
    const char *name;
} register_names[] = {
#define REGISTER(op0, op1, n, m, op2, name) {NUMBER(op0, op1, n, m, op2), name},
#define OPERATION(op1, n, m, op2, instruction, name, takes)
#include "isa/arm64/names.def"
#undef REGISTER
#undef OPERATION
};

static const struct {
    uint16_t number;
    bool takes;
    const char *instruction, *name;
} operation_names[] = {
#define REGISTER(op0, op1, n, m, op2, name)
#define OPERATION(op1, n, m, op2, instruction, name, takes)                                        \
    {NUMBER(1, op1, n, m, op2), takes, instruction, name},
#include "isa/arm64/names.def"
#undef REGISTER
#undef OPERATION
};

static unsigned number_of(const struct arm64_insn *i)
{
    return i->bits >> 5 & 0xffff;
}

static void put_system_register(struct text *out, const struct arm64_insn *i)
{
    unsigned n = number_of(i);
    bool reads = (i->bits >> 21 & 1) != 0;

    for (size_t k = 0; k < ARRAY_LEN(register_names); k++) {
        if (register_names[k].number == n) {
            bool transmits = strcmp(register_names[k].name, "dbgdtrrx_el0") == 0 && !reads;

            text_add(out, "%s", transmits ? "dbgdtrtx_el0" : register_names[k].name);
            return;
        }
    }
    text_add(out, "s%u_%u_c%u_c%u_%u", n >> 14, n >> 11 & 7, n >> 7 & 15, n >> 3 & 15, n & 7);
}

void arm64_print_mrs(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    put_name(out, "mrs");
    arm64_print_x(out, i->rd, true);
    put_comma(out);
    put_system_register(out, i);
}

void arm64_print_msr(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    (void)pc;
    put_name(out, "msr");
    put_system_register(out, i);
    put_next(out, i->bits & 31, true);
}

void arm64_print_pstate(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    static const struct {
        uint8_t op1, op2;
        const char *name;
    } fields[] = {{0, 3, "uao"}, {0, 4, "pan"}, {0, 5, "spsel"},   {3, 1, "ssbs"},
                  {3, 2, "dit"}, {3, 4, "tco"}, {3, 6, "daifset"}, {3, 7, "daifclr"}};
    unsigned op1 = i->bits >> 16 & 7, op2 = i->bits >> 5 & 7;

    for (size_t k = 0; k < ARRAY_LEN(fields); k++) {
        bool one_bit = fields[k].op2 < 6;

        if (fields[k].op1 == op1 && fields[k].op2 == op2 && !(one_bit && (i->bits & 0xe00) != 0)) {
            text_add(out, "msr\t%s, #0x%x", fields[k].name, i->bits >> 8 & 15);
            return;
        }
    }
    arm64_print_msr(out, i, pc);
}

void arm64_print_sys(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    unsigned n = number_of(i), rt = i->bits & 31;
    bool reads = (i->bits >> 21 & 1) != 0;

    (void)pc;
    for (size_t k = 0; !reads && k < ARRAY_LEN(operation_names); k++) {
        if (operation_names[k].number == n && (operation_names[k].takes || rt == 31)) {
            text_add(out, "%s\t%s", operation_names[k].instruction, operation_names[k].name);
            if (operation_names[k].takes) {
                put_next(out, rt, true);
            }
            return;
        }
    }
    put_name(out, i->info->name);
    if (reads) {
        arm64_print_x(out, rt, true);
        put_comma(out);
    }
    text_add(out, "#%u, C%u, C%u, #%u", n >> 11 & 7, n >> 7 & 15, n >> 3 & 15, n & 7);
    if (!reads && rt != 31) {
        put_next(out, rt, true);
    }
}

void arm64_print_hint(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    static const char *const names[] = {
        [0] = "nop",         [1] = "yield",       [2] = "wfe",        [3] = "wfi",
        [4] = "sev",         [5] = "sevl",        [7] = "xpaclri",    [8] = "pacia1716",
        [10] = "pacib1716",  [12] = "autia1716",  [14] = "autib1716", [16] = "esb",
        [17] = "psb\tcsync", [18] = "tsb\tcsync", [20] = "csdb",      [22] = "clearbhb",
        [24] = "paciaz",     [25] = "paciasp",    [26] = "pacibz",    [27] = "pacibsp",
        [28] = "autiaz",     [29] = "autiasp",    [30] = "autibz",    [31] = "autibsp",
        [32] = "bti",        [34] = "bti\tc",     [36] = "bti\tj",    [38] = "bti\tjc"};
    unsigned n = i->bits >> 5 & 127;

    (void)pc;
    if (n < ARRAY_LEN(names) && names[n] != NULL) {
        text_add(out, "%s", names[n]);
    } else {
        text_add(out, "hint\t#0x%x", n);
    }
}

void arm64_print_barrier(struct text *out, const struct arm64_insn *i, vaddr pc)
{
    static const char *const domains[] = {NULL,    "oshld", "oshst", "osh",   NULL,    "nshld",
                                          "nshst", "nsh",   NULL,    "ishld", "ishst", "ish",
                                          NULL,    "ld",    "st",    "sy"};
    unsigned option = i->bits >> 8 & 15, op = i->bits >> 5 & 7;

    (void)pc;
    if (op == 4 && (option == 0 || option == 4)) {
        text_add(out, option == 0 ? "ssbb" : "pssbb");
    } else if ((op == 2 || op == 6) && option == 15) {
        text_add(out, "%s", i->info->name);
    } else if ((op == 4 || op == 5) && domains[option] != NULL) {
        text_add(out, "%s\t%s", i->info->name, domains[option]);
    } else {
        text_add(out, op == 4 || op == 5 ? "%s\t#0x%02x" : "%s\t#0x%x", i->info->name, option);
    }
}
