/* SPDX-License-Identifier: GPL-2.0-or-later
 * pl111: the registers of a display controller, after the technical reference manual of Arm's PrimeCell
 * Color LCD Controller (PL111), DDI 0293, to which no display is connected: drivers set it up, and nothing is
 * fetched, shown or signalled. Left out: all that would be, and the cursor.
 */
#include "dev/arm.h"

enum {
    LCD_TIMING0 = 0x00, /* to 3 */
    LCD_UPBASE = 0x10,
    LCD_LPBASE = 0x14,
    LCD_CONTROL = 0x18,
    LCD_IMSC = 0x1c,
    LCD_RIS = 0x20,
    LCD_MIS = 0x24,
    LCD_ICR = 0x28,
    LCD_UPCURR = 0x2c,
    LCD_LPCURR = 0x30,
    LCD_PALETTE = 0x200,
    LCD_PALETTE_END = 0x400,
    LCD_ID = 0xfe0, /* CLCDPeriphID0 to 3, CLCDPCellID0 to 3 */
    LCD_END = 0x1000
};
enum { IMSC_KEPT = 0x1e };
#define PALETTE_WORDS ((LCD_PALETTE_END - LCD_PALETTE) / 4)

struct pl111 {
    uint32_t timing[4];
    uint32_t base[2]; /* of the upper and of the lower half */
    uint32_t control;
    uint32_t imsc;
    uint32_t palette[PALETTE_WORDS];
};

static const struct field fields[] = {
    FIELD_ARRAY(struct pl111, timing),  FIELD_ARRAY(struct pl111, base),
    FIELD(struct pl111, control),       FIELD_MASK(struct pl111, imsc, IMSC_KEPT),
    FIELD_ARRAY(struct pl111, palette),
};

/* A register that only keeps what is written; NULL: another one, or none. */
static uint32_t *plain(struct pl111 *s, uint64_t at)
{
    if (at >= LCD_PALETTE && at < LCD_PALETTE_END) {
        return &s->palette[(at - LCD_PALETTE) / 4];
    }
    if (at < LCD_UPBASE) {
        return &s->timing[at / 4];
    }
    switch (at) {
    case LCD_UPBASE: return &s->base[0];
    case LCD_LPBASE: return &s->base[1];
    case LCD_CONTROL: return &s->control;
    default: return NULL;
    }
}

static const uint8_t ids[] = {0x11, 0x11, 0x24, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint64_t pl111_read(struct device *d, struct mem_access a)
{
    struct pl111 *s = d->state;
    const uint32_t *word = plain(s, a.at);

    if (a.at >= LCD_ID) {
        return ids[(a.at - LCD_ID) / 4];
    }
    switch (a.at) {
    case LCD_IMSC: return s->imsc;
    case LCD_RIS:
    case LCD_MIS: return 0;
    case LCD_UPCURR: return s->base[0];
    case LCD_LPCURR: return s->base[1];
    default: return word != NULL ? *word : device_bad_read(d, a);
    }
}

static void pl111_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct pl111 *s = d->state;
    uint32_t *word = plain(s, a.at);

    if (word != NULL) {
        *word = (uint32_t)value;
    } else if (a.at == LCD_IMSC) {
        s->imsc = value & IMSC_KEPT;
    } else if (a.at != LCD_ICR) {
        device_bad_write(d, a, value);
    }
}

const struct device_class pl111 = {
    .name = "pl111",
    .behaviour = 1,
    .windows = {{.bytes = LCD_END, .sizes = 4}},
    .state = FIELD_TABLE(struct pl111, fields),
    .read = pl111_read,
    .write = pl111_write,
};
