/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_simd: Advanced SIMD as AArch64 and AArch32 share it: what becomes of the lanes of registers, computed
 * for whatever a lifter does not turn into IR. Encodings here are AArch64's (Arm Architecture Reference Manual
 * for A-profile, C4.1): AArch32's lifter makes one with the bits that count: Q, scalar, size, immh:immb.
 */
#ifndef ISA_ARM_SIMD_H
#define ISA_ARM_SIMD_H

#include "base/base.h"
#include "base/softfloat.h"
#include "cpu/cpu.h"

/* Integer operations, by the shape of their operands. The groups' borders are used. */
enum simd_op {
    /* lanes d = f(n, m, d) of one width */
    SIMD_SHADD,
    SIMD_UHADD,
    SIMD_SQADD,
    SIMD_UQADD,
    SIMD_SRHADD,
    SIMD_URHADD,
    SIMD_SHSUB,
    SIMD_UHSUB,
    SIMD_SQSUB,
    SIMD_UQSUB,
    SIMD_SSHL_REG, /* these eight in this order: bits are unsigned, rounding, saturating */
    SIMD_USHL_REG,
    SIMD_SRSHL_REG,
    SIMD_URSHL_REG,
    SIMD_SQSHL_REG,
    SIMD_UQSHL_REG,
    SIMD_SQRSHL_REG,
    SIMD_UQRSHL_REG,
    SIMD_SMAX,
    SIMD_UMAX,
    SIMD_SMIN,
    SIMD_UMIN,
    SIMD_SABD,
    SIMD_UABD,
    SIMD_SABA,
    SIMD_UABA,
    SIMD_CMGT,
    SIMD_CMHI,
    SIMD_CMGE,
    SIMD_CMHS,
    SIMD_CMTST,
    SIMD_CMEQ,
    SIMD_ADD,
    SIMD_SUB,
    SIMD_MLA,
    SIMD_MLS,
    SIMD_MUL,
    SIMD_PMUL,
    SIMD_SQDMULH,
    SIMD_SQRDMULH,
    SIMD_SQRDMLAH,
    SIMD_SQRDMLSH,
    /* neighbouring lanes of n, then of m */
    SIMD_SMAXP,
    SIMD_UMAXP,
    SIMD_SMINP,
    SIMD_UMINP,
    SIMD_ADDP,
    /* lanes twice as wide: d = f(n, m, d); of the W forms n is wide, too */
    SIMD_SADDL,
    SIMD_UADDL,
    SIMD_SSUBL,
    SIMD_USUBL,
    SIMD_SABAL,
    SIMD_UABAL,
    SIMD_SABDL,
    SIMD_UABDL,
    SIMD_SMLAL,
    SIMD_UMLAL,
    SIMD_SMLSL,
    SIMD_UMLSL,
    SIMD_SMULL,
    SIMD_UMULL,
    SIMD_SQDMLAL,
    SIMD_SQDMLSL,
    SIMD_SQDMULL,
    SIMD_PMULL,
    SIMD_SADDW,
    SIMD_UADDW,
    SIMD_SSUBW,
    SIMD_USUBW,
    /* the high halves of n, m twice as wide */
    SIMD_ADDHN,
    SIMD_RADDHN,
    SIMD_SUBHN,
    SIMD_RSUBHN,
    /* lanes d = f(n, d) of one width */
    SIMD_SUQADD,
    SIMD_USQADD,
    SIMD_CLS,
    SIMD_CLZ,
    SIMD_CNT,
    SIMD_NOT,
    SIMD_RBIT,
    SIMD_SQABS,
    SIMD_SQNEG,
    SIMD_ABS,
    SIMD_NEG,
    SIMD_CMGT0,
    SIMD_CMEQ0,
    SIMD_CMLT0,
    SIMD_CMGE0,
    SIMD_CMLE0,
    SIMD_URECPE,
    SIMD_URSQRTE,
    SIMD_REV64,
    SIMD_REV32,
    SIMD_REV16,
    /* sums of neighbours, twice as wide */
    SIMD_SADDLP,
    SIMD_UADDLP,
    SIMD_SADALP,
    SIMD_UADALP,
    /* n twice as wide */
    SIMD_XTN,
    SIMD_SQXTN,
    SIMD_SQXTUN,
    SIMD_UQXTN,
    /* all lanes of n */
    SIMD_SADDLV,
    SIMD_UADDLV,
    SIMD_SMAXV,
    SIMD_UMAXV,
    SIMD_SMINV,
    SIMD_UMINV,
    SIMD_ADDV,
    /* by an immediate amount */
    SIMD_SSHR,
    SIMD_SSRA,
    SIMD_SRSHR,
    SIMD_SRSRA,
    SIMD_USHR,
    SIMD_USRA,
    SIMD_URSHR,
    SIMD_URSRA,
    SIMD_SRI,
    SIMD_SHL,
    SIMD_SLI,
    SIMD_SQSHL,
    SIMD_UQSHL,
    SIMD_SQSHLU,
    /* and n twice as wide */
    SIMD_SHRN,
    SIMD_RSHRN,
    SIMD_SQSHRN,
    SIMD_SQRSHRN,
    SIMD_UQSHRN,
    SIMD_UQRSHRN,
    SIMD_SQSHRUN,
    SIMD_SQRSHRUN,
    /* or d */
    SIMD_SSHLL,
    SIMD_USHLL,
    /* whole registers: lifted to IR only */
    SIMD_AND,
    SIMD_BIC,
    SIMD_ORR,
    SIMD_ORN,
    SIMD_EOR,
    SIMD_BSL,
    SIMD_BIT,
    SIMD_BIF,
    SIMD_EOR3,
    SIMD_BCAX,
    SIMD_UZP1,
    SIMD_UZP2,
    SIMD_TRN1,
    SIMD_TRN2,
    SIMD_ZIP1,
    SIMD_ZIP2
};
#define SIMD_ELEMENT 0x100u /* m is one element of the register in every lane */
#define SIMD_OP(x)   ((enum simd_op)((x)&0xff))

/* Floating point by lanes. */
enum fv_op {
    /* d = f(n, m, d) */
    FV_ADD,
    FV_SUB,
    FV_MUL,
    FV_DIV,
    FV_MULX,
    FV_MAX,
    FV_MIN,
    FV_MAXNM,
    FV_MINNM,
    FV_MLA,
    FV_MLS,
    FV_ABD,
    FV_RECPS,
    FV_RSQRTS,
    FV_CMEQ,
    FV_CMGE,
    FV_CMGT,
    FV_ACGE,
    FV_ACGT,
    FV_MLA_TWICE, /* product and sum are rounded each, in AArch32 */
    FV_MLS_TWICE,
    FV_RECPS_TWICE,
    FV_RSQRTS_TWICE,
    /* neighbours of n, then of m */
    FV_ADDP,
    FV_MAXP,
    FV_MINP,
    FV_MAXNMP,
    FV_MINNMP,
    /* d = f(n) */
    FV_ABS,
    FV_NEG,
    FV_SQRT,
    FV_RINTN,
    FV_RINTP,
    FV_RINTM,
    FV_RINTZ,
    FV_RINTA,
    FV_RINTX,
    FV_RINTI,
    FV_RINT32Z,
    FV_RINT32X,
    FV_RINT64Z,
    FV_RINT64X,
    FV_RECPE,
    FV_RSQRTE,
    FV_RECPX,
    FV_CMGT0,
    FV_CMEQ0,
    FV_CMLT0,
    FV_CMGE0,
    FV_CMLE0,
    FV_CVTNS, /* these ten in this order */
    FV_CVTNU,
    FV_CVTPS,
    FV_CVTPU,
    FV_CVTMS,
    FV_CVTMU,
    FV_CVTZS,
    FV_CVTZU,
    FV_CVTAS,
    FV_CVTAU,
    FV_SCVTF,
    FV_UCVTF,
    /* fixed point: the immediate of shifts says the point */
    FV_FCVTZS_N,
    FV_FCVTZU_N,
    FV_SCVTF_N,
    FV_UCVTF_N,
    /* complex numbers */
    FV_FCMLA,
    FV_FCMLA_ELEMENT,
    FV_FCADD,
    /* all lanes of n, or a pair of them: OR of this and one of d = f(n, m) */
    FV_ACROSS = 0x80
};
#define FV_HALF    0x100u
#define FV_ELEMENT 0x200u
#define FV_OP(x)   ((x)&0x7fu)

/* ---- fields of encodings ---- */

static inline unsigned simd_rd(uint32_t w)
{
    return w & 31;
}
static inline unsigned simd_rn(uint32_t w)
{
    return w >> 5 & 31;
}
static inline unsigned simd_rm(uint32_t w)
{
    return w >> 16 & 31;
}
static inline unsigned simd_ra(uint32_t w)
{
    return w >> 10 & 31;
}
static inline unsigned simd_size(uint32_t w)
{
    return w >> 22 & 3;
}
static inline bool simd_q(uint32_t w)
{
    return w >> 30 & 1;
}
/* One lane, in an encoding that has a form for vectors, too. */
static inline bool simd_scalar(uint32_t w)
{
    return w >> 28 & 1;
}
/* How many bytes of a register there are: the lane's, 8 or 16. */
static inline unsigned simd_bytes(uint32_t w, unsigned log2)
{
    return simd_scalar(w) ? 1u << log2 : simd_q(w) ? 16 : 8;
}
/* immh:immb says log2 of the lane's bytes by its top bit, and an amount. */
static inline unsigned simd_shift_size(uint32_t w)
{
    return 28 - (unsigned)__builtin_clz(w >> 16 & 0x7f);
}
static inline unsigned simd_shift_left(uint32_t w)
{
    return (w >> 16 & 0x7f) - (8u << simd_shift_size(w));
}
static inline unsigned simd_shift_right(uint32_t w)
{
    return (16u << simd_shift_size(w)) - (w >> 16 & 0x7f);
}
/* ---- registers ---- */

struct simd_reg {
    uint64_t d[2];
};
static inline uint64_t simd_mask(unsigned width)
{
    return UINT64_MAX >> (64 - width);
}
static inline uint64_t simd_get(const struct simd_reg *x, unsigned log2, unsigned i)
{
    unsigned at = i << log2;

    return x->d[at / 8 & 1] >> at % 8 * 8 & simd_mask(8u << log2);
}
static inline void simd_set(struct simd_reg *x, unsigned log2, unsigned i, uint64_t value)
{
    unsigned at = i << log2, by = at % 8 * 8;
    uint64_t mask = simd_mask(8u << log2);
    uint64_t *word = &x->d[at / 8 & 1];

    *word = (*word & ~(mask << by)) | (value & mask) << by;
}
/* ---- the environment of floating point ---- */

/* FPCR's bits from 19 on, which are FPSCR's. */
#define MODE_FPCR_FZ16  0x01u
#define MODE_FPCR_RMODE 3
#define MODE_FPCR_FZ    0x20u
#define MODE_FPCR_DN    0x40u
#define MODE_FPCR_AHP   0x80u
/* Arm's rounding modes in their own order. */
static inline unsigned simd_rounding(unsigned mode_fpcr)
{
    static const uint8_t of[4] = {FP_RNE, FP_RUP, FP_RDN, FP_RTZ};

    return of[mode_fpcr >> MODE_FPCR_RMODE & 3];
}
static inline struct fp_env simd_env(unsigned mode_fpcr, bool half)
{
    bool flush = mode_fpcr & (half ? MODE_FPCR_FZ16 : MODE_FPCR_FZ);

    return (struct fp_env){.rounding = (uint8_t)simd_rounding(mode_fpcr),
                           .nan_rule = mode_fpcr & MODE_FPCR_DN ? FP_NAN_CANONICAL : FP_NAN_ARM,
                           .tiny_before = true,
                           .flush_inputs = flush,
                           .flush_output = flush};
}
/* Denormal operands only count where they are flushed, and never for half precision. */
static inline void simd_note(struct cpu *cpu, const struct fp_env *env, bool half)
{
    bool counts = env->flush_inputs && !half;

    cpu->hart->fp_flags |= counts ? env->flags : env->flags & (FP_ID - 1);
}

/* AES, SHA and the like: helpers_crypto.c of arm64, also for AArch32 there. */
enum crypto_op {
    CRYPTO_AESE,
    CRYPTO_AESD,
    CRYPTO_AESMC,
    CRYPTO_AESIMC,
    CRYPTO_SHA1C,
    CRYPTO_SHA1P,
    CRYPTO_SHA1M,
    CRYPTO_SHA1H,
    CRYPTO_SHA1SU0,
    CRYPTO_SHA1SU1,
    CRYPTO_SHA256H,
    CRYPTO_SHA256H2,
    CRYPTO_SHA256SU0,
    CRYPTO_SHA256SU1,
    CRYPTO_SHA512H,
    CRYPTO_SHA512H2,
    CRYPTO_SHA512SU0,
    CRYPTO_SHA512SU1,
    CRYPTO_RAX1,
    CRYPTO_PMULL64
};

/* ---- operations: arm_simd.c, arm_simd_fp.c ---- */

/* The constant of FMOV and VMOV (VFPExpandImm). */
uint64_t simd_expand_fp(unsigned imm8, unsigned log2);

struct simd_operands {
    struct simd_reg n, m, d; /* d: what the destination was */
};
/* log2 of the bytes of a lane, the narrow one if there are two widths. */
unsigned arm_simd_log2(uint32_t w, enum simd_op op);
unsigned arm_fv_log2(uint32_t w, uint32_t op);
/* What the destination becomes, with zeros where it is shorter than a register. *saturated becomes true if
 * a lane did not fit, else stays. */
struct simd_reg arm_simd_compute(uint32_t w, enum simd_op op, const struct simd_operands *o,
                                 bool *saturated);
/* The same of floating point; `op` with FV_*. Flags are added to the environment's. */
struct simd_reg arm_fv_compute(uint32_t w, uint32_t op, const struct simd_operands *o,
                               struct fp_env *env);
/* One operation of a lane: d = f(n, m, d) or f(n). */
uint64_t arm_fv_lane3(unsigned op, unsigned log2, uint64_t n, uint64_t m, uint64_t d,
                      struct fp_env *e);
uint64_t arm_fv_lane1(unsigned op, unsigned log2, uint64_t n, struct fp_env *e);
/* Numbers of 2^log2 bytes. */
uint64_t arm_fp_fused(unsigned log2, uint64_t a, uint64_t b, uint64_t c, struct fp_env *e);
uint64_t arm_fp_to_fixed(unsigned log2, uint64_t n, struct fp_fixed to, struct fp_env *e);
uint64_t arm_fp_of_fixed(unsigned log2, uint64_t n, struct fp_fixed from, struct fp_env *e);
uint64_t arm_fp_to_bits(unsigned log2, uint64_t n, unsigned bits, struct fp_env *e);
/* Between formats of 2^from and 2^to bytes, half precision being Arm's alternative one or not. */
uint64_t arm_fp_convert(unsigned from, unsigned to, uint64_t a, bool alternative, struct fp_env *e);

#endif
