/* SPDX-License-Identifier: GPL-2.0-or-later
 * store: saving a machine and making it what it was. A save costs the pages written since the
 * last save or restore, a restore the pages that differ, wherever one comes from.
 */
#include <stdio.h>
#include <stdlib.h>

#include "checkpoint/internal.h"

struct checkpoint_store *checkpoint_store_new(struct machine *m)
{
    struct checkpoint_store *s = base_alloc(1, sizeof(*s));

    must(machine_is_sealed(m));
    s->machine = m;
    s->pool = machine_pages(m);
    s->base.level = tree_level_for(machine_mem(m)->page_count);
    for (unsigned i = 0; i < machine_part_count(m); i++) {
        s->parts_size += machine_part(m, i)->table->state_size;
        if (machine_part(m, i)->tree != NULL) {
            s->live[s->live_count++] = machine_part(m, i)->tree;
        }
    }
    return s;
}

void checkpoint_store_free(struct checkpoint_store *s)
{
    if (s == NULL) {
        return;
    }
    must(s->checkpoint_count == 0);
    tree_drop(s->pool, &s->base);
    free(s);
}

struct checkpoint *checkpoint_new(struct checkpoint_store *s)
{
    struct checkpoint *c = base_alloc(1, sizeof(*c) + s->parts_size);

    c->store = s;
    c->refs = 1;
    c->memory.level = s->base.level;
    c->live = base_alloc(s->live_count, sizeof(*c->live));
    for (unsigned i = 0; i < s->live_count; i++) {
        c->live[i].level = s->live[i]->tree.level;
    }
    s->checkpoint_count++;
    return c;
}

struct checkpoint *checkpoint_hold(struct checkpoint *c)
{
    c->refs++;
    return c;
}

void checkpoint_drop(struct checkpoint *c)
{
    if (c == NULL || --c->refs != 0) {
        return;
    }
    tree_drop(c->store->pool, &c->memory);
    for (unsigned i = 0; i < c->store->live_count; i++) {
        tree_drop(c->store->pool, &c->live[i]);
    }
    c->store->checkpoint_count--;
    free(c->live);
    free(c);
}

tick checkpoint_tick(const struct checkpoint *c)
{
    return c->at;
}

uint64_t checkpoint_instructions(const struct checkpoint *c)
{
    return c->instructions;
}

uint64_t checkpoint_tree_bytes(const struct checkpoint *c)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < c->store->live_count; i++) {
        bytes += (uint64_t)tree_pages(&c->live[i]) << PAGE_BITS;
    }
    return bytes;
}

uint64_t checkpoint_store_bytes(const struct checkpoint_store *s)
{
    uint64_t bytes = tree_pool_bytes(s->pool), alive = 0;

    for (unsigned i = 0; i < s->live_count; i++) {
        alive += (uint64_t)tree_pages(&s->live[i]->tree) * TREE_PAGE_BYTES;
    }
    return (bytes > alive ? bytes - alive : 0) +
           s->checkpoint_count * (sizeof(struct checkpoint) + s->parts_size +
                                  s->live_count * sizeof(struct page_tree));
}

struct checkpoint_stats checkpoint_store_stats(const struct checkpoint_store *s)
{
    struct checkpoint_stats stats = s->stats;

    stats.pages_kept = s->pool->kept;
    stats.pages_held = s->pool->page_count;
    return stats;
}

/* ---- trees by their numbers ---- */

struct page_tree *whose_tree(struct whose w, struct checkpoint *c)
{
    return w.space == 0 ? &c->memory : &c->live[w.space - 1];
}

uint32_t whose_page_count(struct whose w)
{
    return w.space == 0 ? machine_mem(w.store->machine)->page_count
                        : live_tree_page_count(w.store->live[w.space - 1]);
}

uint64_t whose_hash(struct whose w, uint32_t index, const uint8_t bytes[PAGE_SIZE])
{
    return w.space == 0 ? mem_page_hash_of(machine_mem(w.store->machine), index, bytes)
                        : mem_hash_bytes((haddr)index << PAGE_BITS, bytes);
}

void whose_name(struct whose w, uint64_t index, char name[64])
{
    const struct machine *m = w.store->machine;

    snprintf(name, 64, "page %llu", (unsigned long long)index);
    for (unsigned i = 0; w.space != 0 && i < machine_part_count(m); i++) {
        if (machine_part(m, i)->tree == w.store->live[w.space - 1]) {
            snprintf(name, 64, "page %llu of %s", (unsigned long long)index,
                     machine_part(m, i)->name);
        }
    }
}

/* ---- save ---- */

static void save_page(struct checkpoint_store *s, uint32_t index)
{
    struct mem *mem = machine_mem(s->machine);
    struct page *page = NULL;

    if (mem->hash[index] != 0) {
        page = page_keep(s->pool, mem_page_bytes(mem, index), mem->hash[index]);
    }
    tree_set(s->pool, &s->base, index, page);
    s->stats.pages_saved++;
}

/* Makes the base what memory is now. */
static void move_base(struct checkpoint_store *s)
{
    struct mem *mem = machine_mem(s->machine);

    mem_hash(mem);
    if (s->has_base) {
        uint32_t count;
        const uint32_t *dirty = mem_checkpoint_dirty(mem, &count);

        for (uint32_t i = 0; i < count; i++) {
            save_page(s, dirty[i]);
        }
    } else {
        /* Who cleaned the dirty list before, if anyone, is unknown: look at all that is there. */
        tree_drop(s->pool, &s->base);
        for (uint32_t i = 0; i < mem->page_count; i++) {
            if (mem->hash[i] != 0) {
                save_page(s, i);
            }
        }
        s->has_base = true;
    }
    mem_checkpoint_clean(mem);
}

struct checkpoint *checkpoint_save(struct checkpoint_store *s)
{
    const struct machine *m = s->machine;
    struct checkpoint *c = checkpoint_new(s);
    uint8_t *to = c->parts;

    must(!machine_is_running(m));
    move_base(s);
    c->memory = tree_hold(s->base);
    for (unsigned i = 0; i < s->live_count; i++) {
        c->live[i] = live_tree_save(s->live[i]);
    }
    for (unsigned i = 0; i < machine_part_count(m); i++) {
        memcpy(to, machine_part(m, i)->state, machine_part(m, i)->table->state_size);
        to += machine_part(m, i)->table->state_size;
    }
    c->at = machine_state(m)->now;
    c->instructions = machine_state(m)->instructions;
    s->stats.saves++;
    return c;
}

/* ---- restore ---- */

static void restore_page(struct checkpoint_store *s, uint32_t index, struct page *page)
{
    mem_restore_page(machine_mem(s->machine), index,
                     page != NULL ? page_bytes(s->pool, page) : NULL,
                     page != NULL ? page->hash : 0);
    s->stats.pages_restored++;
}

/* A page that was written since the base. Its hash may be out of date, so its bytes decide. */
static void restore_dirty(struct checkpoint_store *s, const struct page_tree *to, uint32_t index)
{
    struct page *page = tree_get(to, index);
    struct mem *mem = machine_mem(s->machine);

    if (page == NULL ||
        memcmp(mem_page_bytes(mem, index), page_bytes(s->pool, page), PAGE_SIZE) != 0) {
        restore_page(s, index, page);
    }
}

static void restore_other(void *opaque, uint32_t index, struct page *in_b)
{
    struct checkpoint_store *s = opaque;

    if (!(machine_mem(s->machine)->flags[index] & PAGE_DIRTY_CHECKPOINT)) {
        restore_page(s, index, in_b);
    }
}

static void restore_memory(struct checkpoint_store *s, const struct page_tree *to)
{
    struct mem *mem = machine_mem(s->machine);
    uint32_t count;
    const uint32_t *dirty;

    if (!s->has_base) {
        move_base(s);
    }
    dirty = mem_checkpoint_dirty(mem, &count);
    for (uint32_t i = 0; i < count; i++) {
        restore_dirty(s, to, dirty[i]);
    }
    tree_compare(&s->base, to, s, restore_other);
    tree_drop(s->pool, &s->base);
    s->base = tree_hold(*to);
    mem_checkpoint_clean(mem);
}

/* Translated code is the same for the same bytes, and mem told of those that changed; what harts
 * remember of translations may rest on state that was replaced. */
static void forget_translations(struct machine *m)
{
    for (unsigned i = 0; i < machine_hart_count(m); i++) {
        cpu_forget(machine_cpu(m, i));
    }
    mem_tables_forget(machine_mem(m));
}

void checkpoint_restore(struct checkpoint_store *s, const struct checkpoint *c)
{
    struct machine *m = s->machine;
    const uint8_t *from = c->parts;

    must(c->store == s && !machine_is_running(m));
    restore_memory(s, &c->memory);
    for (unsigned i = 0; i < s->live_count; i++) {
        live_tree_restore(s->live[i], c->live[i]);
    }
    for (unsigned i = 0; i < machine_part_count(m); i++) {
        memcpy(machine_part(m, i)->state, from, machine_part(m, i)->table->state_size);
        from += machine_part(m, i)->table->state_size;
    }
    machine_replaced(m);
    machine_remap(m);
    forget_translations(m);
    s->stats.restores++;
}
