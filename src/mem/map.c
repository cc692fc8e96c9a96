/* SPDX-License-Identifier: GPL-2.0-or-later
 * map: which block or window a physical address reaches (docs/memory.md). Sorted ranges, each with
 * what reads and what writes reach there. What never moves is laid down when it is added; the map is
 * a copy of that on which all that moves is painted, and is only looked up in.
 */
#include "mem/internal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "host/host.h"

/* ---- ranges ---- */

static struct mem_range *insert(struct mem_map *map, size_t i, struct mem_range r)
{
    if (map->count == map->room) {
        map->room = map->room != 0 ? 2 * map->room : 32;
        map->ranges = base_realloc(map->ranges, map->room, sizeof(*map->ranges));
    }
    memmove(&map->ranges[i + 1], &map->ranges[i], (map->count - i) * sizeof(*map->ranges));
    map->ranges[i] = r;
    map->count++;
    return &map->ranges[i];
}

static bool is_empty(const struct mem_target *t)
{
    return t->block == NULL && t->window == NULL;
}

/* Range i ends before `at`, which is in it, and the next one goes on there. */
static void split(struct mem_map *map, size_t i, paddr at)
{
    struct mem_range rest = map->ranges[i];

    for (unsigned way = 0; way < 2; way++) {
        rest.to[way].offset += is_empty(&rest.to[way]) ? 0 : at - rest.first;
    }
    rest.first = at;
    map->ranges[i].last = at - 1;
    insert(map, i + 1, rest);
}

/* The first range that does not end before `at`, or map->count. */
static size_t find(const struct mem_map *map, paddr at)
{
    size_t low = 0, high = map->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (map->ranges[middle].last < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Lays a target down, in one of its ways or both, wherever nothing of its level or a higher one is. */
static void paint(struct mem_map *map, paddr first, paddr last, enum mem_way ways,
                  struct mem_target target)
{
    size_t i = find(map, first);

    for (paddr at = first;; i++) {
        struct mem_range *r = i < map->count ? &map->ranges[i] : NULL;

        if (r == NULL || r->first > at) { /* a gap */
            paddr end = r == NULL || r->first > last ? last : r->first - 1;

            r = insert(map, i, (struct mem_range){.first = at, .last = end});
        } else if (r->first < at) {
            split(map, i, at);
            r = &map->ranges[++i];
        }
        if (r->last > last) {
            split(map, i, last + 1);
            r = &map->ranges[i];
        }
        for (unsigned way = 0; way < 2; way++) {
            if ((ways >> way & 1) && target.level > r->to[way].level) {
                r->to[way] = target;
                r->to[way].offset += r->first - first;
            }
        }
        if (r->last == last) {
            return;
        }
        at = r->last + 1;
    }
}

static bool same_target(const struct mem_target *a, const struct mem_target *b, uint64_t distance)
{
    return a->block == b->block && a->window == b->window &&
           (is_empty(a) || a->offset + distance == b->offset);
}

static bool goes_on(const struct mem_range *a, const struct mem_range *b)
{
    uint64_t distance = b->first - a->first;

    return b->first == a->last + 1 && same_target(&a->to[0], &b->to[0], distance) &&
           same_target(&a->to[1], &b->to[1], distance);
}

/* Neighbours that are one become one; levels have had their say. */
static void join(struct mem_map *map)
{
    size_t kept = 0;

    for (size_t i = 0; i < map->count; i++) {
        if (kept != 0 && goes_on(&map->ranges[kept - 1], &map->ranges[i])) {
            map->ranges[kept - 1].last = map->ranges[i].last;
        } else {
            map->ranges[kept++] = map->ranges[i];
        }
    }
    map->count = kept;
}

static bool same_map(const struct mem_map *a, const struct mem_map *b)
{
    for (size_t i = 0; a->count == b->count && i < a->count; i++) {
        const struct mem_range *x = &a->ranges[i], *y = &b->ranges[i];

        if (x->first != y->first || x->last != y->last || !same_target(&x->to[0], &y->to[0], 0) ||
            !same_target(&x->to[1], &y->to[1], 0)) {
            return false;
        }
    }
    return a->count == b->count;
}

/* ---- making it ---- */

void mem_map_begin(struct mem *m)
{
    if (m->next.room < m->fixed.count) {
        m->next.room = m->fixed.count;
        m->next.ranges = base_realloc(m->next.ranges, m->next.room, sizeof(*m->next.ranges));
    }
    m->next.count = m->fixed.count;
    if (m->fixed.count != 0) {
        memcpy(m->next.ranges, m->fixed.ranges, m->fixed.count * sizeof(*m->fixed.ranges));
    }
}

static void lay(struct mem_map *map, paddr base, uint64_t bytes, enum mem_way ways,
                struct mem_target target)
{
    if (bytes != 0) {
        paint(map, base, bytes - 1 > UINT64_MAX - base ? UINT64_MAX : base + (bytes - 1), ways,
              target);
    }
}

void mem_map_block(struct mem *m, paddr base, struct mem_block *b, uint64_t offset, uint64_t bytes,
                   enum mem_way ways, enum mem_level level)
{
    must((base | offset | bytes) % PAGE_SIZE == 0 && offset <= b->size &&
         bytes <= b->size - offset);
    lay(&m->next, base, bytes, ways,
        (struct mem_target){.block = b, .offset = offset, .level = (uint8_t)level});
}

void mem_map_window(struct mem *m, paddr base, struct mem_window *w, enum mem_way ways,
                    enum mem_level level)
{
    lay(&m->next, base, w->size, ways, (struct mem_target){.window = w, .level = (uint8_t)level});
}

void mem_map_end(struct mem *m)
{
    struct mem_map before = m->map;

    join(&m->next);
    if (same_map(&before, &m->next)) {
        return;
    }
    m->map = m->next;
    m->next = before;
    m->near = 0;
    if (m->map_changed != NULL) {
        m->map_changed(m->listener);
    }
}

/* What was added is there at once. */
static void lay_fixed(struct mem *m, paddr base, uint64_t bytes, struct mem_target target)
{
    target.level = MEM_LEVEL_FIXED;
    lay(&m->fixed, base, bytes, MEM_BOTH, target);
    mem_map_begin(m);
    mem_map_end(m);
}

/* ---- looking up ---- */

struct mem_place mem_find(struct mem *m, paddr at, bool is_write)
{
    const struct mem_range *r = m->near < m->map.count ? &m->map.ranges[m->near] : NULL;
    paddr page = align_down(at, PAGE_SIZE);
    const struct mem_target *t;

    if (r == NULL || at - r->first > r->last - r->first) {
        size_t i = find(&m->map, at);

        if (i == m->map.count || m->map.ranges[i].first > at) {
            return (struct mem_place){.block = NULL};
        }
        r = &m->map.ranges[i];
        m->near = r->to[0].block != NULL ? i : m->near;
    }
    t = &r->to[is_write];
    return (struct mem_place){.block = t->block,
                              .window = t->window,
                              .at = t->offset + (at - r->first) +
                                    (t->block != NULL ? t->block->home : 0),
                              .left = r->last - at != UINT64_MAX ? r->last - at + 1 : UINT64_MAX,
                              .before = at - r->first,
                              .is_whole = r->first <= page && r->last >= page + (PAGE_SIZE - 1),
                              .is_both = same_target(&r->to[0], &r->to[1], 0)};
}

bool mem_home_of(struct mem *m, paddr at, uint64_t size, haddr *home)
{
    struct mem_place p = mem_find(m, at, false);

    *home = p.at;
    return p.block != NULL && size <= p.left;
}

/* ---- blocks and windows ---- */

/* That [base, base+size) is a range and nobody's yet; else a sentence about `name`. */
static int range_is_free(const struct mem *m, const char *name, paddr base, uint64_t size,
                         struct error *e)
{
    size_t i = find(&m->fixed, base);

    if (size == 0 || base + (size - 1) < base) {
        return error_set(e, "%s: 0x%" PRIx64 " bytes at 0x%" PRIx64 " are no range of addresses",
                         name, size, base);
    }
    if (i < m->fixed.count && m->fixed.ranges[i].first <= base + (size - 1)) {
        const struct mem_target *t = &m->fixed.ranges[i].to[0];

        return error_set(e, "%s at 0x%" PRIx64 " overlaps %s", name, base,
                         t->block != NULL ? t->block->name : t->window->name);
    }
    return 0;
}

static int home_is_free(const struct mem *m, const char *name, haddr home, uint64_t size,
                        struct error *e)
{
    for (unsigned i = 0; i < m->block_count; i++) {
        const struct mem_block *b = &m->blocks[i];

        if (home - b->home < b->size || b->home - home < size) {
            return error_set(e, "%s at 0x%" PRIx64 " overlaps the home of %s", name, home, b->name);
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

static struct mem_block *add_block(struct mem *m, const char *name, haddr home, uint64_t size,
                                   bool is_ram, struct error *e)
{
    struct mem_block *b = &m->blocks[m->block_count];
    uint8_t *host;

    if (home_is_free(m, name, home, size, e) < 0) {
        return NULL;
    }
    host = host_pages_map((size_t)size, e);
    if (host == NULL) {
        error_prefix(e, "%s", name);
        return NULL;
    }
    *b = (struct mem_block){
        .home = home, .size = size, .host = host, .first_page = m->page_count, .is_ram = is_ram};
    copy_name(b->name, sizeof(b->name), name);
    m->block_count++;
    mem_pages_add(m, (uint32_t)(size >> PAGE_BITS));
    return b;
}

/* Page indexes have 32 bits. */
static int block_fits(const struct mem *m, const char *name, paddr base, uint64_t size,
                      struct error *e)
{
    uint64_t pages_left = UINT32_MAX - m->page_count;

    if (m->block_count == MEM_BLOCKS_MAX) {
        return error_set(e, "%s: the machine has %d memory blocks already", name, MEM_BLOCKS_MAX);
    }
    if ((base | size) % PAGE_SIZE != 0 || size >> PAGE_BITS > pages_left) {
        return error_set(e, "%s: 0x%" PRIx64 " bytes at 0x%" PRIx64 " are not whole pages", name,
                         size, base);
    }
    return 0;
}

int mem_add_block(struct mem *m, const char *name, paddr base, uint64_t size, bool is_ram,
                  struct error *e)
{
    struct mem_block *b;

    if (block_fits(m, name, base, size, e) < 0 || range_is_free(m, name, base, size, e) < 0) {
        return -1;
    }
    b = add_block(m, name, base, size, is_ram, e);
    if (b == NULL) {
        return -1;
    }
    lay_fixed(m, base, size, (struct mem_target){.block = b});
    return 0;
}

struct mem_block *mem_add_storage(struct mem *m, const char *name, uint64_t size, bool is_ram,
                                  struct error *e)
{
    haddr home = MEM_HOMES + m->homeless * MEM_HOME_STEP;

    if (block_fits(m, name, 0, size, e) < 0) {
        return NULL;
    }
    if (size == 0 || size > MEM_HOME_STEP) {
        error_set(e, "%s: a block has 1 to 0x%" PRIx64 " bytes, not 0x%" PRIx64, name,
                  MEM_HOME_STEP, size);
        return NULL;
    }
    m->homeless++;
    return add_block(m, name, home, size, is_ram, e);
}

struct mem_window *mem_add_loose_window(struct mem *m, const struct mem_window *w, struct error *e)
{
    if (m->window_count == MEM_WINDOWS_MAX) {
        error_set(e, "%s: the machine has %d device windows already", w->name, MEM_WINDOWS_MAX);
        return NULL;
    }
    m->windows[m->window_count] = *w;
    return &m->windows[m->window_count++];
}

int mem_place_window(struct mem *m, struct mem_window *w, paddr base, struct error *e)
{
    if (range_is_free(m, w->name, base, w->size, e) < 0) {
        return -1;
    }
    w->base = base;
    lay_fixed(m, base, w->size, (struct mem_target){.window = w});
    return 0;
}

int mem_add_window(struct mem *m, const struct mem_window *w, struct error *e)
{
    struct mem_window *added = mem_add_loose_window(m, w, e);

    return added != NULL ? mem_place_window(m, added, w->base, e) : -1;
}

void mem_map_fini(struct mem *m)
{
    free(m->map.ranges);
    free(m->fixed.ranges);
    free(m->next.ranges);
}
