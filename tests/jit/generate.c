/* SPDX-License-Identifier: GPL-2.0-or-later
 * generate: see generate.h. What lifters promise is kept: in an instruction nothing is PUT, stored
 * or flagged before the last operation that may fault. What the generator does not translate is
 * rare, so that most blocks are compiled whole.
 */
#include "maker.h"

#include "base/softfloat.h"

#include <stdlib.h>

#define FP_FIRST 29 /* index of what is of interest as floating point */
static const uint64_t interesting[] = {
    0, 1, 2, 3, 7, 8, 31, 32, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
    0x80000000, 0xffffffff, 0x100000000, 0xffffffff80000000, 0xffffffff7fffffff, 0x8000000000000000,
    0x7fffffffffffffff, UINT64_MAX, UINT64_MAX - 1, 0xffffffffffffff80, 0xffffffffffffff7f, 2047,
    /* as floating point */
    0, 0x8000000000000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
    0x7f800001, 0xffc00001, 0x00800000, 0x007fffff, 0x7f7fffff, 0x4f000000, 0xcf000000, 0x5f000000,
    0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000,
    0x7ff8000000000000, 0x7ff0000000000001, 0xfff8000000000001, 0x0010000000000000,
    0x000fffffffffffff, 0x7fefffffffffffff, 0x41dfffffffc00000, 0x41e0000000000000,
    0x43e0000000000000, 0xc3e0000000000000, 0x3fe0000000000000, 0x36a0000000000000,
    0x47efffffe0000000, 0x3f800001, 0x3ff0000000000001, 0x380fffffffffffff};

uint64_t maker_roll(struct maker *m, uint64_t n)
{
    return (chance_next(&m->rng) >> 11) % n;
}

bool maker_chance(struct maker *m, unsigned percent)
{
    return maker_roll(m, 100) < percent;
}

uint64_t maker_number(struct maker *m, enum ir_type t)
{
    uint64_t v;

    switch (maker_roll(m, 4)) {
    case 0: v = chance_next(&m->rng) >> maker_roll(m, 64); break;
    case 1: v = (uint64_t)(int64_t)(maker_roll(m, 4096)) - 2048; break;
    default: v = interesting[maker_roll(m, ARRAY_LEN(interesting))]; break;
    }
    return t == IR_I32 ? (uint32_t)v : v;
}

uint64_t maker_float(struct maker *m)
{
    return maker_chance(m, 30)
               ? chance_next(&m->rng)
               : interesting[FP_FIRST + maker_roll(m, ARRAY_LEN(interesting) - FP_FIRST)];
}

/* ---- operations ---- */

ir_ref maker_add(struct maker *m, struct ir_op o)
{
    enum ir_type t;

    o.insn = (uint8_t)(m->insn_count - 1);
    m->ops[m->op_count] = o;
    t = ir_result_type(&o);
    if (t != IR_NONE) {
        m->values[t][m->value_count[t]++] = (ir_ref)m->op_count;
    }
    return (ir_ref)m->op_count++;
}

struct ir_op maker_op(enum ir_opcode op, enum ir_type t, ir_ref a, ir_ref b, ir_ref c)
{
    return (struct ir_op){
        .op = (uint8_t)op, .type = (uint8_t)t, .a = a, .b = b, .c = c, .d = IR_ABSENT};
}

struct ir_op maker_imm(enum ir_opcode op, enum ir_type t, ir_ref a, ir_ref b, uint64_t imm)
{
    return (struct ir_op){.op = (uint8_t)op, .type = (uint8_t)t, .a = a, .b = b, .imm = imm};
}

static uint32_t slot_for(struct maker *m, enum ir_type t)
{
    bool wide = t == IR_I64 || t == IR_F64;

    if (maker_chance(m, 1)) {
        return 24 + 4 * (uint32_t)maker_roll(m, wide ? 1 : 2); /* reserved; fp_flags is at 29 */
    }
    if (maker_chance(m, 1)) {
        return 320 + (uint32_t)maker_roll(m, 32); /* any alignment, far from pins */
    }
    if (maker_chance(m, 1)) {
        return PAIR_SLOT(0) + (uint32_t)maker_roll(m, 40); /* in parts of pins */
    }
    switch (t) {
    case IR_V128:
        return maker_chance(m, 90) ? 352 + 16 * (uint32_t)maker_roll(m, 9)
                                   : 248 + (uint32_t)maker_roll(m, 200);
    case IR_I64: return PAIR_SLOT((uint32_t)maker_roll(m, maker_chance(m, 70) ? 6 : 20));
    case IR_F64:
        return maker_chance(m, 5) ? PAIR_SLOT(8 + (uint32_t)maker_roll(m, 8))
                                  : 256 + 8 * (uint32_t)maker_roll(m, 8);
    case IR_F32: return 256 + 4 * (uint32_t)maker_roll(m, 16);
    default: break;
    }
    return maker_chance(m, 1) ? PAIR_SLOT(0) + 4 * (uint32_t)maker_roll(m, 10)
                              : PAIR_SLOT(8) + 4 * (uint32_t)maker_roll(m, 24);
}

ir_ref maker_pick(struct maker *m, enum ir_type t)
{
    unsigned n = m->value_count[t];

    if ((t == IR_F32 || t == IR_F64) && maker_chance(m, 20)) { /* zeros, infinities, NaNs meet */
        enum ir_type i = t == IR_F32 ? IR_I32 : IR_I64;
        uint64_t v = interesting[FP_FIRST + maker_roll(m, ARRAY_LEN(interesting) - FP_FIRST)];
        ir_ref c = maker_add(
            m, maker_imm(IR_CONST, i, IR_ABSENT, IR_ABSENT, i == IR_I32 ? (uint32_t)v : v));
        return maker_add(m, maker_op(IR_FFROMI, t, c, IR_ABSENT, IR_ABSENT));
    }
    if (n != 0 && !maker_chance(m, n < 4 ? 35 : 10)) {
        unsigned back = maker_chance(m, m->pressure) ? n : n < 4 ? n : 4;
        return m->values[t][n - 1 - maker_roll(m, back)];
    }
    if (t == IR_FLAGS) {
        return maker_flags(m);
    }
    if (t == IR_V128) {
        return maker_chance(m, 60)
                   ? maker_vector(m)
                   : maker_add(m, maker_imm(IR_GET, t, IR_ABSENT, IR_ABSENT, slot_for(m, t)));
    }
    if (t == IR_I32 || t == IR_I64) {
        if (maker_chance(m, 25)) {
            return maker_add(m, maker_imm(IR_CONST, t, IR_ABSENT, IR_ABSENT, maker_number(m, t)));
        }
    } else if (maker_chance(m, 30)) {
        enum ir_type i = t == IR_F32 ? IR_I32 : IR_I64;
        return maker_add(m, maker_op(IR_FFROMI, t, maker_pick(m, i), IR_ABSENT, IR_ABSENT));
    }
    return maker_add(m, maker_imm(IR_GET, t, IR_ABSENT, IR_ABSENT, slot_for(m, t)));
}

static uint32_t field(struct maker *m, enum ir_type t)
{
    static const uint8_t usual[] = {8, 16, 32, 12, 1};
    unsigned width = t == IR_I32 ? 32 : 64;
    unsigned len = maker_chance(m, 50) ? usual[maker_roll(m, ARRAY_LEN(usual))]
                                       : 1 + (unsigned)maker_roll(m, width);
    unsigned pos;

    len = len > width ? width : len;
    pos = maker_chance(m, 50) ? 0 : (unsigned)maker_roll(m, width - len + 1);
    return pos | len << 8;
}

static void integer_op(struct maker *m)
{
    static const uint8_t two[] = {IR_ADD,    IR_ADD,  IR_SUB,  IR_SUB,  IR_MUL,  IR_MULHU, IR_MULHS,
                                  IR_MULHSU, IR_DIVU, IR_DIVS, IR_REMU, IR_REMS, IR_AND,   IR_AND,
                                  IR_OR,     IR_XOR,  IR_ANDN, IR_ORN,  IR_SHL,  IR_SHR,   IR_SAR,
                                  IR_ROTL,   IR_ROTR, IR_EQ,   IR_NE,   IR_LTU,  IR_LEU,   IR_LTS,
                                  IR_LES,    IR_MINU, IR_MAXU, IR_MINS, IR_MAXS};
    static const uint8_t one[] = {IR_CLZ, IR_CTZ, IR_POPCNT, IR_BSWAP};
    enum ir_type t = maker_chance(m, 65) ? IR_I64 : IR_I32;
    ir_ref a, b;

    switch (maker_roll(m, 12)) {
    case 0:
        (void)maker_add(m, maker_op((enum ir_opcode)one[maker_roll(m, 4)], t, maker_pick(m, t),
                                    IR_ABSENT, IR_ABSENT));
        return;
    case 1:
        if (maker_chance(m, 50)) {
            (void)maker_add(
                m, maker_op(IR_TRUNC, IR_I32, maker_pick(m, IR_I64), IR_ABSENT, IR_ABSENT));
        } else {
            (void)maker_add(m, maker_op(maker_chance(m, 50) ? IR_ZEXT : IR_SEXT, IR_I64,
                                        maker_pick(m, IR_I32), IR_ABSENT, IR_ABSENT));
        }
        return;
    case 2:
        a = maker_pick(m, t);
        (void)maker_add(m, maker_imm(maker_chance(m, 50) ? IR_EXTRACT : IR_SEXTRACT, t, a,
                                     IR_ABSENT, field(m, t)));
        return;
    case 3:
        if (maker_chance(m, 40)) {
            a = maker_pick(m, t);
            b = maker_pick(m, t);
            struct ir_op o = maker_op(IR_DEPOSIT, t, a, b, IR_ABSENT);
            o.x = field(m, t);
            (void)maker_add(m, o);
            return;
        }
        a = maker_pick(m, t);
        b = maker_pick(m, t);
        if (maker_chance(m, 50)) {
            enum ir_type k = maker_chance(m, 50) ? IR_I64 : IR_I32;
            ir_ref x = maker_pick(m, k);
            ir_ref c = maker_add(m, maker_imm((enum ir_opcode)(IR_EQ + maker_roll(m, 6)),
                                              (enum ir_type)(k | IR_IMM), x, IR_ABSENT,
                                              maker_number(m, k)));
            (void)maker_add(m, maker_op(IR_SELECT, t, a, b, c));
        } else {
            (void)maker_add(m, maker_op(IR_SELECT, t, a, b, maker_pick(m, IR_I64)));
        }
        return;
    default: break;
    }
    enum ir_opcode op = (enum ir_opcode)two[maker_roll(m, ARRAY_LEN(two))];
    a = maker_pick(m, t);
    if (maker_chance(m, 45)) {
        (void)maker_add(
            m, maker_imm(op, (enum ir_type)(t | IR_IMM), a, IR_ABSENT, maker_number(m, t)));
    } else {
        b = maker_pick(m, t);
        (void)maker_add(m, maker_op(op, t, a, b, IR_ABSENT));
    }
}

uint8_t maker_fp_attr(struct maker *m)
{
    if (maker_chance(m, 50)) {
        return IR_FP(FP_RNE, FP_NAN_CANONICAL);
    }
    if (maker_chance(m, 50)) { /* Arm's, and with FPCR.DN */
        unsigned rule = maker_chance(m, 80) ? FP_NAN_ARM : FP_NAN_CANONICAL;
        return (uint8_t)(IR_FP(FP_RNE, rule) | IR_FP_TINY_BEFORE);
    }
    if (maker_chance(m, 60)) {
        return (uint8_t)IR_FP(maker_roll(m, 6), FP_NAN_CANONICAL);
    }
    return (uint8_t)(IR_FP(maker_roll(m, 6), maker_roll(m, 3)) | (maker_roll(m, 8) << 5));
}

/* A product that is rounded up to the least normal number. */
static void nearly_tiny(struct maker *m, struct ir_op *o)
{
    bool wide = o->type == IR_F64;
    uint64_t one = wide ? UINT64_C(0x3ff0000000000000) : UINT64_C(0x3f800000);
    uint64_t least = wide ? UINT64_C(0x0010000000000000) : UINT64_C(0x00800000);
    enum ir_type i = wide ? IR_I64 : IR_I32;

    o->a = maker_add(m, maker_imm(IR_CONST, i, IR_ABSENT, IR_ABSENT, one + 1 + maker_roll(m, 2)));
    o->b = maker_add(m, maker_imm(IR_CONST, i, IR_ABSENT, IR_ABSENT, least - 1 - maker_roll(m, 2)));
    o->a = maker_add(m, maker_op(IR_FFROMI, (enum ir_type)o->type, o->a, IR_ABSENT, IR_ABSENT));
    o->b = maker_add(m, maker_op(IR_FFROMI, (enum ir_type)o->type, o->b, IR_ABSENT, IR_ABSENT));
}

static void fp_op(struct maker *m)
{
    static const uint8_t ops[] = {
        IR_FADD,    IR_FADD,    IR_FSUB,    IR_FMUL,    IR_FDIV,   IR_FSQRT, IR_FMA,    IR_FMA,
        IR_FMIN,    IR_FMAX,    IR_FNEG,    IR_FABS,    IR_FCMP,   IR_FCMP,  IR_FROUND, IR_FCVT_FF,
        IR_FCVT_IF, IR_FCVT_IF, IR_FCVT_FI, IR_FCVT_FI, IR_FFROMI, IR_FTOI};
    enum ir_type t = maker_chance(m, 60) ? IR_F64 : IR_F32,
                 i = maker_chance(m, 60) ? IR_I64 : IR_I32;
    struct ir_op o = maker_op((enum ir_opcode)ops[maker_roll(m, ARRAY_LEN(ops))], t, IR_ABSENT,
                              IR_ABSENT, IR_ABSENT);

    switch (o.op) {
    case IR_FCVT_FF: o.a = maker_pick(m, t == IR_F32 ? IR_F64 : IR_F32); break;
    case IR_FFROMI: o.a = maker_pick(m, t == IR_F32 ? IR_I32 : IR_I64); break;
    case IR_FTOI:
        o.a = maker_pick(m, t);
        o.type = t == IR_F32 ? IR_I32 : IR_I64;
        break;
    case IR_FCVT_IF:
        o.a = maker_pick(m, i);
        o.x = IR_CVT(i, maker_roll(m, 2), maker_roll(m, 3));
        break;
    case IR_FCVT_FI:
        o.a = maker_pick(m, t);
        o.type = (uint8_t)i;
        o.x = IR_CVT(t, maker_roll(m, 2), maker_roll(m, 3));
        break;
    default:
        o.a = maker_pick(m, t);
        if (ir_op_info[o.op].b != K_NONE) {
            o.b = maker_pick(m, t);
        }
        if (ir_op_info[o.op].c != K_NONE) {
            o.c = maker_pick(m, t);
        }
        break;
    }
    if ((o.op == IR_FMUL || o.op == IR_FMA) && maker_chance(m, 10)) {
        nearly_tiny(m, &o);
    }
    if (o.op == IR_FMIN || o.op == IR_FMAX) {
        o.x = (uint32_t)maker_roll(m, 4);
    } else if (o.op == IR_FCMP) {
        o.x = (uint32_t)maker_roll(m, 7);
    } else if (o.op == IR_FROUND) {
        o.x = (uint32_t)maker_roll(m, 2);
    }
    if (ir_op_info[o.op].attr == ATTR_FP) {
        o.attr = maker_fp_attr(m);
        if ((o.op == IR_FCVT_FI && maker_chance(m, 60)) ||
            (o.op == IR_FROUND && maker_chance(m, 50))) {
            o.attr = (uint8_t)((o.attr & ~7u) | maker_roll(m, 2));
        }
    }
    (void)maker_add(m, o);
}

static ir_ref constant(struct maker *m, uint64_t value)
{
    return maker_add(m, maker_imm(IR_CONST, IR_I64, IR_ABSENT, IR_ABSENT, value));
}

static void call_op(struct maker *m)
{
    struct ir_op o = maker_op(IR_CALL, IR_I64, IR_ABSENT, IR_ABSENT, IR_ABSENT);

    static const uint8_t kinds[] = {HELP_SUM,  HELP_SUM,  HELP_SUM,     HELP_NOW,
                                    HELP_POKE, HELP_POKE, HELP_F80_ADD, HELP_MOVE,
                                    HELP_MOVE, HELP_MOVE, HELP_MOVE,    HELP_LOOK};

    o.x = kinds[maker_roll(m, ARRAY_LEN(kinds))];
    if (o.x == HELP_POKE) {
        o.b = maker_pick(m, IR_I64);
        o.a = constant(m, maker_chance(m, 50) ? PAIR_SLOT((uint32_t)maker_roll(m, 10))
                                              : slot_for(m, IR_I64));
    } else if (o.x == HELP_F80_ADD) {
        o.a = constant(m, 352 + 16 * maker_roll(m, 4));
        o.b = constant(m, 352 + 16 * maker_roll(m, 4));
        o.c = constant(m, maker_roll(m, 4));
    } else if (o.x == HELP_MOVE) {
        o.a = maker_pick(m, IR_I64);
    } else if (o.x == HELP_SUM) {
        o.a = maker_pick(m, (enum ir_type)(IR_I32 + maker_roll(m, 4)));
        o.b = maker_pick(m, maker_chance(m, 50) ? IR_I32 : IR_I64);
        o.c = maker_pick(m, (enum ir_type)(IR_I32 + maker_roll(m, 4)));
        if (maker_chance(m, 30)) { /* absent ones are 0 */
            *(maker_chance(m, 50) ? &o.a : &o.b) = IR_ABSENT;
        }
    }
    (void)maker_add(m, o);
}

/* ---- instructions and blocks ---- */

static void pure_ops(struct maker *m, unsigned most, bool fp)
{
    for (uint64_t n = maker_roll(m, most + 1); n-- > 0;) {
        if (maker_chance(m, m->percent[MIX_VECTOR])) {
            maker_vector_op(m, fp);
        } else if (maker_chance(m, m->percent[MIX_FLAGS])) {
            maker_flags_op(m);
        } else if (fp && maker_chance(m, 30)) {
            fp_op(m);
        } else if (fp && maker_chance(m, 3 + m->percent[MIX_CALLS])) {
            call_op(m);
        } else {
            integer_op(m);
        }
    }
}

static void put(struct maker *m)
{
    static const enum ir_type types[] = {IR_I64, IR_I64, IR_I64, IR_I32, IR_F64, IR_F32};
    enum ir_type t = types[maker_roll(m, ARRAY_LEN(types))];
    ir_ref v;

    if (maker_chance(m, m->percent[MIX_VECTOR])) {
        t = IR_V128;
    }
    if (maker_chance(m, m->percent[MIX_FLAGS])) { /* as instructions that set flags do */
        v = maker_add(m, maker_op(IR_FPACK, IR_I64, maker_pick(m, IR_FLAGS), IR_ABSENT, IR_ABSENT));
        (void)maker_add(
            m, maker_imm(IR_PUT, IR_I64, v, IR_ABSENT, PAIR_SLOT(4 + (uint32_t)maker_roll(m, 3))));
        return;
    }
    v = maker_pick(m, t);
    (void)maker_add(m, maker_imm(IR_PUT, t, v, IR_ABSENT, slot_for(m, t)));
}

static uint8_t exit_attr(struct maker *m)
{
    return (uint8_t)(maker_chance(m, 8) ? maker_roll(m, 4) : 0);
}

static void side_exit(struct maker *m)
{
    ir_ref c;

    if (maker_chance(m, 70)) {
        enum ir_type t = maker_chance(m, 60) ? IR_I64 : IR_I32;
        ir_ref a = maker_pick(m, t), b = maker_pick(m, t);
        enum ir_opcode op = (enum ir_opcode)(IR_EQ + maker_roll(m, 6));

        c = maker_chance(m, 50) ? maker_add(m, maker_op(op, t, a, b, IR_ABSENT))
                                : maker_add(m, maker_imm(op, (enum ir_type)(t | IR_IMM), a,
                                                         IR_ABSENT, maker_number(m, t)));
    } else {
        c = maker_pick(m, IR_I64);
    }
    struct ir_op o = maker_imm(IR_EXIT_IF, IR_NONE, c, IR_ABSENT, m->targets[maker_roll(m, 8)]);
    o.attr = exit_attr(m);
    (void)maker_add(m, o);
}

/* As plain loads and stores are: the access is all, but for where a loaded value goes. */
static bool end_plainly(struct maker *m)
{
    const struct ir_op *o = &m->ops[m->op_count - 1];

    if (maker_chance(m, 50)) {
        return false;
    }
    if (o->op == IR_LD && o->type == IR_I64) {
        (void)maker_add(m, maker_imm(IR_PUT, IR_I64, (ir_ref)(m->op_count - 1), IR_ABSENT,
                                     slot_for(m, IR_I64)));
    }
    return true;
}

static void body(struct maker *m);

/* Some are predicated: what is made there is not there behind. */
static void instruction(struct maker *m)
{
    unsigned value_count[IR_TYPE_COUNT], base_count = m->base_count;
    uint8_t bases[sizeof m->bases];
    uint32_t skip;

    m->insns[m->insn_count] = (struct ir_insn){
        .first_op = (uint16_t)m->op_count, .pc_offset = (uint16_t)(4 * m->insn_count), .length = 4};
    m->insn_count++;
    if (!maker_chance(m, 15)) {
        body(m);
        return;
    }
    pure_ops(m, 2, false);
    skip = maker_add(m, maker_imm(IR_SKIP_IF, IR_NONE, maker_pick(m, IR_I64), IR_ABSENT, 0));
    memcpy(value_count, m->value_count, sizeof value_count);
    memcpy(bases, m->bases, sizeof bases);
    base_count = m->base_count;
    body(m);
    m->ops[skip].imm = m->op_count - skip - 1;
    memcpy(m->value_count, value_count, sizeof value_count);
    memcpy(m->bases, bases, sizeof bases);
    m->base_count = base_count;
}

static void body(struct maker *m)
{
    pure_ops(m, 4, false);
    if (maker_chance(m, 40 + m->percent[MIX_MEMORY] / 2)) {
        maker_memory_op(m);
        if (end_plainly(m)) {
            return;
        }
    }
    pure_ops(m, 4, true);
    for (uint64_t n = maker_roll(m, 3); n-- > 0;) {
        put(m);
    }
    if (maker_chance(m, 12)) {
        side_exit(m);
        if (maker_chance(m, 30)) {
            put(m);
        }
    }
}

static void last_exit(struct maker *m)
{
    struct ir_op o;

    if (maker_chance(m, 80)) {
        o = maker_imm(IR_EXIT, IR_NONE, IR_ABSENT, IR_ABSENT, m->targets[maker_roll(m, 8)]);
    } else {
        ir_ref to = maker_chance(m, 60)
                        ? maker_add(m, maker_imm(IR_CONST, IR_I64, IR_ABSENT, IR_ABSENT,
                                                 m->targets[maker_roll(m, 8)]))
                        : maker_pick(m, IR_I64);
        /* never an odd one: UINT64_MAX is how a jump entry says that it is empty */
        to = maker_add(
            m, maker_imm(IR_AND, (enum ir_type)(IR_I64 | IR_IMM), to, IR_ABSENT, ~UINT64_C(1)));
        o = maker_op(IR_EXIT_TO, IR_NONE, to, IR_ABSENT, IR_ABSENT);
    }
    o.attr = exit_attr(m);
    (void)maker_add(m, o);
}

static struct ir_block *allocate(const struct ir_block *like, uint32_t op_count,
                                 uint32_t insn_count)
{
    uint8_t *piece = base_alloc(1, sizeof(struct ir_block) + op_count * sizeof(struct ir_op) +
                                       insn_count * sizeof(struct ir_insn));
    struct ir_block *b = (struct ir_block *)(void *)piece;

    *b = *like;
    b->op_count = op_count;
    b->insn_count = insn_count;
    b->ops = (struct ir_op *)(void *)(piece + sizeof *b);
    b->insns = (struct ir_insn *)(void *)(piece + sizeof *b + op_count * sizeof(struct ir_op));
    return b;
}

static struct ir_block *finish(const struct maker *m, vaddr pc)
{
    struct ir_block like = {
        .pc = pc, .helpers = tiny_helpers, .helper_count = tiny_helper_count, .mode_count = 1};
    struct ir_block *b = allocate(&like, m->op_count, m->insn_count);

    memcpy(b->ops, m->ops, m->op_count * sizeof *b->ops);
    memcpy(b->insns, m->insns, m->insn_count * sizeof *b->insns);
    return b;
}

const char *const generate_mixes[] = {"vector", "flags", "memory", "calls", NULL};

static void choose_mix(struct maker *m, int mix)
{
    if (mix < 0 && maker_chance(m, 60)) {
        mix = (int)maker_roll(m, MIX_COUNT);
    }
    for (int k = 0; k < MIX_COUNT; k++) {
        m->percent[k] = k == mix ? 60 : maker_chance(m, 50) ? 0 : (unsigned)maker_roll(m, 10);
    }
}

void generate_subject(uint64_t seed, int mix, struct subject *s)
{
    static const vaddr bases[] = {0x1000, 0x80001000, 0xffffffff80001000, 0x555555551000};
    struct maker *m = base_alloc(1, sizeof(*m));
    vaddr base;

    m->rng = seed;
    choose_mix(m, mix);
    base = bases[maker_roll(m, ARRAY_LEN(bases))];
    *s = (struct subject){.count = 1 + (unsigned)maker_roll(m, SUBJECT_BLOCKS),
                          .budget = 20 + (unsigned)maker_roll(m, 100),
                          .pins = (unsigned)maker_roll(m, PAIR_JITS),
                          .values = interesting,
                          .value_count = ARRAY_LEN(interesting)};
    s->seed = chance_next(&m->rng);
    for (unsigned k = 0; k < s->count; k++) {
        unsigned insns = 1 + (unsigned)maker_roll(m, maker_chance(m, 80) ? 8 : 24);

        m->op_count = m->insn_count = m->base_count = 0;
        memset(m->value_count, 0, sizeof m->value_count);
        m->pressure = (unsigned)maker_roll(m, 80);
        for (unsigned i = 0; i < 8; i++) { /* blocks 0 and 1 share a page */
            unsigned to = (unsigned)maker_roll(m, 4);
            m->targets[i] = base + (to < 2 ? 0x400 * to : to == 2 ? 0x1000 : 0x800 + 0x1000 * i);
        }
        for (unsigned i = 0; i < insns && m->op_count < IR_BLOCK_OPS_MAX / 2; i++) {
            instruction(m);
        }
        last_exit(m);
        s->blocks[k] = finish(m, base + (k == 2 ? 0x1000 : 0x400 * k));
        if (maker_chance(m, 25)) {
            struct ir_block *rebuilt = tiny_rebuilt(s->blocks[k]);
            free(s->blocks[k]);
            s->blocks[k] = rebuilt;
        }
    }
    free(m);
}

/* ---- making a failing block smaller ---- */

struct ir_block *block_copy(const struct ir_block *b)
{
    struct ir_block *c = allocate(b, b->op_count, b->insn_count);

    memcpy(c->ops, b->ops, b->op_count * sizeof *b->ops);
    memcpy(c->insns, b->insns, b->insn_count * sizeof *b->insns);
    return c;
}

static bool has_b(const struct ir_op *o)
{
    return ir_op_info[o->op].b != K_NONE && !(o->type & IR_IMM) && o->b != IR_ABSENT;
}

static bool has_c(const struct ir_op *o)
{
    return ir_op_info[o->op].c != K_NONE && o->c != IR_ABSENT;
}

static void shift_ref(ir_ref *r, uint32_t op)
{
    if (*r != IR_ABSENT && *r > op) {
        (*r)--;
    }
}

/* Instructions without operations go too, but for the last one. */
static void drop_empty_insns(struct ir_block *b)
{
    for (uint32_t i = 0; i < b->insn_count && b->insn_count > 1;) {
        uint32_t end = i + 1 < b->insn_count ? b->insns[i + 1].first_op : b->op_count;

        if (end != b->insns[i].first_op) {
            i++;
            continue;
        }
        memmove(&b->insns[i], &b->insns[i + 1], (b->insn_count - i - 1) * sizeof *b->insns);
        b->insn_count--;
        for (uint32_t k = 0; k < b->op_count; k++) {
            b->ops[k].insn = (uint8_t)(b->ops[k].insn - (b->ops[k].insn > i));
        }
    }
}

struct ir_block *block_without(const struct ir_block *b, uint32_t op)
{
    struct ir_block *c;

    if (op + 1 >= b->op_count) {
        return NULL;
    }
    for (uint32_t i = op + 1; i < b->op_count; i++) {
        const struct ir_op *o = &b->ops[i];
        if (o->a == op || (has_b(o) && o->b == op) || (has_c(o) && o->c == op)) {
            return NULL;
        }
    }
    c = block_copy(b);
    memmove(&c->ops[op], &c->ops[op + 1], (c->op_count - op - 1) * sizeof *c->ops);
    c->op_count--;
    for (uint32_t i = op; i < c->op_count; i++) {
        shift_ref(&c->ops[i].a, op);
        if (has_b(&c->ops[i])) {
            shift_ref(&c->ops[i].b, op);
        }
        if (has_c(&c->ops[i])) {
            shift_ref(&c->ops[i].c, op);
        }
    }
    for (uint32_t i = 0; i < c->insn_count; i++) {
        c->insns[i].first_op = (uint16_t)(c->insns[i].first_op - (c->insns[i].first_op > op));
    }
    drop_empty_insns(c);
    return c;
}

struct ir_block *block_with_constant(const struct ir_block *b, uint32_t op, uint64_t value)
{
    enum ir_type t = ir_result_type(&b->ops[op]);
    struct ir_block *c;

    if ((t != IR_I32 && t != IR_I64) || b->ops[op].op == IR_CONST) {
        return NULL;
    }
    c = block_copy(b);
    c->ops[op] = maker_imm(IR_CONST, t, IR_ABSENT, IR_ABSENT, value);
    c->ops[op].insn = b->ops[op].insn;
    return c;
}
