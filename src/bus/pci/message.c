/* SPDX-License-Identifier: GPL-2.0-or-later
 * message: what goes out of a function: its pin, which meets those of others at the host; messages, each a
 * store of four bytes, by MSI and MSI-X (PCI Local Bus 3.0, 6.8); and DMA. All but the pin is stopped
 * by whoever on the way may not be a master.
 */
#include "bus/pci/internal.h"

/* ---- pins -------------------------------------------------------------------------------------*/

/* The host's lines that are up, a bit each, by all functions on a bus and behind it. `turn` is by how many
 * slots the pins are turned on the way from there. */
static unsigned lines_of(const struct pci_bus *bus, unsigned turn)
{
    unsigned lines = 0;

    for (unsigned n = 0; n < PCI_FUNCTIONS; n++) {
        const struct device *d = bus->functions[n];
        unsigned slot = n / 8;

        if (d == NULL) {
            continue;
        }
        if (pci_state_of(d)->pin_is_up && !pci_commands(d, PCI_COMMAND_NO_PIN)) {
            lines |= 1u << (pci_kind_of(d)->pin - 1 + slot + turn) % PCI_PINS;
        }
        if (pci_function_of(d)->secondary != NULL) {
            lines |= lines_of(pci_function_of(d)->secondary, turn + slot);
        }
    }
    return lines;
}

void pci_update_pins(struct device *host)
{
    const struct pci_host_links *links = host->links;
    unsigned lines = lines_of(links->root, 0);

    for (unsigned n = 0; n < PCI_PINS; n++) {
        device_set_line(host, n, (lines >> n & 1) != 0);
    }
}

void pci_set_pin(struct device *d, bool level)
{
    must(pci_kind_of(d)->pin != 0);
    if (pci_state_of(d)->pin_is_up != level) {
        pci_state_of(d)->pin_is_up = level;
        pci_update_pins(pci_function_of(d)->bus->host);
    }
}

/* ---- DMA --------------------------------------------------------------------------------------*/

/* The number by which memory and interrupt controllers know the function; a bridge that is not of PCI
 * Express answers for all that is behind it. False: somebody on the way may not be a master. */
static bool get_requester(const struct device *d, uint32_t *requester)
{
    *requester = 0;
    for (bool is_first = true; d != NULL; is_first = false) {
        const struct pci_function *f = pci_function_of(d);

        if (!pci_commands(d, PCI_COMMAND_MASTER)) {
            return false;
        }
        if (is_first || f->kind.express == PCI_NOT_EXPRESS) {
            *requester = pci_bus_number(f->bus) << 8 | f->number;
        }
        d = f->bus->bridge;
    }
    return true;
}

bool pci_may_reach(const struct device *d)
{
    uint32_t requester;

    return get_requester(d, &requester);
}

bool pci_dma_read(struct device *d, paddr at, void *bytes, uint64_t size)
{
    uint32_t requester;

    return get_requester(d, &requester) && device_dma_read_as(d, requester, at, bytes, size);
}

bool pci_dma_write(struct device *d, paddr at, const void *bytes, uint64_t size)
{
    uint32_t requester;

    return get_requester(d, &requester) && device_dma_write_as(d, requester, at, bytes, size);
}

bool pci_memory_read(const struct device *d, paddr at, void *bytes, uint64_t size)
{
    /* Nothing of the device's changes, as no device is entered. */
    struct device *mutable = (struct device *)(uintptr_t)d;

    return device_dma_is_memory(d, at, size) && pci_dma_read(mutable, at, bytes, size);
}

bool pci_memory_write(struct device *d, paddr at, const void *bytes, uint64_t size)
{
    return device_dma_is_memory(d, at, size) && pci_dma_write(d, at, bytes, size);
}

/* ---- messages ---------------------------------------------------------------------------------*/

enum { MSI_ON = 1, MSIX_ON = 0x8000, MSIX_MASKED = 0x4000 };

static bool has_msi(const struct device *d)
{
    unsigned at = pci_function_of(d)->msi;

    return at != 0 && (pci_get(d, at + 2, 2) & MSI_ON) != 0;
}

bool pci_has_msix(const struct device *d)
{
    unsigned at = pci_function_of(d)->msix;

    return at != 0 && (pci_get(d, at + 2, 2) & MSIX_ON) != 0;
}

bool pci_has_messages(const struct device *d)
{
    return has_msi(d) || pci_has_msix(d);
}

unsigned pci_vector_count(const struct device *d)
{
    const struct pci_function *f = pci_function_of(d);
    unsigned allotted;

    if (pci_has_msix(d)) {
        return f->kind.msix.vectors;
    }
    if (!has_msi(d)) {
        return 0;
    }
    allotted = 1u << (pci_get(d, f->msi + 2u, 1) >> 4 & 7);
    return allotted < f->kind.msi_vectors ? allotted : f->kind.msi_vectors;
}

static void store(struct device *d, uint64_t address, uint32_t data)
{
    uint8_t bytes[4];

    bytes_set_le(bytes, sizeof bytes, data);
    if (!pci_dma_write(d, address, bytes, sizeof bytes)) {
        device_log(d, "guest error: a message to 0x%llx went nowhere", (unsigned long long)address);
    }
}

static void send_msi(struct device *d, unsigned vector)
{
    unsigned at = pci_function_of(d)->msi, count = pci_vector_count(d);
    uint64_t address = pci_get(d, at + 4, 4) | (uint64_t)pci_get(d, at + 8, 4) << 32;

    store(d, address, (pci_get(d, at + 12, 2) & ~(count - 1)) | vector);
}

static bool msi_is_masked(const struct device *d, unsigned vector)
{
    return (pci_get(d, pci_function_of(d)->msi + 16u, 4) >> vector & 1) != 0;
}

static void set_msi_pending(struct device *d, unsigned vector, bool pends)
{
    uint8_t *word = pci_state_of(d)->config + pci_function_of(d)->msi + 20;

    bytes_set_le(word, 4, bits_set(bytes_get_le(word, 4), vector, 1, pends));
}

static void send_msix(struct device *d, unsigned vector)
{
    const uint32_t *entry = &pci_state_of(d)->msix_table[4 * vector];

    store(d, (entry[0] & ~3u) | (uint64_t)entry[1] << 32, entry[2]);
}

static bool msix_is_masked(const struct device *d, unsigned vector)
{
    return (pci_get(d, pci_function_of(d)->msix + 2u, 2) & MSIX_MASKED) != 0 ||
           (pci_state_of(d)->msix_table[4 * vector + 3] & 1) != 0;
}

static void set_msix_pending(struct device *d, unsigned vector, bool pends)
{
    uint32_t *word = &pci_state_of(d)->msix_pending[vector / 32];

    *word = (uint32_t)bits_set(*word, vector % 32, 1, pends);
}

void pci_send(struct device *d, unsigned vector)
{
    bool is_msix = pci_has_msix(d);

    if (vector >= pci_vector_count(d)) {
        device_log(d, "guest error: there is no vector %u", vector);
    } else if (is_msix && msix_is_masked(d, vector)) {
        set_msix_pending(d, vector, true);
    } else if (is_msix) {
        send_msix(d, vector);
    } else if (msi_is_masked(d, vector)) {
        set_msi_pending(d, vector, true);
    } else {
        send_msi(d, vector);
    }
}

void pci_update_messages(struct device *d)
{
    const struct pci_state *s = pci_state_of(d);
    bool is_msix = pci_has_msix(d);
    unsigned count = pci_vector_count(d);

    for (unsigned v = 0; v < count && is_msix; v++) {
        if ((s->msix_pending[v / 32] >> v % 32 & 1) != 0 && !msix_is_masked(d, v)) {
            set_msix_pending(d, v, false);
            send_msix(d, v);
        }
    }
    for (unsigned v = 0; v < count && !is_msix; v++) {
        if ((pci_get(d, pci_function_of(d)->msi + 20u, 4) >> v & 1) != 0 && !msi_is_masked(d, v)) {
            set_msi_pending(d, v, false);
            send_msi(d, v);
        }
    }
}

/* ---- the table and the pending bits -----------------------------------------------------------*/

static uint64_t part_of(const uint32_t *words, size_t count, struct mem_access a)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < a.size / 4; i++) {
        value |= (a.at / 4 + i < count ? (uint64_t)words[a.at / 4 + i] : 0) << 32 * i;
    }
    return value;
}

uint64_t pci_msix_read(struct device *d, struct mem_access a)
{
    const struct pci_state *s = pci_state_of(d);

    if (a.size < 4) {
        return device_bad_read(d, a);
    }
    return a.window == pci_kind_of(d)->msix.table_window
               ? part_of(s->msix_table, ARRAY_LEN(s->msix_table), a)
               : part_of(s->msix_pending, ARRAY_LEN(s->msix_pending), a);
}

void pci_msix_write(struct device *d, struct mem_access a, uint64_t value)
{
    const struct pci_kind *k = pci_kind_of(d);
    struct pci_state *s = pci_state_of(d);

    if (a.size < 4 || a.window != k->msix.table_window) {
        device_bad_write(d, a, value);
        return;
    }
    for (unsigned i = 0; i < a.size / 4; i++) {
        uint64_t word = a.at / 4 + i;

        if (word < 4u * k->msix.vectors) {
            s->msix_table[word] = (uint32_t)(value >> 32 * i) & (word % 4 == 3 ? 1u : UINT32_MAX);
        }
    }
    pci_update_messages(d);
}

uint64_t pci_read(struct device *d, struct mem_access a)
{
    const struct pci_kind *k = pci_kind_of(d);

    if (k->msix.vectors != 0 &&
        (a.window == k->msix.table_window || a.window == k->msix.pending_window)) {
        return pci_msix_read(d, a);
    }
    return k->read != NULL ? k->read(d, a) : device_bad_read(d, a);
}

void pci_write(struct device *d, struct mem_access a, uint64_t value)
{
    const struct pci_kind *k = pci_kind_of(d);

    if (k->msix.vectors != 0 &&
        (a.window == k->msix.table_window || a.window == k->msix.pending_window)) {
        pci_msix_write(d, a, value);
    } else if (k->write != NULL) {
        k->write(d, a, value);
    } else {
        device_bad_write(d, a, value);
    }
}
