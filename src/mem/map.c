/* SPDX-License-Identifier: GPL-2.0-or-later
 * map: what lies where in guest physical memory: blocks of RAM and ROM, device windows. Both are
 * wiring, laid down before the machine runs; nothing here ever moves afterwards.
 */
#include "mem/mem.h"
#include "host/host.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- the arrays with one element per page ---- */

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

static void grow_pages(struct mem *m, uint32_t more)
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

/* ---- blocks and windows ---- */

static bool overlap(paddr a, uint64_t a_size, paddr b, uint64_t b_size)
{
    return a - b < b_size || b - a < a_size;
}

/* That [base, base+size) is a range and nobody's yet; else a sentence about `name`. */
static int range_is_free(const struct mem *m, const char *name, paddr base, uint64_t size,
                         struct error *e)
{
    if (size == 0 || base + (size - 1) < base) {
        return error_set(e, "%s: 0x%" PRIx64 " bytes at 0x%" PRIx64 " are no range of addresses",
                         name, size, base);
    }
    for (unsigned i = 0; i < m->block_count; i++) {
        const struct mem_block *b = &m->blocks[i];

        if (overlap(base, size, b->base, b->size)) {
            return error_set(e, "%s at 0x%" PRIx64 " overlaps %s", name, base, b->name);
        }
    }
    for (unsigned i = 0; i < m->window_count; i++) {
        const struct mem_window *w = &m->windows[i];

        if (overlap(base, size, w->base, w->size)) {
            return error_set(e, "%s at 0x%" PRIx64 " overlaps %s", name, base, w->name);
        }
    }
    return 0;
}

static void copy_name(char *to, size_t room, const char *from)
{
    size_t length = strlen(from);

    if (length >= room) {
        length = room - 1;
    }
    memcpy(to, from, length);
    to[length] = '\0';
}

int mem_add_block(struct mem *m, const char *name, paddr base, uint64_t size, bool is_ram,
                  struct error *e)
{
    /* Page indexes have 32 bits. */
    uint64_t pages_left = UINT32_MAX - m->page_count;

    if (m->block_count == MEM_BLOCKS_MAX) {
        return error_set(e, "%s: the machine has %d memory blocks already", name, MEM_BLOCKS_MAX);
    }
    if ((base | size) % PAGE_SIZE != 0 || size >> PAGE_BITS > pages_left) {
        return error_set(e, "%s: 0x%" PRIx64 " bytes at 0x%" PRIx64 " are not whole pages", name,
                         size, base);
    }
    if (range_is_free(m, name, base, size, e) < 0) {
        return -1;
    }
    uint8_t *host = host_pages_map((size_t)size, e);
    if (host == NULL) {
        return error_prefix(e, "%s", name);
    }
    struct mem_block *b = &m->blocks[m->block_count++];
    copy_name(b->name, sizeof(b->name), name);
    b->base = base;
    b->size = size;
    b->host = host;
    b->first_page = m->page_count;
    b->is_ram = is_ram;
    grow_pages(m, (uint32_t)(size >> PAGE_BITS));
    return 0;
}

int mem_add_window(struct mem *m, const struct mem_window *w, struct error *e)
{
    unsigned i;

    if (m->window_count == MEM_WINDOWS_MAX) {
        return error_set(e, "%s: the machine has %d device windows already", w->name,
                         MEM_WINDOWS_MAX);
    }
    if (range_is_free(m, w->name, w->base, w->size, e) < 0) {
        return -1;
    }
    for (i = m->window_count++; i > 0 && m->windows[i - 1].base > w->base; i--) {
        m->windows[i] = m->windows[i - 1];
    }
    m->windows[i] = *w;
    return 0;
}

struct mem_window *mem_window_at(struct mem *m, paddr at)
{
    unsigned low = 0, high = m->window_count;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        struct mem_window *w = &m->windows[middle];

        if (at - w->base < w->size) {
            return w;
        }
        if (at < w->base) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
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
