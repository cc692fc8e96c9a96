/* SPDX-License-Identifier: GPL-2.0-or-later
 * marks: which bytes were written since somebody last asked, by eights: one byte for each eight, at
 * a fixed distance from the host address shifted right, so that generated code marks what it stores
 * in a few instructions. Written without asking what is there; only the pages that mem_before_write()
 * saw are looked at, and whoever empties the marks empties the write tables too.
 */
#include <stdlib.h>

#include "host/host.h"
#include "mem/mem.h"

/* Of host addresses between the lowest and the highest block: marks take 1/8 of it, untouched but
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
    m->marks_size = (size_t)((high - low) >> MARK_BITS);
    m->marks = host_pages_map(m->marks_size, e);
    if (m->marks == NULL) {
        return -1;
    }
    m->marks_offset = (uintptr_t)m->marks - (low >> MARK_BITS);
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

static void take_page(struct mem *m, uint32_t page, uint64_t map[MARK_WORDS])
{
    uint8_t *marks;

    if (m->marks == NULL) {
        memset(map, 0xff, MARK_WORDS * sizeof(*map));
        return;
    }
    marks = (uint8_t *)(((uintptr_t)mem_page_bytes(m, page) >> MARK_BITS) + m->marks_offset);
    for (unsigned k = 0; k < MARK_WORDS; k++) {
        map[k] = 0;
        for (unsigned i = 0; i < 64; i += 8) {
            /* Eight bytes of 0 or 1 to eight bits: each lands in its place of the highest byte. */
            uint64_t eight = bytes_get_le(marks + 64 * k + i, 8);

            map[k] |= (eight * UINT64_C(0x0102040810204080) >> 56) << i;
        }
    }
    memset(marks, 0, PAGE_SIZE >> MARK_BITS);
}

void mem_marks_take(struct mem *m, void *opaque,
                    void (*each)(void *opaque, uint32_t page, const uint64_t map[MARK_WORDS]))
{
    for (uint32_t i = 0; i < m->marked_count; i++) {
        uint32_t page = m->marked[i];
        uint64_t map[MARK_WORDS];

        m->flags[page] &= (uint8_t)~PAGE_MARKED;
        take_page(m, page, map);
        each(opaque, page, map);
    }
    m->marked_count = 0;
}
