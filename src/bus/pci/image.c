/* SPDX-License-Identifier: GPL-2.0-or-later
 * image: configuration space after a reset, and which bits of it may change: of headers of type 0 and 1
 * (PCI Local Bus 3.0, 6.1; PCI-to-PCI Bridge 1.2, 3.2) and of the capabilities, one behind the other from
 * 0x40 on, those of PCI Express alone from 0x100 on.
 */
#include "bus/pci/internal.h"

enum {
    HEADER_BRIDGE = 0x01,
    STATUS_HAS_LIST = 0x0010,
    FIRST_CAPABILITY = 0x40,
    COMMAND_SET = 0x0547, /* decoding, master, parity and system errors, no pin */
    STATUS_CLEARED = 0xf900
};
enum { POWER_BYTES = 0x08, MSI_BYTES = 0x18, MSIX_BYTES = 0x0c, EXPRESS_BYTES = 0x3c };

static void set(struct pci_function *f, unsigned at, unsigned size, uint32_t value)
{
    bytes_set_le(f->image + at, size, value);
}

static void allow(struct pci_function *f, unsigned at, unsigned size, uint32_t bits)
{
    bytes_set_le(f->writable + at, size, bits);
}

static void let_clear(struct pci_function *f, unsigned at, unsigned size, uint32_t bits)
{
    bytes_set_le(f->clears + at, size, bits);
}

/* ---- headers ----------------------------------------------------------------------------------*/

static unsigned bar_at(const struct pci_kind *k, unsigned bar)
{
    return bar == PCI_BAR_ROM ? k->is_bridge ? PCI_BRIDGE_ROM : PCI_ROM : PCI_BAR0 + 4 * bar;
}

static void make_bar(struct pci_function *f, unsigned bar)
{
    const struct pci_bar *b = &f->kind.bars[bar];
    unsigned at = bar_at(&f->kind, bar);
    uint64_t mask = ~(b->bytes - 1);

    if (b->bytes == 0) {
        return;
    }
    must((b->bytes & (b->bytes - 1)) == 0 && b->bytes >= ((b->flags & PCI_BAR_IO) != 0 ? 4 : 16));
    must((b->flags & PCI_BAR_64) != 0 || b->bytes <= UINT64_C(0x80000000));
    set(f, at, 4, b->flags);
    if (bar == PCI_BAR_ROM) {
        must(b->bytes >= 2048);
        allow(f, at, 4, (uint32_t)mask | 1);
    } else if ((b->flags & PCI_BAR_IO) != 0) {
        allow(f, at, 4, (uint32_t)mask & ~3u);
    } else {
        allow(f, at, 4, (uint32_t)mask & ~15u);
    }
    if ((b->flags & PCI_BAR_64) != 0) {
        must(bar < 5);
        allow(f, at + 4, 4, (uint32_t)(mask >> 32));
    }
}

static void make_bridge(struct pci_function *f)
{
    f->image[PCI_HEADER_TYPE] |= HEADER_BRIDGE;
    allow(f, 0x18, 4, 0x00ffffff); /* bus numbers */
    allow(f, PCI_IO_BASE, 2, 0xf0f0);
    let_clear(f, 0x1e, 2, STATUS_CLEARED); /* of the secondary side */
    allow(f, PCI_MEMORY_BASE, 4, 0xfff0fff0);
    set(f, PCI_PREFETCH_BASE, 4, 0x00010001); /* 64 bits */
    allow(f, PCI_PREFETCH_BASE, 4, 0xfff0fff0);
    allow(f, PCI_PREFETCH_BASE_HIGH, 4, UINT32_MAX);
    allow(f, PCI_PREFETCH_LIMIT_HIGH, 4, UINT32_MAX);
    allow(f, PCI_BRIDGE_CONTROL, 2, 0x0b7f);
    let_clear(f, PCI_BRIDGE_CONTROL, 2, 0x0400);
}

static void make_header(struct pci_function *f)
{
    const struct pci_kind *k = &f->kind;

    set(f, PCI_VENDOR, 2, k->vendor);
    set(f, PCI_DEVICE, 2, k->device);
    set(f, PCI_REVISION, 1, k->revision);
    set(f, PCI_CLASS, 3, k->class_code);
    allow(f, PCI_COMMAND, 2, COMMAND_SET);
    let_clear(f, PCI_STATUS, 2, STATUS_CLEARED);
    allow(f, 0x0c, 1, 0xff); /* the size of a line of a cache */
    for (unsigned bar = 0; bar < PCI_BARS; bar++) {
        make_bar(f, bar);
    }
    if (k->is_bridge) {
        make_bridge(f);
    } else {
        set(f, PCI_SUBSYSTEM_VENDOR, 2, k->subsystem_vendor);
        set(f, PCI_SUBSYSTEM, 2, k->subsystem);
    }
    set(f, PCI_INTERRUPT_PIN, 1, k->pin);
    allow(f, PCI_INTERRUPT_LINE, 1, 0xff);
}

/* ---- capabilities -----------------------------------------------------------------------------*/

struct list {
    struct pci_function *f;
    unsigned link; /* where the next one's place is written */
    unsigned end;
};

static unsigned add(struct list *l, uint8_t number, unsigned bytes)
{
    unsigned at = l->end;

    must(at + bytes <= PCI_EXTENDED);
    set(l->f, l->link, 1, at);
    set(l->f, at, 1, number);
    l->link = at + 1;
    l->end = (at + bytes + 3) & ~3u;
    return at;
}

static void add_power(struct list *l)
{
    unsigned at = add(l, PCI_CAP_POWER, POWER_BYTES);

    l->f->power = (uint8_t)at;
    set(l->f, at + 2, 2, 3);       /* version */
    set(l->f, at + 4, 2, 1u << 3); /* nothing is lost between D3hot and D0 */
    allow(l->f, at + 4, 2, 3);
}

static void add_msi(struct list *l)
{
    unsigned vectors = l->f->kind.msi_vectors, at = add(l, PCI_CAP_MSI, MSI_BYTES);
    uint32_t all = UINT32_MAX >> (32 - vectors);

    must(vectors <= 32 && (vectors & (vectors - 1)) == 0);
    l->f->msi = (uint8_t)at;
    /* 64 bits of address, a mask for each vector */
    set(l->f, at + 2, 2, (uint32_t)__builtin_ctz(vectors) << 1 | 1u << 7 | 1u << 8);
    allow(l->f, at + 2, 2, 0x0071);
    allow(l->f, at + 4, 4, ~3u);
    allow(l->f, at + 8, 4, UINT32_MAX);
    allow(l->f, at + 12, 2, 0xffff);
    allow(l->f, at + 16, 4, all);
    bytes_set_le(l->f->changes + at + 20, 4, all);
}

/* The region that a window is in, as the capability names it. */
static uint32_t place_of(const struct pci_kind *k, unsigned window)
{
    for (unsigned i = 0; i < k->region_count; i++) {
        if (k->regions[i].bytes == 0 && k->regions[i].number == window) {
            return (uint32_t)k->regions[i].offset | k->regions[i].bar;
        }
    }
    must(false);
    return 0;
}

static void add_msix(struct list *l)
{
    const struct pci_kind *k = &l->f->kind;
    unsigned at = add(l, PCI_CAP_MSIX, MSIX_BYTES);

    must(k->msix.vectors <= PCI_VECTORS_MAX);
    l->f->msix = (uint8_t)at;
    set(l->f, at + 2, 2, k->msix.vectors - 1u);
    allow(l->f, at + 2, 2, 0xc000);
    set(l->f, at + 4, 4, place_of(k, k->msix.table_window));
    set(l->f, at + 8, 4, place_of(k, k->msix.pending_window));
}

/* ---- extended capabilities --------------------------------------------------------------------*/

/* The next one is at `at`; returns where the one after it will be. */
static unsigned add_extended(struct pci_function *f, unsigned *last, unsigned at, unsigned number,
                             unsigned version, unsigned bytes)
{
    must(at + bytes <= PCI_CONFIG_BYTES);
    if (*last != 0) {
        set(f, *last, 4, (uint32_t)bytes_get_le(f->image + *last, 4) | at << 20);
    }
    set(f, at, 4, number | version << 16);
    *last = at;
    return at + bytes;
}

/* 7.10: what may be reported, how bad it is, and to whom; nothing ever is. */
static void make_errors(struct pci_function *f, unsigned at, bool is_port)
{
    const uint32_t uncorrectable = 0x003ff030, correctable = 0x000031c1;

    let_clear(f, at + 0x04, 4, uncorrectable);
    allow(f, at + 0x08, 4, uncorrectable);
    set(f, at + 0x0c, 4, 0x00062030);
    allow(f, at + 0x0c, 4, uncorrectable);
    let_clear(f, at + 0x10, 4, correctable);
    set(f, at + 0x14, 4, 0x2000);
    allow(f, at + 0x14, 4, correctable);
    if (is_port) {
        allow(f, at + 0x2c, 4, 7);
        let_clear(f, at + 0x30, 4, 0x7f);
    }
}

static void make_extended(struct pci_function *f, bool is_port)
{
    unsigned at = PCI_EXTENDED, last = 0;

    if (f->kind.has_error_reports) {
        make_errors(f, at, is_port);
        at = add_extended(f, &last, at, PCI_EXTENDED_ERRORS, 2, 0x48);
    }
    if (f->kind.serial != 0) {
        bytes_set_le(f->image + at + 4, 8, f->kind.serial);
        (void)add_extended(f, &last, at, PCI_EXTENDED_SERIAL, 1, 0x0c);
    }
}

/* ---- and the rest of the first ones -----------------------------------------------------------*/

/* PCI Express 3.0, 7.8: a link of one lane at 2.5 GT/s, none inside the root complex. */
static void add_express(struct list *l)
{
    struct pci_function *f = l->f;
    unsigned at = add(l, PCI_CAP_EXPRESS, EXPRESS_BYTES);
    bool is_port = f->kind.express == PCI_EXPRESS_ROOT_PORT, is_inside = f->bus->bridge == NULL;
    uint32_t type = is_port ? 4 : is_inside ? 9 : 0;

    f->express = (uint8_t)at;
    set(f, at + 0x02, 2, 2 | type << 4);
    set(f, at + 0x04, 4, 1u << 15); /* errors by role */
    set(f, at + 0x08, 2, 0x2810);
    allow(f, at + 0x08, 2, 0x7fff);
    let_clear(f, at + 0x0a, 2, 0x000f);
    if (f->kind.has_function_reset) {
        f->can_reset = true;
        set(f, at + 0x04, 4, 1u << 15 | 1u << 28);
    }
    if (is_port || !is_inside) {
        set(f, at + 0x0c, 4, 0x0011);
        allow(f, at + 0x10, 2, 0x01fb);
        set(f, at + 0x12, 2, 0x0011);
        set(f, at + 0x2c, 4, 1u << 1);
        set(f, at + 0x30, 2, 1);
        allow(f, at + 0x30, 2, 0x000f);
    }
    if (is_port) {
        allow(f, at + 0x1c, 2, 0x001f);
    }
    make_extended(f, is_port);
}

/* Behind a bridge of conventional PCI nothing is of PCI Express. */
static bool is_on_express(const struct pci_function *f)
{
    return f->bus->bridge == NULL || pci_kind_of(f->bus->bridge)->express != PCI_NOT_EXPRESS;
}

static void add_extra(struct list *l, unsigned n)
{
    const struct pci_extra *x = &l->f->kind.extras[n];
    unsigned at = add(l, x->number, 2u + x->count);

    l->f->extras[n] = (uint8_t)at;
    memcpy(l->f->image + at + 2, x->bytes, x->count);
    if (x->masks != NULL) {
        memcpy(l->f->writable + at + 2, x->masks, x->count);
    }
}

void pci_make_image(struct pci_function *f)
{
    const struct pci_kind *k = &f->kind;
    struct list l = {.f = f, .link = PCI_CAPABILITIES, .end = FIRST_CAPABILITY};

    make_header(f);
    must(k->extra_count <= PCI_EXTRAS_MAX && k->region_count <= PCI_REGIONS_MAX);
    if (k->has_power) {
        add_power(&l);
    }
    if (k->msi_vectors != 0) {
        add_msi(&l);
    }
    if (k->msix.vectors != 0) {
        add_msix(&l);
    }
    if (k->express != PCI_NOT_EXPRESS && is_on_express(f)) {
        add_express(&l);
    }
    for (unsigned n = 0; n < k->extra_count; n++) {
        add_extra(&l, n);
    }
    if (l.end != FIRST_CAPABILITY) {
        set(f, PCI_STATUS, 2, STATUS_HAS_LIST);
    }
}
