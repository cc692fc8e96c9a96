/* SPDX-License-Identifier: GPL-2.0-or-later
 * read: a recording from its bytes, and the payloads of INPUTS, WITNESS and END in both directions.
 * Whatever the bytes are, the answer is the longest valid prefix, with a sentence about what
 * follows it, or a refusal; every size is bounded before memory is taken.
 */
#include <inttypes.h>
#include <stdio.h>

#include "host/host.h"
#include "journal/tape.h"

/* ---- payloads: each pair writes and reads the same thing ------------------------------------- */

/* An input takes a tick, so the next one comes at *base or later: that is what deltas count from. */
void inputs_add(byte_vec *out, tick *base, const struct input *in)
{
    must(in->at >= *base && in->at < TICK_NEVER && in->length <= INPUT_BYTES_MAX);
    bytes_add_varint(out, in->at - *base);
    bytes_add_varint(out, in->port);
    bytes_add_varint(out, in->length);
    bytes_add(out, in->data, in->length);
    *base = in->at + 1;
}

/* Only where they are is kept. */
static int inputs_read(struct reader *in, const struct chunk *c, const uint8_t *payload,
                       size_t count, size_t stored)
{
    struct tape *t = in->r->tape;
    struct placed p = {.backing = in->backing,
                       .offset = in->at,
                       .chain = in->chain,
                       .sum = c->sum,
                       .stored = (uint32_t)stored,
                       .base = t->base};
    struct records records;

    if (!records_read(payload, count, t->base, &records, NULL)) {
        return -1;
    }
    p.raw = (uint32_t)records.length;
    p.count = (uint32_t)records.count;
    p.bytes = records.bytes;
    p.end = records.base;
    tape_add_chunk(t, &p, &records);
    in->r->known = in->r->known > records.through ? in->r->known : records.through;
    return 0;
}

void witnesses_add(byte_vec *out, struct witness *previous, const struct witness *w)
{
    must(w->at > previous->at && w->instructions >= previous->instructions);
    bytes_add_varint(out, w->at - previous->at);
    bytes_add_varint(out, w->instructions - previous->instructions);
    bytes_add_u64(out, w->hash);
    *previous = *w;
}

static int witnesses_read(struct cursor *c, struct recording *r, struct error *e)
{
    struct witness w = {0};

    if (r->witnesses.count > 0) {
        w = r->witnesses.data[r->witnesses.count - 1];
    }
    while (c->left > 0) {
        uint64_t ticks = cursor_varint(c);
        uint64_t instructions = cursor_varint(c);
        w.hash = cursor_u64(c);
        if (c->bad || ticks == 0 || ticks >= TICK_NEVER - w.at || instructions > ticks) {
            return error_set(e, "witnesses that make no sense");
        }
        w.at += ticks;
        w.instructions += instructions;
        if (r->witnesses.count == WITNESSES_MAX) {
            return error_set(e, "more witnesses than a recording has (%" PRIu64 ")", WITNESSES_MAX);
        }
        vec_push(&r->witnesses, w);
    }
    /* It was made after every input before it was written. */
    r->known = r->known > w.at ? r->known : w.at;
    return 0;
}

void end_write(byte_vec *out, const struct recording_end *end)
{
    bytes_add_u8(out, (uint8_t)end->why);
    bytes_add_varint(out, end->exit_status);
    bytes_add_varint(out, end->last.at);
    bytes_add_varint(out, end->last.instructions);
    bytes_add_u64(out, end->last.hash);
    bytes_add_varint(out, end->output_count);
    for (size_t i = 0; i < end->output_count; i++) {
        bytes_add_varint(out, end->outputs[i].port);
        bytes_add_varint(out, end->outputs[i].bytes);
        bytes_add_u64(out, end->outputs[i].hash);
    }
}

static int end_read(struct cursor *c, struct recording *r, tick base)
{
    struct recording_end *end = &r->end;
    uint8_t why = cursor_u8(c);
    uint64_t status = cursor_varint(c);
    uint64_t outputs;

    end->last.at = cursor_varint(c);
    end->last.instructions = cursor_varint(c);
    end->last.hash = cursor_u64(c);
    outputs = cursor_varint(c);
    if (c->bad || why == END_NONE || why >= END_COUNT || status > UINT32_MAX ||
        end->last.at < base || end->last.at < r->known || end->last.at == TICK_NEVER ||
        end->last.instructions > end->last.at || outputs > MACHINE_PORTS_MAX) {
        return -1;
    }
    for (uint64_t i = 0; i < outputs; i++) {
        uint64_t port = cursor_varint(c);
        end->outputs[i].bytes = cursor_varint(c);
        end->outputs[i].hash = cursor_u64(c);
        if (port >= MACHINE_PORTS_MAX || (i > 0 && port <= end->outputs[i - 1].port)) {
            return -1;
        }
        end->outputs[i].port = (uint16_t)port;
    }
    if (c->bad || c->left != 0) {
        return -1;
    }
    end->why = (enum journal_end)why;
    end->exit_status = (uint32_t)status;
    end->output_count = (size_t)outputs;
    r->ended = true;
    r->known = end->last.at;
    return 0;
}

/* ---- the chain ------------------------------------------------------------------------------- */

/* More than this program reads of what the file holds packed? */
static int count_inputs(struct reader *in, size_t raw, size_t stored, struct error *e)
{
    in->inputs_raw += raw;
    in->inputs_stored += stored;
    return in->inputs_raw <= INPUTS_FREE + INPUTS_GROWTH * in->inputs_stored
               ? 0
               : error_set(e,
                           "its inputs unpack to more than %d times what is stored of them and "
                           "%" PRIu64 " MiB",
                           INPUTS_GROWTH, INPUTS_FREE / MIB);
}

int reader_take_chunk(struct reader *in, const struct chunk *c, const uint8_t *payload,
                      size_t count, size_t stored, struct error *e)
{
    struct recording *r = in->r;
    struct cursor cur = {payload, count, false};
    int result = 0;

    if (in->configured != (c->type != CHUNK_CONFIG)) {
        in->refused = true;
        return error_set(e, "its configuration is not where it belongs");
    }
    switch (c->type) {
    case CHUNK_CONFIG:
        in->configured = true;
        in->refused =
            config_read(r->format, payload, count, r->config, &r->extra, r->notes, e) != 0;
        if (!in->refused && in->from != NULL && in->from->file != NULL) {
            names_settle(r, in->from->file->path);
        }
        if (!in->refused) {
            held_begin(r, in->backing);
        }
        return in->refused ? -1 : 0;
    case CHUNK_BLOB: return blob_read(payload, count, stored, in->keeps_images, r, e);
    case CHUNK_INPUTS:
        if (count_inputs(in, count, stored, e) != 0) {
            return -1;
        }
        result = inputs_read(in, c, payload, count, stored);
        break;
    case CHUNK_WITNESS: return witnesses_read(&cur, r, e);
    case CHUNK_END: result = end_read(&cur, r, r->tape->base); break;
    case CHUNK_READ: /* packed it would be no bound of what it becomes */
        result = c->encoding == ENCODING_PLAIN ? reads_read(&cur, r) : -1;
        break;
    case CHUNK_PIECE: result = held_read(payload, count, in->at, in->chain, stored, r); break;
    case CHUNK_STATE:
    case CHUNK_RATE:
    default:
        return error_set(e, "a chunk of type %u, which this program does not know",
                         (unsigned)c->type);
    }
    return result == 0 ? 0 : error_set(e, "a chunk of type %u makes no sense", (unsigned)c->type);
}

void reader_take_slots(struct reader *in)
{
    for (size_t i = 0; i < 2; i++) {
        const uint8_t *at = in->header + SLOT_AT + i * SLOT_BYTES;
        struct slot s;
        slot_read(at, &s);
        if (s.length == in->at && s.through > in->sealed && s.through != TICK_NEVER &&
            slot_is_valid(at, in->chain)) {
            in->sealed = s.through;
        }
    }
}

/* `count` bytes of the file from where the reader is; good until the next call. */
static const uint8_t *bytes_here(struct reader *in, size_t count, struct error *e)
{
    if (in->from->bytes != NULL) {
        return in->from->bytes + in->at;
    }
    if (in->window.room <= count) { /* one more: there is an address also of no bytes */
        in->window.data = base_realloc(in->window.data, count + 1, 1);
        in->window.room = count + 1;
    }
    return host_file_read_at(in->from->file, in->at, in->window.data, count, e) == 0
               ? in->window.data
               : NULL;
}

/* The chunk here, as far as it is there; *count: with its head. */
static const uint8_t *chunk_here(struct reader *in, size_t *count, struct error *e)
{
    uint64_t left = in->from->count - in->at;
    const uint8_t *head;
    uint64_t stored;

    *count = left < CHUNK_HEADER_BYTES ? (size_t)left : CHUNK_HEADER_BYTES;
    head = bytes_here(in, *count, e);
    if (head == NULL || *count < CHUNK_HEADER_BYTES) {
        return head;
    }
    stored = bytes_get_le(head + 4, 4);
    if (stored <= CHUNK_STORED_MAX && stored <= left - CHUNK_HEADER_BYTES) {
        *count += (size_t)stored;
        return bytes_here(in, *count, e);
    }
    return head; /* which chunk_read() does not find sensible */
}

/* Chunks up to the end, to END, or to the first that is not valid (then -1 and why). */
static int read_chain(struct reader *in, struct error *e)
{
    const uint64_t count = in->from->count;

    while (in->at < count && !in->r->ended) {
        struct chunk c;
        uint8_t *payload = NULL;
        const uint8_t *bytes;
        size_t here, length, stored;
        uint64_t chain = in->chain;
        size_t witness_count = in->r->witnesses.count;
        tick known = in->r->known;

        bytes = chunk_here(in, &here, e);
        int result =
            bytes == NULL ? -1 : chunk_read(bytes, here, &chain, &c, &payload, &length, &stored, e);
        if (result == 0) {
            result = reader_take_chunk(in, &c, payload, length, stored, e);
            free(payload);
        }
        if (result != 0) { /* half of a chunk is not taken */
            in->r->witnesses.count = witness_count;
            in->r->known = known;
            return -1;
        }
        in->at += stored;
        in->chain = chain;
        reader_take_slots(in);
    }
    if (in->at < count) {
        return error_set(e, "there are %" PRIu64 " bytes after its end", count - in->at);
    }
    return 0;
}

static void set_problem(struct reader *in, const struct error *why)
{
    struct text t = {0};

    text_add(&t, "%s: %s (at byte %" PRIu64 "); it is good up to tick %" PRIu64, in->name,
             why->text, in->at, in->r->known);
    in->r->problem = t.data;
}

/* The header, if it is one. */
static int read_header(struct reader *in, struct error *e)
{
    size_t count = in->from->count < HEADER_BYTES ? (size_t)in->from->count : HEADER_BYTES;
    const uint8_t *bytes = bytes_here(in, count, e);

    if (bytes == NULL) {
        return -1;
    }
    memcpy(in->header, bytes, count);
    if (header_check(in->header, count, &in->chain, e) != 0) {
        return error_prefix(e, "%s", in->name);
    }
    in->r->format = header_format(in->header);
    return 0;
}

static int read_all(struct reader *in, enum images_wanted images, struct error *e)
{
    struct error why = {{0}};
    struct error missing = {{0}};
    bool broken;

    if (read_header(in, e) != 0) {
        return -1;
    }
    in->at = HEADER_BYTES;
    broken = read_chain(in, &why) != 0;
    if (in->refused) {
        return error_set(e, "%s: %s", in->name, why.text);
    }
    if (!in->configured) {
        return error_set(e, "%s: its configuration cannot be read: %s (at byte %" PRIu64 ")",
                         in->name, broken ? why.text : "the file ends before it", in->at);
    }
    if (!in->r->ended && in->sealed > in->r->known) {
        in->r->known = in->sealed;
    }
    if (images != IMAGES_NONE &&
        images_complete(in->r->config, in->r->notes, images == IMAGES_BY_NAME, &missing) != 0) {
        return broken ? error_set(e, "%s: %s: %s (at byte %" PRIu64 ")", in->name, missing.text,
                                  why.text, in->at)
                      : error_set(e, "%s: %s", in->name, missing.text);
    }
    if (broken) {
        set_problem(in, &why);
    }
    return 0;
}

static struct backing *make_backing(const struct recording_bytes *from)
{
    uint8_t *copy;

    if (from->bytes == NULL) {
        return backing_of_file(from->file->descriptor, true);
    }
    if (from->takes_bytes) {
        return backing_of_memory((uint8_t *)(uintptr_t)from->bytes, from->count);
    }
    copy = base_alloc((size_t)from->count + 1, 1);
    memcpy(copy, from->bytes, (size_t)from->count);
    return backing_of_memory(copy, from->count);
}

struct recording *recording_read(const struct recording_bytes *from, const char *name,
                                 enum images_wanted images, struct error *e)
{
    struct recording *r = recording_new();
    struct reader in = {.r = r,
                        .from = from,
                        .backing = make_backing(from),
                        .name = name,
                        .keeps_images = images != IMAGES_NONE};
    int result;

    r->config = base_alloc(1, sizeof(*r->config));
    r->file_bytes = from->count;
    result = read_all(&in, images, e);
    vec_fini(&in.window);
    backing_drop(in.backing);
    if (result != 0) {
        recording_close(r);
        return NULL;
    }
    return r;
}
