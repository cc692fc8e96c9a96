/* SPDX-License-Identifier: GPL-2.0-or-later
 * fdt: flattened device trees, by libfdt, after the Devicetree Specification 0.4: checking a tree of
 * the user's, and putting into /chosen what the loader knows.
 */
#include <stdlib.h>

#include <libfdt.h>

#include "board/internal.h"

#define FDT_ROOM (16 * KIB) /* for /chosen: the longest command line, and names */

enum { FDT_MAGIC_BYTES = 4, FDT_HEADER_BYTES = 40, FDT_VERSION_LEAST = 17 };

/* libfdt reads trees older than the specification's, too, but its check of them is not safe. */
static int check_version(const struct machine_image *image, struct error *e)
{
    uint32_t version;

    if (image->size < FDT_HEADER_BYTES || bytes_get_be(image->data, FDT_MAGIC_BYTES) != FDT_MAGIC) {
        return error_set(e, "it has no device tree's header");
    }
    version = fdt_version(image->data);
    if (version < FDT_VERSION_LEAST) {
        return error_set(e, "it is of version %u; those from %u on are understood", version,
                         FDT_VERSION_LEAST);
    }
    return 0;
}

void *fdt_from_image(const struct machine_image *image, struct error *e)
{
    const char *name = image->name != NULL ? image->name : "(no name)";
    int result;
    void *tree;
    int room;

    if (image->size > FDT_BYTES_MAX) {
        error_set(e, "device tree %s: it is longer than 1 MiB", name);
        return NULL;
    }
    if (check_version(image, e) < 0) {
        error_prefix(e, "device tree %s", name);
        return NULL;
    }
    result = fdt_check_full(image->data, (size_t)image->size);
    if (result != 0) {
        error_set(e, "device tree %s: it is broken (%s)", name, fdt_strerror(result));
        return NULL;
    }
    room = (int)(fdt_totalsize(image->data) + FDT_ROOM);
    tree = base_alloc((size_t)room, 1);
    result = fdt_open_into(image->data, tree, room);
    if (result != 0) {
        error_set(e, "device tree %s: it cannot be changed (%s)", name, fdt_strerror(result));
        free(tree);
        return NULL;
    }
    return tree;
}

static int set_chosen(void *tree, const struct fdt_chosen *chosen)
{
    int node = fdt_path_offset(tree, "/chosen");
    int result = 0;

    if (node == -FDT_ERR_NOTFOUND) {
        node = fdt_add_subnode(tree, 0, "chosen");
    }
    if (node < 0) {
        return node;
    }
    if (chosen->bootargs[0] != '\0') {
        result = fdt_setprop(tree, node, "bootargs", chosen->bootargs,
                             (int)strlen(chosen->bootargs) + 1);
    }
    if (result == 0 && chosen->has_initrd) {
        result = fdt_setprop_u64(tree, node, "linux,initrd-start", 0);
    }
    if (result == 0 && chosen->has_initrd) {
        result = fdt_setprop_u64(tree, node, "linux,initrd-end", 0);
    }
    return result;
}

int fdt_add_chosen(void *tree, const struct fdt_chosen *chosen, struct error *e)
{
    int result = set_chosen(tree, chosen);

    if (result == 0) {
        result = fdt_pack(tree);
    }
    return result == 0 ? 0
                       : error_set(e, "the device tree's /chosen cannot be made (%s)",
                                   fdt_strerror(result));
}

uint64_t fdt_bytes(const void *tree)
{
    return fdt_totalsize(tree);
}

void fdt_set_initrd(void *tree, paddr start, paddr end)
{
    int node = fdt_path_offset(tree, "/chosen");

    must(fdt_setprop_inplace_u64(tree, node, "linux,initrd-start", start) == 0);
    must(fdt_setprop_inplace_u64(tree, node, "linux,initrd-end", end) == 0);
}

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t split_mix(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void fdt_seed_bytes(uint64_t seed, uint8_t out[32])
{
    for (size_t i = 0; i < 4; i++) {
        bytes_set_le(out + 8 * i, 8, split_mix(&seed));
    }
}
