/* SPDX-License-Identifier: GPL-2.0-or-later
 * interp_vec: the interpreter's operations on vectors of 128 bits. Lanes are numbers in the
 * least significant first order that memory has.
 */
#include "ir/interp.h"
#include "ir/eval.h"

static uint64_t lane_get(const union ir_value *v, unsigned log2, unsigned i)
{
    switch (log2) {
    case 0: return v->b[i];
    case 1: return v->h[i];
    case 2: return v->s[i];
    default: return v->d[i];
    }
}

static void lane_set(union ir_value *v, unsigned log2, unsigned i, uint64_t value)
{
    switch (log2) {
    case 0: v->b[i] = (uint8_t)value; break;
    case 1: v->h[i] = (uint16_t)value; break;
    case 2: v->s[i] = (uint32_t)value; break;
    default: v->d[i] = value; break;
    }
}

/* ---- saturation, averages, products ---- */

/* A number that did not fit, as the nearest that does. */
static uint64_t saturated(unsigned width, bool is_signed, __int128 x)
{
    __int128 least = is_signed ? -((__int128)1 << (width - 1)) : 0;
    __int128 greatest = ((__int128)1 << (is_signed ? width - 1 : width)) - 1;

    return (uint64_t)(x < least ? least : x > greatest ? greatest : x);
}

static __int128 lane_number(unsigned width, bool is_signed, uint64_t a)
{
    return is_signed ? (__int128)eval_signed(width, a) : (__int128)a;
}

static uint64_t lane_wide(unsigned op, unsigned width, uint64_t a, uint64_t b)
{
    bool is_signed = op == IR_VADDSS || op == IR_VSUBSS || op == IR_VMULHS || op == IR_VMULES;
    __int128 x = lane_number(width, is_signed, a), y = lane_number(width, is_signed, b);

    switch (op) {
    case IR_VADDSU:
    case IR_VADDSS: return saturated(width, is_signed, x + y);
    case IR_VSUBSU:
    case IR_VSUBSS: return saturated(width, is_signed, x - y);
    case IR_VAVGU: return (uint64_t)((x + y + 1) >> 1);
    case IR_VMULHU: return (uint64_t)((unsigned __int128)a * b >> width);
    case IR_VMULHS: return (uint64_t)(x * y >> width);
    case IR_VMULEU: return a * b;
    case IR_VMULES: return (uint64_t)(x * y);
    default: must(false); return 0;
    }
}

/* Lanes a op b; the builder folds none of these, so they live here. */
static uint64_t lane_2(unsigned op, unsigned width, uint64_t a, uint64_t b)
{
    switch (op) {
    case IR_VADD: return a + b;
    case IR_VSUB: return a - b;
    case IR_VMUL: return a * b;
    case IR_VEQ: return a == b ? UINT64_MAX : 0;
    case IR_VGTS: return eval_signed(width, a) > eval_signed(width, b) ? UINT64_MAX : 0;
    case IR_VGTU: return a > b ? UINT64_MAX : 0;
    case IR_VMINU: return a < b ? a : b;
    case IR_VMAXU: return a > b ? a : b;
    case IR_VMINS: return eval_signed(width, a) < eval_signed(width, b) ? a : b;
    case IR_VMAXS: return eval_signed(width, a) > eval_signed(width, b) ? a : b;
    default: return lane_wide(op, width, a, b);
    }
}

static uint64_t lane_1(unsigned op, unsigned width, uint64_t a)
{
    if (op == IR_VPOPCNT) {
        return (unsigned)__builtin_popcountll(a);
    }
    must(op == IR_VABS);
    return eval_signed(width, a) < 0 ? -a : a;
}

static uint64_t lane_shift(unsigned op, unsigned width, uint64_t a, uint64_t n)
{
    switch (op) {
    case IR_VSHL:
    case IR_VSHLB: return n < width ? a << n : 0;
    case IR_VSHR:
    case IR_VSHRB: return n < width ? a >> n : 0;
    case IR_VSAR:
    case IR_VSARB: return (uint64_t)(eval_signed(width, a) >> (n < width ? n : width - 1));
    default: must(false); return 0;
    }
}

/* ---- lanes that change their width, or meet their neighbours ---- */

/* Lanes of a, and then of b, halved in width. */
static void narrow(const struct ir_op *o, const union ir_value *a, const union ir_value *b,
                   union ir_value *out)
{
    unsigned log2 = o->attr, count = 16u >> log2;
    bool from_signed = o->op != IR_VNARROWUU, to_signed = o->op == IR_VNARROWSS;

    for (unsigned i = 0; i < 2 * count; i++) {
        uint64_t x = lane_get(i < count ? a : b, log2, i % count);

        if (o->op != IR_VNARROW) {
            x = saturated(4u << log2, to_signed, lane_number(8u << log2, from_signed, x));
        }
        lane_set(out, log2 - 1, i, x);
    }
}

static void widen(const struct ir_op *o, const union ir_value *a, union ir_value *out)
{
    unsigned log2 = o->attr, count = 8u >> log2;
    unsigned first = o->op == IR_VWIDHU || o->op == IR_VWIDHS ? count : 0;
    bool is_signed = o->op == IR_VWIDLS || o->op == IR_VWIDHS;

    for (unsigned i = 0; i < count; i++) {
        uint64_t x = lane_get(a, log2, first + i);

        lane_set(out, log2 + 1, i, is_signed ? (uint64_t)eval_signed(8u << log2, x) : x);
    }
}

static void pairwise(const struct ir_op *o, const union ir_value *a, const union ir_value *b,
                     union ir_value *out)
{
    unsigned count = 16u >> o->attr;

    for (unsigned i = 0; i < count; i++) {
        const union ir_value *from = i < count / 2 ? a : b;
        unsigned k = 2 * i % count;

        lane_set(out, o->attr, i, lane_get(from, o->attr, k) + lane_get(from, o->attr, k + 1));
    }
}

static void even_products(const struct ir_op *o, const union ir_value *a, const union ir_value *b,
                          union ir_value *out)
{
    for (unsigned i = 0; i < 8u >> o->attr; i++) {
        lane_set(out, o->attr + 1u, i,
                 lane_wide(o->op, 8u << o->attr, lane_get(a, o->attr, 2 * i),
                           lane_get(b, o->attr, 2 * i)));
    }
}

static void sums_of_products(const union ir_value *a, const union ir_value *b, union ir_value *out)
{
    for (unsigned i = 0; i < 8; i++) {
        out->s[i / 2] += (uint32_t)((int16_t)a->h[i] * (int16_t)b->h[i]);
    }
}

static uint64_t top_bits(const struct ir_op *o, const union ir_value *a)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < 16u >> o->attr; i++) {
        bits |= (lane_get(a, o->attr, i) >> ((8u << o->attr) - 1)) << i;
    }
    return bits;
}

/* ---- moves ---- */

static void zip(const struct ir_op *o, const union ir_value *a, const union ir_value *b,
                union ir_value *out)
{
    unsigned count = 16u >> o->attr, first = o->op == IR_VZIPHI ? count / 2 : 0;

    for (unsigned i = 0; i < count / 2; i++) {
        lane_set(out, o->attr, 2 * i, lane_get(a, o->attr, first + i));
        lane_set(out, o->attr, 2 * i + 1, lane_get(b, o->attr, first + i));
    }
}

/* Bytes [x, x+16) of b:a. */
static void extract_bytes(unsigned x, const union ir_value *a, const union ir_value *b,
                          union ir_value *out)
{
    uint8_t both[32];

    memcpy(both, a, 16);
    memcpy(both + 16, b, 16);
    memcpy(out, both + x, 16);
}

static void lanes(const struct ir_op *o, const union ir_value *a, const union ir_value *b,
                  union ir_value *out)
{
    unsigned log2 = o->attr, width = 8u << log2;

    for (unsigned i = 0; i < 16u >> log2; i++) {
        uint64_t x = lane_get(a, log2, i), y;

        if (o->op >= IR_VSHL && o->op <= IR_VSAR) {
            y = lane_shift(o->op, width, x, o->imm);
        } else if (o->op >= IR_VSHLB && o->op <= IR_VSARB) {
            y = lane_shift(o->op, width, x, b->u);
        } else if (o->b == IR_ABSENT) {
            y = lane_1(o->op, width, x);
        } else {
            y = lane_2(o->op, width, x, lane_get(b, log2, i));
        }
        lane_set(out, log2, i, y);
    }
}

void ir_interp_vec(struct cpu *cpu, const struct ir_op *o, const union ir_value *v,
                   union ir_value *result)
{
    if (ir_op_info[o->op].attr == ATTR_FP) {
        ir_interp_vec_fp(cpu, o, v, result);
        return;
    }
    const union ir_value none = {.d = {0, 0}};
    const union ir_value *a = &v[o->a], *b = o->b != IR_ABSENT ? &v[o->b] : &none;
    union ir_value out = {.d = {0, 0}};

    switch (o->op) {
    case IR_VCONST:
        out.d[0] = a->u;
        out.d[1] = b->u;
        break;
    case IR_VGET: out.u = lane_get(a, o->attr, (unsigned)o->imm); break;
    case IR_VSET:
        out = *a;
        lane_set(&out, o->attr, o->x, b->u);
        break;
    case IR_VDUP:
        for (unsigned i = 0; i < 16u >> o->attr; i++) {
            lane_set(&out, o->attr, i, a->u);
        }
        break;
    case IR_VAND:
    case IR_VOR:
    case IR_VXOR:
    case IR_VANDN:
        for (unsigned i = 0; i < 2; i++) {
            unsigned scalar = o->op - IR_VAND;
            uint64_t x = a->d[i], y = b->d[i];
            out.d[i] = scalar == 0 ? x & y : scalar == 1 ? x | y : scalar == 2 ? x ^ y : x & ~y;
        }
        break;
    case IR_VEXT: extract_bytes(o->x, a, b, &out); break;
    case IR_VTBL:
        for (unsigned i = 0; i < 16; i++) {
            out.b[i] = b->b[i] > 15 ? 0 : a->b[b->b[i]];
        }
        break;
    case IR_VZIPLO:
    case IR_VZIPHI: zip(o, a, b, &out); break;
    case IR_VNARROW:
    case IR_VNARROWSS:
    case IR_VNARROWSU:
    case IR_VNARROWUU: narrow(o, a, b, &out); break;
    case IR_VWIDLU:
    case IR_VWIDLS:
    case IR_VWIDHU:
    case IR_VWIDHS: widen(o, a, &out); break;
    case IR_VMULEU:
    case IR_VMULES: even_products(o, a, b, &out); break;
    case IR_VMADD: sums_of_products(a, b, &out); break;
    case IR_VPADD: pairwise(o, a, b, &out); break;
    case IR_VMOVMSK: out.u = top_bits(o, a); break;
    default: lanes(o, a, b, &out); break;
    }
    *result = out;
}

void ir_vector_value(struct cpu *cpu, const struct ir_op *o, const uint64_t operands[3][2],
                     uint64_t result[2])
{
    struct ir_op op = *o;
    union ir_value v[3], out;

    memcpy(v, operands, sizeof v);
    op.a = 0;
    op.b = o->b != IR_ABSENT ? 1 : IR_ABSENT;
    if (ir_op_info[o->op].c != K_NONE) {
        op.c = 2;
    }
    ir_interp_vec(cpu, &op, v, &out);
    memcpy(result, &out, 16);
}
