/* SPDX-License-Identifier: GPL-2.0-or-later
 * storage: the beginning and the end of guest memory, and the arrays with one element per page.
 */
#include <stdlib.h>

#include "host/host.h"
#include "mem/internal.h"

/* A longer zeroed array with the old elements; frees the old one. */
static void *grown(void *old, uint32_t old_count, uint32_t count, size_t element_size)
{
    void *p = base_alloc(count, element_size);

    if (old_count != 0) {
        memcpy(p, old, old_count * element_size);
    }
    free(old);
    return p;
}

void mem_pages_add(struct mem *m, uint32_t more)
{
    uint32_t old = m->page_count, count = old + more;

    m->flags = grown(m->flags, old, count, sizeof(*m->flags));
    m->code = grown(m->code, old, count, sizeof(*m->code));
    m->table = grown(m->table, old, count, 8 * sizeof(*m->table));
    m->hash = grown(m->hash, old, count, sizeof(*m->hash));
    m->dirty_hash = grown(m->dirty_hash, old, count, sizeof(*m->dirty_hash));
    m->dirty_checkpoint = grown(m->dirty_checkpoint, old, count, sizeof(*m->dirty_checkpoint));
    m->w_at = grown(m->w_at, old, count, 2 * sizeof(*m->w_at));
    m->table_of = grown(m->table_of, old, count, sizeof(*m->table_of));
    m->tables = grown(m->tables, old, count, sizeof(*m->tables));
    m->page_count = count;
}

void mem_init(struct mem *m)
{
    memset(m, 0, sizeof(*m));
}

void mem_fini(struct mem *m)
{
    for (unsigned i = 0; i < m->block_count; i++) {
        host_pages_unmap(m->blocks[i].host, (size_t)m->blocks[i].size);
    }
    mem_marks_end(m);
    mem_map_fini(m);
    free(m->flags);
    free(m->code);
    free(m->table);
    free(m->hash);
    free(m->dirty_hash);
    free(m->dirty_checkpoint);
    free(m->w_at);
    free(m->table_of);
    free(m->tables);
    memset(m, 0, sizeof(*m));
}
