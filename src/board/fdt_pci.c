/* SPDX-License-Identifier: GPL-2.0-or-later
 * fdt_pci: the node of a generic host of PCI Express, by the Linux kernel's bindings "host-generic-pci" and
 * "pci-msi", as the reference writes it.
 */
#include <stdio.h>

#include "board/internal.h"

enum { SPACE_IO = 0x01000000, SPACE_MEMORY = 0x02000000, SPACE_MEMORY_64 = 0x03000000 };
enum { SLOTS = 4, CELLS_MOST = 12 }; /* interrupts repeat after four slots */
#define SLOT_MASK 0x1800

static void add_ranges(struct fdt_writer *t, const struct pci_host_config *h)
{
    const struct {
        uint32_t space;
        uint64_t from, to, bytes;
    } ranges[] = {
        {SPACE_IO, 0, h->io, h->io_bytes},
        {SPACE_MEMORY, h->memory, h->memory, h->memory_bytes},
        {SPACE_MEMORY_64, h->high, h->high, h->high_bytes},
    };
    uint32_t cells[7 * ARRAY_LEN(ranges)];
    size_t count = 0;

    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        const uint32_t row[] = {ranges[i].space,          (uint32_t)(ranges[i].from >> 32),
                                (uint32_t)ranges[i].from, (uint32_t)(ranges[i].to >> 32),
                                (uint32_t)ranges[i].to,   (uint32_t)(ranges[i].bytes >> 32),
                                (uint32_t)ranges[i].bytes};

        if (ranges[i].bytes != 0) {
            memcpy(cells + count, row, sizeof row);
            count += ARRAY_LEN(row);
        }
    }
    fdt_prop_cells(t, "ranges", cells, count);
}

static void add_interrupts(struct fdt_writer *t, const struct fdt_pci *p)
{
    uint32_t cells[SLOTS * PCI_PINS * CELLS_MOST];
    size_t count = 0;

    must(5 + p->parent_cells + p->before_count + 1 + p->after_count <= CELLS_MOST);
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        for (unsigned pin = 0; pin < PCI_PINS; pin++) {
            cells[count++] = slot << 11;
            cells[count++] = 0;
            cells[count++] = 0;
            cells[count++] = pin + 1;
            cells[count++] = p->interrupts;
            for (unsigned i = 0; i < p->parent_cells; i++) {
                cells[count++] = 0;
            }
            for (unsigned i = 0; i < p->before_count; i++) {
                cells[count++] = p->before;
            }
            cells[count++] = p->first_interrupt + (slot + pin) % PCI_PINS;
            for (unsigned i = 0; i < p->after_count; i++) {
                cells[count++] = p->after;
            }
        }
    }
    fdt_prop_cells(t, "interrupt-map", cells, count);
    FDT_PROP_CELLS(t, "interrupt-map-mask", SLOT_MASK, 0, 0, 7);
}

void fdt_add_pci(struct fdt_writer *t, const struct fdt_pci *p)
{
    const struct pci_host_config *h = p->host;

    fdt_node_at(t, p->name, p->unit);
    fdt_prop_text(t, "compatible", "pci-host-ecam-generic");
    fdt_prop_text(t, "device_type", "pci");
    fdt_prop_cell(t, "#address-cells", 3);
    fdt_prop_cell(t, "#size-cells", 2);
    fdt_prop_cell(t, "#interrupt-cells", 1);
    fdt_prop_cell(t, "linux,pci-domain", 0);
    FDT_PROP_CELLS(t, "bus-range", 0, (uint32_t)(h->ecam_bytes / MIB) - 1);
    fdt_prop_empty(t, "dma-coherent");
    fdt_prop_reg(t, h->ecam, h->ecam_bytes);
    add_ranges(t, h);
    add_interrupts(t, p);
    if (p->messages != 0) {
        FDT_PROP_CELLS(t, "msi-map", 0, p->messages, 0, 0x10000);
    }
    fdt_node_end(t);
}
