/* SPDX-License-Identifier: GPL-2.0-or-later
 * config: defaults and ownership. See config.h.
 */
#include "machine/config.h"

#include <stdlib.h>

void machine_config_init(struct machine_config *c)
{
    memset(c, 0, sizeof(*c));
    memcpy(c->board, "virt", sizeof "virt");
    c->hart_count = 1;
    c->serial_count = 1;
    c->ram_bytes = 128 * MIB;
    c->quantum = MACHINE_QUANTUM;
}

void machine_config_fini(struct machine_config *c)
{
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        free(c->images[i].name);
        free(c->images[i].data);
    }
    memset(c, 0, sizeof(*c));
}

void machine_config_drop_images(struct machine_config *c)
{
    for (unsigned i = 0; i < IMAGE_COUNT; i++) {
        free(c->images[i].data);
        c->images[i].data = NULL;
    }
}
