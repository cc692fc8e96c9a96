/* SPDX-License-Identifier: GPL-2.0-or-later
 * describe: a function for those who look at a machine from outside; reading changes nothing.
 */
#include "bus/pci/internal.h"

bool pci_describe(const struct device *d, struct pci_description *out)
{
    const struct pci_function *f;

    if (d->class->map != pci_map || d->links == NULL) {
        return false;
    }
    f = pci_function_of(d);
    *out = (struct pci_description){
        .bus = pci_bus_number(f->bus), .slot = f->number >> 3, .function = f->number & 7};
    if (f->secondary != NULL) {
        out->secondary = pci_get(d, PCI_SECONDARY, 1);
        out->subordinate = pci_get(d, PCI_SUBORDINATE, 1);
    }
    for (unsigned i = 0; i < PCI_BARS; i++) {
        out->bars[i].bytes = f->kind.bars[i].bytes;
        out->bars[i].flags = f->kind.bars[i].flags;
        if (!pci_bar_base(d, i, &out->bars[i].base)) {
            out->bars[i].base = UINT64_MAX;
        }
    }
    return true;
}
