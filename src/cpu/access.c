/* SPDX-License-Identifier: GPL-2.0-or-later
 * access: the slow way of guest loads and stores: any size from 1 to 16 bytes, any alignment, RAM,
 * ROM and devices; and the only place that fills the read and write tables (rules: cpu/cpu.h).
 *
 * Order of events of one access: alignment, watchpoints, translation of every page it touches
 * (from the lowest address), the bus, the bytes. Nothing is stored before all of it has passed.
 * Devices take what their window says, aligned; other accesses are split by those that want it, and
 * else go to mmu->bus_fault, as do those to where nothing is, and those of which one page's part lies in
 * several places. Stores to ROM are dropped.
 */
#include "cpu/access.h"

/* ---- tables ---- */

static struct tlb_entry entry_for(vaddr va, const struct place *p)
{
    vaddr page = align_down(va, PAGE_SIZE);

    return (struct tlb_entry){.tag = page, .addend = (uintptr_t)p->host - (uintptr_t)va};
}

/* The largest piece that was met. */
static void fill_flat(vaddr va, const struct place *p)
{
    uint64_t bytes = p->before + p->left;
    struct space *s = p->space;

    if (bytes > FLAT_SPAN && bytes - FLAT_SPAN > s->flat_bytes) {
        s->flat_first = va - p->before;
        s->flat_bytes = bytes - FLAT_SPAN;
        s->flat_addend = (uintptr_t)p->host - (uintptr_t)va;
    }
}

void access_fill_read(vaddr va, const struct place *p)
{
    if (unlikely(p->is_flat)) {
        fill_flat(va, p);
    }
    if (p->fill) {
        uint32_t index = (uint32_t)((va >> PAGE_BITS) % TLB_ENTRIES);

        p->space->read[index] = entry_for(va, p);
        p->space->physical[index] = p->physical - va;
        p->space->read_parts |= UINT64_C(1) << index / TLB_PART;
    }
}

/* Only after mem_before_write(), which made the page dirty. A page that holds code or tables in
 * use never gets here: see access_find_part(). */
void access_fill_write(struct cpu *cpu, vaddr va, const struct place *p)
{
    struct mem *m = cpu->mem;
    uint16_t index = (uint16_t)((va >> PAGE_BITS) % TLB_ENTRIES);
    uint32_t page;

    if (!p->fill) {
        return;
    }
    page = mem_page_of(p->block, p->at);
    if (!(m->flags[page] & PAGE_MAYBE_IN_W)) {
        m->flags[page] |= PAGE_MAYBE_IN_W;
        m->w_at[2 * page] = index;
        m->w_at[2 * page + 1] = MEM_W_NONE;
    } else if (m->w_at[2 * page] != index && m->w_at[2 * page + 1] != index) {
        m->w_at[2 * page + 1] = m->w_at[2 * page + 1] == MEM_W_NONE ? index : MEM_W_MANY;
    }
    p->space->write[index] = entry_for(va, p);
    p->space->write_parts |= UINT64_C(1) << index / TLB_PART;
}

/* ---- finding the bytes ---- */

static bool may_fill(const struct cpu *cpu, vaddr va, enum access access,
                     const struct translation *t, const struct place *p)
{
    const struct cpu_watch *watch = cpu->watch;
    const uint8_t slow = PAGE_CODE | PAGE_TABLE | PAGE_WATCHED;

    if (cpu->dry || !t->cacheable || !t->readable || !p->is_whole) {
        return false;
    }
    /* The write table also serves read-modify-write. */
    if (access == ACCESS_WRITE &&
        (!t->writable || !p->is_both || (cpu->mem->flags[mem_page_of(p->block, p->at)] & slow))) {
        return false;
    }
    if (watch == NULL) {
        return true;
    }
    /* For the same reason it is no place for watched reads either. */
    vaddr page = align_down(va, PAGE_SIZE);
    return !watch->page_watched(watch->opaque, page, ACCESS_READ) &&
           (access != ACCESS_WRITE || !watch->page_watched(watch->opaque, page, ACCESS_WRITE));
}

static void note(struct cpu_notes *notes, vaddr va, enum access access, uint32_t page)
{
    if (access == ACCESS_WRITE) {
        pairs_add(&notes->written, va >> PAGE_BITS, page);
    } else {
        pairs_add(&notes->read, va >> PAGE_BITS, 0);
    }
}

/* Whether all of the piece of memory that was found is translated like va. */
static bool is_linear(vaddr va, const struct translation *t, const struct mem_place *m)
{
    vaddr last = t->linear_bits >= 64 ? UINT64_MAX : (UINT64_C(1) << t->linear_bits) - 1;

    return t->linear_bits != 0 && m->before <= (va & last) && m->left - 1 <= last - (va & last);
}

/* Translates the part at va and finds what is there; false with a fault raised, or with none if
 * the ISA ignores accesses to nowhere. */
static bool find_bytes(struct cpu *cpu, vaddr va, unsigned size, enum access access,
                       uint32_t mem_attr, struct place *p)
{
    /* Before the walk, which notes who uses its tables. */
    struct space *space = cpu_space_as(cpu, MEM_AS(mem_attr));
    struct translation t = {0};
    struct mem_place m;

    *p = (struct place){.block = NULL};
    if (!cpu->mmu->translate(cpu, va, access, MEM_AS(mem_attr), &t)) {
        return false;
    }
    if (t.extent != 0 && size > t.extent) {
        cpu->mmu->bus_fault(cpu, va, access); /* protection ends inside the access */
        return false;
    }
    m = mem_find(cpu->mem, t.at, access == ACCESS_WRITE);
    if ((m.block == NULL && m.window == NULL) || size > m.left) {
        cpu->mmu->bus_fault(cpu, va, access);
        return false;
    }
    *p = (struct place){
        .space = space,
        .block = m.block,
        .window = m.window,
        .at = m.at,
        .physical = t.at,
        .before = m.before,
        .left = m.left,
        .is_steady = t.cacheable && (access == ACCESS_WRITE ? t.writable : t.readable),
        .is_whole = m.is_whole,
        .is_both = m.is_both,
        .is_dropped = m.block != NULL && access == ACCESS_WRITE && !m.block->is_ram};
    if (p->block != NULL) {
        p->host = mem_host(p->block, p->at);
        p->fill = !p->is_dropped && may_fill(cpu, va, access, &t, p);
        p->is_flat = p->fill && access == ACCESS_READ && is_linear(va, &t, &m) &&
                     cpu->watch == NULL && cpu->notes == NULL;
    }
    return true;
}

bool access_find_part(struct cpu *cpu, vaddr va, unsigned size, enum access access,
                      uint32_t mem_attr, struct place *p)
{
    bool found = find_bytes(cpu, va, size, access, mem_attr, p);

    if (unlikely(cpu->notes != NULL)) {
        note(cpu->notes, va, access,
             found && p->block != NULL && !p->is_dropped ? mem_page_of(p->block, p->at)
                                                         : CPU_NOTE_ANY);
    }
    return found;
}

/* Whether the part is memory, or of a device that wants to have accesses split. */
static bool may_be_split(const struct place *p)
{
    return p->window == NULL || p->window->splits;
}

/* A device takes some of 1, 2, 4 and 8 bytes, at a multiple of their number, in one page; or has
 * everything else split. */
static bool window_takes(struct cpu *cpu, vaddr va, unsigned size, enum access access,
                         const struct reach *r)
{
    const struct mem_window *w = r->part[0].window;

    if (may_be_split(&r->part[0]) && may_be_split(&r->part[1])) {
        return true;
    }
    if (w == NULL || va % size != 0 || r->size[1] != 0 || (w->sizes & size) == 0) {
        if (w != NULL && w->refused != NULL && !cpu->dry) {
            w->refused(w->opaque, r->part[0].at, size, access == ACCESS_WRITE);
        }
        cpu->mmu->bus_fault(cpu, va, access);
        return false;
    }
    return true;
}

static bool watch_stops(struct cpu *cpu, vaddr va, unsigned size, enum access access,
                        uint64_t value)
{
    const struct cpu_watch *watch = cpu->watch;

    if (cpu->watch_hit) { /* the step is tried, and will not be taken */
        return true;
    }
    if (watch != NULL && !cpu->asked && watch->stop(watch->opaque, cpu, va, size, access, value)) {
        cpu->watch_hit = true;
        return true;
    }
    return false;
}

bool access_alignment_holds(struct cpu *cpu, vaddr va, enum access access, uint32_t mem_attr)
{
    if ((va & MEM_ALIGN_MASK(mem_attr)) != 0) {
        cpu->mmu->misaligned(cpu, va, mem_attr & MEM_FOR_WRITE ? ACCESS_WRITE : access);
        return false;
    }
    return true;
}

vaddr access_further(vaddr va, unsigned by, uint32_t mem_attr)
{
    return mem_address(va + by, mem_attr);
}

static bool find_parts(struct cpu *cpu, vaddr va, enum access access, uint32_t mem_attr,
                       struct reach *r)
{
    unsigned size = MEM_SIZE(mem_attr);
    unsigned left = (unsigned)(PAGE_SIZE - va % PAGE_SIZE);

    r->part[1] = (struct place){.block = NULL};
    r->size[0] = size < left ? size : left;
    r->size[1] = size - r->size[0];
    if (!access_find_part(cpu, va, r->size[0], access, mem_attr, &r->part[0])) {
        return false;
    }
    if (r->size[1] != 0 && !access_find_part(cpu, access_further(va, r->size[0], mem_attr),
                                             r->size[1], access, mem_attr, &r->part[1])) {
        return false;
    }
    return window_takes(cpu, va, size, access, r);
}

void access_note_failed(struct cpu *cpu, vaddr va, enum access access, uint32_t mem_attr)
{
    if (unlikely(cpu->notes != NULL)) {
        note(cpu->notes, va, access, CPU_NOTE_ANY);
        note(cpu->notes, access_further(va, MEM_SIZE(mem_attr) - 1, mem_attr), access,
             CPU_NOTE_ANY);
    }
}

/* Finds all bytes of an access. */
static bool reach(struct cpu *cpu, vaddr va, enum access access, uint32_t mem_attr, struct reach *r)
{
    if (find_parts(cpu, va, access, mem_attr, r)) {
        return true;
    }
    access_note_failed(cpu, va, access, mem_attr);
    return false;
}

/* ---- bytes ---- */

/* An access of which a part, or all, is a window's. What the first part does to the map changes nothing
 * for the second, and no table is filled: it may be right no more. */
static void read_windows(struct cpu *cpu, const struct reach *r, uint8_t *bytes)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct place *p = &r->part[i];

        if (p->window != NULL) {
            (void)mem_window_read(p->window, p->at, bytes, r->size[i], (int)cpu->number);
        } else if (r->size[i] != 0) {
            memcpy(bytes, p->host, r->size[i]);
        }
        bytes += r->size[i];
    }
}

static void write_windows(struct cpu *cpu, const struct reach *r, const uint8_t *bytes)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct place *p = &r->part[i];

        if (p->window != NULL) {
            (void)mem_window_write(p->window, p->at, bytes, r->size[i], (int)cpu->number);
        } else if (r->size[i] != 0 && !p->is_dropped) {
            mem_before_write(cpu->mem, p->block, p->at, r->size[i]);
            memcpy(p->host, bytes, r->size[i]);
        }
        bytes += r->size[i];
    }
}

/* Finds the bytes of a load, if it is for a store those of that before. */
static bool reach_load(struct cpu *cpu, vaddr va, uint32_t mem_attr, struct reach *r)
{
    struct reach written;

    if ((mem_attr & MEM_FOR_WRITE) && !reach(cpu, va, ACCESS_WRITE, mem_attr, &written)) {
        return false;
    }
    return reach(cpu, va, ACCESS_READ, mem_attr, r);
}

/* Reads `size` bytes in memory order. */
static bool read_bytes(struct cpu *cpu, vaddr va, uint32_t mem_attr, uint8_t bytes[16])
{
    unsigned size = MEM_SIZE(mem_attr);
    struct reach r;

    if (!access_alignment_holds(cpu, va, ACCESS_READ, mem_attr) ||
        watch_stops(cpu, va, size, ACCESS_READ, 0) || !reach_load(cpu, va, mem_attr, &r)) {
        return false;
    }
    if (unlikely(r.part[0].window != NULL || r.part[1].window != NULL)) {
        if (cpu->dry) {
            memset(bytes, 0, size);
        } else {
            read_windows(cpu, &r, bytes);
        }
        return true;
    }
    memcpy(bytes, r.part[0].host, r.size[0]);
    access_fill_read(va, &r.part[0]);
    if (r.size[1] != 0) {
        memcpy(bytes + r.size[0], r.part[1].host, r.size[1]);
        access_fill_read(access_further(va, r.size[0], mem_attr), &r.part[1]);
    }
    return true;
}

/* Both parts are announced before either is stored; listeners may drop what translations rest on,
 * so a crossing access fills nothing. */
void access_write_crossing(struct cpu *cpu, const struct reach *r, const uint8_t *bytes)
{
    for (unsigned i = 0; i < 2; i++) {
        if (!r->part[i].is_dropped) {
            mem_before_write(cpu->mem, r->part[i].block, r->part[i].at, r->size[i]);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        if (!r->part[i].is_dropped) {
            memcpy(r->part[i].host, bytes + (i == 0 ? 0 : r->size[0]), r->size[i]);
        }
    }
}

/* Stores `size` bytes, given in memory order. */
static bool write_bytes(struct cpu *cpu, vaddr va, uint32_t mem_attr, const uint8_t bytes[16])
{
    unsigned size = MEM_SIZE(mem_attr);
    struct reach r;

    if (!reach(cpu, va, ACCESS_WRITE, mem_attr, &r)) {
        return false;
    }
    if (unlikely(cpu->dry)) {
        return true;
    }
    if (unlikely(r.part[0].window != NULL || r.part[1].window != NULL)) {
        write_windows(cpu, &r, bytes);
    } else if (r.size[1] != 0) {
        access_write_crossing(cpu, &r, bytes);
    } else if (!r.part[0].is_dropped) {
        mem_before_write(cpu->mem, r.part[0].block, r.part[0].at, size);
        memcpy(r.part[0].host, bytes, size);
        access_fill_write(cpu, va, &r.part[0]);
    }
    return true;
}

/* ---- numbers ---- */

uint64_t access_number_of(const uint8_t *bytes, unsigned size, uint32_t mem_attr)
{
    uint64_t value = mem_attr & MEM_BIG ? bytes_get_be(bytes, size) : bytes_get_le(bytes, size);

    return mem_attr & MEM_SIGNED ? bits_sext(value, 8 * size) : value;
}

void access_set_number(uint8_t *bytes, unsigned size, uint32_t mem_attr, uint64_t value)
{
    if (mem_attr & MEM_BIG) {
        bytes_set_be(bytes, size, value);
    } else {
        bytes_set_le(bytes, size, value);
    }
}

/* Of 16 bytes; value[0] is the less significant half. */
void access_numbers_of(const uint8_t bytes[16], uint32_t mem_attr, uint64_t value[2])
{
    unsigned low = mem_attr & MEM_BIG ? 8 : 0;

    for (unsigned i = 0; i < 2; i++) {
        value[i] = access_number_of(bytes + (low ^ 8 * i), 8, mem_attr & MEM_BIG);
    }
}

void access_set_numbers(uint8_t bytes[16], uint32_t mem_attr, const uint64_t value[2])
{
    unsigned low = mem_attr & MEM_BIG ? 8 : 0;

    for (unsigned i = 0; i < 2; i++) {
        access_set_number(bytes + (low ^ 8 * i), 8, mem_attr, value[i]);
    }
}

/* ---- what cpu.h promises ---- */

uint64_t cpu_load(struct cpu *cpu, vaddr va, uint32_t mem_attr)
{
    uint8_t bytes[16];
    unsigned size = MEM_SIZE(mem_attr);

    must(size <= 8);
    va = mem_address(va, mem_attr);
    return read_bytes(cpu, va, mem_attr, bytes) ? access_number_of(bytes, size, mem_attr) : 0;
}

void cpu_store(struct cpu *cpu, vaddr va, uint64_t value, uint32_t mem_attr)
{
    uint8_t bytes[16];
    unsigned size = MEM_SIZE(mem_attr);

    must(size <= 8);
    va = mem_address(va, mem_attr);
    if (!access_alignment_holds(cpu, va, ACCESS_WRITE, mem_attr) ||
        watch_stops(cpu, va, size, ACCESS_WRITE, bits_get(value, 0, 8 * size))) {
        return;
    }
    access_set_number(bytes, size, mem_attr, value);
    (void)write_bytes(cpu, va, mem_attr, bytes);
}

bool cpu_load128(struct cpu *cpu, vaddr va, uint32_t mem_attr, uint64_t out[2])
{
    uint8_t bytes[16];

    must(MEM_SIZE(mem_attr) == 16);
    out[0] = 0;
    out[1] = 0;
    va = mem_address(va, mem_attr);
    if (!read_bytes(cpu, va, mem_attr, bytes)) {
        return false;
    }
    access_numbers_of(bytes, mem_attr, out);
    return true;
}

bool cpu_store128(struct cpu *cpu, vaddr va, uint32_t mem_attr, const uint64_t value[2])
{
    uint8_t bytes[16];

    must(MEM_SIZE(mem_attr) == 16);
    va = mem_address(va, mem_attr);
    if (!access_alignment_holds(cpu, va, ACCESS_WRITE, mem_attr) ||
        watch_stops(cpu, va, 16, ACCESS_WRITE, value[0])) {
        return false;
    }
    access_set_numbers(bytes, mem_attr, value);
    return write_bytes(cpu, va, mem_attr, bytes);
}

void *cpu_rmw_address(struct cpu *cpu, vaddr va, uint32_t mem_attr, bool *device)
{
    unsigned size = MEM_SIZE(mem_attr);
    struct reach r, readable;

    *device = false;
    va = mem_address(va, mem_attr);
    if (!access_alignment_holds(cpu, va, ACCESS_WRITE, mem_attr) ||
        watch_stops(cpu, va, size, ACCESS_READ, 0) || watch_stops(cpu, va, size, ACCESS_WRITE, 0) ||
        !reach(cpu, va, ACCESS_WRITE, mem_attr, &r)) {
        return NULL;
    }
    if (!r.part[0].fill && !reach(cpu, va, ACCESS_READ, mem_attr, &readable)) {
        access_note_failed(cpu, va, ACCESS_WRITE, mem_attr);
        return NULL;
    }
    if (r.part[0].window != NULL || r.part[0].is_dropped || !r.part[0].is_both || r.size[1] != 0) {
        *device = true;
        return NULL;
    }
    if (unlikely(cpu->dry)) {
        return memcpy(cpu->dry_bytes, r.part[0].host, size);
    }
    mem_before_write(cpu->mem, r.part[0].block, r.part[0].at, size);
    access_fill_write(cpu, va, &r.part[0]);
    return r.part[0].host;
}
