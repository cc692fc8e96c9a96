/* SPDX-License-Identifier: GPL-2.0-or-later
 * tree: pages as a persistent radix tree. Changing a tree copies the path to what changes, unless
 * nobody else holds it: a save of n pages that lie together makes about n / 32 nodes. Each node
 * knows the sum of its pages' hashes, and how many there are.
 */
#include <stdlib.h>

#include "tree/internal.h"

unsigned tree_level_for(uint32_t page_count)
{
    unsigned level = 0;

    while ((uint64_t)page_count > UINT64_C(1) << (level + 1) * NODE_BITS) {
        level++;
    }
    return level;
}

struct page_tree tree_hold(struct page_tree t)
{
    if (t.root != NULL) {
        t.root->refs++;
    }
    return t;
}

/* ---- nodes that an index knows ---- */

#define NAMED_BUCKETS 16384u

void node_name(struct tree_pool *p, struct node *n, struct node_name name)
{
    struct node **bucket;

    must(n->id == 0 && name.id != 0);
    if (p->named == NULL) {
        p->named = base_alloc(NAMED_BUCKETS, sizeof(struct node *));
    }
    bucket = &p->named[name.id % NAMED_BUCKETS];
    n->id = name.id;
    n->level = name.level;
    n->first = name.first;
    n->space = name.space;
    n->next_named = *bucket;
    *bucket = n;
}

struct node *node_named(const struct tree_pool *p, uint64_t id)
{
    struct node *n = p->named != NULL ? p->named[id % NAMED_BUCKETS] : NULL;

    while (n != NULL && n->id != id) {
        n = n->next_named;
    }
    return n;
}

void node_unname(struct tree_pool *p, struct node *n)
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

struct node *node_new(struct tree_pool *p)
{
    struct node *n = base_alloc(1, sizeof(*n));

    n->refs = 1;
    p->node_count++;
    return n;
}

void node_drop(struct tree_pool *p, struct node *n, unsigned level)
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

void node_put_page(struct node *n, unsigned i, struct page *page)
{
    must(n->slot[i].page == NULL && page->hash != 0);
    n->slot[i].page = page;
    n->sum += page->hash;
    n->pages++;
}

void node_put_node(struct node *n, unsigned i, struct node *below)
{
    must(n->slot[i].node == NULL);
    n->slot[i].node = below;
    n->sum += below->sum;
    n->pages += below->pages;
}

void tree_drop(struct tree_pool *p, struct page_tree *t)
{
    node_drop(p, t->root, t->level);
    t->root = NULL;
}

/* Makes *link a node that only it refers to, and returns it. */
static struct node *node_own(struct tree_pool *p, struct node **link, unsigned level)
{
    struct node *old = *link, *n;

    if (old != NULL && old->refs == 1) {
        node_unname(p, old);
        return old;
    }
    n = node_new(p);
    if (old != NULL) {
        memcpy(n->slot, old->slot, sizeof n->slot);
        n->sum = old->sum;
        n->pages = old->pages;
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

struct page *tree_get(const struct page_tree *t, uint32_t index)
{
    const struct node *n = t->root;

    for (unsigned level = t->level; n != NULL && level > 0; level--) {
        n = n->slot[slot_of(index, level)].node;
    }
    return n != NULL ? n->slot[slot_of(index, 0)].page : NULL;
}

struct page **tree_own_slot(struct tree_pool *p, struct page_tree *t, uint32_t index,
                            uint64_t more_sum, uint32_t more_pages)
{
    struct node **link = &t->root, *n;

    for (unsigned level = t->level;; level--) {
        n = node_own(p, link, level);
        n->sum += more_sum;
        n->pages += more_pages;
        if (level == 0) {
            return &n->slot[slot_of(index, 0)].page;
        }
        link = &n->slot[slot_of(index, level)].node;
    }
}

void tree_set(struct tree_pool *p, struct page_tree *t, uint32_t index, struct page *page)
{
    struct page *old = tree_get(t, index), **slot;

    if (old == page) { /* equal pages are one: nothing to copy */
        page_drop(p, page);
        return;
    }
    slot = tree_own_slot(p, t, index, (page != NULL ? page->hash : 0) - (old ? old->hash : 0),
                         (uint32_t)(page != NULL) - (uint32_t)(old != NULL));
    page_drop(p, *slot);
    *slot = page;
}

uint64_t tree_sum(const struct page_tree *t)
{
    return t->root != NULL ? t->root->sum : 0;
}

uint32_t tree_pages(const struct page_tree *t)
{
    return t->root != NULL ? t->root->pages : 0;
}

/* ---- comparing ---- */

struct comparison {
    void *opaque;
    void (*differs)(void *opaque, uint32_t index, struct page *in_b);
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
            struct page *in_a = a != NULL ? a->slot[i].page : NULL;
            struct page *in_b = b != NULL ? b->slot[i].page : NULL;

            if (in_a != in_b) {
                c->differs(c->opaque, index, in_b);
            }
        }
    }
}

void tree_compare(const struct page_tree *a, const struct page_tree *b, void *opaque,
                  void (*differs)(void *opaque, uint32_t index, struct page *in_b))
{
    const struct comparison c = {.opaque = opaque, .differs = differs};

    must(a->level == b->level);
    compare_nodes(&c, a->root, b->root, a->level, 0);
}

static uint64_t sum_of(const struct node *n)
{
    return n != NULL ? n->sum : 0;
}

static uint64_t hash_of(const struct page *page)
{
    return page != NULL ? page->hash : 0;
}

bool tree_first_difference(const struct page_tree *a, const struct page_tree *b, uint32_t *index)
{
    const struct node *x = a->root, *y = b->root;

    must(a->level == b->level);
    if (sum_of(x) == sum_of(y)) {
        return false;
    }
    *index = 0;
    for (unsigned level = a->level;; level--) {
        unsigned i = 0;

        if (level == 0) {
            while (hash_of(x != NULL ? x->slot[i].page : NULL) ==
                   hash_of(y != NULL ? y->slot[i].page : NULL)) {
                i++;
            }
            *index += i;
            return true;
        }
        while (sum_of(x != NULL ? x->slot[i].node : NULL) ==
               sum_of(y != NULL ? y->slot[i].node : NULL)) {
            i++;
        }
        *index += i << level * NODE_BITS;
        x = x != NULL ? x->slot[i].node : NULL;
        y = y != NULL ? y->slot[i].node : NULL;
    }
}
