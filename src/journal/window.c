/* SPDX-License-Identifier: GPL-2.0-or-later
 * window: a way through the inputs of a recording that holds one piece of them at a time, read from
 * the file when it is come to. The file may have changed since it was opened: what is read again has
 * the sum that it had then, or the recording is lost from there on.
 */
#include <errno.h>
#include <unistd.h>

#include "journal/tape.h"

enum { PLACES_EVERY = 256 }; /* so many inputs are gone through, at most, to find one */

/* Before some input. */
struct place {
    size_t at; /* in the records */
    tick base;
    uint64_t bytes; /* of the inputs before it, in this window */
};

struct window {
    uint64_t first, count; /* the inputs that it holds */
    uint64_t first_byte;
    byte_vec records;
    uint64_t noted_bytes;     /* of the inputs in them */
    VEC(struct place) places; /* before each 256th */

    uint64_t number; /* the input that is next, */
    struct place next;
    bool peeked;        /* and `in` is that one; */
    struct place after; /* this is behind it */
    struct input in;
};

struct window *window_new(void)
{
    return base_alloc(1, sizeof(struct window));
}

void window_free(struct window *w)
{
    if (w != NULL) {
        vec_fini(&w->records);
        vec_fini(&w->places);
        free(w);
    }
}

/* ---- records --------------------------------------------------------------------------------- */

/* The next one; *base moves on behind it. Most have numbers of one byte each. */
static bool record_read(struct cursor *c, tick *base, struct input *in)
{
    uint64_t delta, port, length;

    if (likely(c->left >= 3 && ((c->at[0] | c->at[1] | c->at[2]) & 0x80) == 0)) {
        delta = c->at[0];
        port = c->at[1];
        length = c->at[2];
        c->at += 3;
        c->left -= 3;
    } else {
        delta = cursor_varint(c);
        port = cursor_varint(c);
        length = cursor_varint(c);
    }
    in->data = cursor_bytes(c, length);
    if (c->bad || delta >= TICK_NEVER - 1 - *base || port >= MACHINE_PORTS_MAX ||
        length > INPUT_BYTES_MAX) {
        return false;
    }
    in->at = *base + delta;
    in->port = (uint16_t)port;
    in->length = (uint32_t)length;
    *base = in->at + 1;
    return true;
}

static void note_place(struct window *w, const struct records *r, const uint8_t *at)
{
    struct place p = {.at = w->records.count + (size_t)(at - r->data),
                      .base = r->base,
                      .bytes = w->noted_bytes + r->bytes};

    vec_push(&w->places, p);
}

bool records_scan(struct cursor *c, uint64_t count, tick base, struct records *out,
                  struct window *w)
{
    *out = (struct records){.data = c->at, .base = base};
    for (; out->count < count; out->count++) {
        struct input in;

        if (w != NULL && (w->count + out->count) % PLACES_EVERY == 0) {
            note_place(w, out, c->at);
        }
        if (!record_read(c, &out->base, &in)) {
            return false;
        }
        out->bytes += in.length;
        out->ports[in.port]++;
    }
    out->length = (size_t)(c->at - out->data);
    return true;
}

bool records_read(const uint8_t *payload, size_t size, tick base, struct records *out,
                  struct window *w)
{
    struct cursor c = {payload, size, false};
    uint64_t count = cursor_varint(&c), rest;

    if (c.bad || !records_scan(&c, count, base, out, w)) {
        return false;
    }
    rest = cursor_varint(&c); /* known this far beyond the last one */
    if (c.bad || c.left != 0 || rest >= TICK_NEVER - out->base) {
        return false;
    }
    out->through = out->base + rest;
    return true;
}

/* ---- loading --------------------------------------------------------------------------------- */

static void empty(struct window *w, uint64_t first, uint64_t first_byte, tick base)
{
    w->first = w->number = first;
    w->first_byte = first_byte;
    w->count = 0;
    w->records.count = w->places.count = 0;
    w->noted_bytes = 0;
    w->next = (struct place){.base = base};
    w->peeked = false;
}

/* What was scanned for this window becomes part of it. */
static void keep(struct window *w, const struct records *r)
{
    bytes_add(&w->records, r->data, r->length);
    w->count += r->count;
    w->noted_bytes += r->bytes;
}

int backing_read(const struct backing *b, uint64_t offset, uint8_t *out, size_t count,
                 struct error *e)
{
    size_t done = 0;

    if (b->fd < 0) {
        must(offset <= b->count && count <= b->count - offset);
        memcpy(out, b->bytes + offset, count);
        return 0;
    }
    while (done < count) {
        ssize_t n = pread(b->fd, out + done, count - done, (off_t)(offset + done));

        if (n < 0 && errno != EINTR) {
            return error_set(e, "the recording cannot be read any more: %s", strerror(errno));
        }
        if (n == 0) {
            return error_set(e, "the recording was cut off while it was in use");
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static void add_records(struct records *sum, const struct records *r)
{
    sum->count += r->count;
    sum->bytes += r->bytes;
    sum->base = r->base;
    for (unsigned i = 0; i < MACHINE_PORTS_MAX; i++) {
        sum->ports[i] += r->ports[i];
    }
}

/* The chunks of a piece, one after the other. */
static int load_chunks(struct window *w, const struct piece *p, const uint8_t *bytes,
                       struct records *out, struct error *e)
{
    uint64_t chain = p->chain;
    size_t at = 0;

    while (at < p->span) {
        struct chunk c;
        struct records r;
        uint8_t *payload;
        size_t count, stored;
        bool good = true;

        if (chunk_read(bytes + at, p->span - at, &chain, &c, &payload, &count, &stored, e) != 0) {
            return -1;
        }
        if (c.type == CHUNK_INPUTS) {
            good = records_read(payload, count, out->base, &r, w);
            if (good) {
                keep(w, &r);
                add_records(out, &r);
            }
        }
        free(payload);
        if (!good) {
            return error_set(e, "a chunk of type %u makes no sense", (unsigned)c.type);
        }
        at += stored;
    }
    return chain == p->sum && w->count == p->count && w->records.count == p->raw
               ? 0
               : error_set(e, "other inputs than there were");
}

int window_load(struct window *w, const struct piece *p, struct records *out, struct error *e)
{
    uint8_t *bytes = base_alloc(p->span, 1);
    struct error why;
    int result = backing_read(p->backing, p->offset, bytes, p->span, e);

    *out = (struct records){.base = p->base};
    empty(w, p->first, p->first_byte, p->base);
    if (result == 0 && load_chunks(w, p, bytes, out, &why) != 0) {
        result = error_set(e, "the recording was changed while it was in use, at byte %llu: %s",
                           (unsigned long long)p->offset, why.text);
    }
    free(bytes);
    out->data = w->records.data;
    out->length = w->records.count;
    if (result != 0) {
        w->count = 0;
    }
    return result;
}

/* The tail is not read but copied: it moves on under whoever reads. */
static void load_tail(struct window *w, const struct tape *t)
{
    struct cursor c = {t->tail.data, t->tail.count, false};
    struct records r;

    empty(w, t->tail_first, t->tail_byte, t->tail_base);
    must(records_scan(&c, t->count - t->tail_first, t->tail_base, &r, w));
    keep(w, &r);
}

/* ---- going through --------------------------------------------------------------------------- */

/* The piece with this input, or the first after tick `at` (number UINT64_MAX); count: the tail. */
static size_t find_piece(const struct tape *t, uint64_t number, tick at)
{
    size_t low = 0, high = t->pieces.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct piece *p = &t->pieces.data[middle];
        bool is_before = number != UINT64_MAX
                             ? p->first + p->count <= number
                             : (middle + 1 < t->pieces.count ? p[1].base : t->tail_base) <= at;
        if (is_before) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Makes sure that the window holds piece i. False: the recording is lost. */
static bool look_at(struct inputs *x, size_t i)
{
    const struct tape *t = x->recording->tape;
    struct records r;
    struct error e;

    must(!t->is_dropped);
    if (x->window == NULL) {
        x->window = window_new();
    }
    if (i == t->pieces.count) {
        load_tail(x->window, t);
        return true;
    }
    if (window_load(x->window, &t->pieces.data[i], &r, &e) != 0) {
        recording_lose(x->recording, e.text);
        return false;
    }
    return true;
}

/* Makes sure that the window holds the first input at tick t or later; there is one. */
static bool look_at_tick(struct inputs *x, tick t)
{
    const struct tape *tape = x->recording->tape;
    size_t i = find_piece(tape, UINT64_MAX, t);
    bool is_tail = i == tape->pieces.count;
    uint64_t first = is_tail ? tape->tail_first : tape->pieces.data[i].first;
    uint64_t count = is_tail ? tape->count - first : tape->pieces.data[i].count;
    const struct window *w = x->window;

    return (w != NULL && w->first == first && w->count == count) || look_at(x, i);
}

static bool holds(const struct window *w, uint64_t number)
{
    return w != NULL && number >= w->first && number - w->first < w->count;
}

static void start_at(struct window *w, uint64_t index)
{
    w->next = w->places.data[index / PLACES_EVERY];
    w->number = w->first + index / PLACES_EVERY * PLACES_EVERY;
    w->peeked = false;
}

/* w->in: the input that is next, of those that it holds. */
static void peek(struct window *w)
{
    struct cursor c = {w->records.data + w->next.at, w->records.count - w->next.at, false};

    if (!w->peeked) {
        w->after = w->next;
        must(record_read(&c, &w->after.base, &w->in));
        w->after.at = w->records.count - c.left;
        w->after.bytes += w->in.length;
        w->peeked = true;
    }
}

static void pass(struct window *w)
{
    peek(w);
    w->next = w->after;
    w->number++;
    w->peeked = false;
}

void inputs_init(struct inputs *x, const struct recording *r)
{
    *x = (struct inputs){.recording = r};
}

void inputs_fini(struct inputs *x)
{
    window_free(x->window);
    x->window = NULL;
}

void inputs_seek(struct inputs *x, tick t)
{
    const struct tape *tape = x->recording->tape;
    struct window *w;
    size_t low = 0, high;

    if (t == 0 || t >= tape->base) {
        x->next = t == 0 ? 0 : tape->count;
        return;
    }
    x->next = tape->count; /* should it be lost */
    if (!look_at_tick(x, t)) {
        return;
    }
    w = x->window;
    high = w->places.count;
    while (high - low > 1) { /* the last place whose inputs may be at t or later */
        size_t middle = low + (high - low) / 2;
        if (w->places.data[middle].base <= t) {
            low = middle;
        } else {
            high = middle;
        }
    }
    start_at(w, low * PLACES_EVERY);
    for (peek(w); w->in.at < t; peek(w)) {
        pass(w);
    }
    x->next = w->number;
}

const struct input *inputs_peek(struct inputs *x)
{
    const struct tape *tape = x->recording->tape;
    struct window *w = x->window;

    if (x->next >= tape->count || recording_lost(x->recording) != NULL) {
        return NULL;
    }
    if (!holds(w, x->next)) {
        if (!look_at(x, find_piece(tape, x->next, 0))) {
            return NULL;
        }
        w = x->window;
    }
    if (x->next < w->number || x->next - w->number >= PLACES_EVERY) {
        start_at(w, x->next - w->first);
    }
    while (w->number < x->next) {
        pass(w);
    }
    peek(w);
    return &w->in;
}

void inputs_pass(struct inputs *x)
{
    x->next++;
}

uint64_t inputs_bytes(struct inputs *x)
{
    return inputs_peek(x) != NULL ? x->window->first_byte + x->window->next.bytes
           : x->next == 0         ? 0
                                  : x->recording->tape->bytes;
}
