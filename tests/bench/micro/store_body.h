/* SPDX-License-Identifier: GPL-2.0-or-later
 * store_body: one word is stored into again and again by a function on its own page; the word is
 * on that page, 2 KiB away from the function, or on another.
 */
#include "guest.h"

enum { STORES = MIXED ? 2000000 : 40000000 };

// The function, and after it in the same page but not in its lines: the word.
__asm__(".section .text.mixed, \"ax\"\n"
        ".balign 4096\n"
        "store_often:\n"
        "1:  sd   a1, 0(a0)\n"
        "    addi a1, a1, -1\n"
        "    bnez a1, 1b\n"
        "    ret\n"
        ".balign 2048\n"
        "mixed_word: .dword 0\n"
        ".balign 4096\n"
        ".previous\n");

extern uint64_t mixed_word;
void store_often(uint64_t *at, uint64_t times);

void guest_main(void)
{
    static uint64_t data_word;
    uint64_t *at = MIXED ? &mixed_word : &data_word;
    store_often(at, STORES);
    say("store %lu\n", *at);
}
