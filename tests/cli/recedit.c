/* SPDX-License-Identifier: GPL-2.0-or-later
 * recedit: alters a recording for tests (docs/journal.md): takes the file apart into its chunks,
 * changes one thing, and puts it together with every checksum right again, so that what is tested
 * lies behind the checksums. `mutate` also does what breaks them: flips, cuts, splices. The same
 * seed makes the same file.
 */
#include <stdio.h>

#include "../chance.h"
#include "host/host.h"
#include "journal/internal.h"

struct piece {
    enum chunk_type type;
    bool packed;
    uint8_t *payload;
    size_t count;
};
struct file {
    uint8_t *raw;
    size_t raw_count;
    VEC(struct piece) pieces;
};

/* For the address sanitizer: what is read and made lives until the end of the process. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "recedit: %s\n", what);
    exit(1);
}

/* ---- apart and together ---------------------------------------------------------------------- */

static void load(struct file *f, const char *path)
{
    struct error e;
    uint64_t chain;
    size_t at = HEADER_BYTES;

    if (host_file_read_all(path, 8 * GIB, &f->raw, &f->raw_count, &e) < 0 ||
        header_check(f->raw, f->raw_count, &chain, &e) < 0) {
        die(e.text);
    }
    while (at < f->raw_count) {
        struct chunk c;
        struct piece p;
        size_t stored;
        if (chunk_read(f->raw + at, f->raw_count - at, &chain, &c, &p.payload, &p.count, &stored,
                       &e) < 0) {
            die(e.text);
        }
        p.type = c.type;
        p.packed = c.encoding == ENCODING_ZSTD;
        vec_push(&f->pieces, p);
        at += stored;
    }
}

static void join(const struct file *f, byte_vec *out)
{
    uint8_t header[HEADER_BYTES];
    uint64_t chain = header_make(header);

    bytes_add(out, header, sizeof(header));
    for (size_t i = 0; i < f->pieces.count; i++) {
        const struct piece *p = &f->pieces.data[i];
        chunk_make(out, p->type, p->payload, p->count, p->packed, &chain);
    }
}

static void store(const char *path, const uint8_t *bytes, size_t count)
{
    FILE *to = fopen(path, "wb");

    if (!to || fwrite(bytes, 1, count, to) != count || fclose(to) != 0) {
        die("the output cannot be written");
    }
}

/* The n-th chunk of a type. */
static struct piece *find(const struct file *f, enum chunk_type type, size_t n)
{
    for (size_t i = 0; i < f->pieces.count; i++) {
        if (f->pieces.data[i].type == type && n-- == 0) {
            return &f->pieces.data[i];
        }
    }
    die("the recording has no such chunk");
}

static void list(const struct file *f)
{
    static const char *const names[] = {[CHUNK_CONFIG] = "config",
                                        [CHUNK_BLOB] = "blob",
                                        [CHUNK_INPUTS] = "inputs",
                                        [CHUNK_WITNESS] = "witness",
                                        [CHUNK_END] = "end"};
    for (size_t i = 0; i < f->pieces.count; i++) {
        const struct piece *p = &f->pieces.data[i];
        const char *name = p->type < ARRAY_LEN(names) ? names[p->type] : NULL;
        printf("%zu %s %zu\n", i, name ? name : "?", p->count);
    }
}

/* ---- one thing changed ----------------------------------------------------------------------- */

static void flip_witness(struct file *f, uint64_t n)
{
    for (size_t i = 0; i < f->pieces.count; i++) {
        struct piece *p = &f->pieces.data[i];
        struct cursor c = {p->payload, p->count, false};
        while (p->type == CHUNK_WITNESS && c.left > 0) {
            (void)cursor_varint(&c);
            (void)cursor_varint(&c);
            if (n-- == 0) {
                p->payload[p->count - c.left] ^= 1;
                return;
            }
            (void)cursor_u64(&c);
        }
    }
    die("the recording has no such witness");
}

static void flip_end_hash(struct file *f)
{
    struct piece *p = find(f, CHUNK_END, 0);
    struct cursor c = {p->payload, p->count, false};

    (void)cursor_u8(&c);
    (void)cursor_varint(&c);
    (void)cursor_varint(&c);
    (void)cursor_varint(&c);
    p->payload[p->count - c.left] ^= 1;
}

/* The first byte of the n-th input. */
static void flip_input(struct file *f, uint64_t n)
{
    for (size_t i = 0; i < f->pieces.count; i++) {
        struct piece *p = &f->pieces.data[i];
        struct cursor c = {p->payload, p->count, false};
        uint64_t count = p->type == CHUNK_INPUTS ? cursor_varint(&c) : 0;
        while (count-- > 0) {
            (void)cursor_varint(&c);
            (void)cursor_varint(&c);
            uint64_t length = cursor_varint(&c);
            if (n-- == 0 && length > 0) {
                p->payload[p->count - c.left] ^= 1;
                return;
            }
            (void)cursor_bytes(&c, length);
        }
    }
    die("the recording has no such input");
}

/* A setting of CONFIG, by its number, becomes this number. */
static void set_setting(struct file *f, unsigned tag, uint64_t value)
{
    struct piece *p = find(f, CHUNK_CONFIG, 0);
    struct cursor c = {p->payload, p->count, false};
    byte_vec out = {0}, number = {0};

    bytes_add_varint(&number, value);
    while (c.left > 0) {
        unsigned t = cursor_u8(&c);
        uint64_t n = cursor_varint(&c);
        const uint8_t *old = cursor_bytes(&c, n);
        bytes_add_u8(&out, (uint8_t)t);
        bytes_add_varint(&out, t == tag ? number.count : n);
        bytes_add(&out, t == tag ? number.data : old, t == tag ? number.count : (size_t)n);
    }
    free(p->payload);
    p->payload = out.data;
    p->count = out.count;
    vec_fini(&number);
}

/* A setting of CONFIG, by its number, becomes these bytes, and is there; of an image, its name. */
static void set_text(struct file *f, unsigned tag, const char *hex)
{
    enum { TAG_IMAGE = 16 };
    struct piece *p = find(f, CHUNK_CONFIG, 0);
    struct cursor c = {p->payload, p->count, false};
    byte_vec out = {0}, text = {0};
    bool found = false;

    for (unsigned byte; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
        bytes_add_u8(&text, (uint8_t)byte);
    }
    while (c.left > 0) {
        unsigned t = cursor_u8(&c);
        uint64_t n = cursor_varint(&c);
        const uint8_t *old = cursor_bytes(&c, n);
        struct cursor image = {old, (size_t)n, false};
        size_t kept = (size_t)n;

        if (t == tag) {
            found = true;
            (void)cursor_bytes(&image, 2);
            (void)cursor_varint(&image);
            (void)cursor_u64(&image);
            kept = t == TAG_IMAGE ? (size_t)n - image.left : 0;
        }
        bytes_add_u8(&out, (uint8_t)t);
        bytes_add_varint(&out, t == tag ? kept + text.count : n);
        bytes_add(&out, old, kept);
        bytes_add(&out, text.data, t == tag ? text.count : 0);
    }
    if (!found) {
        bytes_add_u8(&out, (uint8_t)tag);
        bytes_add_varint(&out, text.count);
        bytes_add(&out, text.data, text.count);
    }
    free(p->payload);
    p->payload = out.data;
    p->count = out.count;
    vec_fini(&text);
}

static void set_version(byte_vec *out, uint64_t version)
{
    enum { SEED = 0x7265 }; /* format.c's */

    bytes_set_le(out->data + VERSION_AT, 4, version);
    bytes_set_le(out->data + HEADER_SUM_AT, 8, hash_bytes(out->data, HEADER_SUM_AT, SEED));
}

/* ---- mutations ------------------------------------------------------------------------------- */

static size_t below(uint64_t *state, size_t n)
{
    return n > 0 ? (size_t)(chance_next(state) % n) : 0;
}

static void flip_bits(uint8_t *bytes, size_t count, size_t flips, uint64_t *state)
{
    while (count > 0 && flips-- > 0) {
        bytes[below(state, count)] ^= (uint8_t)(1u << below(state, 8));
    }
}

/* Of the bytes as they are: checksums break. */
static const char *mutate_raw(const struct file *f, const struct file *other, byte_vec *out,
                              uint64_t *state)
{
    size_t a = below(state, f->raw_count), b = below(state, other->raw_count);

    switch (below(state, 5)) {
    case 0:
        bytes_add(out, f->raw, f->raw_count);
        flip_bits(out->data, out->count, 1 + below(state, 4), state);
        return "flip";
    case 1:
        bytes_add(out, f->raw, f->raw_count);
        /* Blobs are most of the file: heads and records deserve as many. */
        flip_bits(out->data, HEADER_BYTES + 200, 1, state);
        return "flip-head";
    case 2: bytes_add(out, f->raw, a); return "cut";
    case 3:
        bytes_add(out, f->raw, a);
        bytes_add(out, other->raw + b, other->raw_count - b);
        return "splice";
    default:
        bytes_add(out, f->raw, a);
        bytes_add(out, f->raw + a / 2, f->raw_count - a / 2);
        return "repeat";
    }
}

static struct piece *any_piece(const struct file *f, uint64_t *state, bool blobs)
{
    for (;;) {
        struct piece *p = &f->pieces.data[below(state, f->pieces.count)];
        if (blobs || p->type != CHUNK_BLOB) {
            return p;
        }
    }
}

/* Of chunks: every checksum is right again, what they say is not. */
static const char *mutate_chunks(struct file *f, const struct file *other, uint64_t *state)
{
    struct piece *p = any_piece(f, state, false), *q = any_piece(f, state, true), was = *p;
    size_t at = (size_t)(p - f->pieces.data);

    switch (below(state, 7)) {
    case 0: flip_bits(p->payload, p->count, 1 + below(state, 3), state); return "payload";
    case 1: p->count = below(state, p->count); return "payload-cut";
    case 2:
        *p = *q;
        *q = was;
        return "swap";
    case 3: f->pieces.data[below(state, f->pieces.count)] = was; return "duplicate";
    case 4: *p = *any_piece(other, state, true); return "graft";
    case 5:
        memmove(p, p + 1, (f->pieces.count - at - 1) * sizeof(*p));
        f->pieces.count--;
        return "drop";
    default: p->type = (enum chunk_type)below(state, 12); return "type";
    }
}

static void mutate(struct file *f, const char *other_path, uint64_t seed, byte_vec *out)
{
    struct file other = {0};
    uint64_t state = seed;
    const char *what;

    load(&other, other_path);
    if (below(&state, 2) == 0) {
        what = mutate_raw(f, &other, out, &state);
    } else {
        what = mutate_chunks(f, &other, &state);
        join(f, out);
    }
    puts(what);
}

static int usage(void)
{
    fputs(
        "usage: recedit list FILE\n"
        "       recedit witness N|end|input N|setting TAG=VALUE|text TAG=HEX|version N  FILE OUT\n"
        "       recedit mutate SEED FILE OTHER OUT\n",
        stderr);
    return 1;
}

int main(int argc, char **argv)
{
    struct file f = {0};
    byte_vec out = {0};
    const char *what = argc > 1 ? argv[1] : "";
    uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;

    if (strcmp(what, "list") == 0 && argc == 3) {
        load(&f, argv[2]);
        list(&f);
        return 0;
    }
    if (argc != 5 && argc != 6) {
        return usage();
    }
    load(&f, argv[3]);
    if (strcmp(what, "mutate") == 0 && argc == 6) {
        mutate(&f, argv[4], n, &out);
    } else if (strcmp(what, "witness") == 0) {
        flip_witness(&f, n);
    } else if (strcmp(what, "end") == 0) {
        flip_end_hash(&f);
    } else if (strcmp(what, "input") == 0) {
        flip_input(&f, n);
    } else if (strcmp(what, "setting") == 0 && strchr(argv[2], '=')) {
        set_setting(&f, (unsigned)n, strtoull(strchr(argv[2], '=') + 1, NULL, 0));
    } else if (strcmp(what, "text") == 0 && strchr(argv[2], '=')) {
        set_text(&f, (unsigned)n, strchr(argv[2], '=') + 1);
    } else if (strcmp(what, "version") != 0) {
        return usage();
    }
    if (out.count == 0 && strcmp(what, "mutate") != 0) {
        join(&f, &out);
    }
    if (strcmp(what, "version") == 0) {
        set_version(&out, n);
    }
    store(argv[argc - 1], out.data, out.count);
    return 0;
}
