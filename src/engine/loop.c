/* SPDX-License-Identifier: GPL-2.0-or-later
 * loop: runs one hart for exactly n ticks: look at interrupts, find the block, run it, take what
 * was raised. Every change that could matter to the machine ends the loop, so that the plan of the
 * caller (alarms, inputs, quantum) is never out of date.
 */
#include <stdlib.h>

#include "engine/internal.h"

struct engine *engine_new(struct mem *mem, struct cpu *cpus, unsigned count)
{
    struct engine *e = base_alloc(1, sizeof(*e));

    e->mem = mem;
    e->cpus = cpus;
    e->cpu_count = count;
    e->skip_tick = TICK_NEVER;
    cache_init(e);
    return e;
}

void engine_free(struct engine *e)
{
    if (!e) {
        return;
    }
    cache_fini(e);
    free(e);
}

void engine_forget(struct engine *e)
{
    must(!e->running);
    for (unsigned i = 0; i < e->cpu_count; i++) {
        cpu_forget(&e->cpus[i]);
    }
    mem_tables_forget(e->mem);
    cache_flush(e);
}

void engine_set_cache_limit(struct engine *e, size_t blocks)
{
    must(blocks > 0);
    e->block_limit = blocks;
}

void engine_get_stats(const struct engine *e, struct engine_stats *out)
{
    *out = e->stats;
}

void engine_set_trace(struct engine *e, void *opaque, void (*line)(void *opaque, const char *text))
{
    e->trace_opaque = opaque;
    e->trace = line;
}

void engine_skip_probes(struct engine *e, tick at)
{
    e->skip_tick = at;
}

static void free_dead(struct engine *e)
{
    for (size_t i = 0; i < e->dead_ir.count; i++) {
        free(e->dead_ir.data[i]);
    }
    e->dead_ir.count = 0;
}

/* An exception is one step of its own. */
static enum engine_stop take_exception(struct cpu *cpu, uint64_t *left)
{
    must(*left > 0);
    cpu->isa->take_exception(cpu);
    must(!cpu->fault.raised);
    *left -= 1;
    return ENGINE_LOOK;
}

/* Runs blocks until something other than an ordinary exit happens. */
static enum engine_stop run_blocks(struct engine *e, struct cpu *cpu, tick end, uint64_t *left)
{
    uint32_t mode = cpu->isa->block_mode(cpu);

    while (*left > 0) {
        struct block *b;
        uint64_t limit = *left;

        cpu->block_tick = end - *left;
        cpu->insn = 0;
        b = cache_find(e, cpu, mode);
        if (unlikely(e->has_step) && probe_ask_step(e, cpu)) {
            cpu->fault.raised = false; /* met again when the step is taken */
            return ENGINE_PROBE;
        }
        if (unlikely(!b)) {
            return take_exception(cpu, left);
        }
        if (unlikely(b->probed) && probe_ask_break(e, cpu)) {
            return ENGINE_PROBE;
        }
        if (unlikely(e->has_step)) {
            limit = 1;
        }
        if (limit > b->ir->insn_count) {
            limit = b->ir->insn_count;
        }
        e->block = b->ir;
        switch (ir_interp(cpu, b->ir, (uint32_t)limit)) {
        case IR_LEFT_EXIT:
        case IR_LEFT_LIMIT: *left -= cpu->insn; break;
        case IR_LEFT_LOOK: *left -= cpu->insn; return ENGINE_LOOK;
        case IR_LEFT_YIELD: *left -= cpu->insn; return ENGINE_YIELD;
        case IR_LEFT_FAULT: *left -= cpu->insn; return take_exception(cpu, left);
        case IR_LEFT_WATCH: *left -= cpu->insn; return ENGINE_PROBE;
        }
    }
    return ENGINE_BUDGET;
}

enum engine_stop engine_run(struct engine *e, struct cpu *cpu, tick now, uint64_t budget,
                            uint64_t *ran)
{
    uint64_t left = budget;
    enum engine_stop stop;

    must(budget > 0 && !e->running);
    e->running = cpu;
    cpu->block_tick = now;
    cpu->insn = 0;
    cpu->look = false;
    cpu->watch_hit = false;
    if (unlikely(cpu->isa->interrupt_pending(cpu))) {
        if (e->has_step && probe_ask_step(e, cpu)) {
            stop = ENGINE_PROBE;
        } else {
            cpu->isa->take_interrupt(cpu);
            left--;
            stop = ENGINE_LOOK;
        }
    } else {
        cpu_select_space(cpu);
        stop = run_blocks(e, cpu, now + budget, &left);
    }
    cpu->look = false;
    cpu->watch_hit = false;
    e->running = NULL;
    if (unlikely(e->dead_ir.count)) {
        free_dead(e);
    }
    *ran = budget - left;
    return stop;
}
