/* SPDX-License-Identifier: GPL-2.0-or-later
 * vector: what the files of vector code share: opcodes by their Intel names, and forms of
 * instructions that the host's features decide. Private to amd64/.
 */
#ifndef JIT_AMD64_VECTOR_H
#define JIT_AMD64_VECTOR_H

#include "jit/amd64/amd64.h"

/* Of those for lanes of 8, 16, 32 (and 64) bits the first is named; the others follow it. */
enum {
    MOVUPS = OP_0F | 0x10,
    MOVAPS = OP_0F | 0x28,
    MOVQ_TO_XMM = OP_66 | OP_0F | 0x6e, /* with a wide rm; else movd */
    MOVQ_FROM_XMM = OP_66 | OP_0F | 0x7e,
    PUNPCKLBW = OP_66 | OP_0F | 0x60,
    PUNPCKLDQ = OP_66 | OP_0F | 0x62,
    PUNPCKHBW = OP_66 | OP_0F | 0x68,
    PUNPCKLQDQ = OP_66 | OP_0F | 0x6c,
    PUNPCKHQDQ = OP_66 | OP_0F | 0x6d,
    PSHUFD = OP_66 | OP_0F | 0x70,
    PSHUFHW = OP_F3 | OP_0F | 0x70,
    PSHUFLW = OP_F2 | OP_0F | 0x70,
    PSHUFB = OP_66 | OP_0F38 | 0x00,
    PALIGNR = OP_66 | OP_0F3A | 0x0f,
    PEXTRW = OP_66 | OP_0F | 0xc5,
    PINSRW = OP_66 | OP_0F | 0xc4,
    PINSRB = OP_66 | OP_0F3A | 0x20,
    PINSRD = OP_66 | OP_0F3A | 0x22, /* wide: pinsrq */
    PEXTRD = OP_66 | OP_0F3A | 0x16,
    PAND = OP_66 | OP_0F | 0xdb,
    PANDN = OP_66 | OP_0F | 0xdf, /* ~a & b */
    POR = OP_66 | OP_0F | 0xeb,
    PXOR = OP_66 | OP_0F | 0xef,
    PADDB = OP_66 | OP_0F | 0xfc, /* three; */
    PADDQ = OP_66 | OP_0F | 0xd4,
    PSUBB = OP_66 | OP_0F | 0xf8, /* four */
    PADDUSB = OP_66 | OP_0F | 0xdc,
    PSUBUSW = OP_66 | OP_0F | 0xd9,
    PAVGB = OP_66 | OP_0F | 0xe0,
    PAVGW = OP_66 | OP_0F | 0xe3,
    PABSB = OP_66 | OP_0F38 | 0x1c, /* three */
    PMINUB = OP_66 | OP_0F | 0xda,
    PMINUD = OP_66 | OP_0F38 | 0x3b,
    PMAXSW = OP_66 | OP_0F | 0xee,
    PACKSSWB = OP_66 | OP_0F | 0x63,
    PACKUSWB = OP_66 | OP_0F | 0x67,
    PACKSSDW = OP_66 | OP_0F | 0x6b,
    PACKUSDW = OP_66 | OP_0F38 | 0x2b,
    PMULHUW = OP_66 | OP_0F | 0xe4,
    PMULHW = OP_66 | OP_0F | 0xe5,
    PMULDQ = OP_66 | OP_0F38 | 0x28,
    PMADDWD = OP_66 | OP_0F | 0xf5,
    PMOVMSKB = OP_66 | OP_0F | 0xd7, /* to a general register, as is */
    MOVMSKPS = OP_0F | 0x50,
    SHUFPS = OP_0F | 0xc6,
    PMULLW = OP_66 | OP_0F | 0xd5,
    PMULLD = OP_66 | OP_0F38 | 0x40,
    PMULUDQ = OP_66 | OP_0F | 0xf4,
    PCMPEQB = OP_66 | OP_0F | 0x74,
    PCMPEQQ = OP_66 | OP_0F38 | 0x29,
    PCMPGTB = OP_66 | OP_0F | 0x64,
    PCMPGTQ = OP_66 | OP_0F38 | 0x37,
    PSHIFTW = OP_66 | OP_0F | 0x71, /* /2 logical right, /4 arithmetic right, /6 left */
    PSHIFTQ = OP_66 | OP_0F | 0x73  /* and /3, /7 of the whole by bytes */
};

/* to = a op b, imm */
void vec_imm(struct gen *g, unsigned op, unsigned to, unsigned a, unsigned b, unsigned imm);
/* to = op from, imm */
void vec_shuffle(struct gen *g, unsigned op, unsigned to, unsigned from, unsigned imm);
/* to = a shifted by an immediate; `extension` is in the place of a register. */
void vec_shift(struct gen *g, unsigned op, unsigned extension, unsigned to, unsigned a,
               unsigned amount);
void vec_pool(struct gen *g, unsigned to, enum pool which);
/* Every lane of `to` is the number. */
void vec_constant(struct gen *g, unsigned to, unsigned log2, uint64_t lane);
void vec_zero(struct gen *g, unsigned to);
void vec_ones(struct gen *g, unsigned to);
/* to = mask ? a : b by bits; `to` is none of the others, mask is changed. */
void vec_choose(struct gen *g, unsigned to, unsigned mask, unsigned a, unsigned b);
/* Lanes all ones where a == b, a > b signed, a > b unsigned; x is none of the others. The first uses
 * xmm0, the second xmm15, the third xmm0, xmm1 and xmm15. */
void vec_equal(struct gen *g, unsigned log2, unsigned x, unsigned a, unsigned b);
void vec_greater(struct gen *g, unsigned log2, unsigned x, unsigned a, unsigned b);
void vec_above(struct gen *g, unsigned log2, unsigned x, unsigned a, unsigned b);
/* vector_more.c, vector_fp.c: what vector.c does not know; false: not translated. */
bool gen_vector_more(struct gen *g, const struct ir_op *o);
bool gen_vector_fp(struct gen *g, const struct ir_op *o);
/* The operation by a call of the interpreter's. */
bool vec_by_c(struct gen *g, const struct ir_op *o);

#endif
