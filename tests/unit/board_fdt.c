/* SPDX-License-Identifier: GPL-2.0-or-later
 * board/fdt.c: a user's tree is checked to the last byte before it is believed; /chosen gets what
 * the loader knows and keeps what was there; the seed's bytes are those of SplitMix64.
 */
#include "board_programs.h"

#include <setjmp.h>

#include <cmocka.h>
#include <libfdt.h>

static size_t small_tree(uint8_t *out, size_t room, bool with_chosen)
{
    must(fdt_create(out, (int)room) == 0 && fdt_finish_reservemap(out) == 0);
    must(fdt_begin_node(out, "") == 0);
    if (with_chosen) {
        must(fdt_begin_node(out, "chosen") == 0);
        must(fdt_property_string(out, "stdout-path", "/uart") == 0);
        must(fdt_property_string(out, "bootargs", "theirs") == 0);
        must(fdt_end_node(out) == 0);
    }
    must(fdt_end_node(out) == 0 && fdt_finish(out) == 0);
    return fdt_totalsize(out);
}

static const char *chosen_text(const void *tree, const char *name)
{
    int length;
    int node = fdt_path_offset(tree, "/chosen");

    return node < 0 ? NULL : fdt_getprop(tree, node, name, &length);
}

static void test_chosen(void **state)
{
    (void)state;
    for (unsigned with_chosen = 0; with_chosen < 2; with_chosen++) {
        uint8_t bytes[1024];
        size_t size = small_tree(bytes, sizeof bytes, with_chosen != 0);
        const struct machine_image image = image_of(bytes, size);
        struct error e = {""};
        void *tree = fdt_from_image(&image, &e);
        uint64_t before;

        assert_non_null(tree);
        assert_int_equal(
            fdt_add_chosen(tree, &(struct fdt_chosen){.bootargs = "ours", .has_initrd = true}, &e),
            0);
        before = fdt_bytes(tree);
        fdt_set_initrd(tree, 0x123456789000, 0x123456789abc);
        assert_int_equal(fdt_bytes(tree), before);
        assert_int_equal(fdt_check_full(tree, before), 0);
        assert_string_equal(chosen_text(tree, "bootargs"), "ours");
        assert_int_equal(bytes_get_be(chosen_text(tree, "linux,initrd-start"), 8), 0x123456789000);
        assert_int_equal(bytes_get_be(chosen_text(tree, "linux,initrd-end"), 8), 0x123456789abc);
        if (with_chosen != 0) {
            assert_string_equal(chosen_text(tree, "stdout-path"), "/uart");
        }
        free(tree);
    }
}

static void test_empty_append_changes_nothing(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    const struct machine_image image = image_of(bytes, small_tree(bytes, sizeof bytes, true));
    struct error e = {""};
    void *tree = fdt_from_image(&image, &e);

    assert_non_null(tree);
    assert_int_equal(fdt_add_chosen(tree, &(struct fdt_chosen){.bootargs = ""}, &e), 0);
    assert_string_equal(chosen_text(tree, "bootargs"), "theirs");
    assert_null(chosen_text(tree, "linux,initrd-start"));
    free(tree);
}

static void test_longest_command_line(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    const struct machine_image image = image_of(bytes, small_tree(bytes, sizeof bytes, false));
    char text[MACHINE_TEXT_MAX];
    struct error e = {""};
    void *tree = fdt_from_image(&image, &e);

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_non_null(tree);
    assert_int_equal(
        fdt_add_chosen(tree, &(struct fdt_chosen){.bootargs = text, .has_initrd = true}, &e), 0);
    assert_string_equal(chosen_text(tree, "bootargs"), text);
    free(tree);
}

/* Cut anywhere, or with any one byte changed: refused with a sentence, or a sound tree. */
static void test_broken(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    size_t size = small_tree(bytes, sizeof bytes, true);
    struct error e;

    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *copy = base_alloc(cut + 1, 1); /* so that a sanitizer sees its end */
        struct machine_image image = image_of(copy, cut);

        memcpy(copy, bytes, cut);
        e.text[0] = '\0';
        assert_null(fdt_from_image(&image, &e));
        assert_non_null(strstr(e.text, "a.file"));
        free(copy);
    }
    for (size_t at = 0; at < size; at++) {
        const struct machine_image image = image_of(bytes, size);

        for (unsigned bit = 0; bit < 8; bit++) {
            void *tree;

            bytes[at] ^= (uint8_t)(1u << bit);
            e.text[0] = '\0';
            tree = fdt_from_image(&image, &e);
            if (tree != NULL) {
                (void)fdt_add_chosen(tree, &(struct fdt_chosen){.bootargs = "ours"}, &e);
                free(tree);
            } else {
                assert_true(e.text[0] != '\0');
            }
            bytes[at] ^= (uint8_t)(1u << bit);
        }
    }
}

static void test_too_long(void **state)
{
    (void)state;
    uint8_t *bytes = base_alloc(FDT_BYTES_MAX + 1, 1);
    const struct machine_image image = image_of(bytes, FDT_BYTES_MAX + 1);
    struct error e = {""};

    assert_null(fdt_from_image(&image, &e));
    assert_non_null(strstr(e.text, "1 MiB"));
    free(bytes);
}

/* libfdt 1.6.1's check of trees before version 16 reads through a null pointer. */
static void test_old_versions(void **state)
{
    (void)state;
    for (unsigned version = 0; version < 17; version++) {
        uint8_t bytes[1024];
        const struct machine_image image = image_of(bytes, small_tree(bytes, sizeof bytes, true));
        struct error e = {""};

        bytes_set_be(bytes + 20, 4, version);
        bytes_set_be(bytes + 24, 4, 0);
        assert_null(fdt_from_image(&image, &e));
        assert_non_null(strstr(e.text, "of version"));
    }
}

static void test_seed(void **state)
{
    (void)state;
    uint8_t a[32], b[32];

    fdt_seed_bytes(1234567, a);
    assert_int_equal(bytes_get_le(a, 8), UINT64_C(6457827717110365317)); /* published values */
    assert_int_equal(bytes_get_le(a + 8, 8), UINT64_C(3203168211198807973));
    assert_int_equal(bytes_get_le(a + 16, 8), UINT64_C(9817491932198370423));
    fdt_seed_bytes(1234568, b);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chosen),
        cmocka_unit_test(test_empty_append_changes_nothing),
        cmocka_unit_test(test_longest_command_line),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_old_versions),
        cmocka_unit_test(test_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
