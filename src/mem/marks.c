/* SPDX-License-Identifier: GPL-2.0-or-later
 * marks: which 64-byte granules were written since somebody last asked: one byte for each, at a
 * fixed distance from the host address shifted right, so that generated code marks what it stores
 * in a few instructions. Written without asking what is there; only the pages that mem_before_write()
 * saw are looked at, and whoever empties the marks empties the write tables too.
 */
#include <stdlib.h>

#include "host/host.h"
#include "mem/mem.h"

/* Of host addresses between the lowest and the highest block: marks take 1/64 of it, untouched but
 * where something is marked. */
#define SPAN_MAX (UINT64_C(1) << 42)

static int map_marks(struct mem *m, struct error *e)
{
    uintptr_t low = UINTPTR_MAX, high = 0;

    for (unsigned i = 0; i < m->block_count; i++) {
        uintptr_t first = (uintptr_t)m->blocks[i].host, end = first + m->blocks[i].size;

        low = first < low ? first : low;
        high = end > high ? end : high;
    }
    low = align_down(low, PAGE_SIZE);
    if (high <= low || high - low > SPAN_MAX) {
        return error_set(e, "the host's memory lies too far apart to mark what is written");
    }
    m->marks_size = (size_t)((high - low) >> CODE_GRANULE_BITS);
    m->marks = host_pages_map(m->marks_size, e);
    if (m->marks == NULL) {
        return -1;
    }
    m->marks_offset = (uintptr_t)m->marks - (low >> CODE_GRANULE_BITS);
    return 0;
}

int mem_marks_start(struct mem *m, bool pages_only, struct error *e)
{
    must(m->marked == NULL);
    if (!pages_only && map_marks(m, e) < 0) {
        return -1;
    }
    m->marked = base_alloc(m->page_count, sizeof(*m->marked));
    m->marked_count = 0;
    return 0;
}

void mem_marks_end(struct mem *m)
{
    for (uint32_t i = 0; m->marked != NULL && i < m->marked_count; i++) {
        m->flags[m->marked[i]] &= (uint8_t)~PAGE_MARKED;
    }
    host_pages_unmap(m->marks, m->marks_size);
    free(m->marked);
    m->marks = NULL;
    m->marked = NULL;
}

void mem_marks_list(struct mem *m, uint32_t page)
{
    if (!(m->flags[page] & PAGE_MARKED)) {
        m->flags[page] |= PAGE_MARKED;
        m->marked[m->marked_count++] = page;
    }
}

static uint64_t take_page(struct mem *m, uint32_t page)
{
    uint64_t granules = 0;
    uint8_t *marks;

    if (m->marks == NULL) {
        return UINT64_MAX;
    }
    marks =
        (uint8_t *)(((uintptr_t)mem_page_bytes(m, page) >> CODE_GRANULE_BITS) + m->marks_offset);
    for (unsigned k = 0; k < PAGE_SIZE >> CODE_GRANULE_BITS; k++) {
        granules |= (uint64_t)(marks[k] != 0) << k;
    }
    memset(marks, 0, PAGE_SIZE >> CODE_GRANULE_BITS);
    return granules;
}

void mem_marks_take(struct mem *m, void *opaque,
                    void (*each)(void *opaque, uint32_t page, uint64_t granules))
{
    for (uint32_t i = 0; i < m->marked_count; i++) {
        uint32_t page = m->marked[i];

        m->flags[page] &= (uint8_t)~PAGE_MARKED;
        each(opaque, page, take_page(m, page));
    }
    m->marked_count = 0;
}
