/* SPDX-License-Identifier: GPL-2.0-or-later
 * thin: which checkpoints an index gives up so that its file stays within its bound, and which pages and
 * nodes go with them: those that no checkpoint that stays has any use for. Works on what the machine's
 * thread has handed out, so that it knows of everything that waits to be written, too; the pieces
 * themselves are nobody's business here, only who needs which.
 */
#include <stdlib.h>

#include "index/internal.h"

/* Idle ticks cost next to nothing to replay. */
#define IDLE_SHARE 64
/* Checkpoints go in rounds of such a share of them. */
#define ROUND_SHARE 8

enum { PIECE_HERE = 1, PIECE_SEEN = 2 };

struct thin_node {
    size_t first; /* of its children in `links` */
    uint8_t count, flags;
    bool has_pages; /* its children are pages */
};

struct thin_roots {
    VEC(uint64_t) ids;
};
struct thin_mark {
    tick at;
    uint64_t cost;           /* to replay until there */
    struct thin_roots roots; /* of memory and of live trees, but for those of zeros */
};

struct thinner {
    VEC(struct thin_node) nodes; /* by id, from 1 */
    VEC(uint8_t) pages;          /* the same: flags */
    VEC(uint64_t) links;
    VEC(struct thin_mark) marks; /* by rising tick */
    struct thin_roots coming;    /* of the next one */
};

struct thinner *thinner_new(void)
{
    return base_alloc(1, sizeof(struct thinner));
}

void thinner_free(struct thinner *t)
{
    if (t != NULL) {
        vec_fini(&t->nodes);
        vec_fini(&t->pages);
        vec_fini(&t->links);
        for (size_t i = 0; i < t->marks.count; i++) {
            vec_fini(&t->marks.data[i].roots.ids);
        }
        vec_fini(&t->marks);
        vec_fini(&t->coming.ids);
        free(t);
    }
}

/* ---- what there is ---- */

void thinner_add_page(struct thinner *t, uint64_t id)
{
    must(id == t->pages.count + 1);
    vec_push(&t->pages, PIECE_HERE);
}

void thinner_add_node(struct thinner *t, uint64_t id, const uint8_t *bytes)
{
    struct thin_node n = {.first = t->links.count, .flags = PIECE_HERE};
    uint64_t children[CHECKPOINT_NODE_CHILDREN];

    must(id == t->nodes.count + 1);
    n.count = (uint8_t)checkpoint_node_children(bytes, children, &n.has_pages);
    for (unsigned i = 0; i < n.count; i++) {
        vec_push(&t->links, children[i]);
    }
    vec_push(&t->nodes, n);
}

void thinner_add_root(struct thinner *t, uint64_t id)
{
    vec_push(&t->coming.ids, id);
}

void thinner_add_checkpoint(struct thinner *t, tick at, uint64_t instructions)
{
    uint64_t cost = instructions <= at ? instructions + (at - instructions) / IDLE_SHARE : at;

    vec_push(&t->marks, ((struct thin_mark){.at = at, .cost = cost, .roots = t->coming}));
    t->coming = (struct thin_roots){{0}};
}

bool thinner_has_page(const struct thinner *t, uint64_t id)
{
    return (t->pages.data[id - 1] & PIECE_HERE) != 0;
}

bool thinner_has_node(const struct thinner *t, uint64_t id)
{
    return (t->nodes.data[id - 1].flags & PIECE_HERE) != 0;
}

/* ---- what is needed ---- */

static size_t see_node(struct thinner *t, uint64_t id)
{
    struct thin_node *n = &t->nodes.data[id - 1];
    size_t seen = 1;

    if (n->flags & PIECE_SEEN) {
        return 0;
    }
    must(n->flags & PIECE_HERE);
    n->flags |= PIECE_SEEN;
    for (size_t i = n->first; i < n->first + n->count; i++) {
        uint64_t child = t->links.data[i];

        if (!n->has_pages) {
            seen += see_node(t, child);
        } else if (!(t->pages.data[child - 1] & PIECE_SEEN)) {
            t->pages.data[child - 1] |= PIECE_SEEN;
            seen++;
        }
    }
    return seen;
}

/* How many pieces the checkpoints from that one on have use for, which are marked as seen. */
static size_t see_from(struct thinner *t, size_t mark)
{
    size_t seen = 0;

    for (size_t i = 0; i < t->nodes.count; i++) {
        t->nodes.data[i].flags &= (uint8_t)~PIECE_SEEN;
    }
    for (size_t i = 0; i < t->pages.count; i++) {
        t->pages.data[i] &= (uint8_t)~PIECE_SEEN;
    }
    for (size_t i = mark; i < t->marks.count; i++) {
        const struct thin_roots *roots = &t->marks.data[i].roots;

        for (size_t k = 0; k < roots->ids.count; k++) {
            seen += see_node(t, roots->ids.data[k]);
        }
    }
    return seen;
}

/* The one whose loss lengthens the way least, in proportion to how far back it is: at the end they lie up
 * to five times as close as at the beginning. The last one is not asked. */
static size_t least_missed(const struct thinner *t)
{
    const struct thin_mark *last = &t->marks.data[t->marks.count - 1];
    double least = 0;
    size_t which = 0;

    for (size_t i = 0; i + 1 < t->marks.count; i++) {
        const struct thin_mark *m = &t->marks.data[i];
        double gap = (double)(m[1].cost - (i > 0 ? m[-1].cost : 0));
        double value = gap / ((double)(last->cost - m->cost) + (double)last->cost / 4 + 1);

        if (i == 0 || value < least) {
            least = value;
            which = i;
        }
    }
    return which;
}

static void drop_mark(struct thinner *t, size_t i, void *opaque, thinner_gone *gone)
{
    gone(opaque, KIND_CHECKPOINT, t->marks.data[i].at);
    vec_fini(&t->marks.data[i].roots.ids);
    memmove(&t->marks.data[i], &t->marks.data[i + 1],
            (t->marks.count - i - 1) * sizeof(*t->marks.data));
    t->marks.count--;
}

/* What was not seen goes; the links of nodes that went are forgotten. */
static void sweep(struct thinner *t, void *opaque, thinner_gone *gone)
{
    size_t kept = 0;

    for (size_t i = 0; i < t->pages.count; i++) {
        if (t->pages.data[i] == PIECE_HERE) {
            t->pages.data[i] = 0;
            gone(opaque, KIND_PAGE, i + 1);
        }
    }
    for (size_t i = 0; i < t->nodes.count; i++) {
        struct thin_node *n = &t->nodes.data[i];
        size_t first = n->first;

        if (n->flags == PIECE_HERE) {
            n->flags = 0;
            gone(opaque, KIND_NODE, i + 1);
        }
        n->count = n->flags != 0 ? n->count : 0;
        n->first = kept;
        memmove(&t->links.data[kept], &t->links.data[first], n->count * sizeof(*t->links.data));
        kept += n->count;
    }
    t->links.count = kept;
}

unsigned thinner_share_of_last(struct thinner *t)
{
    size_t needed = see_from(t, t->marks.count - 1), all = see_from(t, 0);

    return all != 0 ? (unsigned)(needed * 64 / all) : 0;
}

static void forget(void *opaque, enum kind kind, uint64_t id)
{
    (void)opaque, (void)kind, (void)id;
}

void thinner_drop_last(struct thinner *t)
{
    drop_mark(t, t->marks.count - 1, NULL, forget);
    (void)see_from(t, 0);
    sweep(t, NULL, forget);
}

size_t thinner_thin(struct thinner *t, void *opaque, thinner_gone *gone)
{
    size_t checkpoints = t->marks.count, round, least, most;

    if (checkpoints == 0) {
        return 0;
    }
    least = see_from(t, checkpoints - 1);
    most = least + (see_from(t, 0) - least) / 2;
    do {
        round = t->marks.count / ROUND_SHARE + 1;
        while (round-- > 0 && t->marks.count > 1) {
            drop_mark(t, least_missed(t), opaque, gone);
        }
    } while (see_from(t, 0) > most && t->marks.count > 1);
    sweep(t, opaque, gone);
    return checkpoints - t->marks.count;
}
