/* SPDX-License-Identifier: GPL-2.0-or-later
 * format: a checkpoint as bytes and back, byte by byte in docs/checkpoints.md. The reader believes
 * nothing before the checksum was right, and bounds everything after it all the same. Fields are
 * compared by name and shape, so that a state of another layout is refused, not misread.
 */
#include <stdlib.h>

#include <zstd.h>

#include "checkpoint/internal.h"

#define MAGIC         "reprise checkpoint\n"
#define MAGIC_BYTES   (sizeof(MAGIC) - 1)
#define VERSION       2
#define GROUP_PAGES   64
#define PAGE_LEVEL    1 /* of zstd */
#define CHECKSUM_SEED 0

/* ---- writing ---- */

static void put(struct text *out, uint64_t value, unsigned size)
{
    uint8_t bytes[8];

    bytes_set_le(bytes, size, value);
    text_add_bytes(out, bytes, size);
}

static void put_name(struct text *out, const char *name)
{
    size_t length = strlen(name);

    must(length <= UINT8_MAX);
    put(out, length, 1);
    text_add_bytes(out, name, length);
}

static void write_part(const struct machine_part *part, const uint8_t *state, struct text *out)
{
    put_name(out, part->name);
    put(out, part->table->field_count, 4);
    for (size_t i = 0; i < part->table->field_count; i++) {
        const struct field *f = &part->table->fields[i];

        put_name(out, f->name);
        put(out, f->element_size, 1);
        put(out, f->count, 4);
        for (uint32_t n = 0; n < f->count; n++) {
            put(out, field_get(f, state, n), f->element_size);
        }
    }
}

/* Pages are compressed some at a time: alone they are too short to gain much. */
struct page_writer {
    struct text *out;
    struct tree_pool *pool;
    uint32_t count;
    uint32_t index[GROUP_PAGES];
    uint64_t hash[GROUP_PAGES];
    uint8_t bytes[GROUP_PAGES * PAGE_SIZE];
    uint8_t packed[GROUP_PAGES * PAGE_SIZE * 2];
};

static void write_group(struct page_writer *w)
{
    size_t packed = ZSTD_compress(w->packed, sizeof w->packed, w->bytes,
                                  (size_t)w->count * PAGE_SIZE, PAGE_LEVEL);

    must(!ZSTD_isError(packed));
    put(w->out, w->count, 4);
    for (uint32_t i = 0; i < w->count; i++) {
        put(w->out, w->index[i], 4);
        put(w->out, w->hash[i], 8);
    }
    put(w->out, packed, 4);
    text_add_bytes(w->out, w->packed, packed);
    w->count = 0;
}

static void write_page(void *opaque, uint32_t index, struct page *page)
{
    struct page_writer *w = opaque;

    w->index[w->count] = index;
    w->hash[w->count] = page->hash;
    memcpy(w->bytes + (size_t)w->count * PAGE_SIZE, page_bytes(w->pool, page), PAGE_SIZE);
    w->count++;
    if (w->count == GROUP_PAGES) {
        write_group(w);
    }
}

void state_write(const struct checkpoint *c, struct text *out)
{
    const struct machine *m = c->store->machine;
    const uint8_t *state = c->parts;

    put(out, c->at, 8);
    put(out, c->instructions, 8);
    put(out, machine_part_count(m), 4);
    for (unsigned i = 0; i < machine_part_count(m); i++) {
        write_part(machine_part(m, i), state, out);
        state += machine_part(m, i)->table->state_size;
    }
}

static void write_tree(struct page_writer *w, const struct page_tree *t, uint32_t page_count)
{
    const struct page_tree nothing = {.level = t->level};

    put(w->out, page_count, 4);
    tree_compare(&nothing, t, w, write_page);
    if (w->count != 0) {
        write_group(w);
    }
    put(w->out, 0, 4); /* no more groups */
}

void checkpoint_write(struct checkpoint *c, struct text *out)
{
    struct page_writer *w = base_alloc(1, sizeof(*w));
    size_t start = out->length;

    text_add_bytes(out, MAGIC, MAGIC_BYTES);
    put(out, VERSION, 4);
    state_write(c, out);
    w->out = out;
    w->pool = c->store->pool;
    for (unsigned i = 0; i <= c->store->live_count; i++) {
        const struct whose whose = {.store = c->store, .space = i};

        write_tree(w, whose_tree(whose, c), whose_page_count(whose));
    }
    free(w);
    put(out, hash_bytes(out->data + start, out->length - start, CHECKSUM_SEED), 8);
}

/* ---- reading ---- */

static const uint8_t *take_bytes(struct reader *r, size_t count)
{
    const uint8_t *p = r->bytes + r->at;

    if (count > r->count - r->at) {
        r->short_of = true;
        return NULL;
    }
    r->at += count;
    return p;
}

uint64_t reader_take(struct reader *r, unsigned size)
{
    const uint8_t *p = take_bytes(r, size);

    return p != NULL ? bytes_get_le(p, size) : 0;
}

static bool take_name(struct reader *r, const char *expected)
{
    size_t length = (size_t)reader_take(r, 1);
    const uint8_t *p = take_bytes(r, length);

    return p != NULL && length == strlen(expected) && memcmp(p, expected, length) == 0;
}

static int read_part(struct reader *r, const struct machine_part *part, uint8_t *state,
                     struct error *e)
{
    if (!take_name(r, part->name) || reader_take(r, 4) != part->table->field_count) {
        return error_set(e, "checkpoint: it has no part \"%s\" of this shape", part->name);
    }
    for (size_t i = 0; i < part->table->field_count; i++) {
        const struct field *f = &part->table->fields[i];

        if (!take_name(r, f->name) || reader_take(r, 1) != f->element_size ||
            reader_take(r, 4) != f->count) {
            return error_set(e, "checkpoint: it has no field \"%s.%s\" of this shape", part->name,
                             f->name);
        }
        for (uint32_t n = 0; n < f->count && !r->short_of; n++) {
            field_set(f, state, n, reader_take(r, f->element_size));
        }
    }
    return r->short_of ? error_set(e, "checkpoint: it ends in part \"%s\"", part->name) : 0;
}

int state_read(struct reader *r, struct checkpoint *c, struct error *e)
{
    const struct machine *m = c->store->machine;
    const struct machine_state *whole = (const void *)c->parts;
    uint8_t *state = c->parts;
    uint64_t parts;

    c->at = reader_take(r, 8);
    c->instructions = reader_take(r, 8);
    parts = reader_take(r, 4);
    if (parts != machine_part_count(m)) {
        return error_set(e, "checkpoint: a machine of %llu parts, this one has %u",
                         (unsigned long long)parts, machine_part_count(m));
    }
    for (unsigned i = 0; i < machine_part_count(m); i++) {
        if (read_part(r, machine_part(m, i), state, e) < 0) {
            return -1;
        }
        state += machine_part(m, i)->table->state_size;
    }
    must(machine_part(m, 0)->state == machine_state(m));
    if (whole->now != c->at || whole->instructions != c->instructions) {
        return error_set(e, "checkpoint: its machine state is of another tick");
    }
    return machine_check_states(m, c->parts, e) < 0 ? error_prefix(e, "checkpoint") : 0;
}

/* One group; 1 if there was one, 0 at the end, -1 and a sentence. `last` is the index before. */
static int read_group(struct reader *r, struct checkpoint *c, struct whose whose, uint8_t *room,
                      int64_t *last, struct error *e)
{
    uint32_t count = (uint32_t)reader_take(r, 4), packed;
    const uint8_t *entries = take_bytes(r, (size_t)count * 12), *frame;

    if (count == 0 || count > GROUP_PAGES || entries == NULL) {
        return count == 0 && !r->short_of ? 0 : error_set(e, "checkpoint: a bad group of pages");
    }
    packed = (uint32_t)reader_take(r, 4);
    frame = take_bytes(r, packed);
    if (frame == NULL || ZSTD_decompress(room, GROUP_PAGES * PAGE_SIZE, frame, packed) !=
                             (size_t)count * PAGE_SIZE) {
        return error_set(e, "checkpoint: pages that cannot be decompressed");
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = (uint32_t)bytes_get_le(entries + (size_t)i * 12, 4);
        uint64_t hash = bytes_get_le(entries + (size_t)i * 12 + 4, 8);
        char name[64];

        whose_name(whose, index, name);
        if (index <= *last || index >= whose_page_count(whose)) {
            return error_set(e, "checkpoint: %s is out of place", name);
        }
        if (hash == 0 || whose_hash(whose, index, room + (size_t)i * PAGE_SIZE) != hash) {
            return error_set(e, "checkpoint: %s is not what it was", name);
        }
        *last = index;
        tree_set(c->store->pool, whose_tree(whose, c), index,
                 page_keep(c->store->pool, room + (size_t)i * PAGE_SIZE, hash));
    }
    return 1;
}

static int read_tree(struct reader *r, struct checkpoint *c, struct whose whose, struct error *e)
{
    uint64_t page_count = reader_take(r, 4);
    int64_t last = -1;
    uint8_t *room;
    int more;

    if (r->short_of || page_count != whose_page_count(whose)) {
        return error_set(e, "checkpoint: %s of %llu pages, this machine has %u",
                         whose.space == 0 ? "memory" : "a tree", (unsigned long long)page_count,
                         whose_page_count(whose));
    }
    room = base_alloc(GROUP_PAGES, PAGE_SIZE);
    do {
        more = read_group(r, c, whose, room, &last, e);
    } while (more > 0);
    free(room);
    return more;
}

/* Memory, then the parts' trees. */
static int read_trees(struct reader *r, struct checkpoint *c, struct error *e)
{
    for (unsigned i = 0; i <= c->store->live_count; i++) {
        if (read_tree(r, c, (struct whose){.store = c->store, .space = i}, e) < 0) {
            return -1;
        }
    }
    return r->at == r->count ? 0 : error_set(e, "checkpoint: bytes after its end");
}

struct checkpoint *checkpoint_read(struct checkpoint_store *s, const void *bytes, size_t count,
                                   struct error *e)
{
    struct reader r = {.bytes = bytes, .count = count};
    struct checkpoint *c;
    const uint8_t *magic = take_bytes(&r, MAGIC_BYTES);
    uint64_t version = reader_take(&r, 4);

    if (magic == NULL || r.short_of || memcmp(magic, MAGIC, MAGIC_BYTES) != 0) {
        error_set(e, "checkpoint: these bytes are none");
        return NULL;
    }
    if (version != VERSION) {
        error_set(e, "checkpoint: it has format %llu, this program reads %d",
                  (unsigned long long)version, VERSION);
        return NULL;
    }
    if (count < r.at + 8 ||
        bytes_get_le(r.bytes + count - 8, 8) != hash_bytes(bytes, count - 8, CHECKSUM_SEED)) {
        error_set(e, "checkpoint: damaged or cut off: its checksum is wrong");
        return NULL;
    }
    r.count -= 8;
    c = checkpoint_new(s);
    if (state_read(&r, c, e) < 0 || read_trees(&r, c, e) < 0) {
        checkpoint_drop(c);
        return NULL;
    }
    return c;
}
