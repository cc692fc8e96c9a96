/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas: what the files of the disassembler share. Text is as GNU's disassembler prints it, aliases included,
 * without its comments.
 */
#ifndef ISA_ARM32_DISAS_H
#define ISA_ARM32_DISAS_H

#include "isa/arm32/lift.h"

/* An instruction to be printed. */
struct arm_print {
    struct text *out;
    const struct arm_insn *i;
    uint32_t pc;
    bool thumb;
};
extern const char *const arm_register_names[16];

static inline void arm_print_r(const struct arm_print *p, unsigned r)
{
    text_add(p->out, "%s", arm_register_names[r & 15]);
}

/* "{r0, r4, pc}", a bit a register. */
void arm_print_list(const struct arm_print *p, unsigned list);

/* disas_vector.c: the name, with the type that the tables leave open; whether it is VPUSH or VPOP. */
#define ARM_VECTOR_NAME 24
void arm_vector_name(const struct arm_insn *i, char name[ARM_VECTOR_NAME]);
bool arm_is_vector_stack(const struct arm_insn *i);

/* disas_neon.c: of the lanes in bits, where a name leaves it open; whether the numbers of registers say what there is not. */
unsigned arm_neon_width(const struct arm_insn *i);
bool arm_is_undefined(const struct arm_insn *i);
/* VMOVL, which is VSHLL by nothing. */
bool arm_neon_is_widening(const struct arm_insn *i);

/* One word of the operands' column, each of two letters: those of memory, of floating point and Advanced SIMD; false
 * if the file has none of that name. */
bool arm_print_memory(const struct arm_print *p, const char *word);
bool arm_print_vector(const struct arm_print *p, const char *word);
bool arm_print_neon(const struct arm_print *p, const char *word);

#endif
