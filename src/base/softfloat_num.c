/* SPDX-License-Identifier: GPL-2.0-or-later
 * softfloat_num: the rare half of taking numbers apart and putting them together: zeros,
 * denormals, infinities, NaNs, underflow and overflow, and operands that are not finite. After
 * IEEE 754-2019 clauses 6 and 7, and the three architectures' rules for which NaN comes out.
 */
#include "base/softfloat_num.h"

struct fp_num fp_unpack_rare(struct fp_format f, u128 bits)
{
    int exp_at = f.frac_bits + f.one_bits;
    int biased = (int)(bits >> exp_at) & fp_exp_mask(f);
    u128 sig = bits << (127 - f.frac_bits);
    struct fp_num n = {.negative = (uint8_t)(bits >> (exp_at + f.exp_bits)) & 1};

    if (f.one_bits == 0) {
        sig &= ~FP_TOP; /* that was the exponent's last bit */
    }
    if (biased == 0) {
        n.kind = FP_KIND_ZERO;
        if (sig != 0) {
            int zeros = fp_clz(sig);
            n.kind = FP_KIND_FINITE;
            n.sig = sig << zeros;
            n.exp = 1 - fp_bias(f) - zeros;
            n.denormal = true;
        }
        return n;
    }
    n.sig = sig | FP_TOP;
    if (f.one_bits && !(sig & FP_TOP)) {
        n.kind = FP_KIND_INVALID;
    } else if (n.sig == FP_TOP) {
        n.kind = FP_KIND_INF;
    } else {
        n.kind = n.sig & FP_QUIET ? FP_KIND_QNAN : FP_KIND_SNAN;
    }
    return n;
}

u128 fp_pack_rare(struct fp_format f, struct fp_num n, const struct fp_env *env)
{
    u128 one = (u128)1 << f.frac_bits;

    if (n.kind == FP_KIND_ZERO) {
        return fp_assemble(f, n.negative, 0, 0);
    }
    if (n.kind == FP_KIND_INF) {
        return fp_assemble(f, n.negative, fp_exp_mask(f), one);
    }
    if (env->nan_rule == FP_NAN_CANONICAL) {
        n.negative = false;
        n.sig = 0;
    }
    return fp_assemble(f, n.negative, fp_exp_mask(f),
                       n.sig >> (127 - f.frac_bits) | one | one >> 1);
}

u128 fp_pack_overflow(struct fp_format f, bool negative, struct fp_env *env)
{
    unsigned r = env->rounding;
    bool to_greatest =
        r == FP_RTZ || r == FP_ODD || (r == FP_RDN && !negative) || (r == FP_RUP && negative);

    env->flags |= FP_OF | FP_NX;
    if (to_greatest) {
        return fp_assemble(f, negative, fp_exp_mask(f) - 1, ((u128)2 << f.frac_bits) - 1);
    }
    return fp_assemble(f, negative, fp_exp_mask(f), (u128)1 << f.frac_bits);
}

/* Whether a number below the least normal one stays below it when it is rounded as if exponents
 * had no end. */
static bool tiny_after_rounding(struct fp_format f, bool negative, int exp, u128 sig,
                                unsigned rounding)
{
    u128 kept = sig >> (127 - f.frac_bits);
    u128 rest = sig << (f.frac_bits + 1);

    if (exp < -fp_bias(f) || rest == 0) {
        return true;
    }
    kept += fp_rounds_up(rounding, negative, kept & 1, rest);
    return kept >> (f.frac_bits + 1) == 0;
}

u128 fp_pack_tiny(struct fp_format f, bool negative, int exp, u128 sig, struct fp_env *env)
{
    bool tiny = env->tiny_before || tiny_after_rounding(f, negative, exp, sig, env->rounding);

    if (tiny && env->flush_output) {
        env->flags |= env->tiny_before ? FP_UF : FP_UF | FP_NX;
        return fp_assemble(f, negative, 0, 0);
    }
    sig = fp_shift_sticky(sig, 1 - fp_bias(f) - exp);
    u128 kept = sig >> (127 - f.frac_bits);
    u128 rest = sig << (f.frac_bits + 1);
    if (rest != 0) {
        env->flags |= tiny ? FP_UF | FP_NX : FP_NX;
        kept += fp_rounds_up(env->rounding, negative, kept & 1, rest);
    }
    /* the least normal number is reached when the integer bit is */
    return fp_assemble(f, negative, (int)(kept >> f.frac_bits), kept);
}

/* ---- NaNs ---- */

static struct fp_num default_nan(const struct fp_env *env)
{
    return (struct fp_num){
        .sig = FP_TOP | FP_QUIET,
        .kind = FP_KIND_QNAN,
        .negative = env->nan_rule == FP_NAN_X86,
    };
}

struct fp_num fp_invalid(struct fp_env *env)
{
    env->flags |= FP_NV;
    return default_nan(env);
}

/* The result, once it is known which NaN was chosen. */
static struct fp_num quieten(struct fp_num n, const struct fp_env *env)
{
    if (n.kind == FP_KIND_INVALID || env->nan_rule == FP_NAN_CANONICAL) {
        return default_nan(env);
    }
    n.sig |= FP_QUIET;
    n.kind = FP_KIND_QNAN;
    return n;
}

struct fp_num fp_nan1(struct fp_num a, struct fp_env *env)
{
    if (fp_is_snan(a)) {
        env->flags |= FP_NV;
    }
    return quieten(a, env);
}

/* x87: the greater significand, where a quiet NaN is greater than a signalling one; the positive
 * one of two equal ones. */
static struct fp_num choose_x87(struct fp_num a, struct fp_num b)
{
    if (a.kind == FP_KIND_INVALID) {
        return a;
    }
    if (b.kind == FP_KIND_INVALID || !fp_is_nan(a)) {
        return b;
    }
    if (!fp_is_nan(b)) {
        return a;
    }
    if (a.sig == b.sig) {
        return a.negative ? b : a;
    }
    return a.sig > b.sig ? a : b;
}

struct fp_num fp_nan2(struct fp_format f, struct fp_num a, struct fp_num b, struct fp_env *env)
{
    if (fp_is_snan(a) || fp_is_snan(b)) {
        env->flags |= FP_NV;
    }
    if (f.one_bits && env->nan_rule == FP_NAN_X86) {
        return quieten(choose_x87(a, b), env);
    }
    if (env->nan_rule == FP_NAN_ARM && fp_is_snan(b) && !fp_is_snan(a)) {
        return quieten(b, env);
    }
    return quieten(fp_is_nan(a) ? a : b, env);
}

/* a * b + c. No f80 comes here. */
struct fp_num fp_nan3(struct fp_num a, struct fp_num b, struct fp_num c, struct fp_env *env)
{
    bool arm = env->nan_rule == FP_NAN_ARM;
    struct fp_num order[3] = {arm ? c : a, arm ? a : b, arm ? b : c};
    int chosen = -1;

    for (int i = 2; i >= 0; i--) {
        if (fp_is_snan(order[i])) {
            env->flags |= FP_NV;
        }
        if (fp_is_nan(order[i])) {
            chosen = i;
        }
    }
    for (int i = 2; arm && i >= 0; i--) {
        if (fp_is_snan(order[i])) {
            chosen = i;
        }
    }
    must(chosen >= 0);
    return quieten(order[chosen], env);
}

/* ---- operands that are zero or infinite ---- */

struct fp_num fp_add_rare(struct fp_num a, struct fp_num b, struct fp_env *env)
{
    if (a.kind == FP_KIND_INF || b.kind == FP_KIND_INF) {
        if (a.kind == b.kind && a.negative != b.negative) {
            return fp_invalid(env);
        }
        fp_note_denormal(a.denormal || b.denormal, env);
        return a.kind == FP_KIND_INF ? a : b;
    }
    fp_note_denormal(a.denormal || b.denormal, env);
    if (a.kind == FP_KIND_ZERO && b.kind == FP_KIND_ZERO) {
        return fp_zero(a.negative == b.negative ? a.negative : env->rounding == FP_RDN);
    }
    return a.kind == FP_KIND_ZERO ? b : a;
}

struct fp_num fp_mul_rare(struct fp_num a, struct fp_num b, struct fp_env *env)
{
    bool negative = a.negative ^ b.negative;

    if (a.kind == FP_KIND_INF || b.kind == FP_KIND_INF) {
        if (a.kind == FP_KIND_ZERO || b.kind == FP_KIND_ZERO) {
            return fp_invalid(env);
        }
        fp_note_denormal(a.denormal || b.denormal, env);
        return fp_inf(negative);
    }
    fp_note_denormal(a.denormal || b.denormal, env);
    return fp_zero(negative);
}
