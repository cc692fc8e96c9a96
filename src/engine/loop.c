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
    probe_init(e);
    return e;
}

void engine_free(struct engine *e)
{
    if (!e) {
        return;
    }
    cache_fini(e);
    pairs_fini(&e->executed);
    pairs_fini(&e->notes.read);
    pairs_fini(&e->notes.written);
    pairs_fini(&e->marked);
    pairs_fini(&e->trees);
    vec_fini(&e->maps);
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

void engine_set_code_trace(struct engine *e, void *opaque,
                           void (*line)(void *opaque, const char *text))
{
    e->code_trace_opaque = opaque;
    e->code_trace = line;
}

tick engine_yielded_at(const struct engine *e)
{
    return e->yielded;
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

/* One step; false if a watchpoint stops before it. cpu_now() is its tick. */
static bool enter_trap(struct engine *e, struct cpu *cpu, void (*enter)(struct cpu *cpu))
{
    if (!cpu->asked && dry_stops_entry(e, cpu, enter)) {
        return false;
    }
    cpu->asked = true;
    enter(cpu);
    cpu->asked = false;
    must(!cpu->fault.raised);
    return true;
}

/* An exception is one step of its own, `left` ticks before the end. */
static enum engine_stop take_exception(struct engine *e, struct cpu *cpu, tick end, uint64_t *left)
{
    must(*left > 0);
    cpu->block_tick = end - *left;
    cpu->insn = 0;
    if (!enter_trap(e, cpu, cpu->isa->traps.take_exception)) {
        cpu->fault.raised = false; /* met again when the step is taken */
        return ENGINE_PROBE;
    }
    *left -= 1;
    e->stats.exceptions++;
    return ENGINE_LOOK;
}

static uint64_t select_space(struct cpu *cpu);

/* Probes that are asked step by step, and what is to be done with no block running, need the loop. */
static bool needs_loop(const struct engine *e)
{
    return e->has_step || e->has_watch || e->code_full || e->dead_ir.count != 0;
}

/* From generated code: as engine_run() looks, and run_blocks() begins, while nothing is unusual. */
static const void *look_from_code(void *opaque, struct cpu *cpu)
{
    struct engine *e = opaque;
    const struct block *b;

    if (cpu->look || needs_loop(e) || cpu->isa->traps.interrupt_pending(cpu)) {
        return NULL;
    }
    e->mode = select_space(cpu);
    b = cache_known(cpu, e->mode);
    return b && b->compiled && b->code != jit_no_code(e->jit) ? b->code : NULL;
}

static bool fault_from_code(void *opaque, struct cpu *cpu)
{
    struct engine *e = opaque;

    if (needs_loop(e) || cpu->isa->traps.through_memory) {
        return false;
    }
    cpu->isa->traps.take_exception(cpu);
    must(!cpu->fault.raised);
    e->stats.exceptions++;
    return true;
}

int engine_use_jit(struct engine *e, bool on, struct error *error)
{
    const struct isa *isa = e->cpus[0].isa;
    struct jit_guest guest = {.softfloat = e->softfloat,
                              .modes = isa->lifter.local_modes,
                              .alone = e->cpu_count == 1,
                              .engine = {e, look_from_code, fault_from_code}};

    must(!e->running);
    cache_flush(e);
    jit_free(e->jit);
    e->jit = NULL;
    if (!on) {
        return 0;
    }
    if (!jit_supported()) {
        return error_set(error, "guest code cannot be compiled on this host; it is interpreted");
    }
    guest.marks = e->mem->marks != NULL;
    guest.marks_offset = e->mem->marks_offset;
    guest.pinned_count = isa->lifter.pinned_count;
    memcpy(guest.pinned, isa->lifter.pinned_slots, sizeof guest.pinned);
    e->jit = jit_new(&guest, error);
    return e->jit ? 0 : -1;
}

static void put_code(struct text *t, const char *what, const uint8_t *code, size_t bytes)
{
    text_add(t, " %s 0x%llx ", what, (unsigned long long)(uintptr_t)code);
    for (size_t i = 0; i < bytes; i++) {
        text_add(t, "%02x", code[i]);
    }
    if (bytes == 0) {
        text_add(t, "-");
    }
}

/* code PC INSNS hot ADDRESS HEX cold ADDRESS HEX, or: code PC INSNS none */
static void trace_code(struct engine *e, const struct block *b, bool made)
{
    const uint8_t *hot, *cold;
    size_t hot_bytes, cold_bytes;
    struct text t = {0};

    text_add(&t, "code 0x%llx %u", (unsigned long long)b->pc, b->insn_count);
    if (made) {
        jit_last_code(e->jit, &hot, &hot_bytes, &cold, &cold_bytes);
        put_code(&t, "hot", hot, hot_bytes);
        put_code(&t, "cold", cold, cold_bytes);
    } else {
        text_add(&t, " none");
    }
    text_add(&t, "\n");
    e->code_trace(e->code_trace_opaque, t.data);
    text_fini(&t);
}

void engine_set_softfloat(struct engine *e, bool on)
{
    e->softfloat = on;
}

/* Compiled at its first use; where there is no room, the loop drops everything first. */
static bool has_code(struct engine *e, struct cpu *cpu, struct block *b)
{
    struct jit_probe ask;
    const struct jit_probe *probe = NULL;
    unsigned how = b->ungrouped ? 0 : JIT_GROUPED;
    bool full;
    const void *code;

    if (b->compiled) {
        return b->code != jit_no_code(e->jit);
    }
    if (b->probed) {
        ask = probe_in_code(e);
        probe = &ask;
    }
    how |= cpu->space->flat_bytes != 0 ? JIT_FLAT : 0;
    if (e->built == b) { /* as it mostly is: just translated */
        const struct ir_block ir = ir_build_view(&e->build);
        code = jit_compile(e->jit, &ir, how, probe, &full);
    } else {
        code = jit_compile(e->jit, block_ir(e, cpu, b), how, probe, &full);
    }
    if (full) {
        e->code_full = true;
        return false;
    }
    b->compiled = true;
    if (unlikely(e->code_trace)) {
        trace_code(e, b, code != NULL);
    }
    if (code) {
        b->code = code;
        if (b->former) {
            jit_redirect(e->jit, b->former, code);
            b->former = NULL;
        }
        free(b->ir); /* seldom needed again: see block_ir() */
        b->ir = NULL;
        e->stats.compiled++;
    }
    return code != NULL;
}

/* The jump that was just taken goes to its target directly from now on. Both are in one page, so
 * whoever gets to the one may go to the other; what crosses into the next page must be looked up, and
 * so must what lies in a page that may be executed only in parts. */
static void link_jump(struct engine *e, struct cpu *cpu, uint64_t mode, uint32_t site)
{
    uint64_t flushes = e->stats.flushes;
    struct block *to = cache_look_up(e, cpu, mode); /* its step is not taken yet */

    if (!to) {
        cpu->fault.raised = false; /* met again by the loop */
    } else if (e->has_watch && to->tries) {
        return;
    } else if (e->stats.flushes == flushes && !to->crosses && !to->is_asked_for &&
               has_code(e, cpu, to)) {
        jit_link(e->jit, site, to->code);
    }
}

/* The accesses of the block whose code begins at `site`, and which hart.pc is in, are checked one by
 * one from now on. Jumps that are linked to the code find the new one through it. */
static void ungroup(struct engine *e, struct cpu *cpu, uint32_t site)
{
    const void *code = jit_code_at(e->jit, site);
    struct fetch f;
    haddr at;
    bool found;

    cpu->dry = true;
    found = cpu_fetch(cpu, cpu->hart->pc, &f);
    cpu->dry = false;
    if (!found) {
        cpu->fault.raised = false;
        return;
    }
    at = f.page;
    for (struct block *b = e->page_list[mem_page_of(mem_block_of(e->mem, at), at)]; b;
         b = b->page_next[b->at - at < PAGE_SIZE ? 0 : 1]) {
        if (b->code == code) {
            jit_kill(e->jit, code);
            b->former = code;
            b->code = jit_no_code(e->jit);
            b->compiled = false;
            b->ungrouped = true;
            return;
        }
    }
}

/* The mode at hart.pc, if it was `before` when the engine looked. */
static uint64_t mode_now(const struct cpu *cpu, uint64_t before)
{
    return unlikely(cpu->isa->lifter.local_modes) ? cpu->isa->lifter.block_mode(cpu) : before;
}

/* One way into generated code and out again. ENGINE_BUDGET: go on. */
static enum engine_stop run_code(struct engine *e, struct cpu *cpu, struct block *b, tick end,
                                 uint64_t *left, bool *hard)
{
    struct jit_result r;
    enum jit_left why = jit_run(e->jit, cpu, b->code, end - *left, *left, &r);

    if (r.yielded != UINT64_MAX) {
        e->yielded = end - *left + r.yielded;
    }
    *left -= r.ran;
    cpu->block_tick = end - *left; /* what is looked up below may walk, and set bits */
    e->stats.code_entries++;
    switch (why) {
    case JIT_LINK: link_jump(e, cpu, mode_now(cpu, e->mode), r.site); break;
    case JIT_LOOK: return ENGINE_LOOK;
    case JIT_YIELD: return ENGINE_YIELD;
    case JIT_FAULT: return take_exception(e, cpu, end, left);
    case JIT_PROBE: return ENGINE_PROBE;
    case JIT_UNGROUP: ungroup(e, cpu, r.site); /* fallthrough */
    case JIT_HARD:
        *hard = true;
        e->stats.hard++;
        break;
    case JIT_LOOKUP: break;
    }
    return ENGINE_BUDGET;
}

/* What code an exit leads to is said twice: by the exit, which generated code goes by, and by the
 * state. */
static void check_exit_mode(const struct cpu *cpu)
{
    uint32_t local = cpu->isa->lifter.local_modes;

    if (unlikely(local) && cpu->exit_mode != CPU_ASK_MODE) {
        must((cpu->isa->lifter.block_mode(cpu) & local) == cpu->exit_mode);
    }
}

/* At most `limit` instructions of a block in the interpreter. ENGINE_BUDGET: go on. */
static enum engine_stop interpret(struct engine *e, struct cpu *cpu, struct block *b,
                                  uint64_t limit, tick end, uint64_t *left)
{
    enum ir_left why;

    if (limit > b->insn_count) {
        limit = b->insn_count;
    }
    e->block = block_ir(e, cpu, b);
    if (unlikely(cpu->asked)) {
        limit = 1;
    } else if (unlikely(e->has_watch)) {
        limit = dry_plain_insns(e->block, (uint32_t)limit);
        if (limit == 0) {
            limit = 1;
            if (dry_stops_insn(e, cpu, e->block)) {
                return ENGINE_PROBE;
            }
            cpu->asked = true;
        }
    }
    why = ir_interp(cpu, e->block, (uint32_t)limit);
    if (why != IR_LEFT_FAULT) { /* else its entry has been asked about, too */
        cpu->asked = false;
    }
    *left -= cpu->insn;
    switch (why) {
    case IR_LEFT_EXIT: check_exit_mode(cpu); break;
    case IR_LEFT_LIMIT: break;
    case IR_LEFT_LOOK: return ENGINE_LOOK;
    case IR_LEFT_YIELD: return ENGINE_YIELD;
    case IR_LEFT_FAULT: return take_exception(e, cpu, end, left);
    case IR_LEFT_WATCH: return ENGINE_PROBE;
    }
    return ENGINE_BUDGET;
}

/* Runs blocks until something other than an ordinary exit happens. */
static enum engine_stop run_blocks(struct engine *e, struct cpu *cpu, uint64_t mode, tick end,
                                   uint64_t *left)
{
    enum engine_stop stop = ENGINE_BUDGET;
    bool hard = false; /* the next instruction is one that generated code left to us */

    while (*left > 0 && stop == ENGINE_BUDGET) {
        struct block *b;
        bool asked = hard, code;

        if (unlikely(e->code_full)) {
            e->code_full = false;
            cache_flush(e);
        }
        cpu->block_tick = end - *left;
        cpu->insn = 0;
        mode = mode_now(cpu, mode);
        if (unlikely(e->has_step) && probe_ask_step(e, cpu)) {
            return ENGINE_PROBE;
        }
        b = cache_known(cpu, mode);
        if (unlikely(!b)) {
            if (!hard && (e->has_watch || (e->has_break && probe_breaks_at(e, cpu->hart->pc)))) {
                if (dry_stops_fetch(e, cpu, mode)) {
                    return ENGINE_PROBE;
                }
                asked = true;
            }
            b = cache_find(e, cpu, mode);
            if (!b) {
                return take_exception(e, cpu, end, left);
            }
        }
        code = e->jit && !asked && !e->has_step && !(e->has_watch && b->tries) &&
               *left >= b->insn_count && has_code(e, cpu, b);
        /* Generated code asks by itself, also before it leaves the block's first instruction. */
        if (unlikely(b->probed) && !code && !asked && probe_ask_break(e, cpu)) {
            return ENGINE_PROBE;
        }
        if (code) {
            e->mode = mode;
            stop = run_code(e, cpu, b, end, left, &hard);
            mode = e->mode; /* code may have looked */
            continue;
        }
        stop = interpret(e, cpu, b, hard || e->has_step ? 1 : *left, end, left);
        hard = false;
    }
    return stop;
}

/* Returns the mode of the code that is next. */
static uint64_t select_space(struct cpu *cpu)
{
    uint64_t mode = cpu->isa->lifter.block_mode(cpu);

    cpu_select_space(cpu, mode & ~(uint64_t)cpu->isa->lifter.local_modes);
    return mode;
}

/* One step into an interrupt, or blocks in the mode and the space that are now. */
static enum engine_stop look_and_run(struct engine *e, struct cpu *cpu, tick end, uint64_t *left)
{
    cpu->block_tick = end - *left;
    cpu->insn = 0;
    if (likely(!cpu->isa->traps.interrupt_pending(cpu))) {
        return run_blocks(e, cpu, select_space(cpu), end, left);
    }
    if (cpu->isa->traps.through_memory) {
        select_space(cpu); /* what is cached of AS_SYSTEM goes by the state as it is now */
    }
    if ((e->has_step && probe_ask_step(e, cpu)) ||
        !enter_trap(e, cpu, cpu->isa->traps.take_interrupt)) {
        return ENGINE_PROBE;
    }
    e->stats.interrupts++;
    *left -= 1;
    return ENGINE_LOOK;
}

enum engine_stop engine_run(struct engine *e, struct cpu *cpu, tick now, uint64_t budget,
                            uint64_t *ran)
{
    uint64_t left = budget;
    enum engine_stop stop;

    must(budget > 0 && !e->running);
    e->running = cpu;
    e->yielded = TICK_NEVER;
    cpu->look = false;
    cpu->watch_hit = false;
    do {
        stop = look_and_run(e, cpu, now + budget, &left);
        if (unlikely(e->dead_ir.count)) {
            free_dead(e);
        }
        /* A trap and a return from one are the hart's own business; what is the machine's, too, has said so. */
    } while (stop == ENGINE_LOOK && !cpu->look && left > 0);
    cpu->look = false;
    cpu->watch_hit = false;
    e->running = NULL;
    *ran = budget - left;
    return stop;
}
