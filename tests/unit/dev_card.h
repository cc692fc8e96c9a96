/* SPDX-License-Identifier: GPL-2.0-or-later
 * dev_card: a network card on PCI in a machine without a program, its registers at BAR. Frames that it sends are
 * kept; others are given to it. CARD_BAR is said before: how far the base address is from the first one.
 */
#ifndef DEV_CARD_H
#define DEV_CARD_H

#include "../chance.h"
#include "bus/pci.h"
#include "dev/frame.h"
#include "dev_bench.h"
#include "registers.h"

#define ECAM UINT64_C(0x30000000)
#define BAR  UINT64_C(0x40000000)
#define RAM  UINT64_C(0x80000000)
#define SLOT (UINT64_C(1) << 15) /* 1.0 */

static const uint8_t mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};

static struct {
    struct bench bench;
    struct machine_config config;
    struct machine *machine;
    struct device *card;
    uint16_t port;
    uint8_t sent[64][FRAME_MAX];
    size_t sizes[64], count;
    struct input input;
    bool has_input;
} b;

static void keep(void *opaque, tick now, uint16_t port, const uint8_t *bytes, size_t count)
{
    (void)opaque;
    (void)now;
    assert_int_equal(port, b.port);
    if (b.count < ARRAY_LEN(b.sizes)) {
        memcpy(b.sent[b.count], bytes, count);
        b.sizes[b.count] = count;
    }
    b.count++;
}

static enum inlet_answer next(void *opaque, tick now, struct input *in, tick *ask_again)
{
    (void)opaque;
    *ask_again = TICK_NEVER;
    if (!b.has_input) {
        return INLET_QUIET;
    }
    b.has_input = false;
    *in = b.input;
    in->at = now;
    return INLET_INPUT;
}

static void set(uint64_t at, unsigned size, uint64_t value)
{
    register_write(b.machine, at, size, value);
}

static uint64_t get(uint64_t at, unsigned size)
{
    return register_read(b.machine, at, size);
}

static void put(paddr at, const void *bytes, size_t size)
{
    assert_true(mem_write_bytes(machine_mem(b.machine), at, bytes, size));
}

static void fetch(paddr at, void *bytes, size_t size)
{
    assert_true(mem_read_bytes(machine_mem(b.machine), at, bytes, size));
}

static void open_card(const char *driver, const char *property, const char *value)
{
    static const struct pci_host_config host = {.ecam = ECAM,
                                                .ecam_bytes = 256 * MIB,
                                                .memory = BAR,
                                                .memory_bytes = 256 * MIB,
                                                .high = UINT64_C(0x400000000),
                                                .high_bytes = 1 * GIB,
                                                .io = 0x3000000,
                                                .io_bytes = 64 * KIB};
    struct machine_thing *t;
    struct device *d;
    struct buses buses;
    struct error e = {""};

    memset(&b, 0, sizeof b);
    machine_config_init(&b.config);
    t = machine_config_add_thing(&b.config, MODEL_CLASS, "card");
    thing_set_text(t, "driver", driver);
    if (property != NULL) {
        must(model_set(model_find(dev_models, driver), t, property, value, &e) == 0);
    }
    thing_set_text(t, "netdev", "n0");
    bench_open_unsealed(&b.bench, &scratch, NULL, 0, 1);
    b.machine = b.bench.machine;
    assert_int_equal(mem_add_block(machine_mem(b.machine), "ram", RAM, 1 * MIB, true, &e), 0);
    buses_init(&buses, b.machine, &b.config);
    d = pci_host_add(&buses, &host, &e);
    assert_non_null(d);
    for (unsigned n = 0; n < PCI_PINS; n++) {
        machine_connect(d, n, b.bench.lamp, 32 + n);
    }
    if (buses_plug(&buses, dev_models, &e) < 0 || machine_seal(b.machine, &e) < 0) {
        fail_msg("%s", e.text);
    }
    buses_fini(&buses);
    b.port = (uint16_t)machine_port_by_name(b.machine, "net-n0");
    machine_set_inlet(
        b.machine, &(struct inlet){.opaque = &b, .next = next, .idle = bench_idle, .output = keep});
    set(ECAM + SLOT + PCI_BAR0 + CARD_BAR, 4, (uint32_t)BAR);
    set(ECAM + SLOT + PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void close_card(void)
{
    machine_config_fini(&b.config);
    bench_close(&b.bench);
}

static void input(const uint8_t *frame, size_t count)
{
    b.input = (struct input){.port = b.port, .length = (uint32_t)count, .data = frame};
    b.has_input = true;
    bench_pass(&b.bench, 1);
}

static bool pin(void)
{
    for (unsigned n = 0; n < PCI_PINS; n++) {
        if (bench_line(&b.bench, 32 + n)) {
            return true;
        }
    }
    return false;
}

static void make_frame(uint8_t *frame, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        frame[i] = (uint8_t)(i * 3 + count);
    }
    memcpy(frame, mac, 6);
    memcpy(frame + 6, "\x52\x54\0\1\2\3", 6);
}

/* Some elements of the card's state are set to chance, as far as a state from elsewhere may have such; alarms are
 * the machine's business. */
static inline void forge(uint64_t *seed)
{
    struct device *d = NULL;
    struct error e;

    for (unsigned i = 0; i < machine_device_count(b.machine) && d == NULL; i++) {
        d = strcmp(machine_device(b.machine, i)->name, "card") == 0 ? machine_device(b.machine, i)
                                                                    : NULL;
    }
    assert_non_null(d);
    for (unsigned i = 0; i < 16; i++) {
        const struct field_table *t = &d->class->state;
        const struct field *f = &t->fields[chance_next(seed) % t->field_count];
        uint32_t n = (uint32_t)(chance_next(seed) % f->count);
        uint64_t old = field_get(f, d->state, n), width = 8 * f->element_size;

        if (strcmp(f->name, "alarm") == 0) {
            continue;
        }
        field_set(f, d->state, n,
                  chance_next(seed) % 2 == 0 ? chance_next(seed) >> chance_next(seed) % 64
                                             : old ^ UINT64_C(1) << chance_next(seed) % width);
        if (field_check(t, d->state, &e) < 0 || d->class->check(d, d->state, &e) < 0) {
            field_set(f, d->state, n, old);
        }
    }
    machine_forget(b.machine);
    set(ECAM + SLOT + PCI_BAR0 + CARD_BAR, 4, (uint32_t)BAR);
    set(ECAM + SLOT + PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

#endif
