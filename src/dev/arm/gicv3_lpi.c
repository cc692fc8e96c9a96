/* SPDX-License-Identifier: GPL-2.0-or-later
 * gicv3_lpi: locality-specific interrupts (IHI 0069, chapter 5.1): which of them pend at a hart, and with
 * what priority each may interrupt, is in tables in memory that the guest lends; only the most urgent one
 * is known to the redistributor by itself. It looks again when one begins or ends to pend and when it is
 * told to (INV, INVALL), not when the tables are written otherwise.
 */
#include "dev/arm/gicv3.h"

enum { CONFIG_ENABLE = 1, CONFIG_PRIORITY = 0xfc };
#define PROP_ADDRESS (GICV3_ADDRESS & ~UINT64_C(0xfff))
#define PEND_ADDRESS (GICV3_ADDRESS & ~UINT64_C(0xffff))
#define CHUNK        1024 /* bytes of a table at once */

/* The first INTID that the tables have no room for. */
static uint32_t end_of(const struct gicv3 *s, unsigned hart)
{
    uint64_t bits = (s->propbaser[hart] & GICV3_PROPBASER_ID) + 1;

    return bits < GICV3_ID_BITS ? UINT32_C(1) << bits : UINT32_C(1) << GICV3_ID_BITS;
}

static bool is_there(const struct gicv3 *s, unsigned hart, uint32_t intid)
{
    return s->lpis_on[hart] && intid >= GICV3_FIRST_LPI && intid < end_of(s, hart);
}

/* What is said of an LPI; 0, so that it is not enabled, where there is no memory. */
static uint8_t config_of(struct device *d, unsigned hart, uint32_t intid)
{
    const struct gicv3 *s = d->state;
    uint8_t config = 0;

    (void)device_dma_read(d, (s->propbaser[hart] & PROP_ADDRESS) + intid - GICV3_FIRST_LPI, &config,
                          1);
    return config;
}

static void consider(struct device *d, unsigned hart, uint32_t intid)
{
    struct gicv3 *s = d->state;
    uint8_t config = config_of(d, hart, intid), priority = config & CONFIG_PRIORITY;

    if ((config & CONFIG_ENABLE) != 0 &&
        (s->lpi[hart] == 0 || priority < s->lpi_priority[hart] ||
         (priority == s->lpi_priority[hart] && intid < s->lpi[hart]))) {
        s->lpi[hart] = intid;
        s->lpi_priority[hart] = priority;
    }
}

/* Of the bits in `bytes`, whose first is `intid`. */
static void consider_all(struct device *d, unsigned hart, uint32_t intid, const uint8_t *bytes)
{
    for (unsigned i = 0; i < CHUNK; i++) {
        for (unsigned bits = bytes[i]; bits != 0; bits &= bits - 1) {
            consider(d, hart, intid + 8 * i + (unsigned)__builtin_ctz(bits));
        }
    }
}

void gicv3_lpi_look(struct device *d, unsigned hart)
{
    struct gicv3 *s = d->state;
    paddr table = s->pendbaser[hart] & PEND_ADDRESS;

    s->lpi[hart] = 0;
    s->lpi_priority[hart] = 0;
    if (!s->lpis_on[hart]) {
        return;
    }
    for (uint32_t first = GICV3_FIRST_LPI; first < end_of(s, hart); first += 8 * CHUNK) {
        uint8_t bytes[CHUNK];

        if (device_dma_read(d, table + first / 8, bytes, sizeof bytes)) {
            consider_all(d, hart, first, bytes);
        }
    }
}

bool gicv3_lpi_pends(struct device *d, unsigned hart, uint32_t intid)
{
    const struct gicv3 *s = d->state;
    uint8_t byte = 0;

    return is_there(s, hart, intid) &&
           device_dma_read(d, (s->pendbaser[hart] & PEND_ADDRESS) + intid / 8, &byte, 1) &&
           (byte >> intid % 8 & 1) != 0;
}

void gicv3_lpi_set(struct device *d, unsigned hart, uint32_t intid, bool pends)
{
    struct gicv3 *s = d->state;
    paddr at = (s->pendbaser[hart] & PEND_ADDRESS) + intid / 8;
    uint8_t byte;

    if (!is_there(s, hart, intid) || !device_dma_read(d, at, &byte, 1)) {
        return;
    }
    byte = (uint8_t)bits_set(byte, intid % 8, 1, pends);
    (void)device_dma_write(d, at, &byte, 1);
    if (pends) {
        consider(d, hart, intid);
    } else if (s->lpi[hart] == intid) {
        gicv3_lpi_look(d, hart);
    }
}

void gicv3_lpi_move_all(struct device *d, unsigned from, unsigned to)
{
    const struct gicv3 *s = d->state;

    for (uint32_t intid = GICV3_FIRST_LPI; from != to && intid < end_of(s, from); intid++) {
        if (gicv3_lpi_pends(d, from, intid)) {
            gicv3_lpi_set(d, from, intid, false);
            gicv3_lpi_set(d, to, intid, true);
        }
    }
}
