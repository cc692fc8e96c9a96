/* SPDX-License-Identifier: GPL-2.0-or-later
 * amd64: the x86-64 code generator; private to its folder.
 *
 * Host registers while guest code runs:
 *   rbp state + STATE_BIAS   r14 struct space   r15 ticks left   rsp frame (FRAME_*)
 *   rax rcx rdx scratch      xmm0 xmm1 xmm14 xmm15 scratch
 *   pin_regs[]: the guest's pinned slots, at every instruction boundary
 *   free_regs[], xmm2..xmm13: values of the block, allocated forwards
 * A slot that is not pinned is stored at its PUT, so that memory is always complete but for the
 * pinned ones, which every way out stores. No value outlives a block.
 */
#ifndef JIT_AMD64_AMD64_H
#define JIT_AMD64_AMD64_H

#include "host/host.h"
#include "jit/amd64/emit.h"
#include "jit/jit.h"

#define STATE_BIAS 128
#define CODE_BYTES (UINT32_C(128) << 20)
#define PIN_REGS   5
#define FREE_REGS  4
#define NO_PIN     0xff
#define SLOT_WORDS 512 /* of the state: what lies behind is neither pinned nor any value's home */
#define XMM_FIRST  2
#define XMM_COUNT  12

extern const uint8_t pin_regs[PIN_REGS], free_regs[FREE_REGS];

enum {
    FRAME_SPILL = 0, /* SPILLS of 8 bytes; a vector takes two */
    SPILLS = 64,
    FRAME_ARGS = 512,    /* 3 of 8 bytes, for calls of C */
    FRAME_VECTORS = 544, /* 3 of 16 bytes, behind them; the first is also C's answer */
    FRAME_CPU = 592,
    FRAME_CONTEXT = 600,
    FRAME_INFO = 608,
    FRAME_SITE = 612,
    FRAME_GPR = 616,    /* 6 that C may change */
    FRAME_XMM = 672,    /* XMM_COUNT of 16 bytes */
    FRAME_GROUPS = 864, /* GROUP_SLOTS of 8 bytes: host minus virtual address */
    FRAME_SIZE = 936    /* with six pushes and a return address a multiple of 16 */
};
#define VECTORS_AT ((FRAME_VECTORS - FRAME_ARGS) / 8) /* from C's `args`, in words */

/* What of the xmm registers has to survive a call of C. */
enum { KEEP_NO_XMM, KEEP_HALVES, KEEP_VECTORS, KEEPS };

/* Constants that lie beside the thunks, 16 bytes each: vector.c. */
enum pool {
    POOL_SIGN8, /* the top bit of each lane */
    POOL_SIGN16,
    POOL_SIGN32,
    POOL_SIGN64,
    POOL_LOW8, /* the low half of each lane of 16 bits */
    POOL_PAST_15,
    POOL_REVERSED, /* 15, 14, ... 0 */
    POOL_COUNT
};

/* What C is told about a place in a block, 64 bits: the low byte of MEM_* or nothing | refund<<8 |
 * more<<16 | the rest of MEM_*<<32 (0 for most: a short instruction), where refund is the ticks to be
 * given back on leaving before the instruction. More is the length of a group in
 * bytes; or, of a load or a store, what is left of the instruction behind it: nothing but to be
 * `REST_LENGTH` bytes long and to PUT what was loaded into slot 8 * `REST_SLOT`, if that is not 0;
 * or more than that: REST_MUCH. */
#define SITE_INFO(mem, refund)                                                                     \
    (((mem)&0xffu) | (uint64_t)(refund) << 8 | (uint64_t)((mem) >> 8) << 32)
#define SITE_MORE(more)   ((uint64_t)(more) << 16)
#define SITE_MEM(info)    ((uint32_t)((info)&0xff) | (uint32_t)((info) >> 32) << 8)
#define SITE_REFUND(info) ((info) >> 8 & 0xff)
#define SITE_REST(info)   ((uint32_t)((info) >> 16 & 0xffff))
#define REST_LENGTH(rest) ((rest) >> 12)
#define REST_SLOT(rest)   ((rest)&0xfff)
#define REST_MUCH         0u /* no instruction is 0 bytes long */

#define GROUPS_MAX  32
#define GROUP_SLOTS 8
#define GROUP_SPAN  1024 /* bytes at most: a wider one would often lie across pages */
#define NO_GROUP    0xff
#define GROUP_MEM                                                                                  \
    (MEM_32 | MEM_UNTAG | 15u << MEM_AS_SHIFT) /* the same for all accesses of a group */

struct context {   /* of one jit_run(); the layout is known to thunks.c */
    uint64_t left; /* ticks; out */
    uint32_t site; /* out */
    uint32_t mxcsr;
    tick end;                  /* the tick when none are left */
    uint64_t end_instructions; /* hart.instructions then */
    /* The instruction that was left at has been done but for this; REST_MUCH: has not. */
    uint32_t rest;
    uint64_t loaded;
    const struct jit_engine *engine;
    uint64_t yielded; /* ticks left at the last exit that was noted; UINT64_MAX: none was */
};

/* A jump that was linked, and where it went before. */
struct link {
    uint32_t site, before;
};

struct jit {
    struct jit_guest guest;
    struct host_exec memory;
    struct emit e;
    uint32_t hot, cold; /* cursors */
    uint32_t first_hot, cold_start;
    uint32_t last_hot, last_cold;
    bool has_bits, has_ssse3, has_sse41, has_avx, has_avx2, has_fma;
    /* thunks, offsets into the code; by KEEP_* */
    uint32_t enter, leave, leave_stored, look, look_stored, fault, lookup_rax, link, pool;
    uint32_t load[KEEPS], store[KEEPS], group[KEEPS], call[KEEPS], call_apart[KEEPS], rmw[KEEPS],
        fp[KEEPS], sync[KEEPS], physical[KEEPS], load_vector[KEEPS], store_vector[KEEPS],
        vector[KEEPS];
    uint8_t pin_at[SLOT_WORDS]; /* the pin of a slot, by its 8-byte word; NO_PIN */
    struct gen *gen;
    VEC(struct link) links;
};

/* ---- values.c ---- */

#define NO_VALUE UINT16_MAX

struct value {
    uint16_t last_use; /* operation index */
    uint16_t uses;
    uint16_t rep;   /* the value that stands for it (TRUNC is its operand) */
    uint16_t fused; /* a compare made by its only user, at that index; NO_VALUE: not */
    int8_t reg;     /* -1: in none */
    int8_t xmm;
    uint8_t pin; /* reg is that pin's register */
    int8_t spill;
    uint8_t group; /* of a memory operation: index in gen.groups, NO_GROUP */
    int32_t home;  /* slot that holds the same 64 bits; -1: none */
};

/* Accesses of one kind at one base value whose page is checked once, at the first. Stores end where
 * anything in between might take a slow path, which may take the page from the write table; reads
 * go on, as no mapping changes without leaving the block. */
struct group {
    uint16_t rep;                /* the base value */
    uint16_t first, last, count; /* operations */
    int32_t lo, hi;              /* displacements [lo, hi) */
    uint32_t mem;                /* GROUP_MEM of all of them */
    bool is_write;
    int8_t slot; /* -1: none, the accesses are checked one by one */
};

/* A PUT of packed flags that is done in the stubs of an operation, and the next of them. */
struct sunk {
    uint16_t put, next;
};
#define NO_SUNK     UINT16_MAX
#define SUNK_MAX    512
#define SUNK_AT_ONE 8 /* they wait in FRAME_ARGS and behind it */
#define NOTED_MAX   1024

enum place_kind { PLACE_REG, PLACE_XMM, PLACE_SPILL, PLACE_SLOT, PLACE_CONST };
struct place {
    enum place_kind kind;
    int32_t number; /* of the register or the spill; the slot */
    uint64_t imm;
};
/* What a stub stores: the flags of a and b, packed. */
struct noted {
    uint32_t slot;
    uint8_t turned; /* bits of the packed flags */
    const struct ir_op *flags;
    struct place a, b;
};

enum stub_kind {
    STUB_FLAT,  /* the one behind it is for what the table does not have */
    STUB_UNTAG, /* and so here */
    STUB_GROUP,
    STUB_LOAD,
    STUB_STORE,
    STUB_PHYS,
    STUB_RMW,
    STUB_EXIT,
    STUB_NAN,
    STUB_FP_REDO,
    STUB_FP,
    STUB_FP_OF,
    STUB_VECTOR_NAN,
    STUB_VECTOR_REDO,
    STUB_LIMIT
};
struct stub {
    enum stub_kind kind;
    uint32_t site;  /* of the jump to it, to be patched */
    uint32_t site2; /* another one, or 0 */
    uint32_t back;  /* where it returns to */
    uint16_t op;    /* index */
    uint8_t keep;   /* KEEP_*: for calls of C */
    uint8_t sunk_count;
    uint16_t first_sunk;   /* in gen.noted */
    uint8_t attr;          /* of an exit */
    int8_t base, reg, xmm; /* registers of the operation: address, data */
    int32_t disp;
    uint64_t imm;
};
#define STUBS_MAX 512

/* What the places of values were where a SKIP_IF stands: skip.c. */
struct skip {
    bool active;
    uint32_t at, end; /* operations: itself, and what it goes to */
    uint32_t site;    /* of its jump */
    uint64_t spills;
    uint16_t pin_value[JIT_PINNED_MAX];
    struct value values[IR_BLOCK_OPS_MAX]; /* the first `at` */
};

struct gen {
    struct jit *j;
    struct emit *e;
    const struct ir_block *block;
    struct value values[IR_BLOCK_OPS_MAX];
    bool needed[IR_BLOCK_OPS_MAX]; /* operations that are not left out */
    struct sunk sunk[SUNK_MAX];
    uint16_t sunk_at[IR_BLOCK_OPS_MAX]; /* by operation: in gen.sunk, NO_SUNK */
    uint32_t sunk_count, noted_count;
    struct noted noted[NOTED_MAX];
    uint16_t owner[16]; /* value in a general register; NO_VALUE */
    uint16_t xmm_owner[16];
    uint16_t pin_value[JIT_PINNED_MAX];
    uint16_t holder[SLOT_WORDS]; /* by slot / 8: the value whose home it is */
    uint32_t locked, xmm_locked; /* registers of the current operation */
    uint64_t spills;             /* in use, a bit each */
    struct group groups[GROUPS_MAX];
    uint32_t group_count;
    uint32_t open_groups, write_groups; /* a bit each */
    bool grouped, flat;
    const struct jit_probe *probe; /* NULL: none */
    bool has_flags;
    ir_ref flags;    /* that the host's flags are of; IR_ABSENT */
    bool flags_kept; /* by the current operation, or made by it */
    struct skip skip;
    struct stub stubs[STUBS_MAX];
    uint32_t stub_count;
    uint32_t entry;
    uint32_t i;  /* current operation */
    bool looks;  /* a helper of the current instruction may have asked for a look */
    bool failed; /* ran out of something: leave this instruction to the interpreter */
};

const struct ir_op *gen_op(const struct gen *g);
uint16_t gen_rep(const struct gen *g, ir_ref v);
bool gen_is_const(const struct gen *g, ir_ref v, uint64_t *imm);
/* In a general register, locked until the operation is done. */
unsigned gen_reg(struct gen *g, ir_ref v);
/* In a register, or where it is in memory. */
struct rm gen_rm(struct gen *g, ir_ref v);
/* A register without a value, for the current operation. */
unsigned gen_temp(struct gen *g);
/* Into a scratch register; locks nothing. */
void gen_copy(struct gen *g, unsigned to, ir_ref v);
unsigned gen_xmm(struct gen *g, ir_ref v);
/* A register for the result of the current operation: a pinned one if it is PUT there next, an
 * operand's that dies here, or a free one. */
unsigned gen_dest(struct gen *g, ir_ref reuse);
unsigned gen_dest_xmm(struct gen *g);
unsigned gen_live_xmm(const struct gen *g); /* KEEP_*: what is in them and still wanted */
/* The value to the place of an argument of C, n < 3: in FRAME_VECTORS if it is a vector, else in
 * FRAME_ARGS, zero-extended; an absent one is 0. Uses rax. */
void gen_pass(struct gen *g, ir_ref v, unsigned n);
struct rm gen_slot(const struct gen *g, uint64_t offset);
/* After the current operation: what it used last is let go. */
void gen_release(struct gen *g, uint16_t v);
/* Values that live in the slots are moved elsewhere, before C writes those; then pinned ones of them
 * are read again. */
void gen_leave_slots(struct gen *g, const struct ir_slots *slots);
void gen_leave_slot(struct gen *g, const struct ir_op *put); /* the same of one PUT's */
void gen_leave_put(struct gen *g, const struct ir_op *put);  /* and of its pins */
/* From now on the value can be had again whatever happens to free registers. */
void gen_settle(struct gen *g, uint16_t v);
void gen_load_slots(struct gen *g, const struct ir_slots *slots);
void gen_get(struct gen *g, const struct ir_op *o);
void gen_put(struct gen *g, const struct ir_op *o);

/* ---- codegen.c ---- */

/* Operand c if there is one; a and b are absent where they are not used. */
ir_ref gen_operand_c(const struct ir_op *o);
struct stub *gen_stub(struct gen *g, enum stub_kind kind, uint32_t site);
uint32_t gen_refund(const struct gen *g, unsigned insn); /* ticks to give back before `insn` */
vaddr gen_insn_pc(const struct gen *g, unsigned insn);
void gen_jump_to_thunk(struct gen *g, uint32_t thunk);
void gen_call_thunk(struct gen *g, uint32_t thunk);

/* The address of a copy of the operation, which lasts as long as the code. Only while hot code is
 * emitted; stubs carry it. */
uint64_t gen_keep_op(struct gen *g, const struct ir_op *o);
/* The same of 16 bytes: an offset for emit_load_const(). */
uint32_t gen_keep_const(struct gen *g, const uint64_t value[2]);

/* call.c: the helper's call; a look that it asked for, after its instruction: leaves for pc. */
bool gen_call(struct gen *g, const struct ir_op *o);
void gen_compare_look(struct gen *g);
void gen_leave_if_look(struct gen *g, unsigned insn, vaddr pc);

/* skip.c: leads over the operations behind; and where they end. */
void gen_skip(struct gen *g, const struct ir_op *o);
void gen_skip_end(struct gen *g);

/* needed.c: before uses are counted. */
void gen_find_needed(struct gen *g);
/* sunk.c: the flags that the PUT's value packs, if they are arithmetic's; else IR_ABSENT. */
ir_ref gen_sunk_flags(const struct gen *g, const struct ir_op *put);
/* The same of a sunk one, which has them: what has to be kept for it. */
ir_ref gen_sunk_value(const struct gen *g, uint16_t sunk);
void gen_note_sunk(struct gen *g, struct stub *s);
void gen_sunk_puts(struct gen *g, const struct stub *s);

/* memory.c: what C is told; which accesses share a check; after last uses are known. */
uint64_t gen_site_info(const struct gen *g, const struct ir_op *o);
/* The address that a register has, in the write table: rdx = the host's; the jump of a miss. */
uint32_t gen_look_up(struct gen *g, unsigned base, uint32_t mem);
/* As the operation's attribute says; little-endian, or not. */
void gen_load_integer(struct gen *g, const struct ir_op *o, unsigned dst, struct rm from);
void gen_find_groups(struct gen *g);

/* ops.c */
bool gen_is_wide(const struct ir_op *o);
/* Operand b, if it is a constant: as it is sign-extended from the type. */
bool gen_operand_b(const struct gen *g, const struct ir_op *o, uint64_t *imm);
/* A jump of 2 bytes, and where it goes. */
uint32_t gen_short_jcc(struct gen *g, enum cond c);
void gen_short_here(struct gen *g, uint32_t from);

/* flags.c */
bool gen_flags_are_lazy(const struct ir_op *o);
/* Whether the operation turns C of packed flags, which the one before packs from arithmetic's; both at once. */
bool gen_flags_turn(const struct gen *g, uint32_t i);
void gen_turned_flags(struct gen *g, const struct ir_op *o);
/* For FCOND: the host's condition, in the host's flags. */
enum cond gen_flags_condition(struct gen *g, const struct ir_op *o);
/* The host's flags, packed, to a register: those bits that the value has. */
void gen_pop_flags(struct gen *g, unsigned to, const struct ir_op *flags);
/* The host's flags are those of the value. */
void gen_flags_are(struct gen *g, ir_ref flags);
/* The value of flags, wanted later, that the arithmetic of the current operation makes by the way;
 * IR_ABSENT. */
ir_ref gen_flags_twin(const struct gen *g, const struct ir_op *o);
/* Whether the operation's code leaves the host's flags alone. */
bool gen_flags_survive(const struct ir_op *o);

/* ops.c, flags.c, memory.c, fp.c, vector.c: one operation each; false: not translated. */
bool gen_integer(struct gen *g, const struct ir_op *o);
bool gen_flags(struct gen *g, const struct ir_op *o);
bool gen_memory(struct gen *g, const struct ir_op *o);
bool gen_rmw(struct gen *g, const struct ir_op *o);
bool gen_rmw_is_plain(const struct gen *g, const struct ir_op *o); /* leaves by a stub, if at all */
bool gen_fp(struct gen *g, const struct ir_op *o);
/* fp.c: whether floating point by the operation's attribute may be the host's, whatever the rounding;
 * and rounded to nearest; and whether its NaNs are canonical. */
bool gen_fp_on_host(const struct gen *g, const struct ir_op *o);
bool gen_fp_to_nearest(const struct gen *g, const struct ir_op *o);
bool gen_fp_is_canonical(const struct ir_op *o);
bool gen_vector(struct gen *g, const struct ir_op *o);
/* For an exit or a select: the compare `v` (fused, or a value); returns the condition. */
enum cond gen_condition(struct gen *g, ir_ref v);
bool gen_can_fuse(const struct ir_op *o);
bool gen_can_test(uint64_t mask);
void gen_memory_stub(struct gen *g, const struct stub *s);
void gen_rmw_stub(struct gen *g, const struct stub *s);
void gen_fp_stub(struct gen *g, const struct stub *s);
void gen_vector_stub(struct gen *g, const struct stub *s);

/* vector.c: xmm to = a op b, by the form that the host has; `to` is not b unless it is a. */
void gen_xmm_op(struct gen *g, unsigned op, unsigned to, unsigned a, unsigned b);
void gen_xmm_move(struct gen *g, unsigned to, unsigned from);
/* The bytes of xmm register x in the opposite order; xmm0 and xmm1 are used. */
void gen_xmm_reverse(struct gen *g, unsigned x);
void gen_vector_select(struct gen *g, const struct ir_op *o);
extern const uint64_t vector_pool[POOL_COUNT][2];

/* thunks.c */
void thunks_make(struct jit *j);

/* slow.c: called by thunks */
struct slow_answer {
    uint64_t value;
    uint64_t left; /* 0: done; else enum jit_left + 1 */
};
/* r15: the ticks left, without those of the block. */
struct slow_answer slow_load(struct cpu *cpu, vaddr va, uint64_t info, uint64_t unused,
                             struct context *c, uint64_t r15);
uint64_t slow_group(struct cpu *cpu, vaddr va, uint64_t info);
uint64_t slow_store(struct cpu *cpu, vaddr va, uint64_t info, uint64_t value, struct context *c,
                    uint64_t r15);
struct slow_answer slow_call(struct cpu *cpu, const struct ir_helper *h, const uint64_t *args,
                             const struct context *c, uint64_t left);
/* Vectors are given and taken where FRAME_VECTORS is. */
uint64_t slow_load_vector(struct cpu *cpu, vaddr va, uint64_t info, uint64_t *vector);
uint64_t slow_store_vector(struct cpu *cpu, vaddr va, uint64_t info, const uint64_t *vector);
uint64_t slow_vector(struct cpu *cpu, const struct ir_op *o, uint64_t *args);
uint64_t slow_fp(struct cpu *cpu, const struct ir_op *o, const uint64_t *args);
/* RMW and CAS. */
struct slow_answer slow_rmw(struct cpu *cpu, const struct ir_op *o, uint64_t *args);
/* `left` ticks: code to go on with, or NULL. Whether the fault was entered: not NULL. */
const void *slow_look(struct cpu *cpu, struct context *c, uint64_t left);
const void *slow_fault(struct cpu *cpu, struct context *c, uint64_t left);
void slow_sync(struct cpu *cpu);
/* hart.fp_flags |= the sticky flags of an MXCSR, without the denormal one. */
void take_mxcsr(struct cpu *cpu, uint32_t mxcsr);

#endif
