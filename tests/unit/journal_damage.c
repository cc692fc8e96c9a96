/* SPDX-License-Identifier: GPL-2.0-or-later
 * journal_damage: whatever is done to a recording, reading it gives a prefix of the true history
 * or a sentence, and never a tick or an input that was not there.
 */
#include "journal_fake.h"

#include "journal/internal.h"
#include "journal_samples.h"

static const struct config_extra extra = {.program = "test"};
enum { INPUTS = 40 };
static struct truth {
    struct recording *recording;
    struct input inputs[INPUTS]; /* with bytes of their own */
} truths[2];
static uint8_t *image; /* the file */
static size_t image_bytes;
static uint8_t *other; /* another recording of the same length */

/* A recording with several chunks of each kind, made without threads so that it is always the same:
 * 40 inputs, a witness after every fourth, an end. */
static byte_vec make(uint8_t flavour, bool end, uint64_t *chain_out)
{
    struct machine_config config;
    byte_vec file = {0}, payload = {0};
    uint8_t header[HEADER_BYTES], slot[SLOT_BYTES];
    uint64_t chain = header_make(header);
    struct witness last = {0};
    tick base = 0;

    bytes_add(&file, header, sizeof(header));
    fake_config(&config);
    config_write(&payload, &config, &extra, false);
    chunk_make(&file, CHUNK_CONFIG, payload.data, payload.count, true, &chain);
    for (unsigned i = 0; i < 2; i++) {
        payload.count = 0;
        bytes_add_u8(&payload, (uint8_t)i);
        bytes_add_varint(&payload, 0);
        bytes_add(&payload, config.images[i].data, config.images[i].size);
        chunk_make(&file, CHUNK_BLOB, payload.data, payload.count, true, &chain);
    }
    for (unsigned i = 0; i < 40; i++) {
        uint8_t bytes[200];
        struct input in = {.at = 1000 + i * 1000, .port = 1, .length = 1 + i * 4, .data = bytes};
        memset(bytes, flavour + i, sizeof(bytes));
        payload.count = 0;
        bytes_add_varint(&payload, 1);
        inputs_add(&payload, &base, &in);
        bytes_add_varint(&payload, 10);
        chunk_make(&file, CHUNK_INPUTS, payload.data, payload.count, true, &chain);
        if (i % 4 == 3) {
            struct witness w = {in.at + 500, in.at / 2, i};
            payload.count = 0;
            witnesses_add(&payload, &last, &w);
            chunk_make(&file, CHUNK_WITNESS, payload.data, payload.count, true, &chain);
        }
        if (i == 20) {
            slot_make(slot, &(struct slot){1, in.at + 900, file.count}, chain);
            memcpy(file.data + SLOT_AT + SLOT_BYTES, slot, sizeof(slot));
        }
    }
    slot_make(slot, &(struct slot){2, 45000, file.count}, chain);
    memcpy(file.data + SLOT_AT, slot, sizeof(slot));
    if (end) {
        struct recording_end e = {.why = END_QUIT, .last = {50000, 20000, 77}, .output_count = 1};
        e.outputs[0] = (struct output_digest){1, 10, 99};
        payload.count = 0;
        end_write(&payload, &e);
        chunk_make(&file, CHUNK_END, payload.data, payload.count, true, &chain);
    }
    vec_fini(&payload);
    if (chain_out != NULL) {
        *chain_out = chain;
    }
    return file;
}

static void learn(struct truth *t, struct recording *r)
{
    assert_non_null(r);
    t->recording = r;
    for (unsigned i = 0; i < INPUTS; i++) {
        uint8_t *bytes = base_alloc(256, 1);

        input_of(r, i, &t->inputs[i]);
        memcpy(bytes, t->inputs[i].data, t->inputs[i].length);
        t->inputs[i].data = bytes;
    }
}

static int setup(void **state)
{
    const struct recording *whole;
    struct error e;
    byte_vec a = make(0, true, NULL), b = make(100, true, NULL);

    (void)state;
    image = a.data;
    image_bytes = a.count;
    other = b.data;
    assert_int_equal(a.count, b.count);
    learn(&truths[0], recording_parse(image, image_bytes, "whole", false, &e));
    learn(&truths[1], recording_parse(other, image_bytes, "other", false, &e));
    whole = truths[0].recording;
    assert_null(recording_problem(whole));
    assert_int_equal(recording_known(whole), 50000);
    assert_int_equal(recording_input_count(whole), 40);
    assert_int_equal(recording_witness_count(whole), 10);
    assert_int_equal(recording_end(whole)->outputs[0].hash, 99);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        recording_close(truths[i].recording);
        for (unsigned k = 0; k < INPUTS; k++) {
            free((void *)(uintptr_t)truths[i].inputs[k].data);
        }
    }
    free(image);
    free(other);
    return 0;
}

/* All inputs are those of the truth, up to the tick that is known. Which of the two it begins like: a
 * splice may well give all of the other's inputs, as the two have the same configuration; what it must
 * never give is some of each. */
static const struct truth *check_inputs(const struct recording *r)
{
    const struct truth *truth = &truths[0];
    const struct input *in;
    struct inputs x;

    inputs_init(&x, r);
    for (; (in = inputs_peek(&x)) != NULL; inputs_pass(&x)) {
        const struct input *b;

        truth = x.next == 0 && in->data[0] != 0 ? &truths[1] : truth;
        assert_true(x.next < INPUTS);
        b = &truth->inputs[x.next];
        assert_int_equal(in->at, b->at);
        assert_int_equal(in->port, b->port);
        assert_int_equal(in->length, b->length);
        assert_memory_equal(in->data, b->data, b->length);
    }
    assert_int_equal(x.next, recording_input_count(r));
    /* Complete up to the tick it names: the heart of the matter. */
    assert_true(x.next == INPUTS || truth->inputs[x.next].at >= recording_known(r));
    assert_true(x.next == 0 || truth->inputs[x.next - 1].at < recording_known(r));
    inputs_fini(&x);
    return truth;
}

/* A sentence, or a prefix of a true history. Returns how many inputs it has, -1 for a sentence. */
static int check_prefix(const uint8_t *bytes, size_t count)
{
    struct error e = {{0}};
    struct recording *r = recording_parse(bytes, count, "file", false, &e);
    size_t n;

    if (r == NULL) {
        assert_true(strlen(e.text) > 10);
        return -1;
    }
    n = recording_input_count(r);
    const struct recording *truth = check_inputs(r)->recording;
    assert_true(recording_known(r) <= recording_known(truth));
    assert_int_equal(recording_port_inputs(r, POKE_PORT) + recording_port_inputs(r, FAKE_PORT), n);
    for (size_t i = 0; i < recording_witness_count(r); i++) {
        struct witness a = recording_witness(r, i), b = recording_witness(truth, i);
        assert_int_equal(a.at, b.at);
        assert_int_equal(a.instructions, b.instructions);
        assert_int_equal(a.hash, b.hash);
        assert_true(a.at <= recording_known(r));
    }
    if (recording_end(r) == NULL && recording_problem(r) != NULL) {
        assert_non_null(strstr(recording_problem(r), "good up to tick"));
    }
    recording_close(r);
    return (int)n;
}

static void test_truncated_anywhere(void **state)
{
    int last = -1;

    (void)state;
    for (size_t n = 0; n < image_bytes; n++) {
        uint8_t *copy = base_alloc(n + 1, 1); /* its own size, so that ASan sees */
        memcpy(copy, image, n);
        int inputs = check_prefix(copy, n);
        assert_true(inputs >= last); /* more bytes never know less */
        last = inputs;
        free(copy);
    }
    assert_int_equal(last, 40);
}

static void test_any_bit_flipped(void **state)
{
    unsigned refused = 0;

    (void)state;
    for (size_t at = 0; at < image_bytes; at++) {
        image[at] ^= (uint8_t)(1 << (at * 5 % 8));
        refused += check_prefix(image, image_bytes) < 0;
        image[at] ^= (uint8_t)(1 << (at * 5 % 8));
    }
    assert_true(refused > 0 && refused < image_bytes);
}

static void test_spliced(void **state)
{
    uint8_t *copy = base_alloc(2 * image_bytes, 1);

    (void)state;
    srand(1);
    for (unsigned i = 0; i < 500; i++) {
        size_t from = (size_t)rand() % image_bytes;
        size_t to = (size_t)rand() % image_bytes;
        size_t n = (size_t)rand() % (image_bytes - (from > to ? from : to));
        const uint8_t *source = i % 2 ? other : image;
        memcpy(copy, image, image_bytes);
        memmove(copy + to, source + (i % 4 < 2 ? to : from), n); /* half in the same place */
        (void)check_prefix(copy, image_bytes);
    }
    memcpy(copy, image, image_bytes); /* trailing bytes are told of, and harmless */
    memcpy(copy + image_bytes, image, image_bytes);
    assert_int_equal(check_prefix(copy, 2 * image_bytes), 40);
    free(copy);
}

static void test_random_overwrites(void **state)
{
    uint8_t *copy = base_alloc(image_bytes, 1);

    (void)state;
    srand(2);
    for (unsigned i = 0; i < 1000; i++) {
        memcpy(copy, image, image_bytes);
        for (int k = rand() % 8; k >= 0; k--) {
            copy[(size_t)rand() % image_bytes] = (uint8_t)rand();
        }
        (void)check_prefix(copy, image_bytes - (size_t)rand() % 64);
    }
    free(copy);
}

static void check_order(const struct recording *r)
{
    const struct input *in;
    struct inputs x;
    tick next = 0;

    inputs_init(&x, r);
    for (; (in = inputs_peek(&x)) != NULL; inputs_pass(&x)) {
        assert_true(in->at >= next && in->at < recording_known(r));
        next = in->at + 1;
    }
    assert_int_equal(x.next, recording_input_count(r));
    inputs_fini(&x);
}

/* The checksums are right, but what they protect is nonsense. */
static void test_forged_chunks(void **state)
{
    uint64_t start_chain;
    byte_vec start = make(0, false, &start_chain);

    (void)state;
    srand(3);
    for (unsigned i = 0; i < 20000; i++) {
        byte_vec file = {0};
        uint8_t payload[64];
        uint64_t chain = start_chain;
        size_t n = (size_t)rand() % sizeof(payload);
        struct error e = {{0}};
        struct recording *r;

        for (size_t k = 0; k < n; k++) {
            payload[k] = (uint8_t)(rand() % 4 ? rand() % 6 : rand());
        }
        /* Only the tail, behind a cheap head: CONFIG from the real one, images left out. */
        bytes_add(&file, start.data, start.count);
        chunk_make(&file, (enum chunk_type)(rand() % 10), payload, n, false, &chain);
        r = i % 20 == 0
                ? recording_parse(file.data, file.count, "forged", false, &e)
                : recording_read(&(struct recording_bytes){.bytes = file.data, .count = file.count},
                                 "forged", IMAGES_NONE, &e);
        assert_true(r != NULL || strlen(e.text) > 10);
        if (r != NULL) {
            check_order(r);
        }
        recording_close(r);
        vec_fini(&file);
    }
    vec_fini(&start);
}

static void test_seal_slots(void **state)
{
    uint64_t chain;
    byte_vec file = make(0, false, &chain);
    struct error e;
    struct recording *r = recording_parse(file.data, file.count, "f", false, &e);
    uint8_t slot[SLOT_BYTES];

    (void)state;
    assert_int_equal(recording_known(r), 45000); /* the newer slot */
    assert_null(recording_problem(r));
    assert_null(recording_end(r));
    recording_close(r);

    file.data[SLOT_AT + 9] ^= 1; /* torn: the older one is behind the last chunk, which seals */
    r = recording_parse(file.data, file.count, "f", false, &e);
    assert_int_equal(recording_known(r), 40500);
    recording_close(r);

    /* Speaks of bytes that never reached the disk: it knows nothing. */
    slot_make(slot, &(struct slot){3, 99000, file.count + 1}, chain);
    memcpy(file.data + SLOT_AT, slot, sizeof(slot));
    r = recording_parse(file.data, file.count, "f", false, &e);
    assert_int_equal(recording_known(r), 40500);
    recording_close(r);

    slot_make(slot, &(struct slot){3, 99000, file.count}, chain + 1); /* of another file */
    memcpy(file.data + SLOT_AT, slot, sizeof(slot));
    r = recording_parse(file.data, file.count, "f", false, &e);
    assert_int_equal(recording_known(r), 40500);
    recording_close(r);

    slot_make(slot, &(struct slot){3, 99000, file.count}, chain);
    memcpy(file.data + SLOT_AT, slot, sizeof(slot));
    r = recording_parse(file.data, file.count, "f", false, &e);
    assert_int_equal(recording_known(r), 99000);
    recording_close(r);
    vec_fini(&file);
}

static void expect_refusal(const uint8_t *bytes, size_t count, const char *words)
{
    struct error e = {{0}};

    assert_null(recording_parse(bytes, count, "NAME", false, &e));
    assert_memory_equal(e.text, "NAME: ", 6);
    assert_non_null(strstr(e.text, words));
}

static void test_refusals(void **state)
{
    uint8_t *copy = base_alloc(image_bytes, 1);
    struct machine_config config;
    byte_vec file = {0}, payload = {0};
    uint8_t header[HEADER_BYTES];
    uint64_t chain;

    (void)state;
    memcpy(copy, image, image_bytes);
    bytes_set_le(copy + VERSION_AT, 4, JOURNAL_FORMAT + 1);
    bytes_set_le(copy + HEADER_SUM_AT, 8, hash_bytes(copy, HEADER_SUM_AT, 0x7265));
    expect_refusal(copy, image_bytes, "newer version");
    expect_refusal((const uint8_t *)"\177ELF and more of that, long enough", 32, "not a recording");
    expect_refusal((const uint8_t *)"", 0, "not a recording");
    expect_refusal(image, MAGIC_AT, "QEMU");
    free(copy);

    chain = header_make(header);
    bytes_add(&file, header, sizeof(header));
    fake_config(&config);
    config.uses.everything = MACHINE_BEHAVIOUR + 1;
    config_write(&payload, &config, &extra, true);
    chunk_make(&file, CHUNK_CONFIG, payload.data, payload.count, true, &chain);
    expect_refusal(file.data, file.count, "behaviour");
    config.uses.everything = 0;
    payload.count = 0;
    config_write(&payload, &config, &extra, true);
    bytes_add(&payload,
              "\x03"
              "cpu"
              "\x00\x01\x01"
              "x"
              "\x00\x05\x00",
              12); /* of the future */
    file.count = HEADER_BYTES;
    chain = header_make(header);
    chunk_make(&file, CHUNK_CONFIG, payload.data, payload.count, true, &chain);
    expect_refusal(file.data, file.count, "property `x`");
    payload.count -= 12;
    file.count = HEADER_BYTES;
    chain = header_make(header);
    chunk_make(&file, CHUNK_CONFIG, payload.data, payload.count, true, &chain);
    expect_refusal(file.data, file.count, "not embedded");
    expect_refusal(file.data, HEADER_BYTES, "configuration");
    vec_fini(&file);
    vec_fini(&payload);
}

static void test_numbers(void **state)
{
    byte_vec numbers = {0};
    struct cursor c;

    (void)state;
    for (unsigned shift = 0; shift < 64; shift++) {
        for (unsigned d = 0; d < 3; d++) {
            numbers.count = 0;
            bytes_add_varint(&numbers, (UINT64_C(1) << shift) + d - 1);
            c = (struct cursor){numbers.data, numbers.count, false};
            assert_true(cursor_varint(&c) == (UINT64_C(1) << shift) + d - 1);
            assert_true(!c.bad && c.left == 0);
        }
    }
    c = (struct cursor){(const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, false};
    (void)cursor_varint(&c);
    assert_true(c.bad);
    c = (struct cursor){(const uint8_t *)"\x80\x00", 2, false}; /* not the shortest form */
    (void)cursor_varint(&c);
    assert_true(c.bad);
    vec_fini(&numbers);
}

static void test_stored_samples(void **state)
{
    struct error e = {{0}};
    struct recording *r = recording_parse(sample_1, sizeof(sample_1), "sample", false, &e);
    struct input in;

    (void)state;
    if (MACHINE_BEHAVIOUR != 1) {
        assert_null(r);
        assert_non_null(strstr(e.text, "behaviour 1"));
        return;
    }
    assert_non_null(r);
    assert_null(recording_problem(r));
    assert_int_equal(recording_known(r), 20000);
    assert_int_equal(recording_end(r)->why, END_POWER_OFF);
    assert_int_equal(recording_end(r)->last.instructions, 9000);
    assert_int_equal(recording_input_count(r), 3);
    input_of(r, 2, &in);
    assert_int_equal(in.at, 3000);
    assert_memory_equal(in.data, "hello", 5);
    assert_int_equal(recording_witness(r, 1).hash, 2 * UINT64_C(0x123456789abc));
    assert_string_equal(recording_config(r)->append, "console=ttyS0");
    assert_memory_equal(recording_config(r)->images[IMAGE_BIOS].data, "firmware", 8);
    recording_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truncated_anywhere),
        cmocka_unit_test(test_any_bit_flipped),
        cmocka_unit_test(test_spliced),
        cmocka_unit_test(test_random_overwrites),
        cmocka_unit_test(test_forged_chunks),
        cmocka_unit_test(test_seal_slots),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_stored_samples),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
