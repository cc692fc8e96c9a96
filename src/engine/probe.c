/* SPDX-License-Identifier: GPL-2.0-or-later
 * probe: breakpoints, watchpoints and steps. They are asked and never disturb: a block ends before
 * a breakpoint and begins at it; watched pages stay out of the tables (cpu/); a step probe makes
 * the loop run one instruction at a time.
 */
#include "engine/internal.h"

static bool probe_is_for(const struct probe *p, const struct cpu *cpu)
{
    return p->hart == PROBE_ANY_HART || p->hart == cpu->number;
}

static bool tell(struct engine *e, struct cpu *cpu, size_t probe, const struct probe_hit *base)
{
    struct probe_hit h = *base;

    h.probe = (uint32_t)probe;
    h.hart = cpu->number;
    h.at_tick = cpu_now(cpu);
    return e->probes->hit(e->probes->opaque, &h);
}

/* Asks all probes of one kind; whether any said stop. Every probe is told, whatever another said,
 * so that counting scans miss none. */
static bool ask(struct engine *e, struct cpu *cpu, enum probe_kind kind)
{
    const struct probe_hit h = {.pc = cpu->hart->pc};
    bool stop = false;

    if (cpu_now(cpu) == e->skip_tick) {
        return false;
    }
    for (size_t i = 0; i < e->probes->count; i++) {
        const struct probe *p = &e->probes->probes[i];
        if (p->kind == kind && probe_is_for(p, cpu) &&
            (kind == PROBE_STEP || p->at == cpu->hart->pc)) {
            stop |= tell(e, cpu, i, &h);
        }
    }
    return stop;
}

bool probe_ask_break(struct engine *e, struct cpu *cpu)
{
    return ask(e, cpu, PROBE_BREAK);
}

static uint64_t ask_in_code(struct cpu *cpu, uint64_t engine, uint64_t b, uint64_t c)
{
    (void)b, (void)c;
    cpu->watch_hit = probe_ask_break((struct engine *)(uintptr_t)engine, cpu);
    return 0;
}

struct jit_probe probe_in_code(struct engine *e)
{
    static const struct ir_helper helper = {
        .name = "probe", .call = ask_in_code, .effects = HELPER_READS, .argument_count = 1};

    return (struct jit_probe){.helper = &helper, .argument = (uint64_t)(uintptr_t)e};
}

bool probe_ask_step(struct engine *e, struct cpu *cpu)
{
    return ask(e, cpu, PROBE_STEP);
}

bool probe_steps(const struct engine *e, const struct cpu *cpu)
{
    for (size_t i = 0; e->has_step && i < e->probes->count; i++) {
        if (e->probes->probes[i].kind == PROBE_STEP && probe_is_for(&e->probes->probes[i], cpu)) {
            return true;
        }
    }
    return false;
}

static bool breaks_at(const struct probe_set *set, vaddr pc)
{
    for (size_t i = 0; set && i < set->count; i++) {
        if (set->probes[i].kind == PROBE_BREAK && set->probes[i].at == pc) {
            return true;
        }
    }
    return false;
}

bool probe_breaks_at(const struct engine *e, vaddr pc)
{
    return breaks_at(e->probes, pc);
}

static bool watches(const struct probe *p, enum access access)
{
    switch (p->kind) {
    case PROBE_WATCH_READ: return access == ACCESS_READ;
    case PROBE_WATCH_WRITE: return access == ACCESS_WRITE;
    case PROBE_WATCH_ACCESS: return access != ACCESS_FETCH;
    case PROBE_BREAK:
    case PROBE_PHYSICAL:
    case PROBE_TREE:
    case PROBE_STEP: break;
    }
    return false;
}

static bool overlaps(vaddr a, uint64_t a_size, vaddr b, uint64_t b_size)
{
    return a - b < b_size || b - a < a_size;
}

/* Whatever is watched for reads stays out of the write tables as well: a read-modify-write goes
 * through those alone. */
static bool page_watched(void *opaque, vaddr page, enum access access)
{
    struct engine *e = opaque;

    for (size_t i = 0; i < e->probes->count; i++) {
        const struct probe *p = &e->probes->probes[i];
        bool asked = watches(p, access) || (access == ACCESS_WRITE && watches(p, ACCESS_READ));

        if (asked && overlaps(p->at, p->size, page, PAGE_SIZE)) {
            return true;
        }
    }
    return false;
}

static bool touches(void *opaque, vaddr va, unsigned size, enum access access)
{
    struct engine *e = opaque;

    for (size_t i = 0; i < e->probes->count; i++) {
        const struct probe *p = &e->probes->probes[i];

        if (watches(p, access) && overlaps(p->at, p->size, va, size)) {
            return true;
        }
    }
    return false;
}

/* hart.pc is not kept up inside a block. Where a trap is entered it may be changed by now, but then the
 * step is tried, and the state as it was is at hand. */
static vaddr pc_of_step(const struct engine *e, const struct cpu *cpu)
{
    if (e->block != NULL) {
        return e->block->pc + e->block->insns[cpu->insn].pc_offset;
    }
    return ((const struct hart *)(const void *)e->tried)->pc;
}

static bool watch_stop(void *opaque, struct cpu *cpu, vaddr va, unsigned size, enum access access,
                       uint64_t value)
{
    struct engine *e = opaque;
    const struct probe_hit h = {.pc = pc_of_step(e, cpu),
                                .address = va,
                                .size = size,
                                .value = value,
                                .is_write = access == ACCESS_WRITE};
    bool stop = false;

    if (cpu_now(cpu) == e->skip_tick) {
        return false;
    }
    for (size_t i = 0; i < e->probes->count; i++) {
        const struct probe *p = &e->probes->probes[i];
        if (watches(p, access) && probe_is_for(p, cpu) && overlaps(p->at, p->size, va, size)) {
            stop |= tell(e, cpu, i, &h);
        }
    }
    return stop;
}

/* ---- storage: all writes are told, nothing can stop them ---- */

static bool physical_is_watched(void *listener, haddr at, uint64_t size)
{
    const struct engine *e = listener;

    for (size_t i = 0; e->has_physical && i < e->probes->count; i++) {
        const struct probe *p = &e->probes->probes[i];

        if (p->kind == PROBE_PHYSICAL && overlaps(p->at, p->size, at, size)) {
            return true;
        }
    }
    return false;
}

static struct probe_hit hit_of(const struct engine *e, uint64_t at, uint64_t size,
                               const struct mem_writer *by)
{
    bool in_step = by->name == NULL || by->at == TICK_NEVER;
    struct probe_hit h = {.hart = PROBE_ANY_HART,
                          .at_tick = by->at,
                          .address = at,
                          .size = size,
                          .writer = by->name,
                          .is_write = true};

    if (in_step && e->running) {
        h.hart = e->running->number;
        h.pc = e->running->hart->pc;
        h.at_tick = cpu_now(e->running);
    }
    return h;
}

static void physical_written(void *listener, haddr at, uint64_t size, const struct mem_writer *by)
{
    struct engine *e = listener;
    struct probe_hit h = hit_of(e, at, size, by);

    h.source = by->source;
    h.source_at = by->source_at;
    for (size_t i = 0; e->has_physical && i < e->probes->count; i++) {
        const struct probe *p = &e->probes->probes[i];

        if (p->kind == PROBE_PHYSICAL && overlaps(p->at, p->size, at, size)) {
            h.probe = (uint32_t)i;
            (void)e->probes->hit(e->probes->opaque, &h);
        }
    }
}

/* ---- live trees: the same, but that the next step can be kept from happening ---- */

void engine_tree_written(struct engine *e, uint32_t tree, uint64_t at, uint64_t size,
                         const struct mem_writer *by)
{
    struct probe_hit h;

    if (size == 0) {
        return;
    }
    footprint_note_tree(e, tree, at, size);
    if (!e->has_tree) {
        return;
    }
    h = hit_of(e, at, size, by);
    for (size_t i = 0; i < e->probes->count; i++) {
        const struct probe *p = &e->probes->probes[i];

        if (p->kind != PROBE_TREE || p->tree != tree || !overlaps(p->at, p->size, at, size)) {
            continue;
        }
        h.probe = (uint32_t)i;
        if (e->probes->hit(e->probes->opaque, &h)) {
            e->stops_behind = true;
            if (e->running != NULL) {
                e->running->look = true;
            }
        }
    }
}

bool engine_stops_behind(struct engine *e)
{
    bool stops = e->stops_behind;

    e->stops_behind = false;
    return stops;
}

void probe_init(struct engine *e)
{
    e->mem->is_watched = physical_is_watched;
    e->mem->watched_written = physical_written;
    e->watch = (struct cpu_watch){
        .opaque = e, .page_watched = page_watched, .touches = touches, .stop = watch_stop};
}

/* ---- changing the set ---- */

/* Whether the block was translated for other breakpoints than those of `set`: it has to begin at
 * one, and to end before the next. */
static bool block_is_stale(const struct engine *e, const struct block *b,
                           const struct probe_set *set)
{
    if (e->has_watch && b->tries && b->compiled) {
        return true; /* it is the interpreter's, for as long as watchpoints are asked */
    }
    if (b->probed != breaks_at(set, b->pc)) {
        return true;
    }
    for (size_t i = 0; set && i < set->count; i++) {
        const struct probe *p = &set->probes[i];

        if (p->kind == PROBE_BREAK && p->at != b->pc && p->at - b->pc < b->bytes) {
            return true;
        }
    }
    return false;
}

static void renew_blocks(struct engine *e, const struct probe_set *set)
{
    for (size_t i = 0; i < e->block_count; i++) {
        struct block *b = cache_block(e, i);

        if (b->mode != BLOCK_DEAD && block_is_stale(e, b, set)) {
            cache_kill(e, b);
        }
    }
}

/* Watched pages are in no table while they are watched. */
static void empty_tables(struct engine *e, const struct probe *p)
{
    vaddr first = align_down(p->at, PAGE_SIZE);
    uint64_t bytes = align_down(p->at + (p->size - 1), PAGE_SIZE) - first + PAGE_SIZE;

    for (unsigned i = 0; i < e->cpu_count; i++) {
        if (bytes != 0) {
            cpu_forget_range(&e->cpus[i], first, bytes);
        } else {
            cpu_forget(&e->cpus[i]);
        }
    }
}

static void set_physical(struct engine *e, const struct probe_set *set, bool on)
{
    for (size_t i = 0; set && i < set->count; i++) {
        if (set->probes[i].kind == PROBE_PHYSICAL) {
            mem_watch_pages(e->mem, set->probes[i].at, set->probes[i].size, on);
        }
    }
}

void engine_set_probes(struct engine *e, const struct probe_set *set)
{
    bool had_break = e->has_break, had_watch = e->has_watch;

    must(!e->running);
    set = set && set->count ? set : NULL;
    set_physical(e, e->probes, false);
    e->has_break = e->has_watch = e->has_physical = e->has_tree = e->has_step = false;
    e->stops_behind = false;
    for (size_t i = 0; set && i < set->count; i++) {
        switch (set->probes[i].kind) {
        case PROBE_BREAK: e->has_break = true; break;
        case PROBE_STEP: e->has_step = true; break;
        case PROBE_PHYSICAL: e->has_physical = true; break;
        case PROBE_TREE: e->has_tree = true; break;
        case PROBE_WATCH_READ:
        case PROBE_WATCH_WRITE:
        case PROBE_WATCH_ACCESS:
            e->has_watch = true;
            empty_tables(e, &set->probes[i]);
            break;
        }
    }
    if (had_break || e->has_break || (e->has_watch && !had_watch)) {
        renew_blocks(e, set);
    }
    e->probes = set;
    set_physical(e, set, true);
    for (unsigned i = 0; i < e->cpu_count; i++) {
        e->cpus[i].watch = e->has_watch ? &e->watch : NULL;
    }
}
