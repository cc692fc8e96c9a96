// SPDX-License-Identifier: GPL-2.0-or-later
// work: some 15 million instructions of what programs do: quicksort, a CRC, a sieve, matrices of
// integers, strings, hashing; memory from one line to a megabyte. For timing, and for replays that
// are long enough to have several checkpoints.
#include "guest.h"

enum { NUMBERS = 30000, SIEVE = 400000, SIDE = 48, TABLE = 1 << 15 };

static uint32_t numbers[NUMBERS];
static uint8_t composite[SIEVE];
static uint64_t matrix[3][SIDE][SIDE];
static uint64_t table[TABLE];
static uint64_t seed = 42;

static void sort(uint32_t *a, size_t n)
{
    while (n > 1) {
        uint32_t pivot = a[n / 2];
        size_t i = 0;
        size_t j = n - 1;
        for (;;) {
            while (a[i] < pivot) {
                i++;
            }
            while (a[j] > pivot) {
                j--;
            }
            if (i >= j) {
                break;
            }
            uint32_t t = a[i];
            a[i++] = a[j];
            a[j--] = t;
        }
        sort(a, i);
        a += i;
        n -= i;
    }
}

static void sorting(void)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        numbers[i] = (uint32_t)next_random(&seed);
    }
    sort(numbers, NUMBERS);
    for (size_t i = 1; i < NUMBERS; i++) {
        if (numbers[i - 1] > numbers[i]) {
            CHECK(false);
        }
    }
    say("sort %08x\n", crc32(0, numbers, sizeof numbers / 2));
}

static void primes(void)
{
    unsigned found = 0;
    for (uint32_t i = 2; i < SIEVE; i++) {
        if (composite[i]) {
            continue;
        }
        found++;
        for (uint64_t j = (uint64_t)i * i; j < SIEVE; j += i) {
            composite[j] = 1;
        }
    }
    CHECK_EQ(found, 33860);
    say("primes %u\n", found);
}

static void matrices(void)
{
    for (unsigned i = 0; i < SIDE * SIDE; i++) {
        matrix[0][i / SIDE][i % SIDE] = next_random(&seed);
        matrix[1][i / SIDE][i % SIDE] = next_random(&seed) & 0xffff;
    }
    uint64_t sum = 0;
    for (unsigned i = 0; i < SIDE; i++) {
        for (unsigned j = 0; j < SIDE; j++) {
            for (unsigned k = 0; k < SIDE; k++) {
                matrix[2][i][j] += matrix[0][i][k] * matrix[1][k][j];
            }
            sum = mix(sum, matrix[2][i][j] / (matrix[1][i][j] + 1));
        }
    }
    say("matrices %016lx\n", sum);
}

static void hashing(void)
{
    unsigned probes = 0;
    for (unsigned i = 0; i < TABLE / 2; i++) {
        uint64_t key = next_random(&seed) | 1;
        uint64_t at = mix(0, key) % TABLE;
        while (table[at] != 0) {
            at = (at + 1) % TABLE;
            probes++;
        }
        table[at] = key;
    }
    say("hashing %u %08x\n", probes, crc32(0, table, sizeof table / 8));
}

void guest_main(void)
{
    sorting();
    primes();
    matrices();
    hashing();
}
