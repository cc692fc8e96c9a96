/* SPDX-License-Identifier: GPL-2.0-or-later
 * card: what a command line says of any network card.
 */
#include <stdio.h>

#include "dev/net.h"

/* Cards before this one in the configuration that were given no address either. */
static unsigned number_of(const struct plug *p)
{
    unsigned number = 0;

    for (size_t i = 0; i < p->config->things.count; i++) {
        const struct machine_thing *t = &p->config->things.data[i];

        if (t == p->thing) {
            break;
        }
        number += strcmp(t->class, MODEL_CLASS) == 0 && thing_find(t, "netdev") != NULL &&
                  thing_find(t, "mac") == NULL;
    }
    return number;
}

void net_card_address(const struct plug *p, uint8_t address[6])
{
    static const uint8_t first[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

    if (!plug_mac(p, "mac", address)) {
        memcpy(address, first, sizeof first);
        address[5] = (uint8_t)(address[5] + number_of(p));
    }
}

const char *net_card_port(const struct plug *p, char name[NET_PORT_ROOM])
{
    const char *netdev = plug_text(p, "netdev");

    if (netdev == NULL) {
        return NULL;
    }
    (void)snprintf(name, NET_PORT_ROOM, "net-%s", netdev);
    return name;
}
