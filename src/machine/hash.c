/* SPDX-License-Identifier: GPL-2.0-or-later
 * hash: the state hash, and naming the first difference between two machines. Both walk the parts
 * in order, then memory.
 */
#include <stdio.h>

#include "machine/internal.h"

static uint64_t hash_parts(const struct machine *m, uint64_t memory,
                           uint64_t (*hash_tree)(struct live_tree *t))
{
    uint8_t bytes[8];
    uint64_t h = 0;

    for (unsigned i = 0; i < m->part_count; i++) {
        h = hash_bytes(m->parts[i].state, m->parts[i].table->state_size, h);
        if (m->parts[i].tree != NULL) {
            bytes_set_le(bytes, sizeof bytes, hash_tree(m->parts[i].tree));
            h = hash_bytes(bytes, sizeof bytes, h);
        }
    }
    bytes_set_le(bytes, sizeof bytes, memory);
    return hash_bytes(bytes, sizeof bytes, h);
}

uint64_t machine_hash(struct machine *m)
{
    return hash_parts(m, mem_hash(&m->mem), live_tree_hash);
}

uint64_t machine_hash_slow(struct machine *m)
{
    return hash_parts(m, mem_hash_slow(&m->mem), live_tree_hash_slow);
}

static bool first_memory_difference(struct machine *a, struct machine *b,
                                    struct machine_difference *out)
{
    for (uint32_t p = 0; p < a->mem.page_count; p++) {
        const uint8_t *x = mem_page_bytes(&a->mem, p);
        const uint8_t *y = mem_page_bytes(&b->mem, p);
        haddr at = mem_page_home(&a->mem, p);
        if (memcmp(x, y, PAGE_SIZE) == 0) {
            continue;
        }
        for (uint32_t i = 0; i < PAGE_SIZE; i += 8) {
            if (memcmp(x + i, y + i, 8) != 0) {
                const struct mem_block *block = mem_block_of(&a->mem, at);
                must(block != NULL);
                snprintf(out->where, sizeof out->where, "%s+0x%llx", block->name,
                         (unsigned long long)(at - block->home + i));
                out->a = bytes_get_le(x + i, 8);
                out->b = bytes_get_le(y + i, 8);
                return true;
            }
        }
    }
    return false;
}

static bool first_tree_difference(const struct machine_part *a, const struct machine_part *b,
                                  struct machine_difference *out)
{
    uint8_t x[PAGE_SIZE], y[PAGE_SIZE];
    uint32_t page, i = 0;

    (void)live_tree_hash(a->tree);
    (void)live_tree_hash(b->tree);
    if (!tree_first_difference(&a->tree->tree, &b->tree->tree, &page)) {
        return false;
    }
    live_tree_read(a->tree, (uint64_t)page << PAGE_BITS, x, sizeof x);
    live_tree_read(b->tree, (uint64_t)page << PAGE_BITS, y, sizeof y);
    while (i + 8 < PAGE_SIZE && memcmp(x + i, y + i, 8) == 0) {
        i += 8;
    }
    snprintf(out->where, sizeof out->where, "%s+0x%llx", a->name,
             (unsigned long long)(((uint64_t)page << PAGE_BITS) + i));
    out->a = bytes_get_le(x + i, 8);
    out->b = bytes_get_le(y + i, 8);
    return true;
}

bool machine_first_difference(struct machine *a, struct machine *b, struct machine_difference *out)
{
    must(a->part_count == b->part_count && a->mem.page_count == b->mem.page_count);
    for (unsigned i = 0; i < a->part_count; i++) {
        const struct machine_part *p = &a->parts[i];
        struct field_difference d;
        if (field_first_difference(p->table, p->state, b->parts[i].state, &d)) {
            if (d.field->count > 1) {
                snprintf(out->where, sizeof out->where, "%s.%s[%u]", p->name, d.field->name,
                         d.index);
            } else {
                snprintf(out->where, sizeof out->where, "%s.%s", p->name, d.field->name);
            }
            out->a = d.a;
            out->b = d.b;
            return true;
        }
        if (p->tree != NULL && first_tree_difference(p, &b->parts[i], out)) {
            return true;
        }
    }
    return first_memory_difference(a, b, out);
}
