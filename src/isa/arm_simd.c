/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_simd: integer operations of Advanced SIMD, lane by lane, for whatever the lifter does not turn
 * into IR. After the pseudocode of the Arm Architecture Reference Manual for A-profile, C7.2.
 */
#include "isa/arm_simd.h"

__extension__ typedef __int128 wide;

struct lane {
    unsigned width;
    bool saturated; /* QC is set */
};

static int64_t as_signed(uint64_t a, unsigned width)
{
    return (int64_t)(a << (64 - width)) >> (64 - width);
}

static wide number(bool is_signed, uint64_t a, unsigned width)
{
    return is_signed ? (wide)as_signed(a, width) : (wide)(a & simd_mask(width));
}

static uint64_t saturate(struct lane *l, bool is_signed, unsigned width, wide x)
{
    wide least = is_signed ? -((wide)1 << (width - 1)) : 0;
    wide greatest = ((wide)1 << (is_signed ? width - 1 : width)) - 1;

    if (x < least || x > greatest) {
        l->saturated = true;
        return (uint64_t)(x < least ? least : greatest);
    }
    return (uint64_t)x;
}

static uint64_t carry_less(uint64_t a, uint64_t b)
{
    uint64_t product = 0;

    for (; b != 0; b &= b - 1) {
        product ^= a << __builtin_ctzll(b);
    }
    return product;
}

/* ---- shifts: positive amounts are to the left ---- */

enum { UNSIGNED = 1, ROUNDING = 2, SATURATING = 4 };

static uint64_t shift(struct lane *l, unsigned kind, uint64_t a, int amount)
{
    bool is_signed = !(kind & UNSIGNED);
    wide x = number(is_signed, a, l->width);

    if (amount < 0) {
        int right = -amount > 126 ? 126 : -amount;

        x += kind & ROUNDING ? (wide)1 << (right - 1) : 0;
        return (uint64_t)(x >> right);
    }
    if (!(kind & SATURATING)) {
        return amount >= (int)l->width ? 0 : a << amount;
    }
    if (x != 0 && amount >= (int)l->width) { /* whatever it is, it does not fit */
        return saturate(l, is_signed, l->width, x < 0 ? -((wide)1 << 65) : (wide)1 << 65);
    }
    return saturate(l, is_signed, l->width, x * ((wide)1 << (x == 0 ? 0 : amount)));
}

/* ---- lanes of one width ---- */

static uint64_t maximum(enum simd_op op, uint64_t n, uint64_t m, unsigned width)
{
    bool is_signed = op == SIMD_SMAX || op == SIMD_SMIN;
    bool less = number(is_signed, n, width) < number(is_signed, m, width);

    return less == (op == SIMD_SMAX || op == SIMD_UMAX) ? m : n;
}

static uint64_t difference(bool is_signed, uint64_t n, uint64_t m, unsigned width)
{
    wide x = number(is_signed, n, width) - number(is_signed, m, width);

    return (uint64_t)(x < 0 ? -x : x);
}

static bool compares(enum simd_op op, uint64_t n, uint64_t m, unsigned width)
{
    switch (op) {
    case SIMD_CMGT: return as_signed(n, width) > as_signed(m, width);
    case SIMD_CMGE: return as_signed(n, width) >= as_signed(m, width);
    case SIMD_CMHI: return n > m;
    case SIMD_CMHS: return n >= m;
    case SIMD_CMTST: return (n & m) != 0;
    default: return n == m;
    }
}

static uint64_t halved(enum simd_op op, uint64_t n, uint64_t m, unsigned width)
{
    bool is_signed = op == SIMD_SHADD || op == SIMD_SRHADD || op == SIMD_SHSUB;
    wide x = number(is_signed, n, width), y = number(is_signed, m, width);

    if (op == SIMD_SHSUB || op == SIMD_UHSUB) {
        y = -y;
    }
    x += y + (op == SIMD_SRHADD || op == SIMD_URHADD);
    return (uint64_t)(x >> 1);
}

/* SQDMULH and relatives: the high half of the doubled product, of which the accumulator is the high
 * half, too. */
static uint64_t doubled(struct lane *l, enum simd_op op, uint64_t n, uint64_t m, uint64_t d)
{
    wide x = (wide)as_signed(n, l->width) * as_signed(m, l->width) * 2;

    if (op == SIMD_SQRDMLAH || op == SIMD_SQRDMLSH) {
        x = (wide)as_signed(d, l->width) * ((wide)1 << l->width) + (op == SIMD_SQRDMLAH ? x : -x);
    }
    x += op == SIMD_SQDMULH ? 0 : (wide)1 << (l->width - 1);
    return saturate(l, true, l->width, x >> l->width);
}

static uint64_t arithmetic(struct lane *l, enum simd_op op, uint64_t n, uint64_t m, uint64_t d)
{
    bool is_signed = op == SIMD_SQADD || op == SIMD_SQSUB;
    wide x = number(is_signed, n, l->width), y = number(is_signed, m, l->width);

    switch (op) {
    case SIMD_SQADD:
    case SIMD_UQADD: return saturate(l, is_signed, l->width, x + y);
    case SIMD_SQSUB:
    case SIMD_UQSUB: return saturate(l, is_signed, l->width, x - y);
    case SIMD_SABD:
    case SIMD_UABD: return difference(op == SIMD_SABD, n, m, l->width);
    case SIMD_SABA:
    case SIMD_UABA: return d + difference(op == SIMD_SABA, n, m, l->width);
    case SIMD_ADD: return n + m;
    case SIMD_SUB: return n - m;
    case SIMD_MLA: return d + n * m;
    case SIMD_MLS: return d - n * m;
    case SIMD_MUL: return n * m;
    case SIMD_PMUL: return carry_less(n, m);
    default: return doubled(l, op, n, m, d);
    }
}

static uint64_t same(struct lane *l, enum simd_op op, uint64_t n, uint64_t m, uint64_t d)
{
    if (op >= SIMD_SSHL_REG && op <= SIMD_UQRSHL_REG) {
        return shift(l, op - SIMD_SSHL_REG, n, (int8_t)m);
    }
    if (op >= SIMD_SMAX && op <= SIMD_UMIN) {
        return maximum(op, n, m, l->width);
    }
    if (op >= SIMD_CMGT && op <= SIMD_CMEQ) {
        return compares(op, n, m, l->width) ? UINT64_MAX : 0;
    }
    if (op <= SIMD_UHSUB && op != SIMD_SQADD && op != SIMD_UQADD) {
        return halved(op, n, m, l->width);
    }
    return arithmetic(l, op, n, m, d);
}

static uint64_t pair(enum simd_op op, uint64_t n, uint64_t m, unsigned width)
{
    switch (op) {
    case SIMD_SMAXP: return maximum(SIMD_SMAX, n, m, width);
    case SIMD_UMAXP: return maximum(SIMD_UMAX, n, m, width);
    case SIMD_SMINP: return maximum(SIMD_SMIN, n, m, width);
    case SIMD_UMINP: return maximum(SIMD_UMIN, n, m, width);
    default: return n + m;
    }
}

static uint64_t leading(enum simd_op op, uint64_t n, unsigned width)
{
    uint64_t a = op == SIMD_CLS ? (n ^ n >> 1) & simd_mask(width - 1) : n;
    unsigned zeros = a == 0 ? 64 : (unsigned)__builtin_clzll(a);

    return zeros - (64 - width) - (op == SIMD_CLS);
}

static uint64_t reversed_bits(uint64_t n, unsigned width)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < width; i++) {
        r |= (n >> i & 1) << (width - 1 - i);
    }
    return r;
}

static uint64_t one(struct lane *l, enum simd_op op, uint64_t n, uint64_t d)
{
    int64_t s = as_signed(n, l->width);

    switch (op) {
    case SIMD_SUQADD:
        return saturate(l, true, l->width, number(true, d, l->width) + number(false, n, l->width));
    case SIMD_USQADD:
        return saturate(l, false, l->width, number(false, d, l->width) + number(true, n, l->width));
    case SIMD_CLS:
    case SIMD_CLZ: return leading(op, n, l->width);
    case SIMD_CNT: return (unsigned)__builtin_popcountll(n);
    case SIMD_NOT: return ~n;
    case SIMD_RBIT: return reversed_bits(n, 8);
    case SIMD_SQABS: return saturate(l, true, l->width, s < 0 ? -(wide)s : s);
    case SIMD_SQNEG: return saturate(l, true, l->width, -(wide)s);
    case SIMD_ABS: return s < 0 ? -n : n;
    case SIMD_NEG: return -n;
    case SIMD_CMGT0: return s > 0 ? UINT64_MAX : 0;
    case SIMD_CMEQ0: return s == 0 ? UINT64_MAX : 0;
    case SIMD_CMLT0: return s < 0 ? UINT64_MAX : 0;
    case SIMD_CMGE0: return s >= 0 ? UINT64_MAX : 0;
    case SIMD_CMLE0: return s <= 0 ? UINT64_MAX : 0;
    case SIMD_URECPE: return n >> 31 ? fp_recip_estimate9((uint32_t)n >> 23) << 23 : UINT32_MAX;
    case SIMD_URSQRTE: return n >> 30 ? fp_rsqrt_estimate9((uint32_t)n >> 23) << 23 : UINT32_MAX;
    default: must(false); return 0;
    }
}

/* ---- lanes of two widths; `width` is the narrow one ---- */

static wide wide_operand(enum simd_op op, uint64_t a, unsigned width)
{
    bool is_signed = (op >= SIMD_SADDW ? op - SIMD_SADDW : op - SIMD_SADDL) % 2 == 0;

    return number(is_signed, a, width);
}

/* n is of the wide width for the W forms. */
static uint64_t widened(struct lane *l, enum simd_op op, uint64_t n, uint64_t m, uint64_t d)
{
    unsigned twice = 2 * l->width;
    wide x = op >= SIMD_SADDW ? (wide)n : wide_operand(op, n, l->width);
    wide y = wide_operand(op, m, l->width);

    switch (op) {
    case SIMD_SADDL:
    case SIMD_UADDL:
    case SIMD_SADDW:
    case SIMD_UADDW: return (uint64_t)(x + y);
    case SIMD_SSUBL:
    case SIMD_USUBL:
    case SIMD_SSUBW:
    case SIMD_USUBW: return (uint64_t)(x - y);
    case SIMD_SABAL:
    case SIMD_UABAL: return d + (uint64_t)(x < y ? y - x : x - y);
    case SIMD_SABDL:
    case SIMD_UABDL: return (uint64_t)(x < y ? y - x : x - y);
    case SIMD_SMLAL:
    case SIMD_UMLAL: return d + (uint64_t)(x * y);
    case SIMD_SMLSL:
    case SIMD_UMLSL: return d - (uint64_t)(x * y);
    case SIMD_SMULL:
    case SIMD_UMULL: return (uint64_t)(x * y);
    case SIMD_PMULL: return carry_less(n, m);
    default: break;
    }
    x = 2 * (wide)as_signed(n, l->width) * as_signed(m, l->width);
    uint64_t product = saturate(l, true, twice, x);
    if (op == SIMD_SQDMULL) {
        return product;
    }
    y = number(true, product, twice);
    return saturate(l, true, twice, number(true, d, twice) + (op == SIMD_SQDMLAL ? y : -y));
}

static uint64_t high_half(enum simd_op op, uint64_t n, uint64_t m, unsigned width)
{
    uint64_t x = op == SIMD_ADDHN || op == SIMD_RADDHN ? n + m : n - m;

    x += op == SIMD_RADDHN || op == SIMD_RSUBHN ? UINT64_C(1) << (width - 1) : 0;
    return x >> width;
}

static uint64_t narrowed(struct lane *l, enum simd_op op, uint64_t n)
{
    unsigned twice = 2 * l->width;

    switch (op) {
    case SIMD_XTN: return n;
    case SIMD_SQXTN: return saturate(l, true, l->width, number(true, n, twice));
    case SIMD_SQXTUN: return saturate(l, false, l->width, number(true, n, twice));
    default: return saturate(l, false, l->width, number(false, n, twice));
    }
}

static uint64_t shift_narrowed(struct lane *l, enum simd_op op, uint64_t n, unsigned amount)
{
    unsigned twice = 2 * l->width;
    bool rounds = (op - SIMD_SHRN) % 2 != 0;
    bool from_signed = op != SIMD_UQSHRN && op != SIMD_UQRSHRN;
    wide x = number(from_signed, n, twice);

    x = (x + (rounds ? (wide)1 << (amount - 1) : 0)) >> amount;
    if (op == SIMD_SHRN || op == SIMD_RSHRN) {
        return (uint64_t)x;
    }
    return saturate(l, op == SIMD_SQSHRN || op == SIMD_SQRSHRN, l->width, x);
}

/* ---- shifts by an immediate ---- */

static uint64_t shifted(struct lane *l, enum simd_op op, uint32_t w, uint64_t n, uint64_t d)
{
    unsigned left = simd_shift_left(w), right = simd_shift_right(w);
    uint64_t mask = simd_mask(l->width);

    switch (op) {
    case SIMD_SSHR: return shift(l, 0, n, -(int)right);
    case SIMD_SSRA: return d + shift(l, 0, n, -(int)right);
    case SIMD_SRSHR: return shift(l, ROUNDING, n, -(int)right);
    case SIMD_SRSRA: return d + shift(l, ROUNDING, n, -(int)right);
    case SIMD_USHR: return shift(l, UNSIGNED, n, -(int)right);
    case SIMD_USRA: return d + shift(l, UNSIGNED, n, -(int)right);
    case SIMD_URSHR: return shift(l, UNSIGNED | ROUNDING, n, -(int)right);
    case SIMD_URSRA: return d + shift(l, UNSIGNED | ROUNDING, n, -(int)right);
    case SIMD_SRI:
        mask = right == l->width ? 0 : mask >> right;
        return (d & ~mask) | (right == l->width ? 0 : n >> right);
    case SIMD_SHL: return n << left;
    case SIMD_SLI: return (d & ((UINT64_C(1) << left) - 1)) | n << left;
    case SIMD_SQSHL: return shift(l, SATURATING, n, (int)left);
    case SIMD_UQSHL: return shift(l, SATURATING | UNSIGNED, n, (int)left);
    default: /* SQSHLU */
        return saturate(l, false, l->width, number(true, n, l->width) * ((wide)1 << left));
    }
}

/* ---- whole registers ---- */

/* What an operation works on. */
struct work {
    uint32_t w;
    enum simd_op op;
    unsigned log2, count; /* of the narrow lanes, where there are two widths */
    struct lane lane;
    struct simd_reg n, m, d, out;
};

static void same_lanes(struct work *k)
{
    for (unsigned i = 0; i < k->count; i++) {
        uint64_t n = simd_get(&k->n, k->log2, i), d = simd_get(&k->d, k->log2, i), r;

        if (k->op >= SIMD_SUQADD && k->op <= SIMD_URSQRTE) {
            r = one(&k->lane, k->op, n, d);
        } else if (k->op >= SIMD_SSHR && k->op <= SIMD_SQSHLU) {
            r = shifted(&k->lane, k->op, k->w, n, d);
        } else {
            r = same(&k->lane, k->op, n, simd_get(&k->m, k->log2, i), d);
        }
        simd_set(&k->out, k->log2, i, r);
    }
}

static void pairs(struct work *k)
{
    for (unsigned i = 0; i < k->count; i++) {
        const struct simd_reg *from = i < k->count / 2 ? &k->n : &k->m;
        unsigned at = 2 * i % k->count;

        simd_set(&k->out, k->log2, i,
                 pair(k->op, simd_get(from, k->log2, at), simd_get(from, k->log2, at + 1),
                      k->lane.width));
    }
}

static void reversed(struct work *k)
{
    unsigned group = (k->op == SIMD_REV64 ? 8u : k->op == SIMD_REV32 ? 4u : 2u) >> k->log2;

    for (unsigned i = 0; i < k->count; i++) {
        simd_set(&k->out, k->log2, i, simd_get(&k->n, k->log2, i ^ (group - 1)));
    }
}

/* The second half of the narrow lanes is meant by the forms with a 2. */
static void to_wide(struct work *k)
{
    unsigned count = simd_scalar(k->w) ? 1 : 8u >> k->log2;
    unsigned first = !simd_scalar(k->w) && simd_q(k->w) ? count : 0;

    for (unsigned i = 0; i < count; i++) {
        uint64_t d = simd_get(&k->d, k->log2 + 1, i);
        bool wide_n = k->op >= SIMD_SADDW && k->op <= SIMD_USUBW;
        uint64_t n = wide_n ? simd_get(&k->n, k->log2 + 1, i) : simd_get(&k->n, k->log2, first + i);
        uint64_t r;

        if (k->op == SIMD_SSHLL || k->op == SIMD_USHLL) {
            wide x = number(k->op == SIMD_SSHLL, n, k->lane.width);
            r = (uint64_t)(x * ((wide)1 << simd_shift_left(k->w)));
        } else {
            r = widened(&k->lane, k->op, n, simd_get(&k->m, k->log2, first + i), d);
        }
        simd_set(&k->out, k->log2 + 1, i, r);
    }
}

static void to_narrow(struct work *k)
{
    unsigned count = simd_scalar(k->w) ? 1 : 8u >> k->log2;
    unsigned first = !simd_scalar(k->w) && simd_q(k->w) ? count : 0;

    if (first != 0) {
        k->out.d[0] = k->d.d[0];
    }
    for (unsigned i = 0; i < count; i++) {
        uint64_t n = simd_get(&k->n, k->log2 + 1, i), r;

        if (k->op >= SIMD_XTN && k->op <= SIMD_UQXTN) {
            r = narrowed(&k->lane, k->op, n);
        } else if (k->op >= SIMD_SHRN && k->op <= SIMD_SQRSHRUN) {
            r = shift_narrowed(&k->lane, k->op, n, simd_shift_right(k->w));
        } else {
            r = high_half(k->op, n, simd_get(&k->m, k->log2 + 1, i), k->lane.width);
        }
        simd_set(&k->out, k->log2, first + i, r);
    }
}

static void long_pairs(struct work *k)
{
    bool is_signed = k->op == SIMD_SADDLP || k->op == SIMD_SADALP;

    for (unsigned i = 0; i < k->count / 2; i++) {
        wide sum = number(is_signed, simd_get(&k->n, k->log2, 2 * i), k->lane.width) +
                   number(is_signed, simd_get(&k->n, k->log2, 2 * i + 1), k->lane.width);

        if (k->op == SIMD_SADALP || k->op == SIMD_UADALP) {
            sum += (wide)simd_get(&k->d, k->log2 + 1, i);
        }
        simd_set(&k->out, k->log2 + 1, i, (uint64_t)sum);
    }
}

static void across(struct work *k)
{
    static const uint8_t pairwise[] = {SIMD_SMAXP, SIMD_UMAXP, SIMD_SMINP, SIMD_UMINP, SIMD_ADDP};
    bool is_long = k->op == SIMD_SADDLV || k->op == SIMD_UADDLV;
    uint64_t r = simd_get(&k->n, k->log2, 0);

    if (is_long) {
        r = (uint64_t)number(k->op == SIMD_SADDLV, r, k->lane.width);
    }
    for (unsigned i = 1; i < k->count; i++) {
        uint64_t n = simd_get(&k->n, k->log2, i);

        if (is_long) {
            r += (uint64_t)number(k->op == SIMD_SADDLV, n, k->lane.width);
        } else {
            r = pair((enum simd_op)pairwise[k->op - SIMD_SMAXV], r, n, k->lane.width);
            r &= simd_mask(k->lane.width);
        }
    }
    simd_set(&k->out, k->log2 + is_long, 0, r);
}

static void compute(struct work *k)
{
    switch (k->op) {
    case SIMD_REV64:
    case SIMD_REV32:
    case SIMD_REV16: reversed(k); return;
    default: break;
    }
    if (k->op >= SIMD_SMAXP && k->op <= SIMD_ADDP) {
        pairs(k);
    } else if ((k->op >= SIMD_SADDL && k->op <= SIMD_USUBW) || k->op >= SIMD_SSHLL) {
        to_wide(k);
    } else if ((k->op >= SIMD_ADDHN && k->op <= SIMD_RSUBHN) ||
               (k->op >= SIMD_XTN && k->op <= SIMD_UQXTN) || k->op >= SIMD_SHRN) {
        to_narrow(k);
    } else if (k->op >= SIMD_SADDLP && k->op <= SIMD_UADALP) {
        long_pairs(k);
    } else if (k->op >= SIMD_SADDLV && k->op <= SIMD_ADDV) {
        across(k);
    } else {
        same_lanes(k);
    }
}

unsigned arm_simd_log2(uint32_t w, enum simd_op op)
{
    if (op == SIMD_RBIT) {
        return 0;
    }
    return op >= SIMD_SSHR && op <= SIMD_USHLL ? simd_shift_size(w) : simd_size(w);
}

struct simd_reg arm_simd_compute(uint32_t w, enum simd_op op, const struct simd_operands *o,
                                 bool *saturated)
{
    struct work k = {
        .w = w, .op = op, .log2 = arm_simd_log2(w, op), .n = o->n, .m = o->m, .d = o->d};

    k.count = simd_bytes(w, k.log2) >> k.log2;
    k.lane.width = 8u << k.log2;
    compute(&k);
    *saturated |= k.lane.saturated;
    return k.out;
}
