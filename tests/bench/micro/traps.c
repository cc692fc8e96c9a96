// SPDX-License-Identifier: GPL-2.0-or-later
// traps: half a million environment calls, from the instruction into the handler and back.
#include "guest.h"
#include "riscv.h"

enum { TRAPS = 500000 };

__asm__(".balign 4\n"
        "count_and_return:\n"
        "    addi a1, a1, 1\n"
        "    csrr a2, mepc\n"
        "    addi a2, a2, 4\n"
        "    csrw mepc, a2\n"
        "    mret\n");

void count_and_return(void);

void guest_main(void)
{
    uint64_t old;
    register uint64_t count __asm__("a1") = 0;
    __asm__ volatile("csrrw %0, mtvec, %1" : "=r"(old) : "r"(count_and_return));
    __asm__ volatile("li a3, %1\n"
                     "1: ecall\n"
                     "addi a3, a3, -1\n"
                     "bnez a3, 1b\n"
                     : "+r"(count)
                     : "i"(TRAPS)
                     : "a2", "a3", "memory");
    __asm__ volatile("csrw mtvec, %0" : : "r"(old));
    say("traps %lu\n", count);
}
