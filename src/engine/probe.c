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

bool probe_breaks_at(const struct engine *e, vaddr pc)
{
    for (size_t i = 0; i < e->probes->count; i++) {
        if (e->probes->probes[i].kind == PROBE_BREAK && e->probes->probes[i].at == pc) {
            return true;
        }
    }
    return false;
}

static bool watches(const struct probe *p, enum access access)
{
    switch (p->kind) {
    case PROBE_WATCH_READ: return access == ACCESS_READ;
    case PROBE_WATCH_WRITE: return access == ACCESS_WRITE;
    case PROBE_WATCH_ACCESS: return access != ACCESS_FETCH;
    case PROBE_BREAK:
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

static bool watch_stop(void *opaque, struct cpu *cpu, vaddr va, unsigned size, enum access access,
                       uint64_t value)
{
    struct engine *e = opaque;
    const struct probe_hit h = {.pc = e->block->pc + e->block->insns[cpu->insn].pc_offset,
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

/* Steps alone change nothing that was translated or cached. */
void engine_set_probes(struct engine *e, const struct probe_set *set)
{
    bool baked = e->has_break || e->has_watch;

    e->probes = set && set->count ? set : NULL;
    e->has_break = e->has_watch = e->has_step = false;
    for (size_t i = 0; e->probes && i < set->count; i++) {
        switch (set->probes[i].kind) {
        case PROBE_BREAK: e->has_break = true; break;
        case PROBE_STEP: e->has_step = true; break;
        case PROBE_WATCH_READ:
        case PROBE_WATCH_WRITE:
        case PROBE_WATCH_ACCESS: e->has_watch = true; break;
        }
    }
    e->watch = (struct cpu_watch){.opaque = e, .page_watched = page_watched, .stop = watch_stop};
    for (unsigned i = 0; i < e->cpu_count; i++) {
        e->cpus[i].watch = e->has_watch ? &e->watch : NULL;
    }
    if (baked || e->has_break || e->has_watch) {
        engine_forget(e);
    }
}
