/* SPDX-License-Identifier: GPL-2.0-or-later
 * checkpoint/internal: the page tree and the structs, for this folder only.
 *
 * Memory at a tick is a radix tree over page numbers. Trees share nodes, nodes share pages; a
 * page of zeros is no page at all. Nothing that has more than one reference ever changes.
 */
#ifndef CHECKPOINT_INTERNAL_H
#define CHECKPOINT_INTERNAL_H

#include "checkpoint/checkpoint.h"

struct page {
    uint64_t refs;
    uint64_t hash;     /* mem_page_hash() of it: of address and content */
    struct page *next; /* in its bucket of the pool */
    uint64_t id;       /* by which an index knows it; 0: none does */
    uint8_t bytes[PAGE_SIZE];
};

/* All pages of a store, each content (of one address) once. */
struct page_pool {
    struct page **buckets;
    size_t bucket_count; /* a power of two */
    size_t page_count;
    size_t node_count;
    uint64_t kept; /* pages ever stored anew */

    /* Nodes that an index knows, by their id; NULL before there are any. */
    struct node **named;
    uint64_t last_page_id, last_node_id; /* given by checkpoint_put() */
};
void page_pool_init(struct page_pool *p);
void page_pool_fini(struct page_pool *p); /* requires: no page is left */
uint64_t page_pool_bytes(const struct page_pool *p);
/* One reference to the page with this content; `hash` is mem_page_hash() of it, not 0. */
struct page *page_keep(struct page_pool *p, const uint8_t *bytes, uint64_t hash);
void page_drop(struct page_pool *p, struct page *page);
/* The page with this hash, without a reference; NULL: there is none. */
struct page *page_find(const struct page_pool *p, uint64_t hash);

#define NODE_BITS  5
#define NODE_SLOTS (1u << NODE_BITS)

struct node {
    uint64_t refs;
    uint64_t id;             /* by which an index knows it; 0: none does. It never changes then. */
    unsigned level;          /* with an id: 0 if its slots are pages, */
    uint32_t first;          /* and the page that its first slot begins with */
    struct node *next_named; /* in its bucket of the pool */
    union {
        struct node *node;
        struct page *page; /* on level 0 */
    } slot[NODE_SLOTS];
};

void node_name(struct page_pool *p, struct node *n, unsigned level, uint32_t first, uint64_t id);
void node_unname(struct page_pool *p,
                 struct node *n); /* the index's node of that id is another now */
struct node *node_named(const struct page_pool *p, uint64_t id); /* without a reference, or NULL */
/* A node of empty slots with one reference. */
struct node *node_new(struct page_pool *p);
void node_drop(struct page_pool *p, struct node *n, unsigned level);

/* NULL is a tree of zeros. `level` is that of the root: 0 if its slots are pages. */
struct tree {
    struct node *root;
    unsigned level;
};
unsigned tree_level_for(uint32_t page_count);
struct tree tree_hold(struct tree t);
void tree_drop(struct page_pool *p, struct tree *t);
/* Page `index` becomes `page` (NULL: zeros), whose reference the tree takes over. */
void tree_set(struct page_pool *p, struct tree *t, uint32_t index, struct page *page);
struct page *tree_get(const struct tree *t, uint32_t index);
/* Every index whose page differs between the two, rising; b's page is given. */
void tree_compare(const struct tree *a, const struct tree *b, void *opaque,
                  void (*differs)(void *opaque, uint32_t index, const struct page *in_b));

struct checkpoint_store {
    struct machine *machine;
    struct page_pool pool;
    /* invariant: while has_base, memory equals the base but for mem's dirty pages. */
    struct tree base;
    bool has_base;
    size_t parts_size; /* bytes of all parts' states, one after the other */
    uint32_t checkpoint_count;
    struct checkpoint_stats stats;
};

struct checkpoint {
    struct checkpoint_store *store;
    uint64_t refs;
    struct tree memory;
    tick at;
    uint64_t instructions;
    uint8_t parts[]; /* store->parts_size */
};

/* format.c: the states of the parts, as both forms have them; bytes read from the front. */
struct reader {
    const uint8_t *bytes;
    size_t count, at;
    bool short_of; /* asked for more than there is */
};
uint64_t reader_take(struct reader *r, unsigned size);
void state_write(const struct checkpoint *c, struct text *out);
int state_read(struct reader *r, struct checkpoint *c, struct error *e);

/* A checkpoint with one reference, no memory yet, `parts` undefined. */
struct checkpoint *checkpoint_new(struct checkpoint_store *s);

#endif
