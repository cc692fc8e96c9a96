/* SPDX-License-Identifier: GPL-2.0-or-later
 * words: the words of the text form of the IR.
 */
#include "ir/words.h"

const char *const ir_word_type[] = {"none", "i32", "i64", "f32", "f64", "v128", "flags", NULL};
const char *const ir_word_cc[] = {"o",  "no", "b",  "ae", "e",  "ne", "be", "a", "s",
                                  "ns", "p",  "np", "l",  "ge", "le", "g",  NULL};
const char *const ir_word_rounding[] = {"rne", "rtz", "rdn", "rup", "rmm", "odd", NULL};
const char *const ir_word_nan[] = {"nan_canonical", "nan_x86", "nan_arm", NULL};
const char *const ir_word_rmw[] = {"swap", "add",  "and",  "or",   "xor",  "andn",
                                   "mins", "maxs", "minu", "maxu", "rsub", NULL};
const char *const ir_word_fcmp[] = {"eq",       "lt",       "le",        "eq_signaling",
                                    "lt_quiet", "le_quiet", "unordered", NULL};
const char *const ir_word_fminmax[] = {"number", "x86", "arm", "arm_number", NULL};
const char *const ir_word_int_rule[] = {"int_riscv", "int_arm", "int_x86", NULL};
const char *const ir_word_as[] = {"current", "user",   "system", "other",
                                  "other2",  "other3", "debug",  NULL};
const char *const ir_word_align[] = {"align1",  "align2",  "align4", "align8",
                                     "align16", "align32", NULL};

int ir_word_find(const char *const words[], const char *word)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

unsigned ir_word_count(const char *const words[])
{
    unsigned count = 0;

    while (words[count] != NULL) {
        count++;
    }
    return count;
}
