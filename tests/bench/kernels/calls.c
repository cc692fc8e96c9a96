// SPDX-License-Identifier: GPL-2.0-or-later
// calls: functions called through a table that data chooses from, on pages of their own: indirect
// jumps that no predictor knows, and returns across pages.
#include "guest.h"

enum { STEPS = 6000000 };

typedef uint64_t step_fn(uint64_t value, uint64_t i);

#define STEP(name, expression)                                                                     \
    static __attribute__((noinline, aligned(1024))) uint64_t name(uint64_t value, uint64_t i)      \
    {                                                                                              \
        return (expression);                                                                       \
    }

STEP(add, value + i)
STEP(subtract, value - i * 3)
STEP(exclusive, value ^ i << 7)
STEP(rotate, (value << 13 | value >> 51) + i)
STEP(product, value *UINT64_C(0x100000001b3) ^ i)
STEP(swap_halves, (value << 32 | value >> 32) - i)
STEP(least, value < i ? value : value - 1)
STEP(complement, ~value + i)

static step_fn *const steps[8] = {add,     subtract,    exclusive, rotate,
                                  product, swap_halves, least,     complement};

void guest_main(void)
{
    uint64_t value = 17;
    uint64_t seed = 19;
    for (uint64_t i = 0; i < STEPS; i++) {
        uint64_t r = next_random(&seed);
        value = steps[r & 7](value, i);
        value = steps[r >> 3 & 7](value, r);
    }
    say("calls %016lx\n", value);
}
