/* SPDX-License-Identifier: GPL-2.0-or-later
 * board/registry.c: which architecture a header names, the kernel's before the firmware's; what is
 * said of boards that there are not.
 */
#include "board_programs.h"

#include <setjmp.h>

#include <cmocka.h>

static const char *arch_of(const void *kernel, size_t kernel_bytes, const void *bios,
                           size_t bios_bytes)
{
    struct machine_config c;

    machine_config_init(&c);
    c.images[IMAGE_KERNEL] = image_of(kernel, kernel_bytes);
    c.images[IMAGE_BIOS] = image_of(bios, bios_bytes);
    return board_arch_of(&c);
}

static void test_elf(void **state)
{
    (void)state;
    static const struct {
        unsigned machine, class;
        const char *arch;
    } cases[] = {
        {243, 2, "riscv64"}, {243, 1, "riscv32"}, {183, 2, "aarch64"}, {40, 1, "arm"},
        {62, 2, "x86_64"},   {3, 1, "i386"},      {3, 2, "riscv64"},   {999, 2, "riscv64"},
    };
    uint8_t file[64 + 56];
    const struct elf_part part = {.type = 1};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        make_elf(file, sizeof file, 0, &part, 1);
        bytes_set_le(file + 18, 2, cases[i].machine);
        file[4] = (uint8_t)cases[i].class;
        assert_string_equal(arch_of(file, sizeof file, NULL, 0), cases[i].arch);
    }
}

static void test_images(void **state)
{
    (void)state;
    uint8_t riscv[128], arm[128] = {0}, x86[0x210] = {0};
    uint8_t *packed;
    size_t packed_bytes;

    make_linux_image(riscv, sizeof riscv, 0, 0);
    memcpy(arm + 56, "ARM\x64", 4);
    memcpy(x86 + 0x202, "HdrS", 4);
    assert_string_equal(arch_of(riscv, sizeof riscv, NULL, 0), "riscv64");
    assert_string_equal(arch_of(arm, sizeof arm, NULL, 0), "aarch64");
    assert_string_equal(arch_of(x86, sizeof x86, NULL, 0), "x86_64");
    assert_string_equal(arch_of(x86, sizeof x86, riscv, sizeof riscv), "x86_64");
    assert_string_equal(arch_of("plain", 5, riscv, sizeof riscv), "riscv64");
    /* No header says: the only board called virt does. */
    assert_string_equal(arch_of("plain", 5, "plain", 5), "riscv64");
    assert_string_equal(arch_of(NULL, 0, NULL, 0), "riscv64");
    packed = make_gzip(riscv, sizeof riscv, &packed_bytes);
    assert_string_equal(arch_of(packed, packed_bytes, NULL, 0), "riscv64");
    for (size_t cut = 0; cut < packed_bytes; cut++) { /* any beginning of it is no crash */
        (void)arch_of(packed, cut, NULL, 0);
    }
    free(packed);
}

static void assert_refused(const char *arch, const char *board, const char *words)
{
    struct machine_config c;
    struct error e = {""};

    machine_config_init(&c);
    memcpy(c.arch, arch, strlen(arch) + 1);
    memcpy(c.board, board, strlen(board) + 1);
    assert_null(board_build(&c, &e));
    if (strstr(e.text, words) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", e.text, words);
    }
}

static void test_unknown(void **state)
{
    (void)state;
    assert_refused("", "virt", "no firmware");
    assert_refused("", "spike", "-M: no board is called \"spike\"");
    assert_refused("aarch64", "virt", "nothing to run");
    assert_refused("i386", "pc", "architecture is i386, which is not there");
    assert_refused("riscv64", "spike", "no board is called \"spike\"; for riscv64 there is virt");
    assert_non_null(board_by_name("riscv64", "virt"));
    assert_null(board_by_name("riscv64", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elf),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
