/* SPDX-License-Identifier: GPL-2.0-or-later
 * toy_walk: the processor's page tables: two levels of 1024 entries of 4 bytes, big-endian, which
 * loads, stores and fetches mark as accessed, stores as dirty. While `root` is 0 addresses are physical.
 */
#include "toy_parts.h"

enum { LEVELS = 2, INDEX_BITS = 10 };

static bool fail(struct cpu *cpu, vaddr va, enum access_as as, uint32_t cause)
{
    if (as != AS_DEBUG) {
        cpu_raise(cpu, cause, va);
    }
    return false;
}

/* The leaf is good for the access: marks it. */
static bool use_leaf(struct cpu *cpu, paddr at, uint32_t *entry, enum access access,
                     enum access_as as)
{
    uint32_t wanted = *entry | TOY_PTE_A | (access == ACCESS_WRITE ? TOY_PTE_D : 0);

    if (as == AS_DEBUG || wanted == *entry) {
        return true;
    }
    *entry = wanted;
    return cpu_walk_update(cpu, at, 4, __builtin_bswap32(wanted));
}

static bool walk(struct cpu *cpu, vaddr va, enum access access, enum access_as as, paddr *out,
                 bool *writable)
{
    const struct toy *s = cpu->state;
    uint32_t entry = s->root;
    paddr at = 0;

    for (unsigned level = LEVELS; level-- > 0;) {
        unsigned shift = PAGE_BITS + INDEX_BITS * level;
        uint64_t raw;

        at = align_down(entry, PAGE_SIZE) + 4 * bits_get(va, shift, INDEX_BITS);
        if (!cpu_walk_read(cpu, at, 4, &raw)) {
            return false;
        }
        entry = __builtin_bswap32((uint32_t)raw);
        if (!(entry & TOY_PTE_V)) {
            return false;
        }
        if (as != AS_DEBUG) {
            cpu_walk_used(cpu, at, 4, va, shift);
        }
    }
    if ((access == ACCESS_WRITE && !(entry & TOY_PTE_W)) ||
        ((entry & TOY_PTE_P) && as == AS_USER) ||
        ((entry & TOY_PTE_S) && as != AS_SYSTEM && as != AS_DEBUG) ||
        !use_leaf(cpu, at, &entry, access, as)) {
        return false;
    }
    *out = align_down(entry, PAGE_SIZE) | (va & (PAGE_SIZE - 1));
    *writable = (entry & TOY_PTE_W) && (entry & TOY_PTE_D);
    return true;
}

bool toy_translate(struct cpu *cpu, vaddr va, enum access access, enum access_as as,
                   struct translation *out)
{
    const struct toy *s = cpu->state;

    if (va > UINT32_MAX) {
        return fail(cpu, va, as, TOY_CAUSE_BUS);
    }
    *out = (struct translation){
        .at = va, .cacheable = true, .readable = true, .writable = true, .executable = true};
    return s->root == 0 || walk(cpu, va, access, as, &out->at, &out->writable) ||
           fail(cpu, va, as, TOY_CAUSE_PAGE);
}

/* ---- the tables that a machine begins with ---- */

static void map(uint8_t *table, vaddr va, paddr at, uint32_t flags)
{
    bytes_set_be(table + 4 * (va >> PAGE_BITS), 4, at | flags);
}

void toy_make_tables(uint8_t tables[2 * PAGE_SIZE])
{
    uint8_t *leaves = tables + PAGE_SIZE;

    memset(tables, 0, 2 * PAGE_SIZE);
    bytes_set_be(tables, 4, (TOY_TABLES + PAGE_SIZE) | TOY_PTE_V);
    for (paddr at = 0; at < TOY_RAM_SIZE; at += PAGE_SIZE) {
        map(leaves, TOY_RAM + at, TOY_RAM + at, TOY_PTE_V | TOY_PTE_W);
        map(leaves, TOY_ALIAS + at, TOY_RAM + at, TOY_PTE_V | TOY_PTE_W);
    }
    map(leaves, TOY_CONSOLE, TOY_CONSOLE, TOY_PTE_V | TOY_PTE_W);
    map(leaves, TOY_SCRATCH, TOY_SCRATCH, TOY_PTE_V | TOY_PTE_W);
    map(leaves, 0x8000, 0x8000, TOY_PTE_V | TOY_PTE_W); /* the ROM takes no notice */
    map(leaves, TOY_RAM + 0x12000, TOY_RAM + 0x12000, TOY_PTE_V);
    map(leaves, TOY_RAM + 0x13000, 0, 0);
    /* Only trap frames reach the stack of hart 1. */
    map(leaves, TOY_RAM + 0x3e000, TOY_RAM + 0x3e000, TOY_PTE_V | TOY_PTE_W | TOY_PTE_S);
}
