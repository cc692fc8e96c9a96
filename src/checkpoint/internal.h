/* SPDX-License-Identifier: GPL-2.0-or-later
 * checkpoint/internal: the structs, for this folder only.
 *
 * Memory at a tick is a tree over page numbers (tree/tree.h), and each part's live tree is one over its
 * own; all of one machine share a pool.
 */
#ifndef CHECKPOINT_INTERNAL_H
#define CHECKPOINT_INTERNAL_H

#include "checkpoint/checkpoint.h"
#include "tree/tree.h"

struct checkpoint_store {
    struct machine *machine;
    struct tree_pool *pool;                    /* the machine's */
    struct live_tree *live[MACHINE_PARTS_MAX]; /* of the parts that have one, in their order */
    unsigned live_count;
    /* invariant: while has_base, memory equals the base but for mem's dirty pages. */
    struct page_tree base;
    bool has_base;
    size_t parts_size; /* bytes of all parts' states, one after the other */
    uint32_t checkpoint_count;
    struct checkpoint_stats stats;
};

struct checkpoint {
    struct checkpoint_store *store;
    uint64_t refs;
    struct page_tree memory;
    struct page_tree *live; /* store->live_count of them */
    tick at;
    uint64_t instructions;
    uint8_t parts[]; /* store->parts_size */
};

/* Whose pages a tree has: 0 is memory, 1 + i the store's live tree i. */
struct whose {
    const struct checkpoint_store *store;
    unsigned space;
};
struct page_tree *whose_tree(struct whose w, struct checkpoint *c);
uint32_t whose_page_count(struct whose w);
/* What the page's hash has to be if it has these bytes; `index` is below the count. */
uint64_t whose_hash(struct whose w, uint32_t index, const uint8_t bytes[PAGE_SIZE]);
/* As people call it: "page 3" or "page 3 of disk0". */
void whose_name(struct whose w, uint64_t index, char name[64]);

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
