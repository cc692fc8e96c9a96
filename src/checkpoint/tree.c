/* SPDX-License-Identifier: GPL-2.0-or-later
 * tree: the pages of guest memory as a persistent radix tree, and the pool in which equal pages
 * are one. Changing a tree copies the path to what changes, unless nobody else holds it: a save
 * of n pages that lie together makes about n / 32 nodes.
 */
#include <stdlib.h>

#include "checkpoint/internal.h"

/* ---- pages ---- */

void page_pool_init(struct page_pool *p)
{
    *p = (struct page_pool){.bucket_count = 4096};
    p->buckets = base_alloc(p->bucket_count, sizeof(struct page *));
}

void page_pool_fini(struct page_pool *p)
{
    must(p->page_count == 0 && p->node_count == 0);
    free(p->buckets);
    free(p->named);
}

uint64_t page_pool_bytes(const struct page_pool *p)
{
    return p->page_count * sizeof(struct page) + p->node_count * sizeof(struct node) +
           p->bucket_count * sizeof(struct page *);
}

static struct page **bucket_of(const struct page_pool *p, uint64_t hash)
{
    return &p->buckets[hash & (p->bucket_count - 1)];
}

static void pool_grow(struct page_pool *p)
{
    struct page_pool bigger = *p;

    bigger.bucket_count = p->bucket_count * 2;
    bigger.buckets = base_alloc(bigger.bucket_count, sizeof(struct page *));
    for (size_t i = 0; i < p->bucket_count; i++) {
        while (p->buckets[i] != NULL) {
            struct page *page = p->buckets[i];
            struct page **to = bucket_of(&bigger, page->hash);

            p->buckets[i] = page->next;
            page->next = *to;
            *to = page;
        }
    }
    free(p->buckets);
    *p = bigger;
}

struct page *page_find(const struct page_pool *p, uint64_t hash)
{
    struct page *page = *bucket_of(p, hash);

    while (page != NULL && page->hash != hash) {
        page = page->next;
    }
    return page;
}

struct page *page_keep(struct page_pool *p, const uint8_t *bytes, uint64_t hash)
{
    struct page *page;

    must(hash != 0);
    for (page = *bucket_of(p, hash); page != NULL; page = page->next) {
        if (page->hash == hash && memcmp(page->bytes, bytes, PAGE_SIZE) == 0) {
            page->refs++;
            return page;
        }
    }
    if (p->page_count >= p->bucket_count) {
        pool_grow(p);
    }
    page = base_alloc(1, sizeof(*page));
    page->refs = 1;
    page->hash = hash;
    memcpy(page->bytes, bytes, PAGE_SIZE);
    page->next = *bucket_of(p, hash);
    *bucket_of(p, hash) = page;
    p->page_count++;
    p->kept++;
    return page;
}

void page_drop(struct page_pool *p, struct page *page)
{
    struct page **link;

    if (page == NULL || --page->refs != 0) {
        return;
    }
    for (link = bucket_of(p, page->hash); *link != page; link = &(*link)->next) {
    }
    *link = page->next;
    p->page_count--;
    free(page);
}

/* ---- trees ---- */

unsigned tree_level_for(uint32_t page_count)
{
    unsigned level = 0;

    while ((uint64_t)page_count > UINT64_C(1) << (level + 1) * NODE_BITS) {
        level++;
    }
    return level;
}

struct tree tree_hold(struct tree t)
{
    if (t.root != NULL) {
        t.root->refs++;
    }
    return t;
}

/* ---- nodes that an index knows ---- */

#define NAMED_BUCKETS 16384u

void node_name(struct page_pool *p, struct node *n, unsigned level, uint32_t first, uint64_t id)
{
    struct node **bucket;

    must(n->id == 0 && id != 0);
    if (p->named == NULL) {
        p->named = base_alloc(NAMED_BUCKETS, sizeof(struct node *));
    }
    bucket = &p->named[id % NAMED_BUCKETS];
    n->id = id;
    n->level = level;
    n->first = first;
    n->next_named = *bucket;
    *bucket = n;
}

struct node *node_named(const struct page_pool *p, uint64_t id)
{
    struct node *n = p->named != NULL ? p->named[id % NAMED_BUCKETS] : NULL;

    while (n != NULL && n->id != id) {
        n = n->next_named;
    }
    return n;
}

void node_unname(struct page_pool *p, struct node *n)
{
    struct node **link;

    if (n->id == 0) {
        return;
    }
    for (link = &p->named[n->id % NAMED_BUCKETS]; *link != n; link = &(*link)->next_named) {
    }
    *link = n->next_named;
    n->id = 0;
    n->next_named = NULL;
}

struct node *node_new(struct page_pool *p)
{
    struct node *n = base_alloc(1, sizeof(*n));

    n->refs = 1;
    p->node_count++;
    return n;
}

void node_drop(struct page_pool *p, struct node *n, unsigned level)
{
    if (n == NULL || --n->refs != 0) {
        return;
    }
    node_unname(p, n);
    for (unsigned i = 0; i < NODE_SLOTS; i++) {
        if (level == 0) {
            page_drop(p, n->slot[i].page);
        } else {
            node_drop(p, n->slot[i].node, level - 1);
        }
    }
    p->node_count--;
    free(n);
}

void tree_drop(struct page_pool *p, struct tree *t)
{
    node_drop(p, t->root, t->level);
    t->root = NULL;
}

/* Makes *link a node that only it refers to, and returns it. */
static struct node *node_own(struct page_pool *p, struct node **link, unsigned level)
{
    struct node *old = *link, *n;

    if (old != NULL && old->refs == 1) {
        node_unname(p, old);
        return old;
    }
    n = node_new(p);
    if (old != NULL) {
        memcpy(n->slot, old->slot, sizeof n->slot);
        old->refs--;
        for (unsigned i = 0; i < NODE_SLOTS; i++) {
            if (level == 0 && n->slot[i].page != NULL) {
                n->slot[i].page->refs++;
            } else if (level != 0 && n->slot[i].node != NULL) {
                n->slot[i].node->refs++;
            }
        }
    }
    *link = n;
    return n;
}

static unsigned slot_of(uint32_t index, unsigned level)
{
    return index >> level * NODE_BITS & (NODE_SLOTS - 1);
}

struct page *tree_get(const struct tree *t, uint32_t index)
{
    const struct node *n = t->root;

    for (unsigned level = t->level; n != NULL && level > 0; level--) {
        n = n->slot[slot_of(index, level)].node;
    }
    return n != NULL ? n->slot[slot_of(index, 0)].page : NULL;
}

void tree_set(struct page_pool *p, struct tree *t, uint32_t index, struct page *page)
{
    struct node **link = &t->root, *n;

    if (tree_get(t, index) == page) { /* equal pages are one: nothing to copy */
        page_drop(p, page);
        return;
    }
    for (unsigned level = t->level; level > 0; level--) {
        n = node_own(p, link, level);
        link = &n->slot[slot_of(index, level)].node;
    }
    n = node_own(p, link, 0);
    page_drop(p, n->slot[slot_of(index, 0)].page);
    n->slot[slot_of(index, 0)].page = page;
}

struct comparison {
    void *opaque;
    void (*differs)(void *opaque, uint32_t index, const struct page *in_b);
};

static void compare_nodes(const struct comparison *c, const struct node *a, const struct node *b,
                          unsigned level, uint32_t first)
{
    if (a == b) {
        return;
    }
    for (uint32_t i = 0; i < NODE_SLOTS; i++) {
        uint32_t index = first + (i << level * NODE_BITS);

        if (level != 0) {
            compare_nodes(c, a != NULL ? a->slot[i].node : NULL, b != NULL ? b->slot[i].node : NULL,
                          level - 1, index);
        } else {
            const struct page *in_a = a != NULL ? a->slot[i].page : NULL;
            const struct page *in_b = b != NULL ? b->slot[i].page : NULL;

            if (in_a != in_b) {
                c->differs(c->opaque, index, in_b);
            }
        }
    }
}

void tree_compare(const struct tree *a, const struct tree *b, void *opaque,
                  void (*differs)(void *opaque, uint32_t index, const struct page *in_b))
{
    const struct comparison c = {.opaque = opaque, .differs = differs};

    must(a->level == b->level);
    compare_nodes(&c, a->root, b->root, a->level, 0);
}
