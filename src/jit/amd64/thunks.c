/* SPDX-License-Identifier: GPL-2.0-or-later
 * thunks: the fixed pieces of code: the way in, the way out, and the ways to C. After the System V
 * AMD64 ABI: C keeps rbx rbp r12..r15; the stack is aligned to 16 at a call.
 */
#include "base/softfloat.h"
#include "jit/amd64/amd64.h"

static const uint8_t kept[] = {RBX, RBP, R12, R13, R14, R15};
static const uint8_t lost[] = {RSI, RDI, R8, R9, R10, R11}; /* ours that C may change */

static void push(struct emit *e, unsigned r)
{
    if (r >= R8) {
        emit_byte(e, 0x41);
    }
    emit_byte(e, 0x50 | (r & 7));
}

static void pop(struct emit *e, unsigned r)
{
    if (r >= R8) {
        emit_byte(e, 0x41);
    }
    emit_byte(e, 0x58 | (r & 7));
}

static struct rm pin_slot(const struct jit *j, unsigned p)
{
    return rm_mem(RBP, (int64_t)j->guest.pinned[p] - STATE_BIAS);
}

static struct rm pc_slot(void)
{
    return rm_mem(RBP, (int)offsetof(struct hart, pc) - STATE_BIAS);
}

static void store_pins(struct jit *j)
{
    for (unsigned p = 0; p < j->guest.pinned_count; p++) {
        emit_mov_to(&j->e, true, pin_slot(j, p), pin_regs[p]);
    }
}

static void load_pins(struct jit *j)
{
    for (unsigned p = 0; p < j->guest.pinned_count; p++) {
        emit_mov(&j->e, true, pin_regs[p], pin_slot(j, p));
    }
}

/* enum jit_left (*enter)(cpu, code, ticks, context): rdi rsi rdx rcx */
static void make_enter(struct jit *j)
{
    struct emit *e = &j->e;

    j->enter = e->at;
    for (unsigned i = 0; i < ARRAY_LEN(kept); i++) {
        push(e, kept[i]);
    }
    emit_alu_imm(e, ALU_SUB, true, rm_reg(RSP), FRAME_SIZE);
    emit_mov_to(e, true, rm_mem(RSP, FRAME_CPU), RDI);
    emit_mov_to(e, true, rm_mem(RSP, FRAME_CONTEXT), RCX);
    emit_op(e, OP_0F | 0xae, false, 2, rm_mem(RCX, offsetof(struct context, mxcsr))); /* ldmxcsr */
    emit_mov(e, true, R15, rm_reg(RDX));
    emit_mov(e, true, RAX, rm_reg(RSI));
    emit_mov(e, true, RBP, rm_mem(RDI, offsetof(struct cpu, state)));
    emit_alu_imm(e, ALU_SUB, true, rm_reg(RBP), -STATE_BIAS);
    emit_mov(e, true, R14, rm_mem(RDI, offsetof(struct cpu, space)));
    load_pins(j);
    emit_op(e, 0xff, false, 4, rm_reg(RAX));
}

/* eax: why; ecx: the site */
static void make_leave(struct jit *j)
{
    struct emit *e = &j->e;

    j->leave = e->at;
    store_pins(j);
    j->leave_stored = e->at;
    emit_mov(e, true, RDX, rm_mem(RSP, FRAME_CONTEXT));
    emit_mov_to(e, true, rm_mem(RDX, offsetof(struct context, left)), R15);
    emit_mov_to(e, false, rm_mem(RDX, offsetof(struct context, site)), RCX);
    emit_op(e, OP_0F | 0xae, false, 3, rm_mem(RDX, offsetof(struct context, mxcsr))); /* stmxcsr */
    emit_alu_imm(e, ALU_SUB, true, rm_reg(RSP), -FRAME_SIZE);
    for (unsigned i = ARRAY_LEN(kept); i-- > 0;) {
        pop(e, kept[i]);
    }
    emit_byte(e, 0xc3);
}

static void jump_to(struct emit *e, uint32_t target)
{
    emit_patch(e, emit_jmp(e), target);
}

/* The engine is asked with the state complete. rax: its answer, which is compared with NULL. */
static void ask_engine(struct jit *j, const void *(*ask)(struct cpu *, struct context *, uint64_t))
{
    struct emit *e = &j->e;

    emit_mov(e, true, RDI, rm_mem(RSP, FRAME_CPU));
    emit_mov(e, true, RSI, rm_mem(RSP, FRAME_CONTEXT));
    emit_mov(e, true, RDX, rm_reg(R15));
    emit_mov_imm(e, RAX, (uint64_t)(uintptr_t)ask);
    emit_op(e, 0xff, false, 2, rm_reg(RAX));
    emit_op(e, 0x85, true, RAX, rm_reg(RAX));
}

/* hart.pc is where to go on. */
static void make_look(struct jit *j)
{
    struct emit *e = &j->e;
    uint32_t found;

    j->look = e->at;
    store_pins(j);
    j->look_stored = e->at;
    ask_engine(j, slow_look);
    found = emit_jcc(e, COND_NE);
    emit_mov_imm(e, RAX, JIT_LOOK);
    jump_to(e, j->leave_stored);
    emit_patch(e, found, e->at);
    emit_mov(e, true, RCX, rm_mem(RSP, FRAME_CPU));
    emit_mov(e, true, R14, rm_mem(RCX, offsetof(struct cpu, space)));
    load_pins(j);
    emit_op(e, 0xff, false, 4, rm_reg(RAX));
}

/* hart.pc is the instruction; its ticks were given back. */
static void make_fault(struct jit *j)
{
    struct emit *e = &j->e;
    uint32_t entered;

    j->fault = e->at;
    store_pins(j);
    ask_engine(j, slow_fault);
    entered = emit_jcc(e, COND_NE);
    emit_mov_imm(e, RAX, JIT_FAULT);
    jump_to(e, j->leave_stored);
    emit_patch(e, entered, e->at);
    emit_alu_imm(e, ALU_SUB, true, rm_reg(R15), 1);
    jump_to(e, j->look_stored);
}

/* In a thunk that was called, the frame is 8 bytes further. */
static struct rm frame(int at)
{
    return rm_mem(RSP, at + 8);
}

static void save(struct emit *e, unsigned keep)
{
    for (unsigned i = 0; i < ARRAY_LEN(lost); i++) {
        emit_mov_to(e, true, frame(FRAME_GPR + 8 * (int)i), lost[i]);
    }
    for (unsigned i = 0; keep != KEEP_NO_XMM && i < XMM_COUNT; i++) {
        emit_op(e, keep == KEEP_VECTORS ? OP_0F | 0x11 : OP_66 | OP_0F | 0xd6, false, XMM_FIRST + i,
                frame(FRAME_XMM + 16 * (int)i));
    }
}

static void restore(struct emit *e, unsigned keep)
{
    for (unsigned i = 0; i < ARRAY_LEN(lost); i++) {
        emit_mov(e, true, lost[i], frame(FRAME_GPR + 8 * (int)i));
    }
    for (unsigned i = 0; keep != KEEP_NO_XMM && i < XMM_COUNT; i++) {
        emit_op(e, keep == KEEP_VECTORS ? OP_0F | 0x10 : OP_F3 | OP_0F | 0x7e, false, XMM_FIRST + i,
                frame(FRAME_XMM + 16 * (int)i));
    }
}

static void call_c(struct emit *e, uint64_t function)
{
    emit_mov_imm(e, RAX, function);
    emit_alu_imm(e, ALU_SUB, true, rm_reg(RSP), 8);
    emit_op(e, 0xff, false, 2, rm_reg(RAX));
    emit_alu_imm(e, ALU_SUB, true, rm_reg(RSP), -8);
}

/* If the status register is not 0 it is enum jit_left + 1: drops the return address, gives back
 * the ticks of FRAME_INFO, leaves. */
static void leave_if(struct jit *j, unsigned status)
{
    struct emit *e = &j->e;
    uint32_t done;

    emit_op(e, 0x85, false, status, rm_reg(status));
    done = emit_jcc(e, COND_E);
    emit_mov(e, false, RCX, frame(FRAME_INFO));
    emit_shift_imm(e, SHIFT_SHR, false, RCX, 8);
    emit_op(e, OP_0F | OP_BYTE | 0xb6, false, RCX, rm_reg(RCX));
    emit_alu(e, ALU_ADD, true, R15, rm_reg(RCX));
    emit_mov(e, false, RCX, frame(FRAME_SITE));
    emit_lea(e, RAX, rm_mem(status, -1));
    emit_alu_imm(e, ALU_SUB, true, rm_reg(RSP), -8);
    emit_alu_imm(e, ALU_CMP, false, rm_reg(RAX), JIT_FAULT);
    emit_patch(e, emit_jcc(e, COND_E), j->fault);
    jump_to(e, j->leave);
    emit_patch(e, done, e->at);
    emit_byte(e, 0xc3);
}

/* A thunk that may leave: rax is the pc of the instruction, rcx SITE_INFO, the cpu becomes the first
 * argument. */
static uint32_t begin_way(struct jit *j, unsigned keep)
{
    uint32_t at = j->e.at;

    save(&j->e, keep);
    emit_mov_to(&j->e, true, pc_slot(), RAX);
    emit_mov_to(&j->e, false, frame(FRAME_INFO), RCX);
    emit_mov(&j->e, true, RDI, frame(FRAME_CPU));
    return at;
}

static void end_way(struct jit *j, unsigned keep, uint64_t function, unsigned status)
{
    call_c(&j->e, function);
    restore(&j->e, keep);
    leave_if(j, status);
}

/* rdx: address; the answer in rax for a load. A group's check is made again afterwards, and it makes
 * nothing of the last two arguments. */
static uint32_t make_access(struct jit *j, unsigned keep, uint64_t function, unsigned status)
{
    struct emit *e = &j->e;
    uint32_t at = begin_way(j, keep);

    emit_mov(e, true, RSI, rm_reg(RDX));
    emit_mov(e, true, RDX, rm_reg(RCX));
    emit_mov(e, true, RCX, frame(FRAME_ARGS)); /* a store's value */
    emit_mov(e, true, R8, frame(FRAME_CONTEXT));
    emit_mov(e, true, R9, rm_reg(R15));
    end_way(j, keep, function, status);
    return at;
}

/* rdx: the helper, ecx: SITE_INFO, FRAME_ARGS. It may see the pinned slots, or is apart from them. */
static uint32_t make_call(struct jit *j, unsigned keep, bool sees_pins)
{
    struct emit *e = &j->e;
    uint32_t at = e->at;

    for (unsigned p = 0; sees_pins && p < j->guest.pinned_count; p++) {
        emit_mov_to(e, true, pin_slot(j, p), pin_regs[p]);
    }
    (void)begin_way(j, keep);
    /* left = r15 + refund: the ticks left before this instruction */
    emit_shift_imm(e, SHIFT_SHR, false, RCX, 8);
    emit_lea(e, R8, rm_sib(R15, RCX, 0, 0));
    emit_mov(e, true, RSI, rm_reg(RDX));
    emit_lea(e, RDX, frame(FRAME_ARGS));
    emit_mov(e, true, RCX, frame(FRAME_CONTEXT));
    end_way(j, keep, (uint64_t)(uintptr_t)slow_call, RDX);
    return at;
}

/* rdx: the operation, FRAME_ARGS and FRAME_VECTORS; never leaves */
static uint32_t make_value(struct jit *j, unsigned keep, uint64_t function)
{
    struct emit *e = &j->e;
    uint32_t at = e->at;

    save(e, keep);
    emit_mov(e, true, RSI, rm_reg(RDX));
    emit_mov(e, true, RDI, frame(FRAME_CPU));
    emit_lea(e, RDX, frame(FRAME_ARGS));
    call_c(e, function);
    restore(e, keep);
    emit_byte(e, 0xc3);
    return at;
}

/* rdx: address; the vector in FRAME_VECTORS */
static uint32_t make_vector_access(struct jit *j, unsigned keep, uint64_t function)
{
    struct emit *e = &j->e;
    uint32_t at = begin_way(j, keep);

    emit_mov(e, true, RSI, rm_reg(RDX));
    emit_mov(e, true, RDX, rm_reg(RCX));
    emit_lea(e, RCX, frame(FRAME_VECTORS));
    end_way(j, keep, function, RAX);
    return at;
}

/* rdx: the operation, FRAME_ARGS and FRAME_VECTORS */
static uint32_t make_rmw(struct jit *j, unsigned keep)
{
    uint32_t at = begin_way(j, keep);

    emit_mov(&j->e, true, RSI, rm_reg(RDX));
    emit_lea(&j->e, RDX, frame(FRAME_ARGS));
    end_way(j, keep, (uint64_t)(uintptr_t)slow_rmw, RDX);
    return at;
}

/* rdx: the virtual address; never leaves */
static uint32_t make_physical(struct jit *j, unsigned keep)
{
    struct emit *e = &j->e;
    uint32_t at = e->at;

    save(e, keep);
    emit_mov(e, true, RSI, rm_reg(RDX));
    emit_mov(e, true, RDI, frame(FRAME_CPU));
    call_c(e, (uint64_t)(uintptr_t)cpu_physical);
    restore(e, keep);
    emit_byte(e, 0xc3);
    return at;
}

static uint32_t make_sync(struct jit *j, unsigned keep)
{
    struct emit *e = &j->e;
    uint32_t at = e->at;

    save(e, keep);
    emit_mov(e, true, RDI, frame(FRAME_CPU));
    call_c(e, (uint64_t)(uintptr_t)slow_sync);
    restore(e, keep);
    emit_byte(e, 0xc3);
    return at;
}

static void make_pool(struct jit *j)
{
    j->e.at = (uint32_t)align_up(j->e.at, 16);
    j->pool = j->e.at;
    for (unsigned i = 0; i < POOL_COUNT; i++) {
        emit_64(&j->e, vector_pool[i][0]);
        emit_64(&j->e, vector_pool[i][1]);
    }
}

void thunks_make(struct jit *j)
{
    struct emit *e = &j->e;

    make_enter(j);
    make_leave(j);
    make_look(j);
    make_fault(j);
    j->lookup_rax = e->at; /* rax: the pc */
    emit_mov_to(e, true, pc_slot(), RAX);
    emit_mov_imm(e, RAX, JIT_LOOKUP);
    jump_to(e, j->leave);
    j->link = e->at; /* rax: the pc, ecx: the site */
    emit_mov_to(e, true, pc_slot(), RAX);
    emit_mov_imm(e, RAX, JIT_LINK);
    jump_to(e, j->leave);
    for (unsigned keep = 0; keep < KEEPS; keep++) {
        j->load[keep] = make_access(j, keep, (uint64_t)(uintptr_t)slow_load, RDX);
        j->store[keep] = make_access(j, keep, (uint64_t)(uintptr_t)slow_store, RAX);
        j->group[keep] = make_access(j, keep, (uint64_t)(uintptr_t)slow_group, RAX);
        j->call[keep] = make_call(j, keep, true);
        j->call_apart[keep] = make_call(j, keep, false);
        j->rmw[keep] = make_rmw(j, keep);
        j->physical[keep] = make_physical(j, keep);
        j->fp[keep] = make_value(j, keep, (uint64_t)(uintptr_t)slow_fp);
        j->sync[keep] = make_sync(j, keep);
        j->load_vector[keep] = make_vector_access(j, keep, (uint64_t)(uintptr_t)slow_load_vector);
        j->store_vector[keep] = make_vector_access(j, keep, (uint64_t)(uintptr_t)slow_store_vector);
        j->vector[keep] = make_value(j, keep, (uint64_t)(uintptr_t)slow_vector);
    }
    make_pool(j);
    must(!e->full);
}
