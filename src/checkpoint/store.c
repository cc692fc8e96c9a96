/* SPDX-License-Identifier: GPL-2.0-or-later
 * store: saving a machine and making it what it was. A save costs the pages written since the
 * last save or restore, a restore the pages that differ, wherever one comes from.
 */
#include <stdlib.h>

#include "checkpoint/internal.h"

struct checkpoint_store *checkpoint_store_new(struct machine *m)
{
    struct checkpoint_store *s = base_alloc(1, sizeof(*s));

    must(m->sealed);
    s->machine = m;
    page_pool_init(&s->pool);
    s->base.level = tree_level_for(m->mem.page_count);
    for (unsigned i = 0; i < m->part_count; i++) {
        s->parts_size += m->parts[i].table->state_size;
    }
    return s;
}

void checkpoint_store_free(struct checkpoint_store *s)
{
    if (s == NULL) {
        return;
    }
    must(s->checkpoint_count == 0);
    tree_drop(&s->pool, &s->base);
    page_pool_fini(&s->pool);
    free(s);
}

struct checkpoint *checkpoint_new(struct checkpoint_store *s)
{
    struct checkpoint *c = base_alloc(1, sizeof(*c) + s->parts_size);

    c->store = s;
    c->refs = 1;
    c->memory.level = s->base.level;
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
    tree_drop(&c->store->pool, &c->memory);
    c->store->checkpoint_count--;
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

uint64_t checkpoint_store_bytes(const struct checkpoint_store *s)
{
    return page_pool_bytes(&s->pool) +
           s->checkpoint_count * (sizeof(struct checkpoint) + s->parts_size);
}

struct checkpoint_stats checkpoint_store_stats(const struct checkpoint_store *s)
{
    struct checkpoint_stats stats = s->stats;

    stats.pages_kept = s->pool.kept;
    stats.pages_held = s->pool.page_count;
    return stats;
}

/* ---- save ---- */

static void save_page(struct checkpoint_store *s, uint32_t index)
{
    struct mem *mem = &s->machine->mem;
    struct page *page = NULL;

    if (mem->hash[index] != 0) {
        page = page_keep(&s->pool, mem_page_bytes(mem, index), mem->hash[index]);
    }
    tree_set(&s->pool, &s->base, index, page);
    s->stats.pages_saved++;
}

/* Makes the base what memory is now. */
static void move_base(struct checkpoint_store *s)
{
    struct mem *mem = &s->machine->mem;

    mem_hash(mem);
    if (s->has_base) {
        uint32_t count;
        const uint32_t *dirty = mem_checkpoint_dirty(mem, &count);

        for (uint32_t i = 0; i < count; i++) {
            save_page(s, dirty[i]);
        }
    } else {
        /* Who cleaned the dirty list before, if anyone, is unknown: look at all that is there. */
        tree_drop(&s->pool, &s->base);
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

    must(m->running == NULL);
    move_base(s);
    c->memory = tree_hold(s->base);
    for (unsigned i = 0; i < m->part_count; i++) {
        memcpy(to, m->parts[i].state, m->parts[i].table->state_size);
        to += m->parts[i].table->state_size;
    }
    c->at = m->state.now;
    c->instructions = m->state.instructions;
    s->stats.saves++;
    return c;
}

/* ---- restore ---- */

static void restore_page(struct checkpoint_store *s, uint32_t index, const struct page *page)
{
    mem_restore_page(&s->machine->mem, index, page != NULL ? page->bytes : NULL,
                     page != NULL ? page->hash : 0);
    s->stats.pages_restored++;
}

/* A page that was written since the base. Its hash may be out of date, so its bytes decide. */
static void restore_dirty(struct checkpoint_store *s, const struct tree *to, uint32_t index)
{
    const struct page *page = tree_get(to, index);
    struct mem *mem = &s->machine->mem;

    if (page == NULL || memcmp(mem_page_bytes(mem, index), page->bytes, PAGE_SIZE) != 0) {
        restore_page(s, index, page);
    }
}

static void restore_other(void *opaque, uint32_t index, const struct page *in_b)
{
    struct checkpoint_store *s = opaque;

    if (!(s->machine->mem.flags[index] & PAGE_DIRTY_CHECKPOINT)) {
        restore_page(s, index, in_b);
    }
}

static void restore_memory(struct checkpoint_store *s, const struct tree *to)
{
    struct mem *mem = &s->machine->mem;
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
    tree_drop(&s->pool, &s->base);
    s->base = tree_hold(*to);
    mem_checkpoint_clean(mem);
}

/* Translated code is the same for the same bytes, and mem told of those that changed; what harts
 * remember of translations may rest on state that was replaced. */
static void forget_translations(struct machine *m)
{
    for (unsigned i = 0; i < m->hart_count; i++) {
        cpu_forget(&m->cpus[i]);
    }
    mem_tables_forget(&m->mem);
}

void checkpoint_restore(struct checkpoint_store *s, const struct checkpoint *c)
{
    struct machine *m = s->machine;
    const uint8_t *from = c->parts;

    must(c->store == s && m->running == NULL);
    restore_memory(s, &c->memory);
    for (unsigned i = 0; i < m->part_count; i++) {
        memcpy(m->parts[i].state, from, m->parts[i].table->state_size);
        from += m->parts[i].table->state_size;
    }
    machine_remap(m);
    forget_translations(m);
    s->stats.restores++;
}
