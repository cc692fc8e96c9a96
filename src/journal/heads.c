/* SPDX-License-Identifier: GPL-2.0-or-later
 * heads: INPUTS without what messages of one port have in common at their beginning (docs/journal.md): frames of
 * one connection differ in a tenth of their headers, and their content often packs no further. Such a payload
 * is taken apart and put together here; what it means is nobody's business here.
 */
#include "journal/internal.h"

enum {
    HEAD_BYTES = 64,
    HEAD_FROM = 16, /* shorter messages are as they are */
    HEAD_PORTS = 16 /* those alike modulo this share one memory of what was there last */
};

struct heads {
    uint8_t last[HEAD_PORTS][HEAD_BYTES];
};

static size_t head_of(uint64_t length)
{
    return length < HEAD_FROM ? 0 : length < HEAD_BYTES ? (size_t)length : HEAD_BYTES;
}

/* Bits that say which bytes differ from the last ones there, and these. */
static void pack_head(byte_vec *out, uint8_t *last, const uint8_t *bytes, size_t count)
{
    uint8_t bits[HEAD_BYTES / 8] = {0}, other[HEAD_BYTES];
    size_t differ = 0;

    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != last[i]) {
            bits[i / 8] |= (uint8_t)(1u << i % 8);
            other[differ++] = bytes[i];
        }
    }
    bytes_add(out, bits, (count + 7) / 8);
    bytes_add(out, other, differ);
    memcpy(last, bytes, count);
}

static void unpack_head(struct cursor *in, byte_vec *out, uint8_t *last, size_t count)
{
    const uint8_t *bits = cursor_bytes(in, (count + 7) / 8);

    for (size_t i = 0; i < count && bits != NULL; i++) {
        if ((bits[i / 8] >> i % 8 & 1) != 0) {
            last[i] = cursor_u8(in);
        }
    }
    bytes_add(out, last, count);
}

bool heads_pack(byte_vec *out, const uint8_t *payload, size_t count)
{
    struct cursor in = {payload, count, false};
    uint64_t inputs = cursor_varint(&in);
    struct heads h = {{{0}}};

    bytes_add_varint(out, count);
    bytes_add_varint(out, inputs);
    for (uint64_t i = 0; i < inputs && !in.bad; i++) {
        uint64_t delta = cursor_varint(&in), port = cursor_varint(&in), length = cursor_varint(&in);
        const uint8_t *bytes = cursor_bytes(&in, length);
        size_t head = head_of(length);

        if (bytes == NULL) {
            return false;
        }
        bytes_add_varint(out, delta);
        bytes_add_varint(out, port);
        bytes_add_varint(out, length);
        pack_head(out, h.last[port % HEAD_PORTS], bytes, head);
        bytes_add(out, bytes + head, (size_t)length - head);
    }
    bytes_add_varint(out, cursor_varint(&in));
    return !in.bad && in.left == 0;
}

int heads_unpack(byte_vec *out, const uint8_t *stored, size_t count)
{
    struct cursor in = {stored, count, false};
    uint64_t size = cursor_varint(&in), inputs = cursor_varint(&in);
    struct heads h = {{{0}}};

    if (in.bad || size > CHUNK_RAW_MAX) {
        return -1;
    }
    bytes_add_varint(out, inputs);
    for (uint64_t i = 0; i < inputs && !in.bad; i++) {
        uint64_t delta = cursor_varint(&in), port = cursor_varint(&in), length = cursor_varint(&in);
        size_t head = head_of(length);
        const uint8_t *bytes;

        if (in.bad || length > size || out->count > size) {
            return -1;
        }
        bytes_add_varint(out, delta);
        bytes_add_varint(out, port);
        bytes_add_varint(out, length);
        unpack_head(&in, out, h.last[port % HEAD_PORTS], head);
        bytes = cursor_bytes(&in, length - head);
        if (bytes == NULL) {
            return -1;
        }
        bytes_add(out, bytes, (size_t)length - head);
    }
    bytes_add_varint(out, cursor_varint(&in));
    return !in.bad && in.left == 0 && out->count == size ? 0 : -1;
}
