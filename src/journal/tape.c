/* SPDX-License-Identifier: GPL-2.0-or-later
 * tape: see tape.h. Filled by read.c from a file, or by stamp.c while it happens.
 */
#include "journal/tape.h"

#include <unistd.h>

/* ---- what chunks are read from --------------------------------------------------------------- */

struct backing *backing_of_file(int fd, bool owns_fd)
{
    struct backing *b = base_alloc(1, sizeof(*b));

    atomic_init(&b->holders, 1);
    b->fd = fd;
    b->owns_fd = owns_fd;
    return b;
}

struct backing *backing_of_memory(uint8_t *bytes, uint64_t count)
{
    struct backing *b = backing_of_file(-1, false);

    b->bytes = bytes;
    b->count = count;
    return b;
}

struct backing *backing_hold(struct backing *b)
{
    (void)atomic_fetch_add(&b->holders, 1);
    return b;
}

void backing_drop(struct backing *b)
{
    if (b == NULL || atomic_fetch_sub(&b->holders, 1) > 1) {
        return;
    }
    if (b->owns_fd) {
        close(b->fd);
    }
    free(b->bytes);
    free(b);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static void drop_pieces(struct tape *t)
{
    for (size_t i = 0; i < t->pieces.count; i++) {
        backing_drop(t->pieces.data[i].backing);
    }
    vec_fini(&t->pieces);
}

void tape_fini(struct tape *t)
{
    drop_pieces(t);
    vec_fini(&t->tail);
    (void)XXH3_freeState(t->digest);
    t->digest = NULL;
}

/* The last piece, if this chunk can be part of it. */
static struct piece *piece_to_extend(struct tape *t, const struct placed *p)
{
    struct piece *last = t->pieces.count > 0 ? &t->pieces.data[t->pieces.count - 1] : NULL;

    return last != NULL && last->backing == p->backing && last->span < PIECE_SPAN &&
                   last->raw < PIECE_RAW &&
                   p->offset + p->stored - last->offset <= PIECE_SPAN + CHUNK_STORED_MAX
               ? last
               : NULL;
}

/* `first` and `first_byte`: of the inputs before it. */
static void add_piece(struct tape *t, const struct placed *p, uint64_t first, uint64_t first_byte)
{
    struct piece *last = piece_to_extend(t, p);

    if (last != NULL) {
        last->span = (uint32_t)(p->offset + p->stored - last->offset);
        last->raw += p->raw;
        last->count += p->count;
        last->sum = p->sum;
        return;
    }
    vec_push(&t->pieces, ((struct piece){.backing = backing_hold(p->backing),
                                         .offset = p->offset,
                                         .chain = p->chain,
                                         .sum = p->sum,
                                         .first = first,
                                         .first_byte = first_byte,
                                         .base = p->base,
                                         .span = p->stored,
                                         .raw = p->raw,
                                         .count = p->count}));
}

static void digest(struct tape *t, const void *records, size_t length)
{
    if (t->digest == NULL) {
        t->digest = XXH3_createState();
        must(t->digest != NULL);
        (void)XXH3_64bits_reset(t->digest);
    }
    (void)XXH3_64bits_update(t->digest, records, length);
}

uint64_t tape_digest(const struct tape *t)
{
    return t->digest != NULL ? XXH3_64bits_digest(t->digest) : 0;
}

/* They are known from now on; where they are is said by somebody else. */
static void count_records(struct tape *t, const struct records *r)
{
    digest(t, r->data, r->length);
    t->count += r->count;
    t->bytes += r->bytes;
    t->base = r->base;
    for (unsigned i = 0; i < MACHINE_PORTS_MAX; i++) {
        t->ports[i] += r->ports[i];
    }
}

/* The tail begins behind what is in pieces. */
static void move_tail(struct tape *t)
{
    t->tail_first = t->count;
    t->tail_byte = t->bytes;
    t->tail_base = t->base;
}

void tape_add_chunk(struct tape *t, const struct placed *p, const struct records *r)
{
    must(t->tail.count == 0);
    if (r->count > 0) {
        add_piece(t, p, t->count, t->bytes);
        count_records(t, r);
        move_tail(t);
    }
}

/* ---- one by one ------------------------------------------------------------------------------ */

/* As a chunk of its own in memory. */
static void pack_tail(struct tape *t)
{
    byte_vec payload = {0}, chunk = {0};
    struct placed p = {.raw = (uint32_t)t->tail.count,
                       .count = (uint32_t)(t->count - t->tail_first),
                       .bytes = t->bytes - t->tail_byte,
                       .base = t->tail_base,
                       .end = t->base};

    bytes_add_varint(&payload, p.count);
    bytes_add(&payload, t->tail.data, t->tail.count);
    bytes_add_varint(&payload, 0);
    chunk_make(&chunk, CHUNK_INPUTS, payload.data, payload.count, true, &p.sum);
    p.stored = (uint32_t)chunk.count;
    p.backing =
        backing_of_memory(base_realloc(chunk.data, chunk.count, 1), chunk.count); /* no room left */
    add_piece(t, &p, t->tail_first, t->tail_byte);
    backing_drop(p.backing);
    vec_fini(&payload);
    t->tail.count = 0;
    move_tail(t);
}

void tape_add_input(struct tape *t, const struct input *in)
{
    size_t before = t->tail.count;

    inputs_add(&t->tail, &t->base, in);
    digest(t, t->tail.data + before, t->tail.count - before);
    t->count++;
    t->bytes += in->length;
    t->ports[in->port]++;
    if (t->is_dropped) {
        t->tail.count = 0;
        move_tail(t);
    } else if (t->tail.count >= PIECE_RAW && !t->is_filed) {
        pack_tail(t);
    }
}

void tape_place(struct tape *t, const struct placed *p)
{
    const struct piece *last =
        t->pieces.count > 0 ? &t->pieces.data[t->pieces.count - 1] : &(struct piece){0};
    uint64_t first = last->first + last->count;

    must(p->count <= t->count - first);
    if (t->tail_first > first) { /* after tape_clear() */
        add_piece(t, p, first, t->cleared_byte);
        t->cleared_byte += p->bytes;
        return;
    }
    must(p->raw <= t->tail.count && p->base == t->tail_base);
    add_piece(t, p, first, t->tail_byte);
    t->tail_first += p->count;
    t->tail_byte += p->bytes;
    t->tail_base = p->end;
    t->tail.count -= p->raw;
    memmove(t->tail.data, t->tail.data + p->raw, t->tail.count);
}

void tape_clear(struct tape *t)
{
    drop_pieces(t);
    t->tail.count = 0;
    t->cleared_byte = 0;
    move_tail(t);
}

/* ---- of another tape ------------------------------------------------------------------------- */

static int copy_pieces(struct tape *t, const struct tape *from, tick at, struct error *e)
{
    struct window *w = window_new();
    int result = 0;

    for (size_t i = 0; i < from->pieces.count && result == 0; i++) {
        const struct piece *p = &from->pieces.data[i];
        tick end = i + 1 < from->pieces.count ? p[1].base : from->tail_base;
        struct records r;

        if (end > at) {
            break;
        }
        result = window_load(w, p, &r, e);
        if (result == 0) {
            struct piece copy = *p;

            (void)backing_hold(copy.backing);
            vec_push(&t->pieces, copy);
            count_records(t, &r);
        }
    }
    move_tail(t);
    window_free(w);
    return result;
}

int tape_copy(struct tape *t, const struct recording *from, tick at, struct error *e)
{
    struct inputs rest;
    const struct input *in;
    int result = copy_pieces(t, from->tape, at, e);

    inputs_init(&rest, from);
    rest.next = t->count;
    while (result == 0 && (in = inputs_peek(&rest)) != NULL && in->at < at) {
        tape_add_input(t, in);
        inputs_pass(&rest);
    }
    inputs_fini(&rest);
    if (result == 0 && recording_lost(from) != NULL) {
        result = error_set(e, "%s", recording_lost(from));
    }
    return result;
}
