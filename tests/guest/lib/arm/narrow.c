// SPDX-License-Identifier: GPL-2.0-or-later
// narrow: division of 64 bits, which the compiler expects of a library that comes with it. By the ABI's run-time
// functions quotient and rest come back together in r0 to r3; here one bit at a time.
#include "guest.h"

struct division {
    uint64_t quotient, rest;
};

struct division divide_64(uint64_t a, uint64_t b);
struct division divide_64(uint64_t a, uint64_t b)
{
    struct division d = {0, 0};
    for (int bit = 63; bit >= 0; bit--) {
        d.rest = d.rest << 1 | (a >> bit & 1);
        if (d.rest >= b) {
            d.rest -= b;
            d.quotient |= UINT64_C(1) << bit;
        }
    }
    return d;
}
