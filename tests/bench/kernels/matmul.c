// SPDX-License-Identifier: GPL-2.0-or-later
// matmul: product of two square matrices of doubles, the plain three loops: a load, a load of a
// column, a product and a sum, in order (no fused operation: the sum is the same everywhere).
#include "guest.h"

enum { SIDE = 200, ROUNDS = 2 };

static double a[SIDE][SIDE];
static double b[SIDE][SIDE];
static double c[SIDE][SIDE];

static __attribute__((noinline)) void multiply(void)
{
    for (unsigned i = 0; i < SIDE; i++) {
        for (unsigned j = 0; j < SIDE; j++) {
            double sum = 0;
            for (unsigned k = 0; k < SIDE; k++) {
                sum += a[i][k] * b[k][j];
            }
            c[i][j] = sum;
        }
    }
}

void guest_main(void)
{
    uint64_t seed = 3;
    for (unsigned i = 0; i < SIDE * SIDE; i++) {
        a[i / SIDE][i % SIDE] = (double)(int64_t)(next_random(&seed) >> 40) / 1024.0 - 8000.0;
        b[i / SIDE][i % SIDE] = (double)(int64_t)(next_random(&seed) >> 40) / 65536.0;
    }
    uint64_t sum = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        multiply();
        for (unsigned i = 0; i < SIDE * SIDE; i++) {
            union {
                double d;
                uint64_t u;
            } bits = {.d = c[i / SIDE][i % SIDE]};
            sum = mix(sum, bits.u);
            a[i / SIDE][i % SIDE] = bits.d / 1048576.0;
        }
    }
    say("matmul %016lx\n", sum);
}
