// SPDX-License-Identifier: GPL-2.0-or-later
// returns: eight million calls of a function on another page, and returns from it.
#include "guest.h"

enum { CALLS = 8000000 };

static __attribute__((noinline, aligned(4096))) uint64_t callee(uint64_t x)
{
    return x * 3 + 1;
}

static __attribute__((noinline, aligned(4096))) uint64_t caller(uint64_t x)
{
    for (unsigned i = 0; i < CALLS; i++) {
        x = callee(x);
    }
    return x;
}

void guest_main(void)
{
    say("returns %lu\n", caller(1));
}
