/* SPDX-License-Identifier: GPL-2.0-or-later
 * eval: what the pure integer and flag operations compute, once: the interpreter asks with
 * constant op and width, so that each case shrinks to its expression, and the builder asks when it
 * folds constants. Private to ir/. Values of 32 bits are zero-extended, before and after.
 */
#ifndef IR_EVAL_H
#define IR_EVAL_H

#include "ir/ir.h"

#define EVAL_INLINE static inline __attribute__((always_inline))

#define EVAL_FLAGS (IR_FLAG_C | IR_FLAG_P | IR_FLAG_A | IR_FLAG_Z | IR_FLAG_S | IR_FLAG_O)

EVAL_INLINE uint64_t eval_mask(unsigned width)
{
    return UINT64_MAX >> (64 - width);
}

EVAL_INLINE int64_t eval_signed(unsigned width, uint64_t a)
{
    return (int64_t)(a << (64 - width)) >> (64 - width);
}

/* ---- flags: C P A Z S O at IR_FLAG_* ---- */

/* P Z S of a result. */
EVAL_INLINE uint64_t eval_flags_result(unsigned width, uint64_t r)
{
    uint64_t flags = __builtin_parity((unsigned)(r & 0xff)) ? 0 : IR_FLAG_P;

    flags |= r == 0 ? IR_FLAG_Z : 0;
    return flags | (r >> (width - 1) ? IR_FLAG_S : 0);
}

/* C A O from the carries out of the bits. */
EVAL_INLINE uint64_t eval_flags_carry(unsigned width, uint64_t out, uint64_t in, uint64_t overflow)
{
    return (out >> (width - 1) & 1) * IR_FLAG_C | (in & IR_FLAG_A) |
           (overflow >> (width - 1) & 1) * IR_FLAG_O;
}

EVAL_INLINE uint64_t eval_flags_add(unsigned width, uint64_t a, uint64_t b, uint64_t carry)
{
    uint64_t r = (a + b + carry) & eval_mask(width);

    return eval_flags_result(width, r) |
           eval_flags_carry(width, (a & b) | ((a | b) & ~r), a ^ b ^ r, (a ^ r) & (b ^ r));
}

EVAL_INLINE uint64_t eval_flags_sub(unsigned width, uint64_t a, uint64_t b, uint64_t borrow)
{
    uint64_t r = (a - b - borrow) & eval_mask(width);

    return eval_flags_result(width, r) |
           eval_flags_carry(width, (~a & b) | ((~a | b) & r), a ^ b ^ r, (a ^ b) & (a ^ r));
}

/* SHLF SHRF SARF. O where x86 leaves it undefined (amounts above 1) follows the same formula as
 * for 1; A is 0. */
EVAL_INLINE uint64_t eval_flags_shift(unsigned op, unsigned width, uint64_t a, uint64_t b,
                                      uint64_t old)
{
    unsigned n = (unsigned)b & (width - 1);
    uint64_t r, carry, overflow;

    if (n == 0) {
        return old;
    }
    if (op == IR_SHLF) {
        r = a << n & eval_mask(width);
        carry = a >> (width - n) & 1;
        overflow = (r >> (width - 1)) ^ carry;
    } else if (op == IR_SHRF) {
        r = a >> n;
        carry = a >> (n - 1) & 1;
        overflow = a >> (width - 1);
    } else {
        r = (uint64_t)(eval_signed(width, a) >> n) & eval_mask(width);
        carry = a >> (n - 1) & 1;
        overflow = 0;
    }
    return eval_flags_result(width, r) | carry * IR_FLAG_C | overflow * IR_FLAG_O;
}

EVAL_INLINE uint64_t eval_cond(unsigned cc, uint64_t f)
{
    bool c = f & IR_FLAG_C, z = f & IR_FLAG_Z, s = f & IR_FLAG_S, o = f & IR_FLAG_O, r = false;

    switch (cc >> 1) {
    case CC_O >> 1: r = o; break;
    case CC_B >> 1: r = c; break;
    case CC_E >> 1: r = z; break;
    case CC_BE >> 1: r = c || z; break;
    case CC_S >> 1: r = s; break;
    case CC_P >> 1: r = f & IR_FLAG_P; break;
    case CC_L >> 1: r = s != o; break;
    case CC_LE >> 1: r = z || s != o; break;
    default: break;
    }
    return r != (cc & 1);
}

/* ---- integers ---- */

EVAL_INLINE uint64_t eval_mul_high(unsigned op, unsigned width, uint64_t a, uint64_t b)
{
    if (width == 32) {
        uint64_t x = op == IR_MULHU ? a : (uint64_t)eval_signed(32, a);
        uint64_t y = op == IR_MULHS ? (uint64_t)eval_signed(32, b) : b;

        return x * y >> 32;
    }
    unsigned __int128 x = op == IR_MULHU ? a : (unsigned __int128)(__int128)(int64_t)a;
    unsigned __int128 y = op == IR_MULHS ? (unsigned __int128)(__int128)(int64_t)b : b;

    return (uint64_t)(x * y >> 64);
}

/* The quotient's sign needs care twice: nothing divides by 0, and -1 would overflow the host. */
EVAL_INLINE uint64_t eval_divs(unsigned width, uint64_t a, uint64_t b)
{
    int64_t x = eval_signed(width, a), y = eval_signed(width, b);

    if (y == 0) {
        return 0;
    }
    return y == -1 ? -(uint64_t)x : (uint64_t)(x / y);
}

EVAL_INLINE uint64_t eval_rems(unsigned width, uint64_t a, uint64_t b)
{
    int64_t x = eval_signed(width, a), y = eval_signed(width, b);

    if (y == 0) {
        return a;
    }
    return y == -1 ? 0 : (uint64_t)(x % y);
}

EVAL_INLINE uint64_t eval_rotate_left(unsigned width, uint64_t a, unsigned n)
{
    n &= width - 1;
    return a << n | a >> ((width - n) & (width - 1));
}

/* T = a op b, comparisons, and the flags of ADDF and SUBF. */
EVAL_INLINE uint64_t eval_2(unsigned op, unsigned width, uint64_t a, uint64_t b)
{
    unsigned n = (unsigned)b & (width - 1);
    uint64_t mask = eval_mask(width);

    switch (op) {
    case IR_ADD: return (a + b) & mask;
    case IR_SUB: return (a - b) & mask;
    case IR_MUL: return (a * b) & mask;
    case IR_MULHU:
    case IR_MULHS:
    case IR_MULHSU: return eval_mul_high(op, width, a, b) & mask;
    case IR_DIVU: return b == 0 ? 0 : a / b;
    case IR_DIVS: return eval_divs(width, a, b) & mask;
    case IR_REMU: return b == 0 ? a : a % b;
    case IR_REMS: return eval_rems(width, a, b) & mask;
    case IR_AND: return a & b;
    case IR_OR: return a | b;
    case IR_XOR: return a ^ b;
    case IR_ANDN: return a & ~b;
    case IR_ORN: return (a | ~b) & mask;
    case IR_SHL: return a << n & mask;
    case IR_SHR: return a >> n;
    case IR_SAR: return (uint64_t)(eval_signed(width, a) >> n) & mask;
    case IR_ROTL: return eval_rotate_left(width, a, n) & mask;
    case IR_ROTR: return eval_rotate_left(width, a, width - n) & mask;
    case IR_EQ: return a == b;
    case IR_NE: return a != b;
    case IR_LTU: return a < b;
    case IR_LEU: return a <= b;
    case IR_LTS: return eval_signed(width, a) < eval_signed(width, b);
    case IR_LES: return eval_signed(width, a) <= eval_signed(width, b);
    case IR_MINU: return a < b ? a : b;
    case IR_MAXU: return a > b ? a : b;
    case IR_MINS: return eval_signed(width, a) < eval_signed(width, b) ? a : b;
    case IR_MAXS: return eval_signed(width, a) > eval_signed(width, b) ? a : b;
    case IR_ADDF: return eval_flags_add(width, a, b, 0);
    case IR_SUBF: return eval_flags_sub(width, a, b, 0);
    default: must(false); return 0;
    }
}

EVAL_INLINE uint64_t eval_extract(uint64_t a, uint64_t pos_len)
{
    return bits_get(a, pos_len & 0xff, pos_len >> 8 & 0xff);
}

EVAL_INLINE uint64_t eval_sextract(unsigned width, uint64_t a, uint64_t pos_len)
{
    return bits_sext(a >> (pos_len & 0xff), pos_len >> 8 & 0xff) & eval_mask(width);
}

EVAL_INLINE uint64_t eval_deposit(uint64_t a, uint64_t b, uint32_t pos_len)
{
    return bits_set(a, pos_len & 0xff, pos_len >> 8 & 0xff, b);
}

/* T = op a. */
EVAL_INLINE uint64_t eval_1(unsigned op, unsigned width, uint64_t a, uint64_t imm)
{
    switch (op) {
    case IR_CLZ: return a == 0 ? width : (unsigned)__builtin_clzll(a) - (64 - width);
    case IR_CTZ: return a == 0 ? width : (unsigned)__builtin_ctzll(a);
    case IR_POPCNT: return (unsigned)__builtin_popcountll(a);
    case IR_BSWAP: return __builtin_bswap64(a) >> (64 - width);
    case IR_EXTRACT: return eval_extract(a, imm);
    case IR_SEXTRACT: return eval_sextract(width, a, imm);
    case IR_ZEXT: return a;
    case IR_SEXT: return (uint64_t)eval_signed(32, a);
    case IR_TRUNC: return a & UINT32_MAX;
    default: must(false); return 0;
    }
}

#endif
