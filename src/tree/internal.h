/* SPDX-License-Identifier: GPL-2.0-or-later
 * tree/internal: shared by the files of this folder.
 */
#ifndef TREE_INTERNAL_H
#define TREE_INTERNAL_H

#include "tree/tree.h"

/* The slot of the page, on a path that only this tree has; on all of it the sum and the count of pages
 * grow by so much, modulo 2^64 and 2^32. Who asks puts into the slot what makes that true. */
struct page **tree_own_slot(struct tree_pool *p, struct page_tree *t, uint32_t index,
                            uint64_t more_sum, uint32_t more_pages);

#endif
