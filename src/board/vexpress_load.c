/* SPDX-License-Identifier: GPL-2.0-or-later
 * vexpress_load: what lies in a Versatile Express board's memory when its harts start: a kernel with the user's device tree, to which the
 * size of the RAM and the transports of virtio are added, as the reference does it; and in SRAM the instructions
 * by which the other harts wait until SYS_FLAGS says where they are to go.
 */
#include <stdio.h>
#include <stdlib.h>

#include <libfdt.h>

#include "board/internal.h"
#include "dev/arm.h"

/* MACH_VEXPRESS of the Linux kernel's list of machines, for kernels that ask r1. */
#define MOV_R1_MACHINE UINT32_C(0xe3a01e8e) /* mov r1, #0x8e0 */

/* Opens the interrupt controller's CPU interface, so that an interrupt ends the wait, and waits for an address. */
static const uint32_t wait_code[] = {
    0xe59f0028, /* 0x00: ldr r0, 0x30 */
    0xe3a01001, /* 0x04: mov r1, #1 */
    0xe5801000, /* 0x08: str r1, [r0] */
    0xe3a010ff, /* 0x0c: mov r1, #255 */
    0xe5801004, /* 0x10: str r1, [r0, #4] */
    0xe59f0018, /* 0x14: ldr r0, 0x34 */
    0xf57ff04f, /* 0x18: dsb */
    0xe320f003, /* 0x1c: wfi */
    0xe5901000, /* 0x20: ldr r1, [r0] */
    0xe3510000, /* 0x24: cmp r1, #0 */
    0x0afffffa, /* 0x28: beq 0x18 */
    0xe12fff11, /* 0x2c: bx r1 */
};
enum { WAIT_GICC = 0x30, WAIT_FLAGS = 0x34, WAIT_BYTES = 0x38 };
enum { SYS_FLAGS = 0x30, A9_GICC = 0x100, A15_GICC = 0x2000 };

static int add_wait(struct machine *m, const struct vexpress *v, struct error *e)
{
    uint8_t bytes[WAIT_BYTES];

    for (unsigned i = 0; i < ARRAY_LEN(wait_code); i++) {
        bytes_set_le(bytes + 4 * i, 4, wait_code[i]);
    }
    bytes_set_le(bytes + WAIT_GICC, 4, v->private + (v->is_a9 ? A9_GICC : A15_GICC));
    bytes_set_le(bytes + WAIT_FLAGS, 4, v->sysreg + SYS_FLAGS);
    return machine_add_load(m, v->sram, bytes, sizeof bytes, e);
}

/* ---- the user's tree --------------------------------------------------------------------------*/

/* `value` in so many cells; the bytes it took. */
static int put_cells(uint8_t *out, int cells, uint64_t value)
{
    memset(out, 0, (size_t)(4 * cells));
    bytes_set_be(out + 4 * cells - (cells > 1 ? 8 : 4), cells > 1 ? 8 : 4, value);
    return 4 * cells;
}

/* An address and a size, by the cells that the root has for them; libfdt knows no more than 4 of each. */
static int set_reg(void *tree, int node, uint64_t at, uint64_t size)
{
    int address_cells = fdt_address_cells(tree, 0), size_cells = fdt_size_cells(tree, 0), length;
    uint8_t reg[2 * 4 * FDT_MAX_NCELLS];

    if (address_cells < 1 || size_cells < 1) {
        return -FDT_ERR_BADNCELLS;
    }
    length = put_cells(reg, address_cells, at);
    length += put_cells(reg + length, size_cells, size);
    return fdt_setprop(tree, node, "reg", reg, length);
}

static int set_memory(void *tree, const struct machine_config *c, const struct vexpress *v)
{
    int node = fdt_node_offset_by_prop_value(tree, -1, "device_type", "memory", sizeof "memory");
    int result = 0;

    if (node == -FDT_ERR_NOTFOUND) {
        node = fdt_add_subnode(tree, 0, "memory");
        result = node < 0 ? node : fdt_setprop_string(tree, node, "device_type", "memory");
    }
    return node < 0 ? node : result < 0 ? result : set_reg(tree, node, v->ram, c->ram_bytes);
}

static int add_transport(void *tree, paddr at, uint32_t spi, uint32_t interrupts)
{
    enum { SHARED = 0, RISING_EDGE = 1 };
    uint8_t cells[12];
    char name[32];
    int node, result;

    (void)snprintf(name, sizeof name, "virtio_mmio@%llx", (unsigned long long)at);
    if ((node = fdt_add_subnode(tree, 0, name)) < 0) {
        return node;
    }
    bytes_set_be(cells, 4, SHARED);
    bytes_set_be(cells + 4, 4, spi);
    bytes_set_be(cells + 8, 4, RISING_EDGE);
    result = fdt_setprop_string(tree, node, "compatible", "virtio,mmio");
    result = result < 0 ? result : set_reg(tree, node, at, VEXPRESS_VIRTIO_BYTES);
    result = result < 0 ? result : fdt_setprop_u32(tree, node, "interrupt-parent", interrupts);
    return result < 0 ? result : fdt_setprop(tree, node, "interrupts", cells, sizeof cells);
}

/* A tree without the interrupt controller that it should have gets none: no kernel finds its way by it. */
static int add_transports(void *tree, const struct vexpress *v)
{
    int gic = fdt_node_offset_by_compatible(tree, -1, "arm,cortex-a9-gic");
    uint32_t phandle = gic < 0 ? 0 : fdt_get_phandle(tree, gic);
    int result = 0;

    for (unsigned i = 0; i < VEXPRESS_VIRTIO_COUNT && result == 0 && phandle != 0; i++) {
        result =
            add_transport(tree, vexpress_chip(v, VEXPRESS_VIRTIO_CHIP) + i * VEXPRESS_VIRTIO_BYTES,
                          VEXPRESS_VIRTIO_SPI + i, phandle);
    }
    return result;
}

static void *make_tree(const struct machine_config *c, const void *board, struct error *e)
{
    const struct machine_image *image = &c->images[IMAGE_DTB];
    const struct vexpress *v = board;
    void *tree;
    int result;

    if (image->data == NULL) {
        error_set(e, "-M %s: a kernel needs -dtb FILE here; Debian's kernel packages have %s.dtb",
                  v->name, v->is_a9 ? "vexpress-v2p-ca9" : "vexpress-v2p-ca15-tc1");
        return NULL;
    }
    tree = fdt_from_image(image, e);
    if (tree == NULL) {
        return NULL;
    }
    result = set_memory(tree, c, v);
    result = result == 0 ? add_transports(tree, v) : result;
    if (result != 0) {
        error_set(e, "device tree %s: the board's memory cannot be put into it (%s)",
                  image->name != NULL ? image->name : "(no name)", fdt_strerror(result));
        free(tree);
        return NULL;
    }
    return tree;
}

int vexpress_load(struct machine *m, const struct machine_config *c, const struct vexpress *v,
                  uint64_t start[2], struct error *e)
{
    const struct arm_boot boot = {.ram = v->ram,
                                  .firmware = 0,
                                  .set_machine = MOV_R1_MACHINE,
                                  .make_tree = make_tree,
                                  .board = v};
    struct arm_start first;

    if (arm_load(m, c, &boot, &first, e) < 0 || add_wait(m, v, e) < 0) {
        return -1;
    }
    start[0] = first.at;
    start[1] = first.is_kernel ? v->sram : first.at;
    return 0;
}
