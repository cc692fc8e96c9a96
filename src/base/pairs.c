/* SPDX-License-Identifier: GPL-2.0-or-later
 * pairs: see pairs.h.
 */
#include "base/pairs.h"

#include <stdlib.h>

#define SORT_AT 4096 /* new ones, at least, before they are sorted in */

void pairs_fini(struct pairs *p)
{
    vec_fini(&p->list);
    pairs_clear(p);
}

void pairs_clear(struct pairs *p)
{
    p->list.count = 0;
    p->sorted = 0;
    /* So that (0, 0) is not taken for a recent one. */
    memset(p->recent, 0xff, sizeof p->recent);
}

static bool is_less(const struct pairs_item *x, const struct pairs_item *y)
{
    return x->a != y->a ? x->a < y->a : x->b < y->b;
}

/* [low, middle) and [middle, high) of `from` are sorted; so is [low, high) of `to` then. */
static void merge(const struct pairs_item *from, struct pairs_item *to, size_t low, size_t middle,
                  size_t high)
{
    size_t left = low, right = middle;

    for (size_t i = low; i < high; i++) {
        bool take_right = left == middle || (right < high && is_less(&from[right], &from[left]));

        to[i] = take_right ? from[right++] : from[left++];
    }
}

/* Not the libc's sort: what libcore calls computes the same everywhere. */
static void sort(struct pairs_item *list, size_t count)
{
    struct pairs_item *from = list, *to = base_alloc(count, sizeof(*to)), *room = to;

    for (size_t width = 1; width < count; width *= 2) {
        struct pairs_item *swap = from;

        for (size_t low = 0; low < count; low += 2 * width) {
            size_t middle = low + width < count ? low + width : count;
            size_t high = middle + width < count ? middle + width : count;

            merge(from, to, low, middle, high);
        }
        from = to;
        to = swap;
    }
    if (from != list) {
        memcpy(list, from, count * sizeof(*list));
    }
    free(room);
}

void pairs_sort(struct pairs *p)
{
    struct pairs_item *list = p->list.data;
    size_t kept = 0;

    if (p->list.count == p->sorted) {
        return;
    }
    sort(list, p->list.count);
    for (size_t i = 0; i < p->list.count; i++) {
        if (kept == 0 || is_less(&list[kept - 1], &list[i])) {
            list[kept++] = list[i];
        }
    }
    p->list.count = kept;
    p->sorted = kept;
}

void pairs_add_new(struct pairs *p, uint64_t a, uint64_t b)
{
    const struct pairs_item new = {a, b};

    if (p->list.count == 0) {
        pairs_clear(p);
    }
    /* Twice what is known: most of it may be new. */
    if (p->list.count - p->sorted >= SORT_AT + p->sorted) {
        pairs_sort(p);
    }
    vec_push(&p->list, new);
    p->recent[(a ^ a >> 9) & (PAIRS_RECENT - 1)] = new;
}
