/* SPDX-License-Identifier: GPL-2.0-or-later
 * board/riscv_virt.c: what the harts find when they start: the ROM, what lies where in RAM, the
 * device tree's facts, the wiring of interrupts; and what is said of machines that cannot be.
 * The harts are the bench's, which run nothing.
 */
#include "board_programs.h"
#include "board_tree.h"
#include "dev_bench.h"

#define RAM  UINT64_C(0x80000000)
#define UART UINT64_C(0x10000000)
#define PLIC UINT64_C(0xc000000)

struct built {
    struct machine_config config;
    struct isa isa;
    struct machine *machine;
    uint8_t kernel[8192];
    uint8_t firmware[0x1c280];
    uint8_t initrd[10000];
};

/* What most tests want: firmware, a Linux Image and a RAM disk in 256 MiB. */
static void prepare(struct built *b)
{
    memset(b, 0, sizeof(*b));
    b->isa = bench_isa;
    b->isa.elf_machine = RISCV_MACHINE;
    machine_config_init(&b->config);
    b->config.ram_bytes = 256 * MIB;
    b->config.hart_count = 2;
    b->config.seed = 1;
    make_linux_image(b->kernel, sizeof b->kernel, 0x200000, 0x100000);
    memset(b->firmware, 0xf1, sizeof b->firmware);
    memset(b->initrd, 0xd1, sizeof b->initrd);
    b->config.images[IMAGE_KERNEL] = image_of(b->kernel, sizeof b->kernel);
    b->config.images[IMAGE_BIOS] = image_of(b->firmware, sizeof b->firmware);
    b->config.images[IMAGE_INITRD] = image_of(b->initrd, sizeof b->initrd);
}

static void build(struct built *b)
{
    struct error e = {""};

    b->machine = riscv_virt_build(&b->config, &b->isa, &e);
    if (b->machine == NULL) {
        fail_msg("%s", e.text);
    }
}

static void assert_refused(struct built *b, const char *words)
{
    struct error e = {""};

    assert_null(riscv_virt_build(&b->config, &b->isa, &e));
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

/* The tree where the ROM says it is; the caller frees it. */
static void *tree_of(struct built *b)
{
    paddr at = word(b, 0x1028);
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

static void test_boot_rom(void **state)
{
    (void)state;
    static const uint64_t code[] = {0x00000297f1402573, 0x0242b58302c28613, 0x0002806701c2b283};
    struct built b;

    prepare(&b);
    build(&b);
    for (unsigned i = 0; i < ARRAY_LEN(code); i++) {
        assert_int_equal(word(&b, 0x1000 + 8 * i), code[i]);
    }
    assert_int_equal(word(&b, 0x1020), RAM);           /* the firmware */
    assert_int_equal(word(&b, 0x1028), 0x8fe00000);    /* the tree, where the reference has it */
    assert_int_equal(word(&b, 0x1030), 0x4942534f);    /* fw_dynamic_info */
    assert_int_equal(word(&b, 0x1038), 2);             /* version */
    assert_int_equal(word(&b, 0x1040), RAM + 2 * MIB); /* the kernel */
    assert_int_equal(word(&b, 0x1048), 1);             /* supervisor mode */
    assert_int_equal(word(&b, 0x1050), 0);
    assert_int_equal(word(&b, 0x1058), 0);
    for (unsigned h = 0; h < 2; h++) {
        assert_int_equal(machine_cpu(b.machine, h)->hart->pc, 0x1000);
    }
    machine_free(b.machine);
}

static void test_images_lie_in_ram(void **state)
{
    (void)state;
    struct built b;
    void *tree;
    paddr start, end;
    uint8_t bytes[10000];

    prepare(&b);
    build(&b);
    tree = tree_of(&b);
    start = prop_number(tree, "/chosen", "linux,initrd-start");
    end = prop_number(tree, "/chosen", "linux,initrd-end");
    assert_int_equal(end - start, sizeof b.initrd);
    assert_int_equal(start % PAGE_SIZE, 0);
    assert_true(end <= word(&b, 0x1028));
    assert_true(mem_read_bytes(machine_mem(b.machine), start, bytes, sizeof b.initrd));
    assert_memory_equal(bytes, b.initrd, sizeof b.initrd);
    assert_true(mem_read_bytes(machine_mem(b.machine), RAM + 2 * MIB, bytes, sizeof b.kernel));
    assert_memory_equal(bytes, b.kernel, sizeof b.kernel);
    assert_int_equal(word(&b, RAM), UINT64_C(0xf1f1f1f1f1f1f1f1));
    free(tree);
    machine_free(b.machine);
}

/* A reset puts everything back, the kernel's bss as zeros too. */
static void test_reset(void **state)
{
    (void)state;
    static const paddr places[] = {RAM, RAM + 2 * MIB, RAM + 2 * MIB + 0xff000, 0x1028};
    struct built b;
    uint64_t before[ARRAY_LEN(places)];

    prepare(&b);
    build(&b);
    for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
        before[i] = word(&b, places[i]);
        assert_int_equal(mem_write_bytes(machine_mem(b.machine), places[i], "spoiled!", 8),
                         places[i] >= RAM); /* the ROM stays as it is */
    }
    machine_cpu(b.machine, 1)->hart->pc = 0;
    machine_request_reset(b.machine, RESET_WARM);
    assert_int_equal(machine_run(b.machine, machine_now(b.machine) + 1, false), STOP_TICK);
    for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
        assert_int_equal(word(&b, places[i]), before[i]);
    }
    assert_int_equal(machine_cpu(b.machine, 1)->hart->pc, 0x1000);
    machine_free(b.machine);
}

static void test_no_firmware(void **state)
{
    (void)state;
    const struct elf_part part = {
        .type = 1, .vaddr = RAM, .paddr = RAM, .file_bytes = 200, .bytes = 70000};
    struct built b;
    uint8_t file[512];

    prepare(&b);
    b.config.bios_none = 1;
    build(&b);
    assert_int_equal(word(&b, 0x1020), RAM); /* the Image itself, at the start of RAM */
    machine_free(b.machine);
    make_elf(file, sizeof file, RAM + 0x80, &part, 1);
    b.config.images[IMAGE_KERNEL] = image_of(file, sizeof file);
    build(&b);
    assert_int_equal(word(&b, 0x1020), RAM + 0x80);
    machine_free(b.machine);
}

static void test_firmware_alone(void **state)
{
    (void)state;
    struct built b;

    prepare(&b);
    b.config.images[IMAGE_KERNEL] = b.config.images[IMAGE_INITRD] = image_of(NULL, 0);
    build(&b);
    assert_int_equal(word(&b, 0x1020), RAM);
    assert_int_equal(word(&b, 0x1040), 0);
    machine_free(b.machine);
}

/* The tree stays below 3 GiB, however much RAM there is; small RAM has room for small things. */
static void test_ram_sizes(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        paddr tree;
    } cases[] = {
        {1 * MIB, 0x800ef000}, {16 * MIB, 0x80e00000}, {128 * MIB, 0x87e00000},
        {1 * GIB, 0xbfe00000}, {2 * GIB, 0xbfe00000},  {8 * GIB, 0xbfe00000},
    };

    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct built b;

        prepare(&b);
        b.config.ram_bytes = cases[i].bytes;
        b.config.images[IMAGE_INITRD] = image_of(NULL, 0);
        if (cases[i].bytes < 4 * MIB) {
            b.config.bios_none = 1;
            b.config.images[IMAGE_KERNEL] = image_of("\x6f\0\0\0", 4);
        }
        build(&b);
        assert_int_equal(word(&b, 0x1028), cases[i].tree);
        machine_free(b.machine);
    }
}

/* ---- the tree ---------------------------------------------------------------------------------*/

static void test_tree(void **state)
{
    (void)state;
    struct built b;
    void *tree;

    prepare(&b);
    memcpy(b.config.append, "console=ttyS0", 14);
    build(&b);
    tree = tree_of(&b);
    ASSERT_TEXTS(tree, "/", "compatible", "riscv-virtio");
    ASSERT_TEXTS(tree, "/chosen", "bootargs", "console=ttyS0");
    ASSERT_TEXTS(tree, "/chosen", "stdout-path", "/soc/serial@10000000");
    ASSERT_CELLS(tree, "/memory@80000000", "reg", 0, 0x80000000, 0, 0x10000000);
    assert_int_equal(prop_number(tree, "/cpus", "timebase-frequency"), 10000000);
    ASSERT_TEXTS(tree, "/cpus/cpu@1", "mmu-type", "riscv,sv57");
    ASSERT_TEXTS(tree, "/cpus/cpu@1", "riscv,isa-base", "rv64i");
    assert_int_equal(prop_number(tree, "/cpus/cpu@1", "riscv,cbom-block-size"), 64);
    assert_int_equal(prop_number(tree, "/cpus/cpu@1", "riscv,cboz-block-size"), 64);
    assert_int_equal(prop_number(tree, "/cpus/cpu-map/cluster0/core1", "cpu"),
                     prop_number(tree, "/cpus/cpu@1", "phandle"));
    assert_true(fdt_path_offset(tree, "/cpus/cpu@2") < 0);
    ASSERT_TEXTS(tree, "/soc/plic@c000000", "compatible", "sifive,plic-1.0.0\0riscv,plic0");
    ASSERT_CELLS(tree, "/soc/plic@c000000", "reg", 0, 0xc000000, 0, 0x600000);
    ASSERT_CELLS(tree, "/soc/plic@c000000", "interrupts-extended", 2, 11, 2, 9, 4, 11, 4, 9);
    assert_int_equal(prop_number(tree, "/soc/plic@c000000", "riscv,ndev"), 96);
    ASSERT_TEXTS(tree, "/soc/clint@2000000", "compatible", "sifive,clint0\0riscv,clint0");
    ASSERT_CELLS(tree, "/soc/clint@2000000", "interrupts-extended", 2, 3, 2, 7, 4, 3, 4, 7);
    assert_int_equal(prop_number(tree, "/cpus/cpu@0/interrupt-controller", "phandle"), 2);
    assert_int_equal(prop_number(tree, "/cpus/cpu@1/interrupt-controller", "phandle"), 4);
    ASSERT_TEXTS(tree, "/soc/serial@10000000", "compatible", "ns16550a");
    assert_int_equal(prop_number(tree, "/soc/serial@10000000", "clock-frequency"), 3686400);
    assert_int_equal(prop_number(tree, "/soc/serial@10000000", "interrupts"), 10);
    assert_int_equal(prop_number(tree, "/soc/serial@10000000", "interrupt-parent"),
                     prop_number(tree, "/soc/plic@c000000", "phandle"));
    assert_int_equal(prop_number(tree, "/soc/rtc@101000", "interrupts"), 11);
    ASSERT_TEXTS(tree, "/soc/test@100000", "compatible", "sifive,test1\0sifive,test0\0syscon");
    assert_int_equal(prop_number(tree, "/poweroff", "regmap"),
                     prop_number(tree, "/soc/test@100000", "phandle"));
    assert_int_equal(prop_number(tree, "/poweroff", "value"), 0x5555);
    assert_int_equal(prop_number(tree, "/reboot", "value"), 0x7777);
    free(tree);
    machine_free(b.machine);
}

static void assert_isa(const char *cpu, const char *expected, bool has_zicboz)
{
    struct built b;
    const char *isa;
    int length;
    void *tree;

    prepare(&b);
    memcpy(b.config.cpu, cpu, strlen(cpu) + 1);
    build(&b);
    tree = tree_of(&b);
    isa = prop(tree, "/cpus/cpu@0", "riscv,isa", &length);
    assert_non_null(isa);
    assert_string_equal(isa, expected);
    assert_int_equal(prop(tree, "/cpus/cpu@0", "riscv,cboz-block-size", &length) != NULL,
                     has_zicboz);
    free(tree);
    machine_free(b.machine);
}

static void test_extensions(void **state)
{
    (void)state;
    const char *all = "rv64imafdc_zicbom_zicboz_zicntr_zicsr_zifencei_zihpm_zba_zbb_zbs_sstc_"
                      "svadu_svinval";

    assert_isa("", all, true);
    assert_isa("rv64", all, true);
    assert_isa("rv64,zba=true,zbb=on", all, true);
    assert_isa("rv64,Zicboz=false,zbb=OFF,svadu=no",
               "rv64imafdc_zicbom_zicntr_zicsr_zifencei_zihpm_zba_zbs_sstc_svinval", false);
    assert_isa("rv64,zba=off,zba=on", all, true);
    assert_isa("rv64,zba=offer,xzbb=off,zbb,zbs=", all, true);
    assert_isa("rv64,zfh=on,svpbmt=true,zbc=on,zbc=off",
               "rv64imafdc_zicbom_zicboz_zicntr_zicsr_zifencei_zihpm_zfh_zfhmin_zba_zbb_zbs_sstc_"
               "svadu_svinval_svpbmt",
               true);
    assert_isa(
        "rv64,zbc=on,zbkb=on,zicond=on,zihintpause=on,zfh=on,svnapot=on,svpbmt=on,zicboz=off",
        "rv64imafdc_zicbom_zicntr_zicond_zicsr_zifencei_zihintpause_zihpm_zfh_zfhmin_zba_"
        "zbb_zbc_zbkb_zbs_sstc_svadu_svinval_svnapot_svpbmt",
        false);
}

static const char isa_riscv32_max[] = "rv32,zbc=on,zbkb=on,zicond=on,zihintpause=on,zfa=on,zfh=on";

/* The words of the ROM and of what firmware is told are as wide as the registers. */
static void test_riscv32(void **state)
{
    (void)state;
    struct built b;
    int length;
    void *tree;

    prepare(&b);
    b.isa.name = "riscv32";
    memcpy(b.config.cpu, isa_riscv32_max, sizeof(isa_riscv32_max));
    build(&b);
    assert_int_equal(word(&b, 0x1008) >> 32, 0x0242a583); /* lw */
    assert_int_equal(word(&b, 0x1020), RAM);              /* the firmware */
    assert_int_equal(word(&b, 0x1030), UINT64_C(2) << 32 | 0x4942534f);
    assert_int_equal(word(&b, 0x1038), UINT64_C(1) << 32 | (RAM + 0x200000));
    tree = tree_of(&b);
    ASSERT_TEXTS(tree, "/cpus/cpu@1", "riscv,isa-base", "rv32i");
    ASSERT_TEXTS(tree, "/cpus/cpu@1", "mmu-type", "riscv,sv32");
    assert_string_equal(prop(tree, "/cpus/cpu@0", "riscv,isa", &length),
                        "rv32imafdc_zicbom_zicboz_zicntr_zicond_zicsr_zifencei_zihintpause_zihpm_"
                        "zfa_zfh_zfhmin_zba_zbb_zbc_zbkb_zbs_sstc_svadu_svinval");
    free(tree);
    machine_free(b.machine);
}

static void test_seed(void **state)
{
    (void)state;
    uint8_t seeds[3][32];

    for (unsigned i = 0; i < 3; i++) {
        struct built b;
        const void *value;
        void *tree;
        int length;

        prepare(&b);
        b.config.seed = i / 2;
        build(&b);
        tree = tree_of(&b);
        value = prop(tree, "/chosen", "rng-seed", &length);
        assert_non_null(value);
        assert_int_equal(length, 32);
        memcpy(seeds[i], value, 32);
        free(tree);
        machine_free(b.machine);
    }
    assert_memory_equal(seeds[0], seeds[1], 32);
    assert_memory_not_equal(seeds[0], seeds[2], 32);
}

static void test_users_tree(void **state)
{
    (void)state;
    struct built b;
    uint8_t theirs[512];
    void *tree;

    must(fdt_create(theirs, sizeof theirs) == 0 && fdt_finish_reservemap(theirs) == 0);
    must(fdt_begin_node(theirs, "") == 0);
    must(fdt_property_string(theirs, "model", "theirs") == 0);
    must(fdt_end_node(theirs) == 0 && fdt_finish(theirs) == 0);
    prepare(&b);
    memcpy(b.config.append, "quiet", 6);
    b.config.images[IMAGE_DTB] = image_of(theirs, fdt_totalsize(theirs));
    build(&b);
    tree = tree_of(&b);
    ASSERT_TEXTS(tree, "/", "model", "theirs");
    ASSERT_TEXTS(tree, "/chosen", "bootargs", "quiet");
    assert_true(prop_number(tree, "/chosen", "linux,initrd-start") > RAM);
    assert_true(fdt_path_offset(tree, "/cpus") < 0);
    free(tree);
    machine_free(b.machine);
    theirs[0] ^= 1;
    assert_refused(&b, "device tree a.file");
}

/* ---- wiring -----------------------------------------------------------------------------------*/

static void store(struct built *b, paddr at, unsigned size, uint64_t value)
{
    struct mem_window *w = bench_window_at(b->machine, at);

    assert_non_null(w);
    w->write(w->opaque, mem_access_to(w, at - w->base, size, 0), value);
}

static uint64_t load(struct built *b, paddr at, unsigned size)
{
    struct mem_window *w = bench_window_at(b->machine, at);

    assert_non_null(w);
    return w->read(w->opaque, mem_access_to(w, at - w->base, size, 0));
}

static uint64_t pins(struct built *b, unsigned hart)
{
    return ((struct bench_hart *)machine_cpu(b->machine, hart)->state)->pins;
}

static void test_wiring(void **state)
{
    (void)state;
    struct built b;

    prepare(&b);
    build(&b);
    assert_int_equal(machine_port_by_name(b.machine, "serial0"), 1);
    assert_non_null(machine_cpu(b.machine, 1)->timer.read);
    store(&b, PLIC + 4 * 10, 4, 1);
    store(&b, PLIC + 4 * 11, 4, 1);
    store(&b, PLIC + 0x2000 + 0x80 * 3, 4, 1 << 10 | 1 << 11); /* hart 1, supervisor */
    store(&b, UART + 1, 1, 2);
    assert_int_equal(pins(&b, 1), 1 << 9);
    store(&b, UART + 1, 1, 0);
    assert_int_equal(pins(&b, 1), 1 << 9); /* the request stays */
    assert_int_equal(load(&b, PLIC + 0x203004, 4), 10);
    assert_int_equal(pins(&b, 1), 0);
    store(&b, 0x101000 + 0x10, 4, 1); /* the clock's alarm, in the past */
    store(&b, 0x101000 + 0x08, 4, 0);
    assert_int_equal(pins(&b, 1), 1 << 9);
    store(&b, 0x2000004, 4, 1);
    assert_int_equal(pins(&b, 1), 1 << 9 | 1 << 3);
    assert_int_equal(pins(&b, 0), 0);
    store(&b, 0x100000, 4, 0x5555);
    assert_int_equal(machine_state(b.machine)->power, POWER_OFF);
    machine_free(b.machine);
}

/* The order is part of every recording: it decides what comes first at a tick. New chips are appended. */
static void test_order_of_ties(void **state)
{
    static const char *const order[] = {"clint", "plic", "test", "rtc", "uart0"};
    struct built b;

    (void)state;
    prepare(&b);
    build(&b);
    assert_int_equal(machine_device_count(b.machine), ARRAY_LEN(order));
    for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
        assert_string_equal(machine_device(b.machine, i)->name, order[i]);
        assert_int_equal(machine_device(b.machine, i)->number, i);
    }
    machine_free(b.machine);
}

/* ---- machines that cannot be ------------------------------------------------------------------*/

static void test_refusals(void **state)
{
    (void)state;
    const struct elf_part low = {.type = 1, .file_bytes = 100, .bytes = 100};
    const struct elf_part on_firmware = {
        .type = 1, .vaddr = RAM, .paddr = RAM, .file_bytes = 100, .bytes = 100};
    struct built b;
    uint8_t file[512];

    prepare(&b);
    b.config.images[IMAGE_BIOS] = image_of(NULL, 0);
    assert_refused(&b, "-bios");
    b.config.bios_none = 1;
    b.config.images[IMAGE_KERNEL] = image_of(NULL, 0);
    assert_refused(&b, "without a kernel");
    b.config.images[IMAGE_INITRD] = image_of(NULL, 0);
    assert_refused(&b, "nothing to run");
    prepare(&b);
    b.config.ram_bytes = 4096;
    assert_refused(&b, "from 1 MiB to 64 GiB");
    b.config.ram_bytes = 64 * GIB + 4096;
    assert_refused(&b, "from 1 MiB to 64 GiB");
    b.config.ram_bytes = 256 * MIB + 1;
    assert_refused(&b, "whole pages");
    b.config.ram_bytes = 2 * MIB;
    assert_refused(&b, "kernel, 1048576 bytes at 0x80200000, does not fit");
    b.config.ram_bytes = 4 * MIB;
    b.config.images[IMAGE_INITRD].size = 5 * MIB; /* never read: there is no place for it */
    assert_refused(&b, "initial RAM disk, 5242880 bytes");
    b.config.images[IMAGE_INITRD].size = sizeof b.initrd;
    b.config.ram_bytes = 3 * MIB; /* the kernel's bss reaches the top */
    assert_refused(&b, "overlaps the kernel");
    prepare(&b);
    b.config.hart_count = 9;
    assert_refused(&b, "1 to 8 harts");
    prepare(&b);
    make_elf(file, sizeof file, 0, &low, 1);
    b.config.images[IMAGE_KERNEL] = image_of(file, sizeof file);
    assert_refused(&b, "does not fit in the RAM");
    make_elf(file, sizeof file, RAM, &on_firmware, 1);
    assert_refused(&b, "overlaps the firmware");
    prepare(&b);
    b.config.images[IMAGE_BIOS].size = 0;
    assert_refused(&b, "firmware a.file: it is empty");
    prepare(&b);
    b.config.images[IMAGE_INITRD].size = 0;
    assert_refused(&b, "initial RAM disk a.file: it is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boot_rom),       cmocka_unit_test(test_images_lie_in_ram),
        cmocka_unit_test(test_reset),          cmocka_unit_test(test_no_firmware),
        cmocka_unit_test(test_firmware_alone), cmocka_unit_test(test_ram_sizes),
        cmocka_unit_test(test_tree),           cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_riscv32),        cmocka_unit_test(test_seed),
        cmocka_unit_test(test_users_tree),     cmocka_unit_test(test_wiring),
        cmocka_unit_test(test_order_of_ties),  cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
