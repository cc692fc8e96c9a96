/* SPDX-License-Identifier: GPL-2.0-or-later
 * footprint: what code did in a stretch of time, as far as it decides whether a probe can have been
 * met there. Nothing is counted while code runs: at the start of a stretch all tables, jump entries
 * and links are empty, so that whatever is executed or accessed is looked up at least once.
 *
 * Packed: five sections, each its length in bytes and its elements by rising number: granules of
 * pcs; virtual pages read; virtual pages written, with the page of memory plus one, or 0 if unknown;
 * pages of memory with a map of the bytes written, by eights: a byte that says which of its 8 words
 * are not 0, and those; pages of live trees, and ranges of them. Numbers are LEB128, the first ones of elements as differences.
 */
#include <stdlib.h>

#include "engine/internal.h"

#define GRANULE_BITS CODE_GRANULE_BITS

/* ---- taking notes ---- */

void footprint_note_block(struct engine *e, struct block *b)
{
    for (uint64_t g = b->pc >> GRANULE_BITS; g <= (b->pc + b->bytes - 1) >> GRANULE_BITS; g++) {
        pairs_add(&e->executed, g, 0);
    }
    b->noted = e->note_round;
}

/* A write of a few pages is noted by page; of what is longer the ranges that it touches are. The number of
 * the tree is above that of the page, and a bit above both says that it is a range's. */
#define TREE_SHIFT       32
#define TREE_RANGE_SHIFT 12 /* pages in a range: 16 MiB */
#define TREE_PAGES_MOST  512u
#define TREE_IS_RANGE    (UINT64_C(1) << 62)

void footprint_note_tree(struct engine *e, uint32_t tree, uint64_t at, uint64_t size)
{
    uint64_t first = at >> PAGE_BITS, last = (at + (size - 1)) >> PAGE_BITS;
    uint64_t base = (uint64_t)tree << TREE_SHIFT;

    if (!e->noting) {
        return;
    }
    must(tree < ENGINE_TREES_MAX && last >= first && last >> TREE_SHIFT == 0);
    if (last - first >= TREE_PAGES_MOST) {
        base |= TREE_IS_RANGE;
        first >>= TREE_RANGE_SHIFT;
        last >>= TREE_RANGE_SHIFT;
    }
    for (uint64_t page = first; page <= last; page++) {
        pairs_add(&e->trees, base | page, 0);
    }
}

static void clear_notes(struct engine *e)
{
    pairs_clear(&e->executed);
    pairs_clear(&e->notes.read);
    pairs_clear(&e->notes.written);
    pairs_clear(&e->marked);
    pairs_clear(&e->trees);
    e->maps.count = 0;
    e->note_round++;
}

/* What was looked up before is looked up again. */
static void empty_tables(struct engine *e)
{
    for (unsigned i = 0; i < e->cpu_count; i++) {
        cpu_forget(&e->cpus[i]);
    }
    if (e->jit) {
        jit_unlink(e->jit);
    }
}

static void ignore_map(void *opaque, uint32_t page, const uint64_t map[MARK_WORDS])
{
    (void)opaque, (void)page, (void)map;
}

int engine_start_footprint(struct engine *e, bool pages_only, struct error *error)
{
    must(!e->running);
    if (e->mem->marked == NULL) {
        if (mem_marks_start(e->mem, pages_only, error) < 0) {
            return -1;
        }
        if (!pages_only && e->jit && engine_use_jit(e, true, error) < 0) {
            mem_marks_end(e->mem);
            return -1;
        }
    }
    for (unsigned i = 0; i < e->cpu_count; i++) {
        e->cpus[i].notes = &e->notes;
    }
    e->noting = true;
    empty_tables(e);
    mem_marks_take(e->mem, NULL, ignore_map);
    clear_notes(e);
    return 0;
}

void engine_end_footprint(struct engine *e)
{
    must(!e->running);
    e->noting = false;
    for (unsigned i = 0; i < e->cpu_count; i++) {
        e->cpus[i].notes = NULL;
    }
    clear_notes(e);
}

/* ---- packing ---- */

static void put_number(struct text *t, uint64_t n)
{
    uint8_t bytes[10];
    size_t count = 0;

    do {
        bytes[count++] = (uint8_t)(n | (n >= 0x80 ? 0x80 : 0));
        n >>= 7;
    } while (n != 0);
    text_add_bytes(t, bytes, count);
}

enum { SECTION_EXECUTED, SECTION_READ, SECTION_WRITTEN, SECTION_MAPS, SECTION_TREES };

static void put_map(struct text *t, const uint64_t map[MARK_WORDS])
{
    uint8_t bytes[1 + 8 * MARK_WORDS] = {0};
    size_t count = 1;

    for (unsigned i = 0; i < MARK_WORDS; i++) {
        if (map[i] != 0) {
            bytes[0] |= (uint8_t)(1u << i);
            bytes_set_le(bytes + count, 8, map[i]);
            count += 8;
        }
    }
    text_add_bytes(t, bytes, count);
}

static void put_section(const struct engine *e, struct text *to, unsigned section, struct pairs *p)
{
    struct text t = {0};
    uint64_t before = 0;

    pairs_sort(p);
    for (size_t i = 0; i < p->list.count; i++) {
        const struct pairs_item *element = &p->list.data[i];

        put_number(&t, element->a - before);
        before = element->a;
        if (section == SECTION_WRITTEN) {
            put_number(&t, element->b == CPU_NOTE_ANY ? 0 : element->b + 1);
        } else if (section == SECTION_MAPS) {
            put_map(&t, e->maps.data[element->b].words);
        }
    }
    put_number(to, t.length);
    text_add_bytes(to, t.data, t.length);
    text_fini(&t);
}

static void take_map(void *opaque, uint32_t page, const uint64_t map[MARK_WORDS])
{
    struct engine *e = opaque;
    struct mark_map copy;

    memcpy(copy.words, map, sizeof copy.words);
    pairs_add(&e->marked, page, e->maps.count);
    vec_push(&e->maps, copy);
}

void engine_take_footprint(struct engine *e, struct text *packed)
{
    must(e->noting && !e->running);
    empty_tables(e);
    mem_marks_take(e->mem, e, take_map);
    put_section(e, packed, SECTION_EXECUTED, &e->executed);
    put_section(e, packed, SECTION_READ, &e->notes.read);
    put_section(e, packed, SECTION_WRITTEN, &e->notes.written);
    put_section(e, packed, SECTION_MAPS, &e->marked);
    put_section(e, packed, SECTION_TREES, &e->trees);
    clear_notes(e);
}

/* ---- asking ---- */

struct reader {
    const uint8_t *begin, *at, *end;
    bool bad;
};

static uint64_t get_number(struct reader *r)
{
    uint64_t n = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (r->at == r->end) {
            break;
        }
        n |= (uint64_t)(*r->at & 0x7f) << shift;
        if (*r->at++ < 0x80) {
            return n;
        }
    }
    r->bad = true;
    return 0;
}

static struct reader open_section(const uint8_t *packed, size_t count, unsigned section)
{
    struct reader r = {packed, packed, packed + count, false};

    for (unsigned i = 0;; i++) {
        uint64_t length = get_number(&r);

        if (r.bad || length > (uint64_t)(r.end - r.at)) {
            return (struct reader){.bad = true};
        }
        if (i == section) {
            r.end = r.at + length;
            r.begin = r.at;
            return r;
        }
        r.at += length;
    }
}

static void get_map(struct reader *r, uint64_t map[MARK_WORDS])
{
    unsigned which = 0;

    if (r->at < r->end) {
        which = *r->at++;
    } else {
        r->bad = true;
    }
    for (unsigned i = 0; i < MARK_WORDS; i++) {
        map[i] = 0;
        if (which >> i & 1) {
            if (r->end - r->at < 8) {
                r->bad = true;
                return;
            }
            map[i] = bytes_get_le(r->at, 8);
            r->at += 8;
        }
    }
}

/* The next element, if there is one; its map for SECTION_MAPS. They rise: a virtual page that was
 * written in several places has one element for each, by rising place, the unknown one (0) last. */
static bool next_element(struct reader *r, unsigned section, struct pairs_item *element,
                         uint64_t map[MARK_WORDS])
{
    bool first = r->at == r->begin;
    struct pairs_item before = *element;
    uint64_t step;

    if (r->bad || r->at == r->end) {
        return false;
    }
    step = get_number(r);
    if (__builtin_add_overflow(before.a, step, &element->a) ||
        (step == 0 && !first && section != SECTION_WRITTEN)) {
        r->bad = true;
    }
    if (section == SECTION_WRITTEN) {
        element->b = get_number(r);
        if (step == 0 && !first && (before.b == 0 || (element->b != 0 && element->b <= before.b))) {
            r->bad = true;
        }
    } else if (section == SECTION_MAPS) {
        get_map(r, map);
    }
    return !r->bad;
}

/* Whether an element is in [first, last]. A section that cannot be read may hold anything. */
static bool has_any(const uint8_t *packed, size_t count, unsigned section, uint64_t first,
                    uint64_t last)
{
    struct reader r = open_section(packed, count, section);
    struct pairs_item element = {0, 0};

    while (next_element(&r, section, &element, NULL)) {
        if (element.a >= first) {
            return element.a <= last;
        }
    }
    return r.bad;
}

static bool map_has(const uint64_t map[MARK_WORDS], unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last; i++) {
        if (map[i / 64] >> i % 64 & 1) {
            return true;
        }
    }
    return false;
}

/* Going through the maps once, with questions about rising pages. */
struct maps {
    struct reader r;
    struct pairs_item element;
    uint64_t map[MARK_WORDS];
    bool more; /* there is an element, not yet passed */
};

static void maps_next(struct maps *m)
{
    m->more = next_element(&m->r, SECTION_MAPS, &m->element, m->map);
}

static void maps_open(struct maps *m, const uint8_t *packed, size_t count)
{
    *m = (struct maps){.r = open_section(packed, count, SECTION_MAPS)};
    maps_next(m);
}

/* Whether any of the bytes [first, last] of a page of memory was written. */
static bool maps_have(struct maps *m, uint64_t page, unsigned first, unsigned last)
{
    while (m->more && m->element.a < page) {
        maps_next(m);
    }
    if (m->more) {
        return m->element.a == page && map_has(m->map, first >> MARK_BITS, last >> MARK_BITS);
    }
    return m->r.bad;
}

/* The bytes of [at, at+size) that are in the page of number `page`, as offsets. */
static void part_of(uint64_t at, uint64_t size, uint64_t page, unsigned *first, unsigned *last)
{
    uint64_t end = at + (size - 1);

    *first = at >> PAGE_BITS == page ? (unsigned)(at % PAGE_SIZE) : 0;
    *last = end >> PAGE_BITS == page ? (unsigned)(end % PAGE_SIZE) : (unsigned)(PAGE_SIZE - 1);
}

static bool may_write(const uint8_t *packed, size_t count, vaddr at, uint64_t size)
{
    struct reader r = open_section(packed, count, SECTION_WRITTEN);
    struct pairs_item element = {0, 0};
    uint64_t first_page = at >> PAGE_BITS, last_page = (at + (size - 1)) >> PAGE_BITS;
    uint64_t of = 0; /* whose places `maps` goes through */
    struct maps maps = {.more = false};

    while (next_element(&r, SECTION_WRITTEN, &element, NULL) && element.a <= last_page) {
        unsigned first, last;

        if (element.a < first_page) {
            continue;
        }
        if (maps.r.end == NULL || of != element.a) {
            maps_open(&maps, packed, count);
            of = element.a;
        }
        part_of(at, size, element.a, &first, &last);
        if (element.b == 0 || maps_have(&maps, element.b - 1, first, last)) {
            return true;
        }
    }
    return r.bad;
}

static bool may_write_physical(const uint8_t *packed, size_t count, const struct mem *m, haddr at,
                               uint64_t size)
{
    struct maps maps;
    uint64_t before = 0;

    maps_open(&maps, packed, count);
    for (uint64_t page = at >> PAGE_BITS; page <= (at + (size - 1)) >> PAGE_BITS; page++) {
        const struct mem_block *b = mem_block_of((struct mem *)m, page << PAGE_BITS);
        uint64_t number = b != NULL ? mem_page_of(b, page << PAGE_BITS) : before;
        unsigned first, last;

        if (number < before) { /* numbers rise with homes inside a block only */
            maps_open(&maps, packed, count);
        }
        before = number;
        part_of(at, size, page, &first, &last);
        if (b != NULL && maps_have(&maps, number, first, last)) {
            return true;
        }
    }
    return false;
}

static bool may_write_tree(const uint8_t *packed, size_t count, const struct probe *p)
{
    uint64_t base = (uint64_t)p->tree << TREE_SHIFT;
    uint64_t first = p->at >> PAGE_BITS, last = (p->at + (p->size - 1)) >> PAGE_BITS;

    return has_any(packed, count, SECTION_TREES, base | first, base | last) ||
           has_any(packed, count, SECTION_TREES, TREE_IS_RANGE | base | first >> TREE_RANGE_SHIFT,
                   TREE_IS_RANGE | base | last >> TREE_RANGE_SHIFT);
}

bool engine_footprint_allows(const uint8_t *packed, size_t count, const struct mem *m,
                             const struct probe *p)
{
    uint64_t size = p->size != 0 ? p->size : 1;
    uint64_t first = p->at >> PAGE_BITS, last = (p->at + (size - 1)) >> PAGE_BITS;

    if (last < first) {
        return true; /* around the end of the address space */
    }
    switch (p->kind) {
    case PROBE_BREAK:
        return has_any(packed, count, SECTION_EXECUTED, p->at >> GRANULE_BITS,
                       p->at >> GRANULE_BITS);
    case PROBE_WATCH_WRITE: return may_write(packed, count, p->at, p->size);
    case PROBE_WATCH_READ:
    case PROBE_WATCH_ACCESS: /* the write tables serve read-modify-write as well */
        return has_any(packed, count, SECTION_READ, first, last) ||
               has_any(packed, count, SECTION_WRITTEN, first, last);
    case PROBE_PHYSICAL: return may_write_physical(packed, count, m, p->at, p->size);
    case PROBE_TREE: return last >> TREE_SHIFT != 0 || may_write_tree(packed, count, p);
    case PROBE_STEP: break;
    }
    return true;
}
