/* SPDX-License-Identifier: GPL-2.0-or-later
 * try: accesses for generated code: RAM and ROM only, and nothing that anybody else must hear of.
 * The rest is left to the interpreter, undone: CPU_HARD.
 */
#include "cpu/access.h"

static bool is_watched(struct cpu *cpu, vaddr va, unsigned size, enum access access)
{
    return cpu->watch != NULL && cpu->watch->touches(cpu->watch->opaque, va, size, access);
}

static bool try_part(struct cpu *cpu, vaddr va, unsigned size, enum access access,
                     uint32_t mem_attr, struct place *p)
{
    bool found;

    cpu->trying = true;
    found =
        access_find_part(cpu, va, size, access, mem_attr, p) && p->block != NULL && !p->is_dropped;
    cpu->trying = false;
    return found;
}

/* Without choosing one. */
static struct space *known_space(const struct cpu *cpu, uint32_t mem_attr)
{
    return MEM_AS(mem_attr) == AS_CURRENT ? cpu->space : cpu->as[MEM_AS(mem_attr)];
}

const struct mem_window *cpu_known_device(const struct cpu *cpu, vaddr va, enum access access,
                                          uint32_t mem_attr, uint64_t *at)
{
    unsigned size = MEM_SIZE(mem_attr);
    const struct device_entry *d;
    const struct mem_window *w;

    va = mem_address(va, mem_attr);
    d = &known_space(cpu, mem_attr)->device[access][(va >> PAGE_BITS) % DEVICE_ENTRIES];
    w = d->window;
    if (d->page != align_down(va, PAGE_SIZE) || !mem_is_natural(va, mem_attr) ||
        cpu->watch != NULL || (mem_attr & MEM_FOR_WRITE)) {
        return NULL;
    }
    *at = d->at + va % PAGE_SIZE;
    /* A page may hold several. */
    return *at - d->first < d->bytes && size <= d->bytes - (*at - d->first) &&
                   (w->sizes & size) != 0
               ? w
               : NULL;
}

/* try_part() has found no memory. */
static enum cpu_try why_not(struct cpu *cpu, vaddr va, enum access access, const struct place *p)
{
    if (unlikely(cpu->hard)) {
        cpu->hard = false;
        cpu->fault.raised = false;
        return CPU_HARD;
    }
    if (cpu->fault.raised) {
        return CPU_FAULT;
    }
    if (p->window != NULL && p->is_steady) {
        unsigned i = (va >> PAGE_BITS) % DEVICE_ENTRIES;

        p->space->is_slow = true;
        p->space->device[access][i] = (struct device_entry){.page = align_down(va, PAGE_SIZE),
                                                            .at = p->at - va % PAGE_SIZE,
                                                            .first = p->at - p->before,
                                                            .bytes = p->before + p->left,
                                                            .window = p->window};
    }
    return CPU_HARD;
}

/* Both parts of an access that crosses a page. */
static enum cpu_try try_crossing(struct cpu *cpu, vaddr va, enum access access, uint32_t mem_attr,
                                 struct reach *r)
{
    unsigned size = MEM_SIZE(mem_attr), at = 0;

    r->size[0] = (unsigned)(PAGE_SIZE - va % PAGE_SIZE);
    r->size[1] = size - r->size[0];
    for (unsigned i = 0; i < 2; i++) {
        vaddr here = access_further(va, at, mem_attr);

        if (!try_part(cpu, here, r->size[i], access, mem_attr, &r->part[i])) {
            access_note_failed(cpu, va, access, mem_attr);
            return why_not(cpu, here, access, &r->part[i]);
        }
        at = r->size[0];
    }
    return CPU_DONE;
}

static enum cpu_try read_crossing(struct cpu *cpu, vaddr va, uint32_t mem_attr, uint8_t bytes[16])
{
    struct reach r;
    enum cpu_try answer = try_crossing(cpu, va, ACCESS_READ, mem_attr, &r);

    if (answer == CPU_DONE) {
        memcpy(bytes, r.part[0].host, r.size[0]);
        memcpy(bytes + r.size[0], r.part[1].host, r.size[1]);
        access_fill_read(va, &r.part[0]);
        access_fill_read(access_further(va, r.size[0], mem_attr), &r.part[1]);
    }
    return answer;
}

/* Of a load for a store: the page becomes one that the store finds in its table. */
static enum cpu_try try_reach_store(struct cpu *cpu, vaddr va, uint32_t mem_attr)
{
    unsigned size = MEM_SIZE(mem_attr);
    struct place p;

    if (!try_part(cpu, va, size, ACCESS_WRITE, mem_attr, &p)) {
        access_note_failed(cpu, va, ACCESS_WRITE, mem_attr);
        return why_not(cpu, va, ACCESS_WRITE, &p);
    }
    if (p.fill && !mem_write_is_heard(cpu->mem, p.block, p.at, size)) {
        mem_before_write(cpu->mem, p.block, p.at, size);
        access_fill_write(cpu, va, &p);
    }
    return CPU_DONE;
}

/* Reads in memory order. */
static enum cpu_try try_read(struct cpu *cpu, vaddr va, uint32_t mem_attr, uint8_t bytes[16])
{
    unsigned size = MEM_SIZE(mem_attr);
    bool crosses = va % PAGE_SIZE > PAGE_SIZE - size, for_write = (mem_attr & MEM_FOR_WRITE) != 0;
    enum cpu_try answer;
    struct place p;

    if (is_watched(cpu, va, size, ACCESS_READ) || (crosses && for_write)) {
        return CPU_HARD;
    }
    if (!access_alignment_holds(cpu, va, ACCESS_READ, mem_attr)) {
        return CPU_FAULT;
    }
    if (unlikely(crosses)) {
        return read_crossing(cpu, va, mem_attr, bytes);
    }
    if (for_write) {
        answer = try_reach_store(cpu, va, mem_attr);
        if (answer != CPU_DONE) {
            return answer;
        }
    }
    if (!try_part(cpu, va, size, ACCESS_READ, mem_attr, &p)) {
        return why_not(cpu, va, ACCESS_READ, &p);
    }
    access_fill_read(va, &p);
    memcpy(bytes, p.host, size);
    return CPU_DONE;
}

enum cpu_try cpu_try_load(struct cpu *cpu, vaddr va, uint32_t mem_attr, uint64_t *value)
{
    uint8_t bytes[16];
    unsigned size = MEM_SIZE(mem_attr);
    enum cpu_try answer = try_read(cpu, mem_address(va, mem_attr), mem_attr, bytes);

    if (answer == CPU_DONE) {
        *value = access_number_of(bytes, size, mem_attr);
    }
    return answer;
}

enum cpu_try cpu_try_load128(struct cpu *cpu, vaddr va, uint32_t mem_attr, uint64_t value[2])
{
    uint8_t bytes[16];
    enum cpu_try answer = try_read(cpu, mem_address(va, mem_attr), mem_attr, bytes);

    if (answer == CPU_DONE) {
        access_numbers_of(bytes, mem_attr, value);
    }
    return answer;
}

static struct mixed_entry *mixed_of(struct space *s, vaddr va)
{
    return &s->mixed[(va >> PAGE_BITS) % MIXED_ENTRIES];
}

/* A page that stores go to again and again, and that may not be in the write table. */
static bool find_mixed(struct space *s, vaddr va, struct place *p)
{
    const struct mixed_entry *m = mixed_of(s, va);

    if (m->page != align_down(va, PAGE_SIZE)) {
        return false;
    }
    *p = (struct place){.block = m->block, .at = m->at + va % PAGE_SIZE};
    p->host = mem_host(m->block, p->at);
    return true;
}

static enum cpu_try try_write_crossing(struct cpu *cpu, vaddr va, uint32_t mem_attr,
                                       const uint8_t bytes[16])
{
    struct reach r;
    enum cpu_try answer = try_crossing(cpu, va, ACCESS_WRITE, mem_attr, &r);

    if (answer != CPU_DONE) {
        return answer;
    }
    for (unsigned i = 0; i < 2; i++) {
        if (mem_write_is_heard(cpu->mem, r.part[i].block, r.part[i].at, r.size[i])) {
            return CPU_HARD;
        }
    }
    access_write_crossing(cpu, &r, bytes);
    return CPU_DONE;
}

/* Whether the write table has all of an access. */
static bool write_hits(const struct cpu *cpu, vaddr va, uint32_t mem_attr, struct tlb_entry *e)
{
    *e = known_space(cpu, mem_attr)->write[(va >> PAGE_BITS) % TLB_ENTRIES];
    return va - e->tag <= PAGE_SIZE - MEM_SIZE(mem_attr);
}

/* One page's bytes, which may be stored to without anybody hearing of it. */
static enum cpu_try try_place(struct cpu *cpu, vaddr va, uint32_t mem_attr, struct place *p)
{
    unsigned size = MEM_SIZE(mem_attr);

    if (!find_mixed(known_space(cpu, mem_attr), va, p) &&
        !try_part(cpu, va, size, ACCESS_WRITE, mem_attr, p)) {
        return why_not(cpu, va, ACCESS_WRITE, p);
    }
    if (mem_write_is_heard(cpu->mem, p->block, p->at, size)) {
        return CPU_HARD;
    }
    mem_before_write(cpu->mem, p->block, p->at, size);
    return CPU_DONE;
}

static void remember_place(struct cpu *cpu, vaddr va, const struct place *p)
{
    if (p->fill) {
        access_fill_write(cpu, va, p);
    } else if (p->is_steady && p->is_whole) {
        p->space->is_slow = true;
        *mixed_of(p->space, va) = (struct mixed_entry){.page = align_down(va, PAGE_SIZE),
                                                       .at = align_down(p->at, PAGE_SIZE),
                                                       .block = p->block};
    }
}

/* Stores bytes that are given in memory order. */
static enum cpu_try try_write(struct cpu *cpu, vaddr va, uint32_t mem_attr, const uint8_t bytes[16])
{
    unsigned size = MEM_SIZE(mem_attr);
    enum cpu_try answer;
    struct tlb_entry e;
    struct place p;

    if (write_hits(cpu, va, mem_attr, &e) && MEM_ALIGN_LOG2(mem_attr) == 0) {
        /* It came here for its alignment, which concerns only its marks. */
        p.host = (uint8_t *)(e.addend + (uintptr_t)va);
        memcpy(p.host, bytes, size);
        mem_mark(cpu->mem, p.host, size);
        return CPU_DONE;
    }
    if (is_watched(cpu, va, size, ACCESS_WRITE)) {
        return CPU_HARD;
    }
    if (!access_alignment_holds(cpu, va, ACCESS_WRITE, mem_attr)) {
        return CPU_FAULT;
    }
    if (unlikely(va % PAGE_SIZE > PAGE_SIZE - size)) {
        return try_write_crossing(cpu, va, mem_attr, bytes);
    }
    answer = try_place(cpu, va, mem_attr, &p);
    if (answer == CPU_DONE) {
        memcpy(p.host, bytes, size);
        remember_place(cpu, va, &p);
    }
    return answer;
}

enum cpu_try cpu_try_store(struct cpu *cpu, vaddr va, uint64_t value, uint32_t mem_attr)
{
    uint8_t bytes[16];

    access_set_number(bytes, MEM_SIZE(mem_attr), mem_attr, value);
    return try_write(cpu, mem_address(va, mem_attr), mem_attr, bytes);
}

enum cpu_try cpu_try_store128(struct cpu *cpu, vaddr va, uint32_t mem_attr, const uint64_t value[2])
{
    uint8_t bytes[16];

    access_set_numbers(bytes, mem_attr, value);
    return try_write(cpu, mem_address(va, mem_attr), mem_attr, bytes);
}

enum cpu_try cpu_try_rmw(struct cpu *cpu, vaddr va, uint32_t mem_attr, void **host)
{
    unsigned size = MEM_SIZE(mem_attr);
    enum cpu_try answer;
    struct tlb_entry e;
    struct place p, readable;

    va = mem_address(va, mem_attr);
    if (write_hits(cpu, va, mem_attr, &e) && mem_is_natural(va, mem_attr)) {
        *host = (void *)(e.addend + (uintptr_t)va); /* what may be written there may be read */
        mem_mark(cpu->mem, *host, size);
        return CPU_DONE;
    }
    if (is_watched(cpu, va, size, ACCESS_READ) || is_watched(cpu, va, size, ACCESS_WRITE) ||
        va % PAGE_SIZE > PAGE_SIZE - size) {
        return CPU_HARD;
    }
    if (!access_alignment_holds(cpu, va, ACCESS_WRITE, mem_attr)) {
        return CPU_FAULT;
    }
    answer = try_part(cpu, va, size, ACCESS_WRITE, mem_attr, &p)
                 ? CPU_DONE
                 : why_not(cpu, va, ACCESS_WRITE, &p);
    if (answer == CPU_DONE && !p.fill &&
        !try_part(cpu, va, size, ACCESS_READ, mem_attr, &readable)) {
        answer = why_not(cpu, va, ACCESS_READ, &readable);
    }
    if (answer != CPU_DONE) {
        access_note_failed(cpu, va, ACCESS_WRITE, mem_attr);
        return answer;
    }
    if (!p.is_both || mem_write_is_heard(cpu->mem, p.block, p.at, size)) {
        return CPU_HARD;
    }
    mem_before_write(cpu->mem, p.block, p.at, size);
    remember_place(cpu, va, &p);
    *host = p.host;
    return CPU_DONE;
}

enum cpu_try cpu_try_fill(struct cpu *cpu, vaddr va, enum access access, uint32_t mem_attr)
{
    struct place p;

    if (!try_part(cpu, va, 1, access, mem_attr, &p) || !p.fill) {
        return why_not(cpu, va, access, &p);
    }
    if (access == ACCESS_WRITE) {
        mem_before_write(cpu->mem, p.block, p.at, 1);
        access_fill_write(cpu, va, &p);
    } else {
        access_fill_read(va, &p);
    }
    return CPU_DONE;
}
