// SPDX-License-Identifier: GPL-2.0-or-later
// nbody: planets that attract each other: double additions, products, divisions and square roots
// over values in memory and registers, with a little single precision and conversions at the end.
#include "guest.h"

enum { BODIES = 5, STEPS = 220000 };

struct body {
    double x[3], v[3], mass;
};

static struct body bodies[BODIES];

static inline double square_root(double x)
{
    double r;
#ifdef __aarch64__
    __asm__("fsqrt %d0, %d1" : "=w"(r) : "w"(x));
#elif defined(__arm__)
    __asm__("vsqrt.f64 %P0, %P1" : "=w"(r) : "w"(x));
#else
    __asm__("fsqrt.d %0, %1" : "=f"(r) : "f"(x));
#endif
    return r;
}

static __attribute__((noinline)) void advance(double dt)
{
    for (unsigned i = 0; i < BODIES; i++) {
        struct body *p = &bodies[i];
        for (unsigned j = i + 1; j < BODIES; j++) {
            struct body *q = &bodies[j];
            double d[3];
            double square = 0.01;
            for (unsigned k = 0; k < 3; k++) {
                d[k] = p->x[k] - q->x[k];
                square += d[k] * d[k];
            }
            double factor = dt / (square * square_root(square));
            for (unsigned k = 0; k < 3; k++) {
                p->v[k] -= d[k] * q->mass * factor;
                q->v[k] += d[k] * p->mass * factor;
            }
        }
    }
    for (unsigned i = 0; i < BODIES; i++) {
        for (unsigned k = 0; k < 3; k++) {
            bodies[i].x[k] += dt * bodies[i].v[k];
        }
    }
}

void guest_main(void)
{
    uint64_t seed = 13;
    for (unsigned i = 0; i < BODIES; i++) {
        for (unsigned k = 0; k < 3; k++) {
            bodies[i].x[k] = (double)(int64_t)(next_random(&seed) % 4000) / 100.0 - 20.0;
            bodies[i].v[k] = (double)(int64_t)(next_random(&seed) % 200) / 100.0 - 1.0;
        }
        bodies[i].mass = i == 0 ? 39.5 : 0.05 * i;
    }
    float path = 0;
    for (unsigned step = 0; step < STEPS; step++) {
        advance(0.001);
        path += (float)bodies[1].v[0] * 0.5f;
    }
    uint64_t sum = mix(0, (uint64_t)(int64_t)(int32_t)(path * 16.0f));
    for (unsigned i = 0; i < BODIES; i++) {
        for (unsigned k = 0; k < 3; k++) {
            union {
                double d;
                uint64_t u;
            } bits = {.d = bodies[i].x[k]};
            sum = mix(sum, bits.u);
        }
    }
    say("nbody %016lx\n", sum);
}
