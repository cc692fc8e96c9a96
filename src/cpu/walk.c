/* SPDX-License-Identifier: GPL-2.0-or-later
 * walk: physical accesses of page-table walks, the fetch table, and the debugger's view of a
 * hart's memory. Page tables are little-endian on every ISA we have.
 */
#include "cpu/cpu.h"

/* A walk reads several entries, and nearly all of them in one block. */
static struct mem_block *block_with(struct cpu *cpu, paddr at, unsigned size, haddr *home)
{
    struct mem_block *b = mem_near_block(cpu->mem, at, size, home);
    struct mem_place p;

    if (likely(b != NULL)) {
        return b;
    }
    p = mem_find(cpu->mem, at, false);
    *home = p.at;
    return size <= p.left ? p.block : NULL;
}

bool cpu_walk_read(struct cpu *cpu, paddr at, unsigned size, uint64_t *out)
{
    haddr home;
    const struct mem_block *b = block_with(cpu, at, size, &home);

    if (b == NULL) {
        return false;
    }
    *out = bytes_get_le(mem_host(b, home), size);
    return true;
}

void cpu_walk_used(struct cpu *cpu, paddr at, unsigned size, vaddr va, unsigned shift)
{
    haddr home;

    if (block_with(cpu, at, size, &home) != NULL) {
        mem_table_used(cpu->mem, home, size, va, shift, cpu_chosen_spaces(cpu));
    }
}

bool cpu_walk_update(struct cpu *cpu, paddr at, unsigned size, uint64_t value)
{
    const struct mem_place p = mem_find(cpu->mem, at, true);

    if (p.block == NULL || !p.block->is_ram || !p.is_both || size > p.left) {
        return false;
    }
    if (unlikely(cpu->dry)) {
        return true;
    }
    if (unlikely(cpu->trying) && mem_update_is_heard(cpu->mem, p.block, p.at, size)) {
        cpu->hard = true;
        return false;
    }
    mem_before_walk_update(cpu->mem, p.block, p.at, size);
    bytes_set_le(mem_host(p.block, p.at), size, value);
    return true;
}

bool cpu_fetch(struct cpu *cpu, vaddr va, struct fetch *out)
{
    struct fetch_entry *f = &cpu->space->fetch[(va >> PAGE_BITS) % FETCH_ENTRIES];
    vaddr va_page = align_down(va, PAGE_SIZE);
    uint32_t left = (uint32_t)(PAGE_SIZE - va % PAGE_SIZE);
    struct mem_place p;
    struct translation t;

    if (f->page == va_page) {
        *out = (struct fetch){.page = f->at, .extent = left, .is_steady = true};
        return true;
    }
    if (!cpu->mmu->translate(cpu, va, ACCESS_FETCH, AS_CURRENT, &t)) {
        return false;
    }
    p = mem_find(cpu->mem, t.at, false);
    if (p.block == NULL) {
        cpu->mmu->bus_fault(cpu, va, ACCESS_FETCH);
        return false;
    }
    left = p.left < left ? (uint32_t)p.left : left;
    *out = (struct fetch){.page = align_down(p.at, PAGE_SIZE),
                          .extent = t.extent != 0 && t.extent < left ? t.extent : left,
                          .is_steady = t.cacheable && p.is_whole};
    if (out->is_steady && !cpu->dry) { /* else the next one has to walk, and to set A bits */
        *f = (struct fetch_entry){.page = va_page, .at = out->page};
    }
    return true;
}

paddr cpu_physical(struct cpu *cpu, vaddr va)
{
    uint32_t index = (uint32_t)((va >> PAGE_BITS) % TLB_ENTRIES);
    paddr at;

    if (cpu->space->read[index].tag == align_down(va, PAGE_SIZE)) {
        return cpu->space->physical[index] + va;
    }
    return cpu_debug_translate(cpu, va, &at) ? at : CPU_NOWHERE;
}

void cpu_end_reservation(struct cpu *cpu, haddr at, uint64_t size)
{
    paddr first = align_down(cpu->hart->reservation, CPU_RESERVED_BYTES);
    struct mem_place p;

    if (!cpu->hart->reserved) {
        return;
    }
    p = mem_find(cpu->mem, first, false);
    if (p.block != NULL && (p.at - at < size || at - p.at < CPU_RESERVED_BYTES)) {
        cpu->hart->reserved = 0;
    }
}

bool cpu_debug_translate(struct cpu *cpu, vaddr va, paddr *out)
{
    struct translation t;

    if (!cpu->mmu->translate(cpu, va, ACCESS_READ, AS_DEBUG, &t)) {
        return false;
    }
    *out = t.at;
    return true;
}

bool cpu_debug_read(struct cpu *cpu, vaddr va, void *bytes, size_t size)
{
    uint8_t *to = bytes;

    while (size != 0) {
        uint64_t piece = PAGE_SIZE - va % PAGE_SIZE;
        paddr at;

        if (piece > size) {
            piece = size;
        }
        if (!cpu_debug_translate(cpu, va, &at) || !mem_read_bytes(cpu->mem, at, to, piece)) {
            return false;
        }
        va += piece;
        to += piece;
        size -= (size_t)piece;
    }
    return true;
}
