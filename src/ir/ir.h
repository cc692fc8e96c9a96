/* SPDX-License-Identifier: GPL-2.0-or-later
 * ir: what guest instructions mean, between the guest's ISA and whatever runs it.
 *
 * A block is a linear array of 16-byte operations in the order in which they happen. Operation i
 * defines value i; operands are indexes of earlier operations (single assignment by construction).
 * A block has one entry, its first operation, and leaves through exit operations; side exits may
 * stand anywhere, the last operation is always an unconditional exit.
 *
 * Guest state is bytes at fixed offsets ("slots") of the ISA's state struct, read by GET, written
 * by PUT. Every operation belongs to a guest instruction (`insn`), numbered from 0 in the block.
 * Contract, for every tool that touches a block:
 *  - the effects (E_*) of operations are never reordered, duplicated or removed;
 *  - an operation that may fault leaves the state as it was before its instruction: lifters PUT
 *    nothing, and store nothing, before the last operation of the instruction that may fault,
 *    unless the ISA itself commits partially (then each commit is restartable);
 *  - leaving at any instruction boundary finds every PUT of the earlier instructions done and
 *    none of the later, so no PUT is moved across or merged over a boundary at which the block can
 *    be left.
 * hart.pc is not kept up inside a block: whoever leaves at instruction i writes
 * block->pc + block->insns[i].pc_offset. hart.instructions likewise counts on leaving.
 *
 * Types: i32 and i64 are integers, f32 and f64 IEEE bit patterns, v128 16 bytes, flags the six
 * arithmetic condition flags of which each ISA uses what it has. Values of i32 and f32 are kept
 * zero-extended in 64 bits. docs/ir.md has worked examples for several ISAs.
 */
#ifndef IR_IR_H
#define IR_IR_H

#include "base/base.h"
#include "cpu/cpu.h"

enum ir_type { IR_NONE, IR_I32, IR_I64, IR_F32, IR_F64, IR_V128, IR_FLAGS, IR_TYPE_COUNT };
#define IR_IMM       8 /* ORed into ir_op.type: operand b is ir_op.imm */
#define IR_TYPE_MASK 7

enum ir_opcode {
#define IR_OP(name, ...) IR_##name,
#include "ir/ops.def"
#undef IR_OP
    IR_OPCODE_COUNT
};

typedef uint16_t ir_ref;
#define IR_ABSENT ((ir_ref)UINT16_MAX)

struct ir_op {
    uint8_t op;   /* enum ir_opcode */
    uint8_t type; /* enum ir_type, perhaps | IR_IMM */
    uint8_t attr; /* see ir_op_info.attr; of RMW enum ir_rmw */
    uint8_t insn; /* guest instruction in the block */
    ir_ref a, b;
    union {
        uint64_t imm;
        struct {
            union {
                struct {
                    ir_ref c, d;
                };
                int32_t disp; /* of LD and ST */
            };
            union {
                uint32_t x;
                uint32_t mem; /* of memory operations: MEM_* of cpu/cpu.h */
            };
        };
    };
};
_Static_assert(sizeof(struct ir_op) == 16, "operations are 16 bytes");

/* ---- attributes ---- */

/* Flags as FPACK lays them out. C is the borrow after a subtraction. */
enum {
    IR_FLAG_C = 1,
    IR_FLAG_P = 4,
    IR_FLAG_A = 0x10,
    IR_FLAG_Z = 0x40,
    IR_FLAG_S = 0x80,
    IR_FLAG_O = 0x800
};
/* Conditions in x86's order; bit 0 negates. */
enum ir_cc {
    CC_O,
    CC_NO,
    CC_B,
    CC_AE,
    CC_E,
    CC_NE,
    CC_BE,
    CC_A,
    CC_S,
    CC_NS,
    CC_P,
    CC_NP,
    CC_L,
    CC_GE,
    CC_LE,
    CC_G
};

/* Floating point (attr FP): rounding in bits 0..2, enum fp_nan_rule in 3..4, then switches. */
#define IR_FP(rounding, nan_rule) ((uint8_t)((rounding) | (nan_rule) << 3))
#define IR_FP_TINY_BEFORE         0x20
#define IR_FP_FLUSH_INPUTS        0x40
#define IR_FP_FLUSH_OUTPUT        0x80

enum ir_fcmp {
    FCMP_EQ,
    FCMP_LT,
    FCMP_LE,
    FCMP_EQ_SIGNALING,
    FCMP_LT_QUIET,
    FCMP_LE_QUIET,
    FCMP_UNORDERED
};
enum ir_fminmax {
    FMINMAX_NUMBER /* RISC-V, IEEE 2019 minimumNumber */,
    FMINMAX_X86,
    FMINMAX_ARM,
    FMINMAX_ARM_NUMBER /* FMINNM: a quiet NaN loses */
};

/* x of FCVT_IF / FCVT_FI: the other side's type, signedness of the integer, and what an integer
 * out of range becomes (enum fp_int_rule of base/softfloat.h). */
#define IR_CVT(other_type, is_signed, int_rule)                                                    \
    ((uint32_t)(other_type) | (uint32_t)(is_signed) << 4 | (uint32_t)(int_rule) << 5)

/* x of floating point by lanes: log2 of the lane's bytes (2: f32, 3: f64), and a number: enum
 * ir_fminmax or ir_fcmp, exactness for VFROUND, for conversions signedness and enum fp_int_rule. */
#define IR_VF(lane, number)        ((uint32_t)(lane) | (uint32_t)(number) << 8)
#define IR_VF_LANE(x)              ((x)&0xff)
#define IR_VF_NUMBER(x)            ((x) >> 8)
#define IR_VF_CVT(is_signed, rule) ((unsigned)(is_signed) | (unsigned)(rule) << 1)

enum ir_rmw {
    RMW_SWAP,
    RMW_ADD,
    RMW_AND,
    RMW_OR,
    RMW_XOR,
    RMW_ANDN,
    RMW_MINS,
    RMW_MAXS,
    RMW_MINU,
    RMW_MAXU,
    RMW_RSUB /* old - b */
};

/* Exits (attr EXIT). Where they go to code is lifted in a mode, of which some bits change without a
 * look (isa_lifter.local_modes): an exit names these bits, by their index in the block's `modes`, or
 * takes them from an operand, or has the ISA asked for them. Whatever it says, the state says too. */
#define IR_EXIT_LOOK          1 /* interrupts, mode or translation may have changed: to the engine */
#define IR_EXIT_YIELD         2 /* the rest of the quantum is given up (pause; wfi with LOOK) */
#define IR_EXIT_ASK           4 /* its mode is only known to the ISA; not with an operand's */
#define IR_EXIT_MODE(attr)    ((attr) >> 4)
#define IR_EXIT_IN_MODE(mode) ((uint8_t)((mode) << 4))
#define IR_MODES_MAX          16

/* ---- effects ---- */
enum {
    E_GET = 1,
    E_PUT = 2,
    E_LOAD = 4,
    E_STORE = 8,
    E_FAULT = 16, /* may leave before the instruction is done */
    E_EXIT = 32,
    E_FP = 64,   /* ORs into hart.fp_flags */
    E_CALL = 128 /* see the helper's own effects */
};

/* A C function of the ISA, and all that it may do. Of state it reads and writes the slots that are
 * named; if none is, any. It may use cpu_now() unless it is pure or merely faults. */
enum {
    HELPER_PURE = 0,
    HELPER_READS = 1,
    HELPER_WRITES = 2,
    HELPER_FAULTS = 4, /* cpu_raise(), before anything has changed */
    HELPER_MEMORY = 8, /* loads, stores or translates, so that faults and watchpoints are met and
                          listeners heard of it */
    HELPER_LOOKS = 16  /* may set cpu->look */
};
#define IR_SLOTS_MAX 2
struct ir_slots { /* [first, end) of the state's bytes; end 0: none */
    uint32_t first, end;
};
struct ir_helper {
    const char *name;
    uint64_t (*call)(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t c);
    uint8_t effects; /* HELPER_* */
    uint8_t argument_count;
    struct ir_slots reads[IR_SLOTS_MAX], writes[IR_SLOTS_MAX];
};
/* Whether a helper that reads (writes) may do so to any of [first, end). */
bool ir_slots_touch(const struct ir_slots slots[IR_SLOTS_MAX], uint32_t first, uint32_t end);

/* ---- blocks ---- */

#define IR_BLOCK_INSNS_MAX 64
#define IR_BLOCK_OPS_MAX   1024

struct ir_insn {
    uint16_t first_op;
    uint16_t pc_offset; /* bytes from block->pc */
    uint8_t length;     /* bytes */
    bool several;       /* the engine's: see struct lift */
};

struct ir_block {
    struct ir_op *ops;
    uint32_t op_count;
    uint32_t insn_count;
    struct ir_insn *insns;
    vaddr pc;
    const struct ir_helper *helpers; /* of the ISA */
    uint32_t helper_count;
    uint32_t mode_count;
    uint32_t modes[IR_MODES_MAX]; /* that exits name; the first is 0 */
};

/* ---- build.c: how front ends make IR ---- */

/* Constants are folded and GETs of what was just PUT forwarded while building. */
struct ir_build {
    struct ir_op ops[IR_BLOCK_OPS_MAX];
    struct ir_insn insns[IR_BLOCK_INSNS_MAX];
    uint32_t op_count, insn_count;
    vaddr pc;
    const struct ir_helper *helpers;
    uint32_t helper_count;
    uint32_t modes[IR_MODES_MAX], mode_count;
    uint8_t mode;  /* index of the mode that exits go to */
    bool overflow; /* no room: the whole block is to be built again with fewer instructions */
    bool ended;    /* an unconditional exit was emitted */
    /* What is known of slots: forwarded values, by the 8-byte word that the slot begins in, modulo
     * 64; forgotten at calls that write state. */
    struct ir_known {
        uint32_t slot;
        ir_ref value;
        uint8_t type;
    } known[64];
    uint64_t known_mask;  /* which of them are in use */
    uint32_t const_floor; /* constants before this operation may have been skipped over */
    uint64_t known_long;  /* which of those reach into the next words */
    struct {              /* the same where ir_skip_if() stands */
        struct ir_known known[64];
        uint64_t known_mask, known_long;
    } skipped;
};

void ir_build_start(struct ir_build *b, vaddr pc, const struct ir_helper *helpers,
                    uint32_t helper_count);
/* Begins guest instruction number insn_count at pc + pc_offset; its length is set when known. */
void ir_build_insn(struct ir_build *b, uint32_t pc_offset);
void ir_build_insn_length(struct ir_build *b, unsigned length);
/* Exits that are emitted from now on, until another is chosen, go to code in this mode, whose other
 * bits are 0 (isa_lifter.local_modes); it is 0 at first. */
void ir_build_mode(struct ir_build *b, uint32_t local_mode);
/* Emits any operation; the shorthands below are clearer. */
ir_ref ir_emit(struct ir_build *b, struct ir_op op);
/* The built block as it lies in the builder, until that begins another. */
struct ir_block ir_build_view(struct ir_build *b);
/* Copies the built block into one malloc'd piece (free() it). */
struct ir_block *ir_build_finish(const struct ir_build *b);

ir_ref ir_const(struct ir_build *b, enum ir_type t, uint64_t value);
ir_ref ir_get(struct ir_build *b, enum ir_type t, uint32_t slot);
void ir_put(struct ir_build *b, enum ir_type t, uint32_t slot, ir_ref value);
/* Any op of the form T = a op b, T = a op imm, T = op a, result = compare. */
ir_ref ir_bin(struct ir_build *b, enum ir_opcode op, enum ir_type t, ir_ref x, ir_ref y);
ir_ref ir_bini(struct ir_build *b, enum ir_opcode op, enum ir_type t, ir_ref x, uint64_t imm);
ir_ref ir_un(struct ir_build *b, enum ir_opcode op, enum ir_type t, ir_ref x);
ir_ref ir_extract(struct ir_build *b, enum ir_type t, ir_ref x, unsigned pos, unsigned len);
ir_ref ir_sextract(struct ir_build *b, enum ir_type t, ir_ref x, unsigned pos, unsigned len);
ir_ref ir_deposit(struct ir_build *b, enum ir_type t, ir_ref x, ir_ref y, unsigned pos,
                  unsigned len);
ir_ref ir_select(struct ir_build *b, enum ir_type t, ir_ref cond, ir_ref yes, ir_ref no);
/* Memory: MEM_32 is set by the builder where the address is an i32; an i64 may have it, too. */
ir_ref ir_ld(struct ir_build *b, enum ir_type t, ir_ref base, int64_t disp, uint32_t mem_attr);
void ir_st(struct ir_build *b, enum ir_type t, ir_ref base, int64_t disp, ir_ref value,
           uint32_t mem_attr);
void ir_stc(struct ir_build *b, enum ir_type t, ir_ref address, ir_ref value, ir_ref cond,
            uint32_t mem_attr);
ir_ref ir_rmw(struct ir_build *b, enum ir_type t, enum ir_rmw kind, ir_ref address, ir_ref value,
              uint32_t mem_attr);
ir_ref ir_cas(struct ir_build *b, enum ir_type t, ir_ref address, ir_ref expected, ir_ref desired,
              uint32_t mem_attr);
ir_ref ir_phys(struct ir_build *b, ir_ref address);
void ir_exit(struct ir_build *b, vaddr target, uint8_t exit_attr);
void ir_exit_to(struct ir_build *b, ir_ref target, uint8_t exit_attr);
/* To code in a mode that is a value, too. */
void ir_exit_to_mode(struct ir_build *b, ir_ref target, ir_ref local_mode, uint8_t exit_attr);
void ir_exit_if(struct ir_build *b, ir_ref cond, vaddr target);
/* What is built from here to ir_skip_end() is done unless `cond` is not 0: predicated code. Of one
 * instruction, and not one inside another; an exit may be its last operation. No value of it is to be
 * used behind. ir_skip_end() takes what ir_skip_if() gave. */
ir_ref ir_skip_if(struct ir_build *b, ir_ref cond);
void ir_skip_end(struct ir_build *b, ir_ref skip);
/* `helper` is an index in the ISA's table; absent operands are IR_ABSENT. */
ir_ref ir_call(struct ir_build *b, uint32_t helper, ir_ref x, ir_ref y, ir_ref z);
/* Floating point and others with attr, x and up to three operands. */
ir_ref ir_fp(struct ir_build *b, enum ir_opcode op, enum ir_type t, uint8_t fp_attr, uint32_t x,
             ir_ref p, ir_ref q, ir_ref r);

/* ---- ops.c: the table as data ---- */
struct ir_op_info {
    const char *name;
    uint8_t types;           /* bit per enum ir_type */
    uint8_t result, a, b, c; /* enum ir_operand_kind, in ops.c's order */
    uint8_t imm, attr, effects;
    const char *meaning;
};
enum ir_operand_kind { K_NONE, K_T, K_R, K_I64, K_I32, K_FLAGS, K_V128, K_X, K_ADDRESS };
enum ir_imm_kind {
    IMM_NONE,
    IMM_CONST,
    IMM_SLOT,
    IMM_DISP,
    IMM_MEM,
    IMM_PC,
    IMM_HELPER,
    IMM_N,
    IMM_X
};
enum ir_attr_kind { ATTR_NONE, ATTR_RMW, ATTR_CC, ATTR_FP, ATTR_LANE, ATTR_EXIT };
extern const struct ir_op_info ir_op_info[IR_OPCODE_COUNT];
/* The type of an operation's result; IR_NONE if it has none. */
enum ir_type ir_result_type(const struct ir_op *op);

/* ---- check.c, print.c, parse.c, interp.c, dead.c ---- */

/* -1 and a sentence naming the operation if the block breaks a rule of this file or of ops.def.
 * state_size bounds slots. */
int ir_check(const struct ir_block *b, size_t state_size, struct error *e);

/* Whether the operation ends a block, or what of it is gone through together. */
static inline bool ir_ends(const struct ir_op *o)
{
    return o->op == IR_EXIT || o->op == IR_EXIT_TO || o->op == IR_EXIT_TO_MODE;
}

/* Text form, one operation a line; parse reads what print writes (round trip is exact). */
void ir_print(const struct ir_block *b, struct text *out);
struct ir_block *ir_parse(const char *text, const struct ir_helper *helpers, uint32_t helper_count,
                          struct error *e);

/* Removes pure operations whose value nobody uses. */
void ir_dead(struct ir_build *b);

enum ir_left {
    IR_LEFT_EXIT, /* through an exit without LOOK; hart.pc is the target, cpu->exit_mode its mode */
    IR_LEFT_LOOK, /* through an exit with LOOK, or cpu->look was set: the engine must look */
    IR_LEFT_YIELD, /* an exit with YIELD */
    IR_LEFT_LIMIT, /* `limit` instructions are done; hart.pc is the next one */
    IR_LEFT_FAULT, /* cpu->fault is set; hart.pc is the faulting instruction */
    IR_LEFT_WATCH  /* cpu->watch_hit; hart.pc is the instruction, which has done nothing */
};
/* Runs at most `limit` (>= 1) instructions of the block. On return hart.pc and hart.instructions
 * are up to date, and cpu->insn is the number of instructions that were retired.
 * requires: cpu->block_tick is now, cpu->space chosen, no fault, look or watch_hit pending. */
enum ir_left ir_interp(struct cpu *cpu, const struct ir_block *b, uint32_t limit);

/* ---- for code generators: what they leave to C ---- */

/* The value of a floating-point operation (attr FP) with these operands; flags go to the hart. */
uint64_t ir_fp_value(struct cpu *cpu, const struct ir_op *o, uint64_t a, uint64_t b, uint64_t c);
/* That of an operation on vectors, with attr FP or not: words of operands and result are the less
 * significant first, and a result of 64 bits is the first. */
void ir_vector_value(struct cpu *cpu, const struct ir_op *o, const uint64_t operands[3][2],
                     uint64_t result[2]);
/* An RMW or CAS on RAM at `a`; CPU_HARD as for cpu_try_store(). Of values of 64 bits only the first
 * words are used. */
enum cpu_try ir_try_rmw(struct cpu *cpu, const struct ir_op *o, uint64_t a, uint64_t b,
                        uint64_t *value);
enum cpu_try ir_try_cas(struct cpu *cpu, const struct ir_op *o, uint64_t a,
                        const uint64_t expected[2], const uint64_t desired[2], uint64_t value[2]);

#endif
