/* SPDX-License-Identifier: GPL-2.0-or-later
 * checkpoint: a machine at a tick, in memory or as bytes. The parts by their field tables and the
 * roots of their live trees, guest memory as a tree of pages that checkpoints share; never anything
 * that observes or only caches (probes, tables, translated code). docs/checkpoints.md has the shape
 * and the format. Left out: the index file (travel/ decides what goes in).
 */
#ifndef CHECKPOINT_CHECKPOINT_H
#define CHECKPOINT_CHECKPOINT_H

#include "base/base.h"
#include "machine/machine.h"

/* The checkpoints of one machine: what they share, and which of them its memory was last equal
 * to. It is the only user of mem's checkpoint dirty list. One thread at a time. */
struct checkpoint_store;
/* One of them: immutable, counted references. */
struct checkpoint;

/* `m` is sealed and outlives the store. */
struct checkpoint_store *checkpoint_store_new(struct machine *m);
/* Every checkpoint of it must have been dropped. */
void checkpoint_store_free(struct checkpoint_store *s);

/* The machine's state at its current tick, with one reference. Costs what was written since the
 * last save or restore; the first one costs what is not zero. Brings the page hashes up to date. */
struct checkpoint *checkpoint_save(struct checkpoint_store *s);
struct checkpoint *checkpoint_hold(struct checkpoint *c); /* one more reference; returns c */
void checkpoint_drop(struct checkpoint *c);               /* one less; NULL is fine */

/* Makes the machine what it was: touches only pages that differ, and drops what harts remember of
 * address translation; translated code stays where its bytes did. The inlet is not the machine's:
 * whoever calls this moves it to checkpoint_tick() as well. */
void checkpoint_restore(struct checkpoint_store *s, const struct checkpoint *c);

tick checkpoint_tick(const struct checkpoint *c);
uint64_t checkpoint_instructions(const struct checkpoint *c); /* retired until then, all harts */
uint64_t
checkpoint_tree_bytes(const struct checkpoint *c); /* of devices' trees that are not zero */

/* What the store holds, all its checkpoints together, beside what the machine's live trees are anyway.
 * Pages that lie in a file (tree_pool_spill()) count as the others do. */
uint64_t checkpoint_store_bytes(const struct checkpoint_store *s);
/* Figures of the work done, for tests and statistics. */
struct checkpoint_stats {
    uint64_t saves, restores;
    uint64_t pages_saved;    /* written pages looked at by saves */
    uint64_t pages_kept;     /* of these, stored anew: their content was not there yet */
    uint64_t pages_restored; /* whose bytes restores replaced */
    uint64_t pages_held;     /* distinct pages in memory now */
};
struct checkpoint_stats checkpoint_store_stats(const struct checkpoint_store *s);

/* ---- as bytes ---- */

/* Appends the checkpoint to `out`: complete, readable by another process (docs/checkpoints.md). */
void checkpoint_write(struct checkpoint *c, struct text *out);
/* Reads one back for the store's machine, which was built from the same config: one reference.
 * NULL and a sentence if the bytes are damaged, foreign, newer, or of another machine. */
struct checkpoint *checkpoint_read(struct checkpoint_store *s, const void *bytes, size_t count,
                                   struct error *e);

/* ---- in pieces that checkpoints share: for an index ---- */

/* Takes what no checkpoint put before had: pages of PAGE_SIZE bytes and nodes of the page tree,
 * those below a node before it. Ids count up from 1, for pages and for nodes. */
struct checkpoint_sink {
    void *opaque;
    void (*page)(void *opaque, uint64_t id, const uint8_t *bytes);
    void (*node)(void *opaque, uint64_t id, const uint8_t *bytes, size_t count);
    /* The checkpoint has a tree with this root: memory, or a part's. */
    void (*root)(void *opaque, uint64_t id);
    /* Is what was put under this id still there? What is not is put again, under another; where a node
     * is, all below it has to be. NULL: nothing ever goes. */
    bool (*has_page)(void *opaque, uint64_t id);
    bool (*has_node)(void *opaque, uint64_t id);
};
/* Appends to `out` what is left: the states and the trees' roots. All checkpoints of a store go to one
 * place or are got from one. */
void checkpoint_put(struct checkpoint *c, const struct checkpoint_sink *to, struct text *out);
/* How many ids there are in a node that was put, and which; *pages: they are of pages. */
#define CHECKPOINT_NODE_CHILDREN 32u
unsigned checkpoint_node_children(const uint8_t *bytes, uint64_t ids[CHECKPOINT_NODE_CHILDREN],
                                  bool *pages);

#define CHECKPOINT_NODE_BYTES 528u /* a node has no more */
struct checkpoint_shelf {
    void *opaque;
    /* The very bytes that were put, which it has to know (a sum of them); -1 and a sentence if
     * there are none with this id. Nodes and the rest are checked here as well. */
    int (*page)(void *opaque, uint64_t id, uint8_t bytes[PAGE_SIZE], struct error *e);
    int (*node)(void *opaque, uint64_t id, uint8_t bytes[CHECKPOINT_NODE_BYTES], size_t *count,
                struct error *e);
    /* NULL, or page() for pages of live trees, which are not asked for before a device looks at them, until
     * checkpoint_end_lending(); what it cannot give then ends the program. */
    int (*lent)(void *opaque, uint64_t id, uint8_t bytes[PAGE_SIZE], struct error *e);
};
/* Reads one back: asks only for nodes that the store has not, and pages whose content (by its
 * hash) it has not. NULL and a sentence as checkpoint_read(). */
struct checkpoint *checkpoint_get(struct checkpoint_store *s, const void *bytes, size_t count,
                                  const struct checkpoint_shelf *from, struct error *e);
/* The shelf goes: what is on it is gone, and neither checkpoints nor the machine's devices may look at it any
 * more. */
void checkpoint_end_lending(struct checkpoint_store *s);

#endif
