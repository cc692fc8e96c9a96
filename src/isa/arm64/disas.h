/* SPDX-License-Identifier: GPL-2.0-or-later
 * disas: what the two files of the disassembler share. Text is as GNU's disassembler prints it, aliases
 * included, without its comments.
 */
#ifndef ISA_ARM64_DISAS_H
#define ISA_ARM64_DISAS_H

#include "isa/arm64/lift.h"

/* Name and operands by the last column of simd.decode, whose words its head explains. */
void arm64_print_simd(struct text *out, const struct arm64_insn *i, vaddr pc);

extern const char *const arm64_conditions[16];

/* General register r, of 64 bits or 32; 31 is the zero register or the stack pointer. */
void arm64_print_x(struct text *out, unsigned r, bool wide);
void arm64_print_sp(struct text *out, unsigned r, bool wide);
/* "[x1, #8]" and the like; no offset of 0 unless it is written back. */
enum arm64_address { ADDRESS_OFFSET, ADDRESS_POST, ADDRESS_PRE };
void arm64_print_address(struct text *out, unsigned base, int64_t offset, enum arm64_address kind);
/* "[x1, w2, uxtw #2]"; `size_log2` is what the index is shifted by, if it is. */
void arm64_print_index(struct text *out, const struct arm64_insn *i, unsigned size_log2);

/* Those of one word of insn.decode each. */
typedef void arm64_print_fn(struct text *out, const struct arm64_insn *i, vaddr pc);
arm64_print_fn arm64_print_mrs, arm64_print_msr, arm64_print_pstate, arm64_print_sys,
    arm64_print_hint, arm64_print_barrier, arm64_print_ls_u, arm64_print_ls_s, arm64_print_ls_r,
    arm64_print_ls_lit, arm64_print_ls_pair, arm64_print_ls_ex, arm64_print_casp,
    arm64_print_atomic, arm64_print_ls_pac;

#endif
