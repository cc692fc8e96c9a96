/* SPDX-License-Identifier: GPL-2.0-or-later
 * generate_vector: random operations on vectors, for generate.c.
 */
#include "maker.h"

#include "base/softfloat.h"

/* Lanes of a kind that arithmetic finds interesting. */
static uint64_t lanes(struct maker *m)
{
    unsigned log2 = (unsigned)maker_roll(m, 4), width = 8u << log2;
    uint64_t v = 0;

    for (unsigned at = 0; at < 64; at += width) {
        uint64_t top = UINT64_C(1) << (width - 1);
        const uint64_t some[] = {0, 1, top, top - 1, UINT64_MAX, top + 1, maker_number(m, IR_I64)};

        v |= bits_get(some[maker_roll(m, ARRAY_LEN(some))], 0, width) << at;
    }
    return v;
}

static ir_ref some_word(struct maker *m)
{
    if (maker_chance(m, 50)) {
        return maker_add(m, maker_imm(IR_CONST, IR_I64, IR_ABSENT, IR_ABSENT, lanes(m)));
    }
    return maker_pick(m, IR_I64);
}

ir_ref maker_vector(struct maker *m)
{
    ir_ref lo = some_word(m), hi;
    struct ir_op o;

    if (maker_chance(m, 30)) {
        o = maker_op(IR_VDUP, IR_V128, lo, IR_ABSENT, IR_ABSENT);
        o.attr = (uint8_t)maker_roll(m, 4);
        return maker_add(m, o);
    }
    hi = some_word(m);
    return maker_add(m, maker_op(IR_VCONST, IR_V128, lo, hi, IR_ABSENT));
}

/* Indices into 16 bytes, most of them. */
static ir_ref indices(struct maker *m)
{
    ir_ref v = maker_pick(m, IR_V128), mask;

    if (maker_chance(m, 30)) {
        return v;
    }
    mask = maker_add(m, maker_imm(IR_CONST, IR_I64, IR_ABSENT, IR_ABSENT, 0x1f));
    struct ir_op o = maker_op(IR_VDUP, IR_V128, mask, IR_ABSENT, IR_ABSENT);
    mask = maker_add(m, o);
    return maker_add(m, maker_op(IR_VAND, IR_V128, v, mask, IR_ABSENT));
}

static uint64_t amount(struct maker *m)
{
    return maker_chance(m, 90) ? maker_roll(m, 66) : maker_roll(m, 256);
}

/* The operands and numbers that are not just two vectors. */
static void complete(struct maker *m, struct ir_op *o)
{
    unsigned lanes_of = 16u >> o->attr;

    switch (o->op) {
    case IR_VGET: o->imm = maker_roll(m, lanes_of); break;
    case IR_VSET:
        o->b = maker_pick(m, IR_I64);
        o->x = (uint32_t)maker_roll(m, lanes_of);
        break;
    case IR_VSHL:
    case IR_VSHR:
    case IR_VSAR: o->imm = amount(m); break;
    case IR_VEXT: o->x = (uint32_t)maker_roll(m, 17); break;
    case IR_VTBL: o->b = indices(m); break;
    case IR_VSHLB:
    case IR_VSHRB:
    case IR_VSARB:
        o->b = maker_chance(m, 20)
                   ? maker_pick(m, IR_I64)
                   : maker_add(m, maker_imm(IR_CONST, IR_I64, IR_ABSENT, IR_ABSENT, amount(m)));
        break;
    case IR_VNARROW:
    case IR_VNARROWSS:
    case IR_VNARROWSU:
    case IR_VNARROWUU: o->attr = 1 + (uint8_t)maker_roll(m, 3); break;
    case IR_VWIDLU:
    case IR_VWIDLS:
    case IR_VWIDHU:
    case IR_VWIDHS:
    case IR_VMULEU:
    case IR_VMULES: o->attr = (uint8_t)maker_roll(m, 3); break;
    default: break;
    }
}

/* Two doubles or four floats, zeros, infinities and NaNs among them. */
static ir_ref float_vector(struct maker *m)
{
    ir_ref halves[2];

    if (m->value_count[IR_V128] != 0 && maker_chance(m, 50)) {
        return maker_pick(m, IR_V128);
    }
    for (unsigned i = 0; i < 2; i++) {
        uint64_t v = maker_float(m);

        v = v <= UINT32_MAX ? v << 32 | (uint32_t)maker_float(m) : v;
        halves[i] = maker_add(m, maker_imm(IR_CONST, IR_I64, IR_ABSENT, IR_ABSENT, v));
    }
    return maker_add(m, maker_op(IR_VCONST, IR_V128, halves[0], halves[1], IR_ABSENT));
}

static unsigned fp_number(struct maker *m, unsigned op)
{
    switch (op) {
    case IR_VFMIN:
    case IR_VFMAX: return (unsigned)maker_roll(m, 4);
    case IR_VFCMP: return (unsigned)maker_roll(m, 7);
    case IR_VFROUND: return (unsigned)maker_roll(m, 2);
    case IR_VFCVT_IF: return maker_chance(m, 70);
    case IR_VFCVT_FI: return IR_VF_CVT(maker_chance(m, 70), maker_roll(m, 3));
    default: return 0;
    }
}

/* Products that are rounded up to the least normal number, in some lanes. */
static void nearly_tiny(struct maker *m, struct ir_op *o)
{
    bool wide = IR_VF_LANE(o->x) == 3;
    uint64_t near_one = wide ? UINT64_C(0x3ff0000000000001) : UINT64_C(0x3f800001bf800001);
    uint64_t near_least = wide ? UINT64_C(0x000fffffffffffff) : UINT64_C(0x007fffff807fffff);

    o->a = maker_add(m, maker_imm(IR_CONST, IR_I64, IR_ABSENT, IR_ABSENT, near_one));
    o->b = maker_add(m, maker_imm(IR_CONST, IR_I64, IR_ABSENT, IR_ABSENT, near_least));
    o->a = maker_add(m, maker_op(IR_VCONST, IR_V128, o->a, some_word(m), IR_ABSENT));
    o->b = maker_add(m, maker_op(IR_VCONST, IR_V128, o->b, some_word(m), IR_ABSENT));
}

static void fp_by_lanes(struct maker *m, enum ir_opcode op)
{
    const struct ir_op_info *info = &ir_op_info[op];
    ir_ref a = float_vector(m), b = info->b != K_NONE ? float_vector(m) : IR_ABSENT;
    ir_ref c = info->c != K_NONE ? float_vector(m) : IR_ABSENT;
    struct ir_op o = maker_op(op, IR_V128, a, b, c);

    o.attr = maker_fp_attr(m);
    if ((op == IR_VFCVT_FI || op == IR_VFROUND) && maker_chance(m, 60)) {
        o.attr = (uint8_t)((o.attr & ~7u) | maker_roll(m, 2));
    }
    if (info->imm == IMM_X) {
        o.x = IR_VF(2 + maker_roll(m, 2), fp_number(m, op));
    }
    if ((op == IR_VFMUL || op == IR_VFMA) && maker_chance(m, 10)) {
        nearly_tiny(m, &o);
    }
    (void)maker_add(m, o);
}

void maker_vector_op(struct maker *m, bool fp)
{
    enum ir_opcode op = (enum ir_opcode)(
        IR_VCONST + maker_roll(m, (uint64_t)((fp ? IR_OPCODE_COUNT : IR_VFADD) - IR_VCONST)));
    const struct ir_op_info *info = &ir_op_info[op];
    struct ir_op o;

    if (info->attr == ATTR_FP) {
        fp_by_lanes(m, op);
        return;
    }
    if (op == IR_VCONST || op == IR_VDUP) {
        (void)maker_vector(m);
        return;
    }
    if (maker_chance(m, 5)) {
        ir_ref c = maker_pick(m, IR_I64), a = maker_pick(m, IR_V128), b = maker_pick(m, IR_V128);

        (void)maker_add(m, maker_op(IR_SELECT, IR_V128, a, b, c));
        return;
    }
    o = maker_op(op, info->result == K_I64 ? IR_I64 : IR_V128, maker_pick(m, IR_V128), IR_ABSENT,
                 IR_ABSENT);
    if (info->imm == IMM_N) {
        o.imm = 0;
    }
    o.attr = info->attr == ATTR_LANE ? (uint8_t)maker_roll(m, 4) : 0;
    if (info->b == K_T || info->b == K_V128) {
        o.b = maker_pick(m, IR_V128);
    }
    complete(m, &o);
    (void)maker_add(m, o);
}
