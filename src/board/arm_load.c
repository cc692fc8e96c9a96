/* SPDX-License-Identifier: GPL-2.0-or-later
 * arm_load: what lies in an Arm board's RAM when its first hart starts: a few instructions that start a
 * kernel as the Linux kernel's Documentation/arch/arm64/booting.rst wants it, the kernel, the initial
 * RAM disk and the device tree, each where the reference puts it. An ELF file is started at its entry,
 * with the tree at the beginning of RAM.
 */
#include <stdlib.h>

#include "board/internal.h"

/* An Image without a header of the newer kind, and bytes, run there. */
#define ELF_ARM      40
#define RAW_OFFSET   UINT64_C(0x80000)
#define KERNEL_ALIGN (2 * MIB)
#define TREE_ALIGN   (2 * MIB) /* so that it can be mapped by one entry */
/* The RAM disk begins behind half of the RAM, or so much if that is less. */
#define INITRD_OFFSET_MOST (128 * MIB)

/* x0 = device tree, x1 to x3 = 0, as all other registers may be anything. */
static const uint32_t start_code[] = {
    0x580000c0, /* 0x00: ldr x0, 0x18 */
    0xaa1f03e1, /* 0x04: mov x1, xzr */
    0xaa1f03e2, /* 0x08: mov x2, xzr */
    0xaa1f03e3, /* 0x0c: mov x3, xzr */
    0x58000084, /* 0x10: ldr x4, 0x20 */
    0xd61f0080, /* 0x14: br  x4 */
};
enum {
    START_MACHINE = 0x04 /* of 32 bits */,
    START_TREE = 0x18,
    START_ENTRY = 0x20,
    START_BYTES = 0x28
};

/* 32-bit processors, by Documentation/arch/arm/booting.rst: r0 = 0, r1 = no machine, r2 = device tree. */
static const uint32_t start_code_32[] = {
    0xe3a00000, /* 0x00: mov r0, #0 */
    0xe3e01000, /* 0x04: mvn r1, #0 */
    0xe59f2008, /* 0x08: ldr r2, 0x18 */
    0xe59ff00c, /* 0x0c: ldr pc, 0x20 */
};
/* Where a zImage runs, above what it may unpack itself over. */
#define ZIMAGE_OFFSET UINT64_C(0x10000)
#define START_ROOM    PAGE_SIZE

static int add_start(struct ram_layout *r, struct machine *m, const struct arm_boot *boot,
                     paddr tree, paddr entry, struct error *e)
{
    bool narrow = machine_isa(m)->elf_machine == ELF_ARM;
    const uint32_t *code = narrow ? start_code_32 : start_code;
    uint8_t bytes[START_BYTES] = {0};

    for (unsigned i = 0; i < (narrow ? ARRAY_LEN(start_code_32) : ARRAY_LEN(start_code)); i++) {
        bytes_set_le(bytes + 4 * i, 4, code[i]);
    }
    if (boot->set_machine != 0) {
        bytes_set_le(bytes + START_MACHINE, 4, boot->set_machine);
    }
    bytes_set_le(bytes + START_TREE, 8, tree);
    bytes_set_le(bytes + START_ENTRY, 8, entry);
    return ram_load_bytes(r, m, "start code", r->base, bytes, sizeof bytes, NULL, e);
}

static void *make_tree(const struct machine_config *c, const struct arm_boot *boot,
                       bool by_firmware, struct error *e)
{
    const struct fdt_chosen chosen = {.bootargs = by_firmware ? "" : c->append,
                                      .has_initrd =
                                          !by_firmware && c->images[IMAGE_INITRD].data != NULL};
    void *tree = boot->make_tree(c, boot->board, e);

    if (tree != NULL && fdt_add_chosen(tree, &chosen, e) < 0) {
        free(tree);
        return NULL;
    }
    return tree;
}

/* The kernel's RAM disk, and the tree behind it or, with ELF files, at the beginning of RAM. Returns the tree's
 * address, or 0 (where there is no RAM). */
static paddr load_tree_and_initrd(struct ram_layout *r, struct machine *m,
                                  const struct machine_config *c, const struct arm_boot *boot,
                                  const struct program *kernel, struct error *e)
{
    const struct machine_image *initrd = &c->images[IMAGE_INITRD];
    uint64_t half = r->size / 2;
    paddr at = r->base + (half < INITRD_OFFSET_MOST ? half : INITRD_OFFSET_MOST);
    paddr end = kernel != NULL ? program_end(kernel) : r->base;
    void *tree = make_tree(c, boot, kernel == NULL, e);
    int result = 0;

    if (tree == NULL) {
        return 0;
    }
    at = align_up(at > end ? at : end, PAGE_SIZE);
    if (initrd->data != NULL && kernel != NULL) {
        fdt_set_initrd(tree, at, at + initrd->size);
        result = ram_load_bytes(r, m, "initial RAM disk", at, initrd->data, initrd->size,
                                initrd->shared, e);
        at += initrd->size;
    }
    at = kernel == NULL || kernel->is_elf ? r->base : align_up(at, TREE_ALIGN);
    if (result == 0) {
        result = ram_load_bytes(r, m, "device tree", at, tree, fdt_bytes(tree), NULL, e);
    }
    free(tree);
    return result == 0 ? at : 0;
}

static int load_kernel(struct ram_layout *r, struct machine *m, const struct machine_config *c,
                       const struct arm_boot *boot, struct program *p, struct arm_start *start,
                       struct error *e)
{
    bool wants_tree = boot->has_tree || !p->is_elf || c->images[IMAGE_DTB].data != NULL;
    paddr tree;

    program_place(p, r->base + START_ROOM);
    if (ram_clip_program(r, "kernel", p, e) < 0 || ram_load_program(r, m, "kernel", p, e) < 0) {
        return -1;
    }
    tree = wants_tree ? load_tree_and_initrd(r, m, c, boot, p, e) : r->base;
    if (tree == 0) {
        return -1;
    }
    *start = (struct arm_start){.at = p->is_elf ? p->entry : r->base, .is_kernel = !p->is_elf};
    return p->is_elf ? 0 : add_start(r, m, boot, tree, p->entry, e);
}

static int load_into(struct ram_layout *r, struct machine *m, const struct machine_config *c,
                     const struct arm_boot *boot, struct arm_start *start, struct error *e)
{
    const struct program_kind kind = {
        .elf_machine = machine_isa(m)->elf_machine,
        .is_32 = machine_isa(m)->elf_machine == ELF_ARM,
        .align = KERNEL_ALIGN,
        .image_mark = "ARM\x64",
        .takes_zimage = machine_isa(m)->elf_machine == ELF_ARM,
        .raw_offset = machine_isa(m)->elf_machine == ELF_ARM ? ZIMAGE_OFFSET : RAW_OFFSET};
    const struct machine_image *kernel = &c->images[IMAGE_KERNEL];
    struct program p;
    int result;

    if (arm_has_firmware(c) && (boot->has_tree || kernel->data == NULL)) {
        /* It takes the kernel itself, and finds the tree at RAM's beginning. */
        *start = (struct arm_start){.at = boot->firmware};
        return !boot->has_tree || load_tree_and_initrd(r, m, c, boot, NULL, e) != 0 ? 0 : -1;
    }
    if (kernel->data == NULL) {
        return error_set(e, "nothing to run: there is neither a firmware nor a kernel");
    }
    if (program_read(kernel, "kernel", &kind, r->size, &p, e) < 0) {
        return -1;
    }
    result = load_kernel(r, m, c, boot, &p, start, e);
    program_fini(&p);
    return result;
}

int arm_load(struct machine *m, const struct machine_config *c, const struct arm_boot *boot,
             struct arm_start *start, struct error *e)
{
    struct ram_layout r = {.base = boot->ram, .size = c->ram_bytes};
    int result = load_into(&r, m, c, boot, start, e);

    vec_fini(&r.places);
    return result;
}
