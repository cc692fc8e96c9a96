/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_window: ways through a recording whose file changes under them. The data says how inputs are
 * cut into chunks, what bytes are changed after the recording was opened, and where the ways go. What
 * they hand out is what was written, or the recording is lost.
 */
#include "../chance.h"
#include "journal/tape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COUNT = 400 };

struct made {
    byte_vec bytes;
    struct input inputs[COUNT];
};

static void make(struct made *m, const uint8_t *data, size_t size)
{
    static const uint8_t pool[4096] = {1, 2, 3, 5, 8, 13};
    byte_vec payload = {0}, records = {0};
    tick at = 0, base = 0;
    uint64_t chain = 0;

    for (unsigned i = 0; i < COUNT;) {
        unsigned n = 1 + data[i % size] % 50, count = 0;

        records.count = payload.count = 0;
        for (; count < n && i < COUNT; count++, i++) {
            uint8_t x = data[(i * 7 + 1) % size];

            m->inputs[i] = (struct input){.at = at,
                                          .port = x % MACHINE_PORTS_MAX,
                                          .length = (uint32_t)x * (x % 3),
                                          .data = pool + x};
            inputs_add(&records, &base, &m->inputs[i]);
            at += 1 + x % 9;
        }
        bytes_add_varint(&payload, count);
        bytes_add(&payload, records.data, records.count);
        bytes_add_varint(&payload, 0);
        chunk_make(&m->bytes, CHUNK_INPUTS, payload.data, payload.count, n % 2 == 0, &chain);
    }
    vec_fini(&payload);
    vec_fini(&records);
}

/* As read.c does it. */
static struct recording *open_made(const struct made *m)
{
    struct recording *r = recording_new();
    uint8_t *copy = base_alloc(m->bytes.count, 1);
    struct backing *b = backing_of_memory(copy, m->bytes.count);
    uint64_t chain = 0;

    memcpy(copy, m->bytes.data, m->bytes.count);
    for (size_t at = 0, stored, count; at < m->bytes.count; at += stored) {
        struct placed p = {.backing = b, .offset = at, .chain = chain, .base = r->tape->base};
        struct records records;
        struct chunk c;
        uint8_t *payload;
        struct error e;

        must(chunk_read(copy + at, m->bytes.count - at, &chain, &c, &payload, &count, &stored,
                        &e) == 0);
        must(records_read(payload, count, r->tape->base, &records, NULL));
        p.sum = c.sum;
        p.stored = (uint32_t)stored;
        p.raw = (uint32_t)records.length;
        p.count = (uint32_t)records.count;
        p.bytes = records.bytes;
        p.end = records.base;
        tape_add_chunk(r->tape, &p, &records);
        free(payload);
    }
    backing_drop(b);
    return r;
}

static void go(struct inputs *x, const struct made *m, uint64_t *state)
{
    const tick last = m->inputs[COUNT - 1].at;
    uint64_t y = chance_next(state);
    const struct input *in;

    inputs_seek(x, (y >> 8) % (last + 3));
    for (uint64_t n = y % 30; n > 0 && (in = inputs_peek(x)) != NULL; n--) {
        const struct input *was = &m->inputs[x->next];

        must(in->at == was->at && in->port == was->port && in->length == was->length);
        must(memcmp(in->data, was->data, in->length) == 0);
        must(x->next == 0 || n != y % 30 || m->inputs[x->next - 1].at < (y >> 8) % (last + 3));
        inputs_pass(x);
    }
    must(inputs_peek(x) != NULL || x->next == COUNT || recording_lost(x->recording) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct made *m = base_alloc(1, sizeof(*m));
    uint64_t state = size;
    struct inputs ways[2];
    struct recording *r;

    if (size < 4) {
        free(m);
        return 0;
    }
    make(m, data, size);
    r = open_made(m);
    for (unsigned i = 0; i < 2; i++) {
        inputs_init(&ways[i], r);
    }
    for (size_t i = 0; i < size && i < 200; i++) {
        state ^= data[i];
        go(&ways[i % 2], m, &state);
        if (data[i] == 0xff) {
            uint8_t *bytes = r->tape->pieces.data[0].backing->bytes;

            bytes[chance_next(&state) % m->bytes.count] ^= (uint8_t)(1 + data[i / 2]);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        inputs_fini(&ways[i]);
    }
    recording_close(r);
    vec_fini(&m->bytes);
    free(m);
    return 0;
}
