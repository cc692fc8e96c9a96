/* SPDX-License-Identifier: GPL-2.0-or-later
 * live: a tree that is state of a device. Its root is the state: what was saved holds the root of then.
 * A page that is written is the tree's own until somebody asks for the hash or for the root; only
 * then is it hashed and shared, so that many small writes cost little more than the bytes.
 */
#include <stdlib.h>

#include "tree/internal.h"

/* Pages that are written stay in memory: some, not all. */
#define DIRTY_MOST 4096

void live_tree_init(struct live_tree *t, struct tree_pool *p, uint64_t bytes)
{
    must(bytes <= LIVE_TREE_MOST);
    *t = (struct live_tree){.pool = p, .bytes = align_up(bytes, PAGE_SIZE)};
    t->tree.level = tree_level_for(live_tree_page_count(t));
}

uint32_t live_tree_page_count(const struct live_tree *t)
{
    return (uint32_t)(t->bytes >> PAGE_BITS);
}

void live_tree_clear(struct live_tree *t)
{
    tree_drop(t->pool, &t->tree);
    t->dirty.count = 0;
}

void live_tree_fini(struct live_tree *t)
{
    live_tree_clear(t);
    vec_fini(&t->dirty);
}

/* ---- pages that are written ---- */

/* No page is being written any more. */
static void settle(struct live_tree *t)
{
    for (size_t i = 0; i < t->dirty.count; i++) {
        uint32_t index = t->dirty.data[i];
        struct page *page = tree_get(&t->tree, index);
        uint64_t hash = mem_hash_bytes((haddr)index << PAGE_BITS, page->bytes);
        struct page **slot = tree_own_slot(t->pool, &t->tree, index, hash, hash != 0 ? 0 : -1u);

        if (hash != 0) {
            *slot = page_close(t->pool, page, hash);
        } else {
            *slot = NULL;
            page_drop(t->pool, page);
        }
    }
    t->dirty.count = 0;
}

/* The page to be written: what it had before, or `whole` in its place. Its hash is no part of the sum until it is
 * settled. */
static struct page *open_page(struct live_tree *t, uint32_t index, const uint8_t *whole)
{
    struct page *old = tree_get(&t->tree, index), **slot;
    const uint8_t *bytes = whole;

    if (old != NULL && old->hash == 0) {
        if (whole != NULL) {
            memcpy(old->bytes, whole, PAGE_SIZE);
        }
        return old;
    }
    if (t->dirty.count >= DIRTY_MOST) {
        settle(t);
    }
    slot = tree_own_slot(t->pool, &t->tree, index, old != NULL ? 0 - old->hash : 0, old == NULL);
    if (whole == NULL && old != NULL) {
        bytes = page_bytes(t->pool, old);
    }
    *slot = page_open(t->pool, bytes);
    page_drop(t->pool, old);
    vec_push(&t->dirty, index);
    return *slot;
}

/* ---- bytes ---- */

static size_t piece_of(uint64_t at, size_t size)
{
    uint64_t left = PAGE_SIZE - at % PAGE_SIZE;

    return size < left ? size : (size_t)left;
}

void live_tree_read(struct live_tree *t, uint64_t at, void *bytes, size_t size)
{
    uint8_t *to = bytes;

    must(at <= t->bytes && size <= t->bytes - at);
    while (size != 0) {
        size_t piece = piece_of(at, size);
        struct page *page = tree_get(&t->tree, (uint32_t)(at >> PAGE_BITS));

        if (page != NULL) {
            memcpy(to, page_bytes(t->pool, page) + at % PAGE_SIZE, piece);
        } else {
            memset(to, 0, piece);
        }
        to += piece;
        at += piece;
        size -= piece;
    }
}

void live_tree_write(struct live_tree *t, uint64_t at, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;

    must(at <= t->bytes && size <= t->bytes - at);
    while (size != 0) {
        size_t piece = piece_of(at, size);
        uint32_t index = (uint32_t)(at >> PAGE_BITS);

        if (piece == PAGE_SIZE) {
            (void)open_page(t, index, from);
        } else {
            memcpy(open_page(t, index, NULL)->bytes + at % PAGE_SIZE, from, piece);
        }
        from += piece;
        at += piece;
        size -= piece;
    }
}

void live_tree_zero(struct live_tree *t, uint64_t at, uint64_t size)
{
    must(at <= t->bytes && size <= t->bytes - at);
    while (size != 0) {
        uint64_t left = PAGE_SIZE - at % PAGE_SIZE, piece = size < left ? size : left;
        uint32_t index = (uint32_t)(at >> PAGE_BITS);

        if (tree_get(&t->tree, index) != NULL) {
            memset(open_page(t, index, NULL)->bytes + at % PAGE_SIZE, 0, (size_t)piece);
        }
        at += piece;
        size -= piece;
    }
}

/* ---- state ---- */

uint64_t live_tree_hash(struct live_tree *t)
{
    settle(t);
    return tree_sum(&t->tree);
}

struct slow_sum {
    struct tree_pool *pool;
    uint64_t sum;
};

static void add_page(void *opaque, uint32_t index, struct page *page)
{
    struct slow_sum *s = opaque;

    s->sum += mem_hash_bytes((haddr)index << PAGE_BITS, page_bytes(s->pool, page));
}

uint64_t live_tree_hash_slow(struct live_tree *t)
{
    const struct page_tree nothing = {.level = t->tree.level};
    struct slow_sum s = {.pool = t->pool};

    tree_compare(&nothing, &t->tree, &s, add_page);
    return s.sum;
}

struct page_tree live_tree_save(struct live_tree *t)
{
    settle(t);
    return tree_hold(t->tree);
}

void live_tree_restore(struct live_tree *t, struct page_tree was)
{
    struct page_tree now = tree_hold(was);

    must(was.level == t->tree.level);
    live_tree_clear(t);
    t->tree = now;
}
