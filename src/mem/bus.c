/* SPDX-License-Identifier: GPL-2.0-or-later
 * bus: what devices do to guest memory by themselves (DMA): by the map, across blocks, and into
 * the windows of other devices, as a message-signalled interrupt does. And accesses to windows in
 * the pieces that a bus of 8 bytes makes of them.
 */
#include "mem/internal.h"

/* ---- windows ---- */

/* The largest aligned piece at `at`, of one of these sizes; 0 if there is none. */
static unsigned piece_of(uint64_t at, uint64_t size, uint8_t sizes)
{
    for (unsigned piece = 8; piece != 0; piece /= 2) {
        if (piece <= size && at % piece == 0 && (sizes & piece) != 0) {
            return piece;
        }
    }
    return 0;
}

/* How long the piece is that nothing can be done about: up to where one could begin. */
static unsigned refuse(const struct mem_window *w, uint64_t at, uint64_t size, bool is_write)
{
    unsigned piece = piece_of(at, size, 1 | 2 | 4 | 8);

    if (w->refused != NULL) {
        w->refused(w->opaque, at, piece, is_write);
    }
    return piece;
}

bool mem_window_read(const struct mem_window *w, uint64_t at, void *bytes, uint64_t size, int hart)
{
    uint8_t *to = bytes;
    bool whole = true;

    while (size != 0) {
        unsigned piece = piece_of(at, size, w->sizes);

        if (piece != 0) {
            bytes_set_le(to, piece, w->read(w->opaque, mem_access_to(w, at, piece, hart)));
        } else {
            piece = refuse(w, at, size, false);
            memset(to, 0, piece);
            whole = false;
        }
        at += piece;
        to += piece;
        size -= piece;
    }
    return whole;
}

bool mem_window_write(const struct mem_window *w, uint64_t at, const void *bytes, uint64_t size,
                      int hart)
{
    const uint8_t *from = bytes;
    bool whole = true;

    while (size != 0) {
        unsigned piece = piece_of(at, size, w->sizes);

        if (piece != 0) {
            w->write(w->opaque, mem_access_to(w, at, piece, hart), bytes_get_le(from, piece));
        } else {
            piece = refuse(w, at, size, true);
            whole = false;
        }
        at += piece;
        from += piece;
        size -= piece;
    }
    return whole;
}

/* ---- by the map ---- */

/* Whether something that can be accessed so is there. */
static bool is_there(const struct mem_place *p, bool is_write)
{
    return p->window != NULL || (p->block != NULL && (!is_write || p->block->is_ram));
}

/* Whether it is everywhere in [at, at+size). */
static bool is_all_there(struct mem *m, paddr at, uint64_t size, bool is_write)
{
    if (size != 0 && at + (size - 1) < at) {
        return false;
    }
    while (size != 0) {
        struct mem_place p = mem_find(m, at, is_write);
        uint64_t piece = p.left < size ? p.left : size;

        if (!is_there(&p, is_write)) {
            return false;
        }
        at += piece;
        size -= piece;
    }
    return true;
}

bool mem_bus_read(struct mem *m, paddr at, void *bytes, uint64_t size)
{
    uint8_t *to = bytes;
    bool whole = is_all_there(m, at, size, false);

    /* A read may move things as well as a write may: each piece is looked for anew. */
    for (uint64_t left = whole ? size : 0; left != 0;) {
        struct mem_place p = mem_find(m, at, false);
        uint64_t piece = p.left < left ? p.left : left;

        if (!is_there(&p, false)) {
            return false;
        }
        if (p.window != NULL) {
            whole &= mem_window_read(p.window, p.at, to, piece, MEM_NO_HART);
        } else {
            memcpy(to, mem_host(p.block, p.at), (size_t)piece);
        }
        at += piece;
        to += piece;
        left -= piece;
    }
    return whole;
}

bool mem_bus_write(struct mem *m, paddr at, const void *bytes, uint64_t size)
{
    const uint8_t *from = bytes;
    bool whole = is_all_there(m, at, size, true);

    for (uint64_t left = whole ? size : 0; left != 0;) {
        struct mem_place p = mem_find(m, at, true);
        uint64_t piece = p.left < left ? p.left : left;

        if (!is_there(&p, true)) {
            return false;
        }
        if (p.window != NULL) {
            whole &= mem_window_write(p.window, p.at, from, piece, MEM_NO_HART);
            m->writer.source_at += piece;
        } else {
            mem_write_block(m, p.block, p.at, from, piece);
        }
        at += piece;
        from += piece;
        left -= piece;
    }
    return whole;
}
