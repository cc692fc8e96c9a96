/* SPDX-License-Identifier: GPL-2.0-or-later
 * device: what devices may ask of the machine: time, alarms, lines, memory, their port.
 */
#include <stdio.h>
#include <stdlib.h>

#include "machine/internal.h"

/* Something that the plan of machine_run() depends on has changed. */
static void replan(struct machine *m)
{
    if (m->running) {
        m->running->look = true;
    }
}

tick device_now(const struct device *d)
{
    return machine_now(d->machine);
}

uint64_t device_now_ns(const struct device *d)
{
    return machine_now_ns(d->machine);
}

uint64_t device_ns_at(const struct device *d, tick t)
{
    return clock_ns(&d->machine->state.clock, t);
}

tick device_tick_at(const struct device *d, uint64_t ns)
{
    return clock_tick_at(&d->machine->state.clock, ns);
}

tick *device_alarms(const struct device *d)
{
    return (tick *)(void *)((uint8_t *)d->state + d->class->alarm_offset);
}

void device_set_alarm(struct device *d, uint32_t i, tick when)
{
    tick soonest = device_now(d) + 1; /* reaching this tick again would fire it in a loop */

    must(i < d->class->alarm_count);
    device_alarms(d)[i] = when < soonest ? soonest : when;
    replan(d->machine);
}

tick device_alarm(const struct device *d, uint32_t i)
{
    must(i < d->class->alarm_count);
    return device_alarms(d)[i];
}

void machine_set_pin(struct machine *m, unsigned hart, unsigned pin, bool level)
{
    struct cpu *cpu = &m->cpus[hart];
    bool looked = cpu->look;

    must(hart < m->hart_count);
    cpu->look = false;
    m->isa->traps.set_line(cpu, pin, level); /* which sets it if anything changes */
    if (cpu->look) {
        replan(m);
    }
    cpu->look |= looked;
}

void device_set_hart_pin(struct device *d, unsigned hart, unsigned pin, bool level)
{
    machine_set_pin(d->machine, hart, pin, level);
}

void device_output(struct device *d, const uint8_t *bytes, size_t count)
{
    struct machine *m = d->machine;

    if (d->port >= 0 && m->inlet.output) {
        m->inlet.output(m->inlet.opaque, machine_now(m), (uint16_t)d->port, bytes, count);
    }
}

bool device_tree_read(struct device *d, uint64_t at, void *bytes, uint64_t size)
{
    if (d->wiring->tree == NULL || at > d->wiring->tree->bytes ||
        size > d->wiring->tree->bytes - at) {
        return false;
    }
    live_tree_read(d->wiring->tree, at, bytes, size);
    return true;
}

bool device_tree_write(struct device *d, uint64_t at, const void *bytes, uint64_t size)
{
    if (d->wiring->tree == NULL || at > d->wiring->tree->bytes ||
        size > d->wiring->tree->bytes - at) {
        return false;
    }
    live_tree_write(d->wiring->tree, at, bytes, size);
    device_tree_wrote(d, at, size);
    return true;
}

void device_tree_wrote(struct device *d, uint64_t at, uint64_t size)
{
    struct machine *m = d->machine;
    struct mem_writer before = m->mem.writer;

    machine_writes(m, d->name);
    engine_tree_written(m->engine, d->number, at, size, &m->mem.writer);
    m->mem.writer = before;
}

void device_name_tree(struct device *d, const char *name)
{
    d->wiring->tree_name = name;
}

struct live_tree *device_tree(struct device *d)
{
    return d->wiring->tree;
}

int device_took(struct device *d, unsigned file, uint64_t cluster, uint64_t hash, struct error *e)
{
    const struct inlet *inlet = &d->machine->inlet;

    return inlet->took != NULL ? inlet->took(inlet->opaque, file, cluster, hash, e) : 0;
}

void device_lose(struct device *d, const char *why)
{
    struct machine *m = d->machine;

    m->is_lost = true;
    if (m->running != NULL) {
        m->running->look = true;
    }
    if (m->inlet.lost != NULL) {
        m->inlet.lost(m->inlet.opaque, why);
    }
}

static bool storage_range(const struct device *d, unsigned storage, uint64_t at, uint64_t size,
                          haddr *home)
{
    const struct mem_block *b = d->wiring->storages[storage];

    must(storage < DEVICE_STORAGES_MAX && b != NULL);
    *home = b->home + at;
    return at <= b->size && size <= b->size - at;
}

bool device_storage_read(struct device *d, unsigned storage, uint64_t at, void *bytes,
                         uint64_t size)
{
    haddr home;

    return storage_range(d, storage, at, size, &home) &&
           mem_peek_bytes(&d->machine->mem, home, bytes, size);
}

bool device_storage_write(struct device *d, unsigned storage, uint64_t at, const void *bytes,
                          uint64_t size)
{
    struct machine *m = d->machine;
    struct mem_writer before = m->mem.writer;
    haddr home;
    bool done;

    if (!storage_range(d, storage, at, size, &home)) {
        return false;
    }
    machine_writes(m, d->name);
    done = mem_load_bytes(&m->mem, home, bytes, size);
    m->mem.writer = before;
    return done;
}

/* What is reached may be a device's window, and that one may do the same in turn: to no end, if the
 * guest has set them up so. */
static bool dma_begin(struct device *d, paddr at)
{
    struct machine *m = d->machine;

    if (m->dma_depth == DMA_DEPTH_MAX) {
        device_log(d, "guest error: DMA at 0x%llx: %d devices are at it already",
                   (unsigned long long)at, DMA_DEPTH_MAX);
        return false;
    }
    m->dma_depth++;
    return true;
}

bool device_dma_read_as(struct device *d, uint32_t requester, paddr at, void *bytes, uint64_t size)
{
    struct machine *m = d->machine;
    uint32_t before = m->requester;
    bool done;

    if (!dma_begin(d, at)) {
        return false;
    }
    m->requester = requester;
    done = mem_bus_read(&m->mem, at, bytes, size);
    m->requester = before;
    m->dma_depth--;
    return done;
}

void device_dma_source(struct device *d, const void *bytes, uint64_t size, const char *id,
                       uint64_t at)
{
    d->machine->source = (struct dma_source){.device = d,
                                             .bytes = bytes,
                                             .size = size,
                                             .left = size,
                                             .when = machine_now(d->machine),
                                             .id = id,
                                             .at = at};
}

/* Once all of them were written, a buffer at the same place is another one. */
static void name_source(struct device *d, const uint8_t *bytes, uint64_t size)
{
    struct dma_source *s = &d->machine->source;
    uintptr_t offset = (uintptr_t)bytes - (uintptr_t)s->bytes;

    if (s->device == d && size <= s->left && offset <= s->size - size &&
        s->when == machine_now(d->machine)) {
        d->machine->mem.writer.source = s->id;
        d->machine->mem.writer.source_at = s->at + offset;
        s->left -= size;
    }
}

bool device_dma_write_as(struct device *d, uint32_t requester, paddr at, const void *bytes,
                         uint64_t size)
{
    struct machine *m = d->machine;
    struct mem_writer before = m->mem.writer;
    uint32_t requester_before = m->requester;
    bool done;

    if (!dma_begin(d, at)) {
        return false;
    }
    machine_writes(m, d->name);
    name_source(d, bytes, size);
    m->requester = requester;
    done = mem_bus_write(&m->mem, at, bytes, size);
    m->requester = requester_before;
    m->mem.writer = before;
    m->dma_depth--;
    return done;
}

bool device_dma_read(struct device *d, paddr at, void *bytes, uint64_t size)
{
    return device_dma_read_as(d, 0, at, bytes, size);
}

bool device_dma_write(struct device *d, paddr at, const void *bytes, uint64_t size)
{
    return device_dma_write_as(d, 0, at, bytes, size);
}

uint32_t device_requester(const struct device *d)
{
    return d->machine->requester;
}

bool device_dma_is_memory(const struct device *d, paddr at, uint64_t size)
{
    if (size != 0 && at + (size - 1) < at) {
        return false;
    }
    while (size != 0) {
        struct mem_place p = mem_find(&d->machine->mem, at, false);

        if (p.block == NULL || !p.is_both) {
            return false;
        }
        if (p.left >= size) {
            break;
        }
        at += p.left;
        size -= p.left;
    }
    return true;
}

void device_log(struct device *d, const char *format, ...)
{
    struct machine *m = d->machine;
    char line[512];
    va_list args;

    if (!m->log.line) {
        return;
    }
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    m->log.line(m->log.opaque, machine_now(m), d->name, line);
}

uint64_t device_bad_read(struct device *d, struct mem_access a)
{
    device_log(d, "guest error: read of %u bytes at 0x%llx", a.size, (unsigned long long)a.at);
    return 0;
}

void device_bad_write(struct device *d, struct mem_access a, uint64_t value)
{
    device_log(d, "guest error: write of 0x%llx, %u bytes at 0x%llx", (unsigned long long)value,
               a.size, (unsigned long long)a.at);
}

void device_clear(struct device *d, enum reset_kind kind)
{
    const struct device_class *c = d->class;

    reset_clear(d->state, c->state.state_size, c->survivors, c->survivor_count, kind);
    if (d->wiring->tree != NULL && (c->tree_resets & (unsigned)kind) == 0) {
        struct machine *m = d->machine;
        struct mem_writer before = m->mem.writer;

        live_tree_clear(d->wiring->tree);
        machine_writes(m, "reset");
        engine_tree_written(m->engine, d->number, 0, d->wiring->tree->bytes, &m->mem.writer);
        m->mem.writer = before;
    }
    for (uint32_t i = 0; i < c->alarm_count; i++) {
        uint32_t offset = c->alarm_offset + i * (uint32_t)sizeof(tick);

        if (!reset_spares(c->survivors, c->survivor_count, offset, kind)) {
            device_alarms(d)[i] = TICK_NEVER;
        }
    }
}

void device_restart(struct device *d)
{
    device_clear(d, RESET_WARM);
    if (d->class->reset != NULL) {
        d->class->reset(d);
    }
    replan(d->machine);
}
