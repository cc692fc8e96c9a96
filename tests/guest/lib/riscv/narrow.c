// SPDX-License-Identifier: GPL-2.0-or-later
// narrow: division of 64 bits, which a compiler for RV32 expects of a library that comes with it;
// cross compilers for RV64 have theirs for RV64 only. One bit at a time.
#include "guest.h"

#if __riscv_xlen == 32
static uint64_t divide(uint64_t a, uint64_t b, uint64_t *rest)
{
    uint64_t quotient = 0, r = 0;
    for (int bit = 63; bit >= 0; bit--) {
        r = r << 1 | (a >> bit & 1);
        if (r >= b) {
            r -= b;
            quotient |= UINT64_C(1) << bit;
        }
    }
    *rest = r;
    return quotient;
}

uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __udivdi3(uint64_t a, uint64_t b)
{
    uint64_t rest;
    return divide(a, b, &rest);
}

uint64_t __umoddi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b)
{
    uint64_t rest;
    divide(a, b, &rest);
    return rest;
}
#else
typedef int nothing_else_here; // C wants a declaration
#endif
