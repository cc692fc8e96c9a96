/* SPDX-License-Identifier: GPL-2.0-or-later
 * config: the guest reads and writes configuration space, and what follows from that: things move, pins and
 * messages go out or not, a bus behind a bridge is reset. A function's reset, and the check of a state
 * from elsewhere: bits that never change are as they were made.
 */
#include "bus/pci/internal.h"

enum { STATUS_PIN = 0x08, CONTROL_RESET = 0x40 };
enum { DEVICE_CONTROL = 8, FUNCTION_RESET = 0x80 }; /* the upper byte of it */

struct pci_state *pci_state_of(const struct device *d)
{
    return (struct pci_state *)(void *)((uint8_t *)d->state +
                                        pci_function_of(d)->kind.state_offset);
}

const struct pci_kind *pci_kind_of(const struct device *d)
{
    return &pci_function_of(d)->kind;
}

unsigned pci_extra_at(const struct device *d, unsigned n)
{
    must(n < pci_function_of(d)->kind.extra_count);
    return pci_function_of(d)->extras[n];
}

uint32_t pci_config_read(struct device *d, unsigned at, unsigned size)
{
    const struct pci_state *s = pci_state_of(d);
    const struct pci_kind *k = pci_kind_of(d);
    uint32_t value = 0;

    if (k->config_reading != NULL) {
        k->config_reading(d, at, size);
    }
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = s->config[at + i];

        byte |= at + i == PCI_STATUS && s->pin_is_up ? STATUS_PIN : 0;
        value |= (uint32_t)byte << 8 * i;
    }
    return value;
}

static bool overlaps(unsigned at, unsigned size, unsigned from, unsigned bytes)
{
    return from != 0 && at < from + bytes && from < at + size;
}

/* All that hangs on the bridge's bus, and on buses behind it. */
static void reset_bus(struct pci_bus *bus)
{
    for (unsigned n = 0; n < PCI_FUNCTIONS; n++) {
        if (bus->functions[n] != NULL) {
            device_restart(bus->functions[n]);
            if (pci_function_of(bus->functions[n])->secondary != NULL) {
                reset_bus(pci_function_of(bus->functions[n])->secondary);
            }
        }
    }
}

static void follow(struct device *d, unsigned at, unsigned size)
{
    const struct pci_function *f = pci_function_of(d);

    if (overlaps(at, size, PCI_COMMAND, 2) || overlaps(at, size, PCI_BAR0, 0x2c) ||
        overlaps(at, size, f->power, 8)) {
        device_remap(d);
    }
    if (overlaps(at, size, PCI_COMMAND, 2)) {
        pci_update_pins(f->bus->host);
    }
    if (overlaps(at, size, f->msi, 0x18) || overlaps(at, size, f->msix, 0x0c)) {
        pci_update_messages(d);
    }
}

/* PCI Express 3.0, 6.6.2: the bit reads as 0. */
static bool asks_for_reset(const struct device *d, unsigned at, unsigned size, uint32_t value)
{
    const struct pci_function *f = pci_function_of(d);
    unsigned upper = f->express + DEVICE_CONTROL + 1u;

    return f->can_reset && overlaps(at, size, upper, 1) &&
           (value >> 8 * (upper - at) & FUNCTION_RESET) != 0;
}

void pci_config_write(struct device *d, unsigned at, unsigned size, uint32_t value)
{
    struct pci_state *s = pci_state_of(d);
    const struct pci_function *f = pci_function_of(d);
    bool was_reset = f->secondary != NULL && (s->config[PCI_BRIDGE_CONTROL] & CONTROL_RESET) != 0;

    for (unsigned i = 0; i < size; i++) {
        uint8_t *byte = &s->config[at + i], may = f->writable[at + i],
                new = (uint8_t)(value >> 8 * i);

        *byte = (uint8_t)((*byte & ~may) | (new &may));
        *byte &= (uint8_t) ~(new & f->clears[at + i]);
    }
    if (f->secondary != NULL && !was_reset &&
        (s->config[PCI_BRIDGE_CONTROL] & CONTROL_RESET) != 0) {
        reset_bus(f->secondary);
        device_remap(d);
    }
    if (asks_for_reset(d, at, size, value)) {
        device_restart(d);
        device_remap(d);
        return;
    }
    follow(d, at, size);
    if (f->kind.config_written != NULL) {
        f->kind.config_written(d, at, size);
    }
}

void pci_reset(struct device *d)
{
    struct pci_state *s = pci_state_of(d);
    const struct pci_function *f = pci_function_of(d);

    memcpy(s->config, f->image, sizeof s->config);
    for (unsigned v = 0; v < f->kind.msix.vectors; v++) {
        s->msix_table[4 * v + 3] = 1;
    }
    pci_update_pins(f->bus->host);
    if (f->kind.reset != NULL) {
        f->kind.reset(d);
    }
}

static int check_vectors(const struct pci_function *f, const struct pci_state *s, struct error *e)
{
    for (unsigned i = 4u * f->kind.msix.vectors; i < ARRAY_LEN(s->msix_table); i++) {
        if (s->msix_table[i] != 0) {
            return error_set(e, "msix_table[%u] is 0x%x: there are %u vectors", i, s->msix_table[i],
                             f->kind.msix.vectors);
        }
    }
    for (unsigned v = f->kind.msix.vectors; v < 32 * ARRAY_LEN(s->msix_pending); v++) {
        if ((s->msix_pending[v / 32] >> v % 32 & 1) != 0) {
            return error_set(e, "msix_pending[%u] is 0x%x: there are %u vectors", v / 32,
                             s->msix_pending[v / 32], f->kind.msix.vectors);
        }
    }
    return 0;
}

int pci_check(const struct device *d, const void *state, struct error *e)
{
    const struct pci_function *f = pci_function_of(d);
    const struct pci_state *s =
        (const struct pci_state *)(const void *)((const uint8_t *)state + f->kind.state_offset);

    for (unsigned i = 0; i < PCI_CONFIG_BYTES; i++) {
        uint8_t may = f->writable[i] | f->clears[i] | f->changes[i];

        if (((s->config[i] ^ f->image[i]) & ~may) != 0) {
            return error_set(e, "config[%u] is 0x%x: only bits of 0x%x differ from 0x%x", i,
                             s->config[i], may, f->image[i]);
        }
    }
    if (s->pin_is_up && f->kind.pin == 0) {
        return error_set(e, "pin_is_up is 1: it has no pin");
    }
    if (check_vectors(f, s, e) < 0) {
        return -1;
    }
    return f->kind.check != NULL ? f->kind.check(d, state, e) : 0;
}
