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

/* What of CONFIG is meant: "machine.seed", "kernel.file" (its name), "behaviour:uart16550.number". */
struct target {
    char class[64], name[64], property[64];
};

static struct target read_target(const char *text)
{
    struct target t = {{0}, {0}, {0}};
    const char *dot = strrchr(text, '.'), *colon = strchr(text, ':');
    const char *class_end = colon != NULL && colon < dot ? colon : dot;

    if (dot == NULL || dot - text > 60 || strcspn(dot + 1, "=") > 60) {
        die("no CLASS.PROPERTY=VALUE");
    }
    memcpy(t.class, text, (size_t)(class_end - text));
    if (class_end == colon) {
        memcpy(t.name, colon + 1, (size_t)(dot - colon - 1));
    }
    memcpy(t.property, dot + 1, strcspn(dot + 1, "="));
    return t;
}

static bool is_target(const struct machine_thing *t, const struct target *target)
{
    return strcmp(t->class, target->class) == 0 &&
           (target->name[0] == '\0' || strcmp(thing_text(t, "name", ""), target->name) == 0 ||
            strcmp(t->id, target->name) == 0);
}

static void change_thing(struct machine_thing *t, const char *property, bool is_text,
                         uint64_t number, const char *text)
{
    if (strcmp(property, "file") == 0) {
        t->file.name = base_strdup(text);
    } else if (is_text) {
        thing_set_text(t, property, text);
        if (strcmp(property, "branch-of") == 0) {
            thing_set_number(t, "branch-at", 5);
        }
    } else if (thing_find(t, property) != NULL && thing_find(t, property)->kind == PROPERTY_FLAG) {
        thing_set_flag(t, property, number != 0);
    } else {
        thing_set_number(t, property, number);
    }
}

/* A property of the first thing meant becomes this number, or this text, and is there. */
static void set_property(struct file *f, const char *what, bool is_text)
{
    struct target target = read_target(what);
    const char *value = strchr(what, '=') + 1;
    struct piece *p = find(f, CHUNK_CONFIG, 0);
    struct cursor c = {p->payload, p->count, false};
    byte_vec out = {0}, text = {0};
    bool found = false, embedded;

    for (unsigned byte; is_text && sscanf(value, "%2x", &byte) == 1; value += 2) {
        bytes_add_u8(&text, (uint8_t)byte);
    }
    bytes_add_u8(&text, 0);
    while (c.left > 0) {
        struct machine_thing t;

        if (!thing_read(&c, &t, &embedded)) {
            die("its configuration cannot be read");
        }
        if (!found && is_target(&t, &target)) {
            found = true;
            change_thing(&t, target.property, is_text, strtoull(value, NULL, 0),
                         (const char *)text.data);
        }
        thing_write(&out, &t, embedded);
        thing_fini(&t);
    }
    if (!found) {
        die("its configuration has no such thing");
    }
    free(p->payload);
    p->payload = out.data;
    p->count = out.count;
    vec_fini(&text);
}

/* One more thing, with this id and property (a number). */
static void add_thing(struct file *f, const char *what)
{
    struct target target = read_target(what);
    struct piece *p = find(f, CHUNK_CONFIG, 0);
    struct machine_thing t = {0};
    byte_vec out = {0};

    (void)snprintf(t.class, sizeof(t.class), "%.31s", target.class);
    (void)snprintf(t.id, sizeof(t.id), "%.31s", target.name);
    thing_set_number(&t, target.property, strtoull(strchr(what, '=') + 1, NULL, 0));
    bytes_add(&out, p->payload, p->count);
    thing_write(&out, &t, false);
    free(p->payload);
    p->payload = out.data;
    p->count = out.count;
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
    fputs("usage: recedit list FILE\n"
          "       recedit witness N|end|input N|version N  FILE OUT\n"
          "       recedit setting CLASS.PROPERTY=VALUE|text CLASS.PROPERTY=HEX  FILE OUT\n"
          "       recedit thing CLASS:ID.PROPERTY=VALUE  FILE OUT\n"
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
    } else if ((strcmp(what, "setting") == 0 || strcmp(what, "text") == 0) &&
               strchr(argv[2], '=')) {
        set_property(&f, argv[2], what[0] == 't');
    } else if (strcmp(what, "thing") == 0 && strchr(argv[2], '=')) {
        add_thing(&f, argv[2]);
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
