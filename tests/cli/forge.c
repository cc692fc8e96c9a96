/* SPDX-License-Identifier: GPL-2.0-or-later
 * forge: recordings as a stranger with time would make them, every checksum right: chunks that
 * unpack to a thousand times what they are, by the dozen; every number of every chunk at its
 * extremes; packed chunks that lie about their size; slots that seal what never was. The same seed
 * makes the same file. `forge SEED FILE OUT` prints what was done.
 */
#include <inttypes.h>
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
struct forge {
    VEC(struct piece) pieces;
    byte_vec out;
    uint64_t chain;
    uint64_t state; /* of chance */
    uint64_t ram;
};

/* For the address sanitizer: what is read and made lives until the end of the process. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "forge: %s\n", what);
    exit(1);
}

static size_t below(struct forge *f, size_t n)
{
    return (size_t)(chance_next(&f->state) % n);
}

static uint64_t extreme(struct forge *f)
{
    static const uint64_t values[] = {0,
                                      1,
                                      2,
                                      0x7f,
                                      0x80,
                                      255,
                                      65535,
                                      65537,
                                      MIB,
                                      INT32_MAX,
                                      UINT32_MAX,
                                      UINT64_C(1) << 32,
                                      UINT64_C(1) << 48,
                                      INT64_MAX,
                                      UINT64_C(1) << 63,
                                      UINT64_MAX - 1,
                                      UINT64_MAX};

    return below(f, 4) == 0 ? chance_next(&f->state) >> below(f, 64)
                            : values[below(f, ARRAY_LEN(values))];
}

static void load(struct forge *f, const char *path)
{
    struct error e;
    uint64_t chain;
    uint8_t *raw;
    size_t count, stored;

    if (host_file_read_all(path, GIB, &raw, &count, &e) < 0 ||
        header_check(raw, count, &chain, &e) < 0) {
        die(e.text);
    }
    for (size_t at = HEADER_BYTES; at < count; at += stored) {
        struct piece p;
        struct chunk c;

        if (chunk_read(raw + at, count - at, &chain, &c, &p.payload, &p.count, &stored, &e) < 0) {
            die(e.text);
        }
        p.type = c.type;
        p.packed = c.encoding == ENCODING_ZSTD;
        vec_push(&f->pieces, p);
    }
}

static void add_chunk(struct forge *f, enum chunk_type type, const byte_vec *payload)
{
    chunk_make(&f->out, type, payload->data, payload->count, true, &f->chain);
}

/* A chunk of these stored bytes, whatever they are. */
static void add_raw_chunk(struct forge *f, enum chunk_type type, unsigned encoding,
                          const byte_vec *stored)
{
    uint8_t head[CHUNK_HEADER_BYTES] = {(uint8_t)type, (uint8_t)encoding};

    bytes_set_le(head + 4, 4, stored->count);
    f->chain = hash_bytes(stored->data, stored->count, hash_bytes(head, 8, f->chain));
    bytes_set_le(head + 8, 8, f->chain);
    bytes_add(&f->out, head, sizeof(head));
    bytes_add(&f->out, stored->data, stored->count);
}

static void begin(struct forge *f)
{
    uint8_t header[HEADER_BYTES];

    f->chain = header_make(header);
    bytes_add(&f->out, header, sizeof(header));
}

/* All pieces of these types, as they are. */
static void copy(struct forge *f, unsigned types)
{
    for (size_t i = 0; i < f->pieces.count; i++) {
        const struct piece *p = &f->pieces.data[i];

        if (types >> p->type & 1) {
            chunk_make(&f->out, p->type, p->payload, p->count, p->packed, &f->chain);
        }
    }
}
#define START (1u << CHUNK_CONFIG | 1u << CHUNK_BLOB)
#define ALL   0x1ffu

/* ---- bombs ----------------------------------------------------------------------------------- */

static void bomb_witnesses(struct forge *f)
{
    byte_vec payload = {0};
    size_t chunks = 1 + below(f, 400);

    begin(f);
    copy(f, START);
    while (payload.count + 10 <= CHUNK_RAW_MAX) {
        bytes_add_varint(&payload, 1);
        bytes_add_varint(&payload, 0);
        bytes_add_u64(&payload, 0x4141414141414141);
    }
    for (size_t i = 0; i < chunks; i++) {
        add_chunk(f, CHUNK_WITNESS, &payload);
    }
}

/* So many inputs of so many bytes, chunk after chunk. */
static void bomb_inputs(struct forge *f)
{
    static const size_t lengths[] = {0, 1, 16, 4096, INPUT_BYTES_MAX};
    size_t length = lengths[below(f, ARRAY_LEN(lengths))], chunks = 1 + below(f, 200);
    uint64_t count = (CHUNK_RAW_MAX - 32) / (length + 6);
    uint8_t *zeros = base_alloc(INPUT_BYTES_MAX, 1);
    byte_vec payload = {0};

    begin(f);
    copy(f, START);
    bytes_add_varint(&payload, count);
    for (uint64_t i = 0; i < count; i++) {
        bytes_add_varint(&payload, below(f, 2) == 0 && length > 16 ? 77 : 0);
        bytes_add_varint(&payload, 1);
        bytes_add_varint(&payload, length);
        bytes_add(&payload, zeros, length);
    }
    bytes_add_varint(&payload, 0);
    for (size_t i = 0; i < chunks; i++) {
        add_chunk(f, CHUNK_INPUTS, &payload);
    }
    free(zeros);
}

/* CONFIG with images of these sizes instead of its own. */
static void add_config(struct forge *f, const uint64_t sizes[IMAGE_COUNT], const uint64_t *hashes)
{
    static const char *const roles[IMAGE_COUNT] = {"bios", "kernel", "initrd", "dtb"};
    const struct piece *p = &f->pieces.data[0];
    struct cursor c = {p->payload, p->count, false};
    byte_vec out = {0};

    while (c.left > 0) {
        struct machine_thing t;
        bool embedded;

        if (!thing_read(&c, &t, &embedded)) {
            die("its configuration cannot be read");
        }
        if (t.file.name == NULL) {
            thing_write(&out, &t, false);
        }
        thing_fini(&t);
    }
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        struct machine_thing t = {.file = {.name = base_strdup("bomb"), .size = sizes[i]}};

        t.file.hash = hashes != NULL ? hashes[i] : 0;
        (void)snprintf(t.class, sizeof(t.class), "%s", roles[i]);
        if (sizes[i] != 0) {
            thing_write(&out, &t, true);
        }
        thing_fini(&t);
    }
    add_chunk(f, CHUNK_CONFIG, &out);
}

static uint64_t add_blobs(struct forge *f, unsigned role, const uint8_t *bytes, uint64_t size,
                          uint64_t piece)
{
    byte_vec payload = {0};

    for (uint64_t at = 0; at < size; at += piece) {
        uint64_t n = size - at < piece ? size - at : piece;

        payload.count = 0;
        bytes_add_u8(&payload, (uint8_t)role);
        bytes_add_varint(&payload, at);
        bytes_add(&payload, bytes + (at % MIB), (size_t)n); /* the same everywhere */
        add_chunk(f, CHUNK_BLOB, &payload);
    }
    return size;
}

/* Embedded files of equal bytes: more than the memory, just the memory, and in the least pieces. */
static void bomb_blobs(struct forge *f)
{
    uint8_t *bytes = base_alloc(5 * MIB, 1);
    uint64_t sizes[IMAGE_COUNT] = {0};
    unsigned role = (unsigned)below(f, IMAGE_COUNT), how = (unsigned)below(f, 4);
    uint64_t size = how == 0 ? 2 * GIB : how == 1 ? f->ram : how == 2 ? f->ram / 2 : 100000;

    memset(bytes, (int)below(f, 2) * 0x13, 5 * MIB);
    begin(f);
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        sizes[i] = how == 2 || i == role ? size : 0;
    }
    add_config(f, sizes, NULL);
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        (void)add_blobs(f, i, bytes, sizes[i] < 600 * MIB ? sizes[i] : 600 * MIB,
                        how == 3 ? 1 : 4 * MIB);
    }
    copy(f, ALL & ~START);
    free(bytes);
}

/* Inputs without bytes, as many as one chunk can have. */
static void add_empty_inputs(struct forge *f)
{
    byte_vec payload = {0};
    uint64_t count = (CHUNK_RAW_MAX - 32) / 3;

    bytes_add_varint(&payload, count);
    for (uint64_t i = 0; i < 3 * count; i++) {
        bytes_add_u8(&payload, i % 3 == 1); /* at once, port 1, none */
    }
    bytes_add_varint(&payload, 0);
    add_chunk(f, CHUNK_INPUTS, &payload);
}

/* The most that a machine can be made of: a kernel of nearly the whole memory, and right; with so
 * many chunks of inputs. */
static void add_machine(struct forge *f, size_t inputs)
{
    uint64_t size = f->ram - 8 * MIB, hash;
    uint64_t sizes[IMAGE_COUNT] = {[IMAGE_KERNEL] = size}, hashes[IMAGE_COUNT] = {0};
    uint8_t *all = base_alloc(size, 1), *bytes = base_alloc(5 * MIB, 1);

    for (size_t i = 0; i < size / 4; i++) {
        bytes_set_le(all + 4 * i, 4, 0x00000013); /* nop */
    }
    memcpy(bytes, all, 5 * MIB);
    hash = hash_bytes(all, size, 0);
    hashes[IMAGE_KERNEL] = hash;
    begin(f);
    add_config(f, sizes, hashes);
    (void)add_blobs(f, IMAGE_KERNEL, bytes, size, 4 * MIB);
    for (size_t i = 0; i < inputs; i++) {
        add_empty_inputs(f);
    }
    copy(f, ALL & ~START);
    free(all);
    free(bytes);
}

static void bomb_kernel(struct forge *f)
{
    add_machine(f, 0);
}

static void bomb_both(struct forge *f)
{
    add_machine(f, 1 + below(f, 6));
}

static void bomb_chunks(struct forge *f)
{
    static const enum chunk_type types[] = {CHUNK_WITNESS, CHUNK_INPUTS};
    size_t count = 1000 + below(f, 200000), which = below(f, 2);
    byte_vec payload = {0};

    begin(f);
    copy(f, START);
    if (types[which] == CHUNK_INPUTS) {
        bytes_add_varint(&payload, 0);
        bytes_add_varint(&payload, 0);
    }
    for (size_t i = 0; i < count; i++) {
        add_chunk(f, types[which], &payload);
    }
    copy(f, ALL & ~START);
}

/* A frame that says another size than it has, or more than a chunk may have. */
static void lie_packed(struct forge *f)
{
    byte_vec stored = {0};

    begin(f);
    copy(f, START);
    bytes_add_u64(&stored, 0);
    bytes_set_le(stored.data, 4,
                 0xfd2fb528); /* zstd's mark; then a descriptor of 8 bytes of size */
    stored.count = 4;
    bytes_add_u8(&stored, 0xe0);
    bytes_add_u64(&stored, below(f, 2) == 0 ? CHUNK_RAW_MAX : extreme(f));
    for (size_t i = below(f, 100); i > 0; i--) {
        bytes_add_u8(&stored, (uint8_t)chance_next(&f->state));
    }
    add_raw_chunk(f, (enum chunk_type)below(f, 10), below(f, 4) == 0 ? 2 : ENCODING_ZSTD, &stored);
    copy(f, ALL & ~START);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Copies varints, the n-th of them made an extreme; what is no number is copied by the caller. */
struct numbers {
    struct forge *forge;
    struct cursor in;
    byte_vec out;
    size_t left; /* until the one */
};

static uint64_t number(struct numbers *n)
{
    uint64_t x = cursor_varint(&n->in), given = x;

    if (n->left-- == 0) {
        given = extreme(n->forge);
    }
    bytes_add_varint(&n->out, given);
    return x;
}

static void plain(struct numbers *n, uint64_t count)
{
    const uint8_t *b = cursor_bytes(&n->in, count);

    bytes_add(&n->out, b, b != NULL ? (size_t)count : 0);
}

/* A number of a thing, or the size of its file. */
static void change_thing(struct numbers *n, struct machine_thing *t)
{
    for (size_t i = 0; i < t->properties.count; i++) {
        struct machine_property *p = &t->properties.data[i];

        if (p->kind != PROPERTY_TEXT && strcmp(t->class, "behaviour") != 0 && n->left-- == 0) {
            p->number = extreme(n->forge);
            n->left = SIZE_MAX;
        }
    }
    if (t->file.name != NULL && n->left-- == 0) {
        t->file.size = extreme(n->forge);
        n->left = SIZE_MAX;
    }
}

static void change_config(struct numbers *n)
{
    while (n->in.left > 0) {
        struct machine_thing t;
        bool embedded;

        if (!thing_read(&n->in, &t, &embedded)) {
            die("its configuration cannot be read");
        }
        change_thing(n, &t);
        thing_write(&n->out, &t, embedded);
        thing_fini(&t);
    }
}

static void change_numbers(struct numbers *n, enum chunk_type type)
{
    uint64_t count;

    switch (type) {
    case CHUNK_CONFIG: change_config(n); break;
    case CHUNK_BLOB:
        plain(n, 1);
        (void)number(n);
        break;
    case CHUNK_INPUTS:
        count = number(n);
        for (uint64_t i = 0; i < count && !n->in.bad; i++) {
            (void)number(n);
            (void)number(n);
            plain(n, number(n));
        }
        (void)number(n);
        break;
    case CHUNK_WITNESS:
        while (n->in.left > 0 && !n->in.bad) {
            (void)number(n);
            (void)number(n);
            plain(n, 8);
        }
        break;
    case CHUNK_END:
        plain(n, 1);
        (void)number(n);
        (void)number(n);
        (void)number(n);
        plain(n, 8);
        count = number(n);
        for (uint64_t i = 0; i < count && !n->in.bad; i++) {
            (void)number(n);
            (void)number(n);
            plain(n, 8);
        }
        break;
    case CHUNK_STATE:
    case CHUNK_READ:
    case CHUNK_RATE:
    case CHUNK_PIECE: break;
    }
    plain(n, n->in.left);
}

/* One number of one chunk. */
static void change_number(struct forge *f)
{
    size_t which;

    do { /* blobs are most of them */
        which = below(f, f->pieces.count);
    } while (f->pieces.data[which].type == CHUNK_BLOB && below(f, 8) != 0);
    begin(f);
    for (size_t i = 0; i < f->pieces.count; i++) {
        const struct piece *p = &f->pieces.data[i];
        struct numbers n = {.forge = f, .in = {p->payload, p->count, false}, .left = SIZE_MAX};

        n.left = i == which ? below(f, 12) : SIZE_MAX;
        change_numbers(&n, p->type);
        chunk_make(&f->out, p->type, n.out.data, n.out.count, p->packed, &f->chain);
    }
}

/* Without its END, sealed through any tick. */
static void seal_far(struct forge *f)
{
    struct slot s = {.sequence = 1 + extreme(f) % 1000, .through = extreme(f)};

    begin(f);
    copy(f, ALL & ~(1u << CHUNK_END));
    s.length = below(f, 4) == 0 ? extreme(f) : f->out.count;
    slot_make(f->out.data + SLOT_AT + below(f, 2) * SLOT_BYTES, &s, f->chain);
}

static const struct {
    const char *name;
    void (*make)(struct forge *f);
} kinds[] = {
    {"number", change_number}, {"witnesses", bomb_witnesses}, {"number", change_number},
    {"inputs", bomb_inputs},   {"number", change_number},     {"blobs", bomb_blobs},
    {"both", bomb_both},       {"packed", lie_packed},        {"seal", seal_far},
    {"chunks", bomb_chunks},   {"number", change_number},     {"kernel", bomb_kernel},
};

int main(int argc, char **argv)
{
    struct forge f = {0};
    struct recording_info info;
    struct recording *r;
    struct error e;
    FILE *to;

    if (argc != 4) {
        die("usage: forge SEED FILE OUT");
    }
    f.state = strtoull(argv[1], NULL, 0);
    load(&f, argv[2]);
    r = recording_open_for_info(argv[2], &e);
    if (r == NULL) {
        die(e.text);
    }
    recording_get_info(r, &info);
    f.ram = info.ram_bytes;
    recording_close(r);
    kinds[f.state % ARRAY_LEN(kinds)].make(&f);
    to = fopen(argv[3], "wb");
    if (to == NULL || fwrite(f.out.data, 1, f.out.count, to) != f.out.count || fclose(to) != 0) {
        die("the output cannot be written");
    }
    puts(kinds[strtoull(argv[1], NULL, 0) % ARRAY_LEN(kinds)].name);
    return 0;
}
