/* SPDX-License-Identifier: GPL-2.0-or-later
 * dry: a watchpoint stops before the step, and nothing of the step may be done then. A step that makes
 * one access is asked about before that. One that makes several (a push of a frame, a copy) would have
 * done the first when it is asked about the second: so it is tried first, without storing anything
 * and on a state that is put back, and taken if nobody wants to stop.
 *
 * Left out: what is tried sees no store of its own, and 0 where it reads a device; and the platform
 * answers nothing meanwhile. An address that follows from one of those is asked about as if.
 */
#include <stdlib.h>

#include "cpu/platform.h"
#include "engine/internal.h"

/* ---- the platform of a step that is not taken ---- */

static enum platform_answer no_vector(struct cpu *cpu, unsigned pin, uint32_t *vector)
{
    (void)cpu, (void)pin;
    *vector = 0;
    return PLATFORM_NOBODY;
}

static enum platform_answer no_hart(struct cpu *cpu, unsigned to, enum hart_message what,
                                    struct hart_words words)
{
    (void)cpu, (void)to, (void)what, (void)words;
    return PLATFORM_NOBODY;
}

static enum platform_answer no_service(struct cpu *cpu, struct platform_call *call)
{
    (void)cpu, (void)call;
    return PLATFORM_NOBODY;
}

static enum platform_answer no_io_read(struct cpu *cpu, uint64_t port, unsigned size,
                                       uint64_t *value)
{
    (void)cpu, (void)port;
    *value = UINT64_MAX >> (64 - 8 * size);
    return PLATFORM_NOBODY;
}

static enum platform_answer no_io_write(struct cpu *cpu, uint64_t port, unsigned size,
                                        uint64_t value)
{
    (void)cpu, (void)port, (void)size, (void)value;
    return PLATFORM_NOBODY;
}

static void no_line(struct cpu *cpu, unsigned output, bool level)
{
    (void)cpu, (void)output, (void)level;
}

static void no_shutdown(struct cpu *cpu)
{
    (void)cpu;
}

static enum platform_answer no_read_register(struct cpu *cpu, uint32_t number, uint64_t *value)
{
    (void)cpu;
    (void)number;
    *value = 0;
    return PLATFORM_NOBODY;
}

static enum platform_answer no_write_register(struct cpu *cpu, uint32_t number, uint64_t value)
{
    (void)cpu;
    (void)number;
    (void)value;
    return PLATFORM_NOBODY;
}

static const struct cpu_platform nobody = {.acknowledge = no_vector,
                                           .message = no_hart,
                                           .call = no_service,
                                           .line = no_line,
                                           .read_register = no_read_register,
                                           .write_register = no_write_register,
                                           .io_read = no_io_read,
                                           .io_write = no_io_write,
                                           .shutdown = no_shutdown};

/* ---- trying ---- */

struct before {
    struct fault fault;
    const struct cpu_platform *platform;
    tick block_tick;
};

static struct before begin(struct engine *e, struct cpu *cpu)
{
    const struct before b = {
        .fault = cpu->fault, .platform = cpu->platform, .block_tick = cpu->block_tick};

    if (!e->tried) {
        e->tried = base_alloc(1, cpu->isa->state.state_size);
    }
    memcpy(e->tried, cpu->state, cpu->isa->state.state_size);
    cpu->platform = &nobody;
    cpu->dry = true;
    return b;
}

static bool end(struct engine *e, struct cpu *cpu, const struct before *b)
{
    bool hit = cpu->watch_hit;

    memcpy(cpu->state, e->tried, cpu->isa->state.state_size);
    cpu->fault = b->fault;
    cpu->platform = b->platform;
    cpu->block_tick = b->block_tick;
    cpu->insn = 0;
    cpu->dry = false;
    cpu->watch_hit = false;
    cpu->look = false;
    return hit;
}

bool dry_stops_entry(struct engine *e, struct cpu *cpu, void (*enter)(struct cpu *cpu))
{
    struct before b;

    if (!e->has_watch || !cpu->isa->traps.through_memory) {
        return false;
    }
    b = begin(e, cpu);
    e->block = NULL;
    enter(cpu);
    return end(e, cpu, &b);
}

bool dry_stops_insn(struct engine *e, struct cpu *cpu, const struct ir_block *block)
{
    struct before b = begin(e, cpu);
    struct space *space = cpu->space;

    cpu->space = cpu->no_space; /* nobody is asked where a table has the page */
    if (ir_interp(cpu, block, 1) == IR_LEFT_FAULT && cpu->isa->traps.through_memory) {
        e->block = NULL; /* what it faults into is the same step */
        cpu->insn = 0;
        cpu->isa->traps.take_exception(cpu);
        e->block = block;
    }
    cpu->space = space;
    return end(e, cpu, &b);
}

/* ---- which instructions ---- */

static unsigned accesses_of(const struct ir_block *b, const struct ir_op *o)
{
    if (o->op == IR_CALL) {
        return b->helpers[o->x].effects & HELPER_MEMORY ? 2 : 0;
    }
    return (ir_op_info[o->op].effects & (E_LOAD | E_STORE)) != 0 && o->op != IR_PHYS;
}

/* Its lifter has said so. */
static void check_said(const struct ir_block *b, uint32_t insn)
{
    uint32_t end = insn + 1 < b->insn_count ? b->insns[insn + 1].first_op : b->op_count;
    unsigned accesses = 0;

    for (uint32_t i = b->insns[insn].first_op; i < end; i++) {
        accesses += accesses_of(b, &b->ops[i]);
    }
    must(accesses < 2 || b->insns[insn].several);
}

uint32_t dry_plain_insns(const struct ir_block *b, uint32_t limit)
{
    for (uint32_t i = 0; i < limit; i++) {
        check_said(b, i);
        if (b->insns[i].several) {
            return i;
        }
    }
    return limit;
}

/* ---- fetching ---- */

static bool may_be_watched(const struct cpu *cpu, const struct ir_block *b)
{
    uint32_t end = b->insn_count > 1 ? b->insns[1].first_op : b->op_count;

    if (cpu->isa->traps.through_memory) {
        return true; /* it may fault, and the entry is the same step */
    }
    for (uint32_t i = b->insns[0].first_op; i < end; i++) {
        if (accesses_of(b, &b->ops[i]) != 0) {
            return true;
        }
    }
    return false;
}

bool dry_stops_fetch(struct engine *e, struct cpu *cpu, uint64_t mode)
{
    struct block *b = cache_look_up(e, cpu, mode);
    bool stop = false;

    must(!cpu->asked);
    if (!b) {
        stop = dry_stops_entry(e, cpu, cpu->isa->traps.take_exception);
        cpu->fault.raised = false; /* met again when the step is taken */
        cpu->asked = !stop && e->has_watch;
        return stop;
    }
    if (b->probed && probe_ask_break(e, cpu)) {
        return true;
    }
    if (e->has_watch && may_be_watched(cpu, block_ir(e, cpu, b))) {
        e->block = b->ir;
        stop = dry_stops_insn(e, cpu, b->ir);
        cpu->asked = !stop;
    }
    return stop;
}
