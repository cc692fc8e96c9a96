/* SPDX-License-Identifier: GPL-2.0-or-later
 * qcow2_header: what an image says about itself, by the specification "Qcow2 Image File Format". What is
 * refused is refused here, in a sentence: encryption, external data files, features that are not known.
 * Bitmaps are left alone.
 */
#include <stdlib.h>

#include "disk/internal.h"

enum { EXTENSION_END = 0, EXTENSION_BACKING_FORMAT = (int)0xe2792aca };
#define EXTENSION_FEATURES 0x6803f857u
#define EXTENSION_DATA     0x44415441u
#define FEATURE_BYTES      48

static uint32_t get32(const uint8_t *bytes)
{
    return (uint32_t)bytes_get_be(bytes, 4);
}

static uint64_t get64(const uint8_t *bytes)
{
    return bytes_get_be(bytes, 8);
}

bool qcow2_is(const struct disk_bytes *file)
{
    uint8_t magic[4];

    return file->size >= 72 && bytes_read(file, 0, magic, 4, NULL) == 0 &&
           get32(magic) == QCOW2_MAGIC;
}

/* The name that the image itself has for an incompatible feature, or NULL. */
static char *feature_name(const uint8_t *table, uint32_t length, unsigned bit)
{
    for (; length >= FEATURE_BYTES; table += FEATURE_BYTES, length -= FEATURE_BYTES) {
        if (table[0] == 0 && table[1] == bit) {
            struct text t = {0};

            text_add_bytes(&t, table + 2, strnlen((const char *)table + 2, FEATURE_BYTES - 2));
            return t.data;
        }
    }
    return NULL;
}

static int refuse_unknown(const char *name, uint64_t unknown, const uint8_t *table, uint32_t length,
                          struct error *e)
{
    unsigned bit = (unsigned)__builtin_ctzll(unknown);
    char *said = table != NULL ? feature_name(table, length, bit) : NULL;

    if (said != NULL && said[0] != 0) {
        error_set(e, "%s: has the feature '%s' (bit %u), which is not known here", name, said, bit);
    } else {
        error_set(e, "%s: has a feature that is not known here (bit %u)", name, bit);
    }
    free(said);
    return -1;
}

/* ---- extensions ---- */

struct extensions {
    const uint8_t *features; /* the table, or NULL */
    uint32_t features_length;
};

static char *copy_string(const uint8_t *bytes, uint32_t length)
{
    char *s = base_alloc(length + 1, 1);

    memcpy(s, bytes, length);
    return s;
}

/* The first cluster is there. */
static int read_extensions(const char *name, struct qcow2_header *h, const uint8_t *bytes,
                           uint64_t size, struct extensions *x, struct error *e)
{
    uint64_t at = h->length, end = h->backing_at != 0 ? h->backing_at : size;

    while (end >= 8 && at <= end - 8) {
        uint32_t type = get32(bytes + at), length = get32(bytes + at + 4);

        at += 8;
        if (type == EXTENSION_END) {
            break;
        }
        if (length > end - at) {
            return error_set(e, "%s: an extension of its header is longer than its room", name);
        }
        if (type == (uint32_t)EXTENSION_BACKING_FORMAT) {
            free(h->backing_format);
            h->backing_format = copy_string(bytes + at, length);
        } else if (type == EXTENSION_FEATURES) {
            x->features = bytes + at;
            x->features_length = length;
        } else if (type != EXTENSION_DATA) {
            h->has_unknown = true;
        }
        at += align_up(length, 8);
    }
    return 0;
}

/* ---- the header ---- */

static void decode(struct qcow2_header *h, const uint8_t *b)
{
    h->version = get32(b + 4);
    h->backing_at = get64(b + HEADER_BACKING);
    h->backing_length = get32(b + 16);
    h->cluster_bits = get32(b + 20);
    h->size = get64(b + HEADER_SIZE);
    h->l1_count = get32(b + HEADER_L1);
    h->l1_at = get64(b + 40);
    h->counts_at = get64(b + HEADER_COUNTS);
    h->counts_clusters = get32(b + 56);
    h->snapshot_count = get32(b + HEADER_SNAPSHOTS);
    h->snapshots_at = get64(b + 64);
    h->count_order = 4;
    h->length = 72;
    if (h->version >= 3) {
        h->incompatible = get64(b + HEADER_INCOMPATIBLE);
        h->compatible = get64(b + 80);
        h->autoclear = get64(b + HEADER_AUTOCLEAR);
        h->count_order = get32(b + 96);
        h->length = get32(b + 100);
        h->packing = h->length > 104 ? b[104] : 0;
    }
}

static int check_numbers(const char *name, const struct qcow2_header *h, uint32_t crypt,
                         struct error *e)
{
    if (h->version != 2 && h->version != 3) {
        return error_set(e, "%s: is qcow2 of version %u; 2 and 3 are known here", name, h->version);
    }
    if (h->cluster_bits < DISK_CLUSTER_BITS_LEAST || h->cluster_bits > DISK_CLUSTER_BITS_MOST) {
        return error_set(e, "%s: has clusters of 2^%u bytes; 2^9 to 2^21 are possible", name,
                         h->cluster_bits);
    }
    if (crypt != 0) {
        return error_set(e,
                         "%s: is encrypted, which is not supported; qemu-img convert can make an "
                         "image of it that is not",
                         name);
    }
    if (h->length < (h->version == 2 ? 72 : 104) || h->length % 8 != 0 ||
        h->length > UINT64_C(1) << h->cluster_bits) {
        return error_set(e, "%s: its header cannot have %u bytes", name, h->length);
    }
    if (h->count_order > 6) {
        return error_set(e, "%s: its reference counts cannot have 2^%u bits", name, h->count_order);
    }
    return h->size <= DISK_BYTES_MOST
               ? 0
               : error_set(e, "%s: says that it has %llu bytes of content, which is too much", name,
                           (unsigned long long)h->size);
}

static int check_features(const char *name, const struct qcow2_header *h,
                          const struct extensions *x, struct error *e)
{
    uint64_t known = INCOMPATIBLE_DIRTY | INCOMPATIBLE_CORRUPT | INCOMPATIBLE_DATA_FILE |
                     INCOMPATIBLE_PACKING | INCOMPATIBLE_EXTENDED;

    if ((h->incompatible & ~known) != 0) {
        return refuse_unknown(name, h->incompatible & ~known, x->features, x->features_length, e);
    }
    if ((h->incompatible & INCOMPATIBLE_DATA_FILE) != 0) {
        return error_set(e,
                         "%s: has its content in another file, which is not supported; qemu-img "
                         "convert can make one file of them",
                         name);
    }
    if (((h->incompatible & INCOMPATIBLE_PACKING) != 0) != (h->packing != PACKING_ZLIB) ||
        h->packing > PACKING_ZSTD) {
        return error_set(e, "%s: how its clusters are compressed (%u) is not known here", name,
                         h->packing);
    }
    if ((h->incompatible & INCOMPATIBLE_EXTENDED) != 0 && h->cluster_bits < 14) {
        return error_set(e, "%s: has sub-clusters in clusters of less than 16 KiB", name);
    }
    return 0;
}

static int read_backing(const char *name, struct qcow2_header *h, const uint8_t *bytes,
                        uint64_t size, struct error *e)
{
    if (h->backing_at == 0) {
        return 0;
    }
    if (h->backing_length == 0 || h->backing_length > QCOW2_NAME_MOST ||
        h->backing_at < h->length || h->backing_at > size ||
        h->backing_length > size - h->backing_at) {
        return error_set(e, "%s: the name of the file behind it is not in its first cluster", name);
    }
    h->backing = copy_string(bytes + h->backing_at, h->backing_length);
    return strlen(h->backing) == h->backing_length
               ? 0
               : error_set(e, "%s: the name of the file behind it has a NUL in it", name);
}

int qcow2_header_read(const struct disk_bytes *file, struct qcow2_header *h, struct error *e)
{
    struct extensions x = {0};
    uint8_t first[112], *cluster;
    uint64_t size;
    int result;

    *h = (struct qcow2_header){0};
    if (bytes_read(file, 0, first, sizeof first, e) < 0) {
        return -1;
    }
    if (file->size < 72 || get32(first) != QCOW2_MAGIC) {
        return error_set(e, "%s: is not a qcow2 image", file->name);
    }
    decode(h, first);
    if (check_numbers(file->name, h, get32(first + 32), e) < 0) {
        return -1;
    }
    size = UINT64_C(1) << h->cluster_bits;
    cluster = base_alloc((size_t)size, 1);
    result = bytes_read(file, 0, cluster, (size_t)size, e);
    if (result == 0) {
        result = read_backing(file->name, h, cluster, size, e);
    }
    if (result == 0) {
        result = read_extensions(file->name, h, cluster, size, &x, e);
    }
    if (result == 0) {
        result = check_features(file->name, h, &x, e);
    }
    free(cluster);
    if (result < 0) {
        qcow2_header_fini(h);
    }
    return result;
}

void qcow2_header_fini(struct qcow2_header *h)
{
    free(h->backing);
    free(h->backing_format);
    h->backing = h->backing_format = NULL;
}

/* ---- a new one ---- */

static void put32(uint8_t *bytes, uint64_t value)
{
    bytes_set_be(bytes, 4, value);
}

static void put64(uint8_t *bytes, uint64_t value)
{
    bytes_set_be(bytes, 8, value);
}

static void encode_numbers(const struct qcow2_header *h, uint8_t *b)
{
    put32(b, QCOW2_MAGIC);
    put32(b + 4, h->version);
    put32(b + 20, h->cluster_bits);
    put64(b + HEADER_SIZE, h->size);
    put32(b + HEADER_L1, h->l1_count);
    put64(b + 40, h->l1_at);
    put64(b + HEADER_COUNTS, h->counts_at);
    put32(b + 56, h->counts_clusters);
    if (h->version >= 3) {
        put64(b + HEADER_INCOMPATIBLE, h->incompatible);
        put64(b + 80, h->compatible);
        put32(b + 96, h->count_order);
        put32(b + 100, h->length);
    }
}

int qcow2_header_encode(const struct qcow2_header *h, uint8_t *bytes, size_t room, struct error *e)
{
    size_t name = h->backing != NULL ? strlen(h->backing) : 0;
    size_t format = h->backing_format != NULL ? strlen(h->backing_format) : 0;
    size_t at = h->length;

    if (name > QCOW2_NAME_MOST || h->length + 8 + 8 + align_up(format, 8) + name > room) {
        return error_set(e, "%s: this name of a file behind it is too long for its clusters",
                         h->backing);
    }
    memset(bytes, 0, room);
    encode_numbers(h, bytes);
    if (format != 0) {
        put32(bytes + at, (uint32_t)EXTENSION_BACKING_FORMAT);
        put32(bytes + at + 4, format);
        memcpy(bytes + at + 8, h->backing_format, format);
        at += 8 + align_up(format, 8);
    }
    at += 8; /* the end of extensions */
    if (name != 0) {
        put64(bytes + HEADER_BACKING, at);
        put32(bytes + 16, name);
        memcpy(bytes + at, h->backing, name);
    }
    return 0;
}
