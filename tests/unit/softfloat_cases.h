/* SPDX-License-Identifier: GPL-2.0-or-later
 * softfloat_cases: what the softfloat tests share: a generator of bit patterns that dwells on the
 * borders of a format, and how many cases to run. SOFTFLOAT_CASES sets the number for each
 * operation; the same number always gives the same cases.
 */
#ifndef TESTS_SOFTFLOAT_CASES_H
#define TESTS_SOFTFLOAT_CASES_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../chance.h"
#include "base/softfloat_num.h"

struct cases {
    uint64_t seed;
};

static inline uint64_t cases_random(struct cases *c)
{
    return chance_next(&c->seed);
}

static inline unsigned cases_below(struct cases *c, unsigned limit)
{
    return (unsigned)(cases_random(c) >> 32) % limit;
}

static inline unsigned cases_count(unsigned quick)
{
    const char *text = getenv("SOFTFLOAT_CASES");
    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : quick;
}

static inline u128 cases_fraction(struct cases *c, int bits)
{
    u128 all = ((u128)1 << bits) - 1;
    u128 x = (u128)cases_random(c) << 64 | cases_random(c);
    unsigned n = cases_below(c, (unsigned)bits);

    switch (cases_below(c, 9)) {
    case 0: return 0;
    case 1: return all;
    case 2: return (u128)1 << n;
    case 3: return all ^ (u128)1 << n;
    case 4: return all << n & all;
    case 5: return all >> n;
    case 6: return x << n & all; /* few bits, so that results are often exact or ties */
    case 7: return ((u128)1 << n ^ cases_below(c, 4)) & all;
    default: return x & all;
    }
}

/* `near` is an exponent to be close to. */
static inline u128 cases_bits(struct cases *c, struct fp_format f, int near)
{
    int mask = fp_exp_mask(f);
    int exp;

    switch (cases_below(c, 10)) {
    case 0: exp = 0; break;
    case 1: exp = (int)cases_below(c, 4); break;
    case 2: exp = mask - (int)cases_below(c, 4); break;
    case 3:
    case 4: exp = fp_bias(f) + (int)cases_below(c, 140) - 70; break;
    case 5: exp = (int)cases_below(c, (unsigned)mask + 1); break;
    default:
        exp = near + (int)cases_below(c, 2 * (unsigned)f.frac_bits + 8) - f.frac_bits - 4;
        break;
    }
    exp = exp < 0 ? 0 : exp > mask ? mask : exp;
    u128 fraction = cases_fraction(c, f.frac_bits);
    /* f80: the integer bit is as it should be, seven times of eight */
    bool one = (exp != 0) ^ (cases_below(c, 8) == 0);
    return fp_assemble(f, cases_random(c) & 1, exp, fraction | (u128)one << f.frac_bits);
}

static inline int cases_exp(struct fp_format f, u128 bits)
{
    return (int)(bits >> (f.frac_bits + f.one_bits)) & fp_exp_mask(f);
}

/* Three operands that have something to do with each other. */
static inline void cases_operands(struct cases *c, struct fp_format f, u128 x[3])
{
    int bias = fp_bias(f);

    x[0] = cases_bits(c, f, bias);
    switch (cases_below(c, 3)) {
    case 0: /* a sum that cancels */ x[1] = cases_bits(c, f, cases_exp(f, x[0])); break;
    case 1: /* a quotient, and then a product, at the end of the range */
        x[1] = cases_bits(c, f, cases_exp(f, x[0]) - (cases_below(c, 2) ? bias : -bias));
        break;
    default:
        x[1] = cases_bits(c, f, 2 * bias - cases_exp(f, x[0]) - (cases_below(c, 2) ? 0 : bias));
        break;
    }
    x[2] = cases_bits(c, f, cases_exp(f, x[0]) + cases_exp(f, x[1]) - bias);
    if (cases_below(c, 16) == 0) {
        x[1] = x[0];
        if (cases_below(c, 2)) {
            x[1] ^= (u128)1 << (f.frac_bits + f.one_bits + f.exp_bits);
        }
    }
}

static inline const char *cases_text(u128 x, char text[40])
{
    snprintf(text, 40, "%016" PRIx64 "%016" PRIx64, (uint64_t)(x >> 64), (uint64_t)x);
    return text;
}

#endif
