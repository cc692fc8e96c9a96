/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_heads: inputs without what their heads have in common are put together as they were, cost what they
 * should, and whatever else is given for such is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../chance.h"
#include "journal/internal.h"

enum { FRAMES = 500, HEADER = 54 };

/* As a connection's segments follow each other: few bytes of the headers change. */
static size_t make_frame(uint8_t *frame, unsigned i, size_t length, uint64_t *seed)
{
    memset(frame, 0x42, HEADER);
    bytes_set_be(frame + 18, 2, i);
    bytes_set_be(frame + 24, 2, chance_next(seed) & 0xffff);
    bytes_set_be(frame + 38, 4, i * 1460);
    bytes_set_be(frame + 50, 2, chance_next(seed) & 0xffff);
    for (size_t n = HEADER; n < length; n++) {
        frame[n] = (uint8_t)chance_next(seed);
    }
    return length;
}

static byte_vec make_payload(size_t length, uint64_t seed)
{
    byte_vec payload = {0};
    tick base = 0;

    bytes_add_varint(&payload, FRAMES);
    for (unsigned i = 0; i < FRAMES; i++) {
        uint8_t frame[2000];
        struct input in = {.at = base + 20000, .port = (uint16_t)(i % 7 == 0), .data = frame};

        in.length = (uint32_t)make_frame(frame, i, in.port == 1 ? 3 : length, &seed);
        inputs_add(&payload, &base, &in);
    }
    bytes_add_varint(&payload, 17);
    return payload;
}

static void check_chunk(const byte_vec *payload, size_t most)
{
    byte_vec file = {0};
    uint64_t made = 1, read = 1;
    struct chunk c;
    uint8_t *again;
    size_t count, stored;
    struct error e;

    chunk_make(&file, CHUNK_INPUTS, payload->data, payload->count, false, &made);
    assert_in_range(file.count, 1, most);
    assert_int_equal(chunk_read(file.data, file.count, &read, &c, &again, &count, &stored, &e), 0);
    assert_int_equal(c.encoding, ENCODING_HEADS);
    assert_int_equal(stored, file.count);
    assert_int_equal(count, payload->count);
    assert_memory_equal(again, payload->data, count);
    assert_true(made == read);
    free(again);
    vec_fini(&file);
}

/* Beside its content a frame costs at most 26 bytes; an acknowledgement is a frame of no content. */
static void test_frames(void **state)
{
    const size_t lengths[] = {HEADER, 60, 64, 65, 590, 1514};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        byte_vec payload = make_payload(lengths[i], i + 1);

        check_chunk(&payload, FRAMES * (26 + lengths[i] - HEADER) + 100);
        vec_fini(&payload);
    }
}

/* What is no payload of inputs is stored as it is; so is what would become more than readers take. */
static void test_not_packed(void **state)
{
    byte_vec file = {0}, payload = {0};
    uint64_t chain = 0, seed = 3;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        bytes_add_u8(&payload, (uint8_t)chance_next(&seed));
    }
    chunk_make(&file, CHUNK_INPUTS, payload.data, payload.count, false, &chain);
    assert_int_equal(file.data[1], ENCODING_PLAIN);
    file.count = payload.count = 0;
    bytes_add_varint(&payload, 50);
    for (unsigned i = 0; i < 50; i++) {
        const uint8_t same[64] = {1};

        inputs_add(&payload, &(tick){0}, &(struct input){.port = 0, .length = 64, .data = same});
    }
    bytes_add_varint(&payload, 0);
    chunk_make(&file, CHUNK_INPUTS, payload.data, payload.count, false, &chain);
    assert_int_equal(file.data[1], ENCODING_PLAIN);
    vec_fini(&file);
    vec_fini(&payload);
}

static void test_damaged(void **state)
{
    uint64_t seed = 5;
    unsigned refused = 0;

    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        byte_vec payload = make_payload(100, i), packed = {0}, out = {0};
        size_t changes = 1 + chance_next(&seed) % 3;

        assert_true(heads_pack(&packed, payload.data, payload.count));
        while (changes-- > 0) {
            packed.data[chance_next(&seed) % packed.count] = (uint8_t)chance_next(&seed);
        }
        packed.count -= chance_next(&seed) % 3 == 0 ? chance_next(&seed) % packed.count : 0;
        refused += heads_unpack(&out, packed.data, packed.count) != 0;
        assert_true(out.count <= CHUNK_RAW_MAX + INPUT_BYTES_MAX);
        vec_fini(&payload);
        vec_fini(&packed);
        vec_fini(&out);
    }
    assert_in_range(refused, 50, 299);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_not_packed),
        cmocka_unit_test(test_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
