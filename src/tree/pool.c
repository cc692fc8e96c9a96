/* SPDX-License-Identifier: GPL-2.0-or-later
 * pool: pages, equal ones once. With a bound, those that were not looked at for longest go to a file
 * that has no name; a hand goes round the ring of pages in memory and takes the first that was not
 * used since it came by last. A page in the file keeps its place there, so that one that comes back
 * and goes again is not written twice: its content never changes.
 */
#include <stdlib.h>

#include "tree/tree.h"

#define PLACES_TAKEN UINT64_C(4096) /* pages of the file, at once */
#define SLAB_PAGES   64             /* of memory */

void tree_pool_init(struct tree_pool *p)
{
    *p = (struct tree_pool){.bucket_count = 4096};
    p->buckets = base_alloc(p->bucket_count, sizeof(struct page *));
}

void tree_pool_fini(struct tree_pool *p)
{
    must(p->page_count == 0 && p->node_count == 0 && p->resident == 0);
    must(p->free_frames.count == p->slabs.count * SLAB_PAGES);
    for (size_t i = 0; i < p->slabs.count; i++) {
        host_pages_unmap(p->slabs.data[i], SLAB_PAGES * PAGE_SIZE);
    }
    vec_fini(&p->slabs);
    vec_fini(&p->free_frames);
    free(p->buckets);
    free(p->named);
    vec_fini(&p->free_places);
}

uint64_t tree_pool_bytes(const struct tree_pool *p)
{
    return p->page_count * TREE_PAGE_BYTES + p->node_count * sizeof(struct node) +
           p->bucket_count * sizeof(struct page *);
}

/* ---- room in memory ---- */

/* Of any bytes. What is free is kept: a pool that was large once becomes so again. */
static uint8_t *frame_take(struct tree_pool *p)
{
    if (p->free_frames.count == 0) {
        struct error e;
        uint8_t *slab = host_pages_map_now(SLAB_PAGES * PAGE_SIZE, &e);

        if (slab == NULL) {
            base_give_up(e.text);
        }
        vec_push(&p->slabs, slab);
        for (size_t i = SLAB_PAGES; i-- > 0;) { /* by rising address */
            vec_push(&p->free_frames, slab + i * PAGE_SIZE);
        }
    }
    return p->free_frames.data[--p->free_frames.count];
}

static void frame_give(struct tree_pool *p, uint8_t *frame)
{
    vec_push(&p->free_frames, frame);
}

/* ---- the ring, and the file ---- */

static void ring_add(struct tree_pool *p, struct page *page)
{
    struct page *hand = p->hand;

    if (hand == NULL) {
        page->before = page->after = p->hand = page;
    } else { /* behind the hand, where it comes by last */
        page->after = hand;
        page->before = hand->before;
        hand->before->after = page;
        hand->before = page;
    }
    p->resident++;
}

static void ring_remove(struct tree_pool *p, struct page *page)
{
    if (p->hand == page) {
        p->hand = page->after != page ? page->after : NULL;
    }
    page->before->after = page->after;
    page->after->before = page->before;
    p->resident--;
}

static uint64_t new_place(struct tree_pool *p)
{
    if (p->free_places.count != 0) {
        return p->free_places.data[--p->free_places.count];
    }
    if (p->places == 0) {
        p->next_place = host_scratch_take(p->scratch, PLACES_TAKEN * PAGE_SIZE) / PAGE_SIZE + 1;
        p->places = PLACES_TAKEN;
    }
    p->places--;
    return p->next_place++;
}

static bool put_in_file(struct tree_pool *p, struct page *page)
{
    if (page->place == 0 && !page->on_shelf) {
        page->place = new_place(p);
        if (host_scratch_write(p->scratch, (page->place - 1) * PAGE_SIZE, page->bytes, PAGE_SIZE,
                               NULL) < 0) {
            vec_push(&p->free_places, page->place);
            page->place = 0;
            return false;
        }
    }
    ring_remove(p, page);
    frame_give(p, page->bytes);
    page->bytes = NULL;
    p->spilled++;
    return true;
}

/* Pages that are being written stay, and so does `keep`. */
static void keep_bound(struct tree_pool *p, const struct page *keep)
{
    size_t tries = 2 * p->resident; /* round twice: the first time all may have been used */

    while (p->scratch != NULL && p->resident > p->resident_most && tries-- > 0) {
        struct page *page = p->hand;

        p->hand = page->after;
        if (page->used) {
            page->used = false;
        } else if (page != keep && page->hash != 0 && !put_in_file(p, page)) {
            return; /* the file takes no more, this time */
        }
    }
}

void tree_pool_spill(struct tree_pool *p, struct host_scratch *scratch, size_t most)
{
    must(most > 0);
    p->scratch = scratch;
    p->resident_most = most;
    keep_bound(p, NULL);
}

static void take_from_shelf(const struct tree_pool *p, struct page *page)
{
    struct error e;

    must(p->shelf.read != NULL);
    if (p->shelf.read(p->shelf.opaque, page->id, page->bytes, &e) < 0) {
        base_give_up(e.text);
    }
    if (mem_hash_bytes((haddr)page->place << PAGE_BITS, page->bytes) != page->hash) {
        base_give_up("a page of a disk is not what it was");
    }
}

static void fetch(const struct tree_pool *p, struct page *page)
{
    struct error e;

    if (page->on_shelf) {
        take_from_shelf(p, page);
    } else if (host_scratch_read(p->scratch, (page->place - 1) * PAGE_SIZE, page->bytes, PAGE_SIZE,
                                 &e) < 0) {
        base_give_up(e.text);
    }
}

const uint8_t *page_bytes(struct tree_pool *p, struct page *page)
{
    page->used = true;
    if (page->bytes == NULL) {
        page->bytes = frame_take(p);
        fetch(p, page);
        ring_add(p, page);
        p->fetched++;
        keep_bound(p, page);
    }
    return page->bytes;
}

/* ---- by content ---- */

static struct page **bucket_of(const struct tree_pool *p, uint64_t hash)
{
    return &p->buckets[hash & (p->bucket_count - 1)];
}

static void pool_grow(struct tree_pool *p)
{
    size_t old_count = p->bucket_count;
    struct page **old = p->buckets;

    p->bucket_count = old_count * 2;
    p->buckets = base_alloc(p->bucket_count, sizeof(struct page *));
    for (size_t i = 0; i < old_count; i++) {
        while (old[i] != NULL) {
            struct page *page = old[i];
            struct page **to = bucket_of(p, page->hash);

            old[i] = page->next;
            page->next = *to;
            *to = page;
        }
    }
    free(old);
}

struct page *page_find(const struct tree_pool *p, uint64_t hash)
{
    struct page *page = *bucket_of(p, hash);

    while (page != NULL && page->hash != hash) {
        page = page->next;
    }
    return page;
}

/* The page with this hash and content, without a reference; NULL: there is none. */
static struct page *page_like(struct tree_pool *p, const uint8_t *bytes, uint64_t hash)
{
    for (struct page *page = *bucket_of(p, hash); page != NULL; page = page->next) {
        if (page->hash == hash && memcmp(page_bytes(p, page), bytes, PAGE_SIZE) == 0) {
            return page;
        }
    }
    return NULL;
}

static void enter(struct tree_pool *p, struct page *page, uint64_t hash)
{
    if (p->page_count >= p->bucket_count) {
        pool_grow(p);
    }
    page->hash = hash;
    page->next = *bucket_of(p, hash);
    *bucket_of(p, hash) = page;
    p->kept++;
}

static struct page *page_new(struct tree_pool *p, const uint8_t *bytes)
{
    struct page *page = base_alloc(1, sizeof(*page));

    page->refs = 1;
    page->used = true;
    page->bytes = frame_take(p);
    if (bytes != NULL) {
        memcpy(page->bytes, bytes, PAGE_SIZE);
    } else {
        memset(page->bytes, 0, PAGE_SIZE);
    }
    ring_add(p, page);
    p->page_count++;
    return page;
}

struct page *page_lend(struct tree_pool *p, uint64_t hash, uint64_t id, uint32_t index)
{
    struct page *page = page_find(p, hash);

    must(hash != 0);
    if (page != NULL) {
        return page_hold(page);
    }
    page = base_alloc(1, sizeof(*page));
    *page = (struct page){.refs = 1, .id = id, .place = index, .on_shelf = true};
    p->page_count++;
    enter(p, page, hash);
    return page;
}

struct page *page_hold(struct page *page)
{
    if (page != NULL) {
        page->refs++;
    }
    return page;
}

struct page *page_keep(struct tree_pool *p, const uint8_t *bytes, uint64_t hash)
{
    struct page *page;

    must(hash != 0);
    page = page_like(p, bytes, hash);
    if (page != NULL) {
        return page_hold(page);
    }
    page = page_new(p, bytes);
    enter(p, page, hash);
    keep_bound(p, page);
    return page;
}

void page_drop(struct tree_pool *p, struct page *page)
{
    struct page **link;

    if (page == NULL || --page->refs != 0) {
        return;
    }
    if (page->hash != 0) {
        for (link = bucket_of(p, page->hash); *link != page; link = &(*link)->next) {
        }
        *link = page->next;
    }
    if (page->place != 0 && !page->on_shelf) {
        vec_push(&p->free_places, page->place);
    }
    if (page->bytes != NULL) {
        ring_remove(p, page);
        frame_give(p, page->bytes);
    }
    p->page_count--;
    free(page);
}

/* ---- pages that are written ---- */

struct page *page_open(struct tree_pool *p, const uint8_t *bytes)
{
    struct page *page = page_new(p, bytes);

    keep_bound(p, page);
    return page;
}

struct page *page_close(struct tree_pool *p, struct page *page, uint64_t hash)
{
    struct page *like;

    must(page->refs == 1 && page->hash == 0 && hash != 0);
    like = page_like(p, page->bytes, hash);
    if (like != NULL) {
        page_hold(like);
        page_drop(p, page);
        return like;
    }
    enter(p, page, hash);
    keep_bound(p, page);
    return page;
}
