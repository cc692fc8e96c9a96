/* SPDX-License-Identifier: GPL-2.0-or-later
 * mem: bytes to and from guest physical memory for everybody but the harts (whose way is cpu/):
 * devices, loaders, debuggers. Each write is announced page by page before it happens.
 */
#include "mem/mem.h"

/* The block that holds all of [at, at+size), or NULL. */
static struct mem_block *block_of_range(const struct mem *m, paddr at, uint64_t size)
{
    /* mem_block_at() only wants a mutable machine for what it returns. */
    struct mem_block *b = mem_block_at((struct mem *)m, at);

    return b != NULL && size <= b->size - (at - b->base) ? b : NULL;
}

bool mem_read_bytes(struct mem *m, paddr at, void *bytes, uint64_t size)
{
    const struct mem_block *b = block_of_range(m, at, size);

    if (b == NULL) {
        return false;
    }
    memcpy(bytes, b->host + (at - b->base), (size_t)size);
    return true;
}

static void write_block(struct mem *m, struct mem_block *b, paddr at, const uint8_t *bytes,
                        uint64_t size)
{
    if (m->dma_written != NULL) {
        m->dma_written(m->listener, at, size);
    }
    while (size != 0) {
        uint64_t piece = PAGE_SIZE - at % PAGE_SIZE;

        if (piece > size) {
            piece = size;
        }
        mem_before_write(m, b, at, (unsigned)piece);
        memcpy(b->host + (at - b->base), bytes, (size_t)piece);
        at += piece;
        bytes += piece;
        size -= piece;
    }
}

bool mem_write_bytes(struct mem *m, paddr at, const void *bytes, uint64_t size)
{
    struct mem_block *b = block_of_range(m, at, size);

    if (b == NULL || !b->is_ram) {
        return false;
    }
    write_block(m, b, at, bytes, size);
    return true;
}

bool mem_load_bytes(struct mem *m, paddr at, const void *bytes, uint64_t size)
{
    struct mem_block *b = block_of_range(m, at, size);

    if (b == NULL) {
        return false;
    }
    write_block(m, b, at, bytes, size);
    return true;
}
