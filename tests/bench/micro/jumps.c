// SPDX-License-Identifier: GPL-2.0-or-later
// jumps: eight million jumps through a table of four, within a page, in a fixed order.
#include "guest.h"

enum { JUMPS = 8000000 };

static __attribute__((noinline)) uint64_t chase(uint64_t x)
{
    static const void *const to[4] = {&&a, &&b, &&c, &&d};
    unsigned left = JUMPS;
#define NEXT(n)                                                                                    \
    if (--left == 0) {                                                                             \
        return x;                                                                                  \
    }                                                                                              \
    goto *to[(n)&3]
a:
    x += 3;
    NEXT(x);
b:
    x ^= 5;
    NEXT(x + 1);
c:
    x += 7;
    NEXT(x + 2);
d:
    x -= 1;
    NEXT(x + 3);
#undef NEXT
}

void guest_main(void)
{
    say("jumps %lu\n", chase(1));
}
