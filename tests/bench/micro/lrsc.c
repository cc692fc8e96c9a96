// SPDX-License-Identifier: GPL-2.0-or-later
// lrsc: ten million times a word is made one greater by LR and SC.
#include "guest.h"

enum { PAIRS = 10000000 };

static uint64_t cell;

void guest_main(void)
{
    __asm__ volatile("li a3, %1\n"
                     "1: lr.d a4, (%0)\n"
                     "addi a4, a4, 1\n"
                     "sc.d a5, a4, (%0)\n"
                     "bnez a5, 1b\n"
                     "addi a3, a3, -1\n"
                     "bnez a3, 1b\n"
                     :
                     : "r"(&cell), "i"(PAIRS)
                     : "a3", "a4", "a5", "memory");
    say("lrsc %lu\n", cell);
}
