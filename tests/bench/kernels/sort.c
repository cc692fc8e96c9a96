// SPDX-License-Identifier: GPL-2.0-or-later
// sort: quicksort of elements of any size through a comparison callback, as a C library's qsort
// does it: an indirect call and a return for each comparison, byte offsets, swaps of words.
// No worst-case guard: the numbers are random.
#include "guest.h"

enum { NUMBERS = 60000, ROUNDS = 3 };

typedef int compare_fn(const void *a, const void *b);

static uint32_t numbers[NUMBERS];

static __attribute__((noinline)) void swap_words(char *a, char *b, size_t size)
{
    for (size_t i = 0; i < size; i += 4) {
        uint32_t t = *(uint32_t *)(a + i);
        *(uint32_t *)(a + i) = *(uint32_t *)(b + i);
        *(uint32_t *)(b + i) = t;
    }
}

static void insertion(char *base, size_t n, size_t size, compare_fn *compare)
{
    for (size_t i = 1; i < n; i++) {
        for (size_t j = i; j > 0 && compare(base + (j - 1) * size, base + j * size) > 0; j--) {
            swap_words(base + (j - 1) * size, base + j * size, size);
        }
    }
}

static __attribute__((noinline)) void quicksort(char *base, size_t n, size_t size,
                                                compare_fn *compare)
{
    while (n > 8) {
        swap_words(base, base + n / 2 * size, size);
        size_t low = 0;
        size_t high = n;
        for (;;) {
            do {
                low++;
            } while (low < n && compare(base + low * size, base) < 0);
            do {
                high--;
            } while (compare(base + high * size, base) > 0);
            if (low >= high) {
                break;
            }
            swap_words(base + low * size, base + high * size, size);
        }
        swap_words(base, base + high * size, size);
        quicksort(base, high, size, compare);
        base += (high + 1) * size;
        n -= high + 1;
    }
    insertion(base, n, size, compare);
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static int by_low_bits(const void *a, const void *b)
{
    return (int)(*(const uint32_t *)a & 0xffff) - (int)(*(const uint32_t *)b & 0xffff);
}

void guest_main(void)
{
    uint64_t seed = 42;
    uint64_t sum = 0;
    compare_fn *volatile order[2] = {ascending, by_low_bits};
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < NUMBERS; i++) {
            numbers[i] = (uint32_t)next_random(&seed);
        }
        for (unsigned k = 0; k < 2; k++) {
            quicksort((char *)numbers, NUMBERS, sizeof numbers[0], order[k]);
            for (size_t i = 1; i < NUMBERS; i++) {
                if (order[k](&numbers[i - 1], &numbers[i]) > 0) {
                    CHECK(false);
                }
            }
            for (size_t i = 0; i < NUMBERS; i += 16) {
                sum = mix(sum, numbers[i] & 0xffff);
            }
        }
    }
    say("sort %016lx\n", sum);
}
