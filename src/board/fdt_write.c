/* SPDX-License-Identifier: GPL-2.0-or-later
 * fdt_write: writing the device tree of a board from its root to its leaves, by libfdt's sequential
 * writing. Trees have two cells for an address and two for a size unless a node says otherwise.
 */
#include <stdio.h>
#include <stdlib.h>

#include <libfdt.h>

#include "board/internal.h"

#define TREE_BYTES (64 * KIB) /* plenty for 8 harts, the longest command line included */
#define CELLS_MOST 256        /* of a property */

static void note(struct fdt_writer *t, int result)
{
    t->result = t->result != 0 ? t->result : result;
}

void fdt_write_begin(struct fdt_writer *t)
{
    *t = (struct fdt_writer){.blob = base_alloc(TREE_BYTES, 1)};
    note(t, fdt_create(t->blob, TREE_BYTES));
    note(t, fdt_finish_reservemap(t->blob));
    fdt_node(t, "");
    fdt_prop_cell_counts(t, 2, 2);
}

void *fdt_write_end(struct fdt_writer *t)
{
    fdt_node_end(t);
    note(t, fdt_finish(t->blob));
    note(t, fdt_open_into(t->blob, t->blob, TREE_BYTES));
    must(t->result == 0);
    return t->blob;
}

void fdt_node(struct fdt_writer *t, const char *name)
{
    note(t, fdt_begin_node(t->blob, name));
}

void fdt_node_at(struct fdt_writer *t, const char *name, uint64_t address)
{
    char full[64];

    snprintf(full, sizeof full, "%s@%llx", name, (unsigned long long)address);
    fdt_node(t, full);
}

void fdt_node_end(struct fdt_writer *t)
{
    note(t, fdt_end_node(t->blob));
}

void fdt_prop_bytes(struct fdt_writer *t, const char *name, const void *bytes, size_t count)
{
    note(t, fdt_property(t->blob, name, bytes, (int)count));
}

void fdt_prop_text(struct fdt_writer *t, const char *name, const char *text)
{
    fdt_prop_bytes(t, name, text, strlen(text) + 1);
}

void fdt_prop_cell(struct fdt_writer *t, const char *name, uint32_t value)
{
    note(t, fdt_property_u32(t->blob, name, value));
}

void fdt_prop_empty(struct fdt_writer *t, const char *name)
{
    fdt_prop_bytes(t, name, NULL, 0);
}

void fdt_prop_cells(struct fdt_writer *t, const char *name, const uint32_t *cells, size_t count)
{
    uint8_t bytes[4 * CELLS_MOST];

    must(count <= CELLS_MOST);
    for (size_t i = 0; i < count; i++) {
        bytes_set_be(bytes + 4 * i, 4, cells[i]);
    }
    fdt_prop_bytes(t, name, bytes, 4 * count);
}

void fdt_prop_reg(struct fdt_writer *t, uint64_t at, uint64_t size)
{
    const uint32_t cells[] = {(uint32_t)(at >> 32), (uint32_t)at, (uint32_t)(size >> 32),
                              (uint32_t)size};

    fdt_prop_cells(t, "reg", cells, ARRAY_LEN(cells));
}

void fdt_prop_cell_counts(struct fdt_writer *t, uint32_t address, uint32_t size)
{
    fdt_prop_cell(t, "#address-cells", address);
    fdt_prop_cell(t, "#size-cells", size);
}

void fdt_prop_seed(struct fdt_writer *t, const char *name, uint64_t seed)
{
    uint8_t bytes[32];

    fdt_seed_bytes(seed, bytes);
    fdt_prop_bytes(t, name, bytes, sizeof bytes);
}
