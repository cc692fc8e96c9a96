/* SPDX-License-Identifier: GPL-2.0-or-later
 * cache: translated blocks by (pc, home, mode), and what happens to them when memory
 * changes. The engine listens to mem for all harts: code, page tables, epochs, DMA.
 */
#include <stdlib.h>

#include "engine/internal.h"
#include "host/host.h"

static uint32_t bucket_of(vaddr pc, uint64_t mode)
{
    uint64_t h = (pc >> 1) ^ (pc >> 17) ^ (mode ^ mode >> 32) * 0x9e3779b1u;
    return (uint32_t)h & (ENGINE_BUCKETS - 1);
}

static void unlink_from_page(struct engine *e, struct block *b, unsigned which)
{
    struct block **link = &e->page_list[b->page[which]];

    while (*link != b) {
        unsigned w = (*link)->page[0] == b->page[which] ? 0 : 1;
        link = &(*link)->page_next[w];
    }
    *link = b->page_next[which];
}

/* The bytes of a block changed: nobody finds it any more. Its shell stays until the next flush, so
 * that jump entries may go on pointing at it; its mode matches nothing. */
static void kill_block(struct engine *e, struct block *b)
{
    struct block **link = &e->buckets[bucket_of(b->pc, b->mode)];

    while (*link != b) {
        link = &(*link)->hash_next;
    }
    *link = b->hash_next;
    for (unsigned i = 0; i < 2; i++) {
        if (b->page[i] != BLOCK_NO_PAGE) {
            unlink_from_page(e, b, i);
        }
    }
    b->mode = BLOCK_DEAD;
    if (e->jit && b->code != jit_no_code(e->jit)) {
        jit_kill(e->jit, b->code);
        b->code = jit_no_code(e->jit);
    }
    if (b->ir) {
        vec_push(&e->dead_ir, b->ir);
        b->ir = NULL;
    }
    e->stats.invalidations++;
}

static unsigned side_of(const struct block *b, uint32_t page)
{
    return b->page[0] == page ? 0 : 1;
}

static void recount_granules(struct engine *e, uint32_t page)
{
    uint64_t left = 0;
    struct block *b;

    for (b = e->page_list[page]; b; b = b->page_next[side_of(b, page)]) {
        left |= b->granules[side_of(b, page)];
    }
    mem_code_gone(e->mem, page);
    if (left) {
        mem_code_used(e->mem, page, left);
    }
}

void cache_kill(struct engine *e, struct block *b)
{
    uint32_t pages[2] = {b->page[0], b->page[1]};

    must(!e->running);
    kill_block(e, b);
    for (unsigned i = 0; i < 2; i++) {
        if (pages[i] != BLOCK_NO_PAGE) {
            recount_granules(e, pages[i]);
        }
    }
}

static void code_written(void *listener, uint32_t page, uint64_t granules)
{
    struct engine *e = listener;
    struct block *next;

    for (struct block *b = e->page_list[page]; b; b = next) {
        unsigned side = side_of(b, page);
        next = b->page_next[side];
        if (b->granules[side] & granules) {
            kill_block(e, b);
        }
    }
    recount_granules(e, page);
    if (e->running) {
        e->running->look = true; /* it may be the running block: leave after this instruction */
    }
}

static void table_written(void *listener, vaddr first, uint64_t bytes, uint32_t users)
{
    struct engine *e = listener;

    for (unsigned i = 0; i < e->cpu_count; i++) {
        if (bytes) {
            cpu_forget_in(&e->cpus[i], users, first, bytes);
        } else {
            cpu_forget(&e->cpus[i]);
        }
    }
    if (!bytes) {
        mem_tables_forget(e->mem);
    }
    if (e->running) {
        e->running->look = true;
    }
}

static void page_unwritable(void *listener, uint32_t page)
{
    struct engine *e = listener;
    for (unsigned i = 0; i < e->cpu_count; i++) {
        cpu_forget_page(&e->cpus[i], page);
    }
}

static void epoch(void *listener)
{
    struct engine *e = listener;
    for (unsigned i = 0; i < e->cpu_count; i++) {
        cpu_forget_writes(&e->cpus[i]);
    }
}

static void dma_written(void *listener, haddr at, uint64_t size)
{
    struct engine *e = listener;
    for (unsigned i = 0; i < e->cpu_count; i++) {
        cpu_end_reservation(&e->cpus[i], at, size);
    }
}

/* What harts found by physical addresses is gone, and translated code stays: it is of storage. */
static void map_changed(void *listener)
{
    table_written(listener, 0, 0, UINT32_MAX);
}

void cache_init(struct engine *e)
{
    e->buckets = base_alloc(ENGINE_BUCKETS, sizeof(*e->buckets));
    e->page_list = base_alloc(e->mem->page_count, sizeof(*e->page_list));
    e->block_limit = ENGINE_BLOCKS;
    e->mem->listener = e;
    e->mem->code_written = code_written;
    e->mem->table_written = table_written;
    e->mem->page_unwritable = page_unwritable;
    e->mem->epoch = epoch;
    e->mem->dma_written = dma_written;
    e->mem->map_changed = map_changed;
}

void cache_flush(struct engine *e)
{
    for (unsigned i = 0; i < e->cpu_count; i++) {
        cpu_forget_jumps(&e->cpus[i]);
    }
    for (size_t i = 0; i < e->block_count; i++) {
        struct block *b = cache_block(e, i);

        e->buckets[bucket_of(b->pc, b->mode)] = NULL; /* a dead one is in none: no harm */
        for (unsigned side = 0; side < 2; side++) {
            if (b->page[side] != BLOCK_NO_PAGE) {
                e->page_list[b->page[side]] = NULL;
                mem_code_gone(e->mem, b->page[side]);
            }
        }
        free(b->ir);
    }
    if (e->jit) {
        jit_flush(e->jit);
    }
    e->built = NULL;
    e->block_count = 0;
    e->stats.flushes++;
}

void cache_fini(struct engine *e)
{
    cache_flush(e);
    for (size_t i = 0; i < e->dead_ir.count; i++) {
        free(e->dead_ir.data[i]);
    }
    vec_fini(&e->dead_ir);
    free(e->tried);
    for (size_t i = 0; i < e->shelves.count; i++) {
        host_pages_unmap(e->shelves.data[i], SHELF_BLOCKS * sizeof(struct block));
    }
    vec_fini(&e->shelves);
    free(e->buckets);
    free(e->page_list);
    jit_free(e->jit);
}

struct block *cache_new_block(struct engine *e)
{
    struct block *b;

    if (e->block_count == e->shelves.count * SHELF_BLOCKS) {
        struct block *shelf = host_pages_map(SHELF_BLOCKS * sizeof(*shelf), NULL);

        must(shelf != NULL);
        vec_push(&e->shelves, shelf);
    }
    b = cache_block(e, e->block_count);
    memset(b, 0, sizeof(*b));
    return b;
}

void cache_add(struct engine *e, struct block *b)
{
    struct block **bucket = &e->buckets[bucket_of(b->pc, b->mode)];

    b->hash_next = *bucket;
    *bucket = b;
    for (unsigned i = 0; i < 2; i++) {
        if (b->page[i] != BLOCK_NO_PAGE) {
            b->page_next[i] = e->page_list[b->page[i]];
            e->page_list[b->page[i]] = b;
            mem_code_used(e->mem, b->page[i], b->granules[i]);
        }
    }
    must(b == cache_block(e, e->block_count));
    e->block_count++;
}

/* Whether a block that begins where `f` is may be executed to its end, and is what is there. */
static bool holds(struct cpu *cpu, const struct block *b, const struct fetch *f)
{
    uint32_t may = f->extent;
    struct fetch rest;

    while (may < b->bytes) {
        if (b->insn_count != 1) { /* it was made when more was allowed */
            return false;
        }
        if (!cpu_fetch(cpu, b->pc + may, &rest)) {
            cpu->fault.raised = false; /* translate() will meet it again, with the right pc */
            return false;
        }
        if ((b->pc + may) % PAGE_SIZE == 0 && rest.page != b->second_page) {
            return false; /* it crosses into a page that is elsewhere now */
        }
        may += rest.extent;
    }
    return true;
}

struct block *cache_find(struct engine *e, struct cpu *cpu, uint64_t mode)
{
    vaddr pc = cpu->hart->pc;
    struct block *b = cache_known(cpu, mode);
    struct fetch f;
    haddr at;

    if (likely(b != NULL)) {
        return b;
    }
    if (!cpu_fetch(cpu, pc, &f)) {
        return NULL;
    }
    at = f.page | (pc & (PAGE_SIZE - 1));
    for (b = e->buckets[bucket_of(pc, mode)]; b; b = b->hash_next) {
        if (b->pc == pc && b->at == at && b->mode == mode && b->model == cpu->model_number &&
            holds(cpu, b, &f)) {
            break;
        }
    }
    if (!b) {
        if (e->block_count >= e->block_limit) {
            cache_flush(e);
        }
        b = translate(e, cpu, mode, &f);
        if (!b) {
            return NULL;
        }
        cache_add(e, b);
    }
    if (unlikely(e->noting) && b->noted != e->note_round) {
        footprint_note_block(e, b);
    }
    if (likely(!cpu->dry)) {
        cpu_know_jump(cpu, pc, jump_variant(cpu, mode), b);
    }
    return b;
}

struct block *cache_look_up(struct engine *e, struct cpu *cpu, uint64_t mode)
{
    struct block *b;

    must(!cpu->dry);
    cpu->dry = true;
    b = cache_find(e, cpu, mode);
    cpu->dry = false;
    return b;
}
