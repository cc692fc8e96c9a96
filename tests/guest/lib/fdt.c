// SPDX-License-Identifier: GPL-2.0-or-later
// fdt: counts the processors of a flattened device tree (Devicetree Specification 0.4, chapter 5)
// by walking its structure block. Reads nothing else of it.
#include "guest.h"

enum { FDT_MAGIC = 0xd00dfeed, BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4 };

static uint32_t big32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

unsigned fdt_count_cpus(const void *fdt)
{
    const uint8_t *p = fdt;
    if (fdt == NULL || big32(p) != FDT_MAGIC) {
        return 0;
    }
    unsigned cpus = 0;
    const uint8_t *at = p + big32(p + 8);
    for (;;) {
        uint32_t token = big32(at);
        at += 4;
        if (token == BEGIN_NODE) {
            cpus += memcmp(at, "cpu@", 4) == 0;
            at += (strlen((const char *)at) + 4) & ~(size_t)3;
        } else if (token == PROP) {
            at += 8 + ((big32(at) + 3) & ~3u);
        } else if (token != END_NODE && token != NOP) {
            return cpus;
        }
    }
}
