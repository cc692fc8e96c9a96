/* SPDX-License-Identifier: GPL-2.0-or-later
 * vector: operations on vectors of 128 bits. SSE2 is every host's; where SSSE3, SSE4 or AVX2 have
 * something better it is used, to the same result. VEX forms, with a destination of their own, are
 * used if the host has AVX. What SSE2 has no way for is C's, by a call. xmm0, xmm1, xmm14 and xmm15
 * are scratch.
 */
#include "jit/amd64/vector.h"

const uint64_t vector_pool[POOL_COUNT][2] = {
    [POOL_SIGN8] = {0x8080808080808080, 0x8080808080808080},
    [POOL_SIGN16] = {0x8000800080008000, 0x8000800080008000},
    [POOL_SIGN32] = {0x8000000080000000, 0x8000000080000000},
    [POOL_SIGN64] = {0x8000000000000000, 0x8000000000000000},
    [POOL_LOW8] = {0x00ff00ff00ff00ff, 0x00ff00ff00ff00ff},
    [POOL_PAST_15] = {0x7070707070707070, 0x7070707070707070},
    [POOL_REVERSED] = {0x08090a0b0c0d0e0f, 0x0001020304050607},
};

/* ---- forms ---- */

void gen_xmm_move(struct gen *g, unsigned to, unsigned from)
{
    if (to != from) {
        emit_op(g->e, MOVAPS, false, to, rm_reg(from));
    }
}

void gen_xmm_op(struct gen *g, unsigned op, unsigned to, unsigned a, unsigned b)
{
    if (g->j->has_avx) {
        emit_vex(g->e, op, false, to, a, rm_reg(b));
    } else {
        gen_xmm_move(g, to, a);
        emit_op(g->e, op, false, to, rm_reg(b));
    }
}

void vec_imm(struct gen *g, unsigned op, unsigned to, unsigned a, unsigned b, unsigned imm)
{
    gen_xmm_op(g, op, to, a, b);
    emit_byte(g->e, imm);
}

/* pshufd and others that have no first operand */
void vec_shuffle(struct gen *g, unsigned op, unsigned to, unsigned from, unsigned imm)
{
    emit_op(g->e, op, false, to, rm_reg(from));
    emit_byte(g->e, imm);
}

void vec_shift(struct gen *g, unsigned op, unsigned extension, unsigned to, unsigned a,
               unsigned amount)
{
    if (g->j->has_avx) {
        emit_vex(g->e, op, false, extension, to, rm_reg(a));
    } else {
        gen_xmm_move(g, to, a);
        emit_op(g->e, op, false, extension, rm_reg(to));
    }
    emit_byte(g->e, amount);
}

void vec_pool(struct gen *g, unsigned to, enum pool which)
{
    emit_load_const(g->e, to, g->j->pool + 16 * (uint32_t)which);
}

/* Every byte, word ... of `to` is the number. */
void vec_constant(struct gen *g, unsigned to, unsigned log2, uint64_t lane)
{
    uint64_t word = 0;

    for (unsigned at = 0; at < 64; at += 8u << log2) {
        word |= bits_get(lane, 0, 8u << log2) << at;
    }
    emit_load_const(g->e, to, gen_keep_const(g, (const uint64_t[2]){word, word}));
}

void vec_zero(struct gen *g, unsigned to)
{
    emit_op(g->e, PXOR, false, to, rm_reg(to));
}

void vec_ones(struct gen *g, unsigned to)
{
    emit_op(g->e, PCMPEQB + 2, false, to, rm_reg(to));
}

/* to = mask ? a : b by bits; to is neither of the others, mask is changed. */
void vec_choose(struct gen *g, unsigned to, unsigned mask, unsigned a, unsigned b)
{
    gen_xmm_op(g, PAND, to, a, mask);
    emit_op(g->e, PANDN, false, mask, rm_reg(b));
    emit_op(g->e, POR, false, to, rm_reg(mask));
}

bool vec_by_c(struct gen *g, const struct ir_op *o)
{
    const struct ir_op_info *info = &ir_op_info[o->op];

    gen_pass(g, o->a, 0);
    if (info->b != K_NONE) {
        gen_pass(g, o->b, 1);
    }
    if (info->c != K_NONE) {
        gen_pass(g, o->c, 2);
    }
    emit_mov_imm(g->e, RDX, gen_keep_op(g, o));
    gen_call_thunk(g, g->j->vector[gen_live_xmm(g)]);
    if (ir_result_type(o) == IR_V128) {
        emit_op(g->e, MOVUPS, false, gen_dest_xmm(g), rm_mem(RSP, FRAME_VECTORS));
    } else {
        emit_mov(g->e, true, gen_dest(g, IR_ABSENT), rm_reg(RAX));
    }
    return true;
}

/* ---- moves ---- */

static void make_constant(struct gen *g, const struct ir_op *o)
{
    uint64_t value[2];
    unsigned x, lo, hi;

    if (gen_is_const(g, o->a, &value[0]) && gen_is_const(g, o->b, &value[1])) {
        x = gen_dest_xmm(g);
        if (value[0] == 0 && value[1] == 0) {
            vec_zero(g, x);
        } else {
            emit_load_const(g->e, x, gen_keep_const(g, value));
        }
        return;
    }
    lo = gen_reg(g, o->a);
    hi = gen_reg(g, o->b);
    x = gen_dest_xmm(g);
    emit_op(g->e, MOVQ_TO_XMM, true, x, rm_reg(lo));
    if (g->j->has_sse41) {
        emit_op(g->e, PINSRD, true, x, rm_reg(hi));
        emit_byte(g->e, 1);
    } else {
        emit_op(g->e, MOVQ_TO_XMM, true, 0, rm_reg(hi));
        emit_op(g->e, PUNPCKLQDQ, false, x, rm_reg(0));
    }
}

/* A lane's word of 16 bits into eax; without SSE4.1 the other sizes are made of it. */
static void get_lane(struct gen *g, const struct ir_op *o)
{
    unsigned a = gen_xmm(g, o->a), dst = gen_dest(g, IR_ABSENT), lane = (unsigned)o->imm;

    if (o->attr >= 2 && lane == 0) {
        emit_op(g->e, MOVQ_FROM_XMM, o->attr == 3, a, rm_reg(dst));
    } else if (o->attr >= 2 && g->j->has_sse41) {
        emit_op(g->e, PEXTRD, o->attr == 3, a, rm_reg(dst));
        emit_byte(g->e, lane);
    } else if (o->attr >= 2) {
        vec_shuffle(g, PSHUFD, 0, a, o->attr == 3 ? 0xee : lane);
        emit_op(g->e, MOVQ_FROM_XMM, o->attr == 3, 0, rm_reg(dst));
    } else if (o->attr == 1) {
        vec_shuffle(g, PEXTRW, dst, a, lane);
    } else {
        vec_shuffle(g, PEXTRW, dst, a, lane / 2);
        if (lane & 1) {
            emit_shift_imm(g->e, SHIFT_SHR, false, dst, 8);
        } else {
            emit_op(g->e, OP_0F | OP_BYTE | 0xb6, false, dst, rm_reg(dst));
        }
    }
}

static void insert_word(struct gen *g, unsigned x, unsigned r, unsigned lane)
{
    emit_op(g->e, PINSRW, false, x, rm_reg(r));
    emit_byte(g->e, lane);
}

static void insert_byte(struct gen *g, unsigned x, unsigned r, unsigned lane)
{
    if (g->j->has_sse41) {
        emit_op(g->e, PINSRB, false, x, rm_reg(r));
        emit_byte(g->e, lane);
        return;
    }
    vec_shuffle(g, PEXTRW, RAX, x, lane / 2);
    emit_op(g->e, OP_0F | OP_BYTE | 0xb6, false, RCX, rm_reg(r));
    if (lane & 1) {
        emit_shift_imm(g->e, SHIFT_SHL, false, RCX, 8);
        emit_op(g->e, OP_0F | OP_BYTE | 0xb6, false, RAX, rm_reg(RAX));
    } else {
        emit_alu_imm(g->e, ALU_AND, false, rm_reg(RAX), 0xff00);
    }
    emit_alu(g->e, ALU_OR, false, RAX, rm_reg(RCX));
    insert_word(g, x, RAX, lane / 2);
}

static void set_lane(struct gen *g, const struct ir_op *o)
{
    unsigned a = gen_xmm(g, o->a), r = gen_reg(g, o->b), x = gen_dest_xmm(g);

    gen_xmm_move(g, x, a);
    if (o->attr == 0) {
        insert_byte(g, x, r, o->x);
    } else if (o->attr == 1) {
        insert_word(g, x, r, o->x);
    } else if (g->j->has_sse41) {
        emit_op(g->e, PINSRD, o->attr == 3, x, rm_reg(r));
        emit_byte(g->e, o->x);
    } else if (o->attr == 2) {
        insert_word(g, x, r, 2 * o->x);
        emit_mov(g->e, false, RAX, rm_reg(r));
        emit_shift_imm(g->e, SHIFT_SHR, false, RAX, 16);
        insert_word(g, x, RAX, 2 * o->x + 1);
    } else {
        emit_op(g->e, MOVQ_TO_XMM, true, 0, rm_reg(r));
        emit_op(g->e, o->x == 0 ? OP_F2 | OP_0F | 0x10 : PUNPCKLQDQ, false, x, rm_reg(0));
    }
}

static void duplicate(struct gen *g, const struct ir_op *o)
{
    static const unsigned broadcast[] = {OP_66 | OP_0F38 | 0x78, OP_66 | OP_0F38 | 0x79,
                                         OP_66 | OP_0F38 | 0x58, OP_66 | OP_0F38 | 0x59};
    unsigned r = gen_reg(g, o->a), x = gen_dest_xmm(g);

    emit_op(g->e, MOVQ_TO_XMM, true, x, rm_reg(r));
    if (g->j->has_avx2) {
        emit_vex(g->e, broadcast[o->attr], false, x, 0, rm_reg(x));
        return;
    }
    if (o->attr == 0) {
        emit_op(g->e, PUNPCKLBW, false, x, rm_reg(x));
    }
    if (o->attr <= 1) {
        vec_shuffle(g, PSHUFLW, x, x, 0);
    }
    vec_shuffle(g, PSHUFD, x, x, o->attr == 3 ? 0x44 : 0);
}

void gen_xmm_reverse(struct gen *g, unsigned x)
{
    if (g->j->has_ssse3) {
        vec_pool(g, 0, POOL_REVERSED);
        emit_op(g->e, PSHUFB, false, x, rm_reg(0));
        return;
    }
    gen_xmm_move(g, 0, x); /* the bytes of words, then the words */
    vec_shift(g, PSHIFTW, 2, 0, 0, 8);
    vec_shift(g, PSHIFTW, 6, x, x, 8);
    emit_op(g->e, POR, false, x, rm_reg(0));
    vec_shuffle(g, PSHUFLW, x, x, 0x1b);
    vec_shuffle(g, PSHUFHW, x, x, 0x1b);
    vec_shuffle(g, PSHUFD, x, x, 0x4e);
}

void gen_vector_select(struct gen *g, const struct ir_op *o)
{
    unsigned a = gen_xmm(g, o->a), b = gen_xmm(g, o->b), x = gen_dest_xmm(g);
    uint32_t from;

    gen_xmm_move(g, x, a);
    emit_byte(g->e, 0x70u | gen_condition(g, o->c)); /* over one move */
    emit_byte(g->e, 0);
    from = g->e->at;
    gen_xmm_move(g, x, b);
    if (!g->e->full) {
        g->e->base[from - 1] = (uint8_t)(g->e->at - from);
    }
}

static void extract_bytes(struct gen *g, const struct ir_op *o)
{
    unsigned a = gen_xmm(g, o->a), b = gen_xmm(g, o->b), x = gen_dest_xmm(g);

    if (o->x % 16 == 0) {
        gen_xmm_move(g, x, o->x ? b : a);
    } else if (g->j->has_ssse3) {
        vec_imm(g, PALIGNR, x, b, a, o->x);
    } else {
        vec_shift(g, PSHIFTQ, 3, x, a, o->x);
        vec_shift(g, PSHIFTQ, 7, 0, b, 16 - o->x);
        emit_op(g->e, POR, false, x, rm_reg(0));
    }
}

static bool look_up_bytes(struct gen *g, const struct ir_op *o)
{
    unsigned a, b, x;

    if (!g->j->has_ssse3) {
        return vec_by_c(g, o);
    }
    a = gen_xmm(g, o->a);
    b = gen_xmm(g, o->b);
    x = gen_dest_xmm(g);
    vec_pool(g, 0, POOL_PAST_15); /* the top bit of an index, which makes 0: set from 16 on */
    emit_op(g->e, PADDUSB, false, 0, rm_reg(b));
    gen_xmm_op(g, PSHUFB, x, a, 0);
    return true;
}

/* ---- arithmetic ---- */

/* The products of the low halves of 64 bits, and what the high ones add to them. */
static void multiply_64(struct gen *g, unsigned x, unsigned a, unsigned b)
{
    vec_shift(g, PSHIFTQ, 2, 0, a, 32);
    emit_op(g->e, PMULUDQ, false, 0, rm_reg(b));
    vec_shift(g, PSHIFTQ, 2, 1, b, 32);
    emit_op(g->e, PMULUDQ, false, 1, rm_reg(a));
    emit_op(g->e, PADDQ, false, 0, rm_reg(1));
    vec_shift(g, PSHIFTQ, 6, 0, 0, 32);
    gen_xmm_op(g, PMULUDQ, x, a, b);
    emit_op(g->e, PADDQ, false, x, rm_reg(0));
}

static void multiply(struct gen *g, const struct ir_op *o)
{
    unsigned a = gen_xmm(g, o->a), b = gen_xmm(g, o->b), x = gen_dest_xmm(g);

    switch (o->attr) {
    case 0: /* even bytes, odd bytes */
        vec_shift(g, PSHIFTW, 2, 0, a, 8);
        vec_shift(g, PSHIFTW, 2, 1, b, 8);
        emit_op(g->e, PMULLW, false, 0, rm_reg(1));
        vec_shift(g, PSHIFTW, 6, 0, 0, 8);
        gen_xmm_op(g, PMULLW, x, a, b);
        vec_pool(g, 1, POOL_LOW8);
        emit_op(g->e, PAND, false, x, rm_reg(1));
        emit_op(g->e, POR, false, x, rm_reg(0));
        return;
    case 1: gen_xmm_op(g, PMULLW, x, a, b); return;
    case 2:
        if (g->j->has_sse41) {
            gen_xmm_op(g, PMULLD, x, a, b);
            return;
        }
        vec_shift(g, PSHIFTQ, 2, 0, a, 32); /* odd lanes */
        vec_shift(g, PSHIFTQ, 2, 1, b, 32);
        emit_op(g->e, PMULUDQ, false, 0, rm_reg(1));
        gen_xmm_op(g, PMULUDQ, x, a, b);
        vec_shuffle(g, PSHUFD, x, x, 0x08);
        vec_shuffle(g, PSHUFD, 0, 0, 0x08);
        emit_op(g->e, PUNPCKLDQ, false, x, rm_reg(0));
        return;
    default: multiply_64(g, x, a, b); return;
    }
}

/* Lanes of 64 bits: (a >> n as unsigned, with the sign's bit flipped) less that bit. */
static void shift_signed_64(struct gen *g, unsigned x, unsigned a, unsigned n)
{
    vec_pool(g, 0, POOL_SIGN64);
    vec_shift(g, PSHIFTQ, 2, 0, 0, n);
    vec_shift(g, PSHIFTQ, 2, x, a, n);
    emit_op(g->e, PXOR, false, x, rm_reg(0));
    emit_op(g->e, PSUBB + 3, false, x, rm_reg(0));
}

/* Bytes are shifted as words, and what came from their neighbours is cleared. */
static void shift_bytes(struct gen *g, const struct ir_op *o, unsigned x, unsigned a, unsigned n)
{
    vec_shift(g, PSHIFTW, o->op == IR_VSHL ? 6 : 2, x, a, n);
    vec_constant(g, 0, 0, o->op == IR_VSHL ? 0xffu << n : 0xffu >> n);
    emit_op(g->e, PAND, false, x, rm_reg(0));
    if (o->op == IR_VSAR) {
        vec_constant(g, 0, 0, 0x80u >> n);
        emit_op(g->e, PXOR, false, x, rm_reg(0));
        emit_op(g->e, PSUBB, false, x, rm_reg(0));
    }
}

static void shift(struct gen *g, const struct ir_op *o)
{
    static const uint8_t extension[] = {
        [IR_VSHL - IR_VSHL] = 6, [IR_VSHR - IR_VSHL] = 2, [IR_VSAR - IR_VSHL] = 4};
    unsigned a = gen_xmm(g, o->a), x = gen_dest_xmm(g), width = 8u << o->attr;
    unsigned n = o->imm < width ? (unsigned)o->imm : width;

    if (o->op == IR_VSAR && n == width) {
        n = width - 1;
    }
    if (n == 0) {
        gen_xmm_move(g, x, a);
    } else if (n == width) {
        vec_zero(g, x);
    } else if (o->attr == 0) {
        shift_bytes(g, o, x, a, n);
    } else if (o->attr == 3 && o->op == IR_VSAR) {
        shift_signed_64(g, x, a, n);
    } else {
        vec_shift(g, PSHIFTW + o->attr - 1u, extension[o->op - IR_VSHL], x, a, n);
    }
}

/* ---- compares ---- */

void vec_equal(struct gen *g, unsigned log2, unsigned x, unsigned a, unsigned b)
{
    if (log2 < 3) {
        gen_xmm_op(g, PCMPEQB + log2, x, a, b);
    } else if (g->j->has_sse41) {
        gen_xmm_op(g, PCMPEQQ, x, a, b);
    } else {
        gen_xmm_op(g, PCMPEQB + 2, x, a, b);
        vec_shuffle(g, PSHUFD, 0, x, 0xb1);
        emit_op(g->e, PAND, false, x, rm_reg(0));
    }
}

/* x is neither a nor b. Of 64 bits without SSE4.2: the high halves are greater, or equal, and then
 * b - a borrows. */
void vec_greater(struct gen *g, unsigned log2, unsigned x, unsigned a, unsigned b)
{
    if (log2 < 3) {
        gen_xmm_op(g, PCMPGTB + log2, x, a, b);
        return;
    }
    if (g->j->has_sse41) {
        gen_xmm_op(g, PCMPGTQ, x, a, b);
        return;
    }
    gen_xmm_move(g, x, b);
    emit_op(g->e, PSUBB + 3, false, x, rm_reg(a));
    gen_xmm_move(g, 15, a);
    emit_op(g->e, PCMPEQB + 2, false, 15, rm_reg(b));
    emit_op(g->e, PAND, false, x, rm_reg(15));
    gen_xmm_move(g, 15, a);
    emit_op(g->e, PCMPGTB + 2, false, 15, rm_reg(b));
    emit_op(g->e, POR, false, x, rm_reg(15));
    vec_shuffle(g, PSHUFD, x, x, 0xf5);
}

/* Unsigned: as signed, with the top bits flipped; 0 and 1 hold the operands. */
void vec_above(struct gen *g, unsigned log2, unsigned x, unsigned a, unsigned b)
{
    vec_pool(g, 0, (enum pool)(POOL_SIGN8 + log2));
    gen_xmm_op(g, PXOR, 1, 0, b);
    emit_op(g->e, PXOR, false, 0, rm_reg(a));
    vec_greater(g, log2, x, 0, 1);
}

static void min_max(struct gen *g, const struct ir_op *o)
{
    static const unsigned direct[4][3] = {
        /* x1, x2, x4; SSE4.1's are those of the map 0F38 */
        {OP_66 | OP_0F | 0xda, OP_66 | OP_0F38 | 0x3a, OP_66 | OP_0F38 | 0x3b},
        {OP_66 | OP_0F | 0xde, OP_66 | OP_0F38 | 0x3e, OP_66 | OP_0F38 | 0x3f},
        {OP_66 | OP_0F38 | 0x38, OP_66 | OP_0F | 0xea, OP_66 | OP_0F38 | 0x39},
        {OP_66 | OP_0F38 | 0x3c, OP_66 | OP_0F | 0xee, OP_66 | OP_0F38 | 0x3d}};
    unsigned a = gen_xmm(g, o->a), b = gen_xmm(g, o->b), x = gen_dest_xmm(g);
    bool least = o->op == IR_VMINU || o->op == IR_VMINS;

    if (o->attr < 3) {
        unsigned op = direct[o->op - IR_VMINU][o->attr];
        if (g->j->has_sse41 || (op & 0x300) == OP_0F) {
            gen_xmm_op(g, op, x, a, b);
            return;
        }
    }
    if (o->op == IR_VMINU || o->op == IR_VMAXU) {
        vec_above(g, o->attr, 14, a, b);
    } else {
        vec_greater(g, o->attr, 14, a, b);
    }
    vec_choose(g, x, 14, least ? b : a, least ? a : b);
}

/* ---- all of them ---- */

static void plain(struct gen *g, const struct ir_op *o, unsigned op)
{
    unsigned a = gen_xmm(g, o->a), b = gen_xmm(g, o->b);

    gen_xmm_op(g, op, gen_dest_xmm(g), a, b);
}

static void and_not(struct gen *g, const struct ir_op *o)
{
    unsigned a = gen_xmm(g, o->a), b = gen_xmm(g, o->b), x = gen_dest_xmm(g);

    gen_xmm_op(g, PANDN, x, b, a);
}

bool gen_vector(struct gen *g, const struct ir_op *o)
{
    unsigned a, b;

    switch (o->op) {
    case IR_VCONST: make_constant(g, o); return true;
    case IR_VGET: get_lane(g, o); return true;
    case IR_VSET: set_lane(g, o); return true;
    case IR_VDUP: duplicate(g, o); return true;
    case IR_VAND: plain(g, o, PAND); return true;
    case IR_VOR: plain(g, o, POR); return true;
    case IR_VXOR: plain(g, o, PXOR); return true;
    case IR_VANDN: and_not(g, o); return true;
    case IR_VADD: plain(g, o, o->attr == 3 ? PADDQ : PADDB + o->attr); return true;
    case IR_VSUB: plain(g, o, PSUBB + o->attr); return true;
    case IR_VMUL: multiply(g, o); return true;
    case IR_VSHL:
    case IR_VSHR:
    case IR_VSAR: shift(g, o); return true;
    case IR_VEQ:
    case IR_VGTS:
        a = gen_xmm(g, o->a);
        b = gen_xmm(g, o->b);
        (o->op == IR_VEQ ? vec_equal : vec_greater)(g, o->attr, gen_dest_xmm(g), a, b);
        return true;
    case IR_VMINU:
    case IR_VMAXU:
    case IR_VMINS:
    case IR_VMAXS: min_max(g, o); return true;
    case IR_VZIPLO: plain(g, o, o->attr == 3 ? PUNPCKLQDQ : PUNPCKLBW + o->attr); return true;
    case IR_VZIPHI: plain(g, o, o->attr == 3 ? PUNPCKHQDQ : PUNPCKHBW + o->attr); return true;
    case IR_VEXT: extract_bytes(g, o); return true;
    case IR_VTBL: return look_up_bytes(g, o);
    default: return gen_vector_more(g, o);
    }
}
