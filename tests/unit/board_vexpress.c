/* SPDX-License-Identifier: GPL-2.0-or-later
 * board/vexpress.c, vexpress_load.c: what harts find when they start, what becomes of the user's tree, raw images and
 * firmware, where chips are and whose interrupts are whose; what is said of machines that cannot be. The harts are the
 * bench's, which run nothing.
 */
#include "board_programs.h"
#include "board_tree.h"
#include "dev/arm.h"
#include "dev_bench.h"

#define ARM_MACHINE 40
#define TREE_BYTES  4096

struct built {
    struct machine_config config;
    struct isa isa;
    struct machine *machine;
    uint8_t kernel[8192];
    uint8_t initrd[5000];
    uint8_t tree[TREE_BYTES];
};

/* As a user's, with cells of one word: nothing of it is right but the interrupt controller. */
static void make_user_tree(uint8_t *out, bool has_gic)
{
    assert_int_equal(fdt_create(out, TREE_BYTES), 0);
    assert_int_equal(fdt_finish_reservemap(out), 0);
    assert_int_equal(fdt_begin_node(out, ""), 0);
    assert_int_equal(fdt_property_u32(out, "#address-cells", 1), 0);
    assert_int_equal(fdt_property_u32(out, "#size-cells", 1), 0);
    assert_int_equal(fdt_begin_node(out, "memory@60000000"), 0);
    assert_int_equal(fdt_property_string(out, "device_type", "memory"), 0);
    assert_int_equal(fdt_property_u64(out, "reg", UINT64_C(0x6000000040000000)), 0);
    assert_int_equal(fdt_end_node(out), 0);
    if (has_gic) {
        assert_int_equal(fdt_begin_node(out, "interrupt-controller"), 0);
        assert_int_equal(fdt_property_string(out, "compatible", "arm,cortex-a9-gic"), 0);
        assert_int_equal(fdt_property_u32(out, "phandle", 7), 0);
        assert_int_equal(fdt_end_node(out), 0);
    }
    assert_int_equal(fdt_end_node(out), 0);
    assert_int_equal(fdt_finish(out), 0);
}

/* A kernel of bytes, a RAM disk and a tree in 64 MiB. */
static void prepare(struct built *b, const char *board)
{
    memset(b, 0, sizeof(*b));
    b->isa = bench_isa;
    b->isa.elf_machine = ARM_MACHINE;
    machine_config_init(&b->config);
    (void)snprintf(b->config.arch, sizeof b->config.arch, "arm");
    (void)snprintf(b->config.board, sizeof b->config.board, "%s", board);
    b->config.ram_bytes = 64 * MIB;
    b->config.hart_count = 2;
    memset(b->kernel, 0x11, sizeof b->kernel);
    memset(b->initrd, 0xd1, sizeof b->initrd);
    make_user_tree(b->tree, true);
    b->config.images[IMAGE_KERNEL] = image_of(b->kernel, sizeof b->kernel);
    b->config.images[IMAGE_INITRD] = image_of(b->initrd, sizeof b->initrd);
    b->config.images[IMAGE_DTB] = image_of(b->tree, fdt_totalsize(b->tree));
}

static struct machine *try_to(struct built *b, struct error *e)
{
    return strcmp(b->config.board, "vexpress-a9") == 0 ? vexpress_a9_build(&b->config, &b->isa, e)
                                                       : vexpress_a15_build(&b->config, &b->isa, e);
}

static void build(struct built *b)
{
    struct error e = {""};

    b->machine = try_to(b, &e);
    if (b->machine == NULL) {
        fail_msg("%s", e.text);
    }
}

static void end(struct built *b)
{
    machine_free(b->machine);
    while (b->config.things.count != 0) {
        thing_fini(&b->config.things.data[--b->config.things.count]);
    }
    vec_fini(&b->config.things);
}

static void assert_refused(struct built *b, const char *words)
{
    struct error e = {""};

    assert_null(try_to(b, &e));
    if (strstr(e.text, words) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", e.text, words);
    }
    b->machine = NULL;
    end(b);
}

static uint32_t word(struct built *b, paddr at)
{
    uint8_t bytes[4];

    assert_true(mem_read_bytes(machine_mem(b->machine), at, bytes, 4));
    return (uint32_t)bytes_get_le(bytes, 4);
}

static uint64_t pc(struct built *b, unsigned hart)
{
    return machine_cpu(b->machine, hart)->hart->pc;
}

/* ---- what lies where ---------------------------------------------------------------------------*/

static void test_kernel(void **state)
{
    (void)state;
    static const struct {
        const char *board;
        paddr ram, sram, gicc, flags, virtio;
    } boards[] = {
        {"vexpress-a9", 0x60000000, 0x48000000, 0x1e000100, 0x10000030, 0x10013000},
        {"vexpress-a15", 0x80000000, 0x14000000, 0x2c002000, 0x1c010030, 0x1c130000},
    };

    for (unsigned i = 0; i < ARRAY_LEN(boards); i++) {
        struct built b;
        uint8_t tree[2 * TREE_BYTES];
        char path[64];
        paddr ram = boards[i].ram, at;

        prepare(&b, boards[i].board);
        build(&b);
        assert_int_equal(pc(&b, 0), ram);
        assert_int_equal(pc(&b, 1), boards[i].sram);
        assert_int_equal(word(&b, ram + 4), 0xe3a01e8e);       /* the machine's number */
        assert_int_equal(word(&b, ram + 0x20), ram + 0x10000); /* the kernel */
        assert_int_equal(word(&b, ram + 0x10000), 0x11111111);
        assert_int_equal(word(&b, ram + 32 * MIB), 0xd1d1d1d1);
        assert_int_equal(word(&b, boards[i].sram + 0x30), boards[i].gicc);
        assert_int_equal(word(&b, boards[i].sram + 0x34), boards[i].flags);
        at = word(&b, ram + 0x18);
        assert_true(mem_read_bytes(machine_mem(b.machine), at, tree, sizeof tree));
        assert_int_equal(fdt_check_full(tree, sizeof tree), 0);
        ASSERT_CELLS(tree, "/memory@60000000", "reg", (uint32_t)ram, 64 << 20);
        assert_int_equal(prop_number(tree, "/chosen", "linux,initrd-end"), ram + 32 * MIB + 5000);
        (void)snprintf(path, sizeof path, "/virtio_mmio@%llx",
                       (unsigned long long)boards[i].virtio + 0x600);
        ASSERT_CELLS(tree, path, "reg", (uint32_t)boards[i].virtio + 0x600, 0x200);
        ASSERT_CELLS(tree, path, "interrupts", 0, 43, 1);
        ASSERT_CELLS(tree, path, "interrupt-parent", 7);
        end(&b);
    }
}

static void test_trees(void **state)
{
    (void)state;
    struct built b;

    prepare(&b, "vexpress-a9"); /* without the interrupt controller, it gets no transports */
    make_user_tree(b.tree, false);
    b.config.images[IMAGE_DTB] = image_of(b.tree, fdt_totalsize(b.tree));
    build(&b);
    end(&b);
    prepare(&b, "vexpress-a9");
    b.config.images[IMAGE_DTB].data = NULL;
    assert_refused(&b,
                   "a kernel needs -dtb FILE here; Debian's kernel packages have vexpress-v2p-ca9");
    prepare(&b, "vexpress-a15");
    fdt_setprop_inplace_u32(b.tree, 0, "#size-cells", 9);
    assert_refused(&b, "cannot be put into it");
    prepare(&b, "vexpress-a15");
    b.tree[0] = 1;
    assert_refused(&b, "no device tree's header");
}

/* As the reference: all harts begin where the program does. */
static void test_elf(void **state)
{
    (void)state;
    struct built b;

    prepare(&b, "vexpress-a15");
    memset(b.kernel, 0, sizeof b.kernel);
    memcpy(b.kernel, "\177ELF\1\1\1", 7);
    bytes_set_le(b.kernel + 16, 2, 2);
    bytes_set_le(b.kernel + 18, 2, ARM_MACHINE);
    bytes_set_le(b.kernel + 20, 4, 1);
    bytes_set_le(b.kernel + 24, 4, 0x80200010);
    bytes_set_le(b.kernel + 28, 4, 52);
    bytes_set_le(b.kernel + 42, 2, 32);
    bytes_set_le(b.kernel + 44, 2, 1);
    bytes_set_le(b.kernel + 52, 4, 1);
    bytes_set_le(b.kernel + 56, 4, 4096);
    bytes_set_le(b.kernel + 60, 4, 0x80200000);
    bytes_set_le(b.kernel + 64, 4, 0x80200000);
    bytes_set_le(b.kernel + 68, 4, 4096);
    bytes_set_le(b.kernel + 72, 4, 4096);
    b.config.images[IMAGE_DTB].data = NULL;
    b.config.images[IMAGE_INITRD].data = NULL;
    build(&b);
    assert_int_equal(pc(&b, 0), 0x80200010);
    assert_int_equal(pc(&b, 1), 0x80200010);
    end(&b);
}

static void test_firmware(void **state)
{
    (void)state;
    struct built b;

    prepare(&b, "vexpress-a9");
    b.config.images[IMAGE_BIOS] = b.config.images[IMAGE_KERNEL];
    memset(&b.config.images[IMAGE_KERNEL], 0, sizeof b.config.images[IMAGE_KERNEL]);
    b.config.images[IMAGE_INITRD].data = NULL;
    build(&b);
    assert_int_equal(pc(&b, 0), 0);
    assert_int_equal(word(&b, 0x1ffc),
                     0x11111111); /* the first bank of flash, at both of its addresses */
    assert_int_equal(word(&b, 0x40001ffc), 0x11111111);
    assert_int_equal(word(&b, 0x2000), 0);
    end(&b);
}

/* ---- wiring and refusals -----------------------------------------------------------------------*/

static void test_chips(void **state)
{
    (void)state;
    static const struct {
        const char *board;
        paddr at;
        uint32_t value;
    } words[] = {
        {"vexpress-a9", 0x10000084, 0x0c000191}, {"vexpress-a9", 0x1000cfe0, 0x11},
        {"vexpress-a9", 0x10005fe0, 0x81},       {"vexpress-a9", 0x10007fe0, 0x50},
        {"vexpress-a9", 0x1000ffe0, 0x05},       {"vexpress-a9", 0x10012fe0, 0x04},
        {"vexpress-a9", 0x10017fe0, 0x31},       {"vexpress-a9", 0x1001ffe0, 0x11},
        {"vexpress-a9", 0x10020fe0, 0x11},       {"vexpress-a9", 0x100e4fe0, 0x04},
        {"vexpress-a9", 0x1e000004, 0x31},       {"vexpress-a9", 0x1e001004, 0x22},
        {"vexpress-a9", 0x1e0001fc, 0x3901243b}, {"vexpress-a9", 0x1e00a000, 0x410000c8},
        {"vexpress-a9", 0x10001000, 0},          {"vexpress-a15", 0x1c010084, 0x14000237},
        {"vexpress-a15", 0x1c0c0fe0, 0x11},      {"vexpress-a15", 0x1c110fe0, 0x04},
        {"vexpress-a15", 0x1c170fe0, 0x31},      {"vexpress-a15", 0x2c001004, 0x22},
        {"vexpress-a15", 0x2c0020fc, 0x2043b},   {"vexpress-a15", 0x1e000004, 0},
    };
    struct built b[2];

    prepare(&b[0], "vexpress-a9");
    prepare(&b[1], "vexpress-a15");
    build(&b[0]);
    build(&b[1]);
    for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
        struct machine *m = b[strcmp(words[i].board, "vexpress-a15") == 0].machine;
        struct mem_place p = mem_find(machine_mem(m), words[i].at, false);

        assert_non_null(p.window);
        if (p.window->read(p.window->opaque, mem_access_to(p.window, p.at, 4, 0)) !=
            words[i].value) {
            fail_msg("%s 0x%llx", words[i].board, (unsigned long long)words[i].at);
        }
    }
    end(&b[0]);
    end(&b[1]);
}

static void test_refused(void **state)
{
    (void)state;
    struct built b;

    prepare(&b, "vexpress-a9");
    b.config.hart_count = 5;
    assert_refused(&b, "-M vexpress-a9: it has 1 to 4 processors");
    prepare(&b, "vexpress-a9");
    (void)snprintf(b.config.cpu, sizeof b.config.cpu, "cortex-a15");
    assert_refused(&b, "its processors are cortex-a9, and not cortex-a15");
    prepare(&b, "vexpress-a15");
    (void)snprintf(b.config.cpu, sizeof b.config.cpu, "cortex-a9");
    assert_refused(&b, "its processors are cortex-a15 or cortex-a7, and not cortex-a9");
    prepare(&b, "vexpress-a9");
    b.config.ram_bytes = 2 * GIB;
    assert_refused(&b, "on vexpress-a9 it must be whole pages of 4 KiB, from 1 MiB to 1 GiB");
    prepare(&b, "vexpress-a9");
    b.config.images[IMAGE_KERNEL].data = NULL;
    assert_refused(&b, "an initial RAM disk is of no use without a kernel");
    prepare(&b, "vexpress-a15");
    thing_set_flag(machine_config_add_thing(&b.config, "board", "board"), "secure", true);
    assert_refused(&b, "neither a second world nor Hyp mode");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernel), cmocka_unit_test(test_trees),
        cmocka_unit_test(test_elf),    cmocka_unit_test(test_firmware),
        cmocka_unit_test(test_chips),  cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
