/* SPDX-License-Identifier: GPL-2.0-or-later
 * unpack: gzip members (RFC 1952) by zlib, into a bounded amount of memory. Bytes after the member
 * are ignored; further members are, too.
 */
#include <stdlib.h>

#include <zlib.h>

#include "board/internal.h"

#define CHUNK_MAX (UINT64_C(1) << 30) /* zlib counts with 32 bits */

bool gzip_is(const uint8_t *data, uint64_t size)
{
    return size >= 3 && data[0] == 0x1f && data[1] == 0x8b && data[2] == 8;
}

/* Inflates until the end or until `room` bytes are there. Returns zlib's last word. */
static int inflate_some(z_stream *z, const uint8_t *end, uint8_t *out, uint64_t room,
                        uint64_t *made)
{
    int result = Z_OK;

    *made = 0;
    while (result == Z_OK && *made < room) {
        uint64_t in_left = (uint64_t)(end - z->next_in);
        uint64_t in = in_left < CHUNK_MAX ? in_left : CHUNK_MAX;
        uint64_t want = room - *made < CHUNK_MAX ? room - *made : CHUNK_MAX;

        z->avail_in = (uInt)in;
        z->next_out = out + *made;
        z->avail_out = (uInt)want;
        result = inflate(z, Z_NO_FLUSH);
        *made += want - z->avail_out;
        if (result == Z_OK && z->avail_out != 0 && in == in_left) {
            return Z_BUF_ERROR; /* it wants input that is not there */
        }
    }
    return result;
}

static bool inflate_start(z_stream *z, const uint8_t *data)
{
    memset(z, 0, sizeof(*z));
    z->next_in = (z_const Bytef *)(uintptr_t)data;
    return inflateInit2(z, 15 + 16) == Z_OK; /* the greatest window, a gzip header */
}

uint64_t gzip_peek(const uint8_t *data, uint64_t size, uint8_t *out, uint64_t most)
{
    z_stream z;
    uint64_t made = 0;

    if (inflate_start(&z, data)) {
        (void)inflate_some(&z, data + size, out, most, &made);
        (void)inflateEnd(&z);
    }
    return made;
}

int gzip_unpack(const uint8_t *data, uint64_t size, uint64_t most, uint8_t **out,
                uint64_t *out_size, struct error *e)
{
    z_stream z;
    uint8_t *bytes = NULL;
    uint64_t count = 0, room = 0;
    int result = Z_OK;

    must(inflate_start(&z, data));
    while (result == Z_OK && count <= most) {
        uint64_t made;

        room = room == 0 ? 4 * MIB : 2 * room;
        /* One byte more than allowed tells that there is more. */
        room = room > most + 1 ? most + 1 : room;
        bytes = base_realloc(bytes, (size_t)room, 1);
        result = inflate_some(&z, data + size, bytes + count, room - count, &made);
        count += made;
    }
    (void)inflateEnd(&z);
    if (result == Z_STREAM_END && count <= most) {
        *out = bytes;
        *out_size = count;
        return 0;
    }
    free(bytes);
    if (count > most) {
        return error_set(e, "it unpacks to more than the %llu bytes that there are for it",
                         (unsigned long long)most);
    }
    return error_set(e, result == Z_BUF_ERROR ? "it is gzipped, and cut short"
                                              : "it is gzipped, and damaged");
}
