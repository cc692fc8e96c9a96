// SPDX-License-Identifier: GPL-2.0-or-later
// copy: a loop that moves eight bytes at a time between two buffers of 64 KiB.
#include "guest.h"

enum { WORDS = 8192, ROUNDS = 4000 };

static uint64_t from[WORDS];
static uint64_t to[WORDS];

static __attribute__((noinline)) void copy(uint64_t *t, const uint64_t *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        t[i] = f[i];
    }
}

void guest_main(void)
{
    uint64_t seed = 5;
    for (size_t i = 0; i < WORDS; i++) {
        from[i] = next_random(&seed);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        from[i % WORDS] += i;
        copy(to, from, WORDS);
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < WORDS; i++) {
        sum = mix(sum, to[i]);
    }
    say("copy %016lx\n", sum);
}
