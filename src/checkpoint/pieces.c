/* SPDX-License-Identifier: GPL-2.0-or-later
 * pieces: a checkpoint taken apart into pages, tree nodes and the rest, so that an index holds
 * what checkpoints share once, and getting one costs what the store does not have already. Layout
 * in docs/checkpoints.md. Each piece is checked by a hash as it is read: damage is a sentence.
 */
#include <stdlib.h>

#include "checkpoint/internal.h"

#define VERSION     2
#define SEED        UINT64_C(0x70696563) /* of checksums: no other bytes of ours pass for pieces */
#define HEAD_BYTES  8u
#define CHECK_BYTES 8u
#define PAGE_ENTRY  16u /* hash and id */
#define NODE_ENTRY  8u  /* id */

_Static_assert(HEAD_BYTES + NODE_SLOTS * PAGE_ENTRY + CHECK_BYTES == CHECKPOINT_NODE_BYTES,
               "room for a full leaf");

static void put(struct text *out, uint64_t value, unsigned size)
{
    uint8_t bytes[8];

    bytes_set_le(bytes, size, value);
    text_add_bytes(out, bytes, size);
}

/* `id` is in the sum, so that no piece passes for another. */
static bool is_whole(const uint8_t *bytes, size_t count, uint64_t id)
{
    return count >= CHECK_BYTES && bytes_get_le(bytes + count - CHECK_BYTES, CHECK_BYTES) ==
                                       hash_bytes(bytes, count - CHECK_BYTES, SEED + id);
}

/* ---- apart ---- */

struct putting {
    struct tree_pool *pool;
    const struct checkpoint_sink *to;
    unsigned space; /* whose tree it is */
};

static uint64_t put_page(const struct putting *p, struct page *page)
{
    if (page->id == 0 || (p->to->has_page != NULL && !p->to->has_page(p->to->opaque, page->id))) {
        page->id = ++p->pool->last_page_id;
        p->to->page(p->to->opaque, page->id, page_bytes(p->pool, page));
    }
    return page->id;
}

static uint64_t put_node(const struct putting *p, struct node *n, unsigned level, uint32_t first)
{
    uint8_t bytes[CHECKPOINT_NODE_BYTES];
    uint32_t mask = 0;
    size_t at = HEAD_BYTES;

    if (n != NULL && n->id != 0 && p->to->has_node != NULL &&
        !p->to->has_node(p->to->opaque, n->id)) {
        node_unname(p->pool, n);
    }
    if (n == NULL || n->id != 0) {
        return n != NULL ? n->id : 0;
    }
    for (unsigned i = 0; i < NODE_SLOTS; i++) {
        if (level == 0 && n->slot[i].page != NULL) {
            bytes_set_le(bytes + at, 8, n->slot[i].page->hash);
            bytes_set_le(bytes + at + 8, 8, put_page(p, n->slot[i].page));
            at += PAGE_ENTRY;
            mask |= 1u << i;
        } else if (level != 0 && n->slot[i].node != NULL) {
            bytes_set_le(bytes + at, 8,
                         put_node(p, n->slot[i].node, level - 1, first + (i << level * NODE_BITS)));
            at += NODE_ENTRY;
            mask |= 1u << i;
        }
    }
    bytes_set_le(bytes, 4, level);
    bytes_set_le(bytes + 4, 4, mask);
    node_name(p->pool, n,
              (struct node_name){.id = ++p->pool->last_node_id,
                                 .level = (uint16_t)level,
                                 .first = first,
                                 .space = (uint16_t)p->space});
    bytes_set_le(bytes + at, CHECK_BYTES, hash_bytes(bytes, at, SEED + n->id));
    p->to->node(p->to->opaque, n->id, bytes, at + CHECK_BYTES);
    return n->id;
}

unsigned checkpoint_node_children(const uint8_t *bytes, uint64_t ids[CHECKPOINT_NODE_CHILDREN],
                                  bool *pages)
{
    unsigned count = (unsigned)__builtin_popcount((uint32_t)bytes_get_le(bytes + 4, 4));

    *pages = bytes_get_le(bytes, 4) == 0;
    for (unsigned i = 0; i < count; i++) { /* of a page, behind its hash */
        ids[i] = *pages ? bytes_get_le(bytes + HEAD_BYTES + i * PAGE_ENTRY + 8, 8)
                        : bytes_get_le(bytes + HEAD_BYTES + i * NODE_ENTRY, 8);
    }
    return count;
}

void checkpoint_put(struct checkpoint *c, const struct checkpoint_sink *to, struct text *out)
{
    size_t start = out->length;

    put(out, VERSION, 4);
    state_write(c, out);
    for (unsigned i = 0; i <= c->store->live_count; i++) {
        const struct whose whose = {.store = c->store, .space = i};
        const struct putting p = {.pool = c->store->pool, .to = to, .space = i};
        const struct page_tree *t = whose_tree(whose, c);
        uint64_t root = put_node(&p, t->root, t->level, 0);

        put(out, whose_page_count(whose), 4);
        put(out, root, 8);
        if (root != 0) {
            to->root(to->opaque, root);
        }
    }
    put(out, hash_bytes(out->data + start, out->length - start, SEED), CHECK_BYTES);
}

/* ---- together ---- */

struct getting {
    struct checkpoint_store *store;
    struct whose whose; /* tree it is */
    const struct checkpoint_shelf *from;
    struct error *e;
};

static struct page *bad_page(const struct getting *g, uint64_t index, const char *what)
{
    char name[64];

    whose_name(g->whose, index, name);
    error_set(g->e, "checkpoint: %s%s", name, what);
    return NULL;
}

/* One reference to the page; NULL and a sentence. What has the right hash is the right page. */
static struct page *get_page(const struct getting *g, uint32_t index, uint64_t hash, uint64_t id)
{
    struct tree_pool *pool = g->store->pool;
    struct page *page = hash != 0 ? page_find(pool, hash) : NULL;
    uint8_t bytes[PAGE_SIZE];

    if (page != NULL) {
        return page_hold(page);
    }
    if (hash == 0) {
        return bad_page(g, index, " is empty and not");
    }
    if (g->whose.space != 0 && g->from->lent != NULL) {
        return page_lend(pool, hash, id, index);
    }
    if (g->from->page(g->from->opaque, id, bytes, g->e) < 0) {
        return NULL;
    }
    if (whose_hash(g->whose, index, bytes) != hash) {
        return bad_page(g, index, " is not what it was");
    }
    page = page_keep(pool, bytes, hash);
    page->id = id;
    return page;
}

static struct node *get_node(const struct getting *g, uint64_t id, unsigned level, uint32_t first);

/* The slots of a node that the reader stands in; false and a sentence. */
static bool get_slots(const struct getting *g, struct node *n, const uint8_t *bytes, uint32_t mask,
                      unsigned level, uint32_t first)
{
    for (uint32_t i = 0; i < NODE_SLOTS; i++) {
        uint64_t index = first + ((uint64_t)i << level * NODE_BITS);

        if (!(mask >> i & 1)) {
            continue;
        }
        if (index >= whose_page_count(g->whose)) {
            return bad_page(g, index, " is none that this machine has") != NULL;
        }
        if (level == 0) {
            struct page *page =
                get_page(g, (uint32_t)index, bytes_get_le(bytes, 8), bytes_get_le(bytes + 8, 8));

            bytes += PAGE_ENTRY;
            if (page == NULL) {
                return false;
            }
            node_put_page(n, i, page);
        } else {
            struct node *below = get_node(g, bytes_get_le(bytes, 8), level - 1, (uint32_t)index);

            bytes += NODE_ENTRY;
            if (below == NULL) {
                return false;
            }
            node_put_node(n, i, below);
        }
    }
    return true;
}

/* One reference to the node; NULL and a sentence. */
static struct node *get_node(const struct getting *g, uint64_t id, unsigned level, uint32_t first)
{
    struct tree_pool *pool = g->store->pool;
    struct node *n = node_named(pool, id);
    uint8_t bytes[CHECKPOINT_NODE_BYTES];
    uint32_t mask;
    size_t count;

    if (n != NULL && n->level == level && n->first == first && n->space == g->whose.space) {
        n->refs++;
        return n;
    }
    if (g->from->node(g->from->opaque, id, bytes, &count, g->e) < 0) {
        return NULL;
    }
    mask = count >= HEAD_BYTES ? (uint32_t)bytes_get_le(bytes + 4, 4) : 0;
    if (n != NULL || id == 0 || !is_whole(bytes, count, id) || bytes_get_le(bytes, 4) != level ||
        count != HEAD_BYTES + CHECK_BYTES +
                     (size_t)__builtin_popcount(mask) * (level == 0 ? PAGE_ENTRY : NODE_ENTRY)) {
        error_set(g->e, "checkpoint: node %llu of the page tree is damaged",
                  (unsigned long long)id);
        return NULL;
    }
    n = node_new(pool);
    if (!get_slots(g, n, bytes + HEAD_BYTES, mask, level, first)) {
        node_drop(pool, n, level);
        return NULL;
    }
    node_name(
        pool, n,
        (struct node_name){
            .id = id, .level = (uint16_t)level, .first = first, .space = (uint16_t)g->whose.space});
    return n;
}

static int get_tree(const struct getting *g, struct reader *r, struct checkpoint *c)
{
    struct page_tree *t = whose_tree(g->whose, c);
    uint64_t pages = reader_take(r, 4), root = reader_take(r, 8);

    if (r->short_of || pages != whose_page_count(g->whose)) {
        return error_set(g->e, "checkpoint: its memory is not this machine's");
    }
    if (root != 0) {
        t->root = get_node(g, root, t->level, 0);
    }
    return root != 0 && t->root == NULL ? -1 : 0;
}

static int get_all(struct getting *g, struct reader *r, struct checkpoint *c)
{
    uint64_t version = reader_take(r, 4);

    if (version != VERSION) {
        return error_set(g->e, "checkpoint: its pieces have format %llu, this program reads %d",
                         (unsigned long long)version, VERSION);
    }
    if (state_read(r, c, g->e) < 0) {
        return -1;
    }
    for (g->whose.space = 0; g->whose.space <= g->store->live_count; g->whose.space++) {
        if (get_tree(g, r, c) < 0) {
            return -1;
        }
    }
    return r->at == r->count ? 0 : error_set(g->e, "checkpoint: bytes after its end");
}

struct checkpoint *checkpoint_get(struct checkpoint_store *s, const void *bytes, size_t count,
                                  const struct checkpoint_shelf *from, struct error *e)
{
    struct getting g = {.store = s, .whose = {.store = s}, .from = from, .e = e};
    struct reader r = {.bytes = bytes, .count = count >= CHECK_BYTES ? count - CHECK_BYTES : 0};
    struct checkpoint *c;

    if (from->lent != NULL) {
        s->pool->shelf = (struct page_shelf){.opaque = from->opaque, .read = from->lent};
    }
    if (!is_whole(bytes, count, 0)) {
        error_set(e, "checkpoint: damaged or cut off: its checksum is wrong");
        return NULL;
    }
    c = checkpoint_new(s);
    if (get_all(&g, &r, c) < 0) {
        checkpoint_drop(c);
        return NULL;
    }
    return c;
}

void checkpoint_end_lending(struct checkpoint_store *s)
{
    s->pool->shelf = (struct page_shelf){0};
}
