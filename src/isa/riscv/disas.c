/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas: instructions as text, from the operand column of insn.decode. The assembler of binutils
 * reads it back; addresses are absolute. What is no instruction is printed as data.
 */
#include "isa/riscv/lift.h"

static const char *const x_names[32] = {
    "zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
    "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
    "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};
static const char *const f_names[32] = {
    "ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1",  "fa0",
    "fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4",  "fs5",
    "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
};
static const char *const roundings[] = {"rne", "rtz", "rdn", "rup", "rmm"};
#define RM_DYNAMIC 7
/* Zfa's constants, as assemblers read them. */
static const char *const constants[32] = {
    "-1.0",
    "min",
    "1.52587890625e-05",
    "3.0517578125e-05",
    "0.00390625",
    "0.0078125",
    "0.0625",
    "0.125",
    "0.25",
    "0.3125",
    "0.375",
    "0.4375",
    "0.5",
    "0.625",
    "0.75",
    "0.875",
    "1.0",
    "1.25",
    "1.5",
    "1.75",
    "2.0",
    "2.5",
    "3.0",
    "4.0",
    "8.0",
    "16.0",
    "128.0",
    "256.0",
    "32768.0",
    "65536.0",
    "inf",
    "nan",
};

/* Where an instruction is, and what addresses can be. */
struct place {
    vaddr pc;
    uint64_t ones;
};

static void add_fence_set(struct text *out, unsigned set)
{
    for (unsigned i = 0; i < 4; i++) {
        if ((set & 8 >> i) != 0) {
            text_add(out, "%c", "iorw"[i]);
        }
    }
    if (set == 0) {
        text_add(out, "0");
    }
}

/* Registers: "rd", "fs2" and the like. False if the word is none. */
static bool add_register(struct text *out, const char *word, size_t length,
                         const struct riscv_insn *i)
{
    const uint8_t numbers[] = {i->rd, i->rs1, i->rs2, i->rs3};
    bool fp = word[0] == 'f';
    unsigned which = 0;

    if (!fp && word[0] != 'r') {
        return false;
    }
    if (length == 3 && word[1] == 's') {
        which = (unsigned)(word[2] - '0');
    } else if (length != 2 || word[1] != 'd') {
        return false;
    }
    text_add(out, "%s", (fp ? f_names : x_names)[numbers[which] & 31]);
    return true;
}

static void add_operand(struct text *out, const char *word, size_t length,
                        const struct riscv_insn *i, const struct place *at)
{
    if (add_register(out, word, length, i)) {
        return;
    }
    if (strncmp(word, "imm", length) == 0) {
        text_add(out, "%lld", (long long)i->imm);
    } else if (strncmp(word, "hex", length) == 0) {
        text_add(out, "0x%llx", (unsigned long long)i->imm);
    } else if (strncmp(word, "hex20", length) == 0) {
        text_add(out, "0x%llx", (unsigned long long)bits_get((uint64_t)i->imm, 12, 20));
    } else if (strncmp(word, "target", length) == 0) {
        text_add(out, "0x%llx", (unsigned long long)((at->pc + (uint64_t)i->imm) & at->ones));
    } else if (strncmp(word, "csr", length) == 0) {
        riscv_csr_print(i->csr, at->ones == UINT32_MAX, out);
    } else if (strncmp(word, "rm", length) == 0 || strncmp(word, "rne", length) == 0) {
        text_add(out, "%s", i->rm < ARRAY_LEN(roundings) ? roundings[i->rm] : "unknown");
    } else if (strncmp(word, "fli", length) == 0) {
        text_add(out, "%s", constants[i->imm & 31]);
    } else if (strncmp(word, "fence", length) == 0) {
        add_fence_set(out, i->imm >> 4 & 15);
        text_add(out, ",");
        add_fence_set(out, i->imm & 15);
    }
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Walks the operand column up to its end or to '='. */
static void add_operands(struct text *out, const char *at, const struct riscv_insn *i,
                         const struct place *place)
{
    while (*at != 0 && *at != '=') {
        size_t length = 0;
        if ((i->rm == RM_DYNAMIC && strcmp(at, ",rm") == 0) ||
            (i->rm == 0 && strcmp(at, ",rne") == 0)) {
            return;
        }
        while (is_word(at[length])) {
            length++;
        }
        if (length == 0) {
            text_add(out, "%c", *at);
            at++;
        } else {
            add_operand(out, at, length, i, place);
            at += length;
        }
    }
}

/* No assembler writes it: a reserved rounding, fields that are ignored but not zero. */
static bool is_raw(const struct riscv_insn *i)
{
    const char *operands = i->info->operands;
    size_t length = strlen(operands);

    if (strncmp(operands, "raw:", 4) == 0 || i->info->lift == riscv_lift_illegal) {
        return true;
    }
    if (strcmp(operands, "fence") == 0) {
        return (i->imm & 0xf0) == 0 || (i->imm & 0x0f) == 0;
    }
    if (length > 4 && strcmp(operands + length - 4, ",rne") == 0) {
        return i->rm != 0;
    }
    return length > 3 && strcmp(operands + length - 3, ",rm") == 0 && i->rm != RM_DYNAMIC &&
           i->rm >= ARRAY_LEN(roundings);
}

static void add_instruction(struct text *out, const struct riscv_insn *i, const struct place *at)
{
    static const char *const orders[] = {"", ".rl", ".aq", ".aqrl"};
    const char *operands = i->info->operands;
    const char *alias = strchr(operands, '=');

    if (alias != NULL && i->rs1 == i->rs2) {
        text_add(out, "%s\t", alias + 1);
        add_operands(out, "fd,fs1", i, at);
        return;
    }
    text_add(out, "%s", i->info->name);
    if (strncmp(operands, "aq:", 3) == 0) {
        text_add(out, "%s", orders[bits_get(i->bits, 25, 2)]);
        operands += 3;
    } else if (strncmp(operands, "raw:", 4) == 0) {
        operands += 4;
    }
    if (*operands != 0) {
        text_add(out, "\t");
        add_operands(out, operands, i, at);
    }
}

static unsigned disassemble(const uint8_t *bytes, unsigned available, unsigned variant,
                            const struct place *at, struct text *out)
{
    struct riscv_insn i;
    unsigned length;
    bool known;

    if (available < 2) {
        return 0;
    }
    length = (bytes[0] & 3) == 3 ? 4 : 2;
    if (available < length) {
        return 0;
    }
    known = riscv_decode((uint32_t)bytes_get_le(bytes, length), variant, &i);
    if (!known || is_raw(&i)) {
        text_add(out, length == 4 ? ".4byte\t0x%08x" : ".2byte\t0x%04x", i.bits);
    }
    if (known) {
        text_add(out, is_raw(&i) ? "\t# " : "");
        add_instruction(out, &i, at);
    }
    return length;
}

unsigned riscv_disassemble(const uint8_t *bytes, unsigned available, vaddr pc, uint64_t mode,
                           struct text *out)
{
    const struct place at = {pc, UINT64_MAX};

    (void)mode;
    return disassemble(bytes, available, RISCV_RV64, &at, out);
}

unsigned riscv32_disassemble(const uint8_t *bytes, unsigned available, vaddr pc, uint64_t mode,
                             struct text *out)
{
    const struct place at = {pc, UINT32_MAX};

    (void)mode;
    return disassemble(bytes, available, RISCV_RV32, &at, out);
}
