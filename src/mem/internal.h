/* SPDX-License-Identifier: GPL-2.0-or-later
 * mem/internal: shared by the files of this folder.
 */
#ifndef MEM_INTERNAL_H
#define MEM_INTERNAL_H

#include "mem/mem.h"

/* storage.c: that many pages more, of which nothing is known. */
void mem_pages_add(struct mem *m, uint32_t more);

/* map.c */
void mem_map_fini(struct mem *m);

/* mem.c: what writing to [at, at+size) of a block takes: listeners, then the bytes. */
void mem_write_block(struct mem *m, struct mem_block *b, haddr at, const uint8_t *bytes,
                     uint64_t size);

#endif
