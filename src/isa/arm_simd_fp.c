/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_simd_fp: floating point of Advanced SIMD lane by lane, and what else the lifter does not turn into
 * IR: softfloat with Arm's rules. After the pseudocode of the Arm Architecture Reference Manual for
 * A-profile, C7.2. Left out: what FPCR.AH, FIZ and NEP change.
 */
#include "isa/arm_simd.h"

/* The function for numbers of 2^log2 bytes. */
#define ONE(name, a)                                                                               \
    (log2 == 1   ? (uint64_t)f16_##name((f16)(a), e)                                               \
     : log2 == 2 ? (uint64_t)f32_##name((f32)(a), e)                                               \
                 : (uint64_t)f64_##name((a), e))
#define TWO(name, a, b)                                                                            \
    (log2 == 1   ? (uint64_t)f16_##name((f16)(a), (f16)(b), e)                                     \
     : log2 == 2 ? (uint64_t)f32_##name((f32)(a), (f32)(b), e)                                     \
                 : (uint64_t)f64_##name((a), (b), e))

static uint64_t sign_of(unsigned log2)
{
    return UINT64_C(1) << ((8u << log2) - 1);
}

static uint64_t negated(unsigned log2, uint64_t a)
{
    return a ^ sign_of(log2);
}

static uint64_t magnitude(unsigned log2, uint64_t a)
{
    return a & ~sign_of(log2);
}

uint64_t arm_fp_fused(unsigned log2, uint64_t a, uint64_t b, uint64_t c, struct fp_env *e)
{
    switch (log2) {
    case 1: return f16_fma((f16)a, (f16)b, (f16)c, e);
    case 2: return f32_fma((f32)a, (f32)b, (f32)c, e);
    default: return f64_fma(a, b, c, e);
    }
}

/* ---- lanes ---- */

static uint64_t all_ones_if(bool holds)
{
    return holds ? UINT64_MAX : 0;
}

/* Zero, or taken for it where denormals are. */
static bool f32_is_zero_to(uint64_t a, const struct fp_env *e)
{
    return magnitude(2, a) == 0 || (e->flush_inputs && (a & 0x7f800000) == 0);
}

/* d plus or minus a product. */
static uint64_t twice(unsigned log2, uint64_t d, uint64_t product, bool minus, struct fp_env *e)
{
    return TWO(add, d, minus ? negated(log2, product) : product);
}

/* VRECPS and VRSQRTS: 2 - n * m, and (3 - n * m) / 2, where 0 times infinity is 0. Singles only. */
static uint64_t step_twice(bool reciprocal, uint64_t n, uint64_t m, struct fp_env *e)
{
    const uint64_t infinity = 0x7f800000, two = 0x40000000, three = 0x40400000;
    bool n_zero = f32_is_zero_to(n, e), m_zero = f32_is_zero_to(m, e);
    uint64_t product, r;

    if ((n_zero && magnitude(2, m) == infinity) || (m_zero && magnitude(2, n) == infinity)) {
        e->flags |= magnitude(2, n) != 0 && magnitude(2, m) != 0 ? FP_ID : 0;
        return reciprocal ? two : 0x3fc00000;
    }
    product = f32_mul((f32)n, (f32)m, e);
    r = f32_sub((f32)(reciprocal ? two : three), (f32)product, e);
    return reciprocal ? r : f32_mul((f32)r, 0x3f000000, e);
}

uint64_t arm_fv_lane3(unsigned op, unsigned log2, uint64_t n, uint64_t m, uint64_t d,
                      struct fp_env *e)
{
    switch (op) {
    case FV_ADD: return TWO(add, n, m);
    case FV_SUB: return TWO(sub, n, m);
    case FV_MUL: return TWO(mul, n, m);
    case FV_DIV: return TWO(div, n, m);
    case FV_MULX: return TWO(mulx, n, m);
    case FV_MAX: return TWO(max_arm, n, m);
    case FV_MIN: return TWO(min_arm, n, m);
    case FV_MAXNM: return TWO(max_num_arm, n, m);
    case FV_MINNM: return TWO(min_num_arm, n, m);
    case FV_MLA: return arm_fp_fused(log2, n, m, d, e);
    case FV_MLS: return arm_fp_fused(log2, negated(log2, n), m, d, e);
    case FV_ABD: return magnitude(log2, TWO(sub, n, m));
    case FV_MLA_TWICE: return twice(log2, d, TWO(mul, n, m), false, e);
    case FV_MLS_TWICE: return twice(log2, d, TWO(mul, n, m), true, e);
    case FV_RECPS_TWICE: return step_twice(true, n, m, e);
    case FV_RSQRTS_TWICE: return step_twice(false, n, m, e);
    case FV_RECPS: return TWO(recip_step, n, m);
    case FV_RSQRTS: return TWO(rsqrt_step, n, m);
    case FV_CMEQ: return all_ones_if(TWO(eq, n, m));
    case FV_CMGE: return all_ones_if(TWO(le, m, n));
    case FV_CMGT: return all_ones_if(TWO(lt, m, n));
    case FV_ACGE: return all_ones_if(TWO(le, magnitude(log2, m), magnitude(log2, n)));
    case FV_ACGT: return all_ones_if(TWO(lt, magnitude(log2, m), magnitude(log2, n)));
    default: must(false); return 0;
    }
}

/* Of the pairwise operations. */
static unsigned unpaired(unsigned op)
{
    static const uint8_t of[] = {FV_ADD, FV_MAX, FV_MIN, FV_MAXNM, FV_MINNM};

    return of[op - FV_ADDP];
}

static uint64_t integral(unsigned log2, uint64_t n, bool exact, struct fp_env *e)
{
    switch (log2) {
    case 1: return f16_round_to_int((f16)n, exact, e);
    case 2: return f32_round_to_int((f32)n, exact, e);
    default: return f64_round_to_int(n, exact, e);
    }
}

uint64_t arm_fp_to_bits(unsigned log2, uint64_t n, unsigned bits, struct fp_env *e)
{
    return log2 == 2 ? f32_round_to_bits((f32)n, bits, e) : f64_round_to_bits(n, bits, e);
}

uint64_t arm_fp_to_fixed(unsigned log2, uint64_t n, struct fp_fixed to, struct fp_env *e)
{
    switch (log2) {
    case 1: return f16_to_fixed((f16)n, to, e);
    case 2: return f32_to_fixed((f32)n, to, e);
    default: return f64_to_fixed(n, to, e);
    }
}

uint64_t arm_fp_of_fixed(unsigned log2, uint64_t n, struct fp_fixed from, struct fp_env *e)
{
    switch (log2) {
    case 1: return fixed_to_f16(n, from, e);
    case 2: return fixed_to_f32(n, from, e);
    default: return fixed_to_f64(n, from, e);
    }
}

static uint64_t rounded(unsigned op, unsigned log2, uint64_t n, struct fp_env *e)
{
    static const uint8_t roundings[] = {FP_RNE, FP_RUP, FP_RDN, FP_RTZ, FP_RMM};

    if (op <= FV_RINTA) {
        e->rounding = roundings[op - FV_RINTN];
    } else if (op == FV_RINT32Z || op == FV_RINT64Z) {
        e->rounding = FP_RTZ;
    }
    if (op >= FV_RINT32Z) {
        return arm_fp_to_bits(log2, n, op <= FV_RINT32X ? 32 : 64, e);
    }
    return integral(log2, n, op == FV_RINTX, e);
}

static uint64_t converted(unsigned op, unsigned log2, uint64_t n, struct fp_env *e)
{
    static const uint8_t roundings[] = {FP_RNE, FP_RUP, FP_RDN, FP_RTZ, FP_RMM};
    struct fp_fixed integer = {.width = (uint8_t)(8u << log2)};

    if (op == FV_SCVTF || op == FV_UCVTF) {
        integer.is_signed = op == FV_SCVTF;
        return arm_fp_of_fixed(log2, n, integer, e);
    }
    e->rounding = roundings[(op - FV_CVTNS) / 2];
    integer.is_signed = (op - FV_CVTNS) % 2 == 0;
    return arm_fp_to_fixed(log2, n, integer, e);
}

uint64_t arm_fv_lane1(unsigned op, unsigned log2, uint64_t n, struct fp_env *e)
{
    if (op >= FV_RINTN && op <= FV_RINT64X) {
        return rounded(op, log2, n, e);
    }
    if (op >= FV_CVTNS && op <= FV_UCVTF) {
        return converted(op, log2, n, e);
    }
    switch (op) {
    case FV_ABS: return magnitude(log2, n);
    case FV_NEG: return negated(log2, n);
    case FV_SQRT: return ONE(sqrt, n);
    case FV_RECPE: return ONE(recip_estimate, n);
    case FV_RSQRTE: return ONE(rsqrt_estimate, n);
    case FV_RECPX: return ONE(recip_exponent, n);
    case FV_CMGT0: return all_ones_if(TWO(lt, 0, n));
    case FV_CMEQ0: return all_ones_if(TWO(eq, n, 0));
    case FV_CMLT0: return all_ones_if(TWO(lt, n, 0));
    case FV_CMGE0: return all_ones_if(TWO(le, 0, n));
    case FV_CMLE0: return all_ones_if(TWO(le, n, 0));
    default: must(false); return 0;
    }
}

/* ---- whole registers ---- */

struct work {
    uint32_t w;
    unsigned op, log2, count;
    struct fp_env env;
    struct simd_reg n, m, d, out;
};

/* Each lane has the environment as it was, and adds to the flags. */
static uint64_t lane(struct work *k, unsigned op, uint64_t n, uint64_t m, uint64_t d)
{
    struct fp_env e = k->env;
    uint64_t r;

    if (op >= FV_FCVTZS_N) {
        struct fp_fixed fixed = {.width = (uint8_t)(8u << k->log2),
                                 .is_signed = op == FV_FCVTZS_N || op == FV_SCVTF_N,
                                 .fraction_bits = (uint8_t)simd_shift_right(k->w)};
        if (op >= FV_SCVTF_N) {
            r = arm_fp_of_fixed(k->log2, n, fixed, &e);
        } else {
            e.rounding = FP_RTZ;
            r = arm_fp_to_fixed(k->log2, n, fixed, &e);
        }
    } else {
        r = op >= FV_ABS ? arm_fv_lane1(op, k->log2, n, &e)
                         : arm_fv_lane3(op, k->log2, n, m, d, &e);
    }
    k->env.flags |= e.flags;
    return r;
}

static void lanes(struct work *k)
{
    for (unsigned i = 0; i < k->count; i++) {
        simd_set(&k->out, k->log2, i,
                 lane(k, k->op, simd_get(&k->n, k->log2, i), simd_get(&k->m, k->log2, i),
                      simd_get(&k->d, k->log2, i)));
    }
}

static void pairs(struct work *k)
{
    for (unsigned i = 0; i < k->count; i++) {
        const struct simd_reg *from = i < k->count / 2 ? &k->n : &k->m;
        unsigned at = 2 * i % k->count;

        simd_set(&k->out, k->log2, i,
                 lane(k, unpaired(k->op), simd_get(from, k->log2, at),
                      simd_get(from, k->log2, at + 1), 0));
    }
}

/* The lower half of the lanes by the upper half of them, each reduced in the same way. */
static void across(struct work *k)
{
    unsigned count = simd_scalar(k->w) ? 2 : k->count;
    struct simd_reg x = k->n;

    for (; count > 1; count /= 2) {
        for (unsigned i = 0; i < count / 2; i++) {
            simd_set(
                &x, k->log2, i,
                lane(k, k->op, simd_get(&x, k->log2, 2 * i), simd_get(&x, k->log2, 2 * i + 1), 0));
        }
    }
    simd_set(&k->out, k->log2, 0, simd_get(&x, k->log2, 0));
}

/* ---- complex numbers ---- */

static void add_rotated(struct work *k)
{
    bool by_270 = k->w >> 12 & 1;

    for (unsigned i = 0; i < k->count; i += 2) {
        uint64_t real = simd_get(&k->m, k->log2, i), imaginary = simd_get(&k->m, k->log2, i + 1);

        real = by_270 ? negated(k->log2, real) : real;
        imaginary = by_270 ? imaginary : negated(k->log2, imaginary);
        simd_set(&k->out, k->log2, i, lane(k, FV_ADD, simd_get(&k->n, k->log2, i), imaginary, 0));
        simd_set(&k->out, k->log2, i + 1,
                 lane(k, FV_ADD, simd_get(&k->n, k->log2, i + 1), real, 0));
    }
}

static void multiply_rotated(struct work *k)
{
    bool by_element = k->op == FV_FCMLA_ELEMENT;
    unsigned rotation = k->w >> (by_element ? 13 : 11) & 3;
    unsigned h = k->w >> 11 & 1, l = k->w >> 21 & 1;
    unsigned index = k->log2 == 1 ? h << 1 | l : h;

    for (unsigned i = 0; i < k->count; i += 2) {
        unsigned at = by_element ? 2 * index : i;
        uint64_t n = simd_get(&k->n, k->log2, i + rotation % 2);
        uint64_t first = simd_get(&k->m, k->log2, at + rotation % 2);
        uint64_t second = simd_get(&k->m, k->log2, at + 1 - rotation % 2);

        first = rotation == 1 || rotation == 2 ? negated(k->log2, first) : first;
        second = rotation >= 2 ? negated(k->log2, second) : second;
        simd_set(&k->out, k->log2, i, lane(k, FV_MLA, n, first, simd_get(&k->d, k->log2, i)));
        simd_set(&k->out, k->log2, i + 1,
                 lane(k, FV_MLA, n, second, simd_get(&k->d, k->log2, i + 1)));
    }
}

unsigned arm_fv_log2(uint32_t w, uint32_t op)
{
    if (op & FV_HALF) {
        return 1;
    }
    if (FV_OP(op) >= FV_FCVTZS_N) {
        return FV_OP(op) >= FV_FCMLA ? simd_size(w) : simd_shift_size(w);
    }
    return w >> 22 & 1 ? 3 : 2;
}

struct simd_reg arm_fv_compute(uint32_t w, uint32_t op, const struct simd_operands *o,
                               struct fp_env *env)
{
    struct work k = {.w = w, .op = FV_OP(op), .log2 = arm_fv_log2(w, op), .env = *env};

    k.count = simd_bytes(w, k.log2) >> k.log2;
    k.n = o->n;
    k.m = o->m;
    k.d = o->d;
    if (op & FV_ACROSS) {
        across(&k);
    } else if (k.op == FV_FCADD) {
        add_rotated(&k);
    } else if (k.op >= FV_FCMLA) {
        multiply_rotated(&k);
    } else if (k.op >= FV_ADDP && k.op <= FV_MINNMP) {
        pairs(&k);
    } else {
        lanes(&k);
    }
    env->flags |= k.env.flags;
    return k.out;
}

/* ---- formats ---- */

uint64_t simd_expand_fp(unsigned imm8, unsigned log2)
{
    static const struct {
        uint8_t width, exponent;
    } shapes[4] = {{0, 0}, {16, 5}, {32, 8}, {64, 11}};
    unsigned width = shapes[log2].width, exponent = shapes[log2].exponent;
    unsigned fraction = width - 1 - exponent;
    uint64_t b = imm8 >> 6 & 1;
    uint64_t e = (b ? (UINT64_C(1) << (exponent - 3)) - 1 : 0) << 2 | (imm8 >> 4 & 3);

    e |= (b ^ 1) << (exponent - 1);
    return (uint64_t)(imm8 >> 7) << (width - 1) | e << fraction |
           (uint64_t)(imm8 & 15) << (fraction - 4);
}

static uint64_t from_half(f16 a, unsigned to, bool alternative, struct fp_env *e)
{
    e->flush_inputs = false;
    if (to == 2) {
        return alternative ? f16alt_to_f32(a, e) : f16_to_f32(a, e);
    }
    return alternative ? f16alt_to_f64(a, e) : f16_to_f64(a, e);
}

static uint64_t to_half(uint64_t a, unsigned from, bool alternative, struct fp_env *e)
{
    e->flush_output = false;
    if (from == 2) {
        return alternative ? f32_to_f16alt((f32)a, e) : f32_to_f16((f32)a, e);
    }
    return alternative ? f64_to_f16alt(a, e) : f64_to_f16(a, e);
}

uint64_t arm_fp_convert(unsigned from, unsigned to, uint64_t a, bool alternative, struct fp_env *e)
{
    if (from == 1) {
        return from_half((f16)a, to, alternative, e);
    }
    if (to == 1) {
        return to_half(a, from, alternative, e);
    }
    return to == 3 ? f32_to_f64((f32)a, e) : f64_to_f32(a, e);
}
