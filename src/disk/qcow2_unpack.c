/* SPDX-License-Identifier: GPL-2.0-or-later
 * qcow2_unpack: compressed clusters: raw deflate (RFC 1951) by zlib, or frames of zstd. A cluster takes
 * what it needs of the sectors that its descriptor names, and has to give a whole one.
 */
#include <stdlib.h>

#include <zlib.h>
#include <zstd.h>

#include "disk/internal.h"

#define ZSTD_WINDOW_BITS 24 /* a frame that wants more memory than 16 MiB is refused */

struct packed qcow2_packed_of(const struct qcow2 *q, uint64_t descriptor)
{
    unsigned x = 62 - (q->header.cluster_bits - 8);
    uint64_t at = bits_get(descriptor, 0, x), sectors = bits_get(descriptor, x, 62 - x);

    return (struct packed){.at = at, .length = (sectors + 1) * 512 - at % 512};
}

static bool inflate_cluster(const uint8_t *from, size_t size, uint8_t *to, size_t room)
{
    z_stream z = {0};
    int result;

    z.next_in = (z_const Bytef *)(uintptr_t)from;
    z.avail_in = (uInt)size;
    z.next_out = to;
    z.avail_out = (uInt)room;
    must(inflateInit2(&z, -15) == Z_OK);
    result = inflate(&z, Z_FINISH);
    (void)inflateEnd(&z);
    /* Z_BUF_ERROR: the cluster is full, and there would be more. */
    return (result == Z_STREAM_END || result == Z_BUF_ERROR) && z.avail_out == 0;
}

static bool unzstd_cluster(const uint8_t *from, size_t size, uint8_t *to, size_t room)
{
    ZSTD_DCtx *z = ZSTD_createDCtx();
    ZSTD_inBuffer in = {.src = from, .size = size};
    ZSTD_outBuffer out = {.dst = to, .size = room};
    size_t before, result = 1;

    must(z != NULL);
    (void)ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, ZSTD_WINDOW_BITS);
    do {
        before = in.pos + out.pos;
        result = ZSTD_decompressStream(z, &out, &in);
    } while (!ZSTD_isError(result) && out.pos < room && in.pos + out.pos != before);
    (void)ZSTD_freeDCtx(z);
    return !ZSTD_isError(result) && out.pos == room;
}

int qcow2_unpack(struct qcow2 *q, uint64_t descriptor, const uint8_t **bytes, struct error *e)
{
    struct packed p = qcow2_packed_of(q, descriptor);
    uint64_t there = p.at < q->file->size ? q->file->size - p.at : 0;
    size_t size = (size_t)(p.length < there ? p.length : there);
    uint8_t *packed;
    bool good;

    *bytes = q->unpacked;
    if (q->unpacked_entry == descriptor && q->unpacked != NULL) {
        return 0;
    }
    if (q->unpacked == NULL) {
        *bytes = q->unpacked = base_alloc((size_t)q->cluster, 1);
    }
    q->unpacked_entry = 0;
    packed = base_alloc(size + 1, 1);
    if (bytes_read(q->file, p.at, packed, size, e) < 0) {
        free(packed);
        return -1;
    }
    good = q->header.packing == PACKING_ZSTD
               ? unzstd_cluster(packed, size, q->unpacked, (size_t)q->cluster)
               : inflate_cluster(packed, size, q->unpacked, (size_t)q->cluster);
    free(packed);
    if (!good) {
        return qcow2_error(q, e, "the compressed cluster at byte %llu is damaged",
                           (unsigned long long)p.at);
    }
    q->unpacked_entry = descriptor;
    return 0;
}
