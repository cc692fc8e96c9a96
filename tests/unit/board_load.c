/* SPDX-License-Identifier: GPL-2.0-or-later
 * board/load.c, elf.c, unpack.c: each format is read to the right places, and each way of being
 * broken gets a sentence that says so and names the file.
 */
#include "board_programs.h"

#include <setjmp.h>

#include <cmocka.h>

#define BASE UINT64_C(0x80000000)

static int read_program(const void *data, size_t size, struct program *p, struct error *e)
{
    const struct machine_image image = image_of(data, size);

    e->text[0] = '\0';
    const struct program_kind kind = {.elf_machine = RISCV_MACHINE, .align = 2 * MIB};

    return program_read(&image, "kernel", &kind, 16 * MIB, p, e);
}

static void assert_refused(const void *data, size_t size, const char *words)
{
    struct program p;
    struct error e;

    assert_int_equal(read_program(data, size, &p, &e), -1);
    if (strstr(e.text, words) == NULL || strncmp(e.text, "kernel a.file: ", 15) != 0) {
        fail_msg("\"%s\" lacks \"%s\" or the file", e.text, words);
    }
    assert_null(p.unpacked);
}

static void test_bytes(void **state)
{
    (void)state;
    struct program p;
    struct error e;

    assert_int_equal(read_program("abc", 3, &p, &e), 0);
    program_place(&p, BASE + 1);
    assert_int_equal(p.segments.count, 1);
    assert_int_equal(p.segments.data[0].at, BASE + 2 * MIB);
    assert_int_equal(p.segments.data[0].size_bytes, 3);
    assert_int_equal(p.entry, BASE + 2 * MIB);
    assert_int_equal(program_end(&p), BASE + 2 * MIB + 3);
    program_fini(&p);
    assert_refused("", 0, "empty");
}

static void test_linux_image(void **state)
{
    (void)state;
    static const struct {
        uint64_t text_offset, from, at;
    } cases[] = {
        {0, BASE, BASE},
        {0x200000, BASE, BASE},
        {0x200000, BASE + 0x1c280, BASE + 0x200000},
        {0x80000, BASE + 0x1c280, BASE + 0x80000},
        {0x80000, BASE + 0x80001, BASE + 0x280000},
    };
    uint8_t file[4096];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct program p;
        struct error e;

        make_linux_image(file, sizeof file, cases[i].text_offset, 0x5000);
        assert_int_equal(read_program(file, sizeof file, &p, &e), 0);
        program_place(&p, cases[i].from);
        assert_int_equal(p.entry, cases[i].at);
        assert_int_equal(p.segments.data[0].at, cases[i].at);
        assert_int_equal(p.segments.data[0].data_bytes, sizeof file);
        assert_int_equal(p.segments.data[0].size_bytes, 0x5000); /* with the bss */
        program_fini(&p);
    }
    make_linux_image(file, sizeof file, 1, 0);
    assert_refused(file, sizeof file, "text offset");
}

static void test_gzip(void **state)
{
    (void)state;
    size_t size = 5 * MIB + 7, packed_bytes;
    uint8_t *image = base_alloc(size, 1);
    uint8_t *packed;
    struct program p;
    struct error e;

    make_linux_image(image, size, 0x200000, 6 * MIB);
    for (size_t i = 64; i < size; i++) {
        image[i] = (uint8_t)(i * i >> 7);
    }
    packed = make_gzip(image, size, &packed_bytes);
    assert_int_equal(read_program(packed, packed_bytes, &p, &e), 0);
    assert_int_equal(p.segments.data[0].data_bytes, size);
    assert_memory_equal(p.segments.data[0].data, image, size);
    assert_int_equal(p.segments.data[0].size_bytes, 6 * MIB);
    program_fini(&p);
    for (size_t cut = packed_bytes - 20; cut < packed_bytes; cut++) {
        assert_refused(packed, cut, "cut short");
    }
    packed[packed_bytes / 2] ^= 0x10;
    assert_refused(packed, packed_bytes, "gzipped, and");
    packed[packed_bytes / 2] ^= 0x10;
    packed[packed_bytes - 8] ^= 1; /* its check sum */
    assert_refused(packed, packed_bytes, "damaged");
    free(packed);
    free(image);
}

static void test_gzip_bomb(void **state)
{
    (void)state;
    size_t size = 16 * MIB, packed_bytes;
    uint8_t *zeros = base_alloc(size + 1, 1);
    uint8_t *packed = make_gzip(zeros, size + 1, &packed_bytes);
    struct program p;
    struct error e;

    assert_refused(packed, packed_bytes, "16777216");
    free(packed);
    packed = make_gzip(zeros, size, &packed_bytes);
    assert_int_equal(read_program(packed, packed_bytes, &p, &e), 0);
    program_fini(&p);
    free(packed);
    free(zeros);
}

static void test_elf(void **state)
{
    (void)state;
    const struct elf_part parts[] = {
        {.type = 1,
         .offset = 0,
         .vaddr = 0xffffffff80000000,
         .paddr = BASE,
         .file_bytes = 300,
         .bytes = 300},
        {.type = 4, .offset = UINT64_MAX, .bytes = 77}, /* a note: not looked at */
        {.type = 1,
         .offset = 400,
         .vaddr = 0xffffffff80100000,
         .paddr = BASE + MIB,
         .file_bytes = 112,
         .bytes = 5000},
        {.type = 1, .offset = 0, .paddr = 5}, /* empty */
    };
    uint8_t file[512];
    struct program p;
    struct error e;

    make_elf(file, sizeof file, 0xffffffff80100010, parts, ARRAY_LEN(parts));
    assert_int_equal(read_program(file, sizeof file, &p, &e), 0);
    program_place(&p, 0); /* stays where it is */
    assert_int_equal(p.segments.count, 2);
    assert_int_equal(p.entry, BASE + MIB + 0x10);
    assert_int_equal(p.segments.data[1].at, BASE + MIB);
    assert_ptr_equal(p.segments.data[1].data, file + 400);
    assert_int_equal(p.segments.data[1].data_bytes, 112);
    assert_int_equal(p.segments.data[1].size_bytes, 5000);
    assert_int_equal(program_end(&p), BASE + MIB + 5000);
    program_fini(&p);
}

/* Headers that end with the file, and a segment of zeros that the file has no byte of. */
static void test_elf_of_zeros(void **state)
{
    (void)state;
    const struct elf_part part = {
        .type = 1, .offset = 120, .vaddr = BASE, .paddr = BASE, .bytes = 100};
    uint8_t file[120];
    struct program p;
    struct error e;

    make_elf(file, sizeof file, BASE + 99, &part, 1);
    assert_int_equal(read_program(file, sizeof file, &p, &e), 0);
    assert_int_equal(p.entry, BASE + 99);
    assert_int_equal(p.segments.data[0].data_bytes, 0);
    program_fini(&p);
}

static void test_broken_elf(void **state)
{
    (void)state;
    const struct elf_part good = {
        .type = 1, .vaddr = BASE, .paddr = BASE, .file_bytes = 400, .bytes = 400};
    uint8_t file[1024];

#define BROKEN(change, words)                                                                      \
    do {                                                                                           \
        struct elf_part part = good;                                                               \
        (void)part;                                                                                \
        make_elf(file, sizeof file, BASE, &good, 1);                                               \
        change;                                                                                    \
        assert_refused(file, sizeof file, words);                                                  \
    } while (0)
#define BROKEN_PART(change, words)                                                                 \
    BROKEN((change, make_elf(file, sizeof file, BASE, &part, 1)), words)

    BROKEN(file[4] = 1, "another machine");
    BROKEN(file[5] = 2, "another machine");
    BROKEN(file[18] = 62, "another machine");
    BROKEN(file[16] = 1, "not a program");
    BROKEN(bytes_set_le(file + 32, 8, UINT64_MAX), "headers are not all there");
    BROKEN(bytes_set_le(file + 32, 8, sizeof file - 55), "headers are not all there");
    BROKEN(bytes_set_le(file + 54, 2, 55), "headers are not all there");
    BROKEN(bytes_set_le(file + 56, 2, 0xffff), "headers are not all there");
    BROKEN(bytes_set_le(file + 56, 2, 0), "nothing to load");
    BROKEN_PART(part.offset = UINT64_MAX, "not all there");
    BROKEN_PART(part.offset = 625, "not all there");
    BROKEN_PART(part.file_bytes = UINT64_MAX, "not all there");
    BROKEN_PART(part.bytes = 399, "impossible sizes");
    BROKEN_PART((part.paddr = UINT64_MAX - 398), "impossible sizes");
    BROKEN_PART((part.bytes = UINT64_MAX, part.file_bytes = 1025), "not all there");
    make_elf(file, sizeof file, BASE, &good, 1);
    for (size_t cut = 4; cut < 64; cut++) {
        assert_refused(file, cut, "cut short");
    }
}

static void test_too_many_segments(void **state)
{
    (void)state;
    struct elf_part *parts = base_alloc(SEGMENTS_MAX + 1, sizeof(*parts));
    size_t size = 64 + 56 * (SEGMENTS_MAX + 1);
    uint8_t *file = base_alloc(size, 1);
    struct program p;
    struct error e;

    for (unsigned i = 0; i <= SEGMENTS_MAX; i++) {
        parts[i] = (struct elf_part){.type = 1, .vaddr = BASE + i, .paddr = BASE + i, .bytes = 1};
    }
    make_elf(file, size, BASE, parts, SEGMENTS_MAX + 1);
    assert_refused(file, size, "more than 1024 segments");
    parts[SEGMENTS_MAX].bytes = 0; /* does not count */
    make_elf(file, size, BASE, parts, SEGMENTS_MAX + 1);
    assert_int_equal(read_program(file, size, &p, &e), 0);
    assert_int_equal(p.segments.count, SEGMENTS_MAX);
    program_fini(&p);
    free(file);
    free(parts);
}

/* What of a program is left by the RAM: `first` and `bytes` of a segment of `data_bytes` from the file
 * become [at, at + size), or nothing (size 0), or an error (size 99). */
static void test_clip(void **state)
{
    (void)state;
    static const uint8_t file[64];
    static const struct {
        paddr first;
        uint64_t data_bytes, bytes;
        bool is_constant;
        paddr at;
        uint64_t size, data_left;
    } cases[] = {
        {BASE, 8, 8, false, BASE, 8, 8},
        {BASE - 8, 8, 8, true, 0, 0, 0},
        {BASE - 8, 8, 8, false, 0, 99, 0},
        {BASE - 8, 0, 8, false, 0, 0, 0},
        {BASE - 8, 8, 12, false, BASE, 4, 0},
        {BASE - 8, 9, 12, false, BASE, 4, 1},
        {BASE - 8, 12, 12, true, BASE, 4, 4},
        {BASE - 8, 8, UINT64_MAX - BASE + 9, false, BASE, 16 * MIB, 0},
        {BASE + 16 * MIB, 0, 8, false, 0, 0, 0},
        {BASE + 16 * MIB, 1, 8, true, 0, 99, 0},
        {BASE + 16 * MIB - 8, 8, 9, false, BASE + 16 * MIB - 8, 8, 8},
        {BASE + 16 * MIB - 8, 9, 9, false, 0, 99, 0},
        {UINT64_MAX, 0, 1, false, 0, 0, 0},
        {0, 0, UINT64_MAX, false, BASE, 16 * MIB, 0},
    };
    const struct ram_layout r = {.base = BASE, .size = 16 * MIB};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct segment always = {
            .at = BASE + MIB, .data = file, .data_bytes = 1, .size_bytes = 1};
        const struct segment s = {.at = cases[i].first,
                                  .data = file,
                                  .data_bytes = cases[i].data_bytes,
                                  .size_bytes = cases[i].bytes,
                                  .is_constant = cases[i].is_constant};
        struct program p = {.placed = true};
        struct error e;

        vec_push(&p.segments, s);
        vec_push(&p.segments, always);
        assert_int_equal(ram_clip_program(&r, "kernel", &p, &e), cases[i].size == 99 ? -1 : 0);
        if (cases[i].size == 99) {
            assert_non_null(strstr(e.text, "does not fit in the RAM"));
        } else {
            const struct segment *left = &p.segments.data[0];

            assert_int_equal(p.segments.count, cases[i].size == 0 ? 1 : 2);
            assert_int_equal(left->at, cases[i].size == 0 ? always.at : cases[i].at);
            assert_int_equal(p.entry, left->at < always.at ? left->at : always.at);
            if (cases[i].size != 0) {
                assert_int_equal(left->size_bytes, cases[i].size);
                assert_int_equal(left->data_bytes, cases[i].data_left);
                assert_ptr_equal(left->data + left->data_bytes,
                                 file + (left->data_bytes != 0 || cases[i].first < BASE
                                             ? cases[i].data_bytes
                                             : 0));
            }
        }
        program_fini(&p);
    }
}

static void test_foreign(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        const char *mark;
        size_t bytes;
        const char *words;
    } cases[] = {
        {56, "ARM\x64", 4, "AArch64"},      {0x202, "HdrS", 4, "x86"},
        {0, "MZ\0\0zimg", 8, "EFI"},        {0, "\x27\x05\x19\x56", 4, "uImage"},
        {0, "\xd0\x0d\xfe\xed", 4, "tree"}, {0, "\xfd\x37zXZ\0", 6, "xz"},
        {0, "\x28\xb5\x2f\xfd", 4, "zstd"}, {0, "\x04\x22\x4d\x18", 4, "lz4"},
        {0, "\x02\x21\x4c\x18", 4, "lz4"},  {0, "BZh9", 4, "bzip2"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t file[1024] = {0};
        memcpy(file + cases[i].at, cases[i].mark, cases[i].bytes);
        assert_refused(file, sizeof file, cases[i].words);
    }
}

static void test_layout(void **state)
{
    (void)state;
    struct ram_layout r = {.base = BASE, .size = 16 * MIB};
    struct error e;

    assert_int_equal(ram_take(&r, "firmware", BASE, 4096, &e), 0);
    assert_int_equal(ram_take(&r, "kernel", BASE + 4095, 1, &e), -1);
    assert_non_null(strstr(e.text, "overlaps the firmware"));
    assert_int_equal(ram_take(&r, "kernel", BASE + 4096, 16 * MIB - 4096, &e), 0);
    assert_int_equal(ram_take(&r, "tree", BASE + 16 * MIB, 1, &e), -1);
    assert_non_null(strstr(e.text, "does not fit"));
    assert_int_equal(ram_take(&r, "tree", BASE - 1, 1, &e), -1);
    assert_int_equal(ram_take(&r, "tree", 0, 1, &e), -1);
    assert_int_equal(ram_take(&r, "tree", UINT64_MAX, UINT64_MAX, &e), -1);
    assert_int_equal(ram_take(&r, "tree", BASE + 1, UINT64_MAX - BASE, &e), -1);
    vec_fini(&r.places);
    assert_int_equal(ram_take(&r, "kernel", BASE + 8192, 4096, &e), 0);
    assert_int_equal(ram_take(&r, "tree", BASE, 8193, &e), -1);
    assert_int_equal(ram_take(&r, "tree", BASE, 16384, &e), -1);
    assert_int_equal(ram_take(&r, "tree", BASE, 8192, &e), 0);
    assert_int_equal(ram_take(&r, "disk", BASE + 12288, 16 * MIB - 12288, &e), 0);
    vec_fini(&r.places);
    assert_int_equal(ram_take(&r, "kernel", BASE, 2, &e), 0);
    static const char kernel[] = "kernel";
    assert_int_equal(ram_take(&r, kernel, BASE + 2, 2, &e), 0);
    assert_int_equal(ram_take(&r, kernel, BASE + 3, 2, &e), -1);
    assert_non_null(strstr(e.text, "two segments that overlap, at 0x80000002 and at 0x80000003"));
    vec_fini(&r.places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),      cmocka_unit_test(test_linux_image),
        cmocka_unit_test(test_gzip),       cmocka_unit_test(test_gzip_bomb),
        cmocka_unit_test(test_elf),        cmocka_unit_test(test_elf_of_zeros),
        cmocka_unit_test(test_broken_elf), cmocka_unit_test(test_too_many_segments),
        cmocka_unit_test(test_foreign),    cmocka_unit_test(test_layout),
        cmocka_unit_test(test_clip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
