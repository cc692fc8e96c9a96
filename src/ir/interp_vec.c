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

/* Lanes a op b; the builder folds none of these, so they live here. */
static uint64_t lane_2(unsigned op, unsigned width, uint64_t a, uint64_t b)
{
    switch (op) {
    case IR_VADD: return a + b;
    case IR_VSUB: return a - b;
    case IR_VMUL: return a * b;
    case IR_VEQ: return a == b ? UINT64_MAX : 0;
    case IR_VGTS: return eval_signed(width, a) > eval_signed(width, b) ? UINT64_MAX : 0;
    case IR_VMINU: return a < b ? a : b;
    case IR_VMAXU: return a > b ? a : b;
    case IR_VMINS: return eval_signed(width, a) < eval_signed(width, b) ? a : b;
    case IR_VMAXS: return eval_signed(width, a) > eval_signed(width, b) ? a : b;
    default: must(false); return 0;
    }
}

static uint64_t lane_shift(unsigned op, unsigned width, uint64_t a, uint64_t n)
{
    switch (op) {
    case IR_VSHL: return n < width ? a << n : 0;
    case IR_VSHR: return n < width ? a >> n : 0;
    case IR_VSAR: return (uint64_t)(eval_signed(width, a) >> (n < width ? n : width - 1));
    default: must(false); return 0;
    }
}

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

        if (o->b == IR_ABSENT) {
            y = lane_shift(o->op, width, x, o->imm);
        } else {
            y = lane_2(o->op, width, x, lane_get(b, log2, i));
        }
        lane_set(out, log2, i, y);
    }
}

void ir_interp_vec(const struct ir_op *o, const union ir_value *v, union ir_value *result)
{
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
    default: lanes(o, a, b, &out); break;
    }
    *result = out;
}

void ir_vector_value(struct cpu *cpu, const struct ir_op *o, const uint64_t operands[3][2],
                     uint64_t result[2])
{
    struct ir_op op = *o;
    union ir_value v[3], out;

    (void)cpu;
    memcpy(v, operands, sizeof v);
    op.a = 0;
    op.b = o->b != IR_ABSENT ? 1 : IR_ABSENT;
    if (ir_op_info[o->op].c != K_NONE) {
        op.c = 2;
    }
    ir_interp_vec(&op, v, &out);
    memcpy(result, &out, 16);
}
