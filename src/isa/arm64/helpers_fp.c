/* SPDX-License-Identifier: GPL-2.0-or-later
 * helpers_fp: floating point of Advanced SIMD lane by lane, and what else the lifter does not turn into
 * IR: softfloat with Arm's rules. After the pseudocode of the Arm Architecture Reference Manual for
 * A-profile, C7.2. Left out: what FPCR.AH, FIZ and NEP change.
 */
#include "isa/arm64/helpers.h"
#include "isa/arm64/simd.h"

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

static uint64_t fused(unsigned log2, uint64_t a, uint64_t b, uint64_t c, struct fp_env *e)
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

static uint64_t three(unsigned op, unsigned log2, uint64_t n, uint64_t m, uint64_t d,
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
    case FV_MLA: return fused(log2, n, m, d, e);
    case FV_MLS: return fused(log2, negated(log2, n), m, d, e);
    case FV_ABD: return magnitude(log2, TWO(sub, n, m));
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

static uint64_t to_bits(unsigned log2, uint64_t n, unsigned bits, struct fp_env *e)
{
    return log2 == 2 ? f32_round_to_bits((f32)n, bits, e) : f64_round_to_bits(n, bits, e);
}

static uint64_t to_fixed(unsigned log2, uint64_t n, struct fp_fixed to, struct fp_env *e)
{
    switch (log2) {
    case 1: return f16_to_fixed((f16)n, to, e);
    case 2: return f32_to_fixed((f32)n, to, e);
    default: return f64_to_fixed(n, to, e);
    }
}

static uint64_t of_fixed(unsigned log2, uint64_t n, struct fp_fixed from, struct fp_env *e)
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
        return to_bits(log2, n, op <= FV_RINT32X ? 32 : 64, e);
    }
    return integral(log2, n, op == FV_RINTX, e);
}

static uint64_t converted(unsigned op, unsigned log2, uint64_t n, struct fp_env *e)
{
    static const uint8_t roundings[] = {FP_RNE, FP_RUP, FP_RDN, FP_RTZ, FP_RMM};
    struct fp_fixed integer = {.width = (uint8_t)(8u << log2)};

    if (op == FV_SCVTF || op == FV_UCVTF) {
        integer.is_signed = op == FV_SCVTF;
        return of_fixed(log2, n, integer, e);
    }
    e->rounding = roundings[(op - FV_CVTNS) / 2];
    integer.is_signed = (op - FV_CVTNS) % 2 == 0;
    return to_fixed(log2, n, integer, e);
}

static uint64_t one(unsigned op, unsigned log2, uint64_t n, struct fp_env *e)
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
            r = of_fixed(k->log2, n, fixed, &e);
        } else {
            e.rounding = FP_RTZ;
            r = to_fixed(k->log2, n, fixed, &e);
        }
    } else {
        r = op >= FV_ABS ? one(op, k->log2, n, &e) : three(op, k->log2, n, m, d, &e);
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

static unsigned log2_of(uint32_t w, uint64_t op)
{
    if (op & FV_HALF) {
        return 1;
    }
    if (FV_OP(op) >= FV_FCVTZS_N) {
        return FV_OP(op) >= FV_FCMLA ? simd_size(w) : simd_shift_size(w);
    }
    return w >> 22 & 1 ? 3 : 2;
}

uint64_t arm64_help_fv(struct cpu *cpu, uint64_t bits, uint64_t op, uint64_t fpcr)
{
    uint32_t w = (uint32_t)bits;
    struct work k = {.w = w, .op = FV_OP(op), .log2 = log2_of(w, op)};

    k.env = simd_env((unsigned)fpcr, k.log2 == 1);
    k.count = simd_bytes(w, k.log2) >> k.log2;
    k.n = simd_read(cpu, simd_rn(w));
    k.d = simd_read(cpu, simd_rd(w));
    k.m = op & FV_ELEMENT ? simd_element(cpu, w, k.log2) : simd_read(cpu, simd_rm(w));
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
    simd_write(cpu, simd_rd(w), k.out);
    simd_note(cpu, &k.env, k.log2 == 1);
    return 0;
}

/* ---- scalars ---- */

uint64_t arm64_help_half(struct cpu *cpu, uint64_t bits, uint64_t op, uint64_t fpcr)
{
    static const uint8_t f1[] = {
        [F1_ABS] = FV_ABS,     [F1_NEG] = FV_NEG,     [F1_SQRT] = FV_SQRT,   [F1_RINTN] = FV_RINTN,
        [F1_RINTP] = FV_RINTP, [F1_RINTM] = FV_RINTM, [F1_RINTZ] = FV_RINTZ, [F1_RINTA] = FV_RINTA,
        [F1_RINTX] = FV_RINTX, [F1_RINTI] = FV_RINTI};
    static const uint8_t f2[] = {[F2_MUL] = FV_MUL,     [F2_DIV] = FV_DIV,     [F2_ADD] = FV_ADD,
                                 [F2_SUB] = FV_SUB,     [F2_MAX] = FV_MAX,     [F2_MIN] = FV_MIN,
                                 [F2_MAXNM] = FV_MAXNM, [F2_MINNM] = FV_MINNM, [F2_NMUL] = FV_MUL};
    uint32_t w = (uint32_t)bits;
    struct fp_env env = simd_env((unsigned)fpcr, true);
    uint64_t n = simd_read(cpu, simd_rn(w)).d[0] & UINT16_MAX;
    uint64_t m = simd_read(cpu, simd_rm(w)).d[0] & UINT16_MAX;
    uint64_t a = simd_read(cpu, simd_ra(w)).d[0] & UINT16_MAX, r;

    if (op < 16) {
        r = one(f1[op], 1, n, &env);
    } else if (op < 32) {
        r = three(f2[op - 16], 1, n, m, 0, &env);
        r = op - 16 == F2_NMUL ? negated(1, r) : r;
    } else {
        op -= 32;
        n = op == F3_MSUB || op == F3_NMADD ? negated(1, n) : n;
        r = fused(1, n, m, op >= F3_NMADD ? negated(1, a) : a, &env);
    }
    simd_write(cpu, simd_rd(w), (struct simd_reg){{r, 0}});
    simd_note(cpu, &env, true);
    return 0;
}

uint64_t arm64_help_round_bits(struct cpu *cpu, uint64_t a, uint64_t how, uint64_t fpcr)
{
    struct fp_env env = simd_env((unsigned)fpcr, false);

    env.rounding = (uint8_t)(how >> 16);
    a = to_bits((unsigned)how & 0xff, a, (unsigned)how >> 8 & 0xff, &env);
    simd_note(cpu, &env, false);
    return a;
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

uint64_t arm64_help_fcvt(struct cpu *cpu, uint64_t a, uint64_t how, uint64_t unused)
{
    uint32_t fpcr = arm64_of(cpu)->fpcr;
    struct fp_env env = simd_env(fpcr >> 19 & 0x7f, false);
    unsigned from = how & 3, to = how >> 2 & 3;
    uint64_t r;

    (void)unused;
    if (how >> 4 & 1) {
        env.rounding = FP_ODD;
    }
    if (from == 1) {
        r = from_half((f16)a, to, fpcr & FPCR_AHP, &env);
    } else if (to == 1) {
        r = to_half(a, from, fpcr & FPCR_AHP, &env);
    } else {
        r = to == 3 ? f32_to_f64((f32)a, &env) : f64_to_f32(a, &env);
    }
    simd_note(cpu, &env, from == 1);
    return r;
}

static struct fp_fixed fixed_of(uint64_t how)
{
    return (struct fp_fixed){.width = (uint8_t)(how >> 8),
                             .is_signed = how >> 16 & 1,
                             .fraction_bits = (uint8_t)(how >> 24)};
}

uint64_t arm64_help_to_fixed(struct cpu *cpu, uint64_t a, uint64_t how, uint64_t fpcr)
{
    unsigned log2 = how & 0xff;
    struct fp_env env = simd_env((unsigned)fpcr, log2 == 1);

    env.rounding = (uint8_t)(how >> 32);
    a = to_fixed(log2, a, fixed_of(how), &env);
    simd_note(cpu, &env, log2 == 1);
    return a;
}

uint64_t arm64_help_of_fixed(struct cpu *cpu, uint64_t a, uint64_t how, uint64_t fpcr)
{
    unsigned log2 = how & 0xff;
    struct fp_env env = simd_env((unsigned)fpcr, log2 == 1);

    a = of_fixed(log2, a, fixed_of(how), &env);
    simd_note(cpu, &env, log2 == 1);
    return a;
}

uint64_t arm64_help_compare_half(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t how)
{
    struct fp_env env = simd_env((unsigned)how >> 8, true);
    enum fp_order order = f16_compare((f16)a, (f16)b, how & FCMP_E, &env);

    simd_note(cpu, &env, true);
    switch (order) {
    case FP_LESS: return IR_FLAG_S;
    case FP_EQUAL: return IR_FLAG_Z | IR_FLAG_C;
    case FP_GREATER: return IR_FLAG_C;
    default: return IR_FLAG_C | IR_FLAG_O;
    }
}

/* The low 32 bits of the integer that a double is when cut, whatever its size. */
static uint32_t modular(f64 a)
{
    int exponent = (int)bits_get(a, 52, 11) - 1023;
    uint64_t significand = UINT64_C(1) << 52 | bits_get(a, 0, 52);
    uint64_t v = 0;

    if (exponent >= 0 && exponent <= 52) {
        v = significand >> (52 - exponent);
    } else if (exponent > 52 && exponent < 52 + 32) {
        v = significand << (exponent - 52);
    }
    return (uint32_t)(a >> 63 != 0 ? -v : v);
}

/* Z says that the conversion is exact: -0, and denormals even when flushed, are not. */
uint64_t arm64_help_javascript(struct cpu *cpu, uint64_t a, uint64_t fpcr, uint64_t unused)
{
    struct fp_env env = simd_env((unsigned)fpcr, false);
    bool exact;

    (void)unused;
    env.rounding = FP_RTZ;
    (void)f64_to_i32(a, FP_INT_ARM, &env);
    exact = (env.flags & (FP_NV | FP_NX)) == 0 && a != UINT64_C(1) << 63 &&
            !(bits_get(a, 52, 11) == 0 && a != 0);
    simd_note(cpu, &env, false);
    return modular(a) | (uint64_t)exact << 32;
}
