/* SPDX-License-Identifier: GPL-2.0-or-later
 * interp: runs a block operation by operation. It defines what the IR means: code generators are
 * compared with it. Made for speed within that: one indirect jump an operation, no tests between.
 *
 * The loop exists twice. `run_fast` runs to an exit. `run_careful` asks before each operation
 * whether its instruction is still to be run: for a limit inside the block, and for what is left of
 * an instruction after a device or a helper has raised cpu->look.
 */
#include "ir/interp.h"
#include "ir/eval.h"

/* ---- one number for each operation with each type it may have ---- */

#define CODES_INT_R(n)     C_##n##_32, C_##n##_64, C_##n##_32I, C_##n##_64I,
#define CODES_INT_T(n)     C_##n##_32, C_##n##_64,
#define CODES_INT_NONE(n)  C_##n##_32, C_##n##_64,
#define CODES_ANY_T(n)     C_##n##_32, C_##n##_64, C_##n##_V,
#define CODES_ANY_NONE(n)  C_##n##_32, C_##n##_64, C_##n##_V,
#define CODES_I64_NONE(n)  C_##n,
#define CODES_I64_X(n)     C_##n,
#define CODES_I32_NONE(n)  C_##n,
#define CODES_NONE_NONE(n) C_##n,
#define CODES_NONE_I64(n)  C_##n,
#define CODES_FP_T(n)      C_##n,
#define CODES_FP_NONE(n)   C_##n,
#define CODES_V128_T(n)    C_##n,
#define CODES_V128_NONE(n) C_##n,
#define CODES_V128_I64(n)  C_##n,

enum code {
    C_NONE,
#define IR_OP(name, text, types, result, a, b, ...) CODES_##types##_##b(name)
#include "ir/ops.def"
#undef IR_OP
};

#define KEY(n, type)  [IR_##n | (type) << 8]
#define KEYS_INT_T(n) KEY(n, IR_I32) = C_##n##_32, KEY(n, IR_I64) = C_##n##_64,
#define KEYS_INT_R(n)                                                                              \
    KEYS_INT_T(n) KEY(n, IR_I32 | IR_IMM) = C_##n##_32I, KEY(n, IR_I64 | IR_IMM) = C_##n##_64I,
#define KEYS_INT_NONE(n) KEYS_INT_T(n)
#define KEYS_ANY_T(n)                                                                              \
    KEYS_INT_T(n)                                                                                  \
    KEY(n, IR_F32) = C_##n##_32, KEY(n, IR_F64) = C_##n##_64, KEY(n, IR_V128) = C_##n##_V,
#define KEYS_ANY_NONE(n)  KEYS_ANY_T(n)
#define KEYS_I64_NONE(n)  KEY(n, IR_I64) = C_##n,
#define KEYS_I64_X(n)     KEYS_I64_NONE(n)
#define KEYS_I32_NONE(n)  KEY(n, IR_I32) = C_##n,
#define KEYS_NONE_NONE(n) KEY(n, IR_NONE) = C_##n,
#define KEYS_NONE_I64(n)  KEYS_NONE_NONE(n)
#define KEYS_FP_T(n)      KEY(n, IR_F32) = C_##n, KEY(n, IR_F64) = C_##n,
#define KEYS_FP_NONE(n)   KEYS_FP_T(n)
#define KEYS_V128_T(n)    KEY(n, IR_V128) = C_##n,
#define KEYS_V128_NONE(n) KEYS_V128_T(n)
#define KEYS_V128_I64(n)  KEYS_V128_T(n)

/* By the first two bytes of an operation, op and type. */
static const uint16_t code_of[(IR_IMM | IR_TYPE_MASK) << 8 | 0xff] = {
#define IR_OP(name, text, types, result, a, b, ...) KEYS_##types##_##b(name)
#include "ir/ops.def"
#undef IR_OP
};

EVAL_INLINE enum code code(const struct ir_op *o)
{
    uint16_t key;

    memcpy(&key, o, sizeof(key));
    return (enum code)code_of[key];
}

/* ---- leaving ---- */

struct run {
    struct cpu *cpu;
    const struct ir_block *block;
    const struct ir_op *op; /* run_careful begins here */
    uint32_t limit;
    union ir_value *v;
};

/* run_fast gives up: run_careful goes on at run->op. */
#define LEFT_CAREFULLY ((enum ir_left)(IR_LEFT_WATCH + 1))

static enum ir_left leave_to(struct cpu *cpu, uint32_t retired, vaddr pc, enum ir_left why)
{
    cpu->hart->pc = pc;
    cpu->hart->instructions += retired;
    cpu->insn = retired;
    return why;
}

/* Before instruction `insn`. */
static enum ir_left leave_at(struct run *run, uint32_t insn, enum ir_left why)
{
    return leave_to(run->cpu, insn, run->block->pc + run->block->insns[insn].pc_offset, why);
}

static uint32_t exit_mode(const struct run *run, const struct ir_op *o)
{
    return run->block->modes[IR_EXIT_MODE(o->attr)];
}

static enum ir_left leave_by_exit(struct cpu *cpu, const struct ir_op *o, vaddr pc, uint32_t mode)
{
    enum ir_left why = IR_LEFT_EXIT;

    cpu->exit_mode = o->attr & IR_EXIT_ASK ? CPU_ASK_MODE : mode;
    if (o->attr & IR_EXIT_YIELD) {
        why = IR_LEFT_YIELD;
    } else if ((o->attr & IR_EXIT_LOOK) || cpu->look) {
        why = IR_LEFT_LOOK;
    }
    return leave_to(cpu, o->insn + 1u, pc, why);
}

/* ---- the fast way to memory ---- */

/* The address has been made of the sum already. */
#define MEM_PLAIN (MEM_SIZE_LOG2 | MEM_SIGNED | MEM_ALIGN(7) | MEM_32 | MEM_UNTAG)

/* True if the table holds the page and the access needs nothing else: little-endian, current
 * rules, in one page, aligned if it must be. */
EVAL_INLINE bool hit(const struct tlb_entry *e, vaddr va, uint32_t mem)
{
    vaddr must_be_zero = va & MEM_ALIGN_MASK(mem);

    return va - e->tag <= PAGE_SIZE - MEM_SIZE(mem) && ((mem & ~MEM_PLAIN) | must_be_zero) == 0;
}

EVAL_INLINE vaddr address(const struct ir_op *o, uint64_t base)
{
    return mem_address(base + (uint64_t)(int64_t)o->disp, o->mem);
}

EVAL_INLINE const struct tlb_entry *entry_of(const struct tlb_entry *table, vaddr va)
{
    return &table[(va >> PAGE_BITS) % TLB_ENTRIES];
}

EVAL_INLINE uint64_t read_host(const void *host, uint32_t attr, unsigned width)
{
    union ir_value x = {.u = 0};
    unsigned kind = attr & (MEM_SIGNED | MEM_SIZE_LOG2);

    switch (kind) {
    case 0: memcpy(x.b, host, 1); return x.u;
    case 1: memcpy(x.h, host, 2); return x.u;
    case 2: memcpy(x.s, host, 4); return x.u;
    case MEM_SIGNED: memcpy(x.b, host, 1); return bits_sext(x.u, 8) & eval_mask(width);
    case MEM_SIGNED | 1: memcpy(x.h, host, 2); return bits_sext(x.u, 16) & eval_mask(width);
    case MEM_SIGNED | 2: memcpy(x.s, host, 4); return bits_sext(x.u, 32) & eval_mask(width);
    default: memcpy(&x.u, host, 8); return x.u;
    }
}

EVAL_INLINE void write_host(void *host, uint32_t attr, uint64_t value)
{
    switch (attr & MEM_SIZE_LOG2) {
    case 0: memcpy(host, &value, 1); break;
    case 1: memcpy(host, &value, 2); break;
    case 2: memcpy(host, &value, 4); break;
    default: memcpy(host, &value, 8); break;
    }
}

/* ---- the loop ---- */

/* Operands. */
#define A    (v[o->a])
#define B    (v[o->b])
#define C    (v[o->c])
#define NEXT break

#define BODY_INT_R(n)                                                                              \
    case C_##n##_32: r->u = eval_2(IR_##n, 32, A.u, B.u); NEXT;                                    \
    case C_##n##_64: r->u = eval_2(IR_##n, 64, A.u, B.u); NEXT;                                    \
    case C_##n##_32I: r->u = eval_2(IR_##n, 32, A.u, o->imm); NEXT;                                \
    case C_##n##_64I:                                                                              \
        r->u = eval_2(IR_##n, 64, A.u, o->imm);                                                    \
        NEXT;
#define BODY_INT_T(n)
#define BODY_INT_NONE(n)
#define BODY_ANY_T(n)
#define BODY_ANY_NONE(n)
#define BODY_I64_NONE(n)
#define BODY_I64_X(n)
#define BODY_I32_NONE(n)
#define BODY_NONE_NONE(n)
#define BODY_NONE_I64(n)
#define BODY_FP_T(n)
#define BODY_FP_NONE(n)
#define BODY_V128_T(n)
#define BODY_V128_NONE(n)
#define BODY_V128_I64(n)

/* The same expression for both widths. */
#define BOTH(n, expression)                                                                        \
    case C_##n##_32: {                                                                             \
        enum { WIDTH = 32 };                                                                       \
        r->u = (expression);                                                                       \
        NEXT;                                                                                      \
    }                                                                                              \
    case C_##n##_64: {                                                                             \
        enum { WIDTH = 64 };                                                                       \
        r->u = (expression);                                                                       \
        NEXT;                                                                                      \
    }
#define UNARY(n) BOTH(n, eval_1(IR_##n, WIDTH, A.u, o->imm))

EVAL_INLINE enum ir_left run_block(struct run *run, bool careful)
{
    struct cpu *const cpu = run->cpu;
    union ir_value *const v = run->v;
    const struct ir_op *o = run->op;
    union ir_value *r = v + (o - run->block->ops); /* the result of *o */
    vaddr va;

    for (;; o++, r++) {
        if (careful && unlikely(o->insn >= run->limit)) {
            return leave_at(run, run->limit, cpu->look ? IR_LEFT_LOOK : IR_LEFT_LIMIT);
        }
        switch (code(o)) {
            /* clang-format off */
#define IR_OP(name, text, types, result, a, b, ...) BODY_##types##_##b(name)
#include "ir/ops.def"
#undef IR_OP
            /* clang-format on */
            UNARY(CLZ)
            UNARY(CTZ)
            UNARY(POPCNT)
            UNARY(BSWAP)
            UNARY(EXTRACT)
            UNARY(SEXTRACT)
            BOTH(DEPOSIT, eval_deposit(A.u, B.u, o->x))
            BOTH(ADC, (A.u + B.u + (C.u & IR_FLAG_C)) & eval_mask(WIDTH))
            BOTH(SBB, (A.u - B.u - (C.u & IR_FLAG_C)) & eval_mask(WIDTH))
            BOTH(ADCF, eval_flags_add(WIDTH, A.u, B.u, C.u & IR_FLAG_C))
            BOTH(SBBF, eval_flags_sub(WIDTH, A.u, B.u, C.u & IR_FLAG_C))
            BOTH(LOGICF, eval_flags_result(WIDTH, A.u))
            BOTH(SHLF, eval_flags_shift(IR_SHLF, WIDTH, A.u, B.u, C.u))
            BOTH(SHRF, eval_flags_shift(IR_SHRF, WIDTH, A.u, B.u, C.u))
            BOTH(SARF, eval_flags_shift(IR_SARF, WIDTH, A.u, B.u, C.u))
        case C_ZEXT:
        case C_TRUNC: r->u = A.u & UINT32_MAX; NEXT;
        case C_SEXT: r->u = eval_1(IR_SEXT, 64, A.u, 0); NEXT;
        case C_FCOND: r->u = eval_cond(o->attr, A.u); NEXT;
        case C_FPACK:
        case C_FUNPACK: r->u = A.u & EVAL_FLAGS; NEXT;
        case C_SELECT_32:
        case C_SELECT_64: r->u = C.u != 0 ? A.u : B.u; NEXT;
        case C_SELECT_V: *r = C.u != 0 ? A : B; NEXT;

        case C_CONST_32:
        case C_CONST_64: r->u = o->imm; NEXT;
        case C_GET_32:
            r->u = 0;
            memcpy(r->s, SLOT(cpu, o->imm), 4);
            NEXT;
        case C_GET_64: memcpy(&r->u, SLOT(cpu, o->imm), 8); NEXT;
        case C_GET_V: memcpy(r, SLOT(cpu, o->imm), 16); NEXT;
        case C_PUT_32: memcpy(SLOT(cpu, o->imm), A.s, 4); NEXT;
        case C_PUT_64: memcpy(SLOT(cpu, o->imm), &A.u, 8); NEXT;
        case C_PUT_V: memcpy(SLOT(cpu, o->imm), &A, 16); NEXT;

        case C_LD_32: {
            va = address(o, A.u);
            const struct tlb_entry *e = entry_of(cpu->space->read, va);
            if (unlikely(!hit(e, va, o->mem))) {
                goto load;
            }
            r->u = read_host((const void *)(e->addend + (uintptr_t)va), o->mem, 32);
            NEXT;
        }
        case C_LD_64: {
            va = address(o, A.u);
            const struct tlb_entry *e = entry_of(cpu->space->read, va);
            if (unlikely(!hit(e, va, o->mem))) {
                goto load;
            }
            r->u = read_host((const void *)(e->addend + (uintptr_t)va), o->mem, 64);
            NEXT;
        }
        case C_LD_V: {
            va = address(o, A.u);
            const struct tlb_entry *e = entry_of(cpu->space->read, va);
            if (unlikely(!hit(e, va, o->mem))) {
                goto load;
            }
            memcpy(r, (const void *)(e->addend + (uintptr_t)va), 16);
            NEXT;
        }
        load:
            cpu->insn = o->insn;
            ir_interp_load(cpu, o, va, r);
            goto check;

        case C_STC_32:
        case C_STC_64:
        case C_STC_V:
            if (C.u == 0) {
                NEXT;
            }
            va = mem_address(A.u, o->mem);
            goto store;
        case C_ST_32:
        case C_ST_64: {
            va = address(o, A.u);
            const struct tlb_entry *e = entry_of(cpu->space->write, va);
            if (unlikely(!hit(e, va, o->mem))) {
                goto store;
            }
            write_host((void *)(e->addend + (uintptr_t)va), o->mem, B.u);
            mem_mark(cpu->mem, (void *)(e->addend + (uintptr_t)va), MEM_SIZE(o->mem));
            NEXT;
        }
        case C_ST_V: {
            va = address(o, A.u);
            const struct tlb_entry *e = entry_of(cpu->space->write, va);
            if (unlikely(!hit(e, va, o->mem))) {
                goto store;
            }
            memcpy((void *)(e->addend + (uintptr_t)va), &B, 16);
            mem_mark(cpu->mem, (void *)(e->addend + (uintptr_t)va), 16);
            NEXT;
        }
        store:
            cpu->insn = o->insn;
            ir_interp_store(cpu, o, va, &B);
            goto check;
        case C_RMW_32:
        case C_RMW_64:
            cpu->insn = o->insn;
            ir_interp_rmw(cpu, o, v, r);
            goto check;
        case C_CAS_32:
        case C_CAS_64:
        case C_CAS_V:
            cpu->insn = o->insn;
            ir_interp_cas(cpu, o, v, r);
            goto check;
        case C_PHYS: r->u = cpu_physical(cpu, A.u); NEXT;
        case C_CALL:
            cpu->insn = o->insn;
            r->u = run->block->helpers[o->x].call(cpu, o->a == IR_ABSENT ? 0 : A.u,
                                                  o->b == IR_ABSENT ? 0 : B.u,
                                                  o->c == IR_ABSENT ? 0 : C.u);
            goto check;
        check:
            if (likely(!cpu->fault.raised && !cpu->watch_hit && !cpu->look)) {
                NEXT;
            }
            if (cpu->fault.raised) {
                return leave_at(run, o->insn, IR_LEFT_FAULT);
            }
            if (cpu->watch_hit) {
                return leave_at(run, o->insn, IR_LEFT_WATCH);
            }
            if (run->limit > o->insn + 1u) {
                run->limit = o->insn + 1u;
            }
            if (!careful) {
                run->op = o + 1;
                return LEFT_CAREFULLY;
            }
            NEXT;

        case C_EXIT: return leave_by_exit(cpu, o, o->imm, exit_mode(run, o));
        case C_EXIT_TO: return leave_by_exit(cpu, o, A.u, exit_mode(run, o));
        case C_EXIT_TO_MODE: return leave_by_exit(cpu, o, A.u, (uint32_t)B.u);
        case C_SKIP_IF:
            if (A.u != 0) {
                r += o->imm;
                o += o->imm;
            }
            NEXT;
        case C_EXIT_IF:
            if (A.u != 0) {
                return leave_by_exit(cpu, o, o->imm, exit_mode(run, o));
            }
            NEXT;

        case C_FNEG: r->u = A.u ^ (o->type == IR_F32 ? UINT64_C(1) << 31 : UINT64_C(1) << 63); NEXT;
        case C_FABS: r->u = A.u & (o->type == IR_F32 ? INT32_MAX : INT64_MAX); NEXT;
        case C_FFROMI:
        case C_FTOI_32:
        case C_FTOI_64: r->u = A.u; NEXT;
        case C_FADD:
        case C_FSUB:
        case C_FMUL:
        case C_FDIV:
        case C_FSQRT:
        case C_FMA:
        case C_FMIN:
        case C_FMAX:
        case C_FCMP:
        case C_FROUND:
        case C_FCVT_FF:
        case C_FCVT_IF:
        case C_FCVT_FI_32:
        case C_FCVT_FI_64: ir_interp_fp(cpu, o, v, r); NEXT;
        case C_VAND:
            r->d[0] = A.d[0] & B.d[0];
            r->d[1] = A.d[1] & B.d[1];
            NEXT;
        default: ir_interp_vec(cpu, o, v, r); NEXT;
        }
    }
}

static __attribute__((noinline)) enum ir_left run_fast(struct run *run)
{
    return run_block(run, false);
}

static __attribute__((noinline)) enum ir_left run_careful(struct run *run)
{
    return run_block(run, true);
}

enum ir_left ir_interp(struct cpu *cpu, const struct ir_block *b, uint32_t limit)
{
    union ir_value v[IR_BLOCK_OPS_MAX];
    struct run run = {.cpu = cpu, .block = b, .op = b->ops, .limit = limit, .v = v};

    if (likely(limit >= b->insn_count)) {
        enum ir_left why = run_fast(&run);
        if (why != LEFT_CAREFULLY) {
            return why;
        }
    }
    return run_careful(&run);
}
