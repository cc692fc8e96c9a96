// SPDX-License-Identifier: GPL-2.0-or-later
// fib: double recursion: calls, returns, frames pushed and popped, and nothing else.
#include "guest.h"

enum { N = 34 };

static __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls"))) uint64_t
fib(uint64_t n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

void guest_main(void)
{
    volatile uint64_t n = N;
    say("fib %lu\n", fib(n));
}
