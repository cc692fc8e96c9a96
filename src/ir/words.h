/* SPDX-License-Identifier: GPL-2.0-or-later
 * words: the words of the text form, shared by the printer and the parser; private to ir/.
 */
#ifndef IR_WORDS_H
#define IR_WORDS_H

#include "ir/ir.h"

/* Each list is indexed by the numbers of its enum and ends in NULL. */
extern const char *const ir_word_type[];     /* enum ir_type */
extern const char *const ir_word_cc[];       /* enum ir_cc */
extern const char *const ir_word_rounding[]; /* enum fp_rounding */
extern const char *const ir_word_nan[];      /* enum fp_nan_rule */
extern const char *const ir_word_rmw[];      /* enum ir_rmw */
extern const char *const ir_word_fcmp[];     /* enum ir_fcmp */
extern const char *const ir_word_fminmax[];  /* enum ir_fminmax */
extern const char *const ir_word_int_rule[]; /* enum fp_int_rule */
extern const char *const ir_word_as[];       /* enum access_as; the first is never written */
extern const char *const ir_word_align[];    /* MEM_ALIGN; nor is this first */

#define IR_WORD_BIG          "big"
#define IR_WORD_ALIGNED      "aligned" /* to its size */
#define IR_WORD_32           "a32"
#define IR_WORD_UNTAG        "untag"
#define IR_WORD_FOR_WRITE    "for_write"
#define IR_WORD_TINY_BEFORE  "tiny_before"
#define IR_WORD_FLUSH_INPUTS "flush_inputs"
#define IR_WORD_FLUSH_OUTPUT "flush_output"
#define IR_WORD_LOOK         "look"
#define IR_WORD_YIELD        "yield"
#define IR_WORD_ASK          "ask"
#define IR_WORD_MODE         "mode "
#define IR_WORD_SIGNED       "signed"
#define IR_WORD_UNSIGNED     "unsigned"

/* The index of a word, or -1. */
int ir_word_find(const char *const words[], const char *word);
/* How many there are. */
unsigned ir_word_count(const char *const words[]);

#endif
