// SPDX-License-Identifier: GPL-2.0-or-later
// lines: a program to be walked through by source lines: calls in calls, a loop on one line, a
// function that goes round a million times, recursion. Marks in comments name the lines; debuggers
// find them by those. Compiled without optimisation, so that lines are passed in their order.
#include "guest.h"

#pragma GCC optimize("O0")

enum { ROUNDS = 1000000, LETTERS = 1000, ON_ONE_LINE = 100000 };

// One line to a debugger: what C makes of a loop on a line are several pieces to go between.
#ifdef __riscv
#define COUNT_DOWN(n) __asm__ volatile("1: addi %0, %0, -1\n bnez %0, 1b" : "+r"(n))
#elif defined(__arm__)
#define COUNT_DOWN(n) __asm__ volatile("1: subs %0, %0, #1\n bne 1b" : "+r"(n) : : "cc")
#else
#define COUNT_DOWN(n) while (--(n) != 0)
#endif

static volatile uint64_t heard;

// Not static: debuggers find where a function begins by its symbol, and those of static ones are
// not kept.
uint64_t inner(uint64_t x);
uint64_t middle(uint64_t x);
uint64_t outer(uint64_t x);
uint64_t million(uint64_t seed);
uint64_t factorial(uint64_t n);
void hear(uint64_t x);

uint64_t inner(uint64_t x)
{
    uint64_t y = x * 3; // inner-first
    y = y + 1;          // inner-second
    return y;           // inner-return
} // inner-end

uint64_t middle(uint64_t x)
{
    uint64_t a = inner(x); // middle-first
    uint64_t b = inner(a); // middle-second
    return a + b;          // middle-return
} // middle-end

uint64_t outer(uint64_t x)
{
    uint64_t sum = middle(x);    // outer-first
    uint64_t more = middle(sum); // outer-second
    return sum + more;           // outer-return
} // outer-end

// A sum kept in registers: a few million instructions in all.
uint64_t million(uint64_t seed)
{
    register uint64_t sum = seed; // million-first
    register uint64_t i;
    for (i = 0; i < ROUNDS; i++) { // million-loop
        sum = sum * 3 + i;         // million-body
    }
    return sum; // million-return
} // million-end

uint64_t factorial(uint64_t n)
{
    if (n < 2) {  // factorial-test
        return 1; // factorial-bottom
    }
    uint64_t rest = factorial(n - 1); // factorial-call
    return n * rest;                  // factorial-return
} // factorial-end

void hear(uint64_t x)
{
    heard = heard * 31 + x; // hear
} // hear-end

void guest_main(void)
{
    uint64_t a = outer(7);     // main-outer
    uint64_t b = million(a);   // main-million
    uint64_t c = factorial(6); // main-factorial
    register unsigned i;
    for (i = 0; i < LETTERS; i++) { // main-loop
        hear(i);                    // main-hear
    }
    register uint64_t n = ON_ONE_LINE;        // main-line
    COUNT_DOWN(n);                            // main-one-line
    CHECK_EQ(c, 720);                         // main-check
    say("%lu %lu %lu %lu\n", a, b, n, heard); // main-say
} // main-end
