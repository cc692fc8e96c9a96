/* SPDX-License-Identifier: GPL-2.0-or-later
 * riscv_virt: the reference's `virt` board for RV32 and RV64, so far as its guests can tell: its memory map
 * and interrupt numbers, a boot ROM that starts firmware as OpenSBI's fw_dynamic wants it, and the
 * kernel, the initial RAM disk and the device tree in RAM.
 * Left out: PCI, virtio slots, flash, fw-cfg; see docs/devices.md.
 */
#include <stdlib.h>

#include "board/internal.h"
#include "dev/dev.h"
#include "dev/virtio.h"

/* The device tree ends below this, as 32-bit firmware wants it, and starts a page of 2 MiB. */
#define FDT_LIMIT       UINT64_C(0xc0000000)
#define FDT_ALIGN       (2 * MIB)
#define FDT_ALIGN_SMALL (4 * KIB) /* with less RAM than: */
#define RAM_SMALL       (16 * MIB)
#define FDT_FIXUP_ROOM  (64 * KIB) /* firmware makes the tree longer in place */

/* OpenSBI's firmware/fw_dynamic: what the firmware before it tells it, version 2. */
#define FW_DYNAMIC_MAGIC   UINT64_C(0x4942534f)
#define FW_DYNAMIC_VERSION 2
enum { FW_NEXT_MODE_S = 1 };

/* ---- chips ------------------------------------------------------------------------------------*/

static bool is_32(const struct machine *m)
{
    return strcmp(machine_isa(m)->name, "riscv32") == 0;
}

/* Memory above 4 GiB is behind the RAM, at a multiple of its size. */
struct pci_host_config riscv_virt_pci(const struct machine_config *c, bool narrow)
{
    uint64_t high_bytes = narrow ? 1 * GIB : 16 * GIB;

    return (struct pci_host_config){
        .ecam = RISCV_VIRT_PCI_ECAM,
        .ecam_bytes = 256 * MIB,
        .memory = RISCV_VIRT_PCI_MEMORY,
        .memory_bytes = 1 * GIB,
        .high = narrow ? 12 * GIB : align_up(RISCV_VIRT_RAM + c->ram_bytes, high_bytes),
        .high_bytes = high_bytes,
        .io = RISCV_VIRT_PCI_IO,
        .io_bytes = 64 * KIB,
    };
}

static int add_chips(struct machine *m, const struct machine_config *c, struct error *e)
{
    struct board_pci pci = {.host = riscv_virt_pci(c, is_32(m)), .first_input = RISCV_VIRT_PCI_IRQ};
    const struct goldfish_rtc_config rtc_config = {.epoch_ns = c->epoch_ns};
    const struct uart16550_config uart_config = {.clock_hz = RISCV_VIRT_UART_HZ};
    /* The order is that of ties. */
    struct device *timer =
        machine_add_device(m, &clint, "clint", RISCV_VIRT_CLINT, NULL, 0, NULL, e);
    struct device *interrupts =
        machine_add_device(m, &plic, "plic", RISCV_VIRT_PLIC, NULL, 0, NULL, e);
    struct device *test =
        machine_add_device(m, &test_finisher, "test", RISCV_VIRT_TEST, NULL, 0, NULL, e);
    struct device *rtc = machine_add_device(m, &goldfish_rtc, "rtc", RISCV_VIRT_RTC, &rtc_config,
                                            sizeof rtc_config, NULL, e);
    struct device *uart = machine_add_device(m, &uart16550, "uart0", RISCV_VIRT_UART, &uart_config,
                                             sizeof uart_config, "serial0", e);

    if (timer == NULL || interrupts == NULL || test == NULL || rtc == NULL || uart == NULL) {
        return -1;
    }
    clint_attach(timer);
    machine_connect(rtc, 0, interrupts, RISCV_VIRT_RTC_IRQ);
    machine_connect(uart, 0, interrupts, RISCV_VIRT_UART_IRQ);
    pci.interrupts = interrupts;
    if (board_has_virtio(c) && machine_add_device(m, &virtio_none_pages, "virtio-none",
                                                  RISCV_VIRT_VIRTIO, NULL, 0, NULL, e) == NULL) {
        return -1;
    }
    return board_plug(m, c, &pci,
                      &(struct board_slots){.base = RISCV_VIRT_VIRTIO,
                                            .step = RISCV_VIRT_VIRTIO_SIZE,
                                            .count = RISCV_VIRT_VIRTIO_COUNT,
                                            .interrupts = interrupts,
                                            .first_input = RISCV_VIRT_VIRTIO_IRQ},
                      e);
}

/* ---- the boot ROM -----------------------------------------------------------------------------*/

/* All harts start here: a0 = hart, a1 = device tree, a2 = fw_dynamic information. */
static const uint32_t rom_code[] = {
    0xf1402573, /* 0x00: csrr  a0, mhartid */
    0x00000297, /* 0x04: auipc t0, 0 */
    0x02c28613, /* 0x08: addi  a2, t0, 0x2c */
    0x0242b583, /* 0x0c: ld    a1, 0x24(t0) */
    0x01c2b283, /* 0x10: ld    t0, 0x1c(t0) */
    0x00028067, /* 0x14: jr    t0 */
};
#define ROM_LW(ld) ((ld) & ~UINT32_C(0x1000)) /* on RV32 these words are as wide as its registers */
enum { ROM_FIRST_LD = 3, ROM_SECOND_LD = 4 };
enum { ROM_ENTRY = 0x20, ROM_FDT = 0x28, ROM_INFO = 0x30, ROM_BYTES = 0x60 };

static int add_rom(struct machine *m, paddr entry, paddr tree, paddr next, struct error *e)
{
    const uint64_t info[] = {
        FW_DYNAMIC_MAGIC, FW_DYNAMIC_VERSION, next,
        FW_NEXT_MODE_S,   0 /* options */,    0 /* the hart that boots */,
    };
    unsigned word = is_32(m) ? 4 : 8;
    uint8_t rom[ROM_BYTES] = {0};

    for (unsigned i = 0; i < ARRAY_LEN(rom_code); i++) {
        bool is_ld = i == ROM_FIRST_LD || i == ROM_SECOND_LD;

        bytes_set_le(rom + 4 * i, 4, is_ld && is_32(m) ? ROM_LW(rom_code[i]) : rom_code[i]);
    }
    bytes_set_le(rom + ROM_ENTRY, word, entry);
    bytes_set_le(rom + ROM_FDT, word, tree);
    for (unsigned i = 0; i < ARRAY_LEN(info); i++) {
        bytes_set_le(rom + ROM_INFO + word * i, word, info[i]);
    }
    return machine_add_load(m, RISCV_VIRT_ROM, rom, sizeof rom, e);
}

static void riscv_virt_reset(struct machine *m, const struct machine_board *b)
{
    (void)b;
    for (unsigned h = 0; h < machine_hart_count(m); h++) {
        machine_cpu(m, h)->hart->pc = RISCV_VIRT_ROM;
    }
}

/* ---- RAM --------------------------------------------------------------------------------------*/

static void *make_tree(const struct machine *m, const struct machine_config *c, struct error *e)
{
    const struct fdt_chosen chosen = {.bootargs = c->append,
                                      .has_initrd = c->images[IMAGE_INITRD].data != NULL};
    void *tree = c->images[IMAGE_DTB].data != NULL ? fdt_from_image(&c->images[IMAGE_DTB], e)
                                                   : riscv_virt_fdt(c, is_32(m));

    if (tree != NULL && fdt_add_chosen(tree, &chosen, e) < 0) {
        free(tree);
        return NULL;
    }
    return tree;
}

/* The highest place for `size` bytes below `top`; 0 if there is none (RAM is never at 0). */
static paddr place_below(const struct ram_layout *r, paddr top, uint64_t size, uint64_t align)
{
    return size <= top - r->base ? align_down(top - size, align) : 0;
}

/* Lays down the tree and, below it, the initial RAM disk. Returns the tree's address, or 0. */
static paddr load_tree_and_initrd(struct ram_layout *r, struct machine *m,
                                  const struct machine_config *c, struct error *e)
{
    const struct machine_image *initrd = &c->images[IMAGE_INITRD];
    paddr top = r->base + r->size;
    void *tree = make_tree(m, c, e);
    paddr at;
    int result = 0;

    if (tree == NULL) {
        return 0;
    }
    top = top < FDT_LIMIT ? top : FDT_LIMIT;
    at = place_below(r, top, fdt_bytes(tree) + FDT_FIXUP_ROOM,
                     r->size < RAM_SMALL ? FDT_ALIGN_SMALL : FDT_ALIGN);
    if (initrd->data != NULL) {
        paddr start = place_below(r, at, initrd->size, PAGE_SIZE);

        fdt_set_initrd(tree, start, start + initrd->size);
        result = ram_load_bytes(r, m, "initial RAM disk", start, initrd->data, initrd->size,
                                initrd->shared, e);
    }
    if (result == 0) {
        result = ram_load_bytes(r, m, "device tree", at, tree, fdt_bytes(tree), NULL, e);
    }
    free(tree);
    return result == 0 ? at : 0;
}

/* Reads, places and loads the firmware, or the kernel at or behind *end; *end is then behind it. */
static int load_program(struct ram_layout *r, struct machine *m, const struct machine_config *c,
                        enum machine_image_role role, paddr *entry, paddr *end, struct error *e)
{
    const char *what = role == IMAGE_BIOS ? "firmware" : "kernel";
    const struct program_kind kind = {
        .elf_machine = machine_isa(m)->elf_machine,
        .is_32 = is_32(m),
        .align = is_32(m) ? 4 * MIB : 2 * MIB,
    };
    struct program p;
    int result;

    if (program_read(&c->images[role], what, &kind, r->size, &p, e) < 0) {
        return -1;
    }
    program_place(&p, *end);
    result = ram_clip_program(r, what, &p, e);
    if (result == 0) {
        result = ram_load_program(r, m, what, &p, e);
        *entry = role == IMAGE_BIOS ? p.entry : ram_kernel_start(r, &p, !c->bios_none);
        *end = program_end(&p);
    }
    program_fini(&p);
    return result;
}

static int load_into(struct ram_layout *r, struct machine *m, const struct machine_config *c,
                     struct error *e)
{
    const struct machine_image *firmware = &c->images[IMAGE_BIOS];
    const struct machine_image *kernel = &c->images[IMAGE_KERNEL];
    paddr start = 0, next = 0, end = r->base, tree;
    bool has_firmware = firmware->data != NULL && !c->bios_none;

    if (!has_firmware && !c->bios_none) {
        return error_set(e, "no firmware: name one with -bios FILE, or say -bios none");
    }
    if (!has_firmware && kernel->data == NULL) {
        return error_set(e, "nothing to run: there is neither a firmware nor a kernel");
    }
    if (has_firmware && load_program(r, m, c, IMAGE_BIOS, &start, &end, e) < 0) {
        return -1;
    }
    if (kernel->data != NULL && load_program(r, m, c, IMAGE_KERNEL, &next, &end, e) < 0) {
        return -1;
    }
    tree = load_tree_and_initrd(r, m, c, e);
    return tree != 0 ? add_rom(m, has_firmware ? start : next, tree, next, e) : -1;
}

static int load_all(struct machine *m, const struct machine_config *c, struct error *e)
{
    struct ram_layout r = {.base = RISCV_VIRT_RAM, .size = c->ram_bytes};
    int result = load_into(&r, m, c, e);

    vec_fini(&r.places);
    return result;
}

/* ---- all together -----------------------------------------------------------------------------*/

static int check_config(const struct machine_config *c, struct error *e)
{
    const struct machine_image *initrd = &c->images[IMAGE_INITRD];

    if (c->ram_bytes < MACHINE_RAM_LEAST || c->ram_bytes > MACHINE_RAM_MOST ||
        c->ram_bytes % PAGE_SIZE != 0) {
        return error_set(e,
                         "RAM of %llu bytes: it must be whole pages of 4 KiB, from %llu MiB to "
                         "%llu GiB",
                         (unsigned long long)c->ram_bytes,
                         (unsigned long long)(MACHINE_RAM_LEAST / MIB),
                         (unsigned long long)(MACHINE_RAM_MOST / GIB));
    }
    if (initrd->data != NULL && c->images[IMAGE_KERNEL].data == NULL) {
        return error_set(e, "an initial RAM disk is of no use without a kernel");
    }
    if (initrd->data != NULL && initrd->size == 0) {
        return error_set(e, "initial RAM disk %s: it is empty",
                         initrd->name != NULL ? initrd->name : "(no name)");
    }
    return 0;
}

struct machine *riscv_virt_build(const struct machine_config *c, const struct isa *isa,
                                 struct error *e)
{
    struct machine *m;

    if (check_config(c, e) < 0 || (m = machine_new(c, isa, e)) == NULL) {
        return NULL;
    }
    machine_set_board(m, &(struct machine_board){.reset = riscv_virt_reset});
    if (mem_add_block(machine_mem(m), "rom", RISCV_VIRT_ROM, RISCV_VIRT_ROM_SIZE, false, e) < 0 ||
        mem_add_block(machine_mem(m), "ram", RISCV_VIRT_RAM, c->ram_bytes, true, e) < 0 ||
        add_chips(m, c, e) < 0 || load_all(m, c, e) < 0 || machine_seal(m, e) < 0) {
        machine_free(m);
        return NULL;
    }
    return m;
}
