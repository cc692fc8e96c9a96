/* SPDX-License-Identifier: GPL-2.0-or-later
 * plug: what a configuration plugs into a board. A host of PCI is there only if something sits on it: an
 * empty one would be of no use to a guest, and machines without it go on as they were
 * (docs/decisions).
 */
#include <stdio.h>

#include "board/internal.h"
#include "dev/dev.h"
#include "dev/virtio.h"

bool board_has_pci(const struct machine_config *c)
{
    return buses_want(c, dev_models, BUS_PCI);
}

static int add_pci(struct buses *b, const struct board_pci *pci, struct error *e)
{
    struct device *host = pci_host_add(b, &pci->host, e);

    if (host == NULL) {
        return -1;
    }
    for (unsigned n = 0; n < PCI_PINS; n++) {
        machine_connect(host, n, pci->interrupts, pci->first_input + n);
    }
    return 0;
}

bool board_has_virtio(const struct machine_config *c)
{
    return buses_want(c, dev_models, BUS_VIRTIO);
}

/* The last one is taken first, as on the reference. */
static int add_slots(struct buses *b, const struct board_slots *s, struct virtio_slot *slots,
                     struct error *e)
{
    must(s->count <= BOARD_SLOTS_MAX);
    for (unsigned i = s->count; i-- > 0;) {
        char name[MACHINE_NAME_MAX];

        (void)snprintf(name, sizeof name, "virtio-mmio-bus.%u", i);
        slots[i] = (struct virtio_slot){
            .at = s->base + i * s->step, .interrupts = s->interrupts, .input = s->first_input + i};
        if (buses_add(b, BUS_VIRTIO, name, 1, &slots[i], e) == NULL) {
            return -1;
        }
    }
    return 0;
}

int board_plug(struct machine *m, const struct machine_config *c, const struct board_pci *pci,
               const struct board_slots *s, struct error *e)
{
    struct virtio_slot slots[BOARD_SLOTS_MAX];
    struct buses b;
    int result;

    buses_init(&b, m, c);
    result = board_has_pci(c) ? add_pci(&b, pci, e) : 0;
    result = result == 0 && board_has_virtio(c) ? add_slots(&b, s, slots, e) : result;
    result = result == 0 ? buses_plug(&b, dev_models, e) : result;
    buses_fini(&b);
    return result;
}
