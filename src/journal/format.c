/* SPDX-License-Identifier: GPL-2.0-or-later
 * format: the grain of the recording file (docs/journal.md): numbers, the header, the seal slots
 * and the chunks, writing and reading side by side. What is inside a chunk is config.c, read.c and
 * write.c. Everything is little-endian whatever the host; only the preamble is not ours to choose.
 */
#include <inttypes.h>

#include <zstd.h>

#include "journal/internal.h"

static const uint8_t preamble[PREAMBLE_BYTES] = {0x00, 0xe0, 0x20, 0x0c, 0, 0,   0,
                                                 0,    0,    0,    0,    0, 0x27};
static const char magic[8] = {'R', 'E', 'P', 'R', 'I', 'S', 'E', '\n'};

enum { SEED_HEADER = 0x7265, PACK_FROM = 128, PACK_LEVEL = 1, PACK_LEVEL_BLOB = -5 };

/* ---- numbers --------------------------------------------------------------------------------- */

static void bytes_reserve(byte_vec *v, size_t count)
{
    if (v->room - v->count < count) {
        size_t room = v->room * 2 > v->count + count ? v->room * 2 : v->count + count;
        v->data = base_realloc(v->data, room, 1);
        v->room = room;
    }
}

void bytes_add(byte_vec *v, const void *bytes, size_t count)
{
    if (count == 0) {
        return;
    }
    bytes_reserve(v, count);
    memcpy(v->data + v->count, bytes, count);
    v->count += count;
}

void bytes_add_u8(byte_vec *v, uint8_t x)
{
    bytes_add(v, &x, 1);
}

void bytes_add_u64(byte_vec *v, uint64_t x)
{
    uint8_t b[8];

    bytes_set_le(b, 8, x);
    bytes_add(v, b, sizeof(b));
}

void bytes_add_varint(byte_vec *v, uint64_t x)
{
    uint8_t b[10];
    size_t n = 0;

    while (x >= 0x80) {
        b[n++] = (uint8_t)(x | 0x80);
        x >>= 7;
    }
    b[n++] = (uint8_t)x;
    bytes_add(v, b, n);
}

const uint8_t *cursor_bytes(struct cursor *c, uint64_t count)
{
    const uint8_t *at = c->at;

    if (c->bad || count > c->left) {
        c->bad = true;
        return NULL;
    }
    c->at += count;
    c->left -= (size_t)count;
    return at;
}

uint8_t cursor_u8(struct cursor *c)
{
    const uint8_t *b = cursor_bytes(c, 1);

    return b != NULL ? *b : 0;
}

uint64_t cursor_u64(struct cursor *c)
{
    const uint8_t *b = cursor_bytes(c, 8);

    return b != NULL ? bytes_get_le(b, 8) : 0;
}

/* Only the shortest form is valid, so that a number is written in one way. */
uint64_t cursor_varint(struct cursor *c)
{
    uint64_t x = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t b = cursor_u8(c);
        if (c->bad || (shift == 63 && b > 1) || (shift > 0 && b == 0)) {
            break;
        }
        x |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80) {
            return x;
        }
    }
    c->bad = true;
    return 0;
}

/* ---- header ---------------------------------------------------------------------------------- */

uint64_t header_make(uint8_t *out)
{
    uint64_t sum;

    memset(out, 0, HEADER_BYTES);
    memcpy(out, preamble, sizeof(preamble));
    memcpy(out + MAGIC_AT, magic, sizeof(magic));
    bytes_set_le(out + VERSION_AT, 4, JOURNAL_FORMAT);
    bytes_set_le(out + FIRST_AT, 4, HEADER_BYTES);
    sum = hash_bytes(out, HEADER_SUM_AT, SEED_HEADER);
    bytes_set_le(out + HEADER_SUM_AT, 8, sum);
    return sum;
}

int header_check(const uint8_t *bytes, size_t count, uint64_t *chain, struct error *e)
{
    uint64_t version;

    if (count < MAGIC_AT + sizeof(magic) || memcmp(bytes + MAGIC_AT, magic, sizeof(magic)) != 0) {
        if (count >= 4 && memcmp(bytes, preamble, 4) == 0) {
            return error_set(e, "this is a log of QEMU's (or the head of a damaged recording), "
                                "which cannot be replayed here");
        }
        return error_set(e, "this is not a recording");
    }
    if (count < HEADER_BYTES) {
        return error_set(e, "this recording was cut off inside its header, after %zu bytes", count);
    }
    *chain = hash_bytes(bytes, HEADER_SUM_AT, SEED_HEADER);
    if (*chain != bytes_get_le(bytes + HEADER_SUM_AT, 8)) {
        return error_set(e, "the header of this recording is damaged");
    }
    version = bytes_get_le(bytes + VERSION_AT, 4);
    if (version > JOURNAL_FORMAT) {
        return error_set(e,
                         "this recording has format %" PRIu64 ", made by a newer version; this "
                         "program reads up to format %d",
                         version, JOURNAL_FORMAT);
    }
    if (version < 1 || bytes_get_le(bytes + FIRST_AT, 4) != HEADER_BYTES ||
        memcmp(bytes, preamble, sizeof(preamble)) != 0) {
        return error_set(e, "the header of this recording makes no sense");
    }
    return 0;
}

unsigned header_format(const uint8_t *bytes)
{
    return (unsigned)bytes_get_le(bytes + VERSION_AT, 4);
}

void slot_make(uint8_t *out, const struct slot *s, uint64_t chain)
{
    bytes_set_le(out, 8, s->sequence);
    bytes_set_le(out + 8, 8, s->through);
    bytes_set_le(out + 16, 8, s->length);
    bytes_set_le(out + 24, 8, hash_bytes(out, 24, chain));
}

void slot_read(const uint8_t *bytes, struct slot *s)
{
    s->sequence = bytes_get_le(bytes, 8);
    s->through = bytes_get_le(bytes + 8, 8);
    s->length = bytes_get_le(bytes + 16, 8);
}

bool slot_is_valid(const uint8_t *bytes, uint64_t chain)
{
    return bytes_get_le(bytes, 8) != 0 &&
           bytes_get_le(bytes + 24, 8) == hash_bytes(bytes, 24, chain);
}

/* ---- chunks ---------------------------------------------------------------------------------- */

/* The seed is the previous chunk's sum: a chunk is valid in its own place of its own file only. */
static uint64_t chunk_sum(const uint8_t *head, const uint8_t *payload, size_t count, uint64_t chain)
{
    return hash_bytes(payload, count, hash_bytes(head, 8, chain));
}

/* How many bytes it wrote; 0: none, as they would not be fewer, or more would come of them than readers take. */
static size_t put_heads(uint8_t *body, const uint8_t *payload, size_t count)
{
    byte_vec packed = {0};
    size_t stored = 0;

    if (heads_pack(&packed, payload, count) && packed.count < count &&
        count / INPUTS_GROWTH < packed.count) {
        stored = packed.count;
        memcpy(body, packed.data, stored);
    }
    vec_fini(&packed);
    return stored;
}

void chunk_make(byte_vec *out, enum chunk_type type, const void *payload, size_t count, bool pack,
                uint64_t *chain)
{
    uint8_t *head, *body;
    size_t stored = 0;

    must(count <= CHUNK_RAW_MAX);
    bytes_reserve(out, CHUNK_HEADER_BYTES + ZSTD_compressBound(count));
    head = out->data + out->count;
    body = head + CHUNK_HEADER_BYTES;
    memset(head, 0, CHUNK_HEADER_BYTES);
    head[0] = (uint8_t)type;
    if (pack && count >= PACK_FROM) {
        /* Images are large, and packing them is most of what recording costs: quickly, then. */
        int level = type == CHUNK_BLOB ? PACK_LEVEL_BLOB : PACK_LEVEL;
        stored = ZSTD_compress(body, ZSTD_compressBound(count), payload, count, level);
        stored = ZSTD_isError(stored) || stored >= count - count / 16 ? 0 : stored;
        head[1] = stored != 0 ? ENCODING_ZSTD : ENCODING_PLAIN;
    }
    if (stored == 0 && type == CHUNK_INPUTS && count >= PACK_FROM) {
        stored = put_heads(body, payload, count);
        head[1] = stored != 0 ? ENCODING_HEADS : ENCODING_PLAIN;
    }
    if (stored == 0 && count > 0) {
        memcpy(body, payload, count);
        stored = count;
    }
    bytes_set_le(head + 4, 4, stored);
    *chain = chunk_sum(head, body, stored, *chain);
    bytes_set_le(head + 8, 8, *chain);
    out->count += CHUNK_HEADER_BYTES + stored;
}

static int unpack(const uint8_t *stored, size_t count, uint8_t **payload, size_t *out_count,
                  struct error *e)
{
    unsigned long long size = ZSTD_getFrameContentSize(stored, count);

    if (size > CHUNK_RAW_MAX) { /* covers unknown and error */
        return error_set(e, "a packed chunk that says no sensible size");
    }
    *payload = base_alloc((size_t)size + 1, 1);
    *out_count = ZSTD_decompress(*payload, (size_t)size, stored, count);
    if (ZSTD_isError(*out_count) || *out_count != size) {
        free(*payload);
        *payload = NULL;
        return error_set(e, "a chunk that does not unpack");
    }
    return 0;
}

int chunk_read(const uint8_t *bytes, size_t left, uint64_t *chain, struct chunk *c,
               uint8_t **payload, size_t *count, size_t *stored, struct error *e)
{
    const uint8_t *body = bytes + CHUNK_HEADER_BYTES;

    if (left < CHUNK_HEADER_BYTES) {
        return error_set(e, "it was cut off inside a chunk's head");
    }
    *c = (struct chunk){.type = bytes[0],
                        .encoding = bytes[1],
                        .stored_bytes = (uint32_t)bytes_get_le(bytes + 4, 4),
                        .sum = bytes_get_le(bytes + 8, 8)};
    if (c->stored_bytes > left - CHUNK_HEADER_BYTES) {
        return error_set(e, "it was cut off inside a chunk, or the chunk's length is damaged");
    }
    if (c->sum != chunk_sum(bytes, body, c->stored_bytes, *chain)) {
        return error_set(e, "the chunk's checksum is wrong");
    }
    *stored = CHUNK_HEADER_BYTES + (size_t)c->stored_bytes;
    if (c->encoding == ENCODING_ZSTD) {
        if (unpack(body, c->stored_bytes, payload, count, e) != 0) {
            return -1;
        }
    } else if (c->encoding == ENCODING_HEADS && c->type == CHUNK_INPUTS) {
        byte_vec unpacked = {0};

        if (heads_unpack(&unpacked, body, c->stored_bytes) != 0) {
            vec_fini(&unpacked);
            return error_set(e, "packed inputs that make no sense");
        }
        *payload = unpacked.data; /* never of no bytes: it says how many there are */
        *count = unpacked.count;
    } else if (c->encoding == ENCODING_PLAIN && c->stored_bytes <= CHUNK_RAW_MAX) {
        *payload = base_alloc((size_t)c->stored_bytes + 1, 1);
        memcpy(*payload, body, c->stored_bytes);
        *count = c->stored_bytes;
    } else {
        return error_set(e, "a chunk of unknown encoding or size");
    }
    *chain = c->sum;
    return 0;
}
