/* SPDX-License-Identifier: GPL-2.0-or-later
 * board/arm_virt.c: what the first hart finds when it starts, what lies where in RAM, the device tree's
 * facts, the wiring of interrupts, what -M says; and what is said of machines that cannot be. The harts
 * are the bench's, which run nothing.
 */
#include "board_programs.h"
#include "board_tree.h"
#include "dev/arm.h"
#include "dev_bench.h"

#define RAM         UINT64_C(0x40000000)
#define GICD        UINT64_C(0x08000000)
#define GICC        UINT64_C(0x08010000)
#define ARM_MACHINE 183

struct built {
    struct machine_config config;
    struct isa isa;
    struct machine *machine;
    uint8_t kernel[8192];
    uint8_t initrd[10000];
};

/* What most tests want: a Linux Image and a RAM disk in 512 MiB. */
static void prepare(struct built *b)
{
    memset(b, 0, sizeof(*b));
    b->isa = bench_isa;
    b->isa.elf_machine = ARM_MACHINE;
    machine_config_init(&b->config);
    b->config.ram_bytes = 512 * MIB;
    b->config.hart_count = 2;
    b->config.seed = 1;
    make_linux_image(b->kernel, sizeof b->kernel, 0, 0x100000);
    memcpy(b->kernel + 56, "ARM\x64", 4);
    memset(b->initrd, 0xd1, sizeof b->initrd);
    b->config.images[IMAGE_KERNEL] = image_of(b->kernel, sizeof b->kernel);
    b->config.images[IMAGE_INITRD] = image_of(b->initrd, sizeof b->initrd);
}

static struct machine_thing *machine_thing(struct built *b)
{
    return machine_config_add_thing(&b->config, "board", "board");
}

static void build(struct built *b)
{
    struct error e = {""};

    b->machine = arm_virt_build(&b->config, &b->isa, &e);
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

    assert_null(arm_virt_build(&b->config, &b->isa, &e));
    if (strstr(e.text, words) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", e.text, words);
    }
}

static uint64_t word(struct built *b, paddr at)
{
    uint8_t bytes[8];

    assert_true(mem_read_bytes(machine_mem(b->machine), at, bytes, 8));
    return bytes_get_le(bytes, 8);
}

/* The caller frees it. */
static void *tree_at(struct built *b, paddr at)
{
    uint8_t header[8];
    uint64_t size;
    void *tree;

    assert_true(mem_read_bytes(machine_mem(b->machine), at, header, 8));
    size = bytes_get_be(header + 4, 4);
    assert_true(size < MIB);
    tree = base_alloc(size, 1);
    assert_true(mem_read_bytes(machine_mem(b->machine), at, tree, size));
    assert_int_equal(fdt_check_full(tree, size), 0);
    return tree;
}

/* ---- what lies where ---------------------------------------------------------------------------*/

static void test_start(void **state)
{
    (void)state;
    struct built b;
    void *tree;

    prepare(&b);
    build(&b);
    assert_int_equal(machine_cpu(b.machine, 0)->hart->pc, RAM);
    assert_int_equal(machine_cpu(b.machine, 0)->hart->stopped, 0);
    assert_int_equal(machine_cpu(b.machine, 1)->hart->stopped, 1);
    assert_int_equal(word(&b, RAM), 0xaa1f03e1580000c0);
    assert_int_equal(word(&b, RAM + 0x18), RAM + 0x8200000); /* the tree */
    assert_int_equal(word(&b, RAM + 0x20), RAM + 0x200000);  /* the kernel */
    assert_int_equal(word(&b, RAM + 0x200038) >> 0 & 0xffffffff, 0x644d5241);
    assert_int_equal(word(&b, RAM + 0x8000000), 0xd1d1d1d1d1d1d1d1);
    tree = tree_at(&b, RAM + 0x8200000);
    assert_int_equal(prop_number(tree, "/chosen", "linux,initrd-start"), RAM + 0x8000000);
    assert_int_equal(prop_number(tree, "/chosen", "linux,initrd-end"), RAM + 0x8000000 + 10000);
    free(tree);
    end(&b);
}

static void test_images(void **state)
{
    (void)state;
    struct built b;

    prepare(&b); /* an offset in its header, which leaves room for the start code */
    bytes_set_le(b.kernel + 8, 8, 0x80000);
    build(&b);
    assert_int_equal(word(&b, RAM + 0x20), RAM + 0x80000);
    end(&b);
    prepare(&b); /* of old: no size; where they all were */
    bytes_set_le(b.kernel + 16, 8, 0);
    build(&b);
    assert_int_equal(word(&b, RAM + 0x20), RAM + 0x80000);
    end(&b);
    prepare(&b); /* bytes */
    memset(b.kernel, 0, sizeof b.kernel);
    build(&b);
    assert_int_equal(word(&b, RAM + 0x20), RAM + 0x80000);
    end(&b);
    prepare(&b); /* small: the RAM disk behind half of the RAM */
    b.config.ram_bytes = 16 * MIB;
    build(&b);
    assert_int_equal(word(&b, RAM + 0x18), RAM + 0xa00000);
    end(&b);
}

/* Started at its entry, as it is; the tree is at the beginning of RAM. */
static void test_elf(void **state)
{
    (void)state;
    const struct elf_part part = {
        .type = 1, .vaddr = RAM + 0x100000, .paddr = RAM + 0x100000, .file_bytes = 64, .bytes = 64};
    uint8_t file[512];
    struct built b;
    void *tree;

    prepare(&b);
    make_elf(file, sizeof file, RAM + 0x100010, &part, 1);
    bytes_set_le(file + 18, 2, ARM_MACHINE);
    b.config.images[IMAGE_KERNEL] = image_of(file, sizeof file);
    b.config.images[IMAGE_INITRD] = image_of(NULL, 0);
    build(&b);
    assert_int_equal(machine_cpu(b.machine, 0)->hart->pc, RAM + 0x100010);
    tree = tree_at(&b, RAM);
    ASSERT_TEXTS(tree, "/", "compatible", "linux,dummy-virt");
    free(tree);
    end(&b);
}

static void store(struct built *b, paddr at, uint64_t value)
{
    struct mem_window *w = bench_window_at(b->machine, at);

    assert_non_null(w);
    w->write(w->opaque, mem_access_to(w, at - w->base, 4, 1), value);
}

static uint64_t load(struct built *b, paddr at)
{
    struct mem_window *w = bench_window_at(b->machine, at);

    assert_non_null(w);
    return w->read(w->opaque, mem_access_to(w, at - w->base, 4, 1));
}

/* ---- the tree ---------------------------------------------------------------------------------*/

static void test_tree(void **state)
{
    (void)state;
    struct built b;
    void *tree;

    prepare(&b);
    memcpy(b.config.append, "console=ttyAMA0", 16);
    build(&b);
    tree = tree_at(&b, RAM + 0x8200000);
    ASSERT_TEXTS(tree, "/chosen", "bootargs", "console=ttyAMA0");
    ASSERT_TEXTS(tree, "/chosen", "stdout-path", "/pl011@9000000");
    ASSERT_CELLS(tree, "/memory@40000000", "reg", 0, 0x40000000, 0, 0x20000000);
    ASSERT_TEXTS(tree, "/psci", "method", "hvc");
    ASSERT_TEXTS(tree, "/psci", "compatible", "arm,psci-1.0\0arm,psci-0.2\0arm,psci");
    ASSERT_TEXTS(tree, "/cpus/cpu@1", "enable-method", "psci");
    ASSERT_TEXTS(tree, "/cpus/cpu@0", "compatible", "arm,cortex-a57");
    assert_int_equal(prop_number(tree, "/cpus/cpu@1", "reg"), 1);
    assert_int_equal(prop_number(tree, "/cpus/cpu-map/socket0/cluster0/core1", "cpu"),
                     prop_number(tree, "/cpus/cpu@1", "phandle"));
    ASSERT_CELLS(tree, "/timer", "interrupts", 1, 13, 0x304, 1, 14, 0x304, 1, 11, 0x304, 1, 10,
                 0x304);
    ASSERT_CELLS(tree, "/pmu", "interrupts", 1, 7, 0x304);
    ASSERT_TEXTS(tree, "/intc@8000000", "compatible", "arm,cortex-a15-gic");
    ASSERT_CELLS(tree, "/intc@8000000", "reg", 0, 0x8000000, 0, 0x10000, 0, 0x8010000, 0, 0x10000);
    assert_int_equal(prop_number(tree, "/", "interrupt-parent"),
                     prop_number(tree, "/intc@8000000", "phandle"));
    ASSERT_CELLS(tree, "/pl011@9000000", "interrupts", 0, 1, 4);
    ASSERT_CELLS(tree, "/pl031@9010000", "interrupts", 0, 2, 4);
    ASSERT_CELLS(tree, "/pl061@9030000", "interrupts", 0, 7, 4);
    assert_int_equal(prop_number(tree, "/apb-pclk", "clock-frequency"), 24000000);
    assert_int_equal(prop_number(tree, "/gpio-keys/poweroff", "linux,code"), 116);
    ASSERT_CELLS(tree, "/virtio_mmio@a003e00", "interrupts", 0, 47, 1);
    free(tree);
    end(&b);
}

static void test_gicv3(void **state)
{
    (void)state;
    struct machine_thing *t;
    struct built b;
    uint64_t value;
    void *tree;

    prepare(&b);
    t = machine_thing(&b);
    thing_set_text(t, "gic-version", "max");
    build(&b);
    tree = tree_at(&b, RAM + 0x8200000);
    ASSERT_TEXTS(tree, "/intc@8000000", "compatible", "arm,gic-v3");
    ASSERT_CELLS(tree, "/intc@8000000", "reg", 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0xf60000);
    ASSERT_CELLS(tree, "/intc@8000000/its@8080000", "reg", 0, 0x8080000, 0, 0x20000);
    ASSERT_CELLS(tree, "/pmu", "interrupts", 1, 7, 4);
    assert_int_equal(load(&b, 0x80a0000 + 0xffe8), 0x3b);
    assert_int_equal(load(&b, 0x80c0000 + 0x8), 1 << 8 | 0x11); /* the second hart's, the last */
    assert_int_equal(load(&b, 0x8080000 + 0xffe8), 0x3b);
    assert_int_equal(machine_cpu(b.machine, 0)
                         ->platform->read_register(machine_cpu(b.machine, 0),
                                                   3 << 14 | 12 << 7 | 12 << 3 | 5, &value),
                     PLATFORM_DONE);
    assert_int_equal(value, 7);
    free(tree);
    machine_free(b.machine);
    thing_set_flag(t, "its", false);
    thing_set_flag(t, "virtualization", true);
    build(&b);
    tree = tree_at(&b, RAM + 0x8200000);
    ASSERT_CELLS(tree, "/intc@8000000", "interrupts", 1, 9, 4);
    assert_true(fdt_path_offset(tree, "/intc@8000000/its@8080000") < 0);
    assert_int_equal(load(&b, 0x8000004) >> 17 & 1, 0); /* no LPIs */
    free(tree);
    end(&b);
}

static void test_virtualization(void **state)
{
    (void)state;
    struct platform_call call = {.service = SERVICE_SEMIHOSTING, .words = {0x31}};
    struct machine_thing *t;
    struct built b;
    void *tree;

    prepare(&b);
    t = machine_thing(&b);
    thing_set_flag(t, "virtualization", true);
    thing_set_flag(t, "semihosting", true);
    build(&b);
    assert_int_equal(machine_cpu(b.machine, 0)->platform->call(machine_cpu(b.machine, 0), &call),
                     PLATFORM_DONE);
    tree = tree_at(&b, RAM + 0x8200000);
    ASSERT_TEXTS(tree, "/psci", "method", "smc");
    free(tree);
    end(&b);
}

/* ---- wiring -----------------------------------------------------------------------------------*/

static uint64_t pins(struct built *b, unsigned hart)
{
    return ((struct bench_hart *)machine_cpu(b->machine, hart)->state)->pins;
}

/* All of it goes to the second hart. */
static void test_wiring(void **state)
{
    (void)state;
    static const uint8_t ppis[] = {30, 27, 26, 28, 29, 23};
    struct built b;

    prepare(&b);
    build(&b);
    assert_int_equal(machine_port_by_name(b.machine, "serial0"), 1);
    store(&b, GICD, 1);
    store(&b, GICC, 1);
    store(&b, GICC + 4, 0xff);
    store(&b, GICD + 0x100, 0xffff0000);
    store(&b, GICD + 0x104, 1 << 1 | 1 << 2 | 1 << 7);
    store(&b, GICD + 0x820, 0x02020202);
    store(&b, GICD + 0x824, 0x02020202);
    for (unsigned i = 0; i < ARRAY_LEN(ppis); i++) {
        struct cpu *cpu = machine_cpu(b.machine, 1);

        cpu->platform->line(cpu, i, true);
        assert_int_equal(pins(&b, 1), 1);
        assert_int_equal(pins(&b, 0), 0);
        assert_int_equal(load(&b, GICC + 0xc), ppis[i]);
        cpu->platform->line(cpu, i, false);
        store(&b, GICC + 0x10, ppis[i]);
    }
    store(&b, 0x9000038, 0x20); /* the UART's transmitter */
    store(&b, 0x9000000, 'x');
    assert_int_equal(load(&b, GICC + 0xc), 33);
    store(&b, 0x9000038, 0);
    store(&b, GICC + 0x10, 33);
    store(&b, 0x9010010, 1); /* the clock's match: now */
    store(&b, 0x9010004, (uint32_t)load(&b, 0x9010000));
    assert_int_equal(load(&b, GICC + 0xc), 34);
    store(&b, 0x901001c, 1);
    store(&b, GICC + 0x10, 34);
    store(&b, 0x903040c, 8); /* the power button, by its rising edge */
    store(&b, 0x9030410, 8);
    assert_int_equal(pins(&b, 1), 0);
    machine_press_power_button(b.machine);
    assert_int_equal(load(&b, GICC + 0xc), 39);
    assert_int_equal(machine_state(b.machine)->power, POWER_ON);
    end(&b);
}

/* The order is part of every recording: it decides what comes first at a tick. New chips are appended. */
static void test_order_of_ties(void **state)
{
    static const char *const order[] = {"gic",         "uart0", "rtc",    "gpio",   "power-button",
                                        "virtio-none", "psci",  "flash0", "flash1", "fw-cfg"};
    struct built b;

    (void)state;
    prepare(&b);
    build(&b);
    assert_int_equal(machine_device_count(b.machine), ARRAY_LEN(order));
    for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
        assert_string_equal(machine_device(b.machine, i)->name, order[i]);
    }
    end(&b);
}

/* ---- machines that cannot be ------------------------------------------------------------------*/

static void test_refusals(void **state)
{
    (void)state;
    struct machine_thing *t;
    struct built b;

    prepare(&b);
    b.config.images[IMAGE_INITRD].size = 0;
    assert_refused(&b, "it is empty");
    prepare(&b);
    b.config.images[IMAGE_KERNEL] = image_of(NULL, 0);
    assert_refused(&b, "without a kernel");
    b.config.images[IMAGE_INITRD] = image_of(NULL, 0);
    assert_refused(&b, "nothing to run");
    prepare(&b);
    memcpy(b.kernel + 56, "RSC\x05", 4);
    assert_refused(&b, "a RISC-V Linux Image");
    prepare(&b);
    b.config.ram_bytes = 256 * MIB + 1;
    assert_refused(&b, "whole pages");
    b.config.ram_bytes = 2 * MIB;
    assert_refused(&b, "kernel, 1048576 bytes at 0x40200000, does not fit");
    prepare(&b);
    t = machine_thing(&b);
    thing_set_text(t, "gic-version", "4");
    assert_refused(&b, "there are 2, 3 and max");
    thing_set_text(t, "gic-version", "2");
    thing_set_flag(t, "secure", true);
    assert_refused(&b, "no secure world");
    b.machine = NULL;
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start),    cmocka_unit_test(test_images),
        cmocka_unit_test(test_elf),      cmocka_unit_test(test_tree),
        cmocka_unit_test(test_gicv3),    cmocka_unit_test(test_virtualization),
        cmocka_unit_test(test_wiring),   cmocka_unit_test(test_order_of_ties),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
