/* SPDX-License-Identifier: GPL-2.0-or-later
 * tree: pages as persistent radix trees. A tree is a root; trees share nodes, nodes share pages; a
 * page of zeros is no page at all. Nothing that has more than one reference ever changes, so that
 * keeping a tree as it is now costs one reference, and going back to it costs an assignment.
 *
 * Guest memory is put into such trees by checkpoints; what a device has too much of for a plain
 * struct (a disk, a large table) lives in one: see live.c. One thread at a time uses a pool and
 * all that is of it.
 */
#ifndef TREE_TREE_H
#define TREE_TREE_H

#include "base/base.h"
#include "host/host.h"
#include "mem/mem.h"

/* ---- pool.c: pages, each content (of one address) once ------------------------------------------ */

struct page {
    uint64_t refs;
    uint64_t hash; /* mem_hash_bytes() of it; 0: a live tree is writing it, nobody else knows it */
    struct page *next; /* in its bucket of the pool */
    uint64_t id;       /* by which an index knows it; 0: none does */
    uint8_t *bytes;    /* NULL: they are in the file, see page_bytes() */
    uint64_t place;    /* in the file, in pages, from 1; 0: it was never put there. On the shelf:
                                    its number in its tree */
    struct page *before, *after; /* in the ring of those that have bytes */
    bool used;                   /* since the ring's hand came by */
    bool on_shelf;               /* where its bytes are, under its id */
};

/* Where bytes of pages are that nobody looked at yet: an index. -1 and a sentence: they cannot be read. */
struct page_shelf {
    void *opaque;
    int (*read)(void *opaque, uint64_t id, uint8_t bytes[PAGE_SIZE], struct error *e);
};

struct tree_pool {
    struct page **buckets;
    size_t bucket_count; /* a power of two */
    size_t page_count;
    size_t node_count;
    uint64_t kept; /* pages ever stored anew */

    /* Nodes that an index knows, by their id; NULL before there are any. */
    struct node **named;
    uint64_t last_page_id, last_node_id; /* given by checkpoint_put() */

    /* Pages beyond the bound lie in a file. */
    struct host_scratch *scratch; /* borrowed, and other pools' as well; NULL: there is no bound */
    size_t resident_most;
    size_t resident;     /* pages that have bytes */
    struct page *hand;   /* the ring */
    uint64_t next_place; /* in the file, in pages from 1, */
    uint64_t places;     /* and how many from there on are this pool's, and were never given */
    VEC(uint64_t) free_places;

    /* Room for pages in memory: what the host gave, and what of it nobody uses. */
    VEC(uint8_t *) slabs;
    VEC(uint8_t *) free_frames;
    uint64_t spilled, fetched; /* pages, for statistics */

    struct page_shelf shelf; /* `read` NULL: there is none */
};
void tree_pool_init(struct tree_pool *p);
void tree_pool_fini(struct tree_pool *p); /* requires: no page is left */
/* From now on at most so many pages, at least 1, are in memory, the others in the file, which outlives
 * the pool. What cannot be written there stays in memory: the bound is a wish. */
void tree_pool_spill(struct tree_pool *p, struct host_scratch *scratch, size_t most);
/* All that belongs to it, as if every page were in memory. */
uint64_t tree_pool_bytes(const struct tree_pool *p);
#define TREE_PAGE_BYTES (sizeof(struct page) + PAGE_SIZE)

/* One reference to the page with this content; `hash` is mem_hash_bytes() of it, not 0. */
struct page *page_keep(struct tree_pool *p, const uint8_t *bytes, uint64_t hash);
struct page *page_hold(struct page *page); /* NULL is fine */
void page_drop(struct tree_pool *p, struct page *page);
/* The page with this hash, without a reference; NULL: there is none. */
struct page *page_find(const struct tree_pool *p, uint64_t hash);
/* Its bytes, until the next call that is given the pool. A file of ours that cannot be read any more
 * ends the program: there is no state to go on from. */
const uint8_t *page_bytes(struct tree_pool *p, struct page *page);
/* The same of a page whose bytes are on the pool's shelf under `id`, which nobody looks at now. `index` is its
 * number in its live tree, which is part of its hash. A page that cannot be read when it is wanted, or has
 * another hash, ends the program. */
struct page *page_lend(struct tree_pool *p, uint64_t hash, uint64_t id, uint32_t index);
/* A page that nobody else knows, with these bytes (NULL: zeros), to be written; and what it becomes when it
 * is not written any more: a page of the pool, whose reference takes its place. */
struct page *page_open(struct tree_pool *p, const uint8_t *bytes);
struct page *page_close(struct tree_pool *p, struct page *page, uint64_t hash);

/* ---- tree.c ------------------------------------------------------------------------------------- */

#define NODE_BITS  5
#define NODE_SLOTS (1u << NODE_BITS)

struct node {
    uint64_t refs;
    uint64_t sum;            /* of the hashes of all pages below, modulo 2^64 */
    uint64_t id;             /* by which an index knows it; 0: none does. It never changes then. */
    struct node *next_named; /* in its bucket of the pool */
    uint32_t pages;          /* below it */
    uint32_t first;          /* with an id: the page that its first slot begins with, */
    uint16_t level;          /* 0 if its slots are pages, */
    uint16_t space;          /* and which tree's it is: the caller's numbers */
    union {
        struct node *node;
        struct page *page; /* on level 0 */
    } slot[NODE_SLOTS];
};

/* What an index knows a node by. */
struct node_name {
    uint64_t id;
    uint32_t first;
    uint16_t level, space;
};
void node_name(struct tree_pool *p, struct node *n, struct node_name name);
void node_unname(struct tree_pool *p,
                 struct node *n); /* the index's node of that id is another now */
struct node *node_named(const struct tree_pool *p, uint64_t id); /* without a reference, or NULL */
/* A node of empty slots with one reference. */
struct node *node_new(struct tree_pool *p);
void node_drop(struct tree_pool *p, struct node *n, unsigned level);
/* Slot i, which is empty, of a node that nobody else has gets a page or a node, whose reference it takes
 * over. */
void node_put_page(struct node *n, unsigned i, struct page *page);
void node_put_node(struct node *n, unsigned i, struct node *below);

/* NULL is a tree of zeros. `level` is that of the root: 0 if its slots are pages. */
struct page_tree {
    struct node *root;
    unsigned level;
};
unsigned tree_level_for(uint32_t page_count);
struct page_tree tree_hold(struct page_tree t);
void tree_drop(struct tree_pool *p, struct page_tree *t);
/* Page `index` becomes `page` (NULL: zeros), whose reference the tree takes over. */
void tree_set(struct tree_pool *p, struct page_tree *t, uint32_t index, struct page *page);
struct page *tree_get(const struct page_tree *t, uint32_t index);
/* Every index whose page differs between the two, of one pool, rising; b's page is given. */
void tree_compare(const struct page_tree *a, const struct page_tree *b, void *opaque,
                  void (*differs)(void *opaque, uint32_t index, struct page *in_b));
/* The first page that differs, by its hash; the two may be of different pools. */
bool tree_first_difference(const struct page_tree *a, const struct page_tree *b, uint32_t *index);
uint64_t tree_sum(const struct page_tree *t);
uint32_t tree_pages(const struct page_tree *t);

/* ---- live.c: a tree that is state -------------------------------------------------------------- */

/* So many bytes, zeros at first, of which only pages that are not zero take memory. */
struct live_tree {
    struct tree_pool *pool;
    struct page_tree tree;
    uint64_t bytes;      /* a multiple of PAGE_SIZE */
    VEC(uint32_t) dirty; /* pages being written, each once; invariant: their hash is 0 */
};
#define LIVE_TREE_MOST (UINT64_C(1) << 43) /* bytes: page numbers have 31 bits */

/* bytes is at most LIVE_TREE_MOST; what is over a page's end is there as well. */
void live_tree_init(struct live_tree *t, struct tree_pool *p, uint64_t bytes);
void live_tree_fini(struct live_tree *t);
/* [at, at + size) is inside. */
void live_tree_read(struct live_tree *t, uint64_t at, void *bytes, size_t size);
void live_tree_write(struct live_tree *t, uint64_t at, const void *bytes, size_t size);
void live_tree_clear(struct live_tree *t); /* all zeros */
/* The range becomes zeros; where it is so already, that costs next to nothing. */
void live_tree_zero(struct live_tree *t, uint64_t at, uint64_t size);

uint32_t live_tree_page_count(const struct live_tree *t);
/* Sum modulo 2^64 over all pages of mem_hash_bytes(offset, content). Costs what was written since. */
uint64_t live_tree_hash(struct live_tree *t);
/* The same from nothing; for tests. */
uint64_t live_tree_hash_slow(struct live_tree *t);
/* As it is now, with a reference; costs what was written since. */
struct page_tree live_tree_save(struct live_tree *t);
/* It becomes what it was. */
void live_tree_restore(struct live_tree *t, struct page_tree was);

#endif
