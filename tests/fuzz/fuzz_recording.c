/* SPDX-License-Identifier: GPL-2.0-or-later
 * fuzz_recording: the reader of recordings. Data that begins as a recording does is read as one;
 * other data is cut into chunks and given a right header, configuration and checksums, since no
 * mutation would get past those. Whatever is read must keep the promises of journal.h.
 */
#include "journal/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct recording *r)
{
    struct recording_info info;
    struct inputs way;
    const struct input *in;
    tick next = 0;

    recording_get_info(r, &info);
    must(info.inputs == recording_input_count(r) && info.ended != NULL);
    inputs_init(&way, r);
    for (; (in = inputs_peek(&way)) != NULL; inputs_pass(&way)) {
        must(in->at >= next && in->at < recording_known(r) && in->length <= INPUT_BYTES_MAX);
        must(in->port < MACHINE_PORTS_MAX);
        must(recording_inputs_before(r, in->at) == way.next);
        must(in->length == 0 || in->data[in->length - 1] <= 0xff); /* ASan looks */
        next = in->at + 1;
    }
    must(way.next == recording_input_count(r) && recording_lost(r) == NULL);
    inputs_fini(&way);
    next = 0;
    for (size_t i = 0; i < recording_witness_count(r); i++) {
        struct witness w = recording_witness(r, i);
        must(w.at >= next && w.at <= recording_known(r) && w.instructions <= w.at);
        next = w.at + 1;
    }
    must(recording_end(r) == NULL || recording_end(r)->last.at == recording_known(r));
}

static const struct config_extra extra = {.program = "fuzz",
                                          .skips_idle = true,
                                          .is_branch = true,
                                          .origin = {.at = 7, .name = "parent.rr"}};

static void add_config(byte_vec *file, uint64_t *chain)
{
    struct machine_config *c = base_alloc(1, sizeof(*c));
    byte_vec payload = {0};

    memcpy(c->arch, "riscv64", 8);
    memcpy(c->board, "virt", 5);
    c->hart_count = 1;
    c->quantum = 1;
    c->images[IMAGE_DTB].name = base_strdup("a");
    c->images[IMAGE_DTB].data = (uint8_t *)base_strdup("xyz");
    c->images[IMAGE_DTB].size = 3;
    config_write(&payload, c, &extra, false);
    chunk_make(file, CHUNK_CONFIG, payload.data, payload.count, true, chain);
    payload.count = 0;
    bytes_add(&payload, "\x03\x00xyz", 5); /* role, offset */
    chunk_make(file, CHUNK_BLOB, payload.data, payload.count, true, chain);
    free(c->images[IMAGE_DTB].name);
    free(c->images[IMAGE_DTB].data);
    free(c);
    vec_fini(&payload);
}

/* Each chunk of the data: its type (bit 4: packed by us; bit 5: said to be packed), its length. */
static void add_chunks(byte_vec *file, uint64_t *chain, const uint8_t *data, size_t size)
{
    while (size >= 2) {
        size_t n = data[1] < size - 2 ? data[1] : size - 2;
        size_t at = file->count;

        chunk_make(file, (enum chunk_type)(data[0] & 15), data + 2, n, (data[0] & 16) != 0, chain);
        if ((data[0] & 32) != 0) {
            uint8_t *head = file->data + at;
            size_t stored = bytes_get_le(head + 4, 4);
            head[1] = ENCODING_ZSTD;
            uint64_t before = at == HEADER_BYTES ? bytes_get_le(file->data + HEADER_SUM_AT, 8) : 0;
            for (size_t p = HEADER_BYTES; p < at;) { /* the sum of the chunk before */
                before = bytes_get_le(file->data + p + 8, 8);
                p += CHUNK_HEADER_BYTES + bytes_get_le(file->data + p + 4, 4);
            }
            *chain = hash_bytes(head + CHUNK_HEADER_BYTES, stored, hash_bytes(head, 8, before));
            bytes_set_le(head + 8, 8, *chain);
        }
        data += n + 2;
        size -= n + 2;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t begin[] = {0x00, 0xe0, 0x20, 0x0c};
    struct recording *r;
    struct error e = {{0}};
    byte_vec file = {0};

    if (size >= sizeof(begin) && memcmp(data, begin, sizeof(begin)) == 0) {
        r = recording_parse(data, size, "fuzz", false, &e);
    } else {
        uint8_t header[HEADER_BYTES];
        uint64_t chain = header_make(header);

        bytes_add(&file, header, sizeof(header));
        if (size > 0 && data[0] != 0) { /* else the data has to bring its own */
            add_config(&file, &chain);
        }
        if (size > 0) {
            add_chunks(&file, &chain, data + 1, size - 1);
        }
        r = recording_parse(file.data, file.count, "fuzz", false, &e);
    }
    must(r != NULL || strlen(e.text) > 8);
    if (r != NULL) {
        check(r);
    }
    recording_close(r);
    vec_fini(&file);
    return 0;
}
