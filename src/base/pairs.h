/* SPDX-License-Identifier: GPL-2.0-or-later
 * pairs: a set of pairs of numbers that grows by being told the same ones again and again. What was
 * told shortly before costs nothing; the rest is sorted out when there is no room, and at the end.
 */
#ifndef BASE_PAIRS_H
#define BASE_PAIRS_H

#include "base/base.h"

struct pairs_item {
    uint64_t a, b;
};

#define PAIRS_RECENT 512 /* a power of two */

/* Zero-initialised it is empty. */
struct pairs {
    VEC(struct pairs_item) list;
    size_t sorted; /* how many of the list are so, and each once */
    struct pairs_item
        recent[PAIRS_RECENT]; /* one is in the list if it is here and `list` is not empty */
};

void pairs_fini(struct pairs *p);
void pairs_clear(struct pairs *p);
/* Sorted by a, then b, each once: the list after this. */
void pairs_sort(struct pairs *p);
/* Not for recent ones. */
void pairs_add_new(struct pairs *p, uint64_t a, uint64_t b);

static inline void pairs_add(struct pairs *p, uint64_t a, uint64_t b)
{
    const struct pairs_item *r = &p->recent[(a ^ a >> 9) & (PAIRS_RECENT - 1)];

    if (unlikely(r->a != a || r->b != b || p->list.count == 0)) {
        pairs_add_new(p, a, b);
    }
}

#endif
