/* SPDX-License-Identifier: GPL-2.0-or-later
 * memory: guest memory by the virtual addresses of the selected hart, or physical ones while
 * PhyMemMode is on. Device windows are never touched: a read there could change the machine.
 */
#include <stdlib.h>

#include "gdb/internal.h"

/* Bytes of a search that are looked at together. */
#define SEARCH_PIECE (UINT64_C(64) * KIB)

static bool read_piece(struct gdb_session *s, uint64_t at, uint8_t *out, size_t size)
{
    return s->physical ? mem_read_bytes(machine_mem(s->machine), at, out, size)
                       : cpu_debug_read(gdb_cpu(s), at, out, size);
}

size_t gdb_memory_read(struct gdb_session *s, uint64_t at, uint8_t *out, size_t size)
{
    size_t done = 0;

    while (done < size) {
        uint64_t here = at + done;
        size_t n = (size_t)(PAGE_SIZE - (here & (PAGE_SIZE - 1)));

        n = n < size - done ? n : size - done;
        if ((done != 0 && here == 0) || !read_piece(s, here, out + done, n)) {
            break;
        }
        done += n;
    }
    return done;
}

/* "address,length" */
static bool take_range(struct gdb_args *a, uint64_t *at, uint64_t *size)
{
    return gdb_take_hex(a, at) && gdb_take(a, ',') && gdb_take_hex(a, size);
}

/* Into `bytes`, `most` at most; -1 with a refusal made. */
static ptrdiff_t read_range(struct gdb_session *s, struct gdb_args *a, uint8_t *bytes, size_t most)
{
    uint64_t at, size;
    size_t done;

    if (!take_range(a, &at, &size) || gdb_left(a) != 0) {
        gdb_refuse(s, "Malformed m or x packet.");
        return -1;
    }
    size = size < most ? size : most; /* an answer may be short */
    done = gdb_memory_read(s, at, bytes, (size_t)size);
    if (done == 0 && size != 0) {
        gdb_refuse(s, "No memory at 0x%llx.", (unsigned long long)at);
        return -1;
    }
    return (ptrdiff_t)done;
}

#define READ_MAX (GDB_PACKET_MAX / 2 - 8)

void gdb_read_memory(struct gdb_session *s, struct gdb_args *a)
{
    uint8_t *bytes = base_alloc(READ_MAX, 1);
    ptrdiff_t count = read_range(s, a, bytes, READ_MAX);

    if (count > 0) {
        gdb_add_hex(&s->out, bytes, (size_t)count);
    }
    free(bytes);
}

void gdb_read_memory_binary(struct gdb_session *s, struct gdb_args *a)
{
    uint8_t *bytes = base_alloc(READ_MAX, 1);
    ptrdiff_t count = read_range(s, a, bytes, READ_MAX);

    if (count >= 0) {
        text_add(&s->out, "b");
        text_add_bytes(&s->out, bytes, (size_t)count);
    }
    free(bytes);
}

/* ---- writing ---- */

/* Where one page's bytes lie physically. */
static bool translate(struct gdb_session *s, uint64_t at, paddr *out)
{
    if (s->physical) {
        *out = at;
        return true;
    }
    return cpu_debug_translate(gdb_cpu(s), at, out);
}

static bool is_ram(struct gdb_session *s, uint64_t at, size_t size)
{
    for (uint64_t done = 0; done < size;) {
        uint64_t n = PAGE_SIZE - ((at + done) & (PAGE_SIZE - 1));
        struct mem_place p;
        paddr where;

        if (!translate(s, at + done, &where)) {
            return false;
        }
        /* Where a write would not be read again, as under a ROM, it is refused. */
        p = mem_find(machine_mem(s->machine), where, true);
        if (p.block == NULL || !p.block->is_ram || !p.is_both) {
            return false;
        }
        n = p.left < n ? p.left : n;
        done += n;
    }
    return true;
}

static void write_range(struct gdb_session *s, uint64_t at, const uint8_t *bytes, size_t size)
{
    if (!is_ram(s, at, size)) {
        gdb_refuse_write(s, "No RAM at 0x%llx.", (unsigned long long)at);
        return;
    }
    if (size != 0 && !gdb_may_write(s)) {
        return;
    }
    for (size_t done = 0; done < size;) {
        size_t n = (size_t)(PAGE_SIZE - ((at + done) & (PAGE_SIZE - 1)));
        paddr where = 0;

        n = n < size - done ? n : size - done;
        if (!translate(s, at + done, &where)) {
            gdb_refuse_write(s, "0x%llx is not mapped any more.", (unsigned long long)at + done);
            return;
        }
        if (!gdb_poke(s, POKE_MEMORY, where, bytes + done, (uint32_t)n)) {
            return;
        }
        done += n;
    }
    gdb_ok(s);
}

void gdb_write_memory(struct gdb_session *s, struct gdb_args *a)
{
    uint64_t at, size;
    uint8_t *bytes;

    if (!take_range(a, &at, &size) || !gdb_take(a, ':') || gdb_left(a) % 2 != 0 ||
        gdb_left(a) / 2 != size) {
        gdb_refuse(s, "Malformed M packet.");
        return;
    }
    bytes = base_alloc((size_t)size + 1, 1);
    if (gdb_take_bytes(a, bytes, (size_t)size) != (ptrdiff_t)size) {
        gdb_refuse(s, "Malformed M packet.");
    } else {
        write_range(s, at, bytes, (size_t)size);
    }
    free(bytes);
}

void gdb_write_memory_binary(struct gdb_session *s, struct gdb_args *a)
{
    uint64_t at, size;

    if (!take_range(a, &at, &size) || !gdb_take(a, ':') || gdb_left(a) != size) {
        gdb_refuse(s, "Malformed X packet.");
        return;
    }
    write_range(s, at, a->at, (size_t)size);
}

/* ---- searching ---- */

struct search {
    uint64_t at, size;
    const uint8_t *pattern;
    size_t length;
};

enum found { FOUND, NOT_FOUND, UNREADABLE, ABANDONED };

/* Pieces overlap by the pattern's length, so that none is missed at a seam. */
static enum found search(struct gdb_session *s, const struct search *w, uint8_t *bytes,
                         uint64_t *where)
{
    uint64_t step = SEARCH_PIECE;

    for (uint64_t done = 0; w->size - done >= w->length; done += step) {
        uint64_t left = w->size - done, n = step + w->length - 1;
        const uint8_t *hit;
        size_t got;

        n = n < left ? n : left;
        got = gdb_memory_read(s, w->at + done, bytes, (size_t)n);
        hit = got >= w->length ? memmem(bytes, got, w->pattern, w->length) : NULL;
        if (hit != NULL) {
            *where = w->at + done + (uint64_t)(hit - bytes);
            return FOUND;
        }
        if (got < n) {
            return UNREADABLE;
        }
        if (gdb_wire_interrupted(&s->wire)) {
            return ABANDONED;
        }
        if (left <= step) {
            break;
        }
    }
    return NOT_FOUND;
}

/* "address;length;pattern" */
void gdb_search_memory(struct gdb_session *s, struct gdb_args *a)
{
    struct search w = {0};
    uint64_t where = 0;
    uint8_t *bytes;

    if (!gdb_take_hex(a, &w.at) || !gdb_take(a, ';') || !gdb_take_hex(a, &w.size) ||
        !gdb_take(a, ';') || gdb_left(a) == 0) {
        gdb_refuse(s, "Malformed qSearch packet.");
        return;
    }
    w.pattern = a->at;
    w.length = gdb_left(a);
    bytes = base_alloc(SEARCH_PIECE + w.length, 1);
    switch (search(s, &w, bytes, &where)) {
    case FOUND: text_add(&s->out, "1,%llx", (unsigned long long)where); break;
    case NOT_FOUND: text_add(&s->out, "0"); break;
    case UNREADABLE: gdb_refuse(s, "Not all of it is memory."); break;
    case ABANDONED: gdb_refuse(s, "Interrupted."); break;
    }
    free(bytes);
}
