// SPDX-License-Identifier: GPL-2.0-or-later
// hash: a table with open addressing of 64-bit keys, one megabyte: multiplications, loads that
// miss the first cache, branches that depend on data. Counts how often keys of a stream appear.
#include "guest.h"

enum { SLOTS = 1 << 16, KEYS = 40000, STEPS = 4500000 };

struct slot {
    uint64_t key, count;
};

static struct slot table[SLOTS];

static __attribute__((noinline)) struct slot *look_up(uint64_t key)
{
    uint64_t h = (key ^ key >> 31) * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = h >> 48;
    while (table[at].key != 0 && table[at].key != key) {
        at = (at + 1) % SLOTS;
    }
    return &table[at];
}

void guest_main(void)
{
    uint64_t seed = 9;
    for (unsigned i = 0; i < STEPS; i++) {
        uint64_t key = (next_random(&seed) >> 20) % KEYS + 1;
        struct slot *s = look_up(key * key);
        s->key = key * key;
        s->count++;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        sum = mix(sum, table[i].key + table[i].count);
    }
    say("hash %016lx\n", sum);
}
