/* SPDX-License-Identifier: GPL-2.0-or-later
 * mem: bytes to and from storage for everybody but the harts (whose way is cpu/) and the bus
 * (bus.c): loaders, debuggers. Each write is announced page by page before it happens.
 */
#include "mem/internal.h"

/* Whether all of [at, at+size) is memory, for writes RAM. */
static bool is_memory(struct mem *m, paddr at, uint64_t size, bool is_write)
{
    if (size != 0 && at + (size - 1) < at) {
        return false;
    }
    while (size != 0) {
        struct mem_place p = mem_find(m, at, is_write);
        uint64_t piece = p.left < size ? p.left : size;

        if (p.block == NULL || (is_write && !p.block->is_ram)) {
            return false;
        }
        at += piece;
        size -= piece;
    }
    return true;
}

bool mem_read_bytes(struct mem *m, paddr at, void *bytes, uint64_t size)
{
    uint8_t *to = bytes;

    if (!is_memory(m, at, size, false)) {
        return false;
    }
    while (size != 0) {
        struct mem_place p = mem_find(m, at, false);
        uint64_t piece = p.left < size ? p.left : size;

        memcpy(to, mem_host(p.block, p.at), (size_t)piece);
        at += piece;
        to += piece;
        size -= piece;
    }
    return true;
}

void mem_write_block(struct mem *m, struct mem_block *b, haddr at, const uint8_t *bytes,
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
        memcpy(mem_host(b, at), bytes, (size_t)piece);
        m->writer.source_at += piece;
        at += piece;
        bytes += piece;
        size -= piece;
    }
}

bool mem_write_bytes(struct mem *m, paddr at, const void *bytes, uint64_t size)
{
    const uint8_t *from = bytes;

    if (!is_memory(m, at, size, true)) {
        return false;
    }
    while (size != 0) {
        struct mem_place p = mem_find(m, at, true);
        uint64_t piece = p.left < size ? p.left : size;

        mem_write_block(m, p.block, p.at, from, piece);
        at += piece;
        from += piece;
        size -= piece;
    }
    return true;
}

/* The block that holds all of [at, at+size), or NULL. */
static struct mem_block *block_of_homes(struct mem *m, haddr at, uint64_t size)
{
    struct mem_block *b = mem_block_of(m, at);

    return b != NULL && size <= b->size - (at - b->home) ? b : NULL;
}

bool mem_peek_bytes(struct mem *m, haddr at, void *bytes, uint64_t size)
{
    const struct mem_block *b = block_of_homes(m, at, size);

    if (b == NULL) {
        return false;
    }
    memcpy(bytes, mem_host(b, at), (size_t)size);
    return true;
}

bool mem_load_bytes(struct mem *m, haddr at, const void *bytes, uint64_t size)
{
    struct mem_block *b = block_of_homes(m, at, size);

    if (b == NULL) {
        return false;
    }
    mem_write_block(m, b, at, bytes, size);
    return true;
}
