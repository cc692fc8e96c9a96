/* SPDX-License-Identifier: GPL-2.0-or-later
 * pci_scratch: a function of PCI to be copied and for tests: a word, a timer that interrupts by pin or
 * message, a copier (DMA), memory behind a base address of 64 bits, I/O addresses, an option ROM. After
 * docs/devices.md; no real chip.
 */
#include "bus/pci.h"
#include "dev/dev.h"

enum { REGISTERS, PORTS, TABLE, PENDING }; /* windows */
enum { MEMORY, ROM };                      /* storages */
enum {
    VALUE = 0x00,  /* what was written last */
    DELAY = 0x04,  /* write: interrupts after so many ns; 0 stops the timer. Read: 0 */
    STATUS = 0x08, /* bit 0: the timer ran out; writing 1 to it clears it */
    VECTOR = 0x0c, /* of the message that is sent then */
    FROM = 0x10,   /* 8 bytes */
    TO = 0x18,     /* 8 bytes */
    COPY =
        0x20 /* write: copies so many bytes, at most COPY_MOST. Read: how many were, the last time */
};
#define COPY_MOST    256
#define VECTORS      8
#define MEMORY_BYTES (64 * KIB)

struct pci_scratch {
    struct pci_state pci;
    tick alarm[1];
    uint64_t from, to;
    uint32_t value, copied;
    uint8_t vector;
    uint8_t pending;
    uint8_t zero[6];
};

static const struct field fields[] = {
    PCI_FIELDS(struct pci_scratch, pci),   FIELD_ARRAY(struct pci_scratch, alarm),
    FIELD(struct pci_scratch, from),       FIELD(struct pci_scratch, to),
    FIELD(struct pci_scratch, value),      FIELD(struct pci_scratch, copied),
    FIELD(struct pci_scratch, vector),     FIELD_BOOL(struct pci_scratch, pending),
    FIELD_ARRAY(struct pci_scratch, zero),
};

static void set_pending(struct device *d, bool pending)
{
    struct pci_scratch *s = d->state;

    s->pending = pending;
    if (!pci_has_messages(d)) {
        pci_set_pin(d, pending);
    } else if (pending) {
        pci_set_pin(d, false);
        pci_send(d, s->vector);
    }
}

static void copy(struct device *d, uint64_t size)
{
    struct pci_scratch *s = d->state;
    uint8_t bytes[COPY_MOST];

    s->copied = 0;
    if (size <= COPY_MOST && pci_dma_read(d, s->from, bytes, size) &&
        pci_dma_write(d, s->to, bytes, size)) {
        s->copied = (uint32_t)size;
    }
}

static uint64_t scratch_read(struct device *d, struct mem_access a)
{
    const struct pci_scratch *s = d->state;

    switch (a.at) {
    case VALUE: return s->value;
    case DELAY: return 0;
    case STATUS: return s->pending;
    case VECTOR: return s->vector;
    case FROM: return a.size == 8 ? s->from : (uint32_t)s->from;
    case TO: return a.size == 8 ? s->to : (uint32_t)s->to;
    case COPY: return s->copied;
    default: return device_bad_read(d, a);
    }
}

static void scratch_write(struct device *d, struct mem_access a, uint64_t value)
{
    struct pci_scratch *s = d->state;

    switch (a.at) {
    case VALUE: s->value = (uint32_t)value; break;
    case DELAY:
        device_set_alarm(
            d, 0, value == 0 ? TICK_NEVER : device_tick_at(d, device_now_ns(d) + (uint32_t)value));
        break;
    case STATUS:
        if ((value & 1) != 0) {
            set_pending(d, false);
        }
        break;
    case VECTOR: s->vector = (uint8_t)value; break;
    case FROM: s->from = value; break;
    case TO: s->to = value; break;
    case COPY: copy(d, value); break;
    default: device_bad_write(d, a, value);
    }
}

static void scratch_alarm(struct device *d, uint32_t i)
{
    (void)i;
    set_pending(d, true);
}

const struct device_class pci_scratch = {
    .name = "pci-scratch",
    .behaviour = 2, /* 2: extended configuration space */
    .windows = {[REGISTERS] = {.bytes = 0x1000, .sizes = 4 | 8},
                [PORTS] = {.bytes = 0x10, .sizes = 4},
                [TABLE] = {.bytes = 16 * VECTORS, .sizes = 4 | 8},
                [PENDING] = {.bytes = 8, .sizes = 4 | 8}},
    .map = pci_map,
    .state = FIELD_TABLE(struct pci_scratch, fields),
    .alarm_offset = offsetof(struct pci_scratch, alarm),
    .alarm_count = 1,
    .reset = pci_reset,
    .read = pci_read,
    .write = pci_write,
    .alarm = scratch_alarm,
    .check = pci_check,
};

static const uint8_t extra_bytes[] = {4 + 2, 'R', 0, 0};
static const uint8_t extra_masks[] = {0, 0, 0xff, 0xff};

static const struct pci_kind kind = {
    .vendor = 0x1b36,
    .device = 0x5c7a,
    .subsystem_vendor = 0x1af4,
    .subsystem = 0x1100,
    .class_code = 0x00ff00,
    .pin = 1,
    .state_offset = offsetof(struct pci_scratch, pci),
    .bars = {{.bytes = 0x1000},
             {.bytes = 0x10, .flags = PCI_BAR_IO},
             {.bytes = MEMORY_BYTES, .flags = PCI_BAR_64 | PCI_BAR_PREFETCH},
             {0},
             {.bytes = 0x1000},
             {0},
             {.bytes = 4096}},
    .regions = {{.bar = 0, .number = REGISTERS},
                {.bar = 1, .number = PORTS},
                {.bar = 2, .number = MEMORY, .bytes = MEMORY_BYTES},
                {.bar = 4, .number = TABLE},
                {.bar = 4, .number = PENDING, .offset = 0x800},
                {.bar = PCI_BAR_ROM, .number = ROM, .bytes = 4096}},
    .region_count = 6,
    .msix = {.vectors = VECTORS, .table_window = TABLE, .pending_window = PENDING},
    .msi_vectors = 4,
    .has_power = true,
    .express = PCI_EXPRESS_DEVICE,
    .has_function_reset = true,
    .has_error_reports = true,
    .serial = UINT64_C(0x0123456789abcdef),
    .extras = {{.bytes = extra_bytes,
                .masks = extra_masks,
                .count = sizeof extra_bytes,
                .number = PCI_CAP_VENDOR}},
    .extra_count = 1,
    .read = scratch_read,
    .write = scratch_write,
};

static int build(struct plug *p, struct error *e)
{
    static const uint8_t rom[] = {0x55, 0xaa, 1};
    struct device *d = pci_add(p, &pci_scratch, &kind, NULL, 0, NULL, e);
    struct mem_block *memory;

    if (d == NULL || (memory = mem_add_storage(machine_mem(p->machine), "scratch", MEMORY_BYTES,
                                               true, e)) == NULL) {
        return -1;
    }
    machine_give_storage(d, MEMORY, memory);
    return pci_add_rom(d, ROM, rom, sizeof rom, e);
}

static const struct model_property properties[] = {PCI_PROPERTIES};
const struct model pci_scratch_model = {.name = "pci-scratch",
                                        .bus = BUS_PCI,
                                        .category = CATEGORY_MISC,
                                        .summary = "a function for tests of this program",
                                        .properties = properties,
                                        .property_count = ARRAY_LEN(properties),
                                        .build = build};
